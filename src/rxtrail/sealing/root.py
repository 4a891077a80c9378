"""The root key: 32 random bytes, from which a key for each purpose is derived and under which all others lie.

Source: RFC 5869 (HKDF with SHA-256). A label says what a derived key is for, so that no key ever serves two purposes.
"""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

KEY_BYTES: Final = 32
ID_BYTES: Final = 8
_LABEL: Final = b"rxtrail/"


def derive(key: bytes, label: str, about: bytes = b"", *, count: int = KEY_BYTES) -> bytes:
    """Derive a key for one purpose from a key that is random already (RFC 5869 section 3.3); ``about`` tells whose."""
    return HKDFExpand(SHA256(), count, _LABEL + label.encode() + b"\0" + about).derive(key)


class Root:
    """The root key of one data folder; it never shows itself, also not in a log or a traceback."""

    def __init__(self, key: bytes) -> None:
        """Take the key."""
        assert len(key) == KEY_BYTES, "a root key has 32 bytes"
        self._key = key
        self.id = derive(key, "root id/v1", count=ID_BYTES).hex()

    def __repr__(self) -> str:
        """Give the name only."""
        return f"Root({self.id})"

    def derive(self, label: str, about: bytes = b"") -> bytes:
        """Derive the key for one purpose."""
        return derive(self._key, label, about)

    def secret(self) -> bytes:
        """Give the key itself, for the file that keeps it."""
        return self._key
