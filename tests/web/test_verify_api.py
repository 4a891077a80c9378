"""POST /api/v1/verify."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rxtrail.errors import Busy, StoreFailed, StoreFull
from rxtrail.web import limits
from tests.web import scene
from tests.web.conftest import DESTROYED, GOOD, ODD

if TYPE_CHECKING:
    from tests.web.conftest import Api

VERDICTS = {"ok", "check", "stop", "unconfirmed", "not-covered"}


def test_a_shipped_pack_scanned_at_its_pharmacy_is_ok(api: Api) -> None:
    verdict = api.verify(scene.scan(GOOD), site=scene.PHARMACY)
    assert verdict["verdict"] == "ok", verdict
    assert verdict["pack"]["serial"] == GOOD
    assert verdict["pack"]["lot"] == scene.LOT
    assert verdict["matched"] == {"serial": "yes", "lot": "yes", "expiry": "yes"}
    assert verdict["checked_at"]


PROMISED = {
    "verdict": None, "headline": None, "reasons": None, "checked_at": None, "log_size": None, "proof": None,
    "pack": {"gtin", "ndc", "serial", "lot", "expiry", "product"},
    "state": {"disposition", "custodian", "location", "container", "holds"},
    "scan": {"raw", "reading", "repairs"},
    "record": {"basis", "document", "not_checked"},
    "matched": {"serial", "lot", "expiry"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("scan", "purpose"),
    [
        (scene.scan(GOOD), "dispense"),
        (scene.scan(GOOD), "public"),
        (scene.scan(DESTROYED), "dispense"),
        (scene.scan("NOSUCH"), "dispense"),
        ("(00)003526010000000014", "receive"),
        ("hello", "dispense"),
    ],
)
def test_every_field_of_a_verdict_is_there_whatever_it_says(api: Api, scan: str, purpose: str) -> None:
    verdict = api.verify(scan, site=scene.PHARMACY, purpose=purpose)
    assert PROMISED.keys() <= verdict.keys()
    for name, fields in PROMISED.items():
        assert fields is None or fields <= verdict[name].keys(), name
    assert isinstance(verdict["state"]["holds"], list)


def test_a_serial_with_every_troublesome_character_is_found(api: Api) -> None:
    verdict = api.verify(scene.scan(ODD), site=scene.PHARMACY)
    assert verdict["verdict"] == "ok", verdict
    assert verdict["pack"]["serial"] == ODD


def test_a_destroyed_pack_is_a_stop_and_still_200(api: Api) -> None:
    verdict = api.verify(scene.scan(DESTROYED), site=scene.PHARMACY)
    assert verdict["verdict"] == "stop"
    assert verdict["reasons"][0]["code"] in ("destroyed", "decommissioned")


def test_an_unknown_serial_is_never_ok(api: Api) -> None:
    assert api.verify(scene.scan("NOSUCH"))["verdict"] != "ok"


def test_a_wrong_lot_is_never_ok(api: Api) -> None:
    assert api.verify(scene.scan(GOOD, lot="OTHER"), site=scene.PHARMACY)["verdict"] != "ok"


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"", ""),
        (b"{", ""),
        (b"[]", ""),
        (b'{"site":"1"}', ""),
        (b'{"scan":5}', "scan"),
        (b'{"scan":"x","sight":"0300011111116"}', ""),
        (b'{"scan":"x","purpose":"eat"}', "purpose"),
        (b'{"scan":"\xff"}', ""),
    ],
)
def test_a_body_that_does_not_fit_is_a_problem_that_says_where(api: Api, body: bytes, place: str) -> None:
    answer = api.post("/api/v1/verify", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == "bad-request"
    assert problem["status"] == 400
    assert problem.get("place", "") == place
    assert problem["advice"]


@settings(suppress_health_check=[*HealthCheck], max_examples=60, deadline=None)
@given(scan=st.one_of(st.text(max_size=200), st.binary(max_size=100).map(lambda raw: raw.decode("latin-1"))))
def test_any_text_gets_a_verdict_and_garbage_is_never_ok(api: Api, scan: str) -> None:
    body = json.dumps({"scan": scan}).encode("utf-8", "surrogatepass")
    answer = api.post("/api/v1/verify", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["verdict"] in VERDICTS - {"ok"}


def test_other_media_types_are_refused_so_that_no_form_can_forge_a_scan(api: Api) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        answer = api.post("/api/v1/verify", content=b'{"scan":"x"}', headers={"content-type": kind})
        assert answer.status_code == 415, kind
        assert answer.json()["code"] == "unsupported-media-type"


def test_json_with_a_charset_is_json(api: Api) -> None:
    headers = {"content-type": "Application/JSON; charset=utf-8"}
    assert api.post("/api/v1/verify", content=b'{"scan":"x"}', headers=headers).status_code == 200


def test_other_methods_are_405_and_name_the_right_one(api: Api) -> None:
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        answer = api(method, "/api/v1/verify")
        assert answer.status_code == 405
        assert answer.headers["allow"] == "POST"
        assert answer.json()["code"] == "method-not-allowed"


def test_a_body_at_the_limit_is_read_and_one_past_it_is_413(api: Api) -> None:
    frame = len(b'{"scan":""}')
    for extra, status in ((0, 200), (1, 413)):
        body = b'{"scan":"%s"}' % (b"x" * (limits.REQUEST_BYTES_MAX - frame + extra))
        answer = api.post("/api/v1/verify", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == status
        assert status == 200 or "REQUEST_BYTES_MAX" in answer.json()["detail"]


def test_a_store_that_is_busy_is_503_with_a_time_to_come_back(planted: Any) -> None:
    def busy(*_: object, **__: object) -> None:
        raise Busy("The store does not answer.", advice="Try again.")

    answer = planted(verify=busy).post("/api/v1/verify", json={"scan": "x"})
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == str(limits.RETRY_SECONDS)
    assert answer.json()["code"] == "busy"


def test_a_failed_store_stops_the_server(planted: Any) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StoreFailed("disk gone")

    client = planted(verify=fail)
    stopped: list[bool] = []
    client.app.web.on_store_failed = lambda: stopped.append(True)
    assert client.post("/api/v1/verify", json={"scan": "x"}).status_code == 503
    assert client.post("/api/v1/verify", json={"scan": "x"}).status_code == 503
    assert stopped == [True]
    assert client.get("/readyz").status_code == 503


def test_a_full_disk_is_507_and_the_server_goes_on(planted: Any) -> None:
    def full(*_: object, **__: object) -> None:
        raise StoreFull("no room left")

    client = planted(verify=full)
    assert client.post("/api/v1/verify", json={"scan": "x"}).status_code == 507
    assert client.get("/readyz").status_code == 200


def test_our_own_mistake_is_a_500_that_tells_nothing_of_the_inside(planted: Any) -> None:
    def broken(*_: object, **__: object) -> None:
        raise AssertionError("secret inside")

    answer = planted(verify=broken).post("/api/v1/verify", json={"scan": "x"})
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal-error"
    assert "secret" not in answer.text
