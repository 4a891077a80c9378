"""Cases: what a machine cannot settle and a person must look at."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, Literal, Protocol, cast

import msgspec

from rxtrail.cases import Case, Cases
from rxtrail.errors import BadRequest, NotFound, Refused
from rxtrail.web import refusals
from rxtrail.web.body import read_json
from rxtrail.web.context import Endpoint, Web, json_response, path_part, query_of
from rxtrail.web.paging import PageQuery, next_page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


class _HasCases(Protocol):
    cases: Cases


class CaseQuery(PageQuery, frozen=True, forbid_unknown_fields=True):
    """From where on, how many, of which state and kind; empty is any."""

    state: Literal["", "open", "closed"] = ""
    kind: str = ""


class CasePage(msgspec.Struct, frozen=True, gc=False):
    """Cases, the newest first; ``next`` is the address of the following page, "" at the end."""

    cases: list[Case]
    next: str


class CaseChange(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A case is closed with a reason and the name of who closes it."""

    state: Literal["closed"]
    reason: str
    by: str


_CHANGE = msgspec.json.Decoder(CaseChange)


def cases_of(web: Web) -> Cases:
    """The cases of the node of this process."""
    return cast("_HasCases", web.node).cases


async def list_cases(web: Web, request: Request) -> Response:
    """Answer with one page of cases."""
    asked = query_of(request, CaseQuery)
    work = partial(cases_of(web).page, asked.after, asked.limit + 1, state=asked.state, kind=asked.kind)
    found = await web.read(work)
    page = next_page(request, found, asked.limit, lambda each: each.id, state=asked.state, kind=asked.kind)
    return json_response(CasePage(*page))


async def get_case(web: Web, request: Request) -> Response:
    """Answer with one case."""
    return json_response(await web.read(partial(cases_of(web).get, path_part(request, "id"))))


async def close_case(web: Web, request: Request) -> Response:
    """Close a case, durably."""
    change = await read_json(request, _CHANGE)
    work = partial(cases_of(web).close, path_part(request, "id"), reason=change.reason, by=change.by)
    return json_response(await web.write(work))


_CASES: Final = "/api/v1/cases"
ENDPOINTS: Final = (
    Endpoint("GET", _CASES, "Cases, the newest first.", list_cases, CasePage, query=CaseQuery, refusals=(BadRequest,)),
    Endpoint("GET", _CASES + "/{id}", "One case with its evidence.", get_case, Case, refusals=(NotFound,)),
    Endpoint(
        "PATCH",
        _CASES + "/{id}",
        "Close a case with a reason and a name.",
        close_case,
        Case,
        body=CaseChange,
        refusals=(BadRequest, NotFound, Refused, refusals.Overloaded),
    ),
)
