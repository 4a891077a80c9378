"""kill -9 of server, signer and witness under load: one history is signed, and all that was acknowledged is in it."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import select
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from rxtrail.bootstrap import open_node
from rxtrail.core.merkle import note, signed_checkpoint
from rxtrail.core.merkle.note import VerifierKey
from rxtrail.core.merkle.tree import MemoryTree, leaf_hash
from rxtrail.publishing.checking import WebSource, check
from rxtrail.publishing.tiles import entries_of
from rxtrail.store.rows import RecordKind
from tests.faults.processes import LONG, SECONDS_MAX, Served, chance, kill, program, quiet, run, serve
from tests.faults.test_killed_dispenses import dispense
from tests.web import scene
from tests.witness.witnesses import served as witness_served

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

pytestmark = [pytest.mark.slow, pytest.mark.sqlite_only]

COUNTERS = 4
# Read when pytest collects: later the suite hides all settings from the tests.
LONG_KILLS = int(os.environ.get("RXTRAIL_FAULT_KILLS", "200"))
VICTIMS = ("server", "signer", "witness", "signer and server")


class Heads:
    """Every signed head that anybody outside has ever seen."""

    def __init__(self) -> None:
        self.seen: dict[bytes, None] = {}
        self._lock = threading.Lock()

    def see(self, head: bytes) -> None:
        with self._lock:
            self.seen.setdefault(head)

    def wait_for_more(self, seconds: float) -> None:
        """Wait until somebody has seen a head that is new: a strike before that would hit nothing at work."""
        before, until = len(self.seen), time.monotonic() + seconds
        while len(self.seen) == before and time.monotonic() < until:
            time.sleep(0.005)

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
            contextlib.suppress(OSError, http.client.HTTPException),
        ):
            while True:
                with self._lock:
                    number = next(self._fresh, None)
                if number is None:
                    return
                serial = f"K{number}"
                status, answer = dispense(client, serial, key=serial)
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


def served_with(data: Path, settings: Path) -> Served:
    """Start a server with these settings."""
    process = subprocess.Popen(
        program(data, "serve", "--port", "0", "--json", "--config", str(settings)),
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=quiet(),
    )  # fmt: skip
    assert process.stdout is not None
    assert select.select([process.stdout], [], [], SECONDS_MAX)[0], "the server did not come up"
    return Served(process, json.loads(process.stdout.readline())["url"].removeprefix("http://"))


def tree_of(data: Path) -> tuple[MemoryTree, list[int]]:
    """The tree over all records, and their kinds."""
    with open_node(data, write=False) as node:
        rows = node._reader().entries_from(0, 1 << 30)
    assert [row[0] for row in rows] == list(range(len(rows)))
    return MemoryTree([leaf_hash(entry) for entry in entries_of(rows)]), [row[1] for row in rows]


def assert_one_history(data: Path, heads: Heads, vkey: VerifierKey, load: Load) -> None:
    """Every head that was ever seen is a head of the record as it is at the end."""
    tree, kinds = tree_of(data)
    sizes = []
    for content in heads.seen:
        note.verify(note.parse(content), [vkey])
        head = signed_checkpoint.parse(content).checkpoint
        assert head.size <= tree.size, "more was signed than the record holds"
        assert head.root == tree.root(head.size), f"another history of {head.size} entries was signed"
        sizes.append(head.size)
    assert len(set(sizes)) > 2, "monitors saw the log grow"
    positions = [told["log_index"] for told in load.acknowledged.values()]
    assert len(positions) == len(set(positions))
    assert all(kinds[position] == RecordKind.EVENT for position in positions), "acknowledged, and not in the tree"


@pytest.mark.parametrize(
    "kills",
    [
        pytest.param(4, id="short", marks=pytest.mark.timeout(240)),
        pytest.param(LONG_KILLS, id="long", marks=LONG),
    ],
)
def test_whatever_is_killed_one_history_is_signed_and_all_that_was_acknowledged_is_in_it(
    tmp_path: Path, kills: int
) -> None:
    rng = chance("log")
    data = tmp_path / "data"
    packs = kills * 800
    assert run(data, "init", "--role", "hub").code == 0
    assert run(data, "capture", "-", stdin=scene.shipment(*(f"K{n}" for n in range(packs)))).code == 0
    published = run(data, "log", "publish", "--json").answer
    vkey = published["keys"][0]
    origin = hashlib.sha256(published["origin"].encode()).hexdigest()
    heads, load = Heads(), Load(packs)
    policy, settings = tmp_path / "policy", tmp_path / "rxtrail.toml"
    settings.write_text(f'[log]\nwitness_policy = "{policy}"\ncheckpoint_seconds = 0.05\n', encoding="utf-8")
    killed = 0
    while killed < kills:
        with witness_served(tmp_path / "witness", logs=[vkey]) as witness:
            # On another port each time: somebody else may have taken the last one.
            policy.write_text(f"witness w {witness.keys[0]} {witness.url}\nquorum none\n", encoding="utf-8")
            server = served_with(data, settings)
            with loaded(server, load, heads, witness.url, origin):
                while True:
                    heads.wait_for_more(20.0)
                    time.sleep(rng.uniform(0.0, 0.5))
                    killed += 1
                    if strike(rng.choice(VICTIMS), server.process, witness.process):
                        break
                    if killed >= kills:
                        break
        heads.see((data / "keys" / "log.head").read_bytes())
    server = serve(data)
    try:
        wait_until_covered(server)
        with contextlib.closing(WebSource(f"http://{server.authority}/log")) as source:
            checked = check(source, [VerifierKey.parse(vkey)])
    finally:
        kill(server.process)
    seen, acknowledged = len(heads.seen), len(load.acknowledged)
    print(f"{killed} kills, {seen} heads seen, {acknowledged} acknowledged, {checked.size} entries")
    assert load.acknowledged
    assert_one_history(data, heads, VerifierKey.parse(vkey), load)


def strike(victim: str, server: subprocess.Popen[bytes], witness: subprocess.Popen[bytes]) -> bool:
    """Kill -9; tell whether a new round must begin."""
    signer = signer_of(server.pid)
    if victim == "witness":
        witness.kill()
        return True
    if "signer" in victim and signer:
        with contextlib.suppress(ProcessLookupError):
            os.kill(signer, signal.SIGKILL)
    if "server" in victim:
        server.kill()
        return True
    return False


def wait_until_covered(server: Served) -> None:
    until = time.monotonic() + 60
    while True:
        with contextlib.suppress(httpx.HTTPError, KeyError):
            told = httpx.get(f"http://{server.authority}/readyz", timeout=5).json()
            if told["published_size"] == told["log_size"]:
                return
        assert time.monotonic() < until, "the log was not published"
        time.sleep(0.05)


# -- death at every place of a round -----------------------------------------------------------------------------------

DIES = """
import os, itertools
from rxtrail.publishing import publisher, signer_client, signing
count = itertools.count(1)
def dying(real):
    def call(*given, **more):
        if {before} and next(count) == {at}:
            os._exit(9)
        done = real(*given, **more)
        if not {before} and next(count) == {at}:
            os._exit(9)
        return done
    return call
{where} = dying({where})
"""
PLACES = {
    "the tree grows": "publisher.Publisher._grow",
    "the head is signed": "publisher.Publisher._sign",
    "tiles and head are stored": "publisher.Publisher._store",
    "the signer is asked": "signer_client.SocketSigner._exchange",
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("where", "before"),
    [
        pytest.param(
            place,
            before,
            id=f"{'before' if before else 'after'} {name}",
            marks=() if name == "the head is signed" and not before else pytest.mark.faults,
        )
        for name, place in PLACES.items()
        for before in (True, False)
    ],
)
def test_a_server_that_dies_there_goes_on_with_the_same_history(tmp_path: Path, where: str, *, before: bool) -> None:
    data = tmp_path / "data"
    assert run(data, "init", "--role", "hub").code == 0
    heads, load = Heads(), Load(300)
    assert run(data, "capture", "-", stdin=scene.shipment(*(f"K{n}" for n in range(300)))).code == 0
    vkey = VerifierKey.parse(run(data, "log", "publish", "--json").answer["keys"][0])
    settings = tmp_path / "rxtrail.toml"
    settings.write_text("[log]\ncheckpoint_seconds = 0.05\n", encoding="utf-8")
    for at in (1, 2, 3):
        die_at(data, settings, DIES.format(where=where, before=before, at=at), load)
        heads.see((data / "keys" / "log.head").read_bytes())
        heads.see(run(data, "log", "publish").out and (data / "keys" / "log.head").read_bytes())
    assert_one_history(data, heads, vkey, load)


def die_at(data: Path, settings: Path, planted: str, load: Load) -> None:
    """Serve and dispense until the server has died where it was told to."""
    process = subprocess.Popen(
        program(data, "serve", "--port", "0", "--json", "--config", str(settings), planted=planted),
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=quiet(),
    )  # fmt: skip
    assert process.stdout is not None
    line = process.stdout.readline()
    if line:  # it may have died before it answered
        counter = threading.Thread(target=load.counter, args=(json.loads(line)["url"].removeprefix("http://"),))
        counter.start()
        counter.join(60)
    process.wait(60)
    process.stdout.close()
    assert process.returncode == 9, "it died where it was told to"


def replayed(rng: random.Random) -> list[str]:
    """The victims of the first rounds, by the seed that was printed."""
    return [rng.choice(VICTIMS) for _ in range(5)]


def test_a_run_is_replayed_by_its_seed() -> None:
    assert replayed(chance("log")) == replayed(chance("log"))
