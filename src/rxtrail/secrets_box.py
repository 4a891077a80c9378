"""A box for what must be kept but not read by everybody: AES-256-GCM under a key file of this node.

Prescription references lie in it. The key never leaves ``DATA/keys``: not into the log, not into an export.
Source: NIST SP 800-38D (a random 96-bit nonce for each message; at most 2**32 messages a key).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rxtrail import private_file
from rxtrail.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEY_FILE = "secrets.key"
KEY_BYTES = 32
NONCE_BYTES = 12
_VERSION = b"\x01"


class NotOpened(Refused):
    """A sealed text that this key does not open, or that was changed."""

    code = "not-opened"


class SecretsBox:
    """Seals and opens short texts."""

    def __init__(self, key: bytes, random_bytes: Callable[[int], bytes]) -> None:
        """Take the key (32 bytes) and a source of bytes that nobody can guess."""
        self._cipher = AESGCM(key)
        self._random = random_bytes

    def seal(self, text: str, *, about: str) -> bytes:
        """Seal a text; ``about`` names what it belongs to, and opening needs the same name."""
        nonce = self._random(NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, text.encode(), about.encode())

    def open(self, sealed: bytes, *, about: str) -> str:
        """Open a sealed text.

        :raises NotOpened: another key sealed it, it belongs to something else, or it was changed.
        """
        if sealed[:1] != _VERSION or len(sealed) <= NONCE_BYTES:
            raise NotOpened("not a sealed text of a kind that this program writes")
        nonce, rest = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, rest, about.encode()).decode()
        except InvalidTag as wrong:
            raise NotOpened(
                "a sealed text that this node's key does not open", advice=f"Put back the keys/{KEY_FILE} it had."
            ) from wrong


def open_box(keys: Path, random_bytes: Callable[[int], bytes]) -> SecretsBox:
    """Open the box of the key in a folder; the key is made when there is none.

    :raises NotOpened: the key file does not hold a key.
    """
    path = keys / KEY_FILE
    try:
        key = private_file.read(path, KEY_BYTES + 1)
        if key is None:
            private_file.write_new(path, random_bytes(KEY_BYTES))
            key = private_file.read(path, KEY_BYTES + 1)
    except private_file.Exposed as seen:
        raise NotOpened(
            "others on this machine may read the key", place=str(path), advice=f"Run: chmod 600 {path}"
        ) from seen
    if key is None or len(key) != KEY_BYTES:
        raise NotOpened(f"{KEY_FILE} is not a key of {KEY_BYTES} bytes", place=str(path))
    return SecretsBox(key, random_bytes)
