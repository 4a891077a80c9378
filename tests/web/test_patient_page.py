"""What a patient's telephone is told of a pack: the public answer in plain words, whoever asks."""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING

import pytest

from rxtrail.web.app import build
from tests.web import scene
from tests.web.conftest import DESTROYED, GOOD, ODD, Api
from tests.web.test_pages import HOSTILE, Reader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rxtrail.bootstrap import Node

BROWSER = {"accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}
CLOCK = re.compile(r"\b\d\d:\d\d(:\d\d)? UTC")
PRINTED = f"17={scene.EXPIRY_PRINTED}&10={scene.LOT}"


def link(serial: str, printed: str = PRINTED) -> str:
    return f"/01/{scene.GTIN}/21/{serial}" + (f"?{printed}" if printed else "")


def shown(api: Api, address: str, status: int = 200) -> tuple[str, str]:
    """The verdict of the page, and its words."""
    answer = api.get(address, headers=BROWSER)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    found = Reader(answer.text)
    verdicts = [attributes["data-verdict"] or "" for _, attributes in found.tags if "data-verdict" in attributes]
    return "".join(verdicts), CLOCK.sub("", " ".join(found.words.split()))


@pytest.fixture
def closed(node: Node) -> Iterator[Api]:
    """A hub that asks for site keys, as somebody without one sees it."""
    node.access.keys.add(scene.PHARMACY)
    client = Api(build(node))
    yield client
    client.close()


@pytest.mark.parametrize(
    ("address", "verdict", "words"),
    [
        (link(GOOD), "ok", "Nothing against it on record"),
        (link("NOBODY1"), "stop", "This code is not on record."),
        (link(DESTROYED), "stop", "This code is not in use any more."),
        (link(GOOD, f"17={scene.EXPIRY_PRINTED}&10=OTHER"), "stop", "The lot is not the one on record."),
        (link(GOOD, ""), "check", "It needs a look by a pharmacist."),
        (f"/01/{scene.GTIN}", "check", "The code carries no serial number."),
        ("/01/00312345678907/21/x", "check", "A digit of the code is wrong"),
    ],
)  # fmt: skip
def test_a_browser_is_told_what_the_public_may_know(api: Api, address: str, verdict: str, words: str) -> None:
    told, text = shown(api, address)
    assert told == verdict
    assert words in text
    assert scene.PRODUCT in text or not address.startswith(f"/01/{scene.GTIN}")
    assert shown(api, f"/patient{address}")[0] == verdict
    assert "genuine" not in text.lower()
    assert "counterfeit" not in text.lower()


def test_a_pack_that_was_sold_is_neither_ok_nor_an_alarm_for_who_got_it_from_a_pharmacy(node: Node, api: Api) -> None:
    node.change("dispense", scene.scan(GOOD), site=scene.PHARMACY, key="till-1")
    told, text = shown(api, link(GOOD))
    assert told == "check"
    assert "This code has been reported as sold." in text
    assert "If a pharmacy gave you this pack" in text
    for secret in (scene.PHARMACY, str(datetime.datetime.now(datetime.UTC).year) + "-", "dispensed"):
        assert secret not in text.replace(scene.EXPIRY, "").partition("From the code")[0]


def test_a_sold_pack_with_anything_else_against_it_stays_red(node: Node, api: Api) -> None:
    node.change("dispense", scene.scan(GOOD), site=scene.PHARMACY, key="till-1")
    assert shown(api, link(GOOD, f"17={scene.EXPIRY_PRINTED}&10=OTHER"))[0] == "stop"


def test_who_is_closed_out_of_all_pages_still_sees_this_one(closed: Api) -> None:
    assert shown(closed, link(GOOD))[0] == "ok"
    assert shown(closed, f"/patient{link(GOOD)}")[0] == "ok"
    assert closed.get(link(GOOD)).status_code == 307
    for address in (f"/packs/{scene.GTIN}/{GOOD}", "/", "/alerts", "/patient", f"/00/{scene.CASE}", "/01"):
        assert closed.get(address, headers=BROWSER).status_code == 401, address


def test_the_page_tells_the_same_to_the_nodes_own_people(api: Api, closed: Api) -> None:
    for serial in (GOOD, ODD.partition("/")[0], "NOBODY1", DESTROYED):
        assert shown(api, link(serial)) == shown(closed, link(serial))


def test_codes_that_nobody_made_are_told_only_so_often(closed: Api) -> None:
    answers = [closed.get(link(f"N{number}"), headers=BROWSER) for number in range(320)]
    assert {answer.status_code for answer in answers} == {200, 429}
    assert int(answers[-1].headers["retry-after"]) > 0
    told = Reader(answers[-1].text)
    assert "do not take it for a yes" in told.words
    assert {attributes.get("data-verdict") for _, attributes in told.tags} == {None, "unconfirmed"}
    assert {attributes.get("href") for tag, attributes in told.tags if tag == "a"} == {"#main"}


def test_every_character_of_a_serial_is_told_as_it_was_scanned(api: Api) -> None:
    answer = api.get(link(ODD.replace("%", "%25").replace("/", "%2F").replace("?", "%3F")), headers=BROWSER)
    assert ODD in Reader(answer.text).words
    assert 'data-verdict="ok"' in answer.text


def test_a_hostile_address_is_told_as_text_or_refused(api: Api) -> None:
    for serial in (HOSTILE.replace("/", "%2F"), "%00", "%ff", "A" * 3_000):
        answer = api.get(f"/01/{scene.GTIN}/21/{serial}", headers=BROWSER)
        assert answer.status_code in (200, 400, 414), answer.text
        assert "<script>alert" not in answer.text
        assert 'data-verdict="ok"' not in answer.text


def test_no_search_engine_and_no_cache_keeps_an_answer(api: Api) -> None:
    answer = api.get(link(GOOD), headers=BROWSER)
    assert "noindex" in answer.headers["x-robots-tag"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["vary"].startswith("Accept")


def test_the_page_sets_none_of_the_staffs_links_before_a_patient(api: Api) -> None:
    found = Reader(api.get(link(GOOD), headers=BROWSER).text)
    assert {attributes.get("href") for tag, attributes in found.tags if tag == "a"} == {"#main"}


@pytest.mark.parametrize(
    ("mode", "dest"),
    [("no-cors", "image"), ("navigate", "iframe"), ("cors", "empty")],
    ids=["a picture", "a frame", "a script"],
)
def test_no_page_of_others_makes_a_browser_ask_about_packs(node: Node, api: Api, mode: str, dest: str) -> None:
    sent = {"sec-fetch-mode": mode, "sec-fetch-dest": dest}
    size = node._reader().log_size()
    for address in (link(GOOD), f"/patient{link(GOOD)}"):
        assert api.get(address, headers=BROWSER | sent).status_code == 403
    assert node._reader().log_size() == size
    navigated = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document", "sec-fetch-site": "cross-site"}
    assert api.get(link(GOOD), headers=BROWSER | navigated).status_code == 200


def test_the_length_of_the_page_tells_nothing(api: Api) -> None:
    codes = (link(GOOD), link("NOBODY1"), link(DESTROYED), f"/01/{scene.GTIN}")
    assert len({len(api.get(code, headers=BROWSER).content) for code in codes}) == 1


@pytest.mark.parametrize("path", [f"/01/x/00/{scene.CASE}", f"/01/{scene.GTIN}/21/A/01/{scene.GTIN}/21/{GOOD}"])
def test_an_address_of_two_keys_is_no_code(api: Api, path: str) -> None:
    assert shown(api, path, 400)[0] == "unconfirmed"
    assert shown(api, f"/patient{path}", 400)[0] == "unconfirmed"


def test_octets_of_another_alphabet_stay_what_was_scanned(api: Api) -> None:
    answer = api.get(f"/01/{scene.GTIN}/21/A%E9")
    assert answer.status_code in (307, 400)
    assert "%C3" not in answer.headers.get("location", "")


def test_what_anybody_asks_is_no_scan_of_a_counter(node: Node, api: Api) -> None:
    for number in range(30):
        api.get(link(f"P{number}"), headers=BROWSER)
    node.alerts.settle()
    assert node.alerts.detection._tallies.get("") is None
    assert not node.alerts.page(state="standing")
