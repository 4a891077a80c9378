"""What is inside a container: listed from its packing events, since nothing is written per child.

Whether a child is still inside is for the fold to say, so an outsider's unpacking empties nothing here either.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from rxtrail.core.epcis import canonical
from rxtrail.core.rules.steps import Flag, Role
from rxtrail.ledger.containers import is_sgtin
from rxtrail.record.exact import Shelf, container_state, unit_state

if TYPE_CHECKING:
    from rxtrail.core.rules.authority import Authority
    from rxtrail.core.rules.steps import Key, Step
    from rxtrail.store import Reader
    from rxtrail.store.rows import ContainerRow, Making

type_content = tuple[str, str, str, str]  # GTIN, serial, lot, YYMMDD


def contents_of(reader: Reader, authority: Authority, row: ContainerRow, *, limit: int) -> list[type_content]:
    """Give (GTIN, serial, lot, YYMMDD) of the innermost packages that are inside now, at most ``limit``."""
    shelf = Shelf(reader, authority)
    found: list[type_content] = []
    waiting = [row]
    seen = {row.id}
    while waiting and len(found) < limit:
        outer = waiting.pop()
        keys = _ever_packed(reader, outer.id)
        packages, others = _sorted_out(keys)
        for product, serials in packages.items():
            inside, unknown = _packages_inside(reader, shelf, outer, product, serials)
            found.extend(inside)
            others.extend(f"01/{product}/21/{serial}" for serial in unknown)
        for key in others:
            inner = reader.container(key)
            if inner is not None and inner.id not in seen:
                exact = container_state(reader, authority, inner, shelf=shelf)
                if exact.containers[:1] == [outer.id]:
                    seen.add(inner.id)
                    waiting.append(inner)
    return found[:limit]


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


def _sorted_out(keys: dict[str, int]) -> tuple[dict[str, list[str]], list[str]]:
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
    reader: Reader, shelf: Shelf, outer: ContainerRow, gtin: str, serials: list[str]
) -> tuple[list[type_content], list[str]]:
    """Give those of these packages that are inside now, and those that are no plain packages."""
    known = reader.product(gtin)
    assert known is not None, "a packed package's product is numbered"
    product = known[0]
    units = reader.units_of(product, serials)
    emptied = container_state(reader, shelf.authority, outer, shelf=shelf).timeline.emptied
    packings = {step.event: step for step in shelf.histories[outer.id] if step.role == Role.PARENT}
    found: list[type_content] = []
    for serial in serials:
        unit = units.get(serial)
        if unit is None:
            continue
        packing = packings.get(unit.packed) if unit.packed is not None else None
        making = reader.making(unit.made) if unit.made is not None else None
        if unit.own is None and making is not None and packing is not None and _is_plain(making, packing):
            if not _emptied_since(packing.key, emptied):
                found.append((gtin, serial, making.lot, _yymmdd(making.expiry)))
            continue
        exact = unit_state(reader, shelf.authority, product, serial, unit, shelf=shelf)
        if exact.containers[:1] == [outer.id]:
            found.append((gtin, serial, exact.state.lot, _yymmdd(exact.state.expiry)))
    return found, [serial for serial in serials if serial not in units]


def _is_plain(making: Making, packing: Step) -> bool:
    """Tell whether a package that was only made and packed needs no folding."""
    return not making.voided and not packing.voided and not (making.flags | packing.flags) & Flag.MORE_SPEAKERS


def _emptied_since(packed: Key, emptied: tuple[Key, ...]) -> bool:
    return any(packed < when for when in emptied)


def _yymmdd(expiry: str) -> str:
    return expiry[2:].replace("-", "")
