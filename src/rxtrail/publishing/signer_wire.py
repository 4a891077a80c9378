"""What goes over the signer's socket: four bytes of length, then one MessagePack message."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

if TYPE_CHECKING:
    import socket

SOCKET_NAME: Final = "signer.sock"
MESSAGE_BYTES_MAX: Final = 64 * 1024
"""A proof has 63 hashes at most, a head with all its signatures a few thousand bytes."""

_LENGTH: Final = struct.Struct(">I")
T = TypeVar("T")


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """Asks who signs here, and what was signed last."""


class Sign(msgspec.Struct, frozen=True, tag="sign"):
    """Sign this text of a checkpoint, which the proof shows to grow out of the last one."""

    text: str
    proof: list[bytes]
    known: bytes = b""  # the newest head that the store has


class Learn(msgspec.Struct, frozen=True, tag="learn"):
    """Take over this head, signed with this key elsewhere, which the proof shows to grow out of the last one."""

    note: bytes
    proof: list[bytes]


class State(msgspec.Struct, frozen=True, tag="state"):
    """The log's origin, its verifier keys, the last head that was signed (empty: none)."""

    origin: str
    keys: list[str]
    note: bytes


class Signed(msgspec.Struct, frozen=True, tag="signed"):
    """The head with its signatures; it is on the signer's disk."""

    note: bytes


class Refusal(msgspec.Struct, frozen=True, tag="refusal"):
    """Why there is no answer."""

    code: str
    message: str
    place: str = ""
    advice: str = ""


Request = Hello | Sign | Learn
Answer = State | Signed | Refusal
_encode: Final = msgspec.msgpack.Encoder().encode
REQUEST: Final[msgspec.msgpack.Decoder[Request]] = msgspec.msgpack.Decoder(Request)
ANSWER: Final[msgspec.msgpack.Decoder[Answer]] = msgspec.msgpack.Decoder(Answer)


class BrokenOff(OSError):
    """The other side went away, or said what is no message."""


def send(connection: socket.socket, message: Request | Answer) -> None:
    """Send one message; raises ``OSError``."""
    payload = _encode(message)
    connection.sendall(_LENGTH.pack(len(payload)) + payload)


def receive(connection: socket.socket, decoder: msgspec.msgpack.Decoder[T]) -> T | None:
    """Read one message; None when the other side has closed before it began. Raises ``OSError``."""
    head = _exactly(connection, _LENGTH.size)
    if not head:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > MESSAGE_BYTES_MAX:
        raise BrokenOff(f"a message of {length} bytes")
    payload = _exactly(connection, length)
    if len(payload) != length:
        raise BrokenOff("the other side went away")
    try:
        return decoder.decode(payload)
    except msgspec.DecodeError as wrong:
        raise BrokenOff(f"no message of ours: {wrong}") from wrong


def _exactly(connection: socket.socket, count: int) -> bytes:
    """Read so many bytes, or none when the other side is gone at once."""
    found = bytearray()
    while len(found) < count:
        piece = connection.recv(count - len(found))
        if not piece:
            if found:
                raise BrokenOff("the other side went away")
            return b""
        found += piece
    return bytes(found)
