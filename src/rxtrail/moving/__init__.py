"""The record as a whole: moved to another store, backed up, restored. Proven row by row, whichever engines they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import msgspec

from rxtrail.errors import BadRequest, CopyDiffers
from rxtrail.moving.backup_file import BackupFile
from rxtrail.moving.backup_format import Manifest, id_of, write
from rxtrail.moving.comparing import Digest, compare, records_digest
from rxtrail.moving.filling import (
    Unfinished,
    fill,
    identity_of,
    left_in,
    record_at,
    refuse_unless_empty,
    totals_of,
    unfinished,
)
from rxtrail.moving.log_position import LOG_POSITION_FILE, LogPosition, Loss, Position
from rxtrail.moving.log_watch import LogWatch
from rxtrail.sealing import KeyRow
from rxtrail.store.copying import MOVED, UNFINISHED, closed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rxtrail.moving.filling import Progress
    from rxtrail.store.copying import Copying, View
    from rxtrail.store.tables import Key, Row, Table

__all__ = [
    "LOG_POSITION_FILE",
    "BackupFile",
    "Copied",
    "LogPosition",
    "LogWatch",
    "Loss",
    "Manifest",
    "Position",
    "backup",
    "check_fillable",
    "id_in",
    "move",
    "position_of",
    "refuse_unless_empty",
    "restore",
]

MOVE, RESTORE = "move", "restore"


class Copied(msgspec.Struct, frozen=True, gc=False):
    """A whole record, as it arrived."""

    rows: int
    events: int
    documents: int
    log_size: int
    last_record: str  # its id in hex
    records_sha256: str  # over (position, id, salt, canonical bytes) of every record
    tables: dict[str, Digest]


class _Rewrapped:
    """A view of a record as it stands under another root key: all rows as they are, but how its keys are wrapped."""

    def __init__(self, view: View, rewrap: Callable[[KeyRow], KeyRow]) -> None:
        self._view = view
        self._rewrap = rewrap

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 (whatever verb it is)
        return getattr(self._view, name)

    def pages(self, table: Table, after: Key | None = None) -> Iterator[list[Row]]:
        for page in self._view.pages(table, after):
            yield page if table.name != "data_key" else [self._rewrap(KeyRow._make(row)) for row in page]


def move(
    source: Copying, target: Copying, *, to: str, progress: Progress, rewrap: Callable[[KeyRow], KeyRow] | None = None,
    finish: Callable[[], None] = lambda: None,
) -> Copied:  # fmt: skip
    """Move a record into an empty store, which may be of another engine; ``to`` names the target for the source.

    ``rewrap`` gives the row of a key as it stands under the target's own root key. ``finish`` writes what the target
    alone has to say, before anybody may work on it; when it is broken off, it is called again.

    It may be broken off anywhere and called again. While it runs, nobody writes the source and nobody works on the
    target; at no moment are both open for writing.

    :raises BadRequest: the target is not empty, or the source has changed since a move was broken off.
    :raises StoreClosed: the source was moved away, or is not filled yet.
    :raises CopyDiffers: the target is not the same; it stays closed.
    """
    marks = source.marks()
    if UNFINISHED in marks:
        raise closed(UNFINISHED)
    if MOVED in marks and (marks[MOVED] != to or UNFINISHED not in target.marks()):
        raise closed(MOVED, marks[MOVED])
    with source.keep_writers_out():
        view = source.view()
        if rewrap is not None:
            view = cast("View", _Rewrapped(view, rewrap))
        try:
            totals = totals_of(view)
            if not any(totals.values()):
                raise BadRequest("there is nothing to move: this store is empty", place="FROM")
            begun = unfinished(target, identity_of(view, totals), MOVE)
            if begun.arrived:
                copied = msgspec.convert(begun.arrived, Copied)
            else:
                fill(view, target, begun, totals, progress)
                there = target.view()
                try:
                    digests = compare(view, there, progress, sum(totals.values()))
                    records = records_digest(view)
                    if records != records_digest(there):
                        raise CopyDiffers("the records of the copy are not those of its source", place="record")
                finally:
                    there.close()
                copied = _copied(digests, records, id_of(record_at(view, totals["record"] - 1)))
        finally:
            view.close()
        source.mark({MOVED: to})
    # Only now: a process that dies between these leaves both closed, and the next call ends it.
    _end(target, begun, copied, finish)
    return copied


def backup(
    source: Copying, *, rxtrail: str, created_at: str, progress: Progress, beside: Iterable[tuple[str, bytes]] = ()
) -> Iterator[bytes]:
    """Give a backup of a record as it is at this moment, piece by piece, while others go on writing.

    ``beside`` are pieces of files that belong to it, with their names.

    :raises CopyDiffers: the record is damaged: a block cannot be read.
    """
    view = source.view()
    try:
        yield from write(view, rxtrail=rxtrail, created_at=created_at, progress=progress, beside=beside)
    finally:
        view.close()


def restore(
    file: BackupFile, target: Copying, *, progress: Progress, finish: Callable[[], None] = lambda: None
) -> Copied:
    """Fill an empty store from a backup that was checked; it may be broken off anywhere and called again.

    ``finish`` is as in :func:`move`.

    :raises BadRequest: the target is not empty, or holds the beginning of another record.
    :raises CopyDiffers: the target is not what the backup holds; it stays closed.
    """
    manifest = file.manifest
    totals = totals_of(file)
    begun = unfinished(target, file.identity, RESTORE)
    if begun.arrived:
        copied = msgspec.convert(begun.arrived, Copied)
        _end(target, begun, copied, finish)
        return copied
    fill(file, target, begun, totals, progress)
    there = target.view()
    try:
        digests = compare(file, there, progress, sum(totals.values()))
        records = records_digest(there)
    finally:
        there.close()
    if digests != manifest.tables or records != manifest.records_sha256:
        raise CopyDiffers("what was restored is not what was backed up", place="manifest")
    copied = _copied(digests, records, manifest.last_record)
    _end(target, begun, copied, finish)
    return copied


def _end(target: Copying, begun: Unfinished, copied: Copied, finish: Callable[[], None]) -> None:
    """Open the target; first what it alone has to say, after which it is not its source any more."""
    begun = msgspec.structs.replace(begun, arrived=msgspec.to_builtins(copied))
    target.mark({UNFINISHED: msgspec.json.encode(begun).decode()})
    finish()
    target.mark({UNFINISHED: None})


def check_fillable(file: BackupFile, target: Copying) -> None:
    """Refuse a target that :func:`restore` would refuse; nothing is written.

    :raises BadRequest: the target is not empty, or holds the beginning of another record.
    """
    left_in(target, file.identity, RESTORE)


def position_of(file: BackupFile, store: str) -> Position:
    """Tell where the log of a backup ends, as the position of a store that is restored from it."""
    manifest = file.manifest
    return Position(store, manifest.log_size, manifest.first_record, manifest.last_record)


def id_in(file: BackupFile, position: int) -> str:
    """Give the id of a record of a backup, in hex."""
    return id_of(record_at(file, position))


def _copied(digests: dict[str, Digest], records: str, last: str) -> Copied:
    return Copied(
        rows=sum(digest.rows for digest in digests.values()),
        events=digests["event"].rows,
        documents=digests["document"].rows,
        log_size=digests["record"].rows,
        last_record=last,
        records_sha256=records,
        tables=digests,
    )
