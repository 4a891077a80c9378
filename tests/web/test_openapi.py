"""The description of the API is as complete as the API."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from rxtrail.errors import RxtrailError
from rxtrail.web import problems
from rxtrail.web.api.table import ENDPOINTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.web.conftest import Api

EPCIS = "/epcis"
METHODS = {"get", "put", "post", "patch", "delete"}


@pytest.fixture
def description(api: Api) -> Any:
    return api.get("/openapi.json").json()


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def test_every_endpoint_is_described_once(description: Any) -> None:
    described = {
        (method.upper(), path)
        for path, item in description["paths"].items()
        if not path.startswith(EPCIS)
        for method in item
        if method in METHODS
    }
    assert described == {(endpoint.method, endpoint.path.replace(":path}", "}")) for endpoint in ENDPOINTS}
    assert len(ENDPOINTS) == len(described)


def test_every_described_address_answers(api: Api, description: Any) -> None:
    for path, item in description["paths"].items():
        filled = re.sub(r"{\w+}", "0", path)
        for method in item:
            answer = api(method.upper(), filled, headers={"accept": "application/json, */*"})
            assert answer.status_code not in (405, 500), (method, filled)
            if answer.status_code == 404:
                assert answer.json()["detail"] != "There is nothing at this address."


def test_every_reference_resolves(description: Any) -> None:
    known = {f"#/components/schemas/{name}" for name in description["components"]["schemas"]}
    used = set(references(description))
    assert used
    assert used <= known


def test_every_operation_has_its_own_name_and_its_parameters(description: Any) -> None:
    names = [operation["operationId"] for item in description["paths"].values() for operation in item.values()]
    assert len(names) == len(set(names))
    for path, item in description["paths"].items():
        for operation in item.values():
            in_path = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
            assert in_path == set(re.findall(r"{(\w+)}", path))


def test_every_refusal_is_a_problem(description: Any) -> None:
    for path, item in description["paths"].items():
        forms = ["application/problem+json", "application/problem+xml"]
        for operation in item.values():
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    assert list(answer["content"]) == (forms if path.startswith(EPCIS) else forms[:1])


def test_the_verdict_object_is_described_field_for_field(api: Api, description: Any) -> None:
    verdict = api.verify("x")
    assert set(description["components"]["schemas"]["Verdict"]["properties"]) == {*verdict, "eu", "safety"}, (
        "eu only where an alert is raised, safety only where openFDA's files were loaded"
    )


def every_error(kind: type[RxtrailError] = RxtrailError) -> Iterator[type[RxtrailError]]:
    for child in kind.__subclasses__():
        yield child
        yield from every_error(child)


def test_every_named_error_has_a_status_of_its_own() -> None:
    ours = [kind for kind in every_error() if kind.__module__.startswith("rxtrail.")]
    assert ours
    assert [kind for kind in ours if not any(each in problems.STATUSES for each in kind.__mro__)] == []


def test_the_description_is_the_same_every_time(api: Api) -> None:
    assert api.get("/openapi.json").content == api.get("/openapi.json").content
    assert json.loads(api.get("/openapi.json").content)["openapi"].startswith("3.1")
