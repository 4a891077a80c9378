"""The published log as plain files, for any web server: the same paths that ``/log`` has.

Run again, it goes on where it ended: files never change but ``checkpoint``, and that is written last. So the folder
is a whole log at every moment, also when the export was cut off.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from rxtrail.core.merkle import checkpoint, note
from rxtrail.core.merkle.errors import BadNote
from rxtrail.core.merkle.tile import entries_path, tile_path, tiles_between
from rxtrail.durable import replace_file
from rxtrail.errors import BadRequest
from rxtrail.publishing.tiles import builder_at, bundle, read_tile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rxtrail.core.merkle.checkpoint import Checkpoint
    from rxtrail.store import Reader
    from rxtrail.store.rows import CheckpointRow


class Exported(msgspec.Struct, frozen=True, gc=False):
    """What an export has written."""

    folder: str
    size: int
    files: int
    bytes: int


def export(
    reader: Reader, row: CheckpointRow, folder: Path, *, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> Exported:
    """Write the log up to a published head into a folder, or what it lacks of it.

    :raises BadRequest: the folder holds another log, or a longer one, or cannot be written.
    """
    head = checkpoint.parse(note.parse(row.note).text)
    try:
        return _export(reader, head, row.note, folder, progress)
    except OSError as error:
        raise BadRequest(
            f"the log cannot be written: {error.strerror}",
            place=str(error.filename or folder),
            advice="Check the folder, its rights and the space on the disk; run it again to go on.",
        ) from error


def _export(
    reader: Reader, head: Checkpoint, signed: bytes, folder: Path, progress: Callable[[int, int], None]
) -> Exported:
    folder.mkdir(parents=True, exist_ok=True)
    start = _begun(reader, head, folder)
    tiles = tiles_between(start, head.size)
    in_all = len(tiles) + sum(level == 0 for level, _, _ in tiles)
    written = files = 0
    for count, (path, content) in enumerate(_files(reader, start, head.size), 1):
        target = folder / path
        if not (target.exists() and target.stat().st_size == len(content)):
            target.parent.mkdir(parents=True, exist_ok=True)
            beside = target.with_name(f".{target.name}.new")
            beside.write_bytes(content)
            beside.replace(target)
            files += 1
            written += len(content)
        progress(count, in_all)
    os.sync()  # once for all: the head must not be on the disk before what it stands for
    replace_file(folder / "checkpoint", signed, mode=0o644)
    return Exported(str(folder), head.size, files + 1, written + len(signed))


def _begun(reader: Reader, head: Checkpoint, folder: Path) -> int:
    """Tell up to which size the folder is whole."""
    path = folder / "checkpoint"
    if not path.exists():
        return 0
    try:
        there = checkpoint.parse(note.parse(path.read_bytes()).text)
    except BadNote as wrong:
        raise _other(folder, "holds something else than a log") from wrong
    if there.origin != head.origin:
        raise _other(folder, f"holds the log {there.origin!r}")
    if there.size > head.size:
        raise _other(folder, f"holds {there.size:,} entries, and this log has {head.size:,}")
    if builder_at(reader, there.size).root() != there.root:
        raise _other(folder, "holds another log of that name")
    return there.size


def _other(folder: Path, why: str) -> BadRequest:
    return BadRequest(f"the folder {why}", place=str(folder), advice="Give an empty folder, or the one of this log.")


def _files(reader: Reader, start: int, size: int) -> Iterator[tuple[str, bytes]]:
    """Give what a log of the old size lacks: bundles before the tiles that vouch for them."""
    for level, number, width in tiles_between(start, size):
        if level == 0:
            yield entries_path(number, width), bundle(reader, number, width)
        yield tile_path(level, number, width), read_tile(reader, level, number, width)
