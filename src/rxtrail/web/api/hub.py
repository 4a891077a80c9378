"""Between a hub and the nodes that joined it: who is there, asking before dispensing, what goes up and down."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import time
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec
from starlette.responses import StreamingResponse

from rxtrail.access import BudgetSpent, KeyNeeded, WrongKey, WrongSite
from rxtrail.errors import BadDocument, BadRequest, NotFound, RxtrailError
from rxtrail.joined import HUB_CONTEXT
from rxtrail.keys import KeyFailed
from rxtrail.sites.wire import Anchor, Anchored, Asked, Claim, Fed, Feed, HubStatus, Page
from rxtrail.web import limits, refusals
from rxtrail.web.api.sites import node_of
from rxtrail.web.body import JSON_TYPES, decode_json, expect_media_type, read_json, read_whole
from rxtrail.web.context import Endpoint, Web, json_response, query_of
from rxtrail.web.site_door import grant_of, hub_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.responses import Response

FEED_BYTES_MAX: Final = 128 * limits.MIB
"""A batch has about 2 MiB; one event of a whole production may be larger."""

NONCE_CHARACTERS_MAX: Final = 200
LOOK_SECONDS: Final = 0.1
FOLLOW_SECONDS: Final = 1.0
"""Between words of a stream when there is nothing to tell; also how soon other processes' writes are seen."""

_ASKED = msgspec.json.Decoder(Asked)
_ANCHOR = msgspec.json.Decoder(Anchor)
_FEED = msgspec.json.Decoder(Feed)
_encode = msgspec.json.Encoder().encode


class HubQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``nonce`` is signed; ``log`` names a log, of which is told up to where it has been fed."""

    nonce: str = ""
    log: str = ""


class StreamQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``after`` is the cursor of the last page; -1 begins at the beginning."""

    after: int = -1


async def get_hub(web: Web, request: Request) -> Response:
    """Answer with who this node is, and how it stands with its own hub."""
    query = query_of(request, HubQuery)
    if len(query.nonce) > NONCE_CHARACTERS_MAX or not query.nonce.isascii():
        raise BadRequest(f"A nonce has at most {NONCE_CHARACTERS_MAX} ASCII characters.", place="nonce")
    grant = grant_of(request)

    def work() -> HubStatus:
        node = hub_of(web)
        key = node_of(web).key()
        identity = web.node.identity()
        joined = None
        if grant.open:  # which hub a node has joined is not the public's business
            with contextlib.suppress(NotFound):
                joined = node.hub.status()
        signature = key.sign(query.nonce.encode(), context=HUB_CONTEXT) if query.nonce else b""
        return HubStatus(
            service="rxtrail",
            version=web.version,
            role=identity.role,
            market=identity.market,
            key=str(key.verifier),
            site=grant.site,
            signature=base64.b64encode(signature).decode(),
            fed=node.sites.fed(grant.site, query.log) if grant.site and query.log else -1,
            joined=joined,
        )

    return json_response(await web.read(work))


async def post_ask(web: Web, request: Request) -> Response:
    """Judge a scan for a site, or grant it a dispensing."""
    grant = grant_of(request)
    site = grant.place("")
    asked = await read_json(request, _ASKED)
    node = hub_of(web)

    def work() -> Claim:
        # Strangers before the site, whose questions it passes on, use up nothing of what its own counters may ask.
        purpose = "" if asked.claim or asked.release else asked.purpose
        node.access.admit(grant, purpose)
        claim = node.sites.ask(asked, site=site)
        if not asked.release:
            node.access.count(node.access.asker(grant, purpose), claim.verdict)
        return claim

    return json_response(await (web.write(work) if asked.claim or asked.release else web.read(work)))


async def post_feed(web: Web, request: Request) -> Response:
    """Capture a batch of a site's log; the answer comes when it is durable."""
    site = grant_of(request).place("")
    expect_media_type(request, JSON_TYPES)
    body = await read_whole(request, "FEED_BYTES_MAX", FEED_BYTES_MAX)
    feed = decode_json(body, _FEED)
    return json_response(await web.write(partial(hub_of(web).sites.feed, feed, site=site)))


async def get_stream(web: Web, request: Request) -> Response:
    """Answer with a page of what the site must know; as server-sent events, with every page from here on."""
    query = query_of(request, StreamQuery)
    site = grant_of(request).place("")
    if request.headers.get("accept", "").partition(";")[0].strip() != "text/event-stream":
        return json_response(await web.read(partial(hub_of(web).sites.page, query.after, site=site)))
    stream = _events(web, request, query.after, site)
    return StreamingResponse(stream, media_type="text/event-stream", headers={"x-accel-buffering": "no"})


async def _events(web: Web, request: Request, after: int, site: str) -> AsyncIterator[bytes]:
    """Give pages as they come about, and a word every second; ends when the key is revoked or the server stops."""
    node = hub_of(web)
    authorization = request.headers.get("authorization", "")
    seen, sent = -1, after
    spoken = time.monotonic()
    yield b": rxtrail\n\n"
    while not web.stopping:
        size = web.node.log_size_told  # type: ignore[attr-defined]  # a node of this process
        quiet = time.monotonic() - spoken >= FOLLOW_SECONDS
        if size == seen and not quiet:
            await asyncio.sleep(LOOK_SECONDS)
            continue
        try:
            if quiet:
                await web.read(partial(node.access.grant, authorization))
            page = await web.read(partial(node.sites.page, after, site=site))
        except WrongKey:
            return
        except RxtrailError as error:
            web.failed(error)
            return  # the site comes back, with its cursor
        seen = size
        if page.items or (quiet and page.next > sent):
            yield b"id: %d\nevent: page\ndata: %b\n\n" % (page.next, _encode(page))
            sent = page.next
            spoken = time.monotonic()
        elif quiet:
            yield b": %d\n\n" % page.size
            spoken = time.monotonic()
        if page.next < page.size - 1:
            seen = -1
        after = max(after, page.next)


async def post_anchor(web: Web, request: Request) -> Response:
    """Keep the head of a site's log as a record; the answer comes when it is durable."""
    site = grant_of(request).place("")
    anchor = await read_json(request, _ANCHOR)
    return json_response(await web.write(partial(hub_of(web).sites.anchor, anchor, site=site)))


_REFUSALS: Final = (KeyNeeded, WrongKey, WrongSite, BadRequest, refusals.Overloaded, refusals.DeadlinePassed)
ENDPOINTS: Final = (
    Endpoint(
        "GET",
        "/api/v1/hub",
        "Who this node is, for those who would join it, and how it stands with the hub it has joined.",
        get_hub,
        HubStatus,
        query=HubQuery,
        refusals=(WrongKey, BadRequest, KeyFailed),
    ),
    Endpoint(
        "POST",
        "/api/v1/sites/ask",
        "Ask about a scan as a site, before a pack is handed over.",
        post_ask,
        Claim,
        body=Asked,
        refusals=(*_REFUSALS, BudgetSpent, refusals.TooLarge, refusals.WrongMediaType),
    ),
    Endpoint(
        "POST",
        "/api/v1/sites/feed",
        "Tell what happened at a site; the answer comes when it is durable.",
        post_feed,
        Fed,
        body=Feed,
        refusals=(*_REFUSALS, BadDocument, refusals.TooLarge, refusals.WrongMediaType, refusals.UploadBroken),
    ),
    Endpoint(
        "POST",
        "/api/v1/sites/anchor",
        "Anchor the head of a site's log in this one, when it grows out of the last one that it sent.",
        post_anchor,
        Anchored,
        body=Anchor,
        refusals=(*_REFUSALS, refusals.TooLarge, refusals.WrongMediaType, refusals.UploadBroken),
    ),
    Endpoint(
        "GET",
        "/api/v1/sites/stream",
        "What a site must know, after a cursor: one page, or as server-sent events all that comes.",
        get_stream,
        Page,
        query=StreamQuery,
        refusals=_REFUSALS,
    ),
)
