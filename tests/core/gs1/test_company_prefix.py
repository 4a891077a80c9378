"""The length of a company prefix: own prefixes, the NDC rule, the prefix table."""

from __future__ import annotations

import pytest

from rxtrail.core.gs1.company_prefix import length_of, matches


@pytest.mark.parametrize(
    ("digits", "length"),
    [
        ("00300930787010", 6),  # labeler 0093
        ("00321922049176", 7),  # labeler 21922
        ("0301160000009", 6),
        ("0860014549199", 11),
        ("1200144192879", 12),
        ("4012345000054", 7),
        ("003011610012270529", 6),  # an SSCC
    ],
)
def test_the_prefix_is_this_long(digits: str, length: int) -> None:
    assert length_of(digits) == length


def test_an_own_prefix_is_believed_before_any_table() -> None:
    assert length_of("00300930787010", own=["0300930"]) == 7
    assert length_of("00300930787010", own=["9999999"]) == 6
    assert length_of("00300930787010", own=["03009", "0300930"]) == 7


@pytest.mark.parametrize("text", ["", "abc", "٠٣٠٠٩٣", "urn:epc:id:sgln:0614141.00000.0"])
def test_what_is_no_number_has_no_prefix(text: str) -> None:
    assert length_of(text) is None


def test_a_gln_matches_the_gtin_of_the_same_company_only() -> None:
    assert matches("0300930000005", "00300930787010")
    assert not matches("0300240000004", "00300930787010")
    assert not matches("", "00300930787010")
    assert not matches("0300930000005", "")
