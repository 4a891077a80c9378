"""The HTTP surface of a witness (C2SP tlog-witness): add-checkpoint, what was cosigned, its keys."""

from __future__ import annotations

import asyncio
import signal
import socket
from functools import partial
from typing import TYPE_CHECKING, Final

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from rxtrail.core.merkle.witness_request import REQUEST_BYTES_MAX
from rxtrail.errors import BadRequest, NotFound, RxtrailError, StoreFailed
from rxtrail.web import limits
from rxtrail.web.protocol import BoundedProtocol, sweep
from rxtrail.web.serve import Server, address_of
from rxtrail.web.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from rxtrail.witness import Answer, Witness

_BACKLOG: Final = 128
_GRACE_SECONDS: Final = 10
_PLAIN: Final = "text/plain; charset=utf-8"
# What was read cannot be kept by a cache for long: a monitor must see the newest.
_FRESH: Final = {"cache-control": "public, max-age=1", "access-control-allow-origin": "*"}


class App:
    """One witness over HTTP; a thread of its own cosigns, since it waits for the disk."""

    def __init__(self, witness: Witness, stop: Callable[[], None]) -> None:
        self._witness = witness
        self._stop = stop
        self._workers = Workers("witness", threads=1, waiting_max=limits.WAITING_MAX)
        self.asgi = Starlette(
            routes=[
                Route("/add-checkpoint", self._add, methods=["POST"]),
                Route("/vkey", self._keys, methods=["GET"]),
                Route("/healthz", self._health, methods=["GET"]),
                Route("/{origin_hash}/checkpoint", self._checkpoint, methods=["GET"]),
            ]
        )

    def close(self) -> None:
        """Let the thread go."""
        self._workers.close()

    async def _add(self, request: Request) -> Response:
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > REQUEST_BYTES_MAX:
                return _plain(413, f"a request has at most {REQUEST_BYTES_MAX} bytes")
        try:
            work = partial(self._witness.add_checkpoint, bytes(body))
            answer: Answer = await self._workers.call(work, seconds=limits.CHANGE_SECONDS_MAX)
        except StoreFailed as failed:
            if not failed.curable:
                self._stop()  # what it has promised is on the disk or not: only a new start can tell
            return _plain(503, failed.message)
        except RxtrailError as error:
            return _plain(503, error.message)
        return Response(answer.body, status_code=answer.status, headers={"content-type": answer.media_type})

    async def _checkpoint(self, request: Request) -> Response:
        try:
            found = self._witness.checkpoint(request.path_params["origin_hash"])
        except NotFound as missing:
            return _plain(404, missing.message)
        return Response(found, headers={**_FRESH, "content-type": _PLAIN})

    async def _keys(self, request: Request) -> Response:  # noqa: ARG002
        keys = "".join(f"{key.verifier}\n" for key in self._witness.keys)
        return Response(keys, headers={**_FRESH, "content-type": _PLAIN})

    async def _health(self, request: Request) -> Response:  # noqa: ARG002
        return _plain(200 if self._witness.failed is None else 503, "ok" if self._witness.failed is None else "failed")


def run(witness: Witness, host: str, port: int, on_ready: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM, or until what was cosigned could not be kept.

    Raises ``BadRequest`` for an address that cannot be listened on.
    """
    listener = _listen(host, port)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(witness, listener, on_ready))
    finally:
        listener.close()


def _listen(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.socket(found[0], socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(found[4])
            listener.listen(_BACKLOG)
        except BaseException:
            listener.close()
            raise
    except (OSError, OverflowError) as error:
        raise BadRequest(f"cannot listen on {host} port {port}: {error}", place="port") from error
    return listener


async def _serve(witness: Witness, listener: socket.socket, on_ready: Callable[[str], None]) -> None:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        server.force_exit = server.should_exit
        server.should_exit = True

    app = App(witness, stop)
    server = Server(
        uvicorn.Config(
            app.asgi,
            http=BoundedProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=limits.CONNECTIONS_MAX,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    server.on_started = partial(on_ready, address_of(listener))
    sweeping = asyncio.create_task(sweep(server.server_state.connections))
    try:
        await server.serve(sockets=[listener])
    finally:
        sweeping.cancel()
        app.close()


def _plain(status: int, words: str) -> Response:
    return Response(f"{words}\n", status_code=status, headers={"content-type": _PLAIN})
