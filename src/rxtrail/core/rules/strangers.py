"""A party that was never in the chain (R10): no lane, despatch or receipt names it, and yet it had a pack. Pure.

Who holds a pack scans it, so this is a code that was copied, goods that went another way than their papers, or a
despatch that has not come yet. What an outsider says is told to a person and never to the counter: nobody freezes
genuine packs by sending a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.rules.steps import Flag, Role
from rxtrail.core.rules.words import RECEIVES, SENDS, VOID_SHIPPING, gln_of_location

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rxtrail.core.rules.route import Move
    from rxtrail.core.rules.steps import Step

MOVING: Final = SENDS | RECEIVES | {VOID_SHIPPING}
CARRYING: Final = frozenset(
    (
        "transporting", "sensor_reporting", "loading", "unloading", "staging_outbound", "en_route",
        "entering_exiting_facility",
    )
)  # fmt: skip
"""Steps of who only carries, and need not be in any table."""


class Sighting(msgspec.Struct, frozen=True, gc=False):
    """Somebody told of a thing."""

    time: int
    event: int
    gln: str
    listed: bool


def may_be_one(kind: str, action: str, biz_step: str) -> bool:
    """Tell whether an event of this form tells that somebody had a thing, beside moving it."""
    return (
        action not in ("ADD", "")
        and biz_step not in MOVING
        and biz_step not in CARRYING
        and kind in ("ObjectEvent", "TransactionEvent")
    )


def party_of(speakers: Iterable[str], places: Iterable[str], is_stranger: Callable[[str], bool]) -> str:
    """Give the stranger who told of a thing; "" when whoever speaks is known: they may have places that are not."""
    said = sorted(speakers)
    if any(not is_stranger(gln) for gln in said):
        return ""
    return next((gln for gln in (*places, *said) if gln and is_stranger(gln)), "")


def strangers(
    steps: Iterable[Step],
    moves: Sequence[Move],
    is_stranger: Callable[[str], bool],
    one: Callable[[str], str],
    role: Callable[[str], str],
) -> list[Sighting]:
    """Give who had a thing after it first left, and stands in no lane, despatch or receipt of it; each once."""
    sends = [move for move in moves if move.sends]
    if not sends:
        return []
    begun = min(move.key for move in sends)
    named = {one(gln) for move in moves for gln in (*move.froms, *move.tos, move.at) if gln}
    found: dict[str, Sighting] = {}
    for step in sorted(steps, key=lambda step: step.key):
        if step.role != Role.EPC or step.voided or step.flags & (Flag.DECLARATION | Flag.COMMAND) or step.key < begun:
            continue
        if not may_be_one(step.kind, step.action, step.biz_step):
            continue
        places = (gln_of_location(step.read_point), gln_of_location(step.biz_location))
        gln = party_of(step.speakers, places, is_stranger)
        if gln and one(gln) not in named:
            found.setdefault(one(gln), Sighting(step.time, step.event, gln, bool(role(gln))))
    return list(found.values())
