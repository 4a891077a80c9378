"""What an audit finds wrong, gathered up to a number, each with where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rxtrail.answers import AuditFault, Destroyed

if TYPE_CHECKING:
    from rxtrail.store.tables import Row, Table, Value

FAULTS_TOLD_MAX: Final = 1_000
VALUE_CHARACTERS_MAX: Final = 200


class Faults:
    """Gathers faults, and what could not be compared; what is beyond the number is counted."""

    def __init__(self) -> None:
        """Start with none."""
        self.told: list[AuditFault] = []
        self.count = 0
        self.missed: list[str] = []  # an audit that has missed anything says of nothing that it is whole
        self.missed_tables: list[str] = []  # what a copy of the tables from before can make good
        self.destroyed: list[Destroyed] = []

    def miss(self, words: str, *, tables: bool = False) -> None:
        """Note what could not be compared, and why; ``tables`` when that is only that the log cannot be done again."""
        (self.missed_tables if tables else self.missed).append(words)

    @property
    def complete(self) -> bool:
        """Tell whether everything was compared."""
        return not self.missed and not self.missed_tables

    def add(self, fault: AuditFault) -> None:
        """Note one."""
        self.count += 1
        if len(self.told) < FAULTS_TOLD_MAX:
            self.told.append(fault)

    def find(
        self, part: str, code: str, message: str, *, table: str = "", key: str = "", field: str = "",
        expected: object = None, found: object = None, position: int = -1,
    ) -> None:  # fmt: skip
        """Note what is wrong with a row of a table or a record of the log."""
        self.add(
            AuditFault(
                part, code, message, table=table, key=key, field=field, position=position,
                expected="" if expected is None else shown(expected), found="" if found is None else shown(found),
            )
        )  # fmt: skip


def shown(value: object) -> str:
    """Give a value as a fault shows it: bytes in hex, cut where it is long."""
    text = value.hex() if isinstance(value, bytes) else str(value)
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= VALUE_CHARACTERS_MAX else text[:VALUE_CHARACTERS_MAX] + "..."


def key_of(table: Table, row: Row) -> str:
    """Give a row's key as a fault shows it: ``unit product=3, serial=X1``."""
    return ", ".join(f"{name}={shown(value)}" for name, value in zip(table.key_names, row, strict=False))


def with_null(value: Value) -> object:
    """Give a value, or the word that stands for its absence."""
    return "null" if value is None else value
