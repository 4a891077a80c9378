"""A large record there and back, killed on the way: exports byte for byte the same, in memory that does not grow."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.faults.processes import LONG_PACKS, chance, quiet

if TYPE_CHECKING:
    import random
    from pathlib import Path

SECONDS_A_MILLION_MAX = 60.0
MEMORY_KIB_MAX = 500 << 10
KILLS = 3


def rxtrail(*words: str) -> bytes:
    """Run a command to its end; give what it answered."""
    begin = [sys.executable, "-m", "rxtrail", *words]
    return subprocess.run(begin, check=True, capture_output=True, env=quiet()).stdout


def exported(store: str, data: Path) -> list[str]:
    """Give the digests of every export of a store."""
    found = []
    for what, fmt in (("packs", "json"), ("packs", "csv"), ("events", "json"), ("events", "epcis")):
        file = data / "export"
        rxtrail("export", what, "--format", fmt, "-o", str(file), "--store", store, "--data", str(data))
        found.append(subprocess.run(["sha256sum", str(file)], check=True, capture_output=True).stdout.decode()[:64])
        file.unlink()
    return found


def move(source: str, target: str, chances: random.Random, kills: int) -> float:
    """Move, killed so many times on the way; give the seconds of the last, whole part."""
    for _ in range(kills):
        begun = subprocess.Popen([sys.executable, "-m", "rxtrail", "move-store", source, target], env=quiet())
        try:
            begun.wait(chances.uniform(0.6, 0.6 + 2.5 * LONG_PACKS / 1_000_000))  # comparing alone takes longer
        except subprocess.TimeoutExpired:
            begun.send_signal(signal.SIGKILL)
        if begun.wait() == 0:
            pytest.fail("it ended before it was killed: nothing was shown; take more packages")
    started = time.monotonic()
    told = json.loads(rxtrail("move-store", source, target, "--json"))
    print(f"{source.partition(':')[0]} to {target.partition(':')[0]}: {told['packages']:,} packages, "
          f"{time.monotonic() - started:.1f} s")  # fmt: skip
    return time.monotonic() - started


@pytest.mark.faults
@pytest.mark.timeout(7200)
def test_a_large_record_is_the_same_there_and_back(tmp_path: Path, postgres_dsn: str) -> None:
    chances = chance("large move")
    document, data = tmp_path / "document.xml", tmp_path / "data"
    words = ["-m", "benchmarks.documents", "--packs", str(LONG_PACKS), "--format", "xml", "--out", str(document)]
    subprocess.run([sys.executable, *words], check=True, capture_output=True)
    here, there = f"sqlite:///{data}/rxtrail.sqlite", postgres_dsn
    back, again = f"sqlite:///{tmp_path}/back/rxtrail.sqlite", f"sqlite:///{tmp_path}/again/rxtrail.sqlite"
    rxtrail("capture", str(document), "--data", str(data))
    document.unlink()
    before = exported(here, data)
    move(here, there, chances, KILLS)
    assert exported(there, data) == before
    move(there, back, chances, KILLS)
    assert exported(back, tmp_path / "back") == before
    file = tmp_path / "backup"
    rxtrail("backup", str(file), "--store", back, "--data", str(tmp_path / "back"))
    rxtrail("restore", str(file), "--store", again)
    assert exported(again, tmp_path / "again") == before
    # Undisturbed, and no command held more than this at once: pages go by, whatever the size of the record.
    seconds = move(again, f"sqlite:///{tmp_path}/last/rxtrail.sqlite", chances, 0)
    assert seconds < SECONDS_A_MILLION_MAX * max(1.0, LONG_PACKS / 1_000_000)
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // (1024 if sys.platform == "darwin" else 1)
    print(f"the largest process held {children:,} KiB")
    assert children < MEMORY_KIB_MAX
