"""The strict small things that all formats of a log share: base64 and decimal numbers in their one right form."""

from __future__ import annotations

import base64
import binascii

from rxtrail.core.merkle.tree import SIZE_MAX

_DIGITS_MAX = len(str(SIZE_MAX))


def encode_base64(octets: bytes) -> str:
    """Write bytes in the standard base64 of RFC 4648 section 4."""
    return base64.b64encode(octets).decode()


def decode_base64(text: str) -> bytes | None:
    """Read standard base64; None unless it is exactly what :func:`encode_base64` would write."""
    try:
        octets = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return octets if encode_base64(octets) == text else None  # set bits after the last byte are a second reading


def decode_hash(text: str) -> bytes | None:
    """Read the base64 of 32 bytes; None for anything else."""
    octets = decode_base64(text)
    return octets if octets is not None and len(octets) == 32 else None


def decode_size(text: str) -> int | None:
    """Read a decimal number without sign, blanks or leading zeros, of at most 63 bits; None for anything else."""
    if not (text.isascii() and text.isdigit()) or len(text) > _DIGITS_MAX or (text[0] == "0" and text != "0"):
        return None
    number = int(text)
    return number if number <= SIZE_MAX else None
