"""Serial numbers: given out for one's own products, and listed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from rxtrail.errors import BadRequest, Refused
from rxtrail.serials import IssuedSerial, Serials, SerialsIssued, SerialsOrder
from rxtrail.web import limits, refusals
from rxtrail.web.body import read_json
from rxtrail.web.context import Endpoint, Web, json_response, query_of
from rxtrail.web.paging import next_page
from rxtrail.web.serial_socket import serials_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


class SerialsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of which product, after which serial number, and how many."""

    gtin: str
    after: str = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=limits.PAGE_ROWS_MAX)] = limits.PAGE_ROWS_DEFAULT


class SerialsPage(msgspec.Struct, frozen=True, gc=False):
    """Serial numbers of a product in order; ``next`` is the address of the following page, "" at the end."""

    gtin: str
    serials: list[IssuedSerial]
    next: str


_ORDER = msgspec.json.Decoder(SerialsOrder)


async def list_serials(web: Web, request: Request) -> Response:
    """Answer with one page of the serial numbers that were given out."""
    asked = query_of(request, SerialsQuery)
    serials = serials_of(web.node)
    if not isinstance(serials, Serials):
        raise BadRequest("This process does not hold the record.")
    found = await web.read(partial(serials.page, asked.gtin, asked.after, asked.limit + 1))
    page = next_page(request, found, asked.limit, lambda each: each.serial, gtin=asked.gtin)
    return json_response(SerialsPage(asked.gtin.zfill(14), *page))


async def issue_serials(web: Web, request: Request) -> Response:
    """Give out new serial numbers."""
    order: SerialsOrder = await read_json(request, _ORDER)
    return json_response(await web.write(partial(serials_of(web.node).issue, order)))


_PATH: Final = "/api/v1/serials"
ENDPOINTS: Final = (
    Endpoint(
        "GET",
        _PATH,
        "The serial numbers that were given out for a product.",
        list_serials,
        SerialsPage,
        query=SerialsQuery,
        refusals=(BadRequest,),
    ),
    Endpoint(
        "POST",
        _PATH,
        "Give out new random serial numbers for a product of this maker.",
        issue_serials,
        SerialsIssued,
        body=SerialsOrder,
        refusals=(BadRequest, Refused, refusals.TooLarge, refusals.WrongMediaType, refusals.Overloaded),
    ),
)
