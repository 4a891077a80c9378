"""The Store on PostgreSQL 15 and later, and on Citus: one record that several processes read and write."""

from __future__ import annotations

import contextlib
import secrets
import time
from importlib import resources
from typing import TYPE_CHECKING

import psycopg

from rxtrail.errors import BadRequest, StoreFailed, StoreLost, StoreOld
from rxtrail.sealing import plain
from rxtrail.store.migrations import missing, read_migrations, statements
from rxtrail.store.names import Names
from rxtrail.store.postgres.connect import check_durable, check_url, connect, failure
from rxtrail.store.postgres.copying import PostgresCopying
from rxtrail.store.postgres.listen import Listener
from rxtrail.store.postgres.reader import PostgresReader, Site
from rxtrail.store.postgres.transaction import PostgresTransaction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rxtrail.sealing import Sealer
    from rxtrail.store.postgres.connect import Connection

SETUP_SECONDS = 120
SETTLE_SECONDS = 30.0
SETTLE_PAUSE = 0.2
_MIGRATING = 0x727874  # the advisory lock of those who bring the tables up to date


class PostgresStore:
    """One opened database."""

    shared = True  # other processes write the same record
    fills = False

    def __init__(self, url: str, sealer: Sealer, *, writable: bool) -> None:
        """Connect and bring the tables up to date; use :func:`open_store`."""
        self._names = Names()
        self.sealer = sealer
        sealer.shared = True
        self._sender = secrets.token_hex(8)
        self._url = url
        with connect(url, statement_seconds=SETUP_SECONDS) as connection:
            standby = bool(_value(connection, "SELECT pg_is_in_recovery()"))
            if writable and standby:
                raise StoreLost(
                    "this server follows another one and cannot be written to", advice="Give the primary's address."
                )
            if writable:
                check_durable(connection)
                _migrate(connection)
            elif _value(connection, "SELECT to_regclass('migration') IS NULL OR to_regclass('log_head') IS NULL"):
                raise StoreFailed(
                    "there is no record in this database", advice="Start with: rxtrail init, or rxtrail capture FILE"
                )
            elif missing(read_migrations("rxtrail.store.postgres"), _done(connection)):
                raise StoreOld(
                    "the record is of an earlier version", advice="Bring it up to date with: rxtrail store init"
                )
            distributed = _is_distributed(connection)
        self._site = Site(url, self._names, Listener(url, self._names, self._sender), distributed, standby, sealer)
        self._writer: PostgresTransaction | None = None
        self._writable = writable

    @property
    def distributed(self) -> bool:
        """Tell whether the tables live on the machines of a Citus cluster."""
        return self._site.distributed

    @property
    def encrypted(self) -> bool:
        """The server keeps the index as it is: encrypting its disk is for whoever runs it."""
        return False

    def scrub(self) -> None:
        """Have the server give up the rows that were overwritten; its write-ahead log and archives are its own."""
        with _as_store_failed(), connect(self._url, statement_seconds=SETUP_SECONDS) as connection:
            connection.execute(b"VACUUM data_key")

    def reader(self) -> PostgresReader:
        """Open a reader for the calling thread."""
        with _as_store_failed():
            return PostgresReader(self._site)

    def copying(self) -> PostgresCopying:
        """Give the whole record as tables, out and in."""
        return PostgresCopying(self.reader, self._url)

    def begin(self) -> PostgresTransaction:
        """Start the one write transaction; it waits until no other process is in one."""
        assert self._writable, "a store opened for reading does not write"
        with _as_store_failed():
            if self._writer is None:
                self._writer = PostgresTransaction(self._site)
            elif self._writer.lost:
                self._writer.reconnect()
            try:
                self._writer.open(fills=self.fills)
            except (psycopg.Error, StoreLost):
                self._writer.close()  # the server that takes writes may be another one by now
                raise
        return self._writer

    def savepoint(self) -> None:
        """Mark where :meth:`undo_to_savepoint` goes back to."""
        with _as_store_failed():
            self._tx().save()

    def release(self) -> None:
        """Keep what was written since the savepoint."""
        with _as_store_failed():
            self._tx().release()

    def undo_to_savepoint(self) -> None:
        """Undo what was written since the savepoint; the transaction goes on."""
        with _as_store_failed():
            self._tx().undo()
        self._names.forget()
        self.sealer.undone()

    def commit(self) -> None:
        """Make the transaction durable.

        When the connection is lost before the server's answer came, the server is asked what became of the
        transaction: it is told as done, or as undone, and never guessed.
        """
        tx = self._tx()
        try:
            tx.seal(self._sender)
        except psycopg.Error as error:
            if not tx.lost or not self._settled(tx):
                raise failure(error) or StoreFailed(f"the store failed: {error}") from error
        self._names.committed()
        self.sealer.committed()

    def _settled(self, tx: PostgresTransaction) -> bool:
        """Ask whether a transaction whose end was not heard was committed."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < deadline:
            try:
                tx.reconnect()
                return tx.is_kept()
            except (psycopg.Error, StoreLost):  # a server that follows another one cannot be asked either
                time.sleep(SETTLE_PAUSE)
        return False

    @staticmethod
    def failure(error: BaseException) -> StoreFailed | None:
        """Tell whether an error is the store's own failure, and which; None when it is somebody else's mistake."""
        return failure(error)

    def rollback(self) -> None:
        """Undo the whole transaction."""
        if self._writer is not None and not self._writer.lost:
            with contextlib.suppress(psycopg.Error):  # the server undoes what a lost connection had begun
                self._writer.abandon()
        self._names.undone()
        self.sealer.undone()

    def _tx(self) -> PostgresTransaction:
        assert self._writer is not None, "a transaction was begun"
        return self._writer

    def close(self) -> None:
        """Close the connections that are the store's own."""
        self._site.listener.close()
        if self._writer is not None:
            self._writer.close()
            self._writer = None


@contextlib.contextmanager
def _as_store_failed() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise failure(error) or StoreFailed(f"the store failed: {error}") from error


def _value(connection: Connection, statement: str) -> object:
    row = connection.execute(statement.encode()).fetchone()
    assert row is not None, "these always give a row"
    return row[0]


def _is_distributed(connection: Connection) -> bool:
    if not _value(connection, "SELECT count(*) FROM pg_extension WHERE extname = 'citus'"):
        return False
    return bool(_value(connection, "SELECT count(*) FROM pg_dist_partition WHERE logicalrelid = 'unit'::regclass"))


def _done(connection: Connection) -> dict[int, str]:
    """Give number -> SHA-256 of the migrations that this record has."""
    rows = connection.execute(b"SELECT number, sha256 FROM migration").fetchall()
    return {int(number): str(sha256) for number, sha256 in rows}


def _migrate(connection: Connection) -> None:
    """Bring the tables up to date, all in one transaction; others who start now wait."""
    with connection.transaction():
        connection.execute(f"SELECT pg_advisory_xact_lock({_MIGRATING:d})".encode())
        connection.execute(
            b"CREATE TABLE IF NOT EXISTS migration (number integer PRIMARY KEY, name text NOT NULL, "
            b"sha256 text NOT NULL)"
        )
        for migration in missing(read_migrations("rxtrail.store.postgres"), _done(connection)):
            for statement in migration.statements:
                connection.execute(statement.encode())
            connection.execute(b"INSERT INTO migration VALUES (%s, %s, %s)", migration[:3])


def distribute(url: str) -> bool:
    """Spread the tables of an empty record over the machines of a Citus cluster; False when they are spread already.

    :raises BadRequest: the server has no Citus extension, or the record is not empty.
    """
    check_url(url)
    with _as_store_failed(), connect(url, statement_seconds=SETUP_SECONDS) as connection:
        if not _value(connection, "SELECT count(*) FROM pg_extension WHERE extname = 'citus'"):
            raise BadRequest(
                "this database has no Citus extension",
                place="store",
                advice="Run CREATE EXTENSION citus and add the workers first: see docs/scale.md.",
            )
        check_durable(connection)
        _migrate(connection)
        if _is_distributed(connection):
            return False
        if _value(connection, "SELECT position + document FROM log_head"):
            raise BadRequest(
                "this record is not empty",
                place="store",
                advice="Make a new database, distribute it while it is empty, then use: rxtrail move-store FROM TO",
            )
        sql = (resources.files("rxtrail.store.postgres") / "distributed.sql").read_text(encoding="utf-8")
        with connection.transaction():
            for statement in statements(sql):
                connection.execute(statement.encode())
        return True


def open_store(url: str, *, writable: bool = True, sealer: Sealer | None = None) -> PostgresStore:
    """Open the record in a database; its tables are made when they are not there and ``writable``.

    ``sealer`` seals and opens blocks and documents; without one they lie as they are.

    :raises BadRequest: the URL cannot be read.
    :raises StoreLost: the server does not answer.
    :raises StoreFailed: the server does not keep what it says, or the tables are not ours.
    """
    check_url(url)
    with _as_store_failed():
        return PostgresStore(url, sealer or plain(), writable=writable)
