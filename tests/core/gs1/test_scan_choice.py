"""Choosing a reading: what the record knows decides, and two packs are never chosen between."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.core.gs1 import charsets
from rxtrail.core.gs1.choice import Choice, choose, keys_of
from rxtrail.core.gs1.readings import readings
from rxtrail.core.gs1.scan import AMBIGUOUS

GTIN, SERIAL, LOT, YYMMDD = "00352601815904", "CF32ERFb3Dvc", "QD1DQ", "270930"
CLEAN = f"01{GTIN}21{SERIAL}\x1d17{YYMMDD}10{LOT}"
LOST = CLEAN.replace("\x1d", "")
STATED = (LOT, YYMMDD)


def chosen(text: str, *serials: str, stated: tuple[str, str] = STATED) -> Choice:
    return choose(readings(text, this_year=2026), {(GTIN, serial): stated for serial in serials})


def test_a_clean_code_on_record_is_taken_whatever_else_is_on_record() -> None:
    choice = chosen(CLEAN, SERIAL, SERIAL.swapcase(), SERIAL.upper())
    assert (choice.scan.serial, choice.scan.repairs, choice.is_known) == (SERIAL, [], True)


@pytest.mark.parametrize(
    "text",
    [
        LOST,
        CLEAN.swapcase(),
        CLEAN.replace("\x1d", "029"),
        f"{CLEAN}0352601815904",
        f"X{CLEAN}",
        f"(01){GTIN}(21{SERIAL}(17){YYMMDD}(10){LOT}",
    ],
)
def test_a_repair_that_the_record_confirms_is_taken(text: str) -> None:
    choice = chosen(text, SERIAL)
    assert (choice.scan.serial, choice.scan.lot, choice.scan.yymmdd, choice.is_known) == (SERIAL, LOT, YYMMDD, True)
    assert choice.scan.repairs
    assert choice.scan.raw == text


def test_nothing_on_record_leaves_the_plain_reading() -> None:
    choice = chosen(CLEAN.swapcase())
    assert (choice.scan.serial, choice.is_known) == (SERIAL.swapcase(), False)
    assert chosen(LOST).scan.fault == AMBIGUOUS


def test_a_pack_on_record_is_never_turned_into_another() -> None:
    # The scanned serial is on record with another lot, and its twin in the other case fits wholly.
    choice = chosen(CLEAN.swapcase(), SERIAL, SERIAL.swapcase())
    assert (choice.scan.fault, choice.is_known) == (AMBIGUOUS, False)


def test_lot_and_expiry_decide_between_readings_of_one_pack() -> None:
    text = f"01{GTIN}17{YYMMDD}21{SERIAL}\x1d10A13012345678902352601815904"
    found = readings(text.replace("13012345678902", ""), this_year=2026)
    choice = choose(found, {(GTIN, SERIAL): ("A", YYMMDD)})
    assert (choice.scan.lot, choice.scan.repairs) == ("A", ["linear-code-dropped"])


def test_a_lot_that_differs_is_judged_and_not_hidden() -> None:
    choice = chosen(CLEAN, SERIAL, stated=("OTHER", "2027-09-30"))
    assert (choice.scan.serial, choice.is_known) == (SERIAL, True)


def test_each_pack_is_asked_for_once() -> None:
    keys = keys_of(readings(f"{CLEAN}0352601815904", this_year=2026))
    assert keys[0] == (GTIN, SERIAL)
    assert len(keys) == len(set(keys))
    assert keys_of(readings("003011610012270529", this_year=2026)) == [("", "003011610012270529")]


serial = st.text(charsets.CSET_82, min_size=1, max_size=20)


@given(
    serial, serial, serial, st.permutations(["01", "21", "17", "10"]), st.sampled_from(["\x1d", "", "|", "029", "F8"])
)
def test_the_pack_that_was_scanned_is_chosen_or_the_doubt_is_told(
    mine: str, lot: str, other: str, order: list[str], separator: str
) -> None:
    parts = {"01": GTIN, "21": mine + separator, "17": YYMMDD, "10": lot + separator}
    text = "".join(ai + parts[ai] for ai in order).removesuffix(separator)
    known = {(GTIN, one): (lot, YYMMDD) for one in (other, mine.swapcase(), mine)}
    choice = choose(readings(text, this_year=2026), known)
    assert not choice.is_known or choice.scan.serial == mine
    if separator in ("\x1d", "|") and not choice.scan.fault:
        assert (choice.scan.serial, choice.scan.lot) == (mine, lot)


def test_a_guess_that_the_record_contradicts_is_no_repair() -> None:
    choice = chosen(CLEAN.swapcase(), SERIAL, stated=("OTHER", YYMMDD))
    assert (choice.is_known, choice.scan.serial, choice.scan.fault) == (False, SERIAL.swapcase(), "")


def test_a_repair_is_not_taken_when_another_reading_is_confirmed_too() -> None:
    # Without its separator and without an identifier of the symbol, Caps Lock may have been on or off.
    text = f"01{GTIN}21{SERIAL}17{YYMMDD}100042"
    assert chosen(text, SERIAL, SERIAL.swapcase(), stated=("0042", YYMMDD)).scan.fault == AMBIGUOUS
    assert chosen(f"]d2{text}", SERIAL, SERIAL.swapcase(), stated=("0042", YYMMDD)).scan.serial == SERIAL


@pytest.mark.parametrize(("lot", "arrived"), [("QD1DQ", "AD1DA"), ("B7C-22", "B7C'22")])
def test_a_lot_that_a_foreign_keyboard_makes_of_the_one_on_record_is_no_mismatch(lot: str, arrived: str) -> None:
    text = f"01{GTIN}21S0\x1d17{YYMMDD}10{arrived}"
    assert chosen(text, "S0", stated=(lot, YYMMDD)).scan.fault == AMBIGUOUS
    assert chosen(text, "S0", stated=("L9", YYMMDD)).scan.fault == ""


def test_letters_exchanged_by_a_keyboard_are_put_back_only_for_a_pack_that_is_not_on_record_itself() -> None:
    text = f"]d201{GTIN}21aY4kZyQ19m\x1d17{YYMMDD}10L7"
    taken = chosen(text, "aZ4kYzQ19m", stated=("L7", YYMMDD)).scan
    assert (taken.serial, taken.repairs) == ("aZ4kYzQ19m", ["letters-of-qwertz"])
    assert chosen(text, "aY4kZyQ19m", "aZ4kYzQ19m", stated=("L7", YYMMDD)).scan.repairs == []
    assert not chosen(text, "aZ4kYzQ19m", stated=("OTHER", YYMMDD)).is_known
