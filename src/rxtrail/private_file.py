"""Files that only their owner can read: whole or not at all, and on the disk before their name is.

Keys lie in such files. Every room that keeps a secret beside the record writes it here.
"""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from typing import TYPE_CHECKING

from rxtrail.durable import sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Exposed(Exception):
    """Others on this machine may read the file; what it holds is not given."""


def read(path: Path, bytes_max: int) -> bytes | None:
    """Give up to ``bytes_max`` bytes of a file, None when there is none.

    :raises Exposed: others than its owner may read it.
    :raises OSError: it cannot be read, or is a symbolic link.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0))
    except FileNotFoundError:
        return None
    with os.fdopen(handle, "rb") as file:
        if os.name == "posix" and os.fstat(handle).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise Exposed(str(path))
        return file.read(bytes_max)


def write_new(path: Path, content: bytes, *, folder_too: bool = True) -> None:
    """Put a file there unless another process was faster; the folder gets mode 0700, when that is ours to say.

    :raises OSError: it cannot be written.
    """
    with _beside(path, content, folder_too=folder_too) as beside, contextlib.suppress(FileExistsError):
        os.link(beside, path)  # fails where there is one, which rename would not


def replace(path: Path, content: bytes, *, folder_too: bool = True) -> None:
    """Put a file in the place of the one that may be there; the folder gets mode 0700, when that is ours to say.

    :raises OSError: it cannot be written; what was there still is.
    """
    with _beside(path, content, folder_too=folder_too) as beside:
        beside.replace(path)


@contextlib.contextmanager
def _beside(path: Path, content: bytes, *, folder_too: bool) -> Iterator[Path]:
    folder = path.parent
    if folder_too:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)  # also one that an open umask or a hand made
    beside = folder / f".{path.name}.{os.getpid()}.{threading.get_ident()}"
    with contextlib.suppress(FileNotFoundError):
        beside.unlink()  # of a process that died here
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield beside
    finally:
        beside.unlink(missing_ok=True)
    sync_folder(folder)
