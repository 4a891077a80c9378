"""Orders that are carried out by themselves: about containers, and about packs whose product holds others.

What is inside a container is told, never written: its row moves, and its contents inherit that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rxtrail.answers import ChangeReceipt
from rxtrail.core.gs1.runs import EpcRun
from rxtrail.core.rules.answer import Answer
from rxtrail.core.rules.states import CHANGES, Change, state_after
from rxtrail.core.rules.steps import Flag
from rxtrail.errors import BadRequest, NotFound, Refused
from rxtrail.ledger.batch import append_events
from rxtrail.ledger.prepare import prepare
from rxtrail.record.contents import contents_of
from rxtrail.record.exact import container_state, unit_state
from rxtrail.record.times import iso
from rxtrail.states.allowing import AUTHORITY, not_its_own, refusal_of
from rxtrail.states.references import keep_reference
from rxtrail.states.undoing import undo_refusal
from rxtrail.states.writing import event_of, write_decision

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.core.rules.answer import Verdict
    from rxtrail.ledger.log import Log
    from rxtrail.record.exact import Exact
    from rxtrail.record.judge import Judge
    from rxtrail.secrets_box import SecretsBox
    from rxtrail.states.counter import Asked
    from rxtrail.states.orders import Order
    from rxtrail.store import Reader, Transaction

CONTENTS_JUDGED_MAX = 20_000
CONTENTS_MAX = 1_000_000
OF_CONTAINERS = frozenset({"receive", "hold", "release", "return"})


class Alone:
    """Carries out one order in a transaction of its own; ``now`` is its time in microseconds."""

    def __init__(
        self,
        tx: Transaction,
        log: Log,
        judge: Judge,
        asked: Asked,
        *,
        now: int,
        new_event_id: Callable[[], str],
        box: SecretsBox | None,
    ) -> None:
        """Take the transaction and what is needed."""
        self._tx = tx
        self._log = log
        self._judge = judge
        self._asked = asked
        self._now = now
        self._new_event_id = new_event_id
        self._box = box

    def container(self, order: Order, sscc: str, by_verdict: dict[str, int]) -> ChangeReceipt:
        """Change a container as a whole; ``by_verdict`` counts what the packs inside are told.

        :raises BadRequest: the change is not for containers.
        :raises NotFound: it is not on record.
        """
        if order.verb not in OF_CONTAINERS:
            raise BadRequest(
                f"a container cannot be {order.verb}d as a whole", place="code", advice="Scan the packs one by one."
            )
        key = f"00/{sscc}"
        row = self._tx.container(key)
        if row is None:
            raise NotFound(
                f"SSCC {sscc} is not on record",
                place="no-transaction-data",
                advice="Load the supplier's file, or scan the packs.",
            )
        change = CHANGES[order.verb]
        exact = container_state(self._tx, self._judge.authority, row)
        if order.proven and not self._concerns(order.site, sscc, exact):
            raise not_its_own("The record has this container with somebody else: it was not shipped to you.")
        event_id, position = self._append(change, order, [EpcRun("00/", [sscc])], self._now, partial=False)
        write_decision(self._tx, self._log, order, None, position, self._now)
        self._keep_reference(order, key, position)
        before = exact.state.disposition or "active"
        return ChangeReceipt(
            verb=order.verb,
            epc=key,
            disposition="returned" if order.verb == "return" else before,
            event_id=event_id,
            log_index=position,
            recorded_at=iso(self._now),
            contents=sum(by_verdict.values()),
            by_verdict=by_verdict,
        )

    def case(self, order: Order) -> ChangeReceipt:
        """Change a pack of a product that holds others, by all its history; refused after the fact, it is undone.

        :raises RxtrailError: the record does not allow it, or would not follow it.
        """
        change = CHANGES[order.verb]
        verdict = self._judge.judge(order.code, site=order.site, purpose=change.purpose, known_site=True)
        gtin, serial = verdict.pack.gtin, verdict.pack.serial
        asked = self._asked
        refusal = refusal_of(
            order, change, verdict, self._judge.authority, market=asked.market, role=asked.role_of(order.site)
        )
        exact = self._exact(gtin, serial)
        if refusal is None and order.verb == "reactivate" and exact is not None:
            refusal = undo_refusal(order, verdict, exact, self._judge.authority, market=asked.market, now=self._now)
        if refusal is not None:
            raise refusal
        epcs = [EpcRun(f"01/{gtin}/21/", [serial])]
        awaited = exact.custody.to if exact is not None else ()
        if order.verb == "dispense" and any(self._judge.authority.same_party(order.site, gln) for gln in awaited):
            self._append(CHANGES["receive"], order, epcs, self._now - 1, partial=False)
        partial = bool(order.partial) and order.verb == "dispense"
        event_id, position = self._append(change, order, epcs, self._now, partial=partial)
        write_decision(self._tx, self._log, order, verdict, position, self._now)
        epc = f"01/{gtin}/21/{serial}"
        self._keep_reference(order, epc, position)
        after = self._judge.judge(order.code, site=order.site, purpose=change.purpose, known_site=True)
        _must_have_worked(order, verdict, after)
        disposition = after.state.disposition or state_after(change, verdict.state.disposition, partial=partial)
        return ChangeReceipt(order.verb, epc, disposition, event_id, position, iso(self._now), verdict)

    def _concerns(self, site: str, sscc: str, exact: Exact) -> bool:
        """Tell whether a container is a site's own: it made it, has it, or is sent it; or nobody knows whose it is."""
        authority, custody = self._judge.authority, exact.custody
        if authority.is_issuer(site, sscc) or self._asked.role_of(site) == AUTHORITY:
            return True
        there = set(custody.to) or {custody.custodian, custody.owner, *custody.holders} - {""}
        return not there or any(authority.same_party(site, gln) for gln in there)

    def _exact(self, gtin: str, serial: str) -> Exact | None:
        product = self._tx.product(gtin)
        if product is None:
            return None
        authority = self._judge.authority
        unit = self._tx.units_of(product[0], [serial]).get(serial)
        if unit is not None:
            return unit_state(self._tx, authority, product[0], serial, unit)
        row = self._tx.container(f"01/{gtin}/21/{serial}")
        return container_state(self._tx, authority, row) if row is not None else None

    def _append(self, change: Change, order: Order, epcs: list[EpcRun], now: int, *, partial: bool) -> tuple[str, int]:
        event = event_of(change, order, now=now, event_id=self._new_event_id(), epcs=epcs, partial=partial)
        prepared = prepare(event, speaker=order.site, flags=Flag.COMMAND)
        appended = append_events(self._tx, self._log, self._judge.authority, [prepared], speaker=order.site)
        return event.event_id, appended.positions[0]

    def _keep_reference(self, order: Order, epc: str, position: int) -> None:
        if order.ref and self._box is not None:
            keep_reference(self._tx, self._box, epc, position, self._now, order.verb, order.ref)


def contents_by_verdict(reader: Reader, judge: Judge, order: Order, sscc: str) -> dict[str, int]:
    """Count the packs inside a container by what a scan of each would be told; not judged is ``unconfirmed``."""
    row = reader.container(f"00/{sscc}")
    by_verdict: dict[str, int] = {}
    if row is None:
        return by_verdict
    purpose = CHANGES[order.verb].purpose
    contents = contents_of(reader, judge.authority, row, limit=CONTENTS_MAX)
    for gtin, serial, lot, yymmdd in contents[:CONTENTS_JUDGED_MAX]:
        code = f"(01){gtin}(21){serial}" + (f"(17){yymmdd}" if yymmdd else "") + (f"(10){lot}" if lot else "")
        answer = judge.judge(code, site=order.site, purpose=purpose, known_site=True).verdict.value
        by_verdict[answer] = by_verdict.get(answer, 0) + 1
    if len(contents) > CONTENTS_JUDGED_MAX:
        # Not judged is not ok; each is judged when it is scanned.
        unjudged = len(contents) - CONTENTS_JUDGED_MAX
        by_verdict[Answer.UNCONFIRMED.value] = by_verdict.get(Answer.UNCONFIRMED.value, 0) + unjudged
    return by_verdict


def _must_have_worked(order: Order, before: Verdict, after: Verdict) -> None:
    """Refuse a change that the record does not follow, so that a receipt never says what is not so."""
    state = after.state
    if order.verb == "reactivate" and state.disposition == before.state.disposition and state.disposition != "active":
        advice = "A statement that came in says so with a later time than now. Look at its journey."
        raise Refused(f"cannot reactivate: the pack stays {state.disposition}", place=state.disposition, advice=advice)
    if order.verb == "release" and before.state.holds and state.holds == before.state.holds:
        advice = f"Release its container: {state.container}." if state.container else "Look at its journey."
        raise Refused(f"cannot release: {', '.join(state.holds)} stays", place="on-hold", advice=advice)
