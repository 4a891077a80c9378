"""Lost separators: the true split is always among the possible ones, and hostile texts cost no time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.core.gs1 import charsets, lattice

GTIN, YYMMDD = "00352601815904", "270930"
value = st.text(charsets.CSET_82, min_size=1, max_size=20)
letters = st.text("BCDEFGHJKLMNPQRSTUVWXYZ", min_size=1, max_size=16)


def elements_of(text: str) -> list[dict[str, str]]:
    return [dict(split.elements) for split in lattice.splits(text)]


@given(letters, letters, st.permutations(["01", "21", "17", "10"]))
def test_a_pack_of_letters_has_one_split(serial: str, lot: str, order: list[str]) -> None:
    parts = {"01": GTIN, "21": serial, "17": YYMMDD, "10": lot}
    assert elements_of("".join(ai + parts[ai] for ai in order)) == [parts]


@given(value, value, st.permutations(["01", "21", "17", "10"]))
def test_the_true_split_is_among_those_of_any_pack(serial: str, lot: str, order: list[str]) -> None:
    parts = {"01": GTIN, "21": serial, "17": YYMMDD, "10": lot}
    found = elements_of("".join(ai + parts[ai] for ai in order))
    assert parts in found or len(found) == lattice.SPLITS_MAX


@given(value, value, st.permutations(["01", "21", "17", "10"]))
def test_every_split_gives_the_text_again(serial: str, lot: str, order: list[str]) -> None:
    parts = {"01": GTIN, "21": serial, "17": YYMMDD, "10": lot}
    text = "".join(ai + parts[ai] for ai in order)
    for split in lattice.splits(text):
        assert "".join(ai + data for ai, data in split.elements) == text
        assert len({ai for ai, _ in split.elements}) == len(split.elements)


@pytest.mark.parametrize(
    ("extra", "data"),
    [
        ("710", "03752864"), ("711", "3400930000120"), ("712", "713479.4"), ("713", "4005632804976"),
        ("714", "1234567"), ("715", "0777310502"), ("716", "123456"), ("11", "250101"), ("240", "ABC1"),
        ("7003", "2709301200"),
    ],
)  # fmt: skip
def test_national_numbers_and_other_elements_of_packs_are_found(extra: str, data: str) -> None:
    text = f"01{GTIN}21CF32ERFb{extra}{data}17{YYMMDD}10QD"
    assert {"01": GTIN, "21": "CF32ERFb", extra: data, "17": YYMMDD, "10": "QD"} in elements_of(text)


def test_a_crypto_tail_is_found() -> None:
    text = f"01{GTIN}215QTSRh>4sVc+.91EE1292{'xyz1' * 11}"
    assert {"01": GTIN, "21": "5QTSRh>4sVc+.", "91": "EE12", "92": "xyz1" * 11} in elements_of(text)


def test_the_plain_pack_comes_before_rarer_ones() -> None:
    text = f"01{GTIN}21A7101234567817{YYMMDD}10QD"
    assert dict(lattice.splits(text)[0].elements) == {"01": GTIN, "21": "A71012345678", "17": YYMMDD, "10": "QD"}


@pytest.mark.parametrize(
    "text",
    ["", "01", f"01{GTIN}17271399", f"01{GTIN[:-1]}521A17{YYMMDD}10B", f"01{GTIN}21{'A' * 30}10B", "9" * 300, "X"],
)
def test_what_breaks_the_grammar_has_no_split(text: str) -> None:
    assert lattice.splits(text) == []


def test_a_separator_that_is_there_is_a_border() -> None:
    assert elements_of(f"01{GTIN}21A10B\x1d17{YYMMDD}10QD") == [
        {"01": GTIN, "21": "A10B", "17": YYMMDD, "10": "QD"},
    ]


@pytest.mark.parametrize("text", ["10" * 190, "21" * 190, "1021" * 95, f"01{GTIN}21" + "10171227" * 40, "2401" * 99])
def test_a_text_made_to_be_slow_is_given_up(text: str) -> None:
    start = time.perf_counter()
    lattice.splits(text)
    assert time.perf_counter() - start < 0.1


def test_a_search_that_is_given_up_has_no_half_result() -> None:
    text = f"01{GTIN}21CF32ERFb3Dvc17{YYMMDD}10QD1DQ"
    whole = lattice.Budget()
    assert len(lattice.splits(text, budget=whole)) == 1
    poor = lattice.Budget(lattice.BUDGET_MAX - whole.steps - 1)
    assert lattice.splits(text, budget=poor) == []
    assert poor.is_spent
    assert lattice.splits(f"01{GTIN}21" + "10" * 9 + "\x1d" + "21" * 50) == []
