"""Events between reading and writing: in memory while few, in an unnamed and sealed file beyond that."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import msgspec

from rxtrail.core.epcis.event import Finding
from rxtrail.ledger.prepare import Prepared, prepare, restore
from rxtrail.sealing import Spill

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MEMORY_BYTES_MAX = 256 << 20  # of events, as estimated below
EVENT_BYTES = 4_000  # what an event costs beside its text, measured
MENTION_BYTES = 120  # and an identifier in it
_LENGTH_BYTES = 4


class _Spilled(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A prepared event without its body: that is restored from the canonical bytes."""

    canonical: bytes
    envelope: bytes
    hash: bytes
    identity: bytes
    name: str
    speaker: str
    source: str
    destination: str
    lot: str
    expiry: str
    flags: int
    place: str
    findings: list[Finding]


class Spool:
    """Keeps a document's events in order, in constant memory."""

    def __init__(self, folder: Path | None) -> None:
        """Spill to an unnamed file in ``folder``."""
        self._folder = folder
        self._memory: list[Prepared] = []
        self._bytes = 0
        self._file: Spill | None = None
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(_Spilled)
        self.count = 0

    def add(self, prepared: Prepared) -> None:
        """Keep one event."""
        self.count += 1
        if self._file is None:
            self._memory.append(prepared)
            event = prepared.event
            self._bytes += EVENT_BYTES + len(prepared.canonical) + len(prepared.envelope)
            for runs in (event.epcs, event.children, event.inputs, event.outputs):
                self._bytes += MENTION_BYTES * sum(len(run.serials) for run in runs)
            if self._bytes > MEMORY_BYTES_MAX:
                self._file = Spill(self._folder, memory_bytes_max=0)
            return
        p = prepared
        spilled = _Spilled(
            p.canonical, p.envelope, p.hash, p.identity, p.name, p.speaker, p.source, p.destination,
            p.lot, p.expiry, p.flags, p.place, p.findings,
        )  # fmt: skip
        body = self._encoder.encode(spilled)
        self._file.write(len(body).to_bytes(_LENGTH_BYTES, "big"))
        self._file.write(body)

    def take(self, *, speaker: str, receiver: str) -> Iterator[Prepared]:
        """Give the events in order, once: memory is let go on the way. The header may have come after the events."""
        for prepared in self._all():
            if prepared.speaker == speaker:
                yield prepared
            else:
                yield prepare(
                    prepared.event,
                    speaker=speaker,
                    receiver=receiver,
                    place=prepared.place,
                    findings=prepared.findings,
                )

    def _all(self) -> Iterator[Prepared]:
        memory, self._memory = self._memory, []
        memory.reverse()
        while memory:
            yield memory.pop()
        if self._file is None:
            return
        self._file.rewind()
        while head := self._file.read(_LENGTH_BYTES):
            s = self._decoder.decode(self._file.read(int.from_bytes(head, "big")))
            yield Prepared(
                restore(s.canonical, s.envelope), s.canonical, s.envelope, s.hash, s.identity, s.name,
                s.speaker, s.source, s.destination, s.lot, s.expiry, s.flags, s.place, s.findings,
            )  # fmt: skip

    def close(self) -> None:
        """Let everything go."""
        self._memory = []
        if self._file is not None:
            with contextlib.suppress(OSError):  # what a full disk did not take is let go all the same
                self._file.close()
            self._file = None
