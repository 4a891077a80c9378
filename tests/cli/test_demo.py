"""The demo: six codes whose verdicts are what their labels say, begun anew each time, and never over a real record."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import PHARMACY, CommandLine
from tests.cli.test_serve import get, started

if TYPE_CHECKING:
    from pathlib import Path

LABELS = ["fine", "recalled", "already-dispensed", "unknown", "off-route", "expired"]
SMALL = ("--packs", "300", "--port", "0", "--no-browser", "--json")


@pytest.mark.slow
def test_the_six_codes_get_the_verdicts_that_their_labels_promise(rxtrail: CommandLine) -> None:
    with started("demo", *SMALL, "--data", str(rxtrail.data), lines=6) as demo:
        assert [line["label"] for line in demo.lines] == LABELS
        verdicts = {
            line["label"]: rxtrail.json("verify", line["code"], "--site", line["site"]).one for line in demo.lines
        }
        assert verdicts["fine"]["verdict"] == "ok"
        assert [label for label in LABELS if verdicts[label]["verdict"] == "ok"] == ["fine"]
        first = {label: verdicts[label]["reasons"][0]["code"] for label in LABELS if label != "fine"}
        assert first["recalled"] == "recalled"
        assert first["already-dispensed"].startswith("already-dispensed")
        assert first["unknown"] == "unknown-serial"
        assert first["off-route"] == "off-route"
        assert first["expired"] == "expired"
        assert demo.stop(signal.SIGINT)[0] == 0


@pytest.mark.slow
def test_a_second_demo_begins_anew_and_another_seed_gives_other_codes(rxtrail: CommandLine) -> None:
    data = ("--data", str(rxtrail.data))
    with started("demo", *SMALL, *data, lines=6) as demo:
        first = demo.lines
        fine = first[0]
        assert rxtrail("dispense", fine["code"], "--site", fine["site"]).code == 0
        demo.stop()
    with started("demo", *SMALL, *data, lines=6) as demo:
        assert demo.lines == first
        assert rxtrail("verify", fine["code"], "--site", fine["site"]).code == 0
        demo.stop()
    with started("demo", *SMALL, "--seed", "2", *data, lines=6) as demo:
        assert not {line["code"] for line in demo.lines} & {line["code"] for line in first}
        demo.stop()


@pytest.mark.slow
def test_a_demo_without_data_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.delenv("RXTRAIL_DATA")
    with started("demo", *SMALL[:-1], lines=13) as demo:
        words = b"".join(demo.said).decode()
        assert all(label in words for label in LABELS)
        url = words.split()[1]
        assert b"<html" in get(url)
        assert len(list(tmp_path.iterdir())) == 1
        assert demo.stop(signal.SIGINT)[0] == 0
    assert list(tmp_path.iterdir()) == []


def test_a_real_record_is_not_played_with(pharmacy: CommandLine) -> None:
    before = pharmacy.json("status").one
    ran = pharmacy("demo", *SMALL)
    assert ran.code == 2
    assert "not only a demo" in ran.err
    assert pharmacy.json("status").one == before


def test_a_demo_folder_that_became_a_real_record_is_not_begun_anew(pharmacy: CommandLine) -> None:
    (pharmacy.data / "demo.json").write_text(json.dumps({"gln": PHARMACY, "documents": 99}))
    assert pharmacy("demo", *SMALL).code == 2  # it is a pharmacy's now
    pharmacy("init", "--role", "hub", "--gln", PHARMACY)
    (pharmacy.data / "demo.json").write_text(json.dumps({"gln": PHARMACY, "documents": 0}))
    assert pharmacy("demo", *SMALL).code == 2  # it holds a document that is not the demo's
    assert pharmacy.json("status").one["packages"] == 3


@pytest.mark.parametrize(("answer", "code"), [(b"n\n", 2), (b"\n", 2)])
def test_at_a_terminal_it_asks_first_and_no_is_the_default(pharmacy: CommandLine, answer: bytes, code: int) -> None:
    outer, inner = pty.openpty()
    os.write(outer, answer)
    command = [sys.executable, "-m", "rxtrail", "demo", "--packs", "300", "--port", "0", "--data", str(pharmacy.data)]
    ran = subprocess.run(command, stdin=inner, capture_output=True, text=True, check=False, timeout=60)
    os.close(inner)
    os.close(outer)
    assert ran.returncode == code
    assert "holds a record" in ran.stderr
    assert pharmacy.json("status").one["packages"] == 3


def test_a_taken_port_is_told_before_the_work(rxtrail: CommandLine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = rxtrail("demo", "--packs", "300", "--port", str(taken.getsockname()[1]))
    assert ran.code == 2
    assert "Another demo may be running" in ran.err
    assert not rxtrail.data.exists()


def test_a_demo_keeps_its_store_in_its_folder(rxtrail: CommandLine) -> None:
    assert rxtrail("demo", "--store", "sqlite:///x.sqlite").code == 2
