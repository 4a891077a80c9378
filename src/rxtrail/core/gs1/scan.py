"""Scanner text to what it says: the one place that reads what a scanner, a keyboard or a phone sends.

Source: GS1 General Specifications, sections 5 and 7.8 (symbology identifiers, FNC1). A text is never split on
a guess: what can be read two ways is ``ambiguous-scan``, and the fields then hold the reading that the text
literally has.
"""

from __future__ import annotations

import re

import msgspec

from rxtrail.core.gs1 import (
    brackets,
    check_digit,
    digital_link,
    element_string,
    epc,
    ifa,
    repeats,
    scan_value,
    separators,
    symbology,
    wrong_barcode,
)
from rxtrail.core.gs1.digital_link import GTIN_LENGTHS
from rxtrail.core.gs1.scan_elements import is_gtin, iso_date, of_elements, of_identifiers
from rxtrail.core.gs1.scan_noise import NOISE, without_noise
from rxtrail.core.gs1.scan_value import (
    LINEAR_CODE,
    REPEATED_SCAN,
    SEPARATOR_RESTORED,
    SPACES_REMOVED,
    SSCC_LENGTH,
    TWO_CODES,
    Scan,
)
from rxtrail.errors import BadIdentifier

__all__ = ["Scan", "read_one", "read_scan"]

# The faults belong to this front door, where a scan is read.
AMBIGUOUS = scan_value.AMBIGUOUS
BAD_CHECK_DIGIT = scan_value.BAD_CHECK_DIGIT
NOT_SERIALISED = scan_value.NOT_SERIALISED
SCANNER_FAULT = scan_value.SCANNER_FAULT
WRONG_BARCODE = scan_value.WRONG_BARCODE
SERIAL_LENGTH_MAX = scan_value.SERIAL_LENGTH_MAX
TEXT_LENGTH_MAX = scan_value.TEXT_LENGTH_MAX


def read_scan(text: str, *, this_year: int) -> Scan:
    """Read any text as a scan; never raises: what is wrong with it is its ``fault``."""
    match = _BRACKETED(text) if text[:1] == "(" else _CLEAN(text)
    if match is not None:
        symbology, gtin, yymmdd, lot, serial = match.groups()
        if gtin and yymmdd and lot and serial:
            expiry = iso_date(yymmdd, this_year)
            fault = "" if is_gtin(gtin) else BAD_CHECK_DIGIT
            if expiry:
                reading = f"(01){gtin}(21){serial}(17){yymmdd}(10){lot}"
                return Scan(text, reading, gtin, serial, lot, expiry, yymmdd, "", {}, symbology or "", [], fault)
    link = _LINKED(text) if text[:1] == "h" else None
    if link is not None:
        gtin, lot, serial, yymmdd = link.groups()
        expiry = iso_date(yymmdd, this_year)
        if expiry:
            reading = f"(01){gtin}(21){serial}(17){yymmdd}(10){lot}"
            fault = "" if is_gtin(gtin) else BAD_CHECK_DIGIT
            return Scan(text, reading, gtin, serial, lot, expiry, yymmdd, "", {}, "", [], fault)
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
# The link that this program itself writes of a pack whose lot and serial need no escape.
_LINKED = re.compile(
    r"https://id\.gs1\.org/01/([0-9]{14})/10/([0-9A-Za-z]{1,20})/21/([0-9A-Za-z]{1,20})\?17=([0-9]{6})"
).fullmatch
_CODES_MAX = 6  # different codes in one field; a pack carries fewer
_TYPED = re.compile(r"([0-9]{8}|[0-9]{12,14})[ \t,;]+([!\"%-?A-Z_a-z]{1,20})")
_PATH_START = re.compile(r"[0-9]{2,4}/")
_LINK_WITHOUT_SCHEME = re.compile(
    r"[-.:A-Za-z0-9]+\.[A-Za-z]{2,}(?:/[^/?#\s]+)*/(?:01/[0-9]{8,14}|00/[0-9]{18})(?:[/?#]|\Z)"
)


def _read_any(text: str, this_year: int) -> Scan:
    """Read what is not the plain code of a medicine pack, with repairs that leave no doubt."""
    if len(text) > TEXT_LENGTH_MAX:
        return Scan(text[:TEXT_LENGTH_MAX], fault=SCANNER_FAULT)
    body, repairs = without_noise(text)
    parts = repeats.separate(body)
    if len(parts) < 2:
        return read_one(text, body, repairs, this_year)
    unique = list(dict.fromkeys(parts))
    if len(unique) == 1:
        return read_one(text, unique[0], [*repairs, REPEATED_SCAN], this_year)
    whole = read_one(text, body, repairs, this_year)
    if (whole.serial and not whole.fault) or len(unique) > _CODES_MAX:
        return whole  # what looked like a break stands for the separator
    return _of_several(text, [read_one(text, part, repairs, this_year) for part in unique], len(parts)) or whole


def _of_several(text: str, found: list[Scan], count: int) -> Scan | None:
    """Choose between several scans in one field; None when they are none."""
    packs = {
        (scan.gtin, scan.serial, scan.sscc): scan for scan in found if scan.serial or (scan.sscc and not scan.gtin)
    }
    linear = [scan for scan in found if scan.fault == WRONG_BARCODE and (scan.gtin or scan.kind == "pzn")]
    rest = len(found) - len(linear) - sum(1 for scan in found if scan.serial or (scan.sscc and not scan.gtin))
    if not packs or (rest and len(packs) == 1):
        return None
    pack = next(iter(packs.values()))
    same = all(scan.gtin == pack.gtin or (scan.kind == "pzn" and pack.pzn and pack.pzn in scan.raw) for scan in linear)
    if len(packs) > 1 or not same:
        return Scan(text, fault=AMBIGUOUS, kind=TWO_CODES)
    repairs = [*pack.repairs, *([LINEAR_CODE] if linear else []), *([REPEATED_SCAN] if count > len(linear) + 1 else [])]
    return msgspec.structs.replace(pack, repairs=repairs)


def read_one(text: str, body: str, repairs: list[str], this_year: int) -> Scan:
    """Read one scan without noise; the questions go from sure to doubtful."""
    identifier, body = symbology.split(body)
    body = body.strip(NOISE)
    if not body:
        return Scan(text, symbology=identifier, fault=SCANNER_FAULT)
    if symbology.is_linear(identifier) and not body.startswith("("):
        number = body.partition("|")[0]
        return _bare(text, number, identifier) or _wrong(text, body, identifier)
    envelope = ifa.open_envelope(body) if body.startswith("[)>") or "9N" in body else None
    if envelope is not None:
        if envelope.is_repaired:
            repairs = [*repairs, "envelope-restored"]
        if envelope.format == "06":
            return of_identifiers(text, ifa.elements(envelope.body), identifier, repairs, this_year)
        body = envelope.body
    start = body[:8].lower()
    if start.startswith(("http://", "https:/", "urn:epc:")) or _PATH_START.match(body):
        return _of_uri(text, body, identifier, repairs, this_year)
    if _LINK_WITHOUT_SCHEME.match(body):
        return _of_uri(text, f"https://{body}", identifier, [*repairs, "scheme-added"], this_year)
    bare = None if identifier in symbology.GS1 or envelope is not None else _bare(text, body, identifier)
    if bare is not None:
        return bare
    typed = _TYPED.fullmatch(body)
    if typed is not None:
        return of_elements(text, [("01", typed[1].zfill(14)), ("21", typed[2])], identifier, repairs, this_year)
    return _of_element_string(text, body, identifier, repairs, this_year)


def _of_element_string(text: str, body: str, identifier: str, repairs: list[str], this_year: int) -> Scan:
    if brackets.are_in(body):
        round_ones = brackets.rounded(body)
        if round_ones != body:
            body, repairs = round_ones, [*repairs, "brackets-completed"]
    raw = separators.tidy(body)
    if len(raw) < len(body) and " " in body and " " not in raw:
        repairs = [*repairs, SPACES_REMOVED]
    restored = separators.tidy(separators.restore_named(raw))
    scan = None
    if separators.GS not in restored:
        for character in separators.strange_characters(restored):
            candidate = separators.tidy(separators.restore_character(restored, character))
            scan = _elements_in(text, candidate, identifier, [*repairs, SEPARATOR_RESTORED], this_year)
            if scan is not None and not scan.fault:
                return scan
    if restored != raw:
        repairs = [*repairs, SEPARATOR_RESTORED]
    scan = _elements_in(text, restored, identifier, repairs, this_year)
    if scan is None:
        return _unreadable(text, restored, identifier)
    if scan.kind == "gs1" and identifier not in symbology.GS1 and separators.GS not in restored:
        # Many a number begins like an AI; nothing else shows that this one does.
        kind = wrong_barcode.kind_of(body, identifier)
        if kind not in ("text", "digits", "linear"):
            return msgspec.structs.replace(scan, kind=kind)
    return scan


def _elements_in(text: str, body: str, identifier: str, repairs: list[str], this_year: int) -> Scan | None:
    """Read an element string whose separators stand; None when it is none."""
    if body.startswith("("):
        body = body.replace(separators.GS, "")
    try:
        elements = element_string.parse(body)
    except BadIdentifier:
        return None
    return of_elements(text, elements, identifier, repairs, this_year)


def _of_uri(text: str, body: str, identifier: str, repairs: list[str], this_year: int) -> Scan:
    try:
        if body[:4].lower() == "http":
            elements = digital_link.parse(body, lenient=True).elements
        else:
            elements = element_string.parse_bracketed(epc.to_element_string(epc.canonical(body)))
    except BadIdentifier:
        return _wrong(text, body, identifier)
    return of_elements(text, elements, identifier, repairs, this_year)


def _bare(text: str, body: str, identifier: str) -> Scan | None:
    """Read bare digits: an SSCC, or the number of a linear code; None for anything else."""
    if not (body.isascii() and body.isdecimal()):
        return None
    count = len(body)
    if count not in (*GTIN_LENGTHS, SSCC_LENGTH) and body.startswith("01") and is_gtin(body[2:16]):
        return None  # an element string that was cut off, rather than a number
    kind = wrong_barcode.kind_of(body, identifier)
    if kind == "sscc" or (count == SSCC_LENGTH and kind == "digits"):
        fault = "" if kind == "sscc" else BAD_CHECK_DIGIT
        return Scan(text, f"(00){body}", sscc=body, symbology=identifier, fault=fault)
    digits = body[: -int(kind[-1])] if kind[-2:-1] == "+" else body
    if len(digits) in GTIN_LENGTHS and kind not in ("pzn", "payment-card"):
        gtin = digits.zfill(14)
        if check_digit.is_valid(digits):
            return Scan(text, f"(01){gtin}", gtin=gtin, symbology=identifier, fault=WRONG_BARCODE, kind=kind)
        if kind != "upce":
            return Scan(text, f"(01){gtin}", gtin=gtin, symbology=identifier, fault=BAD_CHECK_DIGIT)
    # Other numbers may be element strings of digits only.
    return _wrong(text, body, identifier) if symbology.is_linear(identifier) else None


def _wrong(text: str, body: str, identifier: str) -> Scan:
    """Name the barcode that was scanned instead."""
    kind = wrong_barcode.kind_of(body, identifier)
    return Scan(text, symbology=identifier, fault=WRONG_BARCODE, kind=kind)


def _unreadable(text: str, body: str, identifier: str) -> Scan:
    """Say whether GS1 data arrived damaged, or another code was scanned."""
    gtin = re.match(r"\x1d?\(?01\)?([0-9]{14})", body)
    if gtin is not None and check_digit.is_valid(gtin[1]):
        return Scan(text, f"(01){gtin[1]}", gtin=gtin[1], symbology=identifier, fault=SCANNER_FAULT)
    damaged = identifier in symbology.GS1 or separators.GS in body or brackets.are_in(body)
    if damaged:
        return Scan(text, symbology=identifier, fault=SCANNER_FAULT)
    return _wrong(text, body, identifier)
