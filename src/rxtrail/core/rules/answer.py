"""The verdict object of a scanned code, as SURFACES promises it to counters, routers and partners."""

from __future__ import annotations

import enum

import msgspec

from rxtrail.core.rules.alert import EuView
from rxtrail.core.rules.safety import SafetyNote


class Answer(enum.Enum):
    """What the counter is told, from best to worst; never "genuine" and never "fake"."""

    OK = "ok"
    NOT_COVERED = "not-covered"
    CHECK = "check"
    UNCONFIRMED = "unconfirmed"
    STOP = "stop"


class Severity(enum.Enum):
    """How much one reason weighs."""

    INFO = "info"
    NOT_COVERED = "not-covered"
    CHECK = "check"
    UNCONFIRMED = "unconfirmed"
    STOP = "stop"


class Reason(msgspec.Struct, frozen=True, gc=False):
    """One thing that applies: a stable code, its weight, what was found and what to do now."""

    code: str
    severity: Severity
    message: str
    next: str


class PackView(msgspec.Struct, frozen=True, gc=False):
    """What was scanned, and what the record calls it. Expiry is an ISO date. Every field is told, empty or not."""

    gtin: str = ""
    ndc: str = ""
    serial: str = ""
    lot: str = ""
    expiry: str = ""
    product: str = ""
    sscc: str = ""


class StateView(msgspec.Struct, frozen=True, gc=False):
    """Where the record has it: parties as 13-digit GLNs, locations as canonical SGLN, container canonical.

    Every field is told, empty or not: a reader may ask for ``holds`` without looking whether it is there.
    """

    disposition: str = ""
    custodian: str = ""
    owner: str = ""
    location: str = ""
    in_transit_to: str = ""
    container: str = ""
    holds: list[str] = []


class ScanView(msgspec.Struct, frozen=True, gc=False):
    """The scanned text, how it was read and what had to be repaired to read it."""

    raw: str
    reading: str = ""
    repairs: list[str] = []


class RecordView(msgspec.Struct, frozen=True, gc=False):
    """On whose word the answer stands; ``document`` is ``sha256:...`` of the file it came in."""

    basis: str = "none"  # issuer | supplier | counted-in | vrs | none
    document: str = ""
    not_checked: list[str] = []


class Matched(msgspec.Struct, frozen=True, gc=False):
    """Which scanned elements agree with the record: ``yes``, ``no`` or ``not-held``."""

    serial: str = "not-held"
    lot: str = "not-held"
    expiry: str = "not-held"


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """The whole answer; ``reasons`` holds all that apply, worst first."""

    verdict: Answer
    headline: str
    reasons: list[Reason]
    pack: PackView
    state: StateView
    scan: ScanView
    record: RecordView
    matched: Matched
    checked_at: str
    log_size: int
    proof: str = ""
    as_of: str = ""  # of a copy that follows another server: when the last change that it has was made
    eu: EuView | msgspec.UnsetType = msgspec.UNSET  # the alert that it raises in the EU market
    # What public files say of the product, where any are loaded: beside the verdict, and never a reason for it.
    safety: list[SafetyNote] | msgspec.UnsetType = msgspec.UNSET
