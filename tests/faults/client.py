"""A client that captures, dispenses and scans until it is told to end, as a process of its own.

It asks for the same things in the same order whenever it is started, and writes each answer that it was given to a
file of its own, synced, before it goes on: after a kill it goes on with the first thing that nobody acknowledged,
with the same document and the same key. Its parent compares the file with what the record holds.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import quote

from rxtrail import capture
from rxtrail.errors import Busy, StoreFailed
from tests.faults.processes import program, quiet
from tests.web import scene

if TYPE_CHECKING:
    from collections.abc import Iterator

AGAIN_SECONDS = 0.1
ANSWER_SECONDS_MAX = 60.0
PATIENCE_SECONDS = 240.0  # with one wish; who waits longer has found a fault
SMALL, LARGE = (2, 12), (400, 900)
LARGE_EVERY = 9
SHARED_EVERY = 5
# A pack that was handed over is never ok again; one that was not is never called unknown.
AFTER_DISPENSING = {"already-dispensed", "already-dispensed-here"}


# --- what is wished for -----------------------------------------------------------------------------------


class Wish(NamedTuple):
    """One document with its packs, some of which are dispensed afterwards."""

    name: str
    document: bytes
    serials: list[str]
    dispensed: list[str]


def wish(seed: int, client: int, number: int) -> Wish:
    """Give a client's wish of this number, always the same one."""
    if number % SHARED_EVERY == SHARED_EVERY - 1:
        return _shared_wish(seed, client, number)
    rng = random.Random(f"{seed} {client} {number}")
    count = rng.randint(*(LARGE if number % LARGE_EVERY == LARGE_EVERY - 1 else SMALL))
    serials = [f"C{client}W{number}P{index}" for index in range(count)]
    name = f"client-{client}-{number}"
    return Wish(name, shipment(name, serials), serials, rng.sample(serials, 2))


def _shared_wish(seed: int, client: int, number: int) -> Wish:
    """Two clients make the same packs, each in a lot of its own; nobody may dispense those."""
    pair = client // 2
    serials = [f"S{pair}W{number}P{index}" for index in range(random.Random(f"{seed} {pair} {number}").randint(2, 6))]
    name = f"client-{client}-{number}-of-two"
    return Wish(name, shipment(name, serials, lot=f"L{client}"), serials, [])


def shipment(name: str, serials: list[str], *, lot: str = scene.LOT) -> bytes:
    """Give a shipment in a case of its own, whose number follows from the document's name."""
    number = f"{int.from_bytes(name.encode(), 'big') % 9_999_999_967:010d}"
    case = f"urn:epc:id:sscc:{scene.MAKER_PREFIX}.{number}".encode()
    return scene.shipment(*serials, lot=lot).replace(scene.CASE_URN.encode(), case)


# --- doors ------------------------------------------------------------------------------------------------


class Later(Exception):
    """Nothing is known of what became of it: ask again for the same."""


class Door(Protocol):
    """A way to the record."""

    def capture(self, document: bytes, name: str) -> dict[str, Any]:
        """Capture and wait; give the receipt."""
        ...

    def dispense(self, serial: str, key: str) -> dict[str, Any]:
        """Hand a pack over; give the receipt."""
        ...

    def verify(self, serial: str) -> tuple[str, set[str]]:
        """Scan a pack; give the verdict and the codes of its reasons."""
        ...


class NodeDoor:
    """The record opened in this process."""

    def __init__(self, data: Path, url: str) -> None:
        from rxtrail.bootstrap import open_node

        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                self._node = open_node(data, store_url=url)
            except StoreFailed:
                assert time.monotonic() < deadline, "the database stays away"
                time.sleep(AGAIN_SECONDS)
            else:
                break

    def capture(self, document: bytes, name: str) -> dict[str, Any]:
        """Capture and wait; give the receipt."""
        with _later():
            receipt = self._node.capture(io.BytesIO(document), name=name)
        if receipt.state != "success":
            raise Later(receipt.state)
        return {"document": receipt.document}

    def dispense(self, serial: str, key: str) -> dict[str, Any]:
        """Hand a pack over; give the receipt."""
        with _later():
            receipt = self._node.change("dispense", scene.scan(serial), site=scene.PHARMACY, key=key, by="A. Kim")
        return {"event_id": receipt.event_id, "log_index": receipt.log_index}

    def verify(self, serial: str) -> tuple[str, set[str]]:
        """Scan a pack; give the verdict and the codes of its reasons."""
        verdict = self._node.verify(scene.scan(serial), site=scene.PHARMACY)
        return verdict.verdict.value, {reason.code for reason in verdict.reasons}


@contextlib.contextmanager
def _later() -> Iterator[None]:
    try:
        yield
    except (StoreFailed, Busy) as error:
        if isinstance(error, StoreFailed) and not error.curable:
            raise
        raise Later(str(error)) from error


class HttpDoor:
    """A ``rxtrail serve``, which may be gone and come back at the same address."""

    def __init__(self, authority: str) -> None:
        self._authority = authority
        self._connection: http.client.HTTPConnection | None = None

    def capture(self, document: bytes, name: str) -> dict[str, Any]:
        """Capture and wait; give the receipt."""
        path = f"/api/v1/capture?wait=1&name={quote(name)}"
        receipt = self._ask("POST", path, document, {"Content-Type": "application/xml"})
        if receipt["state"] != "success":
            raise Later(receipt["state"])
        return {"document": receipt["document"]}

    def dispense(self, serial: str, key: str) -> dict[str, Any]:
        """Hand a pack over; give the receipt."""
        change = {
            "state": "dispensed",
            "lot": scene.LOT,
            "expiry": scene.EXPIRY_PRINTED,
            "site": scene.PHARMACY,
            "by": "A. Kim",
        }
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        path = f"/api/v1/packs/{scene.GTIN}/{quote(serial, safe='')}"
        receipt = self._ask("PATCH", path, json.dumps(change).encode(), headers)
        return {"event_id": receipt["event_id"], "log_index": receipt["log_index"]}

    def verify(self, serial: str) -> tuple[str, set[str]]:
        """Scan a pack; give the verdict and the codes of its reasons."""
        scan = json.dumps({"scan": scene.scan(serial), "site": scene.PHARMACY}).encode()
        verdict = self._ask("POST", "/api/v1/verify", scan, {"Content-Type": "application/json"})
        return verdict["verdict"], {reason["code"] for reason in verdict["reasons"]}

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(self._authority, timeout=ANSWER_SECONDS_MAX)
        try:
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
            told = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Later(repr(error)) from error
        if answer.status == 503:
            raise Later(told.decode())
        assert answer.status in {200, 202}, f"{method} {path}: {answer.status} {told.decode()}"
        read: dict[str, Any] = json.loads(told)
        return read


class CommandDoor:
    """The command line, one process for each wish."""

    def __init__(self, data: Path, url: str) -> None:
        self._data = data
        self._url = url

    def capture(self, document: bytes, name: str) -> dict[str, Any]:
        """Capture and wait; give the receipt."""
        file = self._data / name
        file.write_bytes(document)
        receipt = self._run("capture", str(file))
        if receipt["state"] != "success":
            raise Later(receipt["state"])
        return {"document": receipt["document"]}

    def dispense(self, serial: str, key: str) -> dict[str, Any]:
        """Hand a pack over; give the receipt."""
        receipt = self._run("dispense", scene.scan(serial), "--site", scene.PHARMACY, "--key", key, "--by", "A. Kim")
        return {"event_id": receipt["event_id"], "log_index": receipt["log_index"]}

    def verify(self, serial: str) -> tuple[str, set[str]]:
        """Scan a pack; give the verdict and the codes of its reasons."""
        verdict = self._run("verify", scene.scan(serial), "--site", scene.PHARMACY, fine={0, 1, 3, 4})
        if "verdict" not in verdict:
            raise Later(json.dumps(verdict))
        return verdict["verdict"], {reason["code"] for reason in verdict["reasons"]}

    def _run(self, *words: str, fine: frozenset[int] | set[int] = frozenset({0})) -> dict[str, Any]:
        command = [*program(self._data, *words, "--json", "--store", self._url)]
        ran = subprocess.run(command, capture_output=True, env=quiet(), check=False, timeout=PATIENCE_SECONDS)
        told: dict[str, Any] = json.loads(ran.stdout) if ran.stdout else {}
        if ran.returncode == 4 and 4 not in fine:
            raise Later(ran.stdout.decode())
        assert ran.returncode in fine, f"{words[0]}: {ran.returncode} {ran.stdout.decode()} {ran.stderr.decode()}"
        return told


# --- the client -------------------------------------------------------------------------------------------


class Client:
    """Goes through its wishes, each until it is acknowledged, and ends with one when it is asked to."""

    def __init__(self, door: Door, told: Path, seed: int, number: int) -> None:
        self._door = door
        self._told = told
        self._seed = seed
        self._number = number

    def run(self) -> None:
        """Go on until the end is asked for; what was begun, by an earlier process too, is brought to its end."""
        done = acknowledged(self._told)
        with self._told.open("ab", buffering=0) as file:
            index = len(done.documents)
            if index and not set(wish(self._seed, self._number, index - 1).dispensed) <= done.dispensed.keys():
                index -= 1  # its document is in, of its packs not all are handed over
            self._fulfil(file, wish(self._seed, self._number, index), done)
            while not end_of(self._told).exists():
                index += 1
                self._fulfil(file, wish(self._seed, self._number, index), done)

    def _fulfil(self, file: io.FileIO, wished: Wish, done: Acknowledged) -> None:
        if wished.name not in done.documents:
            receipt = self._until(lambda: self._door.capture(wished.document, wished.name))
            _note(file, {"captured": wished.name, **receipt})
        for serial in wished.dispensed:
            if serial in done.dispensed:
                continue
            # The name of the key is the wish's own, so that asking again finds the first answer.
            receipt = self._until(lambda serial=serial: self._door.dispense(serial, f"dispense-{serial}"))
            _note(file, {"dispensed": serial, **receipt})
            verdict, codes = self._until(lambda serial=serial: self._door.verify(serial))
            assert codes & AFTER_DISPENSING or verdict == "unconfirmed", f"{serial}: {verdict} {codes}"
        other = next((serial for serial in wished.serials if serial not in wished.dispensed), None)
        if other is not None:
            verdict, codes = self._until(lambda: self._door.verify(other))
            fits = {"unconfirmed"} | ({"ok"} if wished.dispensed else {"check", "stop", "ok"})
            assert verdict in fits, f"{other}: {verdict} {codes}"
            assert not any(code.startswith("unknown") for code in codes), f"{other}: {verdict} {codes}"

    def _until(self, ask: Any) -> Any:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return ask()
            except Later as error:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"no answer for {PATIENCE_SECONDS} s") from error
                time.sleep(AGAIN_SECONDS)


def end_of(told: Path) -> Path:
    """Give the file whose being there asks the clients beside it to end."""
    return told.parent / "end"


class Acknowledged(NamedTuple):
    """What a client was told yes to."""

    documents: dict[str, dict[str, Any]]  # by name
    dispensed: dict[str, dict[str, Any]]  # by serial


def acknowledged(told: Path) -> Acknowledged:
    """Read what a client wrote down; a line that a kill cut off was not acknowledged to anybody."""
    found = Acknowledged({}, {})
    if told.exists():
        for line in told.read_bytes().split(b"\n")[:-1]:
            answer = json.loads(line)
            if "captured" in answer:
                found.documents[answer["captured"]] = answer
            else:
                found.dispensed[answer["dispensed"]] = answer
    return found


def _note(file: io.FileIO, answer: dict[str, Any]) -> None:
    file.write(json.dumps({**answer, "at": time.time()}).encode() + b"\n")
    os.fsync(file.fileno())


def start(kind: str, where: str, data: Path, told: Path, *, seed: int, number: int) -> subprocess.Popen[bytes]:
    """Start a client; a ``node`` and a ``command`` are given a store's URL, ``http`` an authority."""
    _cut_off_what_was_torn(told)
    data.mkdir(parents=True, exist_ok=True)
    words = [kind, where, str(data), str(told), str(seed), str(number)]
    root = Path(__file__).resolve().parents[2]
    with told.with_suffix(".err").open("ab") as err:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.faults.client", *words], cwd=root, env=quiet(), stderr=err, stdout=err
        )


def _cut_off_what_was_torn(told: Path) -> None:
    if told.exists():
        whole = told.read_bytes()
        with told.open("r+b") as file:
            file.truncate(whole.rfind(b"\n") + 1)


def main(kind: str, where: str, data: str, told: str, seed: str, number: str) -> None:
    """Be a client."""
    door: Door
    # A document takes several batches, so that a kill falls between them.
    capture.BATCH_PACKAGES_MAX, capture.BATCH_PACKAGES_GOOD, capture.BATCH_EVENTS_MAX = 200, 100, 2
    if kind == "http":
        door = HttpDoor(where)
    elif kind == "node":
        door = NodeDoor(Path(data), where)
    else:
        door = CommandDoor(Path(data), where)
    Client(door, Path(told), int(seed), int(number)).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
