"""GS1 dates: day 00, the century window, dates that do not exist."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.core.gs1.dates import century_of, expiry, to_yymmdd
from rxtrail.errors import BadIdentifier


@pytest.mark.parametrize(
    ("yymmdd", "day"),
    [
        ("271100", date(2027, 11, 30)),
        ("280200", date(2028, 2, 29)),
        ("270200", date(2027, 2, 28)),
        ("271231", date(2027, 12, 31)),
        ("000100", date(2000, 1, 31)),
        ("760101", date(2076, 1, 1)),
        ("770101", date(1977, 1, 1)),
    ],
)
def test_the_label_means_this_day_in_2026(yymmdd: str, day: date) -> None:
    assert expiry(yymmdd, this_year=2026) == day


@pytest.mark.parametrize(
    ("yy", "year", "meant"),
    [
        (50, 2000, 2050),
        (51, 2000, 1951),
        (0, 2050, 2100),
        (1, 2050, 2001),
        (99, 2050, 2099),
        (0, 2051, 2100),
        (2, 2051, 2002),
    ],
)
def test_the_century_window_is_49_years_back_and_50_ahead(yy: int, year: int, meant: int) -> None:
    assert century_of(yy, year) == meant


@pytest.mark.parametrize("text", ["271399", "270230", "270001", "271132", "27110", "2711000", "", "27A100", "٢٧١١٠٠"])
def test_a_date_that_does_not_exist_is_refused_with_advice(text: str) -> None:
    with pytest.raises(BadIdentifier) as refused:
        expiry(text, this_year=2026)
    assert refused.value.advice


@given(st.dates(date(1978, 1, 1), date(2076, 12, 31)))
def test_a_day_within_the_window_survives_the_label(day: date) -> None:
    assert expiry(to_yymmdd(day), this_year=2026) == day
