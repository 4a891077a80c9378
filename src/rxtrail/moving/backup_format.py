"""The backup file: what stands where, and how it is written.

    magic               the line "rxtrail-backup 1"
    frames              each: one letter, four bytes of length (big-endian), then a zstd frame with a checksum
      H  first          JSON: who wrote this and when, and the columns of every table
      P  many           MessagePack [table, [row, ...]], the tables in their order, the rows in key order
      B  perhaps some     MessagePack [name, bytes]: pieces of files that stand beside the record and belong to it
      M  last           JSON: how many rows each table has and their SHA-256, whose record it is, and where its log ends
    SHA-256             32 bytes, over everything before them

Everything can be read with a zstd and a MessagePack library and without rxtrail. The digests find accidents. They do
not find somebody who writes a whole new file. The backup of an encrypted record is sealed around all this
(``sealing/stream.py``), under the root key: who does not have that key can neither read nor write such a file.
"""

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING

import msgspec
import zstandard

from rxtrail.moving.comparing import Digest, records_digest
from rxtrail.moving.filling import record_at, totals_of
from rxtrail.store.tables import BY_NAME, TABLES, Row, encode, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rxtrail.moving.filling import Progress
    from rxtrail.store.copying import View

MAGIC = b"rxtrail-backup 1\n"
FRAME = struct.Struct(">cI")
HEADER, PAGE, BESIDE, MANIFEST = b"H", b"P", b"B", b"M"
DIGEST_BYTES = 32
SINCE_FORMAT_1 = frozenset({"issued", "board", "board_doubt"})
"""Tables that came after the first backups of this form: a backup without them is of a record that had none of it."""
LEVEL = 3  # most bytes are compressed already


class Header(msgspec.Struct, frozen=True, gc=False):
    """What stands first, so that a reader knows at once whether it can read the rest."""

    rxtrail: str
    created_at: str
    tables: dict[str, list[str]]


class Manifest(msgspec.Struct, frozen=True, gc=False):
    """What stands last: what a whole backup holds."""

    role: str
    glns: list[str]
    log_size: int
    first_record: str  # ids in hex, empty when the log is
    last_record: str
    records_sha256: str  # over (position, id, salt, canonical bytes) of every record
    tables: dict[str, Digest]


def columns_here() -> dict[str, list[str]]:
    """Give the columns of every table as this program knows them."""
    return {table.name: list(table.columns) for table in TABLES}


def write(
    view: View, *, rxtrail: str, created_at: str, progress: Progress, beside: Iterable[tuple[str, bytes]] = ()
) -> Iterator[bytes]:
    """Give a backup of everything a view sees, piece by piece; the view stays open.

    ``beside`` are pieces of files that belong to the record, with their names.

    :raises CopyDiffers: the record itself is damaged: a block cannot be read.
    """
    whole = hashlib.sha256()

    def piece(data: bytes) -> bytes:
        whole.update(data)
        return data

    totals = totals_of(view)
    done, in_all = 0, sum(totals.values())
    yield piece(MAGIC)
    yield piece(_frame(HEADER, msgspec.json.encode(Header(rxtrail, created_at, columns_here()))))
    digests: dict[str, Digest] = {}
    settings: dict[str, str] = {}
    for table in TABLES:
        hasher = hashlib.sha256()
        rows = 0
        for page in view.pages(table):
            encoded = encode(page)
            hasher.update(rows_of(encoded))
            yield piece(_frame(PAGE, msgspec.msgpack.encode((table.name, msgspec.Raw(encoded)))))
            rows += len(page)
            done += len(page)
            progress("writing", done, in_all)
            if table.name == "setting":
                settings.update((str(key), str(value)) for key, value in page)
        digests[table.name] = Digest(rows, hasher.hexdigest())
    for name, data in beside:
        yield piece(_frame(BESIDE, msgspec.msgpack.encode((name, data))))
    manifest = Manifest(
        role=settings.get("role", "hub"),
        glns=[gln for gln in settings.get("glns", "").split(",") if gln],
        log_size=totals["record"],
        first_record=id_of(record_at(view, 0)),
        last_record=id_of(record_at(view, totals["record"] - 1)),
        records_sha256=records_digest(view),
        tables=digests,
    )
    yield piece(_frame(MANIFEST, msgspec.json.encode(manifest)))
    yield whole.digest()


def _frame(kind: bytes, content: bytes) -> bytes:
    packed = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compress(content)
    return FRAME.pack(kind, len(packed)) + packed


def id_of(record: Row | None) -> str:
    """Give a record's id in hex, empty when there is no record."""
    if record is None:
        return ""
    value = record[list(BY_NAME["record"].columns).index("id")]
    assert isinstance(value, bytes), "a record's id is bytes"
    return value.hex()
