"""What is readable but wrong is kept, with a finding that says what and where."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rxtrail.core.epcis.event import EPCS_PER_FINDING_MAX, Finding
from rxtrail.core.epcis.limits import FINDINGS_PER_CODE_MAX
from rxtrail.core.gs1.runs import EpcRun
from tests.core.epcis.documents import EPCS, SGTIN, TIME, Read, json_document, json_event, object_event, read, xml

STEP = "<bizStep>urn:epcglobal:cbv:bizstep:{}</bizStep>"
DISPOSITION = "<disposition>urn:epcglobal:cbv:disp:{}</disposition>"
PARENT = "<parentID>urn:epc:id:sscc:0352601.0000000001</parentID>"
CHILDREN = f"<childEPCs><epc>{SGTIN}A1</epc></childEPCs>"
PAPER = '<bizTransactionList><bizTransaction type="urn:epcglobal:cbv:btt:po">PO 7</bizTransaction></bizTransactionList>'
PLACE = "<{0}><id>urn:epc:id:sgln:0352601.00000.0</id></{0}>"


def of(kind: str, *parts: str) -> str:
    return f"<{kind}>{TIME}{''.join(parts)}</{kind}>"


def only(got: Read, code: str) -> Finding:
    (finding,) = [finding for each in got.findings for finding in each if finding.code == code]
    assert finding.message
    assert finding.place
    return finding


ADD = "<action>ADD</action>"
OWNER = (
    "<sourceList><source type='urn:epcglobal:cbv:sdt:owning_party'>urn:epc:id:pgln:0352601.00000</source></sourceList>"
)
SITE = "<sourceList><source type='urn:epcglobal:cbv:sdt:location'>urn:epc:id:sgln:0352601.00000.0</source></sourceList>"
SHIPPING = STEP.format("shipping") + DISPOSITION.format("in_transit")
COMMISSIONING = STEP.format("commissioning") + DISPOSITION.format("active")
LOT = "<cbvmda:lotNumber>L</cbvmda:lotNumber>"
EXPIRY = "<cbvmda:itemExpirationDate>{}</cbvmda:itemExpirationDate>"
AMOUNT = (
    "<quantityList><quantityElement><epcClass>urn:epc:idpat:sgtin:0352601.081590.*</epcClass>"
    "<quantity>{}</quantity></quantityElement></quantityList>"
)
DECLARED = "<errorDeclaration><declarationTime>2026-03-01T14:00:00Z</declarationTime></errorDeclaration>"
NO_ZONE = "<eventTime>2026-03-01T14:00:00</eventTime>"


@pytest.mark.parametrize(
    ("code", "event"),
    [
        ("INVALID_ACTION", object_event(action="<action>CREATE</action>")),
        ("INVALID_ACTION", object_event(action="<action>observe</action>")),
        ("INVALID_ACTION", of("TransformationEvent", ADD, f"<inputEPCList><epc>{SGTIN}A1</epc></inputEPCList>")),
        ("MISSING_MANDATORY_FIELD", object_event(action="")),
        ("MISSING_MANDATORY_FIELD", object_event(action="<action/>")),
        ("MISSING_MANDATORY_FIELD", object_event(epcs="")),
        ("MISSING_MANDATORY_FIELD", of("TransformationEvent")),
        ("MISSING_MANDATORY_FIELD", object_event(time="<eventTime>2026-03-01T14:00:00Z</eventTime>")),
        ("MISSING_TIME_ZONE", object_event(time=TIME.replace("00Z", "00"))),
        ("INVALID_TIME_ZONE", object_event(time=TIME.replace("-05:00", "EST"))),
        ("INVALID_TIME", object_event("<recordTime>yesterday</recordTime>")),
        ("INVALID_TIME", object_event("<errorDeclaration><declarationTime>x</declarationTime></errorDeclaration>")),
        ("MISSING_TIME_ZONE", object_event("<recordTime>2026-03-01T14:00:00</recordTime>")),
        ("INVALID_BIZSTEP", object_event(STEP.format("decomissioning"))),
        ("INVALID_BIZSTEP", object_event(STEP.format("dancing"))),
        ("INVALID_BIZSTEP", object_event("<bizStep>dancing</bizStep>")),
        ("INVALID_DISPOSITION", object_event(DISPOSITION.format("in-transit"))),
        ("INVALID_DISPOSITION", object_event(DISPOSITION.format("lost"))),
        ("INVALID_DISPOSITION", object_event(STEP.format("commissioning"), DISPOSITION.format("destroyed"))),
        ("INVALID_VOCABULARY", object_event("<errorDeclaration><reason>because</reason></errorDeclaration>")),
        ("INVALID_VOCABULARY", object_event(PAPER.replace("btt:po", "btt:purchase"))),
        ("INVALID_EPC_URI", object_event(epcs="<epcList><epc>hello</epc></epcList>")),
        ("INVALID_EPC_URI", object_event(epcs=f"<epcList><epc>{SGTIN}A1</epc><epc/></epcList>")),
        ("INVALID_EPC_URI", object_event(epcs=f"<epcList><epc>{SGTIN}A1</epc><epc> </epc></epcList>")),
        ("INVALID_EPC_URI", object_event("<readPoint><id>warehouse 3</id></readPoint>")),
        ("INVALID_GTIN_CHECK_DIGIT", object_event(epcs="<epcList><epc>https://id.gs1.org/01/00352601815905/21/A</epc></epcList>")),
        ("INVALID_SSCC_CHECK_DIGIT", object_event(epcs="<epcList><epc>https://id.gs1.org/00/003526010000000011</epc></epcList>")),
        ("INVALID_GLN_CHECK_DIGIT", object_event("<readPoint><id>https://id.gs1.org/414/0352601000004</id></readPoint>")),
        ("SERIAL_TOO_LONG", object_event(epcs=f"<epcList><epc>{SGTIN}{'A' * 21}</epc></epcList>")),
        ("INVALID_NUMBER", object_event(AMOUNT.format("twenty"))),
        ("INVALID_EXPIRY", object_event(f"<ilmd>{LOT}{EXPIRY.format(271399)}</ilmd>")),
        ("MISSING_EXPIRY", object_event(f"<ilmd>{LOT}</ilmd>")),
        ("MISSING_PARENT", of("AggregationEvent", CHILDREN, ADD)),
        ("MISSING_CHILDREN", of("AggregationEvent", PARENT, ADD)),
        ("MISSING_BIZ_TRANSACTION", of("TransactionEvent", EPCS, ADD)),
        ("MISSING_BIZ_TRANSACTION", object_event(SHIPPING, OWNER)),
        ("MISSING_SOURCE_DESTINATION", object_event(SHIPPING, PAPER)),
        ("OWNERSHIP_TRANSFER_UNCLEAR", object_event(SHIPPING, PAPER, SITE)),
        ("UNEXPECTED_BIZ_LOCATION", object_event(SHIPPING, PLACE.format("bizLocation"), PAPER, OWNER)),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_the_event_is_kept(code: str, event: str) -> None:
    got = read(xml(event))
    assert len(got.events) == 1
    assert got.codes == {code}
    assert only(got, code).place == "line 3"


@pytest.mark.parametrize(
    "event",
    [
        object_event(COMMISSIONING),
        object_event(SHIPPING, PLACE.format("readPoint"), PAPER, OWNER),
        of("AggregationEvent", PARENT, CHILDREN, ADD, STEP.format("packing"), DISPOSITION.format("in_progress")),
        of("AggregationEvent", PARENT, "<childEPCs/>", "<action>DELETE</action>"),
        of("AggregationEvent", CHILDREN, "<action>OBSERVE</action>"),
        of("TransactionEvent", PAPER, EPCS, ADD),
        of("TransformationEvent", f"<inputEPCList><epc>{SGTIN}A1</epc></inputEPCList>"),
        object_event("<readPoint><id>urn:acme:dock:3</id></readPoint>", "<bizStep>http://acme.example/waiting</bizStep>"),
        object_event(epcs=f"<epcList><epc>{SGTIN}{'A' * 20}</epc></epcList>"),
        object_event(SHIPPING, DECLARED),
    ],
)  # fmt: skip
def test_what_is_right_is_passed_in_silence(event: str) -> None:
    assert read(xml(event)).codes == set()


def test_a_misspelt_step_is_read_as_the_step_that_was_meant() -> None:
    (event,) = read(xml(object_event(STEP.format("decomissioning"), DISPOSITION.format("in-transit")))).events
    assert (event.biz_step, event.disposition) == ("decommissioning", "in_transit")


def test_an_unknown_word_is_kept_as_written() -> None:
    (event,) = read(xml(object_event(STEP.format("dancing"), action="<action> add\n</action>"))).events
    assert (event.biz_step, event.action) == ("urn:epcglobal:cbv:bizstep:dancing", "ADD")


@pytest.mark.parametrize(("offset", "hour"), [("-05:00", 19), ("+01:00", 13), ("EST", 14), ("", 14)])
def test_a_time_without_zone_is_read_with_the_offset_of_the_event(offset: str, hour: int) -> None:
    zone = f"<eventTimeZoneOffset>{offset}</eventTimeZoneOffset>" if offset else ""
    got = read(xml(object_event(time=NO_ZONE + zone)))
    assert got.events[0].event_time == 1_772_323_200_000_000 + hour * 3_600_000_000
    assert only(got, "MISSING_TIME_ZONE").severity == "warning"


def test_epcs_with_one_fault_make_one_finding_that_names_some_of_them() -> None:
    epcs = "".join(f"<epc>https://id.gs1.org/01/00352601815905/21/{n}</epc>" for n in range(100))
    got = read(xml(object_event(epcs=f"<epcList>{epcs}<epc>{SGTIN}B</epc></epcList>")))
    finding = only(got, "INVALID_GTIN_CHECK_DIGIT")
    assert finding.severity == "error"
    assert "99 more" in finding.message
    assert finding.epcs == [f"01/00352601815905/21/{n}" for n in range(EPCS_PER_FINDING_MAX)]
    assert got.events[0].epcs[0] == EpcRun("01/00352601815905/21/", [str(n) for n in range(100)], "https://id.gs1.org")
    assert got.events[0].epcs[1].serials == ["B"]


def test_an_identifier_that_is_no_gs1_key_is_kept_as_written() -> None:
    (event,) = read(xml(object_event(epcs="<epcList><epc>hello</epc><epc>urn:own:1</epc></epcList>"))).events
    assert [(run.key, run.serials) for run in event.epcs] == [("", ["hello", "urn:own:1"])]


def test_no_identifier_ever_holds_a_line_feed() -> None:
    for written in ("a\nb", "urn:epc:id:sgtin:0352601.081590.A\nB", "https://id.gs1.org/01/00352601815904/21/A%0AB"):
        documents = (
            xml(object_event(epcs=f"<epcList><epc>{SGTIN}A1</epc><epc>{written}</epc></epcList>")),
            json_document(json_event(epcList=[SGTIN + "A1", written])),
        )
        for document in documents:
            (event,) = read(document).events
            assert sum(len(run.serials) for run in event.epcs) == 2
            assert not any("\n" in serial for run in event.epcs for serial in run.serials)


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"epcList": ["hello"]}, "INVALID_EPC_URI"),
        ({"action": None}, "MISSING_MANDATORY_FIELD"),
        ({"bizStep": "dancing"}, "INVALID_BIZSTEP"),
        ({"quantityList": [{"epcClass": "urn:epc:idpat:sgtin:0352601.081590.*", "quantity": "x"}]}, "INVALID_NUMBER"),
        (
            {"quantityList": [{"epcClass": "urn:epc:idpat:sgtin:0352601.081590.*", "quantity": 10**400}]},
            "INVALID_NUMBER",
        ),
        ({"sensorElementList": [{"sensorReport": [{"value": "1_0"}]}]}, "INVALID_NUMBER"),
        ({"eventTime": "2026-03-01T14:00:00"}, "MISSING_TIME_ZONE"),
    ],
)
def test_findings_are_the_same_in_json(members: dict[str, Any], code: str) -> None:
    document = json_document(json_event(), json_event(**members))
    got = read(document)
    assert len(got.events) == 2
    assert got.findings[0] == []
    assert only(got, code).place == "/epcisBody/eventList/1"


def test_findings_of_one_event_are_capped_by_code() -> None:
    sources = "<source type='q'>urn:own:1</source>" * 1000
    got = read(xml(object_event(f"<sourceList>{sources}</sourceList>"), object_event(STEP.format("dancing"))))
    assert len(got.events[0].sources) == 1000
    assert [finding.code for finding in got.findings[0]] == [
        *["INVALID_VOCABULARY"] * FINDINGS_PER_CODE_MAX,
        "FINDINGS_TRUNCATED",
    ]
    assert [finding.code for finding in got.findings[1]] == ["INVALID_BIZSTEP"]


# -- the document as a whole --------------------------------------------------------------------------------------

TOO_LARGE = (
    '<q:EPCISQueryDocument xmlns:q="urn:epcglobal:epcis-query:xsd:1"><EPCISBody>'
    "<q:QueryTooLargeException/></EPCISBody></q:EPCISQueryDocument>"
)
STATEMENT = (
    "<gs1ushc:dscsaTransactionStatement><gs1ushc:affirmTransactionStatement>true</gs1ushc:affirmTransactionStatement>"
    "</gs1ushc:dscsaTransactionStatement>"
)


def test_a_shipment_without_transaction_statement_is_said() -> None:
    shipment = object_event(SHIPPING, PAPER, OWNER)
    assert read(xml(shipment)).note_codes == {"MISSING_DSCSA_STATEMENT"}
    assert read(xml(shipment, header=STATEMENT)).note_codes == set()
    assert read(xml(object_event())).note_codes == set()


@pytest.mark.parametrize(
    "document",
    [
        xml(),
        xml("<extension/>"),
        TOO_LARGE,
        json_document(),
        '{"type": "EPCISDocument", "epcisBody": {}}',
        '{"type": "EPCISDocument", "epcisBody": 5}',
        "[]",
    ],
)
def test_a_document_without_events_is_said(document: str) -> None:
    got = read(document)
    assert got.events == []
    assert got.note_codes == {"NO_EVENTS"}


def test_findings_of_a_document_are_capped_by_code() -> None:
    events = [{"type": "Odd"}] * (FINDINGS_PER_CODE_MAX + 10)
    notes = read(json.dumps({"type": "EPCISDocument", "epcisBody": {"eventList": [*events, json_event()]}})).notes
    assert [note.code for note in notes] == ["UNSUPPORTED_EVENT_TYPE"] * FINDINGS_PER_CODE_MAX + ["FINDINGS_TRUNCATED"]


def test_elements_out_of_order_are_read_and_told() -> None:
    in_order = object_event(STEP.format("inspecting"), "<readPoint><id>urn:acme:dock:3</id></readPoint>")
    assert read(xml(in_order)).findings == [[]]
    jumbled = f"<ObjectEvent><action>OBSERVE</action>{TIME}{EPCS}</ObjectEvent>"
    got = read(xml(jumbled))
    assert got.events[0].action == "OBSERVE"
    assert [(each.severity, each.code) for each in got.findings[0]] == [("info", "ELEMENT_ORDER")]


def test_what_is_wrong_with_many_positions_is_told_in_their_order() -> None:
    odd = [91, 95, 92, 99, 94, 98, 93, 97]
    sensors = [{"sensorReport": [{"uriValue": f"geo:{latitude},0"}]} for latitude in [*odd, 95]]
    got = read(json_document(json_event(sensorElementList=sensors)))
    told = [each.message for found in got.findings for each in found if each.code == "POSITION_NONSENSE"]
    assert [message.partition(",")[0] for message in told] == [str(latitude) for latitude in odd]
