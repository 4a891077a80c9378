"""Files the events of a record that is older than the index of the query; until that is done, queries look at all.

From the newest filed event back to the first, some thousands in a transaction, so that the writer is never held up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rxtrail.epcis_query.bodies import bodies_of, concerned
from rxtrail.ledger.filing import file_events
from rxtrail.ledger.prepare import restore

if TYPE_CHECKING:
    from rxtrail.ledger.log import Log
    from rxtrail.ledger.writer import Writer
    from rxtrail.store import Transaction

EVENTS_AT_ONCE: Final = 2_000


class Refiling:
    """Brings an older record up to date."""

    def __init__(self, writer: Writer) -> None:
        """Take the one writer."""
        self._writer = writer

    def step(self) -> bool:
        """File some more events; False when there are none left."""
        return self._writer.do(_file_some, alone=True)


def _file_some(tx: Transaction, _log: Log) -> bool:
    start = tx.filed_from()
    if start is None:
        start = tx.log_size()
        if not tx.event_positions(-1, 1):
            return False  # nothing is on record; the first event says from where on it is filed
        tx.file_from(start)
    positions = sorted(tx.event_positions_before(start, EVENTS_AT_ONCE))
    if not positions:
        if start:
            tx.file_from(0)
        return False
    heads = tx.event_heads(positions)
    events = [(body.position, restore(body.canonical, b"")) for body in bodies_of(tx, positions)]
    file_events(tx, [(position, event, concerned(event, heads[position])) for position, event in events])
    tx.file_from(positions[0])
    return True
