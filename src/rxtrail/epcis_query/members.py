"""What there is: the types, words, places and EPCs that the events of a record use, as lists in pages.

Source: EPCIS 2.0, clause 12.4 (top-level resources). A list has each member once, in an order that does not change
while pages are read; a company's list is made of the events that it may see and of nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.epcis.event import KINDS
from rxtrail.core.epcis.query.match import canonical_value
from rxtrail.core.epcis.query.parse import VALUE_CHARACTERS_MAX
from rxtrail.core.epcis.query.terms import number_of
from rxtrail.core.gs1 import epc
from rxtrail.epcis_query import walk
from rxtrail.epcis_query.bodies import bodies_of
from rxtrail.epcis_query.plan import events_of_things, positions_of_things
from rxtrail.ledger.prepare import restore

if TYPE_CHECKING:
    from rxtrail.core.epcis.event import Event
    from rxtrail.epcis_query.budget import Budget
    from rxtrail.store import Reader

FAMILIES: Final = {
    "eventTypes": ("k", "eventType"),
    "bizSteps": ("s", "bizStep"),
    "dispositions": ("d", "disposition"),
    "readPoints": ("r", "readPoint"),
    "bizLocations": ("l", "bizLocation"),
}
_THINGS_AT_ONCE: Final = 500
_LAST: Final = "\U0010ffff"  # behind all that begin alike
# Where a list of types stands once the standard's own have been shown.
_BEHIND_KINDS: Final = "="


class MemberPage(msgspec.Struct, frozen=True):
    """Some members, and where the next page begins; "" at the end."""

    members: list[str]
    next: str


def members(reader: Reader, kind: str, after: str, limit: int, budget: Budget, *, viewer: str = "") -> MemberPage:
    """Give at most ``limit`` members of one kind, those behind a place; fewer when the budget is spent."""
    if kind == "epcs":
        return _epcs_of(reader, after, limit, budget, viewer) if viewer else _epcs(reader, after, limit)
    if kind == "eventTypes":
        return _types(reader, after, limit, budget, viewer)
    return _used(reader, kind, after, limit, budget, viewer)


def is_member(reader: Reader, kind: str, text: str, budget: Budget, *, viewer: str = "") -> bool:
    """Tell whether any event that the viewer may see uses this word, place, type or identifier."""
    if kind == "epcs":
        positions = positions_of_things(reader, [epc.canonical(text)])
        if not viewer:
            return bool(positions)
        return bool(walk.Members(reader, [f"p:{viewer}"], budget).among(sorted(positions)))
    family, field = FAMILIES[kind]
    word = canonical_value(field, text)
    if viewer:
        return _concerns(reader, viewer, kind, word, budget)
    return reader.is_used(kind, word) or bool(reader.postings(number_of(f"{family}:{word}"), -1, 1))


def _used(reader: Reader, kind: str, after: str, limit: int, budget: Budget, viewer: str) -> MemberPage:
    found: list[str] = []
    while True:
        texts = reader.used_from(kind, after, limit + 1)
        for text in texts:
            if len(found) == limit or budget.spent:
                return MemberPage(found, after)
            if not viewer or _concerns(reader, viewer, kind, text, budget):
                found.append(text)
            after = text if len(text) <= VALUE_CHARACTERS_MAX else text[:VALUE_CHARACTERS_MAX] + _LAST
        if len(texts) <= limit:
            return MemberPage(found, "")


def _types(reader: Reader, after: str, limit: int, budget: Budget, viewer: str) -> MemberPage:
    """Give the types of the standard first, whether used or not, and behind them those of others."""
    kinds = list(KINDS)
    start = 0 if not after else kinds.index(after) + 1 if after in kinds else len(kinds)
    own = kinds[start : start + limit]
    if start + limit < len(kinds):
        return MemberPage(own, own[-1])
    behind = after[1:] if after.startswith(_BEHIND_KINDS) else ""
    found: list[str] = []
    while True:
        rest = limit - len(own) - len(found)
        page = _used(reader, "eventTypes", behind, rest + len(kinds), budget, viewer)
        for text in page.members:
            if text not in KINDS:
                if len(own) + len(found) == limit:
                    return MemberPage([*own, *found], _BEHIND_KINDS + behind)
                found.append(text)
            behind = text
        if not page.next:
            return MemberPage([*own, *found], "")
        behind = page.next
        if budget.spent:
            return MemberPage([*own, *found], _BEHIND_KINDS + behind)


def _concerns(reader: Reader, viewer: str, kind: str, text: str, budget: Budget) -> bool:
    """Tell whether one of the viewer's events uses a word or place."""
    return walk.overlap(reader, f"p:{viewer}", f"{FAMILIES[kind][0]}:{text}", budget)


def _epcs(reader: Reader, after: str, limit: int) -> MemberPage:
    """Give packages by product and serial, then all that is no package by the number of its row."""
    found: list[str] = []
    if not after.startswith("#"):
        key = (0, "")
        if after:
            product = reader.product(after[3:17])
            key = (product[0] if product is not None else 0, after[21:])
        units = reader.units_from(key, limit + 1)
        found = [f"01/{reader.gtin(number)}/21/{unit.serial}" for number, unit in units]
        if len(found) > limit:
            return MemberPage(found[:limit], found[limit - 1])
        after = "#0"
    # A package that holds others has one row only, among these.
    rows = reader.containers_from(int(after[1:]), limit - len(found) + 1, packages_only=False)
    shown = rows[: limit - len(found)]
    found += [row.key for row in shown]
    return MemberPage(found, f"#{shown[-1].id if shown else 0}" if len(rows) > len(shown) else "")


def _epcs_of(reader: Reader, after: str, limit: int, budget: Budget, viewer: str) -> MemberPage:
    """Give EPCs in the order of the viewer's first event of each; a place is an event and how far it was read."""
    start, index = (int(part) for part in after[1:].split(" ")) if after else (0, 0)
    mine = walk.Members(reader, [f"p:{viewer}"], budget)
    found: list[str] = []
    for position in walk.of_term(reader, f"p:{viewer}", start, descending=False):
        first = index if position == start else 0
        if budget.spent and position != start:  # each page reads on, however dear that is
            return MemberPage(found, f"#{position} 0")
        things = [thing for body in bodies_of(reader, [position]) for thing in things_of(restore(body.canonical, b""))]
        for at in range(first, len(things), _THINGS_AT_ONCE):
            if budget.spent and at > first:
                return MemberPage(found, f"#{position} {at}")
            part = things[at : at + _THINGS_AT_ONCE]
            known = events_of_things(reader, part)
            earlier = {each for positions in known.values() for each in positions if each < position}
            seen = mine.among(sorted(earlier)) if earlier else set()
            for offset, thing in enumerate(part):
                if not known.get(thing, set()).isdisjoint(seen):
                    continue  # it was listed with that one
                if len(found) == limit:
                    return MemberPage(found, f"#{position} {at + offset}")
                found.append(thing)
    return MemberPage(found, "")


def things_of(event: Event) -> list[str]:
    """Give every single thing that an event names, each once."""
    runs = (run for runs in (event.epcs, event.children, event.inputs, event.outputs) for run in runs)
    things = [run.key + serial for run in runs for serial in run.serials]
    return list(dict.fromkeys([*([event.parent] if event.parent else ()), *things]))
