"""Whatever arrives is read or refused by name, and no repair makes one registered pack of another without saying so."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rxtrail.core.gs1 import charsets
from rxtrail.core.gs1 import keyboard_tables as tables
from rxtrail.core.gs1.keyboard_tables import Caps
from rxtrail.core.gs1.readings import readings
from rxtrail.core.gs1.scan import (
    AMBIGUOUS,
    BAD_CHECK_DIGIT,
    NOT_SERIALISED,
    SCANNER_FAULT,
    TEXT_LENGTH_MAX,
    WRONG_BARCODE,
    read_scan,
)
from rxtrail.core.rules.verdict import RULES
from tests.properties.test_order import FOLDER, MODEST
from tests.story import EXPIRY, GTIN, made, pack, scene

if TYPE_CHECKING:
    from collections.abc import Iterator

FAULTS = {"", AMBIGUOUS, BAD_CHECK_DIGIT, NOT_SERIALISED, SCANNER_FAULT, WRONG_BARCODE}
YYMMDD = EXPIRY[2:].replace("-", "")
CODE = f"01{GTIN}21CF32ERFb3Dvc\x1d17{YYMMDD}10QD1DQ".encode()
REASONS = {rule.code for rule in RULES.values()} | {"unreachable"}

# Pieces of codes, of keyboards and of nothing, so that what is drawn comes near to what is read.
pieces = st.sampled_from(
    [CODE, CODE[:16], b"]d2", b"]C1", b"\x1d", b"10", b"21", b"17" + YYMMDD.encode(), b"(01)", b"[)>\x1e06\x1d", b"9N",
     b"https://id.gs1.org/01/", b"\x00", b"\xff\xfe", b"\xc3", b"\xed\xa0\x80", "é+ěšč".encode(), b"710", b"\r\n",
     b"<GS>"]
)  # fmt: skip
near = st.lists(st.one_of(pieces, st.binary(max_size=12)), max_size=24).map(b"".join)


@given(st.one_of(st.binary(max_size=400), near))
def test_any_bytes_give_readings_or_a_named_fault(octets: bytes) -> None:
    found = readings(octets, this_year=2026)
    assert found.fault in FAULTS
    assert found.plain.fault in FAULTS
    assert (found.only is not None) == (found.fault == "")
    for candidate in found.candidates:
        assert candidate.fault == ""
        assert candidate.raw == found.raw
        assert candidate.sscc or (candidate.product and 0 < len(candidate.serial) <= 20)


@pytest.mark.parametrize(
    "octets",
    [b"", b"\x00" * 100_000, CODE * 2_000, b"\xff" * 100_000, b"9" * 100_000, b"(01)" * 25_000, b"1021" * 25_000,
     CODE + b"\x1d" * 100_000, b" " * 99_000 + CODE, b"[)>" * 33_000, "ě".encode() * 50_000],
)  # fmt: skip
def test_a_hundred_kilobytes_give_a_named_fault(octets: bytes) -> None:
    found = readings(octets, this_year=2026)
    assert found.fault in FAULTS - {""}
    assert found.candidates == []
    assert len(found.raw) <= TEXT_LENGTH_MAX


@MODEST
@given(st.lists(st.one_of(near, st.binary(max_size=60)), min_size=1, max_size=8))
def test_any_text_gives_a_verdict_with_a_reason_and_is_never_ok(scans: list[bytes]) -> None:
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder, scene(Path(folder)) as node:
        node.capture(made(pack("S1")))
        for octets in scans:
            verdict = node.node.verify(octets.decode(errors="surrogateescape"))
            codes = {reason.code for reason in verdict.reasons}
            assert codes
            assert codes <= REASONS
            assert verdict.verdict.value != "ok"


serials = st.text(charsets.CSET_82, min_size=2, max_size=20)
SWAPS = [str.maketrans("yzYZ", "zyZY"), str.maketrans("aqzwAQZW", "qawzQAWZ"), str.maketrans("O0l1", "0O1l")]
HOSTS = ["us", "de", "fr", "es", "it", "cz", "gb", "ch", "gr", "bg", "us(dvorak)"]


def neighbours(serial: str, lot: str) -> Iterator[str]:
    """Serials that some repair could make of this one, or this one of."""
    yield from (serial.swapcase(), serial.upper(), serial.lower())
    yield from (serial.translate(swap) for swap in SWAPS)
    yield from (serial[:-1], serial[1:], f"{serial}17{YYMMDD}10{lot}", f"{serial}10{lot}", serial + GTIN[1:])
    for place, other in itertools.product((0, len(serial) // 2, len(serial) - 1), "0aZ-"):
        yield serial[:place] + other + serial[place + 1 :]


def faults(serial: str, lot: str) -> Iterator[str]:
    """The code of one pack as the field sends it."""
    for separator, start in itertools.product(("\x1d", "", "|", "029", "F8", " "), ("", "]d2")):
        for parts in ((f"21{serial}", f"17{YYMMDD}", f"10{lot}"), (f"17{YYMMDD}", f"10{lot}", f"21{serial}")):
            text = f"{start}01{GTIN}" + "".join(
                part + (separator if part[:2] != "17" and part is not parts[-1] else "") for part in parts
            )
            yield text
            yield f"{text}{GTIN[1:]}"
            yield f"{text}\r{text}"


@settings(parent=MODEST)
@given(serials, st.one_of(st.sampled_from(["QD1DQ", "b7C-22", "0042"]), serials), st.data())
def test_no_repair_makes_one_registered_pack_of_another(serial: str, lot: str, data: st.DataObject) -> None:
    others = sorted({one for one in neighbours(serial, lot) if one != serial and 0 < len(one) <= 20})
    known = data.draw(st.lists(st.sampled_from(others), unique=True))
    lots = data.draw(st.sampled_from([lot, "OTHER"]))
    texts = [*faults(serial, lot)]
    hosts = data.draw(st.lists(st.sampled_from(HOSTS), max_size=3, unique=True))
    typed = [tables.typed(text, host=host, caps=caps) for host in hosts for caps in Caps for text in texts]
    texts += [*(text.swapcase() for text in texts), *typed]
    texts = data.draw(st.lists(st.sampled_from(list(dict.fromkeys(texts))), min_size=1, max_size=24, unique=True))
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder, scene(Path(folder)) as node:
        node.capture(made(pack(serial), lot=lot), *([made(*map(pack, known), lot=lots)] if known else []))
        for text in texts:
            verdict = node.node.verify(text)
            plain = read_scan(text, this_year=2026)
            if verdict.matched.serial == "yes" and verdict.pack.serial != serial:
                # Not repaired: the text that arrived is letter for letter the code of that other pack.
                assert (plain.fault, plain.serial) == ("", verdict.pack.serial), text
            if verdict.verdict.value == "ok":
                assert verdict.pack.serial in (serial, plain.serial)
