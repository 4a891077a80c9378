"""Element strings whose separators were lost: every way in which the grammar of GS1 allows to take them apart.

A variable field ends at a separator. When the scanner drops separators, the field seems to run on, and only the
grammar tells where the next one may begin: an AI, then data of its length, characters, date or check digit, each
AI once, until nothing is left over. Source: GS1 General Specifications, sections 3 and 7.8.

Two kinds of borders are distinguished. Behind a separator, behind a field of predefined length and at the start
an AI *must* stand, and any AI may. Inside a variable field an AI *may* stand, and only those are looked for that
medicine packs carry. What comes out are possibilities, for the record to choose from, never a verdict.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from rxtrail.core.gs1 import charsets, check_digit, content
from rxtrail.core.gs1.tables import AI_LENGTH, PREDEFINED_LENGTH, TABLE

GS = "\x1d"
PACK = frozenset({"01", "10", "17", "21"})  # what a serialised medicine pack carries (FDCA 582(a)(9); EU 2016/161, 4)
SPLITS_MAX = 12
_STEPS_MAX = 220  # a scan of a pack needs about twenty; the rest is against texts made to be slow
_LENGTH_MAX = 400
_EXTRAS_MAX = 2  # AIs beyond the four, guessed inside variable fields

# What may begin inside a variable field, and how unusual it is on a medicine pack.
_INSIDE = re.compile(
    r"(?=(01(?=[0-9]{14})|17(?=[0-9]{2}[01][0-9][0-3][0-9])|1[01](?=[0-9]{2}[01][0-9][0-3][0-9])|10|21"
    r"|71[0-7]|240|7003(?=[0-9]{10})|7004(?=[0-9])|1[356](?=[0-9]{2}[01][0-9][0-3][0-9])|91(?=.{4}92.)))",
    re.DOTALL,
)
_COST = {"01": 0, "10": 0, "17": 0, "21": 0, "11": 1, "91": 1, "92": 0, **{f"71{digit}": 1 for digit in range(8)}}
_COST_OTHER = 2
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DATES = ("11", "12", "13", "15", "16", "17")
_CRYPTO_KEY_LENGTH = 4  # the key of a crypto tail: (91) with four characters, then (92)


class Split(NamedTuple):
    """One way to take a text apart."""

    elements: tuple[tuple[str, str], ...]
    borders: tuple[int, ...]  # where an AI was found inside a field: index in the elements
    cost: int  # how unusual the guessed AIs are; 0 is a plain pack

    @property
    def is_complete(self) -> bool:
        """Tell whether all four elements of a medicine pack are there."""
        return {ai for ai, _ in self.elements} >= PACK


def splits(text: str, *, extras: bool = True) -> list[Split]:
    """Give the ways to take a raw element string apart, the most usual first; at most ``SPLITS_MAX``.

    ``text`` has GS where a separator is known. The plain way without a guess is among them when it is allowed.
    With ``extras`` off, no more than the four elements of a medicine pack are looked for inside fields.
    """
    if len(text) > _LENGTH_MAX:
        return []
    found = _Search(text, extras=False).run()
    if extras:
        seen = {split.elements for split in found}
        found += [split for split in _Search(text, extras=True).run() if split.elements not in seen]
    if not found:
        return []
    # A way that leaves out what another one finds of a pack is not worth a question to the record.
    known = [len(PACK & {ai for ai, _ in split.elements}) for split in found]
    best = max(known)
    found = [split for split, count in zip(found, known, strict=True) if count == best]
    found.sort(key=lambda split: (split.cost, len(split.elements)))
    return found[:SPLITS_MAX]


def can_be_complete(text: str) -> bool:
    """Tell whether the text may hold all four elements of a medicine pack."""
    return any(split.is_complete for split in _Search(text, extras=False).run()) if len(text) <= _LENGTH_MAX else False


class _Search:
    """Depth first through one text, with a bound on the steps."""

    def __init__(self, text: str, *, extras: bool) -> None:
        self.text = text
        self.found: list[Split] = []
        self.steps = 0
        self.elements: list[tuple[str, str]] = []
        self.borders: list[int] = []
        self.extras = 0 if not extras else _EXTRAS_MAX
        starts = [(match.start(), match[1]) for match in _INSIDE.finditer(text)]
        self.starts = [(at, ai) for at, ai in starts if (extras or ai in PACK) and _may_begin(text, at, ai)]

    def run(self) -> list[Split]:
        self._element(0, 0, 0)
        return self.found

    def _element(self, index: int, cost: int, extras: int) -> None:
        """Read the element at a certain border."""
        text = self.text
        if text.startswith(GS, index):
            index += 1
        if index >= len(text):
            if self.elements:
                self.found.append(Split(tuple(self.elements), tuple(self.borders), cost))
            return
        start = text[index : index + 2]
        ai = text[index : index + AI_LENGTH.get(start, 0)]
        if ai in TABLE:
            self._data(ai, index + len(ai), cost, extras)

    def _data(self, ai: str, index: int, cost: int, extras: int) -> None:
        """Read the data of an AI, to each of its possible ends."""
        self.steps += 1
        if self.steps > _STEPS_MAX or any(ai == known for known, _ in self.elements):
            return
        text, elements = self.text, self.elements
        length = PREDEFINED_LENGTH.get(ai[:2])
        if length:
            end = index + length - len(ai)
            if end <= len(text) and _fits(ai, text[index:end]):
                elements.append((ai, text[index:end]))
                self._element(end, cost, extras)
                elements.pop()
            return
        end = text.find(GS, index)
        if end < 0:
            end = len(text)
        entry = TABLE[ai]
        longest = entry.length_max
        if index < end <= index + longest and _fits(ai, text[index:end]):
            elements.append((ai, text[index:end]))
            self._element(end, cost, extras)
            elements.pop()
        least = index + max(entry.length_min, 1)
        key_end = index + _CRYPTO_KEY_LENGTH
        if ai == "91" and self.extras and text.startswith("92", key_end) and key_end + 2 < end:
            elements.append((ai, text[index:key_end]))
            self.borders.append(len(elements))
            self._data("92", key_end + 2, cost, extras)
            self.borders.pop()
            elements.pop()
            return
        for at, next_ai in self.starts:
            if at < least:
                continue
            if at >= end or at - index > longest:
                break
            guessed = extras + (next_ai not in PACK)
            if guessed > self.extras or not _fits(ai, text[index:at]):
                continue
            elements.append((ai, text[index:at]))
            self.borders.append(len(elements))
            self._data(next_ai, at + len(next_ai), cost + _COST.get(next_ai, _COST_OTHER), guessed)
            self.borders.pop()
            elements.pop()


def _may_begin(text: str, at: int, ai: str) -> bool:
    """Tell whether the data of an AI found inside a field can be what its check digit or date allows."""
    if ai == "01":
        return _is_gtin(text[at + 2 : at + 16])
    if ai in _DATES:
        return _is_date(text[at + 2 : at + 8])
    return True


def _fits(ai: str, value: str) -> bool:
    """Tell whether the data is such as its AI allows; for the four elements of a pack by a shorter way."""
    if ai in ("10", "21"):
        return 1 <= len(value) <= 20 and charsets.ALL_82.fullmatch(value) is not None
    if ai == "17":
        return _is_date(value)
    return _is_gtin(value) if ai == "01" else _has_right_content(ai, value)


@lru_cache(maxsize=1024)
def _has_right_content(ai: str, value: str) -> bool:
    return not content.fault_of(ai, value)


@lru_cache(maxsize=4096)
def _is_gtin(digits: str) -> bool:
    return len(digits) == 14 and check_digit.is_valid(digits)


@lru_cache(maxsize=4096)
def _is_date(yymmdd: str) -> bool:
    """Tell whether it is YYMMDD; day 00 is the end of the month (GS1 General Specifications, section 3.4.2)."""
    if len(yymmdd) != 6 or not charsets.ALL_DIGITS.fullmatch(yymmdd):
        return False
    year, month, day = int(yymmdd[:2]), int(yymmdd[2:4]), int(yymmdd[4:])
    if not 1 <= month <= 12 or day > _DAYS[month - 1]:
        return False
    return month != 2 or day < 29 or year % 4 == 0
