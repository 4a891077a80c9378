"""Keyboard layouts of recorded scans: the truth must be among the readings, and the score is printed.

The recordings come from public test suites (Apache-2.0, named in each case). No table of ours is made of them.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from rxtrail.core.gs1.keyboard import layout_readings, swapped_readings
from tests.conformance.shared import count

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.conformance

CATEGORIES = ("keyboard_layout", "keyboard_layout_ppn", "derived_qwertz")
SHARE_MIN = 0.97


def says(text: str, expected: dict[str, Any]) -> bool:
    """Tell whether a reading holds the product, serial, lot and expiry that the recording was made of."""
    if expected["scheme"] == "ifa":
        fields = text.strip("\x1e\x04").split("\x1d")
        wanted = (
            f"9N{expected['product']}",
            f"S{expected['serial']}",
            f"1T{expected['lot']}",
            f"D{expected['expiry']}",
        )
        return all(field in fields for field in wanted)
    wanted = (
        f"01{expected['product']}",
        f"21{expected['serial']}",
        f"10{expected['lot']}",
        f"17{expected['expiry']}",
    )
    rest = text.removeprefix("]d2")
    for element in wanted:
        if element not in rest:
            return False
        rest = rest.replace(element, "", 1)
    return rest.strip("\x1d") == ""


def test_recorded_scans_of_foreign_layouts_are_read(shared: Path) -> None:
    scores: Counter[tuple[str, bool]] = Counter()
    missed = []
    lines = (shared / "conformance" / "scan" / "barcode_vectors_dev.jsonl").read_text(encoding="utf-8").splitlines()
    for case in map(json.loads, lines):
        if case["category"] not in CATEGORIES:
            continue
        count()
        readings = layout_readings(case["input"]) or swapped_readings(case["input"])
        found = any(says(reading.text, case["expect"]) for reading in readings)
        # A scan of a US scanner at a US host reads as it is.
        found = found or (not layout_readings(case["input"]) and says(case["input"].strip("\r"), case["expect"]))
        scores[case["category"], found] += 1
        if not found:
            missed.append(case["id"])
    for category in CATEGORIES:
        good, bad = scores[category, True], scores[category, False]
        if good + bad:
            print(f"{category}: {good} of {good + bad}")
            assert good / (good + bad) >= SHARE_MIN, missed
