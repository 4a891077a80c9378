"""What is sent to a witness, and what it answers. Source: C2SP tlog-witness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.merkle import note
from rxtrail.core.merkle.errors import BadNote, BadProof
from rxtrail.core.merkle.lines import decode_hash, decode_size, encode_base64

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rxtrail.core.merkle.note import Signature

PROOF_LINES_MAX: Final = 63
REQUEST_BYTES_MAX: Final = note.NOTE_BYTES_MAX + 64 * 64
SIZE_CONTENT_TYPE: Final = "text/x.tlog.size"


class AddCheckpoint(msgspec.Struct, frozen=True):
    """Asks a witness to cosign: the size of the checkpoint it cosigned last, the proof from it, and the new one."""

    old_size: int
    proof: tuple[bytes, ...]
    checkpoint: bytes
    """The signed checkpoint, verbatim."""

    def format(self) -> bytes:
        """Write the body of ``add-checkpoint``."""
        lines = [f"old {self.old_size}\n", *(f"{encode_base64(one)}\n" for one in self.proof), "\n"]
        return "".join(lines).encode() + self.checkpoint


def parse(octets: bytes) -> AddCheckpoint:
    """Read the body of ``add-checkpoint``; the checkpoint in it is not read.

    :raises BadProof: it is none, or is written in another way than the one right one.
    """
    if len(octets) > REQUEST_BYTES_MAX:
        raise BadProof(f"a request of more than {REQUEST_BYTES_MAX} bytes")
    head, blank, checkpoint = octets.partition(b"\n\n")
    if not blank or not head.isascii():
        raise BadProof("no blank line before the checkpoint")
    first, *rest = head.decode("ascii").split("\n")
    old_size = decode_size(first.removeprefix("old ")) if first.startswith("old ") else None
    if old_size is None:
        raise BadProof(f"not a line with the old size: {first[:60]!r}")
    if len(rest) > PROOF_LINES_MAX:
        raise BadProof(f"a proof has at most {PROOF_LINES_MAX} lines")
    proof = []
    for line in rest:
        found = decode_hash(line)
        if found is None:
            raise BadProof(f"not a line of a proof: {line[:60]!r}")
        proof.append(found)
    return AddCheckpoint(old_size, tuple(proof), checkpoint)


def format_answer(signatures: Iterable[Signature]) -> bytes:
    """Write what a witness answers when it has cosigned."""
    return "".join(one.line() for one in signatures).encode()


def parse_answer(octets: bytes) -> tuple[Signature, ...]:
    """Read the cosignatures that a witness answered; nothing is verified.

    :raises BadNote: it is not one or more signature lines.
    """
    try:
        text = octets.decode()
    except UnicodeDecodeError as wrong:
        raise BadNote("the answer of the witness is not UTF-8") from wrong
    lines = text[:-1].split("\n")
    if not text.endswith("\n") or len(octets) > note.NOTE_BYTES_MAX or len(lines) > note.SIGNATURES_MAX:
        raise BadNote("the answer of the witness is not one or more signature lines")
    return tuple(note.parse_signature(line) for line in lines)


def parse_size(octets: bytes) -> int | None:
    """Read the size that a witness answers with 409; None when it is none."""
    try:
        text = octets.decode("ascii")
    except UnicodeDecodeError:
        return None
    return decode_size(text[:-1]) if text.endswith("\n") else None
