"""Element strings, raw and bracketed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.core.gs1 import charsets, content, element_string
from rxtrail.core.gs1.tables import PREDEFINED_LENGTH, TABLE
from rxtrail.errors import BadIdentifier

PACK = [("01", "00352601815904"), ("21", "CF32ERFb3Dvc"), ("17", "270930"), ("10", "QD1DQ")]


@pytest.mark.parametrize(
    "text",
    [
        "010035260181590421CF32ERFb3Dvc\x1d1727093010QD1DQ",
        "\x1d010035260181590421CF32ERFb3Dvc\x1d1727093010QD1DQ\x1d",
        "0100352601815904\x1d21CF32ERFb3Dvc\x1d17270930\x1d10QD1DQ",
        "(01)00352601815904(21)CF32ERFb3Dvc(17)270930(10)QD1DQ",
    ],
)
def test_a_pack_is_read_however_it_is_separated(text: str) -> None:
    assert element_string.parse(text) == PACK


def test_a_pack_is_written_with_no_separator_too_many() -> None:
    assert element_string.format_raw(PACK) == "010035260181590421CF32ERFb3Dvc\x1d1727093010QD1DQ"
    assert element_string.format(PACK) == "(01)00352601815904(21)CF32ERFb3Dvc(17)270930(10)QD1DQ"


def test_a_bracket_of_the_data_is_escaped() -> None:
    assert element_string.parse(r"(10)12345\(11)991225") == [("10", "12345(11)991225")]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\x1d",
        "01",
        "0100352601815",
        "0100352601\x1d8159",
        "8912",
        "10",
        "21\x1d",
        "ABC",
        "(01)",
        "(10)(21)A",
        "(1)A",
        "(89)A",
        "((",
        "()",
    ],
)
def test_what_is_no_element_string_is_refused_with_advice(text: str) -> None:
    with pytest.raises(BadIdentifier) as refused:
        element_string.parse(text)
    assert refused.value.advice


def test_an_unassigned_ai_is_taken_in_brackets_when_asked_for() -> None:
    assert element_string.parse_bracketed("(89)A(01)1", unknown_ais=True) == [("89", "A"), ("01", "1")]


def test_there_is_a_limit_to_elements() -> None:
    at_limit = "20" + "11" + "2011" * (element_string.AIS_MAX - 1)
    assert len(element_string.parse_raw(at_limit)) == element_string.AIS_MAX
    with pytest.raises(BadIdentifier):
        element_string.parse_raw(at_limit + "2011")


@given(st.text())
def test_no_text_breaks_the_parser(text: str) -> None:
    for start in ("", "(", "(01)", "01", "\x1d10"):
        try:
            assert element_string.parse(start + text)
        except BadIdentifier:
            pass


variable = [ai for ai in TABLE if ai[:2] not in PREDEFINED_LENGTH and TABLE[ai].components[0].type == "X"]
data = st.text(charsets.CSET_82.replace("(", ""), min_size=1, max_size=20)


@given(st.lists(st.tuples(st.sampled_from(variable), data), min_size=1, max_size=10))
def test_any_elements_survive_both_ways_of_writing(elements: list[tuple[str, str]]) -> None:
    elements = [("01", "00352601815904"), *elements, ("17", "270930")]
    assert element_string.parse(element_string.format_raw(elements)) == elements
    assert element_string.parse(element_string.format(elements)) == elements


def test_every_ai_of_predefined_length_needs_no_separator() -> None:
    for ai, entry in TABLE.items():
        assert entry.predefined == (ai[:2] in PREDEFINED_LENGTH)
        if entry.predefined:
            assert len(ai) + entry.length_min == len(ai) + entry.length_max == PREDEFINED_LENGTH[ai[:2]]
            value = "0" * entry.length_max
            assert element_string.parse_raw(f"{ai}{value}10L") == [(ai, value), ("10", "L")]


def test_the_data_of_each_ai_is_bounded() -> None:
    for ai, entry in TABLE.items():
        if entry.components[0].checks == () and len(entry.components) == 1:
            character = {"N": "1", "X": "A", "Y": "A", "Z": "A"}[entry.components[0].type]
            assert content.fault_of(ai, character * entry.length_max) == ""
            assert content.fault_of(ai, character * (entry.length_max + 1)) == "DATA_TOO_LONG"
            assert content.fault_of(ai, character * (entry.length_min - 1)) == "DATA_TOO_SHORT"
