"""What openFDA's files say stands beside the verdict and on the pack's page, and changes neither."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

from rxtrail import clock
from tests.openfda import files
from tests.openfda.files import BOXED, OTHER_GTIN, answer, label, shortage
from tests.web import scene
from tests.web.conftest import GOOD

if TYPE_CHECKING:
    from rxtrail.bootstrap import Node
    from tests.web.conftest import Api


def load(node: Node, dataset: str, content: bytes) -> None:
    node.openfda.load(dataset, [("file.json", lambda: io.BytesIO(content))])


def without(verdict: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in verdict.items() if name not in ("safety", "checked_at", "log_size")}


@pytest.fixture
def loaded(node: Node) -> Node:
    load(node, "ndc", answer(*files.PRODUCTS))
    load(node, "label", answer(label(boxed_warning=BOXED, drug_interactions="Warfarin: watch the INR.")))
    load(node, "shortages", answer(shortage()))
    return node


def test_with_nothing_loaded_a_verdict_is_what_it_was(api: Api) -> None:
    assert "safety" not in api.verify(scene.scan(GOOD))


@pytest.mark.parametrize("code", [scene.scan(GOOD), scene.scan("NOBODY"), scene.scan(GOOD, lot="OTHER")])
def test_notes_stand_beside_a_verdict_and_touch_nothing_of_it(api: Api, node: Node, code: str) -> None:
    before = api.verify(code, site=scene.PHARMACY)
    load(node, "label", answer(label(boxed_warning=BOXED)))
    load(node, "shortages", answer(shortage()))
    after = api.verify(code, site=scene.PHARMACY)
    assert [note["kind"] for note in after["safety"]] == ["boxed-warning", "shortage"]
    assert without(after) == without(before)


def test_a_product_of_which_nothing_is_known_has_no_notes(api: Api, loaded: Node) -> None:
    assert loaded.openfda.status().shown
    assert api.verify(f"(01){OTHER_GTIN}(21)X(17)290930(10)L")["safety"] == []
    assert api.verify("nonsense")["safety"] == []


def test_the_directory_names_a_product_that_nobody_else_names(api: Api, loaded: Node) -> None:
    assert loaded.openfda.status().shown
    assert api.verify(f"(01){OTHER_GTIN}(21)X(17)290930(10)L")["pack"]["product"] == "Brand Warfarin"
    assert api.verify(scene.scan(GOOD))["pack"]["product"] == scene.PRODUCT, "the maker's own word comes first"


def test_the_public_is_shown_the_verdict_alone(api: Api, loaded: Node) -> None:
    assert loaded.openfda.status().shown
    assert "safety" not in api.verify(scene.scan(GOOD), purpose="public")


def test_the_setting_takes_it_off_verdict_and_page(api: Api, loaded: Node) -> None:
    page = f"/packs/{scene.GTIN}/{GOOD}"
    assert 'data-kind="boxed-warning"' in api.get(page).text
    assert "not clinical advice" in api.get(page).text
    loaded.openfda.show(shown=False)
    assert "safety" not in api.verify(scene.scan(GOOD))
    assert 'data-kind="boxed-warning"' not in api.get(page).text


def test_label_text_is_text_on_a_page_and_never_markup(api: Api, node: Node) -> None:
    load(node, "label", answer(label(boxed_warning="<img src=x onerror=alert(1)> Danger.")))
    page = api.get(f"/packs/{scene.GTIN}/{GOOD}").text
    assert "<img" not in page
    assert "&lt;img" in page


def test_all_that_is_known_of_a_product_is_given_with_the_whole_text(api: Api, loaded: Node) -> None:
    assert loaded.openfda.status().shown
    found = api.get(f"/api/v1/safety/{scene.GTIN}").json()
    assert found["labels"][0]["sections"]["boxed_warning"] == BOXED
    assert found["product"]["brand"] == "Brand Examplinib"
    assert found["shortages"][0]["status"] == "Current"
    assert api.get("/api/v1/safety/00352601815904").status_code == 404


def test_a_basket_is_asked_about_by_scans(api: Api, loaded: Node) -> None:
    assert loaded.openfda.status().shown
    codes = [scene.scan(GOOD), OTHER_GTIN]
    found = api.post("/api/v1/safety/basket", json={"codes": codes}).json()
    assert [(note["gtin"], note["other"]) for note in found["interactions"]] == [(scene.GTIN, OTHER_GTIN)]
    assert api.post("/api/v1/safety/basket", json={"codes": ["nonsense"]}).status_code == 400
    assert api.post("/api/v1/safety/basket", json={"codes": [], "x": 1}).status_code == 400


def test_what_was_loaded_can_be_asked_for(api: Api, loaded: Node) -> None:
    assert loaded.openfda.status().shown
    told = api.get("/api/v1/openfda").json()
    assert (told["shown"], told["products"], told["labels"], told["shortages"]) == (True, 2, 1, 1)
    assert told["files"][0]["loaded_at"][:4] == str(clock.today().year)
    found = api.get("/api/v1/openfda/products?name=warfarin").json()["products"]
    assert [each["gtin"] for each in found] == [OTHER_GTIN]
    assert api.get("/api/v1/openfda/products").status_code == 400
