"""A change as an EPCIS event, and the record of who ordered it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from rxtrail.core.epcis.event import OBJECT, Event, Typed
from rxtrail.store.rows import RecordKind

if TYPE_CHECKING:
    from rxtrail.core.gs1.runs import EpcRun
    from rxtrail.core.rules.answer import Verdict
    from rxtrail.core.rules.states import Change
    from rxtrail.ledger.log import Log
    from rxtrail.states.orders import Order
    from rxtrail.store import Transaction

# The record of an order: version, then [time in microseconds, log position of its event, verb, site, by, reason,
# override, partial, key, verdict, reasons, attestation]. Version 1 had the reference after partial, in the clear.
DECISION_VERSION = b"\x02"
_encode = msgspec.msgpack.Encoder().encode


def event_of(change: Change, order: Order, *, now: int, event_id: str, epcs: list[EpcRun], partial: bool) -> Event:
    """Give the event of a change at ``order.site``; ``now`` is in microseconds."""
    place = f"414/{order.site}" if order.site else ""
    sends = change.biz_step == "shipping"
    return Event(
        kind=OBJECT,
        event_time=now,
        zone="+00:00",
        event_id=event_id,
        action=change.action,
        biz_step=change.biz_step,
        disposition="partially_dispensed" if partial else change.disposition,
        epcs=epcs,
        read_point=place,
        biz_location="" if sends else place,
        sources=[Typed("owning_party", f"417/{order.site}")] if sends and order.site else [],
        destinations=[Typed("owning_party", f"417/{order.to}")] if sends else [],
    )


def write_decision(tx: Transaction, log: Log, order: Order, verdict: Verdict | None, position: int, now: int) -> None:
    """Record who ordered what, why, and on which verdict; a prescription reference is in no record of the log."""
    answer = verdict.verdict.value if verdict is not None else ""
    codes = [reason.code for reason in verdict.reasons] if verdict is not None else []
    decision = [
        now, position, order.verb, order.site, order.by, order.reason, order.override, order.partial, order.key,
        answer, codes, order.attestation,
    ]  # fmt: skip
    kind = RecordKind.DECISION if order.override else RecordKind.COMMAND
    log.append(kind, DECISION_VERSION + _encode(decision), party=tx.name_id(order.site))
