"""What the machine can do at best: the same work with everything left out that makes it worth having."""

from __future__ import annotations

import itertools
import statistics
import time
from typing import TYPE_CHECKING, Any

import msgspec
import psycopg
import sqlcipher3
from lxml import etree

from benchmarks.machine import cpu_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ROWS_PER_COMMIT = 50_000
COMMITS = 200
Package = tuple[str, str, str, str]  # GTIN, serial, lot, expiry
_TABLE = """create table pack (product integer, serial text, lot integer, state integer, parent integer,
 primary key (product, serial)) without rowid"""

_PG_TABLE = b"""create table pack (parent bigint, lot integer, state smallint,
 serial text collate "C" primary key)"""


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


class Inserted(msgspec.Struct):
    """What the bulk insert took, and the keys to look up."""

    cpu: float
    bytes: int
    keys: list[tuple[int, str]]


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


def insert_rows(folder: Path, packages: Iterator[Package], wanted: set[int]) -> Inserted:
    """Write one row a package into SQLite, in bulk and as durably as the node: no events, no checks.

    ``wanted`` are the positions of the packages whose keys are given back, for the look-ups that follow.
    """
    path = folder / "rows.sqlite"
    store = _open(path)
    store.execute(_TABLE)
    products: dict[str, int] = {}
    lots: dict[str, int] = {}
    keys: list[tuple[int, str]] = []
    spent = 0.0
    position = 0
    while some := list(itertools.islice(packages, ROWS_PER_COMMIT)):
        rows = [
            (products.setdefault(gtin, len(products)), serial, lots.setdefault(lot, len(lots)), 0, 0)
            for gtin, serial, lot, _ in some
        ]
        keys += [row[:2] for number, row in enumerate(rows, start=position) if number in wanted]
        position += len(rows)
        began = cpu_seconds()
        store.execute("begin")
        store.executemany("insert into pack values (?, ?, ?, ?, ?)", rows)
        store.execute("commit")
        spent += cpu_seconds() - began
    began = cpu_seconds()
    store.execute("pragma wal_checkpoint(truncate)")
    spent += cpu_seconds() - began
    store.close()
    return Inserted(spent, path.stat().st_size, keys)


def look_up(folder: Path, keys: list[tuple[int, str]]) -> dict[str, float]:
    """Point-read rows and encode an answer the size of a verdict: no scan read, no rules, no record."""
    store = _open(folder / "rows.sqlite")
    read = store.execute
    query = "select lot, state, parent from pack where product = ? and serial = ?"
    for key in keys[: len(keys) // 10]:
        read(query, key).fetchone()
    keys = keys[len(keys) // 10 :]
    encode = msgspec.json.Encoder().encode
    began = cpu_seconds()
    for key in keys:
        lot, state, parent = read(query, key).fetchone()
        encode(_answer(key, lot, state, parent))
    spent = cpu_seconds() - began
    store.close()
    return {"cpu": spent, "count": len(keys)}


def commit(folder: Path, rows: int) -> dict[str, float]:
    """Commit a handful of rows, durably, as one small document must be: the median of many."""
    store = _open(folder / "commits.sqlite")
    store.execute(_TABLE)
    cpu: list[float] = []
    wall: list[float] = []
    for number in range(COMMITS):
        began, clock = cpu_seconds(), time.perf_counter()
        store.execute("begin immediate")
        store.executemany(
            "insert into pack values (?, ?, ?, ?, ?)", [(number, str(row), 0, 0, 0) for row in range(rows)]
        )
        store.execute("commit")
        cpu.append(cpu_seconds() - began)
        wall.append(time.perf_counter() - clock)
    store.close()
    return {"cpu": statistics.median(cpu), "wall": statistics.median(wall)}


def copy_rows(url: str, packages: Iterator[Package], wanted: set[int]) -> Inserted:
    """Write one row a package into PostgreSQL by COPY: no events, no checks; the server's CPU is the caller's to read.

    ``wanted`` are the positions of the packages whose keys are given back, for the look-ups that follow.
    """
    products: dict[str, int] = {}
    lots: dict[str, int] = {}
    keys: list[tuple[int, str]] = []
    spent = 0.0
    position = 0
    with psycopg.connect(url, autocommit=True) as store:
        store.execute(_PG_TABLE)
        while some := list(itertools.islice(packages, ROWS_PER_COMMIT)):
            rows = [
                (products.setdefault(gtin, len(products)), serial, lots.setdefault(lot, len(lots)))
                for gtin, serial, lot, _ in some
            ]
            keys += [row[:2] for number, row in enumerate(rows, start=position) if number in wanted]
            position += len(rows)
            began = cpu_seconds()
            with store.cursor() as cursor, cursor.copy("COPY pack (serial, lot, parent, state) FROM STDIN") as copy:
                copy.write("".join(f"{product:03d}{serial}\t{lot}\t0\t0\n" for product, serial, lot in rows))
            spent += cpu_seconds() - began
    return Inserted(spent, 0, keys)


def select_rows(url: str, keys: list[tuple[int, str]], served: Callable[[], float]) -> dict[str, float]:
    """Point-read rows by a prepared statement and encode an answer the size of a verdict."""
    encode = msgspec.json.Encoder().encode
    query = b"SELECT lot, state, parent FROM pack WHERE serial = %s::text"
    with psycopg.connect(url, autocommit=True, prepare_threshold=0) as store, store.cursor(binary=True) as cursor:
        cursor.execute("SET plan_cache_mode TO force_generic_plan")
        for product, serial in keys[: len(keys) // 10]:
            cursor.execute(query, (f"{product:03d}{serial}",)).fetchone()
        keys = keys[len(keys) // 10 :]
        before = served()
        began = cpu_seconds()
        for product, serial in keys:
            row = cursor.execute(query, (f"{product:03d}{serial}",)).fetchone()
            assert row is not None, "what was copied is there"
            encode(_answer((product, serial), *row))
        spent = cpu_seconds() - began
        server = served() - before
    return {"cpu": spent, "server": server, "count": len(keys)}


def commit_rows(url: str, rows: int, served: Callable[[], float]) -> dict[str, float]:
    """Commit a handful of rows on a server, in one round trip each time: the median of many, both sides' CPU."""
    cpu: list[float] = []
    wall: list[float] = []
    with psycopg.connect(url, autocommit=True, prepare_threshold=0) as store:
        store.execute(_PG_TABLE)
        into = b"INSERT INTO pack (serial, lot, parent, state) "
        query = into + b"SELECT n::text || '-' || %s, 0, 0, 0 FROM generate_series(1, %s) n"
        for number in range(COMMITS):
            before = served()
            began, clock = cpu_seconds(), time.perf_counter()
            store.execute(query, (str(number), rows))
            cpu.append(cpu_seconds() - began + served() - before)
            wall.append(time.perf_counter() - clock)
    return {"cpu": statistics.median(cpu), "wall": statistics.median(wall)}


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
