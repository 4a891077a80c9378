"""Asking the maker through a real `serve`: by a plain POST, and by the command line over the writer's socket."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from rxtrail.bootstrap import open_node
from rxtrail.errors import BadRequest
from rxtrail.vrs import Transfer
from rxtrail.web.socket import RemoteNode
from rxtrail.web.vrs_socket import service_of
from tests.outbound.test_http import server
from tests.web import scene
from tests.web.conftest import GOOD

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def silent_maker() -> Iterator[str]:
    """A responder that takes the question and says nothing for a second."""

    def talk(wire: socket.socket) -> None:
        wire.recv(65536)
        time.sleep(1.0)

    with server(talk) as url:
        yield url


@pytest.fixture
def served(tmp_path: Path, silent_maker: str) -> Iterator[tuple[str, Path]]:
    data = tmp_path / "pharmacy"
    with open_node(data) as node:
        node.init("pharmacy", [scene.PHARMACY])
        row = f"prefix,url,owner_gln,valid_from\n{scene.MAKER_PREFIX},{silent_maker},{scene.MAKER},2026-01-01\n"
        node.vrs.load_directory(row.encode())
        node.vrs.change_settings({"retries": 0})
    serve = [sys.executable, "-m", "rxtrail", "serve", "--port", "0", "--json", "--data", str(data)]
    with subprocess.Popen(serve, stdout=subprocess.PIPE) as started:
        assert started.stdout is not None
        try:
            yield json.loads(started.stdout.readline())["url"], data
        finally:
            started.terminate()
            started.wait(20)


def test_a_plain_post_asks_and_no_other_counter_waits_for_it(served: tuple[str, Path]) -> None:
    address, _ = served
    asked: list[Any] = []

    def ask() -> None:
        scan = {"scan": scene.scan(GOOD), "ask": "maker"}
        asked.append(httpx.post(address + "/api/v1/verify", json=scan, timeout=30).json())

    asking = threading.Thread(target=ask)
    with httpx.Client(base_url=address) as client:
        client.post("/api/v1/verify", json={"scan": scene.scan(GOOD)})
        begun = time.monotonic()
        asking.start()
        time.sleep(0.3)
        plain = client.post("/api/v1/verify", json={"scan": scene.scan(GOOD)})
        assert time.monotonic() - begun < 0.9
        assert not asked
        assert plain.json()["reasons"][0]["code"] == "no-transaction-data"
        asking.join(30)
        # The same connection goes on after a request that was handed on, and after one that was not.
        again = [
            client.post("/api/v1/verify", json={"scan": "x", "ask": each}).status_code for each in ("", "maker", "")
        ]
    assert again == [200, 200, 200]
    assert [reason["code"] for reason in asked[0]["reasons"]] == ["unreachable", "no-transaction-data"]


def test_the_command_line_reaches_the_service_through_the_serve(served: tuple[str, Path]) -> None:
    _, data = served
    with contextlib.closing(RemoteNode(data)) as node:
        vrs = service_of(node)
        assert vrs.verify(scene.scan(GOOD)).reasons[0].code == "unreachable"
        [exchange] = vrs.exchanges()
        assert exchange.serial == GOOD
        assert vrs.change_settings({"retries": 1}) == vrs.settings()
        vrs.transfer(
            Transfer(owner_gln=scene.PHARMACY, url="https://b.example", day="2090-01-01", prefix=scene.MAKER_PREFIX)
        )
        rows = vrs.directory()
        assert [row.valid_until for row in rows] == ["2089-12-31", ""]
        assert vrs.load_directory(vrs.export_directory("json"), fmt="json").changed == 0
        assert vrs.alerts() == []
        assert vrs.check("http://127.0.0.1:9/", gtin=scene.GTIN).fault
        with pytest.raises(BadRequest):
            vrs.load_directory(b"nothing")
