from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from benchmarks.report import Results

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_a_small_run_measures_everything_and_every_answer_is_right(store: str, tmp_path: Path) -> None:
    """A wrong verdict, a lost package or a row per pack would end the run; no time is judged."""
    out = tmp_path / "results.json"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks", "--store", store),
            *("--packs", "1000", "2000", "--query-events", "20000", "--repeats", "1"),
            *("--out", str(out)),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    results = msgspec.json.decode(out.read_bytes(), type=Results)
    names = {figure.name.partition(" (")[0] for figure in results.figures}
    assert names >= {
        "capture XML 1.2",
        "capture JSON 2.0",
        "at rest, all included",
        "verify in process, scan recorded",
        "trace",
        "ship a pallet",
        "who holds a lot of 2,000",
        "preview of a recall of 2,000",
        "a recall approved, until a counter is red",
        "approved routes: capture",
        "approved routes: verify",
        "growth from 1,000: verify",
        "8 clients capture at once: longest wait",
        "encryption: capture JSON 2.0",
        "encryption: verify",
        "encryption: at rest",
    }
    assert ("verify in process, server" in names) == (store == "postgres")
    nothing = [figure for figure in results.figures if figure.value <= 0 or figure.floor_value <= 0]
    # What little a server does for so small a record may be below the tick by which its ended processes are told.
    assert [figure for figure in nothing if not figure.name.endswith("server") or figure.value < 0] == []
    assert "verify in process" in done.stdout


@pytest.mark.slow
def test_a_recall_in_a_record_of_any_size_is_measured_by_itself() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--recall-in", "2000", "--json"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    results = msgspec.json.decode(done.stdout, type=Results)
    assert {figure.name for figure in results.figures} >= {
        "who holds a lot of 2,000", "preview of a recall of 2,000", "a recall approved, until a counter is red",
    }  # fmt: skip
    assert {figure.packages for figure in results.figures} == {2000}
