"""The simulated chain: what happens to every pack from the maker's line to the counter, from one seed.

Nothing here reads a clock: all times are relative to the ``today`` that is passed in, and the last one lies
two days before it, so that no event is in the future in any time zone.
"""

from __future__ import annotations

import calendar
import datetime as dt
import random
import uuid
from typing import TYPE_CHECKING

import msgspec

from rxtrail.core.gs1.check_digit import check_digit
from rxtrail.errors import BadRequest
from rxtrail.simulate.catalogue import (
    CASE_INDICATOR,
    HUB,
    MAKERS,
    PHARMACIES,
    PRODUCTS,
    WHOLESALERS,
    Party,
    Product,
)
from rxtrail.simulate.epcis_text import File, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PACKS_MIN = 100  # below this the chain is too thin for every kind of pack to reach the demo's counter
PACKS_MAX = 10_000_000
PACKS_PER_CASE = 12
CASES_PER_PALLET = 40
CASES_PER_COMMISSIONING = 80  # 960 packs an event, as packaging lines report
PACKS_PER_TOTE = 60
DAY = 86_400

# Days before today.
EXPIRED_MADE = 330
EXPIRED_ON = 12
RECALLED_MADE = 200
RECALLED_ON = 6
DELIVERY_RUNS = (110, 85, 60, 40, 20, 2)  # the last one is still on the road
ARRIVED_RUNS = DELIVERY_RUNS[:-1]
RETURNED_ON = 16
DAMAGED_ON = 5


class Lot(msgspec.Struct, gc=False, frozen=True):
    """One production lot."""

    product: Product
    number: str
    expiry: dt.date
    made_days_ago: int
    packs: int
    fate: str = "good"  # good | expired | recalled


class Case(msgspec.Struct, gc=False):
    """One case as the maker packed it; times are seconds since 1970."""

    lot: Lot
    urn: str
    packs: list[str]
    packs_made: int = 0
    made: int = 0
    packed: int = 0


class Order(msgspec.Struct):
    """What one wholesaler delivers to one pharmacy on one run."""

    seller: Party
    buyer: Party
    run: int
    number: int
    cases: list[Case] = []
    loose: list[tuple[Case, list[str]]] = []


class Shelf(msgspec.Struct):
    """Packs of one lot that came with one order and are still at the pharmacy."""

    site: Party
    lot: Lot
    order: Order
    packs: list[str]


class World(msgspec.Struct):
    """A whole simulated supply chain; the same seed, size and day always give the same one."""

    seed: int
    packs: int
    today: dt.date
    makers: tuple[Party, ...]
    wholesalers: tuple[Party, ...]
    pharmacies: tuple[Party, ...]
    products: tuple[Product, ...]
    hub: Party
    default_site: str  # the GLN of the pharmacy where the demo stands
    lots: list[Lot]
    files: list[File]
    shelves: list[Shelf]


def world(seed: int, packs: int, today: dt.date) -> World:
    """Play the chain up to two days before ``today``; raises BadRequest when ``packs`` is past a limit."""
    if not PACKS_MIN <= packs <= PACKS_MAX:
        raise BadRequest(f"cannot simulate {packs:,} packs", advice=f"Ask for {PACKS_MIN:,} to {PACKS_MAX:,} packs.")
    chain = _Chain(seed, packs, today)
    lots = list(chain.plan())
    for lot in lots:
        chain.make(lot)
    chain.deliver()
    chain.dispense()
    chain.take_back()
    chain.recall(lots)
    chain.files.sort(key=lambda file: file.created)
    return World(
        seed=seed,
        packs=packs,
        today=today,
        makers=MAKERS,
        wholesalers=WHOLESALERS,
        pharmacies=PHARMACIES,
        products=PRODUCTS,
        hub=HUB,
        default_site=PHARMACIES[0].gln,
        lots=lots,
        files=chain.files,
        shelves=chain.shelves,
    )


class _Chain:
    """The chain while it is being played."""

    def __init__(self, seed: int, packs: int, today: dt.date) -> None:
        # A seed must give the same world again; nothing here is a secret.
        self.rng = random.Random(f"rxtrail:{seed}:{packs}:{today.isoformat()}")  # noqa: S311
        self.packs = packs
        self.today = today
        self.midnight = calendar.timegm(today.timetuple())
        self.files: list[File] = []
        self.shelves: list[Shelf] = []
        self.orders: dict[tuple[str, str, int], Order] = {}
        self.opened: dict[tuple[str, int], list[Case]] = {}
        self.used: set[str] = set()
        self.next_sscc = {party.gln: self.rng.randrange(10**7) for party in (*MAKERS, *WHOLESALERS)}
        self.next_paper = self.rng.randrange(10_000, 90_000)

    # --- the maker ---------------------------------------------------------------------------------------

    def plan(self) -> Iterator[Lot]:
        """Divide the packs into lots: one has expired by now, one will be recalled, the rest are good."""
        rng = self.rng
        products = rng.sample(PRODUCTS, len(PRODUCTS))
        special = min(max(2 * PACKS_PER_CASE, self.packs // 100), 2_400)
        expired_on = self.today - dt.timedelta(days=EXPIRED_ON)
        yield Lot(products[0], self.lot_number(), expired_on, EXPIRED_MADE, special, "expired")
        later = self.today + dt.timedelta(days=rng.randrange(200, 500))
        yield Lot(products[1], self.lot_number(), later, RECALLED_MADE, special, "recalled")
        left = self.packs - 2 * special
        size = min(max(2 * PACKS_PER_CASE, self.packs // 20), 10_000)
        index = 2
        while left:
            count = size * rng.randrange(70, 131) // 100
            count = left if left < count + size else count
            expiry = self.today + dt.timedelta(days=rng.randrange(200, 900))
            product = products[index % len(products)]
            yield Lot(product, self.lot_number(), expiry, rng.randrange(130, 240), count)
            left -= count
            index += 1

    def make(self, lot: Lot) -> None:
        """Commission, pack and ship one lot: each wholesaler gets one file with all that it was sent."""
        cases = self.new_cases(lot)
        pallets = [cases[at : at + CASES_PER_PALLET] for at in range(0, len(cases), CASES_PER_PALLET)]
        consignments: dict[str, list[list[Case]]] = {}
        for pallet in pallets:
            consignments.setdefault(self.rng.choice(WHOLESALERS).gln, []).append(pallet)
        now = self.time(lot.made_days_ago, 6)
        for buyer in WHOLESALERS:
            if buyer.gln in consignments:
                now = self.consign(lot, buyer, consignments[buyer.gln], now)
        self.allot(lot, cases, {case.urn: gln for gln, rows in consignments.items() for row in rows for case in row})

    def new_cases(self, lot: Lot) -> list[Case]:
        """Give every pack and case of a lot a serial that was not used before."""
        product = lot.product
        item, case = product.urn("0"), product.urn(CASE_INDICATOR)
        packs = self.new_epcs(item, product, lot.packs)
        urns = self.new_epcs(case, product, -(-lot.packs // PACKS_PER_CASE))
        return [
            Case(lot, urn, packs[index * PACKS_PER_CASE : (index + 1) * PACKS_PER_CASE])
            for index, urn in enumerate(urns)
        ]

    def consign(self, lot: Lot, buyer: Party, pallets: list[list[Case]], now: int) -> int:
        """Write the maker's file to a wholesaler and that one's receipt; give the time the line stopped."""
        maker = lot.product.maker
        expiry = lot.expiry.isoformat()
        steps: list[Step] = []
        cases = [case for pallet in pallets for case in pallet]
        for at in range(0, len(cases), CASES_PER_COMMISSIONING):
            some = cases[at : at + CASES_PER_COMMISSIONING]
            packs = [pack for case in some for pack in case.packs]
            urns = [case.urn for case in some]
            for epcs in (packs, urns):
                now += 60
                steps.append(self.step(now, maker, "commissioning", "active", epcs, "ADD", lot.number, expiry))
            for case in some:
                case.packs_made, case.made = now - 60, now
            for case in some:
                now += 15
                case.packed = now
                steps.append(self.pack(now, maker, case.urn, case.packs))
        ssccs = self.new_ssccs(maker, len(pallets))
        now += 60
        steps.append(self.step(now, maker, "commissioning", "active", ssccs, "ADD"))
        for sscc, pallet in zip(ssccs, pallets, strict=True):
            now += 120
            steps.append(self.pack(now, maker, sscc, [case.urn for case in pallet]))
        shipped = now + 2 * DAY
        papers = self.papers(maker, buyer)
        steps.append(self.ship(shipped, maker, buyer, ssccs, papers))
        self.file("ship", maker, buyer, steps, [lot.product], [maker, buyer], transfers=True)

        arrived = shipped + DAY + self.rng.randrange(6 * 3600)
        receipt = [self.receive(arrived, maker, buyer, ssccs, papers)]
        for index, (sscc, pallet) in enumerate(zip(ssccs, pallets, strict=True)):
            # "All of it" and a list of what came out are both in use.
            listed = [case.urn for case in pallet] if index % 2 else []
            receipt.append(self.unpack(arrived + 600 + 60 * index, buyer, sscc, listed))
        self.file("receive", buyer, HUB, receipt, [], [maker, buyer])
        return now

    # --- the wholesaler ----------------------------------------------------------------------------------

    def allot(self, lot: Lot, cases: list[Case], holders: dict[str, str]) -> None:
        """Decide which pharmacy gets which case on which run, whole or opened; some stay in the warehouse."""
        rng = self.rng
        default, *others = PHARMACIES
        receiving = [party for party in others if party.posts_receipts]
        for index, case in enumerate(cases):
            # The demo's counter and a neighbour get the first cases of every lot: no seed goes without.
            if index == 0:
                self.order(holders[case.urn], default, rng.choice(ARRIVED_RUNS[:3])).cases.append(case)
                continue
            if index == 1:
                self.order(holders[case.urn], rng.choice(receiving), ARRIVED_RUNS[1]).cases.append(case)
                continue
            choice = rng.random()
            if choice < 0.15:
                continue
            # Nobody ships what expires within a month or has been recalled.
            run = rng.choice(DELIVERY_RUNS if lot.fate == "good" else ARRIVED_RUNS[:4])
            if choice < 0.6:
                self.order(holders[case.urn], rng.choice(PHARMACIES), run).cases.append(case)
                continue
            self.opened.setdefault((holders[case.urn], run), []).append(case)

    def deliver(self) -> None:
        """Open cases, pick totes and ship, run by run; the pharmacy's receipt follows a day later."""
        for run in DELIVERY_RUNS:
            for seller in WHOLESALERS:
                opened = self.opened.get((seller.gln, run), [])
                if opened:
                    self.pick(seller, run, opened)
        for order in sorted(self.orders.values(), key=lambda order: (-order.run, order.number)):
            self.deliver_order(order)

    def pick(self, seller: Party, run: int, cases: list[Case]) -> None:
        """Open cases for single packs, two pharmacies a case; one case in forty holds a damaged pack."""
        now = self.time(run, 9)
        pace = max(1, min(20, 4 * 3600 // len(cases)))  # done before the trucks leave, however many there are
        steps: list[Step] = []
        for case in cases:
            now += pace
            steps.append(self.unpack(now, seller, case.urn, case.packs))
            packs = list(case.packs)
            if self.rng.random() < 0.025:
                damaged = [packs.pop()]
                steps.append(self.step(now + 1, seller, "decommissioning", "inactive", damaged, "DELETE"))
            half = -(-len(packs) // 2)
            for buyer, some in zip(self.rng.sample(PHARMACIES, 2), (packs[:half], packs[half:]), strict=True):
                if some:
                    self.order(seller.gln, buyer, run).loose.append((case, some))
        self.file("open", seller, HUB, steps, [], [seller])

    def deliver_order(self, order: Order) -> None:
        """Write the wholesaler's file to the pharmacy; it restates the makers' commissioning of all in it."""
        seller, buyer = order.seller, order.buyer
        steps = self.restate(order)
        now = self.time(order.run, 15) + order.number % 1800
        totes: list[tuple[str, list[str]]] = []
        loose = [pack for _, some in order.loose for pack in some]
        chunks = [loose[at : at + PACKS_PER_TOTE] for at in range(0, len(loose), PACKS_PER_TOTE)]
        if chunks:
            ssccs = self.new_ssccs(seller, len(chunks))
            steps.append(self.step(now, seller, "commissioning", "active", ssccs, "ADD"))
            for sscc, some in zip(ssccs, chunks, strict=True):
                now += 60
                steps.append(self.pack(now, seller, sscc, some))
                totes.append((sscc, some))
        now += 1800
        outermost = [sscc for sscc, _ in totes] + [case.urn for case in order.cases]
        papers = self.papers(seller, buyer)
        steps.append(self.ship(now, seller, buyer, outermost, papers))
        lots = {case.lot.number: case.lot for case in self.cases_of(order)}
        products = {lot.product.gtin: lot.product for lot in lots.values()}
        makers = {product.maker.gln: product.maker for product in products.values()}
        parties = [*makers.values(), seller, buyer]
        self.file("ship", seller, buyer, steps, products.values(), parties, transfers=True)
        if order.run not in ARRIVED_RUNS:
            return

        arrived = now + 16 * 3600
        if buyer.posts_receipts:
            receipt = [self.receive(arrived, seller, buyer, outermost, papers)]
            for index, (container, _) in enumerate(totes):
                receipt.append(self.unpack(arrived + 600 + 30 * index, buyer, container, []))
            for index, case in enumerate(order.cases):
                receipt.append(self.unpack(arrived + 4000 + 30 * index, buyer, case.urn, case.packs))
            self.file("receive", buyer, seller, receipt, [], [seller, buyer])
        arrivals: dict[str, Shelf] = {}
        for case, packs in [*((case, case.packs) for case in order.cases), *order.loose]:
            shelf = arrivals.setdefault(case.lot.number, Shelf(buyer, case.lot, order, []))
            shelf.packs.extend(packs)
        self.shelves.extend(arrivals.values())

    def restate(self, order: Order) -> list[Step]:
        """Repeat the makers' commissioning and case packing for what an order ships, as US wholesalers do."""
        packs: dict[tuple[str, int], list[str]] = {}
        cases: dict[tuple[str, int], list[str]] = {}
        lots: dict[str, Lot] = {}
        for case, some in [*((case, case.packs) for case in order.cases), *order.loose]:
            lots[case.lot.number] = case.lot
            packs.setdefault((case.lot.number, case.packs_made), []).extend(some)
        for case in order.cases:
            cases.setdefault((case.lot.number, case.made), []).append(case.urn)
        steps = []
        for (number, made), epcs in (*packs.items(), *cases.items()):
            lot = lots[number]
            expiry = lot.expiry.isoformat()
            maker = lot.product.maker
            steps.append(self.step(made, maker, "commissioning", "active", epcs, "ADD", number, expiry))
        steps.extend(self.pack(case.packed, case.lot.product.maker, case.urn, case.packs) for case in order.cases)
        return steps

    # --- the pharmacy ------------------------------------------------------------------------------------

    def dispense(self) -> None:
        """Hand out about a third of each shelf, from its arrival to the day its lot stopped being sound."""
        last = {"good": 3, "expired": EXPIRED_ON + 2, "recalled": RECALLED_ON + 1}
        steps: dict[tuple[str, int], list[Step]] = {}
        for shelf in self.shelves:
            if not shelf.site.posts_receipts:
                continue
            count = len(shelf.packs) // 3
            gone, shelf.packs = shelf.packs[:count], shelf.packs[count:]
            start = self.time(shelf.order.run - 3, 8)
            end = self.time(last[shelf.lot.fate], 20)
            rows = steps.setdefault((shelf.site.gln, shelf.order.run), [])
            for at in range(0, count, 5):
                now = start + self.rng.randrange(end - start)
                some = gone[at : at + 5]
                rows.append(self.step(now, shelf.site, "dispensing", "dispensed", some, "OBSERVE"))
        sites = {party.gln: party for party in PHARMACIES}
        for (gln, _), rows in steps.items():
            if rows:
                rows.sort(key=lambda step: step.time)
                self.file("dispense", sites[gln], HUB, rows, [], [sites[gln]])

    def take_back(self) -> None:
        """Let each pharmacy that can spare them return a few packs, break one and hand out part of one."""
        spare: dict[str, Shelf] = {}
        for shelf in self.shelves:
            sound = shelf.lot.fate == "good" and shelf.site.posts_receipts and shelf.order.run > RETURNED_ON
            best = spare.get(shelf.site.gln)
            if sound and len(shelf.packs) >= 6 and (best is None or len(shelf.packs) > len(best.packs)):
                spare[shelf.site.gln] = shelf
        for shelf in spare.values():
            site, seller = shelf.site, shelf.order.seller
            returned = [shelf.packs.pop() for _ in range(max(1, len(shelf.packs) // 50))]
            number = self.new_number()
            papers = (("rma", f"{seller.gln}:RMA{number}"),)
            now = self.time(RETURNED_ON, 16)
            sent = self.step(now, site, "shipping", "returned", returned, "OBSERVE")
            sent.leaves, sent.transactions, sent.seller, sent.buyer = True, papers, site, seller
            products, parties = [shelf.lot.product], [site, seller]
            self.file("return", site, seller, [sent], products, parties, transfers=True)
            now += 2 * DAY
            back = self.step(now, seller, "receiving", "returned", returned, "OBSERVE")
            back.transactions, back.seller, back.buyer = papers, site, seller
            wrecked = returned[: -(-len(returned) // 2)]
            end = self.step(now + DAY, seller, "destroying", "destroyed", wrecked, "DELETE")
            self.file("receive", seller, HUB, [back, end], [], parties)
            now = self.time(DAMAGED_ON, 11)
            damaged = self.step(now, site, "decommissioning", "inactive", [shelf.packs.pop()], "DELETE")
            now += 3600
            part = self.step(now, site, "dispensing", "partially_dispensed", [shelf.packs.pop()], "OBSERVE")
            self.file("dispense", site, HUB, [damaged, part], [], [site])

    # --- the recall --------------------------------------------------------------------------------------

    def recall(self, lots: Iterable[Lot]) -> None:
        """Let the maker of each doomed lot say so, for the whole lot at once."""
        for lot in lots:
            if lot.fate == "recalled":
                maker = lot.product.maker
                step = self.step(self.time(RECALLED_ON, 14), maker, "holding", "recalled", [], "OBSERVE")
                step.lots = ((lot.product.lot_urn(lot.number), lot.packs),)
                self.file("recall", maker, HUB, [step], [lot.product], [maker])

    # --- steps and papers --------------------------------------------------------------------------------

    def step(
        self,
        now: int,
        place: Party,
        biz_step: str,
        disposition: str,
        epcs: list[str],
        action: str,
        lot: str = "",
        expiry: str = "",
    ) -> Step:
        return Step(
            time=now,
            action=action,
            biz_step=biz_step,
            disposition=disposition,
            epcs=epcs,
            place=place,
            event_id=self.new_uuid(),
            lot=lot,
            expiry=expiry,
        )

    def pack(self, now: int, place: Party, parent: str, epcs: list[str]) -> Step:
        step = self.step(now, place, "packing", "in_progress", epcs, "ADD")
        step.parent, step.aggregates = parent, True
        return step

    def unpack(self, now: int, place: Party, parent: str, epcs: list[str]) -> Step:
        step = self.step(now, place, "unpacking", "in_progress", epcs, "DELETE")
        step.parent, step.aggregates = parent, True
        return step

    def ship(self, now: int, seller: Party, buyer: Party, epcs: list[str], papers: tuple[tuple[str, str], ...]) -> Step:
        step = self.step(now, seller, "shipping", "in_transit", epcs, "OBSERVE")
        step.leaves, step.transactions, step.seller, step.buyer = True, papers, seller, buyer
        return step

    def receive(
        self, now: int, seller: Party, buyer: Party, epcs: list[str], papers: tuple[tuple[str, str], ...]
    ) -> Step:
        step = self.step(now, buyer, "receiving", "in_progress", epcs, "OBSERVE")
        step.transactions, step.seller, step.buyer = papers, seller, buyer
        return step

    def papers(self, seller: Party, buyer: Party) -> tuple[tuple[str, str], ...]:
        """Number the buyer's order and the seller's despatch advice (CBV 1.2, clause 8.5)."""
        number = self.new_number()
        return ("po", f"{buyer.gln}:PO{number}"), ("desadv", f"{seller.gln}:ASN{number}")

    def file(
        self,
        kind: str,
        speaker: Party,
        receiver: Party,
        steps: list[Step],
        products: Iterable[Product],
        parties: Iterable[Party],
        *,
        transfers: bool = False,
    ) -> None:
        self.files.append(
            File(
                kind=kind,
                created=max(step.time for step in steps) + 300,
                speaker=speaker,
                receiver=receiver,
                instance_id=self.new_uuid(),
                steps=steps,
                products=tuple(products),
                parties=tuple(parties),
                transfers=transfers,
            )
        )

    def order(self, seller_gln: str, buyer: Party, run: int) -> Order:
        key = (seller_gln, buyer.gln, run)
        if key not in self.orders:
            seller = next(party for party in WHOLESALERS if party.gln == seller_gln)
            self.orders[key] = Order(seller, buyer, run, len(self.orders))
        return self.orders[key]

    def cases_of(self, order: Order) -> list[Case]:
        return [*order.cases, *(case for case, _ in order.loose)]

    # --- numbers -----------------------------------------------------------------------------------------

    def time(self, days_ago: int, hour: int) -> int:
        """Give an hour (UTC) some days before today, with a few minutes' spread."""
        return self.midnight - days_ago * DAY + hour * 3600 + self.rng.randrange(1200)

    def new_epcs(self, prefix: str, product: Product, count: int) -> list[str]:
        letters, length = product.serial_letters, product.serial_length
        found: list[str] = []
        while len(found) < count:
            missing = count - len(found)
            text = "".join(self.rng.choices(letters, k=missing * length))
            for at in range(0, len(text), length):
                epc = prefix + text[at : at + length]
                if epc not in self.used:
                    self.used.add(epc)
                    found.append(epc)
        return found

    def new_ssccs(self, party: Party, count: int) -> list[str]:
        """Count SSCCs up from a random start, so that none is used twice (GS1 rule: not within a year)."""
        first = self.next_sscc[party.gln]
        self.next_sscc[party.gln] += count
        width = 16 - len(party.company_prefix)
        stem = f"urn:epc:id:sscc:{party.company_prefix}.0"
        return [f"{stem}{number:0{width}d}" for number in range(first, first + count)]

    def new_number(self) -> str:
        self.next_paper += 1
        body = str(self.next_paper)
        return body + check_digit(body)

    def lot_number(self) -> str:
        while True:
            number = "".join(self.rng.choices("ABCDEFGHJKLMNPQRSTUVWXYZ", k=2)) + str(self.rng.randrange(1000, 9999))
            if number not in self.used:
                self.used.add(number)
                return number

    def new_uuid(self) -> str:
        return uuid.UUID(int=self.rng.getrandbits(128), version=4).urn
