"""Any xs:dateTime becomes the same instant, and nothing else does."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.core.epcis.times import instant, utc, zone_minutes

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes)))
# Two days from either end of the calendar, so that no offset leads out of it.
FIRST, LAST = dt.datetime(1, 1, 3), dt.datetime(9999, 12, 29)  # noqa: DTZ001 -- the zone is drawn beside it
TIMES = st.datetimes(FIRST, LAST, timezones=OFFSETS)


@given(TIMES, st.sampled_from("T t "))
def test_a_written_time_is_read_back_to_the_microsecond(time: dt.datetime, joint: str) -> None:
    assert instant(time.isoformat(sep=joint.strip() or " ")) == ((time - EPOCH) // MICROSECOND, True)


@given(TIMES)
def test_the_zone_of_a_time_without_one_is_the_event_s_offset(time: dt.datetime) -> None:
    written, zone = time.replace(tzinfo=None).isoformat(), time.isoformat()[-6:]
    assert instant(written, zone) == ((time - EPOCH) // MICROSECOND, False)


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("2026-03-01T24:00:00Z", "2026-03-02T00:00:00Z"),
        ("2025-12-31T23:59:60Z", "2026-01-01T00:00:00Z"),
        ("2026-03-01T10:00:00.123456789Z", "2026-03-01T10:00:00.123456Z"),
        ("2026-03-01T10:00:00.9999999Z", "2026-03-01T10:00:00.999999Z"),
        ("2026-03-01T10:00:00,5Z", "2026-03-01T10:00:00.5Z"),
        ("2026-03-01T10:00Z", "2026-03-01T10:00:00Z"),
        ("2026-03-01T10:00:00-0530", "2026-03-01T15:30:00Z"),
        ("2026-03-01T10:00:00+01", "2026-03-01T09:00:00Z"),
        ("2026-03-01T10:00:00\N{MINUS SIGN}05:00", "2026-03-01T15:00:00Z"),
        ("\n 2026-03-01T10:00:00z \n", "2026-03-01T10:00:00Z"),
    ],
)
def test_every_way_to_write_an_instant_is_the_same_instant(written: str, same: str) -> None:
    assert instant(written) == instant(same)
    assert instant(same) is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-03-01",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-03-01T24:00:01Z",
        "2026-03-01T25:00:00Z",
        "2026-03-01T10:60:00Z",
        "2026-03-01T10:00:61Z",
        "2026-03-01T10:00:00+15:00",
        "2026-03-01T10:00:00+01:60",
        "2026-W09-7T00:00:00Z",
        "22-07-2026",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "\N{ARABIC-INDIC DIGIT TWO}026-03-01T10:00:00Z",
    ],
)
def test_what_is_no_instant_is_none(text: str) -> None:
    assert instant(text) is None


def test_a_zone_that_is_none_counts_as_utc() -> None:
    assert instant("2026-03-01T10:00:00", "Berlin") == instant("2026-03-01T10:00:00", "")


@pytest.mark.parametrize(
    ("zone", "minutes"), [("Z", 0), ("+01:00", 60), ("-5:00", -300), ("x", None), ("+15:00", None)]
)
def test_a_zone_is_minutes_east(zone: str, minutes: int | None) -> None:
    assert zone_minutes(zone) == minutes


def test_the_text_of_a_time_in_utc_is_the_same_for_one_instant() -> None:
    assert utc("2026-03-01T10:00:00.000+01:00") == utc("2026-03-01T09:00:00Z") == "2026-03-01T09:00:00Z"
    assert utc("2026-03-01T09:00:00.25Z") == "2026-03-01T09:00:00.250000Z"
    assert utc("2026-03-01T09:00:00") == "2026-03-01T09:00:00"
    assert utc("no time") == "no time"
