"""A list of changes belongs to no process: those on one PostgreSQL share it, and finish what one that died has left."""

from __future__ import annotations

import collections
import contextlib
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests import story
from tests.faults.fleet import SECONDS_MAX, Serve
from tests.faults.test_several_serves import Asked
from tests.story import CASE_GTIN, PHARMACY, delivery, element_string, made, packed, packs, shipped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_root")]

PACKS = packs(300)
INSIDE = packs(40, start="I")
CASES = [f"01/{CASE_GTIN}/21/C{number}" for number in range(20)]
# Many small steps, each slow enough that a kill falls among them; and who did which step.
PLANTED = """
import time
from rxtrail.states import bulk
bulk.ITEMS_AT_ONCE, bulk.LOOK_SECONDS = 10, 0.2
batch, alone = bulk.Bulk._batch, bulk.Bulk._carry_out_alone
def slow_batch(self, tx, log, job):
    time.sleep(0.03)
    done = batch(self, tx, log, job)
    print("step", flush=True)
    return done
def slow_alone(self, job):
    time.sleep(0.03)
    return alone(self, job)
bulk.Bulk._batch, bulk.Bulk._carry_out_alone = slow_batch, slow_alone
"""


@pytest.fixture
def serves(tmp_path: Path, postgres_dsn: str) -> Iterator[list[Serve]]:
    three = [Serve(tmp_path / name, postgres_dsn, planted=PLANTED) for name in ("one", "two", "three")]
    try:
        for serve in three:
            serve.start()
            with contextlib.closing(Asked(serve)) as asked:  # the tables are made once
                assert asked("GET", "/readyz")[0] == 200
        yield three
    finally:
        for serve in three:
            serve.kill()


def ordered(asked: Asked, **more: Any) -> str:
    """Have all packs dispensed and all cases held, in one list; give the name of its job."""
    cases = [made(*INSIDE), made(*CASES), packed(CASES[0], *INSIDE), shipped(*CASES)]
    for name, events in (("packs", delivery(*PACKS)), ("cases", cases)):
        asked.capture(story.xml(events), name)
    items: list[dict[str, str]] = [{"code": element_string(epc), "state": "dispensed", **more} for epc in PACKS]
    for number, case in enumerate(CASES):
        items.insert(number * 13, {"code": element_string(case), "state": "on-hold", "reason": "wet carton"})
    body = json.dumps({"site": PHARMACY.gln, "items": items}).encode()
    status, job = asked("POST", "/api/v1/packs/changes", body, Content_Type="application/json")
    assert status == 202, job
    return str(job["job"])


def come_to(asked: Asked, job: str, done: int) -> dict[str, Any]:
    until = time.monotonic() + SECONDS_MAX
    while True:
        _, told = asked("GET", f"/api/v1/changes/{job}")
        if told["done"] >= done and (done < told["items"] or told["state"] == "success"):
            return dict(told)
        assert time.monotonic() < until, told
        time.sleep(0.02)


def expect_all_once(asked: Asked, job: str) -> None:
    """See that every item has its answer, in its order, and that every pack and case has one event."""
    told: list[dict[str, Any]] = []
    address = f"/api/v1/changes/{job}/results?limit=500"
    while address:
        _, page = asked("GET", address)
        told += page["results"]
        address = page.get("next", "")
    count = len(PACKS) + len(CASES)
    assert [(result["item"], result["outcome"]) for result in told] == [(n, "done") for n in range(count)]
    asked.send("GET", "/api/v1/export/events?format=json")
    events = [json.loads(line) for line in asked._client.getresponse().read().splitlines()]
    changed = collections.Counter(
        epc
        for event in events
        if event["bizStep"].rpartition(":")[2].rpartition("-")[2] in ("dispensing", "holding")
        for epc in event["epcList"]
    )
    assert len(changed) == count
    assert set(changed.values()) == {1}


def test_a_list_whose_process_was_killed_is_finished_by_the_others_and_nothing_is_done_twice(
    serves: list[Serve],
) -> None:
    with contextlib.closing(Asked(serves[0])) as first, contextlib.closing(Asked(serves[1])) as second:
        job = ordered(first)
        come_to(second, job, 40)
        serves[0].kill()
        ended = come_to(second, job, len(PACKS) + len(CASES))
        assert (ended["state"], ended["refused"]) == ("success", 0)
        expect_all_once(second, job)


def test_processes_share_one_list(serves: list[Serve]) -> None:
    with contextlib.closing(Asked(serves[0])) as first:
        job = ordered(first)
        come_to(first, job, len(PACKS) + len(CASES))
        expect_all_once(first, job)
    worked = [serve.log().count("step") for serve in serves]
    assert sum(count > 0 for count in worked) >= 2, worked


def test_a_list_with_references_is_left_to_the_process_whose_key_has_sealed_them(serves: list[Serve]) -> None:
    with contextlib.closing(Asked(serves[0])) as first, contextlib.closing(Asked(serves[1])) as second:
        job = ordered(first, ref="RX-77")
        come_to(second, job, 40)
        serves[0].kill()
        time.sleep(1.0)  # the others look at it meanwhile
        left = second("GET", f"/api/v1/changes/{job}")[1]
        assert (left["state"], left["refused"]) == ("running", 0)
        assert "key of another process" in left["error"]
        serves[0].start()
        with contextlib.closing(Asked(serves[0])) as again:
            come_to(again, job, len(PACKS) + len(CASES))
            expect_all_once(again, job)
