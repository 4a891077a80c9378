"""Names of products and places that a site tells: taken in behind all that this hub has heard from others.

A name is what people read on the screen, so a site must not be able to rename a maker's product. What it tells fills
what nobody else has said, and is its own word: its next one replaces it, and nobody else's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rxtrail.sites.wire import Told

TOLD_MAX: Final = 2_000  # of one batch
ATTRIBUTES_MAX: Final = 60
CHARACTERS_MAX: Final = 500
NO_DOCUMENT: Final = 0
BEHIND: Final = "0"  # before the time of what a site says: the latest word is shown, and all others' begin with "2"
_THING = re.compile(r"01/[0-9]{14}|41[47]/[0-9]{13}(?:/254/[!-~]{1,20})?").fullmatch

Row = tuple[str, str, str, int, dict[str, str]]


def rows_of(told: list[Told], site: str) -> list[Row]:
    """Give what is to be kept; a thing that is none of ours, or that says too much, is left out."""
    rows: list[Row] = []
    for one in told[:TOLD_MAX]:
        texts = [one.said_at, *one.attributes, *one.attributes.values()]
        if (
            _THING(one.thing)
            and 0 < len(one.attributes) <= ATTRIBUTES_MAX
            and all(len(text) <= CHARACTERS_MAX and text.isprintable() for text in texts)
        ):
            rows.append((one.thing, site, BEHIND + one.said_at, NO_DOCUMENT, one.attributes))
    return rows
