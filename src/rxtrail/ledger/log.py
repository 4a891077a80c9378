"""Appending to the log within one transaction: dense positions, random ids, salts, commitments, blocks of bytes.

Each record is committed to as it is written (``core.merkle.entry``), on whole lists: one draw of random bytes a block,
one HMAC a record. What lies in a block is committed to a second time, as it is stored, by a record of its own; and what
was written beside the events (``ledger.changes``) is one record a work. Both follow the records of the work, so that
the events of one batch have positions without gaps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rxtrail.core.merkle.entry import (
    SALT_BYTES,
    block_commitment_of,
    block_id,
    commit,
    opening_bytes,
    record_id,
)
from rxtrail.core.merkle.event_leaves import leaves_of
from rxtrail.core.merkle.packs import root_of
from rxtrail.ledger.changes import data_keys_of, encode_changes
from rxtrail.store.rows import Record, RecordKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.ledger.changes import Change
    from rxtrail.ledger.prepare import Prepared
    from rxtrail.store import Transaction

# Of canonical bytes before compression. A page of a query reads up to a thousand events from as many blocks, so what
# one block costs to open is what a scattered event costs; larger ones compress no better (measured: 1 % at 128 KiB).
BLOCK_BYTES = 32 * 1024
TENANT = 0  # one tenant a store until accounts come


class _Appended(NamedTuple):
    """A record whose block is not sealed yet."""

    position: int
    kind: RecordKind
    party: int
    start: int
    canonical: bytes
    envelope: bytes
    names: Prepared | None  # an event whose packages get a tree of their own


class Log:
    """Appends records of any kind; nothing is written before :meth:`flush`."""

    def __init__(
        self, tx: Transaction, random_bytes: Callable[[int], bytes], now: int, *, package_proofs: bool = True
    ) -> None:
        """Continue the log where it ends; ``now`` (microseconds) is the record time of what is appended."""
        self._tx = tx
        self._random = random_bytes
        self._package_proofs = package_proofs
        self.now = now
        self.position = tx.log_size()
        self._block = tx.next_block()
        self._bytes = 0
        self._open: list[_Appended] = []
        self._rows: list[Record] = []
        self._sealed: list[tuple[int, bytes, int, int]] = []  # number, SHA-256 as stored, first and last position
        self._changes: list[Change] = []
        tx.taken_keys()  # of a transaction that was undone

    def append(
        self,
        kind: RecordKind,
        canonical: bytes,
        envelope: bytes = b"",
        *,
        party: int = 0,
        names: Prepared | None = None,
    ) -> int:
        """Append one record captured by ``party`` (the number of its name); give its position.

        ``names`` is the event itself, where one package of it may later have to be proven by itself.
        """
        position = self.position
        self.position += 1
        self._open.append(
            _Appended(position, kind, party, self._bytes, canonical, envelope, names if self._package_proofs else None)
        )
        self._bytes += len(canonical) + len(envelope)
        if self._bytes >= BLOCK_BYTES:
            self._seal()
        return position

    def note(self, change: Change) -> None:
        """Have a change beside the events recorded with the work that made it."""
        self._changes.append(change)

    def commit_to_block(self, number: int, sha256: bytes, first: int, last: int) -> None:
        """Append what lies in a block as it is stored now; of a block the newest such record counts."""
        self._sealed.append((number, sha256, first, last))

    def restart(self, position: int) -> None:
        """Forget what was appended since ``position``, whose rows were undone."""
        self.position = position
        self._block = self._tx.next_block()
        self._open, self._rows, self._sealed, self._changes, self._bytes = [], [], [], [], 0
        self._tx.taken_keys()

    def flush(self) -> None:
        """Write what was appended; the caller commits."""
        keys = self._tx.taken_keys()  # by what was sealed anew: that may be all that this work did
        if keys:
            self.note(data_keys_of(keys))
        while self._open or self._changes:
            # A key that is taken for what is sealed here is told here.
            self._tx.ready_to_seal()
            keys = self._tx.taken_keys()
            if keys:
                self.note(data_keys_of(keys))
            if self._changes:
                changes, self._changes = self._changes, []
                self.append(RecordKind.CHANGE, encode_changes(self.now, changes))
            self._seal()
            keys = self._tx.taken_keys()
            if keys:
                self.note(data_keys_of(keys))
        if self._sealed:
            self._commit_to_blocks()
        if self._rows:
            self._tx.add_records(self._rows)
            self._rows = []

    def _seal(self) -> None:
        records = self._open
        if not records:
            return
        number = self._block
        parts: list[bytes] = []
        for record in records:
            parts.append(record.canonical)
            if record.envelope:
                parts.append(record.envelope)
        sha256 = self._tx.add_block(number, b"".join(parts))
        self.commit_to_block(number, sha256, records[0].position, records[-1].position)
        secret = self._random(SALT_BYTES * len(records))
        now, name = self.now, self._tx.name
        for at, (position, kind, party, start, canonical, envelope, names) in zip(
            range(0, len(secret), SALT_BYTES), records, strict=True
        ):
            salt = secret[at : at + SALT_BYTES]
            commitment = commit(salt, opening_bytes(kind, TENANT, name(party), now, canonical, envelope))
            if names is not None:
                leaves = leaves_of(names.event, names.lot, names.expiry)
                if leaves:
                    commitment += root_of(salt, leaves)
            self._rows.append(
                Record(position, kind, TENANT, party, now, record_id(salt), salt, number, start,
                       len(canonical), len(envelope), commitment)
            )  # fmt: skip
        self._block += 1
        self._open, self._bytes = [], 0

    def _commit_to_blocks(self) -> None:
        now = self.now
        for number, sha256, first, last in self._sealed:
            commitment = block_commitment_of(sha256, first, last)
            id_ = block_id(commitment, number, now)
            self._rows.append(
                Record(self.position, RecordKind.BLOCK, TENANT, 0, now, id_, b"", number, 0, 0, 0, commitment)
            )
            self.position += 1
        self._sealed = []
