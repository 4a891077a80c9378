"""New serial numbers for one's own products: random, never twice for one GTIN, and not to be guessed.

GS1 General Specifications, AI 21 (at most 20 characters); Delegated Regulation (EU) 2016/161, article 4 (b) and (c): a
serial number is made by a random or partly random algorithm, and the probability that it can be guessed is lower than
one in ten thousand. No letter or digit that is taken for another one is used (O and 0, I, l and 1), and no small
letters, which Caps Lock would turn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.gs1 import check_digit, company_prefix
from rxtrail.core.gs1.digital_link import GTIN_LENGTHS
from rxtrail.errors import BadRequest, Refused
from rxtrail.record.standing import identity_of
from rxtrail.record.times import iso
from rxtrail.store.rows import RecordKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.ledger.log import Log
    from rxtrail.ledger.writer import Writer
    from rxtrail.store import Reader, Transaction

ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
LENGTH: Final = 12
LENGTH_MIN: Final = 8
LENGTH_MAX: Final = 20  # AI 21
COUNT_MAX: Final = 10_000  # given out in one transaction
GUESS_MAX: Final = 1 / 10_000
_KIND: Final = "serials"  # of what the store keeps: how many were given out, by GTIN
_DRAWS_MAX: Final = 100
assert 256 % len(ALPHABET) == 0, "every letter is drawn as often as every other"
_LETTERS: Final = bytes(ord(ALPHABET[number % len(ALPHABET)]) for number in range(256))

_encode = msgspec.msgpack.Encoder().encode
_count = msgspec.msgpack.Decoder(int).decode


class SerialsOrder(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """So many new serial numbers for a product, each of so many characters."""

    gtin: str
    count: int = 1
    length: int = LENGTH


class SerialsIssued(msgspec.Struct, frozen=True, gc=False):
    """What was given out. ``guess_probability`` is at most that of hitting any serial number of the record."""

    gtin: str
    serials: list[str]
    guess_probability: float
    issued: int  # for this product in all
    log_index: int


class IssuedSerial(msgspec.Struct, frozen=True, gc=False):
    """One serial number that was given out, and when."""

    serial: str
    issued_at: str


class Serials:
    """The use case: give out, list."""

    def __init__(
        self, writer: Callable[[], Writer], *, reader: Callable[[], Reader], random_bytes: Callable[[int], bytes]
    ) -> None:
        """``random_bytes`` gives bytes that nobody can guess."""
        self._writer = writer
        self._reader = reader
        self._random_bytes = random_bytes

    def issue(self, order: SerialsOrder) -> SerialsIssued:
        """Give out new serial numbers; they are kept before they are told.

        :raises BadRequest: no GTIN, or a count or length that there is not.
        :raises Refused: this is no maker's record, the product is not one's own, or too many have been given out.
        """
        gtin = gtin_of(order.gtin)
        if not 1 <= order.count <= COUNT_MAX:
            raise BadRequest(f"count {order.count} is not from 1 to {COUNT_MAX:,}", place="count")
        if not LENGTH_MIN <= order.length <= LENGTH_MAX:
            raise BadRequest(f"length {order.length} is not from {LENGTH_MIN} to {LENGTH_MAX}", place="length")

        def write(tx: Transaction, log: Log) -> SerialsIssued:
            _may(tx, gtin)
            kept = tx.kept(_KIND, gtin)
            issued = order.count + (_count(kept[1]) if kept is not None else 0)
            probability = (issued + tx.counts()[0]) / len(ALPHABET) ** order.length
            if probability > GUESS_MAX:
                raise Refused(
                    f"with {issued:,} serial numbers of {order.length} characters one could be guessed",
                    place="length",
                    advice="Take longer ones.",
                )
            serials = self._draw(tx, gtin, order)
            tx.add_issued(gtin, log.now, serials)
            tx.keep(_KIND, gtin, log.now, _encode(issued))
            told = [log.now, "serials-issued", gtin, len(serials), order.length]
            position = log.append(RecordKind.DECISION, b"\x01" + _encode(told))
            return SerialsIssued(gtin, serials, probability, issued, position)

        return self._writer().do(write)

    def page(self, gtin: str, after: str = "", limit: int = 100) -> list[IssuedSerial]:
        """List the serial numbers that were given out for a product, in order, those after one."""
        rows = self._reader().issued_from(gtin_of(gtin), after, limit)
        return [IssuedSerial(serial, iso(at)) for serial, at in rows]

    def _draw(self, tx: Transaction, gtin: str, order: SerialsOrder) -> list[str]:
        """Draw serial numbers that neither were given out nor are on record, however they came to be there."""
        product = tx.product(gtin)
        found: dict[str, None] = {}
        for _ in range(_DRAWS_MAX):
            missing = order.count - len(found)
            if not missing:
                break
            letters = self._random_bytes(missing * order.length).translate(_LETTERS).decode()
            drawn = dict.fromkeys(
                letters[start : start + order.length] for start in range(0, len(letters), order.length)
            )
            taken = tx.issued_among(gtin, drawn)
            if product is not None:
                taken |= tx.units_of(product[0], drawn).keys()
                start = f"01/{gtin}/21/"
                taken |= {key[len(start) :] for key in tx.container_ids(start + serial for serial in drawn)}
            found.update(dict.fromkeys(serial for serial in drawn if serial not in taken))
        assert len(found) == order.count, "with so few of all given out, a hundred draws find enough"
        return list(found)


def gtin_of(text: str) -> str:
    """Give a GTIN as 14 digits.

    :raises BadRequest: it is none.
    """
    if len(text) not in GTIN_LENGTHS or not check_digit.is_valid(text):
        raise BadRequest(f"{text[:40]!r} is not a GTIN with a right check digit", place="gtin")
    return text.zfill(14)


def _may(reader: Reader, gtin: str) -> None:
    identity = identity_of(reader)
    if identity.role != "maker":
        raise Refused(
            f"this is the record of a {identity.role}; serial numbers are given out by makers",
            place="role",
            advice="Say whose record it is: rxtrail init --role maker --gln GLN.",
        )
    if not any(company_prefix.matches(gln, gtin) for gln in identity.glns):
        raise Refused(
            f"GTIN {gtin} does not stand under the company prefix of this record",
            place="gtin",
            advice="Add a GLN of the company that has the prefix: rxtrail init.",
        )
