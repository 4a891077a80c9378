"""Offline: a site goes on while the record cannot be reached, and nothing that it did is lost.

The node makes the site's bundle (:class:`Offline`); the station judges by it and queues what it does
(:class:`OfflineCounter`, and the check page in the browser); the node takes it in later.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, NamedTuple

from rxtrail.core.gs1 import check_digit
from rxtrail.core.rules.recall import told_abroad
from rxtrail.errors import BadRequest
from rxtrail.offline.bundle import BadBundle, Bundle, write
from rxtrail.offline.bundle import read as read_bundle
from rxtrail.offline.counter import Api, OfflineCounter, node_api
from rxtrail.offline.gather import gather
from rxtrail.offline.replay import Conflict, NotedScan, Replay, scans_of
from rxtrail.offline.rules import judge_offline
from rxtrail.record.orders import standing

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.core.rules.recall import Recall
    from rxtrail.keys import SigningKey
    from rxtrail.ledger.writer import Writer
    from rxtrail.offline.replay import Change
    from rxtrail.record.judge import Judge
    from rxtrail.store import Reader

__all__ = [
    "Api",
    "BadBundle",
    "Bundle",
    "Conflict",
    "NotedScan",
    "Offline",
    "OfflineCounter",
    "judge_offline",
    "node_api",
    "read_bundle",
    "scans_of",
]

BUNDLES_KEPT_MAX: Final = 16
FRESH_US: Final = 60 * 1_000_000
"""A bundle that is younger is given again, whatever was recorded since; longer, when making it took long."""

FRESH_FOR_MAKING: Final = 10


def _recalls(reader: Reader) -> list[Recall]:
    return [told_abroad(each) for each in standing(reader)]


class _Made(NamedTuple):
    """A bundle that was made, and how long it is given again."""

    log_size: int
    at: int
    fresh: int
    recalls: list[Recall]  # a recall that began or ended since is never waited for
    content: bytes


class Offline(Replay):
    """What a node does for sites that work without it for a while."""

    def __init__(
        self,
        writer: Callable[[], Writer],
        *,
        reader: Callable[[], Reader],
        judge: Callable[[], Judge],
        change: Change,
        key: Callable[[], SigningKey],
        now_us: Callable[[], int],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        """Take what both halves need; ``judge`` and ``reader`` give those of the calling thread, on one view."""
        super().__init__(writer, reader=reader, judge=judge, change=change, random_bytes=random_bytes)
        self._key = key
        self._now_us = now_us
        self._building = threading.Lock()
        self._made: dict[str, _Made] = {}

    def bundle(self, site: str) -> bytes:
        """Give the signed bundle of a site (13-digit GLN); one is made at a time.

        :raises BadRequest: it is no GLN.
        :raises KeyFailed: the node's key cannot be used.
        """
        if not (len(site) == 13 and site.isascii() and site.isdigit() and check_digit.is_valid(site)):
            raise BadRequest(f"site {site[:40]!r} is not a 13-digit GLN with a right check digit", place="site")
        with self._building:
            judge, reader = self._judge(), self._reader()
            now = self._now_us()
            kept = self._made.get(site)
            if kept is not None:
                young = 0 <= now - kept.at < kept.fresh
                if kept.log_size == reader.log_size() or (young and kept.recalls == _recalls(reader)):
                    return kept.content
            key = self._key()
            reader.hold_still()  # packs of two moments must not be mixed
            try:
                judge.refresh()
                as_of = reader.as_of()
                facts, serials = gather(
                    reader, judge, site, key=str(key.verifier), as_of=now if as_of is None else as_of
                )
            finally:
                reader.let_go()
            made = write(facts, serials, key)
            if site not in self._made and len(self._made) >= BUNDLES_KEPT_MAX:
                self._made.pop(next(iter(self._made)))
            fresh = max(FRESH_US, FRESH_FOR_MAKING * (self._now_us() - now))
            self._made[site] = _Made(facts.log_size, now, fresh, facts.recalls, made)
            return made
