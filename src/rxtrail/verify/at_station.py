"""A scan of a calibrated station, judged as its profile turned it back, or as it arrived if the record knows that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from rxtrail.core.rules.answer import Answer, Matched, PackView, Reason, RecordView, Severity, StateView
from rxtrail.record.judge import HEADLINE_DEFAULTS, HEADLINES

if TYPE_CHECKING:
    from rxtrail.core.gs1.station_text import Turned
    from rxtrail.core.rules.answer import Verdict
    from rxtrail.record.judge import Judge

REPAIR = "station-profile"


def judged(judge: Judge, text: str, turned: Turned, *, site: str, purpose: str, known_site: bool = False) -> Verdict:
    """Judge what a station's profile made of ``text``; the text as it arrived stays in the answer.

    Where both read well and say different things, the one that the record knows better is judged. When it knows a
    pack by each, the scan is ambiguous: neither is taken for the other.
    """
    verdict = judge.judge(turned.text, site=site, purpose=purpose, known_site=known_site)
    if turned.contested:
        as_it_is = judge.judge(text, site=site, purpose=purpose, known_site=known_site)
        known, known_turned = _known(as_it_is), _known(verdict)
        if known > known_turned:
            return as_it_is
        if known == known_turned and known[0] and as_it_is.pack != verdict.pack:
            return _ambiguous(as_it_is, turned.station, purpose)
    repairs = [f"{REPAIR}:{turned.station}", *verdict.scan.repairs]
    return msgspec.structs.replace(verdict, scan=msgspec.structs.replace(verdict.scan, raw=text, repairs=repairs))


def _known(verdict: Verdict) -> tuple[bool, int]:
    """Tell whether the record knows the pack, and how many of the other elements it has as scanned."""
    matched = verdict.matched
    return matched.serial == "yes", (matched.lot == "yes") + (matched.expiry == "yes")


def _ambiguous(verdict: Verdict, station: str, purpose: str) -> Verdict:
    reason = Reason(
        "ambiguous-scan",
        Severity.CHECK,
        f"As it arrived it is one pack, and by the profile of station {station} another.",
        "Calibrate this station again, then scan the pack again.",
    )
    return msgspec.structs.replace(
        verdict,
        verdict=Answer.CHECK,
        headline=HEADLINES[Answer.CHECK].get(purpose) or HEADLINE_DEFAULTS[Answer.CHECK],
        reasons=[reason],
        pack=PackView(),
        state=StateView(),
        record=RecordView(not_checked=["record"]),
        matched=Matched(),
    )
