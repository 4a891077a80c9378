"""How far a node has seen its log, kept in a small file beside the record, so that an old copy is noticed.

A log only grows. When a store's log is shorter than this node has seen it, or has another record at the last position
that was seen, then an old copy was put in its place, or a server that failed over has lost what it had promised. What
would be written next would take the positions of records that partners and patients may rely on. So nothing is
written until somebody has said that the loss is known.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from rxtrail.errors import StoreFailed, StoreSetBack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rxtrail.store import Reader

LOG_POSITION_FILE = "log_position"
_ADVICE = (
    "Look for the newest copy first: another disk, the database's standby, a later backup. When there is none, say "
    "so with: rxtrail restore --accept-loss. What was captured since must then be captured again."
)


class Position(msgspec.Struct, frozen=True, gc=False):
    """Where a log ended when it was last seen; the ids of its first and last records, in hex."""

    store: str
    size: int
    first: str
    last: str


class Loss(msgspec.Struct, frozen=True, gc=False):
    """A loss that somebody has accepted: the log went back from ``seen`` to ``size`` records."""

    store: str
    seen: int
    last: str
    size: int
    accepted_at: str


class _Kept(msgspec.Struct, frozen=True, gc=False):
    positions: list[Position] = []
    losses: list[Loss] = []


class LogPosition:
    """The file of one data folder, for the store that was opened with it."""

    def __init__(self, folder: Path, store: str) -> None:
        """``store`` names the store, without any password."""
        self._path = folder / LOG_POSITION_FILE
        self._store = store

    def doubt(self, reader: Reader) -> StoreSetBack | None:
        """Tell whether the log has been seen longer, or with another end, than it has now."""
        # The file first: another process may write to the log and to the file between two reads of ours.
        seen = self._seen()
        return seen if isinstance(seen, StoreSetBack) else self._judge(seen, self.of(reader), partial(_id_at, reader))

    def doubt_of(self, now: Position, id_at: Callable[[int], str]) -> StoreSetBack | None:
        """Compare a log that ends at ``now`` with what was seen; ``id_at`` gives the id of its record at a position."""
        seen = self._seen()
        return seen if isinstance(seen, StoreSetBack) else self._judge(seen, now, id_at)

    def _seen(self) -> _Kept | StoreSetBack:
        try:
            return self._read()
        except (msgspec.DecodeError, UnicodeDecodeError):
            return StoreSetBack(
                f"the file {LOG_POSITION_FILE} was altered: how far the log had come is not known",
                place=str(self._path),
                advice=_ADVICE,
            )

    def _judge(self, kept: _Kept, now: Position, id_at: Callable[[int], str]) -> StoreSetBack | None:
        for seen in kept.positions:
            if not self._same_log(seen, now):
                continue
            if now.size < seen.size:
                return StoreSetBack(
                    f"the log has {now.size:,} records, and this node has seen {seen.size:,}: this is an old copy",
                    place=now.store,
                    advice=_ADVICE,
                )
            if id_at(seen.size - 1) != seen.last:
                return StoreSetBack(
                    f"record {seen.size - 1:,} of the log is not the one that this node has seen there",
                    place=now.store,
                    advice=_ADVICE,
                )
        return None

    def note(self, reader: Reader) -> None:
        """Keep how far the log has come, durably; a log that has gone back is left as it was seen.

        :raises OSError: the file cannot be written.
        """
        self.note_position(self.of(reader))

    def note_position(self, now: Position) -> None:
        """Keep where a log ends."""
        with self._locked():
            kept = self._read()
            same = [seen for seen in kept.positions if self._same_log(seen, now)]
            if now.size and all(seen.size < now.size for seen in same):
                others = [seen for seen in kept.positions if seen not in same]
                self._write(_Kept([*others, now], kept.losses))

    def accept(self, now: Position, accepted_at: str) -> list[Loss]:
        """Take the log as it is now for the whole one; give what was lost by that, which stays in the file."""
        with self._locked():
            try:
                kept = self._read()
            except (msgspec.DecodeError, UnicodeDecodeError):
                kept = _Kept()
            same = [seen for seen in kept.positions if self._same_log(seen, now)]
            losses = [Loss(seen.store, seen.size, seen.last, now.size, accepted_at) for seen in same]
            others = [seen for seen in kept.positions if seen not in same]
            self._write(_Kept([*others, *([now] if now.size else [])], [*kept.losses, *losses]))
            return losses

    def losses(self) -> list[Loss]:
        """Give the losses of this store that somebody has accepted."""
        kept = self._seen()
        return [] if isinstance(kept, StoreSetBack) else [loss for loss in kept.losses if loss.store == self._store]

    @staticmethod
    def _same_log(seen: Position, now: Position) -> bool:
        """The same place, or, wherever it was put, a log that began with the same record."""
        return seen.store == now.store or (bool(seen.first) and seen.first == now.first)

    def of(self, reader: Reader) -> Position:
        """Read where a log ends."""
        size = reader.log_size()
        if not size:
            return Position(self._store, 0, "", "")
        return Position(self._store, size, _id_at(reader, 0), _id_at(reader, size - 1))

    def _read(self) -> _Kept:
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return _Kept()
        return msgspec.json.decode(content, type=_Kept)

    def _write(self, kept: _Kept) -> None:
        beside = self._path.with_name(self._path.name + ".partial")
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with open(handle, "wb") as file:  # noqa: PTH123 (an open handle)
            file.write(msgspec.json.format(msgspec.json.encode(kept)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Have the file to oneself: on a database server several processes may share a data folder."""
        handle = os.open(self._path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _id_at(reader: Reader, position: int) -> str:
    rows = reader.entries_from(position, 1)  # whose key may have been destroyed: the id is no secret
    if not rows:
        raise StoreFailed(f"record {position:,} of the log is missing", advice="Restore the record from a backup.")
    return rows[0][2].hex()
