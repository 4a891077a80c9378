"""The rows that rooms hand to a store and get from it; plain values, no engine in sight."""

from __future__ import annotations

import enum
from typing import NamedTuple

import msgspec


class RecordKind(enum.IntEnum):
    """What a record is; numbers are never reused, since they go into the log."""

    EVENT = 1
    SCAN = 2
    COMMAND = 3
    DECISION = 4
    CHANGE = 5  # rows beside the events were written (ledger.changes)
    BLOCK = 6  # what lies in a block, as it is stored
    ANCHOR = 7  # another log's checkpoint


class Record(NamedTuple):
    """One entry of the log.

    ``start`` and ``length`` place the canonical bytes in their block, ``envelope`` counts the bytes of presentation
    that follow them.
    """

    position: int
    kind: int
    tenant: int
    party: int
    recorded_at: int  # microseconds since 1970 UTC
    id: bytes  # 16 random bytes
    salt: bytes  # 32 random bytes
    block: int
    start: int
    length: int
    envelope: int
    commitment: bytes | None = None  # (core.merkle.entry) None: written before there were any, and not filled in yet


class EventRow(NamedTuple):
    """The typed columns of an event; texts by their numbers, parties joined by ``;``."""

    position: int
    time: int
    hash: bytes
    kind: int
    action: int
    biz_step: int
    disposition: int
    speaker: int
    read_point: int
    biz_location: int
    source: int
    destination: int
    parent: int
    document: int
    flags: int
    event_id: str


class NamedEvent(NamedTuple):
    """An event or declaration as its name finds it: its first speaker, order hash and flags."""

    position: int
    speaker: str
    hash: bytes
    flags: int


class EventBrief(NamedTuple):
    """What decides how an event weighs against another: ``parent`` is a container's number, 0 for none."""

    speakers: frozenset[str]
    flags: int
    voided_by: int | None
    time: int
    hash: bytes
    parent: int


class Making(NamedTuple):
    """One event made packages of one lot. ``speakers`` holds all who said so."""

    id: int
    event: int
    product: int
    lot: str
    expiry: str
    speakers: frozenset[str]
    flags: int
    voided: bool
    document: int
    time: int
    hash: bytes


class UnitRow(NamedTuple):
    """A package's row: its plain making and packing, and whether it has events of its own."""

    serial: str
    made: int | None
    packed: int | None
    own: int | None


class HoldingRow(NamedTuple):
    """How many plain packages of one making one packing event put away; ``packed`` None: never packed."""

    making: int
    packed: int | None
    packs: int


class ParentRow(NamedTuple):
    """What one packing event packed into, and when."""

    container: int
    time: int
    voided: bool
    flags: int


class ContainerRow(NamedTuple):
    """A container's row; parent, since, emptied and state are the cached fold.

    While ``state`` is None the row is plain: made, filled and packed at most once, all by ``speaker``.
    """

    id: int
    key: str
    product: int | None
    made: int | None
    parent: int | None
    since: int | None
    emptied: int | None
    speaker: int | None
    state: bytes | None


class PackFacts(NamedTuple):
    """A package, its packing and up to three containers around it, as one statement reads them.

    The containers are a, b, c from the inside. ``since`` is when a container went into its own parent, ``emptied``
    when it was last emptied.
    """

    made: int | None
    packed: int | None
    own: int | None
    packed_time: int | None
    packed_voided: int | None
    packed_document: int | None
    packed_flags: int | None
    a_key: str | None
    a_parent: int | None
    a_since: int | None
    a_emptied: int | None
    a_state: bytes | None
    b_parent: int | None
    b_since: int | None
    b_emptied: int | None
    b_state: bytes | None
    c_parent: int | None
    c_emptied: int | None
    c_state: bytes | None


class JobRow(msgspec.Struct, frozen=True, gc=False):
    """One capture of one document."""

    id: str
    document: int
    name: str
    proceed: bool
    state: str  # accepted | running | success | failed
    events: int
    applied: int
    packages: int
    new_events: int
    first_position: int
    created_at: int
    finished_at: int
    error: str
    gtins: frozenset[str]

    @property
    def open(self) -> bool:
        """Tell whether facts of this job may still be missing from the record."""
        return self.state in ("accepted", "running")


class DocumentRow(msgspec.Struct, frozen=True, gc=False):
    """A raw document's particulars."""

    id: int
    sha256: bytes
    name: str
    size: int  # bytes
    received_at: int
    sender: str
    receiver: str
    instance_id: str
    events: int
    header: bytes


class FindingRow(NamedTuple):
    """A finding kept beside a document's events."""

    document: int
    seq: int
    event: int | None
    severity: str
    code: str
    message: str
    place: str
    epcs: str  # JSON list


class EventBody(NamedTuple):
    """One event with its bytes, for exports and traces."""

    position: int
    canonical: bytes
    envelope: bytes
    recorded_at: int
    event_id: str
    time: int
    speaker: str
    document: int


class CheckpointRow(NamedTuple):
    """A signed tree head: ``note`` is the C2SP checkpoint with all its signatures.

    ``publisher`` names the process that published it, ``cosigned`` is 1 when it has its quorum of witnesses.
    """

    size: int
    at: int  # microseconds since 1970 UTC
    publisher: str
    cosigned: int
    note: bytes


class EventHead(NamedTuple):
    """The typed columns of an event that a query narrows by; parties are (owning, possessing, location).

    ``speakers`` holds all who said it.
    """

    time: int
    kind: str
    action: str
    biz_step: str
    disposition: str
    speakers: frozenset[str]
    read_point: str
    biz_location: str
    source: tuple[str, str, str]
    destination: tuple[str, str, str]
    flags: int


class VocabularyRow(NamedTuple):
    """Master data of one thing as one speaker tells it."""

    type: str
    id: str
    speaker: str
    said_at: str
    attributes: dict[str, str]
