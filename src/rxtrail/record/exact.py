"""The exact state of one package or container: its whole history, folded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from rxtrail.core.rules.authority import issued_as
from rxtrail.core.rules.fold import Containers, custody_of, fold
from rxtrail.core.rules.steps import Custody, Key, State, Step, Timeline
from rxtrail.core.rules.words import END_RANKS

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
    ended: State  # whose end counts: its own, or that of a container it is in, whichever is more final
    doubts: tuple[str, ...]  # its own and those of its containers now
    holds: tuple[str, ...]
    folded: Containers
    histories: dict[int, list[Step]]

    @property
    def state(self) -> State:
        """Give the folded state."""
        return self.timeline.state


class Shelf:
    """Containers folded once and kept, for many packages of one unchanging view of the record."""

    def __init__(self, reader: Reader, authority: Authority) -> None:
        """Start empty; every container that a package was ever in is read when it is asked for."""
        self._reader = reader
        self._gtins: dict[int, str] = {}
        self.histories: dict[int, list[Step]] = {}
        self.authority = authority
        self.containers = Containers(self.histories, self._gtins, authority)

    def need(self, numbers: set[int]) -> None:
        """Read the histories of containers, and of all that these were ever in."""
        missing = numbers - self.histories.keys()
        if not missing:
            return
        found = self._reader.histories(missing)
        rows = self._reader.containers(found)
        self._gtins.update({number: issued_as(row.key) for number, row in rows.items()})
        self.histories.update(found)


def unit_state(
    reader: Reader, authority: Authority, product: int, serial: str, row: UnitRow, *, shelf: Shelf | None = None
) -> Exact:
    """Fold a package from all its events and those of every container it was ever in."""
    steps = reader.unit_steps(product, serial, row)
    return state_of(steps, reader.gtin(product), shelf or Shelf(reader, authority))


def state_of(steps: list[Step], gtin: str, shelf: Shelf) -> Exact:
    """Fold a package from all its steps; the containers that these name are read when the shelf has them not yet."""
    shelf.need({step.parent for step in steps if step.parent})
    timeline = fold(steps, gtin=gtin, authority=shelf.authority, timelines=shelf.containers)
    return _exact(timeline, steps, shelf, 0)


def container_state(reader: Reader, authority: Authority, row: ContainerRow, *, shelf: Shelf | None = None) -> Exact:
    """Fold a container from all its events and those of every container it was ever in."""
    shelf = shelf or Shelf(reader, authority)
    shelf.need({row.id})
    timeline = shelf.containers(row.id)
    assert timeline is not None, "a container that was read has a history"
    return _exact(timeline, shelf.histories[row.id], shelf, row.id)


def _exact(timeline: Timeline, steps: list[Step], shelf: Shelf, number: int) -> Exact:
    state = timeline.state
    custody = state.custody
    chain: list[int] = []
    doubts, holds = dict.fromkeys(state.doubts), dict.fromkeys(state.holds)
    ended = state
    current: Timeline | None = timeline
    while current is not None and current.state.stays and current.state.stays[-1].until is None:
        outer = current.state.stays[-1].container
        if outer in chain or outer == number:
            break
        chain.append(outer)
        current = shelf.containers(outer)
        if current is not None:
            doubts.update(dict.fromkeys(current.state.doubts))
            holds.update(dict.fromkeys(current.state.holds))
            if END_RANKS.get(current.state.disposition, 0) > END_RANKS.get(ended.disposition, 0):
                ended = current.state
    if chain:
        inherited = custody_of(timeline, FOREVER, shelf.containers)
        if inherited.holders:
            custody = inherited
    return Exact(timeline, steps, custody, chain, ended, tuple(doubts), tuple(holds), shelf.containers, shelf.histories)
