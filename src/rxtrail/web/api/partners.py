"""The partner table."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from rxtrail.answers import Partner, PartnersReport
from rxtrail.errors import BadRequest
from rxtrail.web import limits, refusals
from rxtrail.web.body import CSV_TYPES, expect_media_type, read_whole
from rxtrail.web.context import Endpoint, Web, json_response, query_of
from rxtrail.web.paging import PageQuery, next_page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


class PartnerQuery(PageQuery, frozen=True, forbid_unknown_fields=True):
    """After which name, and how many."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=limits.PAGE_ROWS_MAX)] = limits.PAGE_ROWS_MAX


class PartnerPage(msgspec.Struct, frozen=True, gc=False):
    """Partners by name; ``next`` is the address of the following page, "" at the end."""

    partners: list[Partner]
    next: str


async def list_partners(web: Web, request: Request) -> Response:
    """Answer with one page of the partner table."""
    asked = query_of(request, PartnerQuery)
    table = sorted(await web.read(web.node.partners), key=lambda partner: partner.name)
    found = [partner for partner in table if partner.name > asked.after]
    return json_response(PartnerPage(*next_page(request, found, asked.limit, lambda partner: partner.name)))


async def put_partners(web: Web, request: Request) -> Response:
    """Replace the partner table by a CSV; with one row wrong nothing changes."""
    expect_media_type(request, CSV_TYPES)
    table = await read_whole(request, "TABLE_BYTES_MAX", limits.TABLE_BYTES_MAX)
    return json_response(await web.write(partial(web.node.load_partners, table)))


_PARTNERS: Final = "/api/v1/partners"
ENDPOINTS: Final = (
    Endpoint(
        "GET",
        _PARTNERS,
        "The partner table, by name.",
        list_partners,
        PartnerPage,
        query=PartnerQuery,
        refusals=(BadRequest,),
    ),
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
