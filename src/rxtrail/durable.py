"""Small files that are whole at every moment, and on the disk before anybody is told so; and who may write them."""

from __future__ import annotations

import errno
import fcntl
import os
from typing import TYPE_CHECKING

from rxtrail.errors import Busy

if TYPE_CHECKING:
    from pathlib import Path


class NoRoom(OSError):
    """There was no room for a new file, and nothing was begun: what was there is as it was, and may be tried again."""


def replace_file(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Put a file there, or in the place of the one that is there; after a power cut it is one or the other.

    One process writes a path at a time. Raises ``NoRoom``, or any other ``OSError``: then nothing is promised, and the
    caller must not go on as if it were; a failed sync is not tried again.
    """
    beside = path.with_name(f".{path.name}.new")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
    except OSError as error:
        raise _no_room(error) from error
    with open(handle, "wb", buffering=0) as file:  # noqa: PTH123 (an open handle)
        try:
            left = memoryview(content)
            while left:
                left = left[file.write(left) :]
        except OSError as error:
            raise _no_room(error) from error
        os.fsync(handle)
    beside.replace(path)
    sync_folder(path.parent)


def _no_room(error: OSError) -> OSError:
    """Give what a failure before anything was replaced is: a full disk, or whatever it was."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return NoRoom(error.errno, error.strerror, error.filename)
    return error


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable: a rename is so only when the folder's entry is."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def hold_file(path: Path, held: str) -> int:
    """Lock a file, made when it is not there, until the handle that this gives is closed.

    Raises ``Busy`` with the words ``held`` when another process has it.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise Busy(held, place=str(path), advice="Stop it, or ask it.") from error
    return handle
