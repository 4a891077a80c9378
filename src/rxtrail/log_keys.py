"""Who signs the heads of a log, or cosigns those of others: a key file, or a plug-in that asks an HSM or a KMS.

A plug-in is an entry point of the group ``rxtrail.signing_keys``. It is called with the text behind the colon of the
setting ``log_key`` (``name:text``) and gives an object with ``public`` (32 bytes, Ed25519) and ``sign(message)``
(64 bytes). See docs/log.md.
"""

from __future__ import annotations

from importlib import metadata
from typing import TYPE_CHECKING, Final, Protocol

from rxtrail.core.merkle import cosignature, note
from rxtrail.errors import BadRequest
from rxtrail.keys import KeyFailed, open_key, open_ml_dsa_key

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PLUG_INS: Final = "rxtrail.signing_keys"
LOG: Final = "log"
WITNESS: Final = "witness"
ML_DSA_SUFFIX: Final = "-mldsa44"
PREVIOUS_SUFFIX: Final = "-previous"


class SecretKey(Protocol):
    """Something that signs bytes as they are: a key file, an HSM, a KMS."""

    @property
    def public(self) -> bytes:
        """The public key."""
        ...

    def sign(self, message: bytes, /) -> bytes:
        """Give a signature."""
        ...


class NoteKey:
    """A secret key as one signer of checkpoints: its verifier key, and a signature line for a text."""

    def __init__(self, name: str, kind: int, secret: SecretKey) -> None:
        """``kind`` is the C2SP type of its signatures: 0x01, 0x04 or 0x06."""
        self._secret = secret
        self.verifier = note.VerifierKey(name, kind, secret.public)

    def __repr__(self) -> str:
        """Give the public half only."""
        return f"NoteKey({str(self.verifier)[:80]})"

    def sign(self, text: str, time: int) -> note.Signature:
        """Sign the text of a checkpoint; a cosignature says that it was seen at ``time`` (POSIX seconds).

        :raises KeyFailed: what the key gave is no signature of it.
        """
        key = self.verifier
        message = note.signed_message(key.name, key.kind, text, time)
        assert message is not None, "names are checked when keys are opened"
        stamp = b"" if key.kind == note.ED25519 else time.to_bytes(cosignature.TIME_BYTES, "big")
        signed = stamp + self._secret.sign(message)
        # A key in another machine may give anything; what leaves here must be what others can check.
        if not key.verifies(text, signed):
            raise KeyFailed("what the key gave is no signature", advice="Check the plug-in, the HSM or the KMS.")
        return note.Signature(key.name, key.key_id, signed)


class _File:
    """A key file as a :class:`SecretKey`."""

    def __init__(self, public: bytes, sign: Callable[[bytes], bytes]) -> None:
        self.public = public
        self.sign = sign


def open_log_keys(
    folder: Path, name: str, *, random_bytes: Callable[[int], bytes], plug_in: str = "", ml_dsa: bool = False
) -> list[NoteKey]:
    """Open the keys that sign a log's heads: Ed25519 (C2SP 0x01) first, then what was asked for beside it.

    ``name`` is for a new key file; an old one keeps its own, which is the origin of the log. A key that was in use
    before (``log-previous.key``) signs too, so that those who know only that one can go on.

    :raises KeyFailed: a key file is not whole, or others may read it.
    :raises BadRequest: there is no such plug-in.
    """
    keys = [_ed25519(folder, LOG, name, note.ED25519, random_bytes=random_bytes, plug_in=plug_in)]
    origin = keys[0].verifier.name
    if (folder / "keys" / f"{LOG}{PREVIOUS_SUFFIX}.key").exists():
        keys.append(_ed25519(folder, LOG + PREVIOUS_SUFFIX, origin, note.ED25519, random_bytes=random_bytes))
    if ml_dsa:
        keys.append(_ml_dsa(folder, LOG, origin, random_bytes=random_bytes))
    return keys


def open_witness_keys(
    folder: Path, name: str, *, random_bytes: Callable[[int], bytes], plug_in: str = "", ml_dsa: bool = True
) -> list[NoteKey]:
    """Open the keys of a witness: Ed25519 (0x04) and, unless it is turned off, ML-DSA-44 (0x06).

    :raises KeyFailed: a key file is not whole, or others may read it.
    :raises BadRequest: there is no such plug-in.
    """
    keys = [_ed25519(folder, WITNESS, name, note.COSIGNATURE_ED25519, random_bytes=random_bytes, plug_in=plug_in)]
    if ml_dsa:
        keys.append(_ml_dsa(folder, WITNESS, keys[0].verifier.name, random_bytes=random_bytes))
    return keys


def _ed25519(
    folder: Path, kind: str, name: str, type_: int, *, random_bytes: Callable[[int], bytes], plug_in: str = ""
) -> NoteKey:
    if not note.is_key_name(name) or len(name.encode()) > cosignature.NAME_BYTES_MAX:
        raise BadRequest(f"no key can have the name {name[:80]!r}", place="name", advice="No blanks and no plus sign.")
    if plug_in:
        return NoteKey(name, type_, _plugged_in(plug_in))
    key = open_key(folder, random_bytes=random_bytes, kind=kind, name=name)
    return NoteKey(key.verifier.name, type_, _File(key.verifier.public, key.sign_note))


def _ml_dsa(folder: Path, kind: str, name: str, *, random_bytes: Callable[[int], bytes]) -> NoteKey:
    key = open_ml_dsa_key(folder, random_bytes=random_bytes, kind=kind + ML_DSA_SUFFIX, name=name)
    return NoteKey(key.name, note.COSIGNATURE_ML_DSA_44, _File(key.public, key.sign_note))


def _plugged_in(setting: str) -> SecretKey:
    name, _, argument = setting.partition(":")
    found = metadata.entry_points(group=PLUG_INS, name=name)
    if not found:
        known = ", ".join(sorted(point.name for point in metadata.entry_points(group=PLUG_INS))) or "none"
        raise BadRequest(
            f"no plug-in for keys is called {name!r}",
            place="log_key",
            advice=f"Install the package that has it in the environment of rxtrail; there are: {known}.",
        )
    secret: SecretKey = next(iter(found)).load()(argument)
    if len(secret.public) != 32:
        raise BadRequest(f"the key of {name!r} is no Ed25519 key", place="log_key")
    return secret
