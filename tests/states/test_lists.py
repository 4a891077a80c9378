"""Lists of changes: every item answered once, in its order, also when the node dies or is asked twice."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from rxtrail.errors import BadRequest, NotFound
from rxtrail.states import ChangeItem, ChangeJob, ChangeResult, Order
from rxtrail.states import bulk as room
from tests import story
from tests.story import CASE_GTIN, MAKER, PHARMACY, Scene, delivery, element_string, made, pack, packed, packs, shipped

if TYPE_CHECKING:
    from pathlib import Path

PACKS = packs(30)
DISPENSE = Order("dispense", "", site=PHARMACY.gln)


@pytest.fixture
def counter(pharmacy: Scene, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """A pharmacy with thirty packs, whose lists are worked off seven at a time."""
    monkeypatch.setattr(room, "ITEMS_AT_ONCE", 7)
    pharmacy.capture(*delivery(*PACKS))
    pharmacy.time.pass_by(seconds=1)
    return pharmacy


def items(epcs: list[str], **more: Any) -> list[ChangeItem]:
    return [ChangeItem(element_string(epc), **more) for epc in epcs]


def ended(scene: Scene, job: ChangeJob) -> ChangeJob:
    while job.state == "running":
        job = scene.node.change_job(job.job, wait_seconds=0.2)
    return job


def results(scene: Scene, job: ChangeJob) -> list[ChangeResult]:
    ended(scene, job)
    return scene.node.change_results(job.job, limit=100_000)


def steps(scene: Scene) -> list[str]:
    return [json.loads(line)["bizStep"] for line in scene.export("events").splitlines()]


def test_every_item_is_answered_in_its_order(counter: Scene) -> None:
    unknown, twice = pack("NOBODYS"), PACKS[3]
    epcs = [*PACKS[:10], unknown, *PACKS[10:20], twice, *PACKS[20:]]
    told = results(counter, counter.node.submit_changes(DISPENSE, items(epcs)))
    assert [result.item for result in told] == list(range(32))
    assert [result.epc or result.place for result in told] == [
        *PACKS[:10], "no-transaction-data", *PACKS[10:20], "already-dispensed-here", *PACKS[20:],
    ]  # fmt: skip
    assert {counter.pack(epc)["disposition"] for epc in PACKS} == {"dispensed"}
    assert counter.verify(PACKS[0], site=PHARMACY).reasons[0].code == "already-dispensed-here"


def test_a_list_is_read_page_by_page(counter: Scene) -> None:
    job = ended(counter, counter.node.submit_changes(DISPENSE, items(PACKS)))
    assert (job.done, job.items, job.refused) == (30, 30, 0)
    told: list[int] = []
    after = -1
    while page := counter.node.change_results(job.job, after, 4):
        assert len(page) <= 4
        told += [result.item for result in page]
        after = page[-1].item
    assert told == list(range(30))
    assert counter.node.change_results(job.job, 29) == []
    with pytest.raises(NotFound):
        counter.node.change_results("no-such-job")


def test_the_same_key_is_the_same_list_and_for_another_list_it_is_refused(counter: Scene) -> None:
    order = Order("dispense", "", site=PHARMACY.gln, key="list-1")
    first = ended(counter, counter.node.submit_changes(order, items(PACKS)))
    before = steps(counter)
    again = counter.node.submit_changes(order, items(PACKS))
    assert again == first
    assert steps(counter) == before
    with pytest.raises(BadRequest) as refused:
        counter.node.submit_changes(order, items(PACKS[:3]))
    assert refused.value.place == "key"


def test_an_item_with_a_key_of_its_own_is_answered_as_the_single_order_was(counter: Scene) -> None:
    receipt = counter.change("dispense", PACKS[0], site=PHARMACY, key="till-1")
    (told,) = results(counter, counter.node.submit_changes(DISPENSE, items(PACKS[:1], key="till-1")))
    assert (told.outcome, told.event_id) == ("repeated", receipt.event_id)


def test_a_list_may_mix_changes(counter: Scene) -> None:
    mixed = [
        *items(PACKS[:2], verb="dispense"),
        *items(PACKS[2:4], verb="decommission", reason="damaged"),
        *items(PACKS[4:5], verb="hold"),
        *items(PACKS[5:6], verb="sell"),
        *items(PACKS[6:7], verb="dispense", partial="3 of 30"),
    ]
    told = results(counter, counter.node.submit_changes(Order("", "", site=PHARMACY.gln), mixed))
    assert [result.disposition or result.place for result in told] == [
        "dispensed", "dispensed", "decommissioned", "decommissioned", "reason", "verb", "partially_dispensed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("order", "some", "place"),
    [
        (DISPENSE, [], "items"),
        (Order("", ""), [ChangeItem("x")], "state"),
        (Order("sell", ""), [ChangeItem("x")], "verb"),
        (Order("dispense", "", site="12"), [ChangeItem("x")], "site"),
        (Order("hold", ""), [ChangeItem("x")], "reason"),
        (DISPENSE, [ChangeItem("x")] * (room.ITEMS_MAX + 1), "items"),
    ],
    ids=["empty", "no state", "no such verb", "no GLN", "no reason", "one too many"],
)
def test_a_list_that_makes_no_sense_is_refused_whole(
    order: Order, some: list[ChangeItem], place: str, counter: Scene
) -> None:
    with pytest.raises(BadRequest) as refused:
        counter.node.submit_changes(order, some)
    assert refused.value.place == place


def test_a_list_that_a_crash_cut_off_goes_on_behind_its_last_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "ITEMS_AT_ONCE", 7)
    with story.scene(tmp_path, "pharmacy", PHARMACY) as scene:
        scene.partners((MAKER, "maker"))
        scene.capture(*delivery(*PACKS))
        bulk = scene.node._states.bulk  # type: ignore[union-attr]
        batches = bulk._batch
        calls: list[str] = []

        def dies_in_the_third(tx: Any, log: Any, job: str) -> bool:
            calls.append(job)
            done = batches(tx, log, job)
            if len(calls) == 3:
                raise ZeroDivisionError  # after all was written, and before it is committed
            return done

        monkeypatch.setattr(bulk, "_batch", dies_in_the_third)
        job = scene.node.submit_changes(DISPENSE, items(PACKS))
        thread = bulk._thread
        if thread is not None:
            thread.join(20)
        cut_off = scene.node.change_job(job.job)
        assert (cut_off.state, cut_off.done) == ("failed", 14)
        assert "mistake in rxtrail" in cut_off.error
        assert len(scene.node.change_results(job.job, limit=100)) == 14
    monkeypatch.undo()
    monkeypatch.setattr(room, "ITEMS_AT_ONCE", 7)
    with story.scene(tmp_path) as scene:
        told = results(scene, scene.node.change_job(job.job))
        assert [result.outcome for result in told] == ["done"] * 30
        assert {scene.pack(epc)["disposition"] for epc in PACKS} == {"dispensed"}
        listed = [line for line in scene.export("events").splitlines() if b"dispensing" in line]
        assert sum(len(json.loads(line)["epcList"]) for line in listed) == 30, "no pack twice"


def test_a_case_in_a_list_is_changed_by_itself(pharmacy: Scene) -> None:
    case, inside = f"01/{CASE_GTIN}/21/C1", packs(2)
    pharmacy.capture(made(*inside), made(case), packed(case, *inside), shipped(case))
    order = Order("hold", "", site=PHARMACY.gln, reason="wet carton")
    told = results(pharmacy, pharmacy.node.submit_changes(order, items([case, inside[0]])))
    assert [(result.outcome, result.epc) for result in told] == [("done", case), ("done", inside[0])]
    assert pharmacy.verify(inside[1], site=PHARMACY).verdict.value == "stop", "it is in the case"


def test_the_answers_of_old_lists_are_forgotten_and_their_changes_stay(counter: Scene) -> None:
    old = ended(counter, counter.node.submit_changes(DISPENSE, items(PACKS[:3])))
    counter.time.pass_by(days=31)
    ended(counter, counter.node.submit_changes(DISPENSE, items(PACKS[3:6])))
    with pytest.raises(NotFound):
        counter.node.change_job(old.job)
    assert counter.pack(PACKS[0])["disposition"] == "dispensed"


def test_the_references_of_a_list_are_sealed(counter: Scene) -> None:
    told = results(counter, counter.node.submit_changes(DISPENSE, items(PACKS[:2], ref="RX-SECRET-9")))
    assert [each.ref for each in counter.node.references(told[0].code)] == ["RX-SECRET-9"]
    files = [path for path in counter.node.data.rglob("*") if path.is_file()]
    assert all(b"RX-SECRET-9" not in path.read_bytes() for path in files)
