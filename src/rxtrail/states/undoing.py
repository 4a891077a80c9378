"""Back to stock and off hold: changes whose outcome only the fold can tell, foreseen before anything is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rxtrail.core.rules.states import rule_undo
from rxtrail.core.rules.steps import Doubt, Flag, Role, Step
from rxtrail.errors import Refused, RxtrailError
from rxtrail.record.exact import Shelf, state_of, unit_state
from rxtrail.states.allowing import refused

if TYPE_CHECKING:
    from rxtrail.core.epcis.event import Event
    from rxtrail.core.rules.answer import Verdict
    from rxtrail.core.rules.authority import Authority
    from rxtrail.record.exact import Exact
    from rxtrail.states.orders import Order
    from rxtrail.store import Reader
    from rxtrail.store.rows import UnitRow

FORESEEN = frozenset({"reactivate", "release"})


def exact_of(reader: Reader, authority: Authority, product: int, serial: str) -> tuple[UnitRow, Exact] | None:
    """Fold a package as it is now; None when it has no row."""
    row = reader.units_of(product, [serial]).get(serial)
    return None if row is None else (row, unit_state(reader, authority, product, serial, row))


def undo_refusal(
    order: Order, verdict: Verdict, exact: Exact, authority: Authority, *, market: str, now: int
) -> RxtrailError | None:
    """Give the refusal of a reactivation by the rules of the market, or None."""
    if Doubt.END_DECLARED_WRONG.value in verdict.state.holds:
        return None  # its end was taken back by who reported it: a person only confirms that
    ended = exact.ended
    ruling = rule_undo(
        market,
        verdict.state.disposition,
        here=(
            any(authority.same_party(order.site, gln) for gln in ended.ended_where)
            if order.site
            else not ended.ended_where  # no place is the same place only as no place
        ),
        ended_us=ended.ended_time,
        now_us=now,
        over=frozenset(reason.code for reason in verdict.reasons),
        attested=bool(order.attestation and order.by),
    )
    return None if ruling.allowed else refused(ruling)


def foreseen(
    reader: Reader, authority: Authority, exact: Exact, gtin: str, event: Event, event_hash: bytes, position: int
) -> Exact:
    """Fold a package as it will be after a command's event."""
    site = event.read_point[4:17]
    step = Step(
        event=position,
        time=event.event_time,
        hash=event_hash,
        role=Role.EPC,
        kind=event.kind,
        action=event.action,
        biz_step=event.biz_step,
        disposition=event.disposition,
        speakers=frozenset((site,)),
        read_point=event.read_point,
        biz_location=event.biz_location,
        flags=Flag.COMMAND,
    )
    return state_of([*exact.steps, step], gtin, Shelf(reader, authority))


def outcome_refusal(order: Order, before: Verdict, after: Exact, container: str) -> RxtrailError | None:
    """Refuse a change that the record would not follow, so that a receipt never says what is not so."""
    disposition = after.ended.disposition or "active"
    if order.verb == "reactivate" and disposition == before.state.disposition and disposition != "active":
        advice = "A statement that came in says so with a later time than now. Look at its journey."
        return Refused(f"cannot reactivate: the pack stays {disposition}", place=disposition, advice=advice)
    stays = [*after.holds, *after.doubts]
    if order.verb == "release" and before.state.holds and before.state.holds == stays:
        advice = f"Release its container: {container}." if container else "Look at its journey."
        return Refused(f"cannot release: {', '.join(stays)} stays", place="on-hold", advice=advice)
    return None
