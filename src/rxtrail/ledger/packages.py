"""The rows of packages that one batch touches.

A package is *plain* while its row says all: made by one event, packed by one event of the same speaker. Copies that
agree (a seller repeats the maker's statements) are indexed as evidence and leave it plain; the row names the best of
them. Whatever goes beyond that makes it ``own = 1``: fold its history when somebody asks.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from rxtrail.core.epcis.event import EPCS_PER_FINDING_MAX, Finding
from rxtrail.core.rules.fold import agree
from rxtrail.core.rules.steps import Flag, Role
from rxtrail.store.rows import Making

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from rxtrail.core.rules.authority import Authority
    from rxtrail.ledger.containers import ContainerRows
    from rxtrail.ledger.prepare import Prepared
    from rxtrail.store import Transaction
    from rxtrail.store.rows import EventBrief, UnitRow

UnitEvent = tuple[int, str, int, int, int | None]  # product, serial, event, role, making
UnitChange = tuple[int | None, int | None, int | None, int, str]  # made, packed, own, product, serial
Run = tuple[int, list[str]]  # a making or a packing event, and its serials
OwnEvent = tuple[str, int, int, int | None]  # serial, event, role, making


class PackageRows:
    """Gathers what the events of one speaker say of packages, and writes it once."""

    def __init__(self, tx: Transaction, authority: Authority, speaker: str, containers: ContainerRows) -> None:
        """Packages that turn out to be containers are handed to ``containers``."""
        self._tx = tx
        self._authority = authority
        self._speaker = speaker
        self._containers = containers
        self._made: dict[int, dict[str, int]] = defaultdict(dict)
        self._packed: dict[int, dict[str, int]] = defaultdict(dict)
        self._made_runs: dict[int, list[Run]] = defaultdict(list)
        self._packed_runs: dict[int, list[Run]] = defaultdict(list)
        self._own: dict[int, list[OwnEvent]] = defaultdict(list)
        self._makings: list[tuple[int, int, int]] = []
        self._here: dict[int, Making] = {}  # the makings of this batch
        self._next_making = 0
        self._briefs: dict[int, EventBrief] = {}
        self.doubtful: list[tuple[int, str]] = []  # packages whose row does not say all
        self.findings: list[tuple[int | None, Finding]] = []

    # -- gathering -------------------------------------------------------------------------------------------------

    def making(self, event: int, product: int, prepared: Prepared) -> int:
        """Number a making: this event made packages of this lot."""
        if not self._next_making:
            self._next_making = self._tx.next_making()
        number = self._next_making
        self._next_making += 1
        lot, expiry = prepared.lot, prepared.expiry
        self._makings.append((number, event, self._tx.lot_id(product, lot, expiry)))
        self._here[number] = Making(
            number, event, product, lot, expiry, frozenset((self._speaker,)), prepared.flags, False,  # noqa: FBT003
            0, prepared.event.event_time, prepared.hash,
        )  # fmt: skip
        return number

    def made(self, product: int, serials: list[str], event: int, making: int, role: Role) -> None:
        """Note that an event made these packages."""
        if role == Role.EPC:
            serials = self._first_time(
                self._made[product], serials, making, self._own[product], (event, Role.EPC, making)
            )
            self._made_runs[product].append((making, serials))
        else:
            # A transformation's outputs keep their role.
            self._own[product].extend((serial, event, role, making) for serial in dict.fromkeys(serials))

    def packed(self, product: int, serials: list[str], event: int) -> None:
        """Note that an event packed these packages."""
        serials = self._first_time(self._packed[product], serials, event, self._own[product], (event, Role.CHILD, None))
        self._packed_runs[product].append((event, serials))

    @staticmethod
    def _first_time(
        rows: dict[str, int],
        serials: list[str],
        number: int,
        own: list[OwnEvent],
        statement: tuple[int, Role, int | None],
    ) -> list[str]:
        """Give the serials that this batch says this of for the first time; the others become events of their own."""
        before = len(rows)
        if rows.keys().isdisjoint(serials):
            rows.update(dict.fromkeys(serials, number))
            return serials if len(rows) == before + len(serials) else list(dict.fromkeys(serials))
        first: list[str] = []
        for serial in dict.fromkeys(serials):
            if serial in rows:
                own.append((serial, *statement))
            else:
                rows[serial] = number
                first.append(serial)
        return first

    def held_from_the_start(self, product: int, serials: list[str], event: int, making: int, role: Role) -> None:
        """Note that a making also holds what it makes, so that its packages are folded."""
        self._own[product].extend((serial, event, role, making) for serial in serials)

    def mentioned(self, product: int, serials: Iterable[str], event: int, role: Role) -> None:
        """Note any other part that these packages take in an event."""
        self._own[product].extend((serial, event, role, None) for serial in serials)

    # -- writing ---------------------------------------------------------------------------------------------------

    def write(self) -> int:
        """Write all rows; give how many packages are new to the record (containers are counted by their own rows)."""
        self._tx.add_makings(self._makings)
        new = 0
        products = self._made.keys() | self._packed.keys() | self._own.keys()
        for product in sorted(products):
            if self._containers.holds(product):
                self._hand_over(product)
            new += self._write_product(product)
        return new

    def _hand_over(self, product: int) -> None:
        """Give what is said of containers of this product to the containers' rows."""
        made, packed, own = self._made[product], self._packed[product], self._own[product]
        known = self._containers.known(product, {*made, *packed, *(entry[0] for entry in own)})
        if not known:
            return
        touch = self._containers.touch
        for serial, key in known.items():
            making = made.pop(serial, None)
            if making is not None:
                touch(key, self._here[making].event, Role.EPC, making)
            event = packed.pop(serial, None)
            if event is not None:
                touch(key, event, Role.CHILD)
        rest: list[OwnEvent] = []
        for entry in own:
            key = known.get(entry[0], "")
            if key:
                touch(key, entry[1], Role(entry[2]), entry[3])
            else:
                rest.append(entry)
        self._own[product] = rest
        # The runs still name what was handed over; what is left of them counts.
        self._made_runs[product] = _left(self._made_runs[product], made)
        self._packed_runs[product] = _left(self._packed_runs[product], packed)

    def _write_product(self, product: int) -> int:
        made, packed, own = self._made[product], self._packed[product], self._own[product]
        if not made and not packed and not own:
            return 0
        own_serials = {entry[0] for entry in own}
        events: list[UnitEvent] = [(product, *entry) for entry in own]
        changes: list[UnitChange] = []
        new = 0
        groups = [(serials, making, packing, None) for making, packing, serials in self._groups(product)]
        there = self._tx.add_units(product, groups)
        new += sum(len(serials) for serials, *_ in groups) - len(there)
        if there:
            self._meet(product, there, own_serials, changes, events)
        changes.extend((made[serial], packed.get(serial), 1, product, serial) for serial in own_serials & made.keys())
        rest = (packed.keys() | own_serials) - made.keys()
        if rest:
            new += self._write_rest(product, rest, own_serials, changes, events)
        self._tx.change_units(changes)
        self._tx.add_unit_events(events)
        self.doubtful.extend((product, serial) for _, _, own, _, serial in changes if own)
        return new

    def _groups(self, product: int) -> Iterator[tuple[int, int | None, list[str]]]:
        """Give the packages that this batch makes, gathered by (making, packing)."""
        made, packed = self._made[product], self._packed[product]
        making_of = made.get
        left = len(made)
        for event, serials in self._packed_runs[product]:
            makings = {*map(making_of, serials)}
            if len(makings) == 1:
                making = makings.pop()
                if making is not None:
                    left -= len(serials)
                    yield making, event, serials
                continue
            for making in makings:
                if making is not None:
                    some = [serial for serial in serials if making_of(serial) == making]
                    left -= len(some)
                    yield making, event, some
        if left:
            for making, serials in self._made_runs[product]:
                loose = serials if packed.keys().isdisjoint(serials) else [s for s in serials if s not in packed]
                if loose:
                    yield making, None, loose

    def _meet(
        self,
        product: int,
        there: Mapping[str, UnitRow],
        own_serials: set[str],
        changes: list[UnitChange],
        events: list[UnitEvent],
    ) -> None:
        """Decide about packages that this batch makes and the record has already."""
        made, packed = self._made[product], self._packed[product]
        doubtful: list[str] = []
        for serial, row in there.items():
            if row.made is not None and not agree(_lot(self._making(row.made)), _lot(self._here[made[serial]])):
                doubtful.append(serial)
            own = serial in own_serials
            self._merge(product, row, made[serial], packed.get(serial), changes, events, own=own)
            own_serials.discard(serial)
        if doubtful:
            message = "on record with another lot or expiry; both are kept"
            self._find("error", "SERIAL_ALREADY_COMMISSIONED", product, doubtful, message)

    def _write_rest(
        self,
        product: int,
        rest: set[str],
        own_serials: set[str],
        changes: list[UnitChange],
        events: list[UnitEvent],
    ) -> int:
        """Write packages that this batch handles but does not make."""
        packed = self._packed[product]
        existing = self._tx.units_of(product, rest)
        for serial, row in existing.items():
            self._merge(product, row, None, packed.get(serial), changes, events, own=serial in own_serials)
        unheard = sorted(rest - existing.keys())
        if unheard:
            self._add_unheard(product, unheard, own_serials)
            # Made by this very batch as a transformation's output: not unheard of.
            made_here = {entry[0] for entry in self._own[product] if entry[3] is not None}
            never_made = [s for s in unheard if s not in made_here]
            if never_made:
                self._find(
                    "warning",
                    "MISSING_COMMISSIONING",
                    product,
                    never_made,
                    "handled, but never said to be made",
                )
        return len(unheard)

    def _add_unheard(self, product: int, serials: list[str], own_serials: set[str]) -> None:
        """Add packages that were never said to be made."""
        packed = self._packed[product]
        groups: dict[tuple[int | None, int | None], list[str]] = defaultdict(list)
        for serial in serials:
            groups[packed.get(serial), 1 if serial in own_serials else None].append(serial)
        self._tx.add_units(product, [(some, None, packing, own) for (packing, own), some in groups.items()])

    def _merge(
        self,
        product: int,
        row: UnitRow,
        making: int | None,
        packing: int | None,
        changes: list[UnitChange],
        events: list[UnitEvent],
        *,
        own: bool,
    ) -> None:
        """Add what this batch says to a package that is on record already."""
        serial, made, packed, _ = row
        if making is not None and made is None:
            made = making
        elif making is not None and made is not None and made != making:
            copies = self._copies(made, making)
            other = made if copies and self._outranks(making, made) else making
            made = making if other == made else made
            events.append((product, serial, self._making(other).event, Role.EPC, other))
            own = own or not copies
        if packing is not None and packed is None:
            packed = packing
        elif packing is not None and packed is not None and packing != packed:
            ours, theirs = self._brief(packing), self._brief(packed)
            copies = ours.parent == theirs.parent and ours.voided_by is None and theirs.voided_by is None
            better = made is not None and bool(self._making(made).speakers & ours.speakers)
            if copies and better and not self._making(made or 0).speakers & theirs.speakers:
                packed, other = packing, packed
            else:
                # Two packings by the makers themselves: which one began the stay is for the fold to say.
                copies = copies and not better
                other = packing
            events.append((product, serial, other, Role.CHILD, None))
            own = own or not copies
        if made is not None and packed is not None and not self._making(made).speakers & self._brief(packed).speakers:
            own = True  # (a making or packing that several say is folded too: see record.facts)
        if made is None and packed is not None and packing is not None and row.packed is not None:
            own = True
        changed: UnitChange = (made, packed, 1 if own or row.own else None, product, serial)
        if changed[:3] != (row.made, row.packed, row.own):
            changes.append(changed)

    def _copies(self, made: int, making: int) -> bool:
        """Tell whether two makings say wholly the same of the package: then the lesser one is only evidence."""
        one, other = self._making(made), self._making(making)
        return (
            _lot(one) == _lot(other)
            and bool(one.lot and one.expiry)
            and not one.voided
            and not other.voided
            and not (one.flags | other.flags) & Flag.COUNTED_IN
        )

    def _outranks(self, making: int, made: int) -> bool:
        """Tell whether a making weighs more than another, as the fold weighs them."""
        return self._rank(self._making(making)) < self._rank(self._making(made))

    def _rank(self, making: Making) -> tuple[int, int, bytes]:
        gtin = self._tx.gtin(making.product)
        return (-self._authority.level(making.speakers, gtin), making.time, making.hash)

    def _making(self, number: int) -> Making:
        return self._here.get(number) or self._tx.making(number)

    def _brief(self, event: int) -> EventBrief:
        brief = self._briefs.get(event)
        if brief is None:
            brief = self._briefs[event] = self._tx.event_brief(event)
        return brief

    def _find(self, severity: str, code: str, product: int, serials: list[str], message: str) -> None:
        gtin = self._tx.gtin(product)
        epcs = [f"01/{gtin}/21/{serial}" for serial in serials[:EPCS_PER_FINDING_MAX]]
        self.findings.append((None, Finding(severity, code, f"{len(serials)} packages of {gtin}: {message}", "", epcs)))


def add_mentions(tx: Transaction, parts: Sequence[UnitEvent]) -> None:
    """Note that packages that hold no others take part in events that make and pack nothing: each has a story now."""
    serials: dict[int, set[str]] = defaultdict(set)
    for product, serial, *_ in parts:
        serials[product].add(serial)
    changes: list[UnitChange] = []
    for product, some in serials.items():
        rows = tx.units_of(product, some)
        changes.extend((row.made, row.packed, 1, product, row.serial) for row in rows.values() if not row.own)
        unheard = sorted(some - rows.keys())
        if unheard:
            tx.add_units(product, [(unheard, None, None, 1)])
    tx.change_units(changes)
    tx.add_unit_events(parts)


def _lot(making: Making) -> tuple[str, str]:
    return making.lot, making.expiry


def _left(runs: list[Run], rows: dict[str, int]) -> list[Run]:
    """Give the runs without the serials that are no longer in ``rows``."""
    shorter = ((number, [serial for serial in serials if serial in rows]) for number, serials in runs)
    return [(number, serials) for number, serials in shorter if serials]
