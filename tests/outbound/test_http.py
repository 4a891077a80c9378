"""One request outwards: its time is over when it is over, whatever the other side does, and what came is whole."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.errors import BadRequest
from rxtrail.outbound import BODY_BYTES_MAX, HttpReply, Unreachable, request, usable_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi"


@contextlib.contextmanager
def server(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """Accept one connection after the other and let ``talk`` have each; give the address."""
    listener = socket.create_server(("127.0.0.1", 0))
    open_ = True

    def serve() -> None:
        while open_:
            try:
                wire, _ = listener.accept()
            except OSError:
                return
            with wire, contextlib.suppress(OSError):
                talk(wire)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        open_ = False
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


def says(content: bytes) -> Callable[[socket.socket], None]:
    def talk(wire: socket.socket) -> None:
        wire.recv(65536)
        wire.sendall(content)

    return talk


def get(url: str, *, seconds: float = 5.0, connect_seconds: float = 1.5) -> HttpReply:
    return request("GET", url, connect_seconds=connect_seconds, seconds=seconds)


def test_a_whole_answer_is_given_as_it_came() -> None:
    with server(says(OK)) as url:
        reply = get(url + "/x?y=1")
    assert (reply.status, reply.body, reply.headers["content-type"]) == (200, b"hi", "text/plain")


def test_what_is_sent_is_what_was_asked() -> None:
    heard: list[bytes] = []

    def talk(wire: socket.socket) -> None:
        heard.append(wire.recv(65536))
        wire.sendall(OK)

    with server(talk) as url:
        request("POST", url + "/a%2Fb?c=%20", connect_seconds=1, seconds=5, headers={"X-Y": "z"}, body=b"body")
    head, _, body = heard[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /a%2Fb?c=%20 HTTP/1.1\r\n")
    assert b"\r\nX-Y: z" in head
    assert body in (b"", b"body")  # it may come in a piece of its own


def test_a_redirect_is_an_answer_and_not_followed() -> None:
    with server(says(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n")) as url:
        assert get(url).status == 302


def test_one_byte_at_a_time_does_not_make_the_time_longer() -> None:
    def talk(wire: socket.socket) -> None:
        wire.recv(65536)
        for byte in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000:
            wire.sendall(bytes([byte]))
            time.sleep(0.05)

    with server(talk) as url:
        begun = time.monotonic()
        with pytest.raises(Unreachable, match="in time"):
            get(url, seconds=0.5)
        assert time.monotonic() - begun < 2


def test_silence_ends_with_the_time() -> None:
    def talk(wire: socket.socket) -> None:
        wire.recv(65536)
        wire.recv(65536)  # until the other side goes

    with server(talk) as url:
        begun = time.monotonic()
        with pytest.raises(Unreachable) as gone:
            get(url, seconds=0.3)
        assert time.monotonic() - begun < 2
        assert gone.value.sent


def test_nobody_there_is_told_as_such() -> None:
    with pytest.raises(Unreachable) as gone:
        get("http://127.0.0.1:9/")
    assert not gone.value.sent


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (BODY_BYTES_MAX + 1) + b"x" * (BODY_BYTES_MAX + 1),
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (BODY_BYTES_MAX + 1),
    ],
)
def test_what_is_no_whole_answer_is_none(content: bytes) -> None:
    with server(says(content)) as url, pytest.raises(Unreachable):
        get(url)


def test_a_body_of_the_largest_size_is_taken() -> None:
    with server(says(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % BODY_BYTES_MAX + b"x" * BODY_BYTES_MAX)) as url:
        assert len(get(url).body) == BODY_BYTES_MAX


@given(st.binary(max_size=300))
def test_any_bytes_are_an_answer_or_none(content: bytes) -> None:
    from rxtrail.outbound import http

    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(content)
        theirs.shutdown(socket.SHUT_WR)
        import http.client as plain

        response = plain.HTTPResponse(http._Timed(ours, time.monotonic() + 5))  # type: ignore[arg-type]
        try:
            response.begin()
            reply = http._read(response, 100)
        except (plain.HTTPException, ValueError, OSError):
            return
        assert len(reply.body) <= 100


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "ftp://example.com/",
        "http://example.com/",
        "http://127.0.0.1.example.com/",
        "https://user@example.com/",
        "https://example.com/#part",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://exämple.com/",
        "https://example.com/a b",
        "https://example.com/\r\nX: y",
        "https://[::1/",
        "https:///path",
        "https://example.com/" + "a" * 2000,
    ],
)
def test_an_address_that_nobody_should_ask_is_refused(url: str) -> None:
    with pytest.raises(BadRequest):
        usable_url(url)


@pytest.mark.parametrize(
    "url", ["https://vrs.example/a?b=c", "http://localhost:1/", "http://[::1]:8/", "https://1.2.3.4"]
)
def test_an_address_that_may_be_asked_is_taken_apart(url: str) -> None:
    assert usable_url(url).hostname
