"""After a recall holds: notices, acknowledgements, answers, checks, escalation, the report, and block lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from rxtrail.core.gs1.scan import read_scan
from rxtrail.core.rules.recall import LotScope, Response, SerialScope
from rxtrail.errors import BadRequest, Refused
from rxtrail.offline import judge_offline, read_bundle
from rxtrail.recalls import AskedRecall, RecallCommand
from rxtrail.vrs import VrsRequest
from tests.story import (
    GTIN,
    LOT,
    MAKER,
    OTHER_PHARMACY,
    PHARMACY,
    WHOLESALER,
    delivery,
    element_string,
    made,
    pack,
    packs,
    reasons,
    shipped,
)

if TYPE_CHECKING:
    from rxtrail.core.rules.recall import Recall
    from tests.story import Scene

PACKS, OTHERS = packs(4), packs(3, start="T")
KIM, LEE = "A. Kim", "B. Lee"
LOTS = AskedRecall(title="Tablets", gtins=[GTIN], lots=[LotScope(LOT)], classification="I")


@pytest.fixture
def stocked(hub: Scene) -> Scene:
    """A hub of whose lot two pharmacies have packs."""
    hub.partners((PHARMACY, "pharmacy"), (OTHER_PHARMACY, "pharmacy"), (WHOLESALER, "wholesaler"), (MAKER, "maker"))
    hub.capture(*delivery(*PACKS), made(*OTHERS), shipped(*OTHERS, buyer=OTHER_PHARMACY))
    return hub


def step(scene: Scene, recall: Recall, what: str, by: str = KIM, reason: str = "", **more: Any) -> Recall:
    return scene.node.recall(RecallCommand(what, by, recall.id, reason, **more))


def live(scene: Scene, asked: AskedRecall = LOTS) -> Recall:
    recall = scene.node.recall(RecallCommand("open", KIM, asked=asked))
    return step(scene, recall, "approve", LEE) if recall.state == "draft" else recall


def answer(scene: Scene, recall: Recall, gln: str, **counts: Any) -> Recall:
    return step(scene, recall, "respond", response=Response(gln, "", "", **counts))


def test_holders_are_silent_then_owing_then_answered(stocked: Scene) -> None:
    recall = live(stocked)
    both = sorted((PHARMACY.gln, OTHER_PHARMACY.gln))
    assert recall.expected == {PHARMACY.gln: 4, OTHER_PHARMACY.gln: 3}
    status = stocked.node.recalls.status(recall.id)
    assert (status.silent, status.owing, status.overdue) == (both, [], [])
    step(stocked, recall, "notice", holders=both)
    step(stocked, recall, "acknowledge", gln=PHARMACY.gln)
    status = stocked.node.recalls.status(recall.id)
    assert (status.silent, status.owing) == ([OTHER_PHARMACY.gln], [PHARMACY.gln])
    assert sorted(status.recall.noticed) == both
    answer(stocked, recall, PHARMACY.gln, found=3, returned=2, destroyed=1)
    status = stocked.node.recalls.status(recall.id)
    assert (status.owing, status.answered, status.effectiveness) == ([], 1, round(3 / 7, 4))


@pytest.mark.parametrize(
    ("classification", "hours", "due"),
    [("I", 0, "2026-11-24T12"), ("II", 0, "2026-11-26T12"), ("III", 0, "2026-11-30T12"), ("I", 2, "2026-11-23T14")],
)
def test_the_time_to_answer_is_set_by_class_or_by_whoever_opens_it(
    stocked: Scene, classification: str, hours: int, due: str
) -> None:
    asked = AskedRecall(gtins=[GTIN], lots=[LotScope(LOT)], classification=classification, answer_hours=hours)
    assert live(stocked, asked).answer_by.startswith(due)


def test_who_has_not_answered_in_time_becomes_a_case_each(stocked: Scene) -> None:
    recall = live(stocked)
    with pytest.raises(Refused, match="nobody is late"):
        step(stocked, recall, "escalate")
    answer(stocked, recall, PHARMACY.gln, found=4)
    stocked.time.pass_by(days=2)
    assert stocked.node.recalls.status(recall.id).overdue == [OTHER_PHARMACY.gln]
    step(stocked, recall, "escalate")
    (case,) = [each for each in stocked.node.cases.page() if each.kind == "recall-silent"]
    assert (case.site, case.evidence["recall"], case.evidence["packs"]) == (OTHER_PHARMACY.gln, recall.id, 3)
    answer(stocked, recall, OTHER_PHARMACY.gln)
    with pytest.raises(Refused, match="all have answered"):
        step(stocked, recall, "escalate", reason="Again.")


def test_escalating_again_opens_no_second_case_until_the_first_is_closed(stocked: Scene) -> None:
    def sites() -> list[str]:
        return sorted(each.site for each in stocked.node.cases.page() if each.kind == "recall-silent")

    recall = live(stocked)
    answer(stocked, recall, PHARMACY.gln, found=4)
    step(stocked, recall, "escalate", reason="No word at all.")
    with pytest.raises(Refused, match="a case is open"):
        step(stocked, recall, "escalate", reason="Still none.")
    assert sites() == [OTHER_PHARMACY.gln]
    (case,) = (each for each in stocked.node.cases.page() if each.kind == "recall-silent")
    stocked.node.cases.close(case.id, reason="They promised to answer.", by="B. Lee")
    step(stocked, recall, "escalate", reason="And did not.")
    assert sites() == [OTHER_PHARMACY.gln] * 2


@pytest.mark.parametrize(("level", "count"), [("A", 2), ("B", 1), ("C", 1), ("D", 1), ("E", 0)])
def test_the_level_says_how_many_holders_are_checked(stocked: Scene, level: str, count: int) -> None:
    recall = live(stocked, AskedRecall(gtins=[GTIN], lots=[LotScope(LOT)], checks_level=level))
    status = stocked.node.recalls.status(recall.id)
    assert len(status.to_check) == count
    for gln in status.to_check:
        step(stocked, recall, "check", gln=gln, outcome="not-followed", reason="Still on the shelf.")
        step(stocked, recall, "check", gln=gln, outcome="followed")
    after = stocked.node.recalls.status(recall.id)
    assert (after.to_check, after.checked, after.followed) == ([], count, count)


def test_the_report_of_a_drill_tells_what_it_took_and_what_is_not_accounted_for(stocked: Scene) -> None:
    recall = live(stocked, AskedRecall(gtins=[GTIN], lots=[LotScope(LOT)], drill=True))
    stocked.time.pass_by(hours=1)
    step(stocked, recall, "notice", holders=[PHARMACY.gln, OTHER_PHARMACY.gln])
    stocked.time.pass_by(hours=1)
    answer(stocked, recall, PHARMACY.gln, found=4)
    stocked.time.pass_by(hours=1)
    answer(stocked, recall, OTHER_PHARMACY.gln, found=1)
    step(stocked, recall, "close")
    report = stocked.node.recalls.report(recall.id)
    assert report.took == {
        "live": 0.0, "noticed": 3600.0, "first_answer": 7200.0, "all_answered": 10800.0, "closed": 10800.0,
    }  # fmt: skip
    assert report.unaccounted == {OTHER_PHARMACY.gln: 2}
    assert report.located >= 0
    assert "recalled" not in reasons(stocked.verify(PACKS[0], site=PHARMACY))


@pytest.mark.parametrize(
    ("what", "more", "place"),
    [
        ("notice", {}, "holders"),
        ("notice", {"holders": ["123"]}, "gln"),
        ("acknowledge", {"gln": "0000000000001"}, "gln"),
        ("check", {"gln": PHARMACY.gln, "outcome": "perhaps"}, "outcome"),
        ("check", {"gln": "", "outcome": "followed"}, "gln"),
    ],
)
def test_a_step_that_says_too_little_is_refused_with_the_place(
    stocked: Scene, what: str, more: dict[str, Any], place: str
) -> None:
    recall = live(stocked)
    with pytest.raises(BadRequest) as refused:
        step(stocked, recall, what, **more)
    assert refused.value.place == place


def test_nothing_follows_a_recall_that_does_not_hold(stocked: Scene) -> None:
    recall = stocked.node.recall(RecallCommand("open", KIM, asked=LOTS))
    for what in ("notice", "acknowledge", "escalate"):
        with pytest.raises(Refused, match="draft"):
            step(stocked, recall, what, gln=PHARMACY.gln, holders=[PHARMACY.gln])


# -- counterfeit notices ---------------------------------------------------------------------------------------------

FAKE = {
    "a lot and a serial number": ([LotScope(LOT)], [SerialScope("S1", "S1")], PACKS[1], PACKS[2]),
    "what serial numbers begin with": ([LotScope(LOT)], [SerialScope("T", "T", prefix=True)], OTHERS[0], PACKS[0]),
    "what lots begin with": ([LotScope("FAKE", prefix=True)], [], "", PACKS[0]),
}


@pytest.mark.parametrize("kind", FAKE)
def test_a_counterfeit_notice_stops_what_it_names_also_what_is_not_on_record(stocked: Scene, kind: str) -> None:
    lots, serials, meant, other = FAKE[kind]
    asked = AskedRecall(
        title="Do not use", gtins=[GTIN], lots=lots, serials=serials, kind="counterfeit", source="received",
        depth="wholesale",
    )  # fmt: skip
    recall = live(stocked, asked)
    stranger = {"a lot and a serial number": ("S1", LOT), "what serial numbers begin with": ("T99", LOT)}.get(
        kind, ("ANY", "FAKE77")
    )
    bundle = read_bundle(stocked.node.offline.bundle(PHARMACY.gln), stocked.node.key().verifier)
    for epc, lot in ((meant, LOT), (pack(stranger[0]), stranger[1])):
        if not epc:
            continue
        verdict = stocked.verify(epc, site=PHARMACY, lot=lot)
        assert (verdict.verdict.value, reasons(verdict)["suspect"]) == ("stop", "stop")
        now = stocked.time.now_us()
        offline = judge_offline(
            read_scan(element_string(epc, lot=lot), this_year=2026), bundle, purpose="dispense",
            today=stocked.time.today(), now=now, as_of=now, copy="",
        )  # fmt: skip
        assert reasons(offline)["suspect"] == "stop"
    assert "suspect" not in reasons(stocked.verify(other, site=PHARMACY))
    assert "recalled" not in reasons(stocked.verify(meant or PACKS[0], site=PHARMACY))
    step(stocked, recall, "withdraw", LEE, "The notice was withdrawn.")
    assert "suspect" not in reasons(stocked.verify(meant or PACKS[0], site=PHARMACY))


def test_a_pack_of_unknown_serial_in_a_counterfeit_notice_is_amber(stocked: Scene) -> None:
    live(
        stocked,
        AskedRecall(
            gtins=[GTIN], lots=[LotScope(LOT)], serials=[SerialScope("S1", "S1")], kind="counterfeit", source="received"
        ),
    )
    verdict = stocked.node.verify(f"(01){GTIN}(10){LOT}", site=PHARMACY.gln)
    assert reasons(verdict)["suspect"] == "check"


def test_who_asks_by_vrs_about_a_pack_of_a_counterfeit_notice_is_told_that_it_is_suspect(stocked: Scene) -> None:
    live(stocked, AskedRecall(gtins=[GTIN], serials=[SerialScope("S1", "S1")], kind="counterfeit", source="received"))
    asked = VrsRequest(
        gtin=GTIN, lot=LOT, serial="S1", exp="280930", context="dscsaSaleableReturn", requester_gln=WHOLESALER.gln,
        corr_uuid="08dd5e1b-0000-4000-8000-0123456789ab",
    )  # fmt: skip
    data = stocked.node.vrs.answer(asked).body.data  # type: ignore[union-attr]
    assert (data.verified, data.additional_info) == (False, "Suspect")


def test_a_counterfeit_notice_tells_nobody_that_the_lot_is_recalled(stocked: Scene) -> None:
    size = len(list(stocked.node.export("events", "json")))
    live(stocked, AskedRecall(gtins=[GTIN], lots=[LotScope(LOT)], kind="counterfeit", source="received"))
    assert len(list(stocked.node.export("events", "json"))) == size


def test_beginnings_are_counted_as_they_are_judged(stocked: Scene) -> None:
    seen = stocked.node.recalls.preview(AskedRecall(gtins=[GTIN], serials=[SerialScope("T", "T", prefix=True)]))
    assert seen.packs == len(OTHERS)
    seen = stocked.node.recalls.preview(AskedRecall(gtins=[GTIN], lots=[LotScope(LOT[:1], prefix=True)]))
    assert seen.packs == len(OTHERS) + len(PACKS)
    assert stocked.node.recalls.preview(
        AskedRecall(gtins=[GTIN], lots=[LotScope("NO", prefix=True)])
    ).not_on_record == ["NO*"]
