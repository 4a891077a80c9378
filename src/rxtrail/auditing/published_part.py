"""What was published of the log against the log: every tile, and every head that was signed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rxtrail.auditing.faults import Faults, shown
from rxtrail.core.merkle import signed_checkpoint
from rxtrail.core.merkle.errors import BadNote, BadProof
from rxtrail.core.merkle.note import VerifierKey
from rxtrail.core.merkle.tile import TILE_HEIGHT, TILE_WIDTH, TileBuilder
from rxtrail.core.merkle.tree import HASH_BYTES
from rxtrail.errors import RxtrailError
from rxtrail.store.tables import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rxtrail.core.merkle.checkpoint import Checkpoint
    from rxtrail.store.copying import View
    from rxtrail.store.tables import Row

TILES, HEADS = BY_NAME["tile"], BY_NAME["checkpoint"]
LOG_KEYS = "log_keys"  # the setting that names the verifier keys of the log


class PublishedPart:
    """Makes the tree again while the log is read."""

    def __init__(self, view: View, faults: Faults, keys: str, builder: TileBuilder, signed: bytes = b"") -> None:
        """``keys`` are the log's verifier keys; ``builder`` is where the tree goes on.

        ``signed`` is what the signer keeps of the last head that it signed, where that is at hand.
        """
        self._view = view
        self._faults = faults
        self.builder = builder
        # Tiles of the lowest level are many, and come in the order in which they are made again.
        self._lowest = _rows(view, (0, builder.size // TILE_WIDTH - 1))
        self._next = next(self._lowest, None)
        self._upper: dict[tuple[object, object], object] = {}
        self._made: dict[tuple[int, int], bytes] = {}
        self._keys: list[VerifierKey] = []
        try:
            self._keys = [VerifierKey.parse(key) for key in keys.split()]
        except RxtrailError as error:
            faults.find("checkpoint", "key-unreadable", f"the log's keys cannot be read: {error.message}",
                        table="setting", key=f"key={LOG_KEYS}", field="value", found=keys)  # fmt: skip
        self._heads = [row for page in view.pages(HEADS) for row in page]
        self._roots: dict[int, bytes] = {}
        self._signed = self._read_signed(signed)
        self._published = max((row[0] for row in self._heads if isinstance(row[0], int)), default=0)
        if keys and not self._heads:
            message = "the log has keys, and no signed head is here: its heads were taken away"
            faults.find("checkpoint", "row-missing", message, table="checkpoint", key="any size",
                        expected=self._signed.size if self._signed is not None else None)  # fmt: skip
            self._published = self._signed.size if self._signed is not None else 0
        self.unpublished = 0 if self._signed is None or self._signed.size <= self._published else self._signed.size
        for row in _rows(view, (0, 1 << 62)):
            self._upper[row[0], row[1]] = row[2]
        wanted = {row[0] for row in self._heads if isinstance(row[0], int)}
        self._wanted = sorted(wanted | ({self._signed.size} if self._signed is not None else set()))
        self.checkpoints = 0
        self._since = builder.size

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Take the leaf hashes of more records."""
        at = 0
        size = self.builder.size
        for wanted in [one for one in self._wanted if size < one < size + len(leaves)]:
            self._add(leaves[at : wanted - size])
            at = wanted - size
            self._roots[wanted] = self.builder.root()
        self._add(leaves[at:])
        self._roots[self.builder.size] = self.builder.root()

    def _add(self, leaves: Sequence[bytes]) -> None:
        for level, number, hashes in self.builder.extend(leaves):
            self._made[level, number] = hashes
            if len(hashes) == TILE_WIDTH * HASH_BYTES:
                self._compare(level, number, self._made.pop((level, number)))

    def _stored(self, level: int, number: int) -> object:
        """Give a tile as it is stored."""
        if level:
            return self._upper.pop((level, number), None)
        while self._next is not None and self._next[0] == 0 and _before(self._next[1], number):
            self._of_no_place(self._next)
            self._next = next(self._lowest, None)
        if self._next is None or self._next[:2] != (0, number):
            return None
        found = self._next[2]
        self._next = next(self._lowest, None)
        return found

    def _of_no_place(self, row: Sequence[object]) -> None:
        self._faults.find("checkpoint", "row-added", "a tile of no place", table="tile",
                          key=f"level={shown(row[0])}, number={shown(row[1])}")  # fmt: skip

    def _compare(self, level: int, number: int, hashes: bytes) -> None:
        found = self._stored(level, number)
        key = f"level={level}, number={number}"
        told = min(TILE_WIDTH, max(0, (self._published >> TILE_HEIGHT * level) - number * TILE_WIDTH)) * HASH_BYTES
        if found is None:
            if told:
                self._faults.find(
                    "checkpoint", "row-missing", "a tile that was published is missing", table="tile", key=key
                )
            return
        if isinstance(found, bytes) and told <= len(found) <= len(hashes) and found == hashes[: len(found)]:
            return
        if not isinstance(found, bytes):
            self._faults.find(
                "checkpoint", "row-changed", "a tile without hashes", table="tile", key=key, field="hashes"
            )
            return
        at = next((i for i in range(min(len(found), len(hashes))) if found[i] != hashes[i]), len(hashes)) // HASH_BYTES
        first = (number * TILE_WIDTH + at) << TILE_HEIGHT * level
        message = f"hash {at} of tile {number} of level {level} is not that of the entries from {first} on"
        self._faults.find("checkpoint", "row-changed", message, table="tile", key=key, field="hashes",
                          expected=hashes[at * HASH_BYTES : (at + 1) * HASH_BYTES],
                          found=found[at * HASH_BYTES : (at + 1) * HASH_BYTES])  # fmt: skip

    def finish(self, *, whole: bool) -> None:
        """Compare what is left, and hold every signed head against the log; ``whole``: all records were read."""
        for (level, number), hashes in self._made.items():
            self._compare(level, number, hashes)
        size = self.builder.size
        while self._next is not None and self._next[0] == 0:
            self._upper[self._next[0], self._next[1]] = self._next[2]
            self._next = next(self._lowest, None)
        for place in sorted(self._upper, key=str):
            match place:
                case (int(level), int(number)) if level >= 0 and number >= 0:
                    end = max(size, self._published) >> TILE_HEIGHT * (level + 1)
                    stray = whole and number > end
                case _:
                    stray = True
            if stray:
                self._of_no_place(place)
        for row in self._heads:
            self._head(row, size, whole=whole)
        if self._signed is not None and whole:
            self._hold(self._signed, size, "the signer's own")

    def _read_signed(self, content: bytes) -> Checkpoint | None:
        """Read the signer's last head; None when it is another log's, or there is none."""
        if not content or not self._keys:
            return None
        try:
            signed = signed_checkpoint.parse(content)
            if signed.checkpoint.origin not in {key.name for key in self._keys}:
                return None
            signed_checkpoint.verify(signed, self._keys)
        except (BadNote, BadProof, RxtrailError) as error:
            self._faults.find("checkpoint", "head-unreadable", f"the signer's last head does not verify: {error}")
            return None
        return signed.checkpoint

    def _head(self, row: Row, size: int, *, whole: bool) -> None:
        told, note = row[0], row[4]
        key = f"size={shown(told)}"
        try:
            if not isinstance(note, bytes):
                raise BadNote("it is no text")
            signed = signed_checkpoint.parse(note)
            own = signed_checkpoint.verify(signed, self._keys)
        except (BadNote, BadProof, RxtrailError) as error:
            self._faults.find("checkpoint", "head-unreadable", f"a signed head does not verify: {error}",
                              table="checkpoint", key=key, field="note")  # fmt: skip
            return
        head = signed.checkpoint
        if head.size != told:
            self._faults.find("checkpoint", "row-changed", "the head signed here is of another size",
                              table="checkpoint", key=key, field="size", expected=head.size, found=told)  # fmt: skip
        if row[3] not in (0, 1) or (row[3] and len(signed.note.signatures) <= len(own)):
            self._faults.find("checkpoint", "row-changed", "a head that no witness signed is called cosigned",
                              table="checkpoint", key=key, field="cosigned", expected=0, found=row[3])  # fmt: skip
        if whole:
            self.checkpoints += self._since < head.size <= size
            self._hold(head, size, key)

    def _hold(self, head: Checkpoint, size: int, key: str) -> None:
        """Hold the log against a head that its key has signed."""
        if head.size > size:
            message = f"a head of {head.size} entries was signed, and the log has {size}: records were taken away"
            self._faults.find("checkpoint", "log-shorter", message, table="checkpoint", key=key, position=size)
            return
        if head.size <= self._since:
            return
        root = self._roots.get(head.size)
        if root is not None and root != head.root:
            self._faults.find("checkpoint", "root-differs",
                              f"the first {head.size} entries are not those that were signed", table="checkpoint",
                              key=key, expected=head.root, found=root)  # fmt: skip


def _rows(view: View, after: tuple[int, int]) -> Iterator[Row]:
    for page in view.pages(TILES, after):
        yield from page


def _before(number: object, other: int) -> bool:
    return isinstance(number, int) and number < other
