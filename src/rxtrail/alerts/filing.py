"""Alerts as they are kept: opened, added to, explained by what came later; each change is a record of the log.

All of it happens in one transaction: the alert, the marks that the counter asks, and the change that is delivered.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import msgspec

from rxtrail.alerts.values import (
    CLOCK_US,
    EVIDENCE_MAX,
    SUBJECTS_MAX,
    Alert,
    AlertPart,
    AlertStep,
    Evidence,
    Muted,
    decode,
    decode_muted,
    encode,
)
from rxtrail.record import off_route
from rxtrail.record.off_route import Mark
from rxtrail.record.times import day, iso
from rxtrail.store.rows import RecordKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rxtrail.core.rules.route import Deviation, Judged
    from rxtrail.ledger.log import Log
    from rxtrail.store import Reader, Transaction

ALERT: Final = "alert"  # of what the store keeps
CHANGE: Final = "alert-change"  # the outbox: one row a change, in the order of the log
MUTED: Final = "alert-muted"
DUE: Final = "route-due"  # when a thing is judged again though nothing came
CLOCK: Final = "alert-clock"
US: Final = "rxtrail"
ID_CHARACTERS: Final = 10
PAGE: Final = 1_000
TITLES: Final = {
    "R1": "Off its approved route",
    "R2": "Outside of its market",
    "R3": "Received by somebody else",
    "R4": "Late on its way",
    "R5": "Short, over or mixed",
    "R6": "Outside of its corridor",
    "R7": "Faster than anything flies",
    "R8": "Going back without being a return",
    "R9": "Party without a valid licence",
    "R10": "Seen by somebody who was never in the chain",
    "R11": "Stolen or recalled goods are moving",
    "R12": "Outside of its temperature profile",
    "S8": "Many unknown serials of one lot",
    "S9": "A site unlike all others",
    "S13": "Returns of packs that were not sold so",
    "S12": "Serials that were never issued",
    "scanner": "A scanner that spoils codes",
    "tracker": "A tracker that tells nonsense",
}


def id_of(*told: str) -> str:
    """Give the name of an alert: the same for the same rule and shipment on every node, whatever came first."""
    digest = hashlib.sha256("\x1f".join(told).encode()).digest()
    return f"A-{base64.b32encode(digest).decode()[:ID_CHARACTERS]}"


def alert_of(deviation: Deviation) -> str:
    """Give the name of the alert of a deviation: one for each shipment and rule."""
    return id_of(deviation.rule, deviation.shipment.hex())


def severity_at_counter(deviation: Deviation) -> str:
    """Give how a mark weighs at the counter; the word of an outsider weighs nothing there."""
    return off_route.QUIET if deviation.quiet else deviation.severity


def read(reader: Reader, number: str) -> Alert | None:
    """Read one alert."""
    row = reader.kept(ALERT, number)
    return None if row is None else decode(row[1])


def changed(judged: Mapping[str, Judged], marks: off_route.Marks) -> dict[str, tuple[Deviation, ...]]:
    """Give those things whose deviations are not what is marked."""
    found: dict[str, tuple[Deviation, ...]] = {}
    for key, each in judged.items():
        old = marks.by_key.get(key, [])
        deviations, stay = _with_what_stays(each.deviations, old, each.blind)
        now = {
            (alert_of(d), severity_at_counter(d), d.time, d.what, d.gtins, d.inside_since, d.inside_before)
            for d in deviations
        }
        if now != {(m.alert, m.severity, m.time, m.what, m.gtins, m.since, m.before) for m in old if m not in stay}:
            found[key] = each.deviations
    return found


def _with_what_stays(
    deviations: tuple[Deviation, ...], old: list[Mark], blind: frozenset[str]
) -> tuple[tuple[Deviation, ...], list[Mark]]:
    """Give what is told anew, and the marks of rules that did not look at all of it: these stay as they were.

    So does what began before that at which they began to look.
    """
    if not blind:
        return deviations, []
    begun: dict[str, int] = {}
    for mark in old:
        if mark.rule in blind:
            begun[mark.alert] = min(mark.time, begun.get(mark.alert, mark.time))
    told = tuple(d for d in deviations if not (d.rule in blind and begun.get(alert_of(d), d.time) < d.time))
    now = {alert_of(d) for d in told}
    return told, [mark for mark in old if mark.rule in blind and mark.alert not in now]


class Filing:
    """Writes alerts within one transaction."""

    def __init__(self, tx: Transaction, log: Log) -> None:
        """Take the transaction."""
        self.tx = tx
        self._log = log
        self._begun = log.position
        self._muted: list[Muted] | None = None
        self.changes: list[Alert] = []

    # -- routes ----------------------------------------------------------------------------------------------------

    def routes(
        self,
        found: Mapping[str, tuple[Deviation, ...]],
        kind: str = off_route.KIND,
        *,
        blind: Mapping[str, frozenset[str]] | None = None,
    ) -> None:
        """Bring alerts and marks of one kind to what was judged of these things; the worst of a thing comes last.

        ``blind``: the rules that did not look at all of a thing.
        """
        blind = blind or {}
        stay: dict[str, list[Mark]] = {}
        told: dict[str, tuple[Deviation, ...]] = {}
        added: dict[str, dict[str, Deviation]] = defaultdict(dict)
        gone: dict[str, list[str]] = defaultdict(list)
        parts: dict[str, list[tuple[str, Deviation]]] = defaultdict(list)
        olds: dict[str, list[Mark]] = {}
        for key, each in found.items():
            row = self.tx.kept(kind, key)
            old = olds[key] = off_route.decode(row[1]) if row is not None else []
            deviations, stay[key] = _with_what_stays(each, old, blind.get(key, frozenset()))
            told[key] = deviations
            now = {alert_of(deviation): deviation for deviation in deviations}
            for number, deviation in now.items():
                added[number][key] = deviation
            for deviation in deviations:
                parts[alert_of(deviation)].append((key, deviation))
            for mark in old:
                if mark.alert not in now and mark not in stay[key]:
                    gone[mark.alert].append(key)
        alerts: dict[str, Alert] = {}
        for number in sorted(added.keys() | gone.keys()):
            alert = self._route(number, added.get(number, {}), parts.get(number, []), gone.get(number, []), olds)
            if alert is not None:
                alerts[number] = alert
        self._moved_on()
        for key, deviations in told.items():
            self._mark(kind, key, deviations, alerts, stay[key])

    def _moved_on(self) -> None:
        """See to it that marks of this transaction stand behind those of all before it."""
        if self._log.position == self._begun:
            self._log.append(RecordKind.DECISION, b"\x01" + encode([self._log.now, "off-route-marked"]))

    def _mark(
        self, kind: str, key: str, deviations: tuple[Deviation, ...], alerts: dict[str, Alert], stay: list[Mark]
    ) -> None:
        fresh = [
            Mark(
                number, d.rule, severity_at_counter(d), d.time, d.what, alerts[number].stands, d.gtins, d.inside_since,
                d.inside_before, d.event,
            )
            for d in deviations
            if (number := alert_of(d)) in alerts
        ]  # fmt: skip
        # The time is the place in the log, so that whoever keeps marks in memory reads only new ones. A thing
        # without any keeps an empty row, for the same reason.
        self.tx.keep(kind, key, self._log.position, off_route.encode([*stay, *fresh]), tell=True)

    def _route(
        self,
        number: str,
        added: dict[str, Deviation],
        told: list[tuple[str, Deviation]],
        gone: list[str],
        olds: dict[str, list[Mark]],
    ) -> Alert | None:
        known = read(self.tx, number)
        if known is None and not added:
            return None
        fresh = [key for key in added if all(mark.alert != number for mark in olds[key])]
        if known is None:
            alert = self._new_route(number, added, told, fresh)
            self.write(alert, "alert-opened")
            return alert
        alert = known
        listed = dict.fromkeys(alert.subjects)
        for key in gone:
            listed.pop(key, None)
        listed.update(dict.fromkeys(sorted(fresh)))
        count = max(0, alert.subject_count + len(fresh) - len(gone))
        parts = _parts(alert.parts, told, gone)
        alert = msgspec.structs.replace(alert, subjects=list(listed)[:SUBJECTS_MAX], subject_count=count, parts=parts)
        if added or parts:
            telling: list[Deviation | AlertPart] = [*(parts or added).values()]
            first = min(telling, key=_first)
            alert = msgspec.structs.replace(
                alert, what=first.what, cause=first.cause, why=first.why, severity=first.severity, next=first.next,
                weight=0 if isinstance(first, AlertPart) else first.weight,
            )  # fmt: skip
        what = ""
        if not count and alert.stands:
            alert, what = self._stepped(alert, "explained", "What was missing has come.", "explained"), "explained"
        elif fresh and alert.state == "explained" and alert.history[-1].by == US:
            alert, what = self._stepped(alert, "opened again", "", "open"), "opened-again"
        elif added and not alert.stands and alert.weight > known.weight:
            # What a person has explained was less than this.
            alert, what = self._stepped(alert, "opened again", "It has become worse.", "open"), "opened-again"
        elif not alert.stands and _is_more(told, {*fresh}, number, olds):
            reason = "Something else has left its temperatures, too."
            alert, what = self._stepped(alert, "opened again", reason, "open"), "opened-again"
        if what or alert != known:
            self.write(alert, f"alert-{what or 'changed'}")
        return alert

    def _new_route(
        self, number: str, added: dict[str, Deviation], told: list[tuple[str, Deviation]], fresh: list[str]
    ) -> Alert:
        parts = _parts({}, told, [])
        telling: list[Deviation | AlertPart] = [*(parts or added).values()]
        first = min(telling, key=_first)
        one = min(added.values(), key=_first)
        evidence = [
            Evidence("event", iso(body.time), "event", f"/epcis/events/{quote(body.event_id, safe='')}")
            for body in self.tx.event_bodies({deviation.event for deviation in added.values()})
        ]
        at = iso(self._log.now)
        return self._muted_like(
            Alert(
                number, one.rule, TITLES[one.rule], first.severity, "open", first.what, first.cause, first.why,
                first.next, at, iso(one.time), sender=one.sender, receiver=one.receiver, lanes=list(one.lanes),
                shipment=one.shipment.hex(), subjects=sorted(fresh)[:SUBJECTS_MAX], subject_count=len(fresh),
                evidence=evidence[:EVIDENCE_MAX], history=[AlertStep(at, "opened", US)],
                clock_until=self.clock_of(first.cause, first.severity),
                parts=parts, weight=one.weight,
            )
        )  # fmt: skip

    # -- any alert -------------------------------------------------------------------------------------------------

    def clock_of(self, cause: str, severity: str) -> str:
        """Give by when somebody must have decided about an alert; "" when nothing presses.

        What is suspect presses, and what stops packs at the counter: nobody may overlook either.
        """
        return iso(self._log.now + CLOCK_US) if cause == "suspect" or severity == "stop" else ""

    def open_or_add(self, alert: Alert) -> Alert:
        """Open an alert of scans, or bring the one of that name up to date; one that was closed begins anew."""
        known = read(self.tx, alert.id)
        at = iso(self._log.now)
        if known is None:
            made = msgspec.structs.replace(alert, opened_at=at, history=[AlertStep(at, "opened", US)])
            made = self._muted_like(msgspec.structs.replace(made, clock_until=self.clock_of(made.cause, made.severity)))
            self.write(made, "alert-opened")
            return made
        kept = {each: getattr(known, each) for each in ("opened_at", "state", "owner", "history", "muted_until")}
        fresh = msgspec.structs.replace(
            alert,
            **kept,
            changes=known.changes,
            clock_until=known.clock_until or self.clock_of(alert.cause, alert.severity),
        )
        if fresh == known:
            return known
        if not known.stands and alert.subject_count > known.subject_count:
            fresh = self._stepped(fresh, "opened again", "It goes on.", "open")
        self.write(fresh, "alert-changed")
        return fresh

    def add_subject(self, alert: Alert, subject: str) -> None:
        """Open an alert of scans about one pack, or add the pack to the one of that name, with its evidence."""
        known = read(self.tx, alert.id)
        if known is None:
            self.open_or_add(alert)
            return
        if subject in known.subjects:
            return
        fresh = msgspec.structs.replace(
            known, subjects=[*known.subjects, subject][:SUBJECTS_MAX], subject_count=known.subject_count + 1,
            scans=known.scans + 1, evidence=[*known.evidence, *alert.evidence][:EVIDENCE_MAX],
        )  # fmt: skip
        if known.state == "closed" or (known.state == "explained" and known.history[-1].by == US):
            fresh = self._stepped(fresh, "opened again", "It goes on.", "open")
            self.write(fresh, "alert-opened-again")
        else:
            self.write(fresh, "alert-changed")

    def drop_subject(self, number: str, subject: str) -> None:
        """Take a pack out of an alert; one that has none left is explained."""
        known = read(self.tx, number)
        if known is None or subject not in known.subjects:
            return
        left = [each for each in known.subjects if each != subject]
        fresh = msgspec.structs.replace(known, subjects=left, subject_count=max(0, known.subject_count - 1))
        if not fresh.subject_count and fresh.stands:
            self._explain(fresh)
        else:
            self.write(fresh, "alert-changed")

    def no_more(self, number: str) -> None:
        """Explain an alert of which nothing is left, where it stands."""
        known = read(self.tx, number)
        if known is not None and known.stands:
            fresh = msgspec.structs.replace(known, parts={}, subjects=[], subject_count=0)
            self._explain(fresh)

    def _explain(self, alert: Alert) -> None:
        self.write(self._stepped(alert, "explained", "What was missing has come.", "explained"), "alert-explained")

    def _stepped(self, alert: Alert, what: str, reason: str, state: str) -> Alert:
        step = AlertStep(iso(self._log.now), what, US, reason)
        return msgspec.structs.replace(alert, state=state, history=[*alert.history, step])

    def _muted_like(self, alert: Alert) -> Alert:
        today = day(self._log.now)
        if self._muted is None:
            self._muted = muted_of(self.tx)
        until = max((each.until for each in self._muted if each.until >= today and is_like(alert, each)), default="")
        return msgspec.structs.replace(alert, muted_until=until) if until else alert

    def write(self, alert: Alert, what: str) -> None:
        """Keep an alert as it is now, with a record in the log and a row in the outbox."""
        alert = msgspec.structs.replace(alert, changes=alert.changes + (what != "alert-opened"))
        log, tx = self._log, self.tx
        position = log.append(RecordKind.DECISION, b"\x01" + encode([log.now, what, alert]))
        row = tx.kept(ALERT, alert.id)
        tx.keep(ALERT, alert.id, row[0] if row is not None else log.now, encode(alert))
        tx.keep(CHANGE, f"{position:016d}", position, encode([what, log.now, alert]))
        if alert.clock_until and alert.state in ("open", "acknowledged"):
            tx.keep(CLOCK, alert.id, log.now + CLOCK_US if row is None else _clock(alert), b"")
        else:
            tx.drop_kept(CLOCK, alert.id)
        self.changes.append(alert)

    def run_out(self, numbers: Iterable[str]) -> None:
        """Escalate those whose clock has run out before anybody decided."""
        for number in numbers:
            alert = read(self.tx, number)
            if alert is None or alert.state not in ("open", "acknowledged"):
                self.tx.drop_kept(CLOCK, number)
                continue
            reason = "24 hours have passed, and nobody has decided."
            self.write(self._stepped(alert, "escalated", reason, "escalated"), "alert-escalated")

    def deadlines(self, judged: Mapping[str, Judged], known: Mapping[str, int]) -> None:
        """Keep when things are to be judged again; ``known`` is what is kept now."""
        for key, each in judged.items():
            if each.look_again and known.get(key) != each.look_again:
                self.tx.keep(DUE, key, each.look_again, b"")
            elif not each.look_again and key in known:
                self.tx.drop_kept(DUE, key)

    def mark_stands(self, keys: Iterable[str], alert: Alert, kind: str = off_route.KIND) -> None:
        """Tell the counter whether an alert still stands."""
        self._moved_on()
        for key in keys:
            row = self.tx.kept(kind, key)
            marks = off_route.decode(row[1]) if row is not None else []
            fresh = [msgspec.structs.replace(m, stands=alert.stands) if m.alert == alert.id else m for m in marks]
            if fresh != marks:
                self.tx.keep(kind, key, self._log.position, off_route.encode(fresh), tell=True)


def _is_more(
    told: Iterable[tuple[str, Deviation]], fresh: set[str], number: str, olds: Mapping[str, list[Mark]]
) -> bool:
    """Tell whether a temperature of something that was not told of before was shown by what nobody has explained yet.

    A pack that is judged by itself from now on brings only what its pallet was explained for.
    """
    known = {mark.event for marks in olds.values() for mark in marks if mark.alert == number}
    return any(d.weight and key in fresh and d.event not in known for key, d in told)


def _first(one: Deviation | AlertPart) -> tuple[int, int, str]:
    """Give what tells of an alert: the worst, and of these the first."""
    return (0 if isinstance(one, AlertPart) else -one.weight, one.time, one.what)


def _parts(
    before: dict[str, AlertPart], told: Iterable[tuple[str, Deviation]], gone: Iterable[str]
) -> dict[str, AlertPart]:
    """Give the parts of an alert, after what is told anew of some things, and no more of others."""
    parts = dict(before)
    told = list(told)
    for key in {*gone, *(key for key, _ in told)}:
        parts.pop(key, None)
        for name, part in [*parts.items()]:
            if key in part.packs:
                left = [each for each in part.packs if each != key]
                parts[name] = msgspec.structs.replace(part, packs=left)
                if not left:
                    del parts[name]
    for key, d in told:
        if d.part:
            known = parts.get(d.part)
            # One that names no packs is about those things of which it is told, and began with the first of them.
            packs = list(d.packs) or sorted({key, *(known.packs if known is not None else ())})[:SUBJECTS_MAX]
            time = d.time if d.packs or known is None else min(d.time, known.time)
            parts[d.part] = AlertPart(time, d.what, d.cause, d.why, d.severity, d.next, packs)
    return parts


def _clock(alert: Alert) -> int:
    return round(datetime.datetime.fromisoformat(alert.clock_until).timestamp() * 1_000_000)


def muted_of(reader: Reader) -> list[Muted]:
    """Read what is told to nobody."""
    return [decode_muted(body) for _, _, body in reader.kept_from(MUTED, (-1, ""), PAGE)]


def is_like(alert: Alert, muted: Muted) -> bool:
    """Tell whether a suppression is about such an alert."""
    return (alert.rule, alert.sender, alert.receiver, alert.site, alert.product) == (
        muted.rule, muted.sender, muted.receiver, muted.site, muted.product,
    )  # fmt: skip
