"""Run every benchmark, each figure beside the floor of this machine measured in the same run.

``make bench``, or ``python -m benchmarks --help``. CPU is that of the whole process (threads and children)
or, over HTTP, of the server's process tree, so a busy machine changes it little. With ``--store`` a database is
measured: the CPU of all its processes is added, with what it costs to write all pages to the disk. Medians of
several runs, ours and the floor's in turn. Nothing passes or fails by time here; a wrong answer ends the run.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from benchmarks import documents, machine, queries, report
from benchmarks.engines import engine_of, server_cpu
from benchmarks.report import Figure
from benchmarks.scans import CODES as SCANS
from benchmarks.stages import FAIR_SECONDS, codes, more_shape, packs, recall_shape
from benchmarks.task import Task
from benchmarks.trees import EVENT_PACKAGES, EVENTS, PROOFS, TILE_PROOFS
from rxtrail.config import ROOT_KEY_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.engines import Engine

SIZES = (100_000, 1_000_000)
VERIFICATIONS = 20_000
UNKNOWN = 1  # of a hundred scans: what nobody knows is looked for in every other reading, and measured by itself
STRANGERS = 1_000
HTTP_VERIFICATIONS = 20_000
HTTP_WARM_UP = 2_000
HTTP_SECONDS_MAX = 60.0
CONNECTIONS = 32
DISPENSERS = 64
DISPENSINGS = 10_000  # a run
TRACES = 2_000
# A larger document is not held in memory only to be parsed: the floor is then scaled up from this many.
PARSED_PACKAGES_MAX = 1_000_000
PALLETS_OF = (10, 10_000)
LOT_PACKAGES = 100_000
TREE_ENTRIES = 1_000_000
QUERY_EVENTS = 100_000
REST_EVENTS = 20_000
HOLDERS_ASKED = 30
PREVIEWS = 10
CLIENTS = 8
LOG_RECORDS = 100_000
START_SECONDS_MAX = 60.0
HOST = "127.0.0.1"
ROOT = Path(__file__).resolve().parents[1]


class WrongAnswer(Exception):
    """The thing measured did not do its work, so how long it took means nothing."""


def main(arguments: list[str]) -> int:
    """Measure, print the table, and write the results where they were asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--packs", type=int, nargs="+", default=list(SIZES), help="e.g. --packs 10000000")
    parser.add_argument("--query-events", type=int, default=QUERY_EVENTS, help="events under the queries' pages")
    parser.add_argument("--recall-in", type=int, help="only a recall, in a record of so many packages: 10000000")
    parser.add_argument("--repeats", type=int, default=0, help="runs per figure (default by size: 5, 3 or 1)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")
    parser.add_argument("--out", type=Path, help="also write the JSON results to this file")
    parser.add_argument("--readme", action="store_true", help="rewrite the table in README.md")
    parser.add_argument(
        "--store",
        default="sqlite",
        help="sqlite, postgres (a server is started), or the URL of a server or Citus coordinator on this machine",
    )
    parser.add_argument("--may-empty", action="store_true", help="the database of a Citus URL may be emptied")
    parser.add_argument("--work", type=Path, help="folder on the disk to measure (default: the temporary one)")
    given = parser.parse_args(arguments)

    try:
        with (
            tempfile.TemporaryDirectory(prefix="rxtrail-bench-", dir=given.work) as folder,
            engine_of(given.store, may_empty=given.may_empty) as engine,
        ):
            bench = _Bench(Path(folder), engine)
            if engine.servers:  # several processes with folders of their own work on one record
                _SHARED[ROOT_KEY_VARIABLE] = str(Path(folder) / "root.key")
            if given.recall_in:
                bench.recall_in(given.recall_in)
            else:
                _everything(bench, given)
            results = report.Results(bench.machine, bench.figures)
    except (WrongAnswer, ValueError) as wrong:
        _say(str(wrong))
        return 1
    if given.json:
        print(msgspec.json.encode(results).decode())
    else:
        print(report.text(results))
    if given.out is not None:
        given.out.write_bytes(msgspec.json.format(msgspec.json.encode(results)) + b"\n")
    if given.readme:
        report.into_readme(ROOT / "README.md", results)
    return 0


def _everything(bench: _Bench, given: argparse.Namespace) -> None:
    for packages in given.packs:
        bench.measure(packages, given.repeats or _repeats(packages))
    bench.encryption(min(given.packs), given.repeats or 5)
    bench.watched(min(given.packs), given.repeats or 3)
    bench.reading(given.repeats or 3)
    bench.growth()
    bench.standards(min(given.packs), given.repeats or 3)
    bench.openfda(given.repeats or 3)
    bench.shipping(given.repeats or 3)
    bench.audits(given.repeats or 3)
    bench.fairness()
    bench.publishing(given.repeats or 3)
    bench.trees(given.repeats or 3)
    bench.proof_page(given.repeats or 3)
    bench.queries(given.query_events)


def _repeats(packages: int) -> int:
    return 5 if packages <= 100_000 else 3 if packages <= 1_000_000 else 1


class _Bench:
    """One run: its folder, its machine and the figures so far."""

    def __init__(self, folder: Path, engine: Engine) -> None:
        self.folder = folder
        self.engine = engine
        self.machine = msgspec.structs.replace(machine.describe(folder), engine=engine.name)
        self.figures: list[Figure] = []
        self.grown: dict[str, list[tuple[int, float, float]]] = {}  # figure -> (packages, ours, the floor's)
        self.runs = 0

    def measure(self, packages: int, repeats: int) -> None:
        """Capture, verify and trace at one size."""
        day = dt.datetime.now(dt.UTC).date()
        xml, json = self.written(documents.Shape(packages, day=day))
        parsed_packages = min(packages, PARSED_PACKAGES_MAX)
        parsed_xml, parsed_json = self.written(documents.Shape(parsed_packages, day=day))
        task = Task(packages=packages, day=day.isoformat(), servers=self.engine.servers)

        captured: dict[str, list[dict[str, Any]]] = {"xml": [], "json": []}
        parsed: dict[str, list[float]] = {"xml": [], "json": []}
        rows: list[dict[str, Any]] = []
        record = task
        for repeat in range(repeats):
            floor = _with(self.empty(task), xml, VERIFICATIONS)
            rows.append(_stage("floor_rows", floor))
            self.drop(floor)
            for syntax, path, parsed_path in (("json", json, parsed_json), ("xml", xml, parsed_xml)):
                _say(f"{packages:,} packages, run {repeat + 1} of {repeats}: capture {syntax}")
                if record is not task:
                    self.drop(record)
                record = self.fresh(task)
                told = _stage("capture", _with(record, path))
                if told["packages"] < packages:
                    raise WrongAnswer(f"captured {told['packages']:,} of {packages:,} packages: {told}")
                captured[syntax].append(told)
                cpu = _stage(f"floor_{syntax}", _with(task, parsed_path))["cpu"]
                parsed[syntax].append(cpu * packages / parsed_packages)

        insert = _median(_spent(row["insert"]) for row in rows)
        for syntax in ("xml", "json"):
            parse = _median(parsed[syntax])
            rate = [packages / _spent(told) for told in captured[syntax]]
            name = f"capture {'XML 1.2' if syntax == 'xml' else 'JSON 2.0'}"
            floor_words = f"parse, then one bulk {'insert' if not self.engine.servers else 'COPY'} per row"
            self.add(name, packages, "packages/s CPU", rate, floor_words, packages / (parse + insert))
            self.add(name, packages, "packages/s CPU", rate, "parse only", packages / parse)
            for number in range(len(self.engine.servers)):
                ours = [told["servers"][number] / packages * 1e6 for told in captured[syntax]]
                copied = _median(row["insert"]["servers"][number] for row in rows) / packages * 1e6
                self.add(f"{name}, {self.part(number)}", packages, "µs CPU/package", ours, "COPY of the rows", copied)
        size = [told["bytes"] / packages for told in captured["xml"]]
        floor_size = _median(row["insert"]["bytes"] for row in rows) / packages
        self.add("at rest, all included", packages, "bytes/package", size, "one row per package", floor_size)

        asked = _with(record, xml)
        self.verification(asked, packages, repeats, [row["look_up"] for row in rows])
        self.lot(asked, packages, insert / packages * 1e6, _median(_look_up(row["look_up"]) for row in rows))
        told = _stage("audit", record)
        spent = told["cpu"] / packages * 1e6
        self.add(
            "audit, all of it", packages, "µs CPU/package", [spent], "one row per package", insert / packages * 1e6
        )
        self.dispensing(asked, packages, repeats)
        self.drop(record)
        for path in {xml, json, parsed_xml, parsed_json}:
            path.unlink()

    def recall_in(self, packages: int) -> None:
        """Preview and approve a recall in a large record, which takes far less time to make than all of ``measure``."""
        day = dt.datetime.now(dt.UTC).date()
        xml, json = self.written(documents.Shape(packages, day=day))
        task = Task(packages=packages, day=day.isoformat(), servers=self.engine.servers)
        floor = _with(self.empty(task), xml, VERIFICATIONS)
        _say(f"{packages:,} packages: bare rows")
        row = _stage("floor_rows", floor)
        self.drop(floor)
        xml.unlink()
        record = self.fresh(task)
        _say(f"{packages:,} packages: capture json")
        told = _stage("capture", _with(record, json))
        json.unlink()
        if told["packages"] < packages:
            raise WrongAnswer(f"captured {told['packages']:,} of {packages:,} packages: {told}")
        self.lot(record, packages, _spent(row["insert"]) / packages * 1e6, _look_up(row["look_up"]))
        self.drop(record)

    def part(self, number: int) -> str:
        """Name a server of the engine."""
        return "server" if len(self.engine.servers) == 1 else "coordinator" if number == 0 else f"worker {number}"

    def lot(self, task: Task, packages: int, copied: float, look_up: float) -> None:
        """Capture some lots more, then one large lot made before any of it is packed, and ask who holds that."""
        count = min(packages, LOT_PACKAGES)
        for name, shape in (
            (f"capture JSON 2.0, {count:,} more", more_shape(count, task.day)),
            (f"capture JSON 2.0, a lot of {count:,}", recall_shape(count, task.day)),
        ):
            _say(f"{packages:,} packages: {name}")
            xml, json = self.written(shape)
            xml.unlink()
            told = _stage("capture", _with(task, json))
            json.unlink()
            if told["packages"] < count:
                raise WrongAnswer(f"captured {told['packages']:,} of {count:,} packages: {told}")
            ours = _spent(told) / count * 1e6
            self.add(name, packages, "µs CPU/package", [ours], "one bulk write per row", copied)
            if shape.bottles_per_lot != count:
                self.grown.setdefault("capture, each package", []).append((packages, ours, copied))
        told = _stage("holders", msgspec.structs.replace(task, count=HOLDERS_ASKED))
        if told["packs"] != count:
            raise WrongAnswer(f"somebody holds each of the {count:,} packages, but: {told}")
        each = _spent(told) / told["count"] * 1e3
        one_by_one = look_up * count / 1e3
        name = f"who holds a lot of {count:,}"
        self.add(name, packages, "ms CPU", [each], "one look-up per package", one_by_one)
        shown = _stage("preview", msgspec.structs.replace(task, count=PREVIEWS))
        if shown["packs"] != count:
            raise WrongAnswer(f"a recall of the lot means each of the {count:,} packages, but: {shown}")
        values = [shown["wall"] * 1e3]
        self.add(
            f"preview of a recall of {count:,}", packages, "ms wall", values, "one look-up per package", one_by_one
        )
        red = _stage("recall", msgspec.structs.replace(task, count=PREVIEWS))
        name_red, floor_red = "a recall approved, until a counter is red", "one durable step of it"
        self.add(name_red, packages, "ms wall", red["live_ms"], floor_red, red["step_ms"])
        if self.engine.servers:
            server = sum(told["servers"]) / told["count"] * 1e3
            self.add(f"{name}, server", packages, "ms CPU", [server], "one look-up per package", one_by_one)

    def encryption(self, packages: int, repeats: int) -> None:
        """Capture and verify with encryption at rest and without, in turn; the floor is the same without."""
        day = dt.datetime.now(dt.UTC).date()
        paths = self.written(documents.Shape(packages, day=day))
        spent: dict[tuple[str, bool], list[float]] = {}
        for repeat in range(repeats):
            _say(f"{packages:,} packages, run {repeat + 1} of {repeats}: with encryption and without")
            for syntax, path in zip(("XML 1.2", "JSON 2.0"), paths, strict=True):
                for plain in (True, False) if repeat % 2 else (False, True):
                    task = self.fresh(Task(packages=packages, day=day.isoformat(), servers=self.engine.servers))
                    task = msgspec.structs.replace(task, document=str(path), plain=plain, seed=500 + repeat)
                    told = _stage("capture", task)
                    if told["packages"] < packages:
                        raise WrongAnswer(f"captured {told['packages']:,} of {packages:,} packages: {told}")
                    of = spent.setdefault
                    of((f"capture {syntax}", plain), []).append(_spent(told) / packages * 1e6)
                    if syntax == "JSON 2.0":
                        of(("at rest", plain), []).append(told["bytes"] / packages)
                        asked = msgspec.structs.replace(task, count=VERIFICATIONS, unknown=UNKNOWN)
                        told = _stage("verify", asked)
                        _check_verdicts(told["verdicts"], told["count"], UNKNOWN)
                        of(("verify", plain), []).append(_spent(told) / told["count"] * 1e6)
                    self.drop(task)
        for path in paths:
            path.unlink()
        for what, unit in (
            ("capture XML 1.2", "µs CPU/package"),
            ("capture JSON 2.0", "µs CPU/package"),
            ("verify", "µs CPU"),
            ("at rest", "bytes/package"),
        ):
            floor = _median(spent[what, True])
            self.add(f"encryption: {what}", packages, unit, spent[what, False], "the same without encryption", floor)

    def watched(self, packages: int, repeats: int) -> None:
        """Capture and verify with an approved lane for every product and without any, in turn."""
        xml, json = self.written(documents.Shape(packages))
        json.unlink()
        told: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
        for repeat in range(repeats):
            _say(f"{packages:,} packages, run {repeat + 1} of {repeats}: with lanes and without")
            for lanes in (True, False) if repeat % 2 else (False, True):
                task = self.fresh(Task(packages=packages, day=documents.YARDSTICK_DAY.isoformat()))
                task = msgspec.structs.replace(
                    task, document=str(xml), servers=self.engine.servers, lanes=lanes, count=VERIFICATIONS,
                    seed=600 + repeat, unknown=UNKNOWN,
                )  # fmt: skip
                one = _stage("watched", task)
                self.drop(task)
                if one["packages"] < packages or one["alerts"]:
                    raise WrongAnswer(f"all of it stays on its lane: {one}")
                told[lanes].append(one)
        xml.unlink()
        for what, unit, scale in (("capture", "µs CPU/package", 1e6 / packages), ("verify", "µs CPU", 1e6)):
            floor = _median(one[what] * scale for one in told[False])
            values = [one[what] * scale for one in told[True]]
            self.add(f"approved routes: {what}", packages, unit, values, "the same without routes", floor)

    def reading(self, repeats: int) -> None:
        """Read scanner text of every kind, without a record."""
        _say("read scans")
        told = [_stage("scans", Task()) for _ in range(repeats)]
        of = {name: [float(one[name]) for one in told] for name in ("floor", "clean", "lost", "german", "worst")}
        bare, count = _median(of["floor"]), SCANS
        self.add("read a clean scan", count, "µs CPU", of["clean"], "one match of its four elements", bare)
        floor, each = "a clean scan for each reading", _median(of["clean"]) * told[0]["readings"]
        self.add("read a scan without its separators", count, "µs CPU", of["lost"], floor, each)
        self.add("read a scan of a German keyboard", count, "µs CPU", of["german"], floor, each)
        self.add("read the slowest text that is known", 1, "µs CPU", of["worst"], floor, each)

    def proof_page(self, repeats: int) -> None:
        """Check a proof as the page does."""
        _say("check a proof by the page's own modules")
        told = []
        for _ in range(repeats):
            task = self.fresh(Task())
            told.append(_stage("proof_page", task))
            self.drop(task)
        if not all(told):
            _say("no Node.js here: what a proof costs the browser is not measured")
            return
        values, floor = [one["proof"] for one in told], _median([one["signature"] for one in told])
        self.add("check a proof, the page's modules", 1, "µs CPU", values, "its one Ed25519 signature", floor)

    def growth(self) -> None:
        """Say how many times dearer each thing is in the largest record than in the smallest."""
        for name, values in self.grown.items():
            values.sort()
            (small, ours_small, floor_small), (large, ours_large, floor_large) = values[0], values[-1]
            if small != large:
                floor = floor_large / floor_small if floor_small else 1.0
                ratio = ours_large / ours_small
                self.add(f"growth from {small:,}: {name}", large, "times", [ratio], "the floor's own growth", floor)

    def openfda(self, repeats: int) -> None:
        """Load a file of openFDA, and put its notes beside verdicts."""
        _say("openFDA's files")
        told = []
        for _ in range(repeats):
            task = self.fresh(Task())
            told.append(_stage("load_openfda", task))
            self.drop(task)
        count = int(told[0]["records"])
        if told[0]["kept"] < count:
            raise WrongAnswer(f"each record of a file is kept: {told[0]}")
        floor = _median([one["records"] / one["floor"] for one in told])
        values = [one["records"] / one["cpu"] for one in told]
        self.add("load openFDA's products", count, "records/s CPU", values, "decode one field, bulk insert", floor)
        bare = _median([one["replace"] * 1e6 for one in told])
        for name, words in (("without", "nothing loaded"), ("beside", "notes known")):
            values = [one[name] * 1e6 for one in told]
            self.add(f"safety beside a verdict, {words}", count, "µs CPU", values, "one copy of the verdict", bare)

    def standards(self, packages: int, repeats: int) -> None:
        """Say what event hashes, validation and conversion cost, beside the string, the capture, the reading."""
        _say("event hashes, validation, conversion")
        told = [_stage("hash_events", Task()) for _ in range(repeats)]
        if told[0]["distinct"] != told[0]["events"]:
            raise WrongAnswer(f"different events have different hashes: {told[0]}")
        strings = statistics.median(one["events"] / one["strings"] for one in told)
        values = [one["events"] / one["cpu"] for one in told]
        self.add("event hash", told[0]["events"], "events/s", values, "the canonical string alone", strings)
        day = dt.datetime.now(dt.UTC).date()
        for syntax, path in zip(("xml", "json"), self.written(documents.Shape(packages, day=day)), strict=True):
            task = self.fresh(Task(document=str(path), packages=packages, servers=self.engine.servers))
            captured = _stage("capture", task)
            self.drop(task)
            told = [_stage("validate", task) for _ in range(repeats)]
            if told[0]["flaws"]:
                raise WrongAnswer(f"the yardstick document is valid: {told[0]}")
            values = [one["cpu"] * 1e3 for one in told]
            floor = _spent(captured) * 1e3
            self.add(f"validate strictly, {syntax}", packages, "ms CPU", values, "to capture it", floor)
            told = [_stage("write_again", task) for _ in range(repeats)]
            if told[0]["events"] != captured["events"]:
                raise WrongAnswer(f"a conversion keeps every event: {told[0]}")
            values = [one["cpu"] * 1e3 for one in told]
            floor = statistics.median(one["read"] * 1e3 for one in told)
            self.add(f"convert from {syntax}", packages, "ms CPU", values, "to read it only", floor)

    def fairness(self) -> None:
        """Have several clients capture at once; how evenly they get on, and how long the unluckiest waited."""
        _say(f"{CLIENTS} clients capture at once")
        asked = msgspec.structs.replace(self.fresh(Task(servers=self.engine.servers)), count=CLIENTS)
        told = _stage("fair", asked)
        self.drop(asked)
        count = sum(told["counts"])
        least = min(told["counts"]) / max(told["counts"])
        name = f"{CLIENTS} clients capture at once"
        self.add(f"{name}: slowest of fastest", count, "share", [least], "all the same", 1.0)
        alone = FAIR_SECONDS / count * CLIENTS  # what each waits when all take turns
        self.add(f"{name}: longest wait", count, "s", [told["wait"]], "everybody's turn once", alone)

    def audits(self, repeats: int) -> None:
        """Read a log of single packages: each record opened, committed to, and its packages' tree made again."""
        told = []
        for repeat in range(repeats):
            _say(f"audit a log of {LOG_RECORDS:,} records, run {repeat + 1} of {repeats}")
            task = self.fresh(Task(count=LOG_RECORDS, servers=self.engine.servers))
            told.append(_stage("audit_log", task))
            self.drop(task)
        hashing = _median(one["hashing"] / one["entries"] for one in told) * 1e6
        ours = [one["cpu"] / one["entries"] * 1e6 for one in told]
        self.add("audit of the log", LOG_RECORDS, "µs CPU/entry", ours, "opened and hashed, no more", hashing)

    def publishing(self, repeats: int) -> None:
        """Publish records as a log: what an entry costs, and how long a head takes."""
        told = []
        for repeat in range(repeats):
            _say(f"publish {LOG_RECORDS:,} records, run {repeat + 1} of {repeats}")
            task = self.fresh(Task(count=LOG_RECORDS, servers=self.engine.servers))
            told.append(_stage("publish", task))
            self.drop(task)
        hashing = _median(one["hashing"] for one in told) / LOG_RECORDS * 1e6
        ours = [one["published"] / LOG_RECORDS * 1e6 for one in told]
        bare = "bare hashlib: a leaf and a node"
        self.add("publish: read, hash, tiles, sign, store", LOG_RECORDS, "µs CPU/entry", ours, bare, hashing)
        rates = [LOG_RECORDS / one["wall"] for one in told]
        self.add("publish: a long record catches up", LOG_RECORDS, "entries/s wall", rates, bare, 1e6 / hashing)
        whole = [(one["written"] + one["published"]) / LOG_RECORDS * 1e6 for one in told]
        rows = hashing + _median(one["rows"] for one in told) / LOG_RECORDS * 1e6
        name = "write, commit to, seal and publish a record"
        self.add(name, LOG_RECORDS, "µs CPU/record", whole, "one bulk insert per row, and bare hashlib", rows)
        tiles = [1 / one["tile"] for one in told]
        self.add("tiles made", LOG_RECORDS, "tiles/s CPU", tiles, f"{bare}, 256 a tile", 1e6 / hashing / 256)
        rounds = [_median(one["rounds"]) * 1e3 for one in told]
        synced = _median(_median(one["synced"]) for one in told) * 1e3
        self.add("a head, from the commit of 64 records on", 64, "ms wall", rounds, "two synced files", synced)

    def trees(self, repeats: int) -> None:
        """Build the log's tree, make proofs, check them, and hash the packages of events."""
        _say(f"a tree of {TREE_ENTRIES:,} entries")
        told = [_stage("trees", Task(count=TREE_ENTRIES)) for _ in range(repeats)]
        for name, what, unit, times, floor in (
            ("tree", f"log's tree and tiles, {TREE_ENTRIES:,} entries", "s CPU", 0, "two bare hashes an entry"),
            ("prove", "inclusion proofs, from memory", "proofs/s CPU", PROOFS, "look-ups of 20 hashes"),
            ("tiles", "inclusion proofs, from tiles that are checked", "proofs/s CPU", TILE_PROOFS, "hashing one tile"),
            ("verify", "inclusion proofs checked", "proofs/s CPU", PROOFS, "20 bare hashes a proof"),
            ("packages", "trees of packages", "packages/s CPU", EVENTS * EVENT_PACKAGES, "two bare hashes a package"),
        ):
            ours = [one[name] for one in told]
            bare = _median(one[f"floor_{name}"] for one in told)
            if times:
                ours, bare = [times / one for one in ours], times / bare
            self.add(what, TREE_ENTRIES, unit, ours, floor, bare)

    def queries(self, count: int) -> None:
        """Read pages of EPCIS events by every kind of index, capture over REST, and beside a thousand subscribers."""
        _say(f"queries over {count:,} events")
        task = self.fresh(Task(count=count, servers=self.engine.servers))
        told = _stage("query", task)
        for name, one in told["pages"].items():
            for which in ("first", "deep"):
                self.add(
                    f"EPCIS page by {name}, {which}, {one['events']:,} of {count:,} events", 0, "ms CPU",
                    [one[which] * 1e3], "the same events read by position", one["floor"] * 1e3,
                )  # fmt: skip
        what = f"capture beside {told['subscriptions']:,} subscriptions"
        self.add(what, 0, "s CPU", [told["subscribed"]], "without any", told["alone"])
        body = self.folder / "rest.json"
        body.write_bytes(queries.document(5_000_000, REST_EVENTS))
        direct = self.fresh(Task(document=str(body), servers=self.engine.servers))
        floor = _spent(_stage("capture", direct))
        self.drop(direct)
        data = self.new_folder()
        with _server("rxtrail", "serve", "--data", str(data), "--port") as (pid, port):
            before = _tree_cpu(pid)
            queries.rest_capture(port, body.read_bytes())
            spent = _tree_cpu(pid) - before
        self.add(f"capture over REST, {REST_EVENTS:,} events", 0, "s CPU", [spent], "captured directly", floor)
        self.drop(task)

    def written(self, shape: documents.Shape) -> tuple[Path, Path]:
        """Write the yardstick document in both syntaxes."""
        name = f"{shape.lot_prefix}{shape.packages}"
        xml, json = self.folder / f"{name}.xml", self.folder / f"{name}.json"
        for path, write in ((xml, documents.write_xml), (json, documents.write_json)):
            if not path.exists():
                with path.open("wb") as out:
                    write(out, shape)
        return xml, json

    def verification(self, task: Task, packages: int, repeats: int, look_ups: list[dict[str, float]]) -> None:
        """Verify in process and over HTTP, and trace, on the record that was captured last."""
        inside, served_inside, traced, served, bare, strangers, repaired = [], [], [], [], [], [], []
        for repeat in range(repeats):
            _say(f"{packages:,} packages, run {repeat + 1} of {repeats}: verify, trace")
            asked = msgspec.structs.replace(task, count=VERIFICATIONS, seed=100 + repeat, unknown=UNKNOWN)
            told = _stage("verify", asked)
            _check_verdicts(told["verdicts"], told["count"], UNKNOWN)
            inside.append(_spent(told) / told["count"] * 1e6)
            served_inside.append(sum(told["servers"]) / told["count"] * 1e6)
            told = _stage("verify", msgspec.structs.replace(asked, count=STRANGERS, unknown=100))
            _check_verdicts(told["verdicts"], told["count"], 100)
            strangers.append(_spent(told) / told["count"] * 1e6)
            told = _stage("verify", msgspec.structs.replace(asked, count=STRANGERS, unknown=0, lost=True))
            if told["verdicts"].get("ok", 0) < 0.98 * told["count"]:
                raise WrongAnswer(f"scans without separators name packs on record, but: {told['verdicts']}")
            repaired.append(_spent(told) / told["count"] * 1e6)
            told = _stage("trace", msgspec.structs.replace(task, count=TRACES, seed=200 + repeat))
            if not 0.85 < told["found"] / told["count"] < 0.95:
                raise WrongAnswer(f"nine in ten traced packs have their five events: {told}")
            traced.append(_spent(told) / told["count"] * 1e6)
            if not Path("/proc/self/stat").exists():
                continue  # the server's CPU is read from there
            _say(f"{packages:,} packages, run {repeat + 1} of {repeats}: verify over HTTP")
            count = HTTP_VERIFICATIONS + HTTP_WARM_UP
            asked = msgspec.structs.replace(task, count=count, seed=300 + repeat, unknown=UNKNOWN)
            requests = [
                b"POST /api/v1/verify "
                + msgspec.json.encode({"scan": text, "site": documents.BUYER_GLN, "purpose": "dispense"})
                for text in codes(asked)
            ]
            at = ("--store", task.store) if task.store else ()
            with _server("rxtrail", "serve", "--data", task.data, *at, "--host", HOST, "--port") as (pid, port):
                told = self.load(pid, port, requests)
                _check_verdicts(told["verdicts"], told["answered"], UNKNOWN)
                served.append(told["cpu"] / told["answered"] * 1e6)
            with _server("benchmarks.bare") as (pid, port):
                told = self.load(pid, port, requests)
                bare.append(told["cpu"] / told["answered"] * 1e6)
        floor = "look-up and encode" if not task.store else "prepared SELECT and encode"
        look_up = _median(_look_up(each) for each in look_ups)
        self.add("verify in process, scan recorded", packages, "µs CPU", inside, floor, look_up)
        self.grown.setdefault("verify", []).append((packages, _median(inside), look_up))
        if task.store:
            selected = _median(each["server"] / each["count"] for each in look_ups) * 1e6
            name = "verify in process, server"
            self.add(name, packages, "µs CPU", served_inside, "prepared SELECT", selected)
            self.grown.setdefault("verify, server", []).append((packages, _median(served_inside), selected))
        if served:
            floor_http = "bare ASGI, same server"
            name = "verify over HTTP, scan recorded"
            self.add(name, packages, "µs server CPU", served, floor_http, _median(bare))
        self.add("verify, a scan without its separators", packages, "µs CPU", repaired, floor, look_up)
        self.add("verify, a serial that nobody knows", packages, "µs CPU", strangers, floor, look_up)
        self.add("trace", packages, "µs CPU", traced, floor, look_up)

    def shipping(self, repeats: int) -> None:
        """Ship a small and a large pallet; neither may write a row per pack."""
        rows: dict[int, dict[str, int]] = {}
        for packages in PALLETS_OF:
            _say(f"ship a pallet of {packages:,}")
            told = []
            for _ in range(repeats):
                task = self.fresh(Task(packages=packages, servers=self.engine.servers))
                told.append(_stage("ship", task))
                self.drop(task)
            rows[packages] = told[0]["rows"]
            count = sum(rows[packages].values())
            task = self.empty(Task(count=count, servers=self.engine.servers))
            floor = _stage("floor_commit", task)
            self.drop(task)
            values = [one["cpu"] * 1e3 for one in told]
            name = f"ship a pallet ({count} rows added)"
            self.add(name, packages, "ms CPU", values, "one commit of as many rows", floor["cpu"] * 1e3)
            values = [one["wall"] * 1e3 for one in told]
            self.add(name, packages, "ms wall", values, "one commit of as many rows", floor["wall"] * 1e3)
        small, large = (rows[packages] for packages in PALLETS_OF)
        if small != large:
            raise WrongAnswer(f"a large pallet wrote other rows than a small one: {small} and {large}")

    def dispensing(self, task: Task, packages: int, repeats: int) -> None:
        """Dispense packs of the record over HTTP, each once and durably, for as many clients as a busy hub has."""
        if not Path("/proc/self/stat").exists():
            return
        count = min(packages // 2, DISPENSINGS)
        some = packs(msgspec.structs.replace(task, count=count * repeats, seed=400))
        rates, spent, floors, bare = [], [], [], []
        for repeat in range(repeats):
            _say(f"{packages:,} packages, run {repeat + 1} of {repeats}: dispense over HTTP, {DISPENSERS} clients")
            requests = [_dispense(*pack) for pack in some[repeat * count : (repeat + 1) * count]]
            at = ("--store", task.store) if task.store else ()
            with _server("rxtrail", "serve", "--data", task.data, *at, "--host", HOST, "--port") as (pid, port):
                told = self.load(pid, port, requests, DISPENSERS)
            if told["verdicts"] != {"ok": told["answered"]}:
                raise WrongAnswer(f"every pack is at its buyer and is dispensed once, but: {told}")
            rates.append(told["answered"] / told["seconds"])
            spent.append(told["cpu"] / told["answered"] * 1e6)
            floor = self.empty(msgspec.structs.replace(task, count=DISPENSERS))
            floors.append(DISPENSERS / _stage("floor_commit", floor)["wall"])
            self.drop(floor)
            with _server("benchmarks.bare") as (pid, port):
                told = self.load(pid, port, requests, DISPENSERS)
            bare.append(told["cpu"] / told["answered"] * 1e6)
        name = f"dispense over HTTP, durable, {DISPENSERS} clients"
        self.add(name, packages, "dispensings/s", rates, f"{DISPENSERS} rows a synced commit", _median(floors))
        self.add(name, packages, "µs server CPU", spent, "bare ASGI, same server", _median(bare))

    def load(self, pid: int, port: int, requests: list[bytes], connections: int = CONNECTIONS) -> dict[str, Any]:
        """Warm a server up, load it, and read what that cost it."""
        warm_up = min(HTTP_WARM_UP, len(requests) // 10)
        self._client(port, requests[:warm_up], connections)
        time.sleep(0.5)
        before = _tree_cpu(pid) + sum(server_cpu(self.engine.servers))
        told = self._client(port, requests[warm_up:], connections)
        # What the server still owes the disk for these scans is part of their price.
        time.sleep(1.0)
        told["cpu"] = _tree_cpu(pid) + sum(server_cpu(self.engine.servers)) - before
        if told["answered"] != told["sent"] or set(told["statuses"]) != {"200"}:
            raise WrongAnswer(f"not every request was answered with 200: {told}")
        return told

    def _client(self, port: int, requests: list[bytes], connections: int) -> dict[str, Any]:
        path = self.folder / "requests"
        path.write_bytes(b"\n".join(requests))
        command = [sys.executable, "-m", "benchmarks.load", str(port), str(path), str(connections)]
        return _run([*command, str(HTTP_SECONDS_MAX)])

    def fresh(self, task: Task) -> Task:
        """Give the task an empty record."""
        return msgspec.structs.replace(task, data=str(self.new_folder()), store=self.engine.fresh())

    def empty(self, task: Task) -> Task:
        """Give the task a place for the floor to work at."""
        return msgspec.structs.replace(task, data=str(self.new_folder()), store=self.engine.empty())

    def drop(self, task: Task) -> None:
        """Throw a record away."""
        shutil.rmtree(task.data)
        self.engine.drop(task.store)

    def new_folder(self) -> Path:
        self.runs += 1
        folder = self.folder / f"run-{self.runs}"
        folder.mkdir()
        return folder

    def add(self, name: str, packages: int, unit: str, values: list[float], floor: str, floor_value: float) -> None:
        self.figures.append(Figure(name, packages, unit, _median(values), min(values), max(values), floor, floor_value))


def _dispense(gtin: str, serial: str, lot: str, expiry: str) -> bytes:
    """Give the line of a request that dispenses one pack."""
    change = {"state": "dispensed", "lot": lot, "expiry": expiry, "site": documents.BUYER_GLN, "key": f"till-{serial}"}
    return f"PATCH /api/v1/packs/{gtin}/{serial} ".encode() + msgspec.json.encode(change)


def _with(task: Task, document: Path, count: int = 0) -> Task:
    return msgspec.structs.replace(task, document=str(document), count=count)


def _spent(told: dict[str, Any]) -> float:
    """Add up a stage's own CPU and that of the servers."""
    return float(told["cpu"]) + float(sum(told["servers"]))


def _look_up(told: dict[str, float]) -> float:
    """Give what one look-up of the floor cost, both sides together, in microseconds."""
    return (told["cpu"] + told.get("server", 0.0)) / told["count"] * 1e6


def _median(values: Any) -> float:  # noqa: ANN401 - numbers of any kind
    return float(statistics.median(values))


def _check_verdicts(verdicts: dict[str, int], count: int, unknown: int) -> None:
    stopped = verdicts.get("stop", 0) / count * 100
    if abs(stopped - unknown) > 1 + unknown / 20 or verdicts.get("ok", 0) + verdicts.get("stop", 0) != count:
        raise WrongAnswer(f"{unknown} packs of a hundred are unknown, the others are on record, but: {verdicts}")


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


# --- processes ------------------------------------------------------------------------------------------


def _environment() -> dict[str, str]:
    path = os.pathsep.join([str(ROOT), str(ROOT / "src")])
    return {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", **_SHARED}


_SHARED: dict[str, str] = {}  # what all processes of a run are told beside that


def _run(command: list[str]) -> dict[str, Any]:
    done = subprocess.run(command, env=_environment(), cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise WrongAnswer(f"{' '.join(command[:5])} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    result: dict[str, Any] = msgspec.json.decode(done.stdout.splitlines()[-1])
    return result


def _stage(name: str, task: Task) -> dict[str, Any]:
    return _run([sys.executable, "-m", "benchmarks.stages", name, msgspec.json.encode(task).decode()])


@contextlib.contextmanager
def _server(module: str, *arguments: str) -> Iterator[tuple[int, int]]:
    """Start a server on a free loopback port, wait until it answers, stop that very process at the end."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", module, *arguments, str(port)]
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen(command, env=_environment(), cwd=ROOT, stdout=words, stderr=words)
        try:
            deadline = time.monotonic() + START_SECONDS_MAX
            while not _listens(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    words.seek(0)
                    raise WrongAnswer(f"{' '.join(command)} does not serve:\n{words.read().decode()[-2000:]}")
                time.sleep(0.05)
            yield process.pid, port
        finally:
            process.terminate()
            process.wait(timeout=30)


def _listens(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False


def _tree_cpu(pid: int) -> float:
    """Add up user and system time of a process and all its children (proc(5), fields 14 to 17)."""
    ticks = 0
    for path in (Path("/proc") / str(pid) / "task").iterdir():
        for child in (path / "children").read_text().split():
            ticks += round(_tree_cpu(int(child)) * os.sysconf("SC_CLK_TCK"))
    fields = (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()
    ticks += sum(int(field) for field in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")
