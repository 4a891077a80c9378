"""A checkpoint with the signatures under it: read, verified, and cosigned.

Sources: C2SP tlog-checkpoint and signed-note.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from rxtrail.core.merkle import checkpoint, note
from rxtrail.core.merkle.checkpoint import Checkpoint
from rxtrail.core.merkle.errors import BadNote
from rxtrail.core.merkle.note import Note, Signature, VerifierKey

if TYPE_CHECKING:
    from collections.abc import Iterable


class SignedCheckpoint(msgspec.Struct, frozen=True):
    """A checkpoint as it came; nothing of it is verified by being read."""

    checkpoint: Checkpoint
    note: Note

    def format(self) -> bytes:
        """Write it, the very bytes that were read."""
        return self.note.format()

    def signed_also(self, signatures: Iterable[Signature]) -> SignedCheckpoint:
        """Add signatures, without those that are there already."""
        more = [one for one in dict.fromkeys(signatures) if one not in self.note.signatures]
        return SignedCheckpoint(self.checkpoint, Note(self.note.text, (*self.note.signatures, *more)))


def sign(head: Checkpoint, signatures: Iterable[Signature]) -> SignedCheckpoint:
    """Put signatures that were made for its text under a checkpoint."""
    return SignedCheckpoint(head, Note(head.text(), tuple(signatures)))


def parse(octets: bytes) -> SignedCheckpoint:
    """Read a signed checkpoint.

    :raises BadNote: it is none, or is written in another way than the one right one.
    """
    read = note.parse(octets)
    return SignedCheckpoint(checkpoint.parse(read.text), read)


def verify(signed: SignedCheckpoint, log: Iterable[VerifierKey]) -> dict[VerifierKey, Signature]:
    """Give the signatures of a log's keys under its checkpoint.

    :raises BadNote: none of these keys signed, a signature of one is wrong, the keys are of another log than the
        checkpoint is, or there can be no such tree.
    """
    origin = signed.checkpoint.origin
    keys = [key for key in log if key.name == origin]
    if not keys:
        raise BadNote(f"a checkpoint of the log {origin!r}, of which no key is known")
    found = verify_keys(signed, keys)
    if not signed.checkpoint.is_possible:
        raise BadNote("an empty log with a root that no empty log has")
    return found


def verify_keys(signed: SignedCheckpoint, keys: Iterable[VerifierKey]) -> dict[VerifierKey, Signature]:
    """Give the signatures of these keys under a checkpoint, whatever their names: whoever knows a log may rename it.

    :raises BadNote: none of them signed, or a signature of one is wrong.
    """
    return note.verify(signed.note, keys)
