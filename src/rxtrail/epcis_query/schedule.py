"""When a scheduled query runs: six fields of numbers and ranges, all of which the time must match.

Source: EPCIS 2.0, clause 8.2.5.3 (QuerySchedule): ``1,5,[10-20]``. Cron's ``*``, ``a-b`` and ``a/b`` are taken too.
Times are UTC. A field that is left out matches every value, but the ones below the finest field given match zero only:
an hour alone is its first second.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

import msgspec

from rxtrail.epcis_query.refusals import BadSubscription

FIELDS: Final = {
    "second": (0, 59),
    "minute": (0, 59),
    "hour": (0, 23),
    "dayOfMonth": (1, 31),
    "month": (1, 12),
    "dayOfWeek": (1, 7),  # Monday is 1
}
CHARACTERS_MAX: Final = 400
_PART: Final = re.compile(
    r"(?:\[([0-9]{1,2})-([0-9]{1,2})\]|([0-9]{1,2})-([0-9]{1,2})|([0-9]{1,2})|(\*))(?:/([0-9]{1,2}))?"
)
_DAYS_AHEAD: Final = 366 * 8  # the 29th of February may be eight years off
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Schedule(msgspec.Struct, frozen=True):
    """The values of each field, in rising order."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    def next_after(self, at: int) -> int:
        """Give the next moment (microseconds) after one.

        :raises BadSubscription: there is none, as with the 31st of February.
        """
        moment = _EPOCH + dt.timedelta(microseconds=at)
        for ahead in range(_DAYS_AHEAD):
            day = moment.date() + dt.timedelta(days=ahead)
            if day.day not in self.days or day.month not in self.months or day.isoweekday() not in self.weekdays:
                continue
            start = dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC)
            for hour in self.hours:
                if ahead == 0 and hour < moment.hour:
                    continue
                for minute in self.minutes:
                    if ahead == 0 and (hour, minute) < (moment.hour, moment.minute):
                        continue
                    for second in self.seconds:
                        found = start + dt.timedelta(hours=hour, minutes=minute, seconds=second)
                        if found > moment:
                            return int((found - _EPOCH) / dt.timedelta(microseconds=1))
        raise BadSubscription("no day ever matches this schedule", place="schedule")


def read_schedule(fields: dict[str, str]) -> Schedule:
    """Read a schedule.

    :raises BadSubscription: an unknown field, or a value that it cannot have.
    """
    unknown = sorted(set(fields) - set(FIELDS))
    if unknown or not fields:
        raise BadSubscription(
            f"a schedule has no field {unknown[0][:40]!r}" if unknown else "the schedule is empty",
            place="schedule",
            advice=f"It has {', '.join(FIELDS)}.",
        )
    order = list(FIELDS)
    finest = min(order.index(name) for name in fields)
    values = {
        name: _values(name, fields[name]) if name in fields else _all(name) if index > finest else (FIELDS[name][0],)
        for index, name in enumerate(order)
    }
    if finest > 3:  # a month or a day of the week leaves the day of the month open
        values["dayOfMonth"] = _all("dayOfMonth")
    if finest == 5:
        values["month"] = _all("month")
    schedule = Schedule(
        values["second"], values["minute"], values["hour"],
        frozenset(values["dayOfMonth"]), frozenset(values["month"]), frozenset(values["dayOfWeek"]),
    )  # fmt: skip
    schedule.next_after(0)
    return schedule


def _all(name: str) -> tuple[int, ...]:
    low, high = FIELDS[name]
    return tuple(range(low, high + 1))


def _values(name: str, text: str) -> tuple[int, ...]:
    low, high = FIELDS[name]
    found: set[int] = set()
    for part in text.split(",") if len(text) <= CHARACTERS_MAX else [""]:
        match = _PART.fullmatch(part.strip())
        if match is None:
            raise _wrong(name, text)
        start, end, plain_start, plain_end, single, star, step = match.groups()
        if single is not None:
            first, last = int(single), int(single) if step is None else high
        elif star is not None:
            first, last = low, high
        else:
            first, last = int(start or plain_start), int(end or plain_end)
        if not low <= first <= last <= high or step == "0":
            raise _wrong(name, text)
        found.update(range(first, last + 1, int(step or 1)))
    return tuple(sorted(found))


def _wrong(name: str, text: str) -> BadSubscription:
    low, high = FIELDS[name]
    return BadSubscription(
        f"{name}: {text[:80]!r} is no list of numbers and ranges from {low} to {high}",
        place=name,
        advice=f"Such as {low}, or {low},{high}, or [{low}-{high}].",
    )
