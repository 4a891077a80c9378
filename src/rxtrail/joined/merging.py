"""Two verdicts on one scan, the node's and its hub's: the worse wins, and each reason says whose it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.rules.answer import Answer, Reason, Severity, Verdict
from rxtrail.record.judge import HEADLINE_DEFAULTS, HEADLINES

if TYPE_CHECKING:
    from rxtrail.joined.copy import Copied

HUB: Final = "hub"
ABSENT: Final = frozenset({"no-transaction-data"})
"""Reasons that say only that this record holds nothing: the hub's record is ours too."""

_WEIGHT: Final = {
    Severity.STOP: 4,
    Severity.UNCONFIRMED: 3,
    Severity.CHECK: 2,
    Severity.NOT_COVERED: 1,
    Severity.INFO: 0,
}
_ANSWERS: Final = {
    Severity.STOP: Answer.STOP,
    Severity.UNCONFIRMED: Answer.UNCONFIRMED,
    Severity.CHECK: Answer.CHECK,
    Severity.NOT_COVERED: Answer.NOT_COVERED,
    Severity.INFO: Answer.OK,
}


_WORSE: Final = (Answer.OK, Answer.NOT_COVERED, Answer.CHECK, Answer.UNCONFIRMED, Answer.STOP)


def merged(local: Verdict, hub: Verdict, *, purpose: str) -> Verdict:
    """Give the verdict of both records; where only the hub's holds the pack, its view of it."""
    hub_holds = hub.record.basis != "none"
    reasons = [
        msgspec.structs.replace(reason, severity=Severity.INFO, message=f"{reason.message} The hub's record holds it.")
        if hub_holds and reason.code in ABSENT
        else reason
        for reason in local.reasons
    ]
    said = {(reason.code, reason.severity) for reason in reasons}
    reasons += [
        msgspec.structs.replace(reason, message=f"{reason.message} (told by the hub)")
        for reason in hub.reasons
        if (reason.code, reason.severity) not in said
    ]
    reasons.sort(key=lambda reason: -_WEIGHT[reason.severity])
    answer = _ANSWERS[reasons[0].severity] if reasons else Answer.OK
    base = local
    if hub_holds and local.record.basis == "none":
        base = msgspec.structs.replace(
            local, pack=hub.pack, state=hub.state, record=hub.record, matched=hub.matched, scan=local.scan
        )
    eu = local.eu if hub.eu is msgspec.UNSET else hub.eu  # of the same scan and place, both have the same name
    return msgspec.structs.replace(base, verdict=answer, headline=_headline(answer, purpose), reasons=reasons, eu=eu)


def alone(verdict: Verdict, last_contact: str, copied: Copied | None = None, *, purpose: str = "dispense") -> Verdict:
    """Say of a verdict that the hub could not be asked; the hub's copy makes it worse or leaves it as it is."""
    since = f"The last contact was at {last_contact}." if last_contact else "There was no contact since the start."
    reasons = list(verdict.reasons)
    alone_ = "The hub could not be asked; this record alone answers."
    if copied is not None:
        alone_ = f"The hub could not be asked: checked against this record and the hub's copy of {copied.words}."
        alone_ += f" {copied.too_old}" if copied.too_old else ""
        if copied.here:
            held = f" The hub's copy of {copied.words} holds it."
            reasons = [
                msgspec.structs.replace(reason, message=reason.message + held) if reason.code in ABSENT else reason
                for reason in reasons
            ]
        said = {(reason.code, reason.severity) for reason in reasons}
        reasons += [
            msgspec.structs.replace(reason, message=f"{reason.message} ({by_the_copy(copied)})")
            for reason in copied.reasons
            if (reason.code, reason.severity) not in said
        ]
    reasons.sort(key=lambda reason: -_WEIGHT[reason.severity])
    answer = max((_ANSWERS[reason.severity] for reason in reasons), key=_WORSE.index, default=verdict.verdict)
    answer = max(answer, verdict.verdict, key=_WORSE.index)
    headline = verdict.headline if answer is verdict.verdict else _headline(answer, purpose)
    reasons.append(
        Reason(
            "unreachable",
            Severity.INFO,
            f"{alone_} {since}",
            "Go on. The hub is told when it is back, and a conflict becomes a case.",
        )
    )
    record = msgspec.structs.replace(verdict.record, not_checked=[*verdict.record.not_checked, HUB])
    return msgspec.structs.replace(verdict, verdict=answer, headline=headline, reasons=reasons, record=record)


def by_the_copy(copied: Copied) -> str:
    """Say whose word a reason is."""
    return f"by the hub's copy of {copied.words}"


def _headline(answer: Answer, purpose: str) -> str:
    return HEADLINES[answer].get(purpose) or HEADLINE_DEFAULTS[answer]
