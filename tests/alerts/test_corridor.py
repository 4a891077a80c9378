"""R6: a tracker outside of its corridor. One fix proves nothing, and nonsense is never an alarm."""

from __future__ import annotations

import datetime
import itertools
import json
import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rxtrail.alerts import RouteCommand, on_the_way
from rxtrail.core.rules import corridor
from rxtrail.core.rules.corridor import Fix, Report, excursions, km_from, pieces, sound
from rxtrail.errors import Refused
from tests.alerts.test_routes import alerts, chain, lane, route, with_places
from tests.story import (
    MAKER,
    OUTSIDER,
    PHARMACY,
    START,
    WHOLESALER,
    Scene,
    digital_link,
    made,
    made_unit,
    packed,
    packs,
    reasons,
    scene,
    shipped,
    sscc,
)

__all__ = ["chain"]
PACKS = packs(3)
UNIT = sscc(1)
CHICAGO = {"latitude": "41.88", "longitude": "-87.63", "countryCode": "US", "state": "IL"}
MILWAUKEE = {"latitude": "43.04", "longitude": "-87.91", "countryCode": "US", "state": "WI"}
ON_THE_WAY = [(42.0, -87.7), (42.4, -87.8), (42.8, -87.9)]
FAR_OFF = [(41.6, -88.8), (41.5, -89.4), (41.4, -90.0), (41.3, -90.5)]
BOUNDED = {"corridor_km": 20, "corridor_minutes": 30}


def when(minute: float) -> str:
    return (START + datetime.timedelta(minutes=minute)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def geo(minute: float, latitude: float, longitude: float, epc: str = UNIT) -> dict[str, Any]:
    """One event with a geo URI as its read point, as trackers' platforms tell it."""
    return {
        "type": "ObjectEvent", "eventTime": when(minute), "eventTimeZoneOffset": "+00:00", "action": "OBSERVE",
        "epcList": [digital_link(epc)], "bizStep": "transporting",
        "eventID": f"urn:uuid:00000000-0000-4000-8000-{round(minute * 1000):012d}",
        "readPoint": {"id": f"geo:{latitude},{longitude}"},
    }  # fmt: skip


def sensed(minute: float, fixes: list[tuple[float, float, float]], epc: str = UNIT) -> dict[str, Any]:
    """One event with many fixes as sensor reports, as loggers are read out."""
    reports: list[dict[str, Any]] = []
    for at, latitude, longitude in fixes:
        reports += [
            {"type": "gs1:Latitude", "value": latitude, "uom": "DD", "time": when(at)},
            {"type": "gs1:Longitude", "value": longitude, "uom": "DD", "time": when(at)},
        ]
    event = geo(minute, 0, 0, epc)
    del event["readPoint"]
    event["sensorElementList"] = [{"sensorMetadata": {"deviceID": "urn:x:1"}, "sensorReport": reports}]
    return event


def document(*events: dict[str, Any], sender: Any = MAKER) -> bytes:
    return json.dumps(
        {
            "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"], "type": "EPCISDocument",
            "schemaVersion": "2.0", "creationDate": "2026-11-04T08:00:00Z", "sender": digital_link(sender.pgln),
            "epcisBody": {"eventList": list(events)},
        }
    ).encode()  # fmt: skip


def sent(scene: Scene, **limits: object) -> None:
    """A pallet that left Chicago for Milwaukee at minute 10, on a lane with a corridor."""
    route(scene, lane(**{**BOUNDED, **limits}))
    events = [made(*PACKS), made_unit(UNIT, minute=1), packed(UNIT, *PACKS), shipped(UNIT, buyer=WHOLESALER)]
    scene.give(with_places(events, {MAKER: CHICAGO, WHOLESALER: MILWAUKEE}))


def line(points: list[tuple[float, float]], start: float = 30, every: float = 30) -> list[dict[str, Any]]:
    return [geo(start + every * index, *point) for index, point in enumerate(points)]


def test_a_tracker_on_its_way_raises_nothing(chain: Scene) -> None:
    sent(chain)
    chain.give(document(*line(ON_THE_WAY)))
    assert alerts(chain) == {}


def test_a_load_that_drives_elsewhere_is_one_alert_and_amber_for_what_is_in_it(chain: Scene) -> None:
    sent(chain)
    chain.give(document(*line(FAR_OFF)))
    found = alerts(chain)
    assert set(found) == {"R6"}
    assert (found["R6"].severity, found["R6"].cause) == ("check", "suspect")
    assert found["R6"].subjects == [UNIT]
    assert "km outside of its corridor for 90 minutes" in found["R6"].what
    assert found["R6"].sender == MAKER.gln
    assert reasons(chain.verify(PACKS[0], site=WHOLESALER))["off-route"] == "check"


def test_sensor_reports_tell_the_same_as_read_points(chain: Scene) -> None:
    sent(chain)
    fixes = [(30.0 + 30 * index, *point) for index, point in enumerate(FAR_OFF)]
    chain.give(document(sensed(200, fixes)))
    found = alerts(chain)
    assert set(found) == {"R6"}
    assert "90 minutes" in found["R6"].what


def test_one_fix_outside_proves_nothing(chain: Scene) -> None:
    sent(chain)
    chain.give(document(*line([ON_THE_WAY[0], (42.2, -88.6), *ON_THE_WAY[1:]])))
    chain.give(document(geo(400, *FAR_OFF[0])))
    assert alerts(chain) == {}


def test_a_detour_shorter_than_the_lane_allows_raises_nothing(chain: Scene) -> None:
    sent(chain, corridor_minutes=120)
    chain.give(document(*line([*FAR_OFF, *reversed(FAR_OFF[:3]), *ON_THE_WAY], every=15)))
    assert alerts(chain) == {}


def test_who_comes_back_made_a_detour(chain: Scene) -> None:
    sent(chain)
    chain.give(document(*line([*FAR_OFF, *reversed(FAR_OFF[:3]), *ON_THE_WAY], every=60)))
    assert alerts(chain)["R6"].cause == "process"


def test_a_corridor_of_points_is_not_the_straight_way(chain: Scene) -> None:
    sent(chain, corridor=[[41.88, -87.63], [41.3, -90.5], [43.04, -87.91]])
    chain.give(document(*line(FAR_OFF)))
    assert alerts(chain) == {}


def test_without_a_corridor_or_places_with_coordinates_nothing_is_judged(chain: Scene) -> None:
    route(chain, lane(**BOUNDED))
    chain.capture(made(*PACKS), made_unit(UNIT, minute=1), packed(UNIT, *PACKS), shipped(UNIT, buyer=WHOLESALER))
    chain.give(document(*line(FAR_OFF)))
    assert alerts(chain) == {}


def test_a_lane_that_bounds_nothing_lets_it_drive_where_it_wants(chain: Scene) -> None:
    sent(chain, corridor_km=0)
    chain.give(document(*line(FAR_OFF)))
    assert alerts(chain) == {}


def test_an_outsider_s_tracker_says_nothing(chain: Scene) -> None:
    sent(chain)
    chain.give(document(*line(FAR_OFF), sender=OUTSIDER))
    assert "R6" not in alerts(chain)


@pytest.mark.parametrize(
    "odd",
    [
        [(0.0, 0.0)] * 4,
        [(91.0, 10.0), (42.0, 181.0), (-200.0, 500.0), (1e300, 1e300)],
        [(-33.9, 151.2), (42.1, -87.7), (-33.9, 151.2), (42.2, -87.7), (-33.9, 151.2)],
    ],
    ids=["0, 0", "no place on earth", "faster than a plane"],
)
def test_nonsense_is_told_once_and_is_no_alarm(chain: Scene, odd: list[tuple[float, float]]) -> None:
    sent(chain)
    mixed = list(itertools.chain.from_iterable(itertools.zip_longest(ON_THE_WAY, odd)))
    chain.give(document(*line([point for point in mixed if point is not None])))
    found = alerts(chain)
    assert set(found) == {"tracker"}
    assert found["tracker"].cause == "scanner"
    assert "off-route" not in reasons(chain.verify(PACKS[0], site=WHOLESALER))


def test_a_clock_that_runs_backwards_is_told_and_is_no_alarm(chain: Scene) -> None:
    sent(chain)
    later = [sensed(300 + index, [(60.0 + index, *FAR_OFF[index])]) for index in range(4)]
    chain.give(document(*line(ON_THE_WAY, start=120), *later))
    assert set(alerts(chain)) == {"tracker"}


def test_one_odd_position_is_not_worth_an_alert(chain: Scene) -> None:
    sent(chain)
    chain.give(document(*line([ON_THE_WAY[0], (0.0, 0.0), *ON_THE_WAY[1:]])))
    assert alerts(chain) == {}


def test_a_position_that_is_none_is_a_finding_of_its_document(chain: Scene) -> None:
    receipt = chain.give(document(geo(30, 0, 0), geo(31, 95, 10), sensed(40, [(35.0, 42.0, -87.7)])))
    told = [finding for finding in receipt.findings if finding.code == "POSITION_NONSENSE"]
    assert len(told) == 2
    assert "0, 0" in told[0].message


def test_a_late_despatch_ends_with_the_same_alert(chain: Scene) -> None:
    route(chain, lane(**BOUNDED))
    chain.give(document(*line(FAR_OFF)))
    assert alerts(chain) == {}
    events = [made(*PACKS), made_unit(UNIT, minute=1), packed(UNIT, *PACKS), shipped(UNIT, buyer=WHOLESALER)]
    chain.give(with_places(events, {MAKER: CHICAGO, WHOLESALER: MILWAUKEE}))
    chain.node.alerts.rejudge()  # places came with it
    assert set(alerts(chain)) == {"R6"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"corridor": [[41.0, -87.0]], "corridor_km": 5},
        {"corridor": [[41.0, -87.0], [95.0, 0.0]], "corridor_km": 5},
        {"corridor": [[41.0, -87.0], [42.0, -87.0]]},
        {"corridor_km": -1},
        {"corridor_km": 5, "corridor_minutes": -1},
    ],
)
def test_a_corridor_that_makes_no_sense_is_refused(chain: Scene, wrong: dict[str, object]) -> None:
    with pytest.raises(Refused):
        chain.node.route(RouteCommand("load", "A. Kim", table=lane(**wrong)))


def test_a_corridor_is_read_from_a_table_too(chain: Scene) -> None:
    table = (
        "id,products,origin,destinations,corridor,corridor_km,corridor_minutes\n"
        f"L1,00312345678906,{MAKER.gln},{PHARMACY.gln},41.88/-87.63 43.04/-87.91,15.5,20\n"
    )
    chain.node.route(RouteCommand("load", "A. Kim", table=table.encode()))
    found = chain.node.alerts.routes.get("L1")
    assert found.corridor == [(41.88, -87.63), (43.04, -87.91)]
    assert (found.corridor_km, found.corridor_minutes) == (15.5, 20.0)


EVENTS = line([*FAR_OFF, *reversed(FAR_OFF[:3]), *ON_THE_WAY, *FAR_OFF], every=60)


@pytest.mark.slow
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(len(EVENTS))), cut=st.integers(0, len(EVENTS)))
def test_shuffled_and_late_fixes_end_with_the_same_open_alerts(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], cut: int
) -> None:
    def played(pieces: list[list[int]]) -> dict[str, tuple[str, str]]:
        with scene(tmp_path_factory.mktemp("order") / "data") as told:
            told.partners((MAKER, "maker"), (WHOLESALER, "wholesaler"), (PHARMACY, "pharmacy"))
            sent(told)
            for piece in pieces:
                if piece:
                    told.give(document(*(EVENTS[index] for index in piece)))
                    told.node.alerts.settle()
            return {alert.id: (alert.rule, alert.what) for alert in told.node.alerts.page(state="standing")}

    assert played([order[:cut], order[cut:]]) == played([list(range(len(EVENTS)))])


# -- the arithmetic ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fix", "way", "km"),
    [
        ((51.0, 0.0), [(50.0, 0.0), (52.0, 0.0)], 0.0),
        ((51.0, 1.0), [(50.0, 0.0), (52.0, 0.0)], 69.97),
        ((49.0, 0.0), [(50.0, 0.0), (52.0, 0.0)], 111.19),
        ((10.0, 180.0), [(10.0, 179.0), (10.0, -179.0)], 0.15),
        ((10.0, -179.5), [(10.0, 179.0), (10.0, 179.9)], 65.7),
        ((51.5, -0.1), [(51.5, -0.1), (51.5, -0.1)], 0.0),
    ],
)
def test_the_distance_from_a_way_is_that_of_the_globe(
    fix: tuple[float, float], way: list[tuple[float, float]], km: float
) -> None:
    assert km_from(Fix(0, *fix), pieces(way)) == pytest.approx(km, abs=0.2)


def test_a_long_way_follows_the_great_circle() -> None:
    """London to New York: its middle lies far north of the straight line on a map."""
    way = pieces([(51.5, -0.1), (40.7, -74.0)])
    assert km_from(Fix(0, 52.37, -41.29), way) < 2
    assert km_from(Fix(0, 46.1, -37.05), way) > 500


@given(
    st.floats(-80, 80), st.floats(-180, 180), st.floats(-80, 80), st.floats(-180, 180), st.floats(0, 1)
)  # fmt: skip
def test_what_lies_on_the_way_is_not_beside_it(a: float, b: float, c: float, d: float, share: float) -> None:
    point = corridor._between((a, b), (c, d), share)
    assert km_from(Fix(0, *point), pieces([(a, b), (c, d)])) < 1.5


def test_an_excursion_is_opened_and_ended_by_two_in_a_row() -> None:
    def told(pattern: str) -> list[tuple[int, int, bool]]:
        fixes = [Fix(index * 60_000_000, 0.0, float(sign == "o")) for index, sign in enumerate(pattern)]

        def away(fix: Fix) -> float:
            return fix.longitude

        found = excursions(fixes, away, 0.5)
        return [(each.first.time // 60_000_000, each.last.time // 60_000_000, each.ended) for each in found]

    assert told("iioii") == []
    assert told("iiooii") == [(2, 3, True)]
    assert told("iiooioooii") == [(2, 7, True)]
    assert told("iioo") == [(2, 3, False)]
    assert told("ooiiooii") == [(0, 1, True), (4, 5, True)]
    assert told("") == []


def test_a_fix_that_two_more_confirm_is_taken() -> None:
    """Who says that the first one was right? When the next ones agree with the jump, it is there."""
    there = [Fix(minute * 60_000_000, 40.0, 10.0, minute) for minute in range(3)]
    reports = [Report(0, (Fix(-60_000_000, 42.0, -87.0),)), *(Report(fix.event, (fix,)) for fix in there)]
    good, odd = sound(reports)
    assert good[1:] == there
    assert len(odd) == 1
    assert math.isclose(good[0].latitude, 42.0)


def test_what_a_buffer_sends_twice_counts_once() -> None:
    fixes = tuple(Fix(minute * 60_000_000, 42.0, -87.0) for minute in range(5))
    good, odd = sound([Report(1, fixes), Report(2, fixes), Report(3, fixes[:2])])
    assert (len(good), odd) == (5, [])


# -- more than is looked at ------------------------------------------------------------------------------------------


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """At most eight events and eight fixes of a tracker are looked at."""
    for name in ("EVENTS_MAX", "FIXES_MAX", "FIXES_MIN"):
        monkeypatch.setattr(on_the_way, name, 8)
    monkeypatch.setattr(on_the_way, "EVENTS_AT_ONCE", 3)


def straight(count: int, start: float) -> list[dict[str, Any]]:
    return line([ON_THE_WAY[number % 3] for number in range(count)], start=start, every=1)


@pytest.mark.usefixtures("few")
def test_a_tracker_that_tells_more_than_is_looked_at_is_told_plainly(chain: Scene) -> None:
    sent(chain)
    chain.give(document(*straight(8, 200)))
    assert alerts(chain) == {}
    chain.give(document(*straight(1, 300)))
    (alert,) = alerts(chain).values()
    assert (alert.rule, alert.severity) == ("tracker", "check")
    assert "more positions than are looked at" in alert.what
    assert "off-route" not in reasons(chain.verify(PACKS[0], site=WHOLESALER)), "no counter hears of it"


@pytest.mark.usefixtures("few")
def test_what_was_told_of_positions_that_are_looked_at_no_more_stays(chain: Scene) -> None:
    sent(chain)
    chain.give(document(*line(FAR_OFF)))
    before = alerts(chain)["R6"]
    for start in (200, 300, 400):
        chain.give(document(*straight(7, start)))
        found = alerts(chain)
        assert set(found) == {"R6", "tracker"}
        assert (found["R6"].state, found["R6"].seen_at) == ("open", before.seen_at)
        assert reasons(chain.verify(PACKS[0], site=WHOLESALER))["off-route"] == "check"


@pytest.mark.usefixtures("few")
def test_the_newest_positions_are_those_that_are_looked_at(chain: Scene) -> None:
    sent(chain)
    chain.give(document(*straight(20, 30)))
    assert set(alerts(chain)) == {"tracker"}
    chain.give(document(*line(FAR_OFF, start=200)))
    assert set(alerts(chain)) == {"R6", "tracker"}


@pytest.mark.usefixtures("few")
def test_an_excursion_that_outlasts_what_is_looked_at_keeps_its_beginning(chain: Scene) -> None:
    sent(chain)
    chain.give(document(*line(FAR_OFF)))
    before = alerts(chain)["R6"]
    for number in range(4):
        chain.give(document(*line(FAR_OFF, start=200 + 120 * number)))
        assert alerts(chain)["R6"].seen_at == before.seen_at
    assert reasons(chain.verify(PACKS[0], site=WHOLESALER))["off-route"] == "check"


@pytest.mark.usefixtures("few")
def test_one_report_with_more_fixes_than_are_looked_at_is_told_too(chain: Scene) -> None:
    sent(chain)
    chain.give(document(sensed(200, [(30.0 + number, *ON_THE_WAY[number % 3]) for number in range(20)])))
    assert set(alerts(chain)) == {"tracker"}


def test_a_corridor_of_very_many_pieces_bounds_how_many_fixes_are_looked_at(
    chain: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_the_way, "WORK_MAX", 1)
    monkeypatch.setattr(on_the_way, "FIXES_MIN", 3)
    sent(chain)
    chain.give(document(*line(FAR_OFF)))
    found = alerts(chain)
    assert set(found) == {"R6", "tracker"}
    assert "for 60 minutes" in found["R6"].what, "the newest three"
