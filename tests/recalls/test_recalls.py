"""Recalls: two persons for one's own, at once for a notice, told in full at every counter, and lifted exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from rxtrail.core.rules.recall import LotScope, Recall, Response, Scope, SerialScope, Span
from rxtrail.errors import BadRequest, NotFound, Refused
from rxtrail.recalls import (
    NUMBER,
    AskedRecall,
    RecallCommand,
    Report,
    asked_of,
    events,
    incoming,
    open_fresh,
    read_reports,
)
from tests.story import (
    GTIN,
    LOT,
    MAKER,
    PHARMACY,
    WHOLESALER,
    Scene,
    delivery,
    gtin,
    made,
    pack,
    packs,
    reasons,
    recalled_lot,
)

if TYPE_CHECKING:
    from collections.abc import Callable

PACKS = packs(4)
OTHER_LOT = "OTHER1"
KIM, LEE = "A. Kim", "B. Lee"
ASKED = AskedRecall(title="Tablets", reason="Wrong label", gtins=[GTIN], lots=[LotScope(LOT)], classification="II")


def opened(scene: Scene, asked: AskedRecall = ASKED, by: str = KIM) -> Recall:
    return scene.node.recall(RecallCommand("open", by, asked=asked))


def act(scene: Scene, what: str, recall: Recall, by: str = LEE, reason: str = "") -> Recall:
    return scene.node.recall(RecallCommand(what, by, recall.id, reason))


def live(scene: Scene, asked: AskedRecall = ASKED) -> Recall:
    recall = opened(scene, asked)
    return act(scene, "approve", recall) if recall.state == "draft" else recall


def at_the_counter(scene: Scene, epc: str = PACKS[0], **more: str) -> dict[str, str]:
    return reasons(scene.verify(epc, site=PHARMACY, **more))


@pytest.fixture
def stocked_hub(hub: Scene) -> Scene:
    hub.partners((PHARMACY, "pharmacy"), (WHOLESALER, "wholesaler"), (MAKER, "maker"))
    hub.capture(*delivery(*PACKS))
    assert at_the_counter(hub) == {}
    return hub


@pytest.fixture
def stocked(pharmacy: Scene) -> Scene:
    pharmacy.capture(*delivery(*PACKS))
    assert at_the_counter(pharmacy) == {}
    return pharmacy


def test_an_issued_recall_holds_only_after_a_second_person_has_approved_it(stocked_hub: Scene) -> None:
    recall = opened(stocked_hub)
    assert recall.state == "draft"
    assert at_the_counter(stocked_hub) == {}
    for same in (KIM, "a.kim", "A KIM", "\uff21. \uff2bim", "\u0410. Kim", "\u0391. \u039aim"):
        with pytest.raises(Refused, match="cannot approve it too"):
            act(stocked_hub, "approve", recall, by=same)
    assert act(stocked_hub, "approve", recall, by=LEE).state == "live"
    verdict = stocked_hub.verify(PACKS[0], site=PHARMACY)
    assert reasons(verdict) == {"recalled": "stop"}
    assert verdict.reasons[0].message == f"Recalled: lot {LOT}, class II, 2026-11-23, Tablets."


def test_a_received_notice_holds_at_once_and_one_person_lifts_it_with_a_reason(stocked: Scene) -> None:
    recall = opened(stocked)
    assert (recall.source, recall.state) == ("received", "live")
    assert at_the_counter(stocked) == {"recalled": "stop"}
    with pytest.raises(BadRequest, match="with a reason"):
        act(stocked, "withdraw", recall, by=KIM)
    act(stocked, "withdraw", recall, by=KIM, reason="Another strength.")
    assert at_the_counter(stocked) == {}


def test_a_notice_that_was_not_understood_warns_until_a_person_has_read_it(stocked: Scene) -> None:
    doubtful = AskedRecall(title="T", gtins=[GTIN], doubts=["a range"], source="received")
    recall = opened(stocked, doubtful)
    assert recall.state == "review"
    assert at_the_counter(stocked) == {"recalled": "check"}
    with pytest.raises(BadRequest, match="which packs are meant"):
        act(stocked, "confirm", recall, reason="Read.")
    command = RecallCommand("confirm", LEE, recall.id, "One lot.", scope=Scope([GTIN], [LotScope(LOT)]))
    assert stocked.node.recall(command).state == "live"
    assert at_the_counter(stocked) == {"recalled": "stop"}


def test_an_unread_notice_of_class_one_stops(stocked: Scene) -> None:
    opened(stocked, AskedRecall(gtins=[GTIN], doubts=["a range"], classification="I", source="received"))
    assert at_the_counter(stocked) == {"recalled": "stop"}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (AskedRecall(gtins=[GTIN], all_lots=True), "stop"),
        (AskedRecall(gtins=[GTIN], lots=[LotScope(LOT.lower())]), "stop"),
        (AskedRecall(gtins=[GTIN], lots=[LotScope(LOT, "2028-09")]), "stop"),
        (AskedRecall(gtins=[GTIN], lots=[LotScope(LOT, "2026-01")]), "check"),
        (AskedRecall(gtins=[GTIN], lots=[LotScope(OTHER_LOT)]), None),
        (AskedRecall(gtins=[GTIN], serials=[SerialScope("S0", "S2")]), "stop"),
        (AskedRecall(gtins=[GTIN], serials=[SerialScope("S1", "S9")]), None),
        (AskedRecall(gtins=[GTIN], expires=Span("2028-09-01", "2028-12-31")), "stop"),
        (AskedRecall(gtins=[GTIN], expires=Span("2028-10-01", "")), None),
        (AskedRecall(gtins=[GTIN], made=Span("", "2027-01-01")), "stop"),
        (AskedRecall(gtins=[GTIN], made=Span("2027-01-01", "")), None),
        (AskedRecall(gtins=[gtin("55555")], all_lots=True), None),
    ],
)
def test_exactly_the_packs_that_are_meant_are_stopped(stocked: Scene, asked: AskedRecall, expected: str | None) -> None:
    live(stocked, asked)
    assert at_the_counter(stocked).get("recalled") == expected


def test_a_pack_of_unknown_lot_is_amber_and_never_not_affected(stocked: Scene) -> None:
    stocked.capture(made(pack("NOLOT"), lot="", expiry=""))
    live(stocked)
    verdict = stocked.node.verify(f"(01){GTIN}(21)NOLOT", site=PHARMACY.gln)
    assert reasons(verdict)["recalled"] == "check"
    assert stocked.node.recalls.preview(ASKED).lot_unknown == 1


@pytest.mark.parametrize(
    ("depth", "classification", "site", "severity"),
    [
        ("retail", "III", PHARMACY, "stop"),
        ("consumer", "not yet classified", PHARMACY, "stop"),
        ("wholesale", "I", PHARMACY, "check"),
        ("wholesale", "III", PHARMACY, "info"),
        ("wholesale", "III", WHOLESALER, "stop"),
        ("retail", "II", WHOLESALER, "stop"),
    ],
)
def test_depth_and_class_set_the_weight_at_the_counter(
    stocked_hub: Scene, depth: str, classification: str, site: object, severity: str
) -> None:
    live(stocked_hub, AskedRecall(gtins=[GTIN], lots=[LotScope(LOT)], depth=depth, classification=classification))
    assert reasons(stocked_hub.verify(PACKS[0], site=site))["recalled"] == severity  # type: ignore[arg-type]


def test_of_several_recalls_of_a_pack_the_gravest_class_is_told_first(stocked: Scene) -> None:
    for name in ("III", "not yet classified", "II", "I"):
        opened(stocked, AskedRecall(name, gtins=[GTIN], lots=[LotScope(LOT)], classification=name, source="received"))
    told = [reason.message for reason in stocked.verify(PACKS[0]).reasons if reason.code == "recalled"]
    assert [message.rpartition(", ")[2].rstrip(".") for message in told] == ["I", "not yet classified", "II", "III"]


def test_the_scanned_lot_is_stopped_also_when_the_pack_is_not_on_record(stocked: Scene) -> None:
    live(stocked)
    assert at_the_counter(stocked, pack("NEVERSEEN"))["recalled"] == "stop"


def test_lifting_one_of_two_recalls_of_a_lot_leaves_the_other(stocked_hub: Scene) -> None:
    first, second = live(stocked_hub), live(stocked_hub, AskedRecall(title="Second", gtins=[GTIN], all_lots=True))
    act(stocked_hub, "withdraw", first, by=KIM, reason="Wrong lot.")
    assert at_the_counter(stocked_hub) == {"recalled": "stop"}
    act(stocked_hub, "withdraw", second, by=KIM, reason="Wrong product.")
    assert at_the_counter(stocked_hub) == {}


def test_what_was_told_of_lots_is_read_once_to_lift_a_recall_however_many_others_stand(
    stocked_hub: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = live(stocked_hub)
    for at in range(3):
        live(stocked_hub, AskedRecall(title=f"{at}", gtins=[gtin(f"5000{at}")], lots=[LotScope(LOT)]))
    last = live(stocked_hub, AskedRecall(title="Last", gtins=[gtin("50000"), GTIN], lots=[LotScope(LOT)]))
    asked = list[str]()

    def counted(name: str, inner: Callable[..., Any]) -> Callable[..., Any]:
        def read(*told: Any) -> Any:
            asked.append(name)
            return inner(*told)

        return read

    def lifts(tx: Any, *more: Any) -> None:
        with monkeypatch.context() as here:
            for name in ("class_steps", "lots_of_product"):
                here.setattr(tx, name, counted(name, getattr(tx, name)))
            events.lifts(tx, *more)

    monkeypatch.setattr("rxtrail.recalls.lifts", lifts)
    act(stocked_hub, "withdraw", first, by=KIM, reason="Wrong lot.")
    assert asked == ["class_steps", "lots_of_product", "lots_of_product"], "of no other product anything is read"
    assert at_the_counter(stocked_hub) == {"recalled": "stop"}
    act(stocked_hub, "withdraw", last, by=KIM, reason="Wrong product.")
    assert at_the_counter(stocked_hub) == {}


def test_withdrawing_ones_own_recall_does_not_lift_the_makers(stocked: Scene) -> None:
    stocked.capture(recalled_lot())
    recall = live(stocked)
    act(stocked, "withdraw", recall, by=KIM, reason="Twice.")
    assert at_the_counter(stocked) == {"recalled": "stop"}


def test_who_approved_an_issued_recall_does_not_lift_it_alone(stocked_hub: Scene) -> None:
    recall = live(stocked_hub)
    with pytest.raises(Refused, match="cannot lift it alone"):
        act(stocked_hub, "withdraw", recall, by=LEE, reason="Sorry.")


def test_a_closed_recall_still_stops_what_was_not_found(stocked: Scene) -> None:
    recall = live(stocked)
    with pytest.raises(Refused, match="have not answered"):
        act(stocked, "close", recall)
    assert act(stocked, "close", recall, reason="Our own shelf was searched.").state == "closed"
    assert at_the_counter(stocked) == {"recalled": "stop"}


def test_a_drill_counts_and_asks_but_holds_nothing(stocked_hub: Scene) -> None:
    recall = opened(stocked_hub, AskedRecall(gtins=[GTIN], lots=[LotScope(LOT)], drill=True))
    assert recall.state == "drill"
    assert sum(recall.expected.values()) == len(PACKS)
    assert at_the_counter(stocked_hub) == {}


def test_the_preview_tells_who_has_what_and_what_is_not_affected(stocked_hub: Scene) -> None:
    stocked_hub.capture(made(*packs(3, start="T"), lot=OTHER_LOT))
    seen = stocked_hub.node.recalls.preview(AskedRecall(gtins=[GTIN], lots=[LotScope(LOT), LotScope("NOPE")]))
    assert seen.packs == len(PACKS)
    assert [(holder.gln, holder.in_transit) for holder in seen.holders] == [(PHARMACY.gln, len(PACKS))]
    assert seen.not_on_record == ["NOPE"]
    assert [(lot.lot, lot.packs) for lot in seen.not_affected] == [(OTHER_LOT, 3)]


def test_counting_by_lots_and_pack_by_pack_agree(stocked_hub: Scene) -> None:
    stocked_hub.change("dispense", PACKS[1], site=PHARMACY)
    recall = live(stocked_hub)
    seen = stocked_hub.node.recalls.preview(recall.id)
    one_by_one = list(stocked_hub.node.recalls.packs(recall.id))
    assert len(one_by_one) == seen.packs
    assert {state: sum(p.state == state for p in one_by_one) for state in seen.by_state} == seen.by_state


def test_answers_are_counted_and_a_later_one_takes_the_place_of_the_earlier(stocked_hub: Scene) -> None:
    recall = live(stocked_hub)
    for found in (1, 2):
        response = Response(PHARMACY.gln, "", KIM, found=found, returned=found)
        stocked_hub.node.recall(RecallCommand("respond", KIM, recall.id, response=response))
    status = stocked_hub.node.recalls.status(recall.id)
    assert (status.expected, status.found, status.answered, status.silent) == (len(PACKS), 2, 1, [])
    assert status.effectiveness == 0.5


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        (AskedRecall(lots=[LotScope(LOT)]), "gtins"),
        (AskedRecall(gtins=["123"]), "gtins"),
        (AskedRecall(gtins=[GTIN]), "lots"),
        (AskedRecall(gtins=[GTIN], lots=[LotScope("")]), "lots"),
        (AskedRecall(gtins=[GTIN], lots=[LotScope(LOT, "soon")]), "lots"),
        (AskedRecall(gtins=[GTIN], lots=[LotScope(LOT)], all_lots=True), "all_lots"),
        (AskedRecall(gtins=[GTIN], serials=[SerialScope("B", "A")]), "serials"),
        (AskedRecall(gtins=[GTIN], expires=Span("2027-02-30", "")), "expires"),
        (AskedRecall(gtins=[GTIN], made=Span("2027-02-02", "2027-01-01")), "made"),
        (AskedRecall(gtins=[GTIN], lots=[LotScope(LOT)], depth="deep"), "depth"),
        (AskedRecall(gtins=[GTIN], lots=[LotScope(LOT)], classification="IV"), "classification"),
    ],
)
def test_what_is_not_whole_is_refused_with_the_place(stocked: Scene, asked: AskedRecall, place: str) -> None:
    with pytest.raises(BadRequest) as refused:
        opened(stocked, asked)
    assert refused.value.place == place


def test_the_same_notice_opens_no_second_recall(stocked: Scene) -> None:
    asked = AskedRecall(gtins=[GTIN], lots=[LotScope(LOT)], number="D-0115-2026")
    first = opened(stocked, asked)
    with pytest.raises(Refused, match=first.id):
        opened(stocked, asked)


def test_the_notice_of_a_recall_that_the_hub_sent_opens_no_second_one(stocked: Scene) -> None:
    """Nor does one that was opened before it was kept which recalls are of a number."""
    asked = AskedRecall(gtins=[GTIN], lots=[LotScope(LOT)], number="D-0115-2026")
    first = opened(stocked, asked)
    stocked.node.recalls._writer().do(lambda tx, _log: tx.drop_kept(NUMBER, "D-0115-2026"))
    sorted_out = stocked.node.recalls.incoming([asked])
    assert (sorted_out.known, sorted_out.fresh) == (1, [])
    with pytest.raises(Refused, match=first.id):
        opened(stocked, asked)


def test_control_characters_in_a_notices_number_stop_nothing_beside_it(stocked: Scene) -> None:
    records = [
        {"recall_number": number, "product_description": "NDC 52601-8159-0", "code_info": f"Lot A{n}23"}
        for n, number in enumerate(["D-1", "D-2\0", "\x07D-3\x85", "D-4\x01\0\n4", "D-5"])
    ]
    desk = stocked.node.recalls
    wanted = [asked_of(each) for each in read_reports(msgspec.json.encode(records))]
    report = open_fresh(desk.incoming(wanted), KIM, stocked.node.recall, desk.incoming)
    assert (report.opened, report.review) == (5, 3)
    assert sorted(each.number for each in desk.page()) == ["D-1", "D-2", "D-3", "D-4 4", "D-5"]
    assert desk.incoming(wanted).known == 5


@pytest.mark.parametrize("number", ["D-1\0", "\x07", "D\x85"])
def test_a_number_with_control_characters_is_refused_and_no_recall_has_one(stocked: Scene, number: str) -> None:
    with pytest.raises(BadRequest):
        opened(stocked, msgspec.structs.replace(ASKED, number=number))
    with pytest.raises(NotFound):
        stocked.node.recalls.get(number)
    with pytest.raises(NotFound):
        stocked.node.recalls.page(number)


def test_an_unknown_recall_is_told(stocked: Scene) -> None:
    with pytest.raises(NotFound):
        act(stocked, "approve", opened(stocked).__class__("R-NONE", "", "", Scope([]), "", ""))


def test_an_enforcement_report_names_its_packages_on_every_level() -> None:
    report = read_reports(
        b'{"results": [{"recall_number": "D-1", "classification": "Class II", "code_info": "Lot QD1DQ, Exp 09/27",'
        b' "product_description": "Tablets, NDC 52601-8159-0"}]}'
    )[0]
    asked = asked_of(report)
    assert len(asked.gtins) == 9
    assert (asked.lots, asked.classification, asked.doubts) == ([LotScope("QD1DQ", "2027-09")], "II", [])


@pytest.mark.parametrize("data", [b"", b"{", b"[1]", b'{"results": 3}', b'{"other": 1}', b"\xff", b"[" * 100_000])
def test_what_is_no_enforcement_report_is_refused(data: bytes) -> None:
    with pytest.raises(BadRequest):
        read_reports(data)


def test_a_cut_notice_says_that_it_is_cut_and_where() -> None:
    whole = b'{"results": [{"recall_number": "D-1", "code_info": "Lot A12345"}]}'
    for length in (10, 30, len(whole) - 1):
        with pytest.raises(BadRequest, match=f"ends in the middle of a report, after {length} bytes"):
            read_reports(whole[:length])


def test_a_report_without_a_product_waits_for_a_person() -> None:
    asked = asked_of(read_reports(b'{"code_info": "Lot A12345", "product_description": "Some tablets"}')[0])
    assert asked.doubts == ["no product that can be told by NDC"]


def report_of(code_info: str, description: str = "Tablets, NDC 52601-8159-0") -> AskedRecall:
    return asked_of(Report(product_description=description, code_info=code_info))


def test_a_span_of_time_beside_named_lots_takes_no_pack_out() -> None:
    for told in ("(distributed 1/2/2024 to 3/4/2024)", "manufactured from 1/2/2024 to 3/4/2024", "exp 1/26 to 6/26"):
        asked = report_of(f"Lots A12345, A12346 {told}")
        assert [lot.lot for lot in asked.lots] == ["A12345", "A12346"]
        assert (asked.made, asked.expires) == (Span(), Span()), told


def test_days_of_shipping_never_limit_what_a_notice_means() -> None:
    asked = report_of("Lots distributed between 01/01/2024 and 02/01/2024")
    assert asked.doubts
    assert (asked.made, asked.expires) == (Span(), Span())


def test_an_element_string_in_a_notice_names_its_product() -> None:
    asked = report_of("UDI (01)00312345678906(10)A12345(17)270131", "Tablets")
    assert (asked.gtins, asked.lots) == (["00312345678906"], [LotScope("A12345", "2027-01-31")])
    assert not asked.doubts


def test_of_a_notice_in_review_no_pack_of_its_products_is_not_affected(stocked: Scene) -> None:
    stocked.capture(made(*packs(3, start="T"), lot=OTHER_LOT))
    asked = AskedRecall(gtins=[GTIN], lots=[LotScope(OTHER_LOT)], doubts=["unclear"], source="received")
    recall = opened(stocked, asked)
    assert at_the_counter(stocked) == {"recalled": "check"}
    seen = stocked.node.recalls.preview(recall.id)
    assert (seen.packs, seen.not_affected, [(lot.lot, lot.packs) for lot in seen.unread]) == (3, [], [(LOT, 4)])
    confirmed = RecallCommand("confirm", KIM, recall.id, "Only this lot.")
    stocked.node.recall(confirmed)
    assert at_the_counter(stocked) == {}


def test_the_preview_of_serial_numbers_tells_how_many_packs_are_not_affected(stocked_hub: Scene) -> None:
    asked = AskedRecall(gtins=[GTIN], serials=[SerialScope("S0", "S2")])
    seen = stocked_hub.node.recalls.preview(asked)
    assert seen.packs == 3
    assert [(lot.lot, lot.packs) for lot in seen.not_affected] == [(LOT, 1)]


def test_reports_that_somebody_else_opens_in_the_same_moment_are_known(stocked: Scene) -> None:
    desk = stocked.node.recalls
    wanted = [AskedRecall(gtins=[GTIN], lots=[LotScope(f"N{n}")], number=f"D-{n}", source="received") for n in range(9)]
    found = desk.incoming(wanted)
    for each in (wanted[2], wanted[7]):
        stocked.node.recall(RecallCommand("open", LEE, asked=each))
    report = open_fresh(found, KIM, stocked.node.recall, desk.incoming)
    assert (report.reports, report.known, report.opened) == (9, 2, 7)
    assert sorted(each.number for each in desk.page()) == [f"D-{n}" for n in range(9)]


def test_the_parts_of_one_report_are_opened_together_or_not_at_all(
    stocked: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming, "AT_ONCE", 2)
    monkeypatch.setattr(incoming, "GTINS_MAX", 1)
    gtins = [GTIN, "00352601815904", "00312345678906"]
    big = AskedRecall(gtins=list(dict.fromkeys(gtins)), all_lots=True, number="D-2", notice="n", source="received")
    others = [AskedRecall(gtins=[GTIN], lots=[LotScope(f"N{n}")], number=f"D-{n}", source="received") for n in (1, 3)]
    sizes: list[int] = []

    def act(command: RecallCommand) -> Recall:
        sizes.append(1 + len(command.more))
        return stocked.node.recall(command)

    found = stocked.node.recalls.incoming([others[0], big, others[1]])
    report = open_fresh(found, KIM, act, stocked.node.recalls.incoming)
    assert sizes == [1 + len(big.gtins), 1]
    assert report.opened == len(big.gtins) + 2
