"""Identifiers, steps and times in the words of the people who read the pages. All input is hostile text."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Final
from urllib.parse import quote

STEPS: Final = {
    "accepting": "Accepted",
    "arriving": "Arrived",
    "commissioning": "Commissioned",
    "decommissioning": "Decommissioned",
    "departing": "Departed",
    "destroying": "Destroyed",
    "dispensing": "Dispensed",
    "holding": "Put on hold",
    "inspecting": "Inspected",
    "loading": "Loaded",
    "packing": "Packed",
    "picking": "Picked",
    "receiving": "Received",
    "removing": "Removed",
    "repackaging": "Repackaged",
    "retail_selling": "Sold",
    "returning": "Returned",
    "shipping": "Shipped",
    "stocking": "Stocked",
    "storing": "Stored",
    "unloading": "Unloaded",
    "unpacking": "Unpacked",
    "void_shipping": "Shipping voided",
}
DISPOSITIONS: Final = {
    "active": "Active",
    "container_closed": "Container closed",
    "destroyed": "Destroyed",
    "dispensed": "Dispensed",
    "inactive": "Decommissioned",
    "in_progress": "In stock",
    "in_transit": "In transit",
    "partially_dispensed": "Partly dispensed",
    "recalled": "Recalled",
    "retail_sold": "Sold",
    "sellable_accessible": "Sellable",
    "sellable_not_accessible": "In stock",
    "stolen": "Stolen",
}
# What ends a pack's life, or casts doubt on it, is marked; the rest is plain.
STOPPED: Final = frozenset({"destroyed", "stolen", "inactive", "recalled", "expired", "damaged", "unknown"})
ENDED: Final = frozenset({"dispensed", "retail_sold", "partially_dispensed"})

_BIDI: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def visible(text: object) -> str:
    """Text with control and direction characters drawn, so that no scan can show itself as another."""
    shown: list[str] = []
    for character in str(text):
        code = ord(character)
        if code < 0x20:
            shown.append(chr(0x2400 + code))
        elif code == 0x7F:
            shown.append("\u2421")
        elif character in _BIDI or unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co"):
            shown.append(f"\\u{code:04x}")
        else:
            shown.append(character)
    return "".join(shown)


def humanised(word: str) -> str:
    """A CBV short name or any other word, as a person would write it."""
    plain = word.rsplit("/", 1)[-1].rsplit(":", 1)[-1].replace("_", " ").strip()
    return plain[:1].upper() + plain[1:]


def step_words(biz_step: str, action: str = "") -> str:
    """What happened."""
    if not biz_step:
        return {"ADD": "Added", "DELETE": "Removed"}.get(action, "Seen")
    return STEPS.get(biz_step) or humanised(biz_step)


def disposition_words(disposition: str) -> str:
    """What state it is in."""
    return DISPOSITIONS.get(disposition) or humanised(disposition) or "Not known"


def identifier_words(identifier: str) -> str:
    """A canonical identifier with the name of its key, e.g. ``GLN 0300011111246`` or ``SSCC 0030…``."""
    location = re.fullmatch(r"414/([0-9]{13})(?:/254/(.+))?", identifier)
    if location:
        return f"GLN {location[1]}" + (f", {location[2]}" if location[2] else "")
    party = re.fullmatch(r"417/([0-9]{13})", identifier)
    if party:
        return f"GLN {party[1]}"
    container = re.fullmatch(r"00/([0-9]{18})", identifier)
    if container:
        return f"SSCC {container[1]}"
    pack = re.fullmatch(r"01/([0-9]{14})/21/(.+)", identifier)
    if pack:
        return f"GTIN {pack[1]}, serial {pack[2]}"
    if re.fullmatch(r"[0-9]{13}", identifier):
        return f"GLN {identifier}"
    return identifier


def identifier_path(identifier: str) -> str:
    """The page of a pack or container, "" for anything else."""
    container = re.fullmatch(r"00/([0-9]{18})", identifier)
    if container:
        return f"/containers/{container[1]}"
    pack = re.fullmatch(r"01/([0-9]{14})/21/(.+)", identifier, re.DOTALL)
    if pack:
        return f"/packs/{pack[1]}/{quote(pack[2], safe='')}"
    return ""


def date_words(iso: str) -> str:
    """An ISO date as ``30 Sep 2027``, since 09/30 and 30/09 have killed people; other text as it is."""
    try:
        return date.fromisoformat(iso).strftime("%-d %b %Y")
    except ValueError:
        return iso


def time_words(iso: str) -> str:
    """An ISO time as ``2 Nov 2026, 08:14:05 UTC``; the browser turns it into local time."""
    try:
        moment = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    if moment.tzinfo is None:
        return iso
    utc = moment.astimezone(UTC)
    return f"{date_words(utc.date().isoformat())}, {utc:%H:%M:%S} UTC"


def size_words(count: int) -> str:
    """Bytes in a unit that can be read."""
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def count_words(count: int) -> str:
    """A number with its thousands set apart."""
    return f"{count:,}"
