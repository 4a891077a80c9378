"""Many orders about packs in one transaction: each judged on what those before it did, all written together.

What is read costs a few statements for an order, what is written a few statements for all of them. No order is
written before it is known that it may be: so nothing has to be undone, and one refusal does not hold up the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from rxtrail.answers import ChangeReceipt
from rxtrail.core.gs1.runs import EpcRun
from rxtrail.core.rules.answer import Verdict
from rxtrail.core.rules.states import CHANGES, Change, state_after, undo_until
from rxtrail.core.rules.steps import Flag
from rxtrail.core.rules.verdict import FAULTS
from rxtrail.errors import BadRequest, NotFound, Refused, RxtrailError
from rxtrail.ledger.batch import append_commands
from rxtrail.ledger.prepare import Prepared, prepare
from rxtrail.record.standing import identity_of, partners_of
from rxtrail.record.times import iso
from rxtrail.states.allowing import raises_alert, refusal_of, with_alert
from rxtrail.states.orders import Order, answer_key
from rxtrail.states.references import keep_reference
from rxtrail.states.undoing import FORESEEN, exact_of, foreseen, outcome_refusal, undo_refusal
from rxtrail.states.writing import event_of, write_decision

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Sequence

    from rxtrail.core.rules.authority import Authority
    from rxtrail.ledger.log import Log
    from rxtrail.record.judge import Judge
    from rxtrail.secrets_box import SecretsBox
    from rxtrail.store import Transaction

REPEAT_US = 600 * 1_000_000
_encode = msgspec.msgpack.Encoder().encode
_decode_receipt = msgspec.msgpack.Decoder(ChangeReceipt).decode


class NeedsItsOwn(Exception):
    """A pack whose product holds others has containers' rows: such an order is carried out by itself."""


class _Passed(msgspec.Struct, gc=False):
    """An order that may be carried out, and what it becomes."""

    index: int
    order: Order
    change: Change
    verdict: Verdict
    key: str  # of the answer
    key_prefix: str  # 01/{gtin}/21/
    serial: str
    now: int
    implies_receipt: bool
    disposition: str
    partial: bool


class Asked(msgspec.Struct, frozen=True, gc=False):
    """Whose record it is, and the roles of those who may order: read once for all orders of a transaction."""

    market: str
    role: str
    default_site: str
    own: frozenset[str]
    roles: dict[str, str]

    def role_of(self, site: str) -> str:
        """Give the role of a place: the node's own, its partner's, or nothing."""
        return self.role if not site or site in self.own else self.roles.get(site, "")


class Counter:
    """Carries out orders about packs; used by the writing thread only."""

    def __init__(
        self,
        *,
        today: Callable[[], datetime.date],
        new_event_id: Callable[[], str],
        judge: Callable[[Transaction], Judge],
        box: SecretsBox | None,
    ) -> None:
        """Take what is needed; without a ``box`` references are not kept."""
        self._today = today
        self._new_event_id = new_event_id
        self._judge_of = judge
        self._box = box
        self._moment = 0
        self._authority: Authority | None = None
        self._roles: dict[str, str] = {}

    # -- what all kinds of orders need -----------------------------------------------------------------------------

    def tick(self, log: Log) -> int:
        """Give the time of a command: later than the one before, also when the clock stands still or is set back.

        There is room before each for the receipt that a dispensing implies.
        """
        self._moment = max(log.now, self._moment + 2)
        return self._moment

    def asked(self, tx: Transaction) -> Asked:
        """Read whose record it is."""
        authority = self._judge_of(tx).authority
        if authority is not self._authority:  # the judge has read anew what may have changed
            self._roles = {gln: partner.role for partner in partners_of(tx) for gln in partner.glns}
            self._authority = authority
        identity = identity_of(tx)
        site = identity.default_site or (identity.glns[0] if identity.glns else "")
        return Asked(identity.market, identity.role, site, frozenset(identity.glns), self._roles)

    @staticmethod
    def repeated(tx: Transaction, key: str, now: int) -> ChangeReceipt | None:
        """Give the first answer to the same order of the last ten minutes."""
        earlier = tx.answered(key) if key else None
        if earlier is None or now - earlier[0] >= REPEAT_US:
            return None
        return msgspec.structs.replace(_decode_receipt(earlier[1]), repeated=True)

    # -- many at once ----------------------------------------------------------------------------------------------

    def carry_out(
        self, tx: Transaction, log: Log, orders: Sequence[Order], *, together: bool = False
    ) -> list[ChangeReceipt | RxtrailError | NeedsItsOwn]:
        """Carry out orders about packs in their turn; give the receipt of each, or why there is none.

        With ``together`` all that are alike become one event, as a list of one hand is.
        """
        run = _Run(self, tx, log, together=together)
        for index, order in enumerate(orders):
            run.take(index, order)
        run.write()
        return [run.answers[index] for index in range(len(orders))]


class _Run:
    """The orders of one transaction."""

    def __init__(self, counter: Counter, tx: Transaction, log: Log, *, together: bool) -> None:
        self.counter = counter
        self.tx = tx
        self.log = log
        self.together = together
        self.asked = counter.asked(tx)
        self.judge = counter._judge_of(tx)  # noqa: SLF001 (one class in two parts)
        self.today = counter._today()  # noqa: SLF001
        self.answers: dict[int, ChangeReceipt | RxtrailError | NeedsItsOwn] = {}
        self.passed: list[_Passed] = []
        self.packs: set[tuple[str, str]] = set()  # that something is about to be written of
        self.keys: set[str] = set()

    def take(self, index: int, order: Order) -> None:
        """Judge one order, and keep it to be written when it may be."""
        asked = self.asked
        key = answer_key(order)
        if key:
            if key in self.keys:
                self.write()
            repeated = self.counter.repeated(self.tx, key, self.log.now)
            if repeated is not None:
                self.answers[index] = repeated
                return
        if not order.site and asked.default_site:
            order = msgspec.structs.replace(order, site=asked.default_site)
        change = CHANGES[order.verb]
        verdict = self._judge(order, change)
        pack = verdict.pack
        if not pack.gtin or not pack.serial or any(reason.code in FAULTS for reason in verdict.reasons):
            self.answers[index] = _no_pack(verdict)
            return
        if (pack.gtin, pack.serial) in self.packs:
            self.write()
            verdict = self._judge(order, change)
        product = self.tx.product(pack.gtin)
        if product is not None and product[1]:
            self.answers[index] = NeedsItsOwn()
            return
        refusal = refusal_of(
            order, change, verdict, self.judge.authority, market=asked.market, role=asked.role_of(order.site)
        )
        if refusal is None:
            refusal = self._foresee(index, order, change, verdict, key, self.judge.awaited)
        if refusal is not None:
            if isinstance(refusal, Refused):
                refusal.state = verdict.state  # of the same moment, and nobody has to look again
            self.answers[index] = self._alerted(refusal, order, change, verdict)

    def _judge(self, order: Order, change: Change) -> Verdict:
        return self.judge.judge(order.code, site=order.site, purpose=change.purpose, known_site=True)

    def _alerted(self, error: RxtrailError, order: Order, change: Change, verdict: Verdict) -> RxtrailError:
        if not raises_alert(error):
            return error
        return with_alert(error, self.judge.alert_of(verdict, site=order.site, wanted=change.to, place=error.place))

    def _foresee(
        self, index: int, order: Order, change: Change, verdict: Verdict, key: str, awaited: tuple[str, ...]
    ) -> RxtrailError | None:
        """See how the change will turn out; keep it to be written, or give the refusal."""
        now = self.counter.tick(self.log)
        pack, state = verdict.pack, verdict.state
        partial = bool(order.partial) and order.verb == "dispense"
        prefix = f"01/{pack.gtin}/21/"
        disposition = state_after(change, state.disposition, partial=partial)
        if order.verb in FORESEEN:
            authority = self.judge.authority
            product = self.tx.product(pack.gtin)
            found = exact_of(self.tx, authority, product[0], pack.serial) if product is not None else None
            if found is None:
                return NotFound("The record does not have this pack.", place="no-transaction-data")
            exact = found[1]
            if order.verb == "reactivate":
                refusal = undo_refusal(order, verdict, exact, authority, market=self.asked.market, now=now)
                if refusal is not None:
                    return refusal
            runs = [EpcRun(prefix, [pack.serial])]
            event = event_of(change, order, now=now, event_id="", epcs=runs, partial=False)
            # The end of the log is as near as can be told; only what is on record already counts for a command.
            after = foreseen(self.tx, authority, exact, pack.gtin, event, b"", self.log.position + len(self.passed) * 3)
            refusal = outcome_refusal(order, verdict, after, state.container)
            if refusal is not None:
                return refusal
            disposition = after.ended.disposition or "active"
        implies = order.verb == "dispense" and any(
            self.judge.authority.same_party(order.site, gln) for gln in awaited if order.site
        )
        self.passed.append(
            _Passed(
                index, order, change, verdict, key, prefix, pack.serial, now, implies, disposition, partial,
            )
        )  # fmt: skip
        self.packs.add((pack.gtin, pack.serial))
        if key:
            self.keys.add(key)
        return None

    # -- writing ---------------------------------------------------------------------------------------------------

    def write(self) -> None:
        """Write all that passed, and remember the answers."""
        if not self.passed:
            return
        passed, self.passed = self.passed, []
        self.packs.clear()
        self.keys.clear()
        prepared, event_at = self._prepare(passed)
        positions = append_commands(self.tx, self.log, prepared)
        decided: set[int] = set()
        for one, at in zip(passed, event_at, strict=True):
            order, now = one.order, one.now
            position, event = positions[at], prepared[at].event
            epc = one.key_prefix + one.serial
            if at not in decided:
                decided.add(at)
                write_decision(self.tx, self.log, order, one.verdict, position, event.event_time)
            if order.ref and self.counter._box is not None:  # noqa: SLF001
                keep_reference(self.tx, self.counter._box, epc, position, now, order.verb, order.ref)  # noqa: SLF001
            until = undo_until(self.asked.market, one.disposition, now) if one.change.to else 0
            receipt = ChangeReceipt(
                verb=order.verb,
                epc=epc,
                disposition=one.disposition,
                event_id=event.event_id,
                log_index=position,
                recorded_at=iso(now),
                verdict=one.verdict,
                undo_until=iso(until) if until else "",
            )
            if one.key:
                self.tx.add_answered(one.key, now, _encode(receipt))
            self.answers[one.index] = receipt

    def _prepare(self, passed: list[_Passed]) -> tuple[list[Prepared], list[int]]:
        """Give the events of all these, and which of them is each one's own."""
        prepared = self._receipts(passed)
        # As one hand's list, all alike are one event at the time of the last of them; else each is its own.
        groups: dict[tuple[object, ...], list[_Passed]] = {}
        for one in passed:
            groups.setdefault(_alike(one) if self.together else (one.index,), []).append(one)
        place: dict[int, int] = {}
        for some in groups.values():
            last = some[-1]
            place.update((one.index, len(prepared)) for one in some)
            prepared.append(self._event(last.change, last.order, last.now, _runs(some), partial=last.partial))
        return prepared, [place[one.index] for one in passed]

    def _receipts(self, passed: list[_Passed]) -> list[Prepared]:
        """Give the receipts that dispensings imply (SURFACES, "Whose record"): one for each place, before them all."""
        arrived: dict[str, list[_Passed]] = {}
        for one in passed:
            if one.implies_receipt:
                arrived.setdefault(one.order.site, []).append(one)
        change, now = CHANGES["receive"], passed[0].now - 1
        return [self._event(change, some[0].order, now, _runs(some), partial=False) for some in arrived.values()]

    def _event(self, change: Change, order: Order, now: int, epcs: list[EpcRun], *, partial: bool) -> Prepared:
        event_id = self.counter._new_event_id()  # noqa: SLF001
        event = event_of(change, order, now=now, event_id=event_id, epcs=epcs, partial=partial)
        return prepare(event, speaker=order.site, flags=Flag.COMMAND)


def _runs(some: list[_Passed]) -> list[EpcRun]:
    """Give the packs of some orders, those of one product together."""
    runs: dict[str, list[str]] = {}
    for one in some:
        runs.setdefault(one.key_prefix, []).append(one.serial)
    return [EpcRun(prefix, serials) for prefix, serials in runs.items()]


def _alike(one: _Passed) -> tuple[object, ...]:
    """Give what makes two orders of one list the same event."""
    order = one.order
    return (
        order.verb, order.site, one.partial, order.to, order.by, order.reason, order.override, order.attestation,
    )  # fmt: skip


def _no_pack(verdict: Verdict) -> RxtrailError:
    fault = verdict.reasons[0].code if verdict.reasons else "no serial number"
    return BadRequest(f"no pack can be read from the code ({fault})", place="code", advice="Scan the square (2D) code.")
