"""A real server process on a free loopback port, and a real Chromium before it."""

from __future__ import annotations

import http.client
import itertools
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import msgspec
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.web import scene

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
import sys
from pathlib import Path
from rxtrail.bootstrap import open_node
from rxtrail.web.serve import run

with open_node(Path(sys.argv[1])) as node:
    run(node, "127.0.0.1", 0, None, on_ready=lambda address: print(address, flush=True))
"""
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SERIALS = [f"E{number:03}" for number in range(60)]
DESTROYED = "GONE1"
HOSTILE_SERIAL = '"><b>X&Y'
HOSTILE_PRODUCT = '<img src=x onerror="document.title=1">'


class Server(msgspec.Struct):
    """A running server and packs that nobody has touched yet."""

    process: subprocess.Popen[str]
    address: str
    fresh: Iterator[str]

    def send(self, method: str, path: str, body: bytes, kind: str) -> bytes:
        client = http.client.HTTPConnection(self.address.removeprefix("http://"), timeout=30)
        client.request(method, path, body, {"Content-Type": kind})
        answer = client.getresponse()
        content = answer.read()
        assert answer.status == 200, content
        client.close()
        return content


def start(data: Path) -> Server:
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(data)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    assert address.startswith("http://127.0.0.1:"), "the server did not start"
    server = Server(process, address, itertools.chain(SERIALS))
    table = (
        "name,gln,role,relation,status,valid_until\n"
        f"Acme Pharma,{scene.MAKER},maker,supplier,active,\n"
        f"Main Street Pharmacy,{scene.PHARMACY},pharmacy,customer,active,\n"
    )
    server.send("PUT", "/api/v1/partners", table.encode(), "text/csv")
    for document in (
        scene.shipment(*SERIALS, DESTROYED, HOSTILE_SERIAL),
        scene.decommissioned(DESTROYED),
    ):
        server.send("POST", "/api/v1/capture?wait=1&name=shipment.xml", document, "application/xml")
    return server


def end(server: Server) -> None:
    server.process.terminate()
    server.process.wait(20)
    assert server.process.stdout is not None
    server.process.stdout.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = start(tmp_path_factory.mktemp("e2e") / "data")
    yield started
    end(started)


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        yield launched
        launched.close()


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, server: Server) -> Iterator[OpenPage]:
    """Open an address of the server in a browser of its own; at the end nothing may have gone wrong in it."""
    contexts = []
    wrong: list[str] = []

    def open_at(path: str = "/", *, quiet: bool = True, **settings: object) -> Page:
        context = browser.new_context(
            base_url=server.address,
            locale="en-US",
            timezone_id="America/Chicago",
            **settings,  # type: ignore[arg-type]
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        if quiet:
            page.on("console", lambda message: wrong.extend([message.text] * (message.type == "error")))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda asked: wrong.extend([asked.url] * (not asked.url.startswith(server.address))))
        page.goto(path)
        return page

    yield open_at
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture
def check_page(open_page: OpenPage) -> Page:
    """Give the check page of the pharmacy."""
    return open_page(f"/?site={scene.PHARMACY}&purpose=dispense")
