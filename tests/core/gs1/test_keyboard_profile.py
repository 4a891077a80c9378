"""One scan of the calibration symbol tells how a station's later scans are put right."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.core.gs1.charsets import CSET_82
from rxtrail.core.gs1.keyboard_profile import CALIBRATION_TEXT, Profile, apply_profile, profile_of
from rxtrail.core.gs1.keyboard_tables import Caps, layouts, typed

PACK = "]d20100312345678906" + "1728013121aZ4kYzQ19m\x1d10L(1)-/_"
SYMBOL = "]d2" + CALIBRATION_TEXT


def test_the_symbol_holds_all_82_characters_and_a_separator() -> None:
    assert set(CALIBRATION_TEXT) == set(CSET_82) | {"\x1d"}


def test_a_good_station_gets_no_advice() -> None:
    profile = profile_of(CALIBRATION_TEXT, SYMBOL + "\r")
    assert profile == Profile(symbology=True, suffix="\r")
    assert apply_profile(profile, PACK + "\r") == PACK


@pytest.mark.parametrize("caps", list(Caps))
@pytest.mark.parametrize("host", ["de", "fr(azerty)", "it", "hu", "tr", "bg", "windows:lt", "us(dvorak)"])
def test_a_foreign_layout_is_found_and_undone(host: str, caps: Caps) -> None:
    profile = profile_of(CALIBRATION_TEXT, typed(SYMBOL, host=host, caps=caps, nul=True) + "\r\n")
    assert (profile.known, profile.symbology, profile.gs) == (True, True, "kept")
    assert apply_profile(profile, typed(PACK, host=host, caps=caps, nul=True) + "\r\n") == PACK
    assert any("computer" in sentence for sentence in profile.advice)
    assert any("Caps Lock" in sentence for sentence in profile.advice) is (caps is not Caps.OFF)


def test_every_layout_whose_keys_print_apart_is_undone() -> None:
    failed = []
    for host in layouts():
        profile = profile_of(CALIBRATION_TEXT, typed(SYMBOL, host=host) + "\r")
        clear = profile.known and not profile.lost and not profile.alike and profile.layout != "?"
        if clear and apply_profile(profile, typed(PACK, host=host) + "\r") != PACK:
            failed.append(host)
    assert len(failed) <= len(layouts()) // 20, failed


@pytest.mark.parametrize(
    ("separator", "gs"), [("\x1d", "kept"), ("", "lost"), ("<GS>", "<GS>"), ("|", "|"), ("\0", "\0"), ("^]", "^]")]
)
def test_the_transport_of_the_separator_is_told_and_undone(separator: str, gs: str) -> None:
    profile = profile_of(CALIBRATION_TEXT, SYMBOL.replace("\x1d", separator) + "\r")
    assert profile.gs == gs
    wanted = PACK.replace("\x1d", "") if gs == "lost" else PACK
    assert apply_profile(profile, PACK.replace("\x1d", separator) + "\r") == wanted
    assert any("separator" in sentence for sentence in profile.advice) is (gs != "kept")


def test_what_the_scanner_adds_is_told_and_taken_off() -> None:
    profile = profile_of(CALIBRATION_TEXT, "##" + SYMBOL + "*\r")
    assert (profile.prefix, profile.suffix) == ("##", "*\r")
    assert apply_profile(profile, "##" + PACK + "*\r") == PACK
    assert [sentence.split(" puts ")[1].split()[1] for sentence in profile.advice] == ["before", "behind"]


@pytest.mark.parametrize("case", ["upper", "lower"])
def test_a_scanner_that_changes_case_is_told(case: str) -> None:
    changed = SYMBOL[:3] + (CALIBRATION_TEXT.upper() if case == "upper" else CALIBRATION_TEXT.lower())
    assert profile_of(CALIBRATION_TEXT, changed + "\r").case == case


def test_what_no_layout_explains_is_kept_character_by_character() -> None:
    shuffled = dict(zip(CSET_82, CSET_82[7:] + CSET_82[:7], strict=True))
    reached = "".join(shuffled.get(character, character) for character in CALIBRATION_TEXT)
    profile = profile_of(CALIBRATION_TEXT, reached + "\r")
    assert profile.layout == "?"
    assert apply_profile(profile, "".join(shuffled.get(character, character) for character in PACK[3:])) == PACK[3:]


def test_another_text_is_not_taken_for_the_symbol() -> None:
    profile = profile_of(CALIBRATION_TEXT, PACK)
    assert not profile.known
    assert profile.advice


def test_a_profile_survives_being_stored() -> None:
    profile = profile_of(CALIBRATION_TEXT, typed(SYMBOL, host="fr(azerty)") + "\t")
    assert msgspec.json.decode(msgspec.json.encode(profile), type=Profile) == profile


@given(st.text())
def test_any_text_gives_a_profile_and_any_profile_reads_any_text(text: str) -> None:
    profile = profile_of("91A\x1d98A", text)
    assert isinstance(apply_profile(profile, text), str)
