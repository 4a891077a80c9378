"""Brackets as people and other scripts write them: full-width, square or curly, with spaces, or one forgotten.

Source: GS1 General Specifications, section 4.14: parentheses around AIs are for people and never part of the data.
They may also *be* data (set 82 holds both), so a forgotten bracket gives a possible reading and no certain one.
"""

from __future__ import annotations

import re

from rxtrail.core.gs1.tables import AI_LENGTH, TABLE

GS = "\x1d"
# Full-width forms stand at a fixed distance from ASCII (Unicode, block Halfwidth and Fullwidth Forms).
_FOLD = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    0x3000: 0x20, 0x3010: 0x5B, 0x3011: 0x5D, 0x3014: 0x5B, 0x3015: 0x5D, 0x2768: 0x28, 0x2769: 0x29,
    0xFE59: 0x28, 0xFE5A: 0x29, 0xFF5F: 0x28, 0xFF60: 0x29, 0x207D: 0x28, 0x207E: 0x29,
}  # fmt: skip
_WIDE = re.compile(f"[{''.join(map(chr, _FOLD))}]")
_OTHER = re.compile(r"[\[{<]\s*([0-9]{2,4})\s*[\]}>]")
_WHOLE = re.compile(r"\(\s*([0-9]{2,4})\s*\)")
_HALF = re.compile(r"\(\s*(?=[0-9]{2})|(?<=[0-9])\s*\)")
_FIRST = re.compile(r"\s*[(\[{<]?\s*[0-9]{2,4}\s*[)\]}>]|\s*[(\[{<]\s*(?:01|00|10|17|21)(?=[0-9A-Za-z])")


def fold(text: str) -> str:
    """Write full-width and ornamental characters as the ASCII characters they are."""
    return text.translate(_FOLD) if not text.isascii() and _WIDE.search(text) else text


def are_in(text: str) -> bool:
    """Tell whether the text begins like an element string with brackets, whole or not."""
    return _FIRST.match(text) is not None


def rounded(text: str) -> str:
    """Give a text in round brackets for one in square, curly or angle ones; other texts as they are."""
    first = _OTHER.match(text.lstrip())
    if first is None or first[1] not in TABLE:
        return text
    return _OTHER.sub(lambda found: f"({found[1]})" if found[1] in TABLE else found[0], text)


def without(text: str) -> str:
    """Give the raw element string of a text in which brackets may be missing: GS stands where one began an AI."""
    text = "".join(rounded(text).split())
    raw = _WHOLE.sub(lambda found: GS + found[1] if found[1] in TABLE else found[0], text)
    return _HALF.sub(lambda found: _half(raw, found), raw)


def _half(raw: str, found: re.Match[str]) -> str:
    """Judge one bracket without its other half: before an AI it was its start, behind one its end."""
    if found[0].startswith("("):
        ai = raw[found.end() : found.end() + AI_LENGTH.get(raw[found.end() : found.end() + 2], 0)]
        return GS if ai in TABLE else found[0]
    return "" if any(raw[found.start() - count : found.start()] in TABLE for count in (2, 3, 4)) else found[0]
