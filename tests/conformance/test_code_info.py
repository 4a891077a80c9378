"""Texts of real recalls, read as people read them (openFDA, CC0)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from rxtrail.core.notices.code_info import read_code_info
from tests.conformance import shared

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.conformance

EXACT_SHARE = 0.9


def _folder() -> Path:
    folder = shared.shared_dir()
    if folder is None:
        pytest.skip("no shared test data on this machine")
    return folder / "conformance" / "dscsa"


def test_nine_of_ten_texts_are_read_exactly_and_none_is_silently_empty() -> None:
    cases = json.loads((_folder() / "recall_code_info" / "dev.json").read_text(encoding="utf-8"))
    exact = 0
    for case in cases:
        read = read_code_info(case["code_info"])
        lots = sorted((lot.lot, lot.expiry or "") for lot in read.lots)
        right = sorted((lot, expiry or "") for lot, expiry in case["lots"])
        groups = case.get("groups")
        as_told = read.kind.value == case["kind"] and lots == right and (groups is None or read.by_group == groups)
        assert as_told or not read.confident, f"{case['id']} was misread, and nobody would look at it"
        exact += as_told and read.confident
        shared.count()
    assert exact >= EXACT_SHARE * len(cases)


def test_texts_of_old_recalls_of_every_kind_are_read_or_given_to_a_person() -> None:
    texts = set()
    with (_folder() / "openfda" / "enforcement" / "ucm308307.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            texts.add(json.loads(line).get("code-info") or "")
    assert texts
    for text in texts:
        read = read_code_info(text)
        assert read.confident or read.doubts
        assert not read.confident or read.lots or read.kind.value == "all_lots"
        shared.count()
