"""Moving, backing up and restoring between the stores that URLs name."""

from __future__ import annotations

import contextlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from rxtrail import clock, keyring, moving
from rxtrail.bootstrap import audit_base
from rxtrail.bootstrap.engines import (
    How,
    folder_of,
    is_server,
    keeper_in,
    keeper_of,
    open_engine,
    store_name,
    store_path,
)
from rxtrail.config import data_folder
from rxtrail.errors import BadRequest, RxtrailError
from rxtrail.ledger.log import Log
from rxtrail.moving import Copied, LogPosition, Loss
from rxtrail.record.times import iso
from rxtrail.sealing import Keeper, KeyRow, Root, moved_tenant, passphrase, stream
from rxtrail.store.rows import RecordKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rxtrail.moving.filling import Progress
    from rxtrail.store import Store

_NOWHERE = Path()  # where no data folder is asked for: both stores are named in full


class Arrived(msgspec.Struct, frozen=True, gc=False):
    """A record that was moved or restored: where it is now, and what it holds."""

    store: str
    packages: int
    copied: Copied
    accepted: list[Loss] = []
    unsealed: int = 0  # blocks and documents that an older version wrote: rxtrail keys reseal


def move_store(
    source_url: str, target_url: str, *, data: Path | None = None, new_root: bool = False, progress: Progress
) -> Arrived:
    """Move a record to an empty store; called again it goes on where it was broken off.

    The root key goes with it: the target's folder is given what the source's has, unless the target shall have a
    ``new_root`` of its own. ``data`` is the folder that keeps the root key of a record on a server; without it that is
    the folder of the file on the other side.

    :raises BadRequest: the two are the same, share a folder, or the target is not empty.
    :raises Busy: another process works on one of them.
    """
    here, there = (_named(url) for url in (source_url, target_url))
    if here == there:
        raise BadRequest("a record cannot be moved onto itself", place="TO", advice="Give another store.")
    files = [store_path(_NOWHERE, url) for url in (source_url, target_url) if not is_server(url)]
    if len(files) == 2 and files[0].absolute().parent == files[1].absolute().parent:
        raise BadRequest("two stores share a folder", place="TO", advice="Give the new file a folder of its own.")
    here_kept, there_kept = _keepers(source_url, target_url, data, new_root=new_root)
    with _opened(source_url, create=False, data=here_kept.folder, keeper=here_kept) as source:
        _see_keys(source)
        rewrap = _roots(here_kept, there_kept, new_root=new_root)
        with _opened(target_url, create=True, data=there_kept.folder, keeper=there_kept) as target:
            with _told(source, target), contextlib.closing(target.copying()) as filled:
                if rewrap is None and not _same_root(here_kept, there_kept):
                    moving.refuse_unless_empty(filled)
                    raise BadRequest(
                        "the target has a root key of its own",
                        place=str(there_kept.path),
                        advice="Give a folder that has no keys yet: the record's go along. Or say --new-root-key.",
                    )
                target.sealer.admits_unsealed = not source.sealer.seals

                def finish() -> None:
                    if rewrap is not None:
                        _note_root(target, there_kept.root())
                    if not source.sealer.seals:
                        _admit_unsealed(target)
                    if rewrap is None and source.sealer.seals and here_kept.folder != there_kept.folder:
                        audit_base.take(there_kept.folder, audit_base.pieces(here_kept.folder))

                target.fills = True
                copied = moving.move(
                    source.copying(), filled, to=there, progress=progress, rewrap=rewrap, finish=finish
                )
            return Arrived(there, _packages(target), copied, unsealed=_unsealed(target))


def _roots(here: Keeper, there: Keeper, *, new_root: bool) -> Callable[[KeyRow], KeyRow] | None:
    """See to the target's root key; give how keys are wrapped under it when it is another one than the record's.

    :raises BadRequest: there can be no other one: both are kept in the same place.
    """
    if here.path == there.path:
        if new_root:
            raise BadRequest(
                "both stores keep their root key in the same file",
                place=str(here.path),
                advice="Give --data another folder, which keeps the key of the new store.",
            )
        return None
    kept = here.file()
    if new_root and kept is not None:
        return partial(moved_tenant, here.root(), there.root(create=True))
    if kept is not None and there.file() is None:
        there.adopt(kept)
    return None


def _same_root(here: Keeper, there: Keeper) -> bool:
    one, other = here.file(), there.file()
    return one is None or other is None or one.id == other.id


def _note_root(target: Store, root: Root) -> None:
    """Have the log tell under which root key the record lies now."""
    tx = target.begin()
    try:
        log = Log(tx, clock.random_bytes, tx.clock(clock.now_us()))
        tx.set_data_keys([row for row in tx.data_keys() if row.root == root.id and not row.ended_at])
        log.append(RecordKind.DECISION, keyring.decision([log.now, "root-key", root.id, "file", "moved under it", ""]))
        log.flush()
        target.commit()
    except BaseException:
        target.rollback()
        raise


def _admit_unsealed(target: Store) -> None:
    """Have a record with keys, which was not encrypted for a while, read what was written then."""
    target.sealer.admits_unsealed = False
    tx = target.begin()
    try:
        if target.sealer.seals and any(not row.ended_at for row in tx.data_keys()):
            log = Log(tx, clock.random_bytes, tx.clock(clock.now_us()))
            target.sealer.renew(tx, 0, unsealed=True)
            log.append(RecordKind.DECISION, keyring.decision([log.now, "unsealed-until-now", "moved here", ""]))
            log.flush()
        target.commit()
    except BaseException:
        target.rollback()
        raise


def _unsealed(store: Store) -> int:
    if not store.sealer.seals:
        return 0
    reader = store.reader()
    try:
        return reader.sealed_blocks().get(0, 0) + reader.sealed_documents().get(0, 0)
    finally:
        reader.close()


def _see_keys(source: Store) -> None:
    reader = source.reader()
    try:
        source.sealer.admit(reader, create=False)
    finally:
        reader.close()


def _keepers(source_url: str, target_url: str, data: Path | None, *, new_root: bool) -> tuple[Keeper, Keeper]:
    """Give what keeps the root key of each side: a file's own folder, or for a server the one that has a key.

    A ``new_root`` of a record on a server is kept in ``data``, whatever key the old one has elsewhere.
    """
    folders = [None if is_server(url) else store_path(_NOWHERE, url).parent for url in (source_url, target_url)]
    here, there = (
        [folder]
        if folder is not None
        else [*([data] if data else []), *(other for other in folders if other), data_folder(None)]
        for folder in folders
    )
    if new_root and data and folders[1] is None:
        return _first_with_key(here), keeper_in(data)
    return _first_with_key(here), _first_with_key(there)


def _first_with_key(folders: list[Path]) -> Keeper:
    keepers = [keeper_in(folder) for folder in folders]
    return next((keeper for keeper in keepers if keeper.path.exists()), keepers[0])


def restore_store(data: Path, store_url: str | None, path: Path, *, accept_loss: bool, progress: Progress) -> Arrived:
    """Fill an empty store from a backup file; called again it goes on where it was broken off.

    :raises BadBackup: the file is not whole; nothing was written.
    :raises StoreSetBack: this data folder has seen more of this log than the backup has, and nobody accepted that.
    :raises BadRequest: the store is not empty.
    :raises CannotDecrypt: the root key that the backup is sealed under is not here, and not in it.
    """
    name = store_name(data, store_url)
    keeper = keeper_of(data, store_url)
    with moving.BackupFile(path, partial(_root_for, keeper)) as file:
        file.check(progress)
        if file.guarded is not None:
            keeper.adopt(file.guarded)
        with _opened(store_url, create=True, data=data) as store, contextlib.closing(store.copying()) as filled:
            with _told(store):
                moving.check_fillable(file, filled)
            seen = LogPosition(folder_of(data, store_url), name)
            now = moving.position_of(file, name)
            doubt = seen.doubt_of(now, lambda position: moving.id_in(file, position))
            if doubt is not None and not accept_loss:
                raise doubt
            store.sealer.admits_unsealed = not file.sealed
            with _told(store):
                store.fills = True

                def finish() -> None:
                    if file.sealed:
                        audit_base.take(folder_of(data, store_url), file.beside())
                    else:
                        _admit_unsealed(store)

                copied = moving.restore(file, filled, progress=progress, finish=finish)
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
        seen = LogPosition(folder_of(data, store_url), store_name(data, store_url))
        reader = store.reader()
        try:
            with _told(store):
                doubt = seen.doubt(reader)
                return [] if doubt is None else seen.accept(seen.of(reader), iso(clock.now_us()))
        finally:
            reader.close()


def check_backup(data: Path, store_url: str | None, path: Path, *, progress: Progress) -> moving.Manifest:
    """Prove a backup file whole and unchanged, with the root key of this data folder or of the backup itself.

    :raises BadBackup: it is not.
    :raises CannotDecrypt: the root key that it is sealed under is neither here nor in it.
    """
    with moving.BackupFile(path, partial(_root_for, keeper_of(data, store_url))) as file:
        file.check(progress)
        return file.manifest


def _root_for(keeper: Keeper, header: stream.Header) -> Root:
    """Give the root key of a sealed backup: the one here, or the one in it, which a passphrase or a service guards."""
    if keeper.file() is None and header.key_file is not None:
        return header.key_file.open(passphrase.asked, "the backup")
    return keeper.root(wanted=header.root)


@contextlib.contextmanager
def _opened(store_url: str | None, *, create: bool, data: Path, keeper: Keeper | None = None) -> Iterator[Store]:
    """Open a store for writing, beside no other writer of it where there can be only one."""
    how = How(write=True, as_it_is=True)
    _, store, _, let_go = open_engine(data, store_url=store_url, how=how, create=create, keeper=keeper)
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
