"""The raw documents against what the log says of them: each compressed chunk, and the whole of it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import zstandard

from rxtrail.sealing import key_of
from rxtrail.store.tables import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rxtrail.auditing.faults import Faults
    from rxtrail.store.copying import View
    from rxtrail.store.tables import Row

CHUNKS = BY_NAME["document_chunk"]
WINDOW_BYTES_MAX = 1 << 28


class DocumentsPart:
    """Reads the chunks of all documents in order."""

    def __init__(
        self, view: View, faults: Faults, documents: Mapping[int, tuple[bytes, int, list[bytes]]],
        *, progress: Callable[[int], None], all_told: bool = True,
    ) -> None:  # fmt: skip
        """``documents`` gives SHA-256, size and the hashes of the chunks of each document by its number.

        ``all_told`` is False when a part of the log that may have told of documents could not be read.
        """
        self._all_told = all_told
        self._view = view
        self._faults = faults
        self._documents = documents
        self._progress = progress
        self._number = 0
        self._seq = 0
        self._whole = False
        self._hash = hashlib.sha256()
        self._size = 0
        self._expander = zstandard.ZstdDecompressor(max_window_size=WINDOW_BYTES_MAX).decompressobj()
        self.documents = 0
        self.lost: dict[int, int] = {}  # key -> chunks under it, when it was destroyed
        self.untold: set[object] = set()  # documents of which the part of the log that can be read says nothing

    def read(self, after: int = 0) -> None:
        """Check the documents behind a number."""
        seen = set[int]()
        key = (after, 1 << 62) if after else None
        for page in self._view.pages(CHUNKS, key):
            for row in page:
                self._take(row, seen)
        self._end()
        for number in self._documents:
            if number > after and number not in seen and self._documents[number][2]:
                self._find("row-missing", f"the bytes of document {number} are missing", number, 0)

    def _take(self, row: Row, seen: set[int]) -> None:
        number, seq, data = row
        if not isinstance(number, int) or not isinstance(seq, int) or not isinstance(data, bytes):
            self._find("row-changed", "a chunk of no document", number, seq, found=data)
            return
        if number != self._number:
            self._end()
            self._begin(number)
            seen.add(number)
        told = self._documents.get(number)
        if told is None and not self._all_told:
            if self._opened(number, seq, data) is not None:  # what was destroyed is told by its key
                self.untold.add(number)
            self._whole = False
            return
        if told is None:
            self._find("row-added", "no record of the log keeps this document", number, seq)
            self._whole = False
            return
        if seq != self._seq:
            self._find("row-missing", f"chunk {self._seq} of document {number} is missing", number, self._seq)
            self._whole = False
        self._seq = seq + 1
        if seq >= len(told[2]):
            self._find("row-added", f"document {number} has {len(told[2])} chunks", number, seq)
            self._whole = False
            return
        opened = self._opened(number, seq, data)
        if opened is None:
            return
        if hashlib.sha256(opened).digest() != told[2][seq]:
            self._find("row-changed", f"chunk {seq} of document {number} is not what was kept", number, seq,
                       expected=told[2][seq], found=hashlib.sha256(opened).digest())  # fmt: skip
            self._whole = False
        if self._whole:
            self._expand(opened)

    def _opened(self, number: int, seq: int, data: bytes) -> bytes | None:
        try:
            plain = self._view.unsealed_chunk(number, seq, data)
        except Exception as error:  # noqa: BLE001 (whatever the bytes make the libraries say, they are damaged)
            self._find("row-changed", f"chunk {seq} of document {number} cannot be opened: {error}", number, seq)
            self._whole = False
            return None
        if plain is None:
            key = key_of(data)
            self.lost[key] = self.lost.get(key, 0) + 1
            self._whole = False
        return plain

    def _expand(self, data: bytes) -> None:
        try:
            piece = self._expander.decompress(data)
        except zstandard.ZstdError:
            self._whole = False
            self._find("row-changed", f"document {self._number} cannot be expanded", self._number, self._seq - 1)
            return
        self._hash.update(piece)
        self._size += len(piece)

    def _begin(self, number: int) -> None:
        self._number, self._seq, self._whole = number, 0, True
        self._hash, self._size = hashlib.sha256(), 0
        self._expander = zstandard.ZstdDecompressor(max_window_size=WINDOW_BYTES_MAX).decompressobj()

    def _end(self) -> None:
        told = self._documents.get(self._number)
        if told is None:
            return
        self.documents += 1
        self._progress(self.documents)
        sha256, size, chunks = told
        if self._seq < len(chunks) and self._whole:
            self._find(
                "row-missing", f"chunk {self._seq} of document {self._number} is missing", self._number, self._seq
            )
        elif self._whole and (self._hash.digest(), self._size) != (sha256, size):
            self._find("document-changed", f"document {self._number} has not the SHA-256 that the log says",
                       self._number, 0, expected=sha256, found=self._hash.digest())  # fmt: skip

    def _find(
        self, code: str, message: str, number: object, seq: object, *, expected: object = None, found: object = None
    ) -> None:
        self._faults.find("document", code, message, table=CHUNKS.name, key=f"document={number}, seq={seq}",
                          field="data", expected=expected, found=found)  # fmt: skip
