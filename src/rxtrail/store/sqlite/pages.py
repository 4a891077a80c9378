"""The pages of a SQLite file, encrypted or not, with what its write-ahead log has of them.

Sources: https://www.sqlite.org/fileformat2.html; https://www.zetetic.net/sqlcipher/design: each page ends with 80
bytes, the initialization vector and an HMAC-SHA512 over ciphertext, vector and page number; the first page begins with
16 bytes of salt, which are not encrypted. Offsets in a page are the same encrypted or not.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEADER: Final = b"SQLite format 3\0"
HEADER_BYTES: Final = 100
SALT_BYTES: Final = 16
CIPHER_PAGE_BYTES: Final = 4096
_IV_BYTES: Final = 16
_MAC_BYTES: Final = 64
RESERVED_BYTES: Final = _IV_BYTES + _MAC_BYTES
_MAC_SALT_MASK: Final = 0x3A
_MAC_ROUNDS: Final = 2
WAL_MAGIC: Final = (0x377F0682, 0x377F0683)
WAL_HEADER_BYTES: Final = 32
FRAME_HEADER_BYTES: Final = 24


class PageKey:
    """The key of an encrypted file: opens pages and tells whether they are whole."""

    def __init__(self, key: bytes, salt: bytes) -> None:
        """``key`` has 32 bytes; ``salt`` is what the file begins with."""
        self._aes = AES256(key)
        masked = bytes(byte ^ _MAC_SALT_MASK for byte in salt)
        self._mac = hmac.new(hashlib.pbkdf2_hmac("sha512", key, masked, _MAC_ROUNDS, 32), digestmod="sha512")

    def is_whole(self, page: bytes, number: int) -> bool:
        """Tell whether a page is as it was written, at this place."""
        mac = self._mac.copy()
        mac.update(page[SALT_BYTES if number == 1 else 0 : -_MAC_BYTES])
        mac.update(struct.pack("<I", number))
        return hmac.compare_digest(mac.digest(), page[-_MAC_BYTES:])

    def open(self, page: bytes, number: int) -> bytes:
        """Decrypt a page; the first one gets its usual head."""
        start = SALT_BYTES if number == 1 else 0
        end = len(page) - RESERVED_BYTES
        plain = Cipher(self._aes, CBC(page[end : end + _IV_BYTES])).decryptor().update(page[start:end])
        return (HEADER if number == 1 else b"") + plain + page[end:]


class Frame(NamedTuple):
    """One page in a write-ahead log, and where its bytes lie."""

    number: int
    commits: int  # pages in the file after this commit, 0 when more frames follow
    offset: int  # of the page itself


class WalDamage(NamedTuple):
    """What is wrong with a write-ahead log, and where."""

    message: str
    page: int
    offset: int


class Wal(NamedTuple):
    """What of a write-ahead log belongs to the file."""

    frames: list[Frame]
    damage: WalDamage | None


class PageReader:
    """Reads the pages that a file has now, those in its write-ahead log first."""

    def __init__(self, path: Path, page_bytes: int, key: PageKey | None) -> None:
        """Read beside whoever writes; one look at the log is all that is taken of it."""
        self._path = path
        self._wal_path = path.with_name(path.name + "-wal")
        self._key = key
        self.page_bytes = page_bytes
        self._file = path.open("rb")
        wal = read_wal(self._wal_path, page_bytes)
        last = max((at for at, frame in enumerate(wal.frames) if frame.commits), default=-1)
        self._newer = {frame.number: frame.offset for frame in wal.frames[: last + 1]}

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def place(self, number: int) -> tuple[Path, int]:
        """Tell in which file and where a page lies."""
        offset = self._newer.get(number)
        return (self._path, (number - 1) * self.page_bytes) if offset is None else (self._wal_path, offset)

    def page(self, number: int) -> bytes:
        """Give a page as SQLite sees it."""
        path, offset = self.place(number)
        if path == self._path:
            self._file.seek(offset)
            data = self._file.read(self.page_bytes)
        else:
            with path.open("rb") as wal:
                wal.seek(offset)
                data = wal.read(self.page_bytes)
        return data if self._key is None or len(data) < self.page_bytes else self._key.open(data, number)

    @property
    def usable(self) -> int:
        """How many bytes of a page hold content."""
        return self.page_bytes - (RESERVED_BYTES if self._key is not None else self.page(1)[20])


def page_bytes_of(head: bytes) -> int | None:
    """Read the size of a page from the head of a file that is not encrypted; None when it is no such head."""
    if len(head) < HEADER_BYTES or not head.startswith(HEADER):
        return None
    size = int.from_bytes(head[16:18])
    size = 65536 if size == 1 else size
    return size if 512 <= size <= 65536 and size & (size - 1) == 0 else None


def read_wal(path: Path, page_bytes: int) -> Wal:
    """Follow the checksums of a write-ahead log; an absent one is empty."""
    try:
        return follow_wal(path.read_bytes(), page_bytes)
    except FileNotFoundError:
        return Wal([], None)


def follow_wal(data: bytes, page_bytes: int) -> Wal:
    """Follow the checksums of the bytes of a write-ahead log."""
    if not data:
        return Wal([], None)
    header = data[:WAL_HEADER_BYTES]
    magic = int.from_bytes(header[:4])
    if len(header) < WAL_HEADER_BYTES or magic not in WAL_MAGIC or int.from_bytes(header[8:12]) != page_bytes:
        return Wal([], WalDamage("the write-ahead log does not begin as it must", 0, 0))
    order = ">" if magic & 1 else "<"
    sums = _checksum(header[:24], 0, 0, order)
    if sums != struct.unpack(">II", header[24:32]):
        return Wal([], WalDamage("the head of the write-ahead log has a wrong checksum", 0, 0))
    salts = header[16:24]
    step = FRAME_HEADER_BYTES + page_bytes
    count = (len(data) - WAL_HEADER_BYTES) // step
    frames: list[Frame] = []
    before = sums
    for at in range(count):
        start = WAL_HEADER_BYTES + at * step
        frame = data[start : start + step]
        before, sums = sums, _checksum(frame[:8] + frame[FRAME_HEADER_BYTES:], *sums, order)
        if frame[8:16] != salts or sums != struct.unpack(">II", frame[16:24]):
            break
        number, commits = struct.unpack(">II", frame[:8])
        frames.append(Frame(number, commits, start + FRAME_HEADER_BYTES))
    first = WAL_HEADER_BYTES + len(frames) * step
    if not _is_damage(data, len(frames), count, salts, step, lambda frame: _checksum(frame, *before, order)):
        return Wal(frames, None)
    message = f"frame {len(frames) + 1} of the write-ahead log does not follow: it and what stands behind it is lost"
    return Wal(frames, WalDamage(message, int.from_bytes(data[first : first + 4]), first))


def _is_damage(
    data: bytes, held: int, count: int, salts: bytes, step: int, checksum: Callable[[bytes], tuple[int, int]]
) -> bool:
    """Tell whether a frame of this very log stands behind one that does not follow, or is one.

    Frames of an earlier use of the file have both salts otherwise, and are nobody's. One that has only one of them is
    damaged, and so is one with both that ends a commit: after a power cut only what was never told as done, which has
    no such end, may look so.
    """
    for at in range(held, count):
        start = WAL_HEADER_BYTES + at * step
        frame = data[start : start + step]
        same = (frame[8:12] == salts[:4], frame[12:16] == salts[4:])
        if any(same) and (frame[4:8] != b"\0\0\0\0" or not all(same) or at > held):
            return True
        if all(same):  # unless it was the end of a commit, and lost the one bit that said so
            for bit in range(32):
                ended = frame[:4] + (1 << bit).to_bytes(4) + frame[FRAME_HEADER_BYTES:]
                if checksum(ended) == struct.unpack(">II", frame[16:24]):
                    return True
    return False


def _checksum(data: bytes, one: int, two: int, order: str) -> tuple[int, int]:
    each = iter(struct.unpack(f"{order}{len(data) // 4}I", data))
    for left, right in zip(each, each, strict=True):
        one = (one + left + two) & 0xFFFFFFFF
        two = (two + right + one) & 0xFFFFFFFF
    return one, two
