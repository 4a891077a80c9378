"""Who holds a lot: counted by what packed its packages, container by container, never package by package.

Plain packages are counted by (making, packing) in the store; their custody is that of the outermost container, which
is around to level by level, each level in one read. What the row of a container does not tell is folded, once for
all packages that share their steps. Packages with a story of their own are folded from their events, page by page.
Every answer is the one that the counter would give of each single package.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import msgspec

from rxtrail.answers import Holder, Holders
from rxtrail.core.epcis import canonical
from rxtrail.core.rules.recall import Span
from rxtrail.core.rules.steps import Custody, Flag, Role
from rxtrail.core.rules.words import END_RANKS
from rxtrail.ledger.containers import Snapshot, decode_snapshot
from rxtrail.record.exact import Shelf, container_state, state_of
from rxtrail.record.facts import Recalls
from rxtrail.record.names import Places, product_view
from rxtrail.record.standing import as_seen_by, identity_of
from rxtrail.record.times import day

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rxtrail.core.rules.authority import Authority
    from rxtrail.record.exact import Exact
    from rxtrail.store import Reader
    from rxtrail.store.rows import ContainerRow, HoldingRow, Making, ParentRow, UnitRow

PAGE = 10_000  # packages
MAKINGS_AT_ONCE = 500
ANY_DAY = Span()
CONTAINERS_SHOWN_MAX = 100
Parts = frozenset[tuple[int, int, int | None]]
"""Of a package: (event, role, making) of every part that it takes in events."""
T = TypeVar("T")
_DISPENSED = frozenset({"dispensed", "partially_dispensed"})


def holders(
    reader: Reader,
    authority: Authority,
    gtin: str,
    lot: str,
    *,
    expiry: str = "",
    made: Span = ANY_DAY,
    only_packs: bool = False,
) -> Holders:
    """Tell who holds the packages of a lot (GTIN-14, lot, ISO expiry or empty for any) now.

    ``made`` limits it to packages that were made within a span of days (UTC). ``only_packs`` counts the same packages
    and tells of none where it is, which reads no containers. The reader holds still meanwhile, or counts of two
    moments are mixed.
    """
    known = reader.product(gtin)
    lots = reader.lots_of(known[0], lot) if known is not None else []
    if known is None or not lots:
        return Holders(gtin, lot, expiry, found=False)
    product, holds = known
    count = _Count(reader, authority, gtin, product, lot, expiry, made)
    for number, expires in lots:
        if expiry in ("", expires):
            if only_packs:
                count.only_packs(number)
            else:
                count.plain(number)
    count.odd([number for number, _ in lots])
    if holds:
        count.containers_made([number for number, _ in lots])
    recalls = Recalls()
    recalls.load(reader, authority)
    name, ndc = product_view(reader, gtin)
    shares = [] if only_packs else count.shares()
    packs = count.packs()
    by_state: Counter[str] = Counter()
    for share in shares:
        by_state[share.state] += share.packs
    return Holders(
        gtin,
        lot,
        expiry,
        found=packs > 0,
        product=name,
        ndc=ndc,
        recalled=recalls.of(product, lot),
        pending=any(gtin in job.gtins for job in reader.jobs_unfinished()),
        packs=packs,
        by_state=dict(by_state),
        holders=shares,
    )


class _Share(NamedTuple):
    """What the packages of one share have in common."""

    state: str
    custodian: str
    location: str
    in_transit_to: str
    disposition: str
    holds: tuple[str, ...]


class _Around(msgspec.Struct, frozen=True, gc=False, eq=False):
    """What a container and all around it tell of what is inside, where that needs no folding."""

    outermost: int
    custody: Custody
    holds: tuple[str, ...]


class _Count:
    """Gathers shares; one for each question."""

    def __init__(
        self, reader: Reader, authority: Authority, gtin: str, product: int, lot: str, expiry: str, made: Span
    ) -> None:
        self._reader = reader
        self._gtin = gtin
        self._product = product
        self._lot = lot
        self._expiry = expiry
        self._made = made
        self._identity = identity_of(reader)
        self._shelf = Shelf(reader, authority)
        self._rows: dict[int, ContainerRow] = {}
        self._told: dict[int, _Around | None] = {}  # by container: None where what is inside must be folded
        self._snapshots: dict[bytes, Snapshot] = {}
        self._folded: dict[Parts, Exact] = {}
        self._found: dict[_Share, Counter[int]] = defaultdict(Counter)  # by the outermost container, 0: in none
        self._elsewhere = 0  # packages that are counted without asking where they are

    # -- plain packages --------------------------------------------------------------------------------------------

    def plain(self, lot: int) -> None:
        """Count the packages of a lot whose rows say all."""
        rows = self._reader.holdings_of(lot)
        makings = self._reader.makings({row.making for row in rows})
        packings = self._reader.parents_of_events({row.packed for row in rows if row.packed is not None})
        self._read_around({packing.container for packing in packings.values()})
        packs: Counter[_Around] = Counter()
        others: list[HoldingRow] = []
        if self._made:
            rows = [row for row in rows if self._made.holds(day(makings[row.making].time))]
        for row in rows:
            packing = packings.get(row.packed) if row.packed is not None else None
            around = self._around(makings[row.making], packing)
            if around is None:
                others.append(row)
            else:
                packs[around] += row.packs
        for around, count in packs.items():
            self._add("active", around.custody, around.holds, around.outermost, count)
        if others:
            self._fold_holdings(others, makings, packings)

    def only_packs(self, lot: int) -> None:
        """Count the packages of a lot whose making says all; where they went since takes none away."""
        rows = self._reader.holdings_of(lot)
        makings = self._reader.makings({row.making for row in rows})
        if self._made:
            rows = [row for row in rows if self._made.holds(day(makings[row.making].time))]
        doubtful = [row for row in rows if _is_doubtful(makings[row.making])]
        self._elsewhere += sum(row.packs for row in rows) - sum(row.packs for row in doubtful)
        if doubtful:
            packed = {row.packed for row in doubtful if row.packed is not None}
            self._fold_holdings(doubtful, makings, self._reader.parents_of_events(packed))

    def packs(self) -> int:
        """Give how many were counted."""
        return self._elsewhere + sum(counts.total() for counts in self._found.values())

    def _around(self, making: Making, packing: ParentRow | None) -> _Around | None:
        """Give what is around packages of a making and packing, None when their steps must be folded."""
        if packing is None or making.voided or packing.voided or (making.flags | packing.flags) & Flag.MORE_SPEAKERS:
            return None
        return self._told_since(packing.container, packing.time)

    def _told_since(self, container: int, since: int | None) -> _Around | None:
        """Give what a container and all around it tell of what went in at ``since``, unless it was emptied then."""
        row = self._rows.get(container)
        if row is None or since is None or (row.emptied is not None and row.emptied >= since):
            return None
        return self._told.get(container)

    def _read_around(self, numbers: set[int]) -> None:
        """Read containers and all that these are in now, a level at a time, then work out what they tell."""
        wanted = numbers - self._rows.keys()
        levels: list[set[int]] = []
        while wanted:
            levels.append(wanted)
            found = self._reader.containers(wanted)
            self._rows.update(found)
            wanted = {row.parent for row in found.values() if row.parent is not None} - self._rows.keys()
        read = [row for level in reversed(levels) for number in level if (row := self._rows.get(number)) is not None]
        # A container that was only made and filled caches no custody: those are folded, all read at once.
        self._shelf.need({row.id for row in read if row.parent is None and row.state is None})
        # One that was met on a low level may be around others of that level, so who comes too early waits.
        while read:
            waiting = [row for row in read if not self._tell(row)]
            if len(waiting) == len(read):
                break  # inside themselves: what is in them is folded
            read = waiting

    def _tell(self, row: ContainerRow) -> bool:
        """Work out what a container and all around it tell; False while what is around it has not told yet."""
        if row.parent is None:
            self._told[row.id] = self._told_alone(row)
        elif row.parent in self._told:
            self._told[row.id] = self._told_within(row, self._told_since(row.parent, row.since))
        else:
            return False
        return True

    def _told_alone(self, row: ContainerRow) -> _Around | None:
        if row.state is not None:
            said = self._snapshot(row.state)
        else:
            timeline = self._shelf.containers(row.id)
            assert timeline is not None, "a container that was read has a history"
            state = timeline.state
            if not state.custody.holders:
                return None
            said = Snapshot(state.custody, state.disposition, state.doubts, state.holds, state.recalled)
        if said.disposition in END_RANKS:
            return None
        return _Around(row.id, said.custody, (*said.holds, *said.doubts))

    def _told_within(self, row: ContainerRow, around: _Around | None) -> _Around | None:
        if around is None or row.state is None:
            return around
        said = self._snapshot(row.state)
        if said.disposition in END_RANKS:
            return None
        if not said.holds and not said.doubts:
            return around
        return _Around(around.outermost, around.custody, (*said.holds, *said.doubts, *around.holds))

    def _snapshot(self, state: bytes) -> Snapshot:
        snapshot = self._snapshots.get(state)
        if snapshot is None:
            snapshot = self._snapshots[state] = decode_snapshot(state)
        return snapshot

    # -- what must be folded ---------------------------------------------------------------------------------------

    def _fold_holdings(
        self, rows: list[HoldingRow], makings: dict[int, Making], packings: dict[int, ParentRow]
    ) -> None:
        """Fold plain packages, once for all that share their making and packing.

        Copies that agree with them are indexed beside them, and count in a fold: where there may be some, the
        packages themselves are looked up, as their making or packing lists them.
        """
        self._shelf.need({packings[row.packed].container for row in rows if row.packed is not None})
        retold = self._reader.makings_retold(makings)
        alone: dict[Parts, int] = {}
        listed: dict[tuple[int, int | None], int] = {}
        for row in rows:
            made: Parts = frozenset({(makings[row.making].event, int(Role.EPC), row.making)})
            packed: Parts = frozenset({(row.packed, int(Role.CHILD), None)} if row.packed is not None else ())
            if retold or (row.packed is not None and self._packed_again(packings[row.packed].container)):
                listed[row.making, row.packed] = row.packs
            else:
                alone[made | packed] = row.packs
        self._add_folded(alone)
        if listed:
            self._fold_listed(listed, makings)

    def _packed_again(self, container: int) -> bool:
        """Tell whether more than one event packed into a container, so that one may be a copy of another."""
        packings = (step for step in self._shelf.histories[container] if step.role == Role.PARENT)
        return sum(step.action == "ADD" for step in packings) > 1

    def _fold_listed(self, wanted: dict[tuple[int, int | None], int], makings: dict[int, Making]) -> None:
        events = {packed if packed is not None else makings[making].event for making, packed in wanted}
        found = 0
        for serials in _paged(self._serials(events), PAGE):
            units = self._reader.units_of(self._product, serials).values()
            rows = [row for row in units if row.own is None and (row.made, row.packed) in wanted]
            found += len(rows)
            self._fold_units(rows)
        assert found == sum(wanted.values()), "the counts of a lot's packages are those of its rows"

    def _serials(self, events: Iterable[int]) -> Iterator[str]:
        """Give the serials of this product that events list, each once."""
        key = f"01/{self._gtin}/21/"
        seen: set[str] = set()
        for body in self._reader.event_bodies(events):
            event = canonical.decode(body.canonical)
            for runs in (event.epcs, event.children, event.outputs):
                for run in runs:
                    if run.key == key:
                        new = [serial for serial in dict.fromkeys(run.serials) if serial not in seen]
                        seen.update(new)
                        yield from new

    def odd(self, lots: list[int]) -> None:
        """Count the packages that have a story of their own, whichever of these lots a maker ever said."""
        makings = [making for lot in lots for making in self._reader.makings_of(lot)]
        seen: set[str] = set()
        for some in _paged(iter(makings), MAKINGS_AT_ONCE):
            rows = [row for _, row in self._reader.odd_units_of(some) if row.serial not in seen]
            seen.update(row.serial for row in rows)
            for page in _paged(iter(rows), PAGE):
                self._fold_units(page)

    def _fold_units(self, rows: list[UnitRow]) -> None:
        if rows:
            self._add_folded(Counter(self._reader.unit_parts(self._product, rows).values()))

    def _add_folded(self, packs: dict[Parts, int]) -> None:
        """Fold each set of parts once, and count the packages that have it."""
        steps = {}
        missing = [parts for parts in packs if parts not in self._folded]
        wanted = list({part for parts in missing for part in parts})
        if wanted:
            steps = dict(zip(wanted, self._reader.steps(wanted), strict=True))
            self._shelf.need({step.parent for step in steps.values() if step.parent})
        for parts in missing:
            self._folded[parts] = state_of([steps[part] for part in parts], self._gtin, self._shelf)
        for parts, count in packs.items():
            self._add_exact(self._folded[parts], count)

    def _add_exact(self, exact: Exact, packs: int) -> None:
        state = exact.state
        if state.made < 0 or state.lot != self._lot or self._expiry not in ("", state.expiry):
            return
        if self._made:
            times = [step.time for step in exact.steps if step.event == state.made]
            if not times or not self._made.holds(day(times[0])):
                return
        outermost = exact.containers[-1] if exact.containers else 0
        disposition = exact.ended.disposition or "active"
        self._add(disposition, exact.custody, (*exact.holds, *exact.doubts), outermost, packs)

    # -- packages that are containers ------------------------------------------------------------------------------

    def containers_made(self, lots: list[int]) -> None:
        """Count the packages of these lots that hold, or held, others: whatever a making of them lists."""
        numbers = [making for lot in lots for making in self._reader.makings_of(lot)]
        makings = self._reader.makings(numbers)
        start = f"01/{self._gtin}/21/"
        serials = self._serials({making.event for making in makings.values()})
        seen: set[int] = set()
        for some in _paged(serials, PAGE):
            ids = set(self._reader.container_ids(start + serial for serial in some).values()) - seen
            seen |= ids
            if ids:
                self._fold_containers(ids)

    def _fold_containers(self, ids: set[int]) -> None:
        rows = self._reader.containers(ids)
        self._shelf.need(ids)
        for row in rows.values():
            self._add_exact(container_state(self._reader, self._shelf.authority, row, shelf=self._shelf), 1)

    # -- shares ----------------------------------------------------------------------------------------------------

    def _add(self, disposition: str, custody: Custody, holds: tuple[str, ...], outermost: int, packs: int) -> None:
        seen = as_seen_by(self._identity, custody)
        to = seen.to[0] if seen.to else ""
        held = tuple(sorted(set(holds)))
        ended = disposition in END_RANKS
        if ended:
            state = "dispensed" if disposition in _DISPENSED else "ended"
        elif held:
            state = "on-hold"
        elif to:
            state = "in-transit"
        else:
            state = "on-hand" if seen.custodian or seen.location else "unknown"
        share = _Share(state, seen.custodian, seen.location, to, disposition, held)
        self._found[share][outermost] += packs

    def shares(self) -> list[Holder]:
        """Give the shares, the largest first."""
        places = Places(self._reader)
        shown = {
            number
            for counts in self._found.values()
            for number in sorted(n for n in counts if n)[:CONTAINERS_SHOWN_MAX]
        }
        keys = {number: row.key for number, row in self._rows.items() if number in shown}
        unread = shown - keys.keys()
        if unread:
            keys.update({number: row.key for number, row in self._reader.containers(unread).items()})
        found = []
        for share, counts in self._found.items():
            numbers = sorted(number for number in counts if number)
            found.append(
                Holder(
                    share.state,
                    counts.total(),
                    places.of(share.custodian),
                    places.of(share.location),
                    places.of(share.in_transit_to),
                    share.disposition,
                    list(share.holds),
                    counts[0],
                    len(numbers),
                    [keys[number] for number in numbers[:CONTAINERS_SHOWN_MAX]],
                )
            )
        return sorted(found, key=lambda share: (-share.packs, share.state, share.custodian.id, share.location.id))


def _paged(each: Iterator[T], count: int) -> Iterator[list[T]]:
    while page := list(islice(each, count)):
        yield page


def _is_doubtful(making: Making) -> bool:
    """Tell whether only a fold says what a making made: it was declared an error, or somebody else told it too."""
    return making.voided or bool(making.flags & Flag.MORE_SPEAKERS)
