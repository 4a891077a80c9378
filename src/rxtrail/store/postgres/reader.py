"""Reads on one PostgreSQL connection, which is opened anew when it was lost."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg

from rxtrail.errors import BadRequest
from rxtrail.store.postgres.connect import STATEMENT_SECONDS_READER, connect, failure
from rxtrail.store.postgres.event_names import event_name
from rxtrail.store.postgres.keys import product_of, start_of
from rxtrail.store.queries import read_queries
from rxtrail.store.rows import ContainerRow, PackFacts, UnitRow
from rxtrail.store.sql_reader import SqlReader, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rxtrail.store.names import Names
    from rxtrail.store.postgres.connect import Connection
    from rxtrail.store.postgres.listen import Listener

Q = {name: statement.encode() for name, statement in read_queries("rxtrail.store.postgres").items()}
ROWS_AT_ONCE = 20  # of raw documents: chunks are large
AS_OF_SECONDS = 0.5
_NAMED = {name: statement.count(b"%(") for name, statement in Q.items()}


def _named(error: psycopg.Error) -> Exception:
    """Give an error of the server its name; a mistake of the statement's stays as it is."""
    if isinstance(error, psycopg.DataError) and "NUL" in str(error):
        return BadRequest("a text holds the character U+0000", advice="Take it out, or scan the code again.")
    return failure(error) or error


class Site(NamedTuple):
    """What all connections of one opened store share."""

    url: str
    names: Names
    listener: Listener
    distributed: bool
    standby: bool  # the server follows another one: it only reads


class PostgresReader(SqlReader):
    """Reads on one connection; used by one thread at a time."""

    def __init__(self, site: Site) -> None:
        """Connect."""
        super().__init__(site.names)
        self._site = site
        self._moved = -1
        self._asked = 0.0
        self._as_of: int | None = None
        self._held = False
        self._open()

    def _connect(self) -> Connection:
        return connect(self._site.url, statement_seconds=STATEMENT_SECONDS_READER)

    def _open(self) -> None:
        self._connection = self._connect()
        if self._site.distributed:
            # One connection to each machine is enough for a reader, and costs a fifth of the default's sixteen.
            self._connection.execute(b"SET citus.max_adaptive_executor_pool_size TO 1")
        else:
            # One plan for all keys: ours differ in their values only. (A cluster must see the key to find its machine.)
            self._connection.execute(b"SET plan_cache_mode TO force_generic_plan")
        self._cursor = self._connection.cursor(binary=True)

    def _execute(self, name: str, parameters: tuple[Value, ...]) -> psycopg.Cursor[tuple[Any, ...]]:
        """Run a statement; a connection that was lost while nobody asked is opened anew, once.

        :raises StoreLost: the server does not answer.
        :raises BadRequest: a text holds U+0000, which PostgreSQL cannot.
        """
        given: Any = parameters
        if _NAMED[name]:
            given = {f"p{number}": value for number, value in enumerate(parameters, 1)}
        try:
            return self._cursor.execute(Q[name], given)
        except psycopg.Error as error:
            if not isinstance(error, psycopg.OperationalError) or not self._connection.closed or self._held:
                raise _named(error) from error
        try:
            self._open()
            return self._cursor.execute(Q[name], given)
        except psycopg.Error as error:
            raise _named(error) from error

    def _one(self, name: str, *parameters: Value) -> Any:  # noqa: ANN401 (a row is what its query says)
        return self._execute(name, parameters).fetchone()

    def _all(self, name: str, *parameters: Value) -> list[Any]:
        return self._execute(name, parameters).fetchall()

    def _each(self, name: str, *parameters: Value) -> Iterator[Any]:
        with self._connection.cursor(binary=True) as cursor:
            yield from cursor.stream(Q[name], parameters)

    def _numbers(self, values: Iterable[int]) -> Value:
        return list(values)

    def _texts(self, values: Iterable[str]) -> Value:
        return list(values)

    def _unit_key(self, product: int, serial: str) -> tuple[Value, ...]:
        return (start_of(product) + serial,)

    def _unit_rows(self, name: str, *parameters: Value) -> list[tuple[int, UnitRow]]:
        found = []
        for key, *rest in self._all(name, *parameters):
            product, serial = product_of(key)
            found.append((product, UnitRow(serial, *rest)))
        return found

    def units_of(self, product: int, serials: Iterable[str]) -> dict[str, UnitRow]:
        """Read many packages of one product in key order."""
        start = start_of(product)
        rows = self._all("units_of", [start + serial for serial in serials])
        cut = len(start)
        return {(serial := row[0][cut:]): UnitRow(serial, *row[1:]) for row in rows}

    def _unit_events_of(self, product: int, serials: list[str]) -> list[tuple[str, int, int, int | None]]:
        start = start_of(product)
        cut = len(start)
        rows = self._all("unit_events_of", [start + serial for serial in serials])
        return [(key[cut:], event, role, making) for key, event, role, making in rows]

    def _event_name(self, stored: bytes) -> str:
        return event_name(stored)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def hold_still(self) -> None:
        """See the record as it is now until this reader is closed.

        On a cluster each machine takes its own view: writers wait for the moment in which all of them do.
        """
        if not self._site.distributed:
            self._view()
            return
        with connect(self._site.url, statement_seconds=STATEMENT_SECONDS_READER) as gate, gate.transaction():
            gate.execute(b"SELECT position FROM log_head FOR SHARE")
            self._view()
            self._one("every_machine")

    def _view(self) -> None:
        self._connection.execute(b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        self._connection.execute(b"SET LOCAL statement_timeout = 0")
        self._held = True
        self._one("log_size")  # the first read fixes the view

    def follow(self) -> bool:
        """Tell whether another process has changed, since this was last asked, something that readers keep in mind."""
        listener = self._site.listener
        if listener.hearing:
            return super().follow()
        if not self._site.standby:
            listener.start()
        moved = self._one("moved")[0]
        if moved == self._moved:
            return False
        self._moved = moved
        self._names.follow()
        self._followed = self._names.followed
        return True

    def as_of(self) -> int | None:
        """Tell, on a copy that follows another server, when the last change it has was made; asked twice a second."""
        if not self._site.standby:
            return None
        now = time.monotonic()
        if self._as_of is None or now - self._asked >= AS_OF_SECONDS:
            follows, at = self._one("as_of")
            self._asked, self._as_of = now, (at or 0) if follows else None
        return self._as_of

    def store_bytes(self) -> int:
        """Count the bytes on disk."""
        size: int = self._one("cluster_bytes" if self._site.distributed else "store_bytes")[0]
        return size

    def container(self, key: str) -> ContainerRow | None:
        """Find one container by its exact identifier."""
        if not self._site.distributed:
            return super().container(key)
        row = self._one("container_id", key)
        return None if row is None else self.containers([row[0]])[row[0]]

    def known_packs(self, packs: Iterable[tuple[int, str, str]]) -> dict[tuple[int, str], int | None]:
        """Find which of many (product, serial, canonical identifier) are on record, in one round trip."""
        wanted = list(packs)
        units = {start_of(product) + serial: (product, serial) for product, serial, _ in wanted}
        cases = {canonical: (product, serial) for product, serial, canonical in wanted}
        if self._site.distributed:  # the two tables lie on different machines
            rows = [(key, 1, made) for key, made, *_ in self._all("units_of", list(units))]
            numbers = dict(self._all("containers_by_key", list(cases)))
            found = self.containers(numbers.values()) if numbers else {}
            rows += [(key, 2, found[number].made) for key, number in numbers.items()]
        else:
            rows = self._all("known_packs", list(units), list(cases))
        return {(units if kind == 1 else cases)[key]: made for key, kind, made in rows}

    def pack_facts(self, product: int, serial: str) -> PackFacts | None:
        """Read one package, its packing and up to three containers around it.

        On one machine that is one statement; on a cluster one for the package, one for its packing and one for each
        container around it, each answered by one machine.
        """
        if not self._site.distributed:
            row = self._one("pack_facts", start_of(product) + serial)
            return None if row is None else PackFacts._make(row)
        unit = self._one("unit_row", start_of(product) + serial)
        if unit is None:
            return None
        packing = self._one("packing_row", unit[1]) if unit[1] is not None else None
        if packing is None:
            return PackFacts._make((*unit, *[None] * 16))
        nothing = (None,) * 5
        a = self._one("container_row", packing[4]) or nothing
        b = self._one("container_row", a[1]) or nothing if a[1] is not None else nothing
        c = self._one("container_row", b[1]) or nothing if b[1] is not None else nothing
        return PackFacts._make((*unit, *packing[:4], *a, *b[1:], c[1], c[3], c[4]))
