"""Our own sale of a pack, found in its history and in that of every container it went out in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rxtrail.core.rules.steps import Flag, Role
from rxtrail.core.rules.vrs_answer import Sale
from rxtrail.core.rules.words import SENDS, VOID_SHIPPING, parties
from rxtrail.record.exact import FOREVER, container_state, unit_state
from rxtrail.record.times import day

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rxtrail.core.rules.authority import Authority
    from rxtrail.core.rules.steps import Key, Step
    from rxtrail.record.exact import Exact
    from rxtrail.store import Reader


def sale_of(reader: Reader, authority: Authority, gtin: str, serial: str) -> Sale | None:
    """Give the last sale of one pack by ourselves to somebody else, None when the record has none.

    A shipment to a place of our own is no sale (intracompany transfers are no transactions), and one that was voided
    did not happen.
    """
    exact = _exact(reader, authority, gtin, serial)
    if exact is None:
        return None
    sale: Sale | None = None
    for step in sorted(_way(exact), key=lambda step: step.key):
        if step.voided or step.flags & Flag.DECLARATION or not _is_ours(step, authority):
            continue
        if step.biz_step == VOID_SHIPPING:
            sale = None
        elif step.biz_step in SENDS:
            buyers = tuple(parties(step.destination))
            if buyers and not any(authority.same_party(buyer, own) for buyer in buyers[:1] for own in authority.own):
                sale = Sale(buyers, day(step.time))
    return sale


def _exact(reader: Reader, authority: Authority, gtin: str, serial: str) -> Exact | None:
    product = reader.product(gtin)
    if product is None:
        return None
    unit = reader.units_of(product[0], [serial]).get(serial)
    if unit is not None:
        return unit_state(reader, authority, product[0], serial, unit)
    case = reader.container(f"01/{gtin}/21/{serial}")
    return container_state(reader, authority, case) if case is not None else None


def _is_ours(step: Step, authority: Authority) -> bool:
    """Tell whether a shipment is our own: we are its stated source, or we said it and no source is stated."""
    source = parties(step.source)
    if source:
        return any(gln in authority.own for gln in source)
    return any(authority.is_self(speaker) for speaker in step.speakers)


def _way(exact: Exact) -> Iterator[Step]:
    """Give the pack's own steps, and those of the containers around it while it was inside them."""
    yield from exact.steps
    waiting: list[tuple[int, Key, Key]] = [(s.container, s.since, s.until or FOREVER) for s in exact.state.stays]
    climbed: set[tuple[int, Key, Key]] = set()  # a ring is climbed once
    while waiting:
        number, since, until = stay = waiting.pop()
        if stay in climbed:
            continue
        climbed.add(stay)
        for step in exact.histories.get(number, []):
            if step.role == Role.EPC and since <= step.key <= until:
                yield step
        timeline = exact.folded(number)
        for outer in timeline.state.stays if timeline is not None else ():
            start, end = max(since, outer.since), min(until, outer.until or FOREVER)
            if start < end:
                waiting.append((outer.container, start, end))
