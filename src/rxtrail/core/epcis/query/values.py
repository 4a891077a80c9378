"""The values of a query and of an event, held against each other by what they mean.

A value in a query string has no type: ``5`` is held against texts, numbers and times alike. A field of an extension is
a text in XML and may be a number in JSON; both mean the same.
"""

from __future__ import annotations

import operator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import msgspec

from rxtrail.core.epcis.namespaces import split
from rxtrail.core.epcis.query.parameters import Op
from rxtrail.core.epcis.query.units import exact
from rxtrail.core.epcis.times import instant
from rxtrail.core.gs1 import epc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Value = str | float | bool | None
COMPARE: Final[dict[Op, Callable[[Any, Any], bool]]] = {
    Op.GT: operator.gt,
    Op.GE: operator.ge,
    Op.LT: operator.lt,
    Op.LE: operator.le,
    Op.EQ: operator.eq,
}
_IDENTIFIER_STARTS: Final = ("urn:epc:", "http://", "https://")


class Name(msgspec.Struct, frozen=True):
    """The qualified name of an extension field; without a namespace any will do."""

    namespace: str | None
    local: str

    def fits(self, key: str) -> bool:
        """Tell whether a member of a tree has this name; attributes of XML elements are members too."""
        namespace, local = split(key.removeprefix("@"))
        if local == self.local:
            return self.namespace is None or namespace == self.namespace
        # A prefix that its document did not declare is kept as written.
        return self.namespace is None and local.endswith(":" + self.local)


class Texts(msgspec.Struct, frozen=True):
    """Values of unknown type that a field may be equal to."""

    texts: frozenset[str]
    numbers: frozenset[Fraction]
    instants: frozenset[int]
    identifiers: frozenset[str]

    def fits(self, leaf: Value) -> bool:
        """Tell whether a field's value is one of these."""
        if isinstance(leaf, bool):
            return ("true" if leaf else "false") in self.texts
        if isinstance(leaf, int | float):
            return exact(float(leaf)) in self.numbers
        if leaf is None:
            return False
        if leaf in self.texts:
            return True
        if self.numbers:
            number = number_of(leaf)
            if number is not None and number in self.numbers:
                return True
        if self.instants and instant_of(leaf) in self.instants:
            return True
        return (
            bool(self.identifiers) and leaf.startswith(_IDENTIFIER_STARTS) and epc.canonical(leaf) in self.identifiers
        )


def texts(values: Iterable[Value]) -> Texts:
    """Read values of unknown type."""
    found: set[str] = set()
    numbers: set[Fraction] = set()
    instants: set[int] = set()
    identifiers: set[str] = set()
    for value in values:
        if isinstance(value, bool):
            found.add("true" if value else "false")
        elif isinstance(value, int | float):
            numbers.add(exact(float(value)))
        elif value is not None:
            found.add(value)
            number, when = number_of(value), instant_of(value)
            if number is not None:
                numbers.add(number)
            if when is not None:
                instants.add(when)
            if value.startswith(_IDENTIFIER_STARTS):
                identifiers.add(epc.canonical(value))
    return Texts(frozenset(found), frozenset(numbers), frozenset(instants), frozenset(identifiers))


def number_of(value: Value) -> Fraction | None:
    """Read a number; None when it is none."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    if isinstance(value, str) and ("_" in value or len(value) > 64):
        return None
    return exact(number) if number - number == 0 else None  # neither infinite nor none at all


def instant_of(value: Value) -> int | None:
    """Read a time with its zone, in microseconds since 1970; None when it is none."""
    if not isinstance(value, str) or not 16 <= len(value) <= 64:
        return None
    found = instant(value)
    return found[0] if found is not None and found[1] else None


def leaves(value: Any) -> Iterator[Value]:  # noqa: ANN401 (a part of an extension is any tree)
    """Give the values of a field: of a repeated one all, of an element with attributes or a type its own."""
    if isinstance(value, list):
        for each in value:
            yield from leaves(each)
    elif isinstance(value, dict):
        for key in ("#text", "@value", "@id"):
            if key in value:
                yield from leaves(value[key])
    elif value is None or isinstance(value, str | int | float):
        yield value


def members(tree: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    """Give the members of a tree, or of each of several."""
    if isinstance(tree, dict):
        yield from tree.items()
    elif isinstance(tree, list):
        for each in tree:
            yield from members(each)


def top(tree: Any, name: Name) -> Iterator[Any]:  # noqa: ANN401
    """Give the values of the fields of this name that stand at the top."""
    for key, value in members(tree):
        if name.fits(key):
            yield value


def inner(tree: Any, name: Name) -> Iterator[Any]:  # noqa: ANN401
    """Give the values of the fields of this name that stand inside others, however deep."""
    for _, value in members(tree):
        for key, below in members(value):
            if name.fits(key):
                yield below
        yield from inner(value, name)
