"""Who holds a lot, over HTTP."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING
from urllib.parse import quote

from tests.web import scene

if TYPE_CHECKING:
    from rxtrail.bootstrap import Node
    from tests.web.conftest import Api

PATH = f"/api/v1/lots/{scene.GTIN}"


def test_shares_are_told_with_names(api: Api) -> None:
    answer = api.get(f"{PATH}/{scene.LOT}/holders")
    assert answer.status_code == 200
    told = answer.json()
    assert (told["packs"], told["by_state"]) == (5, {"in-transit": 4, "ended": 1})
    assert told["product"] == scene.PRODUCT
    transit = told["holders"][0]
    assert transit["in_transit_to"] == {"id": scene.PHARMACY, "name": "Main Street Pharmacy"}
    assert transit["containers"] == [f"00/{scene.CASE}"]


def test_a_lot_may_hold_a_slash(api: Api, node: Node) -> None:
    node.capture(io.BytesIO(scene.shipment("ZZ1", lot="A/7", day="2026-11-05")), name="odd.xml")
    assert api.get(f"{PATH}/{quote('A/7', safe='')}/holders").json()["packs"] == 1


def test_an_unknown_lot_and_a_wrong_question_are_refused(api: Api) -> None:
    assert api.get(f"{PATH}/NONE/holders").status_code == 404
    assert api.get(f"{PATH}/{scene.LOT}/holders?expiry={scene.EXPIRY}").status_code == 200
    assert api.get(f"{PATH}/{scene.LOT}/holders?expiry=2031-01-31").status_code == 404
    assert api.get(f"{PATH}/{scene.LOT}/holders?expiry=soon").status_code == 400
    assert api.get(f"{PATH}/{scene.LOT}/holders?expire=2031-01-31").status_code == 400
    assert api.get(f"/api/v1/lots/12x/{scene.LOT}/holders").status_code == 400
