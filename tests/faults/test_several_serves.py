"""Several processes on one PostgreSQL: what one writes the others go by at once, and what one leaves they finish."""

from __future__ import annotations

import concurrent.futures
import contextlib
import http.client
import io
import json
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import psycopg
import pytest

from rxtrail.bootstrap import open_node
from rxtrail.errors import NotFound
from tests import story
from tests.faults.client import shipment
from tests.faults.fleet import SECONDS_MAX, Serve, wait_for_jobs
from tests.faults.processes import kill, program, quiet
from tests.story import Scene, Time
from tests.web import scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_root")]

PACKS = 30
ROUNDS = 4
EVENTS_OF_A_SHIPMENT = 4
# One shipment a batch, so that its packs look finished while the document is not; then the capture rests.
RESTING = """
import pathlib, time
while not pathlib.Path({gate!r}).exists():
    time.sleep(0.002)
from rxtrail import capture
capture.BATCH_EVENTS_MAX = 4
write_ours = capture.Capture._write_ours
def rest(self, *words):
    written = write_ours(self, *words)
    time.sleep({seconds})
    return written
capture.Capture._write_ours = rest
"""


class Asked:
    """A serve, each time by a new connection, unless one was kept open for what is sent next."""

    def __init__(self, serve: Serve) -> None:
        deadline = time.monotonic() + SECONDS_MAX
        self._authority = serve.authority
        self._client = http.client.HTTPConnection(self._authority, timeout=SECONDS_MAX)
        while True:
            try:
                assert self("GET", "/readyz")[0] == 200
            except ConnectionRefusedError:
                assert time.monotonic() < deadline, serve.log()
                time.sleep(0.05)
            else:
                break

    def __call__(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, Any]:
        self.close()
        self.send(method, path, body, **headers)
        return self.answer()

    def send(self, method: str, path: str, body: bytes = b"", **headers: str) -> None:
        self._client.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})

    def answer(self) -> tuple[int, Any]:
        answer = self._client.getresponse()
        return answer.status, json.loads(answer.read())

    def send_scan(self, serial: str) -> None:
        scan = json.dumps({"scan": scene.scan(serial), "site": scene.PHARMACY}).encode()
        self.send("POST", "/api/v1/verify", scan, Content_Type="application/json")

    def verify(self, serial: str) -> tuple[str, set[str]]:
        self.close()
        self.send_scan(serial)
        return said(self.answer())

    def dispense(self, serial: str, key: str) -> tuple[int, Any]:
        change = {"state": "dispensed", "lot": scene.LOT, "expiry": scene.EXPIRY_PRINTED, "site": scene.PHARMACY}
        path = f"/api/v1/packs/{scene.GTIN}/{quote(serial, safe='')}"
        body = json.dumps(change).encode()
        return self("PATCH", path, body, Content_Type="application/json", Idempotency_Key=key)

    def capture(self, document: bytes, name: str) -> None:
        status, told = self("POST", f"/api/v1/capture?wait=1&name={name}", document, Content_Type="application/xml")
        assert (status, told["state"]) == (200, "success"), told

    def close(self) -> None:
        """Let the connection go; the next one is opened when it is needed."""
        self._client.close()
        self._client = http.client.HTTPConnection(self._authority, timeout=SECONDS_MAX)


def said(answer: tuple[int, Any]) -> tuple[str, set[str]]:
    status, verdict = answer
    assert status == 200, verdict
    return verdict["verdict"], {reason["code"] for reason in verdict["reasons"]}


@pytest.fixture
def serves(tmp_path: Path, postgres_dsn: str) -> Iterator[tuple[Serve, Serve]]:
    """Two servers on one record, each with a DATA folder of its own."""
    two = Serve(tmp_path / "one", postgres_dsn), Serve(tmp_path / "two", postgres_dsn)
    try:
        for serve in two:
            serve.start()
        yield two
    finally:
        for serve in two:
            serve.kill()


@pytest.fixture
def both(serves: tuple[Serve, Serve]) -> Iterator[tuple[Asked, Asked]]:
    with contextlib.ExitStack() as stack:
        yield tuple(stack.enter_context(contextlib.closing(Asked(serve))) for serve in serves)  # type: ignore[misc]


def test_a_pack_dispensed_at_one_is_dispensed_at_the_other_at_once(both: tuple[Asked, Asked]) -> None:
    serials = [f"P{number}" for number in range(PACKS)]
    both[0].capture(shipment("first", serials), "first")
    for number, serial in enumerate(serials):
        here, there = both if number % 2 else both[::-1]
        assert there.verify(serial)[0] == "ok"
        assert here.dispense(serial, f"here-{serial}")[0] == 200
        verdict, codes = there.verify(serial)
        assert verdict != "ok"
        assert "already-dispensed-here" in codes
        status, problem = there.dispense(serial, f"there-{serial}")
        assert (status, problem["code"]) == (409, "refused")
        # The same key is the same wish, wherever it is asked for.
        status, again = there.dispense(serial, f"here-{serial}")
        assert (status, again["repeated"]) == (200, True)


def test_of_two_who_dispense_one_pack_in_the_same_instant_one_is_refused(both: tuple[Asked, Asked]) -> None:
    serials = [f"P{number}" for number in range(PACKS)]
    both[0].capture(shipment("first", serials), "first")
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        for serial in serials:
            told = list(threads.map(lambda n: both[n].dispense(serial, f"{n}-{serial}"), range(2)))  # noqa: B023
            assert sorted(status for status, _ in told) == [200, 409], told


def test_a_refusal_does_not_stop_a_writer_that_another_one_overtakes_while_it_is_undone(
    tmp_path: Path, postgres_dsn: str
) -> None:
    nodes = [open_node(tmp_path / name, store_url=postgres_dsn) for name in ("one", "two")]
    with nodes[0] as one, nodes[1] as two:
        Scene(one, Time()).capture(*story.delivery(*story.packs(2)))
        rollback = one._store.rollback
        overtaken: list[int] = []

        def slow() -> None:
            rollback()
            if not overtaken:  # between the undoing and the next transaction
                overtaken.append(two.capture(io.BytesIO(shipment("between", ["Z1", "Z2"])), name="between").events)

        one._store.rollback = slow  # type: ignore[method-assign]
        code = story.element_string(story.packs(1)[0])
        one.verify(code, site=story.PHARMACY.gln)  # its scan is written by the transaction that is begun again
        with pytest.raises(NotFound):
            one.close_case("no-such-case", reason="why", by="A. Kim")
        assert overtaken
        assert one.failed is None
        changed = one.change("dispense", code, site=story.PHARMACY.gln)
        assert changed.disposition == "dispensed"
        assert one.failed is None
        positions = [record.position for record, _ in one._reader().records_from(0, 10_000)]
        assert positions == list(range(len(positions)))
        assert changed.log_index in positions


def seen_within(look: Any, what: str) -> float:
    """Wait until it is seen; give the seconds, which the design wants below one."""
    started = time.monotonic()
    while not look():
        assert time.monotonic() < started + 10, f"{what}: not seen"
        time.sleep(0.002)
    seconds = time.monotonic() - started
    print(f"{what}: seen by the other after {seconds * 1000:.0f} ms")
    return seconds


def test_a_recall_a_partner_table_and_a_setting_are_seen_by_the_other(
    tmp_path: Path, postgres_dsn: str, both: tuple[Asked, Asked]
) -> None:
    here, there = both
    here.capture(shipment("first", ["A", "B"]), "first")
    assert there.verify("A")[0] == "ok"
    assert here.verify("A")[0] == "ok"
    recall = story.xml([story.recalled_lot(scene.LOT, scene.GTIN)], sender=story.MAKER, form="urn")
    here.capture(recall, "recall")
    seen_within(lambda: "recalled" in " ".join(there.verify("A")[1]), "a recall")

    table = f"name,gln,role,relation,status,valid_until\nAcme Pharma,{scene.MAKER},maker,supplier,active,\n".encode()
    assert here("PUT", "/api/v1/partners", table, Content_Type="text/csv")[0] == 200
    seen_within(lambda: "Acme Pharma" in json.dumps(there("GET", "/api/v1/partners")[1]), "a partner table")

    words = ("init", "--role", "pharmacy", "--gln", scene.PHARMACY, "--store", postgres_dsn)
    ran = subprocess.run(program(tmp_path / "third", *words), capture_output=True, env=quiet(), check=False)
    assert ran.returncode == 0, ran.stderr
    for one in both:
        seen_within(lambda one=one: one("GET", "/api/v1/status")[1]["identity"]["role"] == "pharmacy", "a setting")


# --- captures of a process that dies, rests or is slow -----------------------------------------------------


def shipments(name: str, groups: list[list[str]]) -> bytes:
    """Give one document of several whole shipments, one after the other."""
    whole = shipment(f"{name}-0", groups[0])
    events = b"".join(
        shipment(f"{name}-{number}", serials).partition(b"<EventList>")[2].partition(b"</EventList>")[0]
        for number, serials in enumerate(groups[1:], 1)
    )
    return whole.replace(b"</EventList>", events + b"</EventList>")


def groups_of(name: str, count: int = 4, *, packs: int = 5) -> list[list[str]]:
    return [[f"{name}G{group}P{number}" for number in range(packs)] for group in range(count)]


@contextlib.contextmanager
def resting_capture(
    data: Path, dsn: str, document: bytes, seconds: float, *, gate: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``rxtrail capture`` in a process that rests after each batch; it begins when the file ``gate`` is there."""
    data.mkdir(parents=True, exist_ok=True)
    file = data / "document.xml"
    file.write_bytes(document)
    planted = RESTING.format(seconds=seconds, gate=str(gate or file))
    words = program(data, "capture", str(file), "--json", "--store", dsn, planted=planted)
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=quiet())
    try:
        yield process
    finally:
        kill(process)


def applied(dsn: str) -> dict[str, tuple[str, int]]:
    """Give (state, events applied) of each job."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("select name, state, applied from job").fetchall()
    return {name: (state, count) for name, state, count in rows}


def wait_until_applied(dsn: str, name: str, count: int) -> None:
    deadline = time.monotonic() + SECONDS_MAX
    while applied(dsn).get(name, ("", -1))[1] < count:
        assert time.monotonic() < deadline, applied(dsn)
        time.sleep(0.002)


@pytest.mark.parametrize("packs", [5, 3_000], ids=["short", "of several chunks"])
def test_a_capture_whose_process_was_killed_is_finished_by_another(
    tmp_path: Path, postgres_dsn: str, both: tuple[Asked, Asked], packs: int
) -> None:
    groups = groups_of("K", packs=packs)
    with resting_capture(tmp_path / "doomed", postgres_dsn, shipments("killed", groups), 600) as process:
        name = str(tmp_path / "doomed" / "document.xml")
        wait_until_applied(postgres_dsn, name, EVENTS_OF_A_SHIPMENT)
        time.sleep(3)  # others have looked for work meanwhile: they left this to whom it belongs
        assert applied(postgres_dsn)[name] == ("running", EVENTS_OF_A_SHIPMENT)
        assert both[0].verify(groups[0][0])[0] == "unconfirmed"
        kill(process)
    wait_for_jobs(postgres_dsn)
    assert applied(postgres_dsn)[name] == ("success", EVENTS_OF_A_SHIPMENT * len(groups))
    for one in both:
        assert {one.verify(serial)[0] for serials in groups for serial in serials[:5]} == {"ok"}
        assert one("GET", "/api/v1/status")[1]["packages"] == sum(len(serials) for serials in groups)


def test_no_pack_is_ok_while_another_process_is_still_writing_its_document(
    tmp_path: Path, postgres_dsn: str, both: tuple[Asked, Asked]
) -> None:
    seen: set[str] = set()
    for number in range(ROUNDS):
        name = str(tmp_path / f"slow-{number}" / "document.xml")
        groups = groups_of(f"N{number}")
        with resting_capture(
            tmp_path / f"slow-{number}", postgres_dsn, shipments(f"slow-{number}", groups), 0.05
        ) as process:
            while process.poll() is None:
                for one in both:
                    verdict, codes = one.verify(groups[0][0])
                    state, count = applied(postgres_dsn).get(name, ("", 0))
                    seen.add(f"{verdict} while {state}")
                    # The state is asked after the verdict, and only ever goes on.
                    assert verdict != "ok" or state == "success", (codes, state, count)
        assert applied(postgres_dsn)[name][0] == "success"
        for one in both:
            assert {one.verify(serial)[0] for serials in groups for serial in serials} == {"ok"}
    print(sorted(seen))
    assert "unconfirmed while running" in seen


def test_a_process_that_stood_still_is_not_fooled_by_what_was_written_meanwhile(
    tmp_path: Path, postgres_dsn: str, serves: tuple[Serve, Serve], both: tuple[Asked, Asked]
) -> None:
    """A machine that was paused wakes with a scan at its door, and has not yet heard what the others wrote."""
    frozen, asked = serves[1], both[1]
    assert frozen.process is not None
    for number in range(ROUNDS * 2):
        groups = groups_of(f"F{number}")
        name = str(tmp_path / f"rest-{number}" / "document.xml")
        gate = tmp_path / f"gate-{number}"
        with resting_capture(
            tmp_path / f"rest-{number}", postgres_dsn, shipments(f"rest-{number}", groups), 600, gate=gate
        ) as process:
            time.sleep(0.3)
            asked.verify("nothing of this kind")
            os.kill(frozen.process.pid, signal.SIGSTOP)
            gate.touch()
            wait_until_applied(postgres_dsn, name, EVENTS_OF_A_SHIPMENT)
            asked.send_scan(groups[0][0])
            os.kill(frozen.process.pid, signal.SIGCONT)
            try:
                verdict, codes = said(asked.answer())
            except ConnectionError:  # it stood still for longer than it keeps an idle connection, and closed that first
                verdict, codes = asked.verify(groups[0][0])
            assert applied(postgres_dsn)[name][0] == "running"
            assert verdict == "unconfirmed", (verdict, codes)
            kill(process)
        wait_for_jobs(postgres_dsn)
