"""Who is told: signed, once each, with patience; what nobody takes is laid aside and can be sent again."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import http.server
import json
import socketserver
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from rxtrail.alerts import ChannelCommand, NewChannel, RouteCommand, delivery
from rxtrail.errors import BadRequest, NotFound, Refused, StoreFull
from rxtrail.web.app import build
from tests.alerts.test_routes import UNIT, lane, start
from tests.story import MAKER, OTHER_PHARMACY, WHOLESALER, Scene, made, pack, shipped
from tests.web.conftest import Api

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TOKEN = "between us"


class Receiver:
    """A webhook's receiver on loopback."""

    def __init__(self) -> None:
        self.status = 204
        self.gate = threading.Event()
        self.gate.set()
        self.got: list[tuple[dict[str, str], bytes]] = []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                receiver.gate.wait(20)
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/alerts"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with contextlib.closing(Receiver()) as opened:
        yield opened


@pytest.fixture
def off(hub: Scene) -> Scene:
    """A hub with a lane; :func:`raise_one` makes a shipment leave it."""
    hub.partners((MAKER, "maker"), (WHOLESALER, "wholesaler"), (OTHER_PHARMACY, "pharmacy"))
    hub.node.route(RouteCommand("load", "A. Kim", table=lane()))
    hub.node.route(RouteCommand("approve", "B. Lee"))
    return hub


def raise_one(scene: Scene) -> None:
    scene.capture(*start(), shipped(UNIT, buyer=OTHER_PHARMACY))
    scene.node.alerts.settle()


def tell(scene: Scene, to: str, **more: Any) -> str:
    new = NewChannel(to, "A. Kim", **{"token": TOKEN, **more})
    return scene.node.channel(ChannelCommand("add", "A. Kim", new=new))[0].id


def test_a_webhook_gets_a_signed_cloud_event_once(off: Scene, receiver: Receiver) -> None:
    tell(off, receiver.url)
    raise_one(off)
    off.node.alerts.channels.tell()
    off.node.alerts.channels.tell()
    assert len(receiver.got) == 1
    headers, body = receiver.got[0]
    assert headers["content-type"].startswith("application/cloudevents+json")
    assert headers["rxtrail-signature"] == "sha256=" + hmac.new(TOKEN.encode(), body, hashlib.sha256).hexdigest()
    event = json.loads(body)
    assert (event["specversion"], event["type"]) == ("1.0", "org.rxtrail.alert.opened")
    assert event["data"]["rule"] == "R1"
    assert event["data"]["id"] == event["subject"]
    assert {"id", "source", "time"} <= event.keys()


def test_what_is_not_taken_is_tried_again_later_and_is_the_same_event(off: Scene, receiver: Receiver) -> None:
    tell(off, receiver.url)
    receiver.status = 503
    raise_one(off)
    off.node.alerts.channels.tell()
    off.node.alerts.channels.tell()  # not before its time
    assert len(receiver.got) == 1
    assert off.node.alerts.channels.all()[0].attempts == 1
    receiver.status = 200
    off.time.pass_by(seconds=3)
    off.node.alerts.channels.tell()
    assert len(receiver.got) == 2
    assert receiver.got[0] == (receiver.got[0][0], receiver.got[1][1])
    assert receiver.got[0][0]["idempotency-key"] == receiver.got[1][0]["idempotency-key"]


def test_what_nobody_takes_becomes_a_dead_letter_and_is_sent_again_by_hand(off: Scene, receiver: Receiver) -> None:
    tell(off, receiver.url)
    receiver.status = 500
    raise_one(off)
    for _ in range(delivery.ATTEMPTS_MAX + 1):
        off.node.alerts.channels.tell()
        off.time.pass_by(hours=2)
    assert len(receiver.got) == delivery.ATTEMPTS_MAX
    letter = off.node.alerts.channels.dead()[0]
    with pytest.raises(Refused):
        off.node.channel(ChannelCommand("replay", "A. Kim", letter.id))
    receiver.status = 200
    off.node.channel(ChannelCommand("replay", "A. Kim", letter.id))
    assert off.node.alerts.channels.dead() == []
    with pytest.raises(NotFound):
        off.node.channel(ChannelCommand("replay", "A. Kim", letter.id))


def test_a_channel_is_told_only_what_it_asked_for_and_only_from_then_on(off: Scene, receiver: Receiver) -> None:
    raise_one(off)
    tell(off, receiver.url, rules=["S8"])
    number = tell(off, receiver.url)
    off.capture(made(pack("LATER"), minute=3), shipped(pack("LATER"), buyer=OTHER_PHARMACY, minute=40))
    off.node.alerts.settle()
    off.node.alerts.channels.tell()
    assert len(receiver.got) == 1
    off.node.channel(ChannelCommand("remove", "A. Kim", number))
    assert [each.rules for each in off.node.alerts.channels.all()] == [["S8"]]


def test_an_alert_reaches_its_receiver_by_itself(off: Scene, receiver: Receiver) -> None:
    tell(off, receiver.url)
    off.node.alerts.start()
    off.capture(*start(), shipped(UNIT, buyer=OTHER_PHARMACY))
    until = time.monotonic() + 20
    while not receiver.got and time.monotonic() < until:
        time.sleep(0.01)
    assert receiver.got


def wait_for(done: Callable[[], bool]) -> bool:
    until = time.monotonic() + 20
    while not (is_done := done()) and time.monotonic() < until:
        time.sleep(0.01)
    return is_done


@pytest.mark.parametrize("error", [StoreFull("the disk is full"), RuntimeError("a fault of ours")])
def test_a_receiver_is_not_flooded_while_it_cannot_be_kept_that_it_was_told(
    off: Scene, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(delivery, "LOOK_SECONDS", 60)
    tell(off, receiver.url)
    raise_one(off)
    channels = off.node.alerts.channels
    writer, asked = channels._writer, list[object]()

    class Full:
        def do(self, work: Any) -> Any:
            asked.append(work)
            if len(asked) == 1:
                return writer().do(work)  # the claim
            raise error

    monkeypatch.setattr(channels, "_writer", Full)
    channels.start()
    assert wait_for(lambda: len(asked) == 2)
    channels.woke()
    time.sleep(0.3)
    channels.stop()
    assert len(receiver.got) == 1


def test_a_turn_that_ends_while_it_is_read_how_far_channels_are_tells_nothing_twice(
    off: Scene, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.gate.clear()
    number = tell(off, receiver.url)
    raise_one(off)
    channels = off.node.alerts.channels
    real, looks = channels._kept, list[int]()

    def kept() -> Any:
        found = real()
        looks.append(1)
        if len(looks) == 2:
            receiver.gate.set()
            wait_for(lambda: number not in channels._busy)
        return found

    monkeypatch.setattr(channels, "_kept", kept)
    channels.start()
    assert wait_for(lambda: len(receiver.got) == 1)
    channels.woke()
    assert wait_for(lambda: len(looks) >= 4 and number not in channels._busy)
    assert len(receiver.got) == 1


class _Smtp(socketserver.StreamRequestHandler):
    """As much of a mail server as one message needs (RFC 5321)."""

    mails: list[bytes]

    def handle(self) -> None:
        def say(text: str) -> None:
            self.wfile.write(text.encode() + b"\r\n")

        say("220 here")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                say("354 go on")
                mail = b""
                while (part := self.rfile.readline()) != b".\r\n":
                    mail += part
                self.mails.append(mail)
            elif verb == b"QUIT":
                say("221 bye")
                return
            say("250 ok")


def test_a_mail_says_what_was_seen_why_and_what_to_do(off: Scene) -> None:
    _Smtp.mails = []
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Smtp) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        smtp = f"smtp://127.0.0.1:{server.server_address[1]}"
        tell(off, "mailto:pharmacist@example.org", smtp=smtp, sender="node@example.org")
        raise_one(off)
        off.node.alerts.channels.tell()
        server.shutdown()
    assert len(_Smtp.mails) == 1
    mail = _Smtp.mails[0].decode()
    assert "To: pharmacist@example.org" in mail
    assert "Off its approved route" in mail
    assert "Probable cause: process" in mail
    assert "What to do:" in mail


@pytest.mark.parametrize(
    ("to", "more"),
    [
        ("http://example.org/hook", {}),
        ("https://user:pw@example.org/hook", {}),
        ("https://example.org/hook", {"token": ""}),
        ("mailto:nobody", {"smtp": "smtp://127.0.0.1", "sender": "a@example.org"}),
        ("mailto:a@example.org", {"smtp": "smtps://user:secret@mail.example.org", "sender": "a@example.org"}),
        ("mailto:a@example.org\nBcc: b@example.org", {"smtp": "smtp://127.0.0.1", "sender": "a@example.org"}),
        ("https://example.org/hook", {"severity": "loud"}),
    ],
)
def test_an_address_that_cannot_be_told_safely_is_refused(off: Scene, to: str, more: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        tell(off, to, **more)
    assert off.node.alerts.channels.all() == []


def test_a_site_key_adds_no_channel(off: Scene) -> None:
    """A channel is told all alerts, and may lead inside: it is for who runs the node."""
    key = off.node.access.keys.add(OTHER_PHARMACY.gln)
    body = {"to": "http://127.0.0.1:9/inside", "by": "A. Kim", "token": TOKEN}
    with contextlib.closing(Api(build(off.node))) as api:
        answer = api.post("/api/v1/alert-channels", json=body, headers={"authorization": f"Bearer {key.secret}"})
    assert answer.status_code in (401, 403)
    assert off.node.alerts.channels.all() == []
