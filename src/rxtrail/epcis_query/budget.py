"""What one answer may cost, in events and in time; a query that costs more is ended or refused, never the server.

Where a page can end early it does, and the next one goes on from there. Where it cannot (counting, sorting, planning
with ten thousand values), the query is too complex.
"""

from __future__ import annotations

import time
from typing import Final

from rxtrail.core.epcis.query.refusals import QueryTooComplex

DECODED_MAX: Final = 50_000
"""So many events are decoded for one answer; a page then ends early, and the next goes on."""

LOOKED_AT_MAX: Final = 2_000_000
SECONDS_MAX: Final = 5.0
"""A page ends early after this."""

HARD_SECONDS_MAX: Final = 8.0
"""What is still not answered then is refused."""


class Budget:
    """What one answer may cost."""

    def __init__(
        self, *, seconds: float | None = None, hard_seconds: float | None = None, decoded: int = DECODED_MAX
    ) -> None:
        """Start now."""
        now = time.monotonic()
        self._until = now + (SECONDS_MAX if seconds is None else seconds)
        self._hard_until = now + (HARD_SECONDS_MAX if hard_seconds is None else hard_seconds)
        self._decoded, self._looked_at = decoded, LOOKED_AT_MAX

    def look(self, count: int) -> None:
        """Count keys that were looked at."""
        self._looked_at -= count

    def decode(self, count: int) -> None:
        """Count events that were decoded."""
        self._decoded -= count

    @property
    def spent(self) -> bool:
        """Tell whether nothing is left."""
        return self._decoded <= 0 or self._looked_at <= 0 or time.monotonic() > self._until

    def check(self) -> None:
        """See to it that there is time left; asked before each statement and event of a query.

        :raises QueryTooComplex: there is none.
        """
        if time.monotonic() > self._hard_until:
            raise QueryTooComplex(
                "this query takes more time than one answer may",
                advice="Give fewer values or patterns, narrow it by time or place, or read smaller pages.",
            )
