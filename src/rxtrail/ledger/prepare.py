"""From an event as read to an event ready for the log: canonical bytes, order, identity, who speaks.

Nothing here touches the store, so a document can be prepared while another is being written.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from rxtrail.core.epcis import canonical, event_hash
from rxtrail.core.epcis.event import KINDS, Event, Finding, Typed
from rxtrail.core.epcis.ilmd import ilmd_lot_expiry
from rxtrail.core.gs1 import epc
from rxtrail.core.rules.fold import SENDS
from rxtrail.core.rules.steps import Flag

if TYPE_CHECKING:
    from rxtrail.core.gs1.runs import EpcRun

KIND_NUMBERS = {kind: number for number, kind in enumerate(KINDS)}
ACTION_NUMBERS = {"": 0, "ADD": 1, "OBSERVE": 2, "DELETE": 3}
LISTS = canonical.LISTS

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder()


class Prepared(msgspec.Struct, gc=False):
    """One event ready to be appended."""

    event: Event
    canonical: bytes
    envelope: bytes
    hash: bytes
    identity: bytes
    name: str  # its eventID or, without one, its CBV 2.0 event hash
    speaker: str  # 13-digit GLN, as written when it has none, "" for this node's operator
    source: str  # "owning party;possessing party;location" or ""
    destination: str
    lot: str
    expiry: str
    flags: int
    place: str
    findings: list[Finding]


def prepare(
    event: Event,
    *,
    speaker: str,
    receiver: str = "",
    place: str = "",
    findings: list[Finding] | None = None,
    flags: int = 0,
) -> Prepared:
    """Prepare one event said by ``speaker`` in a document addressed to ``receiver``."""
    written = canonical.encode(event)
    if event.error_declaration is not None:
        flags |= Flag.DECLARATION
    if (
        event.kind == "AggregationEvent"
        and event.action == "DELETE"
        and not event.children
        and not event.child_quantities
    ):
        flags |= Flag.EMPTIES
    if event.sensors:
        flags |= Flag.SENSED
    lot = expiry = ""
    if event.ilmd:
        lot, expiry, _ = ilmd_lot_expiry(event)
    source = _three(event.sources) if event.sources else ""
    destination = _three(event.destinations) if event.destinations else ""
    if event.biz_step in SENDS:
        if not source and speaker:
            source = f"{speaker};;"
        if not destination:
            # A shipping without a destination list: the buyer of the order, and whom the document is for.
            destination = _join(receiver, _buyer(event), "")
    name = event.event_id or event_hash.event_hash(event)
    return Prepared(
        event=event,
        canonical=written,
        envelope=envelope(event),
        hash=canonical.order_hash(written),
        identity=identity(name),
        name=name,
        speaker=speaker,
        source=source,
        destination=destination,
        lot=lot,
        expiry=expiry,
        flags=flags,
        place=place,
        findings=findings or [],
    )


def prepared_again(
    canonical_bytes: bytes, envelope_bytes: bytes, *, speaker: str, source: str, destination: str, flags: int
) -> Prepared:
    """Prepare an event that is in the log once more: with what was told beside it then."""
    event = canonical.decode(canonical_bytes)
    lot = expiry = ""
    if event.ilmd:
        lot, expiry, _ = ilmd_lot_expiry(event)
    name = event.event_id or event_hash.event_hash(restore(canonical_bytes, envelope_bytes))
    return Prepared(
        event, canonical_bytes, envelope_bytes, canonical.order_hash(canonical_bytes), identity(name), name, speaker,
        source, destination, lot, expiry, flags, "", [],
    )  # fmt: skip


def identity(name: str) -> bytes:
    """Give the 16 bytes under which an event and its declarations are found: SHA-256 of the event's name.

    The name is the eventID or, without one, the CBV 2.0 event hash. An error declaration repeats the original's
    eventID (EPCIS 2.0 clause 7.4.1.2), so it has the same name; whether it is one is told by its flags.
    """
    return hashlib.sha256(name.encode()).digest()[:16]


def envelope(event: Event) -> bytes:
    """Encode how the event was written, which is not part of its meaning: ``[record_time, forms, runs]``.

    ``runs`` gives for each of the four EPC lists ``[form, count]`` pairs over its identifiers.
    """
    runs = [_forms(event.epcs), _forms(event.children), _forms(event.inputs), _forms(event.outputs)]
    return _encoder.encode([event.record_time, event.forms, runs])


def restore(canonical_bytes: bytes, envelope_bytes: bytes) -> Event:
    """Give back the event as it was written."""
    event = canonical.decode(canonical_bytes)
    if not envelope_bytes:
        return event
    record_time, forms, runs = _decoder.decode(envelope_bytes)
    lists = {name: _with_forms(getattr(event, name), pairs) for name, pairs in zip(LISTS, runs, strict=True)}
    return msgspec.structs.replace(event, record_time=record_time, forms=forms, **lists)


def _forms(runs: list[EpcRun]) -> list[list[str | int]]:
    return [[run.form, len(run.serials)] for run in runs]


def _with_forms(runs: list[EpcRun], pairs: list[tuple[str, int]]) -> list[EpcRun]:
    found: list[EpcRun] = []
    queue = [(form, count) for form, count in pairs]
    for run in runs:
        at = 0
        while at < len(run.serials):
            form, count = queue[0]
            take = min(count, len(run.serials) - at)
            found.append(type(run)(run.key, run.serials[at : at + take], form))
            at += take
            queue[0] = (form, count - take)
            if take == count:
                queue.pop(0)
    return found


def _three(entries: list[Typed]) -> str:
    owner = possessor = location = ""
    for entry in entries:
        kind, value = entry.type, entry.value
        if kind == "owning_party":
            owner = epc.gln_of(value) or value
        elif kind == "possessing_party":
            possessor = epc.gln_of(value) or value
        elif kind == "location":
            location = value
    return _join(owner, possessor, location)


def _join(owner: str, possessor: str, location: str) -> str:
    if not (owner or possessor or location):
        return ""
    return f"{owner.replace(';', '%3B')};{possessor.replace(';', '%3B')};{location}"


def _buyer(event: Event) -> str:
    for transaction in event.biz_transactions:
        if transaction.type == "po":
            # urn:epcglobal:cbv:bt:{GLN of the buyer}:{number} (CBV 2.0 clause 8.5.1)
            parts = transaction.value.split(":")
            if len(parts) > 5 and len(parts[4]) == 13 and parts[4].isdigit():
                return parts[4]
    return ""
