"""One scan of the symbol: what it tells of a station, what to set, and how later scans of the station are read."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rxtrail.calibration import GOOD, NOT_FOUND, PARTLY, PUT_RIGHT, SLOW_MS, calibrate
from rxtrail.core.gs1.charsets import CSET_82
from rxtrail.core.gs1.check_digit import check_digit
from rxtrail.core.gs1.keyboard_profile import CALIBRATION_TEXT
from rxtrail.core.gs1.keyboard_tables import Caps, typed
from rxtrail.core.gs1.scan import read_scan
from rxtrail.core.gs1.station_text import turned

SYMBOL = "]d2" + CALIBRATION_TEXT
YEAR = 2026
# The desks of Europe and America, and some beyond them, whose keys print apart.
HOSTS = (
    "us gb de ch ch(fr) fr(azerty) fr be es latam it pt br dk se no is nl cz sk hu hr ee tr ca bg ru ua rs il jp"
    " us(dvorak) us(colemak) us(intl) windows:lt"
)


USUAL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-/._"


def pack(random_: random.Random, characters: str) -> tuple[str, str, str, str]:
    """Make a GS1 code as a pack has it: (GTIN, serial, lot, expiry)."""
    body = f"{random_.randrange(10**13):013}"

    def text(most: int) -> str:
        return "".join(random_.choices(characters, k=random_.randint(4, most)))

    expiry = f"{random_.randint(25, 35)}{random_.randint(1, 12):02}{random_.randint(1, 28):02}"
    return body + check_digit(body), text(20), text(12), expiry


@pytest.mark.parametrize(
    ("host", "caps"),
    [
        *((host, Caps.OFF) for host in HOSTS.split()),
        *((host, caps) for host in ("de", "fr(azerty)", "us") for caps in (Caps.LETTERS, Caps.KEYS)),
    ],
)
def test_after_one_scan_two_hundred_packs_of_the_station_are_read_right(host: str, caps: Caps) -> None:
    found = calibrate(typed(SYMBOL, host=host, caps=caps) + "\r", took_ms=200.0)
    if found.outcome == PARTLY:
        assert {advice.code for advice in found.advice} & {"characters-lost", "characters-alike"}, found
        return
    assert found.outcome in (GOOD, PUT_RIGHT), found
    random_ = random.Random(f"{host} {caps}")
    wrong = {USUAL: 0, CSET_82: 0}
    for characters in (USUAL, CSET_82) * 100:
        gtin, serial, lot, expiry = pack(random_, characters)
        arrived = typed(f"]d201{gtin}21{serial}\x1d17{expiry}10{lot}", host=host, caps=caps)
        back = turned(found.profile, "C1", arrived, this_year=YEAR)
        scan = read_scan(arrived if back is None else back.text, this_year=YEAR)
        wrong[characters] += (scan.gtin, scan.serial, scan.lot, scan.yymmdd) != (gtin, serial, lot, expiry)
    # Where letters are dead keys with others, a few texts arrive just as another one does.
    assert wrong[USUAL] == 0, found.profile
    assert wrong[CSET_82] <= 6, found.profile


@pytest.mark.parametrize("separator", ["\x1d", "<GS>", "{GS}", "|", "^]", "\0", "~"])
def test_any_transport_of_the_separator_is_undone(separator: str) -> None:
    found = calibrate("]d2" + CALIBRATION_TEXT.replace("\x1d", separator) + "\r")
    assert found.outcome == (GOOD if separator == "\x1d" else PUT_RIGHT)
    text = "]d20100352601815904" + "21CF32{GS}ERFb\x1d1727093010QD1DQ".replace("{GS}", "")
    arrived = text.replace("\x1d", separator)
    back = turned(found.profile, "C1", arrived, this_year=YEAR)
    assert (arrived if back is None else back.text) == text


@pytest.mark.parametrize(
    ("arrived", "outcome", "codes"),
    [
        (SYMBOL + "\r", GOOD, set()),
        (SYMBOL + "\t", GOOD, set()),
        (SYMBOL + "\r\n", GOOD, set()),
        (SYMBOL, GOOD, {"no-ending-key"}),
        (SYMBOL.replace("\x1d", "") + "\r", PARTLY, {"separator-lost"}),
        (SYMBOL.replace("\x1d", ";") + "\r", PUT_RIGHT, {"separator-replaced"}),
        (CALIBRATION_TEXT + "\r", GOOD, {"no-symbology-identifier"}),
        ("X#" + SYMBOL + "\r", PUT_RIGHT, {"prefix"}),
        (SYMBOL + "**\r", PUT_RIGHT, {"suffix"}),
        (SYMBOL + "**", PUT_RIGHT, {"suffix", "no-ending-key"}),
        ("]d2" + CALIBRATION_TEXT.upper() + "\r", PARTLY, {"case-changed"}),
        (typed(SYMBOL, host="fr(azerty)") + "\r", PUT_RIGHT, {"layouts-differ"}),
        (typed(SYMBOL, host="us", caps=Caps.LETTERS) + "\r", PUT_RIGHT, {"caps-lock"}),
        (typed(SYMBOL, host="de", caps=Caps.KEYS) + "\r", PUT_RIGHT, {"caps-lock", "layouts-differ"}),
        (typed(SYMBOL, host="us", scanner="fr(azerty)") + "\r", PARTLY, {"layouts-differ", "characters-alike"}),
        (typed(SYMBOL, host="us", scanner="de") + "\r", PARTLY, {"layouts-differ", "characters-alike"}),
        (typed(SYMBOL, host="us", scanner="gb") + "\r", PUT_RIGHT, {"layouts-differ"}),
        ("]d20100352601815904\r", NOT_FOUND, {"not-the-symbol"}),
        ("hello", NOT_FOUND, {"not-the-symbol"}),
    ],
)
def test_each_fault_has_its_own_advice(arrived: str, outcome: str, codes: set[str]) -> None:
    found = calibrate(arrived)
    assert ({advice.code for advice in found.advice}, found.outcome) == (codes, outcome)
    for advice in found.advice:
        assert advice.found.strip()
        assert advice.do.endswith((".", ")"))


def test_what_cannot_be_put_right_is_said_first() -> None:
    found = calibrate(typed(SYMBOL.replace("\x1d", ""), host="fr(azerty)") + "\r")
    assert [advice.cured for advice in found.advice] == [False, True]


def test_a_separator_that_may_be_data_is_told_apart() -> None:
    told = [calibrate(SYMBOL.replace("\x1d", separator) + "\r").advice[0].found for separator in ";|"]
    assert ["may hold" in words for words in told] == [True, False]


@pytest.mark.parametrize(
    ("took_ms", "slow"), [(None, False), (0.0, False), (SLOW_MS, False), (len(SYMBOL) * SLOW_MS + 500, True)]
)
def test_a_slow_scanner_is_told(took_ms: float | None, slow: bool) -> None:
    found = calibrate(SYMBOL + "\r", took_ms=took_ms)
    assert ("slow-keyboard" in {advice.code for advice in found.advice}) is slow
    assert (found.ms_per_character is None) is (not took_ms)


@settings(max_examples=20)
@given(st.text())
def test_any_text_gets_an_answer_and_advice(text: str) -> None:
    found = calibrate(text)
    assert found.outcome == NOT_FOUND
    assert found.advice
