"""Alerts: what a person should know of, what was done about it, and who is told."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, Protocol, cast

import msgspec

from rxtrail.alerts import Alert, AlertCommand, Alerts, Channel, ChannelCommand, DeadAlert, Muted, NewChannel
from rxtrail.errors import BadRequest, NotFound, Refused
from rxtrail.web import refusals
from rxtrail.web.body import read_json
from rxtrail.web.context import Endpoint, Web, json_response, path_part, query_of
from rxtrail.web.paging import StateQuery, next_page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


class _HasAlerts(Protocol):
    alerts: Alerts


class AlertQuery(StateQuery, frozen=True, forbid_unknown_fields=True):
    """From where on, how many, in which state (``standing``: all that nobody has explained), of which rule."""

    rule: str = ""


class AlertPage(msgspec.Struct, frozen=True, gc=False):
    """Alerts, the newest first; ``next`` is the address of the following page, "" at the end."""

    alerts: list[Alert]
    next: str


class MutedList(msgspec.Struct, frozen=True, gc=False):
    """What is told to nobody until a day."""

    muted: list[Muted]


class ChannelList(msgspec.Struct, frozen=True, gc=False):
    """Who is told of alerts."""

    channels: list[Channel]


class DeadAlerts(msgspec.Struct, frozen=True, gc=False):
    """What channels did not take, the oldest first; at most a thousand."""

    letters: list[DeadAlert]


_STEP = msgspec.json.Decoder(AlertCommand)
_NEW = msgspec.json.Decoder(NewChannel)


def alerts_of(web: Web) -> Alerts:
    """The alerts of the node of this process."""
    return cast("_HasAlerts", web.node).alerts


async def list_alerts(web: Web, request: Request) -> Response:
    """Answer with one page of alerts."""
    asked = query_of(request, AlertQuery)
    look = partial(alerts_of(web).page, asked.after, asked.limit + 1, state=asked.state, rule=asked.rule)
    found = await web.read(look)
    page = next_page(request, found, asked.limit, lambda each: each.id, state=asked.state, rule=asked.rule)
    return json_response(AlertPage(*page))


async def get_alert(web: Web, request: Request) -> Response:
    """Answer with one alert."""
    return json_response(await web.read(partial(alerts_of(web).get, path_part(request, "id"))))


async def act(web: Web, request: Request) -> Response:
    """Carry out one step of an alert, durably."""
    step = msgspec.structs.replace(await read_json(request, _STEP), id=path_part(request, "id"))
    return json_response(await web.write(partial(web.node.alert, step)))


async def list_muted(web: Web, _request: Request) -> Response:
    """Answer with what is told to nobody."""
    return json_response(MutedList(await web.read(alerts_of(web).muted)))


async def list_channels(web: Web, _request: Request) -> Response:
    """Answer with who is told; tokens are not shown."""
    return json_response(ChannelList(await web.read(alerts_of(web).channels.all)))


async def add_channel(web: Web, request: Request) -> Response:
    """Tell alerts there from now on, durably."""
    new = await read_json(request, _NEW)
    made = await web.write(partial(web.node.channel, ChannelCommand("add", new.by, new=new)))
    return json_response(made[0], 201)


async def remove_channel(web: Web, request: Request) -> Response:
    """Tell a channel nothing more, durably."""
    command = ChannelCommand("remove", "by HTTP", path_part(request, "id"))
    return json_response((await web.write(partial(web.node.channel, command)))[0])


async def list_dead(web: Web, _request: Request) -> Response:
    """Answer with what nobody took."""
    return json_response(DeadAlerts(await web.read(alerts_of(web).channels.dead)))


async def replay(web: Web, request: Request) -> Response:
    """Send one again; it is forgotten when it is taken."""
    command = ChannelCommand("replay", "by HTTP", path_part(request, "id"))
    return json_response(ChannelList(await web.write(partial(web.node.channel, command))))


async def forget(web: Web, request: Request) -> Response:
    """Forget one without sending it."""
    command = ChannelCommand("forget", "by HTTP", path_part(request, "id"))
    await web.write(partial(web.node.channel, command))
    return json_response(DeadAlerts(await web.read(alerts_of(web).channels.dead)))


_ALERTS: Final = "/api/v1/alerts"
_CHANNELS: Final = "/api/v1/alert-channels"
_DEAD: Final = "/api/v1/alert-dead-letters"
ENDPOINTS: Final = (
    Endpoint(
        "GET",
        _ALERTS,
        "Alerts, the newest first.",
        list_alerts,
        AlertPage,
        query=AlertQuery,
        refusals=(BadRequest, NotFound),
    ),
    Endpoint("GET", _ALERTS + "/{id}", "One alert.", get_alert, Alert, refusals=(NotFound,)),
    Endpoint(
        "PATCH",
        _ALERTS + "/{id}",
        "One step of an alert: acknowledge, assign, explain, escalate, close or suppress.",
        act,
        Alert,
        body=AlertCommand,
        refusals=(BadRequest, NotFound, Refused, refusals.Overloaded),
    ),
    Endpoint("GET", "/api/v1/alert-suppressions", "What is told to nobody until a day.", list_muted, MutedList),
    Endpoint("GET", _CHANNELS, "Who is told of alerts.", list_channels, ChannelList),
    Endpoint(
        "POST",
        _CHANNELS,
        "Tell alerts to a signed webhook (CloudEvents 1.0) or by e-mail.",
        add_channel,
        Channel,
        status=201,
        body=NewChannel,
        refusals=(BadRequest, Refused, refusals.Overloaded),
    ),
    Endpoint(
        "DELETE",
        _CHANNELS + "/{id}",
        "Tell a channel nothing more.",
        remove_channel,
        Channel,
        refusals=(NotFound, refusals.Overloaded),
    ),
    Endpoint("GET", _DEAD, "Alerts that channels did not take.", list_dead, DeadAlerts),
    Endpoint("DELETE", _DEAD + "/{id}", "Forget one.", forget, DeadAlerts, refusals=(refusals.Overloaded,)),
    Endpoint(
        "POST",
        _DEAD + "/{id}/replay",
        "Send one again; 409 when it is still not taken.",
        replay,
        ChannelList,
        refusals=(NotFound, Refused, refusals.Overloaded),
    ),
)
