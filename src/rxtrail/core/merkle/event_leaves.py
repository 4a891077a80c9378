"""What the tree of an event's packages is made of: the summary, and the identifiers that the event names.

The identifiers are the event's parent, when it has one, then its EPCs, children, inputs and outputs in the order of the
canonical bytes. The summary is JSON (``packs.encode_summary``) with ``action``, ``bizStep``, ``eventID``, ``eventTime``
(UTC), ``eventType``, and ``gtin``, ``lot`` and ``expiry`` where the event tells one; what is empty is left out. Its
``identifierCount`` is how many identifiers follow: the root of a tree does not say how many leaves it has.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from rxtrail.core.merkle.packs import encode_summary

if TYPE_CHECKING:
    from rxtrail.core.epcis.event import Event

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def leaves_of(event: Event, lot: str, expiry: str) -> list[bytes]:
    """Give an event's summary and the identifiers that it names; empty when it names none.

    ``lot`` and ``expiry`` are what :func:`rxtrail.core.epcis.ilmd.ilmd_lot_expiry` reads from the event.
    """
    texts: list[bytes] = []
    gtins = set[str]()
    for runs in (event.epcs, event.children, event.inputs, event.outputs):
        for run in runs:
            key = run.key
            # One encoding for a whole run: LF is in no identifier (see core.epcis.canonical).
            texts += (key + ("\n" + key).join(run.serials)).encode().split(b"\n")
            if key.startswith("01/"):
                gtins.add(key[3:17])
    if not texts:
        return []
    if event.parent:
        texts.insert(0, event.parent.encode())
    told = {
        "action": event.action,
        "bizStep": event.biz_step,
        "eventID": event.event_id,
        "eventTime": (_EPOCH + datetime.timedelta(microseconds=event.event_time)).isoformat()[:-6] + "Z",
        "eventType": event.kind,
        "gtin": gtins.pop() if len(gtins) == 1 else "",
        "identifierCount": str(len(texts)),
        "lot": lot,
        "expiry": expiry,
    }
    return [encode_summary({key: text for key, text in told.items() if text}), *texts]
