"""One lot: who holds its packages now."""

from __future__ import annotations

import datetime
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.answers import Holders
from rxtrail.errors import BadRequest, NotFound
from rxtrail.web import refusals
from rxtrail.web.codes import gtin14
from rxtrail.web.context import Endpoint, Web, json_response, path_part, query_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


class LotQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which of several lots of one name: its expiry as YYYY-MM-DD; without it all of them."""

    expiry: str = ""


async def get_holders(web: Web, request: Request) -> Response:
    """Answer with who holds the packages of a lot."""
    gtin, lot = gtin14(path_part(request, "gtin")), path_part(request, "lot")
    expiry = query_of(request, LotQuery).expiry
    if expiry:
        try:
            expiry = datetime.date.fromisoformat(expiry).isoformat()
        except ValueError as wrong:
            raise BadRequest(f"{expiry[:40]!r} is not a date.", place="expiry", advice="Send YYYY-MM-DD.") from wrong
    found = await web.read(partial(web.node.holders, gtin, lot, expiry=expiry))
    if not found.found:
        raise NotFound(
            "No package of this lot is on record.",
            advice="Look at the GTIN and the lot as they are printed, or load the file that brings it.",
        )
    return json_response(found)


ENDPOINTS: Final = (
    Endpoint(
        "GET",
        "/api/v1/lots/{gtin}/{lot}/holders",
        "Who holds the packages of a lot now.",
        get_holders,
        Holders,
        query=LotQuery,
        refusals=(BadRequest, NotFound, refusals.Overloaded, refusals.DeadlinePassed),
    ),
)
