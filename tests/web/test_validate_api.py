"""``POST /api/v1/validate``: a report for whatever is sent, and nothing kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rxtrail.web import limits
from tests.core.validation.test_schema_rules import DOCUMENT, ONE_EVENT

if TYPE_CHECKING:
    import pytest

    from tests.web.conftest import Api

XML = {"content-type": "application/xml"}


def test_a_document_is_judged_and_not_kept(api: Api) -> None:
    before = api.get("/api/v1/documents").json()
    report = api.post("/api/v1/validate", content=ONE_EVENT.replace(b"OBSERVE", b"SEE"), headers=XML).json()
    assert (report["valid"], report["schema"], report["version"], report["events"]) == (False, "invalid", "2.0", 1)
    first = report["findings"][0]
    assert (first["code"], first["line"], first["place"]) == ("SCHEMA_VALUE", 8, "line 8")
    assert first["advice"]
    assert first["clause"]
    assert api.get("/api/v1/documents").json() == before


def test_json_is_judged_with_pointers_and_lines(api: Api) -> None:
    wrong = {**DOCUMENT, "creationDate": "today"}
    report = api.post("/api/v1/validate", json=wrong).json()
    assert [(each["place"], each["line"]) for each in report["findings"] if each["severity"] == "error"] == [
        ("/creationDate", 1)
    ]


def test_the_profile_and_mode_are_asked_by_the_query(api: Api) -> None:
    report = api.post("/api/v1/validate?profile=dscsa&mode=lenient", content=ONE_EVENT, headers=XML).json()
    assert (report["profile"], report["mode"]) == ("dscsa", "lenient")
    assert "MISSING_SBDH" in {each["code"] for each in report["findings"]}


def test_what_is_no_document_is_a_report_too(api: Api) -> None:
    answer = api.post("/api/v1/validate", content=b"\x00\xff<", headers=XML)
    assert answer.status_code == 200
    assert [each["code"] for each in answer.json()["findings"]] == ["NOT_READABLE"]


def test_an_unknown_parameter_type_or_size_is_refused(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    assert api.post("/api/v1/validate?profile=eu", content=ONE_EVENT, headers=XML).status_code == 400
    assert api.post("/api/v1/validate", content=b"a", headers={"content-type": "text/plain"}).status_code == 415
    monkeypatch.setattr(limits, "VALIDATE_BYTES_MAX", len(ONE_EVENT) - 1)
    assert api.post("/api/v1/validate", content=ONE_EVENT, headers=XML).status_code == 413
