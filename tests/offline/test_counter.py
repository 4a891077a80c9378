"""A counter without the record: it judges, it notes, it sends; what conflicts becomes a case, and nothing is lost."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from rxtrail.errors import BadRequest, Refused, RxtrailError
from rxtrail.offline import OfflineCounter, read_bundle, replay
from rxtrail.web import problems
from rxtrail.web.api.changes import VERBS
from rxtrail.web.codes import pack_code
from tests import story
from tests.story import OTHER_PHARMACY, PHARMACY, Party, element_string, pack, reasons

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rxtrail.answers import Verdict
    from tests.story import Scene


class Line:
    """The way to the node: what it carries, and whether it is cut."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.cut_after: int | None = None
        self.lose_answers = False
        self.sent: list[tuple[str, str, str]] = []

    def __call__(self, method: str, path: str, body: dict[str, Any], key: str) -> tuple[int, dict[str, Any]]:
        if self.cut_after is not None and len(self.sent) >= self.cut_after:
            return 0, {}
        self.sent.append((method, path, key))
        answer = self._answer(method, path, body, key)
        return (0, {}) if self.lose_answers else answer

    def _answer(self, method: str, path: str, body: dict[str, Any], key: str) -> tuple[int, dict[str, Any]]:
        node = self.scene.node
        try:
            if method == "POST":
                assert path == "/api/v1/scans"
                noted = node.offline.scan(body.pop("scan"), **body)
                return 200, {"case": noted.case}
            _, _, _, _, gtin, serial = path.split("/")
            code = pack_code(gtin, serial, lot=body.pop("lot"), expiry=body.pop("expiry"))
            node.change(VERBS[body.pop("state")], code, key=key, **body)
        except RxtrailError as error:
            problem = problems.of(error)
            return problem.status, {"code": problem.code, "detail": problem.detail, "case": getattr(error, "case", "")}
        return 200, {}


class Station:
    """A pharmacy's counter that has lost its record."""

    def __init__(self, scene: Scene, folder: Path, site: Party = PHARMACY) -> None:
        self.scene, self.folder, self.site = scene, folder, site
        self.keys = (f"key-{site.gln}-{number}" for number in itertools.count())
        self.line = Line(scene)
        self.bundle = read_bundle(scene.node.offline.bundle(site.gln), scene.node.key().verifier)
        self.counter = self.restarted()

    def restarted(self) -> OfflineCounter:
        time = self.scene.time
        self.counter = OfflineCounter(
            self.folder, self.bundle, now_us=time.now_us, today=time.today, new_key=lambda: next(self.keys)
        )
        return self.counter

    def scan(self, epc: str, **elements: Any) -> Verdict:
        self.scene.time.pass_by(minutes=1)
        return self.counter.verify(element_string(epc, **elements))

    def dispense(self, epc: str) -> None:
        self.scene.time.pass_by(minutes=1)
        self.counter.change(element_string(epc), "dispensed", by="A. Kim")

    def replay(self) -> list[int]:
        return [settled.status for settled in self.counter.replay(self.line)]


@pytest.fixture
def station(hub: Scene, tmp_path: Path) -> Iterator[Station]:
    hub.capture(*story.delivery(*(pack(f"P{number}") for number in range(6)), unit=story.sscc(1)))
    made = Station(hub, tmp_path / "station")
    yield made
    made.counter.close()


def test_three_scans_offline_are_answered_by_the_copy_and_stand_in_the_journeys_later(station: Station) -> None:
    hub = station.scene
    hub.capture(story.recalled(pack("P5")))
    hub.time.pass_by(minutes=2)
    station.counter.close()
    station = Station(hub, station.folder)
    answers = [station.scan(pack(serial)).verdict.value for serial in ("P0", "NOT-HELD", "P5")]
    assert answers == ["unconfirmed", "unconfirmed", "stop"]
    assert station.replay() == [200, 200, 200]
    assert station.counter.waiting == []
    for serial, minute in (("P0", 3), ("P5", 5)):
        (scan,) = hub.trace(pack(serial)).scans
        assert scan.scanned_at == f"2026-11-23T12:{minute:02}:00Z"
        assert scan.record_time == "2026-11-23T12:05:00Z"
        assert scan.site == PHARMACY.gln
    station.counter.close()


def test_what_was_dispensed_offline_is_recorded_with_both_times(station: Station) -> None:
    station.dispense(pack("P0"))
    station.scene.time.pass_by(hours=3)
    assert station.replay() == [200]
    journey = station.scene.trace(pack("P0"))
    assert journey.state.disposition == "dispensed"
    (scan,) = journey.scans
    assert (scan.what, scan.told, scan.scanned_at) == ("dispense", "unconfirmed", "2026-11-23T12:01:00Z")
    assert scan.record_time == "2026-11-23T15:01:00Z"
    assert station.scene.node.cases.page() == []


def test_a_pack_dispensed_offline_is_not_dispensed_here_again(station: Station) -> None:
    station.dispense(pack("P0"))
    verdict = station.scan(pack("P0"))
    assert verdict.verdict.value == "stop"
    assert "already-dispensed-here" in reasons(verdict)
    with pytest.raises(Refused):
        station.dispense(pack("P0"))
    station.counter.close()
    station.restarted()
    assert station.scan(pack("P0")).verdict.value == "stop"
    station.replay()
    assert station.scan(pack("P0")).verdict.value == "stop"  # the copy is older than the sale


def test_a_younger_copy_knows_better_than_the_station(station: Station) -> None:
    station.dispense(pack("P0"))
    station.replay()
    station.scene.time.pass_by(minutes=2)
    station.scene.change("reactivate", pack("P0"), site=PHARMACY, attestation="It never left.", by="A. Person")
    station.scene.time.pass_by(minutes=2)
    station.counter.close()
    again = Station(station.scene, station.folder)
    assert again.scan(pack("P0")).verdict.value == "unconfirmed"
    again.counter.close()


def test_what_the_copy_stops_cannot_be_dispensed(station: Station) -> None:
    station.scene.capture(story.stolen(pack("P1")))
    station.scene.time.pass_by(minutes=2)
    station.counter.close()
    station = Station(station.scene, station.folder)
    with pytest.raises(Refused, match="stolen"):
        station.dispense(pack("P1"))
    assert station.counter.waiting == []
    station.counter.close()


def test_a_pack_sold_elsewhere_meanwhile_becomes_a_case_and_is_not_dropped(station: Station) -> None:
    station.dispense(pack("P0"))
    station.scene.capture(story.received(pack("P0"), at=OTHER_PHARMACY), sender=OTHER_PHARMACY)
    station.scene.capture(story.dispensed(pack("P0"), at=OTHER_PHARMACY), sender=OTHER_PHARMACY)
    station.scene.change("dispense", pack("P1"), site=PHARMACY)
    station.dispense(pack("P1"))
    assert station.replay() == [409, 409]
    cases = {case.pack: case for case in station.scene.node.cases.page()}
    assert cases.keys() == {pack("P0"), pack("P1")}
    case = cases[pack("P1")]
    assert case.kind == "offline-dispensing"
    assert case.state == "open"
    assert case.pack == pack("P1")
    assert case.site == PHARMACY.gln
    assert case.evidence["scanned_at"] == "2026-11-23T12:02:00Z"
    assert case.evidence["told"] == "unconfirmed"
    assert case.evidence["by"] == "A. Kim"
    assert station.counter.waiting == []
    assert station.scene.trace(pack("P1")).scans[-1].case == case.id


def test_a_pack_recalled_meanwhile_becomes_a_case_for_its_scan_and_for_its_sale(station: Station) -> None:
    assert station.scan(pack("P0")).verdict.value == "unconfirmed"
    station.dispense(pack("P0"))
    station.scene.capture(story.recalled(pack("P0")))
    assert station.replay() == [200, 409]
    kinds = {case.kind for case in station.scene.node.cases.page()}
    assert kinds == {"offline-scan", "offline-dispensing"}
    assert station.scene.trace(pack("P0")).state.disposition == "active"


def test_a_pack_that_is_not_on_record_becomes_a_case(station: Station) -> None:
    station.dispense(pack("NOT-HELD"))
    assert station.replay() == [409]
    (case,) = station.scene.node.cases.page()
    assert case.pack == pack("NOT-HELD")


def test_lost_answers_change_nothing_twice(station: Station) -> None:
    station.scan(pack("P0"))
    station.dispense(pack("P0"))
    station.line.lose_answers = True
    for _ in range(3):
        assert station.replay() == []
    station.line.lose_answers = False
    station.scene.time.pass_by(hours=20)  # longer than the ten minutes of a counter's own key
    assert station.replay() == [200, 200]
    journey = station.scene.trace(pack("P0"))
    assert [scan.what for scan in journey.scans] == ["scan", "dispense"]
    assert [event.biz_step for event in journey.events].count("dispensing") == 1
    assert station.scene.node.cases.page() == []


def test_a_lost_answer_to_a_conflict_opens_one_case_only(station: Station) -> None:
    station.dispense(pack("P0"))
    station.scene.capture(story.stolen(pack("P0")))
    station.line.lose_answers = True
    station.replay()
    station.replay()
    station.line.lose_answers = False
    (settled,) = station.counter.replay(station.line)
    assert settled.status == 409
    (case,) = station.scene.node.cases.page()
    assert settled.case == case.id


def test_a_crash_within_a_late_change_leaves_neither_the_change_nor_its_note_and_the_next_replay_makes_both(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = station.scene
    station.dispense(pack("P0"))
    note = replay._note

    def dies(tx: Any, epc: str, scan: Any) -> None:
        note(tx, epc, scan)
        raise ZeroDivisionError  # the change and its note are written, and not yet durable

    monkeypatch.setattr(replay, "_note", dies)
    with pytest.raises(ZeroDivisionError):
        station.replay()
    assert hub.pack(pack("P0"))["disposition"] == "active"
    assert hub.trace(pack("P0")).scans == []
    monkeypatch.undo()
    hub.time.pass_by(hours=1)  # the order's own key is long forgotten
    assert station.replay() == [200]
    assert hub.pack(pack("P0"))["disposition"] == "dispensed"
    assert len(hub.trace(pack("P0")).scans) == 1
    assert hub.node.cases.page() == []


def test_a_sale_whose_answer_was_lost_and_that_is_told_late_is_no_conflict_with_itself(station: Station) -> None:
    hub = station.scene
    code, key = element_string(pack("P0")), "till-7"
    first = hub.node.change("dispense", code, site=PHARMACY.gln, key=key)
    hub.time.pass_by(hours=3)
    late = hub.node.change("dispense", code, site=PHARMACY.gln, key=key, scanned_at="2026-11-23T12:00:00Z")
    assert (late.repeated, late.event_id) == (True, first.event_id)
    assert hub.node.cases.page() == []
    (scan,) = hub.trace(pack("P0")).scans
    assert scan.scanned_at == "2026-11-23T12:00:00Z"


def test_a_late_change_of_a_container_is_noted_with_it(station: Station) -> None:
    hub, unit = station.scene, story.sscc(1)
    late = hub.node.change(
        "receive", f"(00){unit[3:]}", site=PHARMACY.gln, key="dock-1", scanned_at="2026-11-23T11:59:00Z"
    )
    again = hub.node.change(
        "receive", f"(00){unit[3:]}", site=PHARMACY.gln, key="dock-1", scanned_at="2026-11-23T11:59:00Z"
    )
    assert (late.repeated, again.repeated, late.event_id) == (False, True, again.event_id)


def test_a_line_that_breaks_again_keeps_the_rest_in_order(station: Station) -> None:
    for number in range(5):
        station.scan(pack(f"P{number}"))
    station.line.cut_after = 2
    assert station.replay() == [200, 200]
    station.counter.close()
    station.restarted()
    assert len(station.counter.waiting) == 3
    station.line.cut_after = None
    assert station.replay() == [200, 200, 200]
    assert [key for _, _, key in station.line.sent] == [f"key-{PHARMACY.gln}-{number}" for number in range(5)]


def test_after_ten_days_the_station_warns_and_still_sends(station: Station) -> None:
    station.scan(pack("P0"))
    assert station.counter.warnings() == []
    station.scene.time.pass_by(days=10)
    assert any("copy" in warning for warning in station.counter.warnings())
    assert any("1 scans" in warning for warning in station.counter.warnings())
    assert "copy-too-old" in reasons(station.scan(pack("P0")))
    assert station.replay() == [200, 200]


def test_a_scan_without_its_separator_is_read_by_what_the_copy_knows(station: Station) -> None:
    code = element_string(pack("P0")).replace("\x1d", "")
    verdict = station.counter.verify(code)
    assert verdict.pack.serial == "P0"
    assert verdict.matched.lot == "yes"


def test_what_is_no_pack_is_noted_but_cannot_be_dispensed(station: Station) -> None:
    assert station.counter.verify("hello").verdict.value == "check"
    with pytest.raises(BadRequest):
        station.counter.change("hello", "dispensed")
    with pytest.raises(BadRequest):
        station.counter.change(element_string(pack("P0")), "eaten")
    assert station.replay() == [200]


@pytest.mark.parametrize("moment", ["", "yesterday", "2026-11-23T08:20:00", "0001-01-01T00:00:00Z"])
def test_a_time_that_is_none_is_refused(station: Station, moment: str) -> None:
    with pytest.raises(BadRequest):
        station.scene.node.offline.scan("x", site=PHARMACY.gln, purpose="dispense", key="k", scanned_at=moment)


def test_without_a_key_nothing_is_taken_late(station: Station) -> None:
    with pytest.raises(BadRequest):
        station.scene.node.offline.scan(
            "x", site=PHARMACY.gln, purpose="dispense", key="", scanned_at="2026-11-23T08:20:00Z"
        )


def test_the_same_key_of_two_sites_is_two_scans(station: Station) -> None:
    for site in (PHARMACY, OTHER_PHARMACY):
        station.scene.node.offline.scan(
            element_string(pack("P0")), site=site.gln, purpose="dispense", key="1", scanned_at="2026-11-23T08:20:00Z"
        )
    assert {scan.site for scan in station.scene.trace(pack("P0")).scans} == {PHARMACY.gln, OTHER_PHARMACY.gln}
