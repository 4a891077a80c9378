"""Follows the record: each commit wakes it, what moved is judged, and what that changes is written.

The log is the outbox: events are committed with their positions, and how far they were judged is kept with what came of
it. So a crash between the two judges some events twice, which changes nothing, and forgets none. Without an approved
lane nothing is read and nothing is judged.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

from rxtrail.alerts import filing
from rxtrail.alerts.cold_watching import ColdWatch
from rxtrail.alerts.cursor import Cursor
from rxtrail.alerts.filing import Filing
from rxtrail.alerts.judging import RouteJudge
from rxtrail.alerts.on_the_way import Strays
from rxtrail.alerts.recall_clock import RecallClock
from rxtrail.errors import RxtrailError
from rxtrail.record.lanes import KIND, routes_of
from rxtrail.record.off_route import Marks
from rxtrail.record.standing import authority_of

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Iterable

    from rxtrail.alerts.detection import Detection
    from rxtrail.alerts.values import Alert
    from rxtrail.core.rules.route import Judged
    from rxtrail.ledger.log import Log
    from rxtrail.ledger.writer import Writer
    from rxtrail.store import Reader, Transaction

_LOG = logging.getLogger("rxtrail.alerts")
ROUTES: Final = "routes"
CLAIM: Final = "alerts"
EVENTS_AT_ONCE: Final = 500
DUE_AT_ONCE: Final = 500
LOOK_SECONDS: Final = 1.0
GATHER_SECONDS: Final = 0.3
"""Many small commits are judged together; an alert comes so much later at most."""
RELOAD_SECONDS: Final = 5.0
"""So soon lanes that another process approved, and master data of places, are known here."""
STOP_SECONDS: Final = 30.0


class Watching:
    """The work in the background; :meth:`settle` does it in the calling thread."""

    def __init__(
        self,
        writer: Callable[[], Writer],
        reader: Callable[[], Reader],
        *,
        now_us: Callable[[], int],
        today: Callable[[], datetime.date],
        seconds: Callable[[], float],
        changed: Callable[[], None],
        told: Callable[[list[Alert]], None],
        detection: Detection,
    ) -> None:
        """``changed`` has counters look again, ``told`` is given what was changed, after the commit."""
        self._writer, self._reader = writer, reader
        self._now, self._today, self._seconds = now_us, today, seconds
        self._changed, self._told = changed, told
        self._detection = detection
        self._lock = threading.Lock()  # one at a time: the thread, or who settles
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._claimed = False
        self._stale = True  # lanes or parties may have changed
        self._again = False  # all is to be judged again
        self._retold: set[int] = set()
        self._cursor = Cursor(ROUTES, writer, seconds)
        self._loaded_at = 0.0
        self._marks = Marks()
        self._due: dict[str, int] = {}
        self._judge: RouteJudge | None = None
        self._strays = Strays()
        self._asks: Reader | None = None  # whom the judge asks
        self._recalls = RecallClock(self._write)
        self._cold = ColdWatch(writer, today=today, seconds=seconds, write=self._write)

    # -- from other threads ----------------------------------------------------------------------------------------

    def woke(self) -> None:
        """Note that something was committed; must not wait."""
        if self._thread is None:
            with self._starting:  # the writer's thread wakes it while another may be ending it
                if not self._stopping.is_set() and self._thread is None:
                    thread = threading.Thread(target=self._run, name="rxtrail-alerts", daemon=True)
                    thread.start()
                    self._thread = thread
        self._wake.set()

    def rejudge(self) -> None:
        """Note that lanes or parties changed: everything is judged again by them."""
        self._stale = self._again = self._cold.again = True
        self._wake.set()

    def retold(self, positions: Iterable[int]) -> None:
        """Note that further speakers said events which the record had before: their word may weigh more."""
        self._retold.update(positions)

    def stop(self) -> None:
        """End, after all that was committed has been judged, as far as that takes no longer than it may."""
        with self._starting:
            self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)
            try:
                self.settle(STOP_SECONDS)
            except RxtrailError:
                return  # nothing is lost: the cursor tells from where on to judge

    def settle(self, seconds: float = STOP_SECONDS) -> None:
        """Judge all that is committed now, in this thread."""
        until = self._seconds() + seconds
        with self._lock:
            while self._step(settling=True) and self._seconds() < until:
                pass
            self._keep_cursor(always=True)

    # -- the work --------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.wait(LOOK_SECONDS)
            self._wake.clear()
            try:
                with self._lock:
                    while not self._stopping.is_set() and self._step():
                        pass
                    self._keep_cursor(always=False)
            except RxtrailError:
                self._stale = True
                self._stopping.wait(LOOK_SECONDS)  # the store is lost or closing, which others tell
            except Exception:  # noqa: BLE001 (told, and tried again: it must not silence all alerts to come)
                _LOG.exception("what moved could not be judged")
                self._stale = True
                self._stopping.wait(RELOAD_SECONDS)
            self._stopping.wait(GATHER_SECONDS)

    def _step(self, *, settling: bool = False) -> bool:
        """Judge the next events; tell whether there may be more."""
        reader = self._reader()
        reader.follow()

        def scans() -> bool:
            # Each process has its own scans.
            return (settling or self._detection.serving) and self._detection.flush(self._write)

        return _each_of(scans, lambda: self._follow(reader))

    def _follow(self, reader: Reader) -> bool:
        """Judge the next events by routes and temperatures, in the one process that does; tell as :meth:`_step`."""
        if not self._claimed:
            if not self._has_work(reader):
                return False
            # Of several processes on one record one judges; when it dies, another finds the claim free.
            self._claimed = self._writer().do(lambda tx, _log: tx.claim(CLAIM))
            if not self._claimed:
                return False
        # A reader belongs to one thread, and so does the judge that asks it: who settles makes his own.
        reload = self._stale or self._asks is not reader or self._seconds() - self._loaded_at > RELOAD_SECONDS
        retold, self._retold = self._retold, set()

        def clocks() -> bool:
            self._clocks(reader)
            return False

        def recalls() -> bool:
            self._recalls.step(reader, self._now())
            return False

        def routes() -> bool:
            if reload:
                self._load(reader)
            return self._step_routes(reader, retold)

        def temperatures() -> bool:
            if reload:
                self._cold.load(reader)
            return self._cold.step(reader, retold)

        try:
            return _each_of(clocks, recalls, routes, temperatures)
        except Exception:
            self._stale = True
            self._retold.update(retold)
            raise

    def _step_routes(self, reader: Reader, retold: set[int]) -> bool:
        if self._judge is None:
            return False
        assert self._cursor.position is not None, "what was loaded has a place in the log"
        positions = reader.event_positions(self._cursor.position, EVENTS_AT_ONCE)
        fresh = {*positions, *retold}
        things = self._judge.things_of(fresh) if fresh else set()
        now = self._now()
        things |= self._overdue(reader, now)
        if things:
            self._marks.load(reader)
            judged = self._judge.judge(things, now, fresh)
            self._bring(judged)
        if positions:
            self._cursor.position = positions[-1]
        return len(positions) == EVENTS_AT_ONCE

    def _has_work(self, reader: Reader) -> bool:
        kinds = (KIND, filing.CLOCK)
        has_some = any(reader.kept_from(kind, (-1, ""), 1) for kind in kinds)
        return has_some or self._recalls.has_work(reader) or self._cold.has_work(reader)

    def _load(self, reader: Reader) -> None:
        self._stale, self._loaded_at, self._asks = False, self._seconds(), reader
        routes = routes_of(reader)
        if not routes and not self._marks:
            self._marks.load(reader)
        # Without lanes there is nothing to judge, except that what was marked by one that is retired goes.
        if not routes and not any(self._marks.by_key.values()):
            self._judge, self._cursor.position = None, None
            return
        self._judge = RouteJudge(reader, authority_of(reader, self._today()), routes, self._strays)
        if self._cursor.position is None or self._again:
            self._cursor.load(reader, again=self._again)
            if self._again:
                self._again = False
                self._marks.load(reader)
                self._bring(self._judge.judge(self._marks.by_key, self._now()))
        self._due = _dues(reader)

    def _overdue(self, reader: Reader, now: int) -> set[str]:
        rows = reader.kept_from(filing.DUE, (-1, ""), DUE_AT_ONCE)
        return {key for key, at, _ in rows if at <= now}

    def _bring(self, judged: dict[str, Judged]) -> None:
        found = filing.changed(judged, self._marks)
        later = {k: j for k, j in judged.items() if (j.look_again or 0) != self._due.get(k, 0)}
        if not found and not later:
            return

        def write(work: Filing) -> None:
            if found:
                work.routes(found, blind={key: judged[key].blind for key in found})
            work.deadlines(later, self._due)

        self._write(write)
        for key, each in later.items():
            if each.look_again:
                self._due[key] = each.look_again
            else:
                self._due.pop(key, None)
        if found:
            self._marks.load(self._reader())

    def _write(self, work: Callable[[Filing], None]) -> None:
        """Write in one transaction, then have counters look again and tell of it."""

        def write(tx: Transaction, log: Log) -> list[Alert]:
            filed = Filing(tx, log)
            work(filed)
            return filed.changes

        changes = self._writer().do(write)
        self._changed()
        if changes:
            self._told(changes)

    def _clocks(self, reader: Reader) -> None:
        """Escalate what nobody has decided about in time."""
        now = self._now()
        rows = [key for key, at, _ in reader.kept_from(filing.CLOCK, (-1, ""), DUE_AT_ONCE) if at <= now]
        if rows:
            self._write(lambda work: work.run_out(rows))

    def _keep_cursor(self, *, always: bool) -> None:
        self._detection.returns.keep_cursor(always=always)
        self._cold.keep_cursor(always=always)
        self._cursor.keep(always=always)


def _each_of(*parts: Callable[[], bool]) -> bool:
    """Do each of these, so that a fault of one silences no other, and raise it afterwards; tell whether one says so."""
    more, failed = False, None
    for part in parts:
        try:
            more = part() or more
        except Exception as wrong:  # noqa: BLE001 (raised below)
            failed = failed or wrong
    if failed is not None:
        raise failed
    return more


def _dues(reader: Reader) -> dict[str, int]:
    found: dict[str, int] = {}
    after = (-1, "")
    while True:
        rows = reader.kept_from(filing.DUE, after, filing.PAGE)
        found.update({key: at for key, at, _ in rows})
        if len(rows) < filing.PAGE:
            return found
        after = (rows[-1][1], rows[-1][0])
