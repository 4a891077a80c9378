"""Whether the record that was opened is the one to work on: at the door, and while it is served."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from rxtrail.errors import StoreFailed, StoreSetBack
from rxtrail.store.copying import MOVED, UNFINISHED, closed

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from rxtrail.moving.log_position import LogPosition
    from rxtrail.store import Reader

LOOK_SECONDS = 60.0
_LOG = logging.getLogger("rxtrail.log")


class LogWatch:
    """Compares one opened record with what its node has seen of it."""

    def __init__(
        self,
        position: LogPosition,
        reader: Callable[[], Reader],
        failure: Callable[[BaseException], StoreFailed | None],
    ) -> None:
        """``reader`` gives the calling thread's reader, ``failure`` tells an error of the store from our own."""
        self._position = position
        self._reader = reader
        self._failure = failure
        self.set_back: StoreSetBack | None = None

    def admit(self, *, writes: bool) -> StoreFailed | None:
        """Tell why this record should not be trusted, if so; who would write it is refused.

        :raises StoreClosed: it was moved away and would be written, or is not filled yet.
        :raises StoreSetBack: an old copy stands where the record was, and it would be written.
        """
        marks = self._reader().settings()
        if UNFINISHED in marks:
            raise closed(UNFINISHED)
        doubt: StoreFailed | None = closed(MOVED, marks[MOVED]) if MOVED in marks else None
        # A copy that follows another server is behind by its nature, and says so itself.
        if doubt is None and self._reader().as_of() is None:
            doubt = self._position.doubt(self._reader())
        if doubt is not None and writes:
            raise doubt
        return doubt

    def look(self) -> None:
        """Keep how far the log has come, unless it has gone back: then nothing is written any more."""
        try:
            doubt = self._position.doubt(self._reader())
            if doubt is None:
                self._position.note(self._reader())
                return
        except OSError as error:
            _LOG.warning("how far the log has come could not be kept: %s", error.strerror)
            return
        except Exception as error:
            if not isinstance(error, StoreFailed) and self._failure(error) is None:
                raise
            return  # a lost database is told by those who ask it for something
        if self.set_back is None:
            _LOG.critical("%s", doubt.message)
        self.set_back = doubt

    def run(self, closing: threading.Event) -> None:
        """Look every minute until the node closes."""
        while not closing.wait(LOOK_SECONDS):
            self.look()
