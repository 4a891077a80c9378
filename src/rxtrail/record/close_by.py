"""What lies close by when a pack is not on record: a serial that nearly is, and a file that is on its way."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import msgspec

from rxtrail.core.rules.authority import OTHER
from rxtrail.core.rules.late import usual_minutes
from rxtrail.core.rules.near import candidates, cause_of

if TYPE_CHECKING:
    from rxtrail.core.gs1.scan import Scan
    from rxtrail.core.rules.authority import Authority
    from rxtrail.store import Reader

FILES_LOOKED_AT = 50


class _Header(msgspec.Struct, frozen=True, gc=False):
    """What is read here of a document's particulars."""

    creation_date: str = ""


_decode_header = msgspec.json.Decoder(_Header).decode


def near_miss(reader: Reader, authority: Authority, scan: Scan) -> str:
    """Give the likely cause why a serial is not on record; all candidates are asked of the store at once.

    What an outsider says was made is no candidate: or a file could turn red into amber.
    """
    product = reader.product(scan.gtin)
    if product is None or not scan.lot:
        return ""
    number, holds = product  # a product whose items hold others has containers, and else none of them is one
    asked = candidates(scan.gtin, scan.serial)
    start = f"01/{scan.gtin}/21/"
    found = reader.known_packs([(number, serial, start + serial if holds else "") for serial in asked])
    if not found:
        return ""
    makings = reader.makings({made for made in found.values() if made is not None})
    lots = {
        serial: makings[made].lot
        for (_, serial), made in found.items()
        if made is not None and authority.level(makings[made].speakers, scan.gtin) > OTHER
    }
    return cause_of(scan.lot, asked, lots)


def file_minutes(reader: Reader) -> int:
    """Tell within how many minutes suppliers' files usually come: from when one was made to when it was here."""
    documents = reader.counts()[3]
    delays: list[int] = []
    for row in reader.documents_after(max(0, documents - FILES_LOOKED_AT), FILES_LOOKED_AT):
        try:
            made = datetime.datetime.fromisoformat(_decode_header(row.header).creation_date)
        except (ValueError, msgspec.MsgspecError):
            continue  # a file that does not say when it was made tells nothing here
        if made.tzinfo is not None:
            delays.append(max(0, row.received_at - int(made.timestamp() * 1_000_000)))
    return usual_minutes(delays)
