"""Proving that two copies of a record are the same, row by row, and what the SHA-256 of each table is."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import zstandard

from rxtrail.errors import CopyDiffers
from rxtrail.store.rows import Record
from rxtrail.store.tables import BY_NAME, TABLES, encode, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rxtrail.moving.filling import Progress
    from rxtrail.store.copying import Pages, View
    from rxtrail.store.tables import Row, Table

BLOCKS_AT_ONCE = 64


class Digest(msgspec.Struct, frozen=True, gc=False):
    """How many rows a table has, and the SHA-256 of all of them as MessagePack in key order."""

    rows: int
    sha256: str


def compare(one: Pages, other: Pages, progress: Progress, in_all: int) -> dict[str, Digest]:
    """Read every table of both sides; give the digest of each, which is the same on both.

    :raises CopyDiffers: they are not the same; the first table and key that differ are named.
    """
    done = 0
    found: dict[str, Digest] = {}
    for table in TABLES:
        hasher = hashlib.sha256()
        rows = 0
        for mine, theirs in _side_by_side(one.pages(table), other.pages(table)):
            encoded = encode(mine)
            if encoded != encode(theirs):
                raise _differ(table, mine, theirs)
            hasher.update(rows_of(encoded))
            rows += len(mine)
            done += len(mine)
            progress("comparing", done, in_all)
        found[table.name] = Digest(rows, hasher.hexdigest())
    return found


def records_digest(view: View) -> str:
    """Give the SHA-256 over (position, id, salt, canonical bytes) of every record in log order, each as MessagePack.

    Of a record whose key was destroyed the SHA-256 of its sealed block stands in the place of the bytes.

    :raises CopyDiffers: a record's bytes are not where it says they are.
    """
    hasher = hashlib.sha256()
    opened: dict[int, bytes | _Lost] = {}
    for run in _runs(view.pages(BY_NAME["record"])):
        opened = _opened(view, {place.block for place in run}, opened)
        told = [(at.position, at.id, at.salt, _bytes_at(opened[at.block], at)) for at in run]
        for at, (*_, canonical) in zip(run, told, strict=True):
            if len(canonical) != at.length and not isinstance(opened[at.block], _Lost):
                raise CopyDiffers(f"the bytes of record {at.position} are not in its block", place=f"block {at.block}")
        hasher.update(rows_of(msgspec.msgpack.encode(told)))
    return hasher.hexdigest()


def _runs(pages: Iterator[list[Row]]) -> Iterator[list[Record]]:
    """Cut the log into runs of records that lie in few blocks."""
    run: list[Record] = []
    blocks: set[int] = set()
    for page in pages:
        for row in page:
            record = Record._make(row)
            blocks.add(record.block)
            if len(blocks) > BLOCKS_AT_ONCE:
                yield run
                run, blocks = [], {record.block}
            run.append(record)
    if run:
        yield run


class _Lost(NamedTuple):
    """A block whose key was destroyed."""

    sha256: bytes


def _bytes_at(block: bytes | _Lost, at: Record) -> bytes:
    return block.sha256 if isinstance(block, _Lost) else block[at.start : at.start + at.length]


def _opened(view: View, wanted: set[int], held: dict[int, bytes | _Lost]) -> dict[int, bytes | _Lost]:
    """Give the blocks that are wanted, unsealed and decompressed; what was held of them is not read again."""
    found = {number: data for number, data in held.items() if number in wanted}
    missing = sorted(wanted - found.keys())
    kept = view.blocks(missing) if missing else {}
    expand = zstandard.ZstdDecompressor().decompress
    for number in missing:
        try:
            opened = view.unsealed(number, kept[number])
            found[number] = _Lost(hashlib.sha256(kept[number]).digest()) if opened is None else expand(opened)
        except (KeyError, zstandard.ZstdError) as error:
            raise CopyDiffers(f"block {number} is missing or damaged", place=f"block {number}") from error
    return found


def _side_by_side(one: Iterator[list[Row]], other: Iterator[list[Row]]) -> Iterator[tuple[list[Row], list[Row]]]:
    """Pair pages of the same rows, whatever pages each side gives them in; at the end one side may be longer."""
    mine: list[Row] = []
    theirs: list[Row] = []
    while True:
        mine = mine or next(one, [])
        theirs = theirs or next(other, [])
        if not mine and not theirs:
            return
        if not mine or not theirs:
            yield mine, theirs
            return
        count = min(len(mine), len(theirs))
        yield mine[:count], theirs[:count]
        mine, theirs = mine[count:], theirs[count:]


def _differ(table: Table, mine: list[Row], theirs: list[Row]) -> CopyDiffers:
    for one, other in zip(mine, theirs, strict=False):
        if encode([one]) != encode([other]):
            key = min(one[: table.keys], other[: table.keys])
            return _difference(table, key)
    longer = mine if len(mine) > len(theirs) else theirs
    return _difference(table, longer[min(len(mine), len(theirs))][: table.keys])


def _difference(table: Table, key: Row) -> CopyDiffers:
    shown = ", ".join(value.hex() if isinstance(value, bytes) else str(value) for value in key)
    return CopyDiffers(
        f"the copy differs from its source in table {table.name} at key ({shown})",
        place=f"{table.name} ({shown})",
        advice="The copy stays closed. Start again with an empty store, and report this.",
    )
