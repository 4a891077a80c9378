"""A scan turned back through the profile of its station, unless it reads better as it arrived."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from rxtrail.core.gs1.keyboard_profile import GS, apply_profile
from rxtrail.core.gs1.scan import read_scan
from rxtrail.core.gs1.scan_value import TEXT_LENGTH_MAX

if TYPE_CHECKING:
    from rxtrail.core.gs1.keyboard_profile import Profile
    from rxtrail.core.gs1.scan import Scan

_ENDS = " \t\r\n"
_LATE = re.compile(f"{GS}([^0-9])")


class Turned(msgspec.Struct, frozen=True, gc=False):
    """What to read in place of what arrived."""

    text: str
    station: str  # whose profile turned it back
    contested: bool = False  # as it arrived it reads just as well, and says something else


def turned(profile: Profile, station: str, text: str, *, this_year: int) -> Turned | None:
    """Turn a scan back through the profile of a station; None when it is to be read as it arrived. Never raises.

    A profile may be older than the setting of the scanner, and not every text comes from the scanner. So a text that
    reads better as it arrived stays as it is; one that reads as well both ways is contested, and the record decides.
    """
    if len(text) > TEXT_LENGTH_MAX:
        return None
    back = apply_profile(profile, text)
    if back.strip(_ENDS) == text.strip(_ENDS):
        return None
    as_it_is, as_turned = read_scan(text, this_year=this_year), read_scan(back, this_year=this_year)
    if as_turned.fault and GS in back:
        # A dead key at the end of a field prints its accent only after the separator, where an AI begins.
        late = _LATE.sub(rf"\1{GS}", back)
        as_late = read_scan(late, this_year=this_year)
        if _worth(as_late) > _worth(as_turned):
            back, as_turned = late, as_late
    if _worth(as_it_is) > _worth(as_turned):
        return None
    return Turned(back, station, contested=not as_it_is.fault and _said(as_it_is) != _said(as_turned))


def _worth(scan: Scan) -> int:
    """Tell how much of a scan can be read: a pack, a product, a known kind of code, or nothing."""
    if not scan.fault:
        return 3
    return 2 if scan.gtin or scan.ppn or scan.sscc else 1 if scan.kind not in ("", "text") else 0


def _said(scan: Scan) -> tuple[str, ...]:
    return (scan.product, scan.serial, scan.lot, scan.yymmdd, scan.sscc)
