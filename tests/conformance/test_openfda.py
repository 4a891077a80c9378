"""openFDA's own examples of its files, and its own names of their fields."""

from __future__ import annotations

import datetime
import io
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from rxtrail.openfda import FileCut, OpenFda
from rxtrail.openfda.values import KINDS, Dataset
from tests.conformance.shared import count, shared_dir

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.conformance
FIELDS = {Dataset.NDC: "drugndc", Dataset.LABEL: "druglabel", Dataset.SHORTAGES: "drugshortages"}


@pytest.fixture
def files() -> Path:
    folder = shared_dir()
    if folder is None:
        pytest.skip("no shared test data: set RXTRAIL_SHARED or put a folder 'shared' beside this one")
    return folder / "conformance" / "dscsa" / "openfda"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[OpenFda]:
    opened = OpenFda(tmp_path, now_us=lambda: 1, today=lambda: datetime.date(2026, 11, 30), seconds=lambda: 0.0)
    yield opened
    opened.close()


def load(room: OpenFda, dataset: str, example: Any) -> Any:
    content = json.dumps(example).encode()
    return room.load(dataset, [("example.json", lambda: io.BytesIO(content))])


def example(files: Path, dataset: str) -> Any:
    return json.loads((files / dataset / "fda_site_example.json").read_bytes())


def test_the_ndc_example_becomes_a_product(files: Path, room: OpenFda) -> None:
    told = example(files, "ndc")
    load(room, "ndc", {**told["meta"], "results": [told["result"]]})
    [package] = told["result"]["packaging"]
    found = room.product(package["package_ndc"])
    [upc] = told["result"]["openfda"]["upc"]
    assert found.gtin == upc.zfill(14), "the code that openFDA found itself"
    assert (found.brand, found.labeler) == (told["result"]["brand_name"], told["result"]["labeler_name"])
    count()


def test_the_label_example_is_a_label(files: Path, room: OpenFda) -> None:
    told = example(files, "label")["results"]
    assert load(room, "label", told).kept == len(told["results"])
    count()


def test_the_shortages_example_is_a_product_and_is_refused_as_such(files: Path, room: OpenFda) -> None:
    with pytest.raises(FileCut, match="shortages"):
        load(room, "shortages", {"results": [example(files, "shortages")["result"]]})
    count()


@pytest.mark.parametrize("dataset", Dataset)
def test_every_field_that_is_read_is_one_of_openfdas(files: Path, dataset: Dataset) -> None:
    page = (files / "fields" / f"{FIELDS[dataset]}.yaml").read_text(encoding="utf-8")
    known = set(re.findall(r"^\s+(\w+):", page, re.MULTILINE))
    # The page of the NDC directory leaves the labeler out; openFDA's example has it.
    assert set(KINDS[dataset].__struct_fields__) - known <= {"labeler_name"}
    count()
