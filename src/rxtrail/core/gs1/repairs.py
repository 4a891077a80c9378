"""Readings of a text that lost its separators or brackets, or in which more was read along than one code.

Each comes with how much of it is guessed. Whether one of them is right only a record can tell.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from rxtrail.core.gs1 import brackets, check_digit, ifa, lattice, separators, symbology
from rxtrail.core.gs1.scan import read_one
from rxtrail.core.gs1.scan_elements import of_elements, of_identifiers
from rxtrail.core.gs1.scan_value import LINEAR_CODE, SEPARATOR_RESTORED, SPACES_REMOVED, Scan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rxtrail.core.gs1.lattice import Budget

# How much is guessed. Up to LAYOUT, a reading that is alone on its step is the one that is left.
CERTAIN, SPLIT, EXTRAS, CASE, LAYOUT, GUESS, FAR = range(7)

SPLIT_BY_GRAMMAR = "split-by-grammar"
PREFIX_REMOVED = "prefix-removed"
BRACKETS_COMPLETED = "brackets-completed"
CASE_INVERTED = "case-inverted"

_PREFIX_MAX = 16
_GTINS_MAX, _PLACES_MAX = 4, 12  # what looks like a GTIN in one text, and what begins like one
_GTIN = re.compile(r"(?=01([0-9]{14}))")
_START = re.compile(r"(?=01[0-9]{14}|\(01\)|\[\)>|https?://)")
_AI_NEXT = r"(?=17[0-9]{6}|11[0-9]{6}|10|21|71[0-7]|240|91|01[0-9]{14})"
_PUNCTUATION = "!\"%&'()*+,-./:;<=>?_"
_PUNCTUATION_BEFORE_AI = re.compile(f"([{re.escape(_PUNCTUATION)}]){_AI_NEXT}")
_PUNCTUATION_MAX = 2


def repaired(text: str, body: str, repairs: list[str], this_year: int, budget: Budget) -> Iterator[tuple[Scan, int]]:
    """Give the readings that a text has when separators or brackets were lost, or more was read along.

    ``text`` is what arrived, ``body`` one scan of it without noise, ``repairs`` what that repaired.
    """
    identifier, rest = symbology.split(body)
    if rest.startswith(("[)>", "9N", "9n")):
        yield from _of_ifa(text, rest, identifier, repairs, this_year)
        return
    at = symbology.inside(body)
    if not identifier and at and at[0] <= _PREFIX_MAX:
        yield read_one(text, body[at[0] :], [*repairs, PREFIX_REMOVED], this_year), SPLIT
        identifier, rest = symbology.split(body[at[0] :])
        repairs = [*repairs, PREFIX_REMOVED]
    found = False
    for raw, more, doubt in _variants(rest):
        # One separator that came through shows that others would have too: then a split is a mere guess.
        step = GUESS if separators.GS in raw and BRACKETS_COMPLETED not in more else SPLIT
        for reading, doubt_of_split in _taken_apart(text, raw, identifier, [*repairs, *more], this_year, budget, step):
            found |= not reading.fault
            yield reading, max(doubt, doubt_of_split)
        for reading, _ in without_tail(text, raw, [*repairs, *more], this_year, budget, identifier):
            found |= not reading.fault
            yield reading, max(doubt, SPLIT)
    if not found and not identifier:
        start = _START.search(rest, 1)
        if start is not None and start.start() <= _PREFIX_MAX:
            rest, repairs = rest[start.start() :], [*repairs, PREFIX_REMOVED]
            yield read_one(text, rest, repairs, this_year), GUESS
            for reading, _ in _taken_apart(text, separators.tidy(rest), "", repairs, this_year, budget):
                yield reading, GUESS


def _variants(body: str) -> Iterator[tuple[str, list[str], int]]:
    """Give the raw element strings that a text may stand for: with what was repaired, and how doubtful it is."""
    restored = separators.tidy(separators.restore_named(body))
    word = [SEPARATOR_RESTORED] if restored != separators.tidy(body) else []
    if brackets.are_in(body):
        yield separators.tidy(brackets.without(restored)), [*word, BRACKETS_COMPLETED], SPLIT
        if body.startswith("("):
            return
    yield restored, word, CERTAIN
    blanks = "".join(restored.split(" "))
    if separators.GS not in restored:
        for character in separators.strange_characters(restored):
            raw = separators.tidy(separators.restore_character(restored, character))
            yield raw, [SEPARATOR_RESTORED], SPLIT
        for word_in_data in separators.IN_DATA:
            if word_in_data in restored:
                raw = re.sub(re.escape(word_in_data) + _AI_NEXT, separators.GS, restored)
                if raw != restored:
                    yield separators.tidy(raw), [SEPARATOR_RESTORED], SPLIT
        marks = dict.fromkeys(found[1] for found in _PUNCTUATION_BEFORE_AI.finditer(restored))
        for mark in list(marks)[:_PUNCTUATION_MAX]:
            raw = re.sub(re.escape(mark) + _AI_NEXT, separators.GS, restored)
            yield separators.tidy(raw), [SEPARATOR_RESTORED], EXTRAS
        if blanks != restored:
            yield blanks, [SPACES_REMOVED], SPLIT
    elif blanks != restored:
        yield blanks, [SPACES_REMOVED], GUESS


def _taken_apart(
    text: str, raw: str, identifier: str, repairs: list[str], this_year: int, budget: Budget, step: int = SPLIT
) -> Iterator[tuple[Scan, int]]:
    """Give the readings of one raw element string, split where the grammar allows; a split has at least ``step``."""
    budget.take(1)
    for split in lattice.splits(raw, budget=budget):
        budget.take(len(split.elements))
        elements = list(split.elements)
        if not split.borders:
            yield of_elements(text, elements, identifier, repairs, this_year), CERTAIN
            continue
        doubt = step if not split.cost or step == GUESS else EXTRAS
        restored = list(dict.fromkeys([*repairs, SEPARATOR_RESTORED]))
        ends = {elements[border - 1][1][-1:] for border in split.borders}
        bare = _without_word(elements, split.borders)
        if bare:
            yield of_elements(text, bare, identifier, restored, this_year, is_split=True), doubt
        split_repairs = [*restored, SPLIT_BY_GRAMMAR]
        yield of_elements(text, elements, identifier, split_repairs, this_year, is_split=True), doubt
        if len(ends) == 1 and (end := ends.pop()) in _PUNCTUATION:
            bare = _cut(elements, split.borders, len(end))
            if bare:
                yield of_elements(text, bare, identifier, restored, this_year, is_split=True), max(doubt, EXTRAS)


def _without_word(elements: list[tuple[str, str]], borders: tuple[int, ...]) -> list[tuple[str, str]]:
    """Give the elements without the word for GS that stands before every border; [] when none does."""
    if not elements[borders[0] - 1][1].endswith(separators.IN_DATA):
        return []
    for word in separators.IN_DATA:
        if all(elements[border - 1][1].endswith(word) for border in borders):
            return _cut(elements, borders, len(word))
    return []


def _cut(elements: list[tuple[str, str]], borders: tuple[int, ...], count: int) -> list[tuple[str, str]]:
    cut = [(ai, value[:-count] if at + 1 in borders else value) for at, (ai, value) in enumerate(elements)]
    return cut if all(value for _, value in cut) else []


def has_tail(body: str, plain: Scan) -> bool:
    """Tell whether a text ends with the number that a linear code of the same product holds."""
    return any(body.endswith(form) for form in _linear_forms(plain.gtin)) if plain.gtin else False


def _linear_forms(gtin: str) -> list[str]:
    """Give the numbers that linear codes of the same product hold, the longest first."""
    forms = [gtin, gtin[1:]] if gtin[0] == "0" else [gtin]
    if gtin.startswith("00"):
        forms.append(gtin[2:])
    if gtin.startswith("000000"):
        forms.append(gtin[6:])
    pzn = ifa.pzn_of_ntin(gtin)
    return [*forms, f"-{pzn}"] if pzn else forms


def tails(text: str, body: str, repairs: list[str], this_year: int, budget: Budget) -> Iterator[tuple[Scan, int]]:
    """Give the readings without the linear code of a text that reads as it is, whatever its separator came as."""
    identifier, rest = symbology.split(body)
    for raw, more, _ in _variants(rest):
        yield from without_tail(text, raw, [*repairs, *more], this_year, budget, identifier)


def without_tail(
    text: str, raw: str, repairs: list[str], this_year: int, budget: Budget, identifier: str = ""
) -> Iterator[tuple[Scan, int]]:
    """Give the readings of a text at whose end, or start, the linear code of the same product was read along."""
    repairs = [*repairs, LINEAR_CODE]
    places = itertools.islice(_GTIN.finditer(raw), _PLACES_MAX)
    for match in [match for match in places if check_digit.is_valid(match[1])][:_GTINS_MAX]:
        for form in _linear_forms(match[1]):
            rests = []
            if raw.endswith(form) and match.end(1) < len(raw):
                rests.append(raw[: -len(form)])
            if raw.startswith(form) and match.start() > 0:
                rests.append(raw[len(form) :])
            for rest in rests:
                if rest.startswith("("):
                    yield read_one(text, rest, repairs, this_year), SPLIT
                    continue
                _, stripped = symbology.split(rest)
                for reading, _ in _taken_apart(text, separators.tidy(stripped), identifier, repairs, this_year, budget):
                    yield reading, SPLIT


def _of_ifa(text: str, body: str, identifier: str, repairs: list[str], this_year: int) -> Iterator[tuple[Scan, int]]:
    """Give the readings of an IFA code whose separators, or whose case, were lost."""
    for turned, more in ((body, []), (body.swapcase(), [CASE_INVERTED])):
        envelope = ifa.open_envelope(turned)
        if envelope is None or envelope.format != "06":
            continue
        if more:
            elements = ifa.elements(envelope.body)
            yield of_identifiers(text, elements, identifier, [*repairs, *more], this_year), LAYOUT
        split_repairs = [*repairs, *more, SEPARATOR_RESTORED, SPLIT_BY_GRAMMAR]
        for elements in ifa.splits(envelope.body):
            yield of_identifiers(text, elements, identifier, split_repairs, this_year), SPLIT if not more else LAYOUT
