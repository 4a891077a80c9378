"""A scan turned back through a profile: never at the cost of one that reads well as it arrived."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rxtrail.core.gs1.keyboard_profile import CALIBRATION_TEXT, profile_of
from rxtrail.core.gs1.keyboard_tables import typed
from rxtrail.core.gs1.station_text import turned

YEAR = 2026
GERMAN = profile_of(CALIBRATION_TEXT, typed("]d2" + CALIBRATION_TEXT, host="de") + "\r")
PACK = "0100352601815904" + "21CF32ERFb3Dvc\x1d1727093010QD1DQ"


def test_a_scan_that_reads_better_as_it_arrived_stays_as_it_is() -> None:
    for text in ("]d2" + PACK, "(01)00352601815904(21)A/1(17)270930(10)Q-1", "00352601815904 AB1"):
        assert turned(GERMAN, "C1", text, this_year=YEAR) is None


def test_a_scan_that_reads_both_ways_is_contested() -> None:
    back = turned(GERMAN, "C1", PACK.replace("CF32", "YF32"), this_year=YEAR)
    assert back is not None
    assert back.contested
    assert back.text == PACK.replace("CF32", "ZF32")


def test_a_scan_that_only_reads_turned_back_is_not_contested() -> None:
    back = turned(GERMAN, "C1", typed("]d2" + PACK.replace("CF32", "A/_Z"), host="de"), this_year=YEAR)
    assert back is not None
    assert (back.contested, back.text) == (False, "]d2" + PACK.replace("CF32", "A/_Z"))


@given(st.text())
def test_any_text_can_be_turned(text: str) -> None:
    back = turned(GERMAN, "C1", text, this_year=YEAR)
    assert back is None or isinstance(back.text, str)


def test_a_text_longer_than_any_symbol_is_left_alone() -> None:
    assert turned(GERMAN, "C1", "y" * 5000, this_year=YEAR) is None


def test_an_accent_that_a_separator_overtook_goes_back_before_it() -> None:
    text = "]d2" + PACK.replace("CF32ERFb3Dvc", "CF32=")
    arrived = typed(text, host="de")
    assert "\x1d\u00b4" in arrived
    back = turned(GERMAN, "C1", arrived, this_year=YEAR)
    assert back is not None
    assert back.text == text
