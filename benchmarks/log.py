"""The published log: what an entry costs, how old a head is when it is signed, and what bare hashing would cost."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import statistics
import sys
import time
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.machine import cpu_seconds
from rxtrail import clock
from rxtrail.bootstrap import open_node
from rxtrail.core.merkle.tile import TileBuilder
from rxtrail.log_settings import LogSettings
from rxtrail.publishing import signer_of
from rxtrail.publishing.publisher import Publisher
from rxtrail.publishing.signer_client import InlineSigner, SignerAway, SignerChild, SocketSigner
from rxtrail.publishing.signer_wire import SOCKET_NAME
from rxtrail.publishing.tiles import entries_of, leaves_of
from rxtrail.store.rows import RecordKind

if TYPE_CHECKING:
    from rxtrail.bootstrap import Node

RECORD_BYTES = 300
BATCH = 1_000
ROUNDS = 40
ROUND_RECORDS = 64
SIGNER_SECONDS_MAX = 20.0


def publish(folder: Path, store: str, count: int) -> dict[str, Any]:
    """Write records and publish them, all at once and then in small rounds with the signer as a process of its own."""
    with open_node(folder, store_url=store or None) as node:
        began = cpu_seconds()
        for _ in range(count // BATCH):
            append(node, BATCH)
        written = cpu_seconds() - began
        signer = InlineSigner(signer_of(node.data, LogSettings(), now_us=clock.now_us, random_bytes=clock.random_bytes))
        with contextlib.closing(signer):
            publisher = publisher_of(node, signer)
            began, wall = cpu_seconds(), time.perf_counter()
            publisher.publish()
            published, took = cpu_seconds() - began, time.perf_counter() - wall
        rows = node._reader().entries_from(0, count)  # noqa: SLF001
        bare = bare_rows(folder, count)
        floor = bare_hashing([row[2] + row[3] for row in rows])
        began = cpu_seconds()
        made = sum(len(TileBuilder().extend(leaves_of(rows[:BATCH]))) for _ in range(ROUNDS))
        tiles = (cpu_seconds() - began) / made
        rounds, floors = latencies(node)
        entry_bytes = len(entries_of(rows[:1])[0])
    return {
        "entries": node.log_size_told,
        "records": count,
        "written": written,
        "published": published,
        "wall": took,
        "hashing": floor,
        "rows": bare,
        "tile": tiles,
        "rounds": rounds,
        "synced": floors,
        "entry_bytes": entry_bytes,
    }


def append(node: Node, count: int) -> None:
    """Write records of a usual size, durably."""
    body = b"\x01" + b"x" * (RECORD_BYTES - 1)

    def work(_tx: Any, log: Any) -> None:  # noqa: ANN401
        for _ in range(count):
            log.append(RecordKind.COMMAND, body)

    node._writing()[0].do(work)  # noqa: SLF001


def publisher_of(node: Node, signer: Any) -> Publisher:  # noqa: ANN401
    """Give a publisher of this node."""
    return Publisher(
        reader=node._reader,  # noqa: SLF001
        writer=lambda: node._writing()[0],  # noqa: SLF001
        signer=signer,
        name="bench",
        now_us=clock.now_us,
        shared=False,
        seconds=1.0,
    )


def bare_hashing(entries: list[bytes]) -> float:
    """Hash each entry once, and one node for each: what any Merkle tree must; gives CPU seconds."""
    began = cpu_seconds()
    last = b""
    for entry in entries:
        last = sha256(b"\x00" + entry).digest()
        last = sha256(b"\x01" + last + last).digest()
    assert last or not entries
    return cpu_seconds() - began


def bare_rows(folder: Path, count: int) -> float:
    """Put rows of that size into a bare SQLite file, a synced commit for each batch; gives CPU seconds."""
    body = os.urandom(RECORD_BYTES)
    with contextlib.closing(sqlite3.connect(folder / "floor.sqlite", isolation_level=None)) as store:
        store.execute("pragma journal_mode = wal")
        store.execute("pragma synchronous = full")
        store.execute("create table record (position integer primary key, id blob, body blob)")
        began = cpu_seconds()
        for first in range(0, count, BATCH):
            store.execute("begin")
            rows = ((position, body[:16], body) for position in range(first, first + BATCH))
            store.executemany("insert into record values (?, ?, ?)", rows)
            store.execute("commit")
        return cpu_seconds() - began


def latencies(node: Node) -> tuple[list[float], list[float]]:
    """Time rounds from the commit to the head, with the signer as its own process; beside each one synced file."""
    child = SignerChild(["--data", str(node.data)])
    child.start()
    rounds, floors = [], []
    try:
        with contextlib.closing(SocketSigner(node.data / SOCKET_NAME)) as signer:
            until = time.monotonic() + SIGNER_SECONDS_MAX
            while True:
                try:
                    signer.hello()
                    break
                except SignerAway:
                    if time.monotonic() > until:
                        raise
                    time.sleep(0.05)
            publisher = publisher_of(node, signer)
            for number in range(ROUNDS):
                append(node, ROUND_RECORDS)
                began = time.perf_counter()
                publisher.publish()
                rounds.append(time.perf_counter() - began)
                floors.append(synced_file(node.data / f"floor-{number}"))
    finally:
        child.stop()
    return rounds, floors


def synced_file(path: Path) -> float:
    """Write and sync a small file and its folder's entry twice: the signer's head and the store's commit."""
    began = time.perf_counter()
    for _ in range(2):
        with path.open("wb") as file:
            file.write(b"x" * 300)
            file.flush()
            os.fsync(file.fileno())
        handle = os.open(path.parent, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)
    path.unlink()
    return time.perf_counter() - began


def main(arguments: list[str]) -> None:
    """Measure alone: ``python -m benchmarks.log FOLDER [RECORDS]``."""
    told = publish(Path(arguments[0]), "", int(arguments[1]) if len(arguments) > 1 else 100_000)
    per = 1e6 / told["records"]
    print(f"written {told['written'] * per:.2f}, published {told['published'] * per:.2f} us CPU a record")
    print(f"bare hashing {told['hashing'] * per:.2f} us, {told['records'] / told['wall']:,.0f} entries/s wall")
    print(f"tiles {1 / told['tile']:,.0f}/s CPU, entry {told['entry_bytes']} bytes")
    rounds, synced = (statistics.median(told[name]) * 1e3 for name in ("rounds", "synced"))
    print(f"head {rounds:.2f} ms, synced {synced:.2f} ms")


if __name__ == "__main__":
    main(sys.argv[1:])
