"""The hub's copy: the site's signed bundle, kept on this node's disk for the time when the hub cannot be asked.

It holds the packs that the hub has at this site or on their way to it, recalled lots, and every pack that is to be
stopped wherever it turns up. It only ever makes an answer worse: what it knows may be hours old, and this node's own
record is asked first.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import os
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.core.gs1.scan_value import Scan
from rxtrail.core.rules.answer import Reason
from rxtrail.offline import BadBundle, read_bundle
from rxtrail.offline.counter import moment_words
from rxtrail.offline.rules import DAY_US, DAYS_MAX, findings
from rxtrail.outbound import Unreachable
from rxtrail.sealing import CannotDecrypt

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rxtrail.core.rules.answer import PackView
    from rxtrail.joined.key_file import HubKey
    from rxtrail.keys import VerifierKey
    from rxtrail.offline import Bundle
    from rxtrail.outbound import HttpReply
    from rxtrail.sealing import Sealer

FILE: Final = "hub-copy.rxb"
# What this site did itself its own record knows, and may have taken back since the copy was made.
_OF_OUR_OWN: Final = frozenset({"already-dispensed-here", "partially-dispensed"})


class Copied(msgspec.Struct, frozen=True, gc=False):
    """What the copy has of one pack."""

    words: str  # the time of the copy, for people: 08:14
    too_old: str  # "" or a sentence
    here: bool  # the hub has the pack at this site, or on its way to it
    reasons: list[Reason]


class HubCopy:
    """The copy of one hub's record for this site; used by several threads, written by one."""

    def __init__(
        self, data: Path, sealer: Sealer, *, now_us: Callable[[], int], today: Callable[[], datetime.date]
    ) -> None:
        """Take where it is kept, and what seals it: it tells what this site has."""
        self._path = data / FILE
        self._sealer = sealer
        self._now_us = now_us
        self._today = today
        self._kept: tuple[Bundle, str] | None = None

    @property
    def as_of(self) -> str:
        """Tell when the hub made the copy; "" when there is none."""
        kept = self._kept
        return kept[0].facts.as_of if kept is not None else ""

    def load(self, hub: HubKey, key: VerifierKey) -> None:
        """Read what is on disk; a copy of another hub, for another site or with a wrong bit is none."""
        self._kept = None
        with contextlib.suppress(OSError, BadBundle, CannotDecrypt):
            self._take(self._sealer.opened_file(self._path.read_bytes()), hub, key)

    def fetch(self, hub: HubKey, key: VerifierKey, ask: Callable[[str, dict[str, str]], HttpReply]) -> bool:
        """Fetch a newer copy, and keep it; tell whether there was one.

        :raises Unreachable: the hub did not give it.
        :raises BadBundle: what came is not signed by this hub for this site.
        """
        kept = self._kept
        headers = {"If-None-Match": kept[1]} if kept is not None else {}
        reply = ask(f"/api/v1/sites/{hub.site}/bundle", headers)
        if reply.status == 304:
            return False
        if reply.status != 200:
            raise Unreachable(f"the hub answered {reply.status} when it was asked for the copy", sent=True)
        self._take(reply.body, hub, key)
        beside = self._path.with_name(f".{FILE}.{os.getpid()}")
        with contextlib.suppress(OSError, CannotDecrypt):  # on a full disk the copy in memory goes on
            content = self._sealer.sealed_file(reply.body)
            with beside.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._path)
        return True

    def forget(self) -> None:
        """Delete it."""
        self._kept = None
        with contextlib.suppress(OSError):
            self._path.unlink()

    def of(self, pack: PackView, *, purpose: str) -> Copied | None:
        """Tell what the copy has of a scanned pack; None without a copy."""
        kept = self._kept
        if kept is None:
            return None
        bundle = kept[0]
        now = self._now_us()
        as_of = int(datetime.datetime.fromisoformat(bundle.facts.as_of).timestamp() * 1_000_000)
        days = (now - as_of) // DAY_US
        old = f"That copy is {days} days old; after {DAYS_MAX} days it is no longer fit for use."
        scan = Scan("", "", pack.gtin, pack.serial, pack.lot, pack.expiry)
        known = bundle.find(pack.gtin, pack.serial) if pack.gtin and pack.serial else None
        found = findings(scan, bundle, known, purpose=purpose, day=self._today().isoformat())
        return Copied(
            moment_words(as_of, now),
            old if days >= DAYS_MAX else "",
            known is not None and known.here,
            [reason for reason in found if reason.code not in _OF_OUR_OWN],
        )

    def _take(self, content: bytes, hub: HubKey, key: VerifierKey) -> None:
        bundle = read_bundle(content, key)
        if bundle.facts.site != hub.site:
            raise BadBundle(f"the copy is for {bundle.facts.site}, and this is {hub.site}")
        self._kept = (bundle, f'"{hashlib.sha256(content).hexdigest()[:32]}"')
