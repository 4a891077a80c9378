"""For those who run the server: is it alive, can it answer, what does it count, what can it do."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec
from starlette.responses import Response

from rxtrail.answers import Status
from rxtrail.errors import LogSetBack, RxtrailError, StoreFailed, StoreLost
from rxtrail.web import refusals
from rxtrail.web.api.log import log_of
from rxtrail.web.context import Endpoint, Web, json_response

if TYPE_CHECKING:
    from starlette.requests import Request


SAMPLES_SECONDS: Final = 15.0  # the sums of the boards are not made for each of several that scrape
NOT_ENCRYPTED: Final = "this record is not encrypted at rest: anybody who has the disk can read it"


class Health(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One word on how the server is; of the published log how far it is, and what somebody should look at."""

    status: str
    log_size: int = 0
    published_size: int = 0
    checkpoint_age_seconds: float = 0.0
    quorum: str = ""
    warnings: list[str] = []


async def healthz(web: Web, request: Request) -> Response:  # noqa: ARG001 - every handler has one shape
    """Answer that the process serves; it asks nothing of the store."""
    return json_response(Health("ok"))


async def readyz(web: Web, request: Request) -> Response:  # noqa: ARG001
    """Answer 200 when the record can be read, 503 otherwise."""
    failure = web.store_failure or web.node.failed
    if failure is not None:
        raise StoreFailed(failure.message, advice="The server is stopping; see its log.")
    lost = web.node.lost
    if lost is not None:
        raise StoreLost(lost.message, advice=lost.advice)
    held = await web.read(web.node.status)
    plain = [NOT_ENCRYPTED] if held.encryption == "off" else []
    log = log_of(web)
    if log is None or not log.running:
        return json_response(Health("ready", warnings=plain))
    if log.doubt is not None:
        raise log.doubt
    if log.accused:
        raise LogSetBack("; ".join(log.warnings()), advice="Look for a newer copy of this record, and ask the witness.")
    told = await web.read(log.status)
    return json_response(
        Health("ready", told.log_size, told.size, round(told.age_seconds, 3), told.quorum, [*plain, *told.warnings])
    )


async def metrics(web: Web, request: Request) -> Response:  # noqa: ARG001
    """Answer with counts for Prometheus."""
    status = await web.read(web.node.status)
    boards = getattr(web.node, "boards", None)  # a part of a node, in a test, has none
    if boards is not None:
        with contextlib.suppress(RxtrailError):  # then they are as far as they were
            await web.write(partial(boards.count, at_once=False))
    text = web.meter.exposition(
        status,
        scans_dropped=web.node.scans_dropped,
        workers=web.workers.open,
        streams=web.streams.open,
        uploads=web.uploads.open,
        boards=() if boards is None else await web.read(partial(boards.samples, SAMPLES_SECONDS)),
    )
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")


async def openapi(web: Web, request: Request) -> Response:  # noqa: ARG001
    """Answer with the description of this API."""
    return Response(web.openapi, media_type="application/json")


async def status(web: Web, request: Request) -> Response:  # noqa: ARG001
    """Answer with what this node holds."""
    return json_response(await web.read(web.node.status))


ENDPOINTS: Final = (
    Endpoint("GET", "/api/v1/status", "What this node holds.", status, Status),
    Endpoint("GET", "/healthz", "Whether the process serves.", healthz, Health, query=None),
    Endpoint(
        "GET",
        "/readyz",
        "Whether the record can be read.",
        readyz,
        Health,
        query=None,
        refusals=(StoreFailed, StoreLost, LogSetBack, refusals.Overloaded, refusals.DeadlinePassed),
    ),
    Endpoint("GET", "/metrics", "Counts for Prometheus.", metrics, ("text/plain",), query=None),
    Endpoint("GET", "/openapi.json", "This description.", openapi, ("application/json",), query=None),
)
