"""The SQLite engine: one file, one writer, readers beside it."""

from rxtrail.store.sqlite.connect import PLAIN, connect, root_of
from rxtrail.store.sqlite.engine import SqliteStore, open_store

__all__ = ["PLAIN", "SqliteStore", "connect", "open_store", "root_of"]
