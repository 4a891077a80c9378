"""In the EU market the hub is the national system: its refusals carry the code and the name of the alert they raise."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.joined.network import SECOND, Network, codes
from tests.web import scene

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.slow, pytest.mark.sqlite_only, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    made = Network(tmp_path_factory.mktemp("eu"), *(f"E{number}" for number in range(8)), market="eu")
    yield made
    made.close()


def told(answer: Any) -> tuple[int, str, str]:
    body = answer.json
    eu = body.get("eu", {})
    assert not eu or eu["alert_id"].startswith(f"{eu['code']}-20")
    return answer.status, body.get("place", ""), eu.get("code", "")


def pack_at_hub(network: Network, serial: str) -> str:
    """Give the disposition that the hub's record has; a busy hub may not have heard of a dispensing yet."""
    said = [json.dumps(event) for event in network.hub.records("events")]
    return "dispensed" if any("dispensing" in event and f"/{serial}" in event for event in said) else ""


def until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def refused_by_hub(network: Network, serial: str, **more: Any) -> tuple[int, str, str]:
    """Give how the hub refuses; a busy one may not have answered in time, and then the node's own record did."""
    answers: list[tuple[int, str, str]] = []

    def is_the_hubs() -> bool:
        answers.append(told(network.second.dispense(serial, **more)))
        return answers[-1][1] != "no-transaction-data"

    until(is_the_hubs)
    return answers[-1]


def test_each_refusal_of_the_hub_has_its_code(network: Network) -> None:
    assert network.first.dispense("E0", key="one").status == 200
    until(lambda: pack_at_hub(network, "E0") == "dispensed")
    expected = [
        (refused_by_hub(network, "E0", key="two"), (409, "already-dispensed-elsewhere", "A7")),
        (refused_by_hub(network, "NOBODYS"), (409, "unknown-serial", "A3")),
        (refused_by_hub(network, "NOBODYS", lot="NOLOT"), (409, "unknown-serial", "A2")),
        (refused_by_hub(network, "E1", lot="OTHER"), (409, "lot-mismatch", "A68")),
        (refused_by_hub(network, "E1", expiry="2031-01-31"), (409, "expiry-mismatch", "A52")),
    ]
    assert [was for was, _ in expected] == [shall for _, shall in expected]


def test_the_hubs_alert_stands_in_the_verdict_too(network: Network) -> None:
    verdict = network.second.verify("NOBODYS")
    assert "unknown-serial" in codes(verdict)
    assert verdict["eu"]["code"] == "A3"
    assert "eu" not in network.second.verify("E2")


def test_nobody_lifts_at_the_hub_what_was_supplied_already(network: Network) -> None:
    assert network.first.dispense("E3", key="one").status == 200
    until(lambda: pack_at_hub(network, "E3") == "dispensed")
    named = {"override": "The patient waits.", "by": "A. Kim"}
    again = network.first.dispense("E3", key="three", **named)
    assert told(again) == (409, "already-dispensed-here", "A7")


def test_a_command_is_told_the_alert_through_the_running_server(network: Network) -> None:
    assert network.first.dispense("E4").status == 200
    until(lambda: pack_at_hub(network, "E4") == "dispensed")
    scan = f"(01){scene.GTIN}(21)E4(17){scene.EXPIRY_PRINTED}(10){scene.LOT}"
    said = json.loads(network.second.run("dispense", scan, "--site", SECOND, "--json", code=None))
    assert said["eu"]["code"] == "A7", said
