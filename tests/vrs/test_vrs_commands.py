"""``rxtrail vrs`` and ``verify --ask-maker``: two nodes as a person runs them, each with a `serve` or without one."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from rxtrail.bootstrap import open_node
from tests.cli.conftest import CommandLine
from tests.story import GTIN, MAKER, PHARMACY, made, made_unit, pack, packed, shipped, sscc, xml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXPIRY = "2060-09-30"  # these processes look at the real clock
GOOD, UNKNOWN = f"(01){GTIN}(21)S1(17)600930(10)L7", f"(01){GTIN}(21)S9(17)600930(10)L7"
DELIVERY = (
    made(pack("S1"), expiry=EXPIRY),
    made_unit(sscc(1), minute=1),
    packed(sscc(1), pack("S1")),
    shipped(sscc(1)),
)


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A maker's `serve`, by the address of its verification service."""
    data = tmp_path_factory.mktemp("maker")
    with open_node(data) as node:
        node.init("maker", [MAKER.gln])
        node.capture(io.BytesIO(xml(DELIVERY)), name="delivery.xml")
    serve = [sys.executable, "-m", "rxtrail", "serve", "--port", "0", "--json", "--data", str(data)]
    with subprocess.Popen(serve, stdout=subprocess.PIPE) as started:
        assert started.stdout is not None
        try:
            yield json.loads(started.stdout.readline())["url"] + "/vrs"
        finally:
            started.terminate()
            started.wait(20)


@pytest.fixture
def rxtrail(
    tmp_path: Path, maker: str, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> CommandLine:
    """The command line of a pharmacy that has its supplier's file and knows where the maker answers."""
    with open_node(tmp_path) as node:
        node.init("pharmacy", [PHARMACY.gln])
        node.capture(io.BytesIO(xml(DELIVERY)), name="delivery.xml")
    run = CommandLine(tmp_path, capsysbinary, monkeypatch)
    table = f"prefix,url,owner_gln,valid_from\n{MAKER.prefix},{maker},{MAKER.gln},2026-01-01\n"
    assert run.json("vrs", "directory", "import", "-", stdin=table.encode()).one["added"] == 1
    return run


def test_the_maker_is_asked_by_a_command(rxtrail: CommandLine) -> None:
    asked = rxtrail.json("verify", "--ask-maker", GOOD)
    assert (asked.code, asked.one["verdict"], asked.one["reasons"][0]["code"]) == (0, "ok", "verified-by-maker")
    many = rxtrail.json("verify", "--ask-maker", "-", stdin=f"{GOOD}\n{UNKNOWN}\n".encode())
    assert (many.code, [verdict["verdict"] for verdict in many.lines]) == (1, ["ok", "stop"])
    assert many.lines[1]["reasons"][0]["code"] == "unknown-serial"
    exchanges = rxtrail.json("vrs", "exchanges").lines
    assert [(row["serial"], row["verified"]) for row in exchanges] == [("S9", False), ("S1", True), ("S1", True)]
    assert b"No_match_GTIN_Serial" in rxtrail("vrs", "exchanges").out
    plain = rxtrail.json("verify", UNKNOWN)
    assert (plain.code, plain.one["reasons"][0]["code"]) == (3, "no-transaction-data")


def test_a_responder_is_checked_by_a_command(rxtrail: CommandLine, maker: str) -> None:
    found = rxtrail.json("vrs", "check", maker, "--gtin", GTIN)
    assert (found.code, found.one["responder_gln"]) == (0, MAKER.gln)
    assert rxtrail("vrs", "check", maker, "--gtin", "00352601815904").code == 1
    assert rxtrail("vrs", "check", "http://127.0.0.1:9/", "--gtin", GTIN).code == 4
    assert rxtrail("vrs", "check", "http://far.example/", "--gtin", GTIN).code == 2
    assert rxtrail("vrs", "check", maker, "--gtin", GTIN, "--gln", "123").code == 2


def test_the_directory_is_handled_by_commands(rxtrail: CommandLine, tmp_path: Path) -> None:
    order = ("--prefix", MAKER.prefix, "--to", PHARMACY.gln, "--url", "https://b.example", "--from", "2090-01-01")
    assert rxtrail("vrs", "directory", "transfer", *order).code == 0
    assert [row["valid_from"] for row in rxtrail.json("vrs", "directory", "list").lines] == ["2026-01-01", "2090-01-01"]
    assert MAKER.prefix.encode() in rxtrail("vrs", "directory", "list").out
    file = tmp_path / "directory.json"
    assert rxtrail("vrs", "directory", "export", "--format", "json", "-o", str(file)).code == 0
    again = rxtrail.json("vrs", "directory", "import", str(file))
    assert (again.code, again.one["rows"], again.one["changed"]) == (0, 2, 0)
    assert rxtrail("vrs", "directory", "import", "-", stdin=b"url\n").code == 1


def test_settings_are_changed_by_a_command(rxtrail: CommandLine) -> None:
    changed = rxtrail.json("vrs", "settings", "retries=1", "requesters=listed")
    assert (changed.code, changed.one["retries"], changed.one["requesters"]) == (0, 1, "listed")
    assert rxtrail("vrs", "settings", "retries=many").code == 2
    assert rxtrail("vrs", "settings", "retries").code == 2
    assert b"connect_seconds" in rxtrail("vrs", "settings").out
    assert rxtrail.json("vrs", "alerts").lines == []


def test_a_customer_is_named_only_to_a_maker_that_is_asked(rxtrail: CommandLine) -> None:
    assert rxtrail("verify", "--customer", PHARMACY.gln, GOOD).code == 2
