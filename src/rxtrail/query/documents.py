"""Events of the record as EPCIS documents."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from rxtrail.core.epcis.convert import note_spelling, writer
from rxtrail.core.epcis.head import Head
from rxtrail.core.epcis.spelling import Spelling
from rxtrail.core.rules.steps import Role
from rxtrail.ledger.prepare import restore
from rxtrail.record.times import iso

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Iterator

    from rxtrail.core.epcis.convert import Target
    from rxtrail.core.epcis.event import Event
    from rxtrail.core.epcis.notes import Notes
    from rxtrail.query import PackRow
    from rxtrail.store import Reader
    from rxtrail.store.rows import EventBody

PAGE = 2_000
TARGETS: dict[str, Target] = {"epcis": "json", "epcis-xml-1.2": "xml-1.2", "epcis-xml-2.0": "xml-2.0"}


def document(
    events: Iterable[tuple[EventBody, Event]],
    target: Target,
    today: datetime.date,
    notes: Notes,
    *,
    head: Head | None = None,
) -> Iterator[bytes]:
    """Write an EPCIS document: identifiers as Digital Links, but as URNs for EPCIS 1.2, which knows no others.

    What the target cannot say as it was said is noted, at the ID of the event.
    """
    spelling = Spelling("urn" if target == "xml-1.2" else "digital-link")
    spelling.looks_for_repeated = True
    out = writer(target, head or Head(), spelling, notes, creation_date=f"{today.isoformat()}T00:00:00Z")
    pieces = [out.start()]
    for body, event in events:
        pieces.append(out.event(event, record_time=iso(body.recorded_at), place=body.event_id))
        if len(pieces) == PAGE:
            yield "".join(pieces).encode()
            pieces = []
    pieces.append(out.finish())
    note_spelling(spelling, notes)
    yield "".join(pieces).encode()


def events_at(reader: Reader, positions: Iterable[int]) -> Iterator[tuple[EventBody, Event]]:
    """Give events as they were said, in log order."""
    for body in reader.event_bodies(positions):
        yield body, restore(body.canonical, body.envelope)


def events_of_packages(reader: Reader, packs: Iterable[PackRow]) -> Iterator[tuple[EventBody, Event]]:
    """Give all that the record knows of packages: their events, and those of every container they were ever in."""
    serials: dict[str, list[str]] = defaultdict(list)
    for row in packs:
        serials[row.gtin].append(row.serial)
    positions: set[int] = set()
    containers: set[int] = set()
    for gtin, some in serials.items():
        for start in range(0, len(some), PAGE):
            _gather(reader, gtin, some[start : start + PAGE], positions, containers)
    for steps in reader.histories(containers).values():
        positions.update(step.event for step in steps)
    yield from events_at(reader, positions)


def _gather(reader: Reader, gtin: str, serials: list[str], positions: set[int], containers: set[int]) -> None:
    known = reader.product(gtin)
    assert known is not None, "a package of the record has a product"
    units = reader.units_of(known[0], serials)
    packings: set[int] = set()
    for parts in reader.unit_parts(known[0], units.values()).values():
        positions.update(event for event, _, _ in parts)
        packings.update(event for event, role, _ in parts if role == Role.CHILD)
    containers.update(row.container for row in reader.parents_of_events(packings).values())
    boxes = [f"01/{gtin}/21/{serial}" for serial in serials if serial not in units]
    containers.update(reader.container_ids(boxes).values())
