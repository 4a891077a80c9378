"""Names of products and places go up with the events that speak of them, and never over what the hub knows itself."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import msgspec
import pytest

from rxtrail.core.epcis.write_json import event_json
from rxtrail.core.gs1.check_digit import check_digit
from rxtrail.joined.up import Up
from rxtrail.sites.masters import ATTRIBUTES_MAX, CHARACTERS_MAX, rows_of
from rxtrail.sites.wire import Feed, Told
from tests import story
from tests.web import scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.story import Scene

OTHER_BODY = f"0{scene.MAKER_PREFIX}67891"
OTHER_GTIN = OTHER_BODY + check_digit(OTHER_BODY)


def of_the_other_product(document: bytes) -> bytes:
    return document.replace(f".0{scene.ITEM}".encode(), b".067891")


def load(node: Scene, document: bytes) -> None:
    receipt = node.node.capture(io.BytesIO(document), name="a.xml")
    assert receipt.state == "success", receipt


class Pair:
    """A pharmacy's record and its hub's; what goes up is handed over as it would go over the wire."""

    def __init__(self, site: Scene, hub: Scene) -> None:
        self.site, self.hub = site, hub
        self.up = Up(site.node._reader, lambda: site.node._writing()[0])
        self.through = -1

    def tell(self) -> list[Feed]:
        """Hand over all that the hub does not have."""
        told: list[Feed] = []
        while True:
            at, feed = self.up.batch(self.site.node._reader(), self.through, self.through, event_json)
            if feed is None:
                return told
            carried = msgspec.json.decode(msgspec.json.encode(feed), type=Feed)
            self.hub.node.sites.feed(carried, site=scene.PHARMACY)
            self.up.things.taken()
            self.through = at
            told.append(carried)

    def name_at_hub(self, gtin: str) -> str:
        self.hub.time.pass_by(seconds=1)
        return self.hub.node.verify(f"(01){gtin}(21)X").pack.product


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with (
        story.scene(tmp_path / "hub", "hub") as hub,
        story.scene(tmp_path / "site", "pharmacy", story.PHARMACY) as site,
    ):
        yield Pair(site, hub)


def test_a_product_that_only_the_site_knows_has_its_name_at_the_hub(pair: Pair) -> None:
    load(pair.site, of_the_other_product(scene.shipment("A1", product="Otherine 5 mg")))
    assert pair.name_at_hub(OTHER_GTIN) == ""
    (feed,) = pair.tell()
    assert f"01/{OTHER_GTIN}" in {told.thing for told in feed.masters}
    assert pair.name_at_hub(OTHER_GTIN) == "Otherine 5 mg"


def test_a_site_renames_nothing_that_the_hub_knows_from_others(pair: Pair) -> None:
    load(pair.hub, scene.shipment("B1"))
    load(pair.site, scene.shipment("A1", product="Sugar pills", day="2026-11-20"))
    pair.tell()
    assert pair.name_at_hub(scene.GTIN) == scene.PRODUCT
    assert pair.site.node.verify(f"(01){scene.GTIN}(21)A1").pack.product == "Sugar pills"


def test_what_was_told_once_is_not_told_again_until_it_is_another(pair: Pair) -> None:
    load(pair.site, scene.shipment("A1"))
    (first,) = pair.tell()
    load(pair.site, scene.shipment("A2", day="2026-11-03"))
    (second,) = pair.tell()
    assert [told.thing for told in first.masters if told.thing.startswith("01/")] == [f"01/{scene.GTIN}"]
    assert second.masters == []


@pytest.mark.parametrize(
    "told",
    [
        Told("00/003123450000000011", "2026-11-02", {"name": "x"}),
        Told("01/123", "2026-11-02", {"name": "x"}),
        Told(f"01/{scene.GTIN}", "2026-11-02", {}),
        Told(f"01/{scene.GTIN}", "2026-11-02", {"name": "x" * (CHARACTERS_MAX + 1)}),
        Told(f"01/{scene.GTIN}", "2026-11-02", {"name": "a\nb"}),
        Told(f"01/{scene.GTIN}", "2026-11-02", {str(n): "x" for n in range(ATTRIBUTES_MAX + 1)}),
        Told(f"01/{scene.GTIN}", "\x1b[2J", {"name": "x"}),
    ],
)
def test_what_names_nothing_or_says_too_much_is_left_out(told: Told) -> None:
    assert rows_of([told], scene.PHARMACY) == []
    fits = Told(f"01/{scene.GTIN}", "2026-11-02", {"name": "x" * CHARACTERS_MAX})
    assert len(rows_of([fits], scene.PHARMACY)) == 1
