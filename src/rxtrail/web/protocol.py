"""HTTP/1.1 with the bounds that uvicorn leaves open: how large a header and how slow a request may be."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Protocol

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from rxtrail.web import limits

if TYPE_CHECKING:
    from collections.abc import Iterable

_SWEEP_SECONDS: Final = 1.0

Field = tuple[bytes, bytes]
Reply = tuple[int, list[Field], bytes]
"""Status, header fields but for the length, and body."""


class AtOnce(Protocol):
    """An application that can answer a small POST to one address without a task, while its bytes are read."""

    at_once_path: bytes

    def answer_at_once(self, headers: list[Field], body: bytes) -> Reply | None:
        """The answer, or None when it has to be waited for; it never raises."""


class HeaderTooLarge(Exception):
    """More header than ``HEADER_BYTES_MAX``; the parser turns it into an answer and a closed connection."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection. The bounds cost the fast path one number per header field and two per request.

    A small POST to the application's ``at_once_path`` is answered right here: a task, its events and a second
    write would cost the counter more than the look-up of its pack. All else goes uvicorn's way.
    """

    def __init__(self, *arguments: Any, **settings: Any) -> None:  # noqa: ANN401 - uvicorn's own arguments
        super().__init__(*arguments, **settings)
        self._header_bytes = 0
        self._address_bytes = 0
        self.begun_at = 0.0  # 0: no request is on its way in
        self.header_done = False
        self.body_bytes = 0
        at_once: AtOnce | None = self.app if hasattr(self.app, "answer_at_once") else None
        self._at_once = at_once
        self._at_once_body: bytes | None = None  # not None: this request is being answered here
        self._keep_alive = True

    def on_message_begin(self) -> None:
        """Begin to count and to wait."""
        super().on_message_begin()
        self._header_bytes = self._address_bytes = 0
        self.body_bytes = 0
        self.header_done = False
        self.begun_at = self.loop.time()

    def on_url(self, url: bytes) -> None:
        """Count the request line."""
        self._address_bytes += len(url)
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header field."""
        self._count(len(name) + len(value) + 4)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """From here on the body's own patience holds."""
        self.header_done = True
        if self._at_once is not None and self.url == self._at_once.at_once_path and self._can_be_answered_here():
            self._at_once_body = b""
            self._keep_alive = self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive()
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Count what came, for the speed of the body."""
        self.body_bytes += len(body)
        if self._at_once_body is None:
            super().on_body(body)
        else:
            self._at_once_body += body

    def on_message_complete(self) -> None:
        """The request is whole: nothing more is waited for."""
        self.begun_at = 0.0
        if self._at_once_body is None:
            super().on_message_complete()
        else:
            body, self._at_once_body = self._at_once_body, None
            if not self._answer_here(body):
                super().on_headers_complete()
                super().on_body(body)
                super().on_message_complete()

    def _can_be_answered_here(self) -> bool:
        """A POST with a small body of known length, when no earlier request waits for its answer."""
        cycle: RequestResponseCycle | None = vars(self)["cycle"]
        if (
            self.parser.get_method() != b"POST"
            or (cycle is not None and not cycle.response_complete)
            or self.pipeline
            or self.flow.write_paused
            or self.expect_100_continue
        ):
            return False
        for name, value in self.headers:
            if name == b"content-length":
                return len(value) < 9 and int(value) <= limits.REQUEST_BYTES_MAX
        return False

    def _answer_here(self, body: bytes) -> bool:
        """Answer at once; False when the application has to wait for somebody else and wants a task after all."""
        assert self._at_once is not None
        reply = self._at_once.answer_at_once(self.headers, body)
        if reply is None:
            return False
        status, fields, answer = reply
        parts = [STATUS_LINE[status]]
        for name, value in (*fields, *self.server_state.default_headers):
            parts += (name, b": ", value, b"\r\n")
        if not self._keep_alive:
            parts.append(b"connection: close\r\n")
        parts += (b"content-length: %d\r\n\r\n" % len(answer), answer)
        self.transport.write(b"".join(parts))
        if not self._keep_alive:
            self.transport.close()
        self.on_response_complete()
        return True

    def send_400_response(self, msg: str) -> None:
        """Close after a header that cannot be read, or that is too large to be."""
        if self._address_bytes > limits.HEADER_BYTES_MAX:
            # EPCIS 2.0, clause 12.6; a query of thousands of values may be POSTed.
            problem = (
                b'{"type":"epcisException:URITooLongException","title":"The address is too long","status":414,'
                b'"detail":"The address is larger than HEADER_BYTES_MAX (%d bytes).","code":"uri-too-long",'
                b'"advice":"POST the query to /epcis/queries under a name, then GET its events."}'
            )
            words = problem % limits.HEADER_BYTES_MAX
            self.refuse(b"414 URI Too Long", words.decode(), media_type=b"application/problem+json")
        elif self._header_bytes > limits.HEADER_BYTES_MAX:
            self.refuse(
                b"431 Request Header Fields Too Large",
                f"The header is larger than HEADER_BYTES_MAX ({limits.HEADER_BYTES_MAX:,} bytes).",
            )
        else:
            super().send_400_response(msg)

    def refuse(self, status: bytes, words: str, *, media_type: bytes = b"text/plain; charset=utf-8") -> None:
        """Answer without the application, if it has not begun to, and close."""
        if not self.transport.is_closing():
            # There is no cycle before the first header is whole, whatever uvicorn's annotation says.
            cycle: RequestResponseCycle | None = vars(self)["cycle"]
            if cycle is None or cycle.response_complete or not cycle.response_started:
                body = words.encode()
                self.transport.write(
                    b"HTTP/1.1 %s\r\ncontent-type: %s\r\ncontent-length: %d\r\n"
                    b"connection: close\r\n\r\n%s" % (status, media_type, len(body), body)
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


async def sweep(connections: Iterable[object]) -> None:
    """Cut off who is too slow, once a second, so that no request pays for a timer of its own."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(_SWEEP_SECONDS)
        now = loop.time()
        for connection in [each for each in connections if isinstance(each, BoundedProtocol)]:
            if connection.is_too_slow(now):
                connection.refuse(b"408 Request Timeout", "The request came too slowly.")
