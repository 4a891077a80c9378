"""openFDA files as the tests need them, written by hand: two products whose labels speak of each other."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from tests.web import scene

# The packs of the web scene: a GTIN that carries an NDC of ten digits.
DIGITS = scene.GTIN[3:13]
NDC = f"{DIGITS[:5]}-{DIGITS[5:9]}-{DIGITS[9:]}"
PRODUCT_NDC = NDC.rpartition("-")[0]
OTHER_NDC, OTHER_PRODUCT, OTHER_GTIN = "0093-0787-01", "0093-0787", "00300930787010"
SET, OTHER_SET = "aaaaaaaa-0000-0000-0000-000000000001", "bbbbbbbb-0000-0000-0000-000000000002"
BOXED = "WARNING: LIVER INJURY. Examplinib can cause liver injury. Watch the liver."


def product(ndc: str, name: str, substance: str, **more: Any) -> dict[str, Any]:
    return {
        "product_ndc": ndc.rpartition("-")[0],
        "generic_name": name,
        "labeler_name": "Acme Pharma",
        "brand_name": f"Brand {name}",
        "active_ingredients": [{"name": substance, "strength": "20 mg/1"}],
        "finished": True,
        "packaging": [{"package_ndc": ndc, "description": f"30 TABLET in 1 BOTTLE ({ndc})", "sample": False}],
        "dosage_form": "TABLET",
        "route": ["ORAL"],
        **more,
    }


def label(
    set_id: str = SET, version: int = 1, effective: str = "20261001", ndc: str = NDC, **sections: str
) -> dict[str, Any]:
    openfda = {"package_ndc": [ndc], "product_ndc": [ndc.rpartition("-")[0]], "brand_name": ["Brand Examplinib"]}
    texts = {name: [text] for name, text in sections.items()}
    return {
        "set_id": set_id,
        "id": "x",
        "version": str(version),
        "effective_time": effective,
        "openfda": openfda,
        **texts,
    }


def shortage(ndc: str = NDC, status: str = "Current", updated: str = "11/20/2026", **more: str) -> dict[str, Any]:
    return {
        "package_ndc": ndc,
        "generic_name": "Examplinib Tablet",
        "company_name": "Acme Pharma",
        "presentation": f"Examplinib, 20 mg ({ndc})",
        "availability": "Unavailable",
        "shortage_reason": "Demand increase for the drug",
        "status": status,
        "update_date": updated,
        "initial_posting_date": "10/01/2026",
        **more,
    }


PRODUCTS = [product(NDC, "Examplinib", "EXAMPLINIB MESYLATE"), product(OTHER_NDC, "Warfarin", "WARFARIN SODIUM")]


def answer(*records: Any, indent: int | None = 2, total: int | None = None) -> bytes:
    """What openFDA answers, and what its files hold."""
    meta = {"disclaimer": 'a "quoted" { brace', "results": {"skip": 0, "limit": 1, "total": total or len(records)}}
    return json.dumps({"meta": meta, "results": list(records)}, indent=indent).encode()


def zipped(*files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for number, content in enumerate(files):
            packed.writestr(f"part-{number}.json", content)
    return out.getvalue()
