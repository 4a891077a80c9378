"""The judge: one scanned code to one verdict, in one look-up; what it remembers is dropped when the record changes."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import msgspec

from rxtrail.core.gs1.scan import read_scan
from rxtrail.core.rules.alert import EuView
from rxtrail.core.rules.answer import (
    Answer,
    Matched,
    PackView,
    Reason,
    RecordView,
    ScanView,
    Severity,
    StateView,
    Verdict,
)
from rxtrail.core.rules.eu import alert_id, code_of_reasons, code_of_refusal
from rxtrail.core.rules.late import USUAL_MINUTES, Late, late
from rxtrail.core.rules.states import EU
from rxtrail.core.rules.verdict import PURPOSES, Asker, Judgement, also, judge, place_is_doubtful, seen_elsewhere
from rxtrail.errors import BadRequest
from rxtrail.record.choosing import chosen
from rxtrail.record.close_by import file_minutes, near_miss
from rxtrail.record.facts import Found, Memory, Pending, Recalls, find
from rxtrail.record.names import product_row, product_view
from rxtrail.record.off_route import COLD, Marks
from rxtrail.record.on_the_way import off_route_words, too_fast, too_soon, too_warm_words
from rxtrail.record.orders import Orders
from rxtrail.record.proven import proof_path, published
from rxtrail.record.sightings import Recent, elsewhere
from rxtrail.record.spots import Spots
from rxtrail.record.standing import as_seen_by, authority_of, identity_of, partners_of
from rxtrail.record.times import day as day_of
from rxtrail.record.times import iso

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.core.gs1.scan import Scan
    from rxtrail.core.rules.authority import Authority
    from rxtrail.core.rules.coverage import Product
    from rxtrail.core.rules.verdict import Facts
    from rxtrail.store import Reader

HEADLINES = {
    Answer.OK: {
        "dispense": "OK to dispense", "receive": "OK to receive", "return": "OK to take back",
        "investigate": "Nothing against it on record", "public": "Nothing against it on record",
    },
    Answer.CHECK: {"dispense": "Check before you dispense"},
    Answer.STOP: {
        "dispense": "Do not dispense", "receive": "Do not receive into stock", "return": "Do not put back to stock",
        "public": "Do not use. Ask your pharmacist",
    },
    Answer.UNCONFIRMED: {},
    Answer.NOT_COVERED: {},
}  # fmt: skip
HEADLINE_DEFAULTS = {
    Answer.OK: "OK",
    Answer.CHECK: "Check first",
    Answer.STOP: "Stop",
    Answer.UNCONFIRMED: "Cannot be confirmed now",
    Answer.NOT_COVERED: "Not tracked: check lot and expiry yourself",
}
PRODUCTS_CACHED_MAX = 50_000
HUB, MAKER, PHARMACY = "hub", "maker", "pharmacy"  # roles
# A copy of the record that has heard nothing new for longer may lack a dispensing: it confirms nothing any more.
COPY_SECONDS_MAX = 60


class Judge:
    """Judges scans on one reader, for one thread."""

    def __init__(
        self,
        reader: Reader,
        *,
        now_us: Callable[[], int],
        today: Callable[[], datetime.date],
        log_size: Callable[[], int],
        doubted: Callable[[], bool] = lambda: False,
        recent: Recent | None = None,
    ) -> None:
        """Everything that is not in the record is given; ``doubted``: it is known to be an old copy, or altered.

        ``recent`` is what all judges of a process know of the last scans, on record or not yet.
        """
        self._doubted = doubted
        self.recent = recent or Recent()
        self._reader = reader
        self._now_us = now_us
        self._today = today
        self._log_size = log_size
        self._recalls = Recalls()
        self._orders = Orders()
        self._marks = Marks()
        self._cold = Marks(COLD)
        self._spots = Spots(reader)
        self._memory = Memory()
        self._products: dict[str, tuple[str, str]] = {}
        self._reporting: dict[str, bool] = {}  # GTIN -> its maker is listed here
        self._documents: dict[int, str] = {}
        self._second = (0, "")
        self._day = datetime.date.min
        self._year = 0
        self._day_second = -1
        self._file_minutes = USUAL_MINUTES
        self._published = 0  # so many records are in the published log: a proof can be had of these
        self._late: Late | None = None
        self._orders_count = True
        self.awaited: tuple[str, ...] = ()  # the GLNs that what was judged last is on its way to
        self.made = ""  # the day on which what was judged last was made, if anybody said
        self._pending = Pending()
        self.refresh()

    @property
    def authority(self) -> Authority:
        """Give the parties as this judge knows them."""
        return self._authority

    def refresh(self) -> None:
        """Read anew what is cached: parties, recalls, running jobs, names."""
        self._whole = False
        day = self._today()
        reader = self._reader
        reader.mark()
        self._authority = authority_of(reader, day)
        identity = self._identity = identity_of(reader)
        self._role, self._own = identity.role, frozenset(identity.glns)
        self._roles = {gln: partner.role for partner in partners_of(reader) for gln in partner.glns}
        self._recalls.load(reader, self._authority)
        self._orders.load(reader)
        self._marks.load(reader)
        self._cold.load(reader)
        self._spots = Spots(reader)
        self._products.clear()
        self._memory.forget()
        self.refresh_pending()
        if day != self._day:
            self._file_minutes = file_minutes(reader)
        self._day, self._year = day, day.year  # last: a day that could not be read whole has not begun
        self._whole = True

    def refresh_pending(self) -> None:
        """Read anew which documents are still being written."""
        jobs = self._reader.jobs_unfinished()
        gtins: frozenset[str] = frozenset().union(*(job.gtins for job in jobs)) if jobs else frozenset()
        self._pending = Pending(frozenset(job.document for job in jobs), gtins)

    def _look_up(self, scan: Scan) -> tuple[Scan, Found | None]:
        if not scan.gtin or not scan.serial or scan.fault:
            return scan, None
        return scan, find(
            self._reader,
            self._authority,
            self._recalls,
            scan.gtin,
            scan.serial,
            scan.lot,
            self._pending,
            self._memory,
        )

    # -- one scan --------------------------------------------------------------------------------------------------

    def judge(
        self, text: str, *, site: str = "", purpose: str = "dispense", known_site: bool = False, orders: bool = True
    ) -> Verdict:
        """Judge one scanned or typed text for a site (13-digit GLN, or none) and a purpose.

        ``known_site``: the site has proved who it is, so near misses are told. ``orders`` False leaves out the recalls
        that are kept here, for who judges by these himself.

        :raises BadRequest: the purpose or the site is none.
        """
        if purpose not in PURPOSES:
            raise BadRequest(f"purpose {purpose!r} is none of {', '.join(PURPOSES)}", place="purpose")
        if site and not (len(site) == 13 and site.isascii() and site.isdigit()):
            raise BadRequest(f"site {site!r} is not a 13-digit GLN", place="site")
        now = self._now_us()
        second = now // 1_000_000
        if second != self._second[0]:
            self._tick(second)
        if not self._whole:
            self.refresh()  # the last one broke off: the mark is newer than what is kept in mind
        asker = Asker(self._role, self._own, site, purpose, known_site and purpose != "public")
        self._orders_count = orders
        verdict = self._judge(text, asker)
        if verdict.verdict is Answer.OK and self._reader.moved_on():
            # What it was judged by had changed before the pack was read: ok is only ever said of one moment.
            self._reader.hold_still()
            try:
                self.refresh()
                verdict = self._judge(text, asker)
            finally:
                self._reader.let_go()
        as_of = self._reader.as_of()
        if as_of is not None:
            verdict = _as_of(verdict, as_of, now)
        return _in_doubt(verdict) if self._doubted() else verdict

    def _judge(self, text: str, asker: Asker) -> Verdict:
        scan, found = self._look_up(read_scan(text, this_year=self._year))
        if scan.fault or found is None or not _fits(scan, found.facts):
            # Not read plainly, or not what the record says: perhaps the scanner, and the record may tell.
            choice = chosen(self._reader, text, this_year=self._year, plain=scan)
            if choice.is_known or choice.scan.fault != scan.fault:
                plain = found
                scan, found = self._look_up(choice.scan)
                if found is None and plain is not None and plain.facts.on_record:
                    found = plain  # whatever else it may be: the pack that it names plainly may be stopped
        if self._role == HUB and found is not None and found.facts.basis == "supplier":
            hearsay = self._is_hearsay(scan.gtin, found.speakers)
            found.facts = msgspec.structs.replace(found.facts, hearsay=True) if hearsay else found.facts
        if found is not None and asker.known_site and found.facts.product_known and not found.facts.on_record:
            near = near_miss(self._reader, self._authority, scan)
            found.facts = msgspec.structs.replace(found.facts, near=near) if near else found.facts
        # A recall is judged on the scanned product and lot also when no pack can be read.
        product = self._reader.product(scan.gtin) if found is None and scan.gtin else None
        recalled = self._recalls.of(product[0], scan.lot) if product is not None else ""
        return self._verdict(scan, found, asker, recalled)

    def _tick(self, second: int) -> None:
        if second // 60 != self._day_second:
            if self._today() != self._day:
                self.refresh()  # validity of partners and expiry are a matter of days
            self._day_second = second // 60
            self._late = late(second * 1_000_000, self._file_minutes)
        self._published = published(self._reader)
        self._second = (
            second,
            datetime.datetime.fromtimestamp(second, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        )

    def _verdict(self, scan: Scan, found: Found | None, asker: Asker, recalled: str) -> Verdict:
        facts_lot, facts_expiry = (found.facts.lot, found.facts.expiry) if found is not None else ("", "")
        made = day_of(found.made_time) if found is not None and found.made_time else ""
        lot, expiry = facts_lot or scan.lot, facts_expiry or scan.expiry
        orders = bool(scan.gtin) and self._orders_count
        judged = judge(
            scan,
            found.facts if found is not None else None,
            asker,
            self._authority,
            self._day,
            self._roles,
            recalled=recalled,
            late=self._late,
            ordered=self._orders.of(scan.gtin, scan.serial, lot, expiry, made) if orders else (),
            product=self._left_out(scan.gtin) if scan.gtin and (found is None or not found.facts.on_record) else None,
        )
        rests_on_a_word = found is not None and found.facts.custody.hearsay and judged.serial == "yes"
        if asker.site and asker.purpose == "dispense" and (rests_on_a_word or place_is_doubtful(judged)):
            seen = elsewhere(self._reader, self._authority, self.recent, scan.gtin, scan.serial, asker.site)
            if seen is not None:
                judged = seen_elsewhere(judged, day_of(seen[1]))
                judged = also(judged, asker.purpose, too_fast(self._spots, *seen, asker.site, self._now_us()))
        if self._marks.by_key and scan.gtin:
            marks = self._marks.of(self._reader, self._authority, scan.gtin, scan.serial, found)
            if marks:
                judged = also(judged, asker.purpose, off_route_words(marks))
        if self._cold.by_key and scan.gtin:
            marks = self._cold.of(self._reader, self._authority, scan.gtin, scan.serial, found)
            if marks:
                judged = also(judged, asker.purpose, too_warm_words(marks))
        if asker.site and found is not None and found.facts.on_record and judged.answer is not Answer.STOP:
            soon = too_soon(self._spots, self._authority, found.facts.custody, asker.site, self._now_us())
            if soon:
                judged = also(judged, asker.purpose, soon)
        product, ndc = self._product(scan.gtin) if scan.gtin else ("", "")
        self.awaited = found.facts.custody.to if found is not None else ()
        self.made = made
        if found is None or not (found.facts.on_record or found.facts.mentioned):
            state, record = StateView(), RecordView(not_checked=["custody"])
        else:
            facts = found.facts
            custody = as_seen_by(self._identity, facts.custody)
            state = StateView(
                disposition=facts.disposition,
                custodian=custody.custodian,
                owner=custody.owner,
                location=custody.location,
                in_transit_to=custody.to[0] if custody.to else "",
                container=found.container,
                holds=[*facts.holds, *facts.doubts],
            )
            record = RecordView(facts.basis, self._document(found.document), list(judged.not_checked))
        return Verdict(
            judged.answer,
            HEADLINES[judged.answer].get(asker.purpose) or HEADLINE_DEFAULTS[judged.answer],
            judged.reasons,
            PackView(scan.gtin, ndc, scan.serial, scan.lot, scan.expiry, product, scan.sscc),
            state,
            ScanView(scan.raw, scan.reading, scan.repairs),
            record,
            Matched(judged.serial, judged.lot, judged.expiry),
            self._second[1],
            self._log_size(),
            proof_path(scan.gtin, scan.serial) if found is not None and 0 <= found.made < self._published else "",
            eu=self._alert(scan, judged, asker) if self._identity.market == EU and judged.reasons else msgspec.UNSET,
        )

    def _alert(self, scan: Scan, judged: Judgement, asker: Asker) -> EuView | msgspec.UnsetType:
        """Give the alert that a scan raises in the EU market, if any."""
        product = self._reader.product(scan.gtin)
        lot_known = product is not None and bool(self._reader.lots_of(product[0], scan.lot))
        code = code_of_reasons(judged.reasons, lot_known=lot_known)
        if not code:
            return msgspec.UNSET
        told = (scan.gtin, scan.serial, scan.lot, scan.expiry, asker.site)
        return EuView(code, alert_id(code, day=self._day.isoformat(), told=told))

    def alert_of(self, verdict: Verdict, *, site: str, wanted: str, place: str) -> EuView | None:
        """Give the alert that a refused change raises in the EU market, if any.

        ``wanted`` is the state that the change leads to, ``place`` the code of why it was refused.
        """
        if self._identity.market != EU:
            return None
        pack = verdict.pack
        product = self._reader.product(pack.gtin)
        lot_known = product is not None and bool(self._reader.lots_of(product[0], pack.lot))
        code = code_of_refusal(
            verdict.reasons, wanted=wanted, state=verdict.state.disposition, place=place, lot_known=lot_known
        )
        told = (pack.gtin, pack.serial, pack.lot, pack.expiry, site)
        return EuView(code, alert_id(code, day=self._day.isoformat(), told=told)) if code else None

    @property
    def orders(self) -> Orders:
        """Give the recalls that are kept here, as this judge knows them."""
        return self._orders

    def role_of(self, site: str) -> str:
        """Tell what a place is: what its partner row says, or else what this node is."""
        return self._roles.get(site, self._role)

    @property
    def market(self) -> str:
        """Give the market whose words and rules hold: us or eu."""
        return self._identity.market

    def _left_out(self, gtin: str) -> Product | None:
        """Give the row of the product table; None for a product that it has as not tracked, but the record tracks."""
        row = product_row(self._reader, gtin)
        return None if row is None or (row.exempt and self._reader.product(gtin) is not None) else row

    def _is_hearsay(self, gtin: str, speakers: frozenset[str]) -> bool:
        """Tell whether only pharmacies say that a pack was made, where its maker is listed and reports itself.

        A key holder's file must not bring a pack into the world; where no maker reports, it is all that there is.
        """
        if not all(self._roles.get(speaker) == PHARMACY for speaker in speakers):
            return False
        known = self._reporting.get(gtin)
        if known is None:
            makers = (gln for gln, role in self._roles.items() if role == MAKER)
            known = self._reporting[gtin] = any(self._authority.is_issuer(gln, gtin) for gln in makers)
        return known

    def _product(self, gtin: str) -> tuple[str, str]:
        """Give (name, NDC as stated) from master data."""
        known = self._products.get(gtin)
        if known is None:
            if len(self._products) >= PRODUCTS_CACHED_MAX:
                self._products.clear()
            known = self._products[gtin] = product_view(self._reader, gtin)
        return known

    def _document(self, number: int) -> str:
        if not number:
            return ""
        known = self._documents.get(number)
        if known is None:
            row = self._reader.document(number)
            assert row is not None, "an event's document is kept"
            if len(self._documents) >= PRODUCTS_CACHED_MAX:
                self._documents.clear()
            known = self._documents[number] = "sha256:" + row.sha256.hex()
        return known


def _fits(scan: Scan, facts: Facts) -> bool:
    """Tell whether a scan says what the record says, as far as both say something."""
    if not facts.on_record:
        return False
    return (not scan.lot or not facts.lot or scan.lot == facts.lot) and (
        not scan.expiry or not facts.expiry or scan.expiry == facts.expiry
    )


def unreachable(text: str, *, now: int, year: int, log_size: int) -> Verdict:
    """Say that the record cannot be asked now: never ok, never "unknown". ``now`` is in microseconds."""
    scan = read_scan(text, this_year=year)
    return Verdict(
        Answer.UNCONFIRMED,
        HEADLINE_DEFAULTS[Answer.UNCONFIRMED],
        [_cannot_tell("The record cannot be reached now.")],
        PackView(scan.gtin, "", scan.serial, scan.lot, scan.expiry, "", scan.sscc),
        StateView(),
        ScanView(scan.raw, scan.reading, scan.repairs),
        RecordView(not_checked=["record"]),
        Matched(),
        iso(now)[:19] + "Z",
        log_size,
    )


def _cannot_tell(message: str) -> Reason:
    return Reason("unreachable", Severity.UNCONFIRMED, message, "Try again. Do not take this for a yes or a no.")


def _in_doubt(verdict: Verdict) -> Verdict:
    """Say nothing but no from a record that is not the one that was published: it may lack a dispensing."""
    if verdict.verdict is Answer.STOP:
        return verdict
    return msgspec.structs.replace(
        verdict,
        verdict=Answer.UNCONFIRMED,
        headline=HEADLINE_DEFAULTS[Answer.UNCONFIRMED],
        reasons=[
            _cannot_tell("This record is not what was published of it: perhaps an old copy."),
            *verdict.reasons,
        ],
    )


def _as_of(verdict: Verdict, as_of: int, now: int) -> Verdict:
    """Tell that the answer comes from a copy of the record, and how old; an old copy says no, but never yes."""
    told = iso(as_of) if as_of else ""
    if now - as_of <= COPY_SECONDS_MAX * 1_000_000 or verdict.verdict is Answer.STOP:
        return msgspec.structs.replace(verdict, as_of=told)
    reason = _cannot_tell(f"Checked against a copy of the record of {told or 'an unknown time'}.")
    return msgspec.structs.replace(
        verdict,
        verdict=Answer.UNCONFIRMED,
        headline=HEADLINE_DEFAULTS[Answer.UNCONFIRMED],
        reasons=[reason, *verdict.reasons],
        as_of=told,
    )
