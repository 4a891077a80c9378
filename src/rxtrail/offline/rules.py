"""The verdict without the record: from the scan, a site bundle, the day and the time. Pure; the browser has the same.

What is in the copy as recalled, stolen, blocked or dispensed is a stop. Everything else is ``unconfirmed`` at best: the
copy cannot know what happened since, so it never says ok, and a pack that it does not hold is not a wrong one. The
same rules stand in ``web/static/offline-rules.js``; a browser test holds both against each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rxtrail.core.rules.answer import (
    Answer,
    Matched,
    PackView,
    Reason,
    RecordView,
    ScanView,
    Severity,
    StateView,
    Verdict,
)
from rxtrail.core.rules.recall import weigh, words
from rxtrail.record.times import iso

if TYPE_CHECKING:
    import datetime

    from rxtrail.core.gs1.scan_value import Scan
    from rxtrail.offline.bundle import Bundle, Known

DAYS_MAX: Final = 10
"""How long a copy, or a scan that waits to be sent, is fit for use: the longest that any national system allows."""

DAY_US: Final = 86_400_000_000
QUARANTINE: Final = "Put this pack in quarantine. Tell the pharmacist."
AGAIN: Final = "Scan the square (2D) code on the pack."
HEADLINES: Final = {
    "dispense": "Do not dispense",
    "receive": "Do not receive into stock",
    "return": "Do not put back to stock",
}
_WEIGHT = {
    Severity.STOP: 4,
    Severity.UNCONFIRMED: 3,
    Severity.CHECK: 2,
    Severity.NOT_COVERED: 1,
    Severity.INFO: 0,
}
_RECALLED: Final = frozenset({"recalled", "withdrawn"})
_FAULTS: Final = {
    "wrong-barcode": "This is not the square code of the pack.",
    "bad-check-digit": "A digit of the code is wrong: a bad scan or a typing error.",
    "ambiguous-scan": "The code can be read in more than one way.",
    "not-serialised": "The code carries no serial number.",
}


def judge_offline(
    scan: Scan, bundle: Bundle, *, purpose: str, today: datetime.date, now: int, as_of: int, copy: str, sold: str = ""
) -> Verdict:
    """Judge one scan; ``now`` and ``as_of`` are microseconds.

    ``copy`` are the words for the time of the copy (``08:14``), ``sold`` those for the time when the pack was
    dispensed here without the record, "" when it was not.
    """
    reasons: list[Reason] = []
    known = None
    is_pack = bool(scan.gtin and scan.serial and not scan.fault)
    if is_pack:
        known = bundle.find(scan.gtin, scan.serial)
        if sold:
            told = f"Already dispensed here at {sold}, while offline."
            reasons.append(
                Reason("already-dispensed-here", Severity.STOP, told, "If it never left, ask the pharmacist.")
            )
    else:
        fault = "wrong-barcode" if scan.sscc and not scan.fault else scan.fault or "scanner-fault"
        told = _FAULTS.get(fault, "The scanner did not send a readable code.")
        reasons.append(Reason(fault, Severity.CHECK, told, AGAIN))
    reasons += findings(scan, bundle, known, purpose=purpose, day=today.isoformat())
    if is_pack:
        reasons += _unconfirmed(known, now, as_of, copy)
    reasons.sort(key=lambda reason: -_WEIGHT[reason.severity])
    answer = {Severity.STOP: Answer.STOP, Severity.CHECK: Answer.CHECK}.get(reasons[0].severity, Answer.UNCONFIRMED)
    headline = HEADLINES.get(purpose, "Stop") if answer is Answer.STOP else _HEADLINES[answer]
    product, ndc = bundle.product(scan.gtin)
    return Verdict(
        answer,
        headline,
        reasons,
        PackView(scan.gtin, ndc, scan.serial, scan.lot, scan.expiry, product, scan.sscc),
        StateView(),
        ScanView(scan.raw, scan.reading, scan.repairs),
        RecordView(not_checked=["record"]),
        _matched(scan, known),
        iso(now)[:19] + "Z",
        bundle.facts.log_size,
        as_of=bundle.facts.as_of,
    )


_HEADLINES: Final = {Answer.CHECK: "Check first", Answer.UNCONFIRMED: "Cannot be confirmed now"}


def findings(scan: Scan, bundle: Bundle, known: Known | None, *, purpose: str, day: str) -> list[Reason]:
    """Give all that a copy has against a scan; ``known`` is what it has of the pack, ``day`` is today, ISO."""
    reasons: list[Reason] = []
    if known is not None:
        reasons += [Reason(said.code, Severity(said.severity), said.message, said.next) for said in known.reasons]
        _elements(scan, known, reasons)
    _expired(scan, known, purpose, day, reasons)
    _recalled(scan, known, bundle, purpose, reasons)
    return reasons


def _unconfirmed(known: Known | None, now: int, as_of: int, copy: str) -> list[Reason]:
    """Say what the answer stands on; it outweighs amber, since the record may know worse."""
    found = []
    days = (now - as_of) // DAY_US
    if days >= DAYS_MAX:
        old = f"The copy is {days} days old; after {DAYS_MAX} days it is no longer fit for use."
        found.append(Reason("copy-too-old", Severity.UNCONFIRMED, old, "Connect this station to the record."))
    told = f"Offline: checked against the copy of {copy}."
    if known is None or not known.here:
        told += " It does not hold this pack."
    found.append(
        Reason("unreachable", Severity.UNCONFIRMED, told, "You decide. The scan is sent when the record is back.")
    )
    return found


def _elements(scan: Scan, known: Known, reasons: list[Reason]) -> None:
    """Compare lot and expiry with those on record."""
    if scan.lot and known.lot and scan.lot != known.lot:
        if scan.lot.lower() == known.lot.lower():
            told = "The lot differs only in upper and lower case: most likely the scanner or Caps Lock."
            reasons.append(Reason("lot-mismatch", Severity.CHECK, told, "Turn Caps Lock off and scan again."))
        else:
            told = "The lot on the pack is not the lot on record."
            reasons.append(Reason("lot-mismatch", Severity.STOP, told, QUARANTINE))
    elif not scan.lot or not known.lot:
        told = "The code carries no lot." if not scan.lot else "The record holds no lot for this pack."
        reasons.append(Reason("lot-unknown", Severity.CHECK, told, AGAIN))
    if scan.expiry and known.expiry and scan.expiry != known.expiry:
        if scan.expiry[:7] == known.expiry[:7]:
            told = "The expiry day differs within the same month: most likely a date entered by hand."
            reasons.append(
                Reason("expiry-mismatch", Severity.CHECK, told, "Compare with the date printed on the pack.")
            )
        else:
            told = "The expiry date on the pack is not the one on record."
            reasons.append(Reason("expiry-mismatch", Severity.STOP, told, QUARANTINE))


def _expired(scan: Scan, known: Known | None, purpose: str, day: str, reasons: list[Reason]) -> None:
    expiry = min((text for text in (scan.expiry, known.expiry if known is not None else "") if text), default="")
    if expiry and expiry < day:
        severity = Severity.CHECK if purpose in ("return", "investigate") else Severity.STOP
        advice = "Do not dispense. Put it with the expired stock."
        reasons.append(Reason("expired", severity, f"Expired on {expiry}.", advice))


def _recalled(scan: Scan, known: Known | None, bundle: Bundle, purpose: str, reasons: list[Reason]) -> None:
    """Judge recalls on what was scanned, also when the pack is not known: first those that tell more, then lots."""
    if not scan.gtin:
        return
    lot, expiry, made = (known.lot, known.expiry, known.made) if known is not None else ("", "", "")
    role = bundle.facts.site_role or bundle.facts.role
    ordered = [
        Reason(each.code, weigh(each, role, purpose), *words(each, lot or scan.lot))
        for each in bundle.ordered(scan.gtin, scan.serial, lot or scan.lot, expiry or scan.expiry, made)
    ]
    if any(reason.severity is Severity.STOP and reason.code in _RECALLED for reason in ordered):
        # What an event says of the same recall tells less.
        reasons[:] = [reason for reason in reasons if reason.code not in _RECALLED]
    reasons += ordered
    if any(reason.code in _RECALLED and reason.severity is Severity.STOP for reason in reasons):
        return
    recalled = bundle.recalled(scan.gtin, scan.lot, lot)
    if recalled == "product":
        reasons.append(Reason("withdrawn", Severity.STOP, f"The product {scan.gtin} is withdrawn.", QUARANTINE))
    elif recalled:
        reasons.append(Reason("recalled", Severity.STOP, f"Recalled: lot {lot or scan.lot}.", QUARANTINE))


def _matched(scan: Scan, known: Known | None) -> Matched:
    if known is None:
        return Matched()
    return Matched("yes", _same(scan.lot, known.lot), _same(scan.expiry, known.expiry))


def _same(scanned: str, held: str) -> str:
    if not scanned or not held:
        return "not-held"
    return "yes" if scanned == held else "no"
