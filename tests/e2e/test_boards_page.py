"""The boards in a real browser: empty at first, filled by scans, for the days that are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import Server, end, start
from tests.e2e.test_recall_pages import open_at
from tests.web import scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    started = start(tmp_path / "data")
    yield started
    end(started)


def test_scans_fill_the_boards_and_other_days_are_empty(browser: Browser, own_server: Server) -> None:
    wrong: list[str] = []
    page = open_at(browser, own_server, "/boards", wrong)
    assert page.is_visible("#no-alarms")
    assert page.is_visible("#no-detection")
    assert page.locator(f"[data-sender='{scene.MAKER}']").count() == 1
    page.goto("/")
    page.select_option("#site", scene.PHARMACY)
    page.fill("#scan", scene.scan("<b>NOBODY").replace("\x1d", "<GS>"))
    page.press("#scan", "Enter")
    page.wait_for_selector("#result[data-verdict=stop]")
    page.wait_for_timeout(6_000)  # scans are recorded a moment later, and counted every five seconds
    page.click("nav a[href='/boards']")
    page.wait_for_selector("[data-reason=unknown-serial]")
    assert "Main Street Pharmacy" in page.inner_text("[data-reason=unknown-serial]")
    page.fill("[name=since]", "2020-01-01")
    page.fill("[name=until]", "2020-01-31")
    page.click("button:has-text('Show')")
    page.wait_for_selector("#no-suppliers")
    assert "1 Jan 2020" in page.inner_text("main")
    assert wrong == []
    page.context.close()
