"""Where places are, and whether anything gets from one to another in the time between. Pure.

Coordinates come from master data (CBV 2.0 clause 10: ``latitude`` and ``longitude`` of a location, in degrees). Without
them only the times are judged: one thing is not at two places at once.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

SPEED_KM_H_MAX: Final = 900.0
"""An airliner's; whatever is faster is two packs, or a clock that is wrong."""
NEAR_KM: Final = 50.0
"""Within this nothing is told: coordinates are those of a town, and clocks differ by minutes."""
AT_ONCE_US: Final = 120 * 1_000_000
"""Without coordinates: so close in time two places cannot both have had it in their hands."""
_EARTH_KM: Final = 6371.0
_HOUR_US: Final = 3_600 * 1_000_000


class Spot(msgspec.Struct, frozen=True, gc=False):
    """A place as master data tells it; ``latitude`` None: not told."""

    country: str = ""
    state: str = ""
    latitude: float | None = None
    longitude: float | None = None


class Journey(msgspec.Struct, frozen=True, gc=False):
    """Two sightings that do not go together."""

    minutes: float
    km: float | None  # None: it is not known how far it is


def spot_of(attributes: Mapping[str, str]) -> Spot:
    """Read a place out of its master data; coordinates that are none are left out."""
    latitude, longitude = _degrees(attributes.get("latitude"), 90), _degrees(attributes.get("longitude"), 180)
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):
        latitude = longitude = None  # 0, 0 lies in the sea: it is what forms hold that nobody filled in
    country = (attributes.get("countryCode") or "").strip().upper()
    return Spot(country, (attributes.get("state") or "").strip().upper(), latitude, longitude)


def _degrees(text: str | None, limit: int) -> float | None:
    try:
        degrees = float(text or "")
    except ValueError:
        return None
    return degrees if -limit <= degrees <= limit else None


def km_between(one: Spot, other: Spot) -> float | None:
    """Give the distance over the ground (haversine); None when a coordinate is not known."""
    if one.latitude is None or one.longitude is None or other.latitude is None or other.longitude is None:
        return None
    here, there = math.radians(one.latitude), math.radians(other.latitude)
    half = math.sin((there - here) / 2) ** 2
    half += math.cos(here) * math.cos(there) * math.sin(math.radians(other.longitude - one.longitude) / 2) ** 2
    return 2 * _EARTH_KM * math.asin(min(1.0, math.sqrt(half)))


def impossible(one: Spot, other: Spot, microseconds: int) -> Journey | None:
    """Tell whether nothing gets from one place to another, not the same one, in this time; None: it may."""
    between = abs(microseconds)
    km = km_between(one, other)
    if km is None:
        return Journey(between / 60e6, None) if between <= AT_ONCE_US else None
    if km <= NEAR_KM or km * _HOUR_US <= SPEED_KM_H_MAX * between:
        return None
    return Journey(between / 60e6, km)
