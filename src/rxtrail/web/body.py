"""Request bodies: whole and small, or streamed into a thread that reads them like a file."""

from __future__ import annotations

import asyncio
import io
import re
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request

from rxtrail.errors import BadRequest
from rxtrail.web import limits
from rxtrail.web.refusals import TooLarge, UploadBroken, WrongMediaType

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from _typeshed import WriteableBuffer

T = TypeVar("T")

JSON_TYPES: Final = ("application/json",)
CSV_TYPES: Final = ("text/csv",)
DOCUMENT_TYPES: Final = (
    "application/xml",
    "text/xml",
    "application/json",
    "application/ld+json",
    "application/octet-stream",
)


def media_type_of(content_type: str) -> str:
    """The media type of a Content-Type, without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def expect_media_type(request: Request, accepted: tuple[str, ...]) -> str:
    """Give the media type of the body, or raise ``WrongMediaType``."""
    given = media_type_of(request.headers.get("content-type", ""))
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if given not in accepted:
        raise WrongMediaType(
            f"This address does not take {given or 'a body without a Content-Type'}.",
            advice=f"Send Content-Type: {' or '.join(accepted)}.",
        )
    if coding not in ("", "identity"):
        raise WrongMediaType(f"Content-Encoding {coding} is not taken.", advice="Send the body uncompressed.")
    return given


def refuse_if_announced_too_large(request: Request, limit: str, bytes_max: int) -> None:
    """Refuse by Content-Length, before a byte of the body is read."""
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdecimal() and int(announced[:20]) > bytes_max:
        raise TooLarge(limit, bytes_max)


async def read_whole(request: Request, limit: str, bytes_max: int) -> bytes:
    """The body in one piece; raises ``TooLarge`` past the limit, ``UploadBroken`` when it breaks off."""
    refuse_if_announced_too_large(request, limit, bytes_max)
    parts: list[bytes] = []
    count = 0
    try:
        async for part in request.stream():
            count += len(part)
            if count > bytes_max:
                raise TooLarge(limit, bytes_max)
            parts.append(part)
    except ClientDisconnect as gone:
        raise UploadBroken("The body broke off.", advice="Send it again.") from gone
    return b"".join(parts)


async def read_json(request: Request, decoder: msgspec.json.Decoder[T]) -> T:
    """A small JSON body as a value; raises ``BadRequest`` with the place when it does not fit."""
    expect_media_type(request, JSON_TYPES)
    return decode_json(await read_whole(request, "REQUEST_BYTES_MAX", limits.REQUEST_BYTES_MAX), decoder)


async def read_table_json(request: Request, decoder: msgspec.json.Decoder[T]) -> T:
    """A JSON body with a list in it as a value: like ``read_json``, of the size of a table."""
    expect_media_type(request, JSON_TYPES)
    return decode_json(await read_whole(request, "TABLE_BYTES_MAX", limits.TABLE_BYTES_MAX), decoder)


def decode_json(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Bytes to a value; raises ``BadRequest``."""
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        raise misfit(str(wrong)) from wrong


def misfit(words: str) -> BadRequest:
    """What the decoder says about a value that does not fit, with its place set apart."""
    found = re.search(r" - at `\$\.?(.*?)`$", words)
    place = found[1] if found else ""
    told = words[: found.start()] if found else words
    return BadRequest(f"{told}.", place=place, advice="See /openapi.json for what this address takes.")


class BodyStream(io.RawIOBase):
    """A body as a file: a worker's ``read`` waits for the network, so the sender is slowed, not buffered."""

    def __init__(self, pieces: AsyncIterator[bytes], *, limit: str, bytes_max: int) -> None:
        super().__init__()
        self._pieces = pieces
        self._limit = limit
        self._bytes_max = bytes_max
        self._loop = asyncio.get_running_loop()
        self._held = memoryview(b"")
        self._count = 0

    @classmethod
    def of(cls, request: Request, *, limit: str, bytes_max: int) -> BodyStream:
        """Stream a request's body, refused past the named limit."""
        refuse_if_announced_too_large(request, limit, bytes_max)
        return cls(request.stream(), limit=limit, bytes_max=bytes_max)

    def readable(self) -> bool:
        """Tell that this can be read."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill the buffer; raises ``TooLarge`` and ``UploadBroken``."""
        while not self._held:
            piece = self._wait()
            if piece is None:
                return 0
            self._count += len(piece)
            if self._count > self._bytes_max:
                raise TooLarge(self._limit, self._bytes_max)
            self._held = memoryview(piece)
        space = memoryview(buffer).cast("B")
        count = min(len(space), len(self._held))
        space[:count] = self._held[:count]
        self._held = self._held[count:]
        return count

    async def _next(self) -> bytes | None:
        return await anext(self._pieces, None)

    def _wait(self) -> bytes | None:
        step = self._next()
        try:
            return asyncio.run_coroutine_threadsafe(step, self._loop).result()
        except (ClientDisconnect, ConnectionError, asyncio.IncompleteReadError, CancelledError) as gone:
            # The client went away, or the server is stopping.
            raise UploadBroken(
                "The document broke off before its end; nothing was kept.", advice="Send it again."
            ) from gone


def file_name(text: str) -> str:
    """A sender's name for a document, cut down to what is safe to show and to keep."""
    last = re.split(r"[/\\]", text)[-1]
    shown = "".join(character for character in last if character.isprintable()).strip()
    return shown[: limits.NAME_CHARACTERS_MAX]
