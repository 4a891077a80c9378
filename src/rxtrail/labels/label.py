"""What stands on a label: the data of a pack or a logistic unit, judged before anything is drawn.

Sources: GS1 General Specifications, sections 3 (AIs 00, 01, 10, 17, 21), 4.14 (human readable interpretation) and
7.9 (check digits).
"""

from __future__ import annotations

import msgspec

from rxtrail.core.gs1 import content
from rxtrail.core.gs1.digital_link import GTIN_LENGTHS
from rxtrail.core.gs1.keyboard_profile import CALIBRATION_TEXT, GS
from rxtrail.errors import BadRequest
from rxtrail.labels.symbol import Symbol, datamatrix, gs1_128


class Label(msgspec.Struct, frozen=True):
    """A symbol and the lines that people read beside it."""

    symbol: Symbol
    lines: list[str]
    module_mm: float  # the width of a module (X-dimension)
    bar_mm: float = 0.0  # the height of the bars of a linear symbol
    text_mm: float = 2.2  # the height of the letters


# GS1 General Specifications, section 5.12.3: the target X-dimension of medicines, and the smallest one and the
# height of a symbol on a logistic unit.
PACK_MODULE_MM, UNIT_MODULE_MM, UNIT_BAR_MM, UNIT_TEXT_MM = 0.38, 0.495, 31.75, 4.5
CALIBRATION_MODULE_MM = 1.2  # seen from the counter by any scanner
_NAMES = {"00": "SSCC", "01": "GTIN", "21": "serial", "10": "lot", "17": "expiry"}
_ADVICE = {
    "00": "An SSCC has 18 digits, the last of them its check digit.",
    "01": "A GTIN has 8, 12, 13 or 14 digits, the last of them its check digit.",
    "17": "Give the date as YYMMDD; day 00 is the end of the month.",
}
_TEXT_ADVICE = "It has 1 to 20 characters of GS1 set 82: no blanks and no accents."


def pack_label(gtin: str, serial: str, lot: str, expiry: str) -> Label:
    """Make the label of a pack: GS1 DataMatrix with GTIN, serial, expiry (YYMMDD) and lot.

    :raises BadRequest: one of them may not stand in a symbol.
    """
    gtin = gtin.zfill(14) if len(gtin) in GTIN_LENGTHS else gtin
    elements = [("01", gtin), ("21", serial), ("17", expiry), ("10", lot)]
    return Label(datamatrix(_judged(elements)), _lines(elements), PACK_MODULE_MM)


def sscc_label(sscc: str) -> Label:
    """Make the label of a logistic unit: GS1-128 with its SSCC.

    :raises BadRequest: the SSCC is none.
    """
    elements = _judged([("00", sscc)])
    return Label(gs1_128(elements), _lines(elements), UNIT_MODULE_MM, UNIT_BAR_MM, UNIT_TEXT_MM)


def calibration_label() -> Label:
    """Make the symbol by which a scanning station is calibrated: every character of GS1 set 82, and FNC1."""
    parts = [(part[:2], part[2:]) for part in CALIBRATION_TEXT.split(GS)]
    symbol = datamatrix(_judged(parts))
    assert symbol.text == CALIBRATION_TEXT, symbol.text
    return Label(symbol, [], CALIBRATION_MODULE_MM)


def _judged(elements: list[tuple[str, str]]) -> list[tuple[str, str]]:
    for ai, value in elements:
        fault = content.fault_of(ai, value)
        if fault:
            name = _NAMES.get(ai, ai)
            raise BadRequest(
                f"{value[:40]!r} is no {name} ({fault.lower().replace('_', ' ')}).",
                place=name.lower(),
                advice=_ADVICE.get(ai, _TEXT_ADVICE),
            )
    return elements


def _lines(elements: list[tuple[str, str]]) -> list[str]:
    return [f"({ai}) {value}" for ai, value in elements]
