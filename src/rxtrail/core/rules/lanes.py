"""Whether lanes make sense, alone and together, and which lanes a record's own history suggests. Pure."""

from __future__ import annotations

import datetime
import itertools
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.gs1 import check_digit
from rxtrail.core.rules.route import RETIRED, Lane

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

ERROR, WARNING = "error", "warning"
ID_CHARACTERS_MAX: Final = 40
NODES_MAX: Final = 20_000
HOURS_MAX: Final = 24 * 366
CORRIDOR_POINTS_MAX: Final = 1_000
CORRIDOR_KM_MAX: Final = 5_000
SUGGESTED_MIN: Final = 3
"""So many moves between two parties make a habit; fewer may be the very deviation that one looks for."""


class LaneFlaw(msgspec.Struct, frozen=True, gc=False):
    """What is wrong, or odd, about a lane; an error keeps it out."""

    lane: str
    severity: str
    code: str
    message: str
    place: str = ""


def flaws_of(lane: Lane, listed: Callable[[str], bool]) -> list[LaneFlaw]:
    """Tell what is wrong with one lane by itself; ``listed`` tells whether a GLN is in the partner table."""
    found: list[LaneFlaw] = []

    def say(code: str, message: str, place: str, severity: str = ERROR) -> None:
        found.append(LaneFlaw(lane.id, severity, code, message, place))

    if not lane.id.strip() or len(lane.id) > ID_CHARACTERS_MAX or not lane.id.isprintable():
        say("lane-id", f"a lane has a name of 1 to {ID_CHARACTERS_MAX} characters", "id")
    for product in lane.products:
        whole = product.removesuffix("*")
        if not (whole.isascii() and whole.isdigit()):
            say("lane-product", f"{product[:30]!r} is no GTIN-14, nor the start of one with * behind it", "products")
        elif product == whole and not (len(whole) == 14 and check_digit.is_valid(whole)):
            say("lane-product", f"{product[:30]} is not a GTIN-14 with a right check digit", "products")
    if not lane.products:
        say("lane-product", "it names no product", "products")
    if not lane.destinations:
        say("lane-destination", "it leads nowhere: it names no destination", "destinations")
    if len(lane.destinations) + len(lane.via) + len(lane.edges) > NODES_MAX:
        say("lane-size", f"it has more than {NODES_MAX:,} places and moves", "destinations")
    named = {gln: place for place, glns in _places(lane) for gln in glns}
    for gln, place in named.items():
        if not (len(gln) == 13 and gln.isascii() and gln.isdigit() and check_digit.is_valid(gln)):
            say("lane-gln", f"{gln[:30]!r} is not a GLN with a right check digit", place)
        elif not listed(gln):
            say("lane-gln-unknown", f"GLN {gln} is not in the partner table: it can only mean itself", place, WARNING)
    _check_shape(lane, say)
    for day, place in ((lane.since, "since"), (lane.until, "until")):
        if day and not _is_day(day):
            say("lane-date", f"{day[:20]!r} is not a date such as 2026-01-31", place)
    if lane.since and lane.until and lane.since > lane.until:
        say("lane-date", f"it ends on {lane.until}, before it begins on {lane.since}", "until")
    for hours, place in ((lane.leg_hours_max, "leg_hours_max"), (lane.dwell_hours_max, "dwell_hours_max")):
        if not 0 <= hours <= HOURS_MAX:
            say("lane-hours", f"{hours} is not a number of hours from 0 to {HOURS_MAX:,}", place)
    for codes, place in ((lane.countries, "countries"), (lane.states, "states")):
        say_codes = [code for code in codes if not (len(code) in (2, 3) and code.isalnum() and code.isupper())]
        for code in say_codes:
            say("lane-country", f"{code[:20]!r} is not a code such as US or IL", place)
    _check_corridor(lane, say)
    if lane.version < 1:
        say("lane-version", "versions begin at 1", "version")
    return found


def _places(lane: Lane) -> list[tuple[str, list[str]]]:
    return [
        ("origin", [lane.origin]),
        ("destinations", lane.destinations),
        ("via", lane.via),
        ("edges", [gln for edge in lane.edges for gln in edge]),
    ]


def _check_corridor(lane: Lane, say: Callable[[str, str, str], None]) -> None:
    """A corridor has a width, and leads over places on earth."""
    for latitude, longitude in lane.corridor:
        if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
            say("lane-corridor", f"{latitude:g}, {longitude:g} is no latitude and longitude in degrees", "corridor")
    if len(lane.corridor) == 1 or len(lane.corridor) > CORRIDOR_POINTS_MAX:
        say("lane-corridor", f"a corridor has 2 to {CORRIDOR_POINTS_MAX:,} points", "corridor")
    if lane.corridor and not lane.corridor_km:
        say("lane-corridor", "a corridor has a width: corridor_km", "corridor_km")
    if not 0 <= lane.corridor_km <= CORRIDOR_KM_MAX:
        say("lane-corridor", f"{lane.corridor_km} is not a width from 0 to {CORRIDOR_KM_MAX:,} km", "corridor_km")
    if not 0 <= lane.corridor_minutes <= HOURS_MAX * 60:
        say("lane-corridor", f"{lane.corridor_minutes} is not a number of minutes", "corridor_minutes")


def _check_shape(lane: Lane, say: Callable[[str, str, str], None]) -> None:
    """A lane goes from its origin to each destination, and never in a ring."""
    if lane.via and lane.edges:
        say("lane-shape", "give the parties between (via) or the moves (edges), not both", "edges")
        return
    line = [lane.origin, *lane.via]
    twice = sorted(gln for gln, times in Counter(line).items() if times > 1)
    if twice and not lane.edges:
        say("lane-loops", f"the route loops: it comes through {twice[0]} twice", "via")
        return
    back = (
        sorted(set(lane.destinations) & set(line)) if not lane.edges else sorted({lane.origin} & {*lane.destinations})
    )
    if back:
        say("lane-loops", f"the route loops: {back[0]} is a destination and lies on the way there", "destinations")
        return
    moves = lane.moves()
    below: dict[str, set[str]] = defaultdict(set)
    for one, two in moves:
        below[one].add(two)
    ring = _ring(below)
    if ring:
        say("lane-loops", "the route loops: " + " to ".join(ring), "edges")
        return
    reached, waiting = {lane.origin}, [lane.origin]
    while waiting:
        for gln in below[waiting.pop()] - reached:
            reached.add(gln)
            waiting.append(gln)
    for gln in lane.destinations:
        if gln not in reached:
            say("lane-shape", f"no moves lead from the origin to {gln}", "destinations")
    for gln in sorted({one for one, _ in moves} - reached):
        say("lane-shape", f"no moves lead from the origin to {gln}, from where it goes on", "edges")


def _ring(below: dict[str, set[str]]) -> list[str]:
    """Give one ring of moves, its first party again at the end; nothing when there is none."""
    done: set[str] = set()
    for start in sorted(below):
        if start in done:
            continue
        path: dict[str, None] = {start: None}
        climbing = [iter(sorted(below[start]))]
        while climbing:
            following = next(climbing[-1], None)
            if following is None:
                climbing.pop()
                done.add(path.popitem()[0])
            elif following in path:
                way = list(path)
                return [*way[way.index(following) :], following]
            elif following not in done:
                path[following] = None
                climbing.append(iter(sorted(below.get(following, ()))))
    return []


def contradictions(lanes: Sequence[Lane]) -> list[LaneFlaw]:
    """Tell which lanes say different things of one product between the same two parties at the same time.

    Of two such lanes the wider one would hold, and the narrower one for nothing; a person has to say which is meant.
    """
    found: list[LaneFlaw] = []
    by_end: dict[tuple[str, str], list[Lane]] = defaultdict(list)
    for lane in lanes:
        if lane.state != RETIRED:
            for destination in lane.destinations:
                by_end[(lane.origin, destination)].append(lane)
    told: set[tuple[str, str]] = set()
    for (origin, destination), some in sorted(by_end.items()):
        for at, one in enumerate(some):
            for other in some[at + 1 :]:
                pair = (one.id, other.id)
                if pair in told or one.id == other.id or not _meet(one, other):
                    continue
                differ = [name for name in _LIMITS if getattr(one, name) != getattr(other, name)]
                if differ:
                    told.add(pair)
                    words = " and ".join(
                        f"{each.id} says {', '.join(f'{name} {_shown(getattr(each, name))}' for name in differ)}"
                        for each in pair_of(one, other)
                    )
                    found.append(
                        LaneFlaw(
                            other.id, ERROR, "lanes-contradict",
                            f"lanes {one.id} and {other.id} contradict each other from {origin} to {destination}: "
                            f"{words}",
                            differ[0],
                        )
                    )  # fmt: skip
    return found


_LIMITS = ("countries", "states", "leg_hours_max", "dwell_hours_max", "temperature")


def pair_of(one: Lane, other: Lane) -> tuple[Lane, Lane]:
    """Give both in the order of their names."""
    return (one, other) if one.id <= other.id else (other, one)


def _shown(value: object) -> str:
    return " ".join(map(str, value)) or "any" if isinstance(value, list) else f"{value or 'any'}"


def _meet(one: Lane, other: Lane) -> bool:
    same_days = (one.since or "") <= (other.until or "9") and (other.since or "") <= (one.until or "9")
    return same_days and any(_share(a, b) for a in one.products for b in other.products)


def _share(one: str, other: str) -> bool:
    if one.endswith("*") and other.endswith("*"):
        return one[:-1].startswith(other[:-1]) or other[:-1].startswith(one[:-1])
    if one.endswith("*"):
        return other.startswith(one[:-1])
    return one.startswith(other[:-1]) if other.endswith("*") else one == other


def suggested(moves: Iterable[tuple[str, str, str]]) -> list[Lane]:
    """Make lanes, as drafts, of the moves (GTIN, from, to) that were seen often; rare ones are left out.

    One lane a product and origin: all habitual moves that can be reached from there without a ring.
    """
    counts = Counter(moves)
    found: list[Lane] = []
    by_gtin: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    for (gtin, one, two), times in counts.items():
        if times >= SUGGESTED_MIN and one != two:
            by_gtin[gtin][(one, two)] = times
    for gtin, habits in sorted(by_gtin.items()):
        # Of two directions the one that is gone more often is the way; the other are returns.
        edges = {edge: n for edge, n in habits.items() if n > habits.get((edge[1], edge[0]), 0)}
        below: dict[str, set[str]] = defaultdict(set)
        for one, two in edges:
            below[one].add(two)
        while ring := _ring(below):
            rarest = min(itertools.pairwise(ring), key=lambda edge: (edges[edge], edge))
            below[rarest[0]].discard(rarest[1])
            del edges[rarest]
        for origin in sorted({one for one, _ in edges} - {two for _, two in edges}):
            reached = _reached(below, origin)
            own = sorted(edge for edge in edges if edge[0] in reached)
            ends = sorted(gln for gln in reached if not below.get(gln))
            seen = sum(edges[edge] for edge in own)
            name = f"learned-{gtin}-{origin}"
            found.append(Lane(name, [gtin], origin, ends, edges=own, title="Learned from the record", learned=seen))
    return found


def _reached(below: dict[str, set[str]], origin: str) -> set[str]:
    reached, waiting = {origin}, [origin]
    while waiting:
        for gln in below.get(waiting.pop(), set()) - reached:
            reached.add(gln)
            waiting.append(gln)
    return reached


def _is_day(text: str) -> bool:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == len("YYYY-MM-DD")
