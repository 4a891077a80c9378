"""A node that was sent one shipment, behind the real application."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from rxtrail.bootstrap import open_node
from rxtrail.web.app import build
from tests.web import scene
from tests.web.conftest import Api

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rxtrail.bootstrap import Node


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    with open_node(tmp_path / "data") as opened:
        receipt = opened.capture(io.BytesIO(scene.shipment("A1", "B2", "C3")), name="shipment.xml")
        assert receipt.state == "success", receipt
        yield opened


@pytest.fixture
def api(node: Node) -> Iterator[Api]:
    client = Api(build(node))
    yield client
    client.close()
