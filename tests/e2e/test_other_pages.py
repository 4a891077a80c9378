"""The documents, journey and about pages in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import DESTROYED
from tests.web import scene

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.e2e.conftest import OpenPage

pytestmark = pytest.mark.browser


def choose(page: Page, name: str, content: bytes) -> None:
    page.set_input_files("#files", {"name": name, "mimeType": "application/xml", "buffer": content})


def test_a_file_is_loaded_with_its_receipt_and_then_stands_in_the_list(open_page: OpenPage) -> None:
    page = open_page("/documents")
    choose(page, "partner.xml", scene.shipment("DOC1", "DOC2", lot="D1", day="2026-11-06"))
    page.wait_for_selector(".upload[data-state=success], .upload[data-state=findings]")
    assert "2 new packages" in page.inner_text("#uploads")
    assert "partner.xml" in page.inner_text("#say")
    page.reload()
    assert "partner.xml" in page.inner_text("table")


def test_the_same_file_twice_says_that_nothing_changed(open_page: OpenPage) -> None:
    page = open_page("/documents")
    document = scene.shipment("DOC3", lot="D2", day="2026-11-07")
    for _ in range(2):
        choose(page, "twice.xml", document)
    page.wait_for_function("() => document.querySelectorAll('.upload:not([data-state=running])').length === 2")
    assert "Already on record" in page.inner_text("#uploads")


def test_a_refused_file_says_why_where_and_what_to_do(open_page: OpenPage) -> None:
    page = open_page("/documents", quiet=False)
    choose(page, "<b>broken.xml", scene.shipment("BAD1").replace(b"</EventList>", b"\n\n</EventLost>"))
    page.wait_for_selector(".upload[data-state=refused]")
    told = page.inner_text("#uploads")
    assert "nothing was kept" in told
    assert "line 3" in told.lower()
    assert "<b>broken.xml" in told
    assert page.locator("#uploads b").count() == 0


def test_a_dropped_file_is_loaded(open_page: OpenPage) -> None:
    page = open_page("/documents")
    text = scene.shipment("DOC4", lot="D3", day="2026-11-08").decode()
    page.evaluate(
        """(text) => {
            const files = new DataTransfer();
            files.items.add(new File([text], 'dropped.xml', { type: 'application/xml' }));
            const drop = { dataTransfer: files, bubbles: true, cancelable: true };
            document.dispatchEvent(new DragEvent('drop', drop));
        }""",
        text,
    )
    page.wait_for_selector(".upload[data-state=success], .upload[data-state=findings]")
    assert "dropped.xml" in page.inner_text("#uploads")


def test_a_journey_is_told_from_first_to_last_in_the_readers_own_time(open_page: OpenPage) -> None:
    page = open_page(f"/packs/{scene.GTIN}/{DESTROYED}")
    steps = page.locator(".event-step").all_inner_texts()
    assert steps == ["Commissioned", "Packed", "Shipped", "Destroyed"]
    assert "2 Nov 2026, 02:00:00 CST" in page.locator("time").first.inner_text().replace("GMT-6", "CST")
    page.click(f"text=SSCC {scene.CASE} >> nth=0")
    page.wait_for_url(f"**/containers/{scene.CASE}")
    assert "container" in page.inner_text("main").lower()


def test_the_about_page_tells_whose_record_this_is(open_page: OpenPage) -> None:
    page = open_page("/about")
    assert "Hub" in page.inner_text("main")


def test_a_dropped_file_is_marked_where_it_is_wrong(open_page: OpenPage) -> None:
    page = open_page("/validate")
    text = scene.shipment("VAL1", lot="V1", day="2026-11-09").decode().replace("<action>ADD", "<action>PUT", 1)
    page.evaluate(
        """(text) => {
            const files = new DataTransfer();
            files.items.add(new File([text], '<b>partner.xml', { type: 'application/xml' }));
            document.dispatchEvent(new DragEvent('drop', { dataTransfer: files, bubbles: true, cancelable: true }));
        }""",
        text,
    )
    page.wait_for_selector("#verdict:not([hidden])")
    assert "Not valid" in page.inner_text("#verdict-title")
    assert "<b>partner.xml" in page.inner_text("#verdict-words")
    marked = page.locator("mark")
    assert any("<action>PUT" in each for each in marked.all_inner_texts())
    assert "Write ADD, OBSERVE or DELETE." in page.inner_text("#marked")
    page.select_option("#profile", "dscsa")
    page.wait_for_function("() => document.querySelector('#findings').innerText.includes('MISSING_DSCSA_STATEMENT')")


def test_a_json_file_on_one_line_is_broken_into_lines_to_be_marked(open_page: OpenPage) -> None:
    page = open_page("/validate")
    event = '{"type":"ObjectEvent","eventTime":"today","eventTimeZoneOffset":"+00:00","action":"OBSERVE","epcList":[]}'
    text = (
        '{"@context":"https://example.com/","type":"EPCISDocument","schemaVersion":"2.0",'
        '"creationDate":"2026-11-01T00:00:00Z","epcisBody":{"eventList":[' + ",".join([event] * 30) + "]}}"
    )
    page.set_input_files("#file", {"name": "one-line.json", "mimeType": "application/json", "buffer": text.encode()})
    page.wait_for_selector("mark")
    assert "broken into lines" in page.inner_text("#verdict-words")
    assert any('"eventTime": "today"' in each for each in page.locator("mark").all_inner_texts())


def test_a_telephone_shows_the_page_for_patients_without_scrolling_sideways(open_page: OpenPage) -> None:
    page = open_page(f"/01/{scene.GTIN}/21/{DESTROYED}?17={scene.EXPIRY_PRINTED}&10={scene.LOT}")
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.get_attribute("[data-verdict]", "data-verdict") == "stop"
    assert "Do not use" in page.inner_text("h2")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.locator("nav").count() == 0
