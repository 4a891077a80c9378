"""Verification router messages under ``/vrs``, and what a node keeps and sets about them under ``/api/v1/vrs``."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Final, Protocol, cast
from urllib.parse import parse_qsl

import msgspec
from starlette.responses import Response

from rxtrail.errors import BadRequest
from rxtrail.vrs import (
    DirectoryPage,
    DirectoryReport,
    ExchangePage,
    Transfer,
    VerificationBody,
    VrsAlertPage,
    VrsSettings,
    place_of,
    read_connectivity,
    read_request,
)
from rxtrail.vrs.messages import ConnectivityBody
from rxtrail.vrs.refusals import NotHandled, NotNow, RequesterNotAuthorised, TooManyUnknown, UnknownRequester
from rxtrail.web import limits, problems, refusals
from rxtrail.web.body import CSV_TYPES, JSON_TYPES, expect_media_type, read_json, read_whole
from rxtrail.web.context import Endpoint, Web, json_response, path_part, query_of
from rxtrail.web.paging import PageQuery, next_page

if TYPE_CHECKING:
    from starlette.requests import Request

    from rxtrail.vrs import Vrs, VrsReply

VERSION_HEADER: Final = "gs1us-version"
_FIELDS: Final = {"cache-control": "private, no-cache"}
_PARAMETERS_MAX: Final = 50


class _HasVrs(Protocol):
    vrs: Vrs


def vrs_of(node: object) -> Vrs:
    """The verification service of a node of this process."""
    return cast("_HasVrs", node).vrs


# --- for other parties: the standard's messages ---------------------------------------------------------------


async def get_verification(web: Web, request: Request) -> Response:
    """Answer one verification request; only 200 has a body of the standard."""
    vrs = vrs_of(web.node)
    path = {name: path_part(request, name) for name in ("gtin", "lot", "serial")}
    asked = read_request(path, _query(request), request.headers.get(VERSION_HEADER))
    credential = request.headers.get((await web.read(vrs.settings)).credential_header, "")
    return _respond(await web.write(partial(vrs.answer, asked, credential=credential)))


async def get_connectivity(web: Web, request: Request) -> Response:
    """Answer whether a GTIN is handled here for this requester."""
    gtin, requester = read_connectivity(_query(request))
    return _respond(await web.read(partial(vrs_of(web.node).connectivity, gtin, requester)))


def _query(request: Request) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            request.url.query,
            keep_blank_values=True,
            strict_parsing=bool(request.url.query),
            errors="strict",
            max_num_fields=_PARAMETERS_MAX,
        )
    except ValueError as wrong:
        raise BadRequest("The query cannot be read.", place="query", advice="Percent-encode it as UTF-8.") from wrong


def _respond(reply: VrsReply) -> Response:
    if reply.body is not None:
        return json_response(reply.body, headers=_FIELDS)
    assert reply.refusal is not None, "a reply has a body or a refusal"
    # The standard fixes the status; the words and the code are ours.
    status = HTTPStatus(reply.status)
    problem = msgspec.structs.replace(problems.of(reply.refusal), status=status.value, title=status.phrase)
    retry = {"retry-after": str(reply.retry_seconds)} if reply.retry_seconds else {}
    return problems.respond(problem, {**_FIELDS, **retry})


# --- for this node's own people -------------------------------------------------------------------------------


async def list_exchanges(web: Web, request: Request) -> Response:
    """Answer with exchanges, newest first."""
    query = query_of(request, PageQuery)
    rows = await web.read(partial(vrs_of(web.node).exchanges, query.after, query.limit + 1))
    return json_response(ExchangePage(*next_page(request, rows, query.limit, lambda row: str(row.log_index))))


async def list_alerts(web: Web, request: Request) -> Response:
    """Answer with alerts about requesters, newest first."""
    query = query_of(request, PageQuery)
    rows = await web.read(partial(vrs_of(web.node).alerts, query.after, query.limit + 1))
    return json_response(VrsAlertPage(*next_page(request, rows, query.limit, lambda row: str(row.log_index))))


async def list_directory(web: Web, request: Request) -> Response:
    """Answer with the lookup directory, page by page."""
    query = query_of(request, PageQuery)
    rows = await web.read(partial(vrs_of(web.node).directory, query.after, query.limit + 1))
    return json_response(DirectoryPage(*next_page(request, rows, query.limit, place_of)))


class ExportQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The form of the whole directory: ``csv`` or ``json``."""

    format: str = "csv"


async def export_directory(web: Web, request: Request) -> Response:
    """Answer with the whole lookup directory as one table."""
    fmt = query_of(request, ExportQuery).format
    content = await web.read(partial(vrs_of(web.node).export_directory, fmt))
    return Response(content, media_type=(CSV_TYPES if fmt == "csv" else JSON_TYPES)[0])


async def put_directory(web: Web, request: Request) -> Response:
    """Load a lookup directory in place of the one before; with one wrong row nothing changes."""
    return await _load(web, request, delta=False)


async def patch_directory(web: Web, request: Request) -> Response:
    """Load a delta into the lookup directory; a row with the status ``removed`` goes."""
    return await _load(web, request, delta=True)


async def _load(web: Web, request: Request, *, delta: bool) -> Response:
    given = expect_media_type(request, (*CSV_TYPES, *JSON_TYPES))
    content = await read_whole(request, "TABLE_BYTES_MAX", limits.TABLE_BYTES_MAX)
    fmt = "csv" if given in CSV_TYPES else "json"
    return json_response(await web.write(partial(vrs_of(web.node).load_directory, content, fmt=fmt, delta=delta)))


async def post_transfer(web: Web, request: Request) -> Response:
    """Hand a GTIN or a company prefix over to another party from a day on."""
    order = await read_json(request, _TRANSFER)
    return json_response(await web.write(partial(vrs_of(web.node).transfer, order)))


async def get_settings(web: Web, request: Request) -> Response:  # noqa: ARG001 - every handler has one shape
    """Answer with how this node asks and answers."""
    return json_response(await web.read(vrs_of(web.node).settings))


class SettingsChange(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The settings that shall change; the others stay. See ``VrsSettings``."""

    connect_seconds: float | msgspec.UnsetType = msgspec.UNSET
    seconds: float | msgspec.UnsetType = msgspec.UNSET
    retries: int | msgspec.UnsetType = msgspec.UNSET
    cache_seconds: float | msgspec.UnsetType = msgspec.UNSET
    requesters: Annotated[str, msgspec.Meta(description="any | listed")] | msgspec.UnsetType = msgspec.UNSET
    unknown_serials_per_hour: int | msgspec.UnsetType = msgspec.UNSET
    requesters_per_serial: int | msgspec.UnsetType = msgspec.UNSET
    recalled_is_verified: bool | msgspec.UnsetType = msgspec.UNSET
    expired_is_verified: bool | msgspec.UnsetType = msgspec.UNSET
    credential_header: str | msgspec.UnsetType = msgspec.UNSET
    contexts: dict[str, str] | msgspec.UnsetType = msgspec.UNSET


async def patch_settings(web: Web, request: Request) -> Response:
    """Change some settings."""
    changes: dict[str, Any] = msgspec.to_builtins(await read_json(request, _SETTINGS))
    return json_response(await web.write(partial(vrs_of(web.node).change_settings, changes)))


_TRANSFER: Final = msgspec.json.Decoder(Transfer)
_SETTINGS: Final = msgspec.json.Decoder(SettingsChange)
_READ: Final = (BadRequest, refusals.Overloaded, refusals.DeadlinePassed)
_API: Final = "/api/v1/vrs"
_WRITTEN: Final = (BadRequest, refusals.TooLarge, refusals.WrongMediaType, refusals.Overloaded)


def _verification(path: str, summary: str) -> Endpoint:
    return Endpoint(
        "GET",
        path,
        summary,
        get_verification,
        VerificationBody,
        query=None,
        refusals=(*_READ, UnknownRequester, RequesterNotAuthorised, NotHandled, TooManyUnknown, NotNow),
    )


ENDPOINTS: Final = (
    _verification("/vrs/verify/gtin/{gtin}/lot/{lot}/ser/{serial}", "Verify a product identifier (GS1 LMS 1.1)."),
    _verification("/vrs/gtin/{gtin}/lot/{lot}/ser/{serial}", "The same, as some routers write the address."),
    Endpoint(
        "GET",
        "/vrs/checkConnectivity",
        "Whether a GTIN is answered for here.",
        get_connectivity,
        ConnectivityBody,
        query=None,
        refusals=(*_READ, UnknownRequester, RequesterNotAuthorised, NotHandled),
    ),
    Endpoint(
        "GET",
        f"{_API}/exchanges",
        "Verification requests, asked and answered.",
        list_exchanges,
        ExchangePage,
        query=PageQuery,
        refusals=_READ,
    ),
    Endpoint(
        "GET",
        f"{_API}/alerts",
        "Requesters who seem to guess serials, and packs that many ask for.",
        list_alerts,
        VrsAlertPage,
        query=PageQuery,
        refusals=_READ,
    ),
    Endpoint(
        "GET",
        f"{_API}/directory",
        "The lookup directory, page by page.",
        list_directory,
        DirectoryPage,
        query=PageQuery,
        refusals=_READ,
    ),
    Endpoint(
        "PUT",
        f"{_API}/directory",
        "Load a lookup directory in place of the one before.",
        put_directory,
        DirectoryReport,
        body=(*CSV_TYPES, *JSON_TYPES),
        refusals=_WRITTEN,
    ),
    Endpoint(
        "PATCH",
        f"{_API}/directory",
        "Load a delta into the lookup directory.",
        patch_directory,
        DirectoryReport,
        body=(*CSV_TYPES, *JSON_TYPES),
        refusals=_WRITTEN,
    ),
    Endpoint(
        "GET",
        f"{_API}/directory/table",
        "The whole lookup directory as one table.",
        export_directory,
        (*CSV_TYPES, *JSON_TYPES),
        query=ExportQuery,
        refusals=_READ,
    ),
    Endpoint(
        "POST",
        f"{_API}/directory/transfer",
        "Hand a GTIN or a company prefix over from a day on.",
        post_transfer,
        DirectoryReport,
        body=Transfer,
        refusals=_WRITTEN,
    ),
    Endpoint("GET", f"{_API}/settings", "How this node asks and answers.", get_settings, VrsSettings),
    Endpoint(
        "PATCH",
        f"{_API}/settings",
        "Change how this node asks and answers.",
        patch_settings,
        VrsSettings,
        body=SettingsChange,
        refusals=_WRITTEN,
    ),
)
