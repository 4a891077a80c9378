"""How evenly several clients are served that capture small documents at once: what each got, and its longest wait.

``measure`` is for the tests and for the benchmarks. ``python -m tests.faults.fairness URL-or-authority`` prints it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from tests.faults.client import Door, HttpDoor, Later, NodeDoor, shipment
from tests.faults.processes import quiet

CLIENTS = 8
SECONDS = 5.0
PACKS = 5
WARM_DOCUMENTS = 3  # before the clock runs: connecting and numbering what recurs is not what is compared
AGAIN_SECONDS = 0.02
START_SECONDS_MAX = 120.0
SHARE_MIN = 0.5
WAIT_SECONDS_MAX = 1.0
ROOT = Path(__file__).resolve().parents[2]


class Served(NamedTuple):
    """What each client got within the time."""

    documents: list[int]
    longest_waits: list[float]  # seconds

    @property
    def share(self) -> float:
        """Give what the slowest client got, as a part of what the fastest got."""
        return min(self.documents) / max(1, *self.documents)

    @property
    def longest_wait(self) -> float:
        """Give the longest that anybody waited for one document, in seconds."""
        return max(self.longest_waits)

    @property
    def fair(self) -> bool:
        """Tell whether the slowest got at least half of the fastest, and nobody waited longer than a second."""
        return self.share >= SHARE_MIN and self.longest_wait <= WAIT_SECONDS_MAX

    def words(self) -> str:
        """Say it in one line."""
        some = f"{min(self.documents)} to {max(self.documents)} documents"
        told = f"share {self.share:.2f}; longest wait {self.longest_wait:.3f} s"
        return f"{len(self.documents)} clients: {some} each, {told}"


def measure(where: str, *, clients: int = CLIENTS, seconds: float = SECONDS) -> Served:
    """Have clients capture for so long; ``where`` is the URL of a store that several write, or a serve's authority."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        processes = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.faults.fairness", where, str(folder), str(number), str(seconds)],
                cwd=ROOT,
                env=quiet(),
                stdout=subprocess.PIPE,
            )
            for number in range(clients)
        ]
        try:
            _until_all(folder, clients)
            (folder / "go").touch()
            told = [json.loads(process.communicate(timeout=START_SECONDS_MAX)[0]) for process in processes]
        finally:
            for process in processes:
                process.kill()
                process.communicate()
    return Served([documents for documents, _ in told], [wait for _, wait in told])


def _until_all(folder: Path, clients: int) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while len(list(folder.glob("ready-*"))) < clients:
        if time.monotonic() > deadline:
            raise TimeoutError("the clients do not come up")
        time.sleep(0.02)


def capture_for(where: str, folder: Path, number: int, seconds: float) -> tuple[int, float]:
    """Be one client; give how many documents were acknowledged in time, and the longest wait for one."""
    door: Door = NodeDoor(folder / f"data-{number}", where) if "://" in where else HttpDoor(where)
    for index in range(WARM_DOCUMENTS):
        _capture(door, f"warm-{number}-{index}")
    (folder / f"ready-{number}").touch()
    while not (folder / "go").exists():
        time.sleep(0.002)
    end = time.monotonic() + seconds
    count, longest = 0, 0.0
    while time.monotonic() < end:
        waited = _capture(door, f"fair-{number}-{count}")
        longest = max(longest, waited)
        count += time.monotonic() <= end
    return count, longest


def _capture(door: Door, name: str) -> float:
    document = shipment(name, [f"{name}-{index}" for index in range(PACKS)])
    started = time.monotonic()
    while True:
        try:
            door.capture(document, name)
        except Later:
            time.sleep(AGAIN_SECONDS)
        else:
            return time.monotonic() - started


def main(where: str, *words: str) -> None:
    """Measure and print, or be one of the clients."""
    if not words:
        print(measure(where).words())
        return
    folder, number, seconds = words
    print(json.dumps(capture_for(where, Path(folder), int(number), float(seconds))))


if __name__ == "__main__":
    main(*sys.argv[1:])
