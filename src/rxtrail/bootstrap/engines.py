"""Which engine a store URL names, where its record lies, and who may write it. The only module that names an engine."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path
from typing import TYPE_CHECKING

from rxtrail.errors import BadRequest, Busy, StoreFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.store import Store

STORE_FILE = "rxtrail.sqlite"
LOCK_FILE = "writer.lock"
SOCKET_FILE = "writer.sock"
SERVERS = ("postgresql://", "postgres://")


def is_server(store_url: str | None) -> bool:
    """Tell whether a URL names a database server, which several processes may write at once."""
    return bool(store_url) and str(store_url).startswith(SERVERS)


def store_path(data: Path, store_url: str | None) -> Path:
    """Give the file of a ``sqlite:///PATH`` URL, or the one inside the data folder.

    :raises BadRequest: the URL names no engine that there is; its words are not repeated, it may hold a password.
    """
    if not store_url:
        return data / STORE_FILE
    scheme, _, path = store_url.partition(":///")
    if scheme != "sqlite" or not path:
        raise BadRequest(
            "this store URL names no engine that there is",
            place="store",
            advice="Give sqlite:///PATH or postgresql://USER@HOST/DATABASE, or leave it out: the file inside DATA.",
        )
    return Path(path)


def store_name(data: Path, store_url: str | None) -> str:
    """Name a store for people and files: the whole path of a file, or a server and database without who logs in.

    :raises BadRequest: the URL cannot be read, or names no engine that there is.
    """
    if is_server(store_url):
        from rxtrail.store.postgres.connect import place_of

        return place_of(str(store_url))
    return f"sqlite:///{store_path(data, store_url).absolute()}"


def holder_socket(data: Path, *, store_url: str | None = None) -> Path | None:
    """Give the socket of the process that holds the writer lock, None when nobody holds it."""
    if is_server(store_url):
        return None
    folder = store_path(data, store_url).parent
    lock = folder / LOCK_FILE
    if not lock.exists():
        return None
    handle = os.open(lock, os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return folder / SOCKET_FILE
    else:
        return None
    finally:
        os.close(handle)


def distribute(store_url: str | None) -> bool:
    """Spread an empty record over the machines of a Citus cluster; False when it is spread already.

    :raises BadRequest: the URL names no server, the server has no Citus, or the record is not empty.
    """
    if not is_server(store_url):
        raise BadRequest(
            "only a record on a database server can be distributed",
            place="store",
            advice="Give --store postgresql://USER@HOST/DATABASE of a Citus coordinator.",
        )
    from rxtrail.store import postgres

    return postgres.distribute(str(store_url))


def open_engine(
    data: Path, *, store_url: str | None, write: bool, create: bool
) -> tuple[Path, Store, bool, Callable[[], None]]:
    """Open the record; give (folder for files, store, whether it may be written, what lets go of it).

    :raises Busy: another process holds the writer lock.
    :raises StoreFailed: there is no store (``create`` is False), or it cannot be opened.
    """
    if is_server(store_url):
        from rxtrail.store import postgres

        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        return data, postgres.open_store(str(store_url), writable=write), write, lambda: None
    return _open_file(store_path(data, store_url), write=write, create=create)


def _open_file(path: Path, *, write: bool, create: bool) -> tuple[Path, Store, bool, Callable[[], None]]:
    from rxtrail.store import sqlite

    folder = path.parent
    if not create and not path.exists():
        raise StoreFailed(f"there is no store in {folder}", advice="Start with: rxtrail init, or rxtrail capture FILE")
    if not write and path.exists():
        return folder, sqlite.open_store(path, writable=False), False, lambda: None
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise Busy(
            "another process holds the writer lock of this data folder", advice="Go through it, or stop it."
        ) from error
    try:
        return folder, sqlite.open_store(path), True, lambda: os.close(handle)
    except BaseException:
        with contextlib.suppress(OSError):
            os.close(handle)
        raise
