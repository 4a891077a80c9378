"""Recalls that wait for somebody become alerts by themselves: nobody has to look, also after a restart."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from rxtrail.alerts import AlertCommand, ChannelCommand, NewChannel, recall_clock
from rxtrail.core.rules.recall import LotScope, Response, Scope
from rxtrail.recalls import AskedRecall, RecallCommand
from rxtrail.record.orders import DUE, DUE_BEGUN, KIND
from rxtrail.store.sql_reader import SqlReader
from tests.story import (
    GTIN,
    LOT,
    MAKER,
    OTHER_PHARMACY,
    PHARMACY,
    WHOLESALER,
    delivery,
    gtin,
    made,
    pack,
    packs,
    scene,
    shipped,
)

if TYPE_CHECKING:
    from pathlib import Path

    from rxtrail.alerts import Alert
    from rxtrail.core.rules.recall import Recall
    from tests.story import Scene

KIM, LEE = "A. Kim", "B. Lee"
LOTS = AskedRecall(title="Tablets", gtins=[GTIN], lots=[LotScope(LOT)], classification="I")


@pytest.fixture
def stocked(hub: Scene) -> Scene:
    """A hub of whose lot two pharmacies have packs."""
    fill(hub)
    return hub


def fill(hub: Scene) -> None:
    hub.partners((PHARMACY, "pharmacy"), (OTHER_PHARMACY, "pharmacy"), (WHOLESALER, "wholesaler"), (MAKER, "maker"))
    others = packs(3, start="T")
    hub.capture(*delivery(*packs(4)), made(*others), shipped(*others, buyer=OTHER_PHARMACY))


def live(scene: Scene, **more: Any) -> Recall:
    asked = msgspec.structs.replace(LOTS, **more)
    recall = scene.node.recall(RecallCommand("open", KIM, asked=asked))
    return scene.node.recall(RecallCommand("approve", LEE, recall.id)) if recall.state == "draft" else recall


def answer(scene: Scene, recall: Recall, gln: str) -> None:
    scene.node.recall(RecallCommand("respond", KIM, recall.id, response=Response(gln, "", "", found=1)))


def alerts(scene: Scene, state: str = "standing") -> list[Alert]:
    scene.node.alerts.settle()
    return [alert for alert in scene.node.alerts.page(state=state) if alert.rule == "recall"]


def test_holders_that_are_late_are_told_once_and_the_last_answer_explains_it(stocked: Scene) -> None:
    recall = live(stocked)
    stocked.time.pass_by(hours=23)
    assert alerts(stocked) == []
    answer(stocked, recall, PHARMACY.gln)
    assert alerts(stocked) == []
    stocked.time.pass_by(hours=2)
    (alert,) = alerts(stocked)
    assert (alert.severity, alert.state, list(alert.parts)) == ("stop", "open", [OTHER_PHARMACY.gln])
    assert "3 packs" in alert.what
    assert alert.evidence[0].link == f"/recalls/{recall.id}"
    for _ in range(3):
        stocked.time.pass_by(hours=1)
        assert alerts(stocked) == [alert], "told once"
    answer(stocked, recall, OTHER_PHARMACY.gln)
    assert alerts(stocked) == []
    (explained,) = alerts(stocked, "explained")
    assert (explained.id, explained.history[-1].by) == (alert.id, "rxtrail")


def test_who_answers_late_is_taken_out_of_it(stocked: Scene) -> None:
    recall = live(stocked)
    stocked.time.pass_by(days=2)
    assert set(alerts(stocked)[0].parts) == {PHARMACY.gln, OTHER_PHARMACY.gln}
    answer(stocked, recall, PHARMACY.gln)
    (alert,) = alerts(stocked)
    assert list(alert.parts) == [OTHER_PHARMACY.gln]


@pytest.mark.parametrize("end", ["close", "withdraw"])
def test_a_recall_that_ends_is_waited_for_no_more(stocked: Scene, end: str) -> None:
    recall = live(stocked)
    stocked.time.pass_by(days=2)
    assert alerts(stocked)
    stocked.node.recall(RecallCommand(end, KIM, recall.id, "No more."))
    assert alerts(stocked) == []


def test_a_rehearsal_is_told_as_one(stocked: Scene) -> None:
    live(stocked, drill=True)
    stocked.time.pass_by(days=2)
    (alert,) = alerts(stocked)
    assert (alert.severity, alert.why) == ("check", "It is a rehearsal.")


def test_what_nobody_decides_about_is_escalated_a_day_later(stocked: Scene) -> None:
    live(stocked)
    stocked.time.pass_by(hours=25)
    (alert,) = alerts(stocked)
    assert alert.clock_until
    stocked.node.alert(AlertCommand("acknowledge", KIM, alert.id))
    stocked.time.pass_by(hours=25)
    (after,) = alerts(stocked)
    assert (after.state, after.history[-1].by) == ("escalated", "rxtrail")


def test_a_recall_that_nobody_approves_for_a_day_is_told(stocked: Scene) -> None:
    recall = stocked.node.recall(RecallCommand("open", KIM, asked=LOTS))
    stocked.time.pass_by(hours=23)
    assert alerts(stocked) == []
    stocked.time.pass_by(hours=2)
    (alert,) = alerts(stocked)
    assert "approved" in alert.what
    stocked.node.recall(RecallCommand("approve", LEE, recall.id))
    assert alerts(stocked) == []


def test_a_notice_that_nobody_reads_for_a_day_is_told_when_its_product_is_here(stocked: Scene) -> None:
    for product in (GTIN, "00352601815904"):
        asked = AskedRecall(gtins=[product], doubts=["unclear"], source="received", title=product)
        stocked.node.recall(RecallCommand("open", KIM, asked=asked))
    stocked.time.pass_by(hours=25)
    (alert,) = alerts(stocked)
    assert alert.product == GTIN
    stocked.capture(made(pack("Z1", "00352601815904")))
    stocked.time.pass_by(hours=25)
    assert {each.product for each in alerts(stocked)} == {GTIN, "00352601815904"}
    read = next(each for each in stocked.node.recalls.page() if each.title == GTIN)
    scope = Scope([GTIN], [LotScope("OTHER")])
    stocked.node.recall(RecallCommand("confirm", KIM, read.id, "Read.", scope=scope))
    assert [each.product for each in alerts(stocked)] == ["00352601815904"]


def test_what_notices_mean_is_looked_up_before_and_not_while_the_record_is_written(
    stocked: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    gtins = [gtin(f"4{number:04}") for number in range(30)]
    asked = AskedRecall(gtins=gtins, doubts=["unclear"], source="received", title="Many")
    stocked.node.recall(RecallCommand("open", KIM, asked=asked))
    stocked.node.recall(RecallCommand("open", KIM, asked=msgspec.structs.replace(asked, gtins=[*gtins[1:], GTIN])))
    stocked.time.pass_by(hours=25)
    reader, questions = stocked.node._reader(), list[int]()
    real = type(reader).products_known

    def known(self: Any, gtins: Any) -> set[str]:
        assert self is reader, "not the one that writes"
        questions.append(len(gtins))
        return real(self, gtins)

    monkeypatch.setattr(SqlReader, "products_known", known)
    monkeypatch.setattr(SqlReader, "product", None)
    (alert,) = alerts(stocked)
    assert (alert.product, questions) == (gtins[1], [30, 30])


@pytest.mark.parametrize("fails", ["recalls", "clocks"])
def test_what_goes_wrong_with_what_waits_for_somebody_stops_no_route(
    stocked: Scene, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    live(stocked)
    stocked.time.pass_by(days=2)
    watching = stocked.node.alerts.watching
    stepped = list[str]()

    def fail(*_told: object) -> None:
        raise RuntimeError(fails)

    def step(*_told: object) -> bool:
        stepped.append("step")
        return False

    if fails == "recalls":
        monkeypatch.setattr(watching._recalls, "step", fail)
    else:
        monkeypatch.setattr(watching, "_clocks", fail)
    monkeypatch.setattr(watching, "_step_routes", step)
    monkeypatch.setattr(watching._cold, "step", step)
    with pytest.raises(RuntimeError, match=fails):
        stocked.node.alerts.settle()
    assert stepped == ["step", "step"]
    monkeypatch.undo()
    assert len(alerts(stocked)) == 1


def test_what_became_late_while_nothing_ran_is_told_after_the_start(tmp_path: Path) -> None:
    with scene(tmp_path / "data") as before:
        fill(before)
        live(before)
        clock = before.time
    clock.pass_by(days=2)
    with scene(tmp_path / "data", time=clock) as after:
        assert len(alerts(after)) == 1
    with scene(tmp_path / "data", time=clock) as again:
        assert len(alerts(again)) == 1


def test_recalls_of_an_older_version_are_waited_for_too(stocked: Scene) -> None:
    live(stocked)
    stocked.node.alerts.settle()

    def as_before(tx: Any, _log: Any) -> None:
        tx.drop_kept(DUE_BEGUN, KIND)
        for key, _, _ in tx.kept_from(DUE, (-1, ""), 10):
            tx.drop_kept(DUE, key)

    stocked.node.recalls._writer().do(as_before)
    stocked.node.alerts.watching._recalls = recall_clock.RecallClock(stocked.node.alerts.watching._write)
    stocked.time.pass_by(days=2)
    assert len(alerts(stocked)) == 1


def test_nobody_has_to_ask(stocked: Scene) -> None:
    live(stocked)
    stocked.node.alerts.settle()
    stocked.node.alerts.start()
    stocked.time.pass_by(days=2)
    until = time.monotonic() + 60
    while not (found := stocked.node.alerts.page()) and time.monotonic() < until:
        time.sleep(0.05)
    assert [alert.rule for alert in found] == ["recall"]


def test_a_channel_is_told_that_holders_are_late(stocked: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    channels = stocked.node.alerts.channels
    channels.act(ChannelCommand("add", KIM, new=NewChannel("https://127.0.0.1:9/x", KIM, "a token", rules=["recall"])))
    monkeypatch.setattr(channels, "_send", lambda _each, _at, change, _name: told.append(change.what))
    live(stocked)
    stocked.time.pass_by(days=2)
    assert alerts(stocked)
    channels.tell()
    assert told == ["alert-opened"]
