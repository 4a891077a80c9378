"""Recalls: looked at before they take hold, held at every counter, answered and closed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, Protocol, cast
from urllib.parse import quote

import msgspec
from starlette.responses import Response as RawResponse

from rxtrail.core.rules.recall import Recall
from rxtrail.errors import BadRequest, NotFound, Refused
from rxtrail.recalls import (
    AskedRecall,
    NoticesReport,
    RecallCommand,
    RecallDesk,
    RecallPreview,
    RecallReport,
    RecallStatus,
    asked_of,
    open_fresh,
    read_reports,
)
from rxtrail.web import limits, refusals
from rxtrail.web.body import JSON_TYPES, expect_media_type, read_json, read_table_json, read_whole
from rxtrail.web.context import Endpoint, Web, json_response, path_part, query_of
from rxtrail.web.paging import PageQuery, StateQuery, address_of, next_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response


class _HasRecalls(Protocol):
    recalls: RecallDesk


class RecallPage(msgspec.Struct, frozen=True, gc=False):
    """Recalls, the newest first; ``next`` is the address of the following page, "" at the end."""

    recalls: list[Recall]
    next: str


class PacksQuery(PageQuery, frozen=True, forbid_unknown_fields=True):
    """Whose packs (GLN; "" is all), from where on, and how many."""

    holder: str = ""


class RecalledPack(msgspec.Struct, frozen=True, gc=False):
    """One pack that a recall means, or may mean (``sure`` false)."""

    gtin: str
    serial: str
    lot: str
    expiry: str
    state: str
    custodian: str
    in_transit_to: str
    sure: bool


class PacksPage(msgspec.Struct, frozen=True, gc=False):
    """Packs of a recall; ``next`` is the address of the following page, "" at the end.

    A page may be short, or empty, and have a next one: so many packs are looked at as one page may cost.
    """

    packs: list[RecalledPack]
    next: str


class NewRecall(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What is recalled, and who says so."""

    by: str
    asked: AskedRecall
    reason: str = ""


class NoticesQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who opens the reports."""

    by: str


NOTICE_TYPES: Final = (*JSON_TYPES, "application/zip")
_NEW = msgspec.json.Decoder(NewRecall)
_ASKED = msgspec.json.Decoder(AskedRecall)
_STEP = msgspec.json.Decoder(RecallCommand)


def recalls_of(web: Web) -> RecallDesk:
    """The recalls of the node of this process."""
    return cast("_HasRecalls", web.node).recalls


async def list_recalls(web: Web, request: Request) -> Response:
    """Answer with one page of recalls."""
    asked = query_of(request, StateQuery)
    found = await web.read(partial(recalls_of(web).page, asked.after, asked.limit + 1, state=asked.state))
    page = next_page(request, found, asked.limit, lambda each: each.id, state=asked.state)
    return json_response(RecallPage(*page))


async def preview_asked(web: Web, request: Request) -> Response:
    """Answer with the packs that would be recalled; nothing is changed."""
    asked: AskedRecall = await read_table_json(request, _ASKED)
    work: Callable[[], RecallPreview] = partial(recalls_of(web).preview, asked)
    return json_response(await web.ask(work))


async def preview_kept(web: Web, request: Request) -> Response:
    """Answer with the packs that a recall means now."""
    return json_response(await web.ask(partial(recalls_of(web).preview, path_part(request, "id"))))


async def get_report(web: Web, request: Request) -> Response:
    """Answer with the report of a recall, with the times that it took."""
    return json_response(await web.ask(partial(recalls_of(web).report, path_part(request, "id"))))


async def get_attachment(web: Web, request: Request) -> Response:
    """Answer with a file that was attached to a recall; never shown as a page of this node."""
    work = partial(recalls_of(web).attachment, path_part(request, "id"), path_part(request, "name"))
    told, content = await web.read(work)
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(told.name)}",
        "x-content-type-options": "nosniff",
    }
    return RawResponse(content, media_type="application/octet-stream", headers=headers)


async def get_packs(web: Web, request: Request) -> Response:
    """Answer with the packs of a recall that one holder has, or all of them, page by page."""
    asked = query_of(request, PacksQuery)
    work = partial(recalls_of(web).packs_page, path_part(request, "id"), asked.holder, asked.after, asked.limit)
    found, place = await web.ask(work)
    following = address_of(request, place, asked.limit, holder=asked.holder) if place else ""
    return json_response(PacksPage([RecalledPack(*pack) for pack in found], following))


async def get_recall(web: Web, request: Request) -> Response:
    """Answer with one recall, its holders and their answers."""
    return json_response(await web.ask(partial(recalls_of(web).status, path_part(request, "id"))))


async def open_recall(web: Web, request: Request) -> Response:
    """Open a recall, durably."""
    new: NewRecall = await read_table_json(request, _NEW)
    command = RecallCommand("open", new.by, reason=new.reason, asked=new.asked)
    return json_response(await web.write(partial(web.node.recall, command)), 201)


async def open_notices(web: Web, request: Request) -> Response:
    """Open the reports of a notice file that are not known, durably and in groups; tell what became of them."""
    expect_media_type(request, NOTICE_TYPES)
    by = query_of(request, NoticesQuery).by
    body = await read_whole(request, "TABLE_BYTES_MAX", limits.TABLE_BYTES_MAX)

    def work() -> NoticesReport:
        sort = recalls_of(web).incoming
        return open_fresh(sort([asked_of(report) for report in read_reports(body)]), by, web.node.recall, sort)

    return json_response(await web.write(work))


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
        query=StateQuery,
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
        "POST",
        _RECALLS + "/notices",
        "Open the enforcement reports of a file, as openFDA gives it out; those that are known are left alone.",
        open_notices,
        NoticesReport,
        query=NoticesQuery,
        body=NOTICE_TYPES,
        refusals=(BadRequest, Refused, refusals.TooLarge, refusals.WrongMediaType, refusals.Overloaded),
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
        "GET",
        _RECALLS + "/{id}/packs",
        "The packs that a recall means, of all or of one holder.",
        get_packs,
        PacksPage,
        query=PacksQuery,
        refusals=(BadRequest, NotFound),
    ),
    Endpoint(
        "GET",
        _RECALLS + "/{id}/attachments/{name}",
        "A file that was attached to a recall, by its name or SHA-256.",
        get_attachment,
        ("application/octet-stream",),
        refusals=(NotFound,),
    ),
    Endpoint(
        "GET",
        _RECALLS + "/{id}/report",
        "What is kept of a recall when it ends: who had what, what was found, how long it took.",
        get_report,
        RecallReport,
        refusals=(NotFound,),
    ),
    Endpoint(
        "PATCH",
        _RECALLS + "/{id}",
        "One step of a recall: approve, confirm, notice, acknowledge, respond, check, escalate, withdraw or close.",
        act,
        Recall,
        body=RecallCommand,
        refusals=(BadRequest, NotFound, Refused, refusals.Overloaded),
    ),
)
