"""The text of a checkpoint: whose log, how many entries, which root. Source: C2SP tlog-checkpoint."""

from __future__ import annotations

import msgspec

from rxtrail.core.merkle.errors import BadNote
from rxtrail.core.merkle.lines import decode_hash, decode_size, encode_base64
from rxtrail.core.merkle.tree import EMPTY_ROOT


class Checkpoint(msgspec.Struct, frozen=True):
    """A tree head: what a log says it is."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def is_possible(self) -> bool:
        """Whether there can be such a tree: an empty one has the root of RFC 6962 section 2.1."""
        return self.size > 0 or self.root == EMPTY_ROOT

    def text(self) -> str:
        """Give the text that is signed; it ends with a newline."""
        return "".join(f"{line}\n" for line in (self.origin, self.size, encode_base64(self.root), *self.extensions))


def parse(text: bytes | str) -> Checkpoint:
    """Read the text of a checkpoint, without signatures.

    :raises BadNote: it is none, or is written in another way than the one right one.
    """
    if isinstance(text, bytes):
        try:
            text = text.decode()
        except UnicodeDecodeError as wrong:
            raise BadNote("the checkpoint is not UTF-8") from wrong
    if not text.endswith("\n"):
        raise BadNote("a checkpoint ends with a newline")
    lines = text[:-1].split("\n")
    if len(lines) < 3 or not all(lines):
        raise BadNote("a checkpoint has at least three lines and no empty one")
    if any(character < " " for line in lines for character in line):
        raise BadNote("a checkpoint has no control characters")
    size, root = decode_size(lines[1]), decode_hash(lines[2])
    if size is None:
        raise BadNote(f"not the size of a log: {lines[1][:40]!r}")
    if root is None:
        raise BadNote(f"not the root of a log: {lines[2][:60]!r}")
    return Checkpoint(lines[0], size, root, tuple(lines[3:]))
