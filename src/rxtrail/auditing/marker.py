"""How far an audit came, so that the next one goes on from there: the right edge of the tree it made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from rxtrail.core.merkle.errors import BadTile
from rxtrail.core.merkle.tile import TileBuilder
from rxtrail.ledger.changes import DataKey

if TYPE_CHECKING:
    from collections.abc import Iterable


class Marker(msgspec.Struct, frozen=True, gc=False):
    """The log as it was audited last, and nothing was wrong."""

    size: int
    root: str
    last_id: str
    partial: dict[int, str]  # the partial tiles at the right edge, by level, in hex
    document: int  # the last one
    keys: list[DataKey] = []
    rows: list[tuple[int, str]] = []  # (position, SHA-256 in hex) of all columns of the records in front of it, in turn

    @classmethod
    def at(
        cls, builder: TileBuilder, last_id: bytes, document: int, keys: Iterable[DataKey], rows: list[tuple[int, str]]
    ) -> Marker:
        """Give the marker of a tree."""
        partial = {level: hashes.hex() for level, hashes in builder.partial().items()}
        return cls(builder.size, builder.root().hex(), last_id.hex(), partial, document, list(keys), rows)

    def builder(self) -> TileBuilder:
        """Go on with the tree.

        :raises BadTile: the marker was altered.
        """
        builder = TileBuilder(self.size, {level: bytes.fromhex(text) for level, text in self.partial.items()})
        if builder.root().hex() != self.root or (self.rows[-1][0] if self.rows else 0) != self.size:
            raise BadTile("what is kept of the last audit was altered", advice="Run a whole audit: rxtrail audit")
        return builder
