"""Verify: one scanned code to one verdict; that a scan happened is recorded, nothing else."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import msgspec

from rxtrail.core.rules.answer import Answer
from rxtrail.errors import StoreFailed
from rxtrail.record.sightings import note
from rxtrail.verify import at_station

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.core.gs1.station_text import Turned
    from rxtrail.core.rules.answer import Verdict
    from rxtrail.ledger.log import Log
    from rxtrail.record.judge import Judge
    from rxtrail.store import Transaction

# A scan record: version, then [time in microseconds, text, GTIN, serial, site, purpose, key, verdict, reasons].
SCAN_RECORD_VERSION = b"\x01"
SCAN_TEXT_MAX = 4096
_DOUBTFUL = frozenset({"custody-open", "not-shipped-to-you"})
_encode = msgspec.msgpack.Encoder().encode


class Verify:
    """The use case for one thread. ``note_scan`` queues the record of a scan; None on a store opened for reading."""

    def __init__(
        self,
        judge: Judge,
        *,
        now_us: Callable[[], int],
        note_scan: Callable[[bytes], None] | None,
        submit: Callable[[Callable[[Transaction, Log], None]], object] | None = None,
        seen: Callable[[Verdict, str], None] | None = None,
    ) -> None:
        """Judge with ``judge``; ``submit`` queues a work of the writer that nobody waits for.

        ``seen`` is told each verdict and its site, for what many scans say together; it does not wait.
        """
        self._seen = seen
        self._judge = judge
        self._submit = submit
        self._now_us = now_us
        self._note_scan = note_scan

    def verify(
        self,
        text: str,
        *,
        site: str = "",
        purpose: str = "dispense",
        key: str = "",
        turned: Turned | None = None,
        known_site: bool = False,
    ) -> Verdict:
        """Judge one scanned or typed text and note that it was scanned, not waiting for the note.

        ``turned`` is what the profile of the station made of the text; the text as it arrived is what is noted.

        :raises BadRequest: the purpose or the site is none.
        """
        if not (text.isascii() and key.isascii()):
            # Half a character, which is what a terminal makes of bytes that are no text, can be neither kept nor sent.
            text, key = text.encode(errors="replace").decode(), key.encode(errors="replace").decode()

        def judged() -> Verdict:
            if turned is None:
                return self._judge.judge(text, site=site, purpose=purpose, known_site=known_site)
            return at_station.judged(self._judge, text, turned, site=site, purpose=purpose, known_site=known_site)

        verdict = judged()
        at = self._now_us()
        if self._note_scan is not None and _is_sighting(verdict, site, purpose):
            if not self._judge.recent.claim(self._judge.authority, _key(verdict), site, at):
                verdict = judged()  # another place was answered between our look at the record and now
            if _is_sighting(verdict, site, purpose):
                self._sighted(verdict, site, at)
        if self._note_scan is not None:
            pack = verdict.pack
            codes = [reason.code for reason in verdict.reasons]
            told = [
                at,
                text[:SCAN_TEXT_MAX],
                pack.gtin,
                pack.serial,
                site,
                purpose,
                key,
                verdict.verdict.value,
                codes,
            ]
            self._note_scan(SCAN_RECORD_VERSION + _encode(told))
            if self._seen is not None and purpose != "public":  # what anybody may ask says nothing of a counter
                self._seen(verdict, site)
        return verdict

    def _sighted(self, verdict: Verdict, site: str, at: int) -> None:
        """Keep where a pack turned up that the record does not have there."""
        if self._submit is None:
            return
        gtin, serial = verdict.pack.gtin, verdict.pack.serial
        with contextlib.suppress(StoreFailed):  # the answer at the counter comes first
            self._submit(lambda tx, _log: note(tx, gtin, serial, site, at))


def _is_sighting(verdict: Verdict, site: str, purpose: str) -> bool:
    """Tell whether a scan shows a pack where the record does not have it; what is stopped there is stopped anyway."""
    return (
        verdict.verdict is Answer.CHECK
        and bool(site)
        and purpose == "dispense"
        and verdict.matched.serial == "yes"
        and any(reason.code in _DOUBTFUL for reason in verdict.reasons)
    )


def _key(verdict: Verdict) -> str:
    return f"{verdict.pack.gtin}/{verdict.pack.serial}"
