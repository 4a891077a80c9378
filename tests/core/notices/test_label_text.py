"""What labels name: the same, however many names are looked for."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.core.notices.label_text import Prose, naming


@given(st.text("aAi\u0131\u0130kK\u212as\u017f- .\n", max_size=40), st.text("aiks", min_size=1, max_size=3))
def test_among_many_names_each_is_found_as_if_it_were_the_only_one(text: str, name: str) -> None:
    assert Prose(text).naming(name) == naming(text, name)


def test_no_letter_that_counts_as_one_of_a_name_is_overlooked() -> None:
    letter = re.compile("[a-z]", re.IGNORECASE)
    alike = [char for char in map(chr, range(0x80, 0x110000)) if letter.fullmatch(char)]
    assert "\u017f" in alike
    for char in alike:
        (plain,) = [one for one in map(chr, range(97, 123)) if re.fullmatch(one, char, re.IGNORECASE)]
        assert Prose(f"a {char}arfarin b").naming(f"{plain}arfarin") == f"a {char}arfarin b"


@pytest.mark.parametrize(("text", "name"), [("Warfarin. Watch.", "warfarin"), ("Straße 5", "straße")])
def test_case_does_not_count(text: str, name: str) -> None:
    assert Prose(text.upper().replace("SS", "ß")).naming(name)
