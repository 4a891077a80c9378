"""Named queries: made, listed, deleted, and their events read as a view."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import msgspec

from rxtrail.core.epcis.query.parse import from_object, narrowed
from rxtrail.errors import BadRequest
from rxtrail.web import limits
from rxtrail.web.body import decode_json, expect_media_type, read_whole
from rxtrail.web.context import path_part
from rxtrail.web.epcis import events, writing
from rxtrail.web.epcis.lists import list_headers, list_query
from rxtrail.web.epcis.speaking import JSON_TYPES, check_taken
from rxtrail.web.epcis.visitor import node_of, visitor_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from rxtrail.epcis_query.named import NamedQuery
    from rxtrail.web.context import Web
    from rxtrail.web.epcis.speaking import Speaks

QUERY_BYTES_MAX: Final = 2 * limits.MIB
DEPTH_MAX: Final = 64
SCHEDULE: Final = ("second", "minute", "hour", "dayOfMonth", "month", "dayOfWeek")
CONTROLS: Final = (*SCHEDULE, "stream", "initialRecordTime", "reportIfEmpty")


class Definition(msgspec.Struct, frozen=True):
    """What is sent to make a query; members that we do not know are left alone."""

    name: str
    query: dict[str, Any]


_decoder = msgspec.json.Decoder(Definition)


def told(named: NamedQuery) -> dict[str, Any]:
    """Give a named query as EPCIS 2.0 tells it."""
    return {"name": named.name, "query": named.query}


async def read_body(request: Request, decoder: msgspec.json.Decoder[Any]) -> Any:  # noqa: ANN401
    """Read a small JSON body that is not nested beyond reason."""
    expect_media_type(request, JSON_TYPES)
    body = await read_whole(request, "QUERY_BYTES_MAX", QUERY_BYTES_MAX)
    depth = 0
    for byte in body:
        if byte in b"[{":
            depth += 1
            if depth > DEPTH_MAX * 4:
                raise BadRequest(f"The body is nested deeper than {DEPTH_MAX}.")
        elif byte in b"]}":
            depth -= 1
    try:
        return decode_json(body, decoder)
    except RecursionError as deep:
        raise BadRequest("The body is nested too deep.") from deep


async def post_query(web: Web, request: Request, speaks: Speaks) -> Response:
    """Make a named query: 201 with its address, 409 when the name is taken."""
    check_taken(request)
    visitor = visitor_of(web, request)
    asked: Definition = await read_body(request, _decoder)
    named = await web.write(partial(node_of(web).epcis.named.create, asked.name, asked.query, owner=visitor.sees))
    headers = {"location": f"/epcis/queries/{quote(named.name, safe='')}"}
    return writing.json_or_xml(told(named), speaks, root="Query", status=201, headers=headers)


async def list_queries(web: Web, request: Request, speaks: Speaks) -> Response:
    """Answer with a page of named queries."""
    visitor = visitor_of(web, request)
    scope = f"queries\n{visitor.sees}"
    asked = list_query(web, request, scope)
    read = partial(node_of(web).epcis.named.page, asked.after, asked.count + 1, owner=visitor.sees)
    rows = await web.read(read)
    last = rows[asked.count - 1][0] if len(rows) > asked.count else ""
    shown = [told(named) for _, named in rows[: asked.count]]
    headers = list_headers(web, request, asked, scope, last)
    return writing.json_or_xml({"query": shown} if speaks.xml else shown, speaks, root="Queries", headers=headers)


async def get_query(web: Web, request: Request, speaks: Speaks) -> Response:
    """Answer with the definition of a named query."""
    visitor = visitor_of(web, request)
    find = partial(node_of(web).epcis.named.find, path_part(request, "queryName"), owner=visitor.sees)
    return writing.json_or_xml(told(await web.read(find)), speaks, root="Query")


async def delete_query(web: Web, request: Request, speaks: Speaks) -> Response:
    """Delete a named query and all its subscriptions."""
    visitor = visitor_of(web, request)
    drop = partial(node_of(web).epcis.drop_query, path_part(request, "queryName"), owner=visitor.sees)
    await web.write(drop)
    return writing.answer(b"", speaks, status=204)


async def query_events(web: Web, request: Request, speaks: Speaks) -> Response:
    """Answer with a page of the events of a named query; further parameters narrow it."""
    for name in CONTROLS:
        if name in request.query_params:
            raise BadRequest(
                f"{name} is for subscriptions by WebSocket.", place=name, advice="Connect with Upgrade: websocket."
            )
    visitor = visitor_of(web, request)
    name = path_part(request, "queryName")
    named = await web.read(partial(node_of(web).epcis.named.find, name, owner=visitor.sees))
    query = narrowed(from_object(named.query, speaks.extensions), events.query_of(request, speaks))
    return await events.page(web, request, speaks, query, scope=f"query {name}", query_name=named.name)


async def delete_token(web: Web, request: Request, speaks: Speaks) -> Response:
    """Have a token of a next page fail from now on."""
    visitor_of(web, request)
    node_of(web).epcis.tokens.revoke(path_part(request, "token"))
    return writing.answer(b"", speaks, status=204)
