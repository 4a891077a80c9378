"""Making signatures of notes and cosignatures of checkpoints, with a secret that may lie elsewhere.

Sources: C2SP signed-note and tlog-cosignature. The secret itself is a function that signs bytes: a key in memory,
another process, or a device.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rxtrail.core.merkle import cosignature, note
from rxtrail.core.merkle.note import Signature, VerifierKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey


class NoteSigner:
    """Signs texts as one name with one type of signature."""

    def __init__(self, verifier: VerifierKey, sign: Callable[[bytes], bytes]) -> None:
        """Take the public half and a function that signs bytes with the secret one."""
        assert note.is_key_name(verifier.name), verifier.name
        self.verifier = verifier
        self._sign = sign

    def __repr__(self) -> str:
        """Give the public half only."""
        return f"NoteSigner({self.verifier})"

    def sign(self, text: str, *, time: int = 0) -> Signature:
        """Sign the text of a note; ``time`` (POSIX seconds) is part of a cosignature, and of no other."""
        key = self.verifier
        message = note.signed_message(key.name, key.kind, text, time)
        assert message is not None, "a cosigner signs checkpoints only"
        stamp = b"" if key.kind == note.ED25519 else time.to_bytes(cosignature.TIME_BYTES, "big")
        signature = Signature(key.name, key.key_id, stamp + self._sign(message))
        assert key.verifies(text, signature.signature), "what was signed can be verified"
        return signature


def ed25519_signer(name: str, secret: Ed25519PrivateKey, *, kind: int = note.ED25519) -> NoteSigner:
    """Sign with an Ed25519 key, as a log (type 0x01) or as a cosigner (type 0x04)."""
    return NoteSigner(VerifierKey(name, kind, secret.public_key().public_bytes_raw()), secret.sign)


def ml_dsa_signer(name: str, secret: MLDSA44PrivateKey) -> NoteSigner:
    """Sign with an ML-DSA-44 key (type 0x06)."""
    verifier = VerifierKey(name, note.COSIGNATURE_ML_DSA_44, secret.public_key().public_bytes_raw())
    return NoteSigner(verifier, secret.sign)
