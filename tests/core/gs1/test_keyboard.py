"""Scans typed on another keyboard than the scanner's are read back, blindly."""

from __future__ import annotations

import random
import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.core.gs1 import check_digit, keyboard_tables
from rxtrail.core.gs1.charsets import CSET_82
from rxtrail.core.gs1.keyboard import (
    CAPS_REPAIR,
    READINGS_MAX,
    SEPARATOR_REPAIR,
    TEXT_LENGTH_MAX,
    layout_readings,
    loose_readings,
    swapped_readings,
)
from rxtrail.core.gs1.keyboard_tables import Caps, layouts, printed, typed

PACK = "]d20100312345678906" + "1728013121aZ4kYzQ19m\x1d10L(1)-/_"
GARBLED_TIME_MAX = 0.02  # a bound for a loaded machine; benchmarks tell the real figure


def texts(text: str) -> list[str]:
    return [reading.text for reading in layout_readings(text)]


def random_pack(draw: random.Random, head: str) -> str:
    body = "0" + "".join(draw.choices("0123456789", k=12))
    alphabet = draw.choice([CSET_82, "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"])
    elements = [
        "21" + "".join(draw.choices(alphabet, k=draw.randint(8, 20))) + "\x1d",
        "10" + "".join(draw.choices(alphabet, k=draw.randint(4, 12))) + "\x1d",
        f"17{draw.randint(25, 32)}{draw.randint(1, 12):02}{draw.randint(0, 28):02}",
    ]
    draw.shuffle(elements)
    return (head + "01" + body + check_digit.check_digit(body) + "".join(elements)).removesuffix("\x1d")


# --- every layout -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_a_random_pack_typed_on_any_layout_is_among_the_readings(seed: int) -> None:
    draw = random.Random(seed)
    tally: Counter[bool] = Counter()
    missed: Counter[str] = Counter()
    bare: set[str] = set()
    for name in layouts():
        for caps in Caps:
            table = printed("us", name, caps)
            pack = random_pack(draw, draw.choice(["]d2", ""]))
            if not all(table.get(character, character) for character in pack):
                bare.add(name)  # a key that it needs prints nothing: no program can know what was there
                continue
            arrived = typed(pack, host=name, caps=caps, nul=draw.random() < 0.5)
            if arrived == pack:
                continue
            readings = layout_readings(arrived) or swapped_readings(arrived)
            assert len(readings) <= READINGS_MAX
            found = pack in [reading.text for reading in readings]
            tally[found] += 1
            if not found:
                missed[name] += 1
    share = tally[True] / tally.total()
    print(f"{tally[True]} of {tally.total()} ({share:.1%}); missed: {dict(missed)}; bare keys: {sorted(bare)}")
    assert share >= 0.97


@pytest.mark.parametrize("name", ["de", "fr(azerty)", "es", "it", "cz", "hu", "tr", "ru", "bg", "ch", "windows:gr"])
@pytest.mark.parametrize("nul", [False, True])
def test_a_pack_with_its_symbology_identifier_is_read_first_on_common_layouts(name: str, nul: bool) -> None:
    arrived = typed(PACK, host=name, nul=nul)
    assert arrived != PACK
    # Some variant of a layout may swap what this one leaves; the registry settles that.
    assert PACK in texts(arrived)[:6]


@pytest.mark.parametrize("scanner", ["de", "fr(azerty)", "it", "cz", "tr"])
@pytest.mark.parametrize("host", ["us", "gb", "es", "hu", "ru"])
def test_a_scanner_that_is_not_set_to_the_us_layout_is_found_too(scanner: str, host: str) -> None:
    pack = "]d2010031234567890617280131" + "21AZ4KY19\x1d10L7"
    arrived = typed(pack, scanner=scanner, host=host)
    readings = layout_readings(arrived) or swapped_readings(arrived)
    assert arrived == pack or pack in [reading.text for reading in readings]


# --- single faults ----------------------------------------------------------------------------------------


def test_the_layout_and_the_lock_are_told_as_repairs() -> None:
    readings = {reading.text: reading for reading in layout_readings(typed(PACK, host="de", caps=Caps.LETTERS))}
    assert readings[PACK].layout == "de"
    assert readings[PACK].repairs == ["keyboard-layout:de", CAPS_REPAIR]


def test_caps_lock_alone_is_seen_by_the_symbology_identifier() -> None:
    assert texts(typed(PACK, host="us", caps=Caps.LETTERS))[0] == PACK


def test_shift_lock_of_azerty_is_undone() -> None:
    assert PACK in texts(typed(PACK, host="fr(azerty)", caps=Caps.KEYS))


@pytest.mark.parametrize("separator", ["\0", "\x1b", "\b", "\x1e", "\u2194"])
def test_a_separator_that_the_layout_made_another_control_character_is_a_separator(separator: str) -> None:
    arrived = typed(PACK, host="it").replace("\x1d", separator)
    reading = next(reading for reading in layout_readings(arrived) if reading.text == PACK)
    assert SEPARATOR_REPAIR in reading.repairs


def test_a_separator_typed_without_control_is_the_key_it_stands_on() -> None:
    assert PACK in texts(typed(PACK.replace("\x1d", "]"), host="it"))


def test_a_lost_separator_leaves_the_rest_readable() -> None:
    assert PACK.replace("\x1d", "") in texts(typed(PACK.replace("\x1d", ""), host="de"))


def test_a_dead_key_waits_while_the_separator_passes() -> None:
    pack = '0100312345678906172801312112"\x1d10A'
    arrived = typed(pack, host="ch(fr)").replace("\xe4\x1d", "\x1d\xe4")
    assert typed(pack, host="us(intl)", nul=True).endswith("\0\x1d\xa810A")
    assert pack in texts(typed(pack, host="us(intl)", nul=True))
    assert arrived != pack


def test_a_dead_key_that_composed_is_taken_apart() -> None:
    pack = "]d20100312345678906172801312112='E'a\x1d10A"
    for nul in (False, True):
        assert pack in texts(typed(pack, host="es", nul=nul))


def test_format_06_is_written_as_its_standard_has_it() -> None:
    sent = "[)>\x1e069N111003592770\x1d1TAZ\x1dD280131\x1dSy-1\x1e\x04".replace("069N", "06\x1d9N")
    for name in ("de", "fr(azerty)", "cz", "bg"):
        assert sent in texts(typed(sent, host=name))
        assert sent in texts(typed(sent, host=name).replace("\x1e", "\0").replace("\x04", "\x04\r"))


def test_a_web_address_is_read_back() -> None:
    link = "https://example.org/01/00312345678906/21/aZ-4_k"
    assert link in texts(typed(link, host="de"))


def test_a_retail_code_is_read_back_so_that_it_can_be_refused() -> None:
    assert "]E04006381333931" in texts(typed("]E04006381333931", host="fr(azerty)"))
    assert "4006381333931" in texts(typed("4006381333931", host="fr(azerty)"))


# --- what is no layout's fault ----------------------------------------------------------------------------


def test_a_text_that_reads_plainly_has_no_other_reading() -> None:
    assert layout_readings(PACK) == []
    assert layout_readings("[)>\x1e06\x1d9N111003592770\x1d1TAZ\x1e\x04") == []


def test_what_else_a_plain_text_may_have_been_is_told_when_asked() -> None:
    swapped = [reading.text for reading in swapped_readings(PACK)]
    assert PACK not in swapped
    assert PACK.replace("aZ4kYzQ", "aY4kZyQ") in swapped


def test_a_wrong_check_digit_is_not_explained_away_by_a_layout() -> None:
    assert layout_readings(PACK.replace("0100312345678906", "0100312345678907")) == []


def test_a_text_of_people_is_no_scan() -> None:
    for text in ("", "hello", "Guten Tag, Frau M\xfcller", "\0", "]", "\x1d\x1d", "\u20ac" * 50):
        assert layout_readings(text) == []
        assert swapped_readings(text) == []


def test_without_an_anchor_only_the_asker_gets_readings() -> None:
    arrived = typed("ABY-7", host="de")
    assert layout_readings(arrived) == []
    assert "ABY-7" in [reading.text for reading in loose_readings(arrived)]


def test_a_text_of_any_length_is_answered() -> None:
    arrived = typed(PACK, host="de")
    assert layout_readings(arrived + "y" * (TEXT_LENGTH_MAX + 1 - len(arrived))) == []
    assert layout_readings("y" * TEXT_LENGTH_MAX) == []


@given(st.text())
def test_any_text_gives_readings_of_what_gs1_can_hold_or_none(text: str) -> None:
    for reading in [*layout_readings(text), *swapped_readings(text), *loose_readings(text)]:
        assert reading.text.isascii()


@given(
    st.text(CSET_82 + "\0\x1d\x1b[]\xb4\xa8^`~\xe9\xe0\xe7\xf6\xfc\xdf"),
    st.sampled_from(["+d2", "$d\xe9", "\xa8d2", "01"]),
)
def test_any_text_behind_an_anchor_is_answered_in_time(text: str, head: str) -> None:
    layout_readings("]")  # the table is built at the first text
    start = time.perf_counter()
    readings = layout_readings(head + text)
    assert time.perf_counter() - start < GARBLED_TIME_MAX * 5
    assert len({reading.text for reading in readings}) == len(readings) <= READINGS_MAX


def test_a_garbled_pack_is_read_fast_whatever_the_layout() -> None:
    arrived = [typed(PACK, host=name) for name in layouts()]
    arrived = [text for text in arrived if text != PACK]
    layout_readings(arrived[0])
    start = time.perf_counter()
    for text in arrived:
        layout_readings(text)
    assert (time.perf_counter() - start) / len(arrived) < GARBLED_TIME_MAX


def test_the_tables_hold_the_layouts_that_a_pharmacy_may_have() -> None:
    assert len(keyboard_tables.layouts()) >= 300
    assert {
        "us",
        "gb",
        "de",
        "fr(azerty)",
        "tr",
        "tr(f)",
        "us(dvorak)",
        "us(colemak)",
        "fr(bepo)",
        "br",
        "jp",
        "il",
    } < (layouts().keys())
