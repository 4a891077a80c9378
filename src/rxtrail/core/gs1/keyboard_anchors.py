"""What tells that a text was decoded rightly: how it starts, its check digits, its dates, its characters.

Sources: GS1 General Specifications, sections 3 (application identifiers), 7.8 (FNC1) and 7.9 (check digit);
ISO/IEC 15424 (symbology identifiers); ISO/IEC 15434 (Format 06); GS1 Digital Link: URI Syntax.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from rxtrail.core.gs1 import check_digit
from rxtrail.core.gs1.keyboard_tables import ALL_ACCENTS

GS = "\x1d"
# Carriers that a pack or a case may have; the last character is the modifier.
_GS1_CARRIERS = ("]d2", "]C1", "]Q3", "]e0", "]e1", "]e2", "]J1")
_OTHERS = (
    "]d0 ]d1 ]d3 ]d4 ]d5 ]d6 ]C0 ]C2 ]C4 ]Q0 ]Q1 ]Q2 ]Q4 ]E0 ]E1 ]E2 ]E3 ]E4 ]A0 ]A1 ]A4 ]I0 ]I1 ]I3 ]F0 ]G0 ]L0 ]L2"
    " ]z0 ]z1 ]X0 ]J0"
)
_OTHER_CARRIERS = tuple(_OTHERS.split())
# Behind these no element string follows, or need not.
OPEN_HEADS = frozenset((*_OTHER_CARRIERS, "[)>", "http", "HTTP"))
HEADS = (*_GS1_CARRIERS, *_OTHER_CARRIERS, "[)>", "http", "HTTP")

_ACCENT = f"[{re.escape(''.join(sorted(ALL_ACCENTS)))}]"
# A NUL where a dead key was pressed, perhaps with a control character before the accent came out.
DEAD_TRACE = re.compile(f"\0([\1-\x1f]?)({_ACCENT})")
# The same before a letter that the dead key changed; and, in polytonic Greek, before what is no accent elsewhere.
COMPOSED_TRACE = re.compile("\0(?=[\u00c0-\u024f\u0385-\u03ce\u1e00-\u1fff])")
POLYTONIC_TRACE = re.compile("\0(?=[\1-\x1f]?[\u0385-\u03ce\u1f00-\u1fff!-/:-@[-`{-~])")
# A dead key waits while a control character passes.
LATE_ACCENT = re.compile(f"(\x1d)({_ACCENT})")
LATE_POLYTONIC = re.compile("(\x1d)([!-/:-@[-`{-~])")
_GREEK = re.compile("[\u0384-\u03ce]")
# What the Alt key and 028 to 031 on the number pad print in the code pages of DOS, too.
_SHOWN = "\u221f\u2194\u25b2\u25bc\u241c\u241d\u241e\u241f"
CONTROLS = {**dict.fromkeys(range(32), GS), 127: GS, **dict.fromkeys(map(ord, _SHOWN), GS)}
SHOWN = re.compile(f"[{_SHOWN}]").search
EDGES = "\t\r\n \x1d\x1e\x04\ufeff\u2666"

_DATE = "[0-9]{2}(?:0[1-9]|1[0-2])(?:[0-2][0-9]|3[01])"
_FIXED = f"00[0-9]{{18}}|0[123][0-9]{{14}}|1[1-7]{_DATE}|20[0-9]{{2}}|3[1-6][0-9]{{8}}|41[0-7][0-9]{{13}}"
_OPEN = (
    "10|21|22|23[0-9]|24[0-3]|25[0-5]|30|37|39[0-9]{2}|40[0-3]|42[0-7]|43[0-3][0-9]|70[0-4][0-9]|71[0-7]"
    "|72[0-4][0-9]|80[0-3][0-9]|81[0-1][0-9]|8200|9[0-9]"
)
_SET_82 = '!"%-?A-Z_a-z'
# Possessive throughout: an element once read is not read otherwise, and a text that fits nothing costs no time.
_STRINGS = f"(?:\x1d*+(?:(?:{_FIXED})\x1d?+)*+(?:(?:{_OPEN})[{_SET_82}]{{1,90}}+(?=\x1d|\\Z))?+)++"
_ELEMENTS = re.compile(_STRINGS).fullmatch
_ELEMENTS_OF_ANY_DATE = re.compile(_STRINGS.replace(_DATE, "[0-9]{6}")).fullmatch
_KEYS = re.compile("(?:^|\x1d)(?:1[1-7][0-9]{6}|20[0-9]{2})*(?:0[12]([0-9]{14})|00([0-9]{18}))")
_KEY_ANYWHERE = re.compile("(?=01([0-9]{14}))")
_HEAD = re.compile(r"\][A-Za-z][0-9A-Z]")
_FORMAT_06 = re.compile("\\[\\)>(.?)(0[56])\x1d?(.*)", re.DOTALL)
_IDENTIFIER_06 = re.compile(
    "9N[0-9A-Z]{4,22}|8P[0-9]{8,14}|D[0-9]{6}(?:[0-9]{4})?|1[46]D[0-9]{8}|(?!9N|8P|D|1[46]D)[0-9]{0,2}[A-Z][!-~]+"
)
_PLAIN_NUMBER = re.compile("[0-9]{8}|[0-9]{12,14}")
_LINK = re.compile(r"https?://[!-~]+/01/([0-9]{14})(?:[/?#][!-~]*)?", re.IGNORECASE)
_ODD = re.compile(f"\\^\\]|[{{<\\[]GS[>}}\\]]|[^{_SET_82}\x1d]")
_OF_82 = re.compile(f"[{_SET_82}\x1d]+").fullmatch


SURE = 2  # an anchor and a right check digit
BAD_DATE = 12
UNSURE = 20  # from here on, no check digit is right
NO_READING = 1000


class Anchored(NamedTuple):
    """A text that fits an anchor."""

    text: str
    doubt: int  # 0 is the least


@lru_cache(maxsize=256)
def _is_key(digits: str) -> bool:
    return check_digit.is_valid(digits)  # many layouts agree on the digits


def may_be_polytonic(text: str) -> bool:
    """Tell whether a text has Greek letters, so that its marks may have been dead keys."""
    return _GREEK.search(text) is not None


def reads_plainly(text: str) -> bool:
    """Tell whether a text reads as GS1 data as it is, with a right check digit; then no layout is to blame."""
    body = text.strip("\r\n")
    if body.startswith("[)>\x1e"):
        read = _format_06(body)
        plain = all(map(_OF_82, body[4:].rstrip("\x1e\x04").split(GS)))
        return plain and read is not None and read.text == body and read.doubt == 0
    head = body[:3] if body[:3] in _GS1_CARRIERS else ""
    body = body[len(head) :]
    return body.isascii() and _elements(body) == 0


def starts_plainly(arrived: str) -> bool:
    """Tell whether a text starts with an anchor as it is, so that digits and brackets stand where they should."""
    return arrived.startswith(HEADS) or (arrived[:2] == "01" and _is_key(arrived[2:16]))


def anchored(sent: str) -> Anchored | None:
    """Read a decoded text by its anchor; None when it has none."""
    if sent.startswith("[)>"):
        return _format_06(sent)
    head = _HEAD.match(sent)
    if head is not None:
        return _carrier(head[0], sent[3:])
    if sent[:4].lower() == "http":
        return Anchored(sent, 0) if (link := _LINK.fullmatch(sent)) and _is_key(link[1]) else None
    read = _element_strings(sent)
    if read is not None and read.doubt < UNSURE:
        return Anchored(read.text, 2 + read.doubt)
    if _PLAIN_NUMBER.fullmatch(sent) and _is_key(sent):
        return Anchored(sent, 15)
    return None


def loose(sent: str) -> Anchored | None:
    """Read a decoded text without an anchor: it need only be of set 82."""
    return Anchored(sent, 100) if _OF_82(sent) else None


def _carrier(head: str, body: str) -> Anchored | None:
    if head in _GS1_CARRIERS:
        read = _element_strings(body)
        if read is None and _ELEMENTS_OF_ANY_DATE(body):
            # The kind of symbol says what it is; that its date is none is for the reader to tell.
            read = Anchored(body, BAD_DATE)
        return None if read is None else Anchored(head + read.text, read.doubt)
    if head in _OTHER_CARRIERS:
        if body.startswith("[)>"):
            inner = _format_06(body)
            return None if inner is None else Anchored(head + inner.text, inner.doubt)
        if _PLAIN_NUMBER.fullmatch(body) and _is_key(body):
            return Anchored(head + body, 1)
        read = _element_strings(body)
        if read is not None:
            return Anchored(head + read.text, 5 + read.doubt)
        if body.isascii() and body.isprintable() and head not in {"]E0", "]E1", "]E2", "]E3", "]E4"}:
            return Anchored(head + body, 50)
    return None


def _element_strings(body: str) -> Anchored | None:
    doubt = _elements(body)
    if doubt is None and not _OF_82(body):
        # What no GS1 data holds stands for a separator, as scanners send visible characters in its place.
        body = _ODD.sub(GS, body).strip(GS)
        doubt = _elements(body)
    return None if doubt is None else Anchored(body, doubt)


def _elements(body: str) -> int | None:
    """Tell how doubtful a text is as element strings; None when it is none."""
    if not _ELEMENTS(body):
        return None
    key = _KEYS.match(body)
    if key is None:
        found = any(_is_key(match[1]) for match in _KEY_ANYWHERE.finditer(body))
        return 10 if found else 30
    return 0 if _is_key(key[1] or key[2]) else 40


def _format_06(sent: str) -> Anchored | None:
    match = _FORMAT_06.fullmatch(sent)
    if match is None:
        return None
    separator, number, rest = match.groups()
    rest = rest.rstrip("\x04\x1d\x1e").removesuffix(separator)
    fields = [field for field in rest.split(GS) if field]
    if not fields or not all(_IDENTIFIER_06.fullmatch(field) for field in fields):
        return None
    product = fields[0]
    sure = (product.startswith("9N") and _is_ppn(product[2:])) or (product.startswith("8P") and _is_key(product[2:]))
    return Anchored(f"[)>\x1e{number}{GS}{GS.join(fields)}\x1e\x04", 0 if sure else 5)


def _is_ppn(text: str) -> bool:
    """Tell whether a Pharmacy Product Number has right check digits (IFA: weights from 2, modulo 97)."""
    total = sum(ord(character) * weight for weight, character in enumerate(text[:-2], 2))
    return text[-2:] == f"{total % 97:02d}"
