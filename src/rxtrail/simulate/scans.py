"""What scanners send: one pack's code, and the stream of scans that follows the last document."""

from __future__ import annotations

import datetime as dt
import random
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rxtrail.simulate.supply import World

DAYS_OF_SCANS = 10
_GROUP_SEPARATOR = "\x1d"


class Scan(msgspec.Struct, frozen=True, gc=False):
    """One scan at one counter, a line of ``scans.jsonl``; the ids of other people's simulations may be texts."""

    id: int | str
    at: str
    site: str
    purpose: str
    scan: str


class Truth(msgspec.Struct, frozen=True, gc=False):
    """What a scan really was, a line of ``truth.jsonl``; an empty ``attack`` is an honest pack."""

    id: int | str
    attack: str = ""
    cloned: bool = False


def scan_text(gtin: str, serial: str, lot: str, expiry: str) -> str:
    """Give the text a scanner sends for a pack's DataMatrix; ``expiry`` is an ISO date.

    Source: GS1 General Specifications, section 5.4: symbology identifier ``]d2``, then the elements; those of
    varying length end with the group separator unless they are last.
    """
    yymmdd = expiry[2:4] + expiry[5:7] + expiry[8:10]
    return f"]d201{gtin}21{serial}{_GROUP_SEPARATOR}17{yymmdd}10{lot}"


def scans(world: World) -> Iterator[Scan]:
    """Scan every pack that is still on a shelf once, in time order over the ten days that begin ``today``."""
    rng = random.Random(f"rxtrail:scans:{world.seed}:{world.packs}:{world.today.isoformat()}")  # noqa: S311
    start = dt.datetime.combine(world.today, dt.time(), dt.UTC)
    visits: list[tuple[int, str, str]] = []
    for shelf in world.shelves:
        product, lot = shelf.lot.product, shelf.lot
        prefix = len(product.urn("0"))
        expiry = lot.expiry.isoformat()
        for pack in shelf.packs:
            second = rng.randrange(DAYS_OF_SCANS) * 86_400 + rng.randrange(14 * 3600, 24 * 3600)
            visits.append((second, shelf.site.gln, scan_text(product.gtin, pack[prefix:], lot.number, expiry)))
    visits.sort()
    for number, (second, site, text) in enumerate(visits, start=1):
        at = (start + dt.timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%SZ")
        yield Scan(number, at, site, "dispense", text)
