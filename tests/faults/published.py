"""A server whose log is published under load, and everybody who has seen heads of it: for tests that break things."""

from __future__ import annotations

import contextlib
import http.client
import json
import select
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from rxtrail.bootstrap import open_node
from rxtrail.core.merkle import note, signed_checkpoint
from rxtrail.core.merkle.errors import BadNote
from rxtrail.core.merkle.tree import MemoryTree, leaf_hash
from rxtrail.publishing.tiles import entries_of
from rxtrail.store.rows import RecordKind
from tests.faults.processes import SECONDS_MAX, PromiseBroken, Served, kill, program, quiet, run
from tests.faults.test_killed_dispenses import dispense, dispensed_on_record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rxtrail.core.merkle.note import VerifierKey

COUNTERS = 4


class Heads:
    """Every signed head that anybody outside has ever seen."""

    def __init__(self) -> None:
        self.seen: dict[bytes, None] = {}
        self.size = 0
        self._lock = threading.Lock()

    def see(self, head: bytes) -> None:
        with self._lock:
            self.seen.setdefault(head)
            self.size = max(self.size, int(head.split(b"\n")[1]))

    def wait_for_more(self, seconds: float) -> bool:
        """Wait until somebody has seen the log grow: a strike before that would hit nothing at work. Tell whether."""
        before, until = self.size, time.monotonic() + seconds
        while self.size == before and time.monotonic() < until:
            time.sleep(0.005)
        return self.size > before

    def watch(self, url: str, path: str, until: threading.Event) -> None:
        """Read a head again and again, as monitors do."""
        with contextlib.closing(httpx.Client(base_url=url, timeout=5)) as client:
            while not until.wait(0.01):
                with contextlib.suppress(httpx.HTTPError):
                    answer = client.get(path)
                    if answer.status_code == 200:
                        self.see(answer.content)


class Load:
    """Counters that dispense pack after pack, and what each was told."""

    def __init__(self, packs: int) -> None:
        self._fresh = iter(range(packs))
        self._lock = threading.Lock()
        self.acknowledged: dict[str, Any] = {}

    def counter(self, authority: str) -> None:
        with (
            contextlib.closing(http.client.HTTPConnection(authority, timeout=SECONDS_MAX)) as client,
            # Whoever has lost its disk may answer anything, or nothing: only a receipt is a promise.
            contextlib.suppress(OSError, http.client.HTTPException, json.JSONDecodeError),
        ):
            while True:
                with self._lock:
                    number = next(self._fresh, None)
                if number is None:
                    return
                serial = f"K{number}"
                status, answer = dispense(client, serial, key=serial)
                if status == 503:
                    return  # the disk is gone: nothing was promised
                assert status == 200, answer
                self.acknowledged[serial] = answer
                time.sleep(0.02)  # a steady load: what matters is that there is always something new


def signer_of(process: int) -> int:
    """The signer that a server has as its child; 0 while there is none."""
    with contextlib.suppress(OSError):
        for children in Path(f"/proc/{process}/task").glob("*/children"):
            if found := children.read_text(encoding="ascii").split():
                return int(found[0])
    return 0


@contextlib.contextmanager
def loaded(server: Served, load: Load, heads: Heads, witness: str, origin: str) -> Iterator[None]:
    """Keep counters and monitors busy until the server is gone."""
    done = threading.Event()
    watching = [(f"http://{server.authority}", "/log/checkpoint"), (witness, f"/{origin}/checkpoint")]
    threads = [threading.Thread(target=load.counter, args=(server.authority,)) for _ in range(COUNTERS)]
    threads += [threading.Thread(target=heads.watch, args=(*which, done)) for which in watching]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        kill(server.process)
        done.set()
        for thread in threads:
            thread.join()


def served_with(data: Path, settings: Path, *, planted: str = "") -> Served:
    """Start a server with these settings; ``planted`` is run in it first."""
    process = subprocess.Popen(
        program(data, "serve", "--port", "0", "--json", "--config", str(settings), planted=planted),
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=quiet(),
    )  # fmt: skip
    assert process.stdout is not None
    assert select.select([process.stdout], [], [], SECONDS_MAX)[0], "the server did not come up"
    line = process.stdout.readline()
    if not line:
        kill(process)
    assert line, f"the server ended with {process.returncode}"
    return Served(process, json.loads(line)["url"].removeprefix("http://"))


def tree_of(data: Path) -> tuple[MemoryTree, list[int]]:
    """The tree over all records, and their kinds."""
    with open_node(data, write=False) as node:
        rows = node._reader().entries_from(0, 1 << 30)
    assert [row[0] for row in rows] == list(range(len(rows)))
    return MemoryTree([leaf_hash(entry) for entry in entries_of(rows)]), [row[1] for row in rows]


def check_one_history(data: Path, heads: Heads, vkey: VerifierKey, load: Load) -> None:
    """Hold every head that was ever seen against the record as it is at the end, and every receipt.

    :raises PromiseBroken: one of them is not of this record.
    """
    tree, kinds = tree_of(data)
    sizes = []
    for content in heads.seen:
        note.verify(note.parse(content), [vkey])
        head = signed_checkpoint.parse(content).checkpoint
        if head.size > tree.size:
            raise PromiseBroken(f"{head.size:,} entries were signed, and the record holds {tree.size:,}")
        if head.root != tree.root(head.size):
            raise PromiseBroken(f"another history of {head.size:,} entries was signed")
        sizes.append(head.size)
    assert len(set(sizes)) > 1, "monitors saw the log grow"
    positions = [told["log_index"] for told in load.acknowledged.values()]
    if len(positions) != len(set(positions)):
        raise PromiseBroken("one entry was acknowledged twice")
    lost = [position for position in positions if position >= tree.size or kinds[position] != RecordKind.EVENT]
    if lost:
        raise PromiseBroken(f"acknowledged, and not in the tree: {lost[:5]} and {len(lost)} in all")


def check_dispensed(data: Path, load: Load) -> None:
    """Hold what was acknowledged against the events of the record.

    :raises PromiseBroken: one is lost, or there twice.
    """
    there = dispensed_on_record(data)
    lost = [serial for serial in load.acknowledged if there[serial] == 0]
    if lost:
        raise PromiseBroken(f"acknowledged, and lost: {lost[:5]} and {len(lost)} in all")
    if twice := [serial for serial, count in there.items() if count > 1]:
        raise PromiseBroken(f"dispensed twice: {twice[:5]} and {len(twice)} in all")


def check_opens(data: Path) -> None:
    """See that the record opens and that the signer knows what it signed last.

    :raises PromiseBroken: they are damaged.
    """
    told = run(data, "status", "--json")
    if told.code:
        raise PromiseBroken(f"the record does not open: {told.out!r} {told.err[-300:]}")
    content = (data / "keys" / "log.head").read_bytes()
    try:
        signed_checkpoint.parse(content)
    except BadNote as wrong:
        raise PromiseBroken(f"what was signed last is damaged: {content[:80]!r}") from wrong


def wait_until_covered(server: Served) -> None:
    until = time.monotonic() + 60
    while True:
        with contextlib.suppress(httpx.HTTPError, KeyError):
            told = httpx.get(f"http://{server.authority}/readyz", timeout=5).json()
            if told["published_size"] == told["log_size"]:
                return
        assert time.monotonic() < until, "the log was not published"
        time.sleep(0.05)
