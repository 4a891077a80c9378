"""The hub that this node has joined, and the site key for it: one file in DATA/keys that only its owner can read.

The secret stands nowhere else: not in the record, not in a log, and on no command line.
"""

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.keys import FOLDER, KeyFailed

if TYPE_CHECKING:
    from pathlib import Path

FILE: Final = "hub.json"
FILE_BYTES_MAX: Final = 16 * 1024


class HubKey(msgspec.Struct, frozen=True, gc=False):
    """Where the hub is, what this node shows it, for which of its GLNs, and the verifier key of that hub."""

    url: str
    secret: str
    site: str
    hub_key: str

    def __repr__(self) -> str:
        """Give all but the secret."""
        return f"HubKey({self.url}, {self.site})"


def load(data: Path) -> HubKey | None:
    """Read the file; None when there is none.

    :raises KeyFailed: others may read it, or it is damaged.
    """
    path = data / FOLDER / FILE
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _failed(path, f"cannot be read: {error.strerror}") from error
    with os.fdopen(handle, "rb") as file:
        if os.name == "posix" and os.fstat(handle).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise KeyFailed(
                "others on this machine may read the key for the hub",
                place=str(path),
                advice=f"chmod 600 {path}, have the hub rotate the key, and join again.",
            )
        content = file.read(FILE_BYTES_MAX)
    try:
        return msgspec.json.decode(content, type=HubKey)
    except msgspec.DecodeError as wrong:
        raise _failed(path, "is damaged") from wrong


def save(data: Path, hub: HubKey) -> None:
    """Write the file, whole or not at all; raises ``KeyFailed``."""
    folder = data / FOLDER
    path = folder / FILE
    beside = folder / f".{FILE}.{os.getpid()}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        with contextlib.suppress(FileNotFoundError):
            beside.unlink()  # of a process that died here
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(hub))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise _failed(path, f"cannot be written: {error.strerror}") from error


def forget(data: Path) -> bool:
    """Delete the file; tell whether there was one."""
    path = data / FOLDER / FILE
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _failed(path, f"cannot be deleted: {error.strerror}") from error
    return True


def _failed(path: Path, why: str) -> KeyFailed:
    return KeyFailed(f"the key for the hub {why}", place=str(path), advice="Join the hub again: rxtrail join URL")
