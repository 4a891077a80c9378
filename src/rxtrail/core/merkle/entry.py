"""What the log commits to: an entry says that there is a record, and nothing of what it says.

An entry is ``0x01 || kind (1) || id (16) || commitment``. The commitment of a record is the HMAC-SHA256 of its
*opening* under its random salt of 32 bytes: serial numbers are few and often in sequence, and the bare hash of one
could be guessed. The opening is ``0x01 || msgpack([kind, tenant, party, recorded_at, canonical, envelope])``, so that
what, who and when are all bound. After the HMAC an event that names packages has the root of their tree
(:mod:`rxtrail.core.merkle.packs`). A sealed block has
``SHA-256(its bytes at rest) || first position (8) || last position (8)``, so sealing it again adds an entry and never
changes one.
"""

from __future__ import annotations

import enum
import hmac
from hashlib import sha256
from typing import Final

import msgspec

from rxtrail.core.merkle.errors import BadEntry
from rxtrail.core.merkle.tree import HASH_BYTES, SIZE_MAX

VERSION: Final = b"\x01"
ID_BYTES: Final = 16
SALT_BYTES: Final = 32
_HEAD_BYTES: Final = 2 + ID_BYTES
_POSITION_BYTES: Final = 8
_HMAC_PADDING: Final = bytes(64 - SALT_BYTES)
_HMAC_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_HMAC_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))
_ENCODE: Final = msgspec.msgpack.Encoder().encode


class Kind(enum.IntEnum):
    """What a record is about; the numbers stand in the log for ever."""

    EVENT = 1
    SCAN = 2
    COMMAND = 3
    DECISION = 4
    CHANGE = 5
    """A row beside the log was written."""
    BLOCK = 6
    """A block of records was sealed."""
    ANCHOR = 7
    """The checkpoint of another node."""


_COMMITMENT_BYTES: Final = {
    kind: (HASH_BYTES, 2 * HASH_BYTES)
    if kind is Kind.EVENT
    else (HASH_BYTES + 2 * _POSITION_BYTES,)
    if kind is Kind.BLOCK
    else (HASH_BYTES,)
    for kind in Kind
}


class Entry(msgspec.Struct, frozen=True):
    """One entry, read."""

    kind: Kind
    id: bytes
    commitment: bytes


class Opening(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A record as it is bound: with its salt it opens the commitment."""

    kind: int
    tenant: int
    party: str
    """The canonical identifier of who captured it, or nothing."""
    recorded_at: int
    """Microseconds since 1970 in UTC."""
    canonical: bytes
    envelope: bytes = b""


class SealedBlock(msgspec.Struct, frozen=True):
    """What a block's entry says: the SHA-256 of its bytes at rest, and the positions of the records in it."""

    sha256: bytes
    first: int
    last: int


def encode(kind: int, record_id: bytes, commitment: bytes) -> bytes:
    """Write an entry; what cannot be one is our own mistake."""
    assert len(record_id) == ID_BYTES, len(record_id)
    assert len(commitment) in _COMMITMENT_BYTES[Kind(kind)], (kind, len(commitment))
    return VERSION + bytes((kind,)) + record_id + commitment


def decode(octets: bytes) -> Entry:
    """Read an entry.

    :raises BadEntry: it is none of a kind that this program knows.
    """
    if octets[:1] != VERSION or len(octets) < _HEAD_BYTES:
        raise BadEntry("not a log entry of version 1")
    kind, commitment = octets[1], octets[_HEAD_BYTES:]
    if kind not in _COMMITMENT_BYTES or len(commitment) not in _COMMITMENT_BYTES[Kind(kind)]:
        raise BadEntry(f"a log entry of kind {kind} with a commitment of {len(commitment)} bytes")
    entry = Entry(Kind(kind), octets[2:_HEAD_BYTES], commitment)
    if entry.kind is Kind.BLOCK:
        sealed_block(entry)
    return entry


def encode_opening(opening: Opening) -> bytes:
    """Write an opening; the same values always give the same bytes."""
    return VERSION + _ENCODE(opening)


def opening_bytes(kind: int, tenant: int, party: str, recorded_at: int, canonical: bytes, envelope: bytes) -> bytes:
    """Write an opening by its fields: the same bytes, without making a value of them first."""
    return VERSION + _ENCODE((kind, tenant, party, recorded_at, canonical, envelope))


def decode_opening(octets: bytes) -> Opening:
    """Read an opening.

    :raises BadEntry: it is none, or is written in another way than the one right one.
    """
    if octets[:1] == VERSION:
        try:
            opening = msgspec.msgpack.decode(octets[1:], type=Opening)
        except msgspec.MsgspecError as wrong:
            raise BadEntry("not the opening of a log entry") from wrong
        if encode_opening(opening) == octets:
            return opening
    raise BadEntry("not the opening of a log entry")


def commit(salt: bytes, opening: bytes) -> bytes:
    """Give the commitment of a record: 32 bytes, from which nothing can be learnt without the salt."""
    assert len(salt) == SALT_BYTES, len(salt)
    # HMAC-SHA256 (RFC 2104) with a key shorter than a block, written out: the library's own takes half as long again.
    key = salt + _HMAC_PADDING
    return sha256(key.translate(_HMAC_OUTER) + sha256(key.translate(_HMAC_INNER) + opening).digest()).digest()


def check_opening(entry: Entry, salt: bytes, opening: bytes) -> Opening:
    """Read an opening that is the one of this entry.

    :raises BadEntry: it is of another record, the salt is another, or the entry is that of a block.
    """
    if len(salt) != SALT_BYTES or entry.kind is Kind.BLOCK:
        raise BadEntry("this opens no log entry")
    if not hmac.compare_digest(commit(salt, opening), entry.commitment[:HASH_BYTES]):
        raise BadEntry("the record is not the one that the log commits to")
    found = decode_opening(opening)
    if found.kind != entry.kind:
        raise BadEntry("the record is of another kind than the log says")
    return found


def record_id(salt: bytes) -> bytes:
    """Give the id of a record from its salt: random to whoever does not have it, and bound by the commitment."""
    return sha256(b"rxtrail id v1" + salt).digest()[:ID_BYTES]


def block_id(commitment: bytes, block: int, recorded_at: int) -> bytes:
    """Give the id of a block's record: it has no salt, so the id binds what the commitment does not."""
    told = block.to_bytes(_POSITION_BYTES, "big") + recorded_at.to_bytes(_POSITION_BYTES, "big", signed=True)
    return sha256(b"rxtrail block id v1" + commitment + told).digest()[:ID_BYTES]


def package_root(entry: Entry) -> bytes | None:
    """Give the root of the tree of packages of an event, when its entry has one."""
    return entry.commitment[HASH_BYTES:] if entry.kind is Kind.EVENT and len(entry.commitment) > HASH_BYTES else None


def block_commitment(data: bytes, first: int, last: int) -> bytes:
    """Give the commitment of a sealed block: ``data`` as it lies at rest, and the positions of its records."""
    return block_commitment_of(sha256(data).digest(), first, last)


def block_commitment_of(digest: bytes, first: int, last: int) -> bytes:
    """Give the commitment of a sealed block whose SHA-256 is known."""
    assert 0 <= first <= last <= SIZE_MAX, (first, last)
    return digest + first.to_bytes(_POSITION_BYTES, "big") + last.to_bytes(_POSITION_BYTES, "big")


def positions_in(commitment: bytes) -> tuple[int, int]:
    """Read the first and last position from the commitment of a sealed block."""
    ends = commitment[HASH_BYTES:]
    return int.from_bytes(ends[:_POSITION_BYTES], "big"), int.from_bytes(ends[_POSITION_BYTES:], "big")


def sealed_block(entry: Entry) -> SealedBlock:
    """Read what a block's entry says.

    :raises BadEntry: it is the entry of no block, or its positions run backwards.
    """
    if entry.kind is not Kind.BLOCK:
        raise BadEntry("not the entry of a sealed block")
    first, last = positions_in(entry.commitment)
    if not first <= last <= SIZE_MAX:
        raise BadEntry(f"a sealed block with positions {first} to {last}")
    return SealedBlock(entry.commitment[:HASH_BYTES], first, last)
