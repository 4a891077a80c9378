"""AIM symbology identifiers: the three characters with which a scanner says which kind of symbol it read.

Source: ISO/IEC 15424 (``]``, code character, modifier); GS1 General Specifications, section 5 (which of them
carry GS1 data).
"""

from __future__ import annotations

import re

LENGTH = 3
# Symbols whose first character is FNC1: they carry GS1 element strings and nothing else.
GS1 = frozenset({"]C1", "]d2", "]d5", "]e0", "]e1", "]e2", "]Q3", "]Q4", "]J1", "]J4"})
# With ECI switched on, a backslash and six digits name a character set, and are no data.
_ECI = frozenset({"]d4", "]d5", "]d6", "]Q2", "]Q4", "]Q6", "]C6", "]J3", "]J4", "]J5"})
# Symbols that hold a number of a product and never its serial.
LINEAR = frozenset("EIAFG")
NAMES = {
    "A": "Code 39",
    "B": "Telepen",
    "C": "Code 128",
    "E": "EAN/UPC",
    "F": "Codabar",
    "G": "Code 93",
    "H": "Code 11",
    "I": "ITF",
    "J": "DotCode",
    "L": "PDF417",
    "M": "MSI",
    "O": "Codablock",
    "P": "Plessey",
    "Q": "QR Code",
    "R": "Straight 2 of 5",
    "S": "Straight 2 of 5",
    "U": "MaxiCode",
    "X": "another symbology",
    "d": "Data Matrix",
    "e": "GS1 DataBar",
    "h": "Han Xin",
    "z": "Aztec",
}
_IDENTIFIER = re.compile(r"\]([A-Za-z])[0-9A-Za-z]")
_INSIDE = re.compile(r"\](?:C1|d[1-6]|e[0-3]|Q[1-6]|J[0-5]|E[0-4])")
_CHARACTER_SET = re.compile(r"\\[0-9]{6}")


def split(text: str) -> tuple[str, str]:
    """Give the symbology identifier in front of a text ("" when there is none) and the text after it."""
    found = _IDENTIFIER.match(text)
    if found is None:
        return "", text
    identifier, body = text[:LENGTH], text[LENGTH:]
    if identifier in _ECI:
        body = _CHARACTER_SET.sub("", body)
    return identifier, body


def inside(text: str) -> list[int]:
    """Give where symbology identifiers stand in a text: a scanner sends one in front of every symbol it reads."""
    return [found.start() for found in _INSIDE.finditer(text)]


def is_linear(identifier: str) -> bool:
    """Tell whether the symbol is a linear one that cannot carry a serial number."""
    return identifier[1:2] in LINEAR


def is_case_inverted(identifier: str) -> bool:
    """Tell whether it is a GS1 symbol's identifier in the other case: a sign that Caps Lock is on."""
    return identifier not in GS1 and identifier.swapcase() in GS1
