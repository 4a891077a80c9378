"""The static files of a log: tiles of hashes and bundles of entries, their paths, and proofs made from them.

Source: C2SP tlog-tiles. Tile ``number`` of ``level`` holds up to 256 hashes; hash ``i`` of it is the root of the
complete subtree of ``256**level`` leaves number ``number * 256 + i``. A tile at the right edge is partial and has a
width.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.merkle.errors import BadTile
from rxtrail.core.merkle.tree import EMPTY_ROOT, HASH_BYTES, SIZE_MAX, Frontier, node_hash, parents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT
TILE_BYTES: Final = TILE_WIDTH * HASH_BYTES
LEVEL_MAX: Final = 63
ENTRY_BYTES_MAX: Final = 0xFFFF
"""An entry of a bundle is told with a length of two bytes."""
CACHED_TILES: Final = 64

_PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)/(?P<number>(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?",
    re.ASCII,
)


class TilePath(msgspec.Struct, frozen=True):
    """Which file of a log a path names."""

    level: int | None
    """None for a bundle of entries."""
    number: int
    width: int = TILE_WIDTH

    def __str__(self) -> str:
        """Give the path, relative to the log's prefix."""
        if self.level is None:
            return entries_path(self.number, self.width)
        return tile_path(self.level, self.number, self.width)


def tile_path(level: int, number: int, width: int = TILE_WIDTH) -> str:
    """Give the path of a tile, such as ``tile/0/x001/x234/067.p/5``."""
    assert 0 <= level <= LEVEL_MAX, level
    return f"tile/{level}/{_number_path(number, width)}"


def entries_path(number: int, width: int = TILE_WIDTH) -> str:
    """Give the path of a bundle of entries."""
    return f"tile/entries/{_number_path(number, width)}"


def parse_path(text: str) -> TilePath:
    """Read the path of a tile or bundle, without the log's prefix.

    :raises BadTile: it is none, or is written in another way than the one right one.
    """
    found = _PATH.fullmatch(text)
    if found is None or len(text) > 64:
        raise BadTile(f"not the path of a tile: {text[:80]!r}")
    number = int(found["number"].replace("x", "").replace("/", ""))
    level = None if found["level"] == "entries" else int(found["level"])
    path = TilePath(level, number, int(found["width"] or TILE_WIDTH))
    if (level or 0) > LEVEL_MAX or number > SIZE_MAX or (found["width"] and path.width >= TILE_WIDTH):
        raise BadTile(f"not the path of a tile: {text[:80]!r}")
    if str(path) != text:  # leading x000: the same number in another way
        raise BadTile(f"not the path of a tile: {text[:80]!r}")
    return path


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """Write entries as a bundle: each after its length in two bytes."""
    parts = []
    for entry in entries:
        assert len(entry) <= ENTRY_BYTES_MAX, "an entry of a log is short"
        parts.append(len(entry).to_bytes(2, "big"))
        parts.append(entry)
    return b"".join(parts)


def decode_bundle(octets: bytes, width: int | None = None) -> list[bytes]:
    """Read the entries of a bundle.

    :raises BadTile: it breaks off, holds none or more than 256, or not ``width`` of them.
    """
    entries, at, end = [], 0, len(octets)
    while at < end:
        start = at + 2
        at = start + int.from_bytes(octets[at:start], "big")
        if at > end or start > end:
            raise BadTile("the bundle breaks off within an entry")
        entries.append(octets[start:at])
        if len(entries) > TILE_WIDTH:
            raise BadTile(f"a bundle holds at most {TILE_WIDTH} entries")
    if not entries or (width is not None and len(entries) != width):
        raise BadTile(f"a bundle of {len(entries)} entries where {width or 'some'} were expected")
    return entries


def decode_tile(octets: bytes, width: int) -> list[bytes]:
    """Read the hashes of a tile.

    :raises BadTile: it has not exactly ``width`` of them.
    """
    if len(octets) != width * HASH_BYTES:
        raise BadTile(f"a tile of {len(octets)} bytes where {width} hashes were expected")
    return [octets[at : at + HASH_BYTES] for at in range(0, len(octets), HASH_BYTES)]


def tile_width(level: int, number: int, size: int) -> int:
    """Tell how many hashes a tile has in a log of this size; 0 when there is no such tile."""
    return max(0, min(TILE_WIDTH, (size >> TILE_HEIGHT * level) - number * TILE_WIDTH))


def tiles_between(old_size: int, new_size: int) -> list[tuple[int, int, int]]:
    """Name the tiles ``(level, number, width)`` that a log of the new size has and one of the old size has not."""
    assert 0 <= old_size <= new_size, (old_size, new_size)
    found, level = [], 0
    while new_size >> TILE_HEIGHT * level:
        old_count, count = old_size >> TILE_HEIGHT * level, new_size >> TILE_HEIGHT * level
        if count > old_count:
            first, last = old_count // TILE_WIDTH, (count - 1) // TILE_WIDTH
            found += [(level, number, tile_width(level, number, new_size)) for number in range(first, last + 1)]
        level += 1
    return found


class TileBuilder:
    """The right edge of a log as its partial tiles; new leaves make the tiles that are to be kept."""

    def __init__(self, size: int = 0, partial: Mapping[int, bytes] | None = None) -> None:
        """Continue a log of this size; ``partial`` holds its partial tiles by level.

        :raises BadTile: they are not those of a log of this size.
        """
        edge: list[bytes] = []
        self._partial: dict[int, list[bytes]] = {}
        level = 0
        while size >> TILE_HEIGHT * level:
            width = (size >> TILE_HEIGHT * level) % TILE_WIDTH
            hashes = decode_tile((partial or {}).get(level, b""), width)
            self._partial[level] = hashes
            edge += _edge(hashes)
            level += 1
        self._frontier = Frontier(size, edge)

    @property
    def size(self) -> int:
        """The number of leaves."""
        return self._frontier.size

    def partial(self) -> dict[int, bytes]:
        """Give the partial tiles by level: with the size they are the whole state."""
        return {level: b"".join(hashes) for level, hashes in self._partial.items() if hashes}

    def root(self) -> bytes:
        """Give the root of the whole log as it is now."""
        return self._frontier.root()

    def extend(self, leaves: Sequence[bytes]) -> list[tuple[int, int, bytes]]:
        """Add leaves by their hashes; give the new or longer tiles, as ``(level, number, hashes)``, lowest first."""
        made: list[tuple[int, int, bytes]] = []

        def keep(level: int, first: int, hashes: Sequence[bytes]) -> None:
            if level % TILE_HEIGHT:
                return
            tile_level, number = level // TILE_HEIGHT, first // TILE_WIDTH
            row = [*self._partial.get(tile_level, ()), *hashes]
            made.extend(
                (tile_level, number + at // TILE_WIDTH, b"".join(row[at : at + TILE_WIDTH]))
                for at in range(0, len(row), TILE_WIDTH)
            )
            self._partial[tile_level] = row[len(row) - len(row) % TILE_WIDTH :]

        self._frontier.extend(leaves, on_level=keep)
        return made


class TileHashes:
    """The hashes of one tree, from its tiles; each tile is followed up to the root before it is believed."""

    def __init__(
        self, read: Callable[[int, int, int], bytes], size: int, root: bytes, *, cached: int = CACHED_TILES
    ) -> None:
        """Take a reader of tiles ``read(level, number, width)`` and the size and root that a checkpoint gave.

        :raises BadTile: the tiles at the right edge do not make this root.
        """
        assert 0 <= size <= SIZE_MAX, size
        self.size, self.root = size, root
        self._read = read
        self._cached = cached
        # A tile as its own small tree: row 0 its hashes, row 7 the two halves.
        self._trees: OrderedDict[tuple[int, int], list[list[bytes]]] = OrderedDict()
        self._edges: dict[tuple[int, int], list[list[bytes]]] = {}
        found: bytes | None = None
        level = 0
        while size >> TILE_HEIGHT * level:
            width = (size >> TILE_HEIGHT * level) % TILE_WIDTH
            if width:
                number = (size >> TILE_HEIGHT * level) // TILE_WIDTH
                rows = _rows(decode_tile(read(level, number, width), width))
                self._edges[level, number] = rows
                for one in _edge(rows[0]):
                    found = one if found is None else node_hash(one, found)
            level += 1
        if (EMPTY_ROOT if found is None else found) != root:
            raise BadTile("the tiles at the right edge do not make the root of the checkpoint")

    def hashes(self, wanted: Sequence[tuple[int, int]]) -> list[bytes]:
        """Give the hashes of complete subtrees.

        :raises BadTile: a tile is not what the tree commits to.
        """
        found = []
        for level, index in wanted:
            assert index + 1 << level <= self.size, "a subtree outside of the tree"
            tile_level, row = divmod(level, TILE_HEIGHT)
            width = TILE_WIDTH >> row
            found.append(self._tree(tile_level, index // width)[row][index % width])
        return found

    def tile(self, level: int, number: int) -> list[bytes]:
        """Give the hashes of one tile as this tree has it.

        :raises BadTile: it is not what the tree commits to.
        """
        return self._tree(level, number)[0]

    def _tree(self, level: int, number: int) -> list[list[bytes]]:
        edge = self._edges.get((level, number))
        if edge is not None:
            return edge
        rows = self._trees.get((level, number))
        if rows is None:
            rows = _rows(decode_tile(self._read(level, number, TILE_WIDTH), TILE_WIDTH))
            above = self._tree(level + 1, number // TILE_WIDTH)
            if above[0][number % TILE_WIDTH] != node_hash(*rows[-1]):
                raise BadTile("a tile is not what the tree commits to", place=tile_path(level, number))
            self._trees[level, number] = rows
            if len(self._trees) > self._cached:
                self._trees.popitem(last=False)
        else:
            self._trees.move_to_end((level, number))
        return rows


def _number_path(number: int, width: int) -> str:
    assert 0 <= number <= SIZE_MAX, number
    assert 1 <= width <= TILE_WIDTH, width
    path = f"{number % 1000:03}"
    while number := number // 1000:
        path = f"x{number % 1000:03}/{path}"
    return path if width == TILE_WIDTH else f"{path}.p/{width}"


def _rows(hashes: list[bytes]) -> list[list[bytes]]:
    """Hash a tile's row up to its two halves; what has no neighbour is left out."""
    rows = [hashes]
    for _ in range(TILE_HEIGHT - 1):
        rows.append(parents(rows[-1]))
    return rows


def _edge(hashes: Sequence[bytes]) -> list[bytes]:
    """Give the complete subtrees, smallest first, that a partial tile is the sum of."""
    found, row = [], list(hashes)
    while row:
        if len(row) % 2:
            found.append(row[-1])
        row = parents(row)
    return found
