"""Attack models: what criminals, and what worn scanners, do to a market; documented, seeded, with the truth told.

The published list (100,000 packs; other sizes in proportion):

=========== ===== ==============================================================================================
name        fakes what happens
=========== ===== ==============================================================================================
A1          2,000 the code of one genuine pack on two thousand fakes, sold by pharmacies everywhere
A2          2,000 the codes of two thousand genuine packs, each on one fake, within 1,500 hours of the genuine sale
A3          2,000 invented serials with a real product, lot and expiry
A4          2,000 codes taken from packs after they were dispensed (from waste)
injection     500 a wholesaler ships fakes with copied codes, and sends papers for them
laundering    500 fakes with the codes of dispensed packs come back as returns with papers and are sold again
diversion     500 genuine packs, bought for one pharmacy, are sold by another that has no papers for them
stolen        500 genuine packs from a truck that was reported stolen
relabelled    500 genuine expired packs with a later expiry printed over the old one
insider       500 copies sold by the very pharmacy that holds the genuine pack, before it
=========== ===== ==============================================================================================

A genuine pack whose code was copied is told as ``cloned`` in the truth: when the fake went first, that it is stopped
later is no mistake. Honest scans have the faults of the field: lost separators, Caps Lock, a trigger pressed twice.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec

from rxtrail.simulate.catalogue import HUB
from rxtrail.simulate.epcis_text import File, Step, midnight
from rxtrail.simulate.market import DAY, HOURS_OF_DISPENSING, Market
from rxtrail.simulate.restating import restated
from rxtrail.simulate.scans import Scan, Truth, scan_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rxtrail.simulate.catalogue import Party
    from rxtrail.simulate.goods import Pack

LARGE, SMALL = 50, 200  # one fake for so many packs of the market
CLONE_HOURS = 1_500
DOUBLE = 0.001  # of honest scans: the trigger is pressed twice
LOST_SEPARATOR = 0.005
CAPS_LOCK = 0.003
NAMES = (
    "A1", "A2", "A3", "A4", "injection", "laundering", "diversion", "stolen", "relabelled", "insider",
)  # fmt: skip


class Visit(msgspec.Struct, frozen=True, gc=False):
    """One scan to come."""

    at: int
    site: str
    scan: str
    attack: str = ""
    cloned: bool = False


def attacked(whole: Market) -> Iterator[tuple[Scan, Truth]]:
    """Play all attacks on a market, and give every scan with its truth in the order of time.

    The market's files get those that the criminals, and those who report a theft, send.
    """
    play = _Play(whole)
    play.all()
    visits = sorted(play.visits, key=lambda visit: (visit.at, visit.site, visit.scan))
    for number, visit in enumerate(visits, start=1):
        at = dt.datetime.fromtimestamp(visit.at, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        yield Scan(number, at, visit.site, "dispense", visit.scan), Truth(number, visit.attack, visit.cloned)


class _Play:
    def __init__(self, whole: Market) -> None:
        self.market = whole
        self.rng = whole.rng
        self.visits: list[Visit] = []
        self.large = max(1, whole.packs // LARGE)
        self.small = max(1, whole.packs // SMALL)
        self.begin = midnight(whole.today)
        self.copied: set[str] = set()
        self.free = [pack for pack in whole.genuine if not pack.fate]
        self.rng.shuffle(self.free)
        self.paper = 0
        self.restatings = 0

    def all(self) -> None:
        """Every attack takes its own packs, so that each is counted for itself."""
        self.stolen()
        self.diversion()
        self.relabelled()
        self.injection()
        self.one_code_many_times()
        self.each_code_once()
        self.invented()
        self.after_dispensing()
        self.laundering()
        self.insider()
        self.honest()

    def take(self, count: int) -> list[Pack]:
        """Give genuine packs that no other attack has used."""
        taken, self.free = self.free[:count], self.free[count:]
        return taken

    def elsewhere(self, *not_here: Party) -> Party:
        """Give a pharmacy that is none of these."""
        while True:
            found = self.rng.choice(self.market.pharmacies)
            if all(found is not each for each in not_here):
                return found

    def visit(self, at: int, site: Party, pack: Pack, attack: str = "", *, serial: str = "", expiry: str = "") -> None:
        """Have a code scanned."""
        text = scan_text(pack.product.gtin, serial or pack.serial, pack.lot, expiry or pack.expiry)
        self.visits.append(Visit(at, site.gln, text, attack))

    def any_time(self) -> int:
        """Give a moment within the days of dispensing."""
        return self.begin + self.rng.randrange(HOURS_OF_DISPENSING * 3600)

    # --- the four of the baseline ---------------------------------------------------------------------------------

    def one_code_many_times(self) -> None:
        (victim,) = self.take(1)
        self.copied.add(victim.urn)
        for _ in range(self.large):
            self.visit(self.any_time(), self.elsewhere(victim.site), victim, "A1")

    def each_code_once(self) -> None:
        for pack in self.take(self.large):
            self.copied.add(pack.urn)
            shift = self.rng.randrange(-CLONE_HOURS * 3600, CLONE_HOURS * 3600)
            self.visit(max(self.begin, pack.dispensed + shift), self.elsewhere(pack.site), pack, "A2")

    def invented(self) -> None:
        for pack in self.rng.choices(self.market.genuine, k=self.large):
            serial = "".join(self.rng.choices(pack.product.serial_letters, k=pack.product.serial_length))
            self.visit(self.any_time(), self.rng.choice(self.market.pharmacies), pack, "A3", serial=serial)

    def after_dispensing(self) -> None:
        for pack in self.take(self.large):
            self.copied.add(pack.urn)
            later = pack.dispensed + 3600 + self.rng.randrange(CLONE_HOURS * 3600)
            self.visit(later, self.elsewhere(pack.site), pack, "A4")

    # --- those with papers ----------------------------------------------------------------------------------------

    def injection(self) -> None:
        """A wholesaler that never had them ships copies, with papers, to pharmacies that order nothing else."""
        rogue = self.market.wholesalers[-1]
        buyers: dict[str, tuple[Party, list[Pack]]] = {}
        for pack in self.take(self.small):
            self.copied.add(pack.urn)
            buyer = self.elsewhere(pack.site)
            buyers.setdefault(buyer.gln, (buyer, []))[1].append(pack)
        when = self.begin - 4 * DAY
        for buyer, packs in buyers.values():
            self.papers(when, rogue, buyer, packs)
            for pack in packs:
                self.visit(self.any_time(), buyer, pack, "injection")

    def laundering(self) -> None:
        """Fakes with the codes of dispensed packs come back as returns and are sold to somebody else."""
        for pack in self.take(self.small):
            self.copied.add(pack.urn)
            pack.dispensed = self.begin + self.rng.randrange(2 * DAY)  # so that there is waste to take it from
            rogue = self.elsewhere(pack.site)
            buyer = self.elsewhere(pack.site, rogue)
            self.papers(self.begin - 6 * DAY, rogue, pack.wholesaler, [pack])
            self.papers(self.begin - 4 * DAY, pack.wholesaler, buyer, [pack], received=False)
            self.visit(self.begin + 4 * DAY + self.rng.randrange(20 * DAY), buyer, pack, "laundering")

    def papers(self, when: int, seller: Party, buyer: Party, packs: list[Pack], *, received: bool = True) -> None:
        """Write a shipping, and the receipt of who believes it; a wholesaler restates what the makers said."""
        urns = [pack.urn for pack in packs]
        self.write(
            "ship", seller, buyer, when, "shipping", "in_transit", urns, sold=(seller, buyer), leaves=True,
            restates=packs if seller.role == "wholesaler" else (),
        )  # fmt: skip
        if received:
            self.write("receive", buyer, HUB, when + DAY, "receiving", "in_progress", urns, sold=(seller, buyer))

    # --- genuine packs on wrong ways --------------------------------------------------------------------------------

    def diversion(self) -> None:
        for pack in self.take(self.small):
            pack.fate = "diverted"
            self.visit(pack.dispensed, self.elsewhere(pack.site), pack, "diversion")

    def stolen(self) -> None:
        """The wholesaler reports the packs of a truck; they turn up at counters that do not ask."""
        packs = self.take(self.small)
        by_holder: dict[str, tuple[Party, list[Pack]]] = {}
        for pack in packs:
            pack.fate = "stolen"
            by_holder.setdefault(pack.product.maker.gln, (pack.product.maker, []))[1].append(pack)
            self.visit(pack.dispensed, self.elsewhere(pack.site), pack, "stolen")
        for maker, some in by_holder.values():
            self.write("stolen", maker, HUB, self.begin - DAY, "stocking", "stolen", [pack.urn for pack in some])

    def relabelled(self) -> None:
        expired = [pack for pack in self.market.genuine if pack.fate == "expired"]
        for pack in self.rng.sample(expired, min(self.small, len(expired))):
            later = (dt.date.fromisoformat(pack.expiry) + dt.timedelta(days=730)).isoformat()
            self.visit(pack.dispensed, pack.site, pack, "relabelled", expiry=later)

    def insider(self) -> None:
        for pack in self.take(self.small):
            self.copied.add(pack.urn)
            self.visit(max(self.begin, pack.dispensed - self.rng.randrange(1, 2 * DAY)), pack.site, pack, "insider")

    # --- everybody else -------------------------------------------------------------------------------------------

    def honest(self) -> None:
        """Scan each genuine pack once where it is, with the faults of the field."""
        rng = self.rng
        for pack in self.market.genuine:
            if pack.fate in ("diverted", "stolen", "expired"):
                continue
            text = scan_text(pack.product.gtin, pack.serial, pack.lot, pack.expiry)
            fault = rng.random()
            if fault < LOST_SEPARATOR:
                text = text.replace("\x1d", "")
            elif fault < LOST_SEPARATOR + CAPS_LOCK:
                text = text.swapcase()
            cloned = pack.urn in self.copied
            self.visits.append(Visit(pack.dispensed, pack.site.gln, text, "", cloned))
            if rng.random() < DOUBLE:
                self.visits.append(Visit(pack.dispensed + 5, pack.site.gln, text, "", cloned))

    def write(
        self,
        kind: str,
        speaker: Party,
        receiver: Party,
        when: int,
        biz_step: str,
        disposition: str,
        urns: list[str],
        *,
        sold: tuple[Party, Party] | None = None,
        leaves: bool = False,
        restates: Sequence[Pack] = (),
    ) -> None:
        self.paper += 1
        seller, buyer = sold or (None, None)
        step = Step(
            time=when, action="OBSERVE", biz_step=biz_step, disposition=disposition, epcs=urns, place=speaker,
            event_id=f"urn:rxtrail:attack:{self.market.seed}:{self.paper}", leaves=leaves, seller=seller, buyer=buyer,
        )  # fmt: skip
        self.market.files.append(
            File(kind=kind, created=when + 300, speaker=speaker, receiver=receiver,
                 instance_id=f"urn:rxtrail:attack:{self.market.seed}:{self.paper}:file",
                 steps=[*restated(restates, self.restating_id), step],
                 products=tuple({pack.product.gtin: pack.product for pack in restates}.values()),
                 transfers=sold is not None and leaves)
        )  # fmt: skip

    def restating_id(self) -> str:
        self.restatings += 1
        return f"urn:rxtrail:attack:{self.market.seed}:{self.paper}:{self.restatings}"
