"""What is kept of one kind, the newest first, page by page: cases, recalls and alerts are listed alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.errors import NotFound
    from rxtrail.store import Reader

T = TypeVar("T")

PAGE: Final = 200
_LATEST: Final = (1 << 62, "")


def newest(
    reader: Reader,
    kind: str,
    decode: Callable[[bytes], T],
    fits: Callable[[T], bool],
    *,
    after: str,
    limit: int,
    missing: Callable[[str], NotFound],
) -> list[T]:
    """List what fits, after the one of key ``after`` ("": from the newest on); raises ``missing(after)``."""
    before = _LATEST
    if after:
        row = reader.kept(kind, after) if after.isprintable() else None  # PostgreSQL takes no NUL in a text
        if row is None:
            raise missing(after)
        before = (row[0], after)
    found: list[T] = []
    while len(found) < limit:
        rows = reader.kept_before(kind, before, PAGE)
        found += [each for each in (decode(body) for _, _, body in rows) if fits(each)]
        if len(rows) < PAGE:
            break
        before = (rows[-1][1], rows[-1][0])
    return found[:limit]
