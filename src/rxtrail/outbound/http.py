"""One HTTP/1.1 exchange with a deadline that holds for all of it: name, connection, TLS, header and body.

The standard library does the protocol. A time-out of a socket counts from its last byte, so a server that sends one
byte a second would never meet it; here each wait gets only what is left. Redirects are not followed, since who answers
is part of the answer. Plain HTTP goes to this machine only.
"""

from __future__ import annotations

import http.client
import io
import ipaddress
import queue
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import SplitResult, urlsplit

import msgspec

from rxtrail.errors import BadRequest, RxtrailError
from rxtrail.outbound.reach import ANYWHERE, NotOutside, Reach

if TYPE_CHECKING:
    from collections.abc import Mapping

    from _typeshed import WriteableBuffer

BODY_BYTES_MAX: Final = 64 * 1024
URL_CHARACTERS_MAX: Final = 2000
_SEND_BYTES: Final = 64 * 1024
_SCHEMES: Final = {"http": 80, "https": 443}


class Unreachable(RxtrailError):
    """No whole answer came from the other side; ``sent`` tells whether the request may have arrived."""

    code = "unreachable"

    def __init__(self, message: str, *, sent: bool) -> None:
        """Keep in words what happened."""
        super().__init__(message, advice="Try again. This says nothing about what was asked.")
        self.sent = sent


class HttpReply(msgspec.Struct, frozen=True, gc=False):
    """A whole answer; names of header fields are in lower case, a repeated field keeps its first value."""

    status: int
    headers: dict[str, str]
    body: bytes


def request(
    method: str,
    url: str,
    *,
    connect_seconds: float,
    seconds: float,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    body_bytes_max: int = BODY_BYTES_MAX,
    reach: Reach = ANYWHERE,
) -> HttpReply:
    """Send one request and read its whole answer within ``seconds``, the connection within ``connect_seconds``.

    ``reach`` bounds the addresses that may be connected to.

    :raises BadRequest: the address is none that may be asked (see :func:`usable_url`).
    :raises Unreachable: no whole answer in time, or what came is not HTTP.
    """
    parts = usable_url(url)
    host = parts.hostname
    assert host is not None, "a usable address has a host"
    port = parts.port or _SCHEMES[parts.scheme]
    until = time.monotonic() + seconds
    connecting = min(until, time.monotonic() + connect_seconds)
    sent = False
    try:
        wire = _connect(host, port, connecting, tls=parts.scheme == "https", reach=reach)
        with wire:
            connection = http.client.HTTPConnection(host, port)
            connection.sock = cast("socket.socket", _Timed(wire, until))
            sent = True
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            given = {"Host": parts.netloc, "Accept-Encoding": "identity", "Connection": "close", **(headers or {})}
            connection.request(method, target, body=body or None, headers=given)
            return _read(connection.getresponse(), body_bytes_max)
    except TimeoutError as late:
        raise Unreachable("no answer in time", sent=sent) from late
    except (ssl.SSLError, ssl.CertificateError) as bad:
        raise Unreachable(f"no trusted connection: {bad}", sent=False) from bad
    except OSError as gone:
        raise Unreachable(f"no connection: {gone.strerror or gone}", sent=sent) from gone
    except (http.client.HTTPException, ValueError) as bad:
        raise Unreachable(f"what came is not an HTTP answer: {type(bad).__name__}", sent=sent) from bad


def usable_url(url: str) -> SplitResult:
    """Take an address apart that may be asked: https, or http on this machine; no user, no fragment, plain ASCII.

    :raises BadRequest: it is none.
    """
    problem = ""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port, problem = urlsplit(""), None, "it cannot be taken apart"
    if not problem:
        if len(url) > URL_CHARACTERS_MAX:
            problem = f"it is longer than {URL_CHARACTERS_MAX} characters"
        elif not url.isascii() or any(character <= " " or character == "\x7f" for character in url):
            problem = "it holds characters that no address has"
        elif parts.scheme not in _SCHEMES or not parts.hostname or port == 0:
            problem = "it does not begin with https:// and a host"
        elif "@" in parts.netloc or parts.fragment:
            problem = "it carries a user or a fragment"
        elif parts.scheme == "http" and not is_loopback(parts.hostname):
            problem = "plain http goes to this machine only"
    if problem:
        raise BadRequest(f"{url[:200]!r} cannot be asked: {problem}", place="url", advice="Give an https:// address.")
    return parts


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address is this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _read(response: http.client.HTTPResponse, body_bytes_max: int) -> HttpReply:
    # One byte more than may be tells a body that is too long from one that just fits.
    body = response.read(body_bytes_max + 1)
    if len(body) > body_bytes_max:
        raise http.client.HTTPException("the body is too long")
    if response.length:
        raise http.client.IncompleteRead(body, response.length)
    headers: dict[str, str] = {}
    for name, value in response.getheaders():
        headers.setdefault(name.lower(), value)
    return HttpReply(response.status, headers, body)


def _connect(host: str, port: int, until: float, *, tls: bool, reach: Reach = ANYWHERE) -> socket.socket:
    problem: OSError = TimeoutError("no address in time")
    for family, kind, protocol, _, address in _addresses(host, port, until):
        if not reach.admits(address[0]):
            problem = NotOutside("it leads to an address inside of a network, where a site key may not send")
            continue
        wire = socket.socket(family, kind, protocol)
        try:
            wire.settimeout(_left(until))
            wire.connect(address)
            if tls:
                wire.settimeout(_left(until))
                wire = ssl.create_default_context().wrap_socket(wire, server_hostname=host)
        except OSError as error:
            wire.close()
            problem = error
        else:
            return wire
    raise problem


_Address = tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int]]


def _addresses(host: str, port: int, until: float) -> list[_Address]:
    """Look a name up. The system's resolver knows no time-out, so it is left behind when it takes too long."""
    answers: queue.SimpleQueue[list[_Address] | OSError] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            answers.put(cast("list[_Address]", socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
        except (OSError, UnicodeError) as error:
            answers.put(error if isinstance(error, OSError) else OSError(f"no such name: {error}"))

    try:
        ipaddress.ip_address(host)
    except ValueError:
        threading.Thread(target=look_up, name="rxtrail-resolver", daemon=True).start()
    else:
        look_up()  # an address is not looked up anywhere
    try:
        answer = answers.get(timeout=_left(until))
    except queue.Empty as late:
        raise TimeoutError("the name was not found in time") from late
    if isinstance(answer, OSError):
        raise answer
    return answer


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("the time is over")
    return left


class _Timed:
    """A socket as ``http.client`` uses it, whose every wait ends at one moment."""

    def __init__(self, wire: socket.socket, until: float) -> None:
        self._wire = wire
        self._until = until

    def sendall(self, content: bytes) -> None:
        for start in range(0, len(content), _SEND_BYTES):
            self._wire.settimeout(_left(self._until))
            self._wire.sendall(content[start : start + _SEND_BYTES])

    def makefile(self, mode: str) -> io.BufferedReader:
        assert mode == "rb", "an answer is read"
        return io.BufferedReader(_TimedStream(self._wire, self._until))

    def close(self) -> None:
        """Do nothing: ``http.client`` closes before the body is read, and the wire belongs to who opened it."""


class _TimedStream(io.RawIOBase):
    def __init__(self, wire: socket.socket, until: float) -> None:
        super().__init__()
        self._wire = wire
        self._until = until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        self._wire.settimeout(_left(self._until))
        return self._wire.recv_into(buffer)
