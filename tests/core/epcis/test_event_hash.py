"""The event hash: every property in its place, one hash for one meaning, another for another."""

from __future__ import annotations

import hashlib
import json
import math
import struct
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.core.epcis import event_hash_values as values
from rxtrail.core.epcis.event import ErrorDeclaration, Event, Header, Quantity, Typed
from rxtrail.core.epcis.event_hash import event_hash, ignored_fields, pre_hash
from rxtrail.core.gs1.runs import EpcRun

SGTIN = "01/00352601815904/21/"
LINK = "https://id.gs1.org/01/00352601815904/21/"
SHOP = "414/0300011111246"
NOON = 1_700_049_600_000_000  # 2023-11-15T12:00:00Z

A_SHIPMENT = Event(
    kind="ObjectEvent",
    event_time=NOON + 123_456,
    zone="-05:00",
    event_id="urn:uuid:7f3c0f9e-2b1d-4a57-9a55-0d9c0c6ad001",
    action="OBSERVE",
    biz_step="shipping",
    disposition="in_transit",
    epcs=[EpcRun("00/", ["003011610012270529"], "7"), EpcRun(SGTIN, ["B2", "A1"], "7")],
    quantities=[Quantity("01/00352601815904/10/L7", 12.50, "KGM"), Quantity("01/00352601815904", 3.0)],
    read_point=SHOP + "/254/DOCK/4",
    biz_location=SHOP,
    biz_transactions=[
        Typed("po", "urn:epcglobal:cbv:bt:0300011111246:9"),
        Typed("", "http://shop.example/inv/1"),
    ],
    sources=[Typed("possessing_party", SHOP), Typed("owning_party", "417/0300011111246")],
    destinations=[Typed("owning_party", "417/0300022222224")],
    ilmd={"{urn:epcglobal:cbv:mda}lotNumber": "L7"},
    persistent_set=["completeness_verified"],
    persistent_unset=["completeness_inferred"],
    sensors=[
        {
            "sensorReport": [
                {"type": "Temperature", "value": 2.0, "uom": "CEL", "time": "2023-11-15T13:00:00+01:00"},
                {"type": "gs1:Illuminance", "value": "800", "component": "x"},
            ],
            "sensorMetadata": {
                "bizRules": "urn:epc:id:gdti:0614141.00001.1618034",
                "deviceID": "8004/4000001111",
            },
        }
    ],
    certification=["https://example.com/certificate/1"],
    extensions={"{https://ns.example.com/}seal": ["7", {"#text": "x", "@colour": "red"}]},
    read_point_extensions={"{https://ns.example.com/}door": "4"},
    record_time=NOON + 1,
    forms={SHOP: "urn:epc:id:sgln:0300011.11124.0"},
)
A_SHIPMENT_WRITTEN_OUT = (
    "eventType=ObjectEvent"
    "eventTime=2023-11-15T12:00:00.123Z"
    "eventTimeZoneOffset=-05:00"
    "certificationInfo=https://example.com/certificate/1"
    "epcList"
    "epc=https://id.gs1.org/00/003011610012270529"
    f"epc={LINK}A1"
    f"epc={LINK}B2"
    "quantityList"
    "quantityElementepcClass=https://id.gs1.org/01/00352601815904/10/L7quantity=12.5uom=KGM"
    "quantityElementepcClass=https://id.gs1.org/01/00352601815904quantity=3"
    "action=OBSERVE"
    "bizStep=https://ref.gs1.org/cbv/BizStep-shipping"
    "disposition=https://ref.gs1.org/cbv/Disp-in_transit"
    "persistentDisposition"
    "set=https://ref.gs1.org/cbv/Disp-completeness_verified"
    "unset=https://ref.gs1.org/cbv/Disp-completeness_inferred"
    "readPointid=https://id.gs1.org/414/0300011111246/254/DOCK%2F4{https://ns.example.com/}door=4"
    "bizLocationid=https://id.gs1.org/414/0300011111246"
    "sensorElementListsensorElement"
    "sensorMetadatadeviceID=https://id.gs1.org/8004/4000001111bizRules=https://id.gs1.org/253/06141410000121618034"
    "sensorReporttype=https://gs1.org/voc/Illuminancevalue=800component=https://ref.gs1.org/cbv/Comp-x"
    "sensorReporttype=https://gs1.org/voc/Temperaturetime=2023-11-15T12:00:00.000Zvalue=2uom=CEL"
    "bizTransactionList"
    "bizTransaction=http://shop.example/inv/1"
    "type=https://ref.gs1.org/cbv/BTT-pobizTransaction=urn:epcglobal:cbv:bt:0300011111246:9"
    "destinationList"
    "type=https://ref.gs1.org/cbv/SDT-owning_partydestination=https://id.gs1.org/417/0300022222224"
    "ilmd{urn:epcglobal:cbv:mda}lotNumber=L7"
    "sourceList"
    "type=https://ref.gs1.org/cbv/SDT-owning_partysource=https://id.gs1.org/417/0300011111246"
    "type=https://ref.gs1.org/cbv/SDT-possessing_partysource=https://id.gs1.org/414/0300011111246"
    "{https://ns.example.com/}seal=7"
    "{https://ns.example.com/}seal=xcolour=red"
)
A_PACKING = Event(
    kind="AggregationEvent",
    event_time=NOON,
    parent="00/003011610012270529",
    children=[EpcRun(SGTIN, ["9", "10"])],
    child_quantities=[Quantity("01/00352601815904", 2.0)],
    action="ADD",
)
A_MAKING = Event(
    kind="TransformationEvent",
    event_time=NOON,
    inputs=[EpcRun(SGTIN, ["1"])],
    input_quantities=[Quantity("01/00352601815904/10/L7", 0.25, "KGM")],
    outputs=[EpcRun(SGTIN, ["2"])],
    output_quantities=[Quantity("01/00352601815904", 1.0)],
    transformation_id="8004/0614141X 1",
)


def with_(event: Event, **fields: Any) -> Event:
    return msgspec.structs.replace(event, **fields)


def test_an_event_is_written_out_in_canonical_order() -> None:
    assert pre_hash(A_SHIPMENT) == A_SHIPMENT_WRITTEN_OUT


def test_the_hash_is_the_sha_256_of_that_text_as_a_named_information_uri() -> None:
    digest = hashlib.sha256(A_SHIPMENT_WRITTEN_OUT.encode()).hexdigest()
    assert event_hash(A_SHIPMENT) == f"ni:///sha-256;{digest}?ver=CBV2.0"


def test_a_packing_names_parent_and_children() -> None:
    assert pre_hash(A_PACKING) == (
        "eventType=AggregationEventeventTime=2023-11-15T12:00:00.000Z"
        "parentID=https://id.gs1.org/00/003011610012270529"
        f"childEPCsepc={LINK}10epc={LINK}9"
        "childQuantityListquantityElementepcClass=https://id.gs1.org/01/00352601815904quantity=2"
        "action=ADD"
    )


def test_a_transformation_names_what_went_in_and_what_came_out() -> None:
    assert pre_hash(A_MAKING) == (
        "eventType=TransformationEventeventTime=2023-11-15T12:00:00.000Z"
        f"inputEPCListepc={LINK}1"
        "inputQuantityListquantityElementepcClass=https://id.gs1.org/01/00352601815904/10/L7quantity=0.25uom=KGM"
        f"outputEPCListepc={LINK}2"
        "outputQuantityListquantityElementepcClass=https://id.gs1.org/01/00352601815904quantity=1"
        "transformationID=https://id.gs1.org/8004/0614141X%201"
    )


# -- one meaning, one hash ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"event_id": "urn:uuid:another"},
        {"record_time": NOON + 99},
        {"forms": {}},
        {"error_declaration": ErrorDeclaration(NOON)},
        {"epcs": [EpcRun(SGTIN, ["A1"], "6"), EpcRun("00/", ["003011610012270529"]), EpcRun(SGTIN, ["B2"])]},
        {"quantities": A_SHIPMENT.quantities[::-1]},
        {"sources": A_SHIPMENT.sources[::-1]},
        {"biz_transactions": A_SHIPMENT.biz_transactions[::-1]},
        {"biz_step": "urn:epcglobal:cbv:bizstep:shipping"},
        {"biz_step": "https://ref.gs1.org/cbv/BizStep-shipping"},
        {"biz_step": "cbv:BizStep-shipping"},
        {"biz_location": "urn:epc:id:sgln:0300011.11124.0"},
        {"extensions": {**A_SHIPMENT.extensions, "{http://www.w3.org/2000/01/rdf-schema#}comment": "a word"}},
        {"extensions": {**A_SHIPMENT.extensions, "{https://ns.example.com/}none": None}},
    ],
)
def test_what_is_not_part_of_the_meaning_does_not_change_the_hash(fields: dict[str, Any]) -> None:
    assert event_hash(with_(A_SHIPMENT, **fields)) == event_hash(A_SHIPMENT)


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "TransactionEvent"},
        {"event_time": NOON},
        {"zone": "+01:00"},
        {"action": "ADD"},
        {"biz_step": "receiving"},
        {"disposition": ""},
        {"epcs": A_SHIPMENT.epcs[:1]},
        {"epcs": [*A_SHIPMENT.epcs, EpcRun(SGTIN, ["A1"])]},
        {
            "quantities": [
                Quantity("01/00352601815904/10/L7", 12.51, "KGM"),
                Quantity("01/00352601815904", 3.0),
            ]
        },
        {"quantities": [Quantity("01/00352601815904/10/L7", 12.5), Quantity("01/00352601815904", 3.0)]},
        {"parent": "00/003011610012270529"},
        {"read_point": SHOP},
        {"biz_location": ""},
        {"biz_transactions": []},
        {"sources": A_SHIPMENT.destinations},
        {"destinations": []},
        {"ilmd": {"{urn:epcglobal:cbv:mda}lotNumber": "L8"}},
        {"persistent_set": []},
        {"sensors": []},
        {"certification": []},
        {"extensions": {}},
        {"read_point_extensions": {"{https://ns.example.com/}door": "5"}},
        {"biz_location_extensions": {"{https://ns.example.com/}door": "5"}},
    ],
)
def test_a_change_of_the_meaning_changes_the_hash(fields: dict[str, Any]) -> None:
    assert event_hash(with_(A_SHIPMENT, **fields)) != event_hash(A_SHIPMENT)


@given(st.lists(st.text("AZaz09-/%+'", min_size=1, max_size=20), min_size=1, max_size=8), st.randoms())
def test_a_list_of_epcs_is_a_set_however_it_is_cut_into_runs(serials: list[str], random: Any) -> None:
    together = Event(kind="ObjectEvent", event_time=NOON, epcs=[EpcRun(SGTIN, serials)])
    shuffled = random.sample(serials, len(serials))
    cut = random.randint(0, len(serials))
    runs = [EpcRun(SGTIN, part) for part in (shuffled[:cut], shuffled[cut:]) if part]
    assert event_hash(with_(together, epcs=runs)) == event_hash(together)


@given(st.lists(st.text("AZaz09-/%+'é中", min_size=1, max_size=20), min_size=1, max_size=8))
def test_hashing_leaves_the_event_as_it_was(serials: list[str]) -> None:
    event = Event(kind="ObjectEvent", event_time=NOON, epcs=[EpcRun(SGTIN, list(serials))])
    event_hash(event)
    assert event.epcs[0].serials == serials


# -- times -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("microseconds", "written"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (499, "1970-01-01T00:00:00.000Z"),
        (500, "1970-01-01T00:00:00.001Z"),
        (1_500, "1970-01-01T00:00:00.002Z"),
        (2_500, "1970-01-01T00:00:00.003Z"),
        (999_500, "1970-01-01T00:00:01.000Z"),
        (-1, "1970-01-01T00:00:00.000Z"),
        (-1_000, "1969-12-31T23:59:59.999Z"),
        (253_402_300_799_999_499, "9999-12-31T23:59:59.999Z"),
        (253_402_300_799_999_500, "253402300799999500"),
        (-62_135_596_800_000_001 - 500, "-62135596800000501"),
    ],
)
def test_a_time_has_milliseconds_and_a_half_is_rounded_up(microseconds: int, written: str) -> None:
    assert values.instant(microseconds) == written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2023-01-18T11:04:03.1415Z", "2023-01-18T11:04:03.142Z"),
        ("2023-01-18T12:04:03+01:00", "2023-01-18T11:04:03.000Z"),
        ("2023-01-18T11:04:03", "2023-01-18T11:04:03.000Z"),
        ("last Tuesday", "last Tuesday"),
    ],
)
def test_the_time_of_a_sensor_is_written_alike_or_left_as_it_is(text: str, written: str) -> None:
    event = Event(kind="ObjectEvent", event_time=NOON, sensors=[{"sensorMetadata": {"time": text}}])
    assert pre_hash(event).endswith(f"sensorMetadatatime={written}")


# -- numbers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("1.0", "1"),
        ("1.50", "1.5"),
        (".5", "0.5"),
        ("+7", "7"),
        ("-0", "0"),
        ("-0.0", "0"),
        ("-3.", "-3"),
        ("007", "7"),
        ("0", "0"),
        ("5e-5", "0.00005"),
        ("1.5E3", "1500"),
        ("111100001111000011110000", "111100001111000011110000"),
        ("9007199254740993", "9007199254740993"),
        ("1e999", "1e999"),
        ("nan", "nan"),
        ("infinity", "infinity"),
        ("1_000", "1_000"),
        ("12 000", "12 000"),
        ("1.2.3", "1.2.3"),
        ("-", "-"),
        ("", ""),
        ("٣", "٣"),
    ],
)
def test_a_number_loses_what_it_does_not_need_and_nothing_else(text: str, written: str) -> None:
    assert values.number(text) == written


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans())
def test_a_value_is_the_same_from_json_and_from_xml(value: float) -> None:
    in_xml = json.dumps(value)
    assert values.text(value) == values.text(in_xml) == values.text(f" {in_xml}\n")


@given(st.floats(allow_nan=False, allow_infinity=False, width=64))
def test_no_digit_of_a_fraction_is_lost(value: float) -> None:
    written = values.number(repr(value))
    assert "e" not in written
    assert struct.pack("d", float(written)) == struct.pack("d", value) or value == 0


@given(st.integers(), st.integers())
def test_two_whole_numbers_are_never_one(one: int, other: int) -> None:
    assert (values.number(str(one)) == values.number(str(other))) == (one == other)


def test_a_megabyte_of_digits_does_not_stop_the_process() -> None:
    for text in ("1" * 1_000_000 + "x", "0" * 1_000_000 + "x", "1." + "0" * 1_000_000 + "x"):
        assert values.of_text(text) == text


def test_xml_and_json_quantities_that_differ_in_format_only_are_one() -> None:
    amounts = ("1", "1.0", "01.000", "1e0")
    written = {values.number(repr(float(amount))) for amount in amounts}
    assert written == {"1"}
    assert math.isclose(float(values.number("0.1000")), 0.1)


# -- words and identifiers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("urn:epcglobal:cbv:btt:po", "https://ref.gs1.org/cbv/BTT-po"),
        ("urn:epcglobal:cbv:er:incorrect_data", "https://ref.gs1.org/cbv/ER-incorrect_data"),
        ("cbv:SDT-location", "https://ref.gs1.org/cbv/SDT-location"),
        ("gs1:Temperature", "https://gs1.org/voc/Temperature"),
        ("epcis:ObjectEvent", "https://ref.gs1.org/epcis/ObjectEvent"),
        ("other:Temperature", "other:Temperature"),
        ("https://shop.example/po/12345678", "https://shop.example/po/12345678"),
        ("urn:epc:id:sgtin:030352601.815904.1", "urn:epc:id:sgtin:030352601.815904.1"),
        ("urn:epc:id:sgln:0614141.07346.0", "https://id.gs1.org/414/0614141073467"),
        ("http://shop.example/01/00352601815904/21/X?17=271231", LINK + "X"),
        (f"01/00352601815904/21/{'1'}", "01/00352601815904/21/1"),
        ("  a word  ", "a word"),
    ],
)
def test_a_text_of_an_extension_is_expanded_when_it_is_a_standard_name(text: str, written: str) -> None:
    event = Event(kind="ObjectEvent", event_time=NOON, extensions={"x": text})
    assert pre_hash(event).endswith(f"x={written}")


def test_a_word_that_is_no_word_of_the_standard_is_the_same_in_both_syntaxes() -> None:
    bare = with_(A_SHIPMENT, disposition="lent_out")
    assert event_hash(bare) == event_hash(with_(A_SHIPMENT, disposition="urn:epcglobal:cbv:disp:lent_out"))


@pytest.mark.parametrize(
    ("canonical", "link"),
    [
        (SGTIN + "A'b;=._-9", LINK + "A'b;=._-9"),
        (SGTIN + '!"%&()*+,/:<>?', LINK + "%21%22%25%26%28%29%2A%2B%2C%2F%3A%3C%3E%3F"),
        (SGTIN + "ä", LINK + "%E4"),
        (SGTIN + "中", LINK + "%E4%B8%AD"),
        ("01/00352601815904/10/A/21/B", "https://id.gs1.org/01/00352601815904/10/A%2F21%2FB"),
        ("8010/0614141A#/8011/12", "https://id.gs1.org/8010/0614141A%23/8011/12"),
        ("8010/0614141A/8011/B", "https://id.gs1.org/8010/0614141A/8011/B"),
        ("8010/0614141A/B", "https://id.gs1.org/8010/0614141A%2FB"),
        ("8004/0614141A/B", "https://id.gs1.org/8004/0614141A%2FB"),
        ("253/06141410000121618034", "https://id.gs1.org/253/06141410000121618034"),
        ("geo:47.5,11.1", "geo:47.5,11.1"),
        ("99/4711", "99/4711"),
    ],
)
def test_an_identifier_is_a_digital_link_percent_encoded_as_the_standard_says(canonical: str, link: str) -> None:
    assert values.identifier(canonical) == link


@pytest.mark.parametrize(
    ("run", "link"),
    [
        (EpcRun(SGTIN, ["A/1"]), LINK + "A%2F1"),
        (EpcRun("8010/0614141A#/8011/", ["12"]), "https://id.gs1.org/8010/0614141A%23/8011/12"),
        (EpcRun("8010/", ["0614141A#"]), "https://id.gs1.org/8010/0614141A%23"),
        (EpcRun("", ["urn:example:crate:7"]), "urn:example:crate:7"),
    ],
)
def test_a_run_is_written_like_its_identifiers_one_by_one(run: EpcRun, link: str) -> None:
    event = Event(kind="ObjectEvent", event_time=NOON, epcs=[run])
    assert pre_hash(event).endswith("epcListepc=" + link)
    assert values.identifier(run.key + run.serials[0]) == link


# -- extensions and sensors --------------------------------------------------------------------------------


def test_an_extension_whose_namespace_ends_in_no_slash_goes_to_the_end_with_its_elements() -> None:
    event = Event(
        kind="ObjectEvent",
        event_time=NOON,
        read_point=SHOP,
        read_point_extensions={"{https://a.example/}in": "1", "{https://a.example}out": "2"},
        biz_location_extensions={"{https://a.example}out": "3"},
        sensors=[
            {
                "@{https://a.example}out": "4",
                "{https://a.example/}in": "5",
                "sensorMetadata": {"{https://a.example/}in": "6", "{https://a.example}out": "7"},
                "sensorReport": {"type": "Mass", "bizRules": "8"},
            }
        ],
        ilmd={"{https://a.example}lot": "L"},
    )
    assert pre_hash(event) == (
        "eventType=ObjectEventeventTime=2023-11-15T12:00:00.000Z"
        "readPointid=https://id.gs1.org/414/0300011111246{https://a.example/}in=1"
        "sensorElementListsensorElementsensorMetadata{https://a.example/}in=6"
        "sensorReporttype=https://gs1.org/voc/Mass{https://a.example/}in=5"
        "bizLocation{https://a.example}out=3"
        "ilmd{https://a.example}lot=L"
        "readPoint{https://a.example}out=2"
        "sensorElementListsensorElementsensorMetadata{https://a.example}out=7sensorReportbizRules=8"
        "{https://a.example}out=4"
    )


def test_attributes_and_members_of_a_sensor_are_alike() -> None:
    members = Event(kind="ObjectEvent", event_time=NOON, sensors=[{"sensorReport": {"type": "Mass", "value": 1}}])
    attributes = with_(members, sensors=[{"sensorReport": [{"@value": "1.0", "@type": "gs1:Mass"}]}])
    assert event_hash(members) == event_hash(attributes)


def test_master_data_of_nulls_only_says_what_none_says() -> None:
    empty = msgspec.structs.replace(A_SHIPMENT, ilmd={})
    for ilmd in ({"{https://ex.example/}a": None}, {"{https://ex.example/}a": [], "{https://ex.example/}b": [None]}):
        assert event_hash(msgspec.structs.replace(A_SHIPMENT, ilmd=ilmd)) == event_hash(empty)
    said = msgspec.structs.replace(A_SHIPMENT, ilmd={"{https://ex.example/}a": ""})
    assert event_hash(said) != event_hash(empty), "a member without a value is still there"


def test_fields_that_a_repository_added_are_ignored_when_named() -> None:
    added = {"{https://a.example/}captureID": "4711", **A_SHIPMENT.extensions}
    stored = with_(A_SHIPMENT, extensions=added)
    assert event_hash(stored) != event_hash(A_SHIPMENT)
    assert event_hash(stored, frozenset({"{https://a.example/}captureID"})) == event_hash(A_SHIPMENT)


@pytest.mark.parametrize(
    "named",
    [
        ["{https://a.example/}captureID", "{https://a.example/}hash"],
        {"{https://a.example/}captureID": "", "{https://a.example/}hash": ""},
        [{"{https://a.example/}captureID": ""}, {"{https://a.example/}hash": ""}],
    ],
)
def test_a_document_names_the_fields_that_its_repository_added(named: Any) -> None:
    header = Header(extensions={"{https://repository-x.example.com/}ignoreFields": named})
    assert ignored_fields(header) == {"{https://a.example/}captureID", "{https://a.example/}hash"}


def test_a_document_without_such_names_ignores_nothing() -> None:
    assert ignored_fields(Header()) == frozenset()


_leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
_trees = st.dictionaries(
    st.text(min_size=1) | st.sampled_from(["#text", "@a", "{https://a.example/}a", "comment"]),
    st.recursive(
        _leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=6,
    ),
    max_size=4,
)


@given(_trees, st.text(), st.text())
def test_whatever_a_sender_writes_the_event_has_a_hash(tree: dict[str, Any], text: str, word: str) -> None:
    event = Event(
        kind="ObjectEvent",
        event_time=NOON,
        zone=text,
        epcs=[EpcRun("", [text]), EpcRun(SGTIN, [word])],
        biz_step=word,
        read_point=text,
        sensors=[tree, {"sensorMetadata": tree, "sensorReport": [tree]}],
        ilmd=tree,
        extensions=tree,
        biz_location_extensions=tree,
    )
    assert event_hash(event) == event_hash(msgspec.structs.replace(event, epcs=event.epcs[::-1]))
