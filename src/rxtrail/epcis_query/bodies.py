"""Events with their bytes; one whose key was destroyed is gone, and is no part of any answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rxtrail.ledger.filing import parties_of
from rxtrail.sealing import Shredded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rxtrail.core.epcis.event import Event
    from rxtrail.store import Reader
    from rxtrail.store.rows import EventBody, EventHead


def bodies_of(reader: Reader, positions: Iterable[int]) -> list[EventBody]:
    """Give the events at these positions that can be read, in order of position."""
    held = list(positions)
    try:
        return list(reader.event_bodies(held))
    except Shredded:
        if len(held) == 1:
            return []
    # Which of them it was is found by halves: hardly any is.
    middle = len(held) // 2
    return bodies_of(reader, held[:middle]) + bodies_of(reader, held[middle:])


def concerned(event: Event, head: EventHead) -> set[str]:
    """Give the GLNs of those whom an event on record concerns."""
    return parties_of(event, head.speakers, ";".join(head.source), ";".join(head.destination))
