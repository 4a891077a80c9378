"""Where in a SQLite file a row lies: its page, and the offset of each of its columns.

Only asked when a row is wrong: the tree of its table is walked once. Source: https://www.sqlite.org/fileformat2.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rxtrail.store.sqlite.pages import PageReader

INTERIOR_INDEX, INTERIOR_TABLE, LEAF_INDEX, LEAF_TABLE = 2, 5, 10, 13
DEPTH_MAX = 40
Column = int | float | str | bytes | None


class Piece(NamedTuple):
    """Some bytes of a row, and where they lie in which page."""

    start: int  # in the row
    page: int
    offset: int  # in the page
    length: int


class Row(NamedTuple):
    """One row as it lies in the file."""

    page: int
    rowid: int | None  # None: of a table without
    values: list[Column]
    places: list[tuple[int, int]]  # page, and offset in it, of each column
    pieces: list[Piece]


class Walk:
    """Walks the trees of one file."""

    def __init__(self, pages: PageReader) -> None:
        """Read its pages through ``pages``."""
        self._pages = pages
        self._usable = pages.usable

    def roots(self) -> dict[str, tuple[str, int]]:
        """Give name -> (table or index, root page) of everything in the file."""
        found = {}
        for row in self.rows(1):
            kind, name, _, root = row.values[:4]
            if isinstance(name, str) and isinstance(kind, str) and isinstance(root, int) and root:
                found[name] = (kind, root)
        return found

    def rows(self, root: int) -> Iterator[Row]:
        """Give all rows of a tree; what cannot be read is left out."""
        yield from self._rows(root, 0)

    def at(self, page: int, offset: int) -> tuple[Path, int]:
        """Give the file and the offset in it of a place in a page."""
        path, start = self._pages.place(page)
        return path, start + offset

    def _rows(self, number: int, depth: int) -> Iterator[Row]:
        page = self._pages.page(number)
        head = 100 if number == 1 else 0
        if depth > DEPTH_MAX or len(page) < self._pages.page_bytes:
            return
        kind, count = page[head], int.from_bytes(page[head + 3 : head + 5])
        if kind not in (INTERIOR_INDEX, INTERIOR_TABLE, LEAF_INDEX, LEAF_TABLE):
            return
        interior = kind in (INTERIOR_INDEX, INTERIOR_TABLE)
        first = head + (12 if interior else 8)
        for at in range(count):
            start = int.from_bytes(page[first + 2 * at : first + 2 * at + 2])
            if interior:
                yield from self._rows(int.from_bytes(page[start : start + 4]), depth + 1)
                start += 4
            if kind != INTERIOR_TABLE:
                try:
                    yield self._row(page, number, start, with_rowid=kind == LEAF_TABLE)
                except (IndexError, ValueError):
                    continue
        if interior:
            yield from self._rows(int.from_bytes(page[head + 8 : head + 12]), depth + 1)

    def _row(self, page: bytes, number: int, start: int, *, with_rowid: bool) -> Row:
        size, at = _varint(page, start)
        rowid = None
        if with_rowid:
            rowid, at = _varint(page, at)
        pieces = self._pieces(page, number, at, size, with_rowid=with_rowid)
        data = b"".join(
            (page if piece.page == number else self._pages.page(piece.page))[piece.offset : piece.offset + piece.length]
            for piece in pieces
        )
        header, at = _varint(data, 0)
        types = []
        while at < header:
            kind, at = _varint(data, at)
            types.append(kind)
        values: list[Column] = []
        places = []
        for kind in types:
            places.append(_place(pieces, at))
            value, at = _value(data, at, kind)
            values.append(value)
        return Row(number, rowid, values, places, pieces)

    def _pieces(self, page: bytes, number: int, at: int, size: int, *, with_rowid: bool) -> list[Piece]:
        usable = self._usable
        most = usable - 35 if with_rowid else (usable - 12) * 64 // 255 - 23
        if size <= most:
            return [Piece(0, number, at, size)]
        least = (usable - 12) * 32 // 255 - 23
        local = least + (size - least) % (usable - 4)
        local = local if local <= most else least
        pieces = [Piece(0, number, at, local)]
        following = int.from_bytes(page[at + local : at + local + 4])
        held = local
        while held < size and following:
            more = min(size - held, usable - 4)
            pieces.append(Piece(held, following, 4, more))
            held += more
            following = int.from_bytes(self._pages.page(following)[:4])
        return pieces


def _place(pieces: list[Piece], at: int) -> tuple[int, int]:
    piece = next((p for p in pieces if p.start <= at < p.start + p.length), pieces[-1])
    return piece.page, piece.offset + at - piece.start


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for count in range(9):
        byte = data[at + count]
        if count == 8:
            value = value << 8 | byte
            return value - (1 << 64) if value >> 63 else value, at + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + count + 1
    raise ValueError("no end")


_SIZES = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)


def _value(data: bytes, at: int, kind: int) -> tuple[Column, int]:
    if kind >= 12:
        size = (kind - 12) // 2
        piece = data[at : at + size]
        return (piece.decode("utf-8", "surrogateescape") if kind & 1 else piece), at + size
    if kind > 9 or kind < 0:
        raise ValueError("a reserved type")
    size = _SIZES[kind]
    if kind == 0:
        return None, at
    if kind in (8, 9):
        return kind - 8, at
    if kind == 7:
        return float(int.from_bytes(data[at : at + 8])), at + 8
    return int.from_bytes(data[at : at + size], signed=True), at + size
