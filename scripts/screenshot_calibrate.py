"""Take the picture of the page that sets up a scanner, for docs/calibration.md.

Run ``python scripts/screenshot_calibrate.py``. It serves an empty record on a free port and scans the symbol as a
French computer does, with a scanner that loses the separator. Needs a Chromium.
"""

from __future__ import annotations

import json

from pictures import folder, pictured, running

from rxtrail.core.gs1.keyboard_profile import CALIBRATION_TEXT
from rxtrail.core.gs1.keyboard_tables import typed


def main() -> None:
    """Take the picture."""
    with folder() as data, running("serve", "--port", "0", data=data) as said:
        address = json.loads(said.readline())["url"]
        with pictured("calibrate-page.png", width=1080, height=780) as page:
            page.goto(f"{address.rstrip('/')}/calibrate")
            page.fill("#scan", typed("]d2" + CALIBRATION_TEXT.replace("\x1d", ""), host="fr(azerty)"))
            page.press("#scan", "Enter")
            page.wait_for_selector("#found[data-outcome]:visible")
            page.evaluate("window.scrollTo(0, 0)")


if __name__ == "__main__":
    main()
