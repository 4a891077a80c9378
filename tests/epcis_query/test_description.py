"""Whatever the OpenAPI document allows to ask is answered as it says: no fault of ours, no answer out of shape."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from rxtrail.bootstrap import open_node
from rxtrail.web.epcis import openapi
from tests.epcis_query.cases import VOCABULARIES
from tests.epcis_query.events import all_events, document
from tests.web.conftest import Planted
from tests.web.test_serve import Running

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
OPERATIONS = [(path, method) for path, item in openapi.paths().items() for method in item]


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with open_node(tmp_path_factory.mktemp("described")) as node:
        node.capture(io.BytesIO(json.dumps(document(all_events(50), VOCABULARIES)).encode()), name="events")
        with Running(Planted(node, failed=None)) as (authority, _):
            yield schemathesis.openapi.from_url(f"http://{authority}/openapi.json")


@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=[f"{method} {path}" for path, method in OPERATIONS])
def test_every_operation_answers_as_it_is_described(described: Any, path: str, method: str) -> None:
    @hypothesis.given(case=described[path][method.upper()].as_strategy())
    @hypothesis.settings(
        max_examples=15, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    def holds(case: Any) -> None:
        case.call_and_validate(checks=CHECKS)

    holds()
