"""A document is accepted or refused whole: what cannot be read leaves nothing, the rest is kept with findings."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import random
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from rxtrail.capture import raw
from rxtrail.errors import BadDocument, NotFound
from tests import story
from tests.story import GTIN, LOT, MAKER, PHARMACY, Scene, codes, delivery, jsonld, made, pack, packs, shipped, xml

if TYPE_CHECKING:
    from pathlib import Path

PACKS = packs(3)
OWN_NAMESPACE = "http://own.example/ns/"


def lined(document: bytes) -> bytes:
    """Each event on a line of its own, the first on line 2, so that a place says which one is meant."""
    return document.replace(b"<ObjectEvent>", b"\n<ObjectEvent>").replace(
        b"<AggregationEvent>", b"\n<AggregationEvent>"
    )


PLAIN = lined(xml(delivery(*PACKS)))
PLAIN_JSON = jsonld(delivery(*PACKS))
ENTITIES = b'<!DOCTYPE d [<!ENTITY a "xx"><!ENTITY b "&a;&a;&a;">]>'


def zipped(document: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("document.xml", document)
    return file.getvalue()


def nested(count: int) -> bytes:
    """An extension nested so deep in the second event."""
    inner = b"<deep>" * count + b"x" + b"</deep>" * count
    first, second, rest = PLAIN.split(b"</ObjectEvent>", 2)
    return first + b"</ObjectEvent>" + second + inner + b"</ObjectEvent>" + rest


def nested_json(count: int) -> bytes:
    document = json.loads(PLAIN_JSON)
    document["epcisBody"]["eventList"][1]["ext:deep"] = "@"
    return json.dumps(document).replace('"@"', '{"ext:a":' * count + "1" + "}" * count).encode()


def without_time(document: dict[str, Any]) -> bytes:
    del document["epcisBody"]["eventList"][1]["eventTime"]
    return json.dumps(document).encode()


def second_time(written: bytes) -> bytes:
    """The document with another event time in its second event."""
    return PLAIN.replace(b"<eventTime>2026-11-02T08:01:00.000Z</eventTime>", written)


UNREADABLE = {
    "truncated XML": ("not-well-formed", "line 5", PLAIN[:-40]),
    "truncated in an event": ("not-well-formed", "line 4", PLAIN[: PLAIN.index(b"</AggregationEvent>")]),
    "truncated JSON": ("bad-json", "line 1", PLAIN_JSON[:-1]),
    "tags crossed": ("not-well-formed", "line 2", PLAIN.replace(b"</action>", b"</actoin>")),
    "JSON with a hole": ("bad-json", "line 2", b'{"type": "EPCISDocument",\n"epcisBody": }'),
    "Latin-1 that says UTF-8": ("wrong-encoding", "line 2", PLAIN.replace(b">L7<", b">L\xe97<")),
    "JSON in Latin-1": ("wrong-encoding", "line 1", PLAIN_JSON.replace(b'"L7"', b'"L\xe9"')),
    "an unknown encoding": ("wrong-encoding", "line 1", PLAIN.replace(b'"UTF-8"', b'"klingon"')),
    "a DTD": ("dtd-refused", "line 1", PLAIN.replace(b"<epcis:", b"<!DOCTYPE d SYSTEM 'd.dtd'><epcis:", 1)),
    "entities": ("dtd-refused", "line 1", PLAIN.replace(b"<epcis:", ENTITIES + b"<epcis:", 1).replace(b"L7", b"&b;")),
    "an entity nobody defined": ("not-well-formed", "line 2", PLAIN.replace(b">L7<", b">&lot;<")),
    "nesting 100 deep": ("too-deep", "line 3", nested(100)),
    "nesting 100,000 deep": ("too-deep", "line 3", nested(100_000)),
    "JSON nested 100 deep": ("too-deep", "/epcisBody/eventList/1", nested_json(100)),
    "a zip bomb": ("compressed", "byte 0", zipped(b"<a>" + bytes(1 << 20))),
    "gzip": ("compressed", "byte 0", gzip.compress(PLAIN)),
    "another kind of document": ("unknown-root", "line 1", b"<invoice><ObjectEvent/></invoice>"),
    "JSON of another kind": ("unknown-root", "/type", b'{"type": "Invoice"}'),
    "no event time": ("no-event-time", "line 3", second_time(b"")),
    "an event time that is none": ("no-event-time", "line 3", second_time(b"<eventTime>02/11/2026</eventTime>")),
    "JSON without event time": ("no-event-time", "/epcisBody/eventList/1", without_time(json.loads(PLAIN_JSON))),
    "no bytes": ("not-epcis", "line 1", b""),
    "a spreadsheet": ("not-epcis", "line 1", b"gtin,serial,lot\n"),
}


def files(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_cannot_be_read_is_refused_whole_with_its_place_and_nothing_is_kept(kind: str, hub: Scene) -> None:
    code, place, document = UNREADABLE[kind]
    before, lying_there = hub.node.status(), files(hub.node.data)
    with pytest.raises(BadDocument) as refused:
        hub.give(document)
    assert (refused.value.code, refused.value.place) == (code, place)
    assert refused.value.message
    assert refused.value.advice
    after = hub.node.status()
    assert (after.documents, after.events, after.packages, after.containers) == (0, 0, 0, 0)
    assert after.log_size == before.log_size
    assert hub.node.jobs() == []
    assert hub.packs() == []
    assert files(hub.node.data) == lying_there
    with pytest.raises(NotFound):
        hub.node.document_raw(hashlib.sha256(document).hexdigest())
    assert hub.give(PLAIN).packages == 3, "the next document comes in"


@pytest.mark.parametrize("kind", sorted(set(UNREADABLE) - {kind for kind in UNREADABLE if "event time" in kind}))
def test_proceeding_does_not_read_what_cannot_be_read(kind: str, hub: Scene) -> None:
    with pytest.raises(BadDocument) as refused:
        hub.give(UNREADABLE[kind][2], proceed=True)
    assert refused.value.code == UNREADABLE[kind][0]
    assert hub.node.status().documents == 0


@pytest.mark.parametrize("kind", [kind for kind in UNREADABLE if "event time" in kind])
def test_proceeding_keeps_the_events_that_have_a_time(kind: str, hub: Scene) -> None:
    receipt = hub.give(UNREADABLE[kind][2], proceed=True)
    assert (receipt.state, receipt.events, receipt.new_events, receipt.packages) == ("success", 3, 3, 3)
    left_out = [finding for finding in receipt.findings if finding.code == "NO_EVENT_TIME"]
    assert [(finding.severity, finding.place) for finding in left_out] == [("error", UNREADABLE[kind][1])]
    assert [hub.pack(epc)["lot"] for epc in PACKS] == [LOT] * 3


# -- readable but wrong: kept, with findings ----------------------------------------------------------------------


def test_a_wrong_check_digit_is_kept_with_a_finding(hub: Scene) -> None:
    wrong = GTIN[:-1] + str((int(GTIN[-1]) + 1) % 10)
    document = xml([made(*PACKS)], form="link").replace(GTIN.encode(), wrong.encode())
    receipt = hub.give(document)
    assert receipt.state == "success"
    assert "INVALID_GTIN_CHECK_DIGIT" in codes(receipt)
    assert receipt.new_events == 1


@pytest.mark.parametrize("syntax", ["xml", "json"])
def test_a_serial_of_21_characters_is_kept_with_a_finding_that_names_it(syntax: str, hub: Scene) -> None:
    long = pack("A" * 21)
    receipt = hub.capture(made(PACKS[0], long), syntax=syntax)
    found = [finding for finding in receipt.findings if finding.code == "SERIAL_TOO_LONG"]
    assert len(found) == 1
    assert found[0].place
    assert long in found[0].epcs
    assert receipt.packages == 2
    assert hub.pack(long)["lot"] == LOT


@pytest.mark.parametrize("syntax", ["xml", "json"])
def test_an_expiry_in_month_13_is_kept_with_a_finding_and_the_pack_has_none(syntax: str, hub: Scene) -> None:
    receipt = hub.capture(made(*PACKS, expiry="271399"), syntax=syntax)
    assert codes(receipt) == ["INVALID_EXPIRY"]
    assert "271399" in next(finding.message for finding in receipt.findings if finding.code == "INVALID_EXPIRY")
    assert receipt.packages == 3
    assert hub.pack(PACKS[0])["expiry"] == ""


def test_an_event_in_the_future_is_kept_and_one_finding_counts_all_such(hub: Scene) -> None:
    month = 31 * 24 * 60
    receipt = hub.give(lined(xml([made(*PACKS), made(pack("F1"), minute=month), made(pack("F2"), minute=month + 1)])))
    found = [finding for finding in receipt.findings if finding.code == "FUTURE_EVENT_TIME"]
    assert [(finding.severity, finding.place) for finding in found] == [("error", "line 3")]
    assert found[0].message.startswith("2 events")
    assert receipt.packages == 5


def test_five_minutes_ahead_is_still_the_drift_of_a_clock(hub: Scene) -> None:
    now = (story.NOW - story.START).total_seconds() / 60
    assert codes(hub.capture(made(PACKS[0], minute=now + 5))) == []
    assert codes(hub.capture(made(PACKS[1], minute=now + 5.01))) == ["FUTURE_EVENT_TIME"]


def test_a_time_without_zone_is_kept_with_a_finding(hub: Scene) -> None:
    document = lined(xml([made(*PACKS)])).replace(b".000Z</eventTime>", b"</eventTime>")
    receipt = hub.give(document)
    found = [finding for finding in receipt.findings if finding.code == "MISSING_TIME_ZONE"]
    assert [finding.place for finding in found] == ["line 2"]
    assert json.loads(hub.export("events"))["eventTime"].startswith("2026-11-02T08:00:00")


def test_a_missing_zone_offset_is_kept_with_a_finding(hub: Scene) -> None:
    document = xml([made(*PACKS)]).replace(b"<eventTimeZoneOffset>+00:00</eventTimeZoneOffset>", b"")
    receipt = hub.give(document)
    assert "MISSING_MANDATORY_FIELD" in codes(receipt)
    assert receipt.packages == 3


def test_an_unknown_extension_is_kept_and_given_back_by_the_export(hub: Scene) -> None:
    extension = f'<own:line xmlns:own="{OWN_NAMESPACE}"><own:speed unit="ppm">120</own:speed></own:line>'.encode()
    document = xml([made(*PACKS)]).replace(b"</ObjectEvent>", extension + b"</ObjectEvent>")
    assert hub.give(document).packages == 3
    exported = hub.export("events")
    assert OWN_NAMESPACE.encode() in exported
    event = json.loads(exported)
    written = json.dumps(event)
    assert '"120"' in written
    assert '"ppm"' in written
    prefix = next(name for part in event["@context"] for name, uri in part.items() if uri == OWN_NAMESPACE)
    assert f"{prefix}:line" in event


def test_an_unknown_extension_in_json_is_given_back_by_the_export(hub: Scene) -> None:
    document = json.loads(jsonld([made(*PACKS)]))
    document["@context"].append({"own": OWN_NAMESPACE})
    document["epcisBody"]["eventList"][0]["own:line"] = {"own:speed": [120, 121]}
    assert hub.give(json.dumps(document).encode()).packages == 3
    event = json.loads(hub.export("events"))
    prefix = next(name for part in event["@context"] for name, uri in part.items() if uri == OWN_NAMESPACE)
    assert event[f"{prefix}:line"] == {f"{prefix}:speed": [120, 121]}


def test_an_export_with_unknown_extensions_can_be_captured_by_another_node(hub: Scene, tmp_path: Path) -> None:
    extension = f'<own:line xmlns:own="{OWN_NAMESPACE}">7</own:line>'.encode()
    hub.give(xml(delivery(*PACKS)).replace(b"</ObjectEvent>", extension + b"</ObjectEvent>"))
    exported = hub.export("events", "epcis")
    with story.scene(tmp_path / "other") as other:
        assert other.give(exported).packages == 3
        given = [json.loads(line) for line in other.export("events").splitlines()]
    kept = [json.loads(line) for line in hub.export("events").splitlines()]
    assert [event["eventID"] for event in given] == [event["eventID"] for event in kept]
    assert sum(OWN_NAMESPACE in json.dumps(event) for event in given) == 3


def test_a_document_in_an_unknown_namespace_is_read_and_told(hub: Scene) -> None:
    receipt = hub.give(PLAIN.replace(b"urn:epcglobal:epcis:xsd:1", b"urn:somebody:else"))
    assert "INVALID_EXTENSION_NAMESPACE" in codes(receipt)
    assert receipt.packages == 3


def test_findings_are_kept_with_the_document(hub: Scene) -> None:
    receipt = hub.capture(made(pack("A" * 21)))
    kept = hub.node.document_receipt(receipt.document)
    assert kept.findings == receipt.findings
    assert len(kept.findings) > 0


# -- documents that hold little, or hold it in another order -----------------------------------------------------


def test_a_document_without_events_is_kept_with_a_finding(hub: Scene) -> None:
    for document in (xml([]), jsonld([])):
        receipt = hub.give(document)
        assert (receipt.state, receipt.events, receipt.new_events, receipt.packages) == ("success", 0, 0, 0)
        assert codes(receipt) == ["NO_EVENTS"]
        assert receipt.log_index == -1
    assert hub.node.status().documents == 2
    assert hub.node.jobs_open() == 0


def header_last(document: bytes) -> bytes:
    """A JSON document is an object: its sender may stand behind its events."""
    members = json.loads(document)
    return json.dumps({"epcisBody": members.pop("epcisBody"), **members}).encode()


def xml_header_last(document: bytes) -> bytes:
    start, end = document.index(b"<EPCISHeader>"), document.index(b"</EPCISHeader>") + len(b"</EPCISHeader>")
    return (document[:start] + document[end:]).replace(b"</EPCISBody>", b"</EPCISBody>" + document[start:end])


@pytest.mark.parametrize("syntax", ["xml", "json"])
def test_a_header_that_stands_behind_the_body_still_says_who_speaks(syntax: str, hub: Scene, tmp_path: Path) -> None:
    story_told = delivery(*PACKS)
    document = story.SYNTAXES[syntax](story_told, receiver=PHARMACY, instance="T-1")
    moved = xml_header_last(document) if syntax == "xml" else header_last(document)
    assert moved != document
    receipt = hub.give(moved)
    assert (receipt.sender, receipt.receiver, receipt.packages) == (MAKER.gln, PHARMACY.gln, 3)
    assert {body.speaker for body in hub.node._reader().events_from(-1, 10)} == {MAKER.gln}
    with story.scene(tmp_path / "other") as other:
        other.give(document)
        assert other.packs() == hub.packs()


def test_a_late_header_counts_for_events_that_name_no_buyer(hub: Scene) -> None:
    told = [made(*PACKS), shipped(*PACKS, seller=MAKER, buyer=PHARMACY)]
    document = xml(told, receiver=PHARMACY)
    start, end = document.index(b"<extension><sourceList>"), document.index(b"</destinationList></extension>")
    bare = document[:start] + document[end + len(b"</destinationList></extension>") :]
    hub.give(xml_header_last(bare))
    assert hub.pack(PACKS[0])["in_transit_to"] == PHARMACY.gln


# -- raw bytes -----------------------------------------------------------------------------------------------------


def large(size: int) -> bytes:
    """A document with this many bytes of a comment that does not compress well."""
    return PLAIN + b"<!-- " + random.Random(7).randbytes(size // 2).hex().encode() + b" -->"


def check_raw(scene: Scene, document: bytes) -> None:
    receipt = scene.give(document)
    assert receipt.document == "sha256:" + hashlib.sha256(document).hexdigest()
    given = b"".join(scene.node.document_raw(receipt.document))
    assert given == document
    assert [kept.bytes for kept in scene.node.documents()] == [len(document)]


@pytest.mark.parametrize("document", [PLAIN, PLAIN_JSON, b"\xef\xbb\xbf" + PLAIN, PLAIN + b"\n\n"], ids=range(4))
def test_a_small_document_is_given_back_byte_for_byte(document: bytes, hub: Scene) -> None:
    check_raw(hub, document)


def test_a_document_of_utf_16_is_given_back_as_it_came(hub: Scene) -> None:
    check_raw(hub, PLAIN.decode().replace('"UTF-8"', '"UTF-16"').encode("utf-16"))


@pytest.mark.parametrize("size", [raw.LONG_FROM_BYTES - len(PLAIN), 3 << 20], ids=["at the limit", "beyond"])
def test_a_document_of_more_than_a_mebibyte_is_given_back_byte_for_byte(size: int, hub: Scene) -> None:
    check_raw(hub, large(size))


def test_a_document_that_does_not_fit_in_memory_is_given_back_byte_for_byte(
    hub: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw, "MEMORY_BYTES_MAX", 1 << 16)
    lying_there = files(hub.node.data)
    check_raw(hub, large(2 << 20))
    assert files(hub.node.data) == lying_there


def test_a_stream_that_gives_a_few_bytes_at_a_time_is_read_whole(hub: Scene) -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(7, size) if size is not None and size > 0 else size)

    receipt = hub.node.capture(Slow(PLAIN), name="slow")
    assert receipt.packages == 3
    assert b"".join(hub.node.document_raw(receipt.document)) == PLAIN


def test_a_stream_that_breaks_off_leaves_nothing(hub: Scene) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 1000:
                raise ConnectionResetError
            return super().read(min(600, size) if size is not None and size > 0 else size)

    with pytest.raises(ConnectionResetError):
        hub.node.capture(Broken(PLAIN), name="broken")
    assert hub.node.status().documents == 0
    assert hub.node.jobs() == []
    assert hub.give(PLAIN).packages == 3
