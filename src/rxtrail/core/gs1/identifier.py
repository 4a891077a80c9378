"""What a canonical identifier is made of: the GS1 keys with their lengths, check digits and serial parts.

Source: GS1 General Specifications, section 3 (formats); CBV 2.0, section 8.2 (which parts identify).
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from rxtrail.core.gs1 import charsets, check_digit

if TYPE_CHECKING:
    from collections.abc import Mapping


class Identifier(msgspec.Struct, frozen=True, gc=False):
    """One identifier: ``key`` and ``serial`` are its meaning, ``form`` the way it was written."""

    key: str
    serial: str
    form: str = ""

    @property
    def canonical(self) -> str:
        """The Digital Link path without domain, not percent-encoded."""
        return self.key + self.serial


class Problem(NamedTuple):
    """What is wrong with an identifier; a catalogue code, and the words for it."""

    code: str
    message: str
    advice: str


# The code of what is a valid identifier, but none of GS1: worth no finding.
NOT_GS1 = "NOT_GS1"
SHOWN_LENGTH_MAX = 100


def shown(text: str) -> str:
    """Quote a text for a message; a long one only by its start."""
    return repr(text) if len(text) <= SHOWN_LENGTH_MAX else f"{text[:SHOWN_LENGTH_MAX]!r}..."


class Tail(NamedTuple):
    """A part of free length: its character set (N, X = 82, Y = 39), its greatest length, its name."""

    type: str
    length_max: int
    name: str


class Key(NamedTuple):
    """One GS1 key: fixed digits first (the check digit at ``check``), then a tail, then one qualifier."""

    name: str
    digits: int = 0
    check: int = 0
    tail: Tail | None = None
    tail_needed: bool = False
    qualifiers: Mapping[str, Tail] = MappingProxyType({})


_SERIAL_20 = Tail("X", 20, "serial")
KEYS = {
    "00": Key("SSCC", 18, 18),
    "01": Key(
        "GTIN",
        14,
        14,
        qualifiers={"21": _SERIAL_20, "235": Tail("X", 28, "serial"), "10": Tail("X", 20, "lot")},
    ),
    "253": Key("GDTI", 13, 13, Tail("X", 17, "serial")),
    "255": Key("GCN", 13, 13, Tail("N", 12, "serial")),
    "401": Key("GINC", tail=Tail("X", 30, "consignment"), tail_needed=True),
    "402": Key("GSIN", 17, 17),
    "414": Key("GLN", 13, 13, qualifiers={"254": Tail("X", 20, "extension")}),
    "415": Key("GLN", 13, 13, qualifiers={"8020": Tail("X", 25, "payment reference")}),
    "417": Key("PGLN", 13, 13),
    "8003": Key("GRAI", 14, 14, Tail("X", 16, "serial")),
    "8004": Key("GIAI", tail=Tail("X", 30, "asset"), tail_needed=True),
    "8006": Key("ITIP", 18, 14, qualifiers={"21": _SERIAL_20}),
    "8010": Key("CPI", tail=Tail("Y", 30, "component"), tail_needed=True, qualifiers={"8011": Tail("N", 12, "serial")}),
    "8013": Key("GMN", tail=Tail("X", 25, "model"), tail_needed=True),
    "8017": Key("GSRN", 18, 18),
    "8018": Key("GSRN", 18, 18),
}
_CHECK_CODES = {
    "00": "INVALID_SSCC_CHECK_DIGIT",
    "01": "INVALID_GTIN_CHECK_DIGIT",
    "8006": "INVALID_GTIN_CHECK_DIGIT",
    "414": "INVALID_GLN_CHECK_DIGIT",
    "415": "INVALID_GLN_CHECK_DIGIT",
    "417": "INVALID_GLN_CHECK_DIGIT",
}

# How a canonical path starts: the key's AI, a slash, and at least one character.
_PATH = re.compile("(" + "|".join(KEYS) + ")/(.+)", re.DOTALL)


def assemble(ai: str, value: str, qualifier: str = "", part: str = "") -> tuple[str, str, Problem | None]:
    """Give key and serial of a GS1 key with one optional qualifier, and what is odd about it.

    The key is empty when the value cannot be this key at all: too short, letters for digits, control
    characters.
    """
    key = KEYS[ai]
    if qualifier == "254" and part == "0":
        qualifier = part = ""  # TDS 2.0 §6.3.3: extension 0 is a GLN without extension
    tail = value[key.digits :]
    if not (len(value) >= key.digits and charsets.ALL_DIGITS.fullmatch(value[: key.digits])):
        return "", "", _unreadable(f"{key.name} (AI {ai}) starts with {key.digits} digits: {shown(value)}")
    if tail and key.tail is None:
        return "", "", _unreadable(f"{key.name} (AI {ai}) has exactly {key.digits} digits: {shown(value)}")
    if key.tail_needed and not tail:
        return "", "", _unreadable(f"{key.name} (AI {ai}) is empty")
    if qualifier and not part:
        return "", "", _unreadable(f"the {key.qualifiers[qualifier].name} (AI {qualifier}) is empty")
    if charsets.has_control(value) or charsets.has_control(part):
        return (
            "",
            "",
            Problem(
                "SERIAL_CHARACTER",
                f"a control character in {shown(value + part)}",
                "Ask the sender to correct it.",
            ),
        )
    problem = None
    if ai == "8003" and value[0] != "0":
        problem = Problem(
            "INVALID_GRAI", f"a GRAI starts with 0: {shown(value)}", "Ask the sender to correct the number."
        )
    if qualifier:
        problem = _of_tail(key.qualifiers[qualifier], part) or problem
    if key.tail is not None and tail:
        problem = _of_tail(key.tail, tail) or problem
    if key.check and not check_digit.is_valid(value[: key.check]):
        wanted = check_digit.check_digit(value[: key.check - 1])
        problem = Problem(
            _CHECK_CODES.get(ai, "INVALID_CHECK_DIGIT"),
            f"{key.name} {value[: key.check]} ends in the wrong check digit: {wanted} would fit",
            "One digit was misread or mistyped; compare with the label.",
        )
    if qualifier:
        return f"{ai}/{value}/{qualifier}/", part, problem
    return f"{ai}/", value, problem


def split(canonical: str) -> tuple[str, str, str, str] | None:
    """Take a canonical path apart: AI, value, qualifier AI (or ""), its value; None when it is not one."""
    match = _PATH.fullmatch(canonical)
    if match is None:
        return None
    ai, rest = match[1], match[2]
    key = KEYS[ai]
    if key.tail is None:
        value, slash, more = rest.partition("/")
    elif "8011" in key.qualifiers:
        # A component number may hold a slash, its serial may not; so the last "/8011/" is the border.
        value, slash, more = rest.rpartition("/8011/")
        if not slash:
            return ai, rest, "", ""
        return ai, value, "8011", more
    else:
        return ai, rest, "", ""
    if not slash:
        return ai, value, "", ""
    qualifier, slash, part = more.partition("/")
    return (ai, value, qualifier, part) if slash and qualifier in key.qualifiers else None


def _of_tail(tail: Tail, text: str) -> Problem | None:
    code = "LOT" if tail.name == "lot" else "SERIAL"
    if not charsets.BY_TYPE[tail.type].fullmatch(text):
        return Problem(
            f"{code}_CHARACTER",
            f"the {tail.name} {shown(text)} holds a character that GS1 does not allow in it",
            "Kept as written; ask the sender which number is on the pack.",
        )
    if len(text) > tail.length_max:
        return Problem(
            f"{code}_TOO_LONG",
            f"the {tail.name} {shown(text)} has {len(text)} characters; GS1 allows {tail.length_max}",
            "Kept as written; ask the sender which number is on the pack.",
        )
    return None


def _unreadable(message: str) -> Problem:
    return Problem("INVALID_EPC_URI", message, "Kept as written; ask the sender to correct the identifier.")
