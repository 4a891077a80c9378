"""``rxtrail convert``: a file, stdin, a report, and what it refuses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.core.epcis.test_converting import XML

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import CommandLine


@pytest.fixture
def shipment_file(tmp_path: Path) -> Path:
    path = tmp_path / "shipment.xml"
    path.write_bytes(XML)
    return path


def test_stdin_is_converted_to_stdout(rxtrail: CommandLine) -> None:
    ran = rxtrail("convert", "--to", "json", "-", stdin=XML)
    assert ran.code == 0
    assert len(json.loads(ran.out)["epcisBody"]["eventList"]) == 5


def test_a_file_is_written_whole_with_a_report(rxtrail: CommandLine, shipment_file: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.xml"
    ran = rxtrail.json(
        "convert", "--to", "xml-1.2", "--epc-format", "digital-link", str(shipment_file), "-o", str(target)
    )
    assert ran.code == 0
    assert (ran.one["target"], ran.one["events"], ran.one["bytes"]) == ("xml-1.2", 5, target.stat().st_size)
    assert "NEWER_THAN_1_2" in {each["code"] for each in ran.one["findings"]}
    assert b"<epc>https://id.gs1.org/01/00300111123453/21/A2</epc>" in target.read_bytes()


def test_a_broken_document_leaves_no_file(rxtrail: CommandLine, tmp_path: Path) -> None:
    target = tmp_path / "out.json"
    ran = rxtrail.json("convert", "--to", "json", "-", "-o", str(target), stdin=XML[:-40])
    assert ran.code == 1
    assert ran.one["error"]["code"] == "not-well-formed"
    assert not target.exists()


def test_a_query_is_not_convertible(rxtrail: CommandLine) -> None:
    poll = b"""<q:EPCISQueryDocument xmlns:q="urn:epcglobal:epcis-query:xsd:1" schemaVersion="1.2"
      creationDate="2026-11-20T10:00:00Z"><EPCISBody><q:Poll><queryName>SimpleEventQuery</queryName><params/></q:Poll>
      </EPCISBody></q:EPCISQueryDocument>"""
    ran = rxtrail("convert", "--to", "json", "-", stdin=poll)
    assert ran.code == 1
    assert "Poll" in ran.err


def test_json_without_a_file_is_a_wrong_use(rxtrail: CommandLine) -> None:
    assert rxtrail.json("convert", "--to", "json", "-", stdin=XML).code == 2
