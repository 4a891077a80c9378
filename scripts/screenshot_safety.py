"""Take the picture of a verdict with notes beside it, for docs/safety.md.

Run ``python scripts/screenshot_safety.py``. It loads two products with their labels and a shortage, made up for the
picture, into an empty record of a pharmacy, and scans both packs in a real browser. Needs a Chromium.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "safety-page.png"
SIZE = {"width": 1180, "height": 900}
PACKS = (
    ("0093-0787-01", "00300930787010", "Warfarin", "WARFARIN SODIUM"),
    ("21922-049-17", "00321922049176", "Examplinib", "EXAMPLINIB"),
)
PHARMACY = "0300011111246"
BOXED = "WARNING: LIVER INJURY. Examplinib can cause liver injury. Watch the liver before and during treatment."


def main() -> int:
    """Take the picture; 1 when there is no Chromium."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        print("no Chromium on this machine", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as data:
        own = [sys.executable, "-m", "rxtrail", "init", "--role", "pharmacy", "--gln", PHARMACY, "--data", data]
        subprocess.run(own, check=True, stdout=subprocess.DEVNULL)
        for dataset, records in files().items():
            file = Path(data, f"{dataset}.json")
            file.write_text(json.dumps({"meta": {}, "results": records}), encoding="utf-8")
            load = [sys.executable, "-m", "rxtrail", "openfda", "load", dataset, str(file), "--data", data]
            subprocess.run(load, check=True, stdout=subprocess.DEVNULL)
        serve = [sys.executable, "-m", "rxtrail", "serve", "--json", "--port", "0", "--data", data]
        served = subprocess.Popen(serve, stdout=subprocess.PIPE, text=True)
        try:
            assert served.stdout is not None, "it was started with a pipe"
            address = json.loads(served.stdout.readline())["url"]
            with sync_playwright() as playwright:
                chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
                page = chromium.new_page(viewport=SIZE)  # type: ignore[arg-type]  # a dict is what it takes
                page.goto(address)
                page.select_option("#purpose", "receive")
                for _, gtin, *_ in PACKS:
                    page.keyboard.press("Escape")
                    page.fill("#scan", f"(01){gtin}(21)A1(17)290930(10)L7")
                    page.press("#scan", "Enter")
                    page.wait_for_selector(f"[data-verdict] :text('{gtin}')")
                page.wait_for_selector("#basket:not([hidden])")
                page.wait_for_timeout(500)  # the page paints its transition
                page.screenshot(path=PICTURE)
                chromium.close()
        finally:
            served.send_signal(signal.SIGINT)
            served.wait()
    return 0


def files() -> dict[str, list[dict[str, Any]]]:
    """What is loaded: made up, in the form of openFDA's files."""
    products = [
        {"product_ndc": ndc.rpartition("-")[0], "generic_name": name, "brand_name": name, "labeler_name": "Acme Pharma",
         "dosage_form": "TABLET", "packaging": [{"package_ndc": ndc}],
         "active_ingredients": [{"name": substance, "strength": "5 mg/1"}]}
        for ndc, _, name, substance in PACKS
    ]  # fmt: skip
    (_, _, _, _), (ndc, _, name, _) = PACKS
    label = {
        "set_id": "0f2c8a54-1b7e-4c53-9d3c-4a5a4b6f7c10", "version": "3", "effective_time": "20261012",
        "boxed_warning": [BOXED], "openfda": {"package_ndc": [ndc], "brand_name": [name]},
        "drug_interactions": ["Warfarin: bleeding has been seen. Watch the INR when treatment begins and ends."],
    }  # fmt: skip
    shortage = {
        "package_ndc": ndc, "generic_name": name, "status": "Current", "presentation": f"{name}, tablet, 5 mg ({ndc})",
        "availability": "Limited availability", "shortage_reason": "Demand increase for the drug",
        "update_date": "11/20/2026", "initial_posting_date": "10/01/2026",
    }  # fmt: skip
    return {"ndc": products, "label": [label], "shortages": [shortage]}


if __name__ == "__main__":
    raise SystemExit(main())
