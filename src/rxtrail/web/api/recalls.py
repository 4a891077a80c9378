"""Recalls: looked at before they take hold, held at every counter, answered and closed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Final, Protocol, cast
from urllib.parse import urlencode

import msgspec

from rxtrail.core.rules.recall import Recall
from rxtrail.errors import BadRequest, NotFound, Refused
from rxtrail.recalls import AskedRecall, RecallCommand, RecallDesk, RecallPreview, RecallStatus
from rxtrail.web import limits, refusals
from rxtrail.web.body import read_json
from rxtrail.web.context import Endpoint, Web, json_response, path_part, query_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response


class _HasRecalls(Protocol):
    recalls: RecallDesk


class RecallQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From where on, how many, in which state; empty is any."""

    after: str = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=limits.PAGE_ROWS_MAX)] = limits.PAGE_ROWS_DEFAULT
    state: str = ""


class RecallPage(msgspec.Struct, frozen=True, gc=False):
    """Recalls, the newest first; ``next`` is the address of the following page, "" at the end."""

    recalls: list[Recall]
    next: str


class NewRecall(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What is recalled, and who says so."""

    by: str
    asked: AskedRecall
    reason: str = ""


_NEW = msgspec.json.Decoder(NewRecall)
_ASKED = msgspec.json.Decoder(AskedRecall)
_STEP = msgspec.json.Decoder(RecallCommand)


def recalls_of(web: Web) -> RecallDesk:
    """The recalls of the node of this process."""
    return cast("_HasRecalls", web.node).recalls


async def list_recalls(web: Web, request: Request) -> Response:
    """Answer with one page of recalls."""
    asked = query_of(request, RecallQuery)
    found = await web.read(partial(recalls_of(web).page, asked.after, asked.limit + 1, state=asked.state))
    page, following = found[: asked.limit], ""
    if len(found) > asked.limit:
        place = {"after": page[-1].id, "limit": asked.limit, "state": asked.state}
        following = f"{request.url.path}?{urlencode({name: value for name, value in place.items() if value})}"
    return json_response(RecallPage(page, following))


async def preview_asked(web: Web, request: Request) -> Response:
    """Answer with the packs that would be recalled; nothing is changed."""
    asked: AskedRecall = await read_json(request, _ASKED)
    work: Callable[[], RecallPreview] = partial(recalls_of(web).preview, asked)
    return json_response(await web.read(work))


async def preview_kept(web: Web, request: Request) -> Response:
    """Answer with the packs that a recall means now."""
    return json_response(await web.read(partial(recalls_of(web).preview, path_part(request, "id"))))


async def get_recall(web: Web, request: Request) -> Response:
    """Answer with one recall, its holders and their answers."""
    return json_response(await web.read(partial(recalls_of(web).status, path_part(request, "id"))))


async def open_recall(web: Web, request: Request) -> Response:
    """Open a recall, durably."""
    new = await read_json(request, _NEW)
    command = RecallCommand("open", new.by, reason=new.reason, asked=new.asked)
    return json_response(await web.write(partial(web.node.recall, command)), 201)


async def act(web: Web, request: Request) -> Response:
    """Carry out one step of a recall, durably."""
    step = msgspec.structs.replace(await read_json(request, _STEP), id=path_part(request, "id"))
    if step.what == "open":
        raise BadRequest("a recall is opened with POST /api/v1/recalls", place="what")
    return json_response(await web.write(partial(web.node.recall, step)))


_RECALLS: Final = "/api/v1/recalls"
ENDPOINTS: Final = (
    Endpoint(
        "GET",
        _RECALLS,
        "Recalls, the newest first.",
        list_recalls,
        RecallPage,
        query=RecallQuery,
        refusals=(BadRequest, NotFound),
    ),
    Endpoint(
        "POST",
        _RECALLS,
        "Open a recall: an issued one waits for a second person, a received one holds at once.",
        open_recall,
        Recall,
        status=201,
        body=NewRecall,
        refusals=(BadRequest, Refused, refusals.Overloaded),
    ),
    Endpoint(
        "POST",
        _RECALLS + "/preview",
        "Which packs would be recalled, and who has them.",
        preview_asked,
        RecallPreview,
        body=AskedRecall,
        refusals=(BadRequest,),
    ),
    Endpoint(
        "GET",
        _RECALLS + "/{id}",
        "One recall, its holders, their answers.",
        get_recall,
        RecallStatus,
        refusals=(NotFound,),
    ),
    Endpoint(
        "GET",
        _RECALLS + "/{id}/preview",
        "Which packs a recall means now.",
        preview_kept,
        RecallPreview,
        refusals=(NotFound,),
    ),
    Endpoint(
        "PATCH",
        _RECALLS + "/{id}",
        "One step of a recall: approve, confirm, withdraw, close or respond.",
        act,
        Recall,
        body=RecallCommand,
        refusals=(BadRequest, NotFound, Refused, refusals.Overloaded),
    ),
)
