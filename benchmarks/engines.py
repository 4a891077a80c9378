"""The engine that is measured: fresh records on it, and what its servers have cost.

SQLite works inside our own process. Of PostgreSQL and Citus every process counts that descends from a postmaster:
backends, WAL writer, checkpointer, background writer and autovacuum, on all nodes. They must run on this machine.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import psycopg
from psycopg import conninfo

from benchmarks.machine import folder_bytes
from rxtrail.store.postgres import distribute
from tests.postgres.databases import Existing
from tests.postgres.fixtures import empty_citus
from tests.postgres.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

SETTINGS = {"shared_buffers": "1GB", "max_wal_size": "4GB", "shared_preload_libraries": "pg_stat_statements"}
_PROC = Path("/proc")


class Engine(Protocol):
    """Where records are made for one run."""

    name: str
    servers: list[int]  # postmasters; the first is the one that we speak to

    def fresh(self) -> str:
        """Make an empty record and give its URL, empty where the data folder is all it needs."""
        ...

    def empty(self) -> str:
        """Make an empty database for the floor, as :meth:`fresh` does."""
        ...

    def drop(self, url: str) -> None:
        """Let go of a record."""
        ...


class Sqlite:
    """A file in the data folder."""

    name = "SQLite"

    def __init__(self) -> None:
        self.servers: list[int] = []

    def fresh(self) -> str:
        """Need nothing."""
        return ""

    def empty(self) -> str:
        """Need nothing."""
        return ""

    def drop(self, url: str) -> None:
        """Have nothing to let go of; the folder goes with the run."""


class Postgres:
    """Databases of our own on one server."""

    def __init__(self, url: str) -> None:
        self._databases = Existing(url)
        self.servers = [_postmaster(url)]
        with psycopg.connect(url) as connection:
            self.name = f"PostgreSQL {connection.info.server_version // 10_000}"

    def fresh(self) -> str:
        """Create a database."""
        return self._databases.create_database()

    empty = fresh

    def drop(self, url: str) -> None:
        """Drop a database."""
        self._databases.drop_database(url)


class Citus:
    """One database of a cluster, emptied for every record; the floor gets an ordinary table in it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.servers = [_postmaster(url)]
        with psycopg.connect(url) as connection:
            rows = connection.execute(
                "SELECT result FROM run_command_on_workers('SELECT pg_backend_pid()') ORDER BY nodename, nodeport"
            ).fetchall()
            # The workers' connections are kept open until ours ends, so these processes are still there.
            self.servers += [_parent(int(row[0])) for row in rows]
        self.name = f"Citus 1+{len(rows)}"

    def fresh(self) -> str:
        """Empty the database and spread the tables."""
        empty_citus(self._url)
        distribute(self._url)
        return self._url

    def empty(self) -> str:
        """Empty the database."""
        empty_citus(self._url)
        return self._url

    def drop(self, url: str) -> None:
        """Keep it: the next record empties it."""


@contextlib.contextmanager
def engine_of(store: str, *, may_empty: bool) -> Iterator[Engine]:
    """Give the engine that was asked for: ``sqlite``, ``postgres`` (started here), or the URL of a server.

    :raises ValueError: a cluster's database would be emptied, and nobody said that it may be.
    """
    if store == "sqlite":
        yield Sqlite()
    elif store == "postgres":
        with Server(settings=SETTINGS) as server:
            yield Postgres(server.dsn())
    elif is_citus(store):
        if not may_empty:
            raise ValueError("the database of a cluster is emptied for this: name one that may be, with --may-empty")
        yield Citus(store)
    else:
        yield Postgres(store)


def is_citus(url: str) -> bool:
    """Tell whether a database has the Citus extension."""
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT 1 FROM pg_extension WHERE extname = 'citus'").fetchone() is not None


def size_of(data: Path, url: str) -> int:
    """Count every byte of a record on all disks: tables, indexes and catalogues, raw documents and all."""
    if not url:
        return folder_bytes(data)
    with psycopg.connect(url, autocommit=True) as connection:
        size = "SELECT pg_database_size(current_database())"
        rows = connection.execute(size.encode()).fetchall()
        if is_citus(url):
            rows += connection.execute("SELECT result::bigint FROM run_command_on_workers(%s)", (size,)).fetchall()
    return folder_bytes(data) + sum(int(row[0]) for row in rows)


def flush(url: str) -> None:
    """Have everything written to the disk that is still owed to it, so that its price is counted too."""
    if not url:
        return
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        if is_citus(url):
            connection.execute("SELECT run_command_on_workers('CHECKPOINT')")


def server_cpu(servers: list[int]) -> list[float]:
    """Give the CPU seconds that each server has used since it started, all its processes together.

    What a process used is told by its parent once it has ended, in ticks of 10 ms: so far may a difference be wrong.
    """
    return [_family_cpu(server) for server in servers]


def _family_cpu(server: int) -> float:
    """Add up a server and its processes; where one ended while they were read, all are read again."""
    while True:
        ended = _ended(server)
        children: dict[int, list[int]] = {}
        for entry in _PROC.iterdir():
            if entry.name.isdecimal():
                with contextlib.suppress(OSError):  # it ended while we looked
                    children.setdefault(_parent(int(entry.name)), []).append(int(entry.name))
        family = [server]
        for pid in family:  # grows while we walk it
            family += children.get(pid, [])
        spent = sum(_cpu(pid) for pid in family)
        if _ended(server) == ended:
            return spent


def _ended(server: int) -> tuple[int, int]:
    """Give the ticks that a server's ended processes used (proc(5), fields 16 and 17), and how many live."""
    fields = _stat(server)
    children = (_PROC / str(server) / "task" / str(server) / "children").read_text()
    return int(fields[13]) + int(fields[14]), len(children.split())


def _cpu(pid: int) -> float:
    """Give the CPU seconds of one process, and of its children that have ended (proc(5))."""
    try:
        own = int((_PROC / str(pid) / "schedstat").read_text().split()[0]) / 1e9
        fields = _stat(pid)
    except OSError:
        return 0.0  # it ended while we looked
    return own + (int(fields[13]) + int(fields[14])) / 100


def _stat(pid: int) -> list[str]:
    return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def _parent(pid: int) -> int:
    return int(_stat(pid)[1])


def _postmaster(url: str) -> int:
    host = conninfo.conninfo_to_dict(url).get("host", "")
    with psycopg.connect(url) as connection:
        return _parent_here(connection.info.backend_pid, str(host))


def _parent_here(pid: int, host: str) -> int:
    try:
        return _parent(pid)
    except OSError as error:
        raise ValueError(f"the server at {host} does not run on this machine, so its CPU cannot be read") from error
