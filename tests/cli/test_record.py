"""Documents in, exports out, and what a node tells of itself, on a real node."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rxtrail.bootstrap import Node, open_node
from rxtrail.cli.commands.capture import PROGRESS_BYTES_MIN
from tests import story
from tests.cli.conftest import PACK, PHARMACY, CommandLine, document
from tests.story import gtin

if TYPE_CHECKING:
    from collections.abc import Callable

MAKER = "0352601000003"


def test_a_captured_document_is_told_in_numbers(rxtrail: CommandLine, shipment: Callable[..., str]) -> None:
    ran = rxtrail.json("capture", shipment("A1", "A2"))
    assert ran.code == 0, ran.err
    receipt = ran.one
    assert (receipt["events"], receipt["new_events"], receipt["packages"]) == (3, 3, 2)
    assert receipt["log_index"] == 2, "behind the document and its block"
    for finding in receipt["findings"]:
        assert set(finding) == {"severity", "code", "message", "place", "epcs"}


def test_the_same_document_again_changes_nothing(rxtrail: CommandLine, shipment: Callable[..., str]) -> None:
    path = shipment()
    rxtrail("capture", path)
    before = rxtrail.json("status").one
    again = rxtrail.json("capture", path)
    assert again.code == 0
    assert (again.one["events"], again.one["new_events"], again.one["packages"]) == (3, 0, 0)
    after = rxtrail.json("status").one
    assert (after["events"], after["packages"], after["documents"]) == (
        before["events"],
        before["packages"],
        before["documents"],
    )


def test_stdin_and_folders_are_captured(rxtrail: CommandLine, shipment: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    shipment("B1", name="inbox/b.xml")
    shipment("A1", name="inbox/a.xml")
    ran = rxtrail.json("capture", str(tmp_path / "inbox"), "-", stdin=document(["C1"]))
    assert ran.code == 0, ran.err
    assert [Path(line["name"]).name for line in ran.lines] == ["a.xml", "b.xml", "stdin"]
    assert rxtrail.json("status").one["packages"] == 3


def test_receipts_in_words_are_a_table(rxtrail: CommandLine, shipment: Callable[..., str]) -> None:
    told = rxtrail("capture", shipment()).out.decode()
    assert "shipment.xml" in told
    assert "packages" in told


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\x01\x02",
        b"not a document",
        b"<EPCISDocument>",
        b"<!DOCTYPE x><EPCISDocument/>",
        b'{"type": "EPCISDocument"',
        b"[" * 5000,
        document(["A1"])[:-300],
        document(["A1"]).replace(b"2026-01-02T08:14:00Z", b"yesterday"),
    ],
    ids=["empty", "binary", "text", "cut", "dtd", "json-cut", "deep", "truncated", "no-time"],
)
def test_what_cannot_be_read_is_refused_whole_with_its_place(
    rxtrail: CommandLine, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "bad.xml"
    file.write_bytes(content)
    ran = rxtrail.json("capture", str(file))
    assert ran.code == 1
    assert ran.one["state"] == "refused"
    assert ran.one["error"]["message"]
    assert ran.one["error"]["code"]
    assert ran.err.splitlines()[0] == str(file)
    assert "error: " in ran.err
    status = rxtrail.json("status").one
    assert (status["documents"], status["events"], status["packages"]) == (0, 0, 0)


def test_one_bad_document_does_not_keep_the_others_out(
    rxtrail: CommandLine, shipment: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "bad.xml").write_bytes(b"<EPCISDocument>")
    ran = rxtrail.json("capture", str(tmp_path / "bad.xml"), shipment())
    assert ran.code == 1
    assert [line["state"] for line in ran.lines] == ["refused", "success"]
    assert rxtrail("capture", str(tmp_path / "bad.xml")).out == b""


@pytest.mark.parametrize("name", ["missing.xml", "nul\x00.xml", "x" * 5000, ""])
def test_a_file_that_is_not_there_is_wrong_use(rxtrail: CommandLine, name: str) -> None:
    assert rxtrail("capture", name).code == 2


def test_a_role_without_a_gln_or_with_a_wrong_one_is_wrong_use(rxtrail: CommandLine) -> None:
    assert rxtrail("init", "--role", "pharmacy").code == 2
    assert rxtrail("init", "--role", "pharmacy", "--gln", "0300011111247").code == 2
    assert "0300011111246 would be right" in rxtrail("init", "--role", "pharmacy", "--gln", "0300011111247").err
    assert rxtrail("init", "--role", "king", "--gln", PHARMACY).code == 2
    assert not rxtrail.data.exists()


def test_a_node_knows_whose_record_it_is(rxtrail: CommandLine) -> None:
    ran = rxtrail.json("init", "--role", "wholesaler", "--gln", f"{PHARMACY}, {MAKER},{PHARMACY}")
    assert (ran.one["role"], ran.one["glns"]) == ("wholesaler", [PHARMACY, MAKER])
    assert rxtrail.json("status").one["identity"]["role"] == "wholesaler"
    assert b"wholesaler" in rxtrail("status").out


def test_a_long_capture_shows_bars_to_a_person_and_none_to_a_file(rxtrail: CommandLine, tmp_path: Path) -> None:
    serials = [f"{number:012d}" for number in range(20_000)]
    path = tmp_path / "long.xml"
    path.write_bytes(document(serials))
    assert path.stat().st_size > PROGRESS_BYTES_MIN
    command = [sys.executable, "-m", "rxtrail", "capture", str(path), "--json", "--data", str(rxtrail.data)]
    outer, inner = pty.openpty()
    shown = b""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=inner, env=os.environ | {"TERM": "xterm"}) as process:
        os.close(inner)
        with contextlib.suppress(OSError):  # a terminal that its process left answers EIO
            while piece := os.read(outer, 1 << 16):
                shown += piece
        assert process.stdout is not None
        assert json.loads(process.stdout.read())["packages"] == 20_000
    os.close(outer)
    assert b"reading" in shown
    assert b"writing" in shown
    assert rxtrail("capture", str(path)).err == ""


def _cut_off(rxtrail: CommandLine, content: bytes) -> None:
    """Leave a capture as a killed process leaves it: accepted, and nothing of it applied."""
    with open_node(rxtrail.data) as node:
        assert node._capture is not None
        node._capture.accept(io.BytesIO(content), name="cut-off.xml")


def test_a_capture_that_was_cut_off_is_told_and_finished_by_the_next(
    rxtrail: CommandLine, shipment: Callable[..., str]
) -> None:
    _cut_off(rxtrail, document(["A1"]))
    [job] = rxtrail.json("jobs").lines
    assert rxtrail("jobs", job["job"]).code == 4
    assert rxtrail.json("verify", "(01)00352601815904(21)A1").code == 4  # never ok, never unknown
    ran = rxtrail.json("capture", shipment("B1"))
    assert "finishing 1 captures" in ran.err
    assert rxtrail("jobs", job["job"]).code == 0
    assert [row["serial"] for row in rxtrail("export", "packs").lines] == ["A1", "B1"]


def test_making_the_store_ready_finishes_what_was_cut_off(rxtrail: CommandLine) -> None:
    _cut_off(rxtrail, document(["A1"]))
    assert rxtrail.json("store", "init").one["packages"] == 1


def test_ctrl_c_in_a_capture_says_how_it_goes_on(
    rxtrail: CommandLine, shipment: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Node, "capture", interrupted)
    ran = rxtrail.json("capture", shipment())
    assert (ran.code, ran.out) == (130, b"")
    assert "next rxtrail capture or serve finishes it" in ran.err


def test_a_file_that_cannot_be_opened_does_not_keep_the_others_out(
    rxtrail: CommandLine, shipment: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "nowhere.xml").symlink_to(tmp_path / "missing.xml")
    shipment("A1", name="inbox/a.xml")
    ran = rxtrail.json("capture", str(tmp_path / "inbox"))
    assert ran.code == 1
    assert [line["state"] for line in ran.lines] == ["success", "refused"]


TABLE = f"name,gln,role,relation,status,valid_until\nMaker & Sons,{MAKER},maker,supplier,active,2030-12-31\n"


def test_the_partner_table_goes_in_and_comes_out(rxtrail: CommandLine, tmp_path: Path) -> None:
    assert rxtrail.json("partner", "load", "-", stdin=TABLE.encode()).one["added"] == 1
    [partner] = rxtrail.json("partner", "list").lines
    assert partner["glns"] == [MAKER]
    assert b"Maker & Sons" in rxtrail("partner", "list").out
    out = tmp_path / "partners.csv"
    assert rxtrail("partner", "export", "-o", str(out)).code == 0
    assert rxtrail("partner", "export").out == out.read_bytes()
    report = rxtrail.json("partner", "load", str(out)).one
    assert (report["partners"], report["added"], report["changed"], report["removed"]) == (1, 0, 0, 0)


def test_the_product_table_goes_in_and_comes_out(rxtrail: CommandLine, tmp_path: Path) -> None:
    gas = gtin("55555")
    table = f"gtin,name,ndc,exempt,unserialised_until\r\n{gas},Oxygen,,medical-gas,\r\n"
    assert rxtrail.json("product", "load", "-", stdin=table.encode()).one["added"] == 1
    assert rxtrail.json("product", "list").lines == [rxtrail.json("product", "show", gas).one]
    assert b"Oxygen" in rxtrail("product", "list").out
    assert rxtrail("product", "export").out == table.encode()
    verdict = rxtrail.json("verify", gas[1:])
    assert (verdict.code, verdict.one["verdict"]) == (3, "not-covered")
    assert rxtrail.json("product", "load", "-", stdin=b"gtin\n123\n").code == 1
    out = tmp_path / "products.json"
    out.write_text("[]")
    assert rxtrail.json("product", "load", "--replace", str(out)).one["removed"] == 1
    assert rxtrail.json("product", "remove", gas).code == 1


@pytest.mark.parametrize(
    "table", ["", "name\nMaker\n", TABLE.replace(MAKER, "0352601000004"), TABLE.replace("maker", "king")]
)
def test_a_wrong_partner_table_is_refused_whole(rxtrail: CommandLine, table: str) -> None:
    rxtrail("partner", "load", "-", stdin=TABLE.encode())
    ran = rxtrail.json("partner", "load", "-", stdin=table.encode())
    assert ran.code == 1
    assert ran.one["error"]["message"]
    assert len(rxtrail.json("partner", "list").lines) == 1


def test_a_table_larger_than_any_is_refused_before_it_is_read(
    rxtrail: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rxtrail.partners.TABLE_BYTES_MAX", 1000)
    monkeypatch.setattr("rxtrail.cli.commands.count_in.FILE_BYTES_MAX", 1000)
    who = ("--by", "A. Kim", "--supplier", "Northern Wholesale", "--ref", "INV-7")
    assert rxtrail("partner", "load", "-", stdin=b"x" * 1001).code == 2
    assert rxtrail("count-in", "-", *who, stdin=b"x" * 1001).code == 2


def test_an_empty_partner_table_says_how_to_fill_it(rxtrail: CommandLine) -> None:
    rxtrail("init", "--role", "hub")
    ran = rxtrail("partner", "list")
    assert (ran.code, ran.out) == (0, b"")
    assert "partner load" in ran.err


def test_packs_are_exported_as_json_lines_and_csv(pharmacy: CommandLine, tmp_path: Path) -> None:
    rows = pharmacy("export", "packs").lines
    assert [row["serial"] for row in rows] == ["A1", "A2", "A3"]
    assert {row["lot"] for row in rows} == {PACK[2]}
    out = tmp_path / "packs.csv"
    ran = pharmacy.json("export", "packs", "--format", "csv", "-o", str(out))
    assert ran.one == {"file": str(out), "bytes": out.stat().st_size}
    with out.open(newline="") as file:
        assert [row["serial"] for row in csv.DictReader(file)] == ["A1", "A2", "A3"]
    assert [row["serial"] for row in pharmacy("export", "packs", "--serial", "A2").lines] == ["A2"]
    assert pharmacy("export", "packs", "--lot", "OTHER").out == b""


def test_an_exported_epcis_document_is_captured_by_another_node(pharmacy: CommandLine, tmp_path: Path) -> None:
    out = tmp_path / "all.json"
    assert pharmacy("export", "events", "--format", "epcis", "-o", str(out)).code == 0
    assert len(json.loads(out.read_bytes())["epcisBody"]["eventList"]) == 3
    other = CommandLine(tmp_path / "other", pharmacy._capture, pharmacy._patch)
    assert other.json("capture", str(out)).one["packages"] == 3


def test_transaction_information_is_one_list_or_a_file_that_is_whole(pharmacy: CommandLine, tmp_path: Path) -> None:
    sales = json.loads(pharmacy("export", "ti", "--json").out)
    assert [sale["serials"] for sale in sales] == [["A1", "A2", "A3"]]
    assert sales[0]["lot"] == PACK[2]
    for form, start in (("pdf", b"%PDF-"), ("parquet", b"PAR1"), ("csv", b"transaction_date,")):
        out = tmp_path / f"ti.{form}"
        ran = pharmacy.json("export", "ti", "--format", form, "-o", str(out))
        assert ran.one == {"file": str(out), "bytes": out.stat().st_size}
        assert out.read_bytes().startswith(start)
    assert json.loads(pharmacy("export", "ti", "--lot", "OTHER").out) == []


def test_serial_numbers_come_one_a_line_and_the_guess_on_stderr(rxtrail: CommandLine) -> None:
    rxtrail("init", "--role", "maker", "--gln", story.MAKER.gln)
    ran = rxtrail("serials", "issue", "--gtin", story.GTIN, "--count", "3")
    found = ran.out.decode().splitlines()
    assert (ran.code, len(found), len(set(found)), {len(one) for one in found}) == (0, 3, 3, {12})
    assert "1 : " in ran.err
    (made,) = rxtrail.json("serials", "issue", "--gtin", story.GTIN, "--count", "2").lines
    assert (made["gtin"], len(made["serials"]), made["issued"]) == (story.GTIN, 2, 5)
    assert 0 < made["guess_probability"] < 0.0001
    listed = rxtrail("serials", "list", "--gtin", story.GTIN).out.decode().splitlines()
    assert listed == sorted([*found, *made["serials"]])
    refused = rxtrail("serials", "issue", "--gtin", gtin(maker=story.OTHER_MAKER))
    assert (refused.code, refused.out) == (1, b"")
    assert "company prefix" in refused.err
    for wrong in (
        ("--gtin", "123"),
        ("--gtin", story.GTIN, "--count", "0"),
        ("--gtin", story.GTIN, "--length", "21"),
        (),
    ):
        assert rxtrail("serials", "issue", *wrong).code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("export", "cases"),
        ("export", "packs", "--format", "docx"),
        ("export", "packs", "--format", "pdf", "--json"),
        ("export", "ti", "--format", "parquet", "--epcis", "json"),
        ("export", "ti", "--until", "yesterday"),
        ("export", "events", "--since", "yesterday"),
        ("export", "packs", "--gtin", "x"),
        ("export", "packs", "--format", "csv", "--json"),
        ("export", "packs", "-o", "/dev/null/packs.json"),
        ("documents", "get", "xyz"),
        ("documents", "get", "00" * 32, "--json"),
        ("jobs", "--limit", "0"),
    ],
)
def test_wrong_use_is_2(pharmacy: CommandLine, arguments: tuple[str, ...]) -> None:
    assert pharmacy(*arguments).code == 2


def test_a_kept_document_comes_back_byte_for_byte(
    pharmacy: CommandLine, shipment: Callable[..., str], tmp_path: Path
) -> None:
    raw = Path(shipment()).read_bytes()
    [listed] = pharmacy.json("documents", "list").lines
    assert listed["sha256"] == hashlib.sha256(raw).hexdigest()
    assert listed["sha256"].encode() in pharmacy("documents", "list").out
    assert pharmacy("documents", "get", listed["sha256"]).out == raw
    out = tmp_path / "back.xml"
    assert pharmacy("documents", "get", f"sha256:{listed['sha256']}", "-o", str(out)).code == 0
    assert out.read_bytes() == raw
    assert pharmacy("documents", "get", "00" * 32).code == 1


def test_all_documents_are_listed_page_by_page(
    rxtrail: CommandLine, shipment: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rxtrail.cli.commands.documents.PAGE_ROWS", 2)
    paths = [shipment(f"S{n}", name=f"{n}.xml") for n in range(5)]
    rxtrail("capture", *paths)
    assert len({line["sha256"] for line in rxtrail.json("documents", "list").lines}) == 5
    assert len(rxtrail.json("documents", "list", "--limit", "3").lines) == 3


def test_jobs_tell_how_captures_ended(pharmacy: CommandLine) -> None:
    [job] = pharmacy.json("jobs").lines
    assert (job["state"], job["applied"]) == ("success", 3)
    one = pharmacy.json("jobs", job["job"])
    assert (one.code, one.one["job"]) == (0, job["job"])
    assert b"shipment.xml" in pharmacy("jobs", job["job"]).out
    assert pharmacy("jobs", "no-such-job").code == 1


def test_reading_where_nothing_is_cannot_tell(rxtrail: CommandLine) -> None:
    for arguments in (("status",), ("export", "packs"), ("trace", "(01)00352601815904(21)A1"), ("jobs",)):
        ran = rxtrail(*arguments)
        assert (ran.code, ran.out) == (4, b"")
        assert "no store" in ran.err
    assert not rxtrail.data.exists()


def test_the_store_is_made_and_found(rxtrail: CommandLine, tmp_path: Path) -> None:
    lies = rxtrail.json("store", "path").one
    assert (lies["exists"], Path(lies["store"]).parent) == (False, rxtrail.data)
    assert rxtrail("store", "init").code == 0
    assert rxtrail.json("store", "init").one["packages"] == 0
    assert rxtrail.json("store", "path").one["exists"]
    elsewhere = f"sqlite:///{tmp_path}/else/where.sqlite"
    assert rxtrail("init", "--role", "hub", "--store", elsewhere).code == 0
    assert (tmp_path / "else" / "where.sqlite").exists()


def test_a_store_url_that_is_not_known_is_refused_without_repeating_it(rxtrail: CommandLine) -> None:
    for command in (["status"], ["verify", "x"], ["init", "--role", "hub"], ["store", "path"]):
        ran = rxtrail(*command, "--store", "mysql://rx:s3cret@db/rx")
        assert ran.code == 2
        assert "s3cret" not in ran.err
        assert "s3cret" not in ran.out.decode()


def test_a_database_that_does_not_answer_is_no_answer_about_a_pack(rxtrail: CommandLine) -> None:
    nobody = "postgresql://rx:s3cret@127.0.0.1:1/rx"
    for command in (["status"], ["verify", "x"], ["init", "--role", "hub"], ["capture", "-"]):
        ran = rxtrail(*command, "--store", nobody)
        assert ran.code == 4
        assert "s3cret" not in ran.err
        assert "s3cret" not in ran.out.decode()


@pytest.mark.parametrize("piped", [True, False])
def test_fields_that_a_document_says_are_no_content_are_left_out_of_hashes(
    piped: bool, rxtrail: CommandLine, tmp_path: Path
) -> None:
    event = {
        "type": "ObjectEvent",
        "eventTime": "2026-11-01T00:00:00Z",
        "eventTimeZoneOffset": "+00:00",
        "action": "OBSERVE",
        "epcList": ["urn:epc:id:sgtin:0614141.107346.2017"],
    }
    hashes = []
    for more, ignored in ({}, []), ({"repo:seen": 5}, ["repo:seen"]), ({"repo:seen": 5}, []):
        document = {
            "@context": [{"repo": "https://repository-x.example.com/"}],
            "type": "EPCISDocument",
            "repo:ignoreFields": ignored,
            "epcisBody": {"eventList": [{**event, **more}]},
        }
        path = tmp_path / "events.json"
        path.write_text(json.dumps(document))
        ran = rxtrail("hash", "-", stdin=path.read_bytes()) if piped else rxtrail("hash", str(path))
        hashes.append(ran.out)
    assert hashes[0] == hashes[1] != hashes[2]


@pytest.mark.parametrize(
    ("how", "start"), [(["--epcis", "xml-1.2"], b"<?xml"), (["--format", "epcis"], b'{"@context"')]
)
def test_events_are_exported_in_the_form_of_epcis_that_is_asked(
    how: list[str], start: bytes, rxtrail: CommandLine, shipment: Callable[..., str]
) -> None:
    rxtrail("capture", shipment())
    ran = rxtrail("export", "events", *how)
    assert ran.code == 0
    assert ran.out.startswith(start)
    assert rxtrail("validate", "-", stdin=ran.out).code in (0, 3)
    assert rxtrail("export", "events", "--format", "csv", "--epcis", "json").code == 2


def test_event_hashes_are_told_a_line_each(rxtrail: CommandLine, shipment: Callable[..., str]) -> None:
    path = shipment()
    told = rxtrail("hash", path).out.decode().split()
    assert len(told) == 3
    assert all(line.startswith("ni:///sha-256;") and line.endswith("?ver=CBV2.0") for line in told)
    lines = rxtrail.json("hash", path).lines
    assert [line["hash"] for line in lines] == told
    assert not rxtrail.data.exists()


def test_a_simulated_chain_is_written_and_written_again(rxtrail: CommandLine, tmp_path: Path) -> None:
    out = tmp_path / "chain"
    written = rxtrail.json("simulate", "--packs", "200", "--out", str(out))
    assert written.code == 0
    assert written.one["packages"] == 200
    assert len(list((out / "documents").iterdir())) == written.one["documents"]
    assert rxtrail("simulate", "--packs", "100", "--seed", "2", "--out", str(out)).code == 0
    (out / "mine.txt").write_text("keep")
    assert rxtrail("simulate", "--packs", "100", "--out", str(out)).code == 2
    assert (out / "mine.txt").read_text() == "keep"
    assert rxtrail("simulate", "--packs", "1", "--out", str(tmp_path / "few")).code == 2
