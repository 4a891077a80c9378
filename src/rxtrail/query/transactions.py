"""Transaction information and transaction statements (DSCSA's T2), derived from shipments that change the owner.

FDCA 581(26) and (27), 582(g)(1)(B): for each shipment from a seller to a buyer, each product and lot, the product
identifier of each package. A shipping event names the outermost containers only; what was inside of them at that
moment is for the fold to say. Not a transaction are: a shipment within one company, one that does not say both who
sold and who bought, one that its sender declared an error, and what a later ``void_shipping`` took back.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from rxtrail.core.epcis import namespaces, trees
from rxtrail.core.epcis.event import AGGREGATION, TRANSACTION, TransactionStatement, Typed
from rxtrail.core.gs1 import ndc as ndcs
from rxtrail.core.rules.steps import Flag, Role
from rxtrail.core.rules.words import VOID_SHIPPING
from rxtrail.ledger.containers import is_sgtin
from rxtrail.ledger.prepare import restore
from rxtrail.record.contents import Packed, contents_at, exacts_of, sorted_out, states_of
from rxtrail.record.exact import Shelf, container_state
from rxtrail.record.identify import identify
from rxtrail.record.names import product_view
from rxtrail.record.standing import partner_names
from rxtrail.record.times import day, iso

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterator

    from rxtrail.answers import ExportFilters
    from rxtrail.core.epcis.event import Event
    from rxtrail.core.rules.authority import Authority
    from rxtrail.core.rules.steps import Step
    from rxtrail.record.exact import Exact
    from rxtrail.store import Reader
    from rxtrail.store.rows import EventHead

STEPS: Final = frozenset({"shipping", "consigning"})
# What affirms the statement when a header affirms it and leaves the words out (GS1 US, DSCSA guideline, R1.2 and R1.3).
STATEMENT: Final = "Seller has complied with each applicable subsection of FDCA Sec. 581(27)(A)-(G)."
EVENTS_AT_ONCE: Final = 5_000
SHIPMENTS_AT_ONCE: Final = 100  # that share what was folded of their containers
_ALL: Final = 1 << 40
_DATE: Final = namespaces.join(namespaces.USHC, "transactionDate")
_DIRECT: Final = namespaces.join(namespaces.USHC, "directPurchase")


class Company(msgspec.Struct, frozen=True, gc=False):
    """A seller or buyer, as master data and the partner table name it."""

    name: str
    gln: str
    address: str = ""


class Reference(msgspec.Struct, frozen=True, gc=False):
    """A purchase order (po), despatch advice (desadv), invoice (inv), return authorisation (rma) and the like."""

    type: str
    id: str


class Transaction(msgspec.Struct, frozen=True, gc=False, kw_only=True, rename={"seller": "from", "buyer": "to"}):
    """One product and lot of one shipment. Dates are ISO; ``quantity`` counts packages."""

    transaction_date: str
    shipment_date: str
    seller: Company
    buyer: Company
    ndc: str
    gtin: str
    lot: str
    expiry: str
    serials: list[str]
    statement: str  # the seller's transaction statement, "" when none came with the shipment
    quantity: int | float
    name: str
    strength: str
    dosage_form: str
    container_size: str
    references: list[Reference]
    direct_purchase: str  # as the seller says it, "" when it does not
    containers: list[str]  # the shipped logistic units that these packages were in
    shipped_at: str
    event_id: str
    document: str  # sha256:..., of the file that the shipment came in
    received_at: str


class Line(NamedTuple):
    """A transaction, and the events that stand behind it."""

    transaction: Transaction
    events: frozenset[int]


class _Shipment(NamedTuple):
    step: Step
    event: Event
    event_id: str
    recorded_at: int
    seller: str
    buyer: str


class _Product(NamedTuple):
    name: str
    ndc: str
    strength: str
    dosage_form: str
    container_size: str


def transactions(
    reader: Reader,
    authority: Authority,
    filters: ExportFilters,
    wanted: set[str],
    times: tuple[int | None, int | None],
    *,
    today: datetime.date,
) -> Iterator[Line]:
    """Give all transactions in log order of their shipments; ``wanted`` are GTINs, ``times`` since and until."""
    return _Transactions(reader, authority, filters, wanted, times, today=today).all()


class _Transactions:
    """One walk over the shipments of a record that stands still."""

    def __init__(
        self,
        reader: Reader,
        authority: Authority,
        filters: ExportFilters,
        wanted: set[str],
        times: tuple[int | None, int | None],
        *,
        today: datetime.date,
    ) -> None:
        self._reader = reader
        self._authority = authority
        self._filters = filters
        self._wanted = wanted
        self._since, self._until = times
        self._sscc = identify(filters.sscc, this_year=today.year) if filters.sscc else ""
        self._companies: dict[str, Company] = {}
        self._products: dict[str, _Product] = {}
        self._documents: dict[int, tuple[str, str]] = {0: ("", "")}
        self._partner_names = partner_names(reader)
        self._voids = _Voids(reader, authority)
        self._told: set[int] = set()

    def all(self) -> Iterator[Line]:
        groups = itertools.groupby(self._shipments(), key=lambda one: (one.step.document, one.step.time))
        shelf, held = Shelf(self._reader, self._authority), 0
        for _, group in groups:
            together = list(group)
            if held + len(together) > SHIPMENTS_AT_ONCE:
                shelf, held = Shelf(self._reader, self._authority), 0
            held += len(together)
            # One truck with several orders: the shipment as a whole, and a TransactionEvent for the EPCs of each order
            # of the same instant. The latter say which order; a transaction of its own is only what nothing else ships.
            orders = [one for one in together if one.event.kind == TRANSACTION]
            goods = [one for one in together if one.event.kind != TRANSACTION and not one.step.voided]
            whole = [one for one in goods if self._is_new(one)]
            shipped = {key for one in goods for key in _shipped(one.event)}
            # What shipped these EPCs was declared an error: the order that still stands does not ship them.
            wrong = {key for one in together if one.step.voided for key in _shipped(one.event)}
            alone = [one for one in orders if (shipped | wrong).isdisjoint(_shipped(one.event))]
            of_whole = [one for one in orders if not shipped.isdisjoint(_shipped(one.event))]
            # Two orders of one instant and document may name the same goods; what was told before is a copy.
            sales = [one for one in alone if self._is_sale(one.step.source, one.step.destination)]
            sales = [one for one in sales if not (keys := _marks_of(one)) or not keys <= self._told]
            for one in sales:
                self._told |= _marks_of(one)
            for one in (*whole, *sales):
                yield from self._lines(one, of_whole, shelf)

    def _is_new(self, one: _Shipment) -> bool:
        """Tell whether a shipment was not told already: a copy of it under another eventID is no second sale."""
        keys = _marks_of(one)
        new = not keys or not keys <= self._told
        self._told |= keys
        return new

    # -- which shipments -------------------------------------------------------------------------------------------

    def _shipments(self) -> Iterator[_Shipment]:
        after = -1
        while positions := self._reader.event_positions(after, EVENTS_AT_ONCE):
            heads = self._reader.event_heads(positions)
            chosen = [position for position in positions if self._is_asked(heads[position])]
            if chosen:
                yield from self._read(chosen)
            after = positions[-1]

    def _is_asked(self, head: EventHead) -> bool:
        if head.biz_step not in STEPS or head.flags & Flag.DECLARATION:
            return False
        return (self._since is None or head.time >= self._since) and (self._until is None or head.time < self._until)

    def _is_sale(self, source: tuple[str, str, str], destination: tuple[str, str, str]) -> bool:
        """Tell whether goods went from one company to another, one of them the partner who is asked for."""
        seller, buyer = owner_in(source), owner_in(destination)
        if not seller or not buyer or self._authority.same_party(seller, buyer):
            return False
        return not self._filters.partner or self._filters.partner in (*source[:2], *destination[:2])

    def _read(self, positions: list[int]) -> Iterator[_Shipment]:
        steps = self._reader.steps([(position, int(Role.EPC), None) for position in positions])
        # A TransactionEvent may say the order of a shipment that is asked for, whoever is named in it; and whose order
        # is not a sale, a shipment tells that was declared an error, whoever is named in that.
        of = {step.event: step for step in steps if self._is_read(step)}
        for body in self._reader.event_bodies(of):
            step = of[body.position]
            event = restore(body.canonical, body.envelope)
            seller, buyer = owner_in(step.source), owner_in(step.destination)
            yield _Shipment(step, event, body.event_id, body.recorded_at, seller, buyer)

    def _is_read(self, step: Step) -> bool:
        if step.kind == TRANSACTION:
            return not step.voided
        return step.voided or self._is_sale(step.source, step.destination)

    # -- what was in them ------------------------------------------------------------------------------------------

    def _lines(self, shipment: _Shipment, orders: list[_Shipment], shelf: Shelf) -> Iterator[Line]:
        found: dict[tuple[str, str, str, tuple[Typed, ...]], list[Packed]] = defaultdict(list)
        seen: set[tuple[str, str]] = set()
        told = tuple(shipment.event.biz_transactions)
        ordered = [(_shipped(order.event), order.event.biz_transactions) for order in orders]
        for key, packed in self._packages(shipment, shelf):
            if packed.serial and (packed.gtin, packed.serial) in seen:
                continue  # listed beside the container that it is in
            seen.add((packed.gtin, packed.serial))
            if not self._fits(packed) or not self._voids.leaves(shipment.step, key, packed):
                continue
            references = told
            if ordered:
                names = {key, f"01/{packed.gtin}/21/{packed.serial}", *packed.around}
                more = [each for keys, some in ordered if not names.isdisjoint(keys) for each in some]
                references = tuple(dict.fromkeys((*told, *more)))
            if not self._filters.po or any(_names(self._filters.po, each) for each in references):
                found[packed.gtin, packed.lot, packed.expiry, references].append(packed)
        for (gtin, lot, expiry, references), packages in found.items():
            events = {shipment.step.event}
            events.update(each.made for each in packages if each.made is not None)
            events.update(each.packed for each in packages if each.packed is not None)
            events |= self._behind({key for each in packages for key in each.around}, shelf, shipment.step.time)
            yield self._line(shipment, gtin, lot, expiry, references, packages, len(packages), events)
        if not self._filters.serial and not self._sscc:
            yield from self._by_class(shipment)

    def _packages(self, shipment: _Shipment, shelf: Shelf) -> Iterator[tuple[str, Packed]]:
        """Give each package with the identifier that was shipped for it; a container of which nothing is known, too."""
        at = shipment.step.time
        loose, others = sorted_out(_shipped(shipment.event))
        for gtin, serials in loose.items():
            units = dict(self._loose(gtin, serials, shelf))
            for serial in serials:
                if serial in units:
                    yield f"01/{gtin}/21/{serial}", units[serial]
                else:
                    others.append(f"01/{gtin}/21/{serial}")
        rows = self._reader.containers(self._reader.container_ids(others).values())
        shelf.need(set(rows))
        by_key = {row.key: row for row in rows.values()}
        for key in others:
            row = by_key.get(key)
            inside = contents_at(self._reader, shelf, row, at, limit=_ALL) if row is not None else []
            for packed in inside:
                yield key, packed
            if not inside and is_sgtin(key) and row is not None:
                state = container_state(self._reader, self._authority, row, shelf=shelf).state
                made = state.made if state.made >= 0 else None
                yield key, Packed(key[3:17], key[21:], state.lot, state.expiry, (), made, None)
            elif not inside:
                yield key, Packed("", "", "", "", (key,), None, None)

    def _loose(self, gtin: str, serials: list[str], shelf: Shelf) -> Iterator[tuple[str, Packed]]:
        known = self._reader.product(gtin)
        if known is None:
            return
        units = self._reader.units_of(known[0], serials)
        makings = self._reader.makings({unit.made for unit in units.values() if unit.made is not None})
        odd = []
        for serial, unit in units.items():
            making = makings[unit.made] if unit.made is not None else None
            if unit.own is None and making is not None and not making.voided:
                yield serial, Packed(gtin, serial, making.lot, making.expiry, (), making.event, None)
            else:
                odd.append(unit)
        for serial, state in states_of(self._reader, shelf, known[0], odd).items():
            made = state.made if state.made >= 0 else None
            yield serial, Packed(gtin, serial, state.lot, state.expiry, (), made, None)

    def _fits(self, packed: Packed) -> bool:
        filters = self._filters
        if filters.serial and packed.serial != filters.serial:
            return False
        if self._sscc and self._sscc not in packed.around:
            return False
        return self._fits_lot(packed.gtin, packed.lot)

    def _fits_lot(self, gtin: str, lot: str) -> bool:
        return (not self._wanted or gtin in self._wanted) and (not self._filters.lot or lot == self._filters.lot)

    def _by_class(self, shipment: _Shipment) -> Iterator[Line]:
        """Give what was shipped by lot, without serial numbers (guideline R1.2 allows it)."""
        references = tuple(shipment.event.biz_transactions)
        if self._filters.po and not any(_names(self._filters.po, each) for each in references):
            return
        for quantity in (*shipment.event.quantities, *shipment.event.child_quantities):
            gtin, lot = _class_of(quantity.epc_class)
            if not gtin or not self._fits_lot(gtin, lot):
                continue
            known = self._reader.product(gtin)
            lots = dict(self._reader.lots_of_product(known[0])) if known is not None else {}
            count = quantity.quantity or 0
            whole = int(count) if float(count).is_integer() else count
            events = {shipment.step.event}
            yield self._line(shipment, gtin, lot, lots.get(lot, ""), references, [], whole, events)

    # -- in words --------------------------------------------------------------------------------------------------

    def _line(
        self,
        shipment: _Shipment,
        gtin: str,
        lot: str,
        expiry: str,
        references: tuple[Typed, ...],
        packages: list[Packed],
        quantity: float,
        events: set[int],
    ) -> Line:
        event, step = shipment.event, shipment.step
        product = self._product(gtin)
        document, statement = self._document(step.document)
        shipped_on = day(step.time)
        stated = trees.text(event.extensions.get(_DATE, ""))[:10]
        line = Transaction(
            transaction_date=stated or shipped_on,
            shipment_date=shipped_on,
            seller=self._company(shipment.seller),
            buyer=self._company(shipment.buyer),
            ndc=product.ndc,
            gtin=gtin,
            lot=lot,
            expiry=expiry,
            serials=[each.serial for each in packages if each.serial],
            statement=statement,
            quantity=quantity if gtin else 0,
            name=product.name,
            strength=product.strength,
            dosage_form=product.dosage_form,
            container_size=product.container_size,
            references=[Reference(each.type, each.value) for each in references],
            direct_purchase=_direct(event.extensions.get(_DIRECT)),
            containers=list(dict.fromkeys(each.around[0] for each in packages if each.around)),
            shipped_at=iso(step.time),
            event_id=shipment.event_id,
            document=document,
            received_at=iso(shipment.recorded_at),
        )
        return Line(line, frozenset(events))

    def _behind(self, containers: set[str], shelf: Shelf, at: int) -> set[int]:
        """Give the events that made these containers, and that packed them into each other."""
        found: set[int] = set()
        rows = self._reader.containers(self._reader.container_ids(containers).values())
        for row in rows.values():
            for step in shelf.histories.get(row.id, ()):
                making = step.role == Role.EPC and step.action == "ADD"
                packing = step.role == Role.CHILD and step.action == "ADD"
                if (making or packing) and step.time <= at and not step.voided:
                    found.add(step.event)
        return found

    def _company(self, gln: str) -> Company:
        known = self._companies.get(gln)
        if known is None:
            told: dict[str, str] = {}
            for thing in (f"417/{gln}", f"414/{gln}"):
                for _, _, attributes in self._reader.master(thing):
                    told = {**attributes, **told}
            parts = [told.get(name, "") for name in ("streetAddressOne", "streetAddressTwo", "city", "state")]
            parts += [told.get(name, "") for name in ("postalCode", "countryCode")]
            name = told.get("name", "") or self._partner_names.get(gln, "")
            known = self._companies[gln] = Company(name, gln, ", ".join(part.strip() for part in parts if part.strip()))
        return known

    def _product(self, gtin: str) -> _Product:
        known = self._products.get(gtin)
        if known is None and not gtin:
            known = self._products[gtin] = _Product("", "", "", "", "")
        if known is None:
            told: dict[str, str] = {}
            for _, _, attributes in self._reader.master("01/" + gtin):
                told = {**attributes, **told}
            name, ndc = product_view(self._reader, gtin)
            form, size = told.get("dosageFormType", ""), told.get("netContentDescription", "")
            known = _Product(name, ndc or _digits_of(gtin), told.get("strengthDescription", ""), form, size)
            self._products[gtin] = known
        return known

    def _document(self, number: int) -> tuple[str, str]:
        """Give the name of a document, and its seller's statement."""
        known = self._documents.get(number)
        if known is None:
            row = self._reader.document(number)
            known = ("", "")
            if row is not None:
                head = msgspec.json.decode(row.header, type=_Head) if row.header else _Head()
                affirmed = head.statement is not None and head.statement.affirmed
                words = head.statement.legal_notice if head.statement is not None else ""
                known = ("sha256:" + row.sha256.hex(), (words or STATEMENT) if affirmed else "")
            self._documents[number] = known
        return known


class _Head(msgspec.Struct, frozen=True):
    """What is asked of a document's particulars."""

    statement: TransactionStatement | None = None


class _Voids:
    """What senders took back: the ``void_shipping`` events of the record, by what they name."""

    def __init__(self, reader: Reader, authority: Authority) -> None:
        self._authority = authority
        self._of = _voids_by_key(reader)
        self._ships: dict[str, list[Step]] = {}
        for key, exact in _exacts_of(reader, authority, list(self._of)):
            idle = _idle(exact)
            self._of[key] = [void for void in self._of[key] if void.event not in idle]
            # A void takes back the last shipment before it.
            self._ships[key] = [step for step in exact.steps if _ships(step)]

    def leaves(self, shipping: Step, key: str, packed: Packed) -> bool:
        """Tell whether a package stayed in a shipment: neither it, nor anything that it was in, was taken out again."""
        if not self._of:
            return True
        names = [key, *packed.around]
        if packed.serial:
            names.append(f"01/{packed.gtin}/21/{packed.serial}")
        return not any(self._takes(void, shipping, key) for name in names for void in self._of.get(name, ()))

    def _takes(self, void: Step, shipping: Step, key: str) -> bool:
        same = self._authority.same_party
        seller = owner_in(shipping.source)
        if void.time < shipping.time or not any(
            speaker in shipping.speakers or same(speaker, seller) for speaker in void.speakers
        ):
            return False
        later = (ship.time for ship in self._ships.get(key, ()) if ship.event != shipping.event)
        return not any(shipping.time < time <= void.time for time in later)


def owner_in(parties: tuple[str, str, str]) -> str:
    """Give the owning party of a source or destination; the possessing one when no owner is named."""
    return parties[0] or parties[1]


def _voids_by_key(reader: Reader) -> dict[str, list[Step]]:
    """Give the ``void_shipping`` events that stand, by each identifier that they name."""
    found: dict[str, list[Step]] = defaultdict(list)
    after = -1
    while positions := reader.event_positions(after, EVENTS_AT_ONCE):
        heads = reader.event_heads(positions)
        after = positions[-1]
        chosen = [position for position in positions if heads[position].biz_step == VOID_SHIPPING]
        read = {step.event: step for step in reader.steps([(each, int(Role.EPC), None) for each in chosen])}
        for body in reader.event_bodies(chosen):
            step = read[body.position]
            if not step.voided and not step.flags & Flag.DECLARATION:
                for key in _shipped(restore(body.canonical, body.envelope)):
                    found[key].append(step)
    return found


def _exacts_of(reader: Reader, authority: Authority, keys: list[str]) -> Iterator[tuple[str, Exact]]:
    """Give things with all their events, as far as they are on record."""
    shelf = Shelf(reader, authority)
    packages, others = sorted_out(keys)
    for gtin, serials in packages.items():
        product = reader.product(gtin)
        units = reader.units_of(product[0], serials) if product is not None else {}
        others += [f"01/{gtin}/21/{serial}" for serial in serials if serial not in units]
        if product is not None:
            for serial, exact in exacts_of(reader, shelf, product[0], list(units.values())).items():
                yield f"01/{gtin}/21/{serial}", exact
    rows = reader.containers(reader.container_ids(others).values())
    shelf.need(set(rows))
    for row in rows.values():
        yield row.key, container_state(reader, authority, row, shelf=shelf)


def _idle(exact: Exact) -> set[int]:
    """Give the events of a thing that moved nothing: a void of what was received, or by somebody without a say."""
    return {note.event for note in exact.state.notes if not note.counts or note.code == "VOID_WITHOUT_SHIPPING"}


def _ships(step: Step) -> bool:
    """Tell whether a step of a thing is one of those that ``_shipped`` names it for."""
    if step.biz_step not in STEPS or step.voided or step.flags & Flag.DECLARATION:
        return False
    return step.role in (Role.EPC, Role.PARENT) or (step.role == Role.CHILD and step.kind == AGGREGATION)


def _marks_of(one: _Shipment) -> set[int]:
    """Give what tells one sale from another, for each thing that it ships."""
    return {hash((one.step.time, one.seller, one.buyer, key)) for key in _shipped(one.event)}


def _shipped(event: Event) -> dict[str, None]:
    """Give the outermost identifiers that an event ships, in order."""
    found = dict.fromkeys(run.key + serial for run in event.epcs for serial in run.serials)
    if event.parent:
        found[event.parent] = None
    if event.kind == AGGREGATION:
        found.update(dict.fromkeys(run.key + serial for run in event.children for serial in run.serials))
    return found


def _names(wanted: str, reference: Typed) -> bool:
    """Tell whether a reference is this one: whole, or by the number at its end."""
    value = reference.value
    return wanted == value or value.endswith((":" + wanted, "/" + wanted))


def _class_of(epc_class: str) -> tuple[str, str]:
    """Give GTIN and lot of a class of packages; a product alone has no lot."""
    if not epc_class.startswith("01/"):
        return "", ""
    gtin, _, lot = epc_class[3:].partition("/10/")
    return (gtin, lot) if len(gtin) == 14 and gtin.isdigit() else ("", "")


def _digits_of(gtin: str) -> str:
    """Give the ten digits of the NDC that a GTIN carries: where its hyphens stand, the digits do not say."""
    return gtin[3:13] if ndcs.from_gtin(gtin) else ""


def _direct(told: Any) -> str:  # noqa: ANN401 (an extension is any tree)
    """Say what a seller says of a direct purchase: true or false (R1.2), or how far, and in which words (R1.3)."""
    if isinstance(told, dict):
        words = told.get(namespaces.join(namespaces.USHC, "directPurchaseStatement"))
        return " ".join(text for text in (trees.text(told.get("@qualifier", "")), trees.text(words)) if text)
    return trees.text(told) if told is not None else ""
