"""The requester against a responder that misbehaves: asked again where that may help, believed when whole."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from rxtrail.vrs import VrsClient, VrsRequest, VrsSettings
from tests.story import GTIN, MAKER, OTHER_MAKER, PHARMACY

if TYPE_CHECKING:
    from collections.abc import Iterator

Answer = tuple[int, dict[str, str], bytes]
ASKED = VrsRequest(
    gtin=GTIN,
    lot="L7",
    serial="S1",
    exp="280930",
    context="dscsaSaleableReturn",
    requester_gln=PHARMACY.gln,
    corr_uuid="08dd5e1b-0000-4000-8000-0123456789ab",
)
SETTINGS = VrsSettings(seconds=3.0, cache_seconds=0)
JSON = {"Content-Type": "application/json"}


def body(**changes: Any) -> bytes:
    whole = {
        "verificationTimestamp": "2026-11-23T12:00:00Z",
        "responderGLN": MAKER.gln,
        "corrUUID": ASKED.corr_uuid,
        "data": {"verified": True},
    }
    return json.dumps({name: value for name, value in {**whole, **changes}.items() if value is not None}).encode()


class Counterpart:
    """A responder that gives one answer after the other, the last one for ever, and keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: list[Answer] = [(200, JSON, body())]
        self.asked: list[tuple[str, dict[str, str]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                status, headers, content = outer.answers.pop(0) if len(outer.answers) > 1 else outer.answers[0]
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/vrs/"


@pytest.fixture
def maker() -> Iterator[Counterpart]:
    counterpart = Counterpart()
    thread = threading.Thread(target=counterpart.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield counterpart
    counterpart.server.shutdown()
    thread.join(10)
    counterpart.server.server_close()


@pytest.fixture
def client() -> VrsClient:
    return VrsClient(pause=lambda _seconds: None)


def test_the_request_is_the_standards(maker: Counterpart) -> None:
    client = VrsClient(credential=lambda uuid: {"ATP-Authorization": f"proof of {uuid}"})
    assert client.verify(maker.url, MAKER.gln, ASKED, SETTINGS).answer.verified
    [(path, headers)] = maker.asked
    parts = urlsplit(path)
    assert parts.path == f"/vrs/verify/gtin/{GTIN}/lot/L7/ser/S1"
    assert parse_qs(parts.query) == {
        "exp": ["280930"],
        "linkType": ["verificationService"],
        "context": ["dscsaSaleableReturn"],
        "reqGLN": [PHARMACY.gln],
        "corrUUID": [ASKED.corr_uuid],
    }
    assert headers["gs1us-version"] == "1.3.0"
    assert headers["accept"] == headers["content-type"] == "application/json"
    assert headers["atp-authorization"] == f"proof of {ASKED.corr_uuid}"


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_what_may_pass_is_asked_again_under_the_same_uuid(maker: Counterpart, client: VrsClient, status: int) -> None:
    maker.answers.insert(0, (status, {}, b""))
    found = client.verify(maker.url, MAKER.gln, ASKED, SETTINGS)
    assert (found.answer.verified, found.attempts) == (True, 2)
    assert {parse_qs(urlsplit(path).query)["corrUUID"][0] for path, _ in maker.asked} == {ASKED.corr_uuid}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 429, 302, 204, 418])
def test_what_will_not_pass_is_asked_once(maker: Counterpart, client: VrsClient, status: int) -> None:
    maker.answers = [(status, {}, b"")]
    found = client.verify(maker.url, MAKER.gln, ASKED, SETTINGS)
    assert (found.answer.verified, found.answer.status, found.attempts) == (None, status, 1)
    assert found.answer.fault
    assert found.answer.advice


def test_attempts_have_an_end(maker: Counterpart, client: VrsClient) -> None:
    maker.answers = [(503, {}, b"")]
    assert client.verify(maker.url, MAKER.gln, ASKED, SETTINGS).attempts == 3
    assert len(maker.asked) == 3


def test_a_wait_that_is_longer_than_our_time_is_not_waited(maker: Counterpart) -> None:
    paused: list[float] = []
    client = VrsClient(pause=paused.append)
    maker.answers = [(503, {"Retry-After": "60"}, b"")]
    assert client.verify(maker.url, MAKER.gln, ASKED, SETTINGS).attempts == 1
    maker.answers = [(503, {"Retry-After": "1"}, b"")]
    client.verify(maker.url, MAKER.gln, ASKED, SETTINGS)
    assert paused
    assert min(paused) >= 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"null",
        b"\xff",
        body(data=None),
        body(corrUUID=None),
        body(corrUUID="11111111-1111-4111-8111-111111111111"),
        body(responderGLN="123"),
        body(responderGLN=OTHER_MAKER.gln),
        body(verificationTimestamp="yesterday"),
        body(data={"verified": "true"}),
        body(data={"verified": 1}),
        body(data={"verified": True, "verificationFailureReason": "No_match_GTIN_Serial"}),
        body(data={"verified": False, "verificationFailureReason": "Because"}),
        body(data={"verified": True, "additionalInfo": "Fine"}),
    ],
)
def test_an_answer_that_is_not_the_standards_says_nothing(
    maker: Counterpart, client: VrsClient, content: bytes
) -> None:
    maker.answers = [(200, JSON, content)]
    found = client.verify(maker.url, MAKER.gln, ASKED, SETTINGS)
    assert (found.answer.verified, found.attempts) == (None, 1)


def test_a_page_of_a_web_site_is_no_answer(maker: Counterpart, client: VrsClient) -> None:
    maker.answers = [(200, {"Content-Type": "text/html"}, body())]
    assert client.verify(maker.url, MAKER.gln, ASKED, SETTINGS).answer.verified is None


def test_older_responders_are_understood(maker: Counterpart, client: VrsClient) -> None:
    maker.answers = [
        (
            200,
            {"Content-Type": "application/json; charset=utf-8"},
            body(data={"verified": True, "additionalInfo": "recalled"}),
        ),
        (
            200,
            JSON,
            body(corrUUID=ASKED.corr_uuid.upper(), data={"verified": False, "additionalInfo": ["Expired", "SUSPECT"]}),
        ),
    ]
    first = client.verify(maker.url, MAKER.gln, ASKED, SETTINGS).answer
    assert [info.value for info in first.infos] == ["Recalled"]
    second = client.verify(maker.url, MAKER.gln, ASKED, SETTINGS).answer
    assert (second.verified, second.failure.value if second.failure else "") == (False, "No_reason_provided")
    assert [info.value for info in second.infos] == ["Expired", "Suspect"]


def test_answers_are_remembered_for_a_while_and_errors_never(maker: Counterpart) -> None:
    now = [100.0]
    client = VrsClient(pause=lambda _: None, monotonic=lambda: now[0])
    settings = VrsSettings(cache_seconds=30, retries=0)
    maker.answers = [(500, {}, b""), (200, JSON, body())]
    assert client.verify(maker.url, MAKER.gln, ASKED, settings).answer.verified is None
    assert not client.verify(maker.url, MAKER.gln, ASKED, settings).cached
    assert client.verify(maker.url, MAKER.gln, ASKED, settings).cached
    now[0] += 31
    assert not client.verify(maker.url, MAKER.gln, ASKED, settings).cached
    assert len(maker.asked) == 3
