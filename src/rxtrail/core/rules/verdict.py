"""May this pack go to this patient, and if not, why and what now? Pure: facts and the day in, reasons out.

Every rule that applies gives a reason; the worst one decides. What is unknown is never ok, what could not be read is
never "unknown", and nothing here says "genuine" or "fake" of a printed code. SURFACES.md, "The verdict object" and
"Whose record", fix the words. One row of ``RULES`` is one rule: its code, its weight by purpose, its words and what to
do; below it stands when it applies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.rules.answer import Answer, Reason, Severity
from rxtrail.core.rules.coverage import EXEMPT
from rxtrail.core.rules.fold import RECEIVES, gln_of_location
from rxtrail.core.rules.near import cause_of_expiry, cause_of_lot
from rxtrail.core.rules.recall import Ordered, weigh
from rxtrail.core.rules.recall import words as words_of_recall
from rxtrail.core.rules.steps import Custody, Doubt

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable

    from rxtrail.core.gs1.scan import Scan
    from rxtrail.core.rules.authority import Authority
    from rxtrail.core.rules.coverage import Product
    from rxtrail.core.rules.late import Late

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
    hearsay: bool = False  # on a hub: its maker reports here, and only pharmacies say that it was made
    near: str = ""  # why the serial most likely is not on record: one of the same lot nearly is (core.rules.near)


class Asker(msgspec.Struct, frozen=True, gc=False):
    """Who asks, on whose record, what for."""

    role: str = "hub"
    own: frozenset[str] = frozenset()
    site: str = ""
    purpose: str = "dispense"
    known_site: bool = False  # the site has proved who it is: only then are near misses told


class Judgement(msgspec.Struct, frozen=True, gc=False):
    """The verdict without its dressing."""

    answer: Answer
    reasons: list[Reason]
    serial: str = "not-held"
    lot: str = "not-held"
    expiry: str = "not-held"
    not_checked: tuple[str, ...] = ()


class Rule(msgspec.Struct, frozen=True, gc=False):
    """One row: what is said, how much it weighs, and what to do. ``message`` may have ``{names}`` to fill in."""

    code: str
    severity: Severity
    message: str
    next: str
    lighter: tuple[str, ...] = ()  # purposes for which it weighs ``light``
    light: Severity = CHECK


_SQUARE = "Scan the square (2D) code on the pack."
_ASK_SUPPLIER = "Set aside. Ask the supplier."
_LATE = " Files usually come within {usual}: look again at {look_again}."
RULES: Final = {
    # -- nothing could be read as a pack
    "wrong-barcode": Rule("wrong-barcode", CHECK, "This is not the square code of the pack.", _SQUARE),
    "a container": Rule("wrong-barcode", CHECK, "This is the label of a case or pallet, not of a pack.",
        "Scan the square (2D) code on a pack, or receive the whole unit."),
    "bad-check-digit": Rule("bad-check-digit", CHECK, "A digit of the code is wrong: a bad scan or a typing error.",
        "Scan again; do not type."),
    "scanner-fault": Rule("scanner-fault", CHECK, "The scanner did not send a readable code.",
        "Scan again. If it goes on, check the scanner's keyboard setting."),
    "ambiguous-scan": Rule("ambiguous-scan", CHECK, "The code can be read in more than one way.",
        "Scan again, only this one code. If it stays so, calibrate the scanner."),
    "not-serialised": Rule("not-serialised", CHECK, "The code carries no serial number.",
        "Scan the square (2D) code. If there is none, check lot and expiry yourself."),
    # -- the law does not ask for a serial number
    "exempt product": Rule("exempt-product", Severity.NOT_COVERED, "The law does not track this product: {kind}.",
        "Check lot and expiry yourself."),
    "legacy": Rule("legacy-unserialised", Severity.NOT_COVERED,
        "Packs of this product that expire by {until} may lack a serial number.",
        "Check lot and expiry yourself, and the supplier's paper."),
    "legacy, no date": Rule("legacy-unserialised", CHECK,
        "Packs of this product that expire by {until} may lack a serial number; the code carries no expiry date.",
        "Read the printed date. If it is later, put the pack in quarantine."),
    # -- the pack is not on record
    "being read": Rule("unreachable", UNCONFIRMED, "A file that may hold this pack is still being read.",
        "Scan again in a minute."),
    "said by nobody": Rule("lot-unknown", CHECK, "The record has seen this pack, but nobody stated its lot and expiry.",
        "Set aside. Ask the supplier for the commissioning data."),
    "no data": Rule("no-transaction-data", CHECK, "No supplier data: set aside.",
        "Load the supplier's file, ask the supplier for it, ask the maker, or count the pack in as opening stock."),
    "no data, nearly": Rule("no-transaction-data", CHECK, "No supplier data for this serial number. {cause}",
        "Scan again; do not type."),
    "unknown serial": Rule("unknown-serial", STOP, "The maker never reported this serial number.", QUARANTINE),
    "unknown serial, nearly": Rule("unknown-serial", CHECK, "The maker never reported this serial number. {cause}",
        "Scan again; do not type. If the answer stays, put the pack in quarantine."),
    "unknown product": Rule("unknown-product", STOP, "No maker reported this product.", QUARANTINE),
    # -- what was scanned differs from the record
    "no lot scanned": Rule("lot-unknown", CHECK, "The code carries no lot.",
        "Scan the square (2D) code, and compare the printed lot with the record."),
    "no lot recorded": Rule("lot-unknown", CHECK, "The record holds no lot for this pack.",
        "Scan the square (2D) code, and compare the printed lot with the record."),
    "lot in other case": Rule("lot-mismatch", CHECK,
        "The lot differs only in upper and lower case: most likely the scanner or Caps Lock.",
        "Turn Caps Lock off and scan again."),
    "another lot": Rule("lot-mismatch", STOP, "The lot on the pack is not the lot on record.", QUARANTINE),
    "another lot, nearly": Rule("lot-mismatch", CHECK, "The lot on the pack is not the lot on record. {cause}",
        "Scan again; do not type."),
    "no expiry scanned": Rule("lot-unknown", CHECK, "The code carries no expiry date.",
        "Check the printed expiry date yourself."),
    "no expiry recorded": Rule("lot-unknown", CHECK, "The record holds no expiry date for this pack.",
        "Check the printed expiry date yourself."),
    "expiry of the same month": Rule("expiry-mismatch", CHECK,
        "The expiry day differs within the same month: most likely a date entered by hand or without a day.",
        "Compare with the date printed on the pack."),
    "another expiry": Rule("expiry-mismatch", STOP,
        "The expiry date on the pack is not the one on record.", QUARANTINE),
    "another expiry, nearly": Rule("expiry-mismatch", CHECK,
        "The expiry date on the pack is not the one on record. {cause}", "Scan again; do not type."),
    # -- what lies over it
    "expired": Rule("expired", STOP, "Expired on {day}.", "Do not dispense. Put it with the expired stock.",
        lighter=("return", "investigate")),
    "withdrawn": Rule("withdrawn", STOP, "The product {gtin} is withdrawn.", QUARANTINE),
    "recalled": Rule("recalled", STOP, "Recalled: {what}.", QUARANTINE),
    # -- its state
    "dispensed here": Rule("already-dispensed-here", CHECK, "Already dispensed here{when}.",
        "If it never left, return it to stock first."),
    "dispensed elsewhere": Rule("already-dispensed-elsewhere", STOP, "Already dispensed elsewhere{when}.", QUARANTINE),
    "opened here": Rule("partially-dispensed", INFO, "Opened here{when}; some of it was dispensed.", "Go on."),
    "opened elsewhere": Rule("partially-dispensed", STOP, "Opened elsewhere{when}.", QUARANTINE),
    "returned": Rule("custody-open", CHECK, "It was returned and not yet put back to stock.",
        "Receive it into stock first.", lighter=("return", "receive"), light=INFO),
    "destroyed": Rule("destroyed", STOP, "The record has this pack as destroyed.", QUARANTINE),
    "decommissioned": Rule("decommissioned", STOP, "The record has this pack as decommissioned.", QUARANTINE),
    "transformed": Rule("decommissioned", STOP, "This pack was repacked into another one.", QUARANTINE),
    "stolen": Rule("stolen", STOP, "This pack was reported stolen.", QUARANTINE),
    "exported": Rule("exported", STOP, "This pack was exported.", QUARANTINE),
    "sample": Rule("sample", STOP, "This pack was taken as a sample.", QUARANTINE),
    "free_sample": Rule("sample", STOP, "This pack was given away as a free sample.", QUARANTINE),
    "locked": Rule("locked", STOP, "This pack is locked.", "Do not use. Ask who locked it."),
    "checked_out": Rule("checked-out", STOP, "This pack was taken out to be repacked.", QUARANTINE),
    "on hold": Rule("on-hold", STOP, "On hold: {holds}", "Do not use. Ask who put it on hold."),
    Doubt.TWO_LOTS.value: Rule("on-hold", STOP,
        "On hold: two statements give this serial number different lots or expiry dates.", QUARANTINE),
    Doubt.TWO_HOLDERS.value: Rule("custody-open", CHECK,
        "Two parties say that they have this pack: most likely a file is late.", _ASK_SUPPLIER),
    Doubt.SEEN_AFTER_END.value: Rule("on-hold", STOP,
        "On hold: it was seen again after its end was reported.", QUARANTINE),
    Doubt.END_DECLARED_WRONG.value: Rule("on-hold", STOP, "On hold: its end was declared an error.",
        "A person must reactivate it after looking at it."),
    # -- its place, and whose word it is
    "still being read": Rule("unreachable", UNCONFIRMED, "A file that speaks of this pack is still being read.",
        "Scan again in a minute."),
    "counted in": Rule("opening-stock", INFO, "Counted in as opening stock; no supplier's file holds it.",
        "Nothing to do."),
    "lapsed sender": Rule("not-authorised-partner", CHECK,
        "It came from {sender}, whose authorisation is not valid now.",
        "Set aside. Check the supplier's licence."),
    "only a customer says so": Rule("unknown-serial", CHECK,
        "The maker reports its packs here, and not this one; only the file of a pharmacy has it.",
        "Set aside. Ask the maker, or its supplier for the file."),
    "with a supplier": Rule("not-shipped-to-you", CHECK,
        "The record has this pack with a supplier, not on its way to you: most likely its file is late.",
        "Set aside until the supplier's file is in, or ask for it."),
    "with somebody else": Rule("not-shipped-to-you", STOP,
        "The record has this pack with somebody else: it was not shipped to you.", QUARANTINE),
    "seen elsewhere": Rule("seen-elsewhere", STOP,
        "This code was scanned at another place on {day}, and nobody has told that the pack moved from there.",
        QUARANTINE),
    "off route": Rule("off-route", STOP, "Off its approved route. {what} (alert {alert})", QUARANTINE,
        lighter=("receive", "return", "investigate")),
    "odd on its way": Rule("off-route", CHECK, "Something is odd about its way. {what} (alert {alert})",
        "Set aside until somebody has looked at the alert.", lighter=("investigate",), light=INFO),
    "off temperature": Rule("temperature-excursion", STOP,
        "It was not kept at its temperature. {what} (alert {alert})", QUARANTINE,
        lighter=("receive", "return", "investigate")),
    "doubtful temperature": Rule("temperature-excursion", CHECK,
        "It may not have been kept at its temperature. {what} (alert {alert})",
        "Set aside at the right temperature until somebody has looked at the alert.",
        lighter=("investigate",), light=INFO),
    "too fast": Rule("impossible-journey", STOP,
        "It was scanned {minutes} minutes ago {km} km from here: nothing is that fast, so this code is on two packs.",
        QUARANTINE),
    "two at once": Rule("impossible-journey", STOP,
        "It was scanned at another place {minutes} minutes ago: this code is on two packs.", QUARANTINE),
    "too soon": Rule("impossible-journey", CHECK,
        "The record has it {km} km from here {minutes} minutes ago: a wrong clock, or two packs with one code.",
        "Set aside. Ask the sender when it left; compare the printed serial number."),
}  # fmt: skip
_UNREAD = ("wrong-barcode", "bad-check-digit", "scanner-fault", "ambiguous-scan", "not-serialised")
FAULTS: Final = {code: (RULES[code].message, RULES[code].next) for code in _UNREAD}
# What a file that comes late explains: with these the answer says when to look again.
MAY_BE_LATE: Final = frozenset({"no data", "with a supplier", Doubt.TWO_HOLDERS.value})


class _Case:
    """One scan that is judged, and the reasons found so far."""

    __slots__ = ("asker", "late", "ordered", "reasons", "role")

    def __init__(self, asker: Asker, late: Late | None, ordered: tuple[Ordered, ...], role: str) -> None:
        self.asker = asker
        self.late = late
        self.ordered = ordered
        self.role = role  # of the place where the pack lies
        self.reasons: list[Reason] = []

    def say(self, name: str, **words: str) -> None:
        """Add what a rule says."""
        rule = RULES[name]
        message = rule.message.format(**words) if words else rule.message
        if self.late is not None and name in MAY_BE_LATE:
            message += _LATE.format(usual=self.late.usual, look_again=self.late.look_again)
        severity = rule.light if self.asker.purpose in rule.lighter else rule.severity
        self.reasons.append(Reason(rule.code, severity, message, rule.next))


def judge(
    scan: Scan,
    facts: Facts | None,
    asker: Asker,
    authority: Authority,
    today: datetime.date,
    roles: dict[str, str],
    *,
    recalled: str = "",
    late: Late | None = None,
    ordered: tuple[Ordered, ...] = (),
    product: Product | None = None,
) -> Judgement:
    """Judge one scan.

    ``facts`` is None when no pack could be read from it: ``recalled`` then tells whether its "lot" or "product" is
    recalled all the same. With a fault they are those of the pack that it names plainly, which it may or may not
    be. ``roles`` maps listed GLNs to roles. ``late`` says when a late file will be there. ``ordered`` are the recalls
    kept here that mean, or may mean, what was scanned. ``product`` is its row of the product table, if any.
    """
    day = today.isoformat()
    case = _Case(asker, late, ordered, roles.get(asker.site, asker.role))
    if facts is None or scan.fault:
        if not _is_left_out(scan, product, day, case):
            case.say("a container" if scan.sscc and not scan.fault else scan.fault or "scanner-fault")
        _expired(scan.expiry, day, case)
        _recalled(scan, Facts(recalled=recalled) if facts is None else facts, case)
        if facts is not None and facts.on_record:  # it may be the pack that it names plainly, and that one is stopped
            _state(facts, authority, case)
        return _judgement(case.reasons)
    if not facts.on_record:
        if product is not None and product.exempt and not (facts.product_known or facts.mentioned or facts.pending):
            case.say("exempt product", kind=EXEMPT.get(product.exempt, product.exempt))
        else:
            _absent(scan, facts, authority, case)
        absent = case.reasons[0].code
        _expired(scan.expiry, day, case)
        _recalled(scan, facts, case)
        if facts.mentioned:  # what was done to it counts, also when nobody says that it was made
            _state(facts, authority, case)
        return _judgement(case.reasons, serial=_ABSENT_SERIAL.get(absent, "not-held"))
    lot = _lot(scan, facts, case)
    expiry = _expiry(scan, facts, case)
    _expired(min(e for e in (scan.expiry, facts.expiry, "9999") if e), day, case)
    _recalled(scan, facts, case)
    if facts.disposition != "active" or facts.holds or facts.doubts:
        _state(facts, authority, case)
    if facts.pending:
        case.say("still being read")
    if facts.basis == "counted-in":
        case.say("counted in")
    if facts.hearsay:
        case.say("only a customer says so")
    if facts.sender_inactive:
        case.say("lapsed sender", sender=facts.sender_inactive)
    not_checked = _place(facts, authority, roles, case)
    return _judgement(case.reasons, "yes", lot, expiry, not_checked)


def _is_left_out(scan: Scan, product: Product | None, day: str, case: _Case) -> bool:
    """Say so when a code without a serial number is all that a pack of this product need carry."""
    if product is None or scan.fault not in ("wrong-barcode", "not-serialised"):
        return False
    until = product.unserialised_until
    if product.exempt:
        case.say("exempt product", kind=EXEMPT.get(product.exempt, product.exempt))
    elif until and scan.expiry and scan.expiry <= until:
        case.say("legacy", until=until)
    elif until and not scan.expiry and day <= until:
        case.say("legacy, no date", until=until)
    else:
        return False
    return True


def place_is_doubtful(judged: Judgement) -> bool:
    """Tell whether a pack that is on record may be somewhere else than where it was scanned."""
    return judged.serial == "yes" and any(
        reason.code in ("custody-open", "not-shipped-to-you") and reason.severity is CHECK for reason in judged.reasons
    )


def seen_elsewhere(judged: Judgement, day: str) -> Judgement:
    """Add that the code was scanned at another place on a day."""
    rule = RULES["seen elsewhere"]
    reason = Reason(rule.code, rule.severity, rule.message.format(day=day), rule.next)
    return _judgement([reason, *judged.reasons], judged.serial, judged.lot, judged.expiry, judged.not_checked)


def also(judged: Judgement, purpose: str, said: Iterable[tuple[str, dict[str, str]]]) -> Judgement:
    """Add what some rules say, each by its name in ``RULES`` and its words."""
    reasons = list(judged.reasons)
    for name, words in said:
        rule = RULES[name]
        severity = rule.light if purpose in rule.lighter else rule.severity
        reasons.append(Reason(rule.code, severity, rule.message.format(**words), rule.next))
    return _judgement(reasons, judged.serial, judged.lot, judged.expiry, judged.not_checked)


def _state(facts: Facts, authority: Authority, case: _Case) -> None:
    """Say what was done to it: ended, held, or made doubtful."""
    if facts.disposition not in ("active", ""):
        _disposition(facts, authority, case)
    if facts.holds:
        case.say("on hold", holds=", ".join(facts.holds))
    for doubt in facts.doubts:
        case.say(doubt)


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


def is_issuers_record(asker: Asker, authority: Authority, gtin: str) -> bool:
    """Tell whether a serial that this record does not have was never issued: said by a hub, and of one's own GTINs."""
    return asker.role == "hub" or any(authority.is_issuer(gln, gtin) for gln in asker.own)


def _absent(scan: Scan, facts: Facts, authority: Authority, case: _Case) -> None:
    """The record does not have the pack as made: what that means depends on whose record it is."""
    near = facts.near if case.asker.known_site else ""
    if facts.pending:
        case.say("being read")
    elif facts.mentioned:
        case.say("said by nobody")
    elif not is_issuers_record(case.asker, authority, scan.gtin):
        if near:
            case.say("no data, nearly", cause=near)
        else:
            case.say("no data")
    elif not facts.product_known:
        case.say("unknown product")
    elif near:
        case.say("unknown serial, nearly", cause=near)
    else:
        case.say("unknown serial")


def _lot(scan: Scan, facts: Facts, case: _Case) -> str:
    if not scan.lot or not facts.lot:
        case.say("no lot recorded" if scan.lot else "no lot scanned")
        return "not-held"
    if scan.lot == facts.lot:
        return "yes"
    cause = cause_of_lot(scan.lot, facts.lot) if case.asker.known_site else ""
    if case.asker.known_site and scan.lot.casefold() == facts.lot.casefold():
        case.say("lot in other case")
    elif cause:
        case.say("another lot, nearly", cause=cause)
    else:
        case.say("another lot")
    return "no"


def _expiry(scan: Scan, facts: Facts, case: _Case) -> str:
    if not scan.expiry or not facts.expiry:
        case.say("no expiry recorded" if scan.expiry else "no expiry scanned")
        return "not-held"
    if scan.expiry == facts.expiry:
        return "yes"
    cause = cause_of_expiry(scan.expiry, facts.expiry) if case.asker.known_site else ""
    if case.asker.known_site and scan.expiry[:7] == facts.expiry[:7]:
        case.say("expiry of the same month")
    elif cause:
        case.say("another expiry, nearly", cause=cause)
    else:
        case.say("another expiry")
    return "no"


def _expired(expiry: str, day: str, case: _Case) -> None:
    if expiry and expiry < day:
        case.say("expired", day=expiry)


def _recalled(scan: Scan, facts: Facts, case: _Case) -> None:
    """Say what is recalled: by the recalls kept here, which tell more, or else by events."""
    stopped = False
    for each in case.ordered:
        severity = weigh(each, case.role, case.asker.purpose)
        message, what_now = words_of_recall(each, facts.lot or scan.lot)
        case.reasons.append(Reason(each.code, severity, message, what_now))
        stopped = stopped or (severity is STOP and each.code == "recalled")
    if stopped:
        return
    if facts.recalled == "product":
        case.say("withdrawn", gtin=scan.gtin)
    elif facts.recalled:
        case.say("recalled", what=f"lot {facts.lot or scan.lot}" if facts.recalled == "lot" else "this pack")


def _disposition(facts: Facts, authority: Authority, case: _Case) -> None:
    disposition, asker = facts.disposition, case.asker
    if disposition not in ("dispensed", "partially_dispensed"):
        case.say(disposition)
        return
    places = (asker.site,) if asker.site else asker.own
    here = any(authority.same_party(place, mine) for place in facts.ended_where for mine in places)
    where = "here" if here else "elsewhere"
    what = "dispensed" if disposition == "dispensed" else "opened"
    case.say(f"{what} {where}", when=f" on {facts.ended_day}" if facts.ended_day else "")


def _place(facts: Facts, authority: Authority, roles: dict[str, str], case: _Case) -> tuple[str, ...]:
    """Is it where the record has it? Without a site no rule about places applies."""
    asker = case.asker
    if not asker.site:
        return ("custody",)
    custody = facts.custody
    if custody.to:
        there = set(custody.to)  # sent away: it is no longer where it was, and not yet anywhere else
    else:
        there = {custody.custodian, custody.owner, gln_of_location(custody.location), *custody.holders} - {""}
    if not there:
        return ("custody",)
    mine = asker.own if asker.site in asker.own else frozenset((asker.site,))
    if not mine.isdisjoint(there) or any(authority.same_party(asker.site, gln) for gln in there):
        return ()
    # Where it should be decides the weight: with a pharmacy it cannot be here, with a wholesaler its file may be late.
    awaited = set(custody.to) or {custody.custodian}
    with_supplier = all(roles.get(gln, "") in PASSES_ON for gln in awaited) or (
        not custody.to and custody.how not in RECEIVES and not roles
    )
    case.say("with a supplier" if with_supplier else "with somebody else")
    return ()
