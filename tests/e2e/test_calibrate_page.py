"""Setting up a scanner in a real browser: the symbol on the screen, a garbled scan of it, advice, a saved station."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from rxtrail.core.gs1.keyboard_profile import CALIBRATION_TEXT
from rxtrail.core.gs1.keyboard_tables import typed
from tests import pictures
from tests.e2e import station
from tests.web import scene

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.e2e.conftest import OpenPage, Server

pytestmark = pytest.mark.browser

SYMBOL = "]d2" + CALIBRATION_TEXT
VERIFY = "**/api/v1/verify"
KEY_SECONDS = 0.002


def scanner(page: Page, text: str, *, end: str = "Enter") -> None:
    """Press the keys of a scanner at a host whose keyboard has the characters of ``text``."""
    session = page.context.new_cdp_session(page)
    now = time.time()
    for number, character in enumerate(text):
        # The browser is told when the keys were pressed, since driving it takes longer than a scanner does.
        at = {"timestamp": now + number * KEY_SECONDS}
        if character == "\x1d":
            key: dict[str, Any] = {"key": "]", "code": "BracketRight", "modifiers": 2}
            session.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **key, **at})
        else:
            key = {"key": character}
            session.send("Input.dispatchKeyEvent", {"type": "keyDown", "text": character, **key, **at})
        session.send("Input.dispatchKeyEvent", {"type": "keyUp", **key, **at})
    if end:
        page.keyboard.press(end)


def found(page: Page) -> tuple[str | None, list[Any]]:
    """Wait for what a calibration scan showed: its outcome, and the codes of the advice."""
    page.wait_for_selector("#found[data-outcome]:visible")
    codes = page.locator(".advice-item").evaluate_all("items => items.map((item) => item.dataset.code)")
    return page.get_attribute("#found", "data-outcome"), codes


def save(page: Page, name: str) -> None:
    page.fill("#station", name)
    page.press("#station", "Enter")
    page.wait_for_selector(f'[data-station="{name}"] .tag')


def test_the_symbol_is_read_off_the_screen(open_page: OpenPage) -> None:
    page = open_page("/calibrate")
    page.wait_for_function("() => document.querySelector('#symbol').naturalWidth > 0")
    assert pictures.read(page.locator(".symbol-ground").screenshot()) == [("]d2", CALIBRATION_TEXT)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_small_phone_and_the_symbol_can_still_be_read(open_page: OpenPage, scheme: str) -> None:
    page = open_page("/calibrate", color_scheme=scheme, viewport={"width": 320, "height": 640})
    page.wait_for_function("() => document.querySelector('#symbol').naturalWidth > 0")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert pictures.read(page.locator(".symbol-ground").screenshot()) == [("]d2", CALIBRATION_TEXT)]


def test_the_symbol_can_be_read_off_the_printed_page(open_page: OpenPage) -> None:
    page = open_page("/calibrate")
    page.wait_for_function("() => document.querySelector('#symbol').naturalWidth > 0")
    page.emulate_media(media="print")
    assert pictures.read(page.screenshot()) == [("]d2", CALIBRATION_TEXT)]
    assert not page.locator("#scan").is_visible()


def test_a_good_scanner_needs_nothing(open_page: OpenPage) -> None:
    page = open_page("/calibrate")
    assert page.evaluate("document.activeElement.id") == "scan"
    assert page.inner_text("#stations-empty")
    scanner(page, SYMBOL)
    assert found(page) == ("good", [])


def test_a_french_station_is_found_saved_and_its_packs_are_read(open_page: OpenPage, server: Server) -> None:
    page = open_page("/calibrate")
    page.keyboard.press("Tab")  # wherever the focus is
    scanner(page, typed(SYMBOL, host="fr(azerty)"))
    assert found(page) == ("put-right", ["layouts-differ"])
    assert "French" in page.inner_text(".advice-do")
    save(page, "Counter 1")
    page.goto(f"/?site={scene.PHARMACY}&purpose=dispense")
    garbled = typed(scene.scan(next(server.fresh)), host="fr(azerty)")
    with page.expect_response(VERIFY) as answered:
        scanner(page, garbled)
    assert station.sent(answered.value.request)["station"] == "Counter 1"
    told = answered.value.json()["scan"]
    assert (told["raw"], told["repairs"][0]) == (garbled, "station-profile:Counter 1")
    assert station.result(page) == "ok"
    page.goto("/calibrate")
    page.click('[data-station="Counter 1"] >> text=Remove')
    page.wait_for_selector("#stations-empty:visible")
    assert page.evaluate("localStorage.getItem('rxtrail.station')") == ""


def test_a_dead_key_does_not_cut_a_scan_in_two(open_page: OpenPage, server: Server) -> None:
    page = open_page("/")
    session = page.context.new_cdp_session(page)
    scanner(page, f"+d201{scene.GTIN}21A", end="")
    session.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", "key": "Dead"})  # "=" at a German keyboard
    session.send("Input.insertText", {"text": "\u00b4B"})
    with page.expect_request(VERIFY) as asked:
        scanner(page, f"\x1d17{scene.EXPIRY_PRINTED}10{scene.LOT}")
    wanted = f"+d201{scene.GTIN}21A\u00b4B\x1d17{scene.EXPIRY_PRINTED}10{scene.LOT}"
    assert station.sent(asked.value)["scan"] == wanted


def test_a_separator_sent_as_alt_029_arrives(open_page: OpenPage, server: Server) -> None:
    page = open_page("/")
    page.keyboard.type(f"]d201{scene.GTIN}21AB")
    session = page.context.new_cdp_session(page)
    page.keyboard.down("Alt")
    for digit in "029":
        key = {"key": digit, "code": f"Numpad{digit}", "modifiers": 1}
        session.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **key})
        session.send("Input.dispatchKeyEvent", {"type": "keyUp", **key})
    page.keyboard.up("Alt")
    with page.expect_request(VERIFY) as asked:
        station.wedge(page, f"17{scene.EXPIRY_PRINTED}10{scene.LOT}")
    assert station.sent(asked.value)["scan"] == scene.scan("AB")


def test_a_lost_separator_and_a_missing_end_are_told_without_any_key(open_page: OpenPage) -> None:
    page = open_page("/calibrate")
    scanner(page, SYMBOL.replace("\x1d", ""), end="")
    outcome, codes = found(page)
    assert (outcome, set(codes)) == ("partly", {"separator-lost", "no-ending-key"})


def test_a_slow_scanner_is_told(open_page: OpenPage) -> None:
    page = open_page("/calibrate")
    page.type("#scan", SYMBOL.replace("\x1d", "")[:-3], delay=30)
    page.keyboard.press("Control+BracketRight")
    page.type("#scan", "98A", delay=30)
    page.keyboard.press("Enter")
    assert "slow-keyboard" in found(page)[1]


def test_another_code_is_not_taken_for_the_symbol(open_page: OpenPage, server: Server) -> None:
    page = open_page("/calibrate")
    scanner(page, scene.scan("X1"))
    assert found(page) == ("not-found", ["not-the-symbol"])
    assert not page.locator("#save").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#found").is_visible()
    assert page.evaluate("document.activeElement.id") == "scan"


def test_every_part_of_the_page_has_a_name_for_a_screen_reader(open_page: OpenPage) -> None:
    page = open_page("/calibrate")
    scanner(page, typed(SYMBOL, host="de"))
    assert found(page)[0] == "put-right"
    save(page, "Comptoir d'été")
    snapshot = page.locator("body").aria_snapshot()
    for nameless in ("button\n", "link\n", "textbox\n", "img\n"):
        assert f"- {nameless}" not in snapshot, snapshot
    assert page.inner_text("#say")
    page.click('[aria-label^="Remove"]')
    page.wait_for_selector("#stations-empty:visible")
