"""Asking the maker about a scanned pack when told to, and tying a wholesaler's return to its own sale."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from rxtrail.core.gs1 import charsets, dates
from rxtrail.core.gs1.scan import read_scan
from rxtrail.core.rules.answer import Reason, Severity
from rxtrail.core.rules.verdict import FAULTS
from rxtrail.core.rules.vrs_answer import NOT_ASKED, MakerAnswer, joined, linked, with_reasons
from rxtrail.errors import BadRequest
from rxtrail.record.judge import HEADLINE_DEFAULTS, HEADLINES
from rxtrail.record.standing import authority_of, identity_of
from rxtrail.vrs import directory, journal, own, sales
from rxtrail.vrs.messages import VrsRequest
from rxtrail.vrs.values import CONTEXTS, Exchange

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.answers import NodeIdentity
    from rxtrail.core.rules.answer import PackView, Verdict
    from rxtrail.ledger.log import Log
    from rxtrail.store import Reader, Transaction
    from rxtrail.vrs.client import VrsAnswer, VrsClient
    from rxtrail.vrs.values import DirectoryRow, VrsSettings


class Judging(Protocol):
    """The node's own verdict on a scan, which also notes that the scan happened."""

    def __call__(
        self, scan: str, *, site: str = "", purpose: str = "dispense", key: str = "", station: str = ""
    ) -> Verdict:
        """Judge one scanned text."""
        ...


_OUR_WORDS: Final = frozenset({"return-not-linked", "sold-by-you", "maker-not-asked"})
_RETURNING: Final = "wholesaler"
_NO_ROUTE: Final = MakerAnswer(
    verified=None,
    fault="the lookup directory does not say who answers for this product.",
    advice="Load the directory (rxtrail vrs directory import), or call the maker.",
)
_NO_GLN: Final = MakerAnswer(
    verified=None,
    fault="this node has no GLN to ask under.",
    advice="Say whose record this is: rxtrail init --role ROLE --gln GLN.",
)
_NOTHING_TO_ASK: Final = Reason(
    "maker-not-asked",
    Severity.CHECK,
    "The maker was not asked: the code carries no lot or no expiry date.",
    "Scan the square (2D) code on the pack.",
)


class Asking:
    """The requester's side, for many threads."""

    def __init__(
        self,
        *,
        reader: Callable[[], Reader],
        verify: Judging,
        write: Callable[[Callable[[Transaction, Log], object]], object],
        client: VrsClient,
        settings: Callable[[], VrsSettings],
        today: Callable[[], datetime.date],
        new_uuid_urn: Callable[[], str],
    ) -> None:
        """Everything that is not in the record is given."""
        self._reader = reader
        self._verify = verify
        self._write = write
        self._client = client
        self._settings = settings
        self._today = today
        self._new_uuid_urn = new_uuid_urn

    def verify(
        self, scan: str, *, site: str, purpose: str, key: str, station: str, customer: str, attest: bool
    ) -> Verdict:
        """Judge a scan and ask its maker; see :meth:`rxtrail.vrs.Vrs.verify`."""
        if customer and not directory.is_gln(customer):
            raise BadRequest(f"{customer[:40]!r} is not a 13-digit GLN with a right check digit", place="customer")
        verdict = self._verify(scan, site=site, purpose=purpose, key=key, station=station)
        pack = verdict.pack
        codes = {reason.code for reason in verdict.reasons}
        # What could not be read names no pack, and a record that cannot be read now cannot keep an exchange either.
        if not (pack.gtin and pack.serial) or codes & FAULTS.keys() or "record" in verdict.record.not_checked:
            return verdict
        reader = self._reader()
        identity = identity_of(reader)
        authority = authority_of(reader, self._today())
        if purpose == "return" and identity.role == _RETURNING:
            verdict = self._link(reader, verdict, customer)
            verdict = with_reasons(verdict, [r for r in verdict.reasons if r.code != NOT_ASKED.code])
        entry = directory.look_up(reader, pack.gtin, self._today().isoformat())
        if own.own_gln(identity, authority, entry, pack.gtin):
            return _worded(verdict, purpose)  # the maker's own record has just answered
        if not (pack.lot and pack.expiry):
            return _worded(with_reasons(verdict, [*verdict.reasons, _NOTHING_TO_ASK]), purpose)
        if entry.row is None:
            return _worded(joined(verdict, _NO_ROUTE, purpose), purpose)
        requester = _requester(identity, site)
        if not requester:
            return _worded(joined(verdict, _NO_GLN, purpose), purpose)
        settings = self._settings()
        asked = VrsRequest(
            gtin=pack.gtin,
            lot=pack.lot,
            serial=pack.serial,
            exp=self._as_printed(verdict),
            context=settings.contexts.get(purpose) or CONTEXTS[purpose],
            requester_gln=requester,
            corr_uuid=self._new_uuid_urn().rpartition(":")[2],
            ctrl_possess_att=attest,
        )
        if not _can_be_sent(pack):
            return _worded(with_reasons(verdict, [*verdict.reasons, _NOTHING_TO_ASK]), purpose)
        found = self._client.verify(entry.row.url, entry.row.owner_gln, asked, settings)
        if not found.cached:
            self._keep(asked, found, entry.row)
        return _worded(joined(verdict, found.answer, purpose), purpose)

    def returned(self, verdict: Verdict) -> Verdict:
        """Judge a wholesaler's return that nobody asked the maker about: never ok (FDCA 582(c)(4)(D))."""
        reader = self._reader()
        identity = identity_of(reader)
        pack = verdict.pack
        codes = {reason.code for reason in verdict.reasons}
        if identity.role != _RETURNING or not (pack.gtin and pack.serial) or codes & FAULTS.keys():
            return verdict
        verdict = self._link(reader, verdict, "")
        entry = directory.look_up(reader, pack.gtin, self._today().isoformat())
        if not own.own_gln(identity, authority_of(reader, self._today()), entry, pack.gtin):
            verdict = with_reasons(verdict, [*verdict.reasons, NOT_ASKED])
        return _worded(verdict, "return")

    def _link(self, reader: Reader, verdict: Verdict, customer: str) -> Verdict:
        verdict = with_reasons(verdict, [reason for reason in verdict.reasons if reason.code not in _OUR_WORDS])
        authority = authority_of(reader, self._today())
        sale = sales.sale_of(reader, authority, verdict.pack.gtin, verdict.pack.serial)
        same = None
        if customer and sale is not None:
            same = any(authority.same_party(customer, buyer) for buyer in sale.buyers)
        return linked(verdict, sale, same)

    def _as_printed(self, verdict: Verdict) -> str:
        """Give the expiry as the code has it, with its day 00 when it has one."""
        scan = read_scan(verdict.scan.raw, this_year=self._today().year)
        if scan.expiry == verdict.pack.expiry and scan.yymmdd:
            return scan.yymmdd
        return dates.to_yymmdd(datetime.date.fromisoformat(verdict.pack.expiry))

    def _keep(self, asked: VrsRequest, found: VrsAnswer, row: DirectoryRow) -> None:
        answer = found.answer
        exchange = Exchange(
            direction="asked",
            at="",
            corr_uuid=asked.corr_uuid,
            requester_gln=asked.requester_gln,
            responder_gln=answer.responder_gln or row.owner_gln,
            gtin=asked.gtin,
            serial=asked.serial,
            lot=asked.lot,
            expiry=asked.exp,
            context=asked.context,
            ctrl_possess_att=asked.ctrl_possess_att,
            status=answer.status,
            verified=answer.verified,
            failure_reason=answer.failure.value if answer.failure is not None else "",
            additional_info=[info.value for info in answer.infos],
            fault=answer.fault,
            url=row.url,
            attempts=found.attempts,
            milliseconds=found.milliseconds,
        )
        self._write(lambda tx, log: journal.note_exchange(tx, log, exchange))


def _requester(identity: NodeIdentity, site: str) -> str:
    if site in identity.glns:
        return site
    return identity.default_site or next(iter(identity.glns), "")


def _can_be_sent(pack: PackView) -> bool:
    """Tell whether serial and lot are 1 to 20 characters of set 82, which is all that the address can carry."""
    return all(len(part) <= 20 and charsets.ALL_82.fullmatch(part) for part in (pack.serial, pack.lot))


def _worded(verdict: Verdict, purpose: str) -> Verdict:
    headline = HEADLINES[verdict.verdict].get(purpose) or HEADLINE_DEFAULTS[verdict.verdict]
    return msgspec.structs.replace(verdict, headline=headline)
