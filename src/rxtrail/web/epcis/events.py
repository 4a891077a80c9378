"""Events: asked for by every parameter of the query language, one by its name, and one captured at once."""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from rxtrail.core.epcis.event import KINDS
from rxtrail.core.epcis.limits import JSON_BYTES_MAX, Limits
from rxtrail.core.epcis.query.parse import Query, check_counts, from_pairs, joined
from rxtrail.core.epcis.reader import open_document
from rxtrail.errors import BadDocument, BadRequest
from rxtrail.ledger.prepare import prepare
from rxtrail.web import limits
from rxtrail.web.body import expect_media_type, read_whole
from rxtrail.web.context import path_part
from rxtrail.web.epcis import writing
from rxtrail.web.epcis.lists import next_page
from rxtrail.web.epcis.members import check_member
from rxtrail.web.epcis.speaking import JSON_TYPES, XML_TYPES, Speaks, check_taken
from rxtrail.web.epcis.visitor import Visitor, node_of, visitor_of
from rxtrail.web.refusals import ExistsAlready, UriTooLong

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from rxtrail.core.epcis.event import Event
    from rxtrail.web.context import Web

ADDRESS_CHARACTERS_MAX: Final = 8_000
EVENT_BYTES_MAX: Final = 16 * limits.MIB
"""One event that is captured at once; a document of any size goes to /epcis/capture."""

# The parts of the address that stand for a condition: parameter of the path, parameter of the query.
_BY_PATH: Final = {
    "eventType": "eventType",
    "epc": "MATCH_anyEPC",
    "bizStep": "EQ_bizStep",
    "bizLocation": "EQ_bizLocation",
    "readPoint": "EQ_readPoint",
    "disposition": "EQ_disposition",
}


def query_of(request: Request, speaks: Speaks, *, also: tuple[str, ...] = ()) -> Query:
    """Read the query of an address; ``also`` are parameters that others read.

    :raises UriTooLong: the address is longer than one may be; raises what the query language does.
    """
    if len(str(request.url)) > ADDRESS_CHARACTERS_MAX:
        raise UriTooLong(
            f"An address has at most {ADDRESS_CHARACTERS_MAX} characters.",
            place="query",
            advice="POST the query to /epcis/queries under a name, then GET its events.",
        )
    pairs = [(name, value) for name, value in request.query_params.multi_items() if name not in also]
    query = from_pairs(pairs, speaks.extensions)
    for part, parameter in _BY_PATH.items():
        if part in request.path_params:
            query = joined(from_pairs([(parameter, path_part(request, part).replace("|", "%7C"))]), query)
    return query


async def page(
    web: Web, request: Request, speaks: Speaks, query: Query, *, scope: str = "", query_name: str = "SimpleEventQuery"
) -> Response:
    """Answer with one page of a query."""
    visitor = visitor_of(web, request)

    def read() -> tuple[bytes, str, int]:
        found, token, expires = node_of(web).epcis.queries.page(query, viewer=visitor.sees, scope=scope)
        return writing.query_document(found.events, speaks, query_name=query_name), token, expires

    body, token, expires = await web.ask(read, visitor.sees)
    return writing.answer(body, speaks, headers=next_page(request, token, expires))


async def list_events(web: Web, request: Request, speaks: Speaks) -> Response:
    """Answer with events, of everything or of what the address names."""
    if request.path_params:
        visitor = visitor_of(web, request)
        await web.ask(partial(check_member, web, request, visitor), visitor.sees)
    query = query_of(request, speaks)
    check_counts(query)
    return await page(web, request, speaks, query, scope=request.url.path)


async def get_event(web: Web, request: Request, speaks: Speaks) -> Response:
    """Answer with the event of a name, and the declarations that repeat it."""
    visitor = visitor_of(web, request)
    name = path_part(request, "eventID")
    if request.url.query.startswith("ver=CBV") and name.startswith("ni:///sha-256;"):
        name += f"?{request.url.query}"  # an event hash holds a question mark, which not everybody escapes
    found = await web.read(partial(node_of(web).epcis.queries.event, name, viewer=visitor.sees))
    return writing.answer(writing.query_document(found, speaks), speaks)


async def post_event(web: Web, request: Request, speaks: Speaks) -> Response:
    """Capture one event and wait for it: 201, or 409 when one of its name is on record."""
    check_taken(request)
    expect_media_type(request, (*JSON_TYPES, *XML_TYPES))
    body = await read_whole(request, "EVENT_BYTES_MAX", EVENT_BYTES_MAX)
    visitor = visitor_of(web, request)
    event, name = await web.write(partial(_capture_one, web, body, visitor))
    at = f"/epcis/events/{quote(name, safe='')}"
    found = await web.read(partial(node_of(web).epcis.queries.event, name, viewer=visitor.sees))
    mine = [each for each in found if (each.event.error_declaration is None) == (event.error_declaration is None)]
    return writing.answer(writing.single_event(mine[-1], speaks), speaks, status=201, headers={"location": at})


def _capture_one(web: Web, body: bytes, visitor: Visitor) -> tuple[Event, str]:
    node = node_of(web)
    document = open_document(io.BytesIO(body), limits=Limits(document_bytes=EVENT_BYTES_MAX, json_bytes=JSON_BYTES_MAX))
    events = [event for event, _, _ in document]
    if document.header.root not in KINDS and document.header.root.startswith("EPCIS"):
        raise BadRequest("This address takes one event, not a document.", advice="Send documents to /epcis/capture.")
    if len(events) != 1:
        raise BadDocument("not-epcis", "there is no event in it", advice="Send one EPCIS event.")
    (event,) = events
    name = prepare(event, speaker="").name
    declares = event.error_declaration is not None
    # What others said and this one may not see is no repetition for it: it is noted as said by both.
    for known in node.epcis.queries.named(name, viewer=visitor.sees):
        if (known.event.error_declaration is not None) == declares:
            raise ExistsAlready(f"an event {name[:200]} is on record already", place="eventID")
    receipt = node.capture_first(io.BytesIO(body), name="event", speaker=visitor.sees)
    if receipt is None or not (receipt.new_events or visitor.sees):
        raise ExistsAlready(f"an event {name[:200]} is on record already", place="eventID")
    return event, name
