"""An offline counter and a real node behind real HTTP: gone, back, and everything is told."""

from __future__ import annotations

import itertools
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from rxtrail import clock
from rxtrail.keys import VerifierKey
from rxtrail.offline import OfflineCounter, node_api, read_bundle
from rxtrail.outbound import request
from tests.web import scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAM = """
import sys
from pathlib import Path
from rxtrail.bootstrap import open_node
from rxtrail.web.serve import run

with open_node(Path(sys.argv[1])) as node:
    run(node, "127.0.0.1", 0, None, on_ready=lambda address: print(address, flush=True))
"""


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "data")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        served = process.stdout.readline().strip()
        ask(served, "PUT", "/api/v1/partners", f"name,gln,role\nMain,{scene.PHARMACY},pharmacy\n".encode(), "text/csv")
        for document in (scene.shipment("W1", "W2"), scene.decommissioned("W2")):
            ask(served, "POST", "/api/v1/capture?wait=1&name=x.xml", document, "application/xml")
        yield served
        process.terminate()
        process.wait(20)


def ask(address: str, method: str, path: str, body: bytes = b"", kind: str = "application/json") -> bytes:
    headers = {"Content-Type": kind}
    reply = request(method, address + path, connect_seconds=5, seconds=30, headers=headers, body=body)
    assert reply.status == 200, reply.body
    return reply.body


def test_scans_and_sales_are_told_over_http_and_a_conflict_comes_back_with_its_case(
    address: str, tmp_path: Path
) -> None:
    import msgspec

    key = msgspec.json.decode(ask(address, "GET", "/api/v1/keys"))["keys"][0]["key"]
    content = ask(address, "GET", f"/api/v1/sites/{scene.PHARMACY}/bundle")
    bundle = read_bundle(content, VerifierKey.parse(key))
    numbers = itertools.count()
    counter = OfflineCounter(
        tmp_path / "station", bundle, now_us=clock.now_us, today=clock.today, new_key=lambda: f"k{next(numbers)}"
    )
    assert counter.verify(scene.scan("W1")).verdict.value == "unconfirmed"
    counter.change(scene.scan("W1"), "dispensed", by="A. Kim")
    assert counter.verify(scene.scan("W2")).verdict.value == "stop"
    counter.change(scene.scan("NEVER"), "dispensed", by="A. Kim")
    assert counter.replay(node_api("http://127.0.0.1:1")) == []  # nobody listens there
    assert len(counter.waiting) == 4
    settled = counter.replay(node_api(address))
    assert [each.status for each in settled] == [200, 200, 200, 409]
    assert settled[-1].case.startswith("C-")
    assert counter.waiting == []
    counter.close()
    journey = msgspec.json.decode(ask(address, "GET", f"/api/v1/packs/{scene.GTIN}/W1/journey"))
    assert [scan["what"] for scan in journey["scans"]] == ["scan", "dispense"]
    assert journey["state"]["disposition"] == "dispensed"


def test_what_does_not_speak_json_is_not_the_node(address: str) -> None:
    assert node_api(address)("GET", "/about", {}, "k") == (0, {})
