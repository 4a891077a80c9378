"""Elements to a scan: what GS1 application identifiers, or the data identifiers of IFA, say together.

Source: GS1 General Specifications, section 3; FDCA 582(a)(9) (what a medicine pack carries); IFA Coding System,
PPN-Code Specification, section 5.
"""

from __future__ import annotations

from functools import lru_cache

from rxtrail.core.gs1 import charsets, check_digit, dates, element_string, ifa, lattice
from rxtrail.core.gs1.digital_link import GTIN_LENGTHS
from rxtrail.core.gs1.scan_value import (
    AMBIGUOUS,
    BAD_CHECK_DIGIT,
    NOT_SERIALISED,
    SCANNER_FAULT,
    SERIAL_LENGTH_MAX,
    SPACES_REMOVED,
    SSCC_LENGTH,
    TWO_VALUES,
    WRONG_BARCODE,
    Scan,
)
from rxtrail.core.gs1.tables import TABLE
from rxtrail.errors import BadIdentifier

_ORDER = ("00", "01", "21", "17", "10")


def of_elements(
    text: str,
    elements: list[tuple[str, str]],
    identifier: str,
    repairs: list[str],
    this_year: int,
    *,
    is_split: bool = False,
) -> Scan:
    """Make a scan of GS1 elements; what is wrong with them is its fault.

    With ``is_split`` the elements are one of the ways to take a text apart: that there are others is no fault of it.
    """
    found: dict[str, str] = {}
    twice = blanks = False
    for ai, data in elements:
        value = data.strip(" \t\xa0")
        blanks |= value != data
        twice |= found.setdefault(ai, value) != value
    if blanks:
        repairs = [*repairs, SPACES_REMOVED]
    other = {ai: value for ai, value in found.items() if ai not in _ORDER}
    gtin, serial, lot = found.get("01", ""), found.get("21", ""), found.get("10", "")
    sscc, yymmdd = found.get("00", ""), found.get("17", "")
    damaged = _is_damaged(found)
    if gtin:
        gtin = gtin.zfill(14) if len(gtin) in GTIN_LENGTHS and charsets.ALL_DIGITS.fullmatch(gtin) else ""
        damaged |= not gtin
    if sscc and not (len(sscc) == SSCC_LENGTH and charsets.ALL_DIGITS.fullmatch(sscc)):
        sscc, damaged = "", True
    damaged |= not (gtin or sscc)
    expiry = iso_date(yymmdd, this_year) if yymmdd else ""
    fault = kind = ""
    if not found.keys() & {"00", "01"}:
        fault, kind = WRONG_BARCODE, "gs1"
    elif twice:
        fault, kind = AMBIGUOUS, TWO_VALUES
    elif not is_split and _hides_elements(found):
        fault = AMBIGUOUS
    elif damaged or (yymmdd and not expiry):
        fault = SCANNER_FAULT
    elif (gtin and not is_gtin(gtin)) or (sscc and not check_digit.is_valid(sscc)):
        fault = BAD_CHECK_DIGIT
    elif gtin and not serial and "235" not in found and not sscc:
        fault = NOT_SERIALISED
    reading = element_string.format([(ai, found[ai]) for ai in (*_ORDER, *other) if ai in found])
    return Scan(text, reading, gtin, serial, lot, expiry, yymmdd, sscc, other, identifier, repairs, fault, kind=kind)


def of_identifiers(
    text: str, elements: list[tuple[str, str]], identifier: str, repairs: list[str], this_year: int
) -> Scan:
    """Make a scan of the data identifiers of an IFA code; what is wrong with them is its fault."""
    found: dict[str, str] = {}
    twice = blanks = damaged = False
    for di, data in elements:
        value = data.strip(" \t\xa0")
        blanks |= value != data
        twice |= found.setdefault(di, value) != value
    if blanks:
        repairs = [*repairs, SPACES_REMOVED]
    ppn, serial, lot = found.get(ifa.PPN, ""), found.get(ifa.SERIAL, ""), found.get(ifa.LOT, "")
    yymmdd = found.get(ifa.EXPIRY, "")
    expiry = iso_date(yymmdd, this_year) if yymmdd else ""
    gtin = found.get(ifa.GTIN, "").zfill(14) if ifa.GTIN in found else ifa.ntin_of(ppn)
    for value in (serial, lot):
        damaged |= len(value) > SERIAL_LENGTH_MAX or not charsets.ALL_82.fullmatch(value)
    fault = kind = ""
    if not elements:
        fault = SCANNER_FAULT
    elif not ppn and ifa.GTIN not in found:
        fault, kind = WRONG_BARCODE, "format06"
    elif twice:
        fault, kind = AMBIGUOUS, TWO_VALUES
    elif damaged or (yymmdd and not expiry):
        fault = SCANNER_FAULT
    elif (ppn and not ifa.is_ppn(ppn)) or (ifa.GTIN in found and not is_gtin(gtin)):
        fault = BAD_CHECK_DIGIT
    elif not serial:
        fault = NOT_SERIALISED
    if not is_gtin(gtin) or (ppn and not ifa.is_ppn(ppn)):
        gtin = ""  # a product that nobody named is not to be looked up
    other = {di: value for di, value in found.items() if di not in ifa.PACK}
    reading = element_string.format([(di, found[di]) for di in (*ifa.PACK, *other) if di in found])
    return Scan(
        text, reading, gtin, serial, lot, expiry, yymmdd, "", other, identifier, repairs, fault, ppn=ppn, kind=kind
    )


def _is_damaged(found: dict[str, str]) -> bool:
    """Tell whether the data of a known AI has characters or a length that GS1 does not allow in it."""
    for ai, value in found.items():
        longest, allowed = _ALLOWED[ai]
        if len(value) > longest or not allowed.fullmatch(value):
            return True
    return False


# How long the data of each AI may be, and of which characters.
_ALLOWED = {
    ai: (
        entry.length_max,
        charsets.ALL_DIGITS if all(part.type == "N" for part in entry.components) else charsets.ALL_82,
    )
    for ai, entry in TABLE.items()
}


def _hides_elements(found: dict[str, str]) -> bool:
    """Tell whether a serial or lot may have swallowed all that is missing, because a separator was lost.

    A medicine pack carries expiry, lot and serial (FDCA 582(a)(9)); when one is missing and the data of a
    variable field can be read as holding exactly the missing ones, both readings are possible.
    """
    if "01" not in found or found.keys() >= lattice.PACK or not any(len(found.get(ai, "")) > 3 for ai in ("10", "21")):
        return False
    return lattice.can_be_complete(element_string.format_raw(list(found.items())))


@lru_cache(maxsize=4096)
def is_gtin(gtin: str) -> bool:
    """Tell whether the digits end with their check digit (GS1 General Specifications, section 7.9)."""
    return check_digit.is_valid(gtin)


@lru_cache(maxsize=4096)
def iso_date(yymmdd: str, this_year: int) -> str:
    """Give the date as ISO text; "" when there is no such date."""
    try:
        return dates.expiry(yymmdd, this_year=this_year).isoformat()
    except BadIdentifier:
        return ""  # the caller names the fault
