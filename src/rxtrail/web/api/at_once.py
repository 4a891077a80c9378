"""``PATCH /api/v1/packs/{gtin}/{serial}`` as bare ASGI: hundreds of counters wait, and none of them holds a thread.

An order goes to the writer, which gathers all that came meanwhile into one transaction; when that is durable the event
loop is woken once for all of its answers. Whatever is not a plain order of a pack goes the usual way, with the body
that was read already, and is refused or carried out there.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

import msgspec

from rxtrail.answers import ChangeReceipt
from rxtrail.errors import NotFound, Refused, RxtrailError
from rxtrail.states import NeedsItsOwn, Order
from rxtrail.web import limits, problems
from rxtrail.web.api.changes import VERBS, refused_change
from rxtrail.web.api.packs import PackChange
from rxtrail.web.codes import pack_code
from rxtrail.web.doors import API_HEADERS
from rxtrail.web.refusals import DeadlinePassed
from rxtrail.web.site_door import access_of, grant_by

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import Message, Receive, Scope, Send

    from rxtrail.access import Grant
    from rxtrail.web.context import Web

    Answer = ChangeReceipt | Exception

_LOG = logging.getLogger("rxtrail.web")
STEM: Final = "/api/v1/packs/"
_FIELDS: Final = [(b"content-type", b"application/json"), *API_HEADERS]
# Each of these is looked at on the usual way.
_UNUSUAL: Final = frozenset({b"content-encoding", b"transfer-encoding", b"expect"})
_DECODE: Final = msgspec.json.Decoder(PackChange).decode
_ENCODE: Final = msgspec.json.Encoder().encode


class ChangeAtOnce:
    """The address of a change; ``usual`` is the application that serves whatever is not plain."""

    def __init__(self, web: Web, usual: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self._web = web
        self._usual = usual
        self._access = access_of(web)
        # A node behind a socket, or one of a test, may lack it.
        self._soon: Callable[[Order, Callable[[Answer], None]], bool] | None = getattr(web.node, "change_soon", None)
        self._told: deque[tuple[asyncio.Future[Answer], Answer]] = deque()
        self._awake = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        body = await _small_body(scope, receive)
        plain = self._plain(scope, body) if body is not None and self._soon is not None else None
        if plain is None:
            await self._usual(scope, _again(body, receive), send)
            return
        grant, order, about = plain
        try:
            answer = await self._carried_out(order)
        except RxtrailError:  # told by the usual way, in its words
            await self._usual(scope, _again(body, receive), send)
            return
        if isinstance(answer, NeedsItsOwn):
            await self._usual(scope, _again(body, receive), send)
        elif isinstance(answer, ChangeReceipt):
            self._web.meter.answered("PATCH", 200)
            content = _ENCODE(answer)
            headers = [*_FIELDS, (b"content-length", b"%d" % len(content))]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": content})
        else:
            await self._refuse(scope, receive, send, grant, order, about, answer)

    def _plain(self, scope: Scope, body: bytes | None) -> tuple[Grant, Order, tuple[str, str]] | None:
        """Give who orders what; None for all that is not plain, right or wrong."""
        host = origin = content_type = authorization = key = b""
        for name, value in scope["headers"]:
            if name == b"host":
                host = value
            elif name == b"content-type":
                content_type = value
            elif name == b"origin":
                origin = value
            elif name == b"authorization":
                if authorization:
                    return None
                authorization = value
            elif name == b"idempotency-key":
                key = value
            elif name in _UNUSUAL:
                return None
        raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
        gtin, _, rest = raw_path.decode("latin-1")[len(STEM) :].partition("/")
        if content_type != b"application/json" or len(key) > limits.KEY_CHARACTERS_MAX or "/" in rest or not rest:
            return None
        try:
            self._web.doors.check("PATCH", host, origin)
            grant = grant_by(self._access, authorization)
            change = _DECODE(body or b"")
            given = key.decode("ascii")
            if change.scanned_at or change.told or (given and not given.isprintable()):
                return None
            if not (grant.open or grant.site) or (given and change.key and change.key != given):
                return None
            serial = unquote(rest, errors="strict")
            code = pack_code(unquote(gtin, errors="strict"), serial, lot=change.lot, expiry=change.expiry)
            site = grant.place(change.site)
            if self._access is not None:
                self._access.admit(grant)
        except (RxtrailError, msgspec.DecodeError, UnicodeDecodeError):
            return None
        order = Order(
            VERBS[change.state], code, site, given or change.key, change.partial, change.ref, change.reason, change.by,
            change.to, change.override, change.attestation, grant.key,
        )  # fmt: skip
        return grant, order, (unquote(gtin).zfill(14), serial)

    async def _carried_out(self, order: Order) -> Answer:
        """Have an order carried out; raises what it cannot be taken in for."""
        assert self._soon is not None
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        if not self._soon(order, partial(self._tell, loop, future)):
            return NeedsItsOwn()
        late = loop.call_later(limits.CHANGE_SECONDS_MAX, _pass_by, future)
        try:
            return await future
        finally:
            late.cancel()

    def _tell(self, loop: asyncio.AbstractEventLoop, future: asyncio.Future[Answer], answer: Answer) -> None:
        """Take an answer from the writing thread."""
        self._told.append((future, answer))
        if not self._awake:
            self._awake = True
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._awake = False  # first: what comes from now on wakes us again
        while self._told:
            future, answer = self._told.popleft()
            if not future.done():
                future.set_result(answer)

    async def _refuse(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        grant: Grant,
        order: Order,
        about: tuple[str, str],
        answer: Exception,
    ) -> None:
        try:
            if isinstance(answer, Refused | NotFound):
                response = await refused_change(self._web, grant, order.code, about, answer)
            else:
                raise answer
        except RxtrailError as error:
            self._web.failed(error)
            response = problems.respond(problems.of(error))
        except Exception:  # noqa: BLE001 - the counter is told that there is no answer, never a wrong one
            _LOG.exception("our own mistake while changing a pack")
            response = problems.respond(problems.internal())
        self._web.meter.answered("PATCH", response.status_code)
        for name, value in API_HEADERS:
            response.headers.append(name.decode(), value.decode())
        await response(scope, receive, send)


def _pass_by(future: asyncio.Future[Answer]) -> None:
    if not future.done():
        seconds = f"{limits.CHANGE_SECONDS_MAX:g}"
        future.set_result(
            DeadlinePassed(
                f"No answer within {seconds} seconds.",
                advice=f"Try again in {limits.RETRY_SECONDS} seconds, with the same Idempotency-Key.",
            )
        )


async def _small_body(scope: Scope, receive: Receive) -> bytes | None:
    """Read a body that says how small it is and came in one piece; None, with nothing read, for any other."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            if len(value) < 9 and value.isdigit() and int(value) <= limits.REQUEST_BYTES_MAX:
                break
            return None
    else:
        return None
    parts = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _again(body: bytes | None, receive: Receive) -> Receive:
    """Give the body that was read once more, then whatever comes."""
    if body is None:
        return receive
    held: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def give() -> Message:
        return held.pop() if held else await receive()

    return give
