"""A site key is for what is the site's own: with it nobody takes, stops or ends a pack that is somebody else's."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

from rxtrail.access.budgets import ENUMERATION
from rxtrail.access.budgets import SEQUENCE_MIN as ENUMERATED
from rxtrail.web.app import build
from tests import story
from tests.story import GTIN, LOT, MAKER, OTHER_PHARMACY, PHARMACY, Party, Scene, delivery, element_string, packs
from tests.web.conftest import Api

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

PACKS = packs(6)
UNIT = story.sscc(1)
STATES = [
    "destroyed", "stolen", "on-hold", "locked", "exported", "decommissioned", "sample", "free-sample", "checked-out",
    "received", "returned", "released", "dispensed",
]  # fmt: skip


class Keyed:
    """A hub over HTTP, and a key for each of its parties."""

    def __init__(self, hub: Scene) -> None:
        self.hub = hub
        self.api = Api(build(hub.node))
        self.keys = {p.gln: hub.node.access.keys.add(p.gln).secret for p in (PHARMACY, OTHER_PHARMACY, MAKER)}

    def change(self, by: Party, epc: str, state: str, **more: Any) -> httpx.Response:
        self.hub.time.pass_by(seconds=1)
        body = {"state": state, "lot": LOT, "expiry": "2028-09-30", "reason": "why", "by": "A. Kim", **more}
        if state == "returned":
            body["to"] = MAKER.gln
        headers = {"authorization": f"Bearer {self.keys[by.gln]}"}
        return self.api("PATCH", f"/api/v1/packs/{GTIN}/{epc.rpartition('/')[2]}", json=body, headers=headers)

    def container(self, by: Party, state: str) -> httpx.Response:
        self.hub.time.pass_by(seconds=1)
        body = {"state": state, "reason": "why", "by": "A. Kim", **({"to": MAKER.gln} if state == "returned" else {})}
        headers = {"authorization": f"Bearer {self.keys[by.gln]}"}
        return self.api("PATCH", f"/api/v1/containers/{UNIT[3:]}", json=body, headers=headers)

    def told(self, by: Party, epc: str) -> str:
        self.hub.time.pass_by(seconds=1)
        headers = {"authorization": f"Bearer {self.keys[by.gln]}"}
        answer = self.api.post("/api/v1/verify", json={"scan": element_string(epc)}, headers=headers)
        return str(answer.json()["verdict"])


@pytest.fixture
def keyed(hub: Scene) -> Iterator[Keyed]:
    hub.partners((MAKER, "maker"), (PHARMACY, "pharmacy"), (OTHER_PHARMACY, "pharmacy"))
    hub.capture(*delivery(*PACKS, unit=UNIT))
    made = Keyed(hub)
    yield made
    made.api.close()


@pytest.mark.parametrize("market", ["us", "eu"])
@pytest.mark.parametrize("state", STATES)
def test_a_pack_that_was_shipped_to_another_site_is_left_as_it_is(state: str, market: str, keyed: Keyed) -> None:
    keyed.hub.node.init("hub", [], market=market)
    for more in ({}, {"override": "never mind"}, {"attestation": "It never left."}, {"partial": "3 of 30"}):
        refused = keyed.change(OTHER_PHARMACY, PACKS[0], state, **more)
        assert refused.status_code == 409, refused.text
        assert refused.json()["place"] in ("not-shipped-to-you", "not-authorised-partner")
    assert keyed.hub.pack(PACKS[0])["disposition"] == "active"
    assert keyed.told(PHARMACY, PACKS[0]) == "ok"


@pytest.mark.parametrize("state", ["received", "on-hold", "released", "returned"])
def test_so_is_a_container(state: str, keyed: Keyed) -> None:
    refused = keyed.container(OTHER_PHARMACY, state)
    assert (refused.status_code, refused.json()["place"]) == (409, "not-shipped-to-you"), refused.text
    assert keyed.told(PHARMACY, PACKS[0]) == "ok"


def test_a_change_told_late_is_no_way_round(keyed: Keyed) -> None:
    refused = keyed.change(OTHER_PHARMACY, PACKS[0], "destroyed", key="late", scanned_at="2026-11-23T11:00:00Z")
    assert (refused.status_code, refused.json()["place"]) == (409, "not-shipped-to-you")
    assert keyed.told(PHARMACY, PACKS[0]) == "ok"


def test_what_is_its_own_a_site_may_change(keyed: Keyed) -> None:
    assert keyed.container(PHARMACY, "received").status_code == 200
    assert keyed.change(PHARMACY, PACKS[0], "on-hold").status_code == 200
    assert keyed.change(PHARMACY, PACKS[0], "released").status_code == 200
    assert keyed.change(PHARMACY, PACKS[0], "destroyed").status_code == 200
    assert keyed.change(PHARMACY, PACKS[1], "dispensed").status_code == 200
    assert keyed.change(PHARMACY, PACKS[2], "returned").status_code == 200


def test_a_maker_may_stop_its_own_packs_wherever_they_are(keyed: Keyed) -> None:
    assert keyed.change(MAKER, PACKS[3], "on-hold").status_code == 200
    assert keyed.change(MAKER, PACKS[4], "stolen").status_code == 200
    assert {keyed.told(PHARMACY, epc) for epc in PACKS[3:5]} == {"stop"}


def test_a_user_of_the_hub_itself_speaks_for_every_site(keyed: Keyed) -> None:
    assert keyed.hub.change("destroy", PACKS[5], site=OTHER_PHARMACY, reason="seized").disposition == "destroyed"


def uploaded(keyed: Keyed, by: Party, *events: story.Told) -> None:
    """Capture a document as whoever shows this party's key does."""
    keyed.hub.time.pass_by(seconds=1)
    receipt = keyed.hub.node.capture(io.BytesIO(story.jsonld(events, sender=None)), name="own.json", speaker=by.gln)
    assert receipt.state == "success", receipt


@pytest.mark.parametrize("where", [MAKER, OTHER_PHARMACY], ids=["at the maker", "at home"])
def test_a_pharmacys_file_brings_no_pack_into_the_world(where: Party, keyed: Keyed) -> None:
    fake = story.pack("NEWFAKE")
    uploaded(keyed, OTHER_PHARMACY, story.made(fake, at=where), story.shipped(fake, buyer=OTHER_PHARMACY))
    assert keyed.told(OTHER_PHARMACY, fake) == "check"
    refused = keyed.change(OTHER_PHARMACY, fake, "dispensed")
    assert (refused.status_code, refused.json()["place"]) == (409, "unknown-serial")
    assert keyed.told(PHARMACY, PACKS[0]) == "ok"


def test_where_no_maker_reports_a_pharmacys_copy_is_all_that_there_is(keyed: Keyed) -> None:
    keyed.hub.partners((PHARMACY, "pharmacy"), (OTHER_PHARMACY, "pharmacy"))
    copied = story.pack("COPIED")
    uploaded(keyed, OTHER_PHARMACY, story.made(copied), story.shipped(copied, buyer=OTHER_PHARMACY))
    assert keyed.told(OTHER_PHARMACY, copied) == "ok"


@pytest.mark.parametrize(("by", "told"), [(OTHER_PHARMACY, "ok"), (MAKER, "stop")], ids=["a pharmacy", "the maker"])
def test_a_pharmacy_recalls_no_lot(by: Party, told: str, keyed: Keyed) -> None:
    uploaded(keyed, by, story.recalled_lot(at=by))
    assert keyed.told(PHARMACY, PACKS[0]) == told


@pytest.mark.parametrize("first", [True, False])
def test_two_keys_in_one_request_are_none(first: bool, keyed: Keyed) -> None:
    keys = [f"Bearer {keyed.keys[PHARMACY.gln]}", "Bearer rxs_" + "A" * 43]
    headers = [("authorization", key) for key in (keys if first else keys[::-1])]
    change = {"state": "dispensed", "lot": LOT, "expiry": "2028-09-30"}
    answers = [
        keyed.api("PATCH", f"/api/v1/packs/{GTIN}/{PACKS[0].rpartition('/')[2]}", json=change, headers=headers),
        keyed.api.post("/api/v1/verify", json={"scan": element_string(PACKS[0])}, headers=headers),
    ]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert {answer.json()["place"] for answer in answers} == {"Authorization"}
    assert keyed.told(PHARMACY, PACKS[0]) == "ok"


def test_one_pack_is_one_pack_however_its_gtin_is_written(keyed: Keyed) -> None:
    headers = {"authorization": f"Bearer {keyed.keys[OTHER_PHARMACY.gln]}"}
    for number in range(ENUMERATED):
        gtin = (GTIN, GTIN[1:], GTIN[2:], GTIN.replace("3", "%33"))[number % 4]
        change = {"state": "dispensed", "lot": LOT, "expiry": "2028-09-30"}
        keyed.api("PATCH", f"/api/v1/packs/{gtin}/AB{1_000 + number}", json=change, headers=headers)
    keyed.hub.node.access.keys.require(on=True)  # waits for all writes before it
    assert [case.site for case in keyed.hub.node.cases.page(kind=ENUMERATION)] == [OTHER_PHARMACY.gln]
