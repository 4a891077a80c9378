"""Run every gate, then say in one list what was green, what was red and what could not run.

``make test`` runs all of it, ``make check`` (``--quick``) leaves out what takes minutes. Further words are
handed to pytest. The run is green only when every gate was, and a run without tests is red.

``make test`` goes two ways at once, since a machine has two cores or more: the tests in order under coverage, and
beside them the gates of the code, the tests on servers and those of faults. What the second way says is kept, and shown
when both are done, so that their words do not mix.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
QUICK_TESTS = "not benchmark and not faults and not slow and not browser and not conformance"
# What is told of the record, and of the API above it, is told again on each engine that a server gives.
ON_ENGINES_MARKS = "not benchmark and not faults and not browser"
ON_EVERY_ENGINE = (
    "tests/ledger",
    "tests/capture",
    "tests/states",
    "tests/verify",
    "tests/trace",
    "tests/query",
    "tests/partners",
    "tests/properties",
    "tests/recalls",
    "tests/simulate/test_captured.py",
    "tests/web/test_capture_api.py",
    "tests/web/test_packs_api.py",
    "tests/web/test_tables_api.py",
    "tests/web/test_verify_api.py",
)
# Long runs of processes that are not covered: they go the second way, which is the shorter one.
UNCOVERED = ("tests/faults", "tests/simulate/test_benchmark_run.py")
SECONDS_ON_A_SERVER = 600  # a test that fills many stores takes ten times as long on a cluster as in a file
CITUS_DSN = "RXTRAIL_TEST_CITUS_DSN"
CORE_COVERAGE = 95  # a wrong rule can hurt a patient, so the core's bar is higher than the house's


class Run:
    """What was red so far, and what could not run and why."""

    def __init__(self, says: IO[str] | None = None) -> None:
        """``says`` takes what the gates say, instead of the terminal."""
        self.red: list[str] = []
        self.missing: list[str] = []
        self.says = says

    def gate(self, name: str, *command: str | Path, env: dict[str, str] | None = None) -> None:
        """Run one command in the repository; a non-zero exit makes the whole run red."""
        print(f"\n== {name}", file=self.says, flush=True)
        started = time.monotonic()
        to = subprocess.STDOUT if self.says else None
        made = subprocess.run(
            command, cwd=ROOT, env={**os.environ, **(env or {})}, stdout=self.says, stderr=to, check=False
        )
        code = made.returncode
        told = "ok" if code == 0 else f"exit {code}"
        print(f"== {name}: {told}, {time.monotonic() - started:.1f} s", file=self.says, flush=True)
        if code:
            self.red.append(f"{name} (exit {code})")


def ensure_tools() -> None:
    """Install Debian's chromium and strace where we may; without them the tests that need them skip by name."""
    missing = [name for name in ("chromium", "strace") if not shutil.which(name)]
    if not missing or os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    print(f"\n== installing from Debian: {', '.join(missing)}", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *missing]):
        subprocess.run(["apt-get", *words], env=quiet, check=False, stdout=subprocess.DEVNULL)


def pytest_told(run: Run, name: str, command: list[str | Path], profile: str, engine: str = "sqlite") -> dict[str, Any]:
    """Run pytest once; give what the tests told of themselves (tests/conftest.py writes it)."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        env = {"HYPOTHESIS_PROFILE": profile, "MAKE_TEST_REPORT": str(report), "RXTRAIL_TEST_ENGINE": engine}
        run.gate(name, *command, env=env)
        if not report.exists():
            run.red.append(f"{name} did not come to its end")
            return {"shared": False, "conformance": 0, "records": 0, "passed": 0, "failed": 1, "skipped": {}}
        told: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
        return told


def quick_tests(run: Run, words: list[str]) -> dict[str, Any]:
    """Run the tests that take seconds."""
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-m",
        QUICK_TESTS,
        "--ignore=tests/faults",
        *words,
    ]
    return pytest_told(run, "pytest", command, os.environ.get("HYPOTHESIS_PROFILE", "dev"))


def add(told: dict[str, Any], more: dict[str, Any], where: str = "") -> None:
    """Add what a further run of pytest told; ``where`` tells its tests from those of the same name."""
    for count in ("conformance", "passed", "failed"):
        told[count] += more[count]
    told["skipped"] |= {f"{name}{where}": why for name, why in more["skipped"].items()}


def tests_on(run: Run, engine: str, told: dict[str, Any]) -> None:
    """Run the tests of the record once more on a server's engine."""
    words = ["-q", "-m", ON_ENGINES_MARKS, f"--timeout={SECONDS_ON_A_SERVER}"]
    command: list[str | Path] = [sys.executable, "-m", "pytest", *words, *ON_EVERY_ENGINE]
    # The same worlds as on SQLite were drawn there already: fewer are enough to find what differs.
    more = pytest_told(run, f"pytest on {engine}", command, "dev", engine)
    if not more["records"]:
        run.red.append(f"no test opened a record on {engine}")
    add(told, more, f" on {engine}")


def covered_tests(run: Run, words: list[str]) -> dict[str, Any]:
    """Run the tests under coverage, and hold the coverage."""
    profile = os.environ.get("HYPOTHESIS_PROFILE", "ci")
    coverage = [sys.executable, "-m", "coverage"]
    subprocess.run([*coverage, "erase"], cwd=ROOT, check=True)
    left = UNCOVERED if not words else UNCOVERED[:1]
    covered = [*coverage, "run", "-m", "pytest", "--durations=10", *(f"--ignore={each}" for each in left), *words]
    told = pytest_told(run, "pytest", [*covered], profile)
    subprocess.run([*coverage, "combine", "--quiet"], cwd=ROOT, check=False)
    run.gate("coverage", *coverage, "report")
    core = ["--include=*/rxtrail/core/*", f"--fail-under={CORE_COVERAGE}"]
    run.gate(f"coverage of core, at least {CORE_COVERAGE} %", *coverage, "report", *core)
    return told


def other_tests(run: Run, told: dict[str, Any]) -> None:
    """Run what goes beside them, without coverage: a killed process writes none, and one that is traced is slow."""
    code_gates(run)
    tests_on(run, "postgres", told)
    if os.environ.get(CITUS_DSN):
        tests_on(run, "citus", told)
    else:
        run.missing.append(f"Citus: no {CITUS_DSN}")
    profile = os.environ.get("HYPOTHESIS_PROFILE", "ci")
    command: list[str | Path] = [sys.executable, "-m", "pytest", *UNCOVERED]
    add(told, pytest_told(run, "pytest of faults and benchmarks", command, profile))


def all_tests(run: Run, words: list[str]) -> dict[str, Any]:
    """Run all tests; a selection of them when there are words, which then asks for no more than it names."""
    ensure_tools()
    if words:
        code_gates(run)
        return covered_tests(run, words)
    beside: dict[str, Any] = {"conformance": 0, "passed": 0, "failed": 0, "skipped": {}}
    with tempfile.TemporaryFile("w+", encoding="utf-8") as says:
        other = Run(says)
        other.red.append("the tests on servers and those of faults did not come to their end")

        def go() -> None:
            other_tests(other, beside)
            other.red.pop(0)

        thread = threading.Thread(target=go)
        thread.start()
        told = covered_tests(run, words)
        print("\n== beside these, at the same time", flush=True)
        thread.join()
        says.seek(0)
        shutil.copyfileobj(says, sys.stdout)
        sys.stdout.flush()
    add(told, beside)
    run.red += other.red
    run.missing += other.missing
    return told


def code_gates(run: Run) -> None:
    """Hold the code against its style, types and floors."""
    run.gate("style", BIN / "ruff", "check", ".")
    run.gate("format", BIN / "ruff", "format", "--check", ".")
    run.gate("types", BIN / "mypy")
    run.gate("floors", BIN / "lint-imports")


def main() -> int:
    """Run the gates; 0 only when all were green."""
    words = sys.argv[1:]
    quick = "--quick" in words
    run = Run()
    words = [word for word in words if word != "--quick"]
    if quick:
        code_gates(run)
    told = quick_tests(run, words) if quick else all_tests(run, words)
    run.missing += [f"{name}: {why}" for name, why in sorted(told["skipped"].items())]
    if not told["passed"]:
        run.red.append("no test was run")
    if not quick and told["shared"] and not told["conformance"]:
        run.red.append("the shared test data is there, but no conformance case was run")

    print("\n== in short")
    for name in run.missing:
        print(f"could not run: {name}")
    for name in run.red:
        print(f"RED: {name}")
    if not quick:
        if not told["shared"]:
            print("CONFORMANCE NOT RUN: set RXTRAIL_SHARED or put the folder 'shared' beside this one")
        print(f"conformance: {told['conformance']} run")
    # Last, in the plain form that any machine reads; a red gate counts as one more failure.
    failed = max(told["failed"], len(run.red))
    print(f"{told['passed']} passed, {failed} failed, {len(told['skipped'])} skipped", flush=True)
    return 1 if run.red else 0


if __name__ == "__main__":
    raise SystemExit(main())
