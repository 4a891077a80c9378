"""The text of XML: escapes, names with their prefixes, and extension trees as elements.

Source: XML 1.0 (fifth edition), productions 2 and 4 to 5; Namespaces in XML 1.0. A tree (``event.type_tree``) comes
out as the reader took it in. What no XML can hold is told as a finding, never left out in silence.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from rxtrail.core.epcis import namespaces

if TYPE_CHECKING:
    from rxtrail.core.epcis.event import type_tree
    from rxtrail.core.epcis.notes import Notes

_SCHEMA = "http://www.w3.org/2001/XMLSchema"
PREFIXES = {
    namespaces.CBVMDA: "cbvmda",
    namespaces.USHC: "gs1ushc",
    namespaces.GS1_VOC: "gs1",
    namespaces.CBV: "cbv",
    namespaces.SBDH: "sbdh",
    namespaces.RDFS: "rdfs",
    namespaces.XSI: "xsi",
    namespaces.OWN: "rxtrail",
    _SCHEMA: "xsd",
}
_XSI_TYPE = f"@{{{namespaces.XSI}}}type"
XML_NAMESPACE = "http://www.w3.org/XML/1998/namespace"
# Namespaces in XML 1.0, section 3: bound to xmlns, and to nothing else.
_XMLNS = "http://www.w3.org/2000/xmlns/"

_MARKUP = re.compile("[&<>\r]")
_IN_ATTRIBUTE = re.compile('[&<>"\t\n\r]')
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Every character that no name may have (production 4, and 4a) is written as _xHHHH_ (as SQL/XML does, ISO 9075-14).
_BEGINS = (
    r"A-Za-z_\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f\u2c00-\u2fef"
    r"\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_GOES_ON = _BEGINS + r"\-.0-9\u00b7\u0300-\u036f\u203f\u2040"
_NAME = re.compile(f"[{_BEGINS}][{_GOES_ON}]*")
_URI = re.compile(
    r"(?:[A-Za-z][-+.A-Za-z0-9]*:(?:[-A-Za-z0-9._~:/?#@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*"
    r"|(?:[-A-Za-z0-9._~/?#@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+)"
)
_NO_NAME_CHARACTER = re.compile(f"[^{_GOES_ON}]")


def escaped(text: str) -> str:
    """Escape a text between tags."""
    return _MARKUP.sub(lambda found: _ESCAPES[found[0]], text) if _MARKUP.search(text) else text


def attribute(text: str) -> str:
    """Escape the value of an attribute that stands in double quotes."""
    return _IN_ATTRIBUTE.sub(lambda found: _ESCAPES[found[0]], text) if _IN_ATTRIBUTE.search(text) else text


def needs_care(text: str) -> bool:
    """Tell whether a text has a character that must be escaped, or that XML forbids."""
    return _MARKUP.search(text) is not None or _FORBIDDEN.search(text) is not None


def number(value: float) -> str:
    """Write a number as xs:decimal: no exponent, no fraction of zeros."""
    if isinstance(value, int):
        return str(value)
    return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")


class XmlText:
    """Writes the extension elements of one document; keeps the prefixes of its namespaces."""

    def __init__(self, notes: Notes) -> None:
        """Start a document; what cannot be written as it is goes to the notes."""
        self.notes = notes
        self.place = ""
        self.path: list[str] = []  # from the element at hand to the tree that is being written
        self.declared: dict[str, str] = {}  # on the root
        self._used: dict[str, str] = {}  # on the element at hand

    def start(self, place: str = "") -> None:
        """Begin an element that declares the namespaces of what stands in it."""
        self.place = place
        self.path = []
        self._used = {}

    def declare(self, namespace: str) -> None:
        """Declare a namespace on the root of the document, once for all of it."""
        if namespace not in self.declared and namespace != XML_NAMESPACE:
            self.declared[namespace] = self._prefix_for(namespace)

    @property
    def declarations(self) -> str:
        """The namespace declarations that the element at hand needs."""
        return written_declarations(self._used) if self._used else ""

    def text(self, value: object) -> str:
        """Give the escaped text of a leaf."""
        return escaped(self.plain(value))

    def plain(self, value: object) -> str:
        """Give the text of a leaf, unescaped; characters that XML forbids become U+FFFD, with a finding."""
        if isinstance(value, str):
            if _FORBIDDEN.search(value) is None:
                return value
            message = "a control character, which XML forbids, is written as U+FFFD"
            self.notes.add("warning", "NOT_EXPRESSIBLE", message, self.place)
            return _FORBIDDEN.sub("\ufffd", value)
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float):
            return number(value)
        return "" if value is None else str(value)

    def members(self, tree: type_tree) -> str:
        """Give the members of a tree as elements."""
        out: list[str] = []
        for key, value in tree.items():
            if key != "#text":
                self._element(key.removeprefix("@"), value, out)
        return "".join(out)

    def element(self, key: str, value: Any) -> str:  # noqa: ANN401 -- an extension is any tree
        """Give one member of a tree as elements: one for each value of a list, none for null."""
        out: list[str] = []
        self._element(key, value, out)
        return "".join(out)

    def attributes(self, tree: type_tree) -> tuple[str, type_tree]:
        """Give the members that are attributes, written, and the others."""
        written: dict[str, str] = {}
        others: type_tree = {}
        for key, value in tree.items():
            if key[:1] == "@" and not isinstance(value, dict | list) and value is not None:
                text = self.plain(value)
                if key == _XSI_TYPE and text.startswith(("xsd:", "xs:")):
                    text = self.name(namespaces.join(_SCHEMA, text.partition(":")[2]))
                if written.setdefault(name := self.name(key[1:]), text) == text:
                    continue
                self.twice(name)
            others[key] = value
        return "".join(f' {name}="{attribute(text)}"' for name, text in written.items()), others

    def name(self, key: str) -> str:
        """Give the qualified name of a key; its namespace is declared on the root or the element at hand."""
        namespace, local = namespaces.split(key)
        if not namespace and ":" in local:
            # A JSON name whose prefix nothing declares: the prefix is all that is known of its namespace.
            prefix, _, local = local.partition(":")
            namespace = prefix + ":"
            self._renamed(key, f"{{{namespace}}}{local}")
        if _NAME.fullmatch(local) is None or (local == "xmlns" and not namespace):
            plain = _NO_NAME_CHARACTER.sub(lambda found: f"_x{ord(found[0]):04X}_", local) or "_"
            plain = plain if _NAME.fullmatch(plain) and plain != "xmlns" else "_" + plain
            self._renamed(local, plain)
            local = plain
        if not namespace:
            return local
        if namespace == XML_NAMESPACE:
            return "xml:" + local
        declared = self.declared.get(namespace) or self._used.get(namespace) or ""
        if not declared:
            declared = self._used[namespace] = self._prefix_for(namespace)
        return f"{declared}:{local}"

    def _element(self, key: str, value: Any, out: list[str]) -> None:  # noqa: ANN401 -- an extension is any tree
        if isinstance(value, list):
            if not value:
                self.left_out(key, "an empty list")
            for each in value:
                if isinstance(each, list):
                    self.left_out(key, "the inner brackets of a list within a list")
                self._element(key, each, out)
            return
        if value is None:
            self.left_out(key, "null")  # that there is nothing (JSON-LD 1.1, section 4.3)
            return
        name = self.name(key)
        if not isinstance(value, dict):
            if not isinstance(value, str):
                self.untyped(key, value)
            text = self.text(value)
            out.append(f"<{name}>{text}</{name}>" if text else f"<{name}/>")
            return
        if not value:
            self.left_out(key, "an object without members")
        self.path.append(name)
        attributes, others = self.attributes(value)
        out.append(f"<{name}{attributes}>{self.text(others.pop('#text', ''))}")
        for inner, each in others.items():
            self._element(inner.removeprefix("@"), each, out)
        out.append(f"</{name}>")
        self.path.pop()

    def left_out(self, key: str, what: str) -> None:
        """Tell what of a member XML cannot say."""
        self._tell("EMPTY_NOT_EXPRESSIBLE", key, f"XML has no form for {what}; it is left out")

    def twice(self, name: str) -> None:
        """Tell that two members would be one attribute."""
        message = f"two members would both be the attribute {name[:80]!r}; the second is written as an element"
        self.notes.add("warning", "NOT_EXPRESSIBLE", message, self.place)

    def untyped(self, key: str, value: object) -> None:
        """Tell that a number or boolean is a text from here on, which JSON made of it will have too."""
        kind = "boolean" if isinstance(value, bool) else "number"
        message = f"the {kind} {self.plain(value)[:40]} is written as text: XML does not tell it from one"
        self._tell("TYPE_NOT_EXPRESSIBLE", key, message)

    def _tell(self, code: str, key: str, message: str) -> None:
        namespace, local = namespaces.split(key)
        prefix = self.declared.get(namespace) or self._used.get(namespace)
        name = f"{prefix}:{local}" if prefix else local
        where = "/".join([self.place, *self.path, name.replace("~", "~0").replace("/", "~1")])
        self.notes.add("info", code, message, where)

    def _prefix_for(self, namespace: str) -> str:
        if uri_of(namespace) != namespace:
            message = f"the namespace {namespace[:80]!r} is no URI; it is written as {uri_of(namespace)[:80]!r}"
            self.notes.add("warning", "NOT_EXPRESSIBLE", message, self.place)
        taken = {*self.declared.values(), *self._used.values()}
        known = PREFIXES.get(namespace)
        if known is not None and known not in taken:
            return known
        count = len(self._used) + 1
        while f"ns{count}" in taken:
            count += 1
        return f"ns{count}"

    def _renamed(self, key: str, written: str) -> None:
        message = f"the name {key[:80]!r} is none in XML; it is written as {written[:80]!r}"
        self.notes.add("warning", "NOT_EXPRESSIBLE", message, self.place)


def written_declarations(prefixes: dict[str, str]) -> str:
    """Give the declarations of namespaces, by prefix."""
    return "".join(f' xmlns:{prefix}="{attribute(uri_of(namespace))}"' for namespace, prefix in prefixes.items())


def uri_of(namespace: str) -> str:
    """Give a namespace as a URI: one that is none, which only JSON can have, in a scheme of our own."""
    if _URI.fullmatch(namespace) and namespace != _XMLNS:
        return namespace
    return "urn:rxtrail:ns:" + quote(namespace, safe="-._~:/#?@!$&'()*+,;=") if namespace else namespace
