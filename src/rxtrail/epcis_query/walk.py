"""Candidates of a query in order: positions from the index, narrowed by cheap columns before an event is decoded.

Every source goes by a key that never changes (the position, or the event's time and position), so a page begins where
the last one ended whatever came in meanwhile, and a late page costs what the first one did.
"""

from __future__ import annotations

import heapq
from itertools import islice
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.epcis.query.terms import number_of
from rxtrail.ledger.filing import positions_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rxtrail.epcis_query.budget import Budget
    from rxtrail.store import Reader

FEW: Final = 5_000
"""A term with no more events than this is read whole; whatever the order, its events are sorted in memory."""

CHUNK_FIRST: Final = 256
CHUNK_MAX: Final = 4_000
ROWS: Final = 16
END: Final = 1 << 62

Key = tuple[int, int]  # what is ordered by, position; in the order of record both are the position


class Bounds(msgspec.Struct, frozen=True):
    """Positions from ``low`` to before ``high`` and event times from ``since`` to before ``until`` may match."""

    low: int = 0
    high: int = END
    since: int = -END
    until: int = END

    @property
    def bounded_in_time(self) -> bool:
        """Tell whether the event time narrows."""
        return self.since > -END or self.until < END


def all_of(reader: Reader, terms: Sequence[str], bounds: Bounds, limit: int, budget: Budget) -> list[int] | None:
    """Give the positions of all events that have one of these terms; None when there are more than ``limit``."""
    found: set[int] = set()
    rows_read = 0
    for term in terms:
        number, after = number_of(term), bounds.low - 1
        while after < bounds.high:
            budget.check()
            rows = reader.postings(number, after, ROWS)
            for first, _, steps in rows:
                if first < bounds.high:
                    found.update(positions_of(first, steps))
            rows_read += len(rows)
            if len(found) > limit or rows_read > limit:
                return None
            if len(rows) < ROWS:
                break
            after = rows[-1][1]
    return sorted(position for position in found if bounds.low <= position < bounds.high)


def of_term(reader: Reader, term: str, start: int, *, descending: bool) -> Iterator[int]:
    """Give the positions under a term from ``start`` on, in order; rows are read as they are needed."""
    number, rows_wanted = number_of(term), 1
    if descending:
        before = start + 1
        while rows := reader.postings_before(number, before, rows_wanted):
            for first, last, steps in rows:
                if first < before:
                    yield from (p for p in reversed(positions_of(first, steps)) if p < before and p <= last)
            before = rows[-1][0]
            rows_wanted = ROWS
        return
    after = start - 1
    while rows := reader.postings(number, after, rows_wanted):
        for first, _, steps in rows:
            yield from (
                (p for p in positions_of(first, steps) if p > after) if first <= after else positions_of(first, steps)
            )
        after = rows[-1][1]
        rows_wanted = ROWS


def overlap(reader: Reader, one: str, other: str, budget: Budget) -> bool:
    """Tell whether any event is filed under both of two terms; what only one of them has is passed over."""
    first, second, at = number_of(one), number_of(other), -1
    while True:
        budget.check()
        rows, others = reader.postings(first, at, ROWS), reader.postings(second, at, ROWS)
        if not rows or not others:
            return False
        if rows[-1][1] < others[0][0] or others[-1][1] < rows[0][0]:
            at = max(rows[0][0], others[0][0]) - 1
            continue
        held = {position for start, _, steps in rows for position in positions_of(start, steps)}
        if any(not held.isdisjoint(positions_of(start, steps)) for start, _, steps in others):
            return True
        at = min(rows[-1][1], others[-1][1])


def of_terms(reader: Reader, terms: Sequence[str], start: int, *, descending: bool) -> Iterator[int]:
    """Give the positions that have one of many terms, in order, each once."""
    streams = [of_term(reader, term, start, descending=descending) for term in terms]
    if len(streams) == 1:
        yield from streams[0]
        return
    last = -1
    for position in heapq.merge(*streams, reverse=descending):
        if position != last:
            yield position
            last = position


def of_log(reader: Reader, start: int, *, descending: bool) -> Iterator[int]:
    """Give the positions of all events in the order of record."""
    count = CHUNK_FIRST
    if descending:
        before = start + 1
        while positions := reader.event_positions_before(before, count):
            yield from positions
            before, count = positions[-1], CHUNK_MAX
        return
    after = start - 1
    while positions := reader.event_positions(after, count):
        yield from positions
        after, count = positions[-1], CHUNK_MAX


def by_record(positions: Iterator[int], bounds: Bounds, *, descending: bool) -> Iterator[Key]:
    """Give keys in the order of record, within bounds."""
    for position in positions:
        if position < bounds.low or position >= bounds.high:
            if (position < bounds.low) is descending:
                return
            continue
        yield position, position


def by_time(reader: Reader, bounds: Bounds, start: Key | None, *, descending: bool) -> Iterator[Key]:
    """Give keys in the order of event time, within bounds, after a key when one is given."""
    count = CHUNK_FIRST
    if descending:
        before = start if start is not None else (bounds.until, -1)
        while rows := reader.event_times_before(before, bounds.since, count):
            yield from (row for row in rows if bounds.low <= row[1] < bounds.high)
            before, count = rows[-1], CHUNK_MAX
        return
    after = start if start is not None else (bounds.since, -1)
    while rows := reader.event_times(after, bounds.until, count):
        yield from (row for row in rows if bounds.low <= row[1] < bounds.high)
        after, count = rows[-1], CHUNK_MAX


def in_chunks(keys: Iterator[Key]) -> Iterator[list[Key]]:
    """Give keys in chunks that grow: a page that is found at once costs little, a long walk few statements."""
    count = CHUNK_FIRST
    while chunk := list(islice(keys, count)):
        yield chunk
        count = min(CHUNK_MAX, count * 2)


class Members:
    """Tells of positions, asked in chunks, whether they have one of a group of terms."""

    def __init__(self, reader: Reader, terms: Sequence[str], budget: Budget) -> None:
        """Take the terms of one condition."""
        self._reader = reader
        self._budget = budget
        self._numbers = [number_of(term) for term in terms]

    def among(self, positions: list[int]) -> set[int]:
        """Give those of these positions that have one of the terms."""
        wanted = sorted(positions)
        found: set[int] = set()
        for number in self._numbers:
            self._of_one(number, wanted, found)
        return found

    def _of_one(self, number: int, wanted: list[int], found: set[int]) -> None:
        index = 0
        while index < len(wanted):
            self._budget.check()
            rows = self._reader.postings(number, wanted[index] - 1, 4)
            if not rows:
                return
            held: set[int] = set()
            for first, _, steps in rows:
                if first <= wanted[-1]:
                    held.update(positions_of(first, steps))
            last = rows[-1][1]
            while index < len(wanted) and wanted[index] <= last:
                if wanted[index] in held:
                    found.add(wanted[index])
                index += 1
