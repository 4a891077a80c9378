"""Lot and expiry are found whatever a sender calls them."""

from __future__ import annotations

from typing import Any

import pytest

from rxtrail.core.epcis.event import Event
from rxtrail.core.epcis.ilmd import ilmd_lot_expiry

MDA = "{urn:epcglobal:cbv:mda}"
USHC = "{http://epcis.gs1us.org/hc/ns}"


def told(**members: Any) -> tuple[str, str, set[str]]:
    return told_of(members)


def told_of(ilmd: dict[str, Any]) -> tuple[str, str, set[str]]:
    lot, expiry, problems = ilmd_lot_expiry(Event("ObjectEvent", 0, ilmd=ilmd))
    return lot, expiry, {code for code, _ in problems}


def test_an_event_without_ilmd_tells_nothing() -> None:
    assert told() == ("", "", set())


@pytest.mark.parametrize(
    "ilmd",
    [
        {MDA + "lotNumber": "L1", MDA + "itemExpirationDate": "2028-02-29"},
        {USHC + "lotNumber": "L1", USHC + "itemExpirationDate": "2028-02-29"},
        {"lotNumber": "L1", "itemExpirationDate": "2028-02-29"},
        {"lot_number": "L1", "expirationDate": "2028-02-29T00:00:00Z"},
        {"{http://acme.example/}batchNumber": "L1", "{http://acme.example/}expiry": "20280229"},
        {"acme:lotNumber": "L1", "acme:itemExpirationDate": "280229"},
        {MDA + "lotNumber": {"@type": "x", "#text": " L1 "}, MDA + "itemExpirationDate": ["2028-02-29", "2029-01-01"]},
        {MDA + "lotNumber": {"@value": "L1"}, MDA + "itemExpirationDate": "2028-02"},
        {MDA + "lotNumber": "L1", MDA + "itemExpirationDate": "280200"},
    ],
)
def test_every_spelling_is_understood(ilmd: dict[str, Any]) -> None:
    assert told_of(ilmd) == ("L1", "2028-02-29", set())


def test_the_standard_s_own_names_go_before_others() -> None:
    assert told(lot="A", lotNumber="B", expiry="2028-01-01", itemExpirationDate="2028-02-01")[:2] == ("B", "2028-02-01")


@pytest.mark.parametrize("expiry", ["271399", "2027-13-01", "2027-02-30", "soon", "0000-01-01", "27-01-01"])
def test_an_impossible_expiry_is_said_and_not_guessed(expiry: str) -> None:
    assert told(lotNumber="L1", itemExpirationDate=expiry) == ("L1", "", {"INVALID_EXPIRY"})


def test_a_lot_without_expiry_is_said() -> None:
    assert told(lotNumber="L1") == ("L1", "", {"MISSING_EXPIRY"})


def test_a_lot_past_20_characters_is_said_and_kept() -> None:
    assert told(lotNumber="L" * 20, itemExpirationDate="2028-01-31")[2] == set()
    assert told(lotNumber="L" * 21, itemExpirationDate="2028-01-31") == ("L" * 21, "2028-01-31", {"LOT_TOO_LONG"})


def test_a_number_is_a_lot_and_a_truth_value_is_none() -> None:
    assert told(lotNumber=123456, itemExpirationDate="2028-01-31")[0] == "123456"
    assert told(lotNumber=None, itemExpirationDate="2028-01-31")[0] == ""
