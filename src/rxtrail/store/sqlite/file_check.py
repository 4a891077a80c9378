"""A SQLite file against itself: every page, in the file and in its write-ahead log, named where it is wrong.

Of an encrypted file each page has an HMAC, so a single bit is seen at its page, and pages cannot change places. Of any
file SQLite's own check walks all trees and holds every index against its table. The write-ahead log has checksums of
its own: what does not follow in it is no part of the record, and SQLite passes over it without a word, so it is told.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Final

from sqlcipher3 import dbapi2

from rxtrail.answers import AuditFault
from rxtrail.store.sqlite.pages import CIPHER_PAGE_BYTES, HEADER_BYTES, page_bytes_of, read_wal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rxtrail.store.sqlite.pages import PageKey

FAULTS_MAX: Final = 100
SCHEMA: Final = "sqlite_master"
PAGES_AT_ONCE: Final = 256
READ_AGAIN_SECONDS: Final = (0.01, 0.1, 0.5)  # a page that another process is writing is whole a moment later
_PAGE = re.compile(r"\b[Pp]age (\d+)")
_INDEX = re.compile(r"index (\w+)")
_TABLE = re.compile(r"(?:value in |in table )(\w+)")


def check_file(
    path: Path,
    tell: Callable[[AuditFault], None],
    *,
    key: PageKey | None,
    connect: Callable[[], dbapi2.Connection],
    progress: Callable[[int, int], None],
) -> int:
    """Tell what is wrong with a file; give how many pages were looked at. ``connect`` opens it for reading."""
    with path.open("rb") as file:
        head = file.read(HEADER_BYTES)
    page_bytes = CIPHER_PAGE_BYTES if key is not None else page_bytes_of(head)
    if page_bytes is None:
        message = "the file does not begin as SQLite's do"
        tell(AuditFault("file", "header-damaged", message, file=path.name, page=1, offset=0))
        return 0
    wal_path = path.with_name(path.name + "-wal")
    wal = read_wal(wal_path, page_bytes)
    if wal.damage is not None:
        message, page, offset = wal.damage
        tell(AuditFault("file", "wal-damaged", message, file=wal_path.name, page=page, offset=offset))
    size = path.stat().st_size
    pages = size // page_bytes
    told = pages if key is not None or wal.frames else int.from_bytes(head[28:32])
    if size != told * page_bytes:
        message = f"the file has {size} bytes, and should have {told} pages of {page_bytes}"
        tell(AuditFault("file", "file-cut", message, file=path.name, page=pages + 1, offset=pages * page_bytes))
    damaged = 0
    if key is not None:
        for number, offset, where in _damaged_pages(path, pages, page_bytes, key, progress):
            damaged += 1
            tell(_page_fault(where, number, offset))
        with wal_path.open("rb") if wal.frames else path.open("rb") as frames:
            for frame in wal.frames:
                frames.seek(frame.offset)
                if not key.is_whole(frames.read(page_bytes), frame.number):
                    damaged += 1
                    tell(_page_fault(wal_path.name, frame.number, frame.offset))
    if not damaged:
        for words, where in _integrity(connect):
            tell(_fault(words, where, path.name, page_bytes))
    progress(pages, pages)
    return pages + len(wal.frames)


def _page_fault(name: str, number: int, offset: int) -> AuditFault:
    message = f"page {number} is not as it was written"
    return AuditFault("file", "page-damaged", message, file=name, page=number, offset=offset)


def _damaged_pages(
    path: Path, pages: int, page_bytes: int, key: PageKey, progress: Callable[[int, int], None]
) -> list[tuple[int, int, str]]:
    """Give number, offset and file of each page whose HMAC is wrong."""
    found = []
    with path.open("rb") as file:
        for first in range(0, pages, PAGES_AT_ONCE):
            file.seek(first * page_bytes)
            data = file.read(PAGES_AT_ONCE * page_bytes)
            for at in range(len(data) // page_bytes):
                number = first + at + 1
                if key.is_whole(data[at * page_bytes : (at + 1) * page_bytes], number):
                    continue
                for seconds in READ_AGAIN_SECONDS:
                    time.sleep(seconds)
                    file.seek((number - 1) * page_bytes)
                    if key.is_whole(file.read(page_bytes), number):
                        break
                else:
                    found.append((number, (number - 1) * page_bytes, path.name))
            progress(first, pages)
    return found


def _integrity(connect: Callable[[], dbapi2.Connection]) -> list[tuple[str, str]]:
    """Give what SQLite says is wrong, each with the table where that is known and not said in it."""
    try:
        connection = connect()
    except dbapi2.Error as error:
        return [(str(error), SCHEMA)]
    try:
        try:
            return _said(connection, str(FAULTS_MAX))
        except (dbapi2.Error, UnicodeDecodeError) as error:
            return _table_by_table(connection) or [(str(error), "")]
    finally:
        connection.close()


def _table_by_table(connection: dbapi2.Connection) -> list[tuple[str, str]]:
    """Find where SQLite's check of the whole file stops."""
    found: list[tuple[str, str]] = []
    try:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    except (dbapi2.Error, UnicodeDecodeError) as error:
        return [(str(error), SCHEMA)]
    for name in names:
        try:
            found += [(words, name) for words, _ in _said(connection, f"'{name}'")]
        except (dbapi2.Error, UnicodeDecodeError) as error:
            found.append((str(error), name))
    return found


def _said(connection: dbapi2.Connection, what: str) -> list[tuple[str, str]]:
    rows = connection.execute(f"PRAGMA integrity_check({what})").fetchall()
    words = [line for (text,) in rows for line in str(text).splitlines()]
    return [(line, "") for line in words if line != "ok" and not line.startswith("*** in database")]


def _fault(words: str, where: str, name: str, page_bytes: int) -> AuditFault:
    page, index, table = _PAGE.search(words), _INDEX.search(words), _TABLE.search(words)
    number = int(page[1]) if page else 1 if where == SCHEMA else 0
    return AuditFault(
        "file", "page-damaged", words, file=name, page=number, offset=(number - 1) * page_bytes if number else -1,
        table=index[1] if index else table[1] if table else where,
    )  # fmt: skip
