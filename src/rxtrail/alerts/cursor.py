"""How far a part has come with the events of the log, kept in the record so that a crash forgets none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.ledger.log import Log
    from rxtrail.ledger.writer import Writer
    from rxtrail.store import Reader, Transaction

KIND: Final = "alert-cursor"  # of what the store keeps
KEEP_SECONDS: Final = 10.0


class Cursor:
    """The position of the last event that was judged; None as long as nothing is to be judged."""

    def __init__(self, name: str, writer: Callable[[], Writer], seconds: Callable[[], float]) -> None:
        """``name`` is the part's own."""
        self._name, self._writer, self._seconds = name, writer, seconds
        self._kept = -1
        self._kept_at = 0.0
        self.position: int | None = None

    def load(self, reader: Reader, *, again: bool) -> int:
        """Go on from where it is kept, or from the beginning (-1) ``again``."""
        row = None if again else reader.kept(KIND, self._name)
        self.position = self._kept = -1 if row is None else int.from_bytes(row[1], "big", signed=True)
        return self._kept

    @property
    def behind(self) -> int:
        """Tell how many positions the next process would judge again."""
        return 0 if self.position is None else self.position - self._kept

    def keep(self, *, always: bool) -> None:
        """Keep how far it has come; not every time, since judging again changes nothing."""
        position = self.position
        if position is None or position == self._kept:
            return
        if not always and self._seconds() - self._kept_at < KEEP_SECONDS:
            return

        def write(tx: Transaction, _log: Log) -> None:
            self.write(tx, position)

        self._writer().do(write)
        self.came(position)

    def write(self, tx: Transaction, position: int) -> None:
        """Keep a position with what came of the events up to it; :meth:`came` is told after the commit."""
        tx.keep(KIND, self._name, position, position.to_bytes(9, "big", signed=True))

    def came(self, position: int) -> None:
        """Note that the record has a position."""
        self.position = self._kept = position
        self._kept_at = self._seconds()
