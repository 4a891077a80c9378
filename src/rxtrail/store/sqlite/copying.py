"""The whole record out of a SQLite file, and into an empty one.

The statements are made from the list of tables (``store/tables.py``) instead of standing in ``queries.sql``: there is
one way to read a table in key order and one to add to it, and the list says all that differs.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Protocol

from rxtrail.answers import AuditFault
from rxtrail.errors import StoreFailed
from rxtrail.store.copying import MARKS, STAYS, UNENCRYPTED, UNENCRYPTED_VALUE, gathered
from rxtrail.store.names import long_id, short_id
from rxtrail.store.tables import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sqlcipher3 import dbapi2

    from rxtrail.store.tables import Key, Row, Table

_STAYING = ", ".join(f"'{mark}'" for mark in STAYS)


class _Reader(Protocol):
    """What is asked of the engine's reader and writer."""

    _connection: dbapi2.Connection

    def hold_still(self) -> None: ...
    def settings(self) -> dict[str, str]: ...
    def unsealed_block(self, number: int, data: bytes) -> bytes | None: ...
    def unsealed_chunk(self, document: int, seq: int, data: bytes) -> bytes | None: ...
    def close(self) -> None: ...


class _Store(Protocol):
    """What is asked of the engine."""

    def reader(self) -> _Reader: ...
    def begin(self) -> _Reader: ...
    def commit(self) -> None: ...
    def rollback(self) -> None: ...
    def failure(self, error: BaseException, /) -> StoreFailed | None: ...


class SqliteView:
    """Every table as it was at one moment."""

    def __init__(self, reader: _Reader) -> None:
        """Take over a reader that holds still."""
        self._reader = reader
        self._connection: dbapi2.Connection = reader._connection  # noqa: SLF001 (the engine's own reader)

    def count(self, table: Table) -> int:
        """Count the rows of a table."""
        statement = f"SELECT count(*) FROM {table.name}{_where(table, None)}"  # noqa: S608 (names of our own tables)
        count: int = self._connection.execute(statement).fetchone()[0]
        return count

    def pages(self, table: Table, after: Key | None = None) -> Iterator[list[Row]]:
        """Give the rows of a table in key order, those after a key, in pages of bounded size."""
        keys = ", ".join(table.key_names)
        columns = ", ".join(table.columns)
        statement = f"SELECT {columns} FROM {table.name}{_where(table, after)} ORDER BY {keys}"  # noqa: S608
        cursor = self._connection.execute(statement, after or ())
        fetch: Callable[[int], list[Row]] = cursor.fetchmany
        name = _name_of(table)
        for page in gathered(fetch, table):
            yield page if name is None else [_with(row, name, long_id(row[name])) for row in page]  # type: ignore[arg-type]

    def blocks(self, numbers: list[int]) -> dict[int, bytes]:
        """Give many blocks of canonical bytes, compressed and sealed as they are kept."""
        statement = "SELECT b.id, b.data FROM json_each(?) j JOIN block b ON b.id = j.value"
        return dict(self._connection.execute(statement, (json.dumps(numbers),)))

    def unsealed(self, number: int, block: bytes) -> bytes | None:
        """Give a block as it was before it was sealed; None when its key was destroyed."""
        return self._reader.unsealed_block(number, block)

    def unsealed_chunk(self, document: int, seq: int, chunk: bytes) -> bytes | None:
        """Give a chunk of a document as it was before it was sealed; None when its key was destroyed."""
        return self._reader.unsealed_chunk(document, seq, chunk)

    def own_rows(self) -> dict[str, list[Row]]:
        """Give the counts, and the migrations that made the tables."""
        run = self._connection.execute
        return {
            "tally": run("SELECT what, count FROM tally ORDER BY what").fetchall(),
            "migration": run("SELECT number, name, sha256 FROM migration ORDER BY number").fetchall(),
        }

    def declared(self) -> list[Row]:
        """Give the tables and indexes as they were declared; what of it is no text comes as it is."""
        statement = (
            "SELECT CAST(name AS BLOB), CAST(type AS BLOB), CAST(tbl_name AS BLOB), CAST(sql AS BLOB) "
            "FROM sqlite_master ORDER BY 1"
        )
        rows: list[Row] = self._connection.execute(statement).fetchall()
        return rows

    def contradictions(self) -> list[AuditFault]:
        """Look at what is this file's own and never copied; the file itself is checked elsewhere."""
        told = self._connection.execute("SELECT value FROM setting WHERE key = ?", (UNENCRYPTED,)).fetchone()
        if told is None or told[0] == UNENCRYPTED_VALUE:
            return []
        message = "a mark of the store itself is not as it was made"
        return [AuditFault("table", "row-changed", message, table="setting", key=f"key={UNENCRYPTED}", field="value",
                           expected=UNENCRYPTED_VALUE, found=repr(told[0]))]  # fmt: skip

    def close(self) -> None:
        """Let go of the moment."""
        self._reader.close()


class SqliteCopying:
    """The whole record of an opened SQLite file, out and in."""

    def __init__(self, store: _Store) -> None:
        """Work on a store; what fills it must have opened it for writing."""
        self._store = store

    def view(self, *, lenient: bool = False) -> SqliteView:
        """See the record as it is now, while others go on writing; ``lenient`` reads texts that are none too."""
        reader = self._store.reader()
        if lenient:
            reader._connection.text_factory = _any_text  # noqa: SLF001 (the engine's own reader)
        reader.hold_still()
        return SqliteView(reader)

    def marks(self) -> dict[str, str]:
        """Read the marks that this record has."""
        reader = self._store.reader()
        try:
            return {key: value for key, value in reader.settings().items() if key in MARKS}
        finally:
            reader.close()

    @contextlib.contextmanager
    def keep_writers_out(self) -> Iterator[None]:
        """Whoever opened this file for writing holds its lock already: there are no others."""
        yield

    def claim(self) -> None:
        """Whoever opened this file for writing has it to himself."""

    def fill(self, table: Table, rows: list[Row], marks: Mapping[str, str]) -> None:
        """Add rows and set marks, durably and in one transaction."""
        holes = ", ".join("?" * len(table.columns))
        statement = f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({holes})"  # noqa: S608
        name = _name_of(table)
        given = rows if name is None else [_with(row, name, short_id(str(row[name]))) for row in rows]
        with self._transaction() as connection:
            connection.executemany(statement, given)
            for what, more in _tallied(table, rows).items():
                connection.execute("UPDATE tally SET count = count + ? WHERE what = ?", (more, what))
            _set(connection, marks)

    def mark(self, marks: Mapping[str, str | None]) -> None:
        """Set marks durably, or take away those that are None."""
        with self._transaction() as connection:
            _set(connection, marks)

    def close(self) -> None:
        """Nothing is held between two transactions."""

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[dbapi2.Connection]:
        store = self._store
        connection: dbapi2.Connection = store.begin()._connection  # noqa: SLF001 (the engine's own writer)
        try:
            yield connection
            store.commit()
        except BaseException as error:
            store.rollback()
            failure = error if isinstance(error, StoreFailed) else store.failure(error)
            if failure is None or failure is error:
                raise
            raise failure from error


def _any_text(octets: bytes) -> str:
    return octets.decode("utf-8", "surrogateescape")


def _set(connection: dbapi2.Connection, marks: Mapping[str, str | None]) -> None:
    for key, value in marks.items():
        connection.execute("DELETE FROM setting WHERE key = ?", (key,))
        if value is not None:
            connection.execute("INSERT INTO setting (key, value) VALUES (?, ?)", (key, value))


def _where(table: Table, after: Key | None) -> str:
    conditions = [f"key NOT IN ({_STAYING})"] if table.name == "setting" else []
    if after is not None:
        conditions.append(f"({', '.join(table.key_names)}) > ({', '.join('?' * table.keys)})")
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def _name_of(table: Table) -> int | None:
    """Find the column that holds an event's identifier, which is kept in a short form."""
    kinds = list(table.columns.values())
    return kinds.index(Kind.NAME) if Kind.NAME in kinds else None


def _with(row: Row, at: int, value: str | bytes) -> Row:
    return (*row[:at], value, *row[at + 1 :])


def _tallied(table: Table, rows: list[Row]) -> dict[str, int]:
    """Count what the table of tallies counts."""
    match table.name:
        case "unit":
            return {"packages": len(rows)}
        case "container":
            product = list(table.columns).index("product")
            return {"packages": sum(row[product] is not None for row in rows)}
        case "event":
            return {"events": len(rows)}
        case _:
            return {}
