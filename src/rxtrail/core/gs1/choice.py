"""Which of the readings of a scan is right: the one that the record knows, and never one of two.

Pure: what the record knows of the candidates is given, from one question to it. A plain reading that the record
knows needs no repair and is taken. Every other reading is a repair, and is taken only when the record knows one
pack among all of them; what the record tells of lot and expiry then decides between readings of that pack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from rxtrail.core.gs1.repairs import CASE, CERTAIN
from rxtrail.core.gs1.scan_value import AMBIGUOUS, Scan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rxtrail.core.gs1.readings import Readings

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
    # A serial that is read plainly and on record must not have its lot rewritten by a guess.
    certain = least == CERTAIN
    agreeing = [
        scan for step, scan, agrees in there if agrees and key_of(scan) in first and not (certain and step > CASE)
    ]
    if len({key_of(scan) for scan in agreeing}) == 1:
        return Choice(agreeing[0], is_known=True)
    # A pack that the scan names with less guessing is never passed over for one that fits better.
    fits_another = any(agrees for _, scan, agrees in there if key_of(scan) not in first)
    is_plain = least == CERTAIN and readings.left == 1
    if len(first) == 1 and not fits_another and (is_plain or len({key_of(scan) for _, scan, _ in there}) == 1):
        return Choice(there[0][1], is_known=True)
    return Choice(msgspec.structs.replace(readings.plain, fault=AMBIGUOUS), is_known=False)


def _agrees(scan: Scan, stated: tuple[str, str]) -> bool:
    """Tell whether lot and expiry are as the record states them, as far as it does."""
    lot, expiry = stated
    return (not lot or scan.lot == lot) and (not expiry or expiry in (scan.yymmdd, scan.expiry))
