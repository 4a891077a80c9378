"""Records of openFDA files as they are read, and as they are kept: products, labels, shortages.

Fields: the openFDA field references of drug/ndc, drug/label and drug/shortages. What stands in other fields is passed
over. Real files leave fields out and give null, so that nearly everything may be missing.
"""

from __future__ import annotations

import enum
import re
from typing import Final

import msgspec

_US_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)
_PLAIN_DAY = re.compile(r"(\d{4})(\d\d)(\d\d)", re.ASCII)


class Dataset(enum.Enum):
    """Which file of openFDA."""

    NDC = "ndc"
    LABEL = "label"
    SHORTAGES = "shortages"


# -- as read ---------------------------------------------------------------------------------------------------------

Texts = list[str] | None


class Harmonised(msgspec.Struct, frozen=True, gc=False):
    """The ``openfda`` part of a record: what openFDA itself found out about the product."""

    package_ndc: Texts = None
    product_ndc: Texts = None
    brand_name: Texts = None
    generic_name: Texts = None
    substance_name: Texts = None
    spl_set_id: Texts = None
    upc: Texts = None


class Ingredient(msgspec.Struct, frozen=True, gc=False):
    """One active ingredient."""

    name: str | None = None
    strength: str | None = None


class Packaging(msgspec.Struct, frozen=True, gc=False):
    """One package of a product."""

    package_ndc: str | None = None
    description: str | None = None
    marketing_end_date: str | None = None


class NdcRecord(msgspec.Struct, frozen=True, gc=False):
    """One product of the NDC directory."""

    product_ndc: str
    generic_name: str | None = None
    brand_name: str | None = None
    labeler_name: str | None = None
    dosage_form: str | None = None
    route: Texts = None
    active_ingredients: list[Ingredient] | None = None
    packaging: list[Packaging] | None = None
    dea_schedule: str | None = None
    marketing_end_date: str | None = None
    openfda: Harmonised | None = None


class LabelRecord(msgspec.Struct, frozen=True, gc=False):
    """One version of a label."""

    set_id: str
    version: str | int | None = None
    effective_time: str | int | None = None
    boxed_warning: Texts = None
    contraindications: Texts = None
    warnings: Texts = None
    warnings_and_cautions: Texts = None
    drug_interactions: Texts = None
    recent_major_changes: Texts = None
    openfda: Harmonised | None = None


class ShortageRecord(msgspec.Struct, frozen=True, gc=False):
    """One presentation in the list of shortages; ``generic_name`` tells it from records of other files."""

    status: str
    generic_name: str | None = None
    package_ndc: str | None = None
    proprietary_name: str | None = None
    company_name: str | None = None
    presentation: str | None = None
    availability: str | None = None
    related_info: str | None = None
    resolved_note: str | None = None
    shortage_reason: str | None = None
    update_date: str | None = None
    initial_posting_date: str | None = None
    discontinued_date: str | None = None
    openfda: Harmonised | None = None


Record = NdcRecord | LabelRecord | ShortageRecord
KINDS: Final[dict[Dataset, type[Record]]] = {
    Dataset.NDC: NdcRecord,
    Dataset.LABEL: LabelRecord,
    Dataset.SHORTAGES: ShortageRecord,
}

# -- as kept ---------------------------------------------------------------------------------------------------------


class FdaProduct(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One package of the NDC directory; ``gtin`` is that of the smallest unit, "" where the NDC has 12 digits."""

    ndc: str
    gtin: str
    product_ndc: str
    brand: str = ""
    generic: str = ""
    labeler: str = ""
    form: str = ""
    strength: str = ""
    route: str = ""
    package: str = ""
    schedule: str = ""
    ended: str = ""  # the last day on which it is marketed
    ingredients: list[str] = []
    labels: list[str] = []  # set_ids

    @property
    def name(self) -> str:
        """The name by which people know it."""
        return self.brand or self.generic


SENTENCES_MAX: Final = 20
SECTIONS: Final = {
    "boxed_warning": "Boxed warning",
    "contraindications": "Contraindications",
    "warnings": "Warnings",
    "drug_interactions": "Drug interactions",
}


class Change(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What is new in one section since a day: its new sentences, at most ``SENTENCES_MAX``.

    ``whole`` when the version before had no such section; ``before`` is the day of that version.
    """

    section: str
    added: list[str]
    whole: bool
    since: str
    before: str


class Label(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One label, the newest version that came; ``changes`` are against those before it that were here."""

    set_id: str
    version: int
    effective: str  # ISO date
    name: str = ""
    ingredients: list[str] = []
    sections: dict[str, str] = {}
    changes: list[Change] = []
    recent_changes: str = ""  # what the label itself says is new

    @property
    def source(self) -> str:
        """Which label this is, as a note names it."""
        return f"FDA label {self.set_id}, version {self.version}" + (f" of {self.effective}" if self.effective else "")


class Shortage(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One presentation in the list of shortages."""

    ndc: str
    generic: str
    status: str
    company: str = ""
    presentation: str = ""
    availability: str = ""
    reason: str = ""
    information: str = ""
    updated: str = ""
    since: str = ""

    @property
    def is_over(self) -> bool:
        """Tell whether it is resolved."""
        return self.status.lower() == "resolved"


def iso_day(text: str | int | None) -> str:
    """Give a date of a file, ``20140423`` or ``04/23/2014``, as ISO 8601; "" for anything else."""
    told = str(text or "").strip()
    plain = _PLAIN_DAY.fullmatch(told[:8])
    if plain is not None:
        return "-".join(plain.groups())
    american = _US_DAY.fullmatch(told)
    return f"{american[3]}-{int(american[1]):02}-{int(american[2]):02}" if american is not None else ""


def first(texts: Texts) -> str:
    """Give the first of several texts, "" when there is none."""
    return texts[0] if texts else ""
