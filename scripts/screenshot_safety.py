"""Take the picture of a verdict with notes beside it, for docs/safety.md.

Run ``python scripts/screenshot_safety.py``. It loads two products with their labels and a shortage, made up for the
picture, into an empty record of a pharmacy, and scans both packs in a real browser. Needs a Chromium.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pictures import folder, pictured, run, running

PACKS = (
    ("0093-0787-01", "00300930787010", "Warfarin", "WARFARIN SODIUM"),
    ("21922-049-17", "00321922049176", "Examplinib", "EXAMPLINIB"),
)
PHARMACY = "0300011111246"
BOXED = "WARNING: LIVER INJURY. Examplinib can cause liver injury. Watch the liver before and during treatment."


def main() -> None:
    """Take the picture."""
    with folder() as data:
        run("init", "--role", "pharmacy", "--gln", PHARMACY, data=data)
        for dataset, records in files().items():
            file = Path(data, f"{dataset}.json")
            file.write_text(json.dumps({"meta": {}, "results": records}), encoding="utf-8")
            run("openfda", "load", dataset, str(file), data=data)
        with running("serve", "--port", "0", data=data) as said:
            address = json.loads(said.readline())["url"]
            with pictured("safety-page.png", width=1180, height=900) as page:
                page.goto(address)
                page.select_option("#purpose", "receive")
                for _, gtin, *_ in PACKS:
                    page.keyboard.press("Escape")
                    page.fill("#scan", f"(01){gtin}(21)A1(17)290930(10)L7")
                    page.press("#scan", "Enter")
                    page.wait_for_selector(f"[data-verdict] :text('{gtin}')")
                page.wait_for_selector("#basket:not([hidden])")


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
    main()
