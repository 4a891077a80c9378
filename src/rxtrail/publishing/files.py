"""The log as the files that it is served as: checkpoint, tiles, bundles of entries. Source: C2SP tlog-tiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rxtrail.answers import LogHead, LogHeads
from rxtrail.core.merkle import checkpoint, note
from rxtrail.core.merkle.errors import BadTile
from rxtrail.core.merkle.tile import parse_path
from rxtrail.errors import NotFound
from rxtrail.publishing import retired
from rxtrail.publishing.publisher import LOG_KEYS
from rxtrail.publishing.tiles import bundle, is_published, read_tile

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.core.merkle.checkpoint import Checkpoint
    from rxtrail.store import Reader
    from rxtrail.store.rows import CheckpointRow


class LogFiles:
    """What there is of a published log, by path; nothing of it changes but the checkpoint."""

    def __init__(self, reader: Callable[[], Reader], *, quorum: Callable[[], bool] = lambda: False) -> None:
        """``reader`` gives the calling thread's reader; ``quorum`` tells whether heads need witnesses."""
        self._reader = reader
        self._quorum = quorum
        self._heads: dict[int, tuple[bytes, Checkpoint, bytes]] = {}  # number -> origin of now, what is readable

    def row(self) -> CheckpointRow | None:
        """Give the newest head that is served, None while there is none.

        Where a quorum of witnesses is asked for, that is the newest one that has it. Until there is one the newest
        head stands alone: witnesses and monitors must be able to begin.
        """
        reader = self._reader()
        found = reader.checkpoint(cosigned=True) if self._quorum() else None
        return found or reader.checkpoint()

    def number(self) -> int:
        """Give the number of the log that is published now: those before it were given up for a new one."""
        return retired.number_of(self._reader())

    def checkpoint(self, number: int = 0) -> bytes:
        """Give the signed head; of a log that was given up the largest one whose tree this record still has.

        :raises NotFound: nothing is published yet, or there is no such log.
        """
        if self._is_retired(number):
            return self._retired(number)[1]
        row = self.row()
        if row is None:
            raise NotFound("nothing of this log is published yet", advice="The signer may not run: see /readyz.")
        return row.note

    def keys(self, number: int) -> list[str]:
        """Give the verifier keys of a log by its number.

        :raises NotFound: nothing is published yet, or there is no such log.
        """
        reader = self._reader()
        if self._is_retired(number):
            return next(log.keys for log in retired.logs(reader) if log.number == number)
        return reader.settings().get(LOG_KEYS, "").split()

    def heads(self, number: int) -> LogHeads:
        """Give all signed heads that are kept of a log.

        :raises NotFound: there is no such log.
        """
        reader = self._reader()
        if self._is_retired(number):
            [origin] = [log.origin for log in retired.logs(reader) if log.number == number]
            found = retired.heads_of(reader, number)
        else:
            found = [(checkpoint.parse(note.parse(row.note).text), row.note) for row in reader.checkpoints()[::-1]]
            origin = found[0][0].origin if found else ""
        told = [LogHead(head.size, head.root.hex(), signed.decode("utf-8", "replace")) for head, signed in found]
        return LogHeads(number, origin, told)

    def read(self, path: str, number: int = 0) -> bytes:
        """Give a tile or a bundle by its path (``tile/0/x001/067.p/5``, ``tile/entries/000``).

        :raises NotFound: there is no such file in what was published so far, or no such log.
        """
        try:
            which = parse_path(path)
        except BadTile as wrong:
            raise NotFound(wrong.message, advice="See c2sp.org/tlog-tiles for the paths of a log.") from wrong
        reader = self._reader()
        newest = reader.checkpoint()
        size = 0 if newest is None else self._retired(number)[0].size if self._is_retired(number) else newest.size
        if not is_published(which.level, which.number, which.width, size):
            raise NotFound(f"{path} is not a part of this log yet", advice="Read /log/checkpoint for its size.")
        if which.level is None:
            return bundle(reader, which.number, which.width)
        return read_tile(reader, which.level, which.number, which.width)

    def _is_retired(self, number: int) -> bool:
        """Tell whether a log was given up; 0 is the one that is published now."""
        now = self.number() if number else 0
        if number < 0 or number > now:
            raise NotFound(f"this record has no log {number}", advice="The newest is at /log/checkpoint.")
        return number < now

    def _retired(self, number: int) -> tuple[Checkpoint, bytes]:
        reader = self._reader()
        newest = reader.checkpoint()
        origin = b"" if newest is None else newest.note.partition(b"\n")[0]
        held = self._heads.get(number)
        if held is None or held[0] != origin:
            found = retired.readable_head(reader, number)
            if found is None:
                raise NotFound(
                    f"this record does not have the tree of log {number} any more",
                    advice=f"Its signed heads are kept: /log/{number}/heads.",
                )
            # The tree of now only grows, so what was a part of it stays one, until a newer log is begun.
            held = self._heads[number] = (origin, *found)
        return held[1], held[2]
