"""The description of the EPCIS binding has all that the official one has: paths, methods, parameters, statuses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from rxtrail.core.epcis.query.parameters import find
from rxtrail.web.epcis import openapi
from rxtrail.web.epcis.queries import CONTROLS
from tests.conformance.shared import count

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.conformance
BASE = "/epcis"


REST = "conformance/epcis/schemas/epcis-2.0/rest"


def resolved(document: Any, value: Any) -> Any:
    while "$ref" in value:
        found = document
        for part in value["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        value = found
    return value


def operations(document: Any) -> dict[tuple[str, str], tuple[set[tuple[str, str]], set[str]]]:
    found = {}
    for path, item in document["paths"].items():
        shared = item.get("parameters", [])
        for method, operation in item.items():
            if method != "parameters":
                given = [resolved(document, each) for each in [*shared, *operation.get("parameters", [])]]
                parameters = {(each["in"], each["name"].lower()) for each in given}
                found[method, path] = (parameters, set(operation["responses"]))
    return found


def test_every_path_parameter_and_status_of_the_official_document_is_there(shared: Path) -> None:
    official = json.loads((shared / REST / "openapi.json").read_text(encoding="utf-8"))
    ours = operations({"paths": openapi.paths()})
    missing: list[object] = []
    for (method, path), (parameters, statuses) in operations(official).items():
        count()
        held = ours.get((method, BASE + path))
        if held is None:
            missing.append((method, path, "not there"))
            continue
        missing += [(method, path, each) for each in sorted(parameters - held[0])]
        missing += [(method, path, each) for each in sorted(statuses - held[1])]
    assert missing == []


def test_every_parameter_of_the_official_list_is_in_the_table(shared: Path) -> None:
    rows = (shared / REST / "query_parameters.csv").read_text(encoding="utf-8").splitlines()
    missing = []
    for row in rows[1:]:
        name, kind = row.split(",", 1)[0].strip('"'), "pattern" if ",pattern," in row else "fixed"
        if name == "@context" or name in CONTROLS:
            continue
        count()
        if kind == "pattern":
            name = name if name.endswith("$") else row.split('",', 1)[0].strip('"')
            name = (
                name.strip("^$")
                .replace("[a-z][a-zA-Z0-9]*", "ex")
                .replace("\\\\:", ":")
                .replace("\\\\w+", "name")
                .replace("[A-Z0-9]{2,4}", "CEL")
                .replace("[a-z][a-zA-Z0-9_]+", "po")
            )
        if find(name) is None:
            missing.append(name)
    assert missing == []
