"""The boards from the command line, beside a serve and without one."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from rxtrail.boards import NAMES
from tests.web import scene

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import CommandLine


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_record_has_empty_boards(rxtrail: CommandLine, name: str) -> None:
    assert rxtrail("init", "--role", "hub").code == 0
    assert rxtrail.json("board", name).one["rows"] == []
    assert rxtrail("board", name).code == 0
    assert list(csv.DictReader(io.StringIO(rxtrail("board", name, "--csv").out.decode()))) == []


def test_what_was_scanned_and_sent_is_on_the_boards(rxtrail: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "shipment.xml"
    file.write_bytes(scene.shipment("A1"))
    rxtrail("verify", scene.scan("A1"), "--site", scene.PHARMACY)
    rxtrail("capture", str(file))
    rxtrail("verify", scene.scan("A1"), "--site", scene.PHARMACY)
    board = rxtrail.json("board", "false-alarms").one
    assert (board["scans"], board["alarms"], board["overturned"]) == (2, 1, 1)
    [row] = csv.DictReader(io.StringIO(rxtrail("board", "false-alarms", "--csv").out.decode()))
    assert (row["site"], row["overturned"]) == (scene.PHARMACY, "1")
    assert rxtrail.json("board", "suppliers").one["documents"] == 1
    assert rxtrail.json("board", "detection").one["answers"] == {"ok": 1, "stop": 1}
    for name in NAMES:
        assert rxtrail("board", name).out
    assert "ok later" in rxtrail("board", "false-alarms").out.decode()
    assert rxtrail("board", "false-alarms", "--since", "yesterday").code == 2
    assert rxtrail("board", "false-alarms", "--json", "--csv").code == 2
