"""Appending to the log within one transaction: dense positions, random ids and salts, blocks of canonical bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rxtrail.store.rows import Record, RecordKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.store import Transaction

BLOCK_BYTES = 128 * 1024  # of canonical bytes before compression: small enough to read one event in well under 1 ms
ID_BYTES = 16
SALT_BYTES = 32
_SECRET_BYTES = ID_BYTES + SALT_BYTES


class Log:
    """Appends records of any kind; nothing is written before :meth:`flush`."""

    def __init__(self, tx: Transaction, random_bytes: Callable[[int], bytes], now: int) -> None:
        """Continue the log where it ends; ``now`` (microseconds) is the record time of what is appended."""
        self._tx = tx
        self._random = random_bytes
        self.now = now
        self.position = tx.log_size()
        self._block = tx.next_block()
        self._parts: list[bytes] = []
        self._bytes = 0
        self._rows: list[tuple[int, int, int, int, int, int, int]] = []

    def append(self, kind: RecordKind, canonical: bytes, envelope: bytes = b"", *, party: int = 0) -> int:
        """Append one record captured by ``party`` (the number of its name); give its position."""
        position = self.position
        self.position += 1
        self._rows.append((position, kind, party, self._block, self._bytes, len(canonical), len(envelope)))
        self._parts.append(canonical)
        self._bytes += len(canonical)
        if envelope:
            self._parts.append(envelope)
            self._bytes += len(envelope)
        if self._bytes >= BLOCK_BYTES:
            self._seal()
        return position

    def restart(self, position: int) -> None:
        """Forget what was appended since ``position``, whose rows were undone."""
        self.position = position
        self._block = self._tx.next_block()
        self._parts, self._rows, self._bytes = [], [], 0

    def flush(self) -> None:
        """Write what was appended; the caller commits."""
        self._seal()
        if not self._rows:
            return
        secret = self._random(_SECRET_BYTES * len(self._rows))
        tenant = 0  # one tenant a store until accounts come
        self._tx.add_records(
            [
                Record(position, kind, tenant, party, self.now, secret[at : at + ID_BYTES],
                       secret[at + ID_BYTES : at + _SECRET_BYTES], block, start, length, envelope)
                for (position, kind, party, block, start, length, envelope), at in zip(
                    self._rows, range(0, len(secret), _SECRET_BYTES), strict=True
                )
            ]
        )  # fmt: skip
        self._rows = []

    def _seal(self) -> None:
        if self._parts:
            self._tx.add_block(self._block, b"".join(self._parts))
            self._block += 1
            self._parts = []
            self._bytes = 0
