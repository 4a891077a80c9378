"""Receipts: a short signed text, or a QR code, that says which verdict a node gave on a pack, where and when.

Whoever has the node's public key can check it, without a network and without asking the node. A receipt names the
pack in clear, or only as a salted hash: then it tells nothing to who has not the pack, and who scans the pack can
still see that it is the one.

The text is ``RXR1:`` and the base32 (RFC 4648, without padding) of the body and its signature: only characters of a
QR code's alphanumeric mode, and none that a keyboard layout, a mail program or a shell changes.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import hashlib
import struct
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.rules.answer import Answer, Verdict
from rxtrail.errors import BadRequest, RxtrailError
from rxtrail.keys import KEY_ID_BYTES, SIGNATURE_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.core.gs1.scan_value import Scan
    from rxtrail.core.rules.answer import PackView
    from rxtrail.keys import SigningKey, VerifierKey

PREFIX: Final = "RXR1:"
CONTEXT: Final = "receipt/v1"
TEXT_CHARACTERS_MAX: Final = 1000
SALT_BYTES: Final = 8
DIGEST_BYTES: Final = 16
_HIDDEN = 1  # flags: the pack is named by a salted hash
_VERSION = 1
_ANSWERS: Final = (Answer.OK, Answer.CHECK, Answer.STOP, Answer.UNCONFIRMED, Answer.NOT_COVERED)  # from 1 on
_DAY_ZERO: Final = datetime.date(2000, 1, 1)
_NO_DAY: Final = 0xFFFF
_LENGTH_MAX: Final = 255
# Version, flags, verdict, seconds since 1970 UTC, log size, GLN (0: none), key ID; all big-endian.
_HEAD = struct.Struct(">BBBQQ6s4s")


class BadReceipt(RxtrailError):
    """A text that is no receipt; whether a receipt is genuine is an answer and not an error."""

    code = "bad-receipt"


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """What a receipt says; ``salt`` and ``digest`` stand instead of the four elements when these are hidden."""

    verdict: Answer
    at: int  # seconds since 1970 UTC
    log_size: int
    site: str  # GLN-13, "" for none
    key_id: bytes
    gtin: str = ""
    serial: str = ""
    lot: str = ""
    expiry: str = ""  # YYYY-MM-DD
    salt: bytes = b""
    digest: bytes = b""

    @property
    def is_hidden(self) -> bool:
        """Tell whether the pack is named by its hash only."""
        return bool(self.digest)

    def is_of(self, scan: Scan) -> bool:
        """Tell whether a scanned pack is the one of this receipt: all four elements are the same."""
        if self.is_hidden:
            return self.digest == _digest(self.salt, scan.gtin, scan.serial, scan.lot, scan.expiry)
        return (self.gtin, self.serial, self.lot, self.expiry) == (scan.gtin, scan.serial, scan.lot, scan.expiry)


class ReceiptCheck(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What a receipt says, and whether the key that was given signed it. ``same_pack`` is yes, no or not-asked."""

    genuine: bool
    verdict: str
    checked_at: str
    log_size: int
    key: str  # the verifier key that it was checked with
    key_id: str  # hex, as the receipt names it
    site: str = ""
    gtin: str = ""
    serial: str = ""
    lot: str = ""
    expiry: str = ""
    hidden: bool = False
    same_pack: str = "not-asked"


def issue(
    verdict: Verdict, key: SigningKey, *, site: str = "", hidden: bool = False, random_bytes: Callable[[int], bytes]
) -> str:
    """Sign a verdict as a receipt.

    :raises BadRequest: the verdict is about no pack.
    """
    pack = verdict.pack
    if not pack.gtin or not pack.serial:
        raise BadRequest("there is no receipt for a code that names no pack", place="scan", advice="Scan the 2D code.")
    at = int(datetime.datetime.fromisoformat(verdict.checked_at).timestamp())
    receipt = Receipt(verdict.verdict, at, verdict.log_size, site, key.verifier.key_id)
    if hidden:
        salt = random_bytes(SALT_BYTES)
        digest = _digest(salt, pack.gtin, pack.serial, pack.lot, pack.expiry)
        receipt = msgspec.structs.replace(receipt, salt=salt, digest=digest)
    else:
        _must_fit(pack)
        receipt = msgspec.structs.replace(receipt, gtin=pack.gtin, serial=pack.serial, lot=pack.lot, expiry=pack.expiry)
    body = encode(receipt)
    return PREFIX + base64.b32encode(body + key.sign(body, context=CONTEXT)).decode().rstrip("=")


def check(text: str, key: VerifierKey, *, scan: Scan | None = None) -> ReceiptCheck:
    """Check a receipt with the public key of the node that it should come from.

    :raises BadReceipt: it is no receipt.
    """
    receipt, body, signature = read(text)
    genuine = receipt.key_id == key.key_id and key.verifies(body, signature, context=CONTEXT)
    return ReceiptCheck(
        genuine=genuine,
        verdict=receipt.verdict.value,
        checked_at=datetime.datetime.fromtimestamp(receipt.at, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        log_size=receipt.log_size,
        key=str(key),
        key_id=receipt.key_id.hex(),
        site=receipt.site,
        gtin=receipt.gtin,
        serial=receipt.serial,
        lot=receipt.lot,
        expiry=receipt.expiry,
        hidden=receipt.is_hidden,
        same_pack="not-asked" if scan is None else "yes" if receipt.is_of(scan) else "no",
    )


def read(text: str) -> tuple[Receipt, bytes, bytes]:
    """Read a receipt, whoever wrote it: (what it says, the signed body, the signature).

    :raises BadReceipt: it is none.
    """
    plain = "".join(text.split()).upper()  # a mail program breaks lines, a phone writes small letters
    if not plain.startswith(PREFIX) or len(plain) > TEXT_CHARACTERS_MAX:
        raise _bad("it does not begin with RXR1:" if len(plain) <= TEXT_CHARACTERS_MAX else "it is too long")
    encoded = plain[len(PREFIX) :]
    try:
        octets = base64.b32decode(encoded + "=" * (-len(encoded) % 8))
    except (binascii.Error, ValueError) as wrong:
        raise _bad("a part of it is missing or mistyped") from wrong
    body, signature = octets[:-SIGNATURE_BYTES], octets[-SIGNATURE_BYTES:]
    try:
        receipt = decode(body)
    except (struct.error, IndexError, UnicodeDecodeError, OverflowError) as wrong:
        raise _bad("a part of it is missing or mistyped") from wrong
    return receipt, body, signature


# -- the body -------------------------------------------------------------------------------------------------------


def encode(receipt: Receipt) -> bytes:
    """Give the bytes that are signed."""
    head = _HEAD.pack(
        _VERSION,
        _HIDDEN if receipt.is_hidden else 0,
        1 + _ANSWERS.index(receipt.verdict),
        receipt.at,
        receipt.log_size,
        int(receipt.site or "0").to_bytes(6, "big"),
        receipt.key_id,
    )
    if receipt.is_hidden:
        return head + receipt.salt + receipt.digest
    days = (datetime.date.fromisoformat(receipt.expiry) - _DAY_ZERO).days if receipt.expiry else _NO_DAY
    serial, lot = receipt.serial.encode(), receipt.lot.encode()
    return b"".join((
        head, int(receipt.gtin).to_bytes(6, "big"), struct.pack(">H", days), bytes([len(serial)]), serial, lot,
    ))  # fmt: skip


def decode(body: bytes) -> Receipt:
    """Read the bytes that were signed; raises what :func:`read` turns into ``BadReceipt``."""
    version, flags, answer, at, log_size, site, key_id = _HEAD.unpack_from(body)
    if version != _VERSION or flags & ~_HIDDEN or not 1 <= answer <= len(_ANSWERS) or at >= 1 << 34:
        raise _bad("it is of a version that is not known here")
    number = int.from_bytes(site, "big")
    receipt = Receipt(_ANSWERS[answer - 1], at, log_size, f"{number:013}" if number else "", key_id)
    rest = body[_HEAD.size :]
    if flags & _HIDDEN:
        if len(rest) != SALT_BYTES + DIGEST_BYTES:
            raise _bad("a part of it is missing or mistyped")
        return msgspec.structs.replace(receipt, salt=rest[:SALT_BYTES], digest=rest[SALT_BYTES:])
    (days,) = struct.unpack_from(">H", rest, 6)
    length = rest[8]
    serial = rest[9 : 9 + length]
    if len(serial) != length:
        raise _bad("a part of it is missing or mistyped")
    return msgspec.structs.replace(
        receipt,
        gtin=f"{int.from_bytes(rest[:6], 'big'):014}",
        serial=serial.decode(),
        lot=rest[9 + length :].decode(),
        expiry="" if days == _NO_DAY else (_DAY_ZERO + datetime.timedelta(days)).isoformat(),
    )


def _must_fit(pack: PackView) -> None:
    """Refuse what is no medicine's code: a date before 2000 or after 2179, a serial or lot of more than 255 bytes."""
    days = (datetime.date.fromisoformat(pack.expiry) - _DAY_ZERO).days if pack.expiry else 0
    if not 0 <= days < _NO_DAY or max(len(pack.serial.encode()), len(pack.lot.encode())) > _LENGTH_MAX:
        raise BadRequest("this code does not fit into a receipt", place="scan", advice="Ask for a hidden receipt.")


def _digest(salt: bytes, gtin: str, serial: str, lot: str, expiry: str) -> bytes:
    identity = f"{gtin}\n{serial}\n{lot}\n{expiry}".encode()
    return hashlib.sha256(salt + identity).digest()[:DIGEST_BYTES]


def _bad(why: str) -> BadReceipt:
    return BadReceipt(f"this is no receipt: {why}", place="receipt", advice="Scan its code again, or paste all of it.")


assert _HEAD.size == 3 + 8 + 8 + 6 + KEY_ID_BYTES, "the head has no padding"
