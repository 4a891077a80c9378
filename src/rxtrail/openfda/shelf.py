"""The file in DATA that holds what was loaded from openFDA.

Public files that anybody can fetch again are no part of the record: they stand beside it, in an SQLite file of their
own, whatever engine the record is on, and nothing of them goes into the log. A load is one transaction: a file that
turns out to be cut, a full disk and a killed process leave what there was before.
"""

from __future__ import annotations

import contextlib
import sqlite3
import zlib
from typing import TYPE_CHECKING, Any, Final

import msgspec

from rxtrail.errors import Busy, StoreFailed, StoreFull
from rxtrail.openfda.values import FdaProduct, Label, Shortage
from rxtrail.store.queries import read_queries

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

FILE: Final = "openfda.sqlite"
VERSION: Final = 2  # of the tables; a file of another version is emptied, and loaded again
CACHE_KIB: Final = 64 * 1024
LOAD_WAIT_SECONDS: Final = 5.0
READ_WAIT_SECONDS: Final = 1.0
_SQL: Final = read_queries("rxtrail.openfda")

encode = msgspec.msgpack.Encoder().encode
_product = msgspec.msgpack.Decoder(FdaProduct).decode
_label = msgspec.msgpack.Decoder(Label).decode
_shortage = msgspec.msgpack.Decoder(Shortage).decode


class Shelf:
    """One connection to the file, for one thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Take an open connection; use :func:`open_shelf` or :func:`writing`."""
        self._connection = connection

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    # -- reading ---------------------------------------------------------------------------------------------------

    def product(self, key: str) -> FdaProduct | None:
        """Give one package of the NDC directory."""
        row = self._all("product", key)
        return _product(row[0][0]) if row else None

    def find(self, words: str, limit: int) -> list[FdaProduct]:
        """Give packages whose brand or generic name holds these words."""
        return [_product(body) for (body,) in self._all("find_products", words.lower(), limit)]

    def labels(self, set_ids: Iterable[str]) -> dict[str, Label]:
        """Give labels by their set_id."""
        rows = self._all("labels", _list(set_ids))
        return {set_id: _label(zlib.decompress(body)) for set_id, body in rows}

    def label_versions(self, set_ids: Iterable[str]) -> dict[str, tuple[int, str]]:
        """Give which version of labels is here, and from when it is."""
        rows = self._all("label_versions", _list(set_ids))
        return {set_id: (version, effective) for set_id, version, effective in rows}

    def labels_of(self, keys: Sequence[str]) -> list[str]:
        """Give the set_ids of the labels of a package or product."""
        return [set_id for (set_id,) in self._all("labels_of", _list(keys))]

    def shortages(self, keys: Sequence[str]) -> list[Shortage]:
        """Give what the list of shortages says of a package or product."""
        return [_shortage(body) for (body,) in self._all("shortages", _list(keys))]

    def loaded(self) -> list[tuple[str, str, int, int, int]]:
        """Give the files that were loaded: dataset, name, when, records, faults."""
        return self._all("loaded")

    def counts(self) -> tuple[int, int, int]:
        """Count packages, labels and shortages."""
        [(products, labels, shortages)] = self._all("counts")
        return products, labels, shortages

    def version(self) -> int:
        """Give a number that is another one when somebody else has changed the file."""
        [(number,)] = self._connection.execute("PRAGMA data_version").fetchall()
        return int(number)

    def cursor(self, dataset: str, search: str) -> tuple[str, int, int, int] | None:
        """Tell how far the API was asked: what is next, records, of how many, when."""
        rows = self._all("cursor", dataset, search)
        return rows[0] if rows else None

    def setting(self, key: str) -> str:
        """Give a setting, "" when nobody made it."""
        rows = self._all("setting", key)
        return rows[0][0] if rows else ""

    # -- writing ---------------------------------------------------------------------------------------------------

    def run(self, name: str, *values: object) -> int:
        """Run one statement; give how many rows it changed."""
        return self._connection.execute(_SQL[name], values).rowcount

    def run_many(self, name: str, rows: Iterable[Sequence[object]]) -> None:
        """Run one statement for many rows."""
        self._connection.executemany(_SQL[name], rows)

    def _all(self, name: str, *values: object) -> list[Any]:
        return self._connection.execute(_SQL[name], values).fetchall()


def open_shelf(folder: Path) -> Shelf | None:
    """Open the file for reading; None when nothing was ever loaded, or by a program of other tables."""
    path = folder / FILE
    if not path.exists():
        return None
    connection = sqlite3.connect(path, timeout=READ_WAIT_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA query_only = ON")
        [(version,)] = connection.execute("PRAGMA user_version").fetchall()
    except sqlite3.Error:
        connection.close()
        raise
    if version != VERSION:
        connection.close()
        return None
    return Shelf(connection)


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[Shelf]:
    """Change the file: all that is done within it, or none of it.

    :raises Busy: somebody else is changing it.
    :raises StoreFailed: it cannot be written.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / FILE
    try:
        path.touch(mode=0o600)
        connection = sqlite3.connect(path, timeout=LOAD_WAIT_SECONDS, isolation_level=None)
    except (sqlite3.Error, OSError) as error:
        raise _failed(path, error) from error
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        connection.execute("BEGIN IMMEDIATE")
        [(version,)] = connection.execute("PRAGMA user_version").fetchall()
        if version not in (0, VERSION):
            _empty(connection)
        for statement in _SQL["schema"].split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
        yield Shelf(connection)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        raise _failed(path, error) from error
    finally:
        connection.close()  # what was not committed is undone


def _empty(connection: sqlite3.Connection) -> None:
    names = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    for (name,) in names.fetchall():
        connection.execute(f'DROP TABLE "{name}"')


def _failed(path: Path, error: Exception) -> Exception:
    words = str(error)
    if "locked" in words or "busy" in words:
        return Busy("another command is loading openFDA files", place=str(path), advice="Wait until it has ended.")
    if "full" in words:
        return StoreFull("the disk is full: nothing was loaded", place=str(path), advice="Make room, then load again.")
    return StoreFailed(
        f"the file of openFDA records cannot be used: {words}",
        place=str(path),
        advice="It holds public files only: move it away and load them again.",
    )


def _list(values: Iterable[str]) -> str:
    return msgspec.json.encode(list(values)).decode()


def packed(label: Label) -> bytes:
    """Give a label as it is kept: prose takes a quarter of its room."""
    return zlib.compress(encode(label), 1)
