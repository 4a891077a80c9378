"""Documents of every version and syntax give the same events."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.core.epcis import canonical
from rxtrail.core.epcis.event import Event, Quantity, Typed
from rxtrail.core.gs1.runs import EpcRun
from tests.core.epcis.documents import (
    EPCS,
    SGTIN,
    TIME,
    json_document,
    json_event,
    object_event,
    read,
    sample,
    xml,
)

GTIN = "01/00352601815904/21/"
MDA = "{urn:epcglobal:cbv:mda}"
USHC = "{http://epcis.gs1us.org/hc/ns}"
OWN = "{http://own.example/ns/}"


def test_a_shipment_as_us_partners_write_it_is_read_whole() -> None:
    got = read(sample("shipment_1_2.xml"))
    commissioned, packed, shipped = got.events
    assert commissioned.epcs == [EpcRun(GTIN, ["AAAA0001", "AAAA0002", "AAAA0003"], "7")]
    assert commissioned.event_id == "urn:uuid:6f1e3a34-0001-4000-8000-000000000001"
    assert commissioned.event_time == 1_772_373_600_250_000
    assert commissioned.zone == "-05:00"
    assert commissioned.read_point == "414/0352601000003/254/line7"
    assert commissioned.ilmd == {MDA + "lotNumber": "L2026A", MDA + "itemExpirationDate": "2028-02-29"}
    assert packed.parent == "00/003526010000000010"
    assert packed.children == commissioned.epcs
    assert packed.forms["00/003526010000000010"] == "urn:epc:id:sscc:0352601.0000000001"
    assert shipped.biz_transactions == [Typed("po", "urn:epcglobal:cbv:bt:0399999999298:PO77")]
    assert shipped.sources == [Typed("owning_party", "414/0352601000003")]
    assert shipped.destinations == [Typed("owning_party", "414/0399999999298")]
    assert shipped.extensions == {USHC + "directPurchase": "true", USHC + "transactionDate": "2026-03-01"}
    assert got.findings == [[], [], []]
    assert got.notes == []
    assert got.places == ["line 56", "line 77", "line 92"]


def test_every_field_means_the_same_in_xml_and_json() -> None:
    from_xml, from_json = read(sample("every_field.xml")), read(sample("every_field.jsonld"))
    codes = [[[finding.code for finding in found] for found in each.findings] for each in (from_xml, from_json)]
    assert codes[0] == codes[1] == [["SENSOR_UNIT_UNUSABLE"], [], [], [], []]  # a range has no unit
    assert [canonical.encode(event) for event in from_xml.events] == [
        canonical.encode(event) for event in from_json.events
    ]
    assert [event.record_time for event in from_xml.events] == [event.record_time for event in from_json.events]


def test_every_standard_field_is_read() -> None:
    event, packed, picked, repacked, assembled = read(sample("every_field.xml")).events
    declared = event.error_declaration
    assert declared is not None
    assert (declared.reason, declared.declaration_time) == ("incorrect_data", 1_772_377_200_000_000)
    assert len(declared.corrective_event_ids) == 2
    assert declared.extensions == {OWN + "clerk": "7"}
    assert event.record_time == 1_772_373_601_000_000
    assert event.certification == ["https://certificates.example/1"]
    assert event.epcs == [EpcRun(GTIN, ["A/1", "B2"], "7")]
    assert (event.biz_step, event.disposition) == ("commissioning", "active")
    assert event.read_point_extensions == {OWN + "line": {"@speed": "fast", "#text": "7"}}
    assert event.biz_location_extensions == {OWN + "hall": "North"}
    assert event.biz_transactions[1] == Typed("", "253/03526010000105")
    assert event.quantities == [Quantity("01/00352601815904/10/L1", 2.5, "KGM"), Quantity("01/00352601815904")]
    assert (event.persistent_set, event.persistent_unset) == (["completeness_verified"], ["completeness_inferred"])
    assert event.sensors[0]["sensorMetadata"]["time"] == "2026-03-01T14:00:00Z"
    assert event.sensors[0]["sensorMetadata"][OWN + "room"] == "2"
    assert event.sensors[0]["sensorReport"][0] == {
        "type": "Temperature",
        "value": 5.0,
        "uom": "CEL",
        "component": "x",
        "booleanValue": True,
    }
    assert event.sensors[0]["sensorReport"][1]["exception"] == "ALARM_CONDITION"
    assert event.sensors[0][OWN + "note"] == "chilled"
    assert event.ilmd[OWN + "batch"] == {OWN + "tank": ["3", "4"]}
    assert event.extensions[OWN + "tree"][OWN + "twig"] == {"{http://more.example/ns/}leaf": "3"}
    assert packed.child_quantities == [Quantity("01/00352601815904/10/L1", 3.0)]
    assert (picked.kind, picked.parent) == ("TransactionEvent", "00/003526010000000010")
    assert (repacked.inputs, repacked.outputs) == (
        [EpcRun(GTIN, ["B2"], "7")],
        [EpcRun("01/10352601815901/21/", ["C3"], "7")],
    )
    assert (repacked.input_quantities[0].quantity, repacked.output_quantities[0].quantity) == (1.0, 4.0)
    assert repacked.transformation_id == "253/03526010000106"
    assert (assembled.kind, assembled.children[0].key) == ("AssociationEvent", "8004/")


# -- the ways a document is wrapped ------------------------------------------------------------------------------

PLAIN = xml(object_event())
EVENT = read(PLAIN).events


@pytest.mark.parametrize(
    "document",
    [
        b"\xef\xbb\xbf" + PLAIN.encode(),
        PLAIN.encode("utf-16"),
        PLAIN.encode("utf-16-le"),
        PLAIN.encode("utf-16-be"),
        PLAIN.encode("utf-32"),
        ('<?xml version="1.0" encoding="UTF-16"?>' + PLAIN).encode("utf-16"),
        ('<?xml version="1.0" encoding="ISO-8859-1"?>' + PLAIN).encode("latin-1"),
        ('<?xml version="1.0" encoding="windows-1252"?>' + PLAIN).encode("cp1252"),
        ('<?xml version="1.0" encoding="us-ascii"?><!-- a > b --><?style x?>\n' + PLAIN).encode(),
        PLAIN.replace("epcis:", "ns4:").replace("xmlns:epcis", "xmlns:ns4"),
        PLAIN.replace("xmlns:epcis=", "xmlns=").replace("epcis:EPCISDocument", "EPCISDocument"),
        PLAIN.replace("urn:epcglobal:epcis:xsd:1", "urn:epcglobal:epcis:xsd:2"),
        PLAIN.replace('xmlns:epcis="urn:epcglobal:epcis:xsd:1"', "").replace("epcis:EPCISDocument", "EPCISDocument"),
        PLAIN.replace("<EPCISBody>", "<epcis:EPCISBody>").replace("</EPCISBody>", "</epcis:EPCISBody>"),
        PLAIN.replace("<action>OBSERVE</action>", "<epcis:action><![CDATA[OBSERVE]]></epcis:action>"),
        PLAIN.replace("<epc>", "<epc>\n   ").replace("</epc>", "\n</epc>"),
        PLAIN.replace("<epc>", "<!-- one --><epc>").replace("OBSERVE", "OB<!-- two -->SERVE"),
        f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header/><s:Body>{PLAIN}</s:Body></s:Envelope>',
        f'<s:Envelope xmlns:s="x"><s:Body><c:capture xmlns:c="y">{PLAIN}</c:capture></s:Body></s:Envelope>',
        PLAIN.replace("<EPCISBody>", "<EPCISBody><epcis:QueryResults><queryName>q</queryName><resultsBody>")
        .replace("</EPCISBody>", "</resultsBody></epcis:QueryResults></EPCISBody>")
        .replace("EPCISDocument", "EPCISQueryDocument"),
        PLAIN.replace("<EventList>", "<EventList><extension>").replace("</EventList>", "</extension></EventList>"),
        object_event(),
        f"<EventList>{object_event()}</EventList>",
        object_event().replace(TIME, TIME.replace("<eventTimeZoneOffset>", "<recordTime/><eventTimeZoneOffset>")),
        json_document(json_event()),
        json_document(json_event()).encode("utf-16"),
        b"\xef\xbb\xbf\n" + json_document(json_event()).encode(),
        json.dumps(json_event()),
        json.dumps([json_event()]),
        json.dumps({"type": "EPCISDocument", "epcisBody": {"eventList": json_event()}}),
        json.dumps({"@type": "epcis:EPCISDocument", "epcisBody": {"eventList": [json_event()]}}),
        json.dumps({"eventList": [json_event()]}),
        json.dumps({"type": "EPCISDocument", "epcisBody": {"event": json_event()}}),
        json.dumps(
            {
                "type": "EPCISQueryDocument",
                "epcisBody": {
                    "queryResults": {"queryName": "q", "resultsBody": {"eventList": [json_event()]}},
                },
            }
        ),
        json_document(json_event(bizStep=None, type=..., **{"@type": "https://ref.gs1.org/epcis/ObjectEvent"})),
        json_document(json_event(epcList=SGTIN + "A1", action=["OBSERVE"])),
        json_document(json_event(epcList=["g:01/00352601815904/21/A1"]), context={"g": "https://id.gs1.org/"}),
    ],
)
def test_the_same_event_in_any_wrapping_is_the_same_event(document: str | bytes) -> None:
    got = read(document)
    assert [canonical.encode(event) for event in got.events] == [canonical.encode(event) for event in EVENT]
    assert got.codes == set()


@pytest.mark.parametrize("namespace", ["http://unknown.example/", "urn:epcglobal:EPCIS"])
def test_an_unknown_namespace_of_the_document_is_forgiven_and_said(namespace: str) -> None:
    document = PLAIN.replace("urn:epcglobal:epcis:xsd:1", namespace).replace("<action>", "<epcis:action>")
    got = read(document.replace("</action>", "</epcis:action>"))
    assert [canonical.encode(event) for event in got.events] == [canonical.encode(event) for event in EVENT]
    assert got.note_codes == {"INVALID_EXTENSION_NAMESPACE"}


def test_an_encoding_that_is_only_declared_is_forgiven_and_said() -> None:
    got = read(('<?xml version="1.0" encoding="UTF-16"?>' + PLAIN).encode())
    assert got.events == EVENT
    assert got.note_codes == {"ENCODING_ERROR"}


def test_text_of_any_language_survives_its_encoding() -> None:
    document = xml(object_event("<own:note>crème à 5 %</own:note>"))
    for encoding in ("utf-8", "utf-16", "iso-8859-1", "windows-1252"):
        declared = f'<?xml version="1.0" encoding="{encoding}"?>{document}'
        assert read(declared.encode(encoding)).events[0].extensions == {OWN + "note": "crème à 5 %"}


def test_a_header_field_beside_the_soap_body_never_reaches_the_record() -> None:
    got = read(f"<Envelope><Header><Password>x</Password></Header><Body>{PLAIN}</Body></Envelope>")
    assert got.header.extensions == {}


# -- the odd parts of old and extended documents ------------------------------------------------------------------


def test_the_wrappers_of_epcis_1_are_taken_off_wherever_they_stand() -> None:
    (event,) = read(
        xml(
            object_event(
                "<baseExtension><eventID>urn:uuid:1</eventID><extension><own:a>1</own:a></extension></baseExtension>",
                "<readPoint><id>urn:epc:id:sgln:0352601.00000.0</id><extension><own:b>2</own:b></extension></readPoint>",
                "<extension><ilmd><extension><own:c>3</own:c></extension></ilmd><extension><sensorElementList>"
                "<sensorElement><sensorReport type='gs1:Mass' value='1'/><extension><own:d>4</own:d></extension>"
                "</sensorElement></sensorElementList></extension></extension>",
            )
        )
    ).events
    assert event.event_id == "urn:uuid:1"
    assert event.extensions == {OWN + "a": "1"}
    assert event.read_point_extensions == {OWN + "b": "2"}
    assert event.ilmd == {OWN + "c": "3"}
    assert event.sensors == [{"sensorReport": [{"type": "Mass", "value": 1.0}], OWN + "d": "4"}]


def test_a_quantity_event_of_epcis_1_0_is_an_observed_quantity() -> None:
    got = read(
        xml(
            f"<QuantityEvent>{TIME}<epcClass>urn:epc:idpat:sgtin:0352601.081590.*</epcClass>"
            "<quantity>12</quantity></QuantityEvent>"
        )
    )
    assert got.events[0].kind == "ObjectEvent"
    assert got.events[0].action == "OBSERVE"
    assert got.events[0].quantities == [Quantity("01/00352601815904", 12.0)]
    assert got.codes == set()


def test_the_dscsa_fields_of_a_shipment_are_kept_within_and_beside_the_wrapper() -> None:
    inside, beside = read(
        xml(
            object_event("<extension><gs1ushc:transactionDate>2026-03-01</gs1ushc:transactionDate></extension>"),
            object_event(
                '<gs1ushc:directPurchase qualifier="ENTIRELY_DIRECT"><gs1ushc:directPurchaseStatement>Bought directly.'
                "</gs1ushc:directPurchaseStatement></gs1ushc:directPurchase>"
            ),
        )
    ).events
    assert inside.extensions == {USHC + "transactionDate": "2026-03-01"}
    assert beside.extensions == {
        USHC + "directPurchase": {
            "@qualifier": "ENTIRELY_DIRECT",
            USHC + "directPurchaseStatement": "Bought directly.",
        }
    }


def test_mixed_text_and_repeated_elements_of_an_extension_are_kept() -> None:
    (event,) = read(xml(object_event("<own:p>a <own:b>1</own:b> c <own:b/></own:p><own:q/>"))).events
    assert event.extensions == {OWN + "p": {OWN + "b": ["1", ""], "#text": "a c"}, OWN + "q": ""}


def test_an_event_within_an_extension_is_a_part_of_the_extension() -> None:
    got = read(xml(object_event(f"<own:was>{object_event()}</own:was>"), object_event()))
    assert len(got.events) == 2
    assert got.events[0].extensions[OWN + "was"]["ObjectEvent"]["action"] == "OBSERVE"


def test_a_standard_field_with_children_is_kept_whole() -> None:
    (event,) = read(
        xml(object_event("<bizStep>urn:epcglobal:cbv:bizstep:storing<own:why>x</own:why></bizStep>"))
    ).events
    assert event.biz_step == "storing"
    assert event.extensions["bizStep"][OWN + "why"] == "x"


def test_other_elements_in_a_list_of_epcs_are_kept() -> None:
    (event,) = read(xml(object_event(epcs=f"<epcList><epc>{SGTIN}A1</epc><own:seal>7</own:seal></epcList>"))).events
    assert event.epcs == [EpcRun(GTIN, ["A1"], "7")]
    assert event.extensions == {OWN + "seal": "7"}


def test_a_sender_s_own_kind_of_event_is_kept_and_said() -> None:
    from_xml = read(xml(f"<own:Weighed>{TIME}<own:grams>5</own:grams></own:Weighed>", object_event()))
    from_json = read(
        json_document(
            {
                "type": "own:Weighed",
                "eventTime": "2026-03-01T14:00:00Z",
                "eventTimeZoneOffset": "-05:00",
                "own:grams": "5",
            },
            context={"own": "http://own.example/ns/"},
        )
    )
    for got in (from_xml, from_json):
        (event,) = (each for each in got.events if each.kind == OWN + "Weighed")
        assert event.extensions == {OWN + "grams": "5"}
        assert got.codes == {"UNSUPPORTED_EVENT_TYPE"}


def test_what_is_no_event_in_a_body_is_kept_in_the_header() -> None:
    got = read(xml("<own:trailer>9</own:trailer>", object_event(), "<own:trailer>10</own:trailer>"))
    assert len(got.events) == 1
    assert got.header.extensions == {OWN + "trailer": ["9", "10"]}
    got = read(json_document(json_event(), {"own": 1}, **{"cbvmda:trailer": [9, 10]}))
    assert len(got.events) == 1
    assert got.header.extensions == {MDA + "trailer": [9, 10]}
    assert got.note_codes == {"UNSUPPORTED_EVENT_TYPE"}


# -- names of JSON-LD ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "context", "key"),
    [
        ("cbvmda:lotNumber", None, MDA + "lotNumber"),
        ("gs1ushc:transactionDate", None, USHC + "transactionDate"),
        ("u:transactionDate", {"u": "http://epcis.gs1us.org/hc/ns#"}, USHC + "transactionDate"),
        ("urn:epcglobal:cbv:mda:lotNumber", None, MDA + "lotNumber"),
        ("own:a", {"own": "http://own.example/ns/"}, OWN + "a"),
        ("own:a", {"own": {"@id": "http://own.example/ns/"}}, OWN + "a"),
        ("http://own.example/ns/a", None, OWN + "a"),
        ("a", {"a": "http://own.example/ns/a"}, OWN + "a"),
        ("a", {"o": "http://own.example/", "a": {"@id": "o:ns/a"}}, OWN + "a"),
        ("a", {"@vocab": "http://own.example/ns/"}, OWN + "a"),
        ("o:a", {"o:a": "http://own.example/ns/a"}, OWN + "a"),
        ("a", None, "a"),
        ("epcis:a", None, "a"),
    ],
)
def test_a_name_means_what_the_context_says(name: str, context: Any, key: str) -> None:
    got = read(json_document(json_event(ilmd={name: "x"}), context=context))
    assert got.events[0].ilmd == {key: "x"}
    assert got.notes == []
    inner = json_document(json_event(ilmd={name: "x"}, **({"@context": context} if context else {})))
    assert read(inner).events[0].ilmd == {key: "x"}
    within = {"p": {"@context": context or {}, name: "x"}}
    assert read(json_document(json_event(ilmd=within))).events[0].ilmd == {"p": {key: "x"}}


def test_an_undeclared_prefix_is_kept_as_written_and_said_once() -> None:
    got = read(json_document(json_event(**{"who:a": 1, "who:b": 2}), json_event(**{"who:a": 3})))
    assert [event.extensions for event in got.events] == [{"who:a": 1, "who:b": 2}, {"who:a": 3}]
    assert [note.code for note in got.notes] == ["INVALID_EXTENSION_NAMESPACE"]


def test_json_values_of_extensions_are_kept_as_they_are() -> None:
    values: dict[str, Any] = {
        "a": 1,
        "b": 2.5,
        "c": True,
        "d": None,
        "e": [1, "2", None],
        "f": {"g": [], "h": {}},
        "i": 2**63,
        "j": "",
        "k": [[1, 2], [3]],
    }
    (event,) = read(json_document(json_event(p=values))).events
    assert event.extensions["p"] == values | {"k": [[1, 2], 3]}  # a list of one and its member mean the same


def test_numbers_past_what_is_stored_are_kept_as_text() -> None:
    (event,) = read(json_document(json_event(p={"a": 2**70, "b": "x"})).replace('"x"', "1e999")).events
    assert event.extensions["p"] == {"a": str(2**70), "b": "1e999"}
    assert canonical.decode(canonical.encode(event)).extensions == event.extensions


def test_a_member_of_another_shape_than_the_standard_s_is_kept_as_an_extension() -> None:
    odd: dict[str, Any] = {
        "bizStep": {"a": 1},
        "readPoint": [{"id": "a"}, {"id": "b"}],
        "epcList": [["x"], {"y": 1}],
        "quantityList": ["z"],
        "sensorElementList": [3],
        "persistentDisposition": "x",
        "errorDeclaration": "no",
        "ilmd": "L1",
        "certificationInfo": {"a": 1},
    }
    (event,) = read(json_document(json_event(**odd))).events
    assert event.extensions == odd | {"epcList": ["x", {"y": 1}], "quantityList": "z", "sensorElementList": 3}


# -- properties ---------------------------------------------------------------------------------------------------

SERIALS = st.text(st.sampled_from("!'()*+,-.0123456789:;=ABCXYZ_abcxyz"), min_size=1, max_size=20)
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Zs", "Zl", "Zp")), min_size=1, max_size=9
)
NAMES = st.sampled_from(["a", "b", "c-d", "E_f"])
TREES = st.recursive(
    TEXTS.filter(lambda text: ":" not in text),
    lambda inner: st.dictionaries(NAMES, inner | st.lists(inner, min_size=2, max_size=3), min_size=1, max_size=3),
    max_leaves=6,
)
PLACES = st.sampled_from(
    ["urn:epc:id:sgln:0352601.00000.0", "urn:epc:id:sgln:0352601.00000.dock", "http://place.example/1"]
)


def _xml_tree(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_xml_tree(name, each) for each in value)
    inner = "".join(_xml_tree(*each) for each in value.items()) if isinstance(value, dict) else _escaped(value)
    return f"<own:{name}>{inner}</own:{name}>"


def _json_tree(value: Any) -> Any:
    if isinstance(value, list):
        return [_json_tree(each) for each in value]
    if isinstance(value, dict):
        return {"own:" + name: _json_tree(each) for name, each in value.items()}
    return value


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@given(
    serials=st.lists(SERIALS, min_size=1, max_size=5),
    place=PLACES,
    step=st.sampled_from(["storing", "holding", "urn:own:step"]),
    quantity=st.floats(0, 1e9).map(lambda number: round(number, 3)),
    tree=TREES,
    ilmd=TREES,
)
def test_one_event_written_in_xml_and_json_is_read_as_one_meaning(
    serials: list[str], place: str, step: str, quantity: float, tree: Any, ilmd: Any
) -> None:
    written = [SGTIN + serial for serial in serials]
    epcs = "".join(f"<epc>{each}</epc>" for each in written)
    uri = step if ":" in step else "urn:epcglobal:cbv:bizstep:" + step
    quantities = (
        "<quantityList><quantityElement><epcClass>urn:epc:class:lgtin:0352601.081590.L1</epcClass>"
        f"<quantity>{quantity!r}</quantity></quantityElement></quantityList>"
    )
    as_xml = xml(
        object_event(
            f"<bizStep>{uri}</bizStep><readPoint><id>{place}</id></readPoint><extension>{quantities}"
            f"<ilmd>{_xml_tree('i', ilmd)}</ilmd></extension>{_xml_tree('t', tree)}",
            epcs=f"<epcList>{epcs}</epcList>",
        )
    )
    as_json = json_document(
        json_event(
            epcList=written,
            bizStep=step,
            readPoint={"id": place},
            quantityList=[{"epcClass": "urn:epc:class:lgtin:0352601.081590.L1", "quantity": quantity}],
            ilmd={"own:i": _json_tree(ilmd)},
            **{"own:t": _json_tree(tree)},
        ),
        context={"own": "http://own.example/ns/"},
    )
    (from_xml,), (from_json,) = read(as_xml).events, read(as_json).events
    assert from_xml.epcs == [EpcRun(GTIN, serials, "7")]
    assert canonical.encode(from_xml) == canonical.encode(from_json)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=12), st.integers(1, 4000))
def test_no_event_is_lost_however_the_bytes_arrive(sizes: list[int], chunk: int) -> None:
    events = [
        object_event(epcs="<epcList>" + "".join(f"<epc>{SGTIN}{at}N{n}</epc>" for n in range(size)) + "</epcList>")
        for at, size in enumerate(sizes)
    ]
    document = xml(*events).encode()

    class Slow:
        at = 0

        def read(self, _: int) -> bytes:
            self.at += chunk
            return document[self.at - chunk : self.at]

    from rxtrail.core.epcis.reader import open_document

    found: list[Event] = [event for event, _, _ in open_document(Slow())]  # type: ignore[arg-type]
    assert [sum(len(run.serials) for run in event.epcs) for event in found] == sizes


def test_the_same_place_of_an_event_is_told_in_both_syntaxes() -> None:
    assert read(xml(object_event(), "", object_event())).places == ["line 3", "line 5"]
    assert read(json_document(json_event(), json_event())).places == [
        "/epcisBody/eventList/0",
        "/epcisBody/eventList/1",
    ]
    assert read(json.dumps(json_event())).places == ["/"]
    assert read(json.dumps([json_event()])).places == ["/0"]


def test_a_line_past_65535_is_still_told() -> None:
    assert read(xml("\n" * 70_000, object_event())).places == ["line 70004"]


def test_an_empty_list_of_epcs_is_no_list() -> None:
    (event,) = read(xml(object_event(epcs="<epcList/>"))).events
    assert event.epcs == []


PLAIN_MEMBERS: dict[str, Any] = {
    "eventID": "urn:uuid:1",
    "recordTime": "2026-03-01T14:00:01Z",
    "bizStep": "storing",
    "disposition": "in_progress",
    "parentID": "urn:epc:id:sscc:0352601.0000000001",
    "transformationID": "urn:epc:id:gdti:0352601.00001.6",
    "childEPCs": [SGTIN + "C1"],
    "inputEPCList": [SGTIN + "I1"],
    "outputEPCList": [SGTIN + "O1"],
    "quantityList": [{"epcClass": "urn:epc:idpat:sgtin:0352601.081590.*", "quantity": 2}],
    "childQuantityList": [{"epcClass": "urn:epc:class:lgtin:0352601.081590.L1", "quantity": 2.5, "uom": "KGM"}],
    "readPoint": {"id": "urn:epc:id:sgln:0352601.00000.7"},
    "bizLocation": {"id": "urn:epc:id:sgln:0352601.00000.0"},
    "bizTransactionList": [{"type": "po", "bizTransaction": "urn:epcglobal:cbv:bt:0399999999298:PO77"}],
    "sourceList": [{"type": "location", "source": "urn:epc:id:sgln:0352601.00000.0"}],
    "destinationList": [{"type": "location", "destination": "urn:epc:id:sgln:0352601.00000.0"}],
    "ilmd": {"cbvmda:lotNumber": "L1", "cbvmda:itemExpirationDate": "2028-02-29"},
}


@given(st.sets(st.sampled_from(sorted(PLAIN_MEMBERS))))
def test_the_quick_way_and_the_general_way_of_json_give_one_event(names: set[str]) -> None:
    event = json_event(**{name: PLAIN_MEMBERS[name] for name in sorted(names)})
    quick = read(json_document(event))
    general = read(json_document(event | {"certificationInfo": []}))  # no member of the quick way
    assert general.events == quick.events
    assert general.findings == quick.findings


def test_numbers_and_truth_values_stand_in_for_texts() -> None:
    (event,) = read(json_document(json_event(eventID=7, bizStep=["storing"], certificationInfo=[True, 1.5]))).events
    assert (event.event_id, event.biz_step, event.certification) == ("7", "storing", ["true", "1.5"])


def test_the_fields_of_a_quantity_event_elsewhere_are_extensions() -> None:
    (event,) = read(xml(object_event("<epcClass>urn:own:1</epcClass><quantity>3</quantity>"))).events
    assert event.extensions == {"epcClass": "urn:own:1", "quantity": "3"}
    assert event.quantities == []


def test_a_place_without_its_id_element_and_a_list_given_twice_are_read() -> None:
    (event,) = read(xml(object_event("<readPoint>urn:epc:id:sgln:0352601.00000.0</readPoint>", EPCS))).events
    assert event.read_point == "414/0352601000003"
    assert event.epcs == [EpcRun(GTIN, ["A1"], "7"), EpcRun(GTIN, ["A1"], "7")]


def test_what_stands_beside_the_elements_of_a_sensor_list_is_kept() -> None:
    sensors = "<sensorElementList><own:a>1</own:a><sensorElement><own:b>2</own:b></sensorElement></sensorElementList>"
    (event,) = read(xml(object_event(sensors))).events
    assert event.sensors == [{OWN + "b": "2"}]
    assert event.extensions == {OWN + "a": "1"}


def test_an_attribute_of_a_sensor_with_a_declared_prefix_is_expanded_as_json_ld_does() -> None:
    report = "<sensorReport type='own:Wobble' exception='gs1:ALARM_CONDITION' uriValue='who:x' own:y='own:z z'/>"
    sensor = f"<sensorElementList><sensorElement>{report}</sensorElement></sensorElementList>"
    (from_xml,) = read(xml(object_event(sensor))).events
    members = {"type": "own:Wobble", "exception": "ALARM_CONDITION", "uriValue": "who:x", "own:y": "own:z z"}
    elements = [{"sensorReport": [members]}]
    document = json_document(json_event(sensorElementList=elements), context={"own": "http://own.example/ns/"})
    (from_json,) = read(document).events
    assert from_xml.sensors == from_json.sensors
    assert from_xml.sensors[0]["sensorReport"][0]["type"] == "http://own.example/ns/Wobble"


def test_the_fields_that_a_repository_added_are_named_in_full() -> None:
    fields = {"own:ignoreFields": ["own:hash", "gs1ushc:x"]}
    header = read(json_document(json_event(), context={"own": "http://own.example/ns/"}, **fields)).header
    assert header.extensions == {OWN + "ignoreFields": [OWN + "hash", USHC + "x"]}


def test_names_past_what_is_remembered_are_still_understood() -> None:
    many = {f"own:n{n}": "1" for n in range(5000)}
    (event,) = read(json_document(json_event(ilmd=many), context={"own": "http://own.example/ns/"})).events
    assert len(event.ilmd) == 5000
    elements = "".join(f"<own:n{n}/>" for n in range(5000))
    (event,) = read(xml(object_event(elements))).events
    assert len(event.extensions) == 5000


@pytest.mark.parametrize("context", [5, [None, "x", {"a": 5, "b": {"@id": None}, "@version": 1.1, "@vocab": None}], {}])
def test_a_context_of_any_shape_is_survived(context: Any) -> None:
    assert len(read(json_document(json_event(a=1), context=context)).events) == 1


@pytest.mark.parametrize("header", [5, {"epcisMasterData": 5}, {"epcisMasterData": {"vocabularyList": [5]}}])
def test_a_header_of_any_shape_is_survived(header: Any) -> None:
    assert len(read(json_document(json_event(), epcisHeader=header)).events) == 1


def test_events_too_deep_in_the_body_are_not_looked_for() -> None:
    body: Any = {"eventList": [json_event()]}
    for _ in range(20):
        body = {"epcisBody": body}
    assert read(json.dumps({"type": "EPCISDocument", **body})).note_codes == {"NO_EVENTS"}


@given(
    st.lists(
        SERIALS | st.sampled_from(["A%2FB", "%", "A" * 20, "A" * 21, "\N{DEGREE SIGN}", " A"]), min_size=1, max_size=6
    )
)
def test_a_parent_is_read_as_the_same_identifier_in_a_list_would_be(serials: list[str]) -> None:
    events = [
        f"<AggregationEvent>{TIME}<parentID>{SGTIN}{serial}</parentID>"
        f"<childEPCs><epc>{SGTIN}{serial}</epc></childEPCs><action>ADD</action></AggregationEvent>"
        for serial in serials
    ]
    for event, serial in zip(read(xml(*events)).events, serials, strict=True):
        (run,) = event.children
        assert event.parent == run.key + run.serials[0]
        assert event.forms.get(event.parent, event.parent) == (SGTIN + serial).strip()


@pytest.mark.parametrize("more", [{}, {"https://own.example/more": "1"}])
@pytest.mark.parametrize("written", ["https://own.example/Moved", "own:Moved"])
def test_an_event_of_a_senders_own_kind_has_its_namespace_whatever_else_it_says(
    written: str, more: dict[str, str]
) -> None:
    context = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"own": "https://own.example/"}]
    got = read(json_document(json_event(type=written, **more), **{"@context": context}))
    assert [event.kind for event in got.events] == ["{https://own.example/}Moved"]


@pytest.mark.parametrize("before", [True, False])
def test_an_event_that_stands_in_a_header_or_among_master_data_hides_no_other(*, before: bool) -> None:
    listed = '<Vocabulary type="urn:x"><VocabularyElementList/></Vocabulary>'
    lost = object_event("<eventID>urn:lost</eventID>")
    inside = lost + listed if before else listed + lost
    master = f"<EPCISMasterData><VocabularyList>{inside}</VocabularyList></EPCISMasterData>"
    events = [object_event(f"<eventID>urn:{name}</eventID>") for name in ("one", "two")]
    got = read(xml(*events, header=f"<extension>{master}</extension>"))
    assert [event.event_id for event in got.events][-2:] == ["urn:one", "urn:two"]
