"""What a node puts into a site's bundle, and what a counter says by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from rxtrail.core.gs1.scan import read_scan
from rxtrail.errors import BadRequest
from rxtrail.offline import Bundle, judge_offline, read_bundle
from tests import story
from tests.story import LOT, MAKER, OTHER_PHARMACY, PHARMACY, WHOLESALER, element_string, pack, reasons, sscc

if TYPE_CHECKING:
    from rxtrail.core.rules.answer import Verdict
    from tests.story import Party, Scene


def copy_of(scene: Scene, site: Party = PHARMACY) -> Bundle:
    return read_bundle(scene.node.offline.bundle(site.gln), scene.node.key().verifier)


def told(scene: Scene, bundle: Bundle, epc: str, *, purpose: str = "dispense", **elements: Any) -> Verdict:
    scan = read_scan(element_string(epc, **elements), this_year=2026)
    now = scene.time.now_us()
    return judge_offline(
        scan, bundle, purpose=purpose, today=scene.time.today(), now=now, as_of=now, copy="08:14"
    )  # fmt: skip


@pytest.fixture
def stocked(hub: Scene) -> Scene:
    """A hub whose pharmacy was sent a case with four packs and one loose pack; another pharmacy has its own."""
    case, loose = sscc(1), pack("LOOSE")
    here = [pack(f"H{number}") for number in range(4)]
    away = [pack(f"A{number}") for number in range(3)]
    hub.capture(
        story.made(*here, loose, *away), story.made_unit(case), story.packed(case, *here),
        story.shipped(case, loose), story.shipped(*away, buyer=OTHER_PHARMACY),
    )  # fmt: skip
    return hub


def test_packs_shipped_to_the_site_are_in_its_copy_and_no_others(stocked: Scene) -> None:
    bundle = copy_of(stocked)
    held = {serial for serial in ("H0", "H1", "H2", "H3", "LOOSE", "A0", "A1") if bundle.find(story.GTIN, serial)}
    assert held == {"H0", "H1", "H2", "H3", "LOOSE"}
    assert bundle.facts.site == PHARMACY.gln
    assert bundle.facts.site_name == PHARMACY.name
    assert bundle.facts.as_of == "2026-11-23T12:00:00Z"
    assert bundle.facts.log_size == stocked.node.status().log_size


def test_a_pack_with_nothing_against_it_is_unconfirmed_and_says_how_old_the_copy_is(stocked: Scene) -> None:
    verdict = told(stocked, copy_of(stocked), pack("H1"))
    assert verdict.verdict.value == "unconfirmed"
    assert "checked against the copy of 08:14" in verdict.reasons[0].message
    assert "not hold" not in verdict.reasons[0].message
    assert verdict.as_of == "2026-11-23T12:00:00Z"
    assert (verdict.matched.serial, verdict.matched.lot, verdict.matched.expiry) == ("yes", "yes", "yes")


def test_a_pack_that_the_copy_does_not_hold_is_unconfirmed_and_never_a_stop(stocked: Scene) -> None:
    verdict = told(stocked, copy_of(stocked), pack("A0"))
    assert verdict.verdict.value == "unconfirmed"
    assert "does not hold this pack" in verdict.reasons[0].message


@pytest.mark.parametrize("what", ["stolen", "destroyed", "held", "decommissioned", "recalled"])
@pytest.mark.parametrize("site", [PHARMACY, OTHER_PHARMACY])
def test_what_is_stopped_is_stopped_at_every_site(stocked: Scene, what: str, site: Party) -> None:
    stocked.capture(getattr(story, what)(pack("H2")))
    verdict = told(stocked, copy_of(stocked, site), pack("H2"))
    assert verdict.verdict.value == "stop", reasons(verdict)


def test_a_case_that_is_stopped_stops_all_that_is_in_it_at_every_site(stocked: Scene) -> None:
    stocked.capture(story.stolen(sscc(1)))
    for site in (PHARMACY, OTHER_PHARMACY):
        assert told(stocked, copy_of(stocked, site), pack("H3")).verdict.value == "stop"


def test_a_recalled_lot_is_stopped_also_for_packs_that_the_copy_does_not_hold(stocked: Scene) -> None:
    stocked.capture(story.recalled_lot(LOT))
    bundle = copy_of(stocked)
    for serial in ("H0", "A0", "NEVER-SEEN"):
        verdict = told(stocked, bundle, pack(serial))
        assert verdict.verdict.value == "stop"
        assert "recalled" in reasons(verdict)


def test_what_was_dispensed_here_is_a_stop_without_the_record(stocked: Scene) -> None:
    stocked.change("dispense", pack("H0"), site=PHARMACY)
    verdict = told(stocked, copy_of(stocked), pack("H0"))
    assert verdict.verdict.value == "stop"
    assert "already-dispensed-here" in reasons(verdict)


def test_what_another_site_dispensed_of_ours_is_a_stop(stocked: Scene) -> None:
    stocked.capture(story.dispensed(pack("H0"), at=OTHER_PHARMACY), sender=OTHER_PHARMACY)
    online = stocked.verify(pack("H0"), site=PHARMACY)
    if online.verdict.value == "stop":
        assert told(stocked, copy_of(stocked), pack("H0")).verdict.value == "stop"


def test_another_lot_than_that_on_record_is_a_stop(stocked: Scene) -> None:
    assert reasons(told(stocked, copy_of(stocked), pack("H0"), lot="OTHER"))["lot-mismatch"] == "stop"


def test_another_case_of_the_lot_is_amber_beneath_grey(stocked: Scene) -> None:
    verdict = told(stocked, copy_of(stocked), pack("H0"), lot=LOT.lower())
    assert verdict.verdict.value == "unconfirmed"
    assert reasons(verdict)["lot-mismatch"] == "check"


def test_an_expired_pack_is_a_stop_by_the_day_of_the_scan(stocked: Scene) -> None:
    bundle = copy_of(stocked)
    assert told(stocked, bundle, pack("H0")).verdict.value == "unconfirmed"
    stocked.time.pass_by(days=3000)
    assert reasons(told(stocked, bundle, pack("H0")))["expired"] == "stop"
    assert reasons(told(stocked, bundle, pack("H0"), purpose="return"))["expired"] == "check"


def test_what_left_the_site_is_no_longer_in_its_copy(stocked: Scene) -> None:
    stocked.change("return", pack("H1"), site=PHARMACY, to=WHOLESALER.gln)
    assert copy_of(stocked).find(story.GTIN, "H1") is None


def test_a_pharmacys_own_opening_stock_is_in_its_copy(pharmacy: Scene) -> None:
    from rxtrail.answers import CountIn

    pharmacy.node.count_in([CountIn(scan=element_string(pack("OLD")))], by="A. Kim")
    verdict = told(pharmacy, copy_of(pharmacy), pack("OLD"))
    assert verdict.verdict.value == "unconfirmed"
    assert "does not hold" not in verdict.reasons[0].message
    assert reasons(verdict)["opening-stock"] == "info"


def test_no_offline_answer_is_ever_ok(stocked: Scene) -> None:
    stocked.capture(story.stolen(pack("H2")))
    bundle = copy_of(stocked)
    for purpose in ("dispense", "receive", "return", "investigate"):
        for serial in ("H0", "H1", "H2", "A0", "NONE"):
            assert told(stocked, bundle, pack(serial), purpose=purpose).verdict.value in ("unconfirmed", "stop")


def test_the_offline_answer_is_red_wherever_the_record_says_stop_of_a_pack_here(stocked: Scene) -> None:
    stocked.capture(story.held(pack("H0")), story.recalled(pack("H1")), story.destroyed(pack("H3")))
    bundle = copy_of(stocked)
    for serial in ("H0", "H1", "H2", "H3", "LOOSE"):
        if stocked.verify(pack(serial), site=PHARMACY).verdict.value == "stop":
            assert told(stocked, bundle, pack(serial)).verdict.value == "stop", serial


def test_a_bundle_is_made_anew_when_the_record_went_on_and_not_before(stocked: Scene) -> None:
    first = stocked.node.offline.bundle(PHARMACY.gln)
    assert stocked.node.offline.bundle(PHARMACY.gln) == first
    stocked.capture(story.stolen(pack("H2")))
    assert stocked.node.offline.bundle(PHARMACY.gln) == first  # a minute has not passed
    stocked.time.pass_by(minutes=2)
    assert stocked.node.offline.bundle(PHARMACY.gln) != first


def test_a_site_that_nobody_knows_has_an_empty_copy(stocked: Scene) -> None:
    assert copy_of(stocked, MAKER).packs == 0


@pytest.mark.parametrize("site", ["", "123", "0376543000015", "../../../etc"])
def test_what_is_no_gln_has_no_copy(stocked: Scene, site: str) -> None:
    with pytest.raises(BadRequest):
        stocked.node.offline.bundle(site)


def test_an_old_copy_says_that_it_is_too_old(stocked: Scene) -> None:
    bundle = copy_of(stocked)
    scan = read_scan(element_string(pack("H1")), this_year=2026)
    as_of = stocked.time.now_us()
    for days, old in ((9, False), (10, True), (40, True)):
        verdict = judge_offline(
            scan, bundle, purpose="dispense", today=stocked.time.today(), now=as_of + days * 86_400_000_000,
            as_of=as_of, copy="23 Nov 2026, 08:14",
        )  # fmt: skip
        assert ("copy-too-old" in reasons(verdict)) is old
        assert verdict.verdict.value == "unconfirmed"
