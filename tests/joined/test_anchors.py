"""Heads of joined nodes' logs, kept in the log of their hub: each grows out of the one before, or is refused."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from rxtrail import clock
from rxtrail.bootstrap import open_node
from rxtrail.core.merkle import signed_checkpoint
from rxtrail.errors import BadRequest
from rxtrail.joined.anchoring import EVERY_SECONDS, Anchoring
from rxtrail.sites.anchors import last_of
from rxtrail.sites.wire import Anchor
from rxtrail.store.rows import RecordKind
from tests.joined.network import Network, wait_for
from tests.publishing.logs import ORIGIN, add, publishing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rxtrail.bootstrap import Node

SITE = "0354321000010"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Node]:
    with open_node(tmp_path / "hub") as opened:
        yield opened


def anchored(hub: Node) -> list[int]:
    """The sizes of the heads that the hub's log holds."""
    found = []
    for record, canonical in hub._reader().records_from(0, 10_000):
        if record.kind == RecordKind.ANCHOR:
            _, what, site, _, head = msgspec.msgpack.decode(canonical[1:])
            assert (what, site) == ("anchor", SITE)
            found.append(signed_checkpoint.parse(head).checkpoint.size)
    return found


def send(hub: Node, node: Node, anchoring: Anchoring) -> str:
    """Have a node send its head until nothing is due; give why the hub refused the last one, if it did."""
    anchor = anchoring.due(node._reader())
    while anchor is not None:
        answer = hub.sites.anchor(anchor, site=SITE)
        anchoring.answered(anchor, answer)
        anchor = anchoring.due(node._reader()) if answer.refused and not anchoring.refused else None
    return anchoring.refused


def test_each_head_of_a_site_becomes_a_record_of_the_hub(hub: Node, tmp_path: Path) -> None:
    now = clock.now_us()
    with publishing(tmp_path / "node") as (node, publisher):
        anchoring = Anchoring(lambda: now)
        sizes = []
        for count in (3, 300, 5):
            add(node, count)
            publisher.publish()
            assert send(hub, node, anchoring) == ""
            assert send(hub, node, anchoring) == ""
            row = node._reader().checkpoint()
            assert row is not None
            sizes.append(row.size)
            now += int(EVERY_SECONDS * 1e6)
        assert anchored(hub) == sizes
        assert last_of(hub._reader(), SITE)[ORIGIN].size == sizes[-1]
        fresh = Anchoring(lambda: now)  # as after a new start: the hub tells from where to go on
        add(node, 1)
        publisher.publish()
        assert send(hub, node, fresh) == ""
        assert len(anchored(hub)) == 4


@pytest.mark.sqlite_only
def test_a_node_that_was_set_back_is_refused_by_its_hub_and_says_so(hub: Node, tmp_path: Path) -> None:
    with publishing(tmp_path / "node") as (node, publisher):
        add(node, 3)
        publisher.publish()
    shutil.copytree(tmp_path / "node", tmp_path / "copy")
    with publishing(tmp_path / "node") as (node, publisher):
        add(node, 10)
        publisher.publish()
        assert send(hub, node, Anchoring(clock.now_us)) == ""
    for more, why in ((0, "another size"), (40, "does not hold")):
        with publishing(tmp_path / "copy") as (node, publisher):
            if more:
                add(node, more)
                publisher.publish()
            assert why in send(hub, node, Anchoring(clock.now_us))
    assert len(anchored(hub)) == 1


def test_a_head_by_another_key_or_by_none_is_refused(hub: Node, tmp_path: Path) -> None:
    with publishing(tmp_path / "a") as (one, publisher):
        add(one, 3)
        publisher.publish()
        assert send(hub, one, Anchoring(clock.now_us)) == ""
        with publishing(tmp_path / "b") as (two, other):
            add(two, 30)
            other.publish()
            assert "none of the keys" in send(hub, two, Anchoring(clock.now_us))
            given = Anchoring(clock.now_us).due(two._reader())
            assert given is not None
            for wrong in (
                Anchor(given.request, []),
                Anchor(given.request, one.log.keys()),
                Anchor(given.request, ["nonsense"]),
                Anchor("old 0\n\nhello", two.log.keys()),
            ):
                with pytest.raises(BadRequest):
                    hub.sites.anchor(wrong, site=SITE)
    assert len(anchored(hub)) == 1


@pytest.mark.slow
@pytest.mark.sqlite_only
@pytest.mark.timeout(180)
def test_joined_nodes_anchor_their_logs_at_the_hub_by_themselves(tmp_path: Path) -> None:
    network = Network(tmp_path, "A1", "A2")
    try:
        network.first.verify("A1")

        def anchors() -> list[Any]:
            with open_node(network.hub.data, write=False) as hub:
                return [record for record, _ in hub._reader().records_from(0, 1000) if record.kind == RecordKind.ANCHOR]

        wait_for(lambda: len(anchors()) >= 2, 30.0)
        refused = network.hub.ask("POST", "/api/v1/sites/anchor", {"request": "old 0\n\nx", "keys": []})
        assert refused.status == 401
    finally:
        network.close()
