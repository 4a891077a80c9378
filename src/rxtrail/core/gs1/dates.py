"""GS1 dates of six digits, YYMMDD, as AI 17 (expiry), 11 (production) and their like carry them.

Source: GS1 General Specifications, section 7.12 (century window) and 3.4 (day 00 is the last day of the
month).
"""

from __future__ import annotations

import calendar
from datetime import date

from rxtrail.core.gs1.identifier import shown
from rxtrail.errors import BadIdentifier

DIGITS = 6
YEARS_AHEAD_MAX = 50  # a two-digit year further ahead than this belongs to the last century


def century_of(yy: int, this_year: int) -> int:
    """Give the four-digit year that a two-digit year means when it is read in ``this_year``."""
    century = this_year - this_year % 100
    ahead = yy - this_year % 100
    if ahead > YEARS_AHEAD_MAX:
        return century - 100 + yy
    if ahead < 1 - YEARS_AHEAD_MAX:
        return century + 100 + yy
    return century + yy


def expiry(yymmdd: str, *, this_year: int) -> date:
    """Give the last day on which the product may be used; raises BadIdentifier when there is no such day."""
    if len(yymmdd) != DIGITS or not (yymmdd.isascii() and yymmdd.isdecimal()):
        raise BadIdentifier(
            f"a date of {DIGITS} digits, YYMMDD, is needed: {shown(yymmdd)}",
            advice="Read the date from the pack again.",
        )
    year = century_of(int(yymmdd[:2]), this_year)
    month, day = int(yymmdd[2:4]), int(yymmdd[4:])
    try:
        return date(year, month, day or calendar.monthrange(year, month)[1])
    except ValueError as reason:
        raise BadIdentifier(
            f"no such date: {shown(yymmdd)} (YYMMDD): {reason}",
            advice="The label or the scan is wrong; read the date printed on the pack.",
        ) from reason


def to_yymmdd(date: date) -> str:
    """Write a date as six digits; the century is lost, as on the label."""
    return f"{date.year % 100:02d}{date.month:02d}{date.day:02d}"
