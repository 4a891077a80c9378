"""The alert codes of the European Medicines Verification System, from what was found.

Only what may be a falsified pack makes an alert: what most likely is the scanner, a hand-typed date or a late file
is told to the user and to nobody else. Source: EMVS alert codes A2, A3, A7, A24, A52 and A68 as the national systems
document them. To verify a pack that has left the system is a warning without an alert; to change it is an alert,
unless it is out of use because it is expired, recalled or withdrawn.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from rxtrail.core.rules.answer import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rxtrail.core.rules.answer import Reason

LOT_UNKNOWN = "A2"  # lot and serial unknown, the product is known
SERIAL_UNKNOWN = "A3"  # serial unknown, the lot is known
ALREADY_SO = "A7"  # the pack is already in the state asked for
NOT_POSSIBLE = "A24"  # the change is not possible from the state it has
EXPIRY_DIFFERS = "A52"
LOT_DIFFERS = "A68"
WITHOUT_ALERT = frozenset({"expired", "recalled", "withdrawn"})
UNKNOWN = frozenset({"unknown-serial", "unknown-product", "no-transaction-data"})
_BY_REASON = {"lot-mismatch": LOT_DIFFERS, "expiry-mismatch": EXPIRY_DIFFERS}


def code_of_reasons(reasons: Sequence[Reason], *, lot_known: bool) -> str:
    """Give the alert code of what a scan was found to be, or an empty string. An unknown product raises none."""
    stops = [reason.code for reason in reasons if reason.severity is Severity.STOP]
    if "unknown-serial" in stops:
        return SERIAL_UNKNOWN if lot_known else LOT_UNKNOWN
    return next((_BY_REASON[code] for code in stops if code in _BY_REASON), "")


def code_of_change(reasons: Sequence[Reason], *, wanted: str, state: str) -> str:
    """Give the alert code of a change that the state of the pack forbids, or an empty string."""
    if any(reason.code in WITHOUT_ALERT for reason in reasons):
        return ""
    return ALREADY_SO if wanted and wanted == state else NOT_POSSIBLE


def code_of_refusal(reasons: Sequence[Reason], *, wanted: str, state: str, place: str, lot_known: bool) -> str:
    """Give the alert code of a refused change, or an empty string; ``place`` is the code of why it was refused."""
    code = code_of_reasons(reasons, lot_known=lot_known)
    if not code and place not in UNKNOWN and state not in ("", "active"):
        code = code_of_change(reasons, wanted=wanted, state=state)
    return code


def alert_id(code: str, *, day: str, told: Sequence[str]) -> str:
    """Name an alert: the same code for the same pack, scan and place on one day is one alert.

    ``day`` is ISO; ``told`` are the GTIN, serial, lot, expiry and site that were told.
    """
    digest = hashlib.sha256("\n".join((code, day, *told)).encode()).digest()
    return f"{code}-{day.replace('-', '')}-{base64.b32encode(digest[:10]).decode()}"
