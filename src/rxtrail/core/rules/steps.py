"""What the fold works on: steps (one event as one package or container sees it) and the state they make.

A step's order is its event time in UTC, then the SHA-256 of the event's canonical bytes: the same on every engine
and for every order of arrival.
"""

from __future__ import annotations

import enum
from typing import Final

import msgspec


class Role(enum.IntEnum):
    """How the thing takes part in the event."""

    EPC = 0
    PARENT = 1
    CHILD = 2
    INPUT = 3
    OUTPUT = 4


class Flag:
    """What an event is beside its fields: bits of a plain number, since an enum's ``&`` costs a microsecond."""

    DECLARATION: Final = 1  # repeats another event only to void it
    COUNTED_IN: Final = 2  # opening stock: our own count, not the maker's word
    COMMAND: Final = 4  # written by this node's own command: accepted once, never undone by refolding
    MORE_SPEAKERS: Final = 8  # others said the very same event
    EMPTIES: Final = 16  # an unpacking that names no child: all of them
    SENSED: Final = 32  # it has sensor reports


Key = tuple[int, bytes]
"""The order of a step: (event time in microseconds UTC, SHA-256 of the canonical bytes)."""


class Step(msgspec.Struct, frozen=True, gc=False):
    """One event as one thing sees it. Parties are 13-digit GLNs, locations canonical SGLNs."""

    event: int  # log position
    time: int
    hash: bytes
    role: int
    kind: str
    action: str
    biz_step: str
    disposition: str
    speakers: frozenset[str]
    read_point: str = ""
    biz_location: str = ""
    source: tuple[str, str, str] = ("", "", "")  # owning party, possessing party, location
    destination: tuple[str, str, str] = ("", "", "")
    parent: int = 0  # the container of a CHILD step
    lot: tuple[str, str] | None = None  # (lot, expiry) that a making states
    flags: int = 0
    voided: bool = False
    document: int = 0

    @property
    def key(self) -> Key:
        """Give the order of this step."""
        return (self.time, self.hash)


class Custody(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, array_like=True):
    """Who has it, whose it is, where it is. ``holders`` are all GLNs that may now speak for it."""

    custodian: str = ""
    owner: str = ""
    location: str = ""
    to: tuple[str, ...] = ()  # the GLNs it is on its way to, owner first
    holders: tuple[str, ...] = ()
    since: int = 0  # microseconds
    how: str = ""  # the business step that made it so
    hearsay: bool = False  # it rests on a word that filled a gap: somebody's shipping or receipt was not read


class Doubt(enum.Enum):
    """A finding that makes identity or state doubtful, and so holds the pack by itself."""

    TWO_LOTS = "two-lots"
    TWO_HOLDERS = "two-holders"
    SEEN_AFTER_END = "seen-after-end"
    END_DECLARED_WRONG = "end-declared-wrong"


class Note(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A finding of the fold about one event of the thing."""

    code: str
    event: int
    message: str
    counts: bool = True  # False: the event is kept as evidence only


class Mark(msgspec.Struct, frozen=True, gc=False):
    """A hold or recall that stands, and the step that set it."""

    word: str  # "recalled", or the disposition that makes it not sellable
    step: Step


class Stay(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An interval inside a container, from ``since`` to ``until`` (None while it lasts)."""

    container: int
    since: Key
    until: Key | None = None
    event: int = -1


class State(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What the events of one thing make of it."""

    made: int = -1  # position of the making that counts; -1 when it was only ever mentioned
    lot: str = ""
    expiry: str = ""
    made_by: tuple[str, ...] = ()
    made_flags: int = 0
    document: int = 0
    disposition: str = ""  # active, dispensed, partially_dispensed, decommissioned, destroyed, stolen, ...
    ended_at: int = -1  # position of the event that ended it
    ended_where: tuple[str, ...] = ()  # GLNs of the place and speaker of that event
    ended_time: int = 0
    recalled: bool = False
    holds: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    custody: Custody = Custody()  # its own; only true while it is in no container
    stays: tuple[Stay, ...] = ()
    notes: tuple[Note, ...] = ()
    last: int = -1  # position of the last step that counts


class Timeline(msgspec.Struct, frozen=True, gc=False):
    """A container's way: its own custody and marks from each key on, its stays, and when it was emptied."""

    state: State
    custody: tuple[tuple[Key, Custody], ...] = ()
    emptied: tuple[Key, ...] = ()
    marks: tuple[tuple[Key, tuple[Mark, ...]], ...] = ()
