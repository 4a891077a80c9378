"""Receipts, site bundles and cases at the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rxtrail.keys import VerifierKey
from rxtrail.offline import read_bundle
from tests.cli.conftest import PACK, PHARMACY, CommandLine, bracketed

if TYPE_CHECKING:
    from pathlib import Path

CODE = bracketed(PACK)


def test_a_receipt_is_given_and_checked(pharmacy: CommandLine) -> None:
    given = pharmacy.json("receipt", CODE, "--site", PHARMACY)
    assert given.code == 0, given.err
    checked = pharmacy.json("receipt", "check", given.one["receipt"])
    assert checked.code == 0, checked.err
    assert checked.one["genuine"] is True
    assert checked.one["verdict"] == "ok"
    assert checked.one["serial"] == PACK[1]
    assert checked.one["site"] == PHARMACY


def test_anybody_checks_a_receipt_with_the_nodes_public_key_alone(pharmacy: CommandLine, tmp_path: Path) -> None:
    receipt = pharmacy.json("receipt", CODE).one["receipt"]
    key = pharmacy.json("receipt", "key").one["key"]
    file, key_file = tmp_path / "receipt.txt", tmp_path / "key.txt"
    file.write_text(receipt + "\n")
    key_file.write_text(key + "\n")
    pharmacy.data = tmp_path / "nothing"
    for given in (key, str(key_file)):
        assert pharmacy.json("receipt", "check", str(file), "--key", given).code == 0
    assert not (tmp_path / "nothing").exists()


def test_a_receipt_of_another_node_is_answered_with_no(pharmacy: CommandLine, tmp_path: Path) -> None:
    receipt = pharmacy.json("receipt", CODE).one["receipt"]
    pharmacy.data = tmp_path / "other"
    other = pharmacy.json("receipt", "key").one["key"]
    checked = pharmacy.json("receipt", "check", receipt, "--key", other)
    assert (checked.code, checked.one["genuine"]) == (1, False)


def test_a_hidden_receipt_knows_its_pack(pharmacy: CommandLine) -> None:
    receipt = pharmacy.json("receipt", CODE, "--hidden").one["receipt"]
    same = pharmacy.json("receipt", "check", receipt, "--pack", CODE)
    assert (same.code, same.one["same_pack"]) == (0, "yes")
    assert "serial" not in same.one
    assert pharmacy.json("receipt", "check", receipt, "--pack", CODE.replace(PACK[1], "B7")).code == 1


@pytest.mark.parametrize(("name", "start"), [("r.svg", b"<?xml"), ("r.PNG", b"\x89PNG")])
def test_a_receipt_is_drawn(pharmacy: CommandLine, tmp_path: Path, name: str, start: bytes) -> None:
    assert pharmacy("receipt", CODE, "--qr", str(tmp_path / name)).code == 0
    assert (tmp_path / name).read_bytes().startswith(start)
    assert pharmacy("receipt", CODE, "--qr", str(tmp_path / "r.gif")).code == 2


def test_a_receipt_of_a_stop_says_stop(pharmacy: CommandLine) -> None:
    code = CODE.replace(PACK[2], "OTHER")
    given = pharmacy.json("receipt", code)
    assert given.code == 1
    assert pharmacy.json("receipt", "check", given.one["receipt"]).one["verdict"] == "stop"


@pytest.mark.parametrize("text", ["hello", "RXR1:AAAA"])
def test_what_is_no_receipt_is_refused(pharmacy: CommandLine, text: str) -> None:
    pharmacy("receipt", "key")
    assert pharmacy("receipt", "check", text).code in (1, 2)


def test_a_node_without_a_key_says_so(rxtrail: CommandLine) -> None:
    assert rxtrail.json("receipt", "check", "RXR1:AAAA").one["error"]["code"] == "key-failed"


def test_a_site_bundle_is_written_whole_and_signed(pharmacy: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "site.rxb"
    ran = pharmacy.json("site-bundle", "--site", PHARMACY, "-o", str(path))
    assert ran.code == 0, ran.err
    assert ran.one["packs"] == 3
    assert ran.one["bytes"] == path.stat().st_size
    bundle = read_bundle(path.read_bytes(), VerifierKey.parse(ran.one["key"]))
    assert bundle.find(PACK[0], PACK[1]) is not None
    assert pharmacy("site-bundle", "--site", "123", "-o", str(path)).code == 2


def test_cases_are_listed_shown_and_closed(pharmacy: CommandLine) -> None:
    assert pharmacy("cases").code == 0
    assert "no open cases" in pharmacy("cases").out.decode()
    assert pharmacy.json("cases", "show", "C-NONE").code == 1
    assert pharmacy("cases", "close", "C-NONE", "--by", "A. Kim").code == 2
    assert pharmacy.json("cases", "close", "C-NONE", "--by", "A. Kim", "--reason", "x").code == 1
