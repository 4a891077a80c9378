"""``rxtrail holders``: who holds a lot, in words and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cli.conftest import PACK, PHARMACY, SSCC

if TYPE_CHECKING:
    from tests.cli.conftest import CommandLine

GTIN, _, LOT, _ = PACK


def test_it_tells_the_party_and_the_container(pharmacy: CommandLine) -> None:
    ran = pharmacy.json("holders", "--gtin", GTIN, "--lot", LOT)
    assert ran.code == 0
    [share] = ran.one["holders"]
    assert (share["state"], share["packs"], share["custodian"]["id"]) == ("on-hand", 3, PHARMACY)
    assert share["containers"] == [f"00/{SSCC}"]


def test_words_name_counts_and_party(pharmacy: CommandLine) -> None:
    told = pharmacy("holders", "--gtin", GTIN, "--lot", LOT).out.decode()
    assert PHARMACY in told
    assert "3 packs: 3 on-hand" in told


def test_an_ndc_is_its_products_of_every_level(pharmacy: CommandLine) -> None:
    assert pharmacy.json("holders", "--ndc", "52601-8159-0", "--lot", LOT).one["gtin"] == GTIN


def test_a_lot_that_is_not_on_record_is_no(pharmacy: CommandLine) -> None:
    ran = pharmacy.json("holders", "--gtin", GTIN, "--lot", "NONE")
    assert ran.code == 1
    assert ran.one["found"] is False
    assert pharmacy("holders", "--gtin", GTIN, "--lot", "NONE").code == 1


def test_an_expiry_tells_lots_of_one_name_apart(pharmacy: CommandLine) -> None:
    assert pharmacy("holders", "--gtin", GTIN, "--lot", LOT, "--expiry", "2030-12-31").code == 0
    assert pharmacy("holders", "--gtin", GTIN, "--lot", LOT, "--expiry", "2029-12-31").code == 1


def test_one_product_is_asked_for(pharmacy: CommandLine) -> None:
    assert pharmacy("holders", "--lot", LOT).code == 2
    assert pharmacy("holders", "--lot", LOT, "--gtin", GTIN, "--ndc", "52601-8159-0").code == 2
    assert pharmacy("holders", "--lot", LOT, "--gtin", "12x").code == 2
    assert pharmacy("holders", "--lot", LOT, "--ndc", "12").code == 2
