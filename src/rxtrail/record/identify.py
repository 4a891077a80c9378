"""From any text that names a pack or a container to its canonical identifier."""

from __future__ import annotations

from rxtrail.core.gs1 import epc
from rxtrail.core.gs1.scan import read_scan
from rxtrail.errors import BadRequest


def identify(text: str, *, this_year: int) -> str:
    """Give the canonical identifier of a scanned code, an EPC URN, a Digital Link or a canonical path.

    :raises BadRequest: no serialised identifier can be read from the text.
    """
    scan = read_scan(text, this_year=this_year)
    if scan.sscc:
        return f"00/{scan.sscc}"
    if scan.gtin and scan.serial and not scan.fault:
        return f"01/{scan.gtin}/21/{scan.serial}"
    canonical = epc.canonical(text.strip())
    if canonical.split("/", 1)[0].isdigit() and "/" in canonical:
        return canonical
    raise BadRequest(
        f"no serialised identifier in {text[:80]!r}",
        place="code",
        advice="Scan the square (2D) code, or give an EPC URN or an SSCC.",
    )
