"""The formats of EPCIS 2.0's JSON: URIs, times, words of the vocabulary.

Source: EPCIS 2.0, clause 10; RFC 3986 (a ``uri`` is absolute), RFC 3339 (a ``date-time`` has a zone); CBV 2.0,
section 7: a word of the standard is bare, one of anybody else is a URI.
"""

from __future__ import annotations

import calendar
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from rxtrail.core.epcis import vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable

_REMEMBERED = 8192
_REMEMBERED_CHARACTERS_MAX = 200

_PCHAR = r"(?:[-A-Za-z0-9._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})"
_REG_NAME = r"(?:[-A-Za-z0-9._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*"
_H16 = r"[0-9A-Fa-f]{1,4}"
_LS32 = rf"(?:{_H16}:{_H16}|(?:[0-9]{{1,3}}\.){{3}}[0-9]{{1,3}})"
_IPV6 = "|".join(
    [
        rf"(?:{_H16}:){{6}}{_LS32}",
        rf"::(?:{_H16}:){{5}}{_LS32}",
        rf"(?:{_H16})?::(?:{_H16}:){{4}}{_LS32}",
        rf"(?:(?:{_H16}:){{0,1}}{_H16})?::(?:{_H16}:){{3}}{_LS32}",
        rf"(?:(?:{_H16}:){{0,2}}{_H16})?::(?:{_H16}:){{2}}{_LS32}",
        rf"(?:(?:{_H16}:){{0,3}}{_H16})?::{_H16}:{_LS32}",
        rf"(?:(?:{_H16}:){{0,4}}{_H16})?::{_LS32}",
        rf"(?:(?:{_H16}:){{0,5}}{_H16})?::{_H16}",
        rf"(?:(?:{_H16}:){{0,6}}{_H16})?::",
    ]
)
_LITERAL = rf"\[(?:{_IPV6}|[vV][0-9A-Fa-f]+\.[-A-Za-z0-9._~!$&'()*+,;=:]+)\]"
_AUTHORITY = rf"(?:(?:[-A-Za-z0-9._~!$&'()*+,;=:]|%[0-9A-Fa-f]{{2}})*@)?(?:{_LITERAL}|{_REG_NAME})(?::[0-9]*)?"
_URI = re.compile(
    rf"[A-Za-z][-+.A-Za-z0-9]*:(?://{_AUTHORITY}(?:/{_PCHAR}*)*|/(?:{_PCHAR}+(?:/{_PCHAR}*)*)?"
    rf"|{_PCHAR}+(?:/{_PCHAR}*)*)?(?:\?(?:{_PCHAR}|[/?])*)?(?:#(?:{_PCHAR}|[/?])*)?"
)
# EPC URNs and Digital Links, with LF behind each. No possessive quantifiers: before Python 3.11.5 they took too much.
_CHARACTERS = "[-A-Za-z0-9._~!$&'()*+,;=:@/]*"
_COMMON_URIS = re.compile(
    rf"(?:(?:urn:[a-z0-9]+:|https?://[A-Za-z0-9.]+/){_CHARACTERS}(?:%[0-9A-Fa-f]{{2}}{_CHARACTERS})*\n)*"
)
_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]+)?"
    r"([Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)
_ZONE = re.compile(r"[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00)")
_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_UOM = re.compile(r"[A-Z0-9]{2,3}")
_HEX = re.compile(r"[A-Fa-f0-9]+")
_CBV = re.compile(r"urn:epcglobal:cbv|https?://ns\.gs1\.org/cbv/")
_GS1_VOC = re.compile(r"https?://(?:www\.)?gs1\.org/voc/")

# The bare words of the context, which the retired ones of CBV 1.1 are not.
WORDS = {kind: vocabulary.words(kind) - vocabulary.RETIRED for kind in vocabulary.KINDS}


def _remembered(test: Callable[[str], bool]) -> Callable[[str], bool]:
    remembering = lru_cache(maxsize=_REMEMBERED)(test)

    def answer(text: str) -> bool:
        return remembering(text) if len(text) <= _REMEMBERED_CHARACTERS_MAX else test(text)

    return answer


@_remembered
def uri(text: str) -> bool:
    """Tell whether a text is an absolute URI."""
    return _URI.fullmatch(text) is not None


def uris(texts: list[str]) -> bool:
    """Tell whether all of many texts are absolute URIs: the common forms in one pass over all of them."""
    joined = "\n".join(texts) + "\n"
    return (_COMMON_URIS.fullmatch(joined) is not None and joined.count("\n") == len(texts)) or all(map(uri, texts))


@_remembered
def time(text: str) -> bool:
    """Tell whether a text is a time with a zone (RFC 3339)."""
    match = _TIME.fullmatch(text)
    if match is None:
        return False
    year, month, day, hour, minute, second = (int(match[index]) for index in range(1, 7))
    if not (1 <= month <= 12 and 1 <= day <= calendar.monthrange(year or 2000, month)[1]):
        return False
    zone_hours, zone_minutes = int(match[9] or 0), int(match[10] or 0)
    if hour > 23 or minute > 59 or zone_hours > 23 or zone_minutes > 59:
        return False
    if second < 60:
        return True
    # A leap second stands at the end of a day in UTC.
    offset = (zone_hours * 60 + zone_minutes) * (-1 if match[8] == "-" else 1)
    return second == 60 and (hour * 60 + minute - offset) % 1440 == 1439


def zone(text: str) -> bool:
    """Tell whether a text is an offset such as ``-05:00``."""
    return _ZONE.fullmatch(text) is not None


def version(text: str) -> bool:
    """Tell whether a text is a version such as ``2.0``."""
    return _VERSION.fullmatch(text) is not None


def uom(text: str) -> bool:
    """Tell whether a text has the shape of a UN/ECE unit code."""
    return _UOM.fullmatch(text) is not None


def hex_binary(text: str) -> bool:
    """Tell whether a text holds hexadecimal digits only."""
    return _HEX.fullmatch(text) is not None


def word(text: str, kind: str) -> bool:
    """Tell whether a text is a bare word of the standard's, or a URI that is not the standard's own spelling."""
    if text in WORDS[kind]:
        return True
    own = _GS1_VOC if kind in (vocabulary.MEASUREMENT, vocabulary.ALERT) else _CBV
    return own.match(text) is None and uri(text)
