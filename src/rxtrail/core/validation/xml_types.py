"""The simple types of XML Schema that EPCIS documents use: a text either is of the type or is not.

Source: XML Schema 1.0 part 2; the patterns of EPCIS 2.0's ``DateTimeStamp``. Where the standard's text and libxml2,
the checker that partners use, part ways, libxml2 is followed: a plain ``dateTime`` with blanks round it is none, and
a space in an ``anyURI`` is read as one that should have been escaped.
"""

from __future__ import annotations

import calendar
import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_REMEMBERED = 8192
_REMEMBERED_CHARACTERS_MAX = 200
_BLANKS = " \t\r\n"

_STAMP = re.compile(
    r"([0-9]{4})-(1[0-2]|0[1-9])-(3[01]|0[1-9]|[12][0-9])T(?:2[0-3]|[01][0-9]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?"
    r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
)
_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))?"
_DATE_TIME = re.compile(
    r"(-?(?:[1-9][0-9]{3,}|0[0-9]{3}))-(1[0-2]|0[1-9])-(3[01]|0[1-9]|[12][0-9])"
    r"T(?:(?:2[0-3]|[01][0-9]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?|24:00:00(?:\.0+)?)" + _ZONE
)
_DATE = re.compile(r"(-?(?:[1-9][0-9]{3,}|0[0-9]{3}))-(1[0-2]|0[1-9])-(3[01]|0[1-9]|[12][0-9])" + _ZONE)
_TIME = re.compile(r"(?:(?:2[0-3]|[01][0-9]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?|24:00:00(?:\.0+)?)" + _ZONE)
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_DOUBLE = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]*)?|-?INF|NaN")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_NCNAME = re.compile(r"[^\W\d][-.\w\u00b7]*")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})*")
_DURATION = re.compile(r"-?P(?=.)(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?=.)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?", re.ASCII)
_YEAR = re.compile(r"-?(?:[1-9][0-9]{3,}|0[0-9]{3})" + _ZONE)

# RFC 3986, appendix A, after every character that a URI must escape has been taken for an escaped one.
_TO_ESCAPE = re.compile(r"""[\x00-\x20"<>\\^`{|}\x7f-\U0010ffff]""")
_PCHAR = r"(?:[-A-Za-z0-9._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})"
_NC = r"(?:[-A-Za-z0-9._~!$&'()*+,;=@]|%[0-9A-Fa-f]{2})"
_AUTHORITY = (
    r"(?:(?:[-A-Za-z0-9._~!$&'()*+,;=:]|%[0-9A-Fa-f]{2})*@)?"
    r"(?:\[[^\]]*\]|(?:[-A-Za-z0-9._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*)(?::[0-9]+)?"
)
_TAIL = rf"(?:\?(?:{_PCHAR}|[/?])*)?(?:#(?:{_PCHAR}|[][/?])*)?"
_HIERARCHY = rf"(?://{_AUTHORITY}(?:/{_PCHAR}*)*|/(?:{_PCHAR}+(?:/{_PCHAR}*)*)?"
_URI = re.compile(rf"[A-Za-z][-+.A-Za-z0-9]*:{_HIERARCHY}|{_PCHAR}+(?:/{_PCHAR}*)*)?{_TAIL}")
_RELATIVE = re.compile(rf"{_HIERARCHY}|{_NC}+(?:/{_PCHAR}*)*)?{_TAIL}")


def _remembered(test: Callable[[str], bool]) -> Callable[[str], bool]:
    remembering = lru_cache(maxsize=_REMEMBERED)(test)

    def answer(text: str) -> bool:
        return remembering(text) if len(text) <= _REMEMBERED_CHARACTERS_MAX else test(text)

    return answer


def _day_exists(match: re.Match[str] | None) -> bool:
    if match is None:
        return False
    year, month, day = int(match[1]), int(match[2]), int(match[3])
    # The calendar repeats after 400 years; XML Schema 1.0 has no year 0.
    return year != 0 and day <= calendar.monthrange(2000 + year % 400, month)[1]


@_remembered
def stamp(text: str) -> bool:
    """EPCIS 2.0's ``DateTimeStamp``: a dateTime that tells its zone."""
    return _day_exists(_STAMP.fullmatch(text.strip(_BLANKS)))


@_remembered
def date_time(text: str) -> bool:
    """``xs:dateTime``."""
    return _day_exists(_DATE_TIME.fullmatch(text))


@_remembered
def any_uri(text: str) -> bool:
    """``xs:anyURI``: an absolute or relative reference."""
    text = _TO_ESCAPE.sub("_", text.strip(_BLANKS))
    return not text or _URI.fullmatch(text) is not None or _RELATIVE.fullmatch(text) is not None


def string(text: str) -> bool:  # noqa: ARG001 -- any text is one
    """``xs:string``."""
    return True


def action(text: str) -> bool:
    """One of the three actions of EPCIS; a string, so blanks count."""
    return text in ("ADD", "OBSERVE", "DELETE")


def decimal(text: str) -> bool:
    """``xs:decimal``."""
    return _DECIMAL.fullmatch(text.strip(_BLANKS)) is not None


def double(text: str) -> bool:
    """``xs:double``."""
    return _DOUBLE.fullmatch(text.strip(_BLANKS)) is not None


def boolean(text: str) -> bool:
    """``xs:boolean``."""
    return text.strip(_BLANKS) in ("true", "false", "1", "0")


def hex_binary(text: str) -> bool:
    """``xs:hexBinary``."""
    return _HEX.fullmatch(text.strip(_BLANKS)) is not None


def integer(text: str) -> bool:
    """``xs:integer``."""
    return _INTEGER.fullmatch(text.strip(_BLANKS)) is not None


def ncname(text: str) -> bool:
    """``xs:NCName``."""
    return _NCNAME.fullmatch(text.strip(_BLANKS)) is not None


def one_of(*values: str) -> Callable[[str], bool]:
    """Give the test of an enumeration of tokens."""
    allowed = frozenset(values)
    return lambda text: text.strip(_BLANKS) in allowed


def within(low: int | None, high: int | None) -> Callable[[str], bool]:
    """Give the test of a whole number between two bounds."""

    def test(text: str) -> bool:
        if not integer(text) or len(text) > 64:
            return False
        number = int(text)
        return (low is None or number >= low) and (high is None or number <= high)

    return test


# The types that a document may name by xsi:type inside an extension.
BUILT_IN: dict[str, Callable[[str], bool]] = {
    **dict.fromkeys(("string", "normalizedString", "token", "anySimpleType", "anyType"), string),
    "dateTime": date_time,
    "date": lambda text: _day_exists(_DATE.fullmatch(text)),
    "time": lambda text: _TIME.fullmatch(text) is not None,
    "duration": lambda text: _DURATION.fullmatch(text) is not None,
    "gYear": lambda text: _YEAR.fullmatch(text) is not None,
    "anyURI": any_uri,
    "decimal": decimal,
    "double": double,
    "float": double,
    "boolean": boolean,
    "hexBinary": hex_binary,
    "integer": integer,
    "NCName": ncname,
    "Name": ncname,
    "ID": ncname,
    "int": within(-(1 << 31), (1 << 31) - 1),
    "long": within(-(1 << 63), (1 << 63) - 1),
    "short": within(-(1 << 15), (1 << 15) - 1),
    "byte": within(-128, 127),
    "unsignedInt": within(0, (1 << 32) - 1),
    "unsignedLong": within(0, (1 << 64) - 1),
    "unsignedShort": within(0, (1 << 16) - 1),
    "unsignedByte": within(0, 255),
    "nonNegativeInteger": within(0, None),
    "positiveInteger": within(1, None),
    "nonPositiveInteger": within(None, 0),
    "negativeInteger": within(None, -1),
}
