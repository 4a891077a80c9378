"""The check page without its server: red stays red, nothing else is sure, and all of it is told later."""

from __future__ import annotations

import base64
import datetime
import http.client
import itertools
import json
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from rxtrail import clock
from rxtrail.core.gs1.scan import read_scan
from rxtrail.keys import open_key
from rxtrail.offline import judge_offline, read_bundle
from rxtrail.offline.counter import moment_words
from rxtrail.web.pages.render import VERSION
from tests.e2e import station
from tests.e2e.conftest import DESTROYED, Server
from tests.web import scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page

    from tests.e2e.conftest import OpenPage

pytestmark = pytest.mark.browser

PROGRAM = """
import sys
from pathlib import Path
from rxtrail.bootstrap import open_node
from rxtrail.web.serve import run

with open_node(Path(sys.argv[1])) as node:
    run(node, "127.0.0.1", int(sys.argv[2]), None, on_ready=lambda address: print(address, flush=True))
"""
CHECK = f"/?site={scene.PHARMACY}&purpose=dispense"


class Mortal:
    """A server that can die and come back at the same address with the same record."""

    def __init__(self, data: Path) -> None:
        self.data = data
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[str] | None = None

    def live(self) -> None:
        command = [sys.executable, "-c", PROGRAM, str(self.data), str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        assert self.process.stdout.readline().strip() == self.address

    def die(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None

    def ask(self, method: str, path: str, body: bytes = b"", kind: str = "application/json") -> Any:
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        client.request(method, path, body, {"Content-Type": kind})
        content = client.getresponse().read()
        client.close()
        return json.loads(content)


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Mortal]:
    """A hub whose pharmacy was sent packs; one of them is destroyed."""
    server = Mortal(tmp_path / "data")
    server.live()
    table = f"name,gln,role\nAcme Pharma,{scene.MAKER},maker\nMain Street Pharmacy,{scene.PHARMACY},pharmacy\n"
    server.ask("PUT", "/api/v1/partners", table.encode(), "text/csv")
    for document in (
        scene.shipment(*(f"M{number}" for number in range(6)), DESTROYED),
        scene.decommissioned(DESTROYED),
    ):
        server.ask("POST", "/api/v1/capture?wait=1&name=x.xml", document, "application/xml")
    yield server
    server.die()


@pytest.fixture
def counter(browser: Browser, mortal: Mortal) -> Iterator[BrowserContext]:
    """A browser that has been at the check page once, and so holds the page and the copy."""
    context = browser.new_context(base_url=mortal.address, locale="en-US", timezone_id="America/Chicago")
    page = context.new_page()
    page.goto(CHECK)
    station.wait_for_copy(page)
    page.close()
    yield context
    context.close()


def at_the_counter(context: BrowserContext) -> Page:
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.goto(CHECK)
    return page


def wait_until_sent(page: Page) -> None:
    station.wait_for_rows(page, "queue", lambda count: count == 0)


def test_three_scans_offline_are_judged_by_the_copy_and_stand_in_the_journeys_when_it_is_back(
    counter: BrowserContext, mortal: Mortal
) -> None:
    mortal.die()
    page = at_the_counter(counter)  # the page itself comes from this device
    answers = [station.enter(page, scene.scan(serial)) for serial in ("M0", "NOT-HELD", DESTROYED)]
    assert answers == ["unconfirmed", "unconfirmed", "stop"]
    assert "Offline: checked against the copy of" in page.inner_text("#link-words")
    assert page.get_attribute("#link-state", "data-state") == "down"
    mortal.live()
    page.evaluate("dispatchEvent(new Event('online'))")
    wait_until_sent(page)
    found = []
    for serial in ("M0", DESTROYED):
        (late,) = mortal.ask("GET", f"/api/v1/packs/{scene.GTIN}/{serial}/journey")["scans"]
        assert late["scanned_at"] < late["record_time"]
        found.append((late["what"], late["told"], late["verdict"], late["site"]))
    assert found == [
        ("scan", "unconfirmed", "ok", scene.PHARMACY),
        ("scan", "stop", "stop", scene.PHARMACY),
    ]
    # The third one is not on record; what was told of it became a case.
    (case,) = mortal.ask("GET", "/api/v1/cases")["cases"]
    assert (case["kind"], case["pack"]) == ("offline-scan", f"01/{scene.GTIN}/21/NOT-HELD")
    assert "case" in page.inner_text("#notice")
    page.goto(f"/packs/{scene.GTIN}/M0")
    assert "Told later, from offline" in page.inner_text("main")


def test_the_answer_offline_names_the_copy_and_the_journey_shows_the_time_of_the_scan(
    counter: BrowserContext, mortal: Mortal
) -> None:
    mortal.die()
    page = at_the_counter(counter)
    station.enter(page, scene.scan("M1"))
    assert "Offline: checked against the copy of" in station.words(page)
    assert scene.PRODUCT in station.words(page)
    assert page.evaluate("document.activeElement.id") == "scan"
    station.wedge(page, scene.scan(DESTROYED))
    page.wait_for_selector("#result[data-verdict=stop]")
    assert "destroyed" in station.words(page).lower()


def test_a_pack_dispensed_offline_is_dispensed_once_and_recorded_later(counter: BrowserContext, mortal: Mortal) -> None:
    mortal.die()
    page = at_the_counter(counter)
    assert station.enter(page, scene.scan("M2")) == "unconfirmed"
    page.click("#change-later")
    page.wait_for_selector("#result[data-changed=dispensed-later]")
    assert station.enter(page, scene.scan("M2")) == "stop"
    assert "Already dispensed here" in station.words(page)
    page.close()
    page = at_the_counter(counter)  # the station was switched off in between
    assert station.enter(page, scene.scan("M2")) == "stop"
    mortal.live()
    page.evaluate("dispatchEvent(new Event('online'))")
    wait_until_sent(page)
    journey = mortal.ask("GET", f"/api/v1/packs/{scene.GTIN}/M2/journey")
    assert journey["state"]["disposition"] == "dispensed"
    assert [late["what"] for late in journey["scans"]] == ["scan", "dispense", "scan", "scan"]


def test_what_conflicts_when_it_is_told_becomes_a_case_that_the_counter_is_shown(
    counter: BrowserContext, mortal: Mortal
) -> None:
    mortal.die()
    page = at_the_counter(counter)
    station.enter(page, scene.scan("M3"))
    page.click("#change-later")
    page.wait_for_selector("#result[data-changed=dispensed-later]")
    page.close()
    mortal.live()
    gone = scene.decommissioned("M3", day="2026-11-04")
    mortal.ask("POST", "/api/v1/capture?wait=1&name=x.xml", gone, "application/xml")
    page = at_the_counter(counter)
    wait_until_sent(page)
    page.wait_for_selector("#notice:not([hidden])")
    cases = {case["kind"]: case for case in mortal.ask("GET", "/api/v1/cases")["cases"]}
    assert cases.keys() == {"offline-scan", "offline-dispensing"}
    for case in cases.values():
        assert case["id"] in page.inner_text("#notice")
        assert case["pack"] == f"01/{scene.GTIN}/21/M3"


def test_without_a_place_there_is_no_copy_and_no_answer(counter: BrowserContext, mortal: Mortal) -> None:
    mortal.die()
    page = counter.new_page()
    page.goto("/")
    page.select_option("#site", "")
    assert station.enter(page, scene.scan("M0")) == "unconfirmed"
    assert "Cannot tell now" in station.words(page)


def test_a_copy_that_was_changed_on_this_device_is_not_believed(counter: BrowserContext, mortal: Mortal) -> None:
    mortal.die()
    page = at_the_counter(counter)
    page.evaluate(
        """async (site) => {
            const opened = await new Promise((resolve) => {
                const request = indexedDB.open('rxtrail', 1);
                request.onsuccess = () => resolve(request.result);
            });
            await new Promise((resolve) => {
                const bundles = opened.transaction(['bundles'], 'readwrite').objectStore('bundles');
                bundles.get(site).onsuccess = (event) => {
                    const held = event.target.result;
                    new Uint8Array(held.content)[20] ^= 1;
                    bundles.put(held, site).onsuccess = resolve;
                };
            });
            opened.close();
        }""",
        scene.PHARMACY,
    )
    page.reload()
    assert station.enter(page, scene.scan(DESTROYED)) == "unconfirmed"
    assert "Cannot tell now" in station.words(page)


# --- the same rules in both languages ----------------------------------------------------------------------


def test_the_browser_says_the_same_as_the_program(open_page: OpenPage, server: Server) -> None:
    client = http.client.HTTPConnection(server.address.removeprefix("http://"), timeout=30)
    client.request("GET", f"/api/v1/sites/{scene.PHARMACY}/bundle")
    content = client.getresponse().read()
    client.request("GET", "/api/v1/keys")
    key = json.loads(client.getresponse().read())["keys"][0]["key"]
    client.close()
    from rxtrail.keys import VerifierKey

    bundle = read_bundle(content, VerifierKey.parse(key))
    codes = [
        scene.scan(serial, lot=lot, expiry=expiry)
        for serial, lot, expiry in itertools.product(
            ("E059", DESTROYED, "NOT-HELD"),
            (scene.LOT, scene.LOT.lower(), "OTHER"),
            ("290930", "290900", "300101", "200101"),
        )
    ]
    codes += [
        f"(01){scene.GTIN}(21)E059(17)290930(10){scene.LOT}",
        f"(01){scene.GTIN}(21)E059",
        f"{scene.GTIN} E059",
        scene.scan("E059").replace("\x1d", ""),
        f"https://id.gs1.org/01/{scene.GTIN}/10/{scene.LOT}/21/E059?17=290930",
        scene.GTIN,
    ]
    now = 1_900_000_000_000
    page = open_page("/about")
    said = page.evaluate(
        """async ([version, content, key, codes, purposes, now]) => {
            const { openBundle } = await import(`/static/${version}/bundle.js`);
            const { judgeOffline } = await import(`/static/${version}/offline-rules.js`);
            const { readScan } = await import(`/static/${version}/offline-scan.js`);
            const bundle = await openBundle(Uint8Array.from(atob(content), (c) => c.charCodeAt(0)).buffer, key);
            const known = (gtin, serial) => bundle.find(gtin, serial) !== undefined;
            return codes.flatMap((code) => purposes.map((purpose) =>
                judgeOffline(readScan(code, 2030, known), bundle, { purpose, now })));
        }""",
        [VERSION, base64.b64encode(content).decode(), key, codes, ["dispense", "return"], now],
    )
    answers = iter(said)
    words = said[0]["reasons"][-1]["message"]
    for code in codes:
        for purpose in ("dispense", "return"):
            mine = next(answers)
            scan = read_scan(code, this_year=2030)
            if code.startswith("]d2") and "\x1d" not in code:
                scan = read_scan(scene.scan("E059"), this_year=2030)  # the browser has chosen what the copy holds
            verdict = judge_offline(
                scan, bundle, purpose=purpose, today=datetime.date(2030, 3, 17), now=now * 1000,
                as_of=int(datetime.datetime.fromisoformat(bundle.facts.as_of).timestamp() * 1_000_000), copy="?",
            )  # fmt: skip
            theirs = msgspec.to_builtins(verdict)
            assert mine["verdict"] == theirs["verdict"], (code, purpose, words)
            assert mine["headline"] == theirs["headline"], (code, purpose)
            assert mine["matched"] == theirs["matched"], (code, purpose)
            assert mine["pack"]["gtin"] == theirs["pack"].get("gtin", ""), code
            for one, other in zip(mine["reasons"], theirs["reasons"], strict=True):
                assert (one["code"], one["severity"], one["next"]) == (other["code"], other["severity"], other["next"])
                if one["code"] != "unreachable":
                    assert one["message"] == other["message"]


def test_the_words_for_a_time_are_those_of_the_program() -> None:
    noon = 1_790_000_000_000_000
    assert len(moment_words(noon, noon)) == 5
    assert moment_words(noon - 86_400_000_000 * 3, noon).count(",") == 1


# --- receipts ----------------------------------------------------------------------------------------------


def receipt_of(server: Server, serial: str, **more: object) -> str:
    body = json.dumps({"scan": scene.scan(serial), "site": scene.PHARMACY, "receipt": True, **more}).encode()
    receipt: str = json.loads(server.send("POST", "/api/v1/verify", body, "application/json"))["receipt"]
    return receipt


def test_a_receipt_is_checked_by_the_browser_itself(open_page: OpenPage, server: Server) -> None:
    receipt = receipt_of(server, "E058")
    page = open_page("/receipt")
    assert "No receipt yet" in station.words(page)
    assert page.evaluate("document.activeElement.id") == "scan"
    page.context.set_offline(True)
    assert station.enter(page, receipt) == "ok"
    told = station.words(page)
    assert "Genuine" in told
    for part in (scene.GTIN, "E058", scene.LOT, "30 Sep 2029", scene.PHARMACY):
        assert part in told
    page.keyboard.press("Escape")
    assert "No receipt yet" in station.words(page)


def test_a_hidden_receipt_shows_no_serial(open_page: OpenPage, server: Server) -> None:
    page = open_page("/receipt")
    assert station.enter(page, receipt_of(server, "E058", hidden=True)) == "ok"
    assert "hash only" in station.words(page)
    assert "E058" not in station.words(page)


def test_a_receipt_of_another_node_is_not_genuine(open_page: OpenPage, server: Server, tmp_path: Path) -> None:
    page = open_page("/receipt")
    page.fill("#key", str(open_key(tmp_path, random_bytes=clock.random_bytes).verifier))
    assert station.enter(page, receipt_of(server, "E058")) == "stop"
    assert "Not genuine" in station.words(page)


@pytest.mark.parametrize("text", ["hello", "RXR1:AAAA", "RXR1:!", "<img src=x onerror=document.title=1>"])
def test_what_is_no_receipt_is_told_so(open_page: OpenPage, text: str) -> None:
    page = open_page("/receipt")
    assert station.enter(page, text) == "unconfirmed"
    assert "Not a receipt" in station.words(page)


def test_the_receipt_page_works_with_the_keyboard_on_a_small_phone(open_page: OpenPage, server: Server) -> None:
    page = open_page("/receipt", viewport={"width": 320, "height": 640})
    station.wedge(page, receipt_of(server, "E058"))
    assert station.result(page) == "ok"
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.keyboard.press("Tab")
    seen = [page.evaluate("document.activeElement.id || document.activeElement.type")]
    page.keyboard.press("Tab")
    seen.append(page.evaluate("document.activeElement.id || document.activeElement.type"))
    assert "key" in seen
