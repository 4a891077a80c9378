"""The journey of a pack or container: what happened to it and to what it was in, in the order of event time."""

from __future__ import annotations

import datetime
import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from rxtrail.errors import BadRequest
from tests.story import (
    CASE_GTIN,
    EXPIRY,
    GTIN,
    LOT,
    MAKER,
    OUTSIDER,
    PHARMACY,
    START,
    WHOLESALER,
    Party,
    Scene,
    digital_link,
    dispensed,
    element_string,
    made,
    made_unit,
    pack,
    packed,
    packs,
    received,
    scene,
    shipped,
    sscc,
    unpacked,
    urn,
    xml,
)

if TYPE_CHECKING:
    from pathlib import Path

    from rxtrail.answers import Journey, JourneyEvent
    from tests.story import Told

PACKS = packs(4)
CASE, OTHER_CASE = pack("C1", CASE_GTIN), pack("C2", CASE_GTIN)
PALLET, OTHER_PALLET = sscc(1), sscc(2)
NAME = "Acmezol 20 mg"


def master_data(*places: Party) -> str:
    def vocabulary(kind: str, things: dict[str, tuple[str, str]]) -> str:
        elements = "".join(
            f'<VocabularyElement id="{thing}"><attribute id="urn:epcglobal:cbv:mda#{name}">{value}</attribute>'
            "</VocabularyElement>"
            for thing, (name, value) in things.items()
        )
        return (
            f'<Vocabulary type="urn:epcglobal:epcis:vtype:{kind}"><VocabularyElementList>{elements}'
            "</VocabularyElementList></Vocabulary>"
        )

    return (
        "<extension><EPCISMasterData><VocabularyList>"
        + vocabulary("EPCClass", {urn(f"01/{GTIN}"): ("regulatedProductName", NAME)})
        + vocabulary("Location", {urn(place.sgln): ("name", place.name) for place in places})
        + "</VocabularyList></EPCISMasterData></extension>"
    )


def chain() -> list[Told]:
    """Two packs in each of two cases on one pallet; the pallet goes to the wholesaler, who opens it."""
    return [
        made(*PACKS),
        made(CASE, OTHER_CASE, minute=1),
        made_unit(PALLET, minute=2),
        packed(CASE, *PACKS[:2], minute=5),
        packed(OTHER_CASE, *PACKS[2:], minute=6),
        packed(PALLET, CASE, OTHER_CASE, minute=7),
        shipped(PALLET, seller=MAKER, buyer=WHOLESALER, minute=10),
    ]


def onward() -> list[Told]:
    """The wholesaler opens the pallet and sends one case to the pharmacy."""
    return [
        received(PALLET, at=WHOLESALER, minute=20),
        unpacked(PALLET, CASE, OTHER_CASE, at=WHOLESALER, minute=30),
        shipped(CASE, seller=WHOLESALER, buyer=PHARMACY, minute=40),
    ]


def at_home() -> list[Told]:
    return [
        received(CASE, at=PHARMACY, minute=50),
        unpacked(CASE, *PACKS[:2], at=PHARMACY, minute=55),
        dispensed(PACKS[0], at=PHARMACY, minute=60),
    ]


def minute(text: str) -> float:
    return (datetime.datetime.fromisoformat(text) - START).total_seconds() / 60


def way(journey: Journey) -> list[tuple[float, str, str, str]]:
    return [(minute(event.event_time), event.biz_step, event.role, event.of) for event in journey.events]


def stays(journey: Journey) -> list[tuple[str, float, float | None]]:
    return [
        (stay.container, minute(stay.since), minute(stay.until) if stay.until else None) for stay in journey.containment
    ]


def step(journey: Journey, at: float) -> JourneyEvent:
    repeats = "declares an event of the same name wrong"
    found = [event for event in journey.events if minute(event.event_time) == at and event.note != repeats]
    assert len(found) == 1
    return found[0]


def tell(hub: Scene, *, backwards: bool = False) -> None:
    documents = [(chain(), MAKER), (onward(), WHOLESALER), (at_home(), PHARMACY)]
    for told, sender in reversed(documents) if backwards else documents:
        document = xml(told, sender=sender, receiver=None)
        if sender is MAKER:
            head = master_data(MAKER, WHOLESALER, PHARMACY).encode() + b"</EPCISHeader>"
            document = document.replace(b"</EPCISHeader>", head)
        hub.give(document)


WHOLE_WAY = [
    (0, "commissioning", "epc", PACKS[0]),
    (5, "packing", "child", PACKS[0]),
    (7, "packing", "child", CASE),
    (10, "shipping", "epc", PALLET),
    (20, "receiving", "epc", PALLET),
    (30, "unpacking", "child", CASE),
    (40, "shipping", "epc", CASE),
    (50, "receiving", "epc", CASE),
    (55, "unpacking", "child", PACKS[0]),
    (60, "dispensing", "epc", PACKS[0]),
]


# -- a pack --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backwards", [False, True])
def test_a_pack_is_followed_through_case_and_pallet_in_the_order_of_event_time(backwards: bool, hub: Scene) -> None:
    tell(hub, backwards=backwards)
    journey = hub.trace(PACKS[0])
    assert (journey.found, journey.epc, journey.gtin, journey.serial) == (True, PACKS[0], GTIN, "S0")
    assert (journey.lot, journey.expiry) == (LOT, EXPIRY)
    assert way(journey) == WHOLE_WAY
    assert all(event.counts and event.note == "" for event in journey.events)
    assert {event.evidence for event in journey.events} == {"stated"}
    assert (journey.state.disposition, journey.state.container) == ("dispensed", "")
    assert journey.state.holds == []


def test_names_come_from_master_data(hub: Scene) -> None:
    tell(hub)
    journey = hub.trace(PACKS[0])
    assert journey.product == NAME
    assert step(journey, 0).read_point.name == MAKER.name
    assert (step(journey, 20).biz_location.id, step(journey, 20).biz_location.name) == (
        WHOLESALER.sgln,
        WHOLESALER.name,
    )
    assert (step(journey, 10).source.name, step(journey, 10).destination.name) == (MAKER.name, WHOLESALER.name)
    assert (step(journey, 50).speaker.id, step(journey, 50).speaker.name) == (PHARMACY.gln, PHARMACY.name)
    assert [stay.party.name for stay in journey.custody][-1] == PHARMACY.name


def test_what_nobody_named_has_its_identifier_alone(hub: Scene) -> None:
    hub.capture(*chain())
    journey = hub.trace(PACKS[0])
    assert journey.product == ""
    assert (step(journey, 0).read_point.id, step(journey, 0).read_point.name) == (MAKER.sgln, "")


def test_each_step_says_where_it_stands_in_the_log_and_in_which_document(hub: Scene) -> None:
    tell(hub)
    journey = hub.trace(PACKS[0])
    assert {event.document for event in journey.events} == {
        "sha256:" + document.sha256 for document in hub.node.documents()
    }
    assert len({event.log_index for event in journey.events}) == len(journey.events)
    assert [event.event_id for event in journey.events[:2]] == [chain()[0].id, chain()[3].id]
    assert {event.record_time[:19] for event in journey.events} == {"2026-11-23T12:00:00"}
    assert step(journey, 5).parent == CASE
    assert step(journey, 7).parent == PALLET
    assert step(journey, 0).parent == ""


def test_containment_is_told_in_intervals(hub: Scene) -> None:
    hub.capture(*chain())
    assert stays(hub.trace(PACKS[0])) == [(CASE, 5, None)]
    assert hub.trace(PACKS[0]).state.container == CASE
    hub.capture(*onward(), sender=WHOLESALER)
    hub.capture(*at_home(), sender=PHARMACY)
    assert stays(hub.trace(PACKS[0])) == [(CASE, 5, 55)]
    assert stays(hub.trace(CASE)) == [(PALLET, 7, 30)]
    assert stays(hub.trace(PACKS[2])) == [(OTHER_CASE, 6, None)]


def test_custody_is_told_in_intervals(hub: Scene) -> None:
    tell(hub)
    custody = hub.trace(PACKS[0]).custody
    told = [(stay.party.id, minute(stay.since), minute(stay.until) if stay.until else None) for stay in custody]
    assert all(until == since for (_, _, until), (_, since, _) in itertools.pairwise(told))
    assert told[-1][2] is None
    at = {moment: next(p for p, since, until in told if since <= moment and (until is None or moment < until))
          for moment in (3, 8, 25, 35, 52, 70)}  # fmt: skip
    assert at == {
        3: MAKER.gln,
        8: MAKER.gln,
        25: WHOLESALER.gln,
        35: WHOLESALER.gln,
        52: PHARMACY.gln,
        70: PHARMACY.gln,
    }
    assert "on its way" in {stay.how for stay in custody}


def test_a_pack_that_is_on_its_way_says_to_whom(hub: Scene) -> None:
    hub.capture(*chain())
    journey = hub.trace(PACKS[0])
    assert journey.state.in_transit_to == WHOLESALER.gln
    assert journey.custody[-1].how == "on its way"


def test_what_happened_to_a_container_before_and_after_is_not_the_packs_way(hub: Scene) -> None:
    told = [
        made(*PACKS),
        made_unit(PALLET, OTHER_PALLET, minute=1),
        packed(PALLET, PACKS[1], minute=2),
        shipped(PALLET, seller=MAKER, buyer=MAKER, minute=3),
        received(PALLET, at=MAKER, minute=4),
        packed(PALLET, PACKS[0], minute=5),
        shipped(PALLET, seller=MAKER, buyer=WHOLESALER, minute=10),
        received(PALLET, at=WHOLESALER, minute=20),
        unpacked(PALLET, PACKS[0], at=WHOLESALER, minute=30),
        shipped(PALLET, seller=WHOLESALER, buyer=PHARMACY, minute=40),
    ]
    hub.capture(*told[:7])
    hub.capture(*told[7:], sender=WHOLESALER)
    assert [(at, of) for at, _, _, of in way(hub.trace(PACKS[0]))] == [
        (0, PACKS[0]),
        (5, PACKS[0]),
        (10, PALLET),
        (20, PALLET),
        (30, PACKS[0]),
    ]
    assert [at for at, _, _, _ in way(hub.trace(PACKS[1]))] == [0, 2, 3, 4, 10, 20, 40]


def test_what_goes_in_and_out_of_the_container_beside_it_is_not_the_packs_way(hub: Scene) -> None:
    hub.capture(
        made(*PACKS),
        packed(PALLET, PACKS[0], minute=5),
        packed(PALLET, PACKS[1], minute=6),
        unpacked(PALLET, PACKS[1], at=MAKER, minute=7),
    )
    assert [at for at, _, _, _ in way(hub.trace(PACKS[0]))] == [0, 5]
    assert [at for at, _, _, _ in way(hub.trace(PACKS[1]))] == [0, 6, 7]


def test_an_unpacking_that_names_no_child_ends_the_stay_of_all(hub: Scene) -> None:
    hub.capture(made(*PACKS), packed(PALLET, *PACKS, minute=5), unpacked(PALLET, at=MAKER, minute=9))
    assert stays(hub.trace(PACKS[0])) == [(PALLET, 5, 9)]
    assert hub.trace(PACKS[0]).state.container == ""


# -- what does not count -------------------------------------------------------------------------------------------


def test_a_restatement_is_kept_as_evidence_and_changes_nothing(hub: Scene) -> None:
    hub.capture(made(PACKS[0]))
    hub.capture(made(PACKS[0], minute=2), sender=WHOLESALER)
    journey = hub.trace(PACKS[0])
    assert [at for at, _, _, _ in way(journey)] == [0, 2]
    assert (step(journey, 0).counts, step(journey, 0).speaker.id) == (True, MAKER.gln)
    assert step(journey, 2).speaker.id == WHOLESALER.gln
    assert journey.state.holds == []
    assert [finding for finding in journey.findings if finding.severity == "error"] == []


def test_an_event_declared_wrong_is_marked_and_does_not_count(hub: Scene) -> None:
    wrong = dispensed(PACKS[0], at=MAKER, minute=20)
    hub.capture(made(PACKS[0]), shipped(PACKS[0], seller=MAKER, buyer=PHARMACY), minute_of(wrong))
    assert all(event.counts for event in hub.trace(PACKS[0]).events)
    hub.capture(shipped(PACKS[0], seller=MAKER, buyer=PHARMACY).declared_wrong(30))
    journey = hub.trace(PACKS[0])
    assert not step(journey, 10).counts
    assert "declared an error" in step(journey, 10).note
    assert step(journey, 0).counts


def minute_of(told: Told) -> Told:
    """The maker's own mention of a pack, which ends nothing."""
    return replace(told, step="inspecting", disposition="active")


def test_a_declaration_that_came_first_marks_the_event_too(hub: Scene) -> None:
    ship = shipped(PACKS[0], seller=MAKER, buyer=PHARMACY)
    hub.capture(ship.declared_wrong(30))
    hub.capture(made(PACKS[0]), ship)
    journey = hub.trace(PACKS[0])
    assert not step(journey, 10).counts
    assert journey.state.in_transit_to == ""


def test_what_somebody_without_standing_says_is_shown_and_does_not_count(hub: Scene) -> None:
    hub.capture(made(PACKS[0]))
    hub.capture(dispensed(PACKS[0], at=OUTSIDER, minute=30), sender=OUTSIDER)
    journey = hub.trace(PACKS[0])
    assert (step(journey, 30).counts, step(journey, 30).speaker.id) == (False, OUTSIDER.gln)
    assert step(journey, 30).note
    assert journey.state.disposition == "active"
    assert "NO_STANDING" in {finding.code for finding in journey.findings}


def test_findings_of_its_documents_events_are_told(hub: Scene) -> None:
    long = pack("A" * 21)
    hub.capture(made(long))
    assert "SERIAL_TOO_LONG" in {finding.code for finding in hub.trace(long).findings}


def test_a_change_at_the_counter_is_a_step_that_was_scanned(pharmacy: Scene) -> None:
    pharmacy.capture(made(PACKS[0]), shipped(PACKS[0], seller=MAKER, buyer=PHARMACY), receiver=PHARMACY)
    pharmacy.change("dispense", PACKS[0], site=PHARMACY)
    last = pharmacy.trace(PACKS[0]).events[-1]
    assert (last.biz_step, last.evidence, last.counts) == ("dispensing", "scanned", True)
    assert last.document == ""


# -- containers ----------------------------------------------------------------------------------------------------


def test_an_sscc_has_a_journey_of_its_own(hub: Scene) -> None:
    tell(hub)
    journey = hub.trace(PALLET)
    assert (journey.found, journey.gtin, journey.serial, journey.lot) == (True, "", "", "")
    assert [(at, step_, role) for at, step_, role, _ in way(journey)] == [
        (2, "commissioning", "epc"),
        (7, "packing", "parent"),
        (10, "shipping", "epc"),
        (20, "receiving", "epc"),
        (30, "unpacking", "parent"),
    ]
    assert {of for _, _, _, of in way(journey)} == {PALLET}
    assert journey.containment == []
    assert journey.state.custodian == WHOLESALER.gln


def test_a_case_is_followed_on_its_pallet_and_off_it(hub: Scene) -> None:
    tell(hub)
    journey = hub.trace(CASE)
    assert [(at, role, of) for at, _, role, of in way(journey)] == [
        (1, "epc", CASE),
        (5, "parent", CASE),
        (7, "child", CASE),
        (10, "epc", PALLET),
        (20, "epc", PALLET),
        (30, "child", CASE),
        (40, "epc", CASE),
        (50, "epc", CASE),
        (55, "parent", CASE),
    ]
    assert (journey.gtin, journey.lot) == (CASE_GTIN, LOT)


def test_an_sscc_used_again_does_not_mix_two_histories(hub: Scene) -> None:
    hub.capture(
        made(*PACKS),
        packed(PALLET, PACKS[0], minute=5),
        shipped(PALLET, seller=MAKER, buyer=WHOLESALER, minute=10),
        unpacked(PALLET, at=MAKER, minute=12),
        packed(PALLET, PACKS[1], minute=60),
        shipped(PALLET, seller=MAKER, buyer=PHARMACY, minute=70),
    )
    assert [at for at, _, _, _ in way(hub.trace(PACKS[0]))] == [0, 5, 10, 12]
    assert [at for at, _, _, _ in way(hub.trace(PACKS[1]))] == [0, 60, 70]
    assert [at for at, _, _, _ in way(hub.trace(PALLET))] == [5, 10, 12, 60, 70]


def test_a_ring_of_containers_ends(hub: Scene) -> None:
    hub.capture(made_unit(PALLET, OTHER_PALLET), packed(PALLET, OTHER_PALLET), packed(OTHER_PALLET, PALLET, minute=6))
    journey = hub.trace(PALLET)
    assert journey.found
    assert {of for _, _, _, of in way(journey)} <= {PALLET, OTHER_PALLET}


# -- how it is asked -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        PACKS[0],
        urn(PACKS[0]),
        digital_link(PACKS[0]),
        element_string(PACKS[0]),
        f"(01){GTIN}(21)S0",
        f"  {urn(PACKS[0])} ",
        f"{GTIN} S0",
    ],
)
def test_a_pack_is_found_however_it_is_written(text: str, hub: Scene) -> None:
    hub.capture(made(*PACKS))
    journey = hub.trace(text)
    assert (journey.found, journey.epc) == (True, PACKS[0])
    assert len(journey.events) == 1


@pytest.mark.parametrize("text", [PALLET, urn(PALLET), f"(00){PALLET[3:]}", f"]C100{PALLET[3:]}"])
def test_a_container_is_found_however_it_is_written(text: str, hub: Scene) -> None:
    hub.capture(made_unit(PALLET))
    assert (hub.trace(text).found, hub.trace(text).epc) == (True, PALLET)


@pytest.mark.parametrize("code", [pack("nobody"), pack("S0", "00345678678903"), sscc(77)])
def test_a_code_that_the_record_never_heard_of_is_not_found_and_has_no_way(code: str, hub: Scene) -> None:
    hub.capture(*chain())
    journey = hub.trace(code)
    assert (journey.found, journey.epc) == (False, code)
    assert (journey.events, journey.containment, journey.custody, journey.findings) == ([], [], [], [])


def test_an_unknown_serial_of_a_known_product_still_has_its_name(hub: Scene) -> None:
    tell(hub)
    assert (hub.trace(pack("nobody")).product, hub.trace(pack("nobody")).found) == (NAME, False)


@pytest.mark.parametrize(
    "text", ["", " ", "aspirin", f"(01){GTIN}", "urn:epc:id:sgtin:x", "https://example.com/", "\0"]
)
def test_text_that_names_no_thing_is_a_bad_request(text: str, hub: Scene) -> None:
    with pytest.raises(BadRequest) as refused:
        hub.trace(text)
    assert refused.value.code == "bad-request"
    assert refused.value.advice


def test_a_journey_is_the_same_after_the_node_was_opened_again(tmp_path: Path) -> None:
    with scene(tmp_path / "data") as first:
        tell(first)
        before = first.trace(PACKS[0])
    with scene(tmp_path / "data") as again:
        assert again.trace(PACKS[0]) == before
