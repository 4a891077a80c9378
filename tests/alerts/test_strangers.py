"""R10: somebody had a pack whom no lane, despatch or receipt names."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rxtrail.alerts import stray_scans
from rxtrail.core.rules.answer import Answer
from tests.alerts.test_routes import alerts, chain, lane, route
from tests.story import (
    MAKER,
    OTHER_MAKER,
    OUTSIDER,
    PHARMACY,
    PHARMACY_ANNEX,
    SECOND_WHOLESALER,
    WHOLESALER,
    Party,
    Scene,
    Told,
    made,
    made_unit,
    packed,
    packs,
    reasons,
    received,
    scene,
    shipped,
    sscc,
)

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["chain"]
PACKS = packs(3)
UNIT = sscc(1)


def looked_at(*epcs: str, at: Party, minute: float = 30, step: str = "inspecting") -> Told:
    return Told(minute, step, "in_progress", "OBSERVE", epcs, at=at)


def on_the_way() -> list[Told]:
    return [made(*PACKS), made_unit(UNIT, minute=1), packed(UNIT, *PACKS), shipped(UNIT, buyer=WHOLESALER)]


def test_an_outsider_with_a_pallet_is_told_to_a_person_and_not_to_the_counter(chain: Scene) -> None:
    """Whoever sends a file must not be able to hold genuine packs."""
    route(chain)
    chain.capture(*on_the_way())
    chain.capture(looked_at(UNIT, at=OUTSIDER), sender=OUTSIDER)
    found = alerts(chain)
    assert set(found) == {"R10"}
    assert (found["R10"].cause, found["R10"].subjects, found["R10"].receiver) == ("suspect", [UNIT], OUTSIDER.gln)
    assert found["R10"].clock_until
    assert "off-route" not in reasons(chain.verify(PACKS[0], site=WHOLESALER))


def test_a_listed_partner_whom_nobody_named_is_amber(chain: Scene) -> None:
    route(chain)
    chain.capture(*on_the_way())
    chain.capture(looked_at(PACKS[0], at=SECOND_WHOLESALER), sender=SECOND_WHOLESALER)
    found = alerts(chain)
    assert set(found) == {"R10"}
    assert (found["R10"].cause, found["R10"].subjects) == ("process", [PACKS[0]])
    assert reasons(chain.verify(PACKS[0], site=WHOLESALER))["off-route"] == "check"
    assert "off-route" not in reasons(chain.verify(PACKS[1], site=WHOLESALER))


def test_who_stands_in_a_lane_or_has_received_it_is_no_stranger(chain: Scene) -> None:
    route(chain)
    chain.capture(*on_the_way())
    chain.capture(looked_at(UNIT, at=WHOLESALER), looked_at(UNIT, at=PHARMACY), sender=None)
    chain.capture(looked_at(PACKS[0], at=PHARMACY_ANNEX, minute=31), sender=PHARMACY)
    assert alerts(chain) == {}


def test_who_only_carries_is_no_stranger(chain: Scene) -> None:
    route(chain)
    chain.capture(*on_the_way())
    chain.capture(
        looked_at(UNIT, at=OUTSIDER, step="transporting"), looked_at(UNIT, at=OUTSIDER, step="loading", minute=31),
        sender=OUTSIDER,
    )  # fmt: skip
    assert alerts(chain) == {}


def test_a_carrier_that_the_lane_names_is_no_stranger(chain: Scene) -> None:
    route(chain, lane(carriers=[OUTSIDER.gln]))
    chain.capture(*on_the_way())
    chain.capture(looked_at(UNIT, at=OUTSIDER), sender=OUTSIDER)
    assert alerts(chain) == {}


def test_an_unlisted_place_of_a_known_speaker_is_no_stranger(chain: Scene) -> None:
    route(chain)
    chain.capture(*on_the_way())
    chain.capture(looked_at(UNIT, at=OUTSIDER), sender=WHOLESALER)
    assert alerts(chain) == {}


def test_before_it_leaves_its_maker_nobody_is_a_stranger(chain: Scene) -> None:
    route(chain)
    chain.capture(*on_the_way())
    chain.capture(looked_at(PACKS[0], at=OTHER_MAKER, minute=3), sender=OTHER_MAKER)
    assert alerts(chain) == {}


def test_without_a_lane_for_the_product_nobody_is_a_stranger(chain: Scene) -> None:
    route(chain, lane(products=["09999999999994"]))
    chain.capture(*on_the_way())
    chain.capture(looked_at(UNIT, at=OUTSIDER), sender=OUTSIDER)
    assert alerts(chain) == {}


def test_the_missing_despatch_explains_the_alert_though_it_is_of_the_pallet(chain: Scene) -> None:
    """The pack was looked at, and what comes late moves the pallet that it is in."""
    route(chain)
    chain.capture(*on_the_way()[:-1], shipped(UNIT, buyer=WHOLESALER))
    chain.capture(looked_at(PACKS[0], at=SECOND_WHOLESALER, minute=50), sender=SECOND_WHOLESALER)
    assert set(alerts(chain)) == {"R10"}
    chain.capture(shipped(UNIT, seller=WHOLESALER, buyer=SECOND_WHOLESALER, minute=40), sender=WHOLESALER)
    assert "R10" not in alerts(chain)
    assert "R10" in alerts(chain, "explained")


EVENTS = [
    made(*PACKS), made_unit(UNIT, minute=1), packed(UNIT, *PACKS), shipped(UNIT, buyer=WHOLESALER),
    looked_at(PACKS[0], at=SECOND_WHOLESALER, minute=30), looked_at(PACKS[1], at=OUTSIDER, minute=31),
    received(UNIT, at=WHOLESALER, minute=35), looked_at(UNIT, at=OUTSIDER, minute=36),
]  # fmt: skip
SPEAKERS = {each.gln: each for each in (WHOLESALER, SECOND_WHOLESALER, OUTSIDER)}


@pytest.mark.slow
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(len(EVENTS))), cuts=st.sets(st.integers(1, len(EVENTS) - 1), max_size=4))
def test_shuffled_and_late_documents_end_with_the_same_open_alerts(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], cuts: set[int]
) -> None:
    def played(pieces: list[list[int]]) -> dict[str, tuple[str, list[str], str]]:
        with scene(tmp_path_factory.mktemp("order") / "data") as told:
            told.partners((MAKER, "maker"), (WHOLESALER, "wholesaler"), (SECOND_WHOLESALER, "wholesaler"))
            route(told)
            for piece in pieces:
                for index in piece:
                    event = EVENTS[index]
                    told.capture(event, sender=SPEAKERS.get(event.at.gln if event.at else "", MAKER))
                told.node.alerts.settle()
            return {
                alert.id: (alert.rule, sorted(alert.subjects), alert.what)
                for alert in told.node.alerts.page(state="standing")
            }

    places = [0, *sorted(cuts), len(EVENTS)]
    straight = played([list(range(len(EVENTS)))])
    assert played([order[a:b] for a, b in itertools.pairwise(places)]) == straight
    assert [rule for rule, *_ in straight.values()] == ["R10"]


# -- scans ---------------------------------------------------------------------------------------------------------


def test_a_scan_by_a_stranger_is_told_with_the_packs(chain: Scene) -> None:
    route(chain)
    chain.capture(*on_the_way())
    for each in PACKS[:2]:
        chain.verify(each, site=OUTSIDER)
    found = alerts(chain)
    assert set(found) == {"R10"}
    assert (found["R10"].severity, found["R10"].cause, found["R10"].site) == ("stop", "suspect", OUTSIDER.gln)
    assert found["R10"].subjects == PACKS[:2]
    assert [seen.site for seen in found["R10"].evidence] == [OUTSIDER.gln] * 2
    chain.verify(PACKS[0], site=OUTSIDER)
    assert alerts(chain)["R10"].subject_count == 2


def test_a_scan_by_a_listed_partner_is_amber_and_explained_by_its_despatch(chain: Scene) -> None:
    route(chain)
    chain.capture(*on_the_way())
    chain.verify(PACKS[0], site=SECOND_WHOLESALER, purpose="receive")
    found = alerts(chain)
    assert (found["R10"].severity, found["R10"].cause) == ("check", "process")
    chain.capture(shipped(UNIT, seller=WHOLESALER, buyer=SECOND_WHOLESALER, minute=40), sender=WHOLESALER)
    assert "R10" not in alerts(chain)
    assert "R10" in alerts(chain, "explained")


def scanned_in_order(told: Scene, by: Party) -> None:
    verdict = told.verify(PACKS[0], site=WHOLESALER)
    assert verdict.verdict is Answer.OK
    told.node.alerts.seen(verdict, by.gln)


def test_a_scan_in_order_by_a_stranger_is_watched_before_any_scan_was_not(chain: Scene) -> None:
    route(chain)
    chain.capture(*on_the_way())
    scanned_in_order(chain, SECOND_WHOLESALER)
    assert set(alerts(chain)) == {"R10"}


def test_scans_in_order_are_watched_from_the_approval_of_a_lane_on(
    chain: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stray_scans, "RELOAD_SECONDS", 0)
    chain.capture(*on_the_way())
    scanned_in_order(chain, SECOND_WHOLESALER)
    assert alerts(chain) == {}
    route(chain)
    scanned_in_order(chain, WHOLESALER)
    chain.node.alerts.settle()
    scanned_in_order(chain, SECOND_WHOLESALER)
    assert set(alerts(chain)) == {"R10"}


def test_scans_that_stay_odd_keep_none_behind_them_from_being_explained(
    chain: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stray_scans, "AT_ONCE", 1)
    route(chain)
    chain.capture(*on_the_way())
    chain.verify(PACKS[0], site=OUTSIDER)
    chain.verify(PACKS[1], site=SECOND_WHOLESALER)
    alerts(chain)
    chain.capture(shipped(UNIT, seller=WHOLESALER, buyer=SECOND_WHOLESALER, minute=40), sender=WHOLESALER)
    for _ in range(4):
        chain.node.alerts.settle()
    assert [each.site for each in chain.node.alerts.page(state="standing", rule="R10")] == [OUTSIDER.gln]
    assert alerts(chain, "explained")["R10"].site == SECOND_WHOLESALER.gln


def test_scans_in_the_chain_of_products_without_a_lane_and_of_unknown_packs_raise_no_r10(chain: Scene) -> None:
    route(chain)
    chain.capture(*on_the_way())
    chain.verify(PACKS[0], site=WHOLESALER)
    chain.verify(PACKS[0], site=PHARMACY)
    chain.verify(packs(1, start="NOBODY")[0], site=OUTSIDER)
    assert "R10" not in alerts(chain)


def test_a_stranger_s_scans_outlive_a_restart(tmp_path: Path) -> None:
    with scene(tmp_path / "data") as told:
        told.partners((MAKER, "maker"), (WHOLESALER, "wholesaler"), (SECOND_WHOLESALER, "wholesaler"))
        route(told)
        told.capture(*on_the_way())
        told.verify(PACKS[0], site=SECOND_WHOLESALER)
        assert "R10" in alerts(told)
    with scene(tmp_path / "data") as told:
        told.capture(shipped(UNIT, seller=WHOLESALER, buyer=SECOND_WHOLESALER, minute=40), sender=WHOLESALER)
        assert "R10" not in alerts(told)
