"""While the hub is away a joined node answers by its own record and the hub's copy, and says of when that is."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any

import pytest

from rxtrail.joined import copy as room
from tests.joined.network import FIRST, Network, Party, codes, wait_for
from tests.web import scene

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.slow, pytest.mark.sqlite_only, pytest.mark.timeout(180)]

NAMED = {"override": "The patient waits.", "by": "A. Kim"}
BY_THE_COPY = re.compile(r"\(by the hub's copy of [0-9]{2}:[0-9]{2}\)$")


def typed(serial: str) -> str:
    return f"(01){scene.GTIN}(21){serial}(17){scene.EXPIRY_PRINTED}(10){scene.LOT}"


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """A hub that holds one pack back, which no stream tells the sites, and that then goes away."""
    folder = tmp_path_factory.mktemp("copy")
    before = [("hold", typed("C1"), "--reason", "under investigation")]
    made = Network(folder, *(f"C{number}" for number in range(9)), before=before)
    with contextlib.closing(made):
        wait_for(lambda: made.first.status().get("copy") and made.second.status().get("copy"))
        # The file for all but the last pack came to the first pharmacy too.
        made.first.load(scene.shipment(*(f"C{number}" for number in range(8))))
        wait_for(lambda: not made.first.status().get("waiting"))
        made.hub.kill()
        yield made


def alone(verdict: Any) -> str:
    return str(next(reason["message"] for reason in verdict["reasons"] if reason["code"] == "unreachable"))


def test_an_answer_says_of_when_the_copy_is(network: Network) -> None:
    verdict = network.first.verify("C0")
    assert verdict["verdict"] == "ok", "this record holds it, and nothing stands against it"
    assert re.search(r"checked against this record and the hub's copy of [0-9]{2}:[0-9]{2}", alone(verdict))
    assert "hub" in verdict["record"]["not_checked"]


def test_what_the_copy_stops_is_a_stop_and_cannot_be_dispensed(network: Network) -> None:
    verdict = network.first.verify("C1")
    assert (verdict["verdict"], verdict["reasons"][0]["code"]) == ("stop", "on-hold")
    assert verdict["headline"] == "Do not dispense"
    assert BY_THE_COPY.search(verdict["reasons"][0]["message"])
    refused = network.first.dispense("C1", key="held", **NAMED)
    assert (refused.status, refused.json["place"]) == (409, "on-hold")
    assert BY_THE_COPY.search(refused.json["detail"])


def test_a_pack_that_only_the_copy_holds_is_for_a_person_to_decide_and_never_ok(network: Network) -> None:
    verdict = network.first.verify("C8")
    assert (verdict["verdict"], verdict["reasons"][0]["code"]) == ("check", "no-transaction-data")
    assert re.search(r"The hub's copy of [0-9]{2}:[0-9]{2} holds it\.$", verdict["reasons"][0]["message"])
    assert "holds it" not in str(network.first.verify("NOBODYS")["reasons"])
    assert network.first.dispense("C8", key="only").status == 409
    assert network.first.dispense("C8", key="only", **NAMED).status == 200


def test_what_this_site_did_itself_its_own_record_knows_better(network: Network) -> None:
    assert network.first.dispense("C2", key="sold").status == 200
    back = {"state": "active", "site": FIRST, "reason": "never came", "attestation": "It never left.", "by": "A. Kim"}
    assert network.first.ask("PATCH", f"/api/v1/packs/{scene.GTIN}/C2", back).status == 200
    assert network.first.dispense("C2", key="sold-again").status == 200


def test_the_copy_is_on_disk_and_answers_after_a_restart_without_the_hub(network: Network) -> None:
    made_at = network.first.status()["copy"]
    network.first.stop()
    network.first.serve()
    assert network.first.status()["copy"] == made_at
    assert codes(network.first.verify("C1"))[0] == "on-hold"


@pytest.mark.parametrize("damage", ["a bit", "half of it", "another site's"])
def test_a_damaged_or_foreign_copy_is_none(network: Network, damage: str) -> None:
    party = network.first
    path = party.data / room.FILE
    content = path.read_bytes()
    party.stop()
    wrong = {
        "a bit": bytes([*content[:40], content[40] ^ 1, *content[41:]]),
        "half of it": content[: len(content) // 2],
        "another site's": (network.second.data / room.FILE).read_bytes(),
    }[damage]
    path.write_bytes(wrong)
    try:
        party.serve()
        assert party.status().get("copy", "") == ""
        verdict = party.verify("C0")
        assert verdict["verdict"] == "ok"
        assert "this record alone answers" in alone(verdict)
    finally:
        party.stop()
        path.write_bytes(content)
        party.serve()


def test_the_copy_goes_when_the_hub_is_left(network: Network) -> None:
    party: Party = network.second
    assert (party.data / room.FILE).exists()
    party.run("leave")
    assert not (party.data / room.FILE).exists()
