"""Against harvesting: who asks for serials that do not exist gets only so many answers, and somebody is told.

A responder tells anybody which serials exist; asked often enough, it would write a counterfeiter's list. So every
requester may ask for a number of unknown packs an hour, and past it gets no answer at all, known packs included: if
only the unknown ones were refused, the refusal would be the answer. Kept in the memory of one process: a restart
begins anew, and several processes each count what they see.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from typing import Final

import msgspec

HOUR_SECONDS: Final = 3600
DAY_SECONDS: Final = 24 * HOUR_SECONDS
REQUESTERS_MAX: Final = 20_000  # remembered; whoever asked longest ago is forgotten first
SERIALS_MAX: Final = 100_000
REQUESTERS_TOLD_MAX: Final = 20


class Seen(msgspec.Struct, gc=False):
    """What one requester asked in vain: when, and for which pack."""

    misses: deque[tuple[int, str]]
    told_at: int = -HOUR_SECONDS  # when the last alert about it was made


class Watch:
    """Counts questions in vain and who asks for one serial. Times are whole seconds."""

    def __init__(self) -> None:
        """Start with nothing seen."""
        self._lock = threading.Lock()
        self._requesters: OrderedDict[str, Seen] = OrderedDict()
        self._serials: OrderedDict[str, dict[str, int]] = OrderedDict()

    def wait_of(self, requester: str, budget: int, now: int) -> int:
        """Tell how many seconds a requester has to wait, 0 when it may ask."""
        with self._lock:
            seen = self._requesters.get(requester)
            if seen is None:
                return 0
            _forget(seen, now)
            if len(seen.misses) < budget:
                return 0
            return max(1, seen.misses[len(seen.misses) - budget][0] + HOUR_SECONDS - now)

    def missed(self, requester: str, pack: str, budget: int, now: int) -> bool:
        """Count a pack that is not there, once an hour; tell whether the budget is now spent and nobody was told."""
        with self._lock:
            seen = self._requesters.setdefault(requester, Seen(deque()))
            self._requesters.move_to_end(requester)
            if len(self._requesters) > REQUESTERS_MAX:
                self._requesters.popitem(last=False)
            _forget(seen, now)
            if all(known != pack for _, known in seen.misses):
                seen.misses.append((now, pack))
            if len(seen.misses) < budget or now - seen.told_at < HOUR_SECONDS:
                return False
            seen.told_at = now
            return True

    def asked(self, requester: str, pack: str, many: int, now: int) -> list[str]:
        """Count who asks for a pack; give all requesters of a day when they have just become ``many``, else nothing."""
        with self._lock:
            requesters = self._serials.setdefault(pack, {})
            self._serials.move_to_end(pack)
            if len(self._serials) > SERIALS_MAX:
                self._serials.popitem(last=False)
            for gln in [gln for gln, at in requesters.items() if now - at >= DAY_SECONDS]:
                del requesters[gln]
            new = requester not in requesters
            if new and len(requesters) >= REQUESTERS_TOLD_MAX:
                return []
            requesters[requester] = now
            return sorted(requesters) if new and len(requesters) == many else []


def _forget(seen: Seen, now: int) -> None:
    while seen.misses and now - seen.misses[0][0] >= HOUR_SECONDS:
        seen.misses.popleft()
