"""What an audit asks of a SQLite file: whether its pages are whole, and where in it a row lies."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import msgspec
from sqlcipher3 import dbapi2

from rxtrail.answers import AuditFault
from rxtrail.store.names import long_id
from rxtrail.store.sqlite import file_check
from rxtrail.store.sqlite.connect import connect, page_secret, salt_in
from rxtrail.store.sqlite.engine import CACHE_KIB_READER
from rxtrail.store.sqlite.pages import (
    CIPHER_PAGE_BYTES,
    HEADER,
    HEADER_BYTES,
    SALT_BYTES,
    PageKey,
    PageReader,
    page_bytes_of,
)
from rxtrail.store.sqlite.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rxtrail.sealing import Root
    from rxtrail.store.sqlite.walk import Row

ROWS_WALKED_MAX = 2_000_000  # of one table: beyond that a row is named without its place in the file


def check_file(
    path: Path, root: Root | None, tell: Callable[[AuditFault], None], *, progress: Callable[[int, int], None]
) -> int:
    """Tell what is wrong with the pages of a file and of its write-ahead log; give how many were looked at."""
    open_it = functools.partial(connect, path, root, cache_kib=CACHE_KIB_READER, read_only=True)
    return file_check.check_file(path, tell, key=_key_of(path, root), connect=open_it, progress=progress)


def damaged_head(path: Path, root: Root | None) -> AuditFault | None:
    """Find the one bit that is wrong in the first 16 bytes of a file, with which nothing of it can be opened."""
    with path.open("rb") as file:
        pages = [file.read(CIPHER_PAGE_BYTES), file.read(CIPHER_PAGE_BYTES)]
    salt = pages[0][:SALT_BYTES]
    for at in range(8 * len(salt)):
        right = bytearray(salt)
        right[at // 8] ^= 1 << at % 8
        plain = bytes(right) == HEADER
        if plain or (root is not None and page_key_of(root, bytes(right)).is_whole(pages[1], 2)):
            what = "the head" if plain else "the salt"
            return AuditFault("file", "header-damaged", f"{what} of the file is not as it was written", file=path.name,
                              page=1, offset=at // 8, expected=right.hex(), found=salt.hex())  # fmt: skip
    return None


def page_key_of(root: Root, salt: bytes) -> PageKey:
    """Give the key of the pages of a file that begins with this salt."""
    return PageKey(page_secret(root, salt), salt)


def locate(path: Path, root: Root | None, faults: list[AuditFault], shown: Callable[[object], str]) -> list[AuditFault]:
    """Give the faults with the place in the file of each row that is there."""
    wanted: dict[str, list[int]] = {}
    for at, fault in enumerate(faults):
        if fault.table and fault.key and fault.offset < 0:
            wanted.setdefault(fault.table, []).append(at)
    if not wanted:
        return faults
    found = list(faults)
    try:
        with path.open("rb") as file:
            head = file.read(HEADER_BYTES)
        key = _key_of(path, root)
        page_bytes = CIPHER_PAGE_BYTES if key is not None else page_bytes_of(head)
        if page_bytes is None:
            return faults
        pages = PageReader(path, page_bytes, key)
        try:
            for table, named in _rows_of(path, root, Walk(pages), wanted):
                _give_places(table, named, found, list(wanted[table.name]), shown)
        finally:
            pages.close()
    except (OSError, dbapi2.Error, ValueError, IndexError):
        return found  # what is damaged so much is told by the check of the file itself
    return found


class _Table(msgspec.Struct):
    """A table as it lies in the file: its columns in the order in which they are stored, and those of its key."""

    name: str
    columns: list[str]
    keys: list[str]
    rowid: str  # the column that is the row's own number, or ""


def _rows_of(
    path: Path, root: Root | None, walk: Walk, wanted: dict[str, list[int]]
) -> Iterator[tuple[_Table, Iterator[tuple[Row, Walk]]]]:
    trees = walk.roots()
    connection = connect(path, root, cache_kib=CACHE_KIB_READER, read_only=True)
    try:
        for name in wanted:
            kind, tree = trees.get(name, ("", 0))
            if kind != "table":
                continue
            declared = connection.execute(f"PRAGMA table_info({name})").fetchall()
            without = not connection.execute(
                "SELECT 1 FROM pragma_index_list(?) WHERE origin = 'pk'", (name,)
            ).fetchone()
            keys = [row[1] for row in sorted(declared, key=lambda row: row[5]) if row[5]]
            columns = [row[1] for row in declared]
            rowid = keys[0] if without and len(keys) == 1 else ""
            first = next(walk.rows(tree), None)
            if first is not None and first.rowid is None:  # a table without rowid: its key comes first
                columns = [*keys, *(column for column in columns if column not in keys)]
                rowid = ""
            yield _Table(name, columns, keys, rowid), ((row, walk) for row in walk.rows(tree))
    finally:
        connection.close()


def _give_places(
    table: _Table, rows: Iterator[tuple[Row, Walk]], found: list[AuditFault], wanted: list[int],
    shown: Callable[[object], str],
) -> None:  # fmt: skip
    by_key: dict[str, list[int]] = {}
    for at in wanted:
        by_key.setdefault(found[at].key, []).append(at)
    for count, (row, walk) in enumerate(rows):
        if count >= ROWS_WALKED_MAX or not by_key:
            return
        values = dict(zip(table.columns, row.values, strict=False))
        if table.rowid and row.rowid is not None:
            values[table.rowid] = row.rowid
        if "event_id" in values and isinstance(values["event_id"], bytes):
            values["event_id"] = long_id(values["event_id"])
        key = ", ".join(f"{name}={shown(values.get(name))}" for name in table.keys)
        for at in by_key.pop(key, ()):
            fault = found[at]
            column = table.columns.index(fault.field) if fault.field in table.columns else -1
            page, offset = row.places[column] if 0 <= column < len(row.places) else (row.page, row.pieces[0].offset)
            file, place = walk.at(page, offset)
            found[at] = msgspec.structs.replace(fault, file=file.name, page=page, offset=place)


def _key_of(path: Path, root: Root | None) -> PageKey | None:
    """Give the key of an encrypted file; None: it is not encrypted."""
    return None if root is None else page_key_of(root, salt_in(path))
