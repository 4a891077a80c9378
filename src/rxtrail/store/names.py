"""What every engine keeps in memory: recurring texts, products, lots and makings by number, and short event names."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rxtrail.store.rows import Making

_UUID = "urn:uuid:"
_HASH, _HASH_END = "ni:///sha-256;", "?ver=CBV2.0"


def short_id(event_id: str) -> str | bytes:
    """Give the stored form of an event's name: 16 bytes for a UUID, 32 for an event hash, else the text."""
    if event_id.startswith(_UUID) and len(event_id) == len(_UUID) + 36:
        with contextlib.suppress(ValueError):
            digits = bytes.fromhex(event_id[len(_UUID) :].replace("-", ""))
            if long_id(digits) == event_id:
                return digits
    elif (
        event_id.startswith(_HASH)
        and event_id.endswith(_HASH_END)
        and len(event_id) == len(_HASH) + 64 + len(_HASH_END)
    ):
        with contextlib.suppress(ValueError):
            digits = bytes.fromhex(event_id[len(_HASH) : -len(_HASH_END)])
            if long_id(digits) == event_id:
                return digits
    return event_id


def long_id(stored: str | bytes) -> str:
    """Give an event's name from its stored form."""
    if isinstance(stored, str):
        return stored
    digits = stored.hex()
    if len(stored) == 16:
        return f"{_UUID}{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
    return f"{_HASH}{digits}{_HASH_END}"


class Names:
    """Texts, products, lots and makings by number, shared by the writer and all readers.

    Texts, GTINs and lots are only ever added, so what is cached of them stays true. Whether a product's packages hold
    others, and what a making's event means, can change: what a reader read before such a change was committed must
    not be cached after it, so readers compare ``generation`` before and after they read.
    """

    def __init__(self) -> None:
        """Start empty; readers and the writer fill it as they go."""
        self.text: dict[int, str] = {}
        self.number: dict[str, int] = {}
        self.gtin: dict[int, str] = {}
        self.product: dict[str, tuple[int, bool]] = {}
        self.lot: dict[tuple[int, str, str], int] = {}
        self.making: dict[int, Making] = {}
        self.three: dict[int, tuple[str, str, str]] = {}
        self.used: set[tuple[str, str]] = set()  # words and places that the record is known to have noted
        self.filed = False  # the record is known to say from which position on events are filed under terms
        self.generation = 0
        self.followed = 0  # counts what other processes have changed
        self.epoch = 0  # counts how often keys may have been destroyed
        self.changed = False  # something was changed that is not committed yet
        self.keys_changed = False  # a key was wrapped anew or destroyed, and that is not committed yet

    def forget(self) -> None:
        """Forget everything, since a rolled back transaction may have numbered things."""
        self.generation += 1
        for cache in (self.text, self.number, self.gtin, self.product, self.lot, self.making, self.three):
            cache.clear()
        self.used.clear()
        self.filed = False

    def forget_changed(self) -> None:
        """Forget what can change; called when it changes and again when that is committed."""
        self.generation += 1
        self.making.clear()
        self.product.clear()

    def committed(self) -> None:
        """Forget once more what readers may have read again since it changed."""
        if self.changed:
            self.changed = False
            self.forget_changed()
        if self.keys_changed:
            self.keys_changed = False
            self.epoch += 1

    def undone(self) -> None:
        """Forget everything, since the transaction was rolled back."""
        self.changed = self.keys_changed = False
        self.forget()

    def follow(self) -> None:
        """Forget what another process may have changed, and have every reader's user told."""
        self.forget_changed()
        self.followed += 1
        self.epoch += 1
