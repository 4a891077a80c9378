"""Temperatures in the sensor elements of an event: in Celsius, with their times, and what is wrong with them.

Source: EPCIS 2.0, clauses 7.3.7 and 7.3.8 (sensorMetadata, sensorReport); UN/ECE Recommendation 20 (CEL, FAH, KEL).
Whatever cannot be used is told as a flaw, and never dropped without a word; nothing here raises.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from rxtrail.core.epcis.positions import GEO, bare_name, time_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rxtrail.core.epcis.event import type_tree

TEMPERATURE: Final = "temperature"
POSITION: Final = frozenset({"latitude", "longitude"})
UNITS: Final = {
    "CEL": (0.0, 1.0, 0.0),
    "KEL": (-273.15, 1.0, 0.0),
    "FAH": (-32.0, 5 / 9, 0.0),
    "A48": (0.0, 5 / 9, -273.15),
}
"""What is added before the factor, the factor, what is added behind it."""
ALIASES: Final = {
    "°c": "CEL", "c": "CEL", "celsius": "CEL", "degc": "CEL",
    "°f": "FAH", "f": "FAH", "fahrenheit": "FAH", "degf": "FAH",
    "k": "KEL", "kelvin": "KEL",
}  # fmt: skip
"""Units as people write them, which no code of UN/ECE is."""
LOWEST, HIGHEST = -200.0, 150.0
"""Celsius: what lies outside is a broken sensor, not weather: liquid nitrogen has -196."""
CLOCK_US: Final = 366 * 86_400 * 1_000_000
"""A reading so far before its event, or a twelfth of it behind, was stamped by a clock that is not set."""
LATER_US: Final = 31 * 86_400 * 1_000_000
MEAN_SLACK: Final = 0.05  # means are rounded: one may lie so little outside of its minimum and maximum
_FIELDS = ("value", "minValue", "maxValue", "meanValue")


class Reading(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What one report says: from ``start`` to ``end`` (microseconds) it was never below ``low`` nor above ``high``.

    A reading of one moment has one time twice. What was not told is None. ``alarm``: the sensor raised one.
    """

    start: int
    end: int
    low: float | None
    high: float | None
    mean: float | None
    device: str = ""
    alarm: bool = False
    event: int = -1  # position in the log


class Flaw(NamedTuple):
    """What is wrong with one report."""

    severity: str
    code: str
    message: str


def readings(sensors: Iterable[type_tree], event_time: int) -> tuple[list[Reading], list[Flaw]]:
    """Read the temperatures of an event's sensor elements; of each flaw the first is told, with how often."""
    reader = _Reader(event_time)
    for element in sensors:
        metadata = element.get("sensorMetadata")
        metadata = metadata if isinstance(metadata, dict) else {}
        reports = element.get("sensorReport")
        for report in reports if isinstance(reports, list) else [reports]:
            if isinstance(report, dict):
                reader.report(report, metadata)
            elif report is not None:
                reader.say("SENSOR_VALUE_UNUSABLE", "a sensorReport has no fields")
    return reader.found, reader.flaws()


class _Reader:
    def __init__(self, event_time: int) -> None:
        self.event_time = event_time
        self.found: list[Reading] = []
        self._flaws: dict[tuple[str, str], list[Any]] = {}
        self._units: set[str] = set()

    def say(self, code: str, message: str, severity: str = "warning", about: str = "") -> None:
        known = self._flaws.setdefault((code, about), [Flaw(severity, code, message), 0])
        known[1] += 1

    def flaws(self) -> list[Flaw]:
        if len(self._units) > 1:
            self.say("SENSOR_UNITS_MIXED", f"temperatures in {' and '.join(sorted(self._units))} in one event", "info")
        return [
            flaw if times == 1 else flaw._replace(message=f"{flaw.message} ({times:,} times)")
            for flaw, times in self._flaws.values()
        ]

    def report(self, report: type_tree, metadata: type_tree) -> None:
        name, exception = bare_name(report.get("type")), bare_name(report.get("exception"))
        uom = self._unit(report.get("uom"))
        numbers = [field for field in _FIELDS if field in report]
        if name in POSITION or str(report.get("uriValue", report.get("stringValue", "")))[:4].casefold() == GEO:
            return  # where it was is read elsewhere (core.epcis.positions)
        if name and name != TEMPERATURE:
            self.say("SENSOR_NOT_JUDGED", f"{_shown(report['type'])}: kept; only temperatures are judged", "info", name)
            return
        if not name:
            if uom not in UNITS:
                self.say("SENSOR_NOT_JUDGED", "a sensorReport names no type of measurement: kept, not judged", "info")
                return
            self.say("SENSOR_TYPE_MISSING", f"no type, and unit {uom}: read as a temperature", "info")
        if exception == "error_condition":
            self.say("SENSOR_ERROR", "the sensor reported ERROR_CONDITION: its values are not judged")
            return
        alarm = exception == "alarm_condition"
        if exception and not alarm:
            self.say("SENSOR_EXCEPTION_UNKNOWN", f"exception {_shown(report['exception'])} is none of the standard's")
        if numbers and uom not in UNITS:
            written = report.get("uom")
            what = "has no unit" if written is None else f"is in {_shown(written)}, which is no unit of temperature"
            self.say("SENSOR_UNIT_UNUSABLE", f"a temperature {what}: not judged")
            numbers = []
        values = {field: value for field in numbers if (value := self._celsius(report[field], uom, field)) is not None}
        if not values and not alarm:
            if not numbers and uom in UNITS:
                self.say("SENSOR_VALUE_UNUSABLE", "a temperature report tells no value")
            return
        low, high, mean = self._bounds(values)
        start, end = self._times(report, metadata)
        if values:
            self._units.add(uom)
        if start == end and mean is None and low is not None and high is not None:
            mean = (low + high) / 2
        device = report.get("deviceID", metadata.get("deviceID", ""))
        self.found.append(Reading(start, end, low, high, mean, device if isinstance(device, str) else "", alarm))

    def _unit(self, written: object) -> str:
        if not isinstance(written, str):
            return ""
        code = written.strip().upper()
        if code in UNITS:
            return code
        meant = ALIASES.get(written.strip().lower().replace(" ", ""))
        if meant is None:
            return code
        self.say("SENSOR_UNIT_SPELT", f"unit {_shown(written)} is read as {meant}", "info")
        return meant

    def _celsius(self, written: object, uom: str, field: str) -> float | None:
        if isinstance(written, bool) or not isinstance(written, int | float) or not math.isfinite(written):
            self.say("SENSOR_VALUE_UNUSABLE", f"{field} {_shown(written)} is no number: not judged", about=field)
            return None
        before, factor, behind = UNITS[uom]
        celsius = round((written + before) * factor + behind, 6)
        if not LOWEST <= celsius <= HIGHEST:
            message = f"{field} {written:g} {uom} is no temperature that goods can have: not judged"
            self.say("SENSOR_VALUE_ABSURD", message, about=field)
            return None
        return celsius

    def _bounds(self, values: dict[str, float]) -> tuple[float | None, float | None, float | None]:
        """Give lowest, highest and mean; where they contradict each other, the widest of what was said."""
        low, high, mean, value = (values.get(each) for each in ("minValue", "maxValue", "meanValue", "value"))
        if low is not None and high is not None and low > high:
            self.say("SENSOR_VALUES_CONTRADICT", f"minValue {low:g} is above maxValue {high:g}")
            low, high = high, low
        for name, each in (("value", value), ("meanValue", mean)):
            if each is None:
                continue
            slack = MEAN_SLACK if name == "meanValue" else 0.0
            if (low is not None and each < low - slack) or (high is not None and each > high + slack):
                self.say("SENSOR_VALUES_CONTRADICT", f"{name} {each:g} lies outside of minValue and maxValue")
        mean = value if mean is None else mean
        if low is None and high is None:
            some = [each for each in (value, mean) if each is not None]
            return (min(some), max(some), mean) if some else (None, None, None)
        some = [each for each in (value, values.get("meanValue")) if each is not None]
        # With only one end told, a value tells something of the other.
        told = [each for each in (low, high) if each is not None]
        low = min([*([] if low is None else told[:1]), *some], default=None)
        high = max([*([] if high is None else told[-1:]), *some], default=None)
        return low, high, mean

    def _times(self, report: type_tree, metadata: type_tree) -> tuple[int, int]:
        time = self._time(report.get("time", metadata.get("time")), "time")
        start, end = self._time(metadata.get("startTime"), "startTime"), self._time(metadata.get("endTime"), "endTime")
        if start is not None and end is not None and start > end:
            self.say("SENSOR_TIME_UNUSABLE", "startTime is after endTime: the time of the event is taken")
            start = end = time if time is not None else self.event_time
        elif start is not None and end is not None:
            pass
        elif time is not None:
            start = end = time
        elif (only := end if end is not None else start) is not None:
            self.say(
                "SENSOR_TIME_UNUSABLE", "startTime and endTime stand together only: the one that is there is taken"
            )
            start = end = only
        else:
            self.say("SENSOR_TIME_MISSING", "no time of its own: the time of the event is taken", "info")
            start = end = self.event_time
        assert start is not None, "some time was found"
        assert end is not None, "some time was found"
        if start < self.event_time - CLOCK_US or end > self.event_time + LATER_US:
            self.say(
                "SENSOR_CLOCK", "read more than a year before its event, or a month after: a clock that is not set"
            )
            start = end = self.event_time
        return start, end

    def _time(self, written: object, name: str) -> int | None:
        if written is None:
            return None
        found = time_of(written)
        if found is None:
            self.say("SENSOR_TIME_UNUSABLE", f"{name} {_shown(written)} is no time", about=name)
        return found


def _shown(written: object) -> str:
    return repr(written)[:60]
