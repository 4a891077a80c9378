"""Names of products, places and parties, from master data: the latest word on each stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from rxtrail.answers import Place
from rxtrail.core.rules.coverage import Product
from rxtrail.core.rules.fold import gln_of_location

if TYPE_CHECKING:
    from rxtrail.store import Reader

PRODUCT = "product"  # of what the store keeps: the product table, by GTIN
_decode = msgspec.msgpack.Decoder(Product).decode
NDC_TYPES = frozenset({"FDA_NDC_11", "US_FDA_NDC", "FDA_NDC_10", "FDA_NDC_12"})


def product_view(reader: Reader, gtin: str) -> tuple[str, str]:
    """Give a product's name and NDC from master data, where the latest word on each stands, or the product table."""
    name = ndc = ""
    for _, _, attributes in reader.master("01/" + gtin):
        name = name or attributes.get("regulatedProductName", "") or attributes.get("descriptionShort", "")
        if attributes.get("additionalTradeItemIdentificationTypeCode", "") in NDC_TYPES:
            ndc = ndc or attributes.get("additionalTradeItemIdentification", "")
    row = product_row(reader, gtin) if not (name and ndc) else None
    return (name, ndc) if row is None else (name or row.name, ndc or row.ndc)


def product_row(reader: Reader, gtin: str) -> Product | None:
    """Give what the product table says of a GTIN; None when it says nothing."""
    kept = reader.kept(PRODUCT, gtin)
    return None if kept is None else _decode(kept[1])


class Places:
    """Names of locations and parties from master data, each looked up once."""

    def __init__(self, reader: Reader) -> None:
        """Ask one reader."""
        self._reader = reader
        self._known: dict[str, Place] = {}

    def of(self, identifier: str) -> Place:
        """Give a location or party with its name."""
        known = self._known.get(identifier)
        if known is None:
            known = self._known[identifier] = Place(identifier, self._name(identifier))
        return known

    def _name(self, identifier: str) -> str:
        if not identifier:
            return ""
        gln = gln_of_location(identifier)
        for thing in (identifier, f"414/{gln or identifier}", f"417/{gln or identifier}"):
            for _, _, attributes in self._reader.master(thing):
                if attributes.get("name"):
                    return attributes["name"]
        return ""
