"""What the hub recalls is red at every counter that joined it, in the same moment, and stays red without the hub."""

from __future__ import annotations

import contextlib
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.joined.network import FIRST, Network, Party, wait_for
from tests.web import scene

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.slow, pytest.mark.sqlite_only, pytest.mark.timeout(240)]

GTIN = scene.GTIN
NDC = "12345-678-90"


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    with contextlib.closing(
        Network(tmp_path_factory.mktemp("recalls"), *(f"R{number:02}" for number in range(60)))
    ) as made:
        yield made


def recalled(party: Party, serial: str, lot: str = scene.LOT) -> str:
    """The weight of the worst that a counter says of recalls of a pack; "" for nothing."""
    answer = party.ask("POST", "/api/v1/verify", {"scan": scene.scan(serial, lot=lot), "site": party.gln})
    found = [reason["severity"] for reason in answer.json["reasons"] if reason["code"] == "recalled"]
    return "stop" if "stop" in found else "check" if "check" in found else "".join(found)


def hold(network: Network, *words: str, approve: bool = True, notice: bytes = b"") -> str:
    """Open a recall at the hub, and have a second person approve it."""
    what = ("--notice", "-") if notice else ("--gtin", GTIN, *words)
    opened = json.loads(network.hub.run("recall", "open", *what, "--by", "A. Kim", "--json", stdin=notice))
    if approve and opened["state"] == "draft":
        step(network.hub, opened["id"], "approve", "B. Lee")
    return str(opened["id"])


def step(party: Party, number: str, what: str, by: str, *words: str, code: int = 0) -> None:
    party.run("recall", what, number, "--by", by, *words, code=code)


def unclear(classification: str) -> bytes:
    """A notice of which no reader can tell the lots."""
    report = {"product_description": f"Tablets, NDC {NDC}", "code_info": "lots before those of May"}
    return json.dumps({**report, "classification": classification}).encode()


def within_two_seconds(party: Party, serial: str, expected: str, **more: str) -> None:
    began = time.monotonic()
    wait_for(lambda: recalled(party, serial, **more) == expected, 8.0)
    assert time.monotonic() - began < 2.0


def kept_here(party: Party, number: str) -> Any:
    """The recall as the joined node has it in its own record."""
    rows = [json.loads(line) for line in party.run("recall", "list", "--json").splitlines()]
    return next((row for row in rows if row["id"] == number), None)


CASES: dict[str, tuple[tuple[str, ...], bytes, str, str, str]] = {
    "serials": (("--serial", "R00..R09"), b"", "R05", "stop", "R10"),
    "an expiry": (("--expires", "2029-09-01..2029-09-30"), b"", "R11", "stop", ""),
    "days of making": (("--made", "2020-01-01..2099-12-31"), b"", "R12", "stop", ""),
    "a lot and its expiry": (("--lot", f"{scene.LOT}=2029-09"), b"", "R13", "stop", ""),
    "a lot with another expiry": (("--lot", f"{scene.LOT}=2024-01"), b"", "R14", "check", ""),
    "a notice in review": ((), unclear("Class II"), "R15", "check", ""),
    "a notice of class I in review": ((), unclear("Class I"), "R16", "stop", ""),
}


@pytest.mark.parametrize("kind", CASES)
def test_whatever_the_hub_recalls_is_at_the_joined_counters_and_gone_when_it_is_withdrawn(
    network: Network, kind: str
) -> None:
    words, notice, meant, expected, other = CASES[kind]
    assert recalled(network.first, meant) == ""
    number = hold(network, *words, notice=notice)
    within_two_seconds(network.first, meant, expected)
    assert recalled(network.hub, meant) == expected
    assert not other or recalled(network.first, other) == ""
    kept = wait_for(lambda: kept_here(network.first, number))
    assert (kept["hub"], kept["source"]) == (network.hub.url, "received")
    step(network.hub, number, "withdraw", "C. May", "--reason", "A wrong number.")
    within_two_seconds(network.first, meant, "")
    wait_for(lambda: kept_here(network.first, number)["state"] == "withdrawn")


def test_what_the_hub_holds_is_lifted_at_the_hub_only(network: Network) -> None:
    number = hold(network, "--serial", "R20..R21")
    within_two_seconds(network.second, "R20", "stop")
    wait_for(lambda: kept_here(network.second, number))
    told = network.second.ask(
        "PATCH", f"/api/v1/recalls/{number}", {"what": "withdraw", "by": "D. Poe", "reason": "Our stock is good."}
    )
    assert told.status == 409
    assert network.hub.url in told.json["detail"]
    assert recalled(network.second, "R20") == "stop"
    step(network.hub, number, "withdraw", "C. May", "--reason", "A wrong number.")
    within_two_seconds(network.second, "R20", "")


def test_a_drill_and_a_draft_reach_no_counter(network: Network) -> None:
    silent = [hold(network, "--serial", "R30..R31", *more, approve=False) for more in ((), ("--drill",))]
    live = hold(network, "--serial", "R32")
    within_two_seconds(network.first, "R32", "stop")
    assert recalled(network.first, "R30") == ""
    wait_for(lambda: kept_here(network.first, live))
    assert [kept_here(network.first, number) for number in silent] == [None, None]
    step(network.hub, live, "withdraw", "C. May", "--reason", "Done.")


def test_who_has_left_the_hub_lifts_with_a_reason_what_came_from_it(network: Network) -> None:
    number = hold(network, "--lot", scene.LOT)
    within_two_seconds(network.second, "R55", "stop")
    wait_for(lambda: kept_here(network.second, number))
    wait_for(lambda: [e for e in network.second.records("events") if e.get("disposition") == "recalled"])
    network.second.run("leave")
    step(network.hub, number, "withdraw", "C. May", "--reason", "It was rehearsed here.")
    assert recalled(network.second, "R55") == "stop"
    step(network.second, number, "withdraw", "D. Poe", "--reason", "The hub has lifted it, by its letter.")
    assert recalled(network.second, "R55") == ""
    within_two_seconds(network.first, "R50", "")


def test_cut_off_from_the_hub_a_counter_stops_what_the_hub_would_and_after_a_restart_too(network: Network) -> None:
    hold(network, "--serial", "R40..R49")
    hold(network, "--lot", "ELSEWHERE")
    within_two_seconds(network.first, "R41", "stop")
    within_two_seconds(network.first, "UNHEARD", "stop", lot="ELSEWHERE")
    wait_for(lambda: len(network.first.run("recall", "list", "--state", "live", "--json").splitlines()) >= 2)
    network.hub.kill()
    for again in (False, True):
        if again:
            network.first.kill()
            network.first.serve()
        assert recalled(network.first, "R41") == "stop"
        assert recalled(network.first, "R50") == ""
        assert recalled(network.first, "UNHEARD", lot="ELSEWHERE") == "stop"
        refused = network.first.ask(
            "PATCH",
            f"/api/v1/packs/{GTIN}/R42",
            {"state": "dispensed", "lot": scene.LOT, "expiry": scene.EXPIRY, "site": FIRST, "override": "x", "by": "A"},
        )
        assert (refused.status, refused.json["place"]) == (409, "recalled")
