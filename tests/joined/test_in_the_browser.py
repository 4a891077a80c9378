"""At the counter's page: a hub that is cut off, a sale all the same, and the conflict as a case on both sides."""

from __future__ import annotations

import signal
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import sync_playwright

from tests.e2e import station
from tests.e2e.conftest import CHROMIUM_ARGUMENTS
from tests.joined.network import SECOND, Network, codes, wait_for
from tests.web import scene

if TYPE_CHECKING:
    from pathlib import Path

    from tests.joined.network import Party

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.sqlite_only, pytest.mark.timeout(180)]
ELSEWHERE = "already-dispensed-elsewhere"


def test_a_pack_that_was_sold_elsewhere_is_sold_again_while_the_hub_is_cut_off(chromium: str, tmp_path: Path) -> None:
    network = Network(tmp_path, "B1")
    try:
        assert network.first.dispense("B1").status == 200
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
            page = browser.new_context(base_url=network.second.url, locale="en-US").new_page()
            page.set_default_timeout(15_000)
            page.goto(f"/?site={SECOND}&purpose=dispense")
            assert station.enter(page, scene.scan("B1")) == "stop"
            assert "told by the hub" in station.words(page)
            network.hub.signal(signal.SIGSTOP)
            # What nobody can tell it is a copy: the same code, counted in as opening stock.
            code = f"(01){scene.GTIN}(21)B1(17){scene.EXPIRY_PRINTED}(10){scene.LOT}"
            network.second.run("count-in", code, "--by", "A. Kim", "--supplier", "unknown", "--ref", "none")
            assert station.enter(page, scene.scan("B1")) == "ok"
            assert "hub could not be asked" in station.words(page)
            page.click("#change")
            page.wait_for_selector("#result[data-changed=dispensed]")
            network.hub.signal(signal.SIGCONT)
            for party in network.parties:
                cases = wait_for(partial(_cases_of, party), 30)
                assert [case["kind"] for case in cases] == ["offline-dispensing"]
            wait_for(lambda: ELSEWHERE in codes(network.second.verify("B1")))
            assert station.enter(page, scene.scan("B1")) == "stop"
            browser.close()
    finally:
        network.close()


def _cases_of(party: Party) -> list[Any]:
    return [each for each in party.cases() if each["pack"].endswith("/B1")]
