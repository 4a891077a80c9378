"""Subscriptions by WebSocket, over a real connection to a real server."""

from __future__ import annotations

import io
import json
import socket
import time
from typing import TYPE_CHECKING, Any

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Ping,
    Pong,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)

from tests.epcis_query.earlier import keep_query
from tests.epcis_query.events import all_events, document
from tests.web import scene
from tests.web.conftest import Planted
from tests.web.test_serve import Running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rxtrail.bootstrap import Node


class Client:
    """One WebSocket connection, read with patience and no longer."""

    def __init__(self, address: str, target: str, headers: dict[str, str] | None = None) -> None:
        host, _, port = address.removeprefix("http://").rpartition(":")
        self.wire = socket.create_connection((host, int(port)), timeout=10)
        self.protocol = WSConnection(ConnectionType.CLIENT)
        extra = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
        self.wire.sendall(self.protocol.send(Request(host=f"{host}:{port}", target=target, extra_headers=extra)))

    def next(self) -> Any:
        while True:
            for event in self.protocol.events():
                if isinstance(event, Ping):
                    self.wire.sendall(self.protocol.send(event.response()))
                elif not isinstance(event, Pong):
                    return event
            data = self.wire.recv(65_536)
            self.protocol.receive_data(data or None)

    def names(self, count: int) -> list[str]:
        found: list[str] = []
        text = ""
        while len(found) < count:
            event = self.next()
            assert isinstance(event, TextMessage), event
            text += event.data
            if event.message_finished:
                body = json.loads(text)["epcisBody"]["queryResults"]
                found += [each["eventID"] for each in body["resultsBody"]["eventList"]]
                text = ""
        return found

    def refused(self) -> tuple[int, Any]:
        first = self.next()
        assert isinstance(first, RejectConnection), first
        body = b""
        while first.has_body:
            event = self.next()
            assert isinstance(event, RejectData), event
            body += event.data
            if event.body_finished:
                break
        return first.status_code, json.loads(body)

    def close(self) -> None:
        self.wire.sendall(self.protocol.send(CloseConnection(code=1000)))
        self.wire.close()


@pytest.fixture
def address(node: Node) -> Iterator[str]:
    with Running(Planted(node, failed=None)) as (told, _):
        yield f"http://{told}"


def captured(node: Node, events: list[Any]) -> list[str]:
    node.capture(io.BytesIO(json.dumps(document(events)).encode()), name="events")
    return [event["eventID"] for event in events]


def test_a_stream_tells_what_comes_in_from_then_on(node: Node, address: str) -> None:
    client = Client(address, "/epcis/queries/SimpleEventQuery/events?stream=true&EQ_action=ADD")
    assert isinstance(client.next(), AcceptConnection)
    held = all_events(60)
    captured(node, held)
    wanted = [event["eventID"] for event in held if event.get("action") == "ADD"]
    assert client.names(len(wanted)) == wanted
    more = [{**held[0], "eventID": f"urn:uuid:more-{number}", "action": "ADD"} for number in range(3)]
    more = [{name: value for name, value in event.items() if name != "errorDeclaration"} for event in more]
    names = captured(node, more)
    assert client.names(3) == names
    client.close()


def test_a_client_that_was_cut_off_asks_from_a_record_time_on(node: Node, address: str) -> None:
    names = captured(node, all_events(10))
    target = "/epcis/queries/SimpleEventQuery/events?stream=true&initialRecordTime=2020-01-01T00:00:00Z"
    client = Client(address, target, {"GS1-EPC-Format": "Always_EPC_URN"})
    assert isinstance(client.next(), AcceptConnection)
    assert client.names(14)[-10:] == names
    client.close()


@pytest.mark.parametrize(
    ("query", "more"), [({"orderBy": "eventTime"}, "&eventCountLimit=2"), ({"eventCountLimit": 2}, "")]
)
def test_an_order_or_an_earlier_version_kept_with_the_query_allows_its_limit(
    node: Node, address: str, query: dict[str, Any], more: str
) -> None:
    keep_query(node, "kept", query)
    since = "stream=true&initialRecordTime=2020-01-01T00:00:00Z"
    client = Client(address, f"/epcis/queries/kept/events?{since}{more}")
    assert isinstance(client.next(), AcceptConnection)
    assert len(client.names(1)) == 2
    client.close()


def test_a_schedule_tells_when_it_is_due(address: str) -> None:
    client = Client(address, "/epcis/queries/SimpleEventQuery/events?second=0/1&reportIfEmpty=true")
    assert isinstance(client.next(), AcceptConnection)
    began = time.monotonic()
    event = client.next()
    assert isinstance(event, TextMessage)
    assert json.loads(event.data)["epcisBody"]["queryResults"]["resultsBody"]["eventList"] == []
    assert time.monotonic() - began < 5
    client.close()


def test_many_connections_are_told_at_the_same_time(node: Node, address: str) -> None:
    target = "/epcis/queries/SimpleEventQuery/events?stream=true"
    clients = [Client(address, target) for _ in range(100)]
    assert all(isinstance(client.next(), AcceptConnection) for client in clients)
    names = captured(node, all_events(5))
    assert [client.names(5) for client in clients] == [names] * len(clients)
    for client in clients:
        client.close()


def test_a_connection_ends_with_the_key_that_opened_it(node: Node, address: str) -> None:
    target = "/epcis/queries/SimpleEventQuery/events?stream=true"
    nobody = Client(address, target)
    assert isinstance(nobody.next(), AcceptConnection)
    key = node.access.keys.add(scene.PHARMACY)
    site = Client(address, target, {"Authorization": f"Bearer {key.secret}"})
    assert isinstance(site.next(), AcceptConnection)
    node.access.keys.revoke(key.id)
    for client in (nobody, site):
        told = client.next()
        assert isinstance(told, TextMessage)
        assert json.loads(told.data)["type"] == "epcisException:SecurityException"
        end = client.next()
        assert isinstance(end, CloseConnection)
        assert end.code == 1008
        client.wire.close()


@pytest.mark.parametrize(
    ("target", "headers", "status", "kind"),
    [
        ("/epcis/queries/none/events?stream=true", {}, 404, "NoSuchNameException"),
        ("/epcis/queries/SimpleEventQuery/events", {}, 400, "SubscriptionControlsException"),
        ("/epcis/queries/SimpleEventQuery/events?stream=true&second=1", {}, 400, "SubscriptionControlsException"),
        ("/epcis/queries/SimpleEventQuery/events?hour=25", {}, 400, "SubscriptionControlsException"),
        ("/epcis/queries/SimpleEventQuery/events?stream=true&eventCountLimit=2", {}, 400, "QueryParameterException"),
        ("/epcis/queries/SimpleEventQuery/events?stream=true&EQ_colour=x", {}, 400, "QueryParameterException"),
        ("/elsewhere", {}, 404, "NoSuchNameException"),
        ("/epcis/queries/SimpleEventQuery/events?stream=true", {"Origin": "http://evil.example"}, 403,
         "SecurityException"),
    ],
)  # fmt: skip
def test_a_handshake_that_makes_no_sense_is_refused_as_over_http(
    address: str, target: str, headers: dict[str, str], status: int, kind: str
) -> None:
    client = Client(address, target, headers)
    told, body = client.refused()
    client.wire.close()
    assert told == status
    assert body["type"] == f"epcisException:{kind}"
