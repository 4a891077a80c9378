"""Everything a scan may mean, the likeliest first: for the record to choose from.

``scan`` gives the one reading that leaves no doubt. Field faults leave doubt: a lost separator, Caps Lock, a
keyboard of another country, the linear code read along. Each gives possible readings here, and each says what was
repaired. None of them may be taken for what stands on the pack unless the record knows that pack, and only that
one among them. Codes of two different packs, and other barcodes, are named and have no reading.
"""

from __future__ import annotations

import collections

import msgspec

from rxtrail.core.gs1 import charsets, ifa, keyboard, lattice, repeats, symbology, wrong_barcode
from rxtrail.core.gs1.lattice import Budget
from rxtrail.core.gs1.repairs import (
    CASE,
    CASE_INVERTED,
    CERTAIN,
    EXTRAS,
    FAR,
    GUESS,
    LAYOUT,
    SPLIT,
    has_tail,
    repaired,
    tails,
)
from rxtrail.core.gs1.scan import read_one, read_scan
from rxtrail.core.gs1.scan_noise import NOISE_REMOVED, without_noise
from rxtrail.core.gs1.scan_value import (
    AMBIGUOUS,
    BAD_CHECK_DIGIT,
    LINEAR_CODE,
    NOT_SERIALISED,
    REPEATED_SCAN,
    SCANNER_FAULT,
    SERIAL_LENGTH_MAX,
    TEXT_LENGTH_MAX,
    TWO_CODES,
    TWO_VALUES,
    WRONG_BARCODE,
    Scan,
)

READINGS_MAX = 16
BODY_LENGTH_MAX = 200  # of one scan that is repaired; the code of a pack with a crypto tail has about 130 characters

UPPER_CASED, LOWER_CASED = "upper-cased", "lower-cased"

_LAYOUT_READINGS_MAX = 8
_LAYOUTS_MAX = 12  # readings of other layouts that are looked into
_SWAPPED_MAX = 4  # readings of other layouts of a text that reads plainly
_LAYOUTS_SPLIT_MAX = 4  # of these, readings whose separators are looked for
_TWINS_MAX = 6  # readings that are turned to the other case
_SHORT = 24  # a linear code is not longer
_LETTER_SWAPS = (
    ("letters-of-qwertz", str.maketrans("yzYZ", "zyZY")),
    ("letters-of-azerty", str.maketrans("aqzwAQZW", "qawzQAWZ")),
)


class Readings(msgspec.Struct, frozen=True, gc=False):
    """What a scan may mean."""

    raw: str
    plain: Scan  # what it says without a guess; judged when the record knows none of the candidates
    candidates: list[Scan]  # at most READINGS_MAX, likeliest first, none with a fault; the plain one first
    steps: list[int]  # how much each of them is guessed: CERTAIN, SPLIT, EXTRAS, CASE, LAYOUT, GUESS or FAR
    left: int  # so many of the first candidates are equally good as long as no record is asked
    fault: str  # "" when one is left, ``ambiguous-scan`` when several are, else what is wrong with the scan

    @property
    def only(self) -> Scan | None:
        """The reading that is left without asking a record; None when it is not one."""
        return self.candidates[0] if self.left == 1 else None


def readings(text: str | bytes, *, this_year: int, guesses: bool = True, plain: Scan | None = None) -> Readings:
    """Read any text or bytes to the readings it may have; never raises.

    ``this_year`` is the year of the century window of dates (GS1 General Specifications, section 7.12). With
    ``guesses`` off, a text that reads without a guess is not read in another case or on another keyboard too.
    ``plain`` is what :func:`read_scan` made of the very text, where that is known already.
    """
    if isinstance(text, bytes):
        text = _decoded(text)
    plain = read_scan(text, this_year=this_year) if plain is None else plain
    if plain.kind in (TWO_CODES, TWO_VALUES) or len(text) > TEXT_LENGTH_MAX:
        return Readings(plain.raw, plain, [], [], 0, plain.fault)
    found = _Found(plain)
    body, repairs = _one_scan(text)
    if not plain.fault:
        found.add(plain, CERTAIN)
    elif found.is_contested:
        found.add(msgspec.structs.replace(plain, fault=""), CERTAIN)
    if not plain.fault and NOISE_REMOVED in repairs and NOISE_REMOVED not in plain.repairs:
        # What a device appends may be made of characters that GS1 data hold too.
        bare = read_one(text, body, repairs, this_year)
        found.add(bare, SPLIT)
        found.is_contested |= not bare.fault
    if len(body) > BODY_LENGTH_MAX:
        return found.result()
    if plain.fault or not _is_whole(plain):
        for reading, doubt in repaired(text, body, repairs, this_year, found.budget):
            found.add(reading, doubt)
    elif has_tail(body, plain):
        for reading, doubt in tails(text, body, repairs, this_year, found.budget):
            found.add(reading, doubt)
            found.is_contested |= not reading.fault
    if guesses or not found.is_certain:
        _add_case_twins(found)
        _add_layouts(found, text, body, this_year)
    return found.result()


class _Found:
    """The readings found so far, each once, with the least doubt that led to it."""

    def __init__(self, plain: Scan) -> None:
        self.plain = plain
        self.readings: dict[tuple[str, ...], tuple[int, int, Scan]] = {}
        self.is_contested = plain.fault == AMBIGUOUS and _is_possible(plain)
        self.unserialised: dict[str, Scan] = {}
        self.budget = Budget()

    @property
    def is_certain(self) -> bool:
        """Tell whether a reading without a guess was found, and nothing speaks against it."""
        return not self.is_contested and any(doubt == CERTAIN for doubt, _, _ in self.readings.values())

    def add(self, reading: Scan, doubt: int) -> None:
        """Keep a reading that names one pack or one container without a fault."""
        if reading.fault == NOT_SERIALISED and doubt <= SPLIT:
            self.unserialised.setdefault(reading.reading, reading)
        if reading.fault or not (reading.serial or reading.sscc):
            return
        key = (reading.product, reading.serial, reading.lot, reading.yymmdd, reading.sscc)
        known = self.readings.get(key)
        if known is None or doubt < known[0]:
            self.readings[key] = (doubt, len(self.readings) if known is None else known[1], reading)

    def best(self) -> list[tuple[int, int, Scan]]:
        return sorted(self.readings.values(), key=lambda kept: kept[:2])

    def result(self) -> Readings:
        best = self.best()[:READINGS_MAX]
        candidates = [reading for _, _, reading in best]
        left = 0
        if best and best[0][0] < GUESS:
            worst = SPLIT if self.is_contested and best[0][0] == CERTAIN else best[0][0]
            left = sum(1 for doubt, _, _ in best if doubt <= worst)
        fault = "" if left == 1 else AMBIGUOUS if left else self.plain.fault
        if left == 1 and self.is_contested and not self.plain.serial:
            fault, left = AMBIGUOUS, 0  # the plain reading, without a serial, is possible too
        if not best and len(self.unserialised) == 1 and self.plain.fault in (WRONG_BARCODE, SCANNER_FAULT):
            self.plain = next(iter(self.unserialised.values()))
            fault = self.plain.fault
        steps = [doubt for doubt, _, _ in best]
        return Readings(self.plain.raw, self.plain, candidates, steps, left, fault)


def _decoded(octets: bytes) -> str:
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")  # a serial scanner sends octets; every octet is a character


def _one_scan(text: str) -> tuple[str, list[str]]:
    """Give the text of one scan without noise, when the field holds it once or several times."""
    body, repairs = without_noise(text)
    parts = list(dict.fromkeys(repeats.separate(body)))
    if len(parts) == 1 and parts[0] != body:
        return parts[0], [*repairs, REPEATED_SCAN]
    return body, repairs


def _is_possible(reading: Scan) -> bool:
    """Tell whether serial and lot are such as GS1 allows, so that the text may mean just what it says."""
    return all(
        len(value) <= SERIAL_LENGTH_MAX and charsets.ALL_82.fullmatch(value) for value in (reading.serial, reading.lot)
    )


def _is_whole(reading: Scan) -> bool:
    return bool(reading.sscc or (reading.serial and reading.lot and reading.yymmdd))


# -- Caps Lock and keyboards ----------------------------------------------------------------------------------------


def _add_case_twins(found: _Found) -> None:
    """Add the readings that Caps Lock, or a scanner set to one case, would have made into the first ones."""
    for place, (doubt, _, reading) in enumerate(found.best()[:_TWINS_MAX]):
        said = reading.serial + reading.lot
        if said.upper() == said.lower():
            continue
        if place > 1 and doubt > EXTRAS:
            break
        inverted = symbology.is_case_inverted(reading.symbology)
        for name, turn in ((CASE_INVERTED, str.swapcase), (UPPER_CASED, str.upper), (LOWER_CASED, str.lower)):
            if (name == UPPER_CASED and said != said.lower()) or (name == LOWER_CASED and said != said.upper()):
                continue  # one case only is what such a scanner sends
            twin = _turned(reading, turn(reading.serial), turn(reading.lot), name)
            # An identifier in the right case speaks against Caps Lock.
            is_near = name == CASE_INVERTED and (doubt == CERTAIN or reading.symbology not in symbology.GS1)
            step = CASE if is_near and doubt <= EXTRAS else FAR
            # A symbology identifier in the wrong case shows that Caps Lock was on: then both are as likely.
            found.add(twin, doubt if inverted and step == CASE else step)
            found.is_contested |= inverted


def _turned(reading: Scan, serial: str, lot: str, name: str) -> Scan:
    marks = (ifa.SERIAL, ifa.LOT) if reading.ppn else ("21", "10")
    shown = reading.reading
    for mark, old, new in ((marks[0], reading.serial, serial), (marks[1], reading.lot, lot)):
        shown = shown.replace(f"({mark}){old}", f"({mark}){new}", 1)
    return msgspec.structs.replace(reading, serial=serial, lot=lot, reading=shown, repairs=[*reading.repairs, name])


def _add_layouts(found: _Found, text: str, body: str, this_year: int) -> None:
    """Add the readings of a keyboard of another country than the scanner is set to."""
    if found.is_certain:
        _add_letter_swaps(found)
        if LINEAR_CODE in found.plain.repairs:
            return  # two codes came through as they are
        # The layout of a country is met more often than a variant of it, which is named in brackets.
        swapped = sorted(keyboard.swapped_readings(body), key=lambda layout: "(" in layout.layout)
        for layout in swapped[:_SWAPPED_MAX]:
            _add_layout(found, text, layout, this_year, step=LAYOUT, splits=False)
        return
    if any(doubt <= EXTRAS for doubt, _, _ in found.readings.values()):
        _add_letter_swaps(found)
        return  # the grammar explains the rest
    # A code that reads but for a character, with no sign of where it came from, may as well be printed wrong.
    step = GUESS if found.plain.reading and not found.plain.symbology else LAYOUT
    splits_left = _LAYOUTS_SPLIT_MAX
    for layout in _in_turn(keyboard.layout_readings(body))[:_LAYOUTS_MAX]:
        if not lattice.charge(symbology.split(layout.text)[1], found.budget):
            break
        splits_left -= _add_layout(found, text, layout, this_year, step=step, splits=splits_left > 0)
        if len(found.readings) >= _LAYOUT_READINGS_MAX:
            break
    if not found.readings and found.plain.kind in ("text", "linear", "digits") and len(body) <= _SHORT:
        found.plain = _named(found.plain, body)


def _in_turn(layouts: list[keyboard.LayoutReading]) -> list[keyboard.LayoutReading]:
    """Put the likeliest reading of each layout before the second one of any."""
    seen: collections.Counter[str] = collections.Counter()
    turns = []
    for layout in layouts:
        turns.append(seen[layout.layout])
        seen[layout.layout] += 1
    return [layout for _, layout in sorted(zip(turns, layouts, strict=True), key=lambda turn: turn[0])]


def _add_letter_swaps(found: _Found) -> None:
    """Add what a QWERTZ or AZERTY keyboard makes of the letters alone, when digits and marks come from elsewhere."""
    reading = found.best()[0][2]
    for name, table in _LETTER_SWAPS:
        serial, lot = reading.serial.translate(table), reading.lot.translate(table)
        if (serial, lot) != (reading.serial, reading.lot):
            found.add(_turned(reading, serial, lot, name), LAYOUT)


def _add_layout(
    found: _Found, text: str, layout: keyboard.LayoutReading, this_year: int, *, step: int, splits: bool
) -> bool:
    """Add what one layout makes of the text; tell whether its separators had to be looked for."""
    reading = read_scan(layout.text, this_year=this_year)
    if not reading.fault:
        found.add(_of_layout(reading, text, layout), step)
        if has_tail(layout.text, reading):
            for shorter, _ in tails(layout.text, *_one_scan(layout.text), this_year, found.budget):
                found.add(_of_layout(shorter, text, layout), step)
        return False
    if not splits or reading.fault in (WRONG_BARCODE, BAD_CHECK_DIGIT):
        return False
    body, repairs = _one_scan(layout.text)
    for split, _ in repaired(layout.text, body, repairs, this_year, found.budget):
        found.add(_of_layout(split, text, layout), step)
    return True


def _of_layout(reading: Scan, text: str, layout: keyboard.LayoutReading) -> Scan:
    repairs = list(dict.fromkeys([*layout.repairs, *reading.repairs]))
    return msgspec.structs.replace(reading, raw=text, repairs=repairs)


def _named(plain: Scan, body: str) -> Scan:
    """Name the linear code that a text is on some layout: its digits came as other characters."""
    for layout in keyboard.loose_readings(body)[:_LAYOUTS_MAX]:
        if layout.text.isascii() and layout.text.isdecimal():
            kind = wrong_barcode.kind_of(layout.text, plain.symbology)
            if kind != "digits":
                return msgspec.structs.replace(plain, kind=kind)
    return plain
