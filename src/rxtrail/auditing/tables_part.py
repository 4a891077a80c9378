"""Every table of a record against the same table of the copy that was made again from the log."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from rxtrail.auditing.faults import Faults, key_of, with_null
from rxtrail.auditing.postings_part import POSTINGS, Unfiled
from rxtrail.store.tables import BY_NAME, TABLES, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rxtrail.ledger.changes import DataKey
    from rxtrail.store.copying import View
    from rxtrail.store.tables import Row, Table, Value

# What the log itself is made of is checked there; what is published of it is made from it.
ELSEWHERE = frozenset({"record", "block", "document_chunk", "tile", "checkpoint", "data_key"})
_RANKS = {int: 1, float: 1, str: 2, bytes: 3}


def compare_tables(
    view: View, again: View, faults: Faults, *, progress: Callable[[int], None],
    without: frozenset[str] = frozenset(), unfiled: Unfiled | None = None,
) -> int:  # fmt: skip
    """Compare row by row, all tables but those ``without``; give how many rows were compared.

    ``unfiled`` is given for a record of which an earlier build may have left out rows of one table.
    """
    rows = 0
    for table in TABLES:
        if table.name in ELSEWHERE or table.name in without:
            continue
        for mine, right in _side_by_side(view.pages(table), again.pages(table), table):
            rows += len(right)
            if not _same(mine, right):
                if table.name == POSTINGS and unfiled is not None:
                    unfiled.take(mine, right)
                else:
                    _tell(table, mine, right, faults)
            progress(rows)
    if unfiled is not None and any(unfiled.rows):
        if faults.count or not unfiled.is_all():
            _tell(BY_NAME[POSTINGS], *unfiled.rows, faults)
        else:
            faults.miss(
                f"rows of {POSTINGS}, the index of EPCIS queries, for {unfiled.events:,} events that a second party "
                "has told as well: earlier builds left them out. No verdict depends on them, and only that party does "
                "not find these events in queries: rxtrail audit --rebuild makes them"
            )
    return rows


def _same(mine: list[Row], right: list[Row]) -> bool:
    try:
        return mine == right and encode(mine) == encode(right)  # 1 and 1.0 are equal, and not the same
    except (UnicodeEncodeError, OverflowError):
        return False


def _side_by_side(
    one: Iterator[list[Row]], other: Iterator[list[Row]], table: Table
) -> Iterator[tuple[list[Row], list[Row]]]:
    """Give stretches of both sides that hold the same keys, whatever pages they come in."""
    mine: list[Row] = []
    right: list[Row] = []
    keys = table.keys
    ended = [False, False]
    while True:
        if not mine and not ended[0]:
            mine = next(one, [])
            ended[0] = not mine
        if not right and not ended[1]:
            right = next(other, [])
            ended[1] = not right
        if not mine and not right:
            return
        if not mine or not right:
            yield mine, right
            mine, right = [], []
            continue
        count = min(len(mine), len(right))
        if _same(mine[:count], right[:count]):
            yield mine[:count], right[:count]
            mine, right = mine[count:], right[count:]
            continue
        # Up to the smaller of the two last keys: what lies behind it may come on the other side's next page.
        last = min(_order(mine[-1], keys), _order(right[-1], keys))
        cut_mine = sum(_order(row, keys) <= last for row in mine)
        cut_right = sum(_order(row, keys) <= last for row in right)
        yield mine[:cut_mine], right[:cut_right]
        mine, right = mine[cut_mine:], right[cut_right:]


def _order(row: Row, keys: int) -> tuple[tuple[int, Value], ...]:
    """Give the order of a row's key, whatever its columns hold, as SQLite orders it."""
    return tuple((_RANKS.get(type(value), 0), 0 if value is None else value) for value in row[:keys])


def _tell(table: Table, mine: list[Row], right: list[Row], faults: Faults) -> None:
    """Tell which rows of a stretch differ, and in which field."""
    there = {_order(row, table.keys): row for row in mine}
    expected = {_order(row, table.keys): row for row in right}
    for key, row in expected.items():
        found = there.get(key)
        if found is None:
            faults.find("table", "row-missing", f"a row of {table.name} is missing", table=table.name,
                        key=key_of(table, row), expected=row)  # fmt: skip
        elif not _same([found], [row]):
            for name, value, good in zip(table.columns, found, row, strict=True):
                if not _same([(value,)], [(good,)]):
                    faults.find("table", "row-changed", f"{name} of a row of {table.name} is not what the log makes it",
                                table=table.name, key=key_of(table, row), field=name, expected=with_null(good),
                                found=with_null(value))  # fmt: skip
    for key, row in there.items():
        if key not in expected:
            faults.find("table", "row-added", f"no record of the log makes this row of {table.name}", table=table.name,
                        key=key_of(table, row), found=row)  # fmt: skip
    if len(there) < len(mine):
        faults.find("table", "row-added", f"rows of {table.name} with the same key", table=table.name)


def compare_keys(view: View, keys: Mapping[int, DataKey], faults: Faults, *, all_told: bool) -> int:
    """Compare the keys of what is sealed with what the log says of them; give how many there are.

    ``all_told`` is False when a part of the log that may have told of keys could not be read.
    """
    table = BY_NAME["data_key"]
    names = [*list(table.columns)[:-1], "wrapped"]
    there: dict[Value, Row] = {row[0]: row for page in view.pages(table) for row in page}
    for number, right in keys.items():
        row = there.pop(number, None)
        if row is None:
            faults.find("table", "row-missing", "a key that blocks were sealed under is missing", table=table.name,
                        key=f"id={number}", expected=right[:-1])  # fmt: skip
            continue
        wrapped = row[-1]
        found = (*row[:-1], hashlib.sha256(wrapped).digest() if isinstance(wrapped, bytes) else wrapped)
        for name, value, good in zip(names, found, right, strict=True):
            if value != good or type(value) is not type(good):
                faults.find("table", "row-changed", f"{name} of a key is not what the log says", table=table.name,
                            key=f"id={number}", field=name, expected=good, found=value)  # fmt: skip
    if there and not all_told:
        told = ", ".join(str(number) for number in there)
        faults.miss(f"the keys {told}: what the log told of them cannot be read any more")
        return len(keys)
    for row in there.values():
        faults.find("table", "row-added", "the log knows nothing of this key", table=table.name, key=key_of(table, row))
    return len(keys)
