"""openFDA's files from the command line: loaded, looked at, shown beside a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.openfda import files
from tests.openfda.files import BOXED, NDC, OTHER_GTIN, answer, label, shortage
from tests.openfda.played import Server, played
from tests.web import scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import CommandLine


def test_files_are_loaded_looked_at_and_shown_beside_a_verdict(rxtrail: CommandLine, tmp_path: Path) -> None:
    folder = tmp_path / "labels"
    folder.mkdir()
    text = "Warfarin: watch the INR."
    (folder / "a.json").write_bytes(answer(label(boxed_warning=BOXED, drug_interactions=text)))
    (folder / "b.json.zip").write_bytes(files.zipped(answer(label(files.OTHER_SET, ndc=files.OTHER_NDC))))
    ndc, shortages = tmp_path / "ndc.json.zip", tmp_path / "shortages.json"
    ndc.write_bytes(files.zipped(answer(*files.PRODUCTS)))
    shortages.write_bytes(answer(shortage()))

    assert rxtrail.json("openfda", "load", "ndc", str(ndc)).one["kept"] == 2
    assert rxtrail.json("openfda", "load", "label", str(folder), "--replace").one["files"] == 2
    assert rxtrail.json("openfda", "load", "shortages", str(shortages)).one["records"] == 1
    status = rxtrail.json("openfda", "status").one
    assert (status["shown"], status["products"], status["labels"], status["shortages"]) == (True, 2, 2, 1)
    assert rxtrail.json("openfda", "product", NDC).one["gtin"] == scene.GTIN
    assert [each["gtin"] for each in rxtrail.json("openfda", "find", "warfarin").lines] == [OTHER_GTIN]

    notes = rxtrail.json("verify", scene.scan("A1")).one["safety"]
    assert [note["kind"] for note in notes] == ["boxed-warning", "shortage"]
    told = rxtrail("verify", scene.scan("A1")).out.decode()
    assert "Boxed warning" in told
    assert "not clinical advice" in told
    assert rxtrail.json("safety", "show", NDC).one["gtin"] == scene.GTIN
    basket = rxtrail.json("safety", "basket", scene.GTIN, OTHER_GTIN).one
    assert [note["other"] for note in basket["interactions"]] == [OTHER_GTIN]
    listed = rxtrail.json("safety", "basket", "-", stdin=f"{scene.GTIN}\n{OTHER_GTIN}\n".encode()).one
    assert listed == basket
    assert [gap["gtin"] for gap in basket["not_looked_at"]] == [OTHER_GTIN]
    assert "Its label has no section on interactions." in rxtrail("safety", "basket", scene.GTIN, OTHER_GTIN).err
    assert "as far as they were looked at" in rxtrail("safety", "basket", OTHER_GTIN).out.decode()

    assert rxtrail.json("safety", "off").one["shown"] is False
    assert "safety" not in rxtrail.json("verify", scene.scan("A1")).one
    assert rxtrail.json("safety", "on").one["shown"] is True
    for words in (("openfda", "status"), ("openfda", "find", "warfarin"), ("safety", "basket", scene.GTIN, OTHER_GTIN)):
        assert rxtrail(*words).code == 0
        assert rxtrail(*words).out


def test_a_cut_file_is_refused_with_its_place_and_nothing_stays(rxtrail: CommandLine, tmp_path: Path) -> None:
    whole = answer(*files.PRODUCTS)
    cut = tmp_path / "cut.json"
    cut.write_bytes(whole[: len(whole) // 2])
    refused = rxtrail.json("openfda", "load", "ndc", str(cut))
    assert refused.code == 1
    assert refused.one["error"]["place"].startswith(f"{cut}, record 1 (byte")
    assert rxtrail.json("openfda", "status").one["products"] == 0


def test_what_cannot_be_read_is_said(rxtrail: CommandLine, tmp_path: Path) -> None:
    assert rxtrail("openfda", "load", "ndc", str(tmp_path / "nowhere.json")).code == 2
    assert rxtrail("openfda", "load", "ndc", str(tmp_path)).code == 2
    assert rxtrail("openfda", "load", "enforcement", "x").code == 2
    assert "rxtrail recall open --notice" in rxtrail("openfda", "load", "enforcement", "x").err
    assert rxtrail("safety", "show", "nonsense").code == 3, "a code that cannot be read is to be looked at"
    assert rxtrail("safety", "show", scene.GTIN).code == 1
    assert "nothing loaded yet" in rxtrail("openfda", "status").err
    key = tmp_path / "key"
    key.write_text("two words")
    assert rxtrail("openfda", "poll", "ndc", "--key-file", str(key), "--base-url", "http://127.0.0.1:9").code == 2


def test_an_api_that_does_not_answer_is_exit_code_4(rxtrail: CommandLine) -> None:
    assert rxtrail("openfda", "poll", "ndc", "--base-url", "http://127.0.0.1:9").code == 4


@pytest.fixture
def server() -> Iterator[Server]:
    with played() as started:
        yield started


def report(number: int, code_info: str = "", **more: str) -> dict[str, str]:
    told = {"classification": "Class II", "product_description": f"Tablets, NDC 1{number:04}-100-10"}
    return {"recall_number": f"D-{number:04}-2026", "code_info": code_info or f"Lot Q{number:05}", **told, **more}


def test_enforcement_reports_of_the_api_hold_as_those_of_a_file_do(pharmacy: CommandLine, server: Server) -> None:
    ours = {"product_description": "Tablets, NDC 52601-8159-0"}
    server.records = [report(number) for number in range(25)]
    server.records[3] = report(3, "Lot QD1DQ", **ours)
    server.records[17] = report(17, "Lots before May")
    poll = ("openfda", "poll", "enforcement", "--base-url", server.address, "--limit", "10")
    server.troubles = [None, *[(503, b"")] * 5]
    assert pharmacy(*poll).code == 4
    scanned = "(01)00352601815904(21)A1(17)301231(10)QD1DQ"
    assert pharmacy.json("verify", scanned).code == 1, "what came before the API went away holds"
    told = pharmacy.json(*poll).one
    expected = {"dataset": "enforcement", "resumed": 10, "records": 15, "opened": 15, "review": 1, "known": 0}
    assert {name: told[name] for name in expected} == expected
    again = pharmacy.json(*poll).one
    assert (again["records"], again["known"], again["opened"]) == (25, 25, 0)
    (waiting,) = pharmacy.json("recall", "list", "--state", "review").lines
    assert (waiting["number"], waiting["opened_by"]) == ("D-0017-2026", "openFDA")
    assert "25 were known" in pharmacy(*poll).out.decode()
    listed = pharmacy.json("openfda", "status").one["files"]
    assert [(each["dataset"], each["name"]) for each in listed] == [("enforcement", "api: all")]


def test_an_answer_that_is_no_page_of_reports_opens_nothing_and_is_no_success(
    pharmacy: CommandLine, server: Server
) -> None:
    for body in (b"{}", b'{"meta": {"results": {"total": 3}}, "results": []}', b'{"results": [{"set_id": "1"}]}'):
        server.troubles = [(200, body)]
        assert pharmacy("openfda", "poll", "enforcement", "--base-url", server.address).code == 4, body
    assert pharmacy.json("recall", "list").lines == []
    assert pharmacy("openfda", "poll", "ndc", "--by", "A. Kim", "--base-url", server.address).code == 2


def test_without_a_record_nothing_is_asked_for(rxtrail: CommandLine, server: Server) -> None:
    assert rxtrail("openfda", "poll", "enforcement", "--base-url", server.address).code != 0
    assert server.asked == []
