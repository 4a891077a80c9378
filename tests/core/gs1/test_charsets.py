"""Escaping in URNs and links, and the character sets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.core.gs1 import charsets


def test_the_sets_have_the_sizes_in_their_names() -> None:
    assert len(set(charsets.CSET_82)) == 82
    assert len(set(charsets.CSET_39)) == 39
    assert charsets.ALL_82.fullmatch(charsets.CSET_82)
    assert charsets.ALL_39.fullmatch(charsets.CSET_39)


@given(st.text(charsets.CSET_82 + "# ~{}|"))
def test_escaping_is_undone_by_unescaping(text: str) -> None:
    assert charsets.unescape(charsets.escape_urn(text)) == text
    assert charsets.unescape(charsets.escape_path(text)) == text
    assert charsets.unescape_query(charsets.escape_query(text)) == text


@given(st.text())
def test_no_text_breaks_escaping(text: str) -> None:
    assert charsets.escape_urn(text).isascii()
    assert charsets.escape_path(text).isascii()
    charsets.unescape(text)


def test_the_seven_characters_of_set_82_that_urns_escape() -> None:
    escaped = [character for character in charsets.CSET_82 if charsets.escape_urn(character) != character]
    assert [charsets.escape_urn(character) for character in escaped] == [
        "%22",
        "%25",
        "%26",
        "%2F",
        "%3C",
        "%3E",
        "%3F",
    ]


def test_octets_stay_octets() -> None:
    assert charsets.unescape("%C3%A9") == "\xc3\xa9"
    assert charsets.escape_path("\xc3\xa9") == "%C3%A9"


@pytest.mark.parametrize(("text", "bad"), [("A%2F", False), ("A%2", True), ("%zz", True), ("A", False), ("%%41", True)])
def test_a_percent_sign_needs_two_hexadecimal_digits(text: str, bad: bool) -> None:
    assert charsets.has_bad_escape(text) is bad
