"""Where a pack was scanned to be dispensed while the record has it elsewhere: a copy shows itself at the next place.

Only such scans are kept, so that a scan of a pack that lies where the record has it costs nothing. The record gets them
a moment after the answer; ``Recent`` is what bridges that moment, for all threads of a process.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from rxtrail.core.rules.authority import Authority
    from rxtrail.store import Reader, Transaction

KIND: Final = "sighting"  # of what the store keeps; the key is GTIN/serial
PLACES_MAX: Final = 20
RECENT_MAX: Final = 50_000  # packs; the record has had the oldest for long

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[tuple[str, int]]).decode


class Recent:
    """What was seen by this process, whether or not it is on record yet."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._lock = threading.Lock()
        self._seen: dict[str, list[tuple[str, int]]] = {}

    def of(self, key: str) -> list[tuple[str, int]]:
        """Give the places where a pack was seen."""
        with self._lock:
            return list(self._seen.get(key, ()))

    def claim(self, authority: Authority, key: str, site: str, at: int) -> bool:
        """Note that a pack is seen at a place, unless another party has seen it first: then nothing is noted.

        Of two who ask in one moment one is told no.
        """
        with self._lock:
            seen = self._seen.setdefault(key, [])
            if any(not authority.same_party(place, site) for place, _ in seen):
                return False
            if len(seen) < PLACES_MAX and all(place != site for place, _ in seen):
                seen.append((site, at))
            if len(self._seen) > RECENT_MAX:
                del self._seen[next(iter(self._seen))]
            return True


def elsewhere(
    reader: Reader, authority: Authority, recent: Recent, gtin: str, serial: str, site: str
) -> tuple[str, int] | None:
    """Give where and when (microseconds) a pack was first seen at another party than ``site``; None: nowhere."""
    key = f"{gtin}/{serial}"
    row = reader.kept(KIND, key)
    seen = [*(_decode(row[1]) if row is not None else ()), *recent.of(key)]
    return next((each for each in seen if not authority.same_party(each[0], site)), None)


def places_of(reader: Reader, gtin: str, serial: str) -> list[tuple[str, int]]:
    """Give where and when (microseconds) a pack was seen while the record had it elsewhere."""
    row = reader.kept(KIND, f"{gtin}/{serial}")
    return _decode(row[1]) if row is not None else []


def note(tx: Transaction, gtin: str, serial: str, site: str, at: int) -> None:
    """Keep that a pack was seen at a place; the first time at each place is what counts."""
    key = f"{gtin}/{serial}"
    row = tx.kept(KIND, key)
    places = _decode(row[1]) if row is not None else []
    if len(places) < PLACES_MAX and all(place != site for place, _ in places):
        tx.keep(KIND, key, places[0][1] if places else at, _encode([*places, (site, at)]))
