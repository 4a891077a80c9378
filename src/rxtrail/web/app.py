"""The ASGI application: the verify address first, then the guarded rest."""

from __future__ import annotations

import importlib.metadata
import logging
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request

from rxtrail.access import KeyNeeded
from rxtrail.errors import NotFound, RxtrailError
from rxtrail.web import pages, problems, resolver
from rxtrail.web.api import at_once, table, verify
from rxtrail.web.context import Web, refusal
from rxtrail.web.doors import API_HEADERS, PAGE_HEADERS, Doors
from rxtrail.web.epcis import openapi, resources, soap
from rxtrail.web.epcis.socket import Sockets
from rxtrail.web.openapi import describe
from rxtrail.web.refusals import WrongMethod
from rxtrail.web.site_door import admit, with_grant

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.responses import Response
    from starlette.types import Message, Receive, Scope, Send

    from rxtrail.web.port import ServedNode

_LOG = logging.getLogger("rxtrail.web")


class App:
    """One node's HTTP surface."""

    def __init__(self, web: Web) -> None:
        self.web = web
        self._verify = verify.VerifyEndpoint(web)
        self._change = at_once.ChangeAtOnce(web, self._guarded)
        self.at_once_path = verify.PATH.encode()
        self.answer_at_once = self._verify.answer_at_once
        self._sockets = Sockets(web)
        self._rest = Starlette(
            routes=[
                *table.routes(web),
                soap.route(web),
                *resources.routes(web),
                *resolver.routes(web),
                *pages.routes(web),
            ],
            exception_handlers={
                HTTPException: self._on_http_exception,
                RxtrailError: self._on_named_error,
                Exception: self._on_our_own_mistake,
            },
            lifespan=self._lifespan,
        )
        # A pack's serial may hold a slash: no address is moved to another by adding or dropping one.
        self._rest.router.redirect_slashes = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "websocket":
            await self._sockets(scope, receive, send)
        elif scope["type"] != "http":
            await self._rest(scope, receive, send)
        elif scope["path"] == verify.PATH:
            await self._verify(scope, receive, send)
        elif scope["method"] == "PATCH" and scope["path"].startswith(at_once.STEM):
            await self._change(scope, receive, send)
        else:
            await self._guarded(scope, receive, send)

    def close(self) -> None:
        """Let the threads go; the node itself belongs to who opened it."""
        self.web.close()

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope["method"]
        is_epcis = scope["path"].startswith("/epcis")
        is_api = is_epcis or scope["path"].startswith(("/api/", "/log/")) or scope["path"] in _OPERATIONS

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name for name, _ in message["headers"]}
                fixed = API_HEADERS if is_api else PAGE_HEADERS
                message["headers"] = [
                    *message["headers"],
                    *(header for header in fixed if header[0] not in given),
                ]
                self.web.meter.answered(method if method in table.METHODS else "other", message["status"])
            await send(message)

        headers = dict(scope["headers"])
        try:
            self.web.doors.check(method, headers.get(b"host", b""), headers.get(b"origin", b""))
            grant = admit(self.web, method, scope["path"], scope["headers"])
        except RxtrailError as error:
            problem = refusal(self.web, error)
            if is_epcis:
                await resources.respond(Request(scope), error)(scope, receive, send_guarded)
                return
            for_a_person = not is_api and method in ("GET", "HEAD") and isinstance(error, KeyNeeded)
            answer = pages.problem_page(self.web, problem) if for_a_person else problems.respond(problem)
            await answer(scope, receive, send_guarded)
            return
        # The router matches the address as it was sent, so that %2F inside a serial does not cut it in two.
        raw_path = scope.get("raw_path") or scope["path"].encode()
        inner = with_grant({**scope, "path": raw_path.partition(b"?")[0].decode("latin-1"), "root_path": ""}, grant)
        await self._rest(inner, receive, send_guarded)

    async def _on_http_exception(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            wrong = WrongMethod(f"{request.method} is not for this address.", advice="It has GET.")
            return problems.respond(problems.of(wrong), {"allow": "GET, HEAD"})
        missing = NotFound("There is nothing at this address.", advice="See /openapi.json for what there is.")
        return await self._on_named_error(request, missing)

    async def _on_named_error(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, RxtrailError)
        problem = refusal(self.web, error)
        if request.url.path.startswith("/epcis"):
            return resources.respond(request, error)
        if request.url.path.startswith("/api/") or request.method not in ("GET", "HEAD"):
            return problems.respond(problem)
        return pages.problem_page(self.web, problem)

    async def _on_our_own_mistake(self, request: Request, error: Exception) -> Response:  # noqa: ARG002
        # Starlette raises the error again after this answer, so the server's log gets the whole of it.
        return problems.respond(problems.internal())

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        yield
        self.close()


_OPERATIONS = frozenset({"/healthz", "/readyz", "/metrics", "/openapi.json"})


def build(node: ServedNode, *, hosts: tuple[str, ...] = ()) -> App:
    """The application of a node; ``hosts`` are Host names it answers to beside the loopback ones."""
    web = Web(node, Doors(hosts))
    web.version = _version()
    web.openapi = describe(
        table.ENDPOINTS,
        table.TYPES,
        version=web.version,
        more_paths=openapi.paths(),
        more_schemas=openapi.schemas(),
    )
    return App(web)


def _version() -> str:
    try:
        return importlib.metadata.version("rxtrail")
    except importlib.metadata.PackageNotFoundError:
        return "0"  # run from a source tree that was never installed
