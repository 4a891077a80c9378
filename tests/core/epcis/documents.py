"""Small documents for tests: the parts that a test is not about, written once."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rxtrail.core.epcis.reader import Limits, open_document

if TYPE_CHECKING:
    from rxtrail.core.epcis.event import Event, Finding, Header

SAMPLES = Path(__file__).parents[2] / "samples" / "epcis"
SGTIN = "urn:epc:id:sgtin:0352601.081590."
NAMESPACES = (
    'xmlns:epcis="urn:epcglobal:epcis:xsd:1" xmlns:cbvmda="urn:epcglobal:cbv:mda" '
    'xmlns:gs1ushc="http://epcis.gs1us.org/hc/ns" xmlns:own="http://own.example/ns/" '
    'xmlns:sbdh="http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"'
)
TIME = "<eventTime>2026-03-01T14:00:00Z</eventTime><eventTimeZoneOffset>-05:00</eventTimeZoneOffset>"
EPCS = f"<epcList><epc>{SGTIN}A1</epc></epcList>"


class Read:
    """What a document gave."""

    def __init__(
        self, header: Header, notes: list[Finding], events: list[Event], findings: list[list[Finding]]
    ) -> None:
        self.header = header
        self.notes = notes
        self.events = events
        self.findings = findings
        self.places: list[str] = []

    @property
    def codes(self) -> set[str]:
        """Give the codes of the findings of all events; in what order elements stand is one test's own claim."""
        return {finding.code for each in self.findings for finding in each} - {"ELEMENT_ORDER"}

    @property
    def note_codes(self) -> set[str]:
        """Give the codes of the document's own findings."""
        return {finding.code for finding in self.notes}


def read(document: bytes | str, *, proceed: bool = False, limits: Limits | None = None) -> Read:
    stream = io.BytesIO(document.encode() if isinstance(document, str) else document)
    reader = open_document(stream, proceed=proceed, limits=limits or Limits())
    found = list(reader)
    got = Read(reader.header, reader.findings, [event for event, _, _ in found], [each for _, each, _ in found])
    got.places = [place for _, _, place in found]
    return got


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def xml(*events: str, header: str = "", root: str = "epcis:EPCISDocument", attributes: str = "") -> str:
    """Give an EPCIS 1.2 document; each event starts a line of its own, the first on line 3."""
    head = f"<EPCISHeader>{header}</EPCISHeader>" if header else ""
    return (
        f'<{root} {NAMESPACES} schemaVersion="1.2" creationDate="2026-03-02T08:00:00Z" {attributes}>{head}\n'
        f"<EPCISBody><EventList>\n{chr(10).join(events)}\n</EventList></EPCISBody></{root}>"
    )


def object_event(*more: str, epcs: str = EPCS, time: str = TIME, action: str = "<action>OBSERVE</action>") -> str:
    return f"<ObjectEvent>{time}{epcs}{action}{''.join(more)}</ObjectEvent>"


def json_event(**members: Any) -> dict[str, Any]:
    event = {
        "type": "ObjectEvent",
        "eventTime": "2026-03-01T14:00:00Z",
        "eventTimeZoneOffset": "-05:00",
        "epcList": [SGTIN + "A1"],
        "action": "OBSERVE",
    } | members
    return {name: value for name, value in event.items() if value is not ...}


def json_document(*events: Any, context: Any = None, **members: Any) -> str:
    contexts = ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld"]
    return json.dumps(
        {
            "@context": [*contexts, context] if context else contexts,
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2026-03-02T08:00:00Z",
            **members,
            "epcisBody": {"eventList": list(events)},
        }
    )
