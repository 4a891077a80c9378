"""A proof in one file: an entry is number so-and-so of a log, and here is the checkpoint that says so.

Source: C2SP tlog-proof. Whoever has such a file, the entry and a trust policy needs nobody else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.merkle import signed_checkpoint
from rxtrail.core.merkle.errors import BadProof
from rxtrail.core.merkle.lines import decode_base64, decode_hash, decode_size, encode_base64
from rxtrail.core.merkle.tree import leaf_hash, verify_inclusion

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rxtrail.core.merkle.note import VerifierKey
    from rxtrail.core.merkle.policy import Believed, Policy

HEADER: Final = "c2sp.org/tlog-proof@v1"
SUFFIX: Final = ".tlog-proof"
PROOF_BYTES_MAX: Final = 4_000_000
HASHES_MAX: Final = 63


class TlogProof(msgspec.Struct, frozen=True):
    """Where an entry stands in a log, the hashes that lead to the root, the checkpoint, and anything more."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    """Verbatim, with its signatures."""
    extra: bytes | None = None
    """Nobody signs it: it counts for nothing but what follows from it."""

    def format(self) -> bytes:
        """Write the proof."""
        assert self.extra != b"", "no extra data is none"
        lines = [HEADER]
        if self.extra is not None:
            lines.append(f"extra {encode_base64(self.extra)}")
        lines += [f"index {self.index}", *map(encode_base64, self.hashes), "", ""]
        return "\n".join(lines).encode() + self.checkpoint

    def check(self, policy: Policy, entry: bytes, *, more_logs: Iterable[VerifierKey] = ()) -> Believed:
        """Check that the entry is in a log that the policy believes.

        :raises BadNote: the checkpoint is not to be believed.
        :raises BadProof: the entry is not where the proof says.
        """
        believed = policy.believe(signed_checkpoint.parse(self.checkpoint), more_logs=more_logs)
        head = believed.signed.checkpoint
        verify_inclusion(leaf_hash(entry), self.index, head.size, self.hashes, head.root)
        return believed


def parse(octets: bytes) -> TlogProof:
    """Read a proof; nothing is verified.

    :raises BadProof: it is none, or is written in another way than the one right one.
    :raises BadNote: the checkpoint in it is none.
    """
    if len(octets) > PROOF_BYTES_MAX:
        raise BadProof(f"a proof of more than {PROOF_BYTES_MAX} bytes")
    head, blank, checkpoint = octets.partition(b"\n\n")
    if not blank or not head.isascii():
        raise BadProof("not a proof of a log: no blank line before a checkpoint")
    lines = head.decode("ascii").split("\n")
    if lines.pop(0) != HEADER:
        raise BadProof(f"not a proof of a log: the first line is not {HEADER}")
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = decode_base64(lines.pop(0).removeprefix("extra "))
        if not extra:
            raise BadProof("the extra data cannot be read")
    index = decode_size(lines.pop(0).removeprefix("index ")) if lines and lines[0].startswith("index ") else None
    if index is None:
        raise BadProof("no line with the index of the entry")
    if len(lines) > HASHES_MAX:
        raise BadProof(f"a proof has at most {HASHES_MAX} hashes")
    hashes = []
    for line in lines:
        found = decode_hash(line)
        if found is None:
            raise BadProof(f"not a hash of a proof: {line[:60]!r}")
        hashes.append(found)
    signed_checkpoint.parse(checkpoint)
    return TlogProof(index, tuple(hashes), checkpoint, extra)
