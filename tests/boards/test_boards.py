"""The boards: scans, alerts and findings counted once each from the log, whenever somebody looks."""

from __future__ import annotations

import csv
import datetime
import io
import time
from typing import TYPE_CHECKING

import msgspec
import pytest

from rxtrail import boards as room
from rxtrail.alerts import AlertCommand, RouteCommand
from rxtrail.boards import Boards, Detection, FalseAlarms, Suppliers, csv_of
from rxtrail.bootstrap import open_node
from rxtrail.core.rules import verdict
from rxtrail.core.rules.causes import SUSPECT, cause_of
from rxtrail.errors import BadRequest
from rxtrail.keyring import KeyOrder
from rxtrail.record.board_counts import Counts
from rxtrail.store.rows import RecordKind
from tests.alerts.test_routes import UNIT, lane, start
from tests.scenes import hub
from tests.story import MAKER, OTHER_PHARMACY, WHOLESALER, shipped
from tests.web import scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rxtrail.bootstrap import Node
    from rxtrail.ledger.log import Log
    from rxtrail.store import Transaction
    from rxtrail.store.rows import Record
    from tests.story import Scene

__all__ = ["hub"]
ALL_DAYS = {"since": "2000-01-01", "until": "2100-01-01"}
GOOD, OTHER = "AAA111", "BBB222"


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    with open_node(tmp_path / "data") as opened:
        yield opened


def send(node: Node, document: bytes) -> None:
    assert node.capture(io.BytesIO(document), name="d.xml").state == "success"


def scan(node: Node, serial: str, site: str = "", **options: str) -> str:
    answer = node.verify(scene.scan(serial, **options), site=site).verdict.value
    node.settle()
    return answer


def alarms(node: Node, **days: str) -> FalseAlarms:
    node.boards.count()
    return node.boards.false_alarms(**days)


def test_an_empty_record_has_empty_boards(node: Node) -> None:
    node.boards.count()
    found = node.boards.false_alarms()
    assert (found.scans, found.alarms, found.per_million, found.rows, found.explained) == (0, 0, 0.0, [], [])
    assert node.boards.suppliers().rows == []
    assert node.boards.detection().rows == []
    assert found.period.counted_to == found.period.log_size


def test_scans_whose_key_was_destroyed_before_anybody_looked_hold_up_no_board(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with open_node(data) as node:
        send(node, scene.shipment(GOOD))
        scan(node, "nobody")
    with open_node(data) as node:
        node.keyring.change(KeyOrder("shred", reason="asked for", by="me", tenant=0, segment=1 + keys_of(node)))
        scan(node, GOOD)
        found = alarms(node)
        assert (found.scans, found.alarms) == (1, 0), "what nobody can read any more is not counted"
        assert found.period.counted_to == found.period.log_size


def keys_of(node: Node) -> int:
    """Give the number of the tenant's key: the first segment's is the next."""
    return next(row.id for row in node._reader().tenant_keys(0))


def test_an_alarm_that_is_ok_later_is_counted_as_false_where_and_why_it_was_raised(node: Node) -> None:
    assert scan(node, GOOD, scene.PHARMACY) == "stop", "the file has not come yet"
    assert scan(node, "NEVER", scene.PHARMACY) == "stop"
    found = alarms(node)
    assert (found.scans, found.alarms, found.overturned) == (2, 2, 0)
    send(node, scene.shipment(GOOD))
    assert scan(node, GOOD, scene.PHARMACY) == "ok"
    assert scan(node, GOOD, scene.PHARMACY) == "ok", "it is overturned once"
    found = alarms(node)
    assert (found.scans, found.alarms, found.overturned) == (4, 2, 1)
    assert found.per_million == 250_000.0
    told = {(row.site, row.reason): (row.alarms, row.overturned) for row in found.rows}
    assert told == {(scene.PHARMACY, "unknown-product"): (2, 1)}


def test_it_is_all_the_same_whether_counted_at_once_or_little_by_little(tmp_path: Path) -> None:
    told = []
    for name, often in (("a", True), ("b", False)):
        with open_node(tmp_path / name) as node:
            for serial in (GOOD, OTHER, GOOD):
                scan(node, serial, scene.PHARMACY)
                if often:
                    node.boards.count()
            send(node, scene.shipment(GOOD, OTHER))
            for serial in (GOOD, OTHER):
                scan(node, serial, scene.PHARMACY)
                scan(node, serial, scene.PHARMACY, lot="WRONG")
                if often:
                    node.boards.count()
            told.append([msgspec.structs.replace(row, name="") for row in alarms(node).rows])
    assert told[0] == told[1]
    assert sum(row.overturned for row in told[0]) == 2


def test_a_log_longer_than_one_stretch_is_counted_whole(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "STRETCH", 3)
    for _ in range(10):
        scan(node, GOOD)
    assert alarms(node).scans == 10


def test_counting_ends_though_scans_never_stop_coming(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    scan(node, GOOD)
    stretches: list[int] = []
    count = node.boards._stretch

    def busy(first: int) -> int:
        assert len(stretches) < 10
        stretches.append(count(first))
        node._writing()[0].do(lambda _tx, log: log.append(RecordKind.SCAN, b"\x09\xc0"))
        return stretches[-1]

    monkeypatch.setattr(node.boards, "_stretch", busy)
    assert alarms(node).scans == 1
    assert len(stretches) == 1


def test_two_processes_count_each_scan_once(node: Node) -> None:
    for _ in range(5):
        scan(node, GOOD)
    assert node.boards.count() == node.boards.count()
    assert alarms(node).scans == 5


def test_what_another_process_counts_while_a_stretch_is_read_is_counted_once(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        scan(node, GOOD)
    other = Boards(lambda: node._writing()[0], reader=node._reader, today=datetime.date.today, seconds=time.monotonic)
    add = Counts.add
    quicker: list[int] = []

    def slow(self: Counts, records: list[tuple[Record, bytes]]) -> None:
        monkeypatch.setattr(Counts, "add", add)
        add(self, records)
        quicker.append(other.count())  # the writer is free for it: a stretch is read outside of its transaction

    monkeypatch.setattr(Counts, "add", slow)
    found = alarms(node)
    assert quicker == [found.period.counted_to]
    assert found.scans == 5


@pytest.mark.parametrize("stretch", [1, 50_000])
def test_an_alarm_is_held_against_the_day_of_the_ok_and_not_of_the_counting(
    node: Node, monkeypatch: pytest.MonkeyPatch, stretch: int
) -> None:
    monkeypatch.setattr(room, "STRETCH", stretch)
    for days, serial, verdict_ in (
        (200, "SOON", "stop"), (200, "LATE", "check"), (170, "SOON", "ok"), (169, "LATE", "ok"), (0, "SOON", "ok"),
    ):  # fmt: skip
        note(node, days, serial, verdict_)
    found = alarms(node, **ALL_DAYS)
    assert (found.scans, found.alarms, found.overturned) == (5, 2, 1)


def test_a_scan_that_is_dated_into_the_future_makes_no_doubt_forgotten(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "STRETCH", 1)
    for days, serial, verdict_ in ((3, GOOD, "stop"), (-400, OTHER, "ok"), (0, GOOD, "ok")):
        note(node, days, serial, verdict_)
    assert alarms(node, **ALL_DAYS).overturned == 1


def note(node: Node, days_ago: int, serial: str, answer: str) -> None:
    """Put the record of a scan of an earlier day into the log."""
    at = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=days_ago)
    told = [int(at.timestamp() * 1_000_000), "", scene.GTIN, serial, scene.PHARMACY, "dispense", "", answer, []]
    body = b"\x01" + msgspec.msgpack.encode(told)
    node._writing()[0].do(lambda _tx, log: log.append(RecordKind.SCAN, body))


def test_a_record_of_another_version_is_passed_over(node: Node) -> None:
    def write(_tx: Transaction, log: Log) -> None:
        log.append(RecordKind.SCAN, b"\x09\xc0")
        log.append(RecordKind.DECISION, b"\x01" + msgspec.msgpack.encode([1, "alert-opened", "of another kind"]))

    node._writing()[0].do(write)
    scan(node, GOOD)
    assert alarms(node).scans == 1


def test_only_the_days_that_are_asked_for_count(node: Node) -> None:
    scan(node, GOOD)
    today = datetime.datetime.now(datetime.UTC).date()
    yesterday = (today - datetime.timedelta(days=1)).isoformat()
    assert alarms(node, since=today.isoformat(), until=today.isoformat()).scans == 1
    assert alarms(node, since=yesterday, until=yesterday).scans == 0
    for days in ({"since": "yesterday"}, {"until": "31.12.2026"}, {"since": "2026-12-02", "until": "2026-12-01"}):
        with pytest.raises(BadRequest):
            node.boards.false_alarms(**days)
    with pytest.raises(BadRequest):
        node.boards.board("profits")


def test_suppliers_are_told_by_what_was_found_in_their_files(node: Node) -> None:
    send(node, scene.shipment(GOOD))
    send(node, scene.shipment(GOOD, day="2026-11-04", lot="ANOTHER"))
    found = node.boards.suppliers()
    assert found.documents == 2
    findings: dict[str, int] = {}
    for document in node.documents():
        for each in node.document_receipt(document.sha256).findings:
            findings[each.code] = findings.get(each.code, 0) + 1
    assert findings, "the second file contradicts the first"
    assert {code: count for row in found.rows for code, count in row.findings.items()} == findings
    [row] = found.rows
    assert (row.documents, row.errors + row.warnings > 0) == (2, True)
    assert row.clean_share == round(1 - row.faulty / 2, 4)


def test_what_became_of_alerts_is_counted_by_rule(hub: Scene) -> None:
    node = hub.node
    hub.partners((MAKER, "maker"), (WHOLESALER, "wholesaler"), (OTHER_PHARMACY, "pharmacy"))
    node.route(RouteCommand("load", "A. Kim", table=lane()))
    node.route(RouteCommand("approve", "B. Lee"))
    hub.capture(*start(), shipped(UNIT, buyer=OTHER_PHARMACY))
    node.alerts.settle()
    [alert] = node.alerts.page(state="standing")
    [row] = detection(hub).rows
    assert (row.rule, row.cause, row.opened, row.explained, row.answered) == (alert.rule, alert.cause, 1, 0, 0)
    assert standing(hub, alert.rule) == 1
    node.alert(AlertCommand("acknowledge", "A. Kim", alert.id))
    node.alert(AlertCommand("explain", "A. Kim", alert.id, "A new customer."))
    [row] = detection(hub).rows
    assert (row.opened, row.explained, row.confirmed, row.answered) == (1, 1, 0, 1)
    assert standing(hub, alert.rule) == 0
    node.alert(AlertCommand("close", "A. Kim", alert.id, "Done."))
    [row] = detection(hub).rows
    assert row.confirmed == 0, "what was explained is not confirmed by being closed"
    [explained] = node.boards.false_alarms(**ALL_DAYS).explained
    assert (explained.rule, explained.by_person, explained.by_late_data) == (alert.rule, 1, 0)


def test_an_alert_that_is_closed_without_being_explained_is_confirmed(hub: Scene) -> None:
    node = hub.node
    hub.partners((MAKER, "maker"), (WHOLESALER, "wholesaler"), (OTHER_PHARMACY, "pharmacy"))
    node.route(RouteCommand("load", "A. Kim", table=lane()))
    node.route(RouteCommand("approve", "B. Lee"))
    hub.capture(*start(), shipped(UNIT, buyer=OTHER_PHARMACY))
    node.alerts.settle()
    [alert] = node.alerts.page(state="standing")
    for step in ("escalate", "close"):
        node.alert(AlertCommand(step, "A. Kim", alert.id, "Stolen."))
    [row] = detection(hub).rows
    assert (row.opened, row.explained, row.confirmed) == (1, 0, 1)


def standing(scene_: Scene, rule: str) -> float:
    told = scene_.node.boards.samples()
    return next(value for name, labels, value in told if (name, labels) == ("rxtrail_alerts_standing", {"rule": rule}))


def detection(scene_: Scene) -> Detection:
    scene_.node.boards.count()
    return scene_.node.boards.detection(**ALL_DAYS)


def test_every_reason_has_a_cause_and_the_unknown_one_is_a_suspect() -> None:
    causes = {rule.code: cause_of(rule.code) for rule in verdict.RULES.values()}
    assert causes["scanner-fault"] == "scanner"
    assert causes["recalled"] == "known"
    assert causes["no-transaction-data"] == "late-data"
    assert causes["temperature-excursion"] == "process"
    assert causes["unknown-serial"] == SUSPECT
    assert cause_of("of-tomorrow") == SUSPECT


def test_a_board_as_csv_has_its_rows_and_no_formula(node: Node) -> None:
    scan(node, GOOD, scene.PHARMACY)
    rows = list(csv.DictReader(io.StringIO(csv_of(alarms(node)).decode())))
    assert [(row["site"], row["reason"], row["alarms"]) for row in rows] == [(scene.PHARMACY, "unknown-product", "1")]
    period = node.boards.suppliers().period
    hostile = Suppliers(period, 1, [room.values.SupplierRow("=1+1", "@x", 1, 1, 0, 0, 0, 1.0, {"A": 2, "B": 1})])
    [row] = csv.DictReader(io.StringIO(csv_of(hostile).decode()))
    assert (row["sender"], row["name"], row["findings"]) == ("'=1+1", "'@x", "A 2; B 1")


def test_numbers_for_prometheus_add_up_what_the_boards_say(node: Node) -> None:
    scan(node, GOOD, scene.PHARMACY)
    scan(node, GOOD)
    send(node, scene.shipment(GOOD))
    scan(node, GOOD)
    node.boards.count()
    told = {(name, tuple(labels.values())): value for name, labels, value in node.boards.samples()}
    assert told["rxtrail_scans_total", ("stop",)] == 2
    assert told["rxtrail_scans_total", ("ok",)] == 1
    assert told["rxtrail_alarms_total", ("suspect", "unknown-product")] == 2
    assert told["rxtrail_alarms_overturned_total", ("suspect", "unknown-product")] == 1
    assert told["rxtrail_boards_counted_records", ()] > 3


def test_the_sum_of_all_findings_is_made_anew_only_after_some_minutes(node: Node) -> None:
    seconds = [0.0]
    told = Boards(
        lambda: node._writing()[0], reader=node._reader, today=datetime.date.today, seconds=lambda: seconds[0]
    )

    def findings() -> float:
        return sum(value for name, _, value in told.samples() if name == "rxtrail_findings")

    send(node, scene.shipment(GOOD))
    before = findings()
    send(node, scene.shipment(GOOD, day="2026-11-04", lot="ANOTHER"))
    seconds[0] = room.FINDINGS_SECONDS - 1
    assert findings() == before
    seconds[0] = room.FINDINGS_SECONDS
    assert findings() > before
