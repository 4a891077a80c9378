"""Short, over and mixed (R5): what somebody found in a container or a shipment, against what the record says. Pure.

Reads are missed every day, so a shortage says little by itself: how much is missing tells a scanner from a part
delivery and from a theft. Nothing is told at once. Whatever a later document completes within the waiting time was
never missing, and what is completed after it explains itself, since a thing is always judged by all that is known of
it. Small shortages wait a week: most of these packs are seen again.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.rules.authority import OTHER
from rxtrail.core.rules.route import Move
from rxtrail.core.rules.steps import Flag, Key, Role
from rxtrail.core.rules.words import empties, gln_of_location

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from rxtrail.core.rules.authority import Authority
    from rxtrail.core.rules.steps import Step

_HOUR_US: Final = 3_600 * 1_000_000
WAIT_US: Final = 24 * _HOUR_US
SMALL_WAIT_US: Final = 7 * 24 * _HOUR_US
SMALL_SHARE: Final = 0.05
"""As much as readers miss on a bad day; one is always small."""
PART_SHARE: Final = 0.5
"""From here on it is a part of the delivery, or of the file, that has not come."""
NAMED_MAX: Final = 3
PACKS_MAX: Final = 1_000


class Act(msgspec.Struct, frozen=True, gc=False):
    """What one aggregation says of a container; no children with DELETE: all came out."""

    key: Key
    event: int
    action: str
    children: frozenset[str]
    at: str = ""


class Odd(msgspec.Struct, frozen=True, gc=False):
    """What does not agree: ``kind`` is short, over or mixed; ``since`` from when on it is told."""

    kind: str
    time: int
    event: int
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    count: int
    at: str = ""

    @property
    def since(self) -> int:
        """Give when it has waited long enough."""
        small = self.kind == "short" and is_small(len(self.missing), self.count)
        return self.time + (SMALL_WAIT_US if small else WAIT_US)


def is_small(missing: int, count: int) -> bool:
    """Tell whether so much missing of so many is what readers miss."""
    return missing <= max(1, int(count * SMALL_SHARE))


def disagreement(acts: Iterable[Act]) -> Odd | None:
    """Compare what was found in a container with what had been put in; the first that does not agree.

    What a later act tells of is not missing. A box that is unpacked little by little is judged when most is out.
    """
    ordered = sorted(acts, key=lambda act: act.key)
    inside: set[str] = set()
    seen_later = _seen_later(ordered)
    out: set[str] = set()
    held = 0
    last: Act | None = None
    for index, act in enumerate(ordered):
        if act.action == "ADD":
            inside |= act.children
            continue
        if act.action == "DELETE":
            if not act.children:
                inside.clear()
                out.clear()
                last = None
                continue
            extra = act.children - inside - out
            if extra:
                return Odd("over", act.key[0], act.event, (), _named(extra), len(inside), act.at)
            held = max(held, len(inside) + len(out))
            inside -= act.children
            out |= act.children
            last = act
            continue
        if inside and _kinds(inside).isdisjoint(_kinds(act.children)):
            continue  # packs are listed where boxes were put in, or the other way round: another level
        missing = inside - act.children - seen_later[index]
        extra = act.children - inside
        if missing or extra:
            kind = "mixed" if missing and extra else "short" if missing else "over"
            return Odd(kind, act.key[0], act.event, _named(missing), _named(extra), len(inside), act.at)
    if last is not None and inside and len(out) >= PART_SHARE * held:
        return Odd("short", last.key[0], last.event, _named(inside), (), held, last.at)
    return None


def _seen_later(acts: Sequence[Act]) -> list[set[str]]:
    """Give for each act what those after it tell of as having been there."""
    found: list[set[str]] = [set() for _ in acts]
    later: set[str] = set()
    for index in range(len(acts) - 1, -1, -1):
        found[index] = set(later)
        if acts[index].action != "ADD":
            later |= acts[index].children
    return found


def _kinds(keys: Iterable[str]) -> set[str]:
    return {key[:3] for key in keys}


def _named(keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(keys)[:PACKS_MAX])


def says_contents(step: Step) -> bool:
    """Tell whether a step of a container says what is in it, other than by packing."""
    return step.role == Role.PARENT and step.action in ("DELETE", "OBSERVE") and not step.flags & Flag.EMPTIES


def counts(step: Step, authority: Authority, issued: str) -> bool:
    """Tell whether a step may be judged by: the word of an outsider is none."""
    if step.voided or step.flags & Flag.DECLARATION:
        return False
    return bool(step.flags & Flag.COMMAND) or authority.level(step.speakers, issued) > OTHER


def acts_of(
    steps: Iterable[Step], authority: Authority, issued: str, children: Callable[[int], frozenset[str]]
) -> list[Act]:
    """Give what a container's steps say of its contents; ``children`` reads those of an event."""
    found: list[Act] = []
    for step in steps:
        if not counts(step, authority, issued):
            continue
        at = gln_of_location(step.read_point) or gln_of_location(step.biz_location)
        if empties(step):
            found.append(Act(step.key, step.event, "DELETE", frozenset(), at))
        elif step.role == Role.PARENT and step.action:
            found.append(Act(step.key, step.event, step.action, children(step.event), at))
    return found


# -- shipments -----------------------------------------------------------------------------------------------------


class Leg(msgspec.Struct, frozen=True, gc=False):
    """One despatch of a thing with the receipt that ended it; either may not be on record."""

    sent: Move | None
    got: Move | None
    implied: bool = False  # nobody told its receipt, and somebody had it afterwards
    again: bool = False  # a receipt by who has it already

    @property
    def is_open(self) -> bool:
        """Tell whether it is on its way."""
        return self.got is None and not self.implied

    @property
    def is_bare(self) -> bool:
        """Tell whether it was received without a despatch."""
        return self.sent is None and not self.again


class Differing(msgspec.Struct, frozen=True, gc=False):
    """A despatch, what does not agree with it, and of which things that is true."""

    sent: Move
    odd: Odd
    things: frozenset[str]


class Seen(msgspec.Struct, frozen=True, gc=False):
    """Somebody told of a thing beside its moves: it was in their hands."""

    time: int
    glns: tuple[str, ...]


def sightings_of(steps: Iterable[Step], moves: Sequence[Move], authority: Authority, issued: str) -> list[Seen]:
    """Give who told of a thing after its first move, moves left out."""
    if not moves:
        return []
    events = {move.event for move in moves}
    return [
        Seen(step.time, (gln_of_location(step.biz_location), gln_of_location(step.read_point), *sorted(step.speakers)))
        for step in steps
        if step.event not in events and step.time >= moves[0].time and counts(step, authority, issued)
    ]


def legs_of(
    moves: Sequence[Move], seen: Sequence[Seen], one: Callable[[str], str], role: Callable[[str], str]
) -> list[Leg]:
    """Pair the despatches of one thing with its receipts; what a 3PL receives is still on its way."""
    legs: list[Leg] = []
    pending: Move | None = None
    holder = ""
    for move in moves:
        if move.sends:
            if pending is not None:
                legs.append(Leg(pending, None, implied=True))
            pending = move
        elif not (pending is not None and role(move.at) == "3pl"):
            here = one(move.at)
            legs.append(Leg(pending, move, again=pending is None and here == holder))
            pending, holder = None, here
    if pending is not None:
        awaited = {one(gln) for gln in pending.tos}
        there = any(each.time >= pending.time and awaited & {one(g) for g in each.glns if g} for each in seen)
        legs.append(Leg(pending, None, implied=there))
    return legs


def shortage(sent: Move, members: Mapping[str, Sequence[Leg]], one: Callable[[str], str]) -> Differing | None:
    """Tell what of a despatch is missing, when other things of it were received; ``members`` are all that it names."""
    if sent.returned:
        return None
    awaited = {one(gln) for gln in sent.tos}
    last: Move | None = None
    missing: set[str] = set()
    for key, legs in members.items():
        here = next((each for each in legs if each.sent is not None and each.sent.event == sent.event), None)
        if here is None:
            continue
        if here.is_open:
            missing.add(key)
        elif here.got is not None and one(here.got.at) in awaited and (last is None or here.got.key > last.key):
            last = here.got
    if last is None or not missing:
        return None  # of a despatch of which nothing was received R4 speaks
    odd = Odd("short", last.time, last.event, _named(missing), (), len(members), last.at)
    return Differing(sent, odd, frozenset(missing))


def surplus(got: Move, members: Mapping[str, Sequence[Leg]]) -> Differing | None:
    """Tell what of a receipt no despatch names, when other things of it came by one."""
    if got.returned:
        return None
    despatches: Counter[int] = Counter()
    sent: dict[int, Move] = {}
    extra: set[str] = set()
    for key, legs in members.items():
        here = next((each for each in legs if each.got is not None and each.got.event == got.event), None)
        if here is None:
            continue
        if here.is_bare:
            extra.add(key)
        elif here.sent is not None and not here.sent.returned:
            despatches[here.sent.event] += 1
            sent[here.sent.event] = here.sent
    if not despatches or not extra:
        return None  # nothing of it was announced: its despatch is late, or its sender tells none
    most = max(despatches.values())
    despatch = min((sent[event] for event, count in despatches.items() if count == most), key=lambda move: move.key)
    odd = Odd("over", got.time, got.event, (), _named(extra), len(members), got.at)
    return Differing(despatch, odd, frozenset(extra))


# -- words ---------------------------------------------------------------------------------------------------------


def what_of(odd: Odd, name: str, thing: str = "") -> str:
    """Say what was found, at a place of this name; ``thing`` is the container, "" a shipment."""
    where = f"in {thing}" if thing else "of its shipment"
    short = f"{len(odd.missing):,} of {odd.count:,} {where} were not found at {name}" if odd.missing else ""
    over = f"{len(odd.extra):,} more were found {where} at {name} than the record has" if odd.extra else ""
    return f"{'; '.join(part for part in (short, over) if part)}: {_some(odd.missing or odd.extra)}."


def _some(keys: Sequence[str]) -> str:
    more = f" and {len(keys) - NAMED_MAX:,} more" if len(keys) > NAMED_MAX else ""
    return ", ".join(keys[:NAMED_MAX]) + more


def cause_of(odd: Odd) -> tuple[str, str, str]:
    """Give the probable cause, the cause in words, and what to do."""
    if odd.kind == "mixed":
        return (
            "process", "Packs of two containers were exchanged, or the packing was told wrongly.",
            "Count what is in it. Have who packed it correct its events, then explain the alert.",
        )  # fmt: skip
    if odd.kind == "over":
        return (
            "late-data", "The despatch or the packing that names these has most likely not come yet.",
            "Ask the sender for it. Do not sell what no paper names.",
        )  # fmt: skip
    missing = len(odd.missing)
    if is_small(missing, odd.count):
        return (
            "scanner", "So few, and the rest came: most likely they were not read.",
            "Read them again where they should lie. If they are not there, tell the sender.",
        )  # fmt: skip
    if missing >= PART_SHARE * odd.count:
        return (
            "process", "A large part: a part delivery, or a part of the receipt that was not sent.",
            "Ask the receiver for the rest of its receipt.",
        )  # fmt: skip
    return (
        "suspect", "More than readers miss, and the rest came: it may have been taken out on the way.",
        "Count at once. Ask the carrier and the sender; report a theft if it is one.",
    )  # fmt: skip
