"""The log as the files that it is served as: checkpoint, tiles, bundles of entries. Source: C2SP tlog-tiles."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, NamedTuple

from rxtrail.answers import LogHead, LogHeads
from rxtrail.core.merkle import checkpoint, note
from rxtrail.core.merkle.errors import BadTile
from rxtrail.core.merkle.tile import parse_path
from rxtrail.errors import BadRequest, NotFound
from rxtrail.publishing import retired
from rxtrail.publishing.publisher import LOG_KEYS
from rxtrail.publishing.tiles import bundle, is_published, read_tile

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.answers import RetiredLog
    from rxtrail.core.merkle.checkpoint import Checkpoint
    from rxtrail.store import Reader
    from rxtrail.store.rows import CheckpointRow

_PLACE_DIGITS: Final = 16
_SIZE_DIGITS_MAX: Final = 19


class LogFiles:
    """What there is of a published log, by path; nothing of it changes but the checkpoint."""

    def __init__(self, reader: Callable[[], Reader], *, quorum: Callable[[], bool] = lambda: False) -> None:
        """``reader`` gives the calling thread's reader; ``quorum`` tells whether heads need witnesses."""
        self._reader = reader
        self._quorum = quorum
        self._heads: dict[int, _Held] = {}

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
            return _log_of(reader, number).keys
        return reader.settings().get(LOG_KEYS, "").split()

    def heads(self, number: int, *, after: str = "", limit: int | None = None) -> LogHeads:
        """Give signed heads that are kept of a log, those after a place (:func:`place_of`) and so many at most.

        :raises NotFound: there is no such log.
        :raises BadRequest: nothing like ``after`` is a place.
        """
        reader = self._reader()
        if self._is_retired(number):
            origin = _log_of(reader, number).origin
            notes = retired.notes_of(reader, number)
        else:
            notes = [row.note for row in reader.checkpoints()]
            origin = checkpoint.parse(note.parse(notes[-1]).text).origin if notes else ""
        # Of many years only those that are told are read whole.
        placed = sorted(((_place(signed), signed) for signed in notes), reverse=True)
        if after:
            behind = _read_place(after)
            placed = [each for each in placed if each[0] < behind]
        return LogHeads(number, origin, [_told(signed) for _, signed in placed[:limit]])

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
        origin, size = (b"", 0) if newest is None else (newest.note.partition(b"\n")[0], newest.size)
        held = self._heads.get(number)
        # The tree of now only grows, so what was a part of it stays one, until a newer log is begun. That nothing is a
        # part of it is known up to its size: asking costs a look at all heads, and anybody may ask at any time.
        if held is None or held.origin != origin or (held.found is None and held.size < size):
            held = self._heads[number] = _Held(origin, size, retired.readable_head(reader, number))
        if held.found is None:
            raise NotFound(
                f"this record does not have the tree of log {number} any more",
                advice=f"Its signed heads are kept: /log/{number}/heads.",
            )
        return held.found


class _Held(NamedTuple):
    """What is known of the readable head of a log that was given up, under which newest head."""

    origin: bytes
    size: int
    found: tuple[Checkpoint, bytes] | None


def place_of(head: LogHead) -> str:
    """Give the place of a signed head among those of its log."""
    return "{}-{}".format(*_place(head.note.encode()))


def _place(signed: bytes) -> tuple[int, str]:
    """Order by size; several heads may have one size, with other signatures."""
    told = signed.decode("utf-8", "replace").encode()
    return int(told.split(b"\n", 2)[1]), hashlib.sha256(told).hexdigest()[:_PLACE_DIGITS]


def _read_place(text: str) -> tuple[int, str]:
    size, _, digest = text.partition("-")
    if not (size.isascii() and size.isdigit() and len(size) <= _SIZE_DIGITS_MAX and len(digest) == _PLACE_DIGITS):
        raise BadRequest("no page begins there", place="after", advice="Take the address of the page before: next.")
    return int(size), digest


def _told(signed: bytes) -> LogHead:
    head = checkpoint.parse(note.parse(signed).text)
    return LogHead(head.size, head.root.hex(), signed.decode("utf-8", "replace"))


def _log_of(reader: Reader, number: int) -> RetiredLog:
    return next(log for log in retired.logs(reader) if log.number == number)
