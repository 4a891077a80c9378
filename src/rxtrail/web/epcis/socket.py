"""Subscriptions by WebSocket: the events of a named query, as they come or by a schedule, on one connection.

Source: EPCIS 2.0, clause 12.3.5. A client that was cut off connects again with ``initialRecordTime``: what it is told
twice it knows by the eventID.
"""

from __future__ import annotations

import asyncio
import json
import re
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, unquote

import msgspec
from starlette.requests import Request

from rxtrail import clock
from rxtrail.access import KeyNeeded, WrongKey
from rxtrail.core.epcis.query.parse import Query, from_object, from_pairs, narrowed
from rxtrail.epcis_query.refusals import BadSubscription
from rxtrail.epcis_query.schedule import FIELDS, Schedule, read_schedule
from rxtrail.epcis_query.subscriptions import check_controls
from rxtrail.errors import NotFound, RxtrailError
from rxtrail.record.times import iso
from rxtrail.web import refusals
from rxtrail.web.epcis import problems, writing
from rxtrail.web.epcis.queries import CONTROLS
from rxtrail.web.epcis.speaking import Speaks, agreed
from rxtrail.web.epcis.subscriptions import moment_of
from rxtrail.web.epcis.visitor import node_of
from rxtrail.web.site_door import access_of, grant_by

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from rxtrail.epcis_query import Found
    from rxtrail.web.context import Web

LOOK_SECONDS: Final = 0.25
BUSY_SECONDS: Final = 2.0
SOCKETS_MAX: Final = 200
ASKING_MAX: Final = 2
"""So many sockets read the record at once; the other threads are for those who ask over HTTP."""

EVENTS_AT_ONCE: Final = 500
_PATH: Final = re.compile(r"/epcis/queries/([^/]+)/events/?")
_GOING_AWAY, _FORBIDDEN, _FAILED = 1001, 1008, 1011


class _Asked(msgspec.Struct, frozen=True):
    """What one client asked to be told."""

    name: str
    query: Query
    speaks: Speaks
    viewer: str
    authorization: bytes
    stream: bool
    schedule: Schedule | None
    even_empty: bool
    since: int  # microseconds, 0: from now on


class Sockets:
    """All subscriptions by WebSocket of one server."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self._open = 0
        self._asking = asyncio.Semaphore(ASKING_MAX)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, from its handshake to its end."""
        await receive()  # websocket.connect
        try:
            if self._open >= SOCKETS_MAX:
                raise refusals.Overloaded(f"There are {SOCKETS_MAX} connections already.")
            asked = await self._asked(scope)
        except RxtrailError as error:
            await _refuse(scope, send, error)
            return
        headers = [
            (b"gs1-epcis-version", asked.speaks.version.encode()),
            (b"gs1-query-min-record-time", iso(asked.since or clock.now_us()).encode()),
        ]
        await send({"type": "websocket.accept", "headers": headers})
        self._open += 1
        gone = asyncio.create_task(_gone(receive))
        try:
            await self._tell(asked, send, gone)
        except RxtrailError as error:
            self._web.failed(error)
            await send({"type": "websocket.send", "text": msgspec.json.encode(problems.of(error)).decode()})
            forbidden = isinstance(error, (KeyNeeded, WrongKey))
            await send({"type": "websocket.close", "code": _FORBIDDEN if forbidden else _FAILED})
        except OSError:
            pass  # the client is gone
        finally:
            self._open -= 1
            gone.cancel()

    async def _asked(self, scope: Scope) -> _Asked:
        headers = dict(scope["headers"])
        self._web.doors.check("POST", headers.get(b"host", b""), headers.get(b"origin", b""))
        authorization = headers.get(b"authorization", b"")
        viewer = self._viewer(authorization)
        match = _PATH.fullmatch((scope.get("raw_path") or scope["path"].encode()).partition(b"?")[0].decode("latin-1"))
        if match is None:
            raise NotFound("There is no WebSocket at this address.")
        request = Request({**scope, "type": "http", "method": "GET"})
        speaks = agreed(request)
        pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        controls = {name: value for name, value in pairs if name in CONTROLS}
        fields = {name: value for name, value in controls.items() if name in FIELDS}
        stream = _flag(controls.get("stream", "false"), "stream")
        check_controls(stream=stream, schedule=fields)
        named = await self._web.read(partial(node_of(self._web).epcis.named.find, unquote(match[1]), owner=viewer))
        more = from_pairs([pair for pair in pairs if pair[0] not in CONTROLS], speaks.extensions)
        query = narrowed(from_object(named.query, speaks.extensions), more)
        return _Asked(
            name=named.name,
            query=msgspec.structs.replace(query, per_page=EVENTS_AT_ONCE, max_event_count=0, token=""),
            speaks=speaks,
            viewer=viewer,
            authorization=authorization,
            stream=stream,
            schedule=read_schedule(fields) if fields else None,
            even_empty=_flag(controls.get("reportIfEmpty", "false"), "reportIfEmpty"),
            since=moment_of(controls.get("initialRecordTime", "")),
        )

    def _viewer(self, authorization: bytes) -> str:
        access = access_of(self._web)
        return access.view(grant_by(access, authorization)) if access is not None else ""

    async def _tell(self, asked: _Asked, send: Send, gone: asyncio.Task[None]) -> None:
        queries = node_of(self._web).epcis.queries
        position = await self._web.read(partial(queries.position, asked.since))
        due = asked.schedule.next_after(clock.now_us()) if asked.schedule is not None else 0
        while not gone.done():
            if self._web.stopping:
                await send({"type": "websocket.close", "code": _GOING_AWAY})
                return
            self._viewer(asked.authorization)  # a key may have been revoked meanwhile
            if asked.stream or clock.now_us() >= due:
                try:
                    told, position = await self._tell_new(asked, position, send)
                except (refusals.Overloaded, refusals.DeadlinePassed):
                    await asyncio.wait({gone}, timeout=BUSY_SECONDS)
                    continue  # what was told already may be told again
                if asked.schedule is not None:
                    if not told and asked.even_empty:
                        await send({"type": "websocket.send", "text": _document([], asked).decode()})
                    due = asked.schedule.next_after(clock.now_us())
            await asyncio.wait({gone}, timeout=LOOK_SECONDS)

    async def _tell_new(self, asked: _Asked, position: int, send: Send) -> tuple[int, int]:
        """Send what is new from a position on; give how many events that was, and the position behind them."""
        queries = node_of(self._web).epcis.queries
        cursor, told = None, 0
        while True:
            read = partial(queries.since, asked.query, position, cursor=cursor, viewer=asked.viewer)
            async with self._asking:
                page = await self._web.ask(read, asked.viewer)
            if page.events:
                told += len(page.events)
                await send({"type": "websocket.send", "text": _document(page.events, asked).decode()})
            cursor = page.next
            if cursor is None:
                return told, page.upto


async def _gone(receive: Receive) -> None:
    """Wait until the client has gone; what it sends meanwhile says nothing to us."""
    while (await receive())["type"] != "websocket.disconnect":
        pass


async def _refuse(scope: Scope, send: Send, error: RxtrailError) -> None:
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": _FORBIDDEN, "reason": error.message[:100]})
        return
    problem = problems.of(error)
    headers = [(b"content-type", problems.JSON.encode())]
    await send({"type": "websocket.http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": json.dumps(msgspec.to_builtins(problem)).encode()})


def _document(events: list[Found], asked: _Asked) -> bytes:
    return writing.query_document(events, asked.speaks, query_name=asked.name)


def _flag(text: str, name: str) -> bool:
    if text not in ("true", "false"):
        raise BadSubscription(f"{name} is true or false, not {text[:40]!r}", place=name)
    return text == "true"
