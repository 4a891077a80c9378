"""What was not read on the way is nobody's doubt; what lies elsewhere is never taken by a word; a copy shows itself."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.story import (
    MAKER,
    OTHER_PHARMACY,
    OUTSIDER,
    PHARMACY,
    WHOLESALER,
    Party,
    Scene,
    made,
    packs,
    reasons,
    received,
    shipped,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests import story

PACK, OTHER_PACK = packs(2)


@pytest.fixture
def market(hub: Scene) -> Scene:
    hub.partners((MAKER, "maker"), (WHOLESALER, "wholesaler"), (PHARMACY, "pharmacy"), (OTHER_PHARMACY, "pharmacy"))
    hub.capture(made(PACK))
    return hub


def to_the_pharmacy(scene: Scene, *, seller: story.Party = WHOLESALER) -> None:
    scene.capture(shipped(PACK, seller=seller, buyer=PHARMACY, minute=30), sender=seller)


def bought(at: story.Party, seller: story.Party, minute: float) -> story.Told:
    return received(PACK, at=at, minute=minute, seller=seller, buyer=at)


def test_a_receipt_that_names_who_has_it_moves_it_though_the_shipping_was_not_read(market: Scene) -> None:
    market.capture(bought(WHOLESALER, MAKER, 20), sender=WHOLESALER)
    to_the_pharmacy(market)
    assert reasons(market.verify(PACK, site=PHARMACY)) == {}


def test_what_the_maker_has_sent_to_nobody_may_be_sent_on_by_a_wholesaler(market: Scene) -> None:
    to_the_pharmacy(market)
    assert reasons(market.verify(PACK, site=PHARMACY)) == {}


def test_a_receipt_of_whom_it_was_sent_to_next_is_believed(market: Scene) -> None:
    market.capture(shipped(PACK, seller=MAKER, buyer=WHOLESALER), sender=MAKER)
    market.capture(bought(PHARMACY, WHOLESALER, 40), sender=PHARMACY)
    assert reasons(market.verify(PACK, site=PHARMACY)) == {}


def test_what_lies_with_a_pharmacy_is_not_taken_by_anothers_word(market: Scene) -> None:
    to_the_pharmacy(market)
    market.capture(bought(PHARMACY, WHOLESALER, 40), sender=PHARMACY)
    market.capture(bought(OTHER_PHARMACY, PHARMACY, 50), sender=OTHER_PHARMACY)
    assert reasons(market.verify(PACK, site=OTHER_PHARMACY))["not-shipped-to-you"] == "stop"


def test_what_is_on_its_way_to_somebody_is_not_sent_on_by_another(market: Scene) -> None:
    market.capture(shipped(PACK, seller=MAKER, buyer=PHARMACY), sender=MAKER)
    market.capture(shipped(PACK, seller=WHOLESALER, buyer=OTHER_PHARMACY, minute=30), sender=WHOLESALER)
    assert reasons(market.verify(PACK, site=OTHER_PHARMACY))["not-shipped-to-you"] == "stop"


def test_a_receipt_from_a_seller_that_never_had_it_is_not_believed(market: Scene) -> None:
    market.capture(bought(PHARMACY, WHOLESALER, 20), sender=PHARMACY)
    assert reasons(market.verify(PACK, site=PHARMACY)) != {}


def test_a_receipt_that_is_dated_back_takes_nothing_from_where_the_pack_is(market: Scene) -> None:
    market.capture(shipped(PACK, seller=MAKER, buyer=WHOLESALER), sender=MAKER)
    market.capture(bought(WHOLESALER, MAKER, 15), shipped(PACK, seller=WHOLESALER, minute=30), sender=WHOLESALER)
    market.capture(bought(PHARMACY, WHOLESALER, 40), sender=PHARMACY)
    before = reasons(market.verify(PACK, site=OTHER_PHARMACY))
    market.capture(bought(OTHER_PHARMACY, WHOLESALER, 20), sender=OTHER_PHARMACY)
    assert "stop" in before.values()
    assert reasons(market.verify(PACK, site=OTHER_PHARMACY)).get("not-shipped-to-you") == "stop"
    assert "not-shipped-to-you" not in reasons(market.verify(PACK, site=PHARMACY))


def test_two_that_say_they_received_it_from_one_are_both_left_to_a_person(market: Scene) -> None:
    market.capture(bought(WHOLESALER, MAKER, 15), sender=WHOLESALER)
    for buyer, minute in ((PHARMACY, 40), (OTHER_PHARMACY, 20)):
        market.capture(bought(buyer, WHOLESALER, minute), sender=buyer)
    for buyer in (PHARMACY, OTHER_PHARMACY):
        assert reasons(market.verify(PACK, site=buyer)) != {}


@pytest.mark.parametrize("seller", [OUTSIDER, OTHER_PHARMACY], ids=["outsider", "pharmacy"])
def test_only_a_listed_party_that_passes_things_on_fills_a_gap(market: Scene, seller: story.Party) -> None:
    to_the_pharmacy(market, seller=seller)
    assert "not-shipped-to-you" in reasons(market.verify(PACK, site=PHARMACY))


@contextlib.contextmanager
def writer_held_up(scene: Scene) -> Iterator[None]:
    """Nothing that is noted gets on record meanwhile."""
    go_on = threading.Event()
    writer, _, _ = scene.node._writing()
    writer.submit(lambda _tx, _log: go_on.wait(60))
    try:
        yield
    finally:
        go_on.set()


# -- the same code at two places -----------------------------------------------------------------------------------


def test_a_code_that_turns_up_at_a_second_place_while_its_own_is_open_is_stopped(market: Scene) -> None:
    market.capture(bought(WHOLESALER, MAKER, 20), sender=WHOLESALER)
    assert reasons(market.verify(PACK, site=PHARMACY)) == {"not-shipped-to-you": "check"}
    market.node.settle()
    assert reasons(market.verify(PACK, site=PHARMACY)) == {"not-shipped-to-you": "check"}
    assert reasons(market.verify(PACK, site=OTHER_PHARMACY))["seen-elsewhere"] == "stop"


def test_two_scans_in_one_moment_see_each_other_before_the_record_has_either(market: Scene) -> None:
    market.capture(bought(WHOLESALER, MAKER, 20), sender=WHOLESALER)
    with writer_held_up(market):
        assert reasons(market.verify(PACK, site=PHARMACY)) == {"not-shipped-to-you": "check"}
        assert reasons(market.verify(PACK, site=OTHER_PHARMACY))["seen-elsewhere"] == "stop"
        assert reasons(market.verify(PACK, site=PHARMACY)) == {"not-shipped-to-you": "check"}
    market.node.settle()
    assert reasons(market.verify(PACK, site=OTHER_PHARMACY))["seen-elsewhere"] == "stop"
    assert reasons(market.verify(PACK, site=PHARMACY)) == {"not-shipped-to-you": "check"}


def test_of_many_places_that_scan_one_code_in_one_moment_only_one_is_not_stopped(market: Scene) -> None:
    market.capture(made(OTHER_PACK))
    market.capture(bought(WHOLESALER, MAKER, 20), sender=WHOLESALER)
    sites = [Party("0377777", "A pharmacy", f"{number:05}") for number in range(12)]
    begin = threading.Barrier(len(sites))

    def scan(site: Party) -> dict[str, str]:
        market.verify(OTHER_PACK, site=site)  # each thread has a reader now, and the next scans are at once
        begin.wait(timeout=60)
        return reasons(market.verify(PACK, site=site))

    with writer_held_up(market), ThreadPoolExecutor(len(sites)) as pool:
        answers = list(pool.map(scan, sites))
    assert sum("seen-elsewhere" not in answer for answer in answers) == 1


def test_a_copy_elsewhere_does_not_stop_the_pack_where_the_record_has_it(market: Scene) -> None:
    market.capture(bought(WHOLESALER, MAKER, 20), sender=WHOLESALER)
    market.verify(PACK, site=OTHER_PHARMACY)
    market.node.settle()
    to_the_pharmacy(market)
    assert reasons(market.verify(PACK, site=PHARMACY)) == {}


def test_a_receipt_does_not_make_good_what_was_seen_elsewhere_before(market: Scene) -> None:
    market.capture(bought(WHOLESALER, MAKER, 20), sender=WHOLESALER)
    market.verify(PACK, site=PHARMACY)
    market.node.settle()
    market.capture(bought(OTHER_PHARMACY, WHOLESALER, 40), sender=OTHER_PHARMACY)
    assert reasons(market.verify(PACK, site=OTHER_PHARMACY))["seen-elsewhere"] == "stop"


@pytest.mark.parametrize("purpose", ["receive", "investigate", "public"])
def test_only_dispensing_counts_as_turning_up(market: Scene, purpose: str) -> None:
    market.capture(bought(WHOLESALER, MAKER, 20), sender=WHOLESALER)
    market.verify(PACK, site=OTHER_PHARMACY, purpose=purpose)
    market.node.settle()
    assert "seen-elsewhere" not in reasons(market.verify(PACK, site=PHARMACY))
