"""The tree of one event's packages: each can be shown to be in it, and the others stay hidden.

Leaf 0 is the summary of the event, leaves 1 to n are the texts of its packages (``01/00352601815904/21/X1``). Each
leaf has a salt of its own, 16 bytes, all made by one call of SHAKE-256 from the salt of the record; a leaf is
``SHA-256(0x00 || salt || text)`` and the rest is a tree of RFC 6962. Who is shown one leaf learns its salt and
text and the hashes beside its way; the other leaves cannot be guessed, for want of their salts.
"""

from __future__ import annotations

import struct
from hashlib import sha256, shake_256
from typing import TYPE_CHECKING, Any, Final

import msgspec

from rxtrail.core.merkle.errors import BadProof
from rxtrail.core.merkle.tree import MemoryTree, inclusion_proof, root, verify_inclusion

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

LEAF_SALT_BYTES: Final = 16
_LABEL: Final = b"rxtrail packs v1"
_each_salt: Final = struct.Struct(f"{LEAF_SALT_BYTES}s").iter_unpack


class LeafProof(msgspec.Struct, frozen=True):
    """One leaf opened: text and salt, its place among ``count`` leaves, and the hashes beside its way to the root."""

    index: int
    count: int
    salt: bytes
    text: bytes
    path: tuple[bytes, ...]


def encode_summary(summary: Mapping[str, Any]) -> bytes:
    """Write the summary of an event: JSON with sorted keys and no blanks, the same bytes each time."""
    return msgspec.json.encode(dict(summary), order="sorted")


def root_of(salt: bytes, texts: Sequence[bytes]) -> bytes:
    """Give the root of the tree of an event's summary and packages, in this order (``event_leaves``)."""
    if len(texts) == 2:  # an event about one package: nothing but the two leaves and their node
        salts = _salts(salt, 2)
        left = sha256(b"\x00" + salts[:LEAF_SALT_BYTES] + texts[0]).digest()
        return sha256(b"\x01" + left + sha256(b"\x00" + salts[LEAF_SALT_BYTES:] + texts[1]).digest()).digest()
    return root(_leaves(salt, texts))


def prove(salt: bytes, texts: Sequence[bytes], indexes: Iterable[int]) -> list[LeafProof]:
    """Open leaves: 0 is the summary, which comes first among the texts."""
    tree = MemoryTree(_leaves(salt, texts))
    salts = [own for (own,) in _each_salt(_salts(salt, tree.size))]
    return [
        LeafProof(index, tree.size, salts[index], texts[index], tuple(inclusion_proof(tree, index, tree.size)))
        for index in indexes
    ]


def verify(proof: LeafProof, package_root: bytes) -> None:
    """Check that this text is a leaf of the tree with this root.

    :raises BadProof: it is not.
    """
    if len(proof.salt) != LEAF_SALT_BYTES:
        raise BadProof(f"the salt of a package has {LEAF_SALT_BYTES} bytes")
    leaf = sha256(b"\x00" + proof.salt + proof.text).digest()
    verify_inclusion(leaf, proof.index, proof.count, proof.path, package_root)


def _salts(salt: bytes, count: int) -> bytes:
    return shake_256(_LABEL + salt).digest(LEAF_SALT_BYTES * count)


def _leaves(salt: bytes, texts: Sequence[bytes]) -> list[bytes]:
    salts = _each_salt(_salts(salt, len(texts)))
    return [sha256(b"\x00" + own + text).digest() for (own,), text in zip(salts, texts, strict=True)]
