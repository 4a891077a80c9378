"""What a proof of a record shows, and that nothing else passes for it."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.core.merkle import entry, packs, record_proof
from rxtrail.core.merkle.entry import Kind, Opening
from rxtrail.core.merkle.errors import BadEntry, BadProof
from rxtrail.core.merkle.record_proof import Extra

ID, SALT = b"\2" * 16, b"\3" * 32
TEXTS = [f"01/00352601815904/21/SERIAL{number:04}" for number in range(1000)]
TOLD = {"action": "ADD", "eventType": "ObjectEvent", "identifierCount": "1000", "lot": "L7"}
SUMMARY = packs.encode_summary(TOLD)
LEAVES = [SUMMARY, *[text.encode() for text in TEXTS]]
OPENING = Opening(Kind.EVENT, 0, "414/0300011111246", 1_790_000_000_000_000, b"canonical", b"envelope")
OCTETS = entry.encode_opening(OPENING)
ENTRY = entry.encode(Kind.EVENT, ID, entry.commit(SALT, OCTETS) + packs.root_of(SALT, LEAVES))
ONE = record_proof.of_packages(ENTRY, packs.prove(SALT, LEAVES, [0, 500]))
WHOLE = record_proof.of_record(ENTRY, SALT, OCTETS)


def test_one_package_is_shown_with_the_event_and_without_the_others() -> None:
    shown = record_proof.show(record_proof.decode(ONE))
    assert shown.summary == TOLD
    assert shown.packages == (TEXTS[499],)
    assert shown.package_count == 1000
    assert shown.opening is None
    assert not any(f"SERIAL{number:04}".encode() in ONE for number in range(1000) if number != 499)
    assert len(ONE) < 3_000


def test_a_whole_record_is_shown() -> None:
    shown = record_proof.show(record_proof.decode(WHOLE))
    assert shown.opening == OPENING
    assert (shown.packages, shown.package_count) == ((), 0)


def test_an_entry_alone_shows_nothing_but_itself() -> None:
    extra = Extra(record_proof.FORMAT, ENTRY)
    assert record_proof.show(record_proof.decode(record_proof.encode(extra))).entry.id == ID


def test_what_is_not_in_the_event_cannot_be_shown() -> None:
    extra = record_proof.decode(ONE)
    summary, pack = extra.leaves
    replace = msgspec.structs.replace
    for wrong in (
        replace(extra, leaves=(summary, replace(pack, text="01/00352601815904/21/FALSE"))),
        replace(extra, leaves=(replace(summary, text=summary.text.replace("L7", "L8")), pack)),
        replace(extra, leaves=(summary, replace(pack, index=501))),
        replace(extra, leaves=(pack, summary)),
        replace(extra, leaves=(pack,)),
        replace(extra, leaves=(summary, pack, pack)),
        replace(extra, leaves=()),
        replace(extra, count=0),
        replace(extra, count=1000),
        replace(extra, count=1002),
        replace(extra, count=900),
        replace(extra, entry=ENTRY[:50]),
        replace(extra, entry=ENTRY[:50] + bytes(32)),
        replace(extra, salt=SALT),
        replace(extra, salt=SALT, opening=OCTETS + b"\0"),
    ):
        with pytest.raises((BadProof, BadEntry)):
            record_proof.show(wrong)
    assert record_proof.show(replace(extra, salt=SALT, opening=OCTETS)).opening == OPENING


def test_a_summary_that_is_written_in_another_way_is_refused() -> None:
    for text in (b'{"lot":"L7","action":"ADD"}', b"[]", b'{"lot": "L7"}', b'{"lot":7}'):
        octets = entry.encode(Kind.EVENT, ID, bytes(32) + packs.root_of(SALT, [text]))
        with pytest.raises(BadEntry, match="summary"):
            record_proof.show(record_proof.decode(record_proof.of_packages(octets, packs.prove(SALT, [text], [0]))))


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"{}",
        ONE + b" ",
        ONE.replace(b'"count":1001', b'"count":1001,"count":1001'),
        ONE.replace(b'"count"', b'"more":1,"count"'),
        ONE.replace(b'"count":1001', b'"count":1001.0'),
        ONE.replace(b"rxtrail proof v1", b"rxtrail proof v2"),
        ONE.replace(b"SERIAL", b"S\\u0045RIAL"),
        json.dumps(json.loads(ONE)).encode(),
        b"\xff",
        b" " * (record_proof.EXTRA_BYTES_MAX + 1),
    ],
)
def test_extra_data_in_any_other_form_is_refused(wrong: bytes) -> None:
    assert wrong != ONE
    with pytest.raises(BadProof):
        record_proof.decode(wrong)


@given(st.integers(0, len(ONE) - 1), st.integers(0, 255))
def test_a_changed_byte_is_never_believed(at: int, octet: int) -> None:
    changed = ONE[:at] + bytes([octet]) + ONE[at + 1 :]
    try:
        shown = record_proof.show(record_proof.decode(changed))
    except (BadProof, BadEntry):
        return
    # What the log commits to is in the entry; only that may still have changed, and then it is not in the log.
    original = record_proof.show(record_proof.decode(ONE))
    assert changed == ONE or shown.entry != original.entry
