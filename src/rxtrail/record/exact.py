"""The exact state of one package or container: its whole history, folded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from rxtrail.core.rules.fold import Containers, custody_of, fold
from rxtrail.core.rules.steps import Custody, Key, State, Step, Timeline

if TYPE_CHECKING:
    from rxtrail.core.rules.authority import Authority
    from rxtrail.store import Reader
    from rxtrail.store.rows import ContainerRow, UnitRow

FOREVER: Key = (1 << 62, b"\xff" * 32)


class Exact(msgspec.Struct, gc=False):
    """A thing's timeline, where it is now, and what its containers bring with them."""

    timeline: Timeline
    steps: list[Step]
    custody: Custody  # effective: the outermost container's while inside
    containers: list[int]  # now, innermost first
    doubts: tuple[str, ...]  # its own and those of its containers now
    holds: tuple[str, ...]
    folded: Containers
    histories: dict[int, list[Step]]

    @property
    def state(self) -> State:
        """Give the folded state."""
        return self.timeline.state


def unit_state(reader: Reader, authority: Authority, product: int, serial: str, row: UnitRow) -> Exact:
    """Fold a package from all its events and those of every container it was ever in."""
    steps = reader.unit_steps(product, serial, row)
    return _exact(reader, authority, reader.gtin(product), steps, None)


def container_state(reader: Reader, authority: Authority, row: ContainerRow) -> Exact:
    """Fold a container from all its events and those of every container it was ever in."""
    gtin = reader.gtin(row.product) if row.product is not None else ""
    steps = reader.histories([row.id])[row.id]
    return _exact(reader, authority, gtin, steps, row.id)


def _exact(reader: Reader, authority: Authority, gtin: str, steps: list[Step], number: int | None) -> Exact:
    histories = reader.histories({step.parent for step in steps if step.parent} | ({number} if number else set()))
    rows = reader.containers(histories)
    gtins = {n: reader.gtin(row.product) for n, row in rows.items() if row.product is not None}
    containers = Containers(histories, gtins, authority)
    if number is not None:
        timeline = containers(number)
        assert timeline is not None, "a container that was read has a history"
    else:
        timeline = fold(steps, gtin=gtin, authority=authority, timelines=containers)
    state = timeline.state
    custody = state.custody
    chain: list[int] = []
    doubts, holds = dict.fromkeys(state.doubts), dict.fromkeys(state.holds)
    current: Timeline | None = timeline
    while current is not None and current.state.stays and current.state.stays[-1].until is None:
        outer = current.state.stays[-1].container
        if outer in chain or outer == number:
            break
        chain.append(outer)
        current = containers(outer)
        if current is not None:
            doubts.update(dict.fromkeys(current.state.doubts))
            holds.update(dict.fromkeys(current.state.holds))
    if chain:
        inherited = custody_of(timeline, FOREVER, containers)
        if inherited.holders:
            custody = inherited
    return Exact(timeline, steps, custody, chain, tuple(doubts), tuple(holds), containers, histories)
