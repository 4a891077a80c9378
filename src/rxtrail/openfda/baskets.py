"""What the labels of packs in one basket say of each other, and as plainly what of them was not looked at.

The label of each pack is searched for the active ingredients of all others. That nothing was found is only as good as
what was searched, so whatever was left out is told beside what was found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from rxtrail.core.notices.label_text import Prose, substance
from rxtrail.core.rules.safety import LABEL_ADVICE, SafetyNote

if TYPE_CHECKING:
    from rxtrail.openfda.beside import Whole

SEARCHED_CHARACTERS_MAX: Final = 200_000_000
"""Of label text, for one basket: fifty packs with 25,000 characters on interactions each need 61 million."""
INTERACTIONS_MAX: Final = 500
_NAMES_TOLD_MAX: Final = 5
_SECTION: Final = "drug_interactions"


class NotLookedAt(msgspec.Struct, frozen=True, gc=False):
    """What of one product was not looked at, and why; nothing was found out about that."""

    gtin: str
    text: str


class _Section(NamedTuple):
    """The section on interactions of one label."""

    name: str
    source: str
    since: str
    prose: Prose


class Member(msgspec.Struct, frozen=True, gc=False):
    """One product of a basket, with no more of its labels than is searched."""

    gtin: str
    substances: dict[str, None]  # as prose calls them
    sections: list[_Section]
    has_label: bool
    gaps: list[str]


def member_of(gtin: str, whole: Whole) -> Member:
    """Take of a product what a basket needs, and tell what of it cannot be looked at."""
    told = list(whole.product.ingredients) if whole.product is not None else []
    for label in whole.labels:
        told += label.ingredients
    searched: dict[str, None] = {}
    others: list[str] = []
    for each in dict.fromkeys(told):
        name = substance(each)
        if name:
            searched[name] = None
        else:
            others.append(each)
    own = whole.product.name if whole.product is not None else gtin
    sections = [
        _Section(label.name or own, label.source, label.effective, Prose(label.sections[_SECTION]))
        for label in whole.labels
        if _SECTION in label.sections
    ]
    gaps = []
    if not whole.is_readable:
        gaps.append("What was loaded of it cannot be read.")
    elif not told:
        gaps.append("No active ingredient of it is known, so no label was searched for it.")
    if others:
        more = f" and {len(others) - _NAMES_TOLD_MAX} more" if len(others) > _NAMES_TOLD_MAX else ""
        gaps.append(f"No label was searched for {', '.join(others[:_NAMES_TOLD_MAX])}{more}: an ordinary word.")
    if whole.labels and not sections:
        gaps.append("Its label has no section on interactions.")
    if whole.older:
        gaps.append(f"Only its {len(whole.labels)} newest labels were read, {whole.older} older ones were not.")
    return Member(gtin, searched, sections, bool(whole.labels), gaps)


def interactions(members: list[Member]) -> tuple[list[SafetyNote], list[NotLookedAt]]:
    """Give where the label of one pack names an active ingredient of another, and what was not looked at."""
    search = _Search()
    notes: list[SafetyNote] = []
    gaps: list[NotLookedAt] = []
    for one in members:
        search.begin(one)
        for other in members:
            if other is not one:
                notes += search.naming(other)
        gaps += [NotLookedAt(one.gtin, text) for text in (*one.gaps, *search.gaps)]
    return notes, gaps


class _Search:
    """Searches the labels of one product after the other, as far as the bounds of one basket allow."""

    def __init__(self) -> None:
        self._left = SEARCHED_CHARACTERS_MAX
        self._room = INTERACTIONS_MAX
        self._found: dict[str, tuple[_Section, str] | None] = {}

    def begin(self, one: Member) -> None:
        self._one = one
        self._found = {}
        self.gaps: dict[str, None] = {}

    def naming(self, other: Member) -> list[SafetyNote]:
        notes = []
        for name in other.substances:
            if name in self._one.substances:
                continue
            if name not in self._found:
                self._found[name] = self._first(name)
            found = self._found[name]
            if found is None:
                continue
            if not self._room:
                self.gaps["Its label says more of the other packs than is listed here."] = None
                break
            self._room -= 1
            section, text = found
            notes.append(
                SafetyNote(
                    "interaction", f"The label of {section.name} names {name}", text, section.source, LABEL_ADVICE,
                    since=section.since, section=_SECTION, gtin=self._one.gtin, other=other.gtin,
                )
            )  # fmt: skip
        return notes

    def _first(self, name: str) -> tuple[_Section, str] | None:
        for section in self._one.sections:
            self._left -= len(section.prose.text)
            if self._left < 0:
                self.gaps["Its label was not searched for all other packs: ask for fewer at once."] = None
                return None
            text = section.prose.naming(name)
            if text:
                return section, text
        return None
