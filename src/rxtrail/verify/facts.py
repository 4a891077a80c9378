"""The facts of one pack for the counter: one statement for a plain pack, its whole history for any other."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import msgspec

from rxtrail.core.rules.steps import Flag
from rxtrail.core.rules.verdict import Facts
from rxtrail.ledger.containers import decode_snapshot
from rxtrail.ledger.states import container_state, unit_state
from rxtrail.store.rows import UnitRow

if TYPE_CHECKING:
    from rxtrail.core.rules.authority import Authority
    from rxtrail.ledger.states import Exact
    from rxtrail.store import Reader
    from rxtrail.store.rows import Making, PackFacts


class Found(msgspec.Struct, gc=False):
    """What the record holds of a pack, and where it says so."""

    facts: Facts
    container: str = ""  # the innermost container now, canonical
    document: int = 0
    speakers: frozenset[str] = frozenset()


class Pending(msgspec.Struct, frozen=True, gc=False):
    """What is still being written: documents by number, and the GTINs they speak of."""

    documents: frozenset[int] = frozenset()
    gtins: frozenset[str] = frozenset()


class Recalls:
    """Whole lots and products that are recalled, kept in memory: there are few, and every scan asks."""

    def __init__(self) -> None:
        """Start empty; :meth:`load` fills it."""
        self.lots: frozenset[tuple[int, str]] = frozenset()
        self.products: frozenset[int] = frozenset()

    def load(self, reader: Reader, authority: Authority) -> None:
        """Read all class-level statements; the latest of those who may make one stands."""
        latest: dict[tuple[int, str], bool] = {}
        rows = reader.class_steps()
        for product, lot, step in sorted(rows, key=lambda row: row[2].key):
            gtin = reader.gtin(product)
            if not step.voided and authority.level(step.speakers, gtin) > 1:
                latest[product, lot] = step.disposition == "recalled"
        self.lots = frozenset(key for key, recalled in latest.items() if recalled and key[1])
        self.products = frozenset(product for (product, lot), recalled in latest.items() if recalled and not lot)

    def of(self, product: int, *lots: str) -> str:
        """Tell what is recalled: the ``product``, the ``lot``, or nothing."""
        if product in self.products:
            return "product"
        return "lot" if any((product, lot) in self.lots for lot in lots if lot) else ""


def find(
    reader: Reader, authority: Authority, recalls: Recalls, gtin: str, serial: str, scanned_lot: str, pending: Pending
) -> Found:
    """Find one package by (GTIN-14, serial)."""
    known = reader.product(gtin)
    if known is None:
        return Found(Facts(pending=gtin in pending.gtins))
    product, holds = known
    row = reader.pack_facts(product, serial)
    if row is None:
        if holds:
            case = reader.container(f"01/{gtin}/21/{serial}")
            if case is not None:
                exact = container_state(reader, authority, case)
                return _from_exact(reader, authority, recalls, product, gtin, scanned_lot, exact, pending)
        recalled = recalls.of(product, scanned_lot)
        return Found(Facts(product_known=True, recalled=recalled, pending=gtin in pending.gtins))
    if row.own is None and row.made is not None:
        making = reader.making(row.made)
        found = _plain(authority, recalls, product, gtin, scanned_lot, row, making, pending)
        if found is not None:
            return found
    unit = UnitRow(serial, row.made, row.packed, row.own)
    exact = unit_state(reader, authority, product, serial, unit)
    return _from_exact(reader, authority, recalls, product, gtin, scanned_lot, exact, pending)


def _plain(
    authority: Authority, recalls: Recalls, product: int, gtin: str, scanned_lot: str, row: PackFacts, making: Making, pending: Pending
) -> Found | None:
    """Give the facts of a pack whose row says all, or None when its history must be folded."""
    if making.voided or row.packed is None or row.packed_voided is not None or not row.chain:
        return None
    since = row.packed_time
    assert since is not None, "a packing event has a time"
    doubts: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    recalled = recalls.of(product, making.lot, scanned_lot)
    snapshot = None
    for link in row.chain:
        if link.emptied is not None and link.emptied >= since:
            return None
        snapshot = decode_snapshot(link.state) if link.state is not None else None
        if snapshot is not None:
            doubts += snapshot.doubts
            holds += snapshot.holds
            if snapshot.recalled and not recalled:
                recalled = "pack"
        if link.parent is None:
            break
        assert link.since is not None, "what is inside has a time of packing"
        since = link.since
    else:
        return None  # nested deeper than one statement reads
    if snapshot is None:
        return None
    documents = pending.documents
    facts = Facts(
        product_known=True,
        on_record=True,
        lot=making.lot,
        expiry=making.expiry,
        basis=basis_of(authority, making.speakers, making.flags, gtin),
        disposition="active",
        custody=snapshot.custody,
        holds=holds,
        doubts=doubts,
        recalled=recalled,
        pending=bool(documents) and (making.document in documents or row.packed_document in documents),
        sender_inactive=_inactive(authority, making.speakers),
    )
    return Found(facts, row.chain[0].key, making.document, making.speakers)


def _from_exact(
    reader: Reader, authority: Authority, recalls: Recalls, product: int, gtin: str, scanned_lot: str, exact: Exact, pending: Pending
) -> Found:
    state = exact.state
    made = state.made >= 0
    containers = reader.containers(exact.containers[:1])
    container = containers[exact.containers[0]].key if exact.containers else ""
    recalled = recalls.of(product, state.lot, scanned_lot) or ("pack" if _recalled_inside(exact) else "")
    speakers = frozenset(state.made_by)
    facts = Facts(
        product_known=True,
        on_record=made,
        mentioned=not made,
        lot=state.lot,
        expiry=state.expiry,
        basis=basis_of(authority, speakers, state.made_flags, gtin) if made else "none",
        disposition=state.disposition or "active",
        ended_where=state.ended_where,
        ended_day=day_of(state.ended_time) if state.ended_time else "",
        custody=exact.custody,
        holds=exact.holds,
        doubts=exact.doubts,
        recalled=recalled,
        pending=bool(pending.documents) and any(step.document in pending.documents for step in exact.steps),
        sender_inactive=_inactive(authority, speakers),
    )
    return Found(facts, container, state.document, speakers)


def _recalled_inside(exact: Exact) -> bool:
    if exact.state.recalled:
        return True
    timelines = (exact.folded(number) for number in exact.containers)
    return any(timeline is not None and timeline.state.recalled for timeline in timelines)


def basis_of(authority: Authority, speakers: frozenset[str], flags: int, gtin: str) -> str:
    """Tell on whose word the record stands: the issuer of the GTIN, a supplier, or our own count."""
    if flags & Flag.COUNTED_IN:
        return "counted-in"
    return "issuer" if any(speaker and authority.is_issuer(speaker, gtin) for speaker in speakers) else "supplier"


def _inactive(authority: Authority, speakers: frozenset[str]) -> str:
    for speaker in speakers:
        if not authority.is_self(speaker) and authority.is_listed(speaker) and not authority.is_partner(speaker):
            return speaker
    return ""


def day_of(microseconds: int) -> str:
    """Give the UTC day of a time as ISO."""
    return datetime.datetime.fromtimestamp(microseconds / 1_000_000, datetime.UTC).date().isoformat()
