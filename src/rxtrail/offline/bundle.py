r"""The site bundle: what one site needs to judge scans while the record cannot be reached, as one signed file.

The format, which the browser reads too (``web/static/bundle.js``; all numbers big-endian)::

    0    4   "RXB1"
    4    4   n, the length of the compressed part
    8    n   raw DEFLATE (RFC 1951) of
                 4   m, the length of the facts
                 m   the facts, JSON in UTF-8 (``Facts``)
                 p   for each pack, how many bytes of its serial are those of the one before it in its group
                 p   for each pack, the length of its serial in bytes
                 …   for each pack, the rest of its serial, in UTF-8
    8+n  64  Ed25519 signature of "rxtrail/site-bundle/v1\n" and all bytes before it

Packs stand group by group, sorted by the bytes of their serials within each. They are held exactly: nothing is
hashed, so no pack is ever taken for another.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.rules.recall import Recall
from rxtrail.errors import RxtrailError
from rxtrail.keys import SIGNATURE_BYTES
from rxtrail.record.orders import Orders

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rxtrail.core.rules.recall import Ordered
    from rxtrail.keys import SigningKey, VerifierKey

MAGIC: Final = b"RXB1"
CONTEXT: Final = "site-bundle/v1"
BUNDLE_BYTES_MAX: Final = 64 * 1024 * 1024
INFLATED_BYTES_MAX: Final = 256 * 1024 * 1024
SERIAL_BYTES_MAX: Final = 255
_HEAD = struct.Struct(">4sI")
_LENGTH = struct.Struct(">I")


class BadBundle(RxtrailError):
    """A file that is no site bundle, is damaged, or is not signed by the node that it should come from."""

    code = "bad-bundle"


class Said(msgspec.Struct, frozen=True, array_like=True):
    """One reason of a verdict as the node told it when the bundle was made."""

    code: str
    severity: str
    message: str
    next: str


class Group(msgspec.Struct, frozen=True, array_like=True):
    """Packs of which the same is known. ``here`` is 0 when they are in the bundle only to be stopped."""

    gtin: str
    lot: str
    expiry: str  # YYYY-MM-DD
    here: int
    reasons: tuple[int, ...]  # places in ``Facts.reasons``; none is a pack with nothing against it
    packs: int
    made: str = ""  # YYYY-MM-DD, only where a recall asks for it


class RecalledLot(msgspec.Struct, frozen=True, array_like=True):
    """A whole lot that is recalled, or a whole product (``lot`` "")."""

    gtin: str
    lot: str


class Facts(msgspec.Struct, frozen=True):
    """What is true of the whole bundle. Times are ISO 8601 in UTC."""

    site: str
    as_of: str
    log_size: int
    key: str  # the verifier key of the node that made it
    role: str
    market: str
    glns: list[str]  # the node's own
    site_name: str
    reasons: list[Said]
    groups: list[Group]
    recalled: list[RecalledLot]
    products: dict[str, tuple[str, str]]  # GTIN -> (name, NDC)
    format: int = 1
    site_role: str = ""  # what the site is, for which recalls weigh: pharmacy, wholesaler and so on
    recalls: list[Recall] = []  # those that stand at the node, judged here by the same rules


class Known(msgspec.Struct, frozen=True, gc=False):
    """What a bundle holds of one pack."""

    lot: str
    expiry: str
    here: bool
    reasons: tuple[Said, ...]
    made: str = ""


def write(facts: Facts, serials: Iterable[list[str]], key: SigningKey) -> bytes:
    """Write and sign a bundle; ``serials`` has the packs of each group, in any order."""
    shared, lengths, rests = bytearray(), bytearray(), bytearray()
    groups: list[Group] = []
    for group, some in zip(facts.groups, serials, strict=True):
        octets = sorted(serial.encode() for serial in some)
        groups.append(msgspec.structs.replace(group, packs=len(octets)))
        before = b""
        for serial in octets:
            length = len(serial)
            assert length <= SERIAL_BYTES_MAX, serial
            common = _common(before, serial)
            shared.append(common)
            lengths.append(length)
            rests += serial[common:]
            before = serial
    about = msgspec.json.encode(msgspec.structs.replace(facts, groups=groups))
    plain = b"".join((_LENGTH.pack(len(about)), about, shared, lengths, rests))
    # Serials are random letters: now and then the plain Huffman code is shorter than one that looks for repeats.
    packed = min((_deflated(plain, way) for way in (zlib.Z_DEFAULT_STRATEGY, zlib.Z_HUFFMAN_ONLY)), key=len)
    whole = _HEAD.pack(MAGIC, len(packed)) + packed
    return whole + key.sign(whole, context=CONTEXT)


class Bundle:
    """A bundle that was read and whose signature was checked."""

    def __init__(self, facts: Facts, packs: Mapping[str, Mapping[str, int]]) -> None:
        """Take what :func:`read` read."""
        self.facts = facts
        self._packs = packs
        self._known = [
            Known(
                group.lot,
                group.expiry,
                bool(group.here),
                tuple(facts.reasons[place] for place in group.reasons),
                group.made,
            )
            for group in facts.groups
        ]
        self._orders = Orders()
        self._orders.take(facts.recalls)
        self._recalled = frozenset((recalled.gtin, recalled.lot) for recalled in facts.recalled)

    @property
    def packs(self) -> int:
        """Count the packs that it holds."""
        return sum(group.packs for group in self.facts.groups)

    def find(self, gtin: str, serial: str) -> Known | None:
        """Tell what is known of a pack (GTIN-14, serial); None when the bundle does not hold it."""
        serials = self._packs.get(gtin)
        number = serials.get(serial) if serials is not None else None
        return self._known[number] if number is not None else None

    def recalled(self, gtin: str, *lots: str) -> str:
        """Tell what is recalled: the ``product``, the ``lot``, or nothing."""
        if (gtin, "") in self._recalled:
            return "product"
        return "lot" if any(lot and (gtin, lot) in self._recalled for lot in lots) else ""

    def ordered(self, gtin: str, serial: str, lot: str, expiry: str, made: str) -> tuple[Ordered, ...]:
        """Give the recalls that mean, or may mean, a pack; what is not known of it is ""."""
        return self._orders.of(gtin, serial, lot, expiry, made)

    def product(self, gtin: str) -> tuple[str, str]:
        """Give (name, NDC) of a product, "" where the bundle has none."""
        return self.facts.products.get(gtin, ("", ""))


def read(content: bytes, key: VerifierKey) -> Bundle:
    """Read a bundle that the owner of ``key`` signed.

    :raises BadBundle: it is none, it is damaged, or somebody else made it.
    """
    if len(content) > BUNDLE_BYTES_MAX or len(content) < _HEAD.size + SIGNATURE_BYTES:
        raise _bad("its size is that of no bundle")
    magic, length = _HEAD.unpack_from(content)
    end = _HEAD.size + length
    if magic != MAGIC or len(content) != end + SIGNATURE_BYTES:
        raise _bad("it does not begin or end as one")
    if not key.verifies(content[:end], content[end:], context=CONTEXT):
        raise BadBundle(
            f"this site bundle is not signed by {key.name}",
            place="signature",
            advice="Fetch it from the node again; if that does not help, ask the node for its verifier key.",
        )
    try:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        plain = inflater.decompress(content[_HEAD.size : end], INFLATED_BYTES_MAX)
        (count,) = _LENGTH.unpack_from(plain)
        start = _LENGTH.size + count
        facts = msgspec.json.decode(plain[_LENGTH.size : start], type=Facts)
        packs = _packs(facts, plain, start)
    except (zlib.error, struct.error, msgspec.DecodeError, UnicodeDecodeError, IndexError) as wrong:
        raise _bad("its inside cannot be read") from wrong
    if facts.format != 1 or not inflater.eof:
        raise _bad("it is of a version that is not known here")
    return Bundle(facts, packs)


def _packs(facts: Facts, plain: bytes, start: int) -> dict[str, dict[str, int]]:
    count = sum(group.packs for group in facts.groups)
    shared, lengths = plain[start : start + count], plain[start + count : start + 2 * count]
    at = start + 2 * count
    if len(lengths) != count:
        raise _bad("packs are missing in it")
    packs: dict[str, dict[str, int]] = {}
    pack = 0
    for number, group in enumerate(facts.groups):
        serials = packs.setdefault(group.gtin, {})
        serial = b""
        for common, length in zip(shared[pack : pack + group.packs], lengths[pack : pack + group.packs], strict=True):
            end = at + length - common
            serial = serial[:common] + plain[at:end]
            serials[serial.decode()] = number
            at = end
        pack += group.packs
    if at != len(plain):
        raise _bad("packs are missing in it")
    return packs


def _common(one: bytes, other: bytes) -> int:
    count = 0
    for mine, others in zip(one, other, strict=False):
        if mine != others:
            break
        count += 1
    return count


def _deflated(plain: bytes, strategy: int) -> bytes:
    deflater = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9, strategy)
    return deflater.compress(plain) + deflater.flush()


def _bad(why: str) -> BadBundle:
    return BadBundle(f"this is no whole site bundle: {why}", place="bundle", advice="Fetch it from the node again.")
