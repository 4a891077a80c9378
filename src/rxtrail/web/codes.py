"""From path parts and fields to a code that a scanner could have read."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from urllib.parse import quote

from rxtrail.errors import BadRequest

_PLAIN = re.compile(r"[0-9A-Za-z]+").fullmatch
_STEM = "https://id.gs1.org"


def gtin14(text: str) -> str:
    """A GTIN of 8, 12, 13 or 14 digits as 14; raises ``BadRequest``."""
    if len(text) not in (8, 12, 13, 14) or not (text.isascii() and text.isdecimal()):
        raise BadRequest(f"{text[:40]!r} is not a GTIN.", place="gtin", advice="A GTIN has 8, 12, 13 or 14 digits.")
    return text.zfill(14)


def sscc18(text: str) -> str:
    """An SSCC's 18 digits; raises ``BadRequest``."""
    if len(text) != 18 or not (text.isascii() and text.isdecimal()):
        raise BadRequest(f"{text[:40]!r} is not an SSCC.", place="sscc", advice="An SSCC has 18 digits.")
    return text


@lru_cache(maxsize=1024)
def yymmdd(expiry: str) -> str:
    """An expiry as printed, from an ISO date or as printed already; raises ``BadRequest``."""
    if not expiry or re.fullmatch(r"[0-9]{6}", expiry):
        return expiry
    try:
        return date.fromisoformat(expiry).strftime("%y%m%d")
    except ValueError as wrong:
        raise BadRequest(
            f"{expiry[:40]!r} is not a date.", place="expiry", advice="Send YYYY-MM-DD or YYMMDD."
        ) from wrong


def pack_code(gtin: str, serial: str, *, lot: str = "", expiry: str = "") -> str:
    """A GS1 Digital Link: in it no character of a serial can pass for a bracket or a separator."""
    if (len(expiry) == 10 or len(expiry) == 6) and _PLAIN(gtin) and _PLAIN(serial) and _PLAIN(lot):
        return f"{_STEM}/01/{gtin14(gtin)}/10/{lot}/21/{serial}?17={yymmdd(expiry)}"  # nothing to escape
    if not serial:
        raise BadRequest("A pack has a serial.", place="serial")
    path = f"/01/{gtin14(gtin)}" + (f"/10/{quote(lot, safe='')}" if lot else "")
    query = f"?17={yymmdd(expiry)}" if expiry else ""
    return f"{_STEM}{path}/21/{quote(serial, safe='')}{query}"


def container_code(sscc: str) -> str:
    """A container's GS1 Digital Link."""
    return f"{_STEM}/00/{sscc18(sscc)}"


def pack_path(gtin: str, serial: str) -> str:
    """The page of a pack, safe as a link and as a ``Location``."""
    return f"/packs/{gtin14(gtin)}/{quote(serial, safe='')}"
