"""Numbered, checksummed migrations: they only add, and a shipped one is frozen. Each engine has its own folder."""

from __future__ import annotations

import hashlib
from importlib import resources
from typing import TYPE_CHECKING, NamedTuple

from rxtrail.errors import StoreFailed

if TYPE_CHECKING:
    from collections.abc import Mapping


class Migration(NamedTuple):
    """One numbered file of statements."""

    number: int
    name: str
    sha256: str
    statements: list[str]


def read_migrations(package: str) -> list[Migration]:
    """Give the migrations of an engine's package in order."""
    folder = resources.files(package) / "migrations"
    files = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    found = []
    for name in files:
        sql = (folder / name).read_text(encoding="utf-8")
        found.append(Migration(int(name[:4]), name, hashlib.sha256(sql.encode()).hexdigest(), statements(sql)))
    return found


def missing(known: list[Migration], done: Mapping[int, str]) -> list[Migration]:
    """Give the migrations that a store has not seen yet; ``done`` is number -> SHA-256 of those it has.

    :raises StoreFailed: the store's history is not ours.
    """
    if done and max(done) > known[-1].number:
        raise StoreFailed(
            f"the store was written by a newer rxtrail (migration {max(done)}, this program knows {known[-1].number})",
            advice="Install the newer version again.",
        )
    for migration in known:
        if migration.number in done and done[migration.number] != migration.sha256:
            raise StoreFailed(
                f"migration {migration.name} is not the one that made this store",
                advice="Restore the program's files.",
            )
    return [migration for migration in known if migration.number not in done]


def statements(sql: str) -> list[str]:
    """Cut a file into its statements; comment lines are left out."""
    lines = [line for line in sql.splitlines() if not line.lstrip().startswith("--")]
    return [statement.strip() for statement in "\n".join(lines).split(";") if statement.strip()]
