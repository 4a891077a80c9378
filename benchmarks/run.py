"""Run every benchmark, each figure beside the floor of this machine measured in the same run.

``make bench``, or ``python -m benchmarks --help``. CPU is that of the whole process (threads and children)
or, over HTTP, of the server's process tree, so a busy machine changes it little. Medians of several runs,
ours and the floor's in turn. Nothing passes or fails by time here; a wrong answer, though, ends the run.
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

from benchmarks import documents, machine, report
from benchmarks.report import Figure
from benchmarks.stages import Task, codes

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZES = (100_000, 1_000_000)
VERIFICATIONS = 20_000
HTTP_VERIFICATIONS = 20_000
HTTP_WARM_UP = 2_000
HTTP_SECONDS_MAX = 60.0
CONNECTIONS = 32
TRACES = 2_000
# A larger document is not held in memory only to be parsed: the floor is then scaled up from this many.
PARSED_PACKAGES_MAX = 1_000_000
PALLETS_OF = (10, 10_000)
START_SECONDS_MAX = 60.0
HOST = "127.0.0.1"
ROOT = Path(__file__).resolve().parents[1]


class WrongAnswer(Exception):
    """The thing measured did not do its work, so how long it took means nothing."""


def main(arguments: list[str]) -> int:
    """Measure, print the table, and write the results where they were asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--packs", type=int, nargs="+", default=list(SIZES), help="e.g. --packs 10000000")
    parser.add_argument("--repeats", type=int, default=0, help="runs per figure (default by size: 5, 3 or 1)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")
    parser.add_argument("--out", type=Path, help="also write the JSON results to this file")
    parser.add_argument("--readme", action="store_true", help="rewrite the table in README.md")
    parser.add_argument("--work", type=Path, help="folder on the disk to measure (default: the temporary one)")
    given = parser.parse_args(arguments)

    try:
        with tempfile.TemporaryDirectory(prefix="rxtrail-bench-", dir=given.work) as folder:
            bench = _Bench(Path(folder))
            for packages in given.packs:
                bench.measure(packages, given.repeats or _repeats(packages))
            bench.shipping(given.repeats or 3)
            results = report.Results(bench.machine, bench.figures)
    except WrongAnswer as wrong:
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


def _repeats(packages: int) -> int:
    return 5 if packages <= 100_000 else 3 if packages <= 1_000_000 else 1


class _Bench:
    """One run: its folder, its machine and the figures so far."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.machine = machine.describe(folder)
        self.figures: list[Figure] = []
        self.runs = 0

    def measure(self, packages: int, repeats: int) -> None:
        """Capture, verify and trace at one size."""
        day = dt.datetime.now(dt.UTC).date()
        xml, json = self.written(packages, day)
        parsed_packages = min(packages, PARSED_PACKAGES_MAX)
        parsed_xml, parsed_json = self.written(parsed_packages, day)
        task = Task(packages=packages, day=day.isoformat())

        captured: dict[str, list[dict[str, Any]]] = {"xml": [], "json": []}
        parsed: dict[str, list[float]] = {"xml": [], "json": []}
        rows: list[dict[str, Any]] = []
        data = self.folder
        for repeat in range(repeats):
            for syntax, path, parsed_path in (("json", json, parsed_json), ("xml", xml, parsed_xml)):
                _say(f"{packages:,} packages, run {repeat + 1} of {repeats}: capture {syntax}")
                previous, data = data, self.new_folder()
                if previous != self.folder:
                    shutil.rmtree(previous)
                told = _stage("capture", _with(task, data, path))
                if told["packages"] < packages:
                    raise WrongAnswer(f"captured {told['packages']:,} of {packages:,} packages: {told}")
                captured[syntax].append(told)
                cpu = _stage(f"floor_{syntax}", _with(task, data, parsed_path))["cpu"]
                parsed[syntax].append(cpu * packages / parsed_packages)
            rows.append(_stage("floor_rows", _with(task, self.new_folder(), xml, VERIFICATIONS)))

        insert = _median(row["insert"]["cpu"] for row in rows)
        for syntax in ("xml", "json"):
            parse = _median(parsed[syntax])
            rate = [packages / told["cpu"] for told in captured[syntax]]
            name = f"capture {'XML 1.2' if syntax == 'xml' else 'JSON 2.0'}"
            floor = "parse, then one bulk insert per row"
            self.add(name, packages, "packages/s CPU", rate, floor, packages / (parse + insert))
            self.add(name, packages, "packages/s CPU", rate, "parse only", packages / parse)
        size = [told["bytes"] / packages for told in captured["xml"]]
        floor_size = _median(row["insert"]["bytes"] for row in rows) / packages
        self.add("at rest, all included", packages, "bytes/package", size, "one row per package", floor_size)

        look_up = _median(row["look_up"]["cpu"] / row["look_up"]["count"] for row in rows) * 1e6
        self.verification(_with(task, data, xml), packages, repeats, look_up)
        for path in {xml, json, parsed_xml, parsed_json}:
            path.unlink()

    def written(self, packages: int, day: dt.date) -> tuple[Path, Path]:
        """Write the yardstick document in both syntaxes."""
        xml, json = self.folder / f"{packages}.xml", self.folder / f"{packages}.json"
        for path, write in ((xml, documents.write_xml), (json, documents.write_json)):
            if not path.exists():
                with path.open("wb") as out:
                    write(out, documents.Shape(packages, day=day))
        return xml, json

    def verification(self, task: Task, packages: int, repeats: int, look_up: float) -> None:
        """Verify in process and over HTTP, and trace, on the record that was captured last."""
        inside, traced, served, bare = [], [], [], []
        for repeat in range(repeats):
            _say(f"{packages:,} packages, run {repeat + 1} of {repeats}: verify, trace")
            told = _stage("verify", msgspec.structs.replace(task, count=VERIFICATIONS, seed=100 + repeat))
            _check_verdicts(told["verdicts"], told["count"])
            inside.append(told["cpu"] / told["count"] * 1e6)
            told = _stage("trace", msgspec.structs.replace(task, count=TRACES, seed=200 + repeat))
            if not 0.85 < told["found"] / told["count"] < 0.95:
                raise WrongAnswer(f"nine in ten traced packs have their five events: {told}")
            traced.append(told["cpu"] / told["count"] * 1e6)
            if not Path("/proc/self/stat").exists():
                continue  # the server's CPU is read from there
            _say(f"{packages:,} packages, run {repeat + 1} of {repeats}: verify over HTTP")
            asked = msgspec.structs.replace(task, count=HTTP_VERIFICATIONS + HTTP_WARM_UP, seed=300 + repeat)
            bodies = [
                msgspec.json.encode({"scan": text, "site": documents.BUYER_GLN, "purpose": "dispense"})
                for text in codes(asked)
            ]
            with _server("rxtrail", "serve", "--data", task.data, "--host", HOST, "--port") as (pid, port):
                told = self.load(pid, port, bodies)
                _check_verdicts(told["verdicts"], told["answered"])
                served.append(told["cpu"] / told["answered"] * 1e6)
            with _server("benchmarks.bare") as (pid, port):
                told = self.load(pid, port, bodies)
                bare.append(told["cpu"] / told["answered"] * 1e6)
        floor = "look-up and encode"
        self.add("verify in process, scan recorded", packages, "µs CPU", inside, floor, look_up)
        if served:
            floor = "bare ASGI, same server"
            self.add("verify over HTTP, scan recorded", packages, "µs server CPU", served, floor, _median(bare))
        self.add("trace", packages, "µs CPU", traced, "look-up and encode", look_up)

    def shipping(self, repeats: int) -> None:
        """Ship a small and a large pallet; neither may write a row per pack."""
        rows: dict[int, dict[str, int]] = {}
        for packages in PALLETS_OF:
            _say(f"ship a pallet of {packages:,}")
            told = [_stage("ship", Task(data=str(self.new_folder()), packages=packages)) for _ in range(repeats)]
            rows[packages] = told[0]["rows"]
            count = sum(rows[packages].values())
            floor = _stage("floor_commit", Task(data=str(self.new_folder()), count=count))
            values = [one["cpu"] * 1e3 for one in told]
            name = f"ship a pallet ({count} rows added)"
            self.add(name, packages, "ms CPU", values, "one commit of as many rows", floor["cpu"] * 1e3)
            values = [one["wall"] * 1e3 for one in told]
            self.add(name, packages, "ms wall", values, "one commit of as many rows", floor["wall"] * 1e3)
        small, large = (rows[packages] for packages in PALLETS_OF)
        if small != large:
            raise WrongAnswer(f"a large pallet wrote other rows than a small one: {small} and {large}")

    def load(self, pid: int, port: int, bodies: list[bytes]) -> dict[str, Any]:
        """Warm a server up, load it, and read what that cost it."""
        warm_up = min(HTTP_WARM_UP, len(bodies) // 10)
        self._client(port, bodies[:warm_up])
        time.sleep(0.5)
        before = _tree_cpu(pid)
        told = self._client(port, bodies[warm_up:])
        # What the server still owes the disk for these scans is part of their price.
        time.sleep(1.0)
        told["cpu"] = _tree_cpu(pid) - before
        if told["answered"] != told["sent"] or set(told["statuses"]) != {"200"}:
            raise WrongAnswer(f"not every request was answered with 200: {told}")
        return told

    def _client(self, port: int, bodies: list[bytes]) -> dict[str, Any]:
        path = self.folder / "bodies"
        path.write_bytes(b"\n".join(bodies))
        command = [sys.executable, "-m", "benchmarks.load", str(port), str(path), str(CONNECTIONS)]
        return _run([*command, str(HTTP_SECONDS_MAX)])

    def new_folder(self) -> Path:
        self.runs += 1
        folder = self.folder / f"run-{self.runs}"
        folder.mkdir()
        return folder

    def add(self, name: str, packages: int, unit: str, values: list[float], floor: str, floor_value: float) -> None:
        self.figures.append(Figure(name, packages, unit, _median(values), min(values), max(values), floor, floor_value))


def _with(task: Task, data: Path, document: Path, count: int = 0) -> Task:
    return msgspec.structs.replace(task, data=str(data), document=str(document), count=count)


def _median(values: Any) -> float:  # noqa: ANN401 - numbers of any kind
    return float(statistics.median(values))


def _check_verdicts(verdicts: dict[str, int], count: int) -> None:
    if not 0.85 < verdicts.get("ok", 0) / count < 0.95 or not 0.05 < verdicts.get("stop", 0) / count < 0.15:
        raise WrongAnswer(f"nine in ten packs are on record and the tenth is unknown, but: {verdicts}")


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


# --- processes ------------------------------------------------------------------------------------------


def _environment() -> dict[str, str]:
    path = os.pathsep.join([str(ROOT), str(ROOT / "src")])
    return {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


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
