"""Runs the tests of the record on another engine: ``RXTRAIL_TEST_ENGINE`` is sqlite (the default), postgres or citus.

A test opens a node in a data folder and names no store. On SQLite the record is a file in that folder; on a server it
is a place of its own for that folder: a schema in one database, which is emptied and used again, since making the
tables anew costs a fifth of a second (on Citus half of one) and emptying them a hundredth of that.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import conninfo, sql

from rxtrail import clock
from rxtrail.bootstrap import STORE_FILE, node
from rxtrail.bootstrap import engines as bootstrap_engines
from rxtrail.config import ROOT_KEY_VARIABLE
from rxtrail.errors import StoreFailed
from rxtrail.sealing import Keeper, Sealer
from rxtrail.store.postgres import distribute, open_store
from rxtrail.store.postgres.transaction import PostgresTransaction
from rxtrail.store.sqlite import PLAIN, connect, root_of
from rxtrail.store.sqlite import open_store as open_sqlite
from tests.postgres.databases import uri
from tests.postgres.fixtures import CITUS_DSN, NO_CITUS, empty_citus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rxtrail.store import Store

Rows = Callable[[Path], dict[str, list[tuple[Any, ...]]]]

# Read when pytest collects: later the suite hides all settings from the tests.
ENGINE = os.environ.get("RXTRAIL_TEST_ENGINE", "sqlite")
SQLITE, POSTGRES, CITUS = "sqlite", "postgres", "citus"
assert ENGINE in {SQLITE, POSTGRES, CITUS}, f"RXTRAIL_TEST_ENGINE: no such engine {ENGINE!r}"

_opened: list[Path] = []  # data folders whose records were opened on a server

_TABLES = """
select quote_ident(relname) from pg_class
 where relkind = 'r' and relnamespace = %s::regnamespace and relname not in ('migration', 'log_head')
"""


class Places:
    """Records on one database, one for each data folder that a test opens."""

    def __init__(self, dsn: str, *, distributed: bool) -> None:
        self._params = conninfo.conninfo_to_dict(dsn)
        self._distributed = distributed
        self._connection = psycopg.connect(dsn, autocommit=True, prepare_threshold=None)
        self._of: dict[Path, str] = {}
        self._empty: list[str] = []
        self._kept: set[Path] = set()  # opened by a fixture that outlives one test
        self._tables: list[str] = []
        self._made = 0

    def known(self, folder: Path) -> bool:
        """Tell whether this folder's record was made."""
        return folder.resolve() in self._of

    def url(self, folder: Path) -> str:
        """Give the URL of a folder's record; an empty one when the folder is new."""
        folder = folder.resolve()
        _opened.append(folder)
        schema = self._of.get(folder)
        if schema is None:
            self._free([gone for gone in self._of if not gone.exists()])
            schema = self._of[folder] = self._empty.pop() if self._empty else self._make()
        return self._url(schema)

    def keep(self) -> None:
        """Keep what is open now until the end: it belongs to a fixture of several tests."""
        self._kept |= self._of.keys()

    def free(self) -> None:
        """Empty the records that the test at hand has opened."""
        self._free([folder for folder in self._of if folder not in self._kept])

    def rows(self, folder: Path) -> dict[str, list[tuple[Any, ...]]]:
        """Give all rows of every table of a folder's record, as anybody else sees them."""
        with self._connection.transaction():
            self._look_into(self._of[folder.resolve()])
            return {table: self._connection.execute(_every(table)).fetchall() for table in self._tables}

    def close(self) -> None:
        """Let go of the server."""
        self._connection.close()

    def _look_into(self, schema: str) -> None:
        self._connection.execute(sql.SQL("set local search_path to {}").format(sql.Identifier(schema)))

    def _url(self, schema: str) -> str:
        # The name tells later whose connections are whose.
        return uri({**self._params, "options": f"-c search_path={schema}", "application_name": schema})

    def _make(self) -> str:
        self._made += 1
        schema = f"place_{self._made}"
        self._connection.execute(sql.SQL("create schema {}").format(sql.Identifier(schema)))
        if self._distributed:
            assert distribute(self._url(schema)), "a new schema has no tables of ours"
        else:
            open_store(self._url(schema)).close()
        self._tables = [name for (name,) in self._connection.execute(_TABLES, (schema,)).fetchall()]
        assert "unit" in self._tables
        return schema

    def _free(self, folders: list[Path]) -> None:
        for folder in folders:
            self._wipe(self._of.pop(folder))

    def _wipe(self, schema: str) -> None:
        """Empty one record whoever is still connected to it."""
        run = self._connection.execute
        run("select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = %s", (schema,))
        with self._connection.transaction():
            self._look_into(schema)
            emptied = [f"delete from {table}" for table in (*self._tables, "log_head")]
            statements = [*emptied, "insert into log_head default values"]
            # Citus takes one statement at a time.
            for statement in statements if self._distributed else ["; ".join(statements)]:
                run(statement.encode())
        self._empty.append(schema)


def _every(table: str) -> bytes:
    return f"select * from {table}".encode()


def _server_time(self: PostgresTransaction, now: int) -> int:
    """Give a server's time as if its clock showed the story's: tests/store tells of clocks that differ."""
    if now:
        self._now = now
    return max(self._now, self._heads["time"])  # not later: a story's clock may stand still


@pytest.fixture(scope="session", autouse=True)
def places(request: pytest.FixtureRequest) -> Iterator[Places | None]:
    """Lead every node that names no store to the engine that was asked for."""
    if ENGINE == SQLITE:
        yield None
        return
    if ENGINE == CITUS:
        assert CITUS_DSN, NO_CITUS
        empty_citus(CITUS_DSN)
        opened = Places(CITUS_DSN, distributed=True)
    else:
        opened = Places(request.getfixturevalue("postgres_server").create_database(), distributed=False)
    real = bootstrap_engines.open_engine

    def led(
        data: Path, *, store_url: str | None, how: bootstrap_engines.How, create: bool
    ) -> tuple[Path, Store, bool, Callable[[], None]]:
        if store_url is None:
            if not create and not opened.known(data):
                raise StoreFailed(f"there is no store in {data}", advice="Start with: rxtrail init")
            store_url = opened.url(data)
        return real(data, store_url=store_url, how=how, create=create)

    patch = pytest.MonkeyPatch()
    patch.setattr(node, "open_engine", led)
    patch.setattr(PostgresTransaction, "clock", _server_time)
    yield opened
    patch.undo()
    opened.close()


@pytest.fixture(autouse=True)
def _own_places(places: Places | None) -> Iterator[None]:
    """Empty after each test what it has opened."""
    if places is None:
        yield
        return
    places.keep()
    yield
    places.free()


@pytest.fixture
def open_record(places: Places | None, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Open one and the same record without a node, as often as a test asks for it."""
    lets_go: list[Callable[[], None]] = []

    def opened() -> Store:
        url = None if places is None else places.url(tmp_path)
        _, store, _, let_go = bootstrap_engines.open_engine(
            tmp_path, store_url=url, how=bootstrap_engines.How(write=True), create=True
        )
        lets_go.append(let_go)
        return store

    yield opened
    for let_go in lets_go:
        let_go()


def connect_file(path: Path, *, read_only: bool = True) -> Any:
    """Connect to a SQLite record with the root key beside it, as nobody but its owner can."""
    named = root_of(path)
    root = None if named in (None, PLAIN) else root_beside(path).root(wanted=named)
    return connect(path, root, cache_kib=1000, read_only=read_only)


def root_beside(path: Path) -> Keeper:
    """Give what keeps the root key of a SQLite record."""
    return Keeper(path.parent, random_bytes=clock.random_bytes)


def open_file(path: Path, *, writable: bool = True) -> Store:
    """Open a SQLite record without a node and without its lock, with the root key beside it."""
    keeper = root_beside(path)
    named = root_of(path)
    root = None if named == PLAIN else keeper.root(create=named is None)
    return open_sqlite(path, writable=writable, root=root, sealer=sealer_of(keeper, seals=root is not None))


def sealer_of(keeper: Keeper, *, seals: bool = True) -> Sealer:
    """Give what seals under a root key."""
    return Sealer(keeper, seals=seals, random_bytes=clock.random_bytes, now_us=clock.now_us)


@pytest.fixture
def one_root(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have all data folders and processes of a test share one root key, as the machines of one record do."""
    monkeypatch.setenv(ROOT_KEY_VARIABLE, str(tmp_path_factory.mktemp("root") / "root.key"))


def _rows_of_file(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    with contextlib.closing(connect_file(folder / STORE_FILE)) as connection:
        tables = connection.execute("select name from sqlite_master where type = 'table'").fetchall()
        return {table: connection.execute(_every(table).decode()).fetchall() for (table,) in tables}


@pytest.fixture
def rows(places: Places | None) -> Rows:
    """Give all rows of every table of a folder's record, as anybody else sees them."""
    return _rows_of_file if places is None else places.rows


def records_opened() -> int:
    """Count how often a record was opened on the engine that was asked for instead of SQLite."""
    return len(_opened)


def deselect(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests about SQLite's own files where another engine was asked for."""
    if ENGINE == SQLITE:
        return
    ours: list[Any] = [item for item in items if item.get_closest_marker("sqlite_only") is None]
    config.hook.pytest_deselected(items=[item for item in items if item not in ours])
    items[:] = ours
