"""What one company's queries cost together: a bucket of seconds that fills by itself.

Each answer has a budget of its own (:mod:`rxtrail.epcis_query.budget`); this is for dear questions without end.
Kept in the memory of each process. Who needs no key asks as much as it likes.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from typing import TYPE_CHECKING, Final

from rxtrail.core.epcis.query.refusals import QueryTooComplex

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS_MAX: Final = 120.0
"""So much a company that has not asked for a while may use at once."""

SECONDS_PER_SECOND: Final = 0.5
"""How fast the bucket fills: half of one thread without end."""


class Costs:
    """The buckets of all companies. Safe to use from several threads."""

    def __init__(self) -> None:
        """Start with full ones."""
        self._lock = threading.Lock()
        self._left: dict[str, tuple[float, float]] = {}  # one a site key's company, so no more than there are

    @contextlib.contextmanager
    def of(self, viewer: str) -> Iterator[None]:
        """Count what is done inside against a company.

        :raises QueryTooComplex: its bucket is empty.
        """
        if not viewer:
            yield
            return
        begun = time.monotonic()
        with self._lock:
            left = self._filled(viewer, begun)
        if left <= 0:
            seconds = math.ceil((1 - left) / SECONDS_PER_SECOND)
            raise QueryTooComplex(
                "your queries of the last minutes took more time than one company's may",
                advice=f"Ask again in {seconds} seconds, for less at once: narrow by time, place or identifier.",
            )
        try:
            yield
        finally:
            ended = time.monotonic()
            with self._lock:
                self._left[viewer] = (self._filled(viewer, ended) - (ended - begun), ended)

    def _filled(self, viewer: str, now: float) -> float:
        left, at = self._left.get(viewer, (SECONDS_MAX, now))
        return min(SECONDS_MAX, left + (now - at) * SECONDS_PER_SECOND)
