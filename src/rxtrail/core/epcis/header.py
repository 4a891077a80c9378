"""What a document says about itself: sender, receiver, master data, the DSCSA transaction statement.

Source: EPCIS 1.2 and 2.0, clause 9.5 (header); Standard Business Document Header 1.3; CBV 2.0, section 9
(master data attributes); GS1 US, Applying GS1 Standards for DSCSA and Traceability, R1.2 and R1.3 (statement,
guideline version, drop shipment).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from rxtrail.core.epcis import namespaces, refusals, trees
from rxtrail.core.epcis.event import Header, TransactionStatement, type_tree
from rxtrail.core.epcis.limits import IDENTIFIER_CHARACTERS_MAX
from rxtrail.core.gs1 import epc

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rxtrail.core.epcis.notes import Notes

_LOCATION_TYPES = frozenset(("location", "bizlocation", "businesslocation", "readpoint", "readpointid", "sourcedest"))
_TRUE = frozenset(("true", "1", "yes"))
_SPACES = re.compile(r"\s+")


def party(text: str | None) -> str:
    """Give the 13-digit GLN of a sender or receiver, or the text as written when it names none."""
    written = name(text)
    return epc.gln_of(written) or written


def name(text: str | None) -> str:
    """Give a text that names something; raises BadDocument for one that no name is as long as."""
    written = (text or "").strip()
    if len(written) > IDENTIFIER_CHARACTERS_MAX:
        raise refusals.too_large("an identifier in the header", IDENTIFIER_CHARACTERS_MAX, "characters")
    return written


@lru_cache(maxsize=1024)
def attribute_name(text: str) -> str:
    """Give the short name of a master data attribute; those of other vocabularies stay as written."""
    text = text.strip()
    for start in (namespaces.CBVMDA, "cbvmda", namespaces.USHC, "gs1ushc"):
        rest = text[len(start) + 1 :]
        if text.startswith(start) and text[len(start) : len(start) + 1] in ("#", ":", "/") and rest:
            return rest
    return text


def add_vocabulary(
    header: Header,
    notes: Notes,
    vocabulary_type: str,
    identifier: str,
    attributes: Iterable[tuple[str, Any]],
    place: str,
) -> None:
    """Take in one element of master data; of two different values the last wins, and a finding says so."""
    told: dict[str, Any] = {}
    for attribute, value in attributes:
        trees.add(told, attribute_name(attribute), value)
    texts = {short: value if isinstance(value, str) else _json(value) for short, value in told.items()}
    header.things.append((vocabulary_type.strip(), epc.canonical(name(identifier)), texts))
    kind = vocabulary_type.rpartition(":")[2].rpartition("/")[2].rpartition("#")[2].strip().lower()
    if kind == "epcclass":
        table = header.products
    elif kind in _LOCATION_TYPES:
        table = header.locations
    else:
        header.vocabularies.append((vocabulary_type, identifier, texts))
        return
    canonical = epc.canonical(name(identifier))
    known = table.setdefault(canonical, {})
    differing = sorted(short for short, text in texts.items() if known.get(short, text) != text)
    if differing:
        message = f"master data of {identifier} is given twice, {', '.join(differing)} differing; the last counts"
        notes.add("warning", "MASTER_DATA_CONFLICT", message, place, [canonical])
    known.update(texts)


def statement(tree: type_tree | str) -> TransactionStatement:
    """Read ``gs1ushc:dscsaTransactionStatement``; spaces and line breaks round the texts do not count."""
    affirmed, notice = "", ""
    for key, value in tree.items() if isinstance(tree, dict) else ():
        text = _SPACES.sub(" ", trees.text(value)).strip()
        match namespaces.split(key)[1].rpartition(":")[2]:
            case "affirmTransactionStatement":
                affirmed = text
            case "legalNotice":
                notice = text
            case _:
                pass  # a field of a later guideline; the raw document keeps it
    return TransactionStatement(affirmed.lower() in _TRUE, notice)


def take(header: Header, key: str, value: Any) -> None:  # noqa: ANN401 -- an extension is any tree
    """Take in one member of a header that is neither SBDH nor master data; what is not known is kept."""
    if not _recognised(header, key, value):
        trees.add(header.extensions, key, value)
        _look_inside(header, value)


def _recognised(header: Header, key: str, value: Any) -> bool:  # noqa: ANN401 -- an extension is any tree
    match namespaces.split(key)[1].rpartition(":")[2]:
        case "dscsaTransactionStatement":
            header.statement = statement(value)
        case "guidelineVersion":
            header.guideline = trees.text(value)
        case "dropShipment":
            header.drop_shipment = trees.text(value).lower() in _TRUE
        case _:
            return False
    return True


def _look_inside(header: Header, value: object) -> None:
    """Find the statement and its neighbours when a sender wrapped them (seen anywhere in real headers)."""
    if isinstance(value, list):
        for each in value:
            _look_inside(header, each)
    elif isinstance(value, dict):
        for key, each in value.items():
            if not _recognised(header, key, each):
                _look_inside(header, each)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
