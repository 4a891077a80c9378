"""Calibration over HTTP: the symbol, a scan of it, stations, and verify for a station."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from rxtrail.core.gs1.keyboard_profile import CALIBRATION_TEXT
from rxtrail.core.gs1.keyboard_tables import typed
from rxtrail.web.pages.render import STATIC
from tests.web import scene
from tests.web.conftest import GOOD

if TYPE_CHECKING:
    from tests.web.conftest import Api

SYMBOL = "]d2" + CALIBRATION_TEXT
FRENCH = typed(SYMBOL, host="fr(azerty)") + "\r"


def save(api: Api, name: str, scan: str = FRENCH, **fields: Any) -> Any:
    return api.post(f"/api/v1/stations/{quote(name, safe='')}", json={"scan": scan, **fields})


def test_the_symbol_is_a_drawing_without_script_or_style(api: Api) -> None:
    answer = api.get("/api/v1/calibration/symbol.svg")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.text.startswith("<svg ")
    assert not re.search(r"style|script|href", answer.text)


def test_a_scan_is_looked_at_and_nothing_is_kept(api: Api) -> None:
    told = api.post("/api/v1/calibration", json={"scan": FRENCH, "took_ms": 4000}).json()
    assert told["outcome"] == "put-right"
    assert {advice["code"] for advice in told["advice"]} == {"layouts-differ", "slow-keyboard"}
    assert told["ms_per_character"] > 20
    assert api.get("/api/v1/stations").json() == {"stations": []}


@pytest.mark.parametrize("name", ["Counter 1", "a/b", "Comptoir d'été", "柜台"])
def test_a_station_is_saved_used_and_removed(api: Api, name: str) -> None:
    saved = save(api, name)
    assert saved.status_code == 200, saved.text
    assert saved.json()["name"] == name
    assert [station["name"] for station in api.get("/api/v1/stations").json()["stations"]] == [name]
    arrived = typed(scene.scan(GOOD), host="fr(azerty)")
    verdict = api.verify(arrived, station=name)
    assert verdict["verdict"] == "ok"
    assert (verdict["scan"]["raw"], verdict["scan"]["repairs"][0]) == (arrived, f"station-profile:{name}")
    removed = api("DELETE", f"/api/v1/stations/{quote(name, safe='')}")
    assert removed.json() == {"removed": name}
    assert api("DELETE", f"/api/v1/stations/{quote(name, safe='')}").status_code == 404


@pytest.mark.parametrize(
    ("fields", "place"), [({"scan": "]d20100352601815904\r"}, "scan"), ({"scan": ""}, "scan"), ({"scna": "x"}, "")]
)
def test_what_cannot_be_kept_is_refused_with_advice(api: Api, fields: dict[str, str], place: str) -> None:
    answer = api.post("/api/v1/stations/C1", json=fields)
    assert answer.status_code == 400
    assert answer.json().get("place", "") == place
    assert answer.json()["advice"]


def test_a_name_of_blanks_is_refused(api: Api) -> None:
    answer = save(api, " ")
    assert (answer.status_code, answer.json()["place"]) == (400, "name")


def test_the_page_shows_the_symbol_and_what_it_holds(api: Api) -> None:
    page = api.get("/calibrate")
    assert page.status_code == 200
    assert '<img id="symbol"' in page.text
    assert "ABCDEFGHIJKLMNOPQRSTUVWXYZ_" in page.text
    assert "&lt;GS&gt;" in page.text
    assert not re.search(r"<style|style=|onclick", page.text)
    assert "calibrate.js" in STATIC


def test_every_page_leads_to_it(api: Api) -> None:
    assert '<a href="/calibrate">' in api.get("/").text
    assert '<a href="/calibrate" aria-current="page">' in api.get("/calibrate").text
