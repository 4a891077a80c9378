"""Properties of the tree: what is in it can be proven, and nothing else."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rxtrail.core.merkle import tree
from rxtrail.core.merkle.errors import BadProof

SIZES = st.integers(1, 600)


@cache
def leaves() -> list[bytes]:
    return tree.leaf_hashes(b"entry %d" % index for index in range(600))


@cache
def whole() -> tree.MemoryTree:
    return tree.MemoryTree(leaves())


def by_definition(hashes: list[bytes]) -> bytes:
    """RFC 6962 §2.1, word for word."""
    if len(hashes) == 1:
        return hashes[0]
    split = max(1 << power for power in range(12) if 1 << power < len(hashes))
    return tree.node_hash(by_definition(hashes[:split]), by_definition(hashes[split:]))


@given(SIZES)
def test_a_root_is_that_of_the_definition(size: int) -> None:
    assert tree.root(leaves()[:size]) == by_definition(leaves()[:size]) == whole().root(size)


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert tree.root([]) == tree.Frontier().root() == tree.MemoryTree().root() == tree.EMPTY_ROOT


@given(st.lists(st.integers(0, 200), max_size=6))
def test_a_tree_may_grow_in_any_steps(steps: list[int]) -> None:
    frontier, size = tree.Frontier(), 0
    for step in steps:
        frontier.extend([leaves()[index % 600] for index in range(size, size + step)])
        size += step
        frontier = tree.Frontier(frontier.size, frontier.hashes)  # as a process that starts again does
    assert frontier.size == size
    assert frontier.root() == tree.root([leaves()[index % 600] for index in range(size)])


def test_a_right_edge_that_is_not_of_the_size_is_refused() -> None:
    for size, hashes in ((3, [bytes(32)]), (0, [bytes(32)]), (1, [bytes(31)]), (-1, []), (2**63, [bytes(32)])):
        with pytest.raises(BadProof):
            tree.Frontier(size, hashes)


@given(st.data())
def test_a_leaf_is_proven_and_no_other(data: st.DataObject) -> None:
    size = data.draw(SIZES)
    index = data.draw(st.integers(0, size - 1))
    proof = tree.inclusion_proof(whole(), index, size)
    root = whole().root(size)
    tree.verify_inclusion(leaves()[index], index, size, proof, root)
    other = data.draw(st.integers(0, 599))
    assume(other != index)
    with pytest.raises(BadProof):
        tree.verify_inclusion(leaves()[other], index, size, proof, root)
    if other < size:
        with pytest.raises(BadProof):
            tree.verify_inclusion(leaves()[index], other, size, proof, root)


@given(st.data())
def test_a_changed_proof_proves_nothing(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 600))
    index = data.draw(st.integers(0, size - 1))
    proof = tree.inclusion_proof(whole(), index, size)
    at = data.draw(st.integers(0, len(proof) - 1))
    bit = data.draw(st.integers(0, 255))
    flipped = (int.from_bytes(proof[at], "big") ^ 1 << bit).to_bytes(32, "big")
    root = whole().root(size)
    for wrong in (
        [*proof[:at], flipped, *proof[at + 1 :]],
        [*proof[:at], *proof[at + 1 :]],
        [*proof[:at], proof[at], *proof[at:]],
        [*proof, root],
        [proof[at][:31], *proof[1:]],
    ):
        with pytest.raises(BadProof):
            tree.verify_inclusion(leaves()[index], index, size, wrong, root)


@given(st.data())
def test_a_tree_begins_with_its_older_ones_and_no_other(data: st.DataObject) -> None:
    new = data.draw(SIZES)
    old = data.draw(st.integers(1, new))
    proof = tree.consistency_proof(whole(), old, new)
    old_root, new_root = whole().root(old), whole().root(new)
    tree.verify_consistency(old, new, old_root, new_root, proof)
    forked = [*leaves()[: old - 1], tree.leaf_hash(b"another")]
    with pytest.raises(BadProof):
        tree.verify_consistency(old, new, tree.root(forked), new_root, proof)
    longer = tree.root([*leaves()[: new - 1], tree.leaf_hash(b"another")])
    with pytest.raises(BadProof):
        tree.verify_consistency(old, new, old_root, longer, proof)
    for wrong in ([*proof, new_root], proof[:-1]) if proof else ([new_root],):
        with pytest.raises(BadProof):
            tree.verify_consistency(old, new, old_root, new_root, wrong)


@given(st.data())
def test_every_subtree_is_part_of_the_tree(data: st.DataObject) -> None:
    size = data.draw(SIZES)
    start = data.draw(st.integers(0, size - 1))
    reach = start & -start or 1024
    end = data.draw(st.integers(start + 1, min(size, start + reach)))
    assert tree.is_subtree(start, end)
    subtree_root = tree.range_root(whole(), start, end)
    assert subtree_root == tree.root(leaves()[start:end])
    proof = tree.subtree_consistency_proof(whole(), start, end, size)
    tree.verify_subtree_consistency(start, end, size, subtree_root, whole().root(size), proof)
    with pytest.raises(BadProof):
        tree.verify_subtree_consistency(start, end, size, tree.leaf_hash(b"x"), whole().root(size), proof)
    index = data.draw(st.integers(start, end - 1))
    inside = tree.inclusion_proof(tree.MemoryTree(leaves()[start:end]), index - start, end - start)
    tree.verify_subtree_inclusion(leaves()[index], index, start, end, inside, subtree_root)


def test_what_is_no_leaf_and_no_growth_has_no_proof() -> None:
    for index in (-1, 5):
        with pytest.raises(BadProof):
            tree.inclusion_proof(whole(), index, 5)
    with pytest.raises(BadProof):
        tree.consistency_proof(whole(), 6, 5)
    for start, end, size in ((1, 3, 5), (0, 6, 5), (2, 2, 5)):
        with pytest.raises(BadProof):
            tree.subtree_consistency_proof(whole(), start, end, size)


def test_every_tree_grows_from_an_empty_one_but_no_proof_says_so() -> None:
    assert tree.consistency_proof(whole(), 0, 5) == []
    with pytest.raises(BadProof):
        tree.verify_consistency(0, 5, tree.EMPTY_ROOT, whole().root(5), [])
