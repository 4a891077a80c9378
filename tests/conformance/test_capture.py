"""Other people's documents through the front door: all that is sound is kept, counted as plain lxml and json count.

What a document holds is counted here without one line of the program: events by their names, packages as distinct
(GTIN, serial) of the SGTINs in the EPC fields, an EPC URN and a Digital Link of one pack being one.
"""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

import pytest
from lxml import etree

from rxtrail.bootstrap import open_node
from rxtrail.errors import BadDocument
from tests.conformance.shared import count

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rxtrail.answers import CaptureReceipt
    from rxtrail.bootstrap import Node

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(600)]

EPC_FIELDS = {"epcList", "childEPCs", "inputEPCList", "outputEPCList"}
URN = re.compile(r"urn:epc:id:sgtin:(\d{6,12})\.(\d+)\.(.+)", re.IGNORECASE)
LINK = re.compile(r"https?://[^?#]*?/01/(\d{8,14})(?:/(?:22|10)/[^/?#]+)*/21/([^/?#]+)")

Pack = tuple[str, str]


class Holds(NamedTuple):
    """What a document holds."""

    events: int
    packs: set[Pack]


# --- counted without the program --------------------------------------------------------------------------


def check_digit(body: str) -> str:
    total = sum(int(digit) * (3 if at % 2 == 0 else 1) for at, digit in enumerate(reversed(body)))
    return str(-total % 10)


def pack(text: str) -> Pack | None:
    """Read an SGTIN; None for any other identifier."""
    if match := URN.fullmatch(text.strip()):
        prefix, item, serial = match.groups()
        body = item[0] + prefix + item[1:]
        return body + check_digit(body), unquote(serial)
    if match := LINK.match(text.strip()):
        gtin, serial = match.groups()
        return gtin.zfill(14), unquote(serial)
    return None


def local(element: etree._Element) -> str:
    """Give an element's name without its namespace; comments and instructions have none."""
    tag: object = element.tag
    return etree.QName(tag).localname if isinstance(tag, str) else ""


def in_xml(data: bytes) -> Holds:
    root = etree.fromstring(data)
    lists = [element for element in root.iter() if local(element) == "EventList"]
    # A 1.2 document has its newer kinds of event inside <extension>, twice at the most.
    events = [event for each in lists for inner in each for event in unwrapped(inner)]
    if local(root).endswith("Event"):
        events = [root]
    epcs = [
        element.text or ""
        for event in events
        for element in event.iter()
        if local(element) == "parentID" or (local(element) == "epc" and local(parent_of(element)) in EPC_FIELDS)
    ]
    return Holds(len(events), {found for epc in epcs if (found := pack(epc))})


def unwrapped(element: etree._Element) -> Iterator[etree._Element]:
    if local(element) == "extension":
        for inner in element:
            yield from unwrapped(inner)
    elif local(element):
        yield element


def parent_of(element: etree._Element) -> etree._Element:
    parent = element.getparent()
    assert parent is not None
    return parent


def in_json(data: bytes) -> Holds:
    root = json.loads(data.decode("utf-8-sig"))
    events = list(events_in(root))
    if not events and root.get("type", root.get("isA", "")) not in ("EPCISDocument", "EPCISQueryDocument"):
        events = [root]
    epcs = [epc for event in events for field in EPC_FIELDS for epc in event.get(field, [])]
    epcs += [event["parentID"] for event in events if event.get("parentID")]
    return Holds(len(events), {found for epc in epcs if (found := pack(epc))})


def events_in(value: Any) -> Iterator[Any]:
    """Give what stands in the event lists, however deep they lie; one event alone may stand there without a list."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "eventList":
                yield from inner if isinstance(inner, list) else [inner]
            else:
                yield from events_in(inner)


def holds(data: bytes) -> Holds:
    return in_xml(data) if is_xml(data) else in_json(data)


def is_xml(data: bytes) -> bool:
    return data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def fault_line(data: bytes) -> int:
    """Give the line where the parser stops; 0 when the document is well-formed."""
    try:
        etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    except etree.XMLSyntaxError as error:
        return error.lineno or 1
    return 0


# --- which documents --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def partners(shared: Path) -> dict[str, bytes]:
    """Give the DSCSA documents of other firms' programs."""
    folder = shared / "conformance" / "dscsa" / "epcis"
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def listed(shared: Path) -> dict[str, tuple[str, str]]:
    """Give (kind, intent) of the EPCIS collection's files by their paths."""
    with (shared / "conformance" / "epcis" / "MANIFEST.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return {row["path"]: (row["kind"], row["intent"]) for row in rows if row["path"].startswith("epcis/")}


@pytest.fixture(scope="module")
def sound(shared: Path, partners: dict[str, bytes], listed: dict[str, tuple[str, str]]) -> dict[str, bytes]:
    """Give every document that must be captured."""
    found = {name: data for name, data in partners.items() if not is_xml(data) or not fault_line(data)}
    for path, (kind, intent) in listed.items():
        data = (shared / "conformance" / "epcis" / path).read_bytes()
        if kind in ("document", "event", "response") and intent == "valid" and is_document(data):
            found[path] = data
    return found


def is_document(data: bytes) -> bool:
    """Leave out capture jobs, which share the documents' namespace, and what has a DTD."""
    return b"<!DOCTYPE" not in data and b"EPCISCaptureJob" not in data


# --- claims -----------------------------------------------------------------------------------------------


def capture(node: Node, name: str, data: bytes) -> CaptureReceipt:
    return node.capture(io.BytesIO(data), name=name)


def exported(node: Node) -> dict[str, list[bytes]]:
    return {what: sorted(b"".join(node.export(what, "json")).splitlines()) for what in ("packs", "events")}


def test_there_are_documents_enough_to_show_something(sound: dict[str, bytes]) -> None:
    assert len(sound) > 120
    counted = [holds(data) for data in sound.values()]
    assert sum(held.events for held in counted) > 200
    assert sum(len(held.packs) for held in counted) > 200


def test_every_sound_document_is_captured_with_all_its_events_and_packages(
    sound: dict[str, bytes], tmp_path: Path
) -> None:
    differing = {}
    for number, (name, data) in enumerate(sound.items()):
        held = holds(data)
        with open_node(tmp_path / str(number)) as node:
            try:
                receipt = capture(node, name, data)
            except BadDocument as refused:
                differing[name] = f"refused: {refused.code}: {refused.message} ({refused.place})"
                continue
            got = (receipt.state, receipt.events, receipt.packages)
            if got != ("success", held.events, len(held.packs)):
                differing[name] = f"{got} where there are {held.events} events and {len(held.packs)} packages"
            packs = {
                (row["gtin"], row["serial"])
                for row in map(json.loads, b"".join(node.export("packs", "json")).splitlines())
            }
            if packs != held.packs:
                differing[name] = f"packs differ: {sorted(packs ^ held.packs)[:6]}"
        count()
    assert differing == {}


def test_captured_twice_changes_nothing_and_in_other_bytes_neither(sound: dict[str, bytes], tmp_path: Path) -> None:
    """The same bytes are known by their SHA-256; the same events in other bytes by their identities."""
    differing = {}
    for number, (name, data) in enumerate(sound.items()):
        with open_node(tmp_path / str(number)) as node:
            first = capture(node, name, data)
            before, size = exported(node), node.status().log_size
            again = capture(node, name, data)
            same = (again.new_events, again.packages, again.duplicate, again.document, node.status().log_size)
            if same != (0, 0, True, first.document, size) or exported(node) != before:
                differing[name] = f"the same bytes: {same}"
            reworded = capture(node, name, data + b"\n ")
            if (reworded.events, reworded.new_events, reworded.packages) != (first.events, 0, 0):
                differing[name] = f"in other bytes: {reworded.new_events} new events"
            if exported(node) != before:
                differing[name] = "in other bytes the exports differ"
        count()
    assert differing == {}


def test_all_of_them_on_one_node_have_each_package_once(sound: dict[str, bytes], tmp_path: Path) -> None:
    every: set[Pack] = set()
    differing = {}
    with open_node(tmp_path) as node:
        for name, data in sound.items():
            held = holds(data)
            receipt = capture(node, name, data)
            if (receipt.events, receipt.packages) != (held.events, len(held.packs - every)):
                differing[name] = (
                    f"{receipt.events} events, {receipt.packages} packages; {held.events}, {len(held.packs - every)}"
                )
            every |= held.packs
        assert differing == {}
        assert node.status().packages == len(every)
        before, size = exported(node), node.status().log_size
        packs = {(row["gtin"], row["serial"]) for row in map(json.loads, before["packs"])}
        assert packs == every
        for name, data in sound.items():
            again = capture(node, name, data)
            assert (again.new_events, again.packages) == (0, 0), name
        assert exported(node) == before
        assert node.status().log_size == size
    count(len(sound))


def test_the_other_way_round_the_record_is_the_same(sound: dict[str, bytes], tmp_path: Path) -> None:
    """State is a function of the set of events: the order of arrival does not matter."""
    records: list[list[bytes]] = []
    for order in (list(sound), list(reversed(sound))):
        with open_node(tmp_path / str(len(records))) as node:
            for name in order:
                capture(node, name, sound[name])
            records.append(sorted(b"".join(node.export("packs", "json")).splitlines()))
    differing = [pair for pair in zip(*records, strict=True) if pair[0] != pair[1]]
    assert differing == []
    count(len(sound))


def test_what_is_not_well_formed_is_refused_with_its_line(
    shared: Path, partners: dict[str, bytes], listed: dict[str, tuple[str, str]], tmp_path: Path
) -> None:
    texts = dict(partners)
    texts |= {path: (shared / "conformance" / "epcis" / path).read_bytes() for path in listed}
    broken = {name: line for name, data in texts.items() if is_xml(data) and (line := fault_line(data))}
    assert broken
    with open_node(tmp_path) as node:
        for name, line in broken.items():
            with pytest.raises(BadDocument) as refused:
                capture(node, name, texts[name])
            assert refused.value.code == "not-well-formed", name
            # Two parsers may notice the same fault a line apart.
            told = re.fullmatch(r"line (\d+)\b.*", refused.value.place)
            assert told, refused.value.place
            assert abs(int(told.group(1)) - line) <= 1, (name, refused.value.place, line)
            assert refused.value.advice
        status = node.status()
        assert (status.documents, status.events, status.packages, status.log_size) == (0, 0, 0, 0)
    count(len(broken))


def test_whatever_else_lies_there_is_kept_or_refused_by_name(
    shared: Path, sound: dict[str, bytes], listed: dict[str, tuple[str, str]], tmp_path: Path
) -> None:
    """Queries, capture jobs, drafts, invalid ones, DTDs and Turtle: never a fault of ours, never half-written."""
    told: dict[str, str] = {}
    with open_node(tmp_path) as node:
        for path in listed:
            if path in sound:
                continue
            data = (shared / "conformance" / "epcis" / path).read_bytes()
            before = node.status()
            try:
                capture(node, path, data)
            except BadDocument as refused:
                after = node.status()
                assert (after.documents, after.log_size) == (before.documents, before.log_size), path
                told[path] = refused.code if refused.message else "without a word"
            else:
                told[path] = "kept"
    assert {told[path] for path in told if path.endswith(".ttl")} <= {
        "unknown-root",
        "bad-json",
        "not-epcis",
        "wrong-encoding",
    }
    doctype = {path for path in told if b"<!DOCTYPE" in (shared / "conformance" / "epcis" / path).read_bytes()}
    assert doctype
    assert {told[path] for path in doctype} == {"dtd-refused"}
    no_time = [path for path in told if "without_eventTime" in path or "without_action_and_eventTime" in path]
    assert no_time
    assert {told[path] for path in no_time} == {"no-event-time"}
    count(len(told))
