"""The whole record out of a database, and into an empty one, spread over machines or not.

The statements are made from the list of tables (``store/tables.py``) instead of standing in ``queries.sql``: there is
one way to read a table in key order and one to add to it. A form says where this engine keeps a table its own way.
A table is read by one cursor, since on a cluster reading by key ranges would ask every shard for every page.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg

from rxtrail.answers import AuditFault
from rxtrail.errors import BadRequest, Busy, StoreFailed
from rxtrail.store.copying import MARKS, STAYS, gathered
from rxtrail.store.postgres.connect import STATEMENT_SECONDS_READER, connect, failure
from rxtrail.store.postgres.event_names import event_name, stored_name
from rxtrail.store.postgres.keys import product_of, start_of
from rxtrail.store.postgres.listen import CHANNEL
from rxtrail.store.tables import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rxtrail.store.postgres.connect import Connection
    from rxtrail.store.postgres.reader import PostgresReader
    from rxtrail.store.tables import Key, Row, Table

STATEMENT_SECONDS_FILLING = 600
CLAIM_SECONDS = 5.0  # a server notices that its client was killed when it next writes to it
CLAIM_PAUSE = 0.1
# The advisory lock of the one process that fills an empty record; a database may hold several records.
_CLAIM_FILLING = b"SELECT pg_try_advisory_lock(hashtextextended(current_schema() || ' is filled', 7))"
_LISTED_MARKS = ", ".join(f"'{mark}'" for mark in MARKS)
_STAYING = ", ".join(f"'{mark}'" for mark in STAYS)
_NUMBERED = frozenset({"block", "making", "container", "name", "product", "lot", "document"})


# (key, what is told, what it should be) of each thing that this engine derives for itself and that does not fit.
_CONTRADICTIONS = {
    "log_head": b"""
        SELECT v.what, v.told, v.counted FROM log_head h, LATERAL (VALUES
          ('position', h.position, (SELECT coalesce(max(position), -1) + 1 FROM record)),
          ('packages', h.packages,
            (SELECT count(*) FROM unit) + (SELECT count(*) FROM container WHERE product IS NOT NULL)),
          ('events', h.events, (SELECT count(*) FROM event)),
          ('block', h.block, (SELECT coalesce(max(id), 0) FROM block)),
          ('making', h.making, (SELECT coalesce(max(id), 0) FROM making)),
          ('container', h.container, (SELECT coalesce(max(id), 0) FROM container)),
          ('name', h.name, (SELECT coalesce(max(id), 0) FROM name)),
          ('product', h.product, (SELECT coalesce(max(id), 0) FROM product)),
          ('lot', h.lot, (SELECT coalesce(max(id), 0) FROM lot)),
          ('document', h.document, (SELECT coalesce(max(id), 0) FROM document))
        ) AS v (what, told, counted) WHERE v.told <> v.counted""",
    "container_key": b"""
        SELECT coalesce(k.key, c.key), k.id, c.id FROM container_key k FULL JOIN container c ON c.key = k.key
        WHERE k.id IS DISTINCT FROM c.id LIMIT 100""",
}


_ways = itertools.count()


class Form(NamedTuple):
    """How one table is kept here: its columns, of which the first ``keys`` are the key, and the way there and back."""

    columns: tuple[str, ...]
    read: tuple[str, ...]  # the columns as they are selected
    keys: int
    key: Callable[[Key], Key]
    given: Callable[[list[Row]], list[Row]]  # from rows as they are kept
    kept: Callable[[list[Row]], list[Row]]


class PostgresView:
    """Every table as it was at one moment."""

    def __init__(self, reader: PostgresReader) -> None:
        """Take over a reader that holds still."""
        self._reader = reader
        self._connection: Connection = reader._connection  # noqa: SLF001 (the engine's own reader)

    def count(self, table: Table) -> int:
        """Count the rows of a table."""
        statement = f"SELECT count(*) FROM {table.name}{_where(table, form_of(table), None)}"  # noqa: S608
        row: Any = self._connection.execute(statement.encode()).fetchone()
        count: int = row[0]
        return count

    def pages(self, table: Table, after: Key | None = None) -> Iterator[list[Row]]:
        """Give the rows of a table in key order, those after a key, in pages of bounded size."""
        form = form_of(table)
        keys = ", ".join(form.columns[: form.keys])
        where = _where(table, form, after)
        statement = f"SELECT {', '.join(form.read)} FROM {table.name}{where} ORDER BY {keys}"  # noqa: S608
        # One table may be gone through twice at a time: each way has a name of its own.
        with self._connection.cursor(f"pages_{table.name}_{next(_ways)}", binary=True) as cursor:
            cursor.execute(statement.encode(), None if after is None else form.key(after))
            fetch: Callable[[int], list[Row]] = cursor.fetchmany
            for page in gathered(fetch, table):
                yield form.given(page)

    def blocks(self, numbers: list[int]) -> dict[int, bytes]:
        """Give many blocks of canonical bytes, compressed and sealed as they are kept."""
        with self._connection.cursor(binary=True) as cursor:
            return dict(cursor.execute(b"SELECT id, data FROM block WHERE id = ANY(%s::bigint[])", (numbers,)))

    def unsealed(self, number: int, block: bytes) -> bytes | None:
        """Give a block as it was before it was sealed; None when its key was destroyed."""
        return self._reader.unsealed_block(number, block)

    def unsealed_chunk(self, document: int, seq: int, chunk: bytes) -> bytes | None:
        """Give a chunk of a document as it was before it was sealed; None when its key was destroyed."""
        return self._reader.unsealed_chunk(document, seq, chunk)

    def own_rows(self) -> dict[str, list[Row]]:
        """Give the migrations that made the tables."""
        rows = self._connection.execute(b"SELECT number, name, sha256 FROM migration ORDER BY number").fetchall()
        return {"migration of PostgreSQL": rows}

    def declared(self) -> list[Row]:
        """Nothing that another engine could be held against."""
        return []

    def contradictions(self) -> list[AuditFault]:
        """Hold the next numbers, the counts and the numbers of containers against the tables."""
        found: list[AuditFault] = []
        for name, statement in _CONTRADICTIONS.items():
            rows: list[Any] = self._connection.execute(statement).fetchall()
            found += [
                AuditFault("table", "row-changed", f"{name} is not what the tables make it", table=name,
                           key=str(key), expected=str(right), found=str(told))
                for key, told, right in rows
            ]  # fmt: skip
        return found

    def close(self) -> None:
        """Let go of the moment."""
        self._reader.close()


class PostgresCopying:
    """The whole record of an opened database, out and in."""

    def __init__(self, reader: Callable[[], PostgresReader], url: str) -> None:
        """``reader`` opens one more reader of the store at ``url``."""
        self._reader = reader
        self._url = url
        self._writing: Connection | None = None
        self._gate: Connection | None = None

    def view(self, *, lenient: bool = False) -> PostgresView:  # noqa: ARG002 (a server gives no text that is none)
        """See the record as it is now, while others go on writing."""
        reader = self._reader()
        reader.hold_still()
        return PostgresView(reader)

    def marks(self) -> dict[str, str]:
        """Read the marks that this record has."""
        reader = self._reader()
        try:
            return {key: value for key, value in reader.settings().items() if key in MARKS}
        finally:
            reader.close()

    @contextlib.contextmanager
    def keep_writers_out(self) -> Iterator[None]:
        """Have everybody who would write this record wait; :meth:`mark` ends it, and so does the end of this process.

        :raises Busy: another process is in a transaction that does not end.
        """
        with _as_store_failed():
            gate = self._gate = connect(self._url, statement_seconds=STATEMENT_SECONDS_READER)
        try:
            with _as_store_failed():
                # Should this machine vanish, the server lets the others write again within half a minute.
                for setting in (
                    b"tcp_keepalives_idle = 10",
                    b"tcp_keepalives_interval = 5",
                    b"tcp_keepalives_count = 3",
                ):
                    gate.execute(b"SET " + setting)
                gate.execute(b"BEGIN")
                gate.execute(b"SELECT position FROM log_head FOR SHARE")
            yield
        finally:
            self._gate = None
            gate.close()

    def claim(self) -> None:
        """Have the filling of this record to oneself until :meth:`close`.

        The server may still be ending what a killed process had begun; it is waited for, so that what is read after
        this is what is there.

        :raises Busy: another process fills it.
        """
        with _as_store_failed():
            self._filler()

    def fill(self, table: Table, rows: list[Row], marks: Mapping[str, str]) -> None:
        """Add rows and set marks, durably and in one transaction."""
        form = form_of(table)
        with _as_store_failed(table, rows), self._transaction(self._filler()) as connection:
            connection.execute(b"SELECT position FROM log_head FOR UPDATE")
            _copy(connection, table.name, form.columns, form.kept(rows))
            if table.name == "container":
                _copy(connection, "container_key", ("key", "id"), [(row[1], row[0]) for row in rows])
            heads = ", ".join(_heads(table, rows))
            if heads:
                connection.execute(f"UPDATE log_head SET {heads}".encode())  # noqa: S608 (whole numbers of ours)
            _set(connection, marks)

    def mark(self, marks: Mapping[str, str | None]) -> None:
        """Set marks durably, or take away those that are None; other processes are told."""
        with _as_store_failed(), self._transaction(self._gate or self._filler()) as connection:
            _set(connection, marks)
            connection.execute(b"UPDATE log_head SET moved = moved + 1")
            connection.execute(f"NOTIFY {CHANNEL}, 'marked'".encode())

    def close(self) -> None:
        """Let go of what filling held; the store itself stays open."""
        if self._writing is not None:
            self._writing.close()
            self._writing = None

    def _filler(self) -> Connection:
        """Give the connection that fills, of which there is one in all processes.

        :raises Busy: another process fills this record.
        """
        if self._writing is None:
            connection = connect(self._url, statement_seconds=STATEMENT_SECONDS_FILLING, writer=True)
            deadline = time.monotonic() + CLAIM_SECONDS
            while not self._claimed(connection):
                if time.monotonic() > deadline:
                    connection.close()
                    raise Busy("another process fills this record", advice="Wait until it has ended.")
                time.sleep(CLAIM_PAUSE)
            self._writing = connection
        return self._writing

    @staticmethod
    def _claimed(connection: Connection) -> bool:
        row: Any = connection.execute(_CLAIM_FILLING).fetchone()
        return bool(row[0])

    @contextlib.contextmanager
    def _transaction(self, connection: Connection) -> Iterator[Connection]:
        """Commit at the end, or undo all; the gate's transaction is open already."""
        if connection is not self._gate:
            connection.execute(b"BEGIN")
        try:
            yield connection
            connection.execute(b"COMMIT")
        except BaseException:
            with contextlib.suppress(psycopg.Error):  # a lost connection has undone it
                connection.execute(b"ROLLBACK")
            raise


def _copy(connection: Connection, name: str, columns: tuple[str, ...], rows: list[Row]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {name} ({', '.join(columns)}) FROM STDIN".encode()) as copy:
        write = copy.write_row
        for row in rows:
            write(row)


def _set(connection: Connection, marks: Mapping[str, str | None]) -> None:
    for key, value in marks.items():
        connection.execute(b"DELETE FROM setting WHERE key = %s", (key,))
        if value is not None:
            connection.execute(b"INSERT INTO setting (key, value) VALUES (%s, %s)", (key, value))
    statement = f"UPDATE log_head SET closed = (SELECT min(key) FROM setting WHERE key IN ({_LISTED_MARKS}))"  # noqa: S608
    connection.execute(statement.encode())


def _heads(table: Table, rows: list[Row]) -> list[str]:
    """Say how the log's head moves on: the next numbers and the counts follow from the rows."""
    columns = list(table.columns)
    moves = []
    if table.name in _NUMBERED:
        moves.append(f"{table.name} = greatest({table.name}, {_number(rows[-1][0]):d})")
    match table.name:
        case "record":
            at = columns.index("recorded_at")
            latest = max(_number(row[at]) for row in rows)
            moves += [f"position = {_number(rows[-1][0]) + 1:d}", f"time = greatest(time, {latest:d})"]
        case "event":
            moves.append(f"events = events + {len(rows):d}")
        case "unit":
            moves.append(f"packages = packages + {len(rows):d}")
        case "container":
            at = columns.index("product")
            moves.append(f"packages = packages + {sum(row[at] is not None for row in rows):d}")
        case _:
            pass
    return moves


def _number(value: object) -> int:
    assert isinstance(value, int), "the first column of these tables is a number"
    return value


@contextlib.contextmanager
def _as_store_failed(table: Table | None = None, rows: list[Row] | None = None) -> Iterator[None]:
    try:
        yield
    except psycopg.errors.LockNotAvailable as error:
        raise Busy("another process writes this record without end", advice="Stop it, then try again.") from error
    except psycopg.DataError as error:
        place = ""
        if table is not None:
            nul = (row for row in rows or [] if any(isinstance(value, str) and "\0" in value for value in row))
            place = f"{table.name} {next(nul, ())[: table.keys]}".removesuffix(" ()")
        said = error.diag.message_primary or str(error)
        raise BadRequest(f"PostgreSQL cannot keep this row: {said}", place=place) from error
    except psycopg.Error as error:
        raise failure(error) or StoreFailed(f"the database refused: {error.diag.message_primary or error}") from error


# -- how the tables are kept here ----------------------------------------------------------------------------------


def form_of(table: Table) -> Form:
    """Say how a table is kept here."""
    found = _OWN_FORMS.get(table.name)
    if found is not None:
        return found
    columns = tuple(table.columns)
    # A whole number is read for a boolean, so that rows are alike on all engines.
    read = tuple(f"{name}::int" if kind is Kind.FLAG else name for name, kind in table.columns.items())
    return Form(columns, read, table.keys, _same, _same, _same)


def _same(rows: Any) -> Any:  # noqa: ANN401 (a key or rows, as they come)
    return rows


def _unit_key(key: Key) -> Key:
    product, serial, *rest = key
    return (start_of(_number(product)) + str(serial), *rest)


def _units(rows: list[Row]) -> list[Row]:
    """Take the key apart; a page has few products, so what a key starts with is looked up."""
    known: dict[str, int] = {}
    found: list[Row] = []
    for key, *rest in rows:
        text = str(key)
        product = known.get(text[:3])
        if product is None:
            product, serial = product_of(text)
            if start_of(product) == text[:3]:
                known[text[:3]] = product
            found.append((product, serial, *rest))
        else:
            found.append((product, text[3:], *rest))
    return found


def _unit_keys(rows: list[Row]) -> list[Row]:
    starts = {product: start_of(_number(product)) for product in {row[0] for row in rows}}
    return [(starts[product] + str(serial), *rest) for product, serial, *rest in rows]


def _events(rows: list[Row]) -> list[Row]:
    return [(*row[:-1], event_name(row[-1])) for row in rows]  # type: ignore[arg-type]  # event_id is bytes here


def _kept_events(rows: list[Row]) -> list[Row]:
    return [(*row[:-1], stored_name(str(row[-1]))) for row in rows]


_EVENT = (
    "position", "time", "hash", "kind", "action", "biz_step", "disposition", "speaker", "read_point", "biz_location",
    "source", "destination", "parent", "document", "flags", "voided_by", "event_id",
)  # fmt: skip
_UNIT = ("key", "made", "packed", "own")
_UNIT_EVENT = ("key", "event", "role", "making")
_OWN_FORMS = {
    "event": Form(_EVENT, _EVENT, 1, _same, _events, _kept_events),
    "unit": Form(_UNIT, _UNIT, 1, _unit_key, _units, _unit_keys),
    "unit_event": Form(_UNIT_EVENT, _UNIT_EVENT, 3, _unit_key, _units, _unit_keys),
}


def _where(table: Table, form: Form, after: Key | None) -> str:
    conditions = [f"key NOT IN ({_STAYING})"] if table.name == "setting" else []
    if after is not None:
        holes = ", ".join("%s" for _ in range(form.keys))
        conditions.append(f"({', '.join(form.columns[: form.keys])}) > ({holes})")
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""
