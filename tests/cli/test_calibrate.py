"""``rxtrail calibrate`` and ``rxtrail label``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from rxtrail.core.gs1.keyboard_profile import CALIBRATION_TEXT
from rxtrail.core.gs1.keyboard_tables import typed
from tests import pictures

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import CommandLine

SYMBOL = "]d2" + CALIBRATION_TEXT
FRENCH = (typed(SYMBOL, host="fr(azerty)") + "\r\n").encode()
PACK = ("--gtin", "00352601815904", "--serial", "A1", "--lot", "QD1DQ", "--expiry", "270930")


def test_the_symbol_is_written_and_can_be_scanned(rxtrail: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "symbol.png"
    assert rxtrail("calibrate", "--symbol", str(file)).code == 0
    assert pictures.read(file.read_bytes()) == [("]d2", CALIBRATION_TEXT)]
    assert rxtrail("calibrate", "--symbol", str(tmp_path / "symbol.doc")).code == 2


def test_a_scan_tells_what_to_set(rxtrail: CommandLine) -> None:
    ran = rxtrail("calibrate", "-", stdin=FRENCH)
    assert ran.code == 0
    assert "French" in ran.out.decode()
    lost = rxtrail.json("calibrate", "-", stdin=FRENCH.replace(b"\x1d", b""))
    assert (lost.code, lost.one["outcome"]) == (3, "partly")
    wrong = rxtrail("calibrate", "]d20100352601815904")
    assert (wrong.code, b"not the symbol" in wrong.out) == (1, True)


def test_a_scan_without_its_last_key_is_told(rxtrail: CommandLine) -> None:
    told = rxtrail.json("calibrate", "-", stdin=FRENCH.strip()).one
    assert [advice["code"] for advice in told["advice"]] == ["no-ending-key", "layouts-differ"]
    given = rxtrail.json("calibrate", FRENCH.decode().strip()).one
    assert [advice["code"] for advice in given["advice"]] == ["layouts-differ"]


def test_a_station_is_kept_and_verify_reads_by_it(rxtrail: CommandLine) -> None:
    rxtrail("init", "--role", "hub")
    assert rxtrail("calibrate", "--station", "Counter 1", "-", stdin=FRENCH).code == 0
    arrived = typed("]d2010035260181590421A1\x1d1727093010QD1DQ", host="fr(azerty)")
    told = rxtrail.json("verify", "--station", "Counter 1", arrived).one
    assert (told["pack"]["serial"], told["scan"]["raw"]) == ("A1", arrived)
    assert told["scan"]["repairs"][0] == "station-profile:Counter 1"
    [line] = rxtrail.json("verify", "--station", "Counter 1", "-", stdin=arrived.encode() + b"\n").lines
    assert line["scan"] == told["scan"]
    assert [station["name"] for station in rxtrail.json("calibrate", "--list").lines] == ["Counter 1"]
    assert "Counter 1" in rxtrail("calibrate", "--list").out.decode()
    assert rxtrail("calibrate", "--remove", "Counter 1").code == 0
    assert rxtrail("calibrate", "--remove", "Counter 1").code == 1
    assert rxtrail("calibrate", "--list").out == b""


@pytest.mark.parametrize("arguments", [(), ("--station", "C1")])
def test_calibrate_says_what_it_needs(rxtrail: CommandLine, arguments: tuple[str, ...]) -> None:
    assert rxtrail("calibrate", *arguments).code == 2


@pytest.mark.parametrize("form", ["svg", "png", "pdf", "zpl"])
def test_a_label_is_written_in_the_format_of_its_name(rxtrail: CommandLine, tmp_path: Path, form: str) -> None:
    file = tmp_path / f"pack.{form}"
    told = rxtrail.json("label", *PACK, "-o", str(file))
    assert told.code == 0, told.err
    begins = {"svg": b"<svg", "png": b"\x89PNG", "pdf": b"%PDF", "zpl": b"^XA"}
    assert file.read_bytes().startswith(begins[form])
    assert told.one["bytes"] == file.stat().st_size


def test_a_label_goes_to_stdout_without_a_file(rxtrail: CommandLine) -> None:
    ran = rxtrail("label", "--sscc", "003011610012270529", "--format", "png")
    assert pictures.read(ran.out) == [("]C1", "00003011610012270529")]
    assert rxtrail.json("label", *PACK).code == 2


def test_a_label_that_would_be_wrong_is_refused_with_the_reason(rxtrail: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "pack.svg"
    ran = rxtrail("label", *PACK[:-1], "271399", "-o", str(file), "--json")
    assert ran.code == 2
    assert json.loads(ran.out)["error"]["place"] == "expiry"
    assert not file.exists()


@pytest.mark.parametrize("arguments", [PACK[:4], (*PACK, "--sscc", "003011610012270529"), ()])
def test_a_label_says_what_it_needs(rxtrail: CommandLine, arguments: tuple[str, ...]) -> None:
    assert rxtrail("label", *arguments).code == 2
