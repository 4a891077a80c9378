"""What audits need once keys were destroyed: the copy of the tables that the audit before has left, kept whole.

It is as worthy as the record itself: without it no later audit can hold the tables against the log. So it is never
written but as a whole, and goes along with backups and moves.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from typing import TYPE_CHECKING, Final

from rxtrail.durable import sync_folder
from rxtrail.errors import BadBackup, StoreFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

AUDIT_FOLDER: Final = "audit"  # in the data folder: how far the last audit came, and the copy that it made
FOLDER: Final = "audit-base"  # what the last audit before keys were destroyed left
BEFORE: Final = ".before"  # the one of before, while another takes its place
MARKER_FILE, COPY_FILE = "marker.json", "copy.sqlite"
_FILES: Final = (MARKER_FILE, COPY_FILE)
PIECE_BYTES: Final = 4 << 20


def keep(folder: Path) -> None:
    """Keep what the incremental audit that has just ended well made.

    It is on disk before this returns, and whenever the power goes there is a whole one, this or the one of before.

    :raises StoreFailed: it cannot be kept.
    """
    try:
        _exchange(folder, lambda beside: shutil.copytree(folder / AUDIT_FOLDER, beside))
    except OSError as error:
        raise _failed(folder, error, "Nothing was destroyed. Make room, then repeat.") from error


def pieces(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Give the files of what is kept, in pieces with their names; none when nothing is.

    Both are opened at once: one that takes their place meanwhile is for the next time.

    :raises StoreFailed: they cannot be read.
    """
    with contextlib.ExitStack() as stack:
        try:
            put_back(folder)
            files = [(name, stack.enter_context((folder / FOLDER / name).open("rb"))) for name in _FILES]
        except FileNotFoundError:
            return
        except OSError as error:
            raise _failed(folder, error, "") from error
        for name, file in files:
            while piece := file.read(PIECE_BYTES):
                yield name, piece


def take(folder: Path, given: Iterable[tuple[str, bytes]]) -> None:
    """Keep what :func:`pieces` gave elsewhere; nothing changes when it gave nothing.

    :raises StoreFailed: it cannot be kept.
    :raises BadBackup: it has other files.
    """
    left = iter(given)
    first = next(left, None)
    if first is None:
        return

    def write(beside: Path) -> None:
        beside.mkdir(mode=0o700)
        for name, piece in (first, *left):
            if name not in _FILES:
                raise BadBackup("the file was altered: what it holds for audits has other files", place=name[:40])
            with (beside / name).open("ab") as file:
                file.write(piece)

    try:
        _exchange(folder, write)
    except OSError as error:
        raise _failed(folder, error, "Make room, then give the same command again.") from error


def put_back(folder: Path) -> None:
    """Have what was kept under its name again, when whoever was about to exchange it was stopped half-way."""
    there, before = folder / FOLDER, folder / (FOLDER + BEFORE)
    if there.exists():
        shutil.rmtree(before, ignore_errors=True)
    elif before.exists():
        before.rename(there)


def _exchange(folder: Path, write: Callable[[Path], object]) -> None:
    beside, there, before = (folder / (FOLDER + end) for end in (".partial", "", BEFORE))
    put_back(folder)
    try:
        shutil.rmtree(beside, ignore_errors=True)
        write(beside)
        for path in beside.iterdir():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        sync_folder(beside)
        if there.exists():
            there.rename(before)
        beside.rename(there)
        sync_folder(folder)
    except OSError:
        put_back(folder)
        raise
    shutil.rmtree(before, ignore_errors=True)


def _failed(folder: Path, error: OSError, advice: str) -> StoreFailed:
    return StoreFailed(
        f"what later audits need could not be kept: {error.strerror}", place=str(folder / FOLDER), advice=advice
    )
