"""Checking a published log from outside: every entry hashed again, every tile and the root made from them.

It takes nothing on trust but the verifier key. A log is read over HTTP or from a folder, bundle by bundle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from rxtrail.core.merkle import checkpoint, note
from rxtrail.core.merkle.entry import decode as decode_entry
from rxtrail.core.merkle.errors import BadEntry, BadNote, BadTile
from rxtrail.core.merkle.tile import (
    ENTRY_BYTES_MAX,
    TILE_WIDTH,
    TileBuilder,
    decode_bundle,
    entries_path,
    tile_path,
    tile_width,
)
from rxtrail.core.merkle.tree import leaf_hashes
from rxtrail.errors import BadRequest, RxtrailError
from rxtrail.outbound.lasting import Lasting

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from rxtrail.core.merkle.checkpoint import Checkpoint

FETCH_SECONDS: Final = 30.0
CHECKPOINT_BYTES_MAX: Final = 1_000_000
BUNDLE_BYTES_MAX: Final = TILE_WIDTH * (2 + ENTRY_BYTES_MAX)


class LogWrong(RxtrailError):
    """A log that is not what its checkpoint says; ``place`` names the file of it that is wrong."""

    code = "log-wrong"


class Source(Protocol):
    """Where the files of a log come from."""

    def fetch(self, path: str) -> bytes | None:
        """Give a file, None when there is none."""
        ...


class FolderSource:
    """A log in a folder, as ``rxtrail log export`` writes it."""

    def __init__(self, folder: Path) -> None:
        """Take the folder."""
        self._folder = folder

    def fetch(self, path: str) -> bytes | None:
        """Read a file."""
        try:
            with (self._folder / path).open("rb") as file:
                return file.read(BUNDLE_BYTES_MAX + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise BadRequest(f"cannot be read: {error.strerror}", place=str(self._folder / path)) from error

    def close(self) -> None:
        """Nothing is held."""


class WebSource:
    """A log on a web server; its URL is what stands before ``/checkpoint``."""

    def __init__(self, url: str) -> None:
        """Take the URL; raises ``BadRequest`` for one that may not be asked."""
        self._server = Lasting(url)

    def fetch(self, path: str) -> bytes | None:
        """Ask for a file; raises ``Unreachable``."""
        reply = self._server.request(
            "GET", f"/{path}", seconds=FETCH_SECONDS, headers={}, body_bytes_max=BUNDLE_BYTES_MAX
        )
        if reply.status == 404:
            return None
        if reply.status != 200 or reply.headers.get("content-encoding", "identity") != "identity":
            raise LogWrong(f"the server answers {reply.status}", place=path, advice="Is this the URL of a log?")
        return reply.body

    def close(self) -> None:
        """Let the connection go."""
        self._server.close()


class Checked(msgspec.Struct, frozen=True, gc=False):
    """A log that is what it says: every entry is in the tree that the key has signed."""

    origin: str
    size: int
    root: str
    signers: list[str]
    entries_by_kind: dict[str, int]


def check(
    source: Source, keys: Sequence[note.VerifierKey], *, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> Checked:
    """Check the whole of a log against its checkpoint; the first of ``keys`` is the log's, the others are witnesses'.

    :raises LogWrong: it is not what the checkpoint says, or that is not signed by all the keys.
    :raises Unreachable: the server does not answer.
    """
    head, signed = _head(source, keys)
    builder = TileBuilder()
    kinds: dict[str, int] = {}
    while builder.size < head.size:
        number = builder.size // TILE_WIDTH
        width = tile_width(0, number, head.size)
        path = entries_path(number, width)
        try:
            entries = decode_bundle(_file(source, path, number, width, entries=True), width)
            for entry in entries:
                kind = decode_entry(entry).kind.name.lower()
                kinds[kind] = kinds.get(kind, 0) + 1
        except (BadTile, BadEntry) as wrong:
            raise LogWrong(wrong.message, place=path) from wrong
        for level, of_level, hashes in builder.extend(leaf_hashes(entries)):
            _check_tile(source, level, of_level, hashes, head.size)
        progress(builder.size, head.size)
    if builder.root() != head.root:
        raise LogWrong("the entries do not make the root that was signed", place="checkpoint")
    return Checked(head.origin, head.size, head.root.hex(), signed, kinds)


def _head(source: Source, keys: Sequence[note.VerifierKey]) -> tuple[Checkpoint, list[str]]:
    content = source.fetch("checkpoint")
    if content is None:
        raise LogWrong("there is no checkpoint", place="checkpoint", advice="Is this the place of a log?")
    try:
        signed = note.parse(content)
        by = note.verify(signed, keys)
        head = checkpoint.parse(signed.text)
    except BadNote as wrong:
        raise LogWrong(wrong.message, place="checkpoint") from wrong
    missing = [key.name for key in keys if key not in by]
    if missing:
        raise LogWrong(f"{', '.join(missing)} has not signed", place="checkpoint")
    if head.origin != keys[0].name:
        raise LogWrong(f"this is the log {head.origin!r}", place="checkpoint")
    return head, [key.name for key in by]


def _file(source: Source, path: str, number: int, width: int, *, entries: bool, level: int = 0) -> bytes:
    """Fetch a file; a partial one that is gone may stand in the full one by now (C2SP tlog-tiles)."""
    content = source.fetch(path)
    if content is None and width < TILE_WIDTH:
        full = entries_path(number) if entries else tile_path(level, number)
        content = source.fetch(full)
        if content is not None:
            content = _cut_bundle(content, width) if entries else content[: 32 * width]
    if content is None:
        raise LogWrong("this file of the log is missing", place=path)
    return content


def _cut_bundle(content: bytes, width: int) -> bytes:
    at = 0
    for _ in range(width):
        at += 2 + int.from_bytes(content[at : at + 2], "big")
    return content[:at]


def _check_tile(source: Source, level: int, number: int, hashes: bytes, size: int) -> None:
    """Compare a tile that was made from the entries with the one that is served, when it is whole for this size."""
    width = len(hashes) // 32
    if width != tile_width(level, number, size):
        return  # it still grows
    path = tile_path(level, number, width)
    if _file(source, path, number, width, entries=False, level=level) != hashes:
        raise LogWrong("the tile is not made of the entries", place=path)
