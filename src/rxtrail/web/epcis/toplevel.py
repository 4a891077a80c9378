"""What there is: event types, EPCs, business steps, places and dispositions, as lists and one by one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from rxtrail.core.epcis.namespaces import split
from rxtrail.epcis_query.documents import spelling_of
from rxtrail.web.epcis import writing
from rxtrail.web.epcis.lists import list_headers, list_query
from rxtrail.web.epcis.members import check_member
from rxtrail.web.epcis.visitor import node_of, visitor_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from rxtrail.web.context import Web
    from rxtrail.web.epcis.speaking import Speaks

TOP: Final = (
    *("queries", "capture", "events", "eventTypes", "epcs"),
    *("bizSteps", "bizLocations", "readPoints", "dispositions"),
)


async def get_root(_web: Web, _request: Request, speaks: Speaks) -> Response:
    """Answer with the top-level resources."""
    return writing.collection(list(TOP), speaks)


async def list_members(web: Web, request: Request, speaks: Speaks) -> Response:
    """Answer with a page of what there is of one kind."""
    kind = request.url.path.rpartition("/")[2]
    visitor = visitor_of(web, request)
    scope = f"{kind}\n{visitor.sees}"
    asked = list_query(web, request, scope)
    read = partial(node_of(web).epcis.queries.members, kind, asked.after, asked.count, viewer=visitor.sees)
    found = await web.ask(read, visitor.sees)
    return writing.collection(
        shown(kind, found.members, speaks), speaks, list_headers(web, request, asked, scope, found.next)
    )


def shown(kind: str, texts: list[str], speaks: Speaks) -> list[str]:
    """Give members as the client spells them."""
    if kind in ("epcs", "readPoints", "bizLocations"):
        spelling = spelling_of(speaks.epc_format)
        return [spelling.identifier(text, {}) for text in texts]
    if kind == "eventTypes":
        return [type_shown(text) for text in texts]
    return texts


def type_shown(kind: str) -> str:
    """Give a sender's own kind of event as its IRI; where its namespace ends in nothing, both stay apart."""
    namespace, local = split(kind)
    return namespace + local if namespace.endswith(("/", "#", ":")) else kind


async def get_member(web: Web, request: Request, speaks: Speaks) -> Response:
    """Answer with what can be asked of one member."""
    visitor = visitor_of(web, request)
    await web.ask(partial(check_member, web, request, visitor), visitor.sees)
    return writing.collection(["events"], speaks)
