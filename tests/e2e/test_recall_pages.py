"""The recall pages in a real browser, and the counter that turns red by itself."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from rxtrail.web.pages.render import VERSION
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


ASKED: dict[str, dict[str, Any]] = {
    "a range of serials": {"serials": [{"first": "E050", "last": "E055"}, {"first": "ALONE", "last": "ALONE"}]},
    "a lot with another expiry": {"lots": [{"lot": scene.LOT.lower(), "expiry": "2024-01"}]},
    "a lot of nothing on record": {"lots": [{"lot": "OTHER"}]},
    "expiries": {"expires": {"since": "2030-01-01", "until": "2030-12-31"}},
    "days of making": {"made": {"since": "2020-01-01", "until": "2099-12-31"}, "classification": "II"},
    "other days of making": {"made": {"since": "2099-01-01"}},
    "a wholesale recall": {"all_lots": True, "depth": "wholesale", "title": "At wholesale"},
    "a notice in review": {"doubts": ["a range"], "title": "Unread"},
    "a notice of class I in review": {"doubts": ["a range"], "classification": "I", "title": "Unread"},
}


@pytest.mark.parametrize("kind", ASKED)
def test_the_browser_without_its_server_judges_a_recall_as_the_record_does(
    browser: Browser, recall_server: Server, kind: str
) -> None:
    wrong: list[str] = []
    page = open_at(browser, recall_server, "/about", wrong)
    headers = {"content-type": "application/json"}
    asked = {"gtins": [scene.GTIN], "source": "received", **ASKED[kind]}
    opened = page.request.post("/api/v1/recalls", data={"by": "A. Kim", "asked": asked}, headers=headers)
    assert opened.status == 201, opened.text()
    content = page.request.get(f"/api/v1/sites/{scene.PHARMACY}/bundle").body()
    key = page.request.get("/api/v1/keys").json()["keys"][0]["key"]
    codes = [
        scene.scan(serial, lot=lot, expiry=expiry)
        for serial in ("E050", "E055", "E056", "E05", "ALONE", "NOT-HELD")
        for lot in (scene.LOT, "OTHER", "other")
        for expiry in (scene.EXPIRY_PRINTED, "300101")
    ]
    codes += [f"(01){scene.GTIN}", f"(01){scene.GTIN}(10){scene.LOT}", f"(01){scene.GTIN}(21)E052"]
    purposes = ["dispense", "receive", "return"]
    said = page.evaluate(
        """async ([version, content, key, codes, purposes]) => {
            const { openBundle } = await import(`/static/${version}/bundle.js`);
            const { judgeOffline } = await import(`/static/${version}/offline-rules.js`);
            const { readScan } = await import(`/static/${version}/offline-scan.js`);
            const bundle = await openBundle(Uint8Array.from(atob(content), (c) => c.charCodeAt(0)).buffer, key);
            const known = (gtin, serial) => bundle.find(gtin, serial) !== undefined;
            return codes.flatMap((code) => purposes.map((purpose) =>
                judgeOffline(readScan(code, 2026, known), bundle, { purpose, now: Date.now() })));
        }""",
        [VERSION, base64.b64encode(content).decode(), key, codes, purposes],
    )
    answers = iter(said)
    weights = set()
    for code in codes:
        for purpose in purposes:
            offline = _of_recalls(next(answers))
            body = {"scan": code, "site": scene.PHARMACY, "purpose": purpose}
            verdict = page.request.post("/api/v1/verify", data=body, headers=headers).json()
            assert offline == _of_recalls(verdict), (code, purpose)
            weights |= {weight for weight, *_ in offline}
    assert weights, "the recall says something of a pack at least"
    withdrawn = {"what": "withdraw", "by": "B. Lee", "reason": "Done."}
    page.request.patch(f"/api/v1/recalls/{opened.json()['id']}", data=withdrawn, headers=headers)
    page.context.close()


def _of_recalls(verdict: Any) -> list[tuple[str, str, str]]:
    return [(r["severity"], r["message"], r["next"]) for r in verdict["reasons"] if r["code"] == "recalled"]


@pytest.fixture(scope="module")
def recall_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = start(tmp_path_factory.mktemp("recalls") / "data")
    yield started
    end(started)


def test_a_counter_cut_off_from_its_server_is_red_for_a_range_of_serials(browser: Browser, own_server: Server) -> None:
    wrong: list[str] = []
    counter = open_at(browser, own_server, f"/?site={scene.PHARMACY}&purpose=dispense", wrong)
    body = {"by": "A. Kim", "asked": {"gtins": [scene.GTIN], "source": "received", **ASKED["a range of serials"]}}
    counter.request.post("/api/v1/recalls", data=body, headers={"content-type": "application/json"})
    counter.reload()
    station.wait_for_copy(counter)
    counter.context.set_offline(True)
    assert station.enter(counter, scene.scan("E052")) == "stop"
    assert "by its serial number" in station.words(counter)
    assert station.enter(counter, scene.scan("ALONE", lot="X9")) == "stop"
    assert station.enter(counter, scene.scan("E057")) == "unconfirmed"
    counter.context.close()
