"""What a site did while this node could not be reached, told later: recorded once, in order, and never dropped.

The record's own time is that of the telling; the time of the scan stands beside it. What the record does not allow any
more (dispensed elsewhere meanwhile, recalled) is not made so, and becomes a case with all that is known of it.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from rxtrail.answers import ChangeReceipt, JourneyScan, Verdict
from rxtrail.cases import open_case
from rxtrail.core.gs1.scan import read_scan
from rxtrail.core.rules.alert import EuView
from rxtrail.core.rules.answer import Answer
from rxtrail.errors import BadIdentifier, BadRequest, BadScan, NotFound, Refused, RxtrailError
from rxtrail.record.times import iso
from rxtrail.store.rows import RecordKind

if TYPE_CHECKING:
    from rxtrail.ledger.log import Log
    from rxtrail.ledger.writer import Writer
    from rxtrail.record.judge import Judge
    from rxtrail.store import Reader, Transaction

SCANS: Final = "offline-scans"  # what the store keeps: of one pack, all that was told late
REPLAYED: Final = "offline-replayed"  # by site and key: what became of it
DISPENSING: Final = "offline-dispensing"  # kinds of cases
CHANGE: Final = "offline-change"
SCAN: Final = "offline-scan"
SCANS_KEPT_MAX: Final = 100  # of one pack; the log has all
SCAN_TEXT_MAX: Final = 4096
KEY_CHARACTERS_MAX: Final = 200
# A scan record, version 2: that of version 1, the time of the scan in microseconds, and what the counter was told.
SCAN_RECORD_VERSION: Final = b"\x02"

_encode = msgspec.msgpack.Encoder().encode
_decode_scans = msgspec.msgpack.Decoder(list[JourneyScan]).decode


class Conflict(Refused):
    """A change that was made without the record and cannot be recorded; its case has all that is known of it."""

    def __init__(self, refused: RxtrailError, case: str, eu: EuView | None = None) -> None:
        """Keep the words of the refusal, and the alert that it raises in the EU market."""
        advice = f"{refused.advice} Case {case} was opened for it.".strip()
        super().__init__(refused.message, place=refused.place, advice=advice)
        self.case = case
        self.eu = eu


class NotedScan(msgspec.Struct, frozen=True, gc=False):
    """A late scan that is recorded: what the record says of the pack now, and the case when that is worse."""

    verdict: Verdict
    recorded_at: str
    repeated: bool = False  # it was recorded before, under the same key
    case: str = ""


class _Outcome(msgspec.Struct, frozen=True, gc=False, array_like=True):
    recorded_at: int
    receipt: ChangeReceipt | None = None
    message: str = ""
    place: str = ""
    advice: str = ""
    case: str = ""
    eu: EuView | None = None


_decode_outcome = msgspec.msgpack.Decoder(_Outcome).decode


Change = Callable[..., ChangeReceipt]
"""What carries out a change now, as for any counter: ``(verb, code, *, site, key, also, **details)``.

``also(tx, log, receipt)`` is run in the transaction of the change itself, once that is made; not for a refused one.
"""


class Replay:
    """The use case, with what it needs given once."""

    def __init__(
        self,
        writer: Callable[[], Writer],
        *,
        reader: Callable[[], Reader],
        judge: Callable[[], Judge],
        change: Change,
        random_bytes: Callable[[int], bytes],
    ) -> None:
        """Take what gives the writer (or raises ``Busy``), and the calling thread's reader and judge."""
        self._writer = writer
        self._reader = reader
        self._judge = judge
        self._change = change
        self._random = random_bytes

    def scan(self, text: str, *, site: str, purpose: str, key: str, scanned_at: str, told: str = "") -> NotedScan:
        """Record a scan that was made at ``scanned_at`` (ISO 8601 with its zone), and say what the record says now.

        :raises BadRequest: the time or the key is none, or the site or the purpose.
        """
        writer, at = self._accept(key, scanned_at)
        text = text.encode(errors="replace").decode()
        verdict = self._judge().judge(text, site=site, purpose=purpose)
        name = _name(site, key)

        def write(tx: Transaction, log: Log) -> NotedScan:
            row = tx.kept(REPLAYED, name)
            if row is not None:
                outcome = _decode_outcome(row[1])
                return NotedScan(verdict, iso(outcome.recorded_at), repeated=True, case=outcome.case)
            pack = verdict.pack
            epc = f"01/{pack.gtin}/21/{pack.serial}" if pack.gtin and pack.serial else ""
            codes = [reason.code for reason in verdict.reasons]
            case = ""
            if verdict.verdict is Answer.STOP and told not in ("", Answer.STOP.value):
                what = f"Scanned offline at {iso(at)} and told {told}; the record says: {verdict.reasons[0].message}"
                evidence = _evidence(at, site, key, told, scan=text, purpose=purpose, reasons=codes)
                case = self._open(tx, log, SCAN, what, epc, site, evidence)
            answer = verdict.verdict.value
            note = [
                log.now, text[:SCAN_TEXT_MAX], pack.gtin, pack.serial, site, purpose, key, answer, codes, at, told,
            ]  # fmt: skip
            log.append(RecordKind.SCAN, SCAN_RECORD_VERSION + _encode(note))
            if epc:
                _note(tx, epc, JourneyScan(iso(at), iso(log.now), site, "scan", told, answer, case))
            tx.keep(REPLAYED, name, log.now, _encode(_Outcome(log.now, case=case)))
            return NotedScan(verdict, iso(log.now), case=case)

        return writer.do(write)

    def change(
        self,
        verb: str,
        code: str,
        *,
        site: str,
        key: str,
        scanned_at: str,
        told: str = "",
        proven: str = "",
        **details: str,
    ) -> ChangeReceipt:
        """Carry out a change that was made at ``scanned_at`` (ISO 8601 with its zone) without the record.

        ``proven`` is the site key that was shown.

        :raises BadRequest: the time or the key is none.
        :raises Conflict: the record does not allow it; a case was opened, once for each key.
        """
        writer, at = self._accept(key, scanned_at)
        name = _name(site, key)
        row = self._reader().kept(REPLAYED, name)
        if row is not None:
            return _again(_decode_outcome(row[1]))
        epc = _epc_of(code, datetime.datetime.fromisoformat(scanned_at).year)

        def note(tx: Transaction, log: Log, receipt: ChangeReceipt) -> None:
            # In the transaction of the change: a crash leaves both or neither, so a replay never meets its own change
            # as somebody else's. The same key at the same time waits for this one, and is answered by the change's key.
            if tx.kept(REPLAYED, name) is None:
                answer = receipt.verdict.verdict.value if receipt.verdict is not None else ""
                _note(tx, epc, JourneyScan(iso(at), iso(log.now), site, verb, told, answer))
                tx.keep(REPLAYED, name, log.now, _encode(_Outcome(log.now, receipt)))

        try:
            return self._change(verb, code, site=site, key=key, also=note, proven=proven, **details)
        except (Refused, NotFound, BadRequest, BadIdentifier, BadScan) as refused:
            error: RxtrailError = refused

        def settle(tx: Transaction, log: Log) -> _Outcome:
            row = tx.kept(REPLAYED, name)
            if row is not None:
                return _decode_outcome(row[1])
            kind = DISPENSING if verb == "dispense" else CHANGE
            shown = {name: value for name, value in details.items() if name != "ref"}  # the reference is never shown
            evidence = _evidence(at, site, key, told, code=code, verb=verb, refused=error.place or error.code, **shown)
            what = f"Told offline to {verb} at {iso(at)}; the record does not allow it: {error.message}"
            case = self._open(tx, log, kind, what, epc, site, evidence)
            _note(tx, epc, JourneyScan(iso(at), iso(log.now), site, verb, told, "refused", case))
            eu = getattr(error, "eu", None)  # what carries out changes tells it
            outcome = _Outcome(log.now, None, error.message, error.place, error.advice, case, eu)
            tx.keep(REPLAYED, name, log.now, _encode(outcome))
            return outcome

        return _again(writer.do(settle))

    def _open(
        self, tx: Transaction, log: Log, kind: str, what: str, pack: str, site: str, evidence: dict[str, Any]
    ) -> str:
        return open_case(
            tx, log, kind=kind, what=what, random_bytes=self._random, pack=pack, site=site, evidence=evidence
        ).id

    def _accept(self, key: str, scanned_at: str) -> tuple[Writer, int]:
        writer = self._writer()
        if not key or len(key) > KEY_CHARACTERS_MAX:
            raise BadRequest(
                "what is told late needs a key", place="key", advice="Send the key that it was given when it was made."
            )
        try:
            moment = datetime.datetime.fromisoformat(scanned_at)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None or not 2000 <= moment.year <= 9998:
            raise BadRequest(
                f"scanned_at {scanned_at[:40]!r} is no time with its zone",
                place="scanned_at",
                advice="Send it as 2026-11-23T08:20:11Z.",
            )
        return writer, int(moment.timestamp() * 1_000_000)


def scans_of(reader: Reader, epc: str) -> list[JourneyScan]:
    """Give what was done with a pack without the record, in the order in which it was done."""
    row = reader.kept(SCANS, epc)
    return sorted(_decode_scans(row[1]), key=lambda scan: scan.scanned_at) if row is not None else []


def _note(tx: Transaction, epc: str, scan: JourneyScan) -> None:
    if epc and "\0" not in epc:
        row = tx.kept(SCANS, epc)
        scans = [*(_decode_scans(row[1]) if row is not None else []), scan][-SCANS_KEPT_MAX:]
        tx.keep(SCANS, epc, 0, _encode(scans))


def _again(outcome: _Outcome) -> ChangeReceipt:
    if outcome.receipt is not None:
        return msgspec.structs.replace(outcome.receipt, repeated=True)
    refused = Refused(outcome.message, place=outcome.place, advice=outcome.advice)
    raise Conflict(refused, outcome.case, outcome.eu)


def _evidence(at: int, site: str, key: str, told: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON)
    return {"scanned_at": iso(at), "site": site, "key": key, "told": told, **{k: v for k, v in more.items() if v}}


def _epc_of(code: str, year: int) -> str:
    scan = read_scan(code, this_year=year)
    return f"01/{scan.gtin}/21/{scan.serial}" if scan.gtin and scan.serial else ""


def _name(site: str, key: str) -> str:
    """Name what was told: one site, one key; a digest, since a key may hold any character."""
    return hashlib.sha256(f"{site}\n{key}".encode(errors="replace")).hexdigest()
