"""kill -9 at random points of a large capture: all of it comes in, or none of it, and nothing is ok too early."""

from __future__ import annotations

import http.client
import itertools
import json
import random
import shutil
import subprocess
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from rxtrail.bootstrap import open_node
from tests.faults.processes import (
    LONG_PACKS,
    SHORT_PACKS,
    Left,
    Pack,
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
    from collections.abc import Iterator
    from pathlib import Path

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
        pytest.param(LONG_PACKS, id="long", marks=pytest.mark.faults),
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
    return Scene(folder, document, packs, seconds, exported.out, packages)


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
    again = run(data, "capture", str(given.document), "--json").answer
    assert (again["new_events"], again["packages"], again["duplicate"]) == (0, 0, True)


# What goes on by itself with a job that was left: none of these names it.
WAYS_ON = {
    "export": ("export", "packs", "--format", "csv"),
    "another capture": ("capture", "EARLIER", "--json"),
    "serve": ("serve", "--port", "0", "--json"),
}


def begin(given: Scene, data: Path, way: str) -> subprocess.Popen[bytes]:
    """Start what takes the document further: its capture until it is accepted, then one of the ways on."""
    if not given.look(data).state:
        return start(data, "capture", str(given.document), "--json")
    if way == "serve":
        return serve(data).process
    return start(data, *(str(given.earlier) if word == "EARLIER" else word for word in WAYS_ON[way]))


def go_on(given: Scene, data: Path, way: str) -> None:
    """Let the document come to its end: captured when it left nothing, else without being named again."""
    if not given.look(data).state:
        assert run(data, "capture", str(given.document), "--json").code == 0
    elif way == "serve":
        with served(data) as server:
            wait_for_jobs(server.authority)
    else:
        words = [str(given.earlier) if word == "EARLIER" else word for word in WAYS_ON[way]]
        ended = run(data, *words)
        assert ended.code == 0, ended.err


def wait_for_jobs(authority: str) -> None:
    """Wait until the server has no unfinished capture."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        client = http.client.HTTPConnection(authority, timeout=30)
        client.request("GET", "/api/v1/capture")
        jobs = json.loads(client.getresponse().read())["jobs"]
        client.close()
        if all(job["state"] == "success" for job in jobs):
            return
        time.sleep(0.05)
    pytest.fail(f"not finished after 120 s: {jobs}")


@pytest.mark.parametrize("way", WAYS_ON)
def test_a_killed_capture_is_all_there_in_the_end_or_was_never_accepted(given: Scene, way: str) -> None:
    rng = chance(f"capture, then {way}")
    data = given.fresh()
    for number in range(4 if len(given.export) < 100_000_000 else 12):
        # The first kills fall anywhere in the capture; what goes on is quicker, and must be hit as well.
        seconds = rng.uniform(0.05, given.seconds * (1.0 if number < 2 else 0.6))
        process = begin(given, data, way)
        killed = kill_after(process, seconds)
        left = given.look(data)
        print(f"kill {number} after {seconds:.3f} s ({'hit' if killed else 'had ended'}): {left}")
        if not left.state:
            check_it_left_nothing(left)
        check_nothing_is_ok_too_early(given, data)
    go_on(given, data, way)
    check_it_ended_well(given, data)


def test_a_capture_killed_at_any_one_of_its_writes_is_whole_afterwards(given: Scene) -> None:
    """The same by count instead of by time: strace kills at the Nth change of a file, so a run can be repeated."""
    counting = strace("-e", f"trace={WRITES}", "-o", str(given.folder / "writes"))
    assert run(given.fresh(), "capture", str(given.document), through=counting).code == 0
    calls = [line.split(maxsplit=1)[1] for line in (given.folder / "writes").read_text().splitlines()]
    names = [line.partition("(")[0] for line in calls if not line.startswith(("+++", "---"))]
    rng = chance("Nth write")
    for _ in range(4):
        call = rng.choice(sorted(set(names)))
        nth = rng.randrange(1, names.count(call) + 1)
        print(f"kill at {call} number {nth} of {names.count(call)}")
        data = given.fresh()
        killing = strace("-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={nth}", "-o", "/dev/null")
        run(data, "capture", str(given.document), through=killing)
        left = given.look(data)
        print(left)
        if not left.state:
            check_it_left_nothing(left)
        check_nothing_is_ok_too_early(given, data)
        go_on(given, data, "export")
        check_it_ended_well(given, data)


def test_no_pack_is_ok_while_its_document_is_being_read(given: Scene) -> None:
    """Ask again and again beside a running capture, and beside the one that goes on after a kill."""
    data = given.fresh()
    rng = random.Random(1)
    seen: set[str] = set()
    for seconds in (given.seconds * 0.7, 120.0):
        process = start(data, "capture", str(given.document), "--json")
        deadline = time.monotonic() + seconds
        while process.poll() is None and time.monotonic() < deadline:
            for state, answer in asked_beside(given, data, rng.choice(given.packs)):
                seen.add(f"{answer} while {state or 'not there'}")
        kill(process)
    print(sorted(seen))
    assert seen & {"unconfirmed while accepted", "unconfirmed while running"}
    assert seen <= {
        "stop while not there",
        "unconfirmed while accepted",
        "unconfirmed while running",
        "ok while success",
    }
    check_it_ended_well(given, data)


def asked_beside(given: Scene, data: Path, pack: Pack) -> Iterator[tuple[str, str]]:
    """Judge a pack through a reader beside the writer, when the job's state was the same before and after."""
    with open_node(data, write=False) as node:
        states = [job.state for job in node.jobs() if job.name == str(given.document)]
        answer = node.verify(pack.scan).verdict.value
        if states == [job.state for job in node.jobs() if job.name == str(given.document)]:
            yield next(iter(states), ""), answer


def test_a_reader_that_was_there_before_the_capture_is_not_fooled_by_it(given: Scene) -> None:
    """What a reading node keeps in memory must follow what another process writes."""
    data = given.fresh()
    with open_node(data, write=False) as node:
        assert node.verify(given.packs[0].scan).verdict.value == "stop"
        process = start(data, "capture", str(given.document), "--json")
        early = []
        for pack in itertools.cycle(given.packs):
            if process.poll() is not None:
                break
            answer = node.verify(pack.scan).verdict.value
            if answer == "ok" and node.jobs_open():
                early.append(pack)
            time.sleep(0.001)
        kill(process)
        assert early == []
        assert {node.verify(pack.scan).verdict.value for pack in given.packs} == {"ok"}
