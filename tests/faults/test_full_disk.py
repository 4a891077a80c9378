"""A disk without room: a named error and nothing half-written, and with room again the work goes on."""

from __future__ import annotations

import contextlib
import functools
import http.client
import json
import os
import resource
import shutil
import subprocess
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.faults.processes import (
    LONG,
    SECONDS_MAX,
    Left,
    Pack,
    Ran,
    calls_by_thread,
    chance,
    look,
    packs_of,
    run,
    served,
    strace,
    write_document,
)
from tests.faults.test_killed_dispenses import dispense
from tests.web import scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

PACKS = 30_000
EARLIER = ("AAA111", "BBB222", "CCC333")
SHARED_MEMORY_WRITES = 8
ROUNDS = pytest.mark.parametrize("rounds", [pytest.param(2, id="short"), pytest.param(30, id="long", marks=LONG)])
# What is kept beside the store while a document is read goes to a file when it is large; here it always does.
SPILLS = {
    "events": "import rxtrail.capture.spool as spool; spool.MEMORY_BYTES_MAX = 1",
    "raw bytes": "import rxtrail.capture.raw as raw; raw.MEMORY_BYTES_MAX = 1",
}


class Scene(NamedTuple):
    """A record with one shipment in it, and a document that is too large for the disk."""

    folder: Path
    document: Path
    packs: list[Pack]  # a sample of the document's
    packages: int  # in the document

    def fresh(self, data: Path | None = None) -> Path:
        """Give a new DATA folder as it was before the document."""
        data = data or self.folder / "data"
        shutil.rmtree(data, ignore_errors=True)
        shutil.copytree(self.folder / "before", data)
        return data

    def capture(self, data: Path, *, room: int = 0, through: tuple[str, ...] = (), planted: str = "") -> Ran:
        """Capture the document; ``room`` is the size that no file of that process may pass."""
        before = functools.partial(resource.setrlimit, resource.RLIMIT_FSIZE, (room, room)) if room else None
        return run(data, "capture", str(self.document), "--json", before=before, through=through, planted=planted)

    def verdicts(self, data: Path) -> list[str]:
        """Ask about one pack that was there before, and some of the document's."""
        scans = [scene.scan(EARLIER[0]), *(pack.scan for pack in self.packs)]
        return [answer["verdict"] for answer in run(data, "verify", "-", stdin="\n".join(scans).encode()).answers]


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    folder = tmp_path_factory.mktemp("full")
    document, earlier = folder / "large.xml", folder / "earlier.xml"
    write_document(document, PACKS)
    earlier.write_bytes(scene.shipment(*EARLIER))
    assert run(folder / "before", "capture", str(earlier)).code == 0
    packs = [pack for at, pack in enumerate(packs_of(PACKS)) if at % 4_999 == 1]
    undisturbed = Scene(folder, document, packs, 0)
    captured = undisturbed.capture(undisturbed.fresh())
    assert captured.code == 0, captured.err
    return undisturbed._replace(packages=captured.answer["packages"])


def check_refused_by_name(ran: Ran, *names: str) -> None:
    assert ran.code == 4, ran
    assert ran.answer["error"]["code"] in names
    assert ran.answer["error"]["advice"]
    assert "Traceback" not in ran.err


def check_what_is_there_is_whole(given: Scene, data: Path) -> Left:
    """The document is not there at all, or it is known to be unfinished; what was there before still verifies."""
    left = look(data, str(given.document))
    before, *others = given.verdicts(data)
    assert before == "ok"
    assert left.state in ("", "accepted", "running")
    assert set(others) == ({"unconfirmed"} if left.open else {"stop"})
    return left


def check_it_comes_in(given: Scene, data: Path) -> None:
    again = given.capture(data)
    assert (again.code, again.answer["state"]) == (0, "success"), again.err
    assert set(given.verdicts(data)) == {"ok"}
    left = look(data, str(given.document))
    assert left.packages == len(EARLIER) + given.packages


# --- no file may grow past a size: needs no rights --------------------------------------------------------


def test_a_capture_that_outgrows_its_room_leaves_nothing_half_written(given: Scene) -> None:
    rng = chance("room")
    data = given.fresh()
    begin = (data / "rxtrail.sqlite").stat().st_size
    assert given.capture(data).code == 0
    end = (data / "rxtrail.sqlite").stat().st_size
    states = set()
    for share in (0.6, rng.uniform(0.05, 0.9)):
        room = int(begin + (end - begin) * share)
        print(f"room for {room} bytes a file; the whole record takes {end}")
        data = given.fresh()
        check_refused_by_name(given.capture(data, room=room), "store-failed", "store-full")
        left = check_what_is_there_is_whole(given, data)
        states.add(left.state)
    print(states)
    check_it_comes_in(given, data)


@pytest.mark.parametrize("spilled", SPILLS)
def test_a_document_that_does_not_fit_beside_the_store_is_refused_by_name(given: Scene, spilled: str) -> None:
    data = given.fresh()
    # Enough for the memory that processes share beside the store, and for nothing else.
    ran = given.capture(data, room=40_000, planted=SPILLS[spilled])
    check_refused_by_name(ran, "store-full", "store-failed")
    assert check_what_is_there_is_whole(given, data).state == ""
    # The same with room enough: spilled or not makes no difference.
    assert given.capture(data, planted=SPILLS[spilled]).answer["packages"] == given.packages
    assert set(given.verdicts(data)) == {"ok"}


def test_a_new_record_on_a_disk_without_room_is_refused_by_name_and_made_later(given: Scene) -> None:
    data = given.folder / "new"
    for room in (4096, 100_000):
        check_refused_by_name(given.capture(data, room=room), "store-failed", "store-full")
        for words in (("status",), ("trace", "(01)00352601815904(21)A1")):
            told = run(data, *words, "--json")
            assert told.code in (0, 1, 4), told.err
            assert told.answer
    made = given.capture(data)
    assert (made.code, made.answer["state"]) == (0, "success"), made.err


# --- no space left on the device, in the middle of a batch ------------------------------------------------


@ROUNDS
def test_no_space_in_the_middle_of_a_batch_undoes_the_batch_only(given: Scene, rounds: int) -> None:
    """strace answers ENOSPC from the Nth write of the store on: a place that can be found again."""
    log = given.folder / "writes"
    counting = strace("-e", "trace=pwrite64", "-o", str(log))
    assert given.capture(given.fresh(), through=counting).code == 0
    count = calls_by_thread(log)["pwrite64"]
    rng = chance("ENOSPC")
    for nth in sorted(rng.randrange(1, count) for _ in range(rounds)):
        print(f"ENOSPC from write {nth} of {count} on")
        data = given.fresh()
        failing = strace("-e", "trace=pwrite64", "-e", f"inject=pwrite64:error=ENOSPC:when={nth}+", "-o", os.devnull)
        ran = given.capture(data, through=failing)
        if ran.code == 0:
            # Only the folding of the log into the file, which comes after the receipt, found no room.
            assert ran.answer["state"] == "success"
            assert set(given.verdicts(data)) == {"ok"}
            continue
        # The first writes set up the shared memory beside the store, which SQLite does not tell as a full disk.
        check_refused_by_name(ran, "store-full", *(("store-failed",) if nth <= SHARED_MEMORY_WRITES else ()))
        check_what_is_there_is_whole(given, data)
        check_it_comes_in(given, data)


def test_one_failed_write_fails_the_capture_and_the_next_one_finishes_it(given: Scene) -> None:
    rng = chance("EIO")
    nth = rng.randrange(50, 400)
    print(f"EIO at write {nth}")
    data = given.fresh()
    failing = strace("-e", "trace=pwrite64", "-e", f"inject=pwrite64:error=EIO:when={nth}", "-o", os.devnull)
    check_refused_by_name(given.capture(data, through=failing), "store-failed")
    check_what_is_there_is_whole(given, data)
    check_it_comes_in(given, data)


# --- a real file system that is full ----------------------------------------------------------------------


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """Mount a file system of 2 MiB, or skip by name."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    mounted = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no small file system here: {mounted.stderr.decode('utf-8', 'replace').strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(file: Path) -> None:
    """Take all the room that is left."""
    with file.open("wb", buffering=0) as out, contextlib.suppress(OSError):
        while True:
            out.write(b"\0" * 4096)


def test_on_a_full_file_system_the_capture_fails_and_the_counter_goes_on(given: Scene, small: Path) -> None:
    data = given.fresh(small / "data")
    check_refused_by_name(given.capture(data), "store-full")
    # Still full: what was there before can be asked for all the same.
    check_what_is_there_is_whole(given, data)
    assert run(data, "export", "packs", "--format", "csv").code == 0


def test_a_serve_on_a_full_disk_says_so_and_goes_on_when_there_is_room(given: Scene, small: Path) -> None:
    data = given.fresh(small / "data")
    with (
        served(data) as server,
        contextlib.closing(http.client.HTTPConnection(server.authority, timeout=SECONDS_MAX)) as client,
    ):
        fill(small / "ballast")
        status, problem = dispense(client, EARLIER[1], key="1")
        assert (status, problem["code"]) == (507, "store-full"), problem
        assert problem["advice"]
        body = json.dumps({"scan": scene.scan(EARLIER[0]), "site": scene.PHARMACY})
        client.request("POST", "/api/v1/verify", body, {"Content-Type": "application/json"})
        assert json.load(client.getresponse())["verdict"] == "ok"
        (small / "ballast").unlink()
        status, receipt = dispense(client, EARLIER[1], key="1")
        assert (status, receipt["disposition"], receipt["repeated"]) == (200, "dispensed", False)
    look(data, str(given.document))
