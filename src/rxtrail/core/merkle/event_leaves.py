"""What the tree of an event's packages is made of: the summary, and the identifiers that the event names.

The identifiers are the event's parent, when it has one, then its EPCs, children, inputs and outputs in the order of the
canonical bytes. Of an event that packs (an aggregation or association) the trade items are left out: their making has
named them already, and a second tree of them would cost as much again as all else that the log costs. What is in a
case is proven with the whole event.

The summary is JSON (``packs.encode_summary``) with ``action``, ``bizStep``, ``eventID``, ``eventTime`` (UTC),
``eventType``, and ``gtin``, ``lot`` and ``expiry`` where the event tells one; what is empty is left out. Its
``identifierCount`` is how many identifiers follow: the root of a tree does not say how many leaves it has.
"""

from __future__ import annotations

import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import msgspec

from rxtrail.core.epcis.event import AGGREGATION, ASSOCIATION
from rxtrail.core.epcis.ilmd import lot_expiry_in

if TYPE_CHECKING:
    from rxtrail.core.epcis.event import Event

_PACKING: Final = frozenset({AGGREGATION, ASSOCIATION})
_EPOCH: Final = datetime.date(1970, 1, 1)
_MINUTES: Final = tuple(f"{minute // 60:02}:{minute % 60:02}" for minute in range(1440))
_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder().decode


def leaves_of(event: Event, lot: str, expiry: str, *, whole: bool = False) -> list[bytes]:
    """Give an event's summary and the identifiers of its tree; empty when there is none.

    ``whole`` gives all that it names, also what its tree leaves out. ``lot`` and ``expiry`` are what
    :func:`rxtrail.core.epcis.ilmd.ilmd_lot_expiry` reads from the event.
    """
    # LF is in no identifier (see core.epcis.canonical), so one encoding is enough for a whole run.
    runs = [
        (run.key, "\n".join(run.serials))
        for runs in (event.epcs, event.children, event.inputs, event.outputs)
        for run in runs
    ]
    if event.kind in _PACKING and not whole:
        runs = [run for run in runs if not _is_trade_item(run[0])]
    if not runs and not (event.parent and event.kind in _PACKING):
        return []
    texts = _texts(event.parent, runs)
    told = (event.action, event.biz_step, event.event_id, event.event_time, event.kind, lot, expiry)
    return [_summary(*told, _gtin(runs), len(texts)), *texts]


def leaves_in(canonical: bytes) -> list[bytes]:
    """Give the same of an event by its canonical bytes, without making an event of them.

    :raises msgspec.DecodeError: they are those of no event.
    """
    fields, lists = _decode(canonical[1:])
    runs = [run for runs in lists for run in runs]
    get: Any = fields.get
    packing = fields["kind"] in _PACKING
    if packing:
        runs = [run for run in runs if not _is_trade_item(run[0])]
    if not runs and not (packing and get("parent")):
        return []
    lot, expiry, _ = lot_expiry_in(get("ilmd") or {})
    texts = _texts(get("parent", ""), runs)
    told = (get("action", ""), get("biz_step", ""), get("event_id", ""), fields["event_time"], fields["kind"])
    return [_summary(*told, lot, expiry, _gtin(runs), len(texts)), *texts]


def _is_trade_item(key: str) -> bool:
    return key.startswith("01/") and key.endswith("/21/")


def _texts(parent: str, runs: list[tuple[str, str]]) -> list[bytes]:
    texts = [parent.encode()] if parent else []
    for key, serials in runs:
        texts += (key + serials.replace("\n", "\n" + key)).encode().split(b"\n")
    return texts


def _gtin(runs: list[tuple[str, str]]) -> str:
    """Give the one GTIN of all trade items that are named, or ""."""
    if len(runs) == 1:
        key = runs[0][0]
        return key[3:17] if key.startswith("01/") else ""
    gtins = {key[3:17] for key, _ in runs if key.startswith("01/")}
    return gtins.pop() if len(gtins) == 1 else ""


def _summary(
    action: str, biz_step: str, event_id: str, time: int, kind: str, lot: str, expiry: str, gtin: str, count: int
) -> bytes:
    told = {}  # in the order of the names, as packs.encode_summary would put them
    if action:
        told["action"] = action
    if biz_step:
        told["bizStep"] = biz_step
    if event_id:
        told["eventID"] = event_id
    told["eventTime"] = _instant(time)
    told["eventType"] = kind
    if expiry:
        told["expiry"] = expiry
    if gtin:
        told["gtin"] = gtin
    told["identifierCount"] = str(count)
    if lot:
        told["lot"] = lot
    return _encode(told)


def _instant(microseconds: int) -> str:
    day, rest = divmod(microseconds, 86_400_000_000)
    seconds, fraction = divmod(rest, 1_000_000)
    minute, second = divmod(seconds, 60)
    text = f"{_day(day)}T{_MINUTES[minute]}:{second:02}"
    return f"{text}.{fraction:06}Z" if fraction else text + "Z"


@lru_cache(maxsize=4096)
def _day(number: int) -> str:
    return (_EPOCH + datetime.timedelta(days=number)).isoformat()
