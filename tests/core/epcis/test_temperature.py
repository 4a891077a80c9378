"""Temperatures of sensor elements: converted and timed, and whatever cannot be used is told."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.core.epcis.temperature import Reading, readings
from rxtrail.core.epcis.times import instant

NOW = "2026-11-02T10:00:00Z"


def us(text: str) -> int:
    found = instant(text)
    assert found is not None
    return found[0]


def read(*reports: dict[str, Any], **metadata: Any) -> tuple[list[Reading], set[str]]:
    found, flaws = readings([{"sensorMetadata": metadata, "sensorReport": [*reports]}], us(NOW))
    return found, {flaw.code for flaw in flaws}


def celsius(**report: Any) -> dict[str, Any]:
    return {"type": "Temperature", "uom": "CEL", **report}


@pytest.mark.parametrize(
    ("value", "uom", "expected"),
    [
        (46.4, "FAH", 8.0),
        (281.15, "KEL", 8.0),
        (8, "CEL", 8.0),
        (32, "FAH", 0.0),
        (-4, "FAH", -20.0),
        (506.07, "A48", 8.0),
    ],
)
def test_units_are_converted(value: float, uom: str, expected: float) -> None:
    ((reading,), _) = read({"type": "Temperature", "value": value, "uom": uom}, time=NOW)
    assert (reading.low, reading.high, reading.mean) == (expected, expected, expected)


@pytest.mark.parametrize(
    "kind",
    [
        "Temperature", "gs1:Temperature", "https://gs1.org/voc/Temperature", "https://ref.gs1.org/voc/Temperature",
        "cbv:MeasurementType-Temperature", "https://ref.gs1.org/cbv/MeasurementType-Temperature", "gs1:MT-Temperature",
    ],
)  # fmt: skip
def test_a_temperature_is_one_however_it_is_spelt(kind: str) -> None:
    assert len(read({"type": kind, "value": 5.0, "uom": "CEL"}, time=NOW)[0]) == 1


def test_a_span_has_its_lowest_and_highest() -> None:
    ((reading,), codes) = read(
        celsius(minValue=3.0, maxValue=9.0, meanValue=5.0), startTime="2026-11-02T08:00:00Z", endTime=NOW, deviceID="L1"
    )
    assert reading == Reading(us("2026-11-02T08:00:00Z"), us(NOW), 3.0, 9.0, 5.0, "L1")
    assert codes == set()


def test_a_time_and_device_of_the_report_itself_count() -> None:
    ((reading,), _) = read(celsius(value=5.0, time="2026-11-02T09:00:00Z", deviceID="L2"), time=NOW, deviceID="L1")
    assert (reading.start, reading.device) == (us("2026-11-02T09:00:00Z"), "L2")


@pytest.mark.parametrize(
    ("report", "metadata", "code", "kept"),
    [
        ({"type": "RelativeHumidity", "value": 50.0, "uom": "A93"}, {"time": NOW}, "SENSOR_NOT_JUDGED", 0),
        ({"value": 5.0}, {"time": NOW}, "SENSOR_NOT_JUDGED", 0),
        ({"value": 5.0, "uom": "CEL"}, {"time": NOW}, "SENSOR_TYPE_MISSING", 1),
        ({"type": "Temperature", "value": 5.0}, {"time": NOW}, "SENSOR_UNIT_UNUSABLE", 0),
        (celsius(value=5.0, uom="P1"), {"time": NOW}, "SENSOR_UNIT_UNUSABLE", 0),
        (celsius(value=5.0, uom="°C"), {"time": NOW}, "SENSOR_UNIT_SPELT", 1),
        (celsius(value="warm"), {"time": NOW}, "SENSOR_VALUE_UNUSABLE", 0),
        (celsius(value=float("nan")), {"time": NOW}, "SENSOR_VALUE_UNUSABLE", 0),
        (celsius(value=float("inf")), {"time": NOW}, "SENSOR_VALUE_UNUSABLE", 0),
        (celsius(value=True), {"time": NOW}, "SENSOR_VALUE_UNUSABLE", 0),
        (celsius(value={"a": 1}), {"time": NOW}, "SENSOR_VALUE_UNUSABLE", 0),
        (celsius(), {"time": NOW}, "SENSOR_VALUE_UNUSABLE", 0),
        (celsius(value=999.0), {"time": NOW}, "SENSOR_VALUE_ABSURD", 0),
        (celsius(value=-3.0, uom="KEL"), {"time": NOW}, "SENSOR_VALUE_ABSURD", 0),
        (celsius(minValue=9.0, maxValue=3.0), {"time": NOW}, "SENSOR_VALUES_CONTRADICT", 1),
        (celsius(minValue=3.0, maxValue=5.0, value=7.0), {"time": NOW}, "SENSOR_VALUES_CONTRADICT", 1),
        (celsius(value=5.0), {}, "SENSOR_TIME_MISSING", 1),
        (celsius(value=5.0), {"time": "yesterday"}, "SENSOR_TIME_UNUSABLE", 1),
        (celsius(value=5.0), {"startTime": NOW, "endTime": "2026-11-02T08:00:00Z"}, "SENSOR_TIME_UNUSABLE", 1),
        (celsius(value=5.0), {"startTime": NOW}, "SENSOR_TIME_UNUSABLE", 1),
        (celsius(value=5.0), {"time": "1970-01-01T00:00:07Z"}, "SENSOR_CLOCK", 1),
        (celsius(value=5.0), {"time": "2099-01-01T00:00:07Z"}, "SENSOR_CLOCK", 1),
        (celsius(value=5.0, exception="ERROR_CONDITION"), {"time": NOW}, "SENSOR_ERROR", 0),
        (celsius(value=5.0, exception="BROKEN"), {"time": NOW}, "SENSOR_EXCEPTION_UNKNOWN", 1),
    ],
)
def test_what_is_wrong_is_told_and_never_dropped_without_a_word(
    report: dict[str, Any], metadata: dict[str, Any], code: str, kept: int
) -> None:
    found, codes = read(report, **metadata)
    assert code in codes
    assert len(found) == kept
    assert all(us("2026-11-02T08:00:00Z") <= reading.start <= us(NOW) for reading in found)


def test_what_contradicts_itself_is_taken_at_its_widest() -> None:
    ((reading,), _) = read(celsius(minValue=3.0, maxValue=5.0, value=7.0), time=NOW)
    assert (reading.low, reading.high) == (3.0, 7.0)


def test_an_alarm_without_a_value_is_kept() -> None:
    ((reading,), codes) = read({"type": "gs1:Temperature", "exception": "gs1:ALARM_CONDITION"}, time=NOW)
    assert (reading.alarm, reading.low, reading.high) == (True, None, None)
    assert codes == set()


def test_many_flaws_of_one_kind_are_told_once() -> None:
    _, flaws = readings([{"sensorReport": [celsius(value=999.0)] * 5_000}], us(NOW))
    assert len(flaws) == 1
    assert "5,000 times" in flaws[0].message


_LEAF = st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), st.text(max_size=20), st.just(NOW))
_FIELD = st.sampled_from(
    [
        "type",
        "uom",
        "value",
        "minValue",
        "maxValue",
        "meanValue",
        "exception",
        "time",
        "startTime",
        "endTime",
        "deviceID",
    ]
)
_TREE = st.recursive(
    _LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_FIELD, inner, max_size=5), max_leaves=12
)


@given(
    st.lists(
        st.dictionaries(st.sampled_from(["sensorMetadata", "sensorReport"]), _TREE | st.dictionaries(_FIELD, _LEAF)),
        max_size=4,
    )
)
def test_any_tree_is_read_without_a_crash(sensors: list[dict[str, Any]]) -> None:
    found, _ = readings(sensors, us(NOW))
    assert all(reading.start <= reading.end for reading in found)
    assert all(reading.low is None or reading.high is None or reading.low <= reading.high for reading in found)
