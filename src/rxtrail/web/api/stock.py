"""Opening stock: packs received before the record began are counted in."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from rxtrail.answers import CountIn, CountInReceipt
from rxtrail.errors import BadRequest
from rxtrail.web import refusals
from rxtrail.web.body import read_table_json
from rxtrail.web.context import Endpoint, Web, json_response

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class CountInRequest(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """The packs, who counted them, from whom they came and the paper that says so."""

    rows: list[CountIn]
    by: Text
    supplier: str = ""
    ref: str = ""


_COUNT_IN = msgspec.json.Decoder(CountInRequest)


async def count_in(web: Web, request: Request) -> Response:
    """Count packs in, durably, all rows or none; rows that cannot be counted are named."""
    asked: CountInRequest = await read_table_json(request, _COUNT_IN)
    work = partial(web.node.count_in, asked.rows, by=asked.by, supplier=asked.supplier, ref=asked.ref)
    return json_response(await web.write(work))


ENDPOINTS: Final = (
    Endpoint(
        "POST",
        "/api/v1/stock",
        "Count in packs that were received before the record began.",
        count_in,
        CountInReceipt,
        body=CountInRequest,
        refusals=(BadRequest, refusals.TooLarge, refusals.WrongMediaType, refusals.Overloaded),
    ),
)
