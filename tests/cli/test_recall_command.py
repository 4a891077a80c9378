"""``rxtrail recall`` and ``rxtrail score`` as they are typed."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests import story
from tests.cli.conftest import PHARMACY, CommandLine

if TYPE_CHECKING:
    from pathlib import Path

GTIN, LOT = "00352601815904", "QD1DQ"
MEANT = ("--gtin", GTIN, "--lot", LOT)


def test_a_recall_is_looked_at_opened_answered_and_withdrawn(pharmacy: CommandLine, tmp_path: Path) -> None:
    seen = pharmacy.json("recall", "preview", *MEANT)
    assert seen.code == 0
    assert seen.one["packs"] > 0
    assert LOT in pharmacy("recall", "preview", *MEANT).out.decode()
    opened = pharmacy.json("recall", "open", *MEANT, "--class", "II", "--title", "Glass", "--by", "A. Kim").one
    assert opened["state"] == "live"
    number = opened["id"]
    assert [each["id"] for each in pharmacy.json("recall", "list", "--state", "live").lines] == [number]
    assert number in pharmacy("recall", "list").out.decode()
    told = ("--gln", PHARMACY, "--found", "1", "--returned", "1", "--by", "A. Kim")
    assert pharmacy("recall", "respond", number, *told).code == 0
    assert pharmacy.json("recall", "status", number).one["found"] == 1
    assert "1 found" in pharmacy("recall", "status", number).out.decode()
    assert pharmacy("recall", "packs", number, "--out", str(tmp_path / "lists")).code == 0
    assert any(GTIN in path.read_text() for path in (tmp_path / "lists").iterdir())
    assert pharmacy.json("recall", "packs", number).lines
    assert pharmacy("recall", "close", number, "--by", "A. Kim", "--reason", "All found.").code == 0
    gone = pharmacy.json("recall", "withdraw", number, "--by", "A. Kim", "--reason", "Another strength.").one
    assert gone["state"] == "withdrawn"


def test_what_follows_a_recall_is_typed_and_ends_in_a_report(pharmacy: CommandLine, tmp_path: Path) -> None:
    drill = ("--drill", "--checks", "A", "--answer-hours", "5", "--by", "A. Kim")
    number = pharmacy.json("recall", "open", *MEANT, *drill).one["id"]
    folder = tmp_path / "notices"
    told = pharmacy.json("recall", "notices", number, "--out", str(folder), "--by", "A. Kim").one
    assert told["holders"] == [PHARMACY]
    assert sorted(told["noticed"]) == [PHARMACY]
    letter = (folder / f"{number}-{PHARMACY}.txt").read_text()
    assert "A REHEARSAL" in letter
    assert "Answer by" in letter
    serials = (folder / f"{number}-{PHARMACY}.csv").read_text().splitlines()
    assert len(serials) > 1
    assert f"{len(serials) - 1:,} packs with you" in letter
    by = ("--by", "A. Kim")
    assert pharmacy("recall", "acknowledge", number, "--gln", PHARMACY, *by).code == 0
    assert pharmacy.json("recall", "status", number).one["owing"] == [PHARMACY]
    assert pharmacy("recall", "check", number, "--gln", PHARMACY, "--outcome", "followed", *by).code == 0
    assert pharmacy("recall", "escalate", number, *by).code == 1
    assert pharmacy("recall", "escalate", number, *by, "--reason", "No word at all.").code == 0
    kinds = [each["kind"] for each in pharmacy.json("cases", "list").lines]
    assert "recall-silent" in kinds
    assert pharmacy("recall", "respond", number, "--gln", PHARMACY, "--found", "1", *by).code == 0
    assert pharmacy("recall", "close", number, *by).code == 0
    report = pharmacy.json("recall", "report", number).one
    assert report["took"].keys() == {"live", "noticed", "first_answer", "all_answered", "closed"}
    words = pharmacy("recall", "report", number).out.decode()
    assert "1 made, 1 followed, 0 to make" in words
    assert "not accounted for" in words or report["unaccounted"] == {}


def test_a_counterfeit_notice_stops_packs_of_a_lot_that_nobody_ever_shipped(pharmacy: CommandLine) -> None:
    named = ("--gtin", GTIN, "--lot", "FAKE*", "--serial", "99*", "--counterfeit")
    opened = pharmacy.json("recall", "open", *named, "--title", "Counterfeit pens", "--by", "A. Kim").one
    assert (opened["kind"], opened["state"]) == ("counterfeit", "live")
    assert opened["scope"]["lots"] == [{"lot": "FAKE", "expiry": "", "prefix": True}]
    for serial, lot, code in (("9912345", "FAKE77", 1), ("1234567", "FAKE77", 3), ("9912345", "GOOD1", 3)):
        told = pharmacy.json("verify", f"(01){GTIN}(21){serial}(17)290930(10){lot}")
        assert told.code == code, told.one
        assert ("suspect" in [reason["code"] for reason in told.one["reasons"]]) is (code == 1)


def reports(count: int) -> list[dict[str, str]]:
    """Reports of one authority, the first of a product that is on record, every tenth not to be understood."""
    return [
        {
            "recall_number": f"D-{number:04}-2026",
            "classification": "Class II",
            "product_description": f"Tablets, NDC {'52601-8159-0' if number == 0 else f'1{number:04}-100-10'}",
            "code_info": "Lots before May" if number % 10 == 9 else f"Lot Q{number:05}, Exp 05/2027",
        }
        for number in range(count)
    ]


def test_a_file_of_many_reports_is_opened_once_however_often_it_is_loaded(
    pharmacy: CommandLine, tmp_path: Path
) -> None:
    file = tmp_path / "enforcement.json"
    by = ("--by", "A. Kim")
    file.write_text(json.dumps({"meta": {}, "results": reports(130)}))
    told = pharmacy.json("recall", "open", "--notice", str(file), *by).one
    assert told == {
        "reports": 130, "known": 0, "lifted": 0, "opened": 130, "changed": 0, "review": 13, "of_products_on_record": 1,
    }  # fmt: skip
    file.write_text(json.dumps({"results": reports(150)}))
    told = pharmacy.json("recall", "open", "--notice", str(file), *by).one
    assert (told["known"], told["opened"]) == (130, 20)
    assert "0 opened" in pharmacy("recall", "open", "--notice", str(file), *by).out.decode()
    assert len(pharmacy.json("recall", "list", "--state", "review", "--limit", "1000").lines) == 15
    assert pharmacy.json("verify", f"(01){GTIN}(21)ANY(17)270500(10)Q00000").code == 1


def test_one_report_of_more_products_than_a_recall_can_name_loses_none(pharmacy: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "enforcement.json"
    ndcs = [f"52601-{n:04d}-1" for n in range(250)]
    report = {"recall_number": "D-1-2026", "code_info": f"Lot {LOT}", "openfda": {"package_ndc": ndcs}}
    file.write_text(json.dumps({"results": [report]}))
    by = ("--by", "A. Kim")
    assert pharmacy.json("recall", "open", "--notice", str(file), *by).one["opened"] == 2
    opened = pharmacy.json("recall", "list").lines
    assert len({gtin for each in opened for gtin in each["scope"]["gtins"]}) == 9 * len(ndcs)
    assert "is of the same notice" in pharmacy("recall", "open", "--notice", str(file), *by).err
    assert len(pharmacy.json("recall", "list").lines) == 2


def test_a_notice_file_that_is_cut_opens_nothing_and_says_so(pharmacy: CommandLine, tmp_path: Path) -> None:
    whole = json.dumps({"results": reports(40)}).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("drug-enforcement-0001-of-0001.json", whole)
    file = tmp_path / "enforcement"
    for data in (whole[: len(whole) // 2], packed.getvalue()[: len(packed.getvalue()) // 2], b"PK\x03\x04"):
        file.write_bytes(data)
        ran = pharmacy("recall", "open", "--notice", str(file), "--by", "A. Kim")
        assert ran.code == 2, ran
        assert "fetched again" in ran.err or "fetch it again" in ran.err
        assert pharmacy.json("recall", "list").lines == []
    file.write_bytes(packed.getvalue())
    assert pharmacy.json("recall", "open", "--notice", str(file), "--by", "A. Kim").one["opened"] == 40


def test_a_file_without_reports_says_that_there_were_none(pharmacy: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "enforcement.json"
    file.write_text('{"meta": {}, "results": []}')
    ran = pharmacy.json("recall", "open", "--notice", str(file), "--by", "A. Kim")
    assert (ran.code, ran.one["reports"], ran.one["opened"]) == (0, 0, 0)


def test_a_file_of_another_kind_opens_nothing(pharmacy: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "label.json"
    file.write_text(json.dumps({"results": [{"set_id": "a", "openfda": {}}, {"set_id": "b"}]}))
    ran = pharmacy("recall", "open", "--notice", str(file), "--by", "A. Kim")
    assert ran.code == 2
    assert "none of the fields" in ran.err
    assert pharmacy.json("recall", "list").lines == []


def test_an_odd_record_among_others_waits_for_a_person_and_hides_none_of_them(
    pharmacy: CommandLine, tmp_path: Path
) -> None:
    odd = [
        {"recall_number": "D-7001-2026", "product_description": "NDC 52601-8159-0", "code_info": ["Lot Z1", "Lot Z2"]},
        {"recall_number": "D-7002-2026", "product_description": "NDC 52601-8159-0", "code_info": "Lot " + "Z" * 21},
        "a text",
        {"recall_number": "D-7003-2026", "code_info": None, "more_code_info": None, "openfda": {"package_ndc": None}},
    ]
    file = tmp_path / "enforcement.json"
    file.write_text(json.dumps({"results": [*reports(3), *odd]}))
    told = pharmacy.json("recall", "open", "--notice", str(file), "--by", "A. Kim").one
    assert (told["opened"], told["review"]) == (7, 4)
    waiting = pharmacy.json("recall", "list", "--state", "review").lines
    assert sorted(each["number"] for each in waiting)[:3] == ["D-7001-2026", "D-7002-2026", "D-7003-2026"]
    assert all(each["doubts"] for each in waiting)
    assert any("a text" in doubt for each in waiting for doubt in each["doubts"]), "nothing of it is lost"
    again = pharmacy.json("recall", "open", "--notice", str(file), "--by", "A. Kim").one
    assert (again["known"], again["opened"]) == (7, 0)


def test_a_report_that_says_more_than_before_holds_too_and_one_that_was_lifted_stays_lifted(
    pharmacy: CommandLine, tmp_path: Path
) -> None:
    file = tmp_path / "enforcement.json"
    by = ("--by", "A. Kim")
    report = {**reports(1)[0], "classification": "Not Yet Classified", "code_info": "Lot Q00000, Exp 05/2027"}

    def load() -> dict[str, int]:
        file.write_text(json.dumps([report, *reports(3)[1:]]))
        told: dict[str, int] = pharmacy.json("recall", "open", "--notice", str(file), *by).one
        return told

    assert (load()["opened"], load()["known"]) == (3, 3)
    report["code_info"] = "Lot Q00000, Exp 05/2027; Lot NEW1, Exp 06/2027"
    assert (load()["changed"], load()["known"]) == (1, 3)
    assert pharmacy.json("verify", f"(01){GTIN}(21)ANY(17)270600(10)NEW1").code == 1
    report["classification"] = "Class I"
    assert (load()["changed"], load()["known"]) == (1, 3)
    of_it = [each for each in pharmacy.json("recall", "list").lines if each["number"] == "D-0000-2026"]
    assert [each["classification"] for each in of_it] == ["I", "not yet classified", "not yet classified"]
    for each in of_it:
        assert pharmacy("recall", "withdraw", each["id"], *by, "--reason", "Not ours.").code == 0
    again = load()
    assert (again["known"], again["lifted"], again["opened"]) == (3, 1, 0)
    assert pharmacy.json("verify", f"(01){GTIN}(21)ANY(17)270600(10)NEW1").code != 1


def test_what_a_person_read_in_a_notice_is_not_asked_again(pharmacy: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "enforcement.json"
    doubtful = {**reports(1)[0], "code_info": "Lots Q1 through Q9"}
    file.write_text(json.dumps([doubtful, reports(2)[1]]))
    by = ("--by", "A. Kim")
    assert pharmacy.json("recall", "open", "--notice", str(file), *by).one["review"] == 1
    (waiting,) = pharmacy.json("recall", "list", "--state", "review").lines
    assert pharmacy("recall", "confirm", waiting["id"], "--lot", LOT, *by, "--reason", "Read.").code == 0
    again = pharmacy.json("recall", "open", "--notice", str(file), *by).one
    assert (again["known"], again["opened"]) == (2, 0)


def test_a_file_of_one_report_is_sorted_out_as_one_of_many_is(pharmacy: CommandLine, tmp_path: Path) -> None:
    file, by = tmp_path / "one.json", ("--by", "A. Kim")
    odd = {"recall_number": "D-7002-2026", "product_description": "NDC 52601-8159-0", "code_info": "Lot " + "Z" * 21}
    file.write_text(json.dumps(odd))
    opened = pharmacy.json("recall", "open", "--notice", str(file), *by).one
    assert opened["state"] == "review"
    confirmed = pharmacy("recall", "confirm", opened["id"], "--lot", LOT, *by, "--reason", "Read.")
    assert confirmed.code == 0
    again = pharmacy("recall", "open", "--notice", str(file), *by)
    assert (again.code, len(pharmacy.json("recall", "list").lines)) == (1, 1)
    assert opened["id"] in again.err
    assert pharmacy("recall", "withdraw", opened["id"], *by, "--reason", "Not ours.").code == 0
    assert pharmacy.json("recall", "open", "--notice", str(file), *by).one["state"] == "review"


@pytest.mark.parametrize("count", [1, 3])
def test_a_notice_file_begins_a_record_that_is_not_there_yet(rxtrail: CommandLine, tmp_path: Path, count: int) -> None:
    file = tmp_path / "enforcement.json"
    file.write_text(json.dumps(reports(count)))
    assert rxtrail("recall", "open", "--notice", str(file), "--by", "A. Kim").code == 0
    assert len(rxtrail.json("recall", "list").lines) == count


def test_a_report_of_more_products_than_one_recall_can_name_loses_none(pharmacy: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "enforcement.json"
    ndcs = [f"1{number:04}-100-10" for number in range(300)] + ["52601-8159-0"]
    many = {"recall_number": "D-9-2026", "code_info": "All lots", "openfda": {"package_ndc": ndcs}}
    file.write_text(json.dumps([many, reports(2)[1]]))
    told = pharmacy.json("recall", "open", "--notice", str(file), "--by", "A. Kim").one
    assert (told["reports"], told["opened"]) == (2, 3)
    assert pharmacy.json("verify", f"(01){GTIN}(21)ANY(17)270600(10)ANY").code == 1
    assert pharmacy.json("recall", "open", "--notice", str(file), "--by", "A. Kim").one["known"] == 2


def test_a_lot_that_is_not_on_record_is_told_when_it_is_opened_and_approved(pharmacy: CommandLine) -> None:
    product = ("--gtin", GTIN, "--lot", LOT, "--lot", "NOSUCH")
    told = pharmacy("recall", "open", *product, "--issued", "--by", "A. Kim").out.decode()
    assert "lot NOSUCH: no pack on record here" in told
    assert f"lot {LOT}: no pack" not in told
    (recall,) = pharmacy.json("recall", "list").lines
    assert "lot NOSUCH: no pack" in pharmacy("recall", "approve", recall["id"], "--by", "B. Lee").out.decode()
    assert pharmacy.json("verify", f"(01){GTIN}(21)ANY(17)270600(10)NOSUCH").code == 1, "and it holds"


def test_a_firms_letter_is_attached_and_given_back_as_it_was(pharmacy: CommandLine, tmp_path: Path) -> None:
    letter, back = tmp_path / "letter.pdf", tmp_path / "back.pdf"
    letter.write_bytes(bytes(range(256)) * 40)
    opened = pharmacy.json("recall", "open", *MEANT, "--attach", str(letter), "--by", "A. Kim").one
    (attached,) = opened["attachments"]
    assert (attached["name"], attached["size"]) == ("letter.pdf", 10_240)
    assert pharmacy("recall", "attachment", opened["id"], "letter.pdf", "-o", str(back)).code == 0
    assert back.read_bytes() == letter.read_bytes()
    assert pharmacy("recall", "attachment", opened["id"], "other.pdf", "-o", str(back)).code == 1
    letter.write_bytes(b"")
    assert pharmacy("recall", "open", *MEANT, "--attach", str(letter), "--by", "A. Kim").code == 2


def test_no_cell_of_a_list_for_a_holder_is_a_formula(rxtrail: CommandLine, tmp_path: Path) -> None:
    assert rxtrail("init", "--role", "hub").code == 0
    paper = story.xml(story.delivery(story.pack("=1+1"), buyer=story.PHARMACY, lot="@L"))
    assert rxtrail("capture", "-", stdin=paper).code == 0
    opened = rxtrail.json("recall", "open", "--gtin", story.GTIN, "--lot", "@L", "--class", "II", "--by", "A. Kim").one
    assert rxtrail("recall", "packs", opened["id"], "--out", str(tmp_path / "lists")).code == 0
    [path] = (tmp_path / "lists").iterdir()
    [_, row] = csv.reader(path.read_text().splitlines())
    assert row[:3] == [story.GTIN, "'=1+1", "'@L"]


def test_a_notice_with_a_doubt_is_confirmed_by_who_has_read_it(pharmacy: CommandLine, tmp_path: Path) -> None:
    notice = tmp_path / "notice.json"
    notice.write_text(json.dumps({"code_info": "Lots Q1 through Q9", "product_description": "NDC 52601-8159-0"}))
    opened = pharmacy.json("recall", "open", "--notice", str(notice), "--by", "A. Kim").one
    assert opened["state"] == "review"
    said = pharmacy("recall", "confirm", opened["id"], "--lot", LOT, "--by", "A. Kim", "--reason", "Read.")
    assert said.code == 0
    assert b"live" in said.out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("preview",), 2),
        (("preview", "--gtin", GTIN, "--lot", "NONE"), 1),
        (("preview", "--gtin", GTIN, "--made", "soon"), 2),
        (("open", "--gtin", GTIN, "--by", "A. Kim"), 2),
        (("status", "R-NONE"), 1),
        (("read", "Lot #: A12345, Exp 01/25"), 0),
        (("read", "Lots 1 through 9"), 3),
    ],
)
def test_each_way_of_asking_has_its_exit_code(pharmacy: CommandLine, arguments: tuple[str, ...], code: int) -> None:
    ran = pharmacy("recall", *arguments)
    assert ran.code == code, ran


def test_a_simulated_market_is_scored(rxtrail: CommandLine, tmp_path: Path) -> None:
    chain = str(tmp_path / "chain")
    assert rxtrail("simulate", "--packs", "200", "--out", chain).code == 0
    assert rxtrail("partner", "load", f"{chain}/partners.csv").code == 0
    assert rxtrail("capture", f"{chain}/documents").code == 0
    verdicts = tmp_path / "verdicts.jsonl"
    result = rxtrail.json("score", chain, "--verdicts", str(verdicts)).one
    assert result["scans"] == len(verdicts.read_bytes().splitlines())
    assert {each["attack"] for each in result["attacks"]} >= {"A1", "A2", "A3", "A4"}
    assert "false stops" in rxtrail("score", chain, "--view", "pharmacy", "--pharmacies", "2").out.decode()
    (tmp_path / "chain" / "truth.jsonl").unlink()
    assert rxtrail("score", chain).code == 0
    assert rxtrail("score", str(tmp_path)).code != 0


def test_late_files_are_captured_while_packs_are_scanned(rxtrail: CommandLine, tmp_path: Path) -> None:
    chain = tmp_path / "chain"
    assert rxtrail("simulate", "--packs", "200", "--disorder", "0.5", "--out", str(chain)).code == 0
    late = sorted((chain / "late").iterdir())
    assert late
    rxtrail("partner", "load", str(chain / "partners.csv"))
    rxtrail("capture", str(chain / "documents"))
    assert rxtrail("score", str(chain)).code == 0
    again = rxtrail.json("capture", *map(str, late))
    assert sum(receipt["new_events"] for receipt in again.lines) == 0


def test_a_single_pharmacy_knows_a_late_file_only_when_it_has_come(rxtrail: CommandLine, tmp_path: Path) -> None:
    site, packs = story.PHARMACY, story.packs(2)
    for folder in ("documents", "late"):
        (tmp_path / folder).mkdir()
    paper = story.xml(story.delivery(*packs), receiver=site)
    (tmp_path / "late" / "20261120T120000Z-00001.xml").write_bytes(paper)
    (tmp_path / "partners.csv").write_text(
        "name,gln,role,relation,status,valid_until\n"
        f"Acme,{story.MAKER.gln},maker,supplier,active,2030-01-01\n"
        f"Main,{site.gln},pharmacy,customer,active,2030-01-01\n"
    )

    def scanned(pack: str) -> str:
        return f"(01){pack[3:17]}(21){pack[21:]}(17){story.EXPIRY[2:].replace('-', '')}(10){story.LOT}"

    scans = [
        {"id": number, "at": at, "site": site.gln, "purpose": "dispense", "scan": scanned(pack)}
        for number, (at, pack) in enumerate(zip(("2026-11-20T11:59:59Z", "2026-11-20T12:00:00Z"), packs, strict=True))
    ]
    (tmp_path / "scans.jsonl").write_text("".join(json.dumps(scan) + "\n" for scan in scans))
    verdicts = tmp_path / "verdicts.jsonl"
    assert rxtrail("score", str(tmp_path), "--view", "pharmacy", "--verdicts", str(verdicts)).code == 0
    before, after = [json.loads(line) for line in verdicts.read_bytes().splitlines()]
    assert (before["verdict"], after["verdict"]) == ("check", "ok"), (before, after)


def test_a_late_file_without_its_moment_is_named(rxtrail: CommandLine, tmp_path: Path) -> None:
    chain = tmp_path / "chain"
    rxtrail("simulate", "--packs", "100", "--out", str(chain))
    (chain / "late").mkdir()
    (chain / "late" / "tomorrow.xml").write_bytes(b"<x/>")
    told = rxtrail("score", str(chain))
    assert told.code == 2
    assert "tomorrow.xml" in told.err


def test_other_peoples_scans_may_have_texts_for_ids(rxtrail: CommandLine, tmp_path: Path) -> None:
    scans = [
        {"id": f"s-{number}", "at": "2026-11-23T10:00:00Z", "site": "", "purpose": "dispense", "scan": "x"}
        for number in (2, 1)
    ]
    (tmp_path / "scans.jsonl").write_text("".join(json.dumps(scan) + "\n" for scan in scans))
    (tmp_path / "truth.jsonl").write_text('{"id": "s-1", "attack": "theirs"}\n{"id": "s-2"}\n')
    verdicts = tmp_path / "verdicts.jsonl"
    result = rxtrail.json("score", str(tmp_path), "--verdicts", str(verdicts)).one
    assert [attack["attack"] for attack in result["attacks"]] == ["theirs"]
    assert [json.loads(line)["id"] for line in verdicts.read_bytes().splitlines()] == ["s-2", "s-1"]
