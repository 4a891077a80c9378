"""Near misses: the likely cause of a serial, lot or date that the record does not have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.core.rules.near import (
    ALIKE,
    CANDIDATES_MAX,
    CASE,
    DAY_FIRST,
    LOT_ONE_OFF,
    ONE_OFF,
    SERIAL_LENGTH_MAX,
    TAIL,
    candidates,
    cause_of,
    cause_of_expiry,
    cause_of_lot,
    one_apart,
)

GTIN, LOT = "00312345678906", "L7"
_serials = st.text("ABCabc0123O-_", min_size=1, max_size=SERIAL_LENGTH_MAX)


def cause(scanned: str, recorded: str, *, lot: str = LOT) -> str:
    return cause_of(LOT, candidates(GTIN, scanned), {recorded: lot})


@pytest.mark.parametrize(
    ("scanned", "recorded", "why"),
    [
        ("aBC12", "Abc12", CASE),
        ("ABC12", "abc12", CASE),
        ("X0Y", "XOY", ALIKE),
        ("1O0", "IOO", ""),
        ("0OO0", "0000", ALIKE),
        ("S1234", "51234", ALIKE),
        ("A1" + GTIN[1:], "A1", TAIL),
        ("A1" + GTIN, "A1", TAIL),
        ("12345", "12354", ONE_OFF),
        ("12345", "1234", ONE_OFF),
        ("12345", "123456", ONE_OFF),
        ("1234X", "1234Y", ONE_OFF),
        ("12345", "54321", ""),
        ("12345", "12399", ""),
    ],
)
def test_the_likely_cause_is_named(scanned: str, recorded: str, why: str) -> None:
    assert cause(scanned, recorded) == why


def test_only_a_pack_of_the_scanned_lot_is_a_near_miss() -> None:
    assert cause("aBC12", "Abc12", lot="L8") == ""
    assert cause_of("", candidates(GTIN, "aBC12"), {"Abc12": ""}) == ""


@given(_serials)
def test_candidates_are_few_short_and_never_the_serial_itself(serial: str) -> None:
    found = list(candidates(GTIN, serial))
    assert len(found) == len(set(found)) <= CANDIDATES_MAX
    assert serial not in found
    assert all(0 < len(text) <= SERIAL_LENGTH_MAX for text in found)


@given(_serials, st.data())
def test_every_serial_that_is_one_digit_off_is_a_candidate(serial: str, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(serial) - 1))
    other = serial[:index] + data.draw(st.sampled_from("0123456789")) + serial[index + 1 :]
    assert other == serial or other in candidates(GTIN, serial)


@given(_serials, _serials)
def test_one_apart_is_the_same_both_ways_and_never_of_equals(one: str, other: str) -> None:
    assert one_apart(one, other) == one_apart(other, one)
    assert not one_apart(one, one)


@pytest.mark.parametrize(
    ("scanned", "recorded", "why"),
    [("l7", "L7", CASE), ("LO7", "L07", ALIKE), ("L8", "L7", LOT_ONE_OFF), ("L87", "L78", LOT_ONE_OFF),
     ("L7", "L799", ""), ("XX", "L7", "")],
)  # fmt: skip
def test_a_lot_that_differs_has_a_likely_cause(scanned: str, recorded: str, why: str) -> None:
    assert cause_of_lot(scanned, recorded) == why


def test_a_date_typed_day_first_is_known_again() -> None:
    assert cause_of_expiry("2030-09-28", "2028-09-30") == DAY_FIRST
    assert cause_of_expiry("2030-09-29", "2028-09-30") == ""


@given(st.dates(), st.dates())
def test_no_date_is_called_its_own_mistake_but_when_day_and_year_are_alike(one: object, other: object) -> None:
    assert cause_of_expiry(str(one), str(other)) in ("", DAY_FIRST)
