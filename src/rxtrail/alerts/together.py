"""What was sent or received together is judged together: what is missing of a shipment, and what is too much (R5).

A thing on its way is missing only when others of its despatch came, and one that came is too much only when others of
its receipt were announced. So the events that things share are read, once each for all, and what else they name with
them. This goes one step far: what a new event says of one thing changes only those that it was sent or received with.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from rxtrail.core.epcis.canonical import LISTS, parts
from rxtrail.core.rules import contents
from rxtrail.core.rules.route import CHECK, Deviation, Judged, Routes, day_of
from rxtrail.core.rules.steps import Role
from rxtrail.core.rules.words import gln_of_location

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rxtrail.core.rules.authority import Authority
    from rxtrail.core.rules.contents import Differing, Leg, Odd
    from rxtrail.core.rules.route import Move, Parties
    from rxtrail.core.rules.steps import Step
    from rxtrail.store import Reader

_EPCS, _CHILDREN = LISTS.index("epcs"), LISTS.index("children")
LOOK_US: Final = 24 * 3_600 * 1_000_000
"""So often what is missing is looked for again: packs that turn up one by one do not move their box."""
LOOKS_MAX: Final = 30
OPENED_PACKS_MAX: Final = 5_000
Runs = list[list[str]]


class Way:
    """What is known of one thing, or of many alike: its steps and moves, and of which products it holds."""

    def __init__(
        self,
        issued: str,
        steps: Sequence[Step],
        moves: list[Move],
        gtins: frozenset[str],
        authority: Authority,
        number: int = 0,
        histories: dict[int, list[Step]] | None = None,
        moved: dict[int, list[Move]] | None = None,
    ) -> None:
        """A container has a ``number``, and the histories and moves of all that it was ever in."""
        self.issued, self.steps, self.moves, self.gtins = issued, steps, moves, gtins
        self.authority, self.number = authority, number
        self.histories, self.moved = histories or {}, moved or {}
        self.around: frozenset[int] = frozenset()  # of a pack that a stranger told of: all that it was ever in
        self._legs: list[Leg] | None = None

    def legs(self, parties: Parties) -> list[Leg]:
        """Give its despatches and receipts, paired."""
        if self._legs is None:
            seen = contents.sightings_of(self.steps, self.moves, self.authority, self.issued)
            self._legs = contents.legs_of(self.moves, seen, parties.one, parties.role)
        return self._legs

    @cached_property
    def says_contents(self) -> bool:
        """Tell whether anybody told what is in it, other than by packing."""
        return bool(self.number) and any(contents.says_contents(step) for step in self.steps)

    def shipment_at(self, time: int) -> Move | None:
        """Give the last despatch, its own or that of something around it, before a time."""
        found: Move | None = None
        waiting, seen = [self.number], set[int]()
        while waiting:
            here = waiting.pop()
            if here in seen:
                continue
            seen.add(here)
            for move in self.moved.get(here, ()):
                if move.sends and move.time <= time and (found is None or move.key > found.key):
                    found = move
            waiting.extend(
                step.parent for step in self.histories.get(here, ()) if step.role == Role.CHILD and step.time <= time
            )
        return found


class Together:
    """One look at many things."""

    def __init__(
        self,
        reader: Reader,
        parties: Parties,
        known: Callable[[Runs], list[str]],
        ways: Callable[..., dict[str, Way]],
    ) -> None:
        """``known`` gives those of an event's identifiers that matter, ``ways`` reads things."""
        self._reader, self._parties = reader, parties
        self._known, self._read_ways = known, ways
        self._ways: dict[str, Way] = {}
        self._members: dict[int, list[str]] = {}
        self._short: dict[int, Differing | None] = {}
        self._over: dict[int, Differing | None] = {}

    def companions(self, ways: dict[str, Way], fresh: frozenset[int]) -> dict[str, Way]:
        """Give the ways of those that these tell something about, and are not among them."""
        self._ways = dict(ways)
        events = self._telling(ways.values(), fresh)
        self._read(events)
        found = {
            key: self._ways[key]
            for event in events
            for key in self._members[event]
            if key in self._ways and key not in ways and self._is_touched(self._ways[key], events)
        }
        self._read(self._telling(found.values(), frozenset()))  # what these in turn are judged by
        return found

    def _telling(self, ways: Iterable[Way], fresh: frozenset[int]) -> set[int]:
        """Give the events by which these are judged, and by the ``fresh`` ones of which others are."""
        events: set[int] = set()
        for way in {id(way): way for way in ways}.values():
            for leg in way.legs(self._parties):
                if leg.is_open and leg.sent is not None:
                    events.add(leg.sent.event)
                elif leg.is_bare and leg.got is not None:
                    events.add(leg.got.event)
                elif leg.got is not None and leg.sent is not None:
                    pair = {leg.sent.event, leg.got.event}
                    events |= pair if pair & fresh else set()
        return events

    def _is_touched(self, way: Way, events: set[int]) -> bool:
        return any(
            (leg.is_open and leg.sent is not None and leg.sent.event in events)
            or (leg.is_bare and leg.got is not None and leg.got.event in events)
            for leg in way.legs(self._parties)
        )

    def _read(self, events: set[int]) -> None:
        fresh = events - self._members.keys()
        for body in self._reader.event_bodies(fresh):
            self._members[body.position] = self._known(parts(body.canonical)[1][_EPCS])
        missing = {key for event in fresh for key in self._members[event]} - self._ways.keys()
        if missing:
            self._ways.update(self._read_ways(missing, changed=False))

    # -- judging ---------------------------------------------------------------------------------------------------

    def judge(self, key: str, way: Way, routes: Routes, now: int) -> Judged:
        """Judge what one thing has to do with others."""
        if not way.gtins:
            return Judged()
        found: list[Judged] = []
        for leg in way.legs(self._parties):
            differing: Differing | None = None
            if leg.is_open and leg.sent is not None:
                differing = self._shortage(leg.sent, now)
            elif leg.is_bare and leg.got is not None:
                differing = self._surplus(leg.got)
            if differing is not None and key in differing.things:
                sent = differing.sent
                found.append(self._told(differing.odd, sent.key[1], sent.time, way, routes, now, "", sent))
        if way.says_contents:
            odd = contents.disagreement(
                contents.acts_of(way.steps, way.authority, way.issued, self._children_of(way.steps))
            )
            if odd is not None:
                shipment = way.shipment_at(odd.time)
                name = shipment.key[1] if shipment is not None else b"contents:" + key.encode()
                found.append(self._told(odd, name, odd.time, way, routes, now, key, shipment))
        answer = Judged()
        for each in found:
            answer = merged(answer, each)
        return answer

    def _shortage(self, sent: Move, now: int) -> Differing | None:
        if sent.event not in self._short:
            members = self._legs_of(sent.event)
            found = contents.shortage(sent, members, self._parties.one)
            if found is not None and now >= found.odd.since:
                # Before anybody is told: a box of which packs were seen at the receiver's has come.
                opened = {key for key in found.things if self._is_opened(self._ways[key], sent)}
                there = [contents.Leg(sent, None, implied=True)]
                members.update(dict.fromkeys(opened, there))
                found = contents.shortage(sent, members, self._parties.one) if opened else found
            self._short[sent.event] = found
        return self._short[sent.event]

    def _is_opened(self, way: Way, sent: Move) -> bool:
        """Tell whether a pack of a container was seen by those to whom it was sent."""
        if not way.number:
            return False
        awaited = {self._parties.one(gln) for gln in sent.tos}
        children = self._children_of(way.steps)
        packs: dict[str, list[str]] = {}
        for step in way.steps:
            for key in children(step.event) if step.role == Role.PARENT and step.action == "ADD" else ():
                if key.startswith("01/") and len(packs.setdefault(key[3:17], [])) < OPENED_PACKS_MAX:
                    packs[key[3:17]].append(key[21:])
        for gtin, serials in packs.items():
            product = self._reader.product(gtin)
            if product is None:
                continue
            rows = self._reader.units_of(product[0], serials)
            found = self._reader.unit_parts(product[0], (row for row in rows.values() if row.own is not None))
            every = {each for part in found.values() for each in part}
            for step in self._reader.steps(every):
                glns = (gln_of_location(step.read_point), gln_of_location(step.biz_location), *step.speakers)
                if (
                    step.time >= sent.time
                    and not step.voided
                    and awaited & {self._parties.one(gln) for gln in glns if gln}
                ):
                    return True
        return False

    def _surplus(self, got: Move) -> Differing | None:
        if got.event not in self._over:
            found = contents.surplus(got, self._legs_of(got.event)) if self._parties.role(got.at) != "3pl" else None
            self._over[got.event] = found
        return self._over[got.event]

    def _legs_of(self, event: int) -> dict[str, list[Leg]]:
        ways = self._ways
        return {key: ways[key].legs(self._parties) for key in self._members.get(event, ()) if key in ways}

    def _children_of(self, steps: Iterable[Step]) -> Callable[[int], frozenset[str]]:
        events = {step.event for step in steps if step.role == Role.PARENT}
        found = {
            body.position: frozenset(
                key + serial for key, serials in parts(body.canonical)[1][_CHILDREN] for serial in serials.split("\n")
            )
            for body in self._reader.event_bodies(events)
        }
        return lambda event: found.get(event, frozenset())

    def _told(
        self, odd: Odd, shipment: bytes, time: int, way: Way, routes: Routes, now: int, thing: str, sent: Move | None
    ) -> Judged:
        lanes = routes.of(way.gtins, day_of(odd.time))
        if not lanes:
            return Judged()
        if now < odd.since:
            return Judged((), odd.since)
        cause, why, advice = contents.cause_of(odd)
        names = tuple(sorted({each.lane.id for some in lanes.values() for each in some}))
        deviation = Deviation(
            "R5", CHECK, shipment, odd.event, time, sent.froms[0] if sent is not None and sent.froms else "", odd.at,
            names, contents.what_of(odd, self._parties.name(odd.at), thing), cause, why, advice,
            part=thing or odd.kind, packs=(*odd.missing, *odd.extra),
        )  # fmt: skip
        days = (now - odd.since) // LOOK_US + 1
        return Judged((deviation,), odd.since + days * LOOK_US if days <= LOOKS_MAX else 0)


def merged(one: Judged, other: Judged) -> Judged:
    """Give what two judgements say together."""
    again = min((at for at in (one.look_again, other.look_again) if at), default=0)
    return Judged((*one.deviations, *other.deviations), again, one.blind | other.blind)
