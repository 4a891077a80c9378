"""kill -9 of a serve under a stream of dispensings: what was acknowledged is there, and nothing is there twice."""

from __future__ import annotations

import collections
import concurrent.futures
import contextlib
import http.client
import json
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.faults.processes import (
    LONG,
    LONG_PACKS,
    SECONDS_MAX,
    Served,
    chance,
    kill,
    look,
    program,
    quiet,
    run,
    served,
)
from tests.web import scene

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

COUNTERS = 6  # HTTP connections that dispense, each its own packs
PACKS_PER_COUNTER = 2_000
COMMANDS = 2  # `rxtrail dispense` beside them
SHARED = ("HOT1", "HOT2", "HOT3")  # packs that every counter wants


class Stream:
    """Counters that dispense until the server is gone, and what each was told."""

    def __init__(self, server: Served, serials: dict[int, list[str]], number: int = 0) -> None:
        self.authority = server.authority
        self.number = number  # of the round, so that no key is ever used for two wishes
        self.serials = serials
        self.acknowledged: dict[str, Any] = {}  # serial -> receipt
        self.asked: set[str] = set()
        self.winners: collections.Counter[str] = collections.Counter()  # of the packs that all want
        self.lock = threading.Lock()
        self.started = threading.Event()  # somebody was answered

    def counter(self, number: int) -> None:
        """Dispense one pack after the other over one connection, and try those that everybody wants."""
        with (
            contextlib.closing(http.client.HTTPConnection(self.authority, timeout=SECONDS_MAX)) as client,
            contextlib.suppress(OSError, http.client.HTTPException),
        ):
            for serial in (*SHARED, *self.serials[number]):
                with self.lock:
                    self.asked.add(serial)
                status, answer = dispense(client, serial, key=f"{self.number}-{number}-{serial}")
                with self.lock:
                    if status == 200:
                        self.started.set()
                        self.winners[serial] += 1
                        self.acknowledged[serial] = answer
                    else:
                        assert serial in SHARED, answer
                        assert status == 409, answer

    def commands(self, data: Path, serials: list[str]) -> None:
        """Dispense by the command line, which goes through the same server."""
        for serial in serials:
            with self.lock:
                self.asked.add(serial)
            # Not the helper: a command that meets a dead server may wait for it, and the test does not.
            process = subprocess.Popen(
                program(data, "dispense", scene.scan(serial), "--site", scene.PHARMACY, "--json"),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=quiet(),
            )
            out, _ = process.communicate(timeout=SECONDS_MAX)
            if process.returncode == 0:
                with self.lock:
                    self.winners[serial] += 1
                    self.acknowledged[serial] = json.loads(out)


def dispense(client: http.client.HTTPConnection, serial: str, *, key: str) -> tuple[int, Any]:
    body = {
        "state": "dispensed",
        "lot": scene.LOT,
        "expiry": scene.EXPIRY_PRINTED,
        "site": scene.PHARMACY,
        "by": "A. Kim",
    }
    client.request(
        "PATCH",
        f"/api/v1/packs/{scene.GTIN}/{quote(serial, safe='')}",
        json.dumps(body),
        {"Content-Type": "application/json", "Idempotency-Key": key},
    )
    answer = client.getresponse()
    return answer.status, json.loads(answer.read())


def dispensed_on_record(data: Path) -> collections.Counter[str]:
    """Count the dispensing events of each serial, as exported."""
    exported = run(data, "export", "events", "--format", "json")
    assert exported.code == 0, exported.err
    found: collections.Counter[str] = collections.Counter()
    for event in exported.answers:
        if event.get("bizStep") == "dispensing":
            found.update(epc.rpartition("/")[2] for epc in event["epcList"])
    return found


def dispositions(data: Path) -> dict[str, str]:
    exported = run(data, "export", "packs", "--format", "json")
    assert exported.code == 0, exported.err
    return {pack["serial"]: pack["disposition"] for pack in exported.answers}


@pytest.mark.parametrize("rounds", [pytest.param(2, id="short"), pytest.param(20, id="long", marks=LONG)])
def test_every_acknowledged_dispensing_survives_and_none_is_doubled(tmp_path: Path, rounds: int) -> None:
    rng = chance("dispensings")
    data = tmp_path / "data"
    packs = PACKS_PER_COUNTER if rounds < 10 else max(PACKS_PER_COUNTER, LONG_PACKS // 100)
    own = {number: [f"C{number}P{index}" for index in range(packs)] for number in range(COUNTERS)}
    by_command = {number: [f"R{number}P{index}" for index in range(50)] for number in range(COMMANDS)}
    every = [*SHARED, *(s for some in (own, by_command) for serials in some.values() for s in serials)]
    document = tmp_path / "shipment.xml"
    document.write_bytes(scene.shipment(*every))
    assert run(data, "capture", str(document)).code == 0

    acknowledged: dict[str, Any] = {}
    asked: set[str] = set()
    found: collections.Counter[str] = collections.Counter()
    for number in range(rounds):
        with (
            served(data) as server,
            concurrent.futures.ThreadPoolExecutor(COUNTERS + COMMANDS) as threads,
        ):
            stream = Stream(server, own, number)
            running = [threads.submit(stream.counter, counter) for counter in range(COUNTERS)]
            running += [threads.submit(stream.commands, data, by_command[n][:2]) for n in range(COMMANDS)]
            stream.started.wait(SECONDS_MAX)
            seconds = rng.uniform(0.2, 1.2)
            time.sleep(seconds)
            with stream.lock:
                count = len(stream.acknowledged)
            kill(server.process)
            for ended in running:
                ended.result()
        print(f"kill {number} after {seconds:.3f} s: {count} acknowledged, {len(stream.asked)} asked for")
        assert count, "the kill came before any work was done"
        # Of a pack that all want, at most one is told yes; the same pack is not dispensed again in a later round.
        assert all(told == 1 for told in stream.winners.values())
        assert not stream.acknowledged.keys() & acknowledged.keys()
        acknowledged |= stream.acknowledged
        asked |= stream.asked

        found = dispensed_on_record(data)
        assert max(found.values()) == 1, "a pack was dispensed twice"
        assert acknowledged.keys() <= found.keys(), "an acknowledged dispensing is lost"
        assert found.keys() <= asked
        look(data, str(document))
        for serials in (*own.values(), *by_command.values()):
            serials[:] = [serial for serial in serials if serial not in found]

    dispensed = {serial for serial, said in dispositions(data).items() if said == "dispensed"}
    assert dispensed == found.keys()


def test_the_same_key_after_a_restart_gives_the_first_answer_and_no_second_dispensing(tmp_path: Path) -> None:
    """Whoever did not hear the answer asks again with the same key, and finds out."""
    rng = chance("keys")
    data = tmp_path / "data"
    serials = [f"P{index}" for index in range(400)]
    document = tmp_path / "shipment.xml"
    document.write_bytes(scene.shipment(*serials))
    assert run(data, "capture", str(document)).code == 0
    with served(data) as server, concurrent.futures.ThreadPoolExecutor(COUNTERS) as threads:
        stream = Stream(server, {number: serials[number::COUNTERS] for number in range(COUNTERS)})
        # Nobody has the shared packs here: every counter is refused them as not on record.
        running = [threads.submit(one_by_one, stream, number) for number in range(COUNTERS)]
        time.sleep(rng.uniform(0.05, 0.3))
        kill(server.process)
        for ended in running:
            ended.result()
    told = dict(stream.acknowledged)
    recorded = dispensed_on_record(data)
    with (
        served(data) as server,
        contextlib.closing(http.client.HTTPConnection(server.authority, timeout=SECONDS_MAX)) as client,
    ):
        for serial in serials:
            status, answer = dispense(client, serial, key=serial)
            assert status == 200, answer
            assert answer["repeated"] == (serial in recorded)
            if serial in told:
                assert answer["log_index"] == told[serial]["log_index"]
                assert answer["event_id"] == told[serial]["event_id"]
    assert dispensed_on_record(data) == dict.fromkeys(serials, 1)


def one_by_one(stream: Stream, number: int) -> None:
    with (
        contextlib.closing(http.client.HTTPConnection(stream.authority, timeout=SECONDS_MAX)) as client,
        contextlib.suppress(OSError, http.client.HTTPException),
    ):
        for serial in stream.serials[number]:
            status, answer = dispense(client, serial, key=serial)
            assert status == 200, answer
            with stream.lock:
                stream.acknowledged[serial] = answer
