"""The REST binding: every path, its statuses, its headers, and what it does with bad input."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import pytest
from lxml import etree

from rxtrail.bootstrap import open_node
from rxtrail.capture import Capture
from rxtrail.epcis_query import tokens
from rxtrail.web import limits
from rxtrail.web.app import build
from rxtrail.web.epcis.resources import RESOURCES
from tests.epcis_query.earlier import keep_query
from tests.epcis_query.events import all_events, document
from tests.web import scene
from tests.web.conftest import Api

if TYPE_CHECKING:
    from pathlib import Path

    from rxtrail.bootstrap import Node

XML = {"accept": "application/xml"}
EVENT = {
    "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
    "type": "ObjectEvent",
    "eventID": "urn:uuid:11111111-1111-4111-8111-111111111111",
    "eventTime": "2024-01-01T10:00:00Z",
    "eventTimeZoneOffset": "+00:00",
    "action": "OBSERVE",
    "bizStep": "receiving",
    "epcList": ["urn:epc:id:sgtin:0614141.107346.2017"],
}


def events_of(answer: Any) -> list[Any]:
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    return found


def problem(answer: Any, status: int, kind: str) -> Any:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == f"epcisException:{kind}", body
    assert body["status"] == status
    return body


# -- discovery -----------------------------------------------------------------------------------------------------


def filled(path: str) -> str:
    values = {
        "captureID": "no-such-job", "eventID": "urn:uuid:none", "eventType": "ObjectEvent", "token": "x",
        "epc": quote(scene.pack_urn("A1"), safe=""), "bizStep": "shipping", "disposition": "in_transit",
        "bizLocation": "nowhere", "readPoint": quote(scene.MAKER_SGLN, safe=""), "queryName": "SimpleEventQuery",
        "subscriptionID": "none",
    }  # fmt: skip
    for name, value in values.items():
        path = path.replace(f"{{{name}}}", value)
    return f"/epcis{path}"


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda each: each.path)
def test_every_path_tells_what_it_can_do(api: Api, resource: Any) -> None:
    answer = api("OPTIONS", filled(resource.path))
    if not resource.options:
        assert answer.status_code == 405
        return
    unknown = any(part in resource.path for part in ("captureID", "eventID", "bizLocation}", "subscriptionID"))
    if unknown:
        problem(answer, 404, "NoSuchNameException")
        return
    assert answer.status_code == 204
    assert set(answer.headers["allow"].split(", ")) >= {"OPTIONS", *(each.method for each in resource.operations)}
    for name in ("gs1-epcis-version", "gs1-epcis-min", "gs1-epcis-max", "gs1-cbv-version", "gs1-cbv-min", "gs1-cbv-max",
                 "gs1-epc-format", "gs1-cbv-xml-format", "gs1-extensions", "gs1-vendor-version"):  # fmt: skip
        assert answer.headers[name]


def test_a_method_that_a_path_has_not_is_named_with_those_it_has(api: Api) -> None:
    answer = api("PUT", "/epcis/events", json={})
    assert answer.status_code == 405
    assert answer.headers["allow"] == "OPTIONS, GET, POST, HEAD"


def test_what_can_be_captured_at_once_is_told(api: Api) -> None:
    told = api("OPTIONS", "/epcis/capture").headers
    assert int(told["gs1-epcis-capture-limit"]) > 0
    assert int(told["gs1-epcis-capture-file-size-limit"]) > 0
    assert told["gs1-capture-error-behaviour"] == "all"


# -- forms, versions, spelling -------------------------------------------------------------------------------------


def test_json_and_xml_are_given_as_asked(api: Api) -> None:
    for accept, given in (
        ("application/json", "application/json"),
        ("application/ld+json", "application/ld+json"),
        ("text/xml;q=0.9, application/json;q=0.1", "text/xml; charset=utf-8"),
        ("text/html, */*;q=0.1", "application/json"),
        ("", "application/json"),
    ):
        answer = api.get("/epcis/events", headers={"accept": accept})
        assert answer.status_code == 200
        assert answer.headers["content-type"] == given
    root = etree.fromstring(api.get("/epcis/events", headers=XML).content)
    assert root.tag == "{urn:epcglobal:epcis-query:xsd:2}EPCISQueryDocument"
    old = etree.fromstring(api.get("/epcis/events", headers={**XML, "GS1-EPCIS-Max": "1.2"}).content)
    assert old.tag == "{urn:epcglobal:epcis-query:xsd:1}EPCISQueryDocument"


def test_a_form_or_version_that_nobody_speaks_is_not_acceptable(api: Api) -> None:
    problem(api.get("/epcis/events", headers={"accept": "text/html"}), 406, "NotAcceptableException")
    problem(api.get("/epcis/events", headers={"GS1-EPCIS-Min": "3.0"}), 406, "NotAcceptableException")
    problem(api.get("/epcis/events", headers={"GS1-EPCIS-Max": "1.2"}), 406, "NotAcceptableException")
    problem(api.get("/epcis/events", headers={"GS1-CBV-Max": "1.0"}), 406, "NotAcceptableException")
    problem(api.get("/epcis/events", headers={"GS1-EPCIS-Min": "new"}), 400, "ValidationException")
    problem(api.get("/epcis/events", headers={"GS1-EPC-Format": "Sometimes"}), 400, "ValidationException")
    problem(api.post("/epcis/events", json=EVENT, headers={"GS1-EPCIS-Version": "9"}), 406, "NotAcceptableException")


def test_identifiers_are_translated_both_ways_or_not_at_all(api: Api) -> None:
    link = {**EVENT, "eventID": "urn:uuid:2", "epcList": ["https://example.org/01/00312345678906/21/L1"]}
    assert api.post("/epcis/events", json=link).status_code == 201
    asked = "/epcis/events?EQ_eventID=urn:uuid:2"

    def spelt(epc_format: str) -> str:
        return str(events_of(api.get(asked, headers={"GS1-EPC-Format": epc_format}))[0]["epcList"][0])

    assert spelt("Always_EPC_URN") == "urn:epc:id:sgtin:0312345.067890.L1"
    assert spelt("Never_Translates") == "https://example.org/01/00312345678906/21/L1"
    urns = "/epcis/events?EQ_bizStep=shipping"
    shipped = events_of(api.get(urns))[0]
    assert shipped["epcList"] == [f"https://id.gs1.org/00/{scene.CASE}"]
    as_written = events_of(api.get(urns, headers={"GS1-EPC-Format": "Never_Translates"}))[0]
    assert as_written["epcList"] == [scene.CASE_URN]


def test_words_in_xml_are_urns_or_web_uris_as_asked(api: Api) -> None:
    for asked, wanted in (("Always_URN", "urn:epcglobal:cbv:bizstep:shipping"),
                          ("Always_Web_URI", "https://ref.gs1.org/cbv/BizStep-shipping")):  # fmt: skip
        answer = api.get("/epcis/events?EQ_bizStep=shipping", headers={**XML, "GS1-CBV-XML-Format": asked})
        assert etree.fromstring(answer.content).findtext(".//bizStep") == wanted


def test_a_refusal_is_told_in_the_form_that_the_client_prefers(api: Api) -> None:
    answer = api.get("/epcis/events?GE_eventTime=yesterday", headers=XML)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+xml"
    root = etree.fromstring(answer.content)
    assert root.tag == "{urn:epcglobal:epcis:xsd:2}EPCISException"
    assert root.findtext("type") == "epcisException:QueryParameterException"


# -- capture -------------------------------------------------------------------------------------------------------


def test_one_event_is_captured_at_once_and_only_once(api: Api) -> None:
    made = api.post("/epcis/events", json=EVENT)
    assert made.status_code == 201
    assert made.json()["eventID"] == EVENT["eventID"]
    (found,) = events_of(api.get(made.headers["location"]))
    assert found["eventID"] == EVENT["eventID"]
    problem(api.post("/epcis/events", json=EVENT), 409, "ResourceAlreadyExistsException")
    other = {**EVENT, "bizStep": "shipping"}
    problem(api.post("/epcis/events", json=other), 409, "ResourceAlreadyExistsException")
    wrong = {**EVENT, "errorDeclaration": {"declarationTime": "2024-01-02T00:00:00Z", "reason": "incorrect_data"}}
    assert api.post("/epcis/events", json=wrong).status_code == 201, "a declaration repeats the eventID"
    assert len(events_of(api.get(made.headers["location"]))) == 2


@pytest.mark.parametrize("named", [True, False])
def test_of_sixteen_clients_with_one_event_one_has_made_it_and_the_others_are_told_that_it_is_there(
    api: Api, named: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    together, clients = threading.Barrier(4), 16  # as many at once as the fewest threads that a machine has for it
    event = EVENT if named else {name: value for name, value in EVENT.items() if name != "eventID"}
    keep, met = Capture.accept, threading.Event()

    def accept(self: Capture, *given: Any, **named_: Any) -> Any:
        # None of the first is told that the event is there: all have asked before any has written.
        if not met.is_set():
            with contextlib.suppress(threading.BrokenBarrierError):
                together.wait(10)
            met.set()
        return keep(self, *given, **named_)

    monkeypatch.setattr(Capture, "accept", accept)

    async def all_at_once() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=api.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8470") as client:
            return await asyncio.gather(*(client.post("/epcis/events", json=event) for _ in range(clients)))

    answers = asyncio.run(all_at_once())
    assert met.is_set()
    assert not together.broken, "several were in it at one moment"
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * (clients - 1)
    (made,) = (answer for answer in answers if answer.status_code == 201)
    assert len(events_of(api.get(made.headers["location"]))) == 1
    for answer in answers:
        if answer is not made:
            problem(answer, 409, "ResourceAlreadyExistsException")


def test_an_event_without_an_id_is_found_by_its_hash(api: Api) -> None:
    nameless = {name: value for name, value in EVENT.items() if name != "eventID"}
    made = api.post("/epcis/events", json=nameless)
    assert made.status_code == 201
    name = made.json()["eventID"]
    assert name.startswith("ni:///sha-256;")
    assert len(events_of(api.get(f"/epcis/events/{quote(name, safe='')}"))) == 1
    assert len(events_of(api.get(f"/epcis/events/{name}"))) == 1, "also with its question mark as it is"
    problem(api.post("/epcis/events", json=nameless), 409, "ResourceAlreadyExistsException")


def test_one_event_may_be_sent_as_xml(api: Api) -> None:
    body = (
        "<ObjectEvent><eventTime>2024-01-01T10:00:00Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>"
        "<epcList><epc>urn:epc:id:sgtin:0614141.107346.2018</epc></epcList><action>OBSERVE</action></ObjectEvent>"
    )
    answer = api.post("/epcis/events", content=body, headers={"content-type": "application/xml", **XML})
    assert answer.status_code == 201, answer.text
    assert etree.fromstring(answer.content).tag.endswith("EPCISDocument")


def captured(api: Api, body: bytes, **headers: str) -> Any:
    answer = api.post("/epcis/capture", content=body, headers={"content-type": "application/json", **headers})
    assert answer.status_code == 202, answer.text
    until = time.monotonic() + 30
    while True:
        job = api.get(answer.headers["location"]).json()
        if not job["running"]:
            return job
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_document_is_captured_with_a_job_that_says_what_became_of_it(api: Api) -> None:
    held = all_events(50)
    job = captured(api, json.dumps(document(held)).encode())
    assert (job["success"], job["errors"], job["captureErrorBehaviour"]) == (True, [], "rollback")
    assert job["createdAt"] <= job["finishedAt"]
    listed = api.get("/epcis/capture?perPage=1")
    assert [each["captureID"] for each in listed.json()] == [job["captureID"]]
    assert 'rel="next"' in listed.headers["link"]
    told = etree.fromstring(api.get(f"/epcis/capture/{job['captureID']}", headers=XML).content)
    assert told.tag == "{urn:epcglobal:epcis:xsd:2}EPCISCaptureJob"
    assert told.get("success") == "true"


def test_an_event_that_cannot_be_read_refuses_all_or_is_told_alone(api: Api) -> None:
    held = all_events(3)
    held[1]["eventTime"] = "some day"
    body = json.dumps(document(held)).encode()
    answer = api.post("/epcis/capture", content=body, headers={"content-type": "application/json"})
    problem(answer, 400, "ValidationException")
    assert events_of(api.get(f"/epcis/events?EQ_eventID={held[0]['eventID']}")) == []
    job = captured(api, body, **{"GS1-Capture-Error-Behaviour": "proceed"})
    assert (job["success"], job["running"], job["captureErrorBehaviour"]) == (False, False, "proceed")
    (error,) = job["errors"]
    assert error["type"] == "epcisException:ValidationException"
    names = "|".join(event["eventID"] for event in held)
    assert len(events_of(api.get(f"/epcis/events?EQ_eventID={quote(names)}"))) == 2


def test_what_is_no_document_is_refused_by_name(api: Api) -> None:
    as_json = {"content-type": "application/json"}
    deep = b'{"a":' * 400 + b"1" + b"}" * 400
    for body, headers, status, kind in (
        (b"{", as_json, 400, "ValidationException"),
        (b"", as_json, 400, "ValidationException"),
        (deep, as_json, 400, "ValidationException"),
        (b"<a/>", {"content-type": "application/xml"}, 400, "ValidationException"),
        (b"x", {"content-type": "text/plain"}, 415, "UnsupportedMediaTypeException"),
        (b"{}", {**as_json, "content-encoding": "gzip"}, 415, "UnsupportedMediaTypeException"),
        (b"{}", {**as_json, "GS1-Capture-Error-Behaviour": "perhaps"}, 400, "ValidationException"),
    ):
        problem(api.post("/epcis/capture", content=body, headers=headers), status, kind)
        if "GS1-Capture-Error-Behaviour" not in headers:
            problem(api.post("/epcis/events", content=body, headers=headers), status, kind)
    too_large = {**as_json, "content-length": str(1 << 40)}
    problem(api.post("/epcis/capture", content=b"{}", headers=too_large), 413, "CaptureLimitExceededException")
    whole = json.dumps(document(all_events(2))).encode()
    problem(api.post("/epcis/events", content=whole, headers=as_json), 400, "ValidationException")


# -- pages ---------------------------------------------------------------------------------------------------------


def test_pages_hold_while_events_come_in(api: Api) -> None:
    captured(api, json.dumps(document(all_events(60))).encode())
    for order in ("", "&orderBy=eventTime", "&orderBy=eventTime&orderDirection=ASC", "&EQ_action=ADD|OBSERVE|DELETE"):
        before = [event["eventID"] for event in events_of(api.get(f"/epcis/events?perPage=1000{order}"))]
        seen: list[str] = []
        address = f"/epcis/events?perPage=7{order}"
        while address:
            answer = api.get(address)
            seen += [event["eventID"] for event in events_of(answer)]
            late = {**EVENT, "eventID": f"urn:uuid:late-{order}-{len(seen)}", "eventTime": "2024-06-01T00:00:00Z"}
            assert api.post("/epcis/events", json=late).status_code == 201
            link = answer.headers.get("link", "")
            address = link[1 : link.index(">")] if link else ""
            assert bool(link) == ("gs1-next-page-token-expires" in answer.headers)
        assert seen == before


def test_a_token_is_good_for_its_own_query_and_for_an_hour(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    first = api.get("/epcis/events?perPage=1")
    link = first.headers["link"]
    token = link.split("nextPageToken=")[1].split(">")[0]
    assert api.get(f"/epcis/events?perPage=2&nextPageToken={token}").status_code == 200, "a page may be larger"
    for address in (
        f"/epcis/events?perPage=1&EQ_action=ADD&nextPageToken={token}",
        f"/epcis/events?nextPageToken={token}x",
        "/epcis/events?nextPageToken=AAAA",
        "/epcis/events?nextPageToken=%F0%9F%98%80",
        f"/epcis/bizSteps/shipping/events?nextPageToken={token}",
    ):
        problem(api.get(address), 400, "QueryParameterException")
    assert api("DELETE", f"/epcis/nextPageToken/{token}").status_code == 204
    for other in ("%21%21%21%21", "=", "===="):
        assert api.get(f"/epcis/events?perPage=1&nextPageToken={token}{other}").status_code == 400
    problem(api.get(f"/epcis/events?perPage=1&nextPageToken={token}"), 400, "QueryParameterException")
    monkeypatch.setattr(tokens, "LIFETIME_US", -1)
    old = api.get("/epcis/events?perPage=1").headers["link"]
    problem(api.get(old[1 : old.index(">")]), 400, "QueryParameterException")


def test_more_events_than_may_be_are_refused_and_not_cut(api: Api) -> None:
    assert len(events_of(api.get("/epcis/events?maxEventCount=4"))) == 4
    problem(api.get("/epcis/events?maxEventCount=3"), 413, "QueryTooLargeException")
    assert len(events_of(api.get("/epcis/events?orderBy=eventTime&eventCountLimit=3"))) == 3


# -- bad queries ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "EQ_colour=red", "eq_bizStep=shipping", "GX_eventTime=2024-01-01T00:00:00Z", "EQ_action=LOOK",
        "eventType=Party", "GE_eventTime=yesterday", "GE_eventTime=2024-01-01T00:00:00",
        "GE_eventTime=2024-13-01T00:00:00Z", "GE_eventTime=",
        "GT_quantity=many", "GT_quantity=nan", "EQ_quantity_KGM=1e999", "EQ_booleanValue=maybe", "perPage=0",
        "perPage=-1", "perPage=ten", "perPage=99999999999999999999", "maxEventCount=x",
        "eventCountLimit=0&orderBy=eventTime", "eventCountLimit=3",
        "maxEventCount=1&eventCountLimit=1", "orderBy=colour", "orderBy=eventTime&orderDirection=UP",
        "MATCH_epc=.*", "MATCH_epc=(a%2B)%2B$", "MATCH_epc=urn:epc:idpat:sgtin:*.1.*",
        "MATCH_epc=urn:epc:idpat:sgtin:0614141.[0-9].*", "MATCH_epc=urn:epc:idpat:unknown:1.*",
        "MATCH_anyEPC=", "EXISTS_errorDeclaration=maybe", "GT_ex:num=red", "EQ_bizStep=a&EQ_bizStep=", "=x",
        "GE_eventTime=2024-01-01T00:00:00Z&GE_eventTime=2024-01-02T00:00:00Z", "EQ_bizStep=%00",
    ],
)  # fmt: skip
def test_a_bad_query_is_a_query_parameter_exception(api: Api, query: str) -> None:
    problem(api.get(f"/epcis/events?{query}"), 400, "QueryParameterException")


def test_a_query_has_limits_of_length_and_of_cost(api: Api) -> None:
    problem(api.get("/epcis/events?EQ_bizStep=" + "x" * 9_000), 414, "URITooLongException")
    many = {"MATCH_epc": [f"urn:epc:id:sgtin:0614141.107346.{serial}" for serial in range(10_000)]}
    assert api.post("/epcis/queries", json={"name": "many", "query": many}).status_code == 201
    assert events_of(api.get("/epcis/queries/many/events")) == []
    too_many = {"MATCH_epc": [*many["MATCH_epc"], "urn:epc:id:sgtin:0614141.107346.x"]}
    refused = api.post("/epcis/queries", json={"name": "more", "query": too_many})
    problem(refused, 413, "QueryTooComplexException")
    assert events_of(api.get("/epcis/events?perPage=1000000")), "a page as large as we give them"


def test_other_reads_do_not_wait_behind_queries(api: Api) -> None:
    queries = api.app.web.queries
    release = threading.Event()

    async def while_queries_run() -> tuple[int, int]:
        transport = httpx.ASGITransport(app=api.app)
        client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8470")
        held = [asyncio.create_task(queries.call(release.wait, seconds=30)) for _ in range(limits.QUERIES_MAX)]
        asking = asyncio.create_task(client.get("/epcis/events"))
        other = await client.get("/epcis/queries")
        waited = not asking.done()
        release.set()
        await asyncio.gather(*held)
        assert waited, "the query had a thread though all were held"
        found = await asking
        await client.aclose()
        return other.status_code, found.status_code

    assert asyncio.run(while_queries_run()) == (200, 200)


# -- top level -----------------------------------------------------------------------------------------------------


def test_what_there_is_is_listed_and_what_is_not_is_not_found(api: Api) -> None:
    def members(path: str) -> list[str]:
        answer = api.get(f"/epcis/{path}")
        assert answer.status_code == 200
        found: list[str] = answer.json()["member"]
        return found

    assert len(members("")) == 9
    assert members("bizSteps") == ["commissioning", "packing", "shipping"]
    assert "ObjectEvent" in members("eventTypes")
    assert len(members("epcs")) == 4
    assert members("readPoints")
    assert members("bizLocations")
    assert "in_transit" in members("dispositions")
    assert members("bizSteps/shipping") == ["events"]
    first = api.get("/epcis/epcs?perPage=3")
    rest = api.get(first.headers["link"][1 : first.headers["link"].index(">")])
    assert len({*first.json()["member"], *rest.json()["member"]}) == 4
    for path in ("bizSteps/flying", "readPoints/urn:epc:id:sgln:0614141.00777.0", "dispositions/lost",
                 "epcs/urn:epc:id:sgtin:0614141.107346.none", "eventTypes/PartyEvent"):  # fmt: skip
        problem(api.get(f"/epcis/{path}"), 404, "NoSuchNameException")
        problem(api.get(f"/epcis/{path}/events"), 404, "NoSuchNameException")
    problem(api.get("/epcis/bizSteps?colour=red"), 400, "ValidationException")
    problem(api.get("/epcis/events/urn:uuid:none"), 404, "NoSuchNameException")
    problem(api.get("/epcis/capture/none"), 404, "NoSuchNameException")


def test_the_events_of_a_package_are_found_by_any_name_of_it(api: Api) -> None:
    urn, link = scene.pack_urn("A1"), f"https://id.gs1.org/01/{scene.GTIN}/21/A1"
    wanted = [event["eventID"] for event in events_of(api.get(f"/epcis/epcs/{quote(urn, safe='')}/events"))]
    assert len(wanted) == 2, "made and packed; what happens to its case is of the case"
    for name in (quote(link, safe=""), link, urn):
        found = events_of(api.get(f"/epcis/epcs/{name}/events"))
        assert [event["eventID"] for event in found] == wanted
    case = events_of(api.get(f"/epcis/events?MATCH_anyEPC={scene.CASE_URN}"))
    assert {event["bizStep"] for event in case} == {"commissioning", "packing", "shipping"}
    narrowed = events_of(api.get(f"/epcis/epcs/{quote(urn, safe='')}/events?EQ_bizStep=packing"))
    assert len(narrowed) == 1


# -- named queries -------------------------------------------------------------------------------------------------


def test_a_named_query_is_a_view_that_may_be_narrowed(api: Api) -> None:
    asked = {"EQ_bizStep": ["commissioning", "shipping"]}
    made = api.post("/epcis/queries", json={"name": "made or sent", "query": asked})
    assert made.status_code == 201
    at = made.headers["location"]
    assert len(events_of(api.get(f"{at}/events"))) == 3
    assert len(events_of(api.get(f"{at}/events?EQ_action=ADD"))) == 2
    paged = api.get(f"{at}/events?perPage=2")
    assert len(events_of(api.get(paged.headers["link"][1 : paged.headers["link"].index(">")]))) == 1
    assert api.get(at).json()["query"] == asked
    problem(
        api.post("/epcis/queries", json={"name": "made or sent", "query": {}}), 409, "ResourceAlreadyExistsException"
    )
    problem(
        api.post("/epcis/queries", json={"name": "bad", "query": {"EQ_colour": ["x"]}}), 400, "QueryParameterException"
    )
    problem(api.post("/epcis/queries", json={"name": "a/b", "query": {}}), 400, "ValidationException")
    problem(api.post("/epcis/queries", json={"query": {}}), 400, "ValidationException")
    deep = api.post("/epcis/queries", content=b"[" * 400, headers={"content-type": "application/json"})
    problem(deep, 400, "ValidationException")
    problem(api.get(f"{at}/events?stream=true"), 400, "ValidationException")
    assert [each["name"] for each in api.get("/epcis/queries").json()] == ["made or sent"]
    assert api("DELETE", at).status_code == 204
    problem(api.get(at), 404, "NoSuchNameException")
    problem(api.get(f"{at}/events"), 404, "NoSuchNameException")


def test_the_order_of_a_named_query_counts_for_what_narrows_it(api: Api) -> None:
    ordered = {"orderBy": "eventTime", "orderDirection": "ASC"}
    at = api.post("/epcis/queries", json={"name": "ordered", "query": ordered}).headers["location"]
    everything = events_of(api.get(f"{at}/events"))
    assert events_of(api.get(f"{at}/events?eventCountLimit=2")) == everything[:2]
    assert len(everything) > 2
    told = api.get(f"{at}/events?eventCountLimit=2&perPage=1").headers["link"]
    assert events_of(api.get(told[1 : told.index(">")])) == everything[1:2], "the next page is asked alike"
    problem(api.get("/epcis/queries/SimpleEventQuery/events?eventCountLimit=2"), 400, "QueryParameterException")


def test_what_narrows_a_named_query_may_not_exclude_it(api: Api) -> None:
    few = {"orderBy": "eventTime", "eventCountLimit": 3}
    at = api.post("/epcis/queries", json={"name": "few", "query": few}).headers["location"]
    assert len(events_of(api.get(f"{at}/events?perPage=5"))) == 3
    problem(api.get(f"{at}/events?maxEventCount=5"), 400, "QueryParameterException")
    at = api.post("/epcis/queries", json={"name": "most", "query": {"maxEventCount": 9}}).headers["location"]
    problem(api.get(f"{at}/events?orderBy=eventTime&eventCountLimit=3"), 400, "QueryParameterException")
    assert len(events_of(api.get(f"{at}/events"))) == 4
    for counts in ({"eventCountLimit": 3}, {**few, "maxEventCount": 5}):
        answer = api.post("/epcis/queries", json={"name": "x", "query": counts})
        problem(answer, 400, "QueryParameterException")


def test_a_named_query_of_an_earlier_version_is_answered_in_the_order_of_record(api: Api, node: Node) -> None:
    keep_query(node, "old", {"eventCountLimit": 3})
    everything = events_of(api.get("/epcis/events"))
    assert events_of(api.get("/epcis/queries/old/events")) == everything[:3]
    assert len(everything) > 3
    sent = [event for event in everything if event["bizStep"] == "shipping"]
    assert events_of(api.get("/epcis/queries/old/events?EQ_bizStep=shipping")) == sent, "it may be narrowed, too"
    problem(api.get("/epcis/queries/old/events?eventCountLimit=2"), 400, "QueryParameterException")
    assert len(events_of(api.get("/epcis/queries/old/events?eventCountLimit=2&orderBy=eventTime"))) == 2


# -- who may see what ----------------------------------------------------------------------------------------------


def test_a_site_sees_what_concerns_it_and_speaks_for_itself_only(api: Api, node: Node) -> None:
    other = "0614141000005"
    assert api.post("/epcis/events", json=EVENT).status_code == 201
    pharmacy = {"authorization": f"Bearer {node.access.keys.add(scene.PHARMACY).secret}"}
    stranger = {"authorization": f"Bearer {node.access.keys.add(other).secret}"}
    problem(api.get("/epcis/events"), 401, "SecurityException")
    problem(api.get("/epcis/events", headers={"authorization": "Bearer rxs_" + "x" * 43}), 401, "SecurityException")
    seen = events_of(api.get("/epcis/events", headers=pharmacy))
    assert [event["bizStep"] for event in seen] == ["shipping"], "what was sent to it"
    assert events_of(api.get("/epcis/events", headers=stranger)) == []
    assert api.get("/epcis/bizSteps", headers=pharmacy).json()["member"] == ["shipping"]
    assert api.get("/epcis/epcs", headers=stranger).json()["member"] == []
    problem(api.get("/epcis/bizSteps/commissioning/events", headers=pharmacy), 404, "NoSuchNameException")
    of_others = api.get(f"/epcis/events/{quote(str(EVENT['eventID']), safe='')}", headers=stranger)
    problem(of_others, 404, "NoSuchNameException")
    assert api.get("/epcis/capture", headers=stranger).json() == []
    as_xml = {"content-type": "application/xml", **stranger}
    foreign = api.post("/epcis/capture", content=scene.shipment("Q1"), headers=as_xml)
    problem(foreign, 403, "SecurityException")
    own = {**EVENT, "eventID": "urn:uuid:own"}
    assert api.post("/epcis/events", json=own, headers=stranger).status_code == 201
    assert [event["eventID"] for event in events_of(api.get("/epcis/events", headers=stranger))] == ["urn:uuid:own"]
    named = {"name": "mine", "query": {}}
    assert api.post("/epcis/queries", json=named, headers=stranger).status_code == 201
    problem(api.get("/epcis/queries/mine", headers=pharmacy), 404, "NoSuchNameException")
    assert api.post("/epcis/queries", json=named, headers=pharmacy).status_code == 201, "names are each company's own"


def test_a_capture_that_was_cut_off_goes_on_after_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = json.dumps(document(all_events(40))).encode()
    with open_node(tmp_path) as node:
        monkeypatch.setattr(type(node._capture), "apply", lambda *_, **__: None)  # killed right after it was accepted
        client = Api(build(node))
        answer = client.post("/epcis/capture", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 202
        assert client.get(answer.headers["location"]).json()["running"]
        client.close()
    monkeypatch.undo()
    with open_node(tmp_path) as node:
        node.resume()
        client = Api(build(node))
        job = client.get(answer.headers["location"]).json()
        assert (job["running"], job["success"]) == (False, True)
        assert len(events_of(client.get("/epcis/events?perPage=100"))) == 40
        client.close()


def test_names_that_no_xml_can_hold_harm_no_answer_in_xml(api: Api) -> None:
    query = {"@context": {"a\u00aa": "urn:x", "\u0001": "urn:y"}, "EQ_bizStep": ["a\ufffeb"]}
    assert api.post("/epcis/queries", json={"name": "odd\ufffe", "query": query}).status_code == 201
    answer = api.get("/epcis/queries", headers=XML)
    assert answer.status_code == 200
    assert etree.fromstring(answer.content).findtext(".//name") == "odd\ufffd"
    odd = {**EVENT, "eventTimeZoneOffset": "\u0001", "": "no name"}
    assert api.post("/epcis/events", json=odd).status_code == 201
    answer = api.get(f"/epcis/events/{EVENT['eventID']}", headers=XML)
    assert etree.fromstring(answer.content).findtext(".//eventTimeZoneOffset") == "\ufffd"


@pytest.mark.parametrize(
    "query", ["GE_errorDeclarationTime=1970-01-01T00:00:00Z", "LT_errorDeclarationTime=2030-01-01T00:00:00Z"]
)
def test_a_declaration_that_tells_no_time_is_found_by_none(api: Api, query: str) -> None:
    timeless = {**EVENT, "errorDeclaration": {"reason": "incorrect_data"}}
    timed = {**EVENT, "eventID": "urn:x:timed", "errorDeclaration": {"declarationTime": "2024-02-01T00:00:00Z"}}
    for event in (timeless, timed):
        assert api.post("/epcis/events", json=event).status_code == 201
    found = [each["eventID"] for each in events_of(api.get(f"/epcis/events?{query}"))]
    assert "urn:x:timed" in found
    assert EVENT["eventID"] not in found
