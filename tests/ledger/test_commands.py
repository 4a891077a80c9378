"""Orders at the counter and documents that come in meet: an order is never undone, and lifts only what was known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rxtrail.errors import Refused
from tests import story
from tests.story import (
    EXPIRY,
    LOT,
    MAKER,
    OTHER_PHARMACY,
    PHARMACY,
    WHOLESALER,
    Scene,
    Told,
    delivery,
    made,
    packs,
    reasons,
    shipped,
    sscc,
    unpacked,
)

if TYPE_CHECKING:
    from collections.abc import Callable

PACKS = packs(3)
PACK = PACKS[0]
UNIT = sscc(1)


@pytest.fixture
def stock(pharmacy: Scene) -> Scene:
    """Three packs that were shipped to the pharmacy in one case."""
    pharmacy.capture(*delivery(*PACKS), receiver=PHARMACY)
    return pharmacy


def verdict(scene: Scene) -> str:
    return scene.verify(PACK, site=PHARMACY).verdict.value


# -- an accepted order stands --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "late",
    [
        story.destroyed(PACK, minute=40),
        story.stolen(PACK, minute=40),
        shipped(UNIT, buyer=OTHER_PHARMACY, minute=40),
        story.held(PACK, minute=40),
        made(PACK, lot="OTHER", minute=2),
        unpacked(UNIT, at=MAKER, minute=40),
        shipped(UNIT).declared_wrong(40),
    ],
    ids=lambda told: told.step + (" wrong" if told.wrong else ""),
)
def test_no_late_document_undoes_a_dispensing(stock: Scene, late: Told) -> None:
    stock.change("dispense", PACK, site=PHARMACY)
    stock.capture(late)
    assert stock.pack(PACK)["disposition"] in ("dispensed", "destroyed", "stolen")
    with pytest.raises(Refused):
        stock.change("dispense", PACK, site=PHARMACY)
    assert [event.biz_step for event in stock.trace(PACK).events].count("dispensing") == 1


def test_of_two_dispensings_the_one_that_was_written_first_stands(stock: Scene) -> None:
    stock.change("dispense", PACK, site=PHARMACY)
    stock.capture(story.dispensed(PACK, minute=50), sender=PHARMACY)
    row = stock.pack(PACK)
    assert (row["disposition"], row["holds"]) == ("dispensed", [])
    assert reasons(stock.verify(PACK, site=PHARMACY)) == {"already-dispensed-here": "check"}


def test_a_partial_dispensing_does_not_open_a_dispensed_pack_again(stock: Scene) -> None:
    stock.capture(story.dispensed(PACK, minute=50), sender=PHARMACY)
    stock.capture(Told(70, "dispensing", "partially_dispensed", epcs=(PACK,), at=PHARMACY), sender=PHARMACY)
    assert stock.pack(PACK)["disposition"] == "dispensed"
    assert verdict(stock) == "check"


def test_a_partly_dispensed_pack_is_dispensed_in_the_end(stock: Scene) -> None:
    stock.change("dispense", PACK, site=PHARMACY, partial="10")
    assert stock.pack(PACK)["disposition"] == "partially_dispensed"
    stock.change("dispense", PACK, site=PHARMACY)
    assert stock.pack(PACK)["disposition"] == "dispensed"


@pytest.mark.parametrize("minute", [40, 100_000])
def test_a_return_does_not_bring_back_what_was_destroyed(stock: Scene, minute: float) -> None:
    stock.capture(story.destroyed(PACK, minute=30))
    stock.capture(Told(minute, "receiving", "returned", epcs=(PACK,), at=PHARMACY), sender=PHARMACY)
    stock.capture(Told(minute + 1, "storing", "sellable_accessible", epcs=(PACK,), at=PHARMACY), sender=PHARMACY)
    assert stock.pack(PACK)["disposition"] == "destroyed"
    assert verdict(stock) == "stop"


def test_a_dispensed_pack_that_came_back_and_was_put_to_stock_is_ok_again(stock: Scene) -> None:
    stock.capture(
        story.dispensed(PACK, minute=50),
        Told(60, "receiving", "returned", epcs=(PACK,), at=PHARMACY),
        sender=PHARMACY,
    )
    assert reasons(stock.verify(PACK, site=PHARMACY)) == {"custody-open": "check"}
    stock.capture(Told(70, "storing", "sellable_accessible", epcs=(PACK,), at=PHARMACY), sender=PHARMACY)
    assert verdict(stock) == "ok"


# -- a person lifts what was known ---------------------------------------------------------------------------------


def test_a_release_lifts_what_was_known_and_not_what_comes_in_later(stock: Scene) -> None:
    stock.capture(story.held(PACK, minute=30))
    stock.change("release", PACK, site=PHARMACY, reason="looked at it", by="Ada")
    assert verdict(stock) == "ok"
    stock.capture(story.held(PACK, minute=35))  # earlier than the release, and unknown to whoever released
    assert verdict(stock) == "stop"


def test_a_reactivation_does_not_reopen_what_became_known_later(stock: Scene) -> None:
    stock.capture(story.dispensed(PACK, minute=50), sender=PHARMACY)
    stock.change("reactivate", PACK, site=PHARMACY, attestation="it never left", by="Ada")
    assert verdict(stock) == "ok"
    stock.capture(story.destroyed(PACK, minute=55))
    assert stock.pack(PACK)["disposition"] == "destroyed"
    assert verdict(stock) == "stop"


def test_a_reactivation_that_the_record_would_not_follow_is_refused(stock: Scene) -> None:
    """A partner's clock runs ahead: its dispensing lies in our future, so a word of now would come before it."""
    ahead = (story.NOW - story.START).total_seconds() / 60 + 30
    stock.capture(story.dispensed(PACK, minute=ahead), sender=PHARMACY)
    before = stock.node.status().log_size
    with pytest.raises(Refused, match="stays dispensed"):
        stock.change("reactivate", PACK, site=PHARMACY, attestation="it never left", by="Ada")
    assert stock.node.status().log_size == before


def test_a_release_of_a_pack_does_not_lift_the_hold_of_its_container_and_says_so(stock: Scene) -> None:
    stock.change("hold", UNIT, site=PHARMACY, reason="wet", by="Ada")
    with pytest.raises(Refused) as told:
        stock.change("release", PACK, site=PHARMACY, reason="dry", by="Ada")
    assert UNIT in told.value.advice
    stock.change("release", UNIT, site=PHARMACY, reason="dry", by="Ada")
    assert verdict(stock) == "ok"


def test_a_hold_that_a_person_set_is_lifted_by_no_document(stock: Scene) -> None:
    stock.change("hold", PACK, site=PHARMACY, reason="odd seal", by="Ada")
    for sender in (MAKER, PHARMACY, WHOLESALER):
        stock.capture(
            Told(40_000, "storing", "sellable_accessible", epcs=(PACK,), at=sender),
            Told(40_001, "urn:rxtrail:bizstep:releasing", "active", epcs=(PACK,), at=sender),
            sender=sender,
        )
    assert verdict(stock) == "stop"


def test_a_hold_in_a_document_is_lifted_by_the_later_word_of_who_set_it_and_of_nobody_else(stock: Scene) -> None:
    stock.capture(story.held(PACK, minute=30))
    stock.capture(Told(40, "storing", "sellable_accessible", epcs=(PACK,), at=PHARMACY), sender=PHARMACY)
    assert verdict(stock) == "stop"
    stock.capture(Told(45, "inspecting", "conformant", epcs=(PACK,), at=MAKER))
    assert verdict(stock) == "ok"


@pytest.mark.parametrize("end", [story.destroyed, story.stolen, story.decommissioned])
def test_no_document_reactivates_what_its_speaker_did_not_end_or_what_ended_for_good(
    stock: Scene, end: Callable[..., Told]
) -> None:
    stock.capture(end(PACK, minute=30))
    for sender in (PHARMACY, MAKER):
        stock.capture(Told(40, "urn:rxtrail:bizstep:reactivating", "active", epcs=(PACK,), at=sender), sender=sender)
    assert verdict(stock) == "stop"


def test_a_pharmacys_file_reactivates_what_that_pharmacy_dispensed(stock: Scene) -> None:
    stock.capture(
        story.dispensed(PACK, minute=50),
        Told(60, "urn:rxtrail:bizstep:reactivating", "active", epcs=(PACK,), at=PHARMACY),
        sender=PHARMACY,
    )
    assert verdict(stock) == "ok"


# -- the time of an order ------------------------------------------------------------------------------------------


def test_orders_of_one_instant_count_in_the_order_in_which_they_were_given(stock: Scene) -> None:
    for _ in range(6):
        stock.change("hold", PACK, site=PHARMACY, reason="odd seal", by="Ada")
        assert verdict(stock) == "stop"
        stock.change("release", PACK, site=PHARMACY, reason="looked at it", by="Ada")
        assert verdict(stock) == "ok"


def test_an_order_after_the_clock_was_set_back_still_counts(stock: Scene) -> None:
    stock.change("dispense", PACK, site=PHARMACY)
    stock.time.pass_by(hours=-2)
    stock.change("reactivate", PACK, site=PHARMACY, attestation="it never left", by="Ada")
    assert verdict(stock) == "ok"


def test_dispensing_what_was_on_its_way_writes_its_receipt_first(stock: Scene) -> None:
    stock.change("dispense", PACK, site=PHARMACY)
    steps = [(event.biz_step, event.evidence) for event in stock.trace(PACK).events]
    assert steps[-2:] == [("receiving", "scanned"), ("dispensing", "scanned")]
    row = stock.pack(PACK)
    assert (row["custodian"], row["in_transit_to"], row["container"]) == (PHARMACY.gln, "", "")


def test_a_receipt_of_a_whole_unit_is_inferred_for_each_pack_in_it(stock: Scene) -> None:
    receipt = stock.change("receive", UNIT, site=PHARMACY)
    assert (receipt.contents, receipt.by_verdict) == (3, {"ok": 3})
    last = stock.trace(PACK).events[-1]
    assert (last.biz_step, last.evidence, last.of) == ("receiving", "inferred", UNIT)


def test_the_contents_of_a_unit_are_what_the_fold_leaves_inside(stock: Scene) -> None:
    stock.capture(unpacked(UNIT, at=story.OUTSIDER, minute=15), sender=story.OUTSIDER)
    assert stock.change("receive", UNIT, site=PHARMACY).contents == 3
    stock.capture(unpacked(UNIT, PACKS[1], minute=30_000), sender=PHARMACY)
    stock.change("dispense", PACK, site=PHARMACY)
    assert stock.change("receive", UNIT, site=PHARMACY).contents == 1
    stock.capture(unpacked(UNIT, minute=50_000), sender=PHARMACY)
    assert stock.change("receive", UNIT, site=PHARMACY).contents == 0


def test_the_contents_of_a_pallet_are_the_packs_on_every_level(pharmacy: Scene) -> None:
    cases = [story.pack(f"C{n}", story.CASE_GTIN) for n in range(3)]
    bottles = packs(30)
    pallet = sscc(5)
    pharmacy.capture(
        made(*bottles),
        made(*cases, minute=1),
        *(story.packed(case, *bottles[10 * n : 10 * n + 10], minute=2) for n, case in enumerate(cases)),
        story.packed(pallet, *cases, minute=3),
        shipped(pallet),
    )
    receipt = pharmacy.change("receive", pallet, site=PHARMACY)
    assert (receipt.contents, receipt.by_verdict) == (30, {"ok": 30})


def test_opening_stock_that_is_a_case_of_others_is_counted_once(pharmacy: Scene) -> None:
    from rxtrail.answers import CountIn

    case = story.pack("C0", story.CASE_GTIN)
    pharmacy.capture(made(case, *PACKS), story.packed(case, *PACKS))
    rows = [CountIn(gtin=story.CASE_GTIN, serial="C0", lot=LOT, expiry=EXPIRY)]
    receipt = pharmacy.node.count_in(rows, by="Ada")
    assert (receipt.counted, receipt.already_on_record) == (0, 1)
