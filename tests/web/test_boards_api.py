"""The boards by HTTP: as data, as CSV, as a page, for Prometheus; and a dashboard of the numbers really served."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rxtrail.boards import NAMES
from rxtrail.errors import StoreLost
from rxtrail.web.metrics import BOARDS
from tests.web import scene
from tests.web.conftest import GOOD

if TYPE_CHECKING:
    from rxtrail.bootstrap import Node
    from tests.web.conftest import Api

DASHBOARD = Path(__file__).resolve().parents[2] / "docs" / "grafana" / "rxtrail-boards.json"


@pytest.fixture
def scanned(api: Api, node: Node) -> Api:
    """One red answer, one ok."""
    api.verify(scene.scan("NEVER"), site=scene.PHARMACY)
    api.verify(scene.scan(GOOD), site=scene.PHARMACY)
    node.settle()
    return api


@pytest.mark.parametrize("name", NAMES)
def test_each_board_is_given_as_json_and_as_csv(scanned: Api, name: str) -> None:
    board = scanned.get(f"/api/v1/boards/{name}").json()
    assert board["period"]["counted_to"] > 0
    answer = scanned.get(f"/api/v1/boards/{name}?format=csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert len(list(csv.DictReader(io.StringIO(answer.text)))) == len(board["rows"])
    assert scanned.get(f"/api/v1/boards/{name}?since=yesterday").status_code == 400
    assert scanned.get(f"/api/v1/boards/{name}?until=2026-01-01&since=2026-02-01").status_code == 400
    assert scanned.get(f"/api/v1/boards/{name}?format=xls").status_code == 400
    assert scanned.get(f"/api/v1/boards/{name}?sinse=2026-01-01").status_code == 400


def test_scans_are_on_the_board_by_place_and_reason(scanned: Api) -> None:
    board = scanned.get("/api/v1/boards/false-alarms").json()
    assert (board["scans"], board["alarms"], board["overturned"]) == (2, 1, 0)
    assert [(row["site"], row["reason"]) for row in board["rows"]] == [(scene.PHARMACY, "unknown-serial")]
    suppliers = scanned.get("/api/v1/boards/suppliers").json()
    assert suppliers["documents"] == sum(row["documents"] for row in suppliers["rows"]) == 2


def test_a_page_that_a_person_reads(scanned: Api) -> None:
    page = scanned.get("/boards").text
    assert "unknown-serial" in page
    assert "No alert was opened in these days" in page
    empty = scanned.get("/boards?since=2020-01-01&until=2020-01-31").text
    for words in ("No scan was answered amber or red", "No file came in these days", "No alert was opened"):
        assert words in empty
    assert scanned.get("/boards?since=x").status_code == 400


def test_a_record_that_cannot_be_written_still_shows_what_was_counted(
    scanned: Api, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert scanned.get("/api/v1/boards/false-alarms").json()["scans"] == 2
    scanned.verify(scene.scan(GOOD))
    node.settle()

    def fail(**_: object) -> int:
        raise StoreLost("the database is away")

    monkeypatch.setattr(node.boards, "count", fail)
    board = scanned.get("/api/v1/boards/false-alarms").json()
    assert board["scans"] == 2
    assert board["period"]["counted_to"] < board["period"]["log_size"]
    assert scanned.get("/metrics").status_code == 200


def test_prometheus_is_given_what_the_boards_count(scanned: Api) -> None:
    text = scanned.get("/metrics").text
    assert 'rxtrail_scans_total{verdict="ok"} 1' in text
    assert 'rxtrail_alarms_total{cause="suspect",reason="unknown-serial"} 1' in text
    for name in re.findall(r"^(rxtrail_\w+)", text, re.MULTILINE):
        family = re.sub(r"_(bucket|sum|count)$", "", name)
        assert f"# TYPE {family} " in text or f"# TYPE {name} " in text
    assert len(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE)) == len(
        set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
    )


def test_the_dashboard_asks_only_for_numbers_that_are_served(scanned: Api) -> None:
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    asked = {
        name
        for panel in dashboard["panels"]
        for target in panel["targets"]
        for name in re.findall(r"\brxtrail_\w+", target["expr"])
    }
    served = set(re.findall(r"^(rxtrail_\w+)", scanned.get("/metrics").text, re.MULTILINE)) | BOARDS.keys()
    assert asked
    assert asked - served == set()
    assert BOARDS.keys() - asked == set(), "what is counted is shown"
    numbers = [panel["id"] for panel in dashboard["panels"]]
    assert len(numbers) == len(set(numbers))
    labels = {label for panel in dashboard["panels"] for target in panel["targets"]
              for label in re.findall(r"by \((\w+)\)", target["expr"])}  # fmt: skip
    assert labels <= {"verdict", "cause", "reason", "rule", "le"}
