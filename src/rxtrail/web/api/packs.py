"""One pack: its state, its journey, and the changes of its state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.answers import ChangeReceipt, Journey, StateView
from rxtrail.core.rules.answer import PackView
from rxtrail.errors import BadRequest, BadScan, NotFound, Refused
from rxtrail.web import refusals
from rxtrail.web.api import changes
from rxtrail.web.api.changes import State, carry_out, journey_of
from rxtrail.web.body import read_json
from rxtrail.web.codes import gtin14, pack_code
from rxtrail.web.context import Endpoint, Web, json_response, path_part

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

    state: State
    lot: str = ""
    expiry: str = ""
    site: str = ""
    partial: str = ""
    ref: str = ""
    reason: str = ""
    by: str = ""
    to: str = ""
    override: str = ""
    attestation: str = ""
    key: str = ""
    scanned_at: str = ""  # it was made then, while this node could not be reached; needs a key
    told: str = ""  # the verdict that the counter was given then


_CHANGE = msgspec.json.Decoder(PackChange)


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
    gtin, serial = path_part(request, "gtin"), path_part(request, "serial")
    change = await read_json(request, _CHANGE)
    code = pack_code(gtin, serial, lot=change.lot, expiry=change.expiry)
    return await carry_out(web, request, code, change.state, change, change.key)


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
    *changes.ENDPOINTS,
)
