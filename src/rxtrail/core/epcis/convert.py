"""A document of any version and syntax, written as another: XML 1.2, XML 2.0 or JSON-LD 2.0.

One event is in memory at a time (JSON is read whole, see ``read_json``). What the target cannot say as the source did
is told in the findings; nothing is left out without one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

import msgspec

from rxtrail.core.epcis import refusals
from rxtrail.core.epcis.event import EPCS_PER_FINDING_MAX, Event, Finding
from rxtrail.core.epcis.head import Head
from rxtrail.core.epcis.limits import Limits
from rxtrail.core.epcis.notes import Notes
from rxtrail.core.epcis.reader import open_document
from rxtrail.core.epcis.write_json_document import JsonDocument
from rxtrail.core.epcis.write_xml_document import XmlDocument

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from rxtrail.core.epcis.spelling import Spelling

Target: TypeAlias = Literal["xml-1.2", "xml-2.0", "json"]
TARGETS: tuple[Target, ...] = ("xml-1.2", "xml-2.0", "json")
CHUNK_CHARACTERS = 1 << 16
# What a query document may hold beside results: questions and answers of the SOAP binding, which EPCIS JSON lacks.
_QUERIES = frozenset(
    (
        *("Poll", "Subscribe", "SubscribeResult", "Unsubscribe", "UnsubscribeResult", "GetQueryNames"),
        *("GetQueryNamesResult", "GetSubscriptionIDs", "GetSubscriptionIDsResult", "GetStandardVersion"),
        *("GetStandardVersionResult", "GetVendorVersion", "GetVendorVersionResult"),
    )
)
_DEFAULT_LIMITS = Limits()


class DocumentWriter(Protocol):
    """Writes one document: ``start``, each event, ``finish``; put together they are the document."""

    def start(self) -> str:
        """Give everything before the first event."""

    def event(self, event: Event, *, record_time: str = "", place: str = "") -> str:
        """Give one event; ``record_time`` (ISO) comes before the sender's own."""

    def finish(self) -> str:
        """Give everything after the last event."""


class Report(msgspec.Struct):
    """What became of a conversion: complete once its text is exhausted."""

    target: str
    events: int = 0
    findings: list[Finding] = []
    header: Head | None = None


def writer(target: Target, head: Head, spelling: Spelling, notes: Notes, *, creation_date: str) -> DocumentWriter:
    """Give the writer of a document; ``creation_date`` (xs:dateTime) is used when the head tells none."""
    match target:
        case "json":
            return JsonDocument(head, spelling, notes, creation_date=creation_date)
        case "xml-1.2" | "xml-2.0":
            version: Literal["1.2", "2.0"] = "1.2" if target == "xml-1.2" else "2.0"
            return XmlDocument(head, version, spelling, notes, creation_date=creation_date)


def convert(
    stream: BinaryIO,
    target: Target,
    spelling: Spelling,
    report: Report,
    *,
    creation_date: str,
    limits: Limits = _DEFAULT_LIMITS,
) -> Iterator[str]:
    """Give the text of the document in the target's form, in pieces; fills the report on the way.

    Raises BadDocument when the source cannot be read, or holds a query instead of events.
    """
    head, notes = Head(), Notes()
    reader = open_document(stream, limits=limits, head=head)
    spelling.looks_for_repeated = True
    out = writer(target, head, spelling, notes, creation_date=creation_date)
    pieces: list[str] = []
    size = 0
    for event, findings, place in reader:
        if not report.events:
            pieces.append(out.start())
        report.events += 1
        for finding in findings:
            notes.add(finding.severity, finding.code, finding.message, finding.place, finding.epcs)
        pieces.append(out.event(event, place=place))
        size += len(pieces[-1])
        if size > CHUNK_CHARACTERS:
            yield "".join(pieces)
            pieces, size = [], 0
    asked = sorted(_QUERIES & head.in_body.keys())
    if asked and not report.events:
        raise refusals.not_convertible(asked[0])
    if not report.events:
        pieces.append(out.start())
    pieces.append(out.finish())
    yield "".join(pieces)
    note_spelling(spelling, notes)
    report.findings = [*reader.findings, *notes.findings]
    report.header = head


def note_spelling(spelling: Spelling, notes: Notes) -> None:
    """Note what the spelling of a document's identifiers could not do, once the document is written."""
    if spelling.untranslated_count:
        message = (
            f"{spelling.untranslated_count} identifiers have no URN (no known company prefix, or no such scheme): "
            "they are written as Digital Links"
        )
        notes.add("warning", "NOT_TRANSLATABLE", message, "", spelling.untranslated[:EPCS_PER_FINDING_MAX])
    if spelling.repeated_count:
        message = (
            f"{spelling.repeated_count} identifiers stand twice in a list as it is written, such as "
            f"{spelling.repeated}; the JSON schema wants each once"
        )
        notes.add("warning", "REPEATED_IDENTIFIER", message, "", [spelling.repeated])
