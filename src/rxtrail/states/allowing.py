"""Whether an ordered change may be made: what the verdict says, what the table says, and what a person lifts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rxtrail.core.rules.answer import Answer, Severity
from rxtrail.core.rules.eu import UNKNOWN
from rxtrail.core.rules.states import EU, SOLD, Ruling, rule_role, rule_state
from rxtrail.errors import Busy, NotFound, Refused, RxtrailError
from rxtrail.states.refusals import NotFoundWithAlert, RefusedWithAlert

if TYPE_CHECKING:
    from rxtrail.core.rules.alert import EuView
    from rxtrail.core.rules.answer import Verdict
    from rxtrail.core.rules.authority import Authority
    from rxtrail.core.rules.states import Change
    from rxtrail.states.orders import Order

# Reasons that a receipt may carry without being refused: the data may be late, the pack is in hand all the same.
RECEIVABLE = frozenset(
    {"no-transaction-data", "not-shipped-to-you", "custody-open", "lot-unknown", "opening-stock", "unreachable"}
)


ELSEWHERE = "not-shipped-to-you"
AUTHORITY = "authority"  # the role of a regulator


def refusal_of(
    order: Order, change: Change, verdict: Verdict, authority: Authority, *, market: str, role: str
) -> RxtrailError | None:
    """Give the refusal of a change, or None when it may be made; an override lifts amber, never red."""
    ruling = rule_role(change, market, role)
    if not ruling.allowed:
        return refused(ruling)
    if order.proven and role != AUTHORITY and not authority.is_issuer(order.site, verdict.pack.gtin):
        foreign = next((reason for reason in verdict.reasons if reason.code == ELSEWHERE), None)
        # What is with a supplier may have come all the same, ahead of its file.
        if foreign is not None and not (order.verb == "receive" and foreign.severity is Severity.CHECK):
            return not_its_own(foreign.message)
    if change.judged:
        return _on_verdict(order, verdict, market)
    if order.verb == "receive":
        stops = [r for r in verdict.reasons if r.severity is Severity.STOP and r.code not in RECEIVABLE]
        if stops:
            return Refused(f"{verdict.headline}: {stops[0].message}", place=stops[0].code, advice=stops[0].next)
        return None
    unknown = next((reason for reason in verdict.reasons if reason.code in UNKNOWN), None)
    if unknown is not None:
        first = verdict.reasons[0]
        return NotFound(first.message, place=first.code, advice=first.next)
    if order.verb == "reactivate":
        return None  # by its own rule, which needs to know when and where it ended: states.undoing
    ruling = rule_state(change, market, verdict.state.disposition)
    return None if ruling.allowed else refused(ruling)


def not_its_own(message: str) -> Refused:
    """Refuse a site that has shown its key a change of what is somebody else's: it would end or take that for all."""
    return Refused(message, place=ELSEWHERE, advice="Set it aside, and ask who sent it to ship it to you on record.")


def _on_verdict(order: Order, verdict: Verdict, market: str) -> RxtrailError | None:
    if verdict.verdict in (Answer.OK, Answer.NOT_COVERED):
        return None
    first = verdict.reasons[0]
    said = f"{verdict.headline}: {first.message}"
    if verdict.verdict is Answer.UNCONFIRMED:
        return Busy(said, place=first.code, advice=first.next)
    # In the EU a pack is supplied once: no person lifts that.
    may_lift = verdict.verdict is Answer.CHECK and not (market == EU and any(r.code in SOLD for r in verdict.reasons))
    if may_lift and order.override:
        return None
    lift = " A named person may override amber with a reason." if may_lift else ""
    return Refused(said, place=first.code, advice=first.next + lift)


def refused(ruling: Ruling) -> Refused:
    """Give a ruling as a refusal."""
    return Refused(ruling.message, place=ruling.place, advice=ruling.advice)


def with_alert(error: RxtrailError, eu: EuView | None) -> RxtrailError:
    """Add to a refusal the alert that it raises in the EU market, if any."""
    if eu is None or not isinstance(error, Refused | NotFound):
        return error
    return NotFoundWithAlert(error, eu) if isinstance(error, NotFound) else RefusedWithAlert(error, eu)


def raises_alert(error: RxtrailError) -> bool:
    """Tell whether a refusal is about the pack, and not about who asked or what can be told now."""
    return isinstance(error, Refused | NotFound) and error.place != "not-authorised-partner"
