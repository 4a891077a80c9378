"""EPCIS XML documents round their events: root, header with SBDH and master data, body (clause 9 of 1.2 and 2.0).

Written piece by piece, so a document of any size goes through a few kilobytes: ``start``, then each event, then
``finish``. A query document says its query's name first; a master data document has no events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rxtrail.core.epcis import head as heads
from rxtrail.core.epcis import namespaces
from rxtrail.core.epcis.write_xml import Version, XmlEvents
from rxtrail.core.epcis.xml_text import XML_NAMESPACE, attribute, written_declarations

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rxtrail.core.epcis.event import Event, type_tree
    from rxtrail.core.epcis.head import Head, Vocabulary
    from rxtrail.core.epcis.notes import Notes
    from rxtrail.core.epcis.spelling import Spelling

_ROOT_NAMES = {heads.EVENTS: "epcis", heads.QUERY: "epcis-query", heads.MASTER_DATA: "epcis-masterdata"}
_ROOT_PREFIXES = {heads.EVENTS: "epcis", heads.QUERY: "epcisq", heads.MASTER_DATA: "epcismd"}
_RESERVED = frozenset(("epcis", "epcisq", "epcismd", "sbdh", "xsi", "xsd", "xml", "xmlns"))


class XmlDocument:
    """Writes one document; its head must be known before its first event."""

    def __init__(self, head: Head, version: Version, spelling: Spelling, notes: Notes, *, creation_date: str) -> None:
        """Take what stands round the events; ``creation_date`` is used when the head tells none."""
        self.head = head
        self.version = version
        self.events = XmlEvents(version, spelling, notes)
        self._notes = notes
        self._creation_date = creation_date
        self._root = heads.EVENTS
        self._later: type_tree = {}

    def start(self) -> str:
        """Give everything before the first event."""
        text, head = self.events.text, self.head
        self._root = head.root if head.root in _ROOT_NAMES else heads.EVENTS
        self._creation_date = head.creation_date or self._creation_date
        prefix = _ROOT_PREFIXES[self._root]
        major = self.version[0]
        text.declared = {f"urn:epcglobal:{_ROOT_NAMES[self._root]}:xsd:{major}": prefix}
        for namespace in (namespaces.CBVMDA, namespaces.GS1_VOC):
            text.declare(namespace)
        for namespace, own in head.prefixes.items():
            if namespace not in (*text.declared, XML_NAMESPACE) and own not in (*text.declared.values(), *_RESERVED):
                text.declared[namespace] = own
        for key in (*head.in_header, *head.in_document, *head.in_body):
            if namespace := namespaces.split(key)[0]:
                text.declare(namespace)
        text.start()
        header = self._header()
        body = self._body_start()
        name = f' id="{attribute(text.plain(head.document_id))}"' if head.document_id else ""
        declared = written_declarations(text.declared) + text.declarations
        created = attribute(text.plain(self._creation_date))
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<{prefix}:{self._root}{declared} schemaVersion="{self.version}" creationDate="{created}"{name}>\n'
            f"{header}{body}"
        )

    def event(self, event: Event, *, record_time: str = "", place: str = "") -> str:
        """Give one event, on a line of its own."""
        return self.events.event(event, record_time=record_time, place=place) + "\n"

    def finish(self) -> str:
        """Give everything after the last event, with what the reader met behind the events."""
        text = self.events.text
        text.start()
        in_body = self._extension(self.head.in_body)
        parts = []
        if self._root == heads.QUERY:
            # The schema has room beside the results only.
            end = "" if self.head.in_results else "</EventList>\n"
            parts.append(f"{end}</resultsBody>\n{in_body}</{self._query_prefix}:QueryResults>\n</EPCISBody>\n")
        elif self._root == heads.MASTER_DATA:
            parts.append(f"{in_body}</EPCISBody>\n")
        else:
            parts.append(f"</EventList>\n{in_body}</EPCISBody>\n")
        parts.append(self._extension({**self.head.in_document, **self._later}))
        parts.append(f"</{_ROOT_PREFIXES[self._root]}:{self._root}>\n")
        return "".join(parts)

    @property
    def _query_prefix(self) -> str:
        return _ROOT_PREFIXES[heads.QUERY]

    def _body_start(self) -> str:
        head, text = self.head, self.events.text
        if self._root == heads.MASTER_DATA:
            return f"<EPCISBody>\n{self._vocabulary_list(head.vocabularies)}"
        if self._root == heads.QUERY:
            subscription = head.subscription_id
            identified = f"<subscriptionID>{text.text(subscription)}</subscriptionID>\n" if subscription else ""
            named = text.text(head.query_name or ("SimpleMasterDataQuery" if head.in_results else "SimpleEventQuery"))
            found = self._vocabulary_list(head.vocabularies) if head.in_results else "<EventList>\n"
            return (
                f"<EPCISBody>\n<{self._query_prefix}:QueryResults>\n<queryName>{named}</queryName>\n"
                f"{identified}<resultsBody>\n{found}"
            )
        return "<EPCISBody>\n<EventList>\n"

    # -- header

    def _header(self) -> str:
        head = self.head
        master_data = ""
        if head.vocabularies and self._root != heads.MASTER_DATA and not head.in_results:
            vocabularies = self._vocabulary_list(head.vocabularies)
            master_data = f"<extension>\n<EPCISMasterData>\n{vocabularies}</EPCISMasterData>\n</extension>\n"
        others = head.in_header
        if self.version == "2.0" and others:
            # EPCIS 2.0's header has no room for elements of others; its document has.
            self._later, others = others, {}
        sbdh = self._sbdh(needed=bool(self.version == "1.2" and (master_data or others)))
        inside = sbdh + master_data + self._members(others)
        return f"<EPCISHeader>\n{inside}</EPCISHeader>\n" if inside else ""

    def _sbdh(self, *, needed: bool) -> str:
        head = self.head
        key = namespaces.join(namespaces.SBDH, "StandardBusinessDocumentHeader")
        if head.sbdh:
            self.events.text.declare(namespaces.SBDH)
            return self.events.text.element(key, head.sbdh) + "\n"
        if not (needed or head.sender or head.receiver or head.instance_id):
            return ""
        if not (head.sender and head.receiver and head.instance_id):
            message = "the document does not tell sender, receiver and instance identifier, which its header needs"
            self._notes.add("warning", "MISSING_SBDH", message)
        self.events.text.declare(namespaces.SBDH)
        return self.events.text.element(key, sbdh_of(head, self._creation_date)) + "\n"

    def _vocabulary_list(self, vocabularies: Iterable[Vocabulary]) -> str:
        return f"<VocabularyList>\n{''.join(map(self.vocabulary, vocabularies))}</VocabularyList>\n"

    def vocabulary(self, vocabulary: Vocabulary) -> str:
        """Give master data of one type as a Vocabulary element."""
        text = self.events.text
        parts = [f'<Vocabulary type="{attribute(text.plain(vocabulary.type))}">\n']
        if vocabulary.elements:
            parts.append("<VocabularyElementList>\n")
            for each in vocabulary.elements:
                parts.append(f'<VocabularyElement id="{attribute(text.plain(each.id))}">')
                parts += [self._attribute(name, value) for name, value in each.attributes]
                if each.children:
                    ids = "".join(f"<id>{text.text(child)}</id>" for child in each.children)
                    parts.append(f"<children>{ids}</children>")
                parts.append("</VocabularyElement>\n")
            parts.append("</VocabularyElementList>\n")
        parts.append("</Vocabulary>\n")
        return "".join(parts)

    def _attribute(self, name: str, value: Any) -> str:  # noqa: ANN401 -- an extension is any tree
        text = self.events.text
        written = f' id="{attribute(text.plain(name))}"'
        if isinstance(value, list):
            return "".join(self._attribute(name, each) for each in value)
        if not isinstance(value, dict):
            return f"<attribute{written}>{text.text(value)}</attribute>"
        attributes, others = text.attributes({key: each for key, each in value.items() if key != "@id"})
        inside = text.text(others.pop("#text", "")) + text.members(others)
        return f"<attribute{written}{attributes}>{inside}</attribute>"

    def _members(self, tree: type_tree) -> str:
        return "".join(self.events.text.element(key, value) + "\n" for key, value in tree.items())

    def _extension(self, tree: type_tree) -> str:
        """Give what is not the standard's after what is; the schema wants a namespace, or a wrapper."""
        if not tree:
            return ""
        text = self.events.text
        local = {key: value for key, value in tree.items() if not key.startswith(("{", "@{")) and ":" not in key}
        foreign = {key: value for key, value in tree.items() if key not in local}
        text.start()
        inside = text.members(local)
        written = f"<extension{text.declarations}>{inside}</extension>\n" if inside else ""
        for key, value in foreign.items():
            written += self._declaring(key, value)
        return written

    def _declaring(self, key: str, value: Any) -> str:  # noqa: ANN401 -- an extension is any tree
        """Give an element that declares its own namespaces: the root, which could, is written long ago."""
        text = self.events.text
        if isinstance(value, list):
            if any(isinstance(each, list) for each in value):
                text.left_out(key, "the inner brackets of a list within a list")
            return "".join(self._declaring(key, each) for each in value)
        text.start()
        element = text.element(key, value)
        name, inside = text.name(key), ""
        if element:
            inside = element[len(name) + 1 :]
        return f"<{name}{text.declarations}{inside}\n" if element else ""


def sbdh_of(head: Head, creation_date: str) -> type_tree:
    """Make a Standard Business Document Header of what a JSON document says instead of one."""

    def named(**members: Any) -> type_tree:  # noqa: ANN401 -- an extension is any tree
        return {namespaces.join(namespaces.SBDH, name): value for name, value in members.items()}

    return named(
        HeaderVersion="1.0",
        Sender=named(Identifier=head.sender),
        Receiver=named(Identifier=head.receiver),
        DocumentIdentification=named(
            Standard="EPCglobal",
            TypeVersion="1.0",
            InstanceIdentifier=head.instance_id,
            Type="Events" if head.root != heads.MASTER_DATA else "MasterData",
            CreationDateAndTime=creation_date,
        ),
    )
