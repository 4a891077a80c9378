"""Sites: a hub's side of the nodes that joined it. They ask before they dispense, tell what they did, and are told.

What a site tells is captured as its own word and nobody else's. What it did while the hub was away, and what the
record does not allow any more, is kept all the same and becomes a case.
"""

from __future__ import annotations

import hashlib
import io
from functools import cached_property
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.cases import Case, open_case
from rxtrail.core.epcis.reader import open_document
from rxtrail.core.epcis.write_json import event_json
from rxtrail.core.rules.answer import Answer, Severity
from rxtrail.core.rules.recall import Recall, told_abroad
from rxtrail.core.rules.states import EU, SOLD
from rxtrail.core.rules.steps import Flag
from rxtrail.core.rules.words import ENDS_BY_DISPOSITION, ENDS_BY_STEP, REACTIVATING
from rxtrail.errors import BadRequest
from rxtrail.ledger.batch import append_events
from rxtrail.ledger.prepare import prepare, restore
from rxtrail.record.times import iso
from rxtrail.sites.anchors import take
from rxtrail.sites.masters import rows_of
from rxtrail.sites.side import Side
from rxtrail.sites.wire import Anchor, Anchored, Asked, Claim, Fed, Feed, Item, Page, ScanNote
from rxtrail.store.rows import RecordKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.access import Alarm
    from rxtrail.core.epcis.event import Event
    from rxtrail.core.gs1.runs import EpcRun
    from rxtrail.ledger.log import Log
    from rxtrail.ledger.prepare import Prepared
    from rxtrail.ledger.writer import Writer
    from rxtrail.store import Reader, Transaction
    from rxtrail.store.rows import Record

__all__ = ["CONFLICT", "Asked", "Claim", "Fed", "Feed", "Item", "Page", "ScanNote", "Sites", "open_alarm"]

CLAIMS: Final = "site-claim"  # what the store keeps: who is handing over a pack right now
FED: Final = "site-fed"  # of a site's log, how far it has been told
CONFLICT: Final = "offline-dispensing"  # the kind of case, as for a counter that was offline
NOT_FOR_SITES: Final = frozenset({"enumeration", "many-askers"})
CLAIM_US: Final = 600 * 1_000_000
"""A pack that was claimed and never dispensed (its node died between the two) is free again after this."""

PAGE_RECORDS: Final = 500
PAGES_KEPT_MAX: Final = 200
SCAN_TEXT_MAX: Final = 4096
SCAN_RECORD_VERSION: Final = b"\x02"  # as in rxtrail.offline: with the time of the scan and what the counter was told
DISPENSINGS: Final = frozenset({"dispensed", "partially_dispensed"})
# Statements about a pack that every counter must know, wherever the pack is.
FOR_ALL: Final = frozenset({"recalled", "stolen", "destroyed"})
_HERE: Final = frozenset({"already-dispensed-here", "partially-dispensed"})
_OPENED: Final = "case-opened"
_RECALLS: Final = "recall-"  # so begins what each step of a recall is called in the log

_encode = msgspec.msgpack.Encoder().encode


class _Held(msgspec.Struct, frozen=True, gc=False, array_like=True):
    site: str
    key: str
    at: int
    settled: bool = False  # the dispensing has come: the record itself speaks now


_decode_held = msgspec.msgpack.Decoder(_Held).decode
_decode_fed = msgspec.msgpack.Decoder(Fed).decode


class Sites(Side):
    """The use case, with what it needs given once."""

    @cached_property
    def _pages(self) -> dict[tuple[int, int], list[Item]]:
        """Give the pages that were read last: all sites follow the same log."""
        return {}

    # -- asking ----------------------------------------------------------------------------------------------------

    def ask(self, asked: Asked, *, site: str) -> Claim:
        """Judge a scan for a site; with ``claim`` the pack is its own to dispense, if nobody else has it.

        Nothing is noted of a scan that is only asked about: the site's own record of it comes by :meth:`feed`.

        :raises BadRequest: the purpose is none.
        """
        if not asked.claim and not asked.release:
            return Claim(self._judge(None).judge(asked.scan, site=site, purpose=asked.purpose, known_site=True))
        return self._writer().do(lambda tx, log: self._claim(tx, log, asked, site))

    def _claim(self, tx: Transaction, log: Log, asked: Asked, site: str) -> Claim:
        verdict = self._judge(tx).judge(asked.scan, site=site, purpose=asked.purpose, known_site=True)
        name = _claim_name(verdict.pack.gtin, verdict.pack.serial)
        row = tx.kept(CLAIMS, name)
        held = _decode_held(row[1]) if row is not None else None
        if asked.release:
            if held is not None and held.site == site and not held.settled:
                tx.drop_kept(CLAIMS, name)
            return Claim(verdict)
        if held is not None and log.now - held.at < CLAIM_US:
            if held.site != site and not held.settled:
                return Claim(verdict, taken=True)
            if held.site == site and asked.key and held.key == asked.key:
                return Claim(verdict, granted=True, again=True)
        judge = self._judge(tx)
        may_lift = asked.override and not (judge.market == EU and any(r.code in SOLD for r in verdict.reasons))
        allowed = verdict.verdict in (Answer.OK, Answer.NOT_COVERED) or (verdict.verdict is Answer.CHECK and may_lift)
        if not allowed or not verdict.pack.serial:
            place = verdict.reasons[0].code if verdict.reasons else ""
            refuses = verdict.verdict in (Answer.STOP, Answer.CHECK)  # what cannot be told now raises nothing
            eu = judge.alert_of(verdict, site=site, wanted="dispensed", place=place) if refuses else None
            return Claim(verdict, eu=eu)
        tx.keep(CLAIMS, name, log.now, _encode(_Held(site, asked.key, log.now)))
        return Claim(verdict, granted=True)

    # -- what comes up ---------------------------------------------------------------------------------------------

    def fed(self, site: str, log: str) -> int:
        """Tell up to which position of its own log a site has told everything; -1 for nothing."""
        row = self._reader().kept(FED, f"{site}:{log}")
        return _decode_fed(row[1]).through if row is not None else -1

    def anchor(self, anchor: Anchor, *, site: str) -> Anchored:
        """Keep the head of a site's log as a record of this one, when it grows out of the last.

        :raises BadRequest: it is no head, or none that its keys have signed.
        """
        return self._writer().do(lambda tx, log: take(tx, log, anchor, site))

    def feed(self, feed: Feed, *, site: str) -> Fed:
        """Capture one batch of a site's log as that site's word: once, in order, all of it or none.

        :raises BadDocument: its events cannot be read.
        :raises BadRequest: it does not go on where the one before ended.
        """
        if feed.through < feed.first or not feed.log or len(feed.log) > 64:
            raise BadRequest("a batch needs its log, and its first and last position", place="first")
        document = open_document(io.BytesIO(bytes(feed.document)), proceed=True)
        commanded = frozenset(feed.commands)
        prepared: list[Prepared] = []
        ours: list[bool] = []
        for number, (event, findings, place) in enumerate(document):
            prepared.append(prepare(event, speaker=site, place=place, findings=findings))
            ours.append(number in commanded)
        answer = self._writer().do(lambda tx, log: self._feed(tx, log, feed, prepared, ours, site), alone=True)
        self._changed(None)
        return answer

    def _feed(self, tx: Transaction, log: Log, feed: Feed, events: list[Prepared], ours: list[bool], site: str) -> Fed:
        name = f"{site}:{feed.log}"
        row = tx.kept(FED, name)
        before = _decode_fed(row[1]) if row is not None else Fed(-1)
        if feed.through <= before.through:
            return before
        if feed.first > before.through + 1:
            raise BadRequest(
                f"this batch begins at {feed.first}, and {before.through + 1} is awaited",
                place="first",
                advice="Ask GET /api/v1/hub?log=... for how far the hub has come, and go on from there.",
            )
        cases: list[str] = []
        command = [log.now, "site-fed", site, feed.log, feed.first, feed.through, len(events), len(feed.scans)]
        log.append(RecordKind.COMMAND, b"\x01" + _encode(command), party=tx.name_id(site))
        tx.add_master(rows_of(feed.masters, site))
        plain: list[Prepared] = []
        for prepared, commanded in zip(events, ours, strict=True):
            # What a counter did is judged in its turn, by all that came before it.
            if commanded and (pack := _one_pack(prepared.event)):
                self._append(tx, log, plain, site)
                plain = []
                self._weigh(tx, log, prepared, pack, site, cases)
            plain.append(prepared)
        self._append(tx, log, plain, site)
        for scan in feed.scans:
            if scan.position > before.through:
                note = [
                    log.now, scan.text[:SCAN_TEXT_MAX], scan.gtin, scan.serial, site, scan.purpose, scan.key,
                    scan.told, scan.reasons, scan.at, scan.told,
                ]  # fmt: skip
                log.append(RecordKind.SCAN, SCAN_RECORD_VERSION + _encode(note), party=tx.name_id(site))
        answer = Fed(feed.through, cases)
        tx.keep(FED, name, log.now, _encode(answer))
        return answer

    def _append(self, tx: Transaction, log: Log, events: list[Prepared], site: str) -> None:
        if events:
            appended = append_events(tx, log, self._judge(tx).authority, events, speaker=site)
            self._changed(appended)  # for the writer's own judge; for all others once more after the commit

    def _weigh(
        self, tx: Transaction, log: Log, prepared: Prepared, pack: tuple[str, str], site: str, cases: list[str]
    ) -> None:
        """Accept what a counter did as a command, as if it had been ordered here, or open a case."""
        event = prepared.event
        end = ENDS_BY_DISPOSITION.get(event.disposition) or ENDS_BY_STEP.get(event.biz_step, "")
        if not (end or event.biz_step == REACTIVATING) or tx.events_by_identity({prepared.identity}):
            return
        gtin, serial = pack
        held = None
        name = _claim_name(gtin, serial)
        if end in DISPENSINGS:
            row = tx.kept(CLAIMS, name)
            held = _decode_held(row[1]) if row is not None else None
        if held is not None and held.site == site and not held.settled:
            tx.keep(CLAIMS, name, held.at, _encode(msgspec.structs.replace(held, settled=True)))
            prepared.flags |= Flag.COMMAND
            return
        verdict = self._judge(tx).judge(f"(01){gtin}(21){serial}", site=site, purpose="dispense")
        codes = {reason.code for reason in verdict.reasons}
        if event.biz_step == REACTIVATING:
            if codes & _HERE:
                prepared.flags |= Flag.COMMAND
            return
        stops = [reason for reason in verdict.reasons if reason.severity is Severity.STOP]
        others = [reason for reason in stops if reason.code != "already-dispensed-here"]
        if not stops:
            prepared.flags |= Flag.COMMAND
        elif others and end in DISPENSINGS:
            at = iso(event.event_time)
            what = f"Dispensed at {site} at {at} without the hub, whose record says: {others[0].message}"
            evidence = {
                "event_id": event.event_id,
                "event_time": at,
                "site": site,
                "reasons": [reason.code for reason in verdict.reasons],
                "sites": sorted({site, *_speakers(tx, gtin, serial)}),
            }
            case = open_case(
                tx, log, kind=CONFLICT, what=what, random_bytes=self._random, pack=f"01/{gtin}/21/{serial}", site=site,
                evidence=evidence,
            )  # fmt: skip
            cases.append(case.id)

    # -- what goes down --------------------------------------------------------------------------------------------

    def page(self, after: int, *, site: str) -> Page:
        """Give what a site must know of the log after a position: class-level statements, thefts, cases, recalls."""
        reader = self._reader()
        rows = reader.records_from(after + 1, PAGE_RECORDS)
        if not rows:
            return Page(after, reader.log_size(), [])
        items = [_as_told(item, site) for item in self._told(reader, rows) if _concerns(item, site)]
        return Page(rows[-1][0].position, reader.log_size(), items)

    def _told(self, reader: Reader, rows: list[tuple[Record, bytes]]) -> list[Item]:
        """Give what any site may have to know of some records; all sites follow the same log, so it is read once."""
        span = (rows[0][0].position, rows[-1][0].position)
        known = self._pages.get(span)
        if known is not None:
            return known
        events = [record.position for record, _ in rows if record.kind == RecordKind.EVENT]
        bodies = {body.position: body for body in reader.event_bodies(events)} if events else {}
        authority = self._judge(None).authority
        items: list[Item] = []
        for record, canonical in rows:
            position = record.position
            if record.kind == RecordKind.EVENT:
                body = bodies[position]
                event = restore(body.canonical, body.envelope)
                if _is_for_all(event):
                    here = authority.is_self(body.speaker)
                    items.append(Item(position, speaker=body.speaker, hub=here, event=event_json(event)))
            elif record.kind == RecordKind.DECISION:
                what, told = _decision_of(canonical)
                if what == _OPENED:
                    items.append(Item(position, case=msgspec.convert(told, Case)))
                elif what.startswith(_RECALLS):
                    recall = msgspec.convert(told, Recall)
                    if not recall.drill and recall.state != "draft":
                        items.append(Item(position, recall=told_abroad(recall)))
        if len(self._pages) >= PAGES_KEPT_MAX:
            self._pages.clear()
        self._pages[span] = items
        return items


def _concerns(item: Item, site: str) -> bool:
    """Tell whether a site must know it: what it said itself it knows, and a case only when it is about its doing."""
    case = item.case
    if case is None:
        return item.speaker != site
    return site in case.evidence.get("sites", ()) or (case.site == site and case.kind not in NOT_FOR_SITES)


def _as_told(item: Item, site: str) -> Item:
    """Leave the names of other sites out of a case: who they are is the hub's to tell, when it has looked."""
    case = item.case
    if case is None:
        return item
    evidence = {name: value for name, value in case.evidence.items() if name not in ("sites", "site")}
    if case.site == site:
        return msgspec.structs.replace(item, case=msgspec.structs.replace(case, evidence=evidence))
    what = case.what.replace(case.site, "another site") if case.site else case.what
    return msgspec.structs.replace(item, case=msgspec.structs.replace(case, site="", what=what, evidence=evidence))


def open_alarm(writer: Writer, alarm: Alarm, *, random_bytes: Callable[[int], bytes]) -> None:
    """Open a case for what looks like harvesting; nobody waits for it."""

    def write(tx: Transaction, log: Log) -> None:
        pack = alarm.subject if "/" in alarm.subject else ""
        open_case(
            tx, log, kind=alarm.kind, what=alarm.what, random_bytes=random_bytes, pack=pack, site=alarm.site,
            evidence=alarm.evidence,
        )  # fmt: skip

    writer.submit(write)


def _one_pack(event: Event) -> tuple[str, str] | None:
    """Give the GTIN and serial of an event that is about one pack only."""
    runs: list[EpcRun] = event.epcs
    if len(runs) == 1 and len(runs[0].serials) == 1 and runs[0].key.startswith("01/"):
        return runs[0].key[3:17], runs[0].serials[0]
    return None


def _is_for_all(event: Event) -> bool:
    if event.quantities and event.action != "ADD" and not event.epcs:
        return True
    return event.disposition in FOR_ALL or (event.error_declaration is not None and bool(event.quantities))


def _decision_of(canonical: bytes) -> tuple[str, object]:
    """Read what a decision of the log did, and with what; "" for one of another form."""
    try:
        decision = msgspec.msgpack.decode(canonical[1:])
    except msgspec.DecodeError:
        return "", None
    if not isinstance(decision, list) or len(decision) != 3 or not isinstance(decision[1], str):
        return "", None
    return decision[1], decision[2]


def _speakers(reader: Reader, gtin: str, serial: str) -> set[str]:
    """Give all who said something of a pack."""
    product = reader.product(gtin)
    unit = reader.units_of(product[0], [serial]).get(serial) if product is not None else None
    if product is None or unit is None:
        return set()
    steps = reader.unit_steps(product[0], serial, unit)
    return {speaker for step in steps if ENDS_BY_STEP.get(step.biz_step) for speaker in step.speakers if speaker}


def _claim_name(gtin: str, serial: str) -> str:
    """Name a pack; a digest, since a serial that somebody typed may hold any character."""
    return hashlib.sha256(f"01/{gtin}/21/{serial}".encode(errors="replace")).hexdigest()
