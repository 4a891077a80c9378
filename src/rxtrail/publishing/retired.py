"""Logs of this record that were given up for a new one: their signed heads are kept, and what they had is still read.

The logs of a record are numbered from 1. A new log is made over the same records, so up to where the record is what an
old log had, the tiles of both are the same; behind that they differ under the same path. So each log has addresses of
its own (``/log/N/...``), and what lies there never becomes anything else. Signed heads are evidence: all that the store
has of an old log, and the last one that its signer kept, go into the record itself and so into the new log.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.answers import RetiredLog
from rxtrail.core.merkle import checkpoint, note
from rxtrail.core.merkle.errors import BadNote, BadTile
from rxtrail.core.merkle.tile import TileHashes, tile_path, tiles_between
from rxtrail.core.merkle.tree import EMPTY_ROOT, range_root
from rxtrail.durable import replace_file
from rxtrail.publishing.tiles import read_tile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rxtrail.core.merkle.checkpoint import Checkpoint
    from rxtrail.store import Reader, Transaction
    from rxtrail.store.rows import CheckpointRow

LOG_KIND: Final = "retired-log"  # of what the store keeps; the time is the log's number
HEAD_KIND: Final = "retired-head"
HEADS_AT_ONCE: Final = 1_000
_encode: Final = msgspec.msgpack.Encoder().encode
_decoder: Final = msgspec.msgpack.Decoder(RetiredLog)


def number_of(reader: Reader) -> int:
    """Give the number of the log that is published now."""
    return reader.kept_count(LOG_KIND) + 1


def logs(reader: Reader) -> list[RetiredLog]:
    """Give the logs that were given up, in their order."""
    return [_decoder.decode(body) for _, _, body in reader.kept_from(LOG_KIND, (0, ""), HEADS_AT_ONCE)]


def retire(tx: Transaction, log: RetiredLog, heads: Sequence[bytes]) -> None:
    """Keep a log's name and keys, and the signed heads that there are of it."""
    tx.keep(LOG_KIND, f"{log.number:04}", log.number, _encode(log))
    for head in dict.fromkeys(heads):
        key = f"{log.number:04}/{hashlib.sha256(head).hexdigest()[:32]}"
        tx.keep(HEAD_KIND, key, log.number, head)


def heads_of(reader: Reader, number: int) -> list[tuple[Checkpoint, bytes]]:
    """Give the signed heads that are kept of a log, the largest first."""
    found = [(checkpoint.parse(note.parse(head).text), head) for head in _kept(reader, number)]
    return sorted(found, key=lambda each: each[0].size, reverse=True)


def _kept(reader: Reader, number: int) -> Iterator[bytes]:
    after = (number, "")
    while page := reader.kept_from(HEAD_KIND, after, HEADS_AT_ONCE):
        for key, at, body in page:
            if at != number:
                return
            after = (at, key)
            yield body


def notes_of(reader: Reader, number: int) -> list[bytes]:
    """Give the signed heads that are kept of a log, in no order."""
    return list(_kept(reader, number))


def readable_head(reader: Reader, number: int) -> tuple[Checkpoint, bytes] | None:
    """Give the largest head of a log whose tree this record still has; None when there is none."""
    row = reader.checkpoint()
    if row is None:
        return None
    now = checkpoint.parse(note.parse(row.note).text)
    source = TileHashes(
        lambda level, index, width: read_tile(reader, level, index, width), now.size, now.root
    )  # fmt: skip
    for head, signed in heads_of(reader, number):
        if head.size <= now.size and (range_root(source, 0, head.size) if head.size else EMPTY_ROOT) == head.root:
            return head, signed
    return None


def stored_heads(rows: Sequence[CheckpointRow], folder: Path, origin: str) -> list[bytes]:
    """Give every signed head of a log that is in the store, or was kept by a signer whose key is put away now."""
    found = [row.note for row in rows]
    for path in sorted(folder.glob("*/log.head")):
        content = path.read_bytes()
        try:
            if checkpoint.parse(note.parse(content).text).origin == origin:
                found.append(content)
        except BadNote:
            continue  # nothing was signed yet
    return found


def keep_tiles(reader: Reader, size: int, folder: Path) -> None:
    """Write the tiles of a log that the records do not make any more, as they lie in the store."""
    for level, number, width in tiles_between(0, size):
        try:
            content = read_tile(reader, level, number, width)
        except BadTile:
            continue
        target = folder / tile_path(level, number, width)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(target, content)
