"""What is left of each budget, on the record: so a restart gives nobody a new one, and processes share it.

Nothing is written or read for a scan. What was spent is told every few seconds by a write that nobody waits for, and
what others have spent is read as seldom; until then each process counts what it sees itself.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.errors import RxtrailError

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from rxtrail.ledger.log import Log
    from rxtrail.ledger.writer import Writer
    from rxtrail.store import Reader, Transaction

    Left = tuple[float, int]  # so much was left at that time, microseconds

BUDGET: Final = "site-budget"  # what the store keeps, by asker
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[float, int]).decode


class Tally:
    """The budgets of all sites on one record."""

    def __init__(self, writer: Callable[[], Writer], reader: Callable[[], Reader]) -> None:
        """Take what gives the writer (or raises ``Busy``), and the calling thread's reader."""
        self._writer = writer
        self._reader = reader

    def read(self, asker: str) -> Left | None:
        """Tell what is left for an asker; None when nothing was ever spent, or when it cannot be read now."""
        try:
            row = self._reader().kept(BUDGET, _name(asker))
        except Exception:  # noqa: BLE001 - a lost record is told by the scan itself, which comes next
            return None
        return _decode(row[1]) if row is not None else None

    def spend(self, asker: str, spent: Callable[[Left | None], Left], done: Callable[[bool], None]) -> None:
        """Write what is left now; ``spent`` gives it from what was, ``done`` is told whether it is on record."""

        def write(tx: Transaction, log: Log) -> None:
            row = tx.kept(BUDGET, _name(asker))
            tx.keep(BUDGET, _name(asker), log.now, _encode(spent(_decode(row[1]) if row is not None else None)))

        def told(future: Future[None]) -> None:
            done(future.exception() is None)

        try:
            self._writer().submit(write).add_done_callback(told)
        except RxtrailError:
            done(False)  # noqa: FBT003 - the one thing that it is told


def _name(asker: str) -> str:
    """Name an asker; a digest, so that a listing of what is kept says nothing of who asks."""
    return hashlib.sha256(asker.encode()).hexdigest()[:32]
