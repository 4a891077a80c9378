"""Up to a hundred thousand changes ordered at once: a job that goes on in the background and survives a crash.

What is ordered is kept before the job is promised. Each step of a job (a batch, or one item that needs a transaction
of its own) takes what is next from the record, carries it out, answers and counts it, in one transaction: nothing is
carried out twice and nothing is left out, whoever dies. So several processes on one record may work on one job at the
same time; nobody holds a part of it between two steps, and who stands still holds up nobody.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from typing import TYPE_CHECKING

import msgspec

from rxtrail.answers import ChangeReceipt
from rxtrail.core.rules.alert import EuView
from rxtrail.errors import BadRequest, NotFound, RxtrailError, StoreFailed
from rxtrail.record.times import iso
from rxtrail.secrets_box import NotOpened
from rxtrail.states.counter import NeedsItsOwn
from rxtrail.states.orders import Order, change_of
from rxtrail.states.refusals import Alerted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rxtrail.ledger.log import Log
    from rxtrail.ledger.writer import Writer
    from rxtrail.secrets_box import SecretsBox
    from rxtrail.states.counter import Counter
    from rxtrail.store import Reader, Transaction

    Alone = Callable[[Transaction, Log, Order], ChangeReceipt]

ITEMS_MAX = 100_000
ITEMS_AT_ONCE = 500  # a counter that comes meanwhile waits for one batch
AGAIN_SECONDS = 1.0  # before a list goes on after the store was lost
LOOK_SECONDS = 2.0  # between looks for the lists of other processes: they may have died
RESULTS_KEPT_US = 30 * 86_400 * 1_000_000
SWEPT_AT_ONCE = 20
_JOB, _OPEN, _ITEMS, _RESULTS = "change-job", "change-job-open", "change-items", "change-results"
_VERSION = 1
RUNNING, SUCCESS, FAILED = "running", "success", "failed"
DONE, REPEATED, REFUSED, WAITING = "done", "repeated", "refused", "waiting"


_WHOSE_KEY = "its references are sealed with the key of another process, which has to go on with it"


class _OfAnother(Exception):
    """References of a list that another process's key has sealed: they are not ours to refuse."""


class ChangeItem(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """One pack of a list, with what differs from the order for all."""

    code: str
    verb: str = ""
    partial: str = ""
    ref: str = ""
    reason: str = ""
    override: str = ""
    to: str = ""
    key: str = ""


class ChangeResult(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What became of one item; ``item`` counts from 0. An ``error`` has the code, place and words of the refusal."""

    item: int
    code: str
    outcome: str  # done | repeated | refused | waiting
    epc: str = ""
    disposition: str = ""
    event_id: str = ""
    log_index: int = -1
    undo_until: str = ""
    error: str = ""
    place: str = ""
    message: str = ""
    advice: str = ""
    eu: EuView | None = None


class ChangeJob(msgspec.Struct, frozen=True, gc=False):
    """How far a list of changes is: ``done`` of ``items`` are answered, ``refused`` of these with no."""

    job: str
    state: str  # running | success: all items are answered | failed: it goes on when the node is started again
    verb: str
    site: str
    items: int
    done: int
    refused: int
    created_at: str
    finished_at: str = ""
    error: str = ""


class _Job(msgspec.Struct, frozen=True, gc=False, array_like=True):
    version: int
    order: Order  # for all, without a code
    digest: bytes
    items: int
    batches: int  # that are answered whole
    done: int
    refused: int
    created_at: int
    finished_at: int = 0


_encode = msgspec.msgpack.Encoder().encode
_decode_job = msgspec.msgpack.Decoder(_Job).decode
_decode_items = msgspec.msgpack.Decoder(tuple[int, list[ChangeItem], list[bytes]]).decode
_decode_results = msgspec.msgpack.Decoder(tuple[int, list[ChangeResult]]).decode


class Bulk:
    """The lists of changes of one node, and the thread that works on them."""

    def __init__(
        self,
        writer: Writer,
        counter: Counter,
        *,
        reader: Callable[[], Reader],
        alone: Alone,
        new_id: Callable[[], str],
        box: SecretsBox | None,
    ) -> None:
        """Take what is needed; ``alone`` carries out one order in a transaction of its own, ``new_id`` names a job."""
        self._writer = writer
        self._counter = counter
        self._reader = reader
        self._alone = alone
        self._new_id = new_id
        self._box = box
        self._lock = threading.Lock()
        self._jobs: list[str] = []
        self._thread: threading.Thread | None = None
        self._failed: dict[str, str] = {}  # jobs that this process could not go on with
        self._shared = False  # other processes work on the same lists
        self._stopping = threading.Event()
        self._progress = threading.Condition()

    # -- what is asked of it ---------------------------------------------------------------------------------------

    def submit(self, order: Order, items: Sequence[ChangeItem]) -> ChangeJob:
        """Keep a list of changes and begin with it; the same key and list give the same job again.

        ``order`` holds what all items have in common.

        :raises BadRequest: there is no item or are too many, or the order makes no sense.
        """
        if not items:
            raise BadRequest("there is nothing to change", place="items")
        if len(items) > ITEMS_MAX:
            raise BadRequest(f"more than {ITEMS_MAX} items", place="items", advice="Send them in several lists.")
        if any(not (item.verb or order.verb) for item in items):
            raise BadRequest("an item says no state, and the list neither", place="state")
        if order.verb:
            change_of(
                msgspec.structs.replace(order, to=order.to or items[0].to, reason=order.reason or items[0].reason)
            )
        # Without the references: a digest of a short number tells the number.
        digest = hashlib.sha256(_encode([msgspec.structs.replace(item, ref="") for item in items])).digest()
        name = f"{order.verb}\n{order.site}\n{order.by}\n{order.key}"
        job = hashlib.sha256(name.encode()).hexdigest()[:32] if order.key else self._new_id().rpartition(":")[2]
        row = self._writer.do(lambda tx, log: self._keep(tx, log, job, order, items, digest), alone=True)
        if row.digest != digest:
            raise BadRequest("this key was used for another list", place="key", advice="Give each list its own key.")
        self._start(job)
        return self._told(job, row)

    def job(self, job: str) -> ChangeJob:
        """Tell how far a list is.

        :raises NotFound: there is no such job.
        """
        return self._told(job, _job_of(self._reader(), job))

    def results(self, job: str, after: int = -1, limit: int = 100) -> list[ChangeResult]:
        """Give what became of the items behind a number, as far as they are answered.

        :raises NotFound: there is no such job.
        """
        reader = self._reader()
        row = _job_of(reader, job)
        found: list[ChangeResult] = []
        first = after + 1
        while len(found) < limit and first < row.items:
            kept = reader.kept(_RESULTS, _part(job, first // ITEMS_AT_ONCE))
            if kept is None:
                break
            found.extend(_decode_results(kept[1])[1][first % ITEMS_AT_ONCE :])
            first += ITEMS_AT_ONCE - first % ITEMS_AT_ONCE
        return found[:limit]

    def wait(self, job: str, seconds: float) -> ChangeJob:
        """Wait until a list has come further, but not for longer than this."""
        with self._progress:
            self._progress.wait(seconds)
        return self.job(job)

    def resume(self) -> int:
        """Go on with what an earlier process left; give how many lists there are."""
        reader = self._reader()
        after = (0, "")
        count = 0
        while rows := reader.kept_from(_OPEN, after, 100):
            for job, at, _ in rows:
                if job not in self._failed:
                    self._start(job)
                after = (at, job)
                count += 1
        return count

    def watch(self) -> None:
        """Keep looking for lists that other processes of this record took in: they may be slow, or dead."""
        self._shared = True
        threading.Thread(target=self._watch, name="rxtrail-changes-watch", daemon=True).start()

    def _watch(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            with contextlib.suppress(StoreFailed):  # told by the writer; what is open stays open
                self.resume()

    def close(self) -> None:
        """Stop behind the batch that runs; what is left goes on at the next start."""
        self._stopping.set()
        thread = self._thread
        if thread is not None:
            thread.join()

    # -- the work --------------------------------------------------------------------------------------------------

    def _keep(
        self, tx: Transaction, log: Log, job: str, order: Order, items: Sequence[ChangeItem], digest: bytes
    ) -> _Job:
        earlier = tx.kept(_JOB, job)
        if earlier is not None:
            return _decode_job(earlier[1])
        _sweep(tx, log.now)
        row = _Job(_VERSION, msgspec.structs.replace(order, ref=""), digest, len(items), 0, 0, 0, log.now)
        for number, start in enumerate(range(0, len(items), ITEMS_AT_ONCE)):
            some = items[start : start + ITEMS_AT_ONCE]
            sealed: list[bytes] = []
            if self._box is not None and any(item.ref or order.ref for item in some):
                about = f"{job} {number}"
                sealed = [self._box.seal(item.ref or order.ref, about=about) for item in some]
            bare = [msgspec.structs.replace(item, ref="") if item.ref else item for item in some]
            tx.keep(_ITEMS, _part(job, number), log.now, _encode((_VERSION, bare, sealed)))
        tx.keep(_JOB, job, log.now, _encode(row))
        tx.keep(_OPEN, job, log.now, b"")
        return row

    def _start(self, job: str) -> None:
        with self._lock:
            if job not in self._jobs:
                self._jobs.append(job)
            if self._thread is None and not self._stopping.is_set():
                self._thread = threading.Thread(target=self._loop, name="rxtrail-changes", daemon=True)
                self._thread.start()

    def _loop(self) -> None:
        while not self._stopping.is_set():
            with self._lock:
                if not self._jobs:
                    self._thread = None
                    return
                job = self._jobs[0]
            try:
                self._work(job)
            except StoreFailed as error:
                if error.curable and not self._stopping.wait(AGAIN_SECONDS):
                    continue  # the job is still the first one
                self._stopping.set()  # told by the writer; the job stays open and goes on at the next start
                return
            except _OfAnother:
                self._failed[job] = _WHOSE_KEY
            except Exception as error:  # noqa: BLE001 (our own mistake: told with the job, and it stops no other one)
                self._failed[job] = f"this is a mistake in rxtrail: {error!r}"
            with self._lock:
                self._jobs.remove(job)
            self._tell()

    def _work(self, job: str) -> None:
        """Carry out a job, batch by batch, until nothing is left or the node closes."""
        while not self._stopping.is_set():
            if self._writer.do(lambda tx, log: self._batch(tx, log, job)):
                return
            self._tell()
            while not self._stopping.is_set() and self._carry_out_alone(job):
                pass

    def _told(self, job: str, row: _Job) -> ChangeJob:
        error = "" if row.finished_at else self._failed.get(job, "")
        return ChangeJob(
            job,
            SUCCESS if row.finished_at else FAILED if error and error is not _WHOSE_KEY else RUNNING,
            row.order.verb,
            row.order.site,
            row.items,
            row.done,
            row.refused,
            iso(row.created_at),
            iso(row.finished_at) if row.finished_at else "",
            error,
        )

    def _tell(self) -> None:
        with self._progress:
            self._progress.notify_all()

    def _batch(self, tx: Transaction, log: Log, job: str) -> bool:
        """Carry out the next batch of a job; tell whether nothing is left to do."""
        kept = tx.kept(_JOB, job)
        if kept is None or tx.kept(_OPEN, job) is None:
            return True
        row = _decode_job(kept[1])
        number = row.batches
        part = _part(job, number)
        if tx.kept(_RESULTS, part) is not None:
            return False  # some of it is carried out by itself, see below
        orders, results = self._orders(tx, row, job, number)
        able = [order for order, result in zip(orders, results, strict=True) if result is None]
        answers = iter(self._counter.carry_out(tx, log, able, together=True))
        start = number * ITEMS_AT_ONCE
        whole = [
            result or _result(start + index, order.code, next(answers))
            for index, (order, result) in enumerate(zip(orders, results, strict=True))
        ]
        return self._answered(tx, log, job, row, whole)

    def _orders(
        self, reader: Reader, row: _Job, job: str, number: int
    ) -> tuple[list[Order], list[ChangeResult | None]]:
        """Give the orders of a batch, and the refusals of those that make no sense."""
        kept = reader.kept(_ITEMS, _part(job, number))
        assert kept is not None, "the items of a batch that is not answered are kept"
        _, items, sealed = _decode_items(kept[1])
        orders: list[Order] = []
        refused: list[ChangeResult | None] = []
        for index, item in enumerate(items):
            common, problem, ref = row.order, None, ""
            if sealed and self._box is not None:
                try:
                    ref = self._box.open(sealed[index], about=f"{job} {number}")
                except NotOpened as error:
                    if self._shared:
                        raise _OfAnother from error
                    problem = _result(number * ITEMS_AT_ONCE + index, item.code, error)
            order = Order(
                verb=item.verb or common.verb,
                code=item.code,
                site=common.site,
                key=item.key,
                partial=item.partial or common.partial,
                ref=ref,
                reason=item.reason or common.reason,
                by=common.by,
                to=item.to or common.to,
                override=item.override or common.override,
                attestation=common.attestation,
            )
            orders.append(order)
            refused.append(problem or _misfit(number * ITEMS_AT_ONCE + index, order))
        return orders, refused

    def _answered(self, tx: Transaction, log: Log, job: str, row: _Job, results: list[ChangeResult]) -> bool:
        """Keep the answers of a batch, and count it when it is whole; tell whether it was the last."""
        number = row.batches
        tx.keep(_RESULTS, _part(job, number), row.created_at, _encode((_VERSION, results)))
        if any(result.outcome == WAITING for result in results):
            return False
        done = row.done + len(results)
        refused = row.refused + sum(result.outcome == REFUSED for result in results)
        is_last = done == row.items
        tx.drop_kept(_ITEMS, _part(job, number))
        finished = log.now if is_last else 0
        row = msgspec.structs.replace(row, batches=number + 1, done=done, refused=refused, finished_at=finished)
        tx.keep(_JOB, job, row.created_at, _encode(row))
        if is_last:
            tx.drop_kept(_OPEN, job)
        return is_last

    def _carry_out_alone(self, job: str) -> bool:
        """Carry out one item that a batch cannot, in a transaction of its own; tell whether there was one.

        It is a pack whose product holds others. What is refused is undone, and its refusal is kept by a second
        transaction, unless another process has answered the item in between.
        """
        tried = -1

        def carry_out(tx: Transaction, log: Log) -> bool:
            nonlocal tried
            waiting = self._waiting(tx, job)
            if waiting is None:
                return False
            row, results, place = waiting
            tried = results[place].item
            order = self._orders(tx, row, job, row.batches)[0][place]
            results[place] = _result(tried, order.code, self._alone(tx, log, order))
            self._answered(tx, log, job, row, results)
            return True

        try:
            return self._writer.do(carry_out)
        except StoreFailed:
            raise
        except RxtrailError as error:
            refusal = error

        def refuse(tx: Transaction, log: Log) -> bool:
            waiting = self._waiting(tx, job)
            if waiting is not None and waiting[1][waiting[2]].item == tried:
                row, results, place = waiting
                results[place] = _result(tried, results[place].code, refusal)
                self._answered(tx, log, job, row, results)
            return True

        return self._writer.do(refuse)

    @staticmethod
    def _waiting(tx: Transaction, job: str) -> tuple[_Job, list[ChangeResult], int] | None:
        """Give the answers of the job's batch at hand, and the place of the first that is still to be given."""
        kept = tx.kept(_JOB, job)
        if kept is None or tx.kept(_OPEN, job) is None:
            return None
        row = _decode_job(kept[1])
        answered = tx.kept(_RESULTS, _part(job, row.batches))
        results = _decode_results(answered[1])[1] if answered is not None else []
        place = next((place for place, result in enumerate(results) if result.outcome == WAITING), None)
        return None if place is None else (row, results, place)


def _misfit(item: int, order: Order) -> ChangeResult | None:
    try:
        change_of(order)
    except BadRequest as error:
        return _result(item, order.code, error)
    return None


def _result(item: int, code: str, answer: ChangeReceipt | RxtrailError | NeedsItsOwn) -> ChangeResult:
    if isinstance(answer, ChangeReceipt):
        return ChangeResult(
            item,
            code,
            REPEATED if answer.repeated else DONE,
            answer.epc,
            answer.disposition,
            answer.event_id,
            answer.log_index,
            answer.undo_until,
        )
    if isinstance(answer, NeedsItsOwn):
        return ChangeResult(item, code, WAITING)
    eu = answer.eu if isinstance(answer, Alerted) else None
    return ChangeResult(
        item,
        code,
        REFUSED,
        error=answer.code,
        place=answer.place,
        message=answer.message,
        advice=answer.advice,
        eu=eu,
    )


def _part(job: str, number: int) -> str:
    return f"{job}/{number:06d}"


def _job_of(reader: Reader, job: str) -> _Job:
    kept = reader.kept(_JOB, job)
    if kept is None:
        raise NotFound(f"no list of changes {job[:80]!r}", place="job")
    return _decode_job(kept[1])


def _sweep(tx: Transaction, now: int) -> None:
    """Forget the answers of old lists; the events that they made stay."""
    for job, at, body in tx.kept_from(_JOB, (0, ""), SWEPT_AT_ONCE):
        row = _decode_job(body)
        if not row.finished_at or now - at < RESULTS_KEPT_US:
            continue
        for number in range(row.batches):
            tx.drop_kept(_RESULTS, _part(job, number))
        tx.drop_kept(_JOB, job)
