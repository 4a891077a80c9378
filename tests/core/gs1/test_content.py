"""The data of an AI, the rules between AIs, coupon codes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.core.gs1 import associations, content
from rxtrail.core.gs1.element_string import parse
from rxtrail.core.gs1.tables import TABLE


@pytest.mark.parametrize(
    ("ai", "value", "fault"),
    [
        ("01", "00352601815904", ""),
        ("01", "00352601815905", "INCORRECT_CHECK_DIGIT"),
        ("01", "0035260181590", "DATA_TOO_SHORT"),
        ("01", "003526018159040", "DATA_TOO_LONG"),
        ("01", "0035260181590A", "NON_DIGIT_CHARACTER"),
        ("17", "270200", ""),
        ("17", "271399", "ILLEGAL_MONTH"),
        ("17", "270230", "ILLEGAL_DAY"),
        ("7003", "2702282359", ""),
        ("7003", "2702002359", "ILLEGAL_DAY"),
        ("7003", "2702282460", "ILLEGAL_HOUR"),
        ("21", "A" * 21, "DATA_TOO_LONG"),
        ("21", "A~B", "INVALID_CSET82_CHARACTER"),
        ("21", "", "DATA_TOO_SHORT"),
        ("8010", "4012345ab", "INVALID_CSET39_CHARACTER"),
        ("421", "840A", ""),
        ("421", "999A", "NOT_ISO3166"),
        ("8007", "GB98MIDL07009312345678", ""),
        ("8007", "GB97MIDL07009312345678", "INCORRECT_IBAN_CHECKSUM"),
        ("8013", "1987654Ad4X4bL5ttr2310c2K", ""),
        ("4309", "02790858483015297971", ""),
        ("8110", "012345612345611110123", ""),
        ("8110", "0123456123456", "COUPON_MISSING_SAVE_VALUE_VLI"),
        ("8110", "0123456123456111101233270230", "COUPON_INVALID_EXIPIRATION_DATE"),
        ("8112", "00123456123456" + "0123456", ""),
        ("8110", "012345612345611110123" + "3270131" + "4270201", "COUPON_EXPIRATION_BEFORE_START"),
        ("8110", "012345612345611110123" + "3270131" + "4270101", ""),
        ("8012", "A" * 20, ""),
        ("7040", "1ABc", ""),
        ("7040", "1AB!", "INVALID_IMPORT_IDX_CHARACTER"),
        ("8007", "GB98M!DL07009312345678", "INVALID_IBAN_CHARACTER"),
        ("8112", "2", "COUPON_INVALID_FORMAT_CODE"),
        ("89", "A", "UNKNOWN_AI"),
    ],
)
def test_the_data_of_an_ai_is_judged_by_its_rules(ai: str, value: str, fault: str) -> None:
    assert content.fault_of(ai, value) == fault


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("(01)00352601815904(21)A(17)270930(10)L", []),
        ("(21)A", ["requirement"]),
        ("(01)00352601815904(02)00352601815904(37)5(00)003011610012270529", ["exclusion", "exclusion"]),
        ("(01)00352601815904(21)A(21)B", ["repeat"]),
        ("(01)00352601815904(21)A(21)A", []),
        ("(8003)00614141123452(8030)X", ["signature"]),
        ("(3940)1234(8111)9999(255)4012345678901", ["exclusion"]),
    ],
)
def test_elements_that_do_not_go_together_are_named(text: str, rules: list[str]) -> None:
    assert [breach.rule for breach in associations.breaches(parse(text))] == rules


@given(st.sampled_from(sorted(content.CHECKS)), st.text(max_size=40))
def test_no_text_breaks_a_check(name: str, text: str) -> None:
    assert isinstance(content.CHECKS[name](text), str)


@given(st.sampled_from(sorted(content.CHECKS)), st.text("0123456789", max_size=40))
def test_no_digits_break_a_check(name: str, text: str) -> None:
    assert isinstance(content.CHECKS[name](text), str)


@given(st.sampled_from(sorted(TABLE)), st.text(max_size=100))
def test_no_data_breaks_the_judgement(ai: str, text: str) -> None:
    fault = content.fault_of(ai, text)
    assert fault or len(text) <= TABLE[ai].length_max
