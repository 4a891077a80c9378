"""Rows of the index of EPCIS queries that an earlier build has left out, told from rows that somebody has changed.

Builds of before the rule filed an event for whom it concerned when it came, and not for a second party that said it
again later. So of their records some rows of ``posting`` are missing, or hold fewer positions, and nothing else is.
That is no sign of anybody's hand, and must not read like one. A record that may be such a one says so in a setting,
which the migration has made that came with the rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rxtrail.core.epcis.query.terms import number_of
from rxtrail.ledger.filing import positions_of
from rxtrail.store.tables import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rxtrail.store.copying import View
    from rxtrail.store.tables import Row

POSTINGS: Final = "posting"
SETTING, VALUE = "second-parties", "may be unfiled"
ROWS_MAX: Final = 100_000  # so many that differ are looked at; more are told as what they are


class Unfiled:
    """Gathers the rows that differ, and tells whether that is all that an earlier build has left out."""

    def __init__(self, view: View, names: Mapping[int, str]) -> None:
        """Look at the record itself for who said what again."""
        self._view = view
        self._names = names
        self._mine: list[Row] = []
        self._right: list[Row] = []
        self.events = 0

    def take(self, mine: Iterable[Row], right: Iterable[Row]) -> None:
        """Take a stretch in which the two sides differ."""
        there, expected = set(mine), set(right)
        self._mine += there - expected
        self._right += expected - there

    @property
    def rows(self) -> tuple[list[Row], list[Row]]:
        """The rows that differ, as they are and as they should be, in the order of their keys."""
        return sorted(self._mine, key=_key), sorted(self._right, key=_key)

    def is_all(self) -> bool:
        """Tell whether only events of second parties are missing, each of which the record says that it was told by."""
        if len(self._mine) + len(self._right) > ROWS_MAX:
            return False
        try:
            mine, right = _positions(self._mine), _positions(self._right)
        except (TypeError, ValueError, OverflowError):
            return False  # no row that was ever written so
        if not mine.keys() <= right.keys():
            return False
        left_out = {term: positions - mine.get(term, set()) for term, positions in right.items()}
        if any(not mine.get(term, set()) <= positions for term, positions in right.items()):
            return False
        told = self._told_again({position for positions in left_out.values() for position in positions})
        self.events = sum(map(len, left_out.values()))
        return all(positions <= told.get(term, set()) for term, positions in left_out.items())

    def _told_again(self, wanted: set[int]) -> dict[int, set[int]]:
        """Give the events that a second party said again, by the term of that party."""
        found: dict[int, set[int]] = {}
        terms: dict[object, int] = {}
        for page in self._view.pages(BY_NAME["event_speaker"]):
            for event, speaker, _ in page:
                if isinstance(event, int) and event in wanted and isinstance(speaker, int):
                    term = terms.get(speaker)
                    if term is None:
                        term = terms[speaker] = number_of(f"p:{self._names.get(speaker, '')}")
                    found.setdefault(term, set()).add(event)
        return found


def _key(row: Row) -> tuple[str, ...]:
    return tuple(map(str, row))


def _positions(rows: list[Row]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for term, last, first, steps in rows:
        if not (isinstance(term, int) and isinstance(first, int) and isinstance(steps, bytes)):
            raise TypeError
        positions = positions_of(first, steps)
        if positions[-1] != last:
            raise ValueError
        found.setdefault(term, set()).update(positions)
    return found
