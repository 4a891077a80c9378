"""The state of a pack, its journey, and changes of its state."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import pytest

from rxtrail.web.app import build
from tests.web import scene
from tests.web.conftest import DESTROYED, GOOD, ODD

if TYPE_CHECKING:
    from rxtrail.bootstrap import Node
    from tests.web.conftest import Api

SCANNED = {"lot": scene.LOT, "expiry": scene.EXPIRY, "site": scene.PHARMACY}


def path(serial: str, gtin: str = scene.GTIN) -> str:
    return f"/api/v1/packs/{gtin}/{quote(serial, safe='')}"


def dispense(api: Api, serial: str, *, key: str = "", **fields: str) -> httpx.Response:
    headers = {"idempotency-key": key} if key else {}
    return api("PATCH", path(serial), json={"state": "dispensed", **SCANNED, **fields}, headers=headers)


def test_a_pack_has_a_state_with_its_lot_and_product(api: Api) -> None:
    answer = api.get(path(GOOD))
    assert answer.status_code == 200
    assert answer.json()["pack"]["lot"] == scene.LOT
    assert answer.json()["pack"]["product"] == scene.PRODUCT
    assert api.get(answer.json()["journey"]).status_code == 200


@pytest.mark.parametrize("serial", [GOOD, ODD])
def test_a_journey_has_its_events_in_order_of_time(api: Api, serial: str) -> None:
    journey = api.get(f"{path(serial)}/journey").json()
    assert journey["serial"] == serial
    steps = [event["biz_step"] for event in journey["events"]]
    assert steps == ["commissioning", "packing", "shipping"]
    assert [event["event_time"] for event in journey["events"]] == sorted(
        event["event_time"] for event in journey["events"]
    )
    assert journey["events"][0]["read_point"]["name"] == "Acme Pharma"


def test_a_gtin_may_be_written_with_fewer_digits(api: Api) -> None:
    assert api.get(path(GOOD, scene.GTIN.lstrip("0").zfill(13))).status_code == 200


def test_a_serial_that_ends_like_an_address_stays_a_serial(api: Api) -> None:
    answer = api.get(f"/api/v1/packs/{scene.GTIN}/{quote('X/journey', safe='')}")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not-found"


@pytest.mark.parametrize("gtin", ["1", "0031234567890X", "١٢٣٤٥٦٧٨", "0" * 15, "%FF"])
def test_what_is_not_a_gtin_is_a_problem(api: Api, gtin: str) -> None:
    answer = api.get(f"/api/v1/packs/{gtin}/X1")
    assert answer.status_code == 400
    assert answer.json()["advice"]


def test_what_is_not_on_record_is_404_and_not_called_counterfeit(api: Api) -> None:
    answer = api.get(path("NOSUCH"))
    assert answer.status_code == 404
    assert "not counterfeit" in answer.json()["advice"]


def test_dispensing_is_durable_and_the_second_is_refused_with_the_state(api: Api) -> None:
    first = dispense(api, GOOD)
    assert first.status_code == 200, first.text
    assert first.json()["disposition"] == "dispensed"
    assert first.json()["log_index"] >= 0
    second = dispense(api, GOOD)
    assert second.status_code == 409
    problem = second.json()
    assert problem["code"] == "refused"
    assert problem["state"]["disposition"] == "dispensed"
    assert problem["advice"]


def test_the_same_key_is_the_same_dispensing(api: Api) -> None:
    first = dispense(api, GOOD, key="one-key")
    again = dispense(api, GOOD, key="one-key")
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json()["event_id"] == first.json()["event_id"]
    assert again.json()["repeated"] is True


def test_ten_dispensings_at_once_hand_over_one_pack(node: Node) -> None:
    app = build(node)

    async def race() -> list[int]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            body: Any = {"state": "dispensed", **SCANNED}
            answers = await asyncio.gather(*(client.patch(path(GOOD), json=body) for _ in range(10)))
        return sorted(answer.status_code for answer in answers)

    assert asyncio.run(race()) == [200] + [409] * 9
    app.close()


def test_a_destroyed_pack_is_not_dispensed(api: Api) -> None:
    assert dispense(api, DESTROYED).status_code == 409


def test_a_wrong_lot_is_not_dispensed(api: Api) -> None:
    assert dispense(api, GOOD, lot="OTHER").status_code == 409


def test_a_pack_with_an_odd_serial_is_dispensed_by_its_own_name(api: Api) -> None:
    assert dispense(api, ODD).status_code == 200
    assert api.get(path(ODD)).json()["state"]["disposition"] == "dispensed"
    assert api.get(path(GOOD)).json()["state"].get("disposition") != "dispensed"


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"state": "eaten"}, "state"),
        ({}, ""),
        ({"state": "dispensed", "lott": "x"}, ""),
        ({"state": "dispensed", "expiry": "31.12.2029"}, "expiry"),
        ({"state": "dispensed", "lot": 7}, "lot"),
    ],
)
def test_a_change_that_does_not_fit_changes_nothing(api: Api, body: dict[str, Any], place: str) -> None:
    answer = api("PATCH", path(GOOD), json=body)
    assert answer.status_code == 400
    assert answer.json().get("place", "") == place
    assert api.get(path(GOOD)).json()["state"].get("disposition") != "dispensed"


def test_an_unfit_key_is_refused(api: Api) -> None:
    for key in ("x" * 201, "a\tb"):
        assert dispense(api, GOOD, key=key).status_code == 400
    assert dispense(api, GOOD, key="x" * 200).status_code == 200


def test_a_hold_stops_a_pack_until_it_is_released(api: Api) -> None:
    held = api("PATCH", path(GOOD), json={"state": "on-hold", "reason": "seal broken", "by": "A. Kim"})
    assert held.status_code == 200, held.text
    assert api.verify(scene.scan(GOOD), site=scene.PHARMACY)["verdict"] != "ok"
    freed = api("PATCH", path(GOOD), json={"state": "released", "reason": "looked at", "by": "A. Kim"})
    assert freed.status_code == 200, freed.text
    assert api.verify(scene.scan(GOOD), site=scene.PHARMACY)["verdict"] == "ok"


def test_unknown_parameters_are_refused(api: Api) -> None:
    assert api.get(f"{path(GOOD)}?x=1").status_code == 400


def test_other_methods_name_all_that_the_address_has(api: Api) -> None:
    answer = api("DELETE", path(GOOD))
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, PATCH"


# --- containers -------------------------------------------------------------------------------------------

CASE = f"/api/v1/containers/{scene.CASE}"


def test_a_container_has_a_state_and_a_journey(api: Api) -> None:
    answer = api.get(CASE)
    assert answer.status_code == 200, answer.text
    assert answer.json()["sscc"] == scene.CASE
    journey = api.get(answer.json()["journey"]).json()
    assert [event["biz_step"] for event in journey["events"]][-1] == "shipping"


def test_a_container_is_received_with_all_that_is_in_it(api: Api) -> None:
    answer = api("PATCH", CASE, json={"state": "received", "site": scene.PHARMACY}, headers={"idempotency-key": "k"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["contents"] >= 4
    again = api("PATCH", CASE, json={"state": "received", "site": scene.PHARMACY}, headers={"idempotency-key": "k"})
    assert again.json()["repeated"] is True
    assert api.get(path(GOOD)).json()["state"]["custodian"] == scene.PHARMACY


@pytest.mark.parametrize("sscc", ["1", "0" * 17, "0" * 19, "00312345000000001X"])
def test_what_is_not_an_sscc_is_a_problem(api: Api, sscc: str) -> None:
    assert api.get(f"/api/v1/containers/{sscc}").status_code == 400
