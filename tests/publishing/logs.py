"""Logs for tests: a node with records, a publisher that signs in this process, and what must be true of any log."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from rxtrail import clock
from rxtrail.bootstrap import open_node
from rxtrail.core.merkle import checkpoint, note
from rxtrail.core.merkle.checkpoint import Checkpoint
from rxtrail.core.merkle.tree import MemoryTree, consistency_proof, leaf_hash, verify_consistency
from rxtrail.log_settings import LogSettings
from rxtrail.publishing import signer_of
from rxtrail.publishing.publisher import Publisher
from rxtrail.publishing.signer_client import InlineSigner
from rxtrail.publishing.signing import LogRefused
from rxtrail.store.rows import RecordKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rxtrail.bootstrap import Node
    from rxtrail.publishing.signing import Signer

ORIGIN = "node.test/log"


def settings(**more: Any) -> LogSettings:
    return LogSettings(origin=ORIGIN, **more)


def signer_in(folder: Path, **more: Any) -> Signer:
    return signer_of(folder, settings(**more), now_us=clock.now_us, random_bytes=clock.random_bytes)


def add(node: Node, count: int) -> None:
    """Append records of which nothing is known; one batch is one commit, which adds the entry of its block."""

    def work(_tx: Any, log: Any) -> None:
        for number in range(count):
            log.append(RecordKind.COMMAND, b"\x01%d" % number)

    node._writing()[0].do(work)


def publisher_of(node: Node, signer: Any, **more: Any) -> Publisher:
    given = {"name": "test", "shared": False, "seconds": 1.0, "now_us": clock.now_us, **more}
    return Publisher(reader=node._reader, writer=lambda: node._writing()[0], signer=signer, **given)


@contextlib.contextmanager
def publishing(folder: Path) -> Iterator[tuple[Node, Publisher]]:
    """A node and a publisher that signs in this process."""
    with open_node(folder) as node, contextlib.closing(InlineSigner(signer_in(node.data))) as signer:
        yield node, publisher_of(node, signer)


def tree_of(*entries: bytes) -> MemoryTree:
    return MemoryTree([leaf_hash(entry) for entry in entries])


def numbered(count: int, kind: str = "") -> MemoryTree:
    return tree_of(*(f"{kind}{number}".encode() for number in range(count)))


def head_of(tree: MemoryTree, size: int, origin: str = ORIGIN) -> str:
    return Checkpoint(origin, size, tree.root(size)).text()


def assert_grows(old: bytes, new: bytes, tree: MemoryTree) -> None:
    """Of two heads that were signed one begins with the other."""
    before, after = checkpoint.parse(note.parse(old).text), checkpoint.parse(note.parse(new).text)
    verify_consistency(
        before.size, after.size, before.root, after.root, consistency_proof(tree, before.size, after.size)
    )


def ways_to_fork(signer: Any) -> list[str]:
    """Try every way to have two histories signed; give those that worked."""
    honest, other = numbered(40), numbered(40, "x")
    signer.sign(head_of(honest, 10), [])
    mixed = MemoryTree([(honest if number < 9 else other).hashes([(0, number)])[0] for number in range(40)])
    attempts = {
        "smaller": (head_of(honest, 9), []),
        "same size, other root": (head_of(other, 10), []),
        "larger without proof": (head_of(honest, 20), []),
        "another tree with its own proof": (head_of(other, 20), consistency_proof(other, 10, 20)),
        "another tree with an honest proof": (head_of(other, 20), consistency_proof(honest, 10, 20)),
        "one entry altered": (head_of(mixed, 20), consistency_proof(mixed, 10, 20)),
        "proof cut short": (head_of(honest, 20), consistency_proof(honest, 10, 20)[:-1]),
        "proof too long": (head_of(honest, 20), [*consistency_proof(honest, 10, 20), bytes(32)]),
        "another log": (head_of(honest, 20, "else.test/log"), consistency_proof(honest, 10, 20)),
        "an extension": (head_of(honest, 20) + "more\n", consistency_proof(honest, 10, 20)),
        "no checkpoint": ("rxtrail/receipt/v1\nsign this\n", []),
        "an empty tree": (head_of(honest, 0), []),
        "a root of 31 bytes": (f"{ORIGIN}\n20\n{'A' * 42}=\n", []),
    }
    worked = []
    for name, (text, proof) in attempts.items():
        try:
            signer.sign(text, proof)
        except LogRefused:
            continue
        worked.append(name)
    return worked
