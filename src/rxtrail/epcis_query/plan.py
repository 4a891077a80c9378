"""From a query to the cheapest way to its events: which index to go by, what to check before an event is decoded."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.epcis.query.match import Condition, World, canonical_value, patterns_of
from rxtrail.core.epcis.query.parameters import Op
from rxtrail.core.epcis.query.terms import narrowing
from rxtrail.core.gs1 import epc
from rxtrail.epcis_query.walk import FEW, Bounds, all_of
from rxtrail.ledger.containers import is_sgtin
from rxtrail.ledger.prepare import identity
from rxtrail.store.rows import EventHead

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rxtrail.core.epcis.query.parse import Query
    from rxtrail.epcis_query.budget import Budget
    from rxtrail.store import Reader

THINGS_AT_ONCE: Final = 1_000
_HEADS: Final = {
    "eventType": "kind",
    "action": "action",
    "bizStep": "biz_step",
    "disposition": "disposition",
    "readPoint": "read_point",
    "bizLocation": "biz_location",
}


class Plan(msgspec.Struct):
    """How the events of a query are found."""

    bounds: Bounds
    positions: list[int] | None  # all that may match, when they are few
    groups: list[list[str]]  # each event has a term of each, sparsest first
    heads: list[Callable[[EventHead], bool]]  # what the typed columns tell
    heads_tell_all: bool  # all groups are told by the typed columns too


def plan(
    reader: Reader, query: Query, world: World, budget: Budget, *, low: int = 0, upto: int, viewer: str = ""
) -> Plan:
    """Plan a query over positions from ``low`` to before ``upto``; ``viewer`` sees what concerns it.

    :raises QueryTooComplex: planning alone takes all the time there is.
    """
    bounds = _bounds(reader, query.conditions, low, upto)
    known: set[int] | None = None
    groups: list[list[str]] = [[f"p:{viewer}"]] if viewer else []
    heads: list[Callable[[EventHead], bool]] = []
    told_by_heads = 0
    whole = reader.filed_from() == 0
    for condition in query.conditions:
        exact = _exact_positions(reader, condition)
        if exact is not None:
            known = exact if known is None else known & exact
            continue
        head = _head_test(condition, world)
        if head is not None:
            heads.append(head)
        terms = narrowing(condition, world) if whole else None
        if terms is not None:
            groups.append(terms)
            told_by_heads += head is not None
    if bounds.bounded_in_time:
        heads.append(lambda head: bounds.since <= head.time < bounds.until)
    dense: list[list[str]] = []
    for terms in groups if whole else []:
        if known is not None and len(known) <= FEW:
            break  # few enough: looking at each is cheaper than reading more of the index
        found = all_of(reader, terms, bounds, FEW, budget)
        if found is None:
            dense.append(terms)
        else:
            known = set(found) if known is None else known & set(found)
    positions = None if known is None else sorted(p for p in known if bounds.low <= p < bounds.high)
    return Plan(bounds, positions, dense, heads, told_by_heads == len(dense) if dense else True)


def _bounds(reader: Reader, conditions: Iterable[Condition], low: int, high: int) -> Bounds:
    since, until = Bounds().since, Bounds().until
    for condition in conditions:
        row = condition.named.parameter
        value = condition.values[0] if condition.values else None
        if row.field == "recordTime" and isinstance(value, int):
            position = reader.recorded_from(value)
            low, high = (max(low, position), high) if row.op is Op.GE else (low, min(high, position))
        elif row.field == "eventTime" and isinstance(value, int):
            since, until = (max(since, value), until) if row.op is Op.GE else (since, min(until, value))
    return Bounds(low, high, since, until)


def _head_test(condition: Condition, world: World) -> Callable[[EventHead], bool] | None:
    row = condition.named.parameter
    column = _HEADS.get(row.field)
    if column is None or row.op not in (Op.EQ, Op.WD):
        return None
    if row.op is Op.WD:
        asked = world.within(frozenset(epc.canonical(str(value)) for value in condition.values))
    else:
        asked = frozenset(canonical_value(row.field, str(value)) for value in condition.values)
    return lambda head: getattr(head, column) in asked


def _exact_positions(reader: Reader, condition: Condition) -> set[int] | None:
    """Give all events that may fit a condition on single things; None when it is on more than those."""
    row = condition.named.parameter
    if row.field == "eventID":
        return set(reader.events_named(identity(str(value).strip()) for value in condition.values))
    if row.op is not Op.MATCH or row.field.endswith("Class"):
        return None
    asked = patterns_of(condition)
    if asked.starts or asked.patterns:
        return None
    return positions_of_things(reader, asked.exact)


def positions_of_things(reader: Reader, things: Iterable[str]) -> set[int]:
    """Give the events of packages and containers, by canonical identifiers."""
    return set().union(*events_of_things(reader, things).values())


def events_of_things(reader: Reader, things: Iterable[str]) -> dict[str, set[int]]:
    """Give the positions of the events of each of many packages and containers that is on record."""
    found: dict[str, set[int]] = {}
    products: dict[str, list[str]] = {}
    held = sorted(things)
    for thing in held:
        if is_sgtin(thing):
            products.setdefault(thing[3:17], []).append(thing[21:])
    for gtin, serials in products.items():
        product = reader.product(gtin)
        if product is None:
            continue
        for at in range(0, len(serials), THINGS_AT_ONCE):
            rows = reader.units_of(product[0], serials[at : at + THINGS_AT_ONCE])
            for serial, parts in reader.unit_parts(product[0], rows.values()).items():
                found.setdefault(f"01/{gtin}/21/{serial}", set()).update(event for event, _, _ in parts)
    for at in range(0, len(held), THINGS_AT_ONCE):
        ids = reader.container_ids(held[at : at + THINGS_AT_ONCE])
        positions = reader.events_of_containers(ids.values())
        for thing, number in ids.items():
            found.setdefault(thing, set()).update(positions.get(number, ()))
    return found
