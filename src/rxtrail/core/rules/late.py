"""When a file that is late will most likely be there: from how long the files of the past took."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

MINUTE_US = 60 * 1_000_000
FILES_MIN = 5  # fewer tell nothing about the next
USUAL_MINUTES = 4 * 60  # until there are so many: files that are sent hourly or at the end of a shift
MINUTES_MIN, MINUTES_MAX = 15, 48 * 60
_NINE_IN_TEN = 0.9


class Late(msgspec.Struct, frozen=True, gc=False):
    """How long files usually take, in words, and when to look again."""

    usual: str  # "3 hours"
    look_again: str  # "14:20 UTC", with the day when it is another one


def usual_minutes(delays_us: Sequence[int]) -> int:
    """Give within how many minutes nine of ten files came; ``delays_us`` (microseconds): from shipping to file."""
    if len(delays_us) < FILES_MIN:
        return USUAL_MINUTES
    ordered = sorted(delays_us)
    delay = ordered[min(len(ordered) - 1, int(len(ordered) * _NINE_IN_TEN))]
    return min(MINUTES_MAX, max(MINUTES_MIN, -(-delay // MINUTE_US)))


def late(now_us: int, minutes: int) -> Late:
    """Say when to look again."""
    now = datetime.datetime.fromtimestamp(now_us / 1_000_000, datetime.UTC)
    then = now + datetime.timedelta(minutes=minutes)
    clock = then.strftime("%H:%M UTC")
    return Late(_words(minutes), clock if then.date() == now.date() else f"{then.strftime('%d %b')} {clock}")


def _words(minutes: int) -> str:
    if minutes < 2 * 60:
        return f"{minutes} minutes"
    return f"{-(-minutes // 60)} hours"
