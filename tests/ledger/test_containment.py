"""What is inside what, from blister to pallet, as intervals; and what a thing has from its container."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from tests import story
from tests.story import (
    BLISTER_GTIN,
    CASE_GTIN,
    MAKER,
    OTHER_PHARMACY,
    PHARMACY,
    WHOLESALER,
    Scene,
    Told,
    codes,
    delivery,
    made,
    made_unit,
    pack,
    packed,
    packs,
    received,
    shipped,
    sscc,
    unpacked,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engines import Rows
PACKS = packs(3)
UNIT, OTHER_UNIT = sscc(1), sscc(2)
BLISTERS = packs(2, BLISTER_GTIN, start="B")
CASE = pack("C0", CASE_GTIN)
PALLET = sscc(21)


def four_levels() -> list[Told]:
    return [
        made(*BLISTERS, minute=0),
        made(*PACKS, minute=1),
        made(CASE, minute=2),
        made_unit(PALLET, minute=3),
        packed(PACKS[0], *BLISTERS, minute=4),
        packed(CASE, *PACKS, minute=5),
        packed(PALLET, CASE, minute=6),
        shipped(PALLET, minute=10),
    ]


def where(scene: Scene, epc: str) -> tuple[str, str, str]:
    row = scene.pack(epc)
    return row["container"], row["custodian"], row["in_transit_to"]


# -- levels --------------------------------------------------------------------------------------------------------


def test_a_unit_dose_in_a_pack_in_a_case_on_a_pallet_goes_where_the_pallet_goes(hub: Scene) -> None:
    hub.capture(*four_levels())
    assert where(hub, BLISTERS[0]) == (PACKS[0], MAKER.gln, PHARMACY.gln)
    assert where(hub, PACKS[0]) == (CASE, MAKER.gln, PHARMACY.gln)
    assert where(hub, CASE) == (PALLET, MAKER.gln, PHARMACY.gln)
    hub.capture(received(PALLET), sender=PHARMACY)
    assert {where(hub, epc)[1] for epc in (*BLISTERS, *PACKS, CASE)} == {PHARMACY.gln}


@pytest.mark.parametrize("levels", [1, 2, 3, 4, 31, 32, 33, 70])
def test_there_may_be_any_number_of_levels(hub: Scene, levels: int) -> None:
    units = [sscc(100 + level) for level in range(levels)]
    told = [made(PACKS[0]), packed(units[0], PACKS[0], minute=1)]
    told += [packed(outer, inner, minute=2 + n) for n, (inner, outer) in enumerate(itertools.pairwise(units))]
    receipt = hub.capture(*told, shipped(units[-1], minute=100))
    assert "HIERARCHY_CYCLE" not in codes(receipt)
    hub.capture(received(units[-1], minute=110), sender=PHARMACY)
    assert hub.pack(PACKS[0])["custodian"] == PHARMACY.gln
    assert hub.verify(PACKS[0], site=PHARMACY).verdict.value == "ok"
    assert len([event for event in hub.trace(PACKS[0]).events if event.biz_step == "receiving"]) == 1


def test_what_leaves_a_container_takes_its_custody_along(hub: Scene) -> None:
    hub.capture(*four_levels())
    hub.capture(received(PALLET), unpacked(PALLET, CASE, minute=25), sender=PHARMACY)
    hub.capture(shipped(PALLET, seller=PHARMACY, buyer=WHOLESALER, minute=30), sender=PHARMACY)
    assert where(hub, PACKS[1]) == (CASE, PHARMACY.gln, "")
    assert where(hub, CASE) == ("", PHARMACY.gln, "")


def test_a_journey_holds_the_steps_of_the_containers_only_while_it_was_inside(hub: Scene) -> None:
    hub.capture(*four_levels())
    hub.capture(received(PALLET), unpacked(PALLET, CASE, minute=25), sender=PHARMACY)
    hub.capture(shipped(PALLET, seller=PHARMACY, buyer=WHOLESALER, minute=30), sender=PHARMACY)
    journey = hub.trace(BLISTERS[0])
    assert [event.biz_step for event in journey.events] == [
        "commissioning", "packing", "packing", "packing", "shipping", "receiving", "unpacking",
    ]  # fmt: skip


# -- coming out ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("syntax", ["xml", "json"])
def test_an_unpacking_that_names_no_child_takes_all_out(hub: Scene, syntax: str) -> None:
    hub.capture(*delivery(*PACKS))
    hub.capture(received(UNIT), unpacked(UNIT), sender=PHARMACY, syntax=syntax)
    assert {where(hub, epc) for epc in PACKS} == {("", PHARMACY.gln, "")}


def test_an_unpacking_that_names_one_child_leaves_the_others_in(hub: Scene) -> None:
    hub.capture(*delivery(*PACKS))
    hub.capture(received(UNIT), unpacked(UNIT, PACKS[0]), sender=PHARMACY)
    assert [where(hub, epc)[0] for epc in PACKS] == ["", UNIT, UNIT]


def test_an_unpacking_of_what_is_not_inside_is_a_finding_and_changes_nothing(hub: Scene) -> None:
    hub.capture(*delivery(*PACKS), unpacked(OTHER_UNIT, PACKS[0], at=MAKER))
    assert where(hub, PACKS[0])[0] == UNIT
    assert "DEAGGREGATION_WITHOUT_PRIOR" in [finding.code for finding in hub.trace(PACKS[0]).findings]


def test_a_pack_that_is_sold_alone_has_left_its_container(hub: Scene) -> None:
    hub.capture(*delivery(*PACKS, buyer=WHOLESALER))
    hub.capture(received(UNIT, at=WHOLESALER), sender=WHOLESALER)
    hub.capture(shipped(PACKS[0], seller=WHOLESALER, buyer=PHARMACY, minute=30), sender=WHOLESALER)
    assert where(hub, PACKS[0]) == ("", WHOLESALER.gln, PHARMACY.gln)
    assert where(hub, PACKS[1]) == (UNIT, WHOLESALER.gln, "")


def test_a_pack_that_is_received_by_itself_where_its_container_is_stays_inside(hub: Scene) -> None:
    hub.capture(*delivery(*PACKS))
    hub.capture(received(UNIT), received(PACKS[0], minute=21), sender=PHARMACY)
    assert where(hub, PACKS[0]) == (UNIT, PHARMACY.gln, "")


def test_a_dispensed_pack_is_no_longer_in_its_container(hub: Scene) -> None:
    hub.capture(*delivery(*PACKS))
    hub.capture(received(UNIT), story.dispensed(PACKS[0]), sender=PHARMACY)
    hub.capture(shipped(UNIT, seller=PHARMACY, buyer=WHOLESALER, minute=90), sender=PHARMACY)
    assert where(hub, PACKS[0]) == ("", PHARMACY.gln, "")


def test_a_shipping_that_is_voided_for_one_pack_leaves_it_with_the_seller(hub: Scene) -> None:
    hub.capture(*delivery(*PACKS))
    hub.capture(Told(12, "void_shipping", "in_progress", epcs=(PACKS[0],), at=MAKER))
    assert where(hub, PACKS[0]) == ("", MAKER.gln, "")
    assert where(hub, PACKS[1]) == (UNIT, MAKER.gln, PHARMACY.gln)
    assert hub.verify(PACKS[0], site=PHARMACY).verdict.value != "ok"


def test_a_shipping_that_is_voided_leaves_the_container_with_the_seller(hub: Scene) -> None:
    hub.capture(*delivery(*PACKS), Told(12, "void_shipping", "in_progress", epcs=(UNIT,), at=MAKER))
    assert where(hub, PACKS[0]) == (UNIT, MAKER.gln, "")


# -- holds and recalls of a container ------------------------------------------------------------------------------


@pytest.mark.parametrize(("claim", "reason"), [(story.held, "on-hold"), (story.recalled, "recalled")])
def test_what_stands_against_a_container_stands_against_what_is_inside(hub: Scene, claim: Any, reason: str) -> None:
    hub.capture(*four_levels(), claim(PALLET, minute=15))
    verdict = hub.verify(PACKS[0], site=PHARMACY)
    assert reason in story.reasons(verdict)
    assert verdict.verdict.value == "stop"


@pytest.mark.parametrize("claim", [story.held, story.recalled])
@pytest.mark.parametrize("out", [unpacked(PALLET, CASE, minute=25), unpacked(PALLET, minute=25)])
def test_unpacking_does_not_wash_a_hold_or_a_recall_off(hub: Scene, claim: Any, out: Told) -> None:
    hub.capture(*four_levels(), claim(PALLET, minute=15))
    hub.capture(received(PALLET), out, sender=PHARMACY)
    assert where(hub, PACKS[0])[0] == CASE
    assert hub.verify(PACKS[0], site=PHARMACY).verdict.value == "stop"


def test_a_hold_that_comes_after_the_unpacking_is_not_on_the_packs(hub: Scene) -> None:
    hub.capture(*delivery(*PACKS))
    hub.capture(received(UNIT), unpacked(UNIT, minute=25), story.held(UNIT, at=PHARMACY, minute=30), sender=PHARMACY)
    assert hub.verify(PACKS[0], site=PHARMACY).verdict.value == "ok"


# -- numbers that are used again -----------------------------------------------------------------------------------


def second_life(buyer: story.Party = OTHER_PHARMACY, *, at: float = 100) -> list[Told]:
    later = packs(2, start="LATER")
    return [
        made(*later, minute=at),
        made_unit(UNIT, minute=at + 1),
        packed(UNIT, *later, minute=at + 5),
        shipped(UNIT, buyer=buyer, minute=at + 10),
    ]


@pytest.mark.parametrize("backwards", [False, True])
def test_an_sscc_that_is_used_again_after_unpacking_never_mixes_two_histories(hub: Scene, *, backwards: bool) -> None:
    documents: list[tuple[list[Told], story.Party]] = [
        (delivery(*PACKS), MAKER),
        ([received(UNIT), unpacked(UNIT)], PHARMACY),
        (second_life(), MAKER),
        ([received(UNIT, at=OTHER_PHARMACY, minute=120)], OTHER_PHARMACY),
    ]
    for told, sender in reversed(documents) if backwards else documents:
        hub.capture(*told, sender=sender)
    assert where(hub, PACKS[0]) == ("", PHARMACY.gln, "")
    assert where(hub, pack("LATER0")) == (UNIT, OTHER_PHARMACY.gln, "")
    earlier = [event.biz_step for event in hub.trace(PACKS[0]).events]
    assert earlier == ["commissioning", "packing", "shipping", "receiving", "unpacking"]
    later = [event.biz_step for event in hub.trace(pack("LATER0")).events]
    assert later == ["commissioning", "packing", "shipping", "receiving"]


@pytest.mark.parametrize("receipt", [True, False])
def test_an_sscc_that_is_numbered_anew_without_any_unpacking_starts_a_new_history(hub: Scene, *, receipt: bool) -> None:
    hub.capture(*delivery(*PACKS))
    if receipt:
        hub.capture(received(UNIT), sender=PHARMACY)
    found = codes(hub.capture(*second_life()))
    assert "SSCC_REUSED" in found
    assert hub.pack(PACKS[0])["container"] == ""
    assert PHARMACY.gln in where(hub, PACKS[0])
    assert where(hub, pack("LATER0")) == (UNIT, MAKER.gln, OTHER_PHARMACY.gln)


def test_a_unit_made_and_shipped_in_one_instant_is_not_taken_for_used_again(hub: Scene) -> None:
    told = [each.at_minute(0) for each in delivery(*PACKS)]
    assert codes(hub.capture(*told)) == []
    assert where(hub, PACKS[0]) == (UNIT, MAKER.gln, PHARMACY.gln)


def test_a_wholesaler_that_fills_an_unpacked_unit_again_begins_a_new_history(hub: Scene) -> None:
    hub.capture(*delivery(*PACKS, buyer=WHOLESALER))
    hub.capture(received(UNIT, at=WHOLESALER), unpacked(UNIT, at=WHOLESALER), sender=WHOLESALER)
    hub.capture(
        packed(UNIT, PACKS[0], at=WHOLESALER, minute=60),
        shipped(UNIT, seller=WHOLESALER, buyer=PHARMACY, minute=70),
        sender=WHOLESALER,
    )
    assert where(hub, PACKS[0]) == (UNIT, WHOLESALER.gln, PHARMACY.gln)
    assert where(hub, PACKS[1]) == ("", WHOLESALER.gln, "")


# -- what cannot be ------------------------------------------------------------------------------------------------


def test_two_parents_at_once_are_a_finding_and_the_later_one_counts(hub: Scene) -> None:
    receipt = hub.capture(*delivery(*PACKS), packed(OTHER_UNIT, PACKS[0], minute=7))
    assert where(hub, PACKS[0])[0] == OTHER_UNIT
    assert "MULTIPLE_PARENTS" in [finding.code for finding in hub.trace(PACKS[0]).findings]
    assert "MULTIPLE_PARENTS" in codes(receipt)


def test_a_case_in_two_parents_is_a_finding(hub: Scene) -> None:
    receipt = hub.capture(*four_levels(), packed(OTHER_UNIT, CASE, minute=7))
    assert "MULTIPLE_PARENTS" in codes(receipt)


def test_packing_what_was_never_commissioned_is_a_finding(hub: Scene) -> None:
    receipt = hub.capture(made_unit(UNIT), packed(UNIT, *PACKS))
    found = next(finding for finding in receipt.findings if finding.code == "MISSING_COMMISSIONING")
    assert set(found.epcs) == set(PACKS)
    assert hub.verify(PACKS[0]).verdict.value == "check"


def test_a_commissioning_that_comes_late_heals_it(hub: Scene) -> None:
    hub.capture(made_unit(UNIT), packed(UNIT, *PACKS))
    hub.capture(made(*PACKS))
    assert hub.verify(PACKS[0]).verdict.value == "ok"


RINGS = {
    "itself": [(UNIT, UNIT)],
    "two": [(UNIT, OTHER_UNIT), (OTHER_UNIT, UNIT)],
    "three": [(UNIT, OTHER_UNIT), (OTHER_UNIT, PALLET), (PALLET, UNIT)],
    "packages": [(PACKS[1], PACKS[2]), (PACKS[2], PACKS[1])],
}


@pytest.mark.parametrize("ring", RINGS)
def test_a_ring_of_containers_is_a_finding_and_no_crash(hub: Scene, ring: str) -> None:
    pairs = RINGS[ring]
    told = [packed(outer, inner, minute=10 + n) for n, (inner, outer) in enumerate(pairs)]
    receipt = hub.capture(made(*PACKS), packed(pairs[0][0], PACKS[0], minute=5), *told)
    assert "HIERARCHY_CYCLE" in codes(receipt)
    for epc in (PACKS[0], *(inner for inner, _ in pairs)):
        assert hub.trace(epc).found
    assert hub.verify(PACKS[0]).verdict.value in ("ok", "check", "stop")
    hub.capture(received(pairs[0][0]), sender=PHARMACY)
    assert len(hub.packs()) == 3


def test_a_ring_of_a_hundred_units_is_no_crash(hub: Scene) -> None:
    units = [sscc(1000 + n) for n in range(100)]
    told = [
        packed(outer, inner, minute=1 + n)
        for n, (inner, outer) in enumerate(zip(units, units[1:] + units[:1], strict=True))
    ]
    receipt = hub.capture(made(PACKS[0]), packed(units[0], PACKS[0], minute=0.5), *told)
    assert "HIERARCHY_CYCLE" in codes(receipt)
    assert hub.trace(PACKS[0]).found


def test_a_packing_without_a_parent_packs_into_nothing(hub: Scene) -> None:
    receipt = hub.capture(made(*PACKS), packed("", *PACKS), unpacked("", minute=9))
    assert "MISSING_PARENT" in codes(receipt)
    assert where(hub, PACKS[0])[0] == ""
    assert hub.verify(PACKS[0]).verdict.value == "ok"
    assert hub.trace(PACKS[0]).containment == []


def test_a_pack_that_turns_out_to_hold_others_keeps_its_history(hub: Scene) -> None:
    hub.capture(*delivery(*PACKS))
    before = hub.pack(PACKS[0])
    hub.capture(made(*BLISTERS), packed(PACKS[0], *BLISTERS, minute=4))
    assert hub.pack(PACKS[0]) == before
    assert where(hub, BLISTERS[0]) == (PACKS[0], MAKER.gln, PHARMACY.gln)
    assert len(hub.packs()) == len(PACKS) + len(BLISTERS)


def test_what_left_a_box_by_itself_follows_a_late_word_about_the_pallet_around_it(hub: Scene) -> None:
    """The box in between is plain, and the word comes after the case was folded."""
    box = sscc(31)
    hub.capture(
        made(CASE, *PACKS),
        made_unit(box, minute=1),
        made_unit(PALLET, minute=1),
        packed(CASE, *PACKS, minute=2),
        packed(box, CASE, minute=3),
        packed(PALLET, box, minute=4),
    )
    hub.capture(shipped(CASE, seller=WHOLESALER, buyer=PHARMACY, minute=30), sender=WHOLESALER)
    hub.capture(shipped(PALLET, buyer=WHOLESALER, minute=10))
    assert where(hub, PACKS[0]) == (CASE, WHOLESALER.gln, PHARMACY.gln)


def test_a_late_word_about_the_pallet_reaches_the_case_in_a_plain_box_on_it(hub: Scene) -> None:
    """The case was short: its shipping is voided before the record hears of the pallet that the box stood on."""
    box = sscc(31)
    hub.capture(made(CASE, *PACKS), packed(CASE, *PACKS, minute=2), packed(box, CASE, minute=3))
    hub.capture(Told(12, "void_shipping", "in_progress", epcs=(CASE,), at=MAKER))
    hub.capture(packed(PALLET, box, minute=4), shipped(PALLET, minute=10))
    assert where(hub, PACKS[0]) == (CASE, MAKER.gln, "")
    assert hub.verify(PACKS[0], site=PHARMACY).verdict.value != "ok"


def test_a_late_packing_of_a_plain_box_reaches_the_case_in_it(hub: Scene) -> None:
    box = sscc(31)
    hub.capture(made_unit(PALLET), shipped(PALLET, minute=10))
    hub.capture(made(CASE, *PACKS), packed(CASE, *PACKS, minute=2), packed(box, CASE, minute=3))
    hub.capture(Told(12, "void_shipping", "in_progress", epcs=(CASE,), at=MAKER))
    hub.capture(packed(PALLET, box, minute=4))
    assert where(hub, PACKS[0]) == (CASE, MAKER.gln, "")


# -- what a movement writes ----------------------------------------------------------------------------------------


def written_by_shipping(rows: Rows, folder: Path, count: int) -> dict[str, int]:
    cases = [pack(f"C{n}", CASE_GTIN) for n in range(5)]
    bottles = packs(count)
    share = count // len(cases)
    with story.scene(folder / "data") as hub:
        hub.capture(
            made(*bottles),
            made(*cases, minute=1),
            made_unit(PALLET, minute=2),
            *(packed(case, *bottles[n * share : (n + 1) * share], minute=3) for n, case in enumerate(cases)),
            packed(PALLET, *cases, minute=4),
        )
        before = rows(folder / "data")
        hub.capture(shipped(PALLET), received(PALLET, minute=20))
        after = rows(folder / "data")
        assert sorted(after["unit"], key=repr) == sorted(before["unit"], key=repr)
        assert hub.verify(bottles[-1], site=PHARMACY).verdict.value == "ok"
    more = {name: len(after[name]) - len(before[name]) for name in after}
    return {name: count for name, count in more.items() if count}


def test_shipping_a_pallet_writes_as_many_rows_for_ten_packs_as_for_ten_thousand(rows: Rows, tmp_path: Path) -> None:
    few, many = (written_by_shipping(rows, tmp_path / str(count), count) for count in (10, 10_000))
    assert few == many
    assert few["event"] == few["container_event"] == 2
    assert not few.keys() & {"unit", "unit_event", "container", "making", "lot"}
