"""For sites that may lose this node: their bundle, the key that signed it, and what they tell later."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, Final, Literal, Protocol, cast

import msgspec
from starlette.responses import Response

from rxtrail.errors import BadRequest
from rxtrail.keys import NODE, KeyFailed
from rxtrail.offline import NotedScan, Offline
from rxtrail.web import refusals
from rxtrail.web.body import read_json
from rxtrail.web.context import Endpoint, Web, idempotency_key, json_response, path_part
from rxtrail.web.site_door import grant_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from rxtrail.keys import SigningKey

BUNDLE_TYPE: Final = "application/vnd.rxtrail.site-bundle"


class _HasOffline(Protocol):
    offline: Offline

    def key(self) -> SigningKey: ...


class LateScan(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A scan that was made while this node could not be reached; ``told`` is the verdict that the counter was given."""

    scan: str
    scanned_at: str
    site: str = ""
    purpose: Literal["dispense", "receive", "return", "investigate", "public"] = "dispense"
    key: str = ""
    told: Literal["", "ok", "check", "stop", "unconfirmed", "not-covered"] = ""


class NodeKey(msgspec.Struct, frozen=True, gc=False):
    """One public key of this node, as C2SP signed-note writes verifier keys."""

    kind: str
    key: str


class NodeKeys(msgspec.Struct, frozen=True, gc=False):
    """The public keys of this node."""

    keys: list[NodeKey]


def node_of(web: Web) -> _HasOffline:
    """The node of this process, which serves sites that may lose it."""
    return cast("_HasOffline", web.node)


_LATE_SCAN = msgspec.json.Decoder(LateScan)


async def get_bundle(web: Web, request: Request) -> Response:
    """Answer with the bundle of a site, or 304 when it is the one that the asker has."""
    site = grant_of(request).place(path_part(request, "gln"))
    content = await web.read(partial(node_of(web).offline.bundle, site))
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"etag": tag})
    return Response(content, media_type=BUNDLE_TYPE, headers={"etag": tag})


async def post_scan(web: Web, request: Request) -> Response:
    """Record a scan that was made earlier; the answer comes when that is durable."""
    late = await read_json(request, _LATE_SCAN)
    header = idempotency_key(request)
    if header and late.key and header != late.key:
        raise BadRequest("The Idempotency-Key and the key in the body differ.", place="key")
    work = partial(
        node_of(web).offline.scan,
        late.scan,
        site=grant_of(request).place(late.site),
        purpose=late.purpose,
        key=header or late.key,
        scanned_at=late.scanned_at,
        told=late.told,
    )
    return json_response(await web.write(work))


async def get_keys(web: Web, request: Request) -> Response:  # noqa: ARG001 - every handler has one shape
    """Answer with the public keys of this node."""
    key = await web.read(node_of(web).key)
    return json_response(NodeKeys([NodeKey(NODE, str(key.verifier))]))


ENDPOINTS: Final = (
    Endpoint(
        "GET",
        "/api/v1/sites/{gln}/bundle",
        "The signed bundle by which a site judges scans while this node cannot be reached.",
        get_bundle,
        (BUNDLE_TYPE,),
        refusals=(BadRequest, KeyFailed, refusals.Overloaded, refusals.DeadlinePassed),
    ),
    Endpoint(
        "POST",
        "/api/v1/scans",
        "Record a scan that was made while this node could not be reached.",
        post_scan,
        NotedScan,
        body=LateScan,
        refusals=(BadRequest, refusals.Overloaded, refusals.TooLarge, refusals.WrongMediaType),
        key=True,
    ),
    Endpoint("GET", "/api/v1/keys", "The public keys of this node.", get_keys, NodeKeys, refusals=(KeyFailed,)),
)
