"""Temperature profiles as arithmetic: what lasted how long, what is sure of it, and the mean kinetic temperature."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.core.epcis.temperature import Reading
from rxtrail.core.rules.cold import (
    FOREVER,
    MINUTE_US,
    USUAL,
    Band,
    Piece,
    TemperatureProfile,
    expose,
    flaws_of,
    kinetic_mean,
)

FRIDGE = TemperatureProfile("fridge", 2, 8, [Band(15, 60), Band(25, 20)], freeze=0)
ROOM = next(profile for profile in USUAL if profile.id == "15-25")


def at(minute: float, value: float, device: str = "") -> Reading:
    time = round(minute * MINUTE_US)
    return Reading(time, time, value, value, value, device)


def kinds(profile: TemperatureProfile, *readings: Reading, since: float = 0) -> set[tuple[str, str]]:
    exposure = expose(profile, [Piece(0, FOREVER, readings)], round(since * MINUTE_US))
    return {(breach.kind, breach.severity) for breach in exposure.breaches}


def test_the_mean_kinetic_temperature_is_that_of_the_standard() -> None:
    # USP <1079>: dH/R / -ln(mean of exp(-dH / RT)), T in kelvin, with dH 83.144 kJ/mol.
    by_hand = (83.144 / 8.314e-3) / -math.log(
        (math.exp(-83.144 / (8.314e-3 * 293.15)) + math.exp(-83.144 / (8.314e-3 * 303.15))) / 2
    ) - 273.15
    assert kinetic_mean([(1, 20), (1, 30)]) == pytest.approx(by_hand, abs=1e-9)
    assert by_hand == pytest.approx(26.26, abs=0.01)
    assert kinetic_mean([(7, 25)]) == pytest.approx(25)
    assert kinetic_mean([]) is None


@given(st.lists(st.tuples(st.floats(0.1, 1e4), st.floats(-90, 60)), min_size=1, max_size=30))
def test_the_mean_kinetic_temperature_lies_between_mean_and_maximum(parts: list[tuple[float, float]]) -> None:
    mean = sum(length * value for length, value in parts) / sum(length for length, _ in parts)
    found = kinetic_mean(parts)
    assert found is not None
    assert mean - 1e-6 <= found <= max(value for _, value in parts) + 1e-6


def test_at_the_limit_and_one_past_it() -> None:
    assert kinds(FRIDGE, at(0, 8), at(10, 2), at(20, 8)) == set()
    assert kinds(FRIDGE, at(0, 9), at(60, 5)) == set()
    assert kinds(FRIDGE, at(0, 9), at(30, 9), at(61, 5)) == {("budget", "stop")}
    assert kinds(FRIDGE, at(0, 25), at(20, 5)) == set()
    assert kinds(FRIDGE, at(0, 25), at(21, 5)) == {("budget", "stop")}
    assert kinds(FRIDGE, at(0, 25.01), at(1, 5)) == {("beyond", "stop")}
    assert kinds(FRIDGE, at(0, 0)) == {("outside", "check")}
    assert kinds(FRIDGE, at(0, -0.01)) == {("frozen", "stop"), ("outside", "check")}


def test_time_beyond_a_band_counts_for_that_band_too() -> None:
    assert kinds(FRIDGE, at(0, 20), at(15, 10), at(59, 5)) == set()
    assert kinds(FRIDGE, at(0, 20), at(15, 10), at(61, 5)) == {("budget", "stop")}


def test_a_reading_holds_at_most_as_long_as_a_gap_may_be() -> None:
    exposure = expose(FRIDGE, [Piece(0, FOREVER, [at(0, 5), at(600, 5), at(610, 5)])])
    assert (exposure.measured_minutes, exposure.unmeasured_minutes) == (70, 540)


def test_of_several_loggers_the_worst_counts_and_the_time_is_counted_once() -> None:
    first = [at(minute, 5, "a") for minute in range(0, 100, 10)]
    second = [at(minute, 12, "b") for minute in range(0, 50, 10)]
    exposure = expose(FRIDGE, [Piece(0, FOREVER, [*first, *second])])
    assert (exposure.measured_minutes, exposure.bands[0].minutes) == (90, 40)


def test_of_a_span_the_highest_is_possible_and_only_the_lowest_is_sure() -> None:
    hours = 3 * 60 * MINUTE_US
    assert kinds(FRIDGE, Reading(0, hours, 4, 9, 5)) == {("budget", "check")}
    assert kinds(FRIDGE, Reading(0, hours, 8.5, 9, 9)) == {("budget", "stop")}
    assert kinds(FRIDGE, Reading(0, hours, None, 9, None)) == {("budget", "check")}
    assert kinds(FRIDGE, Reading(0, hours, -1, None, None)) == {("frozen", "stop"), ("outside", "check")}


def test_the_usual_room_temperature_allows_what_the_pharmacopoeia_allows() -> None:
    month = [at(minute, 20) for minute in range(0, 40_000, 60)]
    assert kinds(ROOM, *month, at(40_010, 29), at(40_070, 20)) == set()
    assert kinds(ROOM, *month, at(40_010, 39), at(40_070, 20)) == set()
    hot = [at(40_000 + minute, 39) for minute in range(0, 25 * 60, 60)]
    assert ("budget", "stop") in kinds(ROOM, *month, *hot, at(41_500, 20))
    assert ("beyond", "stop") in kinds(ROOM, *month, at(40_010, 40.5), at(40_070, 20))
    assert kinds(ROOM, at(0, 29), at(30, 29)) == {("mkt", "check")}


def test_the_usual_profiles_are_in_order() -> None:
    assert [flaw for profile in USUAL for flaw in flaws_of(profile)] == []


_VALUES = st.one_of(st.none(), st.floats(-30, 60))
_READINGS = st.lists(
    st.builds(
        lambda start, length, low, high, device: Reading(
            start * MINUTE_US, (start + length) * MINUTE_US, low,
            high if low is None or high is None else max(low, high), None, device,
        ),
        st.integers(0, 500), st.sampled_from([0, 0, 0, 30, 200]), _VALUES, _VALUES, st.sampled_from(["", "a", "b"]),
    ),
    max_size=30,
)  # fmt: skip


@given(readings=_READINGS, seed=st.integers(0, 1 << 30), since=st.integers(0, 300))
def test_the_order_of_readings_and_saying_them_twice_changes_nothing(
    readings: list[Reading], seed: int, since: int
) -> None:
    shuffled = [*readings, *readings[:3]]
    random.Random(seed).shuffle(shuffled)
    one = expose(FRIDGE, [Piece(0, FOREVER, readings)], since * MINUTE_US)
    other = expose(FRIDGE, [Piece(0, FOREVER, shuffled)], since * MINUTE_US)
    assert (one.breaches, one.bands, one.low, one.high) == (other.breaches, other.bands, other.low, other.high)
    assert one.mkt == (other.mkt if other.mkt is None else pytest.approx(other.mkt))


@given(readings=_READINGS)
def test_what_is_sure_is_possible_and_no_longer_than_what_was_measured(readings: list[Reading]) -> None:
    exposure = expose(FRIDGE, [Piece(0, FOREVER, readings)])
    for use in exposure.bands:
        assert 0 <= use.minutes <= use.minutes_at_most <= exposure.measured_minutes


def test_a_hundred_thousand_overlapping_spans_are_judged() -> None:
    spans = [
        Reading(n * MINUTE_US, (n + 5_000) * MINUTE_US, 4, 9 + n % 3, None, f"d{n % 1000}") for n in range(100_000)
    ]
    exposure = expose(FRIDGE, [Piece(0, FOREVER, spans)])
    assert exposure.measured_minutes == 104_999
    assert {breach.kind for breach in exposure.breaches} == {"budget"}
