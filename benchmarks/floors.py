"""What the machine can do at best: the same work with everything left out that makes it worth having."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any

import msgspec
import sqlcipher3
from lxml import etree

from benchmarks.machine import cpu_seconds

if TYPE_CHECKING:
    from pathlib import Path

ROWS_PER_COMMIT = 50_000
_TABLE = """create table pack (product integer, serial text, lot integer, state integer, parent integer,
 primary key (product, serial)) without rowid"""


class _Event(msgspec.Struct, gc=False):
    """The fields of a JSON event that a capture cannot do without."""

    type: str
    eventTime: str  # noqa: N815 - the standard's own name
    action: str = ""
    bizStep: str = ""  # noqa: N815
    disposition: str = ""
    epcList: list[str] = []  # noqa: N815
    parentID: str = ""  # noqa: N815
    childEPCs: list[str] = []  # noqa: N815
    ilmd: dict[str, str] = {}


class _Body(msgspec.Struct):
    eventList: list[_Event]  # noqa: N815


class _Document(msgspec.Struct):
    epcisBody: _Body  # noqa: N815


def parse_xml(path: Path) -> dict[str, float]:
    """Parse only: every event of the XML, its EPC texts as a list, and nothing else done with them."""
    count = 0
    began = cpu_seconds()
    for _, event in etree.iterparse(str(path), tag=("ObjectEvent", "AggregationEvent")):
        for name in ("epcList", "childEPCs"):
            found = event.find(name)
            if found is not None:
                count += len([epc.text for epc in found])
        event.clear()
        while event.getprevious() is not None:
            del event.getparent()[0]
    return {"cpu": cpu_seconds() - began, "mentions": count}


def parse_json(path: Path) -> dict[str, float]:
    """Parse only: every event of the JSON as a typed value."""
    began = cpu_seconds()
    document = msgspec.json.decode(path.read_bytes(), type=_Document)
    spent = cpu_seconds() - began
    count = sum(len(event.epcList) + len(event.childEPCs) for event in document.epcisBody.eventList)
    return {"cpu": spent, "mentions": count}


def insert_rows(folder: Path, packages: list[tuple[str, str, str, str]]) -> dict[str, float]:
    """One row a package into SQLite, in bulk and as durably as the node: no events, no checks."""
    path = folder / "rows.sqlite"
    products = {gtin: number for number, gtin in enumerate(sorted({gtin for gtin, *_ in packages}))}
    lots = {lot: number for number, lot in enumerate(sorted({lot for _, _, lot, _ in packages}))}
    rows = [(products[gtin], serial, lots[lot], 0, 0) for gtin, serial, lot, _ in packages]
    store = _open(path)
    store.execute(_TABLE)
    began = cpu_seconds()
    for at in range(0, len(rows), ROWS_PER_COMMIT):
        store.execute("begin")
        store.executemany("insert into pack values (?, ?, ?, ?, ?)", rows[at : at + ROWS_PER_COMMIT])
        store.execute("commit")
    store.execute("pragma wal_checkpoint(truncate)")
    spent = cpu_seconds() - began
    store.close()
    return {"cpu": spent, "bytes": path.stat().st_size}


def look_up(
    folder: Path, packages: list[tuple[str, str, str, str]], count: int, seed: int
) -> dict[str, float]:
    """One point read of a row and one JSON answer the size of a verdict: no reading of scans, no rules."""
    products = {gtin: number for number, gtin in enumerate(sorted({gtin for gtin, *_ in packages}))}
    keys = [
        (products[gtin], serial)
        for gtin, serial, _, _ in random.Random(seed).sample(packages, min(count, len(packages)))
    ]
    store = _open(folder / "rows.sqlite")
    read = store.execute
    query = "select lot, state, parent from pack where product = ? and serial = ?"
    for key in keys[:200]:
        read(query, key).fetchone()
    encode = msgspec.json.Encoder().encode
    began, clock = cpu_seconds(), time.perf_counter()
    for key in keys:
        lot, state, parent = read(query, key).fetchone()
        encode(_answer(key, lot, state, parent))
    spent = {"cpu": cpu_seconds() - began, "wall": time.perf_counter() - clock, "count": len(keys)}
    store.close()
    return spent


def _answer(key: tuple[int, str], lot: int, state: int, parent: int) -> dict[str, object]:
    return {
        "verdict": "ok",
        "headline": "Fine to dispense",
        "reasons": [],
        "pack": {
            "gtin": key[0],
            "serial": key[1],
            "lot": lot,
            "expiry": "2028-11-20",
            "product": "A product",
        },
        "state": {"disposition": state, "custodian": "0399202000001", "container": parent, "holds": []},
        "matched": {"serial": "yes", "lot": "yes", "expiry": "yes"},
        "checked_at": "2026-11-23T09:14:02Z",
    }


def _open(path: Path) -> Any:  # noqa: ANN401 - the driver ships no types
    store = sqlcipher3.connect(str(path), isolation_level=None)
    store.execute("pragma journal_mode = wal")
    store.execute("pragma synchronous = full")
    store.execute("pragma cache_size = -262144")
    return store
