"""A real node on a real SQLite file behind the real application; only the network is left out."""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from rxtrail.bootstrap import open_node
from rxtrail.web.app import App, build
from tests.web import scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rxtrail.bootstrap import Node

# Letters, a serial with every troublesome character of charset 82, and one that is taken out of the world.
GOOD = "AAA111"
ODD = "A/B%C+D?E&F\"G<H>I'J"
DESTROYED = "DDD444"


class Api:
    """An HTTP client of one application, made synchronous so that a test reads from top to bottom."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._runner = asyncio.Runner()
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8470")

    def __call__(self, method: str, path: str, **request: Any) -> httpx.Response:
        return self._runner.run(self._client.request(method, path, **request))

    def get(self, path: str, **request: Any) -> httpx.Response:
        return self("GET", path, **request)

    def post(self, path: str, **request: Any) -> httpx.Response:
        return self("POST", path, **request)

    def verify(self, scan: str, **fields: str) -> Any:
        answer = self.post("/api/v1/verify", json={"scan": scan, **fields})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def close(self) -> None:
        self._runner.run(self._client.aclose())
        self._runner.close()
        self.app.close()


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    """A hub that was sent a shipment of five packs, one of them destroyed since."""
    with open_node(tmp_path / "data") as opened:
        for document in (
            scene.shipment(GOOD, "BBB222", "CCC333", DESTROYED, ODD),
            scene.decommissioned(DESTROYED),
        ):
            receipt = opened.capture(io.BytesIO(document), name="shipment.xml")
            assert receipt.state == "success", receipt
        yield opened


@pytest.fixture
def api(node: Node) -> Iterator[Api]:
    client = Api(build(node))
    yield client
    client.close()


class Planted:
    """A node with a fault planted in one verb; every other verb is the real one's."""

    failed: Any

    def __init__(self, node: Node, **verbs: Any) -> None:
        self._node = node
        self.__dict__.update(verbs)

    def __getattr__(self, verb: str) -> Any:
        return getattr(self._node, verb)


@pytest.fixture
def planted(node: Node) -> Iterator[Any]:
    """Give a client of a node in which the named verbs are replaced."""
    clients: list[Api] = []

    def plant(**verbs: Any) -> Api:
        clients.append(Api(build(Planted(node, **verbs))))
        return clients[-1]

    yield plant
    for client in clients:
        client.close()
