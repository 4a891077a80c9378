"""Beside the verdict in a real browser: notes of the product, what a basket's labels say, and never markup."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING

import pytest

from rxtrail import clock
from rxtrail.openfda import OpenFda
from tests.e2e.conftest import Server, end, start
from tests.e2e.test_recall_pages import open_at
from tests.openfda import files
from tests.openfda.files import OTHER_GTIN, answer, label, shortage
from tests.web import scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
HOSTILE = '<img src=x onerror="document.title=1"> Liver injury.'


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    room = OpenFda(tmp_path / "data", now_us=clock.now_us, today=clock.today, seconds=time.monotonic)
    text = label(boxed_warning=HOSTILE, drug_interactions="Warfarin: watch the INR.")
    for dataset, content in (
        ("ndc", answer(*files.PRODUCTS)),
        ("label", answer(text)),
        ("shortages", answer(shortage())),
    ):
        room.load(dataset, [("file.json", lambda content=content: io.BytesIO(content))])  # type: ignore[misc]
    room.close()
    started = start(tmp_path / "data")
    yield started
    end(started)


def check(page: Page, code: str) -> None:
    page.keyboard.press("Escape")
    page.fill("#scan", code.replace("\x1d", "<GS>"))
    page.press("#scan", "Enter")
    page.wait_for_selector("#result[data-verdict]")


def test_notes_stand_beside_the_verdict_and_a_basket_is_held_against_itself(
    browser: Browser, own_server: Server
) -> None:
    wrong: list[str] = []
    page = open_at(browser, own_server, "/", wrong)
    page.select_option("#site", scene.PHARMACY)
    serial = next(own_server.fresh)
    check(page, scene.scan(serial))
    assert page.get_attribute("#result", "data-verdict") == "ok"
    assert page.locator("#result .safety-note").count() == 2
    assert "not clinical advice" in page.inner_text("#result [data-kind=boxed-warning]")
    assert "<img src=x" in page.inner_text("#result [data-kind=boxed-warning]"), "label text is text"
    assert page.title().startswith("Check a pack")
    assert page.is_hidden("#basket")

    page.select_option("#site", "")
    page.select_option("#purpose", "investigate")
    check(page, f"(01){OTHER_GTIN}(21)X1(17)290930(10)L7")
    assert page.get_attribute("#result", "data-verdict") == "stop", "a serial that nobody made"
    assert page.is_hidden("#basket"), "what was stopped is in no basket"

    table = f"gtin,name,exempt\n{OTHER_GTIN},Warfarin 5 mg,otc\n"  # so that it is not stopped
    own_server.send("POST", "/api/v1/products", table.encode(), "text/csv")
    check(page, f"(01){OTHER_GTIN}(17)290930(10)L7")
    page.wait_for_selector("#basket [data-kind=interaction]")
    assert "watch the INR" in page.inner_text("#basket")
    assert "Warfarin 5 mg" in page.inner_text("#basket")
    assert page.inner_text("#basket .basket-gap") == f"No label here of: {OTHER_GTIN}"
    page.click("#basket-new")
    assert page.is_hidden("#basket")
    page.goto(f"/packs/{scene.GTIN}/{serial}")
    assert page.locator("#safety .safety-note").count() == 2
    assert wrong == []
    page.context.close()
