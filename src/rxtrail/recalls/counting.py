"""Which packs a recall means now, and who has them.

Whole lots are counted by what packed them, as ``rxtrail holders`` does, so a lot of 100,000 costs what its containers
cost. A recall of single serials is counted pack by pack.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from rxtrail.core.rules.recall import Fit, fit, lot_text, names_lot
from rxtrail.core.rules.words import END_RANKS
from rxtrail.recalls.values import HolderCount, LotCount, RecallPreview
from rxtrail.record.exact import Shelf
from rxtrail.record.facts import Memory, Pending, Recalls, find
from rxtrail.record.names import Places, product_view
from rxtrail.record.standing import as_seen_by, identity_of, partner_names
from rxtrail.record.times import day

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rxtrail.answers import Holders
    from rxtrail.core.rules.authority import Authority
    from rxtrail.core.rules.recall import Scope, SerialScope, Span
    from rxtrail.store import Reader
    from rxtrail.store.rows import UnitRow

    # (reader, authority, gtin, lot, expiry, span of making, only how many) -> who holds that lot
    CountHolders = Callable[[Reader, Authority, str, str, str, Span, bool], Holders]

PAGE = 5_000
LOTS_SHOWN_MAX = 1_000
_DISPENSED = frozenset({"dispensed", "partially_dispensed"})


class PackOf(NamedTuple):
    """One pack that a recall means, or may mean (``sure`` False)."""

    gtin: str
    serial: str
    lot: str
    expiry: str
    state: str
    custodian: str
    in_transit_to: str
    sure: bool


class Place(NamedTuple):
    """Where a list of packs goes on: behind a serial, in one span of serials of one product of a scope."""

    product: int
    span: int
    serial: str


class _Lot(NamedTuple):
    gtin: str
    lot: str
    expiry: str
    fits: Fit


def preview(
    reader: Reader,
    authority: Authority,
    scope: Scope,
    count: CountHolders,
    seconds: Callable[[], float],
    *,
    unread: bool = False,
) -> RecallPreview:
    """Count the packs that a scope means; the reader holds still meanwhile.

    ``unread``: the scope is what was understood of a notice, so nothing is told to be not affected.
    """
    begun = seconds()
    lots = list(_lots(reader, scope))
    tally = _Tally(reader)
    counted: list[LotCount] = []
    others: list[LotCount] = []
    unknown = 0
    by_state: Counter[str] = Counter()
    pending = False
    for each in lots:
        whole = each.fits is not Fit.NO and bool(each.lot) and not scope.serials
        answer = count(reader, authority, each.gtin, each.lot, each.expiry, scope.made, not whole)
        pending = pending or answer.pending
        row = LotCount(each.gtin, each.lot, each.expiry, answer.packs, answer.by_state)
        if whole:
            counted.append(row)
            by_state.update(answer.by_state)
            for share in answer.holders:
                tally.add(share.state, share.custodian.id, share.in_transit_to.id, share.packs)
        elif not each.lot and each.fits is not Fit.NO:
            unknown += answer.packs
        elif answer.packs:
            others.append(row)
    if scope.serials:
        meant: Counter[tuple[str, str]] = Counter()
        for pack in packs(reader, authority, scope):
            by_state[pack.state] += 1
            meant[pack.gtin, pack.lot] += 1
            tally.add(pack.state, pack.custodian, pack.in_transit_to, 1)
        left = (msgspec.structs.replace(row, packs=row.packs - meant[row.gtin, row.lot], by_state={}) for row in others)
        others = [row for row in left if row.packs > 0]
    others = sorted(others, key=lambda row: -row.packs)[:LOTS_SHOWN_MAX]
    return RecallPreview(
        scope,
        by_state.total(),
        dict(by_state),
        sorted((row for row in counted if row.packs), key=lambda row: -row.packs)[:LOTS_SHOWN_MAX],
        tally.holders(),
        unknown,
        [] if unread else others,
        _absent(scope, lots),
        {gtin: product_view(reader, gtin)[0] for gtin in scope.gtins if reader.product(gtin) is not None},
        pending,
        round(seconds() - begun, 4),
        others if unread else [],
    )


def packs(reader: Reader, authority: Authority, scope: Scope) -> Iterator[PackOf]:
    """Give every pack that a scope means, or may mean, one by one; for lists of serials, not for counting lots."""
    return (pack for _, pack in looked_at(reader, authority, scope) if pack is not None)


def looked_at(
    reader: Reader, authority: Authority, scope: Scope, after: Place | None = None
) -> Iterator[tuple[Place, PackOf | None]]:
    """Give each pack that is looked at, behind a place: None when the scope does not mean it."""
    identity = identity_of(reader)
    memory = Memory()
    memory.shelf = Shelf(reader, authority)
    recalls = Recalls()
    start = after or Place(0, 0, "")
    for number, gtin in enumerate(scope.gtins[start.product :], start.product):
        known = reader.product(gtin)
        if known is None:
            continue
        begun = start if number == start.product else Place(number, 0, "")
        for span, serial in _serials(reader, known[0], scope, begun):
            place = Place(number, span, serial)
            found = find(reader, authority, recalls, gtin, serial, "", Pending(), memory)
            facts = found.facts
            made = day(found.made_time) if found.made_time else ""
            fits = fit(scope, gtin, serial, facts.lot, facts.expiry, made)[0] if facts.on_record else Fit.NO
            if fits is Fit.NO:
                yield place, None
                continue
            custody = as_seen_by(identity, facts.custody)
            to = custody.to[0] if custody.to else ""
            state = _state(facts.disposition, to, custody.custodian or custody.location, (*facts.holds, *facts.doubts))
            sure = fits is Fit.YES
            yield place, PackOf(gtin, serial, facts.lot, facts.expiry, state, custody.custodian, to, sure)


def _state(disposition: str, to: str, somewhere: str, held: tuple[str, ...]) -> str:
    if disposition in END_RANKS:
        return "dispensed" if disposition in _DISPENSED else "ended"
    if held:
        return "on-hold"
    return "in-transit" if to else "on-hand" if somewhere else "unknown"


def _lots(reader: Reader, scope: Scope) -> Iterator[_Lot]:
    """Give every lot of the products, and whether the scope means it."""
    for gtin in scope.gtins:
        known = reader.product(gtin)
        if known is None:
            continue
        for lot, expiry in reader.lots_of_product(known[0]):
            # Which serials and days of making are meant is not a matter of the lot.
            fits, _ = fit(_of_lots(scope), gtin, "", lot, expiry, "")
            yield _Lot(gtin, lot, expiry, fits)


def _of_lots(scope: Scope) -> Scope:
    return type(scope)(gtins=scope.gtins, lots=scope.lots, all_lots=scope.all_lots, expires=scope.expires)


def _serials(reader: Reader, product: int, scope: Scope, after: Place) -> Iterator[tuple[int, str]]:
    """Give (span, serial) of what a scope may mean of a product, behind a place."""
    if not scope.serials:
        yield from ((0, row.serial) for row in _behind(reader, product, after.serial))
        return
    for span, each in enumerate(scope.serials[after.span :], after.span):
        begun = after.serial if span == after.span else ""
        for row in _within(reader, product, each, begun):
            yield span, row.serial


def _within(reader: Reader, product: int, span: SerialScope, begun: str) -> Iterator[UnitRow]:
    """Give the packages of a span; in the order of the store's keys those that begin alike stand together."""
    if not begun:
        yield from reader.units_of(product, [span.first]).values()
        if not span.prefix and span.first == span.last:
            return
    last = span.last.encode()
    for row in _behind(reader, product, begun or span.first):
        if not (row.serial.startswith(span.first) if span.prefix else row.serial.encode() <= last):
            return
        yield row


def _behind(reader: Reader, product: int, after: str) -> Iterator[UnitRow]:
    """Give the packages of a product behind a serial, in the order of the store's keys."""
    while True:
        page = reader.units_from((product, after), PAGE)
        for number, row in page:
            if number != product:
                return
            yield row
        if len(page) < PAGE:
            return
        after = page[-1][1].serial


def _absent(scope: Scope, lots: list[_Lot]) -> list[str]:
    """Give the lots that are named, of which nothing is on record."""
    held = {lot_text(each.lot) for each in lots}
    missing = (
        each
        for each in scope.lots
        if not (any(names_lot(each, lot) for lot in held) if each.prefix else lot_text(each.lot) in held)
    )
    return [f"{each.lot}*" if each.prefix else each.lot for each in missing]


class _Tally:
    """Packs by holder."""

    def __init__(self, reader: Reader) -> None:
        self._places = Places(reader)
        self._partners = partner_names(reader)
        self._found: dict[str, Counter[str]] = {}

    def add(self, state: str, custodian: str, to: str, packs: int) -> None:
        who = to if state == "in-transit" and to else custodian
        self._found.setdefault(who, Counter())[state] += packs

    def holders(self) -> list[HolderCount]:
        found = [
            HolderCount(
                gln,
                self._partners.get(gln) or self._places.of(gln).name,
                count["on-hand"],
                count["in-transit"],
                count["dispensed"],
                count["ended"],
                count["on-hold"],
                count["unknown"],
            )
            for gln, count in self._found.items()
        ]
        return sorted(found, key=lambda holder: (-holder.reachable, -holder.dispensed, holder.gln))
