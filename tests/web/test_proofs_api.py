"""Proofs over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from rxtrail.proofs.checking import check
from tests.published import LOG, publish
from tests.web import scene
from tests.web.conftest import GOOD, ODD

if TYPE_CHECKING:
    from rxtrail.bootstrap import Node
    from tests.web.conftest import Api


def path(serial: str) -> str:
    return f"/api/v1/packs/{scene.GTIN}/{quote(serial, safe='')}/proof"


@pytest.mark.parametrize("serial", [GOOD, ODD])
def test_the_address_in_a_verdict_gives_the_proof(node: Node, api: Api, serial: str) -> None:
    publish(node)
    verdict = api.verify(scene.scan(serial))
    if not verdict["proof"]:  # heads are looked for once a second
        node._readers.judge._tick(0)
        verdict = api.verify(scene.scan(serial))
    assert verdict["proof"] == path(serial)
    answer = api.get(verdict["proof"])
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-disposition"].endswith('.tlog-proof"')
    found = check(answer.content, [LOG.verifier])
    assert found.record is not None
    assert found.record.packages == [f"01/{scene.GTIN}/21/{serial}"]


def test_an_event_and_a_record_are_proven(node: Node, api: Api) -> None:
    publish(node)
    event = api.get(path(GOOD).replace("/proof", "/journey")).json()["events"][0]
    named = f"/api/v1/events/{quote(event['event_id'], safe='')}/proof"
    whole = check(api.get(named).content, [LOG.verifier])
    assert whole.record is not None
    assert len(whole.record.packages) == 5
    pack = quote(f"https://id.gs1.org/01/{scene.GTIN}/21/{GOOD}", safe="")
    one = check(api.get(f"{named}?pack={pack}").content, [LOG.verifier])
    assert one.record is not None
    assert one.record.packages == [f"01/{scene.GTIN}/21/{GOOD}"]
    assert api.get(f"/api/v1/records/{event['log_index']}/proof").content == api.get(named).content
    same = api.get(f"{path(GOOD)}?event={quote(event['event_id'], safe='')}")
    assert same.content == api.get(f"{named}?pack={pack}").content


def test_what_cannot_be_proven_is_told_why(node: Node, api: Api) -> None:
    early = api.get(path(GOOD))
    assert (early.status_code, early.json()["code"]) == (503, "not-published")
    assert early.headers["retry-after"]
    publish(node)
    for address, status, code in (
        (path("NOBODY"), 404, "not-found"),
        ("/api/v1/records/999999/proof", 404, "not-found"),
        ("/api/v1/records/-1/proof", 404, "not-found"),
        ("/api/v1/records/x/proof", 404, "not-found"),
        ("/api/v1/events/urn%3Auuid%3Anobody/proof", 404, "not-found"),
        (path(GOOD) + "?evnt=1", 400, "bad-request"),
        ("/api/v1/records/0/proof?pack=nonsense", 400, "bad-request"),
    ):
        answer = api.get(address)
        assert (answer.status_code, answer.json()["code"]) == (status, code), address
