"""Near misses: what a person or a scanner most likely got wrong when the record does not know a serial, lot or date.

Most alarms of a verification system are typing errors and scanners; they are told as such, with the likely cause, so
that red keeps its meaning. Only to sites that have proved who they are, and never with the value on record: who
guesses serials must learn nothing from it. Pure: the record is asked once for all candidates, by the caller.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CANDIDATES_MAX = 2_000
SERIAL_LENGTH_MAX = 20  # AI 21, GS1 General Specifications 3.3.2
# Characters that eyes and fonts take for each other.
LOOK_ALIKE = ("O0Q", "I1l", "S5", "B8", "Z2", "3E", "G6", "UV")
_ALIKE = {
    character: "".join(group.replace(character, "") for group in LOOK_ALIKE if character in group)
    for character in sorted(set("".join(LOOK_ALIKE)))
}
_DIGITS = "0123456789"
_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

CASE = "Upper and lower case are changed: most likely Caps Lock or the scanner's setting."
ALIKE = "Characters that look alike, such as O and 0, are exchanged: most likely it was typed."
TAIL = "The number of the linear code is appended: most likely two codes were scanned as one."
ONE_OFF = "One character differs from a pack of the same lot: most likely a typing error."
DAY_FIRST = "Day and year of the expiry date are exchanged: most likely it was typed day first."
LOT_ONE_OFF = "The lot differs in one character: most likely a typing error."


def candidates(gtin: str, serial: str) -> dict[str, str]:
    """Give the serials that may have been meant, the likeliest cause first, each with what would have been wrong."""
    found: dict[str, str] = {}
    for text, cause in _likely(gtin, serial):
        if text != serial and 0 < len(text) <= SERIAL_LENGTH_MAX:
            found.setdefault(text, cause)
    known = {**found, **dict.fromkeys(_one_off(serial), ONE_OFF), **found}
    known.pop(serial, None)
    known.pop("", None)
    return known if len(known) <= CANDIDATES_MAX else dict(itertools.islice(known.items(), CANDIDATES_MAX))


def _likely(gtin: str, serial: str) -> Iterator[tuple[str, str]]:
    for tail in (gtin, gtin[1:], gtin[2:]):
        if serial.endswith(tail) and len(serial) > len(tail):
            yield serial[: -len(tail)], TAIL
    for text in (serial.swapcase(), serial.upper(), serial.lower()):
        yield text, CASE
    alike = [index for index, character in enumerate(serial) if character in _ALIKE]
    for index in alike:
        for character in _ALIKE[serial[index]]:
            yield serial[:index] + character + serial[index + 1 :], ALIKE
    if alike:
        for group in LOOK_ALIKE:
            for character in group:
                yield "".join(character if each in group else each for each in serial), ALIKE


def _one_off(serial: str) -> list[str]:
    """Give the serials that one slip of the finger makes of one; long ones get no longer."""
    length = len(serial)
    heads = [serial[:index] for index in range(length + 1)]
    rests = [serial[index:] for index in range(length + 1)]
    texts = [heads[index] + serial[index + 1] + serial[index] + rests[index + 2] for index in range(length - 1)]
    texts += [heads[index] + rests[index + 1] for index in range(length)]
    alphabet = _alphabet(serial)
    for index in range(length):
        head, rest = heads[index], rests[index + 1]
        texts += [head + character + rest for character in alphabet]
    if length < SERIAL_LENGTH_MAX:
        for head, rest in zip(heads, rests, strict=True):
            texts += [head + character + rest for character in alphabet]
    return texts


def _alphabet(serial: str) -> str:
    """Give the characters that a maker who writes such serials uses."""
    if serial.isdecimal():
        return _DIGITS
    return _DIGITS + (_CAPITALS if serial.upper() == serial else _CAPITALS + _CAPITALS.lower())


def cause_of(scanned_lot: str, asked: Mapping[str, str], lots: Mapping[str, str]) -> str:
    """Give the likely cause: of the likeliest candidate that is on record with the scanned lot; "" without one.

    ``asked`` are the candidates, each with its cause.

    ``lots`` gives the lot of each candidate serial that is on record.
    """
    if not scanned_lot:
        return ""
    return next((cause for serial, cause in asked.items() if lots.get(serial) == scanned_lot), "")


def cause_of_lot(scanned: str, recorded: str) -> str:
    """Give the likely cause of a lot that differs from the record, or an empty string."""
    if scanned.casefold() == recorded.casefold():
        return CASE
    if _plain(scanned) == _plain(recorded):
        return ALIKE
    return LOT_ONE_OFF if one_apart(scanned, recorded) else ""


def cause_of_expiry(scanned: str, recorded: str) -> str:
    """Give the likely cause of an expiry (ISO dates) that differs from the record, or an empty string."""
    year, month, day = scanned.split("-")
    return DAY_FIRST if recorded == f"{year[:2]}{day}-{month}-{year[2:]}" else ""


def one_apart(one: str, other: str) -> bool:
    """Tell whether two texts differ by one character put in, left out, changed, or by two neighbours exchanged."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    one, other = one[start:], other[start:]
    if len(one) == len(other):
        return one[1:] == other[1:] or (one[:2] == other[1::-1] and one[2:] == other[2:])
    return one[1:] == other or one == other[1:]


def _plain(text: str) -> str:
    """Write look-alike characters as the first of their kind."""
    for group in LOOK_ALIKE:
        for character in group[1:]:
            text = text.replace(character, group[0])
    return text
