"""Chats: each gets the message of its own form, at a real server; a plug-in adds a form; no secret is shown."""

from __future__ import annotations

import contextlib
import http.server
import json
import logging
import socket
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from rxtrail.alerts import ChannelCommand, chat, delivery
from rxtrail.errors import BadRequest
from tests.alerts.test_delivery import off, raise_one, tell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.story import Scene

__all__ = ["off"]
SECRET = "T000/B000/a-secret-of-the-chat"


class Room:
    """A chat's server on loopback: keeps what it is sent."""

    def __init__(self) -> None:
        self.status = 200
        self.got: list[tuple[str, str, dict[str, str], bytes]] = []
        room = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                room.got.append((self.command, self.path, headers, body))
                self.send_response(room.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def do_PUT(self) -> None:
                self.do_POST()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/services/{SECRET}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def room() -> Iterator[Room]:
    with contextlib.closing(Room()) as opened:
        yield opened


def told(scene: Scene, room: Room, **more: Any) -> tuple[str, str, dict[str, str], bytes]:
    tell(scene, more.pop("to", room.url), **more)
    raise_one(scene)
    scene.node.alerts.channels.tell()
    assert len(room.got) == 1
    return room.got[0]


def test_slack_gets_blocks_and_a_plain_text(off: Scene, room: Room) -> None:
    method, path, headers, body = told(off, room, form="slack", token="")
    assert (method, path) == ("POST", f"/services/{SECRET}")
    assert headers["content-type"].startswith("application/json")
    message = json.loads(body)
    assert [block["type"] for block in message["blocks"]] == ["header", "section", "section"]
    assert message["blocks"][0]["text"]["text"] == "Opened: Off its approved route (stop)"
    assert "*What to do:* Have the shipment set aside." in message["blocks"][2]["text"]["text"]
    assert "Sent from Acme Pharma" in message["text"]


def test_teams_gets_an_adaptive_card(off: Scene, room: Room) -> None:
    message = json.loads(told(off, room, form="teams", token="")[3])
    attachment = message["attachments"][0]
    assert message["type"] == "message"
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert {"Probable cause", "What to do", "Alert"} <= {fact["title"] for fact in card["body"][2]["facts"]}


def test_a_matrix_room_gets_one_message_a_transaction_with_the_token_in_the_header(off: Scene, room: Room) -> None:
    to = room.url.replace(f"/services/{SECRET}", "/_matrix/client/v3/rooms/!abc%3Aexample.org")
    method, path, headers, body = told(off, room, to=to, form="matrix", token="syt_token")
    assert method == "PUT"
    number = off.node.alerts.page()[0].id
    assert path.startswith(f"/_matrix/client/v3/rooms/!abc%3Aexample.org/send/m.room.message/{number}-")
    assert headers["authorization"] == "Bearer syt_token"
    message = json.loads(body)
    assert message["msgtype"] == "m.text"
    assert message["body"].startswith("Opened: Off its approved route")


def test_plain_text_is_what_a_person_would_write(off: Scene, room: Room) -> None:
    _, _, headers, body = told(off, room, form="text", token="")
    assert headers["content-type"].startswith("text/plain")
    assert "What to do: Have the shipment set aside." in body.decode()
    assert "authorization" not in headers


def test_names_of_partners_are_no_markup(off: Scene, room: Room) -> None:
    """A partner's name comes from outside: it must not call everybody, nor become a link."""
    raise_one(off)
    alert = msgspec.structs.replace(off.node.alerts.page()[0], what="<!channel> [pay](https://evil.example) <b>x</b>")
    asked = chat.Told("opened", alert, "https://example.org/x", "t", "k")
    slack = json.loads(chat.slack(asked).body)
    assert "<!channel>" not in json.dumps(slack)
    assert "](https" not in chat.teams(asked).body.decode()
    matrix = json.loads(chat.matrix(asked).body)
    assert "&lt;b&gt;x" in matrix["formatted_body"]


def test_a_long_alert_fits_what_a_chat_takes(off: Scene, room: Room) -> None:
    raise_one(off)
    alert = msgspec.structs.replace(off.node.alerts.page()[0], what="w" * 5_000, why="y" * 5_000, title="t" * 500)
    asked = chat.Told("opened", alert, "https://example.org/x", "t", "k")
    slack = json.loads(chat.slack(asked).body)
    assert len(slack["blocks"][0]["text"]["text"]) <= 150
    assert all(len(block["text"]["text"]) <= 3_000 for block in slack["blocks"])
    assert len(chat.teams(asked).body) < 28 * 1024


def test_the_address_of_a_chat_is_shown_and_recorded_nowhere(
    off: Scene, room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    room.status = 500
    with caplog.at_level(logging.DEBUG):
        tell(off, room.url, form="slack", token="")
        raise_one(off)
        for _ in range(delivery.ATTEMPTS_MAX):
            off.node.alerts.channels.tell()
            off.time.pass_by(hours=2)
    channels, dead = off.node.alerts.channels.all(), off.node.alerts.channels.dead()
    assert len(dead) == 1
    assert channels[0].to == f"http://127.0.0.1:{room.server.server_port}/..."
    assert SECRET not in repr((channels, dead))
    assert SECRET not in caplog.text
    room.status = 200
    off.node.channel(ChannelCommand("replay", "A. Kim", dead[0].id))
    assert room.got[-1][1] == f"/services/{SECRET}"


def test_a_form_that_nobody_has_is_refused_with_those_that_are(off: Scene, room: Room) -> None:
    with pytest.raises(BadRequest) as refused:
        tell(off, room.url, form="pigeon", token="")
    assert "slack" in refused.value.advice
    with pytest.raises(BadRequest):
        tell(off, room.url, form="matrix", token="")


PLUGIN = """
from rxtrail.alerts.chat import Posting

def say(told):
    return Posting(told.to, {"Content-Type": "application/json"}, b'{"said": "%s"}' % told.alert.id.encode())

def breaks(told):
    raise RuntimeError(told.to)

def nothing(told):
    return None

def odd(told):
    return Posting(None, [told.to], told.to)
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Iterator[None]:
    """A package as pip would have put it there."""
    (tmp_path / "pigeon_chat.py").write_text(PLUGIN)
    info = tmp_path / "pigeon_chat-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pigeon-chat\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[rxtrail.chat]\npigeon = pigeon_chat:say\nbreaks = pigeon_chat:breaks\nnothing = pigeon_chat:nothing\n"
        "odd = pigeon_chat:odd\n"
        "missing = pigeon_chat:nowhere\nslack = pigeon_chat:nothing\n"
    )
    sys.path.insert(0, str(tmp_path))
    yield
    sys.path.remove(str(tmp_path))
    sys.modules.pop("pigeon_chat", None)


@pytest.mark.usefixtures("plugin")
def test_a_plug_in_adds_a_form(off: Scene, room: Room) -> None:
    assert "pigeon" in chat.names()
    body = told(off, room, form="pigeon", token="")[3]
    assert json.loads(body) == {"said": off.node.alerts.page()[0].id}


@pytest.mark.usefixtures("plugin")
def test_a_plug_in_does_not_replace_a_form_of_ours(off: Scene, room: Room) -> None:
    assert b"blocks" in told(off, room, form="slack", token="")[3]


@pytest.mark.usefixtures("plugin")
@pytest.mark.parametrize("form", ["breaks", "nothing", "odd"])
def test_a_plug_in_that_breaks_holds_up_nobody_and_tells_no_secret(off: Scene, room: Room, form: str) -> None:
    tell(off, room.url, form=form, token="")
    tell(off, room.url, form="text", token="")
    raise_one(off)
    off.node.alerts.channels.tell()
    assert len(room.got) == 1
    broken = next(each for each in off.node.alerts.channels.all() if each.form == form)
    assert broken.attempts == 1
    assert form in broken.last_error
    assert SECRET not in broken.last_error


@pytest.mark.usefixtures("plugin")
def test_a_plug_in_that_cannot_be_loaded_is_refused(off: Scene, room: Room) -> None:
    with pytest.raises(BadRequest, match="cannot be loaded"):
        tell(off, room.url, form="missing", token="")


def test_forty_channels_that_say_nothing_delay_no_other(
    off: Scene, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "ANSWER_SECONDS", 30.0)  # nobody's patience ends before the test does
    with contextlib.ExitStack() as held:
        wires: list[socket.socket] = []
        for _ in range(40):
            listener = held.enter_context(socket.create_server(("127.0.0.1", 0)))
            wires.append(listener)
            tell(off, f"http://127.0.0.1:{listener.getsockname()[1]}/silent")
        tell(off, room.url, form="text", token="")
        raise_one(off)
        off.node.alerts.start()
        for listener in wires:
            listener.settimeout(20)
            held.enter_context(listener.accept()[0])
        until = time.monotonic() + 20
        while not room.got and time.monotonic() < until:
            time.sleep(0.01)
        assert len(room.got) == 1
        assert all(each.attempts == 0 for each in off.node.alerts.channels.all()), "the silent ones are waited for yet"
