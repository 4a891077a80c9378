"""Of what our model of EPCIS XML is made: parts of a content model, simple types, and what collects them.

Source: XML Schema 1.0 part 1, section 3.8 (model groups) and 3.10 (wildcards).
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from rxtrail.core.epcis import namespaces
from rxtrail.core.validation import xml_types

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MANY: Final = 1 << 30
Version: TypeAlias = Literal["1.2", "2.0"]


class Simple(NamedTuple):
    """A type whose value is a text."""

    name: str
    test: Callable[[str], bool]
    hint: str = ""


class Part(NamedTuple):
    """One element in a sequence or choice, this often."""

    tag: str
    type: str
    low: int = 1
    high: int = 1
    nillable: bool = False


class Other(NamedTuple):
    """Elements of other namespaces (or of none: ``local``), checked as far as they are known."""

    low: int = 0
    high: int = MANY
    local: bool = False
    target: str = ""


class Group(NamedTuple):
    """A sequence or choice of parts, this often."""

    parts: tuple[Part | Other | Group, ...]
    low: int = 1
    high: int = 1
    choice: bool = False


class Attribute(NamedTuple):
    """An attribute without namespace."""

    type: Simple
    required: bool = False


class Complex(NamedTuple):
    """A type that has children or attributes."""

    name: str
    content: Group | None = None
    attributes: Mapping[str, Attribute] = MappingProxyType({})
    any_attribute: bool = False
    text: Simple | None = None  # what stands between the tags, when no children do
    anything: bool = False  # mixed content of any kind


Type: TypeAlias = Simple | Complex


STRING: Final = Simple("string", xml_types.string)
URI: Final = Simple("anyURI", xml_types.any_uri, "a URI such as urn:epc:id:sgln:0614141.00001.0")
STAMP: Final = Simple("dateTimeStamp", xml_types.stamp, "a time with its zone, as in 2026-11-23T09:14:02Z")
DATE_TIME: Final = Simple("dateTime", xml_types.date_time, "a time as in 2026-11-23T09:14:02Z")
ACTION: Final = Simple("action", xml_types.action, "ADD, OBSERVE or DELETE")
DECIMAL: Final = Simple("decimal", xml_types.decimal, "a number such as 12.5")
DOUBLE: Final = Simple("double", xml_types.double, "a number such as 12.5")
BOOLEAN: Final = Simple("boolean", xml_types.boolean, "true or false")
HEX: Final = Simple("hexBinary", xml_types.hex_binary, "pairs of hexadecimal digits")
INT: Final = Simple("int", xml_types.BUILT_IN["int"], "a whole number")
INTEGER: Final = Simple("integer", xml_types.integer, "a whole number")
SEVERITY: Final = Simple("severity", xml_types.one_of("ERROR", "SEVERE"), "ERROR or SEVERE")
BEHAVIOUR: Final = Simple("behaviour", lambda text: text in ("rollback", "proceed"), "rollback or proceed")
SERVICE: Final = Simple(
    "TypeOfServiceTransaction",
    lambda text: text in ("RequestingServiceTransaction", "RespondingServiceTransaction"),
    "RequestingServiceTransaction or RespondingServiceTransaction",
)
_SIMPLE: Final = {
    each.name: each
    for each in (
        *(STRING, URI, STAMP, DATE_TIME, ACTION, DECIMAL, DOUBLE, BOOLEAN, HEX, INT, INTEGER, SEVERITY, BEHAVIOUR),
        SERVICE,
    )
}

SB: Final = f"{{{namespaces.SBDH}}}"


def one(tag: str, type_: str = "anyURI", high: int = 1) -> Part:
    """Give an element that must stand."""
    return Part(tag, type_, 1, high)


def may(tag: str, type_: str = "anyURI", high: int = 1) -> Part:
    """Give an element that may stand."""
    return Part(tag, type_, 0, high)


def seq(*parts: Part | Other | Group) -> Group:
    """Give a sequence."""
    return Group(parts)


class Maker:
    """Collects the types of one version, by name."""

    def __init__(self, version: Version) -> None:
        """Start with the simple types."""
        self.version = version
        digit = version[0]
        self.core = f"urn:epcglobal:epcis:xsd:{digit}"
        self.query = f"urn:epcglobal:epcis-query:xsd:{digit}"
        self.master = f"urn:epcglobal:epcis-masterdata:xsd:{digit}"
        self.types: dict[str, Type] = {**_SIMPLE}
        self.types["anyType"] = Complex("anyType", anything=True, any_attribute=True)

    def add(self, name: str, *parts: Part | Other | Group, any_attribute: bool = False, **more: object) -> None:
        """Add a type that holds a sequence."""
        self.types[name] = Complex(name, Group(parts), any_attribute=any_attribute, **more)  # type: ignore[arg-type]

    def other(self, target: str = "") -> Other:
        """Give any number of elements of other namespaces than the target's, and of none."""
        return Other(target=target or self.core)

    def open(self, name: str, *, local: bool = True, attributes: bool = True, target: str = "") -> str:
        """Add an extension type: one or more elements of no namespace, or of another."""
        self.add(name, Other(1, MANY, local=local, target=target or self.core), any_attribute=attributes)
        return name
