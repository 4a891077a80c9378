"""The counts of the boards: counted again from the log, as far as the record says that it has counted.

Boards are counted when somebody looks, so the record may be counted less far than its log goes, or not at all. Up to
where that is stands in the row ``at`` of the table, bound to the record there (``record.board_counts``). What another
version has counted in another way is not compared: it is counted anew before anybody is shown it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from rxtrail.record.board_counts import AT, COUNTED_AS, STRETCH, Counts, put_counts, seal_of
from rxtrail.store.tables import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.store import Reader, Store
    from rxtrail.store.copying import View

BOARDS: Final = frozenset({"board", "board_doubt"})
_BEFORE: Final = ("", "", "", "")  # day, way, cause and seal of the row as versions wrote it that had one way only


class Counted(NamedTuple):
    """How far a record says that its boards are counted."""

    at: int
    here: bool = True  # in the way of this program


def counted(view: View, reader: Reader, log_size: int) -> Counted:
    """Read how far; what is not as anybody has written it, the comparison of the tables tells."""
    rows = [row for page in view.pages(BY_NAME["board"]) for row in page if row[0] == AT]
    if not rows:
        return Counted(0)
    _, *name, at = rows[0]
    if not isinstance(at, int) or not 0 <= at <= log_size:
        return Counted(log_size)
    if len(rows) == 1 and tuple(name) == _BEFORE:
        return Counted(at, here=False)
    _, way, _, seal = name
    if len(rows) == 1 and way != COUNTED_AS and at and seal == seal_of(str(way), _id(reader, at), at):
        return Counted(at, here=False)
    return Counted(at)


def count_again(again: Store, reader: Reader, goal: int, progress: Callable[[int, int], None]) -> None:
    """Count up to ``goal`` in the copy, going on where it was counted to."""
    mine = again.reader()
    try:
        at = mine.board_at(COUNTED_AS)
        if at > goal:  # the record was counted anew since
            at = 0
        if not goal:
            tx = again.begin()
            tx.drop_board()
            again.commit()
        while at < goal:
            behind = min(goal, at + STRETCH)
            counts = Counts(mine if at else None)
            counts.add(reader.records_of_kinds(at, behind))
            tx = again.begin()
            put_counts(tx, counts, at, behind, _id(reader, behind))
            again.commit()
            at = behind
            progress(at, goal)
    finally:
        mine.close()


def _id(reader: Reader, at: int) -> bytes:
    [last] = reader.record_rows_from(at - 1, 1)
    return last.id
