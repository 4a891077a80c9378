"""The partner table."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.answers import Partner, PartnersReport
from rxtrail.errors import BadRequest
from rxtrail.web import limits, refusals
from rxtrail.web.body import CSV_TYPES, expect_media_type, read_whole
from rxtrail.web.context import Endpoint, Web, json_response

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


class PartnerList(msgspec.Struct, frozen=True, gc=False):
    """The whole partner table."""

    partners: list[Partner]


async def list_partners(web: Web, request: Request) -> Response:  # noqa: ARG001 - every handler has one shape
    """Answer with the partner table."""
    return json_response(PartnerList(await web.read(web.node.partners)))


async def put_partners(web: Web, request: Request) -> Response:
    """Replace the partner table by a CSV; with one row wrong nothing changes."""
    expect_media_type(request, CSV_TYPES)
    table = await read_whole(request, "TABLE_BYTES_MAX", limits.TABLE_BYTES_MAX)
    return json_response(await web.write(partial(web.node.load_partners, table)))


_PARTNERS: Final = "/api/v1/partners"
ENDPOINTS: Final = (
    Endpoint("GET", _PARTNERS, "The partner table.", list_partners, PartnerList),
    Endpoint(
        "PUT",
        _PARTNERS,
        "Replace the partner table by a CSV.",
        put_partners,
        PartnersReport,
        body=CSV_TYPES,
        refusals=(BadRequest, refusals.TooLarge, refusals.WrongMediaType, refusals.Overloaded),
    ),
)
