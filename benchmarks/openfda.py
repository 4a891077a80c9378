"""What a file of the NDC directory costs to load, and what its notes cost a verdict; beside them the bare work."""

from __future__ import annotations

import datetime
import io
import json
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from rxtrail.core.rules.answer import Answer, Matched, PackView, RecordView, ScanView, StateView, Verdict
from rxtrail.openfda import OpenFda

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.task import Task

RECORDS = 100_000
VERDICTS = 100_000


class _Record(msgspec.Struct):
    product_ndc: str


class _File(msgspec.Struct):
    results: list[_Record]


def load_openfda(task: Task) -> dict[str, float]:
    """Load a file of the NDC directory; beside it, decode one field of each record and insert as many bare rows."""
    folder = Path(task.data)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "ndc.json"
    count = task.count or RECORDS
    with path.open("w", encoding="utf-8") as file:
        file.write('{"meta": {}, "results": [\n')
        file.writelines(("," if number else "") + json.dumps(_record(number)) + "\n" for number in range(count))
        file.write("]}\n")
    room = OpenFda(folder, now_us=lambda: 1, today=lambda: datetime.date(2026, 11, 30), seconds=time.monotonic)
    verdict = _verdict()
    without = _cpu(lambda: [room.beside(verdict) for _ in range(VERDICTS)])
    kept = 0

    def load() -> None:
        nonlocal kept
        kept = room.load("ndc", [("ndc.json", lambda: io.BytesIO(path.read_bytes()))]).kept

    loaded = _cpu(load)
    beside = _cpu(lambda: [room.beside(verdict) for _ in range(VERDICTS)])
    bare = _cpu(lambda: [msgspec.structs.replace(verdict) for _ in range(VERDICTS)])
    room.close()
    return {
        "records": count, "kept": kept, "cpu": loaded, "floor": _cpu(lambda: _bare(path)),
        "without": without / VERDICTS, "beside": beside / VERDICTS, "replace": bare / VERDICTS,
    }  # fmt: skip


def _bare(path: Path) -> None:
    records = msgspec.json.decode(path.read_bytes(), type=_File).results
    connection = sqlite3.connect(path.with_suffix(".bare"))
    with connection:
        connection.execute("create table product (ndc text primary key)")
        connection.executemany("insert into product values (?)", [(record.product_ndc,) for record in records])
    connection.close()


def _record(number: int) -> dict[str, object]:
    product = f"{10_000 + number // 10_000}-{number % 10_000:04}"
    packages = [
        {"package_ndc": f"{product}-{size}", "description": f"50 CAPSULE in 1 BOTTLE, PLASTIC ({product}-{size})"}
        for size in range(1, 2 + number % 2)
    ]
    return {
        "product_ndc": product, "generic_name": "Examplinib", "brand_name": f"Brand {number}",
        "labeler_name": "Example Pharmaceuticals", "dosage_form": "CAPSULE, LIQUID FILLED", "route": ["ORAL"],
        "active_ingredients": [{"name": "EXAMPLINIB", "strength": "10 mg/1"}], "finished": True,
        "packaging": packages, "product_type": "HUMAN PRESCRIPTION DRUG", "marketing_category": "NDA",
        "marketing_start_date": "20140715", "application_number": "NDA019600", "spl_id": f"x-{number}",
        "openfda": {
            "manufacturer_name": ["Example Pharmaceuticals"], "rxcui": ["1812434"], "unii": ["U4VJ29L7BQ"],
            "spl_set_id": [f"28cdcef9-0623-4c5a-bd18-{number:012}"], "pharm_class_epc": ["Kinase Inhibitor [EPC]"],
        },
    }  # fmt: skip


def _verdict() -> Verdict:
    return Verdict(
        Answer.OK, "", [], PackView("00310000000017"), StateView(), ScanView(""), RecordView(), Matched(), "", 0
    )


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
