"""The product table: loaded whole or not at all, listed by GTIN, and asked when a code has no serial number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from rxtrail.core.rules.coverage import EXEMPT, Product
from rxtrail.errors import BadRequest, NotFound
from rxtrail.products import ProductsReport
from tests import story
from tests.story import GTIN, gtin, made, pack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.story import Scene

GAS, OLD = gtin("55555"), gtin("66666")
TABLE = f"gtin,name,ndc,exempt,unserialised_until\r\n{GAS},Oxygen,,medical-gas,\r\n{OLD},Old,,,2027-12-31\r\n".encode()


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Scene]:
    with story.scene(tmp_path) as opened:
        yield opened


def test_a_table_is_added_to_changed_and_replaced(node: Scene) -> None:
    products = node.node.products
    assert node.node.load_products(TABLE) == ProductsReport(2, 2, 0, 0)
    assert node.node.load_products(TABLE) == ProductsReport(2, 0, 0, 0)
    more = msgspec.json.encode([{"gtin": GAS.lstrip("0"), "exempt": "otc"}, {"gtin": GTIN, "name": "New"}])
    assert node.node.load_products(more) == ProductsReport(2, 1, 1, 0)
    assert products.page() == sorted(products.page(), key=lambda product: product.gtin)
    assert products.get(GAS) == Product(GAS, exempt="otc")
    assert node.node.load_products(TABLE, replace=True) == ProductsReport(2, 0, 1, 1)
    assert b"".join(products.table()) == TABLE
    assert node.node.remove_product(OLD).name == "Old"
    assert [product.gtin for product in products.page()] == [GAS]
    for ask in (products.get, node.node.remove_product):
        with pytest.raises(NotFound):
            ask(OLD)


def test_pages_follow_one_another(node: Scene) -> None:
    table = "gtin\n" + "\n".join(gtin(f"{number:05d}") for number in range(25))
    node.node.load_products(table.encode())
    listed: list[str] = []
    while page := node.node.products.page(listed[-1] if listed else "", 10):
        listed += [product.gtin for product in page]
    assert listed == sorted(gtin(f"{number:05d}") for number in range(25))


@pytest.mark.parametrize(
    ("table", "place"),
    [
        ("name\nX", "line 1"),
        (f"gtin\n{GAS}\n{GAS[:-1]}0", "line 3"),
        (f"gtin,exempt\n{GAS},nonsense", "line 2"),
        (f"gtin,unserialised_until\n{GAS},31.12.2027", "line 2"),
        (f"gtin,name\n{GAS},A\n{GAS},B", "line 3"),
        (f"gtin,name\n{GAS},{'A' * 501}", "line 2"),
        ('[{"gtin": "123"}]', "[0]"),
        (f'[{{"gtin": "{GAS}", "colour": "red"}}]', "[0]"),
        ("[1]", "file"),
        ("[" * 100_000, "file"),
        ("gtin\n\udcff", "file"),
    ],
)
def test_one_wrong_row_and_nothing_is_loaded(node: Scene, table: str, place: str) -> None:
    node.node.load_products(TABLE)
    with pytest.raises(BadRequest) as refused:
        node.node.load_products(table.encode(errors="surrogateescape"), replace=True)
    assert refused.value.place == place
    assert len(node.node.products.page()) == 2


def test_every_kind_that_is_not_tracked_is_told_in_words(node: Scene) -> None:
    for kind, words in EXEMPT.items():
        node.node.load_products(f"gtin,exempt\n{GAS},{kind}".encode())
        verdict = node.node.verify(GAS[1:])
        assert (verdict.verdict.value, verdict.reasons[0].code) == ("not-covered", "exempt-product")
        assert words in verdict.reasons[0].message


def test_a_change_of_the_table_counts_at_once_and_a_tracked_pack_is_judged_as_ever(node: Scene) -> None:
    assert node.node.verify(GAS[1:]).verdict.value == "check"
    node.node.load_products(TABLE)
    assert node.node.verify(GAS[1:]).verdict.value == "not-covered"
    node.node.remove_product(GAS)
    assert node.node.verify(GAS[1:]).verdict.value == "check"
    node.node.load_products(f"gtin,exempt\n{GTIN},otc".encode())
    node.capture(made(pack("S1")))
    assert node.verify(pack("S1")).verdict.value == "ok"
    assert node.verify(pack("NOTHINGALIKE")).verdict.value == "stop"


def test_a_name_of_the_table_is_told_where_no_maker_gave_one(node: Scene) -> None:
    node.node.load_products(f"gtin,name,ndc\n{GTIN},Table name,12345-678-90".encode())
    node.capture(made(pack("S1")))
    told = node.verify(pack("S1")).pack
    assert (told.product, told.ndc) == ("Table name", "12345-678-90")
