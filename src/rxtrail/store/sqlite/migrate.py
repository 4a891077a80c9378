"""Numbered, checksummed migrations: they only add, and a shipped one is frozen."""

from __future__ import annotations

import hashlib
from importlib import resources
from typing import TYPE_CHECKING

from rxtrail.errors import StoreFailed

if TYPE_CHECKING:
    from sqlcipher3 import dbapi2


def migrations() -> list[tuple[int, str, str]]:
    """Give (number, file name, SQL) of each migration in order."""
    folder = resources.files("rxtrail.store.sqlite") / "migrations"
    files = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [(int(name[:4]), name, (folder / name).read_text(encoding="utf-8")) for name in files]


def migrate(connection: dbapi2.Connection) -> None:
    """Bring the schema up to date in one transaction; refuse a store whose history is not ours."""
    connection.execute(
        "CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL)"
    )
    done = dict(connection.execute("SELECT number, sha256 FROM migration"))
    known = migrations()
    if done and max(done) > known[-1][0]:
        raise StoreFailed(
            f"the store was written by a newer rxtrail (migration {max(done)}, this program knows {known[-1][0]})",
            advice="Install the newer version again.",
        )
    for number, name, sql in known:
        checksum = hashlib.sha256(sql.encode()).hexdigest()
        if number in done:
            if done[number] != checksum:
                raise StoreFailed(
                    f"migration {name} is not the one that made this store",
                    advice="Restore the program's files.",
                )
            continue
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in _statements(sql):
                connection.execute(statement)
            connection.execute("INSERT INTO migration VALUES (?, ?, ?)", (number, name, checksum))
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise


def _statements(sql: str) -> list[str]:
    lines = [line for line in sql.splitlines() if not line.lstrip().startswith("--")]
    return [statement.strip() for statement in "\n".join(lines).split(";") if statement.strip()]
