"""The recalls that stand, kept in memory: there are few, and every scan asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.rules.recall import Fit, Ordered, Recall, fit

if TYPE_CHECKING:
    from rxtrail.store import Reader

KIND: Final = "recall"  # of what the store keeps: all of them
STANDING: Final = "recall-standing"  # those that are asked at every scan
PAGE: Final = 1_000

encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Recall).decode


class Orders:
    """Recalls that are live or wait to be read, by GTIN."""

    def __init__(self) -> None:
        """Start empty; :meth:`load` fills it."""
        self._by_gtin: dict[str, list[Recall]] = {}

    def load(self, reader: Reader) -> None:
        """Read the recalls that stand."""
        found: dict[str, list[Recall]] = {}
        for recall in standing(reader):
            for gtin in recall.scope.gtins:
                found.setdefault(gtin, []).append(recall)
        self._by_gtin = found

    def of(self, gtin: str, serial: str, lot: str, expiry: str, made: str) -> tuple[Ordered, ...]:
        """Give the recalls that mean, or may mean, a pack; what is not known of it is ""."""
        recalls = self._by_gtin.get(gtin)
        if recalls is None:
            return ()
        found = []
        for recall in recalls:
            fits, why = fit(recall.scope, gtin, serial, lot, expiry, made)
            if fits is not Fit.NO:
                found.append(Ordered(recall, fits, why))
        return tuple(found)


def standing(reader: Reader) -> list[Recall]:
    """Read the recalls that stand, in the order in which they came to stand."""
    found: list[Recall] = []
    after = (-1, "")
    while True:
        rows = reader.kept_from(STANDING, after, PAGE)
        found.extend(decode(body) for _, _, body in rows)
        if len(rows) < PAGE:
            return found
        after = (rows[-1][1], rows[-1][0])


def whole_lots(recall: Recall) -> list[tuple[str, str]]:
    """Give (GTIN, lot) of the lots that a recall means whole wherever they are; lot "" is a whole product."""
    scope = recall.scope
    if recall.state == "review" or recall.depth == "wholesale" or scope.serials or scope.expires or scope.made:
        return []
    lots = [""] if scope.all_lots else [each.lot for each in scope.lots if not each.expiry]
    return [(gtin, lot) for gtin in scope.gtins for lot in lots]
