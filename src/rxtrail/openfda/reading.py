"""Large JSON files of records as a stream: openFDA's ``{meta, results: [...]}``, a list, one record a line; zip, gzip.

A file is read in pieces, so that a file of any size takes the memory of one piece. The last whole record of a piece is
found by what has stood between the first two records of the file, which costs nothing; whether it was right is told by
the decoder, because no beginning of a JSON object is a JSON object. Where it was wrong the piece is walked token by
token. The end of the file is looked at too: a file that was cut has none.
"""

from __future__ import annotations

import gzip
import re
import zipfile
import zlib
from typing import TYPE_CHECKING, Final, Generic, TypeVar

import msgspec

from rxtrail.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

Kind = TypeVar("Kind")

PIECE_BYTES: Final = 1 << 20
RECORD_BYTES_MAX: Final = 32 << 20
MEMBERS_MAX: Final = 1_000
FAULTS_TOLD_MAX: Final = 20
_BOM: Final = b"\xef\xbb\xbf"
_BLANK: Final = b" \t\r\n"
# A whole string, a bracket, or a quote whose string has no end in this piece.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\]"]', re.DOTALL)
_FIRST_NAME = re.compile(rb'[\s,]*\{\s*"[^"\\]*"\s*:')
_ZIP: Final = b"PK\x03\x04"
_GZIP: Final = b"\x1f\x8b"


class FileCut(Refused):
    """A file of records that is not whole, or no such file; nothing of it was kept."""


class Batch(msgspec.Struct, Generic[Kind], frozen=True, gc=False):
    """Records that follow each other, and those among them that could not be taken: (place, why)."""

    records: list[Kind]
    faults: list[tuple[str, str]]
    count: int  # all of them


def members(stream: BinaryIO, name: str) -> Iterator[tuple[str, BinaryIO]]:
    """Give the JSON files in a file: itself, or what it packs.

    :raises FileCut: it is a zip or gzip file that is cut or damaged.
    """
    begins = stream.read(4)
    stream.seek(0)
    if begins == _ZIP:
        try:
            with zipfile.ZipFile(stream) as packed:
                inside = [each for each in packed.infolist() if not each.is_dir()]
                if len(inside) > MEMBERS_MAX:
                    raise FileCut(f"the zip file holds more than {MEMBERS_MAX:,} files", place=name)
                for each in inside:
                    with packed.open(each) as member:
                        yield f"{name}, {each.filename}", member  # type: ignore[misc]  # it reads as any file does
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as bad:
            raise _damaged(name, bad) from bad
    elif begins[:2] == _GZIP:
        with gzip.GzipFile(fileobj=stream) as unpacked:
            yield name, unpacked  # type: ignore[misc]  # it reads as any file does
    else:
        yield name, stream


def batches(stream: BinaryIO, kind: type[Kind], name: str) -> Iterator[Batch[Kind]]:
    """Read the records of one JSON file as values of ``kind``, piece by piece.

    A record that is JSON but does not fit is a fault of its batch.

    :raises FileCut: with the number of the record and the byte from which on the file cannot be read.
    """
    reader = _Reader(stream, kind, name)
    try:
        yield from reader.read()
    except (zlib.error, EOFError, zipfile.BadZipFile, gzip.BadGzipFile) as bad:
        raise _damaged(f"{name}, {reader.place}", bad) from bad


class _Reader(Generic[Kind]):
    def __init__(self, stream: BinaryIO, kind: type[Kind], name: str) -> None:
        self._stream = stream
        self._name = name
        self._many: Callable[[bytes], list[Kind]] = msgspec.json.Decoder(list[kind]).decode  # type: ignore[valid-type]
        self._one: Callable[[bytes], Kind] = msgspec.json.Decoder(kind).decode
        self._data = b""
        self._offset = 0  # of the first byte of ``_data`` in the file
        self._number = 0  # records before it
        self._ended = False  # nothing more comes
        self._between = b""  # how one record ends and the next begins

    @property
    def place(self) -> str:
        return f"record {self._number + 1:,} (byte {self._offset:,})"

    def read(self) -> Iterator[Batch[Kind]]:
        while len(self._data) < len(_BOM) and not self._ended:
            self._more()
        if self._data.startswith(_BOM):
            self._drop(len(_BOM))
        self._skip(_BLANK)
        opening = self._data[:1]
        if opening == b"[":
            self._drop(1)
            yield from self._list()
            self._end(0)
        elif opening == b"{":
            within = self._results()
            if within:
                self._drop(within)
                yield from self._list()
                self._end(1)
            else:
                yield from self._lines()
        else:
            raise self._cut("the file is empty" if not opening else "this is not JSON")

    # -- the three forms -------------------------------------------------------------------------------------------

    def _list(self) -> Iterator[Batch[Kind]]:
        while True:
            self._skip(_BLANK + b",")
            if self._data[:1] == b"]":
                self._drop(1)
                return
            yield self._batch(b",")

    def _lines(self) -> Iterator[Batch[Kind]]:
        while True:
            self._skip(_BLANK)
            if not self._data:
                return
            yield self._batch(b"")

    def _results(self) -> int:
        """Find where the list ``results`` of the object begins; 0 when the object has none."""
        at = 0
        depth = 0
        last = b""
        while True:
            unclosed = False
            for token in _TOKEN.finditer(self._data, at):
                text = token[0]
                if text == b'"':
                    unclosed = True
                    break
                at = token.end()
                if text in (b"{", b"["):
                    if depth == 1 and text == b"[" and last == b'"results"':
                        return at
                    depth += 1
                elif text in (b"}", b"]"):
                    depth -= 1
                    if depth == 0:
                        return 0
                last = text if depth == 1 else b""
            if self._ended and (unclosed or depth):
                raise self._cut("the file ends before its records begin")
            self._grow()

    def _end(self, depth: int) -> None:
        """Read to the end of the file, in which only the rest of the object may stand."""
        while True:
            at = 0
            for token in _TOKEN.finditer(self._data):
                if token[0] == b'"':
                    break
                at = token.end()
                depth += (token[0] in (b"{", b"[")) - (token[0] in (b"}", b"]"))
                if depth < 0:
                    raise self._cut("more stands behind the end of the records")
            rest = self._data[at:]
            if self._ended:
                if depth:
                    raise self._cut("the file ends in the middle")
                if rest.strip(_BLANK):
                    raise self._cut("more stands behind the end of the records")
                return
            self._drop(at)
            self._grow()

    # -- one batch -------------------------------------------------------------------------------------------------

    def _batch(self, comma: bytes) -> Batch[Kind]:
        """Take the whole records at the beginning of what was read; there is at least one, or the file is cut."""
        found = self._quick() if comma and self._between else None
        if found is not None:
            records, end = found
            self._drop(end)
            self._number += len(records)
            return Batch(records, [], len(records))
        ends = self._ends()
        while not ends:
            if self._ended:
                raise self._cut("the file ends in the middle of this record")
            self._grow()
            ends = self._ends()
        if comma and len(ends) > 1:
            following = _FIRST_NAME.match(self._data, ends[0])
            self._between = self._data[ends[0] - 1 : following.end()] if following is not None else b""
        return self._one_by_one(ends, comma)

    def _quick(self) -> tuple[list[Kind], int] | None:
        if len(self._data) < PIECE_BYTES:
            self._more()
        end = self._data.rfind(self._between) + 1
        if not end:
            return None
        try:
            return self._many(b"[%b]" % self._data[:end]), end
        except msgspec.DecodeError:
            return None  # the next way tells which record it is, and why

    def _ends(self) -> list[int]:
        """Give where the records end that are whole in what was read, walking it token by token."""
        ends: list[int] = []
        depth = 0
        for token in _TOKEN.finditer(self._data):
            text = token[0]
            if text == b'"':
                break
            if text in (b"{", b"["):
                depth += 1
            elif text in (b"}", b"]"):
                depth -= 1
                if depth == 0:
                    ends.append(token.end())
                elif depth < 0:
                    break  # the end of the list
        return ends

    def _one_by_one(self, ends: list[int], comma: bytes) -> Batch[Kind]:
        records: list[Kind] = []
        faults: list[tuple[str, str]] = []
        begin = 0
        for end in ends:
            text = self._data[begin:end].lstrip(_BLANK)
            if begin and comma:
                if text[:1] != comma:
                    raise self._cut("no comma stands before this record", begin, len(records) + len(faults))
                text = text[1:]
            try:
                records.append(self._one(text))
            except msgspec.ValidationError as misfit:
                number = self._number + len(records) + len(faults) + 1
                faults.append((f"{self._name}, record {number:,} (byte {self._offset + begin:,})", str(misfit)))
            except (msgspec.DecodeError, RecursionError) as wrong:
                raise self._cut(f"this record is not JSON: {wrong}", begin, len(records) + len(faults)) from wrong
            begin = end
        self._drop(begin)
        self._number += len(ends)
        return Batch(records, faults, len(ends))

    # -- what was read ---------------------------------------------------------------------------------------------

    def _more(self, count: int = 0) -> None:
        piece = self._stream.read(count or PIECE_BYTES)
        self._ended = not piece
        self._data += piece

    def _grow(self) -> None:
        """Read as much again as there is, so that a long record is walked few times."""
        if len(self._data) > RECORD_BYTES_MAX:
            raise self._cut(f"this record is longer than {RECORD_BYTES_MAX >> 20} MiB")
        self._more(max(PIECE_BYTES, len(self._data)))

    def _drop(self, count: int) -> None:
        self._data = self._data[count:]
        self._offset += count

    def _skip(self, characters: bytes) -> None:
        while True:
            left = self._data.lstrip(characters)
            self._drop(len(self._data) - len(left))
            if self._data or self._ended:
                return
            self._more()

    def _cut(self, message: str, begin: int = 0, records: int = 0) -> FileCut:
        return FileCut(
            message,
            place=f"{self._name}, record {self._number + records + 1:,} (byte {self._offset + begin:,})",
            advice="Fetch the file again: this one is cut or damaged. Nothing of it was kept.",
        )


def _damaged(place: str, bad: Exception) -> FileCut:
    return FileCut(
        f"the packed file is cut or damaged: {bad}",
        place=place,
        advice="Fetch the file again. Nothing of it was kept.",
    )
