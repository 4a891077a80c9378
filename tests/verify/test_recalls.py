"""Recalls of packs, lots and products: who may say one, and that nothing but its end lifts it."""

from __future__ import annotations

import pytest

from tests import story
from tests.story import (
    GTIN,
    LOT,
    MAKER,
    OUTSIDER,
    PHARMACY,
    WHOLESALER,
    Scene,
    Told,
    delivery,
    packs,
    reasons,
    recalled,
    recalled_lot,
    sscc,
)

PACKS = packs(3)
RELEASING = "urn:rxtrail:bizstep:releasing"


def of_lot(step: str, disposition: str, minute: float, lot: str = LOT) -> Told:
    name = f"01/{GTIN}/10/{lot}" if lot else f"01/{GTIN}"
    return Told(minute, step, disposition, classes=(name,), at=MAKER)


@pytest.fixture
def stock(pharmacy: Scene) -> Scene:
    """Three packs in a case, on record at the pharmacy."""
    pharmacy.capture(*delivery(*PACKS))
    assert pharmacy.verify(PACKS[0], site=PHARMACY).verdict.value == "ok"
    return pharmacy


@pytest.mark.parametrize("sender", [MAKER, WHOLESALER], ids=["issuer", "partner"])
@pytest.mark.parametrize(("lot", "code"), [(LOT, "recalled"), ("", "withdrawn")])
def test_the_issuer_or_a_partner_recalls_a_lot_or_a_product(
    stock: Scene, lot: str, code: str, sender: story.Party
) -> None:
    stock.capture(recalled_lot(lot), sender=sender)
    assert reasons(stock.verify(PACKS[0], site=PHARMACY)) == {code: "stop"}


def test_an_outsiders_recall_is_not_believed(stock: Scene) -> None:
    stock.capture(recalled_lot(), recalled(*PACKS), recalled(sscc(1)), sender=OUTSIDER)
    assert stock.verify(PACKS[0], site=PHARMACY).verdict.value == "ok"


@pytest.mark.parametrize("lot", [LOT, ""])
@pytest.mark.parametrize("recall_first", [True, False])
def test_a_hold_on_a_recalled_lot_does_not_lift_the_recall(stock: Scene, lot: str, *, recall_first: bool) -> None:
    told = [of_lot("holding", "recalled", 60, lot), of_lot("holding", "non_sellable_other", 70, lot)]
    for each in told if recall_first else reversed(told):
        stock.capture(each)
    assert stock.verify(PACKS[0], site=PHARMACY).verdict.value == "stop"


def test_the_issuer_ends_its_recall(stock: Scene) -> None:
    stock.capture(recalled_lot(), of_lot(RELEASING, "active", 70))
    assert stock.verify(PACKS[0], site=PHARMACY).verdict.value == "ok"


def test_a_recall_after_the_end_of_one_stands(stock: Scene) -> None:
    stock.capture(recalled_lot(minute=80), of_lot(RELEASING, "active", 70))
    assert stock.verify(PACKS[0], site=PHARMACY).verdict.value == "stop"


def test_a_partner_does_not_end_the_issuers_recall(stock: Scene) -> None:
    stock.capture(recalled_lot())
    stock.capture(of_lot(RELEASING, "active", 70), sender=WHOLESALER)
    assert stock.verify(PACKS[0], site=PHARMACY).verdict.value == "stop"


def test_the_issuer_ends_a_partners_recall(stock: Scene) -> None:
    stock.capture(recalled_lot(), sender=WHOLESALER)
    stock.capture(of_lot(RELEASING, "active", 70))
    assert stock.verify(PACKS[0], site=PHARMACY).verdict.value == "ok"


@pytest.mark.parametrize("later", ["received", "sellable", "released by the pharmacy's file"])
def test_nothing_said_later_of_a_recalled_pack_by_others_lifts_its_recall(stock: Scene, later: str) -> None:
    stock.capture(recalled(PACKS[0]))
    told = {
        "received": story.received(PACKS[0], minute=80),
        "sellable": Told(80, "storing", "sellable_accessible", epcs=(PACKS[0],), at=PHARMACY),
        "released by the pharmacy's file": Told(80, RELEASING, "active", epcs=(PACKS[0],), at=PHARMACY),
    }[later]
    stock.capture(told, sender=PHARMACY)
    assert reasons(stock.verify(PACKS[0], site=PHARMACY)) == {"recalled": "stop"}
    assert stock.verify(PACKS[1], site=PHARMACY).verdict.value == "ok"


def test_the_issuer_ends_the_recall_of_a_pack(stock: Scene) -> None:
    stock.capture(recalled(PACKS[0]), Told(80, RELEASING, "active", epcs=(PACKS[0],), at=MAKER))
    assert stock.verify(PACKS[0], site=PHARMACY).verdict.value == "ok"


def test_a_recall_that_is_taken_back_is_none(stock: Scene) -> None:
    stock.capture(recalled_lot(), recalled(PACKS[0]))
    stock.capture(recalled_lot().declared_wrong(70), recalled(PACKS[0]).declared_wrong(70))
    assert stock.verify(PACKS[0], site=PHARMACY).verdict.value == "ok"
