"""A sender's own words, places and kinds of events: found by their IRI, and by a prefix that the asker declares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.epcis_query.test_rest import EVENT, events_of

if TYPE_CHECKING:
    from tests.web.conftest import Api

OWN = "https://own.example/"
CONTEXT = [*EVENT["@context"], {"own": OWN}]
MOVED = {**EVENT, "@context": CONTEXT, "eventID": "urn:event:moved", "type": "own:Moved"}
WORDS = {
    **EVENT,
    "@context": CONTEXT,
    "eventID": "urn:event:words",
    "bizStep": "own:step",
    "disposition": "own:disposition",
    "readPoint": {"id": "own:place"},
    "bizTransactionList": [{"type": "own:paper", "bizTransaction": "own:paper1"}],
    "own:note": "own:value",
}


@pytest.fixture
def told(api: Api) -> Api:
    plain = {**EVENT, "eventID": "urn:event:plain"}
    noted = {**MOVED, "eventID": "urn:event:noted", "own:note": "x"}
    for event in (MOVED, noted, WORDS, plain):
        answer = api.post("/epcis/events", json=event)
        assert answer.status_code == 201, answer.text
    return api


def names(answer: Any) -> list[str]:
    return [each["eventID"].rpartition(":")[2] for each in events_of(answer)]


ASKED = [
    ("eventType", "own:Moved", ["moved", "noted"]),
    ("EQ_bizStep", "own:step", ["words"]),
    ("EQ_disposition", "own:disposition", ["words"]),
    ("EQ_readPoint", "own:place", ["words"]),
    ("EQ_bizTransaction_own:paper", "own:paper1", ["words"]),
    ("EQ_own:note", "own:value", ["words"]),
    ("EQ_bizStep", "own:step|receiving", ["moved", "noted", "words", "plain"]),
]


@pytest.mark.parametrize(("name", "value", "expected"), ASKED)
def test_own_words_are_found_by_iri_and_by_a_declared_prefix(
    told: Api, name: str, value: str, expected: list[str]
) -> None:
    declared = {"GS1-Extensions": f"own={OWN}"}
    assert names(told.get("/epcis/events", params={name: value}, headers=declared)) == expected
    in_full = {name.replace("_own:paper", f"_{OWN}paper"): value.replace("own:", OWN)}
    assert names(told.get("/epcis/events", params=in_full)) == expected
    query = {"@context": CONTEXT, name: value.split("|")}
    assert told.post("/epcis/queries", json={"name": "own", "query": query}).status_code == 201
    assert names(told.get("/epcis/queries/own/events")) == expected


def test_a_prefix_that_nobody_declared_is_no_iri(told: Api) -> None:
    assert names(told.get("/epcis/events", params={"EQ_bizStep": "own:step"})) == []


def test_own_kinds_of_events_are_listed_as_what_they_are_asked_by(told: Api) -> None:
    listed = told.get("/epcis/eventTypes").json()["member"]
    assert listed[-1] == f"{OWN}Moved"
    address = f"/epcis/eventTypes/{quote(listed[-1], safe='')}"
    assert told.get(address).status_code == 200
    assert names(told.get(f"{address}/events")) == ["moved", "noted"]
