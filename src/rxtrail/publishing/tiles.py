"""The tiles and entries of a log, from the store: what a size that was published commits to."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from rxtrail.core.merkle.errors import BadTile
from rxtrail.core.merkle.tile import TILE_WIDTH, TileBuilder, encode_bundle, tile_width
from rxtrail.core.merkle.tree import HASH_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rxtrail.store import Reader

EntryRow = tuple[int, int, bytes, bytes]  # position, kind, id, commitment
_ENTRY_VERSION: Final = b"\x01"
_KINDS: Final = tuple(_ENTRY_VERSION + bytes((kind,)) for kind in range(256))
_LEAF_KINDS: Final = tuple(b"\x00" + kind for kind in _KINDS)


def entries_of(rows: Iterable[EntryRow]) -> list[bytes]:
    """Give records as the entries of the log (``core.merkle.entry``): version, kind, id, commitment."""
    return [_KINDS[kind] + id_ + commitment for _, kind, id_, commitment in rows]


def leaves_of(rows: Iterable[EntryRow]) -> list[bytes]:
    """Give the leaf hashes of records; RFC 6962 §2.1 puts 0x00 before an entry."""
    return [sha256(_LEAF_KINDS[kind] + id_ + commitment).digest() for _, kind, id_, commitment in rows]


def read_tile(reader: Reader, level: int, number: int, width: int) -> bytes:
    """Read so many hashes of a tile.

    :raises BadTile: the store has no such tile, or fewer hashes.
    """
    found = reader.tile(level, number)
    if found is None or len(found) < width * HASH_BYTES:
        raise BadTile(
            f"tile {number} of level {level} has {len(found or b'') // HASH_BYTES} hashes where {width} were published",
            advice="The store was altered or is damaged: run rxtrail audit.",
        )
    return found[: width * HASH_BYTES]


def builder_at(reader: Reader, size: int) -> TileBuilder:
    """Give the right edge of the log at a size that was published.

    :raises BadTile: a tile is not there.
    """
    partial: dict[int, bytes] = {}
    level = 0
    while (count := size >> 8 * level) > 0:
        number, width = divmod(count, TILE_WIDTH)
        if width:
            partial[level] = read_tile(reader, level, number, width)
        level += 1
    return TileBuilder(size, partial)


def bundle(reader: Reader, number: int, width: int) -> bytes:
    """Give so many entries of a bundle.

    :raises BadTile: the store has fewer.
    """
    rows = reader.entries_from(number * TILE_WIDTH, width)
    if [row[0] for row in rows] != list(range(number * TILE_WIDTH, number * TILE_WIDTH + width)):
        raise BadTile(f"bundle {number} is not whole", advice="The store was altered or is damaged: run rxtrail audit.")
    return encode_bundle(entries_of(rows))


def is_published(level: int | None, number: int, width: int, size: int) -> bool:
    """Tell whether a log of this size has this much of a tile or bundle."""
    return width <= tile_width(level or 0, number, size)
