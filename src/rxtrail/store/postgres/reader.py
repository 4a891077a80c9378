"""Reads on one PostgreSQL connection, which is opened anew when it was lost."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg
from psycopg.adapt import Transformer
from psycopg.pq import ExecStatus
from psycopg.waiting import Wait

from rxtrail.errors import BadRequest, StoreFailed
from rxtrail.store.postgres.connect import STATEMENT_SECONDS_READER, NoAnswer, connect, connect_reader, failure
from rxtrail.store.postgres.event_names import event_name
from rxtrail.store.postgres.keys import product_of, start_of
from rxtrail.store.queries import read_queries
from rxtrail.store.rows import ContainerRow, PackFacts, UnitRow
from rxtrail.store.sql_reader import SqlReader, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from psycopg.pq.abc import PGresult

    from rxtrail.sealing import Sealer
    from rxtrail.store.names import Names
    from rxtrail.store.postgres.connect import Connection
    from rxtrail.store.postgres.listen import Listener

Q = {name: statement.encode() for name, statement in read_queries("rxtrail.store.postgres").items()}
_TEXT_OID = 25
ROWS_AT_ONCE = 20  # of raw documents: chunks are large
AS_OF_SECONDS = 0.5
ONE_SECONDS = 2.0  # for one row: what a counter waits for
MANY_SECONDS = STATEMENT_SECONDS_READER + 5.0
HELD_SECONDS = 3600.0
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
    sealer: Sealer


class PostgresReader(SqlReader):
    """Reads on one connection; used by one thread at a time."""

    def __init__(self, site: Site) -> None:
        """Connect."""
        super().__init__(site.names, site.sealer)
        self._site = site
        self._moved = -1
        self._marked = -1
        self._seen_with: int | None = None  # how often something had changed, as the last statement itself read it
        self._asked = 0.0
        self._as_of: int | None = None
        self._held = False
        self._open()

    def _connect(self) -> Connection:
        self._patient = connect_reader(self._site.url)
        return self._patient

    def _open(self) -> None:
        self._connection = self._connect()
        if self._site.distributed:
            # One connection to each machine is enough for a reader, and costs a fifth of the default's sixteen.
            self._connection.execute(b"SET citus.max_adaptive_executor_pool_size TO 1")
        else:
            # One plan for all keys: ours differ in their values only. (A cluster must see the key to find its machine.)
            self._connection.execute(b"SET plan_cache_mode TO force_generic_plan")
            # Nor does any of them gain from reading a table whole, which is what a hash join would do.
            self._connection.execute(b"SET enable_hashjoin TO off")
        self._cursor = self._connection.cursor(binary=True)
        self._loader = Transformer(self._connection)
        self._prepared: set[str] = set()  # by the short way, on this connection

    def _execute(self, name: str, parameters: tuple[Value, ...]) -> psycopg.Cursor[tuple[Any, ...]]:
        """Run a statement; a connection that was lost while nobody asked is opened anew, once.

        :raises StoreLost: the server does not answer.
        :raises BadRequest: a text holds U+0000, which PostgreSQL cannot.
        """
        self._seen_with = None
        self._check_there()
        given: Any = parameters
        if _NAMED[name]:
            given = {f"p{number}": value for number, value in enumerate(parameters, 1)}
        try:
            return self._cursor.execute(Q[name], given)
        except NoAnswer as error:
            self._site.listener.miss()
            raise _named(error) from error
        except psycopg.Error as error:
            if not isinstance(error, psycopg.OperationalError) or not self._connection.closed or self._held:
                raise _named(error) from error
        begun = time.monotonic()
        try:
            self._open()
            return self._cursor.execute(Q[name], given)
        except psycopg.Error as error:
            if time.monotonic() - begun > ONE_SECONDS / 2:  # who refuses at once may be asked again at once
                self._site.listener.miss()
            raise _named(error) from error

    def _check_there(self) -> None:
        """Ask nothing of a server that gave no answer to others, until one comes: a counter cannot wait each time.

        :raises StoreLost: the server has not answered since.
        """
        if self._site.listener.missing:
            raise _named(NoAnswer("no answer in time"))

    def _wait_for(self, seconds: float) -> None:
        """Give up on the next answer after so long; a held view waits for whatever it takes."""
        self._patient.patience = HELD_SECONDS if self._held else seconds

    def _one(self, name: str, *parameters: Value) -> Any:  # noqa: ANN401 (a row is what its query says)
        self._wait_for(ONE_SECONDS)
        return self._execute(name, parameters).fetchone()

    def _all(self, name: str, *parameters: Value) -> list[Any]:
        self._wait_for(MANY_SECONDS)
        return self._execute(name, parameters).fetchall()

    def _each(self, name: str, *parameters: Value) -> Iterator[Any]:
        """Read a few rows at a time: whoever takes them slowly asks for other things meanwhile, by this connection."""
        count = 0
        while rows := self._all(name, *parameters, count, ROWS_AT_ONCE):
            yield from rows
            count += len(rows)

    def _numbers(self, values: Iterable[int]) -> Value:
        return list(values)

    def _texts(self, values: Iterable[str]) -> Value:
        return list(values)

    def terms_since(self, terms: Sequence[int], low: int) -> dict[int, int]:
        """Give the last position of each of these terms that was used at or after a position."""
        return dict(self._all("terms_since", list(terms), low))

    def _identified(self, identities: Sequence[bytes]) -> list[tuple[bytes, int]]:
        return self._all("events_by_identity", list(identities)) if identities else []

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
        """See the record as it is now until :meth:`let_go`, or until this reader is closed.

        On a cluster each machine takes its own view: writers wait for the moment in which all of them do.
        """
        if not self._site.distributed:
            self._view()
            return
        try:
            with connect(self._site.url, statement_seconds=STATEMENT_SECONDS_READER) as gate, gate.transaction():
                gate.execute(b"SELECT position FROM log_head FOR SHARE")
                self._view()
                self._one("every_machine")
        except (psycopg.Error, StoreFailed) as error:
            self.let_go()  # a view that nobody lets go of would answer from the past for ever
            raise (_named(error) if isinstance(error, psycopg.Error) else error) from error

    def _view(self) -> None:
        begin = b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0"
        try:
            self._connection.execute(begin, prepare=False)
        except psycopg.OperationalError as error:
            if not self._connection.closed or isinstance(error, NoAnswer):
                raise _named(error) from error
            try:
                self._open()  # it was lost while nobody asked
                self._connection.execute(begin, prepare=False)
            except psycopg.Error as again:
                raise _named(again) from again
        self._held = True
        self._look_back()
        try:
            self._one("log_size")  # the first read fixes the view
        except StoreFailed:
            self.let_go()
            raise

    def let_go(self) -> None:
        """See the record as it goes on."""
        self._held = False
        self._look_on()
        with contextlib.suppress(psycopg.OperationalError):  # a lost connection holds nothing
            self._connection.execute(b"COMMIT")  # after a ROLLBACK the driver has all prepared statements forgotten

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

    def mark(self) -> None:
        """Note that what is read from here on is kept in mind."""
        self._marked = self._one("moved")[0]

    def moved_on(self) -> bool:
        """Tell whether the last read saw a record in which what was kept in mind since the mark is changed.

        The news of a change comes by another connection and may be late: on a machine that stood still, by minutes.
        """
        seen_with: int = self._one("moved")[0] if self._seen_with is None else self._seen_with
        if seen_with == self._marked:
            return False
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

    def _making_row(self, number: int) -> tuple[Any, ...]:
        """Read a making, what it takes from its event, and its lot: on one machine in one statement."""
        if not self._site.distributed:
            *row, self._seen_with = self._one("making_whole", number)
            return tuple(row)
        return super()._making_row(number)

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
        cases = {canonical: (product, serial) for product, serial, canonical in wanted if canonical}
        if self._site.distributed:  # the two tables lie on different machines
            rows = [(key, 1, made) for key, made, *_ in self._all("units_of", list(units))]
            numbers = dict(self._all("containers_by_key", list(cases)))
            found = self.containers(numbers.values()) if numbers else {}
            rows += [(key, 2, found[number].made) for key, number in numbers.items()]
        else:
            rows = self._all("known_packs", list(units), list(cases))
        return {(units if kind == 1 else cases)[key]: made for key, kind, made in rows}

    def _quick(self, name: str, key: str) -> list[Any] | None:
        """Run a statement of one text without the driver's cursor, which costs more than the statement itself.

        None when that cannot be: the ordinary way then connects anew, or says what is wrong. Not within a held view,
        which a statement that fails would end.
        """
        if self._held:
            return None
        self._check_there()
        label = name.encode()
        if name not in self._prepared:
            statement = Q[name].replace(b"%s", b"$1")
            if self._connection.pgconn.prepare(label, statement, [_TEXT_OID]).status != ExecStatus.COMMAND_OK:
                return None
            self._prepared.add(name)
        result = self._prepared_answer(label, [key.encode()])
        if result is None or result.status != ExecStatus.TUPLES_OK:
            self._prepared.discard(name)
            return None
        self._loader.set_pgresult(result)
        return self._loader.load_rows(0, result.ntuples, tuple)

    def _prepared_answer(self, name: bytes, parameters: list[bytes]) -> PGresult | None:
        """Run a prepared statement; None when the line is broken, or the server keeps silent: then it is closed."""
        line = self._connection.pgconn
        try:
            line.send_query_prepared(name, parameters, [1] * len(parameters), 1)
            line.flush()
            deadline = time.monotonic() + ONE_SECONDS
            while line.is_busy():
                if not self._patient.ready(Wait.R, deadline):
                    self._connection.close()
                    self._site.listener.miss()
                    return None
                line.consume_input()
            result = line.get_result()
            while line.get_result() is not None:
                pass
        except psycopg.OperationalError:
            self._connection.close()
            return None
        return result

    def pack_facts(self, product: int, serial: str) -> PackFacts | None:
        """Read one package, its packing and up to three containers around it.

        On one machine that is one statement; on a cluster one for the package, one for its packing and one for each
        container around it, each answered by one machine.
        """
        if not self._site.distributed:
            key = start_of(product) + serial
            rows = self._quick("pack_facts", key)
            row = self._one("pack_facts", key) if rows is None else next(iter(rows), None)
            if row is None:
                return None
            *facts, self._seen_with = row
            return PackFacts._make(facts)
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
