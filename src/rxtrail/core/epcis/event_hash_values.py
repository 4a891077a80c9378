"""How a single value stands in the pre-hash string of an event: numbers, times, words and identifiers.

Source: CBV 2.0 (GS1, 2022), section 8.9.2: no surrounding blanks, no trailing zeros, times in UTC with
milliseconds, vocabulary as GS1 Web URIs, identifiers as constrained canonical GS1 Digital Link URIs.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache, wraps
from typing import TYPE_CHECKING
from urllib.parse import quote

from rxtrail.core.epcis import times
from rxtrail.core.gs1 import epc
from rxtrail.core.gs1.identifier import split

if TYPE_CHECKING:
    from collections.abc import Callable

DIGITAL_LINK = "https://id.gs1.org/"
VOC = "https://gs1.org/voc/"
CBV = "https://ref.gs1.org/cbv/"
BIZ_STEP = CBV + "BizStep-"
DISPOSITION = CBV + "Disp-"
TRANSACTION_TYPE = CBV + "BTT-"
PARTY_TYPE = CBV + "SDT-"
COMPONENT = CBV + "Comp-"

# Rule 14: the vocabulary of CBV 1.x in its URN form.
_URNS = (
    ("urn:epcglobal:cbv:bizstep:", BIZ_STEP),
    ("urn:epcglobal:cbv:disp:", DISPOSITION),
    ("urn:epcglobal:cbv:btt:", TRANSACTION_TYPE),
    ("urn:epcglobal:cbv:sdt:", PARTY_TYPE),
    ("urn:epcglobal:cbv:er:", CBV + "ER-"),
)
# Rule 15: the three prefixes that the standard itself gives a meaning.
_CURIES = (("cbv:", CBV), ("gs1:", VOC), ("epcis:", "https://ref.gs1.org/epcis/"))
_IDENTIFIERS = ("urn:epc:", "http://", "https://")

# What XML Schema and JSON both call a number; float() alone would also take "1_0", "nan" and "infinity".
# Nothing is given back once taken (++), so a megabyte of digits costs a megabyte of steps.
_NUMBER = re.compile(r"[+-]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?")
_WHOLE = re.compile(r"([+-]?)([0-9]++)(?:\.0*+)?")
_TEXTS_REMEMBERED = 8192
_REMEMBERED_CHARACTERS_MAX = 256
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# GS1 Digital Link 1.2, table 7-1; an EPC URN escapes the others of set 82 (" % & / < > ?) itself. LF stands
# between the serials of a list that is escaped at once; no identifier holds one.
UNSAFE = re.compile(r"[^-\n'.0-9;=A-Z_a-z]")
_ESCAPES = {code: f"%{code:02X}" for code in range(128) if UNSAFE.match(chr(code))}


def _remembered(write: Callable[[str], str]) -> Callable[[str], str]:
    """Remember the latest answers: events name the same places and words again and again."""
    remembering = lru_cache(maxsize=_TEXTS_REMEMBERED)(write)

    @wraps(write)
    def answer(written: str) -> str:
        return remembering(written) if len(written) <= _REMEMBERED_CHARACTERS_MAX else write(written)

    return answer


@_remembered
def of_text(written: str) -> str:
    """Give a text in its canonical form: a number, a vocabulary URI, an identifier, or itself."""
    stripped = written.strip()
    for start, full in _CURIES + _URNS:
        if stripped.startswith(start):
            return full + stripped[len(start) :]
    if stripped.startswith(_IDENTIFIERS):
        canonical = epc.canonical(stripped)
        return stripped if canonical == stripped else identifier(canonical)
    return number(stripped)


@_remembered
def identifier(value: str) -> str:
    """Write a canonical identifier as a Digital Link URI (rules 17 and 18), anything else as any text."""
    parts = split(value)
    if parts is None:
        return of_text(value)
    ai, key, qualifier, serial = parts
    link = f"{DIGITAL_LINK}{ai}/{escape(key)}"
    return f"{link}/{qualifier}/{escape(serial)}" if qualifier else link


def text(value: object) -> str:
    """Give any plain value in its canonical form; the same for a JSON value and for its XML text."""
    if value is True or value is False:
        return "true" if value else "false"
    return of_text(value) if isinstance(value, str) else number(str(value))


def number(written: str) -> str:
    """Drop what a number does not need (rule 6); any other text stays as it is.

    A whole number of any length stays exact, so two different numbers never become one. A fraction is read as
    JSON readers read it, so it may come from XML or JSON.
    """
    whole = _WHOLE.fullmatch(written)
    if whole is not None:
        digits = whole[2].lstrip("0") or "0"
        return "-" + digits if whole[1] == "-" and digits != "0" else digits
    if _NUMBER.fullmatch(written) is None:
        return written
    value = float(written)
    if not math.isfinite(value):
        return written
    return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")


def instant(microseconds: int) -> str:
    """Write a time in UTC with milliseconds, a half rounded up (rules 8 and 9)."""
    try:
        rounded = _EPOCH + timedelta(milliseconds=(microseconds + 500) // 1000)
    except OverflowError:
        # A zone can push a time out of the years 1 to 9999; the number is then its only name.
        return str(microseconds)
    return rounded.isoformat(timespec="milliseconds")[:-6] + "Z"


def time(value: object) -> str:
    """Write the text of an XML Schema dateTime as ``instant`` does; what is no time stays as it is."""
    written = str(value).strip()
    read = times.instant(written)
    return written if read is None else instant(read[0])


def word(value: str, start: str) -> str:
    """Write a short name of the CBV as its Web URI (rule 16); anything else as any text."""
    return start + value if value and ":" not in value else of_text(value)


def escape(part: str) -> str:
    """Percent-encode a serial, lot or reference, or many with LF between them, octet by octet."""
    return part.translate(_ESCAPES) if part.isascii() else UNSAFE.sub(_octets, part)


def _octets(match: re.Match[str]) -> str:
    character = match[0]
    return f"%{ord(character):02X}" if character <= "\xff" else quote(character)
