"""Which of the readings of a scan is right: the one that the record knows, and never one of two.

Pure: what the record knows of the candidates is given, from one question to it. A plain reading that the record
knows needs no repair and is taken. Every other reading is a repair, and is taken only when the record knows one
pack among all of them; what the record tells of lot and expiry then decides between readings of that pack. A guess that
the record contradicts in lot or expiry is no repair: then what the text says plainly is judged. A lot that a foreign
keyboard makes of the one on record is no lie of the pack, and not confirmed either: the scan is ambiguous.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from rxtrail.core.gs1 import keyboard
from rxtrail.core.gs1.repairs import CASE, CERTAIN, EXTRAS, FAR
from rxtrail.core.gs1.scan_value import AMBIGUOUS, Scan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rxtrail.core.gs1.readings import Readings

_DIGITS = "0123456789"  # the check digit shows that they came as they are
Key = tuple[str, str]  # (product, serial), or ("", SSCC)


class Choice(msgspec.Struct, frozen=True, gc=False):
    """The reading to judge."""

    scan: Scan  # its fault is ``ambiguous-scan`` when the record knows several
    is_known: bool  # the record knows it; else it is the plain reading


def keys_of(readings: Readings) -> list[Key]:
    """Give what the record is to be asked for: each product and serial once, the likeliest first."""
    return list(dict.fromkeys(key_of(scan) for scan in readings.candidates))


def key_of(scan: Scan) -> Key:
    """Give the identity of a reading; an SSCC has no product."""
    return (scan.product, scan.serial) if scan.serial else ("", scan.sscc)


def choose(readings: Readings, known: Mapping[Key, tuple[str, str]]) -> Choice:
    """Choose among the readings of a scan.

    ``known`` has the candidates that are on record, with the lot and the expiry (YYMMDD or YYYY-MM-DD) stated for
    them; "" where the record says nothing.
    """
    there = [
        (step, scan, _agrees(scan, known[key_of(scan)]))
        for step, scan in zip(readings.steps, readings.candidates, strict=True)
        if key_of(scan) in known
    ]
    if not there:
        return Choice(readings.plain, is_known=False)
    least = there[0][0]
    first = {key_of(scan) for step, scan, _ in there if step == least}
    # What the scan says plainly is no repair. A repair is taken only when no other reading is confirmed as well, but
    # for one that the scan itself speaks against.
    is_plain = least == CERTAIN and readings.left == 1
    agreeing = [(step, scan) for step, scan, agrees in there if agrees and (key_of(scan) in first or not is_plain)]
    agreeing = [(step, scan) for step, scan in agreeing if step < FAR] or agreeing
    # A serial that is read plainly and on record must not have its lot rewritten by a guess.
    is_guess = least == CERTAIN and bool(agreeing) and agreeing[0][0] > CASE
    if len({key_of(scan) for _, scan in agreeing}) == 1 and key_of(agreeing[0][1]) in first and not is_guess:
        return Choice(agreeing[0][1], is_known=True)
    ambiguous = Choice(msgspec.structs.replace(readings.plain, fault=AMBIGUOUS), is_known=False)
    # A pack that the scan names with less guessing is never passed over for one that fits better.
    if any(agrees for _, _, agrees in there):
        return ambiguous
    if least > EXTRAS:
        return Choice(readings.plain, is_known=False)  # a guess that the record contradicts is not confirmed
    if any(step == least and _is_of_keyboard(scan, known[key_of(scan)]) for step, scan, _ in there):
        return ambiguous
    is_one = len(first) == 1 and (readings.left == 1 or (least == CERTAIN and len(first | _keys(there)) == 1))
    return Choice(there[0][1], is_known=True) if is_one else ambiguous


def _keys(there: Sequence[tuple[int, Scan, bool]]) -> set[Key]:
    return {key_of(scan) for _, scan, _ in there}


def _is_of_keyboard(scan: Scan, stated: tuple[str, str]) -> bool:
    """Tell whether a keyboard of another country makes the scanned lot of the one on record, and leaves the serial."""
    lot, _ = stated
    if not lot or not scan.lot or scan.lot.lower() == lot.lower():
        return False  # of Caps Lock the verdict tells
    arrived = f"{_DIGITS}{scan.serial}{scan.lot}"
    serials, lots = (scan.serial, scan.serial.swapcase()), (lot, lot.swapcase())
    return any(keyboard.explains(f"{_DIGITS}{one}{other}", arrived) for one in serials for other in lots)


def _agrees(scan: Scan, stated: tuple[str, str]) -> bool:
    """Tell whether lot and expiry are as the record states them, as far as it does."""
    lot, expiry = stated
    return (not lot or scan.lot == lot) and (not expiry or expiry in (scan.yymmdd, scan.expiry))
