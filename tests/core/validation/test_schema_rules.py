"""Strict checking of XML and JSON, rule by rule; that it judges as the official schemas do, conformance tests show."""

from __future__ import annotations

import copy
import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from rxtrail.core.epcis.convert import Report, convert
from rxtrail.core.epcis.spelling import Spelling
from rxtrail.core.validation import ValidationReport, validate
from tests.core.epcis.test_converting import XML

if TYPE_CHECKING:
    from rxtrail.core.epcis.convert import Target

NOW_US = 1_795_000_000_000_000  # 2026-11-18


def judged(text: bytes, **how: Any) -> ValidationReport:
    return validate(lambda: io.BytesIO(text), now_us=NOW_US, **how)


def codes(report: ValidationReport) -> list[str]:
    return [each.code for each in report.findings if each.severity == "error"]


def converted(target: Target) -> bytes:
    report = Report(target)
    pieces = convert(io.BytesIO(XML), target, Spelling(), report, creation_date="2026-11-23T09:14:02Z")
    return "".join(pieces).encode()


DOCUMENT: dict[str, Any] = json.loads(converted("json"))
# A date in the far future is a warning of its own.
ONE_EVENT = b"""<e:EPCISDocument xmlns:e="urn:epcglobal:epcis:xsd:2" xmlns:x="http://ns.example.com/"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"
 schemaVersion="2.0" creationDate="2026-11-01T00:00:00Z"><EPCISBody><EventList>
<ObjectEvent>
<eventTime>2026-11-01T00:00:00Z</eventTime>
<eventTimeZoneOffset>+00:00</eventTimeZoneOffset>
<epcList><epc>urn:epc:id:sgtin:0614141.107346.2017</epc></epcList>
<action>OBSERVE</action>
<bizStep>urn:epcglobal:cbv:bizstep:inspecting</bizStep>
</ObjectEvent>
</EventList></EPCISBody></e:EPCISDocument>"""


@pytest.mark.parametrize("target", ["xml-1.2", "xml-2.0", "json"])
def test_what_we_write_is_valid_in_every_form(target: Target) -> None:
    report = judged(converted(target))
    assert [each for each in report.findings if each.code.startswith("SCHEMA_")] == []
    assert (report.valid, report.schema, report.events) == (True, "valid", 5)


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        (b"<action>OBSERVE</action>\n", b"", "SCHEMA_ELEMENT", 8),
        (b"<action>OBSERVE</action>", b"<action>observe</action>", "SCHEMA_VALUE", 8),
        (b"<eventTime>2026-11-01T00:00:00Z", b"<eventTime>2026-11-01T00:00:00", "SCHEMA_VALUE", 5),
        (b"<eventTime>2026-11-01T", b"<eventTime>2026-11-31T", "SCHEMA_VALUE", 5),
        (b"<epcList>", b'<epcList n="1">', "SCHEMA_ATTRIBUTE", 7),
        (b"<epcList>", b"<epcList>text", "SCHEMA_TEXT", 7),
        (b"</bizStep>", b"</bizStep><mine/>", "SCHEMA_ELEMENT", 9),
        (b"</bizStep>", b"</bizStep><sensorElementList/>", "SCHEMA_MISSING", 9),
        (b"</bizStep>", b"</bizStep><bizStep>urn:x:y</bizStep>", "SCHEMA_ELEMENT", 9),
        (b"urn:epcglobal:cbv:bizstep:inspecting", b"urn:%zz", "SCHEMA_VALUE", 9),
        (b"</bizStep>", b"</bizStep><x:n xsi:type='xsd:int'>x</x:n>", "SCHEMA_VALUE", 9),
        (b"</bizStep>", b"</bizStep><x:n xsi:type='xsd:none'>x</x:n>", "SCHEMA_VALUE", 9),
        (b'creationDate="2026-11-01T00:00:00Z"', b"", "SCHEMA_MISSING", 3),
        (b"urn:epcglobal:epcis:xsd:2", b"urn:epcglobal:epcis:xsd:3", "SCHEMA_ROOT", 3),
    ],
)
def test_a_breach_of_the_xml_schema_is_told_with_its_line(old: bytes, new: bytes, code: str, line: int) -> None:
    assert judged(ONE_EVENT).findings == []
    report = judged(ONE_EVENT.replace(old, new, 1))
    assert not report.valid
    [first, *_] = [each for each in report.findings if each.severity == "error"]
    assert (first.code, first.line) == (code, line)
    assert first.advice
    assert first.clause


def test_other_peoples_elements_stand_where_the_standard_lets_them() -> None:
    extended = ONE_EVENT.replace(b"</bizStep>", b"</bizStep><x:n xsi:type='xsd:int'>5</x:n><x:m a='1'><b/></x:m>")
    assert judged(extended).valid


def test_the_events_of_a_long_document_are_all_checked() -> None:
    head, event, tail = ONE_EVENT.partition(b"<ObjectEvent>")
    body, end, rest = tail.partition(b"</ObjectEvent>\n")
    events = [event + body + end] * 3000
    events[2500] = events[0].replace(b"OBSERVE", b"SEE")
    report = judged(head + b"".join(events) + rest)
    assert (report.events, codes(report)) == (3000, ["SCHEMA_VALUE", "INVALID_ACTION"])
    assert report.findings[0].line == 4 + 2500 * 7 + 4


def changed(change: Any) -> bytes:
    document = copy.deepcopy(DOCUMENT)
    change(document, document["epcisBody"]["eventList"])
    return json.dumps(document, indent=1).encode()


@pytest.mark.parametrize(
    ("change", "code", "place"),
    [
        (lambda _, e: e[0].pop("action"), "SCHEMA_MISSING", "/epcisBody/eventList/0"),
        (lambda _, e: e[4].update(action="SEE"), "SCHEMA_VALUE", "/epcisBody/eventList/4/action"),
        (lambda _, e: e[0].update(mine=1), "SCHEMA_MEMBER", "/epcisBody/eventList/0/mine"),
        (lambda _, e: e[0].update(bizStep="transforming"), "SCHEMA_VALUE", "/epcisBody/eventList/0/bizStep"),
        (lambda _, e: e[0].update(action="OBSERVE"), "SCHEMA_MEMBER", "/epcisBody/eventList/0/ilmd"),
        (lambda _, e: e[0].update(eventTime="2026-11-01"), "SCHEMA_VALUE", "/epcisBody/eventList/0/eventTime"),
        (
            lambda _, e: e[0]["quantityList"][0].update(quantity="12"),
            "SCHEMA_TYPE",
            "/epcisBody/eventList/0/quantityList/0/quantity",
        ),
        (lambda _, e: e[0]["epcList"].append("no uri"), "SCHEMA_VALUE", "/epcisBody/eventList/0/epcList/4"),
        (lambda _, e: e[0]["epcList"].append(e[0]["epcList"][0]), "SCHEMA_VALUE", "/epcisBody/eventList/0/epcList"),
        (lambda _, e: e[4].pop("childEPCs"), "SCHEMA_MISSING", "/epcisBody/eventList/4"),
        (
            lambda _, e: e[2].pop("transformationID") and e[2].pop("inputEPCList"),
            "SCHEMA_MISSING",
            "/epcisBody/eventList/2",
        ),
        (
            lambda _, e: e[3].update(bizTransactionList=[]),
            "SCHEMA_MISSING",
            "/epcisBody/eventList/3/bizTransactionList",
        ),
        (lambda _, e: e[0].update(type="Mine"), "SCHEMA_VALUE", "/epcisBody/eventList/0/type"),
        (lambda d, _: d.pop("@context"), "SCHEMA_MISSING", "/"),
        (lambda d, _: d.update(creationDate="today"), "SCHEMA_VALUE", "/creationDate"),
    ],
)
def test_a_breach_of_the_json_schema_is_told_with_its_pointer(change: Any, code: str, place: str) -> None:
    text = changed(change)
    report = judged(text)
    assert not report.valid
    [first, *_] = [each for each in report.findings if each.code.startswith("SCHEMA_")]
    assert (first.code, first.place) == (code, place)
    if place != "/":
        assert first.line > 1
        line = text.split(b"\n")[first.line - 1].decode()
        name = place.rpartition("/")[2]
        assert name.isdecimal() or f'"{name}"' in line


def test_half_an_octet_is_what_the_json_schema_takes_and_is_told_all_the_same() -> None:
    report = judged(
        changed(
            lambda _, e: e[0].update(sensorElementList=[{"sensorReport": [{"type": "x:y", "hexBinaryValue": "0"}]}])
        )
    )
    assert (report.valid, report.schema) == (True, "valid")
    [told] = [each for each in report.findings if each.code == "SENSOR_HEX_ODD"]
    assert told.place == "/epcisBody/eventList/0/sensorElementList/0/sensorReport/0/hexBinaryValue"
    assert told.severity == "warning"
    assert told.line > 1


def test_a_bare_json_event_needs_a_context() -> None:
    event = {**DOCUMENT["epcisBody"]["eventList"][1]}
    assert codes(judged(json.dumps(event).encode())) == ["SCHEMA_MISSING"]
    event["@context"] = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
    assert judged(json.dumps(event).encode()).valid


def test_a_bare_xml_event_has_no_schema_and_is_checked_all_the_same() -> None:
    event = ONE_EVENT[ONE_EVENT.index(b"<ObjectEvent>") : ONE_EVENT.index(b"</EventList>")].strip()
    report = judged(event)
    assert (report.valid, report.schema) == (True, "none")
    assert codes(judged(event.replace(b"<action>OBSERVE</action>\n", b""))) == [
        "SCHEMA_ELEMENT",
        "MISSING_MANDATORY_FIELD",
    ]


@pytest.mark.parametrize(
    "text", [b"", b"hello", b"<a>", b"{", b"<invoice/>", b"[1]", b"PK\x03\x04", b'{"type": 5}', b"\xff\xfe<"]
)
def test_what_is_no_document_is_told_and_never_raises(text: bytes) -> None:
    for mode in ("strict", "lenient"):
        report = judged(text, mode=mode)
        assert not report.valid
        assert report.errors


def test_lenient_forgives_what_capture_forgives() -> None:
    jumbled = ONE_EVENT.replace(b"<action>OBSERVE</action>\n", b"").replace(
        b"<eventTime>", b"<action>OBSERVE</action><eventTime>"
    )
    assert not judged(jumbled).valid
    report = judged(jumbled, mode="lenient")
    assert (report.valid, report.schema) == (True, "")
    assert [(each.severity, each.code) for each in report.findings] == [("info", "ELEMENT_ORDER")]


def test_a_doctype_that_defines_nothing_is_told_and_read_over() -> None:
    report = judged(b"<!DOCTYPE project>\n" + ONE_EVENT)
    assert report.valid
    assert [(each.code, each.line) for each in report.findings] == [("DTD_REFUSED", 1)]
    hostile = b'<!DOCTYPE a [<!ENTITY b "c">]>\n' + ONE_EVENT
    assert codes(judged(hostile)) == ["NOT_READABLE"]


def test_findings_of_one_code_are_capped() -> None:
    many = changed(lambda _, e: e[0].update({f"n{index}": 1 for index in range(80)}))
    report = judged(many)
    assert [each.code for each in report.findings].count("SCHEMA_MEMBER") == 50
    assert [each.code for each in report.findings].count("FINDINGS_TRUNCATED") == 1


@pytest.mark.parametrize(("inside", "valid"), [(b"", True), (b" ", False), (b"<!-- -->", True), (b"<a/>", False)])
def test_what_must_be_empty_holds_not_even_space(inside: bytes, *, valid: bool) -> None:
    question = b'<q:GetQueryNames xmlns:q="urn:epcglobal:epcis-query:xsd:1">%b</q:GetQueryNames>' % inside
    assert validate(lambda: io.BytesIO(question), now_us=NOW_US).valid == valid
