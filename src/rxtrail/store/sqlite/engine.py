"""The Store on SQLite: WAL, ``synchronous=FULL``, one writing connection, a reader per thread.

The file and its write-ahead log are encrypted by SQLCipher, page by page, unless no root key is given. Statements
stand in ``queries.sql``.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import msgspec
from sqlcipher3 import dbapi2

from rxtrail.errors import StoreFailed, StoreFull
from rxtrail.sealing import plain
from rxtrail.store.names import Names, long_id, short_id
from rxtrail.store.queries import read_queries
from rxtrail.store.rows import PackFacts, UnitRow
from rxtrail.store.sql_reader import SqlReader, Value
from rxtrail.store.sql_transaction import SqlTransaction
from rxtrail.store.sqlite.connect import connect
from rxtrail.store.sqlite.copying import SqliteCopying
from rxtrail.store.sqlite.migrate import check_up_to_date, migrate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from rxtrail.sealing import Root, Sealer

CACHE_KIB_WRITER = 160 << 10
CACHE_KIB_READER = 65_536

Q = read_queries("rxtrail.store.sqlite")
_to_json = msgspec.json.encode


class SqliteReader(SqlReader):
    """Reads on one connection; used by one thread at a time."""

    def __init__(self, connection: dbapi2.Connection, names: Names, sealer: Sealer, path: Path) -> None:
        """Wrap an open connection."""
        super().__init__(names, sealer)
        self._connection = connection
        self._path = path
        self._pack_facts = Q["pack_facts"]
        self._execute = connection.execute

    def _one(self, name: str, *parameters: Value) -> Any:  # noqa: ANN401 (a row is what its query says)
        return self._connection.execute(Q[name], parameters).fetchone()

    def _all(self, name: str, *parameters: Value) -> list[Any]:
        rows: list[Any] = self._connection.execute(Q[name], parameters).fetchall()
        return rows

    def _each(self, name: str, *parameters: Value) -> Iterator[Any]:
        rows: Iterator[Any] = self._connection.execute(Q[name], parameters)
        return rows

    def _numbers(self, values: Iterable[int]) -> Value:
        return json.dumps(list(values))

    def _texts(self, values: Iterable[str]) -> Value:
        return json.dumps(list(values))

    def _unit_key(self, product: int, serial: str) -> tuple[Value, ...]:
        return product, serial

    def _unit_rows(self, name: str, *parameters: Value) -> list[tuple[int, UnitRow]]:
        return [(row[0], UnitRow(*row[1:])) for row in self._all(name, *parameters)]

    def units_of(self, product: int, serials: Iterable[str]) -> dict[str, UnitRow]:
        """Read many packages of one product in key order."""
        rows = self._all("units_of", self._texts(sorted(serials)), product)
        return {row[0]: UnitRow(*row) for row in rows}

    def _unit_events_of(self, product: int, serials: list[str]) -> list[tuple[str, int, int, int | None]]:
        return self._all("unit_events_of", self._texts(serials), product)

    def _event_name(self, stored: str | bytes) -> str:
        return long_id(stored)

    def terms_since(self, terms: Sequence[int], low: int) -> dict[int, int]:
        """Give the last position of each of these terms that was used at or after a position."""
        rows = self._all("terms_since", low, self._numbers(terms))
        return {term: last for term, last in rows if last is not None}

    def _identified(self, identities: Sequence[bytes]) -> list[tuple[bytes, int]]:
        rows = self._all("events_by_identity", self._texts(identity.hex() for identity in identities))
        return [(bytes.fromhex(identity), event) for identity, event in rows]

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def hold_still(self) -> None:
        """See the record as it is now until :meth:`let_go`, or until this reader is closed."""
        self._connection.execute("BEGIN")
        self._look_back()
        self._one("log_size")  # the first read fixes the view

    def let_go(self) -> None:
        """See the record as it goes on."""
        self._connection.execute("COMMIT")
        self._look_on()

    def store_bytes(self) -> int:
        """Count the bytes on disk, the write-ahead log included."""
        files = (self._path, self._path.with_name(self._path.name + "-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    def known_packs(self, packs: Iterable[tuple[int, str, str]]) -> dict[tuple[int, str], int | None]:
        """Find which of many (product, serial, canonical identifier) are on record, in one statement a product."""
        products: dict[int, list[str]] = {}
        containers: dict[str, tuple[int, str]] = {}
        for product, serial, canonical in packs:
            products.setdefault(product, []).append(serial)
            if canonical:
                containers[canonical] = (product, serial)
        keys = json.dumps(list(containers))
        found: dict[tuple[int, str], int | None] = {}
        for product, serials in products.items():
            for text, kind, made in self._all("known_packs", product, json.dumps(serials), keys):
                found[(product, text) if kind == 1 else containers[text]] = made
            keys = "[]"  # asked once
        return found

    def pack_facts(self, product: int, serial: str) -> PackFacts | None:
        """Read one package, its packing and up to three containers around it, in one statement."""
        row = self._execute(self._pack_facts, (product, serial)).fetchone()
        return None if row is None else PackFacts._make(row)


class SqliteOnlooker(SqliteReader):
    """A reader of a file that another process writes: it asks the file whether something has changed."""

    _version = -1

    def follow(self) -> bool:
        """Tell whether another process has committed since this was last asked; what was cached is then forgotten."""
        version: int = self._execute("PRAGMA data_version").fetchone()[0]
        if version == self._version:
            return False
        self._version = version
        self._names.forget()
        self._names.epoch += 1
        return True


class SqliteTransaction(SqliteReader, SqlTransaction):
    """The one writing connection; its reads see its own writes."""

    def _many(self, name: str, rows: Iterable[Sequence[Value]]) -> None:
        self._connection.executemany(Q[name], rows)

    def _run(self, name: str, *parameters: Value) -> None:
        self._connection.execute(Q[name], parameters)

    def _next(self, what: str) -> int:
        last: int = self._one(f"{what}_last")[0]
        return last + 1

    def _stored_name(self, event_id: str) -> Value:
        return short_id(event_id)

    def _tally(self, what: str, more: int) -> None:
        if more:
            self._run("tally", more, what)

    def clock(self, now: int) -> int:
        """Give ``now``, or the last record's time when the machine's clock was set back."""
        row = self._one("last_recorded")
        return now if row is None else max(now, row[0])

    def _insert_units(
        self, product: int, groups: Sequence[tuple[Sequence[str], int | None, int | None, int | None]]
    ) -> dict[str, UnitRow]:
        """Add packages, one statement for all that share their making and packing."""
        there: dict[str, UnitRow] = {}
        statement = Q["add_units"]
        for serials, made, packed, own in groups:
            added: int = self._execute(statement, (product, made, packed, own, _to_json(serials))).rowcount
            if added < len(serials):
                ours = (made, packed, own)
                met = self.units_of(product, serials)
                there.update({serial: row for serial, row in met.items() if row[1:] != ours})
        return dict(sorted(there.items()))


class SqliteStore:
    """One opened SQLite file."""

    shared = False  # one process writes it
    fills = False
    distributed = False

    def __init__(self, path: Path, sealer: Sealer, root: Root | None, *, writable: bool) -> None:
        """Open the file; use :func:`open_store`."""
        self._path = path
        self._root = root
        self._names = Names()
        self.sealer = sealer
        self._writer: SqliteTransaction | None = None
        if writable:
            connection = connect(path, root, cache_kib=CACHE_KIB_WRITER)
            self._writer = SqliteTransaction(connection, self._names, sealer, path)
            migrate(connection)
        else:
            with contextlib.closing(connect(path, root, cache_kib=CACHE_KIB_READER, read_only=True)) as connection:
                check_up_to_date(connection)

    @property
    def encrypted(self) -> bool:
        """Tell whether the whole file is encrypted, the index too."""
        return self._root is not None

    def scrub(self) -> None:
        """Fold the write-ahead log into the file and cut it off: pages that were overwritten are then nowhere.

        The file itself keeps nothing: SQLCipher zeroes what is deleted. A reader that still looks at an older moment
        keeps the log a while longer.
        """
        with _as_store_failed(), contextlib.closing(self._connect_once()) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _connect_once(self) -> dbapi2.Connection:
        return connect(self._path, self._root, cache_kib=CACHE_KIB_READER)

    def reader(self) -> SqliteReader:
        """Open a reader for the calling thread."""
        with _as_store_failed():
            connection = connect(self._path, self._root, cache_kib=CACHE_KIB_READER, read_only=True)
        kind = SqliteReader if self._writer is not None else SqliteOnlooker
        return kind(connection, self._names, self.sealer, self._path)

    def copying(self) -> SqliteCopying:
        """Give the whole record as tables, out and in."""
        return SqliteCopying(self)

    def begin(self) -> SqliteTransaction:
        """Start the one write transaction."""
        assert self._writer is not None, "a store opened for reading does not write"
        with _as_store_failed():
            self._writer._connection.execute("BEGIN IMMEDIATE")  # noqa: SLF001
        return self._writer

    def savepoint(self) -> None:
        """Mark where :meth:`undo_to_savepoint` goes back to."""
        self._execute("SAVEPOINT work")

    def undo_to_savepoint(self) -> None:
        """Undo what was written since the savepoint; the transaction goes on."""
        self._execute("ROLLBACK TO work")
        self._execute("RELEASE work")
        self._names.forget()
        self.sealer.undone()

    def release(self) -> None:
        """Keep what was written since the savepoint."""
        self._execute("RELEASE work")

    def commit(self) -> None:
        """Make the transaction durable (WAL synced, since synchronous is FULL)."""
        self._execute("COMMIT")
        self._names.committed()
        self.sealer.committed()

    @staticmethod
    def failure(error: BaseException) -> StoreFailed | None:
        """Tell whether an error is the store's own failure; a full disk is one that can be cured."""
        if isinstance(error, dbapi2.OperationalError) and "full" in str(error):
            return StoreFull(
                f"no room left: {error}", advice="Free space on the disk of the data folder, then try again."
            )
        if isinstance(error, dbapi2.IntegrityError | dbapi2.DataError | dbapi2.ProgrammingError):
            return None  # somebody asked for what cannot be: that work is undone, the store is well
        if isinstance(error, dbapi2.Error):
            return StoreFailed(f"the store failed: {error}", advice="Check the disk's health, then start again.")
        return None

    def rollback(self) -> None:
        """Undo the whole transaction."""
        with contextlib.suppress(StoreFailed):  # a failed or full disk leaves no transaction to undo
            self._execute("ROLLBACK")
        self._names.undone()
        self.sealer.undone()

    def _execute(self, statement: str) -> None:
        assert self._writer is not None, "a store opened for reading does not write"
        with _as_store_failed():
            self._writer._connection.execute(statement)  # noqa: SLF001

    def hurry(self) -> None:
        """Wait for no disk from here on."""
        self._execute("PRAGMA journal_mode = MEMORY")
        self._execute("PRAGMA synchronous = OFF")

    def close(self) -> None:
        """Close the writing connection; SQLite folds the write-ahead log into the file when it is the last."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None


@contextlib.contextmanager
def _as_store_failed() -> Iterator[None]:
    try:
        yield
    except dbapi2.Error as error:
        raise SqliteStore.failure(error) or StoreFailed(f"the store failed: {error}") from error


def open_scratch(path: Path, root: Root | None) -> SqliteStore:
    """Open a store that nobody will miss: it is filled fast, and a crash may leave nothing of it.

    :raises StoreFailed: the file cannot be opened.
    """
    store = open_store(path, root=root)
    store.hurry()
    return store


def open_store(
    path: Path, *, writable: bool = True, root: Root | None = None, sealer: Sealer | None = None
) -> SqliteStore:
    """Open the store in one file, made when it is not there and ``writable``.

    The file is encrypted under a key of ``root``, and not encrypted without one. ``sealer`` seals and opens blocks
    and documents; without one they lie as they are.

    :raises CannotDecrypt: the file is encrypted under another root key, or its first page is damaged.
    :raises StoreFailed: the file cannot be opened or is not an rxtrail store this program knows.
    """
    if writable:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.touch(mode=0o600)
    elif not path.exists():
        raise StoreFailed(
            f"there is no store at {path.name}",
            advice="Run a command that writes first, for example: rxtrail init",
        )
    with _as_store_failed():
        return SqliteStore(path, sealer or plain(), root, writable=writable)
