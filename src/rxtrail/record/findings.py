"""Kept findings as values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rxtrail.core.epcis.event import Finding

if TYPE_CHECKING:
    from rxtrail.store.rows import FindingRow


def finding_of(row: FindingRow) -> Finding:
    """Give a kept finding as a value."""
    return Finding(row.severity, row.code, row.message, row.place, json.loads(row.epcs))
