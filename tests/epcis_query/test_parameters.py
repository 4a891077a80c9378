"""Each parameter keeps some and drops some of two thousand events, over HTTP, as a filter in plain Python says."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from rxtrail.bootstrap import open_node
from rxtrail.core.epcis.query.parameters import TABLE, Op, find
from rxtrail.epcis_query import plan, walk
from rxtrail.ledger import filing
from rxtrail.web.app import build
from tests.epcis_query.cases import VOCABULARIES, every_case
from tests.epcis_query.events import COUNT, Json, all_events, document
from tests.web.conftest import Api

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.epcis_query.cases import Case

PAGE = 700
ONE_ORDER = {"EQ_bizTransaction_po": "urn:epcglobal:cbv:bt:5200001000008:3"}
HEADERS = {"GS1-Extensions": "ex=https://ex.example/ns/", "GS1-EPC-Format": "Never_Translates"}


class Scene:
    """A record of two documents, with the record times that it gave."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.events = {event["eventID"]: event for event in all_events()}
        held = list(self.events.values())
        self.capture(held[: COUNT // 2], VOCABULARIES)
        self.capture(held[COUNT // 2 :])
        times = sorted(self.record_time(event) for event in self.read({}))
        self.middle = times[COUNT // 2]

    def capture(self, events: list[Json], vocabularies: list[Json] | None = None) -> None:
        body = json.dumps(document(events, vocabularies)).encode()
        answer = self.api.post("/epcis/capture", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 202, answer.text
        until = time.monotonic() + 60
        while self.api.get(answer.headers["location"]).json()["running"]:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert self.api.get(answer.headers["location"]).json()["success"]

    def record_time(self, event: Json) -> str:
        self.events[event["eventID"]]["recordTime"] = event["recordTime"]
        return str(event["recordTime"])

    def read(self, asked: dict[str, str]) -> Iterator[Json]:
        """Follow the pages of a query to their end."""
        query = "&".join(f"{quote(name)}={quote(value)}" for name, value in {**asked, "perPage": str(PAGE)}.items())
        address = f"/epcis/events?{query}"
        while address:
            answer = self.api.get(address, headers=HEADERS)
            assert answer.status_code == 200, answer.text
            yield from answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
            link = answer.headers.get("link", "")
            address = link[1 : link.index(">")] if link else ""


@pytest.fixture(scope="module", params=["few events", "as if there were many"])
def scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Give the record twice: what is rare is read whole, and what is not is walked, as among millions of events."""
    folder: Path = tmp_path_factory.mktemp("query")
    with pytest.MonkeyPatch.context() as patch:
        if request.param != "few events":
            patch.setattr(walk, "FEW", 20)
            patch.setattr(plan, "FEW", 20)
            patch.setattr(walk, "CHUNK_FIRST", 16)
            patch.setattr(walk, "CHUNK_MAX", 64)
            patch.setattr(walk, "ROWS", 3)
            patch.setattr(filing, "ROW_POSITIONS_MAX", 7)
        with open_node(folder) as node:
            api = Api(build(node))
            yield Scene(api)
            api.close()


CASES = every_case("")


@pytest.mark.parametrize("index", range(len(CASES)), ids=[case[0] for case in CASES])
def test_a_parameter_keeps_what_a_filter_in_plain_python_keeps(scene: Scene, index: int) -> None:
    name, value, keeps = every_case(scene.middle)[index]
    wanted = {event["eventID"] for event in scene.events.values() if keeps(event)}
    found = [event["eventID"] for event in scene.read({name: value})]
    assert len(found) == len(set(found)), "no event twice"
    assert set(found) == wanted
    assert 0 < len(found) < COUNT, "it keeps some and drops some"


def test_there_is_a_case_for_every_row_of_the_table() -> None:
    asked = {named.parameter.name for case in CASES if (named := find(case[0])) is not None}
    rows = {row.name for row in TABLE if row.op is not Op.CONTROL}
    assert rows == asked


def combined(cases: list[Case]) -> Iterator[tuple[dict[str, str], Any]]:
    by_name = {case[0]: case for case in cases}
    for names in (
        ("EQ_bizStep", "EQ_action"),
        ("EQ_bizStep", "GE_eventTime", "MATCH_epc"),
        ("eventType", "LT_eventTime", "EQ_readPoint", "EXISTS_sensorElementList"),
        ("EQ_bizTransaction_po", "EQ_disposition"),
        ("MATCH_anyEPC", "EQ_bizStep"),
        ("GE_value_CEL", "EQ_type", "EQ_ex:text"),
        ("GE_eventTime", "LT_recordTime", "EQ_bizLocation"),
    ):
        chosen = [by_name[name] for name in names]
        yield {case[0]: case[1] for case in chosen}, [case[2] for case in chosen]


def test_parameters_together_keep_what_each_of_them_keeps(scene: Scene) -> None:
    for asked, filters in combined(every_case(scene.middle)):
        wanted = {name for name, event in scene.events.items() if all(keeps(event) for keeps in filters)}
        assert {event["eventID"] for event in scene.read(asked)} == wanted, asked


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize("also", [{}, {"EQ_bizStep": "shipping"}, ONE_ORDER], ids=["all", "step", "order"])
def test_events_come_in_the_order_that_was_asked_for(scene: Scene, direction: str, also: dict[str, str]) -> None:
    for field in ("eventTime", "recordTime"):
        found = [event[field] for event in scene.read({"orderBy": field, "orderDirection": direction, **also})]
        assert found == sorted(found, reverse=direction == "DESC")
        assert len(found) > 5
    numbers = [event.get("ex:num") for event in scene.read({"orderBy": "ex:num", "orderDirection": direction, **also})]
    having = [number for number in numbers if number is not None]
    assert having == sorted(having, reverse=direction == "DESC")
    assert numbers[len(having) :] == [None] * (len(numbers) - len(having)), "those without the field come last"


def test_the_first_events_of_an_order_are_given_and_no_more(scene: Scene) -> None:
    asked = {"orderBy": "eventTime", "orderDirection": "ASC", "eventCountLimit": "750"}
    found = [event["eventTime"] for event in scene.read(asked)]
    assert found == sorted(event["eventTime"] for event in scene.events.values())[:750]
