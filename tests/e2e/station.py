"""What a person and a scanner do at the check page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
