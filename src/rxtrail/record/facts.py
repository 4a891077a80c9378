"""The facts of one pack for the counter: one statement for a plain pack, its whole history for any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from rxtrail.core.rules.authority import OTHER
from rxtrail.core.rules.steps import Flag, Step
from rxtrail.core.rules.verdict import Facts
from rxtrail.core.rules.words import END_RANKS, RECALLED
from rxtrail.ledger.containers import Snapshot, decode_snapshot
from rxtrail.record.exact import Exact, Shelf, container_state, unit_state
from rxtrail.record.standing import identity_of, partners_of
from rxtrail.record.times import day
from rxtrail.store.rows import Making, PackFacts, UnitRow

if TYPE_CHECKING:
    from rxtrail.core.rules.authority import Authority
    from rxtrail.store import Reader


REMEMBERED_MAX = 200_000
_NOTHING_SAID = Snapshot()


class Found(msgspec.Struct, gc=False):
    """What the record holds of a pack, and where it says so."""

    facts: Facts
    container: str = ""  # the innermost container now, canonical
    document: int = 0
    speakers: frozenset[str] = frozenset()
    made_time: int = 0  # when it was made, in microseconds; 0: nobody said
    made: int = -1  # the position of the event that made it
    row: PackFacts | None = None  # of a plain pack: the containers around it
    exact: Exact | None = None  # of any other: its whole story


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
        """Read all class-level statements: a recall stands until it is lifted by somebody who may."""
        standing: dict[tuple[int, str], list[Step]] = {}
        customers = _customers(reader)
        for product, lot, step in sorted(reader.class_steps(), key=lambda row: row[2].key):
            gtin = reader.gtin(product)
            level = authority.level(step.speakers - customers, gtin)
            if step.voided or step.flags & Flag.DECLARATION or level <= OTHER:
                continue
            recalls = standing.setdefault((product, lot), [])
            if step.disposition == RECALLED:
                recalls.append(step)
            else:
                # Who recalled it may lift that, and so may whoever weighs more: nobody lifts another's recall else.
                recalls[:] = [
                    recall
                    for recall in recalls
                    if not (recall.speakers & step.speakers or level > authority.level(recall.speakers, gtin))
                ]
        recalled = {key for key, recalls in standing.items() if recalls}
        self.lots = frozenset(key for key in recalled if key[1])
        self.products = frozenset(product for product, lot in recalled if not lot)

    def of(self, product: int, *lots: str) -> str:
        """Tell what is recalled: the ``product``, the ``lot``, or nothing."""
        if product in self.products:
            return "product"
        return "lot" if any((product, lot) in self.lots for lot in lots if lot) else ""


def _customers(reader: Reader) -> frozenset[str]:
    """Give whose word recalls nothing: on a hub the pharmacies, of whom one key could stop a country's lots."""
    if identity_of(reader).role != "hub":
        return frozenset()
    return frozenset(gln for partner in partners_of(reader) if partner.role == "pharmacy" for gln in partner.glns)


class Made(msgspec.Struct, frozen=True, gc=False):
    """What one making means for every package of it: the same for thousands, so worked out once."""

    making: Making
    basis: str
    recalled: str
    inactive: str


class Memory:
    """What is worked out once and asked by every scan; dropped whenever the record says that it may have changed."""

    def __init__(self) -> None:
        """Start empty."""
        self.made: dict[int, Made] = {}
        self.snapshots: dict[bytes, Snapshot] = {}
        self.shelf: Shelf | None = None  # only where the record cannot change meanwhile

    def forget(self) -> None:
        """Drop everything."""
        self.made.clear()
        self.snapshots.clear()

    def made_of(self, reader: Reader, authority: Authority, recalls: Recalls, number: int, gtin: str) -> Made:
        """Give what a making means."""
        made = self.made.get(number)
        if made is None:
            if len(self.made) >= REMEMBERED_MAX:
                self.made.clear()
            making = reader.making(number)
            made = self.made[number] = Made(
                making,
                basis_of(authority, making.speakers, making.flags, gtin),
                recalls.of(making.product, making.lot),
                _inactive(authority, making.speakers),
            )
        return made

    def snapshot(self, state: bytes) -> Snapshot:
        """Decode a container's cached fold; thousands of packs share one."""
        snapshot = self.snapshots.get(state)
        if snapshot is None:
            if len(self.snapshots) >= REMEMBERED_MAX:
                self.snapshots.clear()
            snapshot = self.snapshots[state] = decode_snapshot(state)
        return snapshot


def find(
    reader: Reader,
    authority: Authority,
    recalls: Recalls,
    gtin: str,
    serial: str,
    scanned_lot: str,
    pending: Pending,
    memory: Memory,
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
                exact = container_state(reader, authority, case, shelf=memory.shelf)
                return _from_exact(reader, authority, recalls, product, gtin, scanned_lot, exact, pending)
        recalled = recalls.of(product, scanned_lot)
        return Found(Facts(product_known=True, recalled=recalled, pending=gtin in pending.gtins))
    if row.own is None and row.made is not None:
        made = memory.made_of(reader, authority, recalls, row.made, gtin)
        found = _plain(recalls, product, scanned_lot, row, made, pending, memory)
        if found is not None:
            return found
    unit = UnitRow(serial, row.made, row.packed, row.own)
    exact = unit_state(reader, authority, product, serial, unit, shelf=memory.shelf)
    return _from_exact(reader, authority, recalls, product, gtin, scanned_lot, exact, pending)


def _plain(
    recalls: Recalls,
    product: int,
    scanned_lot: str,
    row: PackFacts,
    made: Made,
    pending: Pending,
    memory: Memory,
) -> Found | None:
    """Give the facts of a pack whose row says all, or None when its history must be folded."""
    making = made.making
    packed = row.packed_time
    if making.voided or packed is None or row.packed_voided is not None or row.a_key is None:
        return None
    if (making.flags | (row.packed_flags or 0)) & Flag.MORE_SPEAKERS:
        return None  # who merely copied a statement has no standing: that is for the fold to say
    # Climb to the outermost container; an emptying after the packing on any level needs the whole history.
    if row.a_emptied is not None and row.a_emptied >= packed:
        return None
    states = [row.a_state]
    if row.a_parent is not None:
        if row.a_since is None or (row.b_emptied is not None and row.b_emptied >= row.a_since):
            return None
        states.append(row.b_state)
        if row.b_parent is not None:
            if (
                row.b_since is None
                or row.c_parent is not None
                or (row.c_emptied is not None and row.c_emptied >= row.b_since)
            ):
                return None
            states.append(row.c_state)
    if states[-1] is None:
        return None
    recalled = made.recalled
    if scanned_lot != making.lot and not recalled:
        recalled = recalls.of(product, scanned_lot)
    doubts: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    snapshot = _NOTHING_SAID
    for state in states:
        if state is not None:
            snapshot = memory.snapshot(state)
            if snapshot.disposition in END_RANKS:
                return None
            doubts += snapshot.doubts
            holds += snapshot.holds
            if snapshot.recalled and not recalled:
                recalled = "pack"
    documents = pending.documents
    facts = Facts(
        True,  # noqa: FBT003 (by position: this runs for every scan)
        True,  # noqa: FBT003
        False,  # noqa: FBT003
        making.lot,
        making.expiry,
        made.basis,
        "active",
        (),
        "",
        snapshot.custody,
        tuple(dict.fromkeys(holds)) if holds else holds,
        tuple(dict.fromkeys(doubts)) if doubts else doubts,
        recalled,
        bool(documents) and (making.document in documents or row.packed_document in documents),
        made.inactive,
    )
    return Found(facts, row.a_key, making.document, making.speakers, making.time, making.event, row)


def _from_exact(
    reader: Reader,
    authority: Authority,
    recalls: Recalls,
    product: int,
    gtin: str,
    scanned_lot: str,
    exact: Exact,
    pending: Pending,
) -> Found:
    state = exact.state
    made = state.made >= 0
    # An outsider who merely names a serial number does not make it known.
    mentioned = not made and any(
        step.flags & Flag.COMMAND or authority.level(step.speakers, gtin) > OTHER
        for step in exact.steps
        if not step.flags & Flag.DECLARATION
    )
    containers = reader.containers(exact.containers[:1])
    container = containers[exact.containers[0]].key if exact.containers else ""
    recalled = recalls.of(product, state.lot, scanned_lot) or ("pack" if _recalled_inside(exact) else "")
    speakers = frozenset(state.made_by)
    facts = Facts(
        product_known=True,
        on_record=made,
        mentioned=mentioned,
        lot=state.lot,
        expiry=state.expiry,
        basis=basis_of(authority, speakers, state.made_flags, gtin) if made else "none",
        disposition=exact.ended.disposition or "active",
        ended_where=exact.ended.ended_where,
        ended_day=day(exact.ended.ended_time) if exact.ended.ended_time else "",
        custody=exact.custody,
        holds=exact.holds,
        doubts=exact.doubts,
        recalled=recalled,
        pending=bool(pending.documents) and any(step.document in pending.documents for step in exact.steps),
        sender_inactive=_inactive(authority, speakers),
    )
    made_time = next((step.time for step in exact.steps if step.event == state.made), 0) if made else 0
    return Found(facts, container, state.document, speakers, made_time, state.made, exact=exact)


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
        if not authority.is_self(speaker) and authority.is_listed(speaker) and not authority.is_valid(speaker):
            return speaker
    return ""
