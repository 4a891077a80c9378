from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.machine import Machine, folder_bytes
from benchmarks.market import Play, Run
from benchmarks.market import table as table_of_markets
from benchmarks.report import BEGIN, END, Figure, Results, into_readme, markdown, text
from rxtrail.simulate.score import Answered, Truth, score

if TYPE_CHECKING:
    from pathlib import Path

RATE = Figure("capture", 1_000, "packages/s CPU", 200_000, 190_000, 210_000, "parse only", 600_000)
COST = Figure("verify", 1_000, "µs CPU", 12, 11, 14, "look-up", 6)
RESULTS = Results(
    Machine("2026-11-23", "Linux", "A processor", 2, "3.11", 0.1, 5_000, 900, {"lxml": "6"}), [RATE, COST]
)


def test_a_ratio_above_one_is_always_dearer_than_the_floor() -> None:
    assert RATE.ratio == 3
    assert COST.ratio == 2


def test_every_figure_stands_beside_its_floor() -> None:
    for table in (text(RESULTS), markdown(RESULTS)):
        (row,) = [line for line in table.splitlines() if "capture" in line]
        assert "200,000 packages/s CPU" in row
        assert "600,000" in row
        assert "parse only" in row
        assert "A processor" in table


def test_only_the_marked_part_of_the_readme_changes(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    into_readme(readme, RESULTS)
    once = readme.read_text()
    assert once.startswith(f"before\n{BEGIN}\n| measure |")
    assert once.endswith(f"{END}\nafter\n")
    assert "old" not in once
    into_readme(readme, RESULTS)
    assert readme.read_text() == once


@pytest.mark.parametrize("words", ["no marks", f"only {BEGIN}", f"only {END}"])
def test_a_readme_without_both_marks_is_left_alone(tmp_path: Path, words: str) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(words)
    with pytest.raises(ValueError, match="bench:begin"):
        into_readme(readme, RESULTS)
    assert readme.read_text() == words


def test_bytes_at_rest_are_all_files_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 10)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "b").write_bytes(b"x" * 5)
    assert folder_bytes(tmp_path) == 15


def scored(seed: int, missed: float, verdicts: list[str]) -> Run:
    answers = [
        Answered(number, "2026-11-23T00:00:00Z", "S", verdict, [verdict]) for number, verdict in enumerate(verdicts)
    ]
    truths = [Truth(0, "A2"), Truth(1, "A2"), *(Truth(number) for number in range(2, len(verdicts)))]
    return Run(Play(100, seed, missed), score(answers, truths))


def test_markets_of_one_rate_are_added_up_and_the_worst_seed_stands_beside() -> None:
    runs = [
        scored(1, 0.0, ["stop", "stop", "ok", "ok"]),
        scored(2, 0.0, ["stop", "check", "check", "stop"]),
        scored(1, 0.2, ["check", "check", "ok", "ok"]),
    ]
    lines = table_of_markets(runs).splitlines()
    assert lines[0] == "| | 0% missed | 20% missed |"
    assert "| A2: stopped | 75.00% (50.00%) | 0.00% |" in lines
    assert "| false stops a million | 250,000 (500,000) | 0 |" in lines
    assert "| ambers | 25.00% (50.00%) | 0.00% |" in lines
    assert "| seeds | 2 | 1 |" in lines
