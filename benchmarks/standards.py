"""What the standards cost: the event hash, validation and conversion of documents, apart from any record."""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rxtrail.core.epcis import event_hash
from rxtrail.core.epcis.convert import Report, convert
from rxtrail.core.epcis.event import Event, Typed
from rxtrail.core.epcis.limits import Limits
from rxtrail.core.epcis.reader import open_document
from rxtrail.core.epcis.spelling import Spelling
from rxtrail.core.gs1.runs import EpcRun
from rxtrail.core.validation import json_schema, xml_schema
from rxtrail.core.validation.flaws import Flaws

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.task import Task

HASHED_EVENTS = 20_000
_CHUNK_BYTES = 1 << 16
_REPEATS = 3


def hash_events(task: Task) -> dict[str, object]:
    """Hash events of one pack each, as a shipping counter makes them; beside it their canonical strings alone."""
    events = [_event(number) for number in range(task.count or HASHED_EVENTS)]
    for event in events[:1000]:
        event_hash.event_hash(event)
    hashed = min(_cpu(lambda: [event_hash.event_hash(event) for event in events]) for _ in range(_REPEATS))
    strings = min(_cpu(lambda: [event_hash.pre_hash(event) for event in events]) for _ in range(_REPEATS))
    distinct = len({event_hash.event_hash(event) for event in events})
    return {"events": len(events), "distinct": distinct, "cpu": hashed, "strings": strings}


def validate(task: Task) -> dict[str, object]:
    """Hold the yardstick document against the model of the schemas; beside it, read it as capture does."""
    text = Path(task.document).read_bytes()
    flaws = Flaws()

    def check() -> None:
        if task.document.endswith(".json"):
            json_schema.check_document(text, Limits(), flaws)
        else:
            chunks = (text[at : at + _CHUNK_BYTES] for at in range(0, len(text), _CHUNK_BYTES))
            xml_schema.check_document(chunks, Limits(), flaws)

    checked = min(_cpu(check) for _ in range(_REPEATS))
    read = min(_cpu(lambda: sum(1 for _ in open_document(io.BytesIO(text)))) for _ in range(_REPEATS))
    return {"cpu": checked, "read": read, "flaws": len(flaws.found)}


def write_again(task: Task) -> dict[str, object]:
    """Convert the yardstick document to the other syntax; beside it, read it only."""
    text = Path(task.document).read_bytes()
    report = Report("")

    def both() -> None:
        report.events = 0
        pieces = convert(
            io.BytesIO(text),
            "xml-1.2" if task.document.endswith(".json") else "json",
            Spelling(),
            report,
            creation_date="2026-11-20T00:00:00Z",
        )
        for _ in pieces:
            pass

    written = min(_cpu(both) for _ in range(_REPEATS))
    read = min(_cpu(lambda: sum(1 for _ in open_document(io.BytesIO(text)))) for _ in range(_REPEATS))
    return {"cpu": written, "read": read, "events": report.events}


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _event(number: int) -> Event:
    return Event(
        "ObjectEvent",
        1_760_000_000_000_000 + number * 1_000_003,
        "-05:00",
        action="OBSERVE",
        biz_step="shipping",
        disposition="in_transit",
        epcs=[EpcRun("01/00399101101018/21/", [f"A{number:011d}"])],
        read_point="414/0399101000010",
        biz_transactions=[Typed("po", f"urn:epcglobal:cbv:bt:0399202000001:{number}")],
        sources=[Typed("owning_party", "417/0399101000003")],
        destinations=[Typed("owning_party", "417/0399202000001")],
    )
