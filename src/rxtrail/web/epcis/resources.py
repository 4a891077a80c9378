"""Every path of the EPCIS binding with its methods, parameters and statuses: one table for the router and the docs.

Source: the OpenAPI document of EPCIS 2.0. What is ours beyond it is marked so.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from rxtrail.core.epcis.query.parameters import TABLE
from rxtrail.errors import RxtrailError
from rxtrail.web import refusals
from rxtrail.web.context import path_part
from rxtrail.web.epcis import capture, events, problems, queries, subscriptions, toplevel
from rxtrail.web.epcis.members import check_member
from rxtrail.web.epcis.speaking import (
    CBV_FORMATS,
    CBV_MAX,
    CBV_MIN,
    EPC_FORMATS,
    EPCIS_MAX,
    EPCIS_MIN,
    SHARED,
    Speaks,
    agreed,
    prefers_xml,
)
from rxtrail.web.epcis.visitor import node_of, visitor_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from rxtrail.web.context import Web

BASE: Final = "/epcis"
Answer = Callable[["Web", "Request", Speaks], Awaitable[Response]]


class Operation(msgspec.Struct, frozen=True):
    """One method of a path."""

    method: str
    handler: Answer
    summary: str
    statuses: tuple[int, ...]
    headers: tuple[str, ...] = ()
    query: tuple[str, ...] = ()
    body: str = ""  # the schema of what is sent
    answer: str = ""  # the schema of what is given


class Resource(msgspec.Struct, frozen=True):
    """One path."""

    path: str
    operations: tuple[Operation, ...]
    options: tuple[int, ...] = (204, 401, 403, 406, 500)
    discovery: dict[str, str] = {}  # headers that only its OPTIONS gives


_REFUSED: Final = (401, 403, 406, 500)
_READ: Final = ("GS1-EPCIS-Min", "GS1-EPCIS-Max", "GS1-CBV-Min", "GS1-CBV-Max")
_SPELT: Final = (*_READ, "GS1-EPC-Format", "GS1-CBV-XML-Format")
_SENT: Final = ("GS1-EPCIS-Version", "GS1-CBV-Version")
_PAGES: Final = ("perPage", "nextPageToken")
# Those with fixed names; what has a variable part in its name no OpenAPI document can list.
QUERY: Final = (
    *_PAGES,
    *(row.name for row in TABLE if not row.is_pattern and row.name not in _PAGES),
)


def _family(kind: str, part: str, answer: str) -> tuple[Resource, ...]:
    """Give a list of members, one member, and the events of one."""
    return (
        Resource(
            f"/{kind}",
            (
                Operation("GET", toplevel.list_members, f"All {kind} in use.", (200, 400, *_REFUSED),
                          (*_READ, "GS1-EPC-Format", "GS1-CBV-XML-Format"), _PAGES, answer=answer),
            ),
        ),
        Resource(
            f"/{kind}/{{{part}}}",
            (
                Operation("GET", toplevel.get_member, f"What can be asked of one of the {kind}.",
                          (200, 400, 404, *_REFUSED), _READ, _PAGES, answer="ResourceCollection"),
            ),
            (204, 401, 403, 404, 406, 500),
        ),
        Resource(
            f"/{kind}/{{{part}}}/events",
            (
                Operation("GET", events.list_events, f"The events of one of the {kind}.",
                          (200, 400, 404, 413, 414, *_REFUSED), _SPELT, QUERY, answer="EPCISQueryDocument"),
            ),
            (204, 401, 403, 404, 406, 414, 500),
        ),
    )  # fmt: skip


RESOURCES: Final[tuple[Resource, ...]] = (
    Resource(
        "/",
        (Operation("GET", toplevel.get_root, "The top-level resources.", (200, *_REFUSED), _READ,
                   answer="TopLevelResourceCollection"),),
    ),
    Resource(
        "/capture",
        (
            Operation("GET", capture.list_jobs, "Captures, newest first.", (200, 400, *_REFUSED), _READ[:2], _PAGES,
                      answer="CaptureJobs"),
            Operation("POST", capture.post_capture, "Capture a document; 202 with the address of its job.",
                      (202, 400, 413, 415, *_REFUSED), (*_SENT, "GS1-Capture-Error-Behaviour"), body="EPCISDocument"),
        ),
        discovery=capture.LIMIT_HEADERS,
    ),
    Resource(
        "/capture/{captureID}",
        (Operation("GET", capture.get_job, "How far a capture is, with its errors.", (200, 404, *_REFUSED), _READ[:2],
                   answer="CaptureJob"),),
        (204, 401, 403, 404, 406, 500),
    ),
    Resource(
        "/events",
        (
            Operation("GET", events.list_events, "Events by every parameter of the query language.",
                      (200, 400, 413, 414, *_REFUSED), _SPELT, QUERY, answer="EPCISQueryDocument"),
            Operation("POST", events.post_event, "Capture one event and wait for it.",
                      (201, 400, 409, 413, 415, *_REFUSED), _SENT, body="EPCISEvent", answer="EPCISEvent"),
        ),
        (204, 401, 403, 406, 414, 500),
    ),
    Resource(
        "/events/{eventID}",
        (Operation("GET", events.get_event, "The event of a name, and its error declarations.",
                   (200, 404, *_REFUSED), _SPELT, answer="EPCISQueryDocument"),),
        (204, 401, 403, 404, 406, 500),
    ),
    *_family("eventTypes", "eventType", "EventTypeCollection"),
    *_family("epcs", "epc", "UriCollection"),
    *_family("bizSteps", "bizStep", "BizStepCollection"),
    *_family("bizLocations", "bizLocation", "UriCollection"),
    *_family("readPoints", "readPoint", "UriCollection"),
    *_family("dispositions", "disposition", "DispositionCollection"),
    Resource(
        "/queries",
        (
            Operation("GET", queries.list_queries, "Named queries.", (200, 400, *_REFUSED), _READ, _PAGES,
                      answer="Queries"),
            Operation("POST", queries.post_query, "Make a named query.", (201, 400, 409, 413, 415, *_REFUSED), _SENT,
                      body="QueryDefinition", answer="QueryDefinition"),
        ),
    ),
    Resource(
        "/queries/{queryName}",
        (
            Operation("GET", queries.get_query, "The definition of a named query.", (200, 404, 413, *_REFUSED), _READ,
                      answer="QueryDefinition"),
            Operation("DELETE", queries.delete_query, "Delete a named query and end its subscriptions.",
                      (204, 400, 404, *_REFUSED)),
        ),
        (204, 401, 403, 404, 406, 500),
    ),
    Resource(
        "/queries/{queryName}/events",
        (
            Operation("GET", queries.query_events,
                      "The events of a named query; with Upgrade: websocket a subscription.",
                      (101, 200, 400, 404, 413, 414, *_REFUSED), (*_SPELT, "Upgrade", "Connection"),
                      (*queries.CONTROLS, *QUERY), answer="EPCISQueryDocument"),
        ),
        (204, 401, 403, 404, 406, 414, 500),
    ),
    Resource(
        "/queries/{queryName}/subscriptions",
        (
            Operation("GET", subscriptions.list_subscriptions, "The subscriptions of a query.",
                      (200, 400, 404, *_REFUSED), _READ[:2], _PAGES, answer="Subscriptions"),
            Operation("POST", subscriptions.post_subscription, "Subscribe to a query by webhook.",
                      (201, 400, 404, 413, 415, *_REFUSED),
                      ("GS1-EPCIS-Version", "GS1-EPC-Format", "GS1-CBV-XML-Format"),
                      body="SubscriptionRequest", answer="Subscription"),
        ),
        (204, 401, 403, 404, 406, 500),
    ),
    Resource(
        "/queries/{queryName}/subscriptions/{subscriptionID}",
        (
            Operation("GET", subscriptions.get_subscription, "One subscription.", (200, 404, *_REFUSED), _READ[:2],
                      answer="Subscription"),
            Operation("DELETE", subscriptions.delete_subscription, "Unsubscribe.", (204, 404, *_REFUSED)),
        ),
        (204, 401, 403, 404, 406, 500),
    ),
    Resource(
        "/nextPageToken/{token}",
        (Operation("DELETE", queries.delete_token, "Have a page token fail from now on.", (204, *_REFUSED, 501)),),
        (),
    ),
)  # fmt: skip

_VALUES: Final = {"GS1-EPC-Format": EPC_FORMATS, "GS1-CBV-XML-Format": CBV_FORMATS}
_LONG: Final = ("epc", "bizStep", "bizLocation", "readPoint", "disposition", "eventID")


def routes(web: Web) -> list[Route]:
    """Give one route a path; an identifier in a path may hold slashes that its sender did not escape."""
    found: list[Route] = []
    for resource in sorted(RESOURCES, key=lambda each: (-each.path.count("/"), each.path)):
        path = resource.path
        for part in _LONG:
            path = path.replace(f"{{{part}}}", f"{{{part}:path}}")
        methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
        found.append(Route(BASE + path, _answering(web, resource), methods=methods, include_in_schema=False))
    root = next(each for each in RESOURCES if each.path == "/")
    found.append(Route(BASE, _answering(web, root), methods=["GET", "HEAD", "OPTIONS"], include_in_schema=False))
    return found


def _answering(web: Web, resource: Resource) -> Callable[[Request], Awaitable[Response]]:
    methods = {operation.method: operation for operation in resource.operations}
    allowed = ", ".join([*(["OPTIONS"] if resource.options else []), *methods, *(["HEAD"] if "GET" in methods else [])])

    async def answer(request: Request) -> Response:
        try:
            if request.method == "OPTIONS" and resource.options:
                return await _discover(web, request, resource, allowed)
            operation = methods.get("GET" if request.method == "HEAD" else request.method)
            if operation is None:
                wrong = refusals.WrongMethod(f"{request.method} is not for this address.", advice=f"It has {allowed}.")
                return respond(request, wrong, {"allow": allowed})
            speaks = agreed(request)
            visitor_of(web, request)
            return await operation.handler(web, request, speaks)
        except RxtrailError as error:
            web.failed(error)
            return respond(request, error)

    return answer


def respond(request: Request, error: RxtrailError, headers: dict[str, str] | None = None) -> Response:
    """Give a refusal in the form that the client prefers."""
    return problems.respond(error, xml=prefers_xml(request.headers.get("accept", "")), headers=headers)


async def _discover(web: Web, request: Request, resource: Resource, allowed: str) -> Response:
    """Answer with what a resource can do (EPCIS 2.0, clause 12.5.1)."""
    speaks = agreed(request)
    visitor = visitor_of(web, request)
    await web.ask(lambda: _check_there(web, request, visitor.sees), visitor.sees)
    headers = {
        **speaks.headers(),
        **SHARED,
        "allow": allowed,
        "gs1-epc-format": speaks.epc_format,  # as an answer to this request would be written
        "gs1-cbv-xml-format": speaks.cbv_format,
        "gs1-extensions": "cbvmda=urn:epcglobal:cbv:mda,gs1ushc=http://epcis.gs1us.org/hc/ns,gs1=https://gs1.org/voc/",
        **resource.discovery,
    }
    if "subscriptionID" in request.path_params:
        found = await web.read(lambda: subscriptions.find(web, request, visitor.sees))
        headers["gs1-query-min-record-time"] = found.min_record_time
    return Response(status_code=204, headers=headers)


def _check_there(web: Web, request: Request, viewer: str) -> None:
    """See to it that what is asked about exists; raises NotFound."""
    epcis = node_of(web).epcis
    parts = request.path_params
    if "captureID" in parts:
        epcis.job(node_of(web).job, path_part(request, "captureID"), viewer=viewer)
    elif "eventID" in parts:
        epcis.queries.event(path_part(request, "eventID"), viewer=viewer)
    elif "queryName" in parts:
        epcis.named.find(path_part(request, "queryName"), owner=viewer)
    elif parts:
        check_member(web, request, visitor_of(web, request))


def parameters() -> dict[str, dict[str, object]]:
    """Give the schema of every header that requests may have, by its name."""
    versions: dict[str, object] = {"type": "string", "pattern": r"^\d+(\.\d+)*$"}
    told: dict[str, dict[str, object]] = {
        "GS1-EPCIS-Version": versions, "GS1-CBV-Version": versions,
        "GS1-EPCIS-Min": {**versions, "default": EPCIS_MIN}, "GS1-EPCIS-Max": {**versions, "default": EPCIS_MAX},
        "GS1-CBV-Min": {**versions, "default": CBV_MIN}, "GS1-CBV-Max": {**versions, "default": CBV_MAX},
        "GS1-Extensions": {"type": "string"},
        "GS1-Capture-Error-Behaviour": {"type": "string", "enum": ["rollback", "proceed"], "default": "rollback"},
        "Upgrade": {"type": "string"}, "Connection": {"type": "string"},
    }  # fmt: skip
    told.update({name: {"type": "string", "enum": list(values)} for name, values in _VALUES.items()})
    return told
