"""The benchmark's market: three makers, thirty wholesalers, three thousand pharmacies, and what is read on the way.

The demo's chain (``supply``) shows every kind of pack; this one is for counting. Its defaults are those of the first
baseline that was measured: a tenth of the goods pass through two wholesalers, one pack in a hundred comes back and is
sold again elsewhere, one in two hundred is lent to a neighbour. ``missed`` is the chance that a dock does not read what
leaves or arrives; packing is never missed, since a line or a picker records it by doing it. Whoever sells on restates
the makers' commissioning, as US law has it, so that the buyer's own record knows the packs too. One seed, size and day
always give the same market, and nothing here reads a clock.
"""

from __future__ import annotations

import datetime as dt
import random
import uuid
from typing import TYPE_CHECKING

import msgspec

from rxtrail.errors import BadRequest
from rxtrail.simulate.catalogue import CASE_INDICATOR, HUB, MAKERS, PRODUCTS, Party, Product, party
from rxtrail.simulate.epcis_text import File, Step, midnight
from rxtrail.simulate.goods import Case, Lot, Pack
from rxtrail.simulate.restating import restated
from rxtrail.simulate.supply import PACKS_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PACKS_MIN = 100
WHOLESALER_COUNT = 30
PHARMACY_COUNT = 3_000
LOT_PACKS = 960
CASE_PACKS = 12
TWO_TIER = 0.10
RETURNED = 0.01
LOTS_FOR_ONE_EXPIRED = 16
LENT = 0.005
LOOSE = 0.30  # of the cases are opened for single packs
DAY = 86_400
MADE_DAYS = 60
HOURS_OF_DISPENSING = 30 * 24  # a pack is dispensed within thirty days after the last document


class Market(msgspec.Struct):
    """All that happened up to ``today``."""

    seed: int
    packs: int
    missed: float
    today: dt.date
    makers: tuple[Party, ...]
    wholesalers: tuple[Party, ...]
    pharmacies: tuple[Party, ...]
    lots: list[Lot]
    files: list[File]
    genuine: list[Pack]
    rng: random.Random


def market(seed: int, packs: int, missed: float, today: dt.date, *, loans_recorded: bool = True) -> Market:
    """Play the market; raises BadRequest when a number is past its limit."""
    if not PACKS_MIN <= packs <= PACKS_MAX:
        raise BadRequest(f"cannot simulate {packs:,} packs", advice=f"Ask for {PACKS_MIN:,} to {PACKS_MAX:,} packs.")
    if not 0 <= missed <= 1:
        raise BadRequest(f"missed reads are a share from 0 to 1, not {missed}", place="missed")
    chain = _Chain(seed, packs, missed, today, loans_recorded=loans_recorded)
    chain.play()
    return Market(
        seed, packs, missed, today, chain.makers, chain.wholesalers, chain.pharmacies, chain.lots, chain.files,
        chain.genuine, chain.rng,
    )  # fmt: skip


def _street(number: int) -> tuple[str, str, str, str]:
    state = ("IL", "WI", "IA", "IN", "OH", "NE", "MO", "MN")[number % 8]
    return f"{number + 1} Main St", f"Town {number:04d}", state, f"{50_000 + number % 9_999:05d}"


def _wholesalers() -> tuple[Party, ...]:
    return tuple(
        party(f"Regional Wholesale {index + 1:02d}", "wholesaler", f"08611{index:02d}", 10, _street(index), "-06:00")
        for index in range(WHOLESALER_COUNT)
    )


def _pharmacies() -> tuple[Party, ...]:
    return tuple(
        party(f"Pharmacy {index + 1:04d}", "pharmacy", f"1100{index:04d}{index * 7919 % 10_000:04d}", 0,
              _street(100 + index), "-06:00")
        for index in range(PHARMACY_COUNT)
    )  # fmt: skip


class _Chain:
    def __init__(self, seed: int, packs: int, missed: float, today: dt.date, *, loans_recorded: bool) -> None:
        self.rng = random.Random(f"rxtrail:market:{seed}:{packs}:{today.isoformat()}")  # noqa: S311
        # What is missed is drawn apart, so that one market is the same at every rate of missed reads.
        self.reads = random.Random(f"rxtrail:reads:{seed}:{missed}")  # noqa: S311
        self.ids = random.Random(f"rxtrail:ids:{seed}")  # noqa: S311
        self.packs = packs
        self.missed = missed
        self.today = today
        self.loans_recorded = loans_recorded
        self.makers = MAKERS
        self.wholesalers = _wholesalers()
        self.pharmacies = _pharmacies()
        self.lots: list[Lot] = []
        self.files: list[File] = []
        self.genuine: list[Pack] = []
        # A pharmacy buys from one wholesaler, every fifth from two.
        self.served: dict[str, list[Party]] = {wholesaler.gln: [] for wholesaler in self.wholesalers}
        for index, pharmacy in enumerate(self.pharmacies):
            for wholesaler in self.rng.sample(self.wholesalers, 2 if index % 5 == 0 else 1):
                self.served[wholesaler.gln].append(pharmacy)
        self.orders: dict[tuple[str, str], list[Case | Pack]] = {}
        self.totes = 0
        self.papers = 0
        self.midnight = midnight(today)

    def play(self) -> None:
        left, index = self.packs, 0
        while left:
            count = min(LOT_PACKS, left)
            self.produce(PRODUCTS[index % len(PRODUCTS)], count, index)
            left -= count
            index += 1
        self.deliver()
        self.lend()
        self.take_back()
        first = self.midnight
        for pack in self.genuine:
            pack.dispensed = first + self.rng.randrange(HOURS_OF_DISPENSING * 3600)
        self.files.sort(key=lambda file: file.created)

    # --- the maker -----------------------------------------------------------------------------------------------

    def produce(self, product: Product, count: int, index: int) -> None:
        """Commission, pack and ship one lot to one or two wholesalers."""
        rng, maker = self.rng, product.maker
        expired = index % LOTS_FOR_ONE_EXPIRED == LOTS_FOR_ONE_EXPIRED - 1
        expiry = (self.today - dt.timedelta(days=5)).isoformat() if expired else self._expiry()
        lot = Lot(product, f"{'ABCDEFGHJK'[index % 10]}{10_000 + index}", expiry)
        self.lots.append(lot)
        now = self.midnight - MADE_DAYS * DAY + rng.randrange(20 * DAY)
        letters = product.serial_letters
        serials = self._serials(letters, product.serial_length, count + -(-count // CASE_PACKS))
        buyers = rng.sample(self.wholesalers, 2)
        cases: list[Case] = []
        for at in range(0, count, CASE_PACKS):
            buyer = buyers[rng.random() < 0.5]
            packs = [
                Pack(product, serials.pop(), lot.number, expiry, buyer, buyer, fate="expired" if expired else "")
                for _ in range(min(CASE_PACKS, count - at))
            ]
            cases.append(Case(product.urn(CASE_INDICATOR) + serials.pop(), packs, buyer))
        for buyer in buyers:
            some = [case for case in cases if case.holder is buyer]
            if not some:
                continue
            urns = [case.urn for case in some]
            made = [pack.urn for case in some for pack in case.packs]
            for number, case in enumerate(some):
                case.made, case.packed = now + 60, now + 120 + 5 * number
                for pack in case.packs:
                    pack.made = now
            steps = [
                self.step(now, maker, "commissioning", "active", made, "ADD", lot=lot),
                self.step(now + 60, maker, "commissioning", "active", urns, "ADD", lot=lot),
                *(self.pack(case.packed, maker, case.urn, [pack.urn for pack in case.packs]) for case in some),
            ]
            self.hand_over(now + 2 * DAY, maker, buyer, dict.fromkeys(urns, ()), before=steps, products=(product,))
            now += 3600
        for case in cases:
            self.genuine.extend(case.packs)
            self.route(case)

    def _expiry(self) -> str:
        return (self.today + dt.timedelta(days=self.rng.randrange(200, 900))).isoformat()

    def _serials(self, letters: str, length: int, count: int) -> list[str]:
        found: dict[str, None] = {}
        while len(found) < count:
            found["".join(self.rng.choices(letters, k=length))] = None
        return list(found)

    # --- the wholesalers -----------------------------------------------------------------------------------------

    def route(self, case: Case) -> None:
        """Decide by which wholesaler and to which pharmacies a case goes."""
        rng = self.rng
        if rng.random() < TWO_TIER:
            second = rng.choice(self.wholesalers)
            if second is not case.holder:
                when = self.midnight - 36 * DAY + rng.randrange(2 * DAY)
                self.hand_over(when, case.holder, second, {case.urn: [case]})
                case.holder = second
        if rng.random() >= LOOSE:
            pharmacy = rng.choice(self.served[case.holder.gln])
            for pack in case.packs:
                pack.site, pack.wholesaler = pharmacy, case.holder
            self.orders.setdefault((case.holder.gln, pharmacy.gln), []).append(case)
            return
        now = self.midnight - 32 * DAY + rng.randrange(DAY)
        self.file("open", case.holder, [self.unpack(now, case.holder, case.urn, [pack.urn for pack in case.packs])])
        for pack in case.packs:
            pack.site, pack.wholesaler = rng.choice(self.served[case.holder.gln]), case.holder
            self.orders.setdefault((case.holder.gln, pack.site.gln), []).append(pack)

    def deliver(self) -> None:
        """Pick totes and ship; the pharmacy reads what comes in a day later."""
        by_gln = {each.gln: each for each in (*self.wholesalers, *self.pharmacies)}
        for (seller_gln, buyer_gln), things in self.orders.items():
            seller, buyer = by_gln[seller_gln], by_gln[buyer_gln]
            when = self.midnight - 30 * DAY + self.rng.randrange(20 * DAY)
            loose = [thing for thing in things if isinstance(thing, Pack)]
            units: dict[str, Sequence[Case | Pack]] = {case.urn: [case] for case in things if isinstance(case, Case)}
            before = []
            if loose:
                tote = self.sscc(seller)
                before.append(self.pack(when - 3600, seller, tote, [pack.urn for pack in loose]))
                units[tote] = loose
            self.hand_over(when, seller, buyer, units, before=before)

    def lend(self) -> None:
        """Neighbours help each other out: a pack goes to another pharmacy, with or without a record of it."""
        for pack in self.rng.sample(self.genuine, int(len(self.genuine) * LENT)):
            neighbour = self.rng.choice(self.pharmacies)
            if pack.fate or neighbour is pack.site:
                continue
            if self.loans_recorded:
                self.hand_over(self.midnight - 3 * DAY, pack.site, neighbour, {pack.urn: [pack]}, always=True)
            pack.site, pack.fate = neighbour, "lent"

    def take_back(self) -> None:
        """Some packs come back to the wholesaler unopened and are sold to another pharmacy."""
        for pack in self.rng.sample(self.genuine, int(len(self.genuine) * RETURNED)):
            other = self.rng.choice(self.pharmacies)
            if pack.fate or other is pack.site:
                continue
            self.hand_over(self.midnight - 6 * DAY, pack.site, pack.wholesaler, {pack.urn: ()}, always=True)
            self.hand_over(self.midnight - 4 * DAY, pack.wholesaler, other, {pack.urn: [pack]})
            pack.site, pack.fate = other, "returned"

    # --- what is written -----------------------------------------------------------------------------------------

    def hand_over(
        self,
        when: int,
        seller: Party,
        buyer: Party,
        units: Mapping[str, Sequence[Case | Pack]],
        *,
        before: list[Step] | tuple[Step, ...] = (),
        products: tuple[Product, ...] = (),
        always: bool = False,
    ) -> None:
        """Write the seller's shipping and the buyer's receipt; each dock may miss each unit.

        ``units``: what is shipped, and what of it is restated: nothing by its maker, and nothing of a return.
        ``always``: it is done by hand, unit by unit, so nothing is missed.
        """
        self.papers += 1
        papers = (("po", f"{buyer.gln}:PO{self.papers:07d}"), ("desadv", f"{seller.gln}:D{self.papers:07d}"))
        read = [urn for urn in units if always or self.reads.random() >= self.missed]
        goods = [thing for urn in read for thing in units[urn]]
        steps = [*restated(goods, self.uuid), *before]
        products = products or tuple({thing.product.gtin: thing.product for thing in goods}.values())
        if read:
            steps.append(
                self.step(when, seller, "shipping", "in_transit", read, "OBSERVE", leaves=True, seller=seller,
                          buyer=buyer, transactions=papers)
            )  # fmt: skip
        if steps:
            self.file("ship", seller, steps, receiver=buyer, products=products, transfers=bool(read))
        arrived = [urn for urn in units if always or self.reads.random() >= self.missed]
        if arrived:
            later = when + DAY + self.rng.randrange(6 * 3600)
            self.file("receive", buyer, [
                self.step(later, buyer, "receiving", "in_progress", arrived, "OBSERVE", seller=seller, buyer=buyer,
                          transactions=papers)
            ])  # fmt: skip
        else:
            self.rng.randrange(6 * 3600)  # so that the market stays the same whatever is missed

    def step(
        self,
        when: int,
        place: Party,
        biz_step: str,
        disposition: str,
        epcs: list[str],
        action: str,
        *,
        lot: Lot | None = None,
        leaves: bool = False,
        seller: Party | None = None,
        buyer: Party | None = None,
        transactions: tuple[tuple[str, str], ...] = (),
    ) -> Step:
        """Give one object event."""
        return Step(
            time=when, action=action, biz_step=biz_step, disposition=disposition, epcs=epcs, place=place,
            event_id=self.uuid(), leaves=leaves, lot=lot.number if lot else "", expiry=lot.expiry if lot else "",
            transactions=transactions, seller=seller, buyer=buyer,
        )  # fmt: skip

    def pack(self, when: int, place: Party, parent: str, children: list[str]) -> Step:
        """Give the packing of children into a parent."""
        return Step(
            time=when, action="ADD", biz_step="packing", disposition="in_progress", epcs=children, place=place,
            event_id=self.uuid(), parent=parent, aggregates=True,
        )  # fmt: skip

    def unpack(self, when: int, place: Party, parent: str, children: list[str]) -> Step:
        """Give the unpacking of children from a parent."""
        return Step(
            time=when, action="DELETE", biz_step="unpacking", disposition="in_progress", epcs=children, place=place,
            event_id=self.uuid(), parent=parent, aggregates=True,
        )  # fmt: skip

    def file(
        self,
        kind: str,
        speaker: Party,
        steps: list[Step],
        *,
        receiver: Party | None = None,
        products: tuple[Product, ...] = (),
        transfers: bool = False,
    ) -> None:
        """Add one document."""
        created = max(step.time for step in steps) + 300
        self.files.append(
            File(kind=kind, created=created, speaker=speaker, receiver=receiver or HUB, instance_id=self.uuid(),
                 steps=steps, products=products, parties=(speaker,), transfers=transfers)
        )  # fmt: skip

    def sscc(self, owner: Party) -> str:
        """Give a new SSCC URN (extension digit 1)."""
        self.totes += 1
        return f"urn:epc:id:sscc:{owner.company_prefix}.1{self.totes:0{16 - len(owner.company_prefix)}d}"

    def uuid(self) -> str:
        """Give an identifier of the seed's."""
        return f"urn:uuid:{uuid.UUID(int=self.ids.getrandbits(128), version=4)}"


def honest(whole: Market) -> Iterator[Pack]:
    """Give the packs that nobody has interfered with."""
    return (pack for pack in whole.genuine if pack.fate in ("", "lent", "returned"))
