"""Element strings: AI and data, one behind another, with FNC1 between (barcodes) or brackets (people).

Source: GS1 General Specifications, sections 7.8 (concatenation, FNC1) and 4.14 (brackets).
"""

from __future__ import annotations

import re

from rxtrail.core.gs1.identifier import shown
from rxtrail.core.gs1.tables import AI_LENGTH, PREDEFINED_LENGTH, TABLE
from rxtrail.errors import BadIdentifier

FNC1 = "\x1d"
AIS_MAX = 64  # more than any symbol of today can hold

_BRACKETED_AI = re.compile(r"\(([0-9]{2,4})\)")
_AGAIN = "Scan the code again; if it stays so, the label is wrong."


def parse(text: str) -> list[tuple[str, str]]:
    """Take an element string, bracketed or raw, apart into ``(AI, data)``; raises BadIdentifier for others.

    Only the borders are judged here; ``content`` judges the data, ``associations`` what goes together.
    """
    return parse_bracketed(text) if text.startswith("(") else parse_raw(text)


def parse_raw(text: str) -> list[tuple[str, str]]:
    """Take a raw element string apart; FNC1 is GS (0x1D), one before the first AI is skipped."""
    elements: list[tuple[str, str]] = []
    index = 1 if text.startswith(FNC1) else 0
    if index == len(text):
        raise BadIdentifier("an element string without elements", advice=_AGAIN)
    while index < len(text):
        start = text[index : index + 2]
        end_of_ai = index + AI_LENGTH.get(start, 0)
        ai = text[index:end_of_ai]
        if ai not in TABLE:
            raise BadIdentifier(
                f"no AI of GS1 starts at {text[index : index + 4]!r}",
                place=f"character {index + 1}",
                advice=_AGAIN,
            )
        length = PREDEFINED_LENGTH.get(start)
        end = index + length if length else text.find(FNC1, index)
        if end < 0:
            end = len(text)
        value = text[end_of_ai:end]
        if not value or (length and (len(text) < end or FNC1 in value)):
            raise BadIdentifier(
                f"the data of AI ({ai}) is too short: {shown(value)}",
                place=f"character {index + 1}",
                advice=_AGAIN,
            )
        elements.append((ai, value))
        if len(elements) > AIS_MAX:
            raise BadIdentifier(f"more than {AIS_MAX} elements", advice=_AGAIN)
        # A separator behind a field of predefined length is not needed and does no harm.
        index = end + 1 if text[end : end + 1] == FNC1 else end
    return elements


def parse_bracketed(text: str, *, unknown_ais: bool = False) -> list[tuple[str, str]]:
    r"""Take ``(01)...(21)...`` apart; a bracket that belongs to the data is written ``\(``.

    With ``unknown_ais``, AIs that GS1 has not assigned are taken too: brackets leave no doubt where they end.
    """
    found = _BRACKETED_AI.match(text)
    if found is None:
        raise BadIdentifier(
            f"not a bracketed element string: {shown(text)}",
            advice="Write it like (01)00352601815904(21)ABC.",
        )
    elements: list[tuple[str, str]] = []
    while found is not None:
        ai, start = found[1], found.end()
        found = _next_bracket(text, start)
        value = text[start : found.start() if found else len(text)].replace("\\(", "(")
        if ai not in TABLE and not unknown_ais:
            raise BadIdentifier(f"GS1 defines no AI ({ai})", advice="Compare with the label.")
        if not value:
            raise BadIdentifier(f"AI ({ai}) has no data", advice="Compare with the label.")
        elements.append((ai, value))
    return elements


def format(elements: list[tuple[str, str]]) -> str:  # noqa: A001 -- named as its opposite, parse
    """Write elements for people, with brackets."""
    return "".join([f"({ai}){value}" for ai, value in elements])


def format_raw(elements: list[tuple[str, str]]) -> str:
    """Write elements as a barcode carries them, without the first FNC1; FNC1 only where it is needed."""
    parts: list[str] = []
    for ai, value in elements:
        parts += (ai, value) if ai[:2] in PREDEFINED_LENGTH else (ai, value, FNC1)
    if parts and parts[-1] == FNC1:
        parts.pop()
    return "".join(parts)


def _next_bracket(text: str, start: int) -> re.Match[str] | None:
    for match in _BRACKETED_AI.finditer(text, start):
        if text[match.start() - 1] != "\\":
            return match
    return None
