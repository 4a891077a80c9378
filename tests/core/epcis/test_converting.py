"""Documents written again: XML 1.2, XML 2.0 and JSON-LD, with all that an event, a header or master data can say."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from rxtrail.core.epcis.convert import TARGETS, Report, Target, convert
from rxtrail.core.epcis.event_hash import event_hash
from rxtrail.core.epcis.head import Head
from rxtrail.core.epcis.reader import open_document
from rxtrail.core.epcis.spelling import EpcFormat, Spelling

if TYPE_CHECKING:
    from rxtrail.core.epcis.event import Event, Header

CREATED = "2026-11-23T09:14:02Z"

XML = b"""<?xml version="1.0" encoding="UTF-8"?>
<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:2" xmlns:ex="http://ns.example.com/epcis/"
    xmlns:cbvmda="urn:epcglobal:cbv:mda" xmlns:gs1="https://gs1.org/voc/"
    xmlns:sbdh="http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
    schemaVersion="2.0" creationDate="2026-11-20T10:00:00.000Z">
  <EPCISHeader>
    <sbdh:StandardBusinessDocumentHeader>
      <sbdh:HeaderVersion>1.0</sbdh:HeaderVersion>
      <sbdh:Sender><sbdh:Identifier Authority="GS1">urn:epc:id:sgln:0300111.11111.0</sbdh:Identifier></sbdh:Sender>
      <sbdh:Receiver><sbdh:Identifier Authority="GS1">urn:epc:id:sgln:0399999.99999.0</sbdh:Identifier></sbdh:Receiver>
      <sbdh:DocumentIdentification>
        <sbdh:Standard>EPCglobal</sbdh:Standard><sbdh:TypeVersion>2.0</sbdh:TypeVersion>
        <sbdh:InstanceIdentifier>DOC-1</sbdh:InstanceIdentifier><sbdh:Type>Events</sbdh:Type>
        <sbdh:CreationDateAndTime>2026-11-20T10:00:00Z</sbdh:CreationDateAndTime>
      </sbdh:DocumentIdentification>
    </sbdh:StandardBusinessDocumentHeader>
    <extension><EPCISMasterData><VocabularyList>
      <Vocabulary type="urn:epcglobal:epcis:vtype:EPCClass"><VocabularyElementList>
        <VocabularyElement id="urn:epc:idpat:sgtin:0300111.012345.*">
          <attribute id="urn:epcglobal:cbv:mda#regulatedProductName">Painaway &amp; Co &lt;500 mg&gt;</attribute>
          <attribute id="http://ns.example.com/address"><ex:city>Trenton</ex:city><ex:zip>08608</ex:zip></attribute>
        </VocabularyElement>
      </VocabularyElementList></Vocabulary>
      <Vocabulary type="urn:epcglobal:epcis:vtype:Location"><VocabularyElementList>
        <VocabularyElement id="urn:epc:id:sgln:0300111.11111.0">
          <attribute id="urn:epcglobal:cbv:mda#city">Trenton</attribute>
          <children><id>urn:epc:id:sgln:0300111.11111.8</id><id>urn:epc:id:sgln:0300111.11111.9</id></children>
        </VocabularyElement>
      </VocabularyElementList></Vocabulary>
    </VocabularyList></EPCISMasterData></extension>
  </EPCISHeader>
  <EPCISBody><EventList>
    <ObjectEvent>
      <eventTime>2026-11-19T08:00:00.123456-05:00</eventTime>
      <recordTime>2026-11-19T14:00:00Z</recordTime>
      <eventTimeZoneOffset>-05:00</eventTimeZoneOffset>
      <eventID>urn:uuid:2f1c8a50-0000-4000-8000-000000000001</eventID>
      <errorDeclaration>
        <declarationTime>2026-11-20T09:00:00Z</declarationTime>
        <reason>urn:epcglobal:cbv:er:incorrect_data</reason>
        <correctiveEventIDs>
          <correctiveEventID>urn:uuid:2f1c8a50-0000-4000-8000-000000000002</correctiveEventID>
        </correctiveEventIDs>
        <ex:by>Mary</ex:by>
      </errorDeclaration>
      <certificationInfo>https://accreditation.example.org/a/1</certificationInfo>
      <epcList>
        <epc>urn:epc:id:sgtin:0300111.012345.A%2F1</epc><epc>urn:epc:id:sgtin:0300111.012345.A2</epc>
        <epc>https://id.gs1.org/00/003011111234567898</epc><epc>urn:example:own&amp;epc</epc>
      </epcList>
      <action>ADD</action>
      <bizStep>urn:epcglobal:cbv:bizstep:commissioning</bizStep>
      <disposition>https://ref.gs1.org/cbv/Disp-active</disposition>
      <readPoint><id>urn:epc:id:sgln:0300111.11111.0</id><ex:gate>7</ex:gate></readPoint>
      <bizLocation><id>urn:epc:id:sgln:0300111.11111.0</id></bizLocation>
      <bizTransactionList>
        <bizTransaction type="urn:epcglobal:cbv:btt:po">urn:epcglobal:cbv:bt:0300111000001:4711</bizTransaction>
        <bizTransaction>urn:example:other</bizTransaction>
      </bizTransactionList>
      <quantityList><quantityElement>
        <epcClass>urn:epc:class:lgtin:0300111.012345.L1</epcClass><quantity>12.50</quantity><uom>KGM</uom>
      </quantityElement></quantityList>
      <sourceList><source type="urn:epcglobal:cbv:sdt:owning_party">urn:epc:id:pgln:0300111.11111</source></sourceList>
      <destinationList>
        <destination type="urn:epcglobal:cbv:sdt:location">urn:epc:id:sgln:0399999.99999.0</destination>
      </destinationList>
      <sensorElementList><sensorElement>
        <sensorMetadata time="2026-11-19T13:00:00Z" deviceID="urn:epc:id:giai:0300111.D1" ex:room="cold"/>
        <sensorReport type="gs1:Temperature" value="4.50" uom="CEL" ex:cv="1"/>
        <sensorReport type="gs1:Molar_concentration" booleanValue="true" component="https://ref.gs1.org/cbv/Comp-x"/>
        <ex:more><ex:a>1</ex:a><ex:a>2</ex:a></ex:more>
      </sensorElement></sensorElementList>
      <persistentDisposition>
        <unset>urn:epcglobal:cbv:disp:completeness_inferred</unset>
        <set>urn:epcglobal:cbv:disp:completeness_verified</set>
      </persistentDisposition>
      <ilmd><cbvmda:lotNumber>L1</cbvmda:lotNumber><cbvmda:itemExpirationDate>2027-01-31</cbvmda:itemExpirationDate></ilmd>
      <ex:note lang="en" ex:level="2">Read &lt;this&gt;<ex:inner>x</ex:inner></ex:note>
      <ex:empty/>
    </ObjectEvent>
    <AggregationEvent>
      <eventTime>2026-11-19T09:00:00Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>
      <parentID>urn:epc:id:sscc:0300111.1234567890</parentID><childEPCs/><action>DELETE</action>
    </AggregationEvent>
    <TransformationEvent>
      <eventTime>2026-11-19T09:30:00Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>
      <inputEPCList><epc>urn:epc:id:sgtin:0300111.012345.A2</epc></inputEPCList>
      <outputQuantityList><quantityElement>
        <epcClass>urn:epc:idpat:sgtin:0300111.012346.*</epcClass>
      </quantityElement></outputQuantityList>
      <transformationID>urn:epc:id:gdti:0300111.12345.T1</transformationID>
      <ilmd><ex:kind>tablet</ex:kind></ilmd>
    </TransformationEvent>
    <TransactionEvent>
      <eventTime>2026-11-19T10:00:00Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>
      <bizTransactionList>
        <bizTransaction type="urn:epcglobal:cbv:btt:inv">urn:example:inv:1</bizTransaction>
      </bizTransactionList>
      <epcList/><action>OBSERVE</action>
      <quantityList><quantityElement>
        <epcClass>urn:epc:idpat:sgtin:0300111.012345.*</epcClass><quantity>3</quantity>
      </quantityElement></quantityList>
    </TransactionEvent>
    <AssociationEvent>
      <eventTime>2026-11-19T11:00:00Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>
      <parentID>urn:epc:id:grai:0300111.12345.R1</parentID>
      <childEPCs><epc>urn:epc:id:giai:0300111.D1</epc></childEPCs><action>ADD</action>
    </AssociationEvent>
  </EventList></EPCISBody>
  <ex:afterword>bye</ex:afterword>
</epcis:EPCISDocument>
"""


def read(text: bytes) -> tuple[list[Event], Header, Head]:
    head = Head()
    document = open_document(io.BytesIO(text), head=head)
    return [event for event, _, _ in document], document.header, head


def written(text: bytes, target: Target, epc_format: EpcFormat = "as-written") -> tuple[bytes, Report]:
    report = Report(target)
    pieces = convert(io.BytesIO(text), target, Spelling(epc_format), report, creation_date=CREATED)
    return "".join(pieces).encode(), report


def told(events: list[Event]) -> list[Any]:
    """What the event hash leaves out."""
    return [(each.event_id, each.record_time, each.error_declaration) for each in events]


def master_data(head: Head) -> list[Any]:
    return [
        (each.type, [(one.id, one.attributes, one.children) for one in each.elements]) for each in head.vocabularies
    ]


ROUTES: list[list[Target]] = [[first, second] for first in TARGETS for second in TARGETS]


@pytest.mark.parametrize("epc_format", ["as-written", "urn", "digital-link"])
@pytest.mark.parametrize("route", ROUTES, ids="-then-".join)
def test_events_header_and_master_data_survive_any_two_conversions(route: list[Target], epc_format: EpcFormat) -> None:
    events, header, head = read(XML)
    text = XML
    for target in route:
        text, _ = written(text, target, epc_format)
    again, header_again, head_again = read(text)
    assert [event_hash(each) for each in again] == [event_hash(each) for each in events]
    assert told(again) == told(events)
    assert master_data(head_again) == master_data(head)
    assert header_again.products == header.products
    assert (head_again.creation_date, head_again.sbdh) == (head.creation_date, head.sbdh)
    assert (header_again.sender, header_again.receiver, header_again.instance_id) == (
        header.sender,
        header.receiver,
        "DOC-1",
    )
    assert {**head_again.in_header, **head_again.in_document} == {**head.in_header, **head.in_document}


def test_what_epcis_1_2_does_not_know_stands_in_its_extension_points_and_is_told() -> None:
    text, report = written(XML, "xml-1.2")
    root = etree.fromstring(text)
    assert root.tag == "{urn:epcglobal:epcis:xsd:1}EPCISDocument"
    assert root.find(".//ObjectEvent/extension/extension/sensorElementList") is not None
    assert root.find(".//ObjectEvent/extension/extension/persistentDisposition") is not None
    assert root.find(".//ObjectEvent/baseExtension/extension/certificationInfo") is not None
    assert root.find(".//EventList/extension/extension/AssociationEvent") is not None
    assert root.find(".//EventList/extension/TransformationEvent") is not None
    newer = sorted(each.message.split()[4][:-1] for each in report.findings if each.code == "NEWER_THAN_1_2")
    assert newer == ["AssociationEvent", "certificationInfo", "persistentDisposition", "sensorElementList"]


def test_json_has_the_words_of_the_context_and_the_senders_own_prefixes() -> None:
    text, _ = written(XML, "json")
    document = json.loads(text)
    event = document["epcisBody"]["eventList"][0]
    assert (event["bizStep"], event["disposition"]) == ("commissioning", "active")
    assert event["errorDeclaration"]["reason"] == "incorrect_data"
    assert event["ilmd"]["cbvmda:lotNumber"] == "L1"
    assert event["readPoint"]["ex:gate"] == "7"
    reports = event["sensorElementList"][0]["sensorReport"]
    # The second is a word of GS1's that the context has no term for.
    assert [each["type"] for each in reports] == ["Temperature", "gs1:Molar_concentration"]
    assert document["@context"][1]["ex"] == "http://ns.example.com/epcis/"
    assert document["sender"] == "urn:epc:id:sgln:0300111.11111.0"


def test_identifiers_are_translated_both_ways() -> None:
    as_links, _ = written(XML, "json", "digital-link")
    epcs = json.loads(as_links)["epcisBody"]["eventList"][0]["epcList"]
    assert epcs == [
        "https://id.gs1.org/01/00300111123453/21/A%2F1",
        "https://id.gs1.org/01/00300111123453/21/A2",
        "https://id.gs1.org/00/003011111234567898",
        "urn:example:own&epc",
    ]
    as_urns, report = written(as_links, "xml-2.0", "urn")
    root = etree.fromstring(as_urns)
    # Where the company prefix ends, a link does not tell: by the rule for drug codes it is after six digits here.
    assert [each.text for each in root.findall(".//ObjectEvent/epcList/epc")] == [
        "urn:epc:id:sgtin:030011.0112345.A%2F1",
        "urn:epc:id:sgtin:030011.0112345.A2",
        "urn:epc:id:sscc:030111.01123456789",
        "urn:example:own&epc",
    ]
    assert [event_hash(each) for each in read(as_urns)[0]] == [event_hash(each) for each in read(XML)[0]]
    assert [each for each in report.findings if each.code == "NOT_TRANSLATABLE"] == []


def test_an_identifier_without_a_urn_stays_a_link_and_is_told() -> None:
    document = {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": CREATED,
        "epcisBody": {
            "eventList": [
                {
                    "type": "ObjectEvent",
                    "eventTime": CREATED,
                    "eventTimeZoneOffset": "+00:00",
                    "action": "OBSERVE",
                    "epcList": ["https://id.gs1.org/8013/1987654Ad4X4bL5ttr2310c2K"],
                }
            ]
        },
    }
    text, report = written(json.dumps(document).encode(), "xml-2.0", "urn")
    assert b"<epc>https://id.gs1.org/8013/1987654Ad4X4bL5ttr2310c2K</epc>" in text
    assert [each.code for each in report.findings if each.severity == "warning"] == ["NOT_TRANSLATABLE"]


def an_event(**members: object) -> bytes:
    event = {"type": "ObjectEvent", "eventTime": CREATED, "eventTimeZoneOffset": "+00:00", "action": "OBSERVE"}
    document = {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": CREATED,
        "epcisBody": {"eventList": [event | members]},
    }
    return json.dumps(document).encode()


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("epc_format", "told"), [("as-written", 0), ("urn", 1), ("digital-link", 1)])
def test_two_spellings_of_one_pack_that_become_one_stay_both_and_are_told(
    target: Target, epc_format: EpcFormat, told: int
) -> None:
    urn, link = "urn:epc:id:sgtin:030011.0112345.A2", "https://id.gs1.org/01/00300111123453/21/A2"
    source = an_event(epcList=[urn, link, "urn:epc:id:sgtin:030011.0112345.A3"])
    text, report = written(source, target, epc_format)
    assert [each.epcs for each in report.findings if each.code == "REPEATED_IDENTIFIER"] == told * [
        [urn if epc_format == "urn" else link]
    ]
    assert [event_hash(each) for each in read(text)[0]] == [event_hash(each) for each in read(source)[0]]


@pytest.mark.parametrize(
    ("digits", "is_odd"), [("A", True), ("0fA", True), ("0fA1", False), ("", False), ("0fG", False)]
)
def test_half_an_octet_is_told_with_its_place_since_xml_cannot_have_it(digits: str, is_odd: bool) -> None:
    reports = [{"type": "Temperature", "value": 3.0, "uom": "CEL"}, {"type": "x:y", "hexBinaryValue": digits}]
    source = an_event(epcList=["urn:epc:id:sgtin:030011.0112345.A2"], sensorElementList=[{"sensorReport": reports}])
    text, report = written(source, "xml-2.0", "as-written")
    found = [each.get("hexBinaryValue") for each in etree.fromstring(text).iter("{*}sensorReport")]
    assert found == [None, digits]
    assert [each.place for each in report.findings if each.code == "SENSOR_HEX_ODD"] == is_odd * [
        "/epcisBody/eventList/0/sensorElementList/0/sensorReport/1/hexBinaryValue"
    ]


def test_json_values_that_no_xml_can_hold_are_told_not_dropped() -> None:
    event = {
        "@context": [{"ex": "http://ns.example.com/epcis/"}],
        "type": "ObjectEvent",
        "eventTime": CREATED,
        "eventTimeZoneOffset": "+00:00",
        "action": "OBSERVE",
        "epcList": [],
        "ex:odd name": "a\u0001b",
        "bare": 5,
        "other:thing": True,
    }
    text, report = written(json.dumps(event).encode(), "xml-2.0")
    root = etree.fromstring(text)
    found = {each.tag: each.text for each in root.iterfind(".//ObjectEvent/*")}
    assert found["{http://ns.example.com/epcis/}odd_x0020_name"] == "a\ufffdb"
    assert found["bare"] == "5"
    assert found["{other:}thing"] == "true"
    codes = sorted(each.code for each in report.findings if each.severity != "info")
    assert codes.count("NOT_EXPRESSIBLE") == 3
    assert "INVALID_EXTENSION_NAMESPACE" in codes


def test_a_query_document_keeps_its_name_and_subscription() -> None:
    source = XML.replace(b"epcis:EPCISDocument", b"epcisq:EPCISQueryDocument").replace(
        b"urn:epcglobal:epcis:xsd:2", b"urn:epcglobal:epcis-query:xsd:2"
    )
    source = source.replace(b'xmlns:epcis="', b'xmlns:epcisq="')
    source = source.replace(
        b"<EventList>",
        b"<epcisq:QueryResults><queryName>MyQuery</queryName><subscriptionID>S1</subscriptionID>"
        b"<resultsBody><EventList>",
    ).replace(b"</EventList>", b"</EventList></resultsBody></epcisq:QueryResults>")
    as_json, _ = written(source, "json")
    results = json.loads(as_json)["epcisBody"]["queryResults"]
    assert (results["queryName"], results["subscriptionID"]) == ("MyQuery", "S1")
    assert len(results["resultsBody"]["eventList"]) == 5
    as_xml, _ = written(as_json, "xml-2.0")
    root = etree.fromstring(as_xml)
    assert root.tag == "{urn:epcglobal:epcis-query:xsd:2}EPCISQueryDocument"
    assert root.findtext(".//queryName") == "MyQuery"


def test_a_master_data_document_becomes_a_document_without_events_in_json() -> None:
    source = b"""<epcismd:EPCISMasterDataDocument xmlns:epcismd="urn:epcglobal:epcis-masterdata:xsd:1"
      schemaVersion="1.2" creationDate="2026-11-20T10:00:00Z"><EPCISBody><VocabularyList>
      <Vocabulary type="urn:epcglobal:epcis:vtype:Location"><VocabularyElementList>
      <VocabularyElement id="urn:epc:id:sgln:0300111.11111.0">
      <attribute id="urn:epcglobal:cbv:mda#city">Trenton</attribute>
      </VocabularyElement></VocabularyElementList></Vocabulary></VocabularyList></EPCISBody>
      </epcismd:EPCISMasterDataDocument>"""
    _, header, head = read(source)
    as_json, report = written(source, "json")
    assert json.loads(as_json)["type"] == "EPCISDocument"
    assert [each.code for each in report.findings] == ["NOT_EXPRESSIBLE"]
    _, header_again, head_again = read(as_json)
    assert header_again.locations == header.locations
    assert master_data(head_again) == master_data(head)
    as_xml, _ = written(source, "xml-2.0")
    assert read(as_xml)[2].root == "EPCISMasterDataDocument"
    assert master_data(read(as_xml)[2]) == master_data(head)


def test_master_data_that_a_query_found_stays_its_result() -> None:
    source = b"""<q:EPCISQueryDocument xmlns:q="urn:epcglobal:epcis-query:xsd:1" schemaVersion="1.2"
      creationDate="2026-11-20T10:00:00Z"><EPCISBody><q:QueryResults><queryName>SimpleMasterDataQuery</queryName>
      <resultsBody><VocabularyList><Vocabulary type="urn:epcglobal:epcis:vtype:Location"><VocabularyElementList>
      <VocabularyElement id="urn:epc:id:sgln:0300111.11111.0">
      <attribute id="urn:epcglobal:cbv:mda#city">Trenton</attribute></VocabularyElement></VocabularyElementList>
      </Vocabulary></VocabularyList></resultsBody></q:QueryResults></EPCISBody></q:EPCISQueryDocument>"""
    _, _, head = read(source)
    for route in ROUTES:
        text = source
        for target in route:
            text, _ = written(text, target)
        _, _, again = read(text)
        assert (again.in_results, again.query_name) == (True, "SimpleMasterDataQuery")
        assert master_data(again) == master_data(head)
    as_json = json.loads(written(source, "json")[0])
    results = as_json["epcisBody"]["queryResults"]["resultsBody"]
    assert results["vocabularyList"][0]["vocabularyElementList"][0]["id"] == "urn:epc:id:sgln:0300111.11111.0"
    assert etree.fromstring(written(source, "xml-2.0")[0]).find(".//resultsBody/VocabularyList") is not None


def test_a_prefix_that_stands_for_two_namespaces_is_kept_for_one_of_them() -> None:
    source = b"""<e:EPCISDocument xmlns:e="urn:epcglobal:epcis:xsd:2" xmlns:x="http://one.example/" schemaVersion="2.0"
      creationDate="2026-11-20T10:00:00Z"><EPCISBody><EventList><ObjectEvent xmlns:x="http://two.example/">
      <eventTime>2026-11-01T00:00:00Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset><epcList/>
      <action>OBSERVE</action><x:a>1</x:a><x:a xmlns:x="http://one.example/">2</x:a></ObjectEvent></EventList>
      </EPCISBody></e:EPCISDocument>"""
    events, _, _ = read(source)
    for route in ROUTES:
        text = source
        for target in route:
            text, _ = written(text, target)
        assert [event_hash(each) for each in read(text)[0]] == [event_hash(each) for each in events]


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


def test_what_xml_cannot_say_of_an_extension_is_told_at_its_place() -> None:
    event = {
        "type": "ObjectEvent", "eventTime": "2026-01-01T10:00:00Z", "eventTimeZoneOffset": "+00:00",
        "action": "OBSERVE", "epcList": ["urn:epc:id:sgtin:0614141.107346.2017"],
        "readPoint": {"id": "urn:epc:id:sgln:0614141.00777.0", "ex:gate": None},
        "ilmd": {"ex:lot": [], "ex:dose": 5},
        "sensorElementList": [{
            "sensorReport": [{"type": "Temperature", "value": 26, "booleanValue": True, "ex:raw": None, "ex:ok": True}],
            "ex:box": {"ex:in": None},
        }],
        "ex:none": None, "ex:no": [], "ex:object": {}, "ex:rows": [[1.5, "a"], "b"], "ex:yes": False, "ex:text": "5",
    }  # fmt: skip
    data = encoded({"type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": CREATED,
                     "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
                                  {"ex": "https://ex.example/ns/"}],
                     "epcisBody": {"eventList": [event]}})  # fmt: skip
    at = "/epcisBody/eventList/0/"
    empty = {"readPoint/ex:gate", "ilmd/ex:lot", "sensorElementList/0/sensorReport/0/ex:raw",
             "sensorElementList/0/ex:box/ex:in", "ex:none", "ex:no", "ex:object", "ex:rows"}  # fmt: skip
    typed = {"ilmd/ex:dose", "sensorElementList/0/sensorReport/0/ex:ok", "ex:rows", "ex:yes"}
    for target in ("xml-1.2", "xml-2.0"):
        text, report = written(data, target)
        told: dict[str, set[str]] = {}
        for each in report.findings:
            told.setdefault(each.code, set()).add(each.place)
        assert told["EMPTY_NOT_EXPRESSIBLE"] == {at + name for name in empty}
        assert told["TYPE_NOT_EXPRESSIBLE"] == {at + name for name in typed}
        back, report = written(text, "json")
        assert [event_hash(each) for each in read(text)[0]] == [event_hash(each) for each in read(data)[0]]
        assert [event_hash(each) for each in read(back)[0]] == [event_hash(each) for each in read(data)[0]]
    _, report = written(data, "json")
    assert [each.code for each in report.findings] == ["SENSOR_UNIT_UNUSABLE"], "JSON says all of it"


def test_a_number_too_long_and_text_between_elements_are_told() -> None:
    number = 12345678901234567890123
    event = {"type": "ObjectEvent", "eventTime": "2026-01-01T10:00:00Z", "eventTimeZoneOffset": "+00:00",
             "action": "OBSERVE", "epcList": [], "https://ex.example/n": number}  # fmt: skip
    data = encoded({"type": "EPCISDocument", "epcisBody": {"eventList": [event]}})
    text, report = written(data, "json")
    assert "NUMBER_AS_TEXT" in {each.code for each in report.findings}
    assert str(number).encode() in text
    mixed = XML.replace(b"<ex:inner>x</ex:inner>", b"<ex:inner>x</ex:inner> again")
    _, report = written(mixed, "json")
    assert "MIXED_CONTENT" in {each.code for each in report.findings}
    _, report = written(XML, "json")
    assert "MIXED_CONTENT" not in {each.code for each in report.findings}


@pytest.mark.parametrize("target", ["xml-1.2", "xml-2.0"])
@pytest.mark.parametrize("namespace", ["http://www.w3.org/XML/1998/namespace", "http://www.w3.org/2000/xmlns/"])
def test_namespaces_that_xml_keeps_for_itself_are_never_declared(target: Target, namespace: str) -> None:
    source = json.loads(an_event(epcList=["urn:epc:id:sgtin:030011.0112345.A2"]))
    source["@context"] = [*source.get("@context", []), {"own": namespace}]
    source["own:before"] = "1"
    source["epcisBody"]["eventList"][0]["own:lang"] = "en"
    text, _ = written(json.dumps(source).encode(), target)
    [found] = etree.fromstring(text).iter("{*}lang")
    assert found.text == "en"


@pytest.mark.parametrize("target", ["xml-1.2", "xml-2.0"])
def test_each_of_many_behind_the_events_declares_its_namespace(target: Target) -> None:
    source = json.loads(an_event(epcList=["urn:epc:id:sgtin:030011.0112345.A2"]))
    source["other:note"] = ["1", ["2", "3"], [["4"]]]
    text, _ = written(json.dumps(source).encode(), target)
    assert [each.text for each in etree.fromstring(text).iter("{other:}note")] == ["1", "2", "3", "4"]


@pytest.mark.parametrize("target", TARGETS)
def test_no_time_is_made_up_for_a_declaration_that_tells_none(target: Target) -> None:
    text, _ = written(an_event(epcList=["urn:x:y"], errorDeclaration={"reason": "incorrect_data"}), target)
    assert b"declarationTime" not in text
    [event] = read(text)[0]
    assert event.error_declaration is not None
    assert (event.error_declaration.declaration_time, event.error_declaration.reason) == (0, "incorrect_data")
