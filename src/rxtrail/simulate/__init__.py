"""A seeded supply chain, written as the files that makers, wholesalers and pharmacies really exchange.

``world`` plays it, ``documents`` writes it down; the node captures the documents through the same front
door as a partner's. ``demo_codes`` picks the codes to try from what the node then holds.
"""

from __future__ import annotations

from rxtrail.simulate.attacks import attacked
from rxtrail.simulate.demo import DemoCode, demo_codes
from rxtrail.simulate.disorder import disorder
from rxtrail.simulate.files import Written, documents, partners_csv, write
from rxtrail.simulate.lanes import kept_away, lanes_toml
from rxtrail.simulate.market import Market, market
from rxtrail.simulate.scans import Scan, Truth, scan_text, scans
from rxtrail.simulate.supply import PACKS_MAX, PACKS_MIN, World, world

__all__ = [
    "PACKS_MAX",
    "PACKS_MIN",
    "DemoCode",
    "Market",
    "Scan",
    "Truth",
    "World",
    "Written",
    "attacked",
    "demo_codes",
    "disorder",
    "documents",
    "kept_away",
    "lanes_toml",
    "market",
    "partners_csv",
    "scan_text",
    "scans",
    "world",
    "write",
]
