"""The only place where time and randomness enter; everything else is given them."""

from __future__ import annotations

import datetime
import os
import time
import uuid


def now_us() -> int:
    """Now, in microseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1000


def today() -> datetime.date:
    """Today's date in the local zone of the site, since an expiry date is a local date."""
    return datetime.datetime.now().astimezone().date()


def random_bytes(count: int) -> bytes:
    """``count`` bytes that nobody can guess."""
    return os.urandom(count)


def new_uuid_urn() -> str:
    """A new ``urn:uuid:`` event identifier."""
    return uuid.uuid4().urn
