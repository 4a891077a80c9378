"""What the histories of packages show to be wrong, told with the document that shows it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from rxtrail.core.epcis.event import EPCS_PER_FINDING_MAX, Finding
from rxtrail.core.rules.authority import issued_as
from rxtrail.core.rules.fold import Containers, fold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rxtrail.core.rules.authority import Authority
    from rxtrail.store import Transaction

# Told of whole lists of packages at once, when they are written.
TOLD_ELSEWHERE = frozenset({"MISSING_COMMISSIONING", "SERIAL_ALREADY_COMMISSIONED", "VOIDED"})


def notes_of(
    tx: Transaction, authority: Authority, packages: Sequence[tuple[int, str]], events: set[int]
) -> list[tuple[int | None, Finding]]:
    """Fold packages (product, serial) and give what these events did wrong with them, one finding a kind."""
    if not packages:
        return []
    serials: dict[int, list[str]] = defaultdict(list)
    for product, serial in packages:
        serials[product].append(serial)
    histories = {
        (product, serial): tx.unit_steps(product, serial, row)
        for product, some in serials.items()
        for serial, row in tx.units_of(product, some).items()
    }
    around = tx.histories({step.parent for steps in histories.values() for step in steps if step.parent})
    gtins = {number: issued_as(row.key) for number, row in tx.containers(around).items()}
    containers = Containers(around, gtins, authority)
    found: dict[tuple[int, str, str, bool], list[str]] = defaultdict(list)
    for (product, serial), steps in histories.items():
        gtin = tx.gtin(product)
        timeline = fold(steps, gtin=gtin, authority=authority, timelines=containers)
        for note in timeline.state.notes:
            if note.event in events and note.code not in TOLD_ELSEWHERE:
                found[note.event, note.code, note.message, note.counts].append(f"01/{gtin}/21/{serial}")
    return [
        (event, Finding("warning" if counts else "error", code, message, "", epcs[:EPCS_PER_FINDING_MAX]))
        for (event, code, message, counts), epcs in found.items()
    ]
