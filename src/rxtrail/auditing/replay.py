"""The record made again from its log, in a fresh store and with the writer's own code.

A work left its events and, behind them, one record of what it wrote beside them (``ledger.changes``). Done again in
that order they give the same rows, with the same numbers: texts, products and lots get the numbers that the audited
record gives them, everything else is numbered in order anyway.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from rxtrail.ledger.batch import append_commands, append_events
from rxtrail.ledger.changes import (
    AddAnswered,
    AddDocument,
    AddFindings,
    AddIssued,
    AddJob,
    AddMaster,
    AddVocabulary,
    Adopted,
    Batch,
    Change,
    Commands,
    DataKey,
    DataKeys,
    DropKept,
    FoldAll,
    JobProgress,
    Keep,
    SetPartners,
    SetSettings,
    decode_changes,
)
from rxtrail.ledger.containers import fold_all
from rxtrail.ledger.prepare import Prepared, prepared_again
from rxtrail.record.standing import authority_of
from rxtrail.store.rows import EventBody, RecordKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rxtrail.auditing.log_part import Opened
    from rxtrail.auditing.numbers import Numbers
    from rxtrail.auditing.remains import Remains
    from rxtrail.core.rules.authority import Authority
    from rxtrail.ledger.log import Log
    from rxtrail.store import Store, Transaction

WORKS_PER_COMMIT = 500
_ANY_DAY = datetime.date(1970, 1, 1)


class Diverged(Exception):
    """The log's own account of a batch does not give what the log holds."""

    def __init__(self, position: int, message: str) -> None:
        """``position`` is that of the record that told of the batch."""
        super().__init__(message)
        self.position = position
        self.message = message


class TakenOver(Diverged):
    """The first records are of an earlier version, which did not say what it wrote beside the events."""

    def __init__(self, position: int, size: int) -> None:
        """``size`` is how many records that are."""
        super().__init__(position, f"the {size:,} records in front were taken over from an earlier version")
        self.size = size


class _Body(NamedTuple):
    """An event's bytes, and who said it."""

    canonical: bytes
    envelope: bytes
    speaker: str


class Replay:
    """Feeds opened records to a fresh store."""

    def __init__(
        self,
        store: Store,
        numbers: Numbers | None,
        bodies: Callable[[int], tuple[bytes, bytes]],
        *,
        chunks: Callable[[int, list[bytes]], Iterable[bytes]] = lambda _number, _hashes: (),
    ) -> None:
        """``bodies`` gives the canonical bytes and envelope of an event of earlier, ``chunks`` a document's bytes.

        Without ``numbers`` texts, products and lots are numbered in order of arrival.
        """
        self._chunks = chunks
        self._store = store
        self._numbers = numbers
        self._bodies = bodies
        self._waiting: dict[int, _Body] = {}  # events that no change has claimed yet
        self._recent: dict[int, _Body] = {}  # events of the runs that are being fed
        self._authority: Authority | None = None
        self._tx: Transaction | None = None
        self._held = 0
        self.documents: dict[int, tuple[bytes, int, list[bytes]]] = {}  # number -> SHA-256, size, hashes of chunks
        self.keys: dict[int, DataKey] = {}
        self.keys_anew = -1  # the position of the last record that told of all keys there are
        self.packages = 0
        self.position = 0
        self.taken_over = 0  # how many records in front are of an earlier version
        self._changed = False

    def feed(self, records: Iterable[Opened]) -> None:
        """Do again what these records say; they follow on those before.

        :raises Diverged: the log contradicts itself.
        """
        self._recent = dict(self._waiting)
        for opened in records:
            record = opened.record
            self.position = record.position + 1
            if opened.party:
                self.begun().name_id(opened.party)
            if record.kind == RecordKind.EVENT:
                body = _Body(opened.canonical, opened.envelope, opened.party)
                self._waiting[record.position] = self._recent[record.position] = body
            elif record.kind == RecordKind.CHANGE:
                try:
                    told = decode_changes(opened.canonical)
                except msgspec.DecodeError as error:
                    raise Diverged(record.position, f"cannot be read: {error}") from error
                if self._is_taken_over(told.changes):
                    raise TakenOver(record.position, self.taken_over)
                for change in told.changes:
                    self._do(record.position, change)
                self._held += 1
                if self._held >= WORKS_PER_COMMIT:
                    self.commit()

    def gather(self, records: Sequence[Opened], remains: Remains) -> None:
        """Take from records that cannot be done again what each says by itself: keys, documents, single rows."""
        remains.take(records)
        for opened in records:
            if opened.record.kind != RecordKind.CHANGE:
                continue
            try:
                told = decode_changes(opened.canonical)
            except msgspec.DecodeError:
                continue  # told with the first record that does not fit
            self._is_taken_over(told.changes)
            for change in told.changes:
                remains.change(opened.record.position, change)
                if isinstance(change, AddDocument):
                    self.documents[change.row.id] = (change.row.sha256, change.row.size, change.chunks)
                elif isinstance(change, DataKeys):
                    self._keys_told(opened.record.position, change)

    def finish(self) -> None:
        """Make all of it durable.

        :raises Diverged: there are events that nothing says how they were appended.
        """
        self.commit()
        if self._waiting:
            first = min(self._waiting)
            raise Diverged(first, "the log does not say with which events this one was appended")

    def commit(self) -> None:
        """Commit what was done again so far."""
        if self._tx is not None:
            self._store.commit()
            self._tx, self._held = None, 0

    def undo(self) -> None:
        """Let go of what was not committed."""
        if self._tx is not None:
            self._store.rollback()
            self._tx = None

    def begun(self) -> Transaction:
        """Give the transaction that is open, or begin one."""
        if self._tx is None:
            self._tx = _Standing(self._store.begin(), self._body).as_transaction()
            if self._numbers is not None:
                self._numbers.give_to(self._tx)
        return self._tx

    def _body(self, position: int) -> tuple[bytes, bytes]:
        held = self._recent.get(position)
        return self._bodies(position) if held is None else (held.canonical, held.envelope)

    def _standing(self) -> Authority:
        if self._authority is None:
            # Which day it is decides only what is told at the counter, never a row.
            self._authority = authority_of(self.begun(), _ANY_DAY)
        return self._authority

    # -- one change after the other --------------------------------------------------------------------------------

    def _do(self, position: int, change: Change) -> None:
        tx = self.begun()
        match change:
            case Batch():
                self._batch(position, change)
            case Commands():
                self._commands(position, change)
            case Keep():
                tx.keep(change.kind, change.key, change.at, change.body)
            case DropKept():
                tx.drop_kept(change.kind, change.key)
            case AddAnswered():
                tx.add_answered(change.key, change.recorded_at, change.answer)
            case AddIssued():
                tx.add_issued(change.gtin, change.at, change.serials)
            case JobProgress():
                tx.job_progress(
                    change.job, state=change.state, applied=change.applied, packages=change.packages,
                    new_events=change.new_events, position=change.position, finished_at=change.finished_at,
                    error=change.error,
                )  # fmt: skip
                self.packages += change.packages
            case AddFindings():
                tx.add_findings(change.rows)
            case AddMaster():
                tx.add_master(change.rows)
            case AddVocabulary():
                tx.add_vocabulary(change.rows)
            case AddDocument():
                row = change.row
                self.documents[row.id] = (row.sha256, row.size, change.chunks)
                number = tx.add_document(row, self._chunks(row.id, change.chunks))
                if number != row.id:
                    raise Diverged(position, f"document {row.id} would be number {number}")
            case AddJob():
                tx.add_job(change.row)
            case SetSettings():
                tx.set_settings(change.settings)
                self._authority = None
            case SetPartners():
                tx.set_partners(change.rows)
                self._authority = None
            case DataKeys():
                self._keys_told(position, change)
            case FoldAll():
                fold_all(tx, _Quiet(self, position, []).as_log(), self._standing())
            case Adopted():
                raise Diverged(position, "it tells of records of an earlier version, and changes were logged before it")

    def _is_taken_over(self, changes: list[Change]) -> bool:
        """Tell whether these, the first changes of the log, say that the records in front are of an earlier version."""
        first, self._changed = not self._changed, True
        if first and changes and isinstance(changes[0], Adopted):
            self.taken_over = changes[0].size
            return True
        return False

    def _keys_told(self, position: int, change: DataKeys) -> None:
        if change.anew:
            self.keys_anew = position
            self.keys.clear()
        self.keys.update({row.id: row for row in change.rows})

    def _batch(self, position: int, batch: Batch) -> None:
        count = len(batch.flags)
        positions = batch.positions or list(range(batch.first, batch.first + count))
        if len(positions) != count:
            raise Diverged(position, f"{count} events at {len(positions)} positions")
        events = self._prepared(position, positions, batch.flags, batch.parties, batch.speaker)
        new = sorted({at for at in positions if at >= batch.first})
        log = _Quiet(self, position, new)
        appended = append_events(
            self.begun(), log.as_log(), self._standing(), events, speaker=batch.speaker, document=batch.document
        )
        if appended.positions != positions:
            raise Diverged(position, "the events of a batch are not those that it says")
        log.end()

    def _commands(self, position: int, commands: Commands) -> None:
        positions = list(range(commands.first, commands.first + len(commands.flags)))
        events = self._prepared(position, positions, commands.flags, commands.parties, None)
        log = _Quiet(self, position, positions)
        append_commands(self.begun(), log.as_log(), events)
        log.end()

    def _prepared(
        self, position: int, positions: Sequence[int], flags: bytes, parties: list[tuple[int, str, str]],
        speaker: str | None,
    ) -> list[Prepared]:  # fmt: skip
        told = {at: (source, destination) for at, source, destination in parties}
        events = []
        for at, (where, flag) in enumerate(zip(positions, flags, strict=True)):
            held = self._waiting.get(where)
            if held is None:
                if where >= position:
                    raise Diverged(position, f"there is no event {where} in front of it")
                held = _Body(*self._body(where), "")
            source, destination = told.get(at, ("", ""))
            events.append(
                prepared_again(
                    held.canonical, held.envelope, speaker=held.speaker if speaker is None else speaker,
                    source=source, destination=destination, flags=flag,
                )
            )  # fmt: skip
        return events

    def take(self, position: int, told_by: int, canonical: bytes) -> None:
        """Give up an event that is appended now."""
        held = self._waiting.pop(position, None)
        if held is None or held.canonical != canonical:
            raise Diverged(told_by, f"event {position} is not the one that it says")


class _Quiet:
    """A log that is there already: it gives the positions that its records have."""

    def __init__(self, replay: Replay, told_by: int, positions: list[int]) -> None:
        self._replay = replay
        self._told_by = told_by
        self._positions = positions
        self._at = 0

    @property
    def position(self) -> int:
        """Where the next record lies."""
        return self._positions[self._at] if self._at < len(self._positions) else self._told_by

    def append(self, _kind: RecordKind, canonical: bytes, _envelope: bytes = b"", **_more: object) -> int:
        """Give the position of a record that is in the log."""
        if self._at >= len(self._positions):
            raise Diverged(self._told_by, "an event that it calls known would be new")
        position = self._positions[self._at]
        self._at += 1
        self._replay.take(position, self._told_by, canonical)
        return position

    def note(self, _change: Change) -> None:
        """Nothing is noted: it stands in the log."""

    def end(self) -> None:
        """Check that all of the batch was appended."""
        if self._at != len(self._positions):
            raise Diverged(self._told_by, "an event that it calls new was known")

    def as_log(self) -> Log:
        """Give this as what it stands for."""
        return self  # type: ignore[return-value]  # what appending asks of a log


class _Standing:
    """A transaction whose events have their bytes elsewhere."""

    def __init__(self, tx: Transaction, body: Callable[[int], tuple[bytes, bytes]]) -> None:
        self.tx = tx
        self._body = body

    def __getattr__(self, name: str) -> object:
        verb: object = getattr(self.tx, name)
        self.__dict__[name] = verb
        return verb

    def event_bodies(self, positions: Iterable[int]) -> Iterator[EventBody]:
        """Give events with their bytes; nothing else of them is asked for."""
        for position in sorted(positions):
            canonical, envelope = self._body(position)
            yield EventBody(position, canonical, envelope, 0, "", 0, "", 0)

    def as_transaction(self) -> Transaction:
        """Give this as what it stands for."""
        return self  # type: ignore[return-value]
