"""What packs and containers have in common: a journey, and changes of state that wait until they are durable."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, Literal

from rxtrail.errors import BadRequest, NotFound, Refused, RxtrailError
from rxtrail.web import problems
from rxtrail.web.context import Web, idempotency_key, json_response

if TYPE_CHECKING:
    import msgspec
    from starlette.requests import Request
    from starlette.responses import Response

    from rxtrail.answers import Journey, StateView

State = Literal["dispensed", "decommissioned", "active", "received", "on-hold", "released", "returned"]
VERBS: Final[dict[State, str]] = {
    "dispensed": "dispense",
    "decommissioned": "decommission",
    "active": "reactivate",
    "received": "receive",
    "on-hold": "hold",
    "released": "release",
    "returned": "return",
}
_NOT_DETAILS: Final = ("state", "lot", "expiry", "key")


async def journey_of(web: Web, code: str) -> Journey:
    """The journey of a code; raises ``NotFound`` when nothing on record speaks of it."""
    journey = await web.read(partial(web.node.trace, code))
    if not journey.found:
        raise NotFound(
            "Nothing on record speaks of it.",
            advice="Load the supplier's file, or ask the supplier for it. Not found is not counterfeit.",
        )
    return journey


async def carry_out(
    web: Web, request: Request, code: str, state: State, change: msgspec.Struct, body_key: str
) -> Response:
    """Make the change and answer with its receipt, or 409 with the state that forbids it."""
    header_key = idempotency_key(request)
    if header_key and body_key and header_key != body_key:
        raise BadRequest("The Idempotency-Key and the key in the body differ.", place="key")
    details = {name: getattr(change, name) for name in change.__struct_fields__ if name not in _NOT_DETAILS}
    work = partial(web.node.change, VERBS[state], code, key=header_key or body_key, **details)
    try:
        return json_response(await web.write(work))
    except Refused as refused:
        return problems.respond(problems.of(refused, state=await _state_now(web, code)))


async def _state_now(web: Web, code: str) -> StateView | None:
    try:
        return (await journey_of(web, code)).state
    except RxtrailError as error:
        # The refusal stands whether or not the state can be read beside it.
        web.failed(error)
        return None
