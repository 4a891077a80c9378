"""What is shown beside verdicts: looked up once for each product, then kept in mind until the files change."""

from __future__ import annotations

import datetime
import logging
import sqlite3
import zlib
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from rxtrail.core.notices.label_text import sentences, shortened
from rxtrail.core.rules.safety import LABEL_ADVICE, SHORTAGE_ADVICE, SafetyNote
from rxtrail.openfda.rows import NEW_DAYS, key_of, keys_of_gtin
from rxtrail.openfda.shelf import FILE, Shelf, open_shelf
from rxtrail.openfda.values import SECTIONS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rxtrail.openfda.values import FdaProduct, Label, Shortage

_LOG = logging.getLogger("rxtrail.openfda")
LOOK_SECONDS: Final = 1.0  # between looks for a file that was loaded by somebody else
PRODUCTS_IN_MIND_MAX: Final = 10_000
LABELS_MAX: Final = 5  # of one product: the newest ones
SHOWN: Final = "beside-verdicts"  # the setting; "off" shows nothing
TEXT_CHARACTERS_MAX: Final = 600


class Product(NamedTuple):
    """What is kept in mind of one product: its row of the directory, and the notes made of labels and shortages."""

    product: FdaProduct | None
    notes: list[SafetyNote]


class Whole(NamedTuple):
    """All that was loaded of one product, with whole label texts; ``older`` labels beside these were not read."""

    product: FdaProduct | None
    labels: list[Label]
    older: int
    shortages: list[Shortage]
    is_readable: bool = True


class Beside:
    """The notes of products, for one thread. With nothing loaded a question costs a comparison."""

    def __init__(self, folder: Path, *, seconds: Callable[[], float], today: Callable[[], datetime.date]) -> None:
        """Take DATA and the clocks."""
        self._folder, self._seconds, self._today = folder, seconds, today
        self._shelf: Shelf | None = None
        self._look_at = -1.0
        self._mark: tuple[int, int, str] = (0, 0, "")
        self._shown = False
        self._in_mind: dict[str, Product] = {}

    @property
    def shown(self) -> bool:
        """Tell whether there is anything to show; looks at the file at most once a second."""
        if self._seconds() >= self._look_at:
            self._look()
        return self._shown

    @property
    def shelf(self) -> Shelf | None:
        """The shelf of this thread; None when nothing was loaded."""
        if self._seconds() >= self._look_at:
            self._look()
        return self._shelf

    def of(self, gtin: str) -> Product:
        """Give what is kept in mind of a GTIN-14."""
        if self._seconds() >= self._look_at:
            self._look()
        known = self._in_mind.get(gtin)
        if known is not None:
            return known
        whole = self.whole(gtin)
        found = Product(whole.product, notes_of(whole.labels, whole.shortages, self._today()))
        if whole.is_readable:
            if len(self._in_mind) >= PRODUCTS_IN_MIND_MAX:
                self._in_mind.clear()
            self._in_mind[gtin] = found
        return found

    def whole(self, gtin: str) -> Whole:
        """Read all of a GTIN-14; nothing of it is kept in mind, since labels are long."""
        if self._seconds() >= self._look_at:
            self._look()
        try:
            return self._read(gtin)
        except (sqlite3.Error, zlib.error, msgspec.DecodeError) as damaged:
            # The counter is answered without notes, never with an error: they are no part of the verdict.
            _LOG.warning("the file of openFDA records cannot be read: %s", damaged)
            return Whole(None, [], 0, [], is_readable=False)

    def look_again(self) -> None:
        """Look at the file with the next question."""
        self._look_at = -1.0

    def close(self) -> None:
        """Let the file go."""
        if self._shelf is not None:
            self._shelf.close()
        self._shelf, self._shown, self._mark = None, False, (0, 0, "")

    def _look(self) -> None:
        """See whether the file is another one, was changed, or the day has passed."""
        self._look_at = self._seconds() + LOOK_SECONDS
        try:
            try:
                inode = (self._folder / FILE).stat().st_ino
            except FileNotFoundError:
                inode = 0
            if inode != self._mark[0] or (inode and self._shelf is None):
                self.close()
                self._in_mind.clear()
                self._shelf = open_shelf(self._folder) if inode else None
            mark = (inode, self._shelf.version() if self._shelf is not None else 0, self._today().isoformat())
            if mark != self._mark:
                self._in_mind.clear()
                self._shown = self._shelf is not None and self._shelf.setting(SHOWN) != "off"
                self._mark = mark
        except (sqlite3.Error, OSError) as damaged:
            _LOG.warning("the file of openFDA records cannot be opened: %s", damaged)
            self.close()
            self._in_mind.clear()

    def _read(self, gtin: str) -> Whole:
        shelf = self._shelf
        if shelf is None:
            return Whole(None, [], 0, [])
        keys = keys_of_gtin(gtin)
        product = next((found for key in keys if (found := shelf.product(key)) is not None), None)
        if product is not None:
            keys = list(dict.fromkeys([*keys, key_of(product.ndc), product.product_ndc]))
        set_ids = {*shelf.labels_of(keys), *(product.labels if product is not None else ())}
        versions = shelf.label_versions(set_ids)
        newest = sorted(sorted(versions), key=lambda set_id: versions[set_id][1], reverse=True)
        read = shelf.labels(newest[:LABELS_MAX])
        labels = [read[set_id] for set_id in newest if set_id in read]
        return Whole(product, labels, len(newest) - len(labels), shelf.shortages(keys))


def notes_of(labels: list[Label], shortages: list[Shortage], today: datetime.date) -> list[SafetyNote]:
    """Make the notes of a product: boxed warnings, then what is new, then shortages; each text told once."""
    boxed = [_note("boxed-warning", "boxed_warning", label, label.sections["boxed_warning"], label.effective)
             for label in labels if "boxed_warning" in label.sections]  # fmt: skip
    new = []
    for label in labels:
        for change in label.changes:
            if _is_new(change.since, today):
                text = "\n".join(change.added)
                title = f"New in the label since {change.since}: {SECTIONS[change.section].lower()}"
                new.append(_note("new-warning", change.section, label, text, change.since, title))
        if label.recent_changes and not label.changes and _is_new(label.effective, today):
            title = f"The label of {label.effective} lists recent changes"
            new.append(
                _note("new-warning", "recent_major_changes", label, label.recent_changes, label.effective, title)
            )
    short = [_shortage_note(each) for each in shortages if not each.is_over]
    return list({(note.kind, note.text): note for note in reversed([*boxed, *new, *short])}.values())[::-1]


def _note(kind: str, section: str, label: Label, text: str, since: str, title: str = "") -> SafetyNote:
    told = _beginning(text)
    return SafetyNote(
        kind, title or SECTIONS[section], told, label.source, LABEL_ADVICE, since=since,
        more=len(told) < len(" ".join(text.split())), section=section,
    )  # fmt: skip


def _beginning(text: str) -> str:
    """Give the first whole sentences of a text, as many as there is room for."""
    told = ""
    for sentence in sentences(text):
        longer = f"{told} {sentence}".strip()
        if len(longer) > TEXT_CHARACTERS_MAX:
            return told or shortened(sentence)
        told = longer
    return told


def _shortage_note(shortage: Shortage) -> SafetyNote:
    parts = (shortage.presentation, shortage.availability, shortage.reason, shortage.information)
    where = f"FDA drug shortages, {shortage.ndc or shortage.generic}"
    return SafetyNote(
        "shortage", f"In shortage: {shortage.status.lower()}",
        _beginning(". ".join(part.strip().rstrip(".") for part in parts if part.strip())) or shortage.generic,
        f"{where}, {shortage.updated}" if shortage.updated else where,
        SHORTAGE_ADVICE, since=shortage.since,
    )  # fmt: skip


def _is_new(since: str, today: datetime.date) -> bool:
    try:
        return 0 <= (today - datetime.date.fromisoformat(since)).days <= NEW_DAYS
    except ValueError:
        return False
