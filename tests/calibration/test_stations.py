"""Stations on a real record: kept, used, removed; the text as it arrived is what is recorded."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import msgspec
import pytest

from rxtrail.bootstrap import open_node
from rxtrail.calibration import NAME_LENGTH_MAX, PUT_RIGHT, stations
from rxtrail.core.gs1.keyboard_profile import CALIBRATION_TEXT
from rxtrail.core.gs1.keyboard_tables import typed
from rxtrail.core.rules.answer import Answer
from rxtrail.errors import BadRequest, Busy, NotFound
from rxtrail.store.rows import RecordKind
from tests.web import scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rxtrail.bootstrap import Node

SYMBOL = "]d2" + CALIBRATION_TEXT
GERMAN = typed(SYMBOL, host="de") + "\r"


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    """A hub that was sent packs, two of them apart by what a German keyboard confuses."""
    with open_node(tmp_path / "data") as opened:
        document = scene.shipment("AAA111", "A/_Z+9", "TWINY1", "TWINZ1", "SOLEZ1", "SOLEY2")
        assert opened.capture(io.BytesIO(document), name="shipment.xml").state == "success"
        yield opened


def bare(serial: str) -> str:
    """What a scanner without symbology identifiers reads: nothing in it tells the keyboard."""
    return scene.scan(serial).removeprefix("]d2")


def test_a_station_is_kept_listed_and_removed(node: Node) -> None:
    assert node.stations.all() == []
    saved = node.stations.save("  Counter 2 ", GERMAN, took_ms=100)
    node.stations.save("counter 1", SYMBOL + "\r")
    assert saved.name == "Counter 2"
    assert saved.calibration.outcome == PUT_RIGHT
    assert [station.name for station in node.stations.all()] == ["counter 1", "Counter 2"]
    assert saved in node.stations.all()
    node.stations.remove("Counter 2")
    assert [station.name for station in node.stations.all()] == ["counter 1"]
    with pytest.raises(NotFound):
        node.stations.remove("Counter 2")


def test_a_station_is_there_after_a_restart_and_can_be_read_without_the_lock(tmp_path: Path) -> None:
    with open_node(tmp_path) as node:
        saved = node.stations.save("C1", GERMAN)
    with open_node(tmp_path, write=False) as node:
        assert node.stations.all() == [saved]
        with pytest.raises(Busy):
            node.stations.save("C2", GERMAN)


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\0b", "x" * (NAME_LENGTH_MAX + 1), "\ud800"])
def test_what_is_no_name_is_refused(node: Node, name: str) -> None:
    with pytest.raises(BadRequest) as refused:
        node.stations.save(name, GERMAN)
    assert refused.value.place == "name"
    assert node.verify(scene.scan("AAA111"), station=name).verdict is Answer.OK


@pytest.mark.parametrize("scan", ["", "\r\n", "]d20100352601815904\r", "x" * 5000])
def test_what_is_not_the_symbol_is_never_kept(node: Node, scan: str) -> None:
    with pytest.raises(BadRequest) as refused:
        node.stations.save("C1", scan)
    assert refused.value.place == "scan"
    assert node.stations.all() == []


def test_there_is_an_end_to_stations(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stations, "STATIONS_MAX", 1)
    node.stations.save("C1", GERMAN)
    with pytest.raises(BadRequest):
        node.stations.save("C2", GERMAN)
    node.stations.save("C1", SYMBOL)


def test_a_garbled_pack_is_read_and_what_arrived_is_kept(node: Node) -> None:
    node.stations.save("C1", GERMAN)
    arrived = typed(scene.scan("A/_Z+9"), host="de")
    verdict = node.verify(arrived, station="C1")
    assert verdict.verdict is Answer.OK
    assert (verdict.pack.serial, verdict.scan.raw) == ("A/_Z+9", arrived)
    assert verdict.scan.repairs == ["station-profile:C1"]


def test_the_log_has_the_scan_as_it_arrived_and_each_calibration(tmp_path: Path) -> None:
    arrived = typed(scene.scan("A/_Z+9"), host="de")
    with open_node(tmp_path) as node:
        node.stations.save("C1", GERMAN)
        node.verify(arrived, station="C1")
        node.stations.remove("C1")
    with open_node(tmp_path, write=False) as node:
        records = node._reader().records_from(0, 100)
    kinds = [record.kind for record, _ in records]
    assert kinds.count(RecordKind.DECISION) == 2
    [scan] = [body for record, body in records if record.kind == RecordKind.SCAN]
    assert msgspec.msgpack.decode(scan[1:])[1] == arrived


def test_a_changed_profile_holds_from_the_next_scan_on(node: Node) -> None:
    node.stations.save("C1", GERMAN)
    assert node.verify(typed(scene.scan("A/_Z+9"), host="de"), station="C1").pack.serial == "A/_Z+9"
    node.stations.save("C1", typed(SYMBOL, host="fr(azerty)") + "\r")
    assert node.verify(typed(scene.scan("A/_Z+9"), host="fr(azerty)"), station="C1").pack.serial == "A/_Z+9"


def test_a_station_that_is_not_known_changes_nothing(node: Node) -> None:
    plain = node.verify(scene.scan("AAA111"))
    named = node.verify(scene.scan("AAA111"), station="nowhere")
    assert (named.verdict, named.scan) == (plain.verdict, plain.scan)


def test_a_good_scan_of_a_station_set_right_since_stays_good(node: Node) -> None:
    node.stations.save("C1", GERMAN)
    verdict = node.verify(scene.scan("A/_Z+9"), station="C1")
    assert (verdict.verdict, verdict.pack.serial, verdict.scan.repairs) == (Answer.OK, "A/_Z+9", [])


@pytest.mark.parametrize(("arrived", "serial"), [("SOLEY1", "SOLEZ1"), ("SOLEY2", "SOLEY2")])
def test_where_both_ways_read_the_pack_on_record_is_taken(node: Node, arrived: str, serial: str) -> None:
    node.stations.save("C1", GERMAN)
    assert node.verify(bare(arrived), station="C1").pack.serial == serial


def test_where_both_ways_are_on_record_neither_is_taken_for_the_other(node: Node) -> None:
    node.stations.save("C1", GERMAN)
    verdict = node.verify(bare("TWINY1"), station="C1")
    assert verdict.verdict is Answer.CHECK
    assert [reason.code for reason in verdict.reasons] == ["ambiguous-scan"]
    assert verdict.pack.serial == ""
    assert "C1" in verdict.reasons[0].message
