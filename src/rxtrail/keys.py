"""The node's signing keys: Ed25519, made on first use, each in a file of its own that only its owner can read.

Sources: RFC 8032 (Ed25519); C2SP signed-note (key names, key IDs, verifier keys). A secret key is kept as the one
line ``PRIVATE+KEY+<name>+<key ID>+<base64 of type and seed>`` that Go's note package writes. What is signed always
begins with the line ``rxtrail/<context>``, so that a signature made for one thing can never pass for another.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import TYPE_CHECKING, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from rxtrail import private_file
from rxtrail.errors import RxtrailError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NODE: Final = "node"
"""The kind of the key that speaks for the node: receipts and site bundles."""

FOLDER: Final = "keys"
ED25519: Final = b"\x01"  # the signature type of C2SP signed-note
ML_DSA_44: Final = b"\x06"
KEY_BYTES: Final = 32
KEY_ID_BYTES: Final = 4
SIGNATURE_BYTES: Final = 64
FILE_BYTES_MAX: Final = 1024
_NAME = re.compile(r"[!-*,-~]{1,100}")  # printable ASCII without "+": a part of what the specification allows
_SECRET = re.compile(r"PRIVATE\+KEY\+([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)\n?")


class BadKey(RxtrailError):
    """A text that is no verifier key."""

    code = "bad-key"


class KeyFailed(RxtrailError):
    """The file of a secret key is missing, damaged, or can be read by others; it is never replaced."""

    code = "key-failed"


class VerifierKey(msgspec.Struct, frozen=True):
    """A public key with its name; ``key_id`` is 4 bytes, ``public`` 32."""

    name: str
    key_id: bytes
    public: bytes

    def __str__(self) -> str:
        """Give the key as text: ``name+hex key ID+base64(type || public key)``."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"

    @classmethod
    def of(cls, name: str, public: bytes) -> VerifierKey:
        """Name a public key of 32 bytes; its key ID follows from both."""
        assert _NAME.fullmatch(name), name
        assert len(public) == KEY_BYTES, len(public)
        # C2SP signed-note: the first four bytes of SHA-256(name || 0x0A || type || public key).
        digest = hashlib.sha256(name.encode() + b"\n" + ED25519 + public).digest()
        return cls(name, digest[:KEY_ID_BYTES], public)

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Read a verifier key.

        :raises BadKey: it is none, it is of another type than Ed25519, or its key ID is not that of the key.
        """
        name, _, rest = text.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        try:
            octets = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError) as wrong:
            raise _bad_text(text) from wrong
        if not _NAME.fullmatch(name) or octets[:1] != ED25519 or len(octets) != 1 + KEY_BYTES:
            raise _bad_text(text)
        key = cls.of(name, octets[1:])
        if key.key_id.hex() != key_id:
            raise _bad_text(text)
        return key

    def verifies(self, message: bytes, signature: bytes, *, context: str) -> bool:
        """Tell whether this key signed the message in this context."""
        if len(signature) != SIGNATURE_BYTES:
            return False
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, _signed(message, context))
        except InvalidSignature:
            return False
        return True


class SigningKey:
    """A secret key; it signs and never shows itself, also not in a log or a traceback."""

    def __init__(self, name: str, secret: Ed25519PrivateKey) -> None:
        """Take a key that was read or made; use :func:`open_key`."""
        self._secret = secret
        self.verifier = VerifierKey.of(name, secret.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        """Give the public half only."""
        return f"SigningKey({self.verifier})"

    def sign(self, message: bytes, *, context: str) -> bytes:
        """Sign a message for one context, such as ``receipt/v1``; gives 64 bytes."""
        return self._secret.sign(_signed(message, context))

    def sign_note(self, message: bytes) -> bytes:
        """Sign bytes as they are, for formats of others (C2SP notes); only a key that signs nothing else may do so."""
        return self._secret.sign(message)


def open_key(
    data: Path, *, random_bytes: Callable[[int], bytes], kind: str = NODE, name: str = "", create: bool = True
) -> SigningKey:
    """Open the key of one kind in ``DATA/keys``, made at its first use.

    The folder gets mode 0700 and the file 0600. It appears whole or not at all, and of two processes that make it
    at once both get the same. ``name`` is for a new key; without one it is called after its own public key.

    :raises KeyFailed: the file is not whole, others may read it, or (``create`` is False) there is none.
    """
    path = data / FOLDER / f"{kind}.key"
    found = _read(path)
    if found is None and not create:
        raise KeyFailed("this node has no key yet", place=str(path), advice="It is made when it is first used.")
    if found is None:
        _write_new(path, _secret_line(name, random_bytes(KEY_BYTES)))
        found = _read(path)
        assert found is not None, "what was just linked can be read"
    return found


class MlDsaKey:
    """A secret ML-DSA-44 key (FIPS 204), made and kept like :class:`SigningKey`."""

    def __init__(self, name: str, seed: bytes) -> None:
        """Take the seed that was read or made; use :func:`open_ml_dsa_key`."""
        self._secret = MLDSA44PrivateKey.from_seed_bytes(seed)
        self.name = name
        self.public = self._secret.public_key().public_bytes_raw()

    def sign_note(self, message: bytes) -> bytes:
        """Sign bytes as they are."""
        return self._secret.sign(message)


def open_ml_dsa_key(data: Path, *, random_bytes: Callable[[int], bytes], kind: str, name: str) -> MlDsaKey:
    """Open the ML-DSA-44 key of one kind in ``DATA/keys``, made at its first use.

    :raises KeyFailed: the file is not whole, or others may read it.
    """
    path = data / FOLDER / f"{kind}.key"
    found = _read_ml_dsa(path)
    if found is None:
        seed = random_bytes(KEY_BYTES)
        public = MlDsaKey(name, seed).public
        digest = hashlib.sha256(name.encode() + b"\n" + ML_DSA_44 + public).digest()
        encoded = base64.b64encode(ML_DSA_44 + seed).decode()
        _write_new(path, f"PRIVATE+KEY+{name}+{digest[:KEY_ID_BYTES].hex()}+{encoded}\n".encode())
        found = _read_ml_dsa(path)
        assert found is not None, "what was just linked can be read"
    return found


def _read_ml_dsa(path: Path) -> MlDsaKey | None:
    parts = _read_line(path)
    if parts is None:
        return None
    name, key_id, octets = parts
    if octets[:1] != ML_DSA_44:
        raise _bad_file(path, "is damaged")
    key = MlDsaKey(name, octets[1:])
    if hashlib.sha256(name.encode() + b"\n" + ML_DSA_44 + key.public).digest()[:KEY_ID_BYTES].hex() != key_id:
        raise _bad_file(path, "is damaged")
    return key


def _signed(message: bytes, context: str) -> bytes:
    return f"rxtrail/{context}\n".encode() + message


def _secret_line(name: str, seed: bytes) -> bytes:
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    key = VerifierKey.of(name or f"rxtrail-{hashlib.sha256(public).hexdigest()[:16]}", public)
    return f"PRIVATE+KEY+{key.name}+{key.key_id.hex()}+{base64.b64encode(ED25519 + seed).decode()}\n".encode()


def _read(path: Path) -> SigningKey | None:
    parts = _read_line(path)
    if parts is None:
        return None
    name, key_id, octets = parts
    if octets[:1] != ED25519:
        raise _bad_file(path, "is damaged")
    key = SigningKey(name, Ed25519PrivateKey.from_private_bytes(octets[1:]))
    if key.verifier.key_id.hex() != key_id:
        raise _bad_file(path, "is damaged")
    return key


def _read_line(path: Path) -> tuple[str, str, bytes] | None:
    """Give name, key ID and (type, seed) of a key file; None when there is none."""
    try:
        content = private_file.read(path, FILE_BYTES_MAX + 1)
    except private_file.Exposed as seen:
        raise KeyFailed(
            "others on this machine may read the key",
            place=str(path),
            advice=f"chmod 600 {path}, and find out who could have read it.",
        ) from seen
    except OSError as error:
        raise _bad_file(path, f"cannot be read: {error.strerror}") from error
    if content is None:
        return None
    line = content.decode("ascii", "replace")
    parts = _SECRET.fullmatch(line)
    if parts is None:
        raise _bad_file(path, "is not a key file")
    name, key_id, encoded = parts.groups()
    try:
        octets = base64.b64decode(encoded, validate=True)
    except binascii.Error as wrong:
        raise _bad_file(path, "is damaged") from wrong
    if not _NAME.fullmatch(name) or len(octets) != 1 + KEY_BYTES:
        raise _bad_file(path, "is damaged")
    return name, key_id, octets


def _write_new(path: Path, line: bytes) -> None:
    """Put the key there unless another process was faster; raises ``KeyFailed``."""
    try:
        private_file.write_new(path, line)
    except OSError as error:
        raise _bad_file(path, f"cannot be written: {error.strerror}") from error


def _bad_text(text: str) -> BadKey:
    return BadKey(
        f"not a verifier key: {text[:60]!r}",
        place="key",
        advice="A verifier key is one line, name+hash+base64, as the node shows it.",
    )


def _bad_file(path: Path, why: str) -> KeyFailed:
    return KeyFailed(f"the key {why}", place=str(path), advice="Restore DATA/keys from your backup of it.")
