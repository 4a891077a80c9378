"""EPCIS JSON and JSON-LD 2.0: documents, query documents, bare events and lists of events.

Source: EPCIS 2.0, clause 10; RFC 8259. The text is taken apart event by event without decoding it, and each
event is decoded by itself, so memory holds the text and one event.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol

import msgspec

from rxtrail.core.epcis import header as headers
from rxtrail.core.epcis import namespaces, refusals, trees
from rxtrail.core.epcis.build import Builder
from rxtrail.core.epcis.event import KINDS, Event, Finding, Header
from rxtrail.core.epcis.head import VocabularyElement
from rxtrail.core.epcis.json_event import EventMembers, any_json, leaf, local_name, members
from rxtrail.core.epcis.json_names import Names
from rxtrail.errors import BadDocument

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rxtrail.core.epcis.event import type_tree
    from rxtrail.core.epcis.head import Head
    from rxtrail.core.epcis.incoming import Incoming
    from rxtrail.core.epcis.limits import Limits
    from rxtrail.core.epcis.notes import Notes

_DOCUMENTS: Final = ("EPCISDocument", "EPCISQueryDocument", "EPCISMasterDataDocument")
# Where the list of events may stand: member names from the root.
_TO_EVENTS: Final = ("epcisBody", "queryResults", "resultsBody", "eventList", "event")
_TYPE_MEMBERS: Final = ("type", "@type")
_KNOWN_MEMBERS: Final = frozenset(
    (
        *("@context", *_TYPE_MEMBERS, "id", "@id", "schemaVersion", "creationDate", "sender", "receiver"),
        *("instanceIdentifier", "epcisHeader", "epcisBody", "eventList"),
    )
)
_KNOWN_BODY_MEMBERS: Final = frozenset(
    (*_TO_EVENTS, *_TYPE_MEMBERS, "epcisMasterData", "vocabularyList", "queryName", "subscriptionID")
)

_LIST: Final = re.compile(rb"\s*\[")
_AT_BYTE: Final = re.compile(r"\(byte (\d+)\)")

_SBDH: Final = namespaces.join(namespaces.SBDH, "StandardBusinessDocumentHeader")

_NOTHING = msgspec.Raw(b"null")


class _Body(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    eventList: list[msgspec.Raw]  # noqa: N815 -- the member's own name


class _Document(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """The commonest shape of a document: taken apart in one pass, where the general way makes four."""

    type: msgspec.Raw
    epcisBody: _Body  # noqa: N815
    context: msgspec.Raw = msgspec.field(default=_NOTHING, name="@context")
    id: msgspec.Raw = _NOTHING
    schemaVersion: msgspec.Raw = _NOTHING  # noqa: N815
    creationDate: msgspec.Raw = _NOTHING  # noqa: N815
    sender: msgspec.Raw = _NOTHING
    receiver: msgspec.Raw = _NOTHING
    instanceIdentifier: msgspec.Raw = _NOTHING  # noqa: N815
    epcisHeader: msgspec.Raw = _NOTHING  # noqa: N815


class Decoder(Protocol):
    """What turns a text into values; raises ValueError or RecursionError."""

    def decode(self, text: bytes | msgspec.Raw, /) -> Any:  # noqa: ANN401 -- any JSON value
        """Decode a text."""


_document = msgspec.json.Decoder(_Document)
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_list = msgspec.json.Decoder(list[msgspec.Raw])


_NUL = rb"\u0000"
_ESCAPED_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")  # an even number of backslashes before it are themselves


def read(
    incoming: Incoming, header: Header, notes: Notes, limits: Limits, *, proceed: bool, head: Head | None = None
) -> JsonDocument:
    """Read the text; raises BadDocument when it is too large, is no JSON, or is none of EPCIS's documents."""
    chunks: list[bytes] = []
    total = 0
    for chunk in incoming.chunks:
        total += len(chunk)
        if total > limits.json_bytes:
            raise refusals.too_large("a JSON document", limits.json_bytes, "bytes")
        chunks.append(chunk)
    text = b"".join(chunks)
    if _NUL in text:
        text, count = _ESCAPED_NUL.subn(rb"\1\\ufffd", text)
        if count:
            message = f"{count} characters U+0000, which no XML and few databases can hold, are read as U+FFFD"
            notes.add("warning", "NUL_CHARACTER", message)
    document = JsonDocument(text, header, notes, limits, proceed=proceed, head=head)
    document.open()
    return document


class JsonDocument:
    """The events of one JSON document."""

    def __init__(
        self, text: bytes, header: Header, notes: Notes, limits: Limits, *, proceed: bool, head: Head | None
    ) -> None:
        """Take the text of the document; an event without time is left out when told to proceed."""
        self._text = text
        self._header = header
        self._notes = notes
        self._limits = limits
        self._proceed = proceed
        self._head = head
        self._build = Builder()
        self._names = Names(notes)
        self._events: Sequence[msgspec.Raw | bytes] = []
        self._pointer = ""
        self._is_list = True

    def open(self) -> None:
        """Take the document apart: root, header, and the events still undecoded."""
        if _LIST.match(self._text):
            self._events = self._decode(_list, self._text, "")
            self._header.root = "EPCISDocument"
            return
        root = self._open_plain() or self._decode(_object, self._text, "")
        if "@context" in root:
            self._names = self._names.within(self._decode(any_json, root["@context"], "/@context"))
        kind = local_name(self._leaf(root, "type") or self._leaf(root, "@type"))
        self._header.root = kind
        if self._head is not None:
            self._fill_head(self._head, root)
        if kind in KINDS or (kind not in _DOCUMENTS and "eventTime" in root):
            self._events, self._is_list = [self._text], False
            return
        if kind not in _DOCUMENTS:
            if kind or not root.keys() & {"epcisBody", "eventList"}:
                raise refusals.unknown_root(kind or ", ".join(list(root)[:8]), "/type")
            self._header.root = "EPCISDocument"
        self._take_header(root)
        if not self._pointer:
            self._find_events(root)

    def _open_plain(self) -> dict[str, msgspec.Raw] | None:
        """Take the commonest shape apart; None when it is another."""
        try:
            document = _document.decode(self._text)
        except (ValueError, RecursionError):
            return None  # the general way tells what is wrong, if anything is
        self._events, self._pointer = document.epcisBody.eventList, "/epcisBody/eventList"
        names = {name: getattr(document, name) for name in document.__struct_fields__ if name != "epcisBody"}
        names["@context"] = names.pop("context")
        return {name: value for name, value in names.items() if value is not _NOTHING}

    def __iter__(self) -> Iterator[tuple[Event, list[Finding], str]]:
        """Give each event with its findings and its JSON pointer; raises BadDocument."""
        build = self._build
        reader = EventMembers(build, self._limits, self._names)
        pointer = self._pointer
        is_long = len(self._text) > self._limits.event_bytes
        for index, text in enumerate(self._events):
            place = f"{pointer}/{index}" if self._is_list else pointer or "/"
            build.start(place)
            if is_long and len(memoryview(text)) > self._limits.event_bytes:
                raise refusals.too_large("one event", self._limits.event_bytes, "bytes", place)
            decoded = self._decode(reader, text, place)
            try:
                kind, raw = reader.read(decoded)
                if kind not in KINDS and "event_time" not in raw:
                    self._leave_out(kind, place)
                    continue
                event = build.finish(kind, raw)
            except BadDocument as bad:
                if not self._proceed or bad.code != "no-event-time":
                    raise
                self._notes.add("error", "NO_EVENT_TIME", f"{bad.message}; left out", place)
            else:
                yield event, build.findings, place

    def _leave_out(self, kind: str, place: str) -> None:
        if not self._pointer:
            raise refusals.unknown_root(f"a list of {kind or 'objects without type'}", place)
        message = f"{kind[:80] or 'an object without type'} is no event; it is kept in the raw document only"
        self._notes.add("warning", "UNSUPPORTED_EVENT_TYPE", message, place)

    def _find_events(self, root: dict[str, msgspec.Raw]) -> None:
        node: dict[str, msgspec.Raw] = root
        pointer = ""
        for _ in _TO_EVENTS:
            name = next((each for each in _TO_EVENTS if each in node), None)
            if name is None:
                return
            pointer += "/" + name
            value = node[name]
            start = bytes(memoryview(value)[:64]).lstrip()[:1]
            if name in ("eventList", "event"):
                self._is_list = start == b"["
                self._events = self._decode(_list, value, pointer) if self._is_list else [value]
                self._pointer = pointer
                return
            node = self._decode(_object, value, pointer) if start == b"{" else {}
            if "epcisMasterData" in node:
                master_data = self._decode(any_json, node["epcisMasterData"], pointer)
                self._take_master_data(master_data, pointer + "/epcisMasterData")
            if self._head is not None and name == "queryResults":
                self._head.query_name = self._leaf(node, "queryName")
                self._head.subscription_id = self._leaf(node, "subscriptionID")
            if name == "resultsBody" and "vocabularyList" in node:
                found = self._decode(any_json, node["vocabularyList"], pointer)
                self._take_master_data({"vocabularyList": found}, pointer)
                if self._head is not None:
                    self._head.in_results = bool(self._head.vocabularies)
            self._take_others(node, _KNOWN_BODY_MEMBERS, pointer)

    def _fill_head(self, head: Head, root: dict[str, msgspec.Raw]) -> None:
        head.prefixes = self._names.prefixes()
        if self._header.root in _DOCUMENTS:
            head.root = self._header.root
            head.document_id = self._leaf(root, "id") or self._leaf(root, "@id")
            head.creation_date = self._leaf(root, "creationDate")
            head.sender = self._leaf(root, "sender")
            head.receiver = self._leaf(root, "receiver")
            head.instance_id = self._leaf(root, "instanceIdentifier")

    def _take_header(self, root: dict[str, msgspec.Raw]) -> None:
        header = self._header
        header.version = self._leaf(root, "schemaVersion")
        header.creation_date = self._leaf(root, "creationDate")
        header.sender = headers.party(self._leaf(root, "sender"))
        header.receiver = headers.party(self._leaf(root, "receiver"))
        header.instance_id = headers.name(self._leaf(root, "instanceIdentifier"))
        self._take_others(root, _KNOWN_MEMBERS, "")
        if "epcisHeader" not in root:
            return
        value = self._decode(any_json, root["epcisHeader"], "/epcisHeader")
        if not isinstance(value, dict):
            return
        reader = self._trees("/epcisHeader")
        for name, part in value.items():
            if name == "epcisMasterData":
                self._take_master_data(part, "/epcisHeader/epcisMasterData")
            elif name not in (*_TYPE_MEMBERS, "@context"):
                self._take_header_part(self._names.key(name), reader.tree(part))

    def _take_header_part(self, key: str, tree: Any) -> None:  # noqa: ANN401 -- an extension is any tree
        header, head = self._header, self._head
        if key == _SBDH and isinstance(tree, dict):
            # The header of an XML document, which a conversion kept.
            header.sender = header.sender or headers.party(_text_in(tree, "Sender", "Identifier"))
            header.receiver = header.receiver or headers.party(_text_in(tree, "Receiver", "Identifier"))
            instance = _text_in(tree, "DocumentIdentification", "InstanceIdentifier")
            header.instance_id = header.instance_id or headers.name(instance)
            if head is not None:
                head.sbdh = tree
            return
        headers.take(header, key, tree)
        if head is not None:
            trees.add(head.in_header, key, tree)

    def _take_others(self, node: dict[str, msgspec.Raw], known: frozenset[str], pointer: str) -> None:
        for name, value in node.items():
            if name not in known:
                place = f"{pointer}/{name}"
                decoded = self._decode(any_json, value, place)
                if name.endswith(":ignoreFields"):
                    # Fields that a repository added, which the event hash leaves out (CBV 2.0 §8.9).
                    tree = [self._names.key(field) for field in map(leaf, members(decoded)) if field]
                else:
                    tree = self._trees(place).tree(decoded)
                headers.take(self._header, self._names.key(name), tree)
                if self._head is not None:
                    kept = self._head.in_body if pointer else self._head.in_document
                    trees.add(kept, self._names.key(name), self._trees(place).tree(decoded))

    def _take_master_data(self, master_data: Any, pointer: str) -> None:  # noqa: ANN401 -- any JSON value
        pointer += "/vocabularyList"
        lists = master_data.get("vocabularyList") if isinstance(master_data, dict) else None
        for at, vocabulary in enumerate(members(lists)):
            if not isinstance(vocabulary, dict):
                continue
            kind = leaf(vocabulary.get("type", vocabulary.get("@type"))) or ""
            for index, each in enumerate(members(vocabulary.get("vocabularyElementList"))):
                if isinstance(each, dict):
                    place = f"{pointer}/{at}/vocabularyElementList/{index}"
                    self._take_element(kind, each, place)

    def _take_element(self, kind: str, element: dict[str, Any], place: str) -> None:
        reader = self._trees(place)
        attributes = [
            (leaf(each.get("id", each.get("@id"))) or "", reader.tree(each.get("attribute")))
            for each in members(element.get("attributes"))
            if isinstance(each, dict)
        ]
        if self._head is not None:
            children = [leaf(each) or "" for each in members(element.get("children"))]
            identifier = self._names.identifiers([leaf(element.get("id", element.get("@id"))) or ""])[0]
            named = [(self._attribute_name(name), value) for name, value in attributes]
            self._head.vocabulary(kind).elements.append(VocabularyElement(identifier, named, children))
        if "children" in element:
            attributes.append(("children", reader.tree(element["children"])))
        identifier = leaf(element.get("id", element.get("@id"))) or ""
        headers.add_vocabulary(self._header, self._notes, kind, identifier, attributes, place)

    def _attribute_name(self, name: str) -> str:
        # CBV 2.0, section 9.2: what JSON calls cbvmda:city is urn:epcglobal:cbv:mda#city in full.
        if name.startswith("cbvmda:"):
            return f"{namespaces.CBVMDA}#{name[7:]}"
        return self._names.identifiers([name])[0]

    def _trees(self, place: str) -> EventMembers:
        self._build.start(place)
        return EventMembers(self._build, self._limits, self._names)

    def _leaf(self, node: dict[str, msgspec.Raw], name: str) -> str:
        return leaf(self._decode(any_json, node[name], "/" + name)) or "" if name in node else ""

    def _decode(self, decoder: Decoder, text: bytes | msgspec.Raw, place: str) -> Any:  # noqa: ANN401
        try:
            return decoder.decode(text)
        except RecursionError:
            raise refusals.too_deep(self._limits.depth, place or "/") from None
        except ValueError as error:
            self._refuse(error, place)

    def _refuse(self, error: ValueError, place: str) -> NoReturn:
        """Raise the refusal for what a decoder could not read; raises BadDocument."""
        try:
            self._text.decode()
        except UnicodeDecodeError as wrong:
            raise refusals.wrong_encoding("bytes that are not UTF-8", self._line(wrong.start)) from error
        words = str(error)
        at = _AT_BYTE.search(words)
        if place or at is None:
            # "Input data was truncated" names no byte: it is the last.
            raise refusals.bad_json(words, place or self._line(len(self._text))) from error
        raise refusals.bad_json(words, self._line(int(at[1]))) from error

    def _line(self, byte: int) -> str:
        line = self._text.count(b"\n", 0, byte) + 1
        return f"line {line}"


def _text_in(tree: type_tree, *names: str) -> str:
    found: Any = tree
    for name in names:
        if isinstance(found, list):
            found = found[0]
        found = found.get(namespaces.join(namespaces.SBDH, name)) if isinstance(found, dict) else None
    return trees.text(found)
