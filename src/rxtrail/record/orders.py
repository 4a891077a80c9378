"""The recalls that stand, kept in memory: there are few, and every scan asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.rules.recall import CLASSES, Ordered, Recall, means

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rxtrail.store import Reader

KIND: Final = "recall"  # of what the store keeps: all of them
STANDING: Final = "recall-standing"  # those that are asked at every scan
DUE: Final = "recall-due"  # when somebody looks whether anybody is late with a recall
DUE_BEGUN: Final = "recall-due-begun"  # recalls of before were told of, too
PAGE: Final = 1_000

# What is not yet classified may turn out to be of class I.
_GRAVITY: Final = {name: number for number, name in enumerate(("I", CLASSES[-1], "II", "III"))}

encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Recall).decode


class _Numbered(msgspec.Struct, frozen=True, gc=False):
    id: str
    number: str = ""
    drill: bool = False


_decode_number = msgspec.msgpack.Decoder(_Numbered).decode


class Orders:
    """Recalls that are live or wait to be read, by GTIN."""

    def __init__(self) -> None:
        """Start empty; :meth:`load` fills it."""
        self._by_gtin: dict[str, list[Recall]] = {}

    def load(self, reader: Reader) -> None:
        """Read the recalls that stand."""
        self.take(standing(reader))

    def take(self, recalls: Iterable[Recall]) -> None:
        """Hold these recalls and no others."""
        found: dict[str, list[Recall]] = {}
        # Of reasons that weigh the same the graver class is told first.
        for recall in sorted(recalls, key=lambda recall: _GRAVITY.get(recall.classification, len(_GRAVITY))):
            for gtin in recall.scope.gtins:
                found.setdefault(gtin, []).append(recall)
        self._by_gtin = found

    def asks_for_making(self, gtin: str) -> bool:
        """Tell whether a recall of a product means the packs of some days of making."""
        return any(recall.scope.made for recall in self._by_gtin.get(gtin, ()))

    def of(self, gtin: str, serial: str, lot: str, expiry: str, made: str) -> tuple[Ordered, ...]:
        """Give the recalls that mean, or may mean, a pack; what is not known of it is ""."""
        recalls = self._by_gtin.get(gtin)
        if recalls is None:
            return ()
        found = (means(recall, gtin, serial, lot, expiry, made) for recall in recalls)
        return tuple(each for each in found if each is not None)


def waits(recall: Recall) -> bool:
    """Tell whether somebody has something to do about a recall, or had: to read it, to approve it, to answer it.

    That of a hub is read and answered there.
    """
    is_asked = bool(recall.expected) or recall.state in ("draft", "review") or len(recall.history) > 1
    return is_asked and not recall.hub


def numbered(reader: Reader) -> dict[str, list[str]]:
    """Give the recalls of each authority's number, as they came here: opened by this node, or sent by its hub."""
    found: dict[str, list[str]] = {}
    after = (-1, "")
    while True:
        rows = reader.kept_from(KIND, after, PAGE)
        for _, _, body in rows:
            told = _decode_number(body)
            if told.number and not told.drill:
                found.setdefault(told.number, []).append(told.id)
        if len(rows) < PAGE:
            return found
        after = (rows[-1][1], rows[-1][0])


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
