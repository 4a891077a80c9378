"""What a thing inherits from what it is in: custody of the outermost container, and the marks of every level."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rxtrail.core.rules.steps import Custody

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rxtrail.core.rules.steps import Key, Mark, Stay, Timeline


def around(timeline: Timeline, when: Key, timelines: Callable[[int], Timeline | None]) -> Iterator[Timeline]:
    """Give the timelines of the containers around it at ``when``, innermost first; a ring is climbed once."""
    seen: set[int] = set()
    stay = _stay_at(timeline, when)
    while stay is not None and stay.container not in seen:
        seen.add(stay.container)
        outer = timelines(stay.container)
        if outer is None:
            return
        yield outer
        stay = _stay_at(outer, when)


def custody_of(timeline: Timeline, when: Key, timelines: Callable[[int], Timeline | None]) -> Custody:
    """Give a thing's custody at ``when``: that of the outermost container that has any, otherwise its own."""
    found = _own_at(timeline, when)
    for outer in around(timeline, when, timelines):
        own = _own_at(outer, when)
        if own.holders:
            found = own
    return found


def marks_at(timeline: Timeline, when: Key) -> tuple[Mark, ...]:
    """Give the holds and recalls that stand on a container itself at ``when``."""
    found: tuple[Mark, ...] = ()
    for since, marks in timeline.marks:
        if since > when:
            break
        found = marks
    return found


def _stay_at(timeline: Timeline, when: Key) -> Stay | None:
    for stay in reversed(timeline.state.stays):
        if stay.since <= when and (stay.until is None or when < stay.until):
            return stay
    return None


def _own_at(timeline: Timeline, when: Key) -> Custody:
    found = Custody()
    for since, custody in timeline.custody:
        if since > when:
            break
        found = custody
    return found
