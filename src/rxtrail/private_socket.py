"""Sockets inside a data folder: only their owner reaches them, and their address fits where the system keeps it."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import struct
import sys
from typing import TYPE_CHECKING, Final

from rxtrail import errors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def expect_private(path: Path, found: os.stat_result, us: int) -> None:
    """Raise ``BadRequest`` unless only we or root can write here: who can, could pose as the writer."""
    if found.st_uid not in (us, 0) and us != 0:
        raise errors.BadRequest(
            f"{path} belongs to another user.", place=str(path), advice="Use a --data folder of your own."
        )
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise errors.BadRequest(f"Others may write into {path}.", place=str(path), advice=f"chmod go-w {path}")


_ADDRESS_BYTES_MAX: Final = 100  # sun_path holds 104 on macOS and 108 on Linux


@contextlib.contextmanager
def short_address(path: Path) -> Iterator[str]:
    """An address for the socket that fits where the system keeps it; raises ``BadRequest`` when none does."""
    if len(os.fsencode(path)) <= _ADDRESS_BYTES_MAX:
        yield str(path)
        return
    if not sys.platform.startswith("linux"):
        raise errors.BadRequest(
            "The path of the data folder is too long for a socket in it.",
            place=str(path),
            advice=f"Use a --data folder whose path has fewer than {_ADDRESS_BYTES_MAX - 12} characters.",
        )
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def listen_private(path: Path, *, backlog: int, mode: int = 0o600) -> socket.socket:
    """Listen at a path; whoever calls this holds the lock of the folder, so what stands there is a dead socket.

    Raises ``BadRequest`` when others may write into the folder, or something else than a socket is there.
    """
    expect_private(path.parent, path.parent.stat(), os.geteuid())
    with contextlib.suppress(FileNotFoundError):
        # Left by a process that was killed: whoever holds the lock may take its place.
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise errors.BadRequest(
                f"{path} is not a socket.",
                place=str(path),
                advice="Move it away: a socket belongs there.",
            )
        path.unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with short_address(path) as address:
            listener.bind(address)
        path.chmod(mode)  # nobody can connect before listen
        listener.listen(backlog)
    except BaseException:
        listener.close()
        raise
    return listener


def peer_user(connection: socket.socket) -> int | None:
    """Tell the user who is at the other end of a socket; None where the system does not say."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return None
    _, user, _ = _CREDENTIALS.unpack(connection.getsockopt(socket.SOL_SOCKET, option, _CREDENTIALS.size))
    return int(user)


def user_number(name: str, *, place: str) -> int:
    """Give the number of a user of this machine, by name or number; raises ``BadRequest`` with the place."""
    if name.isdigit():
        return int(name)
    import pwd  # noqa: PLC0415 (not on every platform)

    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError as missing:
        raise errors.BadRequest(f"there is no user {name!r}", place=place) from missing


_CREDENTIALS: Final = struct.Struct("3i")  # process, user, group: struct ucred of Linux
