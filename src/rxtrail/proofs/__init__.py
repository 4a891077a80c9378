"""Proofs that outsiders check offline: this pack is in that event, and that event is in the log.

``Proofs`` makes them from the record, ``checking.check`` judges one without any record. See docs/proofs.md.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.epcis import canonical as canonical_bytes
from rxtrail.core.epcis.ilmd import ilmd_lot_expiry
from rxtrail.core.merkle import entry as entries
from rxtrail.core.merkle import packs, record_proof, signed_checkpoint
from rxtrail.core.merkle.entry import Opening
from rxtrail.core.merkle.errors import BadEntry, BadProof, BadTile
from rxtrail.core.merkle.event_leaves import leaves_of
from rxtrail.core.merkle.tile import TileHashes
from rxtrail.core.merkle.tlog_proof import SUFFIX, TlogProof
from rxtrail.core.merkle.tree import HASH_BYTES, inclusion_proof, leaf_hash, verify_inclusion
from rxtrail.errors import NotFound, RxtrailError
from rxtrail.ledger.prepare import identity
from rxtrail.record.exact import container_state, unit_state
from rxtrail.sealing.refusals import Shredded
from rxtrail.store.rows import RecordKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.core.merkle.checkpoint import Checkpoint
    from rxtrail.core.rules.authority import Authority
    from rxtrail.store import Reader
    from rxtrail.store.rows import CheckpointRow, Record

__all__ = ["NotPublished", "Proof", "Proofs", "RecordAltered"]

_NAME_CHARACTERS_MAX: Final = 80
_ODD: Final = re.compile(r"[^0-9A-Za-z._-]+")


class NotPublished(RxtrailError):
    """What is to be proven is recorded, but no published head of the log covers it yet."""

    code = "not-published"
    retry_after = 2


class RecordAltered(RxtrailError):
    """The record is not the one that the log commits to, so nothing of it can be proven."""

    code = "record-altered"


class Proof(msgspec.Struct, frozen=True):
    """A ``.tlog-proof`` file."""

    name: str
    """What the file may be called."""
    octets: bytes
    index: int
    """The position of the record in the log."""
    size: int
    """The size of the log that the proof's checkpoint is of."""


class Proofs:
    """Makes proofs from the record; one that would not hold is never given out."""

    def __init__(self, reader: Callable[[], Reader], authority: Callable[[], Authority]) -> None:
        """Both give what belongs to the calling thread."""
        self._reader = reader
        self._authority = authority

    def of_pack(self, key: str, *, index: int | None = None) -> Proof:
        """Prove that a pack or container (its canonical identifier) is named by the event that made it.

        With ``index`` it is the event at that position of the log instead. Nothing else that the event names is shown.

        :raises NotFound: it is not on record, or that event does not name it.
        :raises NotPublished: the published log does not reach as far yet.
        :raises RecordAltered: the record is not what the log commits to.
        """
        reader = self._reader()
        position = self._making(reader, key) if index is None else index
        record, canonical, envelope = _record(reader, position)
        octets = _entry(reader, record, canonical, envelope)
        root = entries.package_root(entries.decode(octets))
        if record.kind != RecordKind.EVENT or root is None:
            raise NotFound(
                f"the log has no packages of record {position}",
                place=f"log {position}",
                advice="Prove the whole record instead; that shows everything it says.",
            )
        event = canonical_bytes.decode(canonical)
        lot, expiry, _ = ilmd_lot_expiry(event)
        texts = leaves_of(event, lot, expiry)
        named = key.encode()
        if named not in texts[1:]:
            raise NotFound(f"record {position} does not name {key}", place=f"log {position}")
        proven = packs.prove(record.salt, texts, [0, texts.index(named, 1)])
        try:
            for leaf in proven:
                packs.verify(leaf, root)
        except BadProof as wrong:
            raise _altered(position) from wrong
        return self._proof(reader, position, octets, record_proof.of_packages(octets, proven), key)

    def of_record(self, index: int) -> Proof:
        """Prove a whole record of the log, and show everything that it says.

        Of a record whose key was destroyed only that it was there is proven: its kind and its id.

        :raises NotFound: there is no such record.
        :raises NotPublished: the published log does not reach as far yet.
        :raises RecordAltered: the record is not what the log commits to.
        """
        reader = self._reader()
        try:
            record, canonical, envelope = _record(reader, index)
        except Shredded:
            (_, kind, id_, commitment) = reader.entries_from(index, 1)[0]
            octets = entries.encode(kind, id_, commitment)
            extra = record_proof.encode(record_proof.Extra(record_proof.FORMAT, octets))
            return self._proof(reader, index, octets, extra, f"record {index}")
        octets = _entry(reader, record, canonical, envelope)
        if record.kind == RecordKind.BLOCK:
            extra = record_proof.encode(record_proof.Extra(record_proof.FORMAT, octets))
        else:
            extra = record_proof.of_record(octets, record.salt, _opening(reader, record, canonical, envelope))
        return self._proof(reader, index, octets, extra, f"record {index}")

    def of_event(self, event_id: str, *, key: str = "") -> Proof:
        """Prove a whole event by its eventID (or its CBV event hash); with ``key`` only that it names this pack.

        :raises NotFound: no such event is on record, or it does not name the pack.
        """
        positions = self._reader().events_named([identity(event_id.strip())])
        if not positions:
            raise NotFound(f"no event {event_id[:120]!r} is on record", place="event")
        if not key:
            return self.of_record(positions[0])
        # Several events may bear one name: an error declaration repeats that of what it declares.
        for position in positions[:-1]:
            with contextlib.suppress(NotFound):
                return self.of_pack(key, index=position)
        return self.of_pack(key, index=positions[-1])

    def has_event(self, event_id: str) -> bool:
        """Tell whether an event of this name is on record."""
        return bool(self._reader().events_named([identity(event_id.strip())]))

    def keys(self) -> list[str]:
        """Give the verifier keys of this node's own log; none while nothing is published."""
        return self._reader().settings().get("log_keys", "").split()

    def _making(self, reader: Reader, key: str) -> int:
        """Find the event that made a pack or, when nobody told its making, the first that names it."""
        exact = None
        if key.startswith("01/") and key[17:21] == "/21/":
            product = reader.product(key[3:17])
            serial = key[21:]
            unit = reader.units_of(product[0], [serial]).get(serial) if product is not None else None
            if product is not None and unit is not None:
                exact = unit_state(reader, self._authority(), product[0], serial, unit)
        if exact is None:
            row = reader.container(key)
            exact = container_state(reader, self._authority(), row) if row is not None else None
        if exact is None:
            raise NotFound(f"{key} is not on record", place="code")
        made = exact.state.made
        return made if made >= 0 else min(exact.steps, key=lambda step: step.key).event

    def _proof(self, reader: Reader, index: int, octets: bytes, extra: bytes, what: str) -> Proof:

        def read(level: int, number: int, width: int) -> bytes:
            return (reader.tile(level, number) or b"")[: width * HASH_BYTES]

        row, head = _head(reader, index)
        try:
            hashes = inclusion_proof(TileHashes(read, head.size, head.root), index, head.size)
            verify_inclusion(leaf_hash(octets), index, head.size, hashes, head.root)
        except (BadTile, BadProof) as wrong:
            # Tiles only grow, but for one moment: when a new log was begun after the head was read.
            if signed_checkpoint.parse(_head(reader, index)[0].note).checkpoint.origin != head.origin:
                return self._proof(reader, index, octets, extra, what)
            raise _altered(index) from wrong
        made = TlogProof(index, tuple(hashes), row.note, extra)
        return Proof(_file_name(what), made.format(), index, head.size)


def _head(reader: Reader, index: int) -> tuple[CheckpointRow, Checkpoint]:
    """Give the newest head that covers a record, one with its quorum of witnesses if there is one."""
    for cosigned in (True, False):
        row = reader.checkpoint(cosigned=cosigned)
        if row is not None and row.size > index:
            return row, signed_checkpoint.parse(row.note).checkpoint
    raise NotPublished(
        f"record {index} is not in the published log yet",
        place=f"log {index}",
        advice="A running serve publishes every second; without one: rxtrail log publish.",
    )


def _record(reader: Reader, index: int) -> tuple[Record, bytes, bytes]:
    found = reader.whole_records_from(index, 1) if index >= 0 else []
    if not found or found[0][0].position != index:
        raise NotFound(f"there is no record {index}", place=f"log {index}")
    return found[0]


def _opening(reader: Reader, record: Record, canonical: bytes, envelope: bytes) -> bytes:
    party = reader.name(record.party)
    return entries.encode_opening(Opening(record.kind, record.tenant, party, record.recorded_at, canonical, envelope))


def _entry(reader: Reader, record: Record, canonical: bytes, envelope: bytes) -> bytes:
    """Give the entry of a record, if the record is still the one that the log commits to."""
    if record.commitment is None:
        raise NotPublished(f"record {record.position} is not committed to yet", place=f"log {record.position}")
    octets = entries.encode(record.kind, record.id, record.commitment)
    if record.kind != RecordKind.BLOCK:
        try:
            opening = _opening(reader, record, canonical, envelope)
            entries.check_opening(entries.decode(octets), record.salt, opening)
        except BadEntry as wrong:
            raise _altered(record.position) from wrong
    return octets


def _altered(index: int) -> RecordAltered:
    return RecordAltered(
        f"record {index} is not what the log commits to",
        place=f"log {index}",
        advice="The store was altered or is damaged: run rxtrail audit.",
    )


def _file_name(what: str) -> str:
    return _ODD.sub("-", what)[:_NAME_CHARACTERS_MAX].strip("-.") + SUFFIX
