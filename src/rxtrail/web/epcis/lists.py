"""Pages of lists: how many, and from where on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

import msgspec

from rxtrail.core.epcis.query.parse import Query, from_pairs
from rxtrail.core.epcis.times import written as moment
from rxtrail.epcis_query import PAGE_DEFAULT, Cursor
from rxtrail.errors import BadRequest
from rxtrail.web.epcis.visitor import node_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from rxtrail.web.context import Web

MEMBERS_MAX: Final = 1_000


class ListQuery(msgspec.Struct, frozen=True):
    """Which page of a list."""

    after: str
    count: int
    query: Query


def list_query(web: Web, request: Request, scope: str) -> ListQuery:
    """Read perPage and nextPageToken of a list.

    :raises BadRequest: any other parameter.
    """
    for name in request.query_params:
        if name not in ("perPage", "nextPageToken"):
            raise BadRequest(f"This list has no parameter {name[:80]!r}.", place=name, advice="It has perPage.")
    query = from_pairs(request.query_params.multi_items())
    after = node_of(web).epcis.tokens.read(query.token, scope, query).after if query.token else ""
    return ListQuery(after, min(query.per_page or PAGE_DEFAULT, MEMBERS_MAX), query)


def list_headers(web: Web, request: Request, asked: ListQuery, scope: str, last: str) -> dict[str, str]:
    """Give the headers of a page of a list; ``last`` is where the next one begins, "" at the end."""
    if not last:
        return {}
    return next_page(request, *node_of(web).epcis.tokens.make(Cursor(0, after=last), scope, asked.query))


def next_page(request: Request, token: str, expires: int) -> dict[str, str]:
    """Give the headers that tell where the next page is; none at the end."""
    if not token:
        return {}
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "nextPageToken"]
    address = f"{request.url.path}?{urlencode([*kept, ('nextPageToken', token)])}"
    return {"link": f'<{address}>; rel="next"', "gs1-next-page-token-expires": moment(expires)}
