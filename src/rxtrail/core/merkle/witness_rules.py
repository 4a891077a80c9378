"""What a witness answers to a new checkpoint. Source: C2SP tlog-witness.

Pure: whoever calls it holds the latest checkpoint of the log from before the question until after the answer was kept,
so that of two requests at once one sees what the other did.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from rxtrail.core.merkle import checkpoint, note, signed_checkpoint, witness_request
from rxtrail.core.merkle.errors import BadNote, BadProof
from rxtrail.core.merkle.signed_checkpoint import SignedCheckpoint
from rxtrail.core.merkle.tree import EMPTY_ROOT, verify_consistency
from rxtrail.core.merkle.witness_request import AddCheckpoint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rxtrail.core.merkle.note import VerifierKey


class Latest(msgspec.Struct, frozen=True):
    """The tree that this witness cosigned last for a log; an empty one when it never did."""

    size: int = 0
    root: bytes = EMPTY_ROOT


class Refusal(msgspec.Struct, frozen=True):
    """Why a checkpoint is not cosigned; ``status`` is that of HTTP, ``size`` stands with 409 only."""

    status: int
    message: str
    size: int | None = None


class Request(msgspec.Struct, frozen=True):
    """A request that is of a known log and signed by it; whether it follows from the latest tree is not yet judged."""

    ask: AddCheckpoint
    signed: SignedCheckpoint

    @property
    def origin(self) -> str:
        """The log it is about."""
        return self.signed.checkpoint.origin


def read(octets: bytes, logs: Mapping[str, Sequence[VerifierKey]]) -> Request | Refusal:
    """Read the body of ``add-checkpoint`` for the logs, by origin, that this witness knows with their keys."""
    try:
        ask = witness_request.parse(octets)
        head = checkpoint.parse(note.split(ask.checkpoint)[0])
    except (BadProof, BadNote) as wrong:
        return Refusal(400, wrong.message)
    keys = logs.get(head.origin)
    if not keys:
        return Refusal(404, "unknown log")
    try:
        # Signature lines that cannot be read are signatures that nobody made: that is told as such.
        signed = signed_checkpoint.parse(ask.checkpoint)
        signed_checkpoint.verify_keys(signed, keys)
    except BadNote as wrong:
        return Refusal(403, f"invalid signature: {wrong.message}")
    if ask.old_size > signed.checkpoint.size:
        return Refusal(400, "the old size is larger than the new one")
    return Request(ask, signed)


def judge(request: Request, latest: Latest) -> Refusal | None:
    """Tell why the checkpoint is not to be cosigned after the latest one; None when it is."""
    ask, head = request.ask, request.signed.checkpoint
    if ask.old_size != latest.size:
        return Refusal(409, "the latest checkpoint has another size", latest.size)
    if not head.is_possible:
        return Refusal(422, "an empty log has another root")
    if ask.old_size == 0:
        # The empty tree is the beginning of any tree, and no proof is needed.
        wrong = bool(ask.proof) or (head.size == 0 and head.root != latest.root)
        return Refusal(422, "a consistency proof from an empty log is empty") if wrong else None
    try:
        verify_consistency(latest.size, head.size, latest.root, head.root, ask.proof)
    except BadProof as wrong:
        return Refusal(422, f"the consistency proof does not hold: {wrong.message}")
    return None
