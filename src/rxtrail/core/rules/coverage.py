"""Products that the law does not track, and packs that may lack a serial number: what the product table says of one.

Sources: FDCA 581(13) and 581(24)(B) (products and transactions that are left out), 582(a)(5) (packs from before the
law asked for an identifier); Directive 2001/83/EC, article 54a, and Regulation (EU) 2016/161, annex I and article 48.
"""

from __future__ import annotations

from typing import Final

import msgspec

# Why a product is not tracked, and that in words: "The law does not track this product: ...".
EXEMPT: Final = {
    "blood": "blood or a blood component for transfusion",
    "radioactive": "a radioactive drug or biological product",
    "imaging": "an imaging drug",
    "iv-fluid": "an intravenous fluid that replenishes fluids, electrolytes or calories",
    "dialysis": "a product that keeps the balance of water and minerals, such as for dialysis",
    "irrigation": "a product for irrigation or to keep sterile",
    "medical-gas": "a medical gas",
    "homeopathic": "a homeopathic drug",
    "compounded": "a drug compounded by law",
    "kit": "a medical convenience kit",
    "otc": "no prescription is needed for it",
    "animal": "a drug for animals",
    "device": "a medical device",
    "annex-i": "it stands in annex I of Regulation (EU) 2016/161",
}


class Product(msgspec.Struct, frozen=True, gc=False):
    """One row of the product table: GTIN-14, and what the operator knows of it; "" where nothing is known."""

    gtin: str
    name: str = ""
    ndc: str = ""
    exempt: str = ""  # one of ``EXEMPT``
    unserialised_until: str = ""  # the last expiry date (ISO) of packs that were packaged without a serial number
