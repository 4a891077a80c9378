"""Connections to one server that are kept: an answer within a deadline without a new handshake, and lines that go on.

Built on the same exchange as :mod:`rxtrail.outbound.http`; redirects are not followed, plain HTTP is for this machine.
"""

from __future__ import annotations

import contextlib
import http.client
import select
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING, Final, cast

from rxtrail.outbound.http import (
    _SCHEMES,
    BODY_BYTES_MAX,
    HttpReply,
    Unreachable,
    _connect,
    _left,
    _read,
    _Timed,
    usable_url,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

IDLE_MAX: Final = 16
IDLE_SECONDS_MAX: Final = 4.0
"""Less than servers wait for the next request on a connection (uvicorn: 5 s)."""

LINE_BYTES_MAX: Final = 64 * 1024 * 1024


class Lasting:
    """One server, asked again and again. Safe to use from several threads; raises as ``outbound.request`` does."""

    def __init__(self, url: str) -> None:
        """Take the address of the server; raises ``BadRequest`` for one that may not be asked."""
        parts = usable_url(url)
        host = parts.hostname
        assert host is not None, "a usable address has a host"
        self._host, self._tls = host, parts.scheme == "https"
        self._port = parts.port or _SCHEMES[parts.scheme]
        self._netloc, self._path = parts.netloc, parts.path.rstrip("/")
        self._idle: list[tuple[float, socket.socket]] = []
        self._busy: set[socket.socket] = set()
        self._lock = threading.Lock()

    def close(self) -> None:
        """Let the idle connections go."""
        with self._lock:
            while self._idle:
                self._idle.pop()[1].close()

    def interrupt(self) -> None:
        """End what is being asked or read right now; who waits for it gets an ``Unreachable``."""
        for wire in list(self._busy):  # who is told takes itself out
            with contextlib.suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)

    def request(
        self,
        method: str,
        path: str,
        *,
        seconds: float,
        headers: Mapping[str, str],
        body: bytes = b"",
        body_bytes_max: int = BODY_BYTES_MAX,
    ) -> HttpReply:
        """Send one request and read its whole answer within ``seconds``.

        :raises Unreachable: no whole answer in time.
        """
        until = time.monotonic() + seconds
        wire = self._take()
        reply: HttpReply | None = None
        sent = False
        try:
            if wire is None:
                wire = self._open(until)
            self._busy.add(wire)
            sent = True
            response = self._ask(wire, until, method, path, headers, body)
            reply = _read(response, body_bytes_max)
        except TimeoutError as late:
            raise Unreachable("no answer in time", sent=sent) from late
        except ssl.SSLError as bad:
            raise Unreachable(f"no trusted connection: {bad}", sent=sent) from bad
        except OSError as gone:
            raise Unreachable(f"no connection: {gone.strerror or gone}", sent=sent) from gone
        except (http.client.HTTPException, ValueError) as bad:
            raise Unreachable(f"what came is not an HTTP answer: {type(bad).__name__}", sent=sent) from bad
        finally:
            if wire is not None:
                self._busy.discard(wire)
            if wire is not None and (reply is None or not self._give_back(wire, reply)):
                wire.close()
        return reply

    def lines(
        self, path: str, *, connect_seconds: float, idle_seconds: float, headers: Mapping[str, str]
    ) -> Generator[bytes, None, None]:
        """Ask for a stream and give its lines as they come; a status other than 200 is an ``Unreachable``.

        :raises Unreachable: the stream ended, or nothing came for ``idle_seconds``.
        """
        with contextlib.ExitStack() as stack:
            try:
                until = time.monotonic() + connect_seconds
                wire = stack.enter_context(self._open(until))
                self._busy.add(wire)
                stack.callback(self._busy.discard, wire)
                response = self._ask(wire, until, "GET", path, headers, b"")
                if response.status != 200:
                    raise Refusing(response.status)
                assert response.fp is not None
                timed = vars(response.fp.raw)  # of the _TimedStream below the buffer
                while True:
                    timed["_until"] = time.monotonic() + idle_seconds  # each line has a deadline of its own
                    line = response.readline(LINE_BYTES_MAX)
                    if not line:
                        raise Unreachable("the stream ended", sent=True)
                    yield line
            except OSError as gone:
                raise Unreachable(f"no connection: {gone.strerror or gone}", sent=True) from gone
            except (http.client.HTTPException, ValueError) as bad:
                raise Unreachable(f"what came is not an HTTP answer: {type(bad).__name__}", sent=True) from bad

    def _ask(
        self, wire: socket.socket, until: float, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection(self._host, self._port)
        connection.sock = cast("socket.socket", _Timed(wire, until))
        given = {"Host": self._netloc, "Accept-Encoding": "identity", **headers}
        connection.request(method, self._path + path, body=body or None, headers=given)
        return connection.getresponse()

    def _open(self, until: float) -> socket.socket:
        wire = _connect(self._host, self._port, until, tls=self._tls)
        wire.settimeout(_left(until))
        # Header and body go out in two pieces: the second must not wait 40 ms for the first one's acknowledgement.
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return wire

    def _take(self) -> socket.socket | None:
        """Give an idle connection that the server has not closed."""
        with self._lock:
            while self._idle:
                since, wire = self._idle.pop()
                if time.monotonic() - since < IDLE_SECONDS_MAX and not select.select([wire], [], [], 0)[0]:
                    return wire
                wire.close()
        return None

    def _give_back(self, wire: socket.socket, reply: HttpReply) -> bool:
        if reply.headers.get("connection", "").lower() == "close":
            return False
        with self._lock:
            if len(self._idle) >= IDLE_MAX:
                return False
            self._idle.append((time.monotonic(), wire))
        return True


class Refusing(Unreachable):
    """The server answers, and refuses; ``status`` is its HTTP status."""

    def __init__(self, status: int) -> None:
        """Keep the status."""
        super().__init__(f"the server refuses ({status})", sent=True)
        self.status = status
