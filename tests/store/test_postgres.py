"""What only PostgreSQL promises: durable servers only, one log of several writers, no loss by a lost connection."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import conninfo

from rxtrail import clock
from rxtrail.errors import BadRequest, StoreFailed, StoreFull, StoreLost
from rxtrail.ledger import writer as writers
from rxtrail.store.postgres import connect, distribute, listen, open_store
from rxtrail.store.postgres import engine as engines
from rxtrail.store.rows import RecordKind
from tests.postgres.cut import Fate, Proxy, Statement
from tests.postgres.databases import uri
from tests.postgres.server import Server
from tests.store.test_contract import add_event, add_making, writing
from tests.store.works import DAY_US, UNITS, assert_done_once, begin_job, reading, work, writer_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rxtrail.ledger.log import Log
    from rxtrail.store import Transaction
    from rxtrail.store.postgres import PostgresStore

SECONDS_MAX = 30
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once: these tests cut hundreds of connections."""
    monkeypatch.setattr(writers, "LOST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(engines, "SETTLE_PAUSE", 0.01)
    monkeypatch.setattr(listen, "_AGAIN_SECONDS", 0.05)


@pytest.fixture
def dsn(postgres_dsn: str) -> str:
    """A record with a job that counts the works done."""
    store = open_store(postgres_dsn)
    with writer_of(store) as writer:
        writer.do(begin_job)
    return postgres_dsn


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server of our own, whatever RXTRAIL_TEST_PG_DSN says: these tests kill it."""
    with Server() as started:
        yield started


def execute(dsn: str, *statements: str) -> list[tuple[object, ...]]:
    """Do something behind the store's back; give the rows of the last statement, if it has any."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        *earlier, last = statements
        for statement in earlier:
            connection.execute(statement.encode())
        done = connection.execute(last.encode())
        return done.fetchall() if done.description else []


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS_MAX
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def check(dsn: str, names: list[str], *, units: int = UNITS) -> None:
    """Look with the eyes of somebody who comes later."""
    store = open_store(dsn, writable=False)
    try:
        assert_done_once(store, names, units=units)
    finally:
        store.close()


# -- which servers and databases -----------------------------------------------------------------------------------


@pytest.mark.parametrize("setting", ["synchronous_commit", "fsync", "full_page_writes"])
def test_a_server_whose_commit_is_no_promise_is_refused(setting: str, server: Server) -> None:
    dsn = server.create_database()
    if setting == "synchronous_commit":
        execute(dsn, f"alter database {conninfo.conninfo_to_dict(dsn)['dbname']} set {setting} = off")
    else:
        execute(dsn, f"alter system set {setting} = off", "select pg_reload_conf()")
        until(lambda: execute(dsn, f"show {setting}") == [("off",)])
    try:
        with pytest.raises(StoreFailed, match=f"{setting} is off") as refused:
            open_store(dsn)
        assert setting in refused.value.advice
        assert execute(dsn, "select to_regclass('log_head')") == [(None,)]
    finally:
        execute(dsn, f"alter system reset {setting}", "select pg_reload_conf()")
        server.drop_database(dsn)


@pytest.mark.parametrize("setting", ["remote_write", "remote_apply"])
def test_a_server_that_syncs_at_least_its_own_disk_is_taken(setting: str, postgres_dsn: str) -> None:
    name = conninfo.conninfo_to_dict(postgres_dsn)["dbname"]
    execute(postgres_dsn, f"alter database {name} set synchronous_commit = {setting}")
    open_store(postgres_dsn).close()


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_that_cannot_hold_every_text_is_refused(encoding: str, server: Server) -> None:
    name = f"in_{encoding.lower()}"
    execute(
        server.dsn(), f"create database {name} template template0 encoding '{encoding}' lc_collate 'C' lc_ctype 'C'"
    )
    with pytest.raises(StoreFailed, match="UTF-8") as refused:
        open_store(server.dsn(name))
    assert "createdb -E UTF8" in refused.value.advice
    execute(server.dsn(), f"drop database {name}")


def test_no_password_is_ever_told(
    postgres_dsn: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = "Tell-Nobody-77"
    params = conninfo.conninfo_to_dict(postgres_dsn)
    place = {**params, "password": secret}
    # A password that was not escaped ends up in another word of the URL.
    unreadable = [
        f"postgresql://someone:{secret}@127.0.0.1/x?no_such_word=1",
        f"postgresql://someone:{secret}%zz@127.0.0.1/x",
        f"postgresql://someone:{secret}@[::1/x",
        f"postgresql://someone:{secret}/more@127.0.0.1/x",
        f"postgresql://someone:start@{secret}@127.0.0.1/x",
        f"host=127.0.0.1 password={secret} port={secret}",
    ]
    wrong = [
        uri(place),
        f"postgresql://someone:{secret}?more@127.0.0.1/x",
        uri({**place, "dbname": "no_such_database"}),
        uri({**place, "port": 1}),
        uri({**place, "host": "no-such-host.invalid"}),
        uri({**place, "sslmode": "require"}),
        uri({**place, "options": "-c no_such_setting=1"}),
        uri({**place, "target_session_attrs": "standby"}),
    ]
    for url in [*unreadable, *wrong]:
        with pytest.raises((BadRequest, StoreFailed)) as refused:
            open_store(url)
        error: BaseException | None = refused.value
        assert isinstance(error, BadRequest) == (url in unreadable), url
        # What is told to people, and the words of every error that a log would show below it.
        told = [refused.value.message, refused.value.advice, refused.value.place]
        while error is not None:
            told += [str(error), repr(error)]
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        assert secret not in " ".join(told), url
    assert secret not in caplog.text
    assert secret not in "".join(capsys.readouterr())


def test_a_reader_of_an_empty_database_is_told_so_and_makes_nothing(postgres_dsn: str) -> None:
    with pytest.raises(StoreFailed, match="no record in this database"):
        open_store(postgres_dsn, writable=False)
    assert execute(postgres_dsn, "select to_regclass('log_head')") == [(None,)]


def test_only_citus_can_be_distributed(postgres_dsn: str) -> None:
    if execute(postgres_dsn, "select 1 from pg_extension where extname = 'citus'"):
        pytest.skip("this server has Citus")
    with pytest.raises(BadRequest, match="no Citus extension"):
        distribute(postgres_dsn)


# -- migrations ----------------------------------------------------------------------------------------------------


def test_tables_of_a_newer_program_are_refused(dsn: str) -> None:
    execute(dsn, "insert into migration values (999, '0999_later.sql', 'x')")
    with pytest.raises(StoreFailed, match="written by a newer rxtrail"):
        open_store(dsn)


def test_tables_of_another_history_are_refused(dsn: str) -> None:
    execute(dsn, "update migration set sha256 = 'x' where number = 1")
    with pytest.raises(StoreFailed, match="is not the one that made this store"):
        open_store(dsn)


def test_a_migration_that_fails_leaves_nothing(postgres_dsn: str) -> None:
    execute(postgres_dsn, "create table unit (mine int)")
    with pytest.raises(StoreFailed):
        open_store(postgres_dsn)
    assert execute(postgres_dsn, "select to_regclass('log_head'), to_regclass('migration')") == [(None, None)]


def test_many_who_open_an_empty_database_at_once_all_find_the_tables(postgres_dsn: str) -> None:
    together = threading.Barrier(8)

    def opened(_: int) -> None:
        together.wait()
        open_store(postgres_dsn).close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(opened, range(8)))
    rows = execute(postgres_dsn, "select number from migration order by number")
    assert rows == [(number,) for number in range(1, len(rows) + 1)]


# -- several writers -----------------------------------------------------------------------------------------------


def test_writers_of_several_stores_share_one_log_without_holes_or_doubles(dsn: str) -> None:
    writing_, each = 4, 15
    together = threading.Barrier(writing_)

    def write(who: int) -> list[int]:
        with writer_of(open_store(dsn)) as writer:
            together.wait()
            return [writer.do(work(f"{who}.{number}"), alone=number % 2 == 0) for number in range(each)]

    with ThreadPoolExecutor(writing_) as pool:
        positions = list(pool.map(write, range(writing_)))
    assert all(own == sorted(own) for own in positions)
    assert len(set(itertools.chain(*positions))) == writing_ * each
    check(dsn, [f"{who}.{number}" for who in range(writing_) for number in range(each)])


def test_a_refused_work_of_one_leaves_no_hole_for_the_other(dsn: str) -> None:
    def refuse(tx: Transaction, log: Log) -> int:
        work("refused")(tx, log)
        raise BadRequest("no")

    with writer_of(open_store(dsn)) as one, writer_of(open_store(dsn)) as other:
        for number in range(4):
            with pytest.raises(BadRequest):
                one.do(refuse, alone=number % 2 == 0)
            other.do(work(f"other {number}"))
            one.do(work(f"one {number}"))
    check(dsn, [f"{who} {number}" for who in ("one", "other") for number in range(4)])


def test_one_job_is_worked_on_by_one_process_until_its_connection_ends(dsn: str) -> None:
    def claim(tx: Transaction, _log: Log) -> bool:
        return tx.claim("job")

    one, other = open_store(dsn), open_store(dsn)
    with writer_of(other) as second:
        with writer_of(one) as first:
            assert first.do(claim)
            assert first.do(claim)
            assert not second.do(claim)
        # The server lets go when it has noticed that the connection is closed.
        until(lambda: second.do(claim))


def hears(store: PostgresStore) -> bool:
    with reading(store) as reader:
        reader.follow()
    return store._site.listener.hearing


def test_what_others_change_is_followed_also_when_the_listener_was_cut_off(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Proxy(dsn) as proxy, contextlib.ExitStack() as opened:
        here, there = open_store(proxy.dsn), open_store(dsn)
        opened.callback(here.close)
        opened.callback(there.close)
        with writer_of(open_store(dsn)) as writer:
            writer.do(lambda _tx, log: log.append(RecordKind.EVENT, b"event"))
        with writing(there) as tx:
            position = tx.log_size()
            add_event(tx, position)
            _, making = add_making(tx, position)
        reader = here.reader()
        opened.callback(reader.close)

        def void(by: int | None) -> None:
            with writing(there) as tx:
                tx.void(position, by)

        def sees(voided: bool) -> bool:
            reader.follow()
            return reader.making(making).voided is voided

        assert sees(voided=False)
        until(lambda: hears(here))
        void(7)
        until(lambda: sees(voided=True))

        # Killed by the server: it listens again, and has missed nothing meanwhile.
        listener = "select pid from pg_stat_activity where query like 'LISTEN%' and datname = current_database()"
        (pid,) = execute(dsn, listener)[0]
        execute(dsn, f"select pg_terminate_backend({pid}, 5000)")
        void(None)
        until(lambda: sees(voided=False))
        until(lambda: hears(here) and execute(dsn, listener) not in ([], [(pid,)]))

        # It cannot listen at all: readers ask the counter, and each change is seen at the very next question.
        monkeypatch.setattr(here._site.listener, "_again_seconds", 60, raising=False)
        proxy.refuses = True
        (pid,) = execute(dsn, listener)[0]
        execute(dsn, f"select pg_terminate_backend({pid}, 5000)")
        until(lambda: not here._site.listener.hearing)
        for voided in (True, False, True):
            void(7 if voided else None)
            assert sees(voided=voided)
        proxy.refuses = False
        until(lambda: hears(here))
        void(None)
        until(lambda: sees(voided=False))


def test_a_store_that_listens_closes_at_once(dsn: str) -> None:
    store = open_store(dsn)
    until(lambda: hears(store))
    started = time.perf_counter()
    store.close()
    assert time.perf_counter() - started < 0.25  # it looks up only twice a second


# -- lost connections ----------------------------------------------------------------------------------------------


class Cutter:
    """Lets one thing happen at the n-th statement of the writer, once."""

    def __init__(self, at: int, do: Callable[[Statement], Fate]) -> None:
        self.at = at
        self.do = do
        self.count = 0
        self.seen: list[bytes] = []

    def __call__(self, statement: Statement) -> Fate:
        if not statement.writes:
            return Fate.PASS
        self.count += 1
        self.seen.append(statement.kind + statement.text)
        return self.do(statement) if self.count == self.at else Fate.PASS


def statements_of_a_work(dsn: str) -> int:
    """Count what a writer that is connected sends for one work."""
    with Proxy(dsn) as proxy, writer_of(open_store(proxy.dsn)) as writer:
        writer.do(work("first"))
        proxy.judge = counting = Cutter(0, lambda _: Fate.PASS)
        writer.do(work("counted"))
    assert any(b"COMMIT" in text for text in counting.seen), counting.seen
    return counting.count


@pytest.mark.parametrize("fate", [Fate.BEFORE, Fate.HALF, Fate.AFTER], ids=lambda fate: fate.name.lower())
def test_a_work_is_done_once_wherever_its_connection_is_cut(fate: Fate, dsn: str) -> None:
    count = statements_of_a_work(dsn)
    assert count > 15
    names = ["first", "counted"]
    with Proxy(dsn) as proxy, writer_of(open_store(proxy.dsn)) as writer:
        for at in range(1, count + 1):
            proxy.judge = cutter = Cutter(at, lambda _: fate)
            writer.do(work(f"cut at {at}"))
            assert cutter.count > at, "it was not cut"
            names.append(f"cut at {at}")
    check(dsn, names)


def test_a_work_is_done_once_wherever_its_backend_is_ended(dsn: str) -> None:
    count = statements_of_a_work(dsn)
    names = ["first", "counted"]

    def end(_: Statement) -> Fate:
        execute(
            dsn,
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
            " where application_name = 'rxtrail writer' and datname = current_database()",
        )
        return Fate.PASS

    with Proxy(dsn) as proxy, writer_of(open_store(proxy.dsn)) as writer:
        for at in range(1, count + 1):
            proxy.judge = cutter = Cutter(at, end)
            writer.do(work(f"ended at {at}"))
            assert cutter.count > at
            names.append(f"ended at {at}")
    check(dsn, names)


def test_works_of_two_are_done_once_when_the_answers_to_their_commits_are_lost(dsn: str) -> None:
    """While one asks what became of its transaction, the other one has written already."""
    each = 12

    def deaf(statement: Statement) -> Fate:
        return Fate.AFTER if statement.writes and b"COMMIT" in statement.text and next(odd) % 2 else Fate.PASS

    odd = itertools.count()

    def write(who: int) -> None:
        with Proxy(dsn) as proxy, writer_of(open_store(proxy.dsn)) as writer:
            proxy.judge = deaf
            for number in range(each):
                writer.do(work(f"{who}.{number}"))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, range(2)))
    check(dsn, [f"{who}.{number}" for who in range(2) for number in range(each)])


def test_a_commit_that_the_server_never_got_is_not_told_as_done(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writers, "LOST_SECONDS_MAX", 0.5)
    monkeypatch.setattr(engines, "SETTLE_SECONDS", 0.5)
    with Proxy(dsn) as proxy, writer_of(open_store(proxy.dsn)) as writer:
        writer.do(work("first"))

        def gone(statement: Statement) -> Fate:
            if statement.writes and b"COMMIT" in statement.text:
                proxy.refuses = True
                return Fate.BEFORE
            return Fate.PASS

        proxy.judge = gone
        with pytest.raises(StoreLost):
            writer.do(work("lost"))
        assert writer.failed is None
        proxy.refuses = False
        proxy.judge = lambda _: Fate.PASS
        writer.do(work("after"))
    check(dsn, ["first", "after"])


def test_a_commit_whose_end_nobody_can_tell_is_told_as_lost_and_may_be_asked_again(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server has committed, and stays away longer than anybody waits: the caller hears neither yes nor no."""
    monkeypatch.setattr(writers, "LOST_SECONDS_MAX", 0.3)
    monkeypatch.setattr(engines, "SETTLE_SECONDS", 0.3)
    with Proxy(dsn) as proxy, writer_of(open_store(proxy.dsn)) as writer:
        writer.do(work("first"))

        def gone(statement: Statement) -> Fate:
            if statement.writes and b"COMMIT" in statement.text:
                proxy.refuses = True
                return Fate.AFTER
            return Fate.PASS

        proxy.judge = gone
        with pytest.raises(StoreLost):
            writer.do(work("unheard"))
        proxy.refuses = False
        proxy.judge = lambda _: Fate.PASS
        writer.do(work("after"))
    check(dsn, ["first", "unheard", "after"])


def test_a_server_that_restarts_in_the_middle_of_a_copy_gets_it_again_whole(server: Server) -> None:
    dsn = server.create_database()
    with writer_of(open_store(dsn)) as writer:
        writer.do(begin_job)
    names = ["first", *(f"restart {kind}" for kind in ("fast", "immediate", "kill"))]
    units = 20_000
    with Proxy(dsn) as proxy, writer_of(open_store(proxy.dsn)) as writer:
        writer.do(work("first", units=units))
        for name in names[1:]:
            mode = name.split()[1]
            pieces: list[int] = []

            def restart(statement: Statement, mode: str = mode, pieces: list[int] = pieces) -> Fate:
                if statement.kind == b"d" and b"COPY unit " in statement.text and not pieces:
                    pieces.append(1)
                    server.kill() if mode == "kill" else server.stop(mode)  # type: ignore[arg-type]
                    server.start()
                return Fate.PASS

            proxy.judge = restart
            writer.do(work(name, units=units))
            assert pieces, "no COPY was seen"
    check(dsn, names, units=units)
    server.drop_database(dsn)


def test_a_stalled_network_is_waited_for_and_then_given_up(dsn: str) -> None:
    with Proxy(dsn) as proxy, writer_of(open_store(proxy.dsn)) as writer:
        first = writer.do(work("first"))
        proxy.stall()
        future = writer.submit(work("stalled"))
        time.sleep(0.2)
        assert not future.done()
        proxy.go_on()
        assert future.result(SECONDS_MAX) > first
    check(dsn, ["first", "stalled"])


def test_a_reader_whose_connection_was_lost_answers_on_a_new_one(dsn: str) -> None:
    with Proxy(dsn) as proxy:
        store = open_store(proxy.dsn)
        reader = store.reader()
        size = reader.log_size()
        assert proxy.cut() > 0
        assert reader.log_size() == size
        proxy.refuses = True
        proxy.cut()
        with pytest.raises(StoreLost) as lost:
            reader.log_size()
        assert lost.value.curable
        proxy.refuses = False
        assert reader.log_size() == size
        reader.close()
        store.close()


def test_a_view_that_was_held_still_is_never_continued_on_another_connection(dsn: str) -> None:
    with Proxy(dsn) as proxy:
        store = open_store(proxy.dsn)
        reader = store.reader()
        reader.hold_still()
        proxy.cut()
        with pytest.raises(StoreLost):
            reader.log_size()
        reader.close()
        store.close()


# -- no room, no time ----------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A database on a disk of its own, and a file whose removal makes room on it."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder = server.folder / "small"
    folder.mkdir(mode=0o700)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=48m,mode=0700", "tmpfs", str(folder)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("this machine lets nobody mount a small disk")
    try:
        owner = server.data.stat()
        os.chown(folder, owner.st_uid, owner.st_gid)
        execute(server.dsn(), f"create tablespace small location '{folder}'")
        execute(server.dsn(), "create database on_small template template0 encoding 'UTF8' tablespace small")
        dsn = server.dsn("on_small")
        with writer_of(open_store(dsn)) as writer:
            writer.do(begin_job)
        yield dsn, folder / "ballast"
        server.drop_database(dsn)
        execute(server.dsn(), "drop tablespace small")
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_told_and_the_writer_goes_on_when_there_is_room_again(small_disk: tuple[str, Path]) -> None:
    dsn, ballast = small_disk
    units = 2_000
    names = []
    with writer_of(open_store(dsn)) as writer:
        for round_ in range(2):
            name = f"before {round_}"
            writer.do(work(name, units=units))
            names.append(name)
            fill_up(ballast)

            def go_on(round_: int = round_) -> None:
                for number in range(200):
                    name = f"more {round_} {number}"
                    writer.do(work(name, units=units), alone=number % 2 == 0)
                    names.append(name)

            with pytest.raises(StoreFull) as full:
                go_on()
            assert "No space left on device" in full.value.message
            assert writer.failed is None
            check(dsn, names, units=units)
            ballast.unlink()
            writer.do(work(f"after {round_}", units=units))
            names.append(f"after {round_}")
    check(dsn, names, units=units)


def fill_up(ballast: Path) -> None:
    """Leave no whole page of room."""
    with ballast.open("wb", buffering=0) as out:
        for piece in (1 << 20, 1 << 12):
            try:
                while True:
                    out.write(b"x" * piece)
            except OSError:
                continue


def test_a_question_that_takes_too_long_is_given_up_and_the_next_one_is_answered(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "STATEMENT_SECONDS_READER", 1)
    store = open_store(dsn)
    with reading(store) as reader, psycopg.connect(dsn) as other:
        other.execute("lock table unit in access exclusive mode")
        started = time.monotonic()
        with pytest.raises(StoreLost, match="statement timeout"):
            reader.units_of(1, ["a"])
        assert 0.9 < time.monotonic() - started < 10
        other.rollback()
        assert reader.units_of(1, ["a"]) == {}
    store.close()


def test_a_log_that_somebody_holds_is_waited_for_no_longer_than_the_lock_timeout(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "LOCK_SECONDS_WRITER", 1)
    monkeypatch.setattr(writers, "LOST_SECONDS_MAX", 0)
    with writer_of(open_store(dsn)) as writer, psycopg.connect(dsn) as other:
        other.execute("select 1 from log_head for update")
        with pytest.raises(StoreLost, match="lock timeout"):
            writer.do(work("waiting"))
        other.rollback()
        writer.do(work("after"))
    check(dsn, ["after"])


# -- a holder that freezes -----------------------------------------------------------------------------------------

FROZEN = """
import sys
from rxtrail.store.postgres import connect, open_store
from tests.store.works import work, writer_of
connect.IDLE_IN_TRANSACTION_SECONDS = 1
runs = []
def hold(tx, log):
    position = work("frozen")(tx, log)
    log.flush()
    runs.append(position)
    if len(runs) == 1:
        print("held", flush=True)
        sys.stdin.readline()
    return position
with writer_of(open_store(sys.argv[1])) as writer:
    print(writer.do(hold), len(runs), flush=True)
"""


def test_a_frozen_holder_loses_the_log_and_does_its_work_once_when_it_thaws(dsn: str) -> None:
    """Its transaction is ended by the server; what it then does, it does anew."""
    holder = subprocess.Popen(
        [sys.executable, "-c", FROZEN, dsn],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert holder.stdin is not None
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == "held\n"
        holder.send_signal(signal.SIGSTOP)
        with writer_of(open_store(dsn)) as writer:
            started = time.monotonic()
            others = writer.do(work("others"))
            assert 0.5 < time.monotonic() - started < 10
            holder.send_signal(signal.SIGCONT)
            holder.stdin.write("\n")
            holder.stdin.flush()
            frozen, runs = map(int, holder.stdout.readline().split())
            assert runs == 2
            assert frozen > others
            assert holder.wait(SECONDS_MAX) == 0
            assert writer.do(work("later")) > frozen
    finally:
        holder.kill()
        holder.communicate()
    check(dsn, ["others", "frozen", "later"])


# -- clocks --------------------------------------------------------------------------------------------------------


def test_a_clock_that_is_a_day_wrong_reorders_nothing(dsn: str) -> None:
    def clock_of(wrong_by: int) -> Callable[[], int]:
        return lambda: clock.now_us() + wrong_by

    wrong = {"ahead": DAY_US, "behind": -DAY_US, "right": 0}
    with contextlib.ExitStack() as opened:
        by = {
            name: opened.enter_context(writer_of(open_store(dsn), now_us=clock_of(wrong_by)))
            for name, wrong_by in wrong.items()
        }
        names = [f"{name} {number}" for number in range(4) for name in by]
        for name in names:
            by[name.split()[0]].do(work(name))
    check(dsn, names)
    store = open_store(dsn, writable=False)
    with reading(store) as reader:
        records = reader.records_from(0, 100)
    store.close()
    commands = [(record, body) for record, body in records if record.kind == RecordKind.COMMAND]
    assert [body.decode() for _, body in commands] == names
    times = [record.recorded_at for record, _ in commands]
    assert times == sorted(set(times))
    assert abs(times[-1] - clock.now_us()) < DAY_US / 24


def test_a_server_whose_clock_was_set_back_reorders_nothing(dsn: str) -> None:
    """As after a failover to a server whose clock is behind: the log's time stands in its head and only goes on."""
    ahead = clock.now_us() + DAY_US
    execute(dsn, f"update log_head set time = {ahead}")
    names = [f"{who} {number}" for number in range(5) for who in ("one", "other")]
    with writer_of(open_store(dsn)) as one, writer_of(open_store(dsn)) as other:
        for name in names:
            (one if name.startswith("one") else other).do(work(name))
    store = open_store(dsn, writable=False)
    with reading(store) as reader:
        records = reader.records_from(0, 100)
    store.close()
    times = [record.recorded_at for record, _ in records if record.kind == RecordKind.COMMAND]
    assert times[0] > ahead
    assert times == sorted(set(times))
    assert times[-1] - ahead < DAY_US / 24
