"""Real processes to be killed, starved and watched: how they are started, and what is looked at afterwards."""

from __future__ import annotations

import collections
import contextlib
import hashlib
import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from benchmarks import documents
from rxtrail.core.gs1.check_digit import check_digit
from rxtrail.store.rows import RecordKind
from tests.engines import open_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SHORT_PACKS = 100_000
# Read when pytest collects: later the suite hides all settings from the tests.
LONG_PACKS = int(os.environ.get("RXTRAIL_FAULT_PACKS", "1000000"))
SEED = int(os.environ.get("RXTRAIL_FAULT_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
SECONDS_MAX = 100 if "RXTRAIL_FAULT_PACKS" not in os.environ else 600
# The long versions run only when they are asked for, and take their time.
LONG = (pytest.mark.faults, pytest.mark.timeout(7200))
STORE_FILES = {
    *("rxtrail.sqlite", "rxtrail.sqlite-wal", "rxtrail.sqlite-shm"),
    *("writer.lock", "writer.sock", "log_position", "log_position.partial", "keys", "signer.lock", "signer.sock"),
    "encrypted_stores",
}
PAGE = 10_000


def chance(name: str) -> random.Random:
    """Give the chances of one test; the seed is printed, and RXTRAIL_FAULT_SEED brings the same ones again."""
    print(f"RXTRAIL_FAULT_SEED={SEED} ({name})")
    return random.Random(f"{SEED} {name}")


def chance_at(name: str, number: int) -> random.Random:
    """Give the chances of one blow of a test: its number and the seed alone decide, whatever came before it."""
    return random.Random(f"{SEED} {name} {number}")


class PromiseBroken(Exception):
    """What was told as durable is gone, or there are two histories: no build may ever do that.

    It is no failed assertion, so that a control which must break its promises cannot fail for any other reason.
    """


# --- processes --------------------------------------------------------------------------------------------


class Ran(NamedTuple):
    """A command that ended by itself."""

    code: int
    out: bytes
    err: str

    @property
    def answer(self) -> Any:
        """The one JSON object that it answered."""
        return json.loads(self.out)

    @property
    def answers(self) -> list[Any]:
        """The JSON lines that it answered."""
        return [json.loads(line) for line in self.out.splitlines()]


def program(data: Path, *words: str, planted: str = "") -> list[str]:
    """Give the words that start rxtrail as its own process on one DATA folder; ``planted`` is run before it."""
    begin = (
        ["-c", f"{planted}\nfrom rxtrail.cli import main\nraise SystemExit(main())"] if planted else ["-m", "rxtrail"]
    )
    return [sys.executable, *begin, *words, "--data", str(data)]


def quiet() -> dict[str, str]:
    """Give the environment without the measuring of coverage, which must not die half-written with its process."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}


def run(
    data: Path,
    *words: str,
    stdin: bytes = b"",
    before: Callable[[], None] | None = None,
    through: tuple[str, ...] = (),
    planted: str = "",
) -> Ran:
    """Run one command to its end; ``before`` is called in the child, ``through`` is a program that starts it."""
    process = subprocess.Popen(
        [*through, *program(data, *words, planted=planted)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=quiet(),
        start_new_session=True,
        preexec_fn=before,  # noqa: PLW1509 (what it calls is one system call and takes no lock)
    )
    try:
        out, err = process.communicate(stdin, timeout=SECONDS_MAX)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # with what it started: strace would leave its command behind
        out, err = process.communicate()
        pytest.fail(f"hangs: {' '.join(words)}\n{err.decode('utf-8', 'replace')}")
    return Ran(process.returncode, out, err.decode("utf-8", "replace"))


def start(data: Path, *words: str, through: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
    """Start one command that the test will end."""
    return subprocess.Popen(
        [*through, *program(data, *words)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=quiet()
    )


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill -9, and wait until the kernel has taken everything back."""
    process.kill()
    process.communicate(timeout=SECONDS_MAX)


def kill_after(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Kill -9 after so long; tell whether it still ran."""
    try:
        process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        kill(process)
        return True
    return False


class Served(NamedTuple):
    """A ``rxtrail serve`` that answers."""

    process: subprocess.Popen[bytes]
    authority: str  # 127.0.0.1:PORT


def serve(data: Path) -> Served:
    """Start ``rxtrail serve`` on a free port and wait until it answers."""
    process = start(data, "serve", "--port", "0", "--json")
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], SECONDS_MAX)
    assert ready, "the server did not come up"
    line = process.stdout.readline()
    assert line, f"the server ended with {process.wait(SECONDS_MAX)}"
    return Served(process, json.loads(line)["url"].removeprefix("http://"))


@contextlib.contextmanager
def served(data: Path) -> Iterator[Served]:
    """Keep a ``rxtrail serve`` while the test lasts; it may be dead already at the end."""
    server = serve(data)
    try:
        yield server
    finally:
        kill(server.process)


def strace(*options: str) -> tuple[str, ...]:
    """Give the words that run a command under strace, or skip by name."""
    path = shutil.which("strace")
    if path is None:
        pytest.skip("no strace on this machine (Debian: apt-get install strace)")
    works = subprocess.run([path, "-o", os.devnull, "true"], capture_output=True, check=False)
    if works.returncode:
        pytest.skip(f"strace may not trace here: {works.stderr.decode('utf-8', 'replace').strip()}")
    return (path, "-f", "-qq", *options)


def calls_by_thread(trace: Path) -> dict[str, int]:
    """Give how often each system call was made by the thread that made it most: strace counts `when` by thread."""
    counts: collections.Counter[tuple[str, str]] = collections.Counter()
    for line in trace.read_text(encoding="utf-8", errors="replace").splitlines():
        thread, _, rest = line.partition(" ")
        call, bracket, _ = rest.strip().partition("(")
        if bracket and call.isidentifier():
            counts[call, thread] += 1
    most: dict[str, int] = {}
    for (call, _), count in counts.items():
        most[call] = max(most.get(call, 0), count)
    return most


# --- documents and packs ----------------------------------------------------------------------------------


class Pack(NamedTuple):
    """A pack of a document, as its label says it."""

    gtin: str
    serial: str
    lot: str
    expiry: str  # YYMMDD

    @property
    def scan(self) -> str:
        """What a scanner reads, in brackets."""
        return f"(01){self.gtin}(21){self.serial}(17){self.expiry}(10){self.lot}"


def write_document(path: Path, packages: int, *, seed: int = 1) -> None:
    """Write the yardstick's document."""
    with path.open("wb") as out:
        documents.write_xml(out, documents.Shape(packages, seed))


def packs_of(packages: int, *, seed: int = 1) -> Iterator[Pack]:
    """Give every bottle that the yardstick's document commissions, in its order."""
    for step in documents.steps(documents.Shape(packages, seed), documents.Counts()):
        if step.lot and step.epcs[0].split(".")[1].startswith("0"):
            expiry = step.expiry.replace("-", "")[2:]
            for epc in step.epcs:
                prefix, item, serial = epc.rpartition(":")[2].split(".")
                body = item[0] + prefix + item[1:]
                yield Pack(body + check_digit(body), serial, step.lot, expiry)


# --- what is left -----------------------------------------------------------------------------------------


class Left(NamedTuple):
    """What a store holds of one document, and how much there is in all."""

    state: str  # of the document's job; "" when there is none
    applied: int
    packages: int
    events: int
    documents: int
    log_size: int

    @property
    def open(self) -> bool:
        """Tell whether facts of the document may still be missing."""
        return self.state in ("accepted", "running")


def look(data: Path, name: str) -> Left:
    """Look into a store as its reader sees it, and check that its log is whole and nothing stray lies about."""
    assert {entry.name for entry in data.iterdir()} <= STORE_FILES
    store = open_file(data / "rxtrail.sqlite", writable=False)
    reader = store.reader()
    try:
        jobs = [job for job in reader.jobs_before(1 << 62, 1000) if job.name == name]
        assert len(jobs) <= 1, "one document has one job"
        job = jobs[0] if jobs else None
        packages, _, events, kept = reader.counts()
        left = Left(job.state if job else "", job.applied if job else 0, packages, events, kept, reader.log_size())
        position, ids, salts, said = 0, set(), set(), 0
        while page := reader.records_from(position, PAGE):
            for record, canonical in page:
                assert record.position == position, "log positions are dense from 0"
                position += 1
                assert len(record.id) == 16
                ids.add(record.id)
                assert len(canonical) == record.length
                if record.kind == RecordKind.BLOCK:
                    salts.add(record.id)  # it has none: what it says of a sealed block is no secret
                    continue
                assert len(record.salt) == 32
                assert record.length > 0
                salts.add(record.salt)
                said += record.kind == RecordKind.EVENT
        assert position == len(ids) == len(salts)
        # A writer may go on beside us: what was counted before cannot be more than what is there now.
        assert position >= left.log_size
        assert said >= left.events
        if job is not None:
            kept_row = reader.document(job.document)
            assert kept_row is not None, "an accepted document is kept with its job"
            digest = hashlib.sha256()
            for piece in reader.raw(job.document):
                digest.update(piece)
            assert digest.digest() == kept_row.sha256, "the raw document is not as it came"
    finally:
        reader.close()
        store.close()
    return left
