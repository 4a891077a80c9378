"""Recalls over HTTP: looked at, opened, followed and reported, as the pages and other programs do it."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from rxtrail import recalls
from tests.web import scene

if TYPE_CHECKING:
    from rxtrail.bootstrap import Node
    from tests.web.conftest import Api

LOT = "W9"
SERIALS = [f"W{number}" for number in range(5)]


@pytest.fixture
def stocked(node: Node, api: Api) -> Api:
    receipt = node.capture(io.BytesIO(scene.shipment(*SERIALS, lot=LOT)), name="more.xml")
    assert receipt.state == "success", receipt
    return api


def opened(api: Api, **asked: Any) -> Any:
    body = {"by": "A. Kim", "asked": {"gtins": [scene.GTIN], "source": "received", **asked}}
    answer = api.post("/api/v1/recalls", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def step(api: Api, number: str, what: str, **more: Any) -> Any:
    answer = api("PATCH", f"/api/v1/recalls/{number}", json={"what": what, "by": "A. Kim", **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_each_holders_packs_are_given_page_by_page(stocked: Api) -> None:
    number = opened(stocked, lots=[{"lot": LOT}])["id"]
    path, found = f"/api/v1/recalls/{number}/packs?holder={scene.PHARMACY}&limit=2", []
    while path:
        page = stocked.get(path).json()
        assert len(page["packs"]) <= 2
        found += page["packs"]
        path = page["next"]
    assert sorted(pack["serial"] for pack in found) == SERIALS
    assert all(pack["sure"] and pack["in_transit_to"] == scene.PHARMACY for pack in found)
    assert stocked.get(f"/api/v1/recalls/{number}/packs?holder=0000000000000").json()["packs"] == []


def paged(api: Api, path: str, key: str) -> list[list[Any]]:
    pages = []
    while path:
        answer = api.get(path)
        assert answer.status_code == 200, answer.text
        pages.append(answer.json()[key])
        path = answer.json()["next"]
    return pages


@pytest.mark.parametrize(
    "asked",
    [
        {"lots": [{"lot": LOT}]},
        {"serials": [{"first": "W0", "last": "W3"}, {"first": "W4", "last": "W4"}]},
        {"serials": [{"first": "W", "last": "", "prefix": True}]},
        {"serials": [{"first": "W2", "last": "W4"}, {"first": "W", "last": "", "prefix": True}]},
    ],
)
@pytest.mark.parametrize(("limit", "looked"), [(1, 100), (2, 100), (3, 2), (100, 1), (100, 100)])
def test_pages_of_packs_are_the_whole_list_whatever_one_page_may_cost(
    stocked: Api, node: Node, monkeypatch: pytest.MonkeyPatch, asked: dict[str, Any], limit: int, looked: int
) -> None:
    number = opened(stocked, **asked)["id"]
    whole = [pack.serial for pack in node.recalls.packs(number)]
    assert set(whole) == set(SERIALS)
    monkeypatch.setattr(recalls, "LOOKED_MAX", looked)
    monkeypatch.setattr(recalls.counting, "PAGE", 2)
    pages = paged(stocked, f"/api/v1/recalls/{number}/packs?limit={limit}", "packs")
    assert [pack["serial"] for page in pages for pack in page] == whole
    assert all(len(page) <= min(limit, looked) for page in pages)


def test_a_page_of_packs_stays_where_it_is_while_packs_are_added(stocked: Api, node: Node) -> None:
    number = opened(stocked, lots=[{"lot": LOT}])["id"]
    first = stocked.get(f"/api/v1/recalls/{number}/packs?limit=3").json()
    node.capture(io.BytesIO(scene.shipment("W00", "W01", "W31", lot=LOT)), name="later.xml")
    rest = paged(stocked, first["next"], "packs")
    assert [pack["serial"] for page in rest for pack in page] == ["W3", "W31", "W4"]


@pytest.mark.parametrize("after", ["x", "-", "0-", "0--", "-1-0-W", "0-x-W", "0-0-W%00", "9999999999-0-W"])
def test_what_is_no_place_in_a_list_of_packs_is_refused(stocked: Api, after: str) -> None:
    number = opened(stocked, lots=[{"lot": LOT}])["id"]
    answer = stocked.get(f"/api/v1/recalls/{number}/packs?after={after}")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-request")


def test_what_follows_a_recall_is_told_step_by_step_and_reported(stocked: Api) -> None:
    number = opened(stocked, lots=[{"lot": LOT}], drill=True)["id"]
    gln = scene.PHARMACY
    step(stocked, number, "notice", holders=[gln])
    step(stocked, number, "acknowledge", gln=gln)
    assert stocked.get(f"/api/v1/recalls/{number}").json()["owing"] == [gln]
    step(stocked, number, "respond", response={"gln": gln, "at": "", "by": "", "found": 4})
    step(stocked, number, "check", gln=gln, outcome="followed")
    step(stocked, number, "close")
    report = stocked.get(f"/api/v1/recalls/{number}/report").json()
    assert report["unaccounted"] == {gln: 1}
    assert report["took"].keys() == {"live", "noticed", "first_answer", "all_answered", "closed"}
    assert report["status"]["followed"] == 1


def test_an_attachment_is_given_back_as_a_file_and_never_as_a_page(api: Api) -> None:
    letter = b"<script>alert(1)</script>"
    sent = {"name": "letter.html", "content": base64.b64encode(letter).decode(), "media_type": "text/html"}
    recall = opened(api, all_lots=True, attachments=[sent])
    answer = api.get(f"/api/v1/recalls/{recall['id']}/attachments/{recall['attachments'][0]['sha256']}")
    assert answer.content == letter
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert api.get(f"/api/v1/recalls/{recall['id']}/attachments/other").status_code == 404


@pytest.mark.parametrize(
    "attachment",
    [
        {"name": "", "content": "QQ=="},
        {"name": "a/b", "content": "QQ=="},
        {"name": "a", "content": ""},
        {"name": "a", "content": "QQ==", "media_type": "text/html\r\nx: y"},
    ],
)
def test_an_attachment_that_cannot_be_kept_is_refused_and_nothing_is_opened(api: Api, attachment: Any) -> None:
    body = {"by": "A", "asked": {"gtins": [scene.GTIN], "all_lots": True, "attachments": [attachment]}}
    assert api.post("/api/v1/recalls", json=body).status_code == 400
    assert api.get("/api/v1/recalls").json()["recalls"] == []


def test_a_recall_of_thousands_of_lots_fits_and_a_page_of_recalls_is_answered(api: Api) -> None:
    recall = opened(api, lots=[{"lot": f"LOT{number:06}"} for number in range(5_000)])
    assert len(recall["scope"]["lots"]) == 5_000
    scan = f"(01){scene.GTIN}(21)X(17)290930(10)LOT004999"
    assert "recalled" in [reason["code"] for reason in api.verify(scan)["reasons"]]


def test_a_file_of_enforcement_reports_is_opened_as_by_the_command_line(stocked: Api) -> None:
    told = {"product_description": "Tablets, NDC 12345-678-90", "classification": "Class I"}
    reports = [
        {"recall_number": "D-1-2026", "code_info": f"Lot {LOT}", **told},
        {"recall_number": "D-2-2026", "code_info": "Lots before May", **told},
        {"recall_number": "D-3-2026", "code_info": 3, **told},
    ]
    path = "/api/v1/recalls/notices?by=A.%20Kim"
    first = stocked.post(path, json={"results": reports})
    assert first.status_code == 200, first.text
    assert (first.json()["opened"], first.json()["review"]) == (3, 2)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("drug-enforcement.json", json.dumps({"results": reports}))
    again = stocked.post(path, content=packed.getvalue(), headers={"content-type": "application/zip"})
    assert (again.json()["known"], again.json()["opened"]) == (3, 0)
    assert len(stocked.get("/api/v1/recalls?state=live").json()["recalls"]) == 1


@pytest.mark.parametrize(
    ("query", "body", "status"),
    [("", b"[]", 400), ("?by=%20", b'{"recall_number": "D-1"}', 400), ("?by=A", b'{"results": [{"recall', 400),
     ("?by=A", b'{"results": [{"set_id": "1"}]}', 400), ("?by=A", b'{"results": []}', 200)],
)  # fmt: skip
def test_what_is_no_file_of_reports_opens_nothing(api: Api, query: str, body: bytes, status: int) -> None:
    answer = api.post(f"/api/v1/recalls/notices{query}", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == status, answer.text
    assert api.get("/api/v1/recalls").json()["recalls"] == []
