"""What subscribers of the EPCIS binding did not take: listed, sent again, forgotten."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.epcis_query.subscriptions import DeadLetter
from rxtrail.errors import NotFound, Refused
from rxtrail.web import refusals
from rxtrail.web.context import Endpoint, Web, json_response, path_part
from rxtrail.web.epcis.visitor import node_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


class DeadLetters(msgspec.Struct, frozen=True, gc=False):
    """What could not be told, the oldest first; at most a thousand."""

    letters: list[DeadLetter]


async def list_letters(web: Web, _request: Request) -> Response:
    """Answer with all of them."""
    found = await web.read(partial(node_of(web).epcis.subscriptions.dead_letters, owner=None))
    return json_response(DeadLetters(found))


async def replay(web: Web, request: Request) -> Response:
    """Send one again; it is forgotten when its subscriber takes it."""
    name = path_part(request, "id")
    letter = await web.read(partial(node_of(web).epcis.subscriptions.dead_letter, name, owner=None))
    await web.write(partial(node_of(web).epcis.replay, name, owner=None))
    return json_response(letter)


async def drop(web: Web, request: Request) -> Response:
    """Forget one without sending it."""
    name = path_part(request, "id")
    letter = await web.read(partial(node_of(web).epcis.subscriptions.dead_letter, name, owner=None))
    await web.write(partial(node_of(web).epcis.subscriptions.drop_dead_letter, name))
    return json_response(letter)


_LETTERS: Final = "/api/v1/epcis/dead-letters"
ENDPOINTS: Final = (
    Endpoint("GET", _LETTERS, "What EPCIS subscribers did not take.", list_letters, DeadLetters),
    Endpoint("DELETE", _LETTERS + "/{id}", "Forget one.", drop, DeadLetter, refusals=(NotFound,)),
    Endpoint(
        "POST",
        _LETTERS + "/{id}/replay",
        "Send one again; 409 when its subscriber still does not take it.",
        replay,
        DeadLetter,
        refusals=(NotFound, Refused, refusals.Overloaded),
    ),
)
