"""Reports of an authority, from a file or its API, opened as recalls: those that are new here, in groups."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from rxtrail.cli import say
from rxtrail.cli.node import reader, writer
from rxtrail.errors import StoreFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.cli.call import Call
    from rxtrail.core.rules.recall import Recall
    from rxtrail.recalls import AskedRecall, Incoming, NoticesReport, RecallCommand


def open_reports(call: Call, wanted: list[AskedRecall], by: str, told: Callable[[int, int], None]) -> NoticesReport:
    """Open reports in groups, each whole or not at all, and leave out those that are known.

    ``told`` is told how many were opened, of how many. The record is held only while something is written.
    """
    from rxtrail.recalls import open_fresh

    found = sorted_out(call, wanted)
    with writer(call) if found.fresh else contextlib.nullcontext() as node:
        act = node.recall if node is not None else _nothing
        return open_fresh(found, by, act, lambda some: sorted_out(call, some), told)


def sorted_out(call: Call, wanted: list[AskedRecall]) -> Incoming:
    """Sort reports by what is on record; a record that is not there yet is begun, as by any command that writes."""
    with contextlib.suppress(StoreFailed), reader(call) as looked:
        return looked.recalls.incoming(wanted)
    with writer(call):
        pass
    with reader(call) as looked:
        return looked.recalls.incoming(wanted)


def _nothing(_command: RecallCommand) -> Recall:
    raise AssertionError("nothing is opened where nothing is fresh")


def tell(counts: NoticesReport) -> None:
    """Show what became of reports."""
    lifted = f", {counts.lifted:,} of them lifted here" if counts.lifted else ""
    known = f" of {counts.reports:,} reports; {counts.known:,} were known{lifted}"
    say.line((f"{counts.opened:,} opened", "strong"), known)
    say.line(f"  {counts.of_products_on_record:,} of them name a product that is on record here")
    if counts.changed:
        say.line("  ", (f"{counts.changed:,} say more than when they were opened before", "check"))
    if counts.review:
        say.line("  ", (f"{counts.review:,} wait to be read by a person: rxtrail recall list --state review", "check"))
