"""Every GS1 Application Identifier: its format, the checks on its content, what it needs and excludes.

Source: GS1 Barcode Syntax Dictionary (see ``data.syntax``); GS1 General Specifications, sections 3 and 7.8.5.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec

from rxtrail.core.gs1.data.syntax import ROWS


class Component(NamedTuple):
    """One part of an AI's data field."""

    type: str  # N digits, X set 82, Y set 39, Z base64url
    length_min: int
    length_max: int
    optional: bool
    checks: tuple[str, ...]  # names of content checks, see ``content``


class ApplicationIdentifier(msgspec.Struct, frozen=True, gc=False):
    """What GS1 says about one AI."""

    ai: str
    title: str
    predefined: bool  # its length is known by its first two digits: no FNC1 behind it
    attribute: bool  # may stand in the query of a Digital Link
    components: tuple[Component, ...]
    required: tuple[tuple[str, ...], ...]  # of each, one alternative must be there: "01+21"; n is any digit
    excluded: tuple[str, ...]  # none of these may be there
    qualifiers: tuple[tuple[str, ...], ...] | None  # of a Digital Link key, in alternative orders; else None

    @property
    def length_min(self) -> int:
        """The least length of the whole field."""
        return sum(part.length_min for part in self.components if not part.optional)

    @property
    def length_max(self) -> int:
        """The greatest length of the whole field."""
        return sum(part.length_max for part in self.components)


_COMPONENT = re.compile(r"(\[?)([NXYZ])(\.\.)?(\d+)\]?((?:,\w+)*)\]?")


def _component(text: str) -> Component:
    match = _COMPONENT.fullmatch(text)
    assert match is not None, f"the AI table holds an unknown format: {text}"
    optional, kind, open_length, length, checks = match.groups()
    return Component(kind, 1 if open_length else int(length), int(length), bool(optional), tuple(checks.split(",")[1:]))


def _build() -> dict[str, ApplicationIdentifier]:
    table = {}
    for first, last, flags, formats, attributes, title in ROWS:
        components = tuple(_component(word) for word in formats.split())
        required: list[tuple[str, ...]] = []
        excluded: list[str] = []
        qualifiers: tuple[tuple[str, ...], ...] | None = None
        for word in attributes.split():
            name, _, value = word.partition("=")
            if name == "req":
                required.append(tuple(value.split(",")))
            elif name == "ex":
                excluded += value.split(",")
            else:
                assert name == "dlpkey", f"the AI table holds an unknown attribute: {word}"
                qualifiers = tuple(tuple(item.split(",")) for item in value.split("|")) if value else ()
        for number in range(int(first), int(last) + 1):
            ai = str(number).zfill(len(first))
            table[ai] = ApplicationIdentifier(
                ai,
                title,
                "*" in flags,
                "?" in flags,
                components,
                tuple(required),
                tuple(excluded),
                qualifiers,
            )
    return table


TABLE = _build()

# How many digits the AI has, by its first two: all AIs that start alike are equally long.
AI_LENGTH = {ai[:2]: len(ai) for ai in TABLE}

# Length of AI and data together where the first two digits fix it, for AIs assigned after this table too
# (GS1 General Specifications, figure 7.8.5-2).
PREDEFINED_LENGTH = {
    "00": 20,
    "01": 16,
    "02": 16,
    "03": 16,
    "04": 18,
    **dict.fromkeys(("11", "12", "13", "14", "15", "16", "17", "18", "19"), 8),
    "20": 4,
    **dict.fromkeys(("31", "32", "33", "34", "35", "36"), 10),
    "41": 16,
}
