"""``POST /api/v1/verify`` as bare ASGI: the counter waits for this one, so nothing stands around it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.errors import BadRequest, RxtrailError
from rxtrail.web import limits, problems
from rxtrail.web.body import JSON_TYPES, decode_json, media_type_of
from rxtrail.web.doors import API_HEADERS
from rxtrail.web.protocol import ANSWER
from rxtrail.web.refusals import TooLarge, UploadBroken, WrongMediaType, WrongMethod

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from rxtrail.web.context import Web
    from rxtrail.web.problems import Problem

PATH: Final = "/api/v1/verify"
PURPOSES: Final = ("dispense", "receive", "return", "investigate", "public")


class VerifyRequest(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What was scanned, where and what for; a misspelt ``site`` would switch the place rules off."""

    scan: str
    site: str = ""
    purpose: str = "dispense"
    key: str = ""


class VerifyEndpoint:
    """The verify address; ``node.verify`` runs on the event loop, since a thread hop costs more than it."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self._verify = web.node.verify
        self._check_doors = web.doors.check
        self._verified = web.meter.verified
        self._decoder = msgspec.json.Decoder(VerifyRequest)
        self._encode = msgspec.json.Encoder().encode

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 200 with a verdict whatever it says; a problem when the request cannot be judged."""
        try:
            self._look_at(scope)
            asked = decode_json(await _body_of(receive), self._decoder)
            if asked.purpose not in PURPOSES:
                raise BadRequest(
                    f"{asked.purpose!r} is not a purpose.",
                    place="purpose",
                    advice=f"One of {', '.join(PURPOSES)}.",
                )
            began = time.perf_counter()
            verdict = self._verify(asked.scan, site=asked.site, purpose=asked.purpose, key=asked.key)
            self._verified(verdict.verdict, time.perf_counter() - began)
            answer = self._encode(verdict)
        except RxtrailError as error:
            self._web.failed(error)
            await self._refuse(problems.of(error), send)
            return
        except Exception:
            # Our own mistake: the counter is told that there is no answer, the server's log gets the rest.
            await self._refuse(problems.internal(), send)
            raise
        whole = scope.get(ANSWER)
        if whole is not None:
            await whole(_HEAD, answer)
            return
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [_JSON, (b"content-length", b"%d" % len(answer)), *API_HEADERS],
            }
        )
        await send({"type": "http.response.body", "body": answer})

    def _look_at(self, scope: Scope) -> None:
        """Judge method and headers in one pass."""
        host = origin = b""
        content_type = b""
        for name, value in scope["headers"]:
            if name == b"host":
                host = value
            elif name == b"content-type":
                content_type = value
            elif name == b"origin":
                origin = value
        method = scope["method"]
        self._check_doors(method, host, origin)
        if method != "POST":
            raise WrongMethod(f"{method} is not for this address.", advice="POST the scan as JSON.")
        # A form of another site cannot send this type without asking first, so it also keeps forgeries out.
        if content_type != b"application/json" and media_type_of(content_type.decode("latin-1")) not in JSON_TYPES:
            raise WrongMediaType("A scan is sent as JSON.", advice="Send Content-Type: application/json.")

    async def _refuse(self, problem: Problem, send: Send) -> None:
        answer = problems.encode(problem)
        more = [(name.encode(), value.encode()) for name, value in problems.headers_of(problem).items()]
        if problem.code == WrongMethod.code:
            more.append((b"allow", b"POST"))
        self._web.meter.answered("POST", problem.status)
        await send(
            {
                "type": "http.response.start",
                "status": problem.status,
                "headers": [_PROBLEM, (b"content-length", b"%d" % len(answer)), *API_HEADERS, *more],
            }
        )
        await send({"type": "http.response.body", "body": answer})


_JSON: Final = (b"content-type", b"application/json")
_HEAD: Final = b"HTTP/1.1 200 OK\r\n" + b"".join(b"%s: %s\r\n" % field for field in (_JSON, *API_HEADERS))
_PROBLEM: Final = (b"content-type", problems.MEDIA_TYPE.encode())


async def _body_of(receive: Receive) -> bytes:
    """The whole body, mostly one message; raises ``TooLarge`` or ``UploadBroken``."""
    body: bytes = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise UploadBroken("The scan broke off.", advice="Send it again.")
        body += message.get("body", b"")
        if len(body) > limits.REQUEST_BYTES_MAX:
            raise TooLarge("REQUEST_BYTES_MAX", limits.REQUEST_BYTES_MAX)
        if not message.get("more_body", False):
            return body
