"""kill -9 at random points of a large capture: all of it comes in, or none of it, and nothing is ok too early."""

from __future__ import annotations

import http.client
import itertools
import json
import os
import shutil
import signal
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from rxtrail.bootstrap import open_node
from tests.faults.processes import (
    LONG,
    LONG_PACKS,
    SECONDS_MAX,
    SHORT_PACKS,
    Left,
    Pack,
    calls_by_thread,
    chance,
    kill,
    kill_after,
    look,
    packs_of,
    run,
    serve,
    served,
    start,
    strace,
    write_document,
)
from tests.web import scene

if TYPE_CHECKING:
    import random
    import subprocess
    from pathlib import Path

    from rxtrail.bootstrap import Node

pytestmark = pytest.mark.slow

EARLIER = ("AAA111", "BBB222", "CCC333", "DDD444")
SAMPLED = 40
# Every call by which SQLite changes a file.
WRITES = "pwrite64,fdatasync,fsync,ftruncate,unlink"


class Scene(NamedTuple):
    """A document, the record before it (one shipment is there already), and the record with it, undisturbed."""

    folder: Path
    document: Path
    packs: list[Pack]  # a sample of the document's
    seconds: float  # that an undisturbed capture takes
    export: bytes  # of the packs, after an undisturbed capture
    packages: int
    rounds: int  # how often to kill

    @property
    def earlier(self) -> Path:
        """The document of the shipment that is on record from the start."""
        return self.folder / "earlier.xml"

    def fresh(self) -> Path:
        """Give a new DATA folder as it was before the document."""
        data = self.folder / "data"
        shutil.rmtree(data, ignore_errors=True)
        shutil.copytree(self.folder / "before", data)
        return data

    def look(self, data: Path) -> Left:
        """See what the store holds of the document."""
        return look(data, str(self.document))


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(SHORT_PACKS, id="short"),
        pytest.param(LONG_PACKS, id="long", marks=LONG),
    ],
)
def given(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    folder = tmp_path_factory.mktemp("capture")
    document, earlier, before = folder / "large.xml", folder / "earlier.xml", folder / "before"
    write_document(document, request.param)
    earlier.write_bytes(scene.shipment(*EARLIER))
    assert run(before, "capture", str(earlier)).code == 0
    rng = chance("sample")
    wanted = set(rng.sample(range(request.param), SAMPLED))
    packs = [pack for index, pack in enumerate(packs_of(request.param)) if index in wanted]
    data = folder / "undisturbed"
    shutil.copytree(before, data)
    started = time.monotonic()
    captured = run(data, "capture", str(document), "--json")
    seconds = time.monotonic() - started
    assert captured.code == 0, captured.err
    exported = run(data, "export", "packs", "--format", "csv")
    assert exported.code == 0, exported.err
    packages = captured.answer["packages"] + len(EARLIER)
    assert exported.out.count(b"\n") == packages + 1
    shutil.rmtree(data)
    rounds = 2 if request.param == SHORT_PACKS else 12
    return Scene(folder, document, packs, seconds, exported.out, packages, rounds)


def verdicts(data: Path, scans: list[str]) -> list[Any]:
    """Ask `rxtrail verify` about many packs."""
    answered = run(data, "verify", "-", stdin="\n".join(scans).encode())
    assert answered.code in (0, 1, 3, 4), answered.err
    return answered.answers


def codes(verdict: Any) -> set[str]:
    return {reason["code"] for reason in verdict["reasons"]}


def check_nothing_is_ok_too_early(given: Scene, data: Path) -> Left:
    """Ask for packs right now; an answer fits what the record held just before or just after it."""
    before = given.look(data)
    first, *others = verdicts(data, [scene.scan(EARLIER[0]), *(pack.scan for pack in given.packs)])
    after = given.look(data)
    assert first["verdict"] == "ok", "what was on record before stays as it was"
    for verdict in others:
        fits = {
            "ok": not after.open and after.state == "success",
            "unconfirmed": before.open and codes(verdict) == {"unreachable"},
            "stop": not before.state and codes(verdict) == {"unknown-product"},
        }
        assert fits.get(verdict["verdict"]), (before, after, verdict)
    return after


def check_it_left_nothing(left: Left) -> None:
    """Check that a document which was not accepted left no job, no document, no event and no package."""
    assert (left.state, left.documents, left.packages) == ("", 1, len(EARLIER))
    assert left.events == 4  # of the earlier shipment: made, case made, packed, shipped


def check_it_ended_well(given: Scene, data: Path) -> None:
    left = check_nothing_is_ok_too_early(given, data)
    assert (left.state, left.packages, left.documents) == ("success", given.packages, 2)
    exported = run(data, "export", "packs", "--format", "csv")
    assert exported.code == 0, exported.err
    assert exported.out == given.export, "the packs differ from those of an undisturbed run"


# What goes on by itself with a job that was left: none of these names it.
WAYS_ON = {
    "export": ("export", "packs", "--format", "csv"),
    "another capture": ("capture", "EARLIER", "--json"),
    "serve": ("serve", "--port", "0", "--json"),
}


def words_of(given: Scene, way: str) -> list[str]:
    return [str(given.earlier) if word == "EARLIER" else word for word in WAYS_ON[way]]


def begin(given: Scene, data: Path, left: Left, way: str) -> subprocess.Popen[bytes]:
    """Start what takes the document further: its capture until it is accepted, then one of the ways on."""
    if not left.state:
        return start(data, "capture", str(given.document), "--json")
    if way == "serve":
        return serve(data).process
    return start(data, *words_of(given, way))


def kill_anywhere(given: Scene, process: subprocess.Popen[bytes], data: Path, rng: random.Random) -> str:
    """Kill at any time of an undisturbed run, the interpreter's own start left out."""
    seconds = rng.uniform(0.15, given.seconds)
    return f"after {seconds:.3f} s" + ("" if kill_after(process, seconds) else ", had ended")


def kill_while_writing(given: Scene, process: subprocess.Popen[bytes], data: Path, rng: random.Random) -> str:
    """Kill while the batches of the accepted document are written."""
    while process.poll() is None and not has_open_job(data):
        time.sleep(0.002)
    seconds = rng.uniform(0, given.seconds / 2)
    return f"{seconds:.3f} s after it was accepted" + ("" if kill_after(process, seconds) else ", had ended")


def has_open_job(data: Path) -> bool:
    with open_node(data, write=False) as node:
        return bool(node.jobs_open())


def go_on(given: Scene, data: Path, left: Left, way: str) -> None:
    """Let the document come to its end: captured when it left nothing, else without being named again."""
    if not left.state:
        assert run(data, "capture", str(given.document), "--json").code == 0
    elif way == "serve":
        with served(data) as server:
            wait_for_jobs(server.authority)
    else:
        ended = run(data, *words_of(given, way))
        assert ended.code == 0, ended.err


def wait_for_jobs(authority: str) -> None:
    """Wait until the server has no unfinished capture."""
    deadline = time.monotonic() + SECONDS_MAX
    jobs: list[dict[str, Any]] = []
    while time.monotonic() < deadline:
        with closing(http.client.HTTPConnection(authority, timeout=30)) as client:
            client.request("GET", "/api/v1/capture")
            jobs = json.loads(client.getresponse().read())["jobs"]
        if all(job["state"] == "success" for job in jobs):
            return
        time.sleep(0.05)
    pytest.fail(f"not finished after {SECONDS_MAX} s: {jobs}")


@pytest.mark.parametrize("way", WAYS_ON)
def test_a_killed_capture_is_all_there_in_the_end_or_was_never_accepted(given: Scene, way: str) -> None:
    rng = chance(f"capture, then {way}")
    data = given.fresh()
    left = given.look(data)
    for number in range(given.rounds):
        kill_some = kill_anywhere if number % 2 else kill_while_writing
        process = begin(given, data, left, way)
        try:
            told = kill_some(given, process, data, rng)
        finally:
            kill(process)
        left = given.look(data)
        print(f"kill {number} {told}: {left}")
        if not left.state:
            check_it_left_nothing(left)
        left = check_nothing_is_ok_too_early(given, data)
        if left.state == "success" and number < given.rounds - 1:
            # This one is through: the next kill needs work to fall into.
            data = given.fresh()
            left = given.look(data)
    go_on(given, data, left, way)
    check_it_ended_well(given, data)


def test_a_capture_killed_at_any_one_of_its_writes_is_whole_afterwards(given: Scene) -> None:
    """The same by count instead of by time: strace kills at the Nth change of a file, so a run can be repeated."""
    counting = strace("-e", f"trace={WRITES}", "-o", str(given.folder / "writes"))
    assert run(given.fresh(), "capture", str(given.document), through=counting).code == 0
    calls = calls_by_thread(given.folder / "writes")
    rng = chance("Nth write")
    for _ in range(given.rounds // 2):
        # Most of the time goes into the one call, but the others end something each time.
        call = rng.choice(["pwrite64", "pwrite64", *sorted(calls)])
        nth = rng.randrange(1, calls[call] + 1)
        print(f"kill at {call} number {nth} of {calls[call]}")
        data = given.fresh()
        killing = strace("-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={nth}", "-o", os.devnull)
        assert run(data, "capture", str(given.document), through=killing).code == -signal.SIGKILL
        left = given.look(data)
        print(left)
        if not left.state:
            check_it_left_nothing(left)
        left = check_nothing_is_ok_too_early(given, data)
        go_on(given, data, left, "another capture")
        check_it_ended_well(given, data)


def test_a_document_that_was_answered_with_202_comes_in_whatever_happens_then(given: Scene) -> None:
    data = given.fresh()
    with (
        served(data) as server,
        closing(http.client.HTTPConnection(server.authority, timeout=SECONDS_MAX)) as client,
        given.document.open("rb") as body,
    ):
        headers = {"Content-Type": "application/xml", "Content-Length": str(given.document.stat().st_size)}
        client.request("POST", "/api/v1/capture", body, headers)
        answer = client.getresponse()
        job = json.loads(answer.read())
        kill(server.process)
    assert (answer.status, job["state"]) == (202, "accepted"), job
    with served(data) as server:
        wait_for_jobs(server.authority)
    left = look(data, job["name"])
    assert (left.state, left.packages) == ("success", given.packages)
    again = run(data, "capture", str(given.document), "--json").answer
    assert (again["new_events"], again["packages"], again["duplicate"]) == (0, 0, True)


@pytest.mark.parametrize("share", [pytest.param(0.03, id="short"), pytest.param(1.0, id="long", marks=LONG)])
def test_a_record_killed_while_it_is_being_made_is_made_at_the_next_start(tmp_path: Path, share: float) -> None:
    data, log = tmp_path / "data", tmp_path / "writes"
    assert run(data, "store", "init", through=strace("-e", f"trace={WRITES}", "-o", str(log))).code == 0
    places = [(call, nth) for call, count in calls_by_thread(log).items() for nth in range(1, count + 1)]
    rng = chance("making")
    for call, nth in rng.sample(places, max(2, int(len(places) * share))):
        print(f"kill at {call} number {nth}")
        shutil.rmtree(data)
        killing = strace("-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={nth}", "-o", os.devnull)
        assert run(data, "store", "init", through=killing).code == -signal.SIGKILL
        # Reading finds a record or says that there is none; writing makes it.
        assert run(data, "status", "--json").code in (0, 4)
        verified = run(data, "verify", scene.scan("AAA111"), "--json")
        assert (verified.code, codes(verified.answer)) == (1, {"unknown-product"}), verified.err
        look(data, "")


def test_no_pack_is_ok_while_its_document_is_being_read(given: Scene) -> None:
    """Ask again and again beside a running capture, each time through a reader that has just been opened."""
    data = given.fresh()
    rng = chance("beside")
    seen: set[str] = set()
    process = start(data, "capture", str(given.document), "--json")
    while process.poll() is None:
        pack = rng.choice(given.packs)
        with open_node(data, write=False) as node:
            before = state_of(node, given)
            answer = node.verify(pack.scan).verdict.value
            if state_of(node, given) == before:
                seen.add(f"{answer} while {before or 'not there'}")
        time.sleep(0.01)
    kill(process)
    print(sorted(seen))
    assert seen & {"unconfirmed while accepted", "unconfirmed while running"}
    assert seen <= {
        "stop while not there",
        "unconfirmed while accepted",
        "unconfirmed while running",
        "ok while success",
    }


def state_of(node: Node, given: Scene) -> str:
    return next((job.state for job in node.jobs() if job.name == str(given.document)), "")


def test_a_reader_that_was_there_before_the_capture_is_not_fooled_by_it(given: Scene) -> None:
    """What a reading node keeps in memory must follow what another process writes."""
    data = given.fresh()
    with open_node(data, write=False) as node:
        assert {node.verify(pack.scan).verdict.value for pack in given.packs} == {"stop"}
        process = start(data, "capture", str(given.document), "--json")
        early = []
        for pack in itertools.cycle(given.packs):
            if process.poll() is not None:
                break
            answer = node.verify(pack.scan).verdict.value
            if answer == "ok" and node.jobs_open():
                early.append(pack)
            time.sleep(0.002)
        kill(process)
        assert early == []
        assert {node.verify(pack.scan).verdict.value for pack in given.packs} == {"ok"}


def test_in_the_serving_process_itself_no_pack_is_ok_too_early(given: Scene) -> None:
    """The counter's caches and the writer live in one process there: several threads ask while it captures."""
    data = given.fresh()
    early: list[Pack] = []
    with open_node(data) as node, given.document.open("rb") as stream:
        done = threading.Event()

        def ask(number: int) -> None:
            for pack in itertools.cycle(given.packs[number:]):
                if node.verify(pack.scan).verdict.value == "ok" and node.jobs_open():
                    early.append(pack)
                if done.wait(0.0005):
                    return

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(2)]
        for thread in threads:
            thread.start()
        node.capture(stream, name=str(given.document))
        done.set()
        for thread in threads:
            thread.join()
        assert early == []
        assert {node.verify(pack.scan).verdict.value for pack in given.packs} == {"ok"}
    given.look(data)
