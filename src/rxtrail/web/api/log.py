"""The published log (C2SP tlog-tiles): its head, tiles, entries and key. Public, and within bounds of its own."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

import msgspec
from starlette.responses import Response

from rxtrail.answers import LogHeads, LogStatus
from rxtrail.errors import BadRequest, NotFound
from rxtrail.publishing import place_of
from rxtrail.web import limits, refusals
from rxtrail.web.body import read_whole
from rxtrail.web.context import Endpoint, Web, json_response, query_of
from rxtrail.web.paging import PageQuery, next_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from rxtrail.publishing import Publishing

_IMMUTABLE: Final = "public, max-age=31536000, immutable"
ADDING_MAX: Final = 1024
_ASK_AGAIN: Final = "no-cache"
NUMBER_DIGITS_MAX: Final = 6
_FRESH: Final = "public, max-age=1"
# The log is for everybody, and so for pages of others that check it in a browser.
_OPEN: Final = {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}


class _Logging(Protocol):
    log: Publishing


def log_of(web: Web) -> Publishing | None:
    """What a node has of its published log; None for a part of a node, in a test."""
    return cast("_Logging", web.node).log if hasattr(web.node, "log") else None


def _log(web: Web) -> Publishing:
    log = log_of(web)
    if log is None:
        raise NotFound("this server has no log")
    return log


async def _read(web: Web, work: Callable[[], Any]) -> Any:  # noqa: ANN401 (whatever the work gives)
    return await web.log_reads.call(work, seconds=limits.ANSWER_SECONDS_MAX)


async def get_checkpoint(web: Web, request: Request) -> Response:  # noqa: ARG001
    """Answer with the newest signed head."""
    body = await _read(web, _log(web).files.checkpoint)
    return Response(body, media_type="text/plain; charset=utf-8", headers={**_OPEN, "cache-control": _FRESH})


async def get_tile(web: Web, request: Request) -> Response:
    """Answer with a tile of hashes or a bundle of entries."""
    path = f"tile/{request.path_params['path']}"
    files = _log(web).files
    body, number = await _read(web, lambda: (files.read(path), files.number()))
    # Behind a log that was given up the same path had another tile: only /log/N/tile is for ever.
    headers = {**_OPEN, "cache-control": _IMMUTABLE if number == 1 else _ASK_AGAIN}
    return Response(body, media_type="application/octet-stream", headers=headers)


async def get_vkey(web: Web, request: Request) -> Response:  # noqa: ARG001
    """Answer with the verifier key of the log, one line."""
    keys = await _read(web, _log(web).keys)
    if not keys:
        raise NotFound("nothing of this log is published yet", advice="The signer may not run: see /readyz.")
    headers = {**_OPEN, "cache-control": _FRESH}
    return Response(f"{keys[0]}\n", media_type="text/plain; charset=utf-8", headers=headers)


async def get_numbered_checkpoint(web: Web, request: Request) -> Response:
    """Answer with a signed head of one of the logs that this record has had."""
    body = await _read(web, partial(_log(web).files.checkpoint, _number(request)))
    return Response(body, media_type="text/plain; charset=utf-8", headers={**_OPEN, "cache-control": _FRESH})


async def get_numbered_tile(web: Web, request: Request) -> Response:
    """Answer with a tile or a bundle of one of the logs; what lies there never becomes anything else."""
    path = f"tile/{request.path_params['path']}"
    body = await _read(web, partial(_log(web).files.read, path, _number(request)))
    headers = {**_OPEN, "cache-control": _IMMUTABLE}
    return Response(body, media_type="application/octet-stream", headers=headers)


async def get_numbered_vkey(web: Web, request: Request) -> Response:
    """Answer with the verifier key of one of the logs, one line."""
    keys = await _read(web, partial(_log(web).files.keys, _number(request)))
    if not keys:
        raise NotFound("nothing of this log is published yet", advice="The signer may not run: see /readyz.")
    headers = {**_OPEN, "cache-control": _FRESH}
    return Response(f"{keys[0]}\n", media_type="text/plain; charset=utf-8", headers=headers)


async def get_heads(web: Web, request: Request) -> Response:
    """Answer with one page of the signed heads that are kept of one of the logs."""
    asked = query_of(request, PageQuery)
    files = _log(web).files
    told: LogHeads = await _read(web, partial(files.heads, _number(request), after=asked.after, limit=asked.limit + 1))
    heads, following = next_page(request, told.heads, asked.limit, place_of)
    return json_response(msgspec.structs.replace(told, heads=heads, next=following))


def _number(request: Request) -> int:
    text: str = request.path_params["number"]
    if not (text.isascii() and text.isdigit() and 0 < len(text) <= NUMBER_DIGITS_MAX) or text[0] == "0":
        raise NotFound("logs are numbered from 1", advice="The newest is at /log/checkpoint.")
    return int(text)


async def post_add(web: Web, request: Request) -> Response:
    """Append the body as a record, in a load test; the index comes in ASCII when it is durable."""
    body = await read_whole(request, "REQUEST_BYTES_MAX", limits.REQUEST_BYTES_MAX)
    if web.log_adding >= ADDING_MAX:
        raise refusals.Overloaded(f"{ADDING_MAX} entries are being added.", advice="Try again.")
    web.log_adding += 1
    try:
        index = await asyncio.wrap_future(_log(web).add(body))
    finally:
        web.log_adding -= 1
    return Response(f"{index}", media_type="text/plain; charset=us-ascii")


async def get_status(web: Web, request: Request) -> Response:  # noqa: ARG001
    """Answer with how the log stands."""
    return json_response(await web.read(_log(web).status))


_REFUSALS: Final = (NotFound, refusals.Overloaded, refusals.DeadlinePassed)
ENDPOINTS: Final = (
    Endpoint(
        "GET",
        "/log/checkpoint",
        "The newest signed head of the log (C2SP tlog-checkpoint).",
        get_checkpoint,
        ("text/plain",),
        query=None,
        refusals=_REFUSALS,
    ),
    Endpoint(
        "GET",
        "/log/tile/{path:path}",
        "A tile of hashes, or a bundle of entries (C2SP tlog-tiles).",
        get_tile,
        ("application/octet-stream",),
        query=None,
        refusals=_REFUSALS,
    ),
    Endpoint(
        "GET",
        "/log/vkey",
        "The verifier key of the log (C2SP signed-note).",
        get_vkey,
        ("text/plain",),
        query=None,
        refusals=_REFUSALS,
    ),
    Endpoint(
        "POST",
        "/log/add",
        "Append anything, in a load test (serve --load-test); answers with its index in ASCII.",
        post_add,
        ("text/plain",),
        body=("application/octet-stream",),
        refusals=(NotFound, refusals.Overloaded, refusals.TooLarge, refusals.UploadBroken),
    ),
    Endpoint(
        "GET",
        "/log/{number}/checkpoint",
        "A signed head of one of the logs that this record has had; a new one is begun after a loss.",
        get_numbered_checkpoint,
        ("text/plain",),
        query=None,
        refusals=_REFUSALS,
    ),
    Endpoint(
        "GET",
        "/log/{number}/tile/{path:path}",
        "A tile or a bundle of one of the logs; it never changes.",
        get_numbered_tile,
        ("application/octet-stream",),
        query=None,
        refusals=_REFUSALS,
    ),
    Endpoint(
        "GET",
        "/log/{number}/vkey",
        "The verifier key of one of the logs.",
        get_numbered_vkey,
        ("text/plain",),
        query=None,
        refusals=_REFUSALS,
    ),
    Endpoint(
        "GET",
        "/log/{number}/heads",
        "The signed heads that are kept of one of the logs, the largest first.",
        get_heads,
        LogHeads,
        query=PageQuery,
        refusals=(BadRequest, *_REFUSALS),
    ),
    Endpoint("GET", "/api/v1/log", "How the published log stands.", get_status, LogStatus, refusals=_REFUSALS),
)
