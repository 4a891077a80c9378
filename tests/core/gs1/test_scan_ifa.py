"""IFA codes: check digits, the NTIN of a PPN, and envelopes in every state in which they arrive."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.core.gs1 import charsets, check_digit, ifa, scan
from rxtrail.core.gs1.readings import readings

PPN, SERIAL, LOT, YYMMDD = "111234567842", "yCH*4'h1Ab", "DdVcX<t", "280331"
NTIN = "04150123456782"
CODE = f"[)>\x1e06\x1d9N{PPN}\x1d1T{LOT}\x1dD{YYMMDD}\x1dS{SERIAL}\x1e\x04"
digits_8 = st.text(charsets.DIGIT, min_size=8, max_size=8)


def four(found: scan.Scan | None) -> tuple[str, str, str, str]:
    assert found is not None
    return found.product, found.serial, found.lot, found.yymmdd


def test_the_check_digits_are_those_of_the_specification() -> None:
    assert ifa.ppn_check_digits("1112345678") == "42"
    assert ifa.is_ppn(PPN)
    assert ifa.ntin_of(PPN) == NTIN
    assert ifa.pzn_of_ntin(NTIN) == ifa.pzn_of(PPN) == "12345678"


@given(digits_8, st.integers(0, 11), st.sampled_from(charsets.DIGIT))
def test_a_wrong_digit_of_a_ppn_is_seen(pzn: str, place: int, digit: str) -> None:
    ppn = f"11{pzn}{ifa.ppn_check_digits(f'11{pzn}')}"
    assert ifa.is_ppn(ppn)
    assert ifa.is_ppn(ppn[:place] + digit + ppn[place + 1 :]) == (ppn[place] == digit)


@given(digits_8)
def test_the_ntin_of_a_ppn_is_a_gtin_with_the_same_pzn(pzn: str) -> None:
    ppn = f"11{pzn}{ifa.ppn_check_digits(f'11{pzn}')}"
    assert check_digit.is_valid(ifa.ntin_of(ppn))
    assert ifa.pzn_of_ntin(ifa.ntin_of(ppn)) == pzn


def test_other_agencies_and_gtins_have_no_pzn() -> None:
    assert ifa.ntin_of("131234567842") == ifa.pzn_of("131234567842") == ""
    assert ifa.pzn_of_ntin("05412345000013") == ""
    assert not ifa.is_ppn("11")
    assert not ifa.is_ppn("11123456784ü")


@pytest.mark.parametrize(
    ("digits", "right"), [("12345678", True), ("12345679", False), ("1234567", False), ("", False)]
)
def test_a_pzn_has_a_check_digit(digits: str, right: bool) -> None:
    assert ifa.is_pzn(digits) == right


@pytest.mark.parametrize(
    "code",
    [
        CODE,
        f"]d1{CODE}",
        f"{CODE}\r\n",
        CODE.replace("\x1e", "").replace("\x04", ""),
        CODE.replace("\x1e", "\x00"),
        CODE.replace("\x1e", "@"),
        CODE.replace("\x1e", "\x00").replace("\x1d", "\x00"),
        CODE.replace("\x1d", "<GS>").replace("\x1e", "<RS>").replace("\x04", "<EOT>"),
        CODE.replace("\x1d", "{GS}").replace("\x1e", "{RS}").replace("\x04", "{EOT}"),
        CODE.replace("\x1d", "^]").replace("\x1e", "^^").replace("\x04", "^D"),
        CODE.replace("\x1d", "␝").replace("\x1e", "␞").replace("\x04", "␄"),
        CODE.replace("\x1d", "|"),
        CODE[7:-2],
        f"1T{LOT}\x1d9N{PPN}\x1dD{YYMMDD}\x1dS{SERIAL}",
        f"{CODE}{CODE}",
        f"{CODE}\r{CODE}",
        f"{CODE}\r-12345678",
        CODE.replace(f"1T{LOT}", f"1T {LOT} "),
    ],
)
def test_a_pack_with_a_ppn_is_read(code: str) -> None:
    found = scan.read_scan(code, this_year=2026)
    assert four(found) == (PPN, SERIAL, LOT, YYMMDD)
    assert (found.scheme, found.gtin, found.pzn, found.fault) == ("ifa", NTIN, "12345678", "")
    assert found.reading == f"(9N){PPN}(S){SERIAL}(D){YYMMDD}(1T){LOT}"


@pytest.mark.parametrize(
    "code",
    [
        CODE.replace("\x1d", ""),
        CODE.replace("\x1d", "").replace("\x1e", "").replace("\x04", ""),
        f"[)>06D{YYMMDD}S{SERIAL}9N{PPN}1T{LOT}",
    ],
)
def test_a_ppn_without_separators_is_split_by_its_grammar(code: str) -> None:
    found = readings(code, this_year=2026)
    assert (PPN, SERIAL, LOT, YYMMDD) in [four(one) for one in found.candidates]
    assert found.plain.fault != ""


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (CODE.replace(PPN, "111234567843"), scan.BAD_CHECK_DIGIT),
        (CODE.replace("\x1e\x04", "\x1d9N117479361970\x1e\x04"), scan.AMBIGUOUS),
        (CODE.replace(LOT, "Dd VcX"), scan.SCANNER_FAULT),
        (CODE.replace(YYMMDD, "281331"), scan.SCANNER_FAULT),
        (CODE.replace(SERIAL, "A" * 21), scan.SCANNER_FAULT),
        (CODE.replace(f"\x1dS{SERIAL}", ""), scan.NOT_SERIALISED),
        ("[)>\x1e06\x1dP12345\x1dQ10\x1e\x04", scan.WRONG_BARCODE),
    ],
)
def test_an_ifa_code_that_cannot_be_trusted_has_a_fault(code: str, fault: str) -> None:
    found = readings(code, this_year=2026)
    assert found.plain.fault == fault
    assert found.only is None


def test_format_05_holds_gs1_elements() -> None:
    found = scan.read_scan(f"[)>\x1e05\x1d01{NTIN}21{SERIAL}\x1d17{YYMMDD}10{LOT}\x1e\x04", this_year=2026)
    assert (found.scheme, *four(found), found.fault) == ("gs1", NTIN, SERIAL, LOT, YYMMDD, "")


@given(st.text(max_size=60))
def test_no_text_breaks_the_envelope(text: str) -> None:
    for code in (f"[)>\x1e06\x1d{text}", f"[)>{text}", f"9N{PPN}\x1d{text}", CODE[:20] + text + CODE[20:]):
        assert readings(code, this_year=2026).raw == code
