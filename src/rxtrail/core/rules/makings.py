"""Which of several statements that a thing was made counts, and which of them contradict each other.

ARCHITECTURE "Statements have authority": the issuer's word before a partner's before anybody else's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from rxtrail.core.rules.authority import PARTNER
from rxtrail.core.rules.steps import Doubt, Flag, Note, Step
from rxtrail.core.rules.words import is_making

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rxtrail.core.rules.authority import Authority


class Weighed(msgspec.Struct, frozen=True, gc=False):
    """The making that counts, if any, and what contradicts it. ``doubts`` gives the log position that raised each."""

    made: Step | None = None
    notes: tuple[Note, ...] = ()
    doubts: tuple[tuple[Doubt, int], ...] = ()


def weigh(ordered: Sequence[Step], issued: str, authority: Authority) -> Weighed:
    """Choose the making that counts: the highest authority, then the earliest.

    A rival that contradicts it holds the pack only when it has authority too, or when neither has any.
    """
    makings = [s for s in ordered if is_making(s) and not s.voided and not s.flags & Flag.DECLARATION]
    if not makings:
        return Weighed()
    if len(makings) == 1:
        return Weighed(makings[0])
    # Opening stock is our own count; any supplier's word on lot and expiry outweighs it.
    ranked = sorted(
        makings, key=lambda s: (bool(s.flags & Flag.COUNTED_IN), -authority.level(s.speakers, issued), s.time, s.hash)
    )
    best = _completed(ranked, issued, authority)
    best_level = authority.level(best.speakers, issued)
    notes: list[Note] = []
    doubts: list[tuple[Doubt, int]] = []
    for rival in ranked[1:]:
        if agree(best.lot, rival.lot):
            continue
        level = authority.level(rival.speakers, issued)
        says = f"lot {_words(rival.lot)} here, lot {_words(best.lot)} in event {best.event}"
        if level == best_level or level >= PARTNER:
            doubts.append((Doubt.TWO_LOTS, max(best.event, rival.event)))
            notes.append(Note("SERIAL_ALREADY_COMMISSIONED", rival.event, f"made twice: {says}", counts=False))
        else:
            notes.append(Note("LOT_MISMATCH", rival.event, f"an outsider states {says}", counts=False))
    return Weighed(best, tuple(notes), tuple(doubts))


def _completed(ranked: Sequence[Step], issued: str, authority: Authority) -> Step:
    """Give the best statement; what it leaves out is filled in by the next best that agrees and has authority."""
    best = ranked[0]
    for other in ranked[1:]:
        if best.lot is None or (best.lot[0] and best.lot[1]):
            break
        if other.lot is not None and agree(best.lot, other.lot) and authority.level(other.speakers, issued) >= PARTNER:
            best = msgspec.structs.replace(best, lot=(best.lot[0] or other.lot[0], best.lot[1] or other.lot[1]))
    return best


def agree(one: tuple[str, str] | None, other: tuple[str, str] | None) -> bool:
    """Tell whether two statements of (lot, expiry) do not contradict each other; silence agrees."""
    if one is None or other is None:
        return True
    return (not one[0] or not other[0] or one[0] == other[0]) and (not one[1] or not other[1] or one[1] == other[1])


def _words(lot: tuple[str, str] | None) -> str:
    return "unstated" if lot is None else f"{lot[0] or 'unstated'}, expiry {lot[1] or 'unstated'}"
