"""What was done at a counter while the record could not be reached, on disk before the counter is answered.

One JSON line a fact, synced: an entry, or that one was settled. A line that was cut off by a power cut is the last one
and was never answered for; it is dropped. A damaged line anywhere else is refused, since evidence would be lost.
"""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING, Any, Literal, Self

import msgspec

from rxtrail.errors import Busy, RxtrailError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

FILE = "queue.jsonl"


class BadQueue(RxtrailError):
    """The file of what waits to be sent is damaged; it is left as it is."""

    code = "bad-queue"


class Entry(msgspec.Struct, frozen=True, gc=False, tag_field="is", tag="entry", omit_defaults=True):
    """One scan or change of state, as it was made. ``scanned_at`` is ISO 8601 in UTC, ``key`` its idempotency key."""

    number: int
    kind: Literal["scan", "change"]
    key: str
    scanned_at: str
    scan: str
    site: str
    purpose: str = "dispense"
    told: str = ""  # the verdict that the counter was given
    gtin: str = ""
    serial: str = ""
    lot: str = ""
    expiry: str = ""
    change: dict[str, str] = {}  # of a change: state, ref, reason, by, partial


class Settled(msgspec.Struct, frozen=True, gc=False, tag_field="is", tag="settled", omit_defaults=True):
    """What became of one entry at the node: the HTTP status, and the case that a conflict opened."""

    number: int
    status: int
    code: str = ""
    message: str = ""
    case: str = ""


_decoder = msgspec.json.Decoder(Entry | Settled)
_encode = msgspec.json.Encoder().encode


class Queue:
    """The queue of one station; one process holds it at a time."""

    def __init__(self, folder: Path) -> None:
        """Open or begin the queue in a folder.

        :raises Busy: another process holds it.
        :raises BadQueue: it is damaged in its middle.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = folder / FILE
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self._lock()
            self._all: list[Entry] = []
            self._entries: dict[int, Entry] = {}
            self.settled: list[Settled] = []
            self._last = 0
            self._read()
        except BaseException:
            os.close(self._file)
            raise

    def __enter__(self) -> Self:
        """Use the queue as a context manager."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the queue."""
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    @property
    def entries(self) -> list[Entry]:
        """Give all entries that the file holds, settled ones too."""
        return list(self._all)

    @property
    def waiting(self) -> list[Entry]:
        """Give what is not settled yet, in the order in which it was made."""
        return list(self._entries.values())

    def add(self, make: Callable[[int], Entry]) -> Entry:
        """Keep one entry, durably; ``make`` is given its number."""
        entry = make(self._last + 1)
        self._append(entry)
        self._last = entry.number
        self._entries[entry.number] = entry
        self._all.append(entry)
        return entry

    def settle(self, settled: Settled) -> None:
        """Keep what became of an entry, durably."""
        self._append(settled)
        self._entries.pop(settled.number, None)
        self.settled.append(settled)

    def _append(self, value: Entry | Settled) -> None:
        line = _encode(value) + b"\n"
        start = os.fstat(self._file).st_size
        try:
            written = os.write(self._file, line)
            if written != len(line):
                raise OSError(28, "the disk is full")
            os.fsync(self._file)
        except OSError:
            os.ftruncate(self._file, start)  # so that no half line stands before the next one
            raise

    def _read(self) -> None:
        with os.fdopen(os.dup(self._file), "rb") as file:
            file.seek(0)
            content = file.read()
        whole, _, torn = content.rpartition(b"\n")
        if torn:
            os.ftruncate(self._file, len(content) - len(torn))
            os.fsync(self._file)
        for number, line in enumerate(whole.splitlines(), 1):
            try:
                value: Any = _decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
                raise BadQueue(
                    "what waits to be sent cannot be read",
                    place=f"{self._path}, line {number}",
                    advice="Keep the file and give it to whoever maintains this station; nothing was changed in it.",
                ) from wrong
            if isinstance(value, Entry):
                self._entries[value.number] = value
                self._all.append(value)
                self._last = max(self._last, value.number)
            else:
                self._entries.pop(value.number, None)
                self.settled.append(value)

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as held:
            raise Busy("another process works on this station's queue", place=str(self._path)) from held
