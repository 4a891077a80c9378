"""Where places are, by master data; each GLN is looked up once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rxtrail.core.rules.spots import Spot, spot_of

if TYPE_CHECKING:
    from rxtrail.store import Reader


class Spots:
    """Places as the latest word that tells anything has them."""

    def __init__(self, reader: Reader) -> None:
        """Ask one reader."""
        self._reader = reader
        self._known: dict[str, Spot] = {}

    def of(self, gln: str) -> Spot:
        """Give where a GLN is."""
        known = self._known.get(gln)
        if known is None:
            known = self._known[gln] = self._look(gln)
        return known

    def _look(self, gln: str) -> Spot:
        found = Spot()
        for thing in (f"414/{gln}", f"417/{gln}"):
            for _, _, attributes in self._reader.master(thing):
                told = spot_of(attributes)
                measured = told if found.latitude is None else found
                found = Spot(
                    found.country or told.country, found.state or told.state, measured.latitude, measured.longitude
                )
        return found
