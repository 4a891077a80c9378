"""One writer: commands beside a running serve go through it, a second serve is refused, nothing stale blocks."""

from __future__ import annotations

import concurrent.futures
import fcntl
import json
import os
import signal
import socket
import stat
from typing import TYPE_CHECKING

import pytest

from rxtrail.bootstrap import LOCK_FILE, SOCKET_FILE
from tests.faults.processes import SECONDS_MAX, kill, look, run, served, start, write_document
from tests.faults.test_killed_captures import wait_for_jobs
from tests.web import scene

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

SERIALS = ("AAA111", "BBB222", "CCC333", "DDD444")
PACKS = 30_000


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "shipment.xml"
    path.write_bytes(scene.shipment(*SERIALS))
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def lock_is_free(data: Path) -> bool:
    handle = os.open(data / LOCK_FILE, os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        return True
    finally:
        os.close(handle)


def test_commands_that_write_go_through_the_running_serve(data: Path, document: Path) -> None:
    with served(data):
        assert not lock_is_free(data)
        assert stat.S_IMODE((data / SOCKET_FILE).stat().st_mode) == 0o600
        captured = run(data, "capture", str(document), "--json")
        assert (captured.code, captured.answer["packages"]) == (0, len(SERIALS)), captured.err
        site = ("--site", scene.PHARMACY)
        verified = run(data, "verify", scene.scan("AAA111"), *site, "--json")
        assert (verified.code, verified.answer["verdict"]) == (0, "ok"), verified.err
        dispensed = run(data, "dispense", scene.scan("AAA111"), *site, "--json")
        assert (dispensed.code, dispensed.answer["disposition"]) == (0, "dispensed"), dispensed.err
        held = run(data, "hold", scene.scan("BBB222"), "--reason", "seal broken", "--by", "A. Kim", *site, "--json")
        assert held.code == 0, held.err
        # What one command wrote, the next one and the readers beside it see at once.
        again = run(data, "verify", scene.scan("AAA111"), *site, "--json")
        assert again.answer["reasons"][0]["code"] == "already-dispensed-here"
        assert run(data, "verify", scene.scan("BBB222"), *site, "--json").code == 1
        assert run(data, "status", "--json").answer["packages"] == len(SERIALS)
        exported = run(data, "export", "packs", "--format", "json")
        assert {pack["serial"] for pack in exported.answers} == set(SERIALS)
        refused = run(data, "dispense", scene.scan("BBB222"), *site, "--json")
        assert (refused.code, refused.answer["error"]["code"]) == (1, "refused")
        not_well_formed = run(data, "capture", "-", "--json", stdin=scene.shipment("EEE555")[:-200])
        assert (not_well_formed.code, not_well_formed.answer["error"]["code"]) == (1, "not-well-formed")
        assert not_well_formed.answer["error"]["place"].startswith("line ")
    look(data, str(document))


def test_many_commands_at_once_meet_one_writer_and_all_are_there(data: Path, document: Path) -> None:
    """Without a serve each command takes the lock in turn; with one they share it."""
    assert run(data, "capture", str(document)).code == 0

    def hold(number: int) -> int:
        return run(data, "hold", scene.scan("AAA111"), "--reason", f"check {number}", "--key", str(number)).code

    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        assert list(threads.map(hold, range(4))) == [0] * 4
        with served(data):
            assert list(threads.map(hold, range(4, 8))) == [0] * 4
    events = run(data, "export", "events", "--format", "json").answers
    assert sum(event.get("bizStep") == "holding" for event in events) == 8
    look(data, str(document))


def test_one_document_sent_by_two_at_once_is_captured_once(data: Path, tmp_path: Path) -> None:
    large = tmp_path / "large.xml"
    write_document(large, PACKS)
    with served(data), concurrent.futures.ThreadPoolExecutor(2) as threads:
        both = list(threads.map(lambda _: run(data, "capture", str(large), "--json"), range(2)))
        assert [ran.code for ran in both] == [0, 0], both
        events = both[0].answer["events"]
    left = look(data, str(large))
    assert (left.state, left.packages, left.documents) == ("success", PACKS + -(-PACKS // 48), 1)
    assert left.events == events
    assert left.log_size > events, "the job, the findings and the blocks stand in the log, too"


def test_a_second_serve_on_the_same_data_is_refused_in_words(data: Path, document: Path) -> None:
    with served(data) as first:
        second = run(data, "serve", "--port", "0", "--json")
        assert (second.code, second.answer["error"]["code"]) == (4, "busy")
        assert second.answer["error"]["advice"]
        assert "another process holds" in second.err
        # And the first one does not suffer from it.
        assert first.process.poll() is None
        assert run(data, "capture", str(document)).code == 0
        assert (data / SOCKET_FILE).exists()


def test_what_a_killed_serve_leaves_does_not_block(data: Path, document: Path) -> None:
    with served(data) as server:
        assert run(data, "capture", str(document)).code == 0
        kill(server.process)
    assert (data / SOCKET_FILE).exists(), "a killed process cannot tidy up"
    assert lock_is_free(data)
    verified = run(data, "verify", scene.scan("AAA111"), "--json")
    assert (verified.code, verified.answer["verdict"]) == (0, "ok"), verified.err
    dispensed = run(data, "dispense", scene.scan("AAA111"), "--site", scene.PHARMACY, "--json")
    assert dispensed.code == 0, dispensed.err
    with served(data):
        assert run(data, "verify", scene.scan("BBB222"), "--json").code == 0
    look(data, str(document))


def test_a_stale_socket_file_without_anyone_behind_it_does_not_block(data: Path, document: Path) -> None:
    assert run(data, "capture", str(document)).code == 0
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(data / SOCKET_FILE))
    assert run(data, "verify", scene.scan("AAA111"), "--json").code == 0
    with served(data):
        assert run(data, "dispense", scene.scan("AAA111"), "--site", scene.PHARMACY).code == 0


def test_a_serve_that_is_asked_to_end_takes_its_socket_along(data: Path) -> None:
    with served(data) as server:
        server.process.send_signal(signal.SIGTERM)
        server.process.communicate(timeout=SECONDS_MAX)
    assert server.process.returncode == 0
    assert not (data / SOCKET_FILE).exists()
    assert lock_is_free(data)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_capture_through_a_serve_that_ends_is_told_and_goes_on_at_its_next_start(
    data: Path, tmp_path: Path, number: signal.Signals
) -> None:
    large = tmp_path / "large.xml"
    write_document(large, PACKS)
    with served(data) as server:
        capture = start(data, "capture", str(large), "--json")
        # It may be quicker than we look.
        while capture.poll() is None and not look(data, str(large)).open:
            pass
        server.process.send_signal(number)
        server.process.communicate(timeout=SECONDS_MAX)
    assert server.process.returncode == (0 if number is signal.SIGTERM else -number)
    out, _ = capture.communicate(timeout=SECONDS_MAX)
    told = json.loads(out)
    # Either it was through, or it says that it cannot tell; it never says "kept" of what may be lost.
    if capture.returncode == 0:
        assert told["state"] in ("success", "running")
    else:
        assert (capture.returncode, told["error"]["code"]) in ((4, "busy"), (4, "store-failed"))
    left = look(data, str(large))
    print(left)
    assert left.state
    with served(data) as server:
        wait_for_jobs(server.authority)
    done = look(data, str(large))
    assert (done.state, done.packages) == ("success", PACKS + -(-PACKS // 48))


@pytest.mark.faults
def test_a_command_beside_a_long_one_waits_or_says_busy_and_changes_nothing(data: Path, tmp_path: Path) -> None:
    """A process that holds the lock and never answers: the command ends in words, not in a wait without end."""
    assert run(data, "init", "--role", "hub").code == 0
    handle = os.open(data / LOCK_FILE, os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        said = run(data, "verify", scene.scan("AAA111"), "--json")
        assert (said.code, said.answer["error"]["code"]) == (4, "busy")
        assert said.answer["error"]["advice"]
        # Reading needs no lock.
        assert run(data, "status", "--json").code == 0
    finally:
        os.close(handle)
