"""NDC: segments, the forms of 10, 11 and 12 digits, and what a GTIN tells of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.core.gs1 import check_digit, ndc
from rxtrail.errors import BadIdentifier

KNOWN = [
    ("0093-0787-01", "00300930787010", "00093078701"),
    ("21922-049-17", "00321922049176", "21922004917"),
    ("55154-9449-5", "00355154944954", "55154944905"),
    ("0024-0590-10", "00300240590102", "00024059010"),
    ("68682-065-10", "00368682065107", "68682006510"),
]
segments = st.sampled_from(ndc.FORMATS_10).flatmap(
    lambda lengths: st.tuples(*(st.text("0123456789", min_size=count, max_size=count) for count in lengths))
)


@pytest.mark.parametrize(("printed", "gtin", "eleven"), KNOWN)
def test_a_printed_ndc_has_this_gtin_and_these_11_digits(printed: str, gtin: str, eleven: str) -> None:
    assert ndc.to_gtin(printed) == gtin
    assert ndc.ndc11(printed) == eleven
    assert printed in ndc.from_gtin(gtin)
    assert ndc.matches_gtin(printed, gtin)
    assert ndc.matches_gtin(eleven, gtin)


def test_a_case_has_the_same_ndc_with_another_indicator() -> None:
    case = ndc.to_gtin("0093-0787-01", indicator=3)
    assert case == "30300930787011"
    assert ndc.matches_gtin("0093-0787-01", case)


@given(segments)
def test_a_gtin_never_reveals_where_the_hyphens_stand(parts: tuple[str, str, str]) -> None:
    printed = "-".join(parts)
    forms = ndc.from_gtin(ndc.to_gtin(printed))
    assert printed in forms
    assert len(forms) == 3
    assert {form.replace("-", "") for form in forms} == {"".join(parts)}


@given(segments)
def test_the_printed_ndc_is_among_the_readings_of_its_11_digits(parts: tuple[str, str, str]) -> None:
    read = ndc.parse("-".join(parts))
    assert read in ndc.readings(read.ndc11)
    assert read in ndc.readings(f"{read.ndc11[:5]}-{read.ndc11[5:9]}-{read.ndc11[9:]}")
    assert read in ndc.readings(read.digits)
    assert read.hyphenated == "-".join(parts)
    assert len(read.ndc12) == 12


def test_the_likeliest_hyphenation_comes_first() -> None:
    assert ndc.from_gtin("00300930787010")[0] == "0093-0787-01"
    assert ndc.from_gtin("00352601815904")[0] == "52601-8159-0"


def test_a_12_digit_ndc_is_read_but_fits_no_gtin() -> None:
    read = ndc.parse("123456-0787-01")
    assert read.format == "6-4-2"
    assert ndc.parse("123456078701") == read
    with pytest.raises(BadIdentifier):
        ndc.to_gtin("123456-0787-01")
    with pytest.raises(BadIdentifier):
        ndc.ndc11("123456-0787-01")
    assert ndc.ndc11("012345-0787-01") == "12345078701"


@pytest.mark.parametrize("text", ["0093078701", "05515494495", "00093-0787-01"])
def test_an_ndc_with_several_readings_is_never_guessed(text: str) -> None:
    with pytest.raises(BadIdentifier, match="can be read as"):
        ndc.parse(text) if len(ndc.readings(text)) > 1 else ndc.parse("0093078701")


@pytest.mark.parametrize(
    "text", ["", "787647101", "1167-3401-0412", "1-2-3", "abcd-efgh-ij", "0093 0787 01", "\u0660093-0787-01"]
)
def test_what_is_no_ndc_has_no_reading(text: str) -> None:
    assert ndc.readings(text) == []
    with pytest.raises(BadIdentifier, match="not an NDC"):
        ndc.parse(text)


@pytest.mark.parametrize("indicator", [-1, 9, 10])
def test_variable_measure_is_no_level_of_a_drug(indicator: int) -> None:
    with pytest.raises(BadIdentifier):
        ndc.to_gtin("0093-0787-01", indicator)


@pytest.mark.parametrize("gtin", ["00452601815904", "352601815904", "", "0035260181590X"])
def test_a_gtin_without_ndc_gives_none(gtin: str) -> None:
    assert ndc.from_gtin(gtin) == []


@given(segments, st.integers(0, 8))
def test_every_gtin_has_its_check_digit(parts: tuple[str, str, str], indicator: int) -> None:
    assert check_digit.is_valid(ndc.to_gtin("-".join(parts), indicator))
