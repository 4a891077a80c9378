"""What one scan of the calibration symbol tells of a station."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from rxtrail.calibration.advice import UNKNOWN_LAYOUT, Advice, advice_of
from rxtrail.core.gs1.keyboard_profile import CALIBRATION_TEXT, GS, KEPT, LOST, SYMBOLOGY, Profile, profile_of

if TYPE_CHECKING:
    from collections.abc import Iterator

# How well scans of a station can be read.
GOOD = "good"  # as they are
PUT_RIGHT = "put-right"  # after its profile was applied
PARTLY = "partly"  # not all of them, even with its profile
NOT_FOUND = "not-found"  # what arrived is not the symbol
ALIKE_MAX = 16  # characters of the symbol that may arrive as another one does; another code has far more
_ENDS = "\r\n\t"
_INCURABLE = frozenset({"case-changed", "characters-lost", "characters-alike", "separator-lost"})


class Calibration(msgspec.Struct, frozen=True, gc=False):
    """A calibration: how scans of the station arrive, and what to set."""

    outcome: str  # good | put-right | partly | not-found
    profile: Profile
    advice: list[Advice]
    ms_per_character: float | None  # None when nobody measured it


def calibrate(reached: str, *, took_ms: float | None = None) -> Calibration:
    """Find out from ``reached``, what one scan of the symbol became, how a station is set; never raises.

    ``took_ms`` is the time from the first key to the last one, where something has seen the keys.
    """
    profile = _profile(reached)
    count = len(reached) - 1
    speed = round(took_ms / count, 2) if took_ms is not None and took_ms > 0 and count > 0 else None
    advice = advice_of(profile, speed)
    return Calibration(_outcome(profile, advice), msgspec.structs.replace(profile, advice=[]), advice, speed)


def _profile(reached: str) -> Profile:
    profile = profile_of(CALIBRATION_TEXT, reached)
    if profile.known and profile.layout != UNKNOWN_LAYOUT:
        return profile
    return next(_by_character(reached), profile)


def _by_character(reached: str) -> Iterator[Profile]:
    """Match character by character what no layout of a US scanner explains, with a symbology identifier or without.

    Scanners set to other layouts press keys that a host lacks, so a few characters may arrive alike.
    """
    body = reached.rstrip(_ENDS)
    without = CALIBRATION_TEXT.replace(GS, "")
    for head in (0, len(SYMBOLOGY)):
        for sent in (CALIBRATION_TEXT, without):
            if len(body) - head != len(sent):
                continue
            meant: dict[str, str] = {}
            for arrived, was in zip(body[head:], sent, strict=True):
                if was not in meant.get(arrived, ""):
                    meant[arrived] = meant.get(arrived, "") + was
            alike = [characters for characters in meant.values() if len(characters) > 1]
            if sum(map(len, alike)) > ALIKE_MAX:
                continue
            separator = next((arrived for arrived, characters in meant.items() if GS in characters), "")
            yield Profile(
                gs=LOST if sent is without else KEPT if separator == GS else separator,
                prefix=body[:head],
                suffix=reached[len(body) :],
                symbology=head > 0,
                layout=UNKNOWN_LAYOUT,
                characters={
                    arrived: min(characters, key=_rarity)
                    for arrived, characters in meant.items()
                    if arrived != separator
                },
                alike=alike,
            )


def _rarity(character: str) -> int:
    """Tell how seldom serials and lots hold a character."""
    return 0 if character.isalnum() else 1 if character in "-/._" else 2


def _outcome(profile: Profile, advice: list[Advice]) -> str:
    if not profile.known:
        return NOT_FOUND
    if any(one.code in _INCURABLE for one in advice):
        return PARTLY
    return PUT_RIGHT if any(one.cured for one in advice) else GOOD
