"""Master data for queries: the effective attributes of a thing, and what lies within a place.

Source: EPCIS 2.0, clauses 6.5 (master data) and 8.2.7.2 (SimpleMasterDataQuery); CBV 2.0, section 9. Each speaker's
latest word on a thing is kept; of several the newest counts, attribute by attribute.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.access.sight import may_see_master_data
from rxtrail.core.epcis.query.match import World, attribute_name
from rxtrail.core.epcis.query.refusals import BadQuery, QueryTooLarge
from rxtrail.core.gs1 import epc

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rxtrail.store import Reader
    from rxtrail.store.rows import VocabularyRow

CHILDREN: Final = "children"
WITHIN_MAX: Final = 10_000
ELEMENTS_MAX: Final = 20_000
ROWS_AT_ONCE: Final = 500


class Element(msgspec.Struct, frozen=True, gc=False):
    """One thing of a vocabulary with its effective attributes."""

    type: str
    id: str  # canonical
    attributes: dict[str, str]
    children: list[str]  # canonical


def world_of(reader: Reader, prefixes: Mapping[str, str], *, viewer: str) -> World:
    """Give what the exact filter needs to know beside events; each thing is asked for once.

    A query by attributes or by what lies within a place tells of master data, so it goes by what the viewer may see.
    """
    known: dict[str, dict[str, str]] = {}

    def attributes(thing: str) -> Mapping[str, str]:
        if not thing:
            return {}
        told = known.get(thing)
        if told is None:
            told = known[thing] = attributes_of(reader, thing, viewer=viewer)
        return told

    return World(prefixes, lambda places: within(reader, places, viewer=viewer), attributes)


def attributes_of(reader: Reader, thing: str, *, viewer: str) -> dict[str, str]:
    """Give the effective attributes of a thing, whatever vocabularies it stands in."""
    told: dict[str, str] = {}
    for row in _rows_of(reader, thing, viewer):
        for name, value in row.attributes.items():
            told.setdefault(name, value)
    told.pop(CHILDREN, None)
    return told


def _rows_of(reader: Reader, thing: str, viewer: str) -> list[VocabularyRow]:
    return [row for row in reader.vocabulary_of(thing) if may_see_master_data(viewer, row.speaker)]


def within(reader: Reader, places: frozenset[str], *, viewer: str) -> frozenset[str]:
    """Give these places and all that master data says to lie within them, however deep."""
    found = set(places)
    waiting = list(places)
    while waiting and len(found) <= WITHIN_MAX:
        for row in _rows_of(reader, waiting.pop(), viewer):
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


class MasterQuery(msgspec.Struct, frozen=True):
    """A SimpleMasterDataQuery, read (EPCIS 2.0, clause 8.2.7.2)."""

    vocabularies: frozenset[str] | None = None
    attributes: bool = True
    children: bool = True
    names: frozenset[str] | None = None  # EQ_name, canonical
    within: frozenset[str] | None = None  # WD_name, canonical
    only: frozenset[str] | None = None  # attributeNames
    having: frozenset[str] = frozenset()  # HASATTR: at least one of these
    equal: dict[str, frozenset[str]] = {}  # EQATTR_name
    count_max: int = 0


_LISTS: Final = ("vocabularyName", "EQ_name", "WD_name", "attributeNames", "HASATTR")
_FLAGS: Final = ("includeAttributes", "includeChildren")


def read_master_query(params: Mapping[str, list[str]]) -> MasterQuery:
    """Read the parameters of a SimpleMasterDataQuery.

    :raises BadQuery: an unknown parameter, or a value that it cannot have.
    """
    told: dict[str, frozenset[str]] = {}
    flags = {"includeAttributes": True, "includeChildren": True}
    equal: dict[str, frozenset[str]] = {}
    count = 0
    for name, values in params.items():
        if name in _LISTS:
            told[name] = frozenset(values)
        elif name in _FLAGS:
            if len(values) != 1 or values[0] not in ("true", "false", "1", "0"):
                raise BadQuery(f"{name} is true or false", place=name)
            flags[name] = values[0] in ("true", "1")
        elif name == "maxElementCount":
            if len(values) != 1 or not values[0].isdecimal() or not 1 <= int(values[0]) <= 1 << 31:
                raise BadQuery("maxElementCount is a whole number of at least 1", place=name)
            count = int(values[0])
        elif name.startswith(("EQATTR_", "EQ_ATTR_")):
            equal[attribute_name(name.partition("ATTR_")[2])] = frozenset(values)
        else:
            raise BadQuery(f"a master data query has no parameter {name[:80]!r}", place=name[:80])

    def canonical(name: str) -> frozenset[str] | None:
        return frozenset(map(epc.canonical, told[name])) if name in told else None

    only = frozenset(map(attribute_name, told["attributeNames"])) if "attributeNames" in told else None
    return MasterQuery(
        told.get("vocabularyName"), flags["includeAttributes"], flags["includeChildren"], canonical("EQ_name"),
        canonical("WD_name"), only, frozenset(map(attribute_name, told.get("HASATTR", ()))), equal, count,
    )  # fmt: skip


def master_data(reader: Reader, query: MasterQuery, *, viewer: str = "") -> list[Element]:
    """Give the things of all vocabularies that a query asks for; a viewer sees what it said itself.

    :raises QueryTooLarge: more than ``maxElementCount``, or than one answer may hold.
    """
    limit = query.count_max or ELEMENTS_MAX
    places = within(reader, query.within, viewer=viewer) if query.within is not None else None
    found: list[Element] = []
    for kind in reader.vocabulary_types():
        if query.vocabularies is not None and kind not in query.vocabularies:
            continue
        for element in elements(reader, kind, viewer=viewer):
            if (query.names is not None and element.id not in query.names) or (
                places is not None and element.id not in places
            ):
                continue
            told = element.attributes
            if query.having and query.having.isdisjoint(told):
                continue
            if any(told.get(name) not in asked for name, asked in query.equal.items()):
                continue
            if len(found) >= limit:
                raise QueryTooLarge(f"more than {limit} elements match", place="maxElementCount")
            shown = {
                name: value
                for name, value in told.items()
                if query.attributes and (query.only is None or name in query.only)
            }
            found.append(Element(kind, element.id, shown, element.children if query.children else []))
    return found


def elements(reader: Reader, kind: str, *, viewer: str = "") -> Iterator[Element]:
    """Give the things of one vocabulary in order, each with the effective word of all its speakers."""
    place = ("", "")
    held: list[VocabularyRow] = []
    while True:
        rows = reader.vocabulary_from(kind, place, ROWS_AT_ONCE)
        for row in rows:
            if held and held[0].id != row.id:
                yield _element(held)
                held = []
            if may_see_master_data(viewer, row.speaker):
                held.append(row)
        if len(rows) < ROWS_AT_ONCE:
            break
        place = (rows[-1].id, rows[-1].speaker)
    if held:
        yield _element(held)


def _element(rows: list[VocabularyRow]) -> Element:
    told: dict[str, str] = {}
    children: dict[str, None] = {}
    for row in sorted(rows, key=lambda row: (row.said_at, row.speaker), reverse=True):
        for name, value in row.attributes.items():
            told.setdefault(name, value)
        children.update(dict.fromkeys(children_of(row)))
    told.pop(CHILDREN, None)
    return Element(rows[0].type, rows[0].id, told, list(children))
