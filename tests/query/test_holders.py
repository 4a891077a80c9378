"""Who holds a lot: counted by containers, the same as asked one by one, in a few reads on every engine."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

from rxtrail import clock
from rxtrail.bootstrap import open_node
from rxtrail.query.holders import CONTAINERS_SHOWN_MAX
from tests import story
from tests.properties.test_order import fill
from tests.properties.worlds import Document, chain
from tests.query.one_by_one import one_by_one, only_packs, told
from tests.story import (
    CASE_GTIN,
    EXPIRY,
    GTIN,
    LOT,
    MAKER,
    OTHER_PHARMACY,
    PHARMACY,
    WHOLESALER,
    Scene,
    Time,
    delivery,
    made,
    made_unit,
    pack,
    packed,
    packs,
    recalled_lot,
    shipped,
    sscc,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rxtrail.answers import Holders
    from rxtrail.core.rules.answer import Verdict

PACKS = packs(12)


@pytest.fixture(params=["sqlite", "postgres"])
def any_hub(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    """A hub on each engine."""
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres_dsn")
    time = Time()
    with (
        mock.patch.object(clock, "now_us", time.now_us),
        mock.patch.object(clock, "today", time.today),
        open_node(tmp_path / "data", store_url=url) as node,
    ):
        hub = Scene(node, time)
        hub.partners((WHOLESALER, "wholesaler"), (PHARMACY, "pharmacy"), (OTHER_PHARMACY, "pharmacy"))
        yield hub


def states(answer: Holders) -> dict[str, int]:
    assert answer.packs == sum(share.packs for share in answer.holders)
    return answer.by_state


def check(hub: Scene, gtin: str = GTIN, lot: str = LOT, expiry: str = "") -> Holders:
    answer = hub.node.holders(gtin, lot, expiry=expiry)
    assert told(answer) == one_by_one(hub, gtin, lot, expiry)
    assert only_packs(hub, gtin, lot, expiry) == (answer.found, answer.packs)
    return answer


def test_a_lot_that_nobody_made_is_not_found(hub: Scene) -> None:
    assert not hub.node.holders(GTIN, LOT).found
    hub.capture(made(*PACKS))
    assert not hub.node.holders(GTIN, "ANOTHER").found
    assert not hub.node.holders(GTIN, LOT, expiry="2031-01-31").found
    assert hub.node.holders(GTIN, LOT, expiry=EXPIRY).found


def test_each_state_is_told_with_who_has_it_and_where(any_hub: Scene) -> None:
    units = [sscc(number) for number in range(5)]
    any_hub.capture(
        made(*PACKS),
        made_unit(*units),
        *(packed(unit, *PACKS[2 * index : 2 * index + 2]) for index, unit in enumerate(units)),
        shipped(units[1], buyer=WHOLESALER),
        shipped(units[2], buyer=PHARMACY),
        shipped(units[3], buyer=PHARMACY),
        story.held(units[4]),
    )
    any_hub.capture(story.received(units[2]), story.received(units[3]), sender=PHARMACY)
    any_hub.capture(story.unpacked(units[3], PACKS[6]), story.dispensed(PACKS[6]), sender=PHARMACY)
    any_hub.capture(story.destroyed(PACKS[10]))
    answer = check(any_hub)
    assert states(answer) == {"on-hand": 2 + 2 + 1 + 1, "in-transit": 2, "on-hold": 2, "dispensed": 1, "ended": 1}
    [transit] = [share for share in answer.holders if share.state == "in-transit"]
    assert (transit.in_transit_to.id, transit.containers) == (WHOLESALER.gln, [units[1]])
    at_pharmacy = {share.state: share.packs for share in answer.holders if share.custodian.id == PHARMACY.gln}
    assert at_pharmacy == {"on-hand": 3, "dispensed": 1}


def test_what_was_shipped_to_us_is_with_us(pharmacy: Scene) -> None:
    pharmacy.capture(*delivery(*PACKS, seller=WHOLESALER), sender=WHOLESALER)
    [share] = check(pharmacy).holders
    assert (share.state, share.custodian.id, share.packs) == ("on-hand", PHARMACY.gln, len(PACKS))


def test_a_log_that_begins_with_a_packing_counts_it(any_hub: Scene) -> None:
    any_hub.capture(packed(sscc(1), *PACKS))
    any_hub.capture(made(*PACKS))
    [share] = check(any_hub).holders
    assert (share.loose, share.containers) == (0, [sscc(1)])


def test_emptied_and_packed_again_is_found_in_the_new_container(any_hub: Scene) -> None:
    any_hub.capture(*delivery(*PACKS))
    any_hub.capture(story.received(sscc(1)), story.unpacked(sscc(1), minute=30), sender=PHARMACY)
    assert states(check(any_hub)) == {"on-hand": len(PACKS)}
    any_hub.capture(packed(sscc(9), *PACKS[:5], minute=40, at=PHARMACY), sender=PHARMACY)
    [share] = check(any_hub).holders
    assert (share.packs, share.loose, share.containers) == (len(PACKS), len(PACKS) - 5, [sscc(9)])


def test_a_packing_declared_wrong_leaves_them_loose(any_hub: Scene) -> None:
    away = packed(sscc(1), *PACKS)
    any_hub.capture(made(*PACKS), made_unit(sscc(1)), away, shipped(sscc(1)))
    any_hub.capture(away.declared_wrong(20))
    [share] = check(any_hub).holders
    assert (share.custodian.id, share.loose) == (MAKER.gln, len(PACKS))


def test_a_making_declared_wrong_takes_the_lot_away(any_hub: Scene) -> None:
    making = made(*PACKS)
    any_hub.capture(making, made_unit(sscc(1)), packed(sscc(1), *PACKS), shipped(sscc(1)))
    any_hub.capture(making.declared_wrong(20))
    assert not check(any_hub).found


def test_a_sellers_copy_of_the_makers_words_changes_no_count(any_hub: Scene) -> None:
    any_hub.capture(*delivery(*PACKS, buyer=WHOLESALER))
    before = check(any_hub)
    copies = [made(*PACKS, event_id=""), packed(sscc(1), *PACKS, event_id="")]
    any_hub.capture(*copies, sender=WHOLESALER)
    assert check(any_hub).holders == before.holders
    any_hub.capture(packed(sscc(1), *PACKS).declared_wrong(20))
    check(any_hub)


def test_cases_of_a_lot_are_counted_though_they_are_containers(any_hub: Scene) -> None:
    cases = [pack(f"C{number}", CASE_GTIN) for number in range(3)]
    any_hub.capture(
        made(*PACKS, *cases),
        *(packed(case, *PACKS[4 * index : 4 * index + 4]) for index, case in enumerate(cases)),
        packed(sscc(5), *cases[:2], minute=6),
        shipped(sscc(5)),
    )
    assert states(check(any_hub, CASE_GTIN)) == {"in-transit": 2, "on-hand": 1}
    assert states(check(any_hub)) == {"in-transit": 8, "on-hand": 4}


def test_a_chain_of_four_levels_is_told_at_each_step(any_hub: Scene) -> None:
    for said in chain():
        fill(any_hub, [Document(said.by, (said.told,))])
        check(any_hub)
        check(any_hub, CASE_GTIN)


def test_a_recall_of_the_whole_lot_is_told(hub: Scene) -> None:
    hub.capture(made(*PACKS), recalled_lot())
    assert check(hub).recalled == "lot"
    hub.capture(recalled_lot("", minute=61))
    assert check(hub).recalled == "product"


def test_only_so_many_containers_are_listed_and_all_are_counted(hub: Scene) -> None:
    count = CONTAINERS_SHOWN_MAX + 1
    many, units = packs(count), [sscc(number) for number in range(count)]
    hub.capture(made(*many), *(packed(unit, each) for unit, each in zip(units, many, strict=True)), shipped(*units))
    [share] = hub.node.holders(GTIN, LOT).holders
    assert (share.packs, share.containers_count, len(share.containers)) == (count, count, CONTAINERS_SHOWN_MAX)


@pytest.mark.parametrize("ship", [True, False])
def test_ten_times_the_packages_take_no_more_reads(any_hub: Scene, *, ship: bool) -> None:
    reads = []
    for lot, count in (("SMALL", 60), ("LARGE", 600)):
        some = packs(count, start=lot)
        cases = [pack(f"{lot}{number}", CASE_GTIN) for number in range(count // 20)]
        pallet = sscc(count)
        any_hub.capture(
            made(*some, lot=lot),
            made(*cases, lot=lot),
            made_unit(pallet),
            *(packed(case, *some[index * 20 : index * 20 + 20]) for index, case in enumerate(cases)),
            packed(pallet, *cases, minute=6),
            *([shipped(pallet)] if ship else []),
        )
        reader: Any = any_hub.node._reader()
        any_hub.node.holders(GTIN, lot)  # what is remembered by number is remembered
        with mock.patch.object(reader, "_all", wraps=reader._all) as read:
            assert any_hub.node.holders(GTIN, lot).packs == count
        reads.append(read.call_count)
    assert reads[0] == reads[1] <= 30  # names and settings included


def test_the_count_is_of_one_moment(any_hub: Scene) -> None:
    any_hub.capture(*delivery(*PACKS))
    reader: Any = any_hub.node._reader()
    real = reader.parents_of_events

    def meanwhile(positions: Any) -> Any:
        told = (story.received(sscc(1)), story.dispensed(*PACKS[:6]))
        other = threading.Thread(target=lambda: any_hub.capture(*told, sender=PHARMACY))  # with a reader of its own
        other.start()
        other.join()
        return real(positions)

    with mock.patch.object(reader, "parents_of_events", meanwhile):
        assert any_hub.node.holders(GTIN, LOT).by_state == {"in-transit": len(PACKS)}
    assert any_hub.node.holders(GTIN, LOT).by_state == {"on-hand": 6, "dispensed": 6}


def test_the_counter_answers_after_a_count(any_hub: Scene) -> None:
    any_hub.capture(*delivery(*PACKS))
    any_hub.node.holders(GTIN, LOT)
    any_hub.capture(story.received(sscc(1)), story.dispensed(PACKS[0]), sender=PHARMACY)
    verdict: Verdict = any_hub.verify(PACKS[0], site=PHARMACY)
    assert verdict.state.disposition == "dispensed"
