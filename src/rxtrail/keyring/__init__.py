"""The keys of a record: told, renewed, what they sealed sealed anew, and destroyed. Each is a decision in the log.

Renewing costs a few rows however large the record is: only the wrapping of the data keys changes. Sealing anew changes
bytes at rest and no leaf of the log, because those commit to what was sealed; each block gets a further record that
commits to its bytes as they are now. Destroying a key leaves every row where it is, and takes away the meaning of what
that key sealed.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, Literal, assert_never

import msgspec

from rxtrail.core.merkle.entry import positions_in
from rxtrail.core.merkle.tree import HASH_BYTES
from rxtrail.errors import BadRequest, Busy, NotFound, StoreDamaged, StoreFailed
from rxtrail.ledger.changes import data_keys_of
from rxtrail.record.times import iso
from rxtrail.sealing import SEGMENT, TENANT, Sealer, key_of
from rxtrail.store.rows import RecordKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.ledger.log import Log
    from rxtrail.ledger.writer import Writer
    from rxtrail.sealing import KeyRow
    from rxtrail.store import Reader, Store, Transaction

DECISION_VERSION: Final = b"\x01"
BLOCKS_AT_ONCE: Final = 64  # sealed anew in one transaction: some 8 MiB of records
ROWS_AT_ONCE: Final = 1_000
_encode = msgspec.msgpack.Encoder().encode


class Unaudited(Busy):
    """What would be destroyed was written after the audit that came before."""

    code = "unaudited"


class TenantKey(msgspec.Struct, frozen=True, gc=False):
    """One key of a tenant: ``in-use``, ``retired`` (a newer one took over) or ``destroyed``."""

    tenant: int
    version: int
    state: str
    made_at: str
    ended_at: str


class KeysStatus(msgspec.Struct, frozen=True, gc=False):
    """How what lies at rest is protected; the keys themselves are nowhere in it."""

    encrypted: bool  # what is written now is sealed
    file_encrypted: bool  # the index too: SQLite, by SQLCipher
    root: str  # the name of the root key
    kept: str  # file | passphrase | kms, and "" when the file is not here
    tenants: list[TenantKey]
    data_keys: int
    data_keys_destroyed: int
    blocks: int
    blocks_plain: int
    blocks_under_older_keys: int
    blocks_destroyed: int
    documents: int
    documents_plain: int
    documents_under_older_keys: int
    documents_destroyed: int


class KeyOrder(msgspec.Struct, frozen=True, gc=False):
    """What shall be done with keys, why, and who says so."""

    action: Literal["rotate", "reseal", "shred", "note"]
    reason: str = ""
    by: str = ""
    segment: int = 0  # of shred: this data key; 0 for all keys of the tenant
    tenant: int = 0
    everything: bool = False  # of reseal: also what lies under keys of the newest version
    after_block: int = 0  # of reseal: where the last call stopped
    after_document: int = 0
    audited: int = 0  # of shred: the records in front of this one were audited; none behind may lie under these keys


class KeysChanged(msgspec.Struct, frozen=True, gc=False):
    """What was done; ``more`` says that resealing goes on after ``after_block`` and ``after_document``."""

    action: str
    version: int = 0
    data_keys: int = 0
    blocks: int = 0
    documents: int = 0
    record: int = -1  # the position of the decision in the log
    scrubbed: bool = True  # of shred: what was overwritten is off the disk too, as far as the engine can
    more: bool = False
    after_block: int = 0
    after_document: int = 0
    audited: int = 0  # of shred: the records that an audit had found whole; 0 when nobody had looked


class Keyring:
    """The use cases on the keys of one opened record."""

    def __init__(self, store: Store, *, reader: Callable[[], Reader], writer: Callable[[], Writer]) -> None:
        """Work on a store; ``reader`` gives the calling thread's reader."""
        self._store = store
        self._reader = reader
        self._writer = writer

    @property
    def encrypted(self) -> bool:
        """Tell whether what is written now is sealed."""
        return self._store.sealer.seals

    def status(self) -> KeysStatus:
        """Tell how what lies at rest is protected.

        :raises CannotDecrypt: the file of the root key is damaged, or others may read it.
        """
        reader = self._reader()
        rows = reader.data_keys()
        file = self._store.sealer.root_file()
        sealed = {row.id: row for row in rows}
        newest = _newest(rows)
        blocks, documents = (
            _Counted.of(counted, sealed, newest) for counted in (reader.sealed_blocks(), reader.sealed_documents())
        )
        return KeysStatus(
            encrypted=self._store.sealer.seals,
            file_encrypted=self._store.encrypted,
            root=file.id if file is not None else next((row.root for row in rows[::-1] if row.root), ""),
            kept=file.form if file is not None else "",
            tenants=[
                TenantKey(row.tenant, row.version, _state(row), iso(row.made_at), _ended(row))
                for row in rows
                if row.kind == TENANT
            ],
            data_keys=sum(row.kind == SEGMENT for row in rows),
            data_keys_destroyed=sum(row.kind == SEGMENT and bool(row.ended_at) for row in rows),
            blocks=blocks.all,
            blocks_plain=blocks.plain,
            blocks_under_older_keys=blocks.older,
            blocks_destroyed=blocks.destroyed,
            documents=documents.all,
            documents_plain=documents.plain,
            documents_under_older_keys=documents.older,
            documents_destroyed=documents.destroyed,
        )

    def change(self, order: KeyOrder) -> KeysChanged:
        """Carry out an order, durably.

        :raises BadRequest: the record is not encrypted, or the order is not whole.
        :raises NotFound: there is no such key.
        :raises CannotDecrypt: a key that is needed is not here.
        """
        if not self._store.sealer.seals:
            raise BadRequest(
                "this record shall not be encrypted: it has no keys",
                advice="Move it to a new store, which is encrypted: rxtrail move-store FROM TO",
            )
        if order.action != "reseal" and not (order.reason and order.by):
            raise BadRequest("a change of keys has a reason and the name of who makes it", place="reason")
        sealer = self._store.sealer
        match order.action:
            case "rotate":
                return self._writer().do(lambda tx, log: _rotate(tx, log, sealer, order), alone=True)
            case "shred":
                changed = self._writer().do(lambda tx, log: _shred(tx, log, sealer, order), alone=True)
                try:
                    self._store.scrub()
                except StoreFailed:
                    return msgspec.structs.replace(changed, scrubbed=False)
                return changed
            case "note":
                return self._writer().do(lambda _tx, log: _note(log, sealer, order))
            case "reseal":
                return self._writer().do(lambda tx, log: _reseal(tx, log, sealer, order), alone=True)
            case _:
                assert_never(order.action)


class _Counted(msgspec.Struct, frozen=True, gc=False):
    """How many blocks or documents lie under which keys."""

    all: int
    plain: int
    older: int
    destroyed: int

    @classmethod
    def of(cls, counted: dict[int, int], keys: dict[int, KeyRow], newest: dict[int, int]) -> _Counted:
        older = destroyed = 0
        for number, count in counted.items():
            row = keys.get(number)
            if number and (row is None or row.ended_at):
                destroyed += count
            elif row is not None and row.version < newest[row.tenant]:
                older += count
        return cls(sum(counted.values()), counted.get(0, 0), older, destroyed)


def _rotate(tx: Transaction, log: Log, sealer: Sealer, order: KeyOrder) -> KeysChanged:
    """Make a new key for the tenant and wrap its data keys under it; the older one is destroyed, it wraps nothing."""
    now = log.now
    rows = tx.data_keys()
    new, key = sealer.renew(tx, order.tenant)
    segments = [
        sealer.rewrapped(tx, row, new, key)
        for row in rows
        if row.kind == SEGMENT and row.tenant == order.tenant and not row.ended_at
    ]
    retired = [
        row._replace(ended_at=now, wrapped=b"", wrapped_by=new.version)
        for row in rows
        if row.kind == TENANT and row.tenant == order.tenant and not row.ended_at
    ]
    tx.set_data_keys(segments + retired)
    record = _decide(log, ["keys-rotated", order.tenant, new.version, len(segments), order.reason, order.by])
    return KeysChanged("rotate", version=new.version, data_keys=len(segments), record=record)


def _shred(tx: Transaction, log: Log, sealer: Sealer, order: KeyOrder) -> KeysChanged:
    """Destroy one data key, or all keys of a tenant."""
    rows = tx.data_keys()
    if order.segment:
        meant = [row for row in rows if row.kind == SEGMENT and row.id == order.segment]
    else:
        meant = [row for row in rows if row.tenant == order.tenant]
    if not meant:
        raise NotFound("there is no such key", place="segment" if order.segment else "tenant")
    if order.audited:
        _refuse_unaudited(tx, order.audited, log.position, {row.id for row in meant if not row.ended_at})
    ended = [row._replace(ended_at=log.now, wrapped=b"") for row in meant if not row.ended_at]
    tx.set_data_keys(ended)
    sealer.forget()
    # What told of the other keys may lie under this one: they are told anew, under a key that is not.
    log.note(data_keys_of(tx.data_keys(), anew=True))
    numbers = {row.id for row in ended}
    blocks, documents = (
        sum(count for number, count in counted.items() if number in numbers)
        for counted in (tx.sealed_blocks(), tx.sealed_documents())
    )
    what = ["segment", order.segment] if order.segment else ["tenant", order.tenant]
    record = _decide(log, ["keys-shredded", *what, blocks, documents, order.reason, order.by])
    return KeysChanged(
        "shred", data_keys=len(ended), blocks=blocks, documents=documents, record=record, audited=order.audited
    )


def _refuse_unaudited(tx: Transaction, audited: int, size: int, keys: set[int]) -> None:
    """Refuse to destroy what was written since an audit looked: nobody could ever hold the tables against it.

    :raises Unaudited: there is something.
    :raises StoreDamaged: records are missing there.
    """
    while audited < size:
        rows = tx.record_rows_from(audited, ROWS_AT_ONCE)
        if not rows or rows[0].position != audited or rows[-1].position - audited != len(rows) - 1:
            raise StoreDamaged(
                f"records are missing behind the {audited:,} that were audited",
                place="audited",
                advice="Nothing was destroyed. rxtrail audit tells what else is wrong.",
            )
        blocks = sorted({row.block for row in rows})
        if any(key_of(data) in keys for data in tx.blocks_stored(blocks).values()):
            raise Unaudited(
                "records were written under this key since the audit",
                place="audited",
                advice="Audit again and repeat. Stop what writes, if that does not help.",
            )
        audited += len(rows)


def _reseal(tx: Transaction, log: Log, sealer: Sealer, order: KeyOrder) -> KeysChanged:
    """Seal some more of what lies plain or under older keys; a document is one transaction, blocks are many."""
    keys = {row.id: row for row in tx.data_keys()}
    newest = _newest(list(keys.values()))

    def wanted(number: int) -> bool:
        row = keys.get(number)
        if row is None:
            return number == 0
        return not row.ended_at and (order.everything or row.version < newest[row.tenant])

    sealer.ready(tx)
    now_under = sealer.segment
    page = tx.blocks_from(order.after_block, BLOCKS_AT_ONCE)
    meant = [number for number, data in page if wanted(key_of(data)) and key_of(data) != now_under]
    entries = tx.block_entries(meant) if meant else {}
    for number, data in page:
        if number in entries:
            # What lies there must be what the log commits to: sealing anew would bless what somebody has put there.
            if hashlib.sha256(data).digest() != entries[number][:HASH_BYTES]:
                raise StoreDamaged(
                    f"block {number} is not what the log commits to, and was not sealed anew",
                    place=f"block {number}",
                    advice="Somebody or something has changed it. Restore a backup; rxtrail audit tells what else.",
                )
            opened = sealer.open(tx, "block", (number,), data)
            first, last = positions_in(entries[number])
            log.commit_to_block(number, tx.set_block(number, opened), first, last)
    if page:
        return KeysChanged(
            "reseal", blocks=len(meant), more=True, after_block=page[-1][0], after_document=order.after_document
        )
    document = next(
        (
            number
            for number, key in tx.document_keys(order.after_document, BLOCKS_AT_ONCE)
            if wanted(key) and key != now_under
        ),
        None,
    )
    if document is not None:
        tx.reseal_document(document)
        return KeysChanged("reseal", documents=1, more=True, after_block=order.after_block, after_document=document)
    further = tx.document_keys(order.after_document, BLOCKS_AT_ONCE)
    if further:
        return KeysChanged("reseal", more=True, after_block=order.after_block, after_document=further[-1][0])
    record = _decide(log, ["resealed", order.everything, order.reason, order.by])
    return KeysChanged("reseal", record=record)


def _note(log: Log, sealer: Sealer, order: KeyOrder) -> KeysChanged:
    """Record what was done with the file of the root key, which lies beside the record."""
    file = sealer.root_file()
    kept = [file.id, file.form] if file is not None else ["", ""]
    return KeysChanged("note", record=_decide(log, ["root-key", *kept, order.reason, order.by]))


def _decide(log: Log, what: list[object]) -> int:
    return log.append(RecordKind.DECISION, decision([log.now, *what]))


def decision(what: list[object]) -> bytes:
    """Give the bytes of a decision about keys: when, what, and what it was done to."""
    return DECISION_VERSION + _encode(what)


def _newest(rows: list[KeyRow]) -> dict[int, int]:
    """Give the newest version of each tenant's key."""
    return {row.tenant: row.version for row in sorted(rows) if row.kind == TENANT}


def _state(row: KeyRow) -> str:
    if not row.ended_at:
        return "in-use"
    return "retired" if row.wrapped_by else "destroyed"


def _ended(row: KeyRow) -> str:
    return iso(row.ended_at) if row.ended_at else ""
