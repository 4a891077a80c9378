"""Which packs and containers have left their approved route: kept for the counter, and inherited by contents.

A mark stands on what was moved, a pallet say; the packs in it get nothing written. It counts for what was inside when
it happened, wherever that was taken since.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.record.exact import FOREVER, Exact, container_state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rxtrail.core.rules.authority import Authority
    from rxtrail.record.facts import Found
    from rxtrail.store import Reader

KIND: Final = "off-route"  # of what the store keeps; the key is the canonical identifier, the time a log position
QUIET: Final = ""  # the severity of a mark that the counter does not tell
PAGE: Final = 5_000
FIRST: Final = (-1, "")
REMEMBERED_MAX: Final = 50_000
Within = tuple[int, int, int]
"""A container by its number, and the time (microseconds) from when until when something was in it."""


class Mark(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One deviation of one thing; it ``stands`` until a person or an event has explained it."""

    alert: str
    rule: str
    severity: str
    time: int  # microseconds: what was put in later has nothing to do with it
    what: str
    stands: bool = True


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(list[Mark]).decode


class Marks:
    """All marks, kept in memory: only what was written since the last look is read."""

    def __init__(self) -> None:
        """Start empty; :meth:`load` fills it."""
        self.by_key: dict[str, list[Mark]] = {}
        self._by_number: dict[int, list[Mark]] = {}
        self._seen = FIRST
        self._around: dict[str, list[Within]] = {}

    def __bool__(self) -> bool:
        """Tell whether there is any."""
        return bool(self.by_key)

    def load(self, reader: Reader) -> None:
        """Read what was written since the last time; where containers were is forgotten."""
        self._around.clear()
        while True:
            rows = reader.kept_from(KIND, self._seen, PAGE)
            numbers = reader.container_ids([key for key, _, _ in rows]) if rows else {}
            for key, at, body in rows:
                self._take(key, numbers.get(key), decode(body))
                self._seen = (at, key)
            if len(rows) < PAGE:
                return

    def _take(self, key: str, number: int | None, marks: list[Mark]) -> None:
        if marks:
            self.by_key[key] = marks
        else:
            self.by_key.pop(key, None)
        if number is not None and marks:
            self._by_number[number] = marks
        elif number is not None:
            self._by_number.pop(number, None)

    def of(self, reader: Reader, authority: Authority, gtin: str, serial: str, found: Found | None) -> list[Mark]:
        """Give the marks that stand on a pack, its own and those of containers that it was in, the worst first."""
        if not self.by_key:
            return []
        marks = {
            mark.alert: mark for mark in self.by_key.get(f"01/{gtin}/21/{serial}", ()) if mark.stands and mark.severity
        }
        if found is not None:
            for mark in self._inherited(reader, authority, found):
                if mark.severity:
                    marks.setdefault(mark.alert, mark)
        return sorted(marks.values(), key=lambda mark: (mark.severity != "stop", mark.rule, mark.alert))

    def _inherited(self, reader: Reader, authority: Authority, found: Found) -> Iterator[Mark]:
        row = found.row
        if row is not None and row.a_key is not None:
            packed = row.packed_time or 0
            yield from (m for m in self.by_key.get(row.a_key, ()) if m.stands and m.time >= packed)
            for number, since, until in self._around_of(reader, authority, row.a_key):
                yield from self._of_number(number, max(since, packed), until)
        elif found.exact is not None:
            for number, since, until in _ever_around(found.exact):
                yield from self._of_number(number, since, until)

    def _of_number(self, number: int, since: int, until: int) -> Iterator[Mark]:
        return (m for m in self._by_number.get(number, ()) if m.stands and since <= m.time <= until)

    def _around_of(self, reader: Reader, authority: Authority, key: str) -> list[Within]:
        """Give all that a box was ever in; the packs of one box share the answer."""
        known = self._around.get(key)
        if known is None:
            if len(self._around) >= REMEMBERED_MAX:
                self._around.clear()
            row = reader.container(key)
            known = [] if row is None else list(_ever_around(container_state(reader, authority, row)))
            self._around[key] = known
        return known


def _ever_around(exact: Exact) -> Iterator[Within]:
    """Give every container that a thing was ever in, directly or not, with the time in which it was."""
    waiting = [(stay.container, stay.since[0], (stay.until or FOREVER)[0]) for stay in exact.timeline.state.stays]
    seen: set[Within] = set()
    while waiting:
        here = waiting.pop()
        if here in seen:
            continue
        seen.add(here)
        number, since, until = here
        yield here
        timeline = exact.folded(number)
        for stay in () if timeline is None else timeline.state.stays:
            first, last = max(since, stay.since[0]), min(until, (stay.until or FOREVER)[0])
            if first <= last:
                waiting.append((stay.container, first, last))
