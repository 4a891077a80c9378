"""What the events that go up are about, and what this record knows of it: names of products and places.

A thing is told with the first events that speak of it, and again when more is known of it. What was told is kept in
mind by this process only: telling it once more changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.sites.wire import Told

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rxtrail.core.epcis.event import Event
    from rxtrail.store import Reader

IN_MIND_MAX: Final = 20_000
_encode = msgspec.msgpack.Encoder(order="deterministic").encode


class Things:
    """Gives what is to be told beside a batch of events."""

    def __init__(self) -> None:
        """Start with nothing told."""
        self._told: dict[str, int] = {}
        self._offered: dict[str, int] = {}

    def of(self, reader: Reader, events: Iterable[Event]) -> list[Told]:
        """Give what this record knows of the things in some events, as far as it was not told."""
        told: list[Told] = []
        self._offered = {}
        for thing in dict.fromkeys(thing for event in events for thing in things_of(event)):
            known = next((row for row in reader.master(thing) if row[2]), None)
            if known is None:
                continue
            _, said_at, attributes = known
            mark = hash(_encode(attributes))
            if self._told.get(thing) != mark:
                self._offered[thing] = mark
                told.append(Told(thing, said_at, attributes))
        return told

    def taken(self) -> None:
        """Keep in mind that the hub has what was given last."""
        if len(self._told) + len(self._offered) > IN_MIND_MAX:
            self._told.clear()
        self._told.update(self._offered)
        self._offered = {}


def things_of(event: Event) -> Iterator[str]:
    """Give the products and places that an event speaks of: ``01/{gtin}``, ``414/{gln}``, ``417/{gln}``."""
    for runs in (event.epcs, event.children, event.inputs, event.outputs):
        for run in runs:
            if run.key.startswith("01/"):
                yield run.key[:17]
    for quantities in (event.quantities, event.child_quantities, event.input_quantities, event.output_quantities):
        for quantity in quantities:
            if quantity.epc_class.startswith("01/"):
                yield quantity.epc_class[:17]
    places = [event.read_point, event.biz_location, *(each.value for each in (*event.sources, *event.destinations))]
    for place in places:
        if place.startswith(("414/", "417/")):
            yield place
