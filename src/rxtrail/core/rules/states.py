"""The states of a pack and its changes: who may do what, from which state to which. One table; pure.

A state is a disposition of the fold (``core.rules.fold``). Expired, recalled and withdrawn are no states of a pack:
they lie over it and are told by the verdict. Sources: Delegated Regulation (EU) 2016/161, articles 13, 20, 22, 23
and 40; the functions of the European Medicines Verification System by role; FDCA 582 for the United States.
"""

from __future__ import annotations

from typing import Final

import msgspec

from rxtrail.core.rules.words import (
    CHECKED_OUT,
    END_RANKS,
    EXPORTED,
    FREE_SAMPLE,
    LOCKED,
    REACTIVATING,
    RELEASING,
    SAMPLE,
    SELLABLE,
)

US, EU = "us", "eu"
SOLD: Final = frozenset({"already-dispensed-here", "already-dispensed-elsewhere"})
"""Reasons that no person lifts in the EU: a pack is supplied once."""

UNDO_DAYS_EU: Final = 10  # Delegated Regulation (EU) 2016/161, article 13(1)(b)
DAY_US: Final = 86_400 * 1_000_000

OPEN: Final = frozenset({"", "active", "returned", "partially_dispensed"})
ENDED: Final = frozenset(
    {
        "dispensed",
        "partially_dispensed",
        "sample",
        "free_sample",
        "locked",
        "exported",
        "checked_out",
        "decommissioned",
        "returned",
    }
)
NEVER_UNDONE: Final = frozenset({"destroyed", "stolen", "transformed"})
_HANDED_OVER = frozenset({"dispensed", "partially_dispensed"})
# Without a limit of days: a lock is lifted by who set it, and a repackager puts back what it did not repack.
UNDONE_AT_ANY_TIME: Final = frozenset({"locked", "checked_out", "returned"})
# What lies over a pack and forbids that it comes back to stock (2016/161, article 13(1)(d)).
NOT_TO_STOCK: Final = frozenset({"expired", "recalled", "withdrawn", "stolen", "destroyed"})

_DISPENSERS = frozenset({"pharmacy", "wholesaler"})  # a wholesaler supplies under article 23
_TRADE = frozenset({"maker", "repackager", "wholesaler", "3pl"})
_ALL = _TRADE | {"pharmacy"}


class Change(msgspec.Struct, frozen=True, gc=False):
    """One row: a change as an EPCIS event says it (CBV 2.0), and when and by whom it may be made."""

    verb: str
    biz_step: str
    disposition: str
    to: str  # the state it leads to; empty: it moves or marks the pack, and the state stays
    action: str = "OBSERVE"
    purpose: str = "investigate"
    judged: bool = False  # only on ok, or on check with an override
    needs_reason: bool = False
    from_: frozenset[str] = OPEN
    eu_from: frozenset[str] = frozenset()  # in the EU, where it differs
    eu_roles: frozenset[str] = _ALL  # in the EU; a hub does nothing with packs itself


_EU_OPEN = frozenset({"", "active", "returned"})
TABLE: Final = (
    Change("dispense", "dispensing", "dispensed", "dispensed", purpose="dispense", judged=True, eu_roles=_DISPENSERS),
    Change("sample", "sampling", SAMPLE, "sample", eu_from=_EU_OPEN,
           eu_roles=frozenset({"pharmacy", "wholesaler", "authority"})),
    Change("free-sample", "sampling", FREE_SAMPLE, "free_sample", eu_from=_EU_OPEN, eu_roles=_TRADE),
    Change("lock", "holding", LOCKED, "locked", eu_from=_EU_OPEN, eu_roles=_TRADE),
    Change("export", "decommissioning", EXPORTED, "exported", action="DELETE", eu_from=_EU_OPEN, eu_roles=_TRADE),
    Change("check-out", "repackaging", CHECKED_OUT, "checked_out", eu_from=_EU_OPEN,
           eu_roles=frozenset({"repackager"})),
    Change("decommission", "decommissioning", "inactive", "decommissioned", action="DELETE"),
    Change("destroy", "destroying", "destroyed", "destroyed", action="DELETE",
           from_=OPEN | {"dispensed", "decommissioned"}, eu_from=OPEN),
    Change("steal", "inspecting", "stolen", "stolen", eu_roles=_TRADE | {"authority"}),
    Change("reactivate", REACTIVATING, "active", "active", needs_reason=True, from_=ENDED),
    Change("receive", "receiving", "in_progress", "", purpose="receive"),
    Change("hold", "holding", "non_sellable_other", "", needs_reason=True, eu_roles=_ALL | {"authority"}),
    Change("release", RELEASING, "active", "", needs_reason=True, eu_roles=_ALL | {"authority"}),
    Change("return", "shipping", "returned", "returned"),
)  # fmt: skip
CHANGES: Final = {change.verb: change for change in TABLE}


class Ruling(msgspec.Struct, frozen=True, gc=False):
    """Whether a change may be made; ``place`` is the reason code or state that forbids it."""

    place: str = ""
    message: str = ""
    advice: str = ""

    @property
    def allowed(self) -> bool:
        """Tell whether nothing speaks against it (the state that forbids it may be the empty one)."""
        return not self.message


MAY: Final = Ruling()


def rule_role(change: Change, market: str, role: str) -> Ruling:
    """Rule whether a party of this role may make a change (EU only; the United States grade nobody by role)."""
    if market != EU or role in change.eu_roles:
        return MAY
    who = f"a {role}" if role else "a party that is not listed"
    return Ruling(
        "not-authorised-partner",
        f"{who} may not {change.verb} packs",
        f"This is for: {', '.join(sorted(change.eu_roles))}.",
    )


def rule_state(change: Change, market: str, state: str) -> Ruling:
    """Rule whether a change may be made from a state, by the table alone."""
    if not change.to:
        return MAY
    allowed = (change.eu_from or change.from_) if market == EU else change.from_
    if state in allowed:
        return MAY
    return Ruling(state, f"cannot {change.verb}: the pack is {state or 'unknown'}", "Look at its journey first.")


def rule_undo(
    market: str,
    state: str,
    *,
    here: bool,
    ended_us: int,
    now_us: int,
    over: frozenset[str],
    attested: bool,
) -> Ruling:
    """Rule whether a pack may come back to stock.

    ``here``: it ended at the place that asks; ``over``: the reason codes that the verdict has for it;
    ``attested``: a named person states that it never left the pharmacy.
    """
    if state not in ENDED:
        return Ruling(state, f"cannot reactivate: the pack is {state or 'unknown'}", "Look at its journey first.")
    if market != EU:
        if not here:
            return Ruling(state, f"cannot reactivate: it was {state} at another place", "Only that place may undo it.")
        if state not in _HANDED_OVER:
            return MAY
        if not attested:
            return Ruling(
                "attestation",
                "cannot reactivate: nobody attests that the pack never left the pharmacy",
                "Give the attestation and the name of who gives it; a pack that has left is not put back.",
            )
        return MAY
    against = sorted(over & NOT_TO_STOCK)
    if against:
        return Ruling(against[0], f"cannot reactivate: {', '.join(against)}", "It stays out of stock.")
    if not here:
        return Ruling(state, "cannot reactivate: it was done at another place", "Only that place may undo it.")
    until = undo_until(market, state, ended_us)
    if until and now_us > until:
        return Ruling(state, f"cannot reactivate: {UNDO_DAYS_EU} days have passed", "It stays out of stock.")
    return MAY


def undo_until(market: str, state: str, ended_us: int) -> int:
    """Give until when (microseconds) a change into a state may be undone; 0: no limit of days, or never."""
    if market != EU or state not in ENDED or state in UNDONE_AT_ANY_TIME:
        return 0
    return ended_us + UNDO_DAYS_EU * DAY_US


def state_after(change: Change, before: str, *, partial: bool) -> str:
    """Give the state after a change that was made, as the fold has it: a lesser end never replaces a greater."""
    to = "partially_dispensed" if partial else change.to
    if to in END_RANKS:
        return to if END_RANKS[to] > END_RANKS.get(before, 0) else before
    if change.disposition == "returned":
        return "returned" if before in ("", "active", "dispensed") else before
    if before == "returned" and change.disposition in SELLABLE and change.verb == "receive":
        return "active"
    return before or "active"
