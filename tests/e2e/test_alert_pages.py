"""The alert pages in a real browser: an alert comes by itself, is acted on by name, and the counter follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from tests.e2e.conftest import Server, end, start
from tests.e2e.test_recall_pages import open_at
from tests.story import MAKER, OTHER_PHARMACY, PHARMACY, made, made_unit, packed, packs, shipped, sscc, xml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
UNIT = sscc(77)
PACKS = packs(3, start="OFF")


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    started = start(tmp_path / "data")
    yield started
    end(started)


def test_a_shipment_off_its_route_shows_up_without_reload_and_is_explained_by_name(
    browser: Browser, own_server: Server
) -> None:
    wrong: list[str] = []
    page = open_at(browser, own_server, "/alerts", wrong)
    assert "Nothing here" in page.inner_text("main")
    lane = (
        f'[[lane]]\nid = "L1"\nproducts = ["{PACKS[0][3:17]}"]\norigin = "{MAKER.gln}"\n'
        f'destinations = ["{PHARMACY.gln}"]\n'
    )
    for command in ({"what": "load", "by": "A. Kim", "table": lane}, {"what": "approve", "by": "B. Lee"}):
        own_server.send("POST", "/api/v1/routes", msgspec.json.encode(command), "application/json")
    events = [made(*PACKS), made_unit(UNIT, minute=1), packed(UNIT, *PACKS), shipped(UNIT, buyer=OTHER_PHARMACY)]
    own_server.send("POST", "/api/v1/capture?wait=1&name=off.xml", xml(events), "application/xml")
    page.wait_for_selector("#alerts [data-alert]", timeout=10_000)
    page.click("#alerts [data-alert] a")
    page.wait_for_selector("#alert[data-state=open]")
    assert "Off its approved route" in page.inner_text("h1")
    page.fill("[name=by]", "A. Kim")
    page.click("button[value=explain]")
    page.wait_for_selector("#alert-problem:not([hidden])")
    assert "why" in page.inner_text("#alert-problem")
    page.fill("[name=reason]", "A new customer.")
    page.click("button[value=explain]")
    page.wait_for_selector("#alert[data-state=explained]")
    page.goto("/alerts")
    assert "Nothing here" in page.inner_text("main")
    assert all("400" in each for each in wrong)
    page.context.close()
