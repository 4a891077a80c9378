"""The readings of a scan: what the field does to a code, and that the code is among what we make of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.core.gs1 import charsets, check_digit, scan
from rxtrail.core.gs1.readings import READINGS_MAX, Readings, readings
from rxtrail.core.gs1.repairs import CERTAIN

GTIN, SERIAL, LOT, YYMMDD = "00352601815904", "CF32ERFb3Dvc", "QD1DQ", "270930"
RAW = f"01{GTIN}21{SERIAL}\x1d17{YYMMDD}10{LOT}"
OTHER = f"01{GTIN}21OTHER77\x1d17{YYMMDD}10{LOT}"
WHOLE = (GTIN, SERIAL, LOT, YYMMDD)


def read(text: str | bytes) -> Readings:
    return readings(text, this_year=2026)


def four(found: scan.Scan) -> tuple[str, str, str, str]:
    return found.product, found.serial, found.lot, found.yymmdd


def bracketed(left: str, right: str) -> str:
    parts = (("01", GTIN), ("21", SERIAL), ("17", YYMMDD), ("10", LOT))
    return "".join(f"{left}{ai}{right}{data}" for ai, data in parts)


@pytest.mark.parametrize("text", [RAW, f"]d2{RAW}", f"]C1{RAW}", f"]d1{RAW}", f"\x1d{RAW}\r\n", bracketed("(", ")")])
def test_a_clean_code_is_left_alone(text: str) -> None:
    found = read(text)
    assert (found.left, found.fault, found.steps[0]) == (1, "", CERTAIN)
    assert found.only == found.candidates[0] == found.plain
    assert (four(found.plain), found.plain.repairs) == (WHOLE, [])


SEPARATORS = (
    *("<GS>", "{GS}", "[GS]", "(GS)", "<gs>", "«GS»", "<FNC1>", "{FNC1}", "[FNC1]", "<F8>", "{F8}", "[F8]"),
    *("{1D}", "<0x1D>", "{29}", "0x1D", "_x001D_", "&#29;", "&#x1D;", "~d029", "^]", "\\F", "\\G"),
    *("\\x1d", "\\x1D", "\\u001d", "\\u{1D}", "\\x{1D}", "\\035", "\u241d", "\u2194", "\ufffd"),
    *("|", "~", "#", "@", "^", "`", "$", "\\", "§", "¬", "è", "ñ", "||", "^^"),
)
BLANKS = (" ", "\t", "\0", "\r", "\x1b", "\x1c", "\x1e", "\x7f")


@pytest.mark.parametrize("separator", [*SEPARATORS, *BLANKS])
@pytest.mark.parametrize("start", ["", "]d2"])
def test_a_separator_in_disguise_leaves_no_doubt(separator: str, start: str) -> None:
    for text in (RAW, f"01{GTIN}17{YYMMDD}10{LOT}\x1d21{SERIAL}", f"10{LOT}\x1d01{GTIN}21{SERIAL}\x1d17{YYMMDD}"):
        found = read(start + text.replace("\x1d", separator))
        assert found.only is not None
        assert four(found.only) == WHOLE
        assert found.only.repairs == ["group-separator-restored"]


@pytest.mark.parametrize("separator", ["", "029", "ALT029", "F8", "GS", "FNC1", "%1D", "=1D", ";", "!", ",", "/"])
def test_a_separator_lost_or_made_of_data_is_looked_for(separator: str) -> None:
    for text in (RAW, f"01{GTIN}17{YYMMDD}10{LOT}\x1d21{SERIAL}", f"01{GTIN}10{LOT}\x1d21{SERIAL}\x1d17{YYMMDD}"):
        found = read(text.replace("\x1d", separator))
        assert WHOLE in map(four, found.candidates)
        assert all(one.repairs for one in found.candidates if four(one) == WHOLE)


@pytest.mark.parametrize(
    "text",
    [
        f"{RAW}\x03",
        f"\x02{RAW}\x03\r",
        f"\ufeff]d2{RAW}",
        f"\u200b{RAW}",
        f"{RAW}\x04",
        f"{RAW}\x1e\x04",
        f'"{RAW}"',
        f"<STX>]d2{RAW.replace(chr(29), '<GS>')}<CR>",
        f"{RAW.replace(chr(29), '{GS}')}{{ENTER}}",
    ],
)
def test_noise_around_a_code_is_removed_and_told(text: str) -> None:
    only = read(text).only
    assert only is not None
    assert four(only) == WHOLE
    assert "noise-removed" in only.repairs


@pytest.mark.parametrize(
    "text",
    [f"]d2 {RAW}", RAW.replace("\x1d", " \x1d "), RAW.replace(f"10{LOT}", f"10 {LOT} "), f"{bracketed('(', ') ')}"],
)
def test_blanks_inside_are_removed(text: str) -> None:
    only = read(text).only
    assert only is not None
    assert four(only) == WHOLE


@pytest.mark.parametrize("between", ["", "\r", "\n", "\r\n", "\t", " ", ";", ",", "\x1d", "\0", "]d2"])
@pytest.mark.parametrize("code", [RAW, RAW.replace("\x1d", "|"), bracketed("(", ")")])
def test_the_same_code_twice_is_one(code: str, between: str) -> None:
    found = read(f"{code}{between}{code}")
    assert found.only is not None
    assert four(found.only) == WHOLE
    assert scan.read_scan(f"{code}{between}{code}", this_year=2026).repairs


@pytest.mark.parametrize("between", ["\r", "\n", "\r\n", "\t", " ", "]d2", "", "\x1d"])
def test_two_different_codes_are_never_chosen_between(between: str) -> None:
    found = read(f"{RAW}{between}{OTHER}")
    assert found.fault in (scan.AMBIGUOUS, scan.SCANNER_FAULT)
    assert found.candidates == []


def test_the_linear_code_of_another_product_is_told() -> None:
    found = read(f"]d2{RAW}\r5412345000013")
    assert (found.fault, found.plain.kind, found.candidates) == (scan.AMBIGUOUS, "two-codes", [])


@pytest.mark.parametrize("tail", [GTIN, GTIN[1:], GTIN[2:]])
@pytest.mark.parametrize(
    "code", [RAW, f"01{GTIN}17{YYMMDD}10{LOT}\x1d21{SERIAL}", f"21{SERIAL}\x1d10{LOT}\x1d17{YYMMDD}01{GTIN}"]
)
def test_the_linear_code_of_the_same_product_is_dropped(code: str, tail: str) -> None:
    for text in (code + tail, f"{code}\r\n{tail}", f"{tail}\r\n]d2{code}", f"{code}]E0{tail}", tail + code):
        assert WHOLE in map(four, read(text).candidates)


def test_a_lot_that_ends_like_the_product_code_stays_possible() -> None:
    found = read(f"01{GTIN}21{SERIAL}\x1d17{YYMMDD}10A0352601815904")
    assert [one.lot for one in found.candidates[:2]] == ["A0352601815904", "A"]
    assert (found.fault, found.only) == (scan.AMBIGUOUS, None)


@pytest.mark.parametrize(
    "text",
    [
        bracketed("\uff08", "\uff09"),
        bracketed("[", "]"),
        bracketed("{", "}"),
        bracketed("\u3010", "\u3011"),
        bracketed("<", ">"),
    ],
)
def test_other_brackets_are_brackets(text: str) -> None:
    only = read(text).only
    assert only is not None
    assert four(only) == WHOLE


def test_any_one_bracket_may_be_missing() -> None:
    text = bracketed("(", ")")
    for place in (at for at, character in enumerate(text) if character in "()"):
        assert WHOLE in map(four, read(text[:place] + text[place + 1 :]).candidates)


def test_all_brackets_of_one_side_may_be_missing() -> None:
    assert WHOLE in map(four, read(bracketed("", ")")).candidates)
    assert WHOLE in map(four, read(bracketed("(", "")).candidates)


@pytest.mark.parametrize("start", ["SCAN: ", "QR:", "X", "GS1:", "2D ", '"'])
def test_a_prefix_makes_a_code_a_guess(start: str) -> None:
    found = read(start + RAW)
    assert found.only is None
    assert WHOLE in map(four, found.candidates)


def test_a_prefix_before_a_symbology_identifier_is_a_prefix() -> None:
    found = read(f"S1]d2{RAW}")
    assert found.only is not None
    assert (four(found.only), found.only.repairs) == (WHOLE, ["prefix-removed"])


def test_a_link_is_read_with_and_without_its_scheme() -> None:
    path = f"id.gs1.org/01/{GTIN}/10/{LOT}/21/{SERIAL}?17={YYMMDD}"
    for text in (f"https://{path}", f"HTTP://{path}", path):
        only = read(text).only
        assert only is not None
        assert four(only) == WHOLE


@pytest.mark.parametrize("turn", [str.swapcase, str.upper, str.lower])
def test_another_case_is_a_candidate_and_never_the_first(turn: object) -> None:
    assert callable(turn)
    mine, lot = "ABCDEF99", "LOT"
    scanned = f"01{GTIN}21{turn(mine)}\x1d17{YYMMDD}10{turn(lot)}"
    found = read(scanned)
    assert (GTIN, mine, lot, YYMMDD) in map(four, found.candidates)
    assert found.candidates[0].serial == turn(mine)
    assert found.only == found.candidates[0]


def test_digits_have_no_other_case() -> None:
    found = read(f"01{GTIN}2112345\x1d17{YYMMDD}10678")
    assert len(found.candidates) == 1


def test_a_symbology_identifier_in_the_other_case_shows_caps_lock() -> None:
    found = read(f"]d2{RAW}".swapcase())
    assert (found.left, found.fault) == (2, scan.AMBIGUOUS)
    assert {one.serial for one in found.candidates[:2]} == {SERIAL, SERIAL.swapcase()}


def test_letters_of_another_keyboard_are_candidates() -> None:
    for table in (str.maketrans("yzYZ", "zyZY"), str.maketrans("aqzwAQZW", "qawzQAWZ")):
        text = f"01{GTIN}21AzYqB1\x1d17{YYMMDD}10LOT".translate(table)
        assert (GTIN, "AzYqB1", "LOT", YYMMDD) in map(four, read(text).candidates)


def test_guesses_can_be_left_out() -> None:
    assert len(readings(RAW, this_year=2026, guesses=False).candidates) == 1
    assert len(read(RAW).candidates) > 1


@pytest.mark.parametrize(
    "text",
    [
        RAW.replace(GTIN, "00352601815905"),
        f"]d2{RAW.replace(YYMMDD, '271331')}",
        f"]d2{RAW}"[:-5],
        f"]d2{RAW.replace(SERIAL, 'A£B')}",
        f"(01){GTIN}(21)A(21)B(17){YYMMDD}(10)L",
        "]d2",
        "",
    ],
)
def test_what_is_damaged_has_no_reading_left(text: str) -> None:
    found = read(text)
    assert found.only is None
    assert found.fault != ""


def test_a_product_without_a_serial_is_not_a_pack() -> None:
    found = read(f"10LOT17{YYMMDD}01{GTIN}")
    assert (found.fault, found.candidates) == (scan.NOT_SERIALISED, [])
    assert (found.plain.gtin, found.plain.lot) == (GTIN, "LOT")


value = st.text(charsets.CSET_82, min_size=1, max_size=20)
orders = st.permutations(["01", "21", "17", "10"])
gtins = st.integers(0, 10**12 - 1).map(lambda number: (body := f"0{number:012d}") + check_digit.check_digit(body))


@given(gtins, value, value, orders, st.sampled_from(["", "]d2", "]C1", "\x1d"]))
def test_a_clean_code_is_always_read_as_it_is(gtin: str, serial: str, lot: str, order: list[str], start: str) -> None:
    parts = {"01": gtin, "21": serial + "\x1d", "17": YYMMDD, "10": lot + "\x1d"}
    found = read(start + "".join(ai + parts[ai] for ai in order).removesuffix("\x1d"))
    assert found.candidates[0] == found.plain
    assert (four(found.plain), found.plain.repairs, found.plain.fault) == ((gtin, serial, lot, YYMMDD), [], "")


@given(
    gtins, value, value, orders, st.sampled_from(["|", "~", "#", "@", "^", " ", "\t", "\0", "␝", "{GS}", "\\x1d", "^]"])
)
def test_a_code_with_a_foreign_separator_is_always_read(
    gtin: str, serial: str, lot: str, order: list[str], separator: str
) -> None:
    parts = {"01": gtin, "21": serial + separator, "17": YYMMDD, "10": lot + separator}
    found = read("]d2" + "".join(ai + parts[ai] for ai in order).removesuffix(separator))
    assert (gtin, serial, lot, YYMMDD) in map(four, found.candidates)


@given(st.one_of(st.text(max_size=120), st.binary(max_size=120)), st.integers(0, len(RAW)))
def test_any_text_and_any_bytes_have_a_reading_or_a_named_fault(text: str | bytes, place: int) -> None:
    raw: str | bytes = RAW if isinstance(text, str) else RAW.encode()
    for whole in (text, raw[:place] + text, raw[:place] + text + raw[place:], raw + text):  # type: ignore[operator]
        found = read(whole)
        assert len(found.candidates) <= READINGS_MAX
        assert len(found.steps) == len(found.candidates)
        assert found.steps == sorted(found.steps)
        assert (found.left == 1) == (found.fault == "") == (found.only is not None)
        for one in found.candidates:
            assert one.fault == ""
            assert one.serial or one.sscc
            assert len(one.serial) <= scan.SERIAL_LENGTH_MAX
            assert charsets.ALL_82.fullmatch(one.serial + one.lot)
            assert not one.gtin or check_digit.is_valid(one.gtin)


@given(value, value, orders, st.integers(0, 60), st.sampled_from("0123456789AZaz-\x1d |()"))
def test_no_repair_hides_what_the_code_says(
    serial: str, lot: str, order: list[str], place: int, character: str
) -> None:
    # Whatever one wrong character makes of a code: as long as that reads plainly, it stands first.
    parts = {"01": GTIN, "21": serial + "\x1d", "17": YYMMDD, "10": lot + "\x1d"}
    text = "".join(ai + parts[ai] for ai in order)
    found = read(text[:place] + character + text[place + 1 :])
    if not found.plain.fault and found.plain.serial:
        assert found.candidates[0] == found.plain


def test_a_text_longer_than_any_symbol_has_no_reading() -> None:
    found = read("0" * (scan.TEXT_LENGTH_MAX + 1))
    assert (found.fault, found.candidates, len(found.raw)) == (scan.SCANNER_FAULT, [], scan.TEXT_LENGTH_MAX)
