"""The EPCIS binding as a part of ``/openapi.json``, from the tables of its routes and of the query parameters."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any, Final

from rxtrail.core.epcis.query.parameters import TABLE, Parameter, Takes
from rxtrail.epcis_query import PAGE_MAX
from rxtrail.web.epcis import problems
from rxtrail.web.epcis.queries import CONTROLS
from rxtrail.web.epcis.resources import BASE, RESOURCES, Operation, Resource, parameters

Json = dict[str, Any]
_REF: Final = "#/components/schemas/"
_TEXT: Final[Json] = {"type": "string"}
_TIME: Final[Json] = {"type": "string", "format": "date-time"}
_TEXTS: Final[Json] = {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1}
_TAKES: Final[dict[Takes, Json]] = {
    Takes.TEXTS: _TEXTS,
    Takes.IDS: _TEXTS,
    Takes.PATTERNS: _TEXTS,
    Takes.TIME: _TIME,
    Takes.NUMBER: {"type": "number"},
    Takes.NUMBERS: {"type": "array", "items": {"type": "number"}, "minItems": 1},
    Takes.BOOLEAN: {"type": "boolean"},
    Takes.VOID: {"type": "boolean"},
    Takes.ANY: _TEXTS,
    Takes.ORDERED: _TEXT,
    Takes.COUNT: {"type": "integer", "minimum": 1},
    Takes.TEXT: _TEXT,
}
_ROWS: Final = {row.name: row for row in TABLE if not row.is_pattern}
_RESPONSE_HEADERS: Final = ("GS1-EPCIS-Version", "GS1-CBV-Version", "GS1-Vendor-Version")
_COLLECTIONS: Final = (
    *("TopLevelResourceCollection", "EventTypeCollection", "UriCollection", "BizStepCollection"),
    *("DispositionCollection", "ResourceCollection"),
)
_MEMBERS: Final[Json] = {"type": "array", "items": _TEXT, "uniqueItems": True}


def paths() -> dict[str, Json]:
    """Give every path with its operations."""
    return {BASE + resource.path: _item(resource) for resource in RESOURCES}


def schemas() -> dict[str, Json]:
    """Give what the operations send and give."""
    collection: Json = {
        "type": "object",
        "required": ["@context", "type", "member"],
        "properties": {"@context": {}, "type": {"const": "Collection"}, "member": _MEMBERS},
    }
    job: Json = {
        "type": "object",
        "required": ["captureID", "running", "success"],
        "properties": {
            "captureID": _TEXT,
            "running": {"type": "boolean"},
            "success": {"type": "boolean"},
            "createdAt": _TIME,
            "finishedAt": _TIME,
            "captureErrorBehaviour": {"enum": ["rollback", "proceed"]},
            "errors": {"type": "array", "items": {"$ref": _REF + "EPCISProblem"}},
        },
    }
    definition: Json = {
        "type": "object",
        "required": ["name", "query"],
        "properties": {"name": {"type": "string", "minLength": 1}, "query": {"type": "object"}},
    }
    subscription: Json = {
        "type": "object",
        "required": ["subscriptionID", "dest", "createdAt"],
        "properties": {
            "subscriptionID": _TEXT,
            "dest": _TEXT,
            "createdAt": _TIME,
            "lastNotifiedAt": _TIME,
            "initialRecordTime": _TIME,
            "minRecordTime": _TIME,
            "epcFormat": _TEXT,
            "reportIfEmpty": {"type": "boolean"},
            "stream": {"const": True},
            "schedule": {"type": "object", "additionalProperties": _TEXT},
        },
    }
    return {
        "EPCISProblem": {
            "type": "object",
            "required": ["type", "title"],
            "properties": {
                "type": _TEXT,
                "title": _TEXT,
                "status": {"type": "integer"},
                "detail": _TEXT,
                "instance": _TEXT,
                "code": _TEXT,
                "place": _TEXT,
                "advice": _TEXT,
            },
        },
        "EPCISQueryDocument": {
            "type": "object",
            "required": ["@context", "type", "schemaVersion", "creationDate", "epcisBody"],
            "properties": {"type": {"const": "EPCISQueryDocument"}, "epcisBody": {"type": "object"}},
        },
        "EPCISDocument": {"type": "object", "required": ["@context", "type", "epcisBody"]},
        "EPCISEvent": {"type": "object", "required": ["type", "eventTime", "eventTimeZoneOffset"]},
        "CaptureJob": job,
        "CaptureJobs": {"type": "array", "items": {"$ref": _REF + "CaptureJob"}},
        "QueryDefinition": definition,
        "Queries": {"type": "array", "items": {"$ref": _REF + "QueryDefinition"}},
        "SubscriptionRequest": {
            "type": "object",
            "required": ["dest"],
            "properties": {
                "dest": {"type": "string", "format": "uri"},
                "signatureToken": _TEXT,
                "stream": {"type": "boolean"},
                "schedule": {"type": "object", "additionalProperties": _TEXT},
                "initialRecordTime": _TIME,
                "reportIfEmpty": {"type": "boolean"},
            },
        },
        "Subscription": subscription,
        "Subscriptions": {"type": "array", "items": {"$ref": _REF + "Subscription"}},
        **dict.fromkeys(_COLLECTIONS, collection),
    }


def _item(resource: Resource) -> Json:
    found: Json = {}
    if resource.options:
        what = Operation("OPTIONS", RESOURCES[0].operations[0].handler, "What this resource can do.", resource.options)
        found["options"] = _operation(resource, what)
    for operation in resource.operations:
        found[operation.method.lower()] = _operation(resource, operation)
    return found


def _operation(resource: Resource, operation: Operation) -> Json:
    words = re.findall(r"[A-Za-z]+", resource.path)
    told: Json = {
        "operationId": "_".join(["epcis", operation.method.lower(), *words]),
        "summary": operation.summary,
        "tags": ["EPCIS 2.0"],
        "parameters": [
            *(
                {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
                for name in re.findall(r"{(\w+)}", resource.path)
            ),
            *(
                {"name": name, "in": "header", "schema": _HEADERS[name]}
                for name in (*operation.headers, "GS1-Extensions")
            ),
            *(_query(name) for name in operation.query),
        ],
        "responses": {
            str(status): _response(resource, operation, status) for status in sorted({*operation.statuses, *_ALWAYS})
        },
    }
    if operation.body:
        reference = {"schema": {"$ref": _REF + operation.body}}
        types: Json = {"application/json": reference, "application/ld+json": reference}
        if operation.body.startswith("EPCIS"):
            types |= {"application/xml": {}, "text/xml": {}}
        told["requestBody"] = {"required": True, "content": types}
    return told


_HEADERS: Final = parameters()
_ALWAYS: Final = (400, 503)  # a header that makes no sense; too much to do


def _query(name: str) -> Json:
    row = _ROWS.get(name)
    if row is None:
        kind: Json = {"type": "boolean"} if name in ("stream", "reportIfEmpty") else _TEXT
        return {"name": name, "in": "query", "schema": _TIME if name == "initialRecordTime" else kind}
    schema = dict(_TAKES[row.takes])
    if name == "perPage":
        schema["maximum"] = PAGE_MAX
    if row.field == "orderDirection":
        schema = {"type": "string", "enum": ["ASC", "DESC"]}
    told: Json = {"name": name, "in": "query", "description": row.about, "schema": schema}
    if schema["type"] == "array":
        told |= {"style": "pipeDelimited", "explode": False}
    return told


def _response(resource: Resource, operation: Operation, status: int) -> Json:
    if status >= HTTPStatus.BAD_REQUEST:
        reference = {"schema": {"$ref": _REF + "EPCISProblem"}}
        return {"description": HTTPStatus(status).phrase, "content": {problems.JSON: reference, problems.XML: {}}}
    told: Json = {"description": operation.summary}
    headers = [*_RESPONSE_HEADERS]
    if operation.method == "OPTIONS":
        headers += ["Allow", "GS1-EPCIS-Min", "GS1-EPCIS-Max", "GS1-CBV-Min", "GS1-CBV-Max", "GS1-EPC-Format",
                    "GS1-CBV-XML-Format", "GS1-Extensions", *(name.title() for name in resource.discovery)]  # fmt: skip
    if "nextPageToken" in operation.query:
        headers += ["Link", "GS1-Next-Page-Token-Expires"]
    if status in (201, 202):
        headers.append("Location")
    told["headers"] = {name: {"schema": _TEXT} for name in dict.fromkeys(headers)}
    if operation.answer and status in (200, 201):
        reference = {"schema": {"$ref": _REF + operation.answer}}
        told["content"] = {
            "application/json": reference,
            "application/ld+json": reference,
            "application/xml": {},
            "text/xml": {},
        }
    return told


def described(row: Parameter) -> str:
    """Give what a parameter takes, in words."""
    return row.takes.value


assert set(CONTROLS).isdisjoint(_ROWS), "what controls a subscription is no parameter of a query"
