"""What many scans say together: a gap is told from a wave, a scanner from a fake, one site from the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rxtrail.alerts import detection
from rxtrail.core.rules import outliers
from rxtrail.core.rules.outliers import Suspicion, profile_of
from rxtrail.errors import StoreFull
from tests.story import (
    EXPIRY,
    GTIN,
    LOT,
    MAKER,
    OTHER_PHARMACY,
    PHARMACY,
    WHOLESALER,
    Scene,
    element_string,
    made,
    pack,
    packs,
)

if TYPE_CHECKING:
    from rxtrail.alerts import Alert

ISSUED = [f"AB{number:04d}" for number in range(1000, 1040)]


@pytest.fixture
def lot(hub: Scene) -> Scene:
    """A hub that has a lot of forty packs whose serials all look alike."""
    hub.partners((MAKER, "maker"), (WHOLESALER, "wholesaler"), (PHARMACY, "pharmacy"), (OTHER_PHARMACY, "pharmacy"))
    hub.capture(made(*(pack(serial) for serial in ISSUED)))
    return hub


def alerts(scene: Scene) -> dict[str, Alert]:
    scene.node.alerts.settle()
    return {alert.rule: alert for alert in scene.node.alerts.page(state="standing")}


def test_a_few_unknown_serials_are_no_burst(lot: Scene) -> None:
    for number in range(outliers.BURST_MIN - 1):
        lot.verify(pack(f"AB{2000 + number}"), site=PHARMACY)
    assert alerts(lot) == {}


def test_many_unknown_serials_that_look_issued_at_one_place_are_an_upload_gap(lot: Scene) -> None:
    for number in range(outliers.BURST_MIN):
        lot.verify(pack(f"AB{2000 + number}"), site=PHARMACY)
    found = alerts(lot)["S8"]
    assert (found.cause, found.severity, found.subject_count) == ("late-data", "check", outliers.BURST_MIN)
    assert (found.product, found.lot) == (GTIN, LOT)


def test_many_unknown_serials_of_a_lot_that_is_not_on_record_are_an_upload_gap(lot: Scene) -> None:
    for number in range(outliers.BURST_MIN):
        lot.verify(pack(f"AB{2000 + number}"), lot="NEWLOT", site=(PHARMACY, OTHER_PHARMACY, WHOLESALER)[number % 3])
    assert alerts(lot)["S8"].cause == "late-data"


def test_serials_that_cannot_have_been_issued_are_a_counterfeit_wave(lot: Scene) -> None:
    for number in range(outliers.BURST_MIN):
        lot.verify(pack(f"5174651700{number:02d}"), site=(PHARMACY, OTHER_PHARMACY)[number % 2])
    found = alerts(lot)
    assert (found["S8"].cause, found["S8"].severity) == ("suspect", "stop")
    assert found["S8"].clock_until
    assert (found["S12"].cause, found["S12"].severity) == ("suspect", "stop")
    assert len(found["S8"].evidence) == outliers.BURST_MIN


def test_unknown_serials_that_turn_up_twice_are_a_counterfeit_wave(lot: Scene) -> None:
    for number in range(outliers.BURST_MIN):
        lot.verify(pack(f"AB{2000 + number}"), site=PHARMACY)
        lot.verify(pack(f"AB{2000 + number}"), site=OTHER_PHARMACY)
    assert alerts(lot)["S8"].cause == "suspect"


def test_one_burst_is_one_alert_however_long_it_goes_on(lot: Scene) -> None:
    for number in range(outliers.BURST_MIN):
        lot.verify(pack(f"AB{2000 + number}"), site=PHARMACY)
    first = alerts(lot)["S8"]
    for number in range(5):
        lot.verify(pack(f"AB{3000 + number}"), site=PHARMACY)
    again = alerts(lot)["S8"]
    assert (again.id, again.subject_count) == (first.id, outliers.BURST_MIN + 5)
    assert len([alert for alert in lot.node.alerts.page() if alert.rule == "S8"]) == 1


def test_scans_with_caps_lock_are_one_alert_about_the_scanner(lot: Scene) -> None:
    for serial in ISSUED[:14]:
        code = element_string(pack(serial)).swapcase().replace("]D2", "]d2")
        lot.node.verify(code, site=PHARMACY.gln)
    found = alerts(lot)
    assert set(found) == {"scanner"}
    assert (found["scanner"].cause, found["scanner"].site) == ("scanner", PHARMACY.gln)
    assert "Caps Lock" in found["scanner"].what


def test_what_was_seen_outlives_a_restart(lot: Scene) -> None:
    for number in range(outliers.BURST_MIN - 1):
        lot.verify(pack(f"AB{2000 + number}"), site=PHARMACY)
    lot.node.alerts.settle()
    fresh = type(lot.node.alerts.detection)(
        lot.node._reader,
        lot.node.alerts._writer,
        now_us=lot.time.now_us,
        seconds=lambda: 0.0,
        woke=lambda: None,
        today=lot.time.today,
    )
    lot.node.alerts.watching._detection = fresh
    fresh.seen(lot.verify(pack("AB2999"), site=PHARMACY), PHARMACY.gln)
    assert "S8" in alerts(lot)


def test_scans_that_a_full_disk_kept_nobody_from_seeing_are_kept_when_there_is_room(
    lot: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(outliers.BURST_MIN):
        lot.verify(pack(f"AB{2000 + number}"), site=PHARMACY)

    def full(_work: object) -> None:
        raise StoreFull("the disk is full")

    for _ in range(3):
        with monkeypatch.context() as while_full:
            while_full.setattr(lot.node.alerts.watching, "_write", full)
            with pytest.raises(StoreFull):
                lot.node.alerts.settle()
    found = alerts(lot)["S8"]
    assert (found.subject_count, found.scans) == (outliers.BURST_MIN, outliers.BURST_MIN)
    rows = lot.node._reader().kept_from(detection.TALLY, (-1, ""), 10)
    assert [detection._decode_tally(body).failed for _, _, body in rows] == [outliers.BURST_MIN]


def test_a_site_unlike_all_others_is_told_with_its_likely_cause() -> None:
    scans = {f"site{number}": 1000 for number in range(6)}
    odd = {**dict.fromkeys(scans, 2), "site0": 60}
    for code, cause in (
        ("scanner-fault", "scanner"), ("already-dispensed-here", "process"), ("no-transaction-data", "late-data"),
        ("unknown-serial", "suspect"),
    ):  # fmt: skip
        found = outliers.unlike_others("site0", scans, odd, {code: 60})
        assert found is not None
        assert found.cause == cause
    assert outliers.unlike_others("site1", scans, odd, {"unknown-serial": 2}) is None
    assert outliers.unlike_others("site0", {"site0": 1000, "site1": 1000}, odd, {"unknown-serial": 60}) is None


def test_too_few_issued_serials_prove_nothing() -> None:
    few = profile_of(packs(outliers.PROFILE_MIN - 1))
    assert few.misfit("something else entirely") == ""
    assert profile_of([]).misfit("X") == ""
    scans = [Suspicion(0, "s", GTIN, f"X{number}", LOT, EXPIRY, "unknown-serial") for number in range(9)]
    assert outliers.never_issued(scans, few) is None
