"""The one write transaction on PostgreSQL: it holds the log's head from its first statement to its commit.

So positions, numbers and rows follow one order over all processes, no position is skipped or given twice, and a
writer that dies leaves nothing and lets go at once. New packages go in by COPY; only a batch that meets packages
which are there already asks which those are.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

import psycopg

from rxtrail.errors import StoreLost
from rxtrail.store.copying import UNFINISHED, closed
from rxtrail.store.postgres.connect import check_durable, connect, is_duplicate
from rxtrail.store.postgres.event_names import stored_name
from rxtrail.store.postgres.keys import start_of
from rxtrail.store.postgres.listen import CHANNEL
from rxtrail.store.postgres.reader import PostgresReader, Q, Site
from rxtrail.store.sql_transaction import SqlTransaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rxtrail.store.postgres.connect import Connection
    from rxtrail.store.rows import ContainerRow, Record, UnitRow
    from rxtrail.store.sql_reader import Value

STATEMENT_SECONDS_WRITER = 600
LINES_AT_ONCE = 5_000
# Each command of a transaction has a moment of its own (at most 500 commands, two microseconds each): the next
# transaction, which may be another process's, starts behind them also when the server's clock was set back.
TRANSACTION_US = 2_000
HEADS = ("position", "block", "making", "container", "name", "product", "lot", "document", "packages", "events",
         "moved", "time")  # fmt: skip
_COPIES = frozenset(name for name, statement in Q.items() if statement.startswith(b"COPY"))
_SETS = frozenset(name for name, statement in Q.items() if b"FROM unnest(" in statement)
_ESCAPED = re.compile(r"[\\\t\n\r]")
_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}

Group = tuple["Sequence[str]", int | None, int | None, int | None]  # serials, made, packed, own


class PostgresTransaction(PostgresReader, SqlTransaction):
    """The writing connection; its reads see its own writes."""

    def __init__(self, site: Site) -> None:
        """Connect; :meth:`open` starts a transaction."""
        self._heads: dict[str, int] = {}
        self._saved: dict[str, int] = {}
        self._now = 0
        self._told = False
        self._claimed: set[str] = set()
        self._seen = -1  # the log's position when this process last committed
        self._last: tuple[int, bytes] | None = None  # the last record of this transaction: its position and name
        self._last_saved: tuple[int, bytes] | None = None
        super().__init__(site)
        self._held = True  # a lost connection has lost the transaction: nothing may go on as if it had not

    def _connect(self) -> Connection:
        self._claimed = set()  # they ended with the connection that had them
        connection = connect(self._site.url, statement_seconds=STATEMENT_SECONDS_WRITER, writer=True)
        try:
            check_durable(connection)  # each time: the server may have become another one
        except BaseException:
            connection.close()
            raise
        return connection

    def _wait_for(self, seconds: float) -> None:
        """Wait for whatever the server's own time limits allow."""

    def _check_there(self) -> None:
        """Try, whatever others found: the writer is asked again until it can."""

    @property
    def lost(self) -> bool:
        """Tell whether the connection is gone."""
        return bool(self._connection.closed)

    def reconnect(self) -> None:
        """Connect anew."""
        self._connection.close()
        self._open()

    # -- the transaction -------------------------------------------------------------------------------------------

    def open(self, *, fills: bool = False) -> None:
        """Begin, and wait for the log's head; what other processes changed meanwhile is forgotten.

        ``fills`` says that this process fills the record: what is closed only for that may be written.
        """
        self._connection.execute(b"BEGIN")
        try:
            row = self._one("head")
        except StoreLost:
            self._free_head()
            raise
        *numbers, self._now, mark = row
        if mark is not None and not (fills and mark == UNFINISHED):
            raise closed(mark)  # by another process, since this one opened the record
        self._heads = dict(zip(HEADS, numbers, strict=True))
        self._saved = {}
        self._last = self._last_saved = None
        self._told = False
        if self._seen != self._heads["moved"]:
            self._names.follow()
            self._sealer.recheck()
            self._seen = self._heads["moved"]

    def _free_head(self) -> None:
        """End a writer that stopped in the middle of a COPY: no time limit of the server's ends that."""
        with contextlib.suppress(psycopg.Error), connect(self._site.url, statement_seconds=5) as other:
            other.execute(Q["end_stuck_writers"])

    def save(self) -> None:
        """Mark where :meth:`undo` goes back to."""
        self._connection.execute(b"SAVEPOINT work")
        self._saved = dict(self._heads)
        self._last_saved = self._last

    def release(self) -> None:
        """Keep what was written since the mark."""
        self._connection.execute(b"RELEASE SAVEPOINT work")

    def undo(self) -> None:
        """Undo what was written since the mark."""
        self._connection.execute(b"ROLLBACK TO SAVEPOINT work; RELEASE SAVEPOINT work", prepare=False)
        self._heads = dict(self._saved)
        self._last = self._last_saved

    def seal(self, sender: str) -> None:
        """Write the head, tell others, commit: in one round trip."""
        heads = self._heads
        heads["time"] = self.clock(0)
        if self._told or self._names.changed:
            heads["moved"] += 1
        words = ", ".join(f"{name} = {heads[name]:d}" for name in HEADS)
        tell = f"NOTIFY {CHANNEL}, '{sender}'; " if heads["moved"] != self._seen else ""
        statement = f"UPDATE log_head SET {words}; {tell}COMMIT"  # noqa: S608 (whole numbers and our own hex mark)
        self._connection.execute(statement.encode(), prepare=False)
        self._seen = heads["moved"]

    def abandon(self) -> None:
        """Undo the whole transaction."""
        self._connection.execute(b"ROLLBACK")

    def is_kept(self) -> bool:
        """Tell, on a new connection, whether the transaction whose end was not heard was committed.

        Its own end is waited for by asking for the head that it held. Its number proves nothing: after a crash or a
        failover the server may give the same one to another. Its last record does: position and name are its alone.
        A transaction without records is told as undone: whatever writes none may be done twice.
        """
        last = self._last
        if last is None:
            return False
        self._connection.execute(b"BEGIN")
        self._one("head")
        row = self._one("record_name", last[0])
        self._connection.execute(b"ROLLBACK")
        return row is not None and bytes(row[0]) == last[1]

    # -- statements ------------------------------------------------------------------------------------------------

    def _run(self, name: str, *parameters: Value) -> None:
        self._execute(name, parameters)

    def _many(self, name: str, rows: Iterable[Sequence[Value]]) -> None:
        if name in _COPIES:
            self._copy(name, rows)
            return
        held = list(rows)
        if not held:
            return
        if name in _SETS:
            self._execute(name, tuple(list(column) for column in zip(*held, strict=True)))
        else:
            with self._connection.cursor() as cursor:
                cursor.executemany(Q[name], held)

    def _copy(self, name: str, rows: Iterable[Sequence[Value]]) -> None:
        with self._connection.cursor() as cursor, cursor.copy(Q[name]) as copy:
            write = copy.write_row
            for row in rows:
                write(row)

    def _next(self, what: str) -> int:
        number = self._heads[what] + 1
        if what in ("name", "product", "lot", "document"):
            self._heads[what] = number  # the others are counted as they are written, many at once
        return number

    def _tally(self, what: str, more: int) -> None:
        self._heads[what] += more

    def _stored_name(self, event_id: str) -> Value:
        return stored_name(event_id)

    def _tell(self) -> None:
        self._told = True

    # -- verbs that differ -----------------------------------------------------------------------------------------

    def log_size(self) -> int:
        """Count the records in the log, those of this transaction included."""
        return self._heads["position"]

    def counts(self) -> tuple[int, int, int, int]:
        """Count packages, containers, events and documents, those of this transaction included."""
        heads = self._heads
        return heads["packages"], heads["container"], heads["events"], heads["document"]

    def follow(self) -> bool:
        """Nobody else changes anything while this transaction is open."""
        if self._followed == self._names.followed:
            return False
        self._followed = self._names.followed
        return True

    def mark(self) -> None:
        """Nobody else changes anything while this transaction is open."""

    def moved_on(self) -> bool:
        """Nobody else changes anything while this transaction is open."""
        return False

    def clock(self, now: int) -> int:  # noqa: ARG002 (each machine's own clock may be a day off)
        """Give the server's time when this transaction began, always later than any moment of the last one."""
        return max(self._now, self._heads["time"] + TRANSACTION_US)

    def claim(self, job: str) -> bool:
        """Take a job for this process; False when another living process works on it."""
        if job not in self._claimed:
            if not self._one("claim_job", job)[0]:
                return False
            self._claimed.add(job)
        return True

    def job_progress(
        self,
        job: str,
        *,
        state: str,
        applied: int,
        packages: int,
        new_events: int,
        position: int,
        finished_at: int,
        error: str,
    ) -> None:
        """Note how far a job has come; what has ended is let go of."""
        super().job_progress(
            job, state=state, applied=applied, packages=packages, new_events=new_events, position=position,
            finished_at=finished_at, error=error,
        )  # fmt: skip
        if finished_at and job in self._claimed:
            self._one("free_job", job)
            self._claimed.discard(job)

    def add_block(self, number: int, data: bytes) -> bytes:
        """Compress, seal and add a block of canonical bytes; give the SHA-256 of what lies in the store."""
        digest = super().add_block(number, data)
        self._heads["block"] = max(self._heads["block"], number)
        return digest

    def add_makings(self, rows: Sequence[tuple[int, int, int]]) -> None:
        """Add (number, event, lot) of makings."""
        super().add_makings(rows)
        self._heads["making"] = max(self._heads["making"], *(number for number, _, _ in rows), 0)

    def add_records(self, rows: Sequence[Record]) -> None:
        """Append records; their positions follow the last one."""
        super().add_records(rows)
        if rows:
            self._heads["position"] = rows[-1].position + 1
            self._last = rows[-1].position, rows[-1].id

    def add_containers(self, rows: Sequence[ContainerRow]) -> None:
        """Add containers with the fold of their events."""
        super().add_containers(rows)
        self._heads["container"] = max(self._heads["container"], *(row.id for row in rows), 0)
        self._many("add_container_key", [(row.key, row.id) for row in rows])

    def set_containers(self, rows: Sequence[ContainerRow]) -> None:
        """Write the folds of containers anew."""
        self._many("set_container", rows)

    def _insert_units(self, product: int, groups: Sequence[Group]) -> dict[str, UnitRow]:
        """Add packages by COPY; where some may be there already, ask first which.

        One serial of each group is asked for beforehand: a document that repeats what is on record repeats whole
        groups. What this misses the unique key finds, and the COPY is undone and done again without them.
        """
        probe = [serials[0] for serials, *_ in groups if serials]
        if not probe:
            return {}
        there: dict[str, UnitRow] = {}
        if self.units_of(product, probe):
            there = self._there(product, groups)
        self._connection.execute(b"SAVEPOINT units")
        try:
            self._copy_units(product, groups, there)
        except psycopg.Error as error:
            if not is_duplicate(error):
                raise
            self._connection.execute(b"ROLLBACK TO SAVEPOINT units")
            there = self._there(product, groups)
            self._copy_units(product, groups, there)
        self._connection.execute(b"RELEASE SAVEPOINT units")
        return there

    def _there(self, product: int, groups: Sequence[Group]) -> dict[str, UnitRow]:
        return self.units_of(product, [serial for serials, *_ in groups for serial in serials])

    def _copy_units(self, product: int, groups: Sequence[Group], there: dict[str, UnitRow]) -> None:
        """Send packages as text, in the order of their keys: neighbours meet the same page of the index."""
        start = start_of(product)
        lines: list[str] = []
        for serials, made, packed, own in groups:
            new: Sequence[str] = [serial for serial in serials if serial not in there] if there else serials
            if not new:
                continue
            new = list(dict.fromkeys(new))
            if _ESCAPED.search("".join(new)):
                new = [_ESCAPED.sub(lambda found: _ESCAPES[found[0]], serial) for serial in new]
            rest = f"\t{_null(made)}\t{_null(packed)}\t{_null(own)}\n"
            lines += [start + serial + rest for serial in new]
        lines.sort()
        with self._connection.cursor() as cursor, cursor.copy(Q["add_units"]) as copy:
            for at in range(0, len(lines), LINES_AT_ONCE):
                copy.write("".join(lines[at : at + LINES_AT_ONCE]))


def _null(number: int | None) -> str:
    return "\\N" if number is None else str(number)
