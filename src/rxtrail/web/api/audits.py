"""Audits: started here, carried out in a process of their own, told when they have ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, cast

import msgspec

from rxtrail.answers import AuditJob
from rxtrail.errors import Busy, NotFound
from rxtrail.web.body import read_json
from rxtrail.web.context import Endpoint, Web, json_response

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from rxtrail.bootstrap.audits import Audits


class AuditRequest(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Whether the log is read from where the last incremental audit ended."""

    incremental: bool = False


class _Audited(Protocol):
    audits: Audits


_REQUEST = msgspec.json.Decoder(AuditRequest)


def _audits(web: Web) -> Audits:
    if not hasattr(web.node, "audits"):
        raise NotFound("this server audits nothing")
    return cast("_Audited", web.node).audits


async def start(web: Web, request: Request) -> Response:
    """Start an audit; how it goes and what it finds is told at the same address."""
    asked = await read_json(request, _REQUEST)
    return json_response(await web.read(lambda: _audits(web).start(incremental=asked.incremental)), status=202)


async def latest(web: Web, request: Request) -> Response:  # noqa: ARG001 - every handler has one shape
    """Answer with the audit that runs, or with the last one that was started here."""
    return json_response(await web.read(_audits(web).latest))


ENDPOINTS: Final = (
    Endpoint(
        "POST",
        "/api/v1/audit",
        "Start an audit of the record against its own log; it runs in a process of its own.",
        start,
        AuditJob,
        status=202,
        body=AuditRequest,
        refusals=(Busy, NotFound),
    ),
    Endpoint(
        "GET",
        "/api/v1/audit",
        "The audit that runs, or the report of the last one.",
        latest,
        AuditJob,
        refusals=(NotFound,),
    ),
)
