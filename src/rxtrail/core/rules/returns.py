"""Returns laundering (S13): packs that come back and cannot be those that were sold. Pure.

A return is how a copy gets papers: it is handed in under a genuine number, and sold again as what came back. It shows
by what the record knows of that number: sold to somebody else, dispensed before, seen where it never was sent, returned
more often than it was sold. What the seller itself did not tell says nothing against who returns it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.rules.steps import Flag
from rxtrail.core.rules.words import SENDS, end_of, places_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rxtrail.core.rules.route import Move
    from rxtrail.core.rules.steps import Step

DISPENSED, ELSEWHERE, OTHERS, AGAIN, UNTOLD = "dispensed", "seen-elsewhere", "sold-to-another", "again", "never-sold"
KINDS: Final = (DISPENSED, ELSEWHERE, OTHERS, AGAIN, UNTOLD)
MANY: Final = "many"
MANY_MIN: Final = 20
MANY_SHARE: Final = 0.5
"""Of saleable packs one in fifty comes back; of one customer's half is no customer."""
_TAKES_BACK: Final = frozenset({"wholesaler", "maker", "repackager", "3pl"})


class Odd(msgspec.Struct, frozen=True, gc=False):
    """What is odd about one returned pack."""

    kind: str
    party: str = ""  # to whom it was sold, who dispensed it, or where it was seen


def is_return(
    biz_step: str, disposition: str, froms: Iterable[str], tos: Iterable[str], role: Callable[[str], str]
) -> bool:
    """Tell whether a despatch is a return: it says so, or a pharmacy sends to who sells to pharmacies."""
    if biz_step not in SENDS:
        return False
    if disposition == "returned":
        return True
    senders, takers = {role(gln) for gln in froms if gln}, {role(gln) for gln in tos if gln}
    return "pharmacy" in senders and bool(takers & _TAKES_BACK) and "pharmacy" not in takers


def judge(
    event: int,
    moves: Sequence[Move],
    steps: Iterable[Step],
    scans: Iterable[str],
    one: Callable[[str], str],
    role: Callable[[str], str],
) -> Odd | None:
    """Tell what is odd about the pack that an event returns; ``moves`` are all of it and of what it was in.

    ``scans`` are the places where it was scanned while the record had it elsewhere.
    """
    ordered = sorted(moves, key=lambda move: move.key)
    back = next((move for move in ordered if move.event == event), None)
    if back is None:
        return None  # it is voided, or the word of an outsider
    returner = {one(gln) for gln in back.froms[:1]}
    before = [move for move in ordered if move.key < back.key]
    end = next((s for s in steps if end_of(s) == "dispensed" and not s.voided and not s.flags & Flag.DECLARATION), None)
    if end is not None and end.time < back.time:
        return Odd(DISPENSED, next(iter(places_of(end)), ""))
    sold = [move for move in before if move.sends and not is_back(move, before, one)]
    if not sold:
        return None  # nothing of its way is on record: its files are late, or were never sent here
    named = {one(gln) for move in ordered for gln in (*move.froms, *move.tos, move.at) if gln}
    seen = [*scans, *(places_of(end)[:1] if end is not None else ())]
    stranger = next((gln for gln in seen if one(gln) not in named and role(gln) != "authority"), "")
    if stranger:
        return Odd(ELSEWHERE, stranger)
    had = {one(gln) for move in before for gln in (*move.tos, *(() if move.sends else (move.at,))) if gln}
    if not returner & had:
        last = sold[-1]
        if {one(gln) for gln in last.tos} & {one(gln) for gln in back.tos}:
            return Odd(UNTOLD, last.tos[0] if last.tos else "")
        return Odd(OTHERS, last.tos[0] if last.tos else "")
    sales = sum(1 for move in sold if returner & {one(gln) for gln in move.tos})
    returns = sum(1 for move in before if move.sends and returner & {one(gln) for gln in move.froms[:1]})
    return Odd(AGAIN) if returns >= max(1, sales) else None


def is_back(move: Move, before: Sequence[Move], one: Callable[[str], str]) -> bool:
    """Tell whether a despatch goes to who had it before, by the moves before it."""
    tos = {one(gln) for gln in move.tos}
    return move.returned or any(
        tos & {one(gln) for gln in each.froms} for each in before if each.sends and each.key < move.key
    )


def is_many(returned: int, shipped: int) -> bool:
    """Tell whether somebody returns far more than a customer does, of what was shipped to it."""
    return returned >= MANY_MIN and returned > MANY_SHARE * shipped
