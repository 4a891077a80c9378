"""Which packs and containers have left their approved route or their temperatures: kept for the counter, and inherited.

A mark stands on what was moved, a pallet say; the packs in it get nothing written. It counts for what was inside when
it happened, wherever that was taken since.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.record.exact import FOREVER, Exact, container_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rxtrail.core.rules.authority import Authority
    from rxtrail.core.rules.steps import Timeline
    from rxtrail.record.facts import Found
    from rxtrail.store import Reader

KIND: Final = "off-route"  # of what the store keeps; the key is the canonical identifier, the time a log position
QUIET: Final = ""  # the severity of a mark that the counter does not tell
COLD: Final = "off-temperature"  # the same, of marks about temperatures
PAGE: Final = 5_000
FIRST: Final = (-1, "")
REMEMBERED_MAX: Final = 50_000
Within = tuple[int, int, int]
"""A container by its number, and the time (microseconds) from when until when something was in it."""


class Mark(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One deviation of one thing; it ``stands`` until a person or an event has explained it.

    Of contents it means those that came in from ``since`` on and before ``before`` (0: whenever), and are of the
    products ``gtins`` (none: of all).
    """

    alert: str
    rule: str
    severity: str
    time: int  # microseconds: what was put in later has nothing to do with it
    what: str
    stands: bool = True
    gtins: tuple[str, ...] = ()
    since: int = 0
    before: int = 0
    event: int = -1  # the place in the log of what showed it

    def means(self, gtin: str, since: int, until: int) -> bool:
        """Tell whether it is about a pack of a product that was inside from ``since`` until ``until``."""
        return (
            self.stands
            and since <= self.time <= until
            and self.since <= since
            and (not self.before or since < self.before)
            and (not self.gtins or gtin in self.gtins)
        )


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(list[Mark]).decode


class Marks:
    """All marks of one kind, kept in memory: only what was written since the last look is read."""

    def __init__(self, kind: str = KIND) -> None:
        """Start empty; :meth:`load` fills it."""
        self.kind = kind
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
            rows = reader.kept_from(self.kind, self._seen, PAGE)
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
        marks: dict[str, Mark] = {}
        own = self.by_key.get(f"01/{gtin}/21/{serial}", ())
        inherited = self._inherited(reader, authority, gtin, found) if found is not None else ()
        for mark in (*(m for m in own if m.stands and (not m.gtins or gtin in m.gtins)), *inherited):
            if not mark.severity:
                continue
            known = marks.get(mark.alert)
            if known is None or (known.severity != "stop" and mark.severity == "stop"):
                marks[mark.alert] = mark
        return sorted(marks.values(), key=lambda mark: (mark.severity != "stop", mark.rule, mark.alert))

    def _inherited(self, reader: Reader, authority: Authority, gtin: str, found: Found) -> Iterator[Mark]:
        row = found.row
        if row is not None and row.a_key is not None:
            packed = row.packed_time or 0
            yield from (m for m in self.by_key.get(row.a_key, ()) if m.means(gtin, packed, FOREVER[0]))
            for number, since, until in self._around_of(reader, authority, row.a_key):
                yield from self._of_number(number, gtin, max(since, packed), until)
        elif found.exact is not None:
            for number, since, until in ever_around(found.exact):
                yield from self._of_number(number, gtin, since, until)

    def _of_number(self, number: int, gtin: str, since: int, until: int) -> Iterator[Mark]:
        return (m for m in self._by_number.get(number, ()) if m.means(gtin, since, until))

    def _around_of(self, reader: Reader, authority: Authority, key: str) -> list[Within]:
        """Give all that a box was ever in; the packs of one box share the answer."""
        known = self._around.get(key)
        if known is None:
            if len(self._around) >= REMEMBERED_MAX:
                self._around.clear()
            row = reader.container(key)
            known = [] if row is None else list(ever_around(container_state(reader, authority, row)))
            self._around[key] = known
        return known


def ever_around(exact: Exact) -> Iterator[Within]:
    """Give every container that a thing was ever in, directly or not, with the time in which it was."""
    return around(exact.timeline, exact.folded)


def around(timeline: Timeline, folded: Callable[[int], Timeline | None]) -> Iterator[Within]:
    """Give every container around the thing of a timeline, with the time in which it was."""
    waiting = [(stay.container, stay.since[0], (stay.until or FOREVER)[0]) for stay in timeline.state.stays]
    seen: set[Within] = set()
    while waiting:
        here = waiting.pop()
        if here in seen:
            continue
        seen.add(here)
        number, since, until = here
        yield here
        outer = folded(number)
        for stay in () if outer is None else outer.state.stays:
            first, last = max(since, stay.since[0]), min(until, (stay.until or FOREVER)[0])
            if first <= last:
                waiting.append((stay.container, first, last))
