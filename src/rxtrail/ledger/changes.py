"""What is written beside the events, so that every table can be made again from the log.

A work that writes such a thing leaves one record of kind CHANGE behind its events: ``0x01`` and the MessagePack of
``[recorded_at, changes]``, where each change is a list that begins with its name. Done again in log order, with the
events where :class:`Batch` and :class:`Commands` name them, they give the same rows.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from rxtrail.store.rows import DocumentRow, FindingRow, JobRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rxtrail.ledger.prepare import Prepared
    from rxtrail.sealing import KeyRow

VERSION = b"\x01"
Parties = tuple[int, str, str]  # which event of the batch, its source, its destination


class SetSettings(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="settings"):
    """Settings were written."""

    settings: dict[str, str]


class Keep(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="keep"):
    """A small thing was kept, or written anew."""

    kind: str
    key: str
    at: int
    body: bytes


class DropKept(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="drop"):
    """A small thing was forgotten."""

    kind: str
    key: str


class SetPartners(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="partners"):
    """The partner table was replaced."""

    rows: list[tuple[str, bytes, list[str]]]


class AddAnswered(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="answered"):
    """An answer was kept under its key."""

    key: str
    recorded_at: int
    answer: bytes


class AddIssued(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="issued"):
    """Serial numbers were given out."""

    gtin: str
    at: int
    serials: list[str]


class AddDocument(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="document"):
    """A raw document was kept: its bytes are bound by their SHA-256, and each compressed chunk by its own."""

    row: DocumentRow
    chunks: list[bytes]


class AddJob(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="job"):
    """A capture was accepted."""

    row: JobRow


class JobProgress(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="progress"):
    """A capture came further."""

    job: str
    state: str
    applied: int
    packages: int
    new_events: int
    position: int
    finished_at: int
    error: str


class AddFindings(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="findings"):
    """Findings were kept."""

    rows: list[FindingRow]


class AddMaster(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="master"):
    """Master data was kept: (thing, speaker, said at, document, attributes)."""

    rows: list[tuple[str, str, str, int, dict[str, str]]]


class AddVocabulary(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="vocabulary"):
    """Master data was kept under its vocabulary: (vocabulary, thing, speaker, said at, document, attributes)."""

    rows: list[tuple[str, str, str, str, int, dict[str, str]]]


class Batch(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="batch"):
    """Events were appended as the words of one speaker.

    ``positions`` are those of all events of the batch in its order; one that was on record already is named where it
    stands. ``flags`` has one byte an event.
    """

    speaker: str
    document: int
    first: int  # where the batch's own events begin
    positions: list[int]  # empty: all are new, ``len(flags)`` of them
    flags: bytes
    parties: list[Parties]


class Commands(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="commands"):
    """Events of this node's own counters were appended, each with its own speaker."""

    first: int
    flags: bytes
    parties: list[Parties]


class DataKey(NamedTuple):
    """A key of the store without the key itself: destroying that must leave nothing of it."""

    id: int
    kind: int
    tenant: int
    version: int
    wrapped_by: int
    root: str
    origin: str
    made_at: int
    ended_at: int
    wrapped_sha256: bytes


class DataKeys(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="keys"):
    """Keys of what is sealed were added, wrapped anew or destroyed."""

    rows: list[DataKey]
    anew: bool = False  # the record was made anew elsewhere: the keys of before lie in nobody's table any more


class FoldAll(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="fold"):
    """Every container was folded anew, since who has standing had changed."""


class Adopted(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="adopted"):
    """The first records were written by a version that had no commitments, and told of nothing beside the events."""

    size: int


Change = (
    SetSettings
    | Keep
    | DropKept
    | SetPartners
    | AddAnswered
    | AddIssued
    | AddDocument
    | AddJob
    | JobProgress
    | AddFindings
    | AddMaster
    | AddVocabulary
    | Batch
    | Commands
    | DataKeys
    | FoldAll
    | Adopted
)


_encode = msgspec.msgpack.Encoder(order="deterministic").encode


class Changes(NamedTuple):
    """What one work wrote beside its events."""

    recorded_at: int
    changes: list[Change]


_decoder = msgspec.msgpack.Decoder(Changes)


def encode_changes(recorded_at: int, changes: Sequence[Change]) -> bytes:
    """Give the canonical bytes of what a work changed."""
    return VERSION + _encode((recorded_at, changes))


def decode_changes(canonical: bytes) -> Changes:
    """Read the canonical bytes back.

    :raises msgspec.DecodeError: they are not what :func:`encode_changes` wrote.
    """
    if canonical[:1] != VERSION:
        raise msgspec.DecodeError("not changes of a version that this program knows")
    return _decoder.decode(canonical[1:])


def data_keys_of(rows: Iterable[KeyRow], *, anew: bool = False) -> DataKeys:
    """Describe keys as they stand in their table now."""
    return DataKeys([DataKey(*row[:-1], hashlib.sha256(row[-1]).digest()) for row in rows], anew)


def batch_of(
    speaker: str, document: int, first: int, positions: list[int], events: Sequence[Prepared], parties: list[Parties]
) -> Batch:
    """Describe a batch that was appended: ``positions`` of all its events, of which those from ``first`` on are new."""
    dense = positions == list(range(first, first + len(events)))
    return Batch(speaker, document, first, [] if dense else positions, _flags(events), parties)


def commands_of(first: int, events: Sequence[Prepared]) -> Commands:
    """Describe commands that were appended from ``first`` on."""
    return Commands(first, _flags(events), parties_of(events))


def _flags(events: Sequence[Prepared]) -> bytes:
    return bytes([prepared.flags for prepared in events])


def parties_of(events: Sequence[Prepared]) -> list[Parties]:
    """Give the parties of those events that have any."""
    return [
        (at, prepared.source, prepared.destination)
        for at, prepared in enumerate(events)
        if prepared.source or prepared.destination
    ]
