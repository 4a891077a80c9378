"""Which engine a store URL names, where its record lies, and who may write it. The only module that names an engine."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rxtrail import clock
from rxtrail.bootstrap.seen_encrypted import SeenEncrypted
from rxtrail.config import root_key_file
from rxtrail.errors import BadRequest, Busy, StoreFailed
from rxtrail.sealing import Keeper, NotEncrypted, Sealer
from rxtrail.store.copying import UNENCRYPTED, UNENCRYPTED_VALUE

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


def folder_of(data: Path, store_url: str | None) -> Path:
    """Give the folder of what lies beside a store, such as its keys: that of the file, or DATA beside a server."""
    return data if is_server(store_url) else store_path(data, store_url).parent


def keeper_of(data: Path, store_url: str | None) -> Keeper:
    """Give what keeps the root key of a store."""
    return keeper_in(folder_of(data, store_url))


def seen_encrypted(data: Path, store_url: str | None) -> SeenEncrypted:
    """Tell whether this machine has written a store encrypted."""
    if is_server(store_url):
        return SeenEncrypted(data, store_name(data, store_url))
    path = store_path(data, store_url)
    return SeenEncrypted(path.parent, path.name)


def keeper_in(folder: Path) -> Keeper:
    """Give what keeps the root key of the store whose files lie in a folder."""
    return Keeper(folder, random_bytes=clock.random_bytes, elsewhere=root_key_file())


class How(NamedTuple):
    """How a store is opened."""

    write: bool
    encrypt: bool = True  # False: one that is new, or not encrypted, shall not be
    as_it_is: bool = False  # to be copied: also one that is not encrypted, and one whose keys are not here
    judged: bool = False  # to be audited: also one that says that it is not encrypted, and was


def open_engine(
    data: Path, *, store_url: str | None, how: How, create: bool, keeper: Keeper | None = None
) -> tuple[Path, Store, bool, Callable[[], None]]:
    """Open the record; give (folder for files, store, whether it may be written, what lets go of it).

    ``keeper`` keeps the root key when the store's own folder does not.

    :raises Busy: another process holds the writer lock.
    :raises StoreFailed: there is no store (``create`` is False), or it cannot be opened.
    :raises CannotDecrypt: its root key is not here.
    :raises NotEncrypted: it is not encrypted, and nobody has said that it shall not be.
    """
    keeper = keeper or keeper_of(data, store_url)
    sealer = Sealer(keeper, seals=True, random_bytes=clock.random_bytes, now_us=clock.now_us)
    if is_server(store_url):
        from rxtrail.store import postgres

        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        seen = seen_encrypted(data, store_url)
        store = postgres.open_store(str(store_url), writable=how.write, sealer=sealer)
        return data, _admitted(store, how, seen), how.write, lambda: None
    path = store_path(data, store_url)
    folder = path.parent
    if not create and not path.exists():
        raise StoreFailed(f"there is no store in {folder}", advice="Start with: rxtrail init, or rxtrail capture FILE")
    if not how.write and path.exists():
        return folder, _open_file(path, keeper, sealer, how), False, lambda: None
    handle = _locked(folder)
    try:
        return folder, _open_file(path, keeper, sealer, how._replace(write=True)), True, lambda: os.close(handle)
    except BaseException:
        with contextlib.suppress(OSError):
            os.close(handle)
        raise


def _locked(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise Busy(
            "another process holds the writer lock of this data folder", advice="Go through it, or stop it."
        ) from error
    return handle


def _open_file(path: Path, keeper: Keeper, sealer: Sealer, how: How) -> Store:
    from rxtrail.store import sqlite

    named = sqlite.root_of(path)
    root = None
    if named is None:
        root = keeper.root(create=True) if how.encrypt and how.write else None
    elif named != sqlite.PLAIN:
        root = keeper.root(wanted=named)
    seen = SeenEncrypted(path.parent, path.name)
    if named == sqlite.PLAIN and seen.here and how.encrypt and not how.judged:
        raise seen.refused(is_file=True)
    store = sqlite.open_store(path, writable=how.write, root=root, sealer=sealer)
    return _admitted(store, how, seen, plain=path if root is None else None)


def _admitted(store: Store, how: How, seen: SeenEncrypted, plain: Path | None = None) -> Store:
    """See that a store is encrypted or shall not be, and that its keys are here; ``plain`` is a file that is not."""
    try:
        reader = store.reader()
        try:
            unencrypted = UNENCRYPTED in reader.settings()
            if seen.here and not how.encrypt and not reader.log_size():
                seen.forget()
            says = unencrypted or plain is not None or (not how.encrypt and not reader.data_keys())
            if seen.here and says and not how.judged:
                raise seen.refused(is_file=not store.shared)
            if not how.encrypt and not unencrypted:
                if reader.data_keys() or not (plain or store.shared):
                    raise BadRequest(
                        "this store is encrypted already",
                        place="store",
                        advice="Make a new one with --no-encryption, then use: rxtrail move-store FROM TO",
                    )
                store.begin().set_settings({UNENCRYPTED: UNENCRYPTED_VALUE})
                store.commit()
                unencrypted = True
            if plain and not unencrypted and not how.as_it_is:
                raise NotEncrypted(
                    "this record was made by a version that did not encrypt",
                    place=str(plain),
                    advice="Move it to a new store, which is encrypted: rxtrail move-store OLD NEW. Or "
                    "say once that it shall stay as it is: rxtrail store init --no-encryption",
                )
            store.sealer.seals = not unencrypted or seen.here
            if store.sealer.seals and how.write and plain is None:
                seen.note()
            if how.write and not how.as_it_is:
                store.sealer.admit(reader)
        finally:
            reader.close()
    except BaseException:
        store.close()
        raise
    return store
