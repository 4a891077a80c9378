"""The recall pages in a real browser, and the counter that turns red by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e import station
from tests.e2e.conftest import Server, end, start
from tests.web import scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A server of its own: a recalled lot would stop the packs of other tests."""
    started = start(tmp_path / "data")
    yield started
    end(started)


def open_at(browser: Browser, server: Server, path: str, wrong: list[str]) -> Page:
    page = browser.new_context(base_url=server.address).new_page()
    page.set_default_timeout(10_000)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.extend([message.text] * (message.type == "error")))
    page.goto(path)
    return page


def test_an_open_counter_turns_red_without_reload_when_a_recall_is_approved(
    browser: Browser, own_server: Server
) -> None:
    wrong: list[str] = []
    counter = open_at(browser, own_server, f"/?site={scene.PHARMACY}&purpose=dispense", wrong)
    assert station.enter(counter, scene.scan(next(own_server.fresh))) == "ok"

    desk = open_at(browser, own_server, "/recalls", wrong)
    assert "No recall yet" in desk.inner_text("main")
    desk.fill("[name=product]", scene.GTIN)
    desk.fill("[name=lots]", scene.LOT)
    desk.fill("[name=title]", "Glass in vials")
    desk.fill("[name=by]", "A. Kim")
    assert desk.is_disabled("#recall-open")
    desk.click("button[value=preview]")
    desk.wait_for_selector("#recall-preview table")
    assert "Main Street Pharmacy" in desk.inner_text("#recall-preview")
    desk.click("#recall-open")
    desk.wait_for_selector("[data-state=draft]")
    assert counter.get_attribute("#result", "data-verdict") == "ok"

    desk.fill("[name=by]", "a. kim")
    desk.click("button[value=approve]")
    desk.wait_for_selector("#recall-problem:not([hidden])")
    assert "cannot approve it too" in desk.inner_text("#recall-problem")
    desk.fill("[name=by]", "B. Lee")
    desk.click("button[value=approve]")
    desk.wait_for_selector("[data-state=live]")

    counter.wait_for_selector("#result[data-verdict=stop]", timeout=5_000)
    assert "Glass in vials" in station.words(counter)
    assert "A recall has just begun" in counter.inner_text("#notice")
    assert wrong == [] or all("409" in each for each in wrong)
    for page in (counter, desk):
        page.context.close()


def test_a_withdrawn_recall_never_turns_a_red_counter_green_by_itself(browser: Browser, own_server: Server) -> None:
    wrong: list[str] = []
    body = f'{{"by": "A. Kim", "asked": {{"gtins": ["{scene.GTIN}"], "all_lots": true, "source": "received"}}}}'
    desk = open_at(browser, own_server, "/recalls", wrong)
    made = desk.request.post("/api/v1/recalls", data=body, headers={"content-type": "application/json"})
    number = made.json()["id"]
    counter = open_at(browser, own_server, f"/?site={scene.PHARMACY}&purpose=dispense", wrong)
    assert station.enter(counter, scene.scan(next(own_server.fresh))) == "stop"
    desk.goto(f"/recalls/{number}")
    desk.fill("[name=by]", "A. Kim")
    desk.fill("[name=reason]", "A wrong number.")
    desk.click("button[value=withdraw]")
    desk.wait_for_selector("[data-state=withdrawn]")
    counter.wait_for_timeout(1_500)
    assert counter.get_attribute("#result", "data-verdict") == "stop"
    assert wrong == []
    for page in (counter, desk):
        page.context.close()
