"""A recall stops the same packs wherever its word has come: in copies for stations, and for who asks by VRS."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import msgspec
import pytest

from rxtrail.core.gs1.scan import read_scan
from rxtrail.core.rules.recall import LotScope, SerialScope, Span
from rxtrail.offline import judge_offline, read_bundle
from rxtrail.recalls import AskedRecall, RecallCommand
from rxtrail.vrs import VrsRequest
from tests.story import GTIN, LOT, MAKER, PHARMACY, WHOLESALER, delivery, element_string, made, pack, packs, reasons

if TYPE_CHECKING:
    from rxtrail.core.rules.recall import Recall
    from tests.story import Scene

PACKS = packs(4)
STRANGER = pack("NEVERSEEN")
NO_LOT = pack("NOLOT")
KINDS = {
    "a lot": AskedRecall(gtins=[GTIN], lots=[LotScope(LOT)]),
    "a lot in other letters": AskedRecall(gtins=[GTIN], lots=[LotScope(LOT.lower())]),
    "a lot with its expiry": AskedRecall(gtins=[GTIN], lots=[LotScope(LOT, "2028-09")]),
    "a lot with another expiry": AskedRecall(gtins=[GTIN], lots=[LotScope(LOT, "2026-01")]),
    "another lot": AskedRecall(gtins=[GTIN], lots=[LotScope("OTHER")]),
    "all lots": AskedRecall(gtins=[GTIN], all_lots=True),
    "one serial": AskedRecall(gtins=[GTIN], serials=[SerialScope("S2", "S2")]),
    "a range of serials": AskedRecall(gtins=[GTIN], serials=[SerialScope("S0", "S2")]),
    "a range of serials of a lot": AskedRecall(
        gtins=[GTIN], lots=[LotScope(LOT)], serials=[SerialScope("NEVERSEEM", "NEVERSEEZ"), SerialScope("S1", "S1")]
    ),
    "expiries": AskedRecall(gtins=[GTIN], expires=Span("2028-09-01", "2028-12-31")),
    "other expiries": AskedRecall(gtins=[GTIN], expires=Span("2028-10-01", "")),
    "days of making": AskedRecall(gtins=[GTIN], made=Span("", "2027-01-01")),
    "other days of making": AskedRecall(gtins=[GTIN], made=Span("2027-01-01", "")),
    "a wholesale recall": AskedRecall(gtins=[GTIN], lots=[LotScope(LOT)], depth="wholesale"),
    "a wholesale recall of class III": AskedRecall(
        gtins=[GTIN], all_lots=True, depth="wholesale", classification="III"
    ),
    "a notice in review": AskedRecall(gtins=[GTIN], doubts=["a range"], classification="II"),
    "a notice of class I in review": AskedRecall(gtins=[GTIN], doubts=["a range"], classification="I"),
    "a notice in review of another lot": AskedRecall(gtins=[GTIN], lots=[LotScope("OTHER")], doubts=["unclear"]),
    "a notice of class I in review of a lot": AskedRecall(
        gtins=[GTIN], lots=[LotScope(LOT)], doubts=["unclear"], classification="I"
    ),
}


@pytest.fixture
def stocked(hub: Scene) -> Scene:
    """A hub whose pharmacy was sent four packs, and one of which nobody stated the lot."""
    hub.partners((PHARMACY, "pharmacy"), (WHOLESALER, "wholesaler"), (MAKER, "maker"))
    hub.capture(*delivery(*PACKS), made(NO_LOT, lot="", expiry=""))
    return hub


def hold(scene: Scene, asked: AskedRecall) -> Recall:
    whole = msgspec.structs.replace(asked, source="received") if asked.doubts else asked
    opened = scene.node.recall(RecallCommand("open", "A. Kim", asked=whole))
    return scene.node.recall(RecallCommand("approve", "B. Lee", opened.id)) if opened.state == "draft" else opened


def without_the_record(scene: Scene, epc: str, purpose: str = "dispense", **elements: str) -> dict[str, str]:
    bundle = read_bundle(scene.node.offline.bundle(PHARMACY.gln), scene.node.key().verifier)
    scan, now = read_scan(element_string(epc, **elements), this_year=2026), scene.time.now_us()
    found = judge_offline(
        scan, bundle, purpose=purpose, today=scene.time.today(), now=now, as_of=now, copy="08:14"
    )  # fmt: skip
    return {reason.message: reason.severity.value for reason in found.reasons if reason.code == "recalled"}


def with_the_record(scene: Scene, epc: str, purpose: str = "dispense", **elements: str) -> dict[str, str]:
    found = scene.verify(epc, site=PHARMACY, purpose=purpose, **elements)
    return {reason.message: reason.severity.value for reason in found.reasons if reason.code == "recalled"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_stops_exactly_the_packs_that_the_record_stops(stocked: Scene, kind: str) -> None:
    before = {epc: with_the_record(stocked, epc) for epc in (*PACKS, STRANGER)}
    assert not any(before.values())
    hold(stocked, KINDS[kind])
    elsewhere = () if KINDS[kind].made else (NO_LOT,)
    for epc in (*PACKS, STRANGER, *elsewhere):
        for purpose in ("dispense", "receive"):
            told = with_the_record(stocked, epc, purpose)
            assert without_the_record(stocked, epc, purpose) == told, (epc, purpose)
    for epc, lot in itertools.product((STRANGER, PACKS[2]), ("OTHER", LOT.lower())):
        assert without_the_record(stocked, epc, lot=lot) == with_the_record(stocked, epc, lot=lot), (epc, lot)


@pytest.mark.parametrize("kind", ["days of making", "other days of making"])
def test_a_pack_that_is_somewhere_else_and_was_made_on_no_known_day_is_amber_in_a_copy(
    stocked: Scene, kind: str
) -> None:
    hold(stocked, KINDS[kind])
    assert list(without_the_record(stocked, NO_LOT).values()) == ["check"]


def test_a_copy_made_after_a_recall_was_withdrawn_holds_nothing(stocked: Scene) -> None:
    recall = hold(stocked, KINDS["a range of serials"])
    assert without_the_record(stocked, PACKS[0])
    stocked.node.recall(RecallCommand("withdraw", "C. May", recall.id, "A wrong number."))
    assert without_the_record(stocked, PACKS[0]) == {}


def test_a_drill_and_a_draft_are_in_no_copy(stocked: Scene) -> None:
    for asked in (AskedRecall(gtins=[GTIN], all_lots=True, drill=True), AskedRecall(gtins=[GTIN], all_lots=True)):
        stocked.node.recall(RecallCommand("open", "A. Kim", asked=asked))
    assert without_the_record(stocked, PACKS[0]) == {}


def test_a_copy_carries_what_a_recall_means_and_nothing_of_who_has_what(stocked: Scene) -> None:
    recall = hold(stocked, KINDS["a range of serials"])
    assert recall.expected
    bundle = read_bundle(stocked.node.offline.bundle(PHARMACY.gln), stocked.node.key().verifier)
    (carried,) = bundle.facts.recalls
    assert (carried.id, carried.scope) == (recall.id, recall.scope)
    assert (carried.expected, carried.history, carried.opened_by, carried.notice) == ({}, [], "", "")


@pytest.mark.parametrize(
    ("kind", "verified"),
    [
        ("a lot", False),
        ("one serial", False),
        ("a range of serials", False),
        ("expiries", False),
        ("days of making", False),
        ("a wholesale recall", False),
        ("other expiries", True),
        ("other days of making", True),
        ("another lot", True),
    ],
)
def test_who_would_sell_a_pack_on_is_told_by_vrs_that_it_is_recalled(stocked: Scene, kind: str, verified: bool) -> None:
    asked = VrsRequest(
        gtin=GTIN, lot=LOT, serial="S2", exp="280930", context="dscsaSaleableReturn", requester_gln=WHOLESALER.gln,
        corr_uuid="08dd5e1b-0000-4000-8000-0123456789ab",
    )  # fmt: skip
    assert stocked.node.vrs.answer(asked).body.data.verified  # type: ignore[union-attr]
    hold(stocked, KINDS[kind])
    data = stocked.node.vrs.answer(asked).body.data  # type: ignore[union-attr]
    assert data.verified is verified
    assert (data.additional_info == "Recalled") is not verified


def test_a_withdrawn_recall_is_no_longer_told_by_vrs(stocked: Scene) -> None:
    recall = hold(stocked, KINDS["one serial"])
    stocked.node.recall(RecallCommand("withdraw", "C. May", recall.id, "A wrong number."))
    assert "recalled" not in reasons(stocked.verify(PACKS[2], site=PHARMACY))
