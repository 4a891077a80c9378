"""What is kept of every exchange: a record in the log, and an entry that can be listed; for six years and longer.

Source: FDCA 582 (records for six years). Nothing here ever takes an entry away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from rxtrail.errors import BadRequest
from rxtrail.record.times import iso
from rxtrail.store.rows import RecordKind
from rxtrail.vrs.values import ALERT_KIND, EXCHANGE_KIND, Exchange, VrsAlert

if TYPE_CHECKING:
    from rxtrail.ledger.log import Log
    from rxtrail.store import Reader, Transaction

T = TypeVar("T", bound=msgspec.Struct)

_VERSION: Final = b"\x01"
_PLACE_DIGITS: Final = 20  # a position written so that texts sort as numbers do
_FIRST: Final = (1 << 62, "")
_encode = msgspec.msgpack.encode


def note_exchange(tx: Transaction, log: Log, exchange: Exchange) -> Exchange:
    """Record one exchange; give it with its time and place in the log."""
    noted = msgspec.structs.replace(exchange, at=iso(log.now), log_index=log.position)
    _note(tx, log, EXCHANGE_KIND, noted)
    return noted


def note_alert(tx: Transaction, log: Log, alert: VrsAlert) -> VrsAlert:
    """Record one alert; give it with its time and place in the log."""
    noted = msgspec.structs.replace(alert, at=iso(log.now), log_index=log.position)
    _note(tx, log, ALERT_KIND, noted)
    return noted


def exchanges(reader: Reader, after: str, limit: int) -> list[Exchange]:
    """List exchanges, newest first; ``after`` is the log index of the last one seen."""
    return _listed(reader, EXCHANGE_KIND, Exchange, after, limit)


def alerts(reader: Reader, after: str, limit: int) -> list[VrsAlert]:
    """List alerts, newest first; ``after`` is the log index of the last one seen."""
    return _listed(reader, ALERT_KIND, VrsAlert, after, limit)


def _note(tx: Transaction, log: Log, kind: str, noted: Exchange | VrsAlert) -> None:
    key = f"{log.position:0{_PLACE_DIGITS}d}"
    log.append(RecordKind.DECISION, _VERSION + _encode([log.now, kind, noted]))
    tx.keep(kind, key, log.now, _VERSION + _encode(noted))


def _listed(reader: Reader, kind: str, form: type[T], after: str, limit: int) -> list[T]:
    before = _FIRST
    if after:
        key = after.zfill(_PLACE_DIGITS)
        last = reader.kept(kind, key) if after.isascii() and after.isdigit() else None
        if last is None:
            raise BadRequest(f"{after[:40]!r} is no place in the list", place="after")
        before = (last[0], key)
    return [msgspec.msgpack.decode(body[1:], type=form) for _, _, body in reader.kept_before(kind, before, limit)]
