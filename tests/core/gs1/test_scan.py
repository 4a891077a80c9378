"""Scanner text: what is read, what is repaired, and that nothing doubtful looks clean."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.core.gs1 import charsets, scan
from rxtrail.core.gs1.scan import _read_any, read_scan

GTIN, SERIAL, LOT, YYMMDD = "00352601815904", "CF32ERFb3Dvc", "QD1DQ", "270930"
PARTS = {"01": GTIN, "21": SERIAL, "17": YYMMDD, "10": LOT}
READING = f"(01){GTIN}(21){SERIAL}(17){YYMMDD}(10){LOT}"
RAW = f"01{GTIN}21{SERIAL}\x1d17{YYMMDD}10{LOT}"


def read(text: str) -> scan.Scan:
    return read_scan(text, this_year=2026)


def four(text: str) -> tuple[str, str, str, str]:
    found = read(text)
    return found.gtin, found.serial, found.lot, found.expiry


WHOLE = (GTIN, SERIAL, LOT, "2027-09-30")


@pytest.mark.parametrize(
    "text",
    [
        RAW,
        f"]d2{RAW}",
        f"]d2\x1d{RAW}\x1d",
        f"]C1{RAW}",
        f"]Q3{RAW}\r\n",
        f"  {RAW}\t",
        f"01{GTIN}17{YYMMDD}10{LOT}\x1d21{SERIAL}",
        f"10{LOT}\x1d21{SERIAL}\x1d17{YYMMDD}01{GTIN}",
        READING,
        f"(10){LOT}(17){YYMMDD}(21){SERIAL}(01){GTIN}",
        f"]d2{READING}",
        f"https://example.com/01/{GTIN}/10/{LOT}/21/{SERIAL}?17={YYMMDD}",
        f"https://example.com/gtin/{GTIN.lstrip('0')}/ser/{SERIAL}?10={LOT}&17={YYMMDD}",
    ],
)
def test_a_medicine_pack_is_read_clean(text: str) -> None:
    found = read(text)
    assert four(text) == WHOLE
    assert (found.reading, found.yymmdd, found.fault, found.repairs, found.raw) == (
        READING,
        YYMMDD,
        "",
        [],
        text,
    )


@pytest.mark.parametrize("shown", ["<GS>", "<gs>", "{GS}", "[GS]", "^]", r"\x1d", r"\x1D", r"\u001d", "␝", "^", "~"])
def test_a_separator_shown_as_text_is_restored_and_told(shown: str) -> None:
    for text in (RAW.replace("\x1d", shown), f"{shown}{RAW.replace(chr(29), shown)}"):
        found = read(text)
        assert four(text) == WHOLE
        assert found.repairs == ["group-separator-restored"]
        assert found.fault == ""


def test_a_shown_separator_beside_a_real_one_is_data() -> None:
    found = read(f"01{GTIN}21A<GS>B\x1d17{YYMMDD}10{LOT}")
    assert found.serial == "A<GS>B"
    assert found.repairs == []


@pytest.mark.parametrize(
    "text",
    [
        f"01{GTIN}21{SERIAL}17{YYMMDD}10Q",
        f"01{GTIN}17{YYMMDD}10{LOT}21{SERIAL[:8]}",
        f"01{GTIN}17{YYMMDD}21{SERIAL}10{LOT}",
        f"01{GTIN}21AB10{LOT}17{YYMMDD}",
        f"01{GTIN}10L21S17{YYMMDD}",
        f"01{GTIN}10L17{YYMMDD}21S",
        f"01{GTIN}21S10L17{YYMMDD}",
        f"(01){GTIN}(21)A(21)B(17){YYMMDD}(10){LOT}",
    ],
)
def test_a_lost_separator_is_ambiguous_and_never_split(text: str) -> None:
    assert read(text).fault == scan.AMBIGUOUS


def test_a_serial_that_holds_no_date_hides_none() -> None:
    assert read(f"01{GTIN}21A17999999B10").fault == ""
    assert read(f"01{GTIN}10L\x1d21A17271399").fault == ""


def test_numbers_inside_a_complete_code_are_not_ambiguous() -> None:
    assert read(f"01{GTIN}21A17{YYMMDD}10B\x1d17{YYMMDD}10{LOT}").fault == ""


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (RAW.replace(GTIN, "00352601815905"), scan.BAD_CHECK_DIGIT),
        ("003011610012270520", scan.BAD_CHECK_DIGIT),
        (f"01{GTIN}21{'A' * 21}\x1d17{YYMMDD}10{LOT}", scan.SCANNER_FAULT),
        (f"01{GTIN}21{SERIAL}\x1d1727139910{LOT}", scan.SCANNER_FAULT),
        (f"01{GTIN}21A B\x1d17{YYMMDD}10{LOT}", scan.SCANNER_FAULT),
        (f"(01){GTIN}(17)27093(21)A(10)L", scan.SCANNER_FAULT),
        ("(01)0035260181(21)A(17)270930(10)L", scan.SCANNER_FAULT),
        (f"01{GTIN}2", scan.SCANNER_FAULT),
        ("]d2", scan.SCANNER_FAULT),
        ("(00)00301161001227052(37)5", scan.SCANNER_FAULT),
        (f"(01){GTIN}(21)A(21)A(17){YYMMDD}(10)~", scan.SCANNER_FAULT),
        ("]d2HELLO", scan.SCANNER_FAULT),
        ("", scan.SCANNER_FAULT),
        (" \r\n", scan.SCANNER_FAULT),
        ("\x00", scan.SCANNER_FAULT),
        ("A" * (scan.TEXT_LENGTH_MAX + 1), scan.SCANNER_FAULT),
        (f"01{GTIN}17{YYMMDD}10{LOT}", scan.NOT_SERIALISED),
        ("urn:epc:idpat:sgtin:0352601.081590.*", scan.NOT_SERIALISED),
        ("HELLO", scan.WRONG_BARCODE),
        ("352601815904", scan.WRONG_BARCODE),
        ("]E00352601815904", scan.WRONG_BARCODE),
        ("+A123BJC5D6E71G", scan.WRONG_BARCODE),
        ("[)>\x1e06\x1d9N111234567842\x1e\x04", scan.NOT_SERIALISED),
        ("https://example.com/medicines", scan.WRONG_BARCODE),
        ("414/0301160000009", scan.WRONG_BARCODE),
        ("urn:uuid:7", scan.WRONG_BARCODE),
    ],
)
def test_what_cannot_be_trusted_has_a_fault(text: str, fault: str) -> None:
    assert read(text).fault == fault


@pytest.mark.parametrize(
    ("text", "gtin", "serial", "sscc"),
    [
        ("urn:epc:id:sgtin:0352601.081590.A%2FB", GTIN, "A/B", ""),
        (f"01/{GTIN}/21/A/B", GTIN, "A/B", ""),
        (f"{GTIN} A/B", GTIN, "A/B", ""),
        ("352601815904\tAB", GTIN, "AB", ""),
        (f"01{GTIN}21AB", GTIN, "AB", ""),
        ("(01)352601815904(21)AB", GTIN, "AB", ""),
        ("003011610012270529", "", "", "003011610012270529"),
        ("00003011610012270529", "", "", "003011610012270529"),
        ("]C100003011610012270529", "", "", "003011610012270529"),
        ("(00)003011610012270529", "", "", "003011610012270529"),
        ("urn:epc:id:sscc:030116.01001227052", "", "", "003011610012270529"),
        ("https://id.gs1.org/00/003011610012270529", "", "", "003011610012270529"),
    ],
)
def test_packs_and_containers_are_read_from_any_writing(text: str, gtin: str, serial: str, sscc: str) -> None:
    found = read(text)
    assert (found.gtin, found.serial, found.sscc, found.fault) == (gtin, serial, sscc, "")


def test_other_elements_are_kept() -> None:
    found = read(f"01{GTIN}21{SERIAL}\x1d17{YYMMDD}10{LOT}\x1d71552601-8159-0\x1d11250101")
    assert found.other == {"715": "52601-8159-0", "11": "250101"}
    assert found.fault == ""
    assert found.reading == READING + "(715)52601-8159-0(11)250101"


def test_day_00_is_the_last_of_the_month() -> None:
    found = read(f"01{GTIN}21{SERIAL}\x1d1727110010{LOT}")
    assert (found.expiry, found.yymmdd) == ("2027-11-30", "271100")


value = st.text(charsets.CSET_82, min_size=1, max_size=20)


@given(value, value, st.permutations(["01", "21", "17", "10"]), st.sampled_from(["", "]d2", "]C1\x1d"]))
def test_any_serial_and_lot_are_read_exactly_from_any_order(
    serial: str, lot: str, order: list[str], start: str
) -> None:
    parts = {"01": GTIN, "21": serial + "\x1d", "17": YYMMDD, "10": lot + "\x1d"}
    text = start + "".join(ai + parts[ai] for ai in order)
    assert four(text) == (GTIN, serial, lot, "2027-09-30")
    assert four(text.removesuffix("\x1d")) == (GTIN, serial, lot, "2027-09-30")
    assert read(text).fault == ""


@given(value, value)
def test_the_fast_reading_and_the_general_one_agree(serial: str, lot: str) -> None:
    clean = f"01{GTIN}21{serial}\x1d17{YYMMDD}10{lot}"
    assert read(clean + "\n").reading == read(clean).reading


@given(st.text(), st.integers(0, len(RAW)))
def test_no_text_breaks_the_reading(text: str, place: int) -> None:
    for whole in (text, RAW[:place] + text, RAW[:place] + text + RAW[place:], "(" + text, "http://" + text):
        found = read(whole)
        assert found.raw == whole[: scan.TEXT_LENGTH_MAX]
        assert found.gtin == "" or (len(found.gtin) == 14 and found.gtin.isascii())
        assert found.fault or found.gtin or found.sscc


@given(st.integers(0, len(RAW) - 1), st.sampled_from("0123456789AZaz-\x1d "))
def test_a_damaged_character_never_gives_another_gtin_unnoticed(place: int, character: str) -> None:
    found = read(RAW[:place] + character + RAW[place + 1 :])
    assert found.fault or found.gtin == GTIN


ALNUM = string.ascii_letters + string.digits


@given(
    gtin=st.text("0123456789", min_size=14, max_size=14),
    lot=st.text(ALNUM, min_size=1, max_size=22),
    serial=st.text(ALNUM, min_size=1, max_size=22),
    yymmdd=st.text("0123", min_size=6, max_size=6),
)
def test_the_short_way_of_a_link_is_the_long_one(gtin: str, lot: str, serial: str, yymmdd: str) -> None:
    link = f"https://id.gs1.org/01/{gtin}/10/{lot}/21/{serial}?17={yymmdd}"
    assert read_scan(link, this_year=2026) == _read_any(link, 2026)
