"""Watches scans: those that were not ok are kept for a while, and looked at together.

A scan costs a count and, when it was not ok, one entry of a queue; everything else happens in the background. What is
kept outlives a restart. Whether a serial looks issued is told from the issued serials on record.
"""

from __future__ import annotations

import datetime
import threading
from collections import Counter, defaultdict, deque
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import msgspec

from rxtrail.alerts.filing import TITLES, id_of
from rxtrail.alerts.returns import Returns
from rxtrail.alerts.stray_scans import StrayScans
from rxtrail.alerts.values import EVIDENCE_MAX, SUBJECTS_MAX, Alert, Evidence
from rxtrail.core.rules import outliers
from rxtrail.core.rules.answer import Answer
from rxtrail.core.rules.outliers import Profile, Suspicion
from rxtrail.errors import RxtrailError
from rxtrail.record.times import day, iso

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rxtrail.alerts.filing import Filing
    from rxtrail.alerts.stray_scans import Stray
    from rxtrail.core.rules.answer import Verdict
    from rxtrail.core.rules.outliers import Finding
    from rxtrail.ledger.writer import Writer
    from rxtrail.store import Reader, Transaction

    Write = Callable[[Callable[[Filing], None]], None]

KIND: Final = "suspicion"  # of what the store keeps, by time
TALLY: Final = "site-tally"  # of one site and day: scans, and what failed by code
WINDOW_US: Final = 24 * 3_600 * 1_000_000
SITE_DAYS: Final = 7
FORGOTTEN_AT_ONCE: Final = 100
WAITING_MAX: Final = 20_000
KEPT_MAX: Final = 50_000
PAGE: Final = 5_000
TALLY_SECONDS: Final = 5.0
PROFILE_SAMPLE: Final = 500
_TOLD_REPAIRS: Final = frozenset({"caps-lock", "case-inverted", "group-separator-restored", "keyboard-layout"})

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Suspicion).decode


class Tally(msgspec.Struct, gc=False, array_like=True):
    """The scans of one site on one day."""

    scans: int = 0
    failed: int = 0
    codes: dict[str, int] = {}
    repairs: dict[str, int] = {}

    def add(self, more: Tally) -> None:
        """Count others too."""
        self.scans += more.scans
        self.failed += more.failed
        self.codes = dict(Counter(self.codes) + Counter(more.codes))
        self.repairs = dict(Counter(self.repairs) + Counter(more.repairs))


_decode_tally = msgspec.msgpack.Decoder(Tally).decode


class Detection:
    """What is known of scans. :meth:`seen` may be called from any thread and does not wait."""

    def __init__(
        self,
        reader: Callable[[], Reader],
        writer: Callable[[], Writer],
        *,
        now_us: Callable[[], int],
        seconds: Callable[[], float],
        woke: Callable[[], None],
        today: Callable[[], datetime.date],
    ) -> None:
        """``woke`` is called when there is something to look at."""
        self._reader, self._now, self._seconds, self._woke = reader, now_us, seconds, woke
        self._lock = threading.Lock()
        self._waiting: deque[Suspicion] = deque(maxlen=WAITING_MAX)
        self._odd: deque[Suspicion] = deque(maxlen=WAITING_MAX)  # in order, and perhaps by somebody who is not
        self._tallies: dict[str, Tally] = {}
        self._tallied_at = seconds()
        self.serving = False  # only a server writes while others wait for nothing; any other process at its end
        self._recent: deque[Suspicion] = deque(maxlen=KEPT_MAX)
        self._loaded = False
        self._profiles: dict[str, tuple[float, Profile]] = {}
        self._strays = StrayScans(reader, today=today, seconds=seconds)
        self.returns = Returns(reader, writer, today=today, seconds=seconds)

    def seen(self, verdict: Verdict, site: str) -> None:
        """Count one scan; one that was not ok is looked at soon."""
        tally = self._tallies.get(site)
        if tally is None:
            with self._lock:
                tally = self._tallies.setdefault(site, Tally(codes={}, repairs={}))
        tally.scans += 1  # a count lost to another thread is no matter
        for repair in verdict.scan.repairs:
            if repair in _TOLD_REPAIRS:
                tally.repairs[repair] = tally.repairs.get(repair, 0) + 1
        if verdict.verdict is Answer.OK or not verdict.reasons or verdict.verdict is Answer.UNCONFIRMED:
            if verdict.verdict is Answer.OK and site and not self._strays.is_usual(site):
                pack = verdict.pack
                self._odd.append(Suspicion(self._now(), site, pack.gtin, pack.serial, pack.lot, pack.expiry, "ok"))
            return
        code = verdict.reasons[0].code
        tally.failed += 1
        tally.codes[code] = tally.codes.get(code, 0) + 1
        pack = verdict.pack
        self._waiting.append(Suspicion(self._now(), site, pack.gtin, pack.serial, pack.lot, pack.expiry, code))
        if self.serving:
            self._woke()

    # -- in the background -----------------------------------------------------------------------------------------

    def flush(self, write: Write) -> bool:
        """Keep what was seen, and write the alerts that it makes; tell whether there are more events to look at."""
        fresh: list[Suspicion] = []
        while self._waiting:
            fresh.append(self._waiting.popleft())
        odd: list[Suspicion] = []
        while self._odd:
            odd.append(self._odd.popleft())
        now = self._now()
        try:
            self._scanned(write, fresh, odd, now)
        except RxtrailError:  # the store is lost, full or closing: nothing that was seen is forgotten for it
            self._waiting.extendleft(reversed(fresh))
            self._odd.extendleft(reversed(odd))
            raise
        finally:  # a fault of one rule silences no other
            more = self.returns.look(now, fresh, write)
        return more

    def _scanned(self, write: Write, fresh: Sequence[Suspicion], odd: Sequence[Suspicion], now: int) -> None:
        if self._tallies:
            self._strays.load()
        strays = self._strays.found([each for each in (*fresh, *odd) if each.site]) if fresh or odd else []
        if explained := self._strays.explained(now):
            write(lambda filing: self._strays.drop(filing, explained, now))
        due = self._tallies and (fresh or self._seconds() - self._tallied_at >= TALLY_SECONDS)
        if not fresh and not due and not strays:
            return
        with self._lock:
            tallies, self._tallies = self._tallies, {}
        self._tallied_at = self._seconds()
        if not self._loaded:
            self._load()
        try:
            self._bring(write, fresh, strays, tallies)
        except RxtrailError:
            for _ in range(min(len(fresh), len(self._recent))):
                self._recent.pop()  # they come again
            with self._lock:
                for site, tally in tallies.items():
                    self._tallies.setdefault(site, Tally(codes={}, repairs={})).add(tally)
            raise

    def _bring(
        self,
        write: Write,
        fresh: Sequence[Suspicion],
        strays: Sequence[tuple[Alert, Stray]],
        tallies: dict[str, Tally],
    ) -> None:
        self._recent.extend(fresh)
        since = self._now() - WINDOW_US
        while self._recent and self._recent[0].at < since:
            self._recent.popleft()
        alerts = [*self._bursts(fresh), *self._never_issued(fresh)]

        def work(filing: Filing) -> None:
            self._keep(filing, fresh)
            filing_day = day(self._now())
            for site, tally in tallies.items():
                self._add(filing.tx, f"{filing_day}@{site}", tally)
            for alert in alerts:
                filing.open_or_add(alert)
            self._strays.keep(filing, strays)
            for alert in self._sites(filing.tx, tallies, filing_day):
                filing.open_or_add(alert)

        write(work)

    def _load(self) -> None:
        reader, after = self._reader(), (self._now() - WINDOW_US, "")
        while True:
            rows = reader.kept_from(KIND, after, PAGE)
            self._recent.extend(_decode(body) for _, _, body in rows)
            if len(rows) < PAGE:
                break
            after = (rows[-1][1], rows[-1][0])
        self._loaded = True

    def _keep(self, filing: Filing, fresh: Sequence[Suspicion]) -> None:
        for scan in fresh:
            filing.tx.keep(KIND, f"{scan.site}/{scan.gtin}/{scan.serial}/{scan.at}", scan.at, _encode(scan))
        old = filing.tx.kept_from(KIND, (-1, ""), len(fresh) + 10)
        for key, at, _ in old:
            if at < self._now() - WINDOW_US:
                filing.tx.drop_kept(KIND, key)

    @staticmethod
    def _add(tx: Transaction, key: str, tally: Tally) -> None:
        row = tx.kept(TALLY, key)
        whole = _decode_tally(row[1]) if row is not None else Tally(codes={}, repairs={})
        whole.add(tally)
        tx.keep(TALLY, key, _days(key[:10]), _encode(whole))

    # -- the rules -------------------------------------------------------------------------------------------------

    def _bursts(self, fresh: Sequence[Suspicion]) -> Iterable[Alert]:
        touched = outliers.grouped(fresh, outliers.UNKNOWN)
        if not touched:
            return
        for (gtin, lot), scans in outliers.grouped(self._recent, outliers.UNKNOWN).items():
            if (gtin, lot) in touched and len(scans) >= outliers.BURST_MIN:
                product = self._reader().product(gtin)
                known = product is not None and bool(lot) and bool(self._reader().lots_of(product[0], lot))
                found = outliers.burst(scans, self._profile(gtin), lot_known=known)
                if found is not None:
                    yield _alert("S8", found, scans, gtin=gtin, lot=lot)

    def _never_issued(self, fresh: Sequence[Suspicion]) -> Iterable[Alert]:
        codes = frozenset({"unknown-serial"})
        touched = {gtin for gtin, _ in outliers.grouped(fresh, codes)}
        by_gtin: dict[str, list[Suspicion]] = defaultdict(list)
        if touched:
            for (gtin, _), scans in outliers.grouped(self._recent, codes).items():
                by_gtin[gtin] += scans
        for gtin in sorted(touched):
            found = outliers.never_issued(by_gtin[gtin], self._profile(gtin))
            if found is not None:
                yield _alert("S12", found, by_gtin[gtin], gtin=gtin)

    def _sites(self, tx: Transaction, tallies: dict[str, Tally], today: str) -> Iterable[Alert]:
        totals: dict[str, Tally] = {}
        for key, at, _ in tx.kept_from(TALLY, (-1, ""), FORGOTTEN_AT_ONCE):
            if at < _days(today) - SITE_DAYS:
                tx.drop_kept(TALLY, key)
        after = (_days(today) - SITE_DAYS, "\x7f")
        while True:
            rows = tx.kept_from(TALLY, after, PAGE)
            for key, _, body in rows:
                tally = _decode_tally(body)
                whole = totals.setdefault(key[11:], Tally(codes={}, repairs={}))
                whole.scans += tally.scans
                whole.failed += tally.failed
                whole.codes = dict(Counter(whole.codes) + Counter(tally.codes))
                if key[:10] == today:
                    whole.repairs = tally.repairs
            if len(rows) < PAGE:
                break
            after = (rows[-1][1], rows[-1][0])
        scans = {site: tally.scans for site, tally in totals.items() if site}
        failed = {site: tally.failed for site, tally in totals.items() if site}
        for site, tally in tallies.items():
            if not site:
                continue
            for repair in tally.repairs:
                found = outliers.spoiled(totals[site].repairs.get(repair, 0), repair)
                if found is not None:
                    name = id_of("scanner", site, repair, today)
                    yield _bare("scanner", name, found, site, totals[site].repairs[repair], self._now())
            if tally.failed:
                odd = outliers.unlike_others(site, scans, failed, totals[site].codes)
                if odd is not None:
                    yield _bare("S9", id_of("S9", site, today), odd, site, totals[site].failed, self._now())

    def _profile(self, gtin: str) -> Profile:
        """Describe the issued serials of a product, from a sample of those on record."""
        known = self._profiles.get(gtin)
        if known is not None and self._seconds() - known[0] < 60:
            return known[1]
        reader = self._reader()
        product = reader.product(gtin)
        serials: list[str] = []
        if product is not None:
            rows = reader.units_from((product[0], ""), PROFILE_SAMPLE)
            serials = [row.serial for number, row in rows if number == product[0] and row.made is not None]
        profile = outliers.profile_of(serials)
        if len(serials) >= PROFILE_SAMPLE:
            # A sample in the order of serials shares its beginning by chance: the whole need not.
            profile = msgspec.structs.replace(profile, start="")
        self._profiles[gtin] = (self._seconds(), profile)
        return profile


def _alert(rule: str, found: Finding, scans: Sequence[Suspicion], *, gtin: str, lot: str = "") -> Alert:
    first = min(scan.at for scan in scans)
    packs = sorted({f"01/{scan.gtin}/21/{scan.serial}" for scan in scans})
    evidence = [
        Evidence("scan", iso(scan.at), scan.code, _page(scan), scan.site, f"01/{scan.gtin}/21/{scan.serial}")
        for scan in scans[:EVIDENCE_MAX]
    ]
    return Alert(
        id_of(rule, gtin, lot, day(first)), rule, TITLES[rule], found.severity, "open", found.what, found.cause,
        found.why, found.next, "", iso(first), product=gtin, lot=lot, subjects=packs[:SUBJECTS_MAX],
        subject_count=len(packs), scans=len(scans), evidence=evidence,
    )  # fmt: skip


def _bare(rule: str, name: str, found: Finding, site: str, scans: int, now: int) -> Alert:
    return Alert(
        name, rule, TITLES[rule], found.severity, "open", found.what, found.cause, found.why, found.next, "", iso(now),
        site=site, scans=scans,
    )  # fmt: skip


def _page(scan: Suspicion) -> str:
    return f"/packs/{scan.gtin}/{quote(scan.serial, safe='')}" if scan.gtin and scan.serial else ""


def _days(text: str) -> int:
    return datetime.date.fromisoformat(text).toordinal()
