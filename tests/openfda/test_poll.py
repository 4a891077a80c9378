"""openFDA's API, played by a server on this machine: asked page by page, and gone on with where it stopped."""

from __future__ import annotations

import datetime
import json
from typing import TYPE_CHECKING, Any

import pytest

from rxtrail.errors import BadRequest, Refused
from rxtrail.openfda import OpenFda, PollOrder, PollReport, polling
from rxtrail.outbound import Unreachable
from tests.openfda.played import KEY, Server, played

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def server() -> Iterator[Server]:
    with played() as started:
        yield started


@pytest.fixture
def room(tmp_path: Path) -> Iterator[OpenFda]:
    opened = OpenFda(tmp_path, now_us=lambda: 1, today=lambda: datetime.date(2026, 11, 30), seconds=lambda: 0.0)
    yield opened
    opened.close()


def order(server: Server, **more: Any) -> PollOrder:
    return PollOrder(limit=10, base_url=server.address, key=KEY, **more)


@pytest.mark.parametrize("links", [False, True])
def test_all_pages_are_asked_for_by_skip_or_by_the_link_that_came(server: Server, room: OpenFda, links: bool) -> None:
    server.links = links
    told: list[tuple[int, int]] = []
    report = room.poll("ndc", order(server), told=lambda done, total: told.append((done, total)))
    assert (report.pages, report.records, report.total, report.resumed) == (3, 25, 25, 0)
    assert told == [(10, 25), (20, 25), (25, 25)]
    assert room.status().products == 25
    assert all(f"api_key={KEY}" in path and path.count("api_key") == 1 for path in server.asked)


def files_of(room: OpenFda) -> list[tuple[str, int, int]]:
    return [(each.name, each.records, each.faults) for each in room.status().files]


def test_what_was_loaded_tells_all_pages_of_one_asking(server: Server, room: OpenFda) -> None:
    server.records[3] = server.records[22] = {"product_ndc": 7}
    room.poll("ndc", order(server))
    assert files_of(room) == [("api: all", 25, 2)]
    server.records[3:] = []
    room.poll("ndc", order(server))
    assert files_of(room) == [("api: all", 3, 0)], "asked anew"


def test_what_is_cut_off_is_gone_on_with_and_nothing_is_asked_twice(
    server: Server, room: OpenFda, tmp_path: Path
) -> None:
    server.troubles = [None, *[(503, b"")] * 5]
    with pytest.raises(Unreachable):
        room.poll("ndc", order(server))
    assert room.status().products == 10, "the page that came is kept whole"
    report = room.poll("ndc", order(server))
    assert (report.resumed, report.records) == (10, 15)
    assert room.status().products == 25
    assert files_of(room) == [("api: all", 25, 0)], "all that came, in both calls"
    assert KEY.encode() not in b"".join(path.read_bytes() for path in tmp_path.iterdir()), "the key is nowhere kept"


def test_a_poll_that_came_to_the_end_begins_anew(server: Server, room: OpenFda) -> None:
    room.poll("ndc", order(server))
    assert room.poll("ndc", order(server)).resumed == 0
    server.troubles = [None, *[(500, b"")] * 5]
    with pytest.raises(Unreachable):
        room.poll("ndc", order(server))
    assert room.poll("ndc", order(server, restart=True)).resumed == 0


def test_too_many_requests_are_waited_out(server: Server, room: OpenFda) -> None:
    server.troubles = [(429, b""), (429, b"")]
    assert room.poll("ndc", order(server)).records == 25


def test_nothing_found_is_an_answer_and_a_wrong_question_a_refusal(server: Server, room: OpenFda) -> None:
    server.troubles = [(404, json.dumps({"error": {"code": "NOT_FOUND", "message": "No matches found!"}}).encode())]
    assert room.poll("ndc", order(server, search="brand_name:nothing")).records == 0
    assert "search=brand_name%3Anothing" in server.asked[0]
    server.troubles = [(400, b'{"error": {"code": "BAD_REQUEST"}}')]
    with pytest.raises(Refused, match="BAD_REQUEST"):
        room.poll("ndc", order(server, search="((("))


@pytest.mark.parametrize(
    "body", [b"<html>", b'{"meta": {"results": {"total": "many"}}}', b'{"results": [{"product_ndc": "1']
)
def test_what_is_no_answer_of_openfda_is_not_taken(server: Server, room: OpenFda, body: bytes) -> None:
    server.troubles = [(200, body)]
    with pytest.raises((Unreachable, Refused)):
        room.poll("ndc", order(server))
    assert room.status().products == 0


def test_more_than_skip_reaches_is_said_and_not_left_out(
    server: Server, room: OpenFda, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "SKIP_MAX", 10)
    with pytest.raises(Refused, match="first 10 of 25"):
        room.poll("ndc", order(server))


@pytest.mark.parametrize("limit", [0, 1001])
def test_a_page_has_a_bound(server: Server, room: OpenFda, limit: int) -> None:
    with pytest.raises(BadRequest):
        room.poll("ndc", PollOrder(limit=limit, base_url=server.address))


# -- enforcement reports ---------------------------------------------------------------------------------------------


def numbers(page: bytes) -> list[str]:
    return [each["recall_number"] for each in json.loads(page)["results"]]


def reports(*numbers: int) -> list[dict[str, str]]:
    return [{"recall_number": f"D-{number}"} for number in numbers]


def polled(room: OpenFda, server: Server) -> tuple[PollReport, list[str]]:
    came: list[str] = []

    def take(page: bytes) -> tuple[int, int, int]:
        here = numbers(page)
        came.extend(here)
        return len(here), len(here), 0

    return room.poll_reports(order(server), take), came


def test_reports_are_noted_as_come_only_when_they_were_taken(server: Server, room: OpenFda) -> None:
    server.records = reports(*range(25))
    server.troubles = [None, *[(503, b"")] * 5]
    with pytest.raises(Unreachable):
        polled(room, server)

    def fails(_page: bytes) -> tuple[int, int, int]:
        raise Refused("not now")

    with pytest.raises(Refused):
        room.poll_reports(order(server), fails)
    report, came = polled(room, server)
    assert (report.dataset, report.resumed, report.records) == ("enforcement", 10, 15)
    assert came == [f"D-{number}" for number in range(10, 25)], "the page that was not taken came again"
    assert server.asked[0].startswith("/drug/enforcement.json?")


def test_a_list_that_has_changed_between_two_pages_is_begun_anew(server: Server, room: OpenFda) -> None:
    server.records = reports(*range(25))
    server.troubles = [None, *[(503, b"")] * 5]
    with pytest.raises(Unreachable):
        polled(room, server)
    server.records = [*reports(99), *server.records]
    report, came = polled(room, server)
    assert (report.resumed, report.records, report.total) == (0, 26, 26)
    assert sorted(came) == sorted(each["recall_number"] for each in server.records)


@pytest.mark.parametrize("total", [26, 5_000])
def test_fewer_reports_than_openfda_says_are_no_success(server: Server, room: OpenFda, total: int) -> None:
    server.records, server.total = reports(*range(25)), total
    with pytest.raises(Unreachable, match=f"25 of {total:,} reports"):
        polled(room, server)


def test_only_an_address_that_may_be_asked_is(room: OpenFda) -> None:
    for address in ("http://example.com", "file:///etc/passwd", "https://user@example.com"):
        with pytest.raises(BadRequest):
            room.poll("ndc", PollOrder(base_url=address))
