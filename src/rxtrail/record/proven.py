"""Of which packs there is a proof now: those whose making is in the published log (``rxtrail.proofs`` makes them)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from rxtrail.ledger.committing import OFF, PACKAGE_PROOFS

if TYPE_CHECKING:
    from rxtrail.store import Reader


def published(reader: Reader) -> int:
    """Tell below which position of the log single packs can be proven; 0 where they cannot."""
    head = reader.checkpoint()
    return head.size if head is not None and reader.settings().get(PACKAGE_PROOFS) != OFF else 0


def proof_path(gtin: str, serial: str) -> str:
    """Give the address of the proof of a pack."""
    # This runs for every scan, and almost every serial needs no quoting.
    part = serial if serial.isascii() and serial.isalnum() else quote(serial, safe="")
    return f"/api/v1/packs/{gtin}/{part}/proof"
