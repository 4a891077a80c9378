"""The canonical bytes of an event: what is hashed, ordered by and, later, committed to the log.

Layout, version 1: one byte ``0x01``, then the MessagePack encoding of ``[event, lists]``. ``event`` is a map of
the fields of :class:`Event` that are not empty, sorted by name, without ``record_time`` and ``forms`` and
without the four EPC lists. ``lists`` is ``[epcs, children, inputs, outputs]``, each a list of ``[key, serials]``
runs where consecutive runs with one key are joined and ``serials`` is one string with LF between serials (LF is
not in GS1 character set 82; a verbatim identifier that holds an LF never reaches an event). So an event means the
same bytes in XML and JSON, as URN or Digital Link, whatever namespaces or prefixes its document used.

Test vectors: ``tests/samples/canonical_v1.json``.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from rxtrail.core.epcis.event import Event
from rxtrail.core.gs1.runs import EpcRun

if TYPE_CHECKING:
    from collections.abc import Iterable

VERSION = b"\x01"
LISTS = ("epcs", "children", "inputs", "outputs")

_encoder = msgspec.msgpack.Encoder(order="sorted")
_decoder = msgspec.msgpack.Decoder()


def encode(event: Event) -> bytes:
    """Give the canonical bytes of one event."""
    # replace() drops what is not part of the meaning; omit_defaults drops what is empty.
    skeleton = msgspec.structs.replace(event, epcs=[], children=[], inputs=[], outputs=[], record_time=0, forms={})
    lists = [_joined(event.epcs), _joined(event.children), _joined(event.inputs), _joined(event.outputs)]
    return VERSION + _encoder.encode([skeleton, lists])


def decode(canonical: bytes) -> Event:
    """Read canonical bytes back; the forms, being presentation, stand elsewhere."""
    fields, lists = parts(canonical)
    event = msgspec.convert(fields, Event)
    return msgspec.structs.replace(
        event,
        **{
            name: [EpcRun(key, text.split("\n")) for key, text in runs] for name, runs in zip(LISTS, lists, strict=True)
        },
    )


def parts(canonical: bytes) -> tuple[dict[str, Any], list[list[list[str]]]]:
    """Give the fields and the lists of an event (``LISTS``) as they stand in the bytes, for who needs a few of them."""
    assert canonical[:1] == VERSION, "canonical bytes of a version this program never wrote"
    fields, lists = _decoder.decode(canonical[1:])
    return fields, lists


def order_hash(canonical: bytes) -> bytes:
    """SHA-256 of the canonical bytes: breaks ties between events of one instant, the same on every engine."""
    return hashlib.sha256(canonical).digest()


def _joined(runs: Iterable[EpcRun]) -> list[list[Any]]:
    joined: list[list[Any]] = []
    for run in runs:
        if joined and joined[-1][0] == run.key:
            joined[-1][1] = joined[-1][1] + "\n" + "\n".join(run.serials)
        else:
            joined.append([run.key, "\n".join(run.serials)])
    return joined
