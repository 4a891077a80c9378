"""What an engine can do with the whole record at once: give every table row by row, and take one that is empty.

The rows are those of ``store.tables``, alike on all engines. Marks are settings of the engine itself, kept beside the
record's own and never copied: they tell that a copy is not finished, or where the record has gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from rxtrail.errors import StoreClosed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from rxtrail.answers import AuditFault
    from rxtrail.store.tables import Key, Row, Table

UNFINISHED = "unfinished-copy"  # this record is being filled; its value says from what and how far
MOVED = "moved-to"  # this record was moved away; its value names the store that has it now
MARKS = (MOVED, UNFINISHED)
UNENCRYPTED_VALUE = "yes"
UNENCRYPTED = "unencrypted"  # somebody has said that this very store shall not be encrypted
STAYS = (*MARKS, UNENCRYPTED)  # what is never copied

PAGE_ROWS_MAX = 20_000
PAGE_BYTES_MAX = 8 << 20  # of the one column that may be long; a single row may be longer
ROWS_AT_ONCE = 5_000
LONG_ROWS_AT_ONCE = 16
SHORT_ROWS_AT_ONCE = 256
SHORT_BYTES = 256 << 10  # this much in as many rows as were asked for: they are short


def closed(mark: str, value: str = "") -> StoreClosed:
    """Give the refusal that a mark stands for; ``value`` is what the mark says, when it is known."""
    if mark == MOVED:
        return StoreClosed(
            "this record was moved away: what is written here would be missing there",
            place=value,
            advice="Give --store the store that it was moved to; to come back, move it from there to an empty store.",
        )
    return StoreClosed(
        "this record is being filled by rxtrail move-store or rxtrail restore, which has not ended",
        advice="Run the same command again: it goes on where it was.",
    )


class Pages(Protocol):
    """Every table of one record, at rest."""

    def count(self, table: Table) -> int:
        """Count the rows of a table."""
        ...

    def pages(self, table: Table, after: Key | None = None) -> Iterator[list[Row]]:
        """Give the rows of a table in key order, those after a key, in pages of bounded size."""
        ...


class View(Pages, Protocol):
    """Every table as it was at one moment; used by one thread."""

    def blocks(self, numbers: list[int]) -> dict[int, bytes]:
        """Give many blocks of canonical bytes, compressed and sealed as they are kept."""
        ...

    def unsealed(self, number: int, block: bytes) -> bytes | None:
        """Give a block as it was before it was sealed; None when its key was destroyed."""
        ...

    def unsealed_chunk(self, document: int, seq: int, chunk: bytes) -> bytes | None:
        """Give a chunk of a document as it was before it was sealed; None when its key was destroyed."""
        ...

    def own_rows(self) -> dict[str, list[Row]]:
        """Give the rows that this engine keeps for itself, by what they are: the same in a record of the same log."""
        ...

    def declared(self) -> list[Row]:
        """Give the tables as they were declared, in bytes; none where only the engine itself can compare them."""
        ...

    def contradictions(self) -> list[AuditFault]:
        """Give what this engine keeps for itself and what contradicts the tables."""
        ...

    def close(self) -> None:
        """Let go of the moment."""
        ...


class Copying(Protocol):
    """The whole record of an opened store, out and in."""

    def view(self, *, lenient: bool = False) -> View:
        """See the record as it is now, while others go on writing; ``lenient`` reads texts that are none too."""
        ...

    def marks(self) -> dict[str, str]:
        """Read the marks that this record has."""
        ...

    def keep_writers_out(self) -> AbstractContextManager[None]:
        """Have everybody who would write this record wait; :meth:`mark` ends it."""
        ...

    def claim(self) -> None:
        """Have the filling of this record to oneself until :meth:`close`; what a killed process had begun has ended.

        :raises Busy: another process fills it.
        """
        ...

    def fill(self, table: Table, rows: list[Row], marks: Mapping[str, str]) -> None:
        """Add rows and set marks, durably and in one transaction.

        :raises StoreFailed: the store failed; nothing was added.
        :raises BadRequest: the engine cannot keep one of these rows.
        """
        ...

    def mark(self, marks: Mapping[str, str | None]) -> None:
        """Set marks durably, or take away those that are None."""
        ...

    def close(self) -> None:
        """Let go of what filling held; the store itself stays open."""
        ...


def gathered(fetch: Callable[[int], list[Row]], table: Table) -> Iterator[list[Row]]:
    """Join what ``fetch(rows)`` gives, until it gives nothing, into pages of bounded size.

    Of a table with long rows a few are asked for at a time, and more while they turn out to be short.
    """
    page: list[Row] = []
    held = 0
    at_once = ROWS_AT_ONCE if table.long is None else LONG_ROWS_AT_ONCE
    while rows := fetch(at_once):
        page += rows
        if table.long is not None:
            more = _bytes_in(rows, table.long)
            held += more
            at_once = min(at_once * 2, SHORT_ROWS_AT_ONCE) if more < SHORT_BYTES else LONG_ROWS_AT_ONCE
        if len(page) + at_once > PAGE_ROWS_MAX or held >= PAGE_BYTES_MAX:
            yield page
            page, held = [], 0
    if page:
        yield page


def _bytes_in(rows: list[Row], column: int) -> int:
    return sum(len(value) for row in rows if isinstance(value := row[column], bytes | str))
