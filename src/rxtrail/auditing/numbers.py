"""The numbers that a record gives to texts, products and lots in order of arrival: its copy takes the same.

So rows can be compared as they are. A text that the record does not have any more gets a number that no other has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rxtrail.store.tables import BY_NAME

if TYPE_CHECKING:
    from rxtrail.store import Transaction
    from rxtrail.store.copying import View

MISSING_FROM = 1 << 40


class Numbers:
    """What the audited record calls its texts, products and lots."""

    def __init__(self, view: View) -> None:
        """Read them; rows that cannot be what they should are left out, and told when the tables are compared."""
        self.names: dict[int, str] = {}
        self._given: dict[str, dict[object, int]] = {"name": {}, "product": {}, "lot": {}}
        self._missing = MISSING_FROM
        for what, given in self._given.items():
            for page in view.pages(BY_NAME[what]):
                for row in page:
                    number, key = row[0], row[1:4] if what == "lot" else row[1]
                    if not isinstance(number, int) or not 0 < number < MISSING_FROM:
                        continue
                    given.setdefault(key, number)
                    if what == "name" and isinstance(key, str):
                        self.names[number] = key

    def give_to(self, tx: Transaction) -> None:
        """Have a transaction number as the audited record does."""
        tx.number_as(self._number)

    def _number(self, what: str, key: object) -> int:
        number = self._given[what].get(key)
        if number is None:
            self._missing += 1
            number = self._given[what][key] = self._missing
        return number
