"""Any event written and read again has the same hash: whatever its extensions hold, in every form."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from rxtrail.core.epcis.convert import TARGETS, Target, writer
from rxtrail.core.epcis.event import KINDS, ErrorDeclaration, Event, Quantity, Typed
from rxtrail.core.epcis.event_hash import event_hash
from rxtrail.core.epcis.head import Head
from rxtrail.core.epcis.notes import Notes
from rxtrail.core.epcis.reader import open_document
from rxtrail.core.epcis.spelling import EPC_FORMATS, EpcFormat, Spelling
from rxtrail.core.gs1.runs import EpcRun
from rxtrail.errors import BadDocument

NAMESPACES = ["http://ns.example.com/epcis/", "urn:example:ns", "http://ns.example.com/other#", "https://gs1.org/voc/"]
# What XML can hold as it is; that the rest is told as a finding, other tests show.
TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Co", "Cn"], exclude_characters=["\u2028", "\u2029", ":"]),
    max_size=12,
).map(lambda text: " ".join(text.split()))
LEAVES = (
    TEXTS | st.booleans() | st.integers(-(10**12), 10**12) | st.floats(-1e9, 1e9).map(lambda number: round(number, 6))
)
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,8}", fullmatch=True).filter(
    lambda name: name.lower() not in ("comment", "text") and not name.lower().startswith("xml")
)
KEYS = st.builds(lambda namespace, name: f"{{{namespace}}}{name}", st.sampled_from(NAMESPACES), NAMES)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.dictionaries(KEYS, inner | st.lists(inner, min_size=2, max_size=3), min_size=1, max_size=3),
    max_leaves=8,
)
EXTENSIONS = st.dictionaries(KEYS, TREES, max_size=3)
SERIALS = st.text("ABCxyz019-._!%/&<>", min_size=1, max_size=20)
KEYED = st.sampled_from(["01/00352601815904/21/", "01/10614141073464/10/", "8004/4012345"])
RUNS = st.lists(
    st.builds(EpcRun, KEYED, st.lists(SERIALS, min_size=1, max_size=3), st.sampled_from(["7", "https://id.gs1.org"])),
    max_size=2,
)
WORDS = st.sampled_from(["shipping", "inspecting", "https://example.com/step", "non_sellable_expired"])
PLACES = st.sampled_from(["414/0352601000003", "414/0352601000003/254/12", "https://example.com/place", ""])
TYPED = st.lists(
    st.builds(
        Typed, st.sampled_from(["po", "owning_party", "urn:x:mine"]), st.sampled_from(["urn:x:1", "417/0352601000003"])
    ),
    max_size=2,
)
TIMES = st.integers(0, 4 * 10**15)
SENSORS = st.lists(
    st.fixed_dictionaries(
        {
            "sensorReport": st.lists(
                st.fixed_dictionaries(
                    {"type": st.sampled_from(["Temperature", "Molar_concentration", "https://example.com/type"])},
                    optional={
                        "value": st.floats(-1e6, 1e6).map(lambda number: round(number, 4)),
                        "booleanValue": st.booleans(),
                        "stringValue": TEXTS,
                        "component": st.sampled_from(["x", "latitude", "https://example.com/c"]),
                        "time": st.just("2026-11-01T00:00:00Z"),
                        "{http://ns.example.com/epcis/}more": TEXTS,
                    },
                ),
                min_size=1,
                max_size=2,
            )
        },
        optional={"sensorMetadata": st.fixed_dictionaries({"deviceID": st.just("urn:epc:id:giai:4012345.A1")})},
    ),
    max_size=2,
)
EVENTS = st.builds(
    Event,
    kind=st.sampled_from(KINDS),
    event_time=TIMES,
    zone=st.sampled_from(["+00:00", "-05:30"]),
    event_id=st.sampled_from(["", "urn:uuid:00000000-0000-4000-8000-000000000001"]),
    action=st.sampled_from(["ADD", "OBSERVE", "DELETE"]),
    biz_step=WORDS,
    disposition=WORDS,
    epcs=RUNS,
    children=RUNS,
    inputs=RUNS,
    outputs=RUNS,
    parent=PLACES,
    quantities=st.lists(
        st.builds(
            Quantity,
            st.just("01/00352601815904/10/L1"),
            st.none() | st.integers(0, 10**9).map(float) | st.floats(0, 1e6).map(lambda number: round(number, 3)),
        ),
        max_size=2,
    ),
    transformation_id=st.sampled_from(["", "urn:x:t", "253/4012345000054987"]),
    read_point=PLACES,
    biz_location=PLACES,
    biz_transactions=TYPED,
    sources=TYPED,
    destinations=TYPED,
    ilmd=EXTENSIONS,
    persistent_set=st.lists(st.sampled_from(["active", "damaged"]), max_size=2),
    persistent_unset=st.lists(st.sampled_from(["recalled"]), max_size=1),
    sensors=SENSORS,
    certification=st.lists(st.sampled_from(["https://example.com/a", "urn:x:b"]), max_size=2),
    error_declaration=st.none()
    | st.builds(ErrorDeclaration, TIMES, st.just("incorrect_data"), st.just(["urn:x:1"]), EXTENSIONS),
    extensions=EXTENSIONS,
    read_point_extensions=EXTENSIONS,
    record_time=TIMES,
)


def again(event: Event, target: Target, epc_format: EpcFormat) -> Any:
    out = writer(target, Head(), Spelling(epc_format), Notes(), creation_date="2026-11-01T00:00:00Z")
    text = out.start() + out.event(event) + out.finish()
    [(read, _, _)] = open_document(io.BytesIO(text.encode()))
    return read


@pytest.mark.parametrize("target", TARGETS)
@given(event=EVENTS, epc_format=st.sampled_from(EPC_FORMATS))
def test_an_event_written_and_read_again_says_the_same(target: Target, event: Event, epc_format: EpcFormat) -> None:
    read = again(event, target, epc_format)
    assert event_hash(read) == event_hash(event)
    assert (read.event_id, read.record_time) == (event.event_id, event.record_time)
    declared, told = read.error_declaration, event.error_declaration
    assert (declared is None) == (told is None)
    if declared is not None and told is not None:
        assert (declared.declaration_time, declared.reason) == (told.declaration_time, told.reason)
        assert declared.corrective_event_ids == told.corrective_event_ids


@given(event=EVENTS)
def test_one_event_has_one_hash_in_xml_and_json(event: Event) -> None:
    hashes = {event_hash(again(event, target, "as-written")) for target in TARGETS}
    assert len(hashes) == 1


ODD_TEXTS = st.sampled_from(
    ["", "\x01", "\ufffe", "a\u00aa", "a\u2460", "xmlns", "xml:lang", "x:y", "@type", "#text"]
) | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
ODD_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | ODD_TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ODD_TEXTS, inner, max_size=3),
    max_leaves=6,
)
MEMBERS = [
    *("eventTimeZoneOffset", "eventID", "action", "bizStep", "disposition", "readPoint", "bizLocation", "epcList"),
    *("bizTransactionList", "sourceList", "quantityList", "sensorElementList", "persistentDisposition", "ilmd"),
    *("certificationInfo", "errorDeclaration", "parentID", "childEPCs", "transformationID", "recordTime", "type"),
]
ODD_TYPED = st.builds(lambda word: [{"type": word, "source": word, "bizTransaction": word}], ODD_TEXTS)
ODD_REPORTS = st.dictionaries(ODD_TEXTS | st.sampled_from(["type", "value", "time"]), ODD_VALUES, max_size=4).map(
    lambda report: [{"sensorReport": [report], "sensorMetadata": report}]
)
ODD_EVENTS = st.dictionaries(st.sampled_from(MEMBERS) | ODD_TEXTS, ODD_VALUES | ODD_TYPED | ODD_REPORTS, max_size=5)


@given(members=ODD_EVENTS)
@example(members={"": 1})
@example(members={"eventTimeZoneOffset": "\x01"})
@example(members={"sourceList": [{"type": "\ufffe", "source": "urn:x:y"}]})
@example(members={"sensorElementList": [{"sensorReport": [{"type": "Temperature", "@type": "x", "xmlns": "urn:x"}]}]})
@example(members={"a\u00aa": "no character of a name in XML", "x:y": {"@a b": 1, "@a_x0020_b": 2}})
def test_whatever_an_event_that_is_taken_holds_it_is_written_so_that_it_can_be_read(members: dict[str, Any]) -> None:
    event = {"type": "ObjectEvent", "eventTime": "2026-11-01T00:00:00Z", "eventTimeZoneOffset": "+00:00", **members}
    try:
        [(read, _, _)] = open_document(io.BytesIO(json.dumps(event).encode()))
    except BadDocument:
        return
    for target in TARGETS:
        out = writer(target, Head(), Spelling(), Notes(), creation_date="2026-11-01T00:00:00Z")
        text = (out.start() + out.event(read) + out.finish()).encode()
        if target != "json":
            etree.fromstring(text)
        assert len(list(open_document(io.BytesIO(text)))) == 1
