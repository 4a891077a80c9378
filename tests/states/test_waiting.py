"""Orders of many counters that go into one transaction: none stands in another's way, none waits for ever."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from rxtrail.errors import Refused, RxtrailError
from rxtrail.states.counter import Counter
from tests.story import OTHER_PHARMACY, PHARMACY, Scene, delivery, element_string, packs

if TYPE_CHECKING:
    from rxtrail.answers import ChangeReceipt

THREADS = 64
PACKS = packs(THREADS)


def all_at_once(scene: Scene, orders: list[dict[str, str]]) -> list[ChangeReceipt | Exception]:
    gate = threading.Barrier(len(orders))

    def one(order: dict[str, str]) -> ChangeReceipt | Exception:
        gate.wait(30)
        try:
            return scene.node.change(order.pop("verb", "dispense"), order.pop("code"), **order)
        except Exception as error:  # noqa: BLE001 (looked at below)
            return error

    with ThreadPoolExecutor(len(orders)) as pool:
        return list(pool.map(one, orders))


@pytest.fixture
def counter(pharmacy: Scene) -> Scene:
    pharmacy.capture(*delivery(*PACKS))
    return pharmacy


def test_64_sites_dispensing_one_pack_get_one_yes_and_63_no(counter: Scene) -> None:
    code = element_string(PACKS[0])
    answers = all_at_once(counter, [{"code": code, "site": PHARMACY.gln, "key": f"k{n}"} for n in range(THREADS)])
    assert sum(isinstance(answer, Refused) for answer in answers) == THREADS - 1


def test_one_site_and_key_get_64_equal_answers_and_one_event(counter: Scene) -> None:
    code = element_string(PACKS[0])
    answers = all_at_once(counter, [{"code": code, "site": PHARMACY.gln, "key": "k"} for _ in range(THREADS)])
    told = {(answer.event_id, answer.log_index, answer.recorded_at) for answer in answers}  # type: ignore[union-attr]
    assert len(told) == 1
    assert sum(not answer.repeated for answer in answers) == 1  # type: ignore[union-attr]


def test_yes_and_no_of_one_transaction_do_not_mix(counter: Scene) -> None:
    orders = [{"code": element_string(epc), "site": PHARMACY.gln} for epc in PACKS]
    for order in orders[::3]:
        order["site"] = OTHER_PHARMACY.gln
    for order in orders[1::3]:
        order["code"] = "hello"
    answers = all_at_once(counter, orders)
    for number, answer in enumerate(answers):
        if number % 3 == 2:
            assert answer.epc == PACKS[number]  # type: ignore[union-attr]
            assert counter.pack(PACKS[number])["disposition"] == "dispensed"
        else:
            assert isinstance(answer, RxtrailError)
            assert counter.pack(PACKS[number])["disposition"] == "active"


def test_a_mistake_of_our_own_fails_the_order_that_met_it_and_no_other(
    counter: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    carry_out = Counter.carry_out
    poison = element_string(PACKS[7])

    def poisoned(self: Counter, tx: Any, log: Any, orders: Any, **more: Any) -> Any:
        if any(order.code == poison for order in orders):
            raise ZeroDivisionError
        return carry_out(self, tx, log, orders, **more)

    monkeypatch.setattr(Counter, "carry_out", poisoned)
    answers = all_at_once(counter, [{"code": element_string(epc), "site": PHARMACY.gln} for epc in PACKS])
    assert [n for n, answer in enumerate(answers) if isinstance(answer, Exception)] == [7]
    assert isinstance(answers[7], ZeroDivisionError)
    assert sum(counter.pack(epc)["disposition"] == "dispensed" for epc in PACKS) == THREADS - 1


def test_after_the_node_closed_an_order_is_refused_and_does_not_hang(counter: Scene) -> None:
    counter.node._writer.close()  # type: ignore[union-attr]
    with pytest.raises(RxtrailError, match="closing"):
        counter.change("dispense", PACKS[0], site=PHARMACY)
    counter.node._writer._closing = True  # type: ignore[union-attr]
