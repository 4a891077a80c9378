"""HTTP/1.1 with the bounds that uvicorn leaves open: how large a header and how slow a request may be."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from rxtrail.web import limits

if TYPE_CHECKING:
    from collections.abc import Iterable

_SWEEP_SECONDS: Final = 1.0
ANSWER: Final = "rxtrail.answer_whole"
"""Where an application finds ``answer_whole`` of its request; behind another server it is not there."""


class HeaderTooLarge(Exception):
    """More header than ``HEADER_BYTES_MAX``; the parser turns it into an answer and a closed connection."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection. The bounds cost the fast path one number per header field and two per request."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:  # noqa: ANN401 - uvicorn's own arguments
        super().__init__(*arguments, **settings)
        self._header_bytes = 0
        self.begun_at = 0.0  # 0: no request is on its way in
        self.header_done = False
        self.body_bytes = 0

    def on_message_begin(self) -> None:
        """Begin to count and to wait."""
        super().on_message_begin()
        self._header_bytes = 0
        self.body_bytes = 0
        self.header_done = False
        self.begun_at = self.loop.time()

    def on_url(self, url: bytes) -> None:
        """Count the request line."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header field."""
        self._count(len(name) + len(value) + 4)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """From here on the body's own patience holds."""
        self.header_done = True
        super().on_headers_complete()
        # The application's task has been made but not begun, so it will find this.
        self.scope[ANSWER] = partial(answer_whole, self.cycle)  # type: ignore[typeddict-unknown-key]

    def on_body(self, body: bytes) -> None:
        """Count what came, for the speed of the body."""
        self.body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole: nothing more is waited for."""
        self.begun_at = 0.0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Close after a header that cannot be read, or that is too large to be."""
        if self._header_bytes > limits.HEADER_BYTES_MAX:
            self.refuse(
                b"431 Request Header Fields Too Large",
                f"The header is larger than HEADER_BYTES_MAX ({limits.HEADER_BYTES_MAX:,} bytes).",
            )
        else:
            super().send_400_response(msg)

    def refuse(self, status: bytes, words: str) -> None:
        """Answer without the application, if it has not begun to, and close."""
        if not self.transport.is_closing():
            # There is no cycle before the first header is whole, whatever uvicorn's annotation says.
            cycle: RequestResponseCycle | None = vars(self)["cycle"]
            if cycle is None or cycle.response_complete or not cycle.response_started:
                body = words.encode()
                self.transport.write(
                    b"HTTP/1.1 %s\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\n"
                    b"connection: close\r\n\r\n%s" % (status, len(body), body)
                )
            self.transport.close()

    def is_too_slow(self, now: float) -> bool:
        """Tell whether the client has had its time. While we do not read, the time is ours."""
        if self.begun_at == 0.0:
            return False
        if self.flow.read_paused:
            self.begun_at += _SWEEP_SECONDS
            return False
        seconds = now - self.begun_at
        if not self.header_done:
            return seconds > limits.HEADER_SECONDS_MAX
        return seconds > limits.BODY_GRACE_SECONDS + self.body_bytes / limits.BODY_BYTES_PER_SECOND_MIN

    def _count(self, count: int) -> None:
        self._header_bytes += count
        if self._header_bytes > limits.HEADER_BYTES_MAX:
            raise HeaderTooLarge


async def answer_whole(cycle: RequestResponseCycle, head: bytes, body: bytes) -> None:
    """Send a whole answer in one write: a second one costs the counter as much as a look-up of its pack.

    ``head`` is the status line and the header fields but the last two, which are written here.
    """
    if cycle.flow.write_paused and not cycle.disconnected:
        await cycle.flow.drain()
    if cycle.disconnected:
        return
    assert not cycle.response_started
    cycle.response_started = cycle.response_complete = True
    cycle.message_event.set()
    fields = b"".join([b"%s: %s\r\n" % field for field in cycle.default_headers])
    last = b"" if cycle.keep_alive else b"connection: close\r\n"
    cycle.transport.write(b"%s%s%scontent-length: %d\r\n\r\n%s" % (head, fields, last, len(body), body))
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()


async def sweep(connections: Iterable[object]) -> None:
    """Cut off who is too slow, once a second, so that no request pays for a timer of its own."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(_SWEEP_SECONDS)
        now = loop.time()
        for connection in [each for each in connections if isinstance(each, BoundedProtocol)]:
            if connection.is_too_slow(now):
                connection.refuse(b"408 Request Timeout", "The request came too slowly.")
