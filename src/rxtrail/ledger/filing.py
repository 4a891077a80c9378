"""Files new events under their terms, so that a query finds them without looking at every event.

In the transaction of the batch, one row a term: what a query may find is what the record has.
"""

from __future__ import annotations

import sys
from array import array
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Final

from rxtrail.core.epcis.query.terms import number_of, terms_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rxtrail.core.epcis.event import Event
    from rxtrail.store import Transaction

ROW_POSITIONS_MAX: Final = 1_000
STEP_MAX: Final = 0xFFFF
USED_KINDS: Final = ("eventTypes", "bizSteps", "dispositions", "readPoints", "bizLocations")
_PLACES: Final = ("414/", "417/")
type_filed = tuple[int, "Event", set[str]]  # position, event, the GLNs of those whom it concerns


def file_events(tx: Transaction, events: Sequence[type_filed]) -> None:
    """File new events, given in the order of their positions."""
    if not events:
        return
    if not tx.is_filed():
        # Whatever the record held before was never filed; a new record begins with its first event.
        tx.file_from(events[0][0] if tx.event_positions(-1, 1)[:1] < [events[0][0]] else 0)
    under: dict[int, list[int]] = {}
    used: set[tuple[str, str]] = set()
    for position, event, parties in events:
        for term in terms_of(event, parties):
            number = number_of(term)
            if number in under:
                under[number].append(position)
            else:
                under[number] = [position]
        used.update(
            zip(
                USED_KINDS,
                (event.kind, event.biz_step, event.disposition, event.read_point, event.biz_location),
                strict=True,
            )
        )
    tx.add_postings([row for number in sorted(under) for row in rows_of(number, under[number])])
    tx.add_used(sorted((kind, text) for kind, text in used if text))


def file_late(tx: Transaction, party: str, positions: Iterable[int]) -> None:
    """File events that are on record already for one whom they turn out to concern: who said them again."""
    term = number_of(f"p:{party}")
    filed_from = tx.filed_from()
    # What comes before is filed later, for all whom it concerns by then.
    left = sorted({each for each in positions if filed_from is not None and each >= filed_from})
    while left:
        rows = tx.postings(term, left[0] - 1, 1)
        first, last, steps = rows[0] if rows else (sys.maxsize, sys.maxsize, b"")
        before = [each for each in left if each < first]
        if before:
            tx.add_postings(list(rows_of(term, before)))
        within = {each for each in left if first <= each <= last}
        if within:
            held = set(positions_of(first, steps))
            if not within <= held:
                # One row cannot take more than its steps tell, so it is written anew with what lies between.
                tx.drop_posting(term, last)
                tx.add_postings(list(rows_of(term, sorted(held | within))))
        left = [each for each in left if each > last]


def parties_of(event: Event, speakers: Iterable[str], source: str, destination: str) -> set[str]:
    """Give the GLNs of those whom an event concerns: all who said it, who sends and gets, where it happened."""
    found = set(speakers)
    for three in (source, destination):
        if three:
            owner, possessor, place = three.split(";", 2)
            found.update((owner, possessor, _gln(place)))
    found.update((_gln(event.read_point), _gln(event.biz_location)))
    for entries in (event.sources, event.destinations):
        found.update(_gln(entry.value) for entry in entries)
    found.discard("")
    return found


def _gln(place: str) -> str:
    return place[4:17] if place.startswith(_PLACES) else ""


def rows_of(term: int, positions: Sequence[int]) -> Iterable[tuple[int, int, int, bytes]]:
    """Give the rows (term, last, first, steps) of positions in rising order."""
    start = 0
    for index, (one, two) in enumerate(pairwise(positions), 1):
        if index - start == ROW_POSITIONS_MAX or two - one > STEP_MAX:
            yield _row(term, positions[start:index])
            start = index
    yield _row(term, positions[start:])


def _row(term: int, positions: Sequence[int]) -> tuple[int, int, int, bytes]:
    steps = array("H", [two - one for one, two in pairwise(positions)])
    if sys.byteorder == "big":
        steps.byteswap()
    return term, positions[-1], positions[0], steps.tobytes()


def positions_of(first: int, steps: bytes) -> list[int]:
    """Read the positions of one row."""
    if not steps:
        return [first]
    read = array("H")
    read.frombytes(steps)
    if sys.byteorder == "big":
        read.byteswap()
    return list(accumulate(read, initial=first))
