"""The one writer: many works share a commit, each stands or falls alone, and a failed disk stops it for good."""

from __future__ import annotations

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from rxtrail import clock
from rxtrail.errors import Refused, StoreFailed, StoreFull
from rxtrail.ledger import writer as writers
from rxtrail.ledger.log import BLOCK_BYTES
from rxtrail.ledger.writer import Writer
from rxtrail.store.rows import RecordKind
from rxtrail.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

    from sqlcipher3 import dbapi2

    from rxtrail.ledger.log import Log
    from rxtrail.store import Store, Transaction
    from rxtrail.store.rows import Record

SECONDS_MAX = 10
NOW = 1_800_000_000_000_000


@dataclass
class Bench:
    """A writer on a real store, and what it told of its commits."""

    store: Store
    commits: list[int] = field(default_factory=list)
    writer: Writer = field(init=False)

    def __post_init__(self) -> None:
        self.writer = Writer(
            self.store, random_bytes=clock.random_bytes, now_us=lambda: NOW, committed=self.commits.append
        )

    def all_records(self) -> list[tuple[Record, bytes]]:
        reader = self.store.reader()
        found = reader.records_from(0, 1 << 30)
        reader.close()
        return found

    def records(self) -> list[tuple[Record, bytes]]:
        """What works and scans said; not what the log adds of itself: changed rows, and blocks."""
        return [row for row in self.all_records() if row[0].kind not in (RecordKind.CHANGE, RecordKind.BLOCK)]

    def nth(self, futures: Iterable[Future[int]]) -> list[int]:
        """The how-manieth of all works' records each of these works appended."""
        told = [later(future) for future in futures]
        places = {row.position: at for at, (row, _) in enumerate(self.records())}
        return [places[position] for position in told]

    def bodies(self) -> list[bytes]:
        return [body for _, body in self.records()]

    def settings(self) -> dict[str, str]:
        reader = self.store.reader()
        found = reader.settings()
        reader.close()
        return found

    def held_up(self) -> Callable[[], None]:
        """Keep the writer busy until the answer is called, so that works pile up behind."""
        begun, go = threading.Event(), threading.Event()

        def wait(_tx: Transaction, _log: Log) -> None:
            begun.set()
            assert go.wait(SECONDS_MAX)

        self.writer.submit(wait, alone=True)
        assert begun.wait(SECONDS_MAX)
        return go.set


@pytest.fixture
def bench(open_record: Callable[[], Store]) -> Iterator[Bench]:
    opened = open_record()
    found = Bench(opened)
    yield found
    found.writer.close()
    opened.close()


def append(body: bytes, *, setting: str = "") -> Callable[[Transaction, Log], int]:
    def work(tx: Transaction, log: Log) -> int:
        if setting:
            tx.set_settings({setting: "1"})
        return log.append(RecordKind.COMMAND, body)

    return work


def refuse(error: Exception, body: bytes = b"refused") -> Callable[[Transaction, Log], int]:
    """Write a little, then refuse."""

    def work(tx: Transaction, log: Log) -> int:
        tx.set_settings({"refused": "1"})
        log.append(RecordKind.COMMAND, body)
        raise error

    return work


def dbapi2_of(store: Store) -> dbapi2.Connection:
    """The writing connection, to plant a full disk on."""
    assert isinstance(store, SqliteStore)
    assert store._writer is not None
    return store._writer._connection


def later(future: Future[int]) -> int:
    return future.result(timeout=SECONDS_MAX)


# -- together ------------------------------------------------------------------------------------------------------


def test_works_that_wait_share_a_commit(bench: Bench) -> None:
    go_on = bench.held_up()
    futures = [bench.writer.submit(append(b"%d" % number)) for number in range(50)]
    go_on()
    assert bench.nth(futures) == list(range(50))
    assert bench.commits == [0, 101], "each with the record of its block; the key that they are sealed under"
    assert bench.bodies() == [b"%d" % number for number in range(50)]


def test_no_commit_takes_more_works_than_its_limit(bench: Bench) -> None:
    go_on = bench.held_up()
    futures = [bench.writer.submit(append(b"x")) for _ in range(writers.WORKS_PER_COMMIT_MAX + 6)]
    go_on()
    for future in futures:
        later(future)
    assert bench.commits == [0, 2 * writers.WORKS_PER_COMMIT_MAX + 1, 2 * (writers.WORKS_PER_COMMIT_MAX + 6) + 1]


def test_a_work_that_is_alone_shares_its_commit_with_nobody_and_keeps_its_turn(bench: Bench) -> None:
    go_on = bench.held_up()
    futures = [
        bench.writer.submit(append(b"1")),
        bench.writer.submit(append(b"2")),
        bench.writer.submit(append(b"alone"), alone=True),
        bench.writer.submit(append(b"4")),
    ]
    go_on()
    assert bench.nth(futures) == [0, 1, 2, 3]
    assert bench.commits == [0, 5, 7, 9]


def test_a_caller_is_told_only_after_the_commit(bench: Bench) -> None:
    future = bench.writer.submit(append(b"x", setting="told"))
    later(future)
    assert bench.settings() == {"told": "1"}, "another connection sees it"


# -- alone in failing ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [Refused("no"), ValueError("our own mistake"), AssertionError("ours too")])
@pytest.mark.parametrize("alone", [False, True])
def test_a_work_that_fails_undoes_itself_only_and_only_its_caller_is_told(
    error: Exception, alone: bool, bench: Bench
) -> None:
    go_on = bench.held_up()
    before = bench.writer.submit(append(b"before", setting="before"))
    failed = bench.writer.submit(refuse(error), alone=alone)
    after = bench.writer.submit(append(b"after", setting="after"))
    go_on()
    assert bench.nth([before, after]) == [0, 1]
    with pytest.raises(type(error)) as told:
        later(failed)
    assert told.value is error
    assert bench.settings() == {"before": "1", "after": "1"}
    assert bench.bodies() == [b"before", b"after"]
    assert bench.writer.failed is None
    assert bench.nth([bench.writer.submit(append(b"next"))]) == [2]


def test_a_refused_work_that_filled_whole_blocks_leaves_none_of_them(bench: Bench) -> None:
    def work(_tx: Transaction, log: Log) -> None:
        for _ in range(5):
            log.append(RecordKind.COMMAND, b"y" * BLOCK_BYTES)
        raise Refused("too much")

    go_on = bench.held_up()
    first = bench.writer.submit(append(b"first"))
    failed = bench.writer.submit(work)
    second = bench.writer.submit(append(b"z" * (BLOCK_BYTES + 5)))
    go_on()
    assert bench.nth([first, second]) == [0, 1]
    with pytest.raises(Refused):
        failed.result(timeout=SECONDS_MAX)
    assert bench.bodies() == [b"first", b"z" * (BLOCK_BYTES + 5)]


def test_names_that_a_refused_work_numbered_are_not_used_by_the_next(bench: Bench) -> None:
    def number(tx: Transaction, _log: Log) -> int:
        tx.name_id("gone")
        raise Refused("no")

    go_on = bench.held_up()
    failed = bench.writer.submit(number)
    kept = bench.writer.submit(lambda tx, _log: tx.name_id("kept"))
    again = bench.writer.submit(lambda tx, _log: tx.name_id("gone"))
    go_on()
    with pytest.raises(Refused):
        later(failed)
    assert later(kept) != later(again)
    reader = bench.store.reader()
    assert (reader.name(later(kept)), reader.name(later(again))) == ("kept", "gone")
    reader.close()


# -- a failing store -----------------------------------------------------------------------------------------------


def test_a_store_that_fails_stops_the_writer_for_good_and_everybody_is_told(bench: Bench) -> None:
    failure = StoreFailed("the disk is gone")
    go_on = bench.held_up()
    futures = [
        bench.writer.submit(append(b"before", setting="before")),
        bench.writer.submit(refuse(failure)),
        bench.writer.submit(append(b"after")),
    ]
    go_on()
    for future in futures:
        with pytest.raises(StoreFailed) as told:
            later(future)
        assert told.value is failure
    assert bench.writer.failed is failure
    with pytest.raises(StoreFailed):
        bench.writer.submit(append(b"too late"))
    assert bench.settings() == {}
    assert bench.bodies() == []


def test_works_that_wait_when_the_store_fails_are_told(bench: Bench) -> None:
    go_on = bench.held_up()
    failed = bench.writer.submit(refuse(StoreFailed("gone")), alone=True)
    waiting = [bench.writer.submit(append(b"x")) for _ in range(3)]
    go_on()
    for future in [failed, *waiting]:
        with pytest.raises(StoreFailed):
            later(future)


def test_a_work_that_asks_for_what_cannot_be_undoes_only_itself(bench: Bench) -> None:
    bench.writer.do(append(b"x"))
    with pytest.raises(Exception, match=r"UNIQUE|unique"):
        bench.writer.do(lambda tx, _log: tx.add_records([bench.records()[0][0]]))
    assert bench.writer.failed is None
    assert bench.nth([bench.writer.submit(append(b"y"))]) == [1]


def test_a_full_disk_is_told_and_the_writer_goes_on_when_there_is_room_again(bench: Bench) -> None:
    for alone in (True, False):
        with pytest.raises(StoreFull):
            bench.writer.do(refuse(StoreFull("no room")), alone=alone)
    assert bench.writer.failed is None
    assert bench.writer.do(append(b"x")) == 0
    assert bench.settings() == {}


@pytest.mark.sqlite_only  # tests/store fills the disk of a server
@pytest.mark.parametrize("alone", [False, True])
def test_a_database_without_room_is_told_and_written_to_again_when_there_is_room(alone: bool, bench: Bench) -> None:
    bench.writer.do(append(b"before"))
    connection = dbapi2_of(bench.store)

    def fill(tx: Transaction, _log: Log) -> int:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
        tx.set_settings({f"key {number}": "x" * 4000 for number in range(200)})
        return 0

    with pytest.raises(StoreFull):
        later(bench.writer.submit(fill, alone=alone))
    connection.execute("PRAGMA max_page_count = 1000000")
    assert bench.writer.failed is None
    assert bench.nth([bench.writer.submit(append(b"after"))]) == [1]
    assert bench.settings() == {}
    assert bench.bodies() == [b"before", b"after"]


def test_scans_that_did_not_fit_are_written_when_there_is_room_again(bench: Bench) -> None:
    go_on = bench.held_up()
    full = bench.writer.submit(refuse(StoreFull("no room")))
    bench.writer.note_scan(b"scan")
    go_on()
    with pytest.raises(StoreFull):
        later(full)
    bench.writer.do(append(b"x"))
    bench.writer.close()
    assert sorted(bench.bodies()) == [b"scan", b"x"]


# -- scans ---------------------------------------------------------------------------------------------------------


def scans(bench: Bench) -> list[bytes]:
    return [body for row, body in bench.records() if row.kind == RecordKind.SCAN]


def until(test: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS_MAX
    while not test():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_scan_is_written_without_being_waited_for(bench: Bench) -> None:
    go_on = bench.held_up()
    bench.writer.note_scan(b"scan")  # comes back although the writer is busy
    assert scans(bench) == []
    go_on()
    until(lambda: scans(bench) == [b"scan"])


def test_a_scan_alone_is_written_although_nobody_else_writes(bench: Bench) -> None:
    bench.writer.note_scan(b"one")
    until(lambda: scans(bench) == [b"one"])
    bench.writer.note_scan(b"two")
    until(lambda: scans(bench) == [b"one", b"two"])


def test_scans_go_with_the_next_commit(bench: Bench) -> None:
    for number in range(20):
        bench.writer.note_scan(b"%d" % number)
    bench.writer.do(append(b"work"))
    assert scans(bench) == [b"%d" % number for number in range(20)]


def test_scans_are_written_before_the_writer_closes(bench: Bench) -> None:
    go_on = bench.held_up()
    last = bench.writer.submit(append(b"work"))
    for number in range(100):
        bench.writer.note_scan(b"%d" % number)
    go_on()
    bench.writer.close()
    assert later(last) >= 0
    assert scans(bench) == [b"%d" % number for number in range(100)]


def test_more_scans_than_one_commit_takes_are_all_written_before_the_writer_closes(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writers, "SCANS_PER_COMMIT_MAX", 10)
    go_on = bench.held_up()
    for number in range(45):
        bench.writer.note_scan(b"%d" % number)
    go_on()
    bench.writer.close()
    assert scans(bench) == [b"%d" % number for number in range(45)]


def test_more_scans_than_one_commit_takes_are_written_in_several(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writers, "SCANS_PER_COMMIT_MAX", 10)
    go_on = bench.held_up()
    for number in range(45):
        bench.writer.note_scan(b"%d" % number)
    go_on()
    until(lambda: len(scans(bench)) == 45)
    assert all(after - before <= 10 + 1 for before, after in itertools.pairwise(bench.commits))


def test_scans_beyond_what_may_wait_are_counted(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writers, "SCANS_WAITING_MAX", 3)
    go_on = bench.held_up()
    for number in range(5):
        bench.writer.note_scan(b"%d" % number)
    assert bench.writer.scans_dropped == 2
    go_on()
    until(lambda: scans(bench) == [b"0", b"1", b"2"])


# -- closing -------------------------------------------------------------------------------------------------------


def test_what_is_queued_is_written_before_the_writer_closes_and_nothing_after(bench: Bench) -> None:
    go_on = bench.held_up()
    futures = [bench.writer.submit(append(b"x")) for _ in range(writers.WORKS_PER_COMMIT_MAX * 2)]
    go_on()
    bench.writer.close()
    assert bench.nth(futures) == list(range(len(futures)))
    with pytest.raises(StoreFailed, match="closing"):
        bench.writer.submit(append(b"late"))
    assert bench.writer.failed is None


# -- the log under load --------------------------------------------------------------------------------------------


def test_positions_are_dense_and_ids_and_salts_unique_under_16_threads(bench: Bench) -> None:
    each = 40

    def work(thread: int) -> list[int]:
        positions = []
        for number in range(each):
            if number % 10 == 9:
                with pytest.raises(Refused):
                    bench.writer.do(refuse(Refused("no"), b"r" * 5_000))
            positions.append(bench.writer.do(append(b"%d-%d" % (thread, number)), alone=number % 13 == 12))
            bench.writer.note_scan(b"scan %d-%d" % (thread, number))
        return positions

    with ThreadPoolExecutor(16) as pool:
        told = list(pool.map(work, range(16)))
    bench.writer.close()
    assert [row.position for row, _ in bench.all_records()] == list(range(len(bench.all_records())))
    records = bench.records()
    rows = [row for row, _ in records]
    assert len(rows) == 16 * each * 2
    bodies = {row.position: body for row, body in records}
    for thread, positions in enumerate(told):
        assert positions == sorted(positions)
        assert [bodies[position] for position in positions] == [b"%d-%d" % (thread, number) for number in range(each)]
    assert sorted(scans(bench)) == sorted(b"scan %d-%d" % (thread, n) for thread in range(16) for n in range(each))
    assert len({row.id for row in rows}) == len({row.salt for row in rows}) == len(rows)
    assert {(len(row.id), len(row.salt), row.recorded_at) for row in rows} == {(16, 32, NOW)}
    assert len(bench.commits) < len(rows), "works shared commits"
    assert bench.commits == sorted(bench.commits)
    assert bench.commits[-1] == len(bench.all_records())
