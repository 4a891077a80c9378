"""The tree of the log: built, proven from, checked, each beside the bare hashing that it cannot do without."""

from __future__ import annotations

import os
import random
import time
from hashlib import sha256
from typing import TYPE_CHECKING

from rxtrail.core.merkle import packs, tile, tree

if TYPE_CHECKING:
    from collections.abc import Callable

ENTRY_BYTES = 82  # of an event that names packages: version, kind, id, two hashes
PROOFS = 20_000
TILE_PROOFS = 1_000
EVENTS = 200
EVENT_PACKAGES = 1_000


def measure(count: int) -> dict[str, float]:
    """Give CPU seconds: ours, and under ``floor_...`` those of the machine."""
    entries = [os.urandom(ENTRY_BYTES) for _ in range(count)]
    found: dict[str, float] = {}
    leaf_input, node_input = b"\0" * (1 + ENTRY_BYTES), b"\1" * (1 + 2 * tree.HASH_BYTES)
    found["floor_tree"] = _spent(lambda: _bare(leaf_input, count)) + _spent(lambda: _bare(node_input, count))
    tiles: dict[tuple[int, int], bytes] = {}
    builder = tile.TileBuilder()

    def build() -> None:
        for level, number, hashes in builder.extend(tree.leaf_hashes(entries)):
            tiles[level, number] = hashes

    found["tree"] = _spent(build)
    leaves = tree.leaf_hashes(entries)
    memory = tree.MemoryTree(leaves)
    root = builder.root()
    draw = random.Random(1)
    indexes = [draw.randrange(count) for _ in range(PROOFS)]
    proofs: list[list[bytes]] = []
    found["prove"] = _spent(lambda: proofs.extend(tree.inclusion_proof(memory, index, count) for index in indexes))
    levels = range((count - 1).bit_length())
    found["floor_prove"] = _spent(lambda: [memory.hashes([(level, 0) for level in levels]) for _ in indexes])

    def check() -> None:
        for index, proof in zip(indexes, proofs, strict=True):
            tree.verify_inclusion(leaves[index], index, count, proof, root)

    found["verify"] = _spent(check)
    found["floor_verify"] = _spent(lambda: _bare(node_input, sum(map(len, proofs))))
    served = tile.TileHashes(lambda level, number, width: tiles[level, number][: width * tree.HASH_BYTES], count, root)
    found["tiles"] = _spent(lambda: [tree.inclusion_proof(served, index, count) for index in indexes[:TILE_PROOFS]])
    found["floor_tiles"] = _spent(lambda: _bare(node_input, (tile.TILE_WIDTH - 1) * TILE_PROOFS))
    salt, texts = os.urandom(32), [b"01/00352601815904/21/S%07d" % number for number in range(EVENT_PACKAGES)]
    found["packages"] = _spent(lambda: [packs.root_of(salt, texts) for _ in range(EVENTS)])
    found["floor_packages"] = _spent(lambda: _bare(node_input, 2 * EVENTS * EVENT_PACKAGES))
    return found


def _bare(octets: bytes, count: int) -> None:
    for _ in range(count):
        sha256(octets).digest()


def _spent(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun
