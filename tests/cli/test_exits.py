"""The table of exit codes."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from rxtrail import errors
from rxtrail.cli import app, exits
from rxtrail.core.rules.answer import Answer
from rxtrail.sealing import CannotDecrypt, NotEncrypted, Shredded
from rxtrail.web import refusals

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer.OK, 0),
        (Answer.STOP, 1),
        (Answer.CHECK, 3),
        (Answer.NOT_COVERED, 3),
        (Answer.UNCONFIRMED, 4),
    ],
)
def test_the_exit_code_says_what_the_verdict_says(answer: Answer, code: int) -> None:
    assert exits.of_answer(answer) == code


def test_only_ok_exits_with_0() -> None:
    assert [answer for answer in Answer if exits.of_answer(answer) == 0] == [Answer.OK]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.BadDocument("not-well-formed", "cut off"), 1),
        (errors.Refused("dispensed already"), 1),
        (errors.NotFound("not on record"), 1),
        (errors.BadRequest("no such role"), 2),
        (errors.BadIdentifier("not a GLN"), 2),
        (errors.BadScan("nothing to read"), 3),
        (errors.Busy("held"), 4),
        (errors.StoreFailed("disk broken"), 4),
        (errors.StoreFull("disk full"), 4),
        (errors.StoreLost("no connection"), 4),
        (errors.StoreClosed("moved away"), 4),
        (errors.StoreSetBack("an old copy"), 4),
        (errors.StoreDamaged("not what its log says"), 4),
        (errors.StoreOld("of an earlier version"), 4),
        (CannotDecrypt("the root key is not here"), 4),
        (Shredded("destroyed on purpose"), 4),
        (NotEncrypted("of an older version"), 4),
        (errors.BadBackup("cut off"), 1),
        (errors.CopyDiffers("in table unit"), 1),
        (errors.RxtrailError("of a kind that is not known here"), 1),
        (refusals.Overloaded("too many"), 4),
        (refusals.DeadlinePassed("too slow"), 4),
        (refusals.UploadBroken("cut off"), 4),
    ],
)
def test_each_named_error_has_its_exit_code(error: errors.RxtrailError, code: int) -> None:
    assert exits.of_error(error) == code


def test_a_mistake_of_the_serve_that_answered_is_a_fault_here_too() -> None:
    error = errors.RxtrailError("the server made a mistake")
    error.code = exits.SERVER_FAULT
    assert exits.of_error(error) == 70


def test_every_named_error_is_in_the_table_above() -> None:
    tested = {
        errors.BadDocument, errors.Refused, errors.NotFound, errors.BadRequest,
        errors.BadIdentifier, errors.BadScan, errors.Busy, errors.StoreFailed, errors.StoreFull, errors.RxtrailError,
        errors.StoreLost, errors.StoreClosed, errors.StoreSetBack, errors.LogSetBack, errors.BadBackup,
        errors.CopyDiffers, errors.StoreDamaged, errors.StoreOld,
    }  # fmt: skip
    assert {kind for kind in vars(errors).values() if isinstance(kind, type)} == tested


@pytest.mark.parametrize(("one", "other", "worst"), [(0, 3, 3), (3, 4, 4), (4, 1, 1), (1, 0, 1), (0, 0, 0), (3, 1, 1)])
def test_a_run_over_many_ends_with_the_worst(one: int, other: int, worst: int) -> None:
    assert exits.worse(one, other) == worst


def _broken(monkeypatch: pytest.MonkeyPatch, fault: BaseException) -> None:
    def break_down(*_: object) -> None:
        raise fault

    monkeypatch.setattr(app.LazyGroup, "get_command", break_down)


def test_a_fault_of_ours_is_70_and_leaves_its_traceback_in_a_private_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    _broken(monkeypatch, AssertionError("a parent holds itself"))
    assert app.run(["status"]) == 70
    told = capsys.readouterr()
    assert told.out == ""
    assert "AssertionError: a parent holds itself" in told.err
    [report] = tmp_path.iterdir()
    assert str(report) in told.err
    assert "break_down" in report.read_text()
    assert report.stat().st_mode & 0o077 == 0


def test_a_fault_without_a_disk_to_write_to_is_still_70(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    _broken(monkeypatch, ZeroDivisionError("by zero"))
    assert app.run(["status"]) == 70
    assert "Traceback" in capsys.readouterr().err


def test_ctrl_c_is_130_without_a_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    _broken(monkeypatch, KeyboardInterrupt())
    assert app.run(["status"]) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_a_named_error_tells_what_where_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _broken(monkeypatch, errors.Busy("the record is held", place="/d\x1b[31m", advice="stop the other"))
    assert app.run(["status", "--json"]) == 4
    told = capsys.readouterr()
    assert told.err.splitlines() == ["error: the record is held", "  at: /d\\x1b[31m", "  do: stop the other"]
    assert told.out == (
        '{"error":{"code":"busy","message":"the record is held","place":"/d\\u001b[31m","advice":"stop the other"}}\n'
    )


@pytest.mark.parametrize("arguments", [[], ["genuine"], ["status", "--genuine"], ["scan"], ["scan", ""], ["scan", " "]])
def test_wrong_use_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err


def test_an_empty_data_folder_name_is_wrong_use() -> None:
    assert app.run(["store", "path", "--data", ""]) == 2


def test_a_reader_that_goes_away_ends_the_command_quietly() -> None:
    command = f"yes '(01)00352601815904(21)A1' | head -20000 | {sys.executable} -m rxtrail scan - | head -1"
    ran = subprocess.run(["/bin/bash", "-o", "pipefail", "-c", command], capture_output=True, check=False)
    assert ran.stdout.count(b"\n") == 1
    assert ran.stderr == b""
    assert ran.returncode == exits.OUTPUT_CLOSED
