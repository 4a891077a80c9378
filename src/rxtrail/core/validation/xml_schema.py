"""Strict checking of XML: each element is where the standard wants it, and of the type that it wants.

Source: XML Schema 1.0 part 1 (content models, wildcards, ``xsi:type``, ``xsi:nil``), on the model of EPCIS in
``xml_model``. Events are checked as they end and then let go, so a document of any size takes constant memory; what
is left at the end, the frame round them, is checked last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from lxml import etree

from rxtrail.core.epcis import namespaces
from rxtrail.core.epcis.xml_stream import ElementStream
from rxtrail.core.validation import xml_types
from rxtrail.core.validation.flaws import Flaw, Flaws
from rxtrail.core.validation.xml_matching import Match
from rxtrail.core.validation.xml_model import MODELS, Model
from rxtrail.core.validation.xml_parts import MANY, Complex, Group, Part, Simple, Type, Version

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lxml.etree import _Element

    from rxtrail.core.epcis.limits import Limits

_XSI: Final = f"{{{namespaces.XSI}}}"
_XSD: Final = "http://www.w3.org/2001/XMLSchema"
_ALWAYS: Final = frozenset(_XSI + name for name in ("type", "nil", "schemaLocation", "noNamespaceSchemaLocation"))
_EVENTS: Final = (
    *("ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent", "AssociationEvent"),
    "QuantityEvent",
)
# What an event becomes that was checked and is kept in its wrapper, as a place holder.
_CHECKED: Final = "{urn:rxtrail:ext}checked"
_VERSIONS: Final[tuple[Version, ...]] = ("2.0", "1.2")
_SHOWN: Final = 80
_LONG_LIST: Final = 16
_EXPECTED_SHOWN: Final = 8


def version_of(root: _Element) -> Version | None:
    """Give the version whose schemas a document is for, by the namespace of its root; None for no document of EPCIS."""
    namespace = namespaces.split(root.tag)[0]
    if namespace.startswith("urn:epcglobal:epcis") and namespace.endswith((":xsd:1", ":xsd:2")):
        return "1.2" if namespace[-1] == "1" else "2.0"
    return None


def check_document(chunks: Iterator[bytes], limits: Limits, flaws: Flaws) -> Version | Literal["bare", ""]:
    """Check a whole document; give its version, "" when no schema is for its root (which is then a flaw).

    No schema is for a bare event either: it is checked as an event of 2.0 or 1.2, whichever fits, and "bare" is
    given. Raises BadDocument for what is no XML.
    """
    stream = ElementStream(chunks, _EVENTS, limits)
    checker: _Checker | None = None
    version: Version | None = None
    begun = False
    for element in stream:
        parent = element.getparent()
        if not begun:
            root = element.getroottree().getroot()
            version = version_of(root)
            checker = _Checker(version, root, flaws) if version is not None else None
            begun = True
        if checker is None or parent is None or namespaces.split(element.tag)[0]:
            continue
        type_ = checker.model.events.get(element.tag)
        if type_ is None or parent.tag not in ("EventList", "extension") or not _is_listed(parent):
            continue
        checker.element(element, checker.model.types[type_])
        _let_go(element, parent)
    whole = stream.root
    assert whole is not None, "a stream of elements ended without its root"
    root = whole
    if not begun:
        version = version_of(root)
        checker = _Checker(version, root, flaws) if version is not None else None
    if root.tag in _EVENTS:
        _check_bare(root, flaws)
        return "bare"
    if checker is None or root.tag not in checker.roots:
        message = f"{namespaces.split(root.tag)[1]} in the namespace {namespaces.split(root.tag)[0]!r} is no document"
        advice = "The root must be EPCISDocument, EPCISQueryDocument or EPCISMasterDataDocument in its own namespace."
        line = _line(root)
        flaws.add(Flaw("error", "SCHEMA_ROOT", message, f"line {line}", line, advice=advice))
        return ""
    assert version is not None, "a checker is of a version"
    checker.element(root, checker.model.types[checker.roots[root.tag]])
    return version


def _check_bare(root: _Element, flaws: Flaws) -> None:
    """Check a bare event as the version that it fits, 2.0 when it fits none."""
    tried: dict[Version, Flaws] = {}
    for version in _VERSIONS:
        found = tried[version] = Flaws()
        checker = _Checker(version, root, found)
        type_ = checker.model.events.get(root.tag)
        if type_ is not None:
            checker.element(root, checker.model.types[type_])
            if not found.has_error:
                return
    for flaw in tried["2.0"].found or tried["1.2"].found:
        flaws.add(flaw)


def _is_listed(parent: _Element) -> bool:
    """Tell whether an element stands in the list of events of its document, or in the extensions of that."""
    while parent.tag == "extension":
        above = parent.getparent()
        if above is None:
            return False
        parent = above
    body = parent.getparent()
    return parent.tag == "EventList" and body is not None and body.tag in ("EPCISBody", "resultsBody")


def _let_go(element: _Element, parent: _Element) -> None:
    previous = element.getprevious()
    element.clear(keep_tail=True)  # type: ignore[call-arg]  # the stubs forget it
    element.set(_CHECKED, "1")
    # The element at hand stays until the parser is past it; the one before it is not needed any more, but for
    # text behind it, which stands there by mistake.
    if parent.tag == "EventList" and previous is not None and previous.get(_CHECKED) and not previous.tail:
        parent.remove(previous)


# What a list of EPCs may not hold, and text where none may stand.
_has_others = etree.XPath("boolean(*[not(self::epc)] | */* | */@*)")
_has_text = etree.XPath("boolean(text()[normalize-space()])")


class _Checker:
    """Checks the elements of one document."""

    def __init__(self, version: Version, root: _Element, flaws: Flaws) -> None:
        self.model: Model = MODELS[version]
        self.flaws = flaws
        # A schema knows the elements of those that it imports, and no others.
        own = namespaces.split(root.tag)[0]
        known = (own, f"urn:epcglobal:epcis:xsd:{version[0]}", namespaces.SBDH)
        self.roots = {tag: name for tag, name in self.model.roots.items() if namespaces.split(tag)[0] in known}
        self._simple = {name: type_ for name, type_ in self.model.types.items() if isinstance(type_, Simple)}

    def element(self, element: _Element, type_: Type, *, nillable: bool = False) -> None:
        """Check one element and all in it against a type."""
        attributes = element.attrib
        if attributes:
            if _CHECKED in attributes:
                return
            if _XSI + "type" in attributes:
                found = self._named(element, str(attributes[_XSI + "type"]))
                if found is None:
                    return
                type_ = found if _derives(found, type_) else type_
            if _XSI + "nil" in attributes and not self._is_valued(element, nillable=nillable):
                return
        if isinstance(type_, Simple):
            self._check_simple(element, type_)
        else:
            self._check_complex(element, type_)

    # -- simple types

    def _check_simple(self, element: _Element, type_: Simple) -> None:
        for name in element.attrib:
            if name not in _ALWAYS:
                self._attribute_too_many(element, str(name))
        if len(element):
            self._add(element, "SCHEMA_ELEMENT", f"{_shown(element.tag)} holds a text, and no elements")
            return
        text = element.text or ""
        if not type_.test(text):
            self._value(element, f"{_shown(element.tag)} is {text[:_SHOWN]!r}", type_)

    def _is_valued(self, element: _Element, *, nillable: bool) -> bool:
        """Tell whether an element with xsi:nil has a value to be checked."""
        written = str(element.attrib[_XSI + "nil"]).strip()
        if not xml_types.boolean(written):
            self._add(element, "SCHEMA_VALUE", f"xsi:nil of {_shown(element.tag)} is {written[:_SHOWN]!r}: no boolean")
            return False
        if written in ("false", "0"):
            return True
        if not nillable:
            self._add(element, "SCHEMA_VALUE", f"{_shown(element.tag)} may not be nil")
        elif len(element) or (element.text or ""):
            self._add(element, "SCHEMA_VALUE", f"{_shown(element.tag)} is nil, so that it may hold nothing")
        return False

    # -- complex types

    def _check_complex(self, element: _Element, type_: Complex) -> None:
        self._check_attributes(element, type_)
        if type_.anything:
            for child in element:
                self.lax(child)
            return
        if type_.text is not None:
            if len(element):
                self._add(element, "SCHEMA_ELEMENT", f"{_shown(element.tag)} holds a text, and no elements")
            elif not type_.text.test(element.text or ""):
                self._value(element, f"{_shown(element.tag)} is {(element.text or '')[:_SHOWN]!r}", type_.text)
            return
        self._check_no_text(element)
        # XML Schema, part 1, section 3.4.4.2: no character at all, where elsewhere space between elements is none.
        if (type_.content is None or not type_.content.parts) and element.text and not element.text.strip():
            self._add(element, "SCHEMA_TEXT", f"{_shown(element.tag)} must be empty, and holds space")
        if type_.content is not None:
            self._check_content(element, type_.content)
        elif len(element):
            self._add(element, "SCHEMA_ELEMENT", f"{_shown(element.tag)} must be empty")

    def _check_attributes(self, element: _Element, type_: Complex) -> None:
        given = element.attrib
        if given:
            for name, value in given.items():
                known = type_.attributes.get(str(name))
                if known is not None:
                    if not known.type.test(str(value)):
                        told = f"the attribute {name!s} of {_shown(element.tag)} is {str(value)[:_SHOWN]!r}"
                        self._value(element, told, known.type)
                elif not type_.any_attribute and name not in _ALWAYS:
                    self._attribute_too_many(element, str(name))
        for name, attribute in type_.attributes.items():
            if attribute.required and name not in given:
                self._add(
                    element,
                    "SCHEMA_MISSING",
                    f"{_shown(element.tag)} has no attribute {name}",
                    f"Add {name}: {attribute.type.hint or 'a text'}.",
                )

    def _check_no_text(self, element: _Element) -> None:
        text = element.text
        if len(element) > _LONG_LIST and not _has_text(element):
            return  # asked in one go, without an object for each child
        if not text or not text.strip():
            text = next((child.tail for child in element if child.tail and child.tail.strip()), None)
        if text:
            message = f"{_shown(element.tag)} holds the text {text.strip()[:_SHOWN]!r}, where only elements may stand"
            self._add(element, "SCHEMA_TEXT", message)

    def _check_content(self, element: _Element, content: Group) -> None:
        parts = content.parts
        if len(parts) == 1 and isinstance(parts[0], Part) and parts[0].high == MANY:
            # A list of one kind of element: the lists of EPCs, which are long.
            self._check_list(element, parts[0])
            return
        children = list(element)
        match = Match(self, children)
        at = match.group(content, 0)
        if match.failed:
            where = children[match.failed_at] if match.failed_at < len(children) else None
            self._unfitting(element, where, match.expected)
            self._go_on(children, at, content)
        elif at < len(children):
            self._unfitting(element, children[at], match.expected)
            self._go_on(children, at, content)

    def _check_list(self, element: _Element, part: Part) -> None:
        tag = part.tag
        type_ = self.model.types[part.type]
        if part.type == "EPC" and len(element) > _LONG_LIST and not _has_others(element):
            return
        test = (
            type_.text.test if isinstance(type_, Complex) and type_.text is not None and not type_.attributes else None
        )
        count = 0
        for child in element:
            if child.tag != tag:
                self._unfitting(element, child, [tag])
                continue
            count += 1
            if test is not None and not len(child) and not child.attrib and test(child.text or ""):
                continue
            self.element(child, type_, nillable=part.nillable)
        if count < part.low:
            self._unfitting(element, None, [tag])

    def _go_on(self, children: Sequence[_Element], at: int, content: Group) -> None:
        """Check what follows a misfit by its name alone: one fault in the order must not hide others."""
        known = dict(_parts(content))
        for child in children[at:]:
            part = known.get(child.tag)
            if part is not None:
                self.element(child, self.model.types[part.type], nillable=part.nillable)

    def lax(self, element: _Element) -> None:
        """Check an element of somebody else's as far as it is known."""
        name = self.roots.get(element.tag)
        if name is not None:
            self.element(element, self.model.types[name])
            return
        written = element.attrib.get(_XSI + "type")
        if written is not None:
            type_ = self._named(element, str(written))
            if type_ is not None and _XSI + "nil" not in element.attrib:
                self.element(element, type_)
            return
        for child in element:
            self.lax(child)

    def fitting(self, element: _Element, part: Part) -> None:
        """Check an element that stands where a part of a content model wants it."""
        self.element(element, self.model.types[part.type], nillable=part.nillable)

    def _named(self, element: _Element, written: str) -> Type | None:
        """Find the type that xsi:type names; None, with a flaw, when there is none."""
        prefix, colon, local = written.strip().rpartition(":")
        namespace = element.nsmap.get(prefix if colon else None)
        if namespace == _XSD and local in xml_types.BUILT_IN:
            if local == "anyType":
                return self.model.types["anyType"]
            return Simple(local, xml_types.BUILT_IN[local])
        name = self.model.named.get(namespaces.join(namespace or "", local))
        if name is None:
            self._add(
                element,
                "SCHEMA_VALUE",
                f"xsi:type of {_shown(element.tag)} names {written[:_SHOWN]!r}, which is no known type",
                "Declare the prefix and name a type of XML Schema, or leave xsi:type out.",
            )
            return None
        return self.model.types[name]

    # -- flaws

    def _unfitting(self, parent: _Element, child: _Element | None, expected: Sequence[str]) -> None:
        shown = ", ".join(dict.fromkeys(map(_shown, expected[:_EXPECTED_SHOWN])))
        if child is None:
            message = f"{_shown(parent.tag)} ends without {shown or 'what it must hold'}"
            self._add(parent, "SCHEMA_MISSING", message, f"Add {shown}." if shown else "")
            return
        message = f"{_shown(child.tag)} may not stand here in {_shown(parent.tag)}"
        advice = f"Expected here: {shown}. The order of elements counts." if shown else "Leave it out."
        self._add(child, "SCHEMA_ELEMENT", message, advice)

    def _value(self, element: _Element, told: str, type_: Simple) -> None:
        self._add(element, "SCHEMA_VALUE", f"{told}: no {type_.name}", f"Write {type_.hint}." if type_.hint else "")

    def _attribute_too_many(self, element: _Element, name: str) -> None:
        message = f"{_shown(element.tag)} may have no attribute {_shown(name)}"
        self._add(element, "SCHEMA_ATTRIBUTE", message, "Leave it out.")

    def _add(self, element: _Element, code: str, message: str, advice: str = "") -> None:
        line = _line(element)
        self.flaws.add(Flaw("error", code, message, f"line {line}", line, advice=advice))


def _parts(group: Group) -> Iterator[tuple[str, Part]]:
    for each in group.parts:
        if isinstance(each, Part):
            yield each.tag, each
        elif isinstance(each, Group):
            yield from _parts(each)


def _derives(found: Type, declared: Type) -> bool:
    """Tell whether a type that a document names may stand for the declared one."""
    return found is declared or (isinstance(declared, Complex) and declared.anything)


def _line(element: _Element) -> int:
    line: int | None = element.sourceline  # type: ignore[assignment]  # the stubs say otherwise
    return line or 0


def _shown(tag: str) -> str:
    namespace, local = namespaces.split(tag)
    own = not namespace or namespace == namespaces.SBDH or namespaces.is_epcis(namespace)
    return local if own else f"{local} ({namespace})"
