"""The SQLite engine: one file, one writer, readers beside it."""

from rxtrail.store.sqlite.engine import SqliteStore, open_store

__all__ = ["SqliteStore", "open_store"]
