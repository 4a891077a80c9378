"""A counter that goes on while the record cannot be reached: judging by its copy, noting all, sending it later."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import quote

import msgspec

from rxtrail.core.gs1.choice import choose
from rxtrail.core.gs1.readings import readings
from rxtrail.core.rules.answer import Answer
from rxtrail.errors import BadRequest, Refused
from rxtrail.offline.queue import Entry, Queue, Settled
from rxtrail.offline.rules import DAY_US, DAYS_MAX, judge_offline
from rxtrail.outbound import Unreachable, request
from rxtrail.record.times import iso

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rxtrail.core.gs1.scan_value import Scan
    from rxtrail.core.rules.answer import Verdict
    from rxtrail.offline.bundle import Bundle

STATES: Final = ("dispensed", "decommissioned", "active", "received", "on-hold", "released", "returned")
# An answer that says nothing about what was asked: it is asked again.
_LATER: Final = frozenset({0, 401, 403, 408, 421, 425, 429})
_ELSEWHERE: Final = frozenset({404, 405, 415})  # another service answers at that address


class Api(Protocol):
    """What sends one JSON request to the node and gives (status, body); status 0 when no answer came."""

    def __call__(self, method: str, path: str, body: dict[str, Any], key: str) -> tuple[int, dict[str, Any]]:
        """Send it."""
        ...


class OfflineCounter:
    """One station of one site, with its copy and its queue; not for several threads at once."""

    def __init__(
        self,
        folder: Path,
        bundle: Bundle,
        *,
        now_us: Callable[[], int],
        today: Callable[[], datetime.date],
        new_key: Callable[[], str],
    ) -> None:
        """Open the queue in ``folder``; see :class:`Queue` for what may be wrong with it."""
        self.bundle = bundle
        self._now_us = now_us
        self._today = today
        self._new_key = new_key
        self._queue = Queue(folder)
        self._sold: dict[tuple[str, str], str] = {}
        for entry in self._queue.entries:
            self._remember(entry)

    def close(self) -> None:
        """Let go of the queue; what waits in it stays."""
        self._queue.close()

    @property
    def waiting(self) -> list[Entry]:
        """Give what is not sent yet, in the order in which it was made."""
        return self._queue.waiting

    def warnings(self) -> list[str]:
        """Tell in words what has waited for too long, "" for nothing."""
        now = self._now_us()
        told = []
        days = (now - _us(self.bundle.facts.as_of)) // DAY_US
        if days >= DAYS_MAX:
            told.append(f"The copy is {days} days old; after {DAYS_MAX} days it is no longer fit for use.")
        late = sum(now - _us(entry.scanned_at) >= DAYS_MAX * DAY_US for entry in self._queue.waiting)
        if late:
            told.append(f"{late} scans have waited for more than {DAYS_MAX} days to be sent.")
        return told

    def verify(self, code: str, *, purpose: str = "dispense") -> Verdict:
        """Judge one scanned code by the copy and note the scan, durably."""
        now = self._now_us()
        scan, verdict = self._judge(code, purpose, now)
        self._queue.add(
            lambda number: Entry(
                number, "scan", self._new_key(), iso(now), code, self.bundle.facts.site, purpose,
                verdict.verdict.value, scan.gtin, scan.serial, scan.lot, scan.expiry,
            )
        )  # fmt: skip
        return verdict

    def change(self, code: str, state: str, **details: str) -> tuple[Entry, Verdict]:
        """Note a change of state that a person made without the record; it is sent later.

        :raises BadRequest: the state is none, or the code names no pack.
        :raises Refused: the copy says stop.
        """
        if state not in STATES:
            raise BadRequest(f"state {state!r} is none of {', '.join(STATES)}", place="state")
        now = self._now_us()
        scan, verdict = self._judge(code, "receive" if state == "received" else "dispense", now)
        if not scan.gtin or not scan.serial or scan.fault:
            first = verdict.reasons[0]
            raise BadRequest(first.message, place=first.code, advice=first.next)
        if verdict.verdict is Answer.STOP and state in ("dispensed", "received"):
            first = verdict.reasons[0]
            raise Refused(f"{verdict.headline}: {first.message}", place=first.code, advice=first.next)
        entry = self._queue.add(
            lambda number: Entry(
                number, "change", self._new_key(), iso(now), code, self.bundle.facts.site, told=verdict.verdict.value,
                gtin=scan.gtin, serial=scan.serial, lot=scan.lot, expiry=scan.expiry,
                change={"state": state, **details},
            )
        )  # fmt: skip
        self._remember(entry)
        return entry, verdict

    def replay(self, send: Api) -> list[Settled]:
        """Send what waits, in order, until all is settled or the node does not answer; give what was settled.

        A conflict is settled too: the node has opened a case for it. Whoever sends twice sends the same key.
        """
        done: list[Settled] = []
        for entry in self._queue.waiting:
            status, answer = send(*_request(entry), entry.key)
            if status in _LATER or status >= 500 or status in _ELSEWHERE:
                break
            settled = Settled(
                entry.number, status, answer.get("code", ""), answer.get("detail", ""), answer.get("case", "")
            )
            self._queue.settle(settled)
            done.append(settled)
        return done

    def _remember(self, entry: Entry) -> None:
        """Keep in mind what was dispensed here; the copy does not know it, also after it was sent."""
        if entry.change.get("state") == "dispensed":
            self._sold[entry.gtin, entry.serial] = entry.scanned_at
        elif entry.change.get("state") == "active":
            self._sold.pop((entry.gtin, entry.serial), None)

    def _judge(self, code: str, purpose: str, now: int) -> tuple[Scan, Verdict]:
        found = readings(code, this_year=self._today().year)
        known = {}
        for candidate in found.candidates:
            if candidate.serial:
                pack = self.bundle.find(candidate.gtin, candidate.serial)
                if pack is not None:
                    known[candidate.product, candidate.serial] = (pack.lot, pack.expiry)
        scan = choose(found, known).scan
        if scan is found.plain and scan.fault and found.only is not None:
            scan = found.only  # the copy knows none, and one reading is left without asking anybody
        as_of = _us(self.bundle.facts.as_of)
        sold = self._sold.get((scan.gtin, scan.serial), "")
        waits = any(
            entry.kind == "change" and (entry.gtin, entry.serial) == (scan.gtin, scan.serial)
            for entry in self._queue.waiting
        )
        if sold and not waits and _us(sold) < as_of:
            sold = ""  # the copy is younger, and knows what became of it
        verdict = judge_offline(
            scan, self.bundle, purpose=purpose, today=self._today(), now=now, as_of=as_of,
            copy=moment_words(as_of, now), sold=moment_words(_us(sold), now) if sold else "",
        )  # fmt: skip
        return scan, verdict


def moment_words(at: int, now: int) -> str:
    """Give a time as a person at this place reads it: ``08:14``, with the day when it is another one."""
    local, here = (datetime.datetime.fromtimestamp(each / 1_000_000, datetime.UTC).astimezone() for each in (at, now))
    words = local.strftime("%H:%M")
    if local.date() == here.date():
        return words
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year}, {words}"


_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _request(entry: Entry) -> tuple[str, str, dict[str, Any]]:
    """Give method, path and body that tell the node of an entry."""
    if entry.kind == "scan":
        names = ("scan", "site", "purpose", "key", "scanned_at", "told")
        return "POST", "/api/v1/scans", {name: getattr(entry, name) for name in names}
    body = {
        "site": entry.site,
        "scanned_at": entry.scanned_at,
        "told": entry.told,
        "lot": entry.lot,
        "expiry": entry.expiry,
        **entry.change,
    }
    return "PATCH", f"/api/v1/packs/{_part(entry.gtin)}/{_part(entry.serial)}", body


def _part(text: str) -> str:
    return quote(text, safe="")


def _us(text: str) -> int:
    return int(datetime.datetime.fromisoformat(text).timestamp() * 1_000_000)


def node_api(address: str, *, connect_seconds: float = 1.5, seconds: float = 20.0) -> Api:
    """Give what sends to the node at an address; see :func:`rxtrail.outbound.usable_url` for which may be asked."""

    def send(method: str, path: str, body: dict[str, Any], key: str) -> tuple[int, dict[str, Any]]:
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        try:
            reply = request(
                method, address.rstrip("/") + path, connect_seconds=connect_seconds, seconds=seconds,
                headers=headers, body=msgspec.json.encode(body),
            )  # fmt: skip
            answer = msgspec.json.decode(reply.body)
        except (Unreachable, msgspec.DecodeError, UnicodeDecodeError):
            return 0, {}  # what answers in another tongue is not the node
        return reply.status, answer if isinstance(answer, dict) else {}

    return send
