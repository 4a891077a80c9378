"""Two companies on one hub: each sees all that is its own, nothing of the other's, and takes nothing from it."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
import pytest

from rxtrail.epcis_query import budget, costs, named, room, subscriptions
from rxtrail.epcis_query.members import members
from rxtrail.web import limits
from tests.epcis_query.test_rest import EVENT, events_of, problem

if TYPE_CHECKING:
    from rxtrail.bootstrap import Node
    from rxtrail.ledger.log import Log
    from rxtrail.store import Transaction
    from tests.web.conftest import Api

ONE, TWO = "0614141000005", "0614141000012"
PLACE = "urn:epc:id:sgln:0614141.00777.0"
WITHIN = "urn:epc:id:sgln:0614141.00777.A"


@pytest.fixture
def one(node: Node) -> dict[str, str]:
    return {"authorization": f"Bearer {node.access.keys.add(ONE).secret}"}


@pytest.fixture
def two(node: Node) -> dict[str, str]:
    return {"authorization": f"Bearer {node.access.keys.add(TWO).secret}"}


def event(number: int, **more: Any) -> dict[str, Any]:
    return {**EVENT, "eventID": f"urn:uuid:{number:08}-1111-4111-8111-111111111111",
            "eventTime": f"2024-01-01T10:{number // 60:02}:{number % 60:02}Z", **more}  # fmt: skip


def names(api: Api, query: str, key: dict[str, str]) -> list[str]:
    return [each["eventID"] for each in events_of(api.get(f"/epcis/events{query}", headers=key))]


def walked(api: Api, path: str, key: dict[str, str]) -> list[list[str]]:
    pages: list[list[str]] = []
    while path:
        answer = api.get(path, headers=key)
        assert answer.status_code == 200, answer.text
        pages.append(answer.json()["member"])
        link = answer.headers.get("link", "")
        path = link[1 : link.index(">")] if link else ""
    return pages


# -- lists ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_a_list_that_is_read_in_pages_has_every_member_once(
    api: Api, one: dict[str, str], two: dict[str, str], count: int
) -> None:
    epcs = [f"urn:epc:id:sgtin:0614141.107346.{number}" for number in range(9)]
    cases = [f"urn:epc:id:sscc:0614141.000000000{number}" for number in range(3)]
    for number, held in enumerate((epcs[:5], epcs[3:], epcs[:9], cases, [*epcs[2:4], *cases])):
        told = event(
            number, epcList=held, bizStep=f"https://ex.example/step/{number}", readPoint={"id": PLACE + str(number)}
        )
        assert api.post("/epcis/events", json=told, headers=one).status_code == 201
    own = {**event(50), "type": "https://ex.example/ns/PartyEvent", "@context": EVENT["@context"]}
    assert api.post("/epcis/events", json=event(60, bizStep="picking"), headers=two).status_code == 201
    assert api.post("/epcis/events", json=own, headers=one).status_code == 201
    for kind in ("epcs", "bizSteps", "readPoints", "eventTypes", "dispositions", "bizLocations"):
        (whole,) = walked(api, f"/epcis/{kind}?perPage=1000", one)
        pages = walked(api, f"/epcis/{kind}?perPage={count}", one)
        assert all(len(page) <= count for page in pages)
        assert [each for page in pages for each in page] == whole
        assert len(set(whole)) == len(whole)
    (whole,) = walked(api, "/epcis/epcs?perPage=1000", {**one, "GS1-EPC-Format": "Always_EPC_URN"})
    assert sorted(whole) == sorted([*epcs, *cases, str(EVENT["epcList"][0])])
    (steps,) = walked(api, "/epcis/bizSteps?perPage=1000", one)
    assert "picking" not in steps


class Tired(budget.Budget):
    """What is spent whenever it is asked."""

    @property
    def spent(self) -> bool:
        return True


def test_one_huge_event_that_costs_many_pages_is_read_through_with_every_member_once(
    api: Api, node: Node, one: dict[str, str]
) -> None:
    epcs = [f"urn:epc:id:sgtin:0614141.107346.{number}" for number in range(1200)]
    for number in range(2):  # the second says nothing new, and must not be where every page begins anew
        assert api.post("/epcis/events", json=event(number, epcList=epcs), headers=one).status_code == 201
    last = event(2, epcList=["urn:epc:id:sgtin:0614141.107346.9999"])
    assert api.post("/epcis/events", json=last, headers=one).status_code == 201
    found: list[str] = []
    after, pages = "", 0
    while (pages == 0 or after) and pages < 20:
        page = members(node._reader(), "epcs", after, 1000, Tired(), viewer=ONE)
        found, after, pages = found + page.members, page.next, pages + 1
    assert not after
    assert len(found) == len(set(found)) == 1201


def test_lists_of_a_node_without_keys_are_whole_in_pages_too(api: Api) -> None:
    for kind in ("epcs", "bizSteps", "readPoints", "eventTypes", "dispositions", "bizLocations"):
        (whole,) = walked(api, f"/epcis/{kind}?perPage=1000", {})
        for count in (1, 2, 3):
            pages = walked(api, f"/epcis/{kind}?perPage={count}", {})
            assert all(len(page) <= count for page in pages), kind
            assert [each for page in pages for each in page] == whole


def test_a_long_name_is_no_end_of_a_list(api: Api) -> None:
    for number in range(3):
        told = event(number, bizStep=f"https://ex.example/{'s' * 1500}/{number}")
        assert api.post("/epcis/events", json=told).status_code == 201
    assert sum(map(len, walked(api, "/epcis/bizSteps?perPage=1", {}))) == 6


# -- one event, two speakers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("named_by", ["eventID", "hash"])
def test_an_event_that_two_companies_say_is_found_by_both(
    api: Api, node: Node, one: dict[str, str], two: dict[str, str], named_by: str
) -> None:
    told = event(1)
    if named_by == "hash":
        del told["eventID"]
    assert api.post("/epcis/events", json=event(0), headers=one).status_code == 201
    assert api.post("/epcis/events", json=told, headers=one).status_code == 201
    assert api.post("/epcis/events", json=event(2), headers=one).status_code == 201
    assert names(api, "", two) == []
    first = api.post("/epcis/events", json={**told, "recordTime": "2024-02-01T00:00:00Z"}, headers=two)
    assert first.status_code == 201, first.text
    problem(api.post("/epcis/events", json=told, headers=two), 409, "ResourceAlreadyExistsException")
    (name,) = names(api, "", two)
    for query in ("", "?EQ_bizStep=receiving", f"?MATCH_anyEPC={EVENT['epcList'][0]}", "?orderBy=eventTime"):
        assert names(api, query, two) == [name], query
        assert len(names(api, query, one)) == 3
    assert api.get(f"/epcis/events/{quote(name, safe='')}", headers=two).status_code == 200
    assert api.get("/epcis/bizSteps", headers=two).json()["member"] == ["receiving"]
    assert len(api.get("/epcis/epcs", headers=two).json()["member"]) == 1
    assert api.post("/epcis/events", json=event(3), headers=two).status_code == 201
    assert len(names(api, "", two)) == 2
    assert node._reader().log_size() > 0


def test_the_very_same_document_from_another_company_is_its_own_too(
    api: Api, one: dict[str, str], two: dict[str, str]
) -> None:
    said = [event(number) for number in range(5)]
    body = {"@context": EVENT["@context"], "type": "EPCISDocument", "schemaVersion": "2.0",
            "creationDate": "2024-01-01T00:00:00Z", "epcisBody": {"eventList": said}}  # fmt: skip
    text = json.dumps(body).encode()
    for key in (one, two, two):
        answer = api.post("/epcis/capture?wait=1", content=text, headers={**key, "content-type": "application/json"})
        assert answer.status_code == 202, answer.text
        job = api.get(answer.headers["location"], headers=key)
        for _ in range(200):
            assert job.status_code == 200, job.text
            if not job.json()["running"]:
                break
            job = api.get(answer.headers["location"], headers=key)
        assert job.json()["success"], job.json()
        assert len(api.get("/epcis/capture", headers=key).json()) == 1
        assert names(api, "", key) == [each["eventID"] for each in said]


def test_captures_of_one_company_are_listed_whole_between_those_of_another(
    api: Api, one: dict[str, str], two: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        key = one if number % 4 == 0 else two
        assert api.post("/epcis/events", json=event(number), headers=key).status_code == 201
    for seconds in (2.0, -1.0):  # the second time a page ends with the first capture of others; the way on is told
        monkeypatch.setattr(room, "_JOBS_SECONDS_MAX", seconds)
        for count in (1, 2, 50):
            told: list[str] = []
            path, pages = f"/epcis/capture?perPage={count}", 0
            while path and pages < 40:
                answer = api.get(path, headers=one)
                assert len(answer.json()) <= count
                told += [each["captureID"] for each in answer.json()]
                link = answer.headers.get("link", "")
                path, pages = link[1 : link.index(">")] if link else "", pages + 1
            assert len(set(told)) == len(told) == 3


# -- master data ---------------------------------------------------------------------------------------------------


def test_a_query_tells_nothing_of_what_others_say_of_a_place(
    api: Api, one: dict[str, str], two: dict[str, str]
) -> None:
    element = {"id": PLACE, "attributes": [{"id": "urn:epcglobal:cbv:mda#city", "attribute": "Basel"}],
               "children": [WITHIN]}  # fmt: skip
    header = {
        "epcisMasterData": {
            "vocabularyList": [{"type": "urn:epcglobal:epcis:vtype:ReadPoint", "vocabularyElementList": [element]}]
        }
    }
    at_one = [event(1, readPoint={"id": PLACE}), event(2, readPoint={"id": WITHIN})]
    body = {
        "@context": EVENT["@context"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2024-01-01T00:00:00Z",
        "epcisHeader": header,
        "epcisBody": {"eventList": at_one},
    }
    at_two = [event(3, readPoint={"id": PLACE}), event(4, readPoint={"id": WITHIN})]
    assert api.post("/epcis/capture", json=body, headers=one).status_code == 202
    for each in at_two:
        assert api.post("/epcis/events", json=each, headers=two).status_code == 201
    for _ in range(200):
        if len(names(api, "", one)) == 2:
            break
    mine, theirs = [[each["eventID"] for each in said] for said in (at_one, at_two)]
    for query, by_one, by_two in (
        ("?HASATTR_readPoint=city", mine[:1], []),
        ("?EQ_ATTR_readPoint_city=Basel", mine[:1], []),
        (f"?WD_readPoint={PLACE}", mine, theirs[:1]),
    ):
        assert names(api, query, one) == by_one, query
        assert names(api, query, two) == by_two, query


# -- what one company may take -------------------------------------------------------------------------------------


def test_each_company_has_a_bound_of_its_own(
    api: Api, one: dict[str, str], two: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(named, "QUERIES_MAX", 2)
    monkeypatch.setattr(subscriptions, "SUBSCRIPTIONS_EACH_MAX", 2)
    wish = {"dest": "https://hook.example/x", "signatureToken": "t", "stream": True}
    for key in (one, two):
        for number in range(2):
            made = api.post("/epcis/queries", json={"name": f"q{number}", "query": {}}, headers=key)
            assert made.status_code == 201, made.text
            assert api.post("/epcis/queries/q0/subscriptions", json=wish, headers=key).status_code == 201
        problem(api.post("/epcis/queries", json={"name": "q2", "query": {}}, headers=key), 400, "ValidationException")
        problem(
            api.post("/epcis/queries/q0/subscriptions", json=wish, headers=key), 400, "SubscriptionControlsException"
        )
        assert [each["name"] for each in api.get("/epcis/queries", headers=key).json()] == ["q0", "q1"]
        pages = api.get("/epcis/queries?perPage=1", headers=key)
        assert len(pages.json()) == 1
        assert pages.headers["link"]
        assert api("DELETE", "/epcis/queries/q1", headers=key).status_code == 204
        assert api.post("/epcis/queries", json={"name": "q3", "query": {}}, headers=key).status_code == 201


def test_queries_that_an_earlier_version_kept_are_their_owners_still(
    api: Api, node: Node, one: dict[str, str], two: dict[str, str]
) -> None:
    def keep(tx: Transaction, log: Log) -> None:
        for number, owner in enumerate((ONE, TWO, "")):
            query = named.NamedQuery("old", {"perPage": 1 + number}, owner, "2024-01-01T00:00:00Z")
            tx.keep("epcis-query", f"{owner}\nold", log.now, msgspec.msgpack.encode(query), tell=True)

    node._writing()[0].do(keep)
    for number, key in enumerate((one, two)):
        assert api.post("/epcis/queries", json={"name": "new", "query": {}}, headers=key).status_code == 201
        found = api.get("/epcis/queries/old", headers=key)
        assert found.status_code == 200, found.text
        assert found.json()["query"] == {"perPage": 1 + number}
        assert [each["name"] for each in api.get("/epcis/queries", headers=key).json()] == ["old", "new"]
        first = api.get("/epcis/queries?perPage=1", headers=key)
        link = first.headers["link"]
        second = api.get(link[1 : link.index(">")], headers=key)
        assert [each["name"] for each in (*first.json(), *second.json())] == ["old", "new"]
        again = api.post("/epcis/queries", json={"name": "old", "query": {}}, headers=key)
        problem(again, 409, "ResourceAlreadyExistsException")
    assert [each.name for _, each in node.epcis.named.page("", 10)] == ["old"]
    assert api("DELETE", "/epcis/queries/old", headers=one).status_code == 204
    assert api.get("/epcis/queries/old", headers=one).status_code == 404
    assert api.get("/epcis/queries/old", headers=two).status_code == 200
    assert api.post("/epcis/queries", json={"name": "old", "query": {}}, headers=one).status_code == 201


def test_one_company_never_takes_all_threads_of_queries(api: Api) -> None:
    release = threading.Event()
    queries = api.app.web.queries

    async def asked() -> tuple[int, str]:
        held = [
            asyncio.create_task(queries.call(release.wait, seconds=30, owner=ONE))
            for _ in range(limits.QUERIES_MAX + limits.WAITING_EACH_MAX)
        ]
        await asyncio.sleep(0.05)
        others = await queries.call(lambda: "answered", seconds=5, owner=TWO)
        refused = sum(task.done() and task.exception() is not None for task in held)
        release.set()
        await asyncio.gather(*held, return_exceptions=True)
        assert await queries.call(lambda: "again", seconds=5, owner=ONE) == "again"
        return refused, others

    refused, others = api._runner.run(asked())
    assert others == "answered"
    assert refused == limits.QUERIES_MAX - limits.QUERIES_EACH_MAX, "what is past its own line is refused to it alone"


def test_thousands_of_patterns_are_one_look_at_each_identifier(api: Api, one: dict[str, str]) -> None:
    assert api.post("/epcis/events", json=event(1), headers=one).status_code == 201
    patterns = [f"urn:epc:idpat:sgtin:{number:07}.*.*" for number in range(4999)]
    patterns += [f"urn:epc:idpat:sgtin:0614142.{number:06}.*" for number in range(4998)]
    asked = {"name": "many", "query": {"MATCH_anyEPC": [*patterns, "urn:epc:idpat:sgtin:0614141.*.*"]}}
    assert api.post("/epcis/queries", json=asked, headers=one).status_code == 201
    assert len(events_of(api.get("/epcis/queries/many/events", headers=one))) == 1
    asked = {"name": "none", "query": {"MATCH_anyEPC": patterns}}
    assert api.post("/epcis/queries", json=asked, headers=one).status_code == 201
    assert events_of(api.get("/epcis/queries/none/events", headers=one)) == []


def test_a_query_without_time_left_is_too_complex_and_says_so(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "HARD_SECONDS_MAX", -1.0)
    problem(api.get("/epcis/events?EQ_bizStep=shipping"), 413, "QueryTooComplexException")
    problem(api.get("/epcis/events"), 413, "QueryTooComplexException")


def test_dear_questions_without_end_are_refused_to_who_asks_them(
    api: Api, one: dict[str, str], two: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(costs, "SECONDS_MAX", 1e-6)
    monkeypatch.setattr(costs, "SECONDS_PER_SECOND", 1e-9)
    assert api.get("/epcis/events", headers=one).status_code == 200
    for path in ("events", "epcs", "bizSteps", "bizSteps/shipping/events"):
        told = problem(api.get(f"/epcis/{path}", headers=one), 413, "QueryTooComplexException")
        assert "Ask again in" in told["advice"]
    assert api.get("/epcis/events", headers=two).status_code == 200, "the bucket of another is full"


def test_discovery_tells_the_spelling_that_is_served(api: Api) -> None:
    told = api("OPTIONS", "/epcis/events").headers
    assert told["gs1-epc-format"] == "Always_GS1_Digital_Link"
    (epc, *_) = api.get("/epcis/epcs").json()["member"]
    assert epc.startswith("https://id.gs1.org/")
    asked = {"GS1-EPC-Format": "Always_EPC_URN", "GS1-CBV-XML-Format": "Always_Web_URI"}
    told = api("OPTIONS", "/epcis/events", headers=asked).headers
    assert (told["gs1-epc-format"], told["gs1-cbv-xml-format"]) == ("Always_EPC_URN", "Always_Web_URI")
