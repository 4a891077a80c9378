"""Trees, tiles, checkpoints, notes and cosignatures against what others made.

Cases of transparency-dev/merkle and Tessera (Apache-2.0), of Go's x/mod (made by it, BSD-3), of FiloSottile's
sunlight and torchwood (ISC), and the examples of C2SP. Every negative case must be refused.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from rxtrail.core.merkle import tile, tree
from rxtrail.core.merkle.errors import BadProof
from tests.conformance.shared import count

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.conformance

case = dict[str, Any]


@pytest.fixture(scope="session")
def ledger(shared: Path) -> Path:
    return shared / "conformance" / "ledger"


def cases(path: Path) -> list[case]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def unbase64(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def hashes(texts: list[str] | None) -> list[bytes]:
    return [unbase64(text) for text in texts or []]


def check_inclusion(given: case) -> None:
    tree.verify_inclusion(
        unbase64(given["leafHash"]),
        given["leafIdx"],
        given["treeSize"],
        hashes(given["proof"]),
        unbase64(given["root"]),
    )


def check_consistency(given: case) -> None:
    tree.verify_consistency(
        given["size1"], given["size2"], unbase64(given["root1"]), unbase64(given["root2"]), hashes(given["proof"])
    )


def check_subtree_inclusion(given: case) -> None:
    tree.verify_subtree_inclusion(
        unbase64(given["leafHash"]),
        given["leafIdx"],
        given["start"],
        given["end"],
        hashes(given["proof"]),
        unbase64(given["root"]),
    )


def check_subtree_consistency(given: case) -> None:
    tree.verify_subtree_consistency(
        given["start"],
        given["end"],
        given["size"],
        unbase64(given["root1"]),
        unbase64(given["root2"]),
        hashes(given["proof"]),
    )


@pytest.mark.parametrize(
    ("name", "check"),
    [
        ("inclusion", check_inclusion),
        ("consistency", check_consistency),
        ("subtreeinclusion", check_subtree_inclusion),
        ("subtreeconsistency", check_subtree_consistency),
    ],
)
def test_a_proof_is_taken_exactly_when_it_proves(ledger: Path, name: str, check: Callable[[case], None]) -> None:
    wrong = []
    for given in cases(ledger / "merkle" / f"{name}.jsonl"):
        count()
        try:
            check(given)
        except BadProof:
            refused = True
        else:
            refused = False
        if refused is not given["wantErr"]:
            wrong.append(given["_file"])
    assert wrong == []


def test_the_tree_of_rfc_6962_has_these_nodes_and_roots(ledger: Path) -> None:
    path = ledger / "merkle" / "rfc6962_tree.json"
    if not path.exists():
        pytest.skip("this edition of the data has no such tree")
    given = json.loads(path.read_text(encoding="utf-8"))
    leaves = tree.leaf_hashes(bytes.fromhex(one) for one in given["leaf_inputs_hex"])
    whole = tree.MemoryTree(leaves)
    for level, row in enumerate(given["node_hashes"]):
        for index, node in enumerate(row):
            count()
            assert whole.hashes([(level, index)]) == [bytes.fromhex(node)]
    for size, root in enumerate(given["root_hashes"]):
        count()
        assert tree.root(leaves[:size]) == whole.root(size) == bytes.fromhex(root)


def test_trees_of_boundary_sizes_are_those_that_go_makes(ledger: Path) -> None:
    given = json.loads((ledger / "merkle" / "go_tlog_boundaries.json").read_text(encoding="utf-8"))
    largest = max(one["size"] for one in given["trees"])
    leaves = [tree.leaf_hash((given["leaf_format"] % index).encode()) for index in range(largest)]
    whole = tree.MemoryTree(leaves)
    for one in given["trees"]:
        size, root = one["size"], unbase64(one["root"])
        count()
        assert whole.root(size) == root

        made = {}
        for level, number, hashed in tile.TileBuilder().extend(leaves[:size]):
            made[tile.tile_path(level, number, len(hashed) // 32)] = hashed
        count(len(one["tiles_sha256"]))
        # Of large trees the data tells some of the tiles.
        assert {path: hashlib.sha256(made[path]).hexdigest() for path in one["tiles_sha256"]} == one["tiles_sha256"]
        assert {tile.tile_path(*each) for each in tile.tiles_between(0, size)} == made.keys()

        served = tile.TileHashes(lambda *each, made=made: made[tile.tile_path(*each)], size, root)
        for proof in one["inclusion"]:
            count()
            expected = hashes(proof["proof"])
            assert tree.inclusion_proof(whole, proof["index"], size) == expected
            assert tree.inclusion_proof(served, proof["index"], size) == expected
            tree.verify_inclusion(unbase64(proof["leaf_hash"]), proof["index"], size, expected, root)
        for proof in one["consistency"] or []:
            count()
            expected, old_root = hashes(proof["proof"]), unbase64(proof["old_root"])
            assert tree.consistency_proof(whole, proof["old"], size) == expected
            assert tree.consistency_proof(served, proof["old"], size) == expected
            tree.verify_consistency(proof["old"], size, old_root, root, expected)
