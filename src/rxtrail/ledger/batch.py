"""One batch of events into the record: the log, the typed columns and the rows that cache the fold.

Commissioning and packing that come in one batch are merged in memory, so a package costs one insert. Packages that
are already on record, or that two events speak of differently, are read many at once and decided one by one
(``ledger.packages``). What moves a container touches the container's row only, never its contents
(``ledger.containers``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from rxtrail.core.epcis import canonical
from rxtrail.core.epcis.event import AGGREGATION, ASSOCIATION, OBJECT, TRANSACTION, TRANSFORMATION, Finding
from rxtrail.core.epcis.event_hash import event_hash
from rxtrail.core.rules.authority import originates
from rxtrail.core.rules.steps import Flag, Role
from rxtrail.core.rules.words import NOT_SELLABLE, RECALLED, RELEASING, SENDS
from rxtrail.ledger.changes import batch_of, commands_of
from rxtrail.ledger.changes import parties_of as parties_told
from rxtrail.ledger.containers import GTIN_PART, ContainerRows
from rxtrail.ledger.filing import file_events, file_late, parties_of
from rxtrail.ledger.notes import notes_of
from rxtrail.ledger.packages import PackageRows, add_mentions
from rxtrail.ledger.prepare import ACTION_NUMBERS, KIND_NUMBERS, Prepared
from rxtrail.store.rows import EventRow, NamedEvent, RecordKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rxtrail.core.epcis.event import Event, Quantity
    from rxtrail.core.gs1.runs import EpcRun
    from rxtrail.core.rules.authority import Authority
    from rxtrail.ledger.log import Log
    from rxtrail.ledger.packages import UnitEvent
    from rxtrail.store import Transaction

SGTIN_START, SGTIN_END = "01/", "/21/"
NOTED_MAX = 300  # packages a batch whose own history is looked at for findings


class Appended(msgspec.Struct, gc=False):
    """What a batch did."""

    first_position: int
    events: int  # new ones
    repeated: int  # events the record had already
    packages: int  # trade items with a serial that are new to the record
    positions: list[int]  # of each event given, new or not
    findings: list[tuple[int | None, Finding]]  # with the position of their event


def append_events(
    tx: Transaction,
    log: Log,
    authority: Authority,
    events: Sequence[Prepared],
    *,
    speaker: str,
    document: int = 0,
) -> Appended:
    """Append the events of one speaker and bring every row they touch up to date; the caller flushes and commits.

    The same event again, or said by someone else too, adds no second one: only its further speaker is noted.
    """
    return _Batch(tx, log, authority, speaker, document).append(events)


def append_commands(tx: Transaction, log: Log, events: Sequence[Prepared]) -> list[int]:
    """Append what this node's own counters did to packages that hold no others; give each event's log position.

    Object events only, each with a new eventID and its own speaker, that neither make packages nor name containers;
    so many of them cost a few statements together. The caller flushes and commits.
    """
    positions: list[int] = []
    rows: list[EventRow] = []
    parts: list[UnitEvent] = []
    name_id = tx.name_id
    for prepared in events:
        event = prepared.event
        assert event.kind == OBJECT, "a command is about packages themselves"
        assert event.action != "ADD", "a command makes nothing"
        speaker = name_id(prepared.speaker)
        position = log.append(RecordKind.EVENT, prepared.canonical, prepared.envelope, party=speaker, names=prepared)
        positions.append(position)
        rows.append(
            EventRow(
                position,
                event.event_time,
                prepared.hash,
                KIND_NUMBERS[OBJECT],
                ACTION_NUMBERS[event.action],
                name_id(event.biz_step),
                name_id(event.disposition),
                speaker,
                name_id(event.read_point),
                name_id(event.biz_location),
                name_id(prepared.source),
                name_id(prepared.destination),
                0,
                0,
                prepared.flags,
                prepared.name,
            )
        )
        for run in event.epcs:
            assert _is_sgtin(run), "a command is about packages"
            product = tx.product_id(run.key[GTIN_PART])
            parts.extend((product, serial, position, Role.EPC, None) for serial in run.serials)
    tx.add_events(rows)
    tx.add_identities([(prepared.identity, position) for prepared, position in zip(events, positions, strict=True)])
    file_events(
        tx,
        [
            (position, each.event, parties_of(each.event, (each.speaker,), each.source, each.destination))
            for each, position in zip(events, positions, strict=True)
        ],
    )
    add_mentions(tx, parts)
    if events:
        log.note(commands_of(positions[0], events))
    return positions


class _Batch:
    def __init__(self, tx: Transaction, log: Log, authority: Authority, speaker: str, document: int) -> None:
        self.tx = tx
        self.log = log
        self.authority = authority
        self.speaker = speaker
        self.speaker_number = tx.name_id(speaker)
        self.document = document
        self.findings: list[tuple[int | None, Finding]] = []
        self.rows: list[EventRow] = []
        self.identities: list[tuple[bytes, int]] = []
        self.voids: dict[int, int | None] = {}  # event -> the declaration that voids it
        self.here: dict[int, Prepared] = {}  # the new events of this batch
        self.class_rows: list[tuple[int, str, int]] = []
        self.late: dict[str, set[int]] = {}  # whom events that are on record turn out to concern, too
        self.containers = ContainerRows(tx, authority, self.speaker_number)
        self.packages = PackageRows(tx, authority, speaker, self.containers)

    def append(self, events: Sequence[Prepared]) -> Appended:
        first = self.log.position
        told = parties_told(events)  # as they came: a further document of this batch may know better
        new, positions, repeated = self._select(events)
        if events:
            self.log.note(batch_of(self.speaker, self.document, first, positions, events, told))
        for _, prepared in new:
            if prepared.event.parent:
                self.containers.expect(prepared.event.parent)
        self.containers.number()
        for position, prepared in new:
            self._take(position, prepared)
        self.tx.add_events(self.rows)
        self.tx.add_identities(self.identities)
        for party, late in self.late.items():
            file_late(self.tx, party, late)
        file_events(
            self.tx,
            [
                (position, each.event, parties_of(each.event, (self.speaker,), each.source, each.destination))
                for position, each in new
            ],
        )
        self._write_voids()
        self.tx.add_lot_events(self.class_rows)
        packages = self.packages.write()
        here = set(self.here)
        packages += self.containers.write(here)
        self.findings.extend(notes_of(self.tx, self.authority, self.packages.doubtful[:NOTED_MAX], here))
        self.findings.extend(self.packages.findings)
        self.findings.extend(self.containers.findings)
        return Appended(first, len(new), repeated, packages, positions, self.findings)

    # -- which events are new --------------------------------------------------------------------------------------

    def _select(self, events: Sequence[Prepared]) -> tuple[list[tuple[int, Prepared]], list[int], int]:
        """Append what is new to the log; note declarations and further speakers."""
        known = self.tx.events_by_identity({event.identity for event in events})
        new: list[tuple[int, Prepared]] = []
        positions: list[int] = []
        repeated = 0
        for prepared in events:
            named = known.setdefault(prepared.identity, [])
            same = [n for n in named if not (n.flags ^ prepared.flags) & Flag.DECLARATION]
            # Without an eventID the name is the hash of the content, so one name is one event.
            earlier = next((n for n in same if n.hash == prepared.hash or not prepared.event.event_id), None)
            earlier = earlier or next((n for n in same if self._says_the_same(n, prepared)), None)
            if earlier is not None:
                positions.append(earlier.position)
                repeated += 1
                self._also_said(earlier)
                self._parties(earlier, prepared)
                continue
            position = self.log.append(
                RecordKind.EVENT, prepared.canonical, prepared.envelope, party=self.speaker_number, names=prepared
            )
            if same:
                self._reused(position, prepared)
            named.append(NamedEvent(position, self.speaker, prepared.hash, prepared.flags))
            positions.append(position)
            new.append((position, prepared))
            self.here[position] = prepared
            self.identities.append((prepared.identity, position))
        for named in known.values():
            if any(n.flags & Flag.DECLARATION for n in named):
                self._weigh_declarations(named)
        return new, positions, repeated

    def _says_the_same(self, earlier: NamedEvent, prepared: Prepared) -> bool:
        """Tell whether two events of one name differ in their syntax only: a number of JSON is a text in XML."""
        if prepared.flags & Flag.DECLARATION:
            return False  # what a declaration declares is no part of the hash
        return event_hash(self._event(earlier.position)) == event_hash(prepared.event)

    def _reused(self, position: int, prepared: Prepared) -> None:
        message = f"eventID {prepared.event.event_id!r} was used before for an event with other content; both are kept"
        self.findings.append((position, Finding("error", "EVENT_ID_REUSED", message, prepared.place)))

    def _also_said(self, earlier: NamedEvent) -> None:
        if earlier.position in self.here or self.speaker in self.tx.event_brief(earlier.position).speakers:
            return
        self.tx.add_event_speaker(earlier.position, self.speaker, self.document)
        self._concerns(self.speaker, earlier.position)
        self._refold(earlier.position)

    def _concerns(self, party: str, position: int) -> None:
        if party:
            self.late.setdefault(party, set()).add(position)

    def _parties(self, earlier: NamedEvent, prepared: Prepared) -> None:
        """Choose between what two documents add to one shipping that names no parties itself.

        The document of whose own event it is comes first; of equals the text decides, so that arrival does not.
        """
        event = prepared.event
        if event.biz_step not in SENDS or (event.sources and event.destinations):
            return
        if earlier.position in self.here:
            stored = self.here[earlier.position]
            known = (stored.source, stored.destination)
        else:
            known = self.tx.parties_of(earlier.position)
        told = (prepared.source, prepared.destination)
        if told == known or min(told, known, key=lambda p: (not originates(p[0].split(";")[0], event), p)) == known:
            return
        if earlier.position in self.here:
            self.here[earlier.position].source, self.here[earlier.position].destination = told
        else:
            self.tx.set_parties(earlier.position, *told)
            for party in parties_of(event, (), *told):
                self._concerns(party, earlier.position)
            self._refold(earlier.position)

    def _weigh_declarations(self, named: Sequence[NamedEvent]) -> None:
        """Say of every event of one name whether it is declared wrong, whatever came first.

        A declaration counts when one party said both it and the event, and the event is that party's own to take
        back: it happened at its place or is about what it issued. Where nobody's claim is better than another's,
        having said both is enough.
        """
        declarations = [n for n in named if n.flags & Flag.DECLARATION]
        told = set[int]()
        for event in named:
            if event.flags & Flag.DECLARATION:
                continue
            speakers = self._speakers(event.position)
            owners = {speaker for speaker in speakers if originates(speaker, self._event(event.position))}
            entitled = owners or speakers
            by = [d.position for d in declarations if entitled & self._speakers(d.position)]
            told.update(by)
            self.voids[event.position] = by[0] if by else None
        if len(declarations) == len(named):
            return  # the event itself has not come yet
        for declaration in declarations:
            # Told with whichever of the two came in now.
            here = [n.position for n in (declaration, *named) if n.position in self.here]
            if here and declaration.position not in told:
                message = "an error declaration by someone whose event it is not; it voids nothing"
                place = self.here[here[0]].place
                self.findings.append((here[0], Finding("error", "DECLARATION_NOT_BY_SENDER", message, place)))

    def _speakers(self, position: int) -> frozenset[str]:
        if position in self.here:
            return frozenset((self.speaker,))
        return self.tx.event_brief(position).speakers

    def _event(self, position: int) -> Event:
        if position in self.here:
            return self.here[position].event
        return canonical.decode(next(self.tx.event_bodies([position])).canonical)

    def _refold(self, position: int) -> None:
        """Have every container that an earlier event speaks of folded anew."""
        event = self._event(position)
        keys = {event.parent} if event.parent else set[str]()
        for runs in (event.epcs, event.children, event.inputs, event.outputs):
            for run in runs:
                if not _is_sgtin(run) or self.containers.holds(self.tx.product_id(run.key[GTIN_PART])):
                    keys.update(run.key + serial for serial in run.serials)
        self.containers.refold(self.tx.container_ids(keys).values())

    def _write_voids(self) -> None:
        for position, by in self.voids.items():
            if (self.tx.event_brief(position).voided_by is None) != (by is None):
                self.tx.void(position, by)
                self._refold(position)
            if by is not None:
                self.containers.odd.add(position)

    # -- what a new event says -------------------------------------------------------------------------------------

    def _take(self, position: int, prepared: Prepared) -> None:
        event = prepared.event
        name_id = self.tx.name_id
        parent = self.containers.number_of(event.parent) if event.parent else 0
        if parent:
            self.containers.within(position, parent)
        self.rows.append(
            EventRow(
                position=position,
                time=event.event_time,
                hash=prepared.hash,
                kind=self._kind(event.kind),
                action=ACTION_NUMBERS.get(event.action, 0),
                biz_step=name_id(event.biz_step),
                disposition=name_id(event.disposition),
                speaker=self.speaker_number,
                read_point=name_id(event.read_point),
                biz_location=name_id(event.biz_location),
                source=name_id(prepared.source),
                destination=name_id(prepared.destination),
                parent=parent,
                document=self.document,
                flags=prepared.flags,
                event_id=prepared.name,
            )
        )
        self.findings.extend((position, finding) for finding in prepared.findings)
        if prepared.flags & Flag.DECLARATION:
            # It repeats the original's packages: they are in its history, and it acts through what it voids.
            if event.parent:
                self.containers.touch(event.parent, position, Role.PARENT)
            for runs in (event.epcs, event.children, event.inputs, event.outputs):
                self._mention(position, runs, Role.EPC)
        elif event.kind == OBJECT:
            self._object(position, prepared)
        elif event.kind in (AGGREGATION, ASSOCIATION):
            self._aggregation(position, prepared)
        elif event.kind == TRANSACTION:
            if event.parent:
                self.containers.touch(event.parent, position, Role.PARENT)
            self._mention(position, event.epcs, Role.EPC)
        elif event.kind == TRANSFORMATION:
            self._mention(position, event.inputs, Role.INPUT)
            self._make(position, event.outputs, Role.OUTPUT, prepared)
        else:
            # A type of its own may mean anything: its packages are in its history, their state stays as it is.
            for runs in (event.epcs, event.children, event.inputs, event.outputs):
                self._mention(position, runs, Role.EPC)

    def _kind(self, kind: str) -> int:
        """Number an event type; one that the standard does not have is kept by its name, as a negative number."""
        number = KIND_NUMBERS.get(kind)
        return number if number is not None else -self.tx.name_id(kind)

    def _object(self, position: int, prepared: Prepared) -> None:
        event = prepared.event
        if event.action == "ADD" or prepared.flags & Flag.COUNTED_IN:
            self._make(position, event.epcs, Role.EPC, prepared)
        else:
            self._mention(position, event.epcs, Role.EPC)
        if event.quantities and (event.disposition == RECALLED or event.biz_step == RELEASING):
            self._classes(position, event.quantities)

    def _classes(self, position: int, quantities: Sequence[Quantity]) -> None:
        for quantity in quantities:
            if quantity.epc_class.startswith(SGTIN_START) and len(quantity.epc_class) >= 17:
                _, _, lot = quantity.epc_class.partition("/10/")
                product = self.tx.product_id(quantity.epc_class[GTIN_PART])
                self.class_rows.append((product, lot, position))

    def _aggregation(self, position: int, prepared: Prepared) -> None:
        event = prepared.event
        if event.parent:
            self.containers.touch(event.parent, position, Role.PARENT)
        packs = event.kind == AGGREGATION and event.action == "ADD" and bool(event.parent)
        if packs:
            self.containers.packing(position, event.parent, event.event_time)
        for run in event.children:
            if _is_sgtin(run):
                product = self.tx.product_id(run.key[GTIN_PART])
                if packs:
                    self.packages.packed(product, run.serials, position)
                else:
                    self.packages.mentioned(product, run.serials, position, Role.CHILD)
            else:
                for serial in run.serials:
                    self.containers.touch(run.key + serial, position, Role.CHILD)

    def _make(self, position: int, runs: Sequence[EpcRun], role: Role, prepared: Prepared) -> None:
        for run in runs:
            if _is_sgtin(run):
                product = self.tx.product_id(run.key[GTIN_PART])
                making = self.packages.making(position, product, prepared)
                self.packages.made(product, run.serials, position, making, role)
                if prepared.event.disposition == RECALLED or prepared.event.disposition in NOT_SELLABLE:
                    # Made and held by one event: the row alone would say that it is fine.
                    self.packages.held_from_the_start(product, run.serials, position, making, role)
                    self.containers.odd.add(position)
            else:
                for serial in run.serials:
                    self.containers.touch(run.key + serial, position, role)

    def _mention(self, position: int, runs: Sequence[EpcRun], role: Role) -> None:
        for run in runs:
            if _is_sgtin(run):
                self.packages.mentioned(self.tx.product_id(run.key[GTIN_PART]), run.serials, position, role)
            else:
                for serial in run.serials:
                    self.containers.touch(run.key + serial, position, role)


def _is_sgtin(run: EpcRun) -> bool:
    key = run.key
    return len(key) == 21 and key.startswith(SGTIN_START) and key.endswith(SGTIN_END)
