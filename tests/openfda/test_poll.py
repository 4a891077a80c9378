"""openFDA's API, played by a server on this machine: asked page by page, and gone on with where it stopped."""

from __future__ import annotations

import datetime
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from rxtrail.errors import BadRequest, Refused
from rxtrail.openfda import OpenFda, PollOrder, polling
from rxtrail.outbound import Unreachable
from tests.openfda import files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = "SECRETKEY123"


class Played(BaseHTTPRequestHandler):
    """Answers as openFDA does; the server says what goes wrong."""

    server: Server

    def do_GET(self) -> None:
        server = self.server
        server.asked.append(self.path)
        trouble = server.troubles.pop(0) if server.troubles else None
        if trouble is not None:
            status, body = trouble
            self._send(status, body, {"Retry-After": "0"})
            return
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        limit, skip = int(query["limit"]), int(query.get("skip", query.get("search_after", "0")))
        some = server.records[skip : skip + limit]
        headers = {}
        if server.links and skip + limit < len(server.records):
            following = f"{server.address}{parts.path}?limit={limit}&api_key={KEY}&search_after={skip + limit}"
            headers["Link"] = f'<{following}>; rel="next"'
        self._send(200, files.answer(*some, total=len(server.records)), headers)

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """What the server has, and was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Played)
        self.records: list[Any] = [files.product(f"0093-{number:04}-01", f"N{number}", "X") for number in range(25)]
        self.links = False
        self.asked: list[str] = []
        self.troubles: list[tuple[int, bytes] | None] = []
        self.address = f"http://127.0.0.1:{self.server_address[1]}"


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as started:
        thread = threading.Thread(target=started.serve_forever, daemon=True)
        thread.start()
        yield started
        started.shutdown()
        thread.join()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[OpenFda]:
    opened = OpenFda(tmp_path, now_us=lambda: 1, today=lambda: datetime.date(2026, 11, 30), seconds=lambda: 0.0)
    yield opened
    opened.close()


def order(server: Server, **more: Any) -> PollOrder:
    return PollOrder(limit=10, base_url=server.address, key=KEY, **more)


@pytest.mark.parametrize("links", [False, True])
def test_all_pages_are_asked_for_by_skip_or_by_the_link_that_came(server: Server, room: OpenFda, links: bool) -> None:
    server.links = links
    told: list[tuple[int, int]] = []
    report = room.poll("ndc", order(server), told=lambda done, total: told.append((done, total)))
    assert (report.pages, report.records, report.total, report.resumed) == (3, 25, 25, 0)
    assert told == [(10, 25), (20, 25), (25, 25)]
    assert room.status().products == 25
    assert all(f"api_key={KEY}" in path and path.count("api_key") == 1 for path in server.asked)


def test_what_is_cut_off_is_gone_on_with_and_nothing_is_asked_twice(
    server: Server, room: OpenFda, tmp_path: Path
) -> None:
    server.troubles = [None, *[(503, b"")] * 5]
    with pytest.raises(Unreachable):
        room.poll("ndc", order(server))
    assert room.status().products == 10, "the page that came is kept whole"
    report = room.poll("ndc", order(server))
    assert (report.resumed, report.records) == (10, 15)
    assert room.status().products == 25
    assert KEY.encode() not in b"".join(path.read_bytes() for path in tmp_path.iterdir()), "the key is nowhere kept"


def test_a_poll_that_came_to_the_end_begins_anew(server: Server, room: OpenFda) -> None:
    room.poll("ndc", order(server))
    assert room.poll("ndc", order(server)).resumed == 0
    server.troubles = [None, *[(500, b"")] * 5]
    with pytest.raises(Unreachable):
        room.poll("ndc", order(server))
    assert room.poll("ndc", order(server, restart=True)).resumed == 0


def test_too_many_requests_are_waited_out(server: Server, room: OpenFda) -> None:
    server.troubles = [(429, b""), (429, b"")]
    assert room.poll("ndc", order(server)).records == 25


def test_nothing_found_is_an_answer_and_a_wrong_question_a_refusal(server: Server, room: OpenFda) -> None:
    server.troubles = [(404, json.dumps({"error": {"code": "NOT_FOUND", "message": "No matches found!"}}).encode())]
    assert room.poll("ndc", order(server, search="brand_name:nothing")).records == 0
    assert "search=brand_name%3Anothing" in server.asked[0]
    server.troubles = [(400, b'{"error": {"code": "BAD_REQUEST"}}')]
    with pytest.raises(Refused, match="BAD_REQUEST"):
        room.poll("ndc", order(server, search="((("))


@pytest.mark.parametrize(
    "body", [b"<html>", b'{"meta": {"results": {"total": "many"}}}', b'{"results": [{"product_ndc": "1']
)
def test_what_is_no_answer_of_openfda_is_not_taken(server: Server, room: OpenFda, body: bytes) -> None:
    server.troubles = [(200, body)]
    with pytest.raises((Unreachable, Refused)):
        room.poll("ndc", order(server))
    assert room.status().products == 0


def test_more_than_skip_reaches_is_said_and_not_left_out(
    server: Server, room: OpenFda, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "SKIP_MAX", 10)
    with pytest.raises(Refused, match="first 10 of 25"):
        room.poll("ndc", order(server))


@pytest.mark.parametrize("limit", [0, 1001])
def test_a_page_has_a_bound(server: Server, room: OpenFda, limit: int) -> None:
    with pytest.raises(BadRequest):
        room.poll("ndc", PollOrder(limit=limit, base_url=server.address))


def test_only_an_address_that_may_be_asked_is(room: OpenFda) -> None:
    for address in ("http://example.com", "file:///etc/passwd", "https://user@example.com"):
        with pytest.raises(BadRequest):
            room.poll("ndc", PollOrder(base_url=address))
