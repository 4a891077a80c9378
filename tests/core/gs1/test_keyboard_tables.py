"""What keys print: facts of single layouts, and typing with dead keys and locks."""

from __future__ import annotations

import pytest

from rxtrail.core.gs1.charsets import CSET_82
from rxtrail.core.gs1.keyboard_tables import Caps, composed, layouts, origins, printed, typed


@pytest.mark.parametrize(
    ("host", "sent", "arrives"),
    [
        ("us", CSET_82, CSET_82),
        ("gb", '"@', '@"'),
        ("de", "]zy-/_", "+yz\xdf-?"),
        ("fr(azerty)", "]d20Aa", "$d\xe9\xe0Qq"),
        ("be", "6-=", "\xa7)-"),
        ("ch", "]'", "\xa8\xe4"),
        ("windows:lt", "1290", "\u0105\u010d90"),
        ("windows:lv", "]d=", "hsf"),
        ("windows:bg-typewriter", "]_(", ";\u0406_"),
        ("windows:gr-319", "=_>", "+\xb0:"),
        ("hu", "0yz", "\xf6zy"),
        ("ru", "AZ", "\u0424\u042f"),
        ("us(dvorak)", "]q-", "='["),
    ],
)
def test_keys_print_what_the_charts_of_the_layouts_show(host: str, sent: str, arrives: str) -> None:
    assert typed(sent, host=host) == arrives


def test_every_layout_has_three_levels_of_all_keys() -> None:
    for layout in layouts().values():
        assert layout.title
        assert [len(keys) for keys in layout.levels] == [48, 48, 48]


def test_a_dead_key_composes_or_prints_its_accent_before_what_it_cannot_change() -> None:
    assert typed("[e", host="fr(azerty)") == "\xea"
    assert typed("[2", host="fr(azerty)") == "^\xe9"
    assert typed("[", host="fr(azerty)") == "^"
    assert typed("[[", host="fr(azerty)") == "^^"
    assert typed("[2", host="fr(azerty)", nul=True) == "\0^\xe9"


def test_a_control_character_passes_a_waiting_dead_key() -> None:
    assert typed("[\x1d2", host="fr(azerty)") == "\x1d^\xe9"


def test_the_latvian_apostrophe_makes_latvian_letters() -> None:
    assert composed("\u0315", "a") == "\u0101"
    assert typed("'a'1", host="windows:lv-standard") == "\u0101'1"


def test_caps_lock_turns_letters_and_shift_lock_turns_keys() -> None:
    assert typed("aB1", host="us", caps=Caps.LETTERS) == "Ab1"
    assert typed("b2", host="fr(azerty)", caps=Caps.LETTERS) == "B\xc9"
    assert typed("b2", host="fr(azerty)", caps=Caps.KEYS) == "B2"
    assert typed("1/", host="de", caps=Caps.KEYS) == "!-"
    assert typed("'i", host="tr", caps=Caps.LETTERS) == "\u0130I"


def test_origins_turn_a_table_round() -> None:
    back = origins(printed("us", "fr(azerty)", Caps.OFF))
    assert back["\xe9"][0] == "2"
    assert back["\xea"] == ("[e",)
    assert "[" in back["^"]
