"""State changes that a person orders: dispense, receive, hold, return and their kin, as writes that wait.

Each change is judged and written in one transaction of the one writer, so that two counters cannot hand over the
same pack in the same instant; it is also an EPCIS event, like everybody's. The same key within ten minutes gives the
first answer again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from rxtrail.answers import ChangeReceipt
from rxtrail.core.gs1.scan import read_scan
from rxtrail.errors import BadRequest, NotFound, RxtrailError
from rxtrail.states.alone import Alone, contents_by_verdict
from rxtrail.states.bulk import Bulk, ChangeItem, ChangeJob, ChangeResult
from rxtrail.states.counter import Counter, NeedsItsOwn
from rxtrail.states.orders import Order, answer_key, change_of
from rxtrail.states.references import Reference, references_of
from rxtrail.states.stock import Count, check_count, write_count
from rxtrail.states.waiting import Waiting

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Sequence

    from rxtrail.answers import CountIn, CountInReceipt
    from rxtrail.ledger.log import Log
    from rxtrail.ledger.writer import Writer
    from rxtrail.record.judge import Judge
    from rxtrail.secrets_box import SecretsBox
    from rxtrail.store import Reader, Transaction

    Also = Callable[[Transaction, Log, ChangeReceipt], None]

__all__ = ["ChangeItem", "ChangeJob", "ChangeResult", "NeedsItsOwn", "Order", "Reference", "States"]

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(ChangeReceipt).decode


class States:
    """The use case, with what it needs given once."""

    def __init__(
        self,
        writer: Writer,
        *,
        today: Callable[[], datetime.date],
        new_event_id: Callable[[], str],
        judge: Callable[[Reader | None], Judge],
        reader: Callable[[], Reader],
        changed: Callable[[], None],
        box: SecretsBox | None = None,
    ) -> None:
        """Take what the use case needs.

        ``judge`` gives a judge that follows the record: of the calling thread's reader for None, else of the given
        transaction. ``reader`` gives the calling thread's reader. ``changed`` is told after each commit. References
        are sealed in ``box``; without one they are not kept.
        """
        self._judge_of = judge
        self._reader = reader
        self._writer = writer
        self._today = today
        self._new_event_id = new_event_id
        self._changed = changed
        self._box = box
        self._counter = Counter(today=today, new_event_id=new_event_id, judge=judge, box=box)
        self._waiting = Waiting(writer, self._carry_out)
        self.bulk = Bulk(
            writer,
            self._counter,
            reader=reader,
            alone=lambda tx, log, order: self._alone(tx, log, order, "", {}),
            new_id=new_event_id,
            box=box,
        )

    def change(self, order: Order, *, also: Also | None = None) -> ChangeReceipt:
        """Carry out one change and wait until it is durable; ``also`` is written with it, in one transaction.

        :raises BadRequest: the order does not fit its verb.
        :raises NotFound: the thing is not on record.
        :raises Refused: the record does not allow it; nothing was written.
        :raises Busy: a file that speaks of the pack is still being written.
        """
        change_of(order)
        scan = read_scan(order.code, this_year=self._today().year)
        if scan.sscc:
            # What is inside is judged before the write: nobody else need wait for ten thousand packs.
            by_verdict = contents_by_verdict(self._reader(), self._judge_of(None), order, scan.sscc)
            receipt = self._writer.do(lambda tx, log: self._with(also, tx, log, order, scan.sscc, by_verdict))
        elif also is not None:
            receipt = self._writer.do(lambda tx, log: self._with(also, tx, log, order, "", {}))
        else:
            try:
                receipt = self._waiting.carry_out(order)
            except NeedsItsOwn:
                receipt = self._writer.do(lambda tx, log: self._alone(tx, log, order, "", {}))
        if not receipt.repeated:
            self._changed()
        return receipt

    def submit(self, order: Order, tell: Callable[[ChangeReceipt | Exception], None]) -> None:
        """Carry out one change of a pack; ``tell`` is given the receipt when it is durable, or what stands against it.

        It is called by the writing thread, and must not wait. It may be given ``NeedsItsOwn``: then nothing was done,
        and the order is for :meth:`change`.

        :raises BadRequest: the order does not fit its verb.
        """
        change_of(order)
        self._waiting.submit(order, tell)

    def _carry_out(
        self, tx: Transaction, log: Log, orders: Sequence[Order]
    ) -> list[ChangeReceipt | RxtrailError | NeedsItsOwn]:
        return self._counter.carry_out(tx, log, orders)

    def _with(
        self, also: Also | None, tx: Transaction, log: Log, order: Order, sscc: str, by_verdict: dict[str, int]
    ) -> ChangeReceipt:
        """Carry out one order and what is written with it; raises why there is no receipt.

        An order that comes with more than itself was made earlier, and is the same one however late it comes again.
        """
        key = answer_key(order) if also is not None else ""
        earlier = tx.answered(key) if key else None
        if also is not None and earlier is not None:
            receipt = msgspec.structs.replace(_decode(earlier[1]), repeated=True)
            also(tx, log, receipt)
            return receipt
        answer = NeedsItsOwn() if sscc else self._carry_out(tx, log, [order])[0]
        if isinstance(answer, NeedsItsOwn):
            answer = self._alone(tx, log, order, sscc, by_verdict)
        elif isinstance(answer, RxtrailError):
            raise answer
        if also is not None:
            also(tx, log, answer)
        return answer

    def _alone(self, tx: Transaction, log: Log, order: Order, sscc: str, by_verdict: dict[str, int]) -> ChangeReceipt:
        key = answer_key(order)
        now = self._counter.tick(log)
        repeated = self._counter.repeated(tx, key, now)
        if repeated is not None:
            return repeated
        asked = self._counter.asked(tx)
        order = msgspec.structs.replace(order, site=order.site or asked.default_site)
        judge = self._judge_of(tx)
        alone = Alone(tx, log, judge, asked, now=now, new_event_id=self._new_event_id, box=self._box)
        receipt = alone.container(order, sscc, by_verdict) if sscc else alone.case(order)
        if key:
            tx.add_answered(key, now, _encode(receipt))
        return receipt

    # -- references ------------------------------------------------------------------------------------------------

    def references(self, code: str) -> list[Reference]:
        """Open the references that were given for a pack or container, oldest first.

        :raises BadRequest: neither can be read from the code.
        :raises NotFound: this node keeps no references.
        :raises NotOpened: another key sealed them.
        """
        if self._box is None:
            raise NotFound("this node keeps no references")
        scan = read_scan(code, this_year=self._today().year)
        if scan.sscc:
            return references_of(self._reader(), self._box, f"00/{scan.sscc}")
        if not scan.gtin or not scan.serial or scan.fault:
            raise BadRequest("no pack can be read from the code", place="code", advice="Scan the square (2D) code.")
        return references_of(self._reader(), self._box, f"01/{scan.gtin}/21/{scan.serial}")

    # -- opening stock ---------------------------------------------------------------------------------------------

    def count_in(self, rows: Sequence[CountIn], *, by: str, supplier: str, ref: str, site: str = "") -> CountInReceipt:
        """Count in packs received before the record began: whole, or not at all for a row that cannot be read.

        :raises BadRequest: nobody is named, there are no rows, or one of them cannot be read.
        """
        count = Count(rows, by, supplier, ref, site)
        check_count(count)
        receipt = self._writer.do(lambda tx, log: self._count_in(tx, log, count))
        self._changed()
        return receipt

    def _count_in(self, tx: Transaction, log: Log, count: Count) -> CountInReceipt:
        return write_count(
            tx,
            log,
            self._judge_of(tx).authority,
            count,
            now=self._counter.tick(log),
            year=self._today().year,
            new_event_id=self._new_event_id,
        )
