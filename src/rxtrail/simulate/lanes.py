"""The approved routes of a simulated world, as a file that ``rxtrail route load`` takes.

Each product may go from its maker through the three wholesalers to every pharmacy; but one product may not go to the
pharmacy where the demo stands. So what lies there of it is off its route, and nothing else is.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rxtrail.simulate.catalogue import Product
    from rxtrail.simulate.supply import World


def kept_away(whole: World) -> Product | None:
    """Give the product that may not go where the demo stands; None when too few products lie there to spare one."""
    packs: dict[str, int] = {}
    products: dict[str, Product] = {}
    for shelf in whole.shelves:
        if shelf.site.gln == whole.default_site and shelf.lot.fate == "good":
            products[shelf.lot.product.gtin] = shelf.lot.product
            packs[shelf.lot.product.gtin] = packs.get(shelf.lot.product.gtin, 0) + len(shelf.packs)
    least = min((gtin for gtin, count in packs.items() if count), key=lambda gtin: (packs[gtin], gtin), default="")
    return products[least] if len(packs) > 1 and least else None


def lanes_toml(whole: World) -> bytes:
    """Write one lane a product."""
    away = kept_away(whole)
    written: list[str] = []
    for product in whole.products:
        barred = away is not None and product.gtin == away.gtin
        ends = [party.gln for party in whole.pharmacies if not (barred and party.gln == whole.default_site)]
        fields = {
            "id": f"lane-{product.ndc}",
            "title": f"{product.name} {product.strength}",
            "products": [product.gtin],
            "origin": product.maker.gln,
            "via": [party.gln for party in whole.wholesalers],
            "destinations": ends,
        }
        # What JSON writes of texts and lists of texts is TOML too.
        written.append("[[lane]]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in fields.items()))
    return "\n".join(written).encode()
