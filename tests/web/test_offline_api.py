"""Bundles, late scans, cases and receipts over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from rxtrail.keys import VerifierKey
from rxtrail.offline import read_bundle
from tests.web import scene
from tests.web.conftest import DESTROYED, GOOD, ODD, Api

if TYPE_CHECKING:
    from rxtrail.bootstrap import Node

AT = "2026-11-23T08:20:11Z"
GTIN = scene.GTIN


def node_key(api: Api) -> VerifierKey:
    (found,) = api.get("/api/v1/keys").json()["keys"]
    assert found["kind"] == "node"
    return VerifierKey.parse(found["key"])


def dispense_late(api: Api, serial: str, key: str = "k1", **more: str) -> Any:
    body = {"state": "dispensed", "lot": scene.LOT, "expiry": scene.EXPIRY, "site": scene.PHARMACY, **more}
    path = f"/api/v1/packs/{GTIN}/{serial}"
    return api("PATCH", path, json={"scanned_at": AT, **body}, headers={"Idempotency-Key": key})


def test_a_sites_bundle_is_signed_by_the_key_that_the_node_shows(api: Api) -> None:
    answer = api.get(f"/api/v1/sites/{scene.PHARMACY}/bundle")
    assert answer.status_code == 200
    bundle = read_bundle(answer.content, node_key(api))
    assert bundle.find(GTIN, GOOD) is not None
    assert bundle.find(GTIN, ODD) is not None
    again = api.get(f"/api/v1/sites/{scene.PHARMACY}/bundle", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("site", ["1", "0376543000015", "x" * 100])
def test_what_is_no_gln_has_no_bundle(api: Api, site: str) -> None:
    answer = api.get(f"/api/v1/sites/{site}/bundle")
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad-request"


def test_a_late_scan_is_recorded_once_and_answered_with_what_is_known_now(api: Api) -> None:
    late = {"scan": scene.scan(GOOD), "site": scene.PHARMACY, "key": "k1", "scanned_at": AT, "told": "unconfirmed"}
    first = api.post("/api/v1/scans", json=late)
    assert first.status_code == 200, first.text
    assert first.json()["verdict"]["verdict"] == "ok"
    assert first.json()["repeated"] is False
    assert api.post("/api/v1/scans", json=late).json()["repeated"] is True
    journey = api.get(f"/api/v1/packs/{GTIN}/{GOOD}/journey").json()
    assert [scan["scanned_at"] for scan in journey["scans"]] == [AT]


@pytest.mark.parametrize(
    "change",
    [
        {"scanned_at": "soon"},
        {"key": ""},
        {"site": "12"},
        {"purpose": "eat"},
        {"told": "maybe"},
        {"more": "x"},
        {"key": "k" * 201},
    ],
)
def test_a_late_scan_that_does_not_fit_is_refused(api: Api, change: dict[str, str]) -> None:
    late = {"scan": scene.scan(GOOD), "site": scene.PHARMACY, "key": "k1", "scanned_at": AT, **change}
    assert api.post("/api/v1/scans", json=late).status_code == 400


def test_a_late_dispensing_is_recorded_and_its_repeat_changes_nothing(api: Api) -> None:
    first = dispense_late(api, GOOD)
    assert first.status_code == 200, first.text
    again = dispense_late(api, GOOD)
    assert again.json()["repeated"] is True
    assert again.json()["log_index"] == first.json()["log_index"]


def test_a_late_dispensing_of_a_stopped_pack_answers_with_its_case(api: Api) -> None:
    answer = dispense_late(api, DESTROYED, by="A. Kim")
    assert answer.status_code == 409
    problem = answer.json()
    assert problem["place"] == "destroyed"
    case = api.get(f"/api/v1/cases/{problem['case']}").json()
    assert case["pack"] == f"01/{GTIN}/21/{DESTROYED}"
    assert case["evidence"]["scanned_at"] == AT
    assert case["evidence"]["by"] == "A. Kim"
    assert dispense_late(api, DESTROYED).json()["case"] == case["id"]
    assert len(api.get("/api/v1/cases").json()["cases"]) == 1


def test_cases_are_paged_and_closed_with_a_name(api: Api) -> None:
    numbers = {dispense_late(api, DESTROYED, f"k{number}").json()["case"] for number in range(5)}
    assert len(numbers) == 5
    seen: list[str] = []
    path = "/api/v1/cases?limit=2&state=open"
    while path:
        page = api.get(path).json()
        seen += [case["id"] for case in page["cases"]]
        path = page["next"]
    assert set(seen) == numbers
    assert len(seen) == 5
    closing = {"state": "closed", "reason": "Destroyed by mistake in the record.", "by": "A. Kim"}
    assert api("PATCH", f"/api/v1/cases/{seen[0]}", json=closing).json()["closed_by"] == "A. Kim"
    assert api("PATCH", f"/api/v1/cases/{seen[0]}", json={**closing, "by": "B. Lee"}).status_code == 409
    assert api("PATCH", f"/api/v1/cases/{seen[1]}", json={**closing, "by": ""}).status_code == 400
    assert api("PATCH", "/api/v1/cases/C-NONE", json=closing).status_code == 404
    assert [case["id"] for case in api.get("/api/v1/cases?state=closed").json()["cases"]] == [seen[0]]


@pytest.mark.parametrize("hidden", [False, True])
def test_a_verdict_comes_with_a_receipt_when_that_is_asked_for(api: Api, hidden: bool) -> None:
    body = {"scan": scene.scan(GOOD), "site": scene.PHARMACY, "receipt": True, "hidden": hidden}
    verdict = api.post("/api/v1/verify", json=body).json()
    question = {"receipt": verdict["receipt"], "scan": scene.scan(GOOD)}
    found = api.post("/api/v1/receipts/check", json=question).json()
    assert found["genuine"] is True
    assert (found["verdict"], found["site"], found["same_pack"]) == ("ok", scene.PHARMACY, "yes")
    assert ("serial" in found) is not hidden
    drawn = api.get("/api/v1/receipts/qr", params={"receipt": verdict["receipt"]})
    assert drawn.headers["content-type"] == "image/svg+xml"
    assert b"<svg" in drawn.content


def test_without_asking_there_is_no_receipt(api: Api) -> None:
    assert "receipt" not in api.verify(scene.scan(GOOD))


def test_a_code_that_names_no_pack_has_no_receipt(api: Api) -> None:
    assert api.post("/api/v1/verify", json={"scan": "hello", "receipt": True}).json()["receipt"] == ""


def test_only_receipts_are_drawn_and_checked(api: Api) -> None:
    assert api.get("/api/v1/receipts/qr", params={"receipt": "https://example.com"}).json()["code"] == "bad-receipt"
    assert api.post("/api/v1/receipts/check", json={"receipt": "hello"}).json()["code"] == "bad-receipt"
    good = api.post("/api/v1/verify", json={"scan": scene.scan(GOOD), "receipt": True}).json()["receipt"]
    assert api.post("/api/v1/receipts/check", json={"receipt": good, "key": "x+y+z"}).json()["code"] == "bad-key"


def test_the_key_is_never_shown(api: Api, node: Node) -> None:
    api.get("/api/v1/keys")
    secret = (node.data / "keys" / "node.key").read_text().strip().rpartition("+")[2]
    for path in ("/api/v1/keys", "/about", "/api/v1/status", "/metrics", "/openapi.json"):
        assert secret not in api.get(path).text
    assert secret not in msgspec.json.encode(node.status()).decode()
