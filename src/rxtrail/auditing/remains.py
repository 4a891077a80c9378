"""What can be compared of a record whose log cannot be done again as a whole, since keys of it were destroyed.

Whatever is built up over the whole log (packages, containers, who said what) is beyond telling. What one record says by
itself, and no lost record can have changed after it, must stand in its table: documents, events, and of settings, small
things kept and answers those that were written last behind everything that is lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from rxtrail.auditing.faults import Faults, key_of, with_null
from rxtrail.ledger.changes import AddAnswered, AddDocument, AddIssued, DropKept, Keep, SetSettings
from rxtrail.store.rows import RecordKind
from rxtrail.store.tables import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rxtrail.auditing.log_part import Opened
    from rxtrail.ledger.changes import Change
    from rxtrail.store.copying import View
    from rxtrail.store.tables import Row

EVENTS = BY_NAME["event"]
COMPARED = ("setting", "kept", "answered", "issued", "document")
_Key = tuple[object, ...]


class Remains:
    """Gathers what readable records say by themselves."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._told: dict[str, dict[_Key, tuple[int, Row | None]]] = {name: {} for name in COMPARED}
        self._events = bytearray()  # of each position whether a readable event stands there

    def take(self, opened: Iterable[Opened]) -> None:
        """Take records in the order of the log."""
        for record, *_ in opened:
            if record.kind == RecordKind.EVENT:
                if record.position >= len(self._events):
                    self._events.extend(bytes(record.position + 1 - len(self._events)))
                self._events[record.position] = 1

    def change(self, position: int, change: Change) -> None:
        """Take one change."""
        told = self._told
        match change:
            case SetSettings():
                for name, value in change.settings.items():
                    told["setting"][(name,)] = (position, (name, value))
            case Keep():
                key = (change.kind, change.key)
                told["kept"][key] = (position, (*key, change.at, change.body))
            case DropKept():
                told["kept"][change.kind, change.key] = (position, None)
            case AddAnswered():
                row = (change.key, change.recorded_at, change.answer)
                told["answered"][(change.key,)] = (position, row)
            case AddIssued():
                for serial in change.serials:
                    told["issued"][change.gtin, serial] = (position, (change.gtin, serial, change.at))
            case AddDocument():
                told["document"][(change.row.id,)] = (position, msgspec.structs.astuple(change.row))
            case _:
                pass

    def compare(self, view: View, faults: Faults, *, lost_up_to: int) -> int:
        """Hold the tables against what was taken; give how many rows were compared."""
        return self._compare_events(view, faults) + sum(
            self._compare(name, view, faults, lost_up_to) for name in COMPARED
        )

    def _compare(self, name: str, view: View, faults: Faults, lost_up_to: int) -> int:
        table = BY_NAME[name]
        told = {
            key: row
            for key, (position, row) in self._told[name].items()
            if position > lost_up_to or name == "document"  # which nothing changes
        }
        if not told:
            return 0
        there: dict[_Key, Row] = {}
        for page in view.pages(table):
            there.update({row[: table.keys]: row for row in page if row[: table.keys] in told})
        for key, right in told.items():
            found = there.get(key)
            if right is None and found is not None:
                faults.find("table", "row-added", f"the log says that this row of {name} was taken away", table=name,
                            key=key_of(table, found), found=found)  # fmt: skip
            elif right is not None and found is None:
                faults.find("table", "row-missing", f"a row of {name} is missing", table=name,
                            key=key_of(table, right), expected=right)  # fmt: skip
            elif right is not None and found is not None and found != right:
                for column, value, good in zip(table.columns, found, right, strict=True):
                    if value != good:
                        faults.find("table", "row-changed", f"{column} of a row of {name} is not what the log makes it",
                                    table=name, key=key_of(table, right), field=column, expected=with_null(good),
                                    found=with_null(value))  # fmt: skip
        return len(told)

    def _compare_events(self, view: View, faults: Faults) -> int:
        """Check that each event that can be read has its row."""
        expected = self._events
        count = sum(expected)
        for page in view.pages(EVENTS):
            for position, *_ in page:
                if isinstance(position, int) and 0 <= position < len(expected):
                    expected[position] = 0
        missing = expected.find(1)
        while missing >= 0:
            faults.find("table", "row-missing", "a row of event is missing", table="event",
                        key=f"position={missing}", position=missing)  # fmt: skip
            missing = expected.find(1, missing + 1)
        return count
