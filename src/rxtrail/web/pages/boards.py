"""The page of the boards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

import msgspec

from rxtrail.web.api.boards import board_of
from rxtrail.web.context import query_of
from rxtrail.web.pages.render import page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from rxtrail.web.context import Web

ROWS_SHOWN: Final = 100


class DaysQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first and the last day."""

    since: str = ""
    until: str = ""


async def boards_page(web: Web, request: Request) -> Response:
    """False alarms, what suppliers send, what was detected."""
    asked = query_of(request, DaysQuery)
    alarms = await board_of(web, "false-alarms", asked.since, asked.until)
    days = {"since": alarms.period.since, "until": alarms.period.until}
    return page(
        "boards.html",
        alarms=alarms,
        suppliers=await board_of(web, "suppliers", **days, count=False),
        detection=await board_of(web, "detection", **days, count=False),
        query=urlencode(days),
        shown=ROWS_SHOWN,
    )
