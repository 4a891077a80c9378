"""Sealing what lies at rest: AES-256-GCM under the data key of a segment, bound to the place where it lies.

Sources: NIST SP 800-38D (AES-GCM; section 8.2.1, nonces that are counted). A segment is what one process has written
since it started: its data key is random and new, and its nonces are counted in memory, only ever upwards. So no nonce
comes twice under one key, whatever was rolled back, killed, restored from an old copy or written by several machines.

What was sealed begins with MAGIC, the number of its key and its nonce. Bytes that do not are of a record that shall not
be encrypted, or from before sealing (``sealing.unsealed``), and are given as they are; any others are refused.
"""

from __future__ import annotations

import io
import logging
import struct
import time
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rxtrail.sealing import stream
from rxtrail.sealing.key_rows import (
    ORIGIN_BYTES,
    SEGMENT,
    TENANT,
    KeyRow,
    KeyTable,
    unwrap_segment,
    unwrap_tenant,
    wrap_segment,
    wrap_tenant,
)
from rxtrail.sealing.refusals import CannotDecrypt
from rxtrail.sealing.root import KEY_BYTES, Root
from rxtrail.sealing.unsealed import Ends, ends_of, marked, not_sealed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rxtrail.sealing.root_file import RootFile

_LOG = logging.getLogger("rxtrail.store")
MAGIC: Final = b"rxs\x01"
HEAD: Final = struct.Struct(">4sQQ")  # magic, number of the key, nonce
TAG_BYTES: Final = 16
OVERHEAD_BYTES: Final = HEAD.size + TAG_BYTES
SEALS_MAX: Final = 1 << 24  # under one key, far below what the standard allows; then a new segment begins
REREAD_SECONDS: Final = 1.0  # where keys may be destroyed elsewhere: what was opened longer ago is opened again
_NONCE: Final = struct.Struct(">4xQ")
_AAD: Final = struct.Struct(">QQ")


class Roots(Protocol):
    """What gives the root key."""

    def root(self, *, create: bool = False, wanted: str = "") -> Root:
        """Give the root key; ``wanted`` names it, ``create`` makes it where there is none."""
        ...

    def file(self) -> RootFile | None:
        """Give the file that keeps it."""
        ...


class WritableKeyTable(KeyTable, Protocol):
    """The table within a write transaction."""

    def next_data_key(self) -> int:
        """Give the next free number."""
        ...

    def last_numbers(self) -> tuple[int, int]:
        """Give the numbers of the last block and the last document that there are."""
        ...

    def add_data_keys(self, rows: list[KeyRow]) -> None:
        """Add keys."""
        ...


class _Opened(NamedTuple):
    """A data key that can be used, and what it binds."""

    cipher: AESGCM
    bound: bytes


class _Segment:
    """The data key that this process seals under, and how many nonces were used."""

    def __init__(self, row: KeyRow, opened: _Opened) -> None:
        self.row = row
        self.opened = opened
        self.used = 0


class Sealer:
    """Seals and opens for one opened store; opening is for any thread, sealing for the one that writes."""

    def __init__(
        self, roots: Roots, *, seals: bool, random_bytes: Callable[[int], bytes], now_us: Callable[[], int]
    ) -> None:
        """``seals`` is False for a record that shall not be encrypted: only what was sealed is opened."""
        self._roots = roots
        self.seals = seals
        self._random = random_bytes
        self._now = now_us
        self._known: dict[int, _Opened] = {}
        self._ends: dict[int, Ends | None] = {}  # of each tenant's part of the record: what may lie unsealed
        self._refused: set[str] = set()  # places that were told of
        self.admits_unsealed = False  # while a record is filled from one that is not encrypted
        self._epoch = 0
        self.shared = False  # other processes may destroy keys, and their news may be late
        self._read_at = 0.0
        self._segment: _Segment | None = None
        self._checked = False  # that the tenant's newest key is still the one of the segment
        self._uncommitted = False

    # -- opening ---------------------------------------------------------------------------------------------------

    def open(self, keys: KeyTable, table: str, row: tuple[int, ...], data: bytes, *, epoch: int = 0) -> bytes:
        """Give what was sealed for one row of a table; what lay there before there was sealing is given as it is.

        ``epoch`` counts how often other processes may have destroyed keys: what was opened before is forgotten.

        :raises Shredded: the key was destroyed on purpose.
        :raises NotSealed: the bytes are not sealed, and were not there before there was sealing.
        :raises CannotDecrypt: the root key is not here, or the bytes or their place were changed.
        """
        sealed = data[:4] == MAGIC
        if not sealed and (not self.seals or self.admits_unsealed):
            return data
        if epoch != self._epoch or (self.shared and time.monotonic() - self._read_at > REREAD_SECONDS):
            self._epoch = epoch
            self._known = {}
            self._ends = {}
            self._read_at = time.monotonic()
        place = f"{table} {', '.join(map(str, row))}"
        if not sealed:
            self._admit_unsealed(keys, table, row, data, place)
            return data
        if len(data) < OVERHEAD_BYTES:
            raise _changed(place)
        _, number, nonce = HEAD.unpack_from(data)
        opened = self._known.get(number)
        if opened is None:
            opened = self._known[number] = self._opened(keys, number, place)
        try:
            return opened.cipher.decrypt(_NONCE.pack(nonce), memoryview(data)[HEAD.size :], _aad(opened, table, row))
        except InvalidTag as wrong:
            raise _changed(place) from wrong

    def _admit_unsealed(self, keys: KeyTable, table: str, row: tuple[int, ...], data: bytes, place: str) -> None:
        """See that bytes which nobody sealed lay there before there was sealing."""
        ends = self._ends_of(keys, 0)
        why = ""
        if ends is not None and not ends.allow(table, row[0]):
            why = "what is written there is sealed in this record"
        elif not keys.is_committed_to(table, row, data):
            why = "the log commits to other bytes there"
        if why:
            refused = not_sealed(place, why)
            if place not in self._refused:
                self._refused.add(place)
                _LOG.critical("%s", refused.message)
            raise refused

    def _ends_of(self, keys: KeyTable, tenant: int) -> Ends | None:
        """Give up to where a record may lie unsealed, as its newest key says; None when that is not known."""
        if tenant not in self._ends:
            newest = self._newest(keys, tenant)
            if newest is not None and not newest.ended_at:
                unwrap_tenant(self._roots.root(wanted=newest.root), newest)  # that the line was not moved
            self._ends[tenant] = None if newest is None else ends_of(newest.origin)
        return self._ends[tenant]

    def _opened(self, keys: KeyTable, number: int, place: str) -> _Opened:
        row = keys.data_key(number)
        if row is None or row.kind != SEGMENT:
            raise CannotDecrypt(
                f"cannot decrypt {place}: its key {number} is not in the record",
                place=place,
                advice="Restore the record from a backup. What the log proves can still be proven.",
            )
        return _use(row, unwrap_segment(self._tenant_key(keys, row.tenant, row.wrapped_by, row), row))

    def _tenant_key(self, keys: KeyTable, tenant: int, version: int, under: KeyRow) -> bytes:
        for row in keys.tenant_keys(tenant):
            if row.version == version:
                return unwrap_tenant(self._roots.root(wanted=row.root), row)
        raise CannotDecrypt(
            f"cannot decrypt: key {version} of tenant {tenant} is not in the record", place=f"data_key {under.id}"
        )

    def sealed_stream(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Seal what leaves the record as a whole, such as a backup; as it is when the record shall not be encrypted.

        :raises CannotDecrypt: the root key is not here.
        """
        if not self.seals:
            return pieces
        return stream.seal(pieces, self._roots.root(), self._roots.file(), self._random)

    def sealed_file(self, content: bytes) -> bytes:
        """Seal a small file that lies beside the record; as it is when the record shall not be encrypted.

        :raises CannotDecrypt: the root key is not here.
        """
        return b"".join(self.sealed_stream(iter([content])))

    def opened_file(self, content: bytes) -> bytes:
        """Open what :meth:`sealed_file` gave.

        :raises CannotDecrypt: the root key is not here, or the file was changed.
        """
        header = stream.header_of(io.BytesIO(content))
        if header is None:
            return content
        file = stream.SealedFile(io.BytesIO(content), len(content), self._roots.root(wanted=header.root))
        return io.BufferedReader(file).read()

    def root_file(self) -> RootFile | None:
        """Read the file that keeps the root key; None when it is not here.

        :raises CannotDecrypt: it is damaged, or others may read it.
        """
        return self._roots.file()

    def forget(self) -> None:
        """Forget every key that was opened, and begin a new segment: a key was renewed or destroyed."""
        self._known = {}
        self._ends = {}
        self._segment = None
        self._uncommitted = False

    # -- sealing ---------------------------------------------------------------------------------------------------

    def admit(self, keys: KeyTable, *, create: bool = True) -> None:
        """See before anything is written that the keys are here; ``create`` makes the root key of a new record.

        :raises CannotDecrypt: the root key that the record was sealed under is not here.
        """
        newest = self._newest(keys, 0)
        if newest is not None:
            self._roots.root(wanted=newest.root)
        elif self.seals and create:
            self._roots.root(create=True)

    def seal(self, keys: WritableKeyTable, table: str, row: tuple[int, ...], data: bytes) -> bytes:
        """Seal the bytes of one row of a table.

        :raises CannotDecrypt: the root key that the record is sealed under is not here.
        """
        if not self.seals:
            return data
        segment = self._segment
        if segment is None or segment.used >= SEALS_MAX or not self._checked:
            segment = self._ready(keys, SEALS_MAX)
        nonce = segment.used
        segment.used = nonce + 1  # before it is used, so that nothing can make it come twice
        head = HEAD.pack(MAGIC, segment.row.id, nonce)
        return head + segment.opened.cipher.encrypt(_NONCE.pack(nonce), data, _aad(segment.opened, table, row))

    def ready(self, keys: WritableKeyTable) -> None:
        """Have a key for a long row of :meth:`seal`, so that none of them needs to ask the store for anything.

        :raises CannotDecrypt: the root key that the record is sealed under is not here.
        """
        if self.seals:
            self._ready(keys, SEALS_MAX // 2)

    def _ready(self, keys: WritableKeyTable, used_max: int) -> _Segment:
        segment = self._segment
        if segment is None or segment.used >= used_max or not (self._checked or self._stands(keys, segment)):
            segment = self._segment = self._begin(keys, 0)
        self._checked = True
        return segment

    def recheck(self) -> None:
        """Note that another process may have renewed or destroyed keys."""
        self._checked = False

    def committed(self) -> None:
        """Note that the transaction is durable, and a new key with it."""
        self._uncommitted = False

    def undone(self) -> None:
        """Note that something was undone; a key whose row went with it is never used again."""
        self._checked = False
        if self._uncommitted:
            self.forget()

    @property
    def segment(self) -> int:
        """The number of the key that is sealed under now; 0 before the first one."""
        return 0 if self._segment is None else self._segment.row.id

    def _stands(self, keys: KeyTable, segment: _Segment) -> bool:
        row = keys.data_key(segment.row.id)
        newest = self._newest(keys, segment.row.tenant)
        return row is not None and not row.ended_at and newest is not None and newest.version == segment.row.version

    @staticmethod
    def _newest(keys: KeyTable, tenant: int) -> KeyRow | None:
        rows = list(keys.tenant_keys(tenant))
        return rows[-1] if rows else None

    def _begin(self, keys: WritableKeyTable, tenant: int) -> _Segment:
        """Begin a segment: a new data key, and a new key for the tenant when it has none."""
        newest = self._newest(keys, tenant)
        if newest is None or newest.ended_at:
            newest, tenant_key = self.renew(keys, tenant)
        else:
            tenant_key = unwrap_tenant(self._roots.root(wanted=newest.root), newest)
        key = self._random(KEY_BYTES)
        number, version = keys.next_data_key(), newest.version
        row = KeyRow(number, SEGMENT, tenant, version, version, "", newest.origin, self._now(), 0, b"")
        row = row._replace(wrapped=wrap_segment(tenant_key, row, key))
        keys.add_data_keys([row])
        self._uncommitted = True
        opened = self._known[row.id] = _use(row, key)
        return _Segment(row, opened)

    def renew(self, keys: WritableKeyTable, tenant: int, *, unsealed: bool = False) -> tuple[KeyRow, bytes]:
        """Make a new key for a tenant; what is sealed from here on lies under it.

        ``unsealed`` says that all that lies unsealed now may: it was written where the record was not encrypted.

        :raises CannotDecrypt: the root key that the record is sealed under is not here.
        """
        rows = list(keys.tenant_keys(tenant))
        root = self._roots.root(create=not rows, wanted=rows[-1].root if rows else "")
        origin = rows[-1].origin if rows else self._random(ORIGIN_BYTES).hex()
        if unsealed or ends_of(origin) is None:
            origin = marked(origin, Ends(*keys.last_numbers()))
        version = rows[-1].version + 1 if rows else 1
        key = self._random(KEY_BYTES)
        row = KeyRow(keys.next_data_key(), TENANT, tenant, version, 0, root.id, origin, self._now(), 0, b"")
        row = row._replace(wrapped=wrap_tenant(root, row, key))
        keys.add_data_keys([row])
        self.forget()
        self._uncommitted = True
        return row, key

    def rewrapped(self, keys: KeyTable, row: KeyRow, tenant_row: KeyRow, tenant_key: bytes) -> KeyRow:
        """Give a data key's row under another key of its tenant; what it sealed is not touched.

        :raises CannotDecrypt: it cannot be opened now.
        """
        key = unwrap_segment(self._tenant_key(keys, row.tenant, row.wrapped_by, row), row)
        return row._replace(wrapped_by=tenant_row.version, wrapped=wrap_segment(tenant_key, row, key))


class _NoRoots:
    """Where nobody has given a root key."""

    def root(self, *, create: bool = False, wanted: str = "") -> Root:
        """Say so."""
        assert not create, "what is sealed has a root key"
        raise CannotDecrypt(f"cannot decrypt: the root key {wanted} was not given")

    def file(self) -> RootFile | None:
        """There is none."""
        return None


def plain() -> Sealer:
    """Give what seals nothing and opens nothing that is sealed."""
    return Sealer(_NoRoots(), seals=False, random_bytes=bytes, now_us=int)


def key_of(data: bytes) -> int:
    """Tell the number of the key that bytes at rest (or their first 12) are sealed under; 0 when they are not."""
    return int.from_bytes(data[4:12], "big") if data[:4] == MAGIC else 0


def _use(row: KeyRow, key: bytes) -> _Opened:
    # What is sealed is bound to its tenant, to the key's version and to the record; table and row are added for each.
    return _Opened(AESGCM(key), b"rxtrail seal/v1\0" + _AAD.pack(row.tenant, row.version) + row.origin.encode())


def _aad(opened: _Opened, table: str, row: tuple[int, ...]) -> bytes:
    return opened.bound + f"\0{table}\0{','.join(map(str, row))}".encode()


def _changed(place: str) -> CannotDecrypt:
    return CannotDecrypt(
        f"cannot decrypt {place}: its bytes were changed, or belong to another place",
        place=place,
        advice="Restore the record from a backup; rxtrail audit tells what else was changed.",
    )
