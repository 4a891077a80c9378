"""What cannot be read is refused by name, with the place and with what to do; nothing else ever comes out."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import itertools
import json
import lzma
import tracemalloc
import zipfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.core.epcis import canonical
from rxtrail.core.epcis.limits import DEPTH_MAX, IDENTIFIER_CHARACTERS_MAX, Limits
from rxtrail.core.epcis.reader import open_document
from rxtrail.errors import BadDocument
from tests.core.epcis.documents import EPCS, SGTIN, TIME, json_document, json_event, object_event, read, sample, xml

PLAIN = xml(object_event()).encode()
JSON = json_document(json_event()).encode()


def refusal(document: bytes | str, **given: Any) -> BadDocument:
    with pytest.raises(BadDocument) as caught:
        read(document, **given)
    assert caught.value.message
    assert caught.value.advice
    return caught.value


def nested(name: str, count: int) -> str:
    return f"<{name}>" * count + f"</{name}>" * count


def deep_event(value: str, **members: str) -> bytes:
    return json_document(json_event(**members)).replace('"@"', value).encode()


def nested_json(count: int) -> str:
    return '{"a":' * count + "1" + "}" * count


MASTER_DATA = (
    '<extension><EPCISMasterData><VocabularyList><Vocabulary type="urn:epcglobal:epcis:vtype:Location">'
    '<VocabularyElementList><VocabularyElement id="{}"/></VocabularyElementList></Vocabulary></VocabularyList>'
    "</EPCISMasterData></extension>"
)


def attributes(count: int) -> str:
    return " ".join(f"a{n}='1'" for n in range(count))


def wrapped(document: bytes, name: bytes, count: int) -> bytes:
    opened = document.replace(b"<" + name + b">", b"<a>" * count + b"<" + name + b">")
    return opened.replace(b"</" + name + b">", b"</" + name + b">" + b"</a>" * count)


ENTITY = '<!DOCTYPE d [<!ENTITY e "x"><!ENTITY f "&e;&e;">]>'
XML_ONLY = "<?xml version='1.0'?>"


@pytest.mark.parametrize(
    ("code", "place", "document"),
    [
        ("not-epcis", "line 1", b""),
        ("not-epcis", "line 1", b" \n "),
        ("not-epcis", "line 1", b"gtin,serial\n"),
        ("not-epcis", "line 1", b'"EPCISDocument"'),
        ("not-epcis", "line 1", b"\x00\x01\x02"),
        ("compressed", "byte 0", gzip.compress(PLAIN)),
        ("compressed", "byte 0", bz2.compress(PLAIN)),
        ("compressed", "byte 0", lzma.compress(PLAIN)),
        ("not-well-formed", "line 4", PLAIN[:-1]),
        ("not-well-formed", "line 3", PLAIN.replace(b"</action>", b"</actoin>")),
        ("not-well-formed", "line 3", PLAIN.replace(b"OBSERVE", b"&undefined;")),
        ("not-well-formed", "line 3", PLAIN.replace(b"OBSERVE", b"\x01")),
        ("not-well-formed", "line 3", PLAIN.replace(b"<action>", b"<u:action>").replace(b"</action>", b"</u:action>")),
        ("not-well-formed", "line 4", PLAIN + b"<more/>"),
        ("not-well-formed", "line 1", b"<"),
        ("not-well-formed", "line 1", b"<!ELEMENT a>"),
        ("not-well-formed", "line 1", b"<?xml version='1.0'?>junk"),
        ("not-well-formed", "line 1", b"<!-- only a comment -->"),
        ("not-well-formed", "line 2", b"\n<?xml version='1.0'?>" + PLAIN),
        ("wrong-encoding", "line 3", PLAIN.replace(b"OBSERVE", "crème".encode("latin-1"))),
        ("wrong-encoding", "line 1", b"<?xml version='1.0' encoding='klingon'?>" + PLAIN),
        ("wrong-encoding", "line 1", b"<?xml version='1.0' encoding='utf-7'?>" + PLAIN),
        ("wrong-encoding", "line 1", b"<?xml version='1.0' encoding='zlib'?>" + PLAIN),
        ("wrong-encoding", "line 3", PLAIN.decode().encode("utf-16-le").replace(b"O\0B\0", b"\0\xd8B\0")),
        ("wrong-encoding", "line 2", b'{"type":\n"\xe9"}'),
        ("wrong-encoding", "line 1", JSON.replace(b"OBSERVE", b"\xe9")),
        ("dtd-refused", "line 2", f"{XML_ONLY}\n{ENTITY}".encode() + PLAIN),
        ("dtd-refused", "line 1", b"<!DOCTYPE d SYSTEM 'http://127.0.0.1:1/d.dtd'>" + PLAIN),
        ("dtd-refused", "line 1", b"<!doctype html><html></html>"),
        ("dtd-refused", "line 3", f"<?xml version='1.0'?><!-- <!-\n- -->\n{ENTITY}<d>&f;</d>".encode("utf-16")),
        ("unknown-root", "line 1", b"<invoice><ObjectEvent/></invoice>"),
        ("unknown-root", "line 2", b"<?xml version='1.0'?>\n<e:EPCISCaptureJob xmlns:e='x'/>"),
        ("unknown-root", "line 1", b"<Envelope><Body><Fault>no</Fault></Body></Envelope>"),
        ("unknown-root", "/type", b'{"type": "Invoice"}'),
        ("unknown-root", "/type", b"{}"),
        ("unknown-root", "/0", b'[{"type": "Invoice"}]'),
        ("not-epcis", "/0", b"[1]"),
        ("not-epcis", "/epcisBody/eventList/1", json_document(json_event(), 7).encode()),
        ("bad-json", "line 1", b"{"),
        ("bad-json", "line 1", JSON[:-1]),
        ("bad-json", "line 3", b'{"type": "EPCISDocument",\n\n"epcisBody": }'),
        ("bad-json", "line 2", b'{"a": 1,\n}'),
        ("bad-json", "line 1", b"[NaN]"),
        ("bad-json", "line 1", JSON + b"x"),
        ("no-event-time", "line 3", PLAIN.replace(TIME.encode(), b"")),
        ("no-event-time", "line 3", PLAIN.replace(b"2026-03-01T14:00:00Z", b"22-07-2026")),
        ("no-event-time", "line 3", PLAIN.replace(b"2026-03-01T14:00:00Z", b"9" * 4000)),
        ("no-event-time", "/epcisBody/eventList/1", json_document(json_event(), json_event(eventTime=...)).encode()),
        ("no-event-time", "/epcisBody/eventList/0", json_document(json_event(eventTime="today", a=1)).encode()),
        ("too-deep", "line 3", xml(object_event(nested("own:a", 100))).encode()),
        ("too-deep", "line 3", xml(object_event(nested("extension", 100))).encode()),
        ("too-deep", "line 3", xml(object_event(f"<ilmd>{nested('extension', 100)}</ilmd>")).encode()),
        ("too-deep", "line 3", xml(object_event(f"<action>{nested('own:a', 100)}</action>")).encode()),
        ("too-deep", "line 3", xml(nested("own:a", 100)).encode()),
        ("too-deep", "line 3", xml(nested("extension", 100)).encode()),
        ("too-deep", "line 1", xml(object_event(), header=nested("own:a", 100)).encode()),
        ("too-deep", "line 1", xml(object_event(), header=nested("extension", 100)).encode()),
        ("too-deep", "line 3", wrapped(PLAIN, b"EventList", 100)),
        ("too-deep", "line 1", nested("EPCISDocument", 100_000).encode()),
        ("too-deep", "/epcisBody/eventList/0", deep_event(nested_json(100), p="@")),
        ("too-deep", "/epcisBody/eventList/0", deep_event(nested_json(100), ilmd="@")),
        ("too-deep", "/epcisBody/eventList/0", deep_event("[" * 100 + "]" * 100, p="@")),
        ("too-deep", "/p", json_document(p="@").replace('"@"', nested_json(100)).encode()),
        ("too-deep", "/", b"[" * 100_000 + b"]" * 100_000),
        ("too-deep", "/", b'{"epcisBody":' * 100_000 + b"1" + b"}" * 100_000),
        ("too-large", "line 3", xml(object_event(f"<own:a {attributes(257)}/>")).encode()),
        ("too-large", "/@context", json_document(json_event(), context={f"p{n}": "u:" for n in range(2001)}).encode()),
        ("too-large", "line 1", b"<!--" + b"x" * (2 << 20) + b"-->" + PLAIN),
        ("too-large", "line 3", xml(object_event(f"<own:a>{'x' * (2 << 20)}</own:a>")).encode()),
        ("too-large", "line 3", xml(object_event(f"<own:a>{'x' * (11 << 20)}</own:a>")).encode()),
        ("too-large", "/epcisBody/eventList/0", json_document(json_event(a="x" * (2 << 20))).encode()),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_its_place(code: str, place: str, document: bytes) -> None:
    bad = refusal(document)
    assert (bad.code, bad.place) == (code, place)


def test_nesting_is_read_up_to_the_limit_and_refused_past_it() -> None:
    for deep in (DEPTH_MAX, DEPTH_MAX + 1):
        documents = [
            xml(object_event(nested("own:a", deep))),
            json_document(json_event(p="@")).replace('"@"', nested_json(deep)),
        ]
        for document in documents:
            if deep > DEPTH_MAX:
                assert refusal(document).code == "too-deep"
            else:
                assert len(read(document).events) == 1


@pytest.mark.parametrize("document", [PLAIN, JSON])
def test_a_document_is_read_up_to_its_limit_of_bytes_and_refused_past_it(document: bytes) -> None:
    assert len(read(document, limits=Limits(document_bytes=len(document))).events) == 1
    assert refusal(document, limits=Limits(document_bytes=len(document) - 1)).code == "too-large"


def test_json_has_a_limit_of_its_own_since_it_is_read_whole() -> None:
    assert len(read(JSON, limits=Limits(json_bytes=len(JSON))).events) == 1
    assert refusal(JSON, limits=Limits(json_bytes=len(JSON) - 1)).code == "too-large"


def test_one_event_past_its_limit_is_refused_before_it_fills_the_memory() -> None:
    epcs = "".join(f"<epc>{SGTIN}{n}</epc>" for n in range(20_000))
    huge = xml(object_event(epcs=f"<epcList>{epcs}</epcList>"))
    assert refusal(huge, limits=Limits(event_bytes=500_000)).code == "too-large"
    assert len(read(huge).events) == 1
    event = json_event(epcList=[f"{SGTIN}{n}" for n in range(100)])
    assert refusal(json_document(json_event(), event), limits=Limits(event_bytes=1000)).place.endswith("/1")


@pytest.mark.parametrize("length", [IDENTIFIER_CHARACTERS_MAX, IDENTIFIER_CHARACTERS_MAX + 1])
def test_an_identifier_is_kept_up_to_its_limit_and_refused_past_it(length: int) -> None:
    long = "urn:own:" + "x" * (length - 8)
    many = "".join(f"<epc>{SGTIN}{n}</epc>" for n in range(100))
    documents = [
        xml(object_event(epcs=f"<epcList><epc>{long}</epc></epcList>")),
        xml(object_event(epcs=f"<epcList>{many}<epc>{long}</epc></epcList>")),
        xml(object_event(f"<eventID>{long}</eventID>")),
        xml(object_event(f"<readPoint><id>{long}</id></readPoint>")),
        xml(object_event(f"<bizStep>{long}</bizStep>")),
        xml(f"<AggregationEvent>{TIME}<parentID>{long}</parentID><action>DELETE</action></AggregationEvent>"),
        json_document(json_event(epcList=[long])),
        json_document(json_event(type=f"https://own.example/{'x' * (length - 22)}")),
        json_document(json_event(), instanceIdentifier=long),
        json_document(json_event(), sender=long),
        xml(object_event(), header=MASTER_DATA.format(long)),
    ]
    for document in documents:
        if length > IDENTIFIER_CHARACTERS_MAX:
            assert refusal(document).code == "too-large"
        else:
            assert len(read(document).events) == 1


def test_a_zip_bomb_is_refused_before_a_byte_of_it_is_unpacked() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.xml", bytes(100 << 20))
    tracemalloc.start()
    assert refusal(packed.getvalue()).code == "compressed"
    assert refusal(gzip.compress(bytes(10 << 20))).code == "compressed"
    assert tracemalloc.get_traced_memory()[1] < 20 << 20
    tracemalloc.stop()


def test_an_entity_in_an_attribute_of_the_root_is_refused_before_it_is_read() -> None:
    bomb = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 100}">' for n in range(1, 9))
    document = f'<!DOCTYPE d [<!ENTITY e0 "x">{bomb}]><EPCISDocument creationDate="&e8;"/>'
    assert refusal(document).code == "dtd-refused"


def test_a_stream_of_unknown_elements_takes_no_more_memory_than_one_event_may() -> None:
    document = xml("<own:a>x</own:a>" * 100_000)
    assert refusal(document, limits=Limits(event_bytes=1 << 20)).code == "too-large"


@pytest.mark.parametrize("document", [xml(object_event(), object_event(time=""), object_event()), None])
def test_told_to_proceed_the_events_with_a_time_are_kept(document: str | None) -> None:
    document = document or json_document(json_event(), json_event(eventTime="x"), json_event())
    assert refusal(document).code == "no-event-time"
    got = read(document, proceed=True)
    assert len(got.events) == 2
    assert [note.code for note in got.notes] == ["NO_EVENT_TIME"]
    assert got.notes[0].place


def test_told_to_proceed_a_sender_s_own_event_without_readable_time_is_left_out() -> None:
    document = xml("<own:Weighed><eventTime>x</eventTime></own:Weighed>", object_event())
    assert refusal(document).code == "no-event-time"
    assert len(read(document, proceed=True).events) == 1


def test_told_to_proceed_what_is_unreadable_is_refused_all_the_same() -> None:
    assert refusal(PLAIN[:-1], proceed=True).code == "not-well-formed"


def test_events_before_the_damage_are_given_before_the_refusal() -> None:
    events = iter(open_document(io.BytesIO(xml(*[object_event()] * 2000).encode()[:-1])))
    given = list(itertools.islice(events, 1000))
    assert len(given) == 1000
    with pytest.raises(BadDocument, match="expected '>'"):
        list(events)


# -- properties ---------------------------------------------------------------------------------------------------

SEEDS = [
    *(sample(name) for name in ("shipment_1_2.xml", "every_field.xml", "every_field.jsonld")),
    PLAIN,
    JSON,
    json.dumps(json_event()).encode(),
]
SPLINTERS = st.sampled_from(
    [
        *(b"<", b">", b"&", b'"', b"]", b"}", b"null", b"1e999", b"\xff", b"\0", b"<a>", b"[]", b"{}", b'"@set":'),
        *(b"\\ud800", b"9" * 400, b"<extension>", b'"@context":', b"&#10;", b"<![CDATA[", b"urn:epc:id:"),
        *(b"xmlns=''", b"\xef\xbb\xbf"),
    ]
)
WOUNDS = st.tuples(st.floats(0, 1), st.integers(0, 40), SPLINTERS | st.binary(max_size=4))


def read_or_refuse(document: bytes) -> None:
    """Raise anything but a refusal, and if it gives an event, check that the event can be kept."""
    with contextlib.suppress(BadDocument):
        for event, _, _ in open_document(io.BytesIO(document)):
            encoded = canonical.encode(event)
            assert canonical.encode(canonical.decode(encoded)) == encoded


@given(st.binary(max_size=400))
def test_any_bytes_are_a_document_or_refused(document: bytes) -> None:
    read_or_refuse(document)


@given(
    st.sampled_from([b"<?xml version='1.0'?><EPCISDocument>", b"<ObjectEvent>", b'{"type":"', b'[{"eventTime":']),
    st.binary(max_size=200),
)
def test_any_bytes_after_a_good_start_are_a_document_or_refused(start: bytes, rest: bytes) -> None:
    read_or_refuse(start + rest)


@given(st.sampled_from(SEEDS), st.lists(WOUNDS, min_size=1, max_size=4))
def test_a_damaged_document_is_read_or_refused(document: bytes, wounds: list[tuple[float, int, bytes]]) -> None:
    for at, cut, splinter in wounds:
        index = int(at * len(document))
        document = document[:index] + splinter + document[index + cut :]
    read_or_refuse(document)


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from([SGTIN + "1", "po"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "type", "@set", "a", "n:b"]), inner, max_size=3)
    ),
    max_leaves=5,
)
MEMBERS = st.sampled_from(
    [
        *("type", "eventTime", "recordTime", "eventTimeZoneOffset", "eventID", "action", "bizStep", "disposition"),
        *("parentID", "epcList", "childEPCs", "inputEPCList", "quantityList", "readPoint", "bizLocation"),
        *("bizTransactionList", "sourceList", "sensorElementList", "ilmd", "persistentDisposition"),
        *("certificationInfo", "errorDeclaration", "@context", "@id", "n:own"),
    ]
)


@given(st.dictionaries(MEMBERS, JSON_VALUES, max_size=4), st.sampled_from(["event", "body", "document", "header"]))
def test_any_json_value_anywhere_is_read_or_refused(members: dict[str, Any], where: str) -> None:
    if where == "event":
        document: Any = json_event() | members
    else:
        document = json.loads(json_document(json_event()))
        place = {"body": document["epcisBody"], "document": document}.get(where)
        if place is None:
            place = document["epcisHeader"] = {"epcisMasterData": {"vocabularyList": members.get("ilmd")}}
        place.update(members)
    read_or_refuse(json.dumps(document).encode())


def test_the_event_of_these_tests_is_a_good_one() -> None:
    assert EPCS in object_event()
    assert read(PLAIN).codes == set()
