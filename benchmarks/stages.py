"""The work that is measured, each piece in a process of its own so that none warms or burdens the next.

Run by ``benchmarks.run`` as ``python -m benchmarks.stages NAME JSON``; prints one JSON object.
"""

from __future__ import annotations

import contextlib
import gc
import io
import multiprocessing
import random
import statistics
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import psycopg
from psycopg import sql

from benchmarks import alarms, audits, floors, log, openfda, proof_page, queries, recalls, standards
from benchmarks import scans as reading_scans
from benchmarks.documents import (
    BUYER_GLN,
    BUYER_GLN_URN,
    MAKER_GLN,
    MAKER_GLN_URN,
    MAKER_PREFIX,
    MAKER_SITE_URN,
    PRODUCTS,
    Counts,
    Shape,
    steps,
)
from benchmarks.engines import flush, server_cpu, size_of
from benchmarks.machine import cpu_seconds
from benchmarks.task import Task
from benchmarks.trees import measure as measure_trees
from rxtrail.bootstrap import STORE_FILE, open_node
from rxtrail.bootstrap.engines import keeper_of
from rxtrail.core.gs1.check_digit import check_digit
from rxtrail.simulate import scan_text
from rxtrail.store.sqlite import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from threading import Barrier

    from rxtrail.bootstrap import Node

FAIR_SECONDS = 5.0
FAIR_PACKAGES = 20
WARM_UP = 2_000  # the first reads of a process fetch pages; a node at a counter has them


def packages_of(task: Task) -> Iterator[tuple[str, str, str, str]]:
    """Give (GTIN, serial, lot, expiry) of every bottle in the yardstick document."""
    gtins: dict[str, str] = {}
    for step in steps(shape_of(task), Counts()):
        if not step.lot:
            continue
        prefix, _, _ = step.epcs[0].rpartition(".")
        item = prefix.rpartition(".")[2]
        if item[0] != "0":
            continue  # cases
        gtin = gtins.get(item) or gtins.setdefault(
            item, f"0{MAKER_PREFIX}{item[1:]}" + check_digit(f"0{MAKER_PREFIX}{item[1:]}")
        )
        start = len(prefix) + 1
        yield from [(gtin, epc[start:], step.lot, step.expiry) for epc in step.epcs]


def shape_of(task: Task) -> Shape:
    """Give the shape that the document of this run was written with."""
    return msgspec.convert({"packages": task.packages, "day": task.day}, Shape)


def positions(task: Task) -> set[int]:
    """Choose distinct random packages by their place in the document."""
    return set(random.Random(task.seed).sample(range(task.packages), min(task.count, task.packages)))


def packs(task: Task) -> list[tuple[str, str, str, str]]:
    """Give (GTIN, serial, lot, expiry) of distinct random packs, in a random order."""
    wanted = positions(task)
    chosen = [package for position, package in enumerate(packages_of(task)) if position in wanted]
    random.Random(task.seed).shuffle(chosen)
    return chosen


def codes(task: Task) -> list[str]:
    """Give scanner text of distinct random packs, some with a serial that was never issued."""
    rng = random.Random(task.seed)
    wanted = positions(task)
    texts = []
    chosen = (package for position, package in enumerate(packages_of(task)) if position in wanted)
    for number, (gtin, serial, lot, expiry) in enumerate(chosen):
        unknown = number % 100 < task.unknown
        text = scan_text(gtin, "0" + serial[::-1] if unknown else serial, lot, expiry)
        texts.append(text.replace("\x1d", "") if task.lost else text)
    rng.shuffle(texts)
    return texts


# --- stages ---------------------------------------------------------------------------------------------


def capture(task: Task) -> dict[str, object]:
    """Capture a document into a new node until all of it is durable and the node is closed."""
    data = Path(task.data)
    began, clock = cpu_seconds(), time.perf_counter()
    served = server_cpu(task.servers)
    with _node(task) as node, Path(task.document).open("rb") as stream:
        receipt = node.capture(stream, name=Path(task.document).name)
    spent, wall = cpu_seconds() - began, time.perf_counter() - clock
    flush(task.store)
    return {
        "cpu": spent,
        "servers": _since(served, task),
        "wall": wall,
        "packages": receipt.packages,
        "events": receipt.events,
        "new_events": receipt.new_events,
        "findings": Counter(finding.code for finding in receipt.findings),
        "bytes": size_of(data, task.store),
    }


def verify(task: Task) -> dict[str, object]:
    """Verify distinct random packs and record each scan, until the node's queue is empty and it is closed."""
    texts = codes(task)
    verdicts: Counter[str] = Counter()
    with _node(task) as node:
        warm_up = min(WARM_UP, len(texts) // 10)
        for text in texts[:warm_up]:
            node.verify(text, site=BUYER_GLN)
        texts = texts[warm_up:]
        _settle()
        served = server_cpu(task.servers)
        began, clock = cpu_seconds(), time.perf_counter()
        for text in texts:
            verdicts[node.verify(text, site=BUYER_GLN).verdict.value] += 1
    return {
        "cpu": cpu_seconds() - began,
        "servers": _since(served, task),
        "wall": time.perf_counter() - clock,
        "count": len(texts),
        "verdicts": dict(verdicts),
    }


def trace(task: Task) -> dict[str, object]:
    """Trace distinct random packs: made, packed twice, shipped, received."""
    texts = codes(task)[::-1]
    found = 0
    spent: list[float] = []
    with _node(task) as node:
        for text in texts[: len(texts) // 10]:
            node.trace(text)
        texts = texts[len(texts) // 10 :]
        _settle()
        served = server_cpu(task.servers)
        began = cpu_seconds()
        for text in texts:
            clock = time.perf_counter()
            found += len(node.trace(text).events) >= 5
            spent.append(time.perf_counter() - clock)
        cpu = cpu_seconds() - began
    spent.sort()
    return {
        "cpu": cpu,
        "servers": _since(served, task),
        "count": len(texts),
        "found": found,
        "p50_us": spent[len(spent) // 2] * 1e6,
        "p99_us": spent[len(spent) * 99 // 100] * 1e6,
    }


def recall(task: Task) -> dict[str, object]:
    """Approve recalls of that lot, and time how soon an open counter knows."""
    with _node(task) as node:
        return recalls.measure(node, recall_gtin(), recall_lot(), task.count)


def holders(task: Task) -> dict[str, object]:
    """Ask who holds the lot of the recall document, once it is captured, as often as ``count`` says."""
    with _node(task) as node:
        told = node.holders(recall_gtin(), recall_lot())
        served = server_cpu(task.servers)
        began = cpu_seconds()
        spent: list[float] = []
        for _ in range(task.count):
            clock = time.perf_counter()
            node.holders(recall_gtin(), recall_lot())
            spent.append(time.perf_counter() - clock)
        cpu = cpu_seconds() - began
    return {
        "cpu": cpu,
        "servers": _since(served, task),
        "count": task.count,
        "packs": told.packs,
        "wall": statistics.median(spent),
    }


def preview(task: Task) -> dict[str, object]:
    """Preview the recall of that lot as often as ``count`` says."""
    with _node(task) as node:
        return alarms.preview(node, recall_gtin(), recall_lot(), task.count)


def watched(task: Task) -> dict[str, object]:
    """Capture and verify with a lane or without; see ``benchmarks.alarms``."""
    return alarms.watched(task, codes(task))


def fair(task: Task) -> dict[str, object]:
    """Have ``count`` clients capture small documents at once for some seconds: how many each got, how long it waited.

    Where several processes may write one record each client is a process with a node of its own; otherwise all are
    threads of the one that writes.
    """
    with multiprocessing.get_context("spawn").Manager() as manager:
        results = manager.list()
        begin = manager.Barrier(task.count)
        if task.store:
            context = multiprocessing.get_context("spawn")
            clients = [
                context.Process(target=_client, args=(task, number, begin, results)) for number in range(task.count)
            ]
            for client in clients:
                client.start()
            for client in clients:
                client.join()
        else:
            with _node(task) as node:
                threads = [
                    threading.Thread(target=_captures, args=(node, number, begin, results))
                    for number in range(task.count)
                ]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
        counts, waits = [row[0] for row in results], [row[1] for row in results]
    if len(counts) != task.count:
        raise ValueError(f"{len(counts)} of {task.count} clients came to an end")
    return {"counts": counts, "wait": max(waits)}


def _client(task: Task, number: int, begin: Barrier, results: list[tuple[int, float]]) -> None:
    folder = Path(task.data) / f"client-{number}"
    folder.mkdir()
    with open_node(folder, store_url=task.store) as node:
        _captures(node, number, begin, results)


def _captures(node: Node, client: int, begin: Barrier, results: list[tuple[int, float]]) -> None:
    begin.wait()
    count, longest = 0, 0.0
    until = time.perf_counter() + FAIR_SECONDS
    while (clock := time.perf_counter()) < until:
        receipt = node.capture(io.BytesIO(_small(client, count)), name=f"small-{client}-{count}.json")
        longest = max(longest, time.perf_counter() - clock)
        if receipt.packages != FAIR_PACKAGES:
            raise ValueError(f"{FAIR_PACKAGES} new packages gave {receipt}")
        count += 1
    results.append((count, longest))


def ship(task: Task) -> dict[str, object]:
    """Ship pallets of ``packages`` packs that are on record, a document each; count the rows of one."""
    with _node(task) as node:
        node.capture(io.BytesIO(_pallets(task.packages)), name="pallets.json")
    before = _rows(task)
    with _node(task) as node:
        node.capture(io.BytesIO(_shipment(0)), name="shipment-0.json")
    after = _rows(task)
    cpu: list[float] = []
    wall: list[float] = []
    with _node(task) as node:
        node.capture(io.BytesIO(_shipment(1)), name="shipment-1.json")
        for number in range(2, PALLETS):
            document = io.BytesIO(_shipment(number))
            served = sum(server_cpu(task.servers))
            began, clock = cpu_seconds(), time.perf_counter()
            receipt = node.capture(document, name=f"shipment-{number}.json")
            cpu.append(cpu_seconds() - began + sum(server_cpu(task.servers)) - served)
            wall.append(time.perf_counter() - clock)
            if receipt.new_events != 1:
                raise ValueError(f"a shipment of one event gave {receipt}")
    return {
        "cpu": statistics.median(cpu),
        "wall": statistics.median(wall),
        "rows": {name: count - before.get(name, 0) for name, count in after.items() if count != before.get(name, 0)},
    }


def scans(task: Task) -> dict[str, object]:  # noqa: ARG001 - every stage is told its task
    """Read scanner text of every kind, without a record."""
    return reading_scans.measure()


def floor_xml(task: Task) -> dict[str, float]:
    """Parse the XML and do nothing with it."""
    return floors.parse_xml(Path(task.document))


def floor_json(task: Task) -> dict[str, float]:
    """Parse the JSON and do nothing with it."""
    return floors.parse_json(Path(task.document))


def floor_rows(task: Task) -> dict[str, object]:
    """Insert one row a package, then read some of them back one by one."""
    folder = Path(task.data)
    wanted = positions(task)
    if task.store:
        served = server_cpu(task.servers)
        inserted = floors.copy_rows(task.store, packages_of(task), wanted)
        flush(task.store)
        insert_servers = _since(served, task)
        size = size_of(folder, task.store)
    else:
        inserted = floors.insert_rows(folder, packages_of(task), wanted)
        insert_servers, size = [], inserted.bytes
    keys = inserted.keys
    random.Random(task.seed).shuffle(keys)
    _settle()
    if task.store:
        look_up = floors.select_rows(task.store, keys, lambda: sum(server_cpu(task.servers)))
    else:
        look_up = floors.look_up(folder, keys)
    return {"insert": {"cpu": inserted.cpu, "servers": insert_servers, "bytes": size}, "look_up": look_up}


def floor_commit(task: Task) -> dict[str, float]:
    """Commit ``count`` rows at a time."""
    if task.store:
        return floors.commit_rows(task.store, task.count, lambda: sum(server_cpu(task.servers)))
    return floors.commit(Path(task.data), task.count)


def publish(task: Task) -> dict[str, Any]:
    """Write records and publish them as a log; see ``benchmarks.log``."""
    return log.publish(Path(task.data), task.store, task.count)


def trees(task: Task) -> dict[str, float]:
    """Build the log's tree over ``count`` entries, prove from it, check the proofs."""
    return measure_trees(task.count)


def query(task: Task) -> dict[str, Any]:
    """Read pages of events by every kind of index; then capture alone, and beside subscribers."""
    with _node(task) as node:
        queries.fill(node, task.count)
        pages = queries.measure(node, task.count)
        node.resume_in_background()  # where deliveries are made
        alone = queries.subscribed(node, 10_000_000, subscriptions=0)
        beside = queries.subscribed(node, 20_000_000, subscriptions=queries.SUBSCRIPTIONS)
    return {"pages": pages, "alone": alone, "subscribed": beside, "subscriptions": queries.SUBSCRIPTIONS}


_ALL: tuple[Callable[[Task], dict[str, Any]], ...] = (
    *(
        scans,
        publish,
        capture,
        verify,
        trace,
        holders,
        preview,
        recall,
        watched,
        fair,
        ship,
        trees,
        query,
        floor_xml,
        floor_json,
        floor_rows,
        floor_commit,
    ),
    *(audits.audit, audits.audit_log, proof_page.proof_page),
    openfda.load_openfda,
    *(standards.hash_events, standards.validate, standards.write_again),
)
STAGES = {stage.__name__: stage for stage in _ALL}

# --- helpers --------------------------------------------------------------------------------------------

PALLETS = 7  # one to count rows, one to warm up, five to measure
_CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"


def recall_shape(packages: int, day: str) -> Shape:
    """Give the shape of one more document: a single lot, with names that no other document of a run has."""
    asked = {"packages": packages, "seed": 7, "day": day, "bottles_per_lot": packages, "lot_prefix": "R",
             "first_pallet": 500_000_000}  # fmt: skip
    return msgspec.convert(asked, Shape)


def more_shape(packages: int, day: str) -> Shape:
    """Give the shape of one more document like the first, with names that no other document of a run has."""
    asked = {"packages": packages, "seed": 8, "day": day, "lot_prefix": "M", "first_pallet": 600_000_000}
    return msgspec.convert(asked, Shape)


def recall_lot() -> str:
    """Give the one lot of the recall document."""
    return "R00001"


def recall_gtin() -> str:
    """Give the product of the recall document."""
    return alarms.gtin(PRODUCTS[0])


def _node(task: Task) -> Node:
    return open_node(Path(task.data), store_url=task.store or None, encrypt=not task.plain)


def _since(before: list[float], task: Task) -> list[float]:
    # A process that ended meanwhile is told in whole ticks, which may be less than it had told of itself.
    return [max(0.0, now - then) for then, now in zip(before, server_cpu(task.servers), strict=True)]


def _small(client: int, number: int) -> bytes:
    packs = [f"urn:epc:id:sgtin:{MAKER_PREFIX}.019002.F{client}N{number}P{pack}" for pack in range(FAIR_PACKAGES)]
    event: dict[str, object] = {
        "type": "ObjectEvent",
        "eventTime": f"2026-10-05T0{client}:00:00Z",
        "eventTimeZoneOffset": "+00:00",
        "epcList": packs,
        "action": "ADD",
        "bizStep": "commissioning",
        "disposition": "active",
        "readPoint": {"id": MAKER_SITE_URN},
        "bizLocation": {"id": MAKER_SITE_URN},
        "ilmd": {"cbvmda:lotNumber": f"FAIR{client}", "cbvmda:itemExpirationDate": "2029-01-31"},
    }
    return _document(f"small-{client}-{number}", [event])


def _settle() -> None:
    """Keep the lists made so far out of the collector's way: they are the benchmark's, not the node's."""
    gc.collect()
    gc.freeze()


def _document(name: str, events: list[dict[str, object]]) -> bytes:
    return msgspec.json.encode(
        {
            "@context": [_CONTEXT],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2026-11-01T00:00:00Z",
            "instanceIdentifier": f"rxtrail-benchmark-{name}",
            "sender": MAKER_GLN,
            "receiver": BUYER_GLN,
            "epcisBody": {"eventList": events},
        }
    )


def _sscc(number: int) -> str:
    return f"urn:epc:id:sscc:{MAKER_PREFIX}.1{900_000_000 + number}"


def _pallets(packages: int) -> bytes:
    """Write pallets with their packs straight on them: what is inside must not matter to their shipping."""
    place = {"readPoint": {"id": MAKER_SITE_URN}, "bizLocation": {"id": MAKER_SITE_URN}}
    base: dict[str, object] = {"eventTimeZoneOffset": "+00:00", "action": "ADD", **place}
    made: dict[str, object] = {
        **base,
        "type": "ObjectEvent",
        "bizStep": "commissioning",
        "disposition": "active",
    }
    ilmd = {"cbvmda:lotNumber": "PALLET", "cbvmda:itemExpirationDate": "2029-01-31"}
    events: list[dict[str, object]] = []
    for pallet in range(PALLETS):
        packs = [f"urn:epc:id:sgtin:{MAKER_PREFIX}.019001.P{pallet}{number:010d}" for number in range(packages)]
        time_of_day = f"0{pallet}:30:00Z"
        events.append({**made, "eventTime": f"2026-10-01T{time_of_day}", "epcList": packs, "ilmd": ilmd})
        events.append({**made, "eventTime": f"2026-10-02T{time_of_day}", "epcList": [_sscc(pallet)]})
        events.append(
            {
                **base,
                "type": "AggregationEvent",
                "eventTime": f"2026-10-03T{time_of_day}",
                "parentID": _sscc(pallet),
                "childEPCs": packs,
                "bizStep": "packing",
                "disposition": "in_progress",
            }
        )
    return _document(f"pallets-{packages}", events)


def _shipment(number: int) -> bytes:
    event: dict[str, object] = {
        "type": "ObjectEvent",
        "eventTime": f"2026-10-04T09:00:0{number}Z",
        "eventTimeZoneOffset": "+00:00",
        "epcList": [_sscc(number)],
        "action": "OBSERVE",
        "bizStep": "shipping",
        "disposition": "in_transit",
        "readPoint": {"id": MAKER_SITE_URN},
        "bizTransactionList": [{"type": "po", "bizTransaction": f"urn:epcglobal:cbv:bt:{BUYER_GLN}:PO{number}"}],
        "sourceList": [{"type": "owning_party", "source": MAKER_GLN_URN}],
        "destinationList": [{"type": "owning_party", "destination": BUYER_GLN_URN}],
    }
    return _document(f"shipment-{number}", [event])


def _rows(task: Task) -> dict[str, int]:
    """Count the rows of every table, with the node closed and none of its code."""
    if task.store:
        with psycopg.connect(task.store) as connection:
            query = "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
            names = [name for (name,) in connection.execute(query).fetchall()]
            return {name: _count(connection, name) for name in names if not name.startswith(("citus_", "pg_"))}
    path = Path(task.data) / STORE_FILE
    root = keeper_of(Path(task.data), None).root()
    counted: dict[str, int] = {}
    with contextlib.closing(connect(path, root, cache_kib=10_000, read_only=True)) as store:
        for (name,) in store.execute("select name from sqlite_master where type = 'table'").fetchall():
            counted[name] = store.execute(f'select count(*) from "{name}"').fetchone()[0]  # noqa: S608
    return counted


def _count(connection: psycopg.Connection[Any], table: str) -> int:
    row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
    return int(row[0]) if row is not None else 0


def main(arguments: list[str]) -> None:
    """Run one stage and print what it measured."""
    name, task = arguments
    result = STAGES[name](msgspec.json.decode(task, type=Task))
    sys.stdout.write(msgspec.json.encode(result).decode() + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
