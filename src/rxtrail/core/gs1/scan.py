"""Scanner text to what it says: the one place that reads what a scanner, a keyboard or a phone sends.

Source: GS1 General Specifications, sections 5 and 7.8 (symbology identifiers, FNC1). A text is never split on
a guess: what can be read two ways is ``ambiguous-scan``, and the fields then hold the reading that the text
literally has.
"""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from rxtrail.core.gs1 import charsets, check_digit, dates, digital_link, element_string, epc
from rxtrail.core.gs1.digital_link import GTIN_LENGTHS
from rxtrail.core.gs1.tables import TABLE
from rxtrail.errors import BadIdentifier

WRONG_BARCODE = "wrong-barcode"  # not the code that carries the product identifier
BAD_CHECK_DIGIT = "bad-check-digit"
SCANNER_FAULT = "scanner-fault"  # was GS1 data once, and arrived damaged
AMBIGUOUS = "ambiguous-scan"
NOT_SERIALISED = "not-serialised"  # GS1 data of a product, without a serial

TEXT_LENGTH_MAX = 4096  # a DataMatrix symbol holds 3,116 digits at most
SERIAL_LENGTH_MAX = 20


class Scan(msgspec.Struct, frozen=True, gc=False):
    """What one scan says; a part that it does not say is empty."""

    raw: str
    reading: str = ""  # bracketed element string
    gtin: str = ""  # 14 digits
    serial: str = ""
    lot: str = ""
    expiry: str = ""  # YYYY-MM-DD
    yymmdd: str = ""  # the expiry as the label has it
    sscc: str = ""
    other: dict[str, str] = {}  # every other AI
    symbology: str = ""  # AIM identifier such as "]d2"
    repairs: list[str] = []
    fault: str = ""  # "" or the worst of the faults above


def read_scan(text: str, *, this_year: int) -> Scan:
    """Read any text as a scan; never raises: what is wrong with it is its ``fault``."""
    match = _BRACKETED(text) if text[:1] == "(" else _CLEAN(text)
    if match is not None:
        symbology, gtin, yymmdd, lot, serial = match.groups()
        if gtin and yymmdd and lot and serial:
            expiry = _iso_date(yymmdd, this_year)
            fault = "" if _is_gtin(gtin) else BAD_CHECK_DIGIT
            if expiry:
                reading = f"(01){gtin}(21){serial}(17){yymmdd}(10){lot}"
                return Scan(text, reading, gtin, serial, lot, expiry, yymmdd, "", {}, symbology or "", [], fault)
    return _read_any(text, this_year)


# The four elements of a medicine pack in any order, each variable one ended by GS or by the end; so a match
# cannot have been split wrongly, and four repetitions that fill four groups are each element once.
_CLEAN = re.compile(
    r"(\][dQCeJ][0-9])?\x1d?"
    r"(?:01([0-9]{14})|17([0-9]{6})"
    r"|10([!\"%-?A-Z_a-z]{1,20})(?:\x1d|\Z)|21([!\"%-?A-Z_a-z]{1,20})(?:\x1d|\Z)){4}"
).fullmatch
# The same for people: between brackets no data holds "(", so no bracket can be one of the data.
_BRACKETED = re.compile(
    r"()"  # where the other pattern has the symbology
    r"(?:\(01\)([0-9]{14})|\(17\)([0-9]{6})"
    r"|\(10\)([!\"%&')-?A-Z_a-z]{1,20})|\(21\)([!\"%&')-?A-Z_a-z]{1,20})){4}"
).fullmatch
_AIM = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_GS1_SYMBOLS = ("]d2", "]C1", "]e0", "]e1", "]e2", "]Q3", "]J1")
_LINEAR_SYMBOLS = ("]E", "]I", "]A")
# Ways in which keyboards, terminals and people show the separator; but for "<GS>" they are no GS1 data.
_SHOWN_SEPARATOR = re.compile(r"<GS>|\{GS\}|\[GS\]|\^\]|\\x1d|\\u001d|\\F|\u241d|~d029|\^|~", re.IGNORECASE)
_TYPED = re.compile(r"([0-9]{8}|[0-9]{12,14})[ \t,;]+([!\"%-?A-Z_a-z]{1,20})")
_PATH_START = re.compile(r"[0-9]{2,4}/")


@lru_cache(maxsize=4096)
def _is_gtin(gtin: str) -> bool:
    return check_digit.is_valid(gtin)


@lru_cache(maxsize=4096)
def _iso_date(yymmdd: str, this_year: int) -> str:
    """Give the date as ISO text; "" when there is no such date."""
    try:
        return dates.expiry(yymmdd, this_year=this_year).isoformat()
    except BadIdentifier:
        return ""  # the caller names the fault


def _read_any(text: str, this_year: int) -> Scan:
    """Read what is not the plain code of a medicine pack; the questions go from sure to doubtful."""
    if len(text) > TEXT_LENGTH_MAX:
        return Scan(text[:TEXT_LENGTH_MAX], fault=SCANNER_FAULT)
    body = text.strip(" \t\r\n\x00")
    symbology = ""
    if _AIM.match(body):
        symbology, body = body[:3], body[3:]
    if not body:
        return Scan(text, symbology=symbology, fault=SCANNER_FAULT)
    if symbology.startswith(_LINEAR_SYMBOLS):
        return _bare(text, body.partition("|")[0], symbology) or Scan(text, symbology=symbology, fault=WRONG_BARCODE)
    if body[:8].lower().startswith(("http://", "https:/", "urn:epc:")) or _PATH_START.match(body):
        return _of_uri(text, body, symbology, this_year)
    bare = None if symbology in _GS1_SYMBOLS else _bare(text, body, symbology)
    if bare is not None:
        return bare
    typed = _TYPED.fullmatch(body)
    if typed is not None:
        return _of_elements(text, [("01", typed[1].zfill(14)), ("21", typed[2])], symbology, [], this_year)
    repairs: list[str] = []
    if element_string.FNC1 not in body:
        body, count = _SHOWN_SEPARATOR.subn(element_string.FNC1, body)
        if count:
            repairs.append("group-separator-restored")
    if body.startswith("("):
        body = body.replace(element_string.FNC1, "")
    try:
        elements = element_string.parse(body)
    except BadIdentifier:
        return _unreadable(text, body, symbology)
    return _of_elements(text, elements, symbology, repairs, this_year)


def _of_elements(
    text: str, elements: list[tuple[str, str]], symbology: str, repairs: list[str], this_year: int
) -> Scan:
    found: dict[str, str] = {}
    twice = False
    for ai, value in elements:
        twice |= found.setdefault(ai, value) != value
    other = {ai: value for ai, value in found.items() if ai not in ("00", "01", "10", "17", "21")}
    gtin, serial, lot = found.get("01", ""), found.get("21", ""), found.get("10", "")
    sscc, yymmdd = found.get("00", ""), found.get("17", "")
    damaged = _is_damaged(found)
    if gtin:
        gtin = gtin.zfill(14) if len(gtin) in GTIN_LENGTHS and charsets.ALL_DIGITS.fullmatch(gtin) else ""
        damaged |= not gtin
    if sscc and not (len(sscc) == 18 and charsets.ALL_DIGITS.fullmatch(sscc)):
        sscc, damaged = "", True
    expiry = _iso_date(yymmdd, this_year) if yymmdd else ""
    fault = ""
    if not found.keys() & {"00", "01"}:
        fault = WRONG_BARCODE
    elif twice or _hides_elements(elements, found, this_year):
        fault = AMBIGUOUS
    elif damaged or (yymmdd and not expiry):
        fault = SCANNER_FAULT
    elif (gtin and not _is_gtin(gtin)) or (sscc and not check_digit.is_valid(sscc)):
        fault = BAD_CHECK_DIGIT
    elif gtin and not serial and "235" not in found and not sscc:
        fault = NOT_SERIALISED
    order = ["00", "01", "21", "17", "10", *other]
    reading = element_string.format([(ai, found[ai]) for ai in order if ai in found])
    return Scan(text, reading, gtin, serial, lot, expiry, yymmdd, sscc, other, symbology, repairs, fault)


def _is_damaged(found: dict[str, str]) -> bool:
    """Tell whether the data of a known AI has characters or a length that GS1 does not allow in it."""
    for ai, value in found.items():
        kinds = TABLE[ai].components
        longest = sum(part.length_max for part in kinds)
        numeric = all(part.type == "N" for part in kinds)
        if len(value) > longest or not (charsets.ALL_DIGITS if numeric else charsets.ALL_82).fullmatch(value):
            return True
    return False


def _hides_elements(elements: list[tuple[str, str]], found: dict[str, str], this_year: int) -> bool:
    """Tell whether a serial or lot may have swallowed all that is missing, because a separator was lost.

    A medicine pack carries expiry, lot and serial (FDCA 582(a)(9)); when one is missing and the data of a
    variable field can be read as holding exactly the missing ones, both readings are possible.
    """
    missing = {"10", "17", "21"} - found.keys()
    if "01" not in found or not missing:
        return False
    return any(_can_hold(value, missing, this_year) for ai, value in elements if ai in ("10", "21"))


def _can_hold(value: str, missing: set[str], this_year: int) -> bool:
    """Tell whether ``value`` is some data followed by exactly the missing elements, in any order."""
    for index in range(1, len(value) - 2):
        ai = value[index : index + 2]
        if ai not in missing or index > SERIAL_LENGTH_MAX:
            continue
        rest, others = value[index + 2 :], missing - {ai}
        if ai == "17":
            if not _iso_date(rest[:6], this_year):
                continue
            if (not others and len(rest) == 6) or (others and _starts(rest[6:], others, this_year)):
                return True
        elif (not others and len(rest) <= SERIAL_LENGTH_MAX) or (others and _can_hold(rest, others, this_year)):
            return True
    return False


def _starts(text: str, missing: set[str], this_year: int) -> bool:
    """Tell whether ``text`` begins with one of the missing elements and holds the others after it."""
    ai, rest, others = text[:2], text[2:], missing - {text[:2]}
    if ai not in missing or not rest:
        return False
    return _can_hold(rest, others, this_year) if others else len(rest) <= SERIAL_LENGTH_MAX


def _of_uri(text: str, body: str, symbology: str, this_year: int) -> Scan:
    try:
        if body[:4].lower() == "http":
            elements = digital_link.parse(body, lenient=True).elements
        else:
            elements = element_string.parse_bracketed(epc.to_element_string(epc.canonical(body)))
    except BadIdentifier:
        return Scan(text, symbology=symbology, fault=WRONG_BARCODE)
    return _of_elements(text, elements, symbology, [], this_year)


def _bare(text: str, body: str, symbology: str) -> Scan | None:
    """Read bare digits: an SSCC, or the GTIN of a linear code; None for anything else."""
    if not (body.isascii() and body.isdecimal()):
        return None
    if len(body) == 18:
        fault = "" if check_digit.is_valid(body) else BAD_CHECK_DIGIT
        return Scan(text, f"(00){body}", sscc=body, symbology=symbology, fault=fault)
    if len(body) in GTIN_LENGTHS:
        gtin = body.zfill(14)
        fault = WRONG_BARCODE if check_digit.is_valid(body) else BAD_CHECK_DIGIT
        return Scan(text, f"(01){gtin}", gtin=gtin, symbology=symbology, fault=fault)
    return None


def _unreadable(text: str, body: str, symbology: str) -> Scan:
    """Say whether GS1 data arrived damaged, or another code was scanned."""
    gtin = re.match(r"\x1d?\(?01\)?([0-9]{14})", body)
    if gtin is not None and check_digit.is_valid(gtin[1]):
        return Scan(text, f"(01){gtin[1]}", gtin=gtin[1], symbology=symbology, fault=SCANNER_FAULT)
    damaged = symbology in _GS1_SYMBOLS or element_string.FNC1 in body or body.startswith("(")
    return Scan(text, symbology=symbology, fault=SCANNER_FAULT if damaged else WRONG_BARCODE)
