"""One event that 64 clients send at one moment is one event: one entry of the log, and the same answer for all."""

from __future__ import annotations

import collections
import contextlib
import hashlib
import http.client
import json
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from rxtrail.bootstrap import open_node
from rxtrail.bootstrap.auditing import audit_store
from rxtrail.store.rows import RecordKind
from tests.faults.processes import SECONDS_MAX, run, served
from tests.faults.test_killed_dispenses import dispense, dispensed_on_record
from tests.web import scene

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.sqlite_only]

CLIENTS = 64
JSON = {"Content-Type": "application/json", "GS1-EPCIS-Version": "2.0.0"}


def at_once(authority: str, ask: Callable[[http.client.HTTPConnection], Any]) -> list[Any]:
    """Have all clients connect first, and then ask at one moment."""
    ready = threading.Barrier(CLIENTS)
    answers: list[Any] = []

    def client() -> None:
        with contextlib.closing(http.client.HTTPConnection(authority, timeout=SECONDS_MAX)) as connection:
            connection.connect()
            ready.wait(SECONDS_MAX)
            answers.append(ask(connection))

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == CLIENTS, "everybody was answered"
    return answers


def post(path: str, body: bytes, content_type: str) -> Callable[[http.client.HTTPConnection], tuple[int, Any, bytes]]:
    def ask(client: http.client.HTTPConnection) -> tuple[int, Any, bytes]:
        until = time.monotonic() + SECONDS_MAX
        while True:
            client.request("POST", path, body, {**JSON, "Content-Type": content_type})
            answer = client.getresponse()
            content = answer.read()
            if answer.status not in (429, 503) or time.monotonic() > until:
                return answer.status, answer.getheader("location"), content
            time.sleep(0.05)  # it is told to come again, and nothing was written

    return ask


def get(authority: str, path: str) -> Any:
    with contextlib.closing(http.client.HTTPConnection(authority, timeout=SECONDS_MAX)) as client:
        client.request("GET", path, headers={"Accept": "application/json"})
        answer = client.getresponse()
        content = answer.read()
        assert answer.status == 200, content
        return json.loads(content)


def kinds(data: Path) -> collections.Counter[int]:
    with open_node(data, write=False) as node:
        return collections.Counter(row[1] for row in node._reader().entries_from(0, 1 << 30))


def assert_whole(data: Path) -> None:
    report = audit_store(data, None, incremental=False, progress=lambda *_: None)
    assert report.whole, (report.faults, report.left_out)


def test_one_document_from_64_clients_is_captured_once_and_all_are_told_of_the_same_entry(tmp_path: Path) -> None:
    data, document = tmp_path / "data", scene.shipment("S1", "S2", "S3")
    assert run(data, "init", "--role", "hub").code == 0
    before = kinds(data)[RecordKind.EVENT]
    with served(data) as server:
        answers = at_once(server.authority, post("/epcis/capture", document, "application/xml"))
        assert {status for status, _, _ in answers} == {202}
        jobs = [json.dumps(settled(server.authority, location)) for location in {place for _, place, _ in answers}]
        assert all(json.loads(job)["success"] for job in jobs)
        path = f"/api/v1/documents/{hashlib.sha256(document).hexdigest()}"
        receipts = at_once(server.authority, lambda client: asked(client, path))
        assert len(set(receipts)) == 1
        told = json.loads(receipts[0][1])
        assert (told["events"], told["new_events"]) == (4, 4)
    assert kinds(data)[RecordKind.EVENT] - before == 4
    assert_whole(data)


def settled(authority: str, location: str) -> Any:
    until = time.monotonic() + SECONDS_MAX
    while (job := get(authority, location))["running"]:
        assert time.monotonic() < until
        time.sleep(0.02)
    return job


def asked(client: http.client.HTTPConnection, path: str) -> tuple[int, bytes]:
    client.request("GET", path)
    answer = client.getresponse()
    return answer.status, answer.read()


def test_one_event_from_64_clients_is_one_event_and_all_are_told_the_same(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert run(data, "init", "--role", "hub").code == 0
    event = {
        "type": "ObjectEvent", "eventID": "urn:uuid:2a2ff2c1-6fb9-4a6e-8f0c-1f5a3b0f9d11", "action": "OBSERVE",
        "eventTime": "2026-11-02T08:00:00Z", "eventTimeZoneOffset": "+00:00", "bizStep": "inspecting",
        "epcList": [scene.pack_urn("S1")],
    }  # fmt: skip
    with served(data) as server:
        answers = at_once(server.authority, post("/epcis/events", json.dumps(event).encode(), "application/json"))
        counted = collections.Counter(answers)
        told = {status: count for (status, _, _), count in counted.items()}
        assert told == {201: 1, 409: CLIENTS - 1}, "one has made it, and the others are told that it is there"
        assert len(counted) == 2, "the same answer for all others"
        found = at_once(server.authority, lambda client: asked(client, f"/epcis/events/{event['eventID']}"))
        assert {status for status, _ in found} == {200}
        assert len({json.dumps(json.loads(content)["epcisBody"]) for _, content in found}) == 1
    assert kinds(data)[RecordKind.EVENT] == 1
    assert_whole(data)


def test_one_dispensing_from_64_clients_happens_once_and_all_get_its_receipt(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert run(data, "capture", "-", stdin=scene.shipment("S1", "S2")).code == 0
    with served(data) as server:
        answers = at_once(server.authority, lambda client: dispense(client, "S1", key="once"))
        assert {status for status, _ in answers} == {200}
        receipts = [{name: value for name, value in told.items() if name != "repeated"} for _, told in answers]
        assert all(told == receipts[0] for told in receipts), "64 equal answers"
        assert sum(not told["repeated"] for _, told in answers) == 1, "one of them did it"
    assert dispensed_on_record(data) == {"S1": 1}, "one entry of the log"
    with open_node(data, write=False) as node:
        assert node._reader().entries_from(receipts[0]["log_index"], 1)[0][1] == RecordKind.EVENT
    assert_whole(data)
