"""When a late file will be there: from how long the files of the past took."""

from __future__ import annotations

import datetime

import pytest

from rxtrail.core.rules.late import MINUTE_US, MINUTES_MAX, MINUTES_MIN, USUAL_MINUTES, late, usual_minutes

NOON = int(datetime.datetime(2026, 11, 23, 12, 0, tzinfo=datetime.UTC).timestamp() * 1_000_000)


def test_nine_of_ten_files_came_within_it() -> None:
    assert usual_minutes([minutes * MINUTE_US for minutes in range(1, 101)]) == 91


@pytest.mark.parametrize("delays", [[], [1], [MINUTE_US] * 4])
def test_a_few_files_tell_nothing(delays: list[int]) -> None:
    assert usual_minutes(delays) == USUAL_MINUTES


def test_it_is_never_a_moment_and_never_a_week() -> None:
    assert usual_minutes([0] * 9) == MINUTES_MIN
    assert usual_minutes([MINUTE_US * 60 * 24 * 30] * 9) == MINUTES_MAX


@pytest.mark.parametrize(
    ("minutes", "usual", "look_again"),
    [(15, "15 minutes", "12:15 UTC"), (180, "3 hours", "15:00 UTC"), (181, "4 hours", "15:01 UTC"),
     (720, "12 hours", "24 Nov 00:00 UTC")],
)  # fmt: skip
def test_it_is_told_with_the_clock(minutes: int, usual: str, look_again: str) -> None:
    told = late(NOON, minutes)
    assert (told.usual, told.look_again) == (usual, look_again)
