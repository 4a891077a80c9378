"""Every byte of a store flipped, one after the other, and looked at by the part of the audit that must see it.

A whole audit of each flip would take hours. Each flip is given to the cheapest part that suffices, which are the very
functions of the audit: an encrypted page to its HMAC, a row to the comparison of its table with what the log makes of
it, a record, block or document to the reading of the log, an index to SQLite's own check.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from typing import TYPE_CHECKING, NamedTuple
from unittest import mock

from rxtrail.auditing import Faults, replay, tables_part
from rxtrail.auditing.boards_part import BOARDS, count_again, counted
from rxtrail.auditing.documents_part import DocumentsPart
from rxtrail.auditing.log_part import LogPart
from rxtrail.auditing.numbers import Numbers
from rxtrail.store.sqlite import check_file, open_scratch, open_store
from rxtrail.store.sqlite.pages import PageReader
from rxtrail.store.sqlite.walk import Walk
from rxtrail.store.tables import BY_NAME
from tests.auditing.records import behind_its_back

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rxtrail.store import Store
    from rxtrail.store.copying import View
    from rxtrail.store.tables import Row, Table

LOG = {"record", "block"}
OWN = {"tally", "migration"}


class Value(NamedTuple):
    """One byte of a value: of which table or index, and where in the file."""

    name: str
    kind: str  # table | index
    offset: int


def settled(folder: Path) -> Path:
    """Fold the write-ahead log into the file; give the file."""
    with behind_its_back(folder) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode = DELETE")
    return folder / "rxtrail.sqlite"


def value_bytes(path: Path) -> list[Value]:
    """Give every byte of a file that is not encrypted in which a value of a row or an index lies."""
    pages = PageReader(path, 4096, None)
    walk = Walk(pages)
    found = []
    for name, (kind, root) in {"sqlite_master": ("table", 1), **walk.roots()}.items():
        for row in walk.rows(root):
            if not row.places:
                continue
            page, start = row.places[0]
            for piece in row.pieces:
                if piece.page == page and piece.offset <= start < piece.offset + piece.length:
                    begin = start
                else:
                    begin = piece.offset
                _, at = walk.at(piece.page, 0)
                found += [Value(name, kind, at + o) for o in range(begin, piece.offset + piece.length)]
    pages.close()
    return sorted(set(found), key=lambda value: value.offset)


class _Expected:
    """A view of one table, from memory."""

    def __init__(self, rows: dict[str, list[Row]]) -> None:
        self._rows = rows

    def pages(self, table: Table, _after: object = None) -> Iterator[list[Row]]:
        if self._rows[table.name]:
            yield self._rows[table.name]


class Flipper:
    """What the audit knows of one record that is not encrypted, kept so that many flips can be looked at."""

    def __init__(self, folder: Path, scratch: Path) -> None:
        self.path = settled(folder)
        self.handle = os.open(self.path, os.O_RDWR)
        store = open_store(self.path, writable=False)
        self.again = again = open_scratch(scratch / "again.sqlite", None)
        view = store.copying().view(lenient=True)
        faults = Faults()
        numbers = Numbers(view)
        reader = store.reader()
        log = LogPart(view, faults, numbers.names, progress=lambda _: None)
        made = replay.Replay(again, numbers, reader.body_of)
        for _, opened, whole in log.read(0):
            assert whole
            made.feed(opened)
        made.finish()
        right = again.copying().view()
        names = [name for name in BY_NAME if name not in tables_part.ELSEWHERE]
        self.expected = {name: [row for page in right.pages(BY_NAME[name]) for row in page] for name in names}
        self.own = right.own_rows()
        self.declared = right.declared()
        self.documents = made.documents
        self.log_size = log.position
        for each in (view, right, reader):
            each.close()
        store.close()

    def close(self) -> None:
        self.again.close()
        os.close(self.handle)

    def flipped(self, value: Value) -> Faults:
        """Flip one bit of a byte, look, and put it back."""
        [before] = os.pread(self.handle, 1, value.offset)
        os.pwrite(self.handle, bytes([before ^ 1 << value.offset % 8]), value.offset)
        try:
            return self._look(value)
        finally:
            os.pwrite(self.handle, bytes([before]), value.offset)

    def _look(self, value: Value) -> Faults:
        faults = Faults()
        if value.kind == "index":
            check_file(self.path, None, faults.add, progress=lambda *_: None)
            return faults
        try:
            store = open_store(self.path, writable=False)
        except Exception as error:  # noqa: BLE001 (as the audit: it is told as the file's)
            faults.find("file", "unreadable", str(error), table=value.name)
            return faults
        try:
            view = store.copying().view(lenient=True)
            with contextlib.closing(view):
                if value.name in BOARDS:
                    self._boards(store, view, faults)
                else:
                    self._part(value.name, view, faults)
        except Exception as error:
            if store.failure(error) is None:
                raise
            faults.find("file", "unreadable", str(error), table=value.name)
        finally:
            store.close()
        if not faults.count:  # a key column that an index has too is read from there: SQLite's check compares the two
            check_file(self.path, None, faults.add, progress=lambda *_: None)
        return faults

    def _boards(self, store: Store, view: View, faults: Faults) -> None:
        with contextlib.closing(store.reader()) as reader:
            boards = counted(view, reader, self.log_size)
            if boards.here:
                count_again(self.again, reader, boards.at, lambda *_: None)
                tables = tuple(BY_NAME[name] for name in sorted(BOARDS))
                with (
                    contextlib.closing(self.again.copying().view()) as right,
                    mock.patch.object(tables_part, "TABLES", tables),
                ):
                    tables_part.compare_tables(view, right, faults, progress=lambda _: None)

    def _part(self, name: str, view: View, faults: Faults) -> None:
        if name == "sqlite_master":
            if view.declared() != self.declared:
                faults.find("table", "row-changed", "as the audit compares it", table=name)
        elif name in OWN:
            for own, rows in view.own_rows().items():
                if rows != self.own[own]:
                    faults.find("table", "row-changed", "as the audit compares it", table=own)
        elif name in LOG:
            log = LogPart(view, faults, Numbers(view).names, progress=lambda _: None)
            for _ in log.read(0):
                pass
            log.judge_ids(0)  # no record of this store is of an earlier version
        elif name == "document_chunk":
            DocumentsPart(view, faults, self.documents, progress=lambda _: None).read()
        else:
            table = BY_NAME[name]
            with mock.patch.object(tables_part, "TABLES", (table,)):
                for fault in view.contradictions():
                    faults.add(fault)
                tables_part.compare_tables(view, _Expected(self.expected), faults, progress=lambda _: None)  # type: ignore[arg-type]


def copied(folder: Path, to: Path) -> Path:
    """Give a copy in memory, where there is such a place: a disk would make this slow."""
    shutil.copytree(folder, to)
    return to
