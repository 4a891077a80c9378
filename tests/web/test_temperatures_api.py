"""Temperature profiles and the temperatures of packs and containers over HTTP."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from tests.web import scene
from tests.web.conftest import GOOD

if TYPE_CHECKING:
    from rxtrail.bootstrap import Node
    from tests.web.conftest import Api

PROFILES = "/api/v1/temperature-profiles"
TABLE = f'[[profile]]\nid = "fridge"\nmin = 2\nmax = 8\nfreeze = 0\nproducts = ["{scene.GTIN}"]\n'
FROZEN = {
    "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
    "type": "EPCISDocument",
    "schemaVersion": "2.0",
    "creationDate": "2026-11-04T08:00:00Z",
    "epcisBody": {
        "eventList": [
            {
                "type": "ObjectEvent",
                "eventTime": "2026-11-02T10:00:00Z",
                "eventTimeZoneOffset": "+00:00",
                "epcList": [scene.CASE_URN],
                "action": "OBSERVE",
                "bizStep": "sensor_reporting",
                "sensorElementList": [
                    {
                        "sensorMetadata": {"time": "2026-11-02T09:30:00Z", "deviceID": "urn:example:L1"},
                        "sensorReport": [{"type": "gs1:Temperature", "value": -3.5, "uom": "CEL"}],
                    }
                ],
            }
        ]
    },
}


def freeze(api: Api, node: Node) -> None:
    loaded = api.post(PROFILES, json={"what": "load", "by": "A. Kim", "table": TABLE})
    assert loaded.status_code == 200, loaded.text
    sent = api.post(
        "/epcis/capture", content=json.dumps(FROZEN), headers={"content-type": "application/json", "prefer": "wait"}
    )
    assert sent.status_code in (200, 202), sent.text
    until = time.monotonic() + 30
    while node.jobs_open() and time.monotonic() < until:
        time.sleep(0.01)
    node.alerts.settle()


def test_a_pack_that_froze_is_stopped_and_its_temperatures_are_told(api: Api, node: Node) -> None:
    freeze(api, node)
    verdict = api.verify(scene.scan(GOOD))
    assert {reason["code"]: reason["severity"] for reason in verdict["reasons"]}["temperature-excursion"] == "stop"
    for path in (f"packs/{scene.GTIN}/{GOOD}", f"containers/{scene.CASE}"):
        told = api.get(f"/api/v1/{path}/temperature").json()
        assert [reading["min"] for reading in told["readings"]] == [-3.5]
        assert [breach["kind"] for breach in told["profiles"][0]["breaches"]] == ["frozen", "outside"]
    assert api.get(f"/api/v1/packs/{scene.GTIN}/{GOOD}/journey").json()["temperature"]["reading_count"] == 1
    (alert,) = api.get("/api/v1/alerts?rule=R12").json()["alerts"]
    assert alert["what"].startswith("It froze: -3.5 °C")


def test_profiles_are_loaded_listed_page_by_page_checked_and_retired(api: Api) -> None:
    assert api.post(PROFILES, json={"what": "load", "by": "A. Kim", "table": TABLE}).status_code == 200
    names: list[str] = []
    path = f"{PROFILES}?limit=2"
    while path:
        page = api.get(path).json()
        names += [profile["id"] for profile in page["profiles"]]
        path = page["next"]
    assert names == ["-150", "-25..-15", "-80..-60", "15-25", "2-8", "fridge"]
    one = api.get(f"{PROFILES}/fridge").json()
    assert (one["min"], one["max"], one["loaded_by"]) == (2, 8, "A. Kim")
    wrong = api.post(PROFILES, json={"what": "check", "by": "", "table": TABLE.replace("min = 2", "min = 9")})
    assert [flaw["code"] for flaw in wrong.json()["flaws"]] == ["profile-limits"]
    retired = api.post(PROFILES, json={"what": "retire", "by": "A. Kim", "ids": ["fridge"]})
    assert retired.json()["profiles"][0]["state"] == "retired"
    assert api.get(f"{PROFILES}?state=in-force").json()["profiles"] == []


def test_what_is_wrong_with_a_command_is_told(api: Api) -> None:
    assert api.post(PROFILES, json={"what": "load", "by": "", "table": TABLE}).status_code == 400
    assert api.post(PROFILES, json={"what": "melt", "by": "A. Kim"}).status_code == 400
    assert api.post(PROFILES, json={"what": "retire", "by": "A. Kim", "ids": ["none"]}).status_code == 404
    assert api.get(f"{PROFILES}/none").status_code == 404
    assert api.get(f"/api/v1/packs/{scene.GTIN}/NOBODY/temperature").status_code == 404
