"""The log as the files that it is served as: checkpoint, tiles, bundles of entries. Source: C2SP tlog-tiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rxtrail.core.merkle.errors import BadTile
from rxtrail.core.merkle.tile import parse_path
from rxtrail.errors import NotFound
from rxtrail.publishing.tiles import bundle, is_published, read_tile

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.store import Reader
    from rxtrail.store.rows import CheckpointRow


class LogFiles:
    """What there is of a published log, by path; nothing of it changes but the checkpoint."""

    def __init__(self, reader: Callable[[], Reader], *, quorum: Callable[[], bool] = lambda: False) -> None:
        """``reader`` gives the calling thread's reader; ``quorum`` tells whether heads need witnesses."""
        self._reader = reader
        self._quorum = quorum

    def row(self) -> CheckpointRow | None:
        """Give the newest head that is served, None while there is none.

        Where a quorum of witnesses is asked for, that is the newest one that has it. Until there is one the newest
        head stands alone: witnesses and monitors must be able to begin.
        """
        reader = self._reader()
        found = reader.checkpoint(cosigned=True) if self._quorum() else None
        return found or reader.checkpoint()

    def checkpoint(self) -> bytes:
        """Give the signed head.

        :raises NotFound: nothing is published yet.
        """
        row = self.row()
        if row is None:
            raise NotFound("nothing of this log is published yet", advice="The signer may not run: see /readyz.")
        return row.note

    def read(self, path: str) -> bytes:
        """Give a tile or a bundle by its path (``tile/0/x001/067.p/5``, ``tile/entries/000``).

        :raises NotFound: there is no such file in what was published so far.
        """
        try:
            which = parse_path(path)
        except BadTile as wrong:
            raise NotFound(wrong.message, advice="See c2sp.org/tlog-tiles for the paths of a log.") from wrong
        reader = self._reader()
        newest = reader.checkpoint()
        if newest is None or not is_published(which.level, which.number, which.width, newest.size):
            raise NotFound(f"{path} is not a part of this log yet", advice="Read /log/checkpoint for its size.")
        if which.level is None:
            return bundle(reader, which.number, which.width)
        return read_tile(reader, which.level, which.number, which.width)
