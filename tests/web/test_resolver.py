"""The Digital Link resolver leads by link type, and master data is told with its effective attributes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.epcis_query.events import document
from tests.web import scene
from tests.web.conftest import GOOD, ODD

if TYPE_CHECKING:
    from tests.web.conftest import Api

PACK = f"/01/{scene.GTIN}/21/{GOOD}"
GS1 = "https://gs1.org/voc/"


def location(api: Api, address: str, **headers: str) -> str:
    answer = api.get(address, headers=headers)
    assert answer.status_code == 307, answer.text
    assert 'rel="linkset"' in answer.headers["link"]
    return str(answer.headers["location"])


def test_a_pack_leads_to_its_page_its_events_and_its_master_data(api: Api) -> None:
    printed = f"17={scene.EXPIRY_PRINTED}&10={scene.LOT}"
    assert location(api, PACK) == f"/patient{PACK}"
    assert location(api, f"{PACK}?{printed}&utm=1") == f"/patient{PACK}?{printed}"
    assert location(api, f"{PACK}?linkType=gs1:pip&{printed}") == f"/patient{PACK}?{printed}"
    assert location(api, f"{PACK}?linkType=gs1:verificationService") == f"/patient{PACK}"
    assert location(api, f"{PACK}?linkType=gs1:traceability", accept="text/html") == f"/packs/{scene.GTIN}/{GOOD}"
    events = api.get(location(api, f"{PACK}?linkType=gs1:epcis"))
    assert events.status_code == 200
    assert len(events.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]) == 2
    about = api.get(location(api, f"{PACK}?linkType={GS1}masterData"))
    assert about.status_code in (200, 404)
    journey = api.get(location(api, f"{PACK}?linkType=gs1:traceability", accept="application/json"))
    assert journey.json()["serial"] == GOOD


def test_a_product_a_lot_a_container_and_a_place_lead_somewhere(api: Api) -> None:
    for address in (f"/01/{scene.GTIN}", f"/01/{scene.GTIN}/10/{scene.LOT}", f"/00/{scene.CASE}", f"/414/{scene.MAKER}",
                    f"/01/{scene.GTIN}/10/{scene.LOT}/21/{GOOD}"):  # fmt: skip
        assert location(api, address)
        events = api.get(location(api, f"{address}?linkType=gs1:epcis"))
        assert events.status_code == 200, address
    product = api.get(location(api, f"/01/{scene.GTIN}?linkType=gs1:masterData")).json()
    (thing,) = product["things"]
    assert scene.PRODUCT in thing["attributes"].values()


def test_all_links_are_a_link_set(api: Api) -> None:
    for answer in (
        api.get(f"{PACK}?linkType=linkset"),
        api.get(f"{PACK}?linkType=all"),
        api.get(PACK, headers={"accept": "application/linkset+json"}),
    ):
        assert answer.headers["content-type"] == "application/linkset+json"
        (one,) = answer.json()["linkset"]
        assert urlsplit(one["anchor"]).path == PACK
        assert {f"{GS1}defaultLink", f"{GS1}epcis", f"{GS1}masterData", f"{GS1}pip"} <= set(one)
    described = api.get("/.well-known/gs1resolver").json()
    assert "01" in described["supportedPrimaryKeys"]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (f"{PACK}?linkType=gs1:recipeInfo", 404), ("/01/00312345678907/21/x", 400), ("/01/evil/21/x", 400),
        ("/00/12", 400), ("/414/0000000000001", 400), (f"/01/{scene.GTIN}/21/", 400), ("/8004/", 400),
    ],
)  # fmt: skip
def test_what_leads_nowhere_is_told(api: Api, address: str, status: int) -> None:
    assert api.get(address).status_code == status


def test_a_serial_cannot_lead_elsewhere(api: Api) -> None:
    for serial in ("%2F%2Fevil.example%0d%0aX:1", "%5c%5cevil", "A%2FB%25C", ODD.replace("/", "%2F").split("%C")[0]):
        answer = api.get(f"/01/{scene.GTIN}/21/{serial}")
        if answer.status_code == 307:
            assert answer.headers["location"].startswith(f"/patient/01/{scene.GTIN}/21/")
            assert "\n" not in answer.headers["location"]
        else:
            assert answer.status_code == 400


def test_the_newest_word_on_an_attribute_counts(api: Api) -> None:
    place = "urn:epc:id:sgln:0614141.00001.0"

    def vocabulary(**attributes: str) -> bytes:
        told = [{"id": f"cbvmda:{name}", "attribute": value} for name, value in attributes.items()]
        kind = "urn:epcglobal:epcis:vtype:BusinessLocation"
        master = [{"type": kind, "vocabularyElementList": [{"id": place, "attributes": told}]}]
        return json.dumps(document([], master)).encode()

    as_json = {"content-type": "application/json"}
    for date, sender, attributes in (
        ("2024-01-01T00:00:00Z", "0614141000005", {"city": "Bern", "countryCode": "CH"}),
        ("2024-02-01T00:00:00Z", "0300011111111", {"city": "Genf"}),
    ):
        body = json.loads(vocabulary(**attributes))
        body |= {"creationDate": date, "sender": sender}
        answer = api.post("/api/v1/capture?wait=1", content=json.dumps(body).encode(), headers=as_json)
        assert answer.status_code == 200, answer.text
    told = api.get(f"/api/v1/master-data?id={place}").json()["things"]
    assert [each["attributes"] for each in told] == [{"city": "Genf", "countryCode": "CH"}]
    assert api.get("/api/v1/master-data?id=urn:none").status_code == 404
    listed = api.get("/api/v1/master-data?limit=1").json()
    assert len(listed["things"]) == 1
    assert api.get(f"/api/v1/master-data?limit=1&after={listed['next']}").json()["things"] != listed["things"]
