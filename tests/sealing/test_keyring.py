"""New keys cost nothing, sealing anew changes no leaf, and a destroyed key takes what it sealed and nothing else."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import time
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import zstandard

from rxtrail.bootstrap import open_node
from rxtrail.core.merkle.entry import positions_in
from rxtrail.errors import BadRequest, NotFound, StoreDamaged
from rxtrail.keyring import KeyOrder, KeysChanged
from rxtrail.sealing import CannotDecrypt, NotSealed, Shredded, key_of
from rxtrail.store.rows import RecordKind
from tests.faults.processes import program, quiet, run
from tests.moving.records import lend_root
from tests.story import made, pack, packed, packs, sscc, xml

if TYPE_CHECKING:
    from pathlib import Path

    from rxtrail.bootstrap import Node
    from tests.engines import Rows

ROTATE = KeyOrder("rotate", reason="Yearly.", by="A. Kim")


def capture(node: Node, name: str, count: int = 20) -> bytes:
    epcs = packs(count, start=name)
    document = xml([made(*epcs), packed(sscc(len(name) * 7 + ord(name[0])), *epcs)])
    node.capture(io.BytesIO(document), name=name)
    return document


def everything(node: Node) -> dict[str, Any]:
    return {
        "events": b"".join(node.export("events", "json")),
        "packs": b"".join(node.export("packs", "json")),
        "raw": [b"".join(node.document_raw(document.sha256)) for document in node.documents()],
        "journey": node.trace(pack("A1")).events,
    }


def leaves(node: Node, until: int) -> list[Any]:
    return [entry for entry in node._reader().entries_from(0, until) if entry[0] < until]


def reseal(node: Node, **more: Any) -> tuple[int, int]:
    blocks = documents = 0
    changed = KeysChanged("reseal", more=True)
    while changed.more:
        place: Any = {"after_block": changed.after_block, "after_document": changed.after_document}
        changed = node.keyring.change(KeyOrder("reseal", by="A. Kim", **place, **more))
        blocks, documents = blocks + changed.blocks, documents + changed.documents
    assert changed.record >= 0, "that it was done stands in the log"
    return blocks, documents


def decisions(node: Node) -> list[Any]:
    rows = node._reader().records_from(0, 100_000)
    return [msgspec.msgpack.decode(body[1:])[1:] for row, body in rows if row.kind == RecordKind.DECISION]


def segments(rows: dict[str, list[tuple[Any, ...]]], table: str, column: int) -> set[int]:
    return {key_of(bytes(row[column])) for row in rows[table]}


def commitments_hold(node: Node, rows: dict[str, list[tuple[Any, ...]]]) -> None:
    """See that the newest record about each block commits to the bytes that lie there now."""
    newest: dict[int, bytes] = {}
    for row, _ in node._reader().records_from(0, 100_000):
        if row.kind == RecordKind.BLOCK:
            assert row.commitment is not None
            newest[row.block] = row.commitment
    held = {int(row[0]): bytes(row[1]) for row in rows["block"]}
    assert newest.keys() == held.keys()
    for number, data in held.items():
        assert newest[number][:32] == hashlib.sha256(data).digest()
        first, last = positions_in(newest[number])
        assert first <= last


def test_a_new_key_changes_nothing_that_was_sealed(tmp_path: Path, rows: Rows) -> None:
    with open_node(tmp_path) as node:
        capture(node, "A")
        before, told = rows(tmp_path), everything(node)
        changed = node.keyring.change(ROTATE)
        assert (changed.version, changed.data_keys) == (2, 1)
        after = rows(tmp_path)
        kept = {int(row[0]): bytes(row[1]) for row in after["block"]}
        assert all(kept[int(row[0])] == bytes(row[1]) for row in before["block"]), "only the wrapping is new"
        assert sorted(map(repr, after["document_chunk"])) == sorted(map(repr, before["document_chunk"]))
        assert everything(node) == told
        capture(node, "B")
        status = node.keyring.status()
        assert [(key.version, key.state) for key in status.tenants] == [(1, "retired"), (2, "in-use")]
        assert status.blocks_under_older_keys == len(before["block"])
        assert ["keys-rotated", 0, 2, 1, "Yearly.", "A. Kim"] in decisions(node)
    with open_node(tmp_path) as node:
        assert everything(node)["raw"][0] == told["raw"][0]


def test_sealing_anew_leaves_every_leaf_and_commits_to_the_new_bytes(tmp_path: Path, rows: Rows) -> None:
    with open_node(tmp_path) as node:
        for name in ("A", "B", "C"):
            capture(node, name)
        node.keyring.change(ROTATE)
        told, size = everything(node), node.status().log_size
        before, old = leaves(node, size), rows(tmp_path)
        older = node.keyring.status().blocks_under_older_keys
        assert reseal(node) == (older, 3)
        after = rows(tmp_path)
        assert leaves(node, size) == before
        assert everything(node) == told
        assert segments(old, "document_chunk", 2).isdisjoint(segments(after, "document_chunk", 2))
        status = node.keyring.status()
        assert (status.blocks_under_older_keys, status.documents_under_older_keys) == (0, 0)
        commitments_hold(node, after)
        assert reseal(node) == (0, 0), "nothing is left to be done"


def test_sealing_everything_anew_leaves_an_older_key_with_nothing(tmp_path: Path, rows: Rows) -> None:
    with open_node(tmp_path) as node:
        capture(node, "A")
    with open_node(tmp_path) as node:
        capture(node, "B")
        old = segments(rows(tmp_path), "block", 1)
        told = everything(node)
        reseal(node, everything=True)
        kept = rows(tmp_path)
        assert len(segments(kept, "block", 1)) == 1
        assert len(old) == 2
        assert everything(node) == told
        commitments_hold(node, kept)


def test_what_was_written_before_there_was_encryption_can_be_sealed(tmp_path: Path, rows: Rows) -> None:
    with open_node(tmp_path) as node:
        node._store.sealer.seals = False  # as a record is that was moved here from an older version
        capture(node, "A")
        node._store.sealer.seals = True
        capture(node, "B")
        status = node.keyring.status()
        assert (status.documents, status.documents_plain) == (2, 1)
        assert status.blocks_plain > 0
        told = everything(node)
        assert reseal(node) == (status.blocks_plain, 1)
        assert 0 not in segments(rows(tmp_path), "block", 1) | segments(rows(tmp_path), "document_chunk", 2)
        assert everything(node) == told


# -- destroyed keys ------------------------------------------------------------------------------------------------


def test_a_destroyed_segment_takes_what_it_sealed_and_nothing_else(tmp_path: Path, rows: Rows) -> None:
    with open_node(tmp_path) as node:
        capture(node, "A")
        [segment] = segments(rows(tmp_path), "document_chunk", 2)
    with open_node(tmp_path) as node:
        document = capture(node, "B")
        before, size = leaves(node, node.status().log_size), node.status().log_size
        first, second = node.documents()
        assert b"".join(node.document_raw(first.sha256))
        changed = node.keyring.change(KeyOrder("shred", reason="Contract ended.", by="A. Kim", segment=segment))
        assert changed.data_keys == 1
        assert changed.documents == 1
        assert changed.blocks > 0
        with pytest.raises(Shredded, match=f"key {segment} .* destroyed on purpose") as told:
            b"".join(node.document_raw(first.sha256))
        assert "still be proven" in told.value.advice
        with pytest.raises(Shredded):
            b"".join(node.export("events", "json"))
        assert b"".join(node.document_raw(second.sha256)) == document
        assert leaves(node, size) == before, "every leaf is there"
        assert node.status().packages == 40, "the index is not under that key"
        status = node.keyring.status()
        assert (status.data_keys_destroyed, status.documents_destroyed) == (1, 1)
        decision = ["keys-shredded", "segment", segment, changed.blocks, 1, "Contract ended.", "A. Kim"]
        assert bytes(msgspec.msgpack.encode(decision))[1:] in newest_decision(node)
    [row] = [row for row in rows(tmp_path)["data_key"] if row[0] == segment]
    assert bytes(row[-1]) == b""


def newest_decision(node: Node) -> bytes:
    reader = node._reader()
    entries = [entry for entry in reader.entries_from(0, 100_000) if entry[1] == RecordKind.DECISION]
    [(_, body)] = reader.records_from(entries[-1][0], 1)
    return body


def test_a_destroyed_tenant_is_gone_and_the_record_goes_on(tmp_path: Path) -> None:
    with open_node(tmp_path) as node:
        capture(node, "A")
        changed = node.keyring.change(KeyOrder("shred", reason="Closed.", by="A. Kim"))
        assert changed.documents == 1
        with pytest.raises(Shredded):
            b"".join(node.document_raw(node.documents()[0].sha256))
    with open_node(tmp_path) as node:
        document = capture(node, "B")
        assert b"".join(node.document_raw(node.documents()[1].sha256)) == document
        states = [(key.version, key.state) for key in node.keyring.status().tenants]
        assert states == [(1, "destroyed"), (2, "in-use")]
        verdict = node.verify(pack("A1").replace("/", ""))
        assert verdict.matched.serial == "yes", "a counter judges by the index as before"
        node.keyring.change(ROTATE)
        assert reseal(node)[1] == 1, "what is gone is left as it is"


def test_a_record_with_destroyed_keys_is_backed_up_and_moved_like_any_other(tmp_path: Path) -> None:
    from rxtrail.bootstrap.moving import restore_store

    with open_node(tmp_path / "a", store_url=f"sqlite:///{tmp_path}/a/rxtrail.sqlite") as node:
        capture(node, "A")
        node.keyring.change(KeyOrder("shred", reason="Closed.", by="A. Kim"))
        capture(node, "B")
        (tmp_path / "a.backup").write_bytes(b"".join(node.backup()))
    url = f"sqlite:///{tmp_path}/b/rxtrail.sqlite"
    lend_root(tmp_path / "b", url)
    arrived = restore_store(tmp_path / "b", url, tmp_path / "a.backup", accept_loss=False, progress=lambda *_: None)
    assert arrived.packages == 40
    with open_node(tmp_path / "b", store_url=url) as node:
        assert node.keyring.status().documents_destroyed == 1
        assert b"".join(node.document_raw(node.documents()[1].sha256))


def test_what_makes_no_sense_is_refused(tmp_path: Path) -> None:
    with open_node(tmp_path) as node:
        capture(node, "A")
        with pytest.raises(BadRequest, match="a reason and the name"):
            node.keyring.change(KeyOrder("rotate"))
        with pytest.raises(NotFound):
            node.keyring.change(KeyOrder("shred", reason="x", by="y", segment=999))
    with open_node(tmp_path / "plain", encrypt=False) as node, pytest.raises(BadRequest, match="has no keys"):
        node.keyring.change(ROTATE)


def test_a_moved_record_may_have_a_root_key_of_its_own(tmp_path: Path) -> None:
    from rxtrail.bootstrap.engines import keeper_in
    from rxtrail.bootstrap.moving import move_store

    old, new = tmp_path / "old", tmp_path / "new"
    here, there = (f"sqlite:///{folder}/rxtrail.sqlite" for folder in (old, new))
    with open_node(old, store_url=here) as node:
        capture(node, "A")
        node.keyring.change(ROTATE)
        told = everything(node)
    arrived = move_store(here, there, new_root=True, progress=lambda *_: None)
    assert arrived.unsealed == 0
    roots = {keeper_in(folder).root().id for folder in (old, new)}
    assert len(roots) == 2
    assert keeper_in(old).root().secret() not in b"".join(
        file.read_bytes() for file in new.rglob("*") if file.is_file()
    )
    with open_node(new, store_url=there) as node:
        assert everything(node) == told
        assert node.keyring.status().root == keeper_in(new).root().id
        capture(node, "B")
        reseal(node, everything=True)
        assert everything(node)["raw"][0] == told["raw"][0]
        assert any(decision[0] == "root-key" for decision in decisions(node))


# -- several processes ---------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("one_root")
def test_machines_on_one_server_follow_each_others_keys(tmp_path: Path, postgres_dsn: str) -> None:
    with (
        open_node(tmp_path / "one", store_url=postgres_dsn) as one,
        open_node(tmp_path / "other", store_url=postgres_dsn) as other,
    ):
        documents = [capture(one, "A"), capture(other, "B")]
        assert one.keyring.status().data_keys == 2, "each process seals under a key of its own"
        other.keyring.change(ROTATE)
        documents.append(capture(one, "C"))
        status = one.keyring.status()
        assert status.data_keys == 4, "the first one has taken a key under the new one"
        assert [(key.version, key.state) for key in status.tenants] == [(1, "retired"), (2, "in-use")]
        for node in (one, other):
            kept = [b"".join(node.document_raw(document.sha256)) for document in node.documents()]
            assert kept == documents
        assert b"".join(one.export("events", "json"))
        other.keyring.change(KeyOrder("shred", reason="Closed.", by="A. Kim"))
        deadline = time.monotonic() + 20
        while len(gone := [node for node in (one, other) if is_gone(node)]) < 2:
            assert time.monotonic() < deadline, gone
        document = capture(one, "D")
        assert b"".join(other.document_raw(other.documents()[-1].sha256)) == document


def is_gone(node: Node) -> bool:
    try:
        b"".join(node.export("events", "json"))
        b"".join(node.document_raw(node.documents()[0].sha256))
    except Shredded:
        return True
    return False


def test_a_machine_with_another_root_key_is_refused_before_it_writes(tmp_path: Path, postgres_dsn: str) -> None:
    with open_node(tmp_path / "one", store_url=postgres_dsn) as node:
        capture(node, "A")
        size = node.status().log_size
    open_node(tmp_path / "other").close()  # has a root key of its own
    with pytest.raises(CannotDecrypt, match="is needed, and the one that is here is"):
        open_node(tmp_path / "other", store_url=postgres_dsn)
    with pytest.raises(CannotDecrypt, match="is not here"):
        open_node(tmp_path / "third", store_url=postgres_dsn)
    with open_node(tmp_path / "third", store_url=postgres_dsn, write=False) as node:
        assert node.status().log_size == size, "the index of a server can be read"
        with pytest.raises(CannotDecrypt, match=r"the root key [0-9a-f]{16} is not here"):
            b"".join(node.document_raw(node.documents()[0].sha256))
    assert not (tmp_path / "third" / "keys" / "root.key").exists()


@pytest.mark.sqlite_only
def test_sealing_anew_that_is_killed_goes_on_and_loses_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with open_node(data) as node:
        for number in range(12):
            capture(node, "A" if number == 0 else f"A{number}x", 40)
        told = everything(node)
    for wait in (0.7, 0.9, 1.1, 1.3):
        words = program(data, "keys", "reseal", "--everything", "--by", "A. Kim")
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=quiet())
        time.sleep(wait)
        process.kill()
        process.wait()
        with open_node(data) as node:
            assert everything(node) == told
    with open_node(data) as node:
        reseal(node, everything=True)
        assert everything(node) == told
    assert run(data, "audit").code == 0


# -- what nobody sealed --------------------------------------------------------------------------------------------


def block_of_events(node: Node) -> tuple[int, bytes]:
    """A block with events, as it lies in the store."""
    reader = node._reader()
    number = next(row.block for row, _ in reader.records_from(0, 1000) if row.kind == RecordKind.EVENT)
    return number, reader.blocks_stored([number])[number]


def put(node: Node, name: str, *parameters: Any) -> None:
    """Write behind the back of everything, as somebody who owns the database does."""
    tx: Any = node._store.begin()
    tx._run(name, *parameters)
    node._store.commit()


def unsealed_and_forged(node: Node) -> tuple[int, bytes]:
    number, sealed = block_of_events(node)
    assert key_of(sealed)
    return number, node._store.sealer.open(node._reader(), "block", (number,), sealed)


def test_a_block_that_nobody_sealed_is_not_read_in_place_of_a_sealed_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with open_node(tmp_path) as node:
        capture(node, "A")
        number, opened = unsealed_and_forged(node)
        put(node, "set_block", opened, number)
    with open_node(tmp_path) as node:
        with pytest.raises(NotSealed, match=f"block {number} is not sealed") as told:
            b"".join(node.export("events", "json"))
        assert told.value.code == "not-sealed"
        assert "is not sealed" in caplog.text, "and the server's log says so"
        node.keyring.change(ROTATE)
        with pytest.raises(StoreDamaged, match=f"block {number} is not what the log commits to"):
            reseal(node, everything=True)
        assert node._reader().blocks_stored([number]) == {number: opened}, "it was not blessed"


def test_a_commitment_that_was_made_to_fit_lets_no_unsealed_block_in(tmp_path: Path, rows: Rows) -> None:
    """Who owns the tables can write what the log commits to, but not the line in the name that keys are bound to."""
    with open_node(tmp_path) as node:
        capture(node, "A")
        number, opened = unsealed_and_forged(node)
        reader = node._reader()
        [at] = [row.position for row, _ in reader.records_from(0, 1000) if row.kind == 6 and row.block == number]
        put(node, "set_block", opened, number)
        put(node, "set_commitment", hashlib.sha256(opened).digest() + bytes(16), at)
        assert reader.is_committed_to("block", (number,), opened)
    with open_node(tmp_path) as node, pytest.raises(NotSealed):
        b"".join(node.export("events", "json"))
    assert all("/0/0" in row[6] for row in rows(tmp_path)["data_key"]), "none may lie unsealed in this record"


@pytest.mark.parametrize("all_of_it", [True, False])
def test_a_document_that_nobody_sealed_is_not_read_in_place_of_a_sealed_one(tmp_path: Path, *, all_of_it: bool) -> None:
    with open_node(tmp_path) as node:
        tell = xml([made(*packs(4000, start="A"))]) + b"<!--" + os.urandom(400_000).hex().encode() + b"-->"
        node.capture(io.BytesIO(tell), name="A")
        [document] = node.documents()
        reader = node._reader()
        tx: Any = node._store.begin()
        chunks: list[bytes] = []
        while (row := tx._one("chunk", 1, len(chunks))) is not None:
            chunks.append(bytes(row[0]))
        node._store.rollback()
        assert len(chunks) > 1
        for seq, chunk in enumerate(chunks):
            if seq or all_of_it:
                opened = node._store.sealer.open(reader, "document_chunk", (1, seq), chunk)
                put(node, "set_chunk", opened, 1, seq)
        with pytest.raises(NotSealed):
            b"".join(node.document_raw(document.sha256))
        node.keyring.change(ROTATE)
        with pytest.raises(NotSealed):
            reseal(node)


def test_what_was_there_before_sealing_is_read_as_long_as_it_is_what_the_log_commits_to(tmp_path: Path) -> None:
    with open_node(tmp_path) as node:
        node._store.sealer.seals = False  # as a record is that was moved here from an older version
        told = capture(node, "A")
        node._store.sealer.seals = True
        capture(node, "B")
    with open_node(tmp_path) as node:
        first, _ = node.documents()
        assert b"".join(node.document_raw(first.sha256)) == told
        assert b"".join(node.export("events", "json"))
        number, data = block_of_events(node)
        assert key_of(data) == 0
        put(node, "set_block", zstandard.ZstdCompressor().compress(zstandard.decompress(data)[::-1]), number)
        put(node, "set_chunk", zstandard.ZstdCompressor().compress(b"another document"), 1, 0)
    with open_node(tmp_path) as node:
        with pytest.raises(NotSealed, match="the log commits to other bytes there"):
            b"".join(node.export("events", "json"))
        with pytest.raises(NotSealed, match="SHA-256"):
            b"".join(node.document_raw(first.sha256))


@pytest.mark.sqlite_only
def test_what_was_written_where_nothing_was_sealed_is_read_after_a_move_to_where_all_is(tmp_path: Path) -> None:
    from rxtrail.bootstrap.moving import move_store, restore_store

    one, plain, again = (tmp_path / name for name in ("one", "plain", "again"))
    urls = [f"sqlite:///{folder}/rxtrail.sqlite" for folder in (one, plain, again)]
    with open_node(one, store_url=urls[0]) as node:
        capture(node, "A")
    open_node(plain, store_url=urls[1], encrypt=False).close()
    move_store(urls[0], urls[1], progress=lambda *_: None)
    with open_node(plain, store_url=urls[1]) as node:
        document = capture(node, "B")
        told = everything(node)
    with open_node(plain, store_url=urls[1], write=False) as node:
        (tmp_path / "plain.backup").write_bytes(b"".join(node.backup()))
    arrived = move_store(urls[1], urls[2], progress=lambda *_: None)
    assert arrived.unsealed > 0
    url = f"sqlite:///{tmp_path}/restored/rxtrail.sqlite"
    shutil.copytree(again / "keys", tmp_path / "restored" / "keys")
    restore_store(tmp_path / "restored", url, tmp_path / "plain.backup", accept_loss=False, progress=lambda *_: None)
    with open_node(tmp_path / "restored", store_url=url) as node:
        assert everything(node) == told
    with open_node(again, store_url=urls[2]) as node:
        assert everything(node) == told
        assert b"".join(node.document_raw(node.documents()[1].sha256)) == document
        assert reseal(node)[1] == 2, "one was not sealed, the other lies under the older key"
        capture(node, "C")
        number, sealed = block_of_events(node)
        put(node, "set_block", node._store.sealer.open(node._reader(), "block", (number,), sealed), number)
    with open_node(again, store_url=urls[2]) as node, pytest.raises(NotSealed):
        b"".join(node.export("events", "json"))
