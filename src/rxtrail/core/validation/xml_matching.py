"""Children of an element held against a content model.

Source: XML Schema 1.0 part 1, sections 3.8 and 3.9.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from rxtrail.core.epcis import namespaces
from rxtrail.core.validation.xml_parts import Group, Other, Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lxml.etree import _Element


class Checker(Protocol):
    """Who checks the elements that fit."""

    def fitting(self, element: _Element, part: Part) -> None:
        """Check an element that stands where a part of a content model wants it."""

    def lax(self, element: _Element) -> None:
        """Check an element of somebody else's as far as it is known."""


class Match:
    """Holds children against a content model.

    Its parts are told apart by their names alone (XML Schema's own rule of unique particle attribution): so each
    step is certain, and none is taken back.
    """

    def __init__(self, checker: Checker, children: Sequence[_Element]) -> None:
        """Take the children, and who checks each that fits."""
        self._checker = checker
        self._children = children
        self.failed = False
        self.failed_at = 0
        self.expected: list[str] = []  # at the place where matching stopped

    def group(self, group: Group, at: int) -> int:
        """Match a group as often as it may stand; give the index behind it."""
        count = 0
        while count < group.high:
            before = at
            if count >= group.low and not self._begins(group, at):
                break
            at = self._choice(group, at) if group.choice else self._sequence(group, at)
            if self.failed:
                return at
            count += 1
            if at == before:
                break  # nothing more of it is here
        return at

    def _sequence(self, group: Group, at: int) -> int:
        for part in group.parts:
            at = self._part(part, at)
            if self.failed:
                return at
        return at

    def _choice(self, group: Group, at: int) -> int:
        for part in group.parts:
            if self._begins(part, at):
                return self._part(part, at)
        if group.low and not any(_is_optional(part) for part in group.parts):
            self._fail(at, [name for part in group.parts for name in _names(part)])
        return at

    def _part(self, part: Part | Other | Group, at: int) -> int:
        if isinstance(part, Group):
            if part.low == 0 and not self._begins(part, at):
                self.expected += _names(part)
                return at
            return self.group(part, at)
        children, checker = self._children, self._checker
        count = 0
        if isinstance(part, Part):
            while count < part.high and at < len(children) and children[at].tag == part.tag:
                checker.fitting(children[at], part)
                at, count = at + 1, count + 1
        else:
            while count < part.high and at < len(children) and _fits(part, children[at].tag):
                checker.lax(children[at])
                at, count = at + 1, count + 1
        if count:
            self.expected = []
        if count < part.high:
            self.expected += _names(part)
        if count < part.low:
            self._fail(at, self.expected)
        return at

    def _fail(self, at: int, expected: list[str]) -> None:
        self.failed, self.failed_at, self.expected = True, at, expected

    def _begins(self, part: Part | Other | Group, at: int) -> bool:
        if at >= len(self._children):
            return False
        tag = self._children[at].tag
        if isinstance(part, Part):
            return bool(tag == part.tag)
        if isinstance(part, Other):
            return _fits(part, tag)
        for each in part.parts:
            if self._begins(each, at):
                return True
            if not part.choice and not _is_optional(each):
                return False
        return False


def _fits(other: Other, tag: str) -> bool:
    namespace = namespaces.split(tag)[0]
    return not namespace if other.local else bool(namespace) and namespace != other.target


def _is_optional(part: Part | Other | Group) -> bool:
    if isinstance(part, Group) and part.low:
        tests = [_is_optional(each) for each in part.parts]
        return any(tests) if part.choice else all(tests)
    return part.low == 0


def _names(part: Part | Other | Group) -> list[str]:
    if isinstance(part, Part):
        return [part.tag]
    if isinstance(part, Other):
        return ["an element of no namespace" if part.local else "an element of another namespace"]
    return [name for each in part.parts for name in _names(each)]
