"""Scans by who was never in the chain (R10): a place that no lane, despatch or receipt of the pack names.

Which places are such is found out in the background, so a scan at a usual place costs one look into a set. What was
told is looked at again while it stands: the despatch that names the place may only be late.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.alerts.filing import TITLES, id_of
from rxtrail.alerts.judging import RouteJudge
from rxtrail.alerts.values import Alert, Evidence
from rxtrail.core.rules.route import CHECK, STOP, Routes, day_of
from rxtrail.record.lanes import routes_of
from rxtrail.record.standing import authority_of
from rxtrail.record.times import iso

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Iterable

    from rxtrail.alerts.filing import Filing
    from rxtrail.core.rules.outliers import Suspicion
    from rxtrail.store import Reader

KIND: Final = "stray-scan"  # of what the store keeps, by time
RELOAD_SECONDS: Final = 5.0
KEPT_US: Final = 30 * 24 * 3_600 * 1_000_000
AT_ONCE: Final = 50
"""So many of those that were told are looked at again at once, the next ones the next time: all have their turn."""
USUAL_MAX: Final = 100_000
_START: Final = (-1, "")


class Stray(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One scan of a pack by a stranger, and the alert that tells of it."""

    at: int
    site: str
    gtin: str
    serial: str
    alert: str

    @property
    def pack(self) -> str:
        """Give the pack by its canonical identifier."""
        return f"01/{self.gtin}/21/{self.serial}"


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Stray).decode


class StrayScans:
    """What is known of places that scan; :meth:`is_usual` may be asked from any thread."""

    def __init__(
        self, reader: Callable[[], Reader], *, today: Callable[[], datetime.date], seconds: Callable[[], float]
    ) -> None:
        """Take what gives the calling thread's reader."""
        self._reader, self._today, self._seconds = reader, today, seconds
        self._usual: set[str] = set()
        self._routes: Routes | None = None
        self._judge: RouteJudge | None = None
        self._loaded_at = -RELOAD_SECONDS
        self._reviewed_size = self._round_size = -1
        self._reviewed = _START

    def is_usual(self, site: str) -> bool:
        """Tell whether nothing is to be found out about scans of a place that were in order."""
        # As long as lanes were not read nothing is known of any place.
        return self._routes is not None and (not self._routes or site in self._usual)

    # -- in the background -----------------------------------------------------------------------------------------

    def found(self, scans: Iterable[Suspicion]) -> list[tuple[Alert, Stray]]:
        """Give the scans of packs by strangers, each with the alert that tells of it."""
        self.load()
        routes = self._routes
        if not routes:
            return []
        found: list[tuple[Alert, Stray]] = []
        for scan in scans:
            if not routes.is_stranger(scan.site):
                if len(self._usual) < USUAL_MAX:
                    self._usual.add(scan.site)
                continue
            if scan.gtin and scan.serial and routes.speaks_of(scan.gtin) and self._is_stray(scan):
                number = id_of("R10", routes.parties.one(scan.site), scan.gtin, day_of(scan.at))
                found.append((self._alert(number, scan), Stray(scan.at, scan.site, scan.gtin, scan.serial, number)))
        return found

    def keep(self, filing: Filing, found: Iterable[tuple[Alert, Stray]]) -> None:
        """Write what was found; an alert gets each pack once."""
        for alert, stray in found:
            filing.add_subject(alert, stray.pack)
            filing.tx.keep(KIND, f"{stray.site}/{stray.pack}", stray.at, _encode(stray))

    def explained(self, now: int) -> list[Stray]:
        """Give those of which it has become known that the place is one of the chain, and those that are too old."""
        reader = self._reader()
        size = reader.log_size()
        if size == self._reviewed_size:
            return []
        if self._reviewed == _START:
            self._round_size = size
        rows = reader.kept_from(KIND, self._reviewed, AT_ONCE)
        if len(rows) == AT_ONCE:
            self._reviewed = (rows[-1][1], rows[-1][0])
        else:
            self._reviewed, self._reviewed_size = _START, self._round_size
        if not rows:
            return []
        self.load()
        strays = [_decode(body) for _, _, body in rows]
        return [each for each in strays if each.at < now - KEPT_US or not self._is_stray(each)]

    def drop(self, filing: Filing, strays: Iterable[Stray], now: int) -> None:
        """Take packs out of their alerts, which are explained when none is left; what is old only stays as it is."""
        for stray in strays:
            filing.tx.drop_kept(KIND, f"{stray.site}/{stray.pack}")
            if stray.at >= now - KEPT_US:
                filing.drop_subject(stray.alert, stray.pack)

    def _is_stray(self, scan: Suspicion | Stray) -> bool:
        """Tell whether a place is in no lane, despatch or receipt of a pack that has left its maker."""
        routes, judge = self._routes, self._judge
        if not routes or judge is None or not routes.is_stranger(scan.site):
            return False
        if not routes.of(frozenset((scan.gtin,)), day_of(scan.at)):
            return False
        moves = judge.moves_of_pack(f"01/{scan.gtin}/21/{scan.serial}")
        one = routes.parties.one
        if not any(move.sends and move.time <= scan.at for move in moves):
            return False
        return one(scan.site) not in {one(gln) for move in moves for gln in (*move.froms, *move.tos, move.at) if gln}

    def load(self) -> None:
        """Read the lanes anew when they may have changed: places that were usual may be so no more."""
        if self._seconds() - self._loaded_at < RELOAD_SECONDS and self._routes is not None:
            return
        reader = self._reader()
        self._loaded_at = self._seconds()
        self._routes = routes_of(reader)
        self._usual.clear()
        self._judge = RouteJudge(reader, authority_of(reader, self._today()), self._routes) if self._routes else None

    def _alert(self, number: str, scan: Suspicion) -> Alert:
        assert self._routes is not None, "it was judged by them"
        parties = self._routes.parties
        listed = bool(parties.role(scan.site))
        pack = f"01/{scan.gtin}/21/{scan.serial}"
        return Alert(
            number, "R10", TITLES["R10"], CHECK if listed else STOP, "open",
            f"{parties.name(scan.site)} scanned packs, and no lane, despatch or receipt of them names that party.",
            "process" if listed else "suspect",
            "A listed partner: perhaps its supplier's file is late, or it was lent." if listed
            else "Nobody whom the partner table lists: a copied code, or goods that went another way.",
            "Ask there how the pack came. Without an answer treat it as suspect, and look at the pack.",
            "", iso(scan.at), receiver=scan.site, site=scan.site, product=scan.gtin, subjects=[pack], subject_count=1,
            scans=1, evidence=[Evidence("scan", iso(scan.at), scan.code, "", scan.site, pack)],
        )  # fmt: skip
