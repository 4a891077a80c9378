"""One event element to the raw pieces of an event.

Source: EPCIS 1.2, clause 9.5 and EPCIS 2.0, clause 9 with their XSDs. The wrappers that 1.x nests new fields
in (``extension``, ``baseExtension``) are taken off; whatever is not the standard's own is kept as an
extension.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from rxtrail.core.epcis import namespaces, refusals, sensors, trees, vocabulary
from rxtrail.core.epcis.limits import ATTRIBUTES_MAX

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml.etree import _Element

    from rxtrail.core.epcis.build import Builder, Raw
    from rxtrail.core.epcis.event import type_tree
    from rxtrail.core.epcis.limits import Limits

    Taker: TypeAlias = Callable[["EventElements", _Element, Raw], None]

_NAMES_REMEMBERED = 4096
# How texts begin that are no compact names: the common ones.
_NO_PREFIXES: Final = frozenset(("urn:", "http", "ni:/"))
_NOT_EXPANDED: Final = frozenset(
    (namespaces.XSI, "http://www.w3.org/2001/XMLSchema", namespaces.GS1_VOC, namespaces.CBV)
)


class EventElements:
    """Reads the event elements of one document."""

    def __init__(self, build: Builder, limits: Limits) -> None:
        """Start a document."""
        self.build = build
        self.own_namespace = ""
        self._limits = limits
        self._takers: dict[str, str | Taker] = {}
        self._ranks: dict[str, int] = {}
        self._depth = 0

    def read(self, element: _Element) -> Raw:
        """Give the raw pieces of one event; raises BadDocument when it is nested too deep."""
        self._depth = 0
        raw: Raw = {}
        self._fill(element, raw)
        return raw

    def tree(self, element: _Element, depth: int = 1) -> Any:  # noqa: ANN401 -- an extension is any tree
        """Give an element of someone else's as a tree, without loss (see ``type_tree``)."""
        if depth > self._limits.depth:
            raise refusals.too_deep(self._limits.depth, f"line {element.sourceline}")
        if not len(element) and not element.attrib:
            return expanded(self._text(element), element)
        tree: type_tree = {"@" + namespaces.key(name): value for name, value in self.attributes(element)}
        text = self._members(element, tree, depth)
        if text:
            tree["#text"] = expanded(text, element)
        return tree

    def attributes(self, element: _Element) -> list[tuple[str, str]]:
        """Give names and values of an element's attributes; raises BadDocument past a sane number of them."""
        if len(element.attrib) > ATTRIBUTES_MAX:
            raise refusals.too_large("an element", ATTRIBUTES_MAX, "attributes", f"line {element.sourceline}")
        return [(str(name), str(value)) for name, value in element.attrib.items()]

    def _members(self, element: _Element, tree: type_tree, depth: int) -> str:
        """Put the children of an element into a tree; give the text that stands between them."""
        texts = [self._text(element)]
        for child in element:
            trees.add(tree, namespaces.key(child.tag), self.tree(child, depth + 1))
            texts.append((child.tail or "").strip())
        if any(texts[1:]):
            name = namespaces.split(element.tag)[1]
            message = f"{name[:80]} has text between its elements; it is kept as one text, and where it stood is not"
            self.build.find("info", "MIXED_CONTENT", message)
        return " ".join(text for text in texts if text)

    def _text(self, element: _Element) -> str:
        text = (element.text or "").strip()
        if len(text) > self._limits.text_characters:
            raise refusals.too_large("a text", self._limits.text_characters, "characters", f"line {element.sourceline}")
        return text

    def _fill(self, element: _Element, raw: Raw) -> None:
        takers, ranks = self._takers, self._ranks
        last, misplaced = 0, ""
        for child in element:
            tag = child.tag
            taker = takers.get(tag) or self._recognise(tag)
            if tag in ranks:
                rank = ranks[tag]
                if rank < last:
                    misplaced = misplaced or tag
                last = rank
            if taker.__class__ is str:
                text = child.text
                if text and text[:4] not in _NO_PREFIXES and ":" in text:
                    text = expanded(text.strip(), child)
                raw[taker] = text  # type: ignore[literal-required]
                if len(child):
                    self.keep(child, raw)
            else:
                taker(self, child, raw)  # type: ignore[operator]
        if misplaced:
            name = namespaces.split(misplaced)[1]
            self.build.find(
                "info", "ELEMENT_ORDER", f"{name} stands behind what it should come before; read all the same"
            )

    def _recognise(self, tag: str) -> str | Taker:
        name = self.standard_name(tag)
        taker = _TEXTS.get(name) or _TAKERS.get(name) or EventElements.keep
        if len(self._takers) < _NAMES_REMEMBERED:
            self._takers[tag] = taker
            if name in _ORDER:
                self._ranks[tag] = _ORDER[name]
        return taker

    def standard_name(self, tag: str) -> str:
        """Give the local name of an element of EPCIS's own; "" for one of another namespace."""
        namespace, local = namespaces.split(tag)
        return local if namespaces.is_epcis(namespace) or namespace == self.own_namespace else ""

    def keep(self, element: _Element, raw: Raw) -> None:
        """Keep an element that is not the standard's."""
        trees.add(raw.setdefault("extensions", {}), namespaces.key(element.tag), self.tree(element))

    def unwrap(self, element: _Element, raw: Raw) -> None:
        """Take off the wrapper in which EPCIS 1.x adds fields."""
        self._depth += 1
        if self._depth > self._limits.depth:
            raise refusals.too_deep(self._limits.depth, f"line {element.sourceline}")
        self._fill(element, raw)
        self._depth -= 1

    def others(self, element: _Element, known: frozenset[str], into: type_tree) -> None:
        """Keep the children of an element that are none of the known ones, wrappers taken off."""
        for child in element:
            name = self.standard_name(child.tag)
            if name == "extension":
                self._depth += 1
                if self._depth > self._limits.depth:
                    raise refusals.too_deep(self._limits.depth, f"line {element.sourceline}")
                self.others(child, known, into)
                self._depth -= 1
            elif name not in known:
                trees.add(into, namespaces.key(child.tag), self.tree(child))


def expanded(text: str, element: _Element) -> str:
    """Give a text that is one name with a declared prefix in full, as JSON-LD reads a compact IRI.

    The prefixes of XML Schema name data types, which nobody writes in full.
    """
    if text[:4] in _NO_PREFIXES or ":" not in text:
        return text
    prefix, _, local = text.partition(":")
    if not prefix or " " in text or local.startswith("//"):
        return text
    namespace = element.nsmap.get(prefix)
    if not namespace or namespace in _NOT_EXPANDED or namespaces.is_epcis(namespace):
        return text
    return namespace + local


def _expanded_text(element: _Element) -> str | None:
    text = element.text
    return text if text is None or text[:4] in _NO_PREFIXES else expanded(text.strip(), element)


# -- what each child of an event becomes


def _epcs(field: str) -> Taker:
    def take(reader: EventElements, element: _Element, raw: Raw) -> None:
        texts = [each.text for each in element.iterchildren("{*}epc")]
        if texts and (texts[0] or "")[:4] not in _NO_PREFIXES:
            texts = [expanded((text or "").strip(), element) for text in texts]
        runs = reader.build.runs(texts)
        raw.setdefault(field, []).extend(runs)  # type: ignore[misc]
        if len(element) != sum(len(run.serials) for run in runs):
            # An EPC without text is gone with a finding; anything else in the list is kept.
            for each in element:
                if reader.standard_name(each.tag) != "epc":
                    reader.keep(each, raw)

    return take


def _place(field: str) -> Taker:
    known = frozenset(("id",))
    extensions = field + "_extensions"

    def take(reader: EventElements, element: _Element, raw: Raw) -> None:
        count = 0
        for each in element:
            if each.tag == "id" or reader.standard_name(each.tag) == "id":
                raw[field] = _expanded_text(each)  # type: ignore[literal-required]
            else:
                count += 1
        if count:
            reader.others(element, known, raw.setdefault(extensions, {}))  # type: ignore[misc]
        if not len(element) and element.text:
            raw[field] = element.text  # type: ignore[literal-required]  # seen without its id element

    return take


def _typed(field: str, kind: str) -> Taker:
    def take(reader: EventElements, element: _Element, raw: Raw) -> None:
        typed = reader.build.typed
        for each in element:
            if len(each) or len(each.attrib) > 1:
                others = {reader.standard_name(one.tag) or one.tag for one in each}
                reader.build.unknown(others | ({str(name) for name in each.attrib} - {"type"}), field)
        found = [typed(expanded(each.get("type") or "", each), _expanded_text(each), kind) for each in element]
        raw.setdefault(field, []).extend(found)  # type: ignore[misc]

    return take


_QUANTITY_PARTS = frozenset(("epcClass", "quantity", "uom"))


def _quantities(field: str) -> Taker:
    def take(reader: EventElements, element: _Element, raw: Raw) -> None:
        found = []
        for each in element:
            parts = {reader.standard_name(part.tag): _expanded_text(part) for part in each}
            if not parts.keys() <= _QUANTITY_PARTS:
                reader.build.unknown(parts.keys() - _QUANTITY_PARTS, "a quantity")
            quantity = reader.build.quantity(parts.get("epcClass"), parts.get("quantity"), parts.get("uom"))
            found.append(quantity)
        raw.setdefault(field, []).extend(found)  # type: ignore[misc]

    return take


def _ilmd(reader: EventElements, element: _Element, raw: Raw) -> None:
    reader.others(element, frozenset(), raw.setdefault("ilmd", {}))


def _persistent(reader: EventElements, element: _Element, raw: Raw) -> None:
    for each in element:
        word = reader.build.word(_expanded_text(each), vocabulary.DISPOSITION)
        if reader.standard_name(each.tag) == "set":
            raw.setdefault("persistent_set", []).append(word)
        else:
            raw.setdefault("persistent_unset", []).append(word)


def _certification(reader: EventElements, element: _Element, raw: Raw) -> None:
    raw.setdefault("certification", []).append(reader.build.uri(element.text))


_DECLARATION = frozenset(("declarationTime", "reason", "correctiveEventIDs"))


def _declaration(reader: EventElements, element: _Element, raw: Raw) -> None:
    texts: dict[str, str | None] = {}
    corrective: list[str] = []
    extensions: type_tree = {}
    for each in element:
        name = reader.standard_name(each.tag)
        if name == "correctiveEventIDs":
            corrective += [reader.build.uri(_expanded_text(one)) for one in each]
        else:
            texts[name] = _expanded_text(each)
    reader.others(element, _DECLARATION, extensions)
    declared = reader.build.declaration(texts.get("declarationTime"), texts.get("reason"), corrective, extensions)
    raw["error_declaration"] = declared


def _sensors(reader: EventElements, element: _Element, raw: Raw) -> None:
    for each in element:
        if reader.standard_name(each.tag) != "sensorElement":
            reader.keep(each, raw)
            continue
        tree: type_tree = {}
        for part in each:
            name = reader.standard_name(part.tag)
            if name == "sensorMetadata":
                tree["sensorMetadata"] = _attributes(reader, part)
            elif name == "sensorReport":
                tree.setdefault("sensorReport", []).append(_attributes(reader, part))
        reader.others(each, frozenset(("sensorMetadata", "sensorReport")), tree)
        raw.setdefault("sensors", []).append(tree)


def _attributes(reader: EventElements, element: _Element) -> type_tree:
    """Read what XML says in attributes and JSON in members; it is keyed as JSON keys it."""
    tree: type_tree = {}
    for name, text in reader.attributes(element):
        key = namespaces.key(name)
        tree[key] = sensors.value(key, expanded(text, element), reader.build)
    reader.others(element, frozenset(), tree)
    return tree


_TEXTS: Final = {
    "eventTime": "event_time",
    "recordTime": "record_time",
    "eventTimeZoneOffset": "zone",
    "eventID": "event_id",
    "action": "action",
    "bizStep": "biz_step",
    "disposition": "disposition",
    "parentID": "parent",
    "transformationID": "transformation_id",
    # The QuantityEvent of EPCIS 1.0 has these at the level of the event.
    "epcClass": "epc_class",
    "quantity": "quantity",
}
_TAKERS: Final[dict[str, Taker]] = {
    "epcList": _epcs("epcs"),
    "childEPCs": _epcs("children"),
    "inputEPCList": _epcs("inputs"),
    "outputEPCList": _epcs("outputs"),
    "readPoint": _place("read_point"),
    "bizLocation": _place("biz_location"),
    "bizTransactionList": _typed("biz_transactions", vocabulary.TRANSACTION_TYPE),
    "sourceList": _typed("sources", vocabulary.SOURCE_TYPE),
    "destinationList": _typed("destinations", vocabulary.SOURCE_TYPE),
    "quantityList": _quantities("quantities"),
    "childQuantityList": _quantities("child_quantities"),
    "inputQuantityList": _quantities("input_quantities"),
    "outputQuantityList": _quantities("output_quantities"),
    "ilmd": _ilmd,
    "persistentDisposition": _persistent,
    "certificationInfo": _certification,
    "errorDeclaration": _declaration,
    "sensorElementList": _sensors,
    "extension": EventElements.unwrap,
    "baseExtension": EventElements.unwrap,
}
# What every version and type of event has in this order (EPCIS 1.2 and 2.0, clause 9.5).
_ORDER: Final = {
    **{name: rank for rank, name in enumerate(("eventTime", "recordTime", "eventTimeZoneOffset", "eventID"))},
    **dict.fromkeys(("errorDeclaration", "certificationInfo", "baseExtension"), 4),
    **dict.fromkeys(("epcList", "parentID", "childEPCs", "inputEPCList", "outputEPCList", "transformationID"), 5),
    **{name: rank for rank, name in enumerate(("action", "bizStep", "disposition", "readPoint", "bizLocation"), 6)},
}
