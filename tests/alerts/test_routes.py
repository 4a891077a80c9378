"""Approved routes: what leaves them is told once, with its cause; what no lane speaks of is not judged."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rxtrail.alerts import Alert, AlertCommand, RouteCommand
from rxtrail.errors import BadRequest, Refused
from tests.story import (
    GTIN,
    MAKER,
    OTHER_PHARMACY,
    OUTSIDER,
    PHARMACY,
    PHARMACY_ANNEX,
    SECOND_WHOLESALER,
    START,
    WHOLESALER,
    Party,
    Scene,
    Told,
    made,
    made_unit,
    pack,
    packed,
    packs,
    reasons,
    received,
    scene,
    shipped,
    sscc,
    unpacked,
    urn,
    xml,
)

PACKS = packs(3)
UNIT = sscc(1)
CARRIER = Party("0399999", "Fast Wheels 3PL")


def lane(**more: object) -> bytes:
    fields: dict[str, object] = {
        "id": "L1", "products": [GTIN], "origin": MAKER.gln, "via": [WHOLESALER.gln], "destinations": [PHARMACY.gln],
        **more,
    }  # fmt: skip

    def written(value: object) -> str:
        if isinstance(value, list):
            return "[" + ", ".join(map(written, value)) + "]"
        return f'"{value}"' if isinstance(value, str) else str(value)

    return ("[[lane]]\n" + "\n".join(f"{name} = {written(value)}" for name, value in fields.items())).encode()


def route(scene: Scene, *tables: bytes) -> None:
    for table in tables or (lane(),):
        scene.node.route(RouteCommand("load", "A. Kim", table=table))
    scene.node.route(RouteCommand("approve", "B. Lee"))


def alerts(scene: Scene, state: str = "standing") -> dict[str, Alert]:
    scene.node.alerts.settle()
    return {alert.rule: alert for alert in scene.node.alerts.page(state=state)}


def start() -> list[Told]:
    return [made(*PACKS), made_unit(UNIT, minute=1), packed(UNIT, *PACKS)]


def with_places(events: list[Told], places: dict[Party, dict[str, str]], sender: Party = MAKER) -> bytes:
    """A document whose header tells master data of places."""
    elements = "".join(
        f'<VocabularyElement id="{urn(party.sgln)}">'
        + "".join(f'<attribute id="urn:epcglobal:cbv:mda#{n}">{v}</attribute>' for n, v in attributes.items())
        + "</VocabularyElement>"
        for party, attributes in places.items()
    )
    master = (
        '<extension><EPCISMasterData><VocabularyList><Vocabulary type="urn:epcglobal:epcis:vtyp:Location">'
        f"<VocabularyElementList>{elements}</VocabularyElementList></Vocabulary></VocabularyList></EPCISMasterData>"
        "</extension></EPCISHeader>"
    )
    return xml(events, sender=sender).replace(b"</EPCISHeader>", master.encode())


@pytest.fixture
def chain(hub: Scene) -> Scene:
    hub.partners(
        (MAKER, "maker"), (WHOLESALER, "wholesaler"), (SECOND_WHOLESALER, "wholesaler"), (PHARMACY, "pharmacy"),
        (OTHER_PHARMACY, "pharmacy"), (CARRIER, "3pl"),
    )  # fmt: skip
    return hub


def test_what_no_lane_speaks_of_is_not_judged(chain: Scene) -> None:
    chain.capture(*start(), shipped(UNIT, buyer=OUTSIDER))
    assert alerts(chain) == {}


def test_a_lane_that_nobody_approved_judges_nothing(chain: Scene) -> None:
    chain.node.route(RouteCommand("load", "A. Kim", table=lane()))
    chain.capture(*start(), shipped(UNIT, buyer=OUTSIDER))
    assert alerts(chain) == {}


def test_a_shipment_on_its_lane_raises_nothing(chain: Scene) -> None:
    route(chain)
    chain.capture(*start(), shipped(UNIT, buyer=WHOLESALER), received(UNIT, at=WHOLESALER))
    chain.capture(shipped(UNIT, seller=WHOLESALER, buyer=PHARMACY, minute=30), sender=WHOLESALER)
    assert alerts(chain) == {}


def test_a_shipment_to_somebody_outside_of_its_lane_is_one_alert_for_the_pallet(chain: Scene) -> None:
    route(chain)
    chain.capture(*start(), shipped(UNIT, buyer=SECOND_WHOLESALER))
    found = alerts(chain)
    assert set(found) == {"R1"}
    assert (found["R1"].subjects, found["R1"].severity, found["R1"].cause) == ([UNIT], "stop", "process")
    assert found["R1"].lanes == ["L1"]
    assert found["R1"].evidence[0].link.startswith("/epcis/events/")


def test_packs_in_a_pallet_that_left_its_route_are_stopped_at_the_counter(chain: Scene) -> None:
    route(chain)
    chain.capture(*start(), shipped(UNIT, buyer=OTHER_PHARMACY))
    assert alerts(chain)["R1"].severity == "stop"
    at = reasons(chain.verify(PACKS[0], site=OTHER_PHARMACY))
    assert at["off-route"] == "stop"
    assert reasons(chain.verify(PACKS[0], site=OTHER_PHARMACY, purpose="receive"))["off-route"] == "check"


def test_packs_that_were_taken_out_afterwards_stay_off_their_route(chain: Scene) -> None:
    route(chain)
    chain.capture(*start(), shipped(UNIT, buyer=OTHER_PHARMACY))
    chain.capture(received(UNIT, at=OTHER_PHARMACY), unpacked(UNIT, *PACKS, at=OTHER_PHARMACY), sender=OTHER_PHARMACY)
    assert "R1" in alerts(chain)
    assert reasons(chain.verify(PACKS[1], site=OTHER_PHARMACY))["off-route"] == "stop"


def test_cases_that_left_a_pallet_that_left_its_route_stay_off_it(chain: Scene) -> None:
    route(chain)
    case = sscc(2)
    chain.capture(
        made(*PACKS), made_unit(UNIT, case, minute=1), packed(case, *PACKS), packed(UNIT, case, minute=6),
        shipped(UNIT, buyer=OTHER_PHARMACY),
    )  # fmt: skip
    chain.capture(received(UNIT, at=OTHER_PHARMACY), unpacked(UNIT, case, at=OTHER_PHARMACY), sender=OTHER_PHARMACY)
    assert "R1" in alerts(chain)
    assert reasons(chain.verify(PACKS[1], site=OTHER_PHARMACY))["off-route"] == "stop"


def test_packs_that_are_put_into_the_pallet_later_are_not_off_route(chain: Scene) -> None:
    route(chain)
    chain.capture(*start(), shipped(UNIT, buyer=OTHER_PHARMACY))
    other = pack("LATER")
    chain.capture(received(UNIT, at=OTHER_PHARMACY), unpacked(UNIT, *PACKS, at=OTHER_PHARMACY), sender=OTHER_PHARMACY)
    chain.capture(made(other, minute=2))
    chain.capture(packed(UNIT, other, minute=70, at=OTHER_PHARMACY), sender=OTHER_PHARMACY)
    assert "R1" in alerts(chain)
    assert "off-route" not in reasons(chain.verify(other))


def test_loose_packs_that_leave_their_route_are_marked_one_by_one(chain: Scene) -> None:
    route(chain)
    chain.capture(made(*PACKS), shipped(*PACKS, buyer=OTHER_PHARMACY))
    found = alerts(chain)["R1"]
    assert found.subjects == sorted(PACKS)
    assert reasons(chain.verify(PACKS[2], site=OTHER_PHARMACY))["off-route"] == "stop"


def test_a_receipt_by_somebody_else_than_it_was_sent_to_is_r3(chain: Scene) -> None:
    route(chain)
    chain.capture(*start(), shipped(UNIT, buyer=WHOLESALER))
    chain.capture(received(UNIT, at=SECOND_WHOLESALER), sender=SECOND_WHOLESALER)
    assert set(alerts(chain)) == {"R3"}


def test_a_receipt_without_a_despatch_is_explained_when_the_despatch_comes(chain: Scene) -> None:
    route(chain, lane(destinations=[PHARMACY.gln, OTHER_PHARMACY.gln]))
    chain.capture(*start(), shipped(UNIT, buyer=WHOLESALER), received(UNIT, at=WHOLESALER))
    chain.capture(received(UNIT, at=SECOND_WHOLESALER, minute=90), sender=SECOND_WHOLESALER)
    first = alerts(chain)["R1"]
    assert (first.cause, first.severity) == ("late-data", "stop" if first.severity == "stop" else "check")
    late = shipped(UNIT, seller=WHOLESALER, buyer=PHARMACY, minute=40)
    then = [received(UNIT, at=PHARMACY, minute=50), shipped(UNIT, seller=PHARMACY, buyer=SECOND_WHOLESALER, minute=60)]
    back = [Told(**{**then[1].__dict__, "disposition": "returned"})]
    chain.capture(late, sender=WHOLESALER)
    chain.capture(then[0], *back, sender=PHARMACY)
    assert alerts(chain) == {}
    explained = chain.node.alerts.get(first.id)
    assert explained.state == "explained"
    assert explained.history[-1].by == "rxtrail"


def test_returns_loans_intracompany_moves_and_carriers_are_no_deviations(chain: Scene) -> None:
    route(chain)
    chain.capture(*start(), shipped(UNIT, buyer=CARRIER))
    chain.capture(received(UNIT, at=CARRIER, minute=15), sender=CARRIER)
    chain.capture(shipped(UNIT, seller=CARRIER, buyer=PHARMACY, minute=16), sender=CARRIER)
    chain.capture(received(UNIT, at=PHARMACY, minute=20), sender=PHARMACY)
    loan = shipped(UNIT, seller=PHARMACY, buyer=OTHER_PHARMACY, minute=30)
    back = shipped(UNIT, seller=OTHER_PHARMACY, buyer=WHOLESALER, minute=50)
    chain.capture(loan, received(UNIT, at=OTHER_PHARMACY, minute=40), sender=PHARMACY)
    chain.capture(Told(**{**back.__dict__, "disposition": "returned"}), sender=OTHER_PHARMACY)
    assert alerts(chain) == {}


def test_a_way_back_that_nobody_calls_a_return_is_r8_and_amber(chain: Scene) -> None:
    route(chain)
    chain.capture(*start(), shipped(UNIT, buyer=WHOLESALER), received(UNIT, at=WHOLESALER))
    chain.capture(shipped(UNIT, seller=WHOLESALER, buyer=MAKER, minute=50), sender=WHOLESALER)
    assert {rule: alert.severity for rule, alert in alerts(chain).items()} == {"R8": "check"}
    assert reasons(chain.verify(PACKS[0]))["off-route"] == "check"


def test_a_leg_that_takes_longer_than_its_lane_allows_is_told_when_its_time_is_up(chain: Scene) -> None:
    route(chain, lane(leg_hours_max=2.0))
    chain.capture(*start(), shipped(UNIT, buyer=WHOLESALER))
    assert set(alerts(chain)) == {"R4"}  # the story's clock stands three weeks later
    chain.capture(received(UNIT, at=WHOLESALER, minute=60))
    assert alerts(chain) == {}


def test_a_place_outside_of_the_lanes_countries_is_r2(chain: Scene) -> None:
    route(chain, lane(countries=["US"]))
    chain.give(with_places([*start(), shipped(UNIT, buyer=PHARMACY)], {PHARMACY: {"countryCode": "RU"}}))
    assert set(alerts(chain)) == {"R2"}


def test_an_outsiders_file_raises_no_alert_and_stops_no_pack(chain: Scene) -> None:
    route(chain)
    chain.capture(*start(), shipped(UNIT, buyer=WHOLESALER))
    chain.capture(received(UNIT, at=OUTSIDER), sender=OUTSIDER)
    assert alerts(chain) == {}


def test_a_person_explains_an_alert_and_the_counter_is_told_so(chain: Scene) -> None:
    route(chain)
    chain.capture(*start(), shipped(UNIT, buyer=OTHER_PHARMACY))
    found = alerts(chain)["R1"]
    with pytest.raises(BadRequest):
        chain.node.alert(AlertCommand("explain", "A. Kim", found.id))
    done = chain.node.alert(AlertCommand("explain", "A. Kim", found.id, "A new customer."))
    assert done.state == "explained"
    assert "off-route" not in reasons(chain.verify(PACKS[0], site=OTHER_PHARMACY))
    with pytest.raises(Refused):
        chain.node.alert(AlertCommand("acknowledge", "A. Kim", found.id))
    assert chain.node.alert(AlertCommand("close", "A. Kim", found.id, "Done.")).state == "closed"
    chain.node.alerts.rejudge()
    assert alerts(chain) == {}


def test_what_is_suppressed_is_told_to_nobody_and_still_stops_the_pack(chain: Scene) -> None:
    route(chain)
    chain.capture(*start(), shipped(UNIT, buyer=OTHER_PHARMACY))
    found = alerts(chain)["R1"]
    chain.node.alert(AlertCommand("suppress", "A. Kim", found.id, "Known.", until="2026-12-01"))
    assert chain.node.alerts.page(muted=False) == []
    assert reasons(chain.verify(PACKS[0], site=OTHER_PHARMACY))["off-route"] == "stop"


def test_a_lane_that_is_retired_takes_its_alerts_with_it(chain: Scene) -> None:
    route(chain)
    chain.capture(*start(), shipped(UNIT, buyer=OTHER_PHARMACY))
    assert "R1" in alerts(chain)
    chain.node.route(RouteCommand("retire", "B. Lee", ["L1"]))
    assert alerts(chain) == {}
    assert "off-route" not in reasons(chain.verify(PACKS[0], site=OTHER_PHARMACY))


def test_a_lane_that_is_approved_later_judges_what_came_before(chain: Scene) -> None:
    chain.capture(*start(), shipped(UNIT, buyer=OTHER_PHARMACY))
    route(chain)
    assert "R1" in alerts(chain)


# -- bad lanes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"via": [WHOLESALER.gln, SECOND_WHOLESALER.gln, WHOLESALER.gln]}, "loops"),
        ({"destinations": [MAKER.gln]}, "loops"),
        (
            {
                "via": [], "edges": [[MAKER.gln, WHOLESALER.gln], [WHOLESALER.gln, MAKER.gln]],
                "destinations": [WHOLESALER.gln],
            },
            "loops",
        ),
        ({"origin": "0312345000010"}, "check digit"),
        ({"since": "2026-05-01", "until": "2026-04-01"}, "before it begins"),
        ({"products": ["123"]}, "GTIN"),
        ({"destinations": []}, "nowhere"),
        ({"leg_hours_max": -1.0}, "hours"),
    ],
)  # fmt: skip
def test_a_lane_that_makes_no_sense_is_refused_with_its_reason(
    chain: Scene, more: dict[str, object], word: str
) -> None:
    with pytest.raises(Refused, match=word):
        chain.node.route(RouteCommand("load", "A. Kim", table=lane(**more)))
    assert chain.node.alerts.routes.all() == []


def test_lanes_that_contradict_each_other_are_refused(chain: Scene) -> None:
    route(chain)
    with pytest.raises(Refused, match="contradict"):
        chain.node.route(RouteCommand("load", "A. Kim", table=lane(id="L2", countries=["US"])))


def test_a_gln_that_the_partner_table_lacks_is_told_and_taken(chain: Scene) -> None:
    report = chain.node.route(RouteCommand("load", "A. Kim", table=lane(destinations=[OUTSIDER.gln])))
    assert [flaw.code for flaw in report.flaws] == ["lane-gln-unknown"]
    assert report.lanes[0].state == "draft"


def test_a_version_that_was_loaded_is_not_changed_silently(chain: Scene) -> None:
    route(chain)
    with pytest.raises(Refused, match="version 2"):
        chain.node.route(RouteCommand("load", "A. Kim", table=lane(title="Other")))
    route(chain, lane(version=2, destinations=[PHARMACY.gln, OTHER_PHARMACY.gln]))
    chain.capture(*start(), shipped(UNIT, buyer=OTHER_PHARMACY))
    assert alerts(chain) == {}


@pytest.mark.parametrize("table", [b"", b"[[lane]", b"\xff\xfe", b"id,nonsense\na,b\n", b"[[lane]]\nid = 3\n"])
def test_a_file_that_is_no_lanes_is_refused_with_its_place(chain: Scene, table: bytes) -> None:
    with pytest.raises(BadRequest) as refused:
        chain.node.route(RouteCommand("load", "A. Kim", table=table))
    assert refused.value.place


def test_a_csv_table_says_the_same_as_toml(chain: Scene) -> None:
    table = f"id,products,origin,via,destinations\nL1,{GTIN},{MAKER.gln},{WHOLESALER.gln},{PHARMACY.gln}\n"
    route(chain, table.encode())
    chain.capture(*start(), shipped(UNIT, buyer=OTHER_PHARMACY))
    assert "R1" in alerts(chain)


def test_lanes_are_learned_from_habits_as_drafts(chain: Scene) -> None:
    for number in range(4):
        own = packs(2, start=f"H{number}-")
        chain.capture(made(*own), made_unit(sscc(10 + number), minute=1), packed(sscc(10 + number), *own),
                      shipped(sscc(10 + number), buyer=WHOLESALER))  # fmt: skip
    report = chain.node.route(RouteCommand("suggest", "A. Kim"))
    assert [(each.origin, each.destinations, each.state) for each in report.lanes] == [
        (MAKER.gln, [WHOLESALER.gln], "draft")
    ]


# -- in any order --------------------------------------------------------------------------------------------------

CASE = sscc(3)
STORY: list[tuple[Party, list[Told]]] = [
    (MAKER, start()),
    (MAKER, [shipped(UNIT, buyer=WHOLESALER)]),
    (WHOLESALER, [received(UNIT, at=WHOLESALER, minute=15)]),
    (WHOLESALER, [shipped(UNIT, seller=WHOLESALER, buyer=PHARMACY, minute=30)]),
    (SECOND_WHOLESALER, [received(UNIT, at=SECOND_WHOLESALER, minute=40)]),
    (SECOND_WHOLESALER, [shipped(UNIT, seller=SECOND_WHOLESALER, buyer=OTHER_PHARMACY, minute=50)]),
    (OTHER_PHARMACY, [received(UNIT, at=OTHER_PHARMACY, minute=55)]),
    (OTHER_PHARMACY, [unpacked(UNIT, *PACKS, at=OTHER_PHARMACY, minute=56)]),
    (MAKER, [made_unit(CASE, minute=2), made(pack("C1"), minute=2), packed(CASE, pack("C1"), minute=6)]),
    (MAKER, [shipped(CASE, buyer=SECOND_WHOLESALER, minute=12)]),
]  # fmt: skip


def _standing(opened: Scene) -> list[tuple[str, str, str, list[str], int, str]]:
    opened.node.alerts.settle()
    return sorted(
        (alert.id, alert.rule, alert.severity, alert.subjects, alert.subject_count, alert.what)
        for alert in opened.node.alerts.page(state="standing")
    )


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str, str, list[str], int, str]]:
    return _told(tmp_path_factory, list(range(len(STORY))), late_route=False)


def _told(
    folders: pytest.TempPathFactory, order: list[int], *, late_route: bool
) -> list[tuple[str, str, str, list[str], int, str]]:
    with scene(folders.mktemp("order") / "data") as opened:
        opened.partners(
            (MAKER, "maker"), (WHOLESALER, "wholesaler"), (SECOND_WHOLESALER, "wholesaler"), (PHARMACY, "pharmacy"),
            (OTHER_PHARMACY, "pharmacy"),
        )  # fmt: skip
        if not late_route:
            route(opened, lane(leg_hours_max=1000.0))
        for at, number in enumerate(order):
            sender, told = STORY[number]
            opened.capture(*told, sender=sender)
            if at % 2:
                opened.node.alerts.settle()  # judged in between, on what was there then
        if late_route:
            route(opened, lane(leg_hours_max=1000.0))
        return _standing(opened)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(len(STORY))), late_route=st.booleans())
def test_shuffled_and_late_documents_end_with_the_same_open_alerts(
    tmp_path_factory: pytest.TempPathFactory,
    expected: list[tuple[str, str, str, list[str], int, str]],
    order: list[int],
    late_route: bool,
) -> None:
    assert expected
    assert _told(tmp_path_factory, order, late_route=late_route) == expected


def test_a_move_within_one_company_is_none(chain: Scene) -> None:
    rows = [
        ("Acme Pharma", MAKER, "maker"), ("Central Drug", WHOLESALER, "wholesaler"),
        ("Main Street", PHARMACY, "pharmacy"), ("Main Street", PHARMACY_ANNEX, "pharmacy"),
    ]  # fmt: skip
    table = "name,gln,role\n" + "\n".join(f"{name},{party.gln},{role}" for name, party, role in rows)
    chain.node.load_partners(table.encode())
    route(chain)
    chain.capture(*start(), shipped(UNIT, buyer=PHARMACY_ANNEX))
    chain.capture(shipped(UNIT, seller=PHARMACY_ANNEX, buyer=PHARMACY, minute=40), sender=PHARMACY_ANNEX)
    assert alerts(chain) == {}


def test_nothing_gets_from_coast_to_coast_in_minutes(chain: Scene) -> None:
    route(chain)
    places = {
        MAKER: {"latitude": "40.7", "longitude": "-74.0"}, WHOLESALER: {"latitude": "34.05", "longitude": "-118.2"},
    }  # fmt: skip
    events = [*start(), shipped(UNIT, buyer=WHOLESALER), received(UNIT, at=WHOLESALER, minute=20)]
    chain.give(with_places(events, places))
    found = alerts(chain)
    assert set(found) == {"R7"}
    assert found["R7"].severity == "check"


def test_a_pack_that_was_received_far_away_a_moment_ago_cannot_be_here(chain: Scene) -> None:
    places = {
        PHARMACY: {"latitude": "40.7", "longitude": "-74.0"},
        OTHER_PHARMACY: {"latitude": "34.05", "longitude": "-118.2"},
    }  # fmt: skip
    minute = (chain.time.now - START).total_seconds() / 60
    events = [*start(), shipped(UNIT, buyer=OTHER_PHARMACY, seller=PHARMACY, minute=minute - 20)]
    chain.give(with_places(events, places))
    assert reasons(chain.verify(PACKS[0], site=OTHER_PHARMACY)) == {"impossible-journey": "check"}
    chain.time.pass_by(hours=9)
    assert reasons(chain.verify(PACKS[0], site=OTHER_PHARMACY)) == {}


def test_who_settles_and_who_watches_each_ask_with_their_own_reader(chain: Scene) -> None:
    route(chain)
    chain.node.alerts.start()
    for number in range(30):
        unit = sscc(100 + number)
        own = packs(2, start=f"T{number}-")
        chain.capture(made(*own), made_unit(unit, minute=1), packed(unit, *own), shipped(unit, buyer=OTHER_PHARMACY))
        if number % 3 == 0:
            chain.node.alerts.settle()
    chain.node.alerts.settle()
    assert len(chain.node.alerts.page(state="standing")) == 30
