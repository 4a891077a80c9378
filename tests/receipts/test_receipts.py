"""Receipts: what was signed is what is read, nothing else passes, and a hidden pack stays hidden."""

from __future__ import annotations

import datetime
import struct
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail import clock, receipts
from rxtrail.core.gs1.scan import read_scan
from rxtrail.core.rules.answer import Answer, Matched, PackView, RecordView, ScanView, StateView, Verdict
from rxtrail.errors import BadRequest
from rxtrail.keys import SigningKey, open_key
from rxtrail.receipts import BadReceipt, qr

if TYPE_CHECKING:
    from pathlib import Path

GTIN, SITE = "00352601815904", "0300011111246"
ALPHABET = "".join(chr(code) for code in range(0x21, 0x7B) if chr(code) not in "#$@[\\]^`")


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return open_key(tmp_path_factory.mktemp("data"), random_bytes=clock.random_bytes)


def verdict(answer: Answer = Answer.OK, serial: str = "CF32ERFb3Dvc", lot: str = "QD1DQ") -> Verdict:
    pack = PackView(GTIN, "", serial, lot, "2027-09-30")
    return Verdict(answer, "", [], pack, StateView(), ScanView(""), RecordView(), Matched(), "2026-11-23T09:14:02Z", 7)


def issued(key: SigningKey, said: Verdict, **settings: object) -> str:
    return receipts.issue(said, key, random_bytes=clock.random_bytes, **settings)  # type: ignore[arg-type]


def test_a_receipt_says_verdict_pack_place_and_time(key: SigningKey) -> None:
    found = receipts.check(issued(key, verdict(), site=SITE), key.verifier)
    assert found.genuine
    assert (found.verdict, found.site, found.checked_at) == ("ok", SITE, "2026-11-23T09:14:02Z")
    assert (found.gtin, found.serial, found.lot, found.expiry) == (GTIN, "CF32ERFb3Dvc", "QD1DQ", "2027-09-30")
    assert found.log_size == 7
    assert found.key_id == key.verifier.key_id.hex()


def test_a_receipt_fits_a_qr_code_of_moderate_size(key: SigningKey) -> None:
    text = issued(key, verdict(serial="S" * 20, lot="L" * 20), site=SITE)
    assert len(text) < 260
    assert qr.version(text) <= 10
    assert qr.svg(text).startswith(b"<?xml")
    assert b"style" not in qr.svg(text)
    assert qr.png(text).startswith(b"\x89PNG")


def test_a_receipt_of_another_node_is_not_genuine(key: SigningKey, tmp_path: Path) -> None:
    other = open_key(tmp_path, random_bytes=clock.random_bytes)
    assert not receipts.check(issued(key, verdict()), other.verifier).genuine


def test_a_stop_cannot_be_made_into_an_ok(key: SigningKey) -> None:
    receipt, body, signature = receipts.read(issued(key, verdict(Answer.STOP)))
    better = receipts.encode(msgspec.structs.replace(receipt, verdict=Answer.OK))
    assert better != body
    assert not key.verifier.verifies(better, signature, context=receipts.CONTEXT)


def test_a_hidden_receipt_tells_nothing_but_knows_its_pack(key: SigningKey) -> None:
    text = issued(key, verdict(), hidden=True)
    pack = read_scan(f"]d201{GTIN}21CF32ERFb3Dvc\x1d1727093010QD1DQ", this_year=2026)
    another = read_scan(f"]d201{GTIN}21CF32ERFb3Dvd\x1d1727093010QD1DQ", this_year=2026)
    found = receipts.check(text, key.verifier, scan=pack)
    assert found.genuine
    assert found.hidden
    assert not found.gtin
    assert not found.serial
    assert found.same_pack == "yes"
    assert receipts.check(text, key.verifier, scan=another).same_pack == "no"
    assert text != issued(key, verdict(), hidden=True)


def test_a_receipt_broken_into_lines_and_small_letters_is_still_read(key: SigningKey) -> None:
    text = issued(key, verdict()).lower()
    assert receipts.check(f" {text[:40]}\r\n{text[40:]}\n", key.verifier).genuine


def test_a_code_that_names_no_pack_has_no_receipt(key: SigningKey) -> None:
    said = msgspec.structs.replace(verdict(), pack=PackView(GTIN))
    with pytest.raises(BadRequest):
        issued(key, said)


@pytest.mark.parametrize("text", ["", "RXR1:", "RXR1:A", "RXR1:AAAA", "RXR2:AAAA", "RXR1:" + "A" * 2000, "RXR1:1089!"])
def test_what_is_no_receipt_is_refused(text: str) -> None:
    with pytest.raises(BadReceipt):
        receipts.read(text)


@given(text=st.text() | st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ234567").map(lambda text: "RXR1:" + text))
def test_any_text_is_a_receipt_or_is_refused(text: str) -> None:
    try:
        receipts.read(text)
    except BadReceipt:
        pass


@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_no_bit_of_a_receipt_can_be_changed(key: SigningKey, place: int, bit: int) -> None:
    _, body, signature = receipts.read(issued(key, verdict()))
    octets = bytearray(body + signature)
    octets[place % len(octets)] ^= 1 << bit
    changed, signed = bytes(octets[: len(body)]), bytes(octets[len(body) :])
    assert not key.verifier.verifies(changed, signed, context=receipts.CONTEXT)


@given(
    answer=st.sampled_from(Answer),
    serial=st.text(ALPHABET, min_size=1, max_size=20),
    lot=st.text(ALPHABET, max_size=20),
    expiry=st.just("") | st.dates(min_value=datetime.date(2000, 1, 1)).map(lambda day: day.isoformat()),
    site=st.just("") | st.integers(1, 10**13 - 1).map(lambda number: f"{number:013}"),
    at=st.integers(0, (1 << 34) - 1),
)
def test_what_is_written_is_what_is_read(
    answer: Answer, serial: str, lot: str, expiry: str, site: str, at: int
) -> None:
    if expiry and expiry > "2179-06-05":
        expiry = ""  # beyond 65,534 days from 2000 on
    receipt = receipts.Receipt(answer, at, 1 << 40, site, b"\x01\x02\x03\x04", GTIN, serial, lot, expiry)
    assert receipts.decode(receipts.encode(receipt)) == receipt


def test_the_head_is_as_documented() -> None:
    receipt = receipts.Receipt(Answer.OK, 1, 2, SITE, b"\xaa\xbb\xcc\xdd", GTIN, "S", "L", "2000-01-02")
    head = struct.pack(">BBBQQ", 1, 0, 1, 1, 2) + int(SITE).to_bytes(6, "big") + b"\xaa\xbb\xcc\xdd"
    assert receipts.encode(receipt) == head + int(GTIN).to_bytes(6, "big") + b"\x00\x01\x01SL"
