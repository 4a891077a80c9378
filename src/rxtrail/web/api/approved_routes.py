"""Approved routes: lanes listed, checked, loaded as drafts, approved and retired."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.alerts import RouteCommand, RoutesReport
from rxtrail.core.rules.route import Lane
from rxtrail.errors import BadRequest, NotFound, Refused
from rxtrail.web import refusals
from rxtrail.web.api.alerts import alerts_of
from rxtrail.web.body import read_json
from rxtrail.web.context import Endpoint, Web, json_response, path_part, query_of
from rxtrail.web.paging import StateQuery, next_page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


class LanePage(msgspec.Struct, frozen=True, gc=False):
    """Lanes in the order of id and version; ``next`` is the address of the following page, "" at the end."""

    routes: list[Lane]
    next: str


class LanesCommand(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """``what`` is load (``table`` is the text of a TOML or CSV file), check, suggest, approve or retire (``ids``)."""

    what: str
    by: str
    table: str = ""
    ids: list[str] = []
    reason: str = ""


_COMMAND = msgspec.json.Decoder(LanesCommand)


async def list_lanes(web: Web, request: Request) -> Response:
    """Answer with one page of lanes."""
    asked = query_of(request, StateQuery)
    found = await web.read(partial(alerts_of(web).routes.all, state=asked.state))
    lane_id, _, version = asked.after.rpartition("@")
    place_after = (lane_id, int(version) if version.isdecimal() else 0)
    rest = [lane for lane in found if (lane.id, lane.version) > place_after] if asked.after else found
    page = next_page(request, rest, asked.limit, lambda lane: f"{lane.id}@{lane.version}", state=asked.state)
    return json_response(LanePage(*page))


async def get_lane(web: Web, request: Request) -> Response:
    """Answer with one lane: its latest version, or the one that ID@VERSION names."""
    return json_response(await web.read(partial(alerts_of(web).routes.get, path_part(request, "id"))))


async def act(web: Web, request: Request) -> Response:
    """Load, check, suggest, approve or retire lanes."""
    asked = await read_json(request, _COMMAND)
    if asked.what == "check":
        table = asked.table.encode() or None
        return json_response(await web.read(partial(alerts_of(web).routes.check, table)))
    command = RouteCommand(asked.what, asked.by, asked.ids, asked.table.encode(), asked.reason)
    return json_response(await web.write(partial(web.node.route, command)))


_ROUTES: Final = "/api/v1/routes"
ENDPOINTS: Final = (
    Endpoint(
        "GET", _ROUTES, "Approved routes and drafts.", list_lanes, LanePage, query=StateQuery, refusals=(BadRequest,)
    ),
    Endpoint(
        "POST",
        _ROUTES,
        "Load lanes from a file, check them, learn them from the record, approve or retire them.",
        act,
        RoutesReport,
        body=LanesCommand,
        refusals=(BadRequest, NotFound, Refused, refusals.Overloaded),
    ),
    Endpoint("GET", _ROUTES + "/{id}", "One lane.", get_lane, Lane, refusals=(NotFound,)),
)
