"""The pages as HTML; what runs in them is tested in a browser under ``tests/e2e``."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

import rxtrail.web
from tests.web import scene
from tests.web.conftest import GOOD, ODD

if TYPE_CHECKING:
    from rxtrail.bootstrap import Node
    from tests.web.conftest import Api

WEB = Path(rxtrail.web.__file__).parent
PAGES = ["/", "/documents", "/about", f"/packs/{scene.GTIN}/{GOOD}", f"/containers/{scene.CASE}", "/nosuch"]
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u202e"


class Reader(HTMLParser):
    """Tags, attributes and text as a browser would see them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


def read(api: Api, path: str, status: int = 200) -> Reader:
    answer = api.get(path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return Reader(answer.text)


@pytest.mark.parametrize("path", PAGES)
def test_no_page_has_inline_script_or_style_or_reaches_elsewhere(api: Api, path: str) -> None:
    found = Reader(api.get(path).text)
    for tag, attributes in found.tags:
        assert tag != "style"
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        if tag == "script":
            assert (attributes["src"] or "").startswith("/static/")
        for name in ("src", "href"):
            value = attributes.get(name) or ""
            assert not re.match(r"(?i)[a-z][a-z0-9+.-]*:|//", value), value


@pytest.mark.parametrize("path", PAGES)
def test_every_page_has_a_title_a_heading_a_language_and_no_repeated_id(api: Api, path: str) -> None:
    found = Reader(api.get(path).text)
    tags = [tag for tag, _ in found.tags]
    assert tags.count("h1") == 1
    assert tags.count("title") == 1
    assert tags.count("main") == 1
    assert dict(found.tags)["html"]["lang"] == "en"
    ids = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_every_file_of_a_page_is_there_and_may_be_kept_for_ever(api: Api) -> None:
    found = read(api, "/")
    files = {
        value
        for _, attributes in found.tags
        for name in ("src", "href")
        if (value := attributes.get(name) or "").startswith("/static/")
    }
    assert len(files) >= 4
    for file in files:
        answer = api.get(file)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    for name in re.findall(r'from "\./(\w+\.js)"', "".join(path.read_text() for path in WEB.glob("static/*.js"))):
        assert (WEB / "static" / name).is_file()


@pytest.mark.parametrize("name", ["nosuch.js", "..%2fapp.py", "%2e%2e/app.py", "../app.py"])
def test_nothing_but_static_files_is_served(api: Api, name: str) -> None:
    assert api.get(f"/static/x/{name}").status_code in (400, 404)


def test_the_scan_field_is_labelled_and_has_the_focus(api: Api) -> None:
    found = read(api, "/")
    field = next(attributes for tag, attributes in found.tags if attributes.get("id") == "scan")
    assert "autofocus" in field
    assert ("label", {"for": "scan", "class": "scan-label"}) in found.tags


def test_a_hub_is_scanned_at_from_its_partners_places(api: Api) -> None:
    table = (
        f'name,gln,role,relation,status,valid_until\n"Main <b>Street</b>",{scene.PHARMACY},pharmacy,customer,active,\n'
    )
    headers = {"content-type": "text/csv"}
    assert api("PUT", "/api/v1/partners", content=table.encode(), headers=headers).status_code == 200
    found = read(api, "/")
    assert ("option", {"value": scene.PHARMACY, "data-name": "Main <b>Street</b>"}) in found.tags
    assert "Main <b>Street</b>" in found.words
    assert "b" not in [tag for tag, _ in found.tags]


@pytest.mark.parametrize("serial", [GOOD, ODD])
def test_a_journey_shows_names_and_steps(api: Api, serial: str) -> None:
    found = read(api, f"/packs/{scene.GTIN}/{quote(serial, safe='')}")
    for words in (
        scene.PRODUCT,
        serial,
        "Commissioned",
        "Packed",
        "Shipped",
        "Acme Pharma",
        f"SSCC {scene.CASE}",
    ):
        assert words in found.words
    assert "30 Sep 2029" in found.words


def test_a_container_has_a_journey_too(api: Api) -> None:
    found = read(api, f"/containers/{scene.CASE}")
    assert "Shipped" in found.words
    assert scene.CASE in found.words


def test_what_is_not_on_record_is_said_to_be_just_that(api: Api) -> None:
    found = read(api, f"/packs/{scene.GTIN}/NOSUCH", status=404)
    assert "Not on record" in found.words
    assert "not counterfeit" in found.words


@pytest.mark.parametrize(
    ("path", "to"),
    [
        (f"/01/{scene.GTIN}/21/{GOOD}?linkType=gs1:traceability", f"/packs/{scene.GTIN}/{GOOD}"),
        (f"/01/{scene.GTIN}/10/L7/21/A%2FB?linkType=gs1:traceability", f"/packs/{scene.GTIN}/A%2FB"),
        (f"/00/{scene.CASE}", f"/containers/{scene.CASE}"),
    ],
)
def test_a_digital_link_path_leads_staff_to_the_journey(api: Api, path: str, to: str) -> None:
    answer = api.get(path)
    assert answer.status_code == 307
    assert answer.headers["location"] == to


def test_a_digital_link_never_leads_to_another_site(api: Api) -> None:
    assert api.get(f"/01/{scene.GTIN}/21/%2F%2Fevil.example%0d%0aX:1").status_code == 400, "no serial holds a line feed"
    answer = api.get(f"/01/{scene.GTIN}/21/%2F%2Fevil.example")
    assert answer.headers["location"] == f"/patient/01/{scene.GTIN}/21/%2F%2Fevil.example"
    assert api.get("/01/evil/21/x").status_code == 400


def test_hostile_master_data_stays_text_on_every_page(node: Node, api: Api) -> None:
    hostile = scene.shipment("HHH1", lot="L&<9", product=HOSTILE, day="2026-11-05")
    node.capture(io.BytesIO(hostile), name=HOSTILE)
    for path in (f"/packs/{scene.GTIN}/HHH1", "/documents"):
        answer = api.get(path)
        found = Reader(answer.text)
        assert "<script>alert(1)</script>" in found.words, path
        assert "img" not in [tag for tag, _ in found.tags]
        assert not [1 for _, attributes in found.tags for name in attributes if name.startswith("on")]
        assert "\u202e" not in answer.text


def test_a_document_has_a_page_with_its_findings(node: Node, api: Api) -> None:
    document = node.documents()[0]
    found = read(api, f"/documents/{document.sha256}")
    assert "shipment.xml" in found.words
    assert "UNLISTED_SENDER" in found.words
    assert "Findings" not in read(api, f"/documents/{'0' * 64}", status=404).words
    assert "hexadecimal" in read(api, "/documents/x", status=400).words


def test_a_page_address_with_broken_bytes_is_a_page_that_says_so(api: Api) -> None:
    found = read(api, f"/packs/{scene.GTIN}/%FF%FE", status=400)
    assert "UTF-8" in found.words


def test_pages_have_get_only(api: Api) -> None:
    answer = api.post("/", content=b"")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


# --- the files themselves ---------------------------------------------------------------------------------


def test_no_script_turns_text_into_markup_or_code() -> None:
    banned = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|DOMParser|srcdoc"
        r"|\.style\b|javascript:|https?://(?!www\.w3\.org)"
    )
    for path in WEB.glob("static/*.js"):
        assert not banned.search(path.read_text()), path.name


def test_no_island_is_longer_than_a_person_reads_in_one_go() -> None:
    for path in WEB.glob("static/*.js"):
        assert len(path.read_text().splitlines()) < 300, path.name


def test_templates_never_switch_escaping_off() -> None:
    for path in WEB.glob("templates/*.html"):
        assert not re.search(r"\|\s*safe\b|autoescape|Markup|<style|\bstyle=", path.read_text()), path.name


# --- contrast (WCAG 2.2, 1.4.3 and 1.4.11) ----------------------------------------------------------------


def tokens(css: str, start: str) -> dict[str, str]:
    block = css[css.index(start) :].partition("{")[2].partition("}")[0]
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", block))


def contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


TEXT_ON = [
    ("ink", "ground"), ("ink", "card"), ("ink", "sunken"), ("ink-soft", "ground"), ("ink-soft", "card"),
    ("ink-soft", "sunken"), ("link", "card"), ("link", "ground"), ("brand-ink", "brand"), ("ok-ink", "ok"),
    ("check-ink", "check"), ("stop-ink", "stop"), ("unconfirmed-ink", "unconfirmed"), ("ok-text", "card"),
    ("ok-text", "ok-soft"), ("check-text", "check-soft"), ("check-text", "card"), ("stop-text", "stop-soft"),
    ("stop-text", "card"), ("ink", "brand-soft"),
]  # fmt: skip
PARTS_ON = [("line-strong", "card"), ("focus", "card"), ("focus", "ground"), ("brand", "card")]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_pair_of_colours_can_be_read(theme: str) -> None:
    css = (WEB / "static" / "rxtrail.css").read_text()
    colours = tokens(css, ":root {")
    if theme == "dark":
        chosen = tokens(css, ':root[data-theme="dark"]')
        assert chosen == tokens(css, ':root:not([data-theme="light"])')
        colours |= chosen
    faint = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in TEXT_ON}
    assert {pair: ratio for pair, ratio in faint.items() if ratio < 4.5} == {}
    parts = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in PARTS_ON}
    assert {pair: ratio for pair, ratio in parts.items() if ratio < 3} == {}
