"""Take the picture of the check page that README.md shows: ``python scripts/screenshot.py``.

It runs the demo on a free port, scans its six codes in a real browser, and keeps the page after the recalled one.
Needs a Chromium.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pictures import TRANSITION_MS, folder, pictured, running

if TYPE_CHECKING:
    from playwright.sync_api import Page

CODES = 6
PORT = 8479
SHOWN_LAST = "recalled"


def main() -> None:
    """Take the picture."""
    with folder() as data, running("demo", "--no-browser", "--port", str(PORT), data=data) as said:
        codes = [json.loads(said.readline()) for _ in range(CODES)]
        with pictured("check-page.png", width=1180, height=860) as page:
            page.goto(f"http://127.0.0.1:{PORT}/")
            for code in sorted(codes, key=lambda code: code["label"] == SHOWN_LAST):
                scan(page, code["code"], code["site"])


def scan(page: Page, code: str, site: str) -> None:
    """Check one code as a person would, and leave the last verdict on the page."""
    page.keyboard.press("Escape")
    page.select_option("#site", site)
    page.fill("#scan", code.replace("\x1d", "<GS>"))
    page.press("#scan", "Enter")
    page.wait_for_function("code => document.querySelector('#scan').value === ''", arg=code)
    page.wait_for_selector("[data-verdict][data-checked-at]")
    page.wait_for_timeout(TRANSITION_MS)


if __name__ == "__main__":
    main()
