"""``/openapi.json``, built from the same table as the routes, so neither can know more than the other."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from rxtrail.web import limits
from rxtrail.web.problems import MEDIA_TYPE, Problem, internal, status_of

if TYPE_CHECKING:
    from rxtrail.web.context import Endpoint

_REFERENCE: Final = "#/components/schemas/{name}"
Json = dict[str, Any]  # a JSON Schema or a part of an OpenAPI document


def describe(
    endpoints: tuple[Endpoint, ...],
    types: tuple[type, ...],
    *,
    version: str,
    more_paths: dict[str, Json] | None = None,
    more_schemas: dict[str, Json] | None = None,
) -> bytes:
    """The OpenAPI 3.1 document of all endpoints."""
    _, components = msgspec.json.schema_components((*types, Problem), ref_template=_REFERENCE)
    paths: dict[str, Json] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path.replace(":path}", "}"), {})[endpoint.method.lower()] = _operation(endpoint)
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "rxtrail",
                "version": version,
                "description": "Medicine track and trace: EPCIS in, a verdict at the counter out.",
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "servers": [{"url": "/"}],
            "paths": {**paths, **(more_paths or {})},
            "components": {"schemas": {**components, **(more_schemas or {})}},
        },
        order="deterministic",
    )


def _operation(endpoint: Endpoint) -> Json:
    responses: dict[str, Json] = {str(endpoint.status): _answer(endpoint.summary, endpoint.answer)}
    for status, kind in endpoint.others:
        responses[str(status)] = _answer(endpoint.summary, kind)
    problem = {MEDIA_TYPE: {"schema": {"$ref": _REFERENCE.format(name="Problem")}}}
    by_status: dict[int, list[str]] = {internal().status: [internal().code]}
    for error in endpoint.refusals:
        by_status.setdefault(status_of(error).value, []).append(error.code)
    for status, codes in by_status.items():
        responses[str(status)] = {"description": f"Refused: {', '.join(codes)}.", "content": problem}
    operation: Json = {
        "operationId": _name(endpoint),
        "summary": endpoint.summary,
        "parameters": _parameters(endpoint),
        "responses": responses,
    }
    if endpoint.body:
        operation["requestBody"] = {"required": True, "content": _content(endpoint.body)}
    return operation


def _answer(summary: str, kind: type | tuple[str, ...]) -> Json:
    return {"description": summary, "content": _content(kind)}


def _content(kind: type | tuple[str, ...]) -> Json:
    if isinstance(kind, tuple):
        return {media_type: {} for media_type in kind}
    return {"application/json": {"schema": {"$ref": _REFERENCE.format(name=kind.__name__)}}}


def _parameters(endpoint: Endpoint) -> list[Json]:
    found: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)(?::path)?}", endpoint.path)
    ]
    if endpoint.query is not None:
        schema = msgspec.json.schema(endpoint.query)["$defs"][endpoint.query.__name__]
        found += [{"name": name, "in": "query", "schema": kind} for name, kind in schema["properties"].items()]
    if endpoint.key:
        found.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "description": "The same key within ten minutes gives the first answer again.",
                "schema": {"type": "string", "maxLength": limits.KEY_CHARACTERS_MAX},
            }
        )
    return found


def _name(endpoint: Endpoint) -> str:
    words = re.findall(r"[a-z]+", endpoint.path.removeprefix("/api/v1"))
    return "_".join([endpoint.method.lower(), *words])
