"""The SOAP interface: each operation in both versions, each fault, and answers that the official schemas accept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from tests.conformance.shared import shared_dir
from tests.epcis_query.earlier import keep_query
from tests.epcis_query.events import PREFIX, all_events, document, sgln
from tests.epcis_query.test_rest import captured
from tests.web import scene

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rxtrail.bootstrap import Node
    from tests.web.conftest import Api

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
QUERY = "urn:epcglobal:epcis-query:xsd:"


def call(api: Api, body: str, *, number: int = 1, soap: str = SOAP, status: int = 200) -> Any:
    """Ask, and give what stands in the body of the answer."""
    named = body.replace("XMLNS", f'xmlns:q="{QUERY}{number}"')
    text = f'<e:Envelope xmlns:e="{soap}"><e:Header/><e:Body>{named}</e:Body></e:Envelope>'
    media_type = "application/soap+xml" if soap == SOAP_12 else "text/xml"
    answer = api.post("/epcis/soap", content=text.encode(), headers={"content-type": media_type})
    assert answer.status_code == status, answer.text
    root = etree.fromstring(answer.content)
    assert root.tag == f"{{{soap}}}Envelope"
    body_ = root.find(f"{{{soap}}}Body")
    assert body_ is not None
    (inside,) = body_
    return inside


def fault(api: Api, body: str, name: str, *, number: int = 1, status: int = 500) -> None:
    found = call(api, body, number=number, status=status)
    assert found.tag == f"{{{SOAP}}}Fault"
    assert found.find(f"detail/{{{QUERY}{number}}}{name}/reason") is not None, etree.tostring(found)


def poll(query: str, params: Iterable[tuple[str, str]] = ()) -> str:
    told = "".join(f"<param><name>{name}</name><value>{value}</value></param>" for name, value in params)
    return f"<q:Poll XMLNS><queryName>{query}</queryName><params>{told}</params></q:Poll>"


def strings(*values: str) -> str:
    return "".join(f"<string>{value}</string>" for value in values)


@pytest.mark.parametrize("number", [1, 2])
def test_what_there_is_and_which_versions(api: Api, number: int) -> None:
    names = call(api, "<q:GetQueryNames XMLNS/>", number=number)
    assert [each.text for each in names] == ["SimpleEventQuery", "SimpleMasterDataQuery"]
    assert call(api, "<q:GetStandardVersion XMLNS/>", number=number).text == ("1.2" if number == 1 else "2.0")
    assert call(api, "<q:GetVendorVersion XMLNS/>", number=number, soap=SOAP_12).text
    ids = "<q:GetSubscriptionIDs XMLNS><queryName>SimpleEventQuery</queryName></q:GetSubscriptionIDs>"
    assert list(call(api, ids, number=number)) == []


@pytest.mark.parametrize("number", [1, 2])
def test_events_are_polled_by_parameters_of_every_type(api: Api, number: int) -> None:
    found = call(api, poll("SimpleEventQuery", [("EQ_bizStep", strings("urn:epcglobal:cbv:bizstep:shipping")),
                                                ("GE_eventTime", "2026-01-01T00:00:00Z")]), number=number)  # fmt: skip
    assert found.tag == f"{{{QUERY}{number}}}QueryResults"
    (event,) = found.iterfind("resultsBody/EventList/*")
    assert event.findtext(".//epc") == scene.CASE_URN
    none = call(api, poll("SimpleEventQuery", [("EXISTS_errorDeclaration", "")]), number=number)
    assert list(none.find("resultsBody/EventList")) == []
    some = [("eventCountLimit", "2"), ("orderBy", "eventTime"), ("orderDirection", "ASC")]
    assert len(call(api, poll("SimpleEventQuery", some), number=number).find("resultsBody/EventList")) == 2
    anything = [("MATCH_anyEPC", strings(f"https://id.gs1.org/00/{scene.CASE}"))]
    assert len(call(api, poll("SimpleEventQuery", anything), number=number).find("resultsBody/EventList")) == 3


MASTER = [
    {
        "type": "urn:epcglobal:epcis:vtype:BusinessLocation",
        "vocabularyElementList": [
            {"id": sgln(1), "attributes": [{"id": "cbvmda:city", "attribute": "Bern"}], "children": [sgln(2)]},
            {"id": sgln(2), "attributes": [{"id": "cbvmda:city", "attribute": "Genf"}]},
            {"id": sgln(3), "attributes": [{"id": "cbvmda:postalCode", "attribute": "3000"}]},
        ],
    },
    {
        "type": "urn:epcglobal:epcis:vtype:EPCClass",
        "vocabularyElementList": [
            {"id": f"urn:epc:idpat:sgtin:{PREFIX}.100001.*",
             "attributes": [{"id": "cbvmda:descriptionShort", "attribute": "Tablets"}]},
        ],
    },
]  # fmt: skip


def test_master_data_is_polled_by_vocabulary_name_attribute_and_descent(api: Api) -> None:
    captured(api, json.dumps(document(all_events(1), MASTER)).encode())

    def elements(*params: tuple[str, str]) -> dict[str, list[str]]:
        both = [("includeAttributes", "true"), ("includeChildren", "true")]
        given = dict(both) | dict(params)
        found = call(api, poll("SimpleMasterDataQuery", given.items()))
        return {
            each.get("id"): [part.get("id") or part.tag for part in each]
            for each in found.iterfind("resultsBody/VocabularyList/Vocabulary/VocabularyElementList/VocabularyElement")
        }

    places = ("vocabularyName", strings("urn:epcglobal:epcis:vtype:BusinessLocation"))
    city = "urn:epcglobal:cbv:mda#city"
    assert {sgln(1), sgln(2), sgln(3), f"urn:epc:idpat:sgtin:{PREFIX}.100001.*"} <= set(elements())
    assert elements(places)[sgln(1)] == [city, "children"]
    assert elements(places, ("includeChildren", "false"))[sgln(1)] == [city]
    assert elements(places, ("includeAttributes", "false"))[sgln(1)] == ["children"]
    assert set(elements(("EQ_name", strings("https://id.gs1.org/414/0614141000029")))) == {sgln(2)}
    assert set(elements(("WD_name", strings(sgln(1))))) == {sgln(1), sgln(2)}
    assert set(elements(("HASATTR", strings(city)))) >= {sgln(1), sgln(2)}
    assert set(elements((f"EQATTR_{city}", strings("Genf")))) == {sgln(2)}
    assert elements(places, ("attributeNames", strings("x")))[sgln(1)] == ["children"]
    fault(api, poll("SimpleMasterDataQuery", [("maxElementCount", "1")]), "QueryTooLargeException", status=413)
    fault(api, poll("SimpleMasterDataQuery", [("colour", "red")]), "QueryParameterException")


def subscribe(identifier: str, *, query: str = "SimpleEventQuery", dest: str = "http://127.0.0.1:9/x",
              controls: str = "<schedule><minute>0</minute></schedule>", limit: str = "") -> str:  # fmt: skip
    most = f"<param><name>eventCountLimit</name><value>{limit}</value></param>" if limit else ""
    return (
        f"<q:Subscribe XMLNS><queryName>{query}</queryName><params><param><name>EQ_action</name><value>"
        f"{strings('ADD')}</value></param>{most}</params><dest>{dest}</dest><controls>{controls}"
        f"<reportIfEmpty>false</reportIfEmpty></controls><subscriptionID>{identifier}</subscriptionID></q:Subscribe>"
    )


def test_subscribing_and_unsubscribing(api: Api) -> None:
    assert call(api, subscribe("mine")).tag == f"{{{QUERY}1}}SubscribeResult"
    ids = "<q:GetSubscriptionIDs XMLNS><queryName>SimpleEventQuery</queryName></q:GetSubscriptionIDs>"
    assert [each.text for each in call(api, ids)] == ["mine"]
    fault(api, subscribe("mine"), "DuplicateSubscriptionException")
    fault(api, subscribe("x", dest="nowhere"), "InvalidURIException")
    fault(api, subscribe("x", controls=""), "SubscriptionControlsException")
    fault(api, subscribe("x", controls="<schedule><minute>61</minute></schedule>"), "SubscriptionControlsException")
    fault(api, subscribe("x", query="none"), "NoSuchNameException")
    fault(api, subscribe("x", query="SimpleMasterDataQuery"), "SubscribeNotPermittedException")
    ending = "<q:Unsubscribe XMLNS><subscriptionID>mine</subscriptionID></q:Unsubscribe>"
    assert call(api, ending).tag == f"{{{QUERY}1}}UnsubscribeResult"
    fault(api, ending, "NoSuchSubscriptionException")
    assert list(call(api, ids)) == []


def test_a_limit_needs_an_order_in_what_is_asked_and_the_named_query_together(api: Api, node: Node) -> None:
    def told(query: str, *params: tuple[str, str]) -> int:
        return len(call(api, poll(query, params)).find("resultsBody/EventList"))

    ordered = {"name": "ordered", "query": {"orderBy": "eventTime"}}
    assert api.post("/epcis/queries", json=ordered).status_code == 201
    keep_query(node, "old", {"eventCountLimit": 3})  # an earlier version took it: in the order of record
    limit = ("eventCountLimit", "2")
    assert told("ordered", limit) == 2
    assert told("old") == 3
    for query in ("SimpleEventQuery", "old"):
        fault(api, poll(query, [limit]), "QueryParameterException")
        fault(api, subscribe("x", query=query, limit="2"), "QueryParameterException")
    fault(api, poll("ordered", [limit, ("maxEventCount", "5")]), "QueryParameterException")
    for query, most in (("ordered", "2"), ("old", "")):
        assert call(api, subscribe(query, query=query, limit=most)).tag == f"{{{QUERY}1}}SubscribeResult"


@pytest.mark.parametrize("number", [1, 2])
def test_what_is_wrong_is_a_fault_of_the_standard(api: Api, number: int) -> None:
    fault(api, poll("none"), "NoSuchNameException", number=number)
    fault(api, poll("SimpleEventQuery", [("EQ_colour", "x")]), "QueryParameterException", number=number)
    fault(api, poll("SimpleEventQuery", [("GE_eventTime", "x")]), "QueryParameterException", number=number)
    many = [("maxEventCount", "1")]
    fault(api, poll("SimpleEventQuery", many), "QueryTooLargeException", number=number, status=413)
    fault(api, "<q:Sing XMLNS/>", "ValidationException", number=number)


@pytest.mark.parametrize(
    "body", [b"", b"<a/>", b"<a", b"{}", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', b"<a>" * 10_000]
)
def test_what_is_no_call_is_a_fault(api: Api, body: bytes) -> None:
    answer = api.post("/epcis/soap", content=body, headers={"content-type": "text/xml"})
    assert answer.status_code == 500
    assert b"ValidationException" in answer.content
    assert api.post("/epcis/soap", content=b"<a/>", headers={"content-type": "text/plain"}).status_code == 415


def test_the_interface_describes_itself(api: Api) -> None:
    root = etree.fromstring(api.get("/epcis/soap?wsdl").content)
    names = {each.get("name") for each in root.iterfind("{*}portType/{*}operation")}
    assert names == {"getQueryNames", "subscribe", "unsubscribe", "getSubscriptionIDs", "poll", "getStandardVersion",
                     "getVendorVersion"}  # fmt: skip
    address = root.find(".//{http://schemas.xmlsoap.org/wsdl/soap/}address")
    assert address is not None
    assert str(address.get("location")).endswith("/epcis/soap")


@pytest.mark.conformance
@pytest.mark.parametrize(("number", "schema"), [(1, "epcis-1.2/xsd/EPCglobal-epcis-query-1_2.xsd"),
                                                (2, "epcis-2.0/xsd/EPCglobal-epcis-query-2_0.xsd")])  # fmt: skip
def test_answers_are_what_the_official_schemas_say(api: Api, number: int, schema: str) -> None:
    shared = shared_dir()
    if shared is None:
        pytest.skip("no shared test data on this machine")
    captured(api, json.dumps(document(all_events(1), MASTER)).encode())
    valid = etree.XMLSchema(etree.parse(str(shared / "conformance/epcis/schemas" / schema)))
    for body in (
        "<q:GetQueryNames XMLNS/>", "<q:GetStandardVersion XMLNS/>",
        poll("SimpleEventQuery", [("EQ_action", strings("ADD")), ("MATCH_anyEPC", strings(scene.pack_urn("A1")))]),
        poll("SimpleMasterDataQuery"), subscribe(f"s{number}"),
    ):  # fmt: skip
        answer = call(api, body, number=number)
        assert valid.validate(etree.fromstring(etree.tostring(answer))), (body, valid.error_log)
