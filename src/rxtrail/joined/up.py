"""What goes up: this node's own log, from where the hub has it, as EPCIS 2.0 JSON documents and notes of scans.

The log is the queue: nothing is written twice for it, and nothing is lost that was durable. What the hub sent down is
left out. The prescription reference of a dispensing stands in a command record, and those never go up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from rxtrail.joined.down import RANGE_MAX, RANGES
from rxtrail.joined.things import Things
from rxtrail.ledger.prepare import restore
from rxtrail.sites.wire import Feed, ScanNote
from rxtrail.store.rows import RecordKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.core.epcis.event import Event
    from rxtrail.ledger.writer import Writer
    from rxtrail.store import Reader

CURSOR: Final = "hub-up"  # what the store keeps: by hub, up to where it has this log
RECORDS_MAX: Final = 500
BYTES_MAX: Final = 2 * 1024 * 1024
"""After so many bytes of events a batch is full; one event that is larger goes alone."""

_HEAD: Final = (
    b'{"@context":["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],'
    b'"type":"EPCISDocument","schemaVersion":"2.0","epcisBody":{"eventList":['
)
_TAIL: Final = b"]}}"
_encode_number = msgspec.msgpack.Encoder().encode
_decode_number = msgspec.msgpack.Decoder(int).decode


class Up:
    """Makes batches of this node's log."""

    def __init__(self, reader: Callable[[], Reader], writer: Callable[[], Writer]) -> None:
        """Take what gives the calling thread's reader and the writer."""
        self._reader = reader
        self._writer = writer
        self._log_id = ""
        self.things = Things()

    def log_id(self) -> str:
        """Name this log by the random id of its first record; "" while there is none."""
        if not self._log_id:
            rows = self._reader().records_from(0, 1)
            self._log_id = rows[0][0].id.hex() if rows else ""
        return self._log_id

    def kept(self, hub_key: str) -> int:
        """Tell up to where the hub had this log when it last said so; -1 for nothing."""
        row = self._reader().kept(CURSOR, hub_key)
        return _decode_number(row[1]) if row is not None else -1

    def keep(self, hub_key: str, through: int) -> None:
        """Keep that for the status; nobody waits, since the hub itself knows it too."""
        self._writer().submit(lambda tx, log: tx.keep(CURSOR, hub_key, log.now, _encode_number(through)))

    def waiting(self, reader: Reader, through: int) -> int:
        """Count the records that the hub does not have."""
        return max(0, reader.log_size() - 1 - through)

    def batch(
        self, reader: Reader, after: int, told: int, write: Callable[[Event], dict[str, Any]]
    ) -> tuple[int, Feed | None]:
        """Give up to where the log was read, and the next batch after a position, if that holds anything to tell.

        ``told`` is up to where the hub has the log: records that are nobody else's business are passed over, and
        told as a part of the next batch that has any.
        """
        rows = reader.records_from(after + 1, RECORDS_MAX)
        if not rows:
            return after, None
        first, last = rows[0][0].position, rows[-1][0].position
        from_hub = _ranges(reader, first, last)
        wanted = [
            record.position
            for record, _ in rows
            if record.kind == RecordKind.EVENT and not any(low <= record.position <= high for low, high in from_hub)
        ]
        bodies = {body.position: body for body in reader.event_bodies(wanted)} if wanted else {}
        events: list[bytes] = []
        spoken: list[Event] = []
        commands: list[int] = []
        scans: list[ScanNote] = []
        size = 0
        through = last
        for record, canonical in rows:
            body = bodies.get(record.position)
            if body is not None:
                event = restore(body.canonical, body.envelope)
                text = msgspec.json.encode(write(event))
                if events and size + len(text) > BYTES_MAX:
                    through = record.position - 1
                    break
                if not body.document:
                    commands.append(len(events))
                events.append(text)
                spoken.append(event)
                size += len(text)
            elif record.kind == RecordKind.SCAN and (note := _scan(record.position, canonical)) is not None:
                scans.append(note)
        if not events and not scans:
            return through, None
        document = msgspec.Raw(_HEAD + b",".join(events) + _TAIL)
        masters = self.things.of(reader, spoken)
        return through, Feed(self.log_id(), told + 1, through, document, commands, scans, masters)


def _ranges(reader: Reader, first: int, last: int) -> list[tuple[int, int]]:
    """Give the positions of what the hub sent down, as far as they touch ``first`` to ``last``."""
    rows = reader.kept_from(RANGES, (first - RANGE_MAX - 1, ""), RECORDS_MAX + RANGE_MAX)
    return [(low, _decode_number(body)) for _, low, body in rows if low <= last]


def _scan(position: int, canonical: bytes) -> ScanNote | None:
    """Read the record of a scan (see ``rxtrail.verify``, ``rxtrail.offline.replay``); None for another kind."""
    if canonical[:1] not in (b"\x01", b"\x02"):
        return None
    at, text, gtin, serial, _site, purpose, key, answer, codes, *late = msgspec.msgpack.decode(canonical[1:])
    if late:
        at, answer = late[0], late[1] or answer
    return ScanNote(position, at, text, gtin, serial, purpose, key, answer, list(codes))
