"""Which Application Identifiers need, exclude or repeat one another, over all the data of one item.

Source: GS1 General Specifications, section 4.13 (data relationships), as the Barcode Syntax Dictionary has
them.
"""

from __future__ import annotations

from typing import NamedTuple

from rxtrail.core.gs1.tables import TABLE

# Keys that a digital signature signs only with a serial part behind their fixed digits.
_SERIALISED_LENGTH = {"253": 13, "255": 13, "8003": 14}
_SIGNATURE = "8030"


class Breach(NamedTuple):
    """One broken rule between elements."""

    rule: str  # "repeat" | "exclusion" | "requirement" | "signature"
    ai: str
    message: str


def breaches(elements: list[tuple[str, str]]) -> list[Breach]:
    """Name every broken rule between the elements; empty when they go together."""
    found = _repeats(elements)
    present = dict.fromkeys(ai for ai, _ in elements)
    for ai in present:
        entry = TABLE.get(ai)
        if entry is None:
            continue
        others = [other for other in present if other != ai]
        for pattern in entry.excluded:
            found += [
                Breach("exclusion", ai, f"({ai}) may not stand beside ({other})")
                for other in others
                if _fits(other, pattern)
            ]
        found += [
            Breach("requirement", ai, f"({ai}) needs one of {', '.join(alternatives)} beside it")
            for alternatives in entry.required
            if not any(_all_present(group, others) for group in alternatives)
        ]
    if _SIGNATURE in present:
        found += [
            Breach("signature", ai, f"({ai}) has no serial, so ({_SIGNATURE}) cannot sign it")
            for ai, value in elements
            if len(value) == _SERIALISED_LENGTH.get(ai)
        ]
    return found


def _repeats(elements: list[tuple[str, str]]) -> list[Breach]:
    first: dict[str, str] = {}
    return [
        Breach("repeat", ai, f"({ai}) is {first[ai]!r} and {value!r}")
        for ai, value in elements
        if first.setdefault(ai, value) != value
    ]


def _all_present(group: str, others: list[str]) -> bool:
    return all(any(_fits(other, pattern) for other in others) for pattern in group.split("+"))


def _fits(ai: str, pattern: str) -> bool:
    """Tell whether an AI is meant by a pattern, where ``n`` is any digit."""
    return len(ai) == len(pattern) and ai.startswith(pattern.rstrip("n"))
