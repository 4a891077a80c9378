"""S13: returns laundering. A copy gets papers by being returned; what the seller did not tell says nothing."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.alerts.test_routes import chain
from tests.story import (
    MAKER,
    OTHER_PHARMACY,
    OUTSIDER,
    PHARMACY,
    WHOLESALER,
    Party,
    Scene,
    Told,
    dispensed,
    made,
    made_unit,
    packed,
    packs,
    received,
    scene,
    shipped,
    sscc,
)

if TYPE_CHECKING:
    from rxtrail.alerts import Alert

__all__ = ["chain"]
PACKS = packs(30)
UNIT = sscc(1)


def sold(*things: str, buyer: Party = PHARMACY, minute: float = 20) -> list[Told]:
    """Made, sold to the wholesaler and by it to a pharmacy; each as its own sender tells it."""
    return [
        made(*things),
        shipped(*things, buyer=WHOLESALER, minute=10),
        shipped(*things, seller=WHOLESALER, buyer=buyer, minute=minute),
    ]


def back(*things: str, by: Party = PHARMACY, minute: float = 100, labelled: bool = False) -> Told:
    told = shipped(*things, seller=by, buyer=WHOLESALER, minute=minute)
    return told if not labelled else Told(**{**vars(told), "disposition": "returned"})


def tell(scene: Scene, *events: Told) -> None:
    for event in events:
        speaker = event.seller or event.at or MAKER
        scene.capture(event, sender=speaker)


def s13(scene: Scene, state: str = "standing") -> Alert | None:
    scene.node.alerts.settle()
    return next((alert for alert in scene.node.alerts.page(state=state) if alert.rule == "S13"), None)


def test_a_return_by_who_bought_it_raises_nothing(chain: Scene) -> None:
    tell(chain, *sold(*PACKS[:3]), received(*PACKS[:3], at=PHARMACY, minute=30), back(PACKS[0], labelled=True))
    tell(chain, back(PACKS[1]))
    assert s13(chain) is None


@pytest.mark.parametrize("labelled", [True, False])
def test_a_return_of_what_was_sold_to_somebody_else_is_told_by_its_returner(chain: Scene, *, labelled: bool) -> None:
    """Also when nobody calls it a return: pharmacies sell to no wholesalers."""
    tell(chain, *sold(*PACKS[:3]), back(*PACKS[:2], by=OTHER_PHARMACY, labelled=labelled))
    found = s13(chain)
    assert found is not None
    assert (found.severity, found.cause, found.sender) == ("stop", "suspect", OTHER_PHARMACY.gln)
    assert found.subjects == PACKS[:2]
    assert set(found.parts) == {"sold-to-another"}
    assert "Main Street Pharmacy" in found.what


def test_packs_in_a_returned_tote_are_looked_at_too(chain: Scene) -> None:
    tell(chain, *sold(*PACKS[:3]))
    tell(
        chain, made_unit(UNIT, at=OTHER_PHARMACY, minute=80), packed(UNIT, *PACKS[:3], at=OTHER_PHARMACY, minute=90),
        back(UNIT, by=OTHER_PHARMACY),
    )  # fmt: skip
    found = s13(chain)
    assert found is not None
    assert found.subjects == PACKS[:3]


def test_a_pack_that_was_dispensed_does_not_come_back_as_goods(chain: Scene) -> None:
    tell(chain, *sold(PACKS[0]), dispensed(PACKS[0], minute=60), back(PACKS[0]))
    found = s13(chain)
    assert found is not None
    assert set(found.parts) == {"dispensed"}


def test_a_returned_pack_that_turns_up_where_it_was_never_sent_is_told(chain: Scene) -> None:
    tell(chain, *sold(PACKS[0]), received(PACKS[0], at=PHARMACY, minute=30), back(PACKS[0]))
    assert s13(chain) is None
    tell(chain, shipped(PACKS[0], seller=WHOLESALER, buyer=OTHER_PHARMACY, minute=200))
    chain.verify(PACKS[0], site=OUTSIDER)
    found = s13(chain)
    assert found is not None
    assert (found.severity, set(found.parts)) == ("stop", {"seen-elsewhere"})
    assert OUTSIDER.gln in found.what


def test_one_number_that_is_returned_twice_and_was_sold_once(chain: Scene) -> None:
    tell(chain, *sold(PACKS[0]), received(PACKS[0], at=PHARMACY, minute=30), back(PACKS[0], labelled=True))
    assert s13(chain) is None
    tell(chain, back(PACKS[0], minute=300, labelled=True))
    found = s13(chain)
    assert found is not None
    assert set(found.parts) == {"again"}


def test_what_the_seller_did_not_tell_is_late_data_until_it_does(chain: Scene) -> None:
    sale = sold(PACKS[0])
    tell(chain, *sale[:2], back(PACKS[0]))
    found = s13(chain)
    assert found is not None
    assert (found.severity, found.cause, set(found.parts)) == ("check", "late-data", {"never-sold"})
    tell(chain, sale[2])
    assert s13(chain) is None
    assert s13(chain, "explained") is not None


def test_a_pack_of_which_nothing_is_known_waits_until_something_is(chain: Scene) -> None:
    tell(chain, back(PACKS[0], by=OTHER_PHARMACY))
    assert s13(chain) is None
    tell(chain, *sold(PACKS[0]))
    found = s13(chain)
    assert found is not None
    assert set(found.parts) == {"sold-to-another"}


def test_who_returns_half_of_what_was_shipped_to_it_is_told(chain: Scene) -> None:
    chain.time.now = chain.time.now.replace(day=3)
    tell(chain, *sold(*PACKS), received(*PACKS, at=PHARMACY, minute=30))
    tell(chain, back(*PACKS[:14]))
    assert s13(chain) is None
    tell(chain, back(*PACKS[14:22], minute=120))
    found = s13(chain)
    assert found is not None
    assert set(found.parts) == {"many"}
    assert "22 packs" in found.what
    assert "30 that" in found.what


def test_what_was_found_outlives_a_restart(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("restart") / "data"
    sale = sold(PACKS[0])
    with scene(folder) as told:
        told.partners((MAKER, "maker"), (WHOLESALER, "wholesaler"), (PHARMACY, "pharmacy"))
        tell(told, *sale[:2], back(PACKS[0]))
        assert s13(told) is not None
    with scene(folder) as told:
        tell(told, sale[2])
        assert s13(told) is None


EVENTS = [
    *sold(*PACKS[:4]), received(*PACKS[:3], at=PHARMACY, minute=30), back(PACKS[0]),
    back(PACKS[1], by=OTHER_PHARMACY, minute=110), dispensed(PACKS[2], minute=60), back(PACKS[2], minute=130),
    back(PACKS[3], minute=140),
]  # fmt: skip


@pytest.mark.slow
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(len(EVENTS))), cuts=st.sets(st.integers(1, len(EVENTS) - 1), max_size=4))
def test_shuffled_and_late_documents_end_with_the_same_open_alerts(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], cuts: set[int]
) -> None:
    def played(pieces: list[list[int]]) -> dict[str, tuple[object, ...]]:
        with scene(tmp_path_factory.mktemp("order") / "data") as told:
            told.partners(
                (MAKER, "maker"), (WHOLESALER, "wholesaler"), (PHARMACY, "pharmacy"), (OTHER_PHARMACY, "pharmacy")
            )
            for piece in pieces:
                tell(told, *(EVENTS[index] for index in piece))
                told.node.alerts.settle()
            told.time.pass_by(hours=25)  # what was in order is looked at once a day
            told.node.alerts.settle()
            return {
                alert.id: (alert.rule, alert.subjects, alert.what, alert.parts)
                for alert in told.node.alerts.page(state="standing")
            }

    places = [0, *sorted(cuts), len(EVENTS)]
    straight = played([list(range(len(EVENTS)))])
    assert played([order[a:b] for a, b in itertools.pairwise(places)]) == straight
    assert {rule for rule, *_ in straight.values()} == {"S13"}
