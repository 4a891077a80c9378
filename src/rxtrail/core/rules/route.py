"""Approved routes: where a product may go, and where one shipment left its route. Pure.

A *lane* says from where to where a product may go, through whom, in how long. What no lane speaks of is not judged.
One shipment's moves in, its deviations out: the same for every order in which its events came.

Parties are compared as partners, so moves within one company are no moves. A 3PL only carries: the party before it and
the party behind it are what counts. Sold-to and ship-to may differ: a move is allowed when either is. Returns go
anywhere back, and pharmacies lend to each other. The rules are R1 to R9 of docs/routes.md.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from rxtrail.core.rules.authority import OTHER
from rxtrail.core.rules.corridor import km_from, pieces
from rxtrail.core.rules.spots import Spot, impossible
from rxtrail.core.rules.steps import Flag, Key, Role
from rxtrail.core.rules.words import RECEIVES, SENDS, VOID_SHIPPING, gln_of_location, unique

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rxtrail.core.rules.authority import Authority
    from rxtrail.core.rules.corridor import Fix, Point
    from rxtrail.core.rules.steps import Step

STOP, CHECK = "stop", "check"
DRAFT, APPROVED, RETIRED = "draft", "approved", "retired"
STANDING_BY: Final = frozenset({"3pl", "authority"})
"""Roles of those who may see any pack: they carry, or inspect."""
WAYS_MAX: Final = 50
HOUR_US: Final = 3_600 * 1_000_000
_EPOCH = datetime.datetime.fromtimestamp(0, datetime.UTC)


class Lane(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One approved route, in one version.

    ``products`` are GTIN-14s, or starts of them that end with ``*``. ``via`` are those who may stand between, in order,
    each of whom may be left out; ``edges``, where given, are all moves that are allowed, in place of ``via``. Days are
    ISO, "" is open. Trackers may be ``corridor_km`` off its ``corridor`` (points, as latitude and longitude; none:
    straight between its places), and further for ``corridor_minutes``. ``temperature`` names a profile
    (core.rules.cold).
    """

    id: str
    products: list[str]
    origin: str
    destinations: list[str]
    via: list[str] = []
    edges: list[tuple[str, str]] = []
    countries: list[str] = []
    states: list[str] = []
    carriers: list[str] = []
    leg_hours_max: float = 0
    dwell_hours_max: float = 0
    corridor: list[tuple[float, float]] = []
    corridor_km: float = 0
    corridor_minutes: float = 0
    temperature: str = ""
    since: str = ""
    until: str = ""
    version: int = 1
    title: str = ""
    state: str = DRAFT
    loaded_at: str = ""
    loaded_by: str = ""
    approved_at: str = ""
    approved_by: str = ""
    learned: int = 0  # how many moves of the record it was learned from; 0: written by a person

    def covers(self, gtin: str) -> bool:
        """Tell whether it speaks of a product."""
        return any(gtin == each or (each.endswith("*") and gtin.startswith(each[:-1])) for each in self.products)

    def holds_on(self, day: str) -> bool:
        """Tell whether it is valid on a day."""
        return (not self.since or self.since <= day) and (not self.until or day <= self.until)

    def moves(self) -> set[tuple[str, str]]:
        """Give every move that it allows."""
        if self.edges:
            return set(self.edges)
        line = [self.origin, *self.via]
        found = {(one, two) for at, one in enumerate(line) for two in line[at + 1 :]}
        return found | {(one, last) for one in line for last in self.destinations}


class Parties(Protocol):
    """What is known of parties by their GLN."""

    def one(self, gln: str) -> str:
        """Give what stands for all GLNs of its partner."""
        ...

    def role(self, gln: str) -> str:
        """Give its role in the partner table, or ""."""
        ...

    def spot(self, gln: str) -> Spot:
        """Give where it is."""
        ...

    def lapsed(self, gln: str, day: str) -> bool:
        """Tell whether it is listed, and was not authorised on that day."""
        ...

    def name(self, gln: str) -> str:
        """Give it as a person calls it."""
        ...


class Move(msgspec.Struct, frozen=True, gc=False):
    """One despatch or receipt: from and to in the order possessor, place, owner; the first is where it went."""

    key: Key
    event: int
    sends: bool
    froms: tuple[str, ...]
    tos: tuple[str, ...]
    at: str
    returned: bool
    ended: str = ""  # "stolen" or "recalled", as the event itself says

    @property
    def time(self) -> int:
        """Give when it happened, in microseconds."""
        return self.key[0]


class Deviation(msgspec.Struct, frozen=True, gc=False):
    """Where one shipment left its route: ``shipment`` is the order hash of the event that began it."""

    rule: str
    severity: str
    shipment: bytes
    event: int
    time: int
    sender: str
    receiver: str
    lanes: tuple[str, ...]
    what: str
    cause: str  # scanner | late-data | process | suspect
    why: str  # the cause in words
    next: str
    quiet: bool = False  # a person is told, and the counter is not
    part: str = ""  # of an alert that is about several things: which, and the packs that it names
    packs: tuple[str, ...] = ()
    # Of temperatures: which products inside are meant, of what came in from when until before when; and how bad it is.
    gtins: tuple[str, ...] = ()
    inside_since: int = 0
    inside_before: int = 0
    weight: int = 0


class Judged(msgspec.Struct, frozen=True, gc=False):
    """The deviations of one thing, and when to look again if nothing comes (0: never).

    Of the rules in ``blind`` not all was looked at: that they say nothing explains nothing that they said before.
    """

    deviations: tuple[Deviation, ...] = ()
    look_again: int = 0
    blind: frozenset[str] = frozenset()


# -- what moved ----------------------------------------------------------------------------------------------------


def moves_of(steps: Iterable[Step], authority: Authority, issued: str) -> list[Move]:
    """Give the moves of one thing itself, in order; the word of an outsider is none, and a copy counts once."""
    found: list[Move] = []
    for step in sorted(steps, key=lambda step: step.key):
        if step.role != Role.EPC or step.voided or step.flags & Flag.DECLARATION:
            continue
        if not step.flags & Flag.COMMAND and authority.level(step.speakers, issued) <= OTHER:
            continue
        if step.biz_step == VOID_SHIPPING:
            if found and found[-1].sends:
                found.pop()
            continue
        if step.biz_step not in SENDS and step.biz_step not in RECEIVES:
            continue
        move = _move(step)
        if not any((each.time, each.sends, each.froms, each.tos, each.at) == _same(move) for each in found[-3:]):
            found.append(move)
    return found


def _same(move: Move) -> tuple[int, bool, tuple[str, ...], tuple[str, ...], str]:
    return (move.time, move.sends, move.froms, move.tos, move.at)


def _move(step: Step) -> Move:
    sends = step.biz_step in SENDS
    places = (gln_of_location(step.biz_location), gln_of_location(step.read_point))
    froms = _parties(step.source)
    tos = _parties(step.destination)
    speakers = tuple(sorted(step.speakers))
    if sends:
        froms = unique((*froms, *reversed(places), *(() if froms else speakers)))
    at = (places[0] or places[1]) if not sends else (places[1] or places[0])
    if not at:
        at = next(iter(froms if sends else (*tos, *speakers)), "")
    ended = step.disposition if step.disposition in ("stolen", "recalled") else ""
    return Move(step.key, step.event, sends, froms, tos, at, step.disposition == "returned", ended)


def _parties(three: tuple[str, str, str]) -> tuple[str, ...]:
    owner, possessor, location = three
    return unique((possessor, gln_of_location(location), owner))


# -- whether it may ------------------------------------------------------------------------------------------------


class Routes:
    """The lanes that hold, made ready for many moves."""

    def __init__(self, lanes: Iterable[Lane], parties: Parties) -> None:
        """Take all lanes that are approved; of one lane the latest version that is valid counts."""
        self.parties = parties
        self._lanes = [_Ready(lane, parties) for lane in lanes if lane.state == APPROVED]
        self._known: dict[tuple[frozenset[str], str], dict[str, list[_Ready]]] = {}
        self._named: set[str] | None = None
        self._strangers: dict[str, bool] = {}

    def __bool__(self) -> bool:
        """Tell whether there is anything to judge by."""
        return bool(self._lanes)

    def speaks_of(self, gtin: str) -> bool:
        """Tell whether any lane, of whatever day, is about a product."""
        return any(ready.lane.covers(gtin) for ready in self._lanes)

    def of(self, gtins: frozenset[str], day: str) -> dict[str, list[_Ready]]:
        """Give by product the lanes that hold on a day; a product without any is not judged."""
        known = self._known.get((gtins, day))
        if known is None:
            if len(self._known) > 10_000:
                self._known.clear()
            known = self._known[(gtins, day)] = {
                gtin: lanes
                for gtin in gtins
                if (lanes := _latest([r for r in self._lanes if r.lane.covers(gtin) and r.lane.holds_on(day)]))
            }
        return known

    def is_stranger(self, gln: str) -> bool:
        """Tell whether no lane names a party, and it is no carrier."""
        known = self._strangers.get(gln)
        if known is None:
            if self._named is None:
                self._named = {
                    *(gln for ready in self._lanes for gln in ready.nodes | ready.ends),
                    *(self.parties.one(gln) for ready in self._lanes for gln in ready.lane.carriers),
                }
            if len(self._strangers) > 100_000:
                self._strangers.clear()
            known = self._strangers[gln] = not (
                self.parties.one(gln) in self._named or self.parties.role(gln) in STANDING_BY
            )
        return known

    @property
    def has_corridors(self) -> bool:
        """Tell whether any lane bounds where its goods drive."""
        return any(ready.lane.corridor_km for ready in self._lanes)

    def km_beyond(self, fix: Fix, gtins: frozenset[str], sent: Move) -> float | None:
        """Tell how far a fix lies beyond the corridors of its lanes, 0 inside; None where nothing bounds it."""
        beyond: list[float] = []
        for lanes in self.of(gtins, day_of(fix.time)).values():
            ways = [ready.way(sent, self.parties) for ready in lanes]
            if all(ways):
                pairs = zip(lanes, ways, strict=True)
                beyond.append(min(max(0.0, km_from(fix, way) - ready.lane.corridor_km) for ready, way in pairs))
        return max(beyond, default=None)

    def pieces_of(self, gtins: frozenset[str], sent: Move) -> int:
        """Count the pieces of all ways that a fix after this despatch is held against."""
        some = self.of(gtins, day_of(sent.time)).values()
        return sum(len(ready.way(sent, self.parties)) for lanes in some for ready in lanes)

    def corridor_minutes(self, gtins: frozenset[str], day: str) -> float:
        """Give how long goods may be outside: the longest of their lanes."""
        lanes = [ready.lane for some in self.of(gtins, day).values() for ready in some]
        return max((lane.corridor_minutes for lane in lanes), default=0.0)

    def judge(self, moves: Sequence[Move], gtins: frozenset[str], now: int) -> Judged:
        """Judge the moves of one thing that holds these products; ``now`` is in microseconds."""
        return _Way(self, gtins, now).judge(moves) if self._lanes and moves and gtins else Judged()


class _Ready:
    def __init__(self, lane: Lane, parties: Parties) -> None:
        self.lane = lane
        one = parties.one
        self.moves = {(one(a), one(b)) for a, b in lane.moves()}
        self.origin = one(lane.origin)
        self.ends = {one(gln) for gln in lane.destinations}
        self.nodes = {gln for move in self.moves for gln in move} | {self.origin}
        self._above: dict[str, set[str]] = {}
        self._ways: dict[tuple[str, str], list[tuple[Point, Point]]] = {}

    def way(self, sent: Move, parties: Parties) -> list[tuple[Point, Point]]:
        """Give where goods of a despatch may drive: the lane's corridor, else straight between its places.

        Of a large lane only the way of this despatch is taken. Nothing: the lane does not bound it.
        """
        if not self.lane.corridor_km:
            return []
        leg = (sent.froms[0] if sent.froms else "", sent.tos[0] if sent.tos else "")
        known = self._ways.get(leg)
        if known is None:
            if self.lane.corridor:
                known = pieces(self.lane.corridor)
            else:
                moves = {leg, *(self.lane.moves() if len(self.moves) <= WAYS_MAX else ())}
                known = [piece for a, b in moves for piece in _straight(parties.spot(a), parties.spot(b))]
            self._ways[leg] = known
        return known

    def above(self, node: str) -> set[str]:
        """Give all from whom a node may have it."""
        known = self._above.get(node)
        if known is None:
            known, waiting = set(), [node]
            while waiting:
                lower = waiting.pop()
                for one, two in self.moves:
                    if two == lower and one not in known:
                        known.add(one)
                        waiting.append(one)
            self._above[node] = known
        return known


def _straight(one: Spot, two: Spot) -> list[tuple[Point, Point]]:
    if one.latitude is None or one.longitude is None or two.latitude is None or two.longitude is None:
        return []
    return pieces([(one.latitude, one.longitude), (two.latitude, two.longitude)])


def _latest(lanes: list[_Ready]) -> list[_Ready]:
    best: dict[str, _Ready] = {}
    for each in lanes:
        if each.lane.id not in best or best[each.lane.id].lane.version < each.lane.version:
            best[each.lane.id] = each
    return list(best.values())


class _Way:
    """One thing on its way."""

    def __init__(self, routes: Routes, gtins: frozenset[str], now: int) -> None:
        self.routes, self.gtins, self.now = routes, gtins, now
        self.parties = routes.parties
        self.found: list[Deviation] = []
        self.look_again = 0
        self.pending: Move | None = None
        self.since: Move | None = None  # the last receipt
        self.last: Move | None = None
        self.holder: tuple[str, ...] = ()  # who had it last, and does not only carry
        self.had: set[str] = set()

    def judge(self, moves: Sequence[Move]) -> Judged:
        for move in moves:
            self.too_fast(move)
            if move.sends:
                self.send(move)
            else:
                self.receive(move)
            self.last = move
        if self.pending is not None:
            self.overdue(self.pending, self.now, still=True)
        elif self.since is not None:
            self.dwelt(self.since, self.now, still=True)
        return Judged(tuple(self.found), self.look_again)

    def send(self, move: Move) -> None:
        froms = self.without_carriers(move.froms) or self.holder
        if self.since is not None and self.parties.one(self.since.at) in {self.parties.one(g) for g in move.froms}:
            self.dwelt(self.since, move.time, still=False)
        tos = self.without_carriers(move.tos)
        if tos and not move.returned:
            self.edge(move, froms, tos)
        if not move.returned:
            self.places(move, move.tos[:1])
        self.licences(move, (*move.froms[:1], *move.tos[:1]))
        self.had.update(self.parties.one(gln) for gln in froms[:1])
        self.holder = froms
        if self.pending is not None and not froms and self.pending.returned:
            return
        self.pending, self.since = move, None

    def receive(self, move: Move) -> None:
        pending, one = self.pending, self.parties.one
        here = one(move.at) if move.at else ""
        if pending is not None:
            back = here in {one(gln) for gln in pending.froms}  # refused, or undeliverable: it is where it was
            awaited = {one(gln) for gln in pending.tos}
            carried = self.parties.role(move.at) == "3pl"
            if here and awaited and here not in awaited and not (back or carried or pending.returned or move.returned):
                self.other_receiver(pending, move)
            self.overdue(pending, move.time, still=False)
            if carried:
                return  # it is still on its way
        elif here and not move.returned and self.parties.role(move.at) != "3pl":
            froms = self.without_carriers(move.froms) or self.holder
            if froms:
                self.edge(move, froms, (move.at,))
        if not (move.returned or (pending is not None and pending.returned)):
            self.places(move, (move.at,))
        self.licences(move, (move.at,))
        if here:
            self.had.add(here)
            self.holder = (move.at,)
        self.pending, self.since = None, move

    # -- the rules -------------------------------------------------------------------------------------------------

    def edge(self, move: Move, froms: tuple[str, ...], tos: tuple[str, ...]) -> None:
        """R1: the move is on no lane. R8: it goes back, and nobody calls it a return."""
        one = self.parties.one
        some, others = {one(gln) for gln in froms}, {one(gln) for gln in tos}
        if not some or one(tos[0]) in some or one(froms[0]) in others:
            return  # within one company
        wrong = [lanes for lanes in self.lanes(move).values() if self.is_off(lanes, some, others)]
        if not wrong:
            return
        if {self.parties.role(froms[0]), self.parties.role(tos[0])} == {"pharmacy"}:
            return  # a loan
        lanes = [each for some_lanes in wrong for each in some_lanes]
        above = set[str]().union(*(each.above(gln) for each in lanes for gln in some))
        sender, receiver = self.parties.name(froms[0]), self.parties.name(tos[0])
        if others & (above | self.had):
            self.say(
                "R8", CHECK, move, froms[0], tos[0], lanes, f"It goes back from {sender} to {receiver}.", "process",
                "A return that was not called one, or a pack that is put back into the chain.",
                "Ask the sender whether it is a return; if so, have the event say disposition returned.",
            )  # fmt: skip
            return
        allowed = sorted({two for each in lanes for a, two in each.moves if a in some})
        may = ", ".join(self.parties.name(gln) for gln in allowed[:3]) or "nobody"
        what = f"{'Sent' if move.sends else 'Received'} from {sender} to {receiver}; its lanes let it go to {may}."
        if not move.sends:
            cause, why = "late-data", "No despatch to here is on record: most likely its file is late."
        elif self.parties.role(tos[0]):
            cause, why = "process", "The receiver is a listed partner: perhaps a route that nobody has approved yet."
        else:
            cause, why = "suspect", "The receiver is nobody whom the partner table lists: this may be diversion."
        self.say(
            "R1", STOP, move, froms[0], tos[0], lanes, what, cause, why,
            "Have the shipment set aside. Ask the sender; then approve the route, or open an investigation.",
        )  # fmt: skip

    @staticmethod
    def is_off(lanes: list[_Ready], some: set[str], others: set[str]) -> bool:
        if any((a, b) in each.moves for each in lanes for a in some for b in others):
            return False
        known_from = any(some & each.nodes for each in lanes)
        if not known_from:
            # Before any lane begins nothing is judged; whoever brings it in on the way, is.
            middle = set[str]().union(*(each.nodes - {each.origin} for each in lanes))
            return bool(others & middle) and not any(each.origin in others for each in lanes)
        return True

    def places(self, move: Move, glns: tuple[str, ...]) -> None:
        """R2: it is at, or on its way to, a country or state outside of every lane of a product."""
        for gln in glns:
            spot = self.parties.spot(gln)
            if not (spot.country or spot.state):
                continue
            for lanes in self.lanes(move).values():
                bounded = [each for each in lanes if each.lane.countries or each.lane.states]
                if len(bounded) < len(lanes) or any(_is_in(spot, each.lane) for each in bounded):
                    continue
                where = " ".join(part for part in (spot.state, spot.country) if part)
                allowed = ", ".join(
                    sorted({c for each in bounded for c in (*each.lane.countries, *each.lane.states)})[:8]
                )
                self.say(
                    "R2", STOP, move, move.froms[0] if move.froms else "", gln, bounded,
                    f"{self.parties.name(gln)} is in {where}; its lanes hold for {allowed}.", "suspect",
                    "Goods outside of the market they were made for: a wrong address in master data, or diversion.",
                    "Check the place's master data. If it is right, have the shipment set aside and ask the sender.",
                )  # fmt: skip
                break

    def other_receiver(self, pending: Move, move: Move) -> None:
        """R3: somebody else received it than whom it was sent to."""
        lanes = [each for some in self.lanes(move).values() for each in some]
        if not lanes:
            return
        listed = bool(self.parties.role(move.at))
        self.say(
            "R3", STOP, pending, pending.froms[0] if pending.froms else "", move.at, lanes,
            f"Sent to {self.parties.name(pending.tos[0])}, received by {self.parties.name(move.at)}.",
            "process" if listed else "suspect",
            "Delivered to the wrong customer, or passed on without a record." if listed
            else "The receiver is nobody whom the partner table lists: it may have been stolen on the way.",
            "Ask both parties who has the goods now. Do not sell them before that is settled.",
            event=move,
        )  # fmt: skip

    def overdue(self, pending: Move, until: int, *, still: bool) -> None:
        """R4: it is longer on its way than its lanes allow."""
        limits = [each for some in self.lanes(pending).values() for each in some]
        hours = [each.lane.leg_hours_max for each in limits]
        if not hours or not all(hours):
            return
        deadline = pending.time + round(max(hours) * HOUR_US)
        if until <= deadline:
            self.look_again = deadline if still else 0
            return
        gone = (until - pending.time) / HOUR_US
        what = f"Not received {max(hours):,.0f} hours after it left" if still else f"On its way for {gone:,.0f} hours"
        self.say(
            "R4", CHECK, pending, *_ends(pending), limits, f"{what}; its lane allows {max(hours):g}.",
            "late-data" if still else "process",
            "Its receipt was not sent, or the goods are lost or held up." if still else "A delay on the road.",
            "Ask the receiver whether it has the goods." if still
            else "Ask the carrier where it was; look at the cold chain.",
        )  # fmt: skip

    def dwelt(self, since: Move, until: int, *, still: bool) -> None:
        """R4: it lay longer with somebody on the way than its lanes allow; at its destination it may lie."""
        here = self.parties.one(since.at)
        limits = [each for some in self.lanes(since).values() for each in some if here not in each.ends]
        hours = [each.lane.dwell_hours_max for each in limits]
        if not hours or not all(hours):
            return
        deadline = since.time + round(max(hours) * HOUR_US)
        if until <= deadline:
            self.look_again = deadline if still else 0
            return
        where, lay = self.parties.name(since.at), (until - since.time) / HOUR_US
        self.say(
            "R4", CHECK, since, since.at, since.at, limits,
            f"It lies longer at {where} than the {max(hours):g} hours that its lane allows." if still
            else f"It lay {lay:,.0f} hours at {where}; its lane allows {max(hours):g}.",
            "process", "Forgotten goods, or a despatch that was not sent.",
            "Ask the holder whether it still has the goods.",
        )  # fmt: skip

    def too_fast(self, move: Move) -> None:
        """R7: nothing gets from the last place to this one in the time between."""
        last = self.last
        if last is None or not last.at or not move.at or self.parties.one(last.at) == self.parties.one(move.at):
            return
        here, there = self.parties.spot(last.at), self.parties.spot(move.at)
        if here.latitude is None or there.latitude is None or not self.lanes(move):
            return  # partners write the time of a despatch into the receipt: without distances times prove nothing
        found = impossible(here, there, move.time - last.time)
        if found is None:
            return
        assert found.km is not None, "both coordinates are known"
        one, two = self.parties.name(last.at), self.parties.name(move.at)
        self.say(
            "R7", CHECK, self.pending or move, last.at, move.at,
            [each for some in self.lanes(move).values() for each in some],
            f"{found.km:,.0f} km from {one} to {two} in {found.minutes:,.0f} minutes.",
            "scanner", "A clock or time zone that is wrong; else two packs with one number.",
            "Check the clocks of both places; then look at the goods.", event=move,
        )  # fmt: skip

    def licences(self, move: Move, glns: tuple[str, ...]) -> None:
        """R9: a party was not authorised on that day."""
        for gln in glns:
            if gln and self.parties.lapsed(gln, day_of(move.time)) and (lanes := self.lanes(move)):
                name, day = self.parties.name(gln), day_of(move.time)
                self.say(
                    "R9", STOP, move, *_ends(move), [each for some in lanes.values() for each in some],
                    f"{name} was not an authorised trading partner on {day}.", "process",
                    "A licence that ran out, or a table that was not renewed.",
                    "Check the licence. Without one the goods may not be traded.",
                )  # fmt: skip
        if move.ended and (lanes := self.lanes(move)):
            self.say(
                "R11", STOP, move, *_ends(move), [each for some in lanes.values() for each in some],
                f"It moves while it is reported {move.ended}.", "suspect", "Stolen or recalled goods are traded.",
                "Have the shipment stopped and the receiver told.",
            )  # fmt: skip

    # -- words -----------------------------------------------------------------------------------------------------

    def lanes(self, move: Move) -> Mapping[str, list[_Ready]]:
        return self.routes.of(self.gtins, day_of(move.time))

    def without_carriers(self, glns: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(gln for gln in glns if self.parties.role(gln) != "3pl")

    def say(
        self,
        rule: str,
        severity: str,
        shipment: Move,
        sender: str,
        receiver: str,
        lanes: Sequence[_Ready],
        what: str,
        cause: str,
        why: str,
        advice: str,
        *,
        event: Move | None = None,
    ) -> None:
        seen = event or shipment
        names = tuple(sorted({each.lane.id for each in lanes}))
        self.found.append(
            Deviation(
                rule,
                severity,
                shipment.key[1],
                seen.event,
                seen.time,
                sender,
                receiver,
                names,
                what,
                cause,
                why,
                advice,
            )
        )


def _ends(move: Move) -> tuple[str, str]:
    return (move.froms[0] if move.froms else move.at), (move.tos[0] if move.tos else move.at)


def _is_in(spot: Spot, lane: Lane) -> bool:
    in_country = not lane.countries or not spot.country or spot.country in lane.countries
    return in_country and (not lane.states or not spot.state or spot.state in lane.states)


def day_of(microseconds: int) -> str:
    """Give the day of a time, ISO, in UTC."""
    return (_EPOCH + datetime.timedelta(microseconds=microseconds)).date().isoformat()
