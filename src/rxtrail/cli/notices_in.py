"""Reports of an authority, from a file or its API, opened as recalls: those that are new here, in groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from rxtrail.cli import say
from rxtrail.cli.node import reader, writer

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.cli.call import Call
    from rxtrail.recalls import AskedRecall

AT_ONCE: Final = 100  # reports in one transaction


class Counts(msgspec.Struct, frozen=True, gc=False):
    """What became of reports: ``known`` were opened before, ``lifted`` of these were withdrawn here since.

    ``changed`` of those that were ``opened`` say more than before; ``review`` wait to be read by a person.
    """

    reports: int = 0
    known: int = 0
    lifted: int = 0
    opened: int = 0
    changed: int = 0
    review: int = 0
    of_products_on_record: int = 0

    def and_(self, more: Counts) -> Counts:
        """Add those of another page."""
        both = zip(msgspec.structs.astuple(self), msgspec.structs.astuple(more), strict=True)
        return Counts(*(one + other for one, other in both))


def open_reports(call: Call, wanted: list[AskedRecall], by: str, told: Callable[[int, int], None]) -> Counts:
    """Open reports in groups, each whole or not at all, and leave out those that are known.

    ``told`` is told how many were opened, of how many. The record is held only while a group is written.
    """
    from rxtrail.recalls import RecallCommand

    with reader(call) as looked:
        found = looked.recalls.incoming(wanted)
        mine = sum(looked.recalls.on_record(each.gtins) for each in found.fresh)
    asked = found.fresh
    if asked:
        with writer(call) as node:
            for first in range(0, len(asked), AT_ONCE):
                group = asked[first : first + AT_ONCE]
                node.recall(RecallCommand("open", by, asked=group[0], more=group[1:]))
                told(first + len(group), len(asked))
    review = sum(bool(each.doubts) for each in asked)
    return Counts(found.reports, found.known, found.lifted, len(asked), found.changed, review, mine)


def tell(counts: Counts) -> None:
    """Show what became of reports."""
    lifted = f", {counts.lifted:,} of them lifted here" if counts.lifted else ""
    known = f" of {counts.reports:,} reports; {counts.known:,} were known{lifted}"
    say.line((f"{counts.opened:,} opened", "strong"), known)
    say.line(f"  {counts.of_products_on_record:,} of them name a product that is on record here")
    if counts.changed:
        say.line("  ", (f"{counts.changed:,} say more than when they were opened before", "check"))
    if counts.review:
        say.line("  ", (f"{counts.review:,} wait to be read by a person: rxtrail recall list --state review", "check"))
