"""What the counter says of a pack's way: that it left its route or its temperatures, or came faster than anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rxtrail.core.rules.spots import impossible
from rxtrail.core.rules.words import gln_of_location

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rxtrail.core.rules.authority import Authority
    from rxtrail.core.rules.steps import Custody
    from rxtrail.record.off_route import Mark
    from rxtrail.record.spots import Spots

Said = list[tuple[str, dict[str, str]]]
"""Rules of the verdict by name, with their words."""


def off_route_words(marks: Sequence[Mark]) -> Said:
    """Say each deviation that stands."""
    return [
        ("off route" if mark.severity == "stop" else "odd on its way", {"what": mark.what, "alert": mark.alert})
        for mark in marks
    ]


def too_warm_words(marks: Sequence[Mark]) -> Said:
    """Say how each temperature profile was left, as far as nobody has explained it."""
    return [
        (
            "off temperature" if mark.severity == "stop" else "doubtful temperature",
            {"what": mark.what, "alert": mark.alert},
        )
        for mark in marks
    ]


def too_fast(spots: Spots, place: str, at: int, site: str, now: int) -> Said:
    """Say that a pack that was scanned at a place cannot be here already."""
    found = impossible(spots.of(place), spots.of(site), now - at)
    if found is None:
        return []
    words = {"minutes": f"{found.minutes:,.0f}"}
    if found.km is None:
        return [("two at once", words)]
    return [("too fast", {**words, "km": f"{found.km:,.0f}"})]


def too_soon(spots: Spots, authority: Authority, custody: Custody, site: str, now: int) -> Said:
    """Say that a pack that the record had somewhere a moment ago cannot be here already; only by coordinates."""
    place = gln_of_location(custody.location) or custody.custodian
    if not place or not custody.since or authority.same_party(place, site):
        return []
    here, there = spots.of(place), spots.of(site)
    if here.latitude is None or there.latitude is None:
        return []
    found = impossible(here, there, now - custody.since)
    if found is None or found.km is None:
        return []
    return [("too soon", {"minutes": f"{found.minutes:,.0f}", "km": f"{found.km:,.0f}"})]
