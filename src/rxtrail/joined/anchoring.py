"""A node's heads go up to its hub, with the proof that each grows out of the last one that the hub has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rxtrail.core.merkle import signed_checkpoint, witness_request
from rxtrail.core.merkle.tile import TileHashes
from rxtrail.core.merkle.tree import consistency_proof
from rxtrail.publishing.publisher import LOG_KEYS
from rxtrail.publishing.tiles import read_tile
from rxtrail.sites.wire import Anchor, Anchored

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.store import Reader

EVERY_SECONDS: Final = 60.0
AGAIN_SECONDS: Final = 600.0
"""A hub that refuses a head is asked again after this: somebody has to look first."""


class Anchoring:
    """Which head the hub has, and when it is sent the next."""

    def __init__(self, now_us: Callable[[], int]) -> None:
        """Begin without knowing what the hub has: it tells when it is asked."""
        self._now_us = now_us
        self._old = 0
        self._sent = 0
        self._not_before = 0
        self.refused = ""

    def due(self, reader: Reader) -> Anchor | None:
        """Give the head to be sent now, None when there is none that is new, or it is too soon."""
        if self._now_us() < self._not_before:
            return None
        row = reader.checkpoint()
        if row is None or row.size <= self._sent:
            return None
        head = signed_checkpoint.parse(row.note)
        source = TileHashes(
            lambda level, number, width: read_tile(reader, level, number, width), row.size, head.checkpoint.root
        )
        old = min(self._old, row.size)
        proof = tuple(consistency_proof(source, old, row.size))
        request = witness_request.AddCheckpoint(old, proof, row.note).format().decode()
        return Anchor(request, reader.settings().get(LOG_KEYS, "").split())

    def answered(self, sent: Anchor, answer: Anchored) -> None:
        """Take in what the hub has now."""
        now = self._now_us()
        asked = witness_request.parse(sent.request.encode())
        size = signed_checkpoint.parse(asked.checkpoint).checkpoint.size
        if not answer.refused:
            self._old = self._sent = size
            self.refused = ""
            self._not_before = now + int(EVERY_SECONDS * 1e6)
        elif answer.size != asked.old_size and answer.size <= size:
            self._old = answer.size  # it has another one than we thought: the proof is made from there
        else:
            self.refused = f"the hub refuses the head of this log: {answer.refused} (it has {answer.size:,} entries)"
            self._not_before = now + int(AGAIN_SECONDS * 1e6)
