"""The Merkle tree of RFC 6962: roots, inclusion proofs, consistency proofs, and those of subtrees.

A *complete subtree* is named by ``(level, index)``: it holds the ``2**level`` leaves from ``index * 2**level`` on.
Sources: RFC 6962 section 2.1; draft-ietf-plants-merkle-tree-certs section 4 (subtrees).
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final, Protocol

from rxtrail.core.merkle.errors import BadProof

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

HASH_BYTES: Final = 32
SIZE_MAX: Final = 2**63 - 1
"""No tree is larger: sizes fit a signed 64-bit number everywhere."""

# RFC 6962 §2.1: the hash of an empty list, 0x00 before a leaf, 0x01 before a node.
EMPTY_ROOT: Final = sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Hash one entry as a leaf."""
    return sha256(b"\x00" + entry).digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """Hash many entries as leaves."""
    return [sha256(b"\x00" + entry).digest() for entry in entries]


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two neighbours into their parent."""
    return sha256(b"\x01" + left + right).digest()


def parents(hashes: Sequence[bytes]) -> list[bytes]:
    """Hash neighbours in pairs; a last one without a neighbour is left out."""
    each = iter(hashes)
    return [sha256(b"\x01" + left + right).digest() for left, right in zip(each, each, strict=False)]


def root(hashes: Sequence[bytes]) -> bytes:
    """Give the root of the tree over these leaf hashes."""
    if not hashes:
        return EMPTY_ROOT
    level = hashes
    while len(level) > 1:
        above = parents(level)
        if len(level) % 2:  # RFC 6962 splits at the largest power of two: the last one goes up as it is
            above.append(level[-1])
        level = above
    return level[0]


class Frontier:
    """A tree that grows, known by its right edge: the complete subtrees that its size is the sum of."""

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        """Continue a tree of this size; ``hashes`` are its complete subtrees from right to left.

        :raises BadProof: there is not one hash of 32 bytes for each of them.
        """
        given = list(hashes)
        if not 0 <= size <= SIZE_MAX or len(given) != size.bit_count() or any(len(one) != HASH_BYTES for one in given):
            raise BadProof(f"not the right edge of a tree of {size} leaves")
        self._size = size
        each = iter(given)
        self._edge: list[bytes | None] = [
            next(each) if size >> level & 1 else None for level in range(size.bit_length())
        ]

    @property
    def size(self) -> int:
        """The number of leaves."""
        return self._size

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """The complete subtrees from right to left, smallest first; with the size they are the whole state."""
        return tuple(one for one in self._edge if one is not None)

    def append(self, leaf: bytes) -> None:
        """Add one leaf by its hash."""
        self.extend([leaf])

    def extend(
        self, leaves: Sequence[bytes], *, on_level: Callable[[int, int, Sequence[bytes]], None] | None = None
    ) -> None:
        """Add leaves by their hashes, all at once.

        ``on_level(level, first, hashes)`` is called with the complete subtrees that this makes, level by level: the
        first of them is number ``first`` of its level.
        """
        assert all(len(leaf) == HASH_BYTES for leaf in leaves), "leaves are hashes"
        assert self._size + len(leaves) <= SIZE_MAX, "a tree of this size cannot be"
        old, self._size = self._size, self._size + len(leaves)
        level, made = 0, list(leaves)
        while made:
            if on_level is not None:
                on_level(level, old >> level, made)
            if level == len(self._edge):
                self._edge.append(None)
            waiting = self._edge[level]
            if waiting is not None:
                made.insert(0, waiting)
            self._edge[level] = made[-1] if len(made) % 2 else None
            made = parents(made)
            level += 1

    def root(self) -> bytes:
        """Give the root as the tree is now."""
        found: bytes | None = None
        for one in self._edge:
            if one is not None:
                found = one if found is None else node_hash(one, found)
        return EMPTY_ROOT if found is None else found


class HashSource(Protocol):
    """Whoever knows the hashes of complete subtrees."""

    def hashes(self, wanted: Sequence[tuple[int, int]]) -> list[bytes]:
        """Give the hashes of the complete subtrees ``(level, index)``, in this order."""
        ...


class MemoryTree:
    """All hashes of a tree in memory: for tests, small trees, and those of packages."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        """Build the tree over these leaf hashes."""
        level = list(leaves)
        self.size = len(level)
        self._levels = [level]
        while len(level) > 1:
            level = parents(level)
            self._levels.append(level)

    def hashes(self, wanted: Sequence[tuple[int, int]]) -> list[bytes]:
        """Give the hashes of complete subtrees."""
        levels = self._levels
        return [levels[level][index] for level, index in wanted]

    def root(self, size: int | None = None) -> bytes:
        """Give the root of the first ``size`` leaves, or of all."""
        return range_root(self, 0, self.size if size is None else size)


def subtrees(start: int, end: int) -> list[tuple[int, int]]:
    """Name the complete subtrees, largest first, that the range is the sum of; its start must be aligned."""
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        assert start & ((1 << level) - 1) == 0, "a range of leaves that is no subtree"
        found.append((level, start >> level))
        start += 1 << level
    return found


def range_root(source: HashSource, start: int, end: int) -> bytes:
    """Give the root of the subtree ``[start, end)``, or of a whole tree when it starts at 0."""
    return _joined(source.hashes(subtrees(start, end))) if start < end else EMPTY_ROOT


def inclusion_proof(source: HashSource, index: int, size: int) -> list[bytes]:
    """Prove that leaf ``index`` is in the tree of ``size`` leaves: the siblings, leaf's first.

    :raises BadProof: there is no such leaf.
    """
    if not 0 <= index < size:
        raise BadProof(f"no leaf {index} in a tree of {size}")
    return _ranges(source, _siblings(index, 0, size))


def consistency_proof(source: HashSource, old: int, new: int) -> list[bytes]:
    """Prove that the tree of ``new`` leaves begins with that of ``old`` leaves.

    The proof is empty when the trees are equal or the old one is empty.

    :raises BadProof: the old tree is larger.
    """
    if not 0 <= old <= new:
        raise BadProof(f"a tree of {old} leaves cannot grow to {new}")
    return subtree_consistency_proof(source, 0, old, new) if old else []


def subtree_consistency_proof(source: HashSource, start: int, end: int, size: int) -> list[bytes]:
    """Prove that the tree of ``size`` leaves holds the subtree ``[start, end)``.

    :raises BadProof: that range is no subtree of it.
    """
    if not is_subtree(start, end) or end > size:
        raise BadProof(f"[{start}, {end}) is no subtree of a tree of {size}")
    # The way down from the root to where the tree's own splitting has cut out the right edge of the subtree.
    found: list[tuple[int, int]] = []
    low, high, whole = 0, size, True  # whole: what is left of the subtree is still the subtree as it was named
    while (start, end) != (low, high):
        middle = low + _split(high - low)
        if end <= middle:
            found.append((middle, high))
            high = middle
        elif start >= middle:
            found.append((low, middle))
            low = middle
        else:
            found.append((low, middle))
            low = start = middle
            whole = False
    if not whole:
        found.append((low, high))
    return _ranges(source, found[::-1])


def is_subtree(start: int, end: int) -> bool:
    """Tell whether a range is a subtree: not empty, its start a multiple of the power of two that it fits in."""
    return 0 <= start < end <= SIZE_MAX and start & ((1 << (end - start - 1).bit_length()) - 1) == 0


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf with this hash is number ``index`` of the tree with this size and root.

    :raises BadProof: it does not follow, or a hash has not 32 bytes, or the proof is too long or too short.
    """
    _check_hashes((leaf, root), proof)
    if not 0 <= index < size <= SIZE_MAX:
        raise BadProof(f"no leaf {index} in a tree of {size}")
    # RFC 9162 §2.1.3.2.
    at, last, found = index, size - 1, leaf
    for sibling in proof:
        if not last:
            raise BadProof("the proof is too long")
        if at & 1 or at == last:
            found = sha256(b"\x01" + sibling + found).digest()
            while not at & 1 and at:
                at >>= 1
                last >>= 1
        else:
            found = sha256(b"\x01" + found + sibling).digest()
        at >>= 1
        last >>= 1
    if last:
        raise BadProof("the proof is too short")
    if found != root:
        raise BadProof("the leaf is not in this tree")


def verify_subtree_inclusion(
    leaf: bytes, index: int, start: int, end: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that the leaf with this hash is number ``index`` of the log, within a subtree with this root.

    :raises BadProof: it does not follow.
    """
    if not is_subtree(start, end) or not start <= index < end:
        raise BadProof(f"no leaf {index} in a subtree [{start}, {end})")
    verify_inclusion(leaf, index - start, end - start, proof, root)


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the new tree begins with the old one.

    :raises BadProof: it does not follow. Nothing follows from an empty old tree: that is for the caller to allow.
    """
    if not 0 < old <= new:
        raise BadProof(f"no proof leads from a tree of {old} leaves to one of {new}")
    verify_subtree_consistency(0, old, new, old_root, new_root, proof)


def verify_subtree_consistency(
    start: int, end: int, size: int, subtree_root: bytes, root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that the tree with this size and root holds the subtree ``[start, end)`` with its root.

    An empty subtree (start = end) is part of every tree, and every tree of itself, with an empty proof.

    :raises BadProof: it does not follow.
    """
    if 0 <= start == end <= size <= SIZE_MAX:
        if proof or subtree_root != EMPTY_ROOT:
            raise BadProof("an empty subtree has the empty root and an empty proof")
        return
    if not is_subtree(start, end) or not end <= size <= SIZE_MAX:
        raise BadProof(f"[{start}, {end}) is no subtree of a tree of {size}")
    if start == 0 and end == size:
        if proof or subtree_root != root:
            raise BadProof("trees of the same size have the same root and an empty proof")
        return
    _check_hashes((subtree_root, root), proof)
    # draft-ietf-plants-merkle-tree-certs §4.4.3: walk up from the subtree's last complete part, in both trees at once.
    first, last, top = start, end - 1, size - 1
    at_the_edge = last == top
    while first != last and (at_the_edge or last & 1):
        first, last, top = first >> 1, last >> 1, top >> 1
    rest = iter(proof)
    # A complete subtree is its own last part; of any other the proof gives the last part first.
    seed = subtree_root if first == last else next(rest, b"")
    if not seed:
        raise BadProof("the proof is too short")
    below = above = seed
    for one in rest:
        if not top:
            raise BadProof("the proof is too long")
        if last & 1 or last == top:
            if first < last:
                below = node_hash(one, below)
            above = node_hash(one, above)
            while not last & 1:
                first, last, top = first >> 1, last >> 1, top >> 1
        else:
            above = node_hash(above, one)
        first, last, top = first >> 1, last >> 1, top >> 1
    if top:
        raise BadProof("the proof is too short")
    if below != subtree_root:
        raise BadProof("the proof does not lead to the old root")
    if above != root:
        raise BadProof("the proof does not lead to the new root")


def _split(count: int) -> int:
    """Give the largest power of two smaller than ``count``."""
    return 1 << (count - 1).bit_length() - 1


def _siblings(index: int, start: int, end: int) -> list[tuple[int, int]]:
    """Give the ranges beside the way from a leaf to the root, leaf's first."""
    found = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((start, middle))
            start = middle
    found.reverse()
    return found


def _ranges(source: HashSource, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
    """Give the root of each range, asking the source once."""
    parts = [subtrees(start, end) for start, end in ranges]
    given = source.hashes([one for part in parts for one in part])
    found, at = [], 0
    for part in parts:
        count = len(part)
        found.append(given[at] if count == 1 else _joined(given[at : at + count]))
        at += count
    return found


def _joined(hashes: Sequence[bytes]) -> bytes:
    """Join complete subtrees, largest and leftmost first, into one root."""
    found = hashes[-1]
    for one in reversed(hashes[:-1]):
        found = node_hash(one, found)
    return found


def _check_hashes(ends: Iterable[bytes], proof: Sequence[bytes]) -> None:
    if any(len(one) != HASH_BYTES for one in ends) or any(len(one) != HASH_BYTES for one in proof):
        raise BadProof(f"a hash has {HASH_BYTES} bytes")
