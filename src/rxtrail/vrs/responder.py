"""Answering: one verification request from the maker's own record, with the outcome that the standard has for it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.rules.vrs_answer import MakerAnswer, Policy, answer_for
from rxtrail.errors import RxtrailError
from rxtrail.record.times import iso
from rxtrail.vrs import journal, messages, own
from rxtrail.vrs.refusals import NotHandled, NotNow, RequesterNotAuthorised, TooManyUnknown, UnknownRequester
from rxtrail.vrs.values import Exchange, VrsAlert, VrsSettings
from rxtrail.vrs.watch import Watch

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable

    from rxtrail.core.rules.authority import Authority
    from rxtrail.ledger.log import Log
    from rxtrail.record.judge import Judge
    from rxtrail.store import Reader, Transaction
    from rxtrail.vrs.messages import VrsRequest

PENDING_SECONDS: Final = 60


class VrsReply(msgspec.Struct, frozen=True, gc=False):
    """What goes back: a body with 200, else a refusal with its status; 429 and 503 say when to ask again."""

    status: int
    body: messages.VerificationBody | messages.ConnectivityBody | None = None
    refusal: RxtrailError | None = None
    retry_seconds: int = 0


UNKNOWN_REQUESTER: Final = VrsReply(
    401, None, UnknownRequester("This requester is not known here.", advice="Ask the responder to list your GLN.")
)
NOT_AUTHORISED: Final = VrsReply(
    403,
    None,
    RequesterNotAuthorised("This requester is not authorised now.", advice="Have your authorisation renewed."),
)
NOT_HANDLED: Final = VrsReply(
    404, None, NotHandled("This GTIN is not answered for here.", advice="Look it up in the lookup directory again.")
)
NOT_NOW: Final = VrsReply(
    503, None, NotNow("The record of this pack is still being written.", advice="Ask again."), PENDING_SECONDS
)


class Responder:
    """Answers requests on the calling thread; every exchange is durable before its answer leaves."""

    def __init__(
        self,
        *,
        reader: Callable[[], Reader],
        judge: Callable[[], Judge],
        write: Callable[[Callable[[Transaction, Log], object]], object],
        settings: Callable[[], VrsSettings],
        now_us: Callable[[], int],
        today: Callable[[], datetime.date],
    ) -> None:
        """Everything that is not in the record is given."""
        self._reader = reader
        self._judge = judge
        self._write = write
        self._settings = settings
        self._now_us = now_us
        self._today = today
        self._watch = Watch()

    def answer(self, asked: VrsRequest, *, credential: str = "") -> VrsReply:
        """Answer one request; ``credential`` is the text of the header that proves who asks, of which a hash is kept.

        :raises StoreFailed: the record cannot be read, or the exchange cannot be kept: then no answer leaves.
        """
        settings = self._settings()
        now = self._now_us()
        wait = self._watch.wait_of(asked.requester_gln, settings.unknown_serials_per_hour, now // 1_000_000)
        if wait:
            refusal = TooManyUnknown(
                "You asked for too many packs that do not exist.",
                advice="Ask again later, and look at what your scanners send.",
            )
            return VrsReply(429, None, refusal, wait)
        judge, reader = self._judge(), self._reader()
        refused = self._refuse(judge.authority, asked.requester_gln, settings)
        gln, answer = "", None
        if refused is None:
            gln = own.responder_gln(reader, judge.authority, asked.gtin, asked.lot, self._today().isoformat())
            refused, answer = self._look(judge, reader, asked, gln, settings)
        if answer is None:
            assert refused is not None, "a request is answered or refused"
            reply = refused
        else:
            body = messages.body_of(answer, asked, timestamp=_timestamp(self._now_us()))
            reply = VrsReply(200, body)
        alerts = self._alerts(asked, reply, answer, settings, now // 1_000_000)
        self._keep(asked, reply, answer, gln, credential, now, alerts)
        return reply

    def connectivity(self, gtin: str, requester_gln: str) -> VrsReply:
        """Tell whether this node handles a GTIN for a requester (LMS 1.1, checkConnectivity)."""
        judge, reader = self._judge(), self._reader()
        refused = self._refuse(judge.authority, requester_gln, self._settings())
        if refused is not None:
            return refused
        gln = own.responder_gln(reader, judge.authority, gtin, "", self._today().isoformat())
        return VrsReply(200, messages.ConnectivityBody(gln)) if gln else NOT_HANDLED

    def _refuse(self, authority: Authority, requester: str, settings: VrsSettings) -> VrsReply | None:
        if authority.is_self(requester):
            return None
        if authority.is_listed(requester):
            return None if authority.is_valid(requester) else NOT_AUTHORISED
        return UNKNOWN_REQUESTER if settings.requesters == "listed" else None

    def _look(
        self, judge: Judge, reader: Reader, asked: VrsRequest, gln: str, settings: VrsSettings
    ) -> tuple[VrsReply | None, MakerAnswer | None]:
        if not gln:
            return NOT_HANDLED, None
        today = self._today()
        found = own.found_by(judge, reader, asked.gtin, asked.serial, today)
        if found.facts.pending or own.too_old(reader, self._now_us()):
            return NOT_NOW, None  # a "no match" now could be wrong in a minute
        held = own.held_of(judge, reader, found, asked.gtin, asked.serial, today)
        expiry = messages.iso_of(asked.exp, this_year=today.year)
        policy = Policy(settings.recalled_is_verified, settings.expired_is_verified)
        answer = answer_for(held, asked.lot, expiry, policy)
        return None, msgspec.structs.replace(answer, responder_gln=gln, status=200)

    def _alerts(
        self, asked: VrsRequest, reply: VrsReply, answer: MakerAnswer | None, settings: VrsSettings, now: int
    ) -> list[VrsAlert]:
        alerts = []
        pack = f"{asked.gtin}/{asked.serial}"
        unknown = answer is not None and answer.failure is not None and answer.failure.value == "No_match_GTIN_Serial"
        if unknown or reply.status in (401, 403, 404):
            # A refusal counts each time: it is kept for six years too, and nobody shall fill the disk with it.
            key = pack if unknown else asked.corr_uuid
            if self._watch.missed(asked.requester_gln, key, settings.unknown_serials_per_hour, now):
                message = f"{asked.requester_gln} asked for {settings.unknown_serials_per_hour} packs that do not exist"
                alerts.append(VrsAlert("enumeration", "", asked.gtin, message, [asked.requester_gln]))
        elif answer is not None:
            many = self._watch.asked(asked.requester_gln, pack, settings.requesters_per_serial, now)
            if many:
                message = f"{len(many)} requesters asked for this one pack within a day"
                alerts.append(VrsAlert("many-requesters", "", asked.gtin, message, many, asked.serial))
        return alerts

    def _keep(
        self,
        asked: VrsRequest,
        reply: VrsReply,
        answer: MakerAnswer | None,
        gln: str,
        credential: str,
        begun: int,
        alerts: list[VrsAlert],
    ) -> None:
        exchange = Exchange(
            direction="answered",
            at="",
            corr_uuid=asked.corr_uuid,
            requester_gln=asked.requester_gln,
            responder_gln=gln,
            gtin=asked.gtin,
            serial=asked.serial,
            lot=asked.lot,
            expiry=asked.exp,
            context=asked.context,
            ctrl_possess_att=asked.ctrl_possess_att,
            status=reply.status,
            verified=answer.verified if answer is not None else None,
            failure_reason=answer.failure.value if answer is not None and answer.failure is not None else "",
            additional_info=[info.value for info in answer.infos] if answer is not None else [],
            fault=reply.refusal.message if reply.refusal is not None else "",
            milliseconds=(self._now_us() - begun) // 1000,
            credential_sha256=hashlib.sha256(credential.encode()).hexdigest() if credential else "",
        )

        def work(tx: Transaction, log: Log) -> None:
            journal.note_exchange(tx, log, exchange)
            for alert in alerts:
                journal.note_alert(tx, log, alert)

        self._write(work)


def _timestamp(now_us: int) -> str:
    """Give a time as the standard's sample has it: UTC, always with milliseconds."""
    text = iso(now_us)
    return text if "." in text else text[:-1] + ".000Z"
