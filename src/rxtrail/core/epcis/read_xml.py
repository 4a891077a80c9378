"""EPCIS XML 1.0, 1.1, 1.2 and 2.0, one event at a time in constant memory.

Source: EPCIS 1.2 and 2.0, clause 9. Names are matched by namespace, whatever the prefixes; a missing or wrong
namespace of EPCIS's own elements is forgiven. The document may stand in a SOAP envelope, or be a bare event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rxtrail.core.epcis import header as headers
from rxtrail.core.epcis import namespaces, refusals, trees
from rxtrail.core.epcis.build import QUANTITY_EVENT, Builder
from rxtrail.core.epcis.event import KINDS, Event, Finding, Header
from rxtrail.core.epcis.head import VocabularyElement
from rxtrail.core.epcis.xml_event import EventElements
from rxtrail.core.epcis.xml_stream import ElementStream
from rxtrail.errors import BadDocument

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

    from rxtrail.core.epcis.head import Head
    from rxtrail.core.epcis.incoming import Incoming
    from rxtrail.core.epcis.limits import Limits
    from rxtrail.core.epcis.notes import Notes

_EVENTS: Final = frozenset((*KINDS, QUANTITY_EVENT))
# Bodies are seen without their document, too: a poll's SOAP answer is QueryResults alone.
_ROOTS: Final = {
    "EPCISDocument": "EPCISDocument",
    "EPCISQueryDocument": "EPCISQueryDocument",
    "EPCISMasterDataDocument": "EPCISMasterDataDocument",
    "QueryResults": "EPCISQueryDocument",
    "EventList": "EPCISDocument",
    **{kind: kind for kind in KINDS},
    QUANTITY_EVENT: "ObjectEvent",
}
# In lower case: some senders write epcisbody.
_CONTAINERS: Final = frozenset(
    name.lower() for name in (*_ROOTS, "EPCISBody", "resultsBody", "extension", "EPCISHeader", "VocabularyList")
)
_SAID_ELSEWHERE: Final = frozenset(("queryName", "subscriptionID"))


def read(
    incoming: Incoming, header: Header, notes: Notes, limits: Limits, *, proceed: bool, head: Head | None = None
) -> XmlDocument:
    """Start to read; raises BadDocument when the root is known already to be none of EPCIS's."""
    root = incoming.root.rpartition(":")[2]
    if root and root not in _ROOTS and root != "Envelope":
        raise refusals.unknown_root(incoming.root, f"line {incoming.root_line}")
    return XmlDocument(incoming, header, notes, limits, proceed=proceed, head=head)


class XmlDocument:
    """The events of one XML document; its header is filled on the way."""

    def __init__(
        self, incoming: Incoming, header: Header, notes: Notes, limits: Limits, *, proceed: bool, head: Head | None
    ) -> None:
        """Take the text of the document; an event without time is left out when told to proceed."""
        names = (*_EVENTS, "EPCISHeader", "VocabularyList")
        self._stream = ElementStream(incoming.chunks, names, limits)
        self._header = header
        self._notes = notes
        self._limits = limits
        self._proceed = proceed
        self._head = head
        self._build = Builder()
        self._events = EventElements(self._build, limits)
        self._begun = False
        self._document: _Element | None = None

    def __iter__(self) -> Iterator[tuple[Event, list[Finding], str]]:
        """Give each event with its findings and its line; raises BadDocument."""
        build, events = self._build, self._events
        parent: _Element | None = None
        on_top = False
        last: _Element | None = None
        for element in self._stream:
            around = element.getparent()
            if around is not parent or not self._begun:
                parent, on_top = around, self._is_on_top(element)
            if not on_top:
                continue  # it is a part of an event or header, which ends later
            name = namespaces.split(element.tag)[1]
            if name not in _EVENTS:
                self._take_header(element, name)
                continue
            place = f"line {element.sourceline}"
            build.start(place)
            if self._head is not None and last is None:
                self._keep_prefixes(self._head, element)  # those of the first event, for all like it
            try:
                event = build.finish(name, events.read(element))
            except BadDocument as bad:
                self._leave_out(bad, place)
            else:
                yield event, build.findings, place
            # What was read before makes room; the element at hand stays until the parser is past its tail.
            if last is not None and (above := last.getparent()) is not None:
                above.remove(last)  # one that stood in a header went with it
            last = element
            while around is not None and (stray := element.getprevious()) is not None:
                yield from self._strays(stray)
                around.remove(stray)
        yield from self._finish(last)

    def _leave_out(self, bad: BadDocument, place: str) -> None:
        if not self._proceed or bad.code != "no-event-time":
            raise bad
        self._notes.add("error", "NO_EVENT_TIME", f"{bad.message}; left out", place)

    def _is_on_top(self, element: _Element) -> bool:
        """Tell whether an element stands within no event; begins the document."""
        depth, inside = 0, False
        for each in element.iterancestors():
            depth += 1
            inside = inside or namespaces.split(each.tag)[1] in _EVENTS
        if depth > self._limits.depth:
            raise refusals.too_deep(self._limits.depth, f"line {element.sourceline}")
        if not self._begun:
            self._begin(element.getroottree().getroot(), element)
        return not inside

    def _begin(self, root: _Element, element: _Element | None) -> None:
        """Look at the root of the document, within the SOAP envelope if there is one."""
        self._begun = True
        chain = root.iter("{*}*") if element is None else reversed([element, *element.iterancestors()])
        document = next((each for each in chain if _local(each) in _ROOTS), None)
        if document is None:
            raise refusals.unknown_root(root.tag, f"line {root.sourceline}")
        self._document = document
        namespace, name = namespaces.split(document.tag)
        header = self._header
        header.root = _ROOTS[name]
        header.version = document.get("schemaVersion", "")
        header.creation_date = document.get("creationDate", "")
        if not namespaces.is_epcis(namespace):
            self._events.own_namespace = namespace
            message = f"{name} stands in the unknown namespace {namespace!r}; it is read as EPCIS's own"
            self._notes.add("warning", "INVALID_EXTENSION_NAMESPACE", message, f"line {document.sourceline}")
        if self._head is not None:
            self._fill_head(self._head, document)

    def _fill_head(self, head: Head, document: _Element) -> None:
        """Keep how the root is written, and the names of a query's results, which stand before its events."""
        head.root = self._header.root
        head.creation_date = self._header.creation_date
        head.document_id = document.get("id", "")
        self._keep_prefixes(head, document)
        for each in document.iter("{*}queryName", "{*}subscriptionID"):
            if _local(each) == "queryName":
                head.query_name = head.query_name or (each.text or "").strip()
            else:
                head.subscription_id = head.subscription_id or (each.text or "").strip()

    def _keep_prefixes(self, head: Head, element: _Element) -> None:
        for each in (element, *element):
            for prefix, namespace in each.nsmap.items():
                if prefix and not namespaces.is_epcis(namespace) and namespace != namespaces.XSI:
                    head.prefixes.setdefault(namespaces.one_name(namespace), prefix)

    def _finish(self, last: _Element | None) -> Iterator[tuple[Event, list[Finding], str]]:
        root = self._stream.root
        assert root is not None, "a stream of elements ended without its root"
        if not self._begun:
            self._begin(root, None)
        if last is not None and (around := last.getparent()) is not None:
            around.remove(last)
        if self._document is not None and _local(self._document) not in _EVENTS:
            yield from self._strays(self._document)

    # -- header, master data, and what is neither

    def _take_header(self, element: _Element, name: str) -> None:
        if name == "VocabularyList":
            around = element.getparent()
            if self._head is not None and around is not None and _local(around) == "resultsBody":
                self._head.in_results = True
            self._take_master_data(element)
        else:
            for each in element:
                self._take_header_part(each, 1)
        for each in list(element):
            element.remove(each)

    def _take_header_part(self, element: _Element, depth: int) -> None:
        if depth > self._limits.depth:
            raise refusals.too_deep(self._limits.depth, f"line {element.sourceline}")
        name = _local(element)
        if name == "StandardBusinessDocumentHeader":
            self._take_sbdh(element)
        elif name in ("extension", "EPCISMasterData", "VocabularyList"):
            for each in element:
                self._take_header_part(each, depth + 1)
        else:
            tree = self._events.tree(element)
            headers.take(self._header, namespaces.key(element.tag), tree)
            if self._head is not None:
                trees.add(self._head.in_header, namespaces.key(element.tag), tree)

    def _take_sbdh(self, element: _Element) -> None:
        header = self._header
        if self._head is not None:
            self._head.sbdh = self._events.tree(element)
        for each in element.iter("{*}*"):
            match _local(each):
                case "Sender":
                    header.sender = headers.party(_first(each, "Identifier"))
                case "Receiver":
                    header.receiver = headers.party(_first(each, "Identifier"))
                case "InstanceIdentifier":
                    header.instance_id = headers.name(each.text)
                case "CreationDateAndTime":
                    header.creation_date = header.creation_date or (each.text or "").strip()
                case _:
                    pass

    def _take_master_data(self, element: _Element) -> None:
        for vocabulary in element:
            kind = vocabulary.get("type", "")
            for each in vocabulary.iter("{*}VocabularyElement"):
                attributes = [(part.get("id", ""), self._value(part)) for part in each if _local(part) == "attribute"]
                children = [one.text or "" for one in each.iterfind("{*}children/{*}id")]
                if self._head is not None:
                    kept = VocabularyElement(each.get("id", ""), list(attributes), children)
                    self._head.vocabulary(kind).elements.append(kept)
                attributes += [("children", child) for child in children]
                place = f"line {each.sourceline}"
                headers.add_vocabulary(self._header, self._notes, kind, each.get("id", ""), attributes, place)

    def _value(self, attribute: _Element) -> Any:  # noqa: ANN401 -- an extension is any tree
        """Give the value of a master data attribute, most often a text."""
        value = self._events.tree(attribute)
        if isinstance(value, dict):
            value.pop("@id", None)
            return value.get("#text", "") if value.keys() <= {"#text"} else value
        return value

    def _strays(self, element: _Element, depth: int = 1) -> Iterator[tuple[Event, list[Finding], str]]:
        """Give a sender's own kind of event; take in what else stands in the body, containers aside."""
        if depth > self._limits.depth:
            raise refusals.too_deep(self._limits.depth, f"line {element.sourceline}")
        name = _local(element)
        if name.lower() in _CONTAINERS:
            for each in element:
                yield from self._strays(each, depth + 1)
        elif any(_local(each) == "eventTime" for each in element):
            place = f"line {element.sourceline}"
            self._build.start(place)
            try:
                event = self._build.finish(namespaces.key(element.tag), self._events.read(element))
            except BadDocument as bad:
                self._leave_out(bad, place)
            else:
                yield event, self._build.findings, place
        elif name not in _SAID_ELSEWHERE:
            tree = self._events.tree(element)
            headers.take(self._header, namespaces.key(element.tag), tree)
            if self._head is not None:
                on_root = element.getparent() is self._document
                trees.add(self._head.in_document if on_root else self._head.in_body, namespaces.key(element.tag), tree)


def _local(element: _Element) -> str:
    return namespaces.split(element.tag)[1]


def _first(element: _Element, name: str) -> str | None:
    found = next(element.iter("{*}" + name), None)
    return None if found is None else found.text
