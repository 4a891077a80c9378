"""Take the picture of the boards that docs/boards.md shows: ``python scripts/screenshot_boards.py``.

It runs the demo on a free port, scans its six codes by HTTP at their places, some twice, and opens the page in a
real browser. Needs a Chromium.
"""

from __future__ import annotations

import http.client
import json
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "boards-page.png"
CODES = 6
PORT = 8478
SIZE = {"width": 1180, "height": 980}


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
            for times, code in enumerate(codes, 1):
                for _ in range(times):
                    scan(code["code"], code["site"])
            with sync_playwright() as playwright:
                chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
                page = chromium.new_page(viewport=SIZE)  # type: ignore[arg-type]  # a dict is what it takes
                page.wait_for_timeout(1_000)  # scans are recorded a moment later
                page.goto(f"http://127.0.0.1:{PORT}/boards")
                page.screenshot(path=PICTURE)
                chromium.close()
        finally:
            demo.send_signal(signal.SIGINT)
            demo.wait()
    return 0


def scan(code: str, site: str) -> None:
    """Check one code at a place."""
    client = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
    body = json.dumps({"scan": code, "site": site})
    client.request("POST", "/api/v1/verify", body, {"Content-Type": "application/json"})
    assert client.getresponse().status == 200
    client.close()


if __name__ == "__main__":
    raise SystemExit(main())
