"""What changes on this node, as server-sent events: a page that is open need not be loaded again.

``event`` is ``verdict`` (a code was judged at a counter of this record), ``recall`` (one began to hold, was answered,
or ended) or ``alert`` (one was opened, or somebody did something about it). Of recalls and alerts it tells what
changed, and whoever is concerned asks again. The stream begins with what changes from now on.
"""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol, cast

import msgspec
from starlette.responses import StreamingResponse

from rxtrail.errors import RxtrailError
from rxtrail.web import refusals
from rxtrail.web.api.alerts import alerts_of
from rxtrail.web.api.recalls import recalls_of
from rxtrail.web.context import Endpoint, Web, json_response

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.responses import Response

    from rxtrail.verify.told import VerdictTold

LOOK_SECONDS: Final = 0.2
FOLLOW_SECONDS: Final = 1.0
"""How soon what another process wrote is seen, and how often a word is sent when there is nothing to tell."""
QUIET_SECONDS: Final = 5.0
"""Whoever did not ask for events by name is let go when so long there was nothing to tell; others follow on."""
LATEST: Final = 50
VERDICTS_AT_ONCE: Final = 200
"""Of more verdicts within one look the last are told."""
FOLLOWERS_MAX: Final = 100
_encode = msgspec.json.Encoder().encode


class RecallChanged(msgspec.Struct, frozen=True, gc=False):
    """A recall that changed, and the products that it is about."""

    id: str
    state: str
    title: str
    gtins: list[str]
    steps: int


class AlertChanged(msgspec.Struct, frozen=True, gc=False):
    """An alert that changed; ``changes`` counts how often it did."""

    id: str
    state: str
    rule: str
    severity: str
    title: str
    changes: int


class Latest(msgspec.Struct, frozen=True, gc=False):
    """What changed last, the oldest first."""

    recalls: list[RecallChanged]
    alerts: list[AlertChanged]


class _HasVerdicts(Protocol):
    log_size_told: int

    def verdicts_since(self, position: int, *, limit: int) -> tuple[list[VerdictTold], int]: ...


class _Followers:
    count = 0


async def get_stream(web: Web, request: Request) -> Response:
    """Answer with all that changes from here on; whoever asks for JSON first, with what changed last."""
    accept = request.headers.get("accept", "")
    if accept.partition(",")[0].partition(";")[0].strip() == "application/json":
        latest = (await web.read(lambda: _latest(web))).values()
        return json_response(
            Latest(
                [each for each in latest if isinstance(each, RecallChanged)],
                [each for each in latest if isinstance(each, AlertChanged)],
            )
        )
    if _Followers.count >= FOLLOWERS_MAX:
        raise refusals.Overloaded(f"{FOLLOWERS_MAX} pages follow this node already.", advice="Try again later.")
    return StreamingResponse(
        _events(web, follows="text/event-stream" in accept),
        media_type="text/event-stream",
        headers={"x-accel-buffering": "no"},
    )


async def _events(web: Web, *, follows: bool) -> AsyncIterator[bytes]:
    _Followers.count += 1
    try:
        known = await web.read(lambda: _latest(web))
        node = cast("_HasVerdicts", web.node)
        place = node.log_size_told
        yield b"retry: 1000\n: rxtrail\n\n"
        seen, spoken, told_at = -1, time.monotonic(), time.monotonic()
        while not web.stopping and (follows or time.monotonic() - told_at < QUIET_SECONDS):
            size = node.log_size_told
            quiet = time.monotonic() - spoken >= FOLLOW_SECONDS
            if size == seen and not quiet:
                await asyncio.sleep(LOOK_SECONDS)
                continue
            now, (verdicts, place) = await web.read(partial(_look, web, place))
            seen = size
            for told in verdicts:
                yield b"event: verdict\ndata: %b\n\n" % _encode(told)
                spoken = told_at = time.monotonic()
            for number, changed in now.items():
                if known.get(number) != changed:
                    kind = b"alert" if isinstance(changed, AlertChanged) else b"recall"
                    yield b"event: %b\ndata: %b\n\n" % (kind, _encode(changed))
                    spoken = told_at = time.monotonic()
            known |= now
            if quiet:
                yield b": %d\n\n" % size
                spoken = time.monotonic()
    except RxtrailError as error:
        web.failed(error)  # the page comes back by itself
    finally:
        _Followers.count -= 1


def _look(web: Web, place: int) -> tuple[dict[str, RecallChanged | AlertChanged], tuple[list[VerdictTold], int]]:
    """Read in one turn all that a follower is told: a turn is what the counter waits for."""
    return _latest(web), cast("_HasVerdicts", web.node).verdicts_since(place, limit=VERDICTS_AT_ONCE)


def _latest(web: Web) -> dict[str, RecallChanged | AlertChanged]:
    found: dict[str, RecallChanged | AlertChanged] = {
        recall.id: RecallChanged(recall.id, recall.state, recall.title, recall.scope.gtins, len(recall.history))
        for recall in reversed(recalls_of(web).page(limit=LATEST))
    }
    for alert in alerts_of(web).latest(LATEST):
        found[alert.id] = AlertChanged(alert.id, alert.state, alert.rule, alert.severity, alert.title, alert.changes)
    return found


ENDPOINTS: Final = (
    Endpoint(
        "GET",
        "/api/v1/stream",
        "Verdicts, alerts and recalls as server-sent events; with Accept: application/json, what changed last.",
        get_stream,
        ("text/event-stream", "application/json"),
        refusals=(refusals.Overloaded, refusals.DeadlinePassed),
    ),
)
