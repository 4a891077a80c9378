"""The boards as data: JSON, or the rows as CSV. For this node's own people, as the door decides."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING, Final, Literal, Protocol, cast

import msgspec
from starlette.responses import Response

from rxtrail.boards import Board, Boards, Detection, FalseAlarms, Suppliers, csv_of
from rxtrail.errors import BadRequest, RxtrailError
from rxtrail.web import refusals
from rxtrail.web.context import Endpoint, Web, json_response, query_of

if TYPE_CHECKING:
    from starlette.requests import Request


class _HasBoards(Protocol):
    boards: Boards


class BoardQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first and the last day (ISO; the last 90 where none are named), and as what."""

    since: str = ""
    until: str = ""
    format: Literal["json", "csv"] = "json"


async def board_of(web: Web, name: str, since: str = "", until: str = "", *, count: bool = True) -> Board:
    """Count what has come, and give a board; where it cannot be counted now, as far as it was."""
    boards = cast("_HasBoards", web.node).boards
    if count:
        with contextlib.suppress(RxtrailError):  # the answer tells how far it was counted
            await web.write(partial(boards.count, at_once=False))
    return await web.ask(partial(boards.board, name, since, until))


async def _answer(web: Web, request: Request, name: str) -> Response:
    asked = query_of(request, BoardQuery)
    board = await board_of(web, name, asked.since, asked.until)
    if asked.format == "csv":
        headers = {"content-disposition": f'attachment; filename="{name}.csv"'}
        return Response(csv_of(board), media_type="text/csv; charset=utf-8", headers=headers)
    return json_response(board)


async def false_alarms(web: Web, request: Request) -> Response:
    """Answer with false alarms by cause and place."""
    return await _answer(web, request, "false-alarms")


async def suppliers(web: Web, request: Request) -> Response:
    """Answer with the quality of what suppliers send."""
    return await _answer(web, request, "suppliers")


async def detection(web: Web, request: Request) -> Response:
    """Answer with what was detected."""
    return await _answer(web, request, "detection")


_REFUSALS: Final = (BadRequest, refusals.Overloaded, refusals.DeadlinePassed)
ENDPOINTS: Final = (
    Endpoint(
        "GET",
        "/api/v1/boards/false-alarms",
        "False alarms by cause and place.",
        false_alarms,
        FalseAlarms,
        query=BoardQuery,
        refusals=_REFUSALS,
    ),
    Endpoint(
        "GET",
        "/api/v1/boards/suppliers",
        "The quality of what suppliers send.",
        suppliers,
        Suppliers,
        query=BoardQuery,
        refusals=_REFUSALS,
    ),
    Endpoint(
        "GET",
        "/api/v1/boards/detection",
        "What was detected, by rule, and how soon somebody looked.",
        detection,
        Detection,
        query=BoardQuery,
        refusals=_REFUSALS,
    ),
)
