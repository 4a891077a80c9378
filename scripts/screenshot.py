"""Take the picture of the check page that README.md shows: ``python scripts/screenshot.py``.

It runs the demo on a free port, scans its six codes in a real browser, and keeps the page after the recalled one.
Needs a Chromium.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "check-page.png"
CODES = 6
PORT = 8479
SHOWN_LAST = "recalled"
SIZE = {"width": 1180, "height": 860}


def main() -> int:
    """Take the picture; 1 when there is no Chromium."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        print("no Chromium on this machine", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as data:
        demo = subprocess.Popen(
            [sys.executable, "-m", "rxtrail", "demo", "--no-browser", "--json", "--port", str(PORT), "--data", data],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert demo.stdout is not None, "the demo was started with a pipe"
            codes = [json.loads(demo.stdout.readline()) for _ in range(CODES)]
            with sync_playwright() as playwright:
                chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
                page = chromium.new_page(viewport=SIZE)  # type: ignore[arg-type]  # a dict is what it takes
                page.goto(f"http://127.0.0.1:{PORT}/")
                for code in sorted(codes, key=lambda code: code["label"] == SHOWN_LAST):
                    scan(page, code["code"], code["site"])
                page.screenshot(path=PICTURE)
                chromium.close()
        finally:
            demo.send_signal(signal.SIGINT)
            demo.wait()
    return 0


def scan(page: Page, code: str, site: str) -> None:
    """Check one code as a person would, and leave the last verdict on the page."""
    page.keyboard.press("Escape")
    page.select_option("#site", site)
    page.fill("#scan", code.replace("\x1d", "<GS>"))
    page.press("#scan", "Enter")
    page.wait_for_function("code => document.querySelector('#scan').value === ''", arg=code)
    page.wait_for_selector("[data-verdict][data-checked-at]")
    page.wait_for_timeout(500)  # the page paints its transition


if __name__ == "__main__":
    raise SystemExit(main())
