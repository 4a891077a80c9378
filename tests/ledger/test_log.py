"""Every record is committed to as it is written: to who, when and what, to its packages, and to its block."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec
import pytest

from rxtrail import clock
from rxtrail.core.epcis import canonical
from rxtrail.core.epcis.event import Event
from rxtrail.core.gs1.runs import EpcRun
from rxtrail.core.merkle import entry, packs
from rxtrail.core.merkle.errors import BadEntry, BadProof
from rxtrail.core.merkle.event_leaves import leaves_in, leaves_of
from rxtrail.ledger.batch import append_events
from rxtrail.ledger.changes import Adopted, DataKeys, Keep, SetSettings, decode_changes
from rxtrail.ledger.committing import commit_to_all
from rxtrail.ledger.log import BLOCK_BYTES
from rxtrail.ledger.prepare import prepare
from rxtrail.ledger.writer import Writer
from rxtrail.record.standing import authority_of
from rxtrail.store.rows import RecordKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rxtrail.ledger.changes import Change
    from rxtrail.ledger.log import Log
    from rxtrail.store import Reader, Store, Transaction
    from rxtrail.store.rows import Record

NOW = 1_800_000_000_000_000
PACKS = EpcRun("01/00352601815904/21/", [f"S{number}" for number in range(40)])
ILMD = {"{urn:epcglobal:cbv:mda}lotNumber": "L1", "{urn:epcglobal:cbv:mda}itemExpirationDate": "2027-09-30"}


def made(minute: int = 0) -> Event:
    return Event(
        kind="ObjectEvent", event_time=NOW + minute * 60_000_000, action="ADD", biz_step="commissioning", epcs=[PACKS],
        ilmd=ILMD,
    )  # fmt: skip


@pytest.fixture
def store(open_record: Callable[[], Store]) -> Iterator[Store]:
    opened = open_record()
    yield opened
    opened.close()


def write(store: Store, *works: Callable[[Transaction, Log], object], package_proofs: bool = True) -> None:
    writer = Writer(store, random_bytes=clock.random_bytes, now_us=lambda: NOW, package_proofs=package_proofs)
    for work in works:
        writer.do(work)
    writer.close()


def events(*given: Event) -> Callable[[Transaction, Log], object]:
    def work(tx: Transaction, log: Log) -> object:
        authority = authority_of(tx, clock.today())
        return append_events(
            tx, log, authority, [prepare(event, speaker="0300011111116") for event in given], speaker="0300011111116"
        )

    return work


def records(store: Store) -> list[tuple[Record, bytes]]:
    reader = store.reader()
    try:
        return reader.records_from(0, 1_000)
    finally:
        reader.close()


def without_keys(changes: list[Change]) -> list[Change]:
    """What a work changed, beside the key that the first block of a process takes."""
    return [change for change in changes if not isinstance(change, DataKeys)]


def read(store: Store, ask: Callable[[Reader], object]) -> object:
    reader = store.reader()
    try:
        return ask(reader)
    finally:
        reader.close()


def test_an_entry_binds_who_when_and_what(store: Store) -> None:
    write(store, events(made()))
    row, body = records(store)[0]
    envelope = prepare(made(), speaker="").envelope
    assert row.commitment is not None
    held = entry.Entry(entry.Kind(row.kind), row.id, row.commitment)
    right = entry.Opening(row.kind, 0, "0300011111116", row.recorded_at, body, envelope)
    opened = entry.encode_opening(right)
    assert entry.check_opening(held, row.salt, opened) == right
    for wrong in (
        {"tenant": 1},
        {"party": "0300011111117"},
        {"recorded_at": row.recorded_at + 1},
        {"canonical": body + b"\0"},
        {"envelope": envelope + b"\0"},
        {"kind": RecordKind.SCAN},
    ):
        with pytest.raises(BadEntry):
            entry.check_opening(held, row.salt, entry.encode_opening(msgspec.structs.replace(right, **wrong)))
    with pytest.raises(BadEntry):
        entry.check_opening(held, bytes(32), opened)


def test_what_the_log_tells_is_what_the_records_hold(store: Store) -> None:
    write(store, events(made()), lambda _tx, log: log.append(RecordKind.COMMAND, b"\x01x"))
    told = read(store, lambda reader: reader.entries_from(0, 100))
    assert told == [(row.position, row.kind, row.id, row.commitment) for row, _ in records(store)]
    assert read(store, lambda reader: reader.entries_from(2, 1)) == told[2:3]


def test_one_package_of_an_event_is_proven_without_the_others(store: Store) -> None:
    write(store, events(made()))
    row, body = records(store)[0]
    held = entry.decode(entry.encode(row.kind, row.id, row.commitment or b""))
    root = entry.package_root(held)
    assert root is not None
    leaves = leaves_of(canonical.decode(body), "L1", "2027-09-30")
    summary, names = leaves[0], [text.decode() for text in leaves[1:]]
    assert summary == (
        b'{"action":"ADD","bizStep":"commissioning","eventTime":"2027-01-15T08:00:00Z","eventType":"ObjectEvent",'
        b'"expiry":"2027-09-30","gtin":"00352601815904","identifierCount":"40","lot":"L1"}'
    )
    assert names == [f"01/00352601815904/21/S{number}" for number in range(40)]
    for proof in packs.prove(row.salt, leaves, (0, 1, 17, 40)):
        packs.verify(proof, root)
    [proof] = packs.prove(row.salt, leaves, [18])
    assert proof.text == b"01/00352601815904/21/S17"
    with pytest.raises(BadProof):
        packs.verify(msgspec.structs.replace(proof, text=b"01/00352601815904/21/S99"), root)


def test_a_packing_event_has_a_tree_of_its_containers_and_not_of_the_packs_in_them(store: Store) -> None:
    case, cases = "00/003123450000000013", EpcRun("00/", ["003123450000000020"])
    packing = Event(kind="AggregationEvent", event_time=NOW, action="ADD", parent=case, children=[PACKS, cases])
    write(store, events(packing))
    row, body = records(store)[0]
    leaves = leaves_of(packing, "", "")
    assert [text.decode() for text in leaves[1:]] == [case, "00/003123450000000020"]
    assert leaves_in(body) == leaves
    assert (row.commitment or b"")[32:] == packs.root_of(row.salt, leaves)
    assert len(leaves_of(packing, "", "", whole=True)) == 1 + 1 + 40 + 1


def test_without_package_proofs_an_event_is_committed_to_as_a_whole(store: Store) -> None:
    write(store, events(made()), package_proofs=False)
    row, _ = records(store)[0]
    assert len(row.commitment or b"") == 32


def test_each_block_is_committed_to_as_it_is_stored(store: Store) -> None:
    def work(_tx: Transaction, log: Log) -> None:
        for number in range(5):
            log.append(RecordKind.COMMAND, bytes([number]) * (BLOCK_BYTES // 2))

    write(store, lambda _tx, log: log.append(RecordKind.COMMAND, b"\x01first"))  # takes a key to seal under
    before = len(records(store))
    write(store, work)
    held = [(row, body) for row, body in records(store)[before:] if row.kind != RecordKind.CHANGE]
    assert [row.kind for row, _ in held] == [RecordKind.COMMAND] * 5 + [RecordKind.BLOCK] * 3, "no gap in the work"
    for row, body in held[5:]:
        assert body == b""
        told = entry.sealed_block(entry.Entry(entry.Kind.BLOCK, row.id, row.commitment or b""))
        inside = [each.position for each, _ in held if each.kind == RecordKind.COMMAND and each.block == row.block]
        assert (told.first, told.last) == (inside[0], inside[-1])
        stored = read(store, lambda reader, number=row.block: reader.blocks_stored([number]))  # type: ignore[misc]
        assert hashlib.sha256(stored[row.block]).digest() == told.sha256  # type: ignore[index]


def test_what_is_written_beside_the_events_stands_in_the_log(store: Store) -> None:
    def work(tx: Transaction, log: Log) -> None:
        tx.keep("kind", "key", 7, b"body")
        log.append(RecordKind.COMMAND, b"\x01x")
        tx.set_settings({"b": "2", "a": "1"})

    write(store, work, lambda tx, _log: tx.name_id("a text"))
    kinds = [row.kind for row, _ in records(store)]
    assert kinds == [RecordKind.COMMAND, RecordKind.CHANGE, RecordKind.BLOCK], "nothing for a work that changed nothing"
    told = decode_changes(records(store)[1][1])
    assert told.recorded_at == records(store)[0][0].recorded_at
    assert without_keys(told.changes) == [Keep("kind", "key", 7, b"body"), SetSettings({"a": "1", "b": "2"})]


def test_a_refused_work_leaves_no_change_in_the_log(store: Store) -> None:
    def refused(tx: Transaction, _log: Log) -> None:
        tx.keep("kind", "key", 7, b"body")
        raise BadEntry("no")

    writer = Writer(store, random_bytes=clock.random_bytes, now_us=lambda: NOW)
    futures = [writer.submit(refused), writer.submit(lambda tx, _log: tx.keep("kind", "other", 8, b"x"))]
    with pytest.raises(BadEntry):
        futures[0].result(10)
    futures[1].result(10)
    writer.close()
    changes = [decode_changes(body).changes for row, body in records(store) if row.kind == RecordKind.CHANGE]
    assert list(map(without_keys, changes)) == [[Keep("kind", "other", 8, b"x")]]


def test_records_of_before_the_commitments_get_them_when_the_store_is_opened_for_writing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = [events(made(minute)) for minute in range(3)]
    write(store, *works, lambda _tx, log: log.append(RecordKind.SCAN, b"\x01" + b"s" * BLOCK_BYTES))
    before = [(row, body) for row, body in records(store) if row.kind != RecordKind.BLOCK]
    size = len(records(store))
    tx = store.begin()
    tx.set_commitments([(None, row.position) for row, _ in before])  # type: ignore[misc]
    store.commit()
    monkeypatch.setattr("rxtrail.ledger.committing.RECORDS_AT_ONCE", 4)
    told: list[int] = []
    with_reader = store.reader()
    done = commit_to_all(
        store, with_reader, random_bytes=clock.random_bytes, now_us=lambda: NOW, package_proofs=True,
        progress=lambda done, _total: told.append(done),
    )  # fmt: skip
    with_reader.close()
    after = records(store)
    again = [row for row, _ in after[:size] if row.kind != RecordKind.BLOCK]
    assert again == [row for row, _ in before], "the same as when they were written"
    assert done == len(before)
    assert told == sorted(told)
    assert len(told) > 1
    blocks = {row.block for row, _ in after[size:] if row.kind == RecordKind.BLOCK}
    [(adopted, told_of)] = [(row, body) for row, body in after[size:] if row.kind == RecordKind.CHANGE]
    assert blocks == {row.block for row, _ in before} | {adopted.block}
    assert without_keys(decode_changes(told_of).changes) == [Adopted(before[-1][0].position + 1)]
