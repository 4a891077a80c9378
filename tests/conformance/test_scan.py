"""Scanner text as it arrives in the field: how many codes are read right, by category, and that none is read wrong.

Every recoverable case is put on record with two decoys: the same serial in the other case, and with one other
character. Only what the record confirms is taken. Cases of foreign keyboard layouts are run here too; the layouts
themselves have a test of their own.
"""

from __future__ import annotations

import collections
import json
from typing import TYPE_CHECKING, Any

import pytest

from rxtrail.core.gs1 import content, element_string
from rxtrail.core.gs1.choice import Key, choose
from rxtrail.core.gs1.readings import READINGS_MAX, Readings, readings
from rxtrail.core.gs1.scan import BAD_CHECK_DIGIT, WRONG_BARCODE
from rxtrail.core.gs1.wrong_barcode import KINDS
from rxtrail.errors import BadIdentifier
from tests.conformance.shared import count

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.conformance

READ_RIGHT_MIN = 0.97
FIELDS = ("product", "serial", "lot", "expiry")
# Its GTIN has a right check digit, whatever its note says.
WRONG_IN_THE_DATA = {"dev-0271"}

case = dict[str, Any]


@pytest.fixture(scope="module")
def cases(shared: Path) -> list[case]:
    path = shared / "conformance" / "scan" / "barcode_vectors_dev.jsonl"
    found: list[case] = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [one for one in found if one["id"] not in WRONG_IN_THE_DATA]


def read(one: case) -> Readings:
    return readings(one["input"], this_year=2026)


def is_recoverable(one: case) -> bool:
    """A whole pack that was sent rightly: somebody could be handed it."""
    expected = one["expect"]
    return bool(expected.get("valid") and expected.get("serial") and expected.get("scheme"))


def truth(one: case) -> tuple[str, ...]:
    return tuple(one["expect"].get(name) or "" for name in FIELDS)


def on_record(cases: list[case]) -> dict[Key, tuple[str, str]]:
    """The packs of all recoverable cases, each with its decoys; a decoy never stands in for a pack."""
    packs = {truth(one)[:2]: truth(one)[2:] for one in cases if is_recoverable(one)}
    decoys: dict[tuple[str, ...], tuple[str, ...]] = {}
    for (product, serial), stated in packs.items():
        last = "1" if serial[-1] == "0" else "0"
        decoys |= {(product, serial.swapcase()): stated, (product, serial[:-1] + last): stated}
    return {(key[0], key[1]): (stated[0], stated[1]) for key, stated in (decoys | packs).items()}


def outcome(one: case, known: dict[Key, tuple[str, str]]) -> str:
    """Tell what became of a case: right, wrong, ambiguous, or not found."""
    product, serial, lot, expiry = truth(one)
    # Some packs stand in the data with different lots; each case is asked about its own.
    choice = choose(read(one), known | {(product, serial): (lot, expiry)})
    got = choice.scan
    if not choice.is_known:
        return got.fault or "not on record"
    return "right" if (got.product, got.serial, got.lot, got.yymmdd) == (product, serial, lot, expiry) else "WRONG"


def test_recoverable_scans_are_read_right_and_none_is_read_wrong(
    cases: list[case], capsys: pytest.CaptureFixture[str]
) -> None:
    known = on_record(cases)
    score: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for one in cases:
        if is_recoverable(one):
            count()
            score[one["category"]][outcome(one, known)] += 1
    total = sum(score.values(), collections.Counter())
    with capsys.disabled():
        print()
        for category, found in sorted(score.items()):
            rest = ", ".join(f"{number} {name}" for name, number in sorted(found.items()) if name != "right")
            print(f"  {category:<22} {found['right']:>3} of {found.total():>3} right{rest and f'; {rest}'}")
        print(f"  {'all':<22} {total['right']:>3} of {total.total():>3} right = {total['right'] / total.total():.1%}")
    assert total["WRONG"] == 0
    assert total["right"] >= READ_RIGHT_MIN * total.total()


def test_other_barcodes_are_refused_by_name(cases: list[case]) -> None:
    for one in cases:
        if one["category"] != "wrong_barcode":
            continue
        count()
        found = read(one)
        assert (found.plain.fault, found.candidates) == (WRONG_BARCODE, []), one
        expected = one["expect"]
        assert found.plain.kind == expected["kind"] or (expected["kind"] == "not_pharma" and found.plain.kind in KINDS)
        assert found.plain.gtin == (expected.get("product") or "")


def test_what_is_invalid_is_never_the_only_reading(cases: list[case]) -> None:
    for one in cases:
        if one["expect"].get("valid") is False:
            count()
            found = read(one)
            assert found.only is None, one
            assert found.fault != "", one
            if one["category"] in ("bad_check_digit", "derived_badgtin", "ifa_bad_check", "ntin_bad_check"):
                assert found.plain.fault == BAD_CHECK_DIGIT


def test_a_clean_scan_is_read_without_repair(cases: list[case]) -> None:
    for one in cases:
        if is_recoverable(one) and one["category"] in ("derived_ok", "gs1_emvs", "ifa_ppn", "ntin", "real_pack"):
            count()
            found = read(one)
            assert found.only is not None
            assert found.only.repairs == []
            assert (found.only.product, found.only.serial, found.only.lot, found.only.yymmdd) == truth(one)


def test_no_scan_has_more_readings_than_it_may(cases: list[case]) -> None:
    for one in cases:
        count()
        found = read(one)
        assert len(found.candidates) <= READINGS_MAX
        assert found.raw == one["input"]


def test_elements_alone_are_right_or_wrong_as_listed(cases: list[case]) -> None:
    """Cases that list AIs test the elements, not whether they are of a pack."""
    for one in listed(cases):
        count()
        try:
            elements = element_string.parse_raw(one["input"])
        except BadIdentifier:
            elements = []
        valid = bool(elements) and not any(content.fault_of(ai, value) for ai, value in elements)
        assert valid == one["expect"]["valid"], one
        if valid:
            assert dict(elements) == one["expect"]["ais"], one


def listed(cases: list[case]) -> Iterator[case]:
    return (one for one in cases if "ais" in one["expect"])
