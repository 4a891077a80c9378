"""Budgets against harvesting: how many codes that nobody made a site may ask for, and what looks like collecting them.

A bucket holds ``UNKNOWN_MAX`` questions and fills at ``UNKNOWN_PER_HOUR``. When it is empty every question of that site
is refused alike, since an answer to the known ones only would tell them apart. A site's own record goes on.
What is left stands on the record (:mod:`rxtrail.access.tally`), so all processes of a hub share it and a restart fills
nothing. What was asked for, by which the alarms go, is kept in the memory of each process, bounded.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from rxtrail.errors import RxtrailError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.access.tally import Tally
    from rxtrail.core.rules.answer import Verdict

K = TypeVar("K")
V = TypeVar("V")

UNKNOWN_MAX: Final = 300
"""An honest morning: a delivery whose file has not come yet."""

UNKNOWN_PER_HOUR: Final = 300
SEQUENCE_MIN: Final = 20
"""So many unknown serials of one GTIN, near each other and within the hour, are an enumeration."""

SEQUENCE_SPAN: Final = 1_000
ASKERS_MIN: Final = 5
"""So many sites that ask for one serial within a day: it is printed on more than one pack."""

SEQUENCE_US: Final = 3_600 * 1_000_000
ASKERS_US: Final = 24 * 3_600 * 1_000_000
KEPT_MAX: Final = 50_000
TOLD_US: Final = 2 * 1_000_000
"""So often at most the record is told what one asker has spent, and asked what it spent elsewhere."""

UNTOLD_MAX: Final = 20  # questions; then it is told at once
UNKNOWN: Final = frozenset({"unknown-serial", "unknown-product", "no-transaction-data"})
ENUMERATION: Final = "enumeration"  # kinds of cases
MANY_ASKERS: Final = "many-askers"


class BudgetSpent(RxtrailError):
    """Too many codes that nobody made; ``retry_after`` is in seconds."""

    code = "too-many-unknown"

    def __init__(self, retry_after: int) -> None:
        """Say when to come again."""
        super().__init__(
            "too many codes that are not on record were asked for",
            advice=f"Ask again in {retry_after} seconds. Load the supplier's files, or check the scanner.",
        )
        self.retry_after = retry_after


class Alarm(msgspec.Struct, frozen=True, gc=False):
    """What looks like harvesting or a copied code; ``subject`` is a GTIN or a pack."""

    kind: str
    subject: str
    site: str
    what: str
    evidence: dict[str, object]


class Budgets:
    """The budgets of all sites, as one process knows them. Safe to use from several threads."""

    def __init__(self, *, now_us: Callable[[], int], tally: Tally | None = None) -> None:
        """Start with the buckets that the ``tally`` has; without one, with full ones."""
        self._now = now_us
        self._tally = tally
        self._untold: dict[str, int] = {}  # spent here, and not yet on record
        self._telling: set[str] = set()
        self._tellings: OrderedDict[str, int] = OrderedDict()  # how many have ended
        self._told_at: OrderedDict[str, int] = OrderedDict()
        self._read_at: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._asked: OrderedDict[tuple[str, str], deque[tuple[int, str]]] = OrderedDict()
        self._askers: OrderedDict[str, dict[str, int]] = OrderedDict()
        self._told: OrderedDict[tuple[str, str, str], int] = OrderedDict()

    def admit(self, asker: str) -> None:
        """Refuse whoever has nothing left; raises ``BudgetSpent``."""
        now = self._now()
        if self._tally is not None and not 0 <= now - self._read_at.get(asker, -TOLD_US) < TOLD_US:
            self._read(self._tally, asker, now)
        with self._lock:
            left = self._left(asker, now)
        if left < 1.0:
            raise BudgetSpent(math.ceil((1.0 - left) * 3600 / UNKNOWN_PER_HOUR))

    def count(self, asker: str, verdict: Verdict) -> list[Alarm]:
        """Count one scan, whatever the number of its readings; give what it gives away."""
        unknown = any(reason.code in UNKNOWN for reason in verdict.reasons)
        return self.count_pack(asker, verdict.pack.gtin, verdict.pack.serial, unknown=unknown)

    def count_pack(self, asker: str, gtin: str, serial: str, *, unknown: bool) -> list[Alarm]:
        """Count one question about a pack; give what it gives away."""
        if not gtin or not serial:
            return []
        now = self._now()
        with self._lock:
            if unknown:
                _put(self._buckets, asker, (max(0.0, self._left(asker, now) - 1.0), now))
                if self._tally is not None:
                    self._untold[asker] = self._untold.get(asker, 0) + 1
            found = [
                self._sequence(asker, gtin, serial, now) if unknown else None,
                self._many(asker, gtin, serial, now),
            ]
            alarms = [alarm for alarm in found if alarm is not None and self._is_news(alarm, now)]
        if unknown and self._tally is not None:
            self._tell(self._tally, asker, now)
        return alarms

    def _read(self, tally: Tally, asker: str, now: int) -> None:
        """Take over what the record has of an asker, less what was spent here since it was told.

        While that is being told nobody knows whether it stands in what is read, so then it is read the next time.
        """
        with self._lock:
            ended = self._tellings.get(asker, 0)
            if asker in self._telling:
                return
        known = tally.read(asker)
        with self._lock:
            if asker in self._telling or self._tellings.get(asker, 0) != ended:
                return
            _put(self._read_at, asker, now)
            if known is not None:
                untold = self._untold.get(asker, 0)
                _put(self._buckets, asker, (max(0.0, _filled(known, now) - untold), now))

    def _tell(self, tally: Tally, asker: str, now: int) -> None:
        """Tell the record what was spent here, unless that was done a moment ago; nobody waits for it."""
        with self._lock:
            count = self._untold.get(asker, 0)
            recent = 0 <= now - self._told_at.get(asker, -TOLD_US) < TOLD_US
            if not count or asker in self._telling or (recent and count < UNTOLD_MAX):
                return
            self._telling.add(asker)
            _put(self._told_at, asker, now)

        def spent(known: tuple[float, int] | None) -> tuple[float, int]:
            return max(0.0, _filled(known or (float(UNKNOWN_MAX), now), now) - count), now

        def done(is_told: bool) -> None:  # noqa: FBT001 - called by the tally only
            with self._lock:
                self._telling.discard(asker)
                _put(self._tellings, asker, self._tellings.get(asker, 0) + 1)
                left = self._untold.get(asker, 0) - (count if is_told else 0)
                if left > 0:
                    self._untold[asker] = left
                else:
                    self._untold.pop(asker, None)
            if is_told:
                self._tell(tally, asker, now)  # what was spent meanwhile, when that is much

        tally.spend(asker, spent, done)

    def _left(self, asker: str, now: int) -> float:
        return _filled(self._buckets.get(asker, (float(UNKNOWN_MAX), now)), now)

    def _sequence(self, asker: str, gtin: str, serial: str, now: int) -> Alarm | None:
        asked = self._asked.get((asker, gtin)) or deque(maxlen=4 * SEQUENCE_MIN)
        _put(self._asked, (asker, gtin), asked)
        asked.append((now, serial))
        recent = {each for at, each in asked if now - at <= SEQUENCE_US}
        near = _longest_near(recent)
        if len(near) < SEQUENCE_MIN:
            return None
        what = f"{len(near)} serials of {gtin} that are not on record were asked for one after the other by {asker}."
        return Alarm(ENUMERATION, gtin, asker, what, {"gtin": gtin, "serials": near[:SEQUENCE_MIN]})

    def _many(self, asker: str, gtin: str, serial: str, now: int) -> Alarm | None:
        pack = f"01/{gtin}/21/{serial}"
        askers = self._askers.get(pack) or {}
        _put(self._askers, pack, askers)
        askers[asker] = now
        recent = sorted(each for each, at in askers.items() if now - at <= ASKERS_US)
        if len(recent) < ASKERS_MIN:
            return None
        what = f"{len(recent)} sites asked for this one pack within a day: its code may be on more than one."
        return Alarm(MANY_ASKERS, pack, "", what, {"askers": recent})

    def _is_news(self, alarm: Alarm, now: int) -> bool:
        """Tell whether the same was told within the day."""
        name = (alarm.kind, alarm.subject, alarm.site)
        told = self._told.get(name)
        if told is not None and now - told < ASKERS_US:
            return False
        _put(self._told, name, now)
        return True


def _filled(left: tuple[float, int], now: int) -> float:
    """Give what is left now of what was left then."""
    was, at = left
    return min(float(UNKNOWN_MAX), was + max(0, now - at) / 3_600_000_000 * UNKNOWN_PER_HOUR)


def _put(kept: OrderedDict[K, V], key: K, value: V) -> None:
    """Keep a value, and let the one go that was used longest ago."""
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > KEPT_MAX:
        kept.popitem(last=False)


def _longest_near(serials: set[str]) -> list[str]:
    """Give the most serials that differ in their last digits only, within ``SEQUENCE_SPAN`` of each other."""
    groups: dict[tuple[str, int], list[tuple[int, str]]] = {}
    for serial in serials:
        digits = len(serial) - len(serial.rstrip("0123456789"))
        if digits:
            groups.setdefault((serial[:-digits], len(serial)), []).append((int(serial[-digits:]), serial))
    best: list[str] = []
    for group in groups.values():
        group.sort()
        first = 0
        for last, (number, _) in enumerate(group):
            while number - group[first][0] > SEQUENCE_SPAN:
                first += 1
            if last - first + 1 > len(best):
                best = [serial for _, serial in group[first : last + 1]]
    return best
