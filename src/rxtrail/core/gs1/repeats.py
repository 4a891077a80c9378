"""Several scans in one field: a second pull of the trigger, or the linear code read together with the square one.

The same code twice is one code. Two different ones are never chosen between: nobody knows which pack is meant.
"""

from __future__ import annotations

import re

from rxtrail.core.gs1 import symbology

_KEY_LENGTH = 18  # an AI (01), its GTIN, and the next AI: no field of a pack repeats that
_BREAKS = re.compile("[\r\n\t\x00\x0b\x0c ]+")
_LINES = re.compile("[\r\n]+")
_LINEAR = re.compile("[0-9]{8}|[0-9]{12,14}|-[0-9]{7,8}")
_START = re.compile(r"\x1d?01[0-9]{14}|\(01\)|\[\)>|https?://|\][A-Za-z][0-9]|[0-9]{8}\Z|[0-9]{12,14}\Z|-[0-9]{7,8}\Z")
_EDGES = " \t\r\n\x00\x03\x0b\x0c\x1d|^~"
_MARK_LENGTH_MAX = 2  # of what a device puts between two scans
_SHORTEST = 8


def separate(text: str) -> list[str]:
    """Give the texts of the separate scans in one field, in order; one text when there is one scan."""
    marks = [at for at in symbology.inside(text) if at >= _SHORTEST]
    if marks:
        return _alike([text[start:end] for start, end in zip([0, *marks], [*marks, len(text)], strict=True)])
    if _BREAKS.search(text):
        for breaks in (_BREAKS, _LINES):
            parts = _stripped(breaks.split(text))
            if len(parts) > 1 and (len(set(parts)) == 1 or all(_START.match(part) for part in parts)):
                return parts
            if len(parts) == 2 and len(max(parts, key=len)) >= _KEY_LENGTH and any(map(_LINEAR.fullmatch, parts)):
                return parts
    key = text[:_KEY_LENGTH]
    if len(text) >= 2 * _KEY_LENGTH and key in text[_KEY_LENGTH:]:
        starts = [0]
        while (again := text.find(key, starts[-1] + _KEY_LENGTH)) > 0:
            starts.append(again)
        return _alike([text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)])
    return [text]


def _alike(parts: list[str]) -> list[str]:
    """Strip the parts; a mark that stands behind each but the last is no part of them."""
    parts = _stripped(parts) or [""]
    last = parts[-1]
    if all(part.startswith(last) and len(part) <= len(last) + _MARK_LENGTH_MAX for part in parts):
        return [last] * len(parts)
    return parts


def _stripped(parts: list[str]) -> list[str]:
    return [part for part in (part.strip(_EDGES) for part in parts) if part]
