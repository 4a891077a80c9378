"""EPCIS documents in, and what is kept of them."""

from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING, Any

import pytest

from rxtrail.web import limits
from tests.web import scene
from tests.web.conftest import GOOD

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.web.conftest import Api

XML = {"content-type": "application/xml"}
NEW = scene.shipment("NEW1", "NEW2", lot="L8", day="2026-11-05")


def test_a_document_is_accepted_with_a_job_that_can_be_followed(api: Api) -> None:
    answer = api.post("/api/v1/capture?name=new.xml", content=NEW, headers=XML)
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/api/v1/capture/{answer.json()['job']}"
    done = api.post("/api/v1/capture?name=new.xml&wait=1", content=NEW, headers=XML)  # by then it is applied
    assert done.status_code == 200
    job = api.get(answer.headers["location"]).json()
    assert job["name"] == "new.xml"
    assert job["state"] == "success"
    assert job["receipt"]["packages"] == 2
    assert job["applied"] == job["events"] == 4


def test_wait_gives_the_receipt_and_the_packs_are_there(api: Api) -> None:
    receipt = api.post("/api/v1/capture?name=new.xml&wait=1", content=NEW, headers=XML).json()
    assert receipt["packages"] == 2
    assert receipt["new_events"] == 4
    assert receipt["document"] == "sha256:" + hashlib.sha256(NEW).hexdigest()
    assert api.verify(scene.scan("NEW1", lot="L8"), site=scene.PHARMACY)["verdict"] == "ok"


def test_the_same_document_twice_changes_nothing(api: Api) -> None:
    assert api.post("/api/v1/capture?wait=1", content=NEW, headers=XML).json()["packages"] == 2
    receipt = api.post("/api/v1/capture?wait=1", content=NEW, headers=XML).json()
    assert receipt["duplicate"] is True
    assert receipt["packages"] == 0


def test_a_document_captured_before_is_answered_at_once_as_such(api: Api) -> None:
    api.post("/api/v1/capture?wait=1", content=NEW, headers=XML)
    answer = api.post("/api/v1/capture", content=NEW, headers=XML)
    assert answer.status_code == 202
    assert answer.json()["receipt"]["duplicate"] is True
    assert answer.json()["receipt"]["packages"] == 0
    fresh = api.post("/api/v1/capture", content=scene.shipment("NEW3", day="2026-11-09"), headers=XML).json()
    assert fresh["receipt"] is None or not fresh["receipt"]["duplicate"]


def test_a_streamed_document_without_a_length_is_taken(api: Api) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(NEW), 100):
            yield NEW[start : start + 100]

    assert api.post("/api/v1/capture?wait=1", content=pieces(), headers=XML).json()["packages"] == 2


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (NEW.replace(b"</EventList>", b"</EventLost>"), "not-well-formed"),
        (NEW[: len(NEW) // 2], "not-well-formed"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "dtd-refused"),
        (b"<unknown/>", "unknown-root"),
        (NEW.replace(b"<EPCISHeader>", b"<EPCISHeader>" + b"<a>" * 500 + b"</a>" * 500), "too-deep"),
    ],
)
def test_what_cannot_be_read_is_refused_with_place_and_advice(api: Api, document: bytes, code: str) -> None:
    before = len(api.get("/api/v1/documents").json()["documents"])
    answer = api.post("/api/v1/capture?wait=1", content=document, headers=XML)
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == code
    assert len(api.get("/api/v1/documents").json()["documents"]) == before


def test_an_upload_that_breaks_off_leaves_nothing(api: Api) -> None:
    before = len(api.get("/api/v1/documents").json()["documents"])

    async def broken() -> AsyncIterator[bytes]:
        yield NEW[:500]
        raise ConnectionResetError

    answer = api.post("/api/v1/capture?wait=1", content=broken(), headers=XML)
    assert answer.status_code == 400
    assert answer.json()["code"] == "upload-incomplete"
    assert len(api.get("/api/v1/documents").json()["documents"]) == before


def test_a_document_past_the_named_limit_is_413(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    for bytes_max, status in ((len(NEW), 200), (len(NEW) - 1, 413)):
        monkeypatch.setattr(limits, "DOCUMENT_BYTES_MAX", bytes_max)
        answer = api.post("/api/v1/capture?wait=1", content=NEW, headers=XML)
        assert answer.status_code == status, answer.text
        assert status == 200 or "DOCUMENT_BYTES_MAX" in answer.json()["detail"]


def test_a_stream_past_the_named_limit_is_413_too(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DOCUMENT_BYTES_MAX", len(NEW) - 1)

    async def pieces() -> AsyncIterator[bytes]:
        yield NEW

    answer = api.post("/api/v1/capture?wait=1", content=pieces(), headers=XML)
    assert answer.status_code == 413


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "image/png", ""])
def test_other_media_types_are_415(api: Api, kind: str) -> None:
    answer = api.post("/api/v1/capture", content=NEW, headers={"content-type": kind})
    assert answer.status_code == 415
    assert "application/xml" in answer.json()["advice"]


def test_a_compressed_body_is_415(api: Api) -> None:
    answer = api.post("/api/v1/capture", content=NEW, headers={**XML, "content-encoding": "gzip"})
    assert answer.status_code == 415


def test_a_hostile_file_name_is_cut_down_to_a_name(api: Api) -> None:
    params = {"name": "../../etc/\x00passwd\u202e<script>" + "x" * 300, "wait": "1"}
    name = api.post("/api/v1/capture", params=params, content=NEW, headers=XML).json()["name"]
    assert name.startswith("passwd<script>x")
    assert len(name) == limits.NAME_CHARACTERS_MAX


def test_too_many_uploads_at_once_are_503(planted: Any) -> None:
    leave = threading.Event()

    def wait(*_: object, **__: object) -> None:
        leave.wait(10)

    client: Api = planted(submit=wait)
    for workers in (client.app.web.uploads,):
        workers._open = workers._open_max
    answer = client.post("/api/v1/capture", content=NEW, headers=XML)
    leave.set()
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == str(limits.RETRY_SECONDS)
    assert answer.json()["code"] == "overloaded"


def test_an_unknown_job_is_404(api: Api) -> None:
    assert api.get("/api/v1/capture/nosuch").status_code == 404


def test_lists_are_paged_to_their_end_without_a_gap(api: Api) -> None:
    for number in range(5):
        document = scene.shipment(f"P{number}", lot=f"P{number}", day=f"2026-11-1{number}")
        assert api.post("/api/v1/capture?wait=1", content=document, headers=XML).status_code == 200
    for address, rows, key in (
        ("/api/v1/documents", "documents", "sha256"),
        ("/api/v1/capture", "jobs", "job"),
    ):
        whole = [row[key] for row in api.get(address).json()[rows]]
        assert len(whole) == 7
        paged: list[str] = []
        following = f"{address}?limit=2"
        while following:
            page = api.get(following).json()
            assert len(page[rows]) <= 2
            paged += [row[key] for row in page[rows]]
            following = page.get("next", "")
        assert paged == whole


@pytest.mark.parametrize("limit", ["0", "501", "x", "-1"])
def test_a_page_has_a_bound(api: Api, limit: str) -> None:
    assert api.get(f"/api/v1/documents?limit={limit}").status_code == 400


def test_a_raw_document_comes_back_byte_for_byte_and_never_as_a_page(api: Api) -> None:
    api.post("/api/v1/capture?wait=1", content=NEW, headers=XML)
    sha256 = hashlib.sha256(NEW).hexdigest()
    answer = api.get(f"/api/v1/documents/{sha256}/raw")
    assert answer.content == NEW
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_document_keeps_its_receipt_and_findings(api: Api) -> None:
    receipt = api.post("/api/v1/capture?wait=1", content=NEW, headers=XML).json()
    kept = api.get(f"/api/v1/documents/{hashlib.sha256(NEW).hexdigest()}").json()
    assert kept["findings"] == receipt["findings"]
    assert kept["packages"] == 2
    assert api.get(f"/api/v1/documents/{'0' * 64}").status_code == 404


def test_an_unknown_document_is_404_and_a_misfit_name_400(api: Api) -> None:
    assert api.get(f"/api/v1/documents/{'0' * 64}/raw").status_code == 404
    assert api.get("/api/v1/documents/..%2F..%2Fetc/raw").status_code == 400


def test_a_capture_does_not_hold_up_the_counter(api: Api) -> None:
    assert api.verify(scene.scan(GOOD), site=scene.PHARMACY)["verdict"] == "ok"
