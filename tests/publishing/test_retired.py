"""A log that was given up for a new one: its heads are kept, and it is read where nothing else ever lies."""

from __future__ import annotations

import json
import shutil
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from rxtrail import clock
from rxtrail.bootstrap import open_node
from rxtrail.bootstrap.auditing import audit_store
from rxtrail.core.merkle import checkpoint, note
from rxtrail.core.merkle.note import VerifierKey
from rxtrail.core.merkle.tile import decode_bundle, entries_path, tile_path, tile_width
from rxtrail.core.merkle.tree import leaf_hashes, root
from rxtrail.errors import NotFound
from rxtrail.publishing import retired
from tests.faults.processes import served
from tests.publishing.logs import ORIGIN, add, publishing

if TYPE_CHECKING:
    from pathlib import Path

    from rxtrail.bootstrap import Node
    from rxtrail.store import Reader
    from rxtrail.store.rows import CheckpointRow


def head_and_entries(node: Node, number: int) -> tuple[Any, list[bytes]]:
    """Read a log as an outsider does, from its own addresses only."""
    files = node.log.files
    signed = note.parse(files.checkpoint(number))
    note.verify(signed, [VerifierKey.parse(files.keys(number)[0])])
    head = checkpoint.parse(signed.text)
    found: list[bytes] = []
    while len(found) < head.size:
        bundle, width = len(found) // 256, tile_width(0, len(found) // 256, head.size)
        part = decode_bundle(files.read(entries_path(bundle, width), number), width)
        assert files.read(tile_path(0, bundle, width), number) == b"".join(leaf_hashes(part))
        found += part
    assert root(leaf_hashes(found)) == head.root
    return head, found


def renewed(folder: Path, **more: Any) -> None:
    with open_node(folder) as node:
        node.log.renew(**{"origin": "", "reason": "a disk was lost", "day": clock.today(), **more})


@pytest.mark.sqlite_only
def test_an_old_copy_begins_a_new_log_and_keeps_every_signed_head_of_the_old_one(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with publishing(folder) as (node, publisher):
        sizes = []
        for count in (3, 300):
            add(node, count)
            publisher.publish()
            row = node._reader().checkpoint()
            assert row is not None
            sizes.append(row.size)
            node._writing()[0].do(partial(hourly, row))
        old = shutil.copytree(folder, tmp_path / "old")
        add(node, 100)
        publisher.publish()
        row = node._reader().checkpoint()
        assert row is not None
        lost = row.note
    shutil.copy(folder / "keys" / "log.head", old / "keys" / "log.head")  # the signer's memory was not lost
    renewed(old)
    with open_node(old) as node:
        add(node, 50)
        node.log.publish_now(start_signer=True)
        status = node.log.status()
        assert (status.number, status.origin, len(status.retired)) == (2, f"{ORIGIN}/2", 1)
        assert (status.retired[0].origin, status.retired[0].size) == (ORIGIN, sizes[-1])
        kept = node.log.files.heads(1)
        assert [head.size for head in kept.heads] == [checkpoint.parse(note.parse(lost).text).size, *sizes[::-1]]
        assert kept.heads[0].note.encode() == lost, "that there was more is not forgotten"
        head, entries = head_and_entries(node, 1)
        assert (head.origin, head.size) == (ORIGIN, sizes[-1])
        now, all_entries = head_and_entries(node, 2)
        assert (now.origin, all_entries[: len(entries)]) == (f"{ORIGIN}/2", entries)
        assert node.log.files.checkpoint() == node.log.files.checkpoint(2)
        for number, path in ((3, "tile/0/000"), (1, "tile/0/001.p/255"), (-1, "tile/0/000")):
            with pytest.raises(NotFound):
                node.log.files.read(path, number)
    assert audit_store(old, None, incremental=False, progress=lambda *_: None).whole
    renewed(old, reason="again")
    with open_node(old) as node:
        assert [log.origin for log in node.log.status().retired] == [ORIGIN, f"{ORIGIN}/2"]
        assert head_and_entries(node, 1)[0] == head
        assert head_and_entries(node, 3)[0].origin == f"{ORIGIN}/3"


def hourly(row: CheckpointRow, tx: Any, _log: Any) -> None:
    """Have a head that stays, as the first one of each hour does."""
    tx.put_checkpoint(row._replace(at=row.at - 3_600_000_000 * 2), since=row.at, keep=row.size)


def test_a_record_that_was_altered_keeps_the_tiles_that_show_it(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with publishing(folder) as (node, publisher):
        add(node, 300)
        publisher.publish()
        tile = node.log.files.read("tile/0/000")
        tx: Any = node._store.begin()
        tx._run("set_commitment", bytes(32), 7)
        node._store.commit()
    renewed(folder)
    with open_node(folder) as node:
        with pytest.raises(NotFound, match="does not have the tree of log 1 any more"):
            node.log.files.checkpoint(1)
        assert len(node.log.files.heads(1).heads) >= 1
    [kept] = (folder / "keys" / "retired").glob("*/tile/0/000")
    assert kept.read_bytes() == tile


def test_a_tree_that_is_gone_is_looked_for_once_and_not_at_each_asking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "data"
    with publishing(folder) as (node, publisher):
        add(node, 300)
        publisher.publish()
        tx: Any = node._store.begin()
        tx._run("set_commitment", bytes(32), 7)
        node._store.commit()
    renewed(folder)
    looked = []
    real = retired.readable_head

    def readable_head(reader: Reader, number: int) -> Any:
        looked.append(number)
        return real(reader, number)

    monkeypatch.setattr(retired, "readable_head", readable_head)
    with publishing(folder) as (node, publisher):
        publisher.publish()
        for _ in range(5):
            with pytest.raises(NotFound, match="does not have the tree of log 1 any more"):
                node.log.files.checkpoint(1)
        assert len(looked) == 1
        add(node, 3)
        publisher.publish()
        for _ in range(5):
            with pytest.raises(NotFound):
                node.log.files.read("tile/0/000", 1)
        assert len(looked) == 2, "a larger tree may have what a smaller one had not"


@pytest.mark.sqlite_only
@pytest.mark.parametrize("given_up", [False, True])
def test_heads_of_many_years_are_told_page_by_page(tmp_path: Path, *, given_up: bool) -> None:
    with publishing(tmp_path) as (node, publisher):
        for _ in range(7):
            add(node, 2)
            publisher.publish()
            row = node._reader().checkpoint()
            assert row is not None
            node._writing()[0].do(partial(hourly, row))
        kept = {row.note for row in node._reader().checkpoints()}
    assert len(kept) >= 7
    if given_up:
        renewed(tmp_path)
    with served(tmp_path) as server, httpx.Client(base_url=f"http://{server.authority}") as client:
        told, address = [], "/log/1/heads?limit=3"
        while address:
            page = client.get(address).json()
            assert (page["number"], page["origin"]) == (1, ORIGIN)
            assert len(page["heads"]) <= 3
            told += page["heads"]
            address = page["next"]
        assert kept <= {each["note"].encode() for each in told}
        assert len({each["note"] for each in told}) == len(told)
        assert [each["size"] for each in told] == sorted((each["size"] for each in told), reverse=True)
        for wrong in ("x", "5", "5-", "-1-0123456789abcdef", "9" * 5000 + "-0123456789abcdef"):
            assert client.get("/log/1/heads", params={"after": wrong}).status_code == 400, wrong


@pytest.mark.sqlite_only
def test_addresses_of_a_log_never_become_those_of_another(tmp_path: Path) -> None:
    with publishing(tmp_path) as (node, publisher):
        add(node, 300)
        publisher.publish()
    renewed(tmp_path)
    with served(tmp_path) as server, httpx.Client(base_url=f"http://{server.authority}") as client:
        told = client.get("/log/checkpoint").text.splitlines()[0]
        assert told == f"{ORIGIN}/2"
        assert client.get("/log/1/checkpoint").text.splitlines()[0] == ORIGIN
        assert client.get("/log/1/vkey").text.startswith(f"{ORIGIN}+")
        assert client.get("/log/2/vkey").text == client.get("/log/vkey").text
        assert client.get("/log/tile/0/000").headers["cache-control"] == "no-cache", "a cache may have the old one"
        for number in (1, 2):
            answer = client.get(f"/log/{number}/tile/0/000")
            assert (answer.status_code, "immutable" in answer.headers["cache-control"]) == (200, True)
        heads = client.get("/log/1/heads").json()
        assert json.dumps(heads["heads"][0]["note"]).startswith(f'"{ORIGIN}\\n')
        for path in ("/log/3/checkpoint", "/log/0/checkpoint", "/log/01/vkey", "/log/x/heads", "/log/-1/heads"):
            assert client.get(path).status_code == 404, path
