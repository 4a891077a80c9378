"""What a maker's answer to a verification request means for a verdict, and what our own record answers. Pure.

The words are those of GS1's Lightweight Messaging Standard for Verification of Product Identifiers and of the GS1 US
guideline 1.3: seven failure reasons, five additional informations. An HTTP error is never a bad pack.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, assert_never

import msgspec

from rxtrail.core.rules.answer import Answer, Matched, Reason, RecordView, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

STOP, CHECK, INFO, UNCONFIRMED = Severity.STOP, Severity.CHECK, Severity.INFO, Severity.UNCONFIRMED
_WORST_FIRST = (STOP, UNCONFIRMED, CHECK, Severity.NOT_COVERED, INFO)
_ANSWERS = {
    STOP: Answer.STOP,
    UNCONFIRMED: Answer.UNCONFIRMED,
    CHECK: Answer.CHECK,
    Severity.NOT_COVERED: Answer.NOT_COVERED,
    INFO: Answer.OK,
}
QUARANTINE = "Put this pack in quarantine. Tell the pharmacist."


# A pack that was sent back is what a saleable return asks about.
MAY_BE_SOLD = frozenset({"active", "returned"})


class FailureReason(enum.Enum):
    """Why a product identifier is not verified (GS1 US guideline 1.3)."""

    MANUFACTURER_POLICY = "Manufacturer_policy"
    NO_MATCH_SERIAL = "No_match_GTIN_Serial"
    NO_MATCH_LOT_EXPIRY = "No_match_GTIN_Serial_Lot_Expiry"
    NO_MATCH_LOT = "No_match_GTIN_Serial_Lot"
    NO_MATCH_EXPIRY = "No_match_GTIN_Serial_Expiry"
    NO_REASON = "No_reason_provided"
    NOT_FOR_REDISTRIBUTION = "Not_for_re-distribution"


class AdditionalInfo(enum.Enum):
    """What a responder adds to its answer, verified or not (GS1 US guideline 1.3); the worst first."""

    ILLEGITIMATE = "Illegitimate"
    SUSPECT = "Suspect"
    RECALLED = "Recalled"
    EXPIRED = "Expired"
    EXPIRATION_EXTENDED = "ExpirationExtended"


class MakerAnswer(msgspec.Struct, frozen=True, gc=False):
    """What came of asking the maker.

    ``verified`` is None when there is no answer to rely on; ``fault`` then says why in words, ``advice`` what to do.
    """

    verified: bool | None
    failure: FailureReason | None = None
    infos: tuple[AdditionalInfo, ...] = ()
    responder_gln: str = ""
    status: int = 0  # HTTP, 0 when nothing came
    fault: str = ""
    advice: str = ""


class Sale(msgspec.Struct, frozen=True, gc=False):
    """Our own sale of a pack: the buyer's GLNs (owner first), and the day as ISO."""

    buyers: tuple[str, ...]
    day: str


# --- the maker's answer joins the verdict ---------------------------------------------------------------------


def joined(verdict: Verdict, answer: MakerAnswer, purpose: str) -> Verdict:
    """Join the maker's answer to what the own record says; the headline is the caller's to renew.

    The maker's yes does not cure missing transaction data: it only adds that it was given. When the record held
    nothing of the pack, the answer stands on the maker's word (``basis`` "vrs").
    """
    added = reasons_of(answer, purpose)
    held = {reason.code: _WORST_FIRST.index(reason.severity) for reason in verdict.reasons}
    # What both say is said once, by whoever finds it worse.
    worse = [one for one in added if _WORST_FIRST.index(one.severity) < held.get(one.code, len(_WORST_FIRST))]
    told = {reason.code for reason in worse}
    reasons = [*(reason for reason in verdict.reasons if reason.code not in told), *worse]
    if any(reason.code == "unknown-serial" for reason in added):
        # "No supplier data" was the question; the maker's no is the answer to it.
        reasons = [reason for reason in reasons if reason.code != "no-transaction-data"]
    record, matched = verdict.record, verdict.matched
    if record.basis == "none" and answer.verified is not None:
        record = RecordView("vrs", record.document, record.not_checked)
        matched = matched_of(answer)
    return with_reasons(msgspec.structs.replace(verdict, record=record, matched=matched), reasons)


def with_reasons(verdict: Verdict, reasons: Iterable[Reason]) -> Verdict:
    """Give the verdict with these reasons, the worst first, and the answer that the worst one makes."""
    ordered = sorted(reasons, key=lambda reason: _WORST_FIRST.index(reason.severity))
    answer = _ANSWERS[ordered[0].severity] if ordered else Answer.OK
    return msgspec.structs.replace(verdict, verdict=answer, reasons=ordered)


def reasons_of(answer: MakerAnswer, purpose: str) -> list[Reason]:
    """Give the reasons that a maker's answer makes; every answer makes at least one."""
    if answer.verified is None:
        message = f"The maker could not be asked: {answer.fault}"
        return [Reason("unreachable", UNCONFIRMED, message, answer.advice)]
    reasons = [_info(info, purpose) for info in answer.infos]
    if answer.verified:
        message = "The maker verified GTIN, serial, lot and expiry."
        return [*reasons, Reason("verified-by-maker", INFO, message, "Nothing to do.")]
    return [*_failed(answer.failure or FailureReason.NO_REASON, purpose), *reasons]


def _failed(failure: FailureReason, purpose: str) -> list[Reason]:
    lot = Reason("lot-mismatch", STOP, "The maker says that the lot on the pack is not its lot.", QUARANTINE)
    expiry = Reason(
        "expiry-mismatch", STOP, "The maker says that the expiry date on the pack is not its date.", QUARANTINE
    )
    # Who takes a pack back may sell it again only when it was verified; anywhere else a person decides.
    unsaid = STOP if purpose == "return" else CHECK
    match failure:
        case FailureReason.NO_MATCH_SERIAL:
            return [Reason("unknown-serial", STOP, "The maker does not know this serial number.", QUARANTINE)]
        case FailureReason.NO_MATCH_LOT_EXPIRY:
            return [lot, expiry]
        case FailureReason.NO_MATCH_LOT:
            return [lot]
        case FailureReason.NO_MATCH_EXPIRY:
            return [expiry]
        case FailureReason.NOT_FOR_REDISTRIBUTION:
            return [
                Reason("not-for-redistribution", STOP, "The maker says: not for re-distribution.", QUARANTINE),
            ]
        case FailureReason.MANUFACTURER_POLICY:
            message = "The maker did not verify it, by its policy."
            return [Reason("not-verified-by-maker", unsaid, message, "Set aside. Call the maker.")]
        case FailureReason.NO_REASON:
            message = "The maker did not verify it, and gave no reason."
            return [Reason("not-verified-by-maker", unsaid, message, "Set aside. Call the maker.")]
        case _:
            assert_never(failure)


def _info(info: AdditionalInfo, purpose: str) -> Reason:
    match info:
        case AdditionalInfo.ILLEGITIMATE:
            return Reason("illegitimate", STOP, "The maker calls this pack illegitimate.", QUARANTINE)
        case AdditionalInfo.SUSPECT:
            return Reason("suspect", STOP, "The maker calls this pack suspect.", QUARANTINE)
        case AdditionalInfo.RECALLED:
            return Reason("recalled", STOP, "The maker says that it is recalled.", QUARANTINE)
        case AdditionalInfo.EXPIRED:
            severity = CHECK if purpose in ("return", "investigate") else STOP  # as the printed date is judged
            advice = "Do not dispense. Put it with the expired stock."
            return Reason("expired", severity, "The maker says that it is expired.", advice)
        case AdditionalInfo.EXPIRATION_EXTENDED:
            message = "The maker says that its expiry was extended beyond the printed date."
            return Reason("expiry-extended", INFO, message, "Ask the maker for the notice before you rely on it.")
        case _:
            assert_never(info)


def matched_of(answer: MakerAnswer) -> Matched:
    """Tell which scanned elements agree with the maker's record, as far as its answer says so."""
    if answer.verified:
        return Matched("yes", "yes", "yes")
    match answer.failure:
        case FailureReason.NO_MATCH_SERIAL:
            return Matched(serial="no")
        case FailureReason.NO_MATCH_LOT_EXPIRY:
            return Matched("yes", "no", "no")
        case FailureReason.NO_MATCH_LOT:
            return Matched("yes", "no", "yes")
        case FailureReason.NO_MATCH_EXPIRY:
            return Matched("yes", "yes", "no")
        case _:
            return Matched()


# --- a saleable return -----------------------------------------------------------------------------------------


def linked(verdict: Verdict, sale: Sale | None, same_as_customer: bool | None) -> Verdict:  # noqa: FBT001 - three answers
    """Tie a return to the wholesaler's own sale (FDCA 582(c)(1)(B)(i)(II)).

    ``same_as_customer`` tells whether the buyer is who returns it, None when nobody said who that is.
    """
    reasons = verdict.reasons
    if sale is None:
        message = "No sale of yours is on record for this pack."
        advice = "Do not put it back to stock. Find the sale, or refuse the return."
        return with_reasons(verdict, [*reasons, Reason("return-not-linked", CHECK, message, advice)])
    if same_as_customer is False:
        message = f"You sold this pack to {sale.buyers[0]}, not to who returns it."
        return with_reasons(verdict, [*reasons, Reason("return-not-linked", STOP, message, QUARANTINE)])
    state = verdict.state
    if {state.in_transit_to, state.custodian, state.owner} & {*sale.buyers}:
        # That the record has it with the buyer is what a return is.
        reasons = [reason for reason in reasons if reason.code != "not-shipped-to-you"]
    told = Reason("sold-by-you", INFO, f"You sold it to {sale.buyers[0]} on {sale.day}.", "Nothing to do.")
    return with_reasons(verdict, [*reasons, told])


NOT_ASKED = Reason(
    "maker-not-asked",
    UNCONFIRMED,
    "A return goes back to stock only after its maker has verified it.",
    "Ask the maker: verify --ask-maker.",
)


# --- what our own record answers -------------------------------------------------------------------------------


class Held(msgspec.Struct, frozen=True, gc=False):
    """What the record of the maker holds of one pack. Dates are ISO; ``recalled`` is a plain yes or no here."""

    lot: str
    expiry: str
    disposition: str
    recalled: bool
    held: bool  # somebody put it on hold
    doubtful: bool  # its identity or its end is in doubt
    expired: bool


class Policy(msgspec.Struct, frozen=True, gc=False):
    """What a maker answers for packs that match, and are recalled or expired all the same."""

    recalled_is_verified: bool = False
    expired_is_verified: bool = True


def answer_for(held: Held | None, lot: str, expiry: str, policy: Policy) -> MakerAnswer:
    """Answer a request for one pack from the maker's record; None when the record has no such pack.

    A serial that is not known is said to be so, and nothing else is looked at (guideline 1.3).
    """
    if held is None:
        return MakerAnswer(verified=False, failure=FailureReason.NO_MATCH_SERIAL)
    infos = _infos(held)
    failure = _mismatch(held.lot == lot, held.expiry == expiry)
    if failure is None and held.disposition not in MAY_BE_SOLD:
        failure = FailureReason.NOT_FOR_REDISTRIBUTION
    if failure is None and (held.held or held.doubtful):
        failure = FailureReason.MANUFACTURER_POLICY
    if failure is None and (
        (held.recalled and not policy.recalled_is_verified) or (held.expired and not policy.expired_is_verified)
    ):
        failure = FailureReason.NOT_FOR_REDISTRIBUTION
    return MakerAnswer(verified=failure is None, failure=failure, infos=infos)


def _infos(held: Held) -> tuple[AdditionalInfo, ...]:
    found = []
    if held.doubtful or held.disposition == "stolen":
        found.append(AdditionalInfo.SUSPECT)
    if held.recalled:
        found.append(AdditionalInfo.RECALLED)
    if held.expired:
        found.append(AdditionalInfo.EXPIRED)
    return tuple(found)


def _mismatch(same_lot: bool, same_expiry: bool) -> FailureReason | None:  # noqa: FBT001 - two facts of one kind
    if same_lot:
        return None if same_expiry else FailureReason.NO_MATCH_EXPIRY
    return FailureReason.NO_MATCH_LOT if same_expiry else FailureReason.NO_MATCH_LOT_EXPIRY
