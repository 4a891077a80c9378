"""Serve a node: HTTP on loopback, and the command line's socket inside DATA."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import signal
import socket
import threading
from functools import partial
from typing import TYPE_CHECKING

import uvicorn
import uvloop

from rxtrail.errors import BadRequest
from rxtrail.web import app, limits, socket_server
from rxtrail.web.protocol import BoundedProtocol, sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rxtrail.web.context import Web
    from rxtrail.web.port import ServedNode

_BACKLOG = 512
_GRACE_SECONDS = 10
_WATCH_SECONDS = 0.5


class Server(uvicorn.Server):
    """Uvicorn without its own signal handling, which would end the process before the node is closed."""

    on_started: Callable[[], None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and tell so."""
        await super().startup(sockets=sockets)
        if self.started and self.on_started is not None:
            self.on_started()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to ``run``."""
        yield


def run(
    node: ServedNode,
    host: str,
    port: int,
    socket_path: Path | None = None,
    on_ready: Callable[[str], None] | None = None,
    *,
    hosts: tuple[str, ...] = (),
) -> None:
    """Serve until SIGINT or SIGTERM; ``on_ready`` is told the address once it answers.

    Raises ``BadRequest`` for an address beyond loopback or one that is taken, ``StoreFailed`` when the store
    failed while serving. ``hosts`` are names of a reverse proxy that stands before the loopback address.
    """
    listener = listen(host, port)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(node, listener, socket_path, on_ready, hosts))
    finally:
        listener.close()


def listen(host: str, port: int) -> socket.socket:
    """A bound loopback socket; port 0 takes any. Raises ``BadRequest``."""
    address = _loopback(host)
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((str(address), port))
        listener.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        raise BadRequest(
            f"Cannot listen on {host} port {port}: {error}.", place="port", advice="Choose another --port."
        ) from error
    return listener


def _loopback(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The loopback address of a host; a server without accounts is for this machine only."""
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host.strip("[]"))
    except ValueError:
        address = None
    if address is None or not address.is_loopback:
        raise BadRequest(
            f"This server has no accounts yet, so it does not listen on {host!r}.",
            place="host",
            advice="Use --host 127.0.0.1 or ::1, behind an SSH tunnel or a proxy that asks for a password.",
        )
    return address


async def _serve(
    node: ServedNode,
    listener: socket.socket,
    socket_path: Path | None,
    on_ready: Callable[[str], None] | None,
    hosts: tuple[str, ...],
) -> None:
    asgi = app.build(node, hosts=hosts)
    server = Server(
        uvicorn.Config(
            asgi,
            http=BoundedProtocol,
            ws="wsproto",
            ws_max_size=limits.REQUEST_BYTES_MAX,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=limits.CONNECTIONS_MAX,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
    )

    def stop() -> None:
        asgi.web.stopping = True
        # A second signal does not wait for open requests any more.
        server.force_exit = server.should_exit
        server.should_exit = True

    asgi.web.on_store_failed = stop
    with contextlib.ExitStack() as undo:
        undo.callback(asgi.close)
        if threading.current_thread() is threading.main_thread():
            loop = asyncio.get_running_loop()
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, stop)
                undo.callback(loop.remove_signal_handler, number)
        async with contextlib.AsyncExitStack() as stack:
            if socket_path is not None:
                await stack.enter_async_context(socket_server.serving(asgi.web, socket_path))
            if on_ready is not None:
                server.on_started = partial(on_ready, address_of(listener))
            stack.callback(asyncio.create_task(sweep(server.server_state.connections)).cancel)
            stack.callback(asyncio.create_task(_watch(asgi.web)).cancel)
            await server.serve(sockets=[listener])
    if asgi.web.store_failure is not None:
        raise asgi.web.store_failure


async def _watch(web: Web) -> None:
    """Stop after a write that failed in the background: nobody waited for it, so nobody was told."""
    while True:
        if (failure := web.node.failed) is not None:
            web.failed(failure)
        await asyncio.sleep(_WATCH_SECONDS)


def address_of(listener: socket.socket) -> str:
    """The URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
