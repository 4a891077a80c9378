"""``rxtrail audit`` as a user and as a script: words, JSON and exit codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.auditing.records import behind_its_back
from tests.cli.conftest import document
from tests.cli.test_moving_commands import at

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import CommandLine

pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def kept(rxtrail: CommandLine) -> CommandLine:
    """A record of two packs."""
    assert rxtrail("capture", "-", stdin=document(["A1", "A2"])).code == 0
    return rxtrail


def test_a_whole_record_exits_0_and_a_changed_one_1_with_the_row(kept: CommandLine, tmp_path: Path) -> None:
    told = kept.json("audit").one
    assert (told["whole"], told["faults"]) == (True, [])
    database = next(tmp_path.rglob("rxtrail.sqlite"))
    with behind_its_back(database.parent) as connection:
        connection.execute("UPDATE unit SET made = 77 WHERE serial = (SELECT min(serial) FROM unit)")
    changed = kept.json("audit")
    assert changed.code == 1
    report = changed.one
    [fault] = [fault for fault in report["faults"] if fault.get("table") == "unit"]
    assert (fault["field"], fault["found"], fault["file"]) == ("made", "77", "rxtrail.sqlite")
    assert fault["offset"] > 0


def test_what_was_rebuilt_is_whole(kept: CommandLine, tmp_path: Path) -> None:
    target = tmp_path / "new"
    rebuilt = kept.json("audit", "--rebuild", f"sqlite:///{target}/rxtrail.sqlite").one
    assert rebuilt["packages"] == 2
    assert at(kept, target).json("audit").one["whole"]


def test_rebuilding_and_going_on_make_no_sense_together(kept: CommandLine) -> None:
    assert kept("audit", "--incremental", "--rebuild", "sqlite:///x/y.sqlite").code == 2
