"""Take the picture of the boards that docs/boards.md shows: ``python scripts/screenshot_boards.py``.

It runs the demo on a free port, scans its six codes by HTTP at their places, some twice, and opens the page in a
real browser. Needs a Chromium.
"""

from __future__ import annotations

import http.client
import json

from pictures import folder, pictured, running

CODES = 6
PORT = 8478


def main() -> None:
    """Take the picture."""
    with folder() as data, running("demo", "--no-browser", "--port", str(PORT), data=data) as said:
        codes = [json.loads(said.readline()) for _ in range(CODES)]
        for times, code in enumerate(codes, 1):
            for _ in range(times):
                scan(code["code"], code["site"])
        with pictured("boards-page.png", width=1180, height=980) as page:
            page.wait_for_timeout(1_000)  # scans are recorded a moment later
            page.goto(f"http://127.0.0.1:{PORT}/boards")


def scan(code: str, site: str) -> None:
    """Check one code at a place."""
    client = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
    body = json.dumps({"scan": code, "site": site})
    client.request("POST", "/api/v1/verify", body, {"Content-Type": "application/json"})
    assert client.getresponse().status == 200
    client.close()


if __name__ == "__main__":
    main()
