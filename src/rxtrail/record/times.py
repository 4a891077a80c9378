"""Times as people and programs write them."""

from __future__ import annotations

import datetime

_EPOCH = datetime.datetime.fromtimestamp(0, datetime.UTC)


def iso(microseconds: int) -> str:
    """Give a time as ISO 8601 in UTC, with milliseconds only when there are any."""
    moment = _EPOCH + datetime.timedelta(microseconds=microseconds)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    if moment.microsecond >= 1000:
        text += f".{moment.microsecond // 1000:03d}"
    return text + "Z"


def day(microseconds: int) -> str:
    """Give the UTC day of a time as ISO."""
    return (_EPOCH + datetime.timedelta(microseconds=microseconds)).date().isoformat()
