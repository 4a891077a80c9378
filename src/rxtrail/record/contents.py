"""What is inside a container, now or at a moment: listed from its packing events, since nothing is written per child.

Whether a child is still inside is for the fold to say, so an outsider's unpacking empties nothing here either.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from rxtrail.core.epcis import canonical
from rxtrail.core.rules.steps import Flag, Role
from rxtrail.ledger.containers import is_sgtin
from rxtrail.record.exact import Shelf, container_state, state_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rxtrail.core.rules.authority import Authority
    from rxtrail.core.rules.steps import State, Stay, Step
    from rxtrail.record.exact import Exact
    from rxtrail.store import Part, Reader
    from rxtrail.store.rows import ContainerRow, Making, UnitRow

type_content = tuple[str, str, str, str]  # GTIN, serial, lot, YYMMDD
NOW = 1 << 62  # later than every event


class Packed(NamedTuple):
    """One package inside: ``expiry`` is ISO, ``around`` are the containers it is in, the outermost first."""

    gtin: str
    serial: str
    lot: str
    expiry: str
    around: tuple[str, ...]
    made: int | None  # the positions of the events that made it and packed it
    packed: int | None


def contents_of(reader: Reader, authority: Authority, row: ContainerRow, *, limit: int) -> list[type_content]:
    """Give (GTIN, serial, lot, YYMMDD) of the innermost packages that are inside now, at most ``limit``."""
    found = contents_at(reader, Shelf(reader, authority), row, NOW, limit=limit)
    return [(each.gtin, each.serial, each.lot, _yymmdd(each.expiry)) for each in found]


def contents_at(reader: Reader, shelf: Shelf, row: ContainerRow, at: int, *, limit: int) -> list[Packed]:
    """Give the innermost packages that were inside at a time (microseconds), at most ``limit``."""
    found: list[Packed] = []
    waiting: list[tuple[ContainerRow, tuple[str, ...]]] = [(row, (row.key,))]
    seen = {row.id}
    while waiting and len(found) < limit:
        outer, around = waiting.pop()
        packages, others = sorted_out(_ever_packed(reader, outer.id))
        for product, serials in packages.items():
            inside, unknown = _packages_inside(reader, shelf, outer, product, serials, at=at, around=around)
            found.extend(inside)
            others.extend(f"01/{product}/21/{serial}" for serial in unknown)
        numbers = reader.container_ids(others)
        rows = reader.containers(number for number in numbers.values() if number not in seen)
        shelf.need(set(rows))
        for key in others:
            inner = rows.get(numbers.get(key, 0))
            if inner is None or inner.id in seen:
                continue
            stays = container_state(reader, shelf.authority, inner, shelf=shelf).state.stays
            if stay_in(stays, outer.id, at) is not None:
                seen.add(inner.id)
                waiting.append((inner, (*around, inner.key)))
    return found[:limit]


def stay_in(stays: tuple[Stay, ...], container: int, at: int) -> Stay | None:
    """Give the stay in a container that lasted at a time; of the events of one instant, the packing counts first."""
    for stay in stays:
        if stay.container == container and stay.since[0] <= at and (stay.until is None or stay.until[0] > at):
            return stay
    return None


def _ever_packed(reader: Reader, container: int) -> dict[str, int]:
    """Give every identifier that was ever packed into a container, in order, with the last event that did."""
    rows = [row for row in reader.packings_of(container) if row[1] == "ADD" and not row[4]]
    rows = [row for row in rows if not row[5] & Flag.DECLARATION]
    bodies = {body.position: body.canonical for body in reader.event_bodies(row[0] for row in rows)}
    packed: dict[str, int] = {}
    for position, *_ in rows:
        for run in canonical.decode(bodies[position]).children:
            packed.update(dict.fromkeys((run.key + serial for serial in run.serials), position))
    return packed


def sorted_out(keys: Iterable[str]) -> tuple[dict[str, list[str]], list[str]]:
    """Give the serials of trade items by GTIN, and all other identifiers."""
    packages: dict[str, list[str]] = defaultdict(list)
    others: list[str] = []
    for key in keys:
        if is_sgtin(key):
            packages[key[3:17]].append(key[21:])
        else:
            others.append(key)
    return packages, others


def _packages_inside(
    reader: Reader,
    shelf: Shelf,
    outer: ContainerRow,
    gtin: str,
    serials: list[str],
    *,
    at: int,
    around: tuple[str, ...],
) -> tuple[list[Packed], list[str]]:
    """Give those of these packages that were inside at a time, and those that are no plain packages."""
    known = reader.product(gtin)
    assert known is not None, "a packed package's product is numbered"
    product = known[0]
    units = reader.units_of(product, serials)
    makings = reader.makings({unit.made for unit in units.values() if unit.made is not None})
    emptied = container_state(reader, shelf.authority, outer, shelf=shelf).timeline.emptied
    packings = {step.event: step for step in shelf.histories[outer.id] if step.role == Role.PARENT}
    found: dict[str, Packed] = {}
    odd: list[UnitRow] = []
    for serial, unit in units.items():
        packing = packings.get(unit.packed) if unit.packed is not None else None
        making = makings[unit.made] if unit.made is not None else None
        # Once the container was emptied, a second packing into it may look like a copy of the first: that is folded.
        if (
            unit.own is None
            and making is not None
            and packing is not None
            and _is_plain(making, packing)
            and packing.time <= at
            and not any(packing.key < when for when in emptied)
        ):
            found[serial] = Packed(gtin, serial, making.lot, making.expiry, around, making.event, packing.event)
        else:
            odd.append(unit)
    for serial, state in states_of(reader, shelf, product, odd).items():
        stay = stay_in(state.stays, outer.id, at)
        if stay is not None:
            made, packed = (state.made if state.made >= 0 else None), (stay.event if stay.event >= 0 else None)
            found[serial] = Packed(gtin, serial, state.lot, state.expiry, around, made, packed)
    return [found[serial] for serial in serials if serial in found], [each for each in serials if each not in units]


def states_of(reader: Reader, shelf: Shelf, product: int, units: list[UnitRow]) -> dict[str, State]:
    """Fold many packages of one product into their states."""
    return {serial: exact.state for serial, exact in exacts_of(reader, shelf, product, units).items()}


def exacts_of(reader: Reader, shelf: Shelf, product: int, units: list[UnitRow]) -> dict[str, Exact]:
    """Fold many packages of one product; those that the same events tell of are folded once."""
    if not units:
        return {}
    gtin = reader.gtin(product)
    parts_of = reader.unit_parts(product, units)
    wanted = list({part for parts in parts_of.values() for part in parts})
    steps = dict(zip(wanted, reader.steps(wanted), strict=True))
    shelf.need({step.parent for step in steps.values() if step.parent})
    folded: dict[frozenset[Part], Exact] = {}
    found: dict[str, Exact] = {}
    for serial, parts in parts_of.items():
        exact = folded.get(parts)
        if exact is None:
            exact = folded[parts] = state_of([steps[part] for part in parts], gtin, shelf)
        found[serial] = exact
    return found


def _is_plain(making: Making, packing: Step) -> bool:
    """Tell whether a package that was only made and packed needs no folding."""
    return not making.voided and not packing.voided and not (making.flags | packing.flags) & Flag.MORE_SPEAKERS


def _yymmdd(expiry: str) -> str:
    return expiry[2:].replace("-", "")
