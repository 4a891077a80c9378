"""The benchmark's market: one seed one market, missed reads that change nothing else, attacks with their truth."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from rxtrail.errors import BadRequest
from rxtrail.simulate import attacked, disorder, documents, market, write
from rxtrail.simulate.attacks import NAMES
from rxtrail.simulate.score import Answered, Share, Truth, score

if TYPE_CHECKING:
    from pathlib import Path

DAY = dt.date(2026, 11, 23)
PACKS = 2_000


def played(**more: float) -> tuple[list[tuple[str, bytes]], list[tuple[object, object]]]:
    whole = market(5, PACKS, more.get("missed", 0.0), DAY)
    scans = list(attacked(whole))
    return list(documents(whole)), list(scans)


def test_one_seed_gives_one_market() -> None:
    assert played() == played()


def test_missed_reads_leave_out_events_and_change_no_scan() -> None:
    whole, some = market(5, PACKS, 0.0, DAY), market(5, PACKS, 0.2, DAY)
    assert list(attacked(whole)) == list(attacked(some))
    count = Counter((file.kind, step.biz_step) for file in whole.files for step in file.steps for _ in step.epcs)
    less = Counter((file.kind, step.biz_step) for file in some.files for step in file.steps for _ in step.epcs)
    for what in (("ship", "shipping"), ("receive", "receiving")):
        assert 0.7 < less[what] / count[what] < 0.9
    made, still_made = (
        {urn for file in each.files if file.speaker in each.makers for step in file.steps for urn in step.epcs}
        for each in (whole, some)
    )
    assert made == still_made


def test_a_buyer_is_told_who_made_what_he_bought_and_what_is_in_its_cases() -> None:
    whole = market(5, PACKS, 0.0, DAY)
    list(attacked(whole))
    for file in whole.files:
        if file.receiver.role != "pharmacy" or not file.transfers:
            continue
        told = {urn for step in file.steps if step.biz_step == "commissioning" for urn in step.epcs}
        shipped = {urn for step in file.steps if step.biz_step == "shipping" for urn in step.epcs}
        packed = {step.parent: step.epcs for step in file.steps if step.aggregates}
        packs = {urn for unit in shipped for urn in packed.get(unit, [unit])}
        assert packs <= told, file.kind


def test_every_attack_is_there_and_no_pack_is_taken_by_two() -> None:
    whole = market(5, 20_000, 0.0, DAY)
    scans = list(attacked(whole))
    named = Counter(truth.attack for _, truth in scans)
    assert set(named) == {"", *NAMES}
    assert named["A1"] == named["A2"] == named["A3"] == named["A4"] == 20_000 // 50
    copied = {scan.scan for scan, truth in scans if truth.attack in ("A2", "A4", "injection", "laundering", "insider")}
    assert len(copied) == sum(named[name] for name in ("A2", "A4", "injection", "laundering", "insider"))


def test_a_pack_whose_code_was_copied_is_told_as_cloned() -> None:
    scans = [(scan, truth) for scan, truth in attacked(market(5, PACKS, 0.0, DAY))]
    fakes = {scan.scan for scan, truth in scans if truth.attack in ("A1", "A2", "A4")}
    twins = [truth for scan, truth in scans if scan.scan in fakes and not truth.attack]
    assert twins
    assert all(truth.cloned for truth in twins)


def test_scans_come_in_the_order_of_time(tmp_path: Path) -> None:
    whole = market(5, PACKS, 0.0, DAY)
    written = write(tmp_path, whole, attacked(whole))
    assert written.scans == len((tmp_path / "truth.jsonl").read_bytes().splitlines())
    times = [scan.at for scan, _ in attacked(market(5, PACKS, 0.0, DAY))]
    assert times == sorted(times)
    assert written.documents == len(list((tmp_path / "documents").iterdir()))


@pytest.mark.parametrize(("packs", "missed"), [(1, 0.0), (1_000, -0.1), (1_000, 1.1), (10**9, 0.0)])
def test_what_cannot_be_played_is_refused(packs: int, missed: float) -> None:
    with pytest.raises(BadRequest):
        market(1, packs, missed, DAY)


# -- the score -----------------------------------------------------------------------------------------------------


def answered(number: int, verdict: str, pack: str = "", hour: int = 0) -> Answered:
    return Answered(number, f"2026-11-23T{hour:02}:00:00Z", "S", verdict, ["reason"] if verdict != "ok" else [], pack)


def test_a_score_counts_stops_flags_and_false_alarms_apart() -> None:
    answers = [
        answered(1, "stop", "a"),
        answered(2, "check", "b"),
        answered(3, "ok", "c"),
        answered(4, "ok"),
        answered(5, "stop"),
        answered(6, "check"),
        answered(7, "stop", "c", hour=3),
    ]
    truths = [*(Truth(n, "A2") for n in (1, 2, 3)), *(Truth(n) for n in (4, 5, 6)), Truth(7, "", cloned=True)]
    result = score(answers, truths)
    (attack,) = result.attacks
    assert (attack.stopped.count, attack.flagged.count, attack.fakes) == (1, 3, 3)
    assert (result.honest, result.false_stops.count, result.ambers.count) == (3, 1, 1)
    assert (result.cloned, result.cloned_stopped.count) == (1, 1)
    assert result.false_stops_per_million == pytest.approx(333_333.3)


def test_a_fake_that_nobody_ever_noticed_is_not_flagged() -> None:
    result = score([answered(1, "ok", "a"), answered(2, "ok", "b")], [Truth(1, "A2"), Truth(2)])
    assert result.attacks[0].flagged.count == 0
    assert result.attacks[0].hours_to_flag is None


def test_the_time_until_a_flag_is_counted_from_the_first_fake() -> None:
    answers = [answered(1, "ok", "a", hour=1), answered(2, "stop", "a", hour=6)]
    assert score(answers, [Truth(1, "A2"), Truth(2, "", cloned=True)]).attacks[0].hours_to_flag == 5.0


@pytest.mark.parametrize(
    ("count", "of", "low", "high"), [(0, 100, 0.0, 0.037), (100, 100, 0.963, 1.0), (50, 100, 0.404, 0.596)]
)
def test_a_share_has_wilsons_interval(count: int, of: int, low: float, high: float) -> None:
    share = Share.of_all(count, of)
    assert share.low == pytest.approx(low, abs=0.001)
    assert share.high == pytest.approx(high, abs=0.001)


def test_of_nothing_a_share_may_be_anything() -> None:
    assert Share.of_all(0, 0).high == 1.0


# -- files in disorder ---------------------------------------------------------------------------------------------


def disordered(folder: Path, share: float) -> Path:
    whole = market(5, PACKS, 0.0, DAY)
    played = list(attacked(whole))
    disorder(whole, share)
    write(folder, whole, played)
    return folder


def bodies(folder: Path) -> Counter[bytes]:
    """What the files say, without the numbers of the documents."""
    files = [*folder.glob("documents/*"), *folder.glob("late/*")]
    return Counter(file.read_bytes().replace(b":again<", b"<") for file in files)


def test_no_disorder_is_no_disorder(tmp_path: Path) -> None:
    assert bodies(disordered(tmp_path / "a", 0.0)).most_common(1)[0][1] == 1
    assert not (tmp_path / "a" / "late").exists()


def test_in_disorder_files_come_late_and_twice_and_none_is_lost(tmp_path: Path) -> None:
    orderly, mixed = bodies(disordered(tmp_path / "a", 0.0)), bodies(disordered(tmp_path / "b", 0.3))
    assert set(mixed) == set(orderly)
    assert 0.05 < sum(count - 1 for count in mixed.values()) / len(orderly) < 0.15
    late = len(list((tmp_path / "b" / "late").iterdir()))
    assert 0.05 < late / len(orderly) < 0.15


def test_in_disorder_files_come_in_another_order_than_they_were_written_in(tmp_path: Path) -> None:
    written = re.compile(rb'creationDate="([^"]+)"')
    names = sorted((disordered(tmp_path, 0.3) / "documents").iterdir())
    times = [found[1] for name in names if (found := written.search(name.read_bytes()))]
    assert len(times) == len(names)
    assert times != sorted(times)


def test_a_late_file_is_named_by_its_arrival_after_the_first_scan(tmp_path: Path) -> None:
    first = f"{DAY:%Y%m%dT000000Z}"
    names = [path.name for path in (disordered(tmp_path, 0.3) / "late").iterdir()]
    assert min(names) >= first


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_of_disorder_past_its_limits_is_refused(share: float) -> None:
    with pytest.raises(BadRequest):
        disorder(market(5, PACKS, 0.0, DAY), share)
