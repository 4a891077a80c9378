"""One container: its state, its journey, and changes that concern all that is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.answers import ChangeReceipt, Journey, StateView
from rxtrail.errors import BadRequest, NotFound, Refused
from rxtrail.web import refusals
from rxtrail.web.api.changes import State, carry_out, journey_of
from rxtrail.web.body import read_json
from rxtrail.web.codes import container_code, sscc18
from rxtrail.web.context import Endpoint, Web, json_response, path_part

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


class ContainerState(msgspec.Struct, frozen=True, gc=False):
    """What the record says of one container now."""

    sscc: str
    state: StateView
    findings: int
    journey: str


class ContainerChange(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """The state that a container and all that is in it shall have."""

    state: State
    site: str = ""
    ref: str = ""
    reason: str = ""
    by: str = ""
    to: str = ""
    override: str = ""
    key: str = ""


_CHANGE = msgspec.json.Decoder(ContainerChange)


async def get_container(web: Web, request: Request) -> Response:
    """Answer with the state of one container."""
    sscc = sscc18(path_part(request, "sscc"))
    journey = await journey_of(web, container_code(sscc))
    return json_response(
        ContainerState(sscc, journey.state, len(journey.findings), f"/api/v1/containers/{sscc}/journey")
    )


async def get_journey(web: Web, request: Request) -> Response:
    """Answer with the journey of one container."""
    return json_response(await journey_of(web, container_code(path_part(request, "sscc"))))


async def change_container(web: Web, request: Request) -> Response:
    """Change the state of a container, durably; the receipt counts what was in it."""
    code = container_code(path_part(request, "sscc"))
    change = await read_json(request, _CHANGE)
    return await carry_out(web, request, code, change.state, change, change.key)


_CONTAINER: Final = "/api/v1/containers/{sscc}"
ENDPOINTS: Final = (
    Endpoint(
        "GET",
        _CONTAINER,
        "The state of a container.",
        get_container,
        ContainerState,
        refusals=(BadRequest, NotFound),
    ),
    Endpoint(
        "PATCH",
        _CONTAINER,
        "Change the state of a container and what is in it; the answer comes when the change is durable.",
        change_container,
        ChangeReceipt,
        body=ContainerChange,
        refusals=(BadRequest, NotFound, Refused, refusals.Overloaded, refusals.TooLarge),
        key=True,
    ),
    Endpoint(
        "GET",
        f"{_CONTAINER}/journey",
        "The whole way of a container, in event-time order.",
        get_journey,
        Journey,
        refusals=(BadRequest, NotFound),
    ),
)
