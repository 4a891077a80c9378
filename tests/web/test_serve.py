"""The server process: loopback only, bounds on slow and large headers, and a clean end."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from rxtrail.errors import BadRequest, StoreFailed
from rxtrail.web import limits, serve
from rxtrail.web.socket import RemoteNode
from tests.web import scene
from tests.web.conftest import GOOD, Planted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rxtrail.bootstrap import Node

PROGRAM = """
import sys
from pathlib import Path
from rxtrail.bootstrap import open_node
from rxtrail.web.serve import run

data = Path(sys.argv[1])
with open_node(data) as node:
    run(node, "127.0.0.1", 0, data / "writer.sock", on_ready=lambda address: print(address, flush=True))
print("closed", flush=True)
"""


@pytest.fixture
def process(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str, Path]]:
    data = tmp_path / "served"
    started = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(data)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert started.stdout is not None
    address = started.stdout.readline().strip()
    assert address.startswith("http://127.0.0.1:"), address + started.stdout.read()
    yield started, address.removeprefix("http://"), data
    if started.poll() is None:
        started.kill()
    started.wait(10)
    started.stdout.close()


def connect(authority: str) -> socket.socket:
    host, _, port = authority.partition(":")
    connection = socket.create_connection((host, int(port)))
    connection.settimeout(15)
    return connection


def read_all(connection: socket.socket) -> bytes:
    answer = b""
    # A server that refuses before the end of what is sent resets the rest.
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(65536):
            answer += part
    return answer


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "example.com", ""])
def test_it_refuses_to_listen_beyond_this_machine(host: str) -> None:
    with pytest.raises(BadRequest, match="no accounts") as refused:
        serve.listen(host, 0)
    assert refused.value.advice


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.8.9.1"])
def test_it_listens_on_any_loopback_address(host: str) -> None:
    serve.listen(host, 0).close()


def test_a_taken_port_is_named() -> None:
    with serve.listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BadRequest, match=str(port)) as refused:
            serve.listen("127.0.0.1", port)
        assert "--port" in refused.value.advice


def test_it_answers_over_http_and_its_socket_and_ends_cleanly(
    process: tuple[subprocess.Popen[str], str, Path],
) -> None:
    started, authority, data = process
    client = http.client.HTTPConnection(authority, timeout=15)
    client.request("POST", "/api/v1/capture?wait=1", scene.shipment(GOOD), {"Content-Type": "application/xml"})
    assert json.load(client.getresponse())["packages"] == 1
    body = json.dumps({"scan": scene.scan(GOOD), "site": scene.PHARMACY})
    client.request("POST", "/api/v1/verify", body, {"Content-Type": "application/json"})
    assert json.load(client.getresponse())["verdict"] == "ok"
    client.close()
    with RemoteNode(data) as remote:
        assert remote.verify(scene.scan(GOOD), site=scene.PHARMACY).verdict.value == "ok"
    started.send_signal(signal.SIGTERM)
    assert started.wait(20) == 0
    assert started.stdout is not None
    assert started.stdout.read().strip() == "closed"
    assert not (data / "writer.sock").exists()


def test_a_header_past_its_limit_is_431(process: tuple[subprocess.Popen[str], str, Path]) -> None:
    connection = connect(process[1])
    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n")
    for _ in range(limits.HEADER_BYTES_MAX // 1000 + 2):
        try:
            connection.sendall(b"X-Filler: " + b"x" * 1000 + b"\r\n")
        except OSError:
            break
    answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 431 "), answer
    assert b"HEADER_BYTES_MAX" in answer
    connection.close()


def test_an_address_past_its_limit_is_414_in_words_of_epcis(process: tuple[subprocess.Popen[str], str, Path]) -> None:
    connection = connect(process[1])
    with contextlib.suppress(OSError):
        connection.sendall(b"GET /epcis/events?MATCH_epc=" + b"x" * (2 * limits.HEADER_BYTES_MAX) + b" HTTP/1.1\r\n")
    answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 414 "), answer
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head
    assert json.loads(body)["type"] == "epcisException:URITooLongException"
    connection.close()


def test_what_is_not_http_is_400_and_the_server_lives(
    process: tuple[subprocess.Popen[str], str, Path],
) -> None:
    smuggled = b"POST /api/v1/verify HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0"
    for sent in (b"\x16\x03\x01\x02\x00\x01\x00", b"GET\r\n\r\n", smuggled, os.urandom(200)):
        connection = connect(process[1])
        connection.sendall(sent + b"\r\n\r\n")
        assert read_all(connection).startswith(b"HTTP/1.1 400 ")
        connection.close()
    client = http.client.HTTPConnection(process[1], timeout=15)
    client.request("GET", "/healthz")
    assert client.getresponse().status == 200
    client.close()


def test_an_export_that_breaks_half_way_breaks_the_connection(node: Node) -> None:
    def export(*_: object, **__: object) -> Iterator[bytes]:
        yield b"first\n"
        raise StoreFailed("disk gone")

    with Running(Planted(node, export=export, failed=None)) as (authority, ended):
        client = http.client.HTTPConnection(authority, timeout=15)
        client.request("GET", "/api/v1/export/packs")
        with pytest.raises(http.client.IncompleteRead):
            client.getresponse().read()
        client.close()
        assert ended.wait(20)  # a failed store stops the server


class Running:
    """The server in a thread of this process, so that its limits can be set."""

    def __init__(self, node: object) -> None:
        self._node = node
        self._ready = threading.Event()
        self._ended = threading.Event()
        self._address = ""
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        def ready(address: str) -> None:
            self._address = address
            self._ready.set()

        try:
            serve.run(self._node, "127.0.0.1", 0, None, ready)  # type: ignore[arg-type]
        except StoreFailed:
            self._ended.set()

    def __enter__(self) -> tuple[str, threading.Event]:
        self._thread.start()
        assert self._ready.wait(10)
        return self._address.removeprefix("http://"), self._ended

    def __exit__(self, *_: object) -> None:
        if not self._ended.is_set():
            self._node.failed = StoreFailed("the test is over")  # type: ignore[attr-defined]
        self._thread.join(20)
        assert not self._thread.is_alive()


def test_a_write_that_failed_in_the_background_stops_the_server(node: Node) -> None:
    broken = Planted(node, failed=None)
    with Running(broken) as (_, ended):
        assert not ended.wait(0.2)
        broken.failed = StoreFailed("disk gone")
        assert ended.wait(20)


def test_requests_sent_without_waiting_are_answered_in_order(node: Node) -> None:
    serials = [GOOD, "NOSUCH", "BBB222"]
    with Running(Planted(node, failed=None)) as (authority, _):
        connection = connect(authority)
        for serial in serials:
            body = json.dumps({"scan": scene.scan(serial), "site": scene.PHARMACY}).encode()
            connection.sendall(
                b"POST /api/v1/verify HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
            )
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = read_all(connection)
        connection.close()
    assert re.findall(rb'"pack":{[^}]*"serial":"(\w+)"', answer) == [serial.encode() for serial in serials]
    assert answer.endswith(b'{"status":"ok"}')
    assert answer.count(b"HTTP/1.1 200 OK\r\n") == 4


def test_a_client_that_wants_to_close_is_told_so(node: Node) -> None:
    with Running(Planted(node, failed=None)) as (authority, _):
        connection = connect(authority)
        connection.sendall(
            b"POST /api/v1/verify HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b'Connection: close\r\nContent-Length: 12\r\n\r\n{"scan":"x"}'
        )
        answer = read_all(connection)
        connection.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"connection: close" in head
    assert b"content-length: %d" % len(body) in head
    assert b"cache-control: no-store" in head
    assert b"\r\ndate: " in head


REQUEST = b"POST /api/v1/verify HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
JSON = b"Content-Type: application/json\r\n"


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (REQUEST + JSON + b'Content-Length: 12\r\n\r\n{"scan":"x"}', 200),
        (REQUEST.replace(b"1.1", b"1.0", 1) + JSON + b'Content-Length: 12\r\n\r\n{"scan":"x"}', 200),
        (REQUEST + JSON + b'Transfer-Encoding: chunked\r\n\r\nc\r\n{"scan":"x"}\r\n0\r\n\r\n', 200),
        (REQUEST + JSON + b'Expect: 100-continue\r\nContent-Length: 12\r\n\r\n{"scan":"x"}', 200),
        (REQUEST.replace(b"verify", b"verify?x=1") + JSON + b'Content-Length: 12\r\n\r\n{"scan":"x"}', 200),
        (REQUEST + JSON + b"Content-Length: 0\r\n\r\n", 400),
        (REQUEST + JSON + b"\r\n", 400),
        (REQUEST + JSON + b"Content-Length: 2\r\n\r\n[]", 400),
        (REQUEST + b'Content-Length: 12\r\n\r\n{"scan":"x"}', 415),
        (REQUEST + JSON + b"Content-Length: 65537\r\n\r\n" + b" " * 65537, 413),
        (REQUEST + JSON + b"Content-Length: 99999999999\r\n\r\n" + b" " * 70000, 413),
        (REQUEST.replace(b"localhost", b"evil.example") + JSON + b"Content-Length: 2\r\n\r\n{}", 421),
        (REQUEST + JSON + b"Origin: http://evil.example\r\nContent-Length: 2\r\n\r\n{}", 403),
        (REQUEST.replace(b"POST", b"GET") + b"\r\n", 405),
    ],
)
def test_a_scan_is_answered_alike_whichever_way_its_bytes_come(
    process: tuple[subprocess.Popen[str], str, Path], request_bytes: bytes, status: int
) -> None:
    for piece_bytes in (len(request_bytes), 1000, 7):
        if len(request_bytes) > 10_000 and piece_bytes < 1000:
            continue
        connection = connect(process[1])
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(request_bytes), piece_bytes):
            try:
                connection.sendall(request_bytes[start : start + piece_bytes])
            except OSError:
                break  # refused before its end
        answer = read_all(connection).removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
        connection.close()
        assert answer.startswith(b"HTTP/1.1 %d " % status), answer
        assert answer.count(b"HTTP/1.1 ") == 1


def test_a_slow_header_and_a_slow_body_are_cut_off(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "HEADER_SECONDS_MAX", 1.0)
    monkeypatch.setattr(limits, "BODY_GRACE_SECONDS", 1.0)
    with Running(Planted(node, failed=None)) as (authority, _):
        slow_header = connect(authority)
        slow_header.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
        slow_body = connect(authority)
        slow_body.sendall(
            b"POST /api/v1/verify HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b'Content-Length: 500\r\n\r\n{"scan'
        )
        steady = connect(authority)
        steady.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert steady.recv(65536).startswith(b"HTTP/1.1 200 ")
        began = time.monotonic()
        assert read_all(slow_header).startswith(b"HTTP/1.1 408 ")
        assert read_all(slow_body).startswith(b"HTTP/1.1 408 ")
        assert time.monotonic() - began < 10
        for connection in (slow_header, slow_body, steady):
            connection.close()


def test_an_upload_cut_off_by_its_sender_leaves_nothing(node: Node) -> None:
    documents = len(node.documents())
    with Running(Planted(node, failed=None)) as (authority, _):
        connection = connect(authority)
        document = scene.shipment("CUT1", day="2026-11-05")
        connection.sendall(
            b"POST /api/v1/capture HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/xml\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(document), document[:400])
        )
        time.sleep(0.2)
        connection.close()
        time.sleep(0.3)
        client = http.client.HTTPConnection(authority, timeout=15)
        client.request("GET", "/readyz")
        assert client.getresponse().status == 200
        client.close()
    assert len(node.documents()) == documents


def test_verdicts_of_every_counter_are_told_as_they_are_given(
    process: tuple[subprocess.Popen[str], str, Path],
) -> None:
    _, authority, _ = process
    host, _, port = authority.partition(":")
    following = http.client.HTTPConnection(host, int(port), timeout=20)
    following.request("GET", "/api/v1/stream")  # as a plain client asks: whatever comes
    answer = following.getresponse()
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.readline().startswith(b"retry:")
    asking = http.client.HTTPConnection(host, int(port), timeout=20)
    body = json.dumps({"scan": scene.scan(GOOD), "site": scene.PHARMACY})
    asking.request("POST", "/api/v1/verify", body, {"content-type": "application/json"})
    verdict = json.loads(asking.getresponse().read())
    while answer.readline() != b"event: verdict\n":
        pass
    told = json.loads(answer.readline().removeprefix(b"data: "))
    assert (told["gtin"], told["serial"], told["site"]) == (scene.GTIN, GOOD, scene.PHARMACY)
    assert told["verdict"] == verdict["verdict"]
    assert told["reasons"] == [reason["code"] for reason in verdict["reasons"]]
    assert scene.scan(GOOD) not in json.dumps(told)
    following.close()
    # Whoever asks for JSON gets an answer that ends.
    asking.request("GET", "/api/v1/stream", headers={"accept": "application/json"})
    assert set(json.loads(asking.getresponse().read())) == {"recalls", "alerts"}
    asking.close()
