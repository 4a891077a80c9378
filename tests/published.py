"""Publishes the log of a scene's record, as the publisher and its signer do, with keys that the test has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rxtrail.core.merkle import note, signed_checkpoint, signing, tile
from rxtrail.core.merkle.checkpoint import Checkpoint
from rxtrail.core.merkle.tree import leaf_hash
from rxtrail.store.rows import CheckpointRow

if TYPE_CHECKING:
    from rxtrail.bootstrap import Node
    from rxtrail.core.merkle.signing import NoteSigner
    from rxtrail.ledger.log import Log
    from rxtrail.store import Transaction

ORIGIN = "node.example/log"
LOG = signing.ed25519_signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"\1" * 32))
WITNESS = signing.ed25519_signer(
    "w.example", Ed25519PrivateKey.from_private_bytes(b"\2" * 32), kind=note.COSIGNATURE_ED25519
)
TIME = 1_795_000_000


def publish(node: Node, *, size: int | None = None, cosigned_by: tuple[NoteSigner, ...] = ()) -> Checkpoint:
    """Publish the first ``size`` records, or all; give the head."""
    reader = node._reader()
    rows = reader.entries_from(0, size or reader.log_size())
    entries = [b"\1" + bytes((kind,)) + id_ + commitment for _, kind, id_, commitment in rows]
    builder = tile.TileBuilder()
    tiles = {(level, number): hashes for level, number, hashes in builder.extend([leaf_hash(one) for one in entries])}
    head = Checkpoint(ORIGIN, builder.size, builder.root())
    signatures = [LOG.sign(head.text()), *(one.sign(head.text(), time=TIME) for one in cosigned_by)]
    octets = signed_checkpoint.sign(head, signatures).format()
    row = CheckpointRow(head.size, TIME * 1_000_000, "test", int(bool(cosigned_by)), octets)

    def write(tx: Transaction, _log: Log) -> None:
        tx.put_tiles([(level, number, hashes) for (level, number), hashes in tiles.items()])
        tx.put_checkpoint(row, since=2**62, keep=0)
        tx.set_settings({"log_origin": ORIGIN, "log_keys": str(LOG.verifier)})

    node._writing()[0].do(write, alone=True)
    return head
