"""Identifiers, dates and hostile text in words."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.errors import BadRequest
from rxtrail.web import codes
from rxtrail.web.body import file_name
from rxtrail.web.pages import words


@given(st.text())
def test_visible_text_holds_no_control_or_direction_character(text: str) -> None:
    shown = words.visible(text)
    assert not [each for each in shown if unicodedata.category(each) in ("Cc", "Cf", "Cs", "Co")]


def test_a_group_separator_is_drawn() -> None:
    assert words.visible("A\x1dB") == "A\u241dB"
    assert words.visible("A\u202eB") == "A\\u202eB"


@pytest.mark.parametrize(
    ("iso", "shown"),
    [
        ("2027-09-30", "30 Sep 2027"),
        ("2027-01-05", "5 Jan 2027"),
        ("", ""),
        ("soon", "soon"),
        ("2027-13-01", "2027-13-01"),
    ],
)
def test_a_date_names_its_month(iso: str, shown: str) -> None:
    assert words.date_words(iso) == shown


@pytest.mark.parametrize(
    ("iso", "shown"),
    [
        ("2026-11-02T08:14:05Z", "2 Nov 2026, 08:14:05 UTC"),
        ("2026-11-02T08:14:05+02:00", "2 Nov 2026, 06:14:05 UTC"),
        ("2026-11-02T08:14:05", "2026-11-02T08:14:05"),
        ("never", "never"),
    ],
)
def test_a_time_is_told_in_utc_and_never_guessed(iso: str, shown: str) -> None:
    assert words.time_words(iso) == shown


@pytest.mark.parametrize(
    ("identifier", "shown", "path"),
    [
        ("414/0300011111246", "GLN 0300011111246", ""),
        ("414/0300011111246/254/X1", "GLN 0300011111246, X1", ""),
        ("417/0300011111246", "GLN 0300011111246", ""),
        ("0300011111246", "GLN 0300011111246", ""),
        ("00/003011610012270529", "SSCC 003011610012270529", "/containers/003011610012270529"),
        ("01/00312345678906/21/A/B", "GTIN 00312345678906, serial A/B", "/packs/00312345678906/A%2FB"),
        ("javascript:alert(1)", "javascript:alert(1)", ""),
        ("", "", ""),
    ],
)
def test_identifiers_are_named_and_only_our_own_addresses_are_linked(identifier: str, shown: str, path: str) -> None:
    assert words.identifier_words(identifier) == shown
    assert words.identifier_path(identifier) == path


def test_unknown_steps_are_told_in_their_own_words() -> None:
    assert words.step_words("commissioning") == "Commissioned"
    assert words.step_words("http://example.com/steps/re_labelling") == "Re labelling"
    assert words.step_words("") == "Seen"
    assert words.disposition_words("") == "Not known"


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (86_000_000, "86.0 MB"), (10**15, "1000.0 TB")],
)
def test_sizes_can_be_read(count: int, shown: str) -> None:
    assert words.size_words(count) == shown


@given(st.text(min_size=1))
def test_a_serial_stays_in_its_own_part_of_the_path(serial: str) -> None:
    try:
        path = codes.pack_path("00312345678906", serial)
    except UnicodeEncodeError:
        return
    assert path.count("/") == 3
    assert path.isascii()
    assert not set(path) & set("?#\\ \r\n")


def test_a_code_carries_what_was_scanned() -> None:
    code = codes.pack_code("312345678906", "A/B", lot="L 7", expiry="2029-09-30")
    assert code == "https://id.gs1.org/01/00312345678906/10/L%207/21/A%2FB?17=290930"


@pytest.mark.parametrize("expiry", ["2029-02-30", "29-09-30", "x"])
def test_a_date_that_is_none_is_refused(expiry: str) -> None:
    with pytest.raises(BadRequest):
        codes.yymmdd(expiry)


@given(st.text())
def test_a_file_name_is_only_ever_a_name(text: str) -> None:
    name = file_name(text)
    assert "/" not in name
    assert "\\" not in name
    assert name.isprintable()
    assert len(name) <= 200
