"""Take the picture of the page for patients, for docs/patients.md.

Run ``python scripts/screenshot_patient.py``. It serves the demonstration and looks at its recalled pack as a telephone
does. Needs a Chromium.
"""

from __future__ import annotations

import json
import socket

from pictures import folder, pictured, running

from rxtrail.core.gs1.scan import read_scan

DEMO = ("demo", "--packs", "2000", "--no-browser", "--port")
PHONE = (420, 900)  # pixels


def main() -> None:
    """Take the picture."""
    port = free_port()
    with folder() as data, running(*DEMO, str(port), data=data) as said:
        codes = (json.loads(line) for line in said)
        code = next(told["code"] for told in codes if told.get("label") == "recalled")
        scan = read_scan(code, this_year=2026)
        printed = f"17={scan.expiry[2:].replace('-', '')}&10={scan.lot}"
        with pictured("patient-page.png", width=PHONE[0], height=PHONE[1]) as page:
            page.goto(f"http://127.0.0.1:{port}/01/{scan.gtin}/21/{scan.serial}?{printed}")
            page.wait_for_selector("[data-verdict]")


def free_port() -> int:
    """Give a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
