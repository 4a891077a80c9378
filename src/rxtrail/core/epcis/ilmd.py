"""Lot and expiry as a commissioning event tells them, whichever namespace and spelling its sender uses.

Source: CBV 2.0, section 9.2.2 (lotNumber, itemExpirationDate); GS1 General Specifications, section 3.4.7 (AI
17, day 00 is the last day of the month).
"""

from __future__ import annotations

import calendar
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rxtrail.core.epcis import namespaces, trees

if TYPE_CHECKING:
    from rxtrail.core.epcis.event import Event

LOT_LENGTH_MAX = 20

# Names seen in partners' files, in lower case and without joints: the standard's own stand first.
_LOT_NAMES = ("lotnumber", "batchnumber", "lot", "lotid", "lotno", "batch")
_EXPIRY_NAMES = (
    "itemexpirationdate",
    "expirationdate",
    "expirydate",
    "bestbeforedate",
    "lotexpirationdate",
    "expiry",
    "expirationdatetime",
)
_WANTED = {**dict.fromkeys(_LOT_NAMES, "lot"), **dict.fromkeys(_EXPIRY_NAMES, "expiry")}
_ISO = re.compile(r"(\d{4})-(\d\d)(?:-(\d\d))?(?:[Tt ].*|Z|[-+]\d\d:\d\d)?", re.ASCII)
_DIGITS = re.compile(r"(?:(\d\d)?(\d\d)(\d\d)(\d\d))", re.ASCII)


def ilmd_lot_expiry(event: Event) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """Give the lot, the expiry as ``YYYY-MM-DD``, and problems as (code, message); "" for what is not told.

    An expiry that cannot be read is "" with a problem; a lot is given as written.
    """
    return lot_expiry_in(event.ilmd)


def lot_expiry_in(ilmd: dict[str, Any]) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """Give the same of an event's ILMD itself."""
    if not ilmd:
        return "", "", ()
    try:
        return _read_items(tuple(ilmd.items()))
    except TypeError:  # a value with parts of its own, which nothing can be kept by
        return _read(*_texts(ilmd))


@lru_cache(maxsize=4096)
def _read_items(items: tuple[tuple[str, Any], ...]) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    return _read(*_texts(dict(items)))


def _texts(ilmd: dict[str, Any]) -> tuple[str, str]:
    found: dict[str, str] = {}
    ranks: dict[str, int] = {}
    for key, value in ilmd.items():
        name = _plain(key)
        what = _WANTED.get(name)
        if what is None:
            continue
        rank = (_LOT_NAMES if what == "lot" else _EXPIRY_NAMES).index(name)
        text = trees.text(value)
        if text and rank < ranks.get(what, 99):
            found[what], ranks[what] = text, rank
    return found.get("lot", ""), found.get("expiry", "")


@lru_cache(maxsize=1024)
def _plain(key: str) -> str:
    return namespaces.split(key)[1].rpartition(":")[2].replace("_", "").replace("-", "").lower()


@lru_cache(maxsize=4096)
def _read(lot: str, expiry: str) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    problems: list[tuple[str, str]] = []
    if len(lot) > LOT_LENGTH_MAX:
        problems.append(
            ("LOT_TOO_LONG", f"the lot {lot[:80]!r} has {len(lot)} characters; GS1 allows {LOT_LENGTH_MAX}")
        )
    date = _date(expiry) if expiry else ""
    if expiry and not date:
        problems.append(("INVALID_EXPIRY", f"the expiry {expiry[:80]!r} is no date: give YYYY-MM-DD"))
    elif lot and not expiry:
        problems.append(("MISSING_EXPIRY", f"lot {lot[:80]!r} has no expiry date"))
    return lot, date, tuple(problems)


def _date(text: str) -> str:
    """Read ``YYYY-MM-DD`` with or without time, ``YYYYMMDD``, ``YYMMDD``, ``YYYY-MM``; "" for others."""
    match = _ISO.fullmatch(text)
    if match is not None:
        year, month, day = int(match[1]), int(match[2]), int(match[3] or 0)
    else:
        match = _DIGITS.fullmatch(text)
        if match is None:
            return ""
        # A two-digit year in an EPCIS file is of this century: serialised medicines are younger than it.
        year, month, day = int((match[1] or "20") + match[2]), int(match[3]), int(match[4])
    if not (1 <= year <= 9999 and 1 <= month <= 12):
        return ""
    last = calendar.monthrange(year, month)[1]
    return f"{year:04}-{month:02}-{day or last:02}" if day <= last else ""
