"""Auditing the store that a URL names, beside whoever serves it, and making its tables anew from its log."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from rxtrail import auditing, clock
from rxtrail.answers import AuditFault, AuditReport, Rebuilt
from rxtrail.auditing import Faults, Marker, shown
from rxtrail.bootstrap import audit_base
from rxtrail.bootstrap.audit_base import AUDIT_FOLDER, COPY_FILE, MARKER_FILE
from rxtrail.bootstrap.audit_base import FOLDER as BASE_FOLDER
from rxtrail.bootstrap.engines import (
    How,
    folder_of,
    is_server,
    keeper_of,
    open_engine,
    seen_encrypted,
    store_name,
    store_path,
)
from rxtrail.bootstrap.seen_encrypted import SeenEncrypted
from rxtrail.errors import BadRequest, RxtrailError, StoreFailed, StoreOld
from rxtrail.keys import FOLDER as KEYS_FOLDER
from rxtrail.moving import LogPosition
from rxtrail.publishing.signing import HEAD_FILE, NOTHING_YET
from rxtrail.record.times import iso
from rxtrail.sealing import KEY_BYTES, CannotDecrypt, Root, root_file
from rxtrail.store.copying import UNENCRYPTED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rxtrail.auditing import Checked, Progress
    from rxtrail.sealing import Keeper
    from rxtrail.store import Store

_NOWHERE = Path()  # where no data folder is asked for: the store is named in full


def audit_store(data: Path, store_url: str | None, *, incremental: bool, progress: Progress) -> AuditReport:
    """Hold a record against its log, its files and its documents; never write it.

    ``incremental`` goes on where the last such audit ended, when that found nothing wrong; all tables are compared.

    :raises StoreFailed: there is no store.
    """
    faults, left_out = Faults(), list[str]()
    signed = _signed_last(data, left_out)  # before the record: what is published meanwhile is no more than this
    keeper = keeper_of(data, store_url)
    path = None if is_server(store_url) else store_path(data, store_url)
    folder = data if path is None else path.parent
    pages, root = 0, None
    if path is None:
        left_out.append("the files of the database server: its own checksums and its operator watch over them")
    else:
        pages, root = _check_file(path, keeper, faults, progress)
    checked = auditing.Checked()
    since: Marker | None = None
    try:
        with opened_store(data, store_url) as store:
            _see_setting(store, data, store_url, faults)
            kept = _base(folder, _root_of_copy(store, keeper, keep=True))
            base = kept if kept is not None and _is_of(store, kept) else None
            if incremental:
                _drop_what_is_of_another_log(
                    folder, store, _root_of_copy(store, keeper, keep=True),
                    LogPosition(folder, store_name(data, store_url)), faults,
                )  # fmt: skip
            with _copy(folder, _root_of_copy(store, keeper, keep=incremental), base,
                       keep=incremental) as (again, since):  # fmt: skip
                checked = auditing.audit(store, again, faults, progress=progress, since=since, signed=signed,
                                         waypoint=base.size if base is not None else 0)  # fmt: skip
                if incremental and checked.marker is not None:
                    _keep(folder, checked.marker)
            if base is not None and _makes_good(checked, faults, base, since):
                # The log cannot be done again over what was destroyed; but the tables were held against it before that.
                faults.missed_tables = []
                with _copied(folder, keeper.root()) as again:
                    behind = auditing.audit(store, again, faults, progress=progress, since=base, signed=signed)
                checked.rows, checked.boards, checked.boards_of_before = (
                    behind.rows, behind.boards, behind.boards_of_before
                )  # fmt: skip
            elif faults.missed_tables and faults.destroyed:
                which = "of this log" if kept else "here"
                left_out.append(
                    f"the copy of the tables from before keys were destroyed is not {which}: put the one of the "
                    f"record's former data folder there ({folder / BASE_FOLDER}), and audit again"
                )
    except StoreOld as error:  # nothing is wrong with it: nobody has opened it for writing since this was installed
        faults.miss(f"everything but the file itself: {error.message}. {error.advice}")
    except (StoreFailed, CannotDecrypt) as error:
        if not faults.count:
            faults.find("file", "unreadable", f"the store cannot be opened: {error.message}")
        faults.miss("everything but the file itself")
    if path is not None:
        from rxtrail.store import sqlite

        faults.told = [
            msgspec.structs.replace(fault, file=path.name) if fault.part == "file" and not fault.file else fault
            for fault in faults.told
        ]
        faults.told = sqlite.locate(path, root, faults.told, shown)
    if checked.boards_of_before:
        left_out.append("the boards: another version has counted them; they are counted anew when somebody looks")
    return _report(checked, faults, left_out, since, pages)


def _see_setting(store: Store, data: Path, store_url: str | None, faults: Faults) -> None:
    """Tell of a record that says that it is not encrypted, and was written encrypted here."""
    reader = store.reader()
    try:
        told = reader.settings().get(UNENCRYPTED)
    finally:
        reader.close()
    if told is not None and seen_encrypted(data, store_url).here:
        message = "this machine has written this record encrypted, and it says that it is not"
        faults.find("table", "row-added", message, table="setting",
                    key=f"key={UNENCRYPTED}", field="value", found=told)  # fmt: skip


def _signed_last(data: Path, left_out: list[str]) -> bytes:
    """Give what the signer of this folder keeps of its last head; b"" when there is none here."""
    try:
        content = (data / KEYS_FOLDER / HEAD_FILE).read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        left_out.append(f"what the log's key signed last: {error.strerror}; the signed heads of the record itself are")
        return b""
    return b"" if content == NOTHING_YET else content


def _report(checked: Checked, faults: Faults, left_out: list[str], since: Marker | None, pages: int) -> AuditReport:
    return AuditReport(
        whole=not faults.count and faults.complete,
        complete=faults.complete,
        log_size=checked.log_size,
        root=checked.root,
        since=since.size if since is not None else 0,
        entries=checked.entries,
        blocks=checked.blocks,
        documents=checked.documents,
        rows=checked.rows,
        pages=pages,
        checkpoints=checked.checkpoints,
        faults=faults.told,
        faults_count=faults.count,
        left_out=[*faults.missed_tables, *faults.missed, *left_out],
        audited_at=iso(clock.now_us()),
        destroyed=faults.destroyed,
        boards=checked.boards,
    )


def _check_file(path: Path, keeper: Keeper, faults: Faults, progress: Progress) -> tuple[int, Root | None]:
    """Look at the file of a record; give how many pages that was, and the root key that it is encrypted under."""
    from rxtrail.store import sqlite

    if not path.exists():
        raise StoreFailed(f"there is no store in {path.parent}", advice="Start with: rxtrail init, or rxtrail capture")
    root = None
    named = sqlite.root_of(path)
    if named == sqlite.PLAIN and SeenEncrypted(path.parent, path.name).here:
        message = "this machine has written this file encrypted, and it is not: it is another one"
        faults.add(AuditFault("file", "not-encrypted", message, file=path.name, page=1, offset=0))
    if named not in (None, sqlite.PLAIN):
        try:
            root = keeper.root(wanted=str(named))
        except CannotDecrypt as error:
            if _is_locked(keeper, str(named)):
                raise  # nothing is known of the record yet, and nothing is wrong with it
            faults.add(
                sqlite.damaged_head(path, _root_here(keeper))
                or AuditFault("file", "cannot-decrypt", error.message, file=error.place or path.name, page=1, offset=0)
            )
            return 0, None
    pages = sqlite.check_file(path, root, faults.add, progress=lambda done, total: progress("file", done, total))
    return pages, root


def _is_locked(keeper: Keeper, named: str) -> bool:
    """Tell whether the right root key is here, and only its passphrase or its service is not."""
    try:
        file = keeper.file()
    except CannotDecrypt:
        return False
    return file is not None and file.id == named and file.form in (root_file.PASSPHRASE, root_file.KMS)


def _root_here(keeper: Keeper) -> Root | None:
    """Give the root key that is here, whichever it is."""
    try:
        return keeper.root()
    except CannotDecrypt:
        return None


def _root_of_copy(store: Store, keeper: Keeper, *, keep: bool) -> Root | None:
    """Give the key that the copy is encrypted under, when the record is encrypted.

    One that is kept lies under the record's own root key. Where that is lost, nothing is kept: a new one in its place
    would stand in the way of the right one.
    """
    if not store.sealer.seals:
        return None
    if keep:
        reader = store.reader()
        try:
            newest = next((row for row in list(reader.tenant_keys(0))[::-1]), None)
        finally:
            reader.close()
        with contextlib.suppress(CannotDecrypt):
            return keeper.root(create=True) if newest is None else keeper.root(wanted=newest.root)
    return Root(clock.random_bytes(KEY_BYTES))


@contextlib.contextmanager
def opened_store(data: Path, store_url: str | None) -> Iterator[Store]:
    """Open a record for reading as it is, whatever is wrong with it."""
    how = How(write=False, as_it_is=True, judged=True)
    _, store, _, let_go = open_engine(data, store_url=store_url, how=how, create=False)
    try:
        yield store
    finally:
        store.close()
        let_go()


def keep_base(data: Path, store_url: str | None) -> None:
    """Keep what the incremental audit that has just ended well made, for when the log cannot be done again any more.

    Keys are about to be destroyed: from then on tables can only be held against the log by way of this copy.

    :raises StoreFailed: it cannot be kept.
    """
    audit_base.keep(folder_of(data, store_url))


def _is_of(store: Store, marker: Marker) -> bool:
    """Tell whether a log has the record that an audit came to."""
    reader = store.reader()
    try:
        rows = reader.record_rows_from(marker.size - 1, 1) if marker.size else []
        return not marker.size or (rows[:1] != [] and rows[0].id.hex() == marker.last_id)
    finally:
        reader.close()


def _drop_what_is_of_another_log(
    folder: Path, store: Store, root: Root | None, seen: LogPosition, faults: Faults
) -> None:
    """Begin anew where the log is not the one that was audited last: an old copy was put in its place.

    That is told, once, unless somebody has accepted that the log went back behind where that audit came.
    """
    there = folder / AUDIT_FOLDER
    marker = _marker_under(there, root)
    if marker is None or _is_of(store, marker):
        return
    shutil.rmtree(there, ignore_errors=True)
    if not any(loss.size < marker.size for loss in seen.losses()):
        message = (
            f"the log is not the one that was audited up to {marker.size:,} entries: an old copy or another record "
            "stands in its place"
        )
        faults.find("log", "log-differs", message, table="record", key=f"position={marker.size - 1}", field="id",
                    expected=marker.last_id, position=marker.size - 1)  # fmt: skip


def _base(folder: Path, root: Root | None) -> Marker | None:
    """Tell of the copy that was kept before keys were destroyed, if there is one that can be read."""
    audit_base.put_back(folder)
    return _marker_under(folder / BASE_FOLDER, root)


def _makes_good(checked: Checked, faults: Faults, base: Marker, since: Marker | None) -> bool:
    """Tell whether the copy of before stands for what was destroyed: it is of this log, and has all of that in it."""
    return (
        since is None
        and bool(faults.missed_tables)
        and not faults.count
        and checked.destroyed_up_to < base.size
        and checked.waypoint == base.root
    )


@contextlib.contextmanager
def _copied(folder: Path, root: Root | None) -> Iterator[Store]:
    """Give a store with what was kept before keys were destroyed; what is kept stays as it is."""
    from rxtrail.store import sqlite

    with tempfile.TemporaryDirectory(prefix="audit-", dir=folder) as there:
        shutil.copytree(folder / BASE_FOLDER, there, dirs_exist_ok=True)
        store = sqlite.open_scratch(Path(there) / COPY_FILE, root)
        try:
            yield store
        finally:
            store.close()


@contextlib.contextmanager
def _copy(folder: Path, root: Root | None, base: Marker | None, *, keep: bool) -> Iterator[tuple[Store, Marker | None]]:
    """Give a store to make the record again in: a fresh one, or the one that the last audit has left.

    Where that is not there any more, the one that was kept before keys were destroyed.
    """
    from rxtrail.store import sqlite

    with contextlib.ExitStack() as stack:
        marker = None
        if keep:
            there = folder / AUDIT_FOLDER
            marker = _marker_under(there, root)
            if marker is None:
                marker = base
                shutil.rmtree(there, ignore_errors=True)
                if base is not None:
                    shutil.copytree(folder / BASE_FOLDER, there)
            there.mkdir(mode=0o700, exist_ok=True)
            (there / MARKER_FILE).unlink(missing_ok=True)  # until this audit has ended well, there is none
        else:
            there = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="audit-", dir=folder)))
        store = sqlite.open_scratch(there / COPY_FILE, root)
        try:
            yield store, marker
        finally:
            store.close()


def _marker_under(there: Path, root: Root | None) -> Marker | None:
    """Read the marker of a copy; None where there is none, or the copy is gone or under another root key."""
    from rxtrail.store import sqlite

    try:
        marker = msgspec.json.decode((there / MARKER_FILE).read_bytes(), type=Marker)
        marker.builder()
    except (OSError, msgspec.MsgspecError, ValueError, RxtrailError):
        return None
    is_ours = sqlite.root_of(there / COPY_FILE) == (sqlite.PLAIN if root is None else root.id)
    return marker if is_ours else None


def _keep(folder: Path, marker: Marker) -> None:
    there = folder / AUDIT_FOLDER
    beside = there / (MARKER_FILE + ".partial")
    beside.write_bytes(msgspec.json.encode(marker))
    beside.replace(there / MARKER_FILE)


def rebuild_store(data: Path, store_url: str | None, target_url: str, *, progress: Progress) -> Rebuilt:
    """Make a record anew from its log, in an empty store.

    :raises BadRequest: the target is not empty, or is the store itself.
    :raises StoreDamaged: the log or a document is damaged.
    :raises Busy: another process works on the target.
    """
    there = store_name(_NOWHERE, target_url)
    if there == store_name(data, store_url):
        raise BadRequest("a record cannot be rebuilt onto itself", place="--rebuild", advice="Give an empty store.")
    with opened_store(data, store_url) as source:
        _, target, _, let_go = open_engine(_NOWHERE, store_url=target_url, how=How(write=True), create=True)
        try:
            records, packages = auditing.rebuild(
                source, target, random_bytes=clock.random_bytes, now_us=clock.now_us, progress=progress
            )
        finally:
            target.close()
            let_go()
    return Rebuilt(there, records, packages)
