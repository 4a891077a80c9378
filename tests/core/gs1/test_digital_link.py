"""GS1 Digital Links taken apart and written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.core.gs1 import charsets, digital_link
from rxtrail.errors import BadIdentifier

GTIN = "09506000134352"


def test_a_link_is_stem_path_and_attributes() -> None:
    link = digital_link.parse(f"https://id.gs1.org/01/{GTIN}/10/A%2FB/21/S?17=270930&linkType=gs1:pip#top")
    assert link.stem == "https://id.gs1.org"
    assert link.path == [("01", GTIN), ("10", "A/B"), ("21", "S")]
    assert link.query == [("17", "270930")]
    assert link.elements == link.path + link.query


@pytest.mark.parametrize(
    "uri",
    [
        "https://brand.example/some/path/01/09506000134352/21/S",
        "HTTPS://brand.example:8443/01/09506000134352",
        "http://[2001:db8::1]/01/09506000134352",
        "https://brand.example/01/x/01/09506000134352",
    ],
)
def test_any_stem_will_do(uri: str) -> None:
    assert digital_link.parse(uri).path[0] == ("01", GTIN)


@pytest.mark.parametrize(
    ("uri", "what"),
    [
        (f"https://a.example/01/{GTIN}/21/S/10/L", "order"),
        (f"https://a.example/01/{GTIN}/22/V/235/T", "order"),
        (f"https://a.example/gtin/{GTIN}", "words"),
        ("https://a.example/01/9506000134352", "DATA_TOO_SHORT"),
        ("https://a.example/01/09506000134353", "INCORRECT_CHECK_DIGIT"),
        (f"https://a.example/01/{GTIN}?17=271399", "ILLEGAL_MONTH"),
        (f"https://a.example/01/{GTIN}?21=S", "query"),
        (f"https://a.example/01/{GTIN}?17=270930&17=270930", "twice"),
        (f"https://a.example/01/{GTIN}?999=1", "no AI 999"),
        (f"https://a.example/01/{GTIN}/21/A<B", "character"),
        (f"https://a$.example/01/{GTIN}", "character"),
        ("https://a.example/", "no GS1 key"),
        ("https://a.example/21/S", "no GS1 key"),
        ("https://a.example/01", "no GS1 key"),
        ("ftp://a.example/01/09506000134352", "no GS1 key"),
        ("", "no GS1 key"),
    ],
)
def test_a_link_that_breaks_the_standard_is_refused_with_the_reason(uri: str, what: str) -> None:
    with pytest.raises(BadIdentifier, match=what) as refused:
        digital_link.parse(uri)
    assert refused.value.advice


def test_lenient_reading_takes_what_is_met_on_packs() -> None:
    link = digital_link.parse("https://a.example/gtin/9506000134352/ser/S/lot/L?exp=1&21=T&17=", lenient=True)
    assert link.elements == [("01", GTIN), ("21", "S"), ("10", "L"), ("21", "T")]


def test_elements_become_one_link_with_attributes_behind() -> None:
    elements = [("21", "S/1"), ("99", "A+B"), ("17", "270930"), ("01", GTIN), ("10", "L")]
    link = digital_link.write(elements, "https://a.example")
    assert link == f"https://a.example/01/{GTIN}/10/L/21/S%2F1?17=270930&99=A%2BB"
    assert sorted(digital_link.parse(link).elements) == sorted(elements)


@pytest.mark.parametrize(
    "elements", [[], [("17", "270930")], [("01", GTIN), ("8200", "http://a.example")], [("89", "A")]]
)
def test_what_has_no_key_or_no_place_becomes_no_link(elements: list[tuple[str, str]]) -> None:
    with pytest.raises(BadIdentifier):
        digital_link.write(elements)


@given(st.text(charsets.CSET_82, min_size=1, max_size=20), st.text(charsets.CSET_82, min_size=1, max_size=20))
def test_any_serial_and_lot_survive_a_link(serial: str, lot: str) -> None:
    elements = [("01", GTIN), ("10", lot), ("21", serial)]
    assert digital_link.parse(digital_link.write(elements)).elements == elements


@given(st.text(), st.booleans())
def test_no_text_breaks_the_parser(text: str, lenient: bool) -> None:
    for uri in (text, f"https://a.example/{text}", f"https://a.example/01/{GTIN}/{text}"):
        try:
            digital_link.parse(uri, lenient=lenient)
        except BadIdentifier:
            pass
        digital_link.identify(uri)
