"""The corridor of a lane (R6): whether a tracker left it, and which of its fixes are nonsense. Pure.

One fix proves nothing: two in a row open an excursion and two in a row end it, and it counts when it lasted longer than
the lane allows. Nonsense is set aside before anything is judged, so it never is an alarm: what is no place on earth,
jumps that no plane makes, and reports of a clock that runs backwards.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Final, NamedTuple

from rxtrail.core.rules.spots import Spot, impossible, km_between

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

IN_A_ROW: Final = 2
BACKWARDS_US: Final = 10 * 60 * 1_000_000
"""Clocks of one device differ from report to report, and buffers overlap: so much is no fault."""
PIECE_KM: Final = 100.0
"""A way is cut into pieces this long: on one of these the earth is flat enough."""
_KM_A_DEGREE: Final = 6371.0 * math.pi / 180
Point = tuple[float, float]
"""Latitude and longitude, in degrees."""


class Fix(NamedTuple):
    """Something was here then (microseconds), as an event (its place in the log) says."""

    time: int
    latitude: float
    longitude: float
    event: int = -1

    @property
    def spot(self) -> Spot:
        """Give it as a place."""
        return Spot(latitude=self.latitude, longitude=self.longitude)


class Odd(NamedTuple):
    """A fix that was set aside, and why."""

    time: int
    event: int
    why: str


class Report(NamedTuple):
    """The fixes of one event; reports stand in the order of their events."""

    event: int
    fixes: tuple[Fix, ...]
    odd: tuple[Odd, ...] = ()


class Excursion(NamedTuple):
    """A time outside; ``ended`` when two fixes in a row were inside again."""

    first: Fix
    last: Fix
    km: float
    fixes: int
    ended: bool


def sound(reports: Iterable[Report]) -> tuple[list[Fix], list[Odd]]:
    """Give the fixes that can be true, in the order of their times, and what was set aside."""
    odd: list[Odd] = []
    taken: dict[tuple[int, float, float], Fix] = {}
    newest: int | None = None
    for report in reports:
        odd += report.odd
        # What a buffer sends twice counts once.
        fresh = [fix for fix in report.fixes if fix[:3] not in taken]
        latest = max((fix.time for fix in fresh), default=None)
        if latest is None:
            continue
        if newest is not None and latest < newest - BACKWARDS_US:
            odd += [Odd(fix.time, fix.event, "its clock runs backwards") for fix in fresh]
            continue
        newest = latest if newest is None else max(newest, latest)
        taken.update({fix[:3]: fix for fix in fresh})
    good, jumps = _without_jumps(sorted(taken.values()))
    return good, sorted(odd + jumps)


def _without_jumps(fixes: Sequence[Fix]) -> tuple[list[Fix], list[Odd]]:
    good: list[Fix] = []
    odd: list[Odd] = []
    for index, fix in enumerate(fixes):
        journey = impossible(good[-1].spot, fix.spot, fix.time - good[-1].time) if good else None
        if journey is None or journey.km is None:
            good.append(fix)
            continue
        following = fixes[index + 1] if index + 1 < len(fixes) else None
        agrees = following is not None and impossible(fix.spot, following.spot, following.time - fix.time) is None
        odd.append(
            Odd(fix.time, fix.event, f"{journey.km:,.0f} km in {journey.minutes:,.0f} minutes: nothing flies so")
        )
        if agrees and following is not None:
            back = impossible(good[-1].spot, following.spot, following.time - good[-1].time)
            if back is not None:
                good.append(fix)  # two in a row say so: it is there, however it came
    return good, odd


def excursions(fixes: Iterable[Fix], away: Callable[[Fix], float | None], minutes_max: float) -> list[Excursion]:
    """Give the times outside that lasted longer than ``minutes_max``.

    ``away`` tells how many kilometres beyond its corridor a fix is, 0 inside, None where nothing is judged.
    """
    found: list[Excursion] = []
    out: list[tuple[Fix, float]] = []
    inside = 0

    def end(*, ended: bool) -> None:
        if len(out) >= IN_A_ROW and out[-1][0].time - out[0][0].time > minutes_max * 60e6:
            found.append(Excursion(out[0][0], out[-1][0], max(km for _, km in out), len(out), ended))
        out.clear()

    for fix in fixes:
        km = away(fix)
        if km is None:
            continue
        if km > 0:
            out.append((fix, km))
            inside = 0
            continue
        inside += 1
        if inside >= IN_A_ROW or len(out) < IN_A_ROW:
            end(ended=True)
    end(ended=False)
    return found


# -- the way -------------------------------------------------------------------------------------------------------


def pieces(points: Sequence[Point]) -> list[tuple[Point, Point]]:
    """Cut a way along great circles into pieces that are short."""
    found: list[tuple[Point, Point]] = []
    for one, two in itertools.pairwise(points):
        km = km_between(Spot(latitude=one[0], longitude=one[1]), Spot(latitude=two[0], longitude=two[1])) or 0.0
        count = max(1, math.ceil(km / PIECE_KM))
        line = [_between(one, two, step / count) for step in range(count + 1)]
        found += itertools.pairwise(line)
    return found or [(point, point) for point in points]


def _between(one: Point, two: Point, share: float) -> Point:
    (a, b), (c, d) = ((math.radians(x), math.radians(y)) for x, y in (one, two))
    angle = 2 * math.asin(
        min(1.0, math.sqrt(math.sin((c - a) / 2) ** 2 + math.cos(a) * math.cos(c) * math.sin((d - b) / 2) ** 2))
    )
    if angle < 1e-9 or math.pi - angle < 1e-9:  # one place, or the other side of the earth: no way is the straight one
        return one if share < 0.5 else two
    p, q = math.sin((1 - share) * angle) / math.sin(angle), math.sin(share * angle) / math.sin(angle)
    x = p * math.cos(a) * math.cos(b) + q * math.cos(c) * math.cos(d)
    y = p * math.cos(a) * math.sin(b) + q * math.cos(c) * math.sin(d)
    z = p * math.sin(a) + q * math.sin(c)
    return math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x))


def km_from(fix: Fix, way: Iterable[tuple[Point, Point]]) -> float:
    """Give the distance of a fix from a way of pieces; infinite when it has none."""
    return min((_km_from_piece(fix, *piece) for piece in way), default=math.inf)


def _km_from_piece(fix: Fix, one: Point, two: Point) -> float:
    squeeze = math.cos(math.radians(fix.latitude))
    x1, y1 = _offset(fix, one, squeeze)
    x2, y2 = _offset(fix, two, squeeze)
    dx, dy = x2 - x1, y2 - y1
    length = dx * dx + dy * dy
    share = max(0.0, min(1.0, -(x1 * dx + y1 * dy) / length)) if length else 0.0
    return math.hypot(x1 + share * dx, y1 + share * dy) * _KM_A_DEGREE


def _offset(fix: Fix, point: Point, squeeze: float) -> tuple[float, float]:
    around = (point[1] - fix.longitude + 180) % 360 - 180  # over the date line it is not once round the earth
    return around * squeeze, point[0] - fix.latitude
