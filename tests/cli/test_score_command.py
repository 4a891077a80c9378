"""``rxtrail score`` on folders as they come: whole, cut, or with scans of which nobody told the truth."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import CommandLine

SITE = "0300011111246"


def folder_of(tmp_path: Path, *, scans: int = 3, truths: int = 3) -> Path:
    folder = tmp_path / "chain"
    folder.mkdir()
    at = "2026-11-30T08:00:00Z"
    told = [
        {
            "id": n,
            "at": at,
            "site": SITE,
            "purpose": "dispense",
            "scan": f"(01)00352601815904(21)A{n}(17)301231(10)QD1DQ",
        }
        for n in range(1, scans + 1)
    ]
    (folder / "scans.jsonl").write_text("".join(json.dumps(each) + "\n" for each in told))
    truth = [{"id": n, "attack": "", "cloned": False} for n in range(1, truths + 1)]
    (folder / "truth.jsonl").write_text("".join(json.dumps(each) + "\n" for each in truth))
    return folder


def test_the_answers_are_scored_by_the_truth(pharmacy: CommandLine, tmp_path: Path) -> None:
    scored = pharmacy.json("score", str(folder_of(tmp_path)))
    assert scored.code == 0, scored.err
    assert (scored.one["scans"], scored.one["honest"]) == (3, 3)
    assert "says nothing" not in scored.err


@pytest.mark.parametrize("name", ["scans.jsonl", "truth.jsonl"])
def test_a_file_that_is_cut_is_refused_with_its_line_before_anything_is_scanned(
    pharmacy: CommandLine, tmp_path: Path, name: str
) -> None:
    file = folder_of(tmp_path) / name
    file.write_bytes(file.read_bytes()[:-10])
    verdicts = tmp_path / "verdicts.jsonl"
    refused = pharmacy.json("score", str(file.parent), "--verdicts", str(verdicts))
    assert refused.code == 2
    assert refused.one["error"]["place"] == f"{file}, line 3"
    assert not verdicts.exists()


def test_scans_of_which_the_truth_says_nothing_are_told(pharmacy: CommandLine, tmp_path: Path) -> None:
    scored = pharmacy.json("score", str(folder_of(tmp_path, truths=1)))
    assert (scored.code, scored.one["honest"]) == (0, 1)
    assert "of 2 scans truth.jsonl says nothing" in scored.err
