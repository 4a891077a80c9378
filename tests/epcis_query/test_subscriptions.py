"""Subscriptions: told at least once, signed, again after a failure, and after a restart where they left off."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import http.server
import io
import json
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from rxtrail.bootstrap import open_node
from rxtrail.core.epcis.query.refusals import BadQuery
from rxtrail.epcis_query import delivery, named, subscriptions
from rxtrail.epcis_query.refusals import BadSubscription
from rxtrail.epcis_query.schedule import read_schedule
from rxtrail.web.app import build
from tests.epcis_query.earlier import keep_query, keep_stream
from tests.epcis_query.events import all_events, document, sgln
from tests.web import scene
from tests.web.conftest import Api

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rxtrail.bootstrap import Node

TOKEN = "a secret of the client"


class Subscriber:
    """A client's own server: keeps what it is sent, and answers as it is told to."""

    def __init__(self) -> None:
        self.posts: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        self.wait = threading.Event()
        self.wait.set()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.wait.wait(30)
                if outer.status == 200:
                    outer.posts.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(outer.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/told"

    @property
    def names(self) -> list[str]:
        return [
            event["eventID"]
            for _, body in self.posts
            for event in json.loads(body)["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
        ]

    def close(self) -> None:
        self.wait.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def subscriber() -> Iterator[Subscriber]:
    found = Subscriber()
    yield found
    found.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(delivery, "RELOAD_SECONDS", 0.2)
    monkeypatch.setattr(delivery, "BACK_OFF_US", 50_000)
    monkeypatch.setattr(delivery, "BACK_OFF_MAX_US", 100_000)
    monkeypatch.setattr(delivery, "ANSWER_SECONDS", 1.0)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[], tuple[Node, Api]]]:
    """Give a way to open the node, again and again."""
    held: list[tuple[Node, Api]] = []

    def close() -> None:
        while held:
            node, api = held.pop()
            api.close()
            node.close()

    def open_it() -> tuple[Node, Api]:
        close()
        node = open_node(tmp_path / "data")
        node.resume_in_background()
        held.append((node, Api(build(node))))
        return held[-1]

    yield open_it
    close()


def until(what: Callable[[], bool], seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def captured(node: Node, events: list[Any]) -> list[str]:
    node.capture(io.BytesIO(json.dumps(document(events)).encode()), name="events")
    return [event["eventID"] for event in events]


def subscribed(api: Api, url: str, query: dict[str, Any] | None = None, **more: Any) -> str:
    api.post("/epcis/queries", json={"name": "q", "query": query or {}})
    body = {"dest": url, "signatureToken": TOKEN, **({"stream": True} if "schedule" not in more else {}), **more}
    answer = api.post("/epcis/queries/q/subscriptions", json=body)
    assert answer.status_code == 201, answer.text
    assert TOKEN not in answer.text
    return str(answer.headers["location"])


def test_a_stream_tells_each_event_that_matches_signed(opened: Any, subscriber: Subscriber) -> None:
    node, api = opened()
    captured(node, all_events(100))
    at = subscribed(api, subscriber.url, {"EQ_bizStep": ["shipping"], "EQ_action": ["ADD"]})
    late = all_events(400)[100:]
    captured(node, late)
    wanted = [e["eventID"] for e in late if e.get("bizStep") == "shipping" and e.get("action") == "ADD"]
    until(lambda: len(subscriber.names) >= len(wanted))
    assert subscriber.names == wanted, "what was there before the subscription is not told"
    headers, body = subscriber.posts[0]
    assert headers["gs1-signature"] == "sha256=" + hmac.new(TOKEN.encode(), body, hashlib.sha256).hexdigest()
    assert json.loads(body)["epcisBody"]["queryResults"]["subscriptionID"] == at.rpartition("/")[2]
    until(lambda: "lastNotifiedAt" in api.get(at).json())


def test_places_that_come_under_a_place_later_are_told_of_too(opened: Any, subscriber: Subscriber) -> None:
    node, api = opened()
    subscribed(api, subscriber.url, {"WD_bizLocation": [sgln(9)]})
    first, *events = all_events(4)
    captured(node, [{**first, "bizLocation": {"id": sgln(9)}}])
    until(lambda: len(subscriber.names) == 1)
    place = {"id": sgln(9), "children": [sgln(7)]}
    vocabulary = {"type": "urn:epcglobal:epcis:vtype:BusinessLocation", "vocabularyElementList": [place]}
    node.capture(io.BytesIO(json.dumps(document([], [vocabulary])).encode()), name="places")
    captured(node, [{**event, "bizLocation": {"id": sgln(7)}} for event in events])
    until(lambda: len(subscriber.names) == 1 + len(events))


def test_events_from_an_initial_record_time_on_are_told(opened: Any, subscriber: Subscriber) -> None:
    node, api = opened()
    names = captured(node, all_events(30))
    subscribed(api, subscriber.url, initialRecordTime="2020-01-01T00:00:00Z")
    until(lambda: len(subscriber.names) >= 30)
    assert subscriber.names == names


def test_a_subscriber_that_fails_is_tried_again_and_misses_nothing(opened: Any, subscriber: Subscriber) -> None:
    node, api = opened()
    at = subscribed(api, subscriber.url)
    subscriber.status = 503
    names = captured(node, all_events(5))
    until(lambda: "lastError" in api.get(at).json())
    subscriber.status = 200
    until(lambda: len(subscriber.names) >= 5)
    assert subscriber.names == names


def test_a_restart_goes_on_where_it_was(opened: Any, subscriber: Subscriber) -> None:
    node, api = opened()
    at = subscribed(api, subscriber.url)
    first = captured(node, all_events(4))
    until(lambda: len(subscriber.names) >= 4)
    subscriber.status = 500
    second = captured(node, all_events(9)[4:])
    until(lambda: "lastError" in api.get(at).json())
    opened()
    subscriber.status = 200
    until(lambda: len(subscriber.names) >= 9)
    assert subscriber.names[:4] == first
    assert subscriber.names[-5:] == second


def test_what_cannot_be_told_is_kept_and_can_be_sent_again(
    opened: Any, subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "ATTEMPTS_MAX", 2)
    node, api = opened()
    subscribed(api, subscriber.url)
    subscriber.status = 500
    names = captured(node, all_events(3))
    until(lambda: bool(api.get("/api/v1/epcis/dead-letters").json()["letters"]))
    (letter,) = api.get("/api/v1/epcis/dead-letters").json()["letters"]
    assert letter["dest"] == subscriber.url
    again = f"/api/v1/epcis/dead-letters/{letter['id']}/replay"
    assert api.post(again).status_code == 409, "it still does not take it"
    subscriber.status = 200
    late = captured(node, all_events(5)[3:])
    until(lambda: len(subscriber.names) >= 2)
    assert subscriber.names == late, "others go on behind what could not be told"
    assert api.post(again).status_code == 200
    assert sorted(subscriber.names) == sorted([*names, *late])
    assert api.get("/api/v1/epcis/dead-letters").json()["letters"] == []


def test_a_subscription_of_an_earlier_version_goes_on_in_the_order_of_record(
    opened: Any, subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "ATTEMPTS_MAX", 2)
    node, api = opened()
    keep_query(node, "old", {"eventCountLimit": 500})
    keep_stream(node, "told", {"eventCountLimit": 500}, dest=subscriber.url)
    node, api = opened()
    names = captured(node, all_events(3))
    until(lambda: subscriber.names == names)
    subscriber.status = 500
    lost = captured(node, all_events(5)[3:])
    until(lambda: bool(api.get("/api/v1/epcis/dead-letters").json()["letters"]))
    (letter,) = api.get("/api/v1/epcis/dead-letters").json()["letters"]
    assert "500" in letter["error"]
    subscriber.status = 200
    assert api.post(f"/api/v1/epcis/dead-letters/{letter['id']}/replay").status_code == 200
    assert subscriber.names == [*names, *lost]
    more = {"dest": subscriber.url, "stream": True}
    assert api.post("/epcis/queries/old/subscriptions", json=more).status_code == 201, "others may join it"


def test_a_query_that_means_nothing_is_refused_when_it_is_made(opened: Any) -> None:
    _, api = opened()
    answer = api.post("/epcis/queries", json={"name": "poison", "query": {"MATCH_epc": ["not a pattern"]}})
    assert answer.status_code == 400


def test_a_subscription_whose_query_fails_holds_up_nobody_else(
    opened: Any, subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    node, api = opened()
    real = delivery._first_terms

    def fails(reader: Any, each: Any) -> Any:
        if each.query_name == "poison":
            raise BadQuery("it means nothing")
        return real(reader, each)

    monkeypatch.setattr(delivery, "_first_terms", fails)
    api.post("/epcis/queries", json={"name": "poison", "query": {}})
    body = {"dest": subscriber.url, "signatureToken": TOKEN, "stream": True}
    poison = api.post("/epcis/queries/poison/subscriptions", json=body).headers["location"]
    captured(node, all_events(1))
    assert api("DELETE", poison).status_code == 204
    subscribed(api, subscriber.url)
    later = captured(node, all_events(5)[1:])
    until(lambda: set(later) <= set(subscriber.names))


@pytest.mark.parametrize("work", ["Cursor", "read_page", "query_document"])
def test_a_mistake_of_our_own_is_told_and_the_subscriber_is_told_all_later(
    opened: Any, subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, work: str
) -> None:
    node, api = opened()
    at = subscribed(api, subscriber.url)
    real = getattr(delivery, work)
    failed = threading.Event()

    def fails_once(*given: Any, **more: Any) -> Any:
        if not failed.is_set():
            failed.set()
            raise ZeroDivisionError("a mistake")
        return real(*given, **more)

    monkeypatch.setattr(delivery, work, fails_once)
    names = captured(node, all_events(3))
    until(lambda: len(subscriber.names) >= 3)
    assert failed.is_set()
    assert subscriber.names == names
    assert "could not be told" in caplog.text
    assert "ZeroDivisionError" not in api.get(at).text


def test_two_companies_with_one_name_for_it_are_never_one_delivery(opened: Any, subscriber: Subscriber) -> None:
    node, _ = opened()
    node.epcis.allow(["127.0.0.0/8"])
    owners = (scene.PHARMACY, scene.MAKER)
    for owner in owners:
        node.access.keys.add(owner)
        query = named.NamedQuery("SimpleEventQuery", {}, owner)
        node.epcis.subscriptions.create(query, subscriptions.Wish(subscriber.url, TOKEN, stream=True, id="mine"),
                                        owner=owner)  # fmt: skip
    parties = [
        {"type": "owning_party", end: f"https://id.gs1.org/417/{owner}"}
        for owner, end in zip(owners, ("destination", "source"), strict=True)
    ]
    (told,) = all_events(1)
    captured(node, [{**told, "destinationList": parties[:1], "sourceList": parties[1:]}])
    until(lambda: len(subscriber.posts) >= 2)
    assert len({headers["idempotency-key"] for headers, _ in subscriber.posts}) == 2


def test_one_that_never_answers_keeps_nobody_else_waiting(opened: Any, subscriber: Subscriber) -> None:
    node, api = opened()
    silent = Subscriber()
    silent.wait.clear()
    try:
        for _ in range(3):
            subscribed(api, silent.url)
        subscribed(api, subscriber.url)
        names = captured(node, all_events(3))
        until(lambda: len(subscriber.names) >= 3)
        assert subscriber.names == names
        assert api.get("/epcis/events").status_code == 200
    finally:
        silent.close()


def test_who_may_not_read_any_more_is_not_told_either(opened: Any, subscriber: Subscriber) -> None:
    node, api = opened()
    node.epcis.allow(["127.0.0.0/8"])
    subscribed(api, subscriber.url)
    key = node.access.keys.add(scene.PHARMACY)
    api.post("/epcis/queries", json={"name": "mine", "query": {}}, headers={"authorization": f"Bearer {key.secret}"})
    made = api.post(
        "/epcis/queries/mine/subscriptions",
        json={"dest": subscriber.url, "signatureToken": TOKEN, "stream": True},
        headers={"authorization": f"Bearer {key.secret}"},
    )
    assert made.status_code == 201
    owner = {"type": "owning_party", "destination": f"https://id.gs1.org/417/{scene.PHARMACY}"}
    first, second = ({**event, "destinationList": [owner]} for event in all_events(2))
    captured(node, [first])
    until(lambda: len(subscriber.names) > 0)
    ids = {json.loads(body)["epcisBody"]["queryResults"]["subscriptionID"] for _, body in subscriber.posts}
    assert ids == {made.json()["subscriptionID"]}, (
        "who subscribed without a key, before keys were required, is not told"
    )
    node.access.keys.revoke(key.id)
    captured(node, [second])
    time.sleep(1.0)
    assert subscriber.names == [first["eventID"]]
    node.access.keys.add(scene.PHARMACY)
    until(lambda: len(subscriber.names) == 2)


def test_a_subscriber_is_told_nothing_by_what_others_say_of_a_place(opened: Any, subscriber: Subscriber) -> None:
    node, api = opened()
    node.epcis.allow(["127.0.0.0/8"])
    shown = {"authorization": f"Bearer {node.access.keys.add(scene.PHARMACY).secret}"}
    for name, query in (("all", {}), ("coloured", {"HASATTR_readPoint": ["colour"]})):
        assert api.post("/epcis/queries", json={"name": name, "query": query}, headers=shown).status_code == 201
        wish = {"dest": subscriber.url, "signatureToken": TOKEN, "stream": True}
        assert api.post(f"/epcis/queries/{name}/subscriptions", json=wish, headers=shown).status_code == 201
    place = "urn:epc:id:sgln:0614141.00777.0"
    told = {"id": place, "attributes": [{"id": "colour", "attribute": "grey"}]}
    vocabularies = [{"type": "urn:epcglobal:epcis:vtype:ReadPoint", "vocabularyElementList": [told]}]
    owner = {"type": "owning_party", "destination": f"https://id.gs1.org/417/{scene.PHARMACY}"}
    (event,) = all_events(1)
    whole = document([{**event, "readPoint": {"id": place}, "destinationList": [owner]}], vocabularies)
    node.capture(io.BytesIO(json.dumps(whole).encode()), name="with master data")
    until(lambda: len(subscriber.posts) > 0)
    time.sleep(1.0)
    names = [json.loads(body)["epcisBody"]["queryResults"]["queryName"] for _, body in subscriber.posts]
    assert names == ["all"]


def keyed(node: Node, api: Api, dest: str) -> Any:
    """Subscribe with a site key, and capture something that it is told."""
    shown = {"authorization": f"Bearer {node.access.keys.add(scene.PHARMACY).secret}"}
    api.post("/epcis/queries", json={"name": "mine", "query": {}}, headers=shown)
    body = {"dest": dest, "signatureToken": TOKEN, "stream": True}
    made = api.post("/epcis/queries/mine/subscriptions", json=body, headers=shown)
    owner = {"type": "owning_party", "destination": f"https://id.gs1.org/417/{scene.PHARMACY}"}
    captured(node, [{**event, "destinationList": [owner]} for event in all_events(1)])
    return made


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "[::1]", "10.0.0.7", "192.168.1.1", "169.254.169.254", "[::ffff:127.0.0.1]",
        "[fd00::1]",
    ],
)  # fmt: skip
def test_a_site_key_does_not_have_us_send_inside(opened: Any, host: str) -> None:
    node, api = opened()
    made = keyed(node, api, f"https://{host}:8470/api/v1/recalls")
    assert made.status_code == 400
    assert made.json()["code"] == "bad-subscription"
    assert "inside" in made.json()["detail"]
    assert node.epcis.subscriptions.all() == []


def test_a_name_that_comes_to_lead_inside_is_not_connected_to(
    opened: Any, subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *more, **named: real("127.0.0.1" if host == "hooks.example.org" else host, *more, **named),
    )
    reached: list[Any] = []
    plain = socket.socket.connect

    def connect(wire: socket.socket, to: Any) -> None:
        reached.append(to)
        plain(wire, to)

    monkeypatch.setattr(socket.socket, "connect", connect)
    node, api = opened()
    port = subscriber.url.rpartition(":")[2].partition("/")[0]
    made = keyed(node, api, f"https://hooks.example.org:{port}/told")
    assert made.status_code == 201
    until(lambda: "inside of a network" in node.epcis.subscriptions.all()[0].last_error)
    assert ("127.0.0.1", int(port)) not in reached


def test_a_network_that_the_node_allows_is_told_with_a_key_too(opened: Any, subscriber: Subscriber) -> None:
    node, api = opened()
    node.epcis.allow(["127.0.0.0/8"])
    assert keyed(node, api, subscriber.url).status_code == 201
    until(lambda: len(subscriber.names) == 1)


def test_forty_receivers_that_say_nothing_delay_nobody_else(
    opened: Any, subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "ANSWER_SECONDS", 20.0)  # nobody's patience ends before the test does
    with contextlib.ExitStack() as held:
        wires: list[socket.socket] = []
        node, api = opened()
        for _ in range(40):
            listener = held.enter_context(socket.create_server(("127.0.0.1", 0)))
            subscribed(api, f"http://127.0.0.1:{listener.getsockname()[1]}/silent")
            wires.append(listener)
        subscribed(api, subscriber.url)
        names = captured(node, all_events(3))
        for listener in wires:  # each of them has been connected to, and says nothing
            listener.settimeout(15)
            held.enter_context(listener.accept()[0])
        until(lambda: len(subscriber.names) >= 3)
        assert subscriber.names == names
        assert all(each.attempts == 0 for each in node.epcis.subscriptions.all()), "the silent ones are waited for yet"


def test_a_schedule_tells_when_it_is_due_and_also_that_there_is_nothing(opened: Any, subscriber: Subscriber) -> None:
    node, api = opened()
    at = subscribed(api, subscriber.url, {"EQ_action": ["ADD"]}, schedule={"second": "0/1"}, reportIfEmpty=True)
    until(lambda: len(subscriber.posts) >= 1)
    assert subscriber.names == []
    held = all_events(40)
    captured(node, held)
    wanted = [event["eventID"] for event in held if event.get("action") == "ADD"]
    until(lambda: len(subscriber.names) >= len(wanted))
    assert subscriber.names == wanted
    assert api("DELETE", at).status_code == 204
    count = len(subscriber.posts)
    time.sleep(1.5)
    assert len(subscriber.posts) <= count + 1
    assert api.get(at).status_code == 404


def test_deleting_a_query_ends_its_subscriptions(opened: Any, subscriber: Subscriber) -> None:
    node, api = opened()
    at = subscribed(api, subscriber.url)
    assert [each["subscriptionID"] for each in api.get("/epcis/queries/q/subscriptions").json()] == [
        at.rpartition("/")[2]
    ]
    assert api("DELETE", "/epcis/queries/q").status_code == 204
    captured(node, all_events(3))
    time.sleep(0.5)
    assert subscriber.posts == []


@pytest.mark.parametrize(
    "body",
    [
        {}, {"stream": True, "schedule": {"second": "0"}}, {"schedule": {"second": "60"}}, {"schedule": {"hour": "x"}},
        {"schedule": {"day": "1"}}, {"schedule": {"dayOfMonth": "31", "month": "2"}}, {"schedule": {"minute": "[5-1]"}},
        {"stream": True, "dest": "http://example.org/plain"}, {"stream": True, "dest": "ftp://x"},
        {"stream": True, "initialRecordTime": "soon"}, {"stream": False}, {"schedule": {"second": "0/0"}},
    ],
)  # fmt: skip
def test_a_subscription_that_makes_no_sense_is_refused(opened: Any, body: dict[str, Any]) -> None:
    _, api = opened()
    api.post("/epcis/queries", json={"name": "q", "query": {}})
    answer = api.post("/epcis/queries/q/subscriptions", json={"dest": "http://127.0.0.1:9/x", **body})
    assert answer.status_code == 400, answer.text
    assert answer.json()["type"] == "epcisException:SubscriptionControlsException"


def test_there_are_only_so_many_queries_and_subscriptions(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _, api = opened()
    monkeypatch.setattr(named, "QUERIES_MAX", 1)
    monkeypatch.setattr(subscriptions, "SUBSCRIPTIONS_MAX", 1)
    at = subscribed(api, "http://127.0.0.1:9/x")
    assert api.post("/epcis/queries", json={"name": "r", "query": {}}).status_code == 400
    body = {"dest": "http://127.0.0.1:9/x", "stream": True}
    answer = api.post("/epcis/queries/q/subscriptions", json=body)
    assert answer.status_code == 400
    assert answer.json()["detail"] == "there are 1 subscriptions already"
    assert api("DELETE", at).status_code == 204
    assert api.post("/epcis/queries/q/subscriptions", json=body).status_code == 201


def at(text: str) -> int:
    import datetime as dt

    return int(dt.datetime.fromisoformat(text).timestamp() * 1_000_000)


@pytest.mark.parametrize(
    ("fields", "after", "due"),
    [
        ({"hour": "1", "minute": "5"}, "2026-11-30T00:00:00+00:00", "2026-11-30T01:05:00+00:00"),
        ({"hour": "1", "minute": "5"}, "2026-11-30T01:05:00+00:00", "2026-12-01T01:05:00+00:00"),
        ({"second": "0/30"}, "2026-11-30T00:00:10+00:00", "2026-11-30T00:00:30+00:00"),
        ({"minute": "[10-12],40"}, "2026-11-30T00:12:30+00:00", "2026-11-30T00:40:00+00:00"),
        ({"dayOfWeek": "1"}, "2026-11-30T00:00:01+00:00", "2026-12-07T00:00:00+00:00"),
        ({"dayOfMonth": "31"}, "2026-11-30T00:00:00+00:00", "2026-12-31T00:00:00+00:00"),
        ({"month": "2", "dayOfMonth": "29"}, "2026-11-30T00:00:00+00:00", "2028-02-29T00:00:00+00:00"),
        ({"hour": "*"}, "2026-11-30T23:00:00+00:00", "2026-12-01T00:00:00+00:00"),
    ],
)
def test_a_schedule_is_due_at_the_next_time_that_it_matches(fields: dict[str, str], after: str, due: str) -> None:
    assert read_schedule(fields).next_after(at(after)) == at(due)


def test_a_schedule_that_never_comes_is_refused() -> None:
    with pytest.raises(BadSubscription):
        read_schedule({"dayOfMonth": "30", "month": "2"})
