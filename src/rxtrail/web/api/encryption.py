"""How what lies at rest is protected, and new keys. Destroying keys is for the command line on this machine."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, Protocol, cast

import msgspec

from rxtrail.errors import BadRequest
from rxtrail.keyring import KeyOrder, Keyring, KeysChanged, KeysStatus
from rxtrail.sealing import CannotDecrypt
from rxtrail.web import refusals
from rxtrail.web.body import read_json
from rxtrail.web.context import Endpoint, Web, json_response

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


class _HasKeyring(Protocol):
    keyring: Keyring


class Rotation(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Why there is a new key, and the name of who makes it."""

    reason: str
    by: str


_ROTATION = msgspec.json.Decoder(Rotation)


def keyring_of(web: Web) -> Keyring:
    """The keys of the node of this process."""
    return cast("_HasKeyring", web.node).keyring


async def status(web: Web, request: Request) -> Response:  # noqa: ARG001 - every handler has one shape
    """Answer with how what lies at rest is protected; the keys themselves are nowhere in it."""
    return json_response(await web.read(keyring_of(web).status))


async def rotate(web: Web, request: Request) -> Response:
    """Make a new key under which the others lie, durably."""
    asked = await read_json(request, _ROTATION)
    order = KeyOrder("rotate", reason=asked.reason, by=asked.by)
    return json_response(await web.write(partial(keyring_of(web).change, order)))


_PATH: Final = "/api/v1/encryption"
ENDPOINTS: Final = (
    Endpoint("GET", _PATH, "How what lies at rest is protected.", status, KeysStatus, refusals=(CannotDecrypt,)),
    Endpoint(
        "POST",
        _PATH + "/rotation",
        "Make a new key for what is sealed from now on.",
        rotate,
        KeysChanged,
        body=Rotation,
        refusals=(BadRequest, CannotDecrypt, refusals.Overloaded),
    ),
)
