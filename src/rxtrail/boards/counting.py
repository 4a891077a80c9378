"""Counts from the log: scans by their answers, alerts by what became of them. One stretch at a time, each once."""

from __future__ import annotations

import datetime
from collections import Counter
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.rules.causes import cause_of
from rxtrail.store.rows import RecordKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rxtrail.store import Reader
    from rxtrail.store.rows import Record

SCANS: Final = "scan"  # by verdict
ALARMS: Final = "alarm"  # by cause and reason
OVERTURNED: Final = "overturned"
OPENED: Final = "alert-opened"
EXPLAINED: Final = "alert-explained"
EXPLAINED_LATE: Final = "alert-explained-late"
AGAIN: Final = "alert-opened-again"
CONFIRMED: Final = "alert-confirmed"
ANSWERED: Final = "alert-answered"
SECONDS: Final = "alert-seconds"
DOUBT_DAYS: Final = 30
_US: Final = "rxtrail"
_ALARMING: Final = frozenset({"check", "stop"})
_ALERTS: Final = frozenset({"alert-opened", "alert-opened-again", "alert-acknowledged", "alert-explained",
                            "alert-escalated", "alert-closed", "alert-assigned", "alert-suppressed"})  # fmt: skip

Key = tuple[str, str, str, str, str]  # board, day, site, cause, detail
Doubt = tuple[str, str, str, str]  # day, site, cause, detail


class _Alert(msgspec.Struct, frozen=True, gc=False):
    """What counts of an alert: the record in the log has it whole."""

    rule: str
    cause: str
    state: str
    opened_at: str
    site: str = ""
    sender: str = ""
    history: list[list[str]] = []  # at, what, by, reason


_parts = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
_text = msgspec.msgpack.Decoder(str).decode
_scan = msgspec.msgpack.Decoder(tuple[int, str, str, str, str, str, str, str, list[str]]).decode
_late_scan = msgspec.msgpack.Decoder(tuple[int, str, str, str, str, str, str, str, list[str], int, str]).decode
_alert = msgspec.msgpack.Decoder(_Alert).decode


class Counts:
    """What one stretch of the log adds."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.board: Counter[Key] = Counter()
        self.doubts: dict[str, Doubt] = {}
        self.settled: dict[str, None] = {}  # packs that were in doubt and are ok
        self._last = ""  # the day of the last scan

    def add(self, reader: Reader, records: Iterable[tuple[Record, bytes]]) -> None:
        """Count scans and decisions, given in the order of the log."""
        scans: list[tuple[str, str, str, str, list[str]]] = []
        for record, body in records:
            if record.kind == RecordKind.SCAN:
                try:
                    told = _scan(body[1:]) if body[:1] == b"\x01" else _late_scan(body[1:])[:9]
                except msgspec.DecodeError:
                    continue  # of another version than this program: not counted, and nothing stands still for it
                at, _, gtin, serial, site, purpose, _, verdict, codes = told
                if purpose != "public":
                    scans.append((_day(at), f"{gtin}/{serial}" if serial else "", site, verdict, codes))
            elif record.kind == RecordKind.DECISION:
                self._decision(body)
        # A pack is in doubt or not by what came before this stretch, and within it.
        fine = {pack for _, pack, _, verdict, _ in scans if pack and verdict == "ok"}
        known = reader.board_doubts(sorted(fine)) if fine else {}
        for day, pack, site, verdict, codes in scans:
            self._scan(known, day, pack, site, verdict, codes)
            self._last = day

    def _scan(self, known: dict[str, Doubt], day: str, pack: str, site: str, verdict: str, codes: list[str]) -> None:
        self.board[SCANS, day, site, "", verdict] += 1
        if verdict in _ALARMING:
            reason = codes[0] if codes else ""
            cause = cause_of(reason)
            self.board[ALARMS, day, site, cause, reason] += 1
            if pack:
                self.doubts[pack] = (day, site, cause, reason)
                self.settled.pop(pack, None)
        elif verdict == "ok" and pack:
            doubt = self.doubts.pop(pack, None) or (known.get(pack) if pack not in self.settled else None)
            if doubt is not None:
                self.settled[pack] = None
                if doubt[0] >= _days_before(day):  # by the days of the scans, whenever they are counted
                    self.board[OVERTURNED, *doubt] += 1

    def _decision(self, body: bytes) -> None:
        parts = _parts(body[1:])
        if len(parts) != 3:
            return
        try:
            what = _text(parts[1])
        except msgspec.DecodeError:
            return
        if what not in _ALERTS:
            return
        try:
            alert = _alert(parts[2])
        except msgspec.DecodeError:
            return  # a suppression is no alert
        key = (alert.opened_at[:10], alert.site or alert.sender, alert.cause, alert.rule)
        by_person = bool(alert.history) and alert.history[-1][2] != _US
        if what == "alert-opened":
            self.board[OPENED, *key] += 1
        elif what == "alert-opened-again":
            self.board[AGAIN, *key] += 1
        elif what == "alert-explained":
            self.board[EXPLAINED if by_person else EXPLAINED_LATE, *key] += 1
        elif what == "alert-closed" and not any(step[1] == "explained" for step in alert.history):
            self.board[CONFIRMED, *key] += 1
        if by_person and all(step[2] == _US for step in alert.history[:-1]):
            self.board[ANSWERED, *key] += 1
            self.board[SECONDS, *key] += _seconds(alert.opened_at, alert.history[-1][0])

    def doubts_since(self, today: datetime.date) -> str:
        """Give the day before which no doubt can be overturned any more by what comes after this stretch."""
        # A scan that a wrong clock dates into the future forgets no doubt.
        return _days_before(min(self._last, today.isoformat())) if self._last else ""

    @property
    def rows(self) -> list[tuple[str, str, str, str, str, int]]:
        """What is to be added to the table."""
        return [(*key, count) for key, count in sorted(self.board.items())]

    @property
    def doubt_rows(self) -> list[tuple[str, str, str, str, str]]:
        """The packs that are in doubt now."""
        return [(pack, *doubt) for pack, doubt in sorted(self.doubts.items())]


def _days_before(day: str) -> str:
    return (datetime.date.fromisoformat(day) - datetime.timedelta(days=DOUBT_DAYS)).isoformat()


def _day(at: int) -> str:
    return datetime.datetime.fromtimestamp(at / 1_000_000, datetime.UTC).date().isoformat()


def _seconds(since: str, until: str) -> int:
    try:
        return max(
            0, round((datetime.datetime.fromisoformat(until) - datetime.datetime.fromisoformat(since)).total_seconds())
        )
    except ValueError:
        return 0
