"""A hub and two pharmacies: what one does the other knows, and a hub that is away costs nobody a sale."""

from __future__ import annotations

import json
import signal
import stat
import time
from typing import TYPE_CHECKING, Any

import pytest

from rxtrail.access.budgets import UNKNOWN_MAX
from tests.joined.network import FIRST, SECOND, Network, codes, wait_for
from tests.web import scene

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.joined.network import Party

pytestmark = [pytest.mark.slow, pytest.mark.sqlite_only, pytest.mark.timeout(180)]
ELSEWHERE = "already-dispensed-elsewhere"
NAMED = {"override": "The patient waits.", "by": "A. Kim"}


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    made = Network(tmp_path_factory.mktemp("joined"), *(f"N{number:03}" for number in range(40)))
    yield made
    made.close()


@pytest.fixture
def serials(network: Network) -> Iterator[str]:
    return iter(_fresh)


_fresh = iter([f"N{number:03}" for number in range(40)])


def test_the_same_pack_sold_twice_is_stopped_at_the_second_counter(network: Network, serials: Iterator[str]) -> None:
    pack = next(serials)
    assert network.first.verify(pack)["verdict"] == "ok"
    sold = network.first.dispense(pack, key="one")
    assert (sold.status, sold.json["verdict"]["verdict"]) == (200, "ok")
    told = network.second.verify(pack)
    assert (told["verdict"], told["reasons"][0]["code"]) == ("stop", ELSEWHERE)
    assert told["reasons"][0]["message"].endswith("(told by the hub)")
    refused = network.second.dispense(pack, key="two", **NAMED)
    assert (refused.status, refused.json["place"]) == (409, ELSEWHERE)


def test_a_sale_is_known_at_the_next_counter_within_a_second(network: Network, serials: Iterator[str]) -> None:
    pack = next(serials)
    assert network.first.dispense(pack).status == 200
    began = time.monotonic()
    wait_for(lambda: ELSEWHERE in codes(network.second.verify(pack)), 5.0)
    assert time.monotonic() - began < 1.0


def test_the_same_key_gets_the_same_answer_and_the_hub_has_one_event(network: Network, serials: Iterator[str]) -> None:
    pack = next(serials)
    first, again = network.first.dispense(pack, key="same"), network.first.dispense(pack, key="same")
    assert (first.status, again.status) == (200, 200)
    assert again.json["repeated"]
    assert again.json["event_id"] == first.json["event_id"]
    assert sold_at_hub(network, pack) == [first.json["event_id"]]


def test_a_recall_at_the_hub_is_red_at_the_counter_within_two_seconds(network: Network) -> None:
    network.hub.run("capture", "-", stdin=recall("R1"))
    scan = f"]d201{scene.GTIN}21RX1\x1d1729093010R1"
    body = {"scan": scan, "site": FIRST}
    began = time.monotonic()
    wait_for(lambda: "recalled" in codes(network.first.ask("POST", "/api/v1/verify", body).json), 5.0)
    assert time.monotonic() - began < 2.0
    # It is on this record too, so it stays red when the hub is gone; its speaker is the maker, not the hub.
    found = wait_for(lambda: [e for e in network.first.records("events") if e.get("disposition") == "recalled"])
    assert len(found) == 1


def test_what_came_down_does_not_go_up_again(network: Network) -> None:
    network.hub.run("capture", "-", stdin=recall("R2"))
    wait_for(lambda: any("/10/R2" in json.dumps(event) for event in network.second.records("events")))
    wait_for(lambda: not network.second.status().get("waiting"))
    rows = network.hub.run("export", "events", "--format", "csv").decode().splitlines()
    assert not [row for row in rows if "recalled" in row and SECOND in row]


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_sold_twice_while_the_hub_is_cut_off_becomes_a_case_on_both_sides(
    network: Network, serials: Iterator[str], how: str
) -> None:
    pack, others = next(serials), [next(serials) for _ in range(3)]
    assert network.first.dispense(pack).status == 200
    wait_for(lambda: ELSEWHERE in codes(network.second.verify(pack)), 5.0)
    cut = {"stopped": lambda: network.hub.signal(signal.SIGSTOP), "killed": network.hub.kill}[how]
    cut()
    try:
        began = time.monotonic()
        told = network.second.verify(pack)
        assert time.monotonic() - began < 2.5
        assert "hub" in told["record"]["not_checked"]
        assert any("hub could not be asked" in reason["message"] for reason in told["reasons"])
        began = time.monotonic()
        for _ in range(5):
            network.second.verify(pack)
        assert time.monotonic() - began < 1.0, "a dead hub costs nothing after the first scan"
        sold = [network.second.dispense(each, key=f"away-{each}", **NAMED) for each in (others[0], pack, *others[1:])]
        assert [each.status for each in sold] == [200] * 4, [each.body for each in sold]
    finally:
        if how == "stopped":
            network.hub.signal(signal.SIGCONT)
        else:
            network.hub.serve()
    here = wait_for(lambda: conflicts(network.second, pack), 30.0)
    there = wait_for(lambda: conflicts(network.hub, pack))
    with_the_first = wait_for(lambda: conflicts(network.first, pack))
    assert len(here) == len(there) == len(with_the_first) == 1
    assert here[0]["evidence"]["hub_case"] == there[0]["id"]
    assert there[0]["site"] == SECOND
    assert there[0]["evidence"]["event_id"] == sold[1].json["event_id"]
    assert SECOND not in json.dumps(with_the_first[0]), "who else sold it is the hub's to tell"
    # Nothing is lost, and all of it is there in the order in which it was done.
    order = [event["eventID"] for event in network.hub.records("events") if event.get("bizStep") == "dispensing"]
    told_late = [each.json["event_id"] for each in sold]
    assert [event for event in order if event in told_late] == told_late


def test_a_dispensing_by_the_command_line_is_known_elsewhere_without_a_server(
    network: Network, serials: Iterator[str]
) -> None:
    pack = next(serials)
    network.first.stop()
    try:
        code = f"(01){scene.GTIN}(21){pack}(17){scene.EXPIRY_PRINTED}(10){scene.LOT}"
        network.first.run("dispense", code, "--json")
        assert ELSEWHERE in codes(network.second.verify(pack))
        assert json.loads(network.first.run("join", "--status", "--json"))["state"] == "not-running"
    finally:
        network.first.serve()
    wait_for(network.first.connected)


def test_a_node_that_is_killed_while_it_sends_up_loses_nothing_and_sends_nothing_twice(network: Network) -> None:
    serials = [f"UP{number:04}" for number in range(300)]
    network.hub.signal(signal.SIGSTOP)
    node = network.second
    for start in range(0, 300, 60):
        node.load(scene.shipment(*serials[start : start + 60], lot=f"U{start}", day=f"2026-10-{start // 60 + 1:02}"))
    network.hub.signal(signal.SIGCONT)
    for pause in (0.02, 0.1, 0.25):
        time.sleep(pause)
        node.kill()
        node.serve()
    wait_for(lambda: node.status()["state"] == "connected" and not node.status().get("waiting"), 40.0)
    ours = [meaning(event) for event in node.records("events") if uploaded(event)]
    at_hub = [meaning(event) for event in network.hub.records("events")]
    assert len(ours) >= 10
    assert all(at_hub.count(event) == 1 for event in ours)


def test_scans_go_up_once_with_their_own_times(network: Network, serials: Iterator[str]) -> None:
    pack = next(serials)
    network.first.verify(pack, key="a-scan-of-its-own")
    wait_for(lambda: not network.first.status().get("waiting"))
    time.sleep(0.6)
    raw = network.hub.run("export", "events", "--format", "json")
    assert b"a-scan-of-its-own" not in raw  # a scan is evidence, never an event


def test_a_wrong_key_is_refused_and_is_never_taken_for_the_public(network: Network) -> None:
    body = {"scan": scene.scan("N001"), "site": FIRST}
    answer = network.hub.ask("POST", "/api/v1/verify", body, Authorization="Bearer rxs_" + "A" * 43)
    assert (answer.status, answer.json["code"]) == (401, "wrong-site-key")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_key_speaks_for_its_own_site_only(network: Network, serials: Iterator[str]) -> None:
    pack = next(serials)
    bearer = "Bearer " + network.keys[SECOND]["secret"]
    answer = network.hub.ask("POST", "/api/v1/verify", {"scan": scene.scan(pack), "site": FIRST}, Authorization=bearer)
    assert (answer.status, answer.json["code"]) == (403, "wrong-site")
    path = f"/api/v1/packs/{scene.GTIN}/{pack}"
    change = {"state": "dispensed", "site": FIRST}
    assert network.hub.ask("PATCH", path, change, Authorization=bearer).status == 403
    assert network.hub.ask("GET", f"/api/v1/sites/{FIRST}/bundle", Authorization=bearer).status == 403
    assert network.hub.ask("GET", "/api/v1/export/packs", Authorization=bearer).status == 401


def test_without_a_key_the_answer_is_public_and_nothing_else_is_to_be_had(network: Network) -> None:
    answer = network.hub.ask("POST", "/api/v1/verify", {"scan": scene.scan("N039"), "site": FIRST}).json
    assert answer["verdict"] == "ok"
    assert not any(answer["state"].values())
    assert answer["record"] == {"basis": "none", "document": "", "not_checked": ["custody"]}
    assert "dispens" not in answer["headline"].lower()
    for method, path in (
        ("GET", f"/api/v1/packs/{scene.GTIN}/N039/journey"),
        ("GET", "/api/v1/partners"),
        ("GET", "/api/v1/sites/stream"),
        ("GET", f"/packs/{scene.GTIN}/N039"),
        ("PATCH", f"/api/v1/packs/{scene.GTIN}/N039"),
        ("POST", "/api/v1/sites/feed"),
    ):
        assert network.hub.ask(method, path).status == 401, path


def test_the_stream_is_also_a_page_that_goes_on_from_a_cursor(network: Network) -> None:
    bearer = "Bearer " + network.keys[FIRST]["secret"]
    page = network.hub.ask("GET", "/api/v1/sites/stream", Authorization=bearer).json
    assert page["items"]
    rest = network.hub.ask("GET", f"/api/v1/sites/stream?after={page['next']}", Authorization=bearer).json
    assert rest["next"] >= page["next"]
    assert not {item["position"] for item in rest["items"]} & {item["position"] for item in page["items"]}


def test_the_secret_is_in_one_file_of_the_node_and_nowhere_on_the_hub(network: Network) -> None:
    secret = network.keys[FIRST]["secret"].encode()
    kept = network.first.data / "keys" / "hub.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    found = [
        path for party in network.parties for path in party.data.rglob("*") if path.is_file() and in_it(path, secret)
    ]
    assert found == [kept]


def test_a_site_that_asks_for_codes_nobody_made_is_told_to_wait_and_is_a_case(network: Network) -> None:
    made = json.loads(network.hub.run("site-key", "add", "--gln", scene.MAKER, "--json"))
    bearer = "Bearer " + made["secret"]
    answer = None
    for number in range(UNKNOWN_MAX + 1):
        answer = network.hub.ask(
            "POST", "/api/v1/sites/ask", {"scan": scene.scan(f"H{number:04}")}, Authorization=bearer
        )
        if answer.status != 200:
            break
    assert answer is not None
    assert (answer.status, answer.json["code"]) == (429, "too-many-unknown")
    assert int(answer.headers["retry-after"]) > 0
    path = f"/api/v1/packs/{scene.GTIN}/H9999"
    assert network.hub.ask("PATCH", path, {"state": "dispensed"}, Authorization=bearer).status == 429
    assert wait_for(lambda: [case for case in network.hub.cases() if case["kind"] == "enumeration"])
    # The others go on.
    assert network.first.status()["state"] == "connected"


def test_strangers_before_a_site_use_up_nothing_of_what_its_own_counters_may_ask(network: Network) -> None:
    made = json.loads(network.hub.run("site-key", "add", "--gln", "0614141000005", "--json"))

    def asked(number: int, purpose: str) -> int:
        body = {"scan": scene.scan(f"W{number * 7919 % 100_000}"), "purpose": purpose}
        return network.hub.ask("POST", "/api/v1/sites/ask", body, Authorization="Bearer " + made["secret"]).status

    answers = [asked(number, "public") for number in range(UNKNOWN_MAX + 30)]
    assert set(answers) == {200, 429}
    assert asked(1_000, "dispense") == 200
    assert asked(1_001, "public") == 429


def test_a_revoked_key_ends_the_link_and_the_counter_goes_on(network: Network, serials: Iterator[str]) -> None:
    network.hub.run("site-key", "revoke", network.keys[SECOND]["id"])
    wait_for(lambda: network.second.status()["state"] == "refused", 15.0)
    told = network.second.verify(next(serials))
    assert "hub" in told["record"]["not_checked"]
    made = json.loads(network.hub.run("site-key", "add", "--gln", SECOND, "--json"))
    network.second.run("join", network.hub.url, "--key-file", "-", stdin=made["secret"].encode())
    wait_for(lambda: network.second.status()["state"] == "connected")
    assert "hub" not in network.second.verify(next(serials))["record"]["not_checked"]
    assert json.loads(network.second.run("leave", "--json")) == {"left": True}
    assert network.second.status() is None


def in_it(path: Any, secret: bytes) -> bool:
    return secret in path.read_bytes()


def uploaded(event: Any) -> bool:
    return any("/21/UP" in epc for epc in event.get("epcList", []) + event.get("childEPCs", []))


def meaning(event: Any) -> str:
    return json.dumps({name: value for name, value in event.items() if name != "recordTime"}, sort_keys=True)


def conflicts(party: Party, serial: str) -> list[Any]:
    return [each for each in party.cases() if each["kind"] == "offline-dispensing" and each["pack"].endswith(serial)]


def sold_at_hub(network: Network, serial: str) -> list[str]:
    def found() -> list[str]:
        return [
            event["eventID"]
            for event in network.hub.records("events")
            if event.get("bizStep") == "dispensing" and any(epc.endswith(f"/21/{serial}") for epc in event["epcList"])
        ]

    wait_for(found)
    return found()


def recall(lot: str) -> bytes:
    """The maker's word that a lot is recalled (class-level, EPCIS 1.2)."""
    text = scene.shipment("IGNORED", lot=lot).decode()
    head, rest = text.split("<EventList>")
    tail = "</EventList>" + rest.split("</EventList>")[1]
    epc_class = f"urn:epc:class:lgtin:{scene.MAKER_PREFIX}.0{scene.ITEM}.{lot}"
    event = (
        "<ObjectEvent><eventTime>2026-11-20T08:00:00Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>"
        "<epcList/><action>OBSERVE</action><bizStep>urn:epcglobal:cbv:bizstep:holding</bizStep>"
        "<disposition>urn:epcglobal:cbv:disp:recalled</disposition>"
        f"<extension><quantityList><quantityElement><epcClass>{epc_class}</epcClass></quantityElement></quantityList>"
        "</extension></ObjectEvent>"
    )
    return f"{head}<EventList>{event}{tail}".encode()
