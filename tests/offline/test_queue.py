"""The queue: on disk before it is answered, in order, and never emptied by damage."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtrail.errors import Busy
from rxtrail.offline.queue import FILE, BadQueue, Entry, Queue, Settled

if TYPE_CHECKING:
    from pathlib import Path


def entry(number: int, scan: str = "code") -> Entry:
    return Entry(number, "scan", f"k{number}", "2026-11-23T08:20:00Z", scan, "0376543000014")


def test_what_was_added_is_there_after_a_restart_in_its_order(tmp_path: Path) -> None:
    with Queue(tmp_path) as queue:
        for scan in ("one", "two", "three"):
            queue.add(lambda number, scan=scan: entry(number, scan))  # type: ignore[misc]
    with Queue(tmp_path) as queue:
        assert [waiting.scan for waiting in queue.waiting] == ["one", "two", "three"]
        assert queue.add(entry).number == 4


def test_what_was_settled_waits_no_more_but_stays_on_file(tmp_path: Path) -> None:
    with Queue(tmp_path) as queue:
        queue.add(entry)
        queue.add(entry)
        queue.settle(Settled(1, 409, "refused", "Recalled.", "C-ABCDEFGH"))
    with Queue(tmp_path) as queue:
        assert [waiting.number for waiting in queue.waiting] == [2]
        assert [kept.number for kept in queue.entries] == [1, 2]
        assert queue.settled == [Settled(1, 409, "refused", "Recalled.", "C-ABCDEFGH")]
        assert queue.add(entry).number == 3


@pytest.mark.parametrize("cut", range(1, 40, 7))
def test_a_line_that_a_power_cut_left_half_is_dropped_and_the_rest_kept(tmp_path: Path, cut: int) -> None:
    with Queue(tmp_path) as queue:
        queue.add(entry)
        queue.add(entry)
    path = tmp_path / FILE
    path.write_bytes(path.read_bytes()[:-cut])
    with Queue(tmp_path) as queue:
        assert [waiting.number for waiting in queue.waiting] == [1]
        queue.add(entry)
    with Queue(tmp_path) as queue:
        assert [waiting.number for waiting in queue.waiting] == [1, 2]


def test_damage_in_the_middle_is_told_and_nothing_is_changed(tmp_path: Path) -> None:
    with Queue(tmp_path) as queue:
        queue.add(entry)
        queue.add(entry)
    path = tmp_path / FILE
    content = b"rubbish\n" + path.read_bytes()
    path.write_bytes(content)
    with pytest.raises(BadQueue, match="cannot be read"):
        Queue(tmp_path)
    assert path.read_bytes() == content


def test_two_processes_never_hold_one_queue(tmp_path: Path) -> None:
    with Queue(tmp_path), pytest.raises(Busy):
        Queue(tmp_path)


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    with Queue(tmp_path / "station") as queue:
        queue.add(entry)
    assert (tmp_path / "station" / FILE).stat().st_mode & 0o077 == 0


def test_nothing_is_answered_before_it_is_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    real = os.fsync

    def noted(handle: int) -> None:
        real(handle)
        synced.append(os.fstat(handle).st_size)

    monkeypatch.setattr(os, "fsync", noted)
    with Queue(tmp_path) as queue:
        queue.add(entry)
        assert synced[-1] == (tmp_path / FILE).stat().st_size


def test_a_full_disk_is_told_and_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Queue(tmp_path) as queue:
        queue.add(entry)
        real = os.write
        monkeypatch.setattr(os, "write", lambda handle, line: real(handle, line[: len(line) // 2]))
        with pytest.raises(OSError, match="full"):
            queue.add(entry)
        monkeypatch.undo()
        assert queue.add(entry).number == 2
    with Queue(tmp_path) as queue:
        assert [waiting.number for waiting in queue.waiting] == [1, 2]


@given(scans=st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"])), max_size=8))
def test_any_text_comes_back_as_it_was_scanned(tmp_path_factory: pytest.TempPathFactory, scans: list[str]) -> None:
    folder = tmp_path_factory.mktemp("queue")
    with Queue(folder) as queue:
        for scan in scans:
            queue.add(lambda number, scan=scan: entry(number, scan))  # type: ignore[misc]
    with Queue(folder) as queue:
        assert [waiting.scan for waiting in queue.waiting] == scans
