"""Element strings whose separators were lost: every way in which the grammar of GS1 allows to take them apart.

A variable field ends at a separator. When the scanner drops separators, the field seems to run on, and only the
grammar tells where the next one may begin: an AI, then data of its length, characters, date or check digit, each
AI once, until nothing is left over. Source: GS1 General Specifications, sections 3 and 7.8.

Two kinds of borders are distinguished. Behind a separator, behind a field of predefined length and at the start
an AI *must* stand, and any AI may. Inside a variable field an AI *may* stand, and only those are looked for that
medicine packs carry. What comes out are possibilities, for the record to choose from, never a verdict.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from functools import lru_cache
from typing import NamedTuple

from rxtrail.core.gs1 import charsets, check_digit, content
from rxtrail.core.gs1.tables import AI_LENGTH, PREDEFINED_LENGTH, TABLE

GS = "\x1d"
PACK = frozenset({"01", "10", "17", "21"})  # what a serialised medicine pack carries (FDCA 582(a)(9); EU 2016/161, 4)
SPLITS_MAX = 12
# Bounds on time. A scan needs about twenty steps, over all its variants; a pack whose serial and lot are digits only
# has eleven places where an AI may begin.
STEPS_MAX = 100
BUDGET_MAX = 160
_READ_STEPS, _READ_LENGTH = 6, 50  # what a text costs to be read, by its length
STARTS_MAX = 32
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
_LENGTHS = {ai: (max(entry.length_min, 1), entry.length_max) for ai, entry in TABLE.items()}
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


class Budget:
    """How much looking a scan may still cost, over all its variants; a text that needs more was made to be slow.

    A search that would need more has no result at all. Half a result is worse: the split that was not looked at may
    be the one that makes a scan ambiguous.
    """

    def __init__(self, steps: int = BUDGET_MAX) -> None:
        self.steps = steps

    def take(self, steps: int) -> None:
        """Take what something else costs than looking for splits; an element to be read costs about a step."""
        self.steps -= steps

    @property
    def is_spent(self) -> bool:
        """Tell whether the last search was given up."""
        return self.steps < 0


def splits(text: str, *, extras: bool = True, budget: Budget | None = None) -> list[Split]:
    """Give the ways to take a raw element string apart, the most usual first; at most ``SPLITS_MAX``.

    ``text`` has GS where a separator is known. The plain way without a guess is among them when it is allowed.
    With ``extras`` off, no more than the four elements of a medicine pack are looked for inside fields. A text that
    costs more than the budget gives none.
    """
    budget = Budget() if budget is None else budget
    if len(text) > _LENGTH_MAX or budget.is_spent:
        return []
    found, starts, steps = _plain(text)
    budget.steps -= steps
    if extras and len(starts) > sum(1 for _, ai in starts if ai in PACK):
        more, steps = _searched(text, starts, min(budget.steps, STEPS_MAX), extras=_EXTRAS_MAX)
        budget.steps -= steps
        seen = {split.elements for split in found}
        found = (*found, *[split for split in more if split.elements not in seen])
    if not found or budget.is_spent:
        return []
    # A way that leaves out what another one finds of a pack is not worth a question to the record.
    known = [len(PACK & {ai for ai, _ in split.elements}) for split in found]
    best = max(known)
    ways = [split for split, count in zip(found, known, strict=True) if count == best]
    ways.sort(key=lambda split: (split.cost, len(split.elements)))
    return ways[:SPLITS_MAX]


def can_be_complete(text: str) -> bool:
    """Tell whether the text may hold all four elements of a medicine pack; what is too much to look at may."""
    if len(text) > _LENGTH_MAX:
        return False
    found, _, steps = _plain(text)
    return steps > STEPS_MAX or any(split.is_complete for split in found)


def charge(text: str, budget: Budget) -> bool:
    """Take what it costs to read one more text from the budget, before it is read; False when that is too much."""
    budget.steps -= _READ_STEPS * (1 + (len(text) // _READ_LENGTH) ** 2)  # a long one may hold several codes
    budget.steps -= _plain(text).steps if len(text) <= _LENGTH_MAX else STEPS_MAX
    return not budget.is_spent


class _Plain(NamedTuple):
    """The ways without guessed AIs, where AIs may begin inside fields, and what it cost to look."""

    splits: tuple[Split, ...]
    starts: tuple[tuple[int, str], ...]
    steps: int


@lru_cache(maxsize=256)
def _plain(text: str) -> _Plain:
    found = [(match.start(), match[1]) for match in itertools.islice(_INSIDE.finditer(text), STARTS_MAX + 1)]
    if len(found) > STARTS_MAX:
        return _Plain((), (), STEPS_MAX + 1)
    starts = tuple((at, ai) for at, ai in found if _may_begin(text, at, ai))
    ways, steps = _searched(text, tuple((at, ai) for at, ai in starts if ai in PACK), STEPS_MAX, extras=0)
    return _Plain(tuple(ways), starts, steps + (len(found) >> 2))


def _searched(text: str, starts: tuple[tuple[int, str], ...], steps: int, *, extras: int) -> tuple[list[Split], int]:
    """Give all ways, and how many steps it took; more than ``steps`` when it was given up."""
    search = _Search(text, starts, steps, extras)
    search.element(0, 0, 0)
    return search.found, steps - search.steps


class _Search:
    """Depth first through one text, with a bound on the steps."""

    def __init__(self, text: str, starts: tuple[tuple[int, str], ...], steps: int, extras: int) -> None:
        self.text = text
        self.starts = starts
        self.steps = steps
        self.extras = extras
        self.found: list[Split] = []
        self.elements: list[tuple[str, str]] = []
        self.used: list[str] = []
        self.borders: list[int] = []

    def element(self, index: int, cost: int, extras: int) -> None:
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

    def _take(self, ai: str, value: str) -> None:
        self.elements.append((ai, value))
        self.used.append(ai)

    def _drop(self) -> None:
        self.elements.pop()
        self.used.pop()

    def _data(self, ai: str, index: int, cost: int, extras: int) -> None:
        """Read the data of an AI, to each of its possible ends."""
        self.steps -= 1
        if self.steps < 0 or ai in self.used:
            return
        text = self.text
        length = PREDEFINED_LENGTH.get(ai[:2])
        if length:
            end = index + length - len(ai)
            if end <= len(text) and _fits(ai, text[index:end]):
                self._take(ai, text[index:end])
                self.element(end, cost, extras)
                self._drop()
            return
        end = text.find(GS, index)
        if end < 0:
            end = len(text)
        least, longest = _LENGTHS[ai]
        if index < end <= index + longest and _fits(ai, text[index:end]):
            self._take(ai, text[index:end])
            self.element(end, cost, extras)
            self._drop()
        key_end = index + _CRYPTO_KEY_LENGTH
        if ai == "91" and self.extras and text.startswith("92", key_end) and key_end + 2 < end:
            self._take(ai, text[index:key_end])
            self.borders.append(len(self.elements))
            self._data("92", key_end + 2, cost, extras)
            self.borders.pop()
            self._drop()
            return
        last = min(end - 1, index + longest)
        for at, next_ai in self.starts[bisect_left(self.starts, (index + least, "")) :]:
            if at > last or self.steps < 0:
                break
            guessed = extras + (next_ai not in PACK)
            if guessed > self.extras or next_ai in self.used or not _fits(ai, text[index:at]):
                self.steps -= 1
                continue
            self._take(ai, text[index:at])
            self.borders.append(len(self.elements))
            self._data(next_ai, at + len(next_ai), cost + _COST.get(next_ai, _COST_OTHER), guessed)
            self.borders.pop()
            self._drop()


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
