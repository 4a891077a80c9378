"""What may lie unsealed in a record that is encrypted: only what was there before its first key.

A record that an older version wrote, or that was moved here, may hold blocks and documents that nobody sealed. Up to
which numbers that is so is kept in the record's name (``origin``), which every key and all that is sealed is bound to:
whoever writes into the tables cannot move that line without making everything unreadable. Names of records that were
first sealed before there was a line have none; there the log's commitment to the bytes at rest decides alone.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from rxtrail.sealing.refusals import NotSealed

_MARKED: Final = re.compile(r"([0-9a-f]+)/([0-9]{1,18})/([0-9]{1,18})", re.ASCII)


class Ends(NamedTuple):
    """The last block and the last document that may lie unsealed; 0 when none may."""

    block: int
    document: int

    def allow(self, table: str, number: int) -> bool:
        """Tell whether a row of this number may lie unsealed."""
        return number <= (self.block if table == "block" else self.document)


def ends_of(origin: str) -> Ends | None:
    """Read the line from a record's name; None when it has none."""
    found = _MARKED.fullmatch(origin)
    return None if found is None else Ends(int(found[2]), int(found[3]))


def marked(origin: str, ends: Ends) -> str:
    """Give the name of a record with its line."""
    return f"{origin.partition('/')[0]}/{ends.block}/{ends.document}"


def not_sealed(place: str, why: str) -> NotSealed:
    """Give the refusal of what lies unsealed where it may not."""
    return NotSealed(
        f"{place} is not sealed, and {why}: somebody has put it there",
        place=place,
        advice="It is not read. Find out who can write into the store; restore a backup. rxtrail audit tells what else "
        "was changed.",
    )
