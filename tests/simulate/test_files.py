from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
from typing import TYPE_CHECKING

import msgspec
import pytest

from rxtrail import simulate
from rxtrail.core.gs1 import check_digit

if TYPE_CHECKING:
    from pathlib import Path

TODAY = dt.date(2026, 11, 23)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("simulated")
    simulate.write(out, simulate.world(3, 300, TODAY))
    return out


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_folder_holds_documents_scans_truth_and_partners(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {
        "documents",
        "scans.jsonl",
        "truth.jsonl",
        "partners.csv",
    }


def test_what_was_written_is_counted(folder: Path, tmp_path: Path) -> None:
    written = simulate.write(tmp_path, simulate.world(3, 300, TODAY))
    assert written.packages == 300
    assert written.documents == len(list((folder / "documents").iterdir()))
    assert written.scans == len((folder / "scans.jsonl").read_text().splitlines())
    events = sum(path.read_text().count("<eventTime>") for path in (folder / "documents").iterdir())
    assert written.events == events


def test_the_same_seed_writes_the_same_folder(folder: Path, tmp_path: Path) -> None:
    simulate.write(tmp_path, simulate.world(3, 300, TODAY))
    assert digests(tmp_path) == digests(folder)


def test_every_scan_has_its_truth_and_every_truth_is_honest(folder: Path) -> None:
    scans = [msgspec.json.decode(line) for line in (folder / "scans.jsonl").read_bytes().splitlines()]
    truth = [msgspec.json.decode(line) for line in (folder / "truth.jsonl").read_bytes().splitlines()]
    assert [scan["id"] for scan in scans] == [line["id"] for line in truth]
    assert set(scans[0]) == {"id", "at", "site", "purpose", "scan"}
    assert all(line == {"id": line["id"], "attack": "", "cloned": False} for line in truth)


def test_the_partner_table_lists_every_firm_with_all_its_glns() -> None:
    world = simulate.world(3, 300, TODAY)
    rows = list(csv.DictReader(io.StringIO(simulate.partners_csv(world).decode(), newline="")))
    assert list(rows[0]) == ["name", "gln", "role", "relation", "status", "valid_until"]
    assert {row["role"] for row in rows} == {"maker", "wholesaler", "pharmacy"}
    listed = {gln for row in rows for gln in row["gln"].split("|")}
    assert all(check_digit.is_valid(gln) for gln in listed)
    for party in (*world.makers, *world.wholesalers, *world.pharmacies):
        assert {party.gln, party.site_gln} <= listed
    assert all(row["valid_until"] > TODAY.isoformat() for row in rows)
