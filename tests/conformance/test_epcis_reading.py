"""Every public EPCIS document is read, and what it holds is counted a second time by other means.

The second count knows nothing of the reader: it takes the whole tree, and finds packages by the shape of their
identifiers alone.
"""

from __future__ import annotations

import csv
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
from lxml import etree

from rxtrail.core.epcis.event import KINDS
from rxtrail.core.epcis.reader import open_document
from rxtrail.errors import BadDocument
from tests.conformance.shared import count

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rxtrail.core.epcis.event import Event

pytestmark = pytest.mark.conformance

EVENTS = {*KINDS, "QuantityEvent"}
EPC_LISTS = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
URN = re.compile(r"urn:epc:id:sgtin:(\d+)\.(\d)(\d*)\.(.+)")
LINK = re.compile(r"https?://[^?]*/01/(\d{13})\d(?:/22/[^/?]*)?(?:/10/[^/?]*)?/21/([^/?]+)")
# Capture jobs and queries are not documents; a DOCTYPE is refused whatever stands behind it.
NO_DOCUMENTS = ("EPCISCaptureJob", "CaptureJob")

type_package = tuple[str, str]


# -- the second count ---------------------------------------------------------------------------------------------


def package(text: str) -> type_package | None:
    """Give GTIN without check digit, and serial, of an SGTIN."""
    if urn := URN.fullmatch(text.strip()):
        return urn[2] + urn[1] + urn[3], unquote(urn[4])
    link = LINK.match(text.strip())
    return (link[1], unquote(link[2])) if link else None


def local(element: Any) -> str:
    return etree.QName(element).localname


def counted_in_xml(raw: bytes) -> tuple[int, set[type_package]]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    root = etree.fromstring(raw, parser)
    events = [each for each in root.iter() if local(each) in EVENTS]
    texts = [each.text or "" for event in events for each in event.iter() if local(each) in ("epc", "parentID")]
    # An event type of the sender's own is an event, too.
    own = [each for list_ in root.iter("{*}EventList") for each in list_ if local(each) not in {*EVENTS, "extension"}]
    return len(events) + len(own), {found for text in texts if (found := package(text))}


def values(found: Any) -> Iterator[str]:
    if isinstance(found, str):
        yield found
    elif isinstance(found, list):
        for each in found:
            yield from values(each)


def counted_in_json(raw: bytes) -> tuple[int, set[type_package]]:
    document = json.loads(raw.decode("utf-8-sig"))
    if "eventTime" in document:
        events = [document]
    else:
        body = document["epcisBody"]
        body = body.get("queryResults", {}).get("resultsBody", body)
        events = body.get("eventList", body.get("event", []))
        events = events if isinstance(events, list) else [events]
    texts = (text for event in events for name in (*EPC_LISTS, "parentID") for text in values(event.get(name)))
    return len(events), {found for text in texts if (found := package(text))}


# -- the reader's own ---------------------------------------------------------------------------------------------


def read(path: Path) -> list[Event]:
    with path.open("rb") as stream:
        return [event for event, _, _ in open_document(stream)]


def counted_by_reader(events: list[Event]) -> tuple[int, set[type_package]]:
    packages = set()
    for event in events:
        for run in (*event.epcs, *event.children, *event.inputs, *event.outputs):
            if run.key.startswith("01/") and run.key.endswith("/21/"):
                packages |= {(run.key[3:16], serial) for serial in run.serials}
        if event.parent.startswith("01/") and event.parent[17:21] == "/21/":
            packages.add((event.parent[3:16], event.parent[21:]))
    return len(events), packages


def compared(path: Path) -> str:
    """Give "" when both counts agree, else what differs."""
    raw = path.read_bytes()
    count()
    try:
        got = counted_by_reader(read(path))
    except BadDocument as bad:
        return f"{path.name}: refused as {bad.code} at {bad.place}: {bad.message}"
    expected = counted_in_xml(raw) if path.suffix == ".xml" else counted_in_json(raw)
    if got == expected:
        return ""
    return f"{path.name}: read {got[0]} events, {len(got[1])} packages; there are {expected[0]}, {len(expected[1])}"


def well_formed(path: Path) -> str:
    """Give "" for a well-formed document, else the parser's words with the line."""
    try:
        if path.suffix == ".xml":
            etree.fromstring(path.read_bytes(), etree.XMLParser(resolve_entities=False, no_network=True))
        else:
            json.loads(path.read_bytes().decode("utf-8-sig"))
    except (etree.XMLSyntaxError, ValueError) as error:
        return str(error)
    return ""


# -- the claims ---------------------------------------------------------------------------------------------------


def test_every_us_document_is_read_whole_or_refused_with_its_line(shared: Path) -> None:
    wrong, read_count, refused_count = [], 0, 0
    for path in sorted((shared / "conformance" / "dscsa" / "epcis").iterdir()):
        fault = well_formed(path)
        if not fault:
            read_count += 1
            wrong.append(compared(path))
            continue
        count()
        refused_count += 1
        with pytest.raises(BadDocument) as caught:
            read(path)
        line = re.fullmatch(r"line (\d+)", caught.value.place)
        if caught.value.code != "not-well-formed" or line is None or f"line {line[1]}" not in fault:
            wrong.append(f"{path.name}: {caught.value.code} at {caught.value.place}, but {fault}")
    assert [each for each in wrong if each] == []
    assert read_count > 0
    assert refused_count > 0


def documents(shared: Path) -> Iterator[tuple[Path, str]]:
    """Give the EPCIS documents and bare events of the public sets, with what their makers meant them to be."""
    folder = shared / "conformance" / "epcis"
    with (folder / "MANIFEST.csv").open(encoding="utf-8", newline="") as manifest:
        for row in csv.DictReader(manifest):
            path = folder / row["path"]
            if row["path"].startswith("epcis/") and row["kind"] in ("document", "event") and path.suffix != ".ttl":
                yield path, row["intent"]


def test_every_valid_document_and_event_is_read_whole(shared: Path) -> None:
    wrong, checked = [], 0
    for path, intent in documents(shared):
        raw = path.read_bytes()
        if intent != "valid" or b"<!DOCTYPE" in raw or any(name.encode() in raw for name in NO_DOCUMENTS):
            continue
        checked += 1
        wrong.append(compared(path))
    assert [each for each in wrong if each] == []
    assert checked > 0


def test_draft_documents_are_read_too(shared: Path) -> None:
    drafts = [path for path, intent in documents(shared) if intent.startswith("draft")]
    assert [each for each in map(compared, drafts) if each] == []


def test_every_doctype_is_refused(shared: Path) -> None:
    with_doctype = [path for path, _ in documents(shared) if b"<!DOCTYPE" in path.read_bytes()]
    assert with_doctype != []
    for path in with_doctype:
        count()
        with pytest.raises(BadDocument) as caught:
            read(path)
        assert (path.name, caught.value.code) == (path.name, "dtd-refused")
        assert caught.value.place.startswith("line ")


def test_every_invalid_document_is_refused_or_read_with_a_finding(shared: Path) -> None:
    silent = []
    for path, intent in documents(shared):
        if intent != "invalid":
            continue
        count()
        try:
            with path.open("rb") as stream:
                reader = open_document(stream)
                found = [finding for _, findings, _ in reader for finding in findings]
        except BadDocument:
            continue
        if not found and not reader.findings:
            silent.append(path.name)
    assert silent == []
