"""Boards: false alarms by cause and place, the quality of what suppliers send, what was detected.

Scans and alerts are counted from the log as it grows, a stretch at a time and each record once, into one table by day,
place, cause and detail; the boards are sums of that table. Findings are counted where they stand, by document. Nothing
here is done for each package, and nothing while a counter waits.
"""

from __future__ import annotations

import csv
import datetime
import io
import threading
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final, assert_never

import msgspec

from rxtrail.boards.values import (
    NAMES,
    AlarmRow,
    Board,
    Detection,
    DetectionRow,
    ExplainedRow,
    FalseAlarms,
    Period,
    SupplierRow,
    Suppliers,
)
from rxtrail.core.cells import plain_cell
from rxtrail.errors import BadRequest
from rxtrail.record import board_counts as counting
from rxtrail.record.board_counts import COUNTED_AS, STRETCH, Counts, put_counts
from rxtrail.record.names import Places
from rxtrail.record.standing import partner_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.ledger.log import Log
    from rxtrail.ledger.writer import Writer
    from rxtrail.store import Reader, Transaction

__all__ = ["NAMES", "Board", "Boards", "Detection", "FalseAlarms", "Sample", "Suppliers", "csv_of"]

DAYS_DEFAULT: Final = 90
LOOK_SECONDS: Final = 5.0  # between two countings of one process
FINDINGS_SECONDS: Final = 300.0  # for so long the sum of all findings, a walk over their whole table, is told again
CODES_SHOWN_MAX: Final = 20
_DAY_US: Final = 24 * 3_600 * 1_000_000
_MILLION: Final = 1_000_000

Sample = tuple[str, dict[str, str], float]
"""One number for Prometheus: name, labels, value."""


class Boards:
    """The use case; safe to use from several threads."""

    def __init__(
        self,
        writer: Callable[[], Writer],
        *,
        reader: Callable[[], Reader],
        today: Callable[[], datetime.date],
        seconds: Callable[[], float],
    ) -> None:
        """Take what gives the writer and a reader, and the clocks."""
        self._writer, self._reader, self._today, self._seconds = writer, reader, today, seconds
        self._counted_at = float("-inf")
        self._counting = threading.Lock()
        self._sampled: tuple[float, list[Sample]] = (float("-inf"), [])
        self._findings: tuple[float, list[tuple[str, int]]] = (float("-inf"), [])

    # -- counting --------------------------------------------------------------------------------------------------

    def count(self, *, at_once: bool = True) -> int:
        """Count what has come into the log, and give how far; without ``at_once`` at most every few seconds."""
        soon = self._seconds() < self._counted_at + LOOK_SECONDS
        # Who need not wait does not wait for another thread of this process that is counting already.
        if (soon and not at_once) or not self._counting.acquire(blocking=at_once):
            return self._reader().board_at(COUNTED_AS)
        try:
            at, goal = self._reader().board_at(COUNTED_AS), self._reader().log_size()
            while at < goal:  # what comes meanwhile is for the next time: on a busy node it would never end
                at = self._stretch(at)
            self._counted_at = self._seconds()
            return at
        finally:
            self._counting.release()

    def _stretch(self, first: int) -> int:
        """Count a stretch of the log, and give how far it is counted now.

        Records are read and decrypted on a reader: no capture and no command waits for that.
        """
        reader, writer = self._reader(), self._writer()  # where nothing can be written, nothing is read for it
        behind = min(reader.log_size(), first + STRETCH)
        counts = Counts(reader if first else None)
        counts.add(reader.records_of_kinds(first, behind))
        [last] = reader.record_rows_from(behind - 1, 1)

        def put(tx: Transaction, _log: Log) -> int:
            at = tx.board_at(COUNTED_AS)
            if at != first:
                return at  # another process was quicker: what was counted here, it has counted
            put_counts(tx, counts, first, behind, last.id)
            return behind

        return writer.do(put, alone=True)

    # -- the boards ------------------------------------------------------------------------------------------------

    def board(self, name: str, since: str = "", until: str = "") -> Board:
        """Give a board for some days, the last 90 where none are named.

        :raises BadRequest: there is no such board, or a day is none.
        """
        match name:
            case "false-alarms":
                return self.false_alarms(since, until)
            case "suppliers":
                return self.suppliers(since, until)
            case "detection":
                return self.detection(since, until)
            case _:
                raise BadRequest(f"{name[:40]!r} is no board", place="board", advice=f"One of {', '.join(NAMES)}.")

    def counted(self, name: str, since: str = "", until: str = "") -> dict[str, Any]:
        """Count what has come, and give a board as plain values."""
        self.count()
        told: dict[str, Any] = msgspec.to_builtins(self.board(name, since, until))
        return told

    def false_alarms(self, since: str = "", until: str = "") -> FalseAlarms:
        """Give false alarms by cause and place."""
        reader, period = self._period(since, until)
        names = _Names(reader)
        sums = _sums(reader, period, counting.SCANS, counting.ALARMS, counting.OVERTURNED)
        scans = sum(sums[counting.SCANS].values())
        alarms, overturned = sums[counting.ALARMS], sums[counting.OVERTURNED]
        rows = [
            AlarmRow(site, names.of(site), cause, reason, alarms[site, cause, reason], overturned[site, cause, reason])
            for site, cause, reason in alarms.keys() | overturned.keys()
        ]
        rows.sort(key=lambda row: (-row.overturned, -row.alarms, row.site, row.reason))
        ended = _sums(reader, period, counting.EXPLAINED, counting.EXPLAINED_LATE)
        person, late = ended[counting.EXPLAINED], ended[counting.EXPLAINED_LATE]
        explained = [
            ExplainedRow(site, names.of(site), cause, rule, person[site, cause, rule], late[site, cause, rule])
            for site, cause, rule in person.keys() | late.keys()
        ]
        explained.sort(key=lambda row: (-row.by_person - row.by_late_data, row.site, row.rule))
        false = sum(overturned.values())
        share = round(false * _MILLION / scans, 1) if scans else 0.0
        return FalseAlarms(period, scans, sum(alarms.values()), false, share, rows, explained)

    def suppliers(self, since: str = "", until: str = "") -> Suppliers:
        """Give the quality of what each sender sent."""
        reader, period = self._period(since, until)
        names = _Names(reader)
        documents = reader.documents_of_senders(_us(period.since), _us(period.until) + _DAY_US)
        sender_of = {number: sender for number, sender, _ in documents}
        files: Counter[str] = Counter(sender_of.values())
        events: Counter[str] = Counter()
        for _, sender, count in documents:
            events[sender] += count
        severities: dict[str, Counter[str]] = defaultdict(Counter)
        codes: dict[str, Counter[str]] = defaultdict(Counter)
        faulty: dict[str, set[int]] = defaultdict(set)
        found = reader.finding_counts(min(sender_of), max(sender_of)) if sender_of else []
        for document, severity, code, count in found:
            if document not in sender_of:
                continue
            sender = sender_of[document]
            severities[sender][severity] += count
            codes[sender][code] += count
            if severity == "error":
                faulty[sender].add(document)
        rows = [
            SupplierRow(
                sender, names.of(sender), count, events[sender], len(faulty[sender]), severities[sender]["error"],
                severities[sender]["warning"], round(1 - len(faulty[sender]) / count, 4),
                dict(codes[sender].most_common(CODES_SHOWN_MAX)),
            )
            for sender, count in files.items()
        ]  # fmt: skip
        rows.sort(key=lambda row: (row.clean_share, -row.errors, -row.warnings, row.sender))
        return Suppliers(period, len(documents), rows)

    def detection(self, since: str = "", until: str = "") -> Detection:
        """Give what was detected, and how soon a person looked at it."""
        reader, period = self._period(since, until)
        boards = (counting.OPENED, counting.EXPLAINED, counting.EXPLAINED_LATE, counting.CONFIRMED, counting.ANSWERED,
                  counting.SECONDS, counting.SCANS, counting.ALARMS)  # fmt: skip
        sums = _sums(reader, period, *boards)
        by_rule: dict[str, Counter[tuple[str, str]]] = {board: Counter() for board in boards}
        for board, some in sums.items():
            for (_, cause, detail), count in some.items():
                by_rule[board][detail, cause] += count
        rows = []
        for rule, cause in {key for board in boards[:6] for key in by_rule[board]}:
            of = {board: by_rule[board][rule, cause] for board in boards[:6]}
            hours = of[counting.SECONDS] / 3600 / of[counting.ANSWERED] if of[counting.ANSWERED] else 0.0
            explained = of[counting.EXPLAINED] + of[counting.EXPLAINED_LATE]
            rows.append(
                DetectionRow(
                    rule, cause, of[counting.OPENED], explained, of[counting.CONFIRMED], of[counting.ANSWERED],
                    round(hours, 2),
                )
            )  # fmt: skip
        rows.sort(key=lambda row: (-row.opened, row.rule, row.cause))
        answers: Counter[str] = Counter()
        causes: Counter[str] = Counter()
        for (_, _, verdict), count in sums[counting.SCANS].items():
            answers[verdict] += count
        for (_, cause, _), count in sums[counting.ALARMS].items():
            causes[cause] += count
        return Detection(period, dict(sorted(answers.items())), dict(causes.most_common()), rows)

    def samples(self, age_seconds_max: float = 0.0) -> list[Sample]:
        """Give all that was counted, for Prometheus: of all places together, so that the names stay few.

        The same as before while that is not older than ``age_seconds_max``.
        """
        at, sampled = self._sampled
        if self._seconds() >= at + age_seconds_max:
            sampled = self._all_samples()
            self._sampled = (self._seconds(), sampled)
        return sampled

    def _all_samples(self) -> list[Sample]:
        reader = self._reader()
        found: Counter[tuple[str, tuple[tuple[str, str], ...]]] = Counter()
        found["rxtrail_boards_counted_records", ()] = reader.board_at(COUNTED_AS)
        for board, cause, detail, count in reader.board_causes():
            name, labels = _METRICS[board]
            told = {"cause": cause, "detail": detail}
            found[name, tuple((label, told[part]) for label, part in labels)] += count
            if board in _STANDING:
                found["rxtrail_alerts_standing", (("rule", detail),)] += _STANDING[board] * count
        at, severities = self._findings
        if self._seconds() >= at + FINDINGS_SECONDS:
            severities = reader.severity_counts()
            self._findings = (self._seconds(), severities)
        for severity, count in severities:
            found["rxtrail_findings", (("severity", severity),)] = count
        return [(name, dict(told), max(0, value)) for (name, told), value in found.items()]

    def _period(self, since: str, until: str) -> tuple[Reader, Period]:
        last = _date(until, "until") if until else self._today()
        first = _date(since, "since") if since else last - datetime.timedelta(days=DAYS_DEFAULT - 1)
        if first > last:
            raise BadRequest(f"{since} is later than {last}", place="since")
        reader = self._reader()
        return reader, Period(first.isoformat(), last.isoformat(), reader.board_at(COUNTED_AS), reader.log_size())


# What each board is called for Prometheus, and its labels: (label, which part of the row).
_METRICS: Final[dict[str, tuple[str, tuple[tuple[str, str], ...]]]] = {
    counting.ALARMS: ("rxtrail_alarms_total", (("cause", "cause"), ("reason", "detail"))),
    counting.OVERTURNED: ("rxtrail_alarms_overturned_total", (("cause", "cause"), ("reason", "detail"))),
    counting.SCANS: ("rxtrail_scans_total", (("verdict", "detail"),)),
    counting.OPENED: ("rxtrail_alerts_opened_total", (("rule", "detail"), ("cause", "cause"))),
    counting.EXPLAINED: ("rxtrail_alerts_explained_total", (("rule", "detail"), ("cause", "cause"))),
    counting.EXPLAINED_LATE: ("rxtrail_alerts_explained_total", (("rule", "detail"), ("cause", "cause"))),
    counting.AGAIN: ("rxtrail_alerts_opened_again_total", (("rule", "detail"), ("cause", "cause"))),
    counting.CONFIRMED: ("rxtrail_alerts_confirmed_total", (("rule", "detail"), ("cause", "cause"))),
    counting.ANSWERED: ("rxtrail_alerts_answered_total", (("rule", "detail"),)),
    counting.SECONDS: ("rxtrail_alerts_answer_seconds_total", (("rule", "detail"),)),
}
_STANDING: Final = {
    counting.OPENED: 1, counting.AGAIN: 1, counting.EXPLAINED: -1, counting.EXPLAINED_LATE: -1, counting.CONFIRMED: -1,
}  # fmt: skip


class _Names:
    """Names of places and parties: the partner table's, else master data's."""

    def __init__(self, reader: Reader) -> None:
        self._partners = partner_names(reader)
        self._places = Places(reader)

    def of(self, site: str) -> str:
        return self._partners.get(site) or (self._places.of(site).name if site else "")


def _sums(reader: Reader, period: Period, *boards: str) -> dict[str, Counter[tuple[str, str, str]]]:
    found: dict[str, Counter[tuple[str, str, str]]] = {board: Counter() for board in boards}
    for board, site, cause, detail, count in reader.board(boards, period.since, period.until):
        found[board][site, cause, detail] = count
    return found


def csv_of(board: Board) -> bytes:
    """Give the rows of a board as CSV; lists of findings as ``CODE 3; CODE 1``."""
    out = io.StringIO(newline="")
    table = csv.writer(out, lineterminator="\r\n")
    match board:
        case FalseAlarms():
            fields = AlarmRow.__struct_fields__
        case Suppliers():
            fields = SupplierRow.__struct_fields__
        case Detection():
            fields = DetectionRow.__struct_fields__
        case _:
            assert_never(board)
    table.writerow(fields)
    for row in board.rows:
        table.writerow([_cell(getattr(row, field)) for field in fields])
    return out.getvalue().encode()


def _cell(value: Any) -> str:  # noqa: ANN401 (whatever a row holds)
    text = "; ".join(f"{name} {count}" for name, count in value.items()) if isinstance(value, dict) else str(value)
    return plain_cell(text)


def _date(text: str, place: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError as wrong:
        raise BadRequest(f"{text[:40]!r} is not a day such as 2026-12-31", place=place) from wrong


def _us(day: str) -> int:
    moment = datetime.datetime.combine(datetime.date.fromisoformat(day), datetime.time(), datetime.UTC)
    return int(moment.timestamp()) * _MILLION
