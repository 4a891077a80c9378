"""Take the picture of the page that sets up a scanner, for docs/calibration.md.

Run ``python scripts/screenshot_calibrate.py``. It serves an empty record on a free port and scans the symbol as a
French computer does, with a scanner that loses the separator. Needs a Chromium.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from rxtrail.core.gs1.keyboard_profile import CALIBRATION_TEXT
from rxtrail.core.gs1.keyboard_tables import typed

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "calibrate-page.png"
SIZE = {"width": 1080, "height": 780}


def main() -> int:
    """Take the picture; 1 when there is no Chromium."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        print("no Chromium on this machine", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as data:
        served = subprocess.Popen(
            [sys.executable, "-m", "rxtrail", "serve", "--json", "--port", "0", "--data", data],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert served.stdout is not None, "it was started with a pipe"
            address = json.loads(served.stdout.readline())["url"]
            with sync_playwright() as playwright:
                chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
                page = chromium.new_page(viewport=SIZE)  # type: ignore[arg-type]  # a dict is what it takes
                page.goto(f"{address.rstrip('/')}/calibrate")
                page.fill("#scan", typed("]d2" + CALIBRATION_TEXT.replace("\x1d", ""), host="fr(azerty)"))
                page.press("#scan", "Enter")
                page.wait_for_selector("#found[data-outcome]:visible")
                page.evaluate("window.scrollTo(0, 0)")
                page.wait_for_timeout(500)  # the page paints its transition
                page.screenshot(path=PICTURE)
                chromium.close()
        finally:
            served.send_signal(signal.SIGINT)
            served.wait()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
