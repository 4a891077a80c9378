"""Filling an empty store from tables at rest, so that it can be broken off anywhere and goes on where it was.

How far it is stands in the target itself, in a mark that is written in the same transaction as the rows. While the
mark is there, nobody may work on the target.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from rxtrail.errors import BadRequest
from rxtrail.store.copying import MOVED, UNFINISHED, closed
from rxtrail.store.tables import BY_NAME, TABLES

if TYPE_CHECKING:
    from rxtrail.store.copying import Copying, Pages, View
    from rxtrail.store.tables import Key, Row, Table

Progress = Callable[[str, int, int], None]  # what is done now, rows done, rows in all


class Unfinished(msgspec.Struct, frozen=True, gc=False):
    """How far a copy is: the last table and key that are in the target; ``source`` tells one source from another."""

    source: str
    kind: str  # move | restore
    table: str = ""
    after: bytes = b""  # the key as MessagePack
    done: int = 0  # rows
    arrived: dict[str, Any] = {}  # all is there and was compared: what came; only what is told of it may be missing

    @property
    def key(self) -> Key | None:
        """The last key that is in the target."""
        return msgspec.msgpack.decode(self.after, type=tuple) if self.after else None


def totals_of(source: Pages) -> dict[str, int]:
    """Count the rows of every table."""
    return {table.name: source.count(table) for table in TABLES}


def left_in(target: Copying, source: str, kind: str) -> Unfinished | None:
    """Give what a copy that was broken off has left in the target; None when the target is empty.

    :raises BadRequest: the target holds a record already, or the beginning of another one.
    :raises StoreClosed: the target is a record that was moved away.
    """
    target.claim()
    marks = target.marks()
    if MOVED in marks:
        raise closed(MOVED, marks[MOVED])
    if UNFINISHED not in marks:
        refuse_unless_empty(target)
        return None
    left = msgspec.json.decode(marks[UNFINISHED], type=Unfinished)
    if (left.source, left.kind) != (source, kind):
        raise BadRequest(
            "the target holds the beginning of another record, or the source has changed since",
            place="target",
            advice="Give an empty store: a new file, or a new database.",
        )
    return left


def unfinished(target: Copying, source: str, kind: str) -> Unfinished:
    """Take up a copy that was broken off, or begin one: the mark is in the target when this returns.

    :raises BadRequest: the target holds a record already, or the beginning of another one.
    :raises StoreClosed: the target is a record that was moved away.
    """
    left = left_in(target, source, kind)
    if left is not None:
        return left
    begun = Unfinished(source, kind)
    target.mark({UNFINISHED: msgspec.json.encode(begun).decode()})
    try:
        refuse_unless_empty(target)  # nobody can write from here on; somebody may have just before
    except BadRequest:
        target.mark({UNFINISHED: None})
        raise
    return begun


def fill(source: Pages, target: Copying, begun: Unfinished, totals: dict[str, int], progress: Progress) -> None:
    """Copy all that is not in the target yet, page by page; each page is durable before the next one is read."""
    done, in_all = begun.done, sum(totals.values())
    progress("copying", done, in_all)
    names = [table.name for table in TABLES]
    first = names.index(begun.table) if begun.table else 0
    for table in TABLES[first:]:
        for rows in source.pages(table, begun.key if table.name == begun.table else None):
            done += len(rows)
            key = msgspec.msgpack.encode(rows[-1][: table.keys])
            mark = Unfinished(begun.source, begun.kind, table.name, key, done)
            target.fill(table, rows, {UNFINISHED: msgspec.json.encode(mark).decode()})
            progress("copying", done, in_all)


def record_at(source: Pages, position: int) -> Row | None:
    """Give the record at a position of the log, whose positions are dense from 0; None outside of it."""
    if position < 0:
        return None
    page: list[Row] = next(source.pages(BY_NAME["record"], (position - 1,)), [])
    return page[0] if page else None


def identity_of(source: Pages, totals: dict[str, int]) -> str:
    """Tell one record, and one state of it, from any other: its counts, and its first and last records."""
    ends = [record_at(source, position) for position in (0, totals["record"] - 1)]
    return digest_of([totals[table.name] for table in TABLES], ends)


def digest_of(*values: object) -> str:
    """Give the SHA-256 of plain values in hex."""
    return hashlib.sha256(msgspec.msgpack.encode(values)).hexdigest()


def refuse_unless_empty(target: Copying) -> None:
    """Refuse a target that holds anything.

    :raises BadRequest: it does.
    """
    view = target.view()
    try:
        held = [table.name for table in TABLES if _holds(view, table)]
    finally:
        view.close()
    if held:
        raise BadRequest(
            f"the target is not empty: it has {', '.join(held[:3])}{' and more' if len(held) > 3 else ''}",
            place="target",
            advice="Give an empty store: a new file, or a new database.",
        )


def _holds(view: View, table: Table) -> bool:
    return next(view.pages(table), None) is not None
