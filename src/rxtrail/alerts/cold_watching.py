"""Follows the record for temperatures: what new events may have changed is judged, and what that changes is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rxtrail.alerts import filing
from rxtrail.alerts.cold import ColdJudge, Wanderers
from rxtrail.alerts.cursor import Cursor
from rxtrail.record.cold import KIND, Profiles
from rxtrail.record.off_route import COLD, Marks
from rxtrail.record.standing import authority_of

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable

    from rxtrail.alerts.filing import Filing
    from rxtrail.core.rules.route import Judged
    from rxtrail.ledger.writer import Writer
    from rxtrail.store import Reader

TEMPERATURES: Final = "temperatures"
EVENTS_AT_ONCE: Final = 500


class ColdWatch:
    """How far events were judged by temperature profiles; used by one thread at a time."""

    def __init__(
        self,
        writer: Callable[[], Writer],
        *,
        today: Callable[[], datetime.date],
        seconds: Callable[[], float],
        write: Callable[[Callable[[Filing], None]], None],
    ) -> None:
        """``write`` brings what was found into the record, and tells of it."""
        self._today, self._write = today, write
        self.again = False  # all is to be judged anew
        self._judge: ColdJudge | None = None
        self._wanderers = Wanderers()
        self._marks = Marks(COLD)
        self._cursor = Cursor(TEMPERATURES, writer, seconds)

    @staticmethod
    def has_work(reader: Reader) -> bool:
        """Tell whether profiles were ever loaded; those that lanes name come with the lanes."""
        return bool(reader.kept_from(KIND, (-1, ""), 1))

    def load(self, reader: Reader) -> None:
        """Read profiles and parties anew."""
        profiles = Profiles(reader)
        self._marks.load(reader)
        if not profiles and not self._marks:
            self._judge, self._cursor.position, self.again = None, None, False
            return
        self._judge = ColdJudge(reader, authority_of(reader, self._today()), profiles, self._wanderers)
        if self._cursor.position is None or self.again:
            self._cursor.load(reader, again=self.again)
            if self.again:
                self.again = False
                self._bring(reader, self._judge.judge(self._marks.by_key))

    def step(self, reader: Reader, retold: set[int]) -> bool:
        """Judge the next events; tell whether there may be more."""
        if self._judge is None or self._cursor.position is None:
            return False
        positions = reader.event_positions(self._cursor.position, EVENTS_AT_ONCE)
        if positions or retold:
            self._marks.load(reader)
            self._bring(reader, self._judge.judge_events({*positions, *retold}, self._marks.by_key))
        if positions:
            self._cursor.position = positions[-1]
        return len(positions) == EVENTS_AT_ONCE

    def keep_cursor(self, *, always: bool) -> None:
        """Keep how far it has come."""
        self._cursor.keep(always=always)

    def _bring(self, reader: Reader, judged: dict[str, Judged]) -> None:
        found = filing.changed(judged, self._marks)
        if found:
            assert self._judge is not None, "what was judged was judged by it"
            # An alert tells the worst of all that it is about, so all of it is judged together.
            about = {filing.alert_of(d) for deviations in found.values() for d in deviations}
            about |= {mark.alert for key in found for mark in self._marks.by_key.get(key, ())}
            beside = {
                key
                for key, marks in self._marks.by_key.items()
                if key not in found and any(mark.alert in about for mark in marks)
            }
            found |= {key: again.deviations for key, again in self._judge.judge(beside).items() if key in beside}
            self._write(lambda work: work.routes(found, COLD))
            self._marks.load(reader)
