"""Events as EPCIS XML 1.2 and 2.0 (clause 9 of both), in the order that the standard demands.

What EPCIS 1.2 has no element for (sensors, persistent dispositions, certification, AssociationEvent) is written in
the extension points that 1.2 keeps for later versions of the standard: a 1.2 system passes over it, and a reader
that knows it finds all of it. Each such case is told in the notes.
"""

from __future__ import annotations

from itertools import starmap
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from rxtrail.core.epcis import event as events
from rxtrail.core.epcis import namespaces, sensors, vocabulary
from rxtrail.core.epcis.times import written as moment
from rxtrail.core.epcis.xml_text import XmlText, attribute, needs_care, number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rxtrail.core.epcis.event import Event, Quantity, Typed, type_tree
    from rxtrail.core.epcis.notes import Notes
    from rxtrail.core.epcis.spelling import Spelling
    from rxtrail.core.gs1.runs import EpcRun

    Writer: TypeAlias = Callable[["XmlEvents", Event], str]

Version: TypeAlias = Literal["1.2", "2.0"]

_STEP: Final = ("bizStep", "disposition", "readPoint", "bizLocation")
_PARTIES: Final = ("sourceList", "destinationList")
_NEW: Final = ("sensorElementList", "persistentDisposition")
# EPCIS 2.0, clause 9.5: the sequence of each type, after what all have.
_ORDER_2_0: Final = {
    events.OBJECT: ("epcList", "action", *_STEP, "bizTransactionList", "quantityList", *_PARTIES, *_NEW, "ilmd"),
    events.AGGREGATION: (
        *("parentID", "childEPCs", "action", *_STEP, "bizTransactionList", "childQuantityList"),
        *(*_PARTIES, *_NEW),
    ),
    events.TRANSACTION: (
        *("bizTransactionList", "parentID", "epcList", "action", *_STEP, "quantityList"),
        *(*_PARTIES, *_NEW),
    ),
    events.TRANSFORMATION: (
        *("inputEPCList", "inputQuantityList", "outputEPCList", "outputQuantityList", "transformationID"),
        *(*_STEP, "bizTransactionList", *_PARTIES, *_NEW, "ilmd"),
    ),
    events.ASSOCIATION: (
        *("parentID", "childEPCs", "childQuantityList", "action", *_STEP, "bizTransactionList"),
        *(*_PARTIES, *_NEW),
    ),
}
# EPCIS 1.2, clause 9.5: the sequence of each type, what stands in its extension, and in the extension of that.
_ORDER_1_2: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]]] = {
    events.OBJECT: (
        ("epcList", "action", *_STEP, "bizTransactionList"),
        ("quantityList", *_PARTIES, "ilmd"),
        _NEW,
    ),
    events.AGGREGATION: (
        ("parentID", "childEPCs", "action", *_STEP, "bizTransactionList"),
        ("childQuantityList", *_PARTIES),
        _NEW,
    ),
    events.TRANSACTION: (
        ("bizTransactionList", "parentID", "epcList", "action", *_STEP),
        ("quantityList", *_PARTIES),
        _NEW,
    ),
    # The extension of a TransformationEvent is open already.
    events.TRANSFORMATION: (tuple(name for name in _ORDER_2_0[events.TRANSFORMATION] if name not in _NEW), _NEW, ()),
    # Unknown to 1.2 and written where anything may stand, so as 2.0 has it.
    events.ASSOCIATION: (_ORDER_2_0[events.ASSOCIATION], (), ()),
}
_NEEDED_1_2: Final = {events.OBJECT: "epcList", events.AGGREGATION: "childEPCs", events.TRANSACTION: "epcList"}


class XmlEvents:
    """Writes the events of one document of one version."""

    def __init__(self, version: Version, spelling: Spelling, notes: Notes) -> None:
        """Start a document."""
        self.version = version
        self.spelling = spelling
        self.notes = notes
        self.text = XmlText(notes)
        self._forms: dict[str, str] = {}

    def event(self, event: Event, *, record_time: str = "", place: str = "") -> str:
        """Give one event as a member of an EventList; ``record_time`` (ISO) comes before the sender's own."""
        text = self.text
        text.start(place)
        self._forms = event.forms
        parts = [self._base(event, record_time)]
        name = event.kind if event.kind in _ORDER_2_0 else text.name(event.kind)
        if self.version == "1.2" and event.kind in _ORDER_1_2:
            parts += self._fields_1_2(event)
        else:
            parts += self._fields_2_0(event)
        element = f"<{name}{text.declarations}>{''.join(parts)}</{name}>"
        return self._wrapped(event.kind, element)

    # -- the parts of an event

    def _base(self, event: Event, record_time: str) -> str:
        if event.zone:
            zone = self.text.text(event.zone)
        else:
            zone = "+00:00"
            self._note("info", "MISSING_MANDATORY_FIELD", "eventTimeZoneOffset is missing; +00:00 is written")
        recorded = record_time or (moment(event.record_time) if event.record_time else "")
        parts = [f"<eventTime>{moment(event.event_time)}</eventTime>"]
        if recorded:
            parts.append(f"<recordTime>{recorded}</recordTime>")
        parts.append(f"<eventTimeZoneOffset>{zone}</eventTimeZoneOffset>")
        name = f"<eventID>{self.text.text(event.event_id)}</eventID>" if event.event_id else ""
        declaration = self._declaration(event) if event.error_declaration is not None else ""
        certification = "".join(
            [f"<certificationInfo>{self.text.text(each)}</certificationInfo>" for each in event.certification]
        )
        if len(event.certification) > 1:
            self._note("warning", "NOT_EXPRESSIBLE", "the XML schema knows one certificationInfo an event; all stand")
        if self.version == "2.0":
            return "".join([*parts, name, declaration, certification])
        if certification:
            self._new_in_1_2("certificationInfo")
            certification = f"<extension>{certification}</extension>"
        if name or declaration or certification:
            parts.append(f"<baseExtension>{name}{declaration}{certification}</baseExtension>")
        return "".join(parts)

    def _fields_2_0(self, event: Event) -> list[str]:
        order = _ORDER_2_0.get(event.kind, ())
        parts = [_WRITERS[name](self, event) for name in order]
        parts += self._leftovers(event, order)
        foreign, local = self._parted(event.extensions)
        if local:
            names = ", ".join(sorted(local)[:5])
            message = f"{names}: without a namespace, which EPCIS 2.0 XML demands of an extension; written all the same"
            self._note("warning", "INVALID_EXTENSION_NAMESPACE", message)
        parts.append(self.text.members(local))
        parts.append(self.text.members(foreign))
        return parts

    def _fields_1_2(self, event: Event) -> list[str]:
        first, second, third = _ORDER_1_2[event.kind]
        parts = [_WRITERS[name](self, event) for name in first]
        needed = _NEEDED_1_2.get(event.kind)
        if needed and not parts[first.index(needed)]:
            parts[first.index(needed)] = f"<{needed}/>"
        foreign, local = self._parted(event.extensions)
        open_at = second if event.kind == events.TRANSFORMATION else third
        inner = [_WRITERS[name](self, event) for name in (second if open_at is third else ())]
        newer = [(name, text) for name in open_at if (text := _WRITERS[name](self, event))]
        for name, _ in newer:
            self._new_in_1_2(name)
        others = [text for _, text in newer]
        others += self._leftovers(event, (*first, *second, *third))
        others.append(self.text.members(local))
        other = "".join(others)
        if open_at is third and other:
            inner.append(f"<extension>{other}</extension>")
        elif other:
            inner.append(other)
        if any(inner):
            parts.append(f"<extension>{''.join(inner)}</extension>")
        parts.append(self.text.members(foreign))
        return parts

    def _leftovers(self, event: Event, order: tuple[str, ...]) -> list[str]:
        """Give the fields that the standard does not know on this type of event, which are kept all the same."""
        unexpected = [name for name, field in _FIELDS.items() if getattr(event, field) and name not in order]
        if event.persistent_unset and not event.persistent_set and "persistentDisposition" not in order:
            unexpected.append("persistentDisposition")
        if not unexpected:
            return []
        found = []
        for name in unexpected:
            if text := _WRITERS[name](self, event):
                found.append(text)
                if event.kind in _ORDER_2_0:
                    self._note("warning", "UNEXPECTED_FIELD", f"{event.kind} has no {name} in the standard; it is kept")
        return found

    def _parted(self, tree: type_tree) -> tuple[type_tree, type_tree]:
        """Part extensions into those of a namespace and those of none; one named as a field of ours is left out."""
        if not tree:
            return {}, {}
        foreign: type_tree = {}
        local: type_tree = {}
        for key, value in tree.items():
            if key.startswith(("{", "@{")) or ":" in key:
                foreign[key] = value
            elif key in _STANDARD:
                message = (
                    f"{key} is not of the standard's shape, so that no XML can say it; it is kept as rxtrail:{key}"
                )
                self._note("warning", "NOT_EXPRESSIBLE", message)
                foreign[namespaces.join(namespaces.OWN, key)] = value
            else:
                local[key] = value
        return foreign, local

    def _declaration(self, event: Event) -> str:
        declaration = event.error_declaration
        assert declaration is not None, "asked only of a declaration"
        parts = []
        if declaration.declaration_time:
            parts.append(f"<declarationTime>{moment(declaration.declaration_time)}</declarationTime>")
        else:
            self._note(
                "warning", "MISSING_MANDATORY_FIELD", "an errorDeclaration tells no declarationTime; none is made up"
            )
        if declaration.reason:
            parts.append(f"<reason>{self._word(declaration.reason, vocabulary.ERROR_REASON)}</reason>")
        if declaration.corrective_event_ids:
            ids = "".join(
                f"<correctiveEventID>{self.text.text(each)}</correctiveEventID>"
                for each in declaration.corrective_event_ids
            )
            parts.append(f"<correctiveEventIDs>{ids}</correctiveEventIDs>")
        parts.append(self._extended(declaration.extensions, "errorDeclaration"))
        return f"<errorDeclaration>{''.join(parts)}</errorDeclaration>"

    def _extended(self, tree: type_tree, *at: str) -> str:
        """Give extensions as the schemas want them: those without namespace in an ``extension`` of their own.

        ``at`` is the way to them, for what is told of them.
        """
        if not tree:
            return ""
        self.text.path += at
        local = {key: value for key, value in tree.items() if not (key.startswith(("{", "@{")) or ":" in key)}
        foreign = {key: value for key, value in tree.items() if key not in local}
        wrapped = f"<extension>{self.text.members(local)}</extension>" if local else ""
        written = wrapped + self.text.members(foreign)
        del self.text.path[len(self.text.path) - len(at) :]
        return written

    def _wrapped(self, kind: str, element: str) -> str:
        """Put an event where its list may hold it."""
        if self.version == "2.0":
            return element if kind in _ORDER_2_0 else f"<extension>{element}</extension>"
        match kind:
            case events.TRANSFORMATION:
                return f"<extension>{element}</extension>"
            case events.ASSOCIATION:
                self._new_in_1_2(kind)
                return f"<extension><extension>{element}</extension></extension>"
            case _ if kind in _ORDER_2_0 or kind.startswith("{"):
                return element
            case _:
                return f"<extension><extension>{element}</extension></extension>"

    def _new_in_1_2(self, name: str) -> None:
        message = f"EPCIS 1.2 has no {name}: it is written in the extension point, which a 1.2 system passes over"
        self._note("info", "NEWER_THAN_1_2", message)

    def _note(self, severity: str, code: str, message: str) -> None:
        self.notes.add(severity, code, message, self.text.place)

    def _identifier(self, canonical: str) -> str:
        return self.text.text(self.spelling.identifier(canonical, self._forms))

    def _word(self, short: str, kind: str) -> str:
        return self.text.text(self.spelling.word(short, kind))

    # -- each field

    def epc_list(self, name: str, runs: list[EpcRun]) -> str:
        """Give a list of identifiers; "" when there are none."""
        if not runs:
            return ""
        texts = self.spelling.runs(runs)
        if needs_care("".join(texts)):
            texts = [self.text.text(each) for each in texts]
        return f"<{name}><epc>{'</epc><epc>'.join(texts)}</epc></{name}>"

    def quantity_list(self, name: str, quantities: list[Quantity]) -> str:
        """Give a list of quantities; "" when there are none."""
        if not quantities:
            return ""
        parts = []
        for each in quantities:
            parts.append(f"<quantityElement><epcClass>{self._identifier(each.epc_class)}</epcClass>")
            if each.quantity is not None:
                parts.append(f"<quantity>{number(each.quantity)}</quantity>")
            if each.uom:
                if each.quantity is None:
                    message = f"{name} has a uom without a quantity, which the XML schemas want before it; it is kept"
                    self._note("warning", "NOT_EXPRESSIBLE", message)
                parts.append(f"<uom>{self.text.text(each.uom)}</uom>")
            parts.append("</quantityElement>")
        return f"<{name}>{''.join(parts)}</{name}>"

    def typed_list(self, name: str, member: str, entries: list[Typed], kind: str) -> str:
        """Give transactions, sources or destinations; "" when there are none."""
        if not entries:
            return ""
        parts = []
        for each in entries:
            word = attribute(self.text.plain(self.spelling.word(each.type, kind))) if each.type else ""
            type_ = f' type="{word}"' if word else ""
            parts.append(f"<{member}{type_}>{self._identifier(each.value)}</{member}>")
        return f"<{name}>{''.join(parts)}</{name}>"

    def place(self, name: str, canonical: str, extensions: type_tree) -> str:
        """Give a read point or business location; "" when there is none."""
        if not canonical and not extensions:
            return ""
        return f"<{name}><id>{self._identifier(canonical)}</id>{self._extended(extensions, name)}</{name}>"

    def words(self, name: str, words: Iterable[str], kind: str) -> str:
        """Give each word in an element of its own."""
        return "".join(f"<{name}>{self._word(word, kind)}</{name}>" for word in words if word)

    def persistent(self, event: Event) -> str:
        """Give the persistent disposition; "" when there is none."""
        unset = self.words("unset", event.persistent_unset, vocabulary.DISPOSITION)
        set_ = self.words("set", event.persistent_set, vocabulary.DISPOSITION)
        return f"<persistentDisposition>{unset}{set_}</persistentDisposition>" if unset or set_ else ""

    def ilmd(self, event: Event) -> str:
        """Give the instance and lot master data; "" when there is none."""
        return f"<ilmd>{self._extended(event.ilmd, 'ilmd')}</ilmd>" if event.ilmd else ""

    def parent(self, event: Event) -> str:
        """Give the parent; "" when there is none."""
        return f"<parentID>{self._identifier(event.parent)}</parentID>" if event.parent else ""

    def transformation(self, event: Event) -> str:
        """Give the transformation's name; "" when there is none."""
        name = event.transformation_id
        return f"<transformationID>{self._identifier(name)}</transformationID>" if name else ""

    def action(self, event: Event) -> str:
        """Give the action; "" when there is none."""
        return f"<action>{self.text.text(event.action)}</action>" if event.action else ""

    def sensors(self, event: Event) -> str:
        """Give the sensor elements; "" when there are none."""
        if not event.sensors:
            return ""
        return f"<sensorElementList>{''.join(starmap(self._sensor, enumerate(event.sensors)))}</sensorElementList>"

    def _sensor(self, index: int, tree: type_tree) -> str:
        parts = []
        path = ("sensorElementList", str(index))
        others = dict(tree)
        metadata = others.pop("sensorMetadata", None)
        if metadata is not None:
            parts.append(self._fields("sensorMetadata", metadata, path))
        reports = others.pop("sensorReport", None)
        several = reports if isinstance(reports, list) else [] if reports is None else [reports]
        parts += [self._fields("sensorReport", report, path, str(at)) for at, report in enumerate(several)]
        parts.append(self._extended(others, *path))
        return f"<sensorElement>{''.join(parts)}</sensorElement>"

    def _fields(self, name: str, tree: Any, path: tuple[str, ...], *index: str) -> str:  # noqa: ANN401 -- any tree
        """Write as attributes what JSON has as members; what has members of its own stays an element."""
        if not isinstance(tree, dict):
            return self.text.element(name, tree)
        at = (*path, name, *index)
        self.text.path += at
        attributes: dict[str, str] = {}
        others: type_tree = {}
        for key, value in tree.items():
            if key == "#text" or isinstance(value, dict | list):
                others[key] = value
            elif value is None:
                self.text.left_out(key, "null")
            else:
                if not isinstance(value, str) and key not in sensors.NUMBERS and key != "booleanValue":
                    self.text.untyped(key, value)
                spelt = self._sensor_value(key, value)
                if attributes.setdefault(attribute_name := self.text.name(key.removeprefix("@")), spelt) != spelt:
                    self.text.twice(attribute_name)
                    others[key] = value
        text = self.text.text(others.pop("#text", ""))
        if others:
            message = f"{name} has members of its own, which no XML attribute can hold; they are written as elements"
            self._note("warning", "NOT_EXPRESSIBLE", message)
        inside = text + self._extended(others)
        del self.text.path[-len(at) :]
        written = "".join(f' {each}="{attribute(spelt)}"' for each, spelt in attributes.items())
        return f"<{name}{written}>{inside}</{name}>" if inside else f"<{name}{written}/>"

    def _sensor_value(self, key: str, value: Any) -> str:  # noqa: ANN401 -- any JSON value
        text = self.text.plain(value)
        kind = _SENSOR_WORDS.get(key)
        if kind is None:
            return self.spelling.text(text) if key in _SENSOR_IDENTIFIERS else text
        word = self.spelling.word(text, kind)
        if word.startswith("gs1:"):
            self.text.name(namespaces.join(namespaces.GS1_VOC, "x"))  # the prefix must stand for something
        return word


_SENSOR_WORDS: Final = {
    "type": vocabulary.MEASUREMENT,
    "exception": vocabulary.ALERT,
    "component": vocabulary.COMPONENT,
}
_SENSOR_IDENTIFIERS: Final = frozenset(("deviceID", "deviceMetadata", "rawData", "bizRules", "dataProcessingMethod"))


def _runs(name: str, field: str) -> Writer:
    return lambda writer, event: writer.epc_list(name, getattr(event, field))


def _quantities(name: str, field: str) -> Writer:
    return lambda writer, event: writer.quantity_list(name, getattr(event, field))


_WRITERS: Final[dict[str, Writer]] = {
    "epcList": _runs("epcList", "epcs"),
    "parentID": XmlEvents.parent,
    "childEPCs": _runs("childEPCs", "children"),
    "inputEPCList": _runs("inputEPCList", "inputs"),
    "outputEPCList": _runs("outputEPCList", "outputs"),
    "transformationID": XmlEvents.transformation,
    "action": XmlEvents.action,
    "bizStep": lambda writer, event: writer.words("bizStep", (event.biz_step,), vocabulary.BIZ_STEP),
    "disposition": lambda writer, event: writer.words("disposition", (event.disposition,), vocabulary.DISPOSITION),
    "readPoint": lambda writer, event: writer.place("readPoint", event.read_point, event.read_point_extensions),
    "bizLocation": lambda writer, event: writer.place("bizLocation", event.biz_location, event.biz_location_extensions),
    "bizTransactionList": lambda writer, event: writer.typed_list(
        "bizTransactionList", "bizTransaction", event.biz_transactions, vocabulary.TRANSACTION_TYPE
    ),
    "quantityList": _quantities("quantityList", "quantities"),
    "childQuantityList": _quantities("childQuantityList", "child_quantities"),
    "inputQuantityList": _quantities("inputQuantityList", "input_quantities"),
    "outputQuantityList": _quantities("outputQuantityList", "output_quantities"),
    "sourceList": lambda writer, event: writer.typed_list(
        "sourceList", "source", event.sources, vocabulary.SOURCE_TYPE
    ),
    "destinationList": lambda writer, event: writer.typed_list(
        "destinationList", "destination", event.destinations, vocabulary.SOURCE_TYPE
    ),
    "sensorElementList": XmlEvents.sensors,
    "persistentDisposition": XmlEvents.persistent,
    "ilmd": XmlEvents.ilmd,
}
# The field that each of them writes, if it holds anything.
_FIELDS: Final = {
    "epcList": "epcs",
    "parentID": "parent",
    "childEPCs": "children",
    "inputEPCList": "inputs",
    "outputEPCList": "outputs",
    "transformationID": "transformation_id",
    "action": "action",
    "bizStep": "biz_step",
    "disposition": "disposition",
    "readPoint": "read_point",
    "bizLocation": "biz_location",
    "bizTransactionList": "biz_transactions",
    "quantityList": "quantities",
    "childQuantityList": "child_quantities",
    "inputQuantityList": "input_quantities",
    "outputQuantityList": "output_quantities",
    "sourceList": "sources",
    "destinationList": "destinations",
    "sensorElementList": "sensors",
    "persistentDisposition": "persistent_set",
    "ilmd": "ilmd",
}
_STANDARD: Final = frozenset(
    (*_WRITERS, "eventTime", "recordTime", "eventTimeZoneOffset", "eventID", "errorDeclaration", "certificationInfo")
) | {"extension", "baseExtension", "epcClass", "quantity"}
