"""From new events to what was too warm or too cold: which things have readings, what was in them, judged.

A pallet's readings are judged once for each time at which something was put into it; what is inside inherits the mark.
Only what was in several things that have readings (a case with a logger of its own on a pallet with another, a pack
that was packed again) is judged by itself, by all that it went through. Nothing is done for each pack of a pallet.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from rxtrail.alerts.judging import Contents, is_package, lists_of, runs_of
from rxtrail.core.epcis.event import AGGREGATION
from rxtrail.core.rules import cold
from rxtrail.core.rules.authority import issued_as
from rxtrail.core.rules.cold import Piece, expose, wrong_unit
from rxtrail.core.rules.route import Deviation, Judged, Move, day_of, moves_of
from rxtrail.core.rules.steps import Flag, Role
from rxtrail.core.rules.strangers import MOVING
from rxtrail.record.cold import Attached, Profiles, Sensed, is_sensed
from rxtrail.record.exact import Shelf, state_of
from rxtrail.record.lanes import PartyTable
from rxtrail.record.off_route import around

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rxtrail.core.rules.authority import Authority
    from rxtrail.core.rules.cold import Breach, Exposure
    from rxtrail.core.rules.route import Lane
    from rxtrail.core.rules.steps import Step
    from rxtrail.record.off_route import Within
    from rxtrail.store import Reader

RULE: Final = "R12"
DAY_US: Final = 24 * 3_600 * 1_000_000
SERIALS_AT_ONCE: Final = 5_000
REMEMBERED_MAX: Final = 200_000
WINDOWS_MAX: Final = 64
"""Of a box that was filled in so many goes the later ones are judged as if they had been there from the last one on."""
NEXT: Final = {
    cold.FROZEN: "Set aside: frozen goods look like good ones. Ask the maker before anybody uses them.",
    cold.KINETIC: "Set aside at the right temperature. Judge the logger's whole curve, and explain the alert.",
    cold.ALARM: "Read the logger out. Explain the alert when its curve is in order.",
}
NEXT_DEFAULT: Final = (
    "Set aside at the right temperature. Ask the maker with the logger's curve; explain the alert if it may be used."
)
WHY: Final = {
    cold.FROZEN: "Goods beside ice packs or a cooler's outlet, or an unplugged logger lying there.",
    cold.KINETIC: "A little too warm for long.",
    cold.ALARM: "The logger has limits of its own.",
}
WHY_DEFAULT: Final = (
    "A cooler that failed, a door that stood open, or a wait on a ramp; else a logger that lay elsewhere."
)
WHY_UNIT: Final = "Every value would be in order had it been Fahrenheit: most likely the unit is wrong."


class Wanderers:
    """Packs with a story of their own in containers with readings: only these may have been in several.

    The packs of a packing are looked up once. Who begins to wander later is noted when that is judged.
    """

    def __init__(self) -> None:
        """Start empty; whatever is forgotten is looked up again."""
        self.looked_at: set[int] = set()  # packings
        self.of: dict[int, set[str]] = {}  # container -> packs

    def note(self, number: int, key: str) -> None:
        """Note a pack of a container."""
        self.of.setdefault(number, set()).add(key)

    def forget_if_many(self) -> None:
        """Begin anew when it is too much to remember."""
        if len(self.looked_at) > REMEMBERED_MAX or len(self.of) > REMEMBERED_MAX:
            self.looked_at.clear()
            self.of.clear()


class ColdJudge:
    """Judges things on one reader, for one thread, by the profiles that it is given."""

    def __init__(
        self, reader: Reader, authority: Authority, profiles: Profiles, wanderers: Wanderers | None = None
    ) -> None:
        """Take what is known of profiles and parties now; ``wanderers`` outlives it."""
        self._wanderers = Wanderers() if wanderers is None else wanderers
        self._wanderers.forget_if_many()
        self._reader = reader
        self._authority = authority
        self.profiles = profiles
        self._parties = PartyTable(reader)
        self._sensed = Sensed(reader)
        self._nodes: dict[tuple[str, int], frozenset[str]] = {}

    # -- which things ----------------------------------------------------------------------------------------------

    def judge_events(self, positions: Iterable[int], marked: Iterable[str]) -> dict[str, Judged]:
        """Judge what these events may have changed: ``marked`` is what has marks now."""
        heads = self._reader.event_heads(positions)
        known = frozenset(marked)
        wanted = {
            position
            for position, head in heads.items()
            if head.flags & Flag.SENSED
            or head.kind == AGGREGATION
            or head.action == "DELETE"
            or (known and head.biz_step in MOVING)
        }
        things: set[str] = set()
        packed: dict[str, list[list[str]]] = defaultdict(list)
        for body in self._reader.event_bodies(wanted):
            head = heads[body.position]
            parent, runs, children = lists_of(body.canonical)
            if parent:
                things.add(parent)
                packed[parent] += children
            for key, serials in runs:
                if head.flags & Flag.SENSED or not is_package(key + serials.split("\n", 1)[0]):
                    things.update(key + serial for serial in serials.split("\n"))
                elif known:
                    things.update(known.intersection(key + serial for serial in serials.split("\n")))
        return self._judge(things, packed)

    def judge(self, keys: Iterable[str]) -> dict[str, Judged]:
        """Judge these things anew."""
        return self._judge(set(keys), {})

    def _judge(self, things: set[str], packed: dict[str, list[list[str]]]) -> dict[str, Judged]:
        inner_keys = {
            key + serial
            for runs in packed.values()
            for key, serials in runs
            if not is_package(key + serials.split("\n", 1)[0]) or self._holds(key[3:17])
            for serial in serials.split("\n")
        }
        numbers = self._reader.container_ids(things | inner_keys)
        shelf = Shelf(self._reader, self._authority)
        shelf.need(set(numbers.values()))
        judged = {key: Judged() for key in things if key in numbers}
        packs: dict[str, set[str]] = defaultdict(set)
        for key in things:
            if key not in numbers and is_package(key):
                packs[key[3:17]].add(key[21:])
        if any(is_sensed(steps) for steps in shelf.histories.values()):
            near = {number for number in numbers.values() if self._sensed_around(shelf, number)}
            by_number = {number: key for key, number in numbers.items()}
            for parent, runs in packed.items():
                if numbers.get(parent) in near:
                    _add_packs(packs, runs)
            judged.update(self._containers(shelf, near, by_number, packs))
        for gtin, serials in packs.items():
            ordered = sorted(serials)
            for at in range(0, len(ordered), SERIALS_AT_ONCE):
                judged.update(self._packs(shelf, gtin, ordered[at : at + SERIALS_AT_ONCE]))
        return judged

    def _holds(self, gtin: str) -> bool:
        known = self._reader.product(gtin)
        return known is not None and known[1]

    @staticmethod
    def _sensed_around(shelf: Shelf, number: int) -> int:
        """Count the things with readings among a container and all that it was ever in."""
        timeline = shelf.containers(number)
        outer = {each for each, _, _ in around(timeline, shelf.containers)} if timeline is not None else set()
        return sum(is_sensed(shelf.histories.get(each, ())) for each in outer | {number})

    # -- containers ------------------------------------------------------------------------------------------------

    def _containers(
        self, shelf: Shelf, near: set[int], by_number: dict[int, str], packs: dict[str, set[str]]
    ) -> dict[str, Judged]:
        """Judge containers with readings and what is inside of them; add to ``packs`` those that came out again."""
        wanted, level = set(near), set(near)
        while level:
            inner = self._inside(shelf, level, packs)
            level = set(inner) - wanted
            by_number.update(inner)
            shelf.need(level)
            wanted |= level
        contents = Contents(self._reader)
        products = contents.of(wanted, shelf.histories) if self.profiles else {}
        judged: dict[str, Judged] = {}
        for number in wanted:
            own = is_sensed(shelf.histories[number])
            if self.profiles and (own or self._sensed_around(shelf, number) > 1):
                judged[by_number[number]] = self._container(shelf, number, by_number[number], products[number])
            else:
                judged[by_number[number]] = Judged()  # what it is in has the mark
        return judged

    def _inside(self, shelf: Shelf, numbers: set[int], packs: dict[str, set[str]]) -> dict[int, str]:
        """Give the containers that were ever put into these, by number; note the packs that may have been elsewhere."""
        events = {
            step.event: number
            for number in numbers
            for step in shelf.histories[number]
            if step.role == Role.PARENT and step.kind == AGGREGATION
        }
        keys: set[str] = set()
        unknown: dict[str, dict[str, int]] = defaultdict(dict)
        for body in self._reader.event_bodies(events):
            for key, serials in runs_of(body.canonical, children=True):
                if not is_package(key + serials.split("\n", 1)[0]):
                    keys.update(key + serial for serial in serials.split("\n"))
                    continue
                if self._holds(key[3:17]):
                    keys.update(key + serial for serial in serials.split("\n"))
                if body.position not in self._wanderers.looked_at:
                    unknown[key[3:17]].update(dict.fromkeys(serials.split("\n"), events[body.position]))
        for gtin, serials_of in unknown.items():
            self._look_for_wanderers(gtin, serials_of)
        self._wanderers.looked_at.update(events)
        for number in numbers:
            for key in self._wanderers.of.get(number, ()):
                packs[key[3:17]].add(key[21:])
        return {number: key for key, number in self._reader.container_ids(keys).items()}

    def _look_for_wanderers(self, gtin: str, serials: dict[str, int]) -> None:
        known = self._reader.product(gtin)
        if known is None:
            return
        every = [*serials]
        for at in range(0, len(every), SERIALS_AT_ONCE):
            for serial, unit in self._reader.units_of(known[0], every[at : at + SERIALS_AT_ONCE]).items():
                if unit.own is not None:
                    self._wanderers.note(serials[serial], f"01/{gtin}/21/{serial}")

    def _container(self, shelf: Shelf, number: int, key: str, gtins: frozenset[str]) -> Judged:
        timeline = shelf.containers(number)
        if timeline is None:
            return Judged()
        places = list(around(timeline, shelf.containers))
        steps = shelf.histories[number]
        pieces = self._pieces(shelf, steps, places, issued_as(key))
        if not pieces:
            return Judged()
        way = self._way(shelf, steps, places, issued_as(key), key)
        found: list[Deviation] = []
        for since, before in _windows(steps, pieces):
            found += self._left(pieces, gtins, way, since, before)
        if is_package(key):  # a case is a trade item, too: it answers for itself
            found += self._left(pieces, frozenset((key[3:17],)), way, 0, 0)
        return _ordered(found)

    # -- loose packs -----------------------------------------------------------------------------------------------

    def _packs(self, shelf: Shelf, gtin: str, serials: Sequence[str]) -> dict[str, Judged]:
        known = self._reader.product(gtin)
        if known is None:
            return {}
        # A pack without a story of its own has its box's.
        units = {s: unit for s, unit in self._reader.units_of(known[0], serials).items() if unit.own is not None}
        parts = self._reader.unit_parts(known[0], units.values())
        groups: dict[Any, list[str]] = defaultdict(list)
        for serial, part in parts.items():
            groups[part].append(serial)
        every = list({each for part in groups for each in part})
        steps = dict(zip(every, self._reader.steps(every), strict=True))
        judged: dict[str, Judged] = {}
        for part, members in groups.items():
            answer, numbers = self._pack(shelf, gtin, members[0], [steps[each] for each in part])
            for number in numbers:
                for serial in members:
                    self._wanderers.note(number, f"01/{gtin}/21/{serial}")
            judged.update(dict.fromkeys((f"01/{gtin}/21/{serial}" for serial in members), answer))
        return judged

    def _pack(self, shelf: Shelf, gtin: str, serial: str, steps: list[Step]) -> tuple[Judged, set[int]]:
        """Judge one of several packs with the same story; give the containers whose readings matter to it, too."""
        if not self.profiles.of(gtin):
            return Judged(), set()
        exact = state_of(steps, gtin, shelf)
        places = list(around(exact.timeline, shelf.containers))
        sensed = {number for number, _, _ in places if is_sensed(shelf.histories.get(number, ()))}
        if not is_sensed(step for step in steps if step.role != Role.CHILD) and len(sensed) < 2:
            return Judged(), set()  # what it was in has the mark
        pieces = self._pieces(shelf, steps, places, gtin)
        way = self._way(shelf, steps, places, gtin, f"01/{gtin}/21/{serial}")
        return _ordered(self._left(pieces, frozenset((gtin,)), way, 0, 0)), {number for number, _, _ in places}

    # -- looking ---------------------------------------------------------------------------------------------------

    def looked_at(self, key: str) -> tuple[list[Piece], list[tuple[Attached, tuple[str, ...], Exposure]]] | None:
        """Give the readings of a pack or container, and what its profiles make of them; None: not on record."""
        shelf = Shelf(self._reader, self._authority)
        known = self._reader.product(key[3:17]) if is_package(key) else None
        units = self._reader.units_of(known[0], [key[21:]]) if known is not None else {}
        steps: Sequence[Step]
        if known is not None and units:
            steps = self._reader.unit_steps(known[0], key[21:], units[key[21:]])
            timeline = state_of(list(steps), key[3:17], shelf).timeline
            gtins = frozenset((key[3:17],))
        else:
            row = self._reader.container(key)
            if row is None:
                return None
            shelf.need({row.id})
            steps, found = shelf.histories[row.id], shelf.containers(row.id)
            assert found is not None, "a container that was read has a history"
            timeline = found
            gtins = Contents(self._reader).of({row.id}, shelf.histories)[row.id] or frozenset(
                (key[3:17],) if is_package(key) else ()
            )
        places = list(around(timeline, shelf.containers))
        pieces = self._pieces(shelf, steps, places, issued_as(key))
        way = self._way(shelf, steps, places, issued_as(key), key)
        uses = [(a, some, expose(a.profile, pieces)) for a, some in self._meant(gtins, way[1], pieces)]
        return pieces, [use for use in uses if use[2].readings]

    # -- judging ---------------------------------------------------------------------------------------------------

    def _pieces(self, shelf: Shelf, own: Sequence[Step], places: Sequence[Within], issued: str) -> list[Piece]:
        rows = self._reader.containers({number for number, _, _ in places})
        names = {number: issued_as(row.key) for number, row in rows.items()}
        return self._sensed.pieces(own, places, shelf.histories, self._authority, names, issued)

    def _way(
        self, shelf: Shelf, own: Sequence[Step], places: Sequence[Within], issued: str, key: str
    ) -> tuple[str, list[Move]]:
        moves = moves_of(own, self._authority, issued)
        rows = self._reader.containers({number for number, _, _ in places})
        for number, since, until in places:
            found = moves_of(shelf.histories.get(number, ()), self._authority, issued_as(rows[number].key))
            moves += [move for move in found if since <= move.time <= until]
        return key, sorted(moves, key=lambda move: move.key)

    def _left(
        self, pieces: Sequence[Piece], gtins: frozenset[str], way: tuple[str, list[Move]], since: int, before: int
    ) -> list[Deviation]:
        """Give how these products left their profiles, of what was inside from a moment on."""
        found: list[Deviation] = []
        for attached, some in self._meant(gtins, way[1], pieces):
            exposure = expose(attached.profile, pieces, since)
            if exposure.breaches:
                unit = wrong_unit(attached.profile, pieces)
                found += [
                    self._deviation(attached, breach, some, way, since, before, unit=unit)
                    for breach in exposure.breaches
                ]
        return found

    def _meant(
        self, gtins: frozenset[str], moves: Sequence[Move], pieces: Sequence[Piece]
    ) -> list[tuple[Attached, tuple[str, ...]]]:
        """Give the profiles that hold, each with the products that it holds for."""
        meant: dict[tuple[str, str], tuple[Attached, list[str]]] = {}
        for gtin in sorted(gtins):
            for name, attached in self._holding(gtin, moves, pieces).items():
                meant.setdefault(name, (attached, []))[1].append(gtin)
        return [(attached, tuple(some)) for attached, some in meant.values()]

    def _holding(self, gtin: str, moves: Sequence[Move], pieces: Sequence[Piece]) -> dict[tuple[str, str], Attached]:
        """Give the profiles of a product, and of the lanes that held on the days when it was on them.

        Goods that never moved may be on their way yet: of them the days of their readings count.
        """
        found = {(each.profile.id, ""): each for each in self.profiles.of(gtin) if each.lane is None}
        if not self.profiles.has_lanes(gtin):
            return found
        ways: list[tuple[str, Sequence[str] | None]] = [
            (day_of(move.time), [gln for gln in (*move.froms, *move.tos, move.at) if gln]) for move in moves
        ]
        if not moves:
            days = {reading.start // DAY_US for piece in pieces for reading in piece.readings}
            ways = [(day_of(day * DAY_US), None) for day in sorted(days)]
        for day, glns in ways:
            for each in self.profiles.of(gtin, day):
                if each.lane is not None and (glns is None or self._is_on(each.lane, glns)):
                    found.setdefault((each.profile.id, each.lane.id), each)
        return found

    def _is_on(self, lane: Lane, glns: Iterable[str]) -> bool:
        """Tell whether a lane leads over any of these places."""
        one = self._parties.one
        name = (lane.id, lane.version)
        if name not in self._nodes:
            named = (lane.origin, *lane.via, *lane.destinations, *(gln for edge in lane.edges for gln in edge))
            self._nodes[name] = frozenset(one(gln) for gln in named)
        return any(one(gln) in self._nodes[name] for gln in glns)

    def _deviation(
        self, attached: Attached, breach: Breach, gtins: tuple[str, ...], way: tuple[str, list[Move]], since: int,
        before: int, *, unit: bool,
    ) -> Deviation:  # fmt: skip
        key, moves = way
        sent = next((move for move in reversed(moves) if move.sends and move.time <= breach.time), None)
        shipment = hashlib.sha256(key.encode()).digest() if sent is None else sent.key[1]
        sender = "" if sent is None or not sent.froms else sent.froms[0]
        receiver = "" if sent is None or not sent.tos else sent.tos[0]
        lanes = (attached.lane.id,) if attached.lane is not None else ()
        cause, why = ("scanner", WHY_UNIT) if unit else ("process", WHY.get(breach.kind, WHY_DEFAULT))
        return Deviation(
            RULE, breach.severity, shipment, breach.event, breach.time, sender, receiver, lanes, breach.what, cause,
            why, NEXT.get(breach.kind, NEXT_DEFAULT),
            gtins=gtins, inside_since=since, inside_before=before, weight=breach.weight,
        )  # fmt: skip


def _windows(steps: Sequence[Step], pieces: Sequence[Piece]) -> list[tuple[int, int]]:
    """Give from when and before when goods were put in, so that all of one part went through the same readings."""
    times = sorted(
        {
            step.time
            for step in steps
            if step.role == Role.PARENT and step.action == "ADD" and not step.voided
            and not step.flags & Flag.DECLARATION
        }
    )  # fmt: skip
    begins = sorted({reading.start for piece in pieces for reading in piece.readings})
    found: list[int] = []
    following = 0
    for time in times:
        passed = following
        while following < len(begins) and begins[following] < time:
            following += 1
        if not found or (passed < following and len(found) < WINDOWS_MAX):
            found.append(time)
    return [(since, found[at + 1] if at + 1 < len(found) else 0) for at, since in enumerate(found)]


def _ordered(found: list[Deviation]) -> Judged:
    """Give what was found, the worst last."""
    return Judged(tuple(sorted(found, key=lambda d: (d.weight, -d.time, d.what))))


def _add_packs(packs: dict[str, set[str]], runs: Iterable[Sequence[str]]) -> None:
    for key, serials in runs:
        if is_package(key + serials.split("\n", 1)[0]):
            packs[key[3:17]].update(serials.split("\n"))
