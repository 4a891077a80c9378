"""Entries and packages: the log commits to them, and shows nothing of them."""

from __future__ import annotations

import hashlib
import hmac

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.core.merkle import entry, packs, tree
from rxtrail.core.merkle.entry import Entry, Kind, Opening
from rxtrail.core.merkle.errors import BadEntry, BadProof

ID, SALT = b"\2" * 16, b"\3" * 32
OPENING = Opening(Kind.EVENT, 0, "414/0300011111246", 1_790_000_000_000_000, b"canonical", b"envelope")
PACKAGES = [f"01/00352601815904/21/X{number}" for number in range(1000)]
SUMMARY = packs.encode_summary({"type": "ObjectEvent", "action": "ADD", "time": "2026-11-22T09:00:00Z"})
TEXTS = [SUMMARY, *[text.encode() for text in PACKAGES]]

sizes = {Kind.EVENT: (32, 64), Kind.BLOCK: (48,)}


@given(st.sampled_from(Kind), st.binary(min_size=16, max_size=16), st.data())
def test_an_entry_is_read_as_it_was_written(kind: Kind, record_id: bytes, data: st.DataObject) -> None:
    size = data.draw(st.sampled_from(sizes.get(kind, (32,))))
    commitment = data.draw(st.binary(min_size=size, max_size=size))
    if kind is Kind.BLOCK:
        commitment = entry.block_commitment(
            b"data", *sorted(data.draw(st.tuples(st.integers(0, 9), st.integers(0, 9))))
        )
    octets = entry.encode(kind, record_id, commitment)
    assert entry.decode(octets) == Entry(kind, record_id, commitment)


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"\1",
        b"\2\1" + ID + bytes(32),
        b"\1\0" + ID + bytes(32),
        b"\1\x08" + ID + bytes(32),
        b"\1\1" + ID + bytes(31),
        b"\1\1" + ID + bytes(33),
        b"\1\2" + ID + bytes(64),
        b"\1\6" + ID + bytes(32),
        b"\1\6" + ID + bytes(32) + (5).to_bytes(8, "big") + (4).to_bytes(8, "big"),
        b"\1\6" + ID + bytes(32) + bytes(8) + (2**63).to_bytes(8, "big"),
        b"\1\1" + ID,
    ],
)
def test_what_is_no_entry_is_refused(wrong: bytes) -> None:
    with pytest.raises(BadEntry):
        entry.decode(wrong)


def test_a_commitment_is_the_hmac_of_the_opening_under_the_salt() -> None:
    opening = entry.encode_opening(OPENING)
    assert opening == b"\1" + msgspec.msgpack.encode(
        [1, 0, "414/0300011111246", 1_790_000_000_000_000, b"canonical", b"envelope"]
    )
    assert entry.commit(SALT, opening) == hmac.new(SALT, opening, hashlib.sha256).digest()


@given(
    st.integers(0, 255), st.integers(0, 2**31), st.text(max_size=30), st.integers(0, 2**62), st.binary(), st.binary()
)
def test_an_opening_is_read_as_it_was_written(
    kind: int, tenant: int, party: str, recorded_at: int, canonical: bytes, envelope: bytes
) -> None:
    given_opening = Opening(kind, tenant, party, recorded_at, canonical, envelope)
    octets = entry.encode_opening(given_opening)
    assert entry.decode_opening(octets) == given_opening
    for wrong in (octets + b"\0", octets[:-1], b"\2" + octets[1:], octets[1:]):
        with pytest.raises(BadEntry):
            entry.decode_opening(wrong)


def test_an_opening_written_in_another_way_is_refused() -> None:
    octets = entry.encode_opening(OPENING)
    assert octets[:3] == b"\1\x96\1"
    for wrong in (b"\1\xdc\0\6" + octets[2:], b"\1\x96\xcc\1" + octets[3:], b"\1\x95" + octets[2:-9]):
        with pytest.raises(BadEntry):
            entry.decode_opening(wrong)


def test_only_the_record_and_its_salt_open_an_entry() -> None:
    opening = entry.encode_opening(OPENING)
    committed = Entry(Kind.EVENT, ID, entry.commit(SALT, opening) + b"\5" * 32)
    assert entry.check_opening(committed, SALT, opening) == OPENING
    assert entry.package_root(committed) == b"\5" * 32
    for salt, other in ((b"\4" * 32, opening), (SALT[:31], opening), (SALT, opening + b"\0"), (SALT, b"")):
        with pytest.raises(BadEntry):
            entry.check_opening(committed, salt, other)
    with pytest.raises(BadEntry, match="another kind"):
        entry.check_opening(Entry(Kind.SCAN, ID, entry.commit(SALT, opening)), SALT, opening)


def test_a_block_is_told_by_its_bytes_and_positions() -> None:
    block = Entry(Kind.BLOCK, ID, entry.block_commitment(b"sealed", 3, 9))
    assert entry.sealed_block(block) == entry.SealedBlock(hashlib.sha256(b"sealed").digest(), 3, 9)
    assert entry.package_root(block) is None
    with pytest.raises(BadEntry):
        entry.check_opening(block, SALT, b"sealed")
    with pytest.raises(BadEntry):
        entry.sealed_block(Entry(Kind.SCAN, ID, bytes(32)))
    assert entry.package_root(Entry(Kind.EVENT, ID, bytes(32))) is None


def test_every_package_of_an_event_is_proven_and_no_other() -> None:
    root = packs.root_of(SALT, TEXTS)
    proofs = packs.prove(SALT, TEXTS, range(1001))
    for proof in proofs:
        packs.verify(proof, root)
    assert proofs[0].text == SUMMARY
    assert [proof.text.decode() for proof in proofs[1:]] == PACKAGES
    one = proofs[501]
    for wrong in (
        msgspec.structs.replace(one, text=b"01/00352601815904/21/X499"),
        msgspec.structs.replace(one, salt=proofs[500].salt),
        msgspec.structs.replace(one, salt=one.salt + one.text[:1], text=one.text[1:]),
        msgspec.structs.replace(one, index=502),
        msgspec.structs.replace(one, path=one.path[:-1]),
    ):
        with pytest.raises(BadProof):
            packs.verify(wrong, root)


def test_a_package_proof_holds_nothing_of_the_other_packages() -> None:
    (proof,) = packs.prove(SALT, TEXTS, [7])
    shown = {proof.salt, *proof.path}
    others = packs.prove(SALT, TEXTS, [index for index in range(1001) if index != 7])
    assert not shown & {other.salt for other in others}
    assert not shown & {tree.leaf_hash(other.text) for other in others}
    assert SALT not in shown


def test_another_salt_or_order_gives_another_root() -> None:
    root = packs.root_of(SALT, TEXTS)
    assert root != packs.root_of(b"\4" * 32, TEXTS)
    assert root != packs.root_of(SALT, TEXTS[::-1])
