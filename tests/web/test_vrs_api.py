"""The verification service's addresses: the standard's messages outside, its directory and journal inside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.web import scene
from tests.web.conftest import DESTROYED, GOOD, ODD

if TYPE_CHECKING:
    import httpx

    from tests.web.conftest import Api

UUID = "08dd5e1b-0000-4000-8000-0123456789ab"
QUERY = {
    "exp": scene.EXPIRY_PRINTED,
    "linkType": "verificationService",
    "context": "dscsaSaleableReturn",
    "reqGLN": scene.PHARMACY,
    "corrUUID": UUID,
}
ROW = {
    "prefix": scene.MAKER_PREFIX,
    "url": "http://127.0.0.1:9/vrs",
    "owner_gln": scene.MAKER,
    "valid_from": "2026-01-01",
}
HEADER = "gtin,prefix,url,owner_gln,valid_from\n"


def path(serial: str = GOOD, lot: str = scene.LOT, gtin: str = scene.GTIN, stem: str = "/vrs/verify") -> str:
    return f"{stem}/gtin/{gtin}/lot/{quote(lot, safe='')}/ser/{quote(serial, safe='')}"


def ask(api: Api, serial: str = GOOD, **changes: str) -> httpx.Response:
    return api.get(path(serial), params={**QUERY, **changes})


@pytest.mark.parametrize("serial", [GOOD, ODD])
@pytest.mark.parametrize("stem", ["/vrs/verify", "/vrs"])
def test_a_pack_is_verified_at_both_addresses(api: Api, serial: str, stem: str) -> None:
    answer = api.get(path(serial, stem=stem), params=QUERY)
    assert answer.status_code == 200
    body = answer.json()
    assert body["data"] == {"verified": True}
    assert (body["corrUUID"], body["responderGLN"]) == (UUID, scene.MAKER)
    assert answer.headers["cache-control"] == "private, no-cache"


def test_a_destroyed_pack_is_not_verified(api: Api) -> None:
    assert ask(api, DESTROYED).json()["data"] == {
        "verified": False,
        "verificationFailureReason": "Not_for_re-distribution",
    }


@pytest.mark.parametrize(
    ("address", "query", "place"),
    [
        (path(gtin="123"), QUERY, "gtin"),
        (path("S" * 21), QUERY, "ser"),
        (path(), {**QUERY, "exp": "2029"}, "exp"),
        (path(), {**QUERY, "corrUUID": "1"}, "corrUUID"),
        (path(), {}, "linkType"),
        ("/vrs/checkConnectivity", {"gtin": scene.GTIN}, "reqGLN"),
    ],
)
def test_a_malformed_request_is_400_and_names_the_part(api: Api, address: str, query: Any, place: str) -> None:
    answer = api.get(address, params=query)
    assert (answer.status_code, answer.json()["place"]) == (400, place)
    assert api.get("/api/v1/vrs/exchanges").json()["exchanges"] == []


def test_a_query_that_is_no_text_is_400(api: Api) -> None:
    assert api.get(path() + "?exp=%FF").status_code == 400


def test_other_outcomes_are_problems_without_a_body_of_the_standard(api: Api) -> None:
    unknown = api.get(path(gtin="00352601815904"), params=QUERY)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "gtin-not-handled")
    assert "data" not in unknown.json()
    wrong = api.post(path(), params=QUERY)
    assert wrong.status_code == 405


def test_the_connection_is_checked_per_product(api: Api) -> None:
    query = {"gtin": scene.GTIN, "reqGLN": scene.PHARMACY}
    assert api("PUT", "/api/v1/partners", content=_partners(), headers={"content-type": "text/csv"}).status_code == 200
    answer = api.get("/vrs/checkConnectivity", params=query)
    assert (answer.status_code, answer.json()) == (200, {"responderGLN": scene.MAKER})
    assert api.get("/vrs/checkConnectivity", params={**query, "gtin": "00352601815904"}).status_code == 404


def _partners() -> str:
    return f"name,gln,role\nAcme,{scene.MAKER},maker\n"


def test_too_many_guesses_are_429_with_the_time_to_wait(api: Api) -> None:
    assert api("PATCH", "/api/v1/vrs/settings", json={"unknown_serials_per_hour": 1}).status_code == 200
    assert ask(api, "GUESS1").status_code == 200
    refused = ask(api)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 3600
    [alert] = api.get("/api/v1/vrs/alerts").json()["alerts"]
    assert alert["kind"] == "enumeration"


def test_exchanges_are_listed_page_by_page(api: Api) -> None:
    for number in range(5):
        ask(api, f"N{number}")
    page = api.get("/api/v1/vrs/exchanges?limit=2").json()
    seen = [row["serial"] for row in page["exchanges"]]
    while page["next"]:
        page = api.get(page["next"]).json()
        seen += [row["serial"] for row in page["exchanges"]]
    assert seen == ["N4", "N3", "N2", "N1", "N0"]
    assert api.get("/api/v1/vrs/exchanges?after=none").status_code == 400


def test_the_directory_goes_in_and_comes_out(api: Api) -> None:
    put = api("PUT", "/api/v1/vrs/directory", json=[ROW])
    assert (put.status_code, put.json()["added"]) == (200, 1)
    delta = HEADER + f"{scene.GTIN},,https://a.example/vrs,{scene.MAKER},2026-02-01\n"
    changed = api("PATCH", "/api/v1/vrs/directory", content=delta, headers={"content-type": "text/csv"})
    assert changed.json()["rows"] == 2
    rows = api.get("/api/v1/vrs/directory").json()["rows"]
    assert [row.get("gtin", "") for row in rows] == [scene.GTIN, ""]
    first = api.get("/api/v1/vrs/directory?limit=1").json()
    assert api.get(first["next"]).json()["rows"] == rows[1:]
    table = api.get("/api/v1/vrs/directory/table?format=json").json()
    assert table == rows
    assert api.get("/api/v1/vrs/directory/table").text.startswith("gtin,prefix,url,")


def test_a_wrong_directory_is_refused_with_the_row(api: Api) -> None:
    refused = api("PUT", "/api/v1/vrs/directory", json=[{**ROW, "owner_gln": "1"}])
    assert (refused.status_code, refused.json()["place"]) == (400, "row 1")
    assert api("PUT", "/api/v1/vrs/directory", content=b"x", headers={"content-type": "text/html"}).status_code == 415


def test_a_transfer_is_an_order_with_a_day(api: Api) -> None:
    api("PUT", "/api/v1/vrs/directory", json=[ROW])
    order = {"prefix": scene.MAKER_PREFIX, "owner_gln": scene.PHARMACY, "url": "https://b.example", "day": "2027-01-01"}
    assert api.post("/api/v1/vrs/directory/transfer", json=order).status_code == 200
    rows = api.get("/api/v1/vrs/directory").json()["rows"]
    assert [(row["valid_from"], row.get("valid_until", "")) for row in rows] == [
        ("2026-01-01", "2026-12-31"),
        ("2027-01-01", ""),
    ]
    assert api.post("/api/v1/vrs/directory/transfer", json=order).status_code == 400


def test_settings_are_changed_one_at_a_time_and_checked(api: Api) -> None:
    assert api("PATCH", "/api/v1/vrs/settings", json={"retries": 0}).json()["retries"] == 0
    assert api.get("/api/v1/vrs/settings").json()["seconds"] == 5.0
    for wrong in ({"retries": 99}, {"seconds": 0}, {"requesters": "nobody"}, {"retrys": 1}):
        assert api("PATCH", "/api/v1/vrs/settings", json=wrong).status_code == 400
    assert api.get("/api/v1/vrs/settings").json()["retries"] == 0


def test_the_maker_is_asked_only_when_that_is_said(api: Api) -> None:
    api("PUT", "/api/v1/vrs/directory", json=[ROW])
    api("PATCH", "/api/v1/vrs/settings", json={"retries": 0})
    plain = api.verify(scene.scan(GOOD))
    assert plain["verdict"] == "ok"
    asked = api.verify(scene.scan(GOOD), ask="maker")
    assert (asked["verdict"], asked["reasons"][0]["code"]) == ("unconfirmed", "unreachable")
    assert api.post("/api/v1/verify", json={"scan": scene.scan(GOOD), "ask": "mother"}).status_code == 400
    assert api.post("/api/v1/verify", json={"scan": "x", "ask": "maker", "purpose": "fun"}).status_code == 400
