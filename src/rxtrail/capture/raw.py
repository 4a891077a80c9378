"""Keeping a raw document while it is read: its SHA-256, its size, and its compressed bytes.

One pass: the parser reads through here. Small documents stay in memory, larger ones go to an unnamed file beside the
store, sealed under a key that is nowhere else, so nothing is left behind when the process dies.
"""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING, BinaryIO

import zstandard

from rxtrail.sealing import Spill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from typing_extensions import Buffer

MEMORY_BYTES_MAX = 16 << 20
CHUNK_BYTES = 256 << 10
LEVEL = 1
LEVEL_SMALL = 6  # a small document is small work at any level
LONG_FROM_BYTES = 1 << 20
WINDOW_LOG_LONG = 25  # 32 MiB: a serial is found again where its packing event names it


class RawCopy(io.RawIOBase):
    """A stream that keeps what is read through it."""

    def __init__(self, source: BinaryIO, folder: Path | None, *, progress: Callable[[int], None] | None = None) -> None:
        """Read from ``source``; spill to an unnamed file in ``folder`` past ``MEMORY_BYTES_MAX``."""
        self._source = source
        self._progress = progress
        self._hash = hashlib.sha256()
        self.size = 0
        self._head: list[bytes] | None = []  # of a document that may be small
        self._compressor: zstandard.ZstdCompressionObj | None = None
        self._kept = Spill(folder, memory_bytes_max=MEMORY_BYTES_MAX)
        self._finished = False

    def readable(self) -> bool:
        """Tell that this can be read."""
        return True

    def readinto(self, buffer: Buffer) -> int:
        """Read and keep as many bytes as fit."""
        view = memoryview(buffer)
        data = self._take(len(view))
        view[: len(data)] = data
        return len(data)

    def _take(self, size: int) -> bytes:
        data = self._source.read(size)
        if data:
            self._hash.update(data)
            self.size += len(data)
            self._keep(data)
            if self._progress is not None:
                self._progress(self.size)
        return data

    def _keep(self, data: bytes) -> None:
        """Compress; the long window is set up only for a document that is long."""
        if self._head is not None:
            self._head.append(data)
            if self.size < LONG_FROM_BYTES:
                return
            data, self._head = b"".join(self._head), None
            level = zstandard.ZstdCompressionParameters.from_level(LEVEL, window_log=WINDOW_LOG_LONG, enable_ldm=True)
            self._compressor = zstandard.ZstdCompressor(compression_params=level).compressobj()
        assert self._compressor is not None, "a long document has its compressor"
        self._kept.write(self._compressor.compress(data))

    def finish(self) -> bytes:
        """Read the rest and give the SHA-256 of all of it."""
        while self._take(CHUNK_BYTES):
            pass
        if not self._finished:
            self._finished = True
            if self._head is not None:
                self._kept.write(zstandard.ZstdCompressor(level=LEVEL_SMALL).compress(b"".join(self._head)))
            if self._compressor is not None:
                self._kept.write(self._compressor.flush())
        return self._hash.digest()

    def chunks(self) -> Iterator[bytes]:
        """Give the compressed bytes in chunks."""
        self._kept.rewind()
        while chunk := self._kept.read(CHUNK_BYTES):
            yield chunk

    def close(self) -> None:
        """Let the copy go."""
        self._kept.close()
        super().close()


class RawStream(io.RawIOBase):
    """The raw bytes of a kept document as a stream."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        """Read from the pieces that the store gives."""
        self._pieces = pieces
        self._rest: bytes | memoryview = b""

    def readable(self) -> bool:
        """Tell that this can be read."""
        return True

    def readinto(self, buffer: Buffer) -> int:
        """Read as many bytes as fit."""
        view = memoryview(buffer)
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        count = min(len(view), len(self._rest))
        view[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count
