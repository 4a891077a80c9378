"""Temperature profiles, and what readings make of goods that must keep to one. Pure.

Readings in, in whatever order they came; out come how long it was how warm, the mean kinetic temperature, and every way
in which the profile was left, with the moment at which it was. A logger's reading holds until its next one, at most as
long as the profile says; of several loggers at one moment the worst one counts. A report of a whole span says only the
lowest and the highest: what is sure of it and what is possible are counted apart.

Sources: USP <1079> (mean kinetic temperature, 83.144 kJ/mol), USP <659> (controlled room temperature).
"""

from __future__ import annotations

import datetime
import heapq
import itertools
import math
from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from rxtrail.core.gs1 import check_digit
from rxtrail.core.rules.route import CHECK, STOP

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rxtrail.core.epcis.temperature import Reading

ACTIVATION_PER_GAS: Final = 83.144 / 8.314e-3  # kelvin
ZERO_CELSIUS: Final = 273.15
MINUTE_US: Final = 60_000_000
FOREVER: Final = 1 << 62
ID_CHARACTERS_MAX: Final = 40
BANDS_MAX: Final = 16
GAP_MINUTES_MAX: Final = 7 * 24 * 60
IN_FORCE, RETIRED, BUILT_IN = "in-force", "retired", "built-in"
FROZEN, BEYOND, BUDGET, OUTSIDE, KINETIC, ALARM = "frozen", "beyond", "budget", "outside", "mkt", "alarm"
_NONE: Final = -math.inf
_EPOCH: Final = datetime.datetime.fromtimestamp(0, datetime.UTC)


class Band(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Temperatures up to ``to``, from the limit or the band before it on; ``minutes`` None: as long as the rest allows.

    Time beyond a band counts for that band too: what is hotter is no kinder.
    """

    to: float
    minutes: float | None = None


class TemperatureProfile(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """How warm goods may be, in degrees Celsius; a limit that is None is open.

    Below ``freeze`` they are lost at once. ``products`` are GTIN-14s, or starts of them that end with ``*``.
    """

    id: str
    low: float | None = msgspec.field(default=None, name="min")
    high: float | None = msgspec.field(default=None, name="max")
    band: list[Band] = []
    freeze: float | None = None
    mkt_max: float | None = None
    gap_minutes_max: float = 60
    products: list[str] = []
    title: str = ""
    version: int = 1
    state: str = ""  # in-force, retired or built-in; of a file that was not loaded: none
    loaded_at: str = ""
    loaded_by: str = ""

    def covers(self, gtin: str) -> bool:
        """Tell whether it is attached to a product."""
        return any(gtin == each or (each.endswith("*") and gtin.startswith(each[:-1])) for each in self.products)


USUAL: Final = (
    TemperatureProfile("2-8", 2, 8, freeze=0, mkt_max=8, title="Refrigerated", state=BUILT_IN),
    TemperatureProfile(
        "15-25", 15, 25, [Band(30), Band(40, 24 * 60)], mkt_max=25, state=BUILT_IN,
        title="Controlled room temperature, USP: to 30 while the kinetic mean holds, to 40 for a day in all",
    ),
    TemperatureProfile("-25..-15", -25, -15, title="Frozen", state=BUILT_IN),
    TemperatureProfile("-80..-60", -80, -60, title="Ultra-cold", state=BUILT_IN),
    TemperatureProfile("-150", None, -150, title="Cryogenic: minus 150 or below", state=BUILT_IN),
)  # fmt: skip
"""What can be named without being loaded; one that is loaded under the same name takes its place."""


class ProfileFlaw(msgspec.Struct, frozen=True, gc=False):
    """What is wrong with a profile; it keeps it out."""

    profile: str
    code: str
    message: str
    place: str


def flaws_of(profile: TemperatureProfile) -> list[ProfileFlaw]:
    """Tell what is wrong with one profile by itself."""
    found: list[ProfileFlaw] = []

    def say(code: str, message: str, place: str) -> None:
        found.append(ProfileFlaw(profile.id, code, message, place))

    if not profile.id.strip() or len(profile.id) > ID_CHARACTERS_MAX or not profile.id.isprintable():
        say("profile-id", f"a profile has a name of 1 to {ID_CHARACTERS_MAX} characters", "id")
    low, high = profile.low, profile.high
    named = {"min": low, "max": high, "freeze": profile.freeze, "mkt_max": profile.mkt_max}
    named |= {f"band {number}": band.to for number, band in enumerate(profile.band, 1)}
    for place, each in named.items():
        if each is not None and not (math.isfinite(each) and -ZERO_CELSIUS <= each <= 1_000):
            say("profile-temperature", f"{each!r} is no temperature in degrees Celsius", place)
    if low is None and high is None:
        say("profile-limits", "it needs min or max", "min")
    if low is not None and high is not None and not low < high:
        say("profile-limits", f"min {low:g} is not below max {high:g}", "min")
    if profile.freeze is not None and low is not None and profile.freeze > low:
        say(
            "profile-freeze",
            f"freeze {profile.freeze:g} lies above min {low:g}: what is allowed would be lost",
            "freeze",
        )
    if len(profile.band) > BANDS_MAX:
        say("profile-band", f"it has more than {BANDS_MAX} bands", "band")
    for number, band in enumerate(profile.band, 1):
        warm, cold = high is not None and band.to > high, low is not None and band.to < low
        if not (warm or cold):
            say("profile-band", f"{band.to:g} is neither above max nor below min", f"band {number}")
        if band.minutes is not None and not (math.isfinite(band.minutes) and band.minutes >= 0):
            say("profile-band", f"{band.minutes!r} is not a number of minutes", f"band {number}")
    if len({band.to for band in profile.band}) < len(profile.band):
        say("profile-band", "two bands end at the same temperature", "band")
    if not 0 < profile.gap_minutes_max <= GAP_MINUTES_MAX:
        say("profile-gap", f"a gap is of 1 to {GAP_MINUTES_MAX:,} minutes", "gap_minutes_max")
    if profile.version < 1:
        say("profile-version", "versions begin at 1", "version")
    for product in profile.products:
        whole = product.removesuffix("*")
        if not (whole.isascii() and whole.isdigit()) or len(whole) > 14:
            say("profile-product", f"{product[:30]!r} is no GTIN-14, nor the start of one with * behind it", "products")
        elif product == whole and not (len(whole) == 14 and check_digit.is_valid(whole)):
            say("profile-product", f"{product[:30]} is not a GTIN-14 with a right check digit", "products")
    return found


class Piece(NamedTuple):
    """Readings of one thing that goods were, or were in, with the time (microseconds) in which they were."""

    since: int
    until: int
    readings: Sequence[Reading]
    of: int = 0  # the number of the container that has them, 0 for the goods themselves


class BandUse(msgspec.Struct, frozen=True, gc=False):
    """How long it was beyond a temperature: for sure, and at most; ``budget`` None is without limit."""

    beyond: float
    warm: bool
    minutes: float
    minutes_at_most: float
    budget: float | None = None


class Breach(msgspec.Struct, frozen=True, gc=False):
    """One way in which a profile was left. ``weight`` grows with how bad it is."""

    kind: str
    severity: str
    time: int
    event: int
    what: str
    weight: int


class Exposure(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What readings make of goods; ``unmeasured_minutes`` lie between readings that are too far apart."""

    readings: int = 0
    first: int = 0
    last: int = 0
    low: float | None = None
    high: float | None = None
    measured_minutes: float = 0
    unmeasured_minutes: float = 0
    mkt: float | None = None
    bands: tuple[BandUse, ...] = ()
    breaches: tuple[Breach, ...] = ()


def kinetic_mean(parts: Iterable[tuple[float, float]]) -> float | None:
    """Give the mean kinetic temperature of (how long, degrees Celsius); None when nothing lasted. USP <1079>."""
    total = rate = 0.0
    for length, celsius in parts:
        total += length
        rate += length * math.exp(-ACTIVATION_PER_GAS / (celsius + ZERO_CELSIUS))
    return ACTIVATION_PER_GAS / -math.log(rate / total) - ZERO_CELSIUS if total > 0 and rate > 0 else None


def expose(profile: TemperatureProfile, pieces: Iterable[Piece], since: int = 0) -> Exposure:
    """Judge what goods were exposed to from ``since`` on."""
    spans: list[_Span] = []
    gap_us, skipped = round(profile.gap_minutes_max * MINUTE_US), 0
    for piece in pieces:
        begin = max(piece.since, since)
        # Those behind the end only tell how long the last one before it held.
        for series in _by_device(reading for reading in piece.readings if reading.end >= begin).values():
            skipped += _lasting(series, begin, piece.until, gap_us, spans)
    if not spans:
        return Exposure()
    # By what was read first: positions in the log depend on the order in which files came.
    spans.sort(key=lambda span: (span.start, span.end, _known(span.low), _known(span.high), span.event))
    return _Judging(profile, spans, skipped).exposure()


class _Span(msgspec.Struct, frozen=True, gc=False):
    """From one time to another it was at least ``low`` and at most ``high``, as one logger has it; NaN: not told."""

    start: int
    end: int
    event: int
    low: float
    high: float
    mean: float
    alarm: bool


def _by_device(readings: Iterable[Reading]) -> dict[str, list[Reading]]:
    series: dict[str, list[Reading]] = defaultdict(list)
    for reading in readings:
        series[reading.device].append(reading)
    return series


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _order(reading: Reading) -> tuple[int, int, float, float]:
    low, high = reading.low, reading.high
    return (reading.start, reading.end, _NONE if low is None else low, _NONE if high is None else high)


def _merged(series: list[Reading]) -> list[Reading]:
    """Sort them, and make one of what one logger says of one moment: the widest of it."""
    series.sort(key=_order)
    found: list[Reading] = []
    for reading in series:
        last = found[-1] if found else None
        if last is None or not last.start == last.end == reading.start == reading.end:
            found.append(reading)
        elif (last.low, last.high) != (reading.low, reading.high):
            lows = [each for each in (last.low, reading.low) if each is not None]
            highs = [each for each in (last.high, reading.high) if each is not None]
            means = [each for each in (last.mean, reading.mean) if each is not None]
            found[-1] = msgspec.structs.replace(
                last, low=min(lows, default=None), high=max(highs, default=None), mean=max(means, default=None),
                alarm=last.alarm or reading.alarm,
            )  # fmt: skip
    return found


def _lasting(series: list[Reading], begin: int, until: int, gap_us: int, spans: list[_Span]) -> int:
    """Add the spans of one logger; give the microseconds that lie between readings too far apart."""
    series = _merged(series)
    skipped = 0
    covered = 0  # until when spans of this logger reach
    for at, reading in enumerate(series):
        if reading.start > until:
            break
        start, end = max(reading.start, begin), min(reading.end, until)
        if reading.start == reading.end:
            if reading.start < begin:
                continue
            following = series[at + 1].start if at + 1 < len(series) else start
            end = min(following, start + gap_us, until)
            skipped += max(0, min(following, until) - end)
        elif at + 1 < len(series):
            following = min(series[at + 1].start, until)
            skipped += max(0, following - max(end, covered) - gap_us)
        covered = max(covered, end)
        spans.append(
            _Span(start, max(start, end), reading.event, _number(reading.low), _number(reading.high),
                  _number(reading.mean), reading.alarm)
        )  # fmt: skip
    return skipped


class _Worst:
    """The greatest value among the spans that are running."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int]] = []

    def add(self, value: float, end: int) -> None:
        if value == value:  # noqa: PLR0124 (not NaN: known)
            heapq.heappush(self._heap, (-value, end))

    def at(self, now: int) -> float:
        heap = self._heap
        while heap and heap[0][1] <= now:
            heapq.heappop(heap)
        return -heap[0][0] if heap else _NONE


_Moment = tuple[int, int, float, float, float, float, float]
"""From, to; how warm at most, how warm for sure; how cold at most and for sure, both negated; the mean."""


def _moments(spans: Sequence[_Span]) -> Iterator[_Moment]:
    """Give the time in which anything was measured, part by part, with the worst that any logger says."""
    lasting = [span for span in spans if span.end > span.start]
    if all(one.end <= two.start for one, two in itertools.pairwise(lasting)):
        for span in lasting:
            yield (
                span.start, span.end, _known(span.high), _known(span.low), _known(-span.low), _known(-span.high),
                _mean(span),
            )  # fmt: skip
        return
    edges = sorted({time for span in lasting for time in (span.start, span.end)})
    worst = [_Worst() for _ in range(5)]
    following = 0
    for start, end in itertools.pairwise(edges):
        while following < len(lasting) and lasting[following].start <= start:
            span = lasting[following]
            for one, value in zip(worst, (span.high, span.low, -span.low, -span.high, _mean(span)), strict=True):
                one.add(value, span.end)
            following += 1
        now = [one.at(start) for one in worst]
        if any(value != _NONE for value in now):
            yield (start, end, now[0], now[1], now[2], now[3], now[4])


def _known(value: float) -> float:
    return _NONE if math.isnan(value) else value


def _mean(span: _Span) -> float:
    """Give what counts as its mean: without one the highest, which is the worst."""
    known = [value for value in (span.mean, span.high, span.low) if not math.isnan(value)]
    return known[0] if known else _NONE


class _Side:
    """One side of a profile, warm or cold; cold temperatures are negated, so that more is always worse."""

    def __init__(self, profile: TemperatureProfile, *, warm: bool) -> None:
        self.warm = warm
        self.sign = 1.0 if warm else -1.0
        limit = profile.high if warm else profile.low
        self.limit = None if limit is None else limit * self.sign
        bands = sorted((band.to * self.sign, band.minutes) for band in profile.band)
        bands = [] if self.limit is None else [band for band in bands if band[0] > self.limit]
        self.last = bands[-1][0] if bands else None
        self.budgets: list[tuple[float, float | None]] = []
        if self.limit is not None:
            edges = [self.limit, *(to for to, _ in bands)]
            self.budgets = [(edge, minutes) for edge, (_, minutes) in zip(edges, bands, strict=False)] or [
                (edges[0], None)
            ]
        self.sure = [0] * len(self.budgets)
        self.possible = [0] * len(self.budgets)
        self.ran_out: list[tuple[int, bool]] = [(0, False)] * len(self.budgets)

    def see(self, start: int, end: int, possible: float, sure: float) -> None:
        """Count a part of the time."""
        for at, (beyond, budget) in enumerate(self.budgets):
            if possible <= beyond:
                return
            limit = None if budget is None else round(budget * MINUTE_US)
            before = self.possible[at]
            self.possible[at] = now = before + end - start
            if limit is not None and now > limit and not self.ran_out[at][0]:
                self.ran_out[at] = (start + limit - before, False)
            if sure > beyond:
                known = self.sure[at]
                self.sure[at] = surely = known + end - start
                if limit is not None and surely > limit and not self.ran_out[at][1]:
                    self.ran_out[at] = (start + limit - known, True)

    def uses(self) -> Iterator[BandUse]:
        """Give how long it was beyond the limit and beyond each band but the last."""
        for (beyond, budget), sure, possible in zip(self.budgets, self.sure, self.possible, strict=True):
            yield BandUse(beyond * self.sign, self.warm, _minutes(sure), _minutes(possible), budget)


class _Judging:
    def __init__(self, profile: TemperatureProfile, spans: Sequence[_Span], skipped: int) -> None:
        self.profile, self.spans, self.skipped = profile, spans, skipped
        self.sides = (_Side(profile, warm=True), _Side(profile, warm=False))
        self.found: list[Breach] = []

    def exposure(self) -> Exposure:
        measured = rate_time = 0
        parts: list[tuple[float, float]] = []
        for start, end, high, surely_high, low, surely_low, mean in _moments(self.spans):
            measured += end - start
            self.sides[0].see(start, end, high, surely_high)
            self.sides[1].see(start, end, low, surely_low)
            if mean != _NONE:
                parts.append((end - start, mean))
                rate_time += end - start
        for side in self.sides:
            self.at_once(side)
            self.budgets(side)
        self.frozen()
        self.alarmed()
        mkt = kinetic_mean(parts)
        last = max(span.end for span in self.spans)
        limit = self.profile.mkt_max
        if limit is not None and mkt is not None and mkt > limit + 1e-9:
            what = f"Mean kinetic temperature {mkt:.1f} °C over {_long(_minutes(rate_time))}; {limit:g} is allowed."
            self.say(KINETIC, CHECK, last, self.spans[-1].event, what, round(mkt * 10))
        lows = [span.low for span in self.spans if not math.isnan(span.low)]
        highs = [span.high for span in self.spans if not math.isnan(span.high)]
        return Exposure(
            len(self.spans), self.spans[0].start, last, min(lows, default=None), max(highs, default=None),
            _minutes(measured), _minutes(self.skipped), None if mkt is None else round(mkt, 2),
            tuple(use for side in self.sides for use in side.uses()),
            tuple(sorted(self.found, key=lambda breach: (-breach.weight, breach.time, breach.what))),
        )  # fmt: skip

    def say(self, kind: str, severity: str, time: int, event: int, what: str, much: float) -> None:
        weight = (2_000_000 if severity == STOP else 1_000_000) + max(0, min(999_999, round(much)))
        words = f"{what.removesuffix('.')} (profile {self.profile.id})."
        self.found.append(Breach(kind, severity, time, event, words, weight))

    def at_once(self, side: _Side) -> None:
        """Beyond every band nothing is allowed; where there are no bands at all, a person decides."""
        edge = side.last if side.last is not None else side.limit
        if edge is None:
            return
        out = [(span, value) for span in self.spans if (value := _peak(span, side)) > edge]
        if not out:
            return
        first, worst = out[0][0], max(value for _, value in out)
        when = _when(first.start)
        words = "above" if side.warm else "below"
        peak = f"{worst * side.sign:.1f} °C"
        limits = self.limits()
        if side.last is not None:
            what = f"{peak}, first {words} {edge * side.sign:g} °C on {when}; nothing allows that. Allowed is {limits}."
            self.say(BEYOND, STOP, first.start, first.event, what, (worst - edge) * 10)
            return
        sure, most = _minutes(side.sure[0]), _minutes(side.possible[0])
        long = f"for {_long(sure)}" if sure == most else f"for {_long(sure)} to {_long(most)}"
        for_ = f"{long}, first on {when}" if most else f"on {when}"
        what = f"{peak} at worst, {words} {edge * side.sign:g} °C {for_}. Allowed is {limits}."
        self.say(OUTSIDE, CHECK, first.start, first.event, what, most + (worst - edge) * 10)

    def budgets(self, side: _Side) -> None:
        """Give each budget of minutes that has run out."""
        for (beyond, budget), sure, most, (when, surely) in zip(
            side.budgets, side.sure, side.possible, side.ran_out, strict=True
        ):
            if budget is None or not when:
                continue
            words = "above" if side.warm else "below"
            long = _long(_minutes(sure)) if surely else f"up to {_long(_minutes(most))}"
            event = next((span.event for span in self.spans if span.start <= when <= span.end), self.spans[-1].event)
            what = f"{words.capitalize()} {beyond * side.sign:g} °C for {long} in all; {_long(budget)} are allowed."
            severity = STOP if surely else CHECK
            self.say(BUDGET, severity, when, event, what, _minutes(sure if surely else most) - budget)

    def frozen(self) -> None:
        """Below the freezing limit goods are lost at once."""
        limit = self.profile.freeze
        cold = [] if limit is None else [span for span in self.spans if span.low < limit]
        if limit is None or not cold:
            return
        worst = min(span.low for span in cold)
        what = f"It froze: {worst:.1f} °C, first below {limit:g} °C on {_when(cold[0].start)}."
        self.say(FROZEN, STOP, cold[0].start, cold[0].event, what, (limit - worst) * 10)

    def alarmed(self) -> None:
        """A sensor that raises an alarm and tells no value knows more than it says."""
        first = next((span for span in self.spans if span.alarm and math.isnan(span.high)), None)
        if first is not None:
            what = f"Its sensor raised an alarm on {_when(first.start)}, and told no temperature."
            self.say(ALARM, CHECK, first.start, first.event, what, 0)

    def limits(self) -> str:
        """Give what the profile allows, in words."""
        low, high = self.profile.low, self.profile.high
        if low is None:
            return f"{high:g} °C or below"
        return f"{low:g} °C or above" if high is None else f"{low:g} to {high:g} °C"


def _peak(span: _Span, side: _Side) -> float:
    return _known(span.high if side.warm else -span.low)


def _minutes(microseconds: int) -> float:
    return round(microseconds / MINUTE_US, 1)


def _long(minutes: float) -> str:
    return f"{minutes:,.0f} minutes" if minutes < 180 else f"{minutes / 60:,.1f} hours"


def _when(microseconds: int) -> str:
    moment = _EPOCH + datetime.timedelta(microseconds=microseconds)
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def wrong_unit(profile: TemperatureProfile, pieces: Iterable[Piece]) -> bool:
    """Tell whether everything that was read would be in order, had Fahrenheit been called Celsius."""
    low, high = profile.low, profile.high
    values = [v for piece in pieces for r in piece.readings for v in (r.low, r.high) if v is not None]
    turned = [(value - 32) * 5 / 9 for value in values]
    return bool(turned) and all((low is None or low <= v) and (high is None or v <= high) for v in turned)
