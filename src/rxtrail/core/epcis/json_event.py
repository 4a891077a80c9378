"""One JSON event to the raw pieces of an event: plain ones by a typed decoder, others member by member.

Source: EPCIS 2.0, clause 10 and its JSON schema; JSON-LD 1.1, sections 4.3 (``@set``) and 9.4: a single value
and a list of one mean the same.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec

from rxtrail.core.epcis import refusals, sensors, trees, vocabulary
from rxtrail.core.epcis.event import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from rxtrail.core.epcis.build import Builder, Raw
    from rxtrail.core.epcis.event import Typed, type_tree
    from rxtrail.core.epcis.json_names import Names
    from rxtrail.core.epcis.limits import Limits

    Taker: TypeAlias = Callable[["EventMembers", Any, Raw], bool]


class _Plain(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """Base of the typed members."""


class _Place(_Plain):
    id: str


class _BizTransaction(_Plain):
    bizTransaction: str  # noqa: N815 -- the member's own name
    type: str = ""


class _Source(_Plain):
    source: str
    type: str = ""


class _Destination(_Plain):
    destination: str
    type: str = ""


class _Quantity(_Plain):
    epcClass: str  # noqa: N815
    quantity: float | None = None
    uom: str = ""


class PlainEvent(_Plain):
    """An event of the commonest members only; anything more makes the decoder give up."""

    type: str
    eventTime: str  # noqa: N815
    eventTimeZoneOffset: str = ""  # noqa: N815
    eventID: str = ""  # noqa: N815
    recordTime: str = ""  # noqa: N815
    action: str = ""
    bizStep: str = ""  # noqa: N815
    disposition: str = ""
    parentID: str = ""  # noqa: N815
    transformationID: str = ""  # noqa: N815
    epcList: list[str] = []  # noqa: N815
    childEPCs: list[str] = []  # noqa: N815
    inputEPCList: list[str] = []  # noqa: N815
    outputEPCList: list[str] = []  # noqa: N815
    quantityList: list[_Quantity] = []  # noqa: N815
    childQuantityList: list[_Quantity] = []  # noqa: N815
    readPoint: _Place | None = None  # noqa: N815
    bizLocation: _Place | None = None  # noqa: N815
    bizTransactionList: list[_BizTransaction] = []  # noqa: N815
    sourceList: list[_Source] = []  # noqa: N815
    destinationList: list[_Destination] = []  # noqa: N815
    ilmd: dict[str, Any] = {}


_plain = msgspec.json.Decoder(PlainEvent)


def _exact(text: str) -> float | str:
    """Keep a fraction as text when no float can hold it."""
    number = float(text)
    return number if math.isfinite(number) else text


any_json = msgspec.json.Decoder(float_hook=_exact)


class EventMembers:
    """Reads the JSON events of one document."""

    def __init__(self, build: Builder, limits: Limits, names: Names) -> None:
        """Start a document."""
        self.build = build
        self._limits = limits
        self._document_names = names
        self._names = names

    def decode(self, text: bytes | msgspec.Raw) -> PlainEvent | Any:  # noqa: ANN401 -- any JSON value
        """Decode one event; raises ValueError or RecursionError when it is no JSON."""
        try:
            event = _plain.decode(text)
        except msgspec.ValidationError:
            # An extension, a single value for a list, a rarer member: the general way reads it.
            return any_json.decode(text)
        return any_json.decode(text) if self._document_names.are_compact_in(text) else event

    def read(self, event: PlainEvent | Any) -> tuple[str, Raw]:  # noqa: ANN401 -- any JSON value
        """Give kind and raw pieces of one decoded event; raises BadDocument."""
        self._names = self._document_names
        if isinstance(event, PlainEvent):
            return self._kind(event.type), self._read_plain(event)
        return self._read_any(event)

    def _kind(self, written: str) -> str:
        """Give one of the standard's kinds of events, or a sender's own with its namespace."""
        kind = local_name(written)
        return self._names.key(written) if kind not in KINDS and ":" in written else kind

    def tree(self, value: Any, depth: int = 1) -> Any:  # noqa: ANN401 -- an extension is any tree
        """Give a value of someone else's as a tree: names resolved, ``@set`` and lists of one taken off."""
        if isinstance(value, str):
            if len(value) > self._limits.text_characters:
                most = self._limits.text_characters
                raise refusals.too_large("a text", most, "characters", self.build.place)
            return self._names.text(value)
        if isinstance(value, dict):
            if depth > self._limits.depth:
                raise refusals.too_deep(self._limits.depth, self.build.place)
            if value.keys() == {"@set"} or value.keys() == {"@list"}:
                return self.tree(next(iter(value.values())), depth + 1)
            outer = self._names
            if "@context" in value:
                self._names = outer.within(value["@context"])
            tree: type_tree = {}
            for name, member in value.items():
                if name != "@context":
                    trees.add(tree, self._names.key(name), self.tree(member, depth + 1))
            self._names = outer
            return tree
        if isinstance(value, list):
            if depth > self._limits.depth:
                raise refusals.too_deep(self._limits.depth, self.build.place)
            return self.tree(value[0], depth + 1) if len(value) == 1 else [self.tree(each, depth + 1) for each in value]
        if isinstance(value, int) and not -(1 << 63) <= value < 1 << 64:
            # MessagePack, in which events are kept, has no longer whole numbers.
            message = f"the number {str(value)[:40]} has more than 64 bits; it is kept as text, every digit of it"
            self.build.find("info", "NUMBER_AS_TEXT", message)
            return str(value)
        return value

    # -- the plain way

    def _read_plain(self, event: PlainEvent) -> Raw:
        build = self.build
        raw: Raw = {
            "event_time": event.eventTime,
            "zone": event.eventTimeZoneOffset,
            "biz_step": event.bizStep,
            "disposition": event.disposition,
        }
        if event.action:
            raw["action"] = event.action
        if event.eventID:
            raw["event_id"] = event.eventID
        if event.recordTime:
            raw["record_time"] = event.recordTime
        if event.parentID:
            raw["parent"] = event.parentID
        if event.transformationID:
            raw["transformation_id"] = event.transformationID
        if event.epcList:
            raw["epcs"] = build.runs(event.epcList)
        if event.childEPCs:
            raw["children"] = build.runs(event.childEPCs)
        if event.inputEPCList:
            raw["inputs"] = build.runs(event.inputEPCList)
        if event.outputEPCList:
            raw["outputs"] = build.runs(event.outputEPCList)
        if event.quantityList:
            raw["quantities"] = [build.quantity(q.epcClass, q.quantity, q.uom) for q in event.quantityList]
        if event.childQuantityList:
            raw["child_quantities"] = [build.quantity(q.epcClass, q.quantity, q.uom) for q in event.childQuantityList]
        if event.readPoint is not None:
            raw["read_point"] = event.readPoint.id
        if event.bizLocation is not None:
            raw["biz_location"] = event.bizLocation.id
        if event.bizTransactionList:
            kind = vocabulary.TRANSACTION_TYPE
            raw["biz_transactions"] = [build.typed(t.type, t.bizTransaction, kind) for t in event.bizTransactionList]
        kind = vocabulary.SOURCE_TYPE
        if event.sourceList:
            raw["sources"] = [build.typed(t.type, t.source, kind) for t in event.sourceList]
        if event.destinationList:
            raw["destinations"] = [build.typed(t.type, t.destination, kind) for t in event.destinationList]
        if event.ilmd:
            raw["ilmd"] = self.tree(event.ilmd)
        return raw

    # -- the general way

    def _read_any(self, event: Any) -> tuple[str, Raw]:  # noqa: ANN401 -- whatever stands in a list of events
        if not isinstance(event, dict):
            raise refusals.not_epcis("a list of events holds something that is no object", self.build.place)
        if "@context" in event:
            self._names = self._names.within(event["@context"])
        raw: Raw = {}
        kind = ""
        for name, value in event.items():
            if name in ("type", "@type"):
                kind = self._kind(leaf(value) or "")
            elif name != "@context" and (value is not None or not _is_standard(name)):
                self._take(name, value, raw)
        return kind, raw

    def _take(self, name: str, value: Any, raw: Raw) -> None:  # noqa: ANN401 -- any JSON value
        standard = name.removeprefix("epcis:")
        field = _TEXTS.get(standard)
        if field is not None:
            text = leaf(value)
            if text is not None:
                raw[field] = self._names.identifiers([text])[0]  # type: ignore[literal-required]
                return
        elif (taker := _TAKERS.get(standard)) is not None and taker(self, value, raw):
            return
        # Not the standard's, or not of the standard's shape: kept as it is.
        trees.add(raw.setdefault("extensions", {}), self._names.key(name), self.tree(value))

    def texts(self, value: Any) -> list[str] | None:  # noqa: ANN401 -- any JSON value
        """Read a set of identifiers or texts; None when it is something else."""
        if value.__class__ is list and set(map(type, value)) == {str}:
            return self._names.identifiers(value)  # the common list, without a call for each of its texts
        found = [leaf(each) for each in members(value)]
        texts = [text for text in found if text is not None]
        return self._names.identifiers(texts) if len(texts) == len(found) else None

    def objects(self, value: Any) -> list[dict[str, Any]] | None:  # noqa: ANN401 -- any JSON value
        """Read a set of objects; None when it is something else."""
        found = members(value)
        return found if all(isinstance(each, dict) for each in found) else None

    def others(self, value: dict[str, Any], known: frozenset[str]) -> type_tree:
        """Give the members of an object that are none of the known ones."""
        found: type_tree = {}
        for name, each in value.items():
            if name not in known:
                trees.add(found, self._names.key(name), self.tree(each))
        return found


def _is_standard(name: str) -> bool:
    standard = name.removeprefix("epcis:")
    return standard in _TEXTS or standard in _TAKERS


def members(value: Any) -> list[Any]:  # noqa: ANN401 -- any JSON value
    """Give the members of a set: of ``@set``, of a list, or the single value."""
    if isinstance(value, dict) and len(value) == 1:
        value = value.get("@set", value.get("@list", value))
    return value if isinstance(value, list) else [] if value is None else [value]


def leaf(value: Any) -> str | None:  # noqa: ANN401 -- any JSON value
    """Give the text of a single value, a node's identifier or a typed value; None for anything else."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, dict):
        value = next((value[name] for name in ("@value", "@id", "id") if name in value), None)
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else None


def local_name(text: str) -> str:
    """Give the last part of a type's name: of ``ObjectEvent``, ``epcis:ObjectEvent``, or its IRI."""
    return text.rpartition(":")[2].rpartition("/")[2].strip()


# -- what each member of an event becomes; False when the value is not of the standard's shape


def _epcs(field: str) -> Taker:
    def take(reader: EventMembers, value: Any, raw: Raw) -> bool:  # noqa: ANN401 -- any JSON value
        texts = reader.texts(value)
        if texts is not None:
            raw[field] = reader.build.runs(texts)  # type: ignore[literal-required]
        return texts is not None

    return take


_ID = frozenset(("id", "@id"))


def _place(field: str) -> Taker:
    def take(reader: EventMembers, value: Any, raw: Raw) -> bool:  # noqa: ANN401 -- any JSON value
        texts = reader.texts(value)
        if texts is None or len(texts) != 1:
            return False
        raw[field] = texts[0]  # type: ignore[literal-required]
        node = members(value)[0]
        extensions = reader.others(node, _ID) if isinstance(node, dict) else None
        if extensions:
            raw[field + "_extensions"] = extensions  # type: ignore[literal-required]
        return True

    return take


def _typed(field: str, name: str, kind: str) -> Taker:
    def take(reader: EventMembers, value: Any, raw: Raw) -> bool:  # noqa: ANN401 -- any JSON value
        found: list[Typed] = []
        for each in reader.objects(value) or []:
            what = reader.texts(each.get(name))
            reader.build.unknown(each.keys() - {"type", "@type", name}, name)
            type_ = (reader.texts(each.get("type", each.get("@type"))) or [""])[0]
            found.append(reader.build.typed(type_, (what or [""])[0], kind))
        raw[field] = found  # type: ignore[literal-required]
        return reader.objects(value) is not None

    return take


_QUANTITY_MEMBERS = frozenset(("epcClass", "quantity", "uom", "type", "@type"))


def _quantities(field: str) -> Taker:
    def take(reader: EventMembers, value: Any, raw: Raw) -> bool:  # noqa: ANN401 -- any JSON value
        objects = reader.objects(value)
        for each in objects or []:
            reader.build.unknown(each.keys() - _QUANTITY_MEMBERS, "a quantity")
        raw[field] = [  # type: ignore[literal-required]
            reader.build.quantity(
                (reader.texts(each.get("epcClass")) or [""])[0],
                leaf(each.get("quantity")),
                leaf(each.get("uom")),
            )
            for each in objects or []
        ]
        return objects is not None

    return take


def _ilmd(reader: EventMembers, value: Any, raw: Raw) -> bool:  # noqa: ANN401 -- any JSON value
    tree = reader.tree(value)
    if isinstance(tree, dict):
        raw["ilmd"] = tree
    return isinstance(tree, dict)


def _persistent(reader: EventMembers, value: Any, raw: Raw) -> bool:  # noqa: ANN401 -- any JSON value
    if not isinstance(value, dict) or not value.keys() <= {"set", "unset"}:
        return False
    for name, texts in ((name, reader.texts(value.get(name))) for name in ("set", "unset")):
        words = [reader.build.word(text, vocabulary.DISPOSITION) for text in texts or []]
        if words:
            raw["persistent_set" if name == "set" else "persistent_unset"] = words
    return True


def _certification(reader: EventMembers, value: Any, raw: Raw) -> bool:  # noqa: ANN401 -- any JSON value
    texts = reader.texts(value)
    if texts is not None:
        raw["certification"] = [reader.build.uri(text) for text in texts]
    return texts is not None


_DECLARATION = frozenset(("declarationTime", "reason", "correctiveEventIDs", "type", "@type"))


def _declaration(reader: EventMembers, value: Any, raw: Raw) -> bool:  # noqa: ANN401 -- any JSON value
    if not isinstance(value, dict):
        return False
    corrective = reader.texts(value.get("correctiveEventIDs")) or []
    raw["error_declaration"] = reader.build.declaration(
        leaf(value.get("declarationTime")),
        next(iter(reader.texts(value.get("reason")) or ()), None),
        [reader.build.uri(text) for text in corrective],
        reader.others(value, _DECLARATION),
    )
    return True


_SENSOR = frozenset(("sensorMetadata", "sensorReport", "type", "@type"))


def _sensors(reader: EventMembers, value: Any, raw: Raw) -> bool:  # noqa: ANN401 -- any JSON value
    objects = reader.objects(value)
    if objects is None:
        return False
    found = []
    for index, each in enumerate(objects):
        tree: type_tree = {}
        for name in ("sensorMetadata", "sensorReport"):
            parts = reader.objects(each.get(name))
            if parts:
                fields = [_fields(reader, part) for part in parts]
                for at, part in enumerate(fields):
                    if sensors.is_half_octet(part.get("hexBinaryValue")):
                        sensors.tell_half_octet(reader.build, f"/sensorElementList/{index}/{name}/{at}/hexBinaryValue")
                tree[name] = fields if name == "sensorReport" else fields[0]
        tree.update(reader.others(each, _SENSOR))
        found.append(tree)
    raw["sensors"] = found
    return True


def _fields(reader: EventMembers, part: dict[str, Any]) -> type_tree:
    tree = reader.others(part, frozenset())
    return {key: sensors.value(key, value, reader.build) for key, value in tree.items()}


_TEXTS: Final = {
    "eventTime": "event_time",
    "recordTime": "record_time",
    "eventTimeZoneOffset": "zone",
    "eventID": "event_id",
    "@id": "event_id",
    "id": "event_id",
    "action": "action",
    "bizStep": "biz_step",
    "disposition": "disposition",
    "parentID": "parent",
    "transformationID": "transformation_id",
}
_TAKERS: Final[dict[str, Taker]] = {
    "epcList": _epcs("epcs"),
    "childEPCs": _epcs("children"),
    "inputEPCList": _epcs("inputs"),
    "outputEPCList": _epcs("outputs"),
    "readPoint": _place("read_point"),
    "bizLocation": _place("biz_location"),
    "bizTransactionList": _typed("biz_transactions", "bizTransaction", vocabulary.TRANSACTION_TYPE),
    "sourceList": _typed("sources", "source", vocabulary.SOURCE_TYPE),
    "destinationList": _typed("destinations", "destination", vocabulary.SOURCE_TYPE),
    "quantityList": _quantities("quantities"),
    "childQuantityList": _quantities("child_quantities"),
    "inputQuantityList": _quantities("input_quantities"),
    "outputQuantityList": _quantities("output_quantities"),
    "ilmd": _ilmd,
    "persistentDisposition": _persistent,
    "certificationInfo": _certification,
    "errorDeclaration": _declaration,
    "sensorElementList": _sensors,
}
