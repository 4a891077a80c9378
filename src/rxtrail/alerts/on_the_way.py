"""What was told of a thing between its moves: where its tracker was (R6), and who had it that nobody named (R10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rxtrail.core.epcis.canonical import parts
from rxtrail.core.epcis.positions import GEO, positions
from rxtrail.core.rules import contents, corridor, strangers
from rxtrail.core.rules.corridor import Fix, Odd, Report
from rxtrail.core.rules.route import CHECK, Deviation, Judged, day_of, moves_of
from rxtrail.core.rules.steps import Flag, Role
from rxtrail.core.rules.words import gln_of_location

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rxtrail.alerts.together import Way
    from rxtrail.core.rules.corridor import Excursion
    from rxtrail.core.rules.route import Move, Routes
    from rxtrail.core.rules.steps import Step
    from rxtrail.store import Reader
    from rxtrail.store.rows import EventHead

TRACKER: Final = "tracker"
NONSENSE_MIN: Final = 3
"""Every tracker tells nonsense at times; so much in one shipment is worth a look at the device."""
EVENTS_MAX: Final = 5_000
FIXES_MAX: Final = 20_000
WORK_MAX: Final = 500_000
FIXES_MIN: Final = 100
"""So much of a tracker is looked at, the newest of it: events, fixes, and fixes times pieces of its lanes' ways."""
EVENTS_AT_ONCE: Final = 200
STRAYS_MAX: Final = 20_000
LOOK_US: Final = 24 * 3_600 * 1_000_000
LOOKS_MAX: Final = 30


def tells_of_it(head: EventHead, routes: Routes) -> bool:
    """Tell whether an event is one that these rules look at."""
    if (head.flags & Flag.SENSED or head.read_point.startswith(GEO)) and routes.has_corridors:
        return True
    if not strangers.may_be_one(head.kind, head.action, head.biz_step):
        return False
    return bool(strangers.party_of(head.speakers, _glns(head), routes.is_stranger))


class Strays:
    """Packs that a stranger told of, with all that they were in: what moves that moves them."""

    def __init__(self) -> None:
        """Start empty."""
        self._around: dict[str, frozenset[int]] = {}

    def __bool__(self) -> bool:
        """Tell whether there is any."""
        return bool(self._around)

    def __contains__(self, key: object) -> bool:
        """Tell whether a pack is one."""
        return key in self._around

    def note(self, keys: Iterable[str]) -> None:
        """Remember packs; the oldest are forgotten, and looked at once a day all the same."""
        for key in keys:
            self._around.setdefault(key, frozenset())
        for key in [*self._around][: max(0, len(self._around) - STRAYS_MAX)]:
            del self._around[key]

    def put(self, key: str, around: frozenset[int]) -> None:
        """Note what a pack was ever in."""
        self._around[key] = around

    def among(self, runs: Iterable[list[str]]) -> set[str]:
        """Give those that stand in these runs."""
        return {key + serial for key, serials in runs for serial in serials.split("\n") if key + serial in self._around}

    def around(self, numbers: set[int]) -> set[str]:
        """Give those that were ever in one of these."""
        return {key for key, inside in self._around.items() if inside & numbers} if self._around else set()


class OnTheWay:
    """Judges single things, on one reader."""

    def __init__(self, reader: Reader, routes: Routes) -> None:
        """Take the lanes that hold."""
        self._reader, self._routes = reader, routes
        self._around: dict[frozenset[int], list[Move]] = {}
        self._inside: dict[frozenset[int], frozenset[int]] = {}

    def judge(self, way: Way, now: int) -> Judged:
        """Judge one thing, or many alike, by what was told between its moves."""
        if not way.gtins:
            return Judged()
        found, again = self._strangers(way, now)
        fixes, whole = self._fixes(way)
        return Judged((*fixes, *found), again, frozenset() if whole else frozenset(("R6", TRACKER)))

    # -- R6 --------------------------------------------------------------------------------------------------------

    def _fixes(self, way: Way) -> tuple[list[Deviation], bool]:
        """Judge what a tracker told; tell whether all of it was looked at."""
        routes = self._routes
        if not routes.has_corridors or not way.moves:
            return [], True
        told = [step for step in way.steps if _has_place(step) and contents.counts(step, way.authority, way.issued)]
        if not told:
            return [], True
        sends = [move for move in way.moves if move.sends]
        reports, whole = self._reports(told)
        good, odd = corridor.sound(reports)
        ways = max((routes.pieces_of(way.gtins, sent) for sent in sends[-1:]), default=0)
        looked = max(FIXES_MIN, min(FIXES_MAX, WORK_MAX // max(1, ways)))
        whole = whole and len(good) <= looked
        good = good[-looked:]
        found: list[Deviation] = []

        def away(fix: Fix) -> float | None:
            sent = _last(sends, fix.time)
            return None if sent is None else routes.km_beyond(fix, way.gtins, sent)

        first = sends[0] if sends else None
        minutes = routes.corridor_minutes(way.gtins, day_of(first.time)) if first is not None else 0.0
        worst: dict[bytes, tuple[Move, Excursion]] = {}
        for each in corridor.excursions(good, away, minutes):
            sent = _last(sends, each.first.time)
            assert sent is not None, "what is judged is on its way"
            worst.setdefault(sent.key[1], (sent, each))
        for sent, each in worst.values():
            found.append(self._excursion(way, sent, each))
        by_shipment: dict[bytes, tuple[Move, list[Odd]]] = {}
        for fix in odd:
            sent = _last(sends, fix.time)
            if sent is not None and routes.of(way.gtins, day_of(sent.time)):
                by_shipment.setdefault(sent.key[1], (sent, []))[1].append(fix)
        for sent, some in by_shipment.values():
            if len(some) >= NONSENSE_MIN:
                found.append(self._nonsense(way, sent, some))
        newest = _last(sends, good[-1].time) if good else None
        if not whole and newest is not None and routes.of(way.gtins, day_of(newest.time)):
            found = [each for each in found if (each.rule, each.shipment) != (TRACKER, newest.key[1])]
            found.append(self._too_much(way, newest, good[0], by_shipment.get(newest.key[1], (newest, []))[1]))
        return found, whole

    def _reports(self, steps: list[Step]) -> tuple[list[Report], bool]:
        """Give the newest reports in the order of their events, and whether these are all there are."""
        newest = sorted(steps, key=lambda step: step.key, reverse=True)[:EVENTS_MAX]
        reports: list[Report] = []
        count = 0
        for first in range(0, len(newest), EVENTS_AT_ONCE):
            some = newest[first : first + EVENTS_AT_ONCE]
            sensed = {step.event for step in some if step.flags & Flag.SENSED}
            sensors = {body.position: _sensors(body.canonical) for body in self._reader.event_bodies(sensed)}
            for step in some:
                fixes, odd = positions(step.read_point, sensors.get(step.event, []), step.time)
                latest = sorted(fixes)[max(0, len(fixes) + count - FIXES_MAX) :]
                told = tuple(Odd(each.time, step.event, each.why) for each in odd)
                reports.append(Report(step.event, tuple(Fix(*fix, step.event) for fix in latest), told))
                count += len(latest)
                if len(latest) < len(fixes):
                    return reports[::-1], False
        return reports[::-1], len(newest) == len(steps)

    def _excursion(self, way: Way, sent: Move, each: Excursion) -> Deviation:
        minutes = (each.last.time - each.first.time) / 60e6
        what = (
            f"Up to {each.km:,.0f} km outside of its corridor for {minutes:,.0f} minutes"
            f" ({each.fixes:,} fixes, the last at {each.last.latitude:.3f}, {each.last.longitude:.3f})."
        )
        cause, why = (
            ("process", "It came back: a detour, or a road that was closed.")
            if each.ended
            else ("suspect", "It has not come back: a wrong way, or goods that were taken.")
        )
        return self._deviation(
            "R6", way, sent, each.first.time, each.last.event, what, cause, why,
            "Ask the carrier where the goods are and why." if each.ended
            else "Ask the carrier now where the goods are. If it does not know, tell the police.",
        )  # fmt: skip

    def _nonsense(self, way: Way, sent: Move, some: list[Odd]) -> Deviation:
        what = f"{len(some):,} positions of its tracker cannot be true, such as: {some[0].why}."
        return self._deviation(
            TRACKER, way, sent, some[0].time, some[0].event, what, "scanner",
            "A tracker without reception, or with a wrong clock. Nothing was judged by these positions.",
            "Have the tracker looked at.", quiet=True,
        )  # fmt: skip

    def _too_much(self, way: Way, sent: Move, first: Fix, odd: list[Odd]) -> Deviation:
        told = (
            f" {len(odd):,} other positions cannot be true, such as: {odd[0].why}." if len(odd) >= NONSENSE_MIN else ""
        )
        what = (
            f"Its tracker told more positions than are looked at. The oldest that are, are of {day_of(first.time)}: "
            f"what was told of those before stays as it was.{told}"
        )
        return self._deviation(
            TRACKER, way, sent, sent.time, sent.event, what, "scanner",
            "A tracker that tells its place too often, or a corridor with very many places.",
            "Have the tracker tell its place less often, say once in five minutes, or draw the corridor more simply.",
            quiet=True,
        )  # fmt: skip

    # -- R10 -------------------------------------------------------------------------------------------------------

    def _strangers(self, way: Way, now: int) -> tuple[list[Deviation], int]:
        routes, parties = self._routes, self._routes.parties
        told = [
            step
            for step in way.steps
            if strangers.may_be_one(step.kind, step.action, step.biz_step)
            and strangers.party_of(step.speakers, _glns(step), routes.is_stranger)
        ]
        if not told:
            return [], 0
        moves = [*way.moves, *self.moves_around(way)]
        found: list[Deviation] = []
        every = strangers.strangers(told, moves, routes.is_stranger, parties.one, parties.role)
        for seen in sorted(every, key=lambda each: (not each.listed, each.time))[:1]:
            sent = _last(sorted((m for m in moves if m.sends), key=lambda move: move.key), seen.time)
            if sent is None or not routes.of(way.gtins, day_of(seen.time)):
                continue
            name = parties.name(seen.gln)
            cause, why = (
                ("process", "A listed partner that no lane, despatch or receipt of these goods names.")
                if seen.listed
                else ("suspect", "Nobody whom the partner table lists: a copied code, or goods that went another way.")
            )
            found.append(
                self._deviation(
                    "R10", way, sent, seen.time, seen.event,
                    f"{name} told of it, and no lane, despatch or receipt names that party.", cause, why,
                    "Ask who sent it there. Without an answer treat it as suspect, and look at the pack.",
                    receiver=seen.gln, quiet=not seen.listed, part=seen.gln,
                )
            )  # fmt: skip
        # What it is in may move without it being judged, when this process was begun after it was seen.
        first = min(step.time for step in told)
        days = max(0, now - first) // LOOK_US + 1
        return found, first + days * LOOK_US if days <= LOOKS_MAX else 0

    def moves_around(self, way: Way) -> list[Move]:
        """Give the moves of all that a thing was ever in."""
        if way.number:
            return [move for number, some in way.moved.items() if number != way.number for move in some]
        parents = frozenset(step.parent for step in way.steps if step.role == Role.CHILD and step.parent)
        if parents not in self._around:
            histories = self._reader.histories(parents) if parents else {}
            self._inside[parents] = frozenset(histories)
            self._around[parents] = [
                move for steps in histories.values() for move in moves_of(steps, way.authority, way.issued)
            ]
        way.around = self._inside[parents]
        return self._around[parents]

    # -- words -----------------------------------------------------------------------------------------------------

    def _deviation(
        self,
        rule: str,
        way: Way,
        sent: Move,
        time: int,
        event: int,
        what: str,
        cause: str,
        why: str,
        advice: str,
        *,
        receiver: str = "",
        quiet: bool = False,
        part: str = "",
    ) -> Deviation:
        lanes = self._routes.of(way.gtins, day_of(time))
        names = tuple(sorted({each.lane.id for some in lanes.values() for each in some}))
        return Deviation(
            rule, CHECK, sent.key[1], event, time, sent.froms[0] if sent.froms else "",
            receiver or (sent.tos[0] if sent.tos else ""), names, what, cause, why, advice, quiet=quiet, part=part,
        )  # fmt: skip


def _last(sends: list[Move], time: int) -> Move | None:
    """Give the last despatch at a time."""
    found: Move | None = None
    for move in sends:
        if move.time > time:
            break
        found = move
    return found


def _has_place(step: Step) -> bool:
    return step.role in (Role.EPC, Role.PARENT) and (
        bool(step.flags & Flag.SENSED) or step.read_point.casefold().startswith(GEO)
    )


def _glns(told: Step | EventHead) -> list[str]:
    return [gln for place in (told.read_point, told.biz_location) if (gln := gln_of_location(place))]


def _sensors(canonical: bytes) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = parts(canonical)[0].get("sensors", [])
    return found
