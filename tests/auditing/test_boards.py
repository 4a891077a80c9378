"""The counts of the boards are counted again from the log, as far as they are counted, and compared."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail import boards as room
from rxtrail.bootstrap import open_node
from rxtrail.bootstrap.auditing import rebuild_store
from rxtrail.bootstrap.moving import restore_store
from rxtrail.cli import exits
from rxtrail.cli.app import run
from rxtrail.record import board_counts
from tests import story
from tests.auditing.records import GOODS, behind_its_back, count_boards, fill, look, named, rows_in
from tests.story import pack

pytestmark = pytest.mark.sqlite_only
Rows = list[tuple[Any, ...]]


def but_how_far(rows: Rows) -> Rows:
    return [row for row in rows if row[0] != "at"]


def counted(folder: Path) -> list[Rows]:
    with open_node(folder) as node:
        count_boards(node)
    return [rows_in(folder, "board"), rows_in(folder, "board_doubt")]


@pytest.mark.parametrize(
    ("statement", "code", "table"),
    [
        ("UPDATE board SET count = count + 1 WHERE board = 'alarm'", "row-changed", "board"),
        ("UPDATE board SET site = 'elsewhere' WHERE board = 'scan'", "row-missing", "board"),
        ("DELETE FROM board WHERE board = 'scan'", "row-missing", "board"),
        ("INSERT INTO board VALUES ('overturned', '2026-01-01', '', 'scanner', 'x', 5)", "row-added", "board"),
        ("DELETE FROM board_doubt", "row-missing", "board_doubt"),
        ("INSERT INTO board_doubt VALUES ('a/b', '2026-01-01', '', 'suspect', 'stolen')", "row-added", "board_doubt"),
        ("UPDATE board SET count = count - 1 WHERE board = 'at'", "row-missing", "board"),
        ("UPDATE board SET count = 1000000 WHERE board = 'at'", "row-missing", "board"),
        ("UPDATE board SET count = -1 WHERE board = 'at'", "row-added", "board"),
        ("UPDATE board SET count = 'many' WHERE board = 'at'", "row-missing", "board"),
        ("UPDATE board SET site = 'other' WHERE board = 'at'", "row-missing", "board"),
        ("DELETE FROM board WHERE board = 'at'", "row-added", "board"),
        ("INSERT INTO board VALUES ('at', 'x', '', '', '', 3)", "row-added", "board"),
    ],
)
@pytest.mark.parametrize("incremental", [False, True])
def test_a_count_that_was_changed_taken_away_or_added_is_found_and_made_anew(
    record: Path, tmp_path: Path, statement: str, code: str, table: str, incremental: bool
) -> None:
    if incremental:
        assert look(record, incremental=True).whole
    right = counted(Path(shutil.copytree(record, tmp_path / "right")))
    right[0] = but_how_far(right[0])
    with behind_its_back(record) as connection:
        assert connection.execute(statement).rowcount
    report = look(record, incremental=incremental)
    assert code in {fault.code for fault in named(report, table)}, report.faults
    rebuild_store(record, None, f"sqlite:///{tmp_path}/new/rxtrail.sqlite", progress=lambda *_: None)
    made = look(tmp_path / "new")
    assert (made.faults, made.whole, made.boards) == ([], True, look(record).log_size)
    assert [but_how_far(rows_in(tmp_path / "new", "board")), rows_in(tmp_path / "new", "board_doubt")] == right


def test_boards_that_are_counted_less_far_than_the_log_goes_are_compared_up_to_there(record: Path) -> None:
    report = look(record, incremental=True)
    assert report.whole
    assert 0 < report.boards < report.log_size
    with open_node(record) as node:
        node.verify("nonsense", site="")
        count_boards(node)
    again = look(record, incremental=True)
    assert (again.faults, again.since) == ([], report.log_size)
    assert report.log_size < again.boards <= again.log_size
    with behind_its_back(record) as connection:
        connection.execute("DELETE FROM board")
        connection.execute("DELETE FROM board_doubt")
    for incremental in (True, False):
        empty = look(record, incremental=incremental)
        assert (empty.faults, empty.boards) == ([], 0), "nothing is counted, so nothing is wrong"
    counted(record)
    assert look(record, incremental=True).boards >= again.boards


def test_what_another_version_has_counted_is_not_accused_and_is_counted_anew(
    record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = counted(Path(shutil.copytree(record, record.parent / "right")))
    with behind_its_back(record) as connection:  # as the versions wrote it that had one way of counting only
        connection.execute("UPDATE board SET site = '', detail = '' WHERE board = 'at'")
        connection.execute("DELETE FROM board_doubt")
        connection.execute("UPDATE board SET count = count + 1 WHERE board = 'alarm'")
    report = look(record)
    assert (report.faults, report.whole, report.boards) == ([], True, 0)
    assert any("another version has counted them" in words for words in report.left_out)
    assert counted(record) == right
    with monkeypatch.context() as later:
        for module in (board_counts, room):
            later.setattr(module, "COUNTED_AS", "of a later version")
        counted(record)
        assert len(rows_in(record, "board")) == len(right[0])
    report = look(record)
    assert (report.faults, report.whole, report.boards) == ([], True, 0)
    assert counted(record) == right


@given(stretch=st.integers(1, 60))
def test_what_is_counted_does_not_depend_on_when_it_is_counted(
    filled: Path, tmp_path_factory: pytest.TempPathFactory, stretch: int
) -> None:
    folder = Path(shutil.copytree(filled, tmp_path_factory.mktemp("stretch") / "data"))
    at_once = counted(Path(shutil.copytree(filled, folder.parent / "once")))
    with behind_its_back(folder) as connection:
        connection.execute("DELETE FROM board WHERE board = 'at'")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "STRETCH", stretch)
        assert counted(folder) == at_once
    shutil.rmtree(folder.parent)


def test_an_audit_over_keys_that_were_destroyed_still_vouches_for_what_was_counted_before(tmp_path: Path) -> None:
    data = tmp_path / "data"
    fill(data, encrypt=True)
    told = ["--reason", "Contract ended.", "--by", "A. Kim", "--yes", "--data", str(data), "--json"]
    assert run(["keys", "shred", "--tenant", "0", *told]) == exits.FINE
    before = rows_in(data, "board")
    with story.scene(data) as scene:
        scene.verify(pack("NEW"))
        scene.verify(GOODS[1])
    report = look(data)
    assert (report.faults, report.whole) == ([], True), "counted before the key was destroyed"
    assert sum(row[5] for row in counted(data)[0]) > sum(row[5] for row in before)
    report = look(data)
    assert (report.faults, report.whole, report.boards) == ([], True, report.log_size)
    restored = tmp_path / "restored"
    assert run(["backup", str(tmp_path / "b"), "--data", str(data)]) == exits.FINE
    shutil.copytree(data / "keys", restored / "keys")
    restore_store(restored, None, tmp_path / "b", accept_loss=False, progress=lambda *_: None)
    report = look(restored)
    assert (report.faults, report.whole, report.boards) == ([], True, report.log_size)
    with behind_its_back(restored) as connection:
        connection.execute("UPDATE board SET count = count + 1 WHERE board = 'alarm'")
    assert named(look(restored), "board")
