"""Tells subscribers: finds what is new for each, sends it, tries again with patience, buries what cannot be told.

One thread looks whether there is anything to do, a few read what is to be told, and each receiver is sent it in a turn
of its own, so that one which says nothing holds up nobody. A commit only sets a flag, so capturing does not pay for
subscribers: which of them a commit concerns is found by their index terms in one statement, however many there are.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import msgspec

from rxtrail.core.epcis.query.parameters import Op
from rxtrail.core.epcis.query.refusals import BadQuery, QueryTooComplex
from rxtrail.core.epcis.query.terms import narrowing, number_of
from rxtrail.epcis_query.documents import query_document, spelling_of
from rxtrail.epcis_query.master import world_of
from rxtrail.epcis_query.pages import Cursor, Found, read_page
from rxtrail.errors import BadRequest, RxtrailError
from rxtrail.outbound import ANYWHERE, Reach, Unreachable, request
from rxtrail.outbound.signing import signature
from rxtrail.outbound.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.epcis_query.subscriptions import DeadLetter, Subscription, Subscriptions
    from rxtrail.ledger.writer import Writer
    from rxtrail.store import Reader

LOOK_SECONDS: Final = 0.5
RELOAD_SECONDS: Final = 5.0
READERS: Final = 8
EVENTS_AT_ONCE: Final = 500
CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 15.0
ATTEMPTS_MAX: Final = 12
BACK_OFF_US: Final = 2 * 1_000_000
BACK_OFF_MAX_US: Final = 3_600 * 1_000_000
ERROR_CHARACTERS_MAX: Final = 500
_LOG = logging.getLogger("rxtrail.outbound")
_CLAIM: Final = "epcis-deliveries"


class NotTaken(Exception):
    """The subscriber did not take what it was sent."""


class _Telling:
    """One subscription that is being told: how far what is read has come."""

    def __init__(self, each: Subscription, size: int, low: int | None = None) -> None:
        self.each, self.size = each, size
        self.low = each.position if low is None else low
        self.query = msgspec.structs.replace(each.read(), per_page=EVENTS_AT_ONCE, max_event_count=0)
        self.cursor: Cursor | None = Cursor(size, left=self.query.event_count_limit)
        self.sent = 0


class Deliveries:
    """The work in the background."""

    def __init__(
        self,
        subscriptions: Subscriptions,
        writer: Callable[[], Writer],
        reader: Callable[[], Reader],
        *,
        now_us: Callable[[], int],
        may_be_told: Callable[[str], bool],
    ) -> None:
        """Take the subscriptions, and what tells of an owner whether it may still read; :meth:`start` begins."""
        self._subscriptions = subscriptions
        self._writer = writer
        self._reader = reader
        self._now = now_us
        self._may_be_told = may_be_told
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._stale = True
        self._held: dict[str, Subscription] = {}
        self._terms: dict[str, frozenset[int] | None] = {}  # what of its events all have one of; None: not known
        self._busy: set[str] = set()
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None  # each of its threads keeps a reader, so they are few
        self._turns = Turns("rxtrail-webhook")
        self._thread: threading.Thread | None = None
        self.outside = Reach(everything=False)
        """What those who subscribed with a site key may have us connect to; who runs the node may name anything."""

    def start(self) -> None:
        """Begin."""
        self._pool = ThreadPoolExecutor(READERS, thread_name_prefix="rxtrail-subscriptions-read")
        self._thread = threading.Thread(target=self._run, name="rxtrail-subscriptions", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End: what is being sent is waited for, as long as an answer may take."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(ANSWER_SECONDS)
        self._turns.close(ANSWER_SECONDS)
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def woke(self) -> None:
        """Note that something was committed."""
        self._wake.set()

    def changed(self) -> None:
        """Note that somebody subscribed or unsubscribed."""
        self._stale = True
        self._wake.set()

    def _run(self) -> None:
        waited = 0.0
        claimed = False
        while not self._stopping.is_set():
            self._wake.wait(LOOK_SECONDS)
            self._wake.clear()
            waited += LOOK_SECONDS
            try:
                if self._stale or waited >= RELOAD_SECONDS:
                    waited = 0.0
                    # Of several processes on one record one delivers; when it dies, another finds the claim free.
                    claimed = claimed or self._writer().do(lambda tx, _log: tx.claim(_CLAIM))
                    if claimed:
                        self._load()
                if claimed and self._held:
                    self._look()
            except RxtrailError:
                self._stopping.wait(RELOAD_SECONDS)  # the store is lost or closing, which others tell
            except RuntimeError:
                return  # the pool is closed
            self._stopping.wait(LOOK_SECONDS / 5)  # many small commits are looked at together

    def _load(self) -> None:
        self._stale = False
        fresh = {each.id: each for each in self._subscriptions.all()}
        with self._lock:
            for name, each in fresh.items():
                known = self._held.get(name)
                if known is None or (known.created_at != each.created_at):
                    try:
                        self._terms[name] = _first_terms(self._reader(), each)
                    except BadQuery:
                        self._terms[name] = None  # it is told of with its attempts, and holds up nobody else
                    self._held[name] = each
            for name in self._held.keys() - fresh.keys():
                self._held.pop(name, None)
                self._terms.pop(name, None)

    def _look(self) -> None:
        """Send to everybody for whom there is something to send now."""
        reader = self._reader()
        now, size = self._now(), reader.log_size()
        with self._lock:
            waiting = [each for each in self._held.values() if each.id not in self._busy and each.next_attempt <= now]
        # Who may not read any more is told nothing; all of it comes when they may again.
        admitted = {owner: self._may_be_told(owner) for owner in {each.owner for each in waiting}}
        waiting = [each for each in waiting if admitted[each.owner]]
        streams = [each for each in waiting if each.stream and each.position < size]
        due = [each for each in waiting if each.schedule and each.next_run <= now]
        if streams:
            due += self._concerned(reader, streams, size)
        for each in due:
            with self._lock:
                self._busy.add(each.id)
            assert self._pool is not None, "looking begins after the pool was made"
            self._pool.submit(self._work, each, size, partial(self._serve, each, size))

    def _concerned(self, reader: Reader, streams: list[Subscription], size: int) -> list[Subscription]:
        """Give those of whose terms something is new; the others have nothing to wait for up to here."""
        low = min(each.position for each in streams)
        asked = {term for each in streams for term in self._terms.get(each.id) or ()}
        last = reader.terms_since(sorted(asked), low) if asked else {}
        found: list[Subscription] = []
        for each in streams:
            terms = self._terms.get(each.id)
            if terms is None or any(last.get(term, -1) >= each.position for term in terms):
                found.append(each)
                continue
            with self._lock:
                if each.id in self._held:
                    # Not kept: after a restart the same look is taken again, and finds the same nothing.
                    self._held[each.id] = msgspec.structs.replace(each, position=size)
        return found

    def _work(self, each: Subscription, size: int, work: Callable[[], None]) -> None:
        """Do a piece of telling one subscription; whatever goes wrong in it, the subscription is looked at again."""
        try:
            work()
        except Exception:  # noqa: BLE001 (told; it counts as an attempt, and the next one comes later)
            _LOG.exception("subscription %r could not be told", each.shown)
            self._ended(each, size, NotTaken("this node made a mistake, which its own log tells"))

    def _serve(self, each: Subscription, size: int) -> None:
        """Begin to tell one subscriber all up to ``size``."""
        try:
            telling = _Telling(each, size)
        except (BadQuery, QueryTooComplex) as failed:
            self._ended(each, size, failed)
            return
        self._read(telling)

    def _read(self, telling: _Telling) -> None:
        """Read what is told next, and ask for a turn to send it."""
        each = telling.each
        try:
            events = self._next(telling)
        except (BadQuery, QueryTooComplex) as failed:
            self._ended(each, telling.size, failed)
            return
        except RxtrailError:
            self._free(each)  # the store: nothing was kept, so all of it is told again
            return
        if not events and (telling.sent or not (each.report_if_empty and each.schedule)):
            self._ended(each, telling.size, None, sent=telling.sent)
            return
        work = partial(self._work, each, telling.size, partial(self._send_page, telling, events))
        target = urlsplit(each.dest).netloc.lower()
        if not self._turns.take(work, target=target, party=each.owner, failing=each.attempts > 0):
            self._free(each)

    def _next(self, telling: _Telling) -> list[Found]:
        """Give the events that are told next, none at the end."""
        reader, query, viewer = self._reader(), telling.query, telling.each.owner
        while telling.cursor is not None:
            world = world_of(reader, query.prefixes, viewer=viewer)
            page = read_page(reader, query, world, viewer=viewer, cursor=telling.cursor, low=telling.low)
            telling.cursor = page.next
            if page.events:
                return page.events
        return []

    def _send_page(self, telling: _Telling, events: list[Found]) -> None:
        """Send some events, in the turn of their receiver."""
        each = telling.each
        try:
            self._post(each, events, telling.low)
        except (NotTaken, Unreachable, BadRequest) as failed:
            self._ended(each, telling.size, failed)
            return
        telling.sent += 1
        if telling.cursor is None:
            self._ended(each, telling.size, None, sent=telling.sent)
            return
        assert self._pool is not None, "sending begins after the pool was made"
        try:
            self._pool.submit(self._work, each, telling.size, partial(self._read, telling))
        except RuntimeError:
            self._free(each)  # the pool is closed; all of it is told again

    def _ended(self, each: Subscription, size: int, failed: Exception | None, *, sent: int = 0) -> None:
        """Keep how telling one subscriber ended, and let it be looked at again."""
        try:
            after = self._after(each, size, failed, sent=sent)
            with self._lock:
                if each.id in self._held:
                    self._held[each.id] = after
        except RxtrailError:
            pass  # the store: nothing was kept, so all of it is told again
        finally:
            self._free(each)

    def _free(self, each: Subscription) -> None:
        with self._lock:
            self._busy.discard(each.id)
        self._wake.set()

    def _after(self, each: Subscription, size: int, failed: Exception | None, *, sent: int) -> Subscription:
        """Give a subscription as it is after it was told all up to ``size``, or was not, kept already."""
        now = self._now()
        next_run = each.timetable().next_after(now) if each.schedule else 0
        if failed is not None:
            attempts = each.attempts + 1
            error = str(failed)[:ERROR_CHARACTERS_MAX]
            if attempts < ATTEMPTS_MAX:
                wait = min(BACK_OFF_MAX_US, BACK_OFF_US << (attempts - 1))
                after = msgspec.structs.replace(each, attempts=attempts, next_attempt=now + wait, last_error=error)
                self._subscriptions.save(after)
                return after
            after = msgspec.structs.replace(
                each, position=size, attempts=0, next_attempt=0, last_error=error, next_run=next_run,
                min_record_time=now,
            )  # fmt: skip
            self._subscriptions.bury(after, each.position, size, error, now)
            return after
        after = msgspec.structs.replace(
            each, position=size, attempts=0, next_attempt=0, last_error="", next_run=next_run, min_record_time=now,
            last_notified=now if sent else each.last_notified,
        )  # fmt: skip
        if sent or each.schedule or each.attempts:
            self._subscriptions.save(after)
        return after

    def send(self, letter: DeadLetter) -> None:
        """Send again what could not be told, in this thread.

        :raises NotFound: its subscription has ended.
        :raises NotTaken: the subscriber answered that it did not take it.
        :raises Unreachable: it did not answer.
        """
        each = self._subscriptions.find(letter.subscription, owner=None)
        telling = _Telling(each, letter.high, letter.low)
        while events := self._next(telling):
            self._post(each, events, letter.low)

    def _post(self, each: Subscription, events: list[Found], low: int) -> None:
        body = query_document(
            events,
            target="xml-1.2" if each.xml else "json",
            spelling=spelling_of(each.epc_format, each.cbv_format),
            created_at=self._now(),
            query_name=each.query_name,
            subscription_id=each.shown,
        )
        first = events[0].position if events else low
        headers = {
            "Content-Type": "application/xml" if each.xml else "application/json",
            "GS1-EPCIS-Version": "1.2" if each.xml else "2.0",
            "GS1-Signature": signature(each.token, body),
            # One name may be that of several companies' subscriptions, and one receiver may serve them all.
            "Idempotency-Key": f"{each.owner}/{each.shown}-{first}-{len(events)}",
        }
        reply = request(
            "POST", each.dest, connect_seconds=CONNECT_SECONDS, seconds=ANSWER_SECONDS, headers=headers, body=body,
            reach=self.outside if each.owner else ANYWHERE,
        )  # fmt: skip
        if reply.status == 413 and len(events) > 1:
            # "Send EPCIS events in smaller batches" (the callback of the OpenAPI document).
            half = len(events) // 2
            self._post(each, events[:half], low)
            self._post(each, events[half:], low)
        elif not 200 <= reply.status < 300:
            raise NotTaken(f"the subscriber answered {reply.status}")


def _first_terms(reader: Reader, each: Subscription) -> frozenset[int] | None:
    """Give the terms of one of which every event of a subscription is; None when terms do not tell."""
    query = each.read()
    world = world_of(reader, query.prefixes, viewer=each.owner)
    # What is under a place may be other places tomorrow, so no condition on descent is among these.
    lasting = [condition for condition in query.conditions if condition.named.parameter.op is not Op.WD]
    groups = [terms for condition in lasting if (terms := narrowing(condition, world)) is not None]
    if not groups:
        return frozenset((number_of(f"p:{each.owner}"),)) if each.owner else None
    return frozenset(number_of(term) for term in min(groups, key=len))
