"""What an audit costs: the log read and opened again, and every table made again from it."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from benchmarks.documents import MAKER_PREFIX, MAKER_SITE_URN
from benchmarks.engines import server_cpu
from benchmarks.machine import cpu_seconds
from rxtrail.auditing import Faults
from rxtrail.auditing.log_part import LogPart
from rxtrail.auditing.numbers import Numbers
from rxtrail.bootstrap import open_node
from rxtrail.bootstrap.auditing import audit_store, opened_store
from rxtrail.core.merkle.entry import commit, opening_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.task import Task

_CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"


def audit(task: Task) -> dict[str, object]:
    """Audit a record whole: its file, its log, its documents, and all of its tables made again and compared."""
    served = sum(server_cpu(task.servers))
    began = cpu_seconds()
    report = audit_store(Path(task.data), task.store or None, incremental=False, progress=lambda *_: None)
    if not report.whole:
        raise ValueError(f"a record that nobody changed has faults: {report.faults[:3]}")
    return {
        "cpu": cpu_seconds() - began + sum(server_cpu(task.servers)) - served,
        "entries": report.entries,
        "rows": report.rows,
    }


def audit_log(task: Task) -> dict[str, object]:
    """Read a log of ``count`` events about one package each; the floor opens and hashes the same bytes and no more."""
    with open_node(Path(task.data), store_url=task.store or None) as node:
        node.capture(io.BytesIO(_events(task.count)), name="single.json")
    with opened_store(Path(task.data), task.store or None) as store:
        view = store.copying().view(lenient=True)
        faults = Faults()
        log = LogPart(view, faults, Numbers(view).names, progress=lambda _done: None)
        served = sum(server_cpu(task.servers))
        began = cpu_seconds()
        records = [record for _, opened, _ in log.read(0) for record in opened]
        spent = cpu_seconds() - began + sum(server_cpu(task.servers)) - served
        view.close()
    if faults.count or len(records) < task.count:
        raise ValueError(f"a log that nobody changed has faults: {faults.told[:3]}")
    began = cpu_seconds()
    for record, party, canonical, envelope in records:
        opening = opening_bytes(record.kind, record.tenant, party, record.recorded_at, canonical, envelope)
        hashlib.sha256(b"\0" + record.id + commit(record.salt, opening)).digest()
    return {"cpu": spent, "entries": log.entries, "hashing": cpu_seconds() - began}


def _events(count: int) -> bytes:
    events = [
        {
            "type": "ObjectEvent",
            "eventTime": f"2026-10-05T{at // 3600 % 24:02}:{at // 60 % 60:02}:{at % 60:02}Z",
            "eventTimeZoneOffset": "+00:00",
            "epcList": [f"urn:epc:id:sgtin:{MAKER_PREFIX}.019002.N{at}"],
            "action": "ADD",
            "bizStep": "commissioning",
            "disposition": "active",
            "readPoint": {"id": MAKER_SITE_URN},
            "ilmd": {"cbvmda:lotNumber": f"N{at // 1000}", "cbvmda:itemExpirationDate": "2029-01-31"},
        }
        for at in range(count)
    ]
    return document_of(events)


def document_of(events: Sequence[Mapping[str, object]]) -> bytes:
    """Give an EPCIS document in JSON with these events."""
    return msgspec.json.encode(
        {
            "@context": [_CONTEXT],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2026-11-01T00:00:00Z",
            "epcisBody": {"eventList": events},
        }
    )
