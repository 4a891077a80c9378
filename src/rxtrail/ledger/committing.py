"""Committing to what was written before the log had commitments: once, when a store is next opened for writing."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from rxtrail.core.merkle.entry import Opening, commit, encode_opening
from rxtrail.core.merkle.event_leaves import leaves_in
from rxtrail.core.merkle.packs import root_of
from rxtrail.errors import StoreDamaged
from rxtrail.ledger.changes import Adopted, data_keys_of
from rxtrail.ledger.log import Log
from rxtrail.ledger.writer import Writer
from rxtrail.store.rows import RecordKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.store import Reader, Store, Transaction
    from rxtrail.store.rows import Record

PACKAGE_PROOFS = "package_proofs"  # a setting of the record; it is on unless this is off
ON, OFF = "on", "off"
RECORDS_AT_ONCE = 20_000  # more than one block can hold


def open_writer(
    store: Store,
    reader: Reader,
    *,
    random_bytes: Callable[[int], bytes],
    now_us: Callable[[], int],
    committed: Callable[[int], None],
) -> Writer:
    """Commit to what is not committed to yet, then start the writer as the record's settings ask."""
    package_proofs = reader.settings().get(PACKAGE_PROOFS) != OFF
    commit_to_all(store, reader, random_bytes=random_bytes, now_us=now_us, package_proofs=package_proofs)
    return Writer(store, random_bytes=random_bytes, now_us=now_us, committed=committed, package_proofs=package_proofs)


def commitment_of(record: Record, canonical: bytes, envelope: bytes, reader: Reader, *, package_proofs: bool) -> bytes:
    """Commit to a record as the log does (``ledger.log``), from what the store holds of it."""
    party = reader.name(record.party)
    opening = Opening(record.kind, record.tenant, party, record.recorded_at, canonical, envelope)
    found = commit(record.salt, encode_opening(opening))
    if package_proofs and record.kind == RecordKind.EVENT:
        found += root_of_packages(record.salt, canonical)
    return found


def root_of_packages(salt: bytes, canonical: bytes) -> bytes:
    """Give the root over the packages that an event names, b"" when it names none."""
    leaves = leaves_in(canonical)
    return root_of(salt, leaves) if leaves else b""


def commit_to_all(
    store: Store,
    reader: Reader,
    *,
    random_bytes: Callable[[int], bytes],
    now_us: Callable[[], int],
    package_proofs: bool,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> int:
    """Fill in what is missing, batch by batch, each in one transaction; give how many records it was.

    It may be broken off anywhere: the next opening goes on. ``progress`` is told how far it is, and the log's size.

    :raises StoreDamaged: a record that was published has no commitment any more.
    """
    done = 0
    while reader.uncommitted(0, 1):
        tx = store.begin()
        try:
            count = _commit_to_some(tx, random_bytes, tx.clock(now_us()), package_proofs=package_proofs)
            size = tx.log_size()
        except BaseException:
            store.rollback()
            raise
        store.commit()
        done += count
        progress(done, size)
    return done


def _commit_to_some(tx: Transaction, random_bytes: Callable[[int], bytes], now: int, *, package_proofs: bool) -> int:
    """Commit to the records of the next few blocks, and to these blocks."""
    found = tx.uncommitted(0, RECORDS_AT_ONCE)
    if len(found) == RECORDS_AT_ONCE:  # the last block may go on behind them
        found = [each for each in found if each[0].block != found[-1][0].block]
    if not found:
        return 0
    head = tx.checkpoint()
    if head is not None and found[0][0].position < head.size:
        raise StoreDamaged(
            f"record {found[0][0].position} was published, and what the log commits to of it is gone",
            place=f"record position={found[0][0].position}",
            advice="The record was altered. Restore a backup; rxtrail audit tells all that is damaged.",
        )
    tx.set_commitments(
        [
            (commitment_of(record, canonical, envelope, tx, package_proofs=package_proofs), record.position)
            for record, canonical, envelope in found
        ]
    )
    ends: dict[int, list[int]] = {}
    for record, _, _ in found:
        ends.setdefault(record.block, [record.position, record.position])[1] = record.position
    log = Log(tx, random_bytes, now)
    for number, data in sorted(tx.blocks_stored(sorted(ends)).items()):
        log.commit_to_block(number, hashlib.sha256(data).digest(), *ends[number])
    if not tx.uncommitted(0, 1):
        log.note(Adopted(found[-1][0].position + 1))
        if keys := tx.data_keys():
            log.note(data_keys_of(keys, anew=True))
    log.flush()
    return len(found)
