"""An output file appears whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rxtrail.cli import sinks
from rxtrail.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def test_a_file_is_written_in_full(tmp_path: Path) -> None:
    target = tmp_path / "packs.csv"
    target.write_bytes(b"old and longer")
    assert sinks.to_file([b"a,b\n", b"1,2\n"], target) == 8
    assert target.read_bytes() == b"a,b\n1,2\n"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("fault", [ZeroDivisionError, KeyboardInterrupt, SystemExit])
def test_an_export_that_breaks_leaves_the_old_file_and_nothing_else(tmp_path: Path, fault: type[BaseException]) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise fault

    target = tmp_path / "packs.csv"
    target.write_bytes(b"old")
    with pytest.raises(fault):
        sinks.to_file(broken(), target)
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="cannot be written") as refused:
        sinks.to_file([b"x"], tmp_path / "missing" / "packs.csv")
    assert refused.value.advice


def test_the_target_may_not_be_a_folder(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(BadRequest):
        sinks.to_file([b"x"], tmp_path / "taken")
    assert [entry.name for entry in tmp_path.iterdir()] == ["taken"]


def test_a_disk_error_in_the_middle_is_told(tmp_path: Path) -> None:
    def full() -> Iterator[bytes]:
        yield b"half"
        raise OSError(28, "No space left on device")

    with pytest.raises(BadRequest, match="No space left"):
        sinks.to_file(full(), tmp_path / "packs.csv")
    assert list(tmp_path.iterdir()) == []
