"""Product codes of the IFA system (PPN, NTIN) and the envelopes of ISO/IEC 15434 that carry them.

Sources: IFA Coding System, PPN-Code Specification for Retail Packaging, sections 4 and 5 and appendix B (check
digits); ISO/IEC 15434 (``[)>`` RS, format, GS between elements, RS, EOT); ANSI MH10.8.2 (data identifiers).
A PPN is the agency (11 for Germany), the national number (PZN, eight digits) and two check digits. The same PZN
makes the NTIN, a GTIN: 04150, PZN, check digit. So a pack is the same pack whichever of the two it carries.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from rxtrail.core.gs1 import charsets, check_digit

GS, RS, EOT = "\x1d", "\x1e", "\x04"
START = "[)>"
PPN, SERIAL, LOT, EXPIRY, GTIN = "9N", "S", "1T", "D", "8P"
PACK = (PPN, SERIAL, EXPIRY, LOT)
_AGENCY = "11"  # IFA; the agencies of other countries have numbers of their own
_NTIN_START = "04150"
_ELEMENTS_MAX = 32
_SPLITS_MAX = 8
_STEPS_MAX = 200
_FIELD_LENGTH_MAX = 20

# What stands between the start and the format: RS, or whatever one key press made of it.
_ENVELOPE = re.compile(r"\[\)>(.{0,6}?)(0[56])(?=[^0-9A-Z]|9N|8P|1T|[DS]|[0-9]{2})", re.DOTALL)
_LOST_START = re.compile(r"[\[)>\x1e]{0,4}(?:06)?\x1d?(?=9N|8P|1T|[DS])")
_BARE = re.compile(r"(?:\A|(?<=\x1d))9N(11[0-9]{10})")
# The control characters of the envelope, shown as words or glyphs.
_WORDS = tuple(
    (re.compile(rf"[<{{\[]{name}[>}}\]]|\\x{code}|\\u00{code}|{glyph}", re.IGNORECASE), chr(int(code, 16)))
    for name, code, glyph in (("GS", "1d", "\u241d"), ("RS", "1e", "\u241e"), ("EOT", "04", "\u2404"))
)
_CARETS = (("^]", GS), ("^^", RS), ("^D", EOT))
_LEAD = re.compile(r"(?!9N|8P|1T|[DS])(.{1,6}?)(?=9N|8P|1T|S|D[0-9]{6}|01[0-9]{14})", re.DOTALL)
_ELEMENT = re.compile(r"([0-9]{0,3}[A-Z])(.+)", re.DOTALL)
_NEXT = re.compile(r"(?=(9N(?=11[0-9]{10})|D(?=[0-9]{2}[01][0-9][0-3][0-9])|8P(?=[0-9]{14})|1T|S))")


class Envelope(NamedTuple):
    """What an envelope held: ``format`` is 05 (GS1 application identifiers) or 06 (data identifiers)."""

    format: str
    body: str
    is_repaired: bool  # RS or EOT was not what came


def ppn_check_digits(body: str) -> str:
    """Give the two check digits: ASCII codes with weights 2, 3, 4, ... from the left, modulo 97."""
    return f"{sum(weight * ord(character) for weight, character in enumerate(body, 2)) % 97:02d}"


def is_ppn(text: str) -> bool:
    """Tell whether it is a PPN with right check digits."""
    body, check = text[:-2], text[-2:]
    return 4 <= len(text) <= 22 and text.isascii() and text.isalnum() and ppn_check_digits(body) == check


def is_pzn(digits: str) -> bool:
    """Tell whether it is a PZN of seven or eight digits: weights 1, 2, 3, ... to eight digits, modulo 11."""
    if len(digits) not in (7, 8) or not charsets.ALL_DIGITS.fullmatch(digits):
        return False
    body = digits.zfill(8)
    return sum(weight * int(digit) for weight, digit in enumerate(body[:-1], 1)) % 11 == int(body[-1])


def pzn_of(ppn: str) -> str:
    """Give the PZN in a PPN of the German agency; "" for one of another agency."""
    body = ppn[2:-2]
    if ppn[:2] != _AGENCY or len(body) != 8 or not charsets.ALL_DIGITS.fullmatch(body):
        return ""
    return body


def ntin_of(ppn: str) -> str:
    """Give the NTIN, as a GTIN of 14 digits, of the same article; "" for a PPN of another agency."""
    pzn = pzn_of(ppn)
    if not pzn:
        return ""
    body = _NTIN_START + pzn
    return body + check_digit.check_digit(body)


def pzn_of_ntin(gtin: str) -> str:
    """Give the PZN in an NTIN of 14 digits; "" for another GTIN."""
    return gtin[5:13] if gtin.startswith(_NTIN_START) and len(gtin) == 14 else ""


def open_envelope(text: str) -> Envelope | None:
    """Take the envelope off; None when there is none and no PPN shows that one was lost."""
    text = _controls(text)
    found = _ENVELOPE.match(text)
    if found is None:
        return _without_start(text)
    mark, body = found[1], text[found.end() :]
    trailed = body.rstrip("\r\n\t ")
    body = trailed.rstrip(EOT)
    # What RS became in front, it became at the end too.
    if mark and body.endswith(mark):
        body = body[: -len(mark)]
    if body.endswith(RS):
        body = body[:-1]
    is_repaired = mark != RS or not trailed.endswith(RS + EOT)
    separator = GS if body.startswith(GS) or GS in body else _separator(body)
    if separator and separator != GS:
        body, is_repaired = body.replace(separator, GS), True
    return Envelope(found[2], body.strip(GS), is_repaired)


def _controls(text: str) -> str:
    """Put the control characters where words or glyphs stand for them."""
    if text.startswith("[)>^^"):
        for caret, control in _CARETS:
            text = text.replace(caret, control)
    for word, control in _WORDS:
        text = word.sub(control, text)
    return text


def _without_start(text: str) -> Envelope | None:
    """Read a body whose envelope was eaten; None when it is no IFA code."""
    start = _LOST_START.match(text)
    if start is None:
        return None
    body = text[start.end() :].strip(RS + EOT + GS)
    ppn = _BARE.search(body)
    if ppn is None or not is_ppn(ppn[1]):
        return None
    return Envelope("06", body, is_repaired=True)


def _separator(body: str) -> str:
    """Guess what stands for GS: whatever is between the format and the first identifier."""
    lead = _LEAD.match(body)
    return "" if lead is None or lead[1].isalnum() else lead[1]


def elements(body: str) -> list[tuple[str, str]]:
    """Take the body of format 06 apart at its separators; [] when a part has no data identifier."""
    found: list[tuple[str, str]] = []
    for part in body.split(GS)[: _ELEMENTS_MAX + 1]:
        if not part.strip(RS):
            continue
        match = _ELEMENT.fullmatch(part)
        if match is None or len(found) >= _ELEMENTS_MAX:
            return []
        found.append((match[1], match[2]))
    return found


def splits(body: str) -> list[list[tuple[str, str]]]:
    """Give the ways to take a body apart whose separators were lost, those with all four elements only."""
    found: list[list[tuple[str, str]]] = []
    starts = [(match.start(), match[1]) for match in _NEXT.finditer(body)]
    steps = 0

    def read(index: int, sofar: list[tuple[str, str]]) -> None:
        nonlocal steps
        steps += 1
        if steps > _STEPS_MAX or len(found) >= _SPLITS_MAX:
            return
        if body.startswith(GS, index):
            index += 1
        if index >= len(body):
            if {di for di, _ in sofar} >= set(PACK):
                found.append(sofar)
            return
        for at, di in starts:
            if at == index:
                if any(di == known for known, _ in sofar):
                    return
                for end in _ends(body, di, at + len(di), starts):
                    read(end, [*sofar, (di, body[at + len(di) : end])])
                return

    read(0, [])
    return found


def _ends(body: str, di: str, start: int, starts: list[tuple[int, str]]) -> list[int]:
    """Give where the data of an identifier may end."""
    if di in (PPN, EXPIRY, GTIN):
        end = start + {PPN: 12, EXPIRY: 6, GTIN: 14}[di]
        right = di != PPN or is_ppn(body[start:end])
        return [end] if right and end <= len(body) and GS not in body[start:end] else []
    stop = body.find(GS, start)
    stop = len(body) if stop < 0 else stop
    ends = [at for at, _ in starts if start < at < stop] + [stop]
    return [end for end in ends if 0 < end - start <= _FIELD_LENGTH_MAX and charsets.ALL_82.fullmatch(body[start:end])]
