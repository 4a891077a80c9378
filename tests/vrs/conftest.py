"""Nodes that verify each other over loopback, each with its own record."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

import pytest
import uvicorn

from rxtrail.web import app
from rxtrail.web.protocol import BoundedProtocol
from rxtrail.web.serve import listen
from tests.story import MAKER, OTHER_PHARMACY, PHARMACY, WHOLESALER, Scene, Time, delivery, pack, scene, shipped, sscc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rxtrail.bootstrap import Node

KNOWN = "A/B%C+D?"  # a serial that no careless address survives
HEADER = "gtin,prefix,url,owner_gln,valid_from,valid_until\n"


@contextlib.contextmanager
def served(node: Node) -> Iterator[str]:
    """Serve a node of this process on loopback; give the address of its verification service."""
    listener = listen("127.0.0.1", 0)
    config = uvicorn.Config(app.build(node), http=BoundedProtocol, ws="none", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    running = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    running.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        running.join(10)
        listener.close()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def maker(tmp_path: Path, time: Time) -> Iterator[Scene]:
    """A maker that made two packs and sold them, in one unit, to a wholesaler."""
    with scene(tmp_path / "maker", "maker", MAKER, time=time) as opened:
        opened.capture(*delivery(pack(KNOWN), pack("S1"), buyer=WHOLESALER))
        yield opened


@pytest.fixture
def responder(maker: Scene) -> Iterator[str]:
    """The maker's verification service, by its address."""
    with served(maker.node) as address:
        yield address + "/vrs"


@pytest.fixture
def route(responder: str) -> Callable[[Scene], None]:
    """Load the maker's address into the lookup directory of a node."""

    def load(asker: Scene) -> None:
        table = HEADER + f",{MAKER.prefix},{responder},{MAKER.gln},2026-01-01,\n"
        asker.node.vrs.load_directory(table.encode())

    return load


@pytest.fixture
def wholesaler(tmp_path: Path, time: Time) -> Iterator[Scene]:
    """A wholesaler that has the maker's file and sold one of the packs on to a pharmacy."""
    with scene(tmp_path / "wholesaler", "wholesaler", WHOLESALER, time=time) as opened:
        opened.partners((MAKER, "maker"), (PHARMACY, "pharmacy"), (OTHER_PHARMACY, "pharmacy"))
        opened.capture(*delivery(pack(KNOWN), pack("S1"), buyer=WHOLESALER))
        opened.capture(
            shipped(pack("S1"), seller=WHOLESALER, buyer=PHARMACY, minute=100), sender=WHOLESALER, receiver=PHARMACY
        )
        yield opened


@pytest.fixture
def pharmacy(tmp_path: Path, time: Time) -> Iterator[Scene]:
    """A pharmacy whose supplier sent the file of both packs."""
    with scene(tmp_path / "pharmacy", "pharmacy", PHARMACY, time=time) as opened:
        opened.partners((MAKER, "maker"))
        opened.capture(*delivery(pack(KNOWN), pack("S1"), unit=sscc(1)))
        yield opened
