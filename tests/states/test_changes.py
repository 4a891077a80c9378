"""State changes at the counter: accepted once and durable as an event, or refused without a trace."""

from __future__ import annotations

import io
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from rxtrail.answers import CountIn
from rxtrail.bootstrap import open_node
from rxtrail.errors import BadRequest, Busy, NotFound, Refused, RxtrailError
from rxtrail.store.rows import RecordKind
from tests import story
from tests.story import (
    LOT,
    MAKER,
    OTHER_PHARMACY,
    PHARMACY,
    WHOLESALER,
    Scene,
    delivery,
    element_string,
    made,
    pack,
    packs,
    reasons,
    shipped,
    sscc,
)

if TYPE_CHECKING:
    from pathlib import Path

    from rxtrail.answers import ChangeReceipt
    from rxtrail.store.rows import Record

PACKS = packs(3)
PACK = PACKS[0]
UNIT = sscc(1)
THREADS = 32


@pytest.fixture
def counter(pharmacy: Scene) -> Scene:
    """A pharmacy to which three packs in one carton were shipped."""
    pharmacy.capture(*delivery(*PACKS))
    return pharmacy


def do(scene: Scene, verb: str, epc: str = PACK, **more: Any) -> ChangeReceipt:
    """Carry out a change a second later, and see that it is an event of its own in the record."""
    scene.time.pass_by(seconds=1)
    before = events(scene)
    receipt = scene.change(verb, epc, **{"site": PHARMACY, **more})
    after = events(scene)
    new = after[len(before) :]
    assert after[: len(before)] == before
    if receipt.repeated:
        assert new == []
        return receipt
    assert new[-1]["eventID"] == receipt.event_id
    assert [event["bizStep"] for event in new[:-1]] in ([], ["receiving"] if verb == "dispense" else [])
    for event in new:
        assert [element.rpartition("/")[2] for element in event["epcList"]] == [epc.rpartition("/")[2]]
    assert receipt.epc == epc
    assert receipt.log_index in [record.position for record, _ in records(scene) if record.kind == RecordKind.EVENT]
    return receipt


def refuse(scene: Scene, kind: type[RxtrailError], verb: str, epc: str = PACK, **more: Any) -> RxtrailError:
    """Have a change refused, and see that it left nothing."""
    scene.time.pass_by(seconds=1)
    before = left(scene)
    with pytest.raises(kind) as refused:
        scene.change(verb, epc, **{"site": PHARMACY, **more})
    assert left(scene) == before
    assert type(refused.value) is kind
    return refused.value


def records(scene: Scene) -> list[tuple[Record, bytes]]:
    """Everything in the log but scans, which are written whenever there is a commit, and the blocks they lie in."""
    rows = scene.node._reader().records_from(0, 100_000)
    return [row for row in rows if row[0].kind not in (RecordKind.SCAN, RecordKind.BLOCK)]


def left(scene: Scene) -> tuple[int, bytes, list[bytes]]:
    scene.node.settle()  # that a doubtful scan happened is written by itself, a moment later
    return len(records(scene)), scene.export("events"), scene.packs()


def events(scene: Scene) -> list[dict[str, Any]]:
    return [json.loads(line) for line in scene.export("events").splitlines()]


def now(scene: Scene, epc: str = PACK, **more: Any) -> tuple[str, dict[str, str]]:
    verdict = scene.verify(epc, **{"site": PHARMACY, **more})
    return verdict.verdict.value, reasons(verdict)


# -- dispense ------------------------------------------------------------------------------------------------------


def test_a_pack_is_dispensed_once(counter: Scene) -> None:
    receipt = do(counter, "dispense", ref="RX-1")
    assert (receipt.disposition, receipt.repeated) == ("dispensed", False)
    assert receipt.verdict is not None
    assert receipt.verdict.verdict.value == "ok"
    assert now(counter) == ("check", {"already-dispensed-here": "check"})
    assert now(counter, site=OTHER_PHARMACY)[0] == "stop"
    assert counter.pack(PACK)["disposition"] == "dispensed"
    assert refuse(counter, Refused, "dispense").place == "already-dispensed-here"
    assert now(counter, PACKS[1]) == ("ok", {})


def test_a_change_while_the_packs_file_is_being_written_waits(counter: Scene) -> None:
    node = counter.node
    assert node._capture is not None
    accepted = node._capture.accept(io.BytesIO(story.xml([made(pack("LATE")), shipped(pack("LATE"))])), name="late")
    node._captured(None)
    assert refuse(counter, Busy, "dispense", pack("LATE")).place == "unreachable"
    node._capture.apply(accepted)
    node._captured(None)
    do(counter, "dispense", pack("LATE"))


def test_dispensing_is_the_receipt_that_was_never_posted(counter: Scene) -> None:
    do(counter, "dispense")
    journey = counter.trace(PACK)
    assert [stay.party.id.rpartition("/")[2] for stay in journey.custody][-1] == PHARMACY.gln
    assert [(event.biz_step, event.evidence) for event in journey.events][-2:] == [
        ("receiving", "scanned"),
        ("dispensing", "scanned"),
    ]
    assert counter.pack(PACK)["custodian"] == PHARMACY.gln


def test_the_prescription_reference_is_in_no_event(counter: Scene) -> None:
    do(counter, "dispense", ref="RX-SECRET-1", by="Jane Roe", key="key-1")
    everything = b"".join(counter.export("events", fmt) for fmt in ("json", "csv", "epcis"))
    for word in (b"RX-SECRET-1", b"Jane Roe", b"key-1"):
        assert word not in everything


def test_of_32_counters_exactly_one_dispenses_a_pack(counter: Scene) -> None:
    gate = threading.Barrier(THREADS)

    def dispense(number: int) -> ChangeReceipt | RxtrailError:
        gate.wait(30)
        try:
            return counter.change("dispense", PACK, site=PHARMACY, key=f"counter-{number}")
        except Refused as error:
            return error

    before = len(events(counter))
    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(dispense, range(THREADS)))
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert len(refused) == THREADS - 1
    assert {error.place for error in refused} == {"already-dispensed-here"}
    assert [event["bizStep"] for event in events(counter)[before:]] == ["receiving", "dispensing"]
    assert now(counter) == ("check", {"already-dispensed-here": "check"})


def test_32_counters_with_32_packs_do_not_stand_in_each_others_way(pharmacy: Scene) -> None:
    many = packs(THREADS)
    pharmacy.capture(*delivery(*many))
    with ThreadPoolExecutor(THREADS) as pool:
        receipts = list(pool.map(lambda epc: pharmacy.change("dispense", epc, site=PHARMACY), many))
    assert [receipt.epc for receipt in receipts] == many
    assert len({receipt.log_index for receipt in receipts}) == THREADS
    assert {pharmacy.pack(epc)["disposition"] for epc in many} == {"dispensed"}


def test_the_same_key_repeats_the_first_answer_and_writes_nothing(counter: Scene) -> None:
    first = do(counter, "dispense", key="key-1")
    before = left(counter)
    again = do(counter, "dispense", key="key-1")
    assert again.repeated
    assert (again.event_id, again.log_index, again.recorded_at, again.disposition) == (
        first.event_id, first.log_index, first.recorded_at, first.disposition,
    )  # fmt: skip
    assert left(counter) == before
    refuse(counter, Refused, "dispense", key="key-2")


def test_a_key_is_one_orders_own(counter: Scene) -> None:
    do(counter, "dispense", key="key-1")
    assert not do(counter, "dispense", PACKS[1], key="key-1").repeated, "another pack"
    assert not do(counter, "hold", key="key-1", reason="wet").repeated, "another verb"
    refuse(counter, Refused, "dispense", key="key-1", by="Somebody else")


def test_after_ten_minutes_a_key_is_forgotten(counter: Scene) -> None:
    do(counter, "dispense", key="key-1")
    counter.time.pass_by(minutes=9, seconds=58)
    assert do(counter, "dispense", key="key-1").repeated
    counter.time.pass_by(seconds=1)
    refuse(counter, Refused, "dispense", key="key-1")


def test_a_refusal_is_not_remembered_as_the_answer_of_its_key(counter: Scene) -> None:
    do(counter, "hold", reason="wet")
    refuse(counter, Refused, "dispense", key="key-1")
    do(counter, "release", reason="dry")
    assert not do(counter, "dispense", key="key-1").repeated


def test_a_partly_dispensed_pack_may_be_dispensed_further_here_only(counter: Scene) -> None:
    assert do(counter, "dispense", partial="10 of 30").disposition == "partially_dispensed"
    assert now(counter) == ("ok", {"partially-dispensed": "info"})
    assert refuse(counter, Refused, "dispense", site=OTHER_PHARMACY, partial="1").place == "partially-dispensed"
    assert do(counter, "dispense", partial="10 of 30").disposition == "partially_dispensed"
    assert do(counter, "dispense").disposition == "dispensed"
    assert refuse(counter, Refused, "dispense", partial="10 of 30").place == "already-dispensed-here"


def test_a_mismatch_at_the_counter_is_refused(counter: Scene) -> None:
    assert refuse(counter, Refused, "dispense", lot="OTHER").place == "lot-mismatch"
    assert refuse(counter, Refused, "dispense", expiry="2031-01-31").place == "expiry-mismatch"
    assert refuse(counter, Refused, "dispense", expiry="2028-09-01").place == "expiry-mismatch"


def test_a_code_without_a_pack_is_no_order(counter: Scene) -> None:
    for code in ("", "hello", PACK[3:17], "\x00" * 9, "9" * 10_000):
        before = left(counter)
        with pytest.raises(BadRequest) as refused:
            counter.node.change("dispense", code, site=PHARMACY.gln)
        assert refused.value.place == "code"
        assert left(counter) == before


# -- overrides -----------------------------------------------------------------------------------------------------


def test_a_named_person_lifts_amber(counter: Scene) -> None:
    amber = {"expiry": "2028-09-01"}
    assert refuse(counter, BadRequest, "dispense", **amber, override="date read by eye").place == "by"
    refuse(counter, Refused, "dispense", **amber, by="A. Person")
    receipt = do(counter, "dispense", **amber, override="date read by eye", by="A. Person")
    assert receipt.verdict is not None
    assert receipt.verdict.verdict.value == "check"
    assert receipt.disposition == "dispensed"


@pytest.mark.parametrize(
    "told",
    [
        story.recalled(PACK), story.destroyed(PACK), story.stolen(PACK), story.held(PACK), story.recalled_lot(),
        story.decommissioned(PACK), story.dispensed(PACK, at=OTHER_PHARMACY),
    ],
    ids=["recalled", "destroyed", "stolen", "held", "recalled lot", "decommissioned", "dispensed elsewhere"],
)  # fmt: skip
def test_nobody_lifts_red(told: story.Told, pharmacy: Scene) -> None:
    pharmacy.capture(*delivery(*PACKS), told)
    if told.step == "dispensing":
        pharmacy.capture(told, sender=None)
    assert now(pharmacy)[0] == "stop"
    refuse(pharmacy, Refused, "dispense", override="I know better", by="A. Person")


def test_a_pack_without_data_is_dispensed_by_override_once(pharmacy: Scene) -> None:
    unknown = pack("NOBODYS")
    refuse(pharmacy, Refused, "dispense", unknown)
    do(pharmacy, "dispense", unknown, override="paper invoice 7", by="A. Person")
    answer, why = now(pharmacy, unknown)
    assert answer == "check"
    assert "already-dispensed-here" in why


# -- receive -------------------------------------------------------------------------------------------------------


def test_a_pack_is_received_where_it_was_shipped(pharmacy: Scene) -> None:
    pharmacy.capture(made(PACK), shipped(PACK))
    receipt = do(pharmacy, "receive")
    assert receipt.disposition == "active"
    assert (pharmacy.pack(PACK)["custodian"], pharmacy.pack(PACK)["in_transit_to"]) == (PHARMACY.gln, "")
    assert now(pharmacy) == ("ok", {})


def test_a_container_is_received_as_a_whole_and_says_what_is_inside(counter: Scene) -> None:
    counter.capture(story.recalled(PACKS[2]))
    receipt = do(counter, "receive", UNIT)
    assert (receipt.contents, receipt.by_verdict) == (3, {"ok": 2, "stop": 1})
    assert receipt.verdict is None
    assert {counter.pack(epc)["custodian"] for epc in PACKS} == {PHARMACY.gln}
    assert {counter.pack(epc)["container"] for epc in PACKS} == {UNIT}
    assert now(counter) == ("ok", {})


def test_a_container_of_containers_counts_the_packs(pharmacy: Scene) -> None:
    inner, pallet = [sscc(number) for number in (2, 3)], sscc(4)
    lots = [packs(4, start="A"), packs(5, start="B")]
    pharmacy.capture(
        *(made(*lot) for lot in lots),
        *(story.packed(unit, *lot) for unit, lot in zip(inner, lots, strict=True)),
        story.packed(pallet, *inner, minute=6),
        shipped(pallet),
    )
    receipt = do(pharmacy, "receive", pallet)
    assert (receipt.contents, receipt.by_verdict) == (9, {"ok": 9})


def test_an_unknown_container_and_a_red_pack_are_not_received(counter: Scene) -> None:
    assert refuse(counter, NotFound, "receive", sscc(99)).place == "no-transaction-data"
    counter.capture(story.stolen(PACK))
    assert refuse(counter, Refused, "receive").place == "stolen"


def test_a_pack_that_came_before_its_file_is_received_and_ok_once_the_file_is_in(pharmacy: Scene) -> None:
    do(pharmacy, "receive")
    assert now(pharmacy)[0] == "check"
    pharmacy.capture(*delivery(*PACKS))
    assert now(pharmacy) == ("ok", {})


def test_a_container_cannot_be_dispensed(counter: Scene) -> None:
    for verb in ("dispense", "decommission", "destroy", "reactivate"):
        assert refuse(counter, BadRequest, verb, UNIT, reason="why").place == "code"


# -- hold and release ----------------------------------------------------------------------------------------------


def test_a_hold_stops_a_pack_until_it_is_released(counter: Scene) -> None:
    assert refuse(counter, BadRequest, "hold").place == "reason"
    do(counter, "hold", reason="wet carton")
    assert now(counter) == ("stop", {"on-hold": "stop"})
    assert counter.pack(PACK)["holds"] == ["non_sellable_other"]
    refuse(counter, Refused, "dispense", override="looks fine", by="A. Person")
    assert refuse(counter, BadRequest, "release").place == "reason"
    do(counter, "release", reason="it was dry")
    assert (now(counter), counter.pack(PACK)["holds"]) == (("ok", {}), [])


def test_a_hold_on_a_container_holds_what_is_inside(counter: Scene) -> None:
    do(counter, "hold", UNIT, reason="broken seal")
    assert [now(counter, epc)[0] for epc in PACKS] == ["stop"] * 3
    do(counter, "release", UNIT, reason="looked inside")
    assert [now(counter, epc)[0] for epc in PACKS] == ["ok"] * 3


def test_a_suppliers_file_does_not_lift_our_own_hold(counter: Scene) -> None:
    do(counter, "hold", reason="wet carton")
    counter.capture(story.received(PACK, minute=60 * 24 * 40), sender=MAKER)
    assert now(counter)[1].get("on-hold") == "stop"


def test_a_release_does_not_lift_the_makers_recall(counter: Scene) -> None:
    counter.capture(story.recalled(PACK))
    do(counter, "release", reason="we want to sell it")
    assert now(counter) == ("stop", {"recalled": "stop"})


def test_a_hold_on_a_pack_that_is_not_on_record_is_not_found(counter: Scene) -> None:
    for verb in ("hold", "release", "decommission", "destroy", "reactivate", "return"):
        refuse(counter, NotFound, verb, pack("NOBODYS"), reason="why", to=WHOLESALER.gln)


# -- return, decommission, destroy, reactivate ---------------------------------------------------------------------


def test_a_return_names_where_it_goes(counter: Scene) -> None:
    for to in ("", "12", "x" * 13):
        assert refuse(counter, BadRequest, "return", to=to).place == "to"
    receipt = do(counter, "return", to=WHOLESALER.gln)
    assert receipt.disposition == "returned"
    row = counter.pack(PACK)
    assert (row["disposition"], row["in_transit_to"]) == ("returned", WHOLESALER.gln)
    assert now(counter)[0] == "check"
    assert "custody-open" in now(counter)[1]
    refuse(counter, Refused, "dispense")


def test_a_dispensed_pack_is_not_returned_to_the_supplier_unseen(counter: Scene) -> None:
    do(counter, "dispense")
    assert refuse(counter, Refused, "return", to=WHOLESALER.gln).place == "dispensed"


@pytest.mark.parametrize(
    ("verb", "after", "code"),
    [("decommission", "decommissioned", "decommissioned"), ("destroy", "destroyed", "destroyed")],
)
def test_what_is_taken_out_of_the_world_is_a_stop(verb: str, after: str, code: str, counter: Scene) -> None:
    assert do(counter, verb).disposition == after
    assert counter.pack(PACK)["disposition"] == after
    assert now(counter) == ("stop", {code: "stop"})
    refuse(counter, Refused, "dispense", override="still here", by="A. Person")
    refuse(counter, Refused, "decommission")


@pytest.mark.parametrize("verb", ["dispense", "decommission"])
def test_a_reactivated_pack_is_ok_again(verb: str, counter: Scene) -> None:
    do(counter, verb)
    assert refuse(counter, BadRequest, "reactivate").place == "reason"
    more = {"reason": "patient never came", "attestation": "it never left", "by": "A. Person"}
    assert do(counter, "reactivate", **more).disposition == "active"
    assert now(counter) == ("ok", {})
    do(counter, "dispense")
    refuse(counter, Refused, "dispense")


def test_what_is_not_ended_or_was_destroyed_cannot_be_reactivated(counter: Scene) -> None:
    assert refuse(counter, Refused, "reactivate", reason="why").place == "active"
    do(counter, "destroy")
    assert refuse(counter, Refused, "reactivate", reason="why").place == "destroyed"


def test_an_unknown_verb_and_overlong_words_are_refused_by_name(counter: Scene) -> None:
    assert refuse(counter, BadRequest, "sell").place == "verb"
    assert refuse(counter, BadRequest, "hold", reason="x" * 501).place == "reason"
    for name in ("reason", "by", "ref", "key", "override"):
        assert refuse(counter, BadRequest, "hold", **{"reason": "why", "by": "me", name: "half \ud800"}).place == name
    with pytest.raises(BadRequest) as refused:
        counter.node.change("hold", "\ud800", reason="why", key="key-1")
    assert refused.value.place == "code"
    do(counter, "hold", reason="x" * 500)


# -- opening stock -------------------------------------------------------------------------------------------------


def row_of(epc: str) -> CountIn:
    return CountIn(gtin=epc[3:17], serial=epc[21:], lot=LOT, expiry=story.EXPIRY)


def test_opening_stock_is_counted_in_and_then_ok(pharmacy: Scene) -> None:
    rows = [CountIn(scan=element_string(PACKS[0])), row_of(PACKS[1]), row_of(PACKS[1])]
    receipt = pharmacy.node.count_in(rows, by="A. Person", supplier="Central Drug", ref="invoice 7")
    assert (receipt.counted, receipt.already_on_record, receipt.refused) == (2, 0, [])
    for epc in PACKS[:2]:
        assert now(pharmacy, epc) == ("ok", {"opening-stock": "info"})
        assert pharmacy.pack(epc)["basis"] == "counted-in"
    assert now(pharmacy, PACKS[2])[0] == "check"
    (event,) = events(pharmacy)
    assert len(event["epcList"]) == 2
    assert "A. Person" in json.dumps(event)
    assert "invoice 7" in json.dumps(event)
    do(pharmacy, "dispense")
    assert now(pharmacy)[1].get("already-dispensed-here") == "check"


@pytest.mark.parametrize(
    "bad",
    [
        CountIn(scan="hello"),
        CountIn(scan=PACK[3:17]),
        CountIn(scan=element_string(PACK, lot="")),
        CountIn(gtin=PACK[3:16] + str((int(PACK[16]) + 1) % 10), serial="1", lot="L", expiry="2028-09-30"),
        CountIn(gtin=PACK[3:17], serial="", lot="L", expiry="2028-09-30"),
        CountIn(gtin=PACK[3:17], serial="1", lot="L", expiry="2028-13-30"),
        CountIn(gtin=PACK[3:17], serial="1" * 21, lot="L", expiry="2028-09-30"),
        CountIn(),
    ],
    ids=["no code", "no serial", "no lot", "check digit", "empty serial", "month 13", "long serial", "empty"],
)
def test_opening_stock_is_counted_in_whole_or_not_at_all(bad: CountIn, pharmacy: Scene) -> None:
    before = left(pharmacy)
    with pytest.raises(BadRequest) as refused:
        pharmacy.node.count_in([row_of(PACKS[0]), bad, row_of(PACKS[1])], by="A. Person")
    assert refused.value.place == "row 2"
    assert left(pharmacy) == before
    assert pharmacy.packs() == []


def test_one_row_that_says_another_lot_of_the_same_pack_is_not_swallowed(pharmacy: Scene) -> None:
    rows = [row_of(PACK), CountIn(gtin=PACK[3:17], serial=PACK[21:], lot="OTHER", expiry=story.EXPIRY)]
    with pytest.raises(BadRequest) as refused:
        pharmacy.node.count_in(rows, by="A. Person")
    assert refused.value.place == "row 2"
    assert pharmacy.packs() == []


def test_opening_stock_needs_a_name_and_rows(pharmacy: Scene) -> None:
    with pytest.raises(BadRequest) as nameless:
        pharmacy.node.count_in([row_of(PACK)], by="")
    assert nameless.value.place == "by"
    with pytest.raises(BadRequest) as empty:
        pharmacy.node.count_in([], by="A. Person")
    assert empty.value.place == "rows"
    for name, text in (("site", "12"), ("by", "x" * 501), ("supplier", "\ud800"), ("ref", "x" * 501)):
        with pytest.raises(BadRequest) as refused:
            pharmacy.node.count_in([row_of(PACK)], **{"by": "A. Person", name: text})
        assert refused.value.place == name
    assert pharmacy.packs() == []


def test_counting_in_twice_or_what_a_supplier_sent_changes_nothing(counter: Scene) -> None:
    counter.node.count_in([row_of(pack("OLD"))], by="A. Person")
    before = left(counter)
    receipt = counter.node.count_in([row_of(pack("OLD")), row_of(PACK)], by="A. Person")
    assert (receipt.counted, receipt.already_on_record, receipt.log_index) == (0, 2, -1)
    assert left(counter) == before


def test_the_suppliers_file_takes_over_from_opening_stock(pharmacy: Scene) -> None:
    pharmacy.node.count_in([row_of(PACK)], by="A. Person")
    pharmacy.capture(*delivery(*PACKS))
    assert now(pharmacy) == ("ok", {})
    assert pharmacy.pack(PACK)["basis"] == "issuer"
    assert pharmacy.verify(PACK).record.document.startswith("sha256:")


def test_a_suppliers_file_that_contradicts_opening_stock_is_a_stop(pharmacy: Scene) -> None:
    pharmacy.node.count_in([row_of(PACK)], by="A. Person")
    pharmacy.capture(*delivery(PACK, lot="OTHER"))
    assert now(pharmacy)[0] == "stop"
    assert pharmacy.pack(PACK)["lot"] == "OTHER"


def test_a_pack_that_was_shipped_without_its_making_can_be_counted_in(pharmacy: Scene) -> None:
    pharmacy.capture(shipped(PACK))
    assert now(pharmacy) == ("check", {"lot-unknown": "check"})
    assert pharmacy.node.count_in([row_of(PACK)], by="A. Person").counted == 1
    assert now(pharmacy) == ("ok", {"opening-stock": "info"})


# -- what stays ----------------------------------------------------------------------------------------------------


def test_changes_are_there_after_the_node_was_closed(tmp_path: Path) -> None:
    with story.scene(tmp_path, "pharmacy", PHARMACY) as scene:
        scene.partners((MAKER, "maker"))
        scene.capture(*delivery(*PACKS))
        do(scene, "dispense", key="key-1")
        do(scene, "hold", PACKS[1], reason="wet")
        kept = scene.packs()
    with story.scene(tmp_path) as scene:
        scene.time.pass_by(seconds=30)
        assert scene.packs() == kept
        assert scene.change("dispense", PACK, site=PHARMACY, key="key-1").repeated
        refuse(scene, Refused, "dispense", PACKS[1])
        do(scene, "dispense", PACKS[2])


def test_a_change_with_no_site_is_made_at_the_nodes_own(counter: Scene) -> None:
    receipt = do(counter, "dispense", site=None)
    event = next(event for event in events(counter) if event["eventID"] == receipt.event_id)
    assert event["bizLocation"]["id"].endswith(f"/414/{PHARMACY.gln}")


def test_a_node_that_only_reads_refuses_to_change(counter: Scene) -> None:
    with open_node(counter.node.data, write=False) as reading, pytest.raises(RxtrailError) as refused:
        reading.change("dispense", element_string(PACK), site=PHARMACY.gln)
    assert refused.value.code == "busy"
    assert now(counter) == ("ok", {})


@pytest.mark.parametrize("site", [PHARMACY, WHOLESALER, None], ids=lambda site: site and site.name)
@pytest.mark.parametrize("verb", ["lock", "check-out", "decommission", "dispense"])
def test_what_one_place_took_out_of_use_no_other_and_nobody_without_a_place_puts_back(
    verb: str, site: story.Party | None, hub: Scene
) -> None:
    hub.capture(*delivery(*PACKS, buyer=OTHER_PHARMACY))
    hub.time.pass_by(seconds=1)
    done = hub.change(verb, PACK, site=OTHER_PHARMACY).disposition
    hub.time.pass_by(seconds=1)
    order = {"reason": "it looks fine", "attestation": "It never left.", "by": "A. Kim"}
    with pytest.raises(Refused) as refused:
        hub.node.change("reactivate", element_string(PACK), site=site.gln if site is not None else "", **order)
    assert "another place" in refused.value.message
    assert hub.pack(PACK)["disposition"] == done
    assert hub.change("reactivate", PACK, site=OTHER_PHARMACY, **order).disposition == "active"
