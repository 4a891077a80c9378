"""Bringing a SQLite file's tables up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rxtrail.errors import StoreFailed, StoreOld
from rxtrail.store.migrations import missing, read_migrations

if TYPE_CHECKING:
    from sqlcipher3 import dbapi2


def migrate(connection: dbapi2.Connection) -> None:
    """Bring the schema up to date, each migration in one transaction.

    :raises StoreFailed: the store's history is not ours.
    """
    connection.execute(
        "CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL)"
    )
    done = dict(connection.execute("SELECT number, sha256 FROM migration"))
    for migration in missing(read_migrations("rxtrail.store.sqlite"), done):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in migration.statements:
                connection.execute(statement)
            connection.execute("INSERT INTO migration VALUES (?, ?, ?)", migration[:3])
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise


def check_up_to_date(connection: dbapi2.Connection) -> None:
    """Refuse to read tables that are not all there: whoever made or renewed them was stopped half-way, or is at it.

    :raises StoreOld: an earlier version made them, and that one finished.
    :raises StoreFailed: tables are missing.
    """
    made = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migration'").fetchone()
    rows = connection.execute("SELECT number, sha256 FROM migration ORDER BY number").fetchall() if made else []
    known = [(migration.number, migration.sha256) for migration in read_migrations("rxtrail.store.sqlite")]
    if not {number for number, _ in known} <= {number for number, _ in rows}:
        kind = StoreOld if rows and rows == known[: len(rows)] else StoreFailed
        raise kind(
            "the tables of this record are not up to date",
            advice="Run a command that writes, which brings them up to date, for example: rxtrail init",
        )
