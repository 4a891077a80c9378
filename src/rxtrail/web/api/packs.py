"""One pack: its state, its journey, and the changes of its state."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from rxtrail.answers import ChangeReceipt, Journey, StateView
from rxtrail.core.rules.answer import PackView
from rxtrail.errors import BadRequest, BadScan, NotFound, Refused, RxtrailError
from rxtrail.web import problems, refusals
from rxtrail.web.body import read_json
from rxtrail.web.codes import gtin14, pack_code
from rxtrail.web.context import Endpoint, Web, idempotency_key, json_response, path_part

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


class PackState(msgspec.Struct, frozen=True, gc=False):
    """What the record says of one pack now."""

    pack: PackView
    state: StateView
    findings: int
    journey: str


class PackChange(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """The state a pack shall have, with what was scanned; a lot or expiry that does not match is refused."""

    state: Literal["dispensed", "decommissioned", "active", "received", "on-hold", "released", "returned"]
    lot: str = ""
    expiry: str = ""
    site: str = ""
    partial: str = ""
    ref: str = ""
    reason: str = ""
    by: str = ""
    to: str = ""
    override: str = ""
    key: str = ""


VERBS: Final = {
    "dispensed": "dispense",
    "decommissioned": "decommission",
    "active": "reactivate",
    "received": "receive",
    "on-hold": "hold",
    "released": "release",
    "returned": "return",
}
_CHANGE = msgspec.json.Decoder(PackChange)


async def journey_of(web: Web, code: str) -> Journey:
    """The journey of a code; raises ``NotFound`` when nothing on record speaks of it."""
    journey = await web.read(partial(web.node.trace, code))
    if not journey.found:
        raise NotFound(
            "Nothing on record speaks of it.",
            advice="Load the supplier's file, or ask the supplier for it. Not found is not counterfeit.",
        )
    return journey


async def get_pack(web: Web, request: Request) -> Response:
    """Answer with the state of one pack."""
    gtin, serial = gtin14(path_part(request, "gtin")), path_part(request, "serial")
    journey = await journey_of(web, pack_code(gtin, serial))
    return json_response(
        PackState(
            pack=PackView(
                gtin=journey.gtin,
                serial=journey.serial,
                lot=journey.lot,
                expiry=journey.expiry,
                product=journey.product,
            ),
            state=journey.state,
            findings=len(journey.findings),
            journey=f"{request.url.path}/journey",
        )
    )


async def get_journey(web: Web, request: Request) -> Response:
    """Answer with the journey of one pack."""
    code = pack_code(path_part(request, "gtin"), path_part(request, "serial"))
    return json_response(await journey_of(web, code))


async def change_pack(web: Web, request: Request) -> Response:
    """Change the state of one pack, durably; a refusal tells the state it has."""
    header_key = idempotency_key(request)
    change = await read_json(request, _CHANGE)
    if header_key and change.key and header_key != change.key:
        raise BadRequest("The Idempotency-Key and the key in the body differ.", place="key")
    code = pack_code(path_part(request, "gtin"), path_part(request, "serial"), lot=change.lot, expiry=change.expiry)
    work = partial(
        web.node.change,
        VERBS[change.state],
        code,
        site=change.site,
        key=header_key or change.key,
        partial=change.partial,
        ref=change.ref,
        reason=change.reason,
        by=change.by,
        to=change.to,
        override=change.override,
    )
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


_PACK: Final = "/api/v1/packs/{gtin}/{serial}"
ENDPOINTS: Final = (
    Endpoint("GET", _PACK, "The state of a pack.", get_pack, PackState, refusals=(BadRequest, NotFound)),
    Endpoint(
        "PATCH",
        _PACK,
        "Change the state of a pack; the answer comes when the change is durable.",
        change_pack,
        ChangeReceipt,
        body=PackChange,
        refusals=(BadRequest, BadScan, NotFound, Refused, refusals.Overloaded, refusals.TooLarge),
        key=True,
    ),
    Endpoint(
        "GET",
        f"{_PACK}/journey",
        "The whole way of a pack, in event-time order.",
        get_journey,
        Journey,
        refusals=(BadRequest, NotFound),
    ),
)
