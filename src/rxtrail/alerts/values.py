"""What an alert is, what is asked of one, and what is answered."""

from __future__ import annotations

from typing import Final

import msgspec

TEXT_CHARACTERS_MAX: Final = 500
SUBJECTS_MAX: Final = 10_000
EVIDENCE_MAX: Final = 50
STATES: Final = ("open", "acknowledged", "explained", "escalated", "closed")
STANDING: Final = frozenset({"open", "acknowledged", "escalated"})
"""In these nobody has explained it yet, so the counter is told."""
STEPS: Final = ("acknowledge", "explain", "escalate", "close", "suppress", "assign")
CLOCK_US: Final = 24 * 3_600 * 1_000_000
"""FD&C Act 582(c)(4)(B): within 24 hours of finding a product illegitimate FDA and partners are told."""


class Evidence(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One thing that was seen: ``link`` is its address on this node, ``at`` ISO 8601."""

    kind: str  # event | scan | recall
    at: str
    what: str
    link: str = ""
    site: str = ""
    pack: str = ""


class AlertPart(msgspec.Struct, frozen=True, gc=False):
    """One of several things that one alert is about; ``packs`` are packs or containers, at most a thousand."""

    time: int
    what: str
    cause: str
    why: str
    severity: str
    next: str
    packs: list[str]


class AlertStep(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What somebody did about it; ``by`` "rxtrail" is this program."""

    at: str
    what: str
    by: str
    reason: str = ""


class Alert(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One thing that a person should know of, with all the packs that it is about.

    ``subjects`` are packs and containers by their canonical identifiers, at most ``SUBJECTS_MAX`` of ``subject_count``;
    what is inside a container is meant with it.
    """

    id: str
    rule: str  # R1 to R12, S8, S9, S12, S13, scanner, tracker or recall
    title: str
    severity: str  # stop | check
    state: str
    what: str
    cause: str  # scanner | late-data | process | suspect
    why: str
    next: str
    opened_at: str
    seen_at: str
    owner: str = ""
    sender: str = ""
    receiver: str = ""
    site: str = ""
    product: str = ""
    lot: str = ""
    lanes: list[str] = []
    shipment: str = ""  # order hash of the event that began the shipment, in hex
    subjects: list[str] = []
    subject_count: int = 0
    scans: int = 0
    evidence: list[Evidence] = []
    history: list[AlertStep] = []
    clock_until: str = ""  # of what is suspect, or stops packs: by then somebody must have decided
    muted_until: str = ""  # told to nobody until this day, and still true at the counter
    changes: int = 1
    # Of R5 by "short", "over" or the container in which something differs, of R10 by the party,
    # of S13 by the kind, of a recall by the holder.
    parts: dict[str, AlertPart] = {}
    weight: int = 0  # of temperatures: how bad it is; what a person has explained was as bad as this

    @property
    def stands(self) -> bool:
        """Tell whether nobody has explained it yet."""
        return self.state in STANDING


class AlertCommand(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """One step: ``what`` is acknowledge, explain, escalate, close, suppress or assign."""

    what: str
    by: str
    id: str = ""
    reason: str = ""
    until: str = ""  # with suppress: the last day on which its like is told to nobody
    owner: str = ""  # with assign


class Muted(msgspec.Struct, frozen=True, gc=False):
    """A suppression: alerts of this rule between these parties are told to nobody until a day has passed."""

    id: str
    rule: str
    sender: str
    receiver: str
    site: str
    product: str
    until: str
    by: str
    at: str
    reason: str


class RouteCommand(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Lanes to load (``what`` is load, from a file's ``table``; or suggest), or one to approve or retire."""

    what: str
    by: str
    ids: list[str] = []
    table: bytes = b""
    reason: str = ""


class ProfileCommand(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Temperature profiles to load (``what`` is load, from a file's ``table``), or some to retire."""

    what: str
    by: str
    ids: list[str] = []
    table: bytes = b""
    reason: str = ""


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Alert).decode
encode_muted = encode
decode_muted = msgspec.msgpack.Decoder(Muted).decode
