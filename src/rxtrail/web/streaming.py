"""Answers that are longer than memory should hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response, StreamingResponse

from rxtrail.errors import RxtrailError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping

    from rxtrail.web.context import Web


async def streamed(
    web: Web,
    pieces: Callable[[], Iterator[bytes]],
    *,
    media_type: str,
    file_name: str,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Send an iterator's bytes as a download; what it raises before its first piece is a proper refusal.

    What it raises later breaks the connection off, so that half an export never looks whole.
    """
    stream = web.streams.stream(pieces)
    first = await anext(stream, b"")
    return StreamingResponse(
        _after(web, first, stream),
        media_type=media_type,
        headers={"content-disposition": f'attachment; filename="{file_name}"', **(headers or {})},
    )


async def _after(web: Web, first: bytes, stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first:
        yield first
    try:
        async for piece in stream:
            yield piece
    except RxtrailError as error:
        web.failed(error)
        raise
