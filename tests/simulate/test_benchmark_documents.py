from __future__ import annotations

import datetime as dt
import io

import msgspec
from lxml import etree

from benchmarks import documents

SHAPE = documents.Shape(10_000)


def written(shape: documents.Shape, syntax: str) -> tuple[bytes, documents.Counts]:
    out = io.BytesIO()
    counts = (documents.write_xml if syntax == "xml" else documents.write_json)(out, shape)
    return out.getvalue(), counts


def test_the_yardstick_has_the_shape_it_is_quoted_with() -> None:
    _, counts = written(SHAPE, "xml")
    assert (counts.packages, counts.cases, counts.pallets) == (10_000, 209, 6)
    assert (counts.events, counts.mentions) == (229, 20_436)
    _, counts = written(documents.Shape(100_000), "json")
    assert (counts.events, counts.mentions) == (2_259, 204_333)


def test_xml_and_json_tell_the_same_events() -> None:
    xml = etree.fromstring(written(SHAPE, "xml")[0])
    json = msgspec.json.decode(written(SHAPE, "json")[0])
    events = json["epcisBody"]["eventList"]
    elements = list(next(xml.iter("EventList")))
    assert len(elements) == len(events)
    for element, event in zip(elements, events, strict=True):
        assert element.tag == event["type"]
        assert element.findtext("eventTime") == event["eventTime"]
        epcs = [epc.text for epc in element.iter("epc")]
        assert epcs == event.get("epcList", event.get("childEPCs"))


def test_the_yardstick_never_moves_with_the_day_it_is_made_on() -> None:
    assert written(SHAPE, "xml") == written(SHAPE, "xml")
    other = documents.Shape(10_000, day=dt.date(2030, 1, 1))
    assert written(SHAPE, "xml")[0] != written(other, "xml")[0]


def test_event_identifiers_are_written_only_when_asked_for() -> None:
    assert b"eventID" not in written(SHAPE, "xml")[0]
    with_ids = documents.Shape(10_000, event_ids=True)
    assert written(with_ids, "xml")[0].count(b"<eventID>urn:uuid:") == 229
    assert written(with_ids, "json")[0].count(b'"eventID":"urn:uuid:') == 229
