"""Who may say what: an outsider's file is evidence and never moves or freezes genuine packs, whatever came first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import story
from tests.story import (
    CASE_GTIN,
    GTIN,
    LOT,
    MAKER,
    OTHER_PHARMACY,
    OUTSIDER,
    PHARMACY,
    SECOND_WHOLESALER,
    WHOLESALER,
    Scene,
    Told,
    codes,
    delivery,
    made,
    pack,
    packs,
    reasons,
    sscc,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PACKS = packs(3)
UNIT = sscc(1)
OTHER_UNIT = sscc(99, OUTSIDER)

# Everything that somebody can say of a pack or of the unit that it is in.
CLAIMS: dict[str, Callable[[str], Told]] = {
    "made with another lot": lambda epc: made(epc, at=OUTSIDER, lot="FAKE", expiry="2031-01-31"),
    "made with the same lot": lambda epc: made(epc, at=OUTSIDER),
    "shipped": lambda epc: story.shipped(epc, seller=OUTSIDER, buyer=OUTSIDER),
    "shipped by the genuine seller": lambda epc: story.shipped(epc, seller=MAKER, buyer=OUTSIDER),
    "received": lambda epc: story.received(epc, at=OUTSIDER),
    "dispensed": lambda epc: story.dispensed(epc, at=OUTSIDER),
    "decommissioned": lambda epc: story.decommissioned(epc, at=OUTSIDER),
    "destroyed": lambda epc: story.destroyed(epc, at=OUTSIDER),
    "stolen": lambda epc: story.stolen(epc, at=OUTSIDER),
    "held": lambda epc: story.held(epc, at=OUTSIDER),
    "recalled": lambda epc: story.recalled(epc, at=OUTSIDER),
    "returned": lambda epc: Told(0, "receiving", "returned", epcs=(epc,), at=OUTSIDER),
    "shipping voided": lambda epc: Told(0, "void_shipping", "in_progress", epcs=(epc,), at=OUTSIDER),
    "packed elsewhere": lambda epc: story.packed(OTHER_UNIT, epc, at=OUTSIDER),
    "repacked into another": lambda epc: story.repacked([epc], [pack("FAKE")], at=OUTSIDER),
    "reactivated": lambda epc: Told(0, "urn:rxtrail:bizstep:reactivating", "active", epcs=(epc,), at=OUTSIDER),
    "unpacked whole": lambda _epc: story.unpacked(UNIT, at=OUTSIDER),
    "unpacked": lambda epc: story.unpacked(UNIT, epc, at=OUTSIDER),
    "filled up": lambda _epc: story.packed(UNIT, pack("FAKE"), at=OUTSIDER),
}


def genuine(scene: Scene) -> None:
    scene.capture(*delivery(*PACKS), receiver=PHARMACY)


def of_packs(scene: Scene) -> list[dict[str, object]]:
    return [scene.pack(epc) for epc in PACKS]


@pytest.fixture
def undisturbed(pharmacy: Scene) -> list[dict[str, object]]:
    """What the record has of the genuine packs when no outsider says anything."""
    genuine(pharmacy)
    found = of_packs(pharmacy)
    assert pharmacy.verify(PACKS[0], site=PHARMACY).verdict.value == "ok"
    return found


@pytest.mark.parametrize("minute", [-60, 0.5, 7, 30, 600], ids=["before all", "just made", "packed", "sold", "later"])
@pytest.mark.parametrize("thing", [PACKS[0], UNIT], ids=["pack", "unit"])
@pytest.mark.parametrize("claim", CLAIMS)
def test_what_an_outsider_says_changes_nothing_about_genuine_packs(
    claim: str, thing: str, minute: float, undisturbed: list[dict[str, object]], tmp_path: Path
) -> None:
    told = CLAIMS[claim](thing).at_minute(minute)
    for outsider_first in (True, False):
        with story.scene(tmp_path / str(outsider_first), "pharmacy", PHARMACY) as scene:
            scene.partners((MAKER, "maker"), (WHOLESALER, "wholesaler"))
            if outsider_first:
                scene.capture(told, sender=OUTSIDER)
            genuine(scene)
            if not outsider_first:
                scene.capture(told, sender=OUTSIDER)
            assert of_packs(scene) == undisturbed
            assert scene.verify(PACKS[0], site=PHARMACY).verdict.value == "ok"


# -- statements of lot and expiry ----------------------------------------------------------------------------------


@pytest.mark.parametrize("wholesaler_first", [True, False])
def test_two_makings_with_authority_that_disagree_are_one_row_on_hold_with_both_kept(
    hub: Scene, *, wholesaler_first: bool
) -> None:
    documents = [(made(PACKS[0]), MAKER), (made(PACKS[0], minute=3, lot="OTHER"), WHOLESALER)]
    for told, sender in reversed(documents) if wholesaler_first else documents:
        hub.capture(told, sender=sender)
    assert len(hub.packs()) == 1
    assert hub.pack(PACKS[0])["lot"] == LOT  # the issuer's word
    verdict = hub.verify(PACKS[0])
    assert verdict.verdict.value == "stop"
    assert reasons(verdict)["on-hold"] == "stop"
    journey = hub.trace(PACKS[0])
    assert len(journey.events) == 2
    assert "SERIAL_ALREADY_COMMISSIONED" in [finding.code for finding in journey.findings]


def test_a_second_lot_is_told_when_it_comes_in(hub: Scene) -> None:
    hub.capture(made(*PACKS))
    receipt = hub.capture(made(*PACKS[:2], minute=3, lot="OTHER"), sender=WHOLESALER)
    found = next(finding for finding in receipt.findings if finding.code == "SERIAL_ALREADY_COMMISSIONED")
    assert found.epcs == PACKS[:2]


def test_an_outsiders_other_lot_is_a_finding_and_no_hold(hub: Scene) -> None:
    hub.capture(made(PACKS[0]))
    hub.capture(made(PACKS[0], minute=-5, lot="FAKE"), sender=OUTSIDER)
    assert hub.verify(PACKS[0]).verdict.value == "ok"
    assert "LOT_MISMATCH" in [finding.code for finding in hub.trace(PACKS[0]).findings]


@pytest.mark.parametrize("seller_first", [True, False])
@pytest.mark.parametrize("event_id", ["auto", "", "urn:uuid:0b4d4a7e-0000-4000-8000-000000000001"])
def test_a_sellers_copy_that_agrees_is_no_finding(hub: Scene, event_id: str, *, seller_first: bool) -> None:
    copy = made(PACKS[0], minute=0 if event_id == "auto" else 2, event_id=event_id)
    documents = [(made(PACKS[0]), MAKER), (copy, WHOLESALER)]
    found = [
        code
        for told, sender in (reversed(documents) if seller_first else documents)
        for code in codes(hub.capture(told, sender=sender))
    ]
    assert found == []
    assert hub.trace(PACKS[0]).findings == []
    assert hub.pack(PACKS[0])["basis"] == "issuer"
    assert hub.verify(PACKS[0]).verdict.value == "ok"


def test_what_the_issuer_leaves_out_a_partner_may_fill_in(hub: Scene) -> None:
    hub.capture(made(PACKS[0], expiry=""))
    hub.capture(made(PACKS[0], minute=2), sender=WHOLESALER)
    assert hub.verify(PACKS[0]).verdict.value == "ok"


def test_an_outsider_fills_in_nothing(hub: Scene) -> None:
    hub.capture(made(PACKS[0], expiry=""))
    hub.capture(made(PACKS[0], minute=2), sender=OUTSIDER)
    assert hub.pack(PACKS[0])["expiry"] == ""
    assert hub.verify(PACKS[0]).verdict.value == "check"


def test_two_lots_that_both_fit_a_making_without_one_contradict_each_other(hub: Scene) -> None:
    hub.capture(made(PACKS[0], lot=""))
    hub.capture(made(PACKS[0], minute=1), sender=WHOLESALER)
    hub.capture(made(PACKS[0], minute=2, lot="OTHER"), sender=PHARMACY)
    assert hub.pack(PACKS[0])["holds"] == ["two-lots"]


def test_a_suspended_partner_has_the_weight_of_an_outsider(hub: Scene) -> None:
    hub.partners((WHOLESALER, "wholesaler"), status="suspended")
    hub.capture(made(PACKS[0]))
    hub.capture(made(PACKS[0], minute=1, lot="OTHER"), sender=WHOLESALER)
    assert hub.pack(PACKS[0])["holds"] == []


# -- who moves state -----------------------------------------------------------------------------------------------


def chain(scene: Scene) -> None:
    """The maker sells to the wholesaler, who sells to the pharmacy, who received it."""
    scene.capture(*delivery(*PACKS, buyer=WHOLESALER))
    scene.capture(
        story.received(UNIT, at=WHOLESALER, minute=20),
        story.shipped(UNIT, seller=WHOLESALER, buyer=PHARMACY, minute=30),
        sender=WHOLESALER,
    )
    scene.capture(story.received(UNIT, at=PHARMACY, minute=40), sender=PHARMACY)


def test_the_holder_moves_state(hub: Scene) -> None:
    chain(hub)
    hub.capture(story.dispensed(PACKS[0]), sender=PHARMACY)
    assert hub.pack(PACKS[0])["disposition"] == "dispensed"


def test_the_issuer_moves_state_wherever_it_is(hub: Scene) -> None:
    chain(hub)
    hub.capture(story.decommissioned(PACKS[0]), sender=MAKER)
    assert hub.pack(PACKS[0])["disposition"] == "decommissioned"


def test_whom_it_is_on_its_way_to_moves_state_before_any_receipt(hub: Scene) -> None:
    hub.capture(*delivery(*PACKS))
    hub.capture(story.dispensed(PACKS[0]), sender=PHARMACY)
    found = hub.pack(PACKS[0])
    assert found["disposition"] == "dispensed"
    assert found["custodian"] == PHARMACY.gln  # handing it over implies that it had arrived
    assert found["in_transit_to"] == ""


@pytest.mark.parametrize("claim", ["shipped", "received", "dispensed", "destroyed"])
def test_a_former_holder_that_is_listed_makes_it_doubtful_and_moves_nothing(hub: Scene, claim: str) -> None:
    chain(hub)
    told = {
        "shipped": story.shipped(PACKS[0], seller=WHOLESALER, buyer=OTHER_PHARMACY, minute=60),
        "received": story.received(PACKS[0], at=WHOLESALER, minute=60),
        "dispensed": story.dispensed(PACKS[0], at=WHOLESALER),
        "destroyed": story.destroyed(PACKS[0], at=WHOLESALER),
    }[claim]
    hub.capture(told, sender=WHOLESALER)
    found = hub.pack(PACKS[0])
    assert (found["disposition"], found["custodian"]) == ("active", PHARMACY.gln)
    assert found["holds"] == ["two-holders"]
    verdict = hub.verify(PACKS[0], site=PHARMACY)
    assert verdict.verdict.value == "check"
    assert reasons(verdict) == {"custody-open": "check"}


def test_a_recall_by_a_listed_partner_counts_wherever_the_pack_is(hub: Scene) -> None:
    chain(hub)
    hub.capture(story.recalled(PACKS[0], at=WHOLESALER), sender=WHOLESALER)
    assert reasons(hub.verify(PACKS[0]))["recalled"] == "stop"


def test_a_stranger_who_copies_the_instant_of_the_makers_event_does_not_borrow_its_voice(hub: Scene) -> None:
    hub.capture(*delivery(*PACKS))
    hub.capture(story.shipped(UNIT, seller=MAKER, buyer=OUTSIDER, minute=10), sender=OUTSIDER)
    assert hub.pack(PACKS[0])["in_transit_to"] == PHARMACY.gln
    hub.capture(story.shipped(PACKS[1], seller=MAKER, buyer=OUTSIDER, minute=10), sender=OUTSIDER)
    assert hub.pack(PACKS[1])["in_transit_to"] == PHARMACY.gln


def test_loading_the_partner_table_later_gives_the_same_as_loading_it_first(tmp_path: Path) -> None:
    listed = [(WHOLESALER, "wholesaler"), (PHARMACY, "pharmacy")]
    found = []
    for first in (True, False):
        with story.scene(tmp_path / str(first)) as scene:
            if first:
                scene.partners(*listed)
            chain(scene)
            scene.capture(story.received(UNIT, at=WHOLESALER, minute=50), sender=WHOLESALER)
            if not first:
                scene.partners(*listed)
            found.append(scene.packs())
    assert found[0] == found[1]


# -- declarations of error -----------------------------------------------------------------------------------------


SHIPPING = story.shipped(UNIT)


@pytest.mark.parametrize("declaration_first", [True, False])
def test_a_sender_takes_its_own_event_back_in_any_order(hub: Scene, *, declaration_first: bool) -> None:
    made_and_packed = delivery(*PACKS)[:3]
    hub.capture(*made_and_packed)
    told = [SHIPPING, SHIPPING.declared_wrong(12)]
    for each in reversed(told) if declaration_first else told:
        hub.capture(each)
    assert hub.pack(PACKS[0])["in_transit_to"] == ""
    assert hub.pack(PACKS[0])["custodian"] == MAKER.gln


@pytest.mark.parametrize("declaration_first", [True, False])
def test_nobody_takes_back_what_another_said(hub: Scene, *, declaration_first: bool) -> None:
    hub.capture(*delivery(*PACKS)[:3])
    told = [(SHIPPING, MAKER), (SHIPPING.declared_wrong(12), WHOLESALER)]
    receipts = [hub.capture(each, sender=by) for each, by in (reversed(told) if declaration_first else told)]
    assert hub.pack(PACKS[0])["in_transit_to"] == PHARMACY.gln
    assert "DECLARATION_NOT_BY_SENDER" in codes(receipts[-1])


@pytest.mark.parametrize("order", ["copied first", "copied last", "declared first"])
def test_an_outsider_that_copies_the_makers_event_and_takes_it_back_voids_nothing(hub: Scene, order: str) -> None:
    by_maker, copy, declared = ([made(PACKS[0])], MAKER), ([made(PACKS[0])], OUTSIDER), None
    declared = ([made(PACKS[0]).declared_wrong(3)], OUTSIDER)
    documents = {
        "copied first": [copy, by_maker, declared],
        "copied last": [by_maker, copy, declared],
        "declared first": [declared, copy, by_maker],
    }[order]
    for told, sender in documents:
        hub.capture(*told, sender=sender)
    assert hub.verify(PACKS[0]).verdict.value == "ok"


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)])
def test_a_declaration_that_others_repeat_voids_the_same_in_any_order(hub: Scene, order: tuple[int, int, int]) -> None:
    hub.capture(*delivery(*PACKS)[:3])
    documents = [
        (SHIPPING, MAKER),
        (SHIPPING.declared_wrong(12), OUTSIDER),
        (SHIPPING.declared_wrong(12), MAKER),
    ]
    for index in order:
        told, sender = documents[index]
        hub.capture(told, sender=sender)
    assert hub.pack(PACKS[0])["in_transit_to"] == ""


def test_a_declaration_voids_its_own_speakers_event_where_two_use_one_event_id(hub: Scene) -> None:
    hub.capture(*delivery(*PACKS)[:3])
    shared = "urn:uuid:0b4d4a7e-0000-4000-8000-000000000002"
    mine = story.shipped(UNIT, event_id=shared)
    other = story.received(pack("X"), at=OUTSIDER, event_id=shared)
    hub.capture(other, sender=OUTSIDER)  # the identifier is taken when the maker uses it
    hub.capture(mine)
    hub.capture(mine.declared_wrong(12))
    assert hub.pack(PACKS[0])["in_transit_to"] == ""


ENDS = {
    "dispensed": story.dispensed(PACKS[0], at=MAKER),
    "partially_dispensed": Told(60, "dispensing", "partially_dispensed", epcs=(PACKS[0],), at=MAKER),
    "destroyed": story.destroyed(PACKS[0]),
    "stolen": story.stolen(PACKS[0]),
    "decommissioned": story.decommissioned(PACKS[0]),
}


@pytest.mark.parametrize("declaration_first", [True, False])
@pytest.mark.parametrize("end", ENDS)
def test_taking_an_end_back_never_reopens_the_pack_by_itself(hub: Scene, end: str, *, declaration_first: bool) -> None:
    hub.capture(made(*PACKS))
    told = [ENDS[end], ENDS[end].declared_wrong(70)]
    for each in reversed(told) if declaration_first else told:
        hub.capture(each)
    verdict = hub.verify(PACKS[0])
    assert verdict.verdict.value == "stop"
    assert hub.pack(PACKS[0])["disposition"] == end
    assert "end-declared-wrong" in hub.pack(PACKS[0])["holds"]


@pytest.mark.parametrize("end", ENDS)
def test_a_person_reopens_what_was_declared_an_error(hub: Scene, end: str) -> None:
    hub.capture(made(*PACKS))
    hub.capture(ENDS[end], ENDS[end].declared_wrong(70))
    hub.change("reactivate", PACKS[0], reason="the sender was wrong", by="Ada")
    assert hub.pack(PACKS[0])["holds"] == []
    assert hub.verify(PACKS[0]).verdict.value == "ok"


def test_what_stood_before_a_wrong_end_stands_again_when_a_person_reopens_it(hub: Scene) -> None:
    hub.capture(made(*PACKS))
    hub.capture(story.dispensed(PACKS[0], at=MAKER, minute=50), ENDS["destroyed"], ENDS["destroyed"].declared_wrong(70))
    hub.change("reactivate", PACKS[0], reason="it was not destroyed", by="Ada")
    assert hub.pack(PACKS[0])["disposition"] == "dispensed"


def test_an_end_that_another_confirms_stands_without_doubt(hub: Scene) -> None:
    hub.capture(*delivery(*PACKS), story.dispensed(PACKS[0], at=MAKER, minute=50))
    wrong = story.dispensed(PACKS[0], at=MAKER, minute=50).declared_wrong(55)
    hub.capture(wrong)
    hub.capture(story.dispensed(PACKS[0], minute=60), sender=PHARMACY)
    found = hub.pack(PACKS[0])
    assert (found["disposition"], found["holds"]) == ("dispensed", [])


def test_an_outsider_that_takes_back_its_own_dispensing_leaves_genuine_packs_alone(hub: Scene) -> None:
    hub.capture(*delivery(*PACKS))
    told = story.dispensed(PACKS[0], at=OUTSIDER)
    hub.capture(told, told.declared_wrong(70), sender=OUTSIDER)
    assert hub.verify(PACKS[0]).verdict.value == "ok"


def test_a_making_taken_back_leaves_a_pack_that_nobody_made(hub: Scene) -> None:
    hub.capture(made(*PACKS), made(*PACKS).declared_wrong(5))
    assert hub.verify(PACKS[0]).verdict.value == "check"
    assert hub.pack(PACKS[0])["disposition"] == "never-commissioned"


# -- opening stock -------------------------------------------------------------------------------------------------


def count_in(scene: Scene, *serials: str, lot: str = LOT) -> None:
    from rxtrail.answers import CountIn

    rows = [CountIn(gtin=GTIN, serial=serial, lot=lot, expiry=story.EXPIRY) for serial in serials]
    scene.node.count_in(rows, by="Ada", supplier="Central Drug", ref="invoice 7")


@pytest.mark.parametrize("sender", [MAKER, WHOLESALER, SECOND_WHOLESALER], ids=["maker", "partner", "unlisted"])
def test_supplier_data_takes_over_from_opening_stock(pharmacy: Scene, sender: story.Party) -> None:
    count_in(pharmacy, "S0")
    assert pharmacy.pack(PACKS[0])["basis"] == "counted-in"
    assert reasons(pharmacy.verify(PACKS[0], site=PHARMACY)) == {"opening-stock": "info"}
    pharmacy.capture(*delivery(*PACKS, seller=sender), sender=sender)
    verdict = pharmacy.verify(PACKS[0], site=PHARMACY)
    assert verdict.verdict.value == "ok"
    assert verdict.record.basis == ("issuer" if sender == MAKER else "supplier")
    assert reasons(verdict) == {}


def test_a_count_that_the_supplier_contradicts_holds_the_pack(pharmacy: Scene) -> None:
    count_in(pharmacy, "S0", lot="MISREAD")
    pharmacy.capture(*delivery(*PACKS))
    assert pharmacy.pack(PACKS[0])["lot"] == LOT
    assert pharmacy.pack(PACKS[0])["holds"] == ["two-lots"]


def test_a_person_who_looked_releases_what_two_statements_put_on_hold(pharmacy: Scene) -> None:
    count_in(pharmacy, "S0", lot="MISREAD")
    pharmacy.capture(*delivery(*PACKS))
    pharmacy.change("release", PACKS[0], reason="misread by us", by="Ada")
    assert pharmacy.verify(PACKS[0], site=PHARMACY).verdict.value == "ok"


def test_a_statement_that_comes_in_after_the_release_holds_it_again(pharmacy: Scene) -> None:
    count_in(pharmacy, "S0", lot="MISREAD")
    pharmacy.capture(*delivery(*PACKS))
    pharmacy.change("release", PACKS[0], reason="misread by us", by="Ada")
    pharmacy.capture(made(PACKS[0], lot="THIRD"), sender=WHOLESALER)
    assert pharmacy.verify(PACKS[0], site=PHARMACY).verdict.value == "stop"


@pytest.mark.parametrize("listed", [True, False])
def test_where_nobody_has_authority_two_lots_hold_the_pack(tmp_path: Path, *, listed: bool) -> None:
    with story.scene(tmp_path / "data", "pharmacy", PHARMACY) as scene:
        if listed:
            scene.partners((WHOLESALER, "wholesaler"))
        scene.capture(made(PACKS[0]), sender=WHOLESALER)
        scene.capture(made(PACKS[0], lot="OTHER"), sender=SECOND_WHOLESALER)
        assert scene.pack(PACKS[0])["holds"] == ([] if listed else ["two-lots"])


def test_a_case_with_a_number_of_its_own_follows_the_same_rules(hub: Scene) -> None:
    case = pack("C1", CASE_GTIN)
    hub.capture(made(case, *PACKS), story.packed(case, *PACKS), story.shipped(case))
    hub.capture(made(case, minute=-9, lot="FAKE"), story.destroyed(case, minute=15), sender=OUTSIDER)
    assert hub.verify(case, site=PHARMACY).verdict.value == "ok"
    assert hub.verify(PACKS[0], site=PHARMACY).verdict.value == "ok"
