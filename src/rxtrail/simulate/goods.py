"""The goods of the benchmark's market: lots, packs and cases."""

from __future__ import annotations

import msgspec

from rxtrail.simulate.catalogue import Party, Product


class Pack(msgspec.Struct, gc=False):
    """One genuine pack: where it lies in the end, and when it is dispensed (seconds since 1970)."""

    product: Product
    serial: str
    lot: str
    expiry: str
    site: Party
    wholesaler: Party
    dispensed: int = 0
    fate: str = ""  # "", lent, returned, stolen, diverted or expired
    made: int = 0

    @property
    def urn(self) -> str:
        """The pack's SGTIN."""
        return self.product.urn("0") + self.serial


class Lot(msgspec.Struct, gc=False, frozen=True):
    """One production lot."""

    product: Product
    number: str
    expiry: str


class Case(msgspec.Struct, gc=False):
    """A case of packs, and who has it."""

    urn: str
    packs: list[Pack]
    holder: Party
    made: int = 0
    packed: int = 0

    @property
    def product(self) -> Product:
        """What is in it."""
        return self.packs[0].product
