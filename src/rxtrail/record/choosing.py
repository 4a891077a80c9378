"""Which reading of a scan to judge: the plain one, or a repaired one that the record, asked once, knows alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rxtrail.core.gs1.choice import Choice, Key, choose, key_of
from rxtrail.core.gs1.readings import readings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rxtrail.core.gs1.scan_value import Scan
    from rxtrail.store import Reader


def chosen(reader: Reader, text: str, *, this_year: int, plain: Scan | None = None) -> Choice:
    """Choose among all that a scan may mean; one question to the store for all candidates.

    ``plain`` is what the text says without a guess, where it was read already.
    """
    found = readings(text, this_year=this_year, plain=plain)
    return choose(found, _on_record(reader, found.candidates))


def _on_record(reader: Reader, candidates: Sequence[Scan]) -> dict[Key, tuple[str, str]]:
    """Give lot and expiry as the record has them of those candidates that it knows."""
    asked: dict[tuple[int, str], Key] = {}
    packs: list[tuple[int, str, str]] = []
    for scan in candidates:
        if scan.serial:
            product = reader.product(scan.gtin)  # kept in memory
            if product is None:
                continue
            number, holds = product
            pack, canonical = (number, scan.serial), f"01/{scan.gtin}/21/{scan.serial}" if holds else ""
        else:
            pack, canonical = (0, scan.sscc), f"00/{scan.sscc}"
        if pack not in asked:
            asked[pack] = key_of(scan)
            packs.append((*pack, canonical))
    if not packs:
        return {}
    known: dict[Key, tuple[str, str]] = {}
    for pack, made in reader.known_packs(packs).items():
        making = reader.making(made) if made is not None else None
        known[asked[pack]] = (making.lot, making.expiry) if making is not None else ("", "")
    return known
