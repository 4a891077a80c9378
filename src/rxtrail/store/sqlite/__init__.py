"""The SQLite engine: one file, one writer, readers beside it."""

from rxtrail.store.sqlite.connect import PLAIN, connect, root_of
from rxtrail.store.sqlite.engine import SqliteStore, open_scratch, open_store
from rxtrail.store.sqlite.looking import check_file, damaged_head, locate

__all__ = [
    "PLAIN",
    "SqliteStore",
    "check_file",
    "connect",
    "damaged_head",
    "locate",
    "open_scratch",
    "open_store",
    "root_of",
]
