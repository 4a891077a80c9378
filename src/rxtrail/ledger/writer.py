"""The one writer: a thread that gathers works into transactions, so that many small writes share one disk sync.

A work is a function of the open transaction and the log; it runs whole or is undone whole, and its caller is told
only after the commit. Scans are evidence that nobody waits for: they are queued and written with the next commit.
When the disk fails, the writer stops for good: what follows a failed sync cannot be trusted (fsync is not retried).
When a database server is lost, what was not told as done is done again from its beginning, until it is back or the
patience of those who wait is over.
"""

from __future__ import annotations

import queue
import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, Generic, TypeVar

from rxtrail.errors import StoreFailed, StoreLost
from rxtrail.ledger.journal import Journal
from rxtrail.ledger.log import Log
from rxtrail.store.rows import RecordKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.store import Store, Transaction

WORKS_PER_COMMIT_MAX = 64
SCANS_PER_COMMIT_MAX = 10_000
SCANS_WAITING_MAX = 200_000
# Scans wait this long for company: each commit makes readers drop their page cache, and nobody waits for a scan.
SCAN_DELAY_SECONDS = 0.25
LOST_SECONDS_MAX = 30.0  # how long a lost database is waited for: a failover takes about twenty seconds
LOST_PAUSE_SECONDS = 0.3

Answer = TypeVar("Answer")


class _Work(Generic[Answer]):
    def __init__(self, run: Callable[[Transaction, Log], Answer], *, alone: bool) -> None:
        self.run = run
        self.alone = alone
        self.future: Future[Answer] = Future()


class Writer:
    """Owns the store's write side; every write of the process goes through :meth:`submit` or :meth:`note_scan`."""

    def __init__(
        self,
        store: Store,
        *,
        random_bytes: Callable[[int], bytes],
        now_us: Callable[[], int],
        committed: Callable[[int], None] = lambda _log_size: None,
        package_proofs: bool = True,
    ) -> None:
        """Start the writing thread; ``committed`` is told the size of the log after each commit.

        ``package_proofs`` has each event committed to in such a way that one of its packages can be proven alone.
        """
        self.package_proofs = package_proofs
        self._journal: Journal | None = None
        self._committed = committed
        self._store = store
        self._random = random_bytes
        self._now = now_us
        self._works: queue.SimpleQueue[_Work[object] | None] = queue.SimpleQueue()
        self._scans: list[bytes] = []
        self._awake = False  # the loop knows that scans are waiting
        self._failed: StoreFailed | None = None
        self._closing = False
        self._lost: StoreLost | None = None
        self.scans_dropped = 0
        self._thread = threading.Thread(target=self._loop, name="rxtrail-writer", daemon=True)
        self._thread.start()

    @property
    def failed(self) -> StoreFailed | None:
        """Give the failure that stopped the writer, if any."""
        return self._failed

    @property
    def lost(self) -> StoreLost | None:
        """Tell why writes are waiting, None when they are not."""
        return self._lost

    def submit(self, run: Callable[[Transaction, Log], Answer], *, alone: bool = False) -> Future[Answer]:
        """Queue a work; ``alone`` gives it a transaction of its own (a large batch).

        :raises StoreFailed: the writer has stopped.
        """
        if self._failed is not None:
            raise self._failed
        if self._closing:
            raise StoreFailed("the store is closing", advice="Start the node again.")
        work = _Work(run, alone=alone)
        self._works.put(work)  # type: ignore[arg-type]  # the queue holds works of every answer
        return work.future

    def do(self, run: Callable[[Transaction, Log], Answer], *, alone: bool = False) -> Answer:
        """Queue a work and wait until it is durable."""
        return self.submit(run, alone=alone).result()

    def note_scan(self, canonical: bytes) -> None:
        """Queue the record of a scan; it is written with the next commit, and nobody waits for it."""
        if len(self._scans) >= SCANS_WAITING_MAX:
            self.scans_dropped += 1  # told by /metrics and /readyz; the answer at the counter comes first
            return
        self._scans.append(canonical)
        if not self._awake:
            self._awake = True
            self._works.put(_Work(_nothing, alone=False))  # wakes the loop

    def close(self) -> None:
        """Write what is queued, then stop; the store is closed by its owner."""
        self._closing = True
        self._works.put(None)
        self._thread.join()
        while not self._works.empty():
            late = self._works.get_nowait()
            if late is not None:
                late.future.set_exception(StoreFailed("the store is closing", advice="Start the node again."))

    # -- the writing thread ----------------------------------------------------------------------------------------

    def _loop(self) -> None:
        carried: _Work[object] | None = None
        while True:
            first = carried or self._works.get()
            carried = None
            if first is None:
                if self._scans and self._failed is None:
                    self._commit([])
                return
            if first.run is _nothing:
                first = self._company(first)
            works = [first]
            while not first.alone and len(works) < WORKS_PER_COMMIT_MAX:
                try:
                    following = self._works.get_nowait()
                except queue.Empty:
                    break
                if following is None:
                    self._works.put(None)
                    break
                if following.alone:
                    carried = following
                    break
                works.append(following)
            self._commit(works)

    def _company(self, scans: _Work[object]) -> _Work[object]:
        """Let waiting scans gather more, until somebody comes who waits for an answer."""
        deadline = time.monotonic() + SCAN_DELAY_SECONDS
        while not self._closing:
            try:
                following = self._works.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                return scans
            if following is None:
                self._works.put(None)
                return scans
            if following.run is not _nothing:
                return following
        return scans

    def _commit(self, works: list[_Work[object]]) -> None:
        """Carry out works in one transaction; while the database is lost, again and again."""
        if self._failed is not None:
            for work in works:
                work.future.set_exception(self._failed)
            return
        deadline = time.monotonic() + LOST_SECONDS_MAX
        while True:
            lost = self._try(works)
            self._lost = lost
            if lost is None:
                return
            if self._closing or time.monotonic() > deadline:
                self._tell_all(works, lost)
                return
            time.sleep(LOST_PAUSE_SECONDS)

    def _try(self, works: list[_Work[object]]) -> StoreLost | None:
        """Carry out works in one transaction; give the error when the database was lost and nothing is done."""
        done: list[tuple[_Work[object], object]] = []
        scans: list[bytes] = []
        waiting = [work for work in works if work.run is not _nothing and not work.future.done()]
        try:
            tx = self._store.begin()
            log = Log(tx, self._random, tx.clock(self._now()), package_proofs=self.package_proofs)
            if self._journal is None or self._journal.tx is not tx:
                self._journal = Journal(tx)
            self._journal.log = log
            for work in waiting:
                self._run(self._journal.as_transaction(), log, work, done, alone=len(waiting) == 1)
            self._awake = False
            scans, self._scans = self._scans[:SCANS_PER_COMMIT_MAX], self._scans[SCANS_PER_COMMIT_MAX:]
            for scan in scans:
                log.append(RecordKind.SCAN, scan)
            log.flush()
            self._store.commit()
            self._committed(log.position)
        except BaseException as error:  # noqa: BLE001 (told to every waiting caller; the thread must not die silently)
            return self._fail(works, scans, error)
        for work, answer in done:
            work.future.set_result(answer)
        if self._scans and not self._awake:
            self._awake = True
            self._works.put(_Work(_nothing, alone=False))  # more scans than one commit takes
        return None

    def _run(
        self,
        tx: Transaction,
        log: Log,
        work: _Work[object],
        done: list[tuple[_Work[object], object]],
        *,
        alone: bool,
    ) -> None:
        """Run one work whole or not at all; a named refusal undoes it and leaves the others be.

        A work that is alone needs no savepoint (SQLite copies every page that is changed under one): when it is
        refused the whole transaction is undone.
        """
        log.flush()
        if not alone:
            self._store.savepoint()
        position = log.position
        try:
            answer = work.run(tx, log)
            log.flush()
        except Exception as error:
            if isinstance(error, StoreFailed) or self._store.failure(error) is not None:
                raise
            # A refusal is expected; anything else is our own mistake, told to whoever asked. Both undo this work only.
            if alone:
                self._store.rollback()
                again = self._store.begin()
                # Another process may have written in between.
                position, log.now = again.log_size(), again.clock(self._now())
            else:
                self._store.undo_to_savepoint()
            log.restart(position)
            work.future.set_exception(error)
            return
        if not alone:
            self._store.release()
        done.append((work, answer))

    def _fail(self, works: list[_Work[object]], scans: list[bytes], error: BaseException) -> StoreLost | None:
        """Undo the transaction; a lost database is given back, of anything else everybody is told.

        What can be cured (a full disk, a lost database) lets the writer go on; anything else stops it.
        """
        self._store.rollback()
        failure = error if isinstance(error, StoreFailed) else self._store.failure(error)
        if failure is None:
            failure = StoreFailed(f"the writer failed: {error!r}", advice="Start the node again and report this.")
        failure.__cause__ = error if error is not failure else error.__cause__
        self._scans[:0] = scans
        self._awake = False  # the works that were undone may have held the call that wakes the loop
        if isinstance(failure, StoreLost):
            return failure
        if not failure.curable:
            self._failed = failure
        self._tell_all(works, failure)
        return None

    @staticmethod
    def _tell_all(works: list[_Work[object]], failure: StoreFailed) -> None:
        for work in works:
            if not work.future.done():
                work.future.set_exception(failure)


def _nothing(_tx: Transaction, _log: Log) -> None:
    """Do nothing: a work that only wakes the loop for the waiting scans."""
