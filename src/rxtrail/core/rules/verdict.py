"""May this pack go to this patient, and if not, why and what now? Pure: facts and the day in, reasons out.

Every rule that applies gives a reason; the worst one decides. What is unknown is never ok, what could not be read is
never "unknown", and nothing here says "genuine" or "fake" of a printed code. SURFACES.md, "The verdict object" and
"Whose record", fix the words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from rxtrail.core.rules.answer import Answer, Reason, Severity
from rxtrail.core.rules.fold import RECEIVES, gln_of_location
from rxtrail.core.rules.steps import Custody, Doubt

if TYPE_CHECKING:
    import datetime

    from rxtrail.core.gs1.scan import Scan
    from rxtrail.core.rules.authority import Authority

STOP, CHECK, INFO, UNCONFIRMED = Severity.STOP, Severity.CHECK, Severity.INFO, Severity.UNCONFIRMED
_WEIGHT = {STOP: 4, UNCONFIRMED: 3, CHECK: 2, Severity.NOT_COVERED: 1, INFO: 0}
_ANSWER = {
    STOP: Answer.STOP,
    UNCONFIRMED: Answer.UNCONFIRMED,
    CHECK: Answer.CHECK,
    Severity.NOT_COVERED: Answer.NOT_COVERED,
    INFO: Answer.OK,
}
PURPOSES = ("dispense", "receive", "return", "investigate", "public")
# Parties that pass packs on: a pack that the record has with one of them may simply be ahead of its file.
PASSES_ON = frozenset({"maker", "repackager", "wholesaler", "3pl"})
QUARANTINE = "Put this pack in quarantine. Tell the pharmacist."


class Facts(msgspec.Struct, frozen=True, gc=False):
    """What the record holds of one scanned pack."""

    product_known: bool = False
    on_record: bool = False  # somebody said that it was made, or counted it in
    mentioned: bool = False  # handled by somebody, made by nobody
    lot: str = ""
    expiry: str = ""  # ISO date
    basis: str = "none"  # issuer | supplier | counted-in | none
    disposition: str = ""
    ended_where: tuple[str, ...] = ()
    ended_day: str = ""
    custody: Custody = Custody()
    holds: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    recalled: str = ""  # what is recalled: "", "pack", "lot" or "product"
    pending: bool = False  # a file that is still being written may say more
    sender_inactive: str = ""  # a listed sender whose authorisation does not hold


class Asker(msgspec.Struct, frozen=True, gc=False):
    """Who asks, on whose record, what for."""

    role: str = "hub"
    own: frozenset[str] = frozenset()
    site: str = ""
    purpose: str = "dispense"


class Judgement(msgspec.Struct, frozen=True, gc=False):
    """The verdict without its dressing."""

    answer: Answer
    reasons: list[Reason]
    serial: str = "not-held"
    lot: str = "not-held"
    expiry: str = "not-held"
    not_checked: tuple[str, ...] = ()


FAULTS = {
    "wrong-barcode": ("This is not the square code of the pack.", "Scan the square (2D) code on the pack."),
    "bad-check-digit": ("A digit of the code is wrong: a bad scan or a typing error.", "Scan again; do not type."),
    "scanner-fault": (
        "The scanner did not send a readable code.",
        "Scan again. If it goes on, check the scanner's keyboard setting.",
    ),
    "ambiguous-scan": ("The code can be read in more than one way.", "Scan again, only this one code."),
    "not-serialised": (
        "The code carries no serial number.",
        "Scan the square (2D) code. If there is none, check lot and expiry yourself.",
    ),
}


def judge(
    scan: Scan,
    facts: Facts | None,
    asker: Asker,
    authority: Authority,
    today: datetime.date,
    roles: dict[str, str],
    *,
    recalled: str = "",
) -> Judgement:
    """Judge one scan.

    ``facts`` is None when no pack could be read from it: ``recalled`` then tells whether its "lot" or "product" is
    recalled all the same. ``roles`` maps listed GLNs to roles.
    """
    day = today.isoformat()
    reasons: list[Reason] = []
    if facts is None:
        reasons.append(_unreadable(scan))
        _expired(scan.expiry, day, asker, reasons)
        _recalled(scan, Facts(recalled=recalled), reasons)
        return _judgement(reasons)
    if not facts.on_record:
        _absent(scan, facts, asker, authority, reasons)
        absent = reasons[0].code
        _expired(scan.expiry, day, asker, reasons)
        _recalled(scan, facts, reasons)
        if facts.mentioned:  # what was done to it counts, also when nobody says that it was made
            _state(facts, asker, authority, reasons)
        return _judgement(reasons, serial=_ABSENT_SERIAL.get(absent, "not-held"))
    lot = _lot(scan, facts, reasons)
    expiry = _expiry(scan, facts, reasons)
    _expired(min(e for e in (scan.expiry, facts.expiry, "9999") if e), day, asker, reasons)
    _recalled(scan, facts, reasons)
    if facts.disposition != "active" or facts.holds or facts.doubts:
        _state(facts, asker, authority, reasons)
    if facts.pending:
        message = "A file that speaks of this pack is still being read."
        reasons.append(Reason("unreachable", UNCONFIRMED, message, "Scan again in a minute."))
    if facts.basis == "counted-in":
        reasons.append(
            Reason("opening-stock", INFO, "Counted in as opening stock; no supplier's file holds it.", "Nothing to do.")
        )
    if facts.sender_inactive:
        message = f"It came from {facts.sender_inactive}, whose authorisation is not valid now."
        reasons.append(Reason("not-authorised-partner", CHECK, message, "Set aside. Check the supplier's licence."))
    not_checked = _place(facts, asker, authority, roles, reasons)
    return _judgement(reasons, "yes", lot, expiry, not_checked)


def _unreadable(scan: Scan) -> Reason:
    """Say why no pack could be read from the code."""
    if scan.sscc and not scan.fault:
        message = "This is the label of a case or pallet, not of a pack."
        return Reason(
            "wrong-barcode", CHECK, message, "Scan the square (2D) code on a pack, or receive the whole unit."
        )
    code = scan.fault or "scanner-fault"
    message, advice = FAULTS[code]
    return Reason(code, CHECK, message, advice)


def _state(facts: Facts, asker: Asker, authority: Authority, reasons: list[Reason]) -> None:
    """Say what was done to it: ended, held, or made doubtful."""
    if facts.disposition not in ("active", ""):
        _disposition(facts, asker, authority, reasons)
    if facts.holds:
        message = f"On hold: {', '.join(facts.holds)}"
        reasons.append(Reason("on-hold", STOP, message, "Do not use. Ask who put it on hold."))
    reasons.extend(_DOUBTS[doubt] for doubt in facts.doubts)


_ABSENT_SERIAL = {"unknown-serial": "no", "unknown-product": "no", "lot-unknown": "yes"}


def _judgement(
    reasons: list[Reason],
    serial: str = "not-held",
    lot: str = "not-held",
    expiry: str = "not-held",
    not_checked: tuple[str, ...] = (),
) -> Judgement:
    if not reasons:
        return Judgement(Answer.OK, reasons, serial, lot, expiry, not_checked)
    if len(reasons) > 1:
        reasons.sort(key=lambda reason: -_WEIGHT[reason.severity])
    return Judgement(_ANSWER[reasons[0].severity], reasons, serial, lot, expiry, not_checked)


def _absent(scan: Scan, facts: Facts, asker: Asker, authority: Authority, reasons: list[Reason]) -> None:
    """The record does not have the pack as made: what that means depends on whose record it is."""
    if facts.pending:
        message = "A file that may hold this pack is still being read."
        reasons.append(Reason("unreachable", UNCONFIRMED, message, "Scan again in a minute."))
        return
    if facts.mentioned:
        message = "The record has seen this pack, but nobody stated its lot and expiry."
        reasons.append(Reason("lot-unknown", CHECK, message, "Set aside. Ask the supplier for the commissioning data."))
        return
    issuer = asker.role == "hub" or any(authority.is_issuer(gln, scan.gtin) for gln in asker.own)
    if not issuer:
        message = "No supplier data: set aside."
        advice = (
            "Load the supplier's file, ask the supplier for it, ask the maker, or count the pack in as opening stock."
        )
        reasons.append(Reason("no-transaction-data", CHECK, message, advice))
    elif facts.product_known:
        reasons.append(Reason("unknown-serial", STOP, "The maker never reported this serial number.", QUARANTINE))
    else:
        reasons.append(Reason("unknown-product", STOP, "No maker reported this product.", QUARANTINE))


def _lot(scan: Scan, facts: Facts, reasons: list[Reason]) -> str:
    if not scan.lot or not facts.lot:
        said = "The code carries no lot." if not scan.lot else "The record holds no lot for this pack."
        reasons.append(
            Reason(
                "lot-unknown", CHECK, said, "Scan the square (2D) code, and compare the printed lot with the record."
            )
        )
        return "not-held"
    if scan.lot == facts.lot:
        return "yes"
    if scan.lot.casefold() == facts.lot.casefold():
        message = "The lot differs only in upper and lower case: most likely the scanner or Caps Lock."
        reasons.append(Reason("lot-mismatch", CHECK, message, "Turn Caps Lock off and scan again."))
    else:
        reasons.append(Reason("lot-mismatch", STOP, "The lot on the pack is not the lot on record.", QUARANTINE))
    return "no"


def _expiry(scan: Scan, facts: Facts, reasons: list[Reason]) -> str:
    if not scan.expiry or not facts.expiry:
        said = (
            "The code carries no expiry date." if not scan.expiry else "The record holds no expiry date for this pack."
        )
        reasons.append(Reason("lot-unknown", CHECK, said, "Check the printed expiry date yourself."))
        return "not-held"
    if scan.expiry == facts.expiry:
        return "yes"
    if scan.expiry[:7] == facts.expiry[:7]:
        message = "The expiry day differs within the same month: most likely a date entered by hand or without a day."
        reasons.append(Reason("expiry-mismatch", CHECK, message, "Compare with the date printed on the pack."))
    else:
        reasons.append(
            Reason("expiry-mismatch", STOP, "The expiry date on the pack is not the one on record.", QUARANTINE)
        )
    return "no"


def _expired(expiry: str, day: str, asker: Asker, reasons: list[Reason]) -> None:
    if expiry and expiry < day:
        severity = CHECK if asker.purpose in ("return", "investigate") else STOP
        reasons.append(
            Reason("expired", severity, f"Expired on {expiry}.", "Do not dispense. Put it with the expired stock.")
        )


def _recalled(scan: Scan, facts: Facts, reasons: list[Reason]) -> None:
    if facts.recalled == "product":
        reasons.append(Reason("withdrawn", STOP, f"The product {scan.gtin} is withdrawn.", QUARANTINE))
    elif facts.recalled:
        what = f"lot {facts.lot or scan.lot}" if facts.recalled == "lot" else "this pack"
        reasons.append(Reason("recalled", STOP, f"Recalled: {what}.", QUARANTINE))


_ENDS = {
    "destroyed": ("destroyed", "The record has this pack as destroyed."),
    "decommissioned": ("decommissioned", "The record has this pack as decommissioned."),
    "transformed": ("decommissioned", "This pack was repacked into another one."),
    "stolen": ("stolen", "This pack was reported stolen."),
    "exported": ("exported", "This pack was exported."),
    "sample": ("sample", "This pack was taken as a sample."),
}
_DOUBTS = {
    Doubt.TWO_LOTS.value: Reason(
        "on-hold", STOP, "On hold: two statements give this serial number different lots or expiry dates.", QUARANTINE
    ),
    Doubt.TWO_HOLDERS.value: Reason(
        "custody-open",
        CHECK,
        "Two parties say that they have this pack: most likely a file is late.",
        "Set aside. Ask the supplier.",
    ),
    Doubt.SEEN_AFTER_END.value: Reason(
        "on-hold", STOP, "On hold: it was seen again after its end was reported.", QUARANTINE
    ),
    Doubt.END_DECLARED_WRONG.value: Reason(
        "on-hold", STOP, "On hold: its end was declared an error.", "A person must reactivate it after looking at it."
    ),
}


def _disposition(facts: Facts, asker: Asker, authority: Authority, reasons: list[Reason]) -> None:
    disposition = facts.disposition
    if disposition in ("dispensed", "partially_dispensed"):
        here = any(
            authority.same_party(place, mine)
            for place in facts.ended_where
            for mine in ((asker.site,) if asker.site else asker.own)
        )
        when = f" on {facts.ended_day}" if facts.ended_day else ""
        if disposition == "partially_dispensed":
            if here:
                reasons.append(
                    Reason("partially-dispensed", INFO, f"Opened here{when}; some of it was dispensed.", "Go on.")
                )
            else:
                reasons.append(Reason("partially-dispensed", STOP, f"Opened elsewhere{when}.", QUARANTINE))
        elif here:
            message = f"Already dispensed here{when}."
            reasons.append(
                Reason("already-dispensed-here", CHECK, message, "If it never left, return it to stock first.")
            )
        else:
            reasons.append(
                Reason("already-dispensed-elsewhere", STOP, f"Already dispensed elsewhere{when}.", QUARANTINE)
            )
    elif disposition in _ENDS:
        code, message = _ENDS[disposition]
        reasons.append(Reason(code, STOP, message, QUARANTINE))
    elif disposition == "returned":
        severity = INFO if asker.purpose in ("return", "receive") else CHECK
        message = "It was returned and not yet put back to stock."
        reasons.append(Reason("custody-open", severity, message, "Receive it into stock first."))


def _place(
    facts: Facts, asker: Asker, authority: Authority, roles: dict[str, str], reasons: list[Reason]
) -> tuple[str, ...]:
    """Is it where the record has it? Without a site no rule about places applies."""
    if not asker.site:
        return ("custody",)
    custody = facts.custody
    if custody.to:
        there = set(custody.to)  # sent away: it is no longer where it was, and not yet anywhere else
    else:
        there = {custody.custodian, custody.owner, gln_of_location(custody.location), *custody.holders} - {""}
    if facts.basis == "counted-in" and not there:
        return ("custody",)
    if not there:
        return ("custody",)
    mine = asker.own if asker.site in asker.own else frozenset((asker.site,))
    if not mine.isdisjoint(there) or any(authority.same_party(asker.site, gln) for gln in there):
        return ()
    # Where it should be decides the weight: with a pharmacy it cannot be here, with a wholesaler its file may be late.
    awaited = set(custody.to) or {custody.custodian}
    if all(roles.get(gln, "") in PASSES_ON for gln in awaited) or (
        not custody.to and custody.how not in RECEIVES and not roles
    ):
        message = "The record has this pack with a supplier, not on its way to you: most likely its file is late."
        reasons.append(
            Reason("not-shipped-to-you", CHECK, message, "Set aside until the supplier's file is in, or ask for it.")
        )
    else:
        message = "The record has this pack with somebody else: it was not shipped to you."
        reasons.append(Reason("not-shipped-to-you", STOP, message, QUARANTINE))
    return ()
