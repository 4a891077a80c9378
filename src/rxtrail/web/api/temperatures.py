"""Temperature profiles, and the temperatures of packs and containers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.alerts import ProfileCommand, ProfilesReport
from rxtrail.answers import TemperatureHistory
from rxtrail.core.rules.cold import TemperatureProfile
from rxtrail.errors import BadRequest, NotFound, Refused
from rxtrail.web import refusals
from rxtrail.web.api.alerts import alerts_of
from rxtrail.web.body import read_json
from rxtrail.web.codes import container_code, pack_code
from rxtrail.web.context import Endpoint, Web, json_response, path_part, query_of
from rxtrail.web.paging import StateQuery, next_page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


class ProfilePage(msgspec.Struct, frozen=True, gc=False):
    """Profiles in the order of their names; ``next`` is the address of the following page, "" at the end."""

    profiles: list[TemperatureProfile]
    next: str


class ProfilesCommand(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """``what`` is load (``table`` is the text of a TOML file), check, or retire (``ids``)."""

    what: str
    by: str
    table: str = ""
    ids: list[str] = []
    reason: str = ""


_COMMAND = msgspec.json.Decoder(ProfilesCommand)


async def list_profiles(web: Web, request: Request) -> Response:
    """Answer with one page of profiles."""
    asked = query_of(request, StateQuery)
    found = await web.read(partial(alerts_of(web).profiles.all, state=asked.state))
    rest = [profile for profile in sorted(found, key=lambda each: each.id) if profile.id > asked.after]
    page = next_page(request, rest, asked.limit, lambda profile: profile.id, state=asked.state)
    return json_response(ProfilePage(*page))


async def get_profile(web: Web, request: Request) -> Response:
    """Answer with one profile."""
    return json_response(await web.read(partial(alerts_of(web).profiles.get, path_part(request, "id"))))


async def act(web: Web, request: Request) -> Response:
    """Load, check or retire profiles."""
    asked = await read_json(request, _COMMAND)
    if asked.what == "check":
        table = asked.table.encode() or None
        return json_response(await web.read(partial(alerts_of(web).profiles.check, table)))
    command = ProfileCommand(asked.what, asked.by, asked.ids, asked.table.encode(), asked.reason)
    return json_response(await web.write(partial(web.node.profile, command)))


async def get_of_pack(web: Web, request: Request) -> Response:
    """Answer with the temperatures of one pack."""
    return await _history(web, pack_code(path_part(request, "gtin"), path_part(request, "serial")))


async def get_of_container(web: Web, request: Request) -> Response:
    """Answer with the temperatures of one container."""
    return await _history(web, container_code(path_part(request, "sscc")))


async def _history(web: Web, code: str) -> Response:
    history = await web.read(partial(alerts_of(web).temperatures, code))
    if not history.found:
        raise NotFound(f"{history.epc} is not on record")
    return json_response(history)


_PROFILES: Final = "/api/v1/temperature-profiles"
ENDPOINTS: Final = (
    Endpoint(
        "GET",
        _PROFILES,
        "Temperature profiles, the usual ones too.",
        list_profiles,
        ProfilePage,
        query=StateQuery,
        refusals=(BadRequest,),
    ),
    Endpoint(
        "POST",
        _PROFILES,
        "Load temperature profiles from a TOML file, check them, or retire some.",
        act,
        ProfilesReport,
        body=ProfilesCommand,
        refusals=(BadRequest, NotFound, Refused, refusals.Overloaded),
    ),
    Endpoint(
        "GET", _PROFILES + "/{id}", "One temperature profile.", get_profile, TemperatureProfile, refusals=(NotFound,)
    ),
    Endpoint(
        "GET",
        "/api/v1/packs/{gtin}/{serial}/temperature",
        "How warm a pack was, with what it was in.",
        get_of_pack,
        TemperatureHistory,
        refusals=(BadRequest, NotFound),
    ),
    Endpoint(
        "GET",
        "/api/v1/containers/{sscc}/temperature",
        "How warm a container was, with what it was in.",
        get_of_container,
        TemperatureHistory,
        refusals=(BadRequest, NotFound),
    ),
)
