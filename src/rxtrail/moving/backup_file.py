"""Reading a backup file: all of it is checked before anything of it is used."""

from __future__ import annotations

import hashlib
import io
import itertools
from bisect import bisect_right
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Self, TypeVar

import msgspec
import zstandard

from rxtrail.errors import BadBackup
from rxtrail.moving.backup_format import (
    BESIDE,
    DIGEST_BYTES,
    FRAME,
    HEADER,
    MAGIC,
    MANIFEST,
    PAGE,
    SINCE_FORMAT_1,
    Header,
    Manifest,
    columns_here,
)
from rxtrail.moving.comparing import Digest
from rxtrail.sealing import CannotDecrypt, RootFile, stream
from rxtrail.store.tables import BY_NAME, TABLES, decode, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import TracebackType

    from rxtrail.moving.filling import Progress
    from rxtrail.sealing import Root
    from rxtrail.store.tables import Key, Row, Table

FRAME_BYTES_MAX = 256 << 20  # of one frame, packed or not; a page is at most a few MiB and one row
_PAGE = msgspec.msgpack.Decoder(tuple[str, msgspec.Raw])
_PIECE = msgspec.msgpack.Decoder(tuple[str, bytes])
_Kind = TypeVar("_Kind", bound=msgspec.Struct)
_AGAIN = "Take another backup file; this one was not whole, or was changed after it was written."


class _Frame(NamedTuple):
    kind: bytes
    offset: int
    content: bytes


class _PageAt(NamedTuple):
    """Where a page stands and its last key, so that reading can begin in the middle."""

    offset: int
    last: Key


class BackupFile:
    """The tables of a backup at rest; :meth:`check` comes first."""

    def __init__(self, path: Path, root_for: Callable[[stream.Header], Root]) -> None:
        """Open the file; ``root_for`` gives the root key that a sealed one names.

        :raises BadBackup: it cannot be opened, or is of another kind.
        :raises CannotDecrypt: its root key is not here.
        """
        self._index: dict[str, list[_PageAt]] = {table.name: [] for table in TABLES}
        self._beside: list[int] = []
        self._manifest: Manifest | None = None
        self.identity = ""
        try:
            self._file: BinaryIO = path.open("rb")
            self.size = path.stat().st_size
        except OSError as error:
            raise BadBackup(
                f"cannot be read: {error.strerror}", place=str(path), advice="Name a backup file."
            ) from error
        self.guarded: RootFile | None = None
        try:
            header = stream.header_of(self._file)
            self.sealed = header is not None  # else it is of a record that was not encrypted
            if header is not None:
                sealed = stream.SealedFile(self._file, self.size, root_for(header))
                self._file, self.size, self.guarded = io.BufferedReader(sealed), sealed.size, header.key_file
        except OSError as error:
            self._file.close()
            raise BadBackup(f"cannot be read: {error.strerror}", place=str(path)) from error
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        """Use the file as a context manager."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._file.close()

    @property
    def manifest(self) -> Manifest:
        """What the backup holds."""
        assert self._manifest is not None, "a file is checked first"
        return self._manifest

    def check(self, progress: Progress) -> None:
        """Read the whole file and prove it whole and unchanged.

        :raises BadBackup: it is not; the byte and the table are named.
        """
        try:
            self._check(progress)
        except OSError as error:
            raise BadBackup(f"cannot be read: {error.strerror}", place=f"byte {self._file.tell()}") from error
        except CannotDecrypt as error:
            raise BadBackup(error.message, place=error.place, advice=_AGAIN) from error

    def count(self, table: Table) -> int:
        """Count the rows of a table."""
        return self.manifest.tables[table.name].rows

    def pages(self, table: Table, after: Key | None = None) -> Iterator[list[Row]]:
        """Give the rows of a table in key order, those after a key, in the pages in which they were written."""
        entries = self._index[table.name]
        first = 0 if after is None else bisect_right(entries, after, key=lambda entry: entry.last)
        for entry in entries[first:]:
            self._file.seek(entry.offset)
            _, rows = _page(_read_frame(self._file, hashlib.sha256()))
            if after is not None:
                rows = rows[bisect_right(rows, after, key=lambda row: row[: table.keys]) :]
                after = None
            yield rows

    def beside(self) -> Iterator[tuple[str, bytes]]:
        """Give pieces of files that belong to the record, with their names; none when there are no such files."""
        for offset in self._beside:
            self._file.seek(offset)
            yield _piece(_read_frame(self._file, hashlib.sha256()))

    def _check(self, progress: Progress) -> None:
        self._file.seek(0)
        whole = hashlib.sha256()
        if self._file.read(len(MAGIC)) != MAGIC:
            raise BadBackup("not an rxtrail backup of a kind that this program knows", place="byte 0")
        whole.update(MAGIC)
        header = _read_frame(self._file, whole)
        if header.kind != HEADER:
            raise _altered(header.offset, "the header is missing")
        absent = _absent_from(_value(header, Header))
        digests: dict[str, Digest] = {}
        frame = _read_frame(self._file, whole)
        for table in TABLES:
            hasher = hashlib.sha256()
            rows = 0
            last: Key | None = None
            while frame.kind == PAGE and (page := _page(frame))[0] is table:
                last = _in_order(frame, table, page[1], last)
                hasher.update(rows_of(msgspec.msgpack.encode(page[1])))
                rows += len(page[1])
                self._index[table.name].append(_PageAt(frame.offset, last))
                progress("checking", self._file.tell(), self.size)
                frame = _read_frame(self._file, whole)
            digests[table.name] = Digest(rows, hasher.hexdigest())
        while frame.kind == BESIDE:
            _piece(frame)
            self._beside.append(frame.offset)
            progress("checking", self._file.tell(), self.size)
            frame = _read_frame(self._file, whole)
        if frame.kind != MANIFEST:
            raise _altered(frame.offset, "a table stands where it should not")
        manifest = _value(frame, Manifest)
        if absent & manifest.tables.keys():
            raise _altered(frame.offset, "the manifest does not fit its tables")
        empty = dict.fromkeys(absent, Digest(0, hashlib.sha256().hexdigest()))
        manifest = msgspec.structs.replace(manifest, tables={**manifest.tables, **empty})
        self._end(manifest, frame, digests, whole)

    def _end(self, manifest: Manifest, frame: _Frame, digests: dict[str, Digest], whole: hashlib._Hash) -> None:
        for name, digest in digests.items():
            told = manifest.tables.get(name)
            if told != digest:
                raise BadBackup(f"table {name} is not the one that was backed up", place=f"table {name}", advice=_AGAIN)
        if manifest.tables.keys() != digests.keys() or manifest.log_size != digests["record"].rows:
            raise _altered(frame.offset, "the manifest does not fit its tables")
        at = self._file.tell()
        if self._file.read(DIGEST_BYTES + 1) != whole.digest():
            raise _altered(at, "the digest at the end does not fit")
        self._manifest = manifest
        self.identity = whole.hexdigest()


def _read_frame(file: BinaryIO, whole: hashlib._Hash) -> _Frame:
    offset = file.tell()
    head = file.read(FRAME.size)
    if len(head) < FRAME.size:
        raise _cut_off(offset)
    kind, length = FRAME.unpack(head)
    if kind not in (HEADER, PAGE, BESIDE, MANIFEST) or length > FRAME_BYTES_MAX:
        raise _altered(offset, "no frame begins here")
    packed = file.read(length)
    if len(packed) < length:
        raise _cut_off(offset)
    whole.update(head)
    whole.update(packed)
    try:
        if zstandard.frame_content_size(packed) > FRAME_BYTES_MAX:
            raise _altered(offset, "a frame is larger than any that is written")
        content = zstandard.ZstdDecompressor().decompress(
            packed, max_output_size=FRAME_BYTES_MAX, allow_extra_data=False
        )
    except zstandard.ZstdError as error:
        raise _altered(offset, "a frame's checksum does not fit") from error
    return _Frame(kind, offset, content)


def _value(frame: _Frame, kind: type[_Kind]) -> _Kind:
    try:
        return msgspec.json.decode(frame.content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _altered(frame.offset, f"its {kind.__name__.lower()} cannot be read") from error


def _page(frame: _Frame) -> tuple[Table, list[Row]]:
    try:
        name, rows = _PAGE.decode(frame.content)
        table = BY_NAME[name]
        return table, decode(table, rows)
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError) as error:
        raise _altered(frame.offset, "a page cannot be read") from error


def _piece(frame: _Frame) -> tuple[str, bytes]:
    try:
        return _PIECE.decode(frame.content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _altered(frame.offset, "a piece cannot be read") from error


def _in_order(frame: _Frame, table: Table, rows: list[Row], last: Key | None) -> Key:
    """Prove that keys rise and none comes twice; give the last one."""
    keys = [row[: table.keys] for row in rows]
    before = keys if last is None else [last, *keys]
    if not keys or any(one >= other for one, other in itertools.pairwise(before)):
        raise _altered(frame.offset, f"the rows of table {table.name} are not in order")
    return keys[-1]


def _absent_from(header: Header) -> set[str]:
    """Give the tables that the writer did not have yet; all others must be as they are here."""
    here = columns_here()
    absent = SINCE_FORMAT_1 - header.tables.keys()
    if header.tables != {name: columns for name, columns in here.items() if name not in absent}:
        raise BadBackup(
            f"written by rxtrail {header.rxtrail}, whose tables are not those of this program",
            place="header",
            advice=f"Restore it with rxtrail {header.rxtrail}, then move the store on.",
        )
    return set(absent)


def _cut_off(offset: int) -> BadBackup:
    return BadBackup("the file is cut off", place=f"byte {offset}", advice=_AGAIN)


def _altered(offset: int, what: str) -> BadBackup:
    return BadBackup(f"the file was altered: {what}", place=f"byte {offset}", advice=_AGAIN)
