"""A passphrase over a root key: scrypt makes each guess cost memory and time, AES key wrap tells a wrong one at once.

Sources: RFC 7914 (scrypt), RFC 5649 (AES key wrap with padding). The passphrase comes from the file that
``RXTRAIL_PASSPHRASE_FILE`` names, or is asked for at the terminal; never from a command line, which others can see.
"""

from __future__ import annotations

import getpass
import os
import sys
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from cryptography.hazmat.primitives.kdf import scrypt as kdf
from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap_with_padding,
    aes_key_wrap_with_padding,
)

from rxtrail.sealing.refusals import CannotDecrypt, WrongPassphrase

if TYPE_CHECKING:
    from collections.abc import Callable

VARIABLE: Final = "RXTRAIL_PASSPHRASE_FILE"
NEW_VARIABLE: Final = "RXTRAIL_NEW_PASSPHRASE_FILE"
PASSPHRASE_BYTES_MAX: Final = 4096
PASSPHRASE_CHARACTERS_MIN: Final = 12
SALT_BYTES: Final = 16
LOG2_N: Final = 17  # with r = 8: 128 MiB and a third of a second for each guess
LOG2_N_MAX: Final = 20  # a file that asks for more is not ours: it would eat the machine
R: Final = 8
P: Final = 1


class Scrypt(msgspec.Struct, frozen=True, gc=False):
    """How a passphrase becomes a key."""

    salt: bytes
    log2_n: int = LOG2_N
    r: int = R
    p: int = P

    def key(self, passphrase: str) -> bytes:
        """Derive the key of 32 bytes; this takes time and memory on purpose.

        :raises CannotDecrypt: the numbers are not those that this program writes.
        """
        if not 14 <= self.log2_n <= LOG2_N_MAX or (self.r, self.p) != (R, P) or len(self.salt) < SALT_BYTES:
            raise CannotDecrypt("the key file asks for a passphrase in a way that this program does not know")
        # NFC: the same letters typed on two systems are the same passphrase.
        text = unicodedata.normalize("NFC", passphrase).encode()
        return kdf.Scrypt(self.salt, 32, 1 << self.log2_n, self.r, self.p).derive(text)


def wrap(key: bytes, passphrase: str, random_bytes: Callable[[int], bytes]) -> tuple[Scrypt, bytes]:
    """Wrap a key under a passphrase."""
    scrypt = Scrypt(random_bytes(SALT_BYTES))
    return scrypt, aes_key_wrap_with_padding(scrypt.key(passphrase), key)


def unwrap(scrypt: Scrypt, wrapped: bytes, passphrase: str) -> bytes:
    """Open a wrapped key.

    :raises WrongPassphrase: this is not the passphrase.
    """
    try:
        return aes_key_unwrap_with_padding(scrypt.key(passphrase), wrapped)
    except InvalidUnwrap as wrong:
        raise WrongPassphrase(
            "this passphrase does not open the root key", advice="Nothing was changed. Try again."
        ) from wrong


def given(variable: str = VARIABLE) -> str | None:
    """Give the passphrase in the file that a variable names; None when it names none.

    :raises CannotDecrypt: the file cannot be read or is empty.
    """
    name = os.environ.get(variable, "")
    if not name:
        return None
    try:
        with Path(name).open("rb") as file:
            content = file.read(PASSPHRASE_BYTES_MAX + 1)
        text = content.decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise CannotDecrypt(
            "the passphrase file cannot be read", place=name, advice=f"{variable} must name a readable text file."
        ) from error
    if not text or len(content) > PASSPHRASE_BYTES_MAX:
        raise CannotDecrypt("the passphrase file holds no passphrase", place=name)
    return text


def asked(prompt: str = "Passphrase of the root key: ") -> str:
    """Give the passphrase: from the file that the variable names, else asked for at the terminal.

    :raises CannotDecrypt: there is neither a file nor a terminal.
    """
    text = given()
    if text is not None:
        return text
    if not sys.stdin.isatty():
        raise CannotDecrypt(
            "the root key is locked by a passphrase, and there is no terminal to ask at",
            advice=f"Put the passphrase in a file that only you can read, and its path in {VARIABLE}.",
        )
    return getpass.getpass(prompt)
