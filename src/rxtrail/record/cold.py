"""Temperature profiles as they are kept, what they are attached to, and the readings that events hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.epcis.canonical import parts
from rxtrail.core.epcis.temperature import Reading, readings
from rxtrail.core.rules.cold import FOREVER, RETIRED, USUAL, Piece, TemperatureProfile
from rxtrail.core.rules.contents import counts
from rxtrail.core.rules.route import APPROVED, Lane
from rxtrail.core.rules.steps import Flag, Role
from rxtrail.record.lanes import lanes_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rxtrail.core.rules.authority import Authority
    from rxtrail.core.rules.steps import Step
    from rxtrail.record.off_route import Within
    from rxtrail.store import Reader

KIND: Final = "temperature-profile"  # of what the store keeps
PAGE: Final = 1_000
READINGS_REMEMBERED_MAX: Final = 500_000
KNOWN_MAX: Final = 10_000

encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(TemperatureProfile).decode


def loaded(reader: Reader) -> list[TemperatureProfile]:
    """Read the profiles that were loaded, retired ones too, in the order of their names."""
    found: list[TemperatureProfile] = []
    after = (-1, "")
    while True:
        rows = reader.kept_from(KIND, after, PAGE)
        found.extend(decode(body) for _, _, body in rows)
        if len(rows) < PAGE:
            return sorted(found, key=lambda profile: profile.id)
        after = (rows[-1][1], rows[-1][0])


def every(reader: Reader) -> list[TemperatureProfile]:
    """Give all profiles that can be named: those loaded, and the usual ones that none of these replaces."""
    own = loaded(reader)
    named = {profile.id for profile in own}
    return [*own, *(profile for profile in USUAL if profile.id not in named)]


class Attached(msgspec.Struct, frozen=True, gc=False):
    """A profile that goods must keep to; ``lane`` None: because of the product, wherever it is."""

    profile: TemperatureProfile
    lane: Lane | None = None


class Profiles:
    """Which profiles hold for which products."""

    def __init__(self, reader: Reader) -> None:
        """Read profiles and approved lanes."""
        by_id = {profile.id: profile for profile in every(reader) if profile.state != RETIRED}
        self._own = [profile for profile in by_id.values() if profile.products]
        # Of each lane all versions: which of them holds is a matter of the day.
        lanes = [lane for lane in lanes_of(reader) if lane.state == APPROVED]
        cold = {lane.id for lane in lanes if lane.temperature in by_id}
        self._lanes = [(lane, by_id.get(lane.temperature)) for lane in lanes if lane.id in cold]
        self._known: dict[tuple[str, str], tuple[Attached, ...]] = {}

    def __bool__(self) -> bool:
        """Tell whether any product has a profile."""
        return bool(self._own or self._lanes)

    def of(self, gtin: str, day: str = "") -> tuple[Attached, ...]:
        """Give the profiles of a product; one that it has for its own sake is not given for a lane again.

        With a ``day`` (ISO) of each lane the latest version that holds on it; without, all that lanes ever name.
        """
        known = self._known.get((gtin, day))
        if known is None:
            if len(self._known) > KNOWN_MAX:
                self._known.clear()
            own = [profile for profile in self._own if profile.covers(gtin)]
            latest: dict[str, tuple[Lane, TemperatureProfile | None]] = {}
            for lane, profile in self._lanes:
                if lane.covers(gtin) and (not day or lane.holds_on(day)):
                    # They come in the order of their versions.
                    latest[lane.id if day else f"{lane.id}@{lane.version}"] = (lane, profile)
            known = self._known[(gtin, day)] = (
                *(Attached(profile) for profile in own),
                *(Attached(profile, lane) for lane, profile in latest.values() if profile and profile not in own),
            )
        return known

    def has_lanes(self, gtin: str) -> bool:
        """Tell whether a lane ever named a profile for a product."""
        return any(each.lane is not None for each in self.of(gtin))


class Sensed:
    """The readings of events, read once and remembered."""

    def __init__(self, reader: Reader) -> None:
        """Ask one reader."""
        self._reader = reader
        self._known: dict[int, tuple[Reading, ...]] = {}
        self._count = 0

    def need(self, positions: Iterable[int]) -> None:
        """Read the events at these positions of the log, many at once."""
        missing = [position for position in positions if position not in self._known]
        if not missing:
            return
        if self._count > READINGS_REMEMBERED_MAX:
            self._known.clear()
            self._count = 0
            missing = list(positions)
        for body in self._reader.event_bodies(missing):
            found = readings_of(body.canonical, body.position)
            self._known[body.position] = found
            self._count += len(found)

    def of(self, positions: Iterable[int]) -> list[Reading]:
        """Give the readings of events that were read."""
        return [reading for position in positions for reading in self._known.get(position, ())]

    def pieces(
        self, own: Sequence[Step], around: Iterable[Within], histories: dict[int, list[Step]], authority: Authority,
        issued: dict[int, str], own_issued: str,
    ) -> list[Piece]:  # fmt: skip
        """Give all readings that a thing was exposed to: its own, and those of containers while it was inside."""
        wanted = [(0, FOREVER, _positions(own, authority, own_issued), 0)]
        for number, since, until in around:
            steps = histories.get(number, ())
            wanted.append((since, until, _positions(steps, authority, issued.get(number, "")), number))
        self.need({position for _, _, positions, _ in wanted for position in positions})
        return [
            Piece(since, until, self.of(positions), number) for since, until, positions, number in wanted if positions
        ]


def _positions(steps: Iterable[Step], authority: Authority, issued: str) -> list[int]:
    """Give the events whose readings count: not those of outsiders, nor those that were declared wrong."""
    return [
        step.event
        for step in steps
        # As somebody's child it is told of by the container's own step.
        if step.flags & Flag.SENSED and step.role != Role.CHILD
        and counts(step, authority, issued)
    ]  # fmt: skip


def is_sensed(steps: Iterable[Step]) -> bool:
    """Tell whether anybody ever reported readings of a thing, whatever became of them."""
    return any(step.flags & Flag.SENSED for step in steps)


def readings_of(written: bytes, position: int) -> tuple[Reading, ...]:
    """Read the temperatures of an event from its canonical bytes, without its identifiers."""
    fields, _ = parts(written)
    found, _ = readings(fields.get("sensors", ()), fields["event_time"])
    return tuple(msgspec.structs.replace(reading, event=position) for reading in found)
