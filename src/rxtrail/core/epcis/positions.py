"""Where an event says that something was: fixes of a tracker, in degrees, and what is no place on earth.

Source: EPCIS 2.0, clause 7.3.7 (sensor reports of types gs1:Latitude and gs1:Longitude) and RFC 5870 (a read point, or
a uriValue, such as geo:41.88,-87.63). Nothing here raises: what is nonsense is told.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from rxtrail.core.epcis.times import instant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rxtrail.core.epcis.event import type_tree

GEO: Final = "geo:"
_DEGREES: Final = frozenset({"", "DD", "DEG", "°"})
_RADIANS: Final = frozenset({"C81", "RAD"})
_NOWHERE: Final = 1e-3
"""Degrees: so near to 0, 0 in the Gulf of Guinea are trackers that have no fix, and no ship."""
TIME_CHARACTERS_MAX: Final = 64


class Fix(NamedTuple):
    """Something was here then (microseconds)."""

    time: int
    latitude: float
    longitude: float


class Nonsense(NamedTuple):
    """What is no fix, and why."""

    time: int
    why: str


def positions(read_point: str, sensors: Iterable[type_tree], event_time: int) -> tuple[list[Fix], list[Nonsense]]:
    """Read the fixes of an event, in the order in which they are written, and what is none."""
    found: list[Fix] = []
    odd: list[Nonsense] = []
    for time, latitude, longitude in _pairs(read_point, sensors, event_time):
        why = _flaw(latitude, longitude)
        if why:
            odd.append(Nonsense(time, why))
        else:
            assert latitude is not None, "it has no flaw"
            assert longitude is not None, "it has no flaw"
            found.append(Fix(time, latitude, longitude))
    return found, odd


def _flaw(latitude: float | None, longitude: float | None) -> str:
    if latitude is None or longitude is None:
        return "a position without a latitude or a longitude that can be read"
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return f"{latitude:g}, {longitude:g} is no place on earth"
    if abs(latitude) < _NOWHERE and abs(longitude) < _NOWHERE:
        return "0, 0 is what a tracker tells that does not know where it is"
    return ""


def _pairs(
    read_point: str, sensors: Iterable[type_tree], event_time: int
) -> Iterable[tuple[int, float | None, float | None]]:
    if read_point.casefold().startswith(GEO):
        yield (event_time, *_geo(read_point))
    for element in sensors:
        metadata = element.get("sensorMetadata")
        usual = _time(metadata.get("time"), event_time) if isinstance(metadata, dict) else event_time
        reports = element.get("sensorReport")
        at: dict[int, list[list[float | None]]] = {}
        for report in reports if isinstance(reports, list) else [reports]:
            if not isinstance(report, dict):
                continue
            time = _time(report.get("time"), usual)
            uri = report.get("uriValue", report.get("stringValue"))
            kind = bare_name(report.get("type"))
            if isinstance(uri, str) and uri.casefold().startswith(GEO):
                yield (time, *_geo(uri))
            elif kind in ("latitude", "longitude"):
                # The n-th latitude of a moment belongs to its n-th longitude.
                both = at.setdefault(time, [[], []])
                both[kind == "longitude"].append(_degrees(report.get("value"), report.get("uom")))
        for time, (latitudes, longitudes) in at.items():
            for index in range(max(len(latitudes), len(longitudes))):
                yield (
                    time,
                    latitudes[index] if index < len(latitudes) else None,
                    longitudes[index] if index < len(longitudes) else None,
                )


def _geo(uri: str) -> tuple[float | None, float | None]:
    """Read a geo URI; of another reference system than WGS 84 nothing is known."""
    path, *parameters = uri[len(GEO) :].split(";")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.casefold() == "crs" and value.casefold() != "wgs84":
            return None, None
    numbers = path.split(",")
    if len(numbers) not in (2, 3):
        return None, None
    return _degrees(numbers[0], ""), _degrees(numbers[1], "")


def _degrees(written: object, unit: object) -> float | None:
    if isinstance(written, bool) or not isinstance(written, int | float | str):
        return None
    try:
        value = float(written)
    except ValueError:
        return None
    code = unit.strip().upper() if isinstance(unit, str) else ""
    if code in _RADIANS:
        value = math.degrees(value)
    elif code not in _DEGREES:
        return None
    return value if math.isfinite(value) else None


def _time(written: object, otherwise: int) -> int:
    found = time_of(written)
    return otherwise if found is None else found


def time_of(written: object) -> int | None:
    """Give the instant of a field of a sensor; None when it is none."""
    found = instant(written) if isinstance(written, str) and len(written) < TIME_CHARACTERS_MAX else None
    return None if found is None else found[0]


def bare_name(written: object) -> str:
    """Give the bare name of a type or exception, however it is written: gs1:, web URI, CBV form or plain."""
    if not isinstance(written, str):
        return ""
    bare = written.strip().rsplit("/", 1)[-1].rsplit("#", 1)[-1].rsplit(":", 1)[-1]
    return bare.rsplit("-", 1)[-1].casefold()
