"""Master data for queries: the effective attributes of a thing, and what lies within a place.

Source: EPCIS 2.0, clauses 6.5 (master data) and 8.2.7.2 (SimpleMasterDataQuery); CBV 2.0, section 9. Each speaker's
latest word on a thing is kept; of several the newest counts, attribute by attribute.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.epcis.query.match import World
from rxtrail.core.gs1 import epc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rxtrail.store import Reader
    from rxtrail.store.rows import VocabularyRow

CHILDREN: Final = "children"
WITHIN_MAX: Final = 10_000


class Element(msgspec.Struct, frozen=True, gc=False):
    """One thing of a vocabulary with its effective attributes."""

    type: str
    id: str  # canonical
    attributes: dict[str, str]
    children: list[str]  # canonical


def world_of(reader: Reader, prefixes: Mapping[str, str]) -> World:
    """Give what the exact filter needs to know beside events; each thing is asked for once."""
    known: dict[str, dict[str, str]] = {}

    def attributes(thing: str) -> Mapping[str, str]:
        if not thing:
            return {}
        told = known.get(thing)
        if told is None:
            told = known[thing] = attributes_of(reader, thing)
        return told

    return World(prefixes, lambda places: within(reader, places), attributes)


def attributes_of(reader: Reader, thing: str) -> dict[str, str]:
    """Give the effective attributes of a thing, whatever vocabularies it stands in."""
    told: dict[str, str] = {}
    for row in reader.vocabulary_of(thing):
        for name, value in row.attributes.items():
            told.setdefault(name, value)
    told.pop(CHILDREN, None)
    return told


def within(reader: Reader, places: frozenset[str]) -> frozenset[str]:
    """Give these places and all that master data says to lie within them, however deep."""
    found = set(places)
    waiting = list(places)
    while waiting and len(found) <= WITHIN_MAX:
        for row in reader.vocabulary_of(waiting.pop()):
            for child in children_of(row):
                if child not in found:
                    found.add(child)
                    waiting.append(child)
    return frozenset(found)


def children_of(row: VocabularyRow) -> list[str]:
    """Give what a place is said to hold, canonical."""
    text = row.attributes.get(CHILDREN, "")
    if not text:
        return []
    if text.startswith("["):
        try:
            texts = msgspec.json.decode(text, type=list[str])
        except msgspec.DecodeError:
            return []
    else:
        texts = [text]
    return [epc.canonical(each) for each in texts if each]


def elements(reader: Reader, kind: str, after: str, limit: int) -> list[Element]:
    """Give the things of one vocabulary in order, each with the effective word of all its speakers."""
    found: list[Element] = []
    place = (after, "\U0010ffff" if after else "")
    while len(found) <= limit:
        rows = reader.vocabulary_from(kind, place, 500)
        for row in rows:
            if found and found[-1].id == row.id:
                continue
            if len(found) > limit:
                break
            found.append(_element(reader, kind, row.id))
        if len(rows) < 500:
            break
        place = (rows[-1].id, rows[-1].speaker)
    return found[:limit]


def _element(reader: Reader, kind: str, thing: str) -> Element:
    told: dict[str, str] = {}
    children: dict[str, None] = {}
    for row in reader.vocabulary_of(thing):
        if row.type == kind:
            for name, value in row.attributes.items():
                told.setdefault(name, value)
            children.update(dict.fromkeys(children_of(row)))
    told.pop(CHILDREN, None)
    return Element(kind, thing, told, list(children))
