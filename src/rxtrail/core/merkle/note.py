"""Signed notes: a text and the signatures under it, and the keys that verify them.

Source: C2SP signed-note. A note is read only in its one right form: what is read and written again is the same bytes.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from rxtrail.core.merkle import checkpoint, cosignature
from rxtrail.core.merkle.errors import BadKey, BadNote
from rxtrail.core.merkle.lines import decode_base64, encode_base64

if TYPE_CHECKING:
    from collections.abc import Iterable

ED25519: Final = 0x01
COSIGNATURE_ED25519: Final = 0x04
COSIGNATURE_ML_DSA_44: Final = 0x06
KEY_ID_BYTES: Final = 4
PUBLIC_BYTES: Final = {ED25519: 32, COSIGNATURE_ED25519: 32, COSIGNATURE_ML_DSA_44: 1312}
_SIGNATURE_BYTES: Final = {ED25519: 64, COSIGNATURE_ED25519: 64, COSIGNATURE_ML_DSA_44: 2420}
NOTE_BYTES_MAX: Final = 1_000_000
SIGNATURES_MAX: Final = 128
"""More than the 16 that every reader must take, also with post-quantum ones within :data:`NOTE_BYTES_MAX`."""
_DASH: Final = "— "


class Signature(msgspec.Struct, frozen=True):
    """One signature line: who says to have signed, and the bytes."""

    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> str:
        """Give the line as it stands in a note, with its newline."""
        return f"{_DASH}{self.name} {encode_base64(self.key_id + self.signature)}\n"

    @property
    def time(self) -> int:
        """The POSIX time of a cosignature; it counts for nothing before the signature is verified."""
        return int.from_bytes(self.signature[: cosignature.TIME_BYTES], "big")


class Note(msgspec.Struct, frozen=True):
    """A text, ending with a newline, and the signatures under it."""

    text: str
    signatures: tuple[Signature, ...]

    def format(self) -> bytes:
        """Write the note."""
        return f"{self.text}\n{''.join(one.line() for one in self.signatures)}".encode()


class VerifierKey(msgspec.Struct, frozen=True):
    """A public key with its name and the type of the signatures that it verifies."""

    name: str
    kind: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes that stand before a signature of this key."""
        octets = self.name.encode() + b"\n" + bytes((self.kind,)) + self.public
        return hashlib.sha256(octets).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        """Give the key as text, ``name+hex key ID+base64(type || public key)``."""
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(bytes((self.kind,)) + self.public)}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Read a verifier key of type 0x01, 0x04 or 0x06.

        :raises BadKey: it is none, is of another type, or its key ID is not that of the key.
        """
        parts = text.split("+", 2)
        octets = decode_base64(parts[2]) if len(parts) == 3 else None
        if octets and is_key_name(parts[0]) and PUBLIC_BYTES.get(octets[0]) == len(octets) - 1:
            key = cls(parts[0], octets[0], octets[1:])
            if str(key) == text:
                return key
        raise BadKey(
            f"not a verifier key: {text[:60]!r}",
            advice="A verifier key is one line, name+hash+base64, as the log shows it.",
        )

    def verifies(self, text: str, signature: bytes) -> bool:
        """Tell whether this key made this signature (with its time, for a cosignature) for the text of a note."""
        time, rest = 0, signature
        if self.kind != ED25519:
            time = int.from_bytes(signature[: cosignature.TIME_BYTES], "big")
            rest = signature[cosignature.TIME_BYTES :]
        if len(rest) != _SIGNATURE_BYTES[self.kind] or time > cosignature.TIME_MAX:
            return False
        message = signed_message(self.name, self.kind, text, time)
        if message is None:
            return False
        return signed_by(self.kind, self.public, message, rest)


def signed_by(kind: int, public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether the key with these public bytes made this bare signature of these bytes."""
    try:
        if kind == COSIGNATURE_ML_DSA_44:
            MLDSA44PublicKey.from_public_bytes(public).verify(signature, message)
        else:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def signed_message(name: str, kind: int, text: str, time: int) -> bytes | None:
    """Give what a key of this name and type signs for the text of a note; ``time`` counts for cosignatures only.

    None when such a key makes no statement about such a text: a cosignature is one about a checkpoint.
    """
    if kind == ED25519:
        return text.encode()
    try:
        head = checkpoint.parse(text)
    except BadNote:
        return None
    if kind == COSIGNATURE_ED25519:
        return cosignature.ed25519_message(text, time)
    return cosignature.ml_dsa_message(name, time, head.origin, 0, head.size, head.root)


def parse(octets: bytes) -> Note:
    """Read a signed note; nothing is verified.

    :raises BadNote: it is none, or is written in another way than the one right one.
    """
    text, lines = split(octets)
    return Note(text, tuple(parse_signature(line) for line in lines))


def split(octets: bytes) -> tuple[str, list[str]]:
    """Part a note into its text and its signature lines, which are not read.

    :raises BadNote: it is no note.
    """
    if len(octets) > NOTE_BYTES_MAX:
        raise BadNote(f"a note of more than {NOTE_BYTES_MAX} bytes")
    try:
        whole = octets.decode()
    except UnicodeDecodeError as wrong:
        raise BadNote("the note is not UTF-8") from wrong
    if any(character < " " and character != "\n" for character in whole):
        raise BadNote("a note has no control characters")
    at = whole.rfind("\n\n")
    if at < 0 or not whole.endswith("\n"):
        raise BadNote("no blank line between text and signatures, or no newline at the end")
    text, below = whole[: at + 1], whole[at + 2 : -1]
    lines = below.split("\n") if below else []
    if not 0 < len(lines) <= SIGNATURES_MAX:
        raise BadNote(f"a note has 1 to {SIGNATURES_MAX} signatures, not {len(lines)}")
    return text, lines


def parse_signature(line: str) -> Signature:
    """Read one signature line, without its newline.

    :raises BadNote: it is none.
    """
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    octets = decode_base64(encoded)
    if not line.startswith(_DASH) or not is_key_name(name) or octets is None or len(octets) <= KEY_ID_BYTES:
        raise BadNote(f"not a signature line: {line[:80]!r}")
    return Signature(name, octets[:KEY_ID_BYTES], octets[KEY_ID_BYTES:])


def is_key_name(name: str) -> bool:
    """Tell whether this may be the name of a key: no blanks of any kind, no plus, no control characters."""
    return bool(name) and not any(
        one.isspace() or one == "+" or one < " " or "\ud800" <= one <= "\udfff" for one in name
    )


def verify(note: Note, keys: Iterable[VerifierKey]) -> dict[VerifierKey, Signature]:
    """Give the signatures of known keys, each verified; of several by one key, the first.

    :raises BadNote: no known key signed, or a signature of a known key is wrong. Unknown ones are passed over.
    """
    found = verify_any(note, keys)
    if not found:
        raise BadNote("no key that we know has signed")
    return found


def verify_any(note: Note, keys: Iterable[VerifierKey]) -> dict[VerifierKey, Signature]:
    """Give the signatures of known keys, as :func:`verify` does; there may be none.

    :raises BadNote: a signature of a known key is wrong.
    """
    known: dict[tuple[str, bytes], list[VerifierKey]] = {}
    for key in keys:
        known.setdefault((key.name, key.key_id), []).append(key)
    found: dict[VerifierKey, Signature] = {}
    for one in note.signatures:
        matching = known.get((one.name, one.key_id), [])
        signers = [key for key in matching if key.verifies(note.text, one.signature)]
        if matching and not signers:
            raise BadNote(f"the signature of {one.name} is wrong")
        for key in signers:
            found.setdefault(key, one)
    return found
