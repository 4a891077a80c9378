"""What a person and a scanner do at the check page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page, Request


def result(page: Page) -> str:
    """Wait for a verdict and give it."""
    page.wait_for_selector("#result[data-verdict][data-checked-at]")
    verdict = page.get_attribute("#result", "data-verdict")
    assert verdict
    return verdict


def enter(page: Page, code: str) -> str:
    """Put a code into the field, as pasting does, and press Enter."""
    page.fill("#scan", code)
    page.press("#scan", "Enter")
    return result(page)


def wedge(page: Page, text: str, *, group_separator: str = "Control+BracketRight", end: str = "Enter") -> None:
    """Type as a keyboard-wedge scanner does: key after key without a pause, the separator as its key."""
    for number, part in enumerate(text.split("\x1d")):
        if number and group_separator:
            page.keyboard.press(group_separator)
        page.keyboard.type(part)
    page.keyboard.press(end)


def words(page: Page, selector: str = "#result") -> str:
    """Give the words that stand there."""
    return page.inner_text(selector)


def sent(request: Request) -> Any:
    """Give what a request carried."""
    assert request.post_data is not None
    return json.loads(request.post_data)


def wait_for_rows(page: Page, store: str, enough: Callable[[int], bool]) -> None:
    """Wait until so many rows are kept on the device."""
    count = -1
    for _ in range(150):
        count = page.evaluate(
            """(store) => new Promise((resolve) => {
                const request = indexedDB.open('rxtrail', 1);
                request.onupgradeneeded = () => request.transaction.abort();
                request.onerror = () => resolve(-1);
                request.onsuccess = () => {
                    const rows = request.result.transaction([store]).objectStore(store).count();
                    rows.onsuccess = () => { request.result.close(); resolve(rows.result); };
                };
            })""",
            store,
        )
        if enough(count):
            return
        page.wait_for_timeout(100)
    pytest.fail(f"{store} holds {count} rows")


def wait_for_copy(page: Page) -> None:
    """Wait until the device holds the page and the site's copy."""
    page.wait_for_function("() => navigator.serviceWorker.ready.then(() => true)")
    wait_for_rows(page, "bundles", lambda count: count > 0)
