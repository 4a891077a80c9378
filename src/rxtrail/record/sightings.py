"""Where a pack was scanned to be dispensed while the record has it elsewhere: a copy shows itself at the next place.

Only such scans are kept, so that a scan of a pack that lies where the record has it costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from rxtrail.core.rules.authority import Authority
    from rxtrail.store import Reader, Transaction

KIND: Final = "sighting"  # of what the store keeps; the key is GTIN/serial
PLACES_MAX: Final = 20

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[tuple[str, int]]).decode


def elsewhere(reader: Reader, authority: Authority, gtin: str, serial: str, site: str) -> tuple[str, int] | None:
    """Give where and when (microseconds) a pack was first seen at another party than ``site``; None: nowhere."""
    row = reader.kept(KIND, f"{gtin}/{serial}")
    if row is None:
        return None
    return next((seen for seen in _decode(row[1]) if not authority.same_party(seen[0], site)), None)


def note(tx: Transaction, gtin: str, serial: str, site: str, at: int) -> None:
    """Keep that a pack was seen at a place; the first time at each place is what counts."""
    key = f"{gtin}/{serial}"
    row = tx.kept(KIND, key)
    places = _decode(row[1]) if row is not None else []
    if len(places) < PLACES_MAX and all(place != site for place, _ in places):
        tx.keep(KIND, key, places[0][1] if places else at, _encode([*places, (site, at)]))
