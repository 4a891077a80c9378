"""The check page in a real browser: type, paste or scan; words, shape and colour; the next step."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.e2e import station
from tests.e2e.conftest import DESTROYED, HOSTILE_SERIAL, Server, end, start
from tests.web import scene

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page, Request, Route

    from tests.e2e.conftest import OpenPage

pytestmark = pytest.mark.browser

VERIFY = "**/api/v1/verify"
CHANGE = "**/api/v1/packs/**"


def test_the_field_has_the_focus_and_nothing_is_judged_yet(check_page: Page) -> None:
    assert check_page.evaluate("document.activeElement.id") == "scan"
    assert check_page.locator("[data-verdict]").count() == 0
    assert "Ready for the first pack" in station.words(check_page)


def test_a_good_pack_is_ok_in_words_shape_and_colour(check_page: Page, server: Server) -> None:
    assert station.enter(check_page, scene.scan(next(server.fresh))) == "ok"
    assert check_page.locator("#result .band use[href='#shape-ok']").count() == 1
    assert (
        check_page.locator("#result .band").evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(11, 107, 58)"
    )
    assert scene.PRODUCT in station.words(check_page)
    assert "30 Sep 2029" in station.words(check_page)
    assert check_page.inner_text("#say-polite")
    assert not check_page.inner_text("#say-now")
    assert check_page.evaluate("document.activeElement.id") == "scan"


@pytest.mark.parametrize("separator", ["Control+BracketRight", "F8", ""])
@pytest.mark.parametrize("ending", ["Enter", "Tab"])
def test_a_wedge_scanner_is_read_with_its_separators(
    check_page: Page, server: Server, separator: str, ending: str
) -> None:
    serial = next(server.fresh)
    with check_page.expect_request(VERIFY) as sent:
        station.wedge(check_page, scene.scan(serial), group_separator=separator, end=ending)
    expected = scene.scan(serial) if separator else scene.scan(serial).replace("\x1d", "")
    assert station.sent(sent.value)["scan"] == expected
    assert check_page.input_value("#scan") == ""
    if separator:
        assert station.result(check_page) == "ok"


@pytest.mark.parametrize("elsewhere", ["body", "#theme-toggle", "#site", "#purpose", "a.brand"])
def test_a_scan_counts_wherever_the_focus_is_and_presses_nothing(
    check_page: Page, server: Server, elsewhere: str
) -> None:
    check_page.evaluate("document.activeElement.blur()")
    if elsewhere != "body":
        check_page.focus(elsewhere)
    before = (check_page.input_value("#site"), check_page.input_value("#purpose"), check_page.url)
    serial = next(server.fresh)
    with check_page.expect_request(VERIFY) as sent:
        station.wedge(check_page, scene.scan(serial))
    assert station.sent(sent.value)["scan"] == scene.scan(serial)
    assert station.result(check_page) == "ok"
    assert before == (check_page.input_value("#site"), check_page.input_value("#purpose"), check_page.url)
    assert check_page.get_attribute("html", "data-theme") == "system"


def test_a_scan_that_stalls_on_a_busy_machine_stays_whole(check_page: Page, server: Server) -> None:
    text = scene.scan(next(server.fresh))
    check_page.keyboard.type(text[:12])
    check_page.wait_for_timeout(450)
    with check_page.expect_request(VERIFY) as sent:
        station.wedge(check_page, text[12:])
    assert station.sent(sent.value)["scan"] == text


def test_a_scan_after_left_over_typing_is_the_scan_alone(check_page: Page, server: Server) -> None:
    check_page.type("#scan", "00312", delay=150)
    check_page.wait_for_timeout(400)
    serial = next(server.fresh)
    with check_page.expect_request(VERIFY) as sent:
        station.wedge(check_page, scene.scan(serial))
    assert station.sent(sent.value)["scan"] == scene.scan(serial)


def test_a_code_typed_by_hand_with_corrections_is_what_stands_in_the_field(check_page: Page, server: Server) -> None:
    serial = next(server.fresh)
    check_page.type("#scan", f"{scene.GTIN} {serial}Z", delay=70)
    check_page.keyboard.press("Backspace")
    with check_page.expect_request(VERIFY) as sent:
        check_page.keyboard.press("Enter")
    assert station.sent(sent.value)["scan"] == f"{scene.GTIN} {serial}"
    assert station.result(check_page) != "ok"  # lot and expiry were not scanned


def test_a_stopped_pack_stays_named_until_a_person_says_it_is_set_aside(check_page: Page, server: Server) -> None:
    assert station.enter(check_page, scene.scan(DESTROYED)) == "stop"
    assert check_page.inner_text("#say-now")
    assert check_page.locator("#result .band use[href='#shape-stop']").count() == 1
    station.wedge(check_page, scene.scan(next(server.fresh)))
    check_page.wait_for_selector("#result[data-verdict=ok]")
    assert f"Set aside first: serial {DESTROYED}" in check_page.inner_text("#notice")
    check_page.keyboard.press("Escape")
    check_page.wait_for_selector("#notice", state="hidden")
    station.wedge(check_page, scene.scan(next(server.fresh)))
    check_page.wait_for_selector("#result[data-verdict=ok]")
    assert check_page.locator("#notice").is_hidden()


def test_the_same_stopped_pack_scanned_twice_is_asked_once(check_page: Page) -> None:
    assert station.enter(check_page, scene.scan(DESTROYED)) == "stop"
    asked: list[str] = []
    check_page.on("request", lambda request: asked.append(request.url))
    station.wedge(check_page, scene.scan(DESTROYED))
    check_page.wait_for_timeout(300)
    assert station.result(check_page) == "stop"
    assert asked == []


@pytest.mark.parametrize("answer", ["Escape", "click"])
def test_a_stop_is_confirmed_by_key_or_button(check_page: Page, answer: str) -> None:
    station.enter(check_page, scene.scan(DESTROYED))
    if answer == "click":
        check_page.click("#scan-again")
    else:
        check_page.keyboard.press(answer)
    check_page.wait_for_selector("#result:not([data-verdict])")
    assert check_page.evaluate("document.activeElement.id") == "scan"


def test_a_code_that_a_person_enters_after_a_stop_is_checked(check_page: Page, server: Server) -> None:
    assert station.enter(check_page, scene.scan(DESTROYED)) == "stop"
    check_page.fill("#scan", scene.scan(next(server.fresh)))
    check_page.press("#scan", "Enter")
    check_page.wait_for_selector("#result[data-verdict=ok]")


def test_f9_never_lifts_a_stop(check_page: Page) -> None:
    station.enter(check_page, scene.scan(DESTROYED))
    check_page.keyboard.press("F9")
    assert station.result(check_page) == "stop"


def test_amber_says_what_to_do_and_offers_to_scan_again(check_page: Page, server: Server) -> None:
    assert station.enter(check_page, f"{scene.GTIN} {next(server.fresh)}") == "check"
    assert station.words(check_page, "#result .next p")
    assert check_page.inner_text("#scan-again") == "Scan again"
    assert check_page.locator("#change").count() == 0


def test_what_does_not_match_is_marked(check_page: Page, server: Server) -> None:
    assert station.enter(check_page, scene.scan(next(server.fresh), lot="OTHER")) == "stop"
    assert "does not match" in station.words(check_page, ".verdict-facts")


def test_scans_in_quick_succession_are_judged_one_after_the_other(check_page: Page, server: Server) -> None:
    serials = [next(server.fresh) for _ in range(3)]
    for serial in serials:
        station.wedge(check_page, scene.scan(serial))
    check_page.wait_for_function("() => document.querySelectorAll('#history li').length === 3")
    assert check_page.locator("#history .mono").all_inner_texts() == serials[::-1]


def test_a_red_one_amid_quick_scans_is_not_lost_from_sight(check_page: Page, server: Server) -> None:
    for serial in (DESTROYED, next(server.fresh), next(server.fresh)):
        station.wedge(check_page, scene.scan(serial))
    check_page.wait_for_function("() => document.querySelectorAll('#history li').length === 3")
    assert f"serial {DESTROYED}" in check_page.inner_text("#notice")


# --- when there is no answer ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (503, '{"code":"busy","detail":"The store does not answer.","status":503}'),
        (500, '{"code":"internal-error","detail":"x","status":500}'),
        (200, "<html>a login page</html>"),
        (200, '{"verdict":"genuine","reasons":[]}'),
        (200, "null"),
        (400, '{"code":"bad-request","detail":"Too long.","advice":"Scan again.","status":400}'),
    ],
)
def test_without_an_answer_it_is_grey_and_never_red_or_green(
    open_page: OpenPage, server: Server, status: int, body: str
) -> None:
    page = open_page("/", quiet=False)
    page.route(VERIFY, lambda route: route.fulfill(status=status, body=body, content_type="application/json"))
    assert station.enter(page, scene.scan(next(server.fresh))) == "unconfirmed"
    assert page.locator("#result .band use[href='#shape-unconfirmed']").count() == 1
    assert "Cannot tell now" in station.words(page) or "Not checked" in station.words(page)
    assert page.locator("#change").count() == 0


def test_a_server_that_is_gone_is_grey_and_said_to_be_gone(browser: Browser, tmp_path: Path) -> None:
    mortal = start(tmp_path / "data")
    context = browser.new_context()
    page = context.new_page()
    page.goto(mortal.address)
    serial = next(mortal.fresh)
    end(mortal)
    assert station.enter(page, scene.scan(serial)) == "unconfirmed"
    assert "Cannot tell now" in station.words(page)
    assert page.get_attribute("#link-state", "data-state") == "down"
    context.close()


# --- dispensing -------------------------------------------------------------------------------------------


def test_a_good_pack_is_dispensed_once_however_often_the_button_is_pressed(check_page: Page, server: Server) -> None:
    serial = next(server.fresh)
    assert station.enter(check_page, scene.scan(serial)) == "ok"
    keys: list[str | None] = []

    def note(asked: Request) -> None:
        if asked.method == "PATCH":
            keys.append(asked.headers.get("idempotency-key"))

    check_page.on("request", note)
    check_page.dblclick("#change")
    check_page.wait_for_selector("#result[data-changed=dispensed]")
    assert len(keys) == 1
    assert "Dispensed at" in check_page.inner_text("#change-words")
    assert station.enter(check_page, scene.scan(serial)) in ("check", "stop")
    assert "dispensed" in station.words(check_page).lower()


def test_a_lost_answer_is_asked_for_again_with_the_same_key(open_page: OpenPage, server: Server) -> None:
    page = open_page(f"/?site={scene.PHARMACY}", quiet=False)
    station.enter(page, scene.scan(next(server.fresh)))
    keys: list[str | None] = []

    def lose_the_first(route: Route) -> None:
        keys.append(route.request.headers.get("idempotency-key"))
        if len(keys) == 1:
            route.fetch()  # it reaches the server, but its answer is lost
            route.abort()
        else:
            route.continue_()

    page.route(CHANGE, lose_the_first)
    page.keyboard.press("F9")
    page.wait_for_selector("#change-words:not([hidden])")
    assert "not known whether this was recorded" in page.inner_text("#change-words")
    page.keyboard.press("F9")
    page.wait_for_selector("#result[data-changed=dispensed]")
    assert keys[0]
    assert keys[0] == keys[1]


def test_a_pack_dispensed_meanwhile_by_another_is_a_stop(open_page: OpenPage, server: Server) -> None:
    page = open_page(f"/?site={scene.PHARMACY}", quiet=False)
    serial = next(server.fresh)
    assert station.enter(page, scene.scan(serial)) == "ok"
    body = f'{{"state":"dispensed","lot":"{scene.LOT}","expiry":"{scene.EXPIRY}","site":"{scene.PHARMACY}"}}'
    server.send("PATCH", f"/api/v1/packs/{scene.GTIN}/{serial}", body.encode(), "application/json")
    page.click("#change")
    page.wait_for_selector("#result[data-verdict=stop]")
    assert page.locator("#change").count() == 0


def test_a_pack_is_received_where_that_is_what_it_is_scanned_for(open_page: OpenPage, server: Server) -> None:
    page = open_page(f"/?site={scene.PHARMACY}&purpose=receive")
    assert station.enter(page, scene.scan(next(server.fresh))) == "ok"
    assert page.inner_text("#change") == "Receive this pack"
    page.click("#change")
    page.wait_for_selector("#result[data-changed=received]")


# --- choices, history, hostile text -----------------------------------------------------------------------


def test_site_and_purpose_are_kept_on_this_device_and_sent(open_page: OpenPage, server: Server) -> None:
    page = open_page("/")
    page.select_option("#site", scene.PHARMACY)
    page.select_option("#purpose", "investigate")
    assert page.evaluate("document.activeElement.id") == "scan"
    page.reload()
    with page.expect_request(VERIFY) as sent:
        station.enter(page, scene.scan(next(server.fresh)))
    assert station.sent(sent.value)["site"] == scene.PHARMACY
    assert station.sent(sent.value)["purpose"] == "investigate"
    assert page.locator("#change").count() == 0


def test_the_last_scans_stay_and_lead_to_the_journey(check_page: Page, server: Server) -> None:
    serial = next(server.fresh)
    station.enter(check_page, scene.scan(serial))
    check_page.reload()
    assert serial in station.words(check_page, "#history")
    check_page.click("#history a")
    check_page.wait_for_url(f"**/packs/{scene.GTIN}/{serial}")
    check_page.go_back()
    check_page.click("#history-clear")
    assert check_page.locator("#history li").count() == 0


@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror=document.title=1>",
        "</script><script>document.title=1</script>",
        "\u202eKO\u202c",
        "a" * 8000,
    ],
)
def test_hostile_scans_stay_text(check_page: Page, text: str) -> None:
    assert station.enter(check_page, text) != "ok"
    assert check_page.title() == "Check a pack · rxtrail"
    assert check_page.locator("#result img, #history img").count() == 0
    check_page.click(".verdict-details summary")
    shown = station.words(check_page, ".verdict-details")
    assert "\u202e" not in shown
    width = check_page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert width <= 0


def test_a_hostile_serial_is_judged_shown_and_dispensed_by_its_own_name(check_page: Page) -> None:
    assert station.enter(check_page, scene.scan(HOSTILE_SERIAL)) == "ok"
    assert HOSTILE_SERIAL in station.words(check_page, ".verdict-facts")
    check_page.click("#change")
    check_page.wait_for_selector("#result[data-changed=dispensed]")
    check_page.click("#result .stamp a")
    check_page.wait_for_url(f"**/packs/{scene.GTIN}/{quote(HOSTILE_SERIAL, safe='')}")
    assert HOSTILE_SERIAL in check_page.inner_text("main")


# --- for everybody ----------------------------------------------------------------------------------------


def test_the_whole_page_works_with_the_keyboard(check_page: Page, server: Server) -> None:
    station.enter(check_page, scene.scan(next(server.fresh)))
    seen: list[str] = []
    check_page.evaluate("document.querySelector('.brand').focus()")
    for _ in range(16):
        seen.append(check_page.evaluate("document.activeElement.id || document.activeElement.className"))
        check_page.keyboard.press("Tab")
        check_page.wait_for_timeout(10)
    for reached in ("sound-toggle", "theme-toggle", "scan", "site", "purpose", "change"):
        assert reached in seen


def test_every_control_has_a_name(check_page: Page, server: Server) -> None:
    station.enter(check_page, scene.scan(next(server.fresh)))
    snapshot = check_page.locator("body").aria_snapshot()
    for nameless in (r"- button$", r"- link$", r"- textbox$", r"- combobox$"):
        assert not re.search(nameless, snapshot, re.MULTILINE), snapshot


@pytest.mark.parametrize("path", ["/", "/documents", "/about", f"/packs/{scene.GTIN}/{DESTROYED}"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_a_small_phone_in_light_and_dark(open_page: OpenPage, path: str, scheme: str) -> None:
    page = open_page(path, viewport={"width": 320, "height": 640}, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(238, 242, 244)" if scheme == "light" else "rgb(13, 21, 25)")


def test_the_colours_can_be_chosen_and_are_kept(open_page: OpenPage) -> None:
    page = open_page("/about", color_scheme="light")
    page.click("#theme-toggle")
    page.click("#theme-toggle")
    assert page.get_attribute("html", "data-theme") == "dark"
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(13, 21, 25)"


def test_scan_to_painted_verdict_is_well_under_a_second(check_page: Page, server: Server) -> None:
    check_page.evaluate(
        """() => new MutationObserver(() => {
            if (document.querySelector('#result[data-verdict]')) {
                const painted = () => { window.painted = performance.now(); };
                requestAnimationFrame(() => requestAnimationFrame(painted));
            }
        }).observe(document.getElementById('result'), { attributes: true })"""
    )
    check_page.fill("#scan", scene.scan(next(server.fresh)))
    check_page.evaluate("addEventListener('keydown', () => { window.pressed = performance.now(); }, true)")
    check_page.press("#scan", "Enter")
    check_page.wait_for_function("() => window.painted > 0")
    assert check_page.evaluate("window.painted - window.pressed") < 500
