"""What the boards answer: values that the pages, the API, the command line and CSV files show."""

from __future__ import annotations

from typing import Final

import msgspec

NAMES: Final = ("false-alarms", "suppliers", "detection")


class Period(msgspec.Struct, frozen=True, gc=False):
    """The days that are counted, both included (ISO, UTC), and how far: ``counted_to`` of ``log_size`` records."""

    since: str
    until: str
    counted_to: int
    log_size: int


class AlarmRow(msgspec.Struct, frozen=True, gc=False):
    """Scans at one place that were answered amber or red for one reason.

    ``overturned`` of them were answered ok later, within 30 days: false alarms, as far as can be counted.
    """

    site: str
    name: str
    cause: str
    reason: str
    alarms: int
    overturned: int


class ExplainedRow(msgspec.Struct, frozen=True, gc=False):
    """Alerts of one rule at one place that turned out to be none, by a person's word or by data that came late."""

    site: str
    name: str
    cause: str
    rule: str
    by_person: int
    by_late_data: int


class FalseAlarms(msgspec.Struct, frozen=True, gc=False):
    """False alarms by cause and place, the most first."""

    period: Period
    scans: int
    alarms: int
    overturned: int
    per_million: float  # overturned of a million scans
    rows: list[AlarmRow]
    explained: list[ExplainedRow]


class SupplierRow(msgspec.Struct, frozen=True, gc=False):
    """The files of one sender: how many had errors, and what was found most often. Errors first, then warnings."""

    sender: str
    name: str
    documents: int
    events: int
    faulty: int  # documents with an error
    errors: int
    warnings: int
    clean_share: float  # of the documents, without errors
    findings: dict[str, int]  # by code, the most first


class Suppliers(msgspec.Struct, frozen=True, gc=False):
    """The quality of what suppliers send, the worst first."""

    period: Period
    documents: int
    rows: list[SupplierRow]


class DetectionRow(msgspec.Struct, frozen=True, gc=False):
    """The alerts of one rule: how they ended, and after how long a person first did something (hours, on average)."""

    rule: str
    cause: str
    opened: int
    explained: int
    confirmed: int  # closed without having been explained
    answered: int
    hours_to_answer: float


class Detection(msgspec.Struct, frozen=True, gc=False):
    """What was detected: answers at the counter, and alerts by rule."""

    period: Period
    answers: dict[str, int]  # scans by verdict
    causes: dict[str, int]  # amber and red ones by cause
    rows: list[DetectionRow]


Board = FalseAlarms | Suppliers | Detection
