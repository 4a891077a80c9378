"""What comes after a recall holds: notices, who has them, who answered, checks whether it worked, and the report.

Who must be asked is who had packs when it began to hold (``Recall.expected``). Effectiveness checks follow 21 CFR
7.42(b)(3): level A checks every holder, B an agreed share, C a tenth, D two in a hundred, E none.
"""

from __future__ import annotations

import datetime
import hashlib
import math
import re
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.cases import is_open, open_case
from rxtrail.core.gs1 import check_digit
from rxtrail.core.rules.recall import LEVELS, OUTCOMES, Attached, Check, overdue, unanswered
from rxtrail.errors import BadRequest, Refused
from rxtrail.recalls.values import ATTACHMENT_BYTES_MAX, ATTACHMENTS_MAX, RecallReport, RecallStatus
from rxtrail.record.times import iso

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.core.rules.recall import Recall
    from rxtrail.ledger.log import Log
    from rxtrail.recalls.values import Attachment, HolderCount, RecallCommand, RecallPreview
    from rxtrail.store import Transaction

SILENT: Final = "recall-silent"  # the kind of case; and what the store keeps: the last such case of a recall's holder
HOUR_US: Final = 3_600_000_000
_MEDIA_TYPE: Final = re.compile(r"[a-z]+/[A-Za-z0-9.+-]{1,80}", re.ASCII)
HOURS_MAX: Final = 24 * 365
_HOURS: Final = {"I": 24, "II": 72}
_HOURS_OTHERS: Final = 168


def answer_by(classification: str, hours: int, now: int) -> str:
    """Give when every holder should have answered: by class, when nothing else is asked for."""
    return iso(now + (hours or _HOURS.get(classification, _HOURS_OTHERS)) * HOUR_US)


def attached(files: list[Attachment]) -> list[Attached]:
    """Give what is kept of files with a recall; raises ``BadRequest``."""
    if len(files) > ATTACHMENTS_MAX:
        raise BadRequest(f"a recall has at most {ATTACHMENTS_MAX} attachments", place="attachments")
    for file in files:
        if not file.name.strip() or len(file.name) > 200 or "/" in file.name or not file.name.isprintable():
            raise BadRequest(f"{file.name[:40]!r} is no name of a file", place="attachments")
        if not _MEDIA_TYPE.fullmatch(file.media_type):
            raise BadRequest(f"{file.media_type[:40]!r} is no media type", place="attachments")
        if not 0 < len(file.content) <= ATTACHMENT_BYTES_MAX:
            raise BadRequest(
                f"{file.name} is empty, or has more than {ATTACHMENT_BYTES_MAX >> 20} MiB", place="attachments"
            )
    return [
        Attached(file.name, file.media_type, hashlib.sha256(file.content).hexdigest(), len(file.content))
        for file in files
    ]


def noticed(recall: Recall, log: Log, command: RecallCommand) -> Recall:
    """Keep that the notices for some holders were written; raises ``BadRequest``."""
    for gln in command.holders:
        _demand_gln(gln)
    at = iso(log.now)
    if not command.holders:
        raise BadRequest("say for which holders notices were written", place="holders")
    return msgspec.structs.replace(recall, noticed={**recall.noticed, **dict.fromkeys(command.holders, at)})


def acknowledged(recall: Recall, log: Log, command: RecallCommand) -> Recall:
    """Keep that a holder has its notice; raises ``BadRequest``."""
    _demand_gln(command.gln)
    return msgspec.structs.replace(recall, acknowledged={**recall.acknowledged, command.gln: iso(log.now)})


def checked(recall: Recall, log: Log, command: RecallCommand) -> Recall:
    """Keep what an effectiveness check found; a later one of the same holder takes its place; raises ``BadRequest``."""
    _demand_gln(command.gln)
    if command.outcome not in OUTCOMES:
        raise BadRequest(f"outcome {command.outcome[:40]!r} is none of {', '.join(OUTCOMES)}", place="outcome")
    check = Check(command.gln, iso(log.now), command.by, command.outcome, command.reason)
    return msgspec.structs.replace(recall, checks=[*(c for c in recall.checks if c.gln != check.gln), check])


def escalated(
    tx: Transaction, log: Log, recall: Recall, command: RecallCommand, random_bytes: Callable[[int], bytes]
) -> None:
    """Open a case for each holder that should have answered by now, or with a reason for each that has not.

    Of a holder whose case is open no second one is opened.

    :raises Refused: nobody is late, and no reason is given; or there is nobody to ask, or of all of them it is asked.
    """
    waiting = overdue(recall, iso(log.now)) or (unanswered(recall) if command.reason.strip() else [])
    if not waiting:
        if not unanswered(recall):
            raise Refused("all have answered", place="state", advice="Close it.")
        raise Refused(
            f"nobody is late: answers are due by {recall.answer_by[:16]}",
            place="reason",
            advice="To escalate earlier give a reason.",
        )
    fresh = [gln for gln in waiting if not _is_asked(tx, recall, gln)]
    if not fresh:
        raise Refused(
            f"of all {len(waiting)} that have not answered a case is open",
            place="state",
            advice="Look at them with: rxtrail cases list",
        )
    for gln in fresh:
        packs = recall.expected.get(gln, 0)
        case = open_case(
            tx, log, kind=SILENT, random_bytes=random_bytes, site=gln,
            what=f"Recall {recall.id}: {gln} had {packs:,} packs of it and has not told what became of them.",
            evidence={"recall": recall.id, "packs": packs, "answer_by": recall.answer_by, "by": command.by},
        )  # fmt: skip
        tx.keep(SILENT, f"{recall.id}/{gln}", log.now, case.id.encode())


def _is_asked(tx: Transaction, recall: Recall, gln: str) -> bool:
    row = tx.kept(SILENT, f"{recall.id}/{gln}")
    return row is not None and is_open(tx, row[1].decode())


def to_check(recall: Recall) -> list[str]:
    """Give the holders that are checked, the same each time: nobody can choose whom to pass over."""
    share = LEVELS.get(recall.checks_level, 1.0)
    count = math.ceil(len(recall.expected) * share)
    drawn = sorted(recall.expected, key=lambda gln: hashlib.sha256(f"{recall.id} {gln}".encode()).digest())
    return sorted(drawn[:count])


def status_of(recall: Recall, holders: list[HolderCount], now: str) -> RecallStatus:
    """Tell how far a recall is."""
    answers = {response.gln: response for response in recall.responses}
    expected = sum(recall.expected.values())
    wanted, made = to_check(recall), {check.gln: check for check in recall.checks}
    waiting = unanswered(recall)
    return RecallStatus(
        recall,
        [msgspec.structs.replace(holder, response=answers.get(holder.gln)) for holder in holders],
        expected,
        found=sum(each.found for each in answers.values()),
        returned=sum(each.returned for each in answers.values()),
        destroyed=sum(each.destroyed for each in answers.values()),
        answered=len(answers),
        silent=[gln for gln in waiting if gln not in recall.acknowledged],
        effectiveness=round((expected - sum(unaccounted(recall).values())) / expected, 4) if expected else None,
        owing=[gln for gln in waiting if gln in recall.acknowledged],
        overdue=overdue(recall, now),
        to_check=[gln for gln in wanted if gln not in made],
        checked=len(made),
        followed=sum(check.outcome == OUTCOMES[0] for check in made.values()),
    )


def unaccounted(recall: Recall) -> dict[str, int]:
    """Give by holder how many of the expected packs were neither found nor returned nor destroyed."""
    told = {each.gln: max(each.found, each.returned + each.destroyed) for each in recall.responses}
    left = {gln: count - min(count, told.get(gln, 0)) for gln, count in recall.expected.items()}
    return {gln: count for gln, count in left.items() if count}


def report_of(status: RecallStatus, preview: RecallPreview, now: str) -> RecallReport:
    """Give the report of a recall, with the times that it took."""
    recall = status.recall
    answers = sorted(response.at for response in recall.responses)
    notices = sorted(recall.noticed.values())
    moments = {
        "live": recall.live_since,
        "noticed": notices[-1] if recall.expected.keys() <= recall.noticed.keys() and notices else "",
        "first_answer": answers[0] if answers else "",
        "all_answered": answers[-1] if answers and not unanswered(recall) else "",
        "closed": next((step.at for step in reversed(recall.history) if step.what == "closed"), ""),
    }
    took = {what: _seconds(recall.opened_at, at) for what, at in moments.items() if at and recall.opened_at}
    return RecallReport(status, preview, unaccounted(recall), took, preview.seconds, now)


def _seconds(since: str, until: str) -> float:
    begun, ended = (datetime.datetime.fromisoformat(text) for text in (since, until))
    return round((ended - begun).total_seconds(), 3)


def _demand_gln(gln: str) -> None:
    if not (len(gln) == 13 and gln.isascii() and gln.isdigit() and check_digit.is_valid(gln)):
        raise BadRequest(f"{gln[:40]!r} is not a 13-digit GLN with a right check digit", place="gln")
