"""Which stores this machine has written encrypted, in a small file beside the record.

Whether a record is encrypted stands in the record, and whoever can write there can say that it shall not be: from then
on what is captured would lie there in the clear, and what he puts there would be read. So each machine keeps outside
of the record which ones it has written encrypted, and opens none of them in any other way.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from rxtrail import durable
from rxtrail.sealing import NotEncrypted

if TYPE_CHECKING:
    from pathlib import Path

FILE: Final = "encrypted_stores"


class SeenEncrypted:
    """The file of one data folder, for the store that is opened with it."""

    def __init__(self, folder: Path, store: str) -> None:
        """``store`` names the store: the name of a file in this folder, or a server and database."""
        self._path = folder / FILE
        self._store = store

    @property
    def here(self) -> bool:
        """Tell whether this machine has written the store encrypted."""
        return self._store in self._all()

    def note(self) -> None:
        """Keep that it is written encrypted; where that cannot be kept now, the next opening tries again."""
        stores = self._all()
        if self._store not in stores:
            with contextlib.suppress(OSError):
                durable.replace_file(self._path, _text([*stores, self._store]))

    def forget(self) -> None:
        """A new store took its place, and somebody here has said that it shall not be encrypted."""
        stores = self._all()
        if self._store in stores:
            durable.replace_file(self._path, _text([name for name in stores if name != self._store]))

    def refused(self, *, is_file: bool) -> NotEncrypted:
        """Give the refusal of a store that says now that it is not encrypted."""
        way = "Put the record's own file in its place, or restore a backup. "
        if not is_file:
            way = "Take that setting away (DELETE FROM setting WHERE key = 'unencrypted'). "
        return NotEncrypted(
            "this machine has written this record encrypted, and now it says that it is not: somebody has changed it",
            place=self._store,
            advice=f"{way}Then see what else was changed: rxtrail audit. Whoever wants another record there, one that "
            f"is not encrypted, takes its line out of {self._path}",
        )

    def _all(self) -> list[str]:
        try:
            return self._path.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return []


def _text(stores: list[str]) -> bytes:
    return "".join(f"{name}\n" for name in stores).encode("utf-8", "replace")
