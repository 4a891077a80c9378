"""Bringing a SQLite file's tables up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
