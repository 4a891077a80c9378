"""Processes that load one record on a database server, to be killed at random, and what must hold afterwards."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Self

import psycopg
import pytest

from rxtrail.answers import ExportFilters
from rxtrail.bootstrap import open_node
from rxtrail.store.rows import RecordKind
from tests.faults import client
from tests.faults.processes import PAGE, kill, quiet
from tests.postgres.server import free_port
from tests.web import scene

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator
    from pathlib import Path

    from rxtrail.bootstrap import Node

SECONDS_MAX = 240
# Small batches, so that a document takes several transactions and a kill falls between them.
_SMALL_BATCHES = (
    "from rxtrail import capture\n"
    "capture.BATCH_PACKAGES_MAX, capture.BATCH_PACKAGES_GOOD, capture.BATCH_EVENTS_MAX = 200, 100, 2\n"
    "from rxtrail.bootstrap import node\n"
    "node.RESUME_SECONDS = 1.0\n"
)


class Serve:
    """A ``rxtrail serve`` at an address that stays the same over kills."""

    def __init__(self, data: Path, url: str, *, planted: str = "") -> None:
        self.data = data
        self._url = url
        self._planted = planted
        self.port = free_port()
        self.authority = f"127.0.0.1:{self.port}"
        self._log = data.with_suffix(".log")
        self.process: subprocess.Popen[bytes] | None = None
        data.mkdir(parents=True, exist_ok=True)

    def start(self) -> None:
        """Start; it answers when it is ready, which may take as long as the database is away."""
        words = ["serve", "--port", str(self.port), "--json", "--data", str(self.data), "--store", self._url]
        begin = f"{_SMALL_BATCHES}\n{self._planted}\nfrom rxtrail.cli import main\nraise SystemExit(main())"
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", begin, *words], stdout=log, stderr=log, env=quiet(), start_new_session=True
            )

    def keep_up(self) -> None:
        """Start it again when it ended, as whoever supervises it would."""
        if self.process is None or self.process.poll() is not None:
            self.start()

    def kill(self) -> None:
        """Kill -9."""
        if self.process is not None:
            kill(self.process)

    def stop(self) -> None:
        """Ask it to end, and see that it ends well."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(SECONDS_MAX) == 0, self.log()

    def log(self) -> str:
        """Give the end of what it had to say."""
        return "\n".join(self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-60:])


class Fleet:
    """Servers and clients on one record; each client is told yes in a file of its own."""

    def __init__(self, folder: Path, url: str, seed: int, *, serves: int, http: int, nodes: int, commands: int) -> None:
        self._folder = folder
        self._url = url
        self._seed = seed
        self.serves = [Serve(folder / f"serve-{number}", url) for number in range(serves)]
        kinds = ["http"] * http + ["node"] * nodes + ["command"] * commands
        self._kinds = dict(enumerate(kinds))
        self._clients: dict[int, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        with open_node(self._folder / "first", store_url=self._url):
            pass  # the tables are made once, before anybody is killed
        try:
            for serve in self.serves:
                serve.start()
            self.keep_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._clients.values():
            kill(process)
        for serve in self.serves:
            serve.kill()

    def keep_up(self) -> None:
        """Start again whoever was killed; a client that ended by itself found a fault."""
        for serve in self.serves:
            serve.keep_up()
        for number, kind in self._kinds.items():
            if number not in self._clients:
                where = self.serves[number % len(self.serves)].authority if kind == "http" else self._url
                data = self._folder / f"client-{number}"
                self._clients[number] = client.start(
                    kind, where, data, self.told(number), seed=self._seed, number=number
                )

    def told(self, number: int) -> Path:
        """Give the file in which a client keeps what it was told."""
        return self._folder / f"told-{number}"

    def check_alive(self) -> None:
        """See that every client goes on: one that ended met what must never be."""
        for number, process in self._clients.items():
            if process.poll() is not None:
                logs = "\n".join(serve.log() for serve in self.serves)
                pytest.fail(f"client {number} ({self._kinds[number]}): {self._words(number)}\n{logs}")

    def _words(self, number: int) -> str:
        return self.told(number).with_suffix(".err").read_text(encoding="utf-8")[-4000:]

    def kill_one(self, rng: random.Random) -> str:
        """Kill a server or a client that writes itself; tell which."""
        doomed: list[Serve | int] = [*self.serves, *(n for n, kind in self._kinds.items() if kind != "http")]
        one = rng.choice(doomed)
        if isinstance(one, Serve):
            one.kill()
            return f"serve {self.serves.index(one)}"
        process = self._clients.pop(one)
        # With the command that it may have started.
        children = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, check=False).stdout.split()
        kill(process)
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)
        return f"client {one} ({self._kinds[one]})"

    def acknowledged(self) -> client.Acknowledged:
        """Give all that anybody was told yes to, by now."""
        all_ = client.Acknowledged({}, {})
        for number in self._kinds:
            told = client.acknowledged(self.told(number))
            all_.documents.update(told.documents)
            all_.dispensed.update(told.dispensed)
        return all_

    def wait_until_more(self, earlier: int, more: int = 1) -> int:
        """Wait until so many more things were acknowledged; give how many there are."""
        deadline = time.monotonic() + SECONDS_MAX
        while True:
            self.check_alive()
            count = sum(len(told) for told in self.acknowledged())
            if count >= earlier + more:
                return count
            assert time.monotonic() < deadline, "\n".join(serve.log() for serve in self.serves)
            time.sleep(0.02)

    def finish(self) -> client.Acknowledged:
        """Let every client bring to its end what it began; give all that was acknowledged."""
        self.keep_up()
        client.end_of(self.told(0)).touch()
        for number, process in self._clients.items():
            if process.wait(SECONDS_MAX):
                pytest.fail(f"client {number}: {self._words(number)}")
        return self.acknowledged()


# --- what must hold ---------------------------------------------------------------------------------------


def check_on_record(dsn: str, told: client.Acknowledged) -> None:
    """See in the database itself that what was acknowledged is there, once, and that positions are dense from 0."""
    with psycopg.connect(dsn) as connection, connection.transaction():
        connection.execute("set transaction isolation level repeatable read")
        head, count, first, last = _row(
            connection,
            "select (select position from log_head), count(*), coalesce(min(position), 0),"
            " coalesce(max(position), -1) from record",
        )
        assert (first, count, head) == (0, last + 1, last + 1), "positions are dense from 0"
        # The entry of a block has no salt: its commitment hides nothing.
        salted = _row(connection, "select count(*) from record where kind <> 6")[0]
        assert _row(connection, "select count(distinct id) from record") == (count,)
        assert _row(connection, "select count(distinct salt) from record where kind <> 6") == (salted,)
        kept: dict[bytes, str] = dict(connection.execute("select sha256, name from document").fetchall())
        missing = [
            name
            for name, receipt in told.documents.items()
            if bytes.fromhex(receipt["document"].partition(":")[2]) not in kept
        ]
        assert missing == [], "an acknowledged document is lost"
        done = {document for (document,) in connection.execute(
            "select d.sha256 from job j join document d on d.id = j.document where j.state = 'success'"
        )}  # fmt: skip
        for name, receipt in told.documents.items():
            assert bytes.fromhex(receipt["document"].partition(":")[2]) in done, f"{name} is not applied"
        said = {serial: receipt["log_index"] for serial, receipt in told.dispensed.items()}
        places = {
            position
            for (position,) in connection.execute("select position from event where position = any(%s)", [
                list(said.values())
            ])
        }  # fmt: skip
        assert places == set(said.values()), "an acknowledged dispensing is lost"


def _row(connection: psycopg.Connection[Any], statement: str) -> Any:
    return connection.execute(statement).fetchone()


def wait_for_jobs(dsn: str) -> None:
    """Wait until every accepted document is applied."""
    deadline = time.monotonic() + SECONDS_MAX
    while True:
        with psycopg.connect(dsn) as connection:
            states: dict[str, int] = dict(
                connection.execute("select state, count(*) from job group by state").fetchall()
            )
        if set(states) <= {"success"}:
            return
        assert "failed" not in states, states
        assert time.monotonic() < deadline, states
        time.sleep(0.1)


def check_like_undisturbed(
    folder: Path, url: str, told: client.Acknowledged, seed: int, clients: int, *, also: client.Wish | None = None
) -> None:
    """See that the record says what one on SQLite says that captured the same without any fault."""
    wished = {wish.name: wish for wish in _wishes(seed, clients, told)}
    assert wished.keys() == told.documents.keys(), "what was begun was brought to its end"
    wished |= {also.name: also} if also is not None else {}
    with (
        open_node(folder / "looking", store_url=url, write=False) as node,
        open_node(folder / "undisturbed") as undisturbed,
    ):
        for name, wish in sorted(wished.items()):
            undisturbed.capture(io.BytesIO(wish.document), name=name)
            for serial in wish.dispensed:
                undisturbed.change("dispense", scene.scan(serial), site=scene.PHARMACY, by="A. Kim")
        check_log(node)
        check_same("events", _events(node), _events(undisturbed))
        check_same("packs", _lines(node, "packs"), _lines(undisturbed, "packs"))
        assert node.status().packages == undisturbed.status().packages
        found, expected = _findings(node), _findings(undisturbed)
        assert {name: said for name, said in found.items() if said != expected[name]} == {}


def check_same(what: str, here: list[bytes], there: list[bytes]) -> None:
    """Compare two sorted lists of different lines; say where they differ."""
    more, less = sorted(set(here) - set(there)), sorted(set(there) - set(here))
    assert not more, f"{what}: {len(more)} that an undisturbed record lacks: {more[:3]}, and {len(less)}: {less[:3]}"
    assert not less, f"{what}: {len(less)} lost: {less[:3]}"


def _wishes(seed: int, clients: int, told: client.Acknowledged) -> Iterator[client.Wish]:
    for number in range(clients):
        index = 0
        while (wish := client.wish(seed, number, index)).name in told.documents:
            assert all(serial in told.dispensed for serial in wish.dispensed)
            yield wish
            index += 1


def _lines(node: Node, what: str) -> list[bytes]:
    lines = b"".join(node.export(what, "json", filters=ExportFilters())).splitlines()
    assert len(lines) == len(set(lines)), "nothing is there twice"
    return sorted(lines)


def _events(node: Node) -> list[bytes]:
    """Give the events of documents as they came, and those of orders by what they say, without when and which."""
    kept = []
    for line in _lines(node, "events"):
        event = json.loads(line)
        event.pop("recordTime")
        if event["bizStep"] not in {"receiving", "dispensing"}:
            kept.append(json.dumps(event, sort_keys=True).encode())
            continue
        event.pop("eventID")
        event.pop("eventTime")
        # Orders that waited together share the event of the receipt that they imply: what counts is each pack's.
        kept += [json.dumps(event | {"epcList": [epc]}, sort_keys=True).encode() for epc in event["epcList"]]
    assert len(kept) == len(set(kept)), "no event is there twice"
    return sorted(kept)


def _findings(node: Node) -> dict[str, list[tuple[str, str]]]:
    """Give what was found in each document, but for what two documents say against each other: the later one has it."""
    found = {}
    for document in node.documents(limit=1_000_000):
        receipt = node.document_receipt(document.sha256)
        if "of-two" not in document.name:
            found[document.name.rpartition("/")[2]] = sorted(
                (finding.code, finding.message) for finding in receipt.findings
            )
    return found


def check_log(node: Node) -> None:
    """Read the whole log: dense, each record whole and only once, and as many events as were counted."""
    reader = node._store.reader()
    try:
        position, said = 0, 0
        while page := reader.records_from(position, PAGE):
            for record, canonical in page:
                assert record.position == position
                # The entry of a block has no words of its own.
                assert len(canonical) == record.length >= (record.kind != RecordKind.BLOCK)
                said += record.kind == RecordKind.EVENT
                position += 1
        assert position == reader.log_size()
        assert said == reader.counts()[2]
    finally:
        reader.close()
