"""Without a site key all answers have one shape and length, whatever the record has; who collects codes is noticed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from rxtrail.access.budgets import ASKERS_MIN, ENUMERATION, MANY_ASKERS, SEQUENCE_MIN, UNKNOWN_MAX
from rxtrail.core.gs1.check_digit import check_digit
from rxtrail.receipts import read
from rxtrail.web.api.verify import PUBLIC_BYTES
from rxtrail.web.app import build
from tests import story
from tests.story import LOT, PHARMACY, Scene, delivery, element_string, pack, packs
from tests.web.conftest import Api

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKS = packs(8)


@pytest.fixture
def served(hub: Scene) -> Iterator[tuple[Scene, Api]]:
    """A hub that asks for keys: packs that are fine, sold, destroyed, on hold, and a recalled lot."""
    hub.capture(*delivery(*PACKS))
    hub.time.pass_by(seconds=1)
    hub.change("dispense", PACKS[1], site=PHARMACY)
    hub.change("destroy", PACKS[2], site=PHARMACY, reason="torn")
    hub.change("hold", PACKS[3], site=PHARMACY, reason="looks odd")
    hub.capture(story.recalled(PACKS[4]))
    hub.node.access.keys.require(on=True)
    api = Api(build(hub.node))
    yield hub, api
    api.close()


def shape(value: Any) -> Any:
    """Everything about a JSON value but what it says."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items()}
    return type(value).__name__ if not isinstance(value, list) else "list"


CODES = {
    "fine": element_string(PACKS[0]),
    "sold": element_string(PACKS[1]),
    "destroyed": element_string(PACKS[2]),
    "held": element_string(PACKS[3]),
    "recalled": element_string(PACKS[4]),
    "another lot": element_string(PACKS[5], lot="OTHER"),
    "another date": element_string(PACKS[6], expiry="2031-01-31"),
    "a letter off": element_string(pack("S0X")),
    "nobody's": element_string(pack("ZZZZZZ")),
    "Caps Lock": element_string(PACKS[7]).swapcase(),
}


def test_all_public_answers_have_one_shape_and_one_length(served: tuple[Scene, Api]) -> None:
    _, api = served
    answers = {name: api.post("/api/v1/verify", json={"scan": code}) for name, code in CODES.items()}
    assert {answer.status_code for answer in answers.values()} == {200}
    assert {len(answer.content) for answer in answers.values()} == {PUBLIC_BYTES}
    assert {answer.headers["content-length"] for answer in answers.values()} == {str(PUBLIC_BYTES)}
    shapes = {name: shape(answer.json()) for name, answer in answers.items()}
    assert all(each == shapes["fine"] for each in shapes.values()), shapes
    reasons = [set(reason) for answer in answers.values() for reason in answer.json()["reasons"]]
    assert all(each == {"code", "severity", "message", "next"} for each in reasons)
    words = {answers[name].json()["verdict"] for name in ("fine", "sold", "nobody's")}
    assert words == {"ok", "stop"}


def test_a_public_answer_names_no_place_no_time_and_nobody(served: tuple[Scene, Api]) -> None:
    _, api = served
    for name, code in CODES.items():
        text = api.post("/api/v1/verify", json={"scan": code, "site": PHARMACY.gln}).text
        for secret in (PHARMACY.gln, PHARMACY.name, story.MAKER.gln, "looks odd", "torn"):
            assert secret not in text, name
        assert LOT not in text or LOT in code, name


def test_a_receipt_that_was_asked_for_does_not_tell_by_its_length(served: tuple[Scene, Api]) -> None:
    _, api = served
    lengths = {len(api.post("/api/v1/verify", json={"scan": code, "receipt": True}).content) for code in CODES.values()}
    assert lengths == {PUBLIC_BYTES}


def test_a_receipt_names_the_place_that_has_proved_itself_and_no_other(served: tuple[Scene, Api]) -> None:
    hub, api = served
    body = {"scan": CODES["fine"], "site": PHARMACY.gln, "receipt": True}
    receipt, _, _ = read(api.post("/api/v1/verify", json=body).json()["receipt"])
    assert receipt.site == "", "the public is no pharmacy"
    secret = hub.node.access.keys.add(story.OTHER_PHARMACY.gln).secret
    headers = {"authorization": f"Bearer {secret}"}
    answer = api.post("/api/v1/verify", json=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "wrong-site")
    own = api.post("/api/v1/verify", json={**body, "site": ""}, headers=headers).json()
    assert read(own["receipt"])[0].site == story.OTHER_PHARMACY.gln


def test_many_sites_that_ask_for_one_pack_make_one_case(served: tuple[Scene, Api]) -> None:
    hub, api = served
    for number in range(ASKERS_MIN + 2):
        body = f"0376599{number:05}"
        secret = hub.node.access.keys.add(body + check_digit(body)).secret
        headers = {"authorization": f"Bearer {secret}"}
        answer = api.post("/api/v1/verify", json={"scan": CODES["fine"], "purpose": "investigate"}, headers=headers)
        assert answer.status_code == 200
    hub.node.access.keys.require(on=True)  # waits for all writes before it
    (case,) = hub.node.cases.page(kind=MANY_ASKERS)
    assert case.pack == PACKS[0]
    assert len(case.evidence["askers"]) == ASKERS_MIN


def test_the_public_is_one_asker_and_its_enumeration_is_a_case(served: tuple[Scene, Api]) -> None:
    hub, api = served
    for number in range(SEQUENCE_MIN):
        api.verify(element_string(pack(f"AB{10_000 + number}")))
    hub.node.access.keys.require(on=True)
    (case,) = hub.node.cases.page(kind=ENUMERATION)
    assert case.site == "public"
    for number in range(UNKNOWN_MAX - SEQUENCE_MIN):
        api.verify(element_string(pack(f"Q{number * 7919 % 100_000}")))
    for code in (CODES["fine"], CODES["nobody's"]):
        answer = api.post("/api/v1/verify", json={"scan": code})
        assert (answer.status_code, answer.json()["code"]) == (429, "too-many-unknown")
        assert int(answer.headers["retry-after"]) > 0
