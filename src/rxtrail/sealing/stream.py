"""Sealed files: a long stream in chunks of AES-256-GCM, for backups that leave this machine and for what spills over.

    line                "rxtrail-sealed 1"
    header              four bytes of length (big-endian), then JSON: which root key, a salt, and that key's own file
                        when a passphrase or a key management service guards it
    chunks              64 KiB each, the last one shorter, each followed by its tag of 16 bytes

The key of a file is derived from the root key and the file's own salt, so nonces may simply count. A nonce also says
whether its chunk is the last one, so a file that was cut off, put in another order or glued together does not open.
Source: the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár (2015).
"""

from __future__ import annotations

import io
import struct
import tempfile
from typing import IO, TYPE_CHECKING, BinaryIO, Final, Self

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rxtrail.sealing import root_file
from rxtrail.sealing.refusals import CannotDecrypt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from typing_extensions import Buffer

    from rxtrail.sealing.root import Root

LINE: Final = b"rxtrail-sealed 1\n"
CHUNK_BYTES: Final = 64 * 1024
TAG_BYTES: Final = 16
SALT_BYTES: Final = 32
HEADER_BYTES_MAX: Final = 64 * 1024
_LENGTH: Final = struct.Struct(">I")
_NONCE: Final = struct.Struct(">3xQ?")


class Header(msgspec.Struct, frozen=True, gc=False):
    """Which root key opens the rest, and how it is guarded where the file was written (never the key itself)."""

    root: str
    salt: bytes
    key_file: root_file.RootFile | None = None


def seal(
    pieces: Iterable[bytes], root: Root, guard: root_file.RootFile | None, random_bytes: Callable[[int], bytes]
) -> Iterator[bytes]:
    """Seal a stream; ``guard`` goes into the header when it does not hold the key itself."""
    told = guard if guard is not None and guard.form != root_file.PLAIN else None
    encoded = msgspec.json.encode(Header(root.id, random_bytes(SALT_BYTES), told))
    cipher = _cipher(root, encoded)
    yield LINE + _LENGTH.pack(len(encoded)) + encoded
    held = bytearray()
    count = 0
    for piece in pieces:
        held += piece
        while len(held) > CHUNK_BYTES:  # not at once when it is full: it may be the last one
            yield cipher.encrypt(_NONCE.pack(count, False), bytes(held[:CHUNK_BYTES]), encoded)  # noqa: FBT003
            del held[:CHUNK_BYTES]
            count += 1
    yield cipher.encrypt(_NONCE.pack(count, True), bytes(held), encoded)  # noqa: FBT003


def header_of(file: BinaryIO) -> Header | None:
    """Read the header of a sealed file from its beginning; None when it is not one.

    :raises CannotDecrypt: the header is damaged.
    """
    found = _read_header(file)
    return None if found is None else found[0]


class SealedFile(io.RawIOBase):
    """A sealed file, read as if it were not; each chunk is proven before anything of it is given."""

    def __init__(self, file: BinaryIO, size: int, root: Root) -> None:
        """Read from ``file``, which has ``size`` bytes, with the root key that its header names.

        :raises CannotDecrypt: it is no sealed file, or is sealed under another root key.
        """
        found = _read_header(file)
        if found is None:
            raise CannotDecrypt("this is no sealed file", place="byte 0")
        header, self._bound = found
        if header.root != root.id:
            raise CannotDecrypt(f"this file is sealed under the root key {header.root}, not {root.id}", place="header")
        self._file = file
        self._begin = file.tell()
        self._cipher = _cipher(root, self._bound)
        rest = size - self._begin
        whole = CHUNK_BYTES + TAG_BYTES
        self._count = max(1, -(-rest // whole))
        self.size = rest - self._count * TAG_BYTES
        self._at = 0
        self._chunk = -1
        self._held = b""

    def readable(self) -> bool:
        """Tell that this can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that any byte can be gone to."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a byte of what was sealed."""
        assert whence == io.SEEK_SET, "only from the beginning"
        self._at = offset
        return offset

    def tell(self) -> int:
        """Tell where reading goes on."""
        return self._at

    def readinto(self, buffer: Buffer) -> int:
        """Read as many bytes as fit, of one chunk.

        :raises CannotDecrypt: the chunk was changed, or the file cut off.
        """
        view = memoryview(buffer)
        number, start = divmod(self._at, CHUNK_BYTES)
        if number >= self._count:
            return 0
        if number != self._chunk:
            self._held = self._opened(number)
            self._chunk = number
        count = max(0, min(len(view), len(self._held) - start))
        view[:count] = self._held[start : start + count]
        self._at += count
        return count

    def _opened(self, number: int) -> bytes:
        at = self._begin + number * (CHUNK_BYTES + TAG_BYTES)
        self._file.seek(at)
        sealed = self._file.read(CHUNK_BYTES + TAG_BYTES)
        try:
            return self._cipher.decrypt(_NONCE.pack(number, number == self._count - 1), sealed, self._bound)
        except (InvalidTag, ValueError) as wrong:
            raise CannotDecrypt("the file was altered or cut off", place=f"byte {at}") from wrong

    def close(self) -> None:
        """Close the file."""
        if not self.closed:
            self._file.close()
        super().close()


class Spill:
    """Bytes between writing and reading: in memory while few, beyond that in an unnamed file that only they can open.

    The key lives in memory and dies with the process, so whatever becomes of the file's blocks on the disk tells
    nothing.
    """

    def __init__(self, folder: Path | None, *, memory_bytes_max: int) -> None:
        """Spill to an unnamed file in ``folder`` past ``memory_bytes_max``."""
        self._folder = folder
        self._memory_bytes_max = memory_bytes_max
        self._held = bytearray()
        self._file: IO[bytes] | None = None
        self._cipher: AESGCM | None = None
        self._count = 0
        self._at = 0
        self._opened: tuple[int, bytes] = (-1, b"")

    def write(self, data: bytes) -> None:
        """Keep more bytes.

        :raises OSError: the disk is full.
        """
        self._held += data
        if self._file is None and len(self._held) > self._memory_bytes_max:
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 (closed with this)
            self._cipher = AESGCM(AESGCM.generate_key(256))
        if self._file is not None and len(self._held) >= CHUNK_BYTES:
            whole = len(self._held) - len(self._held) % CHUNK_BYTES
            for start in range(0, whole, CHUNK_BYTES):
                self._put(bytes(self._held[start : start + CHUNK_BYTES]))
            del self._held[:whole]

    def _put(self, chunk: bytes) -> None:
        assert self._file is not None and self._cipher is not None, "there is a file"  # noqa: PT018
        self._file.write(self._cipher.encrypt(_NONCE.pack(self._count, False), chunk, None))  # noqa: FBT003
        self._count += 1

    def rewind(self) -> None:
        """Begin to read; nothing is written from here on."""
        self._at = 0
        self._opened = (-1, b"")
        if self._file is not None:
            self._file.seek(0)

    def seek(self, offset: int) -> None:
        """Begin to read again, as of a file that can be gone back to its beginning only."""
        assert offset == 0, "only to the beginning"
        self.rewind()

    def __enter__(self) -> Self:
        """Use it as a context manager."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let everything go."""
        self.close()

    def read(self, count: int = -1) -> bytes:
        """Give the next bytes, fewer only at the end; all that are left when no count is given."""
        found = bytearray()
        while count < 0 or len(found) < count:
            chunk, start = divmod(self._at, CHUNK_BYTES) if self._file is not None else (self._count, self._at)
            piece = self._piece(chunk)[start : None if count < 0 else start + count - len(found)]
            if not piece:
                break
            found += piece
            self._at += len(piece)
        return bytes(found)

    def _piece(self, number: int) -> bytes | bytearray:
        if number >= self._count:
            return self._held if number == self._count else b""
        if self._opened[0] != number:
            assert self._file is not None and self._cipher is not None, "there is a file"  # noqa: PT018
            sealed = self._file.read(CHUNK_BYTES + TAG_BYTES)  # chunks are read in order
            self._opened = (number, self._cipher.decrypt(_NONCE.pack(number, False), sealed, None))  # noqa: FBT003
        return self._opened[1]

    def close(self) -> None:
        """Let everything go.

        :raises OSError: the disk did not take it all.
        """
        self._held = bytearray()
        if self._file is not None:
            self._file.close()
            self._file = None


def _cipher(root: Root, header: bytes) -> AESGCM:
    return AESGCM(root.derive("sealed file/v1", header))


def _read_header(file: BinaryIO) -> tuple[Header, bytes] | None:
    file.seek(0)
    if file.read(len(LINE)) != LINE:
        return None
    length = file.read(_LENGTH.size)
    encoded = file.read(min(int.from_bytes(length, "big"), HEADER_BYTES_MAX))
    try:
        return msgspec.json.decode(encoded, type=Header), encoded
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        raise CannotDecrypt("the header of the sealed file is damaged", place="header") from wrong
