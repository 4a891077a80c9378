"""EPCIS documents of any version and syntax, read event by event.

``open_document`` looks at the first bytes, finds out whether they are XML or JSON, and refuses what is
neither. The events come as they are read; the header is complete when they are exhausted. Whatever cannot be
read raises :class:`rxtrail.errors.BadDocument` with one of these codes: ``compressed``, ``not-epcis``,
``wrong-encoding``, ``not-well-formed``, ``bad-json``, ``dtd-refused``, ``too-deep``, ``too-large``,
``unknown-root``, ``no-event-time``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from rxtrail.core.epcis import incoming, read_json, read_xml
from rxtrail.core.epcis.event import Event, Finding, Header
from rxtrail.core.epcis.limits import Limits
from rxtrail.core.epcis.notes import Notes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rxtrail.core.epcis.head import Head

__all__ = ["DocumentReader", "Limits", "open_document"]

_DEFAULT_LIMITS = Limits()


class DocumentReader:
    """One document: its header, its findings as a whole, and its events."""

    def __init__(self, stream: BinaryIO, limits: Limits, *, proceed: bool, head: Head | None) -> None:
        """Look at the first bytes; raises BadDocument."""
        self.header = Header()
        self._notes = Notes()
        found = incoming.open_bytes(stream, limits, self._notes)
        self.header.syntax = found.syntax
        read = read_xml.read if found.syntax == "xml" else read_json.read
        self._events = read(found, self.header, self._notes, limits, proceed=proceed, head=head)

    @property
    def findings(self) -> list[Finding]:
        """What is wrong with the document as a whole; complete once the events are exhausted."""
        return self._notes.findings

    def __iter__(self) -> Iterator[tuple[Event, list[Finding], str]]:
        """Give each event with its findings and its place, once; raises BadDocument."""
        count, ships = 0, False
        for found in self._events:
            count += 1
            if found[0].biz_step == "shipping":
                ships = True
            yield found
        header = self.header
        if ships and header.statement is None and header.root == "EPCISDocument":
            message = "goods are shipped, but the header holds no DSCSA transaction statement"
            self._notes.add("warning", "MISSING_DSCSA_STATEMENT", message)
        if not (count or header.products or header.locations or header.vocabularies):
            self._notes.add("warning", "NO_EVENTS", "the document holds no event and no master data")


def open_document(
    stream: BinaryIO, *, limits: Limits = _DEFAULT_LIMITS, proceed: bool = False, head: Head | None = None
) -> DocumentReader:
    """Open a document; raises BadDocument when its first bytes tell that it is none.

    With ``proceed`` an event without a readable time is left out with a finding; without, it refuses the
    document. A ``head`` is filled with what stands round the events as it was written: all of it before the
    first event, but for what an XML document says behind its events.
    """
    return DocumentReader(stream, limits, proceed=proceed, head=head)
