"""Moving, backing up and restoring between the stores that URLs name."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from rxtrail import clock, moving
from rxtrail.bootstrap.engines import is_server, open_engine, store_name, store_path
from rxtrail.errors import BadRequest, RxtrailError
from rxtrail.moving import Copied, LogPosition, Loss
from rxtrail.record.times import iso

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rxtrail.moving.filling import Progress
    from rxtrail.store import Store

_NOWHERE = Path()  # where no data folder is asked for: both stores are named in full


class Arrived(msgspec.Struct, frozen=True, gc=False):
    """A record that was moved or restored: where it is now, and what it holds."""

    store: str
    packages: int
    copied: Copied
    accepted: list[Loss] = []


def move_store(source_url: str, target_url: str, *, progress: Progress) -> Arrived:
    """Move a record to an empty store; called again it goes on where it was broken off.

    :raises BadRequest: the two are the same, share a folder, or the target is not empty.
    :raises Busy: another process works on one of them.
    """
    here, there = (_named(url) for url in (source_url, target_url))
    if here == there:
        raise BadRequest("a record cannot be moved onto itself", place="TO", advice="Give another store.")
    files = [store_path(_NOWHERE, url) for url in (source_url, target_url) if not is_server(url)]
    if len(files) == 2 and files[0].absolute().parent == files[1].absolute().parent:
        raise BadRequest("two stores share a folder", place="TO", advice="Give the new file a folder of its own.")
    with _opened(source_url, create=False) as source, _opened(target_url, create=True) as target:
        with _told(source, target), contextlib.closing(target.copying()) as filled:
            copied = moving.move(source.copying(), filled, to=there, progress=progress)
        return Arrived(there, _packages(target), copied)


def restore_store(data: Path, store_url: str | None, path: Path, *, accept_loss: bool, progress: Progress) -> Arrived:
    """Fill an empty store from a backup file; called again it goes on where it was broken off.

    :raises BadBackup: the file is not whole; nothing was written.
    :raises StoreSetBack: this data folder has seen more of this log than the backup has, and nobody accepted that.
    :raises BadRequest: the store is not empty.
    """
    name = store_name(data, store_url)
    with moving.BackupFile(path) as file:
        file.check(progress)
        with _opened(store_url, create=True, data=data) as store, contextlib.closing(store.copying()) as filled:
            with _told(store):
                moving.check_fillable(file, filled)
            folder = data if is_server(store_url) else store_path(data, store_url).parent
            seen = LogPosition(folder, name)
            now = moving.position_of(file, name)
            doubt = seen.doubt_of(now, lambda position: moving.id_in(file, position))
            if doubt is not None and not accept_loss:
                raise doubt
            with _told(store):
                copied = moving.restore(file, filled, progress=progress)
            if doubt is not None:
                accepted = seen.accept(now, iso(clock.now_us()))
            else:
                accepted = []
                seen.note_position(now)
            return Arrived(name, _packages(store), copied, accepted)


def accept_loss(data: Path, store_url: str | None) -> list[Loss]:
    """Take the log of a store as it is for the whole one; give what is lost by that.

    :raises Busy: another process works on the store.
    """
    with _opened(store_url, create=False, data=data) as store:
        folder = data if is_server(store_url) else store_path(data, store_url).parent
        seen = LogPosition(folder, store_name(data, store_url))
        reader = store.reader()
        try:
            with _told(store):
                doubt = seen.doubt(reader)
                return [] if doubt is None else seen.accept(seen.of(reader), iso(clock.now_us()))
        finally:
            reader.close()


def check_backup(path: Path, *, progress: Progress) -> moving.Manifest:
    """Prove a backup file whole and unchanged.

    :raises BadBackup: it is not.
    """
    with moving.BackupFile(path) as file:
        file.check(progress)
        return file.manifest


@contextlib.contextmanager
def _opened(store_url: str | None, *, create: bool, data: Path | None = None) -> Iterator[Store]:
    """Open a store for writing, beside no other writer of it where there can be only one."""
    folder = data if data is not None else _NOWHERE
    _, store, _, let_go = open_engine(folder, store_url=store_url, write=True, create=create)
    try:
        yield store
    finally:
        store.close()
        let_go()


@contextlib.contextmanager
def _told(*stores: Store) -> Iterator[None]:
    """Have an error of an engine's driver told as the store's own failure."""
    try:
        yield
    except RxtrailError:
        raise
    except Exception as error:
        for store in stores:
            failure = store.failure(error)
            if failure is not None:
                raise failure from error
        raise


def _named(url: str) -> str:
    if not url:
        raise BadRequest("a store has no name", place="store", advice="Give sqlite:///PATH or postgresql://...")
    return store_name(_NOWHERE, url)


def _packages(store: Store) -> int:
    reader = store.reader()
    try:
        return reader.counts()[0]
    finally:
        reader.close()
