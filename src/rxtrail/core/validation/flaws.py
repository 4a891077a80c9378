"""A finding of validation: what is wrong, where, by which clause, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from rxtrail.core.epcis.limits import FINDINGS_PER_CODE_MAX

if TYPE_CHECKING:
    from rxtrail.core.epcis.event import Finding


class Flaw(msgspec.Struct, frozen=True, gc=False):
    """One finding about a document."""

    severity: str  # "error" | "warning" | "info"
    code: str
    message: str
    place: str = ""  # "line 12" or a JSON pointer
    line: int = 0  # in the text of the document, 0 when it is about all of it
    clause: str = ""  # of which standard
    advice: str = ""
    epcs: list[str] = []


class Flaws:
    """Keeps the findings of one document: of each code the first fifty, and how many there were."""

    def __init__(self) -> None:
        """Start with none."""
        self.found: list[Flaw] = []
        self.counts: dict[str, int] = {}
        self.has_error = False

    def add(self, flaw: Flaw) -> None:
        """Take in one finding."""
        count = self.counts[flaw.code] = self.counts.get(flaw.code, 0) + 1
        self.has_error = self.has_error or flaw.severity == "error"
        if count <= FINDINGS_PER_CODE_MAX:
            self.found.append(flaw)
        elif count == FINDINGS_PER_CODE_MAX + 1:
            more = f"more than {FINDINGS_PER_CODE_MAX} findings {flaw.code}; the rest is left out"
            self.found.append(Flaw("info", "FINDINGS_TRUNCATED", more, flaw.place, flaw.line))

    def note(self, finding: Finding) -> None:
        """Take in a finding of the reader."""
        self.add(
            Flaw(
                finding.severity,
                finding.code,
                finding.message,
                finding.place,
                line_of(finding.place),
                epcs=finding.epcs,
            )
        )


def line_of(place: str) -> int:
    """Give the line that a place such as ``line 12`` names; 0 for any other."""
    name, _, number = place.partition(" ")
    return int(number) if name == "line" and number.isdecimal() else 0
