"""EPCIS JSON-LD 2.0 documents round their events: context, header with master data, body (EPCIS 2.0, clause 10).

Written piece by piece: ``start``, then each event, then ``finish``. JSON has no SBDH: sender, receiver and instance
identifier stand on the root, and the header of an XML document is kept whole beside its master data. EPCIS 2.0 JSON
has no master data document either: it becomes an EPCISDocument without events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from rxtrail.core.epcis import head as heads
from rxtrail.core.epcis import namespaces, trees
from rxtrail.core.epcis.times import instant
from rxtrail.core.epcis.write_json import PREFIXES, Context, JsonEvents

if TYPE_CHECKING:
    from rxtrail.core.epcis.event import Event, type_tree
    from rxtrail.core.epcis.head import Head, Vocabulary
    from rxtrail.core.epcis.notes import Notes
    from rxtrail.core.epcis.spelling import Spelling

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
_SBDH = namespaces.join(namespaces.SBDH, "StandardBusinessDocumentHeader")
# Known to every reader of DSCSA documents, but not to EPCIS's own context.
_TO_DECLARE = frozenset((namespaces.CBVMDA, namespaces.USHC, namespaces.SBDH))
# Terms of EPCIS's own context, which is protected (JSON-LD 1.1, section 4.1.11).
_RESERVED = frozenset((*PREFIXES.values(), "epcis", "rdf", "owl", "xsd", "dcterms", "id", "type", "value"))
_encode = msgspec.json.encode


class JsonDocument:
    """Writes one document; its head must be known before its first event."""

    def __init__(self, head: Head, spelling: Spelling, notes: Notes, *, creation_date: str) -> None:
        """Take what stands round the events; ``creation_date`` is used when the head tells none."""
        self.head = head
        self._notes = notes
        self._creation_date = creation_date
        self._context = Context()
        self._events = JsonEvents(spelling, self._context)
        self._is_query = False
        self._first = True
        self._written: type_tree = {}

    def start(self) -> str:
        """Give everything before the first event."""
        head = self.head
        self._is_query = head.root == heads.QUERY
        for namespace, prefix in head.prefixes.items():
            own = PREFIXES[namespace] if namespace in _TO_DECLARE else prefix
            is_own = namespace not in PREFIXES and prefix not in _RESERVED
            if (namespace in _TO_DECLARE or is_own) and own not in self._context.prefixes.values():
                self._context.prefixes[namespace] = own
        if head.root == heads.MASTER_DATA:
            message = "EPCIS 2.0 JSON has no master data document; it is written as an EPCISDocument without events"
            self._notes.add("info", "NOT_EXPRESSIBLE", message)
        root: dict[str, Any] = {}
        # The header first: its names need their prefixes in the context.
        header = self._header()
        self._written = dict(head.in_document)
        members = self._context.tree(head.in_document)
        in_body = self._context.tree(head.in_body) if self._is_query else {}
        root["@context"] = [CONTEXT, *([declared] if (declared := self._context.declared) else [])]
        if head.document_id:
            root["id"] = head.document_id
        root["type"] = heads.QUERY if self._is_query else heads.EVENTS
        root["schemaVersion"] = "2.0"
        root["creationDate"] = self._created(head.creation_date)
        told = {"sender": _sender(head), "receiver": _receiver(head), "instanceIdentifier": _id(head)}
        root.update({name: text for name, text in told.items() if text and not self._is_query})
        if header:
            root["epcisHeader"] = header
        root.update(members)
        start = _encode(root).decode()[:-1]
        if not self._is_query:
            return start + ',"epcisBody":{"eventList":[\n'
        named = "SimpleMasterDataQuery" if head.in_results else "SimpleEventQuery"
        results: dict[str, Any] = {"queryName": head.query_name or named, **in_body}
        if head.subscription_id:
            results["subscriptionID"] = head.subscription_id
        written = _encode(results).decode()[:-1]
        found = ""
        if head.in_results:
            vocabularies = _encode([self.vocabulary(each) for each in head.vocabularies]).decode()
            found = f'"vocabularyList":{vocabularies},'
        return f'{start},"epcisBody":{{"queryResults":{written},"resultsBody":{{{found}"eventList":[\n'

    def event(self, event: Event, *, record_time: str = "", place: str = "") -> str:  # noqa: ARG002 -- as in XML
        """Give one event, on a line of its own."""
        joint = "" if self._first else ",\n"
        self._first = False
        return joint + _encode(self._events.event(event, record_time)).decode()

    def finish(self) -> str:
        """Give everything after the last event, with what the reader met behind the events."""
        late = {key: value for key, value in self.head.in_document.items() if key not in self._written}
        body = {} if self._is_query else self._late(self.head.in_body)
        end = "\n]" + ("}" if self._is_query else "") + _joined(body) + "}"
        end += "}" if self._is_query else ""
        return end + _joined(self._late(late)) + "}\n"

    def _late(self, tree: type_tree) -> dict[str, Any]:
        """Name what comes when the context is written already: by a prefix it declares, or by the whole IRI."""
        out: dict[str, Any] = {}
        for key, value in tree.items():
            namespace, local = namespaces.split(key)
            inner = Context(self._context)
            written = inner.value(value)
            if inner.prefixes and isinstance(written, dict):
                written = {"@context": [inner.declared], **written}
            prefix = self._context.prefixes.get(namespace)
            out[f"{prefix}:{local}" if prefix else namespace + local] = written
            if not prefix and namespace and not namespace.endswith((":", "/", "#")):
                message = f"{local}: its namespace {namespace[:80]!r} ends in no delimiter, and no context was left"
                self._notes.add("warning", "NOT_EXPRESSIBLE", message)
        return out

    def _created(self, written: str) -> str:
        """Give the creation date; JSON wants a zone, which XML does not."""
        found = instant(written) if written else None
        if not written or found is None or found[1]:
            return written or self._creation_date
        message = f"creationDate {written} has no time zone, which JSON demands; it is written as UTC"
        self._notes.add("info", "MISSING_TIME_ZONE", message)
        return written.strip() + "Z"

    def _header(self) -> dict[str, Any]:
        head = self.head
        header: dict[str, Any] = {}
        if head.vocabularies and not head.in_results:
            header["epcisMasterData"] = {"vocabularyList": [self.vocabulary(each) for each in head.vocabularies]}
        if head.sbdh:
            header[self._context.name(_SBDH)] = self._context.tree(head.sbdh)
        header.update(self._context.tree(head.in_header))
        if self._is_query and header:
            message = "the JSON schema knows no header in a query document; it is written all the same"
            self._notes.add("warning", "NOT_EXPRESSIBLE", message)
        return header

    def vocabulary(self, vocabulary: Vocabulary) -> dict[str, Any]:
        """Give master data of one type."""
        elements = []
        for each in vocabulary.elements:
            element: dict[str, Any] = {"id": each.id}
            if each.attributes:
                element["attributes"] = [
                    {"id": name, "attribute": self._context.value(one)}
                    for name, value in each.attributes
                    for one in (value if isinstance(value, list) else [value])
                ]
            if each.children:
                element["children"] = each.children
            elements.append(element)
        return {"type": vocabulary.type, "vocabularyElementList": elements}


def _joined(members: dict[str, Any]) -> str:
    return "," + _encode(members).decode()[1:-1] if members else ""


def _in_sbdh(head: Head, *names: str) -> str:
    tree: Any = head.sbdh
    for name in names:
        if isinstance(tree, list):
            tree = tree[0]
        tree = tree.get(namespaces.join(namespaces.SBDH, name)) if isinstance(tree, dict) else None
    return trees.text(tree)


def _sender(head: Head) -> str:
    return head.sender or _in_sbdh(head, "Sender", "Identifier")


def _receiver(head: Head) -> str:
    return head.receiver or _in_sbdh(head, "Receiver", "Identifier")


def _id(head: Head) -> str:
    return head.instance_id or _in_sbdh(head, "DocumentIdentification", "InstanceIdentifier")
