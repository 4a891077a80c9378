"""The whole record as tables that every engine has alike: names, columns in one order, keys.

This is what a record is when it leaves an engine, for another one or for a backup. What an engine derives for itself
(counters of the next numbers, a second index of containers) is not here; the engine makes it again from the rows.
"""

from __future__ import annotations

import enum
import functools
import types
from typing import NamedTuple

import msgspec

Value = int | str | bytes | None
Row = tuple[Value, ...]
Key = tuple[Value, ...]


class Kind(enum.Enum):
    """What stands in a column."""

    NUMBER = "number"
    TEXT = "text"
    BYTES = "bytes"
    FLAG = "flag"  # 0 or 1
    NAME = "name"  # an event's identifier, always in its long form here
    NUMBER_OR_NONE = "number or none"
    BYTES_OR_NONE = "bytes or none"


NUMBER, TEXT, BYTES, FLAG, NAME = Kind.NUMBER, Kind.TEXT, Kind.BYTES, Kind.FLAG, Kind.NAME
NUMBER_OR_NONE, BYTES_OR_NONE = Kind.NUMBER_OR_NONE, Kind.BYTES_OR_NONE

_TYPES: dict[Kind, object] = {
    NUMBER: int,
    TEXT: str,
    BYTES: bytes,
    FLAG: int,
    NAME: str,
    NUMBER_OR_NONE: int | None,
    BYTES_OR_NONE: bytes | None,
}


class Table(NamedTuple):
    """One table: its columns, of which the first ``keys`` are its key, and which of them may be long, if any."""

    name: str
    keys: int
    columns: dict[str, Kind]
    long: int | None

    @property
    def key_names(self) -> tuple[str, ...]:
        """The columns of the key; rows are always given in the order of their bytes."""
        return tuple(self.columns)[: self.keys]


def _table(name: str, keys: int, long: str, /, **columns: Kind) -> Table:
    return Table(name, keys, columns, list(columns).index(long) if long else None)


# In the order in which they are copied: what others point to goes first.
TABLES: tuple[Table, ...] = (
    _table("setting", 1, "", key=TEXT, value=TEXT),
    _table("name", 1, "", id=NUMBER, text=TEXT),
    _table("product", 1, "", id=NUMBER, gtin=TEXT, holds=FLAG),
    _table("lot", 1, "", id=NUMBER, product=NUMBER, lot=TEXT, expiry=TEXT),
    _table("partner", 1, "", name=TEXT, row=BYTES),
    _table("partner_gln", 1, "", gln=TEXT, partner=TEXT),
    _table("kept", 2, "body", kind=TEXT, key=TEXT, at=NUMBER, body=BYTES),
    _table(
        "document",
        1,
        "header",
        id=NUMBER,
        sha256=BYTES,
        name=TEXT,
        bytes=NUMBER,
        received_at=NUMBER,
        sender=TEXT,
        receiver=TEXT,
        instance_id=TEXT,
        events=NUMBER,
        header=BYTES,
    ),
    _table("document_chunk", 2, "data", document=NUMBER, seq=NUMBER, data=BYTES),
    _table(
        "job",
        1,
        "gtins",
        id=TEXT,
        document=NUMBER,
        name=TEXT,
        proceed=FLAG,
        state=TEXT,
        events=NUMBER,
        applied=NUMBER,
        packages=NUMBER,
        new_events=NUMBER,
        first_position=NUMBER,
        created_at=NUMBER,
        finished_at=NUMBER,
        error=TEXT,
        gtins=BYTES,
    ),
    _table(
        "finding",
        2,
        "epcs",
        document=NUMBER,
        seq=NUMBER,
        event=NUMBER_OR_NONE,
        severity=TEXT,
        code=TEXT,
        message=TEXT,
        place=TEXT,
        epcs=TEXT,
    ),
    _table("master", 2, "", id=TEXT, speaker=TEXT, said_at=TEXT, document=NUMBER, attributes=BYTES),
    _table(
        "data_key",
        1,
        "",
        id=NUMBER,
        kind=NUMBER,
        tenant=NUMBER,
        version=NUMBER,
        wrapped_by=NUMBER,
        root=TEXT,
        origin=TEXT,
        made_at=NUMBER,
        ended_at=NUMBER,
        wrapped=BYTES,
    ),
    _table("block", 1, "data", id=NUMBER, data=BYTES),
    _table(
        "record",
        1,
        "",
        position=NUMBER,
        kind=NUMBER,
        tenant=NUMBER,
        party=NUMBER,
        recorded_at=NUMBER,
        id=BYTES,
        salt=BYTES,
        block=NUMBER,
        start=NUMBER,
        length=NUMBER,
        envelope=NUMBER,
        commitment=BYTES_OR_NONE,
    ),
    _table(
        "event",
        1,
        "",
        position=NUMBER,
        time=NUMBER,
        hash=BYTES,
        kind=NUMBER,
        action=NUMBER,
        biz_step=NUMBER,
        disposition=NUMBER,
        speaker=NUMBER,
        read_point=NUMBER,
        biz_location=NUMBER,
        source=NUMBER,
        destination=NUMBER,
        parent=NUMBER,
        document=NUMBER,
        flags=NUMBER,
        voided_by=NUMBER_OR_NONE,
        event_id=NAME,
    ),
    _table("event_speaker", 2, "", event=NUMBER, speaker=NUMBER, document=NUMBER),
    _table("event_identity", 2, "", identity=BYTES, event=NUMBER),
    _table("lot_event", 3, "", product=NUMBER, lot=TEXT, event=NUMBER),
    _table("making", 1, "", id=NUMBER, event=NUMBER, lot=NUMBER),
    _table(
        "container",
        1,
        "state",
        id=NUMBER,
        key=TEXT,
        product=NUMBER_OR_NONE,
        made=NUMBER_OR_NONE,
        parent=NUMBER_OR_NONE,
        since=NUMBER_OR_NONE,
        emptied=NUMBER_OR_NONE,
        speaker=NUMBER_OR_NONE,
        state=BYTES_OR_NONE,
    ),
    _table("container_event", 3, "", container=NUMBER, event=NUMBER, role=NUMBER, making=NUMBER_OR_NONE),
    _table("inside", 2, "", parent=NUMBER, child=NUMBER),
    _table("unit", 2, "", product=NUMBER, serial=TEXT, made=NUMBER_OR_NONE, packed=NUMBER_OR_NONE, own=NUMBER_OR_NONE),
    _table("unit_event", 4, "", product=NUMBER, serial=TEXT, event=NUMBER, role=NUMBER, making=NUMBER_OR_NONE),
    _table("holding", 2, "", making=NUMBER, packed=NUMBER, packs=NUMBER),
    _table("posting", 2, "steps", term=NUMBER, last=NUMBER, first=NUMBER, steps=BYTES),
    _table("used", 2, "", kind=TEXT, text=TEXT),
    _table(
        "vocabulary",
        3,
        "attributes",
        type=TEXT,
        id=TEXT,
        speaker=TEXT,
        said_at=TEXT,
        document=NUMBER,
        attributes=BYTES,
    ),
    _table("issued", 2, "", gtin=TEXT, serial=TEXT, at=NUMBER),
    _table("answered", 1, "answer", key=TEXT, recorded_at=NUMBER, answer=BYTES),
    _table("board", 5, "", board=TEXT, day=TEXT, site=TEXT, cause=TEXT, detail=TEXT, count=NUMBER),
    _table("board_doubt", 1, "", pack=TEXT, day=TEXT, site=TEXT, cause=TEXT, detail=TEXT),
    _table("tile", 2, "hashes", level=NUMBER, number=NUMBER, hashes=BYTES),
    _table("checkpoint", 1, "note", size=NUMBER, at=NUMBER, publisher=TEXT, cosigned=FLAG, note=BYTES),
)
BY_NAME: dict[str, Table] = {table.name: table for table in TABLES}


def encode(rows: list[Row]) -> bytes:
    """Give rows as MessagePack, the same bytes whichever engine they came from."""
    return msgspec.msgpack.encode(rows)


@functools.cache
def _decoder(table: str) -> msgspec.msgpack.Decoder[list[Row]]:
    # The shape of a row is only known when the program runs, from the table's columns.
    row = types.GenericAlias(tuple, tuple(_TYPES[kind] for kind in BY_NAME[table].columns.values()))
    return msgspec.msgpack.Decoder(types.GenericAlias(list, (row,)))


def decode(table: Table, data: bytes) -> list[Row]:
    """Read rows from MessagePack.

    :raises msgspec.DecodeError: they are not rows of this table.
    """
    return _decoder(table.name).decode(data)


def rows_of(encoded: bytes) -> memoryview:
    """Give encoded rows without the head that counts them, so that the same rows in other pages are the same bytes."""
    first = encoded[0]
    return memoryview(encoded)[1 if first & 0xF0 == 0x90 else 3 if first == 0xDC else 5 :]
