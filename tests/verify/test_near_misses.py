"""Near misses and late files: what most likely happened is told, to those who have proved who they are."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tests import story
from tests.story import LOT, MAKER, OUTSIDER, PHARMACY, WHOLESALER, Scene, delivery, element_string, made, pack, shipped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rxtrail.core.rules.answer import Verdict

SERIAL = "KP4Z81QWN"
NEAR = {
    "one character": "KP4Z81QWM",
    "two exchanged": "KP4Z81WQN",
    "one too few": "KP4Z81QW",
    "one too many": "KP4Z811QWN",
    "looks alike": "KP4281QWN",
}
FAR = ("KP4Z99QWN", "XXXXXXXXX", "KP4Z81")


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Scene]:
    """A hub with one pack of one lot, and one of another that differs in one character from it."""
    with story.scene(tmp_path / "data") as opened:
        opened.partners((WHOLESALER, "wholesaler"), (PHARMACY, "pharmacy"))
        opened.capture(*delivery(pack(SERIAL)), made(pack("KP4Z81QWX"), lot="OTHER"))
        yield opened


def judged(scene: Scene, serial: str, *, known: bool = True, lot: str = LOT, expiry: str = story.EXPIRY) -> Verdict:
    code = element_string(pack(serial), lot=lot, expiry=expiry)
    return scene.node._judge().judge(code, site=PHARMACY.gln, known_site=known)


@pytest.mark.parametrize("name", NEAR)
def test_a_serial_that_is_nearly_on_record_is_a_check_with_its_cause(name: str, record: Scene) -> None:
    verdict = judged(record, NEAR[name])
    assert verdict.verdict.value == "check"
    assert [(reason.code, reason.severity.value) for reason in verdict.reasons] == [("unknown-serial", "check")]
    assert "most likely" in verdict.reasons[0].message
    assert SERIAL not in json.dumps([reason.message + reason.next for reason in verdict.reasons])


@pytest.mark.parametrize("serial", [*NEAR.values(), *FAR])
def test_who_has_not_proved_who_it_is_is_told_nothing_of_near_misses(serial: str, record: Scene) -> None:
    verdict = judged(record, serial, known=False)
    assert [(reason.code, reason.severity.value) for reason in verdict.reasons] == [("unknown-serial", "stop")]
    assert verdict.reasons[0].message == judged(record, "NOTHING-LIKE-IT", known=False).reasons[0].message


@pytest.mark.parametrize("serial", FAR)
def test_a_serial_that_is_far_from_any_is_a_stop(serial: str, record: Scene) -> None:
    assert judged(record, serial).verdict.value == "stop"


def test_a_near_miss_is_of_the_scanned_lot_only(record: Scene) -> None:
    assert judged(record, "KP4Z81QWM", lot="THIRD").verdict.value == "stop"
    assert judged(record, "KP4Z81QWM", lot="").verdict.value == "stop"


def test_a_lot_or_date_that_is_nearly_the_one_on_record_is_a_check(record: Scene) -> None:
    near_lot = judged(record, SERIAL, lot=LOT + "1")
    assert [(r.code, r.severity.value) for r in near_lot.reasons] == [("lot-mismatch", "check")]
    day_first = judged(record, SERIAL, expiry="2030-09-28")
    assert [(r.code, r.severity.value) for r in day_first.reasons] == [("expiry-mismatch", "check")]
    assert "day first" in day_first.reasons[0].message
    for verdict in (judged(record, SERIAL, lot=LOT + "1", known=False),
                    judged(record, SERIAL, expiry="2030-09-28", known=False)):  # fmt: skip
        assert verdict.verdict.value == "stop"
    assert judged(record, SERIAL, lot="WHOLLY").verdict.value == "stop"


def test_a_recalled_near_miss_is_a_stop_all_the_same(record: Scene) -> None:
    record.capture(story.recalled_lot(LOT))
    verdict = judged(record, NEAR["one character"])
    assert verdict.verdict.value == "stop"
    assert {reason.code for reason in verdict.reasons} == {"recalled", "unknown-serial"}


def test_an_outsiders_file_turns_no_red_into_amber(record: Scene) -> None:
    record.capture(made(pack("ZZTOP1")), sender=OUTSIDER)
    assert judged(record, "ZZTOP2").verdict.value == "stop"


def test_a_pack_whose_file_is_late_is_a_check_with_a_clock(pharmacy: Scene) -> None:
    verdict = pharmacy.verify(pack("NOTYET"), site=PHARMACY)
    (reason,) = verdict.reasons
    assert (reason.code, reason.severity.value) == ("no-transaction-data", "check")
    assert re.search(r"Files usually come within 4 hours: look again at 16:00 UTC\.$", reason.message)
    pharmacy.capture(*delivery(pack("LATE"), buyer=WHOLESALER))
    (reason,) = pharmacy.verify(pack("LATE"), site=PHARMACY).reasons
    assert (reason.code, reason.severity.value) == ("not-shipped-to-you", "check")
    assert "look again at" in reason.message


def test_the_clock_goes_by_the_files_of_the_past(pharmacy: Scene) -> None:
    for number in range(6):
        pharmacy.capture(made(pack(f"A{number}")), shipped(pack(f"A{number}")), sender=MAKER)
    pharmacy.time.pass_by(days=1)
    (reason,) = pharmacy.verify(pack("NOTYET"), site=PHARMACY).reasons
    assert "within 48 hours: look again at 26 Nov 12:00 UTC" in reason.message
