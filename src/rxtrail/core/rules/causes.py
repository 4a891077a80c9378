"""What is probably behind an answer that is not ok, for counting: the causes are those of the alerts.

An answer is counted under the cause of its first reason. It says where to look, and not what was found.
"""

from __future__ import annotations

from typing import Final

SCANNER: Final = "scanner"
TYPED: Final = "typed-or-label"
LATE_DATA: Final = "late-data"
PROCESS: Final = "process"
KNOWN: Final = "known"  # the record knows why this pack must not go out: no false alarm
SUSPECT: Final = "suspect"

_CODES: Final = {
    SCANNER: "scanner-fault ambiguous-scan wrong-barcode bad-check-digit not-serialised",
    TYPED: "lot-mismatch expiry-mismatch lot-unknown",
    LATE_DATA: "no-transaction-data custody-open not-shipped-to-you unreachable",
    PROCESS: (
        "already-dispensed-here partially-dispensed return-not-linked on-hold opening-stock off-route checked-out "
        "locked not-authorised-partner temperature-excursion"
    ),
    KNOWN: "recalled withdrawn expired destroyed stolen exported sample decommissioned exempt-product",
}
CAUSE_OF: Final = {code: cause for cause, codes in _CODES.items() for code in codes.split()}


def cause_of(code: str) -> str:
    """Give the cause under which an answer with this first reason is counted; what is not known is a suspect's."""
    return CAUSE_OF.get(code, SUSPECT)
