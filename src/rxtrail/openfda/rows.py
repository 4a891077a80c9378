"""Records of openFDA files into what is kept of them. Pure: what came before is given, nothing is looked up."""

from __future__ import annotations

import datetime
import hashlib
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.gs1 import check_digit
from rxtrail.core.gs1.ndc import FORMAT_12, FORMATS_10
from rxtrail.core.notices.label_text import added, shortened
from rxtrail.openfda.values import (
    SECTIONS,
    SENTENCES_MAX,
    Change,
    FdaProduct,
    Label,
    LabelRecord,
    NdcRecord,
    Shortage,
    ShortageRecord,
    first,
    iso_day,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

NEW_DAYS: Final = 180
"""So long what is new in a label is told as new, from the day of that version on."""
_FORMATS: Final = frozenset((*FORMATS_10, FORMAT_12))
_UPC_LENGTHS: Final = (12, 13, 14)
_NDC_DIGITS: Final = 10


def key_of(ndc: str | None) -> str:
    """Give the digits of a package NDC with hyphens, "" when it is none."""
    parts = (ndc or "").strip().split("-")
    if len(parts) != len(FORMAT_12) or tuple(map(len, parts)) not in _FORMATS:
        return ""
    digits = "".join(parts)
    return digits if digits.isascii() and digits.isdecimal() else ""


def gtin_of(key: str) -> str:
    """Give the GTIN-14 of the smallest unit, "" for an NDC of 12 digits, which no GTIN holds."""
    if len(key) != _NDC_DIGITS:
        return ""
    body = "003" + key
    return body + check_digit.check_digit(body)


def keys_of_gtin(gtin: str) -> list[str]:
    """Give under which keys a GTIN-14 may be kept: the NDC that it carries at any level, and itself."""
    return [gtin[3:13], gtin] if gtin[1:3] == "03" else [gtin]


# -- products --------------------------------------------------------------------------------------------------------


def products_of(record: NdcRecord) -> Iterator[tuple[str, FdaProduct]]:
    """Give the packages of a product under their keys; one of no usable NDC is left out."""
    ingredients = [each for each in record.active_ingredients or () if each.name]
    harmonised = record.openfda
    packages = record.packaging or ()
    for package in packages:
        key = key_of(package.package_ndc)
        if not key:
            continue
        product = FdaProduct(
            ndc=(package.package_ndc or "").strip(),
            gtin=gtin_of(key),
            product_ndc=record.product_ndc,
            brand=record.brand_name or "",
            generic=record.generic_name or "",
            labeler=record.labeler_name or "",
            form=record.dosage_form or "",
            strength="; ".join([each.strength or "" for each in ingredients]),
            route=", ".join(record.route or ()),
            package=(package.description or "").strip(),
            schedule=record.dea_schedule or "",
            ended=iso_day(package.marketing_end_date or record.marketing_end_date),
            ingredients=[each.name or "" for each in ingredients],
            labels=(harmonised.spl_set_id or []) if harmonised is not None else [],
        )
        yield key, product
        # A code that no NDC makes is this package's only when the product has no other.
        if len(packages) == 1 and harmonised is not None:
            for upc in harmonised.upc or ():
                gtin = upc.strip().zfill(14)
                if len(upc.strip()) in _UPC_LENGTHS and gtin[1:3] != "03" and check_digit.is_valid(gtin):
                    yield gtin, product


# -- labels ----------------------------------------------------------------------------------------------------------


def label_of(record: LabelRecord) -> Label:
    """Give a label without what is new in it."""
    harmonised = record.openfda
    names = [first(harmonised.brand_name), first(harmonised.generic_name)] if harmonised is not None else []
    texts = {
        "boxed_warning": record.boxed_warning,
        "contraindications": record.contraindications,
        "warnings": [*(record.warnings or ()), *(record.warnings_and_cautions or ())],
        "drug_interactions": record.drug_interactions,
    }
    version = str(record.version or "")
    return Label(
        set_id=record.set_id,
        version=int(version) if version.isascii() and version.isdecimal() else 0,
        effective=iso_day(record.effective_time),
        name=next((name for name in names if name), ""),
        ingredients=(harmonised.substance_name or []) if harmonised is not None else [],
        sections={section: "\n".join(texts[section] or ()) for section in SECTIONS if texts[section]},
        recent_changes="\n".join(record.recent_major_changes or ()),
    )


def keys_of_label(record: LabelRecord) -> list[str]:
    """Give what a label is about: packages by their digits, products by their NDC with its hyphen."""
    harmonised = record.openfda
    if harmonised is None:
        return []
    packages = [key for each in harmonised.package_ndc or () if (key := key_of(each))]
    return list(dict.fromkeys([*packages, *(each.strip() for each in harmonised.product_ndc or ())]))


def with_changes(label: Label, before: Label) -> Label:
    """Say what is new against the version before; what was new in that one stays so for its time."""
    kept = [
        change
        for change in before.changes
        if _days(change.since, label.effective) <= NEW_DAYS and _stands(change, label.sections.get(change.section, ""))
    ]
    changes = []
    for section, text in label.sections.items():
        old = before.sections.get(section, "")
        fresh = added(old, text)
        if fresh:
            told = [shortened(sentence) for sentence in fresh[:SENTENCES_MAX]]
            changes.append(Change(section, told, not old, label.effective, before.effective))
    return msgspec.structs.replace(label, changes=[*changes, *kept])


def _stands(change: Change, text: str) -> bool:
    return len(added(text, "\n".join(change.added))) < len(change.added)


def _days(since: str, until: str) -> int:
    try:
        return (datetime.date.fromisoformat(until) - datetime.date.fromisoformat(since)).days
    except ValueError:
        return 0


# -- shortages -------------------------------------------------------------------------------------------------------


def shortage_of(record: ShortageRecord) -> tuple[list[str], str, Shortage]:
    """Give a shortage, under which keys it is kept, and what tells it from others of the same key."""
    harmonised = record.openfda
    key = key_of(record.package_ndc)
    of_product = [each.strip() for each in (harmonised.product_ndc or () if harmonised is not None else ())]
    shortage = Shortage(
        ndc=(record.package_ndc or "").strip(),
        generic=record.generic_name or record.proprietary_name or "",
        status=record.status,
        company=record.company_name or "",
        presentation=record.presentation or "",
        availability=record.availability or "",
        reason=record.shortage_reason or "",
        information=record.resolved_note or record.related_info or "",
        updated=iso_day(record.update_date),
        since=iso_day(record.initial_posting_date or record.discontinued_date),
    )
    told = f"{shortage.ndc}\x1f{shortage.generic}\x1f{shortage.company}\x1f{shortage.presentation}"
    return ([key] if key else of_product), hashlib.sha256(told.encode()).hexdigest()[:32], shortage
