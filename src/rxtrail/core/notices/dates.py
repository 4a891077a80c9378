"""Dates as recall notices write them: a day, or only a month, in some thirty spellings.

A date comes out as ISO 8601 text: ``2013-03-31`` for a day, ``2013-03`` for a month. A year of two digits is of this
century. Text that may be a date but has no such month or day is no date.
"""

from __future__ import annotations

import datetime
import re

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
            "sep sept september", "oct october", "nov november", "dec december",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip

_NAME = "(?:" + "|".join(sorted(MONTHS, key=len, reverse=True)) + r")\b\.?"
_GLUED = "(?:" + "|".join(sorted(MONTHS, key=len, reverse=True)) + ")"
_SEP = r"\s?[-/.]\s?"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_ORDINAL = r"(?:st|nd|rd|th)?"
_YEAR4 = r"(?:19|20)\d\d"

# In this order: the longest spelling of a date stands before those that are a part of it.
_SPELLINGS: tuple[tuple[str, str], ...] = (
    ("ymd", rf"(?P<y>{_YEAR4})[-/.](?P<m>\d\d?)[-/.](?P<d>\d\d?)(?!\d)"),
    ("mdy", rf"(?P<m>\d\d?){_SEP}(?P<d>\d\d?){_SEP}(?P<y>{_YEAR4})(?!\d)"),
    ("dmy", rf"(?P<d>1[3-9]|2\d|3[01]){_SEP}(?P<m>\d\d?){_SEP}(?P<y>{_YEAR4})(?!\d)"),
    ("mdy", r"(?P<m>\d\d?)/(?P<d>\d\d?)/(?P<y>\d\d)(?!\d)"),
    ("dny", rf"(?P<d>{_DAY}){_ORDINAL}[-\s./]*(?P<n>{_NAME})[-\s./,]*(?P<y>{_YEAR4})(?!\d)"),
    ("dny", rf"(?P<d>\d\d)(?P<n>{_GLUED})(?P<y>{_YEAR4}|\d\d)(?!\d)"),
    ("dny", rf"(?P<d>{_DAY})[-/](?P<n>{_GLUED})[-/](?P<y>\d\d)(?!\d)"),
    ("ynd", rf"(?P<y>{_YEAR4})[-/\s]?(?P<n>{_GLUED})[-/\s]?(?P<d>\d\d)(?!\d)"),
    ("yn", rf"(?P<y>{_YEAR4})[-/\s]?(?P<n>{_NAME})"),
    ("ndy", rf"(?P<n>{_NAME})[-\s]*(?P<d>{_DAY}){_ORDINAL}[\s,/-]+(?P<y>{_YEAR4})(?!\d)"),
    ("ny", rf"(?P<n>{_NAME})[-\s/,.']*(?P<y>{_YEAR4})(?!\d)"),
    ("ny", rf"(?P<n>{_GLUED})(?P<y>{_YEAR4})(?!\d)"),
    ("ny", rf"(?P<n>{_GLUED})[-/'](?P<y>\d\d)(?!\d)"),
    ("ym", rf"(?P<y>{_YEAR4})\s?[-/.]\s?(?P<m>0[1-9]|1[0-2])(?![\d])"),
    ("my", rf"(?P<m>\d\d?)\s?[-/.]\s?(?P<y>{_YEAR4})(?!\d)"),
    ("my", r"(?P<m>\d\d?)/\s?(?P<y>\d\d)(?!\d)"),
)
_BEFORE, _AFTER = r"(?<![A-Za-z0-9])(?<![A-Za-z0-9][-/.])", r"(?![A-Za-z])(?![-/.:@][A-Za-z0-9])"
_COMPILED = tuple(re.compile(_BEFORE + spelling + _AFTER, re.IGNORECASE) for _, spelling in _SPELLINGS)
# Only where a word says that a date follows: month and day of no year, and digits without a mark between them.
# An expiry of no year says nothing, so "Dec 13" is December 2013 there.
_MONTH_YEAR = re.compile(rf"(?P<n>{_NAME})\s*[-/']?\s*(?P<y>\d\d)(?![\dA-Za-z])(?!\s*,\s*\d)", re.IGNORECASE)
_MM_YY = re.compile(r"(?P<m>\d\d?)\s?[-.]\s?(?P<y>\d\d)(?![-./\dA-Za-z])")
_MM_DD_YY = re.compile(r"(?P<m>\d\d?)-(?P<d>\d\d?)-(?P<y>\d\d)(?![-./\dA-Za-z])")
_MM_YYYY = re.compile(rf"(?P<m>0?[1-9]|1[0-2])\s+(?P<y>{_YEAR4})(?![-./\dA-Za-z])")
_DIGITS = re.compile(r"\d{4}(?:\d\d)?(?:\d\d)?(?![\dA-Za-z])")


TOLD_CHARS_MAX = 40
_YEARS_FIRST = frozenset(str(year) for year in range(16, 50))  # of YYMMDD: no pack expires in another


def date_at(text: str, at: int) -> tuple[str, int] | None:
    """Give the date that begins at ``at`` and where it ends; None when there is none."""
    for spelling in _COMPILED:
        found = spelling.match(text, at)
        if found is not None:
            date = _iso(found.groupdict())
            if date:
                return date, found.end()
    return None


def told_date_at(text: str, at: int) -> tuple[str, int, bool] | None:
    """Give a date where the words before say that one follows, its end, and whether it has but one reading."""
    window = text[at : at + TOLD_CHARS_MAX]  # what stands before is the word that tells: "Exp.01/2027"
    plain = date_at(window, 0)
    if plain is not None:
        return plain[0], at + plain[1], True
    for spelling in (_MONTH_YEAR, _MM_DD_YY, _MM_YY, _MM_YYYY):
        found = spelling.match(text, at)
        date = _iso(found.groupdict()) if found is not None else ""
        if found is not None and date:
            return date, found.end(), True
    digits = _DIGITS.match(text, at)
    if digits is None:
        return None
    readings = {date for date in map(_iso, _splits(digits[0])) if date}
    return (min(readings), digits.end(), len(readings) == 1) if readings else None


def of_element(digits: str) -> str:
    """Give the date of a GS1 element, YYMMDD with day 00 for a month; "" when there is none."""
    if len(digits) != 6 or not digits.isascii() or not digits.isdigit():
        return ""
    parts = {"y": digits[:2], "m": digits[2:4]}
    return _iso(parts if digits[4:] == "00" else {**parts, "d": digits[4:]})


def _splits(digits: str) -> list[dict[str, str]]:
    match len(digits):
        case 4:
            return [{"m": digits[:2], "y": digits[2:]}]
        case 6:
            return [
                {"m": digits[:2], "y": digits[2:]},
                {"y": digits[:4], "m": digits[4:]},
                {"m": digits[:2], "d": digits[2:4], "y": digits[4:]},
                *([{"y": digits[:2], "m": digits[2:4], "d": digits[4:]}] if digits[:2] in _YEARS_FIRST else []),
            ]
        case _:
            return [
                {"y": digits[:4], "m": digits[4:6], "d": digits[6:]},
                {"m": digits[:2], "d": digits[2:4], "y": digits[4:]},
            ]


def _iso(parts: dict[str, str]) -> str:
    """Give ISO 8601, or "" when there is no such day."""
    year = int(parts["y"]) if len(parts["y"]) == 4 else 2000 + int(parts["y"])
    if not 1990 <= year <= 2099:
        return ""
    month = MONTHS[parts["n"].lower().rstrip(".")] if "n" in parts else int(parts["m"])
    if not 1 <= month <= 12:
        return ""
    if "d" not in parts:
        return f"{year:04}-{month:02}"
    try:
        return datetime.date(year, month, int(parts["d"])).isoformat()
    except ValueError:
        return ""
