"""What is inside a container: listed from its packing events, since nothing is written per child."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rxtrail.core.epcis import canonical
from rxtrail.core.rules.steps import Flag
from rxtrail.record.exact import container_state, unit_state

if TYPE_CHECKING:
    from rxtrail.core.rules.authority import Authority
    from rxtrail.store import Reader
    from rxtrail.store.rows import ContainerRow

DEPTH_MAX = 16


def children_of(reader: Reader, container: int) -> dict[str, None]:
    """Give the canonical identifiers that the container's packing events leave inside, in order of packing."""
    inside: dict[str, None] = {}
    rows = reader.packings_of(container)
    bodies = {body.position: body for body in reader.event_bodies(row[0] for row in rows)}
    for position, action, _, _, voided, flags in rows:
        if voided or flags & Flag.DECLARATION:
            continue
        if flags & Flag.EMPTIES:
            inside.clear()
            continue
        event = canonical.decode(bodies[position].canonical)
        for run in event.children:
            for serial in run.serials:
                if action == "ADD":
                    inside[run.key + serial] = None
                elif action == "DELETE":
                    inside.pop(run.key + serial, None)
    return inside


def contents_of(
    reader: Reader, authority: Authority, row: ContainerRow, *, limit: int
) -> list[tuple[str, str, str, str]]:
    """Give (GTIN, serial, lot, YYMMDD) of the innermost packages that are inside now, at most ``limit``."""
    found: list[tuple[str, str, str, str]] = []
    queue: list[tuple[int, int]] = [(row.id, 0)]
    seen = {row.id}
    while queue and len(found) < limit:
        number, depth = queue.pop()
        for key in children_of(reader, number):
            inner = reader.container(key)
            if inner is not None:
                if (
                    inner.id not in seen
                    and depth < DEPTH_MAX
                    and number in container_state(reader, authority, inner).containers[:1]
                ):
                    seen.add(inner.id)
                    queue.append((inner.id, depth + 1))
                continue
            if not (key.startswith("01/") and key[17:21] == "/21/"):
                continue
            gtin, serial = key[3:17], key[21:]
            product = reader.product(gtin)
            assert product is not None, "a packed package's product is numbered"
            unit = reader.units_of(product[0], [serial]).get(serial)
            if unit is None:
                continue
            if unit.own is None and unit.made is not None:
                making = reader.making(unit.made)
                found.append((gtin, serial, making.lot, making.expiry[2:].replace("-", "")))
                continue
            exact = unit_state(reader, authority, product[0], serial, unit)
            if number in exact.containers[:1]:
                found.append((gtin, serial, exact.state.lot, exact.state.expiry[2:].replace("-", "")))
    return found[:limit]
