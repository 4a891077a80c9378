"""Findings about a document as a whole, capped so that one fault repeated does not drown the rest."""

from __future__ import annotations

from rxtrail.core.epcis.event import Finding
from rxtrail.core.epcis.limits import FINDINGS_PER_CODE_MAX


class Notes:
    """Keeps the findings of one document; of each code the first fifty."""

    def __init__(self) -> None:
        """Start with none."""
        self.findings: list[Finding] = []
        self._counts: dict[str, int] = {}

    def add(self, severity: str, code: str, message: str, place: str = "", epcs: list[str] | None = None) -> None:
        """Note one; past the cap a single FINDINGS_TRUNCATED tells that there were more."""
        count = self._counts[code] = self._counts.get(code, 0) + 1
        if count <= FINDINGS_PER_CODE_MAX:
            self.findings.append(Finding(severity, code, message, place, epcs or []))
        elif count == FINDINGS_PER_CODE_MAX + 1:
            more = f"more than {FINDINGS_PER_CODE_MAX} findings {code}; the rest is left out"
            self.findings.append(Finding("info", "FINDINGS_TRUNCATED", more, place))
