"""Temperatures: what leaves its profile is told once, inherited by what was inside then, and held at the counter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rxtrail.alerts import Alert, AlertCommand, ProfileCommand, RouteCommand
from rxtrail.alerts.cold_watching import ColdWatch
from rxtrail.errors import BadRequest, NotFound, Refused
from rxtrail.record.off_route import Marks
from tests.story import (
    GTIN,
    MAKER,
    OTHER_MAKER,
    OUTSIDER,
    PHARMACY,
    WHOLESALER,
    Party,
    Scene,
    Told,
    gtin,
    made,
    made_unit,
    pack,
    packed,
    packs,
    reasons,
    received,
    scene,
    sensed,
    shipped,
    span,
    sscc,
    unpacked,
)

if TYPE_CHECKING:
    from rxtrail.store import Reader

PACKS = packs(3)
UNIT, CASE, SECOND = sscc(1), sscc(2), sscc(3)
WARM_GTIN = gtin("67881")
FRIDGE = f"""
[[profile]]
id = "insulin"
min = 2
max = 8
freeze = 0
mkt_max = 14
products = ["{GTIN}"]
[[profile.band]]
to = 25
minutes = 60
"""
STRICT = f'[[profile]]\nid = "strict"\nmin = 2\nmax = 8\nproducts = ["{GTIN}"]\n'
FINE = [(12.0, 5.0), (20.0, 6.0), (30.0, 5.0)]
WARM = [(12.0, 5.0), (20.0, 12.0), (60.0, 13.0), (100.0, 5.0)]  # 80 minutes above 8


def load(scene: Scene, table: str = FRIDGE) -> None:
    scene.node.profile(ProfileCommand("load", "A. Kim", table=table.encode()))


def tell(scene: Scene, *events: Told, sender: Party = MAKER) -> None:
    scene.capture(*events, sender=sender, syntax="json")


def start(*inside: str, unit: str = UNIT) -> list[Told]:
    return [made(*(inside or PACKS)), made_unit(unit, minute=1), packed(unit, *(inside or PACKS))]


def alerts(scene: Scene, state: str = "standing") -> list[Alert]:
    scene.node.alerts.settle()
    return scene.node.alerts.page(state=state, rule="R12")


def at_counter(scene: Scene, epc: str, purpose: str = "dispense") -> str:
    return reasons(scene.verify(epc, purpose=purpose)).get("temperature-excursion", "")


# -- what is judged, and what is not -------------------------------------------------------------------------------


def test_what_no_profile_speaks_of_is_not_judged(hub: Scene) -> None:
    tell(hub, *start(), shipped(UNIT), sensed(UNIT, values=WARM))
    assert alerts(hub) == []
    assert at_counter(hub, PACKS[0]) == ""


def test_readings_within_the_profile_raise_nothing(hub: Scene) -> None:
    load(hub)
    tell(hub, *start(), shipped(UNIT), sensed(UNIT, values=FINE))
    assert alerts(hub) == []


def test_a_budget_that_is_not_used_up_raises_nothing(hub: Scene) -> None:
    load(hub)
    tell(hub, *start(), shipped(UNIT), sensed(UNIT, values=[(12, 5), (20, 12), (50, 5), (60, 5), (120, 5)]))
    assert alerts(hub) == []


def test_a_budget_that_is_used_up_is_one_alert_for_the_shipment_and_stops_its_packs(hub: Scene) -> None:
    load(hub)
    tell(hub, *start(), shipped(UNIT), sensed(UNIT, values=WARM))
    (alert,) = alerts(hub)
    assert (alert.rule, alert.severity, alert.subjects, alert.subject_count) == ("R12", "stop", [UNIT], 1)
    assert "80 minutes" in alert.what
    assert "60 minutes" in alert.what
    assert (alert.sender, alert.receiver) == (MAKER.gln, PHARMACY.gln)
    assert alert.evidence[0].link.startswith("/epcis/events/")
    assert at_counter(hub, PACKS[0]) == "stop"
    assert at_counter(hub, PACKS[0], "receive") == "check"


def test_minutes_of_several_excursions_are_added_up(hub: Scene) -> None:
    load(hub)
    tell(hub, *start(), shipped(UNIT))
    for number, begin in enumerate((20, 100, 200)):
        tell(hub, sensed(UNIT, values=[(begin, 12), (begin + 25, 5)], minute=begin + 30))
        assert bool(alerts(hub)) is (number == 2)


def test_freezing_stops_at_once(hub: Scene) -> None:
    load(hub)
    tell(hub, *start(), shipped(UNIT), sensed(UNIT, values=[(20, 4), (21, -0.3), (22, 4)]))
    (alert,) = alerts(hub)
    assert alert.severity == "stop"
    assert "froze" in alert.what
    assert at_counter(hub, PACKS[0]) == "stop"


def test_beyond_every_band_nothing_is_allowed(hub: Scene) -> None:
    load(hub)
    tell(hub, *start(), shipped(UNIT), sensed(UNIT, values=[(20, 4), (21, 25.1), (22, 4)]))
    assert [alert.severity for alert in alerts(hub)] == ["stop"]


def test_without_a_budget_a_person_decides(hub: Scene) -> None:
    load(hub, STRICT)
    tell(hub, *start(), shipped(UNIT), sensed(UNIT, values=[(20, 4), (30, 9), (40, 4)]))
    (alert,) = alerts(hub)
    assert alert.severity == "check"
    assert "10 minutes" in alert.what
    assert at_counter(hub, PACKS[0]) == "check"


def test_of_a_report_of_a_span_only_what_is_sure_stops(hub: Scene) -> None:
    load(hub)
    tell(hub, *start(), shipped(UNIT), sensed(UNIT, elements=span(20, 200, minValue=4, maxValue=9, meanValue=5)))
    (alert,) = alerts(hub)
    assert alert.severity == "check"
    assert "up to" in alert.what
    tell(hub, sensed(UNIT, elements=span(210, 300, minValue=9, maxValue=11, meanValue=10)))
    assert [each.severity for each in alerts(hub)] == ["stop"]


def test_a_mean_kinetic_temperature_above_its_limit_is_for_a_person(hub: Scene) -> None:
    load(
        hub,
        f'[[profile]]\nid = "room"\nmin = 15\nmax = 25\nmkt_max = 25\nproducts = ["{GTIN}"]\n'
        "[[profile.band]]\nto = 30\n",
    )
    tell(hub, *start(), shipped(UNIT), sensed(UNIT, values=[(20, 29), (60, 29), (70, 20)]))
    (alert,) = alerts(hub)
    assert alert.severity == "check"
    assert "Mean kinetic temperature" in alert.what
    later = [(70.0 + 30 * number, 18.0) for number in range(60)]
    tell(hub, sensed(UNIT, values=later))
    assert alerts(hub) == []
    assert [each.state for each in alerts(hub, "")] == ["explained"]


def test_an_alarm_without_a_value_is_for_a_person(hub: Scene) -> None:
    load(hub)
    report = {"sensorReport": [{"type": "gs1:Temperature", "exception": "ALARM_CONDITION"}]}
    tell(hub, *start(), shipped(UNIT), sensed(UNIT, elements=[report]))
    assert [alert.severity for alert in alerts(hub)] == ["check"]


def test_what_would_be_in_order_in_fahrenheit_says_so(hub: Scene) -> None:
    load(hub)
    tell(hub, *start(), shipped(UNIT), sensed(UNIT, values=[(20, 41), (30, 40), (40, 41)]))
    (alert,) = alerts(hub)
    assert alert.cause == "scanner"
    assert "Fahrenheit" in alert.why


@pytest.mark.parametrize(
    ("value", "uom", "kind"),
    [
        (53.6, "FAH", "gs1:Temperature"), (285.15, "KEL", "Temperature"), (12, "CEL", "https://gs1.org/voc/Temperature"),
        (12, "CEL", "https://ref.gs1.org/cbv/MeasurementType-Temperature"), (12, "°C", "gs1:Temperature"),
    ],
)  # fmt: skip
def test_units_and_spellings_mean_the_same(hub: Scene, value: float, uom: str, kind: str) -> None:
    load(hub, STRICT)
    elements = span(20, 40, value=value, uom=uom, type=kind)
    tell(hub, *start(), shipped(UNIT), sensed(UNIT, elements=elements))
    (alert,) = alerts(hub)
    assert alert.what.startswith("12.0 °C")


# -- who inherits --------------------------------------------------------------------------------------------------


def test_packs_that_were_taken_out_afterwards_keep_it_and_those_that_came_out_before_do_not(hub: Scene) -> None:
    load(hub)
    tell(hub, *start(), shipped(UNIT))
    tell(hub, received(UNIT, minute=14), sender=PHARMACY)
    tell(hub, unpacked(UNIT, PACKS[0], minute=18), sender=PHARMACY)
    tell(hub, unpacked(UNIT, PACKS[1], minute=400), sender=PHARMACY)
    tell(hub, sensed(UNIT, values=WARM))
    assert alerts(hub)
    assert [at_counter(hub, epc) for epc in PACKS] == ["", "stop", "stop"]


def test_what_was_put_in_later_has_nothing_to_do_with_it(hub: Scene) -> None:
    load(hub)
    late = pack("LATE")
    tell(hub, *start(), made(late, minute=2), sensed(UNIT, values=[(12, 5), (20, -5), (25, 5)]))
    tell(hub, packed(UNIT, late, minute=60), sensed(UNIT, values=[(70, 5), (80, 5)], minute=80))
    assert alerts(hub)
    assert [at_counter(hub, epc) for epc in (PACKS[0], late)] == ["stop", ""]


def test_minutes_before_something_was_put_in_are_not_its_own(hub: Scene) -> None:
    load(hub)
    late = pack("LATE")
    tell(hub, *start(), made(late, minute=2), sensed(UNIT, values=[(12, 12), (52, 12), (62, 5)]))
    assert alerts(hub) == []
    tell(hub, packed(UNIT, late, minute=65), sensed(UNIT, values=[(70, 12), (100, 5)], minute=110))
    assert alerts(hub)
    assert [at_counter(hub, epc) for epc in (PACKS[0], late)] == ["stop", ""]


def test_a_pallet_means_what_is_in_its_cases_and_only_products_of_the_profile(hub: Scene) -> None:
    load(hub)
    other = packs(2, WARM_GTIN)
    tell(
        hub, made(*PACKS), made(*other), made_unit(CASE, UNIT, minute=1), packed(CASE, *PACKS, minute=3),
        packed(UNIT, CASE, *other, minute=5), shipped(UNIT), sensed(UNIT, values=WARM),
    )  # fmt: skip
    (alert,) = alerts(hub)
    assert alert.subjects == [UNIT]
    assert at_counter(hub, PACKS[0]) == "stop"
    assert at_counter(hub, other[0]) == ""


def test_a_case_adds_up_its_own_logger_and_the_pallets(hub: Scene) -> None:
    load(hub)
    tell(
        hub, made(*PACKS), made_unit(CASE, UNIT, minute=1), packed(CASE, *PACKS, minute=3),
        sensed(CASE, values=[(4, 12), (44, 5)], device="case", minute=44),
        packed(UNIT, CASE, minute=50), shipped(UNIT, minute=55),
        sensed(UNIT, values=[(60, 12), (95, 5)], minute=95),
    )  # fmt: skip
    (alert,) = alerts(hub)
    assert alert.subjects == [CASE]
    assert at_counter(hub, PACKS[0]) == "stop"


def test_a_pack_that_was_packed_again_adds_up_both(hub: Scene) -> None:
    load(hub)
    tell(
        hub, *start(), made_unit(SECOND, minute=1), sensed(UNIT, values=[(6, 12), (46, 5)], minute=46),
        unpacked(UNIT, PACKS[0], minute=50, at=MAKER), packed(SECOND, PACKS[0], minute=52),
        sensed(SECOND, values=[(60, 12), (95, 5)], minute=95),
    )  # fmt: skip
    (alert,) = alerts(hub)
    assert alert.subjects == [PACKS[0]]
    assert [at_counter(hub, epc) for epc in PACKS] == ["stop", "", ""]


def test_a_loose_pack_has_readings_of_its_own(hub: Scene) -> None:
    load(hub)
    tell(hub, made(*PACKS), sensed(PACKS[0], values=WARM))
    assert [alert.subjects for alert in alerts(hub)] == [[PACKS[0]]]
    assert [at_counter(hub, epc) for epc in PACKS] == ["stop", "", ""]


# -- a person, and what comes later --------------------------------------------------------------------------------


def explain(scene: Scene, alert: Alert) -> None:
    scene.node.alert(AlertCommand("explain", "B. Lee", alert.id, "The maker allows it."))


def test_explaining_the_alert_lifts_it_and_what_is_worse_opens_it_again(hub: Scene) -> None:
    load(hub)
    tell(hub, *start(), shipped(UNIT), sensed(UNIT, values=WARM))
    explain(hub, alerts(hub)[0])
    assert at_counter(hub, PACKS[0]) == ""
    tell(hub, sensed(UNIT, values=[(110, 5), (120, 5)], minute=120))
    assert alerts(hub) == []
    tell(hub, sensed(UNIT, values=[(130, 5), (140, -4)], minute=140))
    (alert,) = alerts(hub)
    assert "froze" in alert.what
    assert at_counter(hub, PACKS[0]) == "stop"


def test_what_was_explained_of_one_pallet_says_nothing_of_another_of_its_shipment(hub: Scene) -> None:
    load(hub)
    frozen = [(20.0, 4.0), (21.0, -3.0), (22.0, 4.0)]
    tell(hub, *start(PACKS[0]), *start(PACKS[1], unit=SECOND), shipped(UNIT, SECOND), sensed(UNIT, values=frozen))
    (alert,) = alerts(hub)
    explain(hub, alert)
    tell(hub, sensed(SECOND, values=frozen, minute=41))
    (again,) = alerts(hub)
    assert (again.id, again.state, again.subjects) == (alert.id, "open", [UNIT, SECOND])
    assert at_counter(hub, PACKS[1]) == "stop"
    explain(hub, again)
    assert at_counter(hub, PACKS[1]) == ""
    tell(hub, sensed(SECOND, values=[(50, 4)], minute=50))
    assert alerts(hub) == []


def test_a_mark_that_came_in_the_moment_of_the_explanation_is_lifted_by_the_next_step(
    hub: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(hub)
    tell(hub, *start(), shipped(UNIT), sensed(UNIT, values=WARM))
    (alert,) = alerts(hub)
    with monkeypatch.context() as before_it_came:
        before_it_came.setattr(Marks, "load", lambda _marks, _reader: None)
        explain(hub, alert)
    assert at_counter(hub, PACKS[0]) == "stop"
    hub.node.alert(AlertCommand("close", "B. Lee", alert.id, "Done."))
    assert at_counter(hub, PACKS[0]) == ""


def test_readings_that_are_declared_wrong_explain_it(hub: Scene) -> None:
    load(hub)
    reading = sensed(UNIT, values=WARM)
    tell(hub, *start(), shipped(UNIT), reading)
    assert alerts(hub)
    tell(hub, reading.declared_wrong(500))
    assert alerts(hub) == []
    assert [each.state for each in alerts(hub, "")] == ["explained"]
    assert at_counter(hub, PACKS[0]) == ""


def test_an_outsiders_readings_hold_nothing(hub: Scene) -> None:
    load(hub)
    tell(hub, *start(), shipped(UNIT))
    tell(hub, sensed(UNIT, values=WARM, at=OUTSIDER), sender=OUTSIDER)
    assert alerts(hub) == []


def test_a_profile_that_is_loaded_later_judges_what_is_on_record_and_a_retired_one_lifts_it(hub: Scene) -> None:
    tell(hub, *start(), shipped(UNIT), sensed(UNIT, values=WARM))
    assert alerts(hub) == []
    load(hub)
    assert alerts(hub)
    hub.node.profile(ProfileCommand("retire", "A. Kim", ["insulin"]))
    assert alerts(hub) == []
    assert at_counter(hub, PACKS[0]) == ""


def test_a_lane_names_the_profile_of_what_goes_on_it(hub: Scene) -> None:
    hub.partners((MAKER, "maker"), (WHOLESALER, "wholesaler"), (PHARMACY, "pharmacy"))
    lane = (
        f'[[lane]]\nid = "L1"\nproducts = ["{GTIN}"]\norigin = "{MAKER.gln}"\ndestinations = ["{PHARMACY.gln}"]\n'
        'temperature = "2-8"\n'
    )
    hub.node.route(RouteCommand("load", "A. Kim", table=lane.encode()))
    tell(hub, *start(), shipped(UNIT), sensed(UNIT, values=WARM))
    assert alerts(hub) == []
    hub.node.route(RouteCommand("approve", "B. Lee"))
    (alert,) = alerts(hub)
    assert (alert.lanes, alert.severity) == (["L1"], "check")


@pytest.mark.parametrize("moved", [True, False], ids=["on its way", "not yet moved"])
@pytest.mark.parametrize(
    ("days", "profile"),
    [
        ([("", "2026-10-01", "2-8"), ("2026-12-01", "", "-25..-15")], ""),
        ([("", "2026-11-02", "2-8"), ("2026-12-01", "", "-25..-15")], "2-8"),
        ([("", "", "2-8"), ("2026-11-02", "2026-11-02", "15-25")], "15-25"),
        ([("", "", "2-8"), ("2026-11-02", "", "")], ""),
    ],
    ids=["ended", "to be replaced", "replaced for this day", "replaced without a profile"],
)
def test_a_lane_asks_for_its_temperatures_only_on_the_days_on_which_it_holds(
    hub: Scene, days: list[tuple[str, str, str]], profile: str, *, moved: bool
) -> None:
    hub.partners((MAKER, "maker"), (WHOLESALER, "wholesaler"), (PHARMACY, "pharmacy"))
    for version, (since, until, name) in enumerate(days, 1):
        lane = (
            f'[[lane]]\nid = "L1"\nproducts = ["{GTIN}"]\norigin = "{MAKER.gln}"\n'
            f'destinations = ["{PHARMACY.gln}"]\nversion = {version}\n'
            f'since = "{since}"\nuntil = "{until}"\ntemperature = "{name}"\n'
        )
        hub.node.route(RouteCommand("load", "A. Kim", table=lane.encode()))
    hub.node.route(RouteCommand("approve", "B. Lee"))
    out = [(12.0, 12.0), (20.0, 30.0), (600.0, 30.0)]
    tell(hub, *start(), *([shipped(UNIT)] if moved else []), sensed(UNIT, values=out))
    hub.node.alerts.settle()
    assert [use.profile for use in hub.node.alerts.temperatures(PACKS[0]).profiles] == ([profile] if profile else [])
    assert bool(alerts(hub)) is bool(profile)


def test_a_fault_of_the_temperature_rules_silences_no_route_and_loses_nobodys_word(
    hub: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.partners((MAKER, "maker"), (WHOLESALER, "wholesaler"), (PHARMACY, "pharmacy"))
    lane = f'[[lane]]\nid = "L1"\nproducts = ["{GTIN}"]\norigin = "{MAKER.gln}"\ndestinations = ["{WHOLESALER.gln}"]\n'
    hub.node.route(RouteCommand("load", "A. Kim", table=lane.encode()))
    hub.node.route(RouteCommand("approve", "B. Lee"))
    hub.node.alerts.settle()
    told: list[set[int]] = []

    def step(_watch: ColdWatch, _reader: Reader, retold: set[int]) -> bool:
        told.append(set(retold))
        if broken:
            raise RuntimeError("a fault of ours")
        return False

    broken = True
    monkeypatch.setattr(ColdWatch, "step", step)
    hub.node.alerts.watching.retold([7])
    tell(hub, *start(), shipped(UNIT))
    with pytest.raises(RuntimeError):
        hub.node.alerts.settle()
    assert [each.rule for each in hub.node.alerts.page(state="standing")] == ["R1"]
    broken = False
    told.clear()
    hub.node.alerts.settle()
    assert any(7 in each for each in told)


STORY = [
    [*start(), made_unit(SECOND, minute=1)],
    [shipped(UNIT)],
    [sensed(UNIT, values=[(12, 12), (40, 12)], minute=40)],
    [sensed(UNIT, values=[(50, 12), (80, 5), (90, 5)], minute=90)],
    [sensed(UNIT, elements=span(95, 120, minValue=3, maxValue=9, meanValue=5), minute=120)],
    [unpacked(UNIT, PACKS[0], minute=55, at=MAKER), packed(SECOND, PACKS[0], minute=57)],
    [sensed(SECOND, values=[(60, 12), (100, 5)], device="L2", minute=100)],
    [sensed(SECOND, values=[(130, -3), (131, 5)], device="L2", minute=140).declared_wrong(200)],
    [sensed(SECOND, values=[(130, -3), (131, 5)], device="L2", minute=140)],
    [unpacked(UNIT, PACKS[1], minute=30, at=MAKER)],
]
End = tuple[list[tuple[str, str, str, tuple[str, ...], str]], list[str]]


def _told(factory: pytest.TempPathFactory, order: list[int], *, late: bool, settles: set[int]) -> End:
    with scene(factory.mktemp("cold")) as opened:
        opened.partners((MAKER, "maker"), (PHARMACY, "pharmacy"))
        if not late:
            load(opened)
        for number in order:
            tell(opened, *STORY[number])
            if number in settles:
                opened.node.alerts.settle()
        if late:
            load(opened)
        found = [(a.id, a.severity, a.what, tuple(sorted(a.subjects)), a.receiver) for a in alerts(opened)]
        return sorted(found), [at_counter(opened, epc) for epc in PACKS]


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> End:
    return _told(tmp_path_factory, [*range(len(STORY))], late=False, settles={*range(len(STORY))})


def test_the_story_has_something_to_tell(expected: End) -> None:
    told, at = expected
    assert at == ["stop", "", "stop"]
    ((_, severity, what, subjects, receiver),) = told
    assert (severity, subjects, receiver) == ("stop", (UNIT, PACKS[0]), PHARMACY.gln)
    assert "83 minutes" in what  # 43 in the first unit, 40 in the second


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(
    order=st.permutations(range(len(STORY))),
    late=st.booleans(),
    settles=st.sets(st.integers(0, len(STORY) - 1)),
)
def test_shuffled_and_late_readings_end_with_the_same_open_alerts(
    tmp_path_factory: pytest.TempPathFactory, expected: End, order: list[int], late: bool, settles: set[int]
) -> None:
    assert _told(tmp_path_factory, order, late=late, settles=settles) == expected


# -- profiles ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "error", "words"),
    [
        (b"\xff", BadRequest, "UTF-8"),
        (b"[[profile]\n", BadRequest, "not TOML"),
        (b"[[lane]]\nid = 1\n", BadRequest, "[[profile]]"),
        (b"[[profile]]\nid = 'x'\nmaximum = 8\n", BadRequest, "maximum"),
        (b"[[profile]]\nid = 'x'\nmax = 'warm'\n", BadRequest, "not a profile"),
        (b"[[profile]]\nid = 'x'\nmax = nan\n", Refused, "no temperature"),
        (b"[[profile]]\nid = 'x'\nmin = 8\nmax = 2\n", Refused, "not below"),
        (b"[[profile]]\nid = 'x'\n", Refused, "needs min or max"),
        (b"[[profile]]\nid = 'x'\nmin = 2\nmax = 8\nfreeze = 3\n", Refused, "lies above min"),
        (b"[[profile]]\nid = 'x'\nmin = 2\nmax = 8\n[[profile.band]]\nto = 7\n", Refused, "neither above"),
        (b"[[profile]]\nid = 'x'\nmin = 2\nmax = 8\n[[profile.band]]\nto = 9\nminutes = -1\n", Refused, "minutes"),
        (b"[[profile]]\nid = 'x'\nmax = 8\nproducts = ['123']\n", Refused, "check digit"),
        (b"[[profile]]\nid = 'x'\nmax = 8\n[[profile]]\nid = 'x'\nmax = 9\n", BadRequest, "twice"),
    ],
)
def test_a_profile_that_makes_no_sense_is_refused(hub: Scene, table: bytes, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as told:
        hub.node.profile(ProfileCommand("load", "A. Kim", table=table))
    assert words in str(told.value)
    assert hub.node.alerts.profiles.all(state="in-force") == []


def test_the_usual_profiles_are_there_and_one_of_the_same_name_takes_its_place(hub: Scene) -> None:
    usual = {profile.id: profile for profile in hub.node.alerts.profiles.all()}
    assert set(usual) == {"2-8", "15-25", "-25..-15", "-80..-60", "-150"}
    load(hub, '[[profile]]\nid = "2-8"\nmin = 2\nmax = 8\nfreeze = -0.5\n')
    assert hub.node.alerts.profiles.get("2-8").freeze == -0.5
    with pytest.raises(NotFound):
        hub.node.alerts.profiles.get("3-9")


def test_a_lane_that_names_no_known_profile_is_told(hub: Scene) -> None:
    lane = (
        f'[[lane]]\nid = "L1"\nproducts = ["{GTIN}"]\norigin = "{MAKER.gln}"\ndestinations = ["{PHARMACY.gln}"]\n'
        'temperature = "cool"\n'
    )
    hub.node.route(RouteCommand("load", "A. Kim", table=lane.encode()))
    assert hub.node.alerts.profiles.check().unknown == ["cool"]


# -- looking -------------------------------------------------------------------------------------------------------


def test_the_history_of_a_pack_holds_what_it_was_in_while_it_was_in_it(hub: Scene) -> None:
    load(hub)
    tell(hub, *start(), shipped(UNIT), sensed(UNIT, values=WARM))
    history = hub.node.alerts.temperatures(PACKS[0])
    assert [(r.min, r.of) for r in history.readings] == [(value, UNIT) for _, value in WARM]
    (use,) = history.profiles
    assert (use.profile, use.min, use.max, use.measured_minutes) == ("insulin", 5.0, 13.0, 88.0)
    assert [(band.limit, band.minutes) for band in use.bands if band.side == "above"] == [(8.0, 80.0)]
    assert [breach.kind for breach in use.breaches] == ["budget"]
    assert hub.node.trace(PACKS[0]).temperature == history
    assert hub.node.alerts.temperatures(UNIT).reading_count == 4
    assert not hub.node.alerts.temperatures(pack("NOBODY", gtin("11111", maker=OTHER_MAKER))).found


def test_a_journey_without_readings_says_nothing_of_temperatures(hub: Scene) -> None:
    tell(hub, *start())
    assert hub.node.trace(PACKS[0]).temperature is None
