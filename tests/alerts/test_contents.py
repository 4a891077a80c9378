"""R5: short, over and mixed. What was missed by a scanner does not drown anybody; what comes late explains itself."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.alerts.test_routes import alerts, chain, route
from tests.story import (
    MAKER,
    OUTSIDER,
    PHARMACY,
    START,
    WHOLESALER,
    Scene,
    Told,
    dispensed,
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
)

if TYPE_CHECKING:
    from rxtrail.alerts import Alert

__all__ = ["chain"]
UNIT = sscc(1)
PACKS = packs(40)
DAY = 24 * 60


def observed(parent: str, *children: str, minute: float = 20, at: object = WHOLESALER, step: str = "receiving") -> Told:
    return Told(minute, step, "in_progress", "OBSERVE", parent=parent, children=children, at=at)  # type: ignore[arg-type]


def one_pallet() -> list[Told]:
    return [made(*PACKS), made_unit(UNIT, minute=1), packed(UNIT, *PACKS), shipped(UNIT, buyer=WHOLESALER)]


def pallets(count: int) -> list[str]:
    return [sscc(number) for number in range(1, count + 1)]


def many_pallets(count: int, **how: object) -> list[Told]:
    """Pallets with one pack each, sent in one despatch."""
    units = pallets(count)
    things = packs(count, start="P")
    return [
        made(*things),
        made_unit(*units, minute=1),
        *(packed(unit, each, minute=5) for unit, each in zip(units, things, strict=True)),
        shipped(*units, buyer=WHOLESALER, **how),  # type: ignore[arg-type]
    ]


def r5(scene: Scene, state: str = "standing") -> Alert | None:
    return alerts(scene, state).get("R5")


# -- containers ----------------------------------------------------------------------------------------------------


def test_a_pallet_in_which_all_was_found_raises_nothing(chain: Scene) -> None:
    route(chain)
    chain.capture(*one_pallet())
    chain.capture(observed(UNIT, *PACKS), sender=WHOLESALER)
    assert r5(chain) is None


def test_a_pallet_with_many_packs_missing_is_one_alert_with_the_packs(chain: Scene) -> None:
    route(chain)
    chain.capture(*one_pallet())
    chain.capture(observed(UNIT, *PACKS[:30]), sender=WHOLESALER)
    found = r5(chain)
    assert found is not None
    assert (found.severity, found.cause) == ("check", "suspect")
    assert found.subjects == [UNIT]
    assert found.parts[UNIT].packs == sorted(PACKS[30:])
    assert "10 of 40" in found.what
    assert found.lanes == ["L1"]


def test_a_pack_that_was_not_read_waits_a_week_and_is_the_scanner(chain: Scene) -> None:
    route(chain)
    minutes = (chain.time.now - START).total_seconds() / 60
    chain.capture(*one_pallet())
    chain.capture(observed(UNIT, *PACKS[1:], minute=minutes - DAY * 3), sender=WHOLESALER)
    assert r5(chain) is None
    chain.time.pass_by(hours=24 * 5)
    found = r5(chain)
    assert found is not None
    assert found.cause == "scanner"


def test_a_pack_that_was_not_read_and_turns_up_is_never_told(chain: Scene) -> None:
    route(chain)
    minutes = (chain.time.now - START).total_seconds() / 60
    chain.capture(*one_pallet())
    chain.capture(observed(UNIT, *PACKS[1:], minute=minutes - DAY), sender=WHOLESALER)
    chain.capture(unpacked(UNIT, *PACKS, at=WHOLESALER, minute=minutes - 10), sender=WHOLESALER)
    chain.time.pass_by(hours=24 * 20)
    assert r5(chain) is None


def test_half_a_list_is_a_file_that_is_not_whole(chain: Scene) -> None:
    route(chain)
    chain.capture(*one_pallet())
    chain.capture(observed(UNIT, *PACKS[:15]), sender=WHOLESALER)
    found = r5(chain)
    assert found is not None
    assert found.cause == "process"


def test_what_is_completed_later_explains_itself(chain: Scene) -> None:
    route(chain)
    chain.capture(*one_pallet())
    chain.capture(observed(UNIT, *PACKS[:30]), sender=WHOLESALER)
    assert r5(chain) is not None
    chain.capture(observed(UNIT, *PACKS[30:], *PACKS[:30], minute=30), sender=WHOLESALER)
    assert r5(chain) is None
    explained = r5(chain, "explained")
    assert explained is not None
    assert explained.parts == {}


def test_more_than_was_packed_is_told_until_its_packing_comes(chain: Scene) -> None:
    route(chain)
    more = packs(2, start="X")
    chain.capture(made(*more), *one_pallet())
    chain.capture(observed(UNIT, *PACKS, *more), sender=WHOLESALER)
    found = r5(chain)
    assert found is not None
    assert (found.cause, found.parts[UNIT].packs) == ("late-data", more)
    chain.capture(packed(UNIT, *more, minute=6))
    assert r5(chain) is None


def test_packs_that_were_exchanged_are_mixed(chain: Scene) -> None:
    route(chain)
    other = pack("X1")
    chain.capture(made(other), *one_pallet())
    chain.capture(observed(UNIT, *PACKS[1:], other), sender=WHOLESALER)
    found = r5(chain)
    assert found is not None
    assert found.cause == "process"
    assert found.parts[UNIT].packs == [PACKS[0], other]


def test_taking_a_few_out_is_no_shortage(chain: Scene) -> None:
    route(chain)
    chain.capture(*one_pallet())
    chain.capture(
        received(UNIT, at=WHOLESALER), unpacked(UNIT, *PACKS[:5], at=WHOLESALER, minute=60), sender=WHOLESALER
    )
    chain.time.pass_by(hours=24 * 20)
    assert r5(chain) is None


def test_a_pallet_of_which_most_was_taken_out_and_the_rest_never_is_short(chain: Scene) -> None:
    route(chain)
    chain.capture(*one_pallet())
    chain.capture(
        received(UNIT, at=WHOLESALER), unpacked(UNIT, *PACKS[:30], at=WHOLESALER, minute=60), sender=WHOLESALER
    )
    found = r5(chain)
    assert found is not None
    assert found.cause == "suspect"
    chain.capture(unpacked(UNIT, *PACKS[30:], at=WHOLESALER, minute=70), sender=WHOLESALER)
    assert r5(chain) is None


def test_taking_out_what_was_never_put_in_is_over(chain: Scene) -> None:
    route(chain)
    chain.capture(made(pack("X1")), *one_pallet())
    chain.capture(
        received(UNIT, at=WHOLESALER), unpacked(UNIT, *PACKS, pack("X1"), at=WHOLESALER, minute=60), sender=WHOLESALER
    )
    found = r5(chain)
    assert found is not None
    assert found.parts[UNIT].packs == [pack("X1")]


def test_another_level_is_not_compared(chain: Scene) -> None:
    """A pallet of boxes of which the packs are listed: boxes and packs are not held against each other."""
    route(chain)
    box = sscc(9)
    chain.capture(
        made(*PACKS), made_unit(UNIT, box, minute=1), packed(box, *PACKS, minute=2), packed(UNIT, box, minute=3),
        shipped(UNIT, buyer=WHOLESALER),
    )  # fmt: skip
    chain.capture(observed(UNIT, *PACKS), sender=WHOLESALER)
    assert r5(chain) is None


def test_an_outsider_says_nothing_of_contents(chain: Scene) -> None:
    route(chain)
    chain.capture(*one_pallet())
    chain.capture(observed(UNIT, *PACKS[:20], at=OUTSIDER), sender=OUTSIDER)
    assert r5(chain) is None


def test_without_a_lane_contents_are_not_judged(chain: Scene) -> None:
    chain.capture(*one_pallet())
    chain.capture(observed(UNIT, *PACKS[:20]), sender=WHOLESALER)
    assert r5(chain) is None


# -- shipments -----------------------------------------------------------------------------------------------------


def test_pallets_that_did_not_come_with_the_others_are_one_alert(chain: Scene) -> None:
    route(chain)
    units = pallets(10)
    chain.capture(*many_pallets(10))
    chain.capture(received(*units[:7], at=WHOLESALER), sender=WHOLESALER)
    found = r5(chain)
    assert found is not None
    assert found.subjects == sorted(units[7:])
    assert (found.severity, found.cause) == ("check", "suspect")
    assert "3 of 10" in found.what


def test_a_shipment_of_which_nothing_was_received_is_not_short(chain: Scene) -> None:
    """Receivers in the United States mostly tell no receipts: silence is no shortage."""
    route(chain)
    chain.capture(*many_pallets(10))
    chain.time.pass_by(hours=24 * 20)
    assert r5(chain) is None


def test_the_rest_of_a_receipt_explains_the_alert(chain: Scene) -> None:
    route(chain)
    units = pallets(10)
    chain.capture(*many_pallets(10))
    chain.capture(received(*units[:7], at=WHOLESALER), sender=WHOLESALER)
    assert r5(chain) is not None
    chain.capture(received(units[7], at=WHOLESALER, minute=30), sender=WHOLESALER)
    found = r5(chain)
    assert found is not None
    assert found.subjects == sorted(units[8:])
    chain.capture(received(*units[8:], at=WHOLESALER, minute=40), sender=WHOLESALER)
    assert r5(chain) is None
    assert r5(chain, "explained") is not None


def test_what_is_sent_on_or_opened_has_come(chain: Scene) -> None:
    route(chain)
    units = pallets(10)
    chain.capture(*many_pallets(10))
    chain.capture(
        received(*units[:7], at=WHOLESALER),
        shipped(units[7], seller=WHOLESALER, buyer=PHARMACY, minute=40),
        unpacked(units[8], at=WHOLESALER, minute=40),
        received(pack("P9"), at=WHOLESALER, minute=40),
        sender=WHOLESALER,
    )
    assert r5(chain) is None


def test_a_shortage_within_a_day_of_the_last_receipt_is_not_told_yet(chain: Scene) -> None:
    route(chain)
    minutes = (chain.time.now - START).total_seconds() / 60
    units = pallets(10)
    chain.capture(*many_pallets(10))
    chain.capture(received(*units[:7], at=WHOLESALER, minute=minutes - 60), sender=WHOLESALER)
    assert r5(chain) is None
    chain.time.pass_by(hours=30)
    assert r5(chain) is not None


def test_what_comes_with_a_shipment_that_does_not_name_it_is_told_until_its_despatch_comes(chain: Scene) -> None:
    route(chain)
    units = pallets(10)
    chain.capture(*many_pallets(10)[:-1], shipped(*units[:9], buyer=WHOLESALER))
    chain.capture(received(*units, at=WHOLESALER), sender=WHOLESALER)
    found = r5(chain)
    assert found is not None
    assert (found.subjects, found.cause) == ([units[9]], "late-data")
    chain.capture(shipped(units[9], buyer=WHOLESALER, minute=11))
    assert r5(chain) is None
    assert r5(chain, "explained") is not None


def test_what_nobody_announces_is_not_over(chain: Scene) -> None:
    route(chain)
    chain.capture(*many_pallets(10)[:-1])
    chain.capture(received(*pallets(10), at=WHOLESALER), sender=WHOLESALER)
    assert r5(chain) is None


def test_loose_packs_are_counted_too(chain: Scene) -> None:
    route(chain)
    chain.capture(made(*PACKS), shipped(*PACKS, buyer=WHOLESALER))
    chain.capture(received(*PACKS[:30], at=WHOLESALER), sender=WHOLESALER)
    found = r5(chain)
    assert found is not None
    assert found.subjects == sorted(PACKS[30:])


def test_a_missing_pack_is_amber_at_the_counter_and_no_other(chain: Scene) -> None:
    route(chain)
    chain.capture(made(*PACKS), shipped(*PACKS, buyer=WHOLESALER))
    chain.capture(received(*PACKS[:30], at=WHOLESALER), sender=WHOLESALER)
    assert r5(chain) is not None
    missing = chain.verify(PACKS[39], site=WHOLESALER)
    assert ("off-route", "check") in {(each.code, each.severity.value) for each in missing.reasons}
    assert all(each.code != "off-route" for each in chain.verify(PACKS[0], site=WHOLESALER).reasons)


EVENTS = [
    *many_pallets(6),
    received(*pallets(6)[:3], at=WHOLESALER, minute=20),
    received(pallets(6)[3], sscc(7), at=WHOLESALER, minute=21),
    made_unit(sscc(7), minute=1),
    made(pack("Q"), minute=0),
    packed(sscc(7), pack("Q"), minute=4),
    shipped(pallets(6)[0], pallets(6)[1], seller=WHOLESALER, buyer=PHARMACY, minute=60),
    received(pallets(6)[0], at=PHARMACY, minute=80),
    observed(pallets(6)[2], pack("P2"), pack("P9"), minute=50),
    dispensed(pack("P0"), minute=90),
]
SPEAKERS = {WHOLESALER.gln: WHOLESALER, PHARMACY.gln: PHARMACY}


@pytest.mark.slow
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(len(EVENTS))), cuts=st.sets(st.integers(1, len(EVENTS) - 1), max_size=4))
def test_shuffled_and_late_documents_end_with_the_same_open_alerts(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], cuts: set[int]
) -> None:
    def played(pieces: list[list[int]]) -> dict[str, tuple[object, ...]]:
        with scene(tmp_path_factory.mktemp("order") / "data") as told:
            told.partners((MAKER, "maker"), (WHOLESALER, "wholesaler"), (PHARMACY, "pharmacy"))
            route(told)
            for piece in pieces:
                for index in piece:
                    event = EVENTS[index]
                    told.capture(event, sender=SPEAKERS.get(event.at.gln if event.at else "", MAKER))
                told.node.alerts.settle()
            return {
                alert.id: (alert.rule, alert.what, sorted(alert.subjects), alert.parts, alert.cause)
                for alert in told.node.alerts.page(state="standing")
            }

    places = [0, *sorted(cuts), len(EVENTS)]
    shuffled = played([order[a:b] for a, b in itertools.pairwise(places)])
    straight = played([list(range(len(EVENTS)))])
    assert shuffled == straight
    assert "R5" in {rule for rule, *_ in straight.values()}
