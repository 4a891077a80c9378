"""The rows of containers that one batch touches: every event is indexed, and the fold is cached on the row.

A container that was made, filled and packed at most once, all by one speaker, needs no cached state: its row names
the parent, and whoever asks climbs. Everything else is folded from its whole history, and so is what was ever inside
and had a life of its own.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from rxtrail.core.epcis.event import EPCS_PER_FINDING_MAX, Finding
from rxtrail.core.rules.authority import issued_as
from rxtrail.core.rules.fold import Containers
from rxtrail.core.rules.steps import Custody, Role, Timeline
from rxtrail.ledger.changes import FoldAll
from rxtrail.store.rows import ContainerRow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rxtrail.core.rules.authority import Authority
    from rxtrail.ledger.log import Log
    from rxtrail.store import Transaction

GTIN_PART = slice(3, 17)
SERIAL_PART = slice(21, None)
FOLDED_AT_ONCE = 5_000


class Snapshot(msgspec.Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """What a container's row caches of its fold; its custody counts only while it is in no container."""

    custody: Custody = Custody()
    disposition: str = ""
    doubts: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    recalled: bool = False


encode_snapshot = msgspec.msgpack.Encoder().encode
decode_snapshot = msgspec.msgpack.Decoder(Snapshot).decode


class ContainerRows:
    """Gathers what the events of one batch say of containers, and writes it once."""

    def __init__(self, tx: Transaction, authority: Authority, speaker: int) -> None:
        """Start with nothing touched; ``speaker`` is the number of the batch's speaker."""
        self._tx = tx
        self._speaker = speaker
        self._authority = authority
        self._expected: set[str] = set()
        self._numbers: dict[str, int] = {}
        self._new: set[str] = set()
        self._next = 0
        self._touched: dict[str, list[tuple[int, int, int | None]]] = defaultdict(list)
        self._refold: set[int] = set()
        self._holding: dict[int, set[str]] = defaultdict(set)  # product -> serials that are parents in this batch
        self._packings: dict[int, tuple[int, int]] = {}  # packing event of this batch -> (parent, time)
        self._within: dict[int, int] = {}  # event -> its parent
        self.odd: set[int] = set()  # events of this batch that need folding: declared wrong, or making and holding
        self.findings: list[tuple[int | None, Finding]] = []

    # -- numbering -------------------------------------------------------------------------------------------------

    def expect(self, key: str) -> None:
        """Announce a parent before :meth:`number` is called."""
        self._expected.add(key)

    def number(self) -> None:
        """Find or give the numbers of all announced parents, many at once."""
        known = self._tx.container_ids(self._expected)
        self._numbers.update(known)
        for key in sorted(self._expected - known.keys()):
            self._add(key)
        for key in self._expected:
            if is_sgtin(key):
                self._holding[self._tx.product_id(key[GTIN_PART])].add(key[SERIAL_PART])
        for product in self._holding:
            if not self._tx.product_holds(product):
                self._tx.mark_holding(product)

    def _add(self, key: str) -> int:
        if not self._next:
            self._next = self._tx.next_container()
        number = self._numbers[key] = self._next
        self._next += 1
        self._new.add(key)
        return number

    def number_of(self, key: str) -> int:
        """Give the number of an announced parent."""
        return self._numbers[key]

    # -- gathering -------------------------------------------------------------------------------------------------

    def touch(self, key: str, event: int, role: Role, making: int | None = None) -> None:
        """Note the part that a container takes in an event."""
        self._touched[key].append((event, role, making))

    def packing(self, event: int, parent: str, time: int) -> None:
        """Note that an event of this batch packs into ``parent``."""
        self._packings[event] = (self._numbers[parent], time)

    def within(self, event: int, parent: int) -> None:
        """Note the parent that an event of this batch names, whatever it says of it."""
        self._within[event] = parent

    def refold(self, numbers: Iterable[int]) -> None:
        """Have containers folded anew, since one of their events was voided or said by one more speaker."""
        self._refold.update(numbers)

    def holds(self, product: int) -> bool:
        """Tell whether any package of this product is a container."""
        return product in self._holding or self._tx.product_holds(product)

    def known(self, product: int, serials: set[str]) -> dict[str, str]:
        """Give serial -> key for those of these packages that are containers, now or since earlier."""
        start = f"01/{self._tx.gtin(product)}/21/"
        here = serials & self._holding[product]
        found = {serial: start + serial for serial in here}
        others = serials - here
        if others:
            numbers = self._tx.container_ids(start + serial for serial in others)
            self._numbers.update(numbers)
            found.update({key[len(start) :]: key for key in numbers})
        return found

    # -- writing ---------------------------------------------------------------------------------------------------

    def write(self, events: set[int]) -> int:
        """Write all rows; give how many of the new containers are packages new to the record.

        ``events`` are the batch's own positions: only what these events say wrong becomes a finding of this batch.
        """
        self._resolve()
        packages = self._promote()
        index: list[tuple[int, int, int, int | None]] = []
        insides: set[tuple[int, int]] = set()
        rows: dict[int, ContainerRow] = {}  # as they were, or new and empty
        plain: dict[int, ContainerRow] = {}  # as they are now, where that needs no folding
        numbers = [self._numbers[key] for key in self._touched if key not in self._new]
        known = self._tx.containers(numbers) if numbers else {}
        for key, touches in self._touched.items():
            number = self._numbers[key]
            index.extend((number, event, role, making) for event, role, making in touches)
            insides.update((self._parent(event), number) for event, role, _ in touches if role == Role.CHILD)
            old = known.get(number)
            if old is None:
                product = self._tx.product_id(key[GTIN_PART]) if is_sgtin(key) else None
                old = ContainerRow(number, key, product, None, None, None, None, self._speaker, None)
            rows[number] = old
            row = self._plain(old, touches) if number not in self._refold else None
            if row is not None:
                plain[number] = row
        for number in self._in_rings(plain):
            del plain[number]
        self._tx.add_containers([plain.get(number, row) for number, row in rows.items() if row.key in self._new])
        self._tx.set_containers([row for row in plain.values() if row.key not in self._new])
        self._tx.add_container_events(index)
        self._tx.add_insides(sorted(pair for pair in insides if pair[0]))
        self._write_folds(self._refold | (rows.keys() - plain.keys()), events)
        return packages

    def _parent(self, event: int) -> int:
        parent = self._within.get(event)
        if parent is None:  # an event of earlier, of a package that turned out to be a container
            parent = self._within[event] = self._tx.event_brief(event).parent
        return parent

    def _in_rings(self, plain: dict[int, ContainerRow]) -> set[int]:
        """Give those of the containers that are, through other containers, inside themselves."""
        above: dict[int, int | None] = {number: row.parent for number, row in plain.items()}
        frontier = {parent for parent in above.values() if parent is not None} - above.keys()
        while frontier:
            rows = self._tx.containers(frontier)
            above.update({number: rows[number].parent if number in rows else None for number in frontier})
            frontier = {p for n in frontier if (p := above[n]) is not None} - above.keys()
        rings: set[int] = set()
        for number in plain:
            seen: set[int] = set()
            parent = above[number]
            while parent is not None and parent not in seen:
                if parent == number:
                    rings.add(number)
                    break
                seen.add(parent)
                parent = above[parent]
        return rings

    def _resolve(self) -> None:
        """Find the numbers of everything that was touched without being announced."""
        unknown = self._touched.keys() - self._numbers.keys()
        if unknown:
            known = self._tx.container_ids(unknown)
            self._numbers.update(known)
            for key in sorted(unknown - known.keys()):
                self._add(key)

    def _promote(self) -> int:
        """Move packages that turn out to be containers; count the containers that are new packages."""
        by_product: dict[int, dict[str, str]] = defaultdict(dict)
        for key in self._new:
            if is_sgtin(key):
                by_product[self._tx.product_id(key[GTIN_PART])][key[SERIAL_PART]] = key
        new = 0
        for product, keys in by_product.items():
            earlier = self._tx.units_of(product, keys)
            new += len(keys) - len(earlier)
            for serial in earlier:
                self._touched[keys[serial]].extend(self._tx.take_unit(product, serial))
                self._refold.add(self._numbers[keys[serial]])
        return new

    def _plain(self, old: ContainerRow, touches: list[tuple[int, int, int | None]]) -> ContainerRow | None:
        """Give the row of a container that stays plain after these events, or None when it needs folding."""
        if old.state is not None or old.speaker != self._speaker:
            return None
        made, parent, since = old.made, old.parent, old.since
        for event, role, making in touches:
            packing = self._packings.get(event)
            if event in self.odd:
                return None
            if role == Role.CHILD and packing is not None and parent is None and packing[0] != old.id:
                parent, since = packing
            elif role == Role.EPC and making is not None and made is None:
                made = making
            elif role != Role.PARENT or packing is None:
                return None
        return ContainerRow(old.id, old.key, old.product, made, parent, since, None, self._speaker, None)

    def _write_folds(self, fold: set[int], events: set[int]) -> None:
        """Fold these, and all that was ever inside what changed, through however many plain boxes."""
        wanted = set(fold)
        # What is inside a new container was touched with it, so only what was there before is looked into.
        frontier = self._refold | {self._numbers[key] for key in self._touched if key not in self._new}
        seen = set(frontier)
        while frontier:
            found = self._tx.dependants(frontier)
            frontier = found.keys() - seen
            seen |= frontier
            wanted.update(number for number in frontier if found[number])
        for key, timeline, cyclic in fold_containers(self._tx, self._authority, wanted):
            self._find(key, timeline, events, cyclic=cyclic)

    def _find(self, key: str, timeline: Timeline, events: set[int], *, cyclic: bool) -> None:
        for note in timeline.state.notes:
            if note.event in events:
                severity = "warning" if note.counts else "error"
                self.findings.append((note.event, Finding(severity, note.code, note.message, "", [key])))
        if cyclic:
            message = "the container is, through other containers, inside itself"
            self.findings.append((None, Finding("error", "HIERARCHY_CYCLE", message, "", [key][:EPCS_PER_FINDING_MAX])))


def fold_containers(tx: Transaction, authority: Authority, numbers: set[int]) -> list[tuple[str, Timeline, bool]]:
    """Fold containers from their whole histories and write their rows; give (key, timeline, is in a ring) of each."""
    if not numbers:
        return []
    histories = tx.histories(numbers)
    rows = tx.containers(histories)
    gtins = {number: issued_as(row.key) for number, row in rows.items()}
    containers = Containers(histories, gtins, authority)
    folded: list[tuple[str, Timeline, bool]] = []
    changed: list[ContainerRow] = []
    for number in sorted(numbers):
        timeline = containers(number)
        assert timeline is not None, "a container that was read has a history"
        changed.append(container_row(rows[number], timeline))
        folded.append((rows[number].key, timeline, number in containers.cyclic))
    tx.set_containers(changed)
    return folded


def fold_all(tx: Transaction, log: Log, authority: Authority) -> None:
    """Fold every container anew, since who has standing has changed; plain ones say the same to everybody."""
    log.note(FoldAll())
    after = 0
    while numbers := tx.folded_containers(after, FOLDED_AT_ONCE):
        fold_containers(tx, authority, set(numbers))
        after = numbers[-1]


def container_row(row: ContainerRow, timeline: Timeline) -> ContainerRow:
    """Give a container's row with the cached fold of its timeline."""
    state = timeline.state
    stay = state.stays[-1] if state.stays and state.stays[-1].until is None else None
    snapshot = Snapshot(state.custody, state.disposition, state.doubts, state.holds, state.recalled)
    return ContainerRow(
        row.id,
        row.key,
        row.product,
        row.made,
        stay.container if stay is not None else None,
        stay.since[0] if stay is not None else None,
        max(key[0] for key in timeline.emptied) if timeline.emptied else None,
        None,
        encode_snapshot(snapshot),
    )


def is_sgtin(key: str) -> bool:
    """Tell whether a canonical identifier is a trade item with a serial."""
    return len(key) > 21 and key.startswith("01/") and key[17:21] == "/21/"
