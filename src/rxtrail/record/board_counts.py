"""Counts from the log: scans by their answers, alerts by what became of them. One stretch at a time, each once.

What is counted up to a record of the log follows from the records in front of it alone, whenever it is counted and in
whatever stretches: so an audit can count again and compare. Another way of counting has another name
(:data:`COUNTED_AS`): what was counted in another way is counted anew from the first record.
"""

from __future__ import annotations

import datetime
import hashlib
from collections import Counter
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.rules.causes import CAUSE_OF, cause_of
from rxtrail.store.rows import RecordKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rxtrail.store import Reader, Transaction
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
STRETCH: Final = 50_000  # records of the log that are counted in one go
SEAL_BYTES: Final = 16
_WAY: Final = 2  # of counting: another number whenever the same records give other counts
COUNTED_AS: Final = hashlib.sha256(repr((_WAY, DOUBT_DAYS, sorted(CAUSE_OF.items()))).encode()).hexdigest()[:16]
"""The name of this way of counting: other causes or other rules are another way."""
AT: Final = "at"  # the row that says how far the log is counted, in which way
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

    def __init__(self, known: Reader | None) -> None:
        """Begin with nothing; ``known`` has what was counted in front of this stretch, if that is anything."""
        self._known = known
        self.board: Counter[Key] = Counter()
        self.doubts: dict[str, Doubt] = {}
        self.settled: dict[str, None] = {}  # packs that were in doubt and are ok

    def add(self, records: Iterable[tuple[Record, bytes]]) -> None:
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
        known = self._known.board_doubts(sorted(fine)) if fine and self._known is not None else {}
        for day, pack, site, verdict, codes in scans:
            self._scan(known, day, pack, site, verdict, codes)

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

    @property
    def rows(self) -> list[tuple[str, str, str, str, str, int]]:
        """What is to be added to the table."""
        return [(*key, count) for key, count in sorted(self.board.items())]

    @property
    def doubt_rows(self) -> list[tuple[str, str, str, str, str]]:
        """The packs that are in doubt now."""
        return [(pack, *doubt) for pack, doubt in sorted(self.doubts.items())]


def put_counts(tx: Transaction, counts: Counts, first: int, behind: int, last_id: bytes) -> None:
    """Add what a stretch of the log counts; ``last_id`` is the id of its last record.

    From the first record on everything is counted anew: nothing that stood there before is left.
    """
    if not first:
        tx.drop_board()
    tx.set_board_doubts(counts.doubt_rows, counts.settled)
    tx.add_board(counts.rows, behind, COUNTED_AS, seal_of(COUNTED_AS, last_id, behind))


def seal_of(counted_as: str, last_id: bytes, at: int) -> str:
    """Bind how far the log is counted to the record there: no other number can stand in its place by accident."""
    told = f"{counted_as} {last_id.hex()} {at}".encode("utf-8", "surrogateescape")
    return hashlib.sha256(told).hexdigest()[: 2 * SEAL_BYTES]


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
